/* merge_quick.h: what is usual while an old trace is ordered.
 *
 * For each type that is common: the goroutine it is of, whether it may come now, what it changes, and whether it fits,
 * in one step. What is not so is left to merge.c and check.c, which know all of it.
 */
#ifndef MERGE_QUICK_H
#define MERGE_QUICK_H

#include "merge_priv.h"

#define MERGE_INLINE static inline __attribute__((always_inline))

/* Notes whose turn it is, in case that several have an event of this time. The buffer tells whether memory failed. */
MERGE_INLINE void merge_note_turn(struct merge *merge, struct proc *proc)
{
    struct buf *ties = &merge->trace->streams[LEGACY_TIES].bytes;
    const int64_t time = proc->reading.event.time;

    if (time != merge->time || merge->tail != proc) {
        if (time != merge->time)
            ties->size = merge->tail_at;
        merge->tail = proc;
        merge->tail_at = ties->size;
    }
    merge->time = time;
    if (LIKELY(proc->at < 0x80 && ties->size < ties->capacity))
        ties->at[ties->size++] = (uint8_t)proc->at;
    else
        buf_put_varint(ties, proc->at);
}

/* The place of the goroutine of an id, which this processor perhaps named last. MAP_NONE: none that is usual. */
MERGE_INLINE uint32_t merge_near_g(struct merge *merge, struct proc *proc, uint64_t id)
{
    if (LIKELY(id == proc->near_g))
        return proc->near;
    if (UNLIKELY(id >= GARBAGE))
        return MAP_NONE;
    const uint32_t at = g_of(merge, id);
    if (LIKELY(at != MAP_NONE)) {
        proc->near = at;
        proc->near_g = id;
    }
    return at;
}

/* An event is of a goroutine: a call that was its last event blocks if this says so. */
MERGE_INLINE void merge_see(struct merge *merge, struct old_g *g, bool blocks)
{
    g->is_known = true;
    if (UNLIKELY(g->call != 0)) {
        const uint64_t call = g->call - 1;
        if (blocks)
            merge->trace->streams[LEGACY_CALLS].bytes.at[call / 8] |= (uint8_t)(1u << call % 8);
        g->call = 0;
    }
}

MERGE_INLINE bool merge_start(struct merge *merge, struct proc *proc, bool any_seq)
{
    const struct old_event *event = &proc->reading.event;
    const uint32_t at = merge_near_g(merge, proc, event->args[0]);

    if (UNLIKELY(at == MAP_NONE))
        return false;
    struct old_g *g = &merge->gs[at];
    if (UNLIKELY(g->status != G_RUNNABLE || g->state != OLD_RUNNABLE || proc->p.g != 0 ||
                 (!any_seq && (event->args[1] != g->seq || event->args[1] >= NEXT_SEQ - 1))))
        return false;
    merge_see(merge, g, false);
    g->seq++;
    g->status = G_RUNNING;
    g->state = OLD_RUNNING;
    g->is_blocked = g->on_network = false;
    proc->p.g = event->args[0];
    proc->last_own = merge->changed = at;
    return true;
}

/* @is_moved: whether the order looks at it */
MERGE_INLINE bool merge_leave(struct merge *merge, struct proc *proc, uint32_t at, uint8_t type, uint8_t to,
                              bool is_moved)
{
    const struct old_event *event = &proc->reading.event;
    struct old_g *g = &merge->gs[at];

    if (UNLIKELY((is_moved && g->status != G_RUNNING) || g->state != OLD_RUNNING || proc->p.g != event->g ||
                 event->g - 1 >= GARBAGE - 1 || (to == OLD_DEAD && g->region != MAP_NONE)))
        return false;
    merge_see(merge, g, type == OLD_GO_SYS_BLOCK);
    g->state = to;
    g->on_network = type == OLD_GO_BLOCK_NET;
    proc->p.g = 0;
    proc->last_own = 0;
    merge->changed = MAP_NONE;
    if (is_moved) {
        g->status = to;
        g->is_blocked = type == OLD_GO_SYS_BLOCK;
        merge->changed = at;
    }
    if (type == OLD_GO_SYS_BLOCK)
        g->block_time = event->time;
    return true;
}

MERGE_INLINE bool merge_unblock(struct merge *merge, struct proc *proc, uint32_t at, bool any_seq)
{
    const struct old_event *event = &proc->reading.event;
    const uint32_t named = merge_near_g(merge, proc, event->args[0]);

    if (UNLIKELY(named == MAP_NONE))
        return false;
    struct old_g *g = &merge->gs[at], *other = &merge->gs[named];
    if (UNLIKELY(other->status != G_WAITING || other->state != OLD_WAITING || g->state != OLD_RUNNING ||
                 proc->p.g != event->g || other == g ||
                 (!any_seq && (event->args[1] != other->seq || event->args[1] >= NEXT_SEQ - 1))))
        return false;
    merge_see(merge, g, false);
    other->is_known = true;
    other->seq++;
    other->status = G_RUNNABLE;
    other->state = OLD_RUNNABLE;
    other->is_blocked = other->on_network = false;
    merge->changed = named;
    return true;
}

