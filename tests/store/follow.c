/* follow.c: eight threads with a cursor each share one trace and one index, while another thread builds that index.
 *
 * usage: follow TRACE [ROUNDS]
 *
 * In one half of each round the trace is whole and its index grows in place and is replaced; in the other half the
 * trace grows too, a generation at a time, and the readers hold it as it was when they opened it. Whatever is asked is
 * held against a walk. A plain program, so that it also runs under ThreadSanitizer.
 */
#include "../random.h"

#include <gxt/gxt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READERS = 8,
    N_PLACES = 16,
    MOST_GENERATIONS = 64,
    LEAST_QUESTIONS = 3, /* of each reader in each half */
};

static char trace_path[64], index_path[64];
static FILE *whole; /* the trace's bytes */
static struct gxt_trace *truth;
static struct gxt_event *events;
static uint64_t n_events;
static struct {
    uint64_t ordinal, sum;
} places[N_PLACES];
static struct {
    uint64_t end; /* byte */
    uint64_t n_events;
} generations[MOST_GENERATIONS];
static uint64_t n_generations;
static atomic_bool done;
static atomic_ulong n_asked;

static _Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 ")\n", what, number);
    exit(1);
}

/* ---- the truth ---- */

static uint64_t sum_of(const struct gxt_states *states)
{
    uint64_t sum = states->n_procs + states->n_threads * 3 + states->n_tasks * 5;

    for (size_t i = 0; i < states->n_goroutines; i++)
        sum = sum * 31 + (uint64_t)states->goroutines[i].id * 7 + states->goroutines[i].state +
              (uint64_t)states->goroutines[i].thread;
    return sum;
}

static uint64_t states_at(struct gxt_cursor *cursor, uint64_t ordinal)
{
    struct gxt_states *states;

    if (gxt_cursor_seek_ordinal(cursor, ordinal) != 0 || gxt_cursor_states(cursor, &states) != 0)
        wrong(gxt_cursor_error(cursor)->message, (int64_t)ordinal);
    const uint64_t sum = sum_of(states);
    gxt_states_free(states);
    return sum;
}

static void keep(const struct gxt_event *event)
{
    if ((n_events & (n_events - 1)) == 0) /* grows at each power of two */
        events = realloc(events, (n_events ? n_events * 2 : 1) * sizeof *events);
    if (!events)
        wrong("no memory", 0);
    events[n_events++] = *event;
}

static void walk(void)
{
    struct gxt_cursor *cursor;
    const struct gxt_event *event;

    if (gxt_cursor_new(truth, NULL, &cursor) != 0)
        wrong("no cursor", 0);
    while (gxt_cursor_next(cursor, &event) == 1)
        keep(event);
    for (uint64_t i = 0; i < N_PLACES; i++) {
        places[i].ordinal = n_events * i / N_PLACES;
        places[i].sum = states_at(cursor, places[i].ordinal);
    }
    gxt_cursor_free(cursor);
}

static struct gxt_trace *open_trace(const char *path)
{
    struct gxt_trace *trace;
    struct gxt_error error;

    if (gxt_trace_open(path, &trace, &error) != 0)
        wrong(error.message, error.code);
    return trace;
}

/* ---- readers ---- */

struct reader {
    struct gxt_trace *trace;
    const struct gxt_index *index;
    uint64_t n_events; /* that it may ask for */
    uint64_t seed;
};

static void expect(const struct gxt_cursor *cursor, int r, const struct gxt_event *event, uint64_t ordinal)
{
    if (r != 1)
        wrong(r < 0 ? gxt_cursor_error(cursor)->message : "an end", (int64_t)ordinal);
    const struct gxt_event *wanted = &events[ordinal];
    if (event->ordinal != ordinal || event->time_ns != wanted->time_ns || event->kind != wanted->kind ||
        event->goroutine != wanted->goroutine || gxt_stack_id(event->stack) != gxt_stack_id(wanted->stack))
        wrong("another event", (int64_t)ordinal);
}

