/* test_resolve.c: what an event says, by the type of its record.
 */
#include "resolve.h"

#include <criterion/criterion.h>

/* A generation with the strings 1 "sleep", 2 "a reason of tomorrow", 3 "read mem stats" and the stacks 1 and 2. */
struct world {
    struct pool *pool;
    struct resolver resolver;
    struct gen gen;
    const struct gxt_string *strings[4];
    const struct gxt_stack *stacks[3];
};

static void make(struct world *world)
{
    static const char *const texts[] = {NULL, "sleep", "a reason of tomorrow", "read mem stats"};
    struct gen_entry entries[3];
    size_t bad;

    memset(world, 0, sizeof *world);
    cr_assert_eq(pool_new(&world->pool), 0);
    cr_assert_eq(resolver_init(&world->resolver, world->pool), 0);
    for (uint64_t i = 1; i <= 3; i++) {
        cr_assert_eq(pool_string(world->pool, texts[i], strlen(texts[i]), &world->strings[i]), 0);
        entries[i - 1] = (struct gen_entry){i, world->strings[i]};
    }
    cr_assert_eq(gen_table_build(&world->gen.strings, entries, 3, &bad), 0);
    for (uint64_t i = 1; i <= 2; i++) {
        struct gxt_frame frame = {.pc = i, .line = i, .func = world->strings[1], .file = world->strings[2]};
        cr_assert_eq(pool_stack(world->pool, &frame, 1, &world->stacks[i]), 0);
        entries[i - 1] = (struct gen_entry){i, world->stacks[i]};
    }
    cr_assert_eq(gen_table_build(&world->gen.stacks, entries, 2, &bad), 0);
    world->gen.empty = world->resolver.empty;
}

static void done(struct world *world)
{
    gen_done(&world->gen);
    resolver_done(&world->resolver);
    pool_free(world->pool);
}

/* A record of a type on thread 5, processor 6, goroutine 7, with arguments. */
#define RECORD(kind, ...)                                                                                              \
    (struct order_record)                                                                                              \
    {                                                                                                                  \
        .time_ns = 99, .thread = 5, .proc = 6, .goroutine = 7, .type = (kind), .offset = 1234, .args = { __VA_ARGS__ } \
    }

static struct gxt_event event_of(struct world *world, struct order_record record)
{
    struct gxt_event event;
    struct gxt_error fault = {0};

    memset(&event, 0xa5, sizeof event);
    cr_assert_eq(resolve(&world->resolver, &world->gen, &record, &event, &fault), 0, "%s", fault.message);
    cr_assert_eq(event.time_ns, 99);
    cr_assert_eq(event.thread, 5);
    cr_assert_eq(event.proc, 6);
    cr_assert_eq(event.goroutine, 7);
    cr_assert_eq(event.wire_type, record.type);
    return event;
}

Test(resolve, knows_every_timed_type)
{
    struct world world;

    make(&world);
    for (unsigned type = 0; type < 255; type++) {
        if (!wire_specs[type].timed || type == WIRE_CLOCK_SNAPSHOT || type == WIRE_USER_TASK_END)
            continue;
        struct gxt_event event = event_of(&world, RECORD((uint8_t)type, 0));
        cr_assert_neq(event.kind, GXT_KIND_BAD, "%s", wire_specs[type].name);
        cr_assert_lt(event.kind, GXT_N_KINDS);
    }
    done(&world);
}

