/* scan.c
 *
 * In: the bytes of an old trace. Out: where each processor's batches are, the samples, the timers. Never: an order.
 *
 * A batch does not say how long it is. What looks like the head of the next one, with a time that fits the first one's,
 * nearly always is: so it is guessed first. A system call's return has such a time too: where the head may be part of
 * one, the batch is read up to there. Who reads the batches sees whether the guess was right: each is read up to where
 * the next one begins, and holds none.
 *
 * Where the guess was wrong every event is looked at. Most are a byte and one to three numbers, which are passed over
 * eight bytes at a time.
 */
#include "legacy_priv.h"

#include <stdlib.h>

enum {
    STEP_BYTES = 1 << 20,     /* given back to the system at a time */
    LONGEST_SAFE = 9,         /* bytes of a number that fits for certain */
    MOST_P = 1 << 16,         /* of a batch that is guessed */
    HEAD_BYTES = 1 + 10 + 10, /* of a batch at most */
    EXIT_BYTES = 2 + 4 * 10,  /* of a return at most */
    PASS_BYTES = 128 + 3,     /* that there must be for an event to be passed */
    LEAST_TICK = 1 << 21,     /* of a batch that is guessed: a number of four bytes is none by chance */
};
#define TICKS_BEFORE ((uint64_t)1 << 28) /* the first batch: how much earlier another one begins, … */
#define TICKS_BEHIND ((uint64_t)1 << 42) /* … and how much later */

struct scan {
    struct old_trace *trace;
    struct gxt_error *fault;
    struct old_raw raw;
    struct map places; /* of P among the lanes */
    size_t lanes_capacity, batches_capacity;
    uint8_t numbers[256]; /* by first byte: how many numbers follow; 0: another form; 255: a number says how many bytes
                             do */
    bool has_batch;
};

enum {
    PREFIXED = 255
};

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

static void make_numbers(struct scan *scan)
{
    for (unsigned first = 0; first < 256; first++) {
        const unsigned type = first & 0x3f;
        const bool is_usual = type > OLD_BATCH && type < OLD_N_TYPES && type != OLD_STRING && type != OLD_CPU_SAMPLE &&
                              type != OLD_TIMER_GOROUTINE && type != OLD_USER_LOG && type != OLD_FREQUENCY &&
                              old_specs[type].since <= scan->trace->version;
        scan->numbers[first] = !is_usual ? 0 : first >> 6 == 3 ? PREFIXED : (uint8_t)((first >> 6) + 1);
    }
}

/* Whether so many bytes are whole numbers, none too long. */
static bool are_numbers(const uint8_t *at, size_t size)
{
    size_t length = 0;

    for (size_t i = 0; i < size; i++) {
        length++;
        if (at[i] >= 0x80 && length >= LONGEST_SAFE)
            return false;
        if (at[i] < 0x80)
            length = 0;
    }
    return length == 0;
}

/* Passes over what is usual, as far as it goes. */
static void pass_usual(struct scan *scan, struct span *in)
{
    const uint8_t *at = in->at;

    while (in->end - at >= PASS_BYTES) {
        const unsigned n = scan->numbers[*at];
        uint64_t bytes;
        if (n == 0)
            break;
        if (n == PREFIXED) {
            if (at[1] >= 0x80 || !are_numbers(at + 2, at[1]))
                break;
            at += 2 + at[1];
            continue;
        }
        memcpy(&bytes, at + 1, sizeof bytes);
        const uint64_t first = ~bytes & UINT64_C(0x8080808080808080), second = first & (first - 1),
                       third = second & (second - 1);
        const uint64_t ends[] = {0, first, second, third}; /* chosen without a branch: the counts follow no rule */
        const uint64_t end = ends[n];
        if (UNLIKELY(end == 0))
            break;
        at += 2 + __builtin_ctzll(end) / 8;
    }
    in->at = at;
}

/* ---- batches ---- */

static int lane_of(struct scan *scan, int32_t p)
{
    struct old_trace *trace = scan->trace;

    if (map_get(&scan->places, (uint64_t)(int64_t)p) != MAP_NONE)
        return 0;
    if (!ROOM(trace->lanes, trace->n_lanes, scan->lanes_capacity) ||
        map_put(&scan->places, (uint64_t)(int64_t)p, (uint32_t)trace->n_lanes) < 0)
        return no_memory(scan->fault);
    trace->lanes[trace->n_lanes++] = (struct old_lane){.p = p, .first_batch = MAP_NONE, .end = old_end_of(trace, p)};
    return 0;
}

