/* lane.c
 *
 * In: the batches of one processor. Out: its events, one after another. Never: an order between processors.
 *
 * What is usual goes the quick way (legacy_priv.h). Here is the rest: batches that end, what stands in other forms,
 * what is about the trace and not of a moment, samples.
 */
#include "legacy_priv.h"

void old_reading_begin(const struct old_trace *trace, size_t lane, struct old_reading *ret)
{
    *ret =
        (struct old_reading){.lane = (uint32_t)lane, .batch = MAP_NONE, .next_batch = trace->lanes[lane].first_batch};
}

static int make_event(struct old_reader *reader, struct old_reading *reading)
{
    const struct old_raw *raw = &reader->raw;
    const struct old_spec *spec = &old_specs[raw->type];
    struct old_event *event = &reading->event;

    if (raw->n_args != 1u + spec->n_args + spec->stack)
        return old_wrong_count(raw, reader->fault);
    reading->delta = raw->args[0];
    reading->time = (int64_t)((uint64_t)reading->time + reading->delta);
    *event = (struct old_event){
        .time = reading->time, .offset = raw->offset, .type = raw->type, .plain = old_plain_type(raw->type)};
    memcpy(event->args, raw->args + 1, spec->n_args * sizeof *raw->args);
    if (spec->stack)
        event->stack = (uint32_t)raw->args[1 + spec->n_args];
    old_set_goroutine(reading, old_whose(raw->type));
    if (raw->type == OLD_USER_LOG) {
        int r = old_message(reader->trace, raw->text, &event->args[2], reader->fault);
        if (r < 0)
            return r;
    }
    return reader->tables || !old_has_mark(event);
}

/* 1: it was none of a moment, or is nobody's; 0; negative. */
static int pass_table(struct old_reader *reader)
{
    if (reader->tables)
        return old_tables_take(reader->tables, &reader->raw, reader->fault);
    switch (reader->raw.type) {
    case OLD_STRING:
    case OLD_STACK:
    case OLD_CPU_SAMPLE:
    case OLD_FREQUENCY:
    case OLD_TIMER_GOROUTINE:
        return 1;
    default:
        return 0;
    }
}

/* Passes over a stack whose bytes are counted, where it was read before. */
static bool pass_stack(const struct old_reader *reader, struct old_reading *reading)
{
    struct span in = {reading->at + 1, reading->end};
    uint64_t size;

    if (reader->tables || *reading->at != OLD_FORM(OLD_STACK, 3) || wire_varint(&in, &size) < 0 || size > span_size(in))
        return false;
    reading->at = in.at + size;
    return true;
}

int old_reading_open(struct old_trace *trace, struct old_reading *reading, uint32_t batch, struct gxt_error *fault)
{
    const uint64_t end = trace->lanes[reading->lane].end;
    struct span in;

    int r = old_batch_open(trace, batch, &in, fault);
    if (r < 0)
        return r;
    reading->batch = batch;
    reading->next_batch = trace->next_batch[batch];
    reading->at = in.at;
    reading->end = (uint64_t)(in.end - trace->source->at) < end ? in.end : trace->source->at + end;
    reading->time = (int64_t)trace->gen.dir.batches[batch].tick;
    return 0;
}

/* Opens the next batch. 1; 0 when there is none. */
static int next_batch(struct old_reader *reader, struct old_reading *reading)
{
    struct old_trace *trace = reader->trace;
    const struct gen_batch *batches = trace->gen.dir.batches;

    if (reading->batch != MAP_NONE) {
        const struct gen_batch *read = &batches[reading->batch];
        source_release(trace->source, read->offset, (uint64_t)(reading->end - trace->source->at));
    }
    const uint32_t next = reading->next_batch;
    if (next == MAP_NONE || batches[next].offset >= trace->lanes[reading->lane].end) {
        reading->batch = reading->next_batch = MAP_NONE;
        reading->at = reading->end = NULL;
        return 0;
    }
    int r = old_reading_open(trace, reading, next, reader->fault);
    return r < 0 ? r : 1;
}

int old_mark_read(struct old_reader *reader, const struct old_mark *mark, struct old_event *ret)
{
    struct old_trace *trace = reader->trace;
    const struct old_raw *raw = &reader->raw;
    const struct gen_dir *dir = &trace->gen.dir;
    const uint64_t offset = mark->offset >> 1;
    size_t low = 0, high = dir->n_batches;
    struct span in;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (dir->batches[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 1 && dir->batches[low - 1].experiment == 1)
        low--;
    if (low == 0)
        return fault_set(reader->fault, GXT_EINDEX, GXT_NO_OFFSET, "an event of the index is in no batch");
    int r = old_batch_open(trace, (uint32_t)(low - 1), &in, reader->fault);
    if (r < 0)
        return r;
    in.at = trace->source->at + offset;
    if (in.at >= in.end)
        return fault_set(reader->fault, GXT_EINDEX, GXT_NO_OFFSET, "an event of the index is in no batch");
    r = old_raw_read(&reader->raw, trace, &in, reader->fault);
    if (r < 0)
        return r;
    *ret = (struct old_event){.time = mark->time, .offset = offset, .type = raw->type, .plain = raw->type};
    if (raw->type == OLD_CPU_SAMPLE && raw->n_args == 5) {
        ret->args[0] = raw->args[2];
        ret->g = raw->args[3];
        ret->stack = (uint32_t)raw->args[4];
        return 0;
    }
    if (raw->type != OLD_GO_SYS_EXIT || raw->n_args != 4)
        return fault_set(reader->fault, GXT_EINDEX, offset, "this is no event that the index tells of");
    memcpy(ret->args, raw->args + 1, sizeof ret->args);
    ret->g = raw->args[1];
    return 0;
}

static int next_sample(struct old_reader *reader, struct old_reading *reading)
{
    struct old_trace *trace = reader->trace;
    const uint64_t at = reading->n_samples * sizeof(struct old_mark);
    struct old_mark mark;

    if (at >= trace->streams[LEGACY_SAMPLES].size)
        return 0;
    const uint8_t *bytes = old_stream_at(trace, LEGACY_SAMPLES, at, sizeof mark, reader->fault);
    if (!bytes)
        return reader->fault->code;
    memcpy(&mark, bytes, sizeof mark);
    int r = old_mark_read(reader, &mark, &reading->event);
    reading->n_samples++;
    return r < 0 ? r : 1;
}

int old_reading_slow(struct old_reader *reader, const struct old_lane *lane, struct old_reading *reading)
{
    struct span in;
    int r;

    if (lane->is_samples)
        return next_sample(reader, reading);
    for (;;) {
        if (reading->at == reading->end) {
            if ((r = next_batch(reader, reading)) <= 0)
                return r;
            continue;
        }
        if (pass_stack(reader, reading))
            continue;
        in = (struct span){reading->at, reading->end};
        if ((r = old_raw_read(&reader->raw, reader->trace, &in, reader->fault)) < 0)
            return r;
        reading->at = in.at;
        if (UNLIKELY(reader->raw.type == OLD_BATCH)) {
            reader->trace->is_misled = true;
            return OLD_CORRUPT(&reader->raw, reader->fault, "a batch within a batch: the trace has changed");
        }
        if ((r = pass_table(reader)) != 0) {
            if (r < 0)
                return r;
            continue;
        }
        if ((r = make_event(reader, reading)) != 0)
            return r;
    }
}
