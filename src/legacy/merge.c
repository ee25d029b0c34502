/* merge.c
 *
 * In: the batches of an old trace. Out: that its events have an order and fit each other, and what the second reading
 * cannot find by itself. Never: an event of a trace that has a fault anywhere: Go's reader reports it when it opens the
 * trace.
 *
 * Each processor's batches are read in the order of the file, all processors side by side; of those whose next event
 * may come next, by what its goroutine's sequence numbers say, the earliest does. Times must not fall. So the order is
 * that of the times but where several processors have an event of one moment:
 *
 *     time        7   9   9   9   9   9   9  12
 *     processor   1   1   0   1   0   2   2   0
 *     kept            1   0   1   0                 until one processor is left
 *
 * A system call's return is written late, with the time at which it happened, and goes there.
 */
#include "legacy_priv.h"

#include <stdlib.h>

static int no_memory(struct old_merge *merge)
{
    return fault_set(merge->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

/* ---- goroutines ---- */

/* Makes a goroutine of an id: one that was not met yet, or one that has ended as it was then. */
static uint32_t add(struct old_merge *merge, uint64_t id, uint32_t ended)
{
    const uint32_t at = merge->free_g != 0 ? merge->free_g : (uint32_t)merge->n_gs;

    if (at >= OLD_ENDED || (at == merge->n_gs && !ROOM(merge->gs, merge->n_gs, merge->gs_capacity)) ||
        id_map_put(&merge->g_places, id, at) < 0)
        return MAP_NONE;
    merge->check.gs = merge->gs;
    if (at == merge->n_gs)
        merge->n_gs++;
    else
        merge->free_g = merge->gs[at].region;
    merge->gs[at] = (struct old_g){.id = id, .region = MAP_NONE};
    if (ended != MAP_NONE) {
        merge->gs[at].seq = ended - OLD_ENDED;
        merge->gs[at].status = OLD_RUNNING; /* the order does not look at an end */
        merge->gs[at].is_known = true;
    }
    return at;
}

uint32_t old_merge_far(struct old_merge *merge, uint64_t id)
{
    uint32_t at = id_map_get(&merge->g_places, id);

    if (at >= OLD_ENDED && (at = add(merge, id, at)) == MAP_NONE)
        return MAP_NONE;
    return merge->near[id % OLD_NEAR] = at;
}

/* Whether a processor is about to come to a goroutine. */
static bool is_expected(const struct old_merge *merge, uint32_t at)
{
    size_t i = merge->trace->n_lanes, n = merge->n_read;

    if ((merge->waited_for & UINT64_C(1) << at % 64) != 0)
        return true;
    while (n > 0) { /* samples, of which one is always read, come last */
        const struct old_proc *proc = &merge->procs[--i];
        if (proc->has_event && (proc->own == at || proc->other == at || proc->last_own == at || proc->move.g == at))
            return true;
        n -= proc->has_event;
    }
    return false;
}

/* What says more than that it has ended stays. */
void old_merge_end(struct old_merge *merge, uint32_t at)
{
    struct old_g *g = &merge->gs[at];

    if (at == 0 || g->status != OLD_RUNNING || g->seq >= MAP_NONE - OLD_ENDED || g->block_time != 0 || g->is_blocked ||
        g->assists || is_expected(merge, at) || id_map_put(&merge->g_places, g->id, OLD_ENDED + (uint32_t)g->seq) < 0)
        return;
    if (merge->near[g->id % OLD_NEAR] == at)
        merge->near[g->id % OLD_NEAR] = 0;
    *g = (struct old_g){.region = merge->free_g};
    merge->free_g = at;
}

/* None is known but nobody. Return: whether there was memory. */
static bool begin_gs(struct old_merge *merge)
{
    id_map_clear(&merge->g_places);
    memset(merge->near, 0, sizeof merge->near);
    merge->n_gs = merge->free_g = 0;
    return add(merge, 0, MAP_NONE) == 0;
}

/* ---- moves ---- */

enum seq {
    SEQ_0,
    SEQ_1,
    SEQ_ARG0,
    SEQ_ARG1,
    SEQ_NEXT, /* any, and the next one */
    SEQ_SAME
};

static const struct {
    uint8_t who, from, to, seq;
} moves[64] = {
    [OLD_GO_CREATE] = {OLD_NAMED, OLD_DEAD, OLD_RUNNABLE, SEQ_0},
    [OLD_GO_WAITING] = {OLD_OWN, OLD_RUNNABLE, OLD_WAITING, SEQ_1},
    [OLD_GO_IN_SYSCALL] = {OLD_OWN, OLD_RUNNABLE, OLD_WAITING, SEQ_1},
    [OLD_GO_START] = {OLD_OWN, OLD_RUNNABLE, OLD_RUNNING, SEQ_ARG1},
    [OLD_GO_START_LABEL] = {OLD_OWN, OLD_RUNNABLE, OLD_RUNNING, SEQ_ARG1},
    [OLD_GO_START_LOCAL] = {OLD_OWN, OLD_RUNNABLE, OLD_RUNNING, SEQ_NEXT},
    [OLD_GO_SCHED] = {OLD_OWN, OLD_RUNNING, OLD_RUNNABLE, SEQ_SAME},
    [OLD_GO_PREEMPT] = {OLD_OWN, OLD_RUNNING, OLD_RUNNABLE, SEQ_SAME},
    [OLD_GO_UNBLOCK] = {OLD_NAMED, OLD_WAITING, OLD_RUNNABLE, SEQ_ARG1},
    [OLD_GO_SYS_EXIT] = {OLD_NAMED, OLD_WAITING, OLD_RUNNABLE, SEQ_ARG1},
    [OLD_GO_UNBLOCK_LOCAL] = {OLD_NAMED, OLD_WAITING, OLD_RUNNABLE, SEQ_NEXT},
    [OLD_GO_SYS_EXIT_LOCAL] = {OLD_NAMED, OLD_WAITING, OLD_RUNNABLE, SEQ_NEXT},
    [OLD_GC_START] = {OLD_COLLECTOR, OLD_DEAD, OLD_DEAD, SEQ_ARG0},
#define BLOCKS                                                                                                         \
    {                                                                                                                  \
        OLD_OWN, OLD_RUNNING, OLD_WAITING, SEQ_SAME                                                                    \
    }
    [OLD_GO_SLEEP] = BLOCKS,
    [OLD_GO_BLOCK] = BLOCKS,
    [OLD_GO_BLOCK_SEND] = BLOCKS,
    [OLD_GO_BLOCK_RECV] = BLOCKS,
    [OLD_GO_BLOCK_SELECT] = BLOCKS,
    [OLD_GO_BLOCK_SYNC] = BLOCKS,
    [OLD_GO_BLOCK_COND] = BLOCKS,
    [OLD_GO_BLOCK_NET] = BLOCKS,
    [OLD_GO_SYS_BLOCK] = BLOCKS,
    [OLD_GO_BLOCK_GC] = BLOCKS,
};

/* Finds the goroutines of a processor's event, and what it does to one. */
static bool set_move(struct old_merge *merge, struct old_proc *proc)
{
    const struct old_event *event = &proc->reading.event;
    const uint8_t type = event->type, whose = merge->trace->quick[type].whose;
    struct old_move *move = &proc->move;
    uint32_t named = 0;

    proc->own = proc->last_own;
    if (moves[type].who == OLD_NAMED || whose == OLD_BEGINS || whose == OLD_NAMES)
        named = old_merge_g_of(merge, event->args[0]);
    if (whose == OLD_BEGINS)
        proc->own = proc->last_own = named;
    else if (whose == OLD_LEAVES)
        proc->last_own = 0;
    else if (whose == OLD_NAMES)
        proc->own = named;
    else if (type == OLD_CPU_SAMPLE)
        proc->own = old_merge_g_of(merge, event->g);
    if (named == MAP_NONE || proc->own == MAP_NONE)
        return false;
    proc->other = named;
    move->g = MAP_NONE;
    if (moves[type].who == OLD_NOBODY)
        return true;
    const uint64_t id = moves[type].who == OLD_OWN     ? event->g
                        : moves[type].who == OLD_NAMED ? event->args[0]
                                                       : OLD_GARBAGE;
    move->g = id == OLD_UNORDERED            ? MAP_NONE
              : moves[type].who == OLD_OWN   ? proc->own
              : moves[type].who == OLD_NAMED ? named
                                             : old_merge_g_of(merge, OLD_GARBAGE);
    move->from = moves[type].from;
    move->to = moves[type].to;
    const uint8_t seq = moves[type].seq;
    move->from_seq = seq == SEQ_0      ? 0
                     : seq == SEQ_1    ? 1
                     : seq == SEQ_ARG0 ? event->args[0]
                     : seq == SEQ_ARG1 ? event->args[1]
                                       : OLD_ANY_SEQ;
    move->to_seq = seq == SEQ_NEXT ? OLD_NEXT_SEQ : seq == SEQ_SAME ? OLD_ANY_SEQ : move->from_seq + 1;
    return move->g != MAP_NONE || id == OLD_UNORDERED;
}

static inline int apply(struct old_merge *merge, const struct old_proc *proc)
{
    const struct old_move *move = &proc->move;
    const struct old_event *event = &proc->reading.event;

    merge->changed = move->g;
    if (move->g == MAP_NONE)
        return 0;
    struct old_g *g = &merge->gs[move->g];
    if (UNLIKELY(!old_merge_is_ready(merge, move)))
        return fault_set(merge->fault, GXT_ECORRUPT, event->offset, "goroutine %llu: an impossible change of state",
                         (unsigned long long)(moves[event->type].who == OLD_OWN     ? event->g
                                              : moves[event->type].who == OLD_NAMED ? event->args[0]
                                                                                    : OLD_GARBAGE));
    g->seq = move->to_seq == OLD_ANY_SEQ ? g->seq : move->to_seq == OLD_NEXT_SEQ ? g->seq + 1 : move->to_seq;
    g->status = move->to;
    g->is_blocked = event->type == OLD_GO_SYS_BLOCK || event->type == OLD_GO_IN_SYSCALL;
    return 0;
}

/* ---- who waits ---- */

/* Reads the next event of a processor. 1; 0 when there is no more; negative. */
static int advance(struct old_merge *merge, struct old_proc *proc)
{
    proc->reading.ahead = NULL;
    const int r = old_reading_next(&merge->reader, proc->lane, &proc->reading);

    proc->has_event = r > 0;
    merge->n_read += r > 0;
    proc->time = proc->reading.event.time;
    if (r > 0 && UNLIKELY(!set_move(merge, proc)))
        return no_memory(merge);
    return r;
}

/* Moves what is ready from those that wait; what has no events leaves. Whether one is ready can only have changed with
 * the goroutine that the last event moved. */
static int gather(struct old_merge *merge)
{
    merge->waited_for = 0;
    for (size_t i = 0; i < merge->n_waiting;) {
        struct old_proc *proc = merge->waiting[i];
        int r = 1;
        if (!proc->has_event && !proc->reading.ahead && (r = advance(merge, proc)) < 0)
            return r;
        proc->done = r == 0;
        if (r > 0 && ((!proc->is_fresh && proc->move.g != merge->changed) || !old_merge_is_ready(merge, &proc->move))) {
            proc->is_fresh = false;
            merge->waited_for |= UINT64_C(1) << proc->move.g % 64;
            i++;
            continue;
        }
        merge->waiting[i] = merge->waiting[--merge->n_waiting];
        if (r > 0)
            old_merge_push(merge, proc);
    }
    return 0;
}

/* ---- one event ---- */

static void wrong_once(struct gxt_error *fault, int code, uint64_t offset, const char *what)
{
    if (fault->code == 0)
        (void)fault_set(fault, code, offset, "%s", what);
}

/* A return goes to the time at which it happened, behind what else is of that time, unless that is later than it was
 * written. */
static int mark_exit(struct old_merge *merge, const struct old_proc *proc, bool was_blocked)
{
    const struct old_event *event = &proc->reading.event;
    const struct old_g *g = &merge->gs[proc->own];
    const int64_t time = (int64_t)event->args[2];
    const bool is_late = time > event->time;
    const struct old_mark mark = {time, event->offset << 1 | is_late};

    if (g->block_time == 0)
        wrong_once(&merge->bad_exit, GXT_ECORRUPT, event->offset, "stray syscall exit");
    else if (time < g->block_time)
        wrong_once(&merge->bad_exit, GXT_ECORRUPT, event->offset, "time stamps out of order");
    if (time == event->time)
        return 0;
    merge->is_odd = merge->is_odd || is_late || !was_blocked;
    buf_put(&merge->trace->streams[LEGACY_EXITS].bytes, &mark, sizeof mark);
    return merge->trace->streams[LEGACY_EXITS].bytes.failed ? no_memory(merge) : 1;
}

static void check_event(struct old_merge *merge, struct old_proc *proc)
{
    (void)old_check_event(&merge->check, &proc->reading.event,
                          (struct old_check_place){proc->lane->p, &proc->p, proc->own, proc->other});
}

static int bear(struct gxt_error *fault, const struct gxt_error *found)
{
    *fault = *found;
    return found->code;
}

/* Who looks for what can be had of a trace goes no further than to what is bad. */
static int find_bad(const struct old_merge *merge)
{
    const struct gxt_error *bad = merge->bad_time.code < 0   ? &merge->bad_time
                                  : merge->bad_exit.code < 0 ? &merge->bad_exit
                                                             : &merge->bad_check;
    return bad->code < 0 ? bear(merge->fault, bad) : 0;
}

static __attribute__((noinline)) int take_event(struct old_merge *merge, struct old_proc *proc)
{
    const struct old_event *event = &proc->reading.event;
    struct old_g *own = &merge->gs[proc->own];
    const bool was_blocked = own->is_blocked && proc->move.g == proc->own;
    int r = apply(merge, proc);

    if (UNLIKELY(r < 0))
        return r;
    proc->has_event = false;
    merge->n_read--;
    if (merge->n_events++ == 0)
        merge->first_tick = event->time;
    else if (UNLIKELY(event->time < merge->last_time))
        wrong_once(&merge->bad_time, GXT_ECORRUPT, event->offset, "time stamps out of order");
    if (event->type == OLD_GO_SYS_BLOCK || event->type == OLD_GO_IN_SYSCALL)
        own->block_time = event->time;
    if (UNLIKELY(event->type == OLD_GO_SYS_EXIT && event->args[2] != 0))
        r = mark_exit(merge, proc, was_blocked);
    if (r == 0)
        old_merge_note(merge, proc, event->time);
    else if (event->time != merge->last_time)
        merge->n_tail = 0;
    merge->last_time = event->time;
    if (r >= 0 && LIKELY(merge->bad_check.code == 0))
        check_event(merge, proc);
    merge->is_right = merge->bad_check.code == 0;
    if (UNLIKELY(merge->bad_check.code == GXT_ENOMEM))
        return no_memory(merge);
    return UNLIKELY(r == 0 && merge->trace->recovers) ? find_bad(merge) : r < 0 ? r : 0;
}

/* ---- turns ---- */

static void wait(struct old_merge *merge, struct old_proc *proc)
{
    proc->is_fresh = true;
    merge->waiting[merge->n_waiting++] = proc;
}

/* Whether a turn goes on with the event that was read. */
static bool goes_on(const struct old_merge *merge, const struct old_proc *proc)
{
    return (merge->n_ready == 0 || proc->time < merge->ready[0].time) && !old_merge_is_waited_for(merge) &&
           old_merge_is_ready(merge, &proc->move);
}

/* The events of a processor whose turn it is, until another one has one as early; then that one's, and so on, as long
 * as all is usual. */
static int take_turns(struct old_merge *merge, struct old_proc *proc)
{
    size_t n = 0;
    int r;

    for (;;) {
        if (proc->has_event) {
            if ((r = take_event(merge, proc)) < 0)
                return r;
            n++;
        }
        r = 1;
        if (LIKELY(merge->is_right) && old_merge_take_usual(merge, &proc, &n))
            break;
        if (proc->has_event)
            continue; /* the turn is another one's */
        if ((r = advance(merge, proc)) < 0)
            return r;
        if (r == 0 || (n > 0 && !goes_on(merge, proc)))
            break;
    }
    proc->done = r == 0;
    old_merge_settle(merge, n);
    if (r > 0)
        wait(merge, proc);
    return 0;
}

/* Where the first byte is that was not taken of a processor's events. UINT64_MAX: all were. */
static uint64_t stands_at(const struct old_merge *merge, const struct old_proc *proc)
{
    const struct old_reading *reading = &proc->reading;
    const struct old_trace *trace = merge->trace;

    if (proc->has_event)
        return reading->event.offset;
    if (reading->at)
        return (uint64_t)(reading->at - trace->source->at);
    return reading->next_batch == MAP_NONE ? UINT64_MAX : trace->gen.dir.batches[reading->next_batch].offset;
}

/* Ordering has met a fault: behind where it stands nothing can be had. */
static int cut(struct old_merge *merge)
{
    struct old_trace *trace = merge->trace;
    int r = merge->fault->offset != GXT_NO_OFFSET ? old_end_before(trace, merge->fault->offset) : 0;

    for (size_t i = 0; r == 0 && i + 1 < trace->n_lanes; i++)
        r = old_end_at(trace, trace->lanes[i].p, stands_at(merge, &merge->procs[i]), merge->procs[i].reading.time);
    return r;
}

static int order_all(struct old_merge *merge)
{
    const size_t n = merge->trace->n_lanes;
    int r = 0;

    merge->changed = MAP_NONE;
    for (size_t i = 0; i < n; i++)
        wait(merge, &merge->procs[i]);
    while ((r = gather(merge)) == 0 && merge->n_ready > 0)
        if ((r = take_turns(merge, old_merge_pop(merge))) < 0)
            return r;
    for (size_t i = 0; r == 0 && i < n; i++)
        if (!merge->procs[i].done)
            r = fault_set(
                merge->fault, GXT_EORDER, stands_at(merge, &merge->procs[i]),
                "no consistent ordering of events possible: processor %d waits%s", merge->procs[i].lane->p,
                merge->trace->has_clock ? "" : "; the trace has no end: its writer was stopped, or the file was cut");
    return r == 0 && merge->trace->streams[LEGACY_TIES].bytes.failed ? no_memory(merge) : r;
}

/* ---- returns that were told late ---- */

/* Runs of rising times are merged, two by two; what is equal keeps its order, but that late ones come first. */
static bool comes_first(const struct old_mark *left, const struct old_mark *right)
{
    if (left->time != right->time)
        return left->time < right->time;
    return (left->offset & 1) >= (right->offset & 1);
}

static bool sort_marks(struct old_mark *marks, size_t n)
{
    struct old_mark *other = n > 1 ? malloc(n * sizeof *other) : NULL, *from = marks, *to = other;

    for (size_t width = 1; width < n && other; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t left = begin, middle = begin + width < n ? begin + width : n, right = middle,
                   end = middle + width < n ? middle + width : n;
            for (size_t out = begin; out < end; out++)
                to[out] = right >= end || (left < middle && comes_first(&from[left], &from[right])) ? from[left++]
                                                                                                    : from[right++];
        }
        struct old_mark *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != marks && other)
        memcpy(marks, from, n * sizeof *marks);
    free(other);
    return n <= 1 || other != NULL;
}

static bool are_sorted(const struct old_mark *marks, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!comes_first(&marks[i - 1], &marks[i]))
            return false;
    return true;
}

