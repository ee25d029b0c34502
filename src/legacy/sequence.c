/* sequence.c
 *
 * In: a trace that was read, or that an index knows. Out: its events in their order. Never: more of them at once than
 * one of each processor.
 *
 * The earliest comes first. Where several processors have an event of that moment the ties say whose turn it is;
 * returns that were told late come behind what else is of their moment, or before it when they are marked so.
 */
#include "legacy_priv.h"

#include <stdlib.h>

int old_sequence_new(struct old_trace *trace, struct gxt_error *fault, struct old_sequence **ret)
{
    struct old_sequence *sequence = calloc(1, sizeof *sequence);
    const size_t n = trace->n_lanes;

    if (sequence) {
        sequence->reader.trace = trace;
        sequence->reader.fault = fault;
        sequence->readings = calloc(n, sizeof *sequence->readings);
        sequence->times = calloc(n, sizeof *sequence->times);
        sequence->fronts = calloc(n, sizeof(struct old_reading *));
    }
    if (!sequence || !sequence->readings || !sequence->times || !sequence->fronts) {
        (void)old_sequence_free(sequence);
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
    }
    for (size_t i = 0; i < n; i++)
        sequence->readings[i].lane = (uint32_t)i;
    *ret = sequence;
    return 0;
}

struct old_sequence *old_sequence_free(struct old_sequence *sequence)
{
    if (!sequence)
        return NULL;
    free(sequence->readings);
    free(sequence->times);
    free(sequence->fronts);
    free(sequence);
    return NULL;
}

/* Lists the lanes that have an event. */
static int list_lanes(struct old_sequence *sequence)
{
    int r = 0;

    sequence->n_lanes = 0;
    for (uint32_t i = 0; i < sequence->reader.trace->n_lanes; i++) {
        sequence->times[i] = INT64_MAX;
        if ((r = old_sequence_advance(sequence, i)) < 0)
            return r;
        if (r > 0) {
            sequence->times[sequence->n_lanes] = sequence->readings[i].event.time;
            sequence->fronts[sequence->n_lanes++] = &sequence->readings[i];
        }
    }
    sequence->is_pending = sequence->has_event = false;
    sequence->current = 0;
    sequence->exit_from = INT64_MIN;
    old_sequence_forget(sequence);
    return 0;
}

int old_sequence_begin(struct old_sequence *sequence)
{
    for (size_t i = 0; i < sequence->reader.trace->n_lanes; i++)
        old_reading_begin(sequence->reader.trace, i, &sequence->readings[i]);
    sequence->tie = sequence->n_exits = sequence->n_calls = sequence->n_events = 0;
    return list_lanes(sequence);
}

/* ---- whose turn it is ---- */

static int index_damaged(const struct old_sequence *sequence)
{
    return fault_set(sequence->reader.fault, GXT_EINDEX, GXT_NO_OFFSET, "the index tells of events that are not there");
}

/* One of those that have an event of this time. */
static int break_tie(struct old_sequence *sequence, int64_t time, size_t *ret)
{
    struct old_trace *trace = sequence->reader.trace;
    uint64_t lane = 0;

    for (unsigned shift = 0;; shift += 7) {
        const uint8_t *byte = old_stream_at(trace, LEGACY_TIES, sequence->tie, 1, sequence->reader.fault);
        if (!byte)
            return sequence->reader.fault->code;
        sequence->tie++;
        lane |= (uint64_t)(*byte & 0x7f) << shift;
        if (*byte < 0x80)
            break;
        if (shift > 28)
            return index_damaged(sequence);
    }
    for (size_t i = 0; i < sequence->n_lanes; i++)
        if (sequence->fronts[i]->lane == lane && sequence->times[i] == time) {
            *ret = i;
            return 0;
        }
    return index_damaged(sequence);
}

