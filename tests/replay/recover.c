/* recover.c: a trace that is recovered gives all that can be had, the same however it is read.
 *
 * usage: recover TRACE ROUNDS [SEED]
 *
 * The trace as it is gives the same events with recovery as without, and loses nothing. Then, in each round, something
 * of it is damaged: bits turned over, bytes cleared, taken out, put twice, or its end cut off. A walk that recovers
 * comes to its end without a fault; one in lots gives the same events; an index of it tells of the same loss, and seeks
 * over it give what the walk gave; and who does not recover is not misled by that index, nor the other way round.
 */
#include "../random.h"

#include <fcntl.h>
#include <gxt/gxt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct list {
    struct gxt_event *events;
    size_t n, capacity;
    int end;
    struct gxt_loss loss;
};

static char trace_path[64], index_path[64];
static uint64_t seed, round_number;

static _Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 "), round %" PRIu64 "\n", what, number, round_number);
    exit(1);
}

static struct gxt_trace *open_trace(bool recovers)
{
    struct gxt_trace *trace;
    struct gxt_error error;

    if (gxt_trace_open(trace_path, &trace, &error) != 0)
        wrong(error.message, error.code);
    if (recovers && gxt_trace_recover(trace, &error) != 0)
        wrong(error.message, error.code);
    return trace;
}

static void add(struct list *list, const struct gxt_event *event)
{
    if (list->n == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 1024;
        list->events = realloc(list->events, list->capacity * sizeof *list->events);
        if (!list->events)
            wrong("no memory", 0);
    }
    list->events[list->n++] = *event;
}

static void walk(struct gxt_trace *trace, const struct gxt_index *index, struct list *ret)
{
    struct gxt_cursor *cursor;
    const struct gxt_event *event;

    *ret = (struct list){0};
    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong("no cursor", 0);
    while ((ret->end = gxt_cursor_next(cursor, &event)) == 1)
        add(ret, event);
    gxt_cursor_loss(cursor, &ret->loss);
    gxt_cursor_free(cursor);
}

static bool is_same(const struct gxt_event *a, const struct gxt_event *b)
{
    return a->time_ns == b->time_ns && a->ordinal == b->ordinal && a->kind == b->kind && a->goroutine == b->goroutine &&
           a->thread == b->thread && a->proc == b->proc && a->flags == b->flags &&
           gxt_stack_id(a->stack) == gxt_stack_id(b->stack);
}

static void expect(struct gxt_cursor *cursor, const struct list *list, size_t from, size_t n)
{
    const struct gxt_event *event;
    int r;

    for (size_t i = from; i < list->n && i < from + n; i++) {
        if ((r = gxt_cursor_next(cursor, &event)) != 1)
            wrong("an event is missing", r);
        if (!is_same(event, &list->events[i]))
            wrong("another event", (int64_t)i);
    }
    if (from + n > list->n && (r = gxt_cursor_next(cursor, &event)) != list->end)
        wrong("another end", r);
}

static void expect_all(struct gxt_trace *trace, const struct gxt_index *index, const struct list *list)
{
    struct gxt_cursor *cursor;

    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong("no cursor", 0);
    expect(cursor, list, 0, list->n + 1);
    gxt_cursor_free(cursor);
}

static void expect_lots(struct gxt_trace *trace, const struct list *list)
{
    struct gxt_event lot[64];
    struct gxt_cursor *cursor;
    size_t n, at = 0;
    int r;

    if (gxt_cursor_new(trace, NULL, &cursor) != 0)
        wrong("no cursor", 0);
    while ((r = gxt_cursor_next_many(cursor, lot, 64, &n)) == 1)
        for (size_t i = 0; i < n; i++, at++)
            if (at >= list->n || !is_same(&lot[i], &list->events[at]))
                wrong("another event in lots", (int64_t)at);
    if (r != list->end || at != list->n)
        wrong("another end in lots", r);
    gxt_cursor_free(cursor);
}

