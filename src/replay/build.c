/* build.c
 *
 * In: a trace. Out: its sidecar, one commit for each generation. Never: more of the trace in memory than a walk has.
 *
 *     open what is there ──► does it fit? ──► walk from its last checkpoint ──► at each boundary: put, commit
 *             │                  │ no                                               │ the end, or the trace's fault
 *             └── none ──────────┴──► a new one                                     └──► commit as complete
 */
#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

struct builder {
    struct gxt_trace *trace;
    const struct gxt_build_options *options;
    struct store *store;
    struct gxt_cursor *cursor; /* without an index: the trace is the truth */
    struct store_meta meta;
    struct store_generation record; /* of the generation being read */
    bool in_generation;
    struct store_place *places; /* where the generation being read has checkpoints inside */
    size_t n_places, places_capacity;
    uint64_t next_place;    /* ordinal at which the next one is due */
    uint64_t inside_bytes;  /* of snapshots inside generations, so far */
    uint64_t inside_events; /* between two of them, at least */
    struct gen_entry *entries;
    size_t entries_capacity;
    struct gen_dir dir;
    struct buf snapshot;
    struct timespec told;
    struct gxt_error *fault;
};

static int no_memory(const struct builder *builder)
{
    return fault_set(builder->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the index");
}

/* ---- what is there already ---- */

static uint64_t chain(uint64_t hash, uint64_t next)
{
    return hash_bytes_seed(&next, sizeof next, hash);
}

static uint64_t hash_range(const struct source *source, uint64_t begin, uint64_t end)
{
    return begin < end ? hash_bytes(source->at + begin, (size_t)(end - begin)) : 0;
}

/* What follows the last generation kept when a build ends: nothing, or what could not be read. */
static uint64_t tail_hash(const struct builder *builder, uint64_t covered_hash)
{
    const struct source *source = &builder->trace->source;
    return chain(covered_hash, hash_range(source, builder->meta.covered_bytes, source->size));
}

static void add_counts(uint64_t sum[GXT_N_KINDS], const uint64_t counts[GXT_N_KINDS])
{
    for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
        sum[kind] += counts[kind];
}

/* Counts a generation in, in which @record is the next. */
static void add_generation(struct store_meta *meta, const struct store_generation *record)
{
    if (meta->n_events == 0)
        meta->first_ns = record->facts.first_ns;
    meta->last_ns = record->facts.last_ns;
    meta->n_events += record->facts.n_events;
    add_counts(meta->n_by_kind, record->facts.n_by_kind);
    meta->covered_bytes = record->facts.end;
    meta->covered_hash = chain(meta->covered_hash, record->hash);
    meta->n_generations++;
}

/* Sums up the generations that are good, having read their bytes again. GXT_ESTALE when these are other bytes now. */
static int resume_from(struct builder *builder, const struct store_meta *old, uint64_t n_generations)
{
    const struct source *source = &builder->trace->source;
    struct store_meta *meta = &builder->meta;

    *meta = (struct store_meta){.fingerprint = builder->trace->facts.fingerprint,
                                .version = old->version,
                                .trace_bytes = source->size,
                                .n_strings = old->n_strings,
                                .n_stacks = old->n_stacks,
                                .covered_bytes = builder->trace->begin};
    for (uint64_t generation = 0; generation < n_generations; generation++) {
        struct store_generation record;
        int r = store_generation(builder->store, generation, &record, builder->fault);
        if (r < 0)
            return r == GXT_ENOENT ? GXT_EINDEX : r;
        if (record.facts.begin != meta->covered_bytes || record.facts.end > source->size ||
            hash_range(source, record.facts.begin, record.facts.end) != record.hash)
            return fault_set(builder->fault, GXT_ESTALE, record.facts.begin,
                             "the trace has changed since it was indexed");
        add_generation(meta, &record);
    }
    return 0;
}

static int restore_walk(struct builder *builder)
{
    struct store_meta *meta = &builder->meta;

    walk_reset(builder->cursor);
    if (meta->n_generations > 0 && builder->cursor->order) {
        int r = store_checkpoint(builder->store, meta->n_generations, &builder->snapshot, builder->fault);
        if (r == 0)
            r = order_restore(builder->cursor->order, builder->snapshot.at, builder->snapshot.size, builder->fault);
        if (r == 0 && order_generations(builder->cursor->order) != meta->n_generations)
            r = GXT_EINDEX;
        if (r < 0)
            return r == GXT_ENOENT ? GXT_EINDEX : r;
    }
    cursor_place(builder->cursor, meta->n_events, meta->n_generations);
    return 0;
}

/* Goes on with the sidecar that is open. 1: nothing is left to do; 0: the walk stands where it ends; GXT_ESTALE and
 * GXT_EINDEX: it does not fit. */
static int resume(struct builder *builder)
{
    struct store_meta old;
    struct index_cover cover;

    int r = index_look(builder->trace, builder->store, &old, &cover, builder->fault);
    if (r == GXT_ENOENT) {
        builder->meta = (struct store_meta){.fingerprint = builder->trace->facts.fingerprint,
                                            .version = builder->trace->facts.version,
                                            .trace_bytes = builder->trace->source.size,
                                            .covered_bytes = builder->trace->begin};
        return restore_walk(builder);
    }
    if (r == 0)
        r = resume_from(builder, &old, cover.n_generations);
    if (r < 0)
        return r;
    if (cover.up_to_date && tail_hash(builder, builder->meta.covered_hash) == old.covered_hash) {
        builder->meta = old;
        return 1;
    }
    if (cover.up_to_date && old.fault.code == 0)
        return fault_set(builder->fault, GXT_ESTALE, GXT_NO_OFFSET, "the trace has changed since it was indexed");
    r = restore_walk(builder);
    if (r == 0)
        r = store_forget(builder->store, cover.n_generations, builder->fault);
    return r;
}

static int open_store(struct builder *builder, const char *path, bool fresh)
{
    struct stat status;
    unsigned mode = fstat(builder->trace->source.fd, &status) == 0 ? status.st_mode & 0666 : 0600;

    return store_create(path, mode, fresh, &builder->store, builder->fault);
}

/* Opens the sidecar at the place where the build goes on. 1: it is complete. */
static int open_to_go_on(struct builder *builder, const char *path)
{
    bool fresh = builder->options->rebuild;

    int r = open_store(builder, path, fresh);
    if (r == 0)
        r = resume(builder);
    if (r >= 0 || fresh || (r != GXT_EINDEX && r != GXT_ESTALE))
        return r;
    /* What does not fit is replaced; the store refuses where it is another program's file. */
    builder->store = store_close(builder->store);
    r = open_store(builder, path, true);
    return r == 0 ? resume(builder) : r;
}

/* ---- one generation ---- */

static void begin_generation(struct builder *builder, const struct gxt_event *sync)
{
    const struct gen *gen = walk_gen(builder->cursor);

    builder->in_generation = true;
    builder->n_places = 0;
    builder->next_place = sync->ordinal + 1 + builder->inside_events;
    builder->record = (struct store_generation){
        .facts = {.number = gen->dir.number,
                  .begin = gen->dir.begin,
                  .end = gen->dir.end,
                  .first_ordinal = sync->ordinal,
                  .first_ns = sync->time_ns,
                  .ns_per_tick = gen->ns_per_tick,
                  .n_batches = gen->dir.n_batches,
                  .n_threads = gen->n_lanes,
                  .n_strings = gen->strings.n,
                  .n_stacks = gen->stacks.n,
                  .n_samples = gen->n_samples},
        .hash = hash_range(&builder->trace->source, gen->dir.begin, gen->dir.end),
    };
}

static int list_entries(struct builder *builder, const struct gen_table *table)
{
    if (table->n > builder->entries_capacity) {
        struct gen_entry *grown = realloc(builder->entries, table->n * sizeof *grown);
        if (!grown)
            return no_memory(builder);
        builder->entries = grown;
        builder->entries_capacity = table->n;
    }
    gen_entries(table, builder->entries);
    return 0;
}

static int put_string(struct builder *builder, const struct gxt_string *string)
{
    bool is_new;
    int r = store_put_string(builder->store, string, &is_new, builder->fault);
    if (r == 0)
        builder->meta.n_strings += is_new;
    return r;
}

static int put_stack(struct builder *builder, const struct gxt_stack *stack)
{
    bool is_new;
    int r = store_put_stack(builder->store, stack, &is_new, builder->fault);
    if (r < 0 || !is_new)
        return r;
    builder->meta.n_stacks++;
    for (size_t i = 0; r == 0 && i < stack->n_frames; i++) {
        r = put_string(builder, stack->frames[i].func);
        if (r == 0)
            r = put_string(builder, stack->frames[i].file);
    }
    return r;
}

/* A table's content, and unless its generation is lost the ids that it has there. */
static int put_table(struct builder *builder, const struct gen_table *table, bool stacks, bool with_ids)
{
    int r = list_entries(builder, table);

    for (size_t i = 0; r == 0 && i < table->n; i++)
        r = stacks ? put_stack(builder, builder->entries[i].content) : put_string(builder, builder->entries[i].content);
    if (r == 0 && with_ids)
        r = store_put_table(builder->store, builder->meta.n_generations, stacks, builder->entries, table->n,
                            builder->fault);
    return r;
}

static int put_tables(struct builder *builder, bool with_ids)
{
    const struct gen *gen = walk_gen(builder->cursor);
    int r = put_table(builder, &gen->strings, false, with_ids);

    return r == 0 ? put_table(builder, &gen->stacks, true, with_ids) : r;
}

static int put_dir(struct builder *builder)
{
    const struct gen_dir *dir = &walk_gen(builder->cursor)->dir;
    struct gen_batch *batches = realloc(builder->dir.batches, (dir->n_batches + 1) * sizeof *batches);

    if (!batches)
        return no_memory(builder);
    memcpy(batches, dir->batches, dir->n_batches * sizeof *batches);
    builder->dir = *dir;
    builder->dir.batches = batches;
    gen_dir_hash(&builder->dir, &builder->trace->source);
    return store_put_dir(builder->store, builder->meta.n_generations, &builder->dir, builder->fault);
}

static int put_checkpoint(struct builder *builder)
{
    order_save(builder->cursor->order, &builder->snapshot);
    if (builder->snapshot.failed)
        return no_memory(builder);
    return store_put_checkpoint(builder->store, builder->meta.n_generations, builder->snapshot.at,
                                builder->snapshot.size, builder->fault);
}

static int end_generation(struct builder *builder)
{
    int r = put_tables(builder, true);
    if (r == 0)
        r = put_dir(builder);
    if (r == 0)
        r = store_put_places(builder->store, builder->meta.n_generations, builder->places, builder->n_places,
                             builder->fault);
    if (r == 0)
        r = store_put_generation(builder->store, builder->meta.n_generations, &builder->record, builder->fault);
    if (r < 0)
        return r;
    add_generation(&builder->meta, &builder->record);
    builder->in_generation = false;
    builder->meta.rising = walk_is_rising(builder->cursor);
    r = put_checkpoint(builder);
    if (r == 0)
        r = store_commit(builder->store, &builder->meta, builder->fault);
    source_release(&builder->trace->source, builder->record.facts.begin, builder->record.facts.end);
    return r;
}

/* ---- checkpoints inside a generation ---- */

/* A seek rolls over so many events at most, as long as the snapshots do not take more than a share of the trace: where
 * there are many goroutines, they are further apart. */
enum {
    INSIDE_EVENTS = 16384,
    INSIDE_SHARE = 40, /* of the trace's bytes read, one in so many */
    INSIDE_AT_ONCE = 64 << 10,
};

static int put_inside(struct builder *builder, const struct gxt_event *last)
{
    struct gxt_cursor *cursor = builder->cursor;
    uint64_t allowed = cursor_bytes(cursor) / INSIDE_SHARE + INSIDE_AT_ONCE;

    builder->next_place = cursor->ordinal + builder->inside_events;
    if (builder->inside_bytes + builder->snapshot.size > allowed) /* the last one's size is about this one's */
        return 0;
    order_save(cursor->order, &builder->snapshot);
    struct store_place *grown =
        array_grow(builder->places, builder->n_places, &builder->places_capacity, sizeof *grown);
    if (grown)
        builder->places = grown;
    if (builder->snapshot.failed || !grown)
        return no_memory(builder);
    builder->inside_bytes += builder->snapshot.size;
    builder->places[builder->n_places] = (struct store_place){cursor->ordinal, last->time_ns};
    return store_put_inside(builder->store, builder->meta.n_generations, builder->n_places++, builder->snapshot.at,
                            builder->snapshot.size, builder->fault);
}

/* ---- the walk ---- */

static int64_t milliseconds_since(const struct timespec *then)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - then->tv_sec) * 1000 + (now.tv_nsec - then->tv_nsec) / 1000000;
}