static int add_piece(struct scan *scan, const struct gen_batch *batch)
{
    struct gen_dir *dir = &scan->trace->gen.dir;

    if (dir->n_batches >= MAP_NONE || !ROOM(dir->batches, dir->n_batches, scan->batches_capacity))
        return no_memory(scan->fault);
    dir->capacity = scan->batches_capacity;
    dir->batches[dir->n_batches++] = *batch;
    return 0;
}

/* The batch that is open ends at @end. Where it is longer than an index has them it is cut in pieces. */
static int end_batch(struct scan *scan, uint64_t end)
{
    struct gen_dir *dir = &scan->trace->gen.dir;
    int r = 0;

    if (!scan->has_batch)
        return 0;
    struct gen_batch piece = dir->batches[dir->n_batches - 1];
    while (r == 0 && end - piece.offset > WIRE_MAX_BATCH) {
        dir->batches[dir->n_batches - 1].size = WIRE_MAX_BATCH;
        piece.offset += WIRE_MAX_BATCH;
        piece.experiment = 1;
        r = add_piece(scan, &piece);
    }
    dir->batches[dir->n_batches - 1].size = (uint32_t)(end - piece.offset);
    return r;
}

static int begin_batch(struct scan *scan, uint64_t data)
{
    const int32_t p = (int32_t)scan->raw.args[0];
    int r = end_batch(scan, scan->raw.offset);

    if (r == 0)
        r = lane_of(scan, p);
    if (r == 0)
        r = add_piece(scan, &(struct gen_batch){.offset = data, .tick = scan->raw.args[1], .thread = p});
    scan->has_batch = scan->has_batch || r == 0;
    return r;
}

/* ---- what is not of a moment, or of no processor ---- */

static int add_sample(struct scan *scan)
{
    const struct old_raw *raw = &scan->raw;
    const struct old_mark mark = {(int64_t)raw->args[1], raw->offset << 1};
    struct buf *bytes = &scan->trace->streams[LEGACY_SAMPLES].bytes;

    if (raw->n_args != 5)
        return OLD_CORRUPT(raw, scan->fault, "a CPU sample has %zu arguments, not 5", raw->n_args);
    buf_put(bytes, &mark, sizeof mark);
    return bytes->failed ? no_memory(scan->fault) : 0;
}

static int take(struct scan *scan, uint64_t behind)
{
    const struct old_raw *raw = &scan->raw;

    if (raw->type == OLD_BATCH)
        return begin_batch(scan, behind);
    if (raw->type == OLD_STRING)
        return 0;
    if (!scan->has_batch)
        return OLD_CORRUPT(raw, scan->fault, "a %s event before the first batch", old_specs[raw->type].name);
    if (raw->type == OLD_CPU_SAMPLE)
        return add_sample(scan);
    scan->trace->has_clock |= raw->type == OLD_FREQUENCY;
    if (raw->type == OLD_TIMER_GOROUTINE && raw->n_args == 1 && map_put(&scan->trace->timers, raw->args[0], 1) < 0)
        return no_memory(scan->fault);
    return 0;
}

/* ---- a guess ---- */

static int guess_fails(struct scan *scan, uint64_t offset)
{
    return fault_set(scan->fault, GXT_ECORRUPT, offset, "batches cannot be guessed");
}

/* Whether a batch of a moment near the first one's may begin at a byte of its type. */
static inline bool is_head(const uint8_t *at, uint64_t first_tick)
{
    uint64_t p, tick;

    if (!(at = wire_number(at + 1, &p)) || (p > MOST_P && p != UINT64_MAX) || !wire_number(at, &tick))
        return false;
    return tick >= LEAST_TICK && tick - first_tick + TICKS_BEFORE < TICKS_BEFORE + TICKS_BEHIND;
}

/* Whether a byte seems to be inside a return that was told late, whose last number is the time at which it happened. */
static bool may_be_in_exit(const uint8_t *begin, const uint8_t *at)
{
    const uint8_t *from = at - begin > EXIT_BYTES ? at - EXIT_BYTES : begin;

    for (const uint8_t *exit = at - 1; exit >= from; exit--) {
        if (*exit == OLD_FORM(OLD_GO_SYS_EXIT_LOCAL, 2))
            return true;
        if (*exit == OLD_FORM(OLD_GO_SYS_EXIT, 3) && exit + 2 + exit[1] > at)
            return true;
    }
    return false;
}

/* Whether an event begins at @at. @in: of the batch, from an event on; moved to the first one that is not before it. */
static bool is_event(struct scan *scan, struct span *in, const uint8_t *at)
{
    struct gxt_error ignored = {0};

    while (in->at < at) {
        struct span before = {in->at, at + PASS_BYTES - 1 < in->end ? at + PASS_BYTES - 1 : in->end};
        pass_usual(scan, &before);
        in->at = before.at;
        if (in->at < at && old_raw_read(&scan->raw, scan->trace, in, &ignored) < 0)
            return false;
    }
    return in->at == at;
}

