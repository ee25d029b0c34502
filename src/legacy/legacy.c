/* legacy.c
 *
 * In: an old trace's events. Out: the records of the new format that say the same. Never: a change of what was read.
 *
 * Most events are one record. Goroutines that were there before the trace are told as statuses, and those that have
 * told nothing of themselves when the trace says GOMAXPROCS for the first time are runnable. A system call, a moment in
 * the old format, is a begin and an end of 1 ns unless it blocks.
 */
#include "legacy_priv.h"

#include <stdlib.h>

struct task {
    uint64_t id, parent;
    const struct gxt_string *name;
};

/* What records have told so far, for those who ask for states. */
struct seen_g {
    gxt_goid id;
    gxt_threadid thread;
    uint8_t state;
};

struct seen_p {
    gxt_procid id;
    gxt_threadid thread; /* as the last ProcStart says; GXT_NO_THREAD when it is stopped */
    uint8_t state;
    bool told; /* a record has named it */
};

struct legacy {
    struct old_trace trace;
    struct gxt_error fault, bad; /* of the walk; of the trace as a whole */
    bool was_read, before_init, done;
    size_t next; /* of trace.events */
    uint64_t n_syncs;
    int64_t last_ns;
    uint64_t stop_reason; /* local string id */

    struct order_record *waiting; /* that follow the record handed out */
    size_t n_waiting, next_waiting, waiting_capacity;
    uint64_t *created; /* goroutines that were there before the trace, and have told nothing yet */
    size_t n_created, created_capacity;
    struct map created_places, task_places, g_places, p_places;
    struct task *tasks;
    struct seen_g *gs;
    struct seen_p *ps;
    size_t n_tasks, tasks_capacity, n_gs, gs_capacity, n_ps, ps_capacity;
};