static int end_streams(struct old_merge *merge)
{
    struct old_trace *trace = merge->trace;
    struct buf *exits = &trace->streams[LEGACY_EXITS].bytes;
    struct old_mark *marks = (struct old_mark *)(void *)exits->at;
    const size_t n = exits->size / sizeof *marks;

    trace->n_events = merge->n_events;
    if (!are_sorted(marks, n) && !sort_marks(marks, n))
        return no_memory(merge);
    trace->first_tick = n > 0 && marks[0].time < merge->first_tick ? marks[0].time : merge->first_tick;
    for (size_t i = 0; i < LEGACY_N_STREAMS; i++)
        trace->streams[i].size = trace->streams[i].bytes.size;
    return 0;
}

/* ---- checking in the events' own order ---- */

static int check_again(struct old_merge *merge)
{
    struct old_sequence *sequence = NULL;
    int r = old_sequence_new(merge->trace, merge->fault, &sequence);

    if (!begin_gs(merge))
        r = no_memory(merge);
    for (size_t i = 0; i < merge->trace->n_lanes; i++)
        merge->procs[i].p = (struct old_p){0};
    merge->bad_check = (struct gxt_error){0};
    old_check_begin(&merge->check);
    if (r == 0)
        r = old_sequence_begin(sequence);
    while (r == 0 && (r = old_sequence_look(sequence)) > 0) {
        const struct old_event *event = sequence->event;
        struct old_proc *proc = &merge->procs[sequence->lane < merge->trace->n_lanes ? sequence->lane : 0];
        const bool names = moves[event->type].who == OLD_NAMED;
        const struct old_check_place place = {proc->lane->p, &proc->p, old_merge_g_of(merge, event->g),
                                              names ? old_merge_g_of(merge, event->args[0]) : 0};
        old_sequence_take(sequence);
        r = place.own == MAP_NONE || place.other == MAP_NONE ? no_memory(merge) : 0;
        if (r == 0 && old_check_event(&merge->check, event, place) < 0)
            break;
    }
    (void)old_sequence_free(sequence);
    merge->trace->streams[LEGACY_CALLS].size = merge->trace->streams[LEGACY_CALLS].bytes.size;
    return r < 0 ? r : 0;
}

