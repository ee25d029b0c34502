/* test_table.c: a table of goroutines finds those that live, and no others, however their ids end.
 */
#include "../random.h"
#include "order_priv.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    MANY = 20000,
    IDS = 4 /* that end alike */
};

/* An id of many that end alike: whatever there are places for, some meet one that is taken. */
static int64_t id_of(unsigned number)
{
    return (int64_t)(number / IDS) + ((int64_t)(number % IDS) << 40) - 3;
}

static void same(struct sched_table *table, const bool *lives, unsigned n)
{
    size_t n_live = 0;

    for (unsigned i = 0; i < n; i++) {
        const uint32_t at = sched_at(table, id_of(i));
        cr_assert_eq(at != MAP_NONE, lives[i], "%lld", (long long)id_of(i));
        if (lives[i])
            cr_assert(table->items[at].live && table->items[at].id == id_of(i));
        n_live += lives[i];
    }
    cr_assert_eq(table->n - table->n_free, n_live);
}

Test(table, finds_those_that_live)
{
    struct sched_table table = {0};
    bool *lives = calloc(MANY, sizeof *lives);
    uint64_t random = 1;

    cr_assert(lives);
    for (unsigned most = 4; most <= MANY; most *= 5) {
        for (unsigned i = 0; i < 4 * most; i++) {
            const unsigned one = (unsigned)(next_random(&random) % most);
            const uint32_t at = sched_at(&table, id_of(one));
            cr_assert_eq(at != MAP_NONE, lives[one]);
            if (at == MAP_NONE)
                cr_assert(sched_add(&table, id_of(one)));
            else
                sched_remove(&table, &table.items[at]);
            lives[one] = !lives[one];
            const unsigned other = (unsigned)(next_random(&random) % most);
            if (lives[other])
                cr_assert_eq(table.items[sched_find_elsewhere(&table, id_of(other))].id, id_of(other));
        }
        same(&table, lives, most);
    }
    sched_table_clear(&table);
    memset(lives, 0, MANY * sizeof *lives);
    same(&table, lives, MANY);
    sched_table_done(&table);
    free(lives);
}

/* The first slot is the one that an empty place leads to. */
Test(table, places_grow_for_whom_another_one_was_in_the_way_of)
{
    struct sched_table table = {0};

    cr_assert(sched_add(&table, 1) && sched_add(&table, 2));
    const int64_t alike = 2 + (int64_t)(table.places_mask + 1);
    sched_remove(&table, &table.items[sched_at(&table, 1)]);
    cr_assert(sched_add(&table, alike));
    cr_assert_eq(sched_at(&table, alike), 0);
    cr_assert_not(id_map_is_empty(&table.others));
    const uint64_t mask = table.places_mask;
    for (int64_t id = 3; table.places_mask == mask; id++)
        cr_assert(sched_add(&table, id));
    cr_assert(id_map_is_empty(&table.others));
    sched_remove(&table, &table.items[sched_at(&table, alike)]);
    cr_assert_eq(sched_at(&table, alike), MAP_NONE);
    sched_table_done(&table);
}

/* Who is added is noted once a slot until it is looked at; of two that were there one after the other, only the last
 * one is listed. */
Test(table, notes_who_is_added_once_a_slot)
{
    struct sched_table table = {.tracks = true};

    for (int64_t id = 1; id <= 100; id++) {
        struct sched_resource *g = sched_add(&table, id);
        cr_assert(g);
        g->status = G_RUNNABLE;
        if (id != 50)
            sched_remove(&table, g);
    }
    cr_assert_eq(table.changes.n, 2);
    const struct crowd_entries *listed = crowd_list(&table, true, 1);
    cr_assert(listed && listed->n == 1);
    cr_assert_eq(listed->list[0].id, 50);
    sched_remove(&table, &table.items[sched_at(&table, 50)]);
    cr_assert(sched_add(&table, 7));
    listed = crowd_list(&table, true, 1);
    cr_assert(listed && listed->n == 1);
    cr_assert_eq(listed->list[0].id, 7);
    sched_table_done(&table);
}
