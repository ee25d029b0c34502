/* resolve.c
 *
 * In: a record with its generation's own ids. Out: an event with content. Never: an order, a state.
 *
 * What an event says follows from its wire type: a row of the table below.
 */
#include "resolve.h"

#include "legacy_quick.h"
#include "order_quick.h"

/* Whose transition it is. */
enum subject {
    THE_CONTEXT,
    THE_ARGUMENT
};

struct row {
    uint8_t kind;     /* enum gxt_kind */
    uint8_t resource; /* of a transition or range */
    uint8_t subject;  /* whose id */
    uint8_t from, to; /* of a transition, but with STATES, where the record says */
    uint8_t run;      /* of a transition, the same */
    uint8_t range;    /* enum gxt_range_kind */
    uint8_t metric;   /* place in resolver.metrics */
    bool own_stack;   /* a transition's stack is the event's */
    uint8_t more;     /* what a transition says beside the row: enum more */
};

enum more {
    PLAIN,
    A_REASON,
    A_START_STACK,
    A_LABEL,
    STATES
};

#define GO(who, ...)                                                                                                   \
    {                                                                                                                  \
        .kind = GXT_KIND_STATE_TRANSITION, .resource = GXT_RESOURCE_GOROUTINE, .subject = (who), __VA_ARGS__           \
    }
#define PROC(who, ...)                                                                                                 \
    {                                                                                                                  \
        .kind = GXT_KIND_STATE_TRANSITION, .resource = GXT_RESOURCE_PROC, .subject = (who), __VA_ARGS__                \
    }
#define RANGE(what, of, whose, which)                                                                                  \
    {                                                                                                                  \
        .kind = (what), .resource = (of), .subject = (whose), .range = (which)                                         \
    }
#define FROM(a, b) .from = (a), .to = (b)

