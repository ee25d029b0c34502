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
#include <time.h>

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
    struct parts *parts;       /* what it walks over */
    struct store_meta meta;
    struct part_generation *generation; /* being read; NULL between two, and behind the last */
    struct store_generation record;     /* of it, or of what is in none */
    struct gen_hash hash;               /* of it, … */
    size_t n_hashed;                    /* … and so many of its batches */
    uint64_t expected;                  /* up to here bytes are expected to be read soon */
    uint64_t ordinal;                   /* of the next event */
    uint64_t bytes;                     /* of the file that have been read, about */
    uint64_t n_by_kind[GXT_N_KINDS];    /* events of the record */
    struct buf group;                   /* snapshots inside that are to be put together, … */
    uint64_t n_groups;                  /* … after so many groups of this generation */
    struct listing lists[STORE_N_LISTS];
    struct tally tally;             /* the parts' */
    struct order_snapshot snapshot; /* of where the walk begins */
    struct timespec told;
    struct gxt_error *fault;
};

static int no_memory(const struct builder *builder)
{
    return fault_set(builder->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the index");
}

/* ---- what is there already ---- */

/* Of all generations kept, and of what follows them when a build ends. */
static uint64_t covered_hash(const struct builder *builder)
{
    return cover_tail(&builder->trace->source, builder->meta.covered_bytes, builder->meta.covered_hash);
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
    meta->covered_hash = cover_chain(meta->covered_hash, record->hash);
    meta->n_generations++;
    loss_add(&meta->loss, &record->loss);
    if (meta->loss.first.code == 0)
        meta->n_sound = meta->n_generations;
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
                                .recovers = builder->trace->recovers,
                                .covered_bytes = builder->trace->begin};
    for (uint64_t generation = 0; generation < n_generations; generation++) {
        struct store_generation record;
        int r = store_generation(builder->store, generation, &record, builder->fault);
        if (r < 0)
            return r == GXT_ENOENT ? GXT_EINDEX : r;
        if (record.facts.begin != meta->covered_bytes)
            return fault_set(builder->fault, GXT_ESTALE, record.facts.begin,
                             "the trace has changed since it was indexed");
        r = verify_batches(builder->store, source, generation, &record, true, builder->fault);
        if (r < 0)
            return r == GXT_ENOENT ? GXT_EINDEX : r;
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
                                            .recovers = builder->trace->recovers,
                                            .covered_bytes = builder->trace->begin};
        return restore_walk(builder);
    }
    if (r == 0)
        r = resume_from(builder, &old, cover.n_generations);
    if (r < 0)
        return r;
    if (cover.up_to_date && covered_hash(builder) == old.covered_hash) {
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

static int open_store(struct builder *builder, const char *path, enum store_way way)
{
    /* Who may read the trace may read its index; and who builds it goes on with it, also where the trace is read-only.
     */
    return store_create(path, 0600 | builder->trace->source.mode, way, &builder->store, builder->fault);
}

/* Opens the sidecar at the place where the build goes on. 1: it is complete. */
static int open_to_go_on(struct builder *builder, const char *path)
{
    const bool rebuilds = builder->options->rebuild;

    int r = open_store(builder, path, rebuilds ? STORE_REBUILD : STORE_GO_ON);
    if (r == 0)
        r = resume(builder);
    if (r >= 0 || rebuilds || (r != GXT_EINDEX && r != GXT_ESTALE))
        return r;
    /* What does not fit is replaced; the store refuses where it is another program's file. */
    builder->store = store_close(builder->store);
    r = open_store(builder, path, STORE_REPLACE);
    return r == 0 ? resume(builder) : r;
}

/* ---- lists ---- */

/* @size: of a row */
static int put_rows(struct builder *builder, enum store_list list, const void *rows, size_t n, size_t size)
{
    struct listing *listing = &builder->lists[list];
    const uint8_t *at = rows;
    int r = 0;

    if (!listing->cells && !(listing->cells = malloc(STORE_LIST_ROWS * size)))
        return no_memory(builder);
    for (size_t fit; r == 0 && n > 0; n -= fit, at += fit * size) {
        fit = n < STORE_LIST_ROWS - listing->n ? n : STORE_LIST_ROWS - listing->n;
        memcpy((uint8_t *)listing->cells + listing->n * size, at, fit * size);
        listing->n += fit;
        if (listing->n < STORE_LIST_ROWS)
            continue;
        listing->n = 0;
        r = store_put_rows(builder->store, list, builder->meta.n_generations, listing->chunk++, listing->cells,
                           STORE_LIST_ROWS, builder->fault);
    }
    return r;
}

static int put_row(struct builder *builder, enum store_list list, const void *row, size_t size)
{
    return put_rows(builder, list, row, 1, size);
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

static int put_goroutines(struct builder *builder, const struct part *part)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < part->n_there; i++) {
        const struct tally_item *item = &part->there[i];
        const struct store_live live = {item->row.id, item->row.n_events, item->last_ns};
        r = put_row(builder, STORE_LIVE, &live, sizeof live);
        if (r == 0 && item->is_first) {
            struct store_goroutine row = item->row;
            row.n_events = row.length_ns = 0;
            r = put_row(builder, STORE_FIRST, &row, sizeof row);
        }
    }
    static const enum store_list ends[] = {STORE_LIVE, STORE_FIRST, STORE_ENDED};
    for (size_t i = 0; r == 0 && i < sizeof ends / sizeof *ends; i++)
        r = end_list(builder, ends[i]);
    builder->meta.n_goroutines = part->n_goroutines;
    return r;
}

