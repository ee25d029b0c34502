/* test_pairs.c: pairs are sorted by key, and those of one key stay in order.
 */
#include "../random.h"
#include "base.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void sort_these(struct pair *pairs, size_t n)
{
    struct pairs_spare spare = {0};
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        pairs[i].value = i;
        sum += pairs[i].key * 31 + i;
    }
    cr_assert_eq(pairs_sort(pairs, n, &spare), 0);
    for (size_t i = 0; i < n; i++)
        sum -= pairs[i].key * 31 + pairs[i].value;
    cr_expect_eq(sum, 0, "not the same pairs");
    for (size_t i = 1; i < n; i++) {
        cr_assert_leq(pairs[i - 1].key, pairs[i].key);
        cr_assert(pairs[i - 1].key < pairs[i].key || pairs[i - 1].value < pairs[i].value, "%zu of %zu", i, n);
    }
    pairs_done(&spare);
}

/* Keys of every size: few distinct ones, near ones, and any. */
static void sort_some(size_t n, uint64_t mask, uint64_t seed)
{
    struct pair *pairs = malloc((n + 1) * sizeof *pairs);

    cr_assert_not_null(pairs);
    for (size_t i = 0; i < n; i++)
        pairs[i].key = next_random(&seed) & mask;
    sort_these(pairs, n);
    free(pairs);
}

Test(pairs, are_sorted_and_stay_in_order)
{
    static const uint64_t masks[] = {
        0, 3, 0xff, 0xff00, 0x7ff, 0xfff, 0xffff, 0x1ffffff, UINT64_C(0xff000000000000ff), UINT64_MAX};
    static const size_t sizes[] = {0, 1, 2, 3, 47, 48, 49, 300, 5000};

    for (size_t mask = 0; mask < sizeof masks / sizeof *masks; mask++)
        for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++)
            sort_some(sizes[size], masks[mask], mask * 100 + size);
}

/* Runs of so many, whose keys rise by less than this from somewhere. */
static void sort_runs(const size_t *lengths, size_t n_runs, uint64_t steps, uint64_t seed)
{
    struct pair *pairs = NULL;
    size_t n = 0;

    for (size_t run = 0; run < n_runs; run++) {
        uint64_t key = next_random(&seed) % (1 + lengths[0] * steps / 2);
        pairs = realloc(pairs, (n + lengths[run]) * sizeof *pairs);
        cr_assert_not_null(pairs);
        for (size_t i = 0; i < lengths[run]; i++)
            pairs[n++].key = key += next_random(&seed) % steps;
    }
    sort_these(pairs, n);
    free(pairs);
}

Test(pairs, are_merged_where_few_are_not_in_order)
{
    static const size_t lengths[][5] = {{5000, 1, 1, 1, 1},       {5000, 3, 400, 1, 9000}, {1, 1, 9000, 2, 1},
                                        {3000, 3000, 3000, 2, 1}, {10, 100, 1000, 9, 99},  {7, 60, 500, 4100, 33000},
                                        {9000, 800, 70, 6, 5}};

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (uint64_t steps = 1; steps < 50; steps += 6)
            sort_runs(lengths[i], 5, steps, 100 * i + steps);
}

/* As many low bits differ as there are in the mask; the others are set, so that the largest key of all is met too. */
static void merge_two(size_t n_left, size_t n, uint64_t mask, uint64_t seed)
{
    struct pair *merged = calloc(n + 1, sizeof *merged), *all = calloc(n + 1, sizeof *all);
    struct pairs_spare spare = {0};

    cr_assert(merged && all);
    for (size_t i = 0; i < n; i++)
        merged[i].key = next_random(&seed) | ~mask;
    cr_assert_eq(pairs_sort(merged, n_left, &spare), 0);
    cr_assert_eq(pairs_sort(merged + n_left, n - n_left, &spare), 0);
    for (size_t i = 0; i < n; i++)
        merged[i].value = i;
    memcpy(all, merged, n * sizeof *all);
    cr_assert_eq(pairs_sort(all, n, &spare), 0);
    cr_assert_eq(pairs_merge(merged, n_left, n, &spare), 0);
    for (size_t i = 0; i < n; i++)
        cr_assert(merged[i].key == all[i].key && merged[i].value == all[i].value, "%zu of %zu, %zu", i, n, n_left);
    pairs_done(&spare);
    free(merged);
    free(all);
}

Test(pairs, two_parts_in_order_are_merged)
{
    static const uint64_t masks[] = {0, 3, 0xffff, UINT64_MAX};
    static const size_t sizes[] = {0, 1, 2, 20, 49, 3000};

    for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++)
        for (size_t mask = 0; mask < sizeof masks / sizeof *masks; mask++)
            for (size_t part = 0; part <= 20; part++)
                merge_two(sizes[size] * part / 20, sizes[size], masks[mask], mask * 100 + part);
}