static const struct row rows[256] = {
    [WIRE_SYNC_EVENT] = {.kind = GXT_KIND_SYNC},
    [WIRE_CPU_SAMPLE] = {.kind = GXT_KIND_STACK_SAMPLE},
    [WIRE_PROCS_CHANGE] = {.kind = GXT_KIND_METRIC, .metric = 0},
    [WIRE_HEAP_ALLOC] = {.kind = GXT_KIND_METRIC, .metric = 1},
    [WIRE_HEAP_GOAL] = {.kind = GXT_KIND_METRIC, .metric = 2},
    [WIRE_GO_LABEL] = {.kind = GXT_KIND_LABEL},

    [WIRE_PROC_START] = PROC(THE_ARGUMENT, FROM(GXT_PROC_IDLE, GXT_PROC_RUNNING)),
    [WIRE_PROC_STOP] = PROC(THE_CONTEXT, FROM(GXT_PROC_RUNNING, GXT_PROC_IDLE)),
    [WIRE_PROC_STEAL] = PROC(THE_ARGUMENT, .more = STATES),
    [WIRE_PROC_STATUS] = PROC(THE_ARGUMENT, .more = STATES),

    [WIRE_GO_CREATE] = GO(THE_ARGUMENT, FROM(GXT_GO_NOT_EXIST, GXT_GO_RUNNABLE), .more = A_START_STACK),
    [WIRE_GO_CREATE_BLOCKED] = GO(THE_ARGUMENT, FROM(GXT_GO_NOT_EXIST, GXT_GO_WAITING), .more = A_START_STACK),
    [WIRE_GO_CREATE_SYSCALL] = GO(THE_ARGUMENT, FROM(GXT_GO_NOT_EXIST, GXT_GO_SYSCALL), .run = GXT_RUN_BEGIN),
    [WIRE_GO_START] = GO(THE_ARGUMENT, FROM(GXT_GO_RUNNABLE, GXT_GO_RUNNING), .run = GXT_RUN_BEGIN, .more = A_LABEL),
    [WIRE_GO_DESTROY] = GO(THE_CONTEXT, FROM(GXT_GO_RUNNING, GXT_GO_NOT_EXIST), .run = GXT_RUN_END),
    [WIRE_GO_DESTROY_SYSCALL] = GO(THE_CONTEXT, FROM(GXT_GO_SYSCALL, GXT_GO_NOT_EXIST), .run = GXT_RUN_END),
    [WIRE_GO_STOP] =
        GO(THE_CONTEXT, FROM(GXT_GO_RUNNING, GXT_GO_RUNNABLE), .run = GXT_RUN_END, .own_stack = true, .more = A_REASON),
    [WIRE_GO_BLOCK] =
        GO(THE_CONTEXT, FROM(GXT_GO_RUNNING, GXT_GO_WAITING), .run = GXT_RUN_END, .own_stack = true, .more = A_REASON),
    [WIRE_GO_UNBLOCK] = GO(THE_ARGUMENT, FROM(GXT_GO_WAITING, GXT_GO_RUNNABLE)),
    /* Of a switch's three events the first is this; the others are a block or destroy, and a start. */
    [WIRE_GO_SWITCH] = GO(THE_ARGUMENT, FROM(GXT_GO_WAITING, GXT_GO_RUNNABLE)),
    [WIRE_GO_SWITCH_DESTROY] = GO(THE_ARGUMENT, FROM(GXT_GO_WAITING, GXT_GO_RUNNABLE)),
    [WIRE_GO_SYSCALL_BEGIN] = GO(THE_CONTEXT, FROM(GXT_GO_RUNNING, GXT_GO_SYSCALL), .own_stack = true),
    [WIRE_GO_SYSCALL_END] = GO(THE_CONTEXT, FROM(GXT_GO_SYSCALL, GXT_GO_RUNNING)),
    [WIRE_GO_SYSCALL_END_BLOCKED] = GO(THE_CONTEXT, FROM(GXT_GO_SYSCALL, GXT_GO_RUNNABLE), .run = GXT_RUN_END),
    [WIRE_GO_STATUS] = GO(THE_ARGUMENT, .more = STATES),
    [WIRE_GO_STATUS_STACK] = GO(THE_ARGUMENT, .more = STATES, .own_stack = true),

    [WIRE_STW_BEGIN] = RANGE(GXT_KIND_RANGE_BEGIN, GXT_RESOURCE_GOROUTINE, THE_CONTEXT, GXT_RANGE_STOP_THE_WORLD),
    [WIRE_STW_END] = RANGE(GXT_KIND_RANGE_END, GXT_RESOURCE_GOROUTINE, THE_CONTEXT, GXT_RANGE_STOP_THE_WORLD),
    [WIRE_GC_BEGIN] = RANGE(GXT_KIND_RANGE_BEGIN, GXT_RESOURCE_NONE, THE_CONTEXT, GXT_RANGE_GC_MARK),
    [WIRE_GC_ACTIVE] = RANGE(GXT_KIND_RANGE_ACTIVE, GXT_RESOURCE_NONE, THE_CONTEXT, GXT_RANGE_GC_MARK),
    [WIRE_GC_END] = RANGE(GXT_KIND_RANGE_END, GXT_RESOURCE_NONE, THE_CONTEXT, GXT_RANGE_GC_MARK),
    [WIRE_GC_SWEEP_BEGIN] = RANGE(GXT_KIND_RANGE_BEGIN, GXT_RESOURCE_PROC, THE_CONTEXT, GXT_RANGE_GC_SWEEP),
    [WIRE_GC_SWEEP_ACTIVE] = RANGE(GXT_KIND_RANGE_ACTIVE, GXT_RESOURCE_PROC, THE_ARGUMENT, GXT_RANGE_GC_SWEEP),
    [WIRE_GC_SWEEP_END] = RANGE(GXT_KIND_RANGE_END, GXT_RESOURCE_PROC, THE_CONTEXT, GXT_RANGE_GC_SWEEP),
    [WIRE_GC_MARK_ASSIST_BEGIN] =
        RANGE(GXT_KIND_RANGE_BEGIN, GXT_RESOURCE_GOROUTINE, THE_CONTEXT, GXT_RANGE_GC_MARK_ASSIST),
    [WIRE_GC_MARK_ASSIST_ACTIVE] =
        RANGE(GXT_KIND_RANGE_ACTIVE, GXT_RESOURCE_GOROUTINE, THE_ARGUMENT, GXT_RANGE_GC_MARK_ASSIST),
    [WIRE_GC_MARK_ASSIST_END] =
        RANGE(GXT_KIND_RANGE_END, GXT_RESOURCE_GOROUTINE, THE_CONTEXT, GXT_RANGE_GC_MARK_ASSIST),

    [WIRE_USER_TASK_BEGIN] = {.kind = GXT_KIND_TASK_BEGIN},
    [WIRE_USER_TASK_END] = {.kind = GXT_KIND_TASK_END},
    [WIRE_USER_REGION_BEGIN] = {.kind = GXT_KIND_REGION_BEGIN},
    [WIRE_USER_REGION_END] = {.kind = GXT_KIND_REGION_END},
    [WIRE_USER_LOG] = {.kind = GXT_KIND_LOG},

    [WIRE_SPAN] = {.kind = GXT_KIND_EXPERIMENTAL},
    [WIRE_SPAN_ALLOC] = {.kind = GXT_KIND_EXPERIMENTAL},
    [WIRE_SPAN_FREE] = {.kind = GXT_KIND_EXPERIMENTAL},
    [WIRE_HEAP_OBJECT] = {.kind = GXT_KIND_EXPERIMENTAL},
    [WIRE_HEAP_OBJECT_ALLOC] = {.kind = GXT_KIND_EXPERIMENTAL},
    [WIRE_HEAP_OBJECT_FREE] = {.kind = GXT_KIND_EXPERIMENTAL},
    [WIRE_GOROUTINE_STACK] = {.kind = GXT_KIND_EXPERIMENTAL},
    [WIRE_GOROUTINE_STACK_ALLOC] = {.kind = GXT_KIND_EXPERIMENTAL},
    [WIRE_GOROUTINE_STACK_FREE] = {.kind = GXT_KIND_EXPERIMENTAL},
};

