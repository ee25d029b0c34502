/* pairs.c
 *
 * In: pairs of a key and a value, in any order. Out: the same by rising key, those of one key in the order they had.
 * Never: more than one pass over them for every few bits in which their keys differ.
 */
#include "base.h"

#include <stdlib.h>

enum {
    FEW = 48,       /* below it is faster to insert, even where keys differ in few bits */
    MOST_BITS = 11, /* of a digit: as many counters as a processor has at hand */
};

void pairs_done(struct pairs_spare *spare)
{
    free(spare->pairs);
    *spare = (struct pairs_spare){0};
}

static void insert_each(struct pair *pairs, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct pair pair = pairs[i];
        size_t at = i;
        for (; at > 0 && pairs[at - 1].key > pair.key; at--)
            pairs[at] = pairs[at - 1];
        pairs[at] = pair;
    }
}

/* Some bits of a key. */
struct digit {
    unsigned shift;
    uint64_t mask;
};

static inline size_t digit_of(const struct pair *pair, struct digit digit)
{
    return pair->key >> digit.shift & digit.mask;
}

/* Those that share a digit stay in order. */
static void by_digit(const struct pair *pairs, size_t n, struct digit digit, struct pair *ret)
{
    size_t places[1 << MOST_BITS], sum = 0;

    memset(places, 0, (digit.mask + 1) * sizeof *places);
    for (size_t i = 0; i < n; i++)
        places[digit_of(&pairs[i], digit)]++;
    for (size_t value = 0; value <= digit.mask; value++) {
        const size_t here = places[value];
        places[value] = sum;
        sum += here;
    }
    for (size_t i = 0; i < n; i++)
        ret[places[digit_of(&pairs[i], digit)]++] = pairs[i];
}

/* The bits in which keys differ, in as many digits as they need, all as wide. */
static unsigned digit_bits(uint64_t differ)
{
    const unsigned width = 64 - (unsigned)__builtin_clzll(differ) - (unsigned)__builtin_ctzll(differ);
    const unsigned n_digits = (width + MOST_BITS - 1) / MOST_BITS;

    return (width + n_digits - 1) / n_digits;
}

bool pairs_reserve(struct pairs_spare *spare, size_t n)
{
    if (n <= spare->capacity)
        return true;
    struct pair *grown = realloc(spare->pairs, n * sizeof *grown);
    if (!grown)
        return false;
    spare->pairs = grown;
    spare->capacity = n;
    return true;
}

int pairs_sort(struct pair *pairs, size_t n, struct pairs_spare *spare)
{
    uint64_t differ = 0;
    bool is_sorted = true;

    for (size_t i = 1; i < n; i++) {
        differ |= pairs[i].key ^ pairs[0].key;
        is_sorted = is_sorted && pairs[i - 1].key <= pairs[i].key;
    }
    if (is_sorted)
        return 0;
    if (n < FEW) {
        insert_each(pairs, n);
        return 0;
    }
    if (!pairs_reserve(spare, n))
        return GXT_ENOMEM;
    const unsigned bits = digit_bits(differ);
    struct digit digit = {(unsigned)__builtin_ctzll(differ), (UINT64_C(1) << bits) - 1};
    struct pair *from = pairs, *to = spare->pairs;
    for (; digit.shift < 64 && differ >> digit.shift > 0; digit.shift += bits) {
        if ((differ >> digit.shift & digit.mask) == 0)
            continue;
        by_digit(from, n, digit, to);
        struct pair *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != pairs)
        memcpy(pairs, from, n * sizeof *pairs);
    return 0;
}
