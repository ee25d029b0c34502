/* bench_index.c: building an index.
 *
 * In: a trace. Out: one line of figures. Never: a sidecar that stays: it is built among the temporary files.
 */
#include "common.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct build {
    const char *path;
    uint64_t threads; /* 0: as many as there are processors */
    char sidecar[256], lock[256 + 8];
};

static void name_sidecar(struct build *build)
{
    const char *folder = getenv("TMPDIR");

    snprintf(build->sidecar, sizeof(build->sidecar), "%.200s/bench_index-%d.gxi", folder ? folder : "/tmp",
             (int)getpid());
    snprintf(build->lock, sizeof(build->lock), "%s-lock", build->sidecar);
}

/* A trace's own fault is none of a build's. */
static bool is_built(int code)
{
    return code == 0 || code == GXT_ECORRUPT || code == GXT_ETRUNCATED || code == GXT_EORDER;
}

static int print_figures(const struct build *build, struct gxt_trace *trace, double seconds, uint64_t peak_bytes)
{
    struct gxt_index_facts facts = {0};
    struct gxt_facts trace_facts = {0};
    struct gxt_index *index;
    struct gxt_error error;
    int r = gxt_index_open(trace, build->sidecar, &index, &error);

    if (r == 0) {
        r = gxt_index_facts(index, &facts, &error);
        gxt_index_close(index);
    }
    if (r < 0)
        return bench_fail(build->sidecar, r, &error);
    gxt_trace_facts(trace, &trace_facts);
    printf("events=%" PRIu64 " seconds=%.3f Mevents_s=%.3f MB_s=%.1f sidecar_MB=%.1f share=%.4f peak_MB=%.1f\n",
           facts.n_events, seconds, (double)facts.n_events / seconds / 1e6,
           (double)trace_facts.size_bytes / seconds / 1e6, (double)facts.size_bytes / 1e6,
           (double)facts.size_bytes / (double)trace_facts.size_bytes, (double)peak_bytes / 1e6);
    return 0;
}

static int run(struct build *build)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error = {0};
    struct gxt_trace *trace = NULL;
    struct bench_memory memory;
    int status;

    name_sidecar(build);
    options.rebuild = true;
    options.threads = (unsigned)build->threads;
    if (bench_memory_start(&memory) < 0)
        return bench_fail(build->path, GXT_EIO, NULL);
    double begin = bench_now();
    int r = gxt_trace_open(build->path, &trace, &error);
    if (r == 0)
        r = gxt_index_build(trace, build->sidecar, &options, &error);
    double seconds = bench_now() - begin;
    uint64_t peak_bytes = bench_memory_stop(&memory);

    if (trace)
        bench_header("bench_index", build->path, trace);
    status =
        trace && is_built(r) ? print_figures(build, trace, seconds, peak_bytes) : bench_fail(build->path, r, &error);
    gxt_trace_close(trace);
    unlink(build->sidecar);
    unlink(build->lock);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"threads", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    struct build build = {0};
    bool usage = false;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        usage |= option != 't' || bench_number(optarg, &build.threads) < 0;
    if (usage || optind + 1 != argc || build.threads > 1000) {
        fprintf(stderr, "usage: bench_index TRACE [--threads N]\n");
        return 2;
    }
    build.path = argv[optind];
    return run(&build);
}
