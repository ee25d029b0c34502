/* shrink.c: a trace whose file changes while it is open is an error, or what it was, and no signal.
 *
 * usage: shrink TRACE ROUNDS
 *
 * With the guard installed the file is cut to some length after some events were read: one by one, in lots, by seeks
 * over an index, and while an index is built of it. What is handed out is what the whole trace has at that place; then
 * GXT_EIO comes. A file that grows, or that another one takes the name of, is read on as it was. A SIGBUS that is of
 * nobody's trace goes to the handler that was there before.
 */
#include "../random.h"

#include <fcntl.h>
#include <gxt/gxt.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOT = 100
};

static char path[64], index_path[72], other_path[72];
static uint8_t *bytes;
static size_t size;
static struct gxt_event *events;
static struct gxt_trace *first; /* its stacks are compared, so it stays open */
static uint64_t n_events, seed = 1, n_errors, n_ends;

static _Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 ")\n", what, number);
    exit(1);
}

static void write_file(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd) != 0)
        wrong("no file", 0);
}

static void cut(void)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), n = next_random(&seed) % (size / page + 1);

    /* At a page's border, where nothing but the signal tells, and elsewhere. */
    if (truncate(path, (off_t)(next_random(&seed) % 2 ? n * page : next_random(&seed) % size)) < 0)
        wrong("no cut", 0);
}

static struct gxt_trace *open_trace(void)
{
    struct gxt_trace *trace;
    struct gxt_error error;

    if (gxt_trace_open(path, &trace, &error) != 0)
        wrong(error.message, error.code);
    return trace;
}

static bool is_same(const struct gxt_event *event, uint64_t ordinal)
{
    const struct gxt_event *other = &events[ordinal];

    return ordinal < n_events && event->ordinal == ordinal && event->time_ns == other->time_ns &&
           event->kind == other->kind && event->goroutine == other->goroutine && event->proc == other->proc &&
           gxt_stack_id(event->stack) == gxt_stack_id(other->stack);
}

static void take_all(void)
{
    struct gxt_cursor *cursor;
    const struct gxt_event *event;

    first = open_trace();
    if (gxt_cursor_new(first, NULL, &cursor) != 0)
        wrong("no cursor", 0);
    while (gxt_cursor_next(cursor, &event) == 1) {
        if (n_events % 4096 == 0)
            events = realloc(events, (n_events + 4096) * sizeof *events);
        if (!events)
            wrong("no memory", 0);
        events[n_events++] = *event;
    }
    gxt_cursor_free(cursor);
}

/* The end of a walk over a file that was cut. */
static void check_end(struct gxt_cursor *cursor, int r, uint64_t ordinal)
{
    if (r == 0 && ordinal == n_events) {
        n_ends++;
        return;
    }
    if (r != GXT_EIO || gxt_cursor_error(cursor)->code != GXT_EIO || gxt_cursor_error(cursor)->message[0] == '\0')
        wrong("another end", r);
    n_errors++;
}

static void walk(bool in_lots, struct gxt_trace *trace, const struct gxt_index *index)
{
    const uint64_t when = next_random(&seed) % n_events;
    struct gxt_event lot[LOT];
    const struct gxt_event *event;
    struct gxt_cursor *cursor;
    uint64_t ordinal = 0;
    size_t n = 1;
    int r;

    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong("no cursor", 0);
    if (index && gxt_cursor_seek_ordinal(cursor, ordinal = when / 2) != 0)
        wrong("no seek", 0);
    for (bool is_cut = false;; ordinal += n) {
        if (ordinal >= when && !is_cut) {
            cut();
            is_cut = true;
        }
        r = in_lots ? gxt_cursor_next_many(cursor, lot, LOT, &n) : gxt_cursor_next(cursor, &event);
        if (r <= 0)
            break;
        for (size_t i = 0; i < n; i++)
            if (!is_same(in_lots ? &lot[i] : event, ordinal + i))
                wrong("another event", (int64_t)(ordinal + i));
    }
    check_end(cursor, r, ordinal);
    if (r < 0 && gxt_cursor_next(cursor, &event) >= 0)
        wrong("an error that goes away", 0);
    gxt_cursor_free(cursor);
}

static int cut_now(void *user, const struct gxt_progress *progress)
{
    (void)progress;
    if ((*(int *)user)-- == 0)
        cut();
    return 0;
}

