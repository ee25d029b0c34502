/* check.c
 *
 * In: an old trace's events, one after another. Out: whether they fit each other, and which system calls block.
 * Never: a change of order.
 *
 * What the new format says in so many words follows here from the events before: who runs where, whether a call blocks.
 */
#include "legacy_priv.h"

#include <stdlib.h>

enum {
    DEAD = OLD_DEAD,
    RUNNABLE = OLD_RUNNABLE,
    RUNNING = OLD_RUNNING,
    WAITING = OLD_WAITING,
};

static int no_memory(struct old_check *check)
{
    return fault_set(check->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

#define WRONG(check, ...) fault_set((check)->fault, GXT_ECORRUPT, (check)->event->offset, __VA_ARGS__)
#define ULL(x) ((unsigned long long)(x))

static int must_run(struct old_check *check, const struct old_p *p, const struct old_g *g, bool may_be_none)
{
    const struct old_event *event = check->event;
    const char *name = old_specs[event->plain].name;

    if (g->state != RUNNING)
        return WRONG(check, "%s by goroutine %llu, which is not running", name, ULL(event->g));
    if (p->g != event->g)
        return WRONG(check, "%s by goroutine %llu, which processor %d does not run", name, ULL(event->g), check->p);
    if (!may_be_none && event->g == 0)
        return WRONG(check, "%s by no goroutine", name);
    return 0;
}

static int check_proc(struct old_check *check, struct old_p *p)
{
    const bool starts = check->event->plain == OLD_PROC_START;

    if (p->running == starts)
        return WRONG(check, "processor %d %s", check->p, starts ? "starts twice" : "stops twice");
    if (!starts && p->g != 0)
        return WRONG(check, "processor %d stops while it runs a goroutine", check->p);
    p->running = starts;
    return 0;
}

/* A flag that goes up and down by turns. */
static int toggle(struct old_check *check, bool *flag, bool up)
{
    if (*flag == up)
        return WRONG(check, "%s where one is %s", old_specs[check->event->plain].name,
                     up ? "under way" : "not under way");
    *flag = up;
    return 0;
}

static int create(struct old_check *check, const struct old_p *p, const struct old_g *g, struct old_g *other)
{
    int r = must_run(check, p, g, true);
    if (r < 0)
        return r;
    if (other->is_known)
        return WRONG(check, "goroutine %llu exists already", ULL(check->event->args[0]));
    other->is_known = true;
    other->state = RUNNABLE;
    return 0;
}

static int start(struct old_check *check, struct old_p *p, struct old_g *g)
{
    if (g->state != RUNNABLE)
        return WRONG(check, "goroutine %llu starts and is not runnable", ULL(check->event->g));
    if (p->g != 0)
        return WRONG(check, "goroutine %llu starts on processor %d, which runs another", ULL(check->event->g),
                     check->p);
    g->state = RUNNING;
    p->g = check->event->g;
    return 0;
}

static void free_region(struct old_check *check, uint32_t region)
{
    check->regions[region].outer = check->free_region;
    check->free_region = region;
}

static void drop_regions(struct old_check *check, struct old_g *g)
{
    while (g->region != MAP_NONE) {
        const uint32_t region = g->region;
        g->region = check->regions[region].outer;
        free_region(check, region);
    }
}

static int leave(struct old_check *check, struct old_p *p, struct old_g *g, uint8_t state)
{
    int r = must_run(check, p, g, false);
    if (r < 0)
        return r;
    g->state = state;
    p->g = 0;
    if (check->event->plain == OLD_GO_END)
        drop_regions(check, g);
    return 0;
}

static int become(struct old_check *check, struct old_g *g, uint8_t from, uint8_t to)
{
    if (g->state != from)
        return WRONG(check, "%s of goroutine %llu in another state", old_specs[check->event->plain].name,
                     ULL(check->event->g));
    g->state = to;
    return 0;
}

static int unblock(struct old_check *check, const struct old_p *p, const struct old_g *g, struct old_g *other)
{
    const struct old_event *event = check->event;

    other->is_known = true;
    if (g->state != RUNNING)
        return WRONG(check, "goroutine %llu unblocks another and is not running", ULL(event->g));
    if (p->g != event->g && check->p != TIMER_P && map_get(&check->trace->timers, event->g) == MAP_NONE)
        return WRONG(check, "goroutine %llu unblocks another and processor %d does not run it", ULL(event->g),
                     check->p);
    if (other->state != WAITING)
        return WRONG(check, "goroutine %llu is unblocked and does not wait", ULL(event->args[0]));
    other->state = RUNNABLE;
    return 0;
}

static int begin_region(struct old_check *check, struct old_g *g)
{
    const struct old_region region = {check->event->args[0], check->event->args[2], g->region};
    uint32_t at = check->free_region;

    if (at != MAP_NONE) {
        check->free_region = check->regions[at].outer;
    } else {
        at = (uint32_t)check->n_regions;
        if (check->n_regions >= MAP_NONE || !ROOM(check->regions, check->n_regions, check->regions_capacity))
            return no_memory(check);
        check->n_regions++;
    }
    check->regions[at] = region;
    g->region = at;
    return 0;
}

static int region(struct old_check *check, struct old_g *g)
{
    const uint64_t *args = check->event->args;

    if (args[1] > 1)
        return WRONG(check, "a region that neither begins nor ends");
    if (args[1] == 0)
        return begin_region(check, g);
    if (g->region == MAP_NONE)
        return 0;
    const uint32_t at = g->region;
    if (check->regions[at].task != args[0] || check->regions[at].type != args[2])
        return WRONG(check, "a region ends inside another one on goroutine %llu", ULL(check->event->g));
    g->region = check->regions[at].outer;
    free_region(check, at);
    return 0;
}

static int task(struct old_check *check)
{
    uint64_t id = check->event->args[0];

    if (check->event->plain == OLD_USER_TASK_END) {
        (void)map_remove(&check->tasks, id);
        return 0;
    }
    if (map_get(&check->tasks, id) != MAP_NONE)
        return WRONG(check, "task %llu begins while it is active", ULL(id));
    return map_put(&check->tasks, id, 1) < 0 ? no_memory(check) : 0;
}

/* A table of which event is checked how. */
static int check_event(struct old_check *check, struct old_p *p, struct old_g *g, struct old_g *other)
{
    switch (check->event->plain) {
    case OLD_PROC_START:
    case OLD_PROC_STOP:
        return check_proc(check, p);
    case OLD_GC_START:
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
        return create(check, p, g, other);
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
        return unblock(check, p, g, other);
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
        return old_specs[check->event->plain].blocks ? leave(check, p, g, WAITING) : 0;
    }
}

/* A call blocks if the next event of its goroutine says so. */
static int look_behind(struct old_check *check, struct old_g *g)
{
    struct buf *calls = &check->trace->streams[LEGACY_CALLS].bytes;
    const uint64_t call = g->call;

    g->call = 0;
    if (call != 0 && check->event->type == OLD_GO_SYS_BLOCK)
        calls->at[(call - 1) / 8] |= (uint8_t)(1u << (call - 1) % 8);
    if (check->event->type != OLD_GO_SYS_CALL)
        return 0;
    if (check->n_calls % 8 == 0)
        buf_put_u8(calls, 0);
    g->call = ++check->n_calls;
    return calls->failed ? no_memory(check) : 0;
}

int old_check_event(struct old_check *check, const struct old_event *event, struct old_check_place place)
{
    struct old_g *g = &check->gs[place.own];
    int r = 0;

    check->event = event;
    check->p = place.p;
    if (event->type != OLD_CPU_SAMPLE) { /* those are of any goroutine and processor, known or not */
        g->is_known = true;
        r = check_event(check, place.of, g, &check->gs[place.other]);
    }
    return r < 0 || (g->call == 0 && event->type != OLD_GO_SYS_CALL) ? r : look_behind(check, g);
}

void old_check_begin(struct old_check *check)
{
    struct old_stream *calls = &check->trace->streams[LEGACY_CALLS];

    map_clear(&check->tasks);
    check->n_regions = 0;
    check->free_region = MAP_NONE;
    check->n_calls = 0;
    check->gc = check->stopped = false;
    calls->bytes.size = 0;
    check->gs[0].state = RUNNING; /* nobody */
    check->gs[0].is_known = true;
}

void old_check_done(struct old_check *check)
{
    map_done(&check->tasks);
    free(check->regions);
}