/* ---- all of it ---- */

/* Faults come in the order in which Go's reader looks for them. */
static int judge(struct old_merge *merge)
{
    struct old_trace *trace = merge->trace;
    int r = 0;

    if (merge->bad_time.code < 0)
        return bear(merge->fault, &merge->bad_time);
    if (merge->bad_exit.code < 0)
        return bear(merge->fault, &merge->bad_exit);
    if (trace->ticks_per_second == 0 && !trace->recovers)
        return fault_set(merge->fault, GXT_ECORRUPT, trace->begin, "no frequency event found");
    if (merge->is_odd)
        r = check_again(merge);
    return r == 0 && merge->bad_check.code < 0 ? bear(merge->fault, &merge->bad_check) : r;
}

static int begin(struct old_merge *merge)
{
    struct old_trace *trace = merge->trace;
    const size_t n = trace->n_lanes;

    merge->procs = calloc(n, sizeof *merge->procs);
    merge->waiting = calloc(n, sizeof(struct old_proc *));
    merge->ready = calloc(n, sizeof *merge->ready);
    merge->reader.tables = old_tables_new(trace);
    if (!merge->procs || !merge->waiting || !merge->ready || !merge->reader.tables || !begin_gs(merge))
        return no_memory(merge);
    for (size_t i = 0; i < n; i++) {
        merge->procs[i].lane = &trace->lanes[i];
        merge->procs[i].at = (uint32_t)i;
        old_reading_begin(trace, i, &merge->procs[i].reading);
    }
    merge->check.trace = trace;
    merge->check.fault = &merge->bad_check;
    old_check_begin(&merge->check);
    return 0;
}

