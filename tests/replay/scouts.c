/* scouts.c: who goes ahead of a build leaves nobody waiting, and takes no more memory than there is for it.
 *
 * usage: scouts WAY
 *
 *     many      more threads are asked for than ever go
 *     none      threads are not to be had, none at all or some
 *     memory    a thread has no memory for once, whatever it is at
 *     crowd     of many goroutines fewer scouts go, of very many none
 *
 * Linked so that what it calls to begin threads, and for memory, is what is here. What waits for ever is ended by who
 * runs it.
 */
#include "../events.h"
#include "replay.h"

#include <errno.h>
#include <gxt/gxt.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void wrong(const char *what, int64_t number)
{
    fprintf(stderr, "%s (%" PRId64 ")\n", what, number);
    exit(1);
}

/* ---- what fails ---- */

enum {
    NEVER = 1 << 30
};

static _Atomic int threads_left = NEVER; /* so many more are to be had */
static _Atomic int n_begun;              /* that have asked for memory */
static _Atomic int fails_of, fails_at = NEVER;
static _Thread_local int number, n_asked; /* of the thread, counted from 1; the first one is 0 */
static _Thread_local bool is_known;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user)
{
    return threads_left-- > 0 ? __real_pthread_create(thread, attributes, run, user) : EAGAIN;
}

static bool has_memory(void)
{
    if (!is_known)
        number = n_begun++;
    is_known = true;
    return number != fails_of || n_asked++ != fails_at;
}

void *__wrap_malloc(size_t size)
{
    return has_memory() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return has_memory() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *at, size_t size)
{
    return has_memory() ? __real_realloc(at, size) : NULL;
}

/* ---- a trace ---- */

static char folder[] = "/tmp/gxt-scouts-XXXXXX";
static char trace_path[64], index_path[64];

enum {
    OF_BATCH = 2000, /* events */
    FIRST_ID = 10,
    TICK = 10000000,
};

/* One thread, whose goroutine has so many others before it, which wait. */
static void put_generation(struct buf *trace, uint64_t generation, size_t n_goroutines)
{
    struct buf data = {0};

    EVENT(&data, WIRE_FREQUENCY, 1000000000);
    put_batch(trace, generation, UINT64_MAX, generation * TICK, &data);
    EVENT(&data, WIRE_PROC_STATUS, 1, 1, P_RUNS);
    EVENT(&data, WIRE_GO_STATUS, 1, 1, 5, RUNNING);
    for (size_t i = 0; i < n_goroutines; i++) {
        if (generation == 1)
            EVENT(&data, WIRE_GO_CREATE_BLOCKED, 1, FIRST_ID + i, 0, 0);
        else
            EVENT(&data, WIRE_GO_STATUS, 1, FIRST_ID + i, UINT64_MAX, WAITING);
        if (i % OF_BATCH == OF_BATCH - 1)
            put_batch(trace, generation, 5, generation * TICK + 2 * i, &data);
    }
    EVENT(&data, WIRE_HEAP_ALLOC, 1, 4096);
    put_batch(trace, generation, 5, generation * TICK + 2 * n_goroutines + OF_BATCH, &data);
    buf_done(&data);
}

static struct gxt_trace *make_trace(unsigned n_generations, size_t n_goroutines)
{
    struct gxt_trace *trace;
    struct gxt_error error;
    struct buf bytes = {0};
    FILE *file = fopen(trace_path, "wb");

    buf_put(&bytes, "go 1.23 trace\0\0\0", 16);
    for (unsigned generation = 1; generation <= n_generations; generation++)
        put_generation(&bytes, generation, n_goroutines);
    if (!file || bytes.failed || fwrite(bytes.at, 1, bytes.size, file) != bytes.size || fclose(file) != 0)
        wrong("cannot write the trace", errno);
    buf_done(&bytes);
    if (gxt_trace_open(trace_path, &trace, &error) != 0)
        wrong(error.message, error.code);
    return trace;
}

/* ---- building ---- */

