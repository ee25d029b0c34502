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
#include <unistd.h>

/* A list of the generation being read, put part by part. */
struct listing {
    uint64_t *cells; /* STORE_LIST_ROWS rows; NULL until there is one */
    size_t n;
    uint32_t chunk;
};

struct builder {
    struct gxt_trace *trace;
    const struct gxt_build_options *options;
    struct store *store;
    struct gxt_cursor *cursor; /* without an index: the trace is the truth */
    struct store_meta meta;
    struct store_generation record; /* of the generation being read */
    bool in_generation;
    uint64_t inside_events; /* between two checkpoints inside it, at least */
    uint64_t n_events;      /* in the trace so far */
    uint64_t block;         /* number of the block being read */
    struct buf group;       /* snapshots inside that are to be put together, … */
    uint64_t n_groups;      /* … after so many groups of this generation */
    struct listing lists[STORE_N_LISTS];
    struct tally tally;
    struct order_snapshot snapshot; /* where the build begins */
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
        meta->n_goroutines = builder->tally.n_goroutines = record.n_goroutines;
    }
    return 0;
}

static int restore_walk(struct builder *builder)
{
    struct store_meta *meta = &builder->meta;

    walk_reset(builder->cursor);
    if (meta->n_generations > 0 && builder->cursor->order) {
        struct buf *bytes = &builder->snapshot.bytes;
        int r = store_checkpoint(builder->store, meta->n_generations, bytes, builder->fault);
        if (r == 0)
            r = order_restore(builder->cursor->order, buf_span(bytes), NULL, builder->fault);
        if (r == 0)
            r = tally_restore(&builder->tally, builder->store, meta->n_generations, builder->fault);
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

/* ---- lists ---- */

static int put_row(struct builder *builder, enum store_list list, const void *row, size_t size)
{
    struct listing *listing = &builder->lists[list];

    if (!listing->cells && !(listing->cells = malloc(STORE_LIST_ROWS * size)))
        return no_memory(builder);
    memcpy((uint8_t *)listing->cells + listing->n++ * size, row, size);
    if (listing->n < STORE_LIST_ROWS)
        return 0;
    listing->n = 0;
    return store_put_rows(builder->store, list, builder->meta.n_generations, listing->chunk++, listing->cells,
                          STORE_LIST_ROWS, builder->fault);
}

/* Puts what is left of a list; another generation's begins. */
static int end_list(struct builder *builder, enum store_list list)
{
    struct listing *listing = &builder->lists[list];
    int r = store_put_rows(builder->store, list, builder->meta.n_generations, listing->chunk, listing->cells,
                           listing->n, builder->fault);

    listing->n = 0;
    listing->chunk = 0;
    return r;
}

static int take_member(void *user, const struct store_member *member)
{
    return put_row(user, STORE_MEMBERS, member, sizeof *member);
}

static int take_ended(void *user, const struct store_goroutine *row)
{
    return put_row(user, STORE_ENDED, row, sizeof *row);
}

static int put_goroutines(struct builder *builder)
{
    struct tally_item **items;
    size_t n;

    if (tally_list(&builder->tally, &items, &n) < 0)
        return no_memory(builder);
    int r = 0;
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct tally_item *item = items[i];
        const struct store_live live = {item->row.id, item->row.n_events, item->last_ns};
        r = put_row(builder, STORE_LIVE, &live, sizeof live);
        if (r == 0 && item->is_first) {
            struct store_goroutine row = item->row;
            row.n_events = row.length_ns = 0;
            r = put_row(builder, STORE_FIRST, &row, sizeof row);
        }
        item->is_first = false;
    }
    free(items);
    static const enum store_list ends[] = {STORE_LIVE, STORE_FIRST, STORE_ENDED};
    for (size_t i = 0; r == 0 && i < sizeof ends / sizeof *ends; i++)
        r = end_list(builder, ends[i]);
    builder->meta.n_goroutines = builder->tally.n_goroutines;
    return r;
}

/* ---- one generation ---- */

static void begin_generation(struct builder *builder, const struct parcel *parcel)
{
    builder->in_generation = true;
    builder->block = builder->n_groups = 0;
    builder->record = (struct store_generation){
        .facts = parcel->facts,
        .hash = hash_range(&builder->trace->source, parcel->facts.begin, parcel->facts.end),
    };
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
static int put_table(struct builder *builder, const struct parcel_table *table, bool stacks, bool with_ids)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < table->n; i++)
        r = stacks ? put_stack(builder, table->entries[i].content) : put_string(builder, table->entries[i].content);
    const enum store_list list = stacks ? STORE_STACKS : STORE_STRINGS;
    for (size_t i = 0; r == 0 && with_ids && i < table->n; i++) {
        const void *content = table->entries[i].content;
        const struct gen_pair pair = {table->entries[i].local, stacks ? ((const struct gxt_stack *)content)->id
                                                                      : ((const struct gxt_string *)content)->id};
        r = put_row(builder, list, &pair, sizeof pair);
    }
    return r == 0 && with_ids ? end_list(builder, list) : r;
}