/* Where the next batch begins, as it seems; the end for none. */
static const uint8_t *next_head(struct scan *scan, struct span in, uint64_t first_tick)
{
    const uint8_t *const begin = in.at, *at = begin;

    while (in.end - at > HEAD_BYTES && (at = memchr(at, OLD_FORM(OLD_BATCH, 1), (size_t)(in.end - at - HEAD_BYTES)))) {
        if (is_head(at, first_tick) && (!may_be_in_exit(begin, at) || is_event(scan, &in, at)))
            return at;
        at++;
    }
    return in.end;
}

/* Samples stand in batches that have nothing else: what comes of another kind is not looked at. */
static int guess_samples(struct scan *scan, struct span in)
{
    int r = 0;

    while (r == 0 && span_size(in) > 0 && *in.at == OLD_FORM(OLD_CPU_SAMPLE, 3))
        if ((r = old_raw_read(&scan->raw, scan->trace, &in, scan->fault)) == 0)
            r = add_sample(scan);
    return r;
}

static int guess_all(struct scan *scan)
{
    struct old_trace *trace = scan->trace;
    const struct source *source = trace->source;
    struct span in = source_span(source, trace->begin, trace->end - trace->begin);
    uint64_t released = trace->begin, first_tick = 0;
    int r = 0;

    while (r == 0 && span_size(in) > 0) {
        const uint64_t at = (uint64_t)(in.at - source->at);
        if (*in.at != OLD_FORM(OLD_BATCH, 1))
            return guess_fails(scan, at);
        if ((r = old_raw_read(&scan->raw, trace, &in, scan->fault)) < 0)
            return r;
        first_tick = scan->has_batch ? first_tick : scan->raw.args[1];
        r = begin_batch(scan, (uint64_t)(in.at - source->at));
        const struct span batch = {in.at, next_head(scan, in, first_tick)};
        if (r == 0)
            r = guess_samples(scan, batch);
        in.at = batch.end;
        if (at - released > STEP_BYTES) {
            source_release(source, released, at);
            released = at;
        }
    }
    return r == 0 ? end_batch(scan, trace->end) : r;
}

/* ---- all of it ---- */

static int scan_all(struct scan *scan)
{
    struct old_trace *trace = scan->trace;
    const struct source *source = trace->source;
    struct span in = source_span(source, trace->begin, trace->end - trace->begin);
    uint64_t released = trace->begin;
    int r = 0;

    while (r == 0 && span_size(in) > 0) {
        if (scan->has_batch)
            pass_usual(scan, &in);
        r = old_raw_read(&scan->raw, trace, &in, scan->fault);
        const uint64_t at = (uint64_t)(in.at - source->at);
        if (r == 0)
            r = take(scan, at);
        if (at - released > STEP_BYTES) {
            source_release(source, released, at);
            released = at;
        }
    }
    return r == 0 ? end_batch(scan, trace->end) : r;
}

static int by_p(const void *a, const void *b)
{
    int32_t left = ((const struct old_lane *)a)->p, right = ((const struct old_lane *)b)->p;
    return (left > right) - (left < right);
}

static int order_lanes(struct scan *scan)
{
    struct old_trace *trace = scan->trace;
    struct buf *samples = &trace->streams[LEGACY_SAMPLES].bytes;

    if (trace->n_lanes > 0)
        qsort(trace->lanes, trace->n_lanes, sizeof *trace->lanes, by_p);
    gen_sort(samples->at, samples->size / sizeof(struct old_mark), sizeof(struct old_mark));
    trace->streams[LEGACY_SAMPLES].size = samples->size;
    if (!ROOM(trace->lanes, trace->n_lanes, scan->lanes_capacity))
        return no_memory(scan->fault);
    trace->lanes[trace->n_lanes++] =
        (struct old_lane){.p = PROFILE_P, .first_batch = MAP_NONE, .is_samples = true, .end = UINT64_MAX};
    return old_trace_link(trace) < 0 ? no_memory(scan->fault) : 0;
}

int old_scan(struct old_trace *trace, bool guesses, struct gxt_error *fault)
{
    struct scan *scan = calloc(1, sizeof *scan);
    int r;

    if (!scan)
        return no_memory(fault);
    scan->trace = trace;
    scan->fault = fault;
    make_numbers(scan);
    r = guesses ? guess_all(scan) : scan_all(scan);
    if (r == 0)
        r = order_lanes(scan);
    map_done(&scan->places);
    free(scan);
    return r;
}
