/* pairs.c
 *
 * In: pairs of a key and a value, in any order. Out: the same by rising key, those of one key in the order they had.
 * Never: more than one pass over them for every few bits in which their keys differ, or a pass over what is in order
 * already but for a few.
 */
#include "base.h"

#include <stdlib.h>

enum {
    FEW = 48,        /* below it is faster to insert, even where keys differ in few bits */
    MOST_BITS = 11,  /* of a digit: as many counters as a processor has at hand */
    FEW_RUNS = 8,    /* of pairs in order, and … */
    LONG_RUN = 1024, /* … one more for so many pairs: these are merged */
    MOST_RUNS = 64,  /* at hand: each is more than twice as long as the one behind it */
    MUCH_LONGER = 8, /* times: then places are sought for the pairs of the shorter run, one by one */
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

/* The first pair whose key is this one or larger. */
static size_t first_from(const struct pair *pairs, size_t n, uint64_t key)
{
    size_t low = 0;

    while (low < n) {
        const size_t middle = low + (n - low) / 2;
        if (pairs[middle].key < key)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

/* The first one whose key is larger: there are larger ones, be it among others. */
static size_t first_behind(const struct pair *pairs, size_t n, uint64_t key)
{
    return first_from(pairs, n, key + 1);
}

/* Puts few pairs, which stand before them, among many. */
static void put_first(struct pair *pairs, const struct pair *few, size_t n_few, size_t n)
{
    struct pair *const many = pairs + n_few;
    size_t at = 0;

    for (size_t i = 0; i < n_few; i++) {
        const size_t next = at + first_from(many + at, n - n_few - at, few[i].key);
        memmove(pairs + i + at, many + at, (next - at) * sizeof *pairs);
        pairs[i + next] = few[i];
        at = next;
    }
}

/* Puts few pairs, which stand behind them, among many. */
static void put_last(struct pair *pairs, size_t n_many, const struct pair *few, size_t n_few)
{
    size_t end = n_many;

    for (size_t i = n_few; i > 0; i--) {
        const size_t at = first_behind(pairs, end, few[i - 1].key);
        memmove(pairs + at + i, pairs + at, (end - at) * sizeof *pairs);
        pairs[at + i - 1] = few[i - 1];
        end = at;
    }
}

/* Merges two runs that follow each other, the second of which begins before the first ends. @spare: has room for
 * either */
static void merge_two(struct pair *pairs, size_t n_left, size_t n, struct pair *spare)
{
    const size_t in_place = first_behind(pairs, n_left, pairs[n_left].key);

    pairs += in_place;
    n_left -= in_place;
    if (n_left == 0)
        return;
    const size_t n_right = first_from(pairs + n_left, n - in_place - n_left, pairs[n_left - 1].key);
    if (n_left / MUCH_LONGER > n_right) {
        memcpy(spare, pairs + n_left, n_right * sizeof *pairs);
        put_last(pairs, n_left, spare, n_right);
        return;
    }
    memcpy(spare, pairs, n_left * sizeof *pairs);
    if (n_right / MUCH_LONGER > n_left) {
        put_first(pairs, spare, n_left, n_left + n_right);
        return;
    }
    const struct pair *left = spare, *const left_end = spare + n_left;
    const struct pair *right = pairs + n_left, *const right_end = right + n_right;
    while (left < left_end && right < right_end)
        *pairs++ = right->key < left->key ? *right++ : *left++;
    memcpy(pairs, left, (size_t)(left_end - left) * sizeof *pairs);
}

static size_t run_of(const struct pair *pairs, size_t n)
{
    size_t length = 1;

    while (length < n && pairs[length - 1].key <= pairs[length].key)
        length++;
    return length;
}

/* Merges runs such that short ones are merged first. */
static void merge_runs(struct pair *pairs, size_t n, struct pair *spare)
{
    size_t begins[MOST_RUNS], n_runs = 0;

    for (size_t end = 0; end < n || n_runs > 1;) {
        const size_t last = n_runs > 0 ? end - begins[n_runs - 1] : 0;
        if (n_runs > 1 && (end == n || begins[n_runs - 1] - begins[n_runs - 2] <= 2 * last)) {
            n_runs--;
            merge_two(pairs + begins[n_runs - 1], begins[n_runs] - begins[n_runs - 1], end - begins[n_runs - 1], spare);
            continue;
        }
        begins[n_runs++] = end;
        end += run_of(pairs + end, n - end);
    }
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

int pairs_merge(struct pair *pairs, size_t n_left, size_t n, struct pairs_spare *spare)
{
    if (n_left == 0 || n_left == n || pairs[n_left - 1].key <= pairs[n_left].key)
        return 0;
    if (!pairs_reserve(spare, n))
        return GXT_ENOMEM;
    merge_two(pairs, n_left, n, spare->pairs);
    return 0;
}

static size_t count_runs(const struct pair *pairs, size_t n)
{
    size_t n_runs = 1;

    for (size_t i = 1; i < n; i++)
        n_runs += pairs[i - 1].key > pairs[i].key;
    return n_runs;
}

int pairs_sort(struct pair *pairs, size_t n, struct pairs_spare *spare)
{
    const size_t n_runs = count_runs(pairs, n);
    uint64_t differ = 0;

    if (n_runs == 1)
        return 0;
    if (n < FEW) {
        insert_each(pairs, n);
        return 0;
    }
    if (!pairs_reserve(spare, n))
        return GXT_ENOMEM;
    if (n_runs < FEW_RUNS + n / LONG_RUN) {
        merge_runs(pairs, n, spare->pairs);
        return 0;
    }
    for (size_t i = 1; i < n; i++)
        differ |= pairs[i].key ^ pairs[0].key;
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
