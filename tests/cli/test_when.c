/* test_when.c: the ways to name an instant. */
#include "when.h"

#include <criterion/criterion.h>

static const struct gxt_facts facts = {
    .start_ns = 1000, .has_wall = true, .clock_ns = 1500, .wall_sec = 1700000000, .wall_nsec = 999999999};

static int64_t time_of(const char *text)
{
    struct when when;

    cr_assert(when_parse(text, &when), "%s", text);
    return when_time(&when, &facts, 2001000);
}

Test(when_parse, reads_offsets_as_go_reads_durations)
{
    static const struct {
        const char *text;
        int64_t ns;
    } offsets[] = {
        {"0", 0},
        {"+0", 0},
        {"1ns", 1},
        {"1.9ns", 1},
        {"5us", 5000},
        {"5\xc2\xb5s", 5000},
        {"5\xce\xbcs", 5000},
        {"350ms", 350000000},
        {"12.5s", 12500000000},
        {".5s", 500000000},
        {"1.s", 1000000000},
        {"1m3s", 63000000000},
        {"1m3s350ms", 63350000000},
        {"1.5h", 5400000000000},
        {"-1s", -1000000000},
        {"0.000000001s", 1},
        {"0.3333333333333333333333333333333333333h", 1199999999999},
        {"1ns1h", 3600000000001},
    };

    for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
        cr_assert_eq(time_of(offsets[i].text), 1000 + offsets[i].ns, "%s", offsets[i].text);
    cr_assert_eq(time_of("9223372036.854775807s"), INT64_MAX);
    cr_assert_eq(time_of("2562047h47m16.854775807s"), INT64_MAX);
}

Test(when_parse, reads_the_other_times)
{
    cr_assert_eq(time_of("@123"), 123);
    cr_assert_eq(time_of("@-5"), -5);
    cr_assert_eq(time_of("@9223372036854775807"), INT64_MAX);
    cr_assert_eq(time_of("@-9223372036854775808"), INT64_MIN);
    cr_assert_eq(time_of("0%"), 1000);
    cr_assert_eq(time_of("100%"), 2001000);
    cr_assert_eq(time_of("50%"), 1001000);
    cr_assert_eq(time_of("12.5%"), 251000);
    cr_assert_eq(time_of("2023-11-14T22:13:20.999999999Z"), 1500);
    cr_assert_eq(time_of("2023-11-14T22:13:21Z"), 1501);
    cr_assert_eq(time_of("2023-11-15T00:13:21.5+02:00"), 500001501);
    cr_assert_eq(time_of("9999-12-31T23:59:59Z"), INT64_MAX);
    cr_assert_eq(time_of("0001-01-01T00:00:00Z"), INT64_MIN);
}

Test(when_parse, reads_ordinals_and_positions)
{
    struct gxt_pos pos = {.fingerprint = UINT64_C(0xfedcba9876543210), .ordinal = 123456789};
    char token[GXT_POS_TOKEN_SIZE];
    struct when when;

    cr_assert(when_parse("n:18446744073709551615", &when));
    cr_assert_eq(when.form, WHEN_ORDINAL);
    cr_assert_eq(when.pos.ordinal, UINT64_MAX);
    gxt_pos_print(pos, token);
    cr_assert(when_parse(token, &when), "%s", token);
    cr_assert_eq(when.form, WHEN_POSITION);
    cr_assert_eq(when.pos.fingerprint, pos.fingerprint);
    cr_assert_eq(when.pos.ordinal, pos.ordinal);
}

Test(when_parse, refuses_what_is_no_instant)
{
    static const char *const texts[] = {
        "",
        "5",
        "s",
        "-",
        "+",
        ".",
        ".s",
        "1x",
        "1.2.3s",
        "1 s",
        "12h5",
        "@",
        "@x",
        "@1s",
        "@--1",
        "%",
        "x%",
        "100.1%",
        "-1%",
        "50%%",
        "n:",
        "n:-1",
        "n:1x",
        "n",
        "00:01",
        "2026",
        "2026-01-01",
        "--",
        "1e3s",
        "0x5s",
        "1sec2",
        "1s-500ms",
        "1 day",
        "\xc2s1",
        "9999999h",
        "@9223372036854775808",
        "n:18446744073709551616",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct when when = {.form = WHEN_WALL};
        cr_assert_not(when_parse(texts[i], &when), "%s", texts[i]);
        cr_assert_eq(when.form, WHEN_WALL);
    }
}
