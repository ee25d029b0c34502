/* legacy_quick.h: what is usual in an old trace, from its bytes to events at once.
 *
 * A processor's events in a row, that become one record each of a known kind, need neither a record nor a look at other
 * processors. What is not so ends it: legacy_next() goes on from there.
 */
#ifndef LEGACY_QUICK_H
#define LEGACY_QUICK_H

#include "legacy_priv.h"

#define OLD_INLINE static inline __attribute__((always_inline))

/** Writes what @type, with @args, says in an event whose context is set. Return: whether it could. */
typedef bool legacy_put(void *user, struct gxt_event *event, const uint64_t *args, uint8_t type);

/* Why an event leaves its goroutine waiting: an enum own_string. */
static const uint8_t old_wait_reasons[OLD_N_TYPES] = {
    [OLD_GO_STOP] = OWN_FOREVER,
    [OLD_GO_SLEEP] = OWN_SLEEP,
    [OLD_GO_BLOCK] = OWN_EMPTY,
    [OLD_GO_BLOCK_SEND] = OWN_CHAN_SEND,
    [OLD_GO_BLOCK_RECV] = OWN_CHAN_RECEIVE,
    [OLD_GO_BLOCK_SELECT] = OWN_SELECT,
    [OLD_GO_BLOCK_SYNC] = OWN_SYNC,
    [OLD_GO_BLOCK_COND] = OWN_COND,
    [OLD_GO_BLOCK_GC] = OWN_MARK_ASSIST,
    [OLD_GO_BLOCK_NET] = OWN_NETWORK,
};

/* Where usual events are written to. */
struct old_put {
    legacy_put *put;
    void *user;
};

OLD_INLINE bool old_put_start(struct legacy *legacy, const struct old_event *event, struct old_put to,
                              struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {event->args[0], event->args[1]};
    struct seen_g *g = old_there(legacy, event->args[0]);

    if (UNLIKELY(!g || !to.put(to.user, ret, args, WIRE_GO_START)))
        return false;
    g->state = GXT_GO_RUNNING;
    g->thread = ret->thread;
    return true;
}

OLD_INLINE bool old_put_leave(struct legacy *legacy, const struct old_event *event, struct old_put to, uint8_t wire,
                              uint8_t reason, struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {legacy->trace.first_own_id + reason, event->stack};
    struct seen_g *g = old_there(legacy, (uint64_t)ret->goroutine);

    if (UNLIKELY(!g || !to.put(to.user, ret, args, wire)))
        return false;
    g->state = wire == WIRE_GO_STOP ? GXT_GO_RUNNABLE : GXT_GO_WAITING;
    g->thread = GXT_NO_THREAD;
    g->on_network |= wire == WIRE_GO_BLOCK && reason == OWN_NETWORK;
    return true;
}

/* Who unblocks what waits for the network is a processor of Go's reader's own. */
OLD_INLINE bool old_put_unblock(struct legacy *legacy, const struct old_event *event, struct old_put to,
                                struct gxt_event *ret)
{
    const struct old_trace *trace = &legacy->trace;
    const uint64_t args[WIRE_MAX_ARGS] = {event->args[0], event->args[1], event->stack};
    struct seen_g *g = old_there(legacy, event->args[0]);

    if (UNLIKELY(!g || (g->on_network ? trace->lanes[trace->n_lanes - 2].p >= TIMER_P : trace->timers.n > 0)))
        return false;
    if (g->on_network) {
        ret->proc = NETPOLL_P;
        ret->thread = GXT_NO_THREAD;
    }
    if (UNLIKELY(!to.put(to.user, ret, args, WIRE_GO_UNBLOCK)))
        return false;
    g->state = GXT_GO_RUNNABLE;
    g->thread = GXT_NO_THREAD;
    g->on_network = false;
    return true;
}

OLD_INLINE bool old_put_create(struct legacy *legacy, const struct old_event *event, struct old_put to,
                               struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {event->args[0], event->args[1], event->stack};

    if (UNLIKELY(!to.put(to.user, ret, args, WIRE_GO_CREATE)))
        return false;
    struct seen_g *g = old_seen_g(legacy, (gxt_goid)event->args[0]);
    if (UNLIKELY(!g))
        return false;
    g->state = GXT_GO_RUNNABLE;
    g->thread = GXT_NO_THREAD;
    return true;
}

OLD_INLINE bool old_put_call(struct seen_g *g, const struct old_event *event, struct old_put to, struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {0, event->stack};

    if (UNLIKELY(!g || ret->thread == GXT_NO_THREAD || ret->goroutine == GXT_NO_GOROUTINE ||
                 !to.put(to.user, ret, args, WIRE_GO_SYSCALL_BEGIN)))
        return false;
    g->state = GXT_GO_SYSCALL;
    g->thread = ret->thread;
    return true;
}

