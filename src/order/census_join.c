/* census_join.c
 *
 * In: a census, and a walk that stands before its generation. Out: the walk behind it. Never: a change where the census
 * took something for granted that was not so.
 *
 * First all is looked at, then all is changed.
 */
#include "order_priv.h"

#include <stdlib.h>

enum {
    MOST_DOUBTFUL = 1 << 15, /* blocks of tasks */
};

static const uint8_t ranges[][2] = {
    {CENSUS_STW, WIRE_STW_BEGIN}, {CENSUS_ASSIST, WIRE_GC_MARK_ASSIST_BEGIN}, {CENSUS_SWEEP, WIRE_GC_SWEEP_BEGIN}};
enum {
    N_RANGES = sizeof ranges / sizeof *ranges
};

static struct sched_resource *find(const struct sched_table *table, int64_t id)
{
    const uint32_t at = sched_at(table, id);

    return at == MAP_NONE ? NULL : &table->items[at];
}

/* ---- was it so? ---- */

/* Before the first generation that has an event nothing is there, and what that tells of is believed: but ranges that
 * are in flight, and goroutines of threads that have events, are left to the walk. */
static bool is_first(const struct sched *sched)
{
    return sched->initial_generation == 0;
}

static bool had_ranges(const struct census_one *one, const struct sched_resource *resource)
{
    for (size_t i = 0; i < N_RANGES; i++) {
        const bool had = resource && sched_range_find(resource, ranges[i][1], NULL);
        if (((one->had & ranges[i][0]) && !had) || ((one->lacked & ranges[i][0]) && had))
            return false;
    }
    return !(one->open & CENSUS_STW); /* it would need its name, and lasts no generation */
}

static bool had_gs(const struct census *census, const struct sched *sched)
{
    for (size_t i = 0; i < census->n_past; i++)
        if (find(&sched->gs, census->past[i]))
            return false;
    for (size_t i = CENSUS_FIRST; i < census->gs.n; i++) {
        const struct census_one *one = &census->gs.items[i];
        if (census_is_free(one))
            continue;
        const struct sched_resource *g = find(&sched->gs, one->id);
        const bool was_so = one->told == CENSUS_BORN ? !g : is_first(sched) || (g && g->status == one->told);
        if (!was_so || ((one->had | one->lacked | one->open) && !had_ranges(one, g)))
            return false;
    }
    return true;
}

/* One that is told to be abandoned may be in its thread's syscall still. */
static bool is_promoted(const struct census_one *one, const struct sched_resource *p)
{
    return one->told == P_SYSCALL_ABANDONED && p && p->status == P_SYSCALL;
}

/* Who has it at the start, and nothing says that this was otherwise. */
static bool is_held(const struct census *census, const struct sched *sched, gxt_procid p)
{
    for (size_t i = 0; i < sched->n_ms; i++) {
        const struct census_lane *lane = census_lane_of(census, sched->ms[i].id);
        if (sched->ms[i].p == p &&
            (!lane || !lane->is_used || lane->p == CENSUS_UNKNOWN || (lane->was_robbed && lane->loot == p)))
            return true;
    }
    return false;
}

static bool had_ps(const struct census *census, const struct sched *sched)
{
    for (size_t i = CENSUS_FIRST; i < census->ps.n; i++) {
        const struct census_one *one = &census->ps.items[i];
        const struct sched_resource *p = find(&sched->ps, one->id);
        const bool was_so = is_promoted(one, p) ? is_held(census, sched, one->id) : !p || p->status == one->told;
        if (!was_so || !had_ranges(one, p))
            return false;
    }
    return true;
}

/* Whether a processor was stolen from a thread that did have it. */
static bool was_taken(const struct census *census, const struct sched *sched, const struct census_lane *lane)
{
    const uint32_t at = lane->was_robbed ? id_map_get(&census->ps.ids, (uint64_t)lane->loot) : MAP_NONE;

    return at != MAP_NONE && is_promoted(&census->ps.items[at], find(&sched->ps, lane->loot));
}

static bool had_lanes(const struct census *census, const struct sched *sched)
{
    for (size_t i = 0; i < census->gen.n_lanes; i++) {
        const struct census_lane *lane = &census->lanes[i];
        const struct sched_m none = {.p = GXT_NO_PROC, .g = GXT_NO_GOROUTINE};
        const struct sched_m *m = sched_m_find(sched, lane->walk.thread);
        m = m ? m : &none;
        if (lane->had_no_g && m->g != GXT_NO_GOROUTINE)
            return false;
        if (lane->had_g && !is_first(sched) && m->g != lane->g_at_start)
            return false;
        if (lane->had_no_p && m->p != GXT_NO_PROC && !(m->p == lane->loot && was_taken(census, sched, lane)))
            return false;
        if (lane->is_told && lane->g != CENSUS_UNKNOWN)
            return false;
    }
    return true;
}

