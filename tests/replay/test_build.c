/* test_build.c: an index that is built at once, in pieces, again, over a grown trace or a changed one gives one answer.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <gxt/gxt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], copy[96], sidecar[96];

static void begin(void)
{
    strcpy(folder, "/tmp/gxt-build-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(copy, sizeof copy, "%s/copy.trace", folder);
    snprintf(sidecar, sizeof sidecar, "%s/copy.gxi", folder);
}

static void end(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(gxt_index_build, .init = begin, .fini = end);

/* ---- files ---- */

static size_t load(const char *path, unsigned char **ret)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    *ret = malloc(size + 1);
    cr_assert_eq(fread(*ret, 1, size, file), size);
    fclose(file);
    return size;
}

static void store(const void *bytes, size_t size)
{
    FILE *file = fopen(copy, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* ---- what is asked of an index ---- */

struct answer {
    int code;
    struct gxt_index_facts facts;
    struct gxt_generation generations[16];
};

static int build_with(const struct gxt_build_options *options, struct gxt_error *error)
{
    struct gxt_trace *trace;

    cr_assert_eq(gxt_trace_open(copy, &trace, error), 0, "%s", error->message);
    int r = gxt_index_build(trace, sidecar, options, error);
    gxt_trace_close(trace);
    return r;
}

/* Opens the index, asks it all, and compares its walk with one without it. */
static struct answer ask(void)
{
    struct answer answer = {0};
    struct gxt_error error;
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_cursor *with, *without;
    const struct gxt_event *event, *other;
    uint64_t n = 0;
    int r;

    cr_assert_eq(gxt_trace_open(copy, &trace, &error), 0, "%s", error.message);
    cr_assert_eq(gxt_index_open(trace, sidecar, &index, &error), 0, "%s", error.message);
    cr_assert_eq(gxt_index_facts(index, &answer.facts, &error), 0, "%s", error.message);
    cr_assert_leq(answer.facts.n_generations, 16);
    for (uint64_t i = 0; i < answer.facts.n_generations; i++)
        cr_assert_eq(gxt_index_generation(index, i, &answer.generations[i], &error), 0, "%s", error.message);
    cr_assert_eq(gxt_index_generation(index, answer.facts.n_generations, &answer.generations[15], &error), GXT_ENOENT);
    memset(&answer.generations[15], 0, sizeof answer.generations[15]);

    cr_assert_eq(gxt_cursor_new(trace, index, &with), 0);
    cr_assert_eq(gxt_cursor_new(trace, NULL, &without), 0);
    while ((r = gxt_cursor_next(with, &event)) == 1) {
        cr_assert_eq(gxt_cursor_next(without, &other), 1);
        cr_assert_eq(event->time_ns, other->time_ns);
        cr_assert_eq(event->kind, other->kind);
        if (event->stack) {
            const struct gxt_stack *stack;
            cr_assert_eq(gxt_index_stack(index, gxt_stack_id(event->stack), &stack, &error), 0, "%s", error.message);
            cr_assert_eq(stack, event->stack);
        }
        n++;
    }
    cr_assert_eq(gxt_cursor_next(without, &other), r);
    answer.code = r;
    if (answer.facts.complete && answer.facts.up_to_date)
        cr_assert_eq(n, answer.facts.n_events);
    answer.facts.size_bytes = 0; /* of no account: how full LMDB's pages are */
    gxt_cursor_free(with);
    gxt_cursor_free(without);
    gxt_index_close(index);
    gxt_trace_close(trace);
    return answer;
}

static void same_answer(const struct answer *a, const struct answer *b, const char *what)
{
    cr_assert_eq(a->code, b->code, "%s", what);
    cr_assert_eq(a->facts.complete, b->facts.complete, "%s", what);
    cr_assert_eq(a->facts.up_to_date, b->facts.up_to_date, "%s", what);
    cr_assert_eq(a->facts.covered_bytes, b->facts.covered_bytes, "%s", what);
    cr_assert_eq(a->facts.n_generations, b->facts.n_generations, "%s", what);
    cr_assert_eq(a->facts.n_events, b->facts.n_events, "%s: %llu and %llu", what, (unsigned long long)a->facts.n_events,
                 (unsigned long long)b->facts.n_events);
    cr_assert_arr_eq(a->facts.n_by_kind, b->facts.n_by_kind, sizeof a->facts.n_by_kind, "%s", what);
    cr_assert_eq(a->facts.first_ns, b->facts.first_ns, "%s", what);
    cr_assert_eq(a->facts.last_ns, b->facts.last_ns, "%s", what);
    cr_assert_eq(a->facts.n_strings, b->facts.n_strings, "%s", what);
    cr_assert_eq(a->facts.n_stacks, b->facts.n_stacks, "%s", what);
    cr_assert_eq(a->facts.fault.code, b->facts.fault.code, "%s", what);
    cr_assert_eq(a->facts.fault.offset, b->facts.fault.offset, "%s", what);
    for (size_t i = 0; i < a->facts.n_generations; i++) {
        const struct gxt_generation *left = &a->generations[i], *right = &b->generations[i];
        cr_assert_eq(left->number, right->number, "%s", what);
        cr_assert_eq(left->begin, right->begin, "%s", what);
        cr_assert_eq(left->end, right->end, "%s", what);
        cr_assert_eq(left->first_ordinal, right->first_ordinal, "%s", what);
        cr_assert_eq(left->n_events, right->n_events, "%s", what);
        cr_assert_arr_eq(left->n_by_kind, right->n_by_kind, sizeof left->n_by_kind, "%s", what);
        cr_assert_eq(left->first_ns, right->first_ns, "%s", what);
        cr_assert_eq(left->last_ns, right->last_ns, "%s", what);
    }
}

/* What an index says that is built at once of a trace. */
static struct answer truth(const void *bytes, size_t size)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;

    options.rebuild = true;
    store(bytes, size);
    (void)build_with(&options, &error);
    struct answer answer = ask();
    unlink(sidecar);
    return answer;
}

/* ---- tests ---- */

static const char *const traces[] = {DATA "/sample.trace",
                                     DATA "/go122-http.trace",
                                     DATA "/go123-park.trace",
                                     DATA "/go125-tasks.trace",
                                     DATA "/go126-allocfree.trace",
                                     DATA "/../legacy/traces/go119-mix.trace",
                                     DATA "/../legacy/traces/go121-profile.trace"};
#define N_TRACES (sizeof traces / sizeof *traces)

Test(gxt_index_build, counts_what_a_walk_counts)
{
    for (size_t i = 0; i < N_TRACES; i++) {
        unsigned char *bytes;
        size_t size = load(traces[i], &bytes);
        struct answer answer = truth(bytes, size);
        uint64_t sum = 0, events = 0;

        cr_assert(answer.facts.complete);
        cr_assert(answer.facts.up_to_date);
        cr_assert_eq(answer.facts.covered_bytes, size, "%s", traces[i]);
        for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
            sum += answer.facts.n_by_kind[kind];
        cr_assert_eq(sum, answer.facts.n_events);
        for (size_t generation = 0; generation < answer.facts.n_generations; generation++) {
            cr_assert_eq(answer.generations[generation].first_ordinal, events);
            events += answer.generations[generation].n_events;
        }
        cr_assert_eq(events + 1, answer.facts.n_events, "the last Sync is in no generation");
        free(bytes);
    }
}

struct stop {
    uint64_t after; /* generations */
    int calls;
};

static int stop_after(void *user, const struct gxt_progress *progress)
{
    struct stop *stop = user;

    stop->calls++;
    cr_assert_leq(progress->bytes_done, progress->bytes_total);
    return progress->generations_done >= stop->after;
}

Test(gxt_index_build, goes_on_after_it_was_canceled)
{
    for (size_t i = 0; i < N_TRACES; i++) {
        unsigned char *bytes;
        size_t size = load(traces[i], &bytes);
        struct answer wanted = truth(bytes, size);

        for (uint64_t after = 0; after < wanted.facts.n_generations; after++) {
            struct stop stop = {.after = after};
            struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
            struct gxt_error error;

            unlink(sidecar);
            options.progress = stop_after;
            options.user = &stop;
            cr_assert_eq(build_with(&options, &error), GXT_ECANCELED, "%s", traces[i]);
            cr_assert_gt(stop.calls, 0);
            if (after > 0) {
                struct answer partial = ask();
                cr_assert_not(partial.facts.complete);
                cr_assert_eq(partial.facts.n_generations, after, "%s", traces[i]);
            }
            cr_assert_eq(build_with(NULL, &error), wanted.code, "%s", error.message);
            struct answer got = ask();
            same_answer(&got, &wanted, traces[i]);
        }
        free(bytes);
    }
}

Test(gxt_index_build, leaves_a_complete_one_alone)
{
    struct stop stop = {.after = UINT64_MAX};
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;
    unsigned char *bytes;
    size_t size = load(traces[0], &bytes);

    store(bytes, size);
    options.progress = stop_after;
    options.user = &stop;
    cr_assert_eq(build_with(&options, &error), 0);
    cr_assert_gt(stop.calls, 0);
    stop.calls = 0;
    cr_assert_eq(build_with(&options, &error), 0);
    cr_assert_eq(stop.calls, 0, "it was read again");
    options.rebuild = true;
    cr_assert_eq(build_with(&options, &error), 0);
    cr_assert_gt(stop.calls, 0);
    free(bytes);
}

static ino_t file_of_index(void)
{
    struct stat status;

    cr_assert_eq(stat(sidecar, &status), 0);
    return status.st_ino;
}

/* Built anew, of a whole trace and of one that is cut: when it ends, and not before. */
Test(gxt_index_build, replaces_a_complete_one_when_it_ends)
{
    unsigned char *bytes;
    const size_t size = load(traces[0], &bytes), sizes[] = {size, size * 2 / 3};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
        struct gxt_error error;
        struct answer wanted = truth(bytes, sizes[i]);

        const int code = build_with(NULL, &error);
        const ino_t before = file_of_index();
        options.rebuild = true;
        options.progress = stop_after;
        cr_assert_gt(wanted.facts.n_generations, 1);
        for (uint64_t after = 0; after <= wanted.facts.n_generations; after++) {
            struct stop stop = {.after = after};
            options.user = &stop;
            cr_assert_eq(build_with(&options, &error), GXT_ECANCELED, "after %d", (int)after);
            cr_assert_eq(file_of_index(), before);
            struct answer got = ask();
            same_answer(&got, &wanted, "canceled");
        }
        options.progress = NULL;
        cr_assert_eq(build_with(&options, &error), code, "%s", error.message);
        cr_assert_neq(file_of_index(), before);
        struct answer got = ask();
        same_answer(&got, &wanted, "built anew");
        unlink(sidecar);
    }
    free(bytes);
}

