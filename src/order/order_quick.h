/* order_quick.h: the second door of this room, for what runs once an event: nearly all events, as fast as can be.
 *
 * order_next() can do everything; this can do what is usual, in one loop without a call, and makes no record in memory.
 * An event is usual when it is of one of the types below, may advance, contradicts nothing, and the one behind it in
 * its lane can be read: all this is looked at before anything is changed. Before the first that is not, the loop ends,
 * and order_next() goes on from there. So whatever stands here stands in sched.c as well, where it has its errors and
 * its reasons; tests walk every trace both ways.
 *
 * Few threads run at a time, and mostly two lanes are earlier than all others: these take turns without a look at the
 * heap. It is left as it was before the first turn, and put in order behind the last one.
 */
#ifndef ORDER_QUICK_H
#define ORDER_QUICK_H

#include "order_priv.h"

/* Times are far from where the clock ends, so that pushing one behind another is no overflow. */
#define QUICK_LAST (INT64_MAX - ((int64_t)1 << 40))

enum {
    CACHE_LINE = 64 /* bytes */
};

#define QUICK static inline __attribute__((always_inline))

/* Takes what is next: its time and context stand in @event, its arguments in @args, as many as the type has, and @type
 * is a constant where this is inlined. Return: whether it could; if not, nothing has happened. */
typedef bool order_take(void *user, struct gxt_event *event, const uint64_t *args, uint8_t type);

/* What is called beside it, since events are taken of one thread, or of two by turns; NULL for nobody. */
struct order_turns {
    /* Before them: whether some may be taken of a thread that runs this goroutine. */
    bool (*may)(void *user, gxt_goid goroutine);
    /* Before each: whose turn it is. @run: what was taken of the thread; n rises with each event, and is the user's. */
    void (*turn)(void *user, struct order_run *run);
    /* Behind them: what was taken of a thread, if there was some, and the goroutine that it runs then. */
    void (*ran)(void *user, gxt_threadid thread, const struct order_run *run, gxt_goid goroutine);
};

/* Whether it is this one, and what it does can be told without a note that it changes. */
QUICK bool quick_is(const struct sched_resource *resource, int64_t id)
{
    return LIKELY(resource->id == id) && LIKELY(resource->touched);
}

/* What stands in one that does this, and can be told without that note. Reckoned: put together in memory byte by byte,
 * a status that is no constant would be waited for when the word is read. */
QUICK uint32_t quick_word(uint8_t status)
{
    const struct sched_resource none = {.live = true, .touched = true},
                                one = {.status = 1, .live = true, .touched = true};

    return none.word + status * (one.word - none.word);
}

/* Whether it is this one, and does this. */
QUICK bool quick_does(const struct sched_resource *resource, int64_t id, uint8_t status)
{
    return LIKELY(resource->id == id) && LIKELY(resource->word == quick_word(status));
}

/* Whether it is this one, and does this, noted or not. */
QUICK bool quick_did(const struct sched_resource *resource, int64_t id, uint8_t status)
{
    return LIKELY(resource->id == id) && LIKELY(resource->live && resource->status == status);
}

/* One of which the note is not needed does this now. Written as it is read: a word of which a part was just written
 * would have to wait for it. */
QUICK void quick_set(struct sched_resource *resource, uint8_t status)
{
    resource->word = quick_word(status);
}

/* Where a table's resources are: at hand, until one is added. */
struct quick_table {
    struct sched_table *table;
    struct sched_resource *items;
    const uint32_t *places;
    uint64_t places_mask;
};

QUICK struct quick_table quick_table(struct sched_table *table)
{
    return (struct quick_table){table, table->items, table->places, table->places_mask};
}

/* A resource where it was found last, or what is there now. */
QUICK struct sched_resource *quick_own(const struct quick_table *at_hand, uint32_t hint)
{
    return &at_hand->items[hint];
}

