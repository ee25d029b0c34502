/* ndjson.c
 *
 * In: an event. Out: a JSON object and a newline. The field names stand in gxt(1) and do not change.
 */
#include "print.h"

#include "json.h"
#include "quote.h"

/* Nearly all events are transitions: their members are written through one pointer, room being reserved once. */
enum {
    ROOM = 1024, /* more than the members take that have no string of the trace's */
    PART = 64,
};

/* A text of ours that is made once. It is copied whole, which takes less time than to copy what it has of it. */
struct part {
    char at[PART];
    size_t size; /* 0: not made yet */
};

static char *put_part(char *at, const struct part *part)
{
    memcpy(at, part->at, PART);
    return at + part->size;
}

static struct part *make_part(struct part *part, const char *const words[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const size_t size = strlen(words[i]), room = PART - part->size, used = size < room ? size : room;
        memcpy(part->at + part->size, words[i], used);
        part->size += used;
    }
    return part;
}

/* null for -1 */
static char *put_id(char *at, int64_t value)
{
    if (value == -1)
        return PUT_LITERAL(at, "null");
    *at++ = '"';
    at = put_signed(at, value);
    *at++ = '"';
    return at;
}

void print_ndjson_stack(struct out *out, const struct gxt_stack *stack)
{
    const struct gxt_frame *frame;

    json_begin(out);
    json_unsigned(out, "id", gxt_stack_id(stack));
    json_key(out, "frames");
    json_array(out);
    for (size_t i = 0; (frame = gxt_stack_at(stack, i)); i++) {
        json_item(out);
        json_begin(out);
        json_string(out, "func", frame->func);
        json_string(out, "file", frame->file);
        json_unsigned(out, "line", frame->line);
        json_key(out, "pc");
        out_text(out, "\"0x");
        out->at = put_hex(out_reserve(out, 16), frame->pc);
        out_char(out, '"');
        json_end(out);
    }
    json_array_end(out);
    json_end(out);
}

static void put_stack(struct printer *printer, const struct gxt_stack *stack)
{
    struct out *out = printer->out;
    char *at = out_reserve(out, ROOM);

    if (!stack) {
        out->at = PUT_LITERAL(at, ",\"stack\":null");
        return;
    }
    out->at = PUT_LITERAL(at, ",\"stack\":");
    frames_put(printer->frames, out, stack);
}

static void put_sync(struct out *out, const struct gxt_sync *sync)
{
    json_unsigned(out, "n", sync->n);
    json_unsigned(out, "generation", sync->generation);
    if (!sync->has_snapshot) {
        json_null(out, "clock");
        return;
    }
    json_key(out, "clock");
    json_begin(out);
    json_signed(out, "trace", sync->clock_ns);
    json_unsigned(out, "mono", sync->mono_ns);
    json_wall(out, "wall", sync->wall_sec, sync->wall_nsec);
    json_end(out);
}

static const char *scope_word(int scope)
{
    return scope == GXT_SCOPE_PROC ? "Proc" : scope == GXT_SCOPE_GOROUTINE ? "Goroutine" : "Process";
}

static void put_resource(struct out *out, int resource, int64_t id)
{
    if (resource == GXT_RESOURCE_NONE) {
        json_null(out, "resource");
        json_null(out, "id");
        return;
    }
    json_word(out, "resource", gxt_resource_name(resource));
    json_signed(out, "id", id);
}

static void put_range(struct out *out, const struct gxt_range *range, bool is_end)
{
    json_string(out, "name", range->name);
    json_word(out, "range", json_range_word(range->range));
    json_string(out, "detail", range->detail);
    json_word(out, "scope", scope_word(range->scope));
    put_resource(out, range->resource, range->id);
    if (is_end && range->range == GXT_RANGE_GC_SWEEP) {
        json_unsigned(out, "bytes_swept", range->bytes_swept);
        json_unsigned(out, "bytes_reclaimed", range->bytes_reclaimed);
    }
}