/* A trace that is being written: its beginning is indexed, cut anywhere, then more and more of it. */
Test(gxt_index_build, goes_on_with_a_trace_that_grew)
{
    for (size_t i = 0; i < N_TRACES; i++) {
        unsigned char *bytes;
        size_t size = load(traces[i], &bytes);
        struct answer whole = truth(bytes, size);
        size_t cuts[] = {size / 5, size / 2, size - 1, 0};
        struct gxt_error error;

        if (whole.facts.n_generations > 1)
            cuts[3] = (size_t)whole.generations[1].begin; /* where one generation ends */
        for (size_t cut = 0; cut < 4; cut++) {
            if (cuts[cut] < 64)
                continue;
            struct answer part = truth(bytes, cuts[cut]);
            store(bytes, cuts[cut]);
            cr_assert_eq(build_with(NULL, &error), part.code, "%s", error.message);
            store(bytes, size);
            struct answer grown = ask();
            cr_assert_not(grown.facts.up_to_date, "%s", traces[i]);
            cr_assert_eq(grown.code, whole.code, "%s: a walk over a grown trace sees all of it", traces[i]);
            cr_assert_eq(build_with(NULL, &error), whole.code, "%s", error.message);
            struct answer got = ask();
            same_answer(&got, &whole, traces[i]);
            unlink(sidecar);
        }
        free(bytes);
    }
}

