/* beside.c: readers beside a build see what is committed, and never anything else.
 *
 * usage: beside TRACE
 *
 * One thread builds the index again and again, replacing it or going on after a stop; others seek in it all the while.
 */
#include <gxt/gxt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READERS = 3,
    ROUNDS = 60
};

static const char *trace_path;
static char path[128];
static int64_t *times;
static uint64_t n_events;
static atomic_bool done;
static atomic_ulong n_seeks, n_opened;

static _Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 ")\n", what, number);
    exit(1);
}

static struct gxt_trace *open_trace(void)
{
    struct gxt_trace *trace;
    struct gxt_error error;

    if (gxt_trace_open(trace_path, &trace, &error) != 0)
        wrong(error.message, error.code);
    return trace;
}

static void walk(void)
{
    struct gxt_trace *trace = open_trace();
    struct gxt_cursor *cursor;
    const struct gxt_event *event;

    if (gxt_cursor_new(trace, NULL, &cursor) != 0)
        wrong("no cursor", 0);
    while (gxt_cursor_next(cursor, &event) == 1) {
        times = realloc(times, (n_events + 1) * sizeof *times);
        if (!times)
            wrong("no memory", 0);
        times[n_events++] = event->time_ns;
    }
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);
}

static void seek_some(struct gxt_trace *trace, const struct gxt_index *index, uint64_t seed)
{
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    struct gxt_error error;

    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong("no cursor", 0);
    for (int i = 0; i < 20; i++) {
        uint64_t at = (seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u) >> 20;
        at %= n_events;
        if (gxt_cursor_seek_time(cursor, times[at]) != 0 || gxt_cursor_next(cursor, &event) != 1)
            wrong(gxt_cursor_error(cursor)->message, (int64_t)at);
        if (event->ordinal != at || event->time_ns != times[at])
            wrong("another event", (int64_t)at);
        atomic_fetch_add(&n_seeks, 1);
    }
    if (gxt_index_damage(index, &error) < 0)
        wrong(error.message, error.code);
    gxt_cursor_free(cursor);
}

/* What many threads may call on one index at once. */
static void ask_some(struct gxt_trace *trace, const struct gxt_index *index, uint64_t seed)
{
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    struct gxt_index_facts facts;
    uint64_t counts[GXT_N_KINDS], sum = 0, begin = seed * 7919 % n_events, end = begin + 100;
    struct gxt_error error;

    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong("no cursor", 0);
    const struct gxt_resource_id id = {GXT_RESOURCE_PROC, (int64_t)(seed % 2)};
    if (gxt_cursor_seek_resource(cursor, id, times[begin]) != 0)
        wrong(gxt_cursor_error(cursor)->message, (int64_t)begin);
    for (int i = 0; i < 10 && gxt_cursor_next_of(cursor, &id, 1, &event) == 1; i++)
        if (!gxt_event_belongs(event, id) || times[event->ordinal] != event->time_ns)
            wrong("another's event", (int64_t)event->ordinal);
    if (gxt_cursor_seek_ordinal(cursor, begin) != 0 || (begin > 0 && gxt_cursor_prev(cursor, &event) != 1) ||
        (begin > 0 && event->ordinal != begin - 1))
        wrong("a step back goes elsewhere", (int64_t)begin);
    if (gxt_cursor_count(cursor, begin, end, counts) != 0)
        wrong(gxt_cursor_error(cursor)->message, (int64_t)begin);
    for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
        sum += counts[kind];
    if (sum != (end < n_events ? end : n_events) - begin)
        wrong("another number of events", (int64_t)sum);
    if (gxt_index_facts(index, &facts, &error) != 0)
        wrong(error.message, error.code);
    gxt_cursor_free(cursor);
}

/* One index, which is not rebuilt, under many threads. */
struct shared {
    struct gxt_trace *trace;
    struct gxt_index *index;
    uint64_t seed;
};

static void *share(void *user)
{
    const struct shared *shared = user;

    for (uint64_t i = 0; i < 10; i++) {
        seek_some(shared->trace, shared->index, shared->seed * 1000 + i);
        ask_some(shared->trace, shared->index, shared->seed * 1000 + i);
    }
    return NULL;
}

static void share_one(void)
{
    enum {
        SHARERS = 8
    };
    struct shared shared[SHARERS];
    pthread_t threads[SHARERS];
    struct gxt_trace *trace = open_trace();
    struct gxt_index *index;
    struct gxt_error error;

    if (gxt_index_open(trace, path, &index, &error) != 0)
        wrong(error.message, error.code);
    for (size_t i = 0; i < SHARERS; i++) {
        shared[i] = (struct shared){trace, index, i};
        if (pthread_create(&threads[i], NULL, share, &shared[i]) != 0)
            wrong("no thread", 0);
    }
    for (size_t i = 0; i < SHARERS; i++)
        pthread_join(threads[i], NULL);
    gxt_index_close(index);
    gxt_trace_close(trace);
}

static void *read_along(void *user)
{
    uint64_t seed = *(const uint64_t *)user;
    struct gxt_trace *trace = open_trace();

    while (!atomic_load(&done)) {
        struct gxt_index *index;
        struct gxt_error error;
        int r = gxt_index_open(trace, path, &index, &error);
        if (r == GXT_ENOENT)
            continue;
        if (r != 0)
            wrong(error.message, r);
        atomic_fetch_add(&n_opened, 1);
        seek_some(trace, index, seed++);
        gxt_index_close(index);
    }
    gxt_trace_close(trace);
    return NULL;
}

static int stop_somewhere(void *user, const struct gxt_progress *progress)
{
    return progress->generations_done >= *(const uint64_t *)user;
}

static void build_again_and_again(void)
{
    struct gxt_trace *trace = open_trace();

    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
        struct gxt_error error;
        uint64_t stop_at = 1 + round % 5;

        options.rebuild = true;
        options.checkpoint_events = 40;
        options.threads = 1 + (unsigned)(round % 3);
        options.progress = stop_somewhere;
        options.user = &stop_at;
        int r = gxt_index_build(trace, path, &options, &error);
        if (r != 0 && r != GXT_ECANCELED)
            wrong(error.message, r);
        if ((r = gxt_index_build(trace, path, NULL, &error)) != 0)
            wrong(error.message, r);
    }
    gxt_trace_close(trace);
}

int main(int argc, char **argv)
{
    pthread_t readers[READERS];
    uint64_t seeds[READERS];

    if (argc != 2)
        return 2;
    trace_path = argv[1];
    snprintf(path, sizeof path, "/tmp/gxt-beside-%ld", (long)getpid());
    walk();
    for (size_t i = 0; i < READERS; i++) {
        seeds[i] = i;
        if (pthread_create(&readers[i], NULL, read_along, &seeds[i]) != 0)
            wrong("no thread", 0);
    }
    build_again_and_again();
    atomic_store(&done, true);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    share_one();
    unlink(path);
    free(times);
    printf("%lu seeks, opened %lu times\n", (unsigned long)n_seeks, (unsigned long)n_opened);
    if (n_seeks < 100)
        wrong("hardly any seek", (int64_t)n_seeks);
    return 0;
}
