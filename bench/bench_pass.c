/* bench_pass.c: every event of a trace, once.
 *
 * In: a trace. Out: one line of figures. Never: an index; with --index it is opened, and the walk has it at hand.
 */
#include "common.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct pass {
    const char *path, *index_path;
    uint64_t many; /* events a call; 0: one, borrowed */
    bool stacks;
    uint64_t n_events;
    uint64_t touched; /* a sum over all that was looked at */
};

/* Where the sum ends, so that the compiler may not leave out the looking. */
static volatile uint64_t sink;

static uint64_t touch_stack(const struct gxt_stack *stack)
{
    uint64_t sum = gxt_stack_id(stack);

    for (size_t i = 0, n = gxt_stack_len(stack); i < n; i++) {
        const struct gxt_frame *frame = gxt_stack_at(stack, i);
        sum += frame->pc + frame->line + frame->func->len + frame->file->len;
    }
    return sum;
}

static uint64_t touch(const struct gxt_event *event)
{
    return (uint64_t)event->time_ns + event->kind;
}

static uint64_t touch_stacks(const struct gxt_event *event)
{
    uint64_t sum = touch_stack(event->stack);

    if (event->kind == GXT_KIND_STATE_TRANSITION)
        sum += touch_stack(event->transition.stack);
    return sum;
}

static int walk_one(struct pass *pass, struct gxt_cursor *cursor)
{
    const struct gxt_event *event;
    int r;

    while ((r = gxt_cursor_next(cursor, &event)) == 1) {
        pass->n_events++;
        pass->touched += touch(event) + (pass->stacks ? touch_stacks(event) : 0);
    }
    return r;
}

static int walk_many(struct pass *pass, struct gxt_cursor *cursor)
{
    struct gxt_event *events = calloc(pass->many, sizeof(*events));
    size_t n;
    int r;

    if (!events)
        return GXT_ENOMEM;
    while ((r = gxt_cursor_next_many(cursor, events, pass->many, &n)) == 1) {
        uint64_t sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += touch(&events[i]);
        for (size_t i = 0; pass->stacks && i < n; i++)
            sum += touch_stacks(&events[i]);
        pass->n_events += n;
        pass->touched += sum;
    }
    free(events);
    return r;
}

static void print_figures(const struct pass *pass, const struct gxt_trace *trace, double seconds, uint64_t peak_bytes)
{
    struct gxt_facts facts;

    gxt_trace_facts(trace, &facts);
    printf("events=%" PRIu64 " seconds=%.3f Mevents_s=%.3f MB_s=%.1f peak_MB=%.1f\n", pass->n_events, seconds,
           (double)pass->n_events / seconds / 1e6, (double)facts.size_bytes / seconds / 1e6, (double)peak_bytes / 1e6);
}

/* Everything that a user of the library waits for is timed: opening, the cursor, the walk. */
static int run(struct pass *pass)
{
    struct gxt_error error = {0};
    struct gxt_trace *trace = NULL;
    struct gxt_index *index = NULL;
    struct gxt_cursor *cursor = NULL;
    struct bench_memory memory;

    if (bench_memory_start(&memory) < 0)
        return bench_fail(pass->path, GXT_EIO, NULL);
    double begin = bench_now();
    int r = gxt_trace_open(pass->path, &trace, &error);
    if (r == 0 && pass->index_path)
        r = gxt_index_open(trace, pass->index_path, &index, &error);
    if (r == 0)
        r = gxt_cursor_new(trace, index, &cursor);
    if (r == 0)
        r = pass->many ? walk_many(pass, cursor) : walk_one(pass, cursor);
    double seconds = bench_now() - begin;
    uint64_t peak_bytes = bench_memory_stop(&memory);

    if (trace)
        bench_header("bench_pass", pass->path, trace);
    if (cursor)
        print_figures(pass, trace, seconds, peak_bytes);
    if (r < 0)
        bench_fail(pass->path, r, cursor ? gxt_cursor_error(cursor) : &error);
    sink = pass->touched;
    gxt_cursor_free(cursor);
    gxt_index_close(index);
    gxt_trace_close(trace);
    return r < 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"many", required_argument, NULL, 'm'},
        {"stacks", no_argument, NULL, 's'},
        {"index", required_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    struct pass pass = {0};
    bool usage = false;

    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'm')
            usage |= bench_number(optarg, &pass.many) < 0;
        else if (option == 's')
            pass.stacks = true;
        else if (option == 'i')
            pass.index_path = optarg;
        else
            usage = true;
    }
    if (usage || optind + 1 != argc) {
        fprintf(stderr, "usage: bench_pass TRACE [--many N] [--stacks] [--index FILE]\n");
        return 2;
    }
    pass.path = argv[optind];
    return run(&pass);
}