Test(gxt_index_open, refuses_another_traces_index)
{
    struct gxt_error error;
    struct gxt_trace *trace;
    struct gxt_index *index = NULL;
    unsigned char *bytes;
    size_t size;

    begin();
    size = load(traces[0], &bytes);
    store(bytes, size);
    cr_assert_eq(build_with(NULL, &error), 0);
    free(bytes);
    cr_assert_eq(gxt_trace_open(traces[1], &trace, &error), 0);
    cr_assert_eq(gxt_index_open(trace, sidecar, &index, &error), GXT_ESTALE);
    cr_assert_null(index);
    cr_assert_neq(error.message[0], '\0');
    cr_assert_eq(gxt_index_open(trace, "/nonexistent/index", &index, &error), GXT_ENOENT);
    gxt_trace_close(trace);
    end();
}

/* Rewritten in place, with the same length and beginning: never a silently wrong answer. */
static void sees_what_was_rewritten(const char *name, size_t step, size_t least)
{
    struct gxt_error error;
    unsigned char *bytes;
    size_t size = load(name, &bytes);
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    size_t n_stale = 0;

    store(bytes, size);
    cr_assert_eq(build_with(NULL, &error), 0);
    for (size_t at = 5000; at < size; at += step) {
        bytes[at] ^= 1;
        store(bytes, size);
        cr_assert_eq(gxt_trace_open(copy, &trace, &error), 0);
        cr_assert_eq(gxt_index_open(trace, sidecar, &index, &error), 0, "%s", error.message);
        cr_assert_eq(gxt_cursor_new(trace, index, &cursor), 0);
        int r;
        while ((r = gxt_cursor_next(cursor, &event)) == 1)
            ;
        cr_assert_lt(r, 0, "byte %zu: changed, and nothing is said", at);
        n_stale += r == GXT_ESTALE;
        cr_assert_neq(gxt_cursor_error(cursor)->offset, GXT_NO_OFFSET);
        gxt_cursor_free(cursor);
        gxt_index_close(index);
        gxt_trace_close(trace);
        bytes[at] ^= 1;
    }
    cr_assert_gt(n_stale, least);

    /* The next build makes it good. */
    bytes[size / 2] ^= 1;
    store(bytes, size);
    (void)build_with(NULL, &error);
    struct answer got = ask();
    struct answer wanted = truth(bytes, size);
    same_answer(&got, &wanted, "after a rewrite");
    free(bytes);
}

Test(gxt_index_build, sees_that_a_trace_was_rewritten)
{
    sees_what_was_rewritten(traces[0], 9973, 5);
    sees_what_was_rewritten(DATA "/../legacy/traces/go119-mix.trace", 499, 10);
}

Test(gxt_index_build, refuses_options_of_another_size)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;
    unsigned char *bytes;
    size_t size = load(traces[0], &bytes);

    store(bytes, size);
    options.size = 3;
    cr_assert_eq(build_with(&options, &error), GXT_EINVAL);
    cr_assert_neq(access(sidecar, F_OK), 0);
    free(bytes);
}
