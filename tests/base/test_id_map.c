/* test_id_map.c: the map of ids does what a plain list does, whatever the ids, grows only by what is there, and does
 * not get slow by ids made to collide.
 */
#include "against_list.h"

#include <inttypes.h>

enum {
    N_HOSTILE = 60000
};

/* The numbers of their blocks collide. */
static uint64_t hostile_id(uint64_t i)
{
    return colliding_key(i, 59) * ID_MAP_BLOCK;
}

static int put(void *map, uint64_t key, uint32_t value)
{
    return id_map_put(map, key, value);
}

static void take_out(void *map, uint64_t key, bool is_there)
{
    (void)is_there;
    id_map_remove(map, key);
}

static uint32_t get(const void *map, uint64_t key)
{
    return id_map_get(map, key);
}

static void clear(void *map)
{
    id_map_clear(map);
}

static void check_keys(uint64_t (*key_of)(uint64_t), uint64_t seed)
{
    struct id_map map = {0};

    check_against_list(&(struct subject){&map, put, take_out, get, clear, key_of}, seed);
    id_map_done(&map);
    cr_assert_null(map.blocks);
}

Test(id_map, does_what_a_list_does_for_near_ids)
{
    check_keys(near_key, 1);
    check_keys(near_key, 2);
}

Test(id_map, does_what_a_list_does_for_far_ids)
{
    check_keys(far_key, 3);
}

Test(id_map, does_what_a_list_does_for_ids_made_to_collide)
{
    check_keys(hostile_id, 4);
}

Test(id_map, has_nothing_when_empty)
{
    struct id_map map = {0};

    cr_expect_eq(id_map_get(&map, 0), MAP_NONE);
    id_map_remove(&map, 0);
    id_map_clear(&map);
    id_map_done(&map);
}

Test(id_map, takes_the_greatest_ids_and_values)
{
    struct id_map map = {0};

    cr_expect_eq(id_map_put(&map, UINT64_MAX, UINT32_MAX - 1), 0);
    cr_expect_eq(id_map_put(&map, 0, 0), 0);
    cr_expect_eq(id_map_get(&map, UINT64_MAX), UINT32_MAX - 1);
    cr_expect_eq(id_map_get(&map, UINT64_MAX - 1), MAP_NONE);
    cr_expect_eq(id_map_get(&map, 0), 0);
    cr_expect_eq(id_map_get(&map, 1), MAP_NONE);
    id_map_done(&map);
}

/* Goroutines come and go, a few at a time, with ids that never come again. */
Test(id_map, does_not_grow_by_what_has_gone)
{
    struct id_map map = {0};

    for (uint64_t id = 0; id < 1000000; id++) {
        cr_assert_eq(id_map_put(&map, id, (uint32_t)id), 0);
        if (id >= 100)
            id_map_remove(&map, id - 100);
    }
    cr_expect_leq(map.n_blocks, 8);
    cr_expect_leq(map.places.mask + 1, 64);
    for (uint64_t id = 999901; id < 1000000; id++)
        cr_expect_eq(id_map_get(&map, id), (uint32_t)id);
    cr_expect_eq(id_map_get(&map, 999899), MAP_NONE);
    cr_expect_eq(map.places.seed, 0);
    id_map_done(&map);
}

/* How far they then are from home is the map's affair: see test_map.c. */
Test(id_map, is_not_slowed_by_ids_made_to_collide)
{
    struct id_map map = {0};

    for (uint32_t i = 0; i < N_HOSTILE; i++)
        cr_assert_eq(id_map_put(&map, hostile_id(i), i), 0);
    cr_expect_neq(map.places.seed, 0, "the blocks collide, so the map has taken a seed");
    for (uint32_t i = 0; i < N_HOSTILE; i++)
        cr_assert_eq(id_map_get(&map, hostile_id(i)), i);
    cr_expect_eq(map.n_blocks, N_HOSTILE);
    id_map_done(&map);
}

/* All at once, as if all processes of a trace ended: their blocks serve others. */
Test(id_map, uses_blocks_again)
{
    struct id_map map = {0};

    for (uint64_t round = 0; round < 10; round++) {
        for (uint64_t i = 0; i < 1000; i++)
            cr_assert_eq(id_map_put(&map, round << 40 | i << 8, (uint32_t)i), 0);
        for (uint64_t i = 0; i < 1000; i++)
            cr_assert_eq(id_map_get(&map, round << 40 | i << 8), (uint32_t)i);
        for (uint64_t i = 0; i < 1000; i++)
            id_map_remove(&map, round << 40 | i << 8);
    }
    cr_expect_leq(map.n_blocks, 1000);
    id_map_done(&map);
}

static void check_list(const struct id_map *map, const int64_t *rising, size_t n)
{
    uint32_t values[64];
    size_t n_listed = 64;

    cr_assert_eq(id_map_list(map, values, &n_listed), 0);
    cr_assert_eq(n_listed, n);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(values[i], id_map_get(map, (uint64_t)rising[i]), "of id %" PRId64, rising[i]);
    /* Where there is room for fewer it is not left. */
    values[n / 2] = 77;
    n_listed = n / 2;
    cr_assert_eq(id_map_list(map, values, &n_listed), 0);
    cr_expect_eq(n_listed, n);
    cr_expect_eq(values[n / 2], 77);
}

/* More blocks than few, put in no order; one whose ids have gone is not among them. */
Test(id_map, lists_values_by_rising_id)
{
    struct id_map map = {0};
    int64_t ids[60] = {INT64_MIN, INT64_MIN + 1, -500, -33, -32, -1, 0, 1, 31, 32};

    for (int i = 10; i < 60; i++)
        ids[i] = 100 + (int64_t)i * i * i * 7919;
    check_list(&map, ids, 0);
    for (uint32_t i = 0; i < 60; i++)
        cr_assert_eq(id_map_put(&map, (uint64_t)ids[i * 37 % 60], i), 0);
    cr_assert_eq(id_map_put(&map, 77777, 60), 0);
    id_map_remove(&map, 77777);
    check_list(&map, ids, 60);
    id_map_done(&map);
}

/* In a row from anywhere, or by sixteen, as processors that create goroutines draw their ids. */
Test(id_map, takes_no_seed_for_honest_ids)
{
    struct id_map map = {0}, gaps = {0};

    for (uint32_t i = 0; i < 600000; i++)
        cr_assert_eq(id_map_put(&map, UINT64_C(0x7f0000000000) + i, i), 0);
    for (uint32_t i = 0; i < 600000; i++)
        cr_assert_eq(id_map_put(&gaps, i / 16 * 48 + i % 16, i), 0);
    cr_expect_eq(map.places.seed, 0);
    cr_expect_eq(gaps.places.seed, 0);
    id_map_done(&map);
    id_map_done(&gaps);
}