static bool had_thefts(const struct census *census, const struct sched *sched)
{
    for (size_t i = 0; i < census->n_thefts; i++) {
        const struct census_theft *theft = &census->thefts[i];
        const struct census_one *one = &census->ps.items[theft->p];
        const struct sched_m *m = sched_m_find(sched, theft->victim);
        const struct census_lane *lane = census_lane_of(census, theft->victim);
        if (!is_promoted(one, find(&sched->ps, one->id)))
            continue; /* who lost it has moved on */
        if (!m || m->p != one->id || (lane && lane->is_used && !(lane->was_robbed && lane->loot == one->id)))
            return false;
    }
    return true;
}

/* Threads that are told of, and have no events. */
static bool had_elsewhere(const struct census *census, const struct sched *sched)
{
    for (size_t i = 0; i < census->n_elsewhere; i++) {
        const struct sched_m *m = sched_m_find(sched, census->elsewhere[i].thread);
        const struct census_lane *lane = census_lane_of(census, census->elsewhere[i].thread);
        if (m ? m->g != census->elsewhere[i].g : lane && lane->is_used)
            return false;
        for (size_t j = 0; !m && j < i; j++)
            if (census->elsewhere[j].thread == census->elsewhere[i].thread)
                return false;
    }
    return true;
}

/* Where no GC was seen before, the first that begins says its number: no other one may be taken for it. */
static bool had_collector(const struct census *census, const struct sched *sched)
{
    if (census->gc_first == 0)
        return true;
    if (sched->gc_state == GC_UNDETERMINED)
        return census->gc_first == WIRE_GC_BEGIN && census->n_gc_begins == 1;
    return census->gc_first_seq == sched->gc_seq + 1 &&
           (sched->gc_state == GC_RUNNING) == (census->gc_first != WIRE_GC_BEGIN);
}

static bool had_regions(const struct census *census, const struct sched *sched)
{
    for (size_t i = 0; i < census->n_popped; i++) {
        const struct census_region *popped = &census->popped[i];
        const struct sched_resource *g = find(&sched->gs, census->gs.items[popped->g].id);
        const size_t n = g && g->extra ? g->extra->n_regions : 0;
        const struct sched_region *open = popped->rank < n ? &g->extra->regions[n - 1 - popped->rank] : NULL;
        if (open && (open->task != popped->task || open->name != popped->name))
            return false;
    }
    return true;
}

static bool had_tasks(const struct census *census, const struct sched *sched)
{
    for (size_t i = 0; i < census->n_tasks; i++) {
        const struct census_task *task = &census->tasks[i];
        const bool is_there = sched_task_find(sched, task->task.id) != NULL;
        if (task->has_begun && ((is_there && !task->had) || (is_there && task->is_doubtful) ||
                                id_map_get(&sched->doubtful_tasks, task->task.id) != MAP_NONE))
            return false;
        if (task->is_doubtful && sched->doubtful_tasks.n_blocks >= MOST_DOUBTFUL)
            return false;
    }
    return true;
}

/* ---- what came of it ---- */

static int put_ranges(const struct census_one *one, struct sched_resource *resource)
{
    for (size_t i = 0; i < N_RANGES; i++) {
        const uint8_t bit = ranges[i][0];
        struct sched_range *range = sched_range_find(resource, ranges[i][1], NULL);
        if ((one->had & bit) && !(one->open & bit) && range)
            *range = resource->extra->ranges[--resource->extra->n_ranges];
        else if ((one->open & bit) && !range &&
                 sched_range_add(resource, (struct sched_range){.type = ranges[i][1]}) < 0)
            return GXT_ENOMEM;
    }
    return 0;
}

/* Those that ended leave, those that began come: the outermost first. */
static int put_regions(const struct census *census, const struct census_one *one, struct sched_resource *g)
{
    struct sched_extra *extra = g->extra; /* NULL for none */
    size_t n_more = 0;

    if (extra)
        extra->n_regions -= one->n_popped < extra->n_regions ? one->n_popped : extra->n_regions;
    for (uint32_t at = one->region; at != MAP_NONE; at = census->regions[at].outer)
        n_more++;
    for (size_t i = 0; i < n_more; i++)
        if (sched_region_add(g, (struct sched_region){0}) < 0)
            return GXT_ENOMEM;
    size_t place = n_more > 0 ? g->extra->n_regions : 0;
    for (uint32_t at = one->region; at != MAP_NONE; at = census->regions[at].outer)
        g->extra->regions[--place] = (struct sched_region){census->regions[at].task, census->regions[at].name};
    return 0;
}

/* Whether it is as it was, if it was there. */
static bool is_unchanged(const struct census_one *one)
{
    return one->status == one->told && !one->had && !one->open && one->region == MAP_NONE && one->n_popped == 0 &&
           !one->is_reborn;
}

