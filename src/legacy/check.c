/* check.c
 *
 * In: an old trace's events in their order. Out: whether they fit each other, and some of them told to be of other
 * processors. Never: a change of order.
 *
 * What the new format says in so many words follows here from the events before: who runs where, whether a call blocks.
 */
#include "legacy_priv.h"

#include <stdlib.h>

enum {
    DEAD,
    RUNNABLE,
    RUNNING,
    WAITING
};

struct region {
    uint64_t task, type;
    uint32_t outer; /* place in check.regions; MAP_NONE for none */
};

struct g {
    uint32_t region; /* the innermost open one, in check.regions */
    uint8_t state;
    bool on_network; /* what it waits for */
    bool assists;
};

struct p {
    uint64_t g; /* 0 for none */
    bool running, sweeping;
};

struct check {
    struct old_trace *trace;
    struct gxt_error *fault;
    struct old_event *event;
    struct map g_places, p_places, tasks;
    struct g *gs;
    struct p *ps;
    struct region *regions;
    size_t n_gs, gs_capacity, n_ps, ps_capacity, n_regions, regions_capacity;
    bool gc, stopped;
};

static int no_memory(struct check *check)
{
    return fault_set(check->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

#define WRONG(check, ...) fault_set((check)->fault, GXT_ECORRUPT, (check)->event->offset, __VA_ARGS__)
#define ULL(x) ((unsigned long long)(x))

/* The goroutine of an id, made when it is not known. NULL without memory. */
static struct g *g_of(struct check *check, uint64_t id)
{
    uint32_t at = map_get(&check->g_places, id);

    if (at == MAP_NONE) {
        struct g *grown = array_grow(check->gs, check->n_gs, &check->gs_capacity, sizeof *grown);
        at = (uint32_t)check->n_gs;
        if (!grown)
            return NULL;
        check->gs = grown;
        if (map_put(&check->g_places, id, at) < 0)
            return NULL;
        check->gs[check->n_gs++] = (struct g){.region = MAP_NONE};
    }
    return &check->gs[at];
}

static struct p *p_of(struct check *check)
{
    uint64_t id = (uint64_t)(int64_t)check->event->p;
    uint32_t at = map_get(&check->p_places, id);

    if (at == MAP_NONE) {
        struct p *grown = array_grow(check->ps, check->n_ps, &check->ps_capacity, sizeof *grown);
        at = (uint32_t)check->n_ps;
        if (!grown)
            return NULL;
        check->ps = grown;
        if (map_put(&check->p_places, id, at) < 0)
            return NULL;
        check->ps[check->n_ps++] = (struct p){0};
    }
    return &check->ps[at];
}

static int must_run(struct check *check, const struct p *p, const struct g *g, bool may_be_none)
{
    const struct old_event *event = check->event;
    const char *name = old_specs[event->type].name;

    if (g->state != RUNNING)
        return WRONG(check, "%s by goroutine %llu, which is not running", name, ULL(event->g));
    if (p->g != event->g)
        return WRONG(check, "%s by goroutine %llu, which processor %d does not run", name, ULL(event->g), event->p);
    if (!may_be_none && event->g == 0)
        return WRONG(check, "%s by no goroutine", name);
    return 0;
}

static int check_proc(struct check *check, struct p *p)
{
    const bool starts = check->event->type == OLD_PROC_START;

    if (p->running == starts)
        return WRONG(check, "processor %d %s", check->event->p, starts ? "starts twice" : "stops twice");
    if (!starts && p->g != 0)
        return WRONG(check, "processor %d stops while it runs a goroutine", check->event->p);
    p->running = starts;
    return 0;
}

/* A flag that goes up and down by turns. */
static int toggle(struct check *check, bool *flag, bool up)
{
    if (*flag == up)
        return WRONG(check, "%s where one is %s", old_specs[check->event->type].name,
                     up ? "under way" : "not under way");
    *flag = up;
    return 0;
}

static int create(struct check *check, const struct p *p, const struct g *g)
{
    int r = must_run(check, p, g, true);
    if (r < 0)
        return r;
    if (map_get(&check->g_places, check->event->args[0]) != MAP_NONE)
        return WRONG(check, "goroutine %llu exists already", ULL(check->event->args[0]));
    struct g *created = g_of(check, check->event->args[0]);
    if (!created)
        return no_memory(check);
    created->state = RUNNABLE;
    return 0;
}

static int start(struct check *check, struct p *p, struct g *g)
{
    if (g->state != RUNNABLE)
        return WRONG(check, "goroutine %llu starts and is not runnable", ULL(check->event->g));
    if (p->g != 0)
        return WRONG(check, "goroutine %llu starts on processor %d, which runs another", ULL(check->event->g),
                     check->event->p);
    g->state = RUNNING;
    g->on_network = false;
    p->g = check->event->g;
    return 0;
}

static int leave(struct check *check, struct p *p, struct g *g, uint8_t state)
{
    int r = must_run(check, p, g, false);
    if (r < 0)
        return r;
    g->state = state;
    g->on_network = check->event->type == OLD_GO_BLOCK_NET;
    p->g = 0;
    if (check->event->type == OLD_GO_END)
        g->region = MAP_NONE;
    return 0;
}

static int become(struct check *check, struct g *g, uint8_t from, uint8_t to)
{
    if (g->state != from)
        return WRONG(check, "%s of goroutine %llu in another state", old_specs[check->event->type].name,
                     ULL(check->event->g));
    g->state = to;
    g->on_network = false;
    return 0;
}

static int unblock(struct check *check, const struct p *p)
{
    struct old_event *event = check->event;
    struct g *other = g_of(check, event->args[0]);
    const struct g *g = g_of(check, event->g); /* known, but the array may have moved for the other */

    if (!other || !g)
        return no_memory(check);
    if (g->state != RUNNING)
        return WRONG(check, "goroutine %llu unblocks another and is not running", ULL(event->g));
    if (event->p != TIMER_P && p->g != event->g)
        return WRONG(check, "goroutine %llu unblocks another and processor %d does not run it", ULL(event->g),
                     event->p);
    if (other->state != WAITING)
        return WRONG(check, "goroutine %llu is unblocked and does not wait", ULL(event->args[0]));
    if (other->on_network)
        event->p = NETPOLL_P;
    other->state = RUNNABLE;
    other->on_network = false;
    return 0;
}

static int region(struct check *check, struct g *g)
{
    const uint64_t *args = check->event->args;

    if (args[1] > 1)
        return WRONG(check, "a region that neither begins nor ends");
    if (args[1] == 1) {
        if (g->region == MAP_NONE)
            return 0;
        const struct region *inner = &check->regions[g->region];
        if (inner->task != args[0] || inner->type != args[2])
            return WRONG(check, "a region ends inside another one on goroutine %llu", ULL(check->event->g));
        g->region = inner->outer;
        return 0;
    }
    struct region *grown = array_grow(check->regions, check->n_regions, &check->regions_capacity, sizeof *grown);
    if (!grown || check->n_regions >= MAP_NONE)
        return no_memory(check);
    check->regions = grown;
    check->regions[check->n_regions] = (struct region){args[0], args[2], g->region};
    g->region = (uint32_t)check->n_regions++;
    return 0;
}

static int task(struct check *check)
{
    uint64_t id = check->event->args[0];

    if (check->event->type == OLD_USER_TASK_END) {
        (void)map_remove(&check->tasks, id);
        return 0;
    }
    if (map_get(&check->tasks, id) != MAP_NONE)
        return WRONG(check, "task %llu begins while it is active", ULL(id));
    return map_put(&check->tasks, id, 1) < 0 ? no_memory(check) : 0;
}

/* A table of which event is checked how. */
static int check_event(struct check *check, struct p *p, struct g *g)
{
    switch (check->event->type) {
    case OLD_PROC_START:
    case OLD_PROC_STOP:
        return check_proc(check, p);
    case OLD_GC_START:
        check->event->p = GC_P;
        return toggle(check, &check->gc, true);
    case OLD_GC_DONE:
        return toggle(check, &check->gc, false);
    case OLD_STW_START:
        return toggle(check, &check->stopped, true);
    case OLD_STW_DONE:
        return toggle(check, &check->stopped, false);
    case OLD_GC_SWEEP_START:
        return toggle(check, &p->sweeping, true);
    case OLD_GC_SWEEP_DONE:
        return toggle(check, &p->sweeping, false);
    case OLD_GC_MARK_ASSIST_START:
        return toggle(check, &g->assists, true);
    case OLD_GC_MARK_ASSIST_DONE: /* it may have begun before the trace */
        g->assists = false;
        return 0;
    case OLD_GO_WAITING:
    case OLD_GO_IN_SYSCALL:
        return become(check, g, RUNNABLE, WAITING);
    case OLD_GO_CREATE:
        return create(check, p, g);
    case OLD_GO_START:
    case OLD_GO_START_LABEL:
        return start(check, p, g);
    case OLD_GO_END:
    case OLD_GO_STOP:
        return leave(check, p, g, DEAD);
    case OLD_GO_SCHED:
    case OLD_GO_PREEMPT:
        return leave(check, p, g, RUNNABLE);
    case OLD_GO_UNBLOCK:
        return unblock(check, p);
    case OLD_GO_SYS_CALL:
        return must_run(check, p, g, false);
    case OLD_GO_SYS_EXIT:
        return become(check, g, WAITING, RUNNABLE);
    case OLD_USER_TASK_CREATE:
    case OLD_USER_TASK_END:
        return task(check);
    case OLD_USER_REGION:
        return region(check, g);
    default:
        return old_specs[check->event->type].blocks ? leave(check, p, g, WAITING) : 0;
    }
}

/* A call blocks if the next event of its goroutine says so: seen from the end. */
static int look_ahead(struct check *check)
{
    struct old_trace *trace = check->trace;
    struct map next = {0};
    int r = 0;

    for (size_t i = trace->n_events; r == 0 && i-- > 0;) {
        struct old_event *event = &trace->events[i];
        if (event->type == OLD_GO_SYS_CALL)
            event->args[0] = map_get(&next, event->g) == OLD_GO_SYS_BLOCK;
        r = map_put(&next, event->g, event->type) < 0 ? no_memory(check) : 0;
    }
    map_done(&next);
    return r;
}

static int check_all(struct check *check)
{
    struct g *idle = g_of(check, 0);

    if (!idle)
        return no_memory(check);
    idle->state = RUNNING;
    for (size_t i = 0; i < check->trace->n_events; i++) {
        check->event = &check->trace->events[i];
        if (check->event->type == OLD_CPU_SAMPLE)
            continue; /* of any goroutine and processor, known or not */
        struct p *p = p_of(check);
        struct g *g = g_of(check, check->event->g);
        if (!p || !g)
            return no_memory(check);
        int r = check_event(check, p, g);
        if (r < 0)
            return r;
    }
    return look_ahead(check);
}

int old_check(struct old_trace *trace, struct gxt_error *fault)
{
    struct check check = {.trace = trace, .fault = fault};
    int r = check_all(&check);

    map_done(&check.g_places);
    map_done(&check.p_places);
    map_done(&check.tasks);
    free(check.gs);
    free(check.ps);
    free(check.regions);
    return r;
}
