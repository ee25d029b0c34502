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

OLD_INLINE bool old_is_at(const struct legacy *legacy, uint32_t at, uint64_t id)
{
    return LIKELY(at < legacy->n_gs) && (uint64_t)legacy->gs[at].id == id && legacy->gs[at].state != GXT_GO_NOT_EXIST;
}

/* A goroutine that is there, first looked for where this processor named one last. NULL: who is not. */
OLD_INLINE struct seen_g *old_named_g(struct legacy *legacy, struct seen_p *p, uint64_t id)
{
    if (!old_is_at(legacy, p->other, id)) {
        const uint32_t at = map_get(&legacy->g_places, id);
        if (UNLIKELY(at == MAP_NONE))
            return NULL;
        p->other = at;
    }
    return &legacy->gs[p->other];
}

/* The same of one that runs on this processor. */
OLD_INLINE struct seen_g *old_running_g(struct legacy *legacy, struct seen_p *p, uint64_t id)
{
    if (UNLIKELY(!old_is_at(legacy, p->g, id))) {
        const uint32_t at = map_get(&legacy->g_places, id);
        if (at == MAP_NONE)
            return NULL;
        p->g = at;
    }
    return &legacy->gs[p->g];
}

OLD_INLINE bool old_put_start(struct legacy *legacy, const struct old_event *event, struct seen_p *p, struct old_put to,
                              struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {event->args[0], event->args[1]};
    struct seen_g *g = old_named_g(legacy, p, event->args[0]);

    if (UNLIKELY(!g || event->type == OLD_GO_START_LABEL || !to.put(to.user, ret, args, WIRE_GO_START)))
        return false;
    p->g = p->other;
    g->state = GXT_GO_RUNNING;
    g->thread = ret->thread;
    return true;
}

OLD_INLINE bool old_put_leave(struct legacy *legacy, const struct old_event *event, struct seen_p *p, struct old_put to,
                              uint8_t wire, uint8_t reason, struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {legacy->trace.first_own_id + reason, event->stack};
    struct seen_g *g = old_running_g(legacy, p, event->g);

    if (UNLIKELY(!g || !to.put(to.user, ret, args, wire)))
        return false;
    g->state = wire == WIRE_GO_STOP ? GXT_GO_RUNNABLE : GXT_GO_WAITING;
    g->thread = GXT_NO_THREAD;
    g->on_network |= wire == WIRE_GO_BLOCK && reason == OWN_NETWORK;
    return true;
}