/* The end of a system call that does not block. Nothing in it can fail. */
OLD_INLINE void old_put_call_end(struct seen_g *g, struct old_put to, const struct gxt_event *begin,
                                 struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {0};

    ret->proc = begin->proc;
    ret->thread = begin->thread;
    ret->goroutine = begin->goroutine;
    (void)to.put(to.user, ret, args, WIRE_GO_SYSCALL_END);
    g->state = GXT_GO_RUNNING;
}

/* A processor that a record has named starts or stops. */
OLD_INLINE bool old_put_proc(const struct old_event *event, struct seen_p *p, struct old_put to, bool starts,
                             struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {(uint64_t)(int64_t)ret->proc};

    if (UNLIKELY(!p->told || ret->proc == -1))
        return false;
    if (starts)
        ret->thread = (gxt_threadid)event->args[0];
    if (!(starts ? to.put(to.user, ret, args, WIRE_PROC_START) : to.put(to.user, ret, args, WIRE_PROC_STOP)))
        return false;
    p->thread = starts ? ret->thread : GXT_NO_THREAD;
    p->state = starts ? GXT_PROC_RUNNING : GXT_PROC_IDLE;
    return true;
}

/* What is of a goroutine or a processor for a time. */
OLD_INLINE bool old_put_range(const struct old_event *event, struct old_put to, uint8_t wire, struct gxt_event *ret)
{
    uint64_t args[WIRE_MAX_ARGS] = {0};

    if (wire == WIRE_GC_SWEEP_END)
        memcpy(args, event->args, 2 * sizeof *args);
    if (wire_specs[wire].stack != 0)
        args[wire_specs[wire].stack - 1] = event->stack;
    return to.put(to.user, ret, args, wire);
}

OLD_INLINE bool old_put_metric(const struct old_event *event, struct old_put to, uint8_t wire, struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {event->args[0]};

    return to.put(to.user, ret, args, wire);
}

/* Events in a row. */
struct old_run {
    struct old_put to;
    struct gxt_event *ret, *end; /* where records go */
    uint64_t ordinal;            /* of the next one */
    int64_t last_ns;             /* of the last one */

    /* Of the processor that it is at: */
    const uint8_t *at, *numbers; /* of the event that comes; behind its time */
    uint64_t since;              /* its time, from the trace's first event on */
    uint64_t last_g;             /* its context, as in old_reading */
    gxt_threadid thread;
    gxt_procid proc;
    struct seen_p *p;
};

OLD_INLINE gxt_goid old_context_of(uint64_t g)
{
    return (gxt_goid)(g - (g == 0));
}

/* As old_time_of(), for what is within the usual ticks. */
OLD_INLINE int64_t old_run_time(const struct legacy *legacy, const struct old_run *run)
{
    return (int64_t)((double)(int64_t)run->since * legacy->ns_per_tick);
}

/* A record that is handed out is later than the one before it. */
OLD_INLINE void old_put_time(struct old_run *run, int64_t time_ns)
{
    run->last_ns = time_ns > run->last_ns ? time_ns : run->last_ns + 1;
    run->ret->time_ns = run->last_ns;
    run->ret->ordinal = run->ordinal++;
    run->ret++;
}

OLD_INLINE bool old_run_leave(struct legacy *legacy, struct old_run *run, const struct old_event *event, uint8_t wire,
                              uint8_t reason)
{
    if (UNLIKELY(!old_put_leave(legacy, event, run->to, wire, reason, run->ret)))
        return false;
    run->last_g = 0;
    return true;
}

/* A start is of the goroutine that it names. */
OLD_INLINE bool old_run_start(struct legacy *legacy, struct old_run *run, const struct old_event *event)
{
    const gxt_goid g = old_context_of(event->args[0]);

    run->ret->goroutine = g;
    if (UNLIKELY(g == GXT_NO_GOROUTINE || !old_put_start(legacy, event, run->to, run->ret)))
        return false;
    run->last_g = event->args[0];
    return true;
}

OLD_INLINE bool old_run_end(struct legacy *legacy, struct old_run *run)
{
    const uint64_t none[WIRE_MAX_ARGS] = {0};

    if (UNLIKELY(!run->to.put(run->to.user, run->ret, none, WIRE_GO_DESTROY) ||
                 !old_forget_g(legacy, run->ret->goroutine)))
        return false;
    run->last_g = 0;
    return true;
}

OLD_INLINE bool old_run_proc(struct old_run *run, const struct old_event *event, bool starts)
{
    if (UNLIKELY(!old_put_proc(event, run->p, run->to, starts, run->ret)))
        return false;
    run->thread = run->p->thread;
    return true;
}

