/* test_snapshot.c: a walk that was saved and restored is the walk that went on.
 */
#include "make.h"
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

static void same_ranges(const struct gxt_range_state *a, size_t n, const struct gxt_range_state *b, const char *path)
{
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(a[i].range, b[i].range, "%s", path);
        cr_assert_eq(a[i].detail, b[i].detail, "%s", path);
    }
}

static void same_goroutine(const struct gxt_goroutine_state *a, const struct gxt_goroutine_state *b, const char *path)
{
    cr_assert_eq(a->id, b->id, "%s", path);
    cr_assert_eq(a->state, b->state, "%s: goroutine %lld", path, (long long)a->id);
    cr_assert_eq(a->thread, b->thread, "%s: goroutine %lld", path, (long long)a->id);
    cr_assert_eq(a->n_ranges, b->n_ranges, "%s: goroutine %lld", path, (long long)a->id);
    cr_assert_eq(a->n_regions, b->n_regions, "%s: goroutine %lld: %zu and %zu", path, (long long)a->id, a->n_regions,
                 b->n_regions);
    same_ranges(a->ranges, a->n_ranges, b->ranges, path);
    for (size_t i = 0; i < a->n_regions; i++) {
        cr_assert_eq(a->regions[i].type, b->regions[i].type, "%s", path);
        cr_assert_eq(a->regions[i].task, b->regions[i].task, "%s", path);
    }
}

static void same_proc(const struct gxt_proc_state *a, const struct gxt_proc_state *b, const char *path)
{
    cr_assert_eq(a->id, b->id, "%s", path);
    cr_assert_eq(a->state, b->state, "%s: processor %lld", path, (long long)a->id);
    cr_assert_eq(a->in_syscall, b->in_syscall, "%s: processor %lld", path, (long long)a->id);
    cr_assert_eq(a->thread, b->thread, "%s: processor %lld", path, (long long)a->id);
    cr_assert_eq(a->n_ranges, b->n_ranges, "%s: processor %lld", path, (long long)a->id);
    same_ranges(a->ranges, a->n_ranges, b->ranges, path);
}

