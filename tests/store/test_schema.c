/* test_schema.c: records come back as they were put, and a value that is not itself is not believed.
 */
#include "store_priv.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(key, order_is_that_of_the_numbers)
{
    static const uint64_t numbers[] = {0, 1, 255, 256, 65535, 1u << 31, UINT64_C(1) << 40, UINT64_MAX};

    for (size_t i = 0; i + 1 < sizeof numbers / sizeof *numbers; i++) {
        struct key low = key_of(TAG_GENERATION, numbers[i]), high = key_of(TAG_GENERATION, numbers[i + 1]);
        cr_assert_eq(low.size, 9);
        cr_assert_lt(memcmp(low.at, high.at, 9), 0);
    }
    struct key first = key_chunk(TAG_DIR, 5, 0), second = key_chunk(TAG_DIR, 5, 1), next = key_chunk(TAG_DIR, 6, 0);
    cr_assert_eq(first.size, 13);
    cr_assert_lt(memcmp(first.at, second.at, 13), 0);
    cr_assert_lt(memcmp(second.at, next.at, 13), 0);
}

Test(value_proved, only_as_it_was_and_under_its_key)
{
    struct key key = key_of(TAG_STRING, 7), other = key_of(TAG_STRING, 8);
    struct buf value = {0};

    buf_put(&value, "hello", 5);
    value_seal(&value, &key);
    cr_assert_eq(value.size, 5 + CHECKSUM_BYTES);
    for (size_t bit = 0; bit < value.size * 8; bit++) {
        value.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_not(value_proved(&value, &key), "bit %zu", bit);
        value.size = 5 + CHECKSUM_BYTES;
        value.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert_not(value_proved(&value, &other));
    value.size = 5 + CHECKSUM_BYTES;
    cr_assert(value_proved(&value, &key));
    cr_assert_eq(value.size, 5);
    for (size_t size = 0; size < 5; size++) {
        value.size = size;
        cr_assert_not(value_proved(&value, &key));
    }
    buf_done(&value);
}

static struct store_meta some_meta(void)
{
    struct store_meta meta = {.fingerprint = UINT64_C(0x8182838485868788),
                              .version = 26,
                              .trace_bytes = UINT64_C(1) << 40,
                              .covered_bytes = 12345,
                              .covered_hash = UINT64_MAX,
                              .complete = true,
                              .rising = true,
                              .n_generations = 3,
                              .n_events = 1000,
                              .first_ns = INT64_MIN,
                              .last_ns = INT64_MAX,
                              .n_strings = 4,
                              .n_stacks = 5,
                              .n_listed = {3, 1},
                              .listed_at_end = true,
                              .fault = {.code = GXT_ECORRUPT, .offset = 99, .message = "a sentence"}};
    for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
        meta.n_by_kind[kind] = kind * 1000003;
    return meta;
}

Test(meta_decode, gives_what_was_encoded)
{
    struct store_meta meta = some_meta(), got;
    struct buf value = {0};
    struct gxt_error fault;

    meta_encode(&meta, &value);
    cr_assert_eq(meta_decode(&value, &got, &fault), 0, "%s", fault.message);
    cr_assert_eq(got.fingerprint, meta.fingerprint);
    cr_assert_eq(got.version, 26);
    cr_assert_eq(got.trace_bytes, meta.trace_bytes);
    cr_assert_eq(got.covered_bytes, meta.covered_bytes);
    cr_assert_eq(got.covered_hash, meta.covered_hash);
    cr_assert(got.complete);
    cr_assert(got.rising);
    cr_assert_eq(got.n_generations, 3);
    cr_assert_eq(got.n_events, 1000);
    cr_assert_arr_eq(got.n_by_kind, meta.n_by_kind, sizeof got.n_by_kind);
    cr_assert_eq(got.first_ns, INT64_MIN);
    cr_assert_eq(got.last_ns, INT64_MAX);
    cr_assert_eq(got.n_strings, 4);
    cr_assert_eq(got.n_stacks, 5);
    cr_assert_eq(got.fault.code, GXT_ECORRUPT);
    cr_assert_eq(got.fault.offset, 99);
    cr_assert_str_eq(got.fault.message, "a sentence");
    cr_assert(got.n_listed[0] == 3 && got.n_listed[1] == 1 && got.listed_at_end);

    for (size_t size = 0; size + 1 < value.size; size++) {
        struct buf cut = {.at = value.at, .size = size};
        cr_assert_eq(meta_decode(&cut, &got, &fault), GXT_EINDEX, "%zu of %zu bytes", size, value.size);
    }
    buf_done(&value);
}

/* The text, then schema, flags that must be known, flags that may be, the byte order mark. */
Test(meta_decode, refuses_by_name)
{
    static const struct {
        size_t at;
        const char *word;
    } cases[] = {{0, "no index of gxt"}, {16, "schema"}, {24, "features"}, {40, "machine"}};
    struct store_meta meta = some_meta(), got;
    struct buf value = {0};
    struct gxt_error fault;

    meta_encode(&meta, &value);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        value.at[cases[i].at] ^= 0x40;
        cr_assert_eq(meta_decode(&value, &got, &fault), GXT_EINDEX);
        cr_assert_not_null(strstr(fault.message, cases[i].word), "%s", fault.message);
        value.at[cases[i].at] ^= 0x40;
    }
    value.at[32] ^= 0x40; /* a flag that need not be known */
    cr_assert_eq(meta_decode(&value, &got, &fault), 0);
    buf_done(&value);
}