static void ask_around(const struct reader *reader, struct gxt_cursor *cursor, uint64_t at)
{
    const struct gxt_event *event = NULL;

    if (gxt_cursor_seek_time(cursor, events[at].time_ns) != 0)
        wrong(gxt_cursor_error(cursor)->message, (int64_t)at);
    for (uint64_t i = at; i < at + 20 && i < reader->n_events; i++) {
        int r = gxt_cursor_next(cursor, &event);
        expect(cursor, r, event, i);
    }
    if (gxt_cursor_seek_ordinal(cursor, at) != 0)
        wrong(gxt_cursor_error(cursor)->message, (int64_t)at);
    for (uint64_t i = at; i > 0 && i + 2 > at; i--) {
        int r = gxt_cursor_prev(cursor, &event);
        expect(cursor, r, event, i - 1);
    }
}

static void ask_resource(const struct reader *reader, struct gxt_cursor *cursor, uint64_t at)
{
    const struct gxt_resource_id id = {GXT_RESOURCE_GOROUTINE, events[at].goroutine};
    const struct gxt_event *event = NULL;

    if (gxt_cursor_seek_ordinal(cursor, at) != 0)
        wrong(gxt_cursor_error(cursor)->message, (int64_t)at);
    for (int i = 0; i < 5; i++) {
        while (at < reader->n_events && !gxt_event_belongs(&events[at], id))
            at++;
        if (at == reader->n_events)
            return;
        int r = gxt_cursor_next_of(cursor, &id, 1, &event);
        expect(cursor, r, event, at++);
    }
}

static void *read_along(void *user)
{
    struct reader *reader = user;
    struct gxt_cursor *cursor;

    if (gxt_cursor_new(reader->trace, reader->index, &cursor) != 0)
        wrong("no cursor", 0);
    for (int i = 0; i < LEAST_QUESTIONS || !atomic_load(&done); i++) {
        const uint64_t at = next_random(&reader->seed) % reader->n_events;
        const uint64_t place = next_random(&reader->seed) % N_PLACES;
        ask_around(reader, cursor, at);
        ask_resource(reader, cursor, at);
        if (places[place].ordinal < reader->n_events && states_at(cursor, places[place].ordinal) != places[place].sum)
            wrong("other states", (int64_t)places[place].ordinal);
        atomic_fetch_add(&n_asked, 1);
    }
    gxt_cursor_free(cursor);
    return NULL;
}

/* ---- the builder ---- */

static int stop_after(void *user, const struct gxt_progress *progress)
{
    return progress->generations_done >= *(const uint64_t *)user;
}

/* Builds up to @n_wanted generations, with one thread or two. */
static void build(bool rebuild, uint64_t n_wanted)
{
    struct gxt_trace *trace = open_trace(trace_path);
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;

    options.rebuild = rebuild;
    options.checkpoint_events = 40;
    options.threads = 1 + (unsigned)(n_wanted % 2);
    options.progress = stop_after;
    options.user = &n_wanted;
    int r = gxt_index_build(trace, index_path, &options, &error);
    if (r != 0 && r != GXT_ECANCELED)
        wrong(error.message, r);
    gxt_trace_close(trace);
}

/* The file is there up to the end of generation @i. */
static void write_up_to(FILE *file, uint64_t i)
{
    const uint64_t end = generations[i].end;
    uint64_t at = (uint64_t)ftell(file);
    int byte;

    if (fseek(whole, (long)at, SEEK_SET) != 0)
        wrong("cannot read the trace", 0);
    for (; at < end && (byte = getc(whole)) != EOF; at++)
        putc(byte, file);
    if (fflush(file) != 0 || at < end)
        wrong("cannot write the trace", (int64_t)at);
}

/* One half of a round: what is built while the readers read. */
struct task {
    FILE *file; /* NULL: it is whole */
    uint64_t from;
};

static void *build_along(void *user)
{
    const struct task *task = user;

    for (uint64_t i = task->from; i < n_generations; i++) {
        if (task->file)
            write_up_to(task->file, i);
        build(false, task->file ? UINT64_MAX : i + 1);
    }
    build(!task->file, UINT64_MAX);
    atomic_store(&done, true);
    return NULL;
}

