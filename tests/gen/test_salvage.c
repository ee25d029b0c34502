/* test_salvage.c: a generation of a hurt trace is found without what cannot be read.
 */
#include "gen.h"

#include <criterion/criterion.h>
#include <gxt/limits.h>

static struct buf bytes;
static struct gen_dir dir;
static struct gxt_error fault;

static void clear(void)
{
    buf_done(&bytes);
    gen_dir_done(&dir);
}

TestSuite(gen_salvage, .fini = clear);

static void put_batch(uint64_t generation, uint64_t thread)
{
    static const uint8_t data[] = {WIRE_PROC_STOP, 5, WIRE_PROC_STOP, 7};

    buf_put_u8(&bytes, WIRE_EVENT_BATCH);
    buf_put_varint(&bytes, generation);
    buf_put_varint(&bytes, thread);
    buf_put_varint(&bytes, 1000000 + thread);
    buf_put_varint(&bytes, sizeof data);
    buf_put(&bytes, data, sizeof data);
}

static void put_garbage(size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_put_u8(&bytes, 0xee);
}

static void put_end(void)
{
    buf_put_u8(&bytes, WIRE_END_OF_GENERATION);
}

static struct source source_of_bytes(void)
{
    return (struct source){.at = bytes.at, .size = bytes.size, .fd = -1};
}

static struct gen_stream stream;

static int next(int version)
{
    const struct source source = source_of_bytes();
    return gen_find(&stream, &source, version, &dir, &fault);
}

Test(gen_salvage, finds_what_gen_find_finds)
{
    static const int versions[] = {22, 26};

    for (size_t i = 0; i < 2; i++) {
        struct gen_stream plain = {0};
        struct gen_dir found = {0};
        int r, other;

        bytes.size = 0;
        for (uint64_t generation = 3; generation < 6; generation++) {
            for (uint64_t thread = 1; thread < 5; thread++)
                put_batch(generation, thread);
            if (versions[i] == 26)
                put_end();
        }
        const struct source source = source_of_bytes();
        stream = (struct gen_stream){.recovers = true};
        do {
            r = next(versions[i]);
            other = gen_find(&plain, &source, versions[i], &found, &fault);
            cr_assert_eq(r, other);
            cr_assert_eq(dir.n_batches, found.n_batches);
            cr_assert_eq(dir.begin, found.begin);
            cr_assert_eq(dir.end, found.end);
            cr_assert_eq(dir.number, found.number);
            cr_assert_eq(dir.loss.n_faults, 0);
            cr_assert_not(dir.severed);
        } while (r > 0);
        cr_assert_eq(r, 0);
        gen_dir_done(&found);
    }
}

Test(gen_salvage, passes_over_a_gap_inside)
{
    put_batch(3, 1);
    put_garbage(40);
    put_batch(3, 2);
    put_end();
    stream = (struct gen_stream){.recovers = true};
    cr_assert_eq(next(26), 1);
    cr_assert_eq(dir.n_batches, 2);
    cr_assert_eq(dir.loss.n_faults, 1);
    cr_assert_eq(dir.loss.n_bytes, 40);
    cr_assert_not(dir.severed);
    cr_assert_eq(next(26), 0);
    cr_assert_eq(dir.loss.n_faults, 0);
}

Test(gen_salvage, says_that_what_came_before_is_lost)
{
    put_garbage(17);
    put_batch(4, 1);
    put_end();
    stream = (struct gen_stream){.recovers = true};
    cr_assert_eq(next(26), 1);
    cr_assert(dir.severed);
    cr_assert_eq(dir.number, 4);
    cr_assert_eq(dir.loss.n_bytes, 17);
}

Test(gen_salvage, ends_a_generation_that_does_not_end)
{
    put_batch(3, 1);
    put_batch(4, 1);
    put_batch(4, 2);
    stream = (struct gen_stream){.recovers = true};
    cr_assert_eq(next(26), 1);
    cr_assert_eq(dir.n_batches, 1);
    cr_assert_eq(dir.loss.n_faults, 1);
    cr_assert_eq(next(26), 1);
    cr_assert_eq(dir.n_batches, 2);
    cr_assert_eq(dir.loss.first.code, GXT_ETRUNCATED);
    cr_assert_eq(next(26), 0);
}

/* A number further on is taken for no number of a generation. */
Test(gen_salvage, knows_how_many_generations_may_be_missing)
{
    static const uint64_t steps[] = {GXT_MAX_GAP_GENERATIONS, GXT_MAX_GAP_GENERATIONS + 1};

    for (size_t i = 0; i < 2; i++) {
        bytes.size = 0;
        put_batch(3, 1);
        put_garbage(9);
        put_batch(3 + steps[i], 1);
        put_end();
        stream = (struct gen_stream){.recovers = true};
        cr_assert_eq(next(26), 1);
        cr_assert_eq(dir.number, 3);
        cr_assert_eq(dir.n_batches, 1);
        cr_assert_eq(next(26), i == 0);
        cr_assert_eq(i == 0 ? dir.number : 0, i == 0 ? 3 + steps[i] : 0);
    }
}

/* Bytes behind the last generation are no generation, and are lost. */
Test(gen_salvage, tells_of_what_stands_at_the_end)
{
    put_batch(3, 1);
    put_end();
    put_garbage(100);
    stream = (struct gen_stream){.recovers = true};
    cr_assert_eq(next(26), 1);
    cr_assert_eq(dir.loss.n_faults, 0);
    cr_assert_eq(next(26), 0);
    cr_assert_eq(dir.loss.n_bytes, 100);
}
