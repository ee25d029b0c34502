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

/* What an event becomes. */
struct old_usual {
    uint8_t wire;   /* 0: it is not usual */
    uint8_t reason; /* an enum own_string */
    uint8_t state;  /* of a goroutine after it */
};

static const struct old_usual old_usual[OLD_N_TYPES] = {
    [OLD_GO_CREATE] = {WIRE_GO_CREATE, 0, GXT_GO_RUNNABLE},
    [OLD_GO_START] = {WIRE_GO_START, 0, GXT_GO_RUNNING},
    [OLD_GO_UNBLOCK] = {WIRE_GO_UNBLOCK, 0, GXT_GO_RUNNABLE},
    [OLD_GO_END] = {WIRE_GO_DESTROY, 0, GXT_GO_NOT_EXIST},
    [OLD_GO_STOP] = {WIRE_GO_BLOCK, OWN_FOREVER, GXT_GO_WAITING},
    [OLD_GO_SCHED] = {WIRE_GO_STOP, OWN_GOSCHED, GXT_GO_RUNNABLE},
    [OLD_GO_PREEMPT] = {WIRE_GO_STOP, OWN_PREEMPTED, GXT_GO_RUNNABLE},
    [OLD_GO_SLEEP] = {WIRE_GO_BLOCK, OWN_SLEEP, GXT_GO_WAITING},
    [OLD_GO_BLOCK] = {WIRE_GO_BLOCK, OWN_EMPTY, GXT_GO_WAITING},
    [OLD_GO_BLOCK_SEND] = {WIRE_GO_BLOCK, OWN_CHAN_SEND, GXT_GO_WAITING},
    [OLD_GO_BLOCK_RECV] = {WIRE_GO_BLOCK, OWN_CHAN_RECEIVE, GXT_GO_WAITING},
    [OLD_GO_BLOCK_SELECT] = {WIRE_GO_BLOCK, OWN_SELECT, GXT_GO_WAITING},
    [OLD_GO_BLOCK_SYNC] = {WIRE_GO_BLOCK, OWN_SYNC, GXT_GO_WAITING},
    [OLD_GO_BLOCK_COND] = {WIRE_GO_BLOCK, OWN_COND, GXT_GO_WAITING},
    [OLD_GO_BLOCK_GC] = {WIRE_GO_BLOCK, OWN_MARK_ASSIST, GXT_GO_WAITING},
    [OLD_GO_BLOCK_NET] = {WIRE_GO_BLOCK, OWN_NETWORK, GXT_GO_WAITING},
    [OLD_GO_SYS_CALL] = {WIRE_GO_SYSCALL_BEGIN, 0, GXT_GO_SYSCALL},
    [OLD_PROC_START] = {WIRE_PROC_START, 0, 0},
    [OLD_PROC_STOP] = {WIRE_PROC_STOP, 0, 0},
    [OLD_HEAP_ALLOC] = {WIRE_HEAP_ALLOC, 0, 0},
    [OLD_HEAP_GOAL] = {WIRE_HEAP_GOAL, 0, 0},
};

/* A goroutine that is there, first looked for where this processor saw one last. NULL: who is not, or is not usual. */
OLD_INLINE struct seen_g *old_near_g(struct legacy *legacy, struct seen_p *p, uint64_t id)
{
    if (LIKELY(p->g < legacy->n_gs) && (uint64_t)legacy->gs[p->g].id == id &&
        legacy->gs[p->g].state != GXT_GO_NOT_EXIST)
        return &legacy->gs[p->g];
    const uint32_t at = map_get(&legacy->g_places, id);
    if (UNLIKELY(at == MAP_NONE))
        return NULL;
    p->g = at;
    return &legacy->gs[at];
}

/* A processor that a record has named starts or stops. */
OLD_INLINE bool old_put_proc(struct legacy *legacy, struct seen_p *p, legacy_put *put, void *user,
                             struct gxt_event *ret)
{
    const struct old_event *event = legacy->sequence->event;
    const bool starts = event->plain == OLD_PROC_START;
    const uint64_t args[WIRE_MAX_ARGS] = {(uint64_t)(int64_t)ret->proc};

    if (UNLIKELY(!p->told || ret->proc == -1))
        return false;
    if (starts)
        ret->thread = (gxt_threadid)event->args[0];
    if (!(starts ? put(user, ret, args, WIRE_PROC_START) : put(user, ret, args, WIRE_PROC_STOP)))
        return false;
    p->thread = starts ? ret->thread : GXT_NO_THREAD;
    p->state = starts ? GXT_PROC_RUNNING : GXT_PROC_IDLE;
    return true;
}

/* Who unblocks what waits for the network is a processor of Go's reader's own. */
OLD_INLINE bool old_put_unblock(struct legacy *legacy, struct seen_g *g, const uint64_t *args, legacy_put *put,
                                void *user, struct gxt_event *ret)
{
    const struct old_trace *trace = &legacy->trace;

    if (g->on_network) {
        if (UNLIKELY(trace->lanes[trace->n_lanes - 2].p >= TIMER_P))
            return false;
        ret->proc = NETPOLL_P;
        ret->thread = GXT_NO_THREAD;
    } else if (UNLIKELY(trace->timers.n > 0)) {
        return false;
    }
    if (UNLIKELY(!put(user, ret, args, WIRE_GO_UNBLOCK)))
        return false;
    g->on_network = false;
    return true;
}

