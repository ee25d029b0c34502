/* test_estimate.c: about how many events a large trace has is told from a part of its headers, whatever its batches are
 * like; and from all of them where a part tells nothing.
 */
#include "random.h"
#include "replay.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LARGE = 40 << 20, /* bytes of a trace that is sampled, if its batches are short */
};

static char path[] = "/tmp/gxt-estimate-XXXXXX";
static struct buf bytes, data;
static struct gxt_trace *trace;
static struct gxt_error fault;
static uint64_t state, n_events, n_batches, generation;

static void begin(void)
{
    buf_put(&bytes, "go 1.26 trace\0\0\0", 16);
    n_events = 1; /* the Sync behind the last generation */
    n_batches = generation = state = 0;
}

static void clear(void)
{
    buf_done(&bytes);
    buf_done(&data);
    (void)trace_close(trace);
    (void)unlink(path);
}

static uint64_t draw(uint64_t n)
{
    return next_random(&state) % n;
}

/* Puts a batch of what is in @data. */
static void put_batch(uint8_t type, bool padded)
{
    uint64_t size = data.size;

    buf_put_u8(&bytes, type);
    if (type == WIRE_EXPERIMENTAL_BATCH)
        buf_put_u8(&bytes, 1);
    buf_put_varint(&bytes, generation);
    buf_put_varint(&bytes, 1000 + draw(50));
    buf_put_varint(&bytes, (UINT64_C(1) << 40) + draw(1 << 30));
    for (int i = 0; padded && i < 9; i++, size >>= 7)
        buf_put_u8(&bytes, (uint8_t)(size | 0x80));
    buf_put_varint(&bytes, size);
    buf_put(&bytes, data.at, data.size);
    data.size = 0;
}

/* Events of two to eight bytes, of which a batch has its own mixture. */
static void put_events(bool padded)
{
    const uint64_t most = 1000 + draw(6000), mixture = 1 + draw(9);

    for (; data.size < most; n_events++) {
        const bool is_long = draw(10) < mixture;
        buf_put_u8(&data, is_long ? WIRE_HEAP_ALLOC : WIRE_PROC_STOP);
        buf_put_varint(&data, draw(200));
        if (is_long)
            buf_put_varint(&data, draw(UINT64_C(1) << 35));
    }
    n_batches++;
    put_batch(WIRE_EVENT_BATCH, padded);
}

static void put_table(uint8_t type, bool padded)
{
    const uint64_t n = 1000 + draw(60000);

    buf_put_u8(&data, type);
    while (data.size < n)
        buf_put_u8(&data, (uint8_t)draw(256));
    put_batch(WIRE_EVENT_BATCH, padded);
}

static void put_generation(bool padded)
{
    const uint64_t n = 20 + draw(150);

    generation++;
    n_events++;
    for (uint64_t i = 0; i < n; i++)
        put_events(padded);
    put_table(WIRE_STRINGS, padded);
    put_table(WIRE_STACKS, padded);
    put_table(WIRE_SYNC, padded);
    buf_put_u8(&bytes, WIRE_END_OF_GENERATION);
}

static void open_bytes(void)
{
    int fd = mkstemp(path);

    cr_assert(!bytes.failed && !data.failed && fd >= 0);
    cr_assert_eq(write(fd, bytes.at, bytes.size), (ssize_t)bytes.size);
    cr_assert_eq(close(fd), 0);
    cr_assert_eq(gxt_trace_open(path, &trace, &fault), 0, "%s", fault.message);
}

static void expect_near(const struct gxt_estimate *estimate)
{
    const uint64_t n = estimate->n_events, off = n > n_events ? n - n_events : n_events - n;

    cr_expect_leq(off, estimate->bound, "%zu, not %zu, bound %zu", (size_t)n, (size_t)n_events,
                  (size_t)estimate->bound);
    cr_expect_lt(estimate->bound, n_events / 4, "a bound of %zu of %zu", (size_t)estimate->bound, (size_t)n_events);
}

/* The trace is sampled, and that is what an estimate is. */
static void expect_sampled(void)
{
    struct gxt_estimate estimate = {0}, sampled = {0};

    open_bytes();
    cr_assert_eq(sample_estimate(trace, &sampled, &fault), 1);
    expect_near(&sampled);
    cr_expect_gt(sampled.n_batches, n_batches - n_batches / 5);
    cr_expect_lt(sampled.n_batches, n_batches + n_batches / 5);
    cr_assert_eq(gxt_trace_estimate(trace, &estimate, &fault), 0);
    cr_expect_eq(estimate.n_events, sampled.n_events);
    cr_expect_eq(estimate.bound, sampled.bound);
    cr_expect_eq(estimate.n_batches, sampled.n_batches);
}