static int put_one(const struct census *census, struct sched_table *table, const struct census_one *one)
{
    struct sched_resource *resource = one->told == CENSUS_BORN ? NULL : find(table, one->id);

    if (one->status == CENSUS_GONE) {
        if (resource)
            sched_remove(table, resource);
        return 0;
    }
    if (resource && one->is_reborn) {
        sched_remove(table, resource);
        resource = NULL;
    }
    if (!resource && !(resource = sched_add(table, one->id)))
        return GXT_ENOMEM;
    resource->status = one->status;
    int r = one->had || one->open ? put_ranges(one, resource) : 0;
    return r < 0 || (one->region == MAP_NONE && one->n_popped == 0) ? r : put_regions(census, one, resource);
}

static int put_gs(const struct census *census, struct sched *sched)
{
    const bool were_there = !is_first(sched);
    int r = 0;

    for (size_t i = CENSUS_FIRST; r == 0 && i < census->gs.n; i++) {
        const struct census_one *one = &census->gs.items[i];
        if (!census_is_free(one) && !(were_there && is_unchanged(one)))
            r = put_one(census, &sched->gs, one);
    }
    return r;
}

static int put_ps(const struct census *census, struct sched *sched)
{
    int r = 0;

    for (size_t i = CENSUS_FIRST; r == 0 && i < census->ps.n; i++) {
        const struct census_one *one = &census->ps.items[i];
        /* Its thread still has it. */
        if (one->status == P_SYSCALL_ABANDONED && one->seq == 0 && is_promoted(one, find(&sched->ps, one->id)))
            continue;
        r = put_one(census, &sched->ps, one);
    }
    return r;
}

static int put_ms(const struct census *census, struct sched *sched)
{
    for (size_t i = 0; i < census->n_thefts; i++) {
        const struct census_one *one = &census->ps.items[census->thefts[i].p];
        if (is_promoted(one, find(&sched->ps, one->id)))
            sched_m_find(sched, census->thefts[i].victim)->p = GXT_NO_PROC;
    }
    for (size_t i = 0; i < census->gen.n_lanes; i++) {
        const struct census_lane *lane = &census->lanes[i];
        if (lane->walk.thread == GXT_NO_THREAD || !lane->is_used)
            continue;
        const uint32_t at = sched_m_at(sched, lane->walk.thread);
        if (at == MAP_NONE)
            return GXT_ENOMEM;
        if (lane->g != CENSUS_UNKNOWN)
            sched->ms[at].g = census->gs.items[lane->g].id;
        if (lane->p != CENSUS_UNKNOWN)
            sched->ms[at].p = census->ps.items[lane->p].id;
    }
    for (size_t i = 0; i < census->n_elsewhere; i++) {
        const uint32_t at = sched_m_at(sched, census->elsewhere[i].thread);
        if (at == MAP_NONE)
            return GXT_ENOMEM;
        sched->ms[at].g = census->elsewhere[i].g;
    }
    return 0;
}

static int put_tasks(const struct census *census, struct sched *sched)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < census->n_tasks; i++) {
        const struct census_task *task = &census->tasks[i];
        struct sched_task *open = sched_task_find(sched, task->task.id);
        if (open)
            sched_task_remove(sched, open);
        if (task->is_active)
            r = sched_task_add(sched, task->task);
        if (r == 0 && task->is_doubtful && task->has_begun)
            r = id_map_put(&sched->doubtful_tasks, task->task.id, 0);
    }
    return r;
}

static bool has_events(const struct census *census)
{
    for (size_t i = 0; i < census->gen.n_lanes; i++)
        if (census->lanes[i].is_used)
            return true;
    return false;
}

bool order_may_join(const struct order *order)
{
    return order_at_boundary(order) && !order->recovers && !order->sched.gs.crowd && !order->sched.gs.tracks &&
           !order->boundary;
}

struct gen_stream order_stream(const struct order *order)
{
    return order->stream;
}

int order_join(struct order *order, const struct census *census)
{
    struct sched *sched = &order->sched;

    if (!census->fits || !order_may_join(order) || census->gen.dir.number <= order->highest ||
        census->gen.dir.severed || census->before.offset != order->stream.offset)
        return 0;
    if (!had_gs(census, sched) || !had_ps(census, sched) || !had_lanes(census, sched) || !had_thefts(census, sched) ||
        !had_elsewhere(census, sched) || !had_collector(census, sched) || !had_regions(census, sched) ||
        !had_tasks(census, sched))
        return 0;

    int r = put_ms(census, sched);
    if (r == 0)
        r = put_ps(census, sched);
    if (r == 0)
        r = put_gs(census, sched);
    if (r == 0)
        r = put_tasks(census, sched);
    if (r < 0)
        return fault_set(&order->fault, r, GXT_NO_OFFSET, "no memory for the scheduler's state");
    if (is_first(sched) && has_events(census))
        sched->initial_generation = census->gen.dir.number;
    if (census->gc_first != 0) {
        sched->gc_seq = census->gc_seq;
        sched->gc_state = census->gc_state;
    }
    order->stream = census->behind;
    order->highest = census->gen.dir.number;
    order->forgot = true;
    order->n_generations++;
    order->n_syncs++;
    return 1;
}