static void put_task(struct out *out, const struct gxt_task *task)
{
    json_unsigned(out, "id", task->id);
    json_id(out, "parent", (int64_t)task->parent, (int64_t)GXT_NO_TASK);
    json_string(out, "type", task->type);
}

/* From what to what. */
static const struct part *states_part(const struct gxt_transition *transition)
{
    static struct part parts[2][8][8];
    const bool is_go = transition->resource == GXT_RESOURCE_GOROUTINE;
    const int from = transition->from, to = transition->to;
    struct part *part = &parts[is_go][from & 7][to & 7];

    if (part->size > 0)
        return part;
    const char *const words[] = {"\",\"from\":\"", is_go ? gxt_gostate_name(from) : gxt_procstate_name(from),
                                 "\",\"to\":\"", is_go ? gxt_gostate_name(to) : gxt_procstate_name(to),
                                 "\",\"reason\":"};
    return make_part(part, words, sizeof words / sizeof *words);
}

/* What it does to a thread, and whether its processor was stolen. */
static char *put_run(char *at, const struct gxt_event *event)
{
    const struct gxt_transition *transition = &event->transition;

    if (transition->run == GXT_RUN_SAME)
        at = PUT_LITERAL(at, ",\"run\":null,\"run_thread\":null");
    else {
        at = transition->run == GXT_RUN_BEGIN ? PUT_LITERAL(at, ",\"run\":\"begin\",\"run_thread\":")
                                              : PUT_LITERAL(at, ",\"run\":\"end\",\"run_thread\":");
        at = put_id(at, event->thread);
    }
    return transition->stolen ? PUT_LITERAL(at, ",\"stolen\":true") : PUT_LITERAL(at, ",\"stolen\":false");
}

static void put_transition(struct printer *printer, const struct gxt_event *event)
{
    const struct gxt_transition *transition = &event->transition;
    struct out *out = printer->out;
    char *at = out_reserve(out, ROOM);

    at = transition->resource == GXT_RESOURCE_GOROUTINE ? PUT_LITERAL(at, "\"resource\":\"Goroutine\",\"id\":\"")
                                                        : PUT_LITERAL(at, "\"resource\":\"Proc\",\"id\":\"");
    at = put_signed(at, transition->id);
    at = put_part(at, states_part(transition));
    if (transition->reason->len == 0) {
        at = PUT_LITERAL(at, "\"\"");
    } else {
        out->at = at;
        quote_json(out, transition->reason);
        at = out_reserve(out, ROOM);
    }
    if (!transition->label) {
        at = PUT_LITERAL(at, ",\"label\":null");
    } else {
        out->at = at;
        json_string(out, "label", transition->label);
        at = out_reserve(out, ROOM);
    }
    out->at = put_run(at, event);
    put_stack(printer, transition->stack);
}

static void put_experimental(struct out *out, const struct gxt_event *event)
{
    json_word(out, "experiment", gxt_experiment_name(event->wire_type));
    json_word(out, "name", gxt_wire_name(event->wire_type));
    json_key(out, "args");
    json_begin(out);
    for (size_t i = 0; i < event->experimental.n_args; i++)
        json_unsigned(out, gxt_experimental_arg_name(event->wire_type, i), event->experimental.args[i]);
    json_end(out);
}

/* The member that holds what only events of this kind have. */
static const char *details_key(int kind)
{
    static const char *const keys[GXT_N_KINDS] = {
        [GXT_KIND_SYNC] = "sync",
        [GXT_KIND_METRIC] = "metric",
        [GXT_KIND_LABEL] = "label",
        [GXT_KIND_STACK_SAMPLE] = "sample",
        [GXT_KIND_RANGE_BEGIN] = "range",
        [GXT_KIND_RANGE_ACTIVE] = "range",
        [GXT_KIND_RANGE_END] = "range",
        [GXT_KIND_TASK_BEGIN] = "task",
        [GXT_KIND_TASK_END] = "task",
        [GXT_KIND_REGION_BEGIN] = "region",
        [GXT_KIND_REGION_END] = "region",
        [GXT_KIND_LOG] = "log",
        [GXT_KIND_STATE_TRANSITION] = "transition",
        [GXT_KIND_EXPERIMENTAL] = "experimental",
    };
    return keys[kind] ? keys[kind] : "bad";
}