static int no_memory(struct legacy *legacy)
{
    return fault_set(&legacy->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

int legacy_new(const struct source *source, uint64_t offset, int version, struct pool *pool, struct legacy **ret)
{
    struct legacy *legacy = calloc(1, sizeof *legacy);

    if (!legacy)
        return GXT_ENOMEM;
    legacy->trace = (struct old_trace){.source = source, .pool = pool, .begin = offset, .version = version};
    legacy_reset(legacy);
    *ret = legacy;
    return 0;
}

struct legacy *legacy_free(struct legacy *legacy)
{
    if (!legacy)
        return NULL;
    old_done(&legacy->trace);
    free(legacy->waiting);
    free(legacy->created);
    free(legacy->tasks);
    free(legacy->gs);
    free(legacy->ps);
    map_done(&legacy->created_places);
    map_done(&legacy->task_places);
    map_done(&legacy->g_places);
    map_done(&legacy->p_places);
    free(legacy);
    return NULL;
}

void legacy_reset(struct legacy *legacy)
{
    legacy->fault = legacy->bad;
    legacy->before_init = true;
    legacy->done = false;
    legacy->next = legacy->n_waiting = legacy->next_waiting = 0;
    legacy->n_syncs = 0;
    legacy->last_ns = -1; /* as in Go's reader: times begin at 0 */
    legacy->stop_reason = 0;
    legacy->n_created = legacy->n_tasks = legacy->n_gs = legacy->n_ps = 0;
    map_clear(&legacy->created_places);
    map_clear(&legacy->task_places);
    map_clear(&legacy->g_places);
    map_clear(&legacy->p_places);
}

/* ---- states ---- */

static struct seen_g *seen_g(struct legacy *legacy, gxt_goid id)
{
    uint32_t at = map_get(&legacy->g_places, (uint64_t)id);

    if (at == MAP_NONE) {
        struct seen_g *grown = array_grow(legacy->gs, legacy->n_gs, &legacy->gs_capacity, sizeof *grown);
        at = (uint32_t)legacy->n_gs;
        if (!grown)
            return NULL;
        legacy->gs = grown;
        if (map_put(&legacy->g_places, (uint64_t)id, at) < 0)
            return NULL;
        legacy->gs[legacy->n_gs++] = (struct seen_g){id, GXT_NO_THREAD, GXT_GO_NOT_EXIST};
    }
    return &legacy->gs[at];
}

static struct seen_p *seen_p(struct legacy *legacy, gxt_procid id)
{
    uint32_t at = map_get(&legacy->p_places, (uint64_t)id);

    if (at == MAP_NONE) {
        struct seen_p *grown = array_grow(legacy->ps, legacy->n_ps, &legacy->ps_capacity, sizeof *grown);
        at = (uint32_t)legacy->n_ps;
        if (!grown)
            return NULL;
        legacy->ps = grown;
        if (map_put(&legacy->p_places, (uint64_t)id, at) < 0)
            return NULL;
        legacy->ps[legacy->n_ps++] = (struct seen_p){id, GXT_NO_THREAD, GXT_PROC_UNDETERMINED, false};
    }
    return &legacy->ps[at];
}

static bool see_g(struct legacy *legacy, gxt_goid id, uint8_t state, gxt_threadid thread)
{
    struct seen_g *g = seen_g(legacy, id);

    if (!g)
        return false;
    g->state = state;
    g->thread = thread;
    return true;
}

/* Keeps what a record that is handed out says of states. */
static bool see(struct legacy *legacy, const struct order_record *record)
{
    switch (record->type) {
    case WIRE_GO_CREATE:
        return see_g(legacy, (gxt_goid)record->args[0], GXT_GO_RUNNABLE, GXT_NO_THREAD);
    case WIRE_GO_START:
        return see_g(legacy, (gxt_goid)record->args[0], GXT_GO_RUNNING, record->thread);
    case WIRE_GO_DESTROY:
        return see_g(legacy, record->goroutine, GXT_GO_NOT_EXIST, GXT_NO_THREAD);
    case WIRE_GO_STOP:
    case WIRE_GO_SYSCALL_END_BLOCKED:
        return see_g(legacy, record->goroutine, GXT_GO_RUNNABLE, GXT_NO_THREAD);
    case WIRE_GO_BLOCK:
        return see_g(legacy, record->goroutine, GXT_GO_WAITING, GXT_NO_THREAD);
    case WIRE_GO_UNBLOCK:
        return see_g(legacy, (gxt_goid)record->args[0], GXT_GO_RUNNABLE, GXT_NO_THREAD);
    case WIRE_GO_SYSCALL_BEGIN:
        return see_g(legacy, record->goroutine, GXT_GO_SYSCALL, record->thread);
    case WIRE_GO_SYSCALL_END:
        return see_g(legacy, record->goroutine, GXT_GO_RUNNING, record->thread);
    case WIRE_GO_STATUS:
        return see_g(legacy, (gxt_goid)record->args[0], record->to,
                     record->to == GXT_GO_RUNNING ? record->thread : GXT_NO_THREAD);
    case WIRE_PROC_START:
    case WIRE_PROC_STOP:
    case WIRE_PROC_STATUS: {
        struct seen_p *p = seen_p(legacy, (gxt_procid)record->args[0]);
        if (p) {
            p->state = record->type == WIRE_PROC_STATUS  ? record->to
                       : record->type == WIRE_PROC_START ? GXT_PROC_RUNNING
                                                         : GXT_PROC_IDLE;
            p->told = true;
        }
        return p != NULL;
    }
    default:
        return true;
    }
}

/* ---- records ---- */

static gxt_threadid thread_of(const struct legacy *legacy, int32_t p, gxt_threadid none)
{
    uint32_t at = p == -1 ? MAP_NONE : map_get(&legacy->p_places, (uint64_t)(int64_t)p);
    gxt_threadid thread = at == MAP_NONE ? GXT_NO_THREAD : legacy->ps[at].thread;

    return thread == GXT_NO_THREAD ? none : thread;
}

/* A record on the event's own processor and goroutine. */
static struct order_record record_of(const struct legacy *legacy, const struct old_event *event, uint8_t type)
{
    return (struct order_record){
        .time_ns = event->time,
        .thread = event->type == OLD_CPU_SAMPLE ? GXT_NO_THREAD : thread_of(legacy, event->p, GXT_NO_THREAD),
        .proc = event->p,
        .goroutine = event->g == 0 ? GXT_NO_GOROUTINE : (gxt_goid)event->g,
        .offset = event->offset,
        .type = type,
    };
}

static struct order_record *wait_with(struct legacy *legacy, struct order_record record)
{
    struct order_record *grown =
        array_grow(legacy->waiting, legacy->n_waiting, &legacy->waiting_capacity, sizeof *grown);

    if (!grown)
        return NULL;
    legacy->waiting = grown;
    legacy->waiting[legacy->n_waiting] = record;
    return &legacy->waiting[legacy->n_waiting++];
}

static int hand_out(struct legacy *legacy, struct order_record *record)
{
    if (record->time_ns <= legacy->last_ns)
        record->time_ns = (int64_t)((uint64_t)legacy->last_ns + 1);
    legacy->last_ns = record->time_ns;
    return see(legacy, record) ? 1 : no_memory(legacy);
}

static int sync(struct legacy *legacy, int64_t time_ns, bool tables, struct order_record *ret)
{
    *ret = (struct order_record){.time_ns = time_ns,
                                 .thread = GXT_NO_THREAD,
                                 .proc = GXT_NO_PROC,
                                 .goroutine = GXT_NO_GOROUTINE,
                                 .args = {++legacy->n_syncs},
                                 .offset = GXT_NO_OFFSET,
                                 .type = WIRE_SYNC_EVENT,
                                 .tables = tables};
    return 1;
}

/* ---- goroutines from before the trace ---- */

static int add_created(struct legacy *legacy, uint64_t g)
{
    uint64_t *grown = array_grow(legacy->created, legacy->n_created, &legacy->created_capacity, sizeof *grown);

    if (grown)
        legacy->created = grown;
    if (!grown || map_put(&legacy->created_places, g, 1) < 0)
        return no_memory(legacy);
    legacy->created[legacy->n_created++] = g;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The first GOMAXPROCS ends the beginning: who has told nothing is runnable. Go's reader tells them in no order. */
static int end_of_beginning(struct legacy *legacy, const struct old_event *event)
{
    legacy->before_init = false;
    if (legacy->n_created > 0)
        qsort(legacy->created, legacy->n_created, sizeof *legacy->created, by_id);
    for (size_t i = 0; i < legacy->n_created; i++) {
        if (map_get(&legacy->created_places, legacy->created[i]) == MAP_NONE)
            continue;
        struct order_record record = {.time_ns = event->time,
                                      .thread = GXT_NO_THREAD,
                                      .proc = GXT_NO_PROC,
                                      .goroutine = GXT_NO_GOROUTINE,
                                      .args = {legacy->created[i]},
                                      .offset = event->offset,
                                      .type = WIRE_GO_STATUS,
                                      .from = GXT_GO_UNDETERMINED,
                                      .to = GXT_GO_RUNNABLE};
        if (!wait_with(legacy, record))
            return no_memory(legacy);
        (void)map_remove(&legacy->created_places, legacy->created[i]); /* once, though it be listed twice */
    }
    return 0;
}

static void status(struct legacy *legacy, const struct old_event *event, uint8_t to, struct order_record *ret)
{
    *ret = record_of(legacy, event, WIRE_GO_STATUS);
    ret->args[0] = event->args[0];
    ret->from = GXT_GO_UNDETERMINED;
    ret->to = to;
    ret->run = to == GXT_GO_RUNNING ? GXT_RUN_BEGIN : GXT_RUN_SAME;
    (void)map_remove(&legacy->created_places, event->args[0]);
}

/* ---- one event ---- */

static int go_start(struct legacy *legacy, const struct old_event *event, struct order_record *ret)
{
    if (legacy->before_init && event->type == OLD_GO_START) {
        status(legacy, event, GXT_GO_RUNNING, ret);
        return 1;
    }
    *ret = record_of(legacy, event, WIRE_GO_START);
    ret->args[0] = event->args[0];
    ret->args[1] = event->args[1];
    if (event->type != OLD_GO_START_LABEL)
        return 1;
    /* Go's reader takes thread and goroutine as they are, 0 and all. */
    ret->goroutine = (gxt_goid)event->g;
    ret->thread = thread_of(legacy, event->p, 0);
    ret->label = event->args[2];
    struct order_record *label = wait_with(legacy, *ret);
    if (!label)
        return no_memory(legacy);
    label->type = WIRE_GO_LABEL;
    label->label = 0;
    label->args[0] = event->args[2];
    return 1;
}

static int system_call(struct legacy *legacy, const struct old_event *event, struct order_record *ret)
{
    *ret = record_of(legacy, event, WIRE_GO_SYSCALL_BEGIN);
    ret->args[1] = event->stack;
    if (event->args[0] != 0)
        return 1;
    ret->thread = thread_of(legacy, event->p, 0);
    ret->goroutine = (gxt_goid)event->g;
    struct order_record *end = wait_with(legacy, *ret);
    if (!end)
        return no_memory(legacy);
    end->type = WIRE_GO_SYSCALL_END;
    end->time_ns = (int64_t)((uint64_t)event->time + 1);
    return 1;
}

static int proc(struct legacy *legacy, const struct old_event *event, struct order_record *ret)
{
    const bool starts = event->type == OLD_PROC_START;
    struct seen_p *p = seen_p(legacy, event->p);

    if (!p)
        return no_memory(legacy);
    if (starts)
        p->thread = (gxt_threadid)event->args[0];
    *ret = record_of(legacy, event, p->told ? (starts ? WIRE_PROC_START : WIRE_PROC_STOP) : WIRE_PROC_STATUS);
    ret->args[0] = (uint64_t)(int64_t)event->p;
    ret->from = GXT_PROC_UNDETERMINED;
    ret->to = starts ? GXT_PROC_RUNNING : GXT_PROC_IDLE;
    if (!starts)
        p->thread = GXT_NO_THREAD;
    return 1;
}

static int task_begin(struct legacy *legacy, const struct old_event *event, struct order_record *ret)
{
    struct task *grown = array_grow(legacy->tasks, legacy->n_tasks, &legacy->tasks_capacity, sizeof *grown);

    if (grown)
        legacy->tasks = grown;
    if (!grown || map_put(&legacy->task_places, event->args[0], (uint32_t)legacy->n_tasks) < 0)
        return no_memory(legacy);
    const struct gxt_string *name = gen_table_get(&legacy->trace.gen.strings, event->args[2]);
    legacy->tasks[legacy->n_tasks++] =
        (struct task){event->args[0], event->args[1], name ? name : legacy->trace.gen.empty};
    *ret = record_of(legacy, event, WIRE_USER_TASK_BEGIN);
    ret->args[0] = event->args[0];
    ret->args[1] = event->args[1] == 0 ? GXT_NO_TASK : event->args[1];
    ret->args[2] = event->args[2];
    ret->args[3] = event->stack;
    return 1;
}

static int task_end(struct legacy *legacy, const struct old_event *event, struct order_record *ret)
{
    uint32_t at = map_get(&legacy->task_places, event->args[0]);

    *ret = record_of(legacy, event, WIRE_USER_TASK_END);
    ret->args[0] = event->args[0];
    ret->args[1] = event->stack;
    ret->args[2] = at == MAP_NONE ? GXT_NO_TASK : legacy->tasks[at].parent; /* 0 stays 0 here, as in Go's reader */
    ret->name = at == MAP_NONE ? legacy->trace.gen.empty : legacy->tasks[at].name;
    (void)map_remove(&legacy->task_places, event->args[0]);
    return 1;
}

/* A record whose arguments are those of the event, and its stack where the new type has one. */
static int plain(struct legacy *legacy, const struct old_event *event, uint8_t type, struct order_record *ret)
{
    *ret = record_of(legacy, event, type);
    memcpy(ret->args, event->args, sizeof event->args);
    if (old_specs[event->type].stack && wire_specs[type].stack != 0)
        ret->args[wire_specs[type].stack - 1] = event->stack;
    return 1;
}

static int leave(struct legacy *legacy, const struct old_event *event, uint8_t type, enum own_string reason,
                 struct order_record *ret)
{
    *ret = record_of(legacy, event, type);
    ret->args[0] = legacy->trace.first_own_id + reason;
    ret->args[1] = event->stack;
    return 1;
}

static int stop_the_world(struct legacy *legacy, const struct old_event *event, struct order_record *ret)
{
    uint64_t kind = event->args[0], reason = 0; /* unknown */

    /* Before Go 1.21 there were two kinds, from 0; then as many as the runtime has reasons. */
    if (legacy->trace.version < 21 && kind <= 1)
        reason = kind + 1;
    else if (legacy->trace.version == 21 && kind < N_OWN_STRINGS - OWN_STW)
        reason = kind;
    *ret = record_of(legacy, event, event->type == OLD_STW_START ? WIRE_STW_BEGIN : WIRE_STW_END);
    if (event->type == OLD_STW_START)
        legacy->stop_reason = legacy->trace.first_own_id + OWN_STW + reason;
    ret->args[0] = legacy->stop_reason;
    return 1;
}

static int annotation(struct legacy *legacy, const struct old_event *event, struct order_record *ret)
{
    const uint64_t *args = event->args;

    if (event->type == OLD_USER_LOG) {
        *ret = record_of(legacy, event, WIRE_USER_LOG);
        memcpy(ret->args, args, sizeof event->args);
        ret->args[3] = event->stack;
        return 1;
    }
    *ret = record_of(legacy, event, args[1] == 0 ? WIRE_USER_REGION_BEGIN : WIRE_USER_REGION_END);
    ret->args[0] = args[0];
    ret->args[1] = args[2];
    ret->args[2] = event->stack;
    return 1;
}

/* A table of what each event becomes. 1; 0 when it becomes nothing by itself; negative. */
static int convert(struct legacy *legacy, const struct old_event *event, struct order_record *ret)
{
    switch (event->type) {
    case OLD_GOMAXPROCS:
        return legacy->before_init ? end_of_beginning(legacy, event) : plain(legacy, event, WIRE_PROCS_CHANGE, ret);
    case OLD_PROC_START:
    case OLD_PROC_STOP:
        return proc(legacy, event, ret);
    case OLD_GC_START:
        return plain(legacy, event, WIRE_GC_BEGIN, ret);
    case OLD_GC_DONE:
        return plain(legacy, event, WIRE_GC_END, ret);
    case OLD_STW_START:
    case OLD_STW_DONE:
        return stop_the_world(legacy, event, ret);
    case OLD_GC_SWEEP_START:
        return plain(legacy, event, WIRE_GC_SWEEP_BEGIN, ret);
    case OLD_GC_SWEEP_DONE:
        return plain(legacy, event, WIRE_GC_SWEEP_END, ret);
    case OLD_GO_CREATE:
        return legacy->before_init ? add_created(legacy, event->args[0]) : plain(legacy, event, WIRE_GO_CREATE, ret);
    case OLD_GO_START:
    case OLD_GO_START_LABEL:
        return go_start(legacy, event, ret);
    case OLD_GO_END:
        return plain(legacy, event, WIRE_GO_DESTROY, ret);
    case OLD_GO_STOP:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_FOREVER, ret);
    case OLD_GO_SCHED:
        return leave(legacy, event, WIRE_GO_STOP, OWN_GOSCHED, ret);
    case OLD_GO_PREEMPT:
        return leave(legacy, event, WIRE_GO_STOP, OWN_PREEMPTED, ret);
    case OLD_GO_SLEEP:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_SLEEP, ret);
    case OLD_GO_BLOCK:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_EMPTY, ret);
    case OLD_GO_BLOCK_SEND:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_CHAN_SEND, ret);
    case OLD_GO_BLOCK_RECV:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_CHAN_RECEIVE, ret);
    case OLD_GO_BLOCK_SELECT:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_SELECT, ret);
    case OLD_GO_BLOCK_SYNC:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_SYNC, ret);
    case OLD_GO_BLOCK_COND:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_COND, ret);
    case OLD_GO_BLOCK_NET:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_NETWORK, ret);
    case OLD_GO_BLOCK_GC:
        return leave(legacy, event, WIRE_GO_BLOCK, OWN_MARK_ASSIST, ret);
    case OLD_GO_UNBLOCK:
        return plain(legacy, event, WIRE_GO_UNBLOCK, ret);
    case OLD_GO_SYS_CALL:
        return system_call(legacy, event, ret);
    case OLD_GO_SYS_EXIT:
        return plain(legacy, event, WIRE_GO_SYSCALL_END_BLOCKED, ret);
    case OLD_GO_SYS_BLOCK:
        return 0; /* told with its call */
    case OLD_GO_WAITING:
        status(legacy, event, GXT_GO_WAITING, ret);
        return 1;
    case OLD_GO_IN_SYSCALL:
        status(legacy, event, GXT_GO_SYSCALL, ret);
        return 1;
    case OLD_HEAP_ALLOC:
        return plain(legacy, event, WIRE_HEAP_ALLOC, ret);
    case OLD_HEAP_GOAL:
        return plain(legacy, event, WIRE_HEAP_GOAL, ret);
    case OLD_GC_MARK_ASSIST_START:
        return plain(legacy, event, WIRE_GC_MARK_ASSIST_BEGIN, ret);
    case OLD_GC_MARK_ASSIST_DONE:
        return plain(legacy, event, WIRE_GC_MARK_ASSIST_END, ret);
    case OLD_USER_TASK_CREATE:
        return task_begin(legacy, event, ret);
    case OLD_USER_TASK_END:
        return task_end(legacy, event, ret);
    case OLD_USER_REGION:
    case OLD_USER_LOG:
        return annotation(legacy, event, ret);
    case OLD_CPU_SAMPLE:
        *ret = record_of(legacy, event, WIRE_CPU_SAMPLE);
        ret->args[0] = event->stack;
        return 1;
    default:
        return fault_set(&legacy->fault, GXT_ECORRUPT, event->offset, "unexpected event type %u (%s)", event->type,
                         old_specs[event->type].name);
    }
}