static void build(struct gxt_trace *trace, int when, unsigned threads)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;

    options.rebuild = true;
    options.checkpoint_events = 100;
    options.threads = threads;
    const bool is_cut = when >= 0;
    options.progress = is_cut ? cut_now : NULL;
    options.user = &when;
    int r = gxt_index_build(trace, index_path, &options, &error);
    if (r != 0 && (!is_cut || r != GXT_EIO))
        wrong(error.message, r);
}

static void round_of(int number)
{
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_error error;

    write_file(path);
    trace = open_trace();
    switch (number % 4) {
    case 0:
    case 1:
        walk(number % 4 == 1, trace, NULL);
        break;
    case 2:
        build(trace, -1, 1);
        if (gxt_index_open(trace, index_path, &index, &error) != 0)
            wrong(error.message, error.code);
        walk(next_random(&seed) % 2, trace, index);
        gxt_index_close(index);
        break;
    default:
        build(trace, (int)(next_random(&seed) % 4), 1 + (unsigned)(next_random(&seed) % 2));
        break;
    }
    gxt_trace_close(trace);
}

static void check_other_changes(void)
{
    for (int kind = 0; kind < 2; kind++) {
        write_file(path);
        struct gxt_trace *trace = open_trace();
        struct gxt_cursor *cursor;
        const struct gxt_event *event;
        uint64_t ordinal = 0;
        int r;

        if (gxt_cursor_new(trace, NULL, &cursor) != 0)
            wrong("no cursor", 0);
        for (; (r = gxt_cursor_next(cursor, &event)) == 1; ordinal++) {
            if (!is_same(event, ordinal))
                wrong("another event of a file that grew or was replaced", (int64_t)ordinal);
            if (ordinal != n_events / 2)
                continue;
            if (kind == 0 && truncate(path, (off_t)size + 100000) < 0)
                wrong("the file does not grow", 0);
            write_file(other_path);
            if (kind == 1 && rename(other_path, path) < 0)
                wrong("the file is not replaced", 0);
        }
        if (r != 0 || ordinal != n_events)
            wrong("another end of a file that grew or was replaced", r);
        gxt_cursor_free(cursor);
        gxt_trace_close(trace);
    }
}

static sigjmp_buf back;

static void on_signal(int number)
{
    (void)number;
    siglongjmp(back, 1);
}

/* A mapping of ours, of which the library knows nothing. */
static void check_passed_on(void)
{
    write_file(path);
    int fd = open(path, O_RDWR);
    volatile uint8_t *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

    if (fd < 0 || at == MAP_FAILED || ftruncate(fd, 0) < 0)
        wrong("no mapping", 0);
    if (sigsetjmp(back, 1) == 0) {
        (void)at[0];
        wrong("a page that is gone was read", 0);
    }
    close(fd);
}

int main(int argc, char **argv)
{
    struct gxt_error error;
    struct stat status;

    if (argc != 3)
        return 2;
    snprintf(path, sizeof path, "/tmp/gxt-shrink-%ld", (long)getpid());
    snprintf(index_path, sizeof index_path, "%s.gxi", path);
    snprintf(other_path, sizeof other_path, "%s.other", path);
    int fd = open(argv[1], O_RDONLY);
    if (fd < 0 || fstat(fd, &status) < 0 || !(bytes = malloc(size = (size_t)status.st_size)) ||
        read(fd, bytes, size) != (ssize_t)size)
        return 1;
    close(fd);
    signal(SIGBUS, on_signal);
    if (gxt_guard_install(&error) != 0 || gxt_guard_install(&error) != 0)
        wrong(error.message, error.code);
    check_passed_on();
    write_file(path);
    take_all();
    for (int i = 0; i < atoi(argv[2]); i++)
        round_of(i);
    check_other_changes();
    unlink(path);
    unlink(index_path);
    unlink(other_path);
    printf("%" PRIu64 " walks ended with an error, %" PRIu64 " at the trace's end\n", n_errors, n_ends);
    if (atoi(argv[2]) >= 40 && n_errors < 10)
        wrong("hardly any cut was noticed", (int64_t)n_errors);
    gxt_trace_close(first);
    free(bytes);
    free(events);
    return 0;
}
