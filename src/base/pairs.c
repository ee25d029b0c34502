/* pairs.c
 *
 * In: pairs of a key and a value, in any order. Out: the same by rising key, those of one key in the order they had.
 * Never: more than one pass over them for each byte in which their keys differ.
 */
#include "base.h"

#include <stdlib.h>

enum {
    FEW = 48, /* below it is faster to insert */
    DIGITS = 256,
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

static inline size_t digit_of(const struct pair *pair, unsigned shift)
{
    return pair->key >> shift & (DIGITS - 1);
}

/* By the digit that begins at bit @shift; those that share it stay in order. */
static void by_digit(const struct pair *pairs, size_t n, unsigned shift, struct pair *ret)
{
    size_t places[DIGITS] = {0}, sum = 0;

    for (size_t i = 0; i < n; i++)
        places[digit_of(&pairs[i], shift)]++;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        const size_t here = places[digit];
        places[digit] = sum;
        sum += here;
    }
    for (size_t i = 0; i < n; i++)
        ret[places[digit_of(&pairs[i], shift)]++] = pairs[i];
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
    struct pair *from = pairs, *to = spare->pairs;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if ((differ >> shift & (DIGITS - 1)) == 0)
            continue;
        by_digit(from, n, shift, to);
        struct pair *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != pairs)
        memcpy(pairs, from, n * sizeof *pairs);
    return 0;
}