static int tell(struct builder *builder)
{
    const struct gxt_build_options *options = builder->options;
    struct gxt_progress progress = {.bytes_done = cursor_bytes(builder->cursor),
                                    .bytes_total = builder->trace->source.size,
                                    .events_done = builder->cursor->ordinal,
                                    .generations_done = builder->meta.n_generations};

    if (!options->progress)
        return 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &builder->told);
    if (options->progress(options->user, &progress) == 0)
        return 0;
    return fault_set(builder->fault, GXT_ECANCELED, GXT_NO_OFFSET, "stopped as asked");
}

static void count(struct gxt_generation *facts, const struct gxt_event *event)
{
    facts->n_events++;
    facts->n_by_kind[event->kind]++;
    facts->last_ns = event->time_ns;
}

/* How many events between two looks at the clock. */
#define LOOK_MASK ((UINT64_C(1) << 14) - 1)

/* Up to the trace's end, 0, or its fault. What is not in a generation, the last Sync, is left in the record. */
static int walk(struct builder *builder)
{
    struct gxt_cursor *cursor = builder->cursor;
    const struct gxt_event *event;
    int r;

    builder->record = (struct store_generation){0};
    while ((r = cursor_next(cursor, &event)) > 0) {
        if (event->kind == GXT_KIND_SYNC && walk_generations(cursor) > builder->meta.n_generations)
            begin_generation(builder, event);
        if (!builder->in_generation)
            builder->record.facts.first_ns = event->time_ns;
        count(&builder->record.facts, event);
        if (cursor->ordinal >= builder->next_place && builder->in_generation && cursor->order &&
            !walk_at_boundary(cursor) && order_can_save(cursor->order) && (r = put_inside(builder, event)) < 0)
            return r;
        if (builder->in_generation && walk_at_boundary(cursor)) {
            if ((r = end_generation(builder)) < 0 || (r = tell(builder)) < 0)
                return r;
            builder->record = (struct store_generation){0};
        }
        if ((event->ordinal & LOOK_MASK) == 0 && milliseconds_since(&builder->told) >= 100 && (r = tell(builder)) < 0)
            return r;
    }
    if (r < 0)
        *builder->fault = cursor->error;
    return r;
}

