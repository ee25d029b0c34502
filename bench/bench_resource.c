/* bench_resource.c: all events of one goroutine by the index, beside a pass over the whole trace.
 *
 * The goroutine is the one that is there for the share of the trace's time nearest to --share (default 1 %), or
 * --goroutine.
 */
#include "common.h"

#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct resource {
    const char *path, *index_path;
    double share;
    uint64_t wanted; /* --goroutine; 0: by share */
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_goroutine goroutine;
    uint64_t n_events, n_all;
    double list_s, walk_s, pass_s;
};

static int choose(struct resource *resource, struct gxt_error *error)
{
    struct gxt_goroutines *list = NULL;
    struct gxt_index_facts facts;
    double begin = bench_now(), nearest = INFINITY;
    int r = gxt_index_facts(resource->index, &facts, error);

    if (r == 0)
        r = gxt_goroutines_new(resource->trace, resource->index, &list, error);
    if (!list)
        return bench_fail(resource->path, r, error);
    resource->list_s = bench_now() - begin;
    const double length = (double)facts.last_ns - (double)facts.first_ns;
    for (size_t i = 0; i < gxt_goroutines_len(list); i++) {
        struct gxt_goroutine goroutine;
        if (gxt_goroutines_at(list, i, &goroutine, error) < 0)
            continue;
        double off = fabs(((double)goroutine.last_ns - (double)goroutine.first_ns) / length - resource->share);
        if (resource->wanted)
            off = (uint64_t)goroutine.id == resource->wanted ? 0 : INFINITY;
        if (off < nearest) {
            nearest = off;
            resource->goroutine = goroutine;
        }
    }
    gxt_goroutines_free(list);
    resource->share = ((double)resource->goroutine.last_ns - (double)resource->goroutine.first_ns) / length;
    return isfinite(nearest) ? 0 : bench_fail("no such goroutine", GXT_ENOENT, NULL);
}

/* With @id its events, by the index; else all, without. */
static int walk(struct resource *resource, const struct gxt_resource_id *id, uint64_t *ret_n, double *ret_s)
{
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    double begin = bench_now();
    int r = gxt_cursor_new(resource->trace, id ? resource->index : NULL, &cursor);

    if (r < 0)
        return bench_fail(resource->path, r, NULL);
    while ((r = id ? gxt_cursor_next_of(cursor, id, 1, &event) : gxt_cursor_next(cursor, &event)) == 1)
        ++*ret_n;
    *ret_s = bench_now() - begin;
    if (r < 0)
        bench_fail(resource->path, r, gxt_cursor_error(cursor));
    gxt_cursor_free(cursor);
    return r < 0;
}

static int run(struct resource *resource)
{
    struct gxt_error error = {0};
    int r;

    if ((r = gxt_trace_open(resource->path, &resource->trace, &error)) < 0 ||
        (r = gxt_index_open(resource->trace, resource->index_path, &resource->index, &error)) < 0)
        return bench_fail(resource->path, r, &error);
    bench_header("bench_resource", resource->path, resource->trace);
    if ((r = choose(resource, &error)) != 0)
        return r;
    const struct gxt_resource_id id = {GXT_RESOURCE_GOROUTINE, resource->goroutine.id};
    r = walk(resource, &id, &resource->n_events, &resource->walk_s);
    if (r == 0)
        r = walk(resource, NULL, &resource->n_all, &resource->pass_s);
    if (r == 0)
        printf("goroutine=%" PRId64 " share=%.4f events=%" PRIu64 " walk_ms=%.3f pass_ms=%.3f pass_over_walk=%.1f "
               "list_ms=%.1f\n",
               resource->goroutine.id, resource->share, resource->n_events, resource->walk_s * 1e3,
               resource->pass_s * 1e3, resource->pass_s / resource->walk_s, resource->list_s * 1e3);
    return r;
}

static bool parse(int argc, char **argv, struct resource *ret)
{
    static const struct option options[] = {
        {"share", required_argument, NULL, 's'},
        {"goroutine", required_argument, NULL, 'g'},
        {"index", required_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    bool good = true;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 's')
            ret->share = strtod(optarg, NULL);
        else if (option == 'g')
            good &= bench_number(optarg, &ret->wanted) == 0;
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
    struct resource resource = {.share = 0.01};

    if (!parse(argc, argv, &resource)) {
        fprintf(stderr, "usage: bench_resource TRACE [--share S | --goroutine ID] [--index FILE]\n");
        return 2;
    }
    int status = run(&resource);
    gxt_index_close(resource.index);
    gxt_trace_close(resource.trace);
    return status;
}