/* ---- the strings of our own ---- */

static int intern(struct pool *pool, const char *text, const struct gxt_string **ret)
{
    return pool_string(pool, text, strlen(text), ret);
}

int resolver_init(struct resolver *resolver, struct pool *pool)
{
    static const char *const metrics[3] = {"/sched/gomaxprocs:threads", "/memory/classes/heap/objects:bytes",
                                           "/gc/heap/goal:bytes"};
    static const char *const ranges[GXT_RANGE_GC_MARK_ASSIST + 1] = {[GXT_RANGE_GC_MARK] = "GC concurrent mark phase",
                                                                     [GXT_RANGE_GC_SWEEP] = "GC incremental sweep",
                                                                     [GXT_RANGE_GC_MARK_ASSIST] = "GC mark assist"};
    int r;

    *resolver = (struct resolver){.pool = pool};
    if ((r = intern(pool, "", &resolver->empty)) < 0)
        return r;
    for (size_t i = 0; i < 3; i++)
        if ((r = intern(pool, metrics[i], &resolver->metrics[i])) < 0)
            return r;
    for (size_t i = GXT_RANGE_GC_MARK; i <= GXT_RANGE_GC_MARK_ASSIST; i++)
        if ((r = intern(pool, ranges[i], &resolver->ranges[i])) < 0)
            return r;
    for (int i = GXT_REASON_UNSPECIFIED; i < GXT_N_REASONS; i++) {
        const struct gxt_string *reason;
        r = intern(pool, word_reason(i), &reason);
        if (r == 0)
            r = map_put(&resolver->reasons, reason->id, (uint32_t)i);
        if (r < 0)
            break;
    }
    if (r < 0)
        resolver_done(resolver);
    return r;
}

void resolver_done(struct resolver *resolver)
{
    map_done(&resolver->reasons);
}

/* ---- one event ---- */

/* What one call has at hand. Look-ups that fail fill the fault, which is looked at once. */
struct look {
    struct resolver *resolver;
    struct gen *gen;
    const struct order_record *record;
    struct gxt_error *fault;
    int code; /* 0 while none failed */
};

static void unknown(struct look *look, const struct gen_table *table, const char *what, uint64_t id)
{
    const struct order_record *record = look->record;
    struct gxt_error fault;

    if (table->lost < 0) {
        look->code = gen_lost(table, look->fault);
        return;
    }
    (void)fault_set(&fault, GXT_ECORRUPT, record->offset, "%s names %s %llu, which its generation does not have",
                    wire_specs[record->type].name, what, (unsigned long long)id);
    if (look->resolver->recovers) {
        look->resolver->loss.n_names++;
        look->resolver->loss.first = fault;
        return;
    }
    look->code = fault.code;
    *look->fault = fault;
}

static inline __attribute__((always_inline)) const struct gxt_string *string_at(struct look *look, uint64_t id)
{
    if (id == 0)
        return look->resolver->empty;
    const struct gxt_string *string = gen_table_get(&look->gen->strings, id);
    if (UNLIKELY(!string)) {
        unknown(look, &look->gen->strings, "string", id);
        string = look->resolver->empty; /* looked at only where the fault is left out */
    }
    return string;
}

static inline __attribute__((always_inline)) const struct gxt_stack *stack_at(struct look *look, uint64_t id)
{
    if (id == 0)
        return NULL;
    const struct gxt_stack *stack = gen_table_get(&look->gen->stacks, id);
    if (UNLIKELY(!stack))
        unknown(look, &look->gen->stacks, "stack", id);
    return stack;
}

