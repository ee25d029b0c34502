/* text.c
 *
 * In: an event. Out: what Go's Event.String() says of it, byte for byte, and a newline.
 */
#include "print.h"

#include "quote.h"
#include "wall.h"

#define PUT(out, literal) out_bytes((out), literal, sizeof(literal) - 1)

/* " KIND Time=", by kind. */
static const struct {
    char text[28];
    uint8_t size;
} headings[GXT_N_KINDS] = {
#define HEADING(word)                                                                                                  \
    {                                                                                                                  \
        " " word " Time=", sizeof(" " word " Time=") - 1                                                               \
    }
    [GXT_KIND_BAD] = HEADING("Bad"),
    [GXT_KIND_SYNC] = HEADING("Sync"),
    [GXT_KIND_METRIC] = HEADING("Metric"),
    [GXT_KIND_LABEL] = HEADING("Label"),
    [GXT_KIND_STACK_SAMPLE] = HEADING("StackSample"),
    [GXT_KIND_RANGE_BEGIN] = HEADING("RangeBegin"),
    [GXT_KIND_RANGE_ACTIVE] = HEADING("RangeActive"),
    [GXT_KIND_RANGE_END] = HEADING("RangeEnd"),
    [GXT_KIND_TASK_BEGIN] = HEADING("TaskBegin"),
    [GXT_KIND_TASK_END] = HEADING("TaskEnd"),
    [GXT_KIND_REGION_BEGIN] = HEADING("RegionBegin"),
    [GXT_KIND_REGION_END] = HEADING("RegionEnd"),
    [GXT_KIND_LOG] = HEADING("Log"),
    [GXT_KIND_STATE_TRANSITION] = HEADING("StateTransition"),
    [GXT_KIND_EXPERIMENTAL] = HEADING("Experimental"),
#undef HEADING
};

void print_text_stack(struct out *out, const struct gxt_stack *stack)
{
    const struct gxt_frame *frame;

    for (size_t i = 0; (frame = gxt_stack_at(stack, i)); i++) {
        out_char(out, '\t');
        out_bytes(out, frame->func->at, frame->func->len);
        PUT(out, " @ 0x");
        out->at = put_hex(out_reserve(out, 16), frame->pc);
        PUT(out, "\n\t\t");
        out_bytes(out, frame->file->at, frame->file->len);
        out_char(out, ':');
        out_unsigned(out, frame->line);
        out_char(out, '\n');
    }
}

static void put_heading(struct out *out, const struct gxt_event *event)
{
    char *at = out_reserve(out, 128);

    at = PUT_LITERAL(at, "M=");
    at = put_signed(at, event->thread);
    at = PUT_LITERAL(at, " P=");
    at = put_signed(at, event->proc);
    at = PUT_LITERAL(at, " G=");
    at = put_signed(at, event->goroutine);
    memcpy(at, headings[event->kind].text, sizeof(headings[event->kind].text));
    at += headings[event->kind].size;
    out->at = put_signed(at, event->time_ns);
}

static void put_sync(struct out *out, const struct gxt_sync *sync)
{
    char *at = out_reserve(out, 128 + WALL_SIZE);

    at = PUT_LITERAL(at, " N=");
    at = put_signed(at, (int64_t)sync->n);
    if (sync->has_snapshot) {
        at = PUT_LITERAL(at, " Trace=");
        at = put_signed(at, sync->clock_ns);
        at = PUT_LITERAL(at, " Mono=");
        at = put_unsigned(at, sync->mono_ns);
        at = PUT_LITERAL(at, " Wall=");
        at = wall_put(at, sync->wall_sec, sync->wall_nsec);
    }
    out->at = at;
}

static void put_value(struct out *out, uint64_t value)
{
    char *at = out_reserve(out, 64);

    at = PUT_LITERAL(at, "Value{Uint64(");
    at = put_unsigned(at, value);
    out->at = PUT_LITERAL(at, ")}");
}

static void put_resource(struct out *out, int resource, int64_t id)
{
    out_text(out, gxt_resource_name(resource));
    if (resource == GXT_RESOURCE_NONE)
        return;
    out_char(out, '(');
    out_signed(out, id);
    out_char(out, ')');
}

static void put_range(struct out *out, const struct gxt_range *range, bool is_end)
{
    PUT(out, " Name=");
    quote_go(out, range->name);
    PUT(out, " Scope=");
    put_resource(out, range->resource, range->id);
    if (!is_end)
        return;
    PUT(out, " Attributes=[");
    if (range->range == GXT_RANGE_GC_SWEEP) {
        PUT(out, "\"bytes swept\"=");
        put_value(out, range->bytes_swept);
        PUT(out, " \"bytes reclaimed\"=");
        put_value(out, range->bytes_reclaimed);
    }
    out_char(out, ']');
}

