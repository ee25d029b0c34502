/* test_pairs.c: pairs are sorted by key, and those of one key stay in order.
 */
#include "../random.h"
#include "base.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Keys of every size: few distinct ones, near ones, and any. */
static void sort_some(size_t n, uint64_t mask, uint64_t seed)
{
    struct pair *pairs = malloc((n + 1) * sizeof *pairs);
    struct pairs_spare spare = {0};
    uint64_t sum = 0;

    cr_assert_not_null(pairs);
    for (size_t i = 0; i < n; i++) {
        pairs[i] = (struct pair){next_random(&seed) & mask, i};
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