static void put_sync(const struct look *look, struct gxt_sync *sync)
{
    const struct gen *gen = look->record->tables ? look->gen : NULL;

    sync->n = look->record->args[0];
    if (!gen)
        return;
    sync->generation = gen->dir.number;
    sync->has_snapshot = gen->has_snapshot;
    if (!gen->has_snapshot)
        return;
    sync->clock_ns = gen_time(gen->ns_per_tick, gen->snapshot_tick);
    sync->mono_ns = gen->mono_ns;
    sync->wall_sec = (int64_t)gen->wall_sec;
    sync->wall_nsec = (int64_t)gen->wall_nsec;
}

static inline __attribute__((always_inline)) int64_t subject_of(const struct row *row,
                                                                const struct order_record *record)
{
    if (row->subject == THE_ARGUMENT)
        return (int64_t)record->args[0];
    switch (row->resource) {
    case GXT_RESOURCE_GOROUTINE:
        return record->goroutine;
    case GXT_RESOURCE_PROC:
        return record->proc;
    default:
        return -1;
    }
}

static __attribute__((noinline)) uint8_t find_reason(struct resolver *resolver, const struct gxt_string *reason,
                                                     size_t at)
{
    uint32_t code = map_get(&resolver->reasons, reason->id);

    resolver->seen[at].text = reason;
    resolver->seen[at].code = code == MAP_NONE ? GXT_REASON_OTHER : (uint8_t)code;
    return resolver->seen[at].code;
}

static inline uint8_t reason_code(struct resolver *resolver, const struct gxt_string *reason)
{
    const size_t at = ((uintptr_t)reason / _Alignof(struct gxt_string)) % RESOLVER_SEEN;

    return LIKELY(resolver->seen[at].text == reason) ? resolver->seen[at].code : find_reason(resolver, reason, at);
}

/* What a row says of a transition. */
static inline __attribute__((always_inline)) void put_row(const struct row *row, struct gxt_transition *transition)
{
    transition->label = NULL;
    transition->resource = row->resource;
    transition->from = row->from;
    transition->to = row->to;
    transition->run = row->run;
    transition->stolen = false;
}

/* By far the most events are these, so every field is written once: clearing first would write most of them twice. */
static inline __attribute__((always_inline)) void put_transition(struct look *look, const struct row *row,
                                                                 struct gxt_event *event)
{
    const struct order_record *record = look->record;
    struct gxt_transition *transition = &event->transition;

    transition->id = subject_of(row, record);
    transition->reason = look->resolver->empty;
    transition->stack = row->own_stack ? event->stack : NULL;
    put_row(row, transition);
    transition->reason_code = GXT_REASON_NONE;
    if (LIKELY(row->more == PLAIN))
        return;

    switch (row->more) {
    case A_REASON:
        if (record->args[0] == 0)
            break;
        transition->reason = string_at(look, record->args[0]);
        if (LIKELY(transition->reason != NULL))
            transition->reason_code = reason_code(look->resolver, transition->reason);
        break;
    case A_START_STACK:
        transition->stack = stack_at(look, record->args[1]);
        break;
    case A_LABEL:
        if (LIKELY(record->label == 0))
            break;
        transition->label = gen_table_get(&look->gen->strings, record->label);
        if (!transition->label && look->gen->strings.lost < 0)
            look->code = gen_lost(&look->gen->strings, look->fault);
        break; /* one that is not in the table is told when the label itself comes */
    default:   /* STATES */
        transition->from = record->from;
        transition->to = record->to;
        transition->stolen = record->type == WIRE_PROC_STEAL;
        if (row->resource == GXT_RESOURCE_GOROUTINE && record->run != GXT_RUN_SAME) {
            transition->run = record->run;
        }
        break;
    }
}

/* Go's name of a stop-the-world: not in the trace, so made here, once for each description. */
static const struct gxt_string *stop_name(struct look *look, const struct gxt_string *detail)
{
    char text[WIRE_MAX_STRING + 32] = "stop-the-world (";
    size_t length = strlen(text);
    const struct gxt_string *name = NULL;

    memcpy(text + length, detail->at, detail->len);
    length += detail->len;
    text[length++] = ')';
    int r = pool_string(look->resolver->pool, text, length, &name);
    if (r < 0)
        look->code = fault_set(look->fault, r, GXT_NO_OFFSET, "no memory for another string");
    return name;
}

