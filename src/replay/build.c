/* build.c
 *
 * In: a trace. Out: its sidecar, one commit for each generation. Never: more of the trace in memory than a walk has.
 *
 *     open what is there ──► does it fit? ──► walk from its last checkpoint ──► at each boundary: put, commit
 *             │                  │ no                                               │ the end, or the trace's fault
 *             └── none ──────────┴──► a new one                                     └──► commit as complete
 *
 * With more than one thread, some generations have been walked by others when the walk comes to them (scouts.c): then
 * it catches up. Of the old format, where a trace is recovered, and of the last generation if it is nobody else's,
 * another thread walks, and this one packs (parts.c).
 */
#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

struct builder {
    struct gxt_trace *trace;
    const struct gxt_build_options *options;
    struct store *store;
    struct gxt_cursor *cursor; /* without an index: the trace is the truth */
    struct parts *parts;       /* what it walks over */
    struct scouts *scouts;     /* who go ahead; NULL: nobody */
    uint64_t inside_events;    /* between two places of a generation, at least */
    struct store_meta meta;
    struct chapter chapter;         /* of the generation being read, or of what is in none */
    struct living living;           /* goroutines at the boundary before it */
    struct tally tally;             /* the parts' */
    bool is_apart;                  /* these are filled by another thread, to which the tally belongs */
    struct order_snapshot snapshot; /* of where the walk begins */
    uint64_t ordinal;               /* of the next event */
    uint64_t bytes;                 /* of the file that have been read, about */
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
                                .covered_bytes = builder->trace->begin,
                                .n_listed = {n_generations, old->n_listed[1]}};
    if (n_generations <= old->n_listed[1])
        meta->n_listed[1] = 0;
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
        meta->n_goroutines = builder->living.n_goroutines = record.n_goroutines;
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
            r = living_restore(&builder->living, builder->store, meta->n_generations, builder->fault);
        if (r == 0 && order_generations(builder->cursor->order) != meta->n_generations)
            r = GXT_EINDEX;
        if (r < 0)
            return r == GXT_ENOENT ? GXT_EINDEX : r;
    }
    cursor_place(builder->cursor, meta->n_events, meta->n_generations);
    return 0;
}

/* The last list is not kept. */
static int drop_list(struct builder *builder)
{
    uint64_t *n_listed = builder->meta.n_listed;
    const uint64_t n = n_listed[0];

    n_listed[0] = n_listed[1];
    n_listed[1] = 0;
    return n > 0 ? store_drop(builder->store, STORE_LIVE, n - 1, builder->fault) : 0;
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
    const uint64_t n_generations = cover.up_to_date ? cover.n_generations : living_listed(&old, cover.n_generations);
    if (r == 0)
        r = resume_from(builder, &old, n_generations);
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
        r = store_forget(builder->store, n_generations, builder->fault);
    return r == 0 && old.listed_at_end && n_generations == old.n_listed[0] ? drop_list(builder) : r;
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

/* ---- one generation ---- */

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
    const struct part_generation *tables = builder->chapter.tables;
    int r = 0;

    for (size_t i = 0; r == 0 && i < tables->n_strings; i++)
        r = put_string(builder, tables->strings[i].content);
    for (size_t i = 0; r == 0 && i < tables->n_stacks; i++)
        r = put_stack(builder, tables->stacks[i].content);
    return r;
}

static int put_checkpoint(struct builder *builder, const struct order_snapshot *snapshot)
{
    return store_put_checkpoint(store_draft(builder->store), builder->meta.n_generations, buf_span(&snapshot->bytes),
                                snapshot->cuts, snapshot->n_cuts, builder->fault);
}

/* A seek rolls over so many events, and more where a checkpoint has more goroutines to tell of: reading them takes as
 * long as some events. */
enum {
    INSIDE_EVENTS = 16384,
};

/* What the second reading of an old trace needs, as the first one found it. */
static int put_stream(struct builder *builder, enum legacy_stream stream)
{
    struct span left = legacy_stream(builder->cursor->legacy, stream);
    int r = 0;

    for (uint64_t number = 0; r == 0 && span_size(left) > 0; number++) {
        const size_t size = span_size(left) < LEGACY_PIECE_BYTES ? span_size(left) : LEGACY_PIECE_BYTES;
        r = store_put_piece(builder->chapter.draft, builder->chapter.generation, (unsigned)stream, number,
                            (struct span){left.at, left.at + size}, builder->fault);
        left.at += size;
    }
    return r;
}