static void put_details(struct printer *printer, const struct gxt_event *event)
{
    struct out *out = printer->out;

    switch (event->kind) {
    case GXT_KIND_SYNC:
        put_sync(out, &event->sync);
        break;
    case GXT_KIND_METRIC:
        json_string(out, "name", event->metric.name);
        json_unsigned(out, "value", event->metric.value);
        break;
    case GXT_KIND_LABEL:
        json_string(out, "label", event->label.label);
        json_id(out, "goroutine", event->label.goroutine, GXT_NO_GOROUTINE);
        break;
    case GXT_KIND_STACK_SAMPLE:
        json_bool(out, "idle_proc", event->flags & GXT_EVENT_IDLE_PROC);
        json_bool(out, "idle_goroutine", event->flags & GXT_EVENT_IDLE_GOROUTINE);
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
        json_unsigned(out, "task", event->region.task);
        json_string(out, "type", event->region.type);
        break;
    case GXT_KIND_LOG:
        json_unsigned(out, "task", event->log.task);
        json_string(out, "category", event->log.category);
        json_string(out, "message", event->log.message);
        break;
    case GXT_KIND_STATE_TRANSITION:
        put_transition(printer, event);
        break;
    case GXT_KIND_EXPERIMENTAL:
        put_experimental(out, event);
        break;
    }
}

/* What stands before a thread, and before what only events of a kind have. */
static const struct part *kind_part(int kind)
{
    static struct part parts[GXT_N_KINDS];
    struct part *part = &parts[kind];

    if (part->size > 0)
        return part;
    const char *const words[] = {"\",\"kind\":\"", gxt_kind_name(kind), "\",\"wire\":\""};
    return make_part(part, words, sizeof words / sizeof *words);
}

static const struct part *wire_part(int wire_type)
{
    static struct part parts[256];
    struct part *part = &parts[wire_type & 255];

    if (part->size > 0)
        return part;
    const char *name = gxt_wire_name(wire_type);
    const char *const words[] = {*name ? name : "Sync", "\",\"thread\":"};
    return make_part(part, words, sizeof words / sizeof *words);
}

static const struct part *details_part(int kind)
{
    static struct part parts[GXT_N_KINDS];
    struct part *part = &parts[kind];

    if (part->size > 0)
        return part;
    const char *const words[] = {",\"", details_key(kind), "\":{"};
    return make_part(part, words, sizeof words / sizeof *words);
}

void print_ndjson(struct printer *printer, const struct gxt_event *event)
{
    struct out *out = printer->out;
    char *at = out_reserve(out, ROOM);

    at = PUT_LITERAL(at, "{\"ordinal\":\"");
    at = put_unsigned(at, event->ordinal);
    at = PUT_LITERAL(at, "\",\"time\":\"");
    at = put_signed(at, event->time_ns);
    at = put_part(at, kind_part(event->kind));
    at = put_part(at, wire_part(event->wire_type));
    at = put_id(at, event->thread);
    at = PUT_LITERAL(at, ",\"proc\":");
    at = put_id(at, event->proc);
    at = PUT_LITERAL(at, ",\"goroutine\":");
    at = put_id(at, event->goroutine);
    out->at = put_part(at, details_part(event->kind));
    put_details(printer, event);
    json_end(out);
    put_stack(printer, event->stack);
    if (event->flags & GXT_EVENT_HURT)
        out_text(out, ",\"hurt\":true");
    out->at = PUT_LITERAL(out_reserve(out, 2), "}\n");
}
