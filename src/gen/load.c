/* load.c
 *
 * In: the directory of a generation. Out: its lanes, strings, stacks, clock and samples. Never: an event decoded.
 *
 * Tables are checked here and as a whole: a generation whose tables are wrong gives no event at all, as in Go's reader.
 * One that recovers goes without what is wrong.
 * Strings may come after the stacks that name them, so stacks are gathered first and made last.
 */
#include "gen.h"

#include <stdlib.h>

/* A frame as a stack batch writes it, once for each PC: the first one seen for a PC stands for all (Go's evTable.pcs).
 */
struct loaded_frame {
    uint64_t pc, func, file, line;
};

/* A stack that waits for the strings: its frames are refs[first … first + n). */
struct loaded_stack {
    uint64_t id;
    uint64_t offset; /* of its record */
    size_t first;
    uint32_t n;
};

/* What is gathered while a generation loads, and forgotten when it is loaded. */
struct load {
    struct gen *gen;
    const struct source *source;
    struct pool *pool;
    struct gxt_error *fault;
    int version;
    bool has_frequency;
    struct gen_entry *strings;
    size_t n_strings, strings_capacity;
    struct loaded_stack *stacks;
    size_t n_stacks, stacks_capacity;
    uint32_t *refs; /* into frames */
    size_t n_refs, refs_capacity;
    struct loaded_frame *frames;
    size_t n_frames, frames_capacity;
    struct map pcs; /* pc to place in frames */
};

static int corrupt(struct load *load, const uint8_t *at, const char *sentence)
{
    return fault_set(load->fault, GXT_ECORRUPT, (uint64_t)(at - load->source->at), "%s", sentence);
}

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a generation's tables");
}

/* Whether a fault is to be left out, which costs what stands from it to @end. */
static bool leave_out(struct load *load, int code, uint64_t end)
{
    struct gen_dir *dir = &load->gen->dir;

    if (!dir->recovers || (code != GXT_ECORRUPT && code != GXT_ETRUNCATED))
        return false;
    if (!dir->hashed) /* else it is counted already */
        loss_note(&dir->loss, load->fault, load->fault->offset < end ? end - load->fault->offset : 0);
    *load->fault = (struct gxt_error){0};
    return true;
}