static int put_old(struct builder *builder)
{
    const struct chapter *chapter = &builder->chapter;
    int r = store_put_checkpoint(chapter->draft, chapter->generation, buf_span(&chapter->tables->start), NULL, 0,
                                 builder->fault);

    for (int stream = 0; r == 0 && stream < LEGACY_N_STREAMS; stream++)
        r = put_stream(builder, (enum legacy_stream)stream);
    return r;
}

static int put_row(struct builder *builder, enum store_list list, const void *row, size_t size)
{
    return chapter_put_rows(&builder->chapter, list, row, 1, size, builder->fault);
}

static int put_places(struct builder *builder)
{
    const struct chapter *chapter = &builder->chapter;
    int r = 0;

    for (size_t i = 0; r == 0 && i < chapter->n_places; i++) {
        struct store_place place = chapter->places[i];
        place.ordinal += chapter->record.facts.first_ordinal;
        r = put_row(builder, STORE_PLACES, &place, sizeof place);
    }
    return r == 0 ? chapter_end_list(&builder->chapter, STORE_PLACES, builder->fault) : r;
}

static int put_ended(void *user, const struct store_goroutine *row)
{
    return put_row(user, STORE_ENDED, row, sizeof *row);
}

/* Of those that are there the ones that were not told of. */
static int put_first(struct builder *builder)
{
    const struct living *living = &builder->living;
    int r = 0;

    for (size_t i = living->first; r == 0 && i < living->n; i++) {
        if (LIKELY(!living->gs[i].is_first))
            continue;
        struct store_goroutine row = tally_row(&living->gs[i]);
        row.n_events = row.length_ns = 0;
        r = put_row(builder, STORE_FIRST, &row, sizeof row);
        living->gs[i].is_first = false;
    }
    return r;
}

/* Who is there behind a generation. */
static int put_living(struct builder *builder, struct store_draft *draft, uint64_t generation)
{
    const struct living *living = &builder->living;
    struct store_live *rows = malloc(STORE_LIST_ROWS * sizeof *rows);
    int r = rows ? 0 : no_memory(builder);
    size_t n = STORE_LIST_ROWS;

    for (uint32_t chunk = 0; r == 0 && n == STORE_LIST_ROWS; chunk++) {
        const size_t from = (size_t)chunk * STORE_LIST_ROWS, n_left = living->n - from;
        n = n_left < STORE_LIST_ROWS ? n_left : STORE_LIST_ROWS;
        for (size_t i = 0; i < n; i++) {
            const struct tally_item *g = &living->gs[from + i];
            rows[i] = (struct store_live){g->id, g->n_events, g->last_ns};
        }
        r = store_put_rows(draft, STORE_LIVE, generation, chunk, rows, n, builder->fault);
    }
    free(rows);
    return r;
}

/* Lists who is there behind a generation, in a draft that the store takes. Two lists are kept: a build may have to go
 * on from before the last generation. */
static int list_living(struct builder *builder, struct store_draft *draft, uint64_t generation)
{
    uint64_t *n_listed = builder->meta.n_listed;
    int r = put_living(builder, draft, generation);

    if (r == 0 && n_listed[1] > 0)
        r = store_drop(builder->store, STORE_LIVE, n_listed[1] - 1, builder->fault);
    n_listed[1] = n_listed[0];
    n_listed[0] = generation + 1;
    return r;
}

/* What a generation has of goroutines is put together with what was known of them before. */
static int put_goroutines(struct builder *builder)
{
    static const enum store_list ends[] = {STORE_FIRST, STORE_ENDED};
    struct chapter *chapter = &builder->chapter;
    const uint64_t from = builder->meta.n_events, to = from + chapter->record.facts.n_events;
    int r = living_merge(&builder->living, &chapter->met, chapter->n_passed, put_ended, builder);

    if (r == GXT_ENOMEM)
        return no_memory(builder);
    if (builder->is_apart)
        tally_met_done(&chapter->met);
    else
        tally_reuse(&builder->tally, &chapter->met);
    if (r == 0)
        r = put_first(builder);
    if (r == 0 && living_is_listed(&builder->living, from, to))
        r = list_living(builder, chapter->draft, chapter->generation);
    for (size_t i = 0; r == 0 && i < sizeof ends / sizeof *ends; i++)
        r = chapter_end_list(chapter, ends[i], builder->fault);
    chapter->record.n_goroutines = builder->meta.n_goroutines = builder->living.n_goroutines;
    return r;
}

