/* test_table.c: a table of goroutines finds those that live, and no others, however their ids end; what is listed of it
 * is what a plain list says.
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

/* ---- what is listed, beside a plain list ---- */

enum {
    CROWD = 400, /* ids */
    LISTINGS = 4000
};

struct plain {
    uint64_t seq, seq_generation;
    uint8_t status;
    bool lives, was_there; /* at the last boundary */
    bool changed, has_gone, has_range;
};

struct crowd_pair {
    struct sched sched;
    struct plain plain[CROWD];
    uint64_t generation, random;
};

static unsigned one_of(struct crowd_pair *pair, unsigned n)
{
    return (unsigned)(next_random(&pair->random) % n);
}

/* One is told of, which makes it be there; of few in numbers that do not count any more. */
static void tell(struct crowd_pair *pair, unsigned id, uint8_t status, uint64_t seq)
{
    struct sched_table *gs = &pair->sched.gs;
    const uint32_t at = sched_at(gs, (int64_t)id);
    struct sched_resource *g = at == MAP_NONE ? sched_add(gs, (int64_t)id) : &gs->items[at];
    struct plain *plain = &pair->plain[id];

    cr_assert(g);
    cr_assert_eq(at != MAP_NONE, plain->lives, "%u", id);
    sched_touch(gs, g);
    g->status = plain->status = status;
    g->seq = plain->seq = seq;
    g->seq_generation = plain->seq_generation = pair->generation - (one_of(pair, 40) == 0);
    plain->lives = plain->changed = true;
}

static void end(struct crowd_pair *pair, unsigned id)
{
    struct sched_table *gs = &pair->sched.gs;
    struct plain *plain = &pair->plain[id];

    if (!plain->lives)
        return;
    struct sched_resource *g = &gs->items[sched_at(gs, (int64_t)id)];
    sched_touch(gs, g);
    cr_assert_eq(g->at_start, plain->was_there && !plain->has_gone, "%u", id);
    sched_remove(gs, g);
    plain->has_gone = plain->has_gone || plain->was_there;
    plain->lives = plain->changed = plain->has_range = false;
}

/* A range of one begins or ends. */
static void turn_range(struct crowd_pair *pair, unsigned id)
{
    struct plain *plain = &pair->plain[id];

    tell(pair, id, plain->lives ? plain->status : G_WAITING, 0);
    struct sched_resource *g = &pair->sched.gs.items[sched_at(&pair->sched.gs, (int64_t)id)];
    plain->has_range = !plain->has_range;
    if (plain->has_range)
        cr_assert_eq(sched_range_add(g, (struct sched_range){.type = WIRE_GC_MARK_ASSIST_BEGIN}), 0);
    else
        g->extra->n_ranges = 0;
}

static void change_some(struct crowd_pair *pair)
{
    const unsigned first = one_of(pair, CROWD), most = 1 + one_of(pair, CROWD - first);

    for (unsigned id = first, what = one_of(pair, 6); what < 3 && id < first + most; id++)
        if (what > 0 || !pair->plain[id].lives || one_of(pair, 20) > 0) /* most of many, or all, and those in turn */
            tell(pair, id, what == 2 ? (uint8_t)(1 + one_of(pair, 4)) : G_WAITING, what == 1 ? one_of(pair, 2) : 0);
    for (unsigned n = one_of(pair, 12); n > 0; n--)
        tell(pair, one_of(pair, CROWD), (uint8_t)(1 + one_of(pair, 4)), one_of(pair, 3));
    for (unsigned n = one_of(pair, 12); n > 0; n--)
        end(pair, one_of(pair, CROWD));
    for (unsigned n = one_of(pair, 3); n > 0; n--)
        turn_range(pair, one_of(pair, CROWD));
}

