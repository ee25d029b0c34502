/* sort.c
 *
 * In: items, each with its time in front. Out: the same items by rising time. Never: another order of equal times than
 * Go's slices.SortFunc leaves, and no allocation.
 *
 * Go's sort is pattern-defeating quicksort. Of a range it does, over and over:
 *
 *     12 items or fewer           insertion sort, done
 *     too many bad pivots         heap sort, done
 *     last split was lopsided     move three items elsewhere, by a generator seeded with the length
 *     pick a pivot                median of three, or of three medians; this also tells rising and falling ranges
 *     falling                     turn it round
 *     rising, and so far so good  try a few insertions; sorted then: done
 *     pivot = the item before     take away what equals it, go on with the rest
 *     else                        split; recurse into the shorter side, go on with the longer one
 *
 * Every comparison and every swap below is one that Go makes, for each of them can decide where an equal time ends.
 */
#include "gen.h"

#include <assert.h>

enum {
    MAX_INSERTION = 12,    /* slices.pdqsortCmpFunc: maxInsertion */
    SHORTEST_NINTHER = 50, /* slices.choosePivotCmpFunc */
    SHORTEST_SHIFTED = 50, /* slices.partialInsertionSortCmpFunc: shortestShifting */
    MAX_SHIFTS = 5,        /* slices.partialInsertionSortCmpFunc: maxSteps */
    MAX_PIVOT_SWAPS = 12,  /* slices.choosePivotCmpFunc: maxSwaps */
    LOPSIDED = 8,          /* a side shorter than the range's eighth is a bad split */
};

/* The array; places in it are signed so that loops can run down past 0. */
struct items {
    uint8_t *at;
    size_t size; /* of one, in bytes */
};

enum trend {
    MIXED,
    RISING,
    FALLING
};

static inline int64_t time_at(const struct items *items, ptrdiff_t i)
{
    int64_t time;

    memcpy(&time, items->at + (size_t)i * items->size, sizeof time);
    return time;
}

static inline bool less(const struct items *items, ptrdiff_t i, ptrdiff_t j)
{
    return time_at(items, i) < time_at(items, j);
}

static inline void swap_words(uint8_t *a, uint8_t *b, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t from_a, from_b;
        memcpy(&from_a, a + i, sizeof from_a);
        memcpy(&from_b, b + i, sizeof from_b);
        memcpy(a + i, &from_b, sizeof from_b);
        memcpy(b + i, &from_a, sizeof from_a);
    }
}

static inline void swap(const struct items *items, ptrdiff_t i, ptrdiff_t j)
{
    uint8_t *a = items->at + (size_t)i * items->size, *b = items->at + (size_t)j * items->size;

    if (LIKELY(items->size == 16))
        swap_words(a, b, 16); /* the frontier's entries: two words and no loop */
    else
        swap_words(a, b, items->size);
}

static void insertion_sort(const struct items *items, ptrdiff_t begin, ptrdiff_t end)
{
    for (ptrdiff_t i = begin + 1; i < end; i++)
        for (ptrdiff_t j = i; j > begin && less(items, j, j - 1); j--)
            swap(items, j, j - 1);
}

/* A heap of @n items at @begin, the latest at its root: lets item @root of it down to its place. */
static void sift_down(const struct items *items, ptrdiff_t begin, ptrdiff_t root, ptrdiff_t n)
{
    for (ptrdiff_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && less(items, begin + child, begin + child + 1))
            child++;
        if (!less(items, begin + root, begin + child))
            return;
        swap(items, begin + root, begin + child);
    }
}

static void heap_sort(const struct items *items, ptrdiff_t begin, ptrdiff_t end)
{
    ptrdiff_t n = end - begin;

    for (ptrdiff_t i = (n - 1) / 2; i >= 0; i--)
        sift_down(items, begin, i, n);
    for (ptrdiff_t i = n - 1; i >= 0; i--) {
        swap(items, begin, begin + i);
        sift_down(items, begin, 0, i);
    }
}

static int bit_length(uint64_t value)
{
    return value ? 64 - __builtin_clzll(value) : 0;
}

static void break_patterns(const struct items *items, ptrdiff_t begin, ptrdiff_t end)
{
    uint64_t length = (uint64_t)(end - begin), random = length;
    uint64_t mask = (UINT64_C(1) << bit_length(length)) - 1;
    ptrdiff_t middle = begin + (end - begin) / 4 * 2;

    for (ptrdiff_t i = middle - 1; i <= middle + 1; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;

        uint64_t other = random & mask;
        swap(items, i, begin + (ptrdiff_t)(other >= length ? other - length : other));
    }
}

/* Puts two places in the order of their times. */
static void order(const struct items *items, ptrdiff_t *a, ptrdiff_t *b, int *swaps)
{
    if (!less(items, *b, *a))
        return;
    ptrdiff_t later = *a;
    *a = *b;
    *b = later;
    ++*swaps;
}

