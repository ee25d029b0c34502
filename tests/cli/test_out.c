/* test_out.c: numbers as printf writes them, and text that is longer than the buffer. */
#include "out.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void check_number(uint64_t value)
{
    char got[64], wanted[64];

    *put_unsigned(got, value) = 0;
    snprintf(wanted, sizeof(wanted), "%" PRIu64, value);
    cr_assert_str_eq(got, wanted);
    *put_signed(got, (int64_t)value) = 0;
    snprintf(wanted, sizeof(wanted), "%" PRId64, (int64_t)value);
    cr_assert_str_eq(got, wanted);
    *put_hex(got, value) = 0;
    snprintf(wanted, sizeof(wanted), "%" PRIx64, value);
    cr_assert_str_eq(got, wanted);
}

Test(put_unsigned, writes_small_numbers)
{
    for (uint64_t value = 0; value < 20000; value++)
        check_number(value);
}

Test(put_unsigned, writes_numbers_of_every_length)
{
    for (uint64_t power = 1, i = 0; i < 20; i++, power *= 10) {
        check_number(power - 1);
        check_number(power);
        check_number(power + 1);
    }
    for (int shift = 0; shift < 64; shift++) {
        check_number(UINT64_MAX >> shift);
        check_number(UINT64_C(1) << shift);
    }
}

Test(out_bytes, grows_in_memory)
{
    struct out out;

    cr_assert_eq(out_init(&out, -1), 0);
    for (int i = 0; i < 100000; i++)
        out_text(&out, "0123456789");
    cr_assert_eq(out.at - out.start, 1000000);
    for (int i = 0; i < 1000000; i++)
        cr_assert_eq(out.start[i], '0' + i % 10);
    out_done(&out);
}

Test(out_bytes, writes_more_than_the_buffer_holds)
{
    FILE *file = tmpfile();
    char *long_text = malloc(1000001), *got = malloc(1000001);
    struct out out;

    cr_assert(file && long_text && got);
    for (int i = 0; i < 1000000; i++)
        long_text[i] = (char)('a' + i % 26);
    cr_assert_eq(out_init(&out, fileno(file)), 0);
    out_bytes(&out, long_text, 1000000);
    out_flush(&out);
    cr_assert(!out_is_lost(&out));
    rewind(file);
    cr_assert_eq(fread(got, 1, 1000001, file), 1000000);
    cr_assert_arr_eq(got, long_text, 1000000);
    out_done(&out);
    free(long_text);
    free(got);
    fclose(file);
}