MERGE_INLINE bool merge_call(struct merge *merge, const struct proc *proc, uint32_t at)
{
    struct buf *calls = &merge->trace->streams[LEGACY_CALLS].bytes;
    struct old_check *check = &merge->check;
    struct old_g *g = &merge->gs[at];

    if (UNLIKELY(g->state != OLD_RUNNING || proc->p.g != proc->reading.event.g || proc->reading.event.g == 0))
        return false;
    if (check->n_calls % 8 == 0)
        buf_put_u8(calls, 0);
    if (UNLIKELY(calls->failed))
        return false;
    g->is_known = true;
    g->call = ++check->n_calls;
    merge->changed = MAP_NONE;
    return true;
}

MERGE_INLINE bool merge_create(struct merge *merge, struct proc *proc, uint32_t at)
{
    const uint32_t named = merge_near_g(merge, proc, proc->reading.event.args[0]);

    if (UNLIKELY(named == MAP_NONE || named == at))
        return false;
    struct old_g *g = &merge->gs[at], *other = &merge->gs[named];
    if (UNLIKELY(other->status != G_DEAD || other->seq != 0 || other->is_known || g->state != OLD_RUNNING ||
                 proc->p.g != proc->reading.event.g))
        return false;
    merge_see(merge, g, false);
    other->is_known = true;
    other->seq = 1;
    other->status = G_RUNNABLE;
    other->state = OLD_RUNNABLE;
    other->is_blocked = false;
    merge->changed = named;
    return true;
}

MERGE_INLINE bool merge_proc(struct merge *merge, struct proc *proc, uint32_t at, bool starts)
{
    if (UNLIKELY(proc->p.running == starts || (!starts && proc->p.g != 0)))
        return false;
    merge_see(merge, &merge->gs[at], false);
    proc->p.running = starts;
    merge->changed = MAP_NONE;
    return true;
}

MERGE_INLINE bool merge_nothing(struct merge *merge, uint32_t at)
{
    merge_see(merge, &merge->gs[at], false);
    merge->changed = MAP_NONE;
    return true;
}

/* @at: the place of who runs on the processor */
MERGE_INLINE bool merge_take_by_type(struct merge *merge, struct proc *proc, uint32_t at)
{
    const uint8_t type = proc->reading.event.type;

    switch (type) {
    case OLD_GO_START_LOCAL:
        return merge_start(merge, proc, true);
    case OLD_GO_START:
    case OLD_GO_START_LABEL:
        return merge_start(merge, proc, false);
    case OLD_GO_SCHED:
    case OLD_GO_PREEMPT:
        return merge_leave(merge, proc, at, OLD_GO_SCHED, OLD_RUNNABLE, true);
    case OLD_GO_SLEEP:
    case OLD_GO_BLOCK:
    case OLD_GO_BLOCK_SEND:
    case OLD_GO_BLOCK_RECV:
    case OLD_GO_BLOCK_SELECT:
    case OLD_GO_BLOCK_SYNC:
    case OLD_GO_BLOCK_COND:
    case OLD_GO_BLOCK_GC:
        return merge_leave(merge, proc, at, OLD_GO_BLOCK, OLD_WAITING, true);
    case OLD_GO_BLOCK_NET:
        return merge_leave(merge, proc, at, OLD_GO_BLOCK_NET, OLD_WAITING, true);
    case OLD_GO_SYS_BLOCK:
        return merge_leave(merge, proc, at, OLD_GO_SYS_BLOCK, OLD_WAITING, true);
    case OLD_GO_END:
    case OLD_GO_STOP:
        return merge_leave(merge, proc, at, OLD_GO_END, OLD_DEAD, false);
    case OLD_GO_UNBLOCK_LOCAL:
        return merge_unblock(merge, proc, at, true);
    case OLD_GO_UNBLOCK:
        return merge_unblock(merge, proc, at, false);
    case OLD_GO_SYS_CALL:
        return merge_call(merge, proc, at);
    case OLD_GO_CREATE:
        return merge_create(merge, proc, at);
    case OLD_PROC_START:
        return merge_proc(merge, proc, at, true);
    case OLD_PROC_STOP:
        return merge_proc(merge, proc, at, false);
    case OLD_HEAP_ALLOC:
    case OLD_HEAP_GOAL:
        return merge_nothing(merge, at);
    default:
        return false;
    }
}

/* Takes a processor's event. @at: the place of who runs there. Return: whether it was usual; else nothing has changed
 * that matters. */
MERGE_INLINE bool merge_take_usual(struct merge *merge, struct proc *proc, uint32_t at)
{
    const int64_t time = proc->reading.event.time;

    if (UNLIKELY(time < merge->last_time || !merge->is_right))
        return false;
    if (UNLIKELY(!merge_take_by_type(merge, proc, at)))
        return false;
    merge->n_events++;
    merge->last_time = time;
    merge_note_turn(merge, proc);
    return true;
}

#endif