/* ---- the walk ---- */

static void read_trace(struct legacy *legacy)
{
    legacy->was_read = true;
    if (old_read(&legacy->trace, &legacy->bad) < 0)
        legacy->fault = legacy->bad;
}

static int next_record(struct legacy *legacy, struct order_record *ret)
{
    for (;;) {
        if (legacy->next_waiting < legacy->n_waiting) {
            *ret = legacy->waiting[legacy->next_waiting++];
            return hand_out(legacy, ret);
        }
        legacy->n_waiting = legacy->next_waiting = 0;
        if (legacy->next == legacy->trace.n_events) {
            legacy->done = true;
            return sync(legacy, (int64_t)((uint64_t)legacy->last_ns + 1), false, ret);
        }
        int r = convert(legacy, &legacy->trace.events[legacy->next++], ret);
        if (r != 0)
            return r < 0 ? r : hand_out(legacy, ret);
    }
}

int legacy_next(struct legacy *legacy, struct order_record *ret)
{
    if (!legacy->was_read)
        read_trace(legacy);
    if (legacy->fault.code < 0)
        return legacy->fault.code;
    if (legacy->done)
        return 0;
    if (legacy->n_syncs == 0 && legacy->trace.n_events > 0)
        return sync(legacy, (int64_t)((uint64_t)legacy->trace.events[0].time - 1), true, ret);
    return next_record(legacy, ret);
}