static void merge_done(struct old_merge *merge)
{
    (void)old_tables_free(merge->reader.tables);
    old_check_done(&merge->check);
    id_map_done(&merge->g_places);
    free(merge->gs);
    free(merge->procs);
    free(merge->waiting);
    free(merge->ready);
}

int old_read_once(struct old_trace *trace, bool guesses, struct gxt_error *fault)
{
    struct old_merge merge = {.trace = trace, .fault = fault, .reader = {.trace = trace, .fault = fault}};
    int r;

    trace->gen.source = trace->source;
    trace->gen.dir.number = 1;
    trace->gen.dir.begin = trace->begin;
    trace->gen.dir.end = trace->end;
    r = pool_string(trace->pool, "", 0, &trace->gen.empty) < 0 ? no_memory(&merge) : old_scan(trace, guesses, fault);
    if (r == 0)
        r = begin(&merge);
    if (r == 0 && (r = order_all(&merge)) < 0 && trace->recovers && cut(&merge) < 0)
        r = no_memory(&merge);
    for (size_t i = 0; r == 0 && trace->n_ends > 0 && i < trace->n_lanes; i++)
        if (trace->lanes[i].end != UINT64_MAX)
            r = old_take_lost_tables(&merge.reader, &trace->lanes[i]);
    if (r == 0 && guesses && trace->n_ends == 0 && !old_tables_fit(merge.reader.tables))
        r = fault_set(fault, GXT_ECORRUPT, trace->begin, "samples or timers were not found");
    if (r == 0)
        r = end_streams(&merge);
    if (r == 0 && (r = judge(&merge)) < 0 && trace->recovers && old_end_before(trace, fault->offset) < 0)
        r = no_memory(&merge);
    if (r == 0)
        r = old_tables_make(merge.reader.tables, fault);
    merge_done(&merge);
    return r;
}

/* A fault may be one of the guess: then only what is found without one tells. */
int old_read(struct old_trace *trace, struct gxt_error *fault)
{
    const int r = old_read_once(trace, true, fault);

    if (r == 0 || r == GXT_ENOMEM)
        return r;
    *fault = (struct gxt_error){0};
    old_trace_done(trace);
    return old_read_once(trace, false, fault);
}
