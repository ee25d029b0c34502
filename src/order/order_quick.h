/* order_quick.h: the second door of this room, for what runs once an event: nearly all events, as fast as can be.
 *
 * order_next() can do everything; this can do what is usual, in one loop without a call, and makes no record in memory.
 * An event is usual when it is of one of the types below, may advance, contradicts nothing, and the one behind it in
 * its lane can be read: all this is looked at before anything is changed. Before the first that is not, the loop ends,
 * and order_next() goes on from there. So whatever stands here stands in sched.c as well, where it has its errors and
 * its reasons; tests walk every trace both ways.
 */
#ifndef ORDER_QUICK_H
#define ORDER_QUICK_H

#include "order_priv.h"

/* Times are far from where the clock ends, so that pushing one behind another is no overflow. */
#define QUICK_LAST (INT64_MAX - ((int64_t)1 << 40))

#define QUICK static inline __attribute__((always_inline))

/* Takes what is next: its time and context stand in @event, its arguments in @args, as many as the type has, and @type
 * is a constant where this is inlined. Return: whether it could; if not, nothing has happened. */
typedef bool order_take(void *user, struct gxt_event *event, const uint64_t *args, uint8_t type);

/* Whether it is this one, and what it does can be told without a note that it changes. */
QUICK bool quick_is(const struct sched_resource *resource, int64_t id)
{
    return LIKELY(resource->id == id) && LIKELY(resource->touched);
}

/* … and it does this. */
QUICK bool quick_does(const struct sched_resource *resource, int64_t id, uint8_t status)
{
    return LIKELY(resource->id == id) && LIKELY(resource->status == status && resource->touched);
}

/* A resource where it was found last, or what is there now. */
QUICK struct sched_resource *quick_own(const struct sched_table *table, uint32_t hint)
{
    return &table->items[hint];
}

/* One whose place no hint tells. It may be none. */
static __attribute__((noinline)) struct sched_resource *quick_find_elsewhere(const struct sched_table *table,
                                                                             int64_t id)
{
    const uint32_t at = id_map_get(&table->ids, (uint64_t)id);

    if (at != MAP_NONE)
        table->places[(uint64_t)id & table->places_mask] = at;
    return &table->items[at == MAP_NONE ? 0 : at];
}

/* A resource where it probably is, or what is there: also for one of a crowd that was not asked for before. */
QUICK struct sched_resource *quick_find(const struct sched_table *table, int64_t id)
{
    struct sched_resource *resource = &table->items[table->places[(uint64_t)id & table->places_mask]];

    return LIKELY(resource->id == id) ? resource : quick_find_elsewhere(table, id);
}

QUICK bool quick_follows(const struct sched_resource *resource, uint64_t generation, uint64_t seq)
{
    return LIKELY(resource->seq == seq - 1 && resource->seq_generation == generation);
}

/* Whether there is room for a range, and no other one: then no search is needed. */
QUICK bool quick_may_begin(const struct sched_resource *resource)
{
    const struct sched_extra *extra = resource->extra;

    return extra && extra->n_ranges == 0 && extra->ranges_capacity > 0;
}

QUICK bool quick_may_end(const struct sched_resource *resource, uint8_t type)
{
    const struct sched_extra *extra = resource->extra;

    return extra && extra->n_ranges == 1 && extra->ranges[0].type == type;
}

/* The next event of the same wire event. */
QUICK void quick_follow(struct gxt_event **event, size_t stride, int64_t time_ns, gxt_goid goroutine)
{
    const struct gxt_event *before = *event;

    *event += stride;
    (*event)->time_ns = time_ns;
    (*event)->ordinal = before->ordinal + 1;
    (*event)->thread = before->thread;
    (*event)->proc = before->proc;
    (*event)->goroutine = goroutine;
}

/* Entry 0's time has changed: frontier_move(), where two entries behind the last are later than all. */
QUICK void quick_move(struct frontier_entry *entries, size_t n)
{
    const struct frontier_entry entry = entries[0];
    size_t i = 0, child = 1;

    do {
        if (entries[child + 1].time_ns < entries[child].time_ns)
            child++;
        if (entries[child].time_ns >= entry.time_ns)
            break;
        entries[i] = entries[child];
        i = child;
        child = 2 * i + 1;
    } while (child < n);
    entries[i] = entry;
}

