/* lost.c
 *
 * In: a hurt old trace. Out: as much of it as can be ordered and has no contradiction. Never: an event of which the
 * order is not known.
 *
 * Nothing in an old trace stands by itself, so what is kept is, of each processor, its events up to somewhere. Where
 * bytes are hurt the rest of their processor's events is lost; those of the others are put in order until all wait for
 * what is lost, or something does not fit. There all of them end, and the trace that ends so is read again.
 *
 * Strings and stacks are told anywhere, stacks at the trace's end: they are taken from behind those ends as well. Where
 * the batches cannot be told apart without reading each event, what is behind a fault is lost as a whole.
 */
#include "legacy_priv.h"

#include <stdlib.h>

enum {
    MOST_TRIES = 16,  /* to find where the events end; then the bytes are halved, … */
    MOST_HALVES = 64, /* … until nothing is left */
};

/* ---- ends ---- */

void old_ends_clear(struct old_trace *trace)
{
    map_clear(&trace->end_places);
    trace->n_ends = 0;
    trace->lost_from = INT64_MAX;
}

void old_ends_done(struct old_trace *trace)
{
    map_done(&trace->end_places);
    free(trace->ends);
}

static uint32_t place_of(const struct old_trace *trace, int32_t p)
{
    return map_get(&trace->end_places, (uint64_t)(int64_t)p);
}

uint64_t old_end_of(const struct old_trace *trace, int32_t p)
{
    const uint32_t at = place_of(trace, p);

    return at == MAP_NONE ? UINT64_MAX : trace->ends[at];
}

int old_end_at(struct old_trace *trace, int32_t p, uint64_t offset, int64_t time)
{
    uint32_t at = place_of(trace, p);

    if (offset >= (at == MAP_NONE ? UINT64_MAX : trace->ends[at]))
        return 0;
    if (at == MAP_NONE) {
        at = (uint32_t)trace->n_ends;
        if (at == MAP_NONE || !ROOM(trace->ends, trace->n_ends, trace->ends_capacity) ||
            map_put(&trace->end_places, (uint64_t)(int64_t)p, at) < 0)
            return GXT_ENOMEM;
        trace->n_ends++;
    }
    trace->ends[at] = offset;
    trace->lost_from = time < trace->lost_from ? time : trace->lost_from;
    trace->was_cut = true;
    return 0;
}

int old_end_before(struct old_trace *trace, uint64_t offset)
{
    const struct gen_dir *dir = &trace->gen.dir;

    for (size_t i = 0; i < dir->n_batches; i++) {
        const struct gen_batch *batch = &dir->batches[i];
        if (offset >= batch->offset && offset - batch->offset < batch->size)
            return old_end_at(trace, (int32_t)batch->thread, offset, (int64_t)batch->tick);
    }
    return 0;
}

static uint64_t lost_bytes(const struct old_trace *trace, uint64_t whole)
{
    const struct gen_dir *dir = &trace->gen.dir;
    uint64_t n = whole - trace->end;

    for (size_t i = 0; i < dir->n_batches; i++) {
        const struct gen_batch *batch = &dir->batches[i];
        const uint64_t end = old_end_of(trace, (int32_t)batch->thread), behind = batch->offset + batch->size;
        if (behind > end)
            n += behind - (end > batch->offset ? end : batch->offset);
    }
    return n;
}

/* ---- tries ---- */

/* Where the batch begins that a byte is in, as far as batches were found; else the byte. */
static uint64_t batch_before(const struct gen_dir *dir, uint64_t offset)
{
    uint64_t end = 0;

    for (size_t i = 0; i < dir->n_batches && dir->batches[i].offset <= offset; i++)
        if (i > 0 && dir->batches[i].experiment == 0)
            end = dir->batches[i - 1].offset + dir->batches[i - 1].size;
    return end > 0 ? end : offset;
}

static void begin_anew(struct old_trace *trace, uint64_t end)
{
    trace->end = end;
    old_ends_clear(trace);
    old_trace_done(trace);
}

/* Reads, and cuts off what is at fault, until there is no fault. */
static int read_and_cut(struct old_trace *trace, bool guesses, struct gxt_error *fault)
{
    int r = 0;

    for (unsigned tries = 0; tries < MOST_TRIES; tries++) {
        if ((r = old_read_once(trace, guesses, fault)) == 0 || !fault_is_of_trace(r) || trace->is_misled)
            break;
        const uint64_t end = batch_before(&trace->gen.dir, fault->offset);
        if (!trace->was_cut && (guesses || end >= trace->end))
            break;
        trace->end = trace->was_cut ? trace->end : end;
        old_trace_done(trace);
    }
    return r;
}

static int read_halves(struct old_trace *trace, uint64_t whole, struct gxt_error *fault)
{
    uint64_t end = whole;
    int r = 0;

    for (unsigned tries = 0; tries < MOST_HALVES; tries++) {
        end = trace->begin + (end - trace->begin) / 2;
        begin_anew(trace, end);
        if ((r = old_read_once(trace, false, fault)) == 0 || !fault_is_of_trace(r))
            break;
    }
    return r;
}

int old_read_sound(struct old_trace *trace, struct gxt_loss *loss, struct gxt_error *fault)
{
    const uint64_t whole = trace->source->size;
    struct gxt_error first = {0};

    trace->recovers = false;
    begin_anew(trace, whole);
    int r = old_read(trace, &first); /* its fault is the one that is told: it is that of Go's reader */
    if (r == 0 || !fault_is_of_trace(r)) {
        *fault = first;
        return r;
    }
    trace->recovers = true;
    for (unsigned guesses = 2; guesses-- > 0;) {
        begin_anew(trace, whole);
        r = read_and_cut(trace, guesses, fault);
        if ((r < 0 && !fault_is_of_trace(r)) || (r == 0 && trace->n_events > 0))
            break;
    }
    if (fault_is_of_trace(r))
        r = read_halves(trace, whole, fault);
    if (r < 0)
        return r;
    *fault = (struct gxt_error){0};
    loss_note(loss, &first, lost_bytes(trace, whole));
    loss->n_generations = 1;
    if (trace->ticks_per_second == 0) {
        struct gxt_error lost;
        (void)fault_set(&lost, GXT_ECORRUPT, trace->begin, "no frequency event found");
        if (strcmp(first.message, lost.message) != 0)
            loss_note(loss, &lost, 0);
        trace->ticks_per_second = 1000000000;
    }
    return 0;
}

/* ---- what is told behind an end ---- */

int old_take_lost_tables(struct old_reader *reader, const struct old_lane *lane)
{
    struct old_trace *trace = reader->trace;
    struct gxt_error ignored;
    struct span in;

    for (uint32_t batch = lane->first_batch; batch != MAP_NONE; batch = trace->next_batch[batch]) {
        int r = old_batch_open(trace, batch, &in, reader->fault);
        if (r < 0)
            return r;
        const uint8_t *const from = trace->source->at + (lane->end < trace->end ? lane->end : trace->end);
        in.at = in.at < from ? from : in.at;
        while (in.at < in.end && old_raw_read(&reader->raw, trace, &in, &ignored) == 0)
            if (old_tables_take(reader->tables, &reader->raw, &ignored) == GXT_ENOMEM)
                return fault_set(reader->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
    }
    return 0;
}