/* ---- one generation ---- */

/* What is read from here on is another generation's, or nobody's. */
static void begin_record(struct builder *builder)
{
    builder->generation = part_generation_free(builder->generation);
    builder->record = (struct store_generation){0};
    memset(builder->n_by_kind, 0, sizeof builder->n_by_kind);
}

static void begin_generation(struct builder *builder, struct part *part)
{
    struct part_generation *generation = part->begins;

    begin_record(builder);
    part->begins = NULL;
    builder->generation = generation;
    builder->n_groups = 0;
    builder->hash = (struct gen_hash){.at = generation->dir.begin};
    builder->n_hashed = 0;
    builder->record.facts = (struct gxt_generation){.number = generation->dir.number,
                                                    .begin = generation->dir.begin,
                                                    .end = generation->dir.end,
                                                    .first_ordinal = builder->ordinal,
                                                    .first_ns = part->first_ns,
                                                    .ns_per_tick = generation->ns_per_tick,
                                                    .n_batches = generation->dir.n_batches,
                                                    .n_threads = generation->n_threads,
                                                    .n_strings = generation->n_strings,
                                                    .n_stacks = generation->n_stacks,
                                                    .n_samples = generation->n_samples};
}

/* How many bytes are hashed at a time, and given back. */
enum {
    STEP_BYTES = 1 << 20,
};

/* Hashes what the walk has read, and gives it back to the system: a thread that lags behind reads a little of it again.
 */
static void hash_up_to(struct builder *builder, uint64_t to)
{
    const struct source *source = &builder->trace->source;
    struct gen_dir *dir = &builder->generation->dir;
    const uint64_t begin = builder->hash.at;

    for (; builder->n_hashed < dir->n_batches; builder->n_hashed++) {
        struct gen_batch *batch = &dir->batches[builder->n_hashed];
        if (batch->offset + batch->size > to)
            break;
        batch->hash = gen_hash_batch(&builder->hash, source, batch);
    }
    source_release(source, begin, builder->hash.at);
}

/* How many bytes are to be ready before the walk: with a thread of its own it need not wait for them. */
enum {
    AHEAD_BYTES = 8 << 20,
};

