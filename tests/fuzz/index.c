/* index.c
 *
 * In: a trace's scan. Out: nothing, when an index gives the same. Never: a return from what differs.
 */
#include "fuzz.h"

#include <stdlib.h>

enum {
    SEEKS = 3
};

void fuzz_build_index(struct scan *scan, const char *path, uint64_t checkpoint_events)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;

    options.checkpoint_events = checkpoint_events;
    options.threads = 1;
    const int r = gxt_index_build(scan->trace, path, &options, &error);
    if (r != scan->end)
        fuzz_wrong(r < 0 ? error.message : "the build found no fault", scan->n);
    if (r < 0 && (error.offset != scan->fault.offset || strcmp(error.message, scan->fault.message) != 0))
        fuzz_wrong("the build found another fault", error.offset);
}

static void check_facts(const struct scan *scan, const struct gxt_index *index)
{
    struct gxt_index_facts facts;
    struct gxt_verified verified;
    struct gxt_error error;
    uint64_t counts[GXT_N_KINDS] = {0};

    for (uint64_t i = 0; i < scan->n; i++)
        counts[scan->events[i].kind]++;
    if (gxt_index_facts(index, &facts, &error) != 0)
        fuzz_wrong(error.message, 0);
    if (!facts.complete || !facts.up_to_date || facts.n_events != scan->n || facts.fault.code != scan->end ||
        memcmp(facts.n_by_kind, counts, sizeof counts) != 0)
        fuzz_wrong("other facts of the index", facts.n_events);
    if (scan->n > 0 &&
        (facts.first_ns != scan->events[0].time_ns || facts.last_ns != scan->events[scan->n - 1].time_ns))
        fuzz_wrong("other times of the index", facts.n_events);
    if (gxt_index_verify(index, true, &verified, &error) != 0)
        fuzz_wrong(error.message, 0);
    for (uint64_t i = 0; i < scan->n; i += 37) {
        const struct gxt_stack *stack = scan->events[i].stack, *found;
        if (stack && (gxt_index_stack(index, gxt_stack_id(stack), &found, &error) != 0 || found != stack))
            fuzz_wrong("another stack of the index", i);
    }
}

static void check_estimate(struct scan *scan, const struct gxt_index *index)
{
    int64_t from_ns = INT64_MIN, to_ns = INT64_MAX;
    struct gxt_estimate estimate;
    struct gxt_error error;
    uint64_t n = 0;

    if (scan->n > 0) {
        from_ns = scan->events[next_random(&scan->dice) % scan->n].time_ns;
        to_ns = scan->events[next_random(&scan->dice) % scan->n].time_ns;
    }
    if (gxt_index_estimate(index, from_ns, to_ns, &estimate, &error) != 0) {
        if (!scan->is_falling)
            fuzz_wrong(error.message, 0);
        return;
    }
    for (uint64_t i = 0; i < scan->n; i++)
        n += scan->events[i].time_ns >= from_ns && scan->events[i].time_ns < to_ns;
    const uint64_t off = n > estimate.n_events ? n - estimate.n_events : estimate.n_events - n;
    if (off > estimate.bound)
        fuzz_wrong("an estimate further off than its bound", n);
}

static bool is_same_row(const struct gxt_goroutine *a, const struct gxt_goroutine *b)
{
    return a->id == b->id && a->creator == b->creator && a->first_ns == b->first_ns && a->last_ns == b->last_ns &&
           a->n_events == b->n_events && a->func == b->func && a->start == b->start && a->stack == b->stack &&
           a->is_created == b->is_created && a->is_ended == b->is_ended;
}

/* The list of goroutines by walking, and by the index. */
static void check_goroutines(const struct scan *scan, const struct gxt_index *index)
{
    struct gxt_goroutines *walked = NULL, *known = NULL;
    struct gxt_goroutine a, b;
    struct gxt_error error;

    if (gxt_goroutines_new(scan->trace, NULL, &walked, &error) != scan->end)
        fuzz_wrong("another end of the goroutines", 0);
    if (gxt_goroutines_new(scan->trace, index, &known, &error) != scan->end)
        fuzz_wrong("another end of the index's goroutines", 0);
    if (gxt_goroutines_len(walked) != gxt_goroutines_len(known))
        fuzz_wrong("another number of goroutines", gxt_goroutines_len(known));
    for (size_t i = 0; i < gxt_goroutines_len(walked); i++)
        if (gxt_goroutines_at(walked, i, &a, &error) != 0 || gxt_goroutines_at(known, i, &b, &error) != 0 ||
            !is_same_row(&a, &b))
            fuzz_wrong("another goroutine", i);
    gxt_goroutines_free(walked);
    gxt_goroutines_free(known);
}

void fuzz_check_index(struct scan *scan, const char *path)
{
    struct gxt_index *index;
    struct gxt_cursor *cursor;
    struct gxt_error error;

    if (gxt_index_open(scan->trace, path, &index, &error) != 0)
        fuzz_wrong(error.message, 0);
    check_facts(scan, index);
    check_estimate(scan, index);
    check_goroutines(scan, index);
    if (gxt_cursor_new(scan->trace, index, &cursor) != 0)
        fuzz_wrong("no cursor", 0);
    scan_expect(scan, cursor, 0, UINT64_MAX, "a walk with the index");
    scan_check_seeks(scan, cursor, SEEKS);
    scan_check_resources(scan, cursor, SEEKS - 1);
    if (gxt_index_damage(index, &error) != 0)
        fuzz_wrong(error.message, 0);
    gxt_cursor_free(cursor);
    gxt_index_close(index);
}
