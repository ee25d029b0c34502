/* test_map.c: the map does what a plain list does, whatever the keys, and does not get slow by keys made to collide.
 */
#include "against_list.h"

enum {
    N_HOSTILE = 60000
};

static uint64_t hostile_key(uint64_t i)
{
    return colliding_key(i, 64);
}

static int put(void *map, uint64_t key, uint32_t value)
{
    return map_put(map, key, value);
}

static void take_out(void *map, uint64_t key, bool is_there)
{
    cr_assert_eq(map_remove(map, key), is_there);
}

static uint32_t get(const void *map, uint64_t key)
{
    return map_get(map, key);
}

static void clear(void *map)
{
    map_clear(map);
}

static void check_keys(uint64_t (*key_of)(uint64_t), uint64_t seed)
{
    struct map map = {0};

    check_against_list(&(struct subject){&map, put, take_out, get, clear, key_of}, seed);
    size_t n = 0;
    for (uint64_t i = 0; i < LIST_LENGTH; i++)
        n += map_get(&map, key_of(i)) != MAP_NONE;
    cr_assert_eq(map.n, n);
    map_done(&map);
    cr_assert_null(map.slots);
}

Test(map, does_what_a_list_does_for_near_keys)
{
    check_keys(near_key, 1);
    check_keys(near_key, 2);
}

Test(map, does_what_a_list_does_for_far_keys)
{
    check_keys(far_key, 3);
}

Test(map, does_what_a_list_does_for_keys_made_to_collide)
{
    check_keys(hostile_key, 4);
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
