/* test_arena.c: pieces of an arena do not overlap, do not move, and end together; arrays double.
 */
#include "base.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    N_PIECES = 3000
};

Test(arena_alloc, gives_aligned_pieces_that_do_not_overlap)
{
    static uint8_t *pieces[N_PIECES];
    static size_t sizes[N_PIECES];
    struct arena arena = {0};
    uint64_t random = 1;

    for (size_t i = 0; i < N_PIECES; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sizes[i] = random >> 33 & (i % 100 == 0 ? 0x7ffff : 0x3ff); /* now and then one bigger than a chunk */
        pieces[i] = arena_alloc(&arena, sizes[i]);
        cr_assert_not_null(pieces[i]);
        cr_assert_eq((uintptr_t)pieces[i] % 8, 0);
        memset(pieces[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < N_PIECES; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            if (pieces[i][k] != i % 251)
                cr_assert_fail("byte %zu of piece %zu was overwritten", k, i);
    cr_expect_gt(arena.total_bytes, 0);
    arena_done(&arena);
    cr_expect_null(arena.chunks);
    cr_expect_eq(arena.used + arena.capacity + arena.total_bytes, 0);
}

Test(arena_alloc, gives_a_place_for_no_bytes)
{
    struct arena arena = {0};

    cr_expect_not_null(arena_alloc(&arena, 0));
    arena_done(&arena);
}

Test(arena_alloc, goes_on_in_its_chunk_after_a_big_piece)
{
    struct arena arena = {0};

    uint8_t *before = arena_alloc(&arena, 8);
    cr_assert_not_null(arena_alloc(&arena, 1 << 20));
    cr_expect_eq((uint8_t *)arena_alloc(&arena, 8), before + 8);
    arena_done(&arena);
}

Test(arena_alloc, refuses_what_no_machine_has)
{
    struct arena arena = {0};

    cr_expect_null(arena_alloc(&arena, SIZE_MAX));
    cr_expect_null(arena_alloc(&arena, SIZE_MAX / 2 + 1));
    cr_expect_eq(arena.total_bytes, 0);
    arena_done(&arena);
}

Test(arena_done, takes_an_empty_one)
{
    struct arena arena = {0};

    arena_done(&arena);
    arena_done(&arena);
}

Test(array_grow, makes_room_for_one_more_and_keeps_the_items)
{
    uint32_t *array = NULL;
    size_t capacity = 0;

    for (uint32_t n = 0; n < 1000; n++) {
        array = array_grow(array, n, &capacity, sizeof *array);
        cr_assert_not_null(array);
        cr_assert_lt(n, capacity);
        array[n] = n * 3;
    }
    for (uint32_t n = 0; n < 1000; n++)
        cr_assert_eq(array[n], n * 3);
    cr_expect_lt(capacity, 2000 + 16);
    free(array);
}

Test(array_grow, leaves_the_array_when_there_is_no_memory)
{
    int one = 1;
    size_t capacity = SIZE_MAX / 2 + 1;

    cr_expect_null(array_grow(&one, capacity, &capacity, 8));
    cr_expect_eq(capacity, SIZE_MAX / 2 + 1);
    cr_expect_eq(one, 1);
    capacity = 1;
    cr_expect_null(array_grow(NULL, 1, &capacity, SIZE_MAX));
    cr_expect_eq(capacity, 1);
}