static inline void put_range(struct look *look, const struct row *row, struct gxt_range *range)
{
    static const uint8_t scopes[] = {[GXT_RANGE_OTHER] = GXT_SCOPE_PROCESS,
                                     [GXT_RANGE_STOP_THE_WORLD] = GXT_SCOPE_PROCESS,
                                     [GXT_RANGE_GC_MARK] = GXT_SCOPE_PROCESS,
                                     [GXT_RANGE_GC_SWEEP] = GXT_SCOPE_PROC,
                                     [GXT_RANGE_GC_MARK_ASSIST] = GXT_SCOPE_GOROUTINE};
    const struct order_record *record = look->record;

    range->range = row->range;
    range->scope = scopes[row->range];
    range->resource = row->resource;
    range->id = subject_of(row, record);
    range->name = look->resolver->ranges[row->range];
    range->detail = NULL;
    range->bytes_swept = range->bytes_reclaimed = 0;
    if (row->range == GXT_RANGE_STOP_THE_WORLD) {
        range->detail = string_at(look, record->args[0]);
        if (range->detail)
            range->name = stop_name(look, range->detail);
    }
    if (row->kind == GXT_KIND_RANGE_END && row->range == GXT_RANGE_GC_SWEEP) {
        range->bytes_swept = record->args[0];
        range->bytes_reclaimed = record->args[1];
    }
}

static inline void put_metric(const struct look *look, const struct row *row, struct gxt_metric *metric)
{
    metric->name = look->resolver->metrics[row->metric];
    metric->value = look->record->args[0];
}

static inline void put_experimental(const struct look *look, uint8_t type, struct gxt_experimental *experimental)
{
    experimental->n_args = wire_specs[type].n_args;
    for (unsigned i = 0; i < WIRE_MAX_ARGS; i++)
        experimental->args[i] = i < wire_specs[type].n_args ? look->record->args[i] : 0;
}

static void put_task(struct look *look, struct gxt_task *task)
{
    const struct order_record *record = look->record;

    task->id = record->args[0];
    if (record->type == WIRE_USER_TASK_BEGIN) {
        task->parent = record->args[1];
        task->type = string_at(look, record->args[2]);
    } else {
        task->parent = record->args[2];
        task->type = record->name;
    }
}

static void put_log(struct look *look, struct gxt_log *log)
{
    log->task = look->record->args[0];
    log->category = string_at(look, look->record->args[1]);
    log->message = string_at(look, look->record->args[2]);
}

/* Not inlined, so that the way of the many stays short. */
static __attribute__((noinline)) void put_details(struct look *look, const struct row *row, struct gxt_event *event)
{
    const struct order_record *record = look->record;

    event->sync = (struct gxt_sync){0}; /* the largest of the union's */
    switch (row->kind) {
    case GXT_KIND_SYNC:
        put_sync(look, &event->sync);
        break;
    case GXT_KIND_METRIC:
        put_metric(look, row, &event->metric);
        break;
    case GXT_KIND_LABEL:
        event->label = (struct gxt_label){string_at(look, record->args[0]), record->goroutine};
        break;
    case GXT_KIND_STACK_SAMPLE:
        event->stack = stack_at(look, record->args[0]);
        break;
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        put_range(look, row, &event->range);
        break;
    case GXT_KIND_TASK_BEGIN:
    case GXT_KIND_TASK_END:
        put_task(look, &event->task);
        break;
    case GXT_KIND_REGION_BEGIN:
    case GXT_KIND_REGION_END:
        event->region = (struct gxt_region){record->args[0], string_at(look, record->args[1])};
        break;
    case GXT_KIND_LOG:
        put_log(look, &event->log);
        break;
    case GXT_KIND_EXPERIMENTAL:
        put_experimental(look, record->type, &event->experimental);
        break;
    default:
        break;
    }
}

/* All but the context. Of a known type the row is known too, and most of what follows is a choice no more. */
static inline __attribute__((always_inline)) int put_rest(struct look *look, uint8_t type, struct gxt_event *ret)
{
    const struct order_record *record = look->record;
    const struct row *row = &rows[type];
    const uint8_t stack = type == WIRE_CPU_SAMPLE ? 0 : wire_specs[type].stack;

    ret->kind = row->kind;
    ret->wire_type = type;
    ret->flags = record->flags;
    ret->stack = stack != 0 ? stack_at(look, record->args[stack - 1]) : NULL;
    if (LIKELY(row->kind == GXT_KIND_STATE_TRANSITION))
        put_transition(look, row, ret);
    else
        put_details(look, row, ret);
    return look->code;
}

