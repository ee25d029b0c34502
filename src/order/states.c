/* states.c
 *
 * In: the scheduler's state. Out: the public picture of it, a copy in one block. Never: a change.
 */
#include "order_priv.h"

#include <stdlib.h>

/* The block: the public struct, its lists, and where the next piece goes. */
struct picture {
    struct gxt_states states; /* first: what the caller has is the block */
    struct arena arena;
};

static uint8_t range_kind(uint8_t type)
{
    switch (type) {
    case WIRE_STW_BEGIN:
        return GXT_RANGE_STOP_THE_WORLD;
    case WIRE_GC_SWEEP_BEGIN:
        return GXT_RANGE_GC_SWEEP;
    case WIRE_GC_MARK_ASSIST_BEGIN:
        return GXT_RANGE_GC_MARK_ASSIST;
    default:
        return GXT_RANGE_OTHER;
    }
}

static const struct gxt_range_state *ranges(struct picture *picture, struct order *order,
                                            const struct sched_extra *extra)
{
    struct gxt_range_state *list = arena_alloc(&picture->arena, extra->n_ranges * sizeof *list);

    for (size_t i = 0; list && i < extra->n_ranges; i++) {
        const struct sched_range *range = &extra->ranges[i];
        list[i] = (struct gxt_range_state){.range = range_kind(range->type)};
        if (range->type == WIRE_STW_BEGIN && order->has_gen && !order_at_boundary(order))
            list[i].detail = gen_table_get(&order->gen.strings, range->description);
    }
    return list;
}

static const struct gxt_region_state *regions(struct picture *picture, const struct sched_extra *extra)
{
    struct gxt_region_state *list = arena_alloc(&picture->arena, extra->n_regions * sizeof *list);

    for (size_t i = 0; list && i < extra->n_regions; i++)
        list[i] = (struct gxt_region_state){extra->regions[i].task, extra->regions[i].name};
    return list;
}

/* All lists are sorted by a signed id, or by an unsigned one, that stands first. */
static int by_signed(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int by_unsigned(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static bool goroutines(struct picture *picture, struct order *order)
{
    const struct sched *sched = &order->sched;
    struct gxt_goroutine_state *list = arena_alloc(&picture->arena, (sched->gs.n + 1) * sizeof *list);
    size_t n = 0;

    for (size_t i = 0; list && i < sched->gs.n; i++) {
        const struct sched_resource *g = &sched->gs.items[i];
        if (!g->live)
            continue;
        list[n] =
            (struct gxt_goroutine_state){.id = g->id, .thread = GXT_NO_THREAD, .state = sched_go_state[g->status]};
        if (g->extra) {
            list[n].n_ranges = g->extra->n_ranges;
            list[n].n_regions = g->extra->n_regions;
            list[n].ranges = ranges(picture, order, g->extra);
            list[n].regions = regions(picture, g->extra);
            if (!list[n].ranges || !list[n].regions)
                return false;
        }
        n++;
    }
    if (!list)
        return false;
    qsort(list, n, sizeof *list, by_signed);
    picture->states.goroutines = list;
    picture->states.n_goroutines = n;
    return true;
}

static bool procs(struct picture *picture, struct order *order)
{
    const struct sched *sched = &order->sched;
    struct gxt_proc_state *list = arena_alloc(&picture->arena, (sched->ps.n + 1) * sizeof *list);
    size_t n = 0;

    for (size_t i = 0; list && i < sched->ps.n; i++) {
        const struct sched_resource *p = &sched->ps.items[i];
        list[n] = (struct gxt_proc_state){.id = p->id,
                                          .thread = GXT_NO_THREAD,
                                          .state = sched_proc_state[p->status],
                                          .in_syscall = p->status == P_SYSCALL};
        if (p->extra) {
            list[n].n_ranges = p->extra->n_ranges;
            list[n].ranges = ranges(picture, order, p->extra);
            if (!list[n].ranges)
                return false;
        }
        n++;
    }
    if (!list)
        return false;
    qsort(list, n, sizeof *list, by_signed);
    picture->states.procs = list;
    picture->states.n_procs = n;
    return true;
}

static bool tasks(struct picture *picture, const struct sched *sched)
{
    struct gxt_task_state *list = arena_alloc(&picture->arena, (sched->n_tasks + 1) * sizeof *list);

    if (!list)
        return false;
    for (size_t i = 0; i < sched->n_tasks; i++)
        list[i] = (struct gxt_task_state){sched->tasks[i].id, sched->tasks[i].parent, sched->tasks[i].name};
    qsort(list, sched->n_tasks, sizeof *list, by_unsigned);
    picture->states.tasks = list;
    picture->states.n_tasks = sched->n_tasks;
    return true;
}

static int goroutine_at(const void *id, const void *goroutine)
{
    return by_signed(id, &((const struct gxt_goroutine_state *)goroutine)->id);
}

static int proc_at(const void *id, const void *proc)
{
    return by_signed(id, &((const struct gxt_proc_state *)proc)->id);
}

/* The threads, and what each holds says by whom it is held. */
static bool threads(struct picture *picture, const struct sched *sched)
{
    struct gxt_states *states = &picture->states;
    struct gxt_thread_state *list = arena_alloc(&picture->arena, (sched->n_ms + 1) * sizeof *list);

    if (!list)
        return false;
    for (size_t i = 0; i < sched->n_ms; i++) {
        const struct sched_m *m = &sched->ms[i];
        list[i] = (struct gxt_thread_state){m->id, m->p, m->g};
        struct gxt_goroutine_state *g =
            bsearch(&m->g, states->goroutines, states->n_goroutines, sizeof *states->goroutines, goroutine_at);
        struct gxt_proc_state *p = bsearch(&m->p, states->procs, states->n_procs, sizeof *states->procs, proc_at);
        if (g)
            g->thread = m->id;
        if (p)
            p->thread = m->id;
    }
    qsort(list, sched->n_ms, sizeof *list, by_signed);
    states->threads = list;
    states->n_threads = sched->n_ms;
    return true;
}

struct gxt_states *order_states_new(struct arena **ret_arena)
{
    struct picture *picture = calloc(1, sizeof *picture);

    *ret_arena = picture ? &picture->arena : NULL;
    return picture ? &picture->states : NULL;
}

int order_states(struct order *order, struct gxt_states **ret)
{
    if (order->hurt && order_at_boundary(order))
        order_begin_anew(order);
    int r = crowd_take_all(&order->sched.gs);
    if (r < 0)
        return r;
    struct picture *picture = calloc(1, sizeof *picture);
    if (!picture)
        return GXT_ENOMEM;
    picture->states.time_ns = order->last_ns;
    picture->states.gc_running = order->sched.gc_state == GC_RUNNING;
    if (!goroutines(picture, order) || !procs(picture, order) || !tasks(picture, &order->sched) ||
        !threads(picture, &order->sched)) {
        order_states_free(&picture->states);
        return GXT_ENOMEM;
    }
    *ret = &picture->states;
    return 0;
}

void order_states_free(struct gxt_states *states)
{
    struct picture *picture = (struct picture *)states;

    if (!picture)
        return;
    arena_done(&picture->arena);
    free(picture);
}