/* Who unblocks what waits for the network is a processor of Go's reader's own. */
OLD_INLINE bool old_put_unblock(struct legacy *legacy, const struct old_event *event, struct seen_p *p,
                                struct old_put to, struct gxt_event *ret)
{
    const struct old_trace *trace = &legacy->trace;
    const uint64_t args[WIRE_MAX_ARGS] = {event->args[0], event->args[1], event->stack};
    struct seen_g *g = old_named_g(legacy, p, event->args[0]);

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

OLD_INLINE bool old_put_call(struct legacy *legacy, const struct old_event *event, struct seen_p *p, struct old_put to,
                             struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {0, event->stack};
    struct seen_g *g = old_running_g(legacy, p, event->g);

    if (UNLIKELY(!g || ret->thread == GXT_NO_THREAD || event->g == 0 ||
                 !to.put(to.user, ret, args, WIRE_GO_SYSCALL_BEGIN)))
        return false;
    g->state = GXT_GO_SYSCALL;
    g->thread = ret->thread;
    return true;
}

/* The end of a system call that does not block. Nothing in it can fail. */
OLD_INLINE void old_put_call_end(struct legacy *legacy, const struct seen_p *p, struct old_put to,
                                 const struct gxt_event *begin, struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {0};

    ret->proc = begin->proc;
    ret->thread = begin->thread;
    ret->goroutine = begin->goroutine;
    (void)to.put(to.user, ret, args, WIRE_GO_SYSCALL_END);
    legacy->gs[p->g].state = GXT_GO_RUNNING;
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

OLD_INLINE bool old_put_metric(const struct old_event *event, struct old_put to, uint8_t wire, struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {event->args[0]};

    return to.put(to.user, ret, args, wire);
}

/* The event becomes @ret, and states follow. Return: whether it was usual; else nothing has changed. */
OLD_INLINE bool old_put_usual(struct legacy *legacy, const struct old_event *event, struct seen_p *p, struct old_put to,
                              struct gxt_event *ret)
{
    const uint64_t none[WIRE_MAX_ARGS] = {0};

    switch (event->plain) {
    case OLD_GO_START:
        return old_put_start(legacy, event, p, to, ret);
    case OLD_GO_SCHED:
        return old_put_leave(legacy, event, p, to, WIRE_GO_STOP, OWN_GOSCHED, ret);
    case OLD_GO_PREEMPT:
        return old_put_leave(legacy, event, p, to, WIRE_GO_STOP, OWN_PREEMPTED, ret);
    case OLD_GO_STOP:
    case OLD_GO_SLEEP:
    case OLD_GO_BLOCK:
    case OLD_GO_BLOCK_SEND:
    case OLD_GO_BLOCK_RECV:
    case OLD_GO_BLOCK_SELECT:
    case OLD_GO_BLOCK_SYNC:
    case OLD_GO_BLOCK_COND:
    case OLD_GO_BLOCK_NET:
    case OLD_GO_BLOCK_GC:
        return old_put_leave(legacy, event, p, to, WIRE_GO_BLOCK, old_wait_reasons[event->plain], ret);
    case OLD_GO_UNBLOCK:
        return old_put_unblock(legacy, event, p, to, ret);
    case OLD_GO_SYS_CALL:
        return old_put_call(legacy, event, p, to, ret);
    case OLD_GO_CREATE:
        return old_put_create(legacy, event, to, ret);
    case OLD_GO_END:
        return to.put(to.user, ret, none, WIRE_GO_DESTROY) && old_forget_g(legacy, ret->goroutine);
    case OLD_PROC_START:
        return old_put_proc(event, p, to, true, ret);
    case OLD_PROC_STOP:
        return old_put_proc(event, p, to, false, ret);
    case OLD_HEAP_ALLOC:
        return old_put_metric(event, to, WIRE_HEAP_ALLOC, ret);
    case OLD_HEAP_GOAL:
        return old_put_metric(event, to, WIRE_HEAP_GOAL, ret);
    default:
        return false;
    }
}

/* A record that is handed out is later than the one before it. */
OLD_INLINE void old_put_time(struct legacy *legacy, int64_t time_ns, uint64_t ordinal, struct gxt_event *ret)
{
    legacy->last_ns = ret->time_ns = time_ns > legacy->last_ns ? time_ns : legacy->last_ns + 1;
    ret->ordinal = ordinal;
}

/* Where events go, and how many may. */
struct old_places {
    struct gxt_event *events;
    size_t step, most;
    uint64_t ordinal;
};

/* What one event becomes. Return: how many that is, or -1 when it is not usual. */
OLD_INLINE int old_put_event(struct legacy *legacy, const struct old_event *event, struct old_put to,
                             struct old_places places)
{
    const uint32_t lane = legacy->sequence->lane;
    struct seen_p *p = &legacy->ps[lane];
    struct gxt_event *ret = places.events;
    int blocks = 1;

    if (event->plain == OLD_GO_SYS_BLOCK) /* told with its call */
        return 0;
    if (event->plain == OLD_GO_SYS_CALL && ((blocks = old_sequence_blocks(legacy->sequence)) < 0 || places.most < 2))
        return -1;
    ret->proc = legacy->trace.lanes[lane].p;
    ret->thread = LIKELY(ret->proc != -1) ? p->thread : GXT_NO_THREAD;
    ret->goroutine = event->g == 0 ? GXT_NO_GOROUTINE : (gxt_goid)event->g;
    if (UNLIKELY(legacy->last_ns >= INT64_MAX - 1 || !old_put_usual(legacy, event, p, to, ret)))
        return -1;
    const int64_t time_ns = old_time_of(legacy, event->time);
    old_put_time(legacy, time_ns, places.ordinal, ret);
    if (blocks != 0)
        return 1;
    struct gxt_event *end = ret + places.step;
    old_put_call_end(legacy, p, to, ret, end);
    old_put_time(legacy, (int64_t)((uint64_t)time_ns + 1), places.ordinal + 1, end); /* 1 ns behind its begin */
    return 2;
}

/* Passes the event that was chosen and moves on its lane. Return: whether the next one of it is chosen. */
OLD_INLINE bool old_pass(struct old_sequence *sequence, struct old_reading *reading, bool *ret_fails)
{
    const int r = old_sequence_advance(sequence, sequence->lane);

    sequence->is_pending = false;
    if (UNLIKELY(r <= 0)) {
        old_sequence_drop(sequence);
        *ret_fails = r < 0;
        return false;
    }
    if (LIKELY(sequence->is_bounded && reading->event.time <= sequence->bound))
        return sequence->has_event = true;
    sequence->times[sequence->current] = reading->event.time;
    return false;
}

/* The events of a processor in a row, from the chosen one on. Return: how many they become; *@ret_ends: nothing more is
 * usual. */
OLD_INLINE size_t old_quick_run(struct legacy *legacy, struct old_put to, struct old_places places, bool *ret_ends)
{
    struct old_sequence *sequence = legacy->sequence;
    struct old_reading *reading = &sequence->readings[sequence->lane];
    size_t n = 0;

    do {
        const struct old_places rest = {places.events + n * places.step, places.step, places.most - n,
                                        places.ordinal + n};
        const int n_put = old_put_event(legacy, &reading->event, to, rest);
        if (UNLIKELY(n_put < 0)) {
            *ret_ends = true;
            break;
        }
        n += (size_t)n_put;
        old_sequence_take(sequence);
    } while (LIKELY(n < places.most) && old_pass(sequence, reading, ret_ends));
    return n;
}

/**
 * legacy_quick() - events that are usual, one after another
 * @most:     at most so many
 * @ordinal:  of the first
 * @step:     0: all of them are written to the first place
 *
 * Return: how many.
 */
OLD_INLINE size_t legacy_quick(struct legacy *legacy, size_t most, legacy_put *put, void *user, uint64_t ordinal,
                               struct gxt_event *events, size_t step)
{
    bool ends = false;
    size_t n = 0;

    if (!legacy->has_begun || legacy->before_init || legacy->done || legacy->fault.code < 0 || old_has_waiting(legacy))
        return 0;
    while (n < most && !ends && old_sequence_look(legacy->sequence) > 0 &&
           LIKELY(legacy->sequence->event != &legacy->sequence->exit))
        n += old_quick_run(legacy, (struct old_put){put, user},
                           (struct old_places){events + n * step, step, most - n, ordinal + n}, &ends);
    return n;
}

#endif