/* A call, and its end unless it blocks, 1 ns behind its begin. */
OLD_INLINE bool old_run_call(struct legacy *legacy, struct old_run *run, const struct old_event *event)
{
    const int blocks = old_sequence_blocks(legacy->sequence);
    const struct gxt_event *begin = run->ret;
    struct seen_g *g = old_there(legacy, (uint64_t)begin->goroutine);

    if (UNLIKELY(blocks < 0 || run->end - run->ret < 2 || !old_put_call(g, event, run->to, run->ret)))
        return false;
    legacy->sequence->n_calls++;
    const int64_t time_ns = old_run_time(legacy, run);
    old_put_time(run, time_ns);
    if (blocks == 0) {
        old_put_call_end(g, run->to, begin, run->ret);
        old_put_time(run, time_ns + 1);
        legacy->sequence->n_events--; /* of two records one is no event */
    }
    return true;
}

/* A table of what is usual, by type: takes the event that comes. Return: behind it; NULL when it is not usual:
 * then nothing has changed. */
OLD_INLINE const uint8_t *old_put_usual(struct legacy *legacy, struct old_run *run)
{
    struct old_event event;
    struct gxt_event *const ret = run->ret;
    const uint8_t *const at = run->at, *const numbers = run->numbers, *behind = numbers;
    const struct old_put to = run->to;
    const uint8_t what = old_usual[*at].what, type = *at & 0x3f;
    bool is_put = false;

    event.stack = 0;
    ret->proc = run->proc;
    ret->thread = run->thread;
    ret->goroutine = old_context_of(run->last_g);
#define READ(n, has_stack) LIKELY((behind = old_read_numbers(at, numbers, (n), (has_stack), &event)) != NULL)
    /* Branches are foretold better than a jump to one of many places. */
    if (what == OLD_STARTS_LOCALLY)
        is_put = READ(1, false) && old_run_start(legacy, run, &event);
    else if (what == OLD_BLOCKS)
        is_put = READ(1, true) && old_run_leave(legacy, run, &event, WIRE_GO_BLOCK, old_wait_reasons[type]);
    else if (what == OLD_UNBLOCKS_LOCALLY)
        is_put = READ(2, true) && old_put_unblock(legacy, &event, to, ret);
    else
        switch (type) {
        case OLD_GO_START:
            is_put = READ(2, false) && old_run_start(legacy, run, &event);
            break;
        case OLD_GO_SCHED:
            is_put = READ(1, true) && old_run_leave(legacy, run, &event, WIRE_GO_STOP, OWN_GOSCHED);
            break;
        case OLD_GO_PREEMPT:
            is_put = READ(1, true) && old_run_leave(legacy, run, &event, WIRE_GO_STOP, OWN_PREEMPTED);
            break;
        case OLD_GO_STOP:
            is_put = READ(1, true) && old_run_leave(legacy, run, &event, WIRE_GO_BLOCK, OWN_FOREVER);
            break;
        case OLD_GO_UNBLOCK:
            is_put = READ(3, true) && old_put_unblock(legacy, &event, to, ret);
            break;
        case OLD_GO_SYS_CALL:
            return READ(1, true) && old_run_call(legacy, run, &event) ? behind : NULL;
        case OLD_GO_SYS_BLOCK: /* told with its call */
            run->last_g = 0;
            legacy->sequence->n_events++; /* without a record */
            return numbers;
        case OLD_GO_CREATE:
            is_put = READ(3, true) && old_put_create(legacy, &event, to, ret);
            break;
        case OLD_GO_END:
            is_put = old_run_end(legacy, run);
            break;
        case OLD_PROC_START:
            is_put = READ(1, false) && old_run_proc(run, &event, true);
            break;
        case OLD_PROC_STOP:
            is_put = old_run_proc(run, &event, false);
            break;
        case OLD_HEAP_ALLOC:
            is_put = READ(1, false) && old_put_metric(&event, to, WIRE_HEAP_ALLOC, ret);
            break;
        case OLD_HEAP_GOAL:
            is_put = READ(1, false) && old_put_metric(&event, to, WIRE_HEAP_GOAL, ret);
            break;
        case OLD_GC_SWEEP_START:
            is_put = READ(1, true) && old_put_range(&event, to, WIRE_GC_SWEEP_BEGIN, ret);
            break;
        case OLD_GC_SWEEP_DONE:
            is_put = READ(2, false) && old_put_range(&event, to, WIRE_GC_SWEEP_END, ret);
            break;
        case OLD_GC_MARK_ASSIST_START:
            is_put = READ(1, true) && old_put_range(&event, to, WIRE_GC_MARK_ASSIST_BEGIN, ret);
            break;
        case OLD_GC_MARK_ASSIST_DONE:
            is_put = old_put_range(&event, to, WIRE_GC_MARK_ASSIST_END, ret);
            break;
        default:
            break;
        }
#undef READ
    if (UNLIKELY(!is_put))
        return NULL;
    old_put_time(run, old_run_time(legacy, run));
    return behind;
}

