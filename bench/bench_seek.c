/* bench_seek.c: random seeks in an indexed trace.
 *
 * In: a trace and its sidecar. Out: one line of figures. Never: a seek without an index, which would be a scan.
 *
 * A seek is timed together with the first event after it: only then has it found what it was asked for.
 */
#include "common.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct seek {
    const char *path, *index_path;
    uint64_t n_seeks, seed;
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_cursor *cursor;
    uint64_t peak_bytes;
    double open_s;
    double *seconds; /* of each seek */
};

/* Steele, Lea and Flood's SplitMix64: any seed will do. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int open_all(struct seek *seek, struct gxt_error *error)
{
    const struct gxt_event *event;
    double begin = bench_now();
    int r;

    if ((r = gxt_trace_open(seek->path, &seek->trace, error)) < 0)
        return bench_fail(seek->path, r, error);
    if ((r = gxt_index_open(seek->trace, seek->index_path, &seek->index, error)) < 0) {
        fprintf(stderr, "%s: bench_seek wants an index (gxt index makes one): ", seek->path);
        return bench_fail("index", r, error);
    }
    if ((r = gxt_cursor_new(seek->trace, seek->index, &seek->cursor)) < 0)
        return bench_fail(seek->path, r, NULL);
    if ((r = gxt_cursor_next(seek->cursor, &event)) < 0)
        return bench_fail(seek->path, r, gxt_cursor_error(seek->cursor));
    seek->open_s = bench_now() - begin;
    return 0;
}

static int run(struct seek *seek, struct gxt_error *error)
{
    struct gxt_index_facts facts;
    const struct gxt_event *event;
    int r = gxt_index_facts(seek->index, &facts, error);
    if (r < 0)
        return bench_fail(seek->path, r, error);

    uint64_t length = (uint64_t)facts.last_ns - (uint64_t)facts.first_ns + 1;
    for (uint64_t i = 0; i < seek->n_seeks; i++) {
        int64_t time_ns = facts.first_ns + (int64_t)(next_random(&seek->seed) % length);
        double begin = bench_now();
        r = gxt_cursor_seek_time(seek->cursor, time_ns);
        if (r == 0)
            r = gxt_cursor_next(seek->cursor, &event);
        seek->seconds[i] = bench_now() - begin;
        if (r < 0)
            return bench_fail(seek->path, r, gxt_cursor_error(seek->cursor));
    }
    return 0;
}

static void print_figures(struct seek *seek)
{
    const double *sorted = seek->seconds;
    uint64_t n = seek->n_seeks;

    qsort(seek->seconds, n, sizeof(*seek->seconds), by_size);
    printf("open_ms=%.4f p50_ms=%.4f p99_ms=%.4f max_ms=%.4f seeks=%" PRIu64 " peak_MB=%.1f\n", seek->open_s * 1e3,
           sorted[n / 2] * 1e3, sorted[n - 1 - n / 100] * 1e3, sorted[n - 1] * 1e3, n, (double)seek->peak_bytes / 1e6);
}

static bool parse(int argc, char **argv, struct seek *ret)
{
    static const struct option options[] = {
        {"seeks", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"index", required_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    bool good = true;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'n')
            good &= bench_number(optarg, &ret->n_seeks) == 0;
        else if (option == 's')
            good &= bench_number(optarg, &ret->seed) == 0;
        else if (option == 'i')
            ret->index_path = optarg;
        else
            good = false;
    }
    if (!good || optind + 1 != argc)
        return false;
    ret->path = argv[optind];
    return true;
}

int main(int argc, char **argv)
{
    struct seek seek = {.n_seeks = 1000, .seed = 1};
    struct gxt_error error = {0};

    if (!parse(argc, argv, &seek)) {
        fprintf(stderr, "usage: bench_seek TRACE [--seeks N] [--seed S] [--index FILE]\n");
        return 2;
    }

    int status = 1;
    if (!(seek.seconds = calloc(seek.n_seeks, sizeof(*seek.seconds))))
        bench_fail(seek.path, GXT_ENOMEM, NULL);
    else
        status = open_all(&seek, &error);
    if (seek.trace)
        bench_header("bench_seek", seek.path, seek.trace);
    struct bench_memory memory;
    if (status == 0 && bench_memory_start(&memory) == 0) {
        status = run(&seek, &error);
        seek.peak_bytes = bench_memory_stop(&memory);
    }
    if (status == 0)
        print_figures(&seek);

    gxt_cursor_free(seek.cursor);
    gxt_index_close(seek.index);
    gxt_trace_close(seek.trace);
    free(seek.seconds);
    return status;
}
