/* test_fault.c: an error is born whole, and with nowhere to put it only its code is left.
 */
#include "base.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

Test(fault_set, fills_every_field)
{
    struct gxt_error fault = {.system_errno = 99};

    cr_expect_eq(fault_set(&fault, GXT_ECORRUPT, 81932, "batch %d of %s", 3, "many"), GXT_ECORRUPT);
    cr_expect_eq(fault.code, GXT_ECORRUPT);
    cr_expect_eq(fault.system_errno, 0);
    cr_expect_eq(fault.offset, 81932);
    cr_expect_str_eq(fault.message, "batch 3 of many");
}

Test(fault_set, gives_the_code_with_no_place_for_a_fault)
{
    cr_expect_eq(fault_set(NULL, GXT_EORDER, 1, "%s", "nothing"), GXT_EORDER);
}

Test(fault_set, cuts_a_long_sentence)
{
    struct gxt_error fault;
    char text[1000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)fault_set(&fault, GXT_EIO, 0, "%s", text);
    cr_expect_eq(strlen(fault.message), sizeof fault.message - 1);
}

static const struct {
    int system_errno, code;
} codes[] = {{ENOENT, GXT_ENOENT}, {ENOMEM, GXT_ENOMEM}, {EACCES, GXT_EIO}, {EIO, GXT_EIO}};

Test(fault_set_errno, chooses_the_code_and_appends_the_systems_words)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct gxt_error fault = {0};
        char wanted[200];

        snprintf(wanted, sizeof wanted, "cannot open part 7: %s", strerror(codes[i].system_errno));
        cr_expect_eq(fault_set_errno(&fault, codes[i].system_errno, "cannot open part %d", 7), codes[i].code);
        cr_expect_eq(fault.code, codes[i].code);
        cr_expect_eq(fault.system_errno, codes[i].system_errno);
        cr_expect_eq(fault.offset, GXT_NO_OFFSET);
        cr_expect_str_eq(fault.message, wanted);
        cr_expect_eq(fault_set_errno(NULL, codes[i].system_errno, "no place"), codes[i].code);
    }
}

Test(fault_set_errno, cuts_a_long_sentence)
{
    struct gxt_error fault;
    char text[1000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)fault_set_errno(&fault, EIO, "%s", text);
    cr_expect_eq(strlen(fault.message), sizeof fault.message - 1);
}