/* Events of a processor in a row, from the one that was chosen and not read. Return: whether that was usual. */
OLD_INLINE bool old_quick_run(struct legacy *legacy, struct old_sequence *sequence, struct old_run *run,
                              struct old_reading *reading)
{
    int64_t *const time = &sequence->times[sequence->current];
    const uint64_t first = (uint64_t)legacy->trace.first_tick, usual = legacy->usual_ticks;
    /* Up to then its events come next; where that is not known, only the first one does. */
    const uint64_t until = sequence->until == INT64_MIN ? 0 : (uint64_t)sequence->until - first;
    const uint64_t limit = until < usual ? until : usual;
    const uint8_t *const end = reading->end, *behind;
    uint64_t delta = 0;

    run->at = reading->at;
    run->numbers = reading->ahead;
    run->since = (uint64_t)*time - first;
    run->last_g = reading->last_g;
    run->p = &legacy->ps[reading->lane];
    run->proc = run->p->id;
    run->thread = LIKELY(run->proc != -1) ? run->p->thread : GXT_NO_THREAD;
    if (UNLIKELY(run->since >= usual || reading->last_g == (uint64_t)GXT_NO_GOROUTINE))
        return false;
    do {
        if (UNLIKELY(!(behind = old_put_usual(legacy, run))))
            break;
        run->at = behind;
        run->numbers = old_peek(&legacy->trace, behind, end, true, &delta);
        if (UNLIKELY(!run->numbers))
            delta = 0;
        run->since += delta;
    } while (LIKELY(run->numbers != NULL) && run->since < limit && LIKELY(run->ret != run->end));

    if (UNLIKELY(run->at == reading->at))
        return false;
    reading->at = run->at;
    reading->ahead = run->numbers;
    reading->time = (int64_t)(first + run->since - delta);
    reading->last_g = run->last_g;
    *time = (int64_t)(first + run->since);
    if (UNLIKELY(!run->numbers))
        sequence->is_pending = true;
    return true;
}

/* The lane whose event was taken comes to the next one: to its time, if no more need be known. 0, or the fault. */
OLD_INLINE int old_quick_settle(struct old_sequence *sequence)
{
    struct old_reading *reading = &sequence->readings[sequence->lane];
    uint64_t delta;

    if (sequence->event == &sequence->exit ||
        !(reading->ahead = old_peek(sequence->reader.trace, reading->at, reading->end, true, &delta)))
        return old_sequence_settle(sequence);
    sequence->is_pending = false;
    sequence->times[sequence->current] = (int64_t)((uint64_t)reading->time + delta);
    return 0;
}

/* Whose event comes next, when it is not read yet; NULL when it is not so. */
OLD_INLINE struct old_reading *old_quick_find(struct old_sequence *sequence)
{
    if (UNLIKELY(sequence->has_event | sequence->is_pending) && (sequence->has_event || old_quick_settle(sequence) < 0))
        return NULL;
    if (sequence->times[sequence->current] >= sequence->until && !old_sequence_choose_other(sequence) &&
        UNLIKELY(!old_sequence_choose_least(sequence)) &&
        (old_sequence_choose_any(sequence) <= 0 || sequence->has_event))
        return NULL;
    struct old_reading *reading = sequence->fronts[sequence->current];
    if (LIKELY(reading->ahead != NULL))
        return reading;
    (void)old_sequence_read(sequence); /* its fault is the walk's */
    return NULL;
}

/**
 * legacy_quick() - events that are usual, one after another
 * @most:     at most so many
 * @ordinal:  of the first
 *
 * Return: how many.
 */
OLD_INLINE size_t legacy_quick(struct legacy *legacy, size_t most, legacy_put *put, void *user, uint64_t ordinal,
                               struct gxt_event *events)
{
    struct old_run run = {
        .to = {put, user}, .ret = events, .end = events + most, .ordinal = ordinal, .last_ns = legacy->last_ns};
    struct old_sequence *const sequence = legacy->sequence;
    struct old_reading *reading;

    if (!legacy->has_begun || legacy->before_init || legacy->done || legacy->fault.code < 0 ||
        old_has_waiting(legacy) || run.last_ns >= OLD_USUAL_NS)
        return 0;
    while (LIKELY(run.ret != run.end) && (reading = old_quick_find(sequence)) != NULL)
        if (UNLIKELY(!old_quick_run(legacy, sequence, &run, reading))) {
            (void)old_sequence_read(sequence); /* its fault is the walk's */
            break;
        }
    legacy->last_ns = run.last_ns;
    sequence->n_events += run.ordinal - ordinal;
    return (size_t)(run.ordinal - ordinal);
}

#endif