int resolve(struct resolver *resolver, struct gen *gen, const struct order_record *record, struct gxt_event *ret,
            struct gxt_error *fault)
{
    struct look look = {.resolver = resolver, .gen = gen, .record = record, .fault = fault};

    ret->time_ns = record->time_ns;
    ret->thread = record->thread;
    ret->proc = record->proc;
    ret->goroutine = record->goroutine;
    return put_rest(&look, record->type, ret);
}

/* ---- what is usual ---- */

/* A table as far as its entries are at hand. */
struct at_hand {
    const void *const *dense;
    size_t n, n_solid;
};

/* What is at hand for all events of a call, so that nothing is asked for twice. */
struct quick {
    struct resolver *resolver;
    const struct gxt_string *empty;
    struct at_hand strings, stacks;
};

static inline struct at_hand at_hand(const struct gen_table *table)
{
    static const void *const nothing[1] = {NULL};

    return (struct at_hand){table->n_dense > 0 ? table->dense : nothing, table->n_dense, table->n_solid};
}

static inline struct quick quick_of(struct resolver *resolver, const struct gen *gen)
{
    return (struct quick){resolver, resolver->empty, at_hand(&gen->strings), at_hand(&gen->stacks)};
}

/* Whether what has this id is at hand: it, or NULL for 0. Who has it not leaves it to others, who tell why. */
QUICK bool quick_get(const struct at_hand *table, uint64_t id, const void **ret)
{
    if (LIKELY(id <= table->n_solid)) {
        *ret = table->dense[id];
        return true;
    }
    *ret = id < table->n ? table->dense[id] : NULL;
    return *ret != NULL;
}

/* The same where it is not wanted. */
QUICK bool quick_has(const struct at_hand *table, uint64_t id)
{
    return LIKELY(id <= table->n_solid) || (id < table->n && table->dense[id] != NULL);
}

/* put_transition() of a type that is known, for states that are. */
QUICK bool put_quick_transition(const struct quick *quick, const struct row *row, const struct gxt_stack *stack,
                                const uint64_t *args, struct gxt_event *event)
{
    struct gxt_transition *transition = &event->transition;
    const void *reason = NULL, *start = NULL;

    if (row->more == A_REASON && UNLIKELY(!quick_get(&quick->strings, args[0], &reason)))
        return false;
    if (row->more == A_START_STACK && UNLIKELY(!quick_get(&quick->stacks, args[1], &start)))
        return false;
    transition->id = row->subject == THE_ARGUMENT              ? (int64_t)args[0]
                     : row->resource == GXT_RESOURCE_GOROUTINE ? event->goroutine
                                                               : event->proc;
    transition->reason = reason ? reason : quick->empty;
    transition->stack = row->own_stack ? stack : start;
    put_row(row, transition);
    transition->reason_code = reason ? reason_code(quick->resolver, reason) : GXT_REASON_NONE;
    return true;
}

QUICK bool put_quick(void *user, struct gxt_event *event, const uint64_t *args, uint8_t type)
{
    const struct quick *quick = user;
    const struct row *row = &rows[type];
    const uint8_t stack_arg = wire_specs[type].stack;
    const void *stack = NULL;
    struct order_record record = {.proc = event->proc, .goroutine = event->goroutine, .type = type};
    struct look look = {.resolver = quick->resolver, .record = &record};

    if (stack_arg != 0 && UNLIKELY(!quick_get(&quick->stacks, args[stack_arg - 1], &stack)))
        return false;
    if (row->kind == GXT_KIND_STATE_TRANSITION && !put_quick_transition(quick, row, stack, args, event))
        return false;
    event->stack = stack;
    event->kind = row->kind;
    event->wire_type = type;
    event->flags = 0;
    if (type == WIRE_GO_STATUS || type == WIRE_GO_STATUS_STACK) {
        event->transition.from = event->transition.to = sched_go_state[(uint8_t)args[2]];
    } else if (type == WIRE_PROC_STEAL) {
        event->transition.from = GXT_PROC_RUNNING;
        event->transition.to = GXT_PROC_IDLE;
        event->transition.stolen = true;
    }
    if (row->kind == GXT_KIND_STATE_TRANSITION)
        return true;
    for (unsigned i = 0; i < wire_specs[type].n_args; i++)
        record.args[i] = args[i];
    if (row->kind == GXT_KIND_METRIC)
        put_metric(&look, row, &event->metric);
    else if (row->kind == GXT_KIND_EXPERIMENTAL)
        put_experimental(&look, type, &event->experimental);
    else
        put_range(&look, row, &event->range);
    return true;
}