/* How one is to be listed. Return: whether it is. */
static bool is_listed(const struct crowd_pair *pair, unsigned id, bool changes, struct crowd_entry *ret)
{
    const struct plain *plain = &pair->plain[id];
    const bool is_told = changes && plain->lives && plain->seq_generation == pair->generation;

    *ret = (struct crowd_entry){.id = id, .n = 1, .flags = plain->lives ? plain->status : CROWD_GONE};
    ret->flags |= is_told ? CROWD_TOLD : 0;
    ret->flags |= changes && plain->lives && plain->has_gone ? CROWD_ANEW : 0;
    ret->flags |= plain->has_range ? CROWD_EXTRA : 0;
    ret->seq = is_told ? plain->seq : 0;
    return changes ? plain->changed || plain->has_gone : plain->lives;
}

static void same_list(struct crowd_pair *pair, bool changes)
{
    const struct crowd_entries *listed = crowd_list(&pair->sched.gs, changes, pair->generation);
    size_t i = 0;
    uint64_t n_done = 0;

    cr_assert(listed);
    for (unsigned id = 0; id < CROWD; id++) {
        struct crowd_entry one;
        if (!is_listed(pair, id, changes, &one))
            continue;
        cr_assert_lt(i, listed->n, "%u", id);
        const struct crowd_entry *entry = &listed->list[i];
        cr_assert(entry->id + n_done == id && entry->flags == one.flags && entry->seq == one.seq &&
                      (entry->extra != NULL) == pair->plain[id].has_range,
                  "%u is %u, %llu", id, entry->flags, (unsigned long long)entry->seq);
        n_done = (n_done + 1) % entry->n;
        i += n_done == 0;
    }
    cr_assert(i == listed->n && n_done == 0);
}

static void next_generation(struct crowd_pair *pair)
{
    same_list(pair, false);
    sched_mark(&pair->sched);
    cr_assert(pair->sched.gs.changes.n == 0 && pair->sched.gs.changes.n_born == 0);
    pair->generation++;
    for (unsigned id = 0; id < CROWD; id++) {
        struct plain *plain = &pair->plain[id];
        const uint32_t at = sched_at(&pair->sched.gs, (int64_t)id);
        cr_assert_eq(at != MAP_NONE, plain->lives);
        if (plain->lives)
            cr_assert(pair->sched.gs.items[at].at_start && !pair->sched.gs.items[at].touched, "%u", id);
        plain->was_there = plain->lives;
        plain->changed = plain->has_gone = false;
    }
}

Test(crowd_list, lists_what_a_plain_list_says)
{
    struct crowd_pair *pair = calloc(1, sizeof *pair);

    cr_assert(pair);
    pair->random = pair->generation = 1;
    change_some(pair);
    next_generation(pair);
    for (unsigned i = 0; i < LISTINGS; i++) {
        change_some(pair);
        for (unsigned again = one_of(pair, 4); again > 0; again--)
            same_list(pair, true);
        if (one_of(pair, 5) == 0)
            next_generation(pair);
    }
    sched_done(&pair->sched);
    free(pair);
}

/* Who comes and settles is there at the next start, and is looked at for that once, however often it settles; where all
 * came since, as in a walk ahead, nobody is looked at for it that has settled. */
Test(crowd_list, marks_those_who_came_and_settled)
{
    struct sched sched = {0};

    sched_mark(&sched);
    for (int64_t id = 1; id <= 100; id++) {
        struct sched_resource *g = sched_add(&sched.gs, id);
        cr_assert(g);
        g->status = G_WAITING;
        g->seq_generation = 1;
    }
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(crowd_list(&sched.gs, true, 1)->n, 1);
        cr_assert_eq(sched.gs.changes.n, 0);
        cr_assert_eq(sched.gs.changes.n_born, 100);
        sched_touch(&sched.gs, &sched.gs.items[sched_at(&sched.gs, 7)]);
    }
    cr_assert(sched.gs.changes.knows_start);
    const struct crowd_entries *listed = crowd_list(&sched.gs, false, 1);
    cr_assert(listed && listed->n == 1 && listed->list[0].n == 100);
    cr_assert_eq(sched.gs.changes.n, 1);
    sched_mark(&sched);
    for (int64_t id = 1; id <= 100; id++)
        cr_assert(sched.gs.items[sched_at(&sched.gs, id)].at_start, "%d", (int)id);
    sched_done(&sched);
}
