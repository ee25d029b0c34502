/* chapter.c
 *
 * In: the parts of a generation. Out: what the sidecar keeps of it, packed as far as it can be. Never: the store, or
 * what came before the generation.
 *
 *     part ─► chapter ─┬─ draft: members, those that ended, counts, tables, directory, snapshots
 *                      └─ what depends on what came before: places, goroutines, the record
 */
#include "replay.h"

#include <stdlib.h>

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the index");
}

int chapter_init(struct chapter *chapter, const struct source *source)
{
    *chapter = (struct chapter){.source = source, .draft = store_draft_new()};
    return chapter->draft ? 0 : GXT_ENOMEM;
}

void chapter_done(struct chapter *chapter)
{
    (void)store_draft_free(chapter->draft);
    (void)part_generation_free(chapter->tables);
    buf_done(&chapter->group);
    for (size_t list = 0; list < STORE_N_LISTS; list++)
        free(chapter->lists[list].cells);
    free(chapter->places);
    tally_met_done(&chapter->met);
    order_snapshot_done(&chapter->end);
}

void chapter_begin(struct chapter *chapter, uint64_t generation)
{
    store_draft_clear(chapter->draft);
    chapter->generation = generation;
    chapter->tables = part_generation_free(chapter->tables);
    chapter->record = (struct store_generation){0};
    chapter->group.size = 0;
    for (size_t list = 0; list < STORE_N_LISTS; list++)
        chapter->lists[list].n = chapter->lists[list].chunk = 0;
    chapter->n_groups = chapter->n_places = 0;
    chapter->n_passed = chapter->expected = 0;
    tally_met_done(&chapter->met);
    order_snapshot_done(&chapter->end);
    chapter->is_whole = false;
}

/* ---- lists ---- */

/* As many rows as are packed together. */
static int put_chunk(struct chapter *chapter, enum store_list list, const void *rows, struct gxt_error *fault)
{
    return store_put_rows(chapter->draft, list, chapter->generation, chapter->lists[list].chunk++, rows,
                          STORE_LIST_ROWS, fault);
}

/* Gathers rows, as many as there is room for. Return: how many. */
static size_t gather(struct chapter_list *listing, const uint8_t *rows, size_t n, size_t size)
{
    const size_t fit = n < STORE_LIST_ROWS - listing->n ? n : STORE_LIST_ROWS - listing->n;

    memcpy((uint8_t *)listing->cells + listing->n * size, rows, fit * size);
    listing->n += fit;
    return fit;
}

int chapter_put_rows(struct chapter *chapter, enum store_list list, const void *rows, size_t n, size_t size,
                     struct gxt_error *fault)
{
    struct chapter_list *listing = &chapter->lists[list];
    const uint8_t *at = rows;
    int r = 0;

    if (!listing->cells && !(listing->cells = malloc(STORE_LIST_ROWS * size)))
        return no_memory(fault);
    for (size_t fit; r == 0 && n > 0; n -= fit, at += fit * size) {
        if (listing->n == 0 && n >= STORE_LIST_ROWS) {
            fit = STORE_LIST_ROWS;
            r = put_chunk(chapter, list, at, fault);
            continue;
        }
        fit = gather(listing, at, n, size);
        if (listing->n < STORE_LIST_ROWS)
            continue;
        listing->n = 0;
        r = put_chunk(chapter, list, listing->cells, fault);
    }
    return r;
}

int chapter_end_list(struct chapter *chapter, enum store_list list, struct gxt_error *fault)
{
    struct chapter_list *listing = &chapter->lists[list];
    int r =
        store_put_rows(chapter->draft, list, chapter->generation, listing->chunk, listing->cells, listing->n, fault);

    listing->n = listing->chunk = 0;
    return r;
}

/* The ids that strings or stacks have in their generation. */
static int put_ids(struct chapter *chapter, enum store_list list, const struct gen_entry *entries, size_t n,
                   struct gxt_error *fault)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        const uint64_t id = list == STORE_STRINGS ? ((const struct gxt_string *)entries[i].content)->id
                                                  : ((const struct gxt_stack *)entries[i].content)->id;
        const struct gen_pair pair = {entries[i].local, id};
        r = chapter_put_rows(chapter, list, &pair, 1, sizeof pair, fault);
    }
    return r;
}

