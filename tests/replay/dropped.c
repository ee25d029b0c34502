/* dropped.c: goroutines are listed of an index while its builder drops what is looked for.
 *
 * usage: dropped TRACE
 *
 * An index of some generations is there, and is open. Just before the reader reads of it for the nth time, its builder
 * goes on, by a few generations or to the end, for every n: the goroutines are those of a walk, and nothing is damaged.
 * Linked so that what reads files is what is here.
 */
#include "replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char index_path[64];
static struct gxt_trace *builders; /* a trace of the builder's own */

static _Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 ")\n", what, number);
    exit(1);
}

/* ---- a builder ---- */

static int stop_at(void *user, const struct gxt_progress *progress)
{
    return progress->generations_done >= *(const uint64_t *)user;
}

/* As many generations, or all there are. */
static void build_up_to(uint64_t n_generations, bool anew)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;

    if (anew)
        (void)unlink(index_path);
    options.threads = 1;
    options.progress = stop_at;
    options.user = &n_generations;
    const int r = build(builders, index_path, &options, &error);
    if (r != 0 && r != GXT_ECANCELED)
        wrong(error.message, r);
}

/* ---- who comes in between ---- */

static uint64_t n_reads, comes_at, goes_to; /* comes_at: 0 for never */

ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __real_pread64(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t size, off_t offset);

static void come(void)
{
    if (++n_reads != comes_at)
        return;
    comes_at = 0; /* the builder reads too */
    build_up_to(goes_to, false);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
    come();
    return __real_pread(fd, bytes, size, offset);
}

ssize_t __wrap_pread64(int fd, void *bytes, size_t size, off_t offset)
{
    come();
    return __real_pread64(fd, bytes, size, offset);
}

/* ---- a reader ---- */

static struct gxt_goroutines *list(struct gxt_trace *trace, const struct gxt_index *index)
{
    struct gxt_goroutines *goroutines;
    struct gxt_error error;

    if (goroutines_new(trace, index, &goroutines, &error) != 0)
        wrong(error.message, error.code);
    return goroutines;
}

static void expect_same(const struct gxt_goroutines *got, const struct gxt_goroutines *wanted)
{
    if (got->n != wanted->n)
        wrong("another number of goroutines", (int64_t)got->n);
    for (size_t i = 0; i < got->n; i++)
        if (memcmp(&got->rows[i], &wanted->rows[i], sizeof got->rows[i]) != 0)
            wrong("another goroutine", got->rows[i].id);
}

/* The builder goes on from one number of generations to another before the read with this number. Return: whether
 * there was one. */
static bool is_read(struct gxt_trace *trace, uint64_t from, uint64_t to, uint64_t at)
{
    struct gxt_index *index;
    struct gxt_error error;

    build_up_to(from, true);
    if (index_open(trace, index_path, &index, &error) != 0)
        wrong(error.message, error.code);
    struct gxt_goroutines *wanted = list(trace, NULL);
    n_reads = 0;
    comes_at = at;
    goes_to = to;
    struct gxt_goroutines *got = list(trace, index);
    const bool came = comes_at == 0;
    comes_at = 0;
    if (index_damage(index, &error) != 0)
        wrong(error.message, (int64_t)at);
    expect_same(got, wanted);
    (void)goroutines_free(got);
    (void)goroutines_free(wanted);
    (void)index_close(index);
    return came;
}

int main(int argc, char **argv)
{
    enum {
        MOST = 4 /* generations to begin with, and to go on by, but for the last time: then to the end */
    };
    struct gxt_trace *trace;
    struct gxt_error error;
    uint64_t n_times = 0;

    if (argc != 2)
        return 2;
    snprintf(index_path, sizeof index_path, "/tmp/gxt-dropped-%ld", (long)getpid());
    if (gxt_trace_open(argv[1], &builders, &error) != 0 || gxt_trace_open(argv[1], &trace, &error) != 0)
        wrong(error.message, error.code);
    for (uint64_t from = 1; from <= MOST; from++)
        for (uint64_t more = 1; more <= MOST; more++)
            for (uint64_t at = 1; is_read(trace, from, more < MOST ? from + more : UINT64_MAX, at); at++)
                n_times++;
    (void)gxt_trace_close(trace);
    (void)gxt_trace_close(builders);
    unlink(index_path);
    printf("the builder went on %" PRIu64 " times\n", n_times);
    return n_times > 0 ? 0 : 1;
}
