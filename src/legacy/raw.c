/* raw.c
 *
 * In: the bytes of an old trace. Out: one event as it stands there, whatever its form. Never: meaning.
 *
 *     batch   type 1 | P | ticks | events, up to the next batch
 *     event   type 6 bits, number of arguments less one 2 bits | arguments: ticks since the event before it, …
 *             with 3 in the two bits: bytes that follow, then arguments
 *     string  type | id | length | bytes
 */
#include "legacy_priv.h"

static int bad_number(const struct old_raw *raw, struct gxt_error *fault)
{
    return OLD_CORRUPT(raw, fault, "a number of a %s event is cut or does not fit", old_specs[raw->type].name);
}

static int cut(const struct old_raw *raw, struct gxt_error *fault)
{
    return fault_set(fault, GXT_ETRUNCATED, raw->offset, "a %s event is cut by the end of the trace",
                     old_specs[raw->type].name);
}

int old_wrong_count(const struct old_raw *raw, struct gxt_error *fault)
{
    const struct old_spec *spec = &old_specs[raw->type];

    return OLD_CORRUPT(raw, fault, "%s has %zu arguments, not %d", spec->name, raw->n_args,
                       1 + spec->n_args + spec->stack);
}

static int take_text(struct old_raw *raw, struct span *in, uint64_t size, struct gxt_error *fault)
{
    if (size > span_size(*in))
        return cut(raw, fault);
    if (size > OLD_MOST_STRING)
        return OLD_CORRUPT(raw, fault, "a string of %llu bytes", (unsigned long long)size);
    raw->text = (struct span){in->at, in->at + size};
    in->at += size;
    return 0;
}

static int read_string(struct old_raw *raw, struct span *in, struct gxt_error *fault)
{
    uint64_t size;

    if (wire_varint(in, &raw->id) < 0 || wire_varint(in, &size) < 0)
        return bad_number(raw, fault);
    return take_text(raw, in, size, fault);
}

static int read_prefixed(struct old_raw *raw, struct span *in, struct gxt_error *fault)
{
    uint64_t size;

    if (wire_varint(in, &size) < 0)
        return bad_number(raw, fault);
    if (size > OLD_MOST_ARGUMENT_BYTES)
        return OLD_CORRUPT(raw, fault, "arguments of %llu bytes", (unsigned long long)size);
    if (size > span_size(*in))
        return cut(raw, fault);
    struct span args = {in->at, in->at + size};
    in->at += size;
    while (span_size(args) > 0)
        if (wire_varint(&args, &raw->args[raw->n_args++]) < 0)
            return bad_number(raw, fault);
    if (raw->type != OLD_USER_LOG)
        return 0;
    if (wire_varint(in, &size) < 0)
        return bad_number(raw, fault);
    return take_text(raw, in, size, fault);
}

int old_raw_read(struct old_raw *raw, const struct old_trace *trace, struct span *in, struct gxt_error *fault)
{
    raw->offset = (uint64_t)(in->at - trace->source->at);
    raw->type = *in->at & 0x3f;
    unsigned n_args = *in->at >> 6;
    raw->n_args = 0;
    raw->text = (struct span){0};
    if (raw->type == OLD_NONE || raw->type >= OLD_N_TYPES || old_specs[raw->type].since > trace->version)
        return OLD_CORRUPT(raw, fault, "unknown event type %u", raw->type);
    in->at++;
    if (raw->type == OLD_STRING)
        return read_string(raw, in, fault);
    if (raw->type == OLD_BATCH && n_args != 1)
        return OLD_CORRUPT(raw, fault, "a batch has the wrong number of arguments");
    if (n_args == 3)
        return read_prefixed(raw, in, fault);
    for (unsigned i = 0; i <= n_args; i++)
        if (wire_varint(in, &raw->args[raw->n_args++]) < 0)
            return bad_number(raw, fault);
    if (raw->type == OLD_BATCH && raw->args[0] != UINT64_MAX && raw->args[0] > INT32_MAX)
        return OLD_CORRUPT(raw, fault, "a batch of processor %llu", (unsigned long long)raw->args[0]);
    return 0;
}
