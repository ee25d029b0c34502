/* parse.c
 *
 * In: the bytes of an old trace. Out: its events in one order, its strings and stacks. Never: an event of a trace that
 * has a fault anywhere: Go's reader reports it when it opens the trace.
 *
 *     batch   type 1 | P | ticks | events, up to the next batch
 *     event   type 6 bits, number of arguments less one 2 bits | arguments: ticks since the event before it, …
 *             with 3 in the two bits: bytes that follow, then arguments
 *     string  type | id | length | bytes
 *
 * Each processor's batches are read in the order of the file, all processors side by side; of those whose next event
 * may come next, by what its goroutine's sequence numbers say, the earliest does.
 */
#include "legacy_priv.h"

#include <stdlib.h>

const struct old_spec old_specs[64] = {
    [OLD_BATCH] = {"Batch", 2, false, 5},
    [OLD_FREQUENCY] = {"Frequency", 1, false, 5},
    [OLD_STACK] = {"Stack", 2, false, 5},
    [OLD_GOMAXPROCS] = {"Gomaxprocs", 1, true, 5},
    [OLD_PROC_START] = {"ProcStart", 1, false, 5},
    [OLD_PROC_STOP] = {"ProcStop", 0, false, 5},
    [OLD_GC_START] = {"GCStart", 1, true, 5},
    [OLD_GC_DONE] = {"GCDone", 0, false, 5},
    [OLD_STW_START] = {"GCSTWStart", 1, false, 5},
    [OLD_STW_DONE] = {"GCSTWDone", 0, false, 5},
    [OLD_GC_SWEEP_START] = {"GCSweepStart", 0, true, 5},
    [OLD_GC_SWEEP_DONE] = {"GCSweepDone", 2, false, 5},
    [OLD_GO_CREATE] = {"GoCreate", 2, true, 5},
    [OLD_GO_START] = {"GoStart", 2, false, 5},
    [OLD_GO_END] = {"GoEnd", 0, false, 5},
    [OLD_GO_STOP] = {"GoStop", 0, true, 5},
    [OLD_GO_SCHED] = {"GoSched", 0, true, 5},
    [OLD_GO_PREEMPT] = {"GoPreempt", 0, true, 5},
    [OLD_GO_SLEEP] = {"GoSleep", 0, true, 5, true},
    [OLD_GO_BLOCK] = {"GoBlock", 0, true, 5, true},
    [OLD_GO_UNBLOCK] = {"GoUnblock", 2, true, 5},
    [OLD_GO_BLOCK_SEND] = {"GoBlockSend", 0, true, 5, true},
    [OLD_GO_BLOCK_RECV] = {"GoBlockRecv", 0, true, 5, true},
    [OLD_GO_BLOCK_SELECT] = {"GoBlockSelect", 0, true, 5, true},
    [OLD_GO_BLOCK_SYNC] = {"GoBlockSync", 0, true, 5, true},
    [OLD_GO_BLOCK_COND] = {"GoBlockCond", 0, true, 5, true},
    [OLD_GO_BLOCK_NET] = {"GoBlockNet", 0, true, 5, true},
    [OLD_GO_SYS_CALL] = {"GoSysCall", 0, true, 5},
    [OLD_GO_SYS_EXIT] = {"GoSysExit", 3, false, 5},
    [OLD_GO_SYS_BLOCK] = {"GoSysBlock", 0, false, 5, true},
    [OLD_GO_WAITING] = {"GoWaiting", 1, false, 5},
    [OLD_GO_IN_SYSCALL] = {"GoInSyscall", 1, false, 5},
    [OLD_HEAP_ALLOC] = {"HeapAlloc", 1, false, 5},
    [OLD_HEAP_GOAL] = {"HeapGoal", 1, false, 5},
    [OLD_TIMER_GOROUTINE] = {"TimerGoroutine", 1, false, 5},
    [OLD_FUTILE_WAKEUP] = {"FutileWakeup", 0, false, 5},
    [OLD_STRING] = {"String", 0, false, 7},
    [OLD_GO_START_LOCAL] = {"GoStartLocal", 1, false, 7},
    [OLD_GO_UNBLOCK_LOCAL] = {"GoUnblockLocal", 1, true, 7},
    [OLD_GO_SYS_EXIT_LOCAL] = {"GoSysExitLocal", 2, false, 7},
    [OLD_GO_START_LABEL] = {"GoStartLabel", 3, false, 8},
    [OLD_GO_BLOCK_GC] = {"GoBlockGC", 0, true, 8, true},
    [OLD_GC_MARK_ASSIST_START] = {"GCMarkAssistStart", 0, true, 9},
    [OLD_GC_MARK_ASSIST_DONE] = {"GCMarkAssistDone", 0, false, 9},
    [OLD_USER_TASK_CREATE] = {"UserTaskCreate", 3, true, 11},
    [OLD_USER_TASK_END] = {"UserTaskEnd", 1, true, 11},
    [OLD_USER_REGION] = {"UserRegion", 3, true, 11},
    [OLD_USER_LOG] = {"UserLog", 2, true, 11},
    [OLD_CPU_SAMPLE] = {"CPUSample", 3, true, 19},
};

