/* hostile.c: an index with a bit turned over, or cut, gives the right answer or none.
 *
 * usage: hostile TRACE [STEP [CUT]]
 *
 * Of one byte in STEP (3) one bit, and one length in CUT (997), and pages put in each other's places: a cursor over
 * such an index yields what one without it yields, or the index is refused. Never a crash, never a hang, never another
 * answer.
 */
#include "answers.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    SELDOM = 16,  /* everything is asked of one in so many */
    PATIENCE = 20 /* seconds for one file */
};

static size_t step = 3, cut = 997;
static struct gxt_trace *trace;
static struct gxt_event *events;
static uint64_t n_events;
static int the_end;
static char path[128];
static struct failing none, damaged = {.code = GXT_EINDEX};
static uint64_t n_refused, n_damage_met, n_tried;

static struct {
    const char *how;
    uint64_t at;
} doing;

/* For what is found by asking. */
static void last_words(void)
{
    if (doing.how)
        printf("with another %s %" PRIu64 "\n", doing.how, doing.at);
}

static _Noreturn void wrong_at(const char *what, const char *how, uint64_t at)
{
    printf("%s: %s %" PRIu64 "\n", what, how, at);
    exit(1);
}

static void walk(void)
{
    const struct gxt_event *event;
    struct gxt_cursor *cursor;

    if (gxt_cursor_new(trace, NULL, &cursor) != 0)
        wrong_at("no cursor", "", 0);
    while ((the_end = gxt_cursor_next(cursor, &event)) == 1) {
        events = realloc(events, (n_events + 1) * sizeof *events);
        if (!events)
            wrong_at("no memory", "", 0);
        events[n_events++] = *event;
    }
    gxt_cursor_free(cursor);
}

static void expect(struct gxt_cursor *cursor, uint64_t from, uint64_t n, const char *how, uint64_t at)
{
    const struct gxt_event *event;
    int r = 1;

    for (uint64_t i = from; i < n_events && i < from + n; i++) {
        r = gxt_cursor_next(cursor, &event);
        if (r != 1 || event->time_ns != events[i].time_ns || event->kind != events[i].kind ||
            event->goroutine != events[i].goroutine || event->stack != events[i].stack || event->ordinal != i)
            wrong_at(r < 0 ? gxt_cursor_error(cursor)->message : "another event", how, at);
    }
    if (from + n > n_events && gxt_cursor_next(cursor, &event) != the_end)
        wrong_at("another end", how, at);
}

/* What a fit index may say of the facts: numbers of this trace, of one of its commits. */
static void check_facts(const struct gxt_index *index, const char *how, uint64_t at)
{
    struct gxt_index_facts facts;
    struct gxt_generation generation;
    struct gxt_error error;

    if (gxt_index_facts(index, &facts, &error) != 0)
        return;
    if (facts.complete && facts.n_events != n_events)
        wrong_at("another number of events", how, at);
    for (uint64_t i = 0; i < facts.n_generations; i++)
        if (gxt_index_generation(index, i, &generation, &error) == 0 &&
            (generation.first_ordinal >= n_events || events[generation.first_ordinal].time_ns != generation.first_ns))
            wrong_at("another generation", how, at);
    for (uint64_t i = 0; i < n_events; i += 37) {
        const struct gxt_stack *stack;
        if (events[i].stack && gxt_index_stack(index, gxt_stack_id(events[i].stack), &stack, &error) == 0 &&
            stack != events[i].stack)
            wrong_at("another stack", how, at);
    }
}

static void try(const char *how, uint64_t at)
{
    struct gxt_error error;
    struct gxt_index *index = NULL;
    struct gxt_cursor *cursor;

    n_tried++;
    doing.how = how;
    doing.at = at;
    alarm(PATIENCE);
    int r = gxt_index_open(trace, path, &index, &error);
    if (r < 0) {
        if (r != GXT_EINDEX && r != GXT_ENOENT && r != GXT_ESTALE)
            wrong_at(error.message, how, at);
        if (error.code != r || error.message[0] == '\0')
            wrong_at("refused without a word", how, at);
        n_refused++;
        return;
    }
    check_facts(index, how, at);
    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong_at("no cursor", how, at);
    uint64_t middle = n_events / 2, late = n_events - 3;
    if (gxt_cursor_seek_time(cursor, events[middle].time_ns) != 0)
        wrong_at("no seek by time", how, at);
    expect(cursor, middle, 3, how, at);
    if (gxt_cursor_seek_ordinal(cursor, late) != 0)
        wrong_at("no seek by ordinal", how, at);
    expect(cursor, late, 10, how, at);
    if (n_tried % SELDOM == 0) {
        answers_ask_cursor(trace, index, &none);
        answers_ask_goroutines(trace, index, &damaged);
    }
    n_damage_met += gxt_index_damage(index, &error) < 0;
    gxt_cursor_free(cursor);
    gxt_index_close(index);
}

