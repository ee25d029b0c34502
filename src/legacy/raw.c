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

/* What an event needs is behind the end: of the trace, or of a batch that seemed to end there. */
static int cut(const struct old_raw *raw, const struct source *source, struct span in, struct gxt_error *fault)
{
    const char *name = old_specs[raw->type].name;

    if (in.end != source->at + source->size)
        return OLD_CORRUPT(raw, fault, "a %s event is cut by the end of its batch", name);
    return fault_set(fault, GXT_ETRUNCATED, raw->offset,
                     "the trace ends inside a %s event: its writer was stopped, or the file was cut", name);
}

static int bad_number(const struct old_raw *raw, const struct source *source, struct span in, struct gxt_error *fault)
{
    const uint8_t *at = in.at;

    while (at < in.end && *at >= 0x80)
        at++;
    return at == in.end && span_size(in) < 10
               ? cut(raw, source, in, fault)
               : OLD_CORRUPT(raw, fault, "a number of a %s event does not fit", old_specs[raw->type].name);
}

int old_wrong_count(const struct old_raw *raw, struct gxt_error *fault)
{
    const struct old_spec *spec = &old_specs[raw->type];

    return OLD_CORRUPT(raw, fault, "%s has %zu arguments, not %d", spec->name, raw->n_args,
                       1 + spec->n_args + spec->stack);
}

static int take_text(struct old_raw *raw, const struct source *source, struct span *in, uint64_t size,
                     struct gxt_error *fault)
{
    if (size > span_size(*in))
        return cut(raw, source, *in, fault);
    if (size > OLD_MOST_STRING)
        return OLD_CORRUPT(raw, fault, "a string of %llu bytes", (unsigned long long)size);
    raw->text = (struct span){in->at, in->at + size};
    in->at += size;
    return 0;
}

static int read_string(struct old_raw *raw, const struct source *source, struct span *in, struct gxt_error *fault)
{
    uint64_t size;

    if (wire_varint(in, &raw->id) < 0 || wire_varint(in, &size) < 0)
        return bad_number(raw, source, *in, fault);
    return take_text(raw, source, in, size, fault);
}

static int read_prefixed(struct old_raw *raw, const struct source *source, struct span *in, struct gxt_error *fault)
{
    uint64_t size;

    if (wire_varint(in, &size) < 0)
        return bad_number(raw, source, *in, fault);
    if (size > OLD_MOST_ARGUMENT_BYTES)
        return OLD_CORRUPT(raw, fault, "arguments of %llu bytes", (unsigned long long)size);
    if (size > span_size(*in))
        return cut(raw, source, *in, fault);
    struct span args = {in->at, in->at + size};
    in->at += size;
    while (span_size(args) > 0)
        if (wire_varint(&args, &raw->args[raw->n_args++]) < 0)
            return OLD_CORRUPT(raw, fault, "a number of a %s event is cut or does not fit", old_specs[raw->type].name);
    if (raw->type != OLD_USER_LOG)
        return 0;
    if (wire_varint(in, &size) < 0)
        return bad_number(raw, source, *in, fault);
    return take_text(raw, source, in, size, fault);
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
        return read_string(raw, trace->source, in, fault);
    if (raw->type == OLD_BATCH && n_args != 1)
        return OLD_CORRUPT(raw, fault, "a batch has the wrong number of arguments");
    if (n_args == 3)
        return read_prefixed(raw, trace->source, in, fault);
    for (unsigned i = 0; i <= n_args; i++)
        if (wire_varint(in, &raw->args[raw->n_args++]) < 0)
            return bad_number(raw, trace->source, *in, fault);
    if (raw->type == OLD_BATCH && raw->args[0] != UINT64_MAX && raw->args[0] > INT32_MAX)
        return OLD_CORRUPT(raw, fault, "a batch of processor %llu", (unsigned long long)raw->args[0]);
    return 0;
}