static void put_task(struct out *out, const struct gxt_task *task)
{
    PUT(out, " ID=");
    out_unsigned(out, task->id);
    PUT(out, " Parent=");
    out_unsigned(out, task->parent);
    PUT(out, " Type=");
    quote_go(out, task->type);
}

static void put_region(struct out *out, const struct gxt_region *region)
{
    PUT(out, " Task=");
    out_unsigned(out, region->task);
    PUT(out, " Type=");
    quote_go(out, region->type);
}

static void put_log(struct out *out, const struct gxt_log *log)
{
    PUT(out, " Task=");
    out_unsigned(out, log->task);
    PUT(out, " Category=");
    quote_go(out, log->category);
    PUT(out, " Message=");
    quote_go(out, log->message);
}

/* A goroutine's creation always has a line for its stack, which may be empty. */
static bool is_creation(const struct gxt_transition *transition)
{
    return transition->resource == GXT_RESOURCE_GOROUTINE && transition->from == GXT_GO_NOT_EXIST &&
           (transition->to == GXT_GO_RUNNABLE || transition->to == GXT_GO_WAITING);
}

static void put_transition(struct printer *printer, const struct gxt_transition *transition)
{
    struct out *out = printer->out;

    if (transition->resource == GXT_RESOURCE_GOROUTINE) {
        PUT(out, " GoID=");
        out_signed(out, transition->id);
        out_char(out, ' ');
        out_text(out, gxt_gostate_name(transition->from));
        PUT(out, "->");
        out_text(out, gxt_gostate_name(transition->to));
    } else {
        PUT(out, " ProcID=");
        out_signed(out, transition->id);
        out_char(out, ' ');
        out_text(out, gxt_procstate_name(transition->from));
        PUT(out, "->");
        out_text(out, gxt_procstate_name(transition->to));
    }
    PUT(out, " Reason=");
    quote_go(out, transition->reason);
    if (transition->stack || is_creation(transition)) {
        PUT(out, "\nTransitionStack=\n");
        frames_put(printer->frames, out, transition->stack);
    }
}

static void put_experimental(struct out *out, const struct gxt_event *event)
{
    PUT(out, " Name=");
    out_text(out, gxt_wire_name(event->wire_type));
    PUT(out, " Args=[");
    for (size_t i = 0; i < event->experimental.n_args; i++) {
        if (i)
            PUT(out, ", ");
        out_text(out, gxt_experimental_arg_name(event->wire_type, i));
        out_char(out, '=');
        put_value(out, event->experimental.args[i]);
    }
    out_char(out, ']');
}

static void put_details(struct printer *printer, const struct gxt_event *event)
{
    struct out *out = printer->out;

    switch (event->kind) {
    case GXT_KIND_SYNC:
        put_sync(out, &event->sync);
        break;
    case GXT_KIND_METRIC:
        PUT(out, " Name=");
        quote_go(out, event->metric.name);
        PUT(out, " Value=");
        put_value(out, event->metric.value);
        break;
    case GXT_KIND_LABEL:
        PUT(out, " Label=");
        quote_go(out, event->label.label);
        PUT(out, " Resource=");
        put_resource(out, GXT_RESOURCE_GOROUTINE, event->label.goroutine);
        break;
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        put_range(out, &event->range, event->kind == GXT_KIND_RANGE_END);
        break;
    case GXT_KIND_TASK_BEGIN:
    case GXT_KIND_TASK_END:
        put_task(out, &event->task);
        break;
    case GXT_KIND_REGION_BEGIN:
    case GXT_KIND_REGION_END:
        put_region(out, &event->region);
        break;
    case GXT_KIND_LOG:
        put_log(out, &event->log);
        break;
    case GXT_KIND_STATE_TRANSITION:
        put_transition(printer, &event->transition);
        break;
    case GXT_KIND_EXPERIMENTAL:
        put_experimental(out, event);
        break;
    }
}

void print_text(struct printer *printer, const struct gxt_event *event)
{
    struct out *out = printer->out;

    put_heading(out, event);
    put_details(printer, event);
    /* A sample has a line for its stack even when it has none. */
    if (event->stack || event->kind == GXT_KIND_STACK_SAMPLE) {
        PUT(out, "\nStack=\n");
        frames_put(printer->frames, out, event->stack);
    }
    out_char(out, '\n');
}