/* The place where a resource is, if there is one: also for one of a crowd that was not asked for before. */
QUICK uint32_t quick_find(struct quick_table *at_hand, int64_t id)
{
    uint32_t at = at_hand->places[(uint64_t)id & at_hand->places_mask];

    if (LIKELY(at_hand->items[at].id == id))
        return at;
    at = sched_find_elsewhere(at_hand->table, id);
    *at_hand = quick_table(at_hand->table);
    return at;
}

/* One that is not there. NULL without memory. */
QUICK struct sched_resource *quick_add(struct quick_table *at_hand, int64_t id)
{
    struct sched_resource *resource = sched_add(at_hand->table, id);

    *at_hand = quick_table(at_hand->table);
    return resource;
}

/* Whether a thread runs its goroutine, if it has one: then nothing that is usual and of a thread with another one is
 * about it. */
QUICK bool quick_runs(const struct quick_table *gs, const struct sched_m *m)
{
    const struct sched_resource *g = quick_own(gs, m->g_at);

    return m->g == GXT_NO_GOROUTINE || (g->id == m->g && (g->status == G_RUNNING || g->status == G_SYSCALL));
}

/* Whether two threads run what they have, and not both the same, as they may be told to. */
QUICK bool quick_run_apart(const struct quick_table *gs, const struct sched_m *m, const struct sched_m *other)
{
    return quick_runs(gs, m) && quick_runs(gs, other) && (m->g != other->g || m->g == GXT_NO_GOROUTINE);
}

/* Whether a status that is usual tells of one whom a walk ahead meets first. */
QUICK bool quick_is_first(const struct order *order, const struct sched_resource *g, const uint64_t *args)
{
    return UNLIKELY(order->sched.assumed != NULL) && !(g->id == (gxt_goid)args[0] && g->live) &&
           (gxt_goid)args[0] != GXT_NO_GOROUTINE && (args[2] == G_WAITING || args[2] == G_RUNNABLE);
}