/* The next return that was told late, if there is one. */
static int look_at_exit(struct old_sequence *sequence)
{
    struct old_trace *trace = sequence->reader.trace;
    struct old_mark *exit = &sequence->next_exit;
    const uint64_t at = sequence->n_exits * sizeof *exit;

    sequence->has_exit = at < trace->streams[LEGACY_EXITS].size;
    if (!sequence->has_exit) {
        sequence->exit_from = INT64_MAX;
        return 0;
    }
    const uint8_t *bytes = old_stream_at(trace, LEGACY_EXITS, at, sizeof *exit, sequence->reader.fault);
    if (!bytes)
        return sequence->reader.fault->code;
    memcpy(exit, bytes, sizeof *exit);
    /* It is behind what else is of its time, unless it is marked. */
    sequence->exit_from = exit->time + (exit->time < INT64_MAX && !(exit->offset & 1));
    return 0;
}

static int choose_exit(struct old_sequence *sequence)
{
    int r = old_mark_read(&sequence->reader, &sequence->next_exit, &sequence->exit);

    if (r < 0)
        return r;
    if (sequence->exit.type != OLD_GO_SYS_EXIT)
        return index_damaged(sequence);
    sequence->n_exits++;
    sequence->exit_from = INT64_MIN;
    sequence->event = &sequence->exit;
    sequence->lane = (uint32_t)sequence->reader.trace->n_lanes;
    sequence->has_event = true;
    return 1;
}

/* The first of the lanes that are the earliest, and how many they are. */
static size_t count_least(const struct old_sequence *sequence, size_t *ret_at)
{
    const int64_t *times = sequence->times;
    size_t n = 0;

    *ret_at = 0;
    for (size_t i = 0; i < sequence->n_lanes; i++)
        if (times[i] < times[*ret_at]) {
            *ret_at = i;
            n = 1;
        } else {
            n += times[i] == times[*ret_at];
        }
    return n;
}

int old_sequence_choose_any(struct old_sequence *sequence)
{
    const struct old_mark *exit = &sequence->next_exit;
    size_t at;
    int r;

    old_sequence_forget(sequence);
    sequence->tie_before = sequence->tie;
    if (sequence->exit_from == INT64_MIN) {
        if ((r = look_at_exit(sequence)) < 0)
            return r;
        if (old_sequence_choose_least(sequence))
            return 1;
    }
    const size_t n = count_least(sequence, &at);
    const int64_t time = sequence->times[at];
    if (sequence->has_exit && (n == 0 || exit->time < time || (exit->time == time && (exit->offset & 1))))
        return choose_exit(sequence);
    if (n > 1 && (r = break_tie(sequence, time, &at)) < 0)
        return r;
    if (n == 0)
        return 0;
    old_sequence_set(sequence, at);
    return 1;
}

int old_sequence_read(struct old_sequence *sequence)
{
    if (sequence->event != &sequence->exit && sequence->readings[sequence->lane].ahead) {
        const int r = old_sequence_advance(sequence, sequence->lane);
        if (r <= 0) {
            old_sequence_drop(sequence);
            return r < 0 ? r : old_sequence_look(sequence);
        }
    }
    sequence->has_event = true;
    return 1;
}

void old_sequence_drop(struct old_sequence *sequence)
{
    const size_t last = --sequence->n_lanes;

    sequence->times[sequence->current] = sequence->times[last];
    sequence->fronts[sequence->current] = sequence->fronts[last];
    sequence->times[last] = INT64_MAX;
    old_sequence_forget(sequence);
}

int old_sequence_blocks(struct old_sequence *sequence)
{
    const uint64_t call = sequence->n_calls;
    const uint8_t *byte = old_stream_at(sequence->reader.trace, LEGACY_CALLS, call / 8, 1, sequence->reader.fault);

    return byte ? *byte >> call % 8 & 1 : sequence->reader.fault->code;
}

/* ---- as bytes ---- */

/* A lane: the batch that its event is in, counted from 1, or 0 for none; where the event is in it; the time before it
 * and who runs, if that is told by what came before. */
