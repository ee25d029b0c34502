/* ahead.c: a walk that catches up with one ahead of it is the walk that went through every generation.
 *
 * usage: ahead TRACE LEAST [STEP]
 *
 * Two walks go over a trace side by side: one through every generation, one that catches up with a walk ahead of it
 * where that is possible. What the walk ahead hands out must be what the first one does, behind each record both must
 * be the same bytes when they are saved, and behind each generation the one that has caught up. At least LEAST
 * generations must have fitted. With STEP the same of the trace with one byte changed, one in so many: however few fit
 * then.
 */
#include "changed.h"
#include "order.h"

struct walks {
    struct order *walked, *behind, *ahead;
    struct order_snapshot of_walked, of_behind;
    bool is_known; /* … when the generation before ended: */
    int64_t foretold_ns;
};

/* What is not said of the states before an event. */
static bool same(const struct order_record *a, const struct order_record *b)
{
    if (a->type != b->type || a->offset != b->offset || a->time_ns != b->time_ns)
        return false;
    if (a->type == WIRE_SYNC_EVENT)
        return true;
    const bool is_told = a->type == WIRE_USER_TASK_END || a->type == WIRE_STW_END;
    return a->thread == b->thread && a->proc == b->proc && a->goroutine == b->goroutine && a->to == b->to &&
           a->label == b->label &&
           (is_told || memcmp(a->args, b->args, wire_specs[a->type].n_args * sizeof *a->args) == 0);
}

/* What is saved inside a generation is what has changed since its start was. */
static void save_start(struct walks *walks)
{
    if (order_save(walks->walked, &walks->of_walked) < 0 || order_save(walks->behind, &walks->of_behind) < 0)
        wrong("no memory");
}

static void check_same(struct walks *walks)
{
    save_start(walks);
    const struct buf *a = &walks->of_walked.bytes, *b = &walks->of_behind.bytes;
    if (a->size != b->size || memcmp(a->at, b->at, a->size) != 0)
        wrong("the walks are not the same behind it");
}

/* Whether both walks are the same bytes inside a generation. */
static bool same_inside(struct walks *walks)
{
    if (order_at_boundary(walks->walked) || !order_can_save(walks->walked))
        return true;
    if (!order_can_save(walks->ahead) || order_save(walks->walked, &walks->of_walked) < 0 ||
        order_save(walks->ahead, &walks->of_behind) < 0)
        return false;
    const struct buf *a = &walks->of_walked.bytes, *b = &walks->of_behind.bytes;
    return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

/* The first walk goes through a generation, beside the one ahead, which goes on where they part. What the quick loop is
 * to take and does not, must leave no trace. Return: whether all was the same so far as the first one went, which ended
 * with @ret. */
static bool walk_first(struct walks *walks, bool is_ahead, int *ret)
{
    struct order_record a, b;
    int64_t none;
    bool is_same = is_ahead;

    do {
        *ret = order_next(walks->walked, &a);
        if (is_same) {
            (void)order_skip(walks->ahead, 1, INT64_MIN, &none);
            is_same = order_next(walks->ahead, &b) == *ret && (*ret <= 0 || (same(&a, &b) && same_inside(walks)));
        }
    } while (*ret > 0 && !order_at_boundary(walks->walked));
    while (is_ahead && !order_at_boundary(walks->ahead) && order_next(walks->ahead, &b) > 0)
        ;
    return is_same;
}

static bool walk_behind(struct walks *walks, int end)
{
    struct order_record record;
    int r;

    do
        r = order_next(walks->behind, &record);
    while (r > 0 && !order_at_boundary(walks->behind));
    if (r != end)
        wrong("the walks end with different faults");
    if (r > 0)
        save_start(walks);
    n_walked++;
    return r > 0;
}

static bool go_ahead(struct walks *walks, uint64_t generation)
{
    const bool was_known = walks->is_known;
    const int64_t last_ns = walks->foretold_ns;

    order_place_ahead(walks->ahead, generation, order_stream(walks->behind));
    walks->is_known = order_foretell(walks->ahead, &walks->foretold_ns) > 0;
    if (walks->is_known)
        order_start_ahead(walks->ahead, last_ns);
    return was_known && walks->is_known;
}

/* Return: whether there is another generation. */
static bool go_on(struct walks *walks, uint64_t generation)
{
    int end;
    const bool is_ahead = go_ahead(walks, generation);
    const bool was_same = walk_first(walks, is_ahead, &end);
    const int r = is_ahead ? order_catch_up(walks->behind, walks->ahead) : 0;

    if (r < 0)
        wrong("no memory to catch up");
    if (r == 0)
        return walk_behind(walks, end);
    if (end <= 0 || !order_at_boundary(walks->walked))
        wrong("what was caught up with met no end");
    if (!was_same)
        wrong("the walk ahead was another one");
    check_same(walks);
    n_fit++;
    return true;
}

static void check(const struct source *source, uint64_t begin, int version, struct pool *pool)
{
    const struct order_finder finder = {0};
    struct walks walks = {0};

    if (order_new(source, begin, version, pool, finder, &walks.walked) < 0 ||
        order_new(source, begin, version, pool, finder, &walks.behind) < 0 ||
        order_new(source, begin, version, pool, finder, &walks.ahead) < 0 || order_go_ahead(walks.ahead) < 0)
        wrong("no memory");
    save_start(&walks);
    for (uint64_t generation = 0; go_on(&walks, generation); generation++)
        ;
    order_snapshot_done(&walks.of_walked);
    order_snapshot_done(&walks.of_behind);
    (void)order_free(walks.walked);
    (void)order_free(walks.behind);
    (void)order_free(walks.ahead);
}