/* The event that was chosen becomes @ret, and states follow. Return: whether it was usual; else nothing has changed. */
OLD_INLINE bool old_put_usual(struct legacy *legacy, legacy_put *put, void *user, struct gxt_event *ret)
{
    const struct old_event *event = legacy->sequence->event;
    const struct old_usual usual = old_usual[event->plain];
    const uint32_t lane = legacy->sequence->lane;
    struct seen_p *p = &legacy->ps[lane];
    struct seen_g *g = NULL;
    uint64_t args[WIRE_MAX_ARGS] = {event->args[0], event->args[1], event->stack};
    bool is_put;

    if (UNLIKELY(usual.wire == 0 || event->type == OLD_GO_START_LABEL || legacy->last_ns >= INT64_MAX - 1))
        return false;
    ret->proc = legacy->trace.lanes[lane].p;
    ret->thread = LIKELY(ret->proc != -1) ? p->thread : GXT_NO_THREAD;
    ret->goroutine = event->g == 0 ? GXT_NO_GOROUTINE : (gxt_goid)event->g;
    switch (usual.wire) {
    case WIRE_GO_START:
        g = old_near_g(legacy, p, event->args[0]);
        is_put = g && put(user, ret, args, WIRE_GO_START);
        break;
    case WIRE_GO_STOP:
    case WIRE_GO_BLOCK:
        g = old_near_g(legacy, p, event->g);
        args[0] = legacy->trace.first_own_id + usual.reason;
        args[1] = event->stack;
        is_put = g && (usual.wire == WIRE_GO_STOP ? put(user, ret, args, WIRE_GO_STOP)
                                                  : put(user, ret, args, WIRE_GO_BLOCK));
        if (is_put && usual.reason == OWN_NETWORK)
            g->on_network = true;
        break;
    case WIRE_GO_UNBLOCK:
        g = old_near_g(legacy, p, event->args[0]);
        is_put = g && old_put_unblock(legacy, g, args, put, user, ret);
        break;
    case WIRE_GO_SYSCALL_BEGIN:
        g = old_near_g(legacy, p, event->g);
        args[1] = event->stack;
        is_put = g && ret->thread != GXT_NO_THREAD && event->g != 0 && put(user, ret, args, WIRE_GO_SYSCALL_BEGIN);
        break;
    case WIRE_GO_CREATE:
        is_put = put(user, ret, args, WIRE_GO_CREATE) && (g = old_seen_g(legacy, (gxt_goid)event->args[0])) != NULL;
        break;
    case WIRE_GO_DESTROY:
        is_put = put(user, ret, args, WIRE_GO_DESTROY) && old_forget_g(legacy, ret->goroutine);
        break;
    case WIRE_PROC_START:
    case WIRE_PROC_STOP:
        return old_put_proc(legacy, p, put, user, ret);
    default:
        is_put = put(user, ret, args, usual.wire);
        break;
    }
    if (UNLIKELY(!is_put))
        return false;
    if (LIKELY(g != NULL)) {
        g->state = usual.state;
        g->thread = usual.wire == WIRE_GO_START || usual.wire == WIRE_GO_SYSCALL_BEGIN ? ret->thread : GXT_NO_THREAD;
    }
    return true;
}

/* A record that is handed out is later than the one before it. */
OLD_INLINE void old_put_time(struct legacy *legacy, int64_t time_ns, uint64_t ordinal, struct gxt_event *ret)
{
    legacy->last_ns = ret->time_ns = time_ns > legacy->last_ns ? time_ns : legacy->last_ns + 1;
    ret->ordinal = ordinal;
}

/* The end of a system call that does not block, 1 ns behind its begin. Nothing in it can fail. */
OLD_INLINE void old_put_call_end(struct legacy *legacy, legacy_put *put, void *user, const struct gxt_event *begin,
                                 struct gxt_event *ret)
{
    const uint64_t args[WIRE_MAX_ARGS] = {0};
    struct seen_p *p = &legacy->ps[legacy->sequence->lane];

    ret->proc = begin->proc;
    ret->thread = begin->thread;
    ret->goroutine = begin->goroutine;
    (void)put(user, ret, args, WIRE_GO_SYSCALL_END);
    legacy->gs[p->g].state = GXT_GO_RUNNING;
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
    size_t n = 0;

    if (!legacy->has_begun || legacy->before_init || legacy->done || legacy->fault.code < 0 || old_has_waiting(legacy))
        return 0;
    while (n < most && old_sequence_look(legacy->sequence) > 0 &&
           LIKELY(legacy->sequence->event != &legacy->sequence->exit)) {
        const uint8_t type = legacy->sequence->event->plain;
        struct gxt_event *ret = &events[n * step];
        int blocks = 1;
        if (UNLIKELY(type == OLD_GO_SYS_BLOCK)) { /* told with its call */
            old_sequence_take(legacy->sequence);
            continue;
        }
        if (UNLIKELY(type == OLD_GO_SYS_CALL) && ((blocks = old_sequence_blocks(legacy->sequence)) < 0 || most - n < 2))
            break;
        if (!old_put_usual(legacy, put, user, ret))
            break;
        const int64_t time_ns = old_time_of(legacy, legacy->sequence->event->time);
        old_put_time(legacy, time_ns, ordinal + n++, ret);
        if (blocks == 0) {
            struct gxt_event *end = &events[n * step];
            old_put_call_end(legacy, put, user, ret, end);
            old_put_time(legacy, (int64_t)((uint64_t)time_ns + 1), ordinal + n++, end);
        }
        old_sequence_take(legacy->sequence);
    }
    return n;
}

#endif