/* A list behind what is not kept, and one that is not before the other. */
Test(meta_decode, refuses_lists_of_nowhere)
{
    static const uint64_t wrong[][2] = {{4, 1}, {2, 2}, {0, 1}, {2, 3}}, good[][2] = {{0, 0}, {3, 0}, {2, 1}};
    struct store_meta meta = some_meta(), got;
    struct buf value = {0};
    struct gxt_error fault;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(meta.n_listed, wrong[i], sizeof meta.n_listed);
        value.size = 0;
        meta_encode(&meta, &value);
        cr_assert_eq(meta_decode(&value, &got, &fault), GXT_EINDEX, "%zu", i);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        memcpy(meta.n_listed, good[i], sizeof meta.n_listed);
        value.size = 0;
        meta_encode(&meta, &value);
        cr_assert_eq(meta_decode(&value, &got, &fault), 0, "%zu", i);
    }
    buf_done(&value);
}

Test(generation_decode, gives_what_was_encoded)
{
    struct store_generation record = {.hash = 5,
                                      .facts = {.number = 7,
                                                .begin = 16,
                                                .end = UINT64_MAX,
                                                .first_ordinal = 8,
                                                .n_events = 9,
                                                .first_ns = -1,
                                                .last_ns = 10,
                                                .ns_per_tick = 0.390625,
                                                .n_batches = 1,
                                                .n_threads = 2,
                                                .n_strings = 3,
                                                .n_stacks = 4,
                                                .n_samples = 5}};
    struct store_generation got;
    struct buf value = {0};

    generation_encode(&record, &value);
    cr_assert(generation_decode(&value, &got));
    cr_assert_eq(memcmp(&got, &record, sizeof got), 0);
    buf_put_u8(&value, 0);
    cr_assert_not(generation_decode(&value, &got), "a byte too many");
    buf_done(&value);
}

Test(dir_decode, gives_what_was_encoded_and_no_more)
{
    struct gen_batch batches[3] = {{30, 1000, 5, 11, 100, GEN_EVENTS, 0},
                                   {150, 900, -1, 12, WIRE_MAX_BATCH, GEN_STRINGS, 0},
                                   {90000, UINT64_MAX, INT64_MAX, 13, 0, GEN_EXPERIMENTAL, 1}};
    struct gen_dir dir = {.number = 3, .begin = 16, .end = 95000, .min_tick = 900, .batches = batches, .n_batches = 3};
    struct gen_dir got = {0};
    struct buf value = {0};
    uint64_t n_total;

    dir_encode(&dir, 0, 3, &value);
    cr_assert_eq(dir_decode(&value, true, &got, &n_total), 0);
    cr_assert_eq(n_total, 3);
    cr_assert_eq(got.n_batches, 3);
    cr_assert_eq(got.number, 3);
    cr_assert_eq(got.begin, 16);
    cr_assert_eq(got.end, 95000);
    cr_assert_eq(got.min_tick, 900);
    cr_assert(got.hashed);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(got.batches[i].offset, batches[i].offset);
        cr_assert_eq(got.batches[i].tick, batches[i].tick);
        cr_assert_eq(got.batches[i].thread, batches[i].thread);
        cr_assert_eq(got.batches[i].size, batches[i].size);
        cr_assert_eq(got.batches[i].hash, batches[i].hash);
        cr_assert_eq(got.batches[i].kind, batches[i].kind);
        cr_assert_eq(got.batches[i].experiment, batches[i].experiment);
    }
    for (size_t size = 0; size < value.size; size++) {
        struct buf cut = {.at = value.at, .size = size};
        got.n_batches = 0;
        cr_assert_eq(dir_decode(&cut, true, &got, &n_total), GXT_EINDEX, "%zu of %zu bytes", size, value.size);
    }
    gen_dir_done(&got);
    buf_done(&value);
}