const struct gxt_error *legacy_fault(const struct legacy *legacy)
{
    return &legacy->fault;
}

int legacy_fail(struct legacy *legacy, const struct gxt_error *fault)
{
    legacy->fault = *fault;
    return fault->code;
}

struct gen *legacy_gen(struct legacy *legacy)
{
    return legacy->was_read && legacy->bad.code == 0 ? &legacy->trace.gen : NULL;
}

uint64_t legacy_generations(const struct legacy *legacy)
{
    return legacy->n_syncs > 0 && legacy->trace.n_events > 0;
}

uint64_t legacy_bytes(const struct legacy *legacy)
{
    const struct old_trace *trace = &legacy->trace;

    if (legacy->done || trace->n_events == 0)
        return legacy->done ? trace->source->size : 0;
    return (uint64_t)((double)trace->source->size * ((double)legacy->next / (double)trace->n_events));
}

/* ---- the picture ---- */

static int by_signed(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static bool draw_goroutines(const struct legacy *legacy, struct gxt_states *states, struct arena *arena)
{
    struct gxt_goroutine_state *list = arena_alloc(arena, (legacy->n_gs + 1) * sizeof *list);

    for (size_t i = 0; list && i < legacy->n_gs; i++)
        if (legacy->gs[i].state != GXT_GO_NOT_EXIST)
            list[states->n_goroutines++] = (struct gxt_goroutine_state){
                .id = legacy->gs[i].id, .thread = legacy->gs[i].thread, .state = legacy->gs[i].state};
    if (list)
        qsort(list, states->n_goroutines, sizeof *list, by_signed);
    states->goroutines = list;
    return list != NULL;
}

static bool draw_procs(const struct legacy *legacy, struct gxt_states *states, struct arena *arena)
{
    struct gxt_proc_state *list = arena_alloc(arena, (legacy->n_ps + 1) * sizeof *list);
    struct gxt_thread_state *threads = arena_alloc(arena, (legacy->n_ps + 1) * sizeof *threads);

    for (size_t i = 0; list && threads && i < legacy->n_ps; i++) {
        const struct seen_p *p = &legacy->ps[i];
        if (!p->told)
            continue;
        list[states->n_procs++] = (struct gxt_proc_state){.id = p->id, .thread = p->thread, .state = p->state};
        if (p->thread != GXT_NO_THREAD)
            threads[states->n_threads++] = (struct gxt_thread_state){p->thread, p->id, GXT_NO_GOROUTINE};
    }
    if (!list || !threads)
        return false;
    for (size_t i = 0; i < states->n_threads; i++)
        for (size_t g = 0; g < states->n_goroutines; g++)
            if (states->goroutines[g].thread == threads[i].id)
                threads[i].goroutine = states->goroutines[g].id;
    qsort(list, states->n_procs, sizeof *list, by_signed);
    qsort(threads, states->n_threads, sizeof *threads, by_signed);
    states->procs = list;
    states->threads = threads;
    return true;
}

static bool draw_tasks(const struct legacy *legacy, struct gxt_states *states, struct arena *arena)
{
    struct gxt_task_state *list = arena_alloc(arena, (legacy->n_tasks + 1) * sizeof *list);

    for (size_t i = 0; list && i < legacy->n_tasks; i++)
        if (map_get(&legacy->task_places, legacy->tasks[i].id) == i)
            list[states->n_tasks++] =
                (struct gxt_task_state){legacy->tasks[i].id, legacy->tasks[i].parent, legacy->tasks[i].name};
    if (list)
        qsort(list, states->n_tasks, sizeof *list, by_id);
    states->tasks = list;
    return list != NULL;
}

int legacy_states(const struct legacy *legacy, struct gxt_states **ret)
{
    struct arena *arena;
    struct gxt_states *states = order_states_new(&arena);

    if (!states)
        return GXT_ENOMEM;
    states->time_ns = legacy->n_syncs > 0 ? legacy->last_ns : 0;
    if (!draw_goroutines(legacy, states, arena) || !draw_procs(legacy, states, arena) ||
        !draw_tasks(legacy, states, arena)) {
        order_states_free(states);
        return GXT_ENOMEM;
    }
    *ret = states;
    return 0;
}