/* All that is kept of a generation, with what depends on what came before it. */
static int put_generation(struct builder *builder)
{
    struct chapter *chapter = &builder->chapter;
    const uint64_t generation = chapter->generation;

    chapter->record.facts.first_ordinal = builder->meta.n_events;
    int r = put_places(builder);
    if (r == 0 && builder->cursor->legacy)
        r = put_old(builder);
    if (r == 0)
        r = put_goroutines(builder);
    if (r == 0)
        r = store_put_generation(chapter->draft, generation, &chapter->record, builder->fault);
    if (r == 0)
        r = store_take(builder->store, chapter->draft, builder->fault);
    if (r == 0)
        r = put_strings(builder);
    return r;
}

/* Puts what is kept of the generation that comes next, and commits it. */
static int put_chapter(struct builder *builder)
{
    struct chapter *chapter = &builder->chapter;
    int r = put_generation(builder);

    if (r < 0)
        return r;
    add_generation(&builder->meta, &chapter->record);
    builder->meta.rising = chapter->is_rising;
    r = put_checkpoint(builder, &chapter->end);
    if (r == 0)
        r = store_commit(builder->store, &builder->meta, builder->fault);
    chapter_begin(chapter, builder->meta.n_generations);
    return r;
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

static int tell_now_and_then(struct builder *builder)
{
    return milliseconds_since(&builder->told) >= 100 ? tell(builder) : 0;
}

/* Who goes through a generation that a scout has given up is told of as where that one was, until he comes there. */
static void get_to(struct builder *builder, uint64_t bytes)
{
    if (bytes > builder->bytes)
        builder->bytes = bytes;
}

static int keep(struct builder *builder, struct part *part)
{
    int r = chapter_keep(&builder->chapter, part, builder->fault);

    if (r < 0)
        return r;
    builder->ordinal += part->n_events;
    get_to(builder, part->bytes);
    /* What was hashed may have been gone since the walk read it. */
    r = source_check_cut(&builder->trace->source, builder->fault);
    if (r < 0)
        return r;
    if (builder->chapter.is_whole)
        r = put_chapter(builder);
    else if (part->end == PART_LAST && (r = part->fault.code) < 0)
        *builder->fault = part->fault;
    if (r == 0)
        r = part->end == PART_BOUNDARY ? tell(builder) : tell_now_and_then(builder);
    return r;
}

/* Takes what a scout has kept, if the walk can catch up with it. Return: whether it could; negative. */
static int catch_up(struct builder *builder, struct scout *scout)
{
    struct gxt_cursor *cursor = builder->cursor;
    const struct chapter own = builder->chapter;
    struct gxt_error fault;

    if (!scout->is_done || source_check_size(&builder->trace->source, &fault) < 0)
        return 0;
    int r = order_catch_up(cursor->order, scout->cursor->order);
    if (r < 0)
        *builder->fault = *order_fault(cursor->order);
    if (r <= 0)
        return r;
    builder->chapter = scout->chapter;
    scout->chapter = own;
    tally_give_room(&builder->tally, &scout->tally);
    if (order_save(cursor->order, &builder->chapter.end) < 0)
        return no_memory(builder);
    builder->ordinal += builder->chapter.record.facts.n_events;
    cursor_place(cursor, builder->ordinal, walk_generations(cursor));
    get_to(builder, cursor_bytes(cursor));
    return 1;
}

/* Keeps what the next part tells. Return: 1; 0 at the trace's end; negative. */
static int keep_next(struct builder *builder)
{
    struct part *part = parts_next(builder->parts);
    const int r = keep(builder, part);

    return r < 0 ? r : part->end != PART_LAST;
}

/* With two threads one of its own walks. */
static int begin_parts(struct builder *builder, unsigned n_threads)
{
    builder->is_apart = n_threads > 1;
    return parts_new(builder->cursor, &builder->tally, builder->inside_events, n_threads, &builder->parts) < 0
               ? no_memory(builder)
               : 0;
}

/* Walks through the next generation. Return as keep_next(). */
static int walk_generation(struct builder *builder)
{
    const uint64_t generation = builder->meta.n_generations;
    int r;

    if ((r = begin_parts(builder, 1)) < 0)
        return r;
    do
        r = keep_next(builder);
    while (r > 0 && builder->meta.n_generations == generation);
    builder->parts = parts_free(builder->parts);
    return r;
}

/* From here on another thread walks, and this one packs. */
static int go_without(struct builder *builder)
{
    builder->scouts = scouts_free(builder->scouts);
    return begin_parts(builder, 2) < 0 ? builder->fault->code : 1;
}

/* What the walk caught up with is put, the rest is walked. Return as keep_next(). */
static int go_on(struct builder *builder)
{
    const struct order *order = builder->cursor->order;
    struct scout *scout;

    if (scouts_met_crowd(builder->scouts) || scouts_left_last(builder->scouts, order))
        return go_without(builder);
    if (!scouts_next(builder->scouts, order, &scout)) {
        get_to(builder, scouts_bytes(builder->scouts, order_generations(order)));
        return tell_now_and_then(builder) < 0 ? builder->fault->code : 1;
    }
    int r = scout ? catch_up(builder, scout) : 0;
    if (scout)
        scouts_release(builder->scouts, scout);
    if (r == 0)
        return walk_generation(builder);
    if (r > 0)
        r = put_chapter(builder);
    return r < 0 || (r = tell(builder)) < 0 ? r : 1;
}

/* Who is there at the end is listed in any case. */
static int list_last(struct builder *builder)
{
    struct store_meta *meta = &builder->meta;

    if (meta->n_generations == meta->n_listed[0])
        return 0;
    meta->listed_at_end = true;
    return list_living(builder, store_draft(builder->store), meta->n_generations - 1);
}

/* Counts the goroutines of what is in no generation that is kept. */
static int count_rest(struct builder *builder)
{
    const struct chapter *chapter = &builder->chapter;
    const int r = living_merge(&builder->living, &chapter->met, chapter->n_passed, NULL, NULL);

    builder->meta.n_goroutines = builder->living.n_goroutines;
    return r < 0 ? no_memory(builder) : 0;
}

/* Up to the trace's end, 0, or its fault. What is in no generation, the last Sync, is left in the chapter. */
static int walk(struct builder *builder)
{
    int r;

    do
        r = builder->scouts ? go_on(builder) : keep_next(builder);
    while (r > 0);
    builder->scouts = scouts_free(builder->scouts);
    if (r < 0 && !fault_is_of_trace(r))
        return r;
    builder->meta.rising = builder->chapter.is_rising;
    loss_add(&builder->meta.loss, &builder->chapter.record.loss);
    int ended = list_last(builder);
    if (ended == 0)
        ended = count_rest(builder);
    return ended < 0 ? ended : r;
}

/* Says in the sidecar that it covers the trace: all of it, or up to @code's fault. */
static int complete(struct builder *builder, int code)
{
    struct store_meta *meta = &builder->meta;
    const struct gxt_generation *rest = &builder->chapter.record.facts;
    struct gxt_error fault = code < 0 ? *builder->fault : (struct gxt_error){0};
    int r = builder->chapter.tables ? put_strings(builder) : 0;

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
    add_counts(meta->n_by_kind, rest->n_by_kind);
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

static int begin_walk(struct builder *builder)
{
    const struct gxt_build_options *options = builder->options;
    const unsigned n_threads = options->threads ? options->threads : thread_processors();

    builder->inside_events = options->checkpoint_events ? options->checkpoint_events : INSIDE_EVENTS;
    if (n_threads < 2 || !builder->cursor->order || builder->trace->recovers || builder->trace->source.feed)
        return begin_parts(builder, n_threads);
    return scouts_new(builder->cursor, builder->inside_events, n_threads - 1, &builder->scouts) < 0 ? no_memory(builder)
                                                                                                    : 0;
}

static int run(struct builder *builder, const char *path)
{
    int r = open_to_go_on(builder, path);
    if (r > 0) {
        *builder->fault = builder->meta.fault;
        return builder->meta.fault.code;
    }
    builder->ordinal = cursor_ordinal(builder->cursor);
    builder->bytes = cursor_bytes(builder->cursor);
    if (r == 0)
        chapter_begin(&builder->chapter, builder->meta.n_generations);
    if (r == 0)
        r = tell(builder);
    if (r == 0)
        r = save_start(builder);
    if (r == 0)
        r = begin_walk(builder);
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
    if (r == 0 && (cursor_new(trace, NULL, &builder.cursor) < 0 || chapter_init(&builder.chapter, &trace->source) < 0))
        r = no_memory(&builder);
    if (r == 0)
        r = run(&builder, path ? path : place);

    (void)scouts_free(builder.scouts);
    (void)parts_free(builder.parts);
    (void)store_close(builder.store);
    (void)cursor_free(builder.cursor);
    order_snapshot_done(&builder.snapshot);
    chapter_done(&builder.chapter);
    living_done(&builder.living);
    tally_done(&builder.tally);
    free(place);
    return r;
}
