/* living.c
 *
 * In: what one generation after another has of goroutines, as far as each knows them. Out: rows of those that end, and
 * the list of those that are there at each boundary. Never: an order other than that of the ids.
 *
 *     there before   1   3   4   7   9
 *     ended              3            11     3's row is put together; 11's is all that there is
 *     there              -   4    8   9      4 and 9 go on, 8 is new; nothing was met of 1 and 7
 *     there after    1       4 7  8   9
 */
#include "replay.h"

#include <stdlib.h>

void living_done(struct living *living)
{
    free(living->gs);
    *living = (struct living){0};
}

/* Of one whose creation is not in the trace the first stack that is found is its own. */
static bool find_stack(struct tally_item *g, uint64_t stack)
{
    if (g->stack != 0 || g->is_created || stack == 0)
        return false;
    g->stack = stack;
    return g->is_first = true;
}

/* Goes on to the first that has not a smaller id. */
static size_t up_to(const struct living *living, size_t at, gxt_goid id)
{
    while (at < living->n && living->gs[at].id < id)
        at++;
    return at;
}

static bool is_at(const struct living *living, size_t at, gxt_goid id)
{
    return at < living->n && living->gs[at].id == id;
}

/* Samples from before anything else was met of them. */
static void merge_samples(struct living *living, const struct tally_met *met)
{
    size_t at = 0;

    for (size_t i = 0; i < met->n_samples; i++) {
        const struct tally_sample *sample = &met->samples[i];
        at = up_to(living, at, sample->id);
        if (!is_at(living, at, sample->id))
            continue;
        living->gs[at].n_events++;
        living->gs[at].last_ns = sample->time_ns;
        if (find_stack(&living->gs[at], sample->stack))
            living->first = 0; /* places change yet */
    }
}

/* The whole row of one that ended. */
static struct store_goroutine put_together(struct tally_item *g, const struct tally_item *ended)
{
    (void)find_stack(g, ended->stack);
    struct tally_item whole = *g;
    whole.n_events += ended->n_events;
    whole.last_ns = ended->last_ns;
    return tally_row(&whole);
}

/* Those that end leave the list. An id that ends twice was there before only once. */
static int merge_ended(struct living *living, const struct tally_met *met, tally_goroutine *ended, void *user)
{
    size_t at = 0, n = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < met->n_ended; i++) {
        const struct tally_item *item = tally_ended(met, i);
        const size_t next = up_to(living, at, item->id);
        const bool was_there = is_at(living, next, item->id);
        if (n != at)
            memmove(&living->gs[n], &living->gs[at], (next - at) * sizeof *living->gs);
        n += next - at;
        at = next + was_there;
        living->n_goroutines += !was_there;
        const struct store_goroutine row = was_there ? put_together(&living->gs[next], item) : tally_row(item);
        r = ended ? ended(user, &row) : 0;
    }
    if (n != at)
        memmove(&living->gs[n], &living->gs[at], (living->n - at) * sizeof *living->gs);
    living->n -= at - n;
    return r;
}

/* Return: how many are new. */
static size_t merge_there(struct living *living, const struct tally_met *met)
{
    size_t at = 0, n_new = 0;

    for (size_t i = 0; i < met->n_there; i++) {
        const struct tally_item item = tally_there(met, i);
        at = up_to(living, at, item.id);
        if (!is_at(living, at, item.id)) {
            n_new++;
            continue;
        }
        living->gs[at].n_events += item.n_events;
        living->gs[at].last_ns = item.last_ns;
        if (find_stack(&living->gs[at], item.stack) && at < living->first)
            living->first = at;
    }
    return n_new;
}

/* Puts in those that are new, from behind, so that each one moves once. */
static int add_new(struct living *living, const struct tally_met *met, size_t n_new)
{
    struct tally_item *gs = realloc(living->gs, (living->n + n_new) * sizeof *gs);
    size_t old = living->n, there = met->n_there, first = old;

    if (!gs)
        return GXT_ENOMEM;
    living->gs = gs;
    living->n += n_new;
    living->n_goroutines += n_new;
    for (size_t to = living->n; to > old; to--) {
        const struct tally_item item = tally_there(met, there - 1);
        const bool is_old = old > 0 && gs[old - 1].id >= item.id;
        there -= !is_old || gs[old - 1].id == item.id;
        gs[to - 1] = is_old ? gs[old - 1] : item;
        old -= is_old;
        if (is_old)
            continue;
        gs[to - 1].is_first = true;
        first = to - 1;
    }
    if (first < living->first)
        living->first = first;
    return 0;
}

int living_merge(struct living *living, const struct tally_met *met, uint64_t n_passed, tally_goroutine *ended,
                 void *user)
{
    living->first = living->n;
    merge_samples(living, met);
    const int r = merge_ended(living, met, ended, user);
    if (r < 0)
        return r;
    const size_t n_new = merge_there(living, met);
    living->n_goroutines += n_passed;
    return n_new > 0 ? add_new(living, met, n_new) : 0;
}

/* ---- in a sidecar ---- */

enum {
    FEW = 1024,           /* goroutines: always listed */
    EVENTS_FOR_EACH = 64, /* of more: as many events from one list to the next */
};

bool living_is_listed(const struct living *living, uint64_t from, uint64_t to)
{
    const uint64_t step = living->n * EVENTS_FOR_EACH;

    return living->n <= FEW || from / step != to / step;
}

uint64_t living_listed(const struct store_meta *meta, uint64_t n_generations)
{
    for (size_t i = 0; i < 2; i++)
        if (meta->n_listed[i] <= n_generations)
            return meta->n_listed[i];
    return 0;
}

static int by_id(const void *id, const void *g)
{
    const gxt_goid left = *(const gxt_goid *)id, right = ((const struct tally_item *)g)->id;
    return (left > right) - (left < right);
}

static int take_live(struct living *living, const struct store_rows *rows, struct gxt_error *fault)
{
    living->gs = calloc(rows->n + 1, sizeof *living->gs);
    if (!living->gs)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the goroutines");
    for (size_t i = 0; i < rows->n; i++) {
        const struct store_live *live = &rows->live[i];
        if (i > 0 && live->id <= rows->live[i - 1].id)
            return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the index lists goroutines in no order");
        living->gs[i].id = live->id;
        living->gs[i].n_events = live->n_events;
        living->gs[i].last_ns = live->last_ns;
    }
    living->n = rows->n;
    return 0;
}

/* What was told when they were seen first. */
static void take_first(struct living *living, const struct store_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct store_goroutine *row = &rows->goroutines[i];
        struct tally_item *g = bsearch(&row->id, living->gs, living->n, sizeof *living->gs, by_id);
        if (!g)
            continue;
        g->first_ns = row->first_ns;
        g->creator = row->creator;
        g->start = row->start;
        g->stack = row->stack;
        g->is_created = (row->flags & STORE_CREATED) != 0;
    }
}

int living_restore(struct living *living, const struct store *store, uint64_t n_generations, struct gxt_error *fault)
{
    struct store_rows rows = {0};
    int r = store_list(store, STORE_LIVE, n_generations - 1, &rows, fault);

    if (r == 0)
        r = take_live(living, &rows, fault);
    for (uint64_t generation = 0; r == 0 && generation < n_generations; generation++) {
        r = store_list(store, STORE_FIRST, generation, &rows, fault);
        if (r == 0)
            take_first(living, &rows);
    }
    store_rows_done(&rows);
    return r;
}