/* ---- hashing ---- */

/* A step before a place of the file. */
static uint64_t step_before(uint64_t at)
{
    return at > CHAPTER_STEP_BYTES ? at - CHAPTER_STEP_BYTES : 0;
}

/* Hashes what the walk has read. What lies a step behind is given back to the system: nearer there are batches in which
 * the walk still is. A thread that lags behind reads a little of it again. */
static void hash_up_to(struct chapter *chapter, uint64_t to)
{
    const struct source *source = chapter->source;
    struct gen_dir *dir = &chapter->tables->dir;
    const uint64_t begin = chapter->hash.at;

    for (; chapter->n_hashed < dir->n_batches; chapter->n_hashed++) {
        struct gen_batch *batch = &dir->batches[chapter->n_hashed];
        if (batch->offset + batch->size > to)
            break;
        batch->hash = gen_hash_batch(&chapter->hash, source, batch);
    }
    source_release(source, step_before(begin), step_before(chapter->hash.at));
}

static void end_hash(struct chapter *chapter)
{
    const struct source *source = chapter->source;
    struct gen_dir *dir = &chapter->tables->dir;

    hash_up_to(chapter, dir->end);
    dir->hashed = true;
    chapter->record.hash = gen_hash_end(&chapter->hash, source, dir->end);
    /* The system maps some pages around each that is asked for, so some have come back. */
    source_release(source, step_before(dir->begin), dir->end);
}

/* ---- checkpoints inside a generation ---- */

static int put_group(struct chapter *chapter, struct gxt_error *fault)
{
    int r = 0;

    if (chapter->group.failed)
        return no_memory(fault);
    if (chapter->group.size > 0)
        r = store_put_group(chapter->draft, chapter->generation, chapter->n_groups++, buf_span(&chapter->group), NULL,
                            0, fault);
    chapter->group.size = 0;
    return r;
}

/* A small snapshot goes with others, a large one alone. */
static int put_snapshot(struct chapter *chapter, const struct order_snapshot *snapshot, struct store_place *place,
                        struct gxt_error *fault)
{
    const bool is_large = snapshot->bytes.size > STORE_GROUP_BYTES / 4;
    int r = 0;

    if (is_large || chapter->group.size + snapshot->bytes.size > STORE_GROUP_BYTES)
        r = put_group(chapter, fault);
    place->group = chapter->n_groups;
    place->size = snapshot->bytes.size;
    if (r < 0)
        return r;
    if (is_large)
        return store_put_group(chapter->draft, chapter->generation, chapter->n_groups++, buf_span(&snapshot->bytes),
                               snapshot->cuts, snapshot->n_cuts, fault);
    place->offset = chapter->group.size;
    buf_put(&chapter->group, snapshot->bytes.at, snapshot->bytes.size);
    return chapter->group.failed ? no_memory(fault) : 0;
}

static int put_members(struct chapter *chapter, const struct part *part, struct gxt_error *fault)
{
    return chapter_put_rows(chapter, STORE_MEMBERS, part->members, part->n_members, sizeof *part->members, fault);
}

static int keep_place(struct chapter *chapter, const struct part *part, struct gxt_error *fault)
{
    const struct gxt_generation *facts = &chapter->record.facts;
    struct store_place place = {.ordinal = facts->n_events, .time_ns = facts->last_ns};
    struct store_place *grown =
        array_grow(chapter->places, chapter->n_places, &chapter->places_capacity, sizeof *grown);

    if (!grown)
        return no_memory(fault);
    chapter->places = grown;
    int r = put_snapshot(chapter, &part->snapshot, &place, fault);
    chapter->places[chapter->n_places++] = place;
    if (r == 0)
        r = chapter_put_rows(chapter, STORE_COUNTS, facts->n_by_kind, 1, sizeof(struct store_counts), fault);
    return r == 0 ? put_members(chapter, part, fault) : r;
}

/* ---- one generation ---- */