Test(resolve, tells_transitions)
{
    static const struct {
        uint8_t type, resource;
        int64_t id;
        uint8_t from, to, run;
    } cases[] = {
        {WIRE_GO_CREATE, GXT_RESOURCE_GOROUTINE, 1, GXT_GO_NOT_EXIST, GXT_GO_RUNNABLE, GXT_RUN_SAME},
        {WIRE_GO_CREATE_BLOCKED, GXT_RESOURCE_GOROUTINE, 1, GXT_GO_NOT_EXIST, GXT_GO_WAITING, GXT_RUN_SAME},
        {WIRE_GO_CREATE_SYSCALL, GXT_RESOURCE_GOROUTINE, 1, GXT_GO_NOT_EXIST, GXT_GO_SYSCALL, GXT_RUN_BEGIN},
        {WIRE_GO_START, GXT_RESOURCE_GOROUTINE, 1, GXT_GO_RUNNABLE, GXT_GO_RUNNING, GXT_RUN_BEGIN},
        {WIRE_GO_DESTROY, GXT_RESOURCE_GOROUTINE, 7, GXT_GO_RUNNING, GXT_GO_NOT_EXIST, GXT_RUN_END},
        {WIRE_GO_DESTROY_SYSCALL, GXT_RESOURCE_GOROUTINE, 7, GXT_GO_SYSCALL, GXT_GO_NOT_EXIST, GXT_RUN_END},
        {WIRE_GO_STOP, GXT_RESOURCE_GOROUTINE, 7, GXT_GO_RUNNING, GXT_GO_RUNNABLE, GXT_RUN_END},
        {WIRE_GO_BLOCK, GXT_RESOURCE_GOROUTINE, 7, GXT_GO_RUNNING, GXT_GO_WAITING, GXT_RUN_END},
        {WIRE_GO_UNBLOCK, GXT_RESOURCE_GOROUTINE, 1, GXT_GO_WAITING, GXT_GO_RUNNABLE, GXT_RUN_SAME},
        {WIRE_GO_SWITCH, GXT_RESOURCE_GOROUTINE, 1, GXT_GO_WAITING, GXT_GO_RUNNABLE, GXT_RUN_SAME},
        {WIRE_GO_SWITCH_DESTROY, GXT_RESOURCE_GOROUTINE, 1, GXT_GO_WAITING, GXT_GO_RUNNABLE, GXT_RUN_SAME},
        {WIRE_GO_SYSCALL_BEGIN, GXT_RESOURCE_GOROUTINE, 7, GXT_GO_RUNNING, GXT_GO_SYSCALL, GXT_RUN_SAME},
        {WIRE_GO_SYSCALL_END, GXT_RESOURCE_GOROUTINE, 7, GXT_GO_SYSCALL, GXT_GO_RUNNING, GXT_RUN_SAME},
        {WIRE_GO_SYSCALL_END_BLOCKED, GXT_RESOURCE_GOROUTINE, 7, GXT_GO_SYSCALL, GXT_GO_RUNNABLE, GXT_RUN_END},
        {WIRE_PROC_START, GXT_RESOURCE_PROC, 1, GXT_PROC_IDLE, GXT_PROC_RUNNING, GXT_RUN_SAME},
        {WIRE_PROC_STOP, GXT_RESOURCE_PROC, 6, GXT_PROC_RUNNING, GXT_PROC_IDLE, GXT_RUN_SAME},
    };
    struct world world;

    make(&world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = wire_specs[cases[i].type].name;
        struct gxt_event event = event_of(&world, RECORD(cases[i].type, 1, 1, 1));
        cr_assert_eq(event.kind, GXT_KIND_STATE_TRANSITION, "%s", name);
        cr_assert_eq(event.transition.resource, cases[i].resource, "%s", name);
        cr_assert_eq(event.transition.id, cases[i].id, "%s", name);
        cr_assert_eq(event.transition.from, cases[i].from, "%s", name);
        cr_assert_eq(event.transition.to, cases[i].to, "%s", name);
        cr_assert_eq(event.transition.run, cases[i].run, "%s", name);
        cr_assert_not(event.transition.stolen, "%s", name);
        cr_assert_null(event.transition.label, "%s", name);
        cr_assert_not_null(event.transition.reason, "%s", name);
    }
    done(&world);
}

Test(resolve, takes_states_from_the_record_where_the_scheduler_says)
{
    static const uint8_t types[] = {WIRE_GO_STATUS, WIRE_GO_STATUS_STACK, WIRE_PROC_STATUS, WIRE_PROC_STEAL};
    struct world world;

    make(&world);
    for (size_t i = 0; i < sizeof types; i++) {
        struct order_record record = RECORD(types[i], 1, 1, 1, 1);
        record.from = 2;
        record.to = 3;
        struct gxt_event event = event_of(&world, record);
        cr_assert_eq(event.transition.id, 1);
        cr_assert_eq(event.transition.from, 2);
        cr_assert_eq(event.transition.to, 3);
        cr_assert_eq(event.transition.stolen, types[i] == WIRE_PROC_STEAL);
        cr_assert_eq(event.transition.stack, types[i] == WIRE_GO_STATUS_STACK ? world.stacks[1] : NULL);
    }
    struct order_record record = RECORD(WIRE_GO_STATUS, 1, 1, 2);
    record.run = GXT_RUN_BEGIN;
    cr_assert_eq(event_of(&world, record).transition.run, GXT_RUN_BEGIN);
    done(&world);
}