/* Of a type that has a time: of nearly all that have one, which is enough here. */
QUICK bool quick_is_timed(uint8_t type)
{
    return LIKELY((uint8_t)(type - WIRE_PROCS_CHANGE) <= WIRE_GO_STATUS_STACK - WIRE_PROCS_CHANGE) ||
           (uint8_t)(type - WIRE_SPAN) <= WIRE_GOROUTINE_STACK_FREE - WIRE_SPAN;
}

/**
 * order_quick() - hand out what is usual
 * @most:  at most so many records
 * @take:  called with each, in the order of order_next()
 * @ordinal: of the first
 * @event:   where it puts ordinal, time and context of the first …
 * @stride:  … and so many further on those of the next: 0 or 1
 *
 * Return: how many were handed out.
 */
QUICK size_t order_quick(struct order *order, size_t most, order_take *take, void *user, uint64_t ordinal,
                         struct gxt_event *event, size_t stride)
{
    struct sched_table *const gs = &order->sched.gs, *const ps = &order->sched.ps;

    if (UNLIKELY(!order->steady || !gs->places || !ps->places)) /* then there is no item to which a hint could lead */
        return 0;

    struct frontier_entry *const entries = order->frontier.entries;
    const size_t n_entries = order->frontier.n;
    const uint64_t generation = order->gen.dir.number, first = ordinal;
    const double ns_per_tick = order->gen.ns_per_tick;
    const int64_t most_ns = order->sample_ns < QUICK_LAST ? order->sample_ns : QUICK_LAST;
    int64_t last_ns = order->last_ns;
    bool is_usual = last_ns <= QUICK_LAST;

