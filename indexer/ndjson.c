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
};

/* A word of ours and its length. */
struct word {
    const char *at;
    size_t size;
};

static char *put_word(char *at, struct word word)
{
    memcpy(at, word.at, word.size);
    return at + word.size;
}

static struct word word_of(const char *text)
{
    return (struct word){text, strlen(text)};
}

static char *put_number(char *at, uint64_t value)
{
    *at++ = '"';
    at = put_unsigned(at, value);
    *at++ = '"';
    return at;
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
    if (!stack) {
        json_null(printer->out, "stack");
        return;
    }
    json_key(printer->out, "stack");
    frames_put(printer->frames, printer->out, stack);
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

static struct word state_word(const struct gxt_transition *transition, int state)
{
    static struct word words[2][8];
    struct word *word = &words[transition->resource == GXT_RESOURCE_GOROUTINE][state & 7];

    if (!word->at)
        *word = word_of(transition->resource == GXT_RESOURCE_GOROUTINE ? gxt_gostate_name(state)
                                                                       : gxt_procstate_name(state));
    return *word;
}

static void put_transition(struct printer *printer, const struct gxt_event *event)
{
    const struct gxt_transition *transition = &event->transition;
    struct out *out = printer->out;
    char *at = out_reserve(out, ROOM);

    at = transition->resource == GXT_RESOURCE_GOROUTINE ? PUT_LITERAL(at, "\"resource\":\"Goroutine\",\"id\":\"")
                                                        : PUT_LITERAL(at, "\"resource\":\"Proc\",\"id\":\"");
    at = put_signed(at, transition->id);
    at = PUT_LITERAL(at, "\",\"from\":\"");
    at = put_word(at, state_word(transition, transition->from));
    at = PUT_LITERAL(at, "\",\"to\":\"");
    at = put_word(at, state_word(transition, transition->to));
    out->at = PUT_LITERAL(at, "\",\"reason\":");
    quote_json(out, transition->reason);
    json_string(out, "label", transition->label);
    at = out_reserve(out, ROOM);
    at = transition->run == GXT_RUN_SAME    ? PUT_LITERAL(at, ",\"run\":null,\"run_thread\":")
         : transition->run == GXT_RUN_BEGIN ? PUT_LITERAL(at, ",\"run\":\"begin\",\"run_thread\":")
                                            : PUT_LITERAL(at, ",\"run\":\"end\",\"run_thread\":");
    at = put_id(at, transition->run == GXT_RUN_SAME ? GXT_NO_THREAD : event->thread);
    out->at = transition->stolen ? PUT_LITERAL(at, ",\"stolen\":true") : PUT_LITERAL(at, ",\"stolen\":false");
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

static struct word wire_word(int wire_type)
{
    static struct word words[256];
    struct word *word = &words[wire_type & 255];

    if (!word->at) {
        const char *name = gxt_wire_name(wire_type);
        *word = word_of(*name ? name : "Sync");
    }
    return *word;
}

static struct word kind_word(int kind)
{
    static struct word words[GXT_N_KINDS];

    if (!words[kind].at)
        words[kind] = word_of(gxt_kind_name(kind));
    return words[kind];
}

void print_ndjson(struct printer *printer, const struct gxt_event *event)
{
    struct out *out = printer->out;
    char *at = out_reserve(out, ROOM);

    at = PUT_LITERAL(at, "{\"ordinal\":");
    at = put_number(at, event->ordinal);
    at = PUT_LITERAL(at, ",\"time\":\"");
    at = put_signed(at, event->time_ns);
    at = PUT_LITERAL(at, "\",\"kind\":\"");
    at = put_word(at, kind_word(event->kind));
    at = PUT_LITERAL(at, "\",\"wire\":\"");
    at = put_word(at, wire_word(event->wire_type));
    at = PUT_LITERAL(at, "\",\"thread\":");
    at = put_id(at, event->thread);
    at = PUT_LITERAL(at, ",\"proc\":");
    at = put_id(at, event->proc);
    at = PUT_LITERAL(at, ",\"goroutine\":");
    at = put_id(at, event->goroutine);
    *at++ = ',';
    *at++ = '"';
    at = put_word(at, word_of(details_key(event->kind)));
    out->at = PUT_LITERAL(at, "\":{");
    put_details(printer, event);
    json_end(out);
    put_stack(printer, event->stack);
    if (event->flags & GXT_EVENT_HURT)
        out_text(out, ",\"hurt\":true");
    out->at = PUT_LITERAL(out_reserve(out, 2), "}\n");
}