static void same_lists(const struct gxt_states *a, const struct gxt_states *b, const char *path)
{
    for (size_t i = 0; i < a->n_goroutines; i++)
        same_goroutine(&a->goroutines[i], &b->goroutines[i], path);
    for (size_t i = 0; i < a->n_procs; i++)
        same_proc(&a->procs[i], &b->procs[i], path);
    for (size_t i = 0; i < a->n_threads; i++) {
        cr_assert_eq(a->threads[i].id, b->threads[i].id, "%s", path);
        cr_assert_eq(a->threads[i].proc, b->threads[i].proc, "%s", path);
        cr_assert_eq(a->threads[i].goroutine, b->threads[i].goroutine, "%s", path);
    }
    for (size_t i = 0; i < a->n_tasks; i++) {
        cr_assert_eq(a->tasks[i].id, b->tasks[i].id, "%s", path);
        cr_assert_eq(a->tasks[i].parent, b->tasks[i].parent, "%s", path);
        cr_assert_eq(a->tasks[i].type, b->tasks[i].type, "%s", path);
    }
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
    same_lists(left, right, path);
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

/* What is told of a fault does not depend on what is not saved. */
Test(order_restore, ends_with_the_same_words)
{
    cr_assert_gt(try_trace(DATA "/../reader/traces/syscall-with-a-wrong-sequence-later.trace"), 3);
}

/* At every place what is restored is compared: states, and the events that follow. */
Test(order_restore, knows_what_was_before_a_generation_and_what_has_come_of_it)
{
    for (unsigned n_idle = 0; n_idle < 9; n_idle += 4) {
        char path[] = "/tmp/gxt-eventful-XXXXXX";
        make_eventful(path, n_idle);
        cr_assert_gt(try_trace(path), 60, "too few places to save at");
        unlink(path);
    }
}

Test(order_restore, finds_goroutines_whose_ids_lie_far_from_one_another)
{
    char path[] = "/tmp/gxt-sparse-XXXXXX";

    make_sparse(path);
    cr_assert_gt(try_trace(path), 60, "too few places to save at");
    unlink(path);
}

/* A walk over a trace that is saved at every boundary and at one place in so many. */
struct saved_walk {
    struct walk walk;
    unsigned step;
    struct order_snapshot snapshot;
};

/* What is saved at a place does not depend on where else the walk was saved. Return: places compared. */
static size_t compare_places(const char *path)
{
    struct saved_walk walks[] = {{.step = 1}, {.step = 7}, {.step = 1 << 30}};
    struct order_record record;
    size_t n_places = 0;

    for (size_t i = 0; i < 3; i++)
        open_walk(&walks[i].walk, path);
    for (uint64_t n = 0, n_left = 3; n_left == 3; n++) {
        const bool at_boundary = order_at_boundary(walks[0].walk.order);
        for (size_t i = 0; i < 3; i++) {
            struct order *order = walks[i].walk.order;
            struct order_snapshot *saved = &walks[i].snapshot, *first = &walks[0].snapshot;
            if ((at_boundary || n % walks[i].step == 0) && order_can_save(order)) {
                cr_assert_eq(order_save(order, saved), 0);
                cr_assert_eq(saved->bytes.size, first->bytes.size, "%s: place %zu", path, (size_t)n);
                cr_assert_arr_eq(saved->bytes.at, first->bytes.at, first->bytes.size, "%s: place %zu", path, (size_t)n);
                n_places += i > 0 && !at_boundary;
            }
            n_left -= order_next(order, &record) <= 0;
        }
    }
    for (size_t i = 0; i < 3; i++) {
        order_snapshot_done(&walks[i].snapshot);
        close_walk(&walks[i].walk);
    }
    return n_places;
}

static size_t compare_traces(const char *pattern)
{
    glob_t traces;
    size_t n_places = 0;

    cr_assert_eq(glob(pattern, 0, NULL, &traces), 0);
    for (size_t i = 0; i < traces.gl_pathc; i++)
        n_places += compare_places(traces.gl_pathv[i]);
    globfree(&traces);
    return n_places;
}

Test(order_save, does_not_depend_on_where_it_was_called_before)
{
    cr_assert_gt(compare_traces(DATA "/*.trace"), 1000);
    cr_assert_gt(compare_traces(DATA "/../synth/traces/go12[3-6]*.trace"), 100);
    for (unsigned n_idle = 0; n_idle < 9; n_idle += 4) {
        char path[] = "/tmp/gxt-eventful-XXXXXX";
        make_eventful(path, n_idle);
        cr_assert_gt(compare_places(path), 3);
        unlink(path);
    }
}

static size_t blocks_at(const struct gxt_states *states, unsigned shift)
{
    size_t n = 0;

    for (size_t i = 0; i < states->n_goroutines; i++)
        n += i == 0 || (uint64_t)states->goroutines[i].id >> shift != (uint64_t)states->goroutines[i - 1].id >> shift;
    return n;
}

/* Each block is a piece. Return: how many there are at boundaries. */
static size_t count_blocks(const char *path)
{
    struct walk walk;
    struct order_snapshot start = {0};
    struct order_record record;
    size_t n = 0;

    open_walk(&walk, path);
    do {
        struct gxt_states *states;
        unsigned shift = 10;
        if (!order_at_boundary(walk.order) || !order_can_save(walk.order))
            continue;
        cr_assert_eq(order_save(walk.order, &start), 0);
        cr_assert_eq(order_states(walk.order, &states), 0);
        while (shift < 63 && blocks_at(states, shift) > 1 + states->n_goroutines / 1024)
            shift++;
        cr_expect_eq(start.n_cuts, blocks_at(states, shift), "%s: %zu blocks", path, start.n_cuts);
        n += start.n_cuts;
        order_states_free(states);
    } while (order_next(walk.order, &record) > 0);
    order_snapshot_done(&start);
    close_walk(&walk);
    return n;
}

Test(order_save, makes_the_smallest_blocks_that_are_not_too_many)
{
    char path[] = "/tmp/gxt-sparse-XXXXXX";
    glob_t traces;

    cr_assert_eq(glob(DATA "/*.trace", 0, NULL, &traces), 0);
    for (size_t i = 0; i < traces.gl_pathc; i++)
        cr_assert_gt(count_blocks(traces.gl_pathv[i]), 0);
    globfree(&traces);
    make_sparse(path);
    cr_assert_gt(count_blocks(path), 0);
    unlink(path);
    for (uint64_t first_id = 6; first_id < 9000; first_id += 1023) {
        char dense[] = "/tmp/gxt-dense-XXXXXX";
        make_dense(dense, first_id, 500 + first_id);
        cr_assert_gt(count_blocks(dense), 0);
        unlink(dense);
    }
}

/* Walks to the beginning of the second generation, and saves what comes before it. */
static void to_second_generation(struct walk *walk, struct order_snapshot *start)
{
    struct order_record record;

    while (order_generations(walk->order) < 1 || !order_at_boundary(walk->order))
        cr_assert_eq(order_next(walk->order, &record), 1);
    cr_assert_eq(order_save(walk->order, start), 0);
    cr_assert_eq(order_next(walk->order, &record), 1);
}

/* One record further, where @quick says so by the quick way if it goes. */
static void step_on(struct walk *walk, bool quick)
{
    struct order_record record;
    int64_t time_ns;

    if (!quick || order_skip(walk->order, 1, INT64_MAX, &time_ns) == 0)
        cr_assert_eq(order_next(walk->order, &record), 1);
}

/* Nor does it matter which way the walk went. */
Test(order_save, tells_inside_a_generation_nothing_of_what_was_before)
{
    char paths[][32] = {"/tmp/gxt-eventful-XXXXXX", "/tmp/gxt-eventful-XXXXXX"};
    struct walk walks[2];
    struct order_snapshot starts[2] = {0}, insides[2] = {0};
    size_t n = 0;

    for (unsigned i = 0; i < 2; i++) {
        make_eventful(paths[i], 7 * i);
        open_walk(&walks[i], paths[i]);
        to_second_generation(&walks[i], &starts[i]);
    }
    cr_assert_neq(starts[0].bytes.size, starts[1].bytes.size);
    for (; !order_at_boundary(walks[0].order); n++) {
        for (unsigned i = 0; i < 2; i++)
            cr_assert_eq(order_save(walks[i].order, &insides[i]), 0);
        cr_assert_eq(insides[0].bytes.size, insides[1].bytes.size, "place %zu", n);
        cr_assert_arr_eq(insides[0].bytes.at, insides[1].bytes.at, insides[0].bytes.size, "place %zu", n);
        for (unsigned i = 0; i < 2; i++)
            step_on(&walks[i], i > 0);
    }
    cr_assert_gt(n, 40);
    for (unsigned i = 0; i < 2; i++) {
        order_snapshot_done(&starts[i]);
        order_snapshot_done(&insides[i]);
        close_walk(&walks[i]);
        unlink(paths[i]);
    }
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

/* The same of a made one, in the midst of its second generation. */
static void save_eventful(struct late *late, unsigned n_events)
{
    char path[] = "/tmp/gxt-eventful-XXXXXX";
    struct order_record record;

    *late = (struct late){0};
    make_eventful(path, 2);
    open_walk(&late->walk, path);
    unlink(path);
    to_second_generation(&late->walk, &late->start);
    for (unsigned i = 0; i < n_events; i++)
        cr_assert_eq(order_next(late->walk.order, &record), 1);
    cr_assert_eq(order_save(late->walk.order, &late->inside), 0);
}

static void refuses_cuts(struct late *late)
{
    struct gxt_error fault;
    const struct span start = bytes_of(&late->start.bytes), inside = bytes_of(&late->inside.bytes);

    for (size_t size = 0; size < span_size(start); size++) {
        const struct span cut = {start.at, start.at + size};
        cr_assert_eq(order_restore(late->walk.order, cut, NULL, &fault), GXT_EINDEX, "%zu", size);
        cr_assert_eq(order_generations(late->walk.order), 0, "after a failure the walk is at the start");
        cr_assert_eq(order_restore(late->walk.order, cut, &inside, &fault), GXT_EINDEX, "%zu", size);
    }
    for (size_t size = 0; size < span_size(inside); size++) {
        const struct span cut = {inside.at, inside.at + size};
        cr_assert_eq(order_restore(late->walk.order, start, &cut, &fault), GXT_EINDEX, "%zu", size);
    }
}

/* One is not the other. */
static void refuses_the_other(struct late *late)
{
    struct gxt_error fault;
    const struct span start = bytes_of(&late->start.bytes), inside = bytes_of(&late->inside.bytes);

    cr_assert_eq(order_restore(late->walk.order, inside, NULL, &fault), GXT_EINDEX);
    cr_assert_eq(order_restore(late->walk.order, start, &start, &fault), GXT_EINDEX);
    cr_assert_eq(order_restore(late->walk.order, inside, &inside, &fault), GXT_EINDEX);
}

Test(order_restore, refuses_what_was_cut)
{
    struct late late;

    for (size_t i = 0; i < sizeof late_traces / sizeof *late_traces; i++) {
        save_late(&late, late_traces[i]);
        refuses_cuts(&late);
        refuses_the_other(&late);
        late_done(&late);
    }
    save_eventful(&late, 40);
    refuses_cuts(&late);
    late_done(&late);
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

/* Return: how often what was changed is refused. */
static size_t takes_flips(struct late *late)
{
    struct buf *both[] = {&late->start.bytes, &late->inside.bytes};
    size_t n_refused = 0;

    for (size_t which = 0; which < 2; which++)
        for (size_t bit = 0; bit < both[which]->size * 8; bit++) {
            both[which]->at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            n_refused += is_refused(late);
            both[which]->at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    return n_refused;
}

Test(order_restore, takes_any_bytes_without_harm)
{
    struct late late;

    for (size_t trace = 0; trace < sizeof late_traces / sizeof *late_traces; trace++) {
        save_late(&late, late_traces[trace]);
        cr_assert_gt(takes_flips(&late), 0);
        late_done(&late);
    }
    for (unsigned n_events = 10; n_events <= 50; n_events += 5) {
        save_eventful(&late, n_events);
        cr_assert_gt(takes_flips(&late), 0);
        late_done(&late);
    }
}

/* A layer of goroutines, of one block: @size bytes under this number. */
static void put_crowd(struct buf *to, uint8_t shift, uint64_t number, const void *block, size_t size)
{
    buf_put_u8(to, shift);
    buf_put_varint(to, 0); /* names */
    buf_put_varint(to, 1);
    buf_put_varint(to, number);
    buf_put_varint(to, size);
    buf_put(to, block, size);
}

/* Restores a crowd that is laid over one at the start, instead of what was saved. */
static void refuses_crowd(struct late *late, const struct buf *start_crowd, const struct buf *inside_crowd)
{
    const struct order_snapshot *both[] = {&late->start, &late->inside};
    const struct buf *crowds[] = {start_crowd, inside_crowd};
    struct buf bytes[2] = {0};
    struct gxt_states *states;
    struct gxt_error fault;

    for (unsigned i = 0; i < 2; i++) {
        struct reader in = {.in = bytes_of(&both[i]->bytes)};
        (void)reader_bytes(&in, reader_varint(&in));
        buf_put(&bytes[i], both[i]->bytes.at, both[i]->bytes.size - span_size(in.in));
        buf_put(&bytes[i], crowds[i]->at, crowds[i]->size);
    }
    const struct span inside = bytes_of(&bytes[1]);
    int r = order_restore(late->walk.order, bytes_of(&bytes[0]), &inside, &fault);
    if (r == 0)
        r = order_states(late->walk.order, &states);
    cr_assert_eq(r, GXT_EINDEX, "%d", r);
    buf_done(&bytes[0]);
    buf_done(&bytes[1]);
}

Test(order_restore, refuses_crowds_that_cannot_be)
{
    /* id's step, flags, of a run: how many. 0x20: a run, 0x40: anew, 7: gone, 4: waiting. */
    static const struct {
        const char *title;
        uint8_t start_shift, inside_shift;
        char start[16], inside[16];
        uint8_t start_size, inside_size;
    } cases[] = {
        {"more than there can be", 60, 10, "\x00\x24\xff\xff\xff\xff\x7f", "\x00\x04", 7, 2},
        {"so many that go", 60, 60, "\x00\x24\xff\xff\xff\xff\x7f", "\x00\x27\xff\xff\xff\xff\x7f", 7, 7},
        {"one goes that was not there", 10, 10, "\x01\x04", "\x02\x07", 2, 2},
        {"many go that were not there", 10, 60, "\x01\x04", "\x02\x27\xff\xff\xff\xff\x7f", 2, 7},
        {"one is anew that was not there", 10, 10, "\x01\x04", "\x02\x44", 2, 2},
        {"one has gone at the start", 10, 10, "\x01\x07", "\x02\x04", 2, 2},
        {"one is anew at the start", 10, 10, "\x01\x44", "\x02\x04", 2, 2},
        {"one has a sequence number at the start", 10, 10, "\x01\x0c\x05", "\x02\x04", 3, 2},
        {"one twice", 10, 10, "\x01\x04\x00\x04", "\x02\x04", 4, 2},
        {"one behind its block", 10, 10, "\x01\x04", "\xff\x7f\x04", 2, 3},
        {"a run beyond its block", 10, 10, "\x01\x04", "\x00\x24\x81\x08", 2, 4},
        {"a run of none", 10, 10, "\x01\x04", "\x00\x24\x00", 2, 3},
        {"a shift that is none", 64, 10, "\x01\x04", "\x02\x04", 2, 2},
    };
    struct late late;

    save_eventful(&late, 40);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf start = {0}, inside = {0};
        put_crowd(&start, cases[i].start_shift, 0, cases[i].start, cases[i].start_size);
        put_crowd(&inside, cases[i].inside_shift, 0, cases[i].inside, cases[i].inside_size);
        refuses_crowd(&late, &start, &inside);
        buf_done(&start);
        buf_done(&inside);
    }
    late_done(&late);
}
