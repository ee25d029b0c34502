/* csv.c
 *
 * In: an event. Out: a record of RFC 4180, ended by CR and LF. The columns stand in gxt(1) and do not change.
 */
#include "print.h"

#include "quote.h"
#include "wall.h"

/* What stands between ordinal…goroutine and the stacks: a cell is empty where nothing is set. */
struct cells {
    const char *resource;
    int64_t id;
    const char *from, *to;
    const struct gxt_string *reason, *label, *name;
    const char *name_word;
    uint64_t task, parent;
    bool has_task, has_parent;
    const struct gxt_stack *stack; /* of the transition */
};

void print_csv_header(struct out *out)
{
    out_text(out,
             "ordinal,time,kind,wire,thread,proc,goroutine,resource,id,from,to,reason,label,name,value,task,parent,"
             "transition_stack,stack\r\n");
}

/* Quoted, as a cell: a function's name may hold a comma. */
void print_csv_stack(struct out *out, const struct gxt_stack *stack)
{
    const struct gxt_frame *frame;

    out_char(out, '"');
    for (size_t i = 0; (frame = gxt_stack_at(stack, i)); i++) {
        if (i)
            out_char(out, ';');
        quote_csv(out, frame->func);
    }
    out_char(out, '"');
}

static void put_word(struct out *out, const char *word)
{
    if (word)
        out_text(out, word);
    out_char(out, ',');
}

static void put_string(struct out *out, const struct gxt_string *string)
{
    if (string && string->len) {
        out_char(out, '"');
        quote_csv(out, string);
        out_char(out, '"');
    }
    out_char(out, ',');
}

static void put_id(struct out *out, int64_t id, int64_t none)
{
    if (id != none)
        out_signed(out, id);
    out_char(out, ',');
}

static void put_number(struct out *out, bool is_set, uint64_t number)
{
    if (is_set)
        out_unsigned(out, number);
    out_char(out, ',');
}

static void set_range(struct cells *cells, const struct gxt_range *range)
{
    cells->name = range->name;
    if (range->resource == GXT_RESOURCE_NONE)
        return;
    cells->resource = gxt_resource_name(range->resource);
    cells->id = range->id;
}

static void set_transition(struct cells *cells, const struct gxt_transition *transition)
{
    bool is_goroutine = transition->resource == GXT_RESOURCE_GOROUTINE;

    cells->resource = gxt_resource_name(transition->resource);
    cells->id = transition->id;
    cells->from = is_goroutine ? gxt_gostate_name(transition->from) : gxt_procstate_name(transition->from);
    cells->to = is_goroutine ? gxt_gostate_name(transition->to) : gxt_procstate_name(transition->to);
    cells->reason = transition->reason;
    cells->label = transition->label;
    cells->stack = transition->stack;
}

static void set_task(struct cells *cells, uint64_t task, const struct gxt_string *name)
{
    cells->task = task;
    cells->has_task = true;
    cells->name = name;
}

static struct cells cells_of(const struct gxt_event *event)
{
    struct cells cells = {0};

    switch (event->kind) {
    case GXT_KIND_METRIC:
        cells.name = event->metric.name;
        break;
    case GXT_KIND_LABEL:
        cells.resource = gxt_resource_name(GXT_RESOURCE_GOROUTINE);
        cells.id = event->label.goroutine;
        cells.label = event->label.label;
        break;
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        set_range(&cells, &event->range);
        break;
    case GXT_KIND_TASK_BEGIN:
    case GXT_KIND_TASK_END:
        set_task(&cells, event->task.id, event->task.type);
        cells.parent = event->task.parent;
        cells.has_parent = event->task.parent != GXT_NO_TASK;
        break;
    case GXT_KIND_REGION_BEGIN:
    case GXT_KIND_REGION_END:
        set_task(&cells, event->region.task, event->region.type);
        break;
    case GXT_KIND_LOG:
        set_task(&cells, event->log.task, event->log.category);
        break;
    case GXT_KIND_STATE_TRANSITION:
        set_transition(&cells, &event->transition);
        break;
    case GXT_KIND_EXPERIMENTAL:
        cells.name_word = gxt_wire_name(event->wire_type);
        break;
    }
    return cells;
}

static void put_pair(struct out *out, const char *name, uint64_t value)
{
    out_text(out, name);
    out_char(out, '=');
    out_unsigned(out, value);
}

static void put_arguments(struct out *out, const struct gxt_event *event)
{
    for (size_t i = 0; i < event->experimental.n_args; i++) {
        if (i)
            out_char(out, ' ');
        put_pair(out, gxt_experimental_arg_name(event->wire_type, i), event->experimental.args[i]);
    }
}

/* The cell that has another meaning for each kind. */
static void put_value(struct out *out, const struct gxt_event *event)
{
    switch (event->kind) {
    case GXT_KIND_SYNC:
        if (event->sync.has_snapshot)
            out->at = wall_put(out_reserve(out, WALL_SIZE), event->sync.wall_sec, event->sync.wall_nsec);
        break;
    case GXT_KIND_METRIC:
        out_unsigned(out, event->metric.value);
        break;
    case GXT_KIND_RANGE_END:
        if (event->range.range == GXT_RANGE_GC_SWEEP) {
            put_pair(out, "swept", event->range.bytes_swept);
            put_pair(out, " reclaimed", event->range.bytes_reclaimed);
        }
        break;
    case GXT_KIND_LOG:
        put_string(out, event->log.message);
        return; /* with its comma */
    case GXT_KIND_EXPERIMENTAL:
        put_arguments(out, event);
        break;
    }
    out_char(out, ',');
}

static void put_context(struct out *out, const struct gxt_event *event)
{
    const char *wire_name = gxt_wire_name(event->wire_type);

    put_number(out, true, event->ordinal);
    out_signed(out, event->time_ns);
    out_char(out, ',');
    put_word(out, gxt_kind_name(event->kind));
    put_word(out, *wire_name ? wire_name : "Sync");
    put_id(out, event->thread, GXT_NO_THREAD);
    put_id(out, event->proc, GXT_NO_PROC);
    put_id(out, event->goroutine, GXT_NO_GOROUTINE);
}

void print_csv(struct printer *printer, const struct gxt_event *event)
{
    struct out *out = printer->out;
    struct cells cells = cells_of(event);

    put_context(out, event);
    put_word(out, cells.resource);
    if (cells.resource)
        out_signed(out, cells.id);
    out_char(out, ',');
    put_word(out, cells.from);
    put_word(out, cells.to);
    put_string(out, cells.reason);
    put_string(out, cells.label);
    if (cells.name_word)
        put_word(out, cells.name_word);
    else
        put_string(out, cells.name);
    put_value(out, event);
    put_number(out, cells.has_task, cells.task);
    put_number(out, cells.has_parent, cells.parent);
    frames_put(printer->frames, out, cells.stack);
    out_char(out, ',');
    frames_put(printer->frames, out, event->stack);
    out_bytes(out, "\r\n", 2);
}