/* What is read from here on is this generation's. */
static void begin_generation(struct chapter *chapter, struct part *part)
{
    const struct part_generation *tables = part->begins;
    const struct gen_dir *dir = &tables->dir;

    (void)part_generation_free(chapter->tables);
    chapter->tables = part->begins;
    part->begins = NULL;
    chapter->hash = (struct gen_hash){.at = dir->begin};
    chapter->n_hashed = 0;
    chapter->record = (struct store_generation){.facts = {.number = dir->number,
                                                          .begin = dir->begin,
                                                          .end = dir->end,
                                                          .first_ns = part->first_ns,
                                                          .ns_per_tick = tables->ns_per_tick,
                                                          .n_batches = dir->n_batches,
                                                          .n_threads = tables->n_threads,
                                                          .n_strings = tables->n_strings,
                                                          .n_stacks = tables->n_stacks,
                                                          .n_samples = tables->n_samples}};
}

static int count(struct chapter *chapter, const struct part *part, struct gxt_error *fault)
{
    struct gxt_generation *facts = &chapter->record.facts;

    if (part->n_events > 0) {
        if (!chapter->tables && facts->n_events == 0)
            facts->first_ns = part->first_ns;
        facts->n_events += part->n_events;
        facts->last_ns = part->last_ns;
        for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
            facts->n_by_kind[kind] += part->n_by_kind[kind];
    }
    /* Also a part without events has them: they were left by those before it. */
    chapter->n_passed += part->ended.n;
    return chapter_put_rows(chapter, STORE_ENDED, part->ended.rows, part->ended.n, sizeof *part->ended.rows, fault);
}

static void take_end(struct chapter *chapter, struct part *part)
{
    const struct order_snapshot spare = chapter->end;

    tally_met_done(&chapter->met);
    chapter->met = part->met;
    part->met = (struct tally_met){0};
    chapter->record.loss = part->loss;
    if (part->end != PART_BOUNDARY)
        return;
    chapter->end = part->snapshot;
    part->snapshot = spare;
}

/* Puts all that can be told at its end without what came before. */
static int end_generation(struct chapter *chapter, struct part *part, struct gxt_error *fault)
{
    static const enum store_list ends[] = {STORE_STRINGS, STORE_STACKS, STORE_COUNTS, STORE_MEMBERS};
    const struct part_generation *tables = chapter->tables;

    end_hash(chapter);
    int r = put_group(chapter, fault);
    if (r == 0)
        r = put_members(chapter, part, fault);
    if (r == 0)
        r = put_ids(chapter, STORE_STRINGS, tables->strings, tables->n_strings, fault);
    if (r == 0)
        r = put_ids(chapter, STORE_STACKS, tables->stacks, tables->n_stacks, fault);
    for (size_t i = 0; r == 0 && i < sizeof ends / sizeof *ends; i++)
        r = chapter_end_list(chapter, ends[i], fault);
    chapter->is_whole = true;
    return r == 0 ? store_put_dir(chapter->draft, chapter->generation, &tables->dir, fault) : r;
}

/* How many bytes are to be ready before the walk: with a thread of its own it need not wait for them. */
enum {
    AHEAD_BYTES = 8 << 20,
};

static void expect_more(struct chapter *chapter, uint64_t bytes)
{
    const uint64_t to = bytes + AHEAD_BYTES;

    if (chapter->expected < bytes)
        chapter->expected = bytes;
    if (to < chapter->expected + CHAPTER_STEP_BYTES)
        return;
    source_expect(chapter->source, chapter->expected, to);
    chapter->expected = to;
}

int chapter_keep(struct chapter *chapter, struct part *part, struct gxt_error *fault)
{
    if (part->begins)
        begin_generation(chapter, part);
    int r = count(chapter, part, fault);
    if (r < 0)
        return r;
    chapter->is_rising = part->is_rising;
    expect_more(chapter, part->bytes);
    if (chapter->tables && part->bytes > chapter->hash.at + CHAPTER_STEP_BYTES)
        hash_up_to(chapter, part->bytes);
    if (part->end >= PART_BOUNDARY)
        take_end(chapter, part);
    if (part->end == PART_PLACE)
        return keep_place(chapter, part, fault);
    return part->end == PART_BOUNDARY && chapter->tables ? end_generation(chapter, part, fault) : 0;
}
