/* convert.c
 *
 * In: an old trace's events. Out: the records of the new format that say the same. Never: an order.
 *
 * Most events are one record. Goroutines that were there before the trace are told as statuses, and those that have
 * told nothing of themselves when the trace says GOMAXPROCS for the first time are runnable. A system call, a moment in
 * the old format, is a begin and an end of 1 ns unless it blocks.
 */
#include "legacy_priv.h"

#include <stdlib.h>

int old_no_memory(struct legacy *legacy)
{
    return fault_set(&legacy->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

/* ---- states ---- */

/* Whoever was near before may have to go to the map. Return: whether there was memory. */
static bool come_near(struct legacy *legacy, uint64_t id, uint32_t at)
{
    uint32_t *near = &legacy->near[id % OLD_NEAR];
    struct seen_g *before = &legacy->gs[*near];

    if (*near != 0 && !before->is_far) {
        if (id_map_put(&legacy->g_places, (uint64_t)before->id, *near) < 0)
            return false;
        before->is_far = true;
    }
    *near = at;
    return true;
}

uint32_t old_far_place(struct legacy *legacy, uint64_t id)
{
    const uint32_t at = id_map_get(&legacy->g_places, id);

    if (at == MAP_NONE)
        return 0;
    (void)come_near(legacy, id, at); /* without memory it stays far */
    return at;
}

static struct seen_g *add_seen_g(struct legacy *legacy, gxt_goid id)
{
    uint32_t at;

    if (legacy->n_free > 0) {
        at = legacy->free_gs[--legacy->n_free];
    } else {
        at = (uint32_t)legacy->n_gs;
        if (legacy->n_gs >= MAP_NONE || !ROOM(legacy->gs, legacy->n_gs, legacy->gs_capacity))
            return NULL;
        legacy->n_gs++;
    }
    legacy->gs[at] = (struct seen_g){.id = id, .thread = GXT_NO_THREAD, .state = GXT_GO_NOT_EXIST};
    return come_near(legacy, (uint64_t)id, at) ? &legacy->gs[at] : NULL;
}

struct seen_g *old_seen_g(struct legacy *legacy, gxt_goid id)
{
    struct seen_g *g = old_there(legacy, (uint64_t)id);
    return LIKELY(g != NULL) ? g : add_seen_g(legacy, id);
}

static inline bool see_g(struct legacy *legacy, gxt_goid id, uint8_t state, gxt_threadid thread)
{
    struct seen_g *g = old_seen_g(legacy, id);

    if (UNLIKELY(!g))
        return false;
    g->state = state;
    g->thread = thread;
    return true;
}

bool old_forget_g(struct legacy *legacy, gxt_goid id)
{
    const uint32_t at = old_place_of(legacy, (uint64_t)id);
    uint32_t *near = &legacy->near[(uint64_t)id % OLD_NEAR];

    if (at == 0)
        return true;
    if (!ROOM(legacy->free_gs, legacy->n_free, legacy->free_capacity))
        return false;
    legacy->free_gs[legacy->n_free++] = at;
    if (legacy->gs[at].is_far)
        id_map_remove(&legacy->g_places, (uint64_t)id);
    if (*near == at)
        *near = 0;
    legacy->gs[at].state = GXT_GO_NOT_EXIST;
    return true;
}

static bool see_p(struct legacy *legacy, const struct order_record *record)
{
    const size_t at = old_lane_of(&legacy->trace, record->proc);

    if (at == legacy->trace.n_lanes)
        return true;
    legacy->ps[at].state = record->type == WIRE_PROC_STATUS  ? record->to
                           : record->type == WIRE_PROC_START ? GXT_PROC_RUNNING
                                                             : GXT_PROC_IDLE;
    legacy->ps[at].told = true;
    return true;
}

bool old_see(struct legacy *legacy, const struct order_record *record)
{
    switch (record->type) {
    case WIRE_GO_CREATE:
    case WIRE_GO_UNBLOCK:
        return see_g(legacy, (gxt_goid)record->args[0], GXT_GO_RUNNABLE, GXT_NO_THREAD);
    case WIRE_GO_START:
        return see_g(legacy, (gxt_goid)record->args[0], GXT_GO_RUNNING, record->thread);
    case WIRE_GO_DESTROY:
        return old_forget_g(legacy, record->goroutine);
    case WIRE_GO_STOP:
    case WIRE_GO_SYSCALL_END_BLOCKED:
        return see_g(legacy, record->goroutine, GXT_GO_RUNNABLE, GXT_NO_THREAD);
    case WIRE_GO_BLOCK:
        return see_g(legacy, record->goroutine, GXT_GO_WAITING, GXT_NO_THREAD);
    case WIRE_GO_SYSCALL_BEGIN:
        return see_g(legacy, record->goroutine, GXT_GO_SYSCALL, record->thread);
    case WIRE_GO_SYSCALL_END:
        return see_g(legacy, record->goroutine, GXT_GO_RUNNING, record->thread);
    case WIRE_GO_STATUS:
        return see_g(legacy, (gxt_goid)record->args[0], record->to,
                     record->to == GXT_GO_RUNNING ? record->thread : GXT_NO_THREAD);
    case WIRE_PROC_START:
    case WIRE_PROC_STOP:
    case WIRE_PROC_STATUS:
        return see_p(legacy, record);
    default:
        return true;
    }
}

/* ---- records ---- */

/* An event that is being converted, and where it is. */
struct now {
    const struct old_event *event;
    int64_t time_ns;
    uint32_t lane;
    int32_t p;
};

/* What no processor of the trace did has one of Go's reader's own. */
static __attribute__((noinline)) int32_t special_p(struct legacy *legacy, const struct old_event *event, int32_t p)
{
    switch (event->plain) {
    case OLD_GO_SYS_EXIT:
        return SYSCALL_P;
    case OLD_GC_START:
        return GC_P;
    case OLD_CPU_SAMPLE:
        return (int32_t)event->args[0];
    case OLD_GO_UNBLOCK: {
        const struct seen_g *g = old_there(legacy, event->args[0]);
        if (g && g->on_network)
            return NETPOLL_P;
        return map_get(&legacy->trace.timers, event->g) != MAP_NONE ? TIMER_P : p;
    }
    default:
        return p;
    }
}

static inline gxt_threadid thread_of(const struct legacy *legacy, const struct now *now, gxt_threadid none)
{
    const struct old_trace *trace = &legacy->trace;
    size_t at = now->lane;

    if (UNLIKELY(at >= trace->n_lanes || trace->lanes[at].p != now->p))
        at = old_lane_of(trace, now->p);
    if (now->p == -1 || at == trace->n_lanes || legacy->ps[at].thread == GXT_NO_THREAD)
        return none;
    return legacy->ps[at].thread;
}

/* A record on the event's own processor and goroutine. */
static inline void record_of(const struct legacy *legacy, const struct now *now, uint8_t type, struct order_record *ret)
{
    const struct old_event *event = now->event;

    *ret = (struct order_record){
        .time_ns = now->time_ns,
        .thread = event->type == OLD_CPU_SAMPLE ? GXT_NO_THREAD : thread_of(legacy, now, GXT_NO_THREAD),
        .proc = now->p,
        .goroutine = event->g == 0 ? GXT_NO_GOROUTINE : (gxt_goid)event->g,
        .offset = event->offset,
        .type = type,
    };
}

/* An event that names a stack without frames, or none at all, has none. */
static inline uint64_t stack_of(struct legacy *legacy, const struct old_event *event)
{
    struct gen_table *stacks = &legacy->trace.gen.stacks;

    if (event->stack == 0 || LIKELY(gen_table_get(stacks, event->stack) != NULL) || stacks->lost < 0)
        return event->stack;
    return map_get(&legacy->trace.bad_stacks, event->stack) == MAP_NONE ? 0 : event->stack;
}

static struct order_record *wait_with(struct legacy *legacy, struct order_record record)
{
    if (!ROOM(legacy->waiting, legacy->n_waiting, legacy->waiting_capacity))
        return NULL;
    legacy->waiting[legacy->n_waiting] = record;
    return &legacy->waiting[legacy->n_waiting++];
}

/* ---- goroutines from before the trace ---- */

int old_add_created(struct legacy *legacy, uint64_t g)
{
    if (!ROOM(legacy->created, legacy->n_created, legacy->created_capacity) ||
        map_put(&legacy->created_places, g, 1) < 0)
        return old_no_memory(legacy);
    legacy->created[legacy->n_created++] = g;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The first GOMAXPROCS ends the beginning: who has told nothing is runnable. Go's reader tells them in no order. */
static int end_of_beginning(struct legacy *legacy, const struct now *now)
{
    legacy->before_init = false;
    if (legacy->n_created > 0)
        qsort(legacy->created, legacy->n_created, sizeof *legacy->created, by_id);
    for (size_t i = 0; i < legacy->n_created; i++) {
        if (map_get(&legacy->created_places, legacy->created[i]) == MAP_NONE)
            continue;
        struct order_record record = {.time_ns = now->time_ns,
                                      .thread = GXT_NO_THREAD,
                                      .proc = GXT_NO_PROC,
                                      .goroutine = GXT_NO_GOROUTINE,
                                      .args = {legacy->created[i]},
                                      .offset = now->event->offset,
                                      .type = WIRE_GO_STATUS,
                                      .from = GXT_GO_UNDETERMINED,
                                      .to = GXT_GO_RUNNABLE};
        if (!wait_with(legacy, record))
            return old_no_memory(legacy);
        (void)map_remove(&legacy->created_places, legacy->created[i]); /* once, though it be listed twice */
    }
    return 0;
}

static void status(struct legacy *legacy, const struct now *now, uint8_t to, struct order_record *ret)
{
    record_of(legacy, now, WIRE_GO_STATUS, ret);
    ret->args[0] = now->event->args[0];
    ret->from = GXT_GO_UNDETERMINED;
    ret->to = to;
    ret->run = to == GXT_GO_RUNNING ? GXT_RUN_BEGIN : GXT_RUN_SAME;
    (void)map_remove(&legacy->created_places, now->event->args[0]);
}

/* ---- one event ---- */

static int go_start(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    const struct old_event *event = now->event;

    if (UNLIKELY(legacy->before_init) && event->plain == OLD_GO_START) {
        status(legacy, now, GXT_GO_RUNNING, ret);
        return 1;
    }
    record_of(legacy, now, WIRE_GO_START, ret);
    ret->args[0] = event->args[0];
    ret->args[1] = event->args[1];
    if (LIKELY(event->type != OLD_GO_START_LABEL))
        return 1;
    /* Go's reader takes thread and goroutine as they are, 0 and all. */
    ret->goroutine = (gxt_goid)event->g;
    ret->thread = thread_of(legacy, now, 0);
    ret->label = event->args[2];
    struct order_record *label = wait_with(legacy, *ret);
    if (!label)
        return old_no_memory(legacy);
    label->type = WIRE_GO_LABEL;
    label->label = 0;
    label->args[0] = event->args[2];
    return 1;
}

static int system_call(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    const struct old_event *event = now->event;
    int blocks = old_sequence_blocks(legacy->sequence);

    record_of(legacy, now, WIRE_GO_SYSCALL_BEGIN, ret);
    ret->args[1] = stack_of(legacy, event);
    if (blocks != 0)
        return blocks;
    ret->thread = thread_of(legacy, now, 0);
    ret->goroutine = (gxt_goid)event->g;
    struct order_record *end = wait_with(legacy, *ret);
    if (!end)
        return old_no_memory(legacy);
    end->type = WIRE_GO_SYSCALL_END;
    end->time_ns = (int64_t)((uint64_t)now->time_ns + 1);
    return 1;
}

static int proc(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    const struct old_event *event = now->event;
    const bool starts = event->plain == OLD_PROC_START;
    struct seen_p *p = &legacy->ps[now->lane];

    if (starts)
        p->thread = (gxt_threadid)event->args[0];
    record_of(legacy, now, p->told ? (starts ? WIRE_PROC_START : WIRE_PROC_STOP) : WIRE_PROC_STATUS, ret);
    ret->args[0] = (uint64_t)(int64_t)now->p;
    ret->from = GXT_PROC_UNDETERMINED;
    ret->to = starts ? GXT_PROC_RUNNING : GXT_PROC_IDLE;
    if (!starts)
        p->thread = GXT_NO_THREAD;
    return 1;
}

int old_add_task(struct legacy *legacy, struct old_task task)
{
    if (!ROOM(legacy->tasks, legacy->n_tasks, legacy->tasks_capacity) || legacy->n_tasks >= MAP_NONE ||
        map_put(&legacy->task_places, task.id, (uint32_t)legacy->n_tasks) < 0)
        return old_no_memory(legacy);
    legacy->tasks[legacy->n_tasks++] = task;
    return 0;
}

static int task_begin(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    const uint64_t *args = now->event->args;
    int r = old_add_task(legacy, (struct old_task){args[0], args[1], args[2]});

    record_of(legacy, now, WIRE_USER_TASK_BEGIN, ret);
    ret->args[0] = args[0];
    ret->args[1] = args[1] == 0 ? GXT_NO_TASK : args[1];
    ret->args[2] = args[2];
    ret->args[3] = stack_of(legacy, now->event);
    return r < 0 ? r : 1;
}

static int task_end(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    const uint64_t id = now->event->args[0];
    const uint32_t at = map_get(&legacy->task_places, id);

    record_of(legacy, now, WIRE_USER_TASK_END, ret);
    ret->args[0] = id;
    ret->args[1] = stack_of(legacy, now->event);
    ret->args[2] = GXT_NO_TASK;
    ret->name = legacy->trace.gen.empty;
    if (at == MAP_NONE)
        return 1;
    const struct old_task task = legacy->tasks[at], last = legacy->tasks[--legacy->n_tasks];
    ret->args[2] = task.parent; /* 0 stays 0 here, as in Go's reader */
    const struct gxt_string *name = gen_table_get(&legacy->trace.gen.strings, task.name);
    if (name)
        ret->name = name;
    else if (legacy->trace.gen.strings.lost < 0)
        return gen_lost(&legacy->trace.gen.strings, &legacy->fault);
    (void)map_remove(&legacy->task_places, id);
    legacy->tasks[at] = last;
    if (last.id != id && map_put(&legacy->task_places, last.id, at) < 0)
        return old_no_memory(legacy);
    return 1;
}

/* A record whose arguments are those of the event, and its stack where the new type has one. */
static int plain(struct legacy *legacy, const struct now *now, uint8_t type, struct order_record *ret)
{
    const struct old_event *event = now->event;

    record_of(legacy, now, type, ret);
    memcpy(ret->args, event->args, sizeof event->args);
    if (old_specs[event->plain].stack && wire_specs[type].stack != 0)
        ret->args[wire_specs[type].stack - 1] = stack_of(legacy, event);
    return 1;
}

static int leave(struct legacy *legacy, const struct now *now, uint8_t type, enum own_string reason,
                 struct order_record *ret)
{
    record_of(legacy, now, type, ret);
    ret->args[0] = legacy->trace.first_own_id + reason;
    ret->args[1] = stack_of(legacy, now->event);
    return 1;
}

/* Who unblocks it is the network. */
static int block_on_network(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    struct seen_g *g = old_seen_g(legacy, (gxt_goid)now->event->g);

    if (!g)
        return old_no_memory(legacy);
    g->on_network = true;
    return leave(legacy, now, WIRE_GO_BLOCK, OWN_NETWORK, ret);
}

static int unblock(struct legacy *legacy, const struct now *now, uint8_t type, struct order_record *ret)
{
    struct seen_g *g = old_there(legacy, now->event->args[0]);

    if (g)
        g->on_network = false;
    return plain(legacy, now, type, ret);
}

static int stop_the_world(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    const bool begins = now->event->plain == OLD_STW_START;
    const uint64_t kind = now->event->args[0];
    uint64_t reason = 0; /* unknown */

    /* Before Go 1.21 there were two kinds, from 0; then as many as the runtime has reasons. */
    if (legacy->trace.version < 21 && kind <= 1)
        reason = kind + 1;
    else if (legacy->trace.version == 21 && kind < N_OWN_STRINGS - OWN_STW)
        reason = kind;
    record_of(legacy, now, begins ? WIRE_STW_BEGIN : WIRE_STW_END, ret);
    if (begins)
        legacy->stop_reason = legacy->trace.first_own_id + OWN_STW + reason;
    ret->args[0] = legacy->stop_reason;
    return 1;
}

static int annotation(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    const uint64_t *args = now->event->args;

    if (now->event->plain == OLD_USER_LOG) {
        record_of(legacy, now, WIRE_USER_LOG, ret);
        memcpy(ret->args, args, sizeof now->event->args);
        ret->args[3] = stack_of(legacy, now->event);
        return 1;
    }
    record_of(legacy, now, args[1] == 0 ? WIRE_USER_REGION_BEGIN : WIRE_USER_REGION_END, ret);
    ret->args[0] = args[0];
    ret->args[1] = args[2];
    ret->args[2] = stack_of(legacy, now->event);
    return 1;
}

static int sample(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    record_of(legacy, now, WIRE_CPU_SAMPLE, ret);
    ret->args[0] = stack_of(legacy, now->event);
    return 1;
}

/* A table of what each event becomes. 1; 0 when it becomes nothing by itself; negative. */
static inline int convert(struct legacy *legacy, const struct now *now, struct order_record *ret)
{
    switch (now->event->plain) {
    case OLD_GOMAXPROCS:
        return legacy->before_init ? end_of_beginning(legacy, now) : plain(legacy, now, WIRE_PROCS_CHANGE, ret);
    case OLD_PROC_START:
    case OLD_PROC_STOP:
        return proc(legacy, now, ret);
    case OLD_GC_START:
        return plain(legacy, now, WIRE_GC_BEGIN, ret);
    case OLD_GC_DONE:
        return plain(legacy, now, WIRE_GC_END, ret);
    case OLD_STW_START:
    case OLD_STW_DONE:
        return stop_the_world(legacy, now, ret);
    case OLD_GC_SWEEP_START:
        return plain(legacy, now, WIRE_GC_SWEEP_BEGIN, ret);
    case OLD_GC_SWEEP_DONE:
        return plain(legacy, now, WIRE_GC_SWEEP_END, ret);
    case OLD_GO_CREATE:
        return legacy->before_init ? old_add_created(legacy, now->event->args[0])
                                   : plain(legacy, now, WIRE_GO_CREATE, ret);
    case OLD_GO_START:
    case OLD_GO_START_LABEL:
        return go_start(legacy, now, ret);
    case OLD_GO_END:
        return plain(legacy, now, WIRE_GO_DESTROY, ret);
    case OLD_GO_STOP:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_FOREVER, ret);
    case OLD_GO_SCHED:
        return leave(legacy, now, WIRE_GO_STOP, OWN_GOSCHED, ret);
    case OLD_GO_PREEMPT:
        return leave(legacy, now, WIRE_GO_STOP, OWN_PREEMPTED, ret);
    case OLD_GO_SLEEP:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_SLEEP, ret);
    case OLD_GO_BLOCK:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_EMPTY, ret);
    case OLD_GO_BLOCK_SEND:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_CHAN_SEND, ret);
    case OLD_GO_BLOCK_RECV:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_CHAN_RECEIVE, ret);
    case OLD_GO_BLOCK_SELECT:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_SELECT, ret);
    case OLD_GO_BLOCK_SYNC:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_SYNC, ret);
    case OLD_GO_BLOCK_COND:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_COND, ret);
    case OLD_GO_BLOCK_NET:
        return block_on_network(legacy, now, ret);
    case OLD_GO_BLOCK_GC:
        return leave(legacy, now, WIRE_GO_BLOCK, OWN_MARK_ASSIST, ret);
    case OLD_GO_UNBLOCK:
        return unblock(legacy, now, WIRE_GO_UNBLOCK, ret);
    case OLD_GO_SYS_CALL:
        return system_call(legacy, now, ret);
    case OLD_GO_SYS_EXIT:
        return unblock(legacy, now, WIRE_GO_SYSCALL_END_BLOCKED, ret);
    case OLD_GO_SYS_BLOCK:
        return 0; /* told with its call */
    case OLD_GO_WAITING:
        status(legacy, now, GXT_GO_WAITING, ret);
        return 1;
    case OLD_GO_IN_SYSCALL:
        status(legacy, now, GXT_GO_SYSCALL, ret);
        return 1;
    case OLD_HEAP_ALLOC:
        return plain(legacy, now, WIRE_HEAP_ALLOC, ret);
    case OLD_HEAP_GOAL:
        return plain(legacy, now, WIRE_HEAP_GOAL, ret);
    case OLD_GC_MARK_ASSIST_START:
        return plain(legacy, now, WIRE_GC_MARK_ASSIST_BEGIN, ret);
    case OLD_GC_MARK_ASSIST_DONE:
        return plain(legacy, now, WIRE_GC_MARK_ASSIST_END, ret);
    case OLD_USER_TASK_CREATE:
        return task_begin(legacy, now, ret);
    case OLD_USER_TASK_END:
        return task_end(legacy, now, ret);
    case OLD_USER_REGION:
    case OLD_USER_LOG:
        return annotation(legacy, now, ret);
    case OLD_CPU_SAMPLE:
        return sample(legacy, now, ret);
    default:
        return fault_set(&legacy->fault, GXT_ECORRUPT, now->event->offset, "unexpected event type %u (%s)",
                         now->event->plain, old_specs[now->event->plain].name);
    }
}

static const bool special_types[64] = {
    [OLD_GO_SYS_EXIT] = true, [OLD_GC_START] = true, [OLD_CPU_SAMPLE] = true, [OLD_GO_UNBLOCK] = true};

int old_convert(struct legacy *legacy, struct order_record *ret)
{
    struct old_sequence *sequence = legacy->sequence;
    const struct old_event *event = sequence->event;
    const struct old_trace *trace = &legacy->trace;
    struct now now = {.event = event, .time_ns = old_time_of(legacy, event->time), .lane = sequence->lane};

    now.p = LIKELY(now.lane < trace->n_lanes) ? trace->lanes[now.lane].p : SYSCALL_P;
    if (special_types[event->plain])
        now.p = special_p(legacy, event, now.p);
    int r = convert(legacy, &now, ret);
    if (r >= 0)
        old_sequence_take(sequence);
    return r;
}
