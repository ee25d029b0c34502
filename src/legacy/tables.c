/* tables.c
 *
 * In: strings and stacks as a trace tells them, wherever they stand in it. Out: the tables of its one generation.
 * Never: a stack with a name that is not there: it is a fault only where an event needs it.
 */
#include "legacy_priv.h"

#include <stdlib.h>

struct frame {
    uint64_t func, file, line, pc;
};

struct stack {
    uint64_t offset; /* of its frames' places in tables.places */
    uint32_t n, id;
};

struct old_tables {
    struct old_trace *trace;
    struct gen_entry *strings;
    size_t n_strings, strings_capacity;
    struct map string_places; /* id to place */
    struct map frame_places;  /* PC to place: the first one seen */
    struct frame *frames;
    size_t n_frames, frames_capacity;
    struct gxt_frame *made;     /* of each frame; without names those that have one that is not there */
    struct id_map stack_places; /* id to place: the last one seen */
    struct stack *stacks;
    size_t n_stacks, stacks_capacity;
    uint32_t *places; /* of stacks' frames */
    size_t n_places, places_capacity;
    size_t n_samples, n_timers; /* passed */
};

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

struct old_tables *old_tables_new(struct old_trace *trace)
{
    struct old_tables *tables = calloc(1, sizeof *tables);

    if (tables)
        tables->trace = trace;
    return tables;
}

struct old_tables *old_tables_free(struct old_tables *tables)
{
    if (!tables)
        return NULL;
    free(tables->strings);
    free(tables->frames);
    free(tables->stacks);
    free(tables->places);
    free(tables->made);
    map_done(&tables->string_places);
    map_done(&tables->frame_places);
    id_map_done(&tables->stack_places);
    free(tables);
    return NULL;
}

/* ---- taking ---- */

static int add_string(struct old_tables *tables, const struct old_raw *raw, struct gxt_error *fault)
{
    struct old_trace *trace = tables->trace;
    const size_t size = span_size(raw->text);
    const struct gxt_string *string;

    if (raw->id == 0 || map_get(&tables->string_places, raw->id) != MAP_NONE)
        return OLD_CORRUPT(raw, fault, "string id %llu is 0 or given twice", (unsigned long long)raw->id);
    if (size == 0)
        return OLD_CORRUPT(raw, fault, "string %llu is empty", (unsigned long long)raw->id);
    int r = pool_string(trace->pool, raw->text.at, size, &string);
    if (r < 0)
        return pool_refused(r, fault);
    if (!ROOM(tables->strings, tables->n_strings, tables->strings_capacity) ||
        map_put(&tables->string_places, raw->id, (uint32_t)tables->n_strings) < 0)
        return no_memory(fault);
    tables->strings[tables->n_strings++] = (struct gen_entry){raw->id, string};
    if (raw->id > trace->max_string)
        trace->max_string = raw->id;
    return 0;
}

/* The place of a frame, made when its PC is not known; MAP_NONE without memory. */
static uint32_t place_of_frame(struct old_tables *tables, const uint64_t *args)
{
    const uint32_t known = map_get(&tables->frame_places, args[0]), place = (uint32_t)tables->n_frames;

    if (LIKELY(known != MAP_NONE))
        return known;
    if (tables->n_frames >= MAP_NONE || !ROOM(tables->frames, tables->n_frames, tables->frames_capacity) ||
        map_put(&tables->frame_places, args[0], place) < 0)
        return MAP_NONE;
    tables->frames[tables->n_frames++] = (struct frame){args[1], args[2], args[3], args[0]};
    return place;
}

static int add_stack(struct old_tables *tables, const struct old_raw *raw, struct gxt_error *fault)
{
    if (raw->n_args < 2 || raw->args[1] > OLD_MOST_FRAMES || raw->n_args != 2 + 4 * raw->args[1])
        return OLD_CORRUPT(raw, fault, "a stack has the wrong number of arguments");
    const uint32_t id = (uint32_t)raw->args[0], n = (uint32_t)raw->args[1];
    if (id == 0 || n == 0)
        return 0;
    if (tables->n_stacks >= MAP_NONE || !ROOM(tables->stacks, tables->n_stacks, tables->stacks_capacity) ||
        id_map_put(&tables->stack_places, id, (uint32_t)tables->n_stacks) < 0)
        return no_memory(fault);
    tables->stacks[tables->n_stacks++] = (struct stack){tables->n_places, n, id};
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t place = place_of_frame(tables, raw->args + 2 + 4 * i);
        if (place == MAP_NONE || !ROOM(tables->places, tables->n_places, tables->places_capacity))
            return no_memory(fault);
        tables->places[tables->n_places++] = place;
    }
    return 0;
}

static int wrong_clock(const struct old_raw *raw, struct gxt_error *fault)
{
    return OLD_CORRUPT(raw, fault, "%s has %zu arguments, not 1", old_specs[raw->type].name, raw->n_args);
}

static int take_clock(struct old_trace *trace, const struct old_raw *raw, struct gxt_error *fault)
{
    if (raw->n_args != 1)
        return wrong_clock(raw, fault);
    trace->ticks_per_second = (int64_t)raw->args[0];
    return trace->ticks_per_second > 0
               ? 1
               : OLD_CORRUPT(raw, fault, "a clock of no ticks a second: time stamps out of order");
}

