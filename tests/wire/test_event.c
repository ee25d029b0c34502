/* test_event.c: wire_event() reads a timed event, alike whether many bytes follow it or none.
 */
#include "wire.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    MARK = 0x5a
};

/* The bytes in memory of just their size (so that a sanitizer sees a read beyond it), @slack more bytes behind them. */
static uint8_t *exactly(const uint8_t *bytes, size_t size, size_t slack)
{
    uint8_t *at = malloc(size + slack + 1);

    if (size > 0)
        memcpy(at, bytes, size);
    memset(at + size, 0xff, slack);
    return realloc(at, size + slack);
}

static size_t put(uint8_t *at, uint64_t value, size_t padded)
{
    size_t n = 0;

    while (n < 9 && (value >= 0x80 || n + 1 < padded)) {
        at[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    at[n++] = (uint8_t)value;
    return n;
}

/* Of every length from one byte to ten. */
static uint64_t number(unsigned type, unsigned i, unsigned length)
{
    return length == 10 ? UINT64_MAX - i : (UINT64_C(1) << 7 * (length - 1)) - (length == 1) + (type + i) % 60;
}

static void check_event(unsigned type, unsigned length, size_t padded, size_t slack)
{
    uint8_t bytes[WIRE_MAX_EVENT] = {(uint8_t)type};
    const unsigned n_args = wire_specs[type].n_args;
    size_t size = 1;

    for (unsigned i = 0; i <= n_args; i++)
        size += put(bytes + size, number(type, i, (length + i) % 10 + 1), padded);
    uint8_t *at = exactly(bytes, size, slack);
    struct span in = {at, at + size + slack};
    struct wire_event event;
    memset(&event, MARK, sizeof event);

    cr_assert_eq(wire_event(&in, &event), 0, "type %u", type);
    cr_expect_eq((size_t)(in.at - at), size, "type %u", type);
    cr_expect_eq(event.type, type);
    cr_expect_eq(event.delta, number(type, 0, length % 10 + 1), "type %u", type);
    for (unsigned i = 1; i <= WIRE_MAX_ARGS; i++)
        cr_expect_eq(event.args[i - 1],
                     i <= n_args ? number(type, i, (length + i) % 10 + 1) : UINT64_C(0x5a5a5a5a5a5a5a5a),
                     "type %u, argument %u", type, i);
    free(at);
}

Test(wire_event, reads_every_type_with_numbers_of_every_length)
{
    for (unsigned type = 0; type < 256; type++)
        for (unsigned length = 0; wire_specs[type].timed && length < 10; length++)
            for (size_t padded = 1; padded <= 10; padded += 3) {
                check_event(type, length, padded, 0);
                check_event(type, length, padded, 1);
                check_event(type, length, padded, WIRE_MAX_EVENT);
            }
}

static void check_refused(const uint8_t *bytes, size_t size, size_t slack, int r)
{
    uint8_t *at = exactly(bytes, size, slack);
    struct span in = {at, at + size + slack};
    struct wire_event event;

    cr_expect_eq(wire_event(&in, &event), r, "type %u, %zu bytes", bytes[0], size);
    cr_expect_eq(in.at, at);
    cr_expect_eq(in.end, at + size + slack);
    free(at);
}

Test(wire_event, refuses_types_that_are_none_or_have_no_time)
{
    for (unsigned type = 0; type < 256; type++) {
        uint8_t bytes[1] = {(uint8_t)type};
        if (wire_specs[type].timed)
            continue;
        check_refused(bytes, 1, 0, GXT_ECORRUPT);
        check_refused(bytes, 1, WIRE_MAX_EVENT, GXT_ECORRUPT);
    }
}

Test(wire_event, refuses_every_cut)
{
    for (unsigned type = 0; type < 256; type++) {
        uint8_t bytes[WIRE_MAX_EVENT] = {(uint8_t)type};
        size_t size = 1;
        if (!wire_specs[type].timed)
            continue;
        for (unsigned i = 0; i <= wire_specs[type].n_args; i++)
            size += put(bytes + size, 300, 1);
        for (size_t cut = 1; cut < size; cut++)
            check_refused(bytes, cut, 0, GXT_ETRUNCATED);
    }
}

Test(wire_event, refuses_a_number_of_more_than_64_bits_wherever_it_stands)
{
    for (unsigned bad = 0; bad <= WIRE_MAX_ARGS; bad++) {
        uint8_t bytes[WIRE_MAX_EVENT] = {WIRE_USER_LOG};
        size_t size = 1;
        for (unsigned i = 0; i <= WIRE_MAX_ARGS; i++) {
            size += put(bytes + size, UINT64_MAX, 1);
            if (i == bad)
                bytes[size - 1] = 2;
        }
        check_refused(bytes, size, 0, GXT_ECORRUPT);
        check_refused(bytes, size, WIRE_MAX_EVENT, GXT_ECORRUPT);
    }
}

Test(wire_event_slow, agrees_with_the_fast_form_on_random_bytes)
{
    uint64_t random = 20;

    for (int round = 0; round < 300000; round++) {
        uint8_t bytes[WIRE_MAX_EVENT + 8];
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[i] = (uint8_t)(random >> 56) | (round % 3 == 0 ? 0x80 : 0);
        }
        bytes[0] = (uint8_t)(9 + (random >> 40) % 44);
        struct span fast = {bytes, bytes + sizeof bytes}, slow = fast;
        struct wire_event a = {0}, b = {0};
        int r = wire_event(&fast, &a);
        cr_assert_eq(wire_event_slow(&slow, &b), r, "round %d", round);
        cr_assert_eq(fast.at, slow.at, "round %d", round);
        if (r == 0)
            cr_assert(a.type == b.type && a.delta == b.delta && memcmp(a.args, b.args, sizeof a.args) == 0, "round %d",
                      round);
    }
}

Test(wire_number_even, agrees_with_the_plain_form_on_random_bytes)
{
    uint8_t bytes[16];

    srand(7);
    for (int round = 0; round < 200000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(rand() % 3 ? rand() | 0x80 : rand() & 0x7f);
        uint64_t a = 1, b = 1;
        const uint8_t *end = wire_number(bytes, &a);
        cr_assert_eq(wire_number_even(bytes, &b), end, "round %d", round);
        cr_assert_eq(a, b, "round %d", round);
    }
}

/* The first place of bytes side by side with the top bit set that may be part of a number that does not fit. */
static size_t plain_end(const uint8_t *bytes, size_t size)
{
    for (size_t begin = 0, n; begin < size; begin += n + 1) {
        for (n = 0; begin + n < size && bytes[begin + n] >= 0x80; n++)
            ;
        if (n > 9 || (n > 7 && begin + n == size) || (n == 9 && bytes[begin + n] > 1))
            return begin;
    }
    return size;
}

Test(wire_plain_end, finds_the_first_number_that_may_not_fit)
{
    static const uint8_t lasts[] = {0x11, 2, 1, 0};

    cr_assert_null(wire_plain_end((struct span){NULL, NULL}));
    for (size_t size = 1; size < 300; size++) {
        uint8_t *bytes = exactly(NULL, 0, size);
        memset(bytes, 0x11, size);
        cr_assert_eq(wire_plain_end((struct span){bytes, bytes + size}), bytes + size, "%zu", size);
        for (size_t i = 0; i < 5 * sizeof lasts; i++) {
            const size_t length = 7 + i / sizeof lasts;
            for (size_t at = 0; at + length <= size; at++) {
                memset(bytes + at, 0x80, length);
                if (at + length < size)
                    bytes[at + length] = lasts[i % sizeof lasts];
                cr_assert_eq(wire_plain_end((struct span){bytes, bytes + size}), bytes + plain_end(bytes, size),
                             "%zu bytes at %zu of %zu", length, at, size);
                memset(bytes + at, 0x11, at + length < size ? length + 1 : length);
            }
        }
        free(bytes);
    }
}

Test(wire_plain_end, goes_on_behind_numbers_that_fit)
{
    uint8_t bytes[400];

    srand(9);
    for (int round = 0; round < 100000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(rand() % 40 ? rand() & 0x7f : 0x80);
        for (int number = 0; number < 8; number++) {
            const size_t at = (size_t)rand() % (sizeof bytes - 12), length = 7 + (size_t)rand() % 4;
            memset(bytes + at, 0xff, length);
            bytes[at + length] = (uint8_t)(rand() % 4);
        }
        const size_t from = (size_t)rand() % 100, size = sizeof bytes - from;
        cr_assert_eq(wire_plain_end((struct span){bytes + from, bytes + sizeof bytes}),
                     bytes + from + plain_end(bytes + from, size), "round %d", round);
    }
}