/* Bounds of Go's reader (internal/trace/tracev1). */
enum {
    MOST_STRING = 1000000,
    MOST_ARGUMENT_BYTES = 2048,
    MOST_FRAMES = 1000,
    MOST_ARGUMENTS = MOST_ARGUMENT_BYTES, /* a byte each at least */
};

/* An event as it stands in the file. */
struct raw {
    uint8_t type;
    uint64_t offset;
    uint64_t args[MOST_ARGUMENTS];
    size_t n_args;
    struct span text; /* of a string or a log */
    uint64_t id;      /* of a string */
};

struct frame {
    uint64_t func, file, line, pc;
};

struct stack {
    uint64_t offset; /* of its frames' PCs in parser.pcs */
    uint32_t n;
};

struct parser {
    struct old_trace *trace;
    struct gxt_error *fault;
    struct raw raw;
    struct proc *procs; /* by rising P; the samples' comes last */
    size_t n_procs, procs_capacity;
    struct map proc_places;
    struct batch *batches; /* in the order of the file */
    size_t n_batches, batches_capacity;
    struct old_event *samples;
    size_t n_samples, samples_capacity;

    struct gen_entry *strings;
    size_t n_strings, strings_capacity;
    struct map string_places; /* id to place */
    uint64_t max_string;
    const struct gxt_string **messages; /* of logs, each once; ids follow behind the largest of the strings */
    size_t n_messages, messages_capacity;
    struct map message_places;
    struct map frame_places; /* PC to place: the first one seen */
    struct frame *frames;
    size_t n_frames, frames_capacity;
    struct map stack_places; /* id to place: the last one seen */
    struct stack *stacks;
    size_t n_stacks, stacks_capacity;
    uint64_t *pcs;
    size_t n_pcs, pcs_capacity;
    struct map timers; /* goroutines that are timers' */
    int64_t ticks_per_second;

    struct map g_places; /* goroutine to its place in gs */
    struct g_order *gs;
    size_t n_gs, gs_capacity;
};

struct batch {
    uint64_t offset;
    uint32_t next; /* of the same P; MAP_NONE for none */
};

struct proc {
    int32_t p;
    uint32_t first_batch, last_batch; /* to be read next, and the last one known */
    struct span in;                   /* of the batch being read; behind its header */
    int64_t time;
    uint64_t last_g;
    struct old_event event; /* the next one, when has_event */
    bool has_event, done;
    size_t sample;
};

struct g_order {
    uint64_t seq;
    uint8_t status;
};