static void expect_seeks(struct gxt_trace *trace, const struct gxt_index *index, const struct list *list)
{
    struct gxt_cursor *cursor;
    struct gxt_states *states;

    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong("no cursor", 0);
    for (int i = 0; i < 12 && list->n > 0; i++) {
        const size_t to = next_random(&seed) % list->n;
        if ((i % 2 ? gxt_cursor_seek_ordinal(cursor, to) : gxt_cursor_seek_time(cursor, list->events[to].time_ns)) != 0)
            wrong("no seek", (int64_t)to);
        if (i % 3 == 0) {
            if (gxt_cursor_states(cursor, &states) != 0)
                wrong(gxt_cursor_error(cursor)->message, (int64_t)to);
            if (states->ordinal != to)
                wrong("states of another place", (int64_t)to);
            gxt_states_free(states);
        }
        expect(cursor, list, to, 50);
    }
    gxt_cursor_free(cursor);
}

static struct gxt_index *build(struct gxt_trace *trace, unsigned threads, int expected)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_index *index;
    struct gxt_error error;

    options.rebuild = true;
    options.checkpoint_events = 50;
    options.threads = threads;
    int r = gxt_index_build(trace, index_path, &options, &error);
    if (r != expected)
        wrong(error.message, r);
    if (gxt_index_open(trace, index_path, &index, &error) != 0)
        wrong(error.message, error.code);
    return index;
}

static void expect_facts(const struct gxt_index *index, const struct list *list)
{
    struct gxt_index_facts facts;
    struct gxt_error error;

    if (gxt_index_facts(index, &facts, &error) != 0)
        wrong(error.message, error.code);
    if (!facts.complete || !facts.up_to_date || !facts.recovers || facts.n_events != list->n)
        wrong("other facts", (int64_t)facts.n_events);
    const struct gxt_loss *loss = &facts.loss;
    if (loss->n_faults != list->loss.n_faults || loss->n_bytes != list->loss.n_bytes ||
        loss->n_names != list->loss.n_names || loss->n_generations != list->loss.n_generations ||
        loss->first.code != list->loss.first.code || strcmp(loss->first.message, list->loss.first.message) != 0)
        wrong("another loss", (int64_t)loss->n_faults);
    if (gxt_index_damage(index, &error) != 0)
        wrong(error.message, error.code);
}

/* Each over the index that the other made. */
static void expect_no_mistake(const struct list *plain, const struct list *recovered)
{
    struct gxt_trace *trace = open_trace(true), *other = open_trace(false);
    struct gxt_error error;
    struct gxt_index *index = build(trace, 2, 0), *strange;

    if (gxt_index_open(other, index_path, &strange, &error) != 0)
        wrong(error.message, error.code);
    expect_all(other, strange, plain);
    expect_seeks(other, strange, plain);
    gxt_index_close(strange);
    gxt_index_close(index);

    index = build(other, 1, plain->end);
    if (gxt_index_open(trace, index_path, &strange, &error) != 0)
        wrong(error.message, error.code);
    expect_all(trace, strange, recovered);
    expect_seeks(trace, strange, recovered);
    gxt_index_close(strange);
    gxt_index_close(index);
    gxt_trace_close(trace);
    gxt_trace_close(other);
}

/* A build that finds the other's index goes on from where they part, and leaves one that can be read. */
static void expect_continued(bool recovers, const struct list *list)
{
    struct gxt_trace *trace = open_trace(recovers);
    struct gxt_index *index;
    struct gxt_error error;
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;

    options.checkpoint_events = 50;
    if (gxt_index_build(trace, index_path, &options, &error) != list->end ||
        gxt_index_open(trace, index_path, &index, &error) != 0)
        wrong(error.message, error.code);
    expect_all(trace, index, list);
    if (gxt_index_damage(index, &error) != 0)
        wrong(error.message, error.code);
    gxt_index_close(index);
    gxt_trace_close(trace);
}

