/* test_land.c: a batch's header is found wherever it stands, and next to nothing else is taken for one.
 */
#include "gen.h"

#include <criterion/criterion.h>

static struct buf bytes;

static void clear(void)
{
    buf_done(&bytes);
}

TestSuite(gen_land, .fini = clear);

/* A size in as many bytes as @n_bytes, 0 for as few as can be. */
static void put_size(uint64_t size, int n_bytes)
{
    for (; size >= 0x80 || n_bytes > 1; n_bytes--, size >>= 7)
        buf_put_u8(&bytes, (uint8_t)(size | 0x80));
    buf_put_u8(&bytes, (uint8_t)size);
}

static void put_header(uint8_t type, uint64_t thread, uint64_t size, int n_bytes)
{
    buf_put_u8(&bytes, type);
    if (type == WIRE_EXPERIMENTAL_BATCH)
        buf_put_u8(&bytes, 1);
    buf_put_varint(&bytes, 7);
    buf_put_varint(&bytes, thread);
    buf_put_varint(&bytes, UINT64_C(1) << 40);
    put_size(size, n_bytes);
}

static void put_many(uint8_t byte, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_put_u8(&bytes, byte);
}

static size_t land(bool padded)
{
    return (size_t)(gen_land(buf_span(&bytes), padded) - bytes.at);
}

Test(gen_land, finds_a_padded_header_at_every_place)
{
    static const uint64_t sizes[] = {0, 1, 0x7f, 0x80, 0x3f80, 0x4000, 0xffff, WIRE_MAX_BATCH};

    for (size_t before = 0; before < 70; before++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (int is_long = 0; is_long < 2; is_long++) {
                bytes.size = 0;
                put_many(0xee, before);
                put_header(i % 2 ? WIRE_EVENT_BATCH : WIRE_EXPERIMENTAL_BATCH, is_long ? UINT64_MAX : 3, sizes[i], 10);
                cr_expect_eq(land(true), before, "%zu bytes before, %zu long", before, (size_t)sizes[i]);
                cr_expect_eq(land(false), before, "%zu bytes before, %zu long", before, (size_t)sizes[i]);
            }
}

Test(gen_land, finds_a_header_without_padding_when_asked)
{
    put_many(0xee, 13);
    put_header(WIRE_EVENT_BATCH, 3, 5000, 0);
    cr_expect_eq(land(false), 13);
    cr_expect_eq(land(true), bytes.size);
}

Test(gen_land, finds_none_that_is_not_whole)
{
    put_header(WIRE_EVENT_BATCH, 3, 5000, 10);
    bytes.size--;
    cr_expect_eq(land(true), bytes.size);
    cr_expect_eq(land(false), bytes.size);
}

Test(gen_land, finds_none_that_nothing_can_follow)
{
    put_header(WIRE_EVENT_BATCH, 3, 20, 10);
    put_many(0xee, 20);
    const size_t next = bytes.size;
    put_many(0xee, 20);
    cr_expect_eq(land(true), bytes.size);
    cr_expect_eq(land(false), bytes.size);
    bytes.at[next] = WIRE_END_OF_GENERATION;
    cr_expect_eq(land(true), 0);
    cr_expect_eq(land(false), 0);
}

Test(gen_land, finds_none_too_large_or_of_no_generation)
{
    put_header(WIRE_EVENT_BATCH, 3, WIRE_MAX_BATCH + 1, 10);
    cr_expect_eq(land(true), bytes.size);
    cr_expect_eq(land(false), bytes.size);
    bytes.size = 0;
    put_header(WIRE_EVENT_BATCH, 3, 5000, 10);
    bytes.at[1] = 0;
    cr_expect_eq(land(true), bytes.size);
    cr_expect_eq(land(false), bytes.size);
}

Test(gen_land, goes_through_what_is_all_padding)
{
    put_many(0x80, 100000);
    cr_expect_eq(land(true), bytes.size);
    cr_expect_eq(land(false), bytes.size);
    put_many(0, 1);
    cr_expect_eq(land(true), bytes.size);
    cr_expect_eq(gen_land((struct span){bytes.at, bytes.at}, true), bytes.at);
    cr_expect_eq(gen_land((struct span){bytes.at, bytes.at}, false), bytes.at);
}
