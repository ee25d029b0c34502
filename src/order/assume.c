/* assume.c
 *
 * In: what a walk ahead is told of first. Out: the states, as if they had been so, with a note of each. Never: a proof
 * that they were: catch_up.c has it.
 *
 * A generation tells each goroutine and processor, before anything happens to it, as it is at its start, and what each
 * thread has: so it can be walked by what it tells. Where it tells what cannot be noted so, the walk is unfit: nobody
 * catches up with it.
 */
#include "order_priv.h"

#include <stdlib.h>

enum {
    MOST_VICTIMS = 1024, /* of thefts of what was abandoned: each is looked for among all lanes */
};

/* Makes room for one more. NULL without memory, which makes the walk end where it says so. */
static void *more(struct assumed *assumed, void *list, size_t n, size_t *capacity, size_t size)
{
    void *grown = array_grow(list, n, capacity, size);

    assumed->unfit = assumed->unfit || !grown;
    return grown;
}

static struct assumed_one *add_one(struct assumed *assumed, struct assumed_ones *ones)
{
    struct assumed_one *grown = more(assumed, ones->list, ones->n, &ones->capacity, sizeof *grown);

    if (!grown)
        return NULL;
    ones->list = grown;
    return &grown[ones->n++];
}

/* Whether a range of a resource is in flight, which its status is followed by: the type of its begin. */
static uint8_t range_behind(struct span in, int64_t id, uint8_t type)
{
    struct wire_event event = {0};

    if (span_size(in) == 0 || *in.at != type || wire_event(&in, &event) < 0 || event.args[0] != (uint64_t)id)
        return 0;
    return wire_specs[type].start;
}

/* Adds one that is told of first: it was there, and like this. @active: what says that a range of it is in flight. */
static struct sched_resource *assume_one(struct assumed *assumed, struct assumed_ones *ones, struct sched_table *table,
                                         struct span behind, struct assumed_one told, uint8_t active)
{
    struct sched_resource *resource = sched_add(table, told.id);
    struct assumed_one *one = resource ? add_one(assumed, ones) : NULL;

    told.range = range_behind(behind, told.id, active);
    if (!one || (told.range != 0 && sched_range_add(resource, (struct sched_range){.type = told.range}) < 0)) {
        assumed->unfit = true;
        return NULL;
    }
    resource->status = told.status;
    resource->at_start = true;
    *one = told;
    return resource;
}

struct sched_resource *assume_goroutine(struct sched *sched, struct span behind, gxt_goid id, uint8_t status)
{
    struct assumed *assumed = sched->assumed;
    const struct assumed_one told = {.id = id, .status = status};

    assumed->unfit = assumed->unfit || id_set_has(&assumed->ended_gs, (uint64_t)id); /* it was another one */
    return assume_one(assumed, &assumed->gs, &sched->gs, behind, told, WIRE_GC_MARK_ASSIST_ACTIVE);
}

static struct assumed_m *find_m(const struct assumed *assumed, gxt_threadid thread)
{
    const uint32_t at = map_get(&assumed->m_places, (uint64_t)thread);

    return at == MAP_NONE ? NULL : &assumed->ms[at];
}

static struct assumed_m *add_m(struct assumed *assumed, struct assumed_m m)
{
    struct assumed_m *grown = more(assumed, assumed->ms, assumed->n_ms, &assumed->ms_capacity, sizeof *grown);

    if (!grown)
        return NULL;
    assumed->ms = grown;
    if (map_put(&assumed->m_places, (uint64_t)m.thread, (uint32_t)assumed->n_ms) < 0)
        return NULL;
    grown[assumed->n_ms] = m;
    return &grown[assumed->n_ms++];
}

static bool is_go_status(const struct wire_event *event)
{
    return event->type == WIRE_GO_STATUS || event->type == WIRE_GO_STATUS_STACK;
}

/* What a thread's first events tell that it has. */
static struct assumed_m told_first(struct span in, gxt_threadid thread)
{
    struct assumed_m m = {.thread = thread, .p = GXT_NO_PROC, .g = GXT_NO_GOROUTINE, .tells_p = true};
    struct wire_event event = {0};

    while (span_size(in) > 0 && wire_event(&in, &event) == 0) {
        if (event.type == WIRE_PROC_STATUS && (event.args[1] == P_RUNNING || event.args[1] == P_SYSCALL))
            m.p = (gxt_procid)event.args[0];
        else if (is_go_status(&event) &&
                 (event.args[2] == G_RUNNING || (event.args[2] == G_SYSCALL && (gxt_threadid)event.args[1] == thread)))
            m.g = (gxt_goid)event.args[0];
        else if (event.type != WIRE_PROC_STATUS && !is_go_status(&event))
            break;
    }
    return m;
}

int assume_lane(struct sched *sched, const struct lane *lane)
{
    struct assumed *assumed = sched->assumed;
    const struct assumed_m told = told_first((struct span){lane->head, lane->end}, lane->thread);
    struct assumed_m *m = find_m(assumed, lane->thread);
    struct sched_m *now = &sched->ms[lane->m];

    if (m && m->tells_p) { /* others have told of it */
        assumed->unfit = assumed->unfit || (told.p != GXT_NO_PROC && told.p != now->p);
    } else {
        now->p = told.p;
    }
    if (m) {
        assumed->unfit = assumed->unfit || (told.g != GXT_NO_GOROUTINE && told.g != now->g);
        m->p = m->tells_p ? m->p : told.p;
        m->tells_p = true;
        return 0;
    }
    now->g = told.g;
    return add_m(assumed, told) ? 0 : GXT_ENOMEM;
}