Test(resolve, finds_reasons_and_stacks)
{
    struct world world;

    make(&world);
    struct gxt_event event = event_of(&world, RECORD(WIRE_GO_BLOCK, 1, 2));
    cr_assert_eq(event.transition.reason_code, GXT_REASON_SLEEP);
    cr_assert_eq(event.transition.reason, world.strings[1]);
    cr_assert_eq(event.stack, world.stacks[2]);
    cr_assert_eq(event.transition.stack, world.stacks[2]);

    event = event_of(&world, RECORD(WIRE_GO_STOP, 2, 0));
    cr_assert_eq(event.transition.reason_code, GXT_REASON_OTHER);
    cr_assert_eq(event.transition.reason, world.strings[2]);
    cr_assert_null(event.stack);

    event = event_of(&world, RECORD(WIRE_GO_BLOCK, 0, 0));
    cr_assert_eq(event.transition.reason_code, GXT_REASON_NONE);
    cr_assert_eq(event.transition.reason->len, 0);

    event = event_of(&world, RECORD(WIRE_GO_CREATE, 8, 2, 1));
    cr_assert_eq(event.transition.stack, world.stacks[2], "where the new one starts");
    cr_assert_eq(event.stack, world.stacks[1], "where its creator was");

    struct order_record labelled = RECORD(WIRE_GO_START, 8, 1);
    labelled.label = 3;
    cr_assert_eq(event_of(&world, labelled).transition.label, world.strings[3]);
    done(&world);
}

Test(resolve, names_ranges_and_says_whom_they_concern)
{
    struct world world;

    make(&world);
    struct gxt_event event = event_of(&world, RECORD(WIRE_STW_BEGIN, 3, 1));
    cr_assert_eq(event.kind, GXT_KIND_RANGE_BEGIN);
    cr_assert_str_eq(event.range.name->at, "stop-the-world (read mem stats)");
    cr_assert_eq(event.range.detail, world.strings[3]);
    cr_assert_eq(event.range.range, GXT_RANGE_STOP_THE_WORLD);
    cr_assert_eq(event.range.scope, GXT_SCOPE_PROCESS);
    cr_assert_eq(event.range.resource, GXT_RESOURCE_GOROUTINE);
    cr_assert_eq(event.range.id, 7);
    const struct gxt_string *name = event.range.name;
    event = event_of(&world, RECORD(WIRE_STW_END, 3));
    cr_assert_eq(event.range.name, name, "begin and end have one name");
    cr_assert_eq(event.kind, GXT_KIND_RANGE_END);

    event = event_of(&world, RECORD(WIRE_GC_BEGIN, 1, 0));
    cr_assert_str_eq(event.range.name->at, "GC concurrent mark phase");
    cr_assert_eq(event.range.scope, GXT_SCOPE_PROCESS);
    cr_assert_eq(event.range.resource, GXT_RESOURCE_NONE);
    cr_assert_null(event.range.detail);

    event = event_of(&world, RECORD(WIRE_GC_SWEEP_END, 10, 20));
    cr_assert_eq(event.range.scope, GXT_SCOPE_PROC);
    cr_assert_eq(event.range.id, 6);
    cr_assert_eq(event.range.bytes_swept, 10);
    cr_assert_eq(event.range.bytes_reclaimed, 20);

    event = event_of(&world, RECORD(WIRE_GC_SWEEP_ACTIVE, 9));
    cr_assert_eq(event.range.id, 9);
    event = event_of(&world, RECORD(WIRE_GC_MARK_ASSIST_ACTIVE, 9));
    cr_assert_eq(event.range.id, 9);
    cr_assert_eq(event.range.scope, GXT_SCOPE_GOROUTINE);
    event = event_of(&world, RECORD(WIRE_GC_MARK_ASSIST_BEGIN, 0));
    cr_assert_eq(event.range.id, 7);
    done(&world);
}