int old_tables_take(struct old_tables *tables, const struct old_raw *raw, struct gxt_error *fault)
{
    int r;

    switch (raw->type) {
    case OLD_STRING:
        r = add_string(tables, raw, fault);
        return r < 0 ? r : 1;
    case OLD_STACK:
        r = add_stack(tables, raw, fault);
        return r < 0 ? r : 1;
    case OLD_CPU_SAMPLE:
        tables->n_samples++;
        return 1;
    case OLD_TIMER_GOROUTINE:
        tables->n_timers++; /* old_scan() has it */
        return raw->n_args == 1 ? 1 : wrong_clock(raw, fault);
    case OLD_FREQUENCY:
        return take_clock(tables->trace, raw, fault);
    default:
        return 0;
    }
}

bool old_tables_fit(const struct old_tables *tables)
{
    const struct old_trace *trace = tables->trace;

    return tables->n_samples == trace->streams[LEGACY_SAMPLES].size / sizeof(struct old_mark) &&
           (tables->n_timers == 0) == (trace->timers.n == 0);
}

/* ---- making ---- */

static int push_string(struct old_tables *tables, uint64_t id, const struct gxt_string *string, struct gxt_error *fault)
{
    if (!ROOM(tables->strings, tables->n_strings, tables->strings_capacity))
        return no_memory(fault);
    tables->strings[tables->n_strings++] = (struct gen_entry){id, string};
    return 0;
}

/* The trace's own strings, then the messages of its logs, then ours. */
static int make_strings(struct old_tables *tables, struct gxt_error *fault)
{
    struct old_trace *trace = tables->trace;
    size_t n_more = trace->n_messages + N_OWN_STRINGS, bad;
    int r = 0;

    if (trace->max_string > UINT64_MAX - n_more - 1)
        return fault_set(fault, GXT_ECORRUPT, trace->begin, "the trace contains too many strings");
    for (size_t i = 0; r == 0 && i < trace->n_messages; i++)
        r = push_string(tables, trace->max_string + 1 + i, trace->message_list[i], fault);
    trace->first_own_id = trace->max_string + 1 + trace->n_messages;
    for (size_t i = 0; r == 0 && i < N_OWN_STRINGS; i++) {
        const struct gxt_string *string;
        r = pool_string(trace->pool, old_own_strings[i], strlen(old_own_strings[i]), &string);
        r = r < 0 ? pool_refused(r, fault) : push_string(tables, trace->first_own_id + i, string, fault);
    }
    if (r == 0 && gen_table_build(&trace->gen.strings, tables->strings, tables->n_strings, &bad) < 0)
        r = no_memory(fault);
    return r;
}

static const struct gxt_string *string_of(const struct old_tables *tables, uint64_t id)
{
    struct gen *gen = &tables->trace->gen;

    return id == 0 ? gen->empty : gen_table_get(&gen->strings, id);
}

static bool make_frames(struct old_tables *tables)
{
    tables->made = calloc(tables->n_frames + 1, sizeof *tables->made);
    for (size_t i = 0; tables->made && i < tables->n_frames; i++) {
        const struct frame *frame = &tables->frames[i];
        tables->made[i] =
            (struct gxt_frame){frame->pc, frame->line, string_of(tables, frame->func), string_of(tables, frame->file)};
    }
    return tables->made != NULL;
}

/* @ret: NULL when a name of it is not there. */
static int make_stack(const struct old_tables *tables, const struct stack *stack, const struct gxt_stack **ret,
                      struct gxt_error *fault)
{
    struct gxt_frame frames[OLD_MOST_FRAMES];

    *ret = NULL;
    for (uint32_t i = 0; i < stack->n; i++) {
        frames[i] = tables->made[tables->places[stack->offset + i]];
        if (!frames[i].func || !frames[i].file)
            return 0;
    }
    int r = pool_stack(tables->trace->pool, frames, stack->n, ret);
    return r < 0 ? pool_refused(r, fault) : 0;
}

static int make_stacks(struct old_tables *tables, struct gxt_error *fault)
{
    struct gen_entry *entries = calloc(tables->n_stacks + 1, sizeof *entries);
    size_t n = 0, bad;
    int r = entries && make_frames(tables) ? 0 : no_memory(fault);

    for (size_t i = 0; r == 0 && i < tables->n_stacks; i++) {
        const struct stack *it = &tables->stacks[i];
        const struct gxt_stack *stack;
        if (id_map_get(&tables->stack_places, it->id) != i)
            continue;
        r = make_stack(tables, it, &stack, fault);
        if (r == 0 && stack)
            entries[n++] = (struct gen_entry){it->id, stack};
        else if (r == 0 && map_put(&tables->trace->bad_stacks, it->id, 1) < 0)
            r = no_memory(fault);
    }
    if (r == 0 && gen_table_build(&tables->trace->gen.stacks, entries, n, &bad) < 0)
        r = no_memory(fault);
    free(entries);
    return r;
}

int old_tables_make(struct old_tables *tables, struct gxt_error *fault)
{
    int r = make_strings(tables, fault);

    return r == 0 ? make_stacks(tables, fault) : r;
}