static void check(struct list *ret_plain, struct list *ret_recovered)
{
    struct gxt_trace *plain_trace = open_trace(false), *trace = open_trace(true);

    walk(plain_trace, NULL, ret_plain);
    walk(trace, NULL, ret_recovered);
    if (ret_recovered->end != 0)
        wrong("a walk that recovers has a fault", ret_recovered->end);
    expect_lots(trace, ret_recovered);
    struct gxt_index *index = build(trace, 1, 0);
    expect_facts(index, ret_recovered);
    expect_all(trace, index, ret_recovered);
    expect_seeks(trace, index, ret_recovered);
    gxt_index_close(index);
    /* Strings and stacks are the trace's: it stays open while they are compared. */
    expect_no_mistake(ret_plain, ret_recovered);
    expect_continued(true, ret_recovered);
    expect_continued(false, ret_plain);
    gxt_trace_close(plain_trace);
    gxt_trace_close(trace);
    free(ret_plain->events);
    free(ret_recovered->events);
}

static void write_trace(const uint8_t *bytes, size_t size)
{
    int fd = open(trace_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd) != 0)
        wrong("no file", 0);
}

/* Return: its size then. @bytes has room for twice as many. */
static size_t damage(uint8_t *bytes, size_t size)
{
    const size_t at = 16 + next_random(&seed) % (size - 16), most = size - at,
                 length = 1 + next_random(&seed) % (next_random(&seed) % 2 ? 200 : 20000) % most;

    switch (next_random(&seed) % 6) {
    case 0:
        return at;
    case 1:
        memset(bytes + at, 0, length);
        return size;
    case 2:
        memmove(bytes + at, bytes + at + length, most - length);
        return size - length;
    case 3:
        memmove(bytes + at + length, bytes + at, most);
        return size + length;
    case 4:
        for (size_t i = 0; i < length; i++)
            bytes[at + i] = (uint8_t)next_random(&seed);
        return size;
    default:
        bytes[at] ^= (uint8_t)(1u << next_random(&seed) % 8);
        return size;
    }
}

int main(int argc, char **argv)
{
    const int rounds = argc > 2 ? atoi(argv[2]) : 0;
    struct list plain, recovered;
    struct stat status;
    uint64_t sum_plain = 0, sum_recovered = 0;

    if (argc < 3)
        return 2;
    seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    snprintf(trace_path, sizeof trace_path, "/tmp/gxt-recover-%ld", (long)getpid());
    snprintf(index_path, sizeof index_path, "/tmp/gxt-recover-%ld.gxi", (long)getpid());
    int fd = open(argv[1], O_RDONLY);
    if (fd < 0 || fstat(fd, &status) < 0)
        return 1;
    const size_t size = (size_t)status.st_size;
    uint8_t *sound = malloc(size), *bytes = malloc(2 * size + 1);
    if (!sound || !bytes || read(fd, sound, size) != (ssize_t)size)
        return 1;
    close(fd);

    write_trace(sound, size);
    check(&plain, &recovered);
    if (recovered.loss.first.code != 0 || plain.n != recovered.n || plain.end != 0)
        wrong("a sound trace has a loss", recovered.loss.first.code);
    const size_t n_events = plain.n;
    for (round_number = 1; round_number <= (uint64_t)rounds; round_number++) {
        memcpy(bytes, sound, size);
        write_trace(bytes, damage(bytes, size));
        check(&plain, &recovered);
        if ((plain.end < 0 && recovered.loss.first.code == 0) || (plain.end == 0 && recovered.n < plain.n))
            wrong("a fault and no loss", plain.end);
        sum_plain += plain.n;
        sum_recovered += recovered.n;
    }
    unlink(trace_path);
    unlink(index_path);
    printf("%zu events; damaged %d times: %" PRIu64 " on average without recovery, %" PRIu64 " with\n", n_events,
           rounds, rounds ? sum_plain / (uint64_t)rounds : 0, rounds ? sum_recovered / (uint64_t)rounds : 0);
    if (rounds >= 20 && (sum_recovered <= sum_plain || sum_recovered / (uint64_t)rounds < n_events / 2))
        wrong("hardly anything is recovered", (int64_t)sum_recovered);
    free(sound);
    free(bytes);
    return 0;
}