/* The trace cannot be sampled, and its headers are read up to where there are none. */
static void expect_listed(void)
{
    struct gxt_estimate estimate = {0};

    open_bytes();
    cr_assert_eq(sample_estimate(trace, &estimate, &fault), 0);
    cr_expect_eq(estimate.n_events, 0);
    cr_assert_eq(gxt_trace_estimate(trace, &estimate, &fault), 0);
    cr_expect_eq(estimate.n_batches, n_batches);
    expect_near(&estimate);
}

Test(estimate, of_a_large_trace_is_within_its_bound, .init = begin, .fini = clear)
{
    while (bytes.size < LARGE)
        put_generation(true);
    expect_sampled();
}

Test(estimate, needs_no_padding, .init = begin, .fini = clear)
{
    while (bytes.size < LARGE)
        put_generation(false);
    expect_sampled();
}

/* Batches of @n events of one type, up to a size of the trace. */
static void put_even(size_t size, uint64_t n, uint8_t type)
{
    for (generation++, n_events++; bytes.size < size; n_events += n, n_batches++) {
        for (uint64_t i = 0; i < n; i++) {
            buf_put(&data, (const uint8_t[]){type, 1}, 2);
            for (int arg = 0; arg < wire_specs[type].n_args; arg++)
                buf_put_u8(&data, (uint8_t)draw(128));
        }
        put_batch(WIRE_EVENT_BATCH, true);
    }
}

Test(estimate, weighs_short_batches_by_their_bytes, .init = begin, .fini = clear)
{
    put_even(LARGE / 2, 300, WIRE_PROC_STOP);
    put_even(LARGE, 6000, WIRE_GO_CREATE);
    expect_sampled();
}

/* Batches in a batch, of which each leads to the next, and the last to nothing. */
static void put_false_batches(void)
{
    const struct buf outer = bytes;

    bytes = (struct buf){0};
    while (bytes.size < WIRE_MAX_BATCH - 8000) {
        while (data.size < 6000)
            buf_put(&data, (const uint8_t[]){WIRE_PROC_STOP, 1}, 2);
        put_batch(WIRE_EVENT_BATCH, true);
    }
    for (int i = 0; i < 500; i++)
        buf_put_u8(&bytes, 0xee);
    buf_done(&data);
    data = bytes;
    bytes = outer;
    put_batch(WIRE_EXPERIMENTAL_BATCH, true);
}

Test(estimate, is_not_misled_by_data_that_looks_like_batches, .init = begin, .fini = clear)
{
    while (bytes.size < LARGE) {
        put_generation(true);
        for (uint64_t n = draw(6); n > 0; n--)
            put_false_batches();
    }
    expect_sampled();
}

Test(estimate, falls_back_where_there_is_no_batch, .init = begin, .fini = clear)
{
    while (n_batches < 400)
        put_generation(true);
    while (bytes.size < LARGE)
        buf_put_u8(&bytes, 0xee);
    expect_listed();
}

Test(estimate, falls_back_where_generations_jump, .init = begin, .fini = clear)
{
    for (; bytes.size < LARGE; generation += 5)
        put_generation(true);
    expect_listed();
}

/* Every byte is a batch's beginning, and all of them lead to the same end. */
Test(estimate, gives_up_soon_where_batches_lead_nowhere, .init = begin, .fini = clear, .timeout = 20)
{
    while (n_batches < 400)
        put_generation(true);
    buf_put_u8(&bytes, 0xee);
    for (size_t i = 0; bytes.size < LARGE; i++)
        buf_put_u8(&bytes, i % 30000 < 29000 ? WIRE_EVENT_BATCH : 0xee);
    expect_listed();
}

Test(estimate, of_a_trace_that_was_cut_since_is_none_or_of_what_is_left, .init = begin, .fini = clear)
{
    struct gxt_estimate estimate = {0};

    while (bytes.size < LARGE)
        put_generation(true);
    open_bytes();
    cr_assert_eq(gxt_guard_install(&fault), 0);
    cr_assert_eq(truncate(path, LARGE / 2), 0);
    cr_expect_eq(sample_estimate(trace, &estimate, &fault), 0);
    cr_assert_eq(gxt_trace_estimate(trace, &estimate, &fault), 0);
    cr_expect_lt(estimate.n_events, n_events * 2 / 3);
    cr_expect_gt(estimate.n_events, n_events / 3);
}