static ptrdiff_t median(const struct items *items, ptrdiff_t a, ptrdiff_t b, ptrdiff_t c, int *swaps)
{
    order(items, &a, &b, swaps);
    order(items, &b, &c, swaps);
    order(items, &a, &b, swaps);
    return b;
}

/* Of a range longer than MAX_INSERTION. */
static ptrdiff_t choose_pivot(const struct items *items, ptrdiff_t begin, ptrdiff_t end, enum trend *ret_trend)
{
    ptrdiff_t quarter = (end - begin) / 4;
    ptrdiff_t a = begin + quarter, b = begin + quarter * 2, c = begin + quarter * 3;
    int swaps = 0;

    if (end - begin >= SHORTEST_NINTHER) {
        a = median(items, a - 1, a, a + 1, &swaps);
        b = median(items, b - 1, b, b + 1, &swaps);
        c = median(items, c - 1, c, c + 1, &swaps);
    }
    b = median(items, a, b, c, &swaps);
    *ret_trend = swaps == 0 ? RISING : swaps == MAX_PIVOT_SWAPS ? FALLING : MIXED;
    return b;
}

static void reverse(const struct items *items, ptrdiff_t begin, ptrdiff_t end)
{
    for (ptrdiff_t i = begin, j = end - 1; i < j; i++, j--)
        swap(items, i, j);
}

/* Mends up to MAX_SHIFTS places of a range that looks sorted. Returns whether it is sorted. */
static bool try_insertions(const struct items *items, ptrdiff_t begin, ptrdiff_t end)
{
    ptrdiff_t i = begin + 1;

    for (int shifts = 0; shifts < MAX_SHIFTS; shifts++) {
        while (i < end && !less(items, i, i - 1))
            i++;
        if (i == end)
            return true;
        if (end - begin < SHORTEST_SHIFTED)
            return false;

        swap(items, i, i - 1);
        if (i - begin >= 2)
            for (ptrdiff_t j = i - 1; j >= 1 && less(items, j, j - 1); j--)
                swap(items, j, j - 1);
        for (ptrdiff_t j = i + 1; j < end && less(items, j, j - 1); j++)
            swap(items, j, j - 1);
    }
    return false;
}

/* Splits a range that has nothing before its pivot's time into what equals the pivot and what is later. Returns where
 * the later part begins. */
static ptrdiff_t split_equal(const struct items *items, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t pivot)
{
    ptrdiff_t i = begin + 1, j = end - 1;

    swap(items, begin, pivot);
    for (;; i++, j--) {
        while (i <= j && !less(items, begin, i))
            i++;
        while (i <= j && less(items, begin, j))
            j--;
        if (i > j)
            return i;
        swap(items, i, j);
    }
}

/* Splits a range into what is earlier than the pivot, the pivot, and the rest. Returns where the pivot is. */
static ptrdiff_t split(const struct items *items, ptrdiff_t begin, ptrdiff_t end, ptrdiff_t pivot, bool *ret_was_split)
{
    ptrdiff_t i = begin + 1, j = end - 1;

    *ret_was_split = true;
    swap(items, begin, pivot);
    for (;; i++, j--) {
        while (i <= j && less(items, i, begin))
            i++;
        while (i <= j && !less(items, j, begin))
            j--;
        if (i > j)
            break;
        swap(items, i, j);
        *ret_was_split = false;
    }
    swap(items, j, begin);
    return j;
}

/* @patience: how many lopsided splits are borne before the heap sort. */
static void sort(const struct items *items, ptrdiff_t begin, ptrdiff_t end, int patience)
{
    bool was_even = true, was_split = true;
    ptrdiff_t length;

    while ((length = end - begin) > MAX_INSERTION) {
        if (patience == 0) {
            heap_sort(items, begin, end);
            return;
        }
        if (!was_even) {
            break_patterns(items, begin, end);
            patience--;
        }
        enum trend trend;
        ptrdiff_t pivot = choose_pivot(items, begin, end, &trend);
        if (trend == FALLING) {
            reverse(items, begin, end);
            pivot = begin + (end - 1 - pivot);
            trend = RISING;
        }
        if (was_even && was_split && trend == RISING && try_insertions(items, begin, end))
            return;
        if (begin > 0 && !less(items, begin - 1, pivot)) {
            begin = split_equal(items, begin, end, pivot);
            continue;
        }
        ptrdiff_t middle = split(items, begin, end, pivot, &was_split);
        if (middle - begin < end - middle) {
            was_even = middle - begin >= length / LOPSIDED;
            sort(items, begin, middle, patience);
            begin = middle + 1;
        } else {
            was_even = end - middle >= length / LOPSIDED;
            sort(items, middle + 1, end, patience);
            end = middle;
        }
    }
    insertion_sort(items, begin, end);
}

void gen_sort(void *items, size_t n, size_t item_size)
{
    assert(item_size % sizeof(uint64_t) == 0); /* the time in front aligns them so */
    sort(&(struct items){items, item_size}, 0, (ptrdiff_t)n, bit_length(n));
}
