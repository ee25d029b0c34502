/* test_living.c: what generations have of goroutines, each for itself, put together.
 */
#include <criterion/criterion.h>
#include <replay.h>
#include <stdlib.h>

static struct living living;
static struct store_goroutine ended[8];
static size_t n_ended;

static int take(void *user, const struct store_goroutine *row)
{
    (void)user;
    ended[n_ended++] = *row;
    return 0;
}

static struct tally_item there(gxt_goid id, int64_t first_ns, int64_t last_ns, uint64_t n_events)
{
    return (struct tally_item){
        .id = id, .first_ns = first_ns, .creator = GXT_NO_GOROUTINE, .last_ns = last_ns, .n_events = n_events};
}

/* Rows lie in no order: those that are there last, and backwards. */
static struct tally_met met_of(const struct tally_item *are_there, size_t n_there, const struct tally_item *have_ended,
                               size_t n_have_ended)
{
    static struct tally_item items[16];
    static uint32_t places[16];
    struct tally_met met = {.room = {.items = items, .there = &places[n_have_ended], .ended = places},
                            .n_there = n_there,
                            .n_ended = n_have_ended};

    for (size_t i = 0; i < n_have_ended; i++) {
        items[i] = have_ended[i];
        met.room.ended[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < n_there; i++) {
        met.room.there[i] = (uint32_t)(n_have_ended + n_there - 1 - i);
        items[met.room.there[i]] = are_there[i];
    }
    return met;
}

static void merge(struct tally_met met)
{
    n_ended = 0;
    for (size_t i = 0; i < living.n; i++)
        living.gs[i].is_first = false;
    cr_assert_eq(living_merge(&living, &met, 0, take, NULL), 0);
    for (size_t i = 1; i < living.n; i++)
        cr_assert_lt(living.gs[i - 1].id, living.gs[i].id);
    for (size_t i = 0; i < living.first && i < living.n; i++)
        cr_assert_not(living.gs[i].is_first, "it is not told of %d", (int)living.gs[i].id);
}

static const struct tally_item *find(gxt_goid id)
{
    for (size_t i = 0; i < living.n; i++)
        if (living.gs[i].id == id)
            return &living.gs[i];
    return NULL;
}

static void end(void)
{
    living_done(&living);
}

TestSuite(living_merge, .fini = end);

Test(living_merge, sums_up_over_generations)
{
    struct tally_item items[] = {there(-5, 1, 2, 1), there(1, 10, 20, 3), there(7, 11, 21, 4)};
    struct tally_item later[] = {there(3, 30, 35, 1), there(7, 31, 41, 5), there(9, 32, 33, 1)};
    struct tally_item rows[] = {there(1, 50, 60, 2), there(4, 51, 52, 1)};

    items[1].is_created = true;
    items[1].creator = 7;
    merge(met_of(items, 3, NULL, 0));
    cr_assert_eq(living.n, 3);
    merge(met_of(later, 3, NULL, 0));
    cr_assert_eq(living.n, 5);
    cr_assert(find(3)->is_first && find(9)->is_first && !find(7)->is_first && !find(1)->is_first);
    cr_assert_eq(find(7)->n_events, 9);
    cr_assert_eq(find(7)->first_ns, 11);
    cr_assert_eq(find(7)->last_ns, 41);
    merge(met_of(NULL, 0, rows, 2));
    cr_assert_eq(n_ended, 2);
    cr_assert(ended[0].id == 1 && ended[0].n_events == 5 && ended[0].first_ns == 10 && ended[0].length_ns == 50);
    cr_assert(ended[0].creator == 7 && ended[0].flags == STORE_CREATED);
    cr_assert(ended[1].id == 4 && ended[1].n_events == 1 && ended[1].length_ns == 1);
    cr_assert_eq(living.n, 4);
    cr_assert_eq(living.n_goroutines, 6);
}

Test(living_merge, an_id_ends_and_is_born_again)
{
    struct tally_item first = there(5, 1, 2, 1), again = there(5, 12, 13, 4);
    struct tally_item rows[] = {there(5, 10, 11, 2), there(5, 11, 12, 1)};

    again.is_created = true;
    merge(met_of(&first, 1, NULL, 0));
    merge(met_of(&again, 1, rows, 2));
    cr_assert(n_ended == 2 && ended[0].n_events == 3 && ended[0].first_ns == 1 && ended[1].n_events == 1);
    cr_assert(find(5)->is_first && find(5)->first_ns == 12 && find(5)->n_events == 4);
    cr_assert_eq(living.n_goroutines, 3);
}

Test(living_merge, a_stack_is_found_later)
{
    struct tally_item items[] = {there(5, 1, 2, 1), there(6, 1, 2, 1)}, later[] = {items[0], items[1]};

    items[1].is_created = true;
    later[0].stack = later[1].stack = 77;
    merge(met_of(items, 2, NULL, 0));
    merge(met_of(later, 2, NULL, 0));
    cr_assert(find(5)->stack == 77 && find(5)->is_first);
    cr_assert(find(6)->stack == 0 && !find(6)->is_first, "its creation is in the trace, and had none");
    later[0].stack = 78;
    merge(met_of(later, 1, NULL, 0));
    cr_assert(find(5)->stack == 77 && !find(5)->is_first);
}

/* Of a few always, of a crowd when events pass a multiple of 64 times as many. */
Test(living_is_listed, of_a_crowd_now_and_then)
{
    living.n = 1024;
    cr_assert(living_is_listed(&living, 5, 6));
    living.n = 2000;
    cr_assert_not(living_is_listed(&living, 0, 127999));
    cr_assert(living_is_listed(&living, 127999, 128000));
    cr_assert_not(living_is_listed(&living, 128000, 255999));
    cr_assert(living_is_listed(&living, 128000, 1000000));
    living.n = 0;
}

Test(living_listed, is_the_last_one_that_can_be_taken)
{
    const struct store_meta none = {.n_generations = 9}, one = {.n_generations = 9, .n_listed = {4}},
                            two = {.n_generations = 9, .n_listed = {7, 4}};

    cr_assert_eq(living_listed(&none, 9), 0);
    cr_assert(living_listed(&one, 9) == 4 && living_listed(&one, 4) == 4 && living_listed(&one, 3) == 0);
    cr_assert(living_listed(&two, 9) == 7 && living_listed(&two, 7) == 7 && living_listed(&two, 6) == 4);
    cr_assert(living_listed(&two, 4) == 4 && living_listed(&two, 3) == 0);
}

/* Of one that was there before a sample counts, though nothing else was met of it yet; else it makes none. */
Test(living_merge, samples_count_for_those_that_were_there)
{
    struct tally_item item = there(5, 1, 2, 1);
    struct tally_sample samples[] = {{.id = 4, .time_ns = 8}, {.id = 5, .time_ns = 9, .stack = 77}};

    merge(met_of(&item, 1, NULL, 0));
    merge((struct tally_met){.samples = samples, .n_samples = 2});
    cr_assert(living.n == 1 && living.n_goroutines == 1);
    cr_assert(find(5)->n_events == 2 && find(5)->last_ns == 9 && find(5)->stack == 77 && find(5)->is_first);
}
