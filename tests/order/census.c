/* census.c: a walk that joins what a census counted is the walk that went through it.
 *
 * usage: census TRACE LEAST [STEP]
 *
 * Two walks go over a trace side by side: one through every generation, one by a census where it fits. What was counted
 * must be what the other walk handed out, by type, and behind each generation both must have the same states. At least
 * LEAST generations must have fitted. With STEP the same of the trace with one byte changed, one in so many: however
 * few fit then.
 */
#include "changed.h"
#include "order.h"
#include "same.h"

/* What order the ranges of one have is nobody's: a join may leave another. */
static int by_range(const void *a, const void *b)
{
    return (int)((const struct gxt_range_state *)a)->range - (int)((const struct gxt_range_state *)b)->range;
}

static void sort_ranges(struct gxt_states *states)
{
    for (size_t i = 0; i < states->n_goroutines; i++)
        if (states->goroutines[i].n_ranges > 1)
            qsort((void *)states->goroutines[i].ranges, states->goroutines[i].n_ranges, sizeof(struct gxt_range_state),
                  by_range);
}

/* Whether several threads have a processor, or else a goroutine. */
static bool is_shared(const struct gxt_states *states, gxt_procid p, gxt_goid g)
{
    size_t n = 0;

    for (size_t i = 0; i < states->n_threads; i++)
        n += p != GXT_NO_PROC ? states->threads[i].proc == p : states->threads[i].goroutine == g;
    return n > 1;
}

/* Which of several threads that have one is told of hangs on which was seen first: that a join does not know, and
 * nothing else hangs on it. */
static void forget_holders(struct gxt_states *states)
{
    struct gxt_proc_state *procs = (struct gxt_proc_state *)states->procs;
    struct gxt_goroutine_state *goroutines = (struct gxt_goroutine_state *)states->goroutines;

    for (size_t i = 0; i < states->n_procs; i++)
        if (is_shared(states, procs[i].id, GXT_NO_GOROUTINE))
            procs[i].thread = GXT_NO_THREAD;
    for (size_t i = 0; i < states->n_goroutines; i++)
        if (is_shared(states, GXT_NO_PROC, goroutines[i].id))
            goroutines[i].thread = GXT_NO_THREAD;
}

static bool tells_of_holder(const struct order_record *record)
{
    return record->type == WIRE_PROC_STATUS && record->from == GXT_PROC_RUNNING && record->to == GXT_PROC_RUNNING;
}

static void check_states(struct order *walked, struct order *joined)
{
    struct gxt_states *a, *b;

    if (order_states(walked, &a) < 0 || order_states(joined, &b) < 0)
        wrong("no states");
    b->time_ns = a->time_ns; /* a join knows none */
    sort_ranges(a);
    sort_ranges(b);
    forget_holders(a);
    forget_holders(b);
    const char *differs = states_differ(a, b);
    if (differs)
        wrong(differs);
    order_states_free(a);
    order_states_free(b);
}

/* The walk hands out what was counted, and nothing more of this generation. */
static void check_counts(struct order *walked, const uint64_t *counted)
{
    uint64_t counts[256] = {0}, n = 0;
    struct order_record record;

    for (size_t type = 0; type < 256; type++)
        n += counted[type];
    for (; n > 0; n--) {
        if (order_next(walked, &record) != 1)
            wrong("the walk met a fault where the census met none");
        counts[record.type]++;
    }
    if (memcmp(counts, counted, sizeof counts) != 0)
        wrong("the census counted other types");
    if (!order_at_boundary(walked))
        wrong("the census counted too few");
}

/* Both walks go through a generation. Return: whether there is another one. */
static bool walk_both(struct order *walked, struct order *joined)
{
    struct order_record a, b;
    int r;

    do {
        r = order_next(walked, &a);
        const int other = order_next(joined, &b);
        if (other < 0 && order_lacks(joined))
            return false;
        if (r != other || (r > 0 && (a.type != b.type || a.offset != b.offset || a.from != b.from || a.to != b.to)))
            wrong("the walks differ behind a join");
        if (r > 0 && !tells_of_holder(&a) && (a.goroutine != b.goroutine || a.proc != b.proc || a.thread != b.thread))
            wrong("the walks differ behind a join");
        if (r < 0 && (order_fault(walked)->offset != order_fault(joined)->offset ||
                      strcmp(order_fault(walked)->message, order_fault(joined)->message) != 0))
            wrong("the walks end with different faults");
    } while (r > 0 && !order_at_boundary(walked));
    n_walked++;
    return r > 0;
}

static void check(const struct source *source, uint64_t begin, int version, struct pool *pool)
{
    struct order *walked, *joined;
    struct census *census;

    if (order_new(source, begin, version, pool, (struct order_finder){0}, &walked) < 0 ||
        order_new(source, begin, version, pool, (struct order_finder){0}, &joined) < 0 ||
        census_new(source, begin, version, pool, &census) < 0)
        wrong("no memory");
    do {
        struct gen_stream stream = order_stream(joined);
        bool has_joined = false;
        if (order_may_join(joined) && census_find(census, &stream)) {
            census_count(census);
            const int r = order_join(joined, census);
            if (r < 0)
                wrong("no memory for a join");
            has_joined = r > 0;
        }
        n_fit += has_joined;
        if (has_joined) {
            check_counts(walked, census_counts(census));
            check_states(walked, joined);
        } else if (!walk_both(walked, joined)) {
            break;
        }
    } while (true);
    (void)census_free(census);
    (void)order_free(walked);
    (void)order_free(joined);
}
