/* test_cursor.c: what a cursor promises beside the events themselves.
 */
#include <criterion/criterion.h>
#include <gxt/gxt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gxt_trace *open_trace(const char *path)
{
    struct gxt_error error;
    struct gxt_trace *trace = NULL;

    cr_assert_eq(gxt_trace_open(path, &trace, &error), 0, "%s: %s", path, error.message);
    return trace;
}

static struct gxt_cursor *cursor_of(struct gxt_trace *trace)
{
    struct gxt_cursor *cursor = NULL;

    cr_assert_eq(gxt_cursor_new(trace, NULL, &cursor), 0);
    return cursor;
}

Test(gxt_trace_facts, tell_the_start_and_the_wall_clock)
{
    static const struct {
        const char *path;
        int version;
        bool has_wall;
    } cases[] = {
        {DATA "/go122-http.trace", 22, false},
        {DATA "/go123-http.trace", 23, false},
        {DATA "/go125-http.trace", 25, true},
        {DATA "/go126-flight.trace", 26, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gxt_trace *trace = open_trace(cases[i].path);
        struct gxt_cursor *cursor = cursor_of(trace);
        const struct gxt_event *event;
        struct gxt_facts facts;

        gxt_trace_facts(trace, &facts);
        cr_assert_eq(facts.version, cases[i].version, "%s", cases[i].path);
        cr_assert_eq(facts.has_wall, cases[i].has_wall, "%s", cases[i].path);
        cr_assert_gt(facts.size_bytes, 1000);
        cr_assert_eq(gxt_cursor_next(cursor, &event), 1);
        cr_assert_eq(event->kind, GXT_KIND_SYNC);
        cr_assert_eq(event->time_ns, facts.start_ns, "%s", cases[i].path);
        if (facts.has_wall) {
            cr_assert_eq(event->sync.clock_ns, facts.clock_ns);
            cr_assert_eq(event->sync.wall_sec, facts.wall_sec);
            cr_assert_eq(event->sync.wall_nsec, facts.wall_nsec);
            cr_assert_eq(event->sync.mono_ns, facts.mono_ns);
            cr_assert_gt(facts.wall_sec, 1700000000);
        }
        gxt_cursor_free(cursor);
        gxt_trace_close(trace);
    }
}

Test(gxt_cursor_next_many, gives_what_next_gives)
{
    enum {
        ROOM = 7
    };
    struct gxt_trace *trace = open_trace(DATA "/go126-coroutines.trace");
    struct gxt_cursor *one = cursor_of(trace), *many = cursor_of(trace);
    const struct gxt_event *event;
    struct gxt_event events[ROOM];
    size_t n, total = 0;
    int r;

    while ((r = gxt_cursor_next_many(many, events, ROOM, &n)) == 1) {
        cr_assert_gt(n, 0);
        for (size_t i = 0; i < n; i++, total++) {
            cr_assert_eq(gxt_cursor_next(one, &event), 1);
            cr_assert_eq(event->ordinal, events[i].ordinal);
            cr_assert_eq(event->time_ns, events[i].time_ns);
            cr_assert_eq(event->kind, events[i].kind);
            cr_assert_eq(event->stack, events[i].stack);
        }
    }
    cr_assert_eq(r, 0);
    cr_assert_eq(n, 0);
    cr_assert_gt(total, 100);
    cr_assert_eq(gxt_cursor_next(one, &event), 0);
    cr_assert_eq(gxt_cursor_next(one, &event), 0, "the end stays the end");
    gxt_cursor_free(one);
    gxt_cursor_free(many);
    gxt_trace_close(trace);
}

Test(gxt_cursor_seek_pos, refuses_another_traces_position)
{
    struct gxt_trace *trace = open_trace(DATA "/go126-tiny.trace"), *other = open_trace(DATA "/go125-tiny.trace");
    struct gxt_cursor *cursor = cursor_of(trace), *elsewhere = cursor_of(other);
    const struct gxt_event *event;
    struct gxt_pos pos;
    struct gxt_states *states;

    gxt_cursor_tell(elsewhere, &pos);
    cr_assert_eq(gxt_cursor_seek_pos(cursor, pos), GXT_EINVAL);
    cr_assert_neq(gxt_cursor_error(cursor)->message[0], '\0');
    cr_assert_eq(gxt_cursor_next(cursor, &event), GXT_EINVAL, "no position until a seek succeeds");
    cr_assert_eq(gxt_cursor_states(cursor, &states), GXT_EINVAL);
    cr_assert_eq(gxt_cursor_seek_ordinal(cursor, 3), 0);
    cr_assert_eq(gxt_cursor_next(cursor, &event), 1);
    cr_assert_eq(event->ordinal, 3);
    gxt_cursor_free(cursor);
    gxt_cursor_free(elsewhere);
    gxt_trace_close(trace);
    gxt_trace_close(other);
}

/* Also with events at hand that were taken with others. */
Test(gxt_cursor_next, yields_nothing_at_no_position)
{
    enum {
        N = 300
    };
    struct gxt_trace *trace = open_trace(DATA "/go126-coroutines.trace"), *other = open_trace(DATA "/go125-tiny.trace");
    struct gxt_cursor *elsewhere = cursor_of(other);
    const struct gxt_resource_id any = {GXT_RESOURCE_GOROUTINE, 1};
    const struct gxt_event *event;
    struct gxt_event events[4];
    uint64_t counts[GXT_N_KINDS];
    struct gxt_pos pos;
    size_t n;

    gxt_cursor_tell(elsewhere, &pos);
    for (size_t i = 1; i < N; i++) {
        struct gxt_cursor *cursor = cursor_of(trace);
        for (size_t at = 0; at < i; at++)
            cr_assert_eq(gxt_cursor_next(cursor, &event), 1);
        if (i % 3 == 0)
            cr_assert_eq(gxt_cursor_seek_time(cursor, event->time_ns + 1), 0); /* which takes what comes next */
        if (i % 2 == 0)
            cr_assert_eq(gxt_cursor_seek_pos(cursor, pos), GXT_EINVAL);
        else
            cr_assert_eq(gxt_cursor_count(cursor, 0, i, counts), 0);
        cr_assert_eq(gxt_cursor_next(cursor, &event), GXT_EINVAL, "behind %zu events", i);
        cr_assert_eq(gxt_cursor_next_many(cursor, events, 4, &n), GXT_EINVAL);
        cr_assert_eq(n, 0);
        cr_assert_eq(gxt_cursor_next_of(cursor, &any, 1, &event), GXT_EINVAL);
        cr_assert_eq(gxt_cursor_prev(cursor, &event), GXT_EINVAL);
        cr_assert_eq(gxt_cursor_seek_ordinal(cursor, i), 0);
        cr_assert_eq(gxt_cursor_next(cursor, &event), 1);
        cr_assert_eq(event->ordinal, i);
        gxt_cursor_free(cursor);
    }
    gxt_cursor_free(elsewhere);
    gxt_trace_close(trace);
    gxt_trace_close(other);
}

Test(gxt_cursor_experimental, hands_out_the_data_of_each_generation)
{
    struct gxt_trace *trace = open_trace(DATA "/go126-allocfree.trace");
    struct gxt_cursor *cursor = cursor_of(trace);
    const struct gxt_event *event;
    struct gxt_experimental_batch batch;
    size_t n_batches = 0, n_syncs = 0;

    cr_assert_eq(gxt_cursor_experimental(cursor, 0, &batch), 0, "none before the first Sync");
    while (gxt_cursor_next(cursor, &event) == 1) {
        if (event->kind != GXT_KIND_SYNC)
            continue;
        n_syncs++;
        for (size_t i = 0; gxt_cursor_experimental(cursor, i, &batch) == 1; i++, n_batches++) {
            cr_assert_str_eq(batch.experiment, "AllocFree");
            cr_assert_gt(batch.size_bytes, 0);
            cr_assert_not_null(batch.data);
        }
    }
    cr_assert_gt(n_syncs, 1);
    cr_assert_gt(n_batches, 0);
    cr_assert_eq(gxt_cursor_experimental(cursor, 0, &batch), 0, "none after the last Sync");
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);
}

