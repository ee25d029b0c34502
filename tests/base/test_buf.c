/* test_buf.c: what is put into a buffer is read back, and nothing more.
 */
#include "base.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const uint64_t numbers[] = {
    0, 1, 127, 128, 16383, 16384, 1 << 21, UINT32_MAX, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX,
};
enum {
    N_NUMBERS = sizeof numbers / sizeof *numbers
};

static void put_all(struct buf *buf)
{
    for (size_t i = 0; i < N_NUMBERS; i++) {
        buf_put_u8(buf, (uint8_t)numbers[i]);
        buf_put_u64(buf, numbers[i]);
        buf_put_varint(buf, numbers[i]);
        buf_put_signed(buf, (int64_t)numbers[i]);
        buf_put(buf, "some bytes", i);
    }
}

/* Returns how many reads went well. */
static size_t read_all(struct reader *reader)
{
    size_t good = 0;

    for (size_t i = 0; i < N_NUMBERS; i++) {
        const uint64_t u8 = reader_u8(reader);
        good += !reader->failed;
        cr_expect_eq(u8, reader->failed ? 0 : (uint8_t)numbers[i]);
        const uint64_t u64 = reader_u64(reader);
        good += !reader->failed;
        cr_expect_eq(u64, reader->failed ? 0 : numbers[i]);
        const uint64_t varint = reader_varint(reader);
        good += !reader->failed;
        cr_expect_eq(varint, reader->failed ? 0 : numbers[i]);
        const int64_t number = reader_signed(reader);
        good += !reader->failed;
        cr_expect_eq(number, reader->failed ? 0 : (int64_t)numbers[i]);
        const uint8_t *bytes = reader_bytes(reader, i);
        good += !reader->failed;
        cr_expect(reader->failed ? bytes == NULL : memcmp(bytes, "some bytes", i) == 0);
    }
    return good;
}

Test(buf, gives_back_what_was_put)
{
    struct buf buf = {0};

    put_all(&buf);
    cr_assert_not(buf.failed);
    cr_assert_leq(buf.size, buf.capacity);
    struct reader reader = {.in = {buf.at, buf.at + buf.size}};
    cr_expect_eq(read_all(&reader), 5 * N_NUMBERS);
    cr_expect_eq(reader.in.at, reader.in.end);
    buf_done(&buf);
    cr_expect_null(buf.at);
    cr_expect_eq(buf.size + buf.capacity, 0);
}

Test(buf, fails_at_every_cut_and_stays_failed)
{
    struct buf buf = {0};

    put_all(&buf);
    for (size_t size = 0; size < buf.size; size++) {
        uint8_t *cut = malloc(size + 1); /* a block of its own, so that a sanitizer sees a read beyond it */
        memcpy(cut, buf.at, size);
        cut = realloc(cut, size ? size : 1);
        struct reader reader = {.in = {cut, cut + size}};
        cr_expect_lt(read_all(&reader), 5 * N_NUMBERS);
        cr_expect(reader.failed);
        cr_expect_eq(reader_varint(&reader), 0);
        cr_expect_eq(reader_signed(&reader), 0);
        cr_expect_null(reader_bytes(&reader, 0));
        free(cut);
    }
    buf_done(&buf);
}

Test(buf, keeps_its_bytes_while_it_grows)
{
    struct buf buf = {0};

    for (unsigned i = 0; i < 100000; i++)
        buf_put_u8(&buf, (uint8_t)(i * 7));
    cr_assert_eq(buf.size, 100000);
    for (unsigned i = 0; i < 100000; i++)
        cr_assert_eq(buf.at[i], (uint8_t)(i * 7));
    buf_done(&buf);
}

Test(buf, stays_failed_and_takes_nothing_after_a_failure)
{
    struct buf buf = {0};
    volatile size_t too_many = SIZE_MAX - 8; /* volatile: no compiler's business */

    buf_put_u8(&buf, 1);
    buf_put(&buf, buf.at, too_many);
    cr_expect(buf.failed);
    cr_expect_eq(buf.size, 1);
    buf_put_u8(&buf, 2);
    cr_expect_eq(buf.size, 1);
    buf_done(&buf);
    cr_expect_not(buf.failed);
}

Test(buf, takes_nothing_of_no_size)
{
    struct buf buf = {0};

    buf_put(&buf, NULL, 0);
    cr_expect_null(buf.at);
    cr_expect_not(buf.failed);
    buf_done(&buf);
}

Test(buf, writes_words_low_byte_first)
{
    struct buf buf = {0};

    buf_put_u64(&buf, UINT64_C(0x0807060504030201));
    cr_expect_eq(memcmp(buf.at, "\1\2\3\4\5\6\7\10", 8), 0);
    buf_done(&buf);
}

Test(reader_varint, refuses_a_65th_bit_and_an_eleventh_byte)
{
    static const char *const bad[] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
                                      "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"};

    for (size_t i = 0; i < 2; i++) {
        struct reader reader = {.in = {(const uint8_t *)bad[i], (const uint8_t *)bad[i] + strlen(bad[i])}};
        cr_expect_eq(reader_varint(&reader), 0);
        cr_expect(reader.failed);
    }
}

Test(reader_bytes, refuses_a_size_that_would_wrap)
{
    static const uint8_t bytes[4];
    struct reader reader = {.in = {bytes, bytes + 4}};

    cr_expect_null(reader_bytes(&reader, UINT64_MAX));
    cr_expect(reader.failed);
    cr_expect_eq(reader.in.at, bytes);
}