    most += ordinal; /* where it ends */
    entries[n_entries].time_ns = entries[n_entries + 1].time_ns = INT64_MAX;
    while (is_usual && ordinal < most) {
        struct lane *const lane = entries[0].lane;
        if (UNLIKELY(lane->m == MAP_NONE))
            break;
        /* As long as its time is at most this one, the lane stays the earliest, … */
        const int64_t others_ns = entries[1].time_ns < entries[2].time_ns ? entries[1].time_ns : entries[2].time_ns;
        /* … and no sample goes before it. */
        const int64_t until_ns = others_ns < most_ns ? others_ns : most_ns;

        struct sched_m *const m = &order->sched.ms[lane->m];
        const uint8_t *head = lane->head, *at = lane->args;
        int64_t time_ns = lane->time_ns;

/* The head has @count arguments, and an event that can be read behind it. */
#define HAS(count)                                                                                                     \
    const uint8_t *next = wire_numbers(at, (count), args);                                                             \
    if (UNLIKELY(next >= lane->quick_end || !quick_is_timed(*next)))                                                   \
        goto unusual;
#define TAKE(type)                                                                                                     \
    if (UNLIKELY(!take(user, event, args, (type))))                                                                    \
        goto unusual;
#define UNLESS(condition)                                                                                              \
    if (UNLIKELY(!(condition)))                                                                                        \
        goto unusual;

        is_usual = time_ns <= until_ns;
        while (time_ns <= until_ns && ordinal < most) {
            last_ns++;
            int64_t now_ns = time_ns > last_ns ? time_ns : last_ns;
            uint64_t args[WIRE_MAX_ARGS];
            event->time_ns = now_ns;
            event->ordinal = ordinal;
            event->thread = lane->thread;
            event->proc = m->p;
            event->goroutine = m->g;

            switch (*head) {
            case WIRE_GO_START: {
                HAS(2)
                struct sched_resource *g = quick_find(gs, (gxt_goid)args[0]);
                UNLESS(quick_does(g, (gxt_goid)args[0], G_RUNNABLE) && quick_follows(g, generation, args[1]))
                UNLESS(m->p != GXT_NO_PROC)
                UNLESS(m->g == GXT_NO_GOROUTINE)
                UNLESS(*next != WIRE_GO_LABEL)
                TAKE(WIRE_GO_START)
                g->status = G_RUNNING;
                g->seq++;
                m->g = (gxt_goid)args[0];
                m->g_at = (uint32_t)(g - gs->items);
                at = next;
                break;
            }
            case WIRE_GO_BLOCK: {
                HAS(2)
                struct sched_resource *g = quick_own(gs, m->g_at);
                UNLESS(quick_does(g, m->g, G_RUNNING))
                UNLESS(m->p != GXT_NO_PROC)
                UNLESS(m->g != GXT_NO_GOROUTINE)
                TAKE(WIRE_GO_BLOCK)
                g->status = G_WAITING;
                m->g = GXT_NO_GOROUTINE;
                at = next;
                break;
            }
            case WIRE_GO_STOP: {
                HAS(2)
                struct sched_resource *g = quick_own(gs, m->g_at);
                UNLESS(quick_does(g, m->g, G_RUNNING))
                UNLESS(m->p != GXT_NO_PROC)
                UNLESS(m->g != GXT_NO_GOROUTINE)
                TAKE(WIRE_GO_STOP)
                g->status = G_RUNNABLE;
                m->g = GXT_NO_GOROUTINE;
                at = next;
                break;
            }
            case WIRE_GO_UNBLOCK: {
                HAS(3)
                struct sched_resource *g = quick_find(gs, (gxt_goid)args[0]);
                UNLESS(quick_does(g, (gxt_goid)args[0], G_WAITING) && quick_follows(g, generation, args[1]))
                TAKE(WIRE_GO_UNBLOCK)
                g->status = G_RUNNABLE;
                g->seq++;
                at = next;
                break;
            }
            case WIRE_GO_CREATE:
            case WIRE_GO_CREATE_BLOCKED: {
                HAS(3)
                const struct sched_resource *creator = quick_own(gs, m->g_at);
                UNLESS(quick_does(creator, m->g, G_RUNNING) && m->p != GXT_NO_PROC && !gs->crowd)
                UNLESS(id_map_get(&gs->ids, args[0]) == MAP_NONE)
                const bool blocked = *head == WIRE_GO_CREATE_BLOCKED;
                if (blocked) {
                    TAKE(WIRE_GO_CREATE_BLOCKED)
                } else {
                    TAKE(WIRE_GO_CREATE)
                }
                struct sched_resource *g = sched_add(gs, (gxt_goid)args[0]);
                UNLESS(g)
                if (UNLIKELY(gs->lost < 0)) {
                    sched_remove(gs, g);
                    goto unusual;
                }
                g->status = blocked ? G_WAITING : G_RUNNABLE;
                g->seq_generation = generation;
                at = next;
                break;
            }
            case WIRE_GO_DESTROY: {
                HAS(0)
                struct sched_resource *g = quick_own(gs, m->g_at);
                UNLESS(quick_does(g, m->g, G_RUNNING))
                UNLESS(m->p != GXT_NO_PROC)
                UNLESS(m->g != GXT_NO_GOROUTINE)
                UNLESS(!g->at_start)
                TAKE(WIRE_GO_DESTROY)
                sched_remove(gs, g);
                m->g = GXT_NO_GOROUTINE;
                at = next;
                break;
            }
            case WIRE_GO_SWITCH:
            case WIRE_GO_SWITCH_DESTROY: {
                HAS(2)
                struct sched_resource *g = quick_own(gs, m->g_at);
                struct sched_resource *to = quick_find(gs, (gxt_goid)args[0]);
                const bool ends = *head == WIRE_GO_SWITCH_DESTROY;
                const uint64_t id = args[0];
                UNLESS(quick_does(g, m->g, G_RUNNING))
                UNLESS(m->p != GXT_NO_PROC)
                UNLESS(m->g != GXT_NO_GOROUTINE)
                UNLESS(quick_does(to, (gxt_goid)args[0], G_WAITING) && quick_follows(to, generation, args[1]))
                UNLESS(*next != WIRE_GO_LABEL && most - ordinal >= ORDER_MOST_OF_ONE && !(ends && g->at_start))
                if (ends) {
                    TAKE(WIRE_GO_SWITCH_DESTROY)
                    quick_follow(&event, stride, ++now_ns, m->g);
                    TAKE(WIRE_GO_DESTROY)
                } else {
                    TAKE(WIRE_GO_SWITCH)
                    args[0] = args[1] = 0;
                    quick_follow(&event, stride, ++now_ns, m->g);
                    TAKE(WIRE_GO_BLOCK)
                }
                args[0] = id;
                quick_follow(&event, stride, ++now_ns, GXT_NO_GOROUTINE);
                TAKE(WIRE_GO_START)
                if (ends)
                    sched_remove(gs, g);
                else
                    g->status = G_WAITING;
                to->status = G_RUNNING;
                to->seq++;
                m->g = (gxt_goid)id;
                m->g_at = (uint32_t)(to - gs->items);
                at = next;
                ordinal += 2;
                break;
            }
            case WIRE_GO_SYSCALL_BEGIN: {
                HAS(2)
                struct sched_resource *g = quick_own(gs, m->g_at);
                struct sched_resource *p = quick_own(ps, m->p_at);
                UNLESS(quick_does(g, m->g, G_RUNNING))
                UNLESS(m->p != GXT_NO_PROC)
                UNLESS(m->g != GXT_NO_GOROUTINE)
                UNLESS(quick_is(p, m->p) && quick_follows(p, generation, args[0]))
                TAKE(WIRE_GO_SYSCALL_BEGIN)
                g->status = G_SYSCALL;
                p->status = P_SYSCALL;
                p->seq++;
                at = next;
                break;
            }
            case WIRE_GO_SYSCALL_END: {
                HAS(0)
                struct sched_resource *g = quick_own(gs, m->g_at);
                struct sched_resource *p = quick_own(ps, m->p_at);
                UNLESS(quick_does(g, m->g, G_SYSCALL))
                UNLESS(m->p != GXT_NO_PROC)
                UNLESS(m->g != GXT_NO_GOROUTINE)
                UNLESS(quick_does(p, m->p, P_SYSCALL))
                TAKE(WIRE_GO_SYSCALL_END)
                g->status = G_RUNNING;
                p->status = P_RUNNING;
                at = next;
                break;
            }
            case WIRE_GO_SYSCALL_END_BLOCKED: {
                HAS(0)
                struct sched_resource *g = quick_own(gs, m->g_at);
                const struct sched_resource *p = quick_own(ps, m->p_at);
                UNLESS(quick_does(g, m->g, G_SYSCALL) && m->g != GXT_NO_GOROUTINE)
                UNLESS(m->p == GXT_NO_PROC || (quick_is(p, m->p) && p->status != P_SYSCALL))
                TAKE(WIRE_GO_SYSCALL_END_BLOCKED)
                g->status = G_RUNNABLE;
                m->g = GXT_NO_GOROUTINE;
                at = next;
                break;
            }
            case WIRE_PROC_START: {
                HAS(2)
                struct sched_resource *p = quick_find(ps, (gxt_procid)args[0]);
                UNLESS(quick_does(p, (gxt_procid)args[0], P_IDLE) && quick_follows(p, generation, args[1]))
                UNLESS(m->p == GXT_NO_PROC)
                TAKE(WIRE_PROC_START)
                p->status = P_RUNNING;
                p->seq++;
                m->p = (gxt_procid)args[0];
                m->p_at = (uint32_t)(p - ps->items);
                at = next;
                break;
            }
            case WIRE_PROC_STOP: {
                HAS(0)
                struct sched_resource *p = quick_own(ps, m->p_at);
                UNLESS(quick_is(p, m->p) && (p->status == P_RUNNING || p->status == P_SYSCALL) && m->p != GXT_NO_PROC)
                TAKE(WIRE_PROC_STOP)
                p->status = P_IDLE;
                m->p = GXT_NO_PROC;
                at = next;
                break;
            }
            case WIRE_PROC_STEAL: { /* of one that its thread has not given up */
                HAS(3)
                struct sched_resource *p = quick_find(ps, (gxt_procid)args[0]);
                UNLESS(quick_does(p, (gxt_procid)args[0], P_SYSCALL) && quick_follows(p, generation, args[1]))
                const uint32_t victim_at = map_get(&order->sched.m_ids, args[2]);
                UNLESS(victim_at != MAP_NONE)
                struct sched_m *victim = &order->sched.ms[victim_at];
                UNLESS(victim->p == p->id)
                TAKE(WIRE_PROC_STEAL)
                p->status = P_IDLE;
                p->seq++;
                victim->p = GXT_NO_PROC;
                at = next;
                break;
            }
            case WIRE_GO_STATUS: { /* of one that is known, and on no thread */
                HAS(3)
                struct sched_resource *g = quick_find(gs, (gxt_goid)args[0]);
                UNLESS(quick_does(g, (gxt_goid)args[0], (uint8_t)args[2]))
                UNLESS(g->status == G_WAITING || g->status == G_RUNNABLE)
                TAKE(WIRE_GO_STATUS)
                g->seq_generation = generation;
                g->seq = 0;
                at = next;
                break;
            }
            case WIRE_GO_STATUS_STACK: {
                HAS(4)
                struct sched_resource *g = quick_find(gs, (gxt_goid)args[0]);
                UNLESS(quick_does(g, (gxt_goid)args[0], (uint8_t)args[2]))
                UNLESS(g->status == G_WAITING || g->status == G_RUNNABLE)
                TAKE(WIRE_GO_STATUS_STACK)
                g->seq_generation = generation;
                g->seq = 0;
                at = next;
                break;
            }
            case WIRE_GC_MARK_ASSIST_BEGIN: {
                HAS(1)
                struct sched_resource *g = quick_own(gs, m->g_at);
                UNLESS(quick_is(g, m->g) && quick_may_begin(g) && m->p != GXT_NO_PROC)
                UNLESS(m->g != GXT_NO_GOROUTINE)
                TAKE(WIRE_GC_MARK_ASSIST_BEGIN)
                g->extra->ranges[g->extra->n_ranges++] = (struct sched_range){.type = WIRE_GC_MARK_ASSIST_BEGIN};
                at = next;
                break;
            }
            case WIRE_GC_MARK_ASSIST_END: {
                HAS(0)
                struct sched_resource *g = quick_own(gs, m->g_at);
                UNLESS(quick_is(g, m->g) && quick_may_end(g, WIRE_GC_MARK_ASSIST_BEGIN) && m->p != GXT_NO_PROC)
                UNLESS(m->g != GXT_NO_GOROUTINE)
                TAKE(WIRE_GC_MARK_ASSIST_END)
                g->extra->n_ranges--;
                at = next;
                break;
            }
            case WIRE_GC_SWEEP_BEGIN: {
                HAS(1)
                struct sched_resource *p = quick_own(ps, m->p_at);
                UNLESS(quick_is(p, m->p) && quick_may_begin(p) && m->p != GXT_NO_PROC)
                TAKE(WIRE_GC_SWEEP_BEGIN)
                p->extra->ranges[p->extra->n_ranges++] = (struct sched_range){.type = WIRE_GC_SWEEP_BEGIN};
                at = next;
                break;
            }
            case WIRE_GC_SWEEP_END: {
                HAS(2)
                struct sched_resource *p = quick_own(ps, m->p_at);
                UNLESS(quick_is(p, m->p) && quick_may_end(p, WIRE_GC_SWEEP_BEGIN) && m->p != GXT_NO_PROC)
                TAKE(WIRE_GC_SWEEP_END)
                p->extra->n_ranges--;
                at = next;
                break;
            }
            case WIRE_HEAP_ALLOC: {
                HAS(1)
                UNLESS(m->p != GXT_NO_PROC)
                TAKE(WIRE_HEAP_ALLOC)
                at = next;
                break;
            }
            case WIRE_HEAP_OBJECT_ALLOC: {
                HAS(2)
                TAKE(WIRE_HEAP_OBJECT_ALLOC)
                at = next;
                break;
            }
            case WIRE_HEAP_OBJECT_FREE: {
                HAS(1)
                TAKE(WIRE_HEAP_OBJECT_FREE)
                at = next;
                break;
            }
            default:
                goto unusual;
            }
            ordinal++;
            event += stride;
            last_ns = now_ns;
            /* lane_read_head(), in registers */
            uint64_t delta = 0;
            head = at;
            at = wire_number_even(head + 1, &delta);
            lane->before_ns = time_ns;
            const int64_t since_ns = LIKELY(time_ns != 0) ? time_ns : lane->base_ns;
            time_ns = (int64_t)((uint64_t)since_ns + (uint64_t)gen_time(ns_per_tick, delta));
        }
        goto usual;
    unusual:
        last_ns--;
        is_usual = false;
    usual:
        lane->head = head;
        lane->type = *head;
        lane->args = at;
        lane->time_ns = entries[0].time_ns = time_ns;
        if (LIKELY(time_ns > others_ns))
            quick_move(entries, n_entries);
    }
    order->last_ns = last_ns;
    return (size_t)(ordinal - first);
#undef HAS
#undef TAKE
#undef UNLESS
}

#endif
