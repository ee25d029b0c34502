/* test_map.c: the map does what a plain list does, whatever the keys, and does not get slow by keys made to collide.
 */
#include "base.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    N_KEYS = 700,
    N_STEPS = 200000,
    N_HOSTILE = 60000
};

static uint64_t next(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *random >> 24;
}

/* Keys that have a home at the start: the map multiplies four keys' number (key >> 2) and takes the highest bits, so
 * small products are alike to it. A product's number is its product with the inverse; one in four is small enough to be
 * a key's. */
static uint64_t hostile_key(uint64_t i)
{
    const uint64_t multiplier = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t inverse = 1;

    for (int round = 0; round < 6; round++)
        inverse *= 2 - multiplier * inverse; /* Newton's: each round doubles the bits that are right */
    for (uint64_t product = i << 8;; product++)
        if ((product * inverse) >> 62 == 0)
            return (product * inverse) << 2;
}

static uint64_t near_key(uint64_t i)
{
    return i;
}

static uint64_t far_key(uint64_t i)
{
    return i * UINT64_C(0x100000001b3) ^ UINT64_MAX << 32;
}

/* A walk of random steps beside a plain array. */
static void check_against_model(uint64_t (*key_of)(uint64_t), uint64_t seed)
{
    static uint32_t model[N_KEYS];
    struct map map = {0};
    size_t n = 0;

    memset(model, 0xff, sizeof model);
    for (int step = 0; step < N_STEPS; step++) {
        uint64_t i = next(&seed) % N_KEYS, key = key_of(i);
        switch (next(&seed) % 8) {
        case 0:
        case 1:
        case 2:
        case 3: {
            uint32_t value = (uint32_t)next(&seed) & 0x7fffffff;
            cr_assert_eq(map_put(&map, key, value), 0);
            n += model[i] == MAP_NONE;
            model[i] = value;
            break;
        }
        case 4:
        case 5:
        case 6:
            cr_assert_eq(map_remove(&map, key), model[i] != MAP_NONE, "step %d", step);
            n -= model[i] != MAP_NONE;
            model[i] = MAP_NONE;
            break;
        default:
            if (next(&seed) % 5000 == 0) {
                map_clear(&map);
                memset(model, 0xff, sizeof model);
                n = 0;
            }
        }
        cr_assert_eq(map.n, n, "step %d", step);
        i = next(&seed) % N_KEYS;
        cr_assert_eq(map_get(&map, key_of(i)), model[i], "step %d", step);
    }
    for (uint64_t i = 0; i < N_KEYS; i++)
        cr_assert_eq(map_get(&map, key_of(i)), model[i]);
    map_done(&map);
    cr_assert_null(map.slots);
}

Test(map, does_what_a_list_does_for_near_keys)
{
    check_against_model(near_key, 1);
    check_against_model(near_key, 2);
}

Test(map, does_what_a_list_does_for_far_keys)
{
    check_against_model(far_key, 3);
}

Test(map, does_what_a_list_does_for_keys_made_to_collide)
{
    check_against_model(hostile_key, 4);
}

Test(map, has_nothing_when_empty)
{
    struct map map = {0};

    cr_expect_eq(map_get(&map, 0), MAP_NONE);
    cr_expect_not(map_remove(&map, 0));
    map_clear(&map);
    map_done(&map);
}

Test(map, takes_the_greatest_keys_and_values)
{
    struct map map = {0};

    cr_expect_eq(map_put(&map, UINT64_MAX, UINT32_MAX - 1), 0);
    cr_expect_eq(map_put(&map, 0, 0), 0);
    cr_expect_eq(map_get(&map, UINT64_MAX), UINT32_MAX - 1);
    cr_expect_eq(map_get(&map, 0), 0);
    cr_expect_eq(map_get(&map, 1), MAP_NONE);
    map_done(&map);
}

Test(map, replaces_a_value)
{
    struct map map = {0};

    cr_expect_eq(map_put(&map, 5, 1), 0);
    cr_expect_eq(map_put(&map, 5, 2), 0);
    cr_expect_eq(map.n, 1);
    cr_expect_eq(map_get(&map, 5), 2);
    map_done(&map);
}

Test(map, is_not_slowed_by_keys_made_to_collide)
{
    struct map map = {0};

    for (uint32_t i = 0; i < N_HOSTILE; i++)
        cr_assert_eq(map_put(&map, hostile_key(i), i), 0);
    cr_expect_neq(map.seed, 0, "the keys collide, so the map has taken a seed");
    for (uint32_t i = 0; i < N_HOSTILE; i++)
        cr_assert_eq(map_get(&map, hostile_key(i)), i);

    /* Far fewer steps than one each would take that walks half the table. */
    uint64_t steps = 0;
    for (uint64_t i = 0; i <= map.mask; i++)
        if (map.slots[i].value != MAP_NONE)
            steps += (i - map_home(&map, map.slots[i].key)) & map.mask;
    cr_expect_lt(steps, 20 * N_HOSTILE);
    for (uint32_t i = 0; i < N_HOSTILE; i++)
        cr_assert(map_remove(&map, hostile_key(i)));
    cr_expect_eq(map.n, 0);
    map_done(&map);
}

Test(map, takes_no_seed_for_honest_ids)
{
    struct map map = {0};

    for (uint32_t i = 0; i < 200000; i++)
        cr_assert_eq(map_put(&map, i, i), 0);
    for (uint32_t i = 0; i < 1000; i++)
        cr_assert_eq(map_put(&map, UINT64_C(0x7f0000000000) + i * 4096, i), 0);
    cr_expect_eq(map.seed, 0);
    map_done(&map);
}