Test(resolve, tells_the_rest)
{
    struct world world;

    make(&world);
    struct gxt_event event = event_of(&world, RECORD(WIRE_HEAP_GOAL, 42));
    cr_assert_str_eq(event.metric.name->at, "/gc/heap/goal:bytes");
    cr_assert_eq(event.metric.value, 42);
    event = event_of(&world, RECORD(WIRE_GO_LABEL, 3));
    cr_assert_eq(event.label.label, world.strings[3]);
    cr_assert_eq(event.label.goroutine, 7);
    event = event_of(&world, RECORD(WIRE_USER_TASK_BEGIN, 4, 5, 1, 2));
    cr_assert_eq(event.task.id, 4);
    cr_assert_eq(event.task.parent, 5);
    cr_assert_eq(event.task.type, world.strings[1]);
    cr_assert_eq(event.stack, world.stacks[2]);
    struct order_record end = RECORD(WIRE_USER_TASK_END, 4, 1, GXT_NO_TASK);
    end.name = world.strings[2];
    event = event_of(&world, end);
    cr_assert_eq(event.task.parent, GXT_NO_TASK);
    cr_assert_eq(event.task.type, world.strings[2]);
    event = event_of(&world, RECORD(WIRE_USER_REGION_END, 4, 1, 0));
    cr_assert_eq(event.region.task, 4);
    cr_assert_eq(event.region.type, world.strings[1]);
    event = event_of(&world, RECORD(WIRE_USER_LOG, 4, 1, 2, 0));
    cr_assert_eq(event.log.category, world.strings[1]);
    cr_assert_eq(event.log.message, world.strings[2]);
    event = event_of(&world, RECORD(WIRE_SPAN, 1, 2, 3));
    cr_assert_eq(event.kind, GXT_KIND_EXPERIMENTAL);
    cr_assert_eq(event.experimental.n_args, 3);
    cr_assert_eq(event.experimental.args[2], 3);
    event = event_of(&world, RECORD(WIRE_CPU_SAMPLE, 2));
    cr_assert_eq(event.kind, GXT_KIND_STACK_SAMPLE);
    cr_assert_eq(event.stack, world.stacks[2]);
    done(&world);
}

Test(resolve, refuses_ids_that_the_tables_do_not_have)
{
    static const struct {
        uint8_t type;
        uint64_t args[4];
    } cases[] = {
        {WIRE_GO_BLOCK, {4, 0}},
        {WIRE_GO_BLOCK, {1, 3}},
        {WIRE_GO_STOP, {UINT64_MAX, 0}},
        {WIRE_GO_CREATE, {1, 3, 0}},
        {WIRE_GO_CREATE, {1, 0, 3}},
        {WIRE_GO_LABEL, {4}},
        {WIRE_STW_BEGIN, {4, 0}},
        {WIRE_STW_END, {4}},
        {WIRE_USER_TASK_BEGIN, {1, 0, 4, 0}},
        {WIRE_USER_LOG, {0, 1, 4, 0}},
        {WIRE_USER_LOG, {0, 4, 1, 0}},
        {WIRE_CPU_SAMPLE, {3}},
        {WIRE_USER_REGION_END, {0, 4, 0}},
        {WIRE_GO_SYSCALL_BEGIN, {1, 99}},
        {WIRE_PROCS_CHANGE, {1, 3}},
    };
    struct world world;

    make(&world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct order_record record = RECORD(cases[i].type, cases[i].args[0], cases[i].args[1], cases[i].args[2]);
        struct gxt_event event;
        struct gxt_error fault = {0};
        cr_assert_eq(resolve(&world.resolver, &world.gen, &record, &event, &fault), GXT_ECORRUPT, "case %zu", i);
        cr_assert_eq(fault.offset, 1234, "case %zu", i);
        cr_assert_neq(fault.message[0], '\0', "case %zu", i);
    }
    done(&world);
}
