/* test_runs.c: runs are those that a search of all ids by each other finds, near or far from each other.
 */
#include "../random.h"
#include "base.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* The ids, sorted; how many of them the runs so far had. */
struct expected {
    const uint64_t *ids;
    size_t n, at;
    uint64_t end; /* behind the last run, 0 for none */
    size_t n_runs;
};

static int take(void *user, uint64_t first, uint64_t n)
{
    struct expected *expected = user;

    cr_assert_geq(n, 1);
    cr_assert(expected->n_runs == 0 || first > expected->end, "a run that belongs to the one before it");
    for (uint64_t i = 0; i < n; i++) {
        cr_assert_lt(expected->at, expected->n);
        cr_assert_eq(expected->ids[expected->at], first + i);
        while (expected->at < expected->n && expected->ids[expected->at] == first + i)
            expected->at++;
    }
    expected->end = first + n;
    expected->n_runs++;
    return 0;
}

static void find_runs(struct id_runs *runs, size_t n, uint64_t mask, uint64_t more, uint64_t seed)
{
    uint64_t *ids = malloc((n + 1) * sizeof *ids), *sorted = malloc((n + 1) * sizeof *sorted);

    cr_assert(ids && sorted);
    for (size_t i = 0; i < n; i++)
        ids[i] = sorted[i] = (next_random(&seed) & mask) + more;
    qsort(sorted, n, sizeof *sorted, compare);
    struct expected expected = {.ids = sorted, .n = n};
    cr_assert_eq(id_runs_take(runs, ids, n, take, &expected), 0);
    cr_expect_eq(expected.at, n, "not all ids");
    free(ids);
    free(sorted);
}

Test(runs, are_of_all_ids_each_once)
{
    static const uint64_t masks[] = {0, 3, 0x3f, 0x7f, 0x3ff, 0xffff, UINT64_C(0xff000000000003ff), UINT64_MAX};
    static const uint64_t mores[] = {0, 60, 1000, UINT64_C(1) << 63};
    static const size_t sizes[] = {0, 1, 2, 64, 700, 5000, 100000};
    struct id_runs runs = {0}; /* used again, as it is meant */

    for (size_t mask = 0; mask < sizeof masks / sizeof *masks; mask++)
        for (size_t more = 0; more < sizeof mores / sizeof *mores; more++)
            for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++)
                if (masks[mask] < UINT64_MAX || mores[more] == 0)
                    find_runs(&runs, sizes[size], masks[mask], mores[more], mask * 100 + size);
    id_runs_done(&runs);
}

static int refuse(void *user, uint64_t first, uint64_t n)
{
    size_t *n_runs = user;

    (void)first;
    (void)n;
    return ++*n_runs == 2 ? GXT_ENOMEM : 0;
}

Test(runs, end_where_they_are_refused)
{
    static const uint64_t near[] = {1, 3, 5, 7}, last[] = {9, 4};
    struct id_runs runs = {0};
    size_t n_runs = 0;

    cr_expect_eq(id_runs_take(&runs, near, 4, refuse, &n_runs), GXT_ENOMEM);
    cr_expect_eq(n_runs, 2);
    n_runs = 0;
    cr_expect_eq(id_runs_take(&runs, last, 2, refuse, &n_runs), GXT_ENOMEM, "the last run is refused too");
    id_runs_done(&runs);
}
