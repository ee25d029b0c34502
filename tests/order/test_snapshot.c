/* test_snapshot.c: a walk that was saved and restored is the walk that went on.
 */
#include "order.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

/* A walk over a trace of tests/data. */
struct walk {
    struct source source;
    struct pool *pool;
    struct order *order;
    int version;
    uint64_t begin;
};

static void open_walk(struct walk *walk, const char *path)
{
    struct gxt_error fault;

    cr_assert_eq(source_open(path, &walk->source, &fault), 0, "%s", path);
    struct span in = source_span(&walk->source, 0, walk->source.size);
    cr_assert_eq(wire_header(&in, &walk->version), 0, "%s", path);
    walk->begin = (uint64_t)(in.at - walk->source.at);
    cr_assert_eq(pool_new(&walk->pool), 0);
    cr_assert_eq(
        order_new(&walk->source, walk->begin, walk->version, walk->pool, (struct order_finder){0}, &walk->order), 0);
}

static void close_walk(struct walk *walk)
{
    order_free(walk->order);
    pool_free(walk->pool);
    source_close(&walk->source);
}

static struct order *another(const struct walk *walk)
{
    struct order *order;

    cr_assert_eq(order_new(&walk->source, walk->begin, walk->version, walk->pool, (struct order_finder){0}, &order), 0);
    return order;
}

static void same_record(const struct order_record *a, const struct order_record *b, const char *path)
{
    cr_assert_eq(a->time_ns, b->time_ns, "%s: %lld and %lld", path, (long long)a->time_ns, (long long)b->time_ns);
    cr_assert_eq(a->type, b->type, "%s: %d and %d", path, a->type, b->type);
    cr_assert_eq(a->offset, b->offset, "%s: type %d", path, a->type);
    cr_assert_eq(a->thread, b->thread, "%s: type %d", path, a->type);
    cr_assert_eq(a->proc, b->proc, "%s", path);
    cr_assert_eq(a->goroutine, b->goroutine, "%s", path);
    cr_assert_eq(a->flags, b->flags, "%s", path);
    for (size_t i = 0; i < wire_specs[a->type].n_args; i++)
        cr_assert_eq(a->args[i], b->args[i], "%s", path);
}

static void same_states(const struct order *a, const struct order *b, const char *path)
{
    struct gxt_states *left, *right;

    cr_assert_eq(order_states(a, &left), 0);
    cr_assert_eq(order_states(b, &right), 0);
    cr_assert_eq(left->n_goroutines, right->n_goroutines, "%s", path);
    cr_assert_eq(left->n_procs, right->n_procs, "%s", path);
    cr_assert_eq(left->n_threads, right->n_threads, "%s", path);
    cr_assert_eq(left->n_tasks, right->n_tasks, "%s", path);
    cr_assert_eq(left->time_ns, right->time_ns, "%s", path);
    cr_assert_eq(left->gc_running, right->gc_running, "%s", path);
    for (size_t i = 0; i < left->n_goroutines; i++) {
        cr_assert_eq(left->goroutines[i].id, right->goroutines[i].id, "%s", path);
        cr_assert_eq(left->goroutines[i].state, right->goroutines[i].state, "%s", path);
        cr_assert_eq(left->goroutines[i].thread, right->goroutines[i].thread, "%s", path);
        cr_assert_eq(left->goroutines[i].n_regions, right->goroutines[i].n_regions, "%s", path);
        for (size_t region = 0; region < left->goroutines[i].n_regions; region++)
            cr_assert_eq(left->goroutines[i].regions[region].type, right->goroutines[i].regions[region].type);
    }
    for (size_t i = 0; i < left->n_tasks; i++)
        cr_assert_eq(left->tasks[i].type, right->tasks[i].type, "%s", path);
    order_states_free(left);
    order_states_free(right);
}