/* A status that was taken: it was so. */
QUICK void quick_told(struct order *order, struct quick_table *at_hand, struct sched_resource *g, bool is_first,
                      const uint64_t *args, struct span behind)
{
    struct sched_table *const gs = at_hand->table;

    if (UNLIKELY(is_first))
        g = assume_goroutine(&order->sched, behind, (gxt_goid)args[0], (uint8_t)args[2]);
    *at_hand = quick_table(gs); /* also where none was added: faster than to ask */
    if (UNLIKELY(!g)) {
        gs->lost = GXT_ENOMEM; /* it is taken, so it cannot be tried again */
        return;
    }
    sched_touch(gs, g); /* of each one in a generation this is the first change */
    g->seq_generation = order->gen.dir.number;
    g->seq = 0;
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

/* The M of a lane's thread; NULL where it is not known yet. */
QUICK struct sched_m *quick_m(const struct order *order, const struct lane *lane, struct sched_m *nobody)
{
    if (LIKELY(lane->m != MAP_NONE))
        return &order->sched.ms[lane->m];
    return lane->thread == GXT_NO_THREAD && order->sched.initial_generation != 0 ? nobody : NULL;
}

/* A lane's events are to be taken. */
QUICK void quick_begin(struct lane *lane, struct sched_m *m)
{
    lane->m_at_hand = m;
    lane->run = (struct order_run){.processor = m->p};
}

/* Others have their turn: where the lane is now. */
QUICK void quick_put(struct lane *lane, const uint8_t *args, uint8_t now, int64_t time_ns)
{
    lane->args = args;
    lane->now = now;
    lane->time_ns = time_ns;
}

/* They were, if there were some. */
QUICK void quick_ran(const struct order_turns *turns, void *user, const struct lane *lane)
{
    if (turns && LIKELY(lane->run.last_ns != 0))
        turns->ran(user, lane->thread, &lane->run, lane->m_at_hand->g);
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

/* Which of two neighbours is the earlier one, the first one where both are as early. A branch, since it is mostly the
 * one it was before. */
QUICK struct frontier_entry *quick_earlier(struct frontier_entry *first)
{
    return __builtin_expect_with_probability(first[1].time_ns < first[0].time_ns, 0, 0.99) ? first + 1 : first;
}

/* Where an entry's children are, in bytes: a number of entries would be multiplied at every step. */
QUICK size_t quick_children(const struct frontier_entry *entries, const struct frontier_entry *entry)
{
    return 2 * (size_t)((const char *)entry - (const char *)entries) + sizeof *entries;
}

QUICK struct frontier_entry *quick_at(struct frontier_entry *entries, size_t bytes)
{
    return (struct frontier_entry *)(void *)((char *)entries + bytes);
}

/* Entry 0's lane comes to be at this time, later than @child, which is the earlier one of its children:
 * frontier_move(), where two entries from @end on, so many bytes behind entry 0, are later than all. Field by field:
 * what was written in two parts would be waited for if it were read as one. */
QUICK void quick_move(struct frontier_entry *entries, size_t end, struct frontier_entry *child, struct lane *lane,
                      int64_t time_ns)
{
    struct frontier_entry *hole = entries;

    do {
        hole->time_ns = child->time_ns;
        hole->lane = child->lane;
        hole = child;
        const size_t children = quick_children(entries, hole);
        if (children >= end)
            break;
        child = quick_earlier(quick_at(entries, children));
    } while (child->time_ns < time_ns);
    hole->time_ns = time_ns;
    hole->lane = lane;
}

/* Up to when entry 0 and @second, which is one of its children, are earlier than all others, and than @most_ns. */
QUICK int64_t quick_both_until(struct frontier_entry *entries, size_t end, const struct frontier_entry *second,
                               int64_t most_ns)
{
    const int64_t third_ns = entries[second == entries + 1 ? 2 : 1].time_ns;
    const int64_t until_ns = third_ns < most_ns ? third_ns : most_ns;
    const size_t children = quick_children(entries, second);

    if (children >= end)
        return until_ns;
    const int64_t below_ns = quick_earlier(quick_at(entries, children))->time_ns;
    return until_ns < below_ns ? until_ns : below_ns;
}

/* A tick's nanoseconds, where they are whole and not many, as nearly everywhere: 64. Else 0: then nothing is usual. */
QUICK uint64_t quick_whole_ns(double ns_per_tick)
{
    return ns_per_tick >= 1 && ns_per_tick <= UINT32_MAX && (double)(uint32_t)ns_per_tick == ns_per_tick
               ? (uint32_t)ns_per_tick
               : 0;
}

/* gen_time() of a number, which is of one byte or of two by chance: without a branch between them. */
QUICK uint64_t quick_delta(const uint8_t *at, uint64_t whole_ns, double ns_per_tick, const uint8_t **ret_behind)
{
    const uint64_t low = at[0], high = at[1], both = low + (high << 7) - 0x80;

    if (UNLIKELY((low & high) >= 0x80)) {
        uint64_t ticks = 0;
        *ret_behind = wire_number(at, &ticks);
        return (uint64_t)gen_time(ns_per_tick, ticks);
    }
    *ret_behind = at + 1 + (low >> 7);
    /* So few, times a whole number: the same with and without a fraction's bits. */
    return (__builtin_expect_with_probability(low >= 0x80, 1, 0.5) ? both : low) * whole_ns;
}

/**
 * order_quick() - hand out what is usual
 * @most:  at most so many records
 * @take:  called with each, in the order of order_next()
 * @turns: called beside it; NULL for nobody
 * @ordinal: of the first
 * @event:   where it puts ordinal, time and context of the first …
 * @stride:  … and so many further on those of the next: 0 or 1
 *
 * Return: how many were handed out.
 */
QUICK size_t order_quick(struct order *order, size_t most, order_take *take, const struct order_turns *turns,
                         void *user, uint64_t ordinal, struct gxt_event *event, size_t stride)
{
    struct sched_table *const gs = &order->sched.gs, *const ps = &order->sched.ps;
    struct quick_table g_table = quick_table(gs), p_table = quick_table(ps);

    if (UNLIKELY(!order->steady || !gs->places || !ps->places)) /* then there is no item to which a hint could lead */
        return 0;
    if (UNLIKELY(gs->has_nobody || ps->has_nobody)) /* else who is nobody is not found */
        return 0;

    struct frontier_entry *const entries = order->frontier.entries;
    const size_t n_entries = order->frontier.n;
    const uint64_t generation = order->gen.dir.number, first = ordinal;
    const double ns_per_tick = order->gen.ns_per_tick;
    const uint64_t whole_ns = quick_whole_ns(ns_per_tick);
    const int64_t most_ns = order->sample_ns < QUICK_LAST ? order->sample_ns : QUICK_LAST;
    /* What a lane of no thread has. What needs a thread, be it with nothing on it, is not usual there. */
    struct sched_m nobody = {.id = GXT_NO_THREAD, .p = GXT_NO_PROC, .g = GXT_NO_GOROUTINE};
    int64_t last_ns = order->last_ns;

    if (UNLIKELY(last_ns > QUICK_LAST || whole_ns == 0))
        return 0;
    most += ordinal; /* where it ends */
    for (size_t i = n_entries; i < n_entries + FRONTIER_SPARE; i++) {
        entries[i].time_ns = INT64_MAX;
        entries[i].lane = NULL;
    }
    const size_t end = n_entries * sizeof *entries;
    const struct lane *before = NULL; /* whose turn was the last */
    while (ordinal < most) {
        struct lane *lane = entries[0].lane;
        /* As long as its time is at most the second one's, the lane stays the earliest, and no sample goes before
         * it. */
        struct frontier_entry *const second = quick_earlier(entries + 1);
        int64_t until_ns = second->time_ns < most_ns ? second->time_ns : most_ns;
        if (UNLIKELY(lane->time_ns > until_ns || lane->time_ns <= 0))
            break;
        struct sched_m *m = quick_m(order, lane, &nobody);
        if (UNLIKELY(!m))
            break; /* the thread is known from its first try on */
        if (turns && UNLIKELY(!turns->may(user, m->g)))
            break;
        quick_begin(lane, m);
        /* Where the second one had the turn before, both go on by turns as long as they are earlier than all others.
         * Else the lane does so with itself. */
        struct lane *other = lane;
        if (second->lane == before && before) {
            const int64_t both_until_ns = quick_both_until(entries, end, second, most_ns);
            struct sched_m *other_m = quick_m(order, second->lane, &nobody);
            if (second->time_ns < both_until_ns && other_m &&
                (!turns || LIKELY(turns->may(user, other_m->g) && quick_run_apart(&g_table, m, other_m)))) {
                until_ns = both_until_ns - 1;
                other = second->lane;
                quick_begin(other, other_m);
            }
        }

/* The head has @count arguments, and an event that can be read behind it. */
#define HAS(count)                                                                                                     \
    uint64_t args[WIRE_MAX_ARGS] = {0};                                                                                \
    const uint8_t *const next = wire_numbers(at, (count), args);                                                       \
    if (UNLIKELY(next >= lane->quick_end))                                                                             \
        goto unusual;                                                                                                  \
    const uint8_t next_case = quick_cases[*next];                                                                      \
    if (UNLIKELY(next_case == QUICK_ENDS))                                                                             \
        goto unusual;
#define TAKE(type)                                                                                                     \
    if (UNLIKELY(!take(user, event, args, (type))))                                                                    \
        goto unusual;                                                                                                  \
    if (turns)                                                                                                         \
        lane->run.n++;
#define UNLESS(condition)                                                                                              \
    if (UNLIKELY(!(condition)))                                                                                        \
        goto unusual;
#define GO_ON                                                                                                          \
    lane->head = at = next;                                                                                            \
    now = next_case;

        const uint8_t *at = lane->args;
        uint8_t now = lane->now;
        int64_t time_ns = lane->time_ns;
        for (;;) {
            int64_t now_ns = time_ns > last_ns ? time_ns : last_ns + 1;
            if (turns)
                turns->turn(user, &lane->run);
            event->time_ns = now_ns;
            event->ordinal = ordinal;
            event->thread = lane->thread;
            event->proc = m->p;
            event->goroutine = m->g;

            /* Branches are foretold better than a jump to one of many places. */
            if (now == QUICK_GO_START) {
                UNLESS(m->p != GXT_NO_PROC)
                HAS(2)
                const uint32_t g_at = quick_find(&g_table, (gxt_goid)args[0]);
                struct sched_resource *g = quick_own(&g_table, g_at);
                UNLESS(quick_does(g, (gxt_goid)args[0], G_RUNNABLE) && quick_follows(g, generation, args[1]))
                UNLESS(m->g == GXT_NO_GOROUTINE)
                TAKE(WIRE_GO_START)
                quick_set(g, G_RUNNING);
                g->seq++;
                m->g = (gxt_goid)args[0];
                m->g_at = g_at;
                GO_ON
            } else if (now == QUICK_GO_UNBLOCK) {
                HAS(3)
                struct sched_resource *g = quick_own(&g_table, quick_find(&g_table, (gxt_goid)args[0]));
                UNLESS(quick_does(g, (gxt_goid)args[0], G_WAITING) && quick_follows(g, generation, args[1]))
                TAKE(WIRE_GO_UNBLOCK)
                quick_set(g, G_RUNNABLE);
                g->seq++;
                GO_ON
            } else if (now == QUICK_GO_BLOCK) {
                HAS(2)
                struct sched_resource *g = quick_own(&g_table, m->g_at);
                UNLESS(quick_does(g, m->g, G_RUNNING))
                UNLESS(m->p != GXT_NO_PROC)
                TAKE(WIRE_GO_BLOCK)
                quick_set(g, G_WAITING);
                m->g = GXT_NO_GOROUTINE;
                GO_ON
            } else {
                switch (now) {
                case QUICK_GO_SYSCALL_BEGIN: {
                    HAS(2)
                    struct sched_resource *g = quick_own(&g_table, m->g_at);
                    struct sched_resource *p = quick_own(&p_table, m->p_at);
                    UNLESS(quick_does(g, m->g, G_RUNNING))
                    UNLESS(quick_does(p, m->p, P_RUNNING) && quick_follows(p, generation, args[0]))
                    TAKE(WIRE_GO_SYSCALL_BEGIN)
                    quick_set(g, G_SYSCALL);
                    quick_set(p, P_SYSCALL);
                    p->seq++;
                    GO_ON
                    break;
                }
                case QUICK_GO_SYSCALL_END: {
                    HAS(0)
                    struct sched_resource *g = quick_own(&g_table, m->g_at);
                    struct sched_resource *p = quick_own(&p_table, m->p_at);
                    UNLESS(quick_does(g, m->g, G_SYSCALL))
                    UNLESS(quick_does(p, m->p, P_SYSCALL))
                    TAKE(WIRE_GO_SYSCALL_END)
                    quick_set(g, G_RUNNING);
                    quick_set(p, P_RUNNING);
                    GO_ON
                    break;
                }
                case QUICK_GO_STOP: {
                    HAS(2)
                    struct sched_resource *g = quick_own(&g_table, m->g_at);
                    UNLESS(quick_does(g, m->g, G_RUNNING))
                    UNLESS(m->p != GXT_NO_PROC)
                    TAKE(WIRE_GO_STOP)
                    quick_set(g, G_RUNNABLE);
                    m->g = GXT_NO_GOROUTINE;
                    GO_ON
                    break;
                }
                case QUICK_GO_CREATE:
                case QUICK_GO_CREATE_BLOCKED: {
                    HAS(3)
                    const struct sched_resource *creator = quick_own(&g_table, m->g_at);
                    UNLESS(quick_does(creator, m->g, G_RUNNING) && m->p != GXT_NO_PROC && !gs->crowd)
                    UNLESS((gxt_goid)args[0] != GXT_NO_GOROUTINE) /* then who is nobody would be found */
                    UNLESS(sched_at(gs, (gxt_goid)args[0]) == MAP_NONE)
                    const bool blocked = now == QUICK_GO_CREATE_BLOCKED;
                    if (blocked) {
                        TAKE(WIRE_GO_CREATE_BLOCKED)
                    } else {
                        TAKE(WIRE_GO_CREATE)
                    }
                    struct sched_resource *g = quick_add(&g_table, (gxt_goid)args[0]);
                    if (UNLIKELY(!g))
                        gs->lost = GXT_ENOMEM; /* it is taken, so it cannot be tried again */
                    else if (UNLIKELY(gs->lost < 0))
                        sched_remove(gs, g);
                    UNLESS(gs->lost == 0)
                    quick_set(g, blocked ? G_WAITING : G_RUNNABLE);
                    g->seq_generation = generation;
                    GO_ON
                    break;
                }
                case QUICK_GO_DESTROY: {
                    HAS(0)
                    struct sched_resource *g = quick_own(&g_table, m->g_at);
                    UNLESS(quick_does(g, m->g, G_RUNNING))
                    UNLESS(m->p != GXT_NO_PROC)
                    UNLESS(!g->at_start)
                    TAKE(WIRE_GO_DESTROY)
                    sched_remove(gs, g);
                    m->g = GXT_NO_GOROUTINE;
                    GO_ON
                    break;
                }
                case QUICK_GO_SWITCH:
                case QUICK_GO_SWITCH_DESTROY: {
                    HAS(2)
                    struct sched_resource *g = quick_own(&g_table, m->g_at);
                    const uint32_t to_at = quick_find(&g_table, (gxt_goid)args[0]);
                    struct sched_resource *to = quick_own(&g_table, to_at);
                    const bool ends = now == QUICK_GO_SWITCH_DESTROY;
                    const uint64_t id = args[0];
                    UNLESS(quick_does(g, m->g, G_RUNNING))
                    UNLESS(m->p != GXT_NO_PROC)
                    UNLESS(quick_does(to, (gxt_goid)args[0], G_WAITING) && quick_follows(to, generation, args[1]))
                    UNLESS(most - ordinal >= ORDER_MOST_OF_ONE && !(ends && g->at_start))
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
                        quick_set(g, G_WAITING);
                    quick_set(to, G_RUNNING);
                    to->seq++;
                    m->g = (gxt_goid)id;
                    m->g_at = to_at;
                    ordinal += 2;
                    GO_ON
                    break;
                }
                case QUICK_GO_SYSCALL_END_BLOCKED: {
                    HAS(0)
                    struct sched_resource *g = quick_own(&g_table, m->g_at);
                    const struct sched_resource *p = quick_own(&p_table, m->p_at);
                    UNLESS(quick_does(g, m->g, G_SYSCALL) && m != &nobody)
                    UNLESS(m->p == GXT_NO_PROC || (quick_is(p, m->p) && p->status != P_SYSCALL))
                    TAKE(WIRE_GO_SYSCALL_END_BLOCKED)
                    quick_set(g, G_RUNNABLE);
                    m->g = GXT_NO_GOROUTINE;
                    GO_ON
                    break;
                }
                case QUICK_PROC_START: {
                    HAS(2)
                    const uint32_t p_at = quick_find(&p_table, (gxt_procid)args[0]);
                    struct sched_resource *p = quick_own(&p_table, p_at);
                    UNLESS(quick_does(p, (gxt_procid)args[0], P_IDLE) && quick_follows(p, generation, args[1]))
                    UNLESS(m->p == GXT_NO_PROC && m != &nobody)
                    TAKE(WIRE_PROC_START)
                    quick_set(p, P_RUNNING);
                    p->seq++;
                    m->p = (gxt_procid)args[0];
                    m->p_at = p_at;
                    GO_ON
                    break;
                }
                case QUICK_PROC_STOP: {
                    HAS(0)
                    struct sched_resource *p = quick_own(&p_table, m->p_at);
                    UNLESS(quick_is(p, m->p) && (p->status == P_RUNNING || p->status == P_SYSCALL))
                    TAKE(WIRE_PROC_STOP)
                    quick_set(p, P_IDLE);
                    m->p = GXT_NO_PROC;
                    GO_ON
                    break;
                }
                case QUICK_PROC_STEAL: { /* of one that its thread has not given up */
                    HAS(3)
                    struct sched_resource *p = quick_own(&p_table, quick_find(&p_table, (gxt_procid)args[0]));
                    UNLESS(quick_does(p, (gxt_procid)args[0], P_SYSCALL) && quick_follows(p, generation, args[1]))
                    const uint32_t victim_at = map_get(&order->sched.m_ids, args[2]);
                    UNLESS(victim_at != MAP_NONE)
                    struct sched_m *victim = &order->sched.ms[victim_at];
                    UNLESS(victim->p == p->id && order->sched.is_seen[victim_at] && m != &nobody)
                    TAKE(WIRE_PROC_STEAL)
                    quick_set(p, P_IDLE);
                    p->seq++;
                    victim->p = GXT_NO_PROC;
                    GO_ON
                    break;
                }
                case QUICK_GO_STATUS: { /* of one that is known, and on no thread */
                    HAS(3)
                    struct sched_resource *g = quick_own(&g_table, quick_find(&g_table, (gxt_goid)args[0]));
                    const bool is_first = quick_is_first(order, g, args);
                    UNLESS(is_first || (quick_did(g, (gxt_goid)args[0], (uint8_t)args[2]) &&
                                        (g->status == G_WAITING || g->status == G_RUNNABLE)))
                    TAKE(WIRE_GO_STATUS)
                    quick_told(order, &g_table, g, is_first, args, (struct span){next, lane->end});
                    UNLESS(gs->lost == 0)
                    GO_ON
                    break;
                }
                case QUICK_GO_STATUS_STACK: {
                    HAS(4)
                    struct sched_resource *g = quick_own(&g_table, quick_find(&g_table, (gxt_goid)args[0]));
                    const bool is_first = quick_is_first(order, g, args);
                    UNLESS(is_first || (quick_did(g, (gxt_goid)args[0], (uint8_t)args[2]) &&
                                        (g->status == G_WAITING || g->status == G_RUNNABLE)))
                    TAKE(WIRE_GO_STATUS_STACK)
                    quick_told(order, &g_table, g, is_first, args, (struct span){next, lane->end});
                    UNLESS(gs->lost == 0)
                    GO_ON
                    break;
                }
                case QUICK_GC_MARK_ASSIST_BEGIN: {
                    HAS(1)
                    struct sched_resource *g = quick_own(&g_table, m->g_at);
                    UNLESS(quick_is(g, m->g) && quick_may_begin(g) && m->p != GXT_NO_PROC)
                    TAKE(WIRE_GC_MARK_ASSIST_BEGIN)
                    g->extra->ranges[g->extra->n_ranges++] = (struct sched_range){.type = WIRE_GC_MARK_ASSIST_BEGIN};
                    GO_ON
                    break;
                }
                case QUICK_GC_MARK_ASSIST_END: {
                    HAS(0)
                    struct sched_resource *g = quick_own(&g_table, m->g_at);
                    UNLESS(quick_is(g, m->g) && quick_may_end(g, WIRE_GC_MARK_ASSIST_BEGIN) && m->p != GXT_NO_PROC)
                    TAKE(WIRE_GC_MARK_ASSIST_END)
                    g->extra->n_ranges--;
                    GO_ON
                    break;
                }
                case QUICK_GC_SWEEP_BEGIN: {
                    HAS(1)
                    struct sched_resource *p = quick_own(&p_table, m->p_at);
                    UNLESS(quick_is(p, m->p) && quick_may_begin(p))
                    TAKE(WIRE_GC_SWEEP_BEGIN)
                    p->extra->ranges[p->extra->n_ranges++] = (struct sched_range){.type = WIRE_GC_SWEEP_BEGIN};
                    GO_ON
                    break;
                }
                case QUICK_GC_SWEEP_END: {
                    HAS(2)
                    struct sched_resource *p = quick_own(&p_table, m->p_at);
                    UNLESS(quick_is(p, m->p) && quick_may_end(p, WIRE_GC_SWEEP_BEGIN))
                    TAKE(WIRE_GC_SWEEP_END)
                    p->extra->n_ranges--;
                    GO_ON
                    break;
                }
                case QUICK_HEAP_ALLOC: {
                    HAS(1)
                    UNLESS(m->p != GXT_NO_PROC)
                    TAKE(WIRE_HEAP_ALLOC)
                    GO_ON
                    break;
                }
                case QUICK_HEAP_OBJECT_ALLOC: {
                    HAS(2)
                    UNLESS(m != &nobody)
                    TAKE(WIRE_HEAP_OBJECT_ALLOC)
                    GO_ON
                    break;
                }
                case QUICK_HEAP_OBJECT_FREE: {
                    HAS(1)
                    UNLESS(m != &nobody)
                    TAKE(WIRE_HEAP_OBJECT_FREE)
                    GO_ON
                    break;
                }
                case QUICK_ENDS:
                case QUICK_UNUSUAL:
                    goto unusual;
                default: /* there is no other: so it is not asked whether it is one of these */
                    __builtin_unreachable();
                }
            }
            ordinal++;
            event += stride;
            last_ns = now_ns;
            if (turns)
                lane->run.last_ns = now_ns;
            /* lane_read_head() */
            lane->before_ns = time_ns;
            time_ns = (int64_t)((uint64_t)time_ns + quick_delta(at + 1, whole_ns, ns_per_tick, &at));
            /* A time that fell behind 0 is as one that is too late: it is not usual. */
            if (UNLIKELY((uint64_t)time_ns > (uint64_t)until_ns) || UNLIKELY(ordinal == most))
                break;
            if (__builtin_expect_with_probability(time_ns > other->time_ns, 1, 0.5)) {
                struct lane *const later = lane;
                quick_put(later, at, now, time_ns);
                lane = other;
                other = later;
                at = lane->args;
                now = lane->now;
                time_ns = lane->time_ns;
                m = lane->m_at_hand;
            }
            continue;
        unusual:
            most = 0;
            break;
        }
        quick_put(lane, at, now, time_ns);
        quick_ran(turns, user, lane);
        if (other != lane) {
            quick_ran(turns, user, other);
            entries[0].lane = lane;
            second->lane = other;
            second->time_ns = other->time_ns;
        }
        /* Other lanes have their turn, perhaps hundreds: then these bytes are at hand no more. */
        prefetch(lane->args, CACHE_LINE);
        prefetch(lane->args, 2 * CACHE_LINE);
        before = lane;
        if (LIKELY(lane->time_ns > second->time_ns))
            quick_move(entries, end, second, lane, lane->time_ns);
        else
            entries[0].time_ns = lane->time_ns;
    }
    order->last_ns = last_ns;
    return (size_t)(ordinal - first);
#undef HAS
#undef TAKE
#undef UNLESS
#undef GO_ON
}

#endif
