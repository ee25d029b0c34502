/* test_spec.c: wire_specs and wire_experiment_name() say what Go's tracev2 says.
 */
#include "wire.h"

#include <criterion/criterion.h>

static void check_row(unsigned type, const char *name, unsigned n_args, const char *last_argument)
{
    const struct wire_spec *spec = &wire_specs[type];

    cr_expect_str_eq(spec->name, name);
    cr_expect_eq(spec->n_args, n_args, "%s", name);
    cr_expect(spec->timed, "%s", name);
    cr_expect_str_eq(spec->args[n_args - 1], last_argument, "%s", name);
}

Test(wire_specs, has_gos_rows)
{
    check_row(9, "ProcsChange", 2, "stack");
    check_row(14, "GoCreate", 3, "stack");
    check_row(25, "GoStatus", 3, "gstatus");
    check_row(33, "GCSweepEnd", 2, "reclaimed_value");
    check_row(44, "UserLog", 4, "stack");
    check_row(48, "GoStatusStack", 4, "stack");
    check_row(51, "ClockSnapshot", 3, "nsec");
    check_row(128, "Span", 3, "kindclass");
    check_row(135, "GoroutineStackAlloc", 2, "order");
    check_row(136, "GoroutineStackFree", 1, "id");
}

Test(wire_specs, has_as_many_types_as_go)
{
    unsigned n = 0, n_timed = 0, n_experimental = 0;

    for (unsigned type = 0; type < 256; type++) {
        const struct wire_spec *spec = &wire_specs[type];
        n += spec->name != NULL;
        n_timed += spec->timed;
        n_experimental += spec->experiment;
        if (type >= WIRE_N_TYPES || type == WIRE_NONE || (type > WIRE_END_OF_GENERATION && type < WIRE_SPAN))
            cr_expect_null(spec->name, "there is no type %u", type);
    }
    cr_expect_eq(n, 61);
    cr_expect_eq(n_timed, 50);
    cr_expect_eq(n_experimental, 9);
}

Test(wire_specs, names_every_argument_and_points_at_those_it_has)
{
    for (unsigned type = 0; type < 256; type++) {
        const struct wire_spec *spec = &wire_specs[type];
        if (!spec->timed)
            continue;
        for (unsigned i = 0; i < WIRE_MAX_ARGS; i++)
            cr_expect_eq(spec->args[i] != NULL, i < spec->n_args, "%s, argument %u", spec->name, i + 1);
        if (spec->stack)
            cr_expect_str_eq(spec->args[spec->stack - 1], "stack", "%s", spec->name);
        if (spec->stack2)
            cr_expect_str_eq(spec->args[spec->stack2 - 1], "new_stack", "%s", spec->name);
        for (unsigned i = 0; i < 2; i++)
            if (spec->strings[i])
                cr_expect_not_null(strstr(spec->args[spec->strings[i] - 1], "_string"), "%s", spec->name);
    }
}

Test(wire_specs, marks_every_stack_and_string)
{
    for (unsigned type = 0; type < 256; type++) {
        const struct wire_spec *spec = &wire_specs[type];
        for (unsigned i = 1; spec->timed && i <= spec->n_args; i++) {
            const char *name = spec->args[i - 1];
            cr_expect_eq(strcmp(name, "stack") == 0, spec->stack == i, "%s", spec->name);
            cr_expect_eq(strcmp(name, "new_stack") == 0, spec->stack2 == i, "%s", spec->name);
            cr_expect_eq(strstr(name, "_string") != NULL, spec->strings[0] == i || spec->strings[1] == i, "%s",
                         spec->name);
        }
    }
}

Test(wire_specs, gives_each_end_its_start)
{
    cr_expect_eq(wire_specs[WIRE_GC_END].start, WIRE_GC_BEGIN);
    cr_expect_eq(wire_specs[WIRE_GC_ACTIVE].start, WIRE_GC_BEGIN);
    cr_expect_eq(wire_specs[WIRE_STW_END].start, WIRE_STW_BEGIN);
    cr_expect_eq(wire_specs[WIRE_GO_SYSCALL_END_BLOCKED].start, WIRE_GO_SYSCALL_BEGIN);
    cr_expect_eq(wire_specs[WIRE_GC_SWEEP_ACTIVE].start, WIRE_GC_SWEEP_BEGIN);
    cr_expect_eq(wire_specs[WIRE_GC_MARK_ASSIST_END].start, WIRE_GC_MARK_ASSIST_BEGIN);
    cr_expect_eq(wire_specs[WIRE_USER_REGION_END].start, WIRE_USER_REGION_BEGIN);
    cr_expect_eq(wire_specs[WIRE_USER_TASK_END].start, WIRE_NONE, "as in Go");
}

Test(wire_specs, takes_a_sample_for_no_timed_event)
{
    cr_expect_not(wire_specs[WIRE_CPU_SAMPLE].timed);
    cr_expect_not(wire_specs[WIRE_END_OF_GENERATION].timed);
    cr_expect_str_eq(wire_specs[WIRE_END_OF_GENERATION].name, "EndOfGeneration");
}

Test(wire_experiment_name, knows_the_one_experiment)
{
    cr_expect_str_eq(wire_experiment_name(0), "");
    cr_expect_str_eq(wire_experiment_name(1), "AllocFree");
    cr_expect_str_eq(wire_experiment_name(2), "");
    cr_expect_str_eq(wire_experiment_name(255), "");
}
