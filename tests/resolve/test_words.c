/* test_words.c: Go's words, and nothing but words for any number.
 */
#include "resolve.h"

#include <criterion/criterion.h>
#include <limits.h>

Test(words, are_those_that_go_prints)
{
    cr_assert_str_eq(word_kind(GXT_KIND_SYNC), "Sync");
    cr_assert_str_eq(word_kind(GXT_KIND_STATE_TRANSITION), "StateTransition");
    cr_assert_str_eq(word_kind(GXT_KIND_EXPERIMENTAL), "Experimental");
    cr_assert_str_eq(word_kind(GXT_KIND_STACK_SAMPLE), "StackSample");
    cr_assert_str_eq(word_resource(GXT_RESOURCE_THREAD), "Thread");
    cr_assert_str_eq(word_gostate(GXT_GO_SYSCALL), "Syscall");
    cr_assert_str_eq(word_procstate(GXT_PROC_IDLE), "Idle");
    cr_assert_str_eq(word_reason(GXT_REASON_COND_WAIT), "sync.(*Cond).Wait");
    cr_assert_str_eq(word_reason(GXT_REASON_NONE), "");
    cr_assert_str_eq(word_wire(WIRE_GO_SWITCH_DESTROY), "GoSwitchDestroy");
    cr_assert_str_eq(word_experimental_arg(WIRE_SPAN_ALLOC, 1), "npages_value");
    cr_assert_str_eq(word_experiment(WIRE_SPAN_ALLOC), "AllocFree");
}

Test(words, exist_for_every_number)
{
    static const int numbers[] = {INT_MIN, -1, 0, 1, 200, 255, 256, 1000, INT_MAX};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int number = numbers[i];
        cr_assert_not_null(word_kind(number));
        cr_assert_not_null(word_resource(number));
        cr_assert_not_null(word_gostate(number));
        cr_assert_not_null(word_procstate(number));
        cr_assert_not_null(word_reason(number));
        cr_assert_not_null(word_wire(number));
        cr_assert_not_null(word_experiment(number));
        cr_assert_str_eq(word_experimental_arg(number, SIZE_MAX), "");
    }
    cr_assert_str_eq(word_kind(GXT_N_KINDS), "Bad");
    cr_assert_str_eq(word_wire(70), "");
    cr_assert_str_eq(word_experimental_arg(WIRE_GO_START, 0), "", "no experiment, no argument's name");
}

Test(words, are_all_different)
{
    for (int a = 0; a < GXT_N_REASONS; a++)
        for (int b = a + 1; b < GXT_N_REASONS; b++)
            cr_assert_str_neq(word_reason(a), word_reason(b));
    for (int a = 0; a < GXT_N_KINDS; a++)
        for (int b = a + 1; b < GXT_N_KINDS; b++)
            cr_assert_str_neq(word_kind(a), word_kind(b));
}

Test(words, say_since_when)
{
    cr_assert_eq(word_reason_since(GXT_REASON_NONE), 0);
    cr_assert_eq(word_reason_since(GXT_REASON_OTHER), 0);
    cr_assert_eq(word_reason_since(GXT_REASON_SLEEP), 22);
    cr_assert_eq(word_reason_since(GXT_REASON_SYNCTEST), 24);
    cr_assert_eq(word_reason_since(GXT_N_REASONS), 0);
    cr_assert_eq(word_range_since(GXT_RANGE_STOP_THE_WORLD), 22);
    cr_assert_eq(word_range_since(GXT_RANGE_OTHER), 0);
    cr_assert_eq(word_range_since(-1), 0);
}
