/* frontier.c
 *
 * In: lanes with new heads. Out: the earliest at entry 0. Never: a lane without a head.
 *
 * A binary min-heap. Lanes with equal times stand as the moves below leave them, and the order of events depends on it:
 * these are the moves of Go's reader, no others.
 */
#include "order_priv.h"

#include <stdlib.h>

int frontier_reserve(struct frontier *frontier, size_t n)
{
    if (n <= frontier->capacity)
        return 0;
    struct frontier_entry *grown = realloc(frontier->entries, (n + FRONTIER_SPARE) * sizeof *grown);
    if (!grown)
        return GXT_ENOMEM;
    frontier->entries = grown;
    frontier->capacity = n;
    return 0;
}

static size_t sift_up(struct frontier_entry *entries, size_t i)
{
    struct frontier_entry entry = entries[i];

    while (i > 0 && entries[(i - 1) / 2].time_ns > entry.time_ns) {
        entries[i] = entries[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    entries[i] = entry;
    return i;
}

static void sift_down(struct frontier_entry *entries, size_t n, size_t i)
{
    struct frontier_entry entry = entries[i];

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n)
            break;
        if (child + 1 < n && entries[child + 1].time_ns < entries[child].time_ns)
            child++;
        if (entries[child].time_ns >= entry.time_ns)
            break;
        entries[i] = entries[child];
        i = child;
    }
    entries[i] = entry;
}

void frontier_insert(struct frontier *frontier, struct lane *lane)
{
    frontier->entries[frontier->n] = (struct frontier_entry){lane->time_ns, lane};
    (void)sift_up(frontier->entries, frontier->n++);
}

void frontier_move(struct frontier *frontier, size_t i)
{
    if (i == 0 || sift_up(frontier->entries, i) == i)
        sift_down(frontier->entries, frontier->n, i);
}

void frontier_remove(struct frontier *frontier, size_t i)
{
    struct frontier_entry *entries = frontier->entries;
    struct frontier_entry removed = entries[i];

    for (; i > 0; i = (i - 1) / 2)
        entries[i] = entries[(i - 1) / 2];
    entries[0] = removed;
    entries[0] = entries[--frontier->n];
    if (frontier->n > 0)
        sift_down(entries, frontier->n, 0);
}
