/* test_pos.c: a position is a short token, and nothing else is one.
 */
#include <criterion/criterion.h>
#include <gxt/gxt.h>
#include <inttypes.h>
#include <string.h>

Test(gxt_pos_parse, reads_what_was_printed)
{
    static const struct gxt_pos cases[] = {
        {0, 0}, {UINT64_MAX, UINT64_MAX}, {1, 16}, {UINT64_C(0x0123456789abcdef), UINT64_C(1) << 40}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char token[GXT_POS_TOKEN_SIZE];
        struct gxt_pos pos = {7, 7};
        gxt_pos_print(cases[i], token);
        cr_assert_lt(strlen(token), GXT_POS_TOKEN_SIZE);
        cr_assert_eq(strspn(token, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(token), "%s", token);
        cr_assert_eq(gxt_pos_parse(token, &pos), 0, "%s", token);
        cr_assert_eq(pos.fingerprint, cases[i].fingerprint, "%s", token);
        cr_assert_eq(pos.ordinal, cases[i].ordinal, "%s", token);
    }
}

Test(gxt_pos_parse, refuses_what_is_no_token)
{
    static const char *const cases[] = {
        "",
        "gxt1",
        "gxt1-",
        "gxt1-0123456789abcdef",
        "gxt1-0123456789abcdef-",
        "gxt1-0123456789abcde-1",
        "gxt1-0123456789abcdef0-1",
        "gxt1-0123456789abcdef-1 ",
        " gxt1-0123456789abcdef-1",
        "gxt1-0123456789abcdef-00000000000000000",
        "gxt1-0123456789ABCDEF-1",
        "gxt1-0123456789abcdef-g",
        "gxt2-0123456789abcdef-1",
        "gxt1-0123456789abcdef--1",
        "gxt1-0123456789abcdef-1-1",
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gxt_pos pos = {7, 7};
        cr_assert_eq(gxt_pos_parse(cases[i], &pos), GXT_EINVAL, "%s", cases[i]);
        cr_assert_eq(pos.ordinal, 7, "%s: written in spite of the error", cases[i]);
    }
}