static uint8_t *load(size_t *ret_size)
{
    int fd = open(path, O_RDONLY);
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0)
        wrong_at("no index", "", 0);
    *ret_size = (size_t)status.st_size;
    uint8_t *bytes = malloc(*ret_size);
    if (!bytes || read(fd, bytes, *ret_size) != (ssize_t)*ret_size)
        wrong_at("the index cannot be read", "", 0);
    close(fd);
    return bytes;
}

static void flip_each(int fd, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += step) {
        uint8_t flipped = bytes[at] ^ (uint8_t)(1u << (at / step + at / PAGE) % 8);
        if (pwrite(fd, &flipped, 1, (off_t)at) != 1)
            wrong_at("no write", "byte", at);
        try("byte", at);
        if (pwrite(fd, &bytes[at], 1, (off_t)at) != 1)
            wrong_at("no write", "byte", at);
    }
}

static void exchange_pages(int fd, const uint8_t *bytes, size_t size)
{
    for (size_t page = 0; page + 1 < size / PAGE; page++) {
        if (pwrite(fd, bytes + page * PAGE, PAGE, (off_t)((page + 1) * PAGE)) != PAGE ||
            pwrite(fd, bytes + (page + 1) * PAGE, PAGE, (off_t)(page * PAGE)) != PAGE)
            wrong_at("no write", "page", page);
        try("exchanged page", page);
        if (pwrite(fd, bytes + page * PAGE, 2 * PAGE, (off_t)(page * PAGE)) != 2 * PAGE)
            wrong_at("no write", "page", page);
    }
}

static void cut_everywhere(int fd, size_t size)
{
    for (size_t length = size; length-- > 0; length -= length < cut - 1 ? length : cut - 1) {
        if (ftruncate(fd, (off_t)length) < 0)
            wrong_at("no cut", "length", length);
        try("length", length);
    }
}

int main(int argc, char **argv)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_facts facts;
    struct gxt_error error;
    size_t size;

    if (argc < 2)
        return 2;
    step = argc > 2 ? strtoul(argv[2], NULL, 10) : step;
    cut = argc > 3 ? strtoul(argv[3], NULL, 10) : cut;
    answers_take(argv[1]);
    snprintf(path, sizeof path, "/tmp/gxt-hostile-%ld", (long)getpid());
    if (gxt_trace_open(argv[1], &trace, &error) != 0)
        wrong_at(error.message, "", 0);
    walk();
    options.rebuild = true;
    options.checkpoint_events = 40;
    if (gxt_index_build(trace, path, &options, &error) != the_end)
        wrong_at(error.message, "", 0);
    uint8_t *bytes = load(&size);
    int fd = open(path, O_RDWR);
    if (fd < 0)
        wrong_at("the index cannot be written", "", 0);
    try("whole", 0);
    if (n_refused + n_damage_met > 0)
        wrong_at("a whole index is refused", "", 0);
    atexit(last_words);
    flip_each(fd, bytes, size);
    exchange_pages(fd, bytes, size);
    cut_everywhere(fd, size);
    doing.how = NULL;
    close(fd);
    unlink(path);
    printf("%" PRIu64 " tried, %" PRIu64 " refused, damage met in %" PRIu64 "\n", n_tried, n_refused, n_damage_met);
    gxt_trace_facts(trace, &facts);
    /* Of an old trace a walk asks nothing. */
    if (n_refused < 20 || (n_damage_met < 20 && facts.version >= 22))
        wrong_at("hardly any damage was noticed", "", 0);
    gxt_trace_close(trace);
    answers_done();
    free(bytes);
    free(events);
    return 0;
}