size_t resolve_quick(struct resolver *resolver, struct order *order, size_t most, uint64_t ordinal,
                     struct gxt_event *ret)
{
    struct quick quick = quick_of(resolver, &order->gen);

    return order_quick(order, most, put_quick, NULL, &quick, ordinal, ret, 1);
}

size_t resolve_quick_old(struct resolver *resolver, struct legacy *legacy, size_t most, uint64_t ordinal,
                         struct gxt_event *ret)
{
    struct quick quick = quick_of(resolver, &legacy->trace.gen);

    return legacy_quick(legacy, most, put_quick, &quick, ordinal, ret);
}

struct counting {
    struct gen *gen;
    uint64_t *counts;
};

QUICK bool count_quick(void *user, struct gxt_event *event, const uint64_t *args, uint8_t type)
{
    const struct counting *counting = user;
    struct gen *gen = counting->gen;
    const uint8_t stack = wire_specs[type].stack;

    (void)event;
    if (stack != 0 && UNLIKELY(!gen_table_has(&gen->stacks, args[stack - 1])))
        return false;
    if (rows[type].more == A_START_STACK && UNLIKELY(!gen_table_has(&gen->stacks, args[1])))
        return false;
    if (rows[type].more == A_REASON && UNLIKELY(!gen_table_has(&gen->strings, args[0])))
        return false;
    counting->counts[rows[type].kind]++;
    return true;
}

size_t resolve_count(struct order *order, size_t most, uint64_t counts[GXT_N_KINDS], int64_t *ret_ns)
{
    struct counting counting = {&order->gen, counts};
    struct gxt_event event;
    const size_t n = order_quick(order, most, count_quick, NULL, &counting, 0, &event, 0);

    if (n > 0)
        *ret_ns = order->last_ns;
    return n;
}

struct tallying {
    struct quick quick;
    const struct resolve_taker *taker;
    struct nearby *nearby; /* the taker's */
    struct order_run *run; /* of the thread at hand: n events are not yet counted for the goroutine that runs */
};

/* Counts events for a goroutine that is nearby, or can be brought there. Return: whether it could. */
QUICK bool count_nearby(const struct tallying *tallying, gxt_goid id, uint64_t n, int64_t last_ns)
{
    struct nearby_g *g = nearby_g(tallying->nearby, id);

    if (UNLIKELY(g->id != id) && !tallying->taker->bring(tallying->taker->user, id))
        return false;
    g->n_events += n;
    g->last_ns = last_ns;
    return true;
}

QUICK const struct gxt_stack *stack_at_hand(const struct quick *quick, uint64_t id)
{
    return id < quick->stacks.n ? quick->stacks.dense[id] : NULL;
}

/* Counts an event about a goroutine. One that is met with its state is counted elsewhere if it is not nearby: it may be
 * one of a crowd. What else needs it there: who runs is counted so, and of what is several events all are counted here
 * or none. Return: whether it could. */
QUICK bool count_about(const struct tallying *tallying, const struct gxt_event *event, const uint64_t *args,
                       uint8_t type)
{
    const gxt_goid id = (gxt_goid)args[0];
    const struct gxt_stack *stack =
        rows[type].own_stack ? stack_at_hand(&tallying->quick, args[wire_specs[type].stack - 1]) : NULL;

    if (rows[type].more != STATES || nearby_g(tallying->nearby, id)->id == id)
        return count_nearby(tallying, id, 1, event->time_ns);
    tallying->taker->meet(tallying->taker->user, id, event->time_ns, stack);
    return true;
}

/* What was not there begins here. */
QUICK bool begin_nearby(const struct tallying *tallying, const struct gxt_event *event, const uint64_t *args,
                        uint8_t type)
{
    const struct quick *quick = &tallying->quick;
    const struct birth birth = {.id = (gxt_goid)args[0],
                                .creator = event->goroutine,
                                .time_ns = event->time_ns,
                                .start = stack_at_hand(quick, args[1]),
                                .stack = stack_at_hand(quick, args[wire_specs[type].stack - 1])};

    return tallying->taker->begin(tallying->taker->user, &birth);
}