/* Restores what @saved has and walks to the end beside a walk from the start that stands at the same place. */
static void goes_on_alike(const struct walk *walk, const struct buf *saved, uint64_t n_before, const char *path)
{
    struct order *restored = another(walk), *plain = another(walk);
    struct order_record left, right;
    struct gxt_error fault;
    struct buf again = {0};
    int r, other;

    for (uint64_t i = 0; i < n_before; i++)
        cr_assert_eq(order_next(plain, &left), 1);
    cr_assert_eq(order_restore(restored, saved->at, saved->size, &fault), 0, "%s: %s", path, fault.message);
    same_states(restored, plain, path);
    order_save(restored, &again);
    cr_assert_not(again.failed);
    cr_assert_eq(again.size, saved->size, "%s", path);
    for (size_t i = 0; i < saved->size; i++)
        cr_assert_eq(again.at[i], saved->at[i], "%s: byte %zu of %zu: %u, not %u", path, i, saved->size, again.at[i],
                     saved->at[i]);

    do {
        r = order_next(plain, &left);
        other = order_next(restored, &right);
        cr_assert_eq(r, other, "%s: %d and %d", path, r, other);
        if (r > 0)
            same_record(&left, &right, path);
    } while (r > 0);
    cr_assert_eq(order_fault(plain)->offset, order_fault(restored)->offset, "%s", path);
    cr_assert_str_eq(order_fault(plain)->message, order_fault(restored)->message, "%s", path);
    buf_done(&again);
    order_free(restored);
    order_free(plain);
}

static size_t try_trace(const char *path)
{
    struct walk walk;
    struct order_record record;
    struct buf saved = {0};
    uint64_t n = 0;
    size_t n_places = 0;

    open_walk(&walk, path);
    const uint64_t step = walk.source.size < 4096 ? 1 : 83; /* every place of the smallest */
    do {
        bool try_here = order_at_boundary(walk.order) || n % step == 0;
        if (try_here && order_can_save(walk.order)) {
            order_save(walk.order, &saved);
            cr_assert_not(saved.failed);
            goes_on_alike(&walk, &saved, n, path);
            n_places++;
        }
        n++;
    } while (order_next(walk.order, &record) > 0);
    buf_done(&saved);
    close_walk(&walk);
    return n_places;
}

Test(order_restore, goes_on_as_the_walk_that_was_saved)
{
    glob_t traces;
    size_t n_places = 0;

    cr_assert_eq(glob(DATA "/*.trace", 0, NULL, &traces), 0);
    for (size_t i = 0; i < traces.gl_pathc; i++)
        n_places += try_trace(traces.gl_pathv[i]);
    cr_assert_gt(n_places, 30 * traces.gl_pathc, "only %zu places to save at", n_places);
    globfree(&traces);
}

/* A crowd, and one with tasks and regions open. */
static const char *const late_traces[] = {DATA "/go126-park.trace", DATA "/go125-tasks.trace"};

/* Saves at the boundary of a trace that has the most to save. */
static void save_late(struct walk *walk, const char *path, struct buf *ret)
{
    struct order_record record;
    struct buf saved = {0};

    open_walk(walk, path);
    do {
        if (!order_at_boundary(walk->order))
            continue;
        order_save(walk->order, &saved);
        if (saved.size > ret->size) {
            ret->size = 0;
            buf_put(ret, saved.at, saved.size);
        }
    } while (order_next(walk->order, &record) > 0);
    cr_assert_gt(ret->size, 50, "%s", path);
    buf_done(&saved);
}

Test(order_restore, refuses_what_was_cut)
{
    for (size_t i = 0; i < sizeof late_traces / sizeof *late_traces; i++) {
        struct walk walk;
        struct buf saved = {0};
        struct gxt_error fault;

        save_late(&walk, late_traces[i], &saved);
        for (size_t size = 0; size < saved.size; size++) {
            cr_assert_eq(order_restore(walk.order, saved.at, size, &fault), GXT_EINDEX, "%zu of %zu", size, saved.size);
            cr_assert_eq(order_generations(walk.order), 0, "after a failure the walk is at the start");
        }
        buf_done(&saved);
        close_walk(&walk);
    }
}

/* Restores bytes that were changed and walks some way on. Return: whether they were refused. */
static bool is_refused(const struct walk *walk, const struct buf *changed)
{
    struct gxt_error fault;
    struct order_record record;

    int r = order_restore(walk->order, changed->at, changed->size, &fault);
    cr_assert(r == 0 || r == GXT_EINDEX, "%d", r);
    for (int steps = 0; r == 0 && steps < 50 && order_next(walk->order, &record) > 0; steps++)
        ;
    return r < 0;
}

Test(order_restore, takes_any_bytes_without_harm)
{
    for (size_t trace = 0; trace < sizeof late_traces / sizeof *late_traces; trace++) {
        struct walk walk;
        struct buf saved = {0};
        size_t n_refused = 0;

        save_late(&walk, late_traces[trace], &saved);
        for (size_t bit = 0; bit < saved.size * 8; bit++) {
            saved.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            n_refused += is_refused(&walk, &saved);
            saved.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        cr_assert_gt(n_refused, 0);
        buf_done(&saved);
        close_walk(&walk);
    }
}