static int put_tables(struct builder *builder, const struct parcel *parcel, bool with_ids)
{
    int r = put_table(builder, &parcel->strings, false, with_ids);

    return r == 0 ? put_table(builder, &parcel->stacks, true, with_ids) : r;
}

static int put_dir(struct builder *builder, struct parcel *parcel)
{
    gen_dir_hash(&parcel->dir, &builder->trace->source);
    return store_put_dir(builder->store, builder->meta.n_generations, &parcel->dir, builder->fault);
}

static int put_checkpoint(struct builder *builder, const struct order_snapshot *snapshot)
{
    return store_put_checkpoint(builder->store, builder->meta.n_generations, buf_span(&snapshot->bytes), snapshot->cuts,
                                snapshot->n_cuts, builder->fault);
}

/* ---- checkpoints inside a generation ---- */

/* A seek rolls over so many events, and more where a checkpoint has more goroutines to tell of: reading them takes as
 * long as some events. */
enum {
    INSIDE_EVENTS = 16384,
};

static int put_group(struct builder *builder)
{
    int r = 0;

    if (builder->group.size > 0)
        r = store_put_group(builder->store, builder->meta.n_generations, builder->n_groups++, buf_span(&builder->group),
                            NULL, 0, builder->fault);
    builder->group.size = 0;
    return r;
}

/* A small snapshot goes with others, a large one alone. */
static int put_snapshot(struct builder *builder, const struct order_snapshot *snapshot, struct store_place *place)
{
    const bool is_large = snapshot->bytes.size > STORE_GROUP_BYTES / 4;
    int r = 0;

    if (is_large || builder->group.size + snapshot->bytes.size > STORE_GROUP_BYTES)
        r = put_group(builder);
    place->group = builder->n_groups;
    place->size = snapshot->bytes.size;
    if (r < 0)
        return r;
    if (is_large)
        return store_put_group(builder->store, builder->meta.n_generations, builder->n_groups++,
                               buf_span(&snapshot->bytes), snapshot->cuts, snapshot->n_cuts, builder->fault);
    place->offset = builder->group.size;
    buf_put(&builder->group, snapshot->bytes.at, snapshot->bytes.size);
    return builder->group.failed ? no_memory(builder) : 0;
}

static int put_inside(struct builder *builder, const struct parcel *parcel)
{
    struct store_place place = {.ordinal = builder->n_events, .time_ns = builder->record.facts.last_ns};
    struct store_counts counts;

    memcpy(counts.n_by_kind, builder->record.facts.n_by_kind, sizeof counts.n_by_kind);
    int r = put_snapshot(builder, &parcel->snapshot, &place);
    if (r == 0)
        r = put_row(builder, STORE_PLACES, &place, sizeof place);
    if (r == 0)
        r = put_row(builder, STORE_COUNTS, &counts, sizeof counts);
    if (r == 0 && (r = tally_end_block(&builder->tally, builder->block++, take_member, builder)) == GXT_ENOMEM)
        r = no_memory(builder);
    return r;
}

static int end_generation(struct builder *builder, struct parcel *parcel)
{
    static const enum store_list ends[] = {STORE_PLACES, STORE_COUNTS, STORE_MEMBERS};
    const uint64_t generation = builder->meta.n_generations;
    int r = put_tables(builder, parcel, true);

    if (r == 0)
        r = put_dir(builder, parcel);
    if (r == 0)
        r = put_group(builder);
    if (r == 0 && (r = tally_end_block(&builder->tally, builder->block, take_member, builder)) == GXT_ENOMEM)
        r = no_memory(builder);
    for (size_t i = 0; r == 0 && i < sizeof ends / sizeof *ends; i++)
        r = end_list(builder, ends[i]);
    if (r == 0)
        r = put_goroutines(builder);
    /* A build goes on from the last generation, or from the one before it. */
    if (r == 0 && generation >= 2)
        r = store_drop(builder->store, STORE_LIVE, generation - 2, builder->fault);
    builder->record.n_goroutines = builder->tally.n_goroutines;
    if (r == 0)
        r = store_put_generation(builder->store, generation, &builder->record, builder->fault);
    if (r < 0)
        return r;
    add_generation(&builder->meta, &builder->record);
    builder->in_generation = false;
    builder->meta.rising = parcel->rising;
    r = put_checkpoint(builder, &parcel->snapshot);
    if (r == 0)
        r = store_commit(builder->store, &builder->meta, builder->fault);
    source_release(&builder->trace->source, builder->record.facts.begin, builder->record.facts.end);
    return r;
}

/* ---- the walk ---- */

static int64_t milliseconds_since(const struct timespec *then)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - then->tv_sec) * 1000 + (now.tv_nsec - then->tv_nsec) / 1000000;
}