/* Makes room for one more and names the array's new place. */
#define ROOM(load, field, n)                                                                                           \
    __extension__({                                                                                                    \
        void *grown_ = array_grow((load)->field, (load)->n, &(load)->field##_capacity, sizeof *(load)->field);         \
        if (grown_)                                                                                                    \
            (load)->field = grown_;                                                                                    \
        grown_ != NULL;                                                                                                \
    })

static int load_strings(struct load *load, struct span in)
{
    in.at++; /* the batch's own type byte */
    while (span_size(in) > 0) {
        const uint8_t *record = in.at;
        uint64_t id, size;

        if (*in.at++ != WIRE_STRING)
            return corrupt(load, record, "expected a string in a batch of strings");
        if (wire_varint(&in, &id) < 0 || wire_varint(&in, &size) < 0)
            return corrupt(load, in.at, "a string's id or length is cut");
        if (size > WIRE_MAX_STRING)
            return corrupt(load, record, "a string is longer than 1,024 bytes");
        if (size > span_size(in))
            return corrupt(load, record, "a string is longer than its batch");

        const struct gxt_string *string;
        int r = pool_string(load->pool, in.at, (size_t)size, &string);
        if (r < 0)
            return pool_refused(r, load->fault);
        in.at += size;
        if (!ROOM(load, strings, n_strings))
            return no_memory(load->fault);
        load->strings[load->n_strings++] = (struct gen_entry){id, string};
    }
    return 0;
}

static int load_frame(struct load *load, struct span *in)
{
    struct loaded_frame frame;

    if (wire_varint(in, &frame.pc) < 0 || wire_varint(in, &frame.func) < 0 || wire_varint(in, &frame.file) < 0 ||
        wire_varint(in, &frame.line) < 0)
        return corrupt(load, in->at, "a frame of a stack is cut");

    uint32_t place = map_get(&load->pcs, frame.pc);
    if (place == MAP_NONE) {
        if (load->n_frames >= MAP_NONE || !ROOM(load, frames, n_frames) ||
            map_put(&load->pcs, frame.pc, (uint32_t)load->n_frames) < 0)
            return no_memory(load->fault);
        place = (uint32_t)load->n_frames;
        load->frames[load->n_frames++] = frame;
    }
    if (!ROOM(load, refs, n_refs))
        return no_memory(load->fault);
    load->refs[load->n_refs++] = place;
    return 0;
}

static int load_stacks(struct load *load, struct span in)
{
    in.at++;
    while (span_size(in) > 0) {
        const uint8_t *record = in.at;
        struct loaded_stack stack = {.first = load->n_refs, .offset = (uint64_t)(record - load->source->at)};
        uint64_t n;

        if (*in.at++ != WIRE_STACK)
            return corrupt(load, record, "expected a stack in a batch of stacks");
        if (wire_varint(&in, &stack.id) < 0 || wire_varint(&in, &n) < 0)
            return corrupt(load, in.at, "a stack's id or length is cut");
        if (n > WIRE_MAX_FRAMES)
            return corrupt(load, record, "a stack has more than 128 frames");
        for (uint64_t i = 0; i < n; i++) {
            int r = load_frame(load, &in);
            if (r < 0)
                return r;
        }
        stack.n = (uint32_t)n;
        if (!ROOM(load, stacks, n_stacks))
            return no_memory(load->fault);
        load->stacks[load->n_stacks++] = stack;
    }
    return 0;
}

static int load_samples(struct load *load, struct span in)
{
    struct gen *gen = load->gen;

    in.at++;
    while (span_size(in) > 0) {
        const uint8_t *record = in.at;
        uint64_t numbers[5]; /* tick, M, P, G, stack */

        if (*in.at++ != WIRE_CPU_SAMPLE)
            return corrupt(load, record, "expected a CPU sample in a batch of CPU samples");
        for (int i = 0; i < 5; i++)
            if (wire_varint(&in, &numbers[i]) < 0)
                return corrupt(load, in.at, "a CPU sample is cut");
        if (!ROOM(gen, samples, n_samples))
            return no_memory(load->fault);
        gen->samples[gen->n_samples++] = (struct gen_sample){
            .time_ns = (int64_t)numbers[0], /* ticks until the clock is known */
            .thread = (gxt_threadid)numbers[1],
            .proc = (gxt_procid)numbers[2],
            .goroutine = numbers[3] == 0 ? GXT_NO_GOROUTINE : (gxt_goid)numbers[3],
            .stack = numbers[4],
            .offset = (uint64_t)(record - load->source->at),
        };
    }
    return 0;
}

static int load_frequency(struct load *load, struct span *in)
{
    uint64_t frequency;

    if (load->has_frequency)
        return corrupt(load, in->at, "a second frequency in one generation");
    if (wire_varint(in, &frequency) < 0)
        return corrupt(load, in->at, "the frequency is cut");
    load->has_frequency = true;
    load->gen->ns_per_tick =
        1.0 / ((double)frequency / 1e9); /* as Go's setSyncBatch writes it: other forms round otherwise */
    return 0;
}

static int load_snapshot(struct load *load, struct span *in, uint64_t *tick)
{
    struct gen *gen = load->gen;
    uint64_t delta;

    if (gen->has_snapshot)
        return corrupt(load, in->at, "a second clock snapshot in one generation");
    if (wire_varint(in, &delta) < 0 || wire_varint(in, &gen->mono_ns) < 0 || wire_varint(in, &gen->wall_sec) < 0 ||
        wire_varint(in, &gen->wall_nsec) < 0)
        return corrupt(load, in->at, "the clock snapshot is cut");
    *tick += delta;
    gen->snapshot_tick = *tick;
    gen->has_snapshot = true;
    return 0;
}

static int load_sync(struct load *load, struct span in, uint64_t tick)
{
    if (load->version >= 25)
        in.at++; /* the batch's own type byte; before 1.25 the frequency's is the batch's */
    while (span_size(in) > 0) {
        const uint8_t *record = in.at;
        uint8_t type = *in.at++;
        int r;

        if (type == WIRE_FREQUENCY)
            r = load_frequency(load, &in);
        else if (type == WIRE_CLOCK_SNAPSHOT && load->version >= 25)
            r = load_snapshot(load, &in, &tick);
        else
            return fault_set(load->fault, GXT_ECORRUPT, (uint64_t)(record - load->source->at),
                             "expected a frequency or clock snapshot, found event type %u", type);
        if (r < 0)
            return r;
    }
    return 0;
}

static int load_batch(struct load *load, const struct gen_batch *batch)
{
    struct span in = source_span(load->source, batch->offset, batch->size);

    if (batch->kind != GEN_EVENTS && batch->kind != GEN_EXPERIMENTAL) {
        int r = gen_check_batch(load->gen, batch, load->fault);
        if (r < 0)
            return r;
    }
    switch (batch->kind) {
    case GEN_STRINGS:
        return load->gen->known.strings ? 0 : load_strings(load, in);
    case GEN_STACKS:
        return load->gen->known.stacks ? 0 : load_stacks(load, in);
    case GEN_SAMPLES:
        return load_samples(load, in);
    case GEN_SYNC:
        return load_sync(load, in, batch->tick);
    case GEN_STRAY_END:
        return corrupt(load, in.at, "an end of generation in a trace of a version that has none");
    default:
        return 0;
    }
}

static int make_strings(struct load *load)
{
    size_t bad;
    int r = gen_table_build(&load->gen->strings, load->strings, load->n_strings, &bad);

    if (r == GXT_ECORRUPT && load->strings)
        (void)fault_set(load->fault, r, load->gen->dir.begin, "string id %llu is named twice in generation %llu",
                        (unsigned long long)load->strings[bad].local, (unsigned long long)load->gen->dir.number);
    if (r < 0 && leave_out(load, r, 0))
        r = gen_table_build(&load->gen->strings, load->strings, load->n_strings, NULL);
    return r == GXT_ENOMEM ? no_memory(load->fault) : r;
}

static const struct gxt_string *string_of(const struct load *load, uint64_t id)
{
    return id == 0 ? load->gen->empty : gen_table_get(&load->gen->strings, id);
}

static int make_stack(struct load *load, const struct loaded_stack *stack, struct gen_entry *ret)
{
    struct gxt_frame frames[WIRE_MAX_FRAMES];

    for (uint32_t i = 0; i < stack->n; i++) {
        const struct loaded_frame *frame = &load->frames[load->refs[stack->first + i]];
        frames[i] =
            (struct gxt_frame){frame->pc, frame->line, string_of(load, frame->func), string_of(load, frame->file)};
        if (frames[i].func && frames[i].file)
            continue;
        int r = fault_set(load->fault, GXT_ECORRUPT, stack->offset,
                          "stack %llu names a string that is not in the table", (unsigned long long)stack->id);
        if (!leave_out(load, r, 0))
            return r;
        frames[i].func = frames[i].func ? frames[i].func : load->gen->empty;
        frames[i].file = frames[i].file ? frames[i].file : load->gen->empty;
    }
    const struct gxt_stack *made;
    int r = pool_stack(load->pool, frames, stack->n, &made);
    if (r < 0)
        return pool_refused(r, load->fault);
    *ret = (struct gen_entry){stack->id, made};
    return 0;
}

static int make_stacks(struct load *load)
{
    struct gen_entry *entries = malloc((load->n_stacks + 1) * sizeof *entries);
    size_t bad;
    int r = 0;

    if (!entries)
        return no_memory(load->fault);
    for (size_t i = 0; i < load->n_stacks && r == 0; i++)
        r = make_stack(load, &load->stacks[i], &entries[i]);
    if (r < 0)
        goto out;
    r = gen_table_build(&load->gen->stacks, entries, load->n_stacks, &bad);
    if (r == GXT_ECORRUPT && load->stacks)
        (void)fault_set(load->fault, r, load->stacks[bad].offset, "stack id %llu is named twice, or 0",
                        (unsigned long long)load->stacks[bad].id);
    if (r < 0 && leave_out(load, r, 0))
        r = gen_table_build(&load->gen->stacks, entries, load->n_stacks, NULL);
    if (r == GXT_ENOMEM)
        (void)no_memory(load->fault);
out:
    free(entries);
    return r;
}

static void make_samples(struct gen *gen)
{
    for (size_t i = 0; i < gen->n_samples; i++)
        gen->samples[i].time_ns = gen_time(gen->ns_per_tick, (uint64_t)gen->samples[i].time_ns);
    gen_sort(gen->samples, gen->n_samples, sizeof *gen->samples);
}

/* Lanes in the order of their first batches, and each lane's batches side by side in the order of the file. */
static int make_lanes(struct load *load)
{
    struct gen *gen = load->gen;
    struct map threads = {0};
    size_t n_events = 0;
    int r = GXT_ENOMEM;

    for (size_t i = 0; i < gen->dir.n_batches; i++) {
        const struct gen_batch *batch = &gen->dir.batches[i];
        if (batch->kind != GEN_EVENTS)
            continue;
        uint32_t lane = map_get(&threads, (uint64_t)batch->thread);
        if (lane == MAP_NONE) {
            if (!ROOM(gen, lanes, n_lanes) || map_put(&threads, (uint64_t)batch->thread, (uint32_t)gen->n_lanes) < 0)
                goto out;
            lane = (uint32_t)gen->n_lanes;
            gen->lanes[gen->n_lanes++] = (struct gen_lane){.thread = batch->thread};
        }
        gen->lanes[lane].n++;
        n_events++;
    }
    if (n_events > gen->lane_batches_capacity) {
        uint32_t *grown = realloc(gen->lane_batches, n_events * sizeof *grown);
        if (!grown)
            goto out;
        gen->lane_batches = grown;
        gen->lane_batches_capacity = n_events;
    }
    for (size_t lane = 0, first = 0; lane < gen->n_lanes; lane++) {
        gen->lanes[lane].first = first;
        first += gen->lanes[lane].n;
        gen->lanes[lane].n = 0;
    }
    for (size_t i = 0; i < gen->dir.n_batches; i++) {
        if (gen->dir.batches[i].kind != GEN_EVENTS)
            continue;
        struct gen_lane *lane = &gen->lanes[map_get(&threads, (uint64_t)gen->dir.batches[i].thread)];
        gen->lane_batches[lane->first + lane->n++] = (uint32_t)i;
    }
    r = 0;
out:
    map_done(&threads);
    return r < 0 ? no_memory(load->fault) : 0;
}

static int check_clock(struct load *load)
{
    const struct gen_dir *dir = &load->gen->dir;

    if (!load->has_frequency)
        return fault_set(load->fault, GXT_ECORRUPT, dir->begin, "no frequency event found in generation %llu",
                         (unsigned long long)dir->number);
    if (load->version >= 25 && !load->gen->has_snapshot)
        return fault_set(load->fault, GXT_ECORRUPT, dir->begin, "no clock snapshot found in generation %llu",
                         (unsigned long long)dir->number);
    return 0;
}

static int load_all(struct load *load)
{
    for (size_t i = 0; i < load->gen->dir.n_batches; i++) {
        const struct gen_batch *batch = &load->gen->dir.batches[i];
        int r = load_batch(load, batch);
        if (r < 0 && !leave_out(load, r, batch->offset + batch->size))
            return r;
    }
    int r = check_clock(load);
    if (r < 0 && leave_out(load, r, 0)) {
        load->gen->ns_per_tick = load->has_frequency ? load->gen->ns_per_tick : load->gen->usual_ns_per_tick;
        r = 0;
    }
    if (r == 0 && !load->gen->known.strings)
        r = make_strings(load);
    if (r == 0 && !load->gen->known.stacks)
        r = make_stacks(load);
    if (r == 0)
        r = make_lanes(load);
    if (r == 0)
        make_samples(load->gen);
    return r;
}

static void begin(struct gen *gen, const struct source *source)
{
    gen->source = source;
    gen->has_snapshot = false;
    gen->ns_per_tick = 0;
    gen->n_lanes = gen->n_samples = 0;
}

/* Tables that are known, if what is known makes a table: else they are read. */
static int use_known(struct load *load, struct gen_known *known)
{
    struct gen *gen = load->gen;

    gen_known_done(&gen->known);
    gen->strings.pairs = gen->stacks.pairs = NULL;
    gen->known = *known;
    *known = (struct gen_known){0};
    if (!gen->known.strings || !gen->known.stacks) {
        gen_known_done(&gen->known);
        return 0;
    }
    int r = gen_table_know(&gen->strings, &gen->known, false);
    if (r == 0)
        r = gen_table_know(&gen->stacks, &gen->known, true);
    if (r < 0)
        gen_known_done(&gen->known);
    return r == GXT_ENOMEM ? no_memory(load->fault) : 0;
}

void gen_known_done(struct gen_known *known)
{
    free(known->strings);
    free(known->stacks);
    *known = (struct gen_known){0};
}

int gen_load(struct gen *gen, struct gen_dir *dir, const struct source *source, int version, struct pool *pool,
             struct gen_known *known, struct gxt_error *fault)
{
    struct load load = {.gen = gen, .source = source, .pool = pool, .fault = fault, .version = version};
    struct gen_dir taken = *dir;

    *dir = (struct gen_dir){.batches = gen->dir.batches, .capacity = gen->dir.capacity};
    gen->dir = taken;
    begin(gen, source);
    int r = use_known(&load, known);
    if (r == 0 && (r = pool_string(pool, "", 0, &gen->empty)) < 0)
        r = pool_refused(r, load.fault);
    if (r == 0)
        r = load_all(&load);

    free(load.strings);
    free(load.stacks);
    free(load.refs);
    free(load.frames);
    map_done(&load.pcs);
    return r;
}

int gen_clock(struct gen *gen, const struct gen_dir *dir, const struct source *source, int version,
              struct gxt_error *fault)
{
    struct load load = {.gen = gen, .source = source, .fault = fault, .version = version};

    begin(gen, source);
    gen->dir.begin = dir->begin;
    gen->dir.number = dir->number;
    for (size_t i = 0; i < dir->n_batches; i++) {
        int r = dir->batches[i].kind == GEN_SYNC ? load_batch(&load, &dir->batches[i]) : 0;
        if (r < 0)
            return r;
    }
    return check_clock(&load);
}

void gen_done(struct gen *gen)
{
    gen_dir_done(&gen->dir);
    gen_table_done(&gen->strings);
    gen_table_done(&gen->stacks);
    gen_known_done(&gen->known);
    free(gen->lanes);
    free(gen->lane_batches);
    free(gen->samples);
    memset(gen, 0, sizeof *gen);
}

int gen_check_batch(const struct gen *gen, const struct gen_batch *batch, struct gxt_error *fault)
{
    if (!gen->dir.hashed || hash_bytes(gen->source->at + batch->offset, batch->size) == batch->hash)
        return 0;
    return fault_set(fault, GXT_ESTALE, batch->offset, "this batch has changed since the index was made");
}

bool gen_experimental(const struct gen *gen, size_t i, struct gxt_experimental_batch *ret)
{
    for (size_t at = 0; at < gen->dir.n_batches; at++) {
        const struct gen_batch *batch = &gen->dir.batches[at];
        if (batch->kind != GEN_EXPERIMENTAL || i-- > 0)
            continue;
        *ret = (struct gxt_experimental_batch){.experiment = wire_experiment_name(batch->experiment),
                                               .thread = batch->thread,
                                               .data = gen->source->at + batch->offset,
                                               .size_bytes = batch->size};
        return true;
    }
    return false;
}