static void save_reading(const struct old_trace *trace, const struct old_reading *reading, bool has_event,
                         struct buf *ret)
{
    if (!has_event || reading->batch == MAP_NONE) {
        buf_put_varint(ret, 0);
        return;
    }
    const struct gen_batch *batch = &trace->gen.dir.batches[reading->batch];
    const struct old_event *event = &reading->event;
    const uint8_t whose = old_whose(event->type);
    buf_put_varint(ret, (uint64_t)reading->batch + 1);
    buf_put_varint(ret, event->offset - batch->offset);
    buf_put_signed(ret, (int64_t)((uint64_t)event->time - reading->delta - batch->tick));
    buf_put_varint(ret, whose == OLD_BEGINS ? 0 : whose == OLD_LEAVES ? event->g : reading->last_g);
}

int old_sequence_save(struct old_sequence *sequence, struct buf *ret)
{
    const struct old_trace *trace = sequence->reader.trace;
    const size_t n = trace->n_lanes;
    int r = old_sequence_settle(sequence);

    for (size_t i = 0; r >= 0 && i < sequence->n_lanes; i++)
        if (sequence->fronts[i]->ahead)
            r = old_sequence_advance(sequence, sequence->fronts[i]->lane);
    if (r < 0)
        return r;
    /* What was chosen and not taken is chosen again. */
    const bool is_exit = sequence->has_event && sequence->event == &sequence->exit;
    bool *has_event = calloc(n, sizeof *has_event);
    if (!has_event)
        return fault_set(sequence->reader.fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a checkpoint");
    for (size_t i = 0; i < sequence->n_lanes; i++)
        has_event[sequence->fronts[i]->lane] = true;
    buf_put_varint(ret, sequence->has_event && sequence->until == INT64_MIN ? sequence->tie_before : sequence->tie);
    buf_put_varint(ret, sequence->n_exits - is_exit);
    buf_put_varint(ret, sequence->n_calls);
    buf_put_varint(ret, sequence->n_events);
    buf_put_varint(ret, sequence->readings[n - 1].n_samples - has_event[n - 1]);
    for (size_t i = 0; i + 1 < n; i++)
        save_reading(trace, &sequence->readings[i], has_event[i], ret);
    free(has_event);
    return 0;
}

static int restore_reading(struct old_trace *trace, struct old_reading *reading, struct reader *in,
                           struct gxt_error *fault)
{
    const uint64_t batch = reader_varint(in);

    old_reading_begin(trace, reading->lane, reading);
    reading->next_batch = MAP_NONE;
    if (batch == 0)
        return in->failed ? GXT_EINDEX : 0;
    const uint64_t offset = reader_varint(in);
    const int64_t time = reader_signed(in);
    reading->last_g = reader_varint(in);
    if (in->failed || batch - 1 >= trace->gen.dir.n_batches)
        return GXT_EINDEX;
    int r = old_reading_open(trace, reading, (uint32_t)(batch - 1), fault);
    if (r < 0)
        return r;
    if (reading->at >= reading->end || offset >= (uint64_t)(reading->end - reading->at))
        return GXT_EINDEX;
    reading->at += offset;
    reading->time = (int64_t)((uint64_t)reading->time + (uint64_t)time);
    return 0;
}

int old_sequence_restore(struct old_sequence *sequence, struct reader *in)
{
    struct old_trace *trace = sequence->reader.trace;
    int r = 0;

    sequence->tie = reader_varint(in);
    sequence->n_exits = reader_varint(in);
    sequence->n_calls = reader_varint(in);
    sequence->n_events = reader_varint(in);
    const size_t n = trace->n_lanes;
    old_reading_begin(trace, n - 1, &sequence->readings[n - 1]);
    sequence->readings[n - 1].n_samples = reader_varint(in);
    if (in->failed || sequence->n_exits > trace->streams[LEGACY_EXITS].size / sizeof(struct old_mark) ||
        sequence->readings[n - 1].n_samples > trace->streams[LEGACY_SAMPLES].size / sizeof(struct old_mark) ||
        sequence->n_events > trace->n_events)
        return GXT_EINDEX;
    for (size_t i = 0; r == 0 && i + 1 < n; i++)
        r = restore_reading(trace, &sequence->readings[i], in, sequence->reader.fault);
    return r == 0 ? list_lanes(sequence) : r;
}
