/* catch_up.c
 *
 * In: a walk that stands before a generation, and one that has gone ahead through it. Out: the first one behind it.
 * Never: a change where what the other took for granted was not so.
 *
 *     every goroutine there was is told of, and was as it is told       each thread had what it tells first
 *     processors, and ranges in flight, were as they are told           the collector was where its first event says
 *     regions that end and did not begin here were the innermost        tasks that begin were not active
 *     the last event before it had the time that was foretold
 *
 * Then both walks have made the same of every event. First all is looked at, then all is changed.
 */
#include "order_priv.h"

#include <stdlib.h>

/* ---- was it so? ---- */

static size_t n_live(const struct sched_table *table)
{
    return table->n - table->n_free;
}

static bool had_range(const struct sched_resource *resource, uint8_t range)
{
    const struct sched_extra *extra = resource->extra;
    const size_t n = extra ? extra->n_ranges : 0;

    return n == (range != 0) && (n == 0 || (extra->ranges[0].type == range && extra->ranges[0].description == 0));
}

/* All that were there, and no others. */
static bool had_gs(const struct assumed *assumed, struct sched *sched)
{
    for (size_t i = 0; i < assumed->gs.n; i++) {
        const struct assumed_one *one = &assumed->gs.list[i];
        const struct sched_resource *g = sched_find(&sched->gs, one->id);
        if (!g || g->status != one->status || !had_range(g, one->range))
            return false;
    }
    return assumed->gs.n == n_live(&sched->gs);
}

/* Nothing happens to those that are not told of. */
static bool had_ps(const struct assumed *assumed, struct sched *sched)
{
    for (size_t i = 0; i < assumed->ps.n; i++) {
        const struct assumed_one *one = &assumed->ps.list[i];
        const struct sched_resource *p = sched_find(&sched->ps, one->id);
        if (p ? p->status != one->status || !had_range(p, one->range) : one->range != 0)
            return false;
    }
    return true;
}

static bool had_ms(const struct assumed *assumed, const struct sched *sched)
{
    for (size_t i = 0; i < assumed->n_ms; i++) {
        const struct assumed_m *told = &assumed->ms[i];
        const struct sched_m none = {.p = GXT_NO_PROC, .g = GXT_NO_GOROUTINE}, *m = sched_m_find(sched, told->thread);
        if (!m && !told->tells_p)
            return false; /* another thread told of it */
        m = m ? m : &none;
        if (m->g != told->g || m->p != told->p)
            return false;
    }
    return true;
}

/* No thread that is not told of has a processor that is: others could be taken for its holder. */
static bool had_no_others(const struct assumed *assumed, const struct sched *sched, const struct sched *ahead)
{
    for (size_t i = 0; i < sched->n_ms; i++) {
        const struct sched_m *m = &sched->ms[i];
        if (m->p != GXT_NO_PROC && map_get(&assumed->m_places, (uint64_t)m->id) == MAP_NONE &&
            sched_at(&ahead->ps, m->p) != MAP_NONE)
            return false;
    }
    return true;
}

static bool had_collector(const struct assumed *assumed, const struct sched *sched)
{
    if (assumed->gc_first == 0)
        return true;
    if (sched->gc_state == GC_UNDETERMINED)
        return assumed->gc_first == WIRE_GC_BEGIN;
    return assumed->gc_first_seq == sched->gc_seq + 1 &&
           (sched->gc_state == GC_RUNNING) == (assumed->gc_first == WIRE_GC_ACTIVE);
}

/* Those that ended and did not begin here were the innermost ones, one after the other. */
static bool had_regions(const struct assumed *assumed, struct sched *sched)
{
    for (size_t i = 0; i < assumed->n_regions; i++) {
        const struct assumed_region *told = &assumed->regions[i];
        const struct sched_resource *g = sched_find(&sched->gs, told->g);
        const size_t n = g && g->extra ? g->extra->n_regions : 0;
        const struct sched_region *open = told->rank < n ? &g->extra->regions[n - 1 - told->rank] : NULL;
        if (open && (open->task != told->region.task || open->name != told->region.name))
            return false;
    }
    return true;
}

/* One that begins was not active before, or has ended here. */
static bool had_tasks(const struct assumed *assumed, const struct sched *sched)
{
    for (size_t i = 0; i < assumed->n_tasks; i++) {
        const struct assumed_task *told = &assumed->tasks[i];
        if (told->begins && !told->ended_before && sched_task_find(sched, told->task.id))
            return false;
    }
    return true;
}

/* ---- what came of it ---- */

static int put_ms(struct sched *sched, const struct sched *ahead)
{
    for (size_t i = 0; i < sched->n_ms; i++)
        sched->ms[i].g_at = sched->ms[i].p_at = 0; /* they led into other tables */
    for (size_t i = 0; i < ahead->n_ms; i++) {
        const uint32_t at = sched_m_at(sched, ahead->ms[i].id);
        if (at == MAP_NONE)
            return GXT_ENOMEM;
        sched->ms[at].g = ahead->ms[i].g;
        sched->ms[at].p = ahead->ms[i].p;
    }
    return 0;
}

static int put_ranges(struct sched_resource *resource, const struct sched_extra *extra)
{
    int r = 0;

    if (resource->extra)
        resource->extra->n_ranges = 0;
    for (size_t i = 0; r == 0 && extra && i < extra->n_ranges; i++)
        r = sched_range_add(resource, extra->ranges[i]);
    return r;
}