/* With a generation's Sync crossed, what comes next may be another Sync. */
Test(gxt_cursor_experimental, hands_out_the_data_of_a_generation_without_events)
{
    enum {
        N = 3
    };
    static const char version[] = "go 1.23 trace\0\0";
    /* A batch with a frequency, and one with a byte of data. */
    uint8_t bytes[] = {1,  0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
                       10, 2, 8,    100,  49,   1,    0,    0,    10,   1,    7};
    struct gxt_experimental_batch batch;
    const struct gxt_event *lent;
    struct gxt_event event;
    struct gxt_trace *trace;
    size_t n;
    FILE *file = tmpfile();

    cr_assert_not_null(file);
    (void)fwrite(version, 1, sizeof version, file);
    for (uint8_t i = 1; i <= N; i++) {
        bytes[1] = bytes[18] = i;
        (void)fwrite(bytes, 1, sizeof bytes, file);
    }
    rewind(file);
    cr_assert_eq(gxt_trace_open_fd(fileno(file), NULL, &trace, NULL), 0);
    for (int by_many = 0; by_many < 2; by_many++) {
        struct gxt_cursor *cursor = cursor_of(trace);
        for (gxt_gen i = 0; i <= N; i++) {
            cr_assert_eq(by_many ? gxt_cursor_next_many(cursor, &event, 1, &n) : gxt_cursor_next(cursor, &lent), 1);
            cr_assert_eq(gxt_cursor_experimental(cursor, 0, &batch), i < N);
            cr_assert_eq(gxt_cursor_generation(cursor), i < N ? i : N - 1);
        }
        gxt_cursor_free(cursor);
    }
    gxt_trace_close(trace);
    (void)fclose(file);
}