static int tell(struct builder *builder, uint64_t bytes_done)
{
    const struct gxt_build_options *options = builder->options;
    struct gxt_progress progress = {.bytes_done = bytes_done,
                                    .bytes_total = builder->trace->source.size,
                                    .events_done = builder->n_events,
                                    .generations_done = builder->meta.n_generations};

    if (!options->progress)
        return 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &builder->told);
    if (options->progress(options->user, &progress) == 0)
        return 0;
    return fault_set(builder->fault, GXT_ECANCELED, GXT_NO_OFFSET, "stopped as asked");
}

static void count(struct gxt_generation *facts, const struct gxt_event *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        facts->n_by_kind[events[i].kind]++;
    facts->n_events += n;
    facts->last_ns = events[n - 1].time_ns;
}

/* Takes in a parcel's events, and what stands behind them. */
static int take_in(struct builder *builder, struct parcel *parcel)
{
    if (parcel->begins)
        begin_generation(builder, parcel);
    if (parcel->n > 0) {
        if (!builder->in_generation)
            builder->record.facts.first_ns = parcel->events[parcel->n - 1].time_ns;
        count(&builder->record.facts, parcel->events, parcel->n);
        int r = tally_events(&builder->tally, parcel->events, parcel->n);
        if (r < 0)
            return r == GXT_ENOMEM ? no_memory(builder) : r;
        builder->n_events += parcel->n;
    }
    if (parcel->then == PARCEL_PLACE)
        return put_inside(builder, parcel);
    if (parcel->then != PARCEL_BOUNDARY)
        return 0;
    int r = end_generation(builder, parcel);
    if (r == 0)
        r = tell(builder, parcel->bytes_done);
    builder->record = (struct store_generation){0};
    return r;
}

/* Says in the sidecar that it covers the trace: all of it, or up to its fault, the last parcel's. */
static int complete(struct builder *builder, const struct parcel *last)
{
    const int code = last->code;
    struct store_meta *meta = &builder->meta;
    const struct gxt_generation *rest = &builder->record.facts;
    const struct gxt_error fault = code < 0 ? last->fault : (struct gxt_error){0};
    int r = builder->in_generation ? put_tables(builder, last, false) : 0;

    if (r < 0)
        return r;
    meta->n_goroutines = builder->tally.n_goroutines;
    meta->complete = true;
    meta->rising = last->rising;
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

/* Up to the trace's end, 0, or its fault. What is not in a generation, the last Sync, is left in the record. */
static int walk(struct builder *builder, struct feed *feed)
{
    struct parcel *parcel;
    int r = 0;

    builder->record = (struct store_generation){0};
    do {
        parcel = feed_next(feed);
        r = take_in(builder, parcel);
        if (r == 0 && milliseconds_since(&builder->told) >= 100)
            r = tell(builder, parcel->bytes_done);
    } while (r == 0 && parcel->then != PARCEL_LAST);
    if (r < 0)
        return r;
    if (parcel->code == 0 || cursor_is_trace_fault(parcel->code))
        return complete(builder, parcel);
    *builder->fault = parcel->fault;
    return parcel->code;
}

/* Of the threads that there may be, one orders and one writes: more would have nothing to do. */
static bool has_two_threads(const struct gxt_build_options *options)
{
    return options->threads == 0 ? sysconf(_SC_NPROCESSORS_ONLN) > 1 : options->threads > 1;
}

static int run(struct builder *builder, const char *path)
{
    struct feed *feed = NULL;
    int r = open_to_go_on(builder, path);
    if (r > 0) {
        *builder->fault = builder->meta.fault;
        return builder->meta.fault.code;
    }
    builder->n_events = builder->meta.n_events;
    if (r == 0)
        r = tell(builder, cursor_bytes(builder->cursor));
    /* What is saved inside a generation is what has changed since its start was. */
    if (r == 0 && builder->cursor->order && (r = order_save(builder->cursor->order, &builder->snapshot)) < 0)
        return fault_set(builder->fault, r, GXT_NO_OFFSET, "no memory for a checkpoint");
    if (r == 0 && builder->cursor->order && builder->meta.n_generations == 0)
        r = put_checkpoint(builder, &builder->snapshot);
    if (r == 0 && feed_new(builder->cursor, builder->inside_events, has_two_threads(builder->options), &feed) < 0)
        r = no_memory(builder);
    if (r == 0)
        r = walk(builder, feed);
    (void)feed_free(feed);
    return r;
}

static const struct gxt_build_options defaults = GXT_BUILD_OPTIONS_INIT;

int build(struct gxt_trace *trace, const char *path, const struct gxt_build_options *options, struct gxt_error *fault)
{
    struct gxt_error own;
    struct builder builder = {
        .trace = trace, .options = options ? options : &defaults, .tally = TALLY_INIT, .fault = fault ? fault : &own};
    char *place = NULL;
    int r = 0;

    builder.tally.ended = take_ended;
    builder.tally.user = &builder;
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
    order_snapshot_done(&builder.snapshot);
    buf_done(&builder.group);
    for (size_t list = 0; list < STORE_N_LISTS; list++)
        free(builder.lists[list].cells);
    tally_done(&builder.tally);
    free(place);
    return r;
}