static int put_ps(struct sched_table *ps, const struct sched_table *ahead)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < ahead->n; i++) {
        const struct sched_resource *from = &ahead->items[i];
        if (!from->live)
            continue;
        struct sched_resource *p = sched_find(ps, from->id);
        if (!p && !(p = sched_add(ps, from->id)))
            return GXT_ENOMEM;
        p->status = from->status;
        p->seq = from->seq;
        p->seq_generation = from->seq_generation;
        r = put_ranges(p, from->extra);
    }
    return r;
}

/* Of those that a goroutine had open before, so many are the outermost still. */
static int put_before(struct sched_resource *g, const struct sched_region *regions, size_t n)
{
    const struct sched_region none = {0};

    for (size_t i = 0; i < n; i++)
        if (sched_region_add(g, none) < 0)
            return GXT_ENOMEM;
    if (n > 0) {
        memmove(g->extra->regions + n, g->extra->regions, (g->extra->n_regions - n) * sizeof none);
        memcpy(g->extra->regions, regions, n * sizeof none);
    }
    return 0;
}

/* The goroutines of the walk ahead are those that are there now; regions that began before are open in both. */
static int take_gs(struct sched_table *gs, struct sched_table *ahead)
{
    for (size_t i = 0; i < gs->n; i++) {
        const struct sched_resource *before = &gs->items[i];
        if (!before->live || !before->extra || before->extra->n_regions == 0)
            continue;
        struct sched_resource *g = sched_find(ahead, before->id);
        const size_t n_ended = g && g->extra ? g->extra->n_popped : 0, n = before->extra->n_regions;
        if (!g || !g->at_start || n_ended >= n)
            continue;
        sched_touch(ahead, g); /* it may have settled: without them */
        if (put_before(g, before->extra->regions, n - n_ended) < 0 || ahead->lost < 0)
            return GXT_ENOMEM;
    }
    const struct sched_table taken = *ahead;
    *ahead = *gs;
    *gs = taken;
    ahead->ended = taken.ended;
    gs->ended = NULL;
    return 0;
}

static int put_tasks(const struct assumed *assumed, struct sched *sched)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < assumed->n_tasks; i++) {
        struct sched_task *open = sched_task_find(sched, assumed->tasks[i].task.id);
        if (assumed->tasks[i].begins)
            r = sched_task_add(sched, assumed->tasks[i].task);
        else if (open)
            sched_task_remove(sched, open);
    }
    return r;
}

/* Whether @ahead has walked through the generation that @order stands before, as far as places and numbers go. */
static bool is_next(const struct order *order, const struct order *ahead)
{
    return order_at_boundary(order) && order_at_boundary(ahead) && !order->recovers && !order->fell && !ahead->fell &&
           ahead->has_gen && ahead->n_generations == order->n_generations + 1 &&
           order->saved == order->n_generations + 1 && ahead->before.offset == order->stream.offset &&
           ahead->before.begun == order->stream.begun && ahead->before.more == order->stream.more &&
           ahead->before.fault.code == order->stream.fault.code && order->last_ns == ahead->sched.assumed->last_ns &&
           ahead->gen.dir.number > order->highest && ahead->gen.dir.number != UINT64_MAX && !ahead->gen.dir.severed;
}

/* Whether there is nothing about the states that a walk ahead does not deal with. */
static bool is_plain(const struct order *order, const struct order *ahead)
{
    const struct sched *sched = &order->sched, *more = &ahead->sched;

    return sched->initial_generation != 0 && !sched->gs.crowd && !sched->gs.has_nobody && !sched->ps.has_nobody &&
           !more->gs.has_nobody && !more->ps.has_nobody && sched->doubtful_tasks.n_blocks == 0 && sched->gs.lost == 0 &&
           more->gs.lost == 0 && !more->assumed->unfit;
}

/* What is not of the states. */
static void move_behind(struct order *order, struct order *ahead)
{
    if (order->has_gen)
        source_release(order->source, order->gen.dir.begin, order->gen.dir.end);
    order->has_gen = order->steady = false;
    order->frontier.n = 0;
    order->n_samples = order->sample = 0;
    order->stream = ahead->stream;
    order->highest = ahead->gen.dir.number;
    order->last_ns = ahead->last_ns;
    order->n_generations++;
    order->n_syncs++;
}

int order_catch_up(struct order *order, struct order *ahead)
{
    struct sched *sched = &order->sched;
    const struct assumed *assumed = ahead->sched.assumed;

    if (!is_next(order, ahead) || crowd_take_all(&sched->gs) < 0 || !is_plain(order, ahead) ||
        !had_gs(assumed, sched) || !had_ps(assumed, sched) || !had_ms(assumed, sched) ||
        !had_collector(assumed, sched) || !had_regions(assumed, sched) || !had_tasks(assumed, sched) ||
        !had_no_others(assumed, sched, &ahead->sched))
        return 0;
    int r = put_ms(sched, &ahead->sched);
    if (r == 0)
        r = put_ps(&sched->ps, &ahead->sched.ps);
    if (r == 0)
        r = take_gs(&sched->gs, &ahead->sched.gs);
    if (r == 0)
        r = put_tasks(assumed, sched);
    if (r < 0)
        return fault_set(&order->fault, r, GXT_NO_OFFSET, "no memory for the scheduler's state");
    if (assumed->gc_first != 0) {
        sched->gc_seq = ahead->sched.gc_seq;
        sched->gc_state = ahead->sched.gc_state;
    }
    move_behind(order, ahead);
    return 1;
}