/* Whether what an event names is at hand. */
QUICK bool has_names(const struct quick *quick, const uint64_t *args, uint8_t type)
{
    const struct row *row = &rows[type];
    const uint8_t stack_arg = wire_specs[type].stack;

    return (stack_arg == 0 || quick_has(&quick->stacks, args[stack_arg - 1])) &&
           (row->more != A_REASON || quick_has(&quick->strings, args[0])) &&
           (row->more != A_START_STACK || quick_has(&quick->stacks, args[1]));
}

QUICK bool is_seen(const struct nearby *nearby, unsigned kind, int64_t id)
{
    return LIKELY(nearby->seen[kind][(uint64_t)id % NEARBY_SEEN] == id);
}

QUICK void see(const struct tallying *tallying, gxt_threadid thread, gxt_procid processor)
{
    const struct resolve_taker *taker = tallying->taker;

    if (UNLIKELY(!is_seen(tallying->nearby, SEEN_M, thread) || !is_seen(tallying->nearby, SEEN_P, processor)))
        taker->see(taker->user, thread, processor);
}

/* Whether the thread does not run the goroutine of its context any more. */
QUICK bool leaves(uint8_t type)
{
    return type == WIRE_GO_BLOCK || type == WIRE_GO_STOP || type == WIRE_GO_DESTROY ||
           type == WIRE_GO_SYSCALL_END_BLOCKED;
}

/* What is usual belongs to its context, and to the goroutine or processor that its row says it is about. For the
 * context's goroutine events are counted together, when it stops running or the thread has no more at the moment. */
QUICK bool tally_quick(void *user, struct gxt_event *event, const uint64_t *args, uint8_t type)
{
    struct tallying *tallying = user;
    const struct resolve_taker *taker = tallying->taker;
    const struct row *row = &rows[type];
    const bool is_about = row->kind == GXT_KIND_STATE_TRANSITION && row->subject == THE_ARGUMENT;
    const bool begins = row->more == A_START_STACK;
    const bool has_other = is_about && !begins && row->resource == GXT_RESOURCE_GOROUTINE;

    if (UNLIKELY(!has_names(&tallying->quick, args, type)))
        return false;
    if (has_other && (type == WIRE_GO_START || LIKELY((gxt_goid)args[0] != event->goroutine)) &&
        UNLIKELY(!count_about(tallying, event, args, type)))
        return false;
    if (begins && UNLIKELY(!begin_nearby(tallying, event, args, type)))
        return false;
    if (leaves(type))
        (void)count_nearby(tallying, event->goroutine, tallying->run->n + 1, event->time_ns);
    if (leaves(type) || type == WIRE_GO_START)
        tallying->run->n = UINT64_MAX; /* none, with this event */
    if (row->to == GXT_GO_NOT_EXIST)
        taker->end(taker->user, event->goroutine);
    if (is_about && row->resource == GXT_RESOURCE_PROC)
        see(tallying, event->thread, (gxt_procid)args[0]);
    tallying->nearby->n_by_kind[row->kind]++;
    return true;
}

/* A goroutine of which something is sought is not counted here. */
QUICK bool tally_may(void *user, gxt_goid goroutine)
{
    const struct tallying *tallying = user;
    const struct resolve_taker *taker = tallying->taker;

    return goroutine == GXT_NO_GOROUTINE || LIKELY(nearby_g(tallying->nearby, goroutine)->id == goroutine) ||
           taker->may_bring(taker->user, goroutine);
}

QUICK void tally_turn(void *user, struct order_run *run)
{
    struct tallying *tallying = user;

    tallying->run = run;
}

QUICK void tally_ran(void *user, gxt_threadid thread, const struct order_run *run, gxt_goid goroutine)
{
    struct tallying *tallying = user;

    see(tallying, thread, run->processor);
    if (goroutine != GXT_NO_GOROUTINE && run->n != 0)
        (void)count_nearby(tallying, goroutine, run->n, run->last_ns);
}

static const struct order_turns tally_turns = {tally_may, tally_turn, tally_ran};

size_t resolve_tally(struct resolver *resolver, struct order *order, size_t most, const struct resolve_taker *taker,
                     int64_t *ret_ns)
{
    struct tallying tallying = {quick_of(resolver, &order->gen), taker, taker->nearby, NULL};
    struct gxt_event event;
    const size_t n = order_quick(order, most, tally_quick, &tally_turns, &tallying, 0, &event, 0);

    if (n > 0)
        *ret_ns = order->last_ns;
    return n;
}

void resolve_counts(const uint64_t by_type[256], uint64_t counts[GXT_N_KINDS])
{
    for (size_t type = 0; type < 256; type++)
        if (by_type[type] > 0)
            counts[rows[type].kind] += by_type[type];
}