/* Return: what the readers found damaged. */
static int read_and_build(struct task task, uint64_t seed)
{
    pthread_t threads[READERS], builder;
    struct reader readers[READERS];
    struct gxt_trace *trace = open_trace(trace_path);
    struct gxt_index *index;
    struct gxt_error error;

    if (gxt_index_open(trace, index_path, &index, &error) != 0)
        wrong(error.message, error.code);
    atomic_store(&done, false);
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){trace, index, task.file ? generations[task.from - 1].n_events : n_events,
                                     seed * READERS + i};
        if (pthread_create(&threads[i], NULL, read_along, &readers[i]) != 0)
            wrong("no thread", 0);
    }
    if (pthread_create(&builder, NULL, build_along, &task) != 0)
        wrong("no thread", 0);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    pthread_join(builder, NULL);
    const int damage = gxt_index_damage(index, &error);
    gxt_index_close(index);
    gxt_trace_close(trace);
    return damage;
}

static void read_whole(uint64_t round)
{
    unlink(index_path);
    build(false, 1);
    const int damage = read_and_build((struct task){NULL, 1}, round);
    if (damage != 0)
        wrong("damage is seen where there is none", damage);
}

static void read_growing(uint64_t round)
{
    const uint64_t from = 1 + round % (n_generations - 1);
    FILE *file = fopen(trace_path, "wb");

    if (!file)
        wrong("cannot write the trace", 0);
    unlink(index_path);
    write_up_to(file, from - 1);
    build(false, UINT64_MAX);
    const int damage = read_and_build((struct task){file, from}, round);
    if (damage != 0 && damage != GXT_ESTALE) /* the index has passed the end of the trace that they hold */
        wrong("damage is seen where there is none", damage);
    fclose(file);
}

static void learn_generations(void)
{
    struct gxt_trace *trace = open_trace(trace_path);
    struct gxt_index *index;
    struct gxt_index_facts facts;
    struct gxt_generation generation;
    struct gxt_error error;

    build(true, UINT64_MAX);
    if (gxt_index_open(trace, index_path, &index, &error) != 0 || gxt_index_facts(index, &facts, &error) != 0)
        wrong(error.message, error.code);
    n_generations = facts.n_generations;
    if (n_generations < 2 || n_generations > MOST_GENERATIONS || facts.n_events != n_events)
        wrong("no trace for this test", (int64_t)n_generations);
    for (uint64_t i = 0; i < n_generations; i++) {
        if (gxt_index_generation(index, i, &generation, &error) != 0)
            wrong(error.message, error.code);
        generations[i].end = generation.end;
        generations[i].n_events = generation.first_ordinal + generation.n_events;
    }
    gxt_index_close(index);
    gxt_trace_close(trace);
}

static void copy_whole(void)
{
    FILE *file = fopen(trace_path, "wb");
    int byte;

    if (!file)
        wrong("cannot write the trace", 0);
    while ((byte = getc(whole)) != EOF)
        putc(byte, file);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    const uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 4;
    snprintf(trace_path, sizeof trace_path, "/tmp/gxt-follow-%ld", (long)getpid());
    snprintf(index_path, sizeof index_path, "/tmp/gxt-follow-%ld.gxi", (long)getpid());
    whole = fopen(argv[1], "rb");
    if (!whole)
        wrong("no trace", 0);
    truth = open_trace(argv[1]);
    walk();
    copy_whole();
    learn_generations();
    for (uint64_t round = 0; round < rounds; round++) {
        rewind(whole);
        copy_whole();
        read_whole(round);
        read_growing(round);
    }
    gxt_trace_close(truth);
    fclose(whole);
    free(events);
    unlink(trace_path);
    unlink(index_path);
    printf("%lu times asked in %" PRIu64 " rounds\n", (unsigned long)n_asked, rounds);
    return 0;
}