static void expect_more(struct builder *builder)
{
    const uint64_t to = builder->bytes + AHEAD_BYTES;

    if (builder->expected < builder->bytes)
        builder->expected = builder->bytes;
    if (to < builder->expected + STEP_BYTES)
        return;
    source_expect(&builder->trace->source, builder->expected, to);
    builder->expected = to;
}

static void end_hash(struct builder *builder)
{
    const struct source *source = &builder->trace->source;
    struct gen_dir *dir = &builder->generation->dir;

    hash_up_to(builder, dir->end);
    dir->hashed = true;
    builder->record.hash = gen_hash_end(&builder->hash, source, dir->end);
    /* The system maps some pages around each that is asked for, so some have come back. */
    source_release(source, dir->begin > STEP_BYTES ? dir->begin - STEP_BYTES : 0, dir->end);
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

static int put_strings(struct builder *builder)
{
    const struct part_generation *generation = builder->generation;
    int r = 0;

    for (size_t i = 0; r == 0 && i < generation->n_strings; i++)
        r = put_string(builder, generation->strings[i].content);
    for (size_t i = 0; r == 0 && i < generation->n_stacks; i++)
        r = put_stack(builder, generation->stacks[i].content);
    return r;
}

/* The ids that strings and stacks have in their generation. */
static int put_ids(struct builder *builder)
{
    const struct part_generation *generation = builder->generation;
    int r = 0;

    for (size_t i = 0; r == 0 && i < generation->n_strings; i++) {
        const struct gxt_string *string = generation->strings[i].content;
        const struct gen_pair pair = {generation->strings[i].local, string->id};
        r = put_row(builder, STORE_STRINGS, &pair, sizeof pair);
    }
    for (size_t i = 0; r == 0 && i < generation->n_stacks; i++) {
        const struct gxt_stack *stack = generation->stacks[i].content;
        const struct gen_pair pair = {generation->stacks[i].local, stack->id};
        r = put_row(builder, STORE_STACKS, &pair, sizeof pair);
    }
    if (r == 0)
        r = end_list(builder, STORE_STRINGS);
    return r == 0 ? end_list(builder, STORE_STACKS) : r;
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

static int put_members(struct builder *builder, const struct part *part)
{
    return put_rows(builder, STORE_MEMBERS, part->members, part->n_members, sizeof *part->members);
}

static int put_place(struct builder *builder, const struct part *part)
{
    struct store_place place = {.ordinal = builder->ordinal, .time_ns = builder->record.facts.last_ns};
    struct store_counts counts;

    memcpy(counts.n_by_kind, builder->n_by_kind, sizeof counts.n_by_kind);
    int r = put_snapshot(builder, &part->snapshot, &place);
    if (r == 0)
        r = put_row(builder, STORE_PLACES, &place, sizeof place);
    if (r == 0)
        r = put_row(builder, STORE_COUNTS, &counts, sizeof counts);
    return r == 0 ? put_members(builder, part) : r;
}

/* What the second reading of an old trace needs, as the first one found it. */
static int put_stream(struct builder *builder, enum legacy_stream stream)
{
    struct span left = legacy_stream(builder->cursor->legacy, stream);
    int r = 0;

    for (uint64_t number = 0; r == 0 && span_size(left) > 0; number++) {
        const size_t size = span_size(left) < LEGACY_PIECE_BYTES ? span_size(left) : LEGACY_PIECE_BYTES;
        r = store_put_piece(builder->store, builder->meta.n_generations, (unsigned)stream, number,
                            (struct span){left.at, left.at + size}, builder->fault);
        left.at += size;
    }
    return r;
}

static int put_old(struct builder *builder)
{
    int r = store_put_checkpoint(builder->store, builder->meta.n_generations, buf_span(&builder->generation->start),
                                 NULL, 0, builder->fault);

    for (int stream = 0; r == 0 && stream < LEGACY_N_STREAMS; stream++)
        r = put_stream(builder, (enum legacy_stream)stream);
    return r;
}

/* All that is kept of a generation, but for its record. */
static int put_generation(struct builder *builder, const struct part *part)
{
    static const enum store_list ends[] = {STORE_PLACES, STORE_COUNTS, STORE_MEMBERS};
    const uint64_t generation = builder->meta.n_generations;
    int r = put_strings(builder);

    if (r == 0 && builder->cursor->legacy)
        r = put_old(builder);
    if (r == 0)
        r = put_ids(builder);
    if (r == 0)
        r = store_put_dir(builder->store, generation, &builder->generation->dir, builder->fault);
    if (r == 0)
        r = put_group(builder);
    if (r == 0)
        r = put_members(builder, part);
    for (size_t i = 0; r == 0 && i < sizeof ends / sizeof *ends; i++)
        r = end_list(builder, ends[i]);
    if (r == 0)
        r = put_goroutines(builder, part);
    /* A build goes on from the last generation, or from the one before it. */
    if (r == 0 && generation >= 2)
        r = store_drop(builder->store, STORE_LIVE, generation - 2, builder->fault);
    return r;
}

static int end_generation(struct builder *builder, struct part *part)
{
    struct store_generation *record = &builder->record;

    end_hash(builder);
    int r = put_generation(builder, part);
    free(part->there);
    part->there = NULL;
    memcpy(record->facts.n_by_kind, builder->n_by_kind, sizeof record->facts.n_by_kind);
    record->n_goroutines = part->n_goroutines;
    record->loss = part->loss;
    if (r == 0)
        r = store_put_generation(builder->store, builder->meta.n_generations, record, builder->fault);
    if (r < 0)
        return r;
    add_generation(&builder->meta, record);
    begin_record(builder);
    builder->meta.rising = part->is_rising;
    r = put_checkpoint(builder, &part->snapshot);
    return r == 0 ? store_commit(builder->store, &builder->meta, builder->fault) : r;
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
    struct gxt_progress progress = {.bytes_done = builder->bytes,
                                    .bytes_total = builder->trace->source.size,
                                    .events_done = builder->ordinal,
                                    .generations_done = builder->meta.n_generations};

    if (!options->progress)
        return 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &builder->told);
    if (options->progress(options->user, &progress) == 0)
        return 0;
    return fault_set(builder->fault, GXT_ECANCELED, GXT_NO_OFFSET, "stopped as asked");
}

static int count(struct builder *builder, const struct part *part)
{
    struct gxt_generation *facts = &builder->record.facts;

    if (part->n_events == 0)
        return 0;
    if (!builder->generation && facts->n_events == 0)
        facts->first_ns = part->first_ns;
    builder->ordinal += part->n_events;
    facts->n_events += part->n_events;
    facts->last_ns = part->last_ns;
    add_counts(builder->n_by_kind, part->n_by_kind);
    return put_rows(builder, STORE_ENDED, part->ended, part->n_ended, sizeof *part->ended);
}

static int keep(struct builder *builder, struct part *part)
{
    if (part->begins)
        begin_generation(builder, part);
    int r = count(builder, part);
    if (r < 0)
        return r;
    builder->bytes = part->bytes;
    expect_more(builder);
    if (builder->generation && part->bytes > builder->hash.at + STEP_BYTES)
        hash_up_to(builder, part->bytes);
    /* What is hashed here may be gone since the walk read it. */
    r = source_check_cut(&builder->trace->source, builder->fault);
    if (r < 0)
        return r;
    if (part->end == PART_PLACE)
        r = put_place(builder, part);
    else if (part->end == PART_BOUNDARY && builder->generation)
        r = end_generation(builder, part);
    else if (part->end == PART_LAST && (r = part->fault.code) < 0)
        *builder->fault = part->fault;
    if (r == 0 && (part->end == PART_BOUNDARY || milliseconds_since(&builder->told) >= 100))
        r = tell(builder);
    return r;
}

/* Up to the trace's end, 0, or its fault. What is in no generation, the last Sync, is left in the record. */
static int walk(struct builder *builder)
{
    struct part *part;
    int r;

    do {
        part = parts_next(builder->parts);
        r = keep(builder, part);
    } while (r == 0 && part->end != PART_LAST);
    builder->meta.rising = part->is_rising;
    builder->meta.n_goroutines = part->n_goroutines;
    loss_add(&builder->meta.loss, &part->loss);
    return r;
}

/* Says in the sidecar that it covers the trace: all of it, or up to @code's fault. */
static int complete(struct builder *builder, int code)
{
    struct store_meta *meta = &builder->meta;
    const struct gxt_generation *rest = &builder->record.facts;
    struct gxt_error fault = code < 0 ? *builder->fault : (struct gxt_error){0};
    int r = builder->generation ? put_strings(builder) : 0;

    if (r < 0)
        return r;
    meta->complete = true;
    meta->covered_hash = covered_hash(builder);
    meta->fault = fault;
    if (meta->n_events == 0)
        meta->first_ns = rest->first_ns;
    if (rest->n_events > 0)
        meta->last_ns = rest->last_ns;
    meta->n_events += rest->n_events;
    add_counts(meta->n_by_kind, builder->n_by_kind);
    r = store_commit(builder->store, meta, builder->fault);
    if (r == 0 && code < 0)
        *builder->fault = fault;
    return r < 0 ? r : code;
}

/* What is saved inside a generation is what has changed since its start was: so that is saved first. */
static int save_start(struct builder *builder)
{
    if (!builder->cursor->order)
        return 0;
    int r = order_save(builder->cursor->order, &builder->snapshot);
    if (r < 0)
        return fault_set(builder->fault, r, GXT_NO_OFFSET, "no memory for a checkpoint");
    return builder->meta.n_generations == 0 ? put_checkpoint(builder, &builder->snapshot) : 0;
}

static int begin_parts(struct builder *builder)
{
    const struct gxt_build_options *options = builder->options;
    const uint64_t inside_events = options->checkpoint_events ? options->checkpoint_events : INSIDE_EVENTS;
    const unsigned n_threads = options->threads ? options->threads : thread_processors();

    return parts_new(builder->cursor, &builder->tally, inside_events, n_threads, &builder->parts) < 0
               ? no_memory(builder)
               : 0;
}

static int run(struct builder *builder, const char *path)
{
    int r = open_to_go_on(builder, path);
    if (r > 0) {
        *builder->fault = builder->meta.fault;
        return builder->meta.fault.code;
    }
    builder->ordinal = builder->cursor->ordinal;
    builder->bytes = cursor_bytes(builder->cursor);
    if (r == 0)
        r = tell(builder);
    if (r == 0)
        r = save_start(builder);
    if (r == 0)
        r = begin_parts(builder);
    if (r < 0)
        return r;
    r = walk(builder);
    return r == 0 || fault_is_of_trace(r) ? complete(builder, r) : r;
}

static const struct gxt_build_options defaults = GXT_BUILD_OPTIONS_INIT;

int build(struct gxt_trace *trace, const char *path, const struct gxt_build_options *options, struct gxt_error *fault)
{
    struct gxt_error own;
    struct builder builder = {.trace = trace, .options = options ? options : &defaults, .fault = fault ? fault : &own};
    char *place = NULL;
    int r = 0;

    tally_init(&builder.tally);
    if (builder.options->size != sizeof *options)
        return fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET,
                         "build options of an unknown size: begin with GXT_BUILD_OPTIONS_INIT");
    r = trace_check_whole(trace, fault);
    if (r == 0 && !path) {
        r = place_of_index(trace->source.path, &place, builder.fault);
        if (r == 0)
            r = place_make_folder(place, builder.fault);
    }
    if (r == 0 && (r = cursor_new(trace, NULL, &builder.cursor)) < 0)
        r = no_memory(&builder);
    if (r == 0)
        r = run(&builder, path ? path : place);

    (void)parts_free(builder.parts);
    (void)part_generation_free(builder.generation);
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
