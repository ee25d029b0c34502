/* test_sort.c: gen_sort() leaves equal times where Go's sort leaves them.
 *
 * The truth is sort_vectors.txt, which sort_vectors.go writes with Go's own sort; that page says what its lines are.
 */
#include "../random.h"
#include "gen.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MOST_WORDS = 6
};

static uint64_t mix(uint64_t x)
{
    return next_random(&x);
}

static uint64_t organ(uint64_t i, uint64_t n)
{
    return i < n - 1 - i ? i : n - 1 - i;
}

static uint64_t time_of(const char *pattern, uint64_t i, uint64_t n, uint64_t p)
{
    if (strcmp(pattern, "random") == 0)
        return mix(i + n * p) % p;
    if (strcmp(pattern, "signed") == 0)
        return mix(i + n * p);
    if (strcmp(pattern, "rising") == 0)
        return i / p;
    if (strcmp(pattern, "falling") == 0)
        return (n - i) / p;
    if (strcmp(pattern, "organ") == 0)
        return organ(i, n) / p;
    if (strcmp(pattern, "valley") == 0)
        return (n - 1 - organ(i, n)) / p;
    if (strcmp(pattern, "saw") == 0)
        return i % p;
    if (strcmp(pattern, "steps") == 0)
        return i * p % n + i % 2;
    if (strcmp(pattern, "mended") == 0)
        return mix(i * p) % 16 == 0 ? mix(i) % n : i;
    cr_assert(false, "no pattern \"%s\"", pattern);
    return 0;
}

/* Items of @words words: the time, the place, and copies of the place. */
static uint64_t *make_items(const char *line, uint64_t n, uint64_t p, size_t words)
{
    uint64_t *items = calloc(n + 1, words * sizeof *items);
    char pattern[16];
    int used = 0;

    cr_assert_not_null(items);
    cr_assert_eq(sscanf(line, "%15s %*u %*u %*x%n", pattern, &used), 1);
    for (uint64_t i = 0; i < n; i++) {
        if (strcmp(pattern, "given") == 0) {
            char *end;
            items[i * words] = strtoull(line + used, &end, 10);
            line = end;
            used = 0;
        } else {
            items[i * words] = time_of(pattern, i, n, p);
        }
        for (size_t k = 1; k < words; k++)
            items[i * words + k] = i;
    }
    return items;
}

static uint64_t hash_of(const uint64_t *items, uint64_t n, size_t words)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (uint64_t i = 0; i < n; i++) {
        for (int shift = 0; shift < 32; shift += 8)
            hash = (hash ^ (items[i * words + 1] >> shift & 0xff)) * UINT64_C(0x100000001b3);
        for (size_t k = 2; k < words; k++)
            cr_assert_eq(items[i * words + k], items[i * words + 1], "an item was torn");
    }
    return hash;
}

static void check_all(size_t words)
{
    FILE *file = fopen(SORT_VECTORS, "r");
    char *line = NULL;
    size_t capacity = 0;
    int cases = 0;

    cr_assert_not_null(file);
    while (getline(&line, &capacity, file) > 0) {
        uint64_t n, p, hash;
        cr_assert_eq(sscanf(line, "%*s %" SCNu64 " %" SCNu64 " %" SCNx64, &n, &p, &hash), 3);
        uint64_t *items = make_items(line, n, p, words);
        gen_sort(items, n, words * sizeof *items);
        cr_expect_eq(hash_of(items, n, words), hash, "not as Go sorts it: %.40s", line);
        free(items);
        cases++;
    }
    cr_assert_gt(cases, 4000);
    free(line);
    fclose(file);
}

Test(gen_sort, sorts_pairs_as_go_does)
{
    check_all(2);
}

Test(gen_sort, sorts_items_of_a_samples_size_as_go_does)
{
    check_all(MOST_WORDS);
}

Test(gen_sort, takes_nothing_at_all)
{
    gen_sort(NULL, 0, 16);
}