static void build_index(struct gxt_trace *trace, unsigned n_threads, uint64_t n_generations)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_index_facts facts;
    struct gxt_verified verified;
    struct gxt_index *index;
    struct gxt_error error;

    options.threads = n_threads;
    options.rebuild = true;
    int r = gxt_index_build(trace, index_path, &options, &error);
    if (r == 0)
        r = gxt_index_open(trace, index_path, &index, &error);
    if (r < 0)
        wrong(error.message, r);
    if (gxt_index_facts(index, &facts, &error) != 0 || facts.n_generations != n_generations)
        wrong("generations are missing, of threads", n_threads);
    if (gxt_index_verify(index, true, &verified, &error) != 0)
        wrong(error.message, n_threads);
    gxt_index_close(index);
}

/* So many generations that every thread there might be has one. */
static void try_many(void)
{
    static const unsigned n_threads[] = {16, 17, 18, 19, 33, 100};
    struct gxt_trace *trace = make_trace(120, 3);

    for (size_t i = 0; i < sizeof n_threads / sizeof *n_threads; i++)
        build_index(trace, n_threads[i], 120);
    gxt_trace_close(trace);
}

static void try_none(void)
{
    struct gxt_trace *trace = make_trace(20, 3);

    for (int most = 0; most < 6; most++) {
        for (unsigned n_threads = 2; n_threads < 7; n_threads++) {
            threads_left = most;
            build_index(trace, n_threads, 20);
        }
    }
    gxt_trace_close(trace);
}

/* Who has no memory for the tables of a generation foretells nothing of it, or of the next one. */
static void try_memory(void)
{
    struct gxt_trace *trace = make_trace(8, 3);

    for (int at = 0; at < 100; at++) {
        for (int of = 1; of <= 3; of++) {
            n_begun = 1;
            fails_of = of;
            fails_at = at;
            build_index(trace, 4, 8);
        }
    }
    gxt_trace_close(trace);
}

/* ---- in a crowd ---- */

enum {
    INSIDE = 16384,
    N_GENERATIONS = 13,
};

/* A builder, as far as scouts see one. */
struct walk {
    struct gxt_cursor *cursor;
    struct tally tally;
    struct order_snapshot start;
    struct scouts *scouts;
    struct scout *had[N_GENERATIONS]; /* who had which generation; NULL: it did itself */
    size_t n_left[N_GENERATIONS];     /* of whom so many had memory yet when it was caught up with */
};

static void begin_walk(struct walk *walk, struct gxt_trace *trace, unsigned n_scouts)
{
    *walk = (struct walk){0};
    tally_init(&walk->tally);
    if (cursor_new(trace, NULL, &walk->cursor) < 0 || order_save(walk->cursor->order, &walk->start) < 0 ||
        scouts_new(walk->cursor, INSIDE, n_scouts, &walk->scouts) < 0)
        wrong("no walk", n_scouts);
}

static void end_walk(struct walk *walk)
{
    scouts_free(walk->scouts);
    cursor_free(walk->cursor);
    tally_done(&walk->tally);
    order_snapshot_done(&walk->start);
}

static void walk_generation(struct walk *walk)
{
    struct parts *parts;

    if (parts_new(walk->cursor, &walk->tally, INSIDE, 1, &parts) < 0)
        wrong("no parts", 0);
    while (parts_next(parts)->end < PART_BOUNDARY)
        continue;
    parts_free(parts);
}

/* How many of those who have had a generation have memory. */
static size_t count_left(const struct walk *walk)
{
    size_t n = 0;

    for (size_t i = 0; i < N_GENERATIONS; i++) {
        size_t before = 0;
        while (walk->had[before] != walk->had[i])
            before++;
        n += before == i && walk->had[i] && walk->had[i]->cursor;
    }
    return n;
}

static void catch_up(struct walk *walk, struct scout *scout)
{
    struct order *order = walk->cursor->order;

    if (!scout->is_done || order_catch_up(order, scout->cursor->order) != 1 || order_save(order, &walk->start) < 0)
        wrong("it cannot catch up with generation", (int64_t)scout->generation);
    cursor_place(walk->cursor, 0, order_generations(order));
    scouts_release(walk->scouts, scout);
    walk->n_left[order_generations(order) - 1] = count_left(walk);
}