/* What each thread executes, told by transitions alone, is what the states say. */
Test(gxt_transition, says_which_goroutine_a_thread_runs)
{
    static const char *const paths[] = {DATA "/go122-http.trace", DATA "/go123-coroutines.trace",
                                        DATA "/go126-cgo.trace", DATA "/go125-gc.trace"};

    for (size_t trace_at = 0; trace_at < sizeof paths / sizeof *paths; trace_at++) {
        struct gxt_trace *trace = open_trace(paths[trace_at]);
        struct gxt_cursor *cursor = cursor_of(trace);
        const struct gxt_event *event;
        struct {
            gxt_threadid thread;
            gxt_goid goroutine;
        } runs[512];
        size_t n_runs = 0, checked = 0;

        while (gxt_cursor_next(cursor, &event) == 1) {
            if (event->kind == GXT_KIND_STATE_TRANSITION && event->transition.run != GXT_RUN_SAME) {
                size_t at = 0;
                while (at < n_runs && runs[at].thread != event->thread)
                    at++;
                if (at == n_runs)
                    runs[n_runs++].thread = event->thread;
                cr_assert_lt(n_runs, 512);
                runs[at].goroutine = event->transition.run == GXT_RUN_BEGIN ? event->transition.id : GXT_NO_GOROUTINE;
            }
            if (event->ordinal % 97 != 0)
                continue;
            struct gxt_states *states;
            cr_assert_eq(gxt_cursor_states(cursor, &states), 0);
            for (size_t i = 0; i < states->n_threads; i++)
                for (size_t at = 0; at < n_runs; at++)
                    if (runs[at].thread == states->threads[i].id) {
                        cr_assert_eq(runs[at].goroutine, states->threads[i].goroutine, "%s: event %llu, thread %lld",
                                     paths[trace_at], (unsigned long long)event->ordinal, (long long)runs[at].thread);
                        checked++;
                    }
            gxt_states_free(states);
        }
        cr_assert_gt(checked, 10, "%s", paths[trace_at]);
        gxt_cursor_free(cursor);
        gxt_trace_close(trace);
    }
}

Test(gxt_stack, is_one_pointer_and_one_id_for_one_content)
{
    struct gxt_trace *trace = open_trace(DATA "/sample.trace");
    struct gxt_cursor *cursor = cursor_of(trace);
    const struct gxt_event *event;
    const struct gxt_stack *seen[64] = {0};
    size_t repeated = 0;

    cr_assert_eq(gxt_stack_len(NULL), 0);
    cr_assert_eq(gxt_stack_id(NULL), 0);
    while (gxt_cursor_next(cursor, &event) == 1) {
        if (!event->stack)
            continue;
        size_t slot = gxt_stack_id(event->stack) % 64;
        if (seen[slot] && gxt_stack_id(seen[slot]) == gxt_stack_id(event->stack)) {
            cr_assert_eq(seen[slot], event->stack);
            repeated++;
        }
        seen[slot] = event->stack;
        cr_assert_null(gxt_stack_at(event->stack, gxt_stack_len(event->stack)));
        for (size_t i = 0; i < gxt_stack_len(event->stack); i++)
            cr_assert_not_null(gxt_stack_at(event->stack, i)->func);
    }
    cr_assert_gt(repeated, 100);
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);
}

Test(gxt_cursor_bytes, never_falls)
{
    struct gxt_trace *trace = open_trace(DATA "/sample.trace");
    struct gxt_cursor *cursor = cursor_of(trace);
    const struct gxt_event *event;
    struct gxt_facts facts;
    uint64_t bytes = 0;

    gxt_trace_facts(trace, &facts);
    while (gxt_cursor_next(cursor, &event) == 1) {
        cr_assert_geq(gxt_cursor_bytes(cursor), bytes);
        bytes = gxt_cursor_bytes(cursor);
        cr_assert_leq(bytes, facts.size_bytes);
    }
    cr_assert_eq(bytes, facts.size_bytes);
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);
}

Test(gxt_transition, tells_the_label_with_the_start)
{
    struct gxt_trace *trace = open_trace(DATA "/go126-gc.trace");
    struct gxt_cursor *cursor = cursor_of(trace);
    const struct gxt_event *event;
    const struct gxt_string *label = NULL;
    gxt_goid labelled = GXT_NO_GOROUTINE;
    size_t n = 0;

    while (gxt_cursor_next(cursor, &event) == 1) {
        if (event->kind == GXT_KIND_STATE_TRANSITION && event->transition.label) {
            label = event->transition.label;
            labelled = event->transition.id;
        } else if (event->kind == GXT_KIND_LABEL && event->label.goroutine == labelled) {
            cr_assert_eq(event->label.label, label);
            n++;
            labelled = GXT_NO_GOROUTINE;
        }
    }
    cr_assert_gt(n, 0, "no label in the trace");
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);
}