/* From which thread a processor, which the head tells to be abandoned, is about to be stolen: the thief may tell of its
 * goroutine before that. Return: whether one is. */
static bool find_victim(const struct lane *lane, gxt_procid p, gxt_threadid *ret)
{
    struct span in = {lane->next, lane->end};
    struct wire_event event = {0};

    while (span_size(in) > 0 && wire_event(&in, &event) == 0) {
        *ret = (gxt_threadid)event.args[2];
        if (event.type == WIRE_PROC_STEAL && event.args[0] == (uint64_t)p)
            return *ret != lane->thread;
        if (!is_go_status(&event))
            break;
    }
    return false;
}

static struct span first_batch(const struct gen *gen, gxt_threadid thread)
{
    for (size_t i = 0; i < gen->n_lanes; i++) {
        const struct gen_batch *batch = &gen->dir.batches[gen->lane_batches[gen->lanes[i].first]];
        if (gen->lanes[i].thread == thread)
            return (struct span){gen->source->at + batch->offset, gen->source->at + batch->offset + batch->size};
    }
    return (struct span){0};
}

/* Where the head tells of a processor that it is abandoned: gives it to the thread from which it is about to be stolen,
 * if that tells of a goroutine, which is in a syscall with it; else it has lost it before. Return: 1; 0 when none gets
 * it; GXT_ENOMEM. */
static int assume_victim(struct sched *sched, const struct gen *gen, const struct lane *lane, gxt_procid p)
{
    gxt_threadid thread;

    if (!find_victim(lane, p, &thread) || sched_m_find(sched, thread))
        return 0;
    sched->assumed->unfit = sched->assumed->unfit || ++sched->assumed->n_victims > MOST_VICTIMS;
    if (sched->assumed->unfit)
        return 0;
    struct assumed_m told = told_first(first_batch(gen, thread), thread);
    if (told.g == GXT_NO_GOROUTINE)
        return 0;
    const uint32_t at = sched_m_at(sched, thread);
    told.p = p;
    if (at == MAP_NONE || !add_m(sched->assumed, told))
        return GXT_ENOMEM;
    sched->ms[at].p = p;
    sched->ms[at].g = told.g;
    return 1;
}

struct sched_resource *assume_proc(struct sched *sched, const struct gen *gen, const struct lane *lane, gxt_procid id,
                                   uint8_t status)
{
    struct assumed *assumed = sched->assumed;
    struct assumed_one told = {.id = id, .status = status};
    const struct span behind = {lane->next, lane->end};
    const int r = status == P_SYSCALL_ABANDONED ? assume_victim(sched, gen, lane, id) : 0;

    if (r > 0)
        told.status = P_SYSCALL;
    return r < 0 ? NULL : assume_one(assumed, &assumed->ps, &sched->ps, behind, told, WIRE_GC_SWEEP_ACTIVE);
}

int assume_elsewhere(struct sched *sched, gxt_threadid thread, gxt_goid g)
{
    const uint32_t at = sched_m_at(sched, thread);

    if (at == MAP_NONE || !add_m(sched->assumed, (struct assumed_m){.thread = thread, .p = GXT_NO_PROC, .g = g}))
        return GXT_ENOMEM;
    sched->ms[at].g = g;
    return 0;
}

int assume_region(struct sched *sched, const struct sched_resource *g, struct sched_region region)
{
    struct assumed *assumed = sched->assumed;
    struct assumed_region *grown =
        more(assumed, assumed->regions, assumed->n_regions, &assumed->regions_capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    assumed->regions = grown;
    grown[assumed->n_regions++] = (struct assumed_region){g->id, region, g->extra ? g->extra->n_popped : 0};
    return 0;
}

int assume_task(struct sched *sched, struct sched_task task, bool begins)
{
    struct assumed *assumed = sched->assumed;
    struct assumed_task *grown =
        more(assumed, assumed->tasks, assumed->n_tasks, &assumed->tasks_capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    assumed->tasks = grown;
    grown[assumed->n_tasks++] = (struct assumed_task){task, begins, id_set_has(&assumed->ended_tasks, task.id)};
    return begins ? 0 : id_set_add(&assumed->ended_tasks, task.id);
}

void assumed_free(struct assumed *assumed)
{
    if (!assumed)
        return;
    free(assumed->gs.list);
    free(assumed->ps.list);
    map_done(&assumed->m_places);
    free(assumed->ms);
    free(assumed->regions);
    free(assumed->tasks);
    id_set_done(&assumed->ended_tasks);
    id_set_done(&assumed->ended_gs);
    free(assumed);
}

void assumed_clear(struct assumed *assumed)
{
    assumed->gs.n = assumed->ps.n = assumed->n_ms = assumed->n_regions = assumed->n_tasks = 0;
    assumed->n_victims = 0;
    map_clear(&assumed->m_places);
    id_set_clear(&assumed->ended_tasks);
    id_set_clear(&assumed->ended_gs);
    assumed->gc_first = 0;
    assumed->unfit = false;
}
