/* count.c: a trace has as many events of each kind as a walk meets, whatever the number of threads that count.
 *
 * usage: count TRACE [BYTES]
 *
 * With BYTES, of a copy that is cut there.
 */
#include "replay.h"

#include <fcntl.h>
#include <gxt/gxt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MOST_THREADS = 10, /* more than it takes */
};

static _Noreturn void wrong(const char *what, unsigned n_threads)
{
    fprintf(stderr, "with %u threads: %s\n", n_threads, what);
    exit(1);
}

static struct gxt_error walk(struct gxt_trace *trace, uint64_t counts[GXT_N_KINDS])
{
    struct gxt_error error = {0};
    const struct gxt_event *event;
    struct gxt_cursor *cursor;
    int r;

    if (gxt_cursor_new(trace, NULL, &cursor) != 0)
        wrong("no cursor", 0);
    while ((r = gxt_cursor_next(cursor, &event)) == 1)
        counts[event->kind]++;
    if (r < 0)
        error = *gxt_cursor_error(cursor);
    gxt_cursor_free(cursor);
    return error;
}

static void check(struct gxt_trace *trace, unsigned n_threads, const uint64_t walked[GXT_N_KINDS],
                  const struct gxt_error *error)
{
    uint64_t counts[GXT_N_KINDS] = {0};
    struct gxt_cursor *cursor;

    if (gxt_cursor_new(trace, NULL, &cursor) != 0)
        wrong("no cursor", n_threads);
    const int r = count_all(cursor, n_threads, counts);
    if (r != error->code || memcmp(counts, walked, sizeof counts) != 0)
        wrong("it counts other events than a walk meets", n_threads);
    if (r < 0 && (gxt_cursor_error(cursor)->offset != error->offset ||
                  strcmp(gxt_cursor_error(cursor)->message, error->message) != 0))
        wrong("it ends with another fault", n_threads);

    /* A count leaves the cursor nowhere, and of use. */
    const struct gxt_event *event;
    if (gxt_cursor_seek_start(cursor) != 0 || gxt_cursor_next(cursor, &event) != 1 || event->ordinal != 0 ||
        event->kind != GXT_KIND_SYNC)
        wrong("behind it the cursor finds no start", n_threads);
    gxt_cursor_free(cursor);
}

/* A file without a name. */
static int cut(const char *path, size_t size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *bytes = malloc(size);
    FILE *copy = tmpfile();

    if (fd < 0 || !bytes || !copy || read(fd, bytes, size) != (ssize_t)size || fwrite(bytes, 1, size, copy) != size ||
        fflush(copy) != 0 || lseek(fileno(copy), 0, SEEK_SET) != 0)
        wrong("no copy", 0);
    free(bytes);
    close(fd);
    return fileno(copy); /* open as long as the program runs */
}

int main(int argc, char **argv)
{
    uint64_t walked[GXT_N_KINDS] = {0};
    struct gxt_trace *trace;
    struct gxt_error error;

    if (argc != 2 && argc != 3)
        return 2;
    const int r = argc == 2 ? gxt_trace_open(argv[1], &trace, &error)
                            : gxt_trace_open_fd(cut(argv[1], strtoull(argv[2], NULL, 10)), NULL, &trace, &error);
    if (r != 0)
        wrong(error.message, 0);
    error = walk(trace, walked);
    for (unsigned n_threads = 1; n_threads <= MOST_THREADS; n_threads++)
        check(trace, n_threads, walked, &error);
    gxt_trace_close(trace);
    return 0;
}