static int no_memory(struct parser *parser)
{
    return fault_set(parser->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

#define CORRUPT(parser, ...) fault_set((parser)->fault, GXT_ECORRUPT, (parser)->raw.offset, __VA_ARGS__)

#define ROOM(array, n, capacity)                                                                                       \
    __extension__({                                                                                                    \
        void *grown_ = array_grow((array), (n), &(capacity), sizeof *(array));                                         \
        if (grown_)                                                                                                    \
            (array) = grown_;                                                                                          \
        grown_ != NULL;                                                                                                \
    })

/* ---- raw events ---- */

static int bad_number(struct parser *parser)
{
    return CORRUPT(parser, "a number of a %s event is cut or does not fit", old_specs[parser->raw.type].name);
}

static int cut(struct parser *parser)
{
    return fault_set(parser->fault, GXT_ETRUNCATED, parser->raw.offset, "a %s event is cut by the end of the trace",
                     old_specs[parser->raw.type].name);
}

static int take_text(struct parser *parser, struct span *in, uint64_t size)
{
    if (size > span_size(*in))
        return cut(parser);
    if (size > MOST_STRING)
        return CORRUPT(parser, "a string of %llu bytes", (unsigned long long)size);
    parser->raw.text = (struct span){in->at, in->at + size};
    in->at += size;
    return 0;
}

static int read_string(struct parser *parser, struct span *in)
{
    uint64_t size;

    if (wire_varint(in, &parser->raw.id) < 0 || wire_varint(in, &size) < 0)
        return bad_number(parser);
    return take_text(parser, in, size);
}

static int read_prefixed(struct parser *parser, struct span *in)
{
    struct raw *raw = &parser->raw;
    uint64_t size;

    if (wire_varint(in, &size) < 0)
        return bad_number(parser);
    if (size > MOST_ARGUMENT_BYTES)
        return CORRUPT(parser, "arguments of %llu bytes", (unsigned long long)size);
    if (size > span_size(*in))
        return cut(parser);
    struct span args = {in->at, in->at + size};
    in->at += size;
    while (span_size(args) > 0)
        if (wire_varint(&args, &raw->args[raw->n_args++]) < 0)
            return bad_number(parser);
    if (raw->type != OLD_USER_LOG)
        return 0;
    if (wire_varint(in, &size) < 0)
        return bad_number(parser);
    return take_text(parser, in, size);
}

/* The next event; @in is not empty. */
static int read_raw(struct parser *parser, struct span *in)
{
    struct raw *raw = &parser->raw;

    raw->offset = (uint64_t)(in->at - parser->trace->source->at);
    raw->type = *in->at & 0x3f;
    unsigned n_args = *in->at >> 6;
    raw->n_args = 0;
    raw->text = (struct span){0};
    if (raw->type == OLD_NONE || raw->type >= OLD_N_TYPES || old_specs[raw->type].since > parser->trace->version)
        return CORRUPT(parser, "unknown event type %u", raw->type);
    in->at++;
    if (raw->type == OLD_STRING)
        return read_string(parser, in);
    if (raw->type == OLD_BATCH && n_args != 1)
        return CORRUPT(parser, "a batch has the wrong number of arguments");
    if (n_args == 3)
        return read_prefixed(parser, in);
    for (unsigned i = 0; i <= n_args; i++)
        if (wire_varint(in, &raw->args[raw->n_args++]) < 0)
            return bad_number(parser);
    if (raw->type == OLD_BATCH && raw->args[0] != UINT64_MAX && raw->args[0] > INT32_MAX)
        return CORRUPT(parser, "a batch of processor %llu", (unsigned long long)raw->args[0]);
    return 0;
}

/* ---- the first pass: where each processor's batches are, and the samples ---- */

static struct proc *proc_of(struct parser *parser, int32_t p)
{
    uint32_t at = map_get(&parser->proc_places, (uint64_t)(int64_t)p);

    if (at != MAP_NONE)
        return &parser->procs[at];
    if (!ROOM(parser->procs, parser->n_procs, parser->procs_capacity) ||
        map_put(&parser->proc_places, (uint64_t)(int64_t)p, (uint32_t)parser->n_procs) < 0)
        return NULL;
    struct proc *proc = &parser->procs[parser->n_procs++];
    *proc = (struct proc){.p = p, .first_batch = MAP_NONE, .last_batch = MAP_NONE};
    return proc;
}

static int add_batch(struct parser *parser)
{
    struct proc *proc = proc_of(parser, (int32_t)parser->raw.args[0]);
    uint32_t at = (uint32_t)parser->n_batches;

    if (!proc || parser->n_batches >= MAP_NONE || !ROOM(parser->batches, parser->n_batches, parser->batches_capacity))
        return no_memory(parser);
    parser->batches[parser->n_batches++] = (struct batch){parser->raw.offset, MAP_NONE};
    if (proc->first_batch == MAP_NONE)
        proc->first_batch = at;
    else
        parser->batches[proc->last_batch].next = at;
    proc->last_batch = at;
    return 0;
}

static int add_sample(struct parser *parser)
{
    const uint64_t *args = parser->raw.args;

    if (parser->raw.n_args != 5)
        return CORRUPT(parser, "a CPU sample has %zu arguments, not 5", parser->raw.n_args);
    if (!ROOM(parser->samples, parser->n_samples, parser->samples_capacity))
        return no_memory(parser);
    parser->samples[parser->n_samples++] = (struct old_event){.time = (int64_t)args[1],
                                                              .p = (int32_t)args[2],
                                                              .g = args[3],
                                                              .stack = (uint32_t)args[4],
                                                              .offset = parser->raw.offset,
                                                              .type = OLD_CPU_SAMPLE};
    return 0;
}

static int find_batches(struct parser *parser)
{
    const struct source *source = parser->trace->source;
    struct span in = source_span(source, parser->trace->begin, source->size - parser->trace->begin);
    int r = 0;

    while (r == 0 && span_size(in) > 0) {
        r = read_raw(parser, &in);
        if (r < 0)
            return r;
        if (parser->raw.type == OLD_BATCH)
            r = add_batch(parser);
        else if (parser->raw.type != OLD_STRING && parser->n_batches == 0)
            r = CORRUPT(parser, "a %s event before the first batch", old_specs[parser->raw.type].name);
        else if (parser->raw.type == OLD_CPU_SAMPLE)
            r = add_sample(parser);
    }
    return r;
}

static int by_p(const void *a, const void *b)
{
    int32_t left = ((const struct proc *)a)->p, right = ((const struct proc *)b)->p;
    return (left > right) - (left < right);
}

/* ---- the second pass: what stands in batches ---- */

static int add_string(struct parser *parser)
{
    const struct raw *raw = &parser->raw;
    size_t size = span_size(raw->text);
    const struct gxt_string *string;

    if (raw->id == 0 || map_get(&parser->string_places, raw->id) != MAP_NONE)
        return CORRUPT(parser, "string id %llu is 0 or given twice", (unsigned long long)raw->id);
    if (size == 0)
        return CORRUPT(parser, "string %llu is empty", (unsigned long long)raw->id);
    if (pool_string(parser->trace->pool, raw->text.at, size, &string) < 0 ||
        !ROOM(parser->strings, parser->n_strings, parser->strings_capacity) ||
        map_put(&parser->string_places, raw->id, (uint32_t)parser->n_strings) < 0)
        return no_memory(parser);
    parser->strings[parser->n_strings++] = (struct gen_entry){raw->id, string};
    if (raw->id > parser->max_string)
        parser->max_string = raw->id;
    return 0;
}

static int add_message(struct parser *parser, uint64_t *ret)
{
    const struct gxt_string *string;

    if (pool_string(parser->trace->pool, parser->raw.text.at ? (const void *)parser->raw.text.at : "",
                    span_size(parser->raw.text), &string) < 0)
        return no_memory(parser);
    uint32_t at = map_get(&parser->message_places, string->id);
    if (at == MAP_NONE) {
        at = (uint32_t)parser->n_messages;
        if (!ROOM(parser->messages, parser->n_messages, parser->messages_capacity) ||
            map_put(&parser->message_places, string->id, at) < 0)
            return no_memory(parser);
        parser->messages[parser->n_messages++] = string;
    }
    *ret = at;
    return 0;
}

static int add_frame(struct parser *parser, const uint64_t *args)
{
    if (map_get(&parser->frame_places, args[0]) != MAP_NONE)
        return 0;
    if (!ROOM(parser->frames, parser->n_frames, parser->frames_capacity) ||
        map_put(&parser->frame_places, args[0], (uint32_t)parser->n_frames) < 0)
        return no_memory(parser);
    parser->frames[parser->n_frames++] = (struct frame){args[1], args[2], args[3], args[0]};
    return 0;
}

static int add_stack(struct parser *parser)
{
    const struct raw *raw = &parser->raw;

    if (raw->n_args < 2 || raw->args[1] > MOST_FRAMES || raw->n_args != 2 + 4 * raw->args[1])
        return CORRUPT(parser, "a stack has the wrong number of arguments");
    uint32_t id = (uint32_t)raw->args[0], n = (uint32_t)raw->args[1];
    if (id == 0 || n == 0)
        return 0;
    if (!ROOM(parser->stacks, parser->n_stacks, parser->stacks_capacity) ||
        map_put(&parser->stack_places, id, (uint32_t)parser->n_stacks) < 0)
        return no_memory(parser);
    parser->stacks[parser->n_stacks++] = (struct stack){parser->n_pcs, n};
    for (uint32_t i = 0; i < n; i++) {
        int r = add_frame(parser, raw->args + 2 + 4 * i);
        if (r < 0)
            return r;
        if (!ROOM(parser->pcs, parser->n_pcs, parser->pcs_capacity))
            return no_memory(parser);
        parser->pcs[parser->n_pcs++] = raw->args[2 + 4 * i];
    }
    return 0;
}

/* What is about the trace and not of a moment. 1: it was that. */
static int take_table(struct parser *parser)
{
    const struct raw *raw = &parser->raw;
    int r;

    switch (raw->type) {
    case OLD_STRING:
        r = add_string(parser);
        return r < 0 ? r : 1;
    case OLD_STACK:
        r = add_stack(parser);
        return r < 0 ? r : 1;
    case OLD_CPU_SAMPLE:
        return 1;
    case OLD_FREQUENCY:
    case OLD_TIMER_GOROUTINE:
        if (raw->n_args != 1)
            return CORRUPT(parser, "%s has %zu arguments, not 1", old_specs[raw->type].name, raw->n_args);
        if (raw->type == OLD_TIMER_GOROUTINE)
            return map_put(&parser->timers, raw->args[0], 1) < 0 ? no_memory(parser) : 1;
        parser->ticks_per_second = (int64_t)raw->args[0];
        return parser->ticks_per_second > 0 ? 1
                                            : CORRUPT(parser, "a clock of no ticks a second: time stamps out of order");
    default:
        return 0;
    }
}

/* Which goroutine an event is of: the one that runs on its processor, but for those that name one. */
static void set_goroutine(struct proc *proc, struct old_event *event)
{
    event->g = proc->last_g;
    switch (event->type) {
    case OLD_GO_START:
    case OLD_GO_START_LOCAL:
    case OLD_GO_START_LABEL:
        event->g = proc->last_g = event->args[0];
        break;
    case OLD_GO_END:
    case OLD_GO_STOP:
    case OLD_GO_SCHED:
    case OLD_GO_PREEMPT:
        proc->last_g = 0;
        break;
    case OLD_GO_SYS_EXIT:
    case OLD_GO_WAITING:
    case OLD_GO_IN_SYSCALL:
        event->g = event->args[0];
        break;
    default:
        if (old_specs[event->type].blocks)
            proc->last_g = 0;
        break;
    }
}

static int make_event(struct parser *parser, struct proc *proc)
{
    const struct raw *raw = &parser->raw;
    const struct old_spec *spec = &old_specs[raw->type];

    if (raw->n_args != 1u + spec->n_args + spec->stack)
        return CORRUPT(parser, "%s has %zu arguments, not %d", spec->name, raw->n_args, 1 + spec->n_args + spec->stack);
    proc->time = (int64_t)((uint64_t)proc->time + raw->args[0]);
    proc->event = (struct old_event){.time = proc->time, .p = proc->p, .offset = raw->offset, .type = raw->type};
    memcpy(proc->event.args, raw->args + 1, spec->n_args * sizeof *raw->args);
    if (spec->stack)
        proc->event.stack = (uint32_t)raw->args[1 + spec->n_args];
    set_goroutine(proc, &proc->event);
    proc->has_event = true;
    return raw->type == OLD_USER_LOG ? add_message(parser, &proc->event.args[2]) : 0;
}

/* Moves a processor to its next event. 1; 0 when it has no more. */
static int advance(struct parser *parser, struct proc *proc)
{
    const struct source *source = parser->trace->source;

    if (proc->p == PROFILE_P && proc->first_batch == MAP_NONE) {
        proc->has_event = proc->sample < parser->n_samples;
        if (proc->has_event)
            proc->event = parser->samples[proc->sample++];
        return proc->has_event;
    }
    for (;;) {
        while (span_size(proc->in) > 0 && (*proc->in.at & 0x3f) != OLD_BATCH) {
            int r = read_raw(parser, &proc->in);
            if (r == 0)
                r = take_table(parser);
            if (r == 0)
                return (r = make_event(parser, proc)) < 0 ? r : 1;
            if (r < 0)
                return r;
        }
        if (proc->first_batch == MAP_NONE)
            return 0;
        const struct batch *batch = &parser->batches[proc->first_batch];
        proc->in = source_span(source, batch->offset, source->size - batch->offset);
        proc->first_batch = batch->next;
        int r = read_raw(parser, &proc->in);
        if (r < 0)
            return r;
        proc->time = (int64_t)parser->raw.args[1];
    }
}

/* ---- the order ---- */

enum {
    G_DEAD,
    G_RUNNABLE,
    G_RUNNING,
    G_WAITING
};
#define UNORDERED UINT64_MAX
#define GARBAGE (UINT64_MAX - 1) /* the collector's own sequence */
#define ANY_SEQ UINT64_MAX
#define NEXT_SEQ (UINT64_MAX - 1)

/* What an event needs of a goroutine, and what it makes of it. */
struct move {
    uint64_t g;
    struct g_order from, to;
};

static struct move move_of(const struct old_event *event)
{
    const uint64_t *args = event->args;

    switch (event->type) {
    case OLD_GO_CREATE:
        return (struct move){args[0], {0, G_DEAD}, {1, G_RUNNABLE}};
    case OLD_GO_WAITING:
    case OLD_GO_IN_SYSCALL:
        return (struct move){event->g, {1, G_RUNNABLE}, {2, G_WAITING}};
    case OLD_GO_START:
    case OLD_GO_START_LABEL:
        return (struct move){event->g, {args[1], G_RUNNABLE}, {args[1] + 1, G_RUNNING}};
    case OLD_GO_START_LOCAL:
        return (struct move){event->g, {ANY_SEQ, G_RUNNABLE}, {NEXT_SEQ, G_RUNNING}};
    case OLD_GO_SCHED:
    case OLD_GO_PREEMPT:
        return (struct move){event->g, {ANY_SEQ, G_RUNNING}, {ANY_SEQ, G_RUNNABLE}};
    case OLD_GO_UNBLOCK:
    case OLD_GO_SYS_EXIT:
        return (struct move){args[0], {args[1], G_WAITING}, {args[1] + 1, G_RUNNABLE}};
    case OLD_GO_UNBLOCK_LOCAL:
    case OLD_GO_SYS_EXIT_LOCAL:
        return (struct move){args[0], {ANY_SEQ, G_WAITING}, {NEXT_SEQ, G_RUNNABLE}};
    case OLD_GC_START:
        return (struct move){GARBAGE, {args[0], G_DEAD}, {args[0] + 1, G_DEAD}};
    default:
        if (old_specs[event->type].blocks)
            return (struct move){event->g, {ANY_SEQ, G_RUNNING}, {ANY_SEQ, G_WAITING}};
        return (struct move){.g = UNORDERED};
    }
}

static struct g_order state_of(const struct parser *parser, uint64_t g)
{
    uint32_t at = map_get(&parser->g_places, g);
    return at == MAP_NONE ? (struct g_order){0, G_DEAD} : parser->gs[at];
}

static bool is_ready(const struct parser *parser, const struct move *move)
{
    if (move->g == UNORDERED)
        return true;
    struct g_order state = state_of(parser, move->g);
    return (move->from.seq == ANY_SEQ || move->from.seq == state.seq) && move->from.status == state.status;
}

static int apply(struct parser *parser, const struct move *move)
{
    if (move->g == UNORDERED)
        return 0;
    if (!is_ready(parser, move))
        return CORRUPT(parser, "goroutine %llu: an impossible change of state", (unsigned long long)move->g);
    struct g_order state = state_of(parser, move->g), next = move->to;
    if (next.seq == ANY_SEQ)
        next.seq = state.seq;
    else if (next.seq == NEXT_SEQ)
        next.seq = state.seq + 1;
    uint32_t at = map_get(&parser->g_places, move->g);
    if (at == MAP_NONE) {
        at = (uint32_t)parser->n_gs;
        if (!ROOM(parser->gs, parser->n_gs, parser->gs_capacity) || map_put(&parser->g_places, move->g, at) < 0)
            return no_memory(parser);
        parser->n_gs++;
    }
    parser->gs[at] = next;
    return 0;
}

/* Processors whose event is ready, a heap by time; ties stand as the moves of Go's reader leave them. */
struct ready {
    struct proc **procs;
    size_t n;
};

static void exchange(struct proc **procs, size_t i, size_t j)
{
    struct proc *proc = procs[i];
    procs[i] = procs[j];
    procs[j] = proc;
}

static void push(struct ready *ready, struct proc *proc)
{
    size_t i = ready->n++;

    ready->procs[i] = proc;
    while (i > 0 && ready->procs[i]->event.time < ready->procs[(i - 1) / 2]->event.time) {
        exchange(ready->procs, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static struct proc *pop(struct ready *ready)
{
    size_t n = --ready->n, i = 0;
    struct proc **procs = ready->procs;

    exchange(procs, 0, n);
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n)
            break;
        if (child + 1 < n && procs[child + 1]->event.time < procs[child]->event.time)
            child++;
        if (procs[child]->event.time >= procs[i]->event.time)
            break;
        exchange(procs, i, child);
        i = child;
    }
    return procs[n];
}

/* Moves what is ready from @waiting to @ready; what has no more events leaves. */
static int gather(struct parser *parser, struct proc **waiting, size_t *n_waiting, struct ready *ready)
{
    for (size_t i = 0; i < *n_waiting;) {
        struct proc *proc = waiting[i];
        int r = proc->has_event ? 1 : advance(parser, proc);
        if (r < 0)
            return r;
        proc->done = r == 0;
        struct move move = r > 0 ? move_of(&proc->event) : (struct move){0};
        if (r > 0 && !is_ready(parser, &move)) {
            i++;
            continue;
        }
        exchange(waiting, i, --*n_waiting);
        if (r > 0)
            push(ready, proc);
    }
    return 0;
}

/* What is only told apart for the order. */
static uint8_t plain_type(uint8_t type)
{
    switch (type) {
    case OLD_GO_START_LOCAL:
        return OLD_GO_START;
    case OLD_GO_UNBLOCK_LOCAL:
        return OLD_GO_UNBLOCK;
    case OLD_GO_SYS_EXIT_LOCAL:
        return OLD_GO_SYS_EXIT;
    default:
        return type;
    }
}

static int take_event(struct parser *parser, struct proc *proc)
{
    struct old_trace *trace = parser->trace;
    struct move move = move_of(&proc->event);

    parser->raw.offset = proc->event.offset;
    if (!ROOM(trace->events, trace->n_events, trace->capacity))
        return no_memory(parser);
    struct old_event *event = &trace->events[trace->n_events++];
    *event = proc->event;
    if (event->type == OLD_GO_SYS_EXIT_LOCAL)
        event->args[2] = 0;
    event->type = plain_type(event->type);
    proc->has_event = false;
    return apply(parser, &move);
}

static int merge(struct parser *parser)
{
    struct proc **waiting = calloc(2 * parser->n_procs, sizeof *waiting);
    struct ready ready = {waiting ? waiting + parser->n_procs : NULL, 0};
    size_t n_waiting = parser->n_procs;
    int r = waiting ? 0 : no_memory(parser);

    for (size_t i = 0; r == 0 && i < parser->n_procs; i++)
        waiting[i] = &parser->procs[i];
    while (r == 0) {
        r = gather(parser, waiting, &n_waiting, &ready);
        if (r < 0 || ready.n == 0)
            break;
        struct proc *proc = pop(&ready);
        r = take_event(parser, proc);
        waiting[n_waiting++] = proc;
    }
    for (size_t i = 0; r == 0 && i < parser->n_procs; i++)
        if (!parser->procs[i].done)
            r = fault_set(parser->fault, GXT_EORDER, parser->procs[i].event.offset,
                          "no consistent ordering of events possible: processor %d waits", parser->procs[i].p);
    free(waiting);
    return r;
}

/* ---- times ---- */

/* A system call's return is written late, with the time at which it happened. */
static int retime_exits(struct parser *parser)
{
    struct old_trace *trace = parser->trace;
    struct map blocks = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < trace->n_events; i++) {
        struct old_event *event = &trace->events[i];
        uint32_t at;
        parser->raw.offset = event->offset;
        if (event->type == OLD_GO_SYS_BLOCK || event->type == OLD_GO_IN_SYSCALL) {
            r = i >= MAP_NONE || map_put(&blocks, event->g, (uint32_t)i) < 0 ? no_memory(parser) : 0;
        } else if (event->type == OLD_GO_SYS_EXIT && event->args[2] != 0) {
            at = map_get(&blocks, event->g);
            int64_t block = at == MAP_NONE ? 0 : trace->events[at].time;
            if (block == 0)
                r = CORRUPT(parser, "stray syscall exit");
            else if ((int64_t)event->args[2] < block)
                r = CORRUPT(parser, "time stamps out of order");
            else
                event->time = (int64_t)event->args[2];
        }
    }
    map_done(&blocks);
    return r;
}

/* Runs of rising times are merged, two by two; what is equal keeps its order. */
static bool sort_by_time(struct old_event *events, size_t n)
{
    struct old_event *other = NULL, *from = events, *to;
    bool sorted = false;

    while (!sorted) {
        size_t out = 0, at = 0, n_runs = 0;
        for (size_t i = 1; i < n && from == events; i++)
            n_runs += events[i].time < events[i - 1].time;
        if (from == events && n_runs == 0)
            break;
        if (!other && !(other = malloc(n * sizeof *other)))
            return false;
        to = from == events ? other : events;
        n_runs = 0;
        while (at < n) {
            size_t left = at, middle = at + 1;
            while (middle < n && from[middle].time >= from[middle - 1].time)
                middle++;
            size_t right = middle, end = middle;
            while (end < n && (end == middle || from[end].time >= from[end - 1].time))
                end++;
            while (left < middle || right < end)
                to[out++] = right >= end || (left < middle && from[left].time <= from[right].time) ? from[left++]
                                                                                                   : from[right++];
            at = end;
            n_runs++;
        }
        from = to;
        sorted = n_runs <= 1;
    }
    if (from != events)
        memcpy(events, other, n * sizeof *events);
    free(other);
    return true;
}

static int order_times(struct parser *parser)
{
    struct old_trace *trace = parser->trace;

    for (size_t i = 1; i < trace->n_events; i++) {
        parser->raw.offset = trace->events[i].offset;
        if (trace->events[i].time < trace->events[i - 1].time)
            return CORRUPT(parser, "time stamps out of order");
    }
    int r = retime_exits(parser);
    if (r < 0)
        return r;
    return sort_by_time(trace->events, trace->n_events) ? 0 : no_memory(parser);
}

static void to_nanoseconds(struct parser *parser)
{
    struct old_trace *trace = parser->trace;
    int64_t first = trace->n_events > 0 ? trace->events[0].time : 0;
    double ns_per_tick = 1e9 / (double)parser->ticks_per_second;

    for (size_t i = 0; i < trace->n_events; i++) {
        struct old_event *event = &trace->events[i];
        double ns = (double)(int64_t)((uint64_t)event->time - (uint64_t)first) * ns_per_tick;
        event->time = ns >= -0x1p63 && ns < 0x1p63 ? (int64_t)ns : INT64_MIN;
        if (event->type == OLD_GO_UNBLOCK && map_get(&parser->timers, event->g) != MAP_NONE)
            event->p = TIMER_P;
        if (event->type == OLD_GO_SYS_EXIT)
            event->p = SYSCALL_P;
    }
}

/* ---- tables ---- */

static const char *const own_strings[N_OWN_STRINGS] = {
    [OWN_FOREVER] = "forever",
    [OWN_PREEMPTED] = "preempted",
    [OWN_GOSCHED] = "runtime.Gosched",
    [OWN_SLEEP] = "sleep",
    [OWN_CHAN_SEND] = "chan send",
    [OWN_CHAN_RECEIVE] = "chan receive",
    [OWN_NETWORK] = "network",
    [OWN_SYNC] = "sync",
    [OWN_COND] = "sync.(*Cond).Wait",
    [OWN_SELECT] = "select",
    [OWN_EMPTY] = "",
    [OWN_MARK_ASSIST] = "GC mark assist wait for work",
    [OWN_STW] = "",
    "GC mark termination",
    "GC sweep termination",
    "write heap dump",
    "goroutine profile",
    "goroutine profile cleanup",
    "all goroutine stack trace",
    "read mem stats",
    "AllThreadsSyscall",
    "GOMAXPROCS",
    "start trace",
    "stop trace",
    "CountPagesInUse (test)",
    "ReadMetricsSlow (test)",
    "ReadMemStatsSlow (test)",
    "PageCachePagesLeaked (test)",
    "ResetDebugLog (test)",
};

static int push_string(struct parser *parser, uint64_t id, const struct gxt_string *string)
{
    if (!ROOM(parser->strings, parser->n_strings, parser->strings_capacity))
        return no_memory(parser);
    parser->strings[parser->n_strings++] = (struct gen_entry){id, string};
    return 0;
}

/* The trace's own strings, then the messages of its logs, then ours. */
static int make_strings(struct parser *parser)
{
    struct old_trace *trace = parser->trace;
    size_t n_own = parser->n_messages + N_OWN_STRINGS, bad;
    int r = 0;

    if (parser->max_string > UINT64_MAX - n_own - 1)
        return fault_set(parser->fault, GXT_ECORRUPT, trace->begin, "the trace contains too many strings");
    for (size_t i = 0; r == 0 && i < parser->n_messages; i++)
        r = push_string(parser, parser->max_string + 1 + i, parser->messages[i]);
    trace->first_own_id = parser->max_string + 1 + parser->n_messages;
    for (size_t i = 0; r == 0 && i < N_OWN_STRINGS; i++) {
        const struct gxt_string *string;
        r = pool_string(trace->pool, own_strings[i], strlen(own_strings[i]), &string) < 0
                ? no_memory(parser)
                : push_string(parser, trace->first_own_id + i, string);
    }
    if (r == 0 && gen_table_build(&trace->gen.strings, parser->strings, parser->n_strings, &bad) < 0)
        r = no_memory(parser);
    for (size_t i = 0; r == 0 && i < trace->n_events; i++)
        if (trace->events[i].type == OLD_USER_LOG)
            trace->events[i].args[2] += parser->max_string + 1;
    return r;
}

static const struct gxt_string *string_of(const struct parser *parser, uint64_t id)
{
    return id == 0 ? parser->trace->gen.empty : gen_table_get(&parser->trace->gen.strings, id);
}

/* A stack with a name that the trace does not have is not made: it is a fault only where an event needs it. */
static int make_stack(struct parser *parser, const struct stack *stack, const struct gxt_stack **ret)
{
    struct gxt_frame frames[MOST_FRAMES];

    *ret = NULL;
    for (uint32_t i = 0; i < stack->n; i++) {
        const struct frame *frame = &parser->frames[map_get(&parser->frame_places, parser->pcs[stack->offset + i])];
        frames[i] =
            (struct gxt_frame){frame->pc, frame->line, string_of(parser, frame->func), string_of(parser, frame->file)};
        if (!frames[i].func || !frames[i].file)
            return 0;
    }
    return pool_stack(parser->trace->pool, frames, stack->n, ret) < 0 ? no_memory(parser) : 0;
}

static int make_stacks(struct parser *parser)
{
    struct gen_entry *entries = calloc(parser->n_stacks + 1, sizeof *entries);
    size_t n = 0, bad;
    int r = entries ? 0 : no_memory(parser);

    for (uint64_t slot = 0; r == 0 && parser->stack_places.slots && slot <= parser->stack_places.mask; slot++) {
        const struct map_slot *it = &parser->stack_places.slots[slot];
        const struct gxt_stack *stack;
        if (it->value == MAP_NONE)
            continue;
        r = make_stack(parser, &parser->stacks[it->value], &stack);
        if (r == 0 && stack)
            entries[n++] = (struct gen_entry){it->key, stack};
    }
    if (r == 0 && gen_table_build(&parser->trace->gen.stacks, entries, n, &bad) < 0)
        r = no_memory(parser);
    free(entries);
    return r;
}

/* ---- all of it ---- */

/* Events that name a stack without frames, or none at all, have none. */
static void drop_empty_stacks(struct parser *parser)
{
    for (size_t i = 0; i < parser->trace->n_events; i++)
        if (map_get(&parser->stack_places, parser->trace->events[i].stack) == MAP_NONE)
            parser->trace->events[i].stack = 0;
}

static int order_procs(struct parser *parser)
{
    if (parser->n_procs > 0)
        qsort(parser->procs, parser->n_procs, sizeof *parser->procs, by_p);
    gen_sort(parser->samples, parser->n_samples, sizeof *parser->samples);
    if (!ROOM(parser->procs, parser->n_procs, parser->procs_capacity))
        return no_memory(parser);
    parser->procs[parser->n_procs++] = (struct proc){.p = PROFILE_P, .first_batch = MAP_NONE, .last_batch = MAP_NONE};
    return 0;
}

static int read_all(struct parser *parser)
{
    int r = find_batches(parser);
    if (r == 0)
        r = order_procs(parser);
    if (r == 0)
        r = merge(parser);
    if (r == 0)
        r = order_times(parser);
    if (r == 0 && parser->ticks_per_second == 0)
        r = fault_set(parser->fault, GXT_ECORRUPT, parser->trace->begin, "no frequency event found");
    if (r == 0) {
        to_nanoseconds(parser);
        drop_empty_stacks(parser);
        r = old_check(parser->trace, parser->fault);
    }
    if (r == 0)
        r = make_strings(parser);
    return r == 0 ? make_stacks(parser) : r;
}

static void parser_done(struct parser *parser)
{
    free(parser->procs);
    free(parser->batches);
    free(parser->samples);
    free(parser->strings);
    free(parser->messages);
    free(parser->frames);
    free(parser->stacks);
    free(parser->pcs);
    free(parser->gs);
    map_done(&parser->proc_places);
    map_done(&parser->string_places);
    map_done(&parser->message_places);
    map_done(&parser->frame_places);
    map_done(&parser->stack_places);
    map_done(&parser->timers);
    map_done(&parser->g_places);
    free(parser);
}

int old_read(struct old_trace *trace, struct gxt_error *fault)
{
    struct parser *parser = calloc(1, sizeof *parser);
    int r;

    if (!parser)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
    parser->trace = trace;
    parser->fault = fault;
    trace->gen.source = trace->source;
    trace->gen.dir.number = 1;
    trace->gen.dir.begin = trace->begin;
    trace->gen.dir.end = trace->source->size;
    r = pool_string(trace->pool, "", 0, &trace->gen.empty) < 0 ? no_memory(parser) : read_all(parser);
    parser_done(parser);
    return r;
}

void old_done(struct old_trace *trace)
{
    free(trace->events);
    trace->events = NULL;
    trace->n_events = trace->capacity = 0;
    gen_done(&trace->gen);
}
