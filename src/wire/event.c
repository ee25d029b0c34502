/* event.c
 *
 * In: the bytes of an event batch. Out: one event, as numbers. Never: what they mean.
 */
#include "wire.h"

const uint8_t *wire_number_slow(const uint8_t *at, uint64_t *ret)
{
    struct span in = {at, at + 10}; /* no number is longer, so that it cannot be cut here */

    return wire_varint(&in, ret) < 0 ? NULL : in.at;
}

int wire_event_slow(struct span *in, struct wire_event *ret)
{
    const struct wire_spec *spec = &wire_specs[*in->at];
    struct span rest = {in->at + 1, in->end};
    int r;

    if (!spec->timed)
        return GXT_ECORRUPT;
    ret->type = *in->at;
    r = wire_varint(&rest, &ret->delta);
    for (unsigned i = 0; r == 0 && i < spec->n_args; i++)
        r = wire_varint(&rest, &ret->args[i]);
    if (r < 0)
        return r;
    in->at = rest.at;
    return 0;
}
