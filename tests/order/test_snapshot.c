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

static void same_states(struct order *a, struct order *b, const char *path)
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

static struct span bytes_of(const struct buf *buf)
{
    return (struct span){buf->at, buf->at + buf->size};
}

/* A walk that is saved again is saved alike. */
static void saves_alike(struct order *restored, const struct buf *saved, const char *path)
{
    struct order_snapshot again = {0};

    cr_assert_eq(order_save(restored, &again), 0);
    cr_assert_eq(again.bytes.size, saved->size, "%s", path);
    for (size_t i = 0; i < saved->size; i++)
        cr_assert_eq(again.bytes.at[i], saved->at[i], "%s: byte %zu of %zu: %u, not %u", path, i, saved->size,
                     again.bytes.at[i], saved->at[i]);
    order_snapshot_done(&again);
}

/* Restores what was saved and walks to the end beside a walk from the start that stands at the same place. @inside:
 * NULL at a boundary. */
static void goes_on_alike(const struct walk *walk, const struct buf *start, const struct buf *inside, uint64_t n_before,
                          const char *path)
{
    struct order *restored = another(walk), *plain = another(walk);
    struct order_record left, right;
    struct gxt_error fault;
    struct span span = inside ? bytes_of(inside) : (struct span){0};
    int r, other;

    for (uint64_t i = 0; i < n_before; i++)
        cr_assert_eq(order_next(plain, &left), 1);
    cr_assert_eq(order_restore(restored, bytes_of(start), inside ? &span : NULL, &fault), 0, "%s: %s", path,
                 fault.message);
    if (n_before % 2 == 0) /* else goroutines are read as they are asked for */
        same_states(restored, plain, path);
    if (!inside)
        saves_alike(restored, start, path);

    do {
        r = order_next(plain, &left);
        other = order_next(restored, &right);
        cr_assert_eq(r, other, "%s: %d and %d", path, r, other);
        if (r > 0)
            same_record(&left, &right, path);
    } while (r > 0);
    cr_assert_eq(order_fault(plain)->offset, order_fault(restored)->offset, "%s", path);
    cr_assert_str_eq(order_fault(plain)->message, order_fault(restored)->message, "%s", path);
    order_free(restored);
    order_free(plain);
}

static size_t try_trace(const char *path)
{
    struct walk walk;
    struct order_record record;
    struct order_snapshot start = {0}, inside = {0};
    uint64_t n = 0;
    size_t n_places = 0;

    open_walk(&walk, path);
    const uint64_t step = walk.source.size < 4096 ? 1 : 83; /* every place of the smallest */
    do {
        const bool at_boundary = order_at_boundary(walk.order);
        if ((at_boundary || n % step == 0) && order_can_save(walk.order)) {
            cr_assert_eq(order_save(walk.order, at_boundary ? &start : &inside), 0);
            goes_on_alike(&walk, &start.bytes, at_boundary ? NULL : &inside.bytes, n, path);
            n_places++;
        }
        n++;
    } while (order_next(walk.order, &record) > 0);
    order_snapshot_done(&start);
    order_snapshot_done(&inside);
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

/* What there is to save of a trace late in its last generation but one. */
struct late {
    struct walk walk;
    struct order_snapshot start, inside;
};

static void save_late(struct late *late, const char *path)
{
    struct order_record record;
    uint64_t n = 0;

    *late = (struct late){0};
    open_walk(&late->walk, path);
    do {
        if (!order_can_save(late->walk.order) || (!order_at_boundary(late->walk.order) && n % 64 != 0))
            continue;
        cr_assert_eq(order_save(late->walk.order, order_at_boundary(late->walk.order) ? &late->start : &late->inside),
                     0);
    } while (n++ < 6000 && order_next(late->walk.order, &record) > 0);
    if (order_at_boundary(late->walk.order)) /* of another generation than the last inside */
        late->inside.bytes.size = 0;
    cr_assert_gt(late->start.bytes.size, 10, "%s", path);
    cr_assert_gt(late->inside.bytes.size, 50, "%s", path);
}

static void late_done(struct late *late)
{
    order_snapshot_done(&late->start);
    order_snapshot_done(&late->inside);
    close_walk(&late->walk);
}

Test(order_restore, refuses_what_was_cut)
{
    for (size_t i = 0; i < sizeof late_traces / sizeof *late_traces; i++) {
        struct late late;
        struct gxt_error fault;

        save_late(&late, late_traces[i]);
        const struct span start = bytes_of(&late.start.bytes), inside = bytes_of(&late.inside.bytes);
        for (size_t size = 0; size < span_size(start); size++) {
            const struct span cut = {start.at, start.at + size};
            cr_assert_eq(order_restore(late.walk.order, cut, NULL, &fault), GXT_EINDEX, "%zu", size);
            cr_assert_eq(order_generations(late.walk.order), 0, "after a failure the walk is at the start");
            cr_assert_eq(order_restore(late.walk.order, cut, &inside, &fault), GXT_EINDEX, "%zu", size);
        }
        for (size_t size = 0; size < span_size(inside); size++) {
            const struct span cut = {inside.at, inside.at + size};
            cr_assert_eq(order_restore(late.walk.order, start, &cut, &fault), GXT_EINDEX, "%zu", size);
        }
        late_done(&late);
    }
}

/* Restores bytes that were changed and walks some way on. Return: whether they were refused. */
static bool is_refused(struct late *late)
{
    struct gxt_error fault;
    struct order_record record;
    struct gxt_states *states;
    const struct span inside = bytes_of(&late->inside.bytes);

    int r = order_restore(late->walk.order, bytes_of(&late->start.bytes), &inside, &fault);
    cr_assert(r == 0 || r == GXT_EINDEX, "%d", r);
    if (r < 0)
        return true;
    for (int steps = 0; steps < 50 && order_next(late->walk.order, &record) > 0; steps++)
        ;
    r = order_states(late->walk.order, &states);
    cr_assert(r == 0 || r == GXT_EINDEX, "%d", r);
    if (r == 0)
        order_states_free(states);
    return r < 0;
}

Test(order_restore, takes_any_bytes_without_harm)
{
    for (size_t trace = 0; trace < sizeof late_traces / sizeof *late_traces; trace++) {
        struct late late;
        size_t n_refused = 0;

        save_late(&late, late_traces[trace]);
        struct buf *both[] = {&late.start.bytes, &late.inside.bytes};
        for (size_t which = 0; which < 2; which++)
            for (size_t bit = 0; bit < both[which]->size * 8; bit++) {
                both[which]->at[bit / 8] ^= (uint8_t)(1u << bit % 8);
                n_refused += is_refused(&late);
                both[which]->at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        cr_assert_gt(n_refused, 0);
        late_done(&late);
    }
}