/* Who has what would come is asked for it: by then it is known that this is the end. */
static void come_to_end(struct walk *walk)
{
    struct scout *scout;

    while (!scouts_next(walk->scouts, walk->cursor->order, &scout))
        continue;
    if (!scout || scout->is_done)
        wrong("there is another generation than", N_GENERATIONS);
    scouts_release(walk->scouts, scout);
    if (count_left(walk) > 0)
        wrong("memory is left in the end, of scouts", (int64_t)count_left(walk));
}

/* Return: whether there is another generation. */
static bool go_on(struct walk *walk)
{
    const uint64_t generation = order_generations(walk->cursor->order);
    struct scout *scout;

    if (generation == N_GENERATIONS)
        return false;
    if (!scouts_next(walk->scouts, walk->cursor->order, &scout))
        return true;
    if (scouts_met_crowd(walk->scouts))
        return false;
    walk->had[generation] = scout;
    if (scout)
        catch_up(walk, scout);
    else
        walk_generation(walk);
    return true;
}

/* From which generation on the first @n scouts had all, and the others had nothing left; of one, in the end it has
 * nothing either. */
static void check_scouts(unsigned n_scouts, unsigned n_goroutines, size_t n, size_t from)
{
    struct gxt_trace *trace = make_trace(N_GENERATIONS, n_goroutines);
    struct walk walk;

    begin_walk(&walk, trace, n_scouts);
    while (go_on(&walk))
        continue;
    if (scouts_met_crowd(walk.scouts))
        wrong("scouts have ended, of goroutines", n_goroutines);
    const struct scout *first = walk.had[1];
    for (size_t i = 1; i < N_GENERATIONS; i++) {
        const struct scout *scout = walk.had[i];
        first = scout && scout < first ? scout : first;
    }
    for (size_t i = 1; i < N_GENERATIONS; i++) {
        const struct scout *scout = walk.had[i];
        if (!scout != (i % (n_scouts + 1) == 0))
            wrong("another one had generation", (int64_t)i);
        if (scout && scout >= first + n && i >= from)
            wrong("one too many has generation", (int64_t)i);
        if (i >= from && walk.n_left[i] > n)
            wrong("memory is not given back, at generation", (int64_t)i);
    }
    if (n_scouts == 1 && n > 1 && walk.had[1] == walk.had[3])
        wrong("nobody goes on while the builder is to catch up, of goroutines", n_goroutines);
    if (n_scouts == 1)
        come_to_end(&walk);
    end_walk(&walk);
    gxt_trace_close(trace);
}

static void check_end(unsigned n_goroutines)
{
    struct gxt_trace *trace = make_trace(N_GENERATIONS, n_goroutines);
    struct walk walk;

    begin_walk(&walk, trace, 1);
    while (go_on(&walk))
        continue;
    if (!scouts_met_crowd(walk.scouts))
        wrong("scouts have not ended, of goroutines", n_goroutines);
    end_walk(&walk);
    build_index(trace, 2, N_GENERATIONS);
    gxt_trace_close(trace);
}

static void try_crowd(void)
{
    check_scouts(1, 160000, 1, 3);
    check_scouts(1, 60000, 2, 1);
    check_scouts(3, 55000, 4, 5);
    check_scouts(3, 110000, 2, 5);
    check_end(310000);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*attempt)(void);
    } ways[] = {{"many", try_many}, {"none", try_none}, {"memory", try_memory}, {"crowd", try_crowd}};

    if (argc != 2 || !mkdtemp(folder))
        return 2;
    (void)has_memory(); /* the first thread is this one */
    snprintf(trace_path, sizeof trace_path, "%s/trace", folder);
    snprintf(index_path, sizeof index_path, "%s/index", folder);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            ways[i].attempt();
    unlink(trace_path);
    unlink(index_path);
    rmdir(folder);
    return 0;
}