/* Says in the sidecar that it covers the trace: all of it, or up to @code's fault. */
static int complete(struct builder *builder, int code)
{
    struct store_meta *meta = &builder->meta;
    const struct gxt_generation *rest = &builder->record.facts;
    struct gxt_error fault = code < 0 ? *builder->fault : (struct gxt_error){0};
    int r = builder->in_generation ? put_tables(builder, false) : 0;

    if (r < 0)
        return r;
    meta->complete = true;
    meta->rising = walk_is_rising(builder->cursor);
    meta->covered_hash = tail_hash(builder, meta->covered_hash);
    meta->fault = fault;
    if (meta->n_events == 0)
        meta->first_ns = rest->first_ns;
    if (rest->n_events > 0)
        meta->last_ns = rest->last_ns;
    meta->n_events += rest->n_events;
    add_counts(meta->n_by_kind, rest->n_by_kind);
    r = store_commit(builder->store, meta, builder->fault);
    if (r == 0 && code < 0)
        *builder->fault = fault;
    return r < 0 ? r : code;
}

static int run(struct builder *builder, const char *path)
{
    int r = open_to_go_on(builder, path);
    if (r > 0) {
        *builder->fault = builder->meta.fault;
        return builder->meta.fault.code;
    }
    if (r == 0)
        r = tell(builder);
    if (r == 0 && builder->meta.n_generations == 0 && builder->cursor->order)
        r = put_checkpoint(builder);
    if (r < 0)
        return r;
    r = walk(builder);
    return r == 0 || cursor_is_trace_fault(r) ? complete(builder, r) : r;
}

static const struct gxt_build_options defaults = GXT_BUILD_OPTIONS_INIT;

int build(struct gxt_trace *trace, const char *path, const struct gxt_build_options *options, struct gxt_error *fault)
{
    struct gxt_error own;
    struct builder builder = {.trace = trace, .options = options ? options : &defaults, .fault = fault ? fault : &own};
    char *place = NULL;
    int r = 0;

    builder.inside_events = builder.options->checkpoint_events ? builder.options->checkpoint_events : INSIDE_EVENTS;
    if (builder.options->size != sizeof *options)
        return fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET,
                         "build options of an unknown size: begin with GXT_BUILD_OPTIONS_INIT");
    if (!path) {
        r = place_of_index(trace->source.path, &place, builder.fault);
        if (r == 0)
            r = place_make_folder(place, builder.fault);
    }
    if (r == 0 && (r = cursor_new(trace, NULL, &builder.cursor)) < 0)
        r = no_memory(&builder);
    if (r == 0)
        r = run(&builder, path ? path : place);

    (void)store_close(builder.store);
    (void)cursor_free(builder.cursor);
    buf_done(&builder.snapshot);
    free(builder.dir.batches);
    free(builder.entries);
    free(builder.places);
    free(place);
    return r;
}
