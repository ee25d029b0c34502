/* parts.c
 *
 * In: a cursor. Out: what its events tell, part by part, with what of the walk is to be kept where a part ends. Never:
 * a part that depends on how many threads there are.
 *
 *     one thread      parts_next() fills the only part
 *     two             a thread walks and fills the parts of a ring, parts_next() lends them in turn:
 *
 *                     lent │ filled │ filled │ being filled │ empty …
 *                     ▲ n_done       the walk's ▲ n_filled
 *
 * He who waits is woken when half of the ring is as he wishes: two that are about as fast do not wake each other at
 * every part. What ends a generation or the trace is told at once.
 */
#include "replay.h"

#include <stdlib.h>

enum {
    PART_EVENTS = 1 << 16, /* a block may be longer */
    RING = 16,
};

struct parts {
    struct gxt_cursor *cursor;
    struct tally *tally;
    uint64_t inside_events; /* between two places, at least */
    uint64_t next_place;    /* ordinal at which the next place is due */
    uint64_t n_generations; /* that have begun */
    bool in_generation;
    uint64_t block;               /* number of the block being read */
    struct order_snapshot passed; /* a boundary that the walk did not stop at */
    struct part ring[RING];
    bool is_lent;    /* a part is with who reads */
    bool has_thread; /* without one there is one part */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t filled, emptied;
    uint64_t n_filled, n_done;
    bool stops;
};

/* ---- generations ---- */

struct part_generation *part_generation_free(struct part_generation *generation)
{
    if (!generation)
        return NULL;
    free(generation->dir.batches);
    free(generation->strings);
    free(generation->stacks);
    buf_done(&generation->start);
    free(generation);
    return NULL;
}

static bool list_table(const struct gen_table *table, struct gen_entry **ret, size_t *ret_n)
{
    *ret = malloc((table->n + 1) * sizeof **ret);
    *ret_n = table->n;
    if (*ret)
        gen_entries(table, *ret);
    return *ret != NULL;
}

/* The walk goes on to the next generation before who reads is done with this one: so it is a copy. */
static struct part_generation *copy_generation(const struct gxt_cursor *cursor)
{
    const struct gen *gen = walk_gen(cursor);
    struct part_generation *copy = calloc(1, sizeof *copy);
    const size_t n = gen->dir.n_batches;

    if (!copy)
        return NULL;
    *copy = (struct part_generation){
        .dir = gen->dir, .ns_per_tick = gen->ns_per_tick, .n_threads = gen->n_lanes, .n_samples = gen->n_samples};
    copy->dir.capacity = n + 1;
    copy->dir.batches = malloc((n + 1) * sizeof *copy->dir.batches);
    if (!copy->dir.batches || !list_table(&gen->strings, &copy->strings, &copy->n_strings) ||
        !list_table(&gen->stacks, &copy->stacks, &copy->n_stacks) ||
        (cursor->legacy && legacy_save_start(cursor->legacy, &copy->start) < 0))
        return part_generation_free(copy);
    if (n > 0)
        memcpy(copy->dir.batches, gen->dir.batches, n * sizeof *copy->dir.batches);
    return copy;
}

/* ---- filling ---- */

static void end_part(struct part *part, int code, const char *why)
{
    part->end = PART_LAST;
    (void)fault_set(&part->fault, code, GXT_NO_OFFSET, "%s", why);
}

static int take_member(void *user, const struct store_member *member)
{
    struct part *part = user;
    struct store_member *grown = array_grow(part->members, part->n_members, &part->members_capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    part->members = grown;
    part->members[part->n_members++] = *member;
    return 0;
}

/* With a Sync, which has been crossed, unless it is the last. */
static void begin_generation(struct parts *parts, struct part *part)
{
    if (walk_generations(parts->cursor) <= parts->n_generations)
        return;
    parts->n_generations++;
    parts->block = 0;
    part->begins = copy_generation(parts->cursor);
    parts->in_generation = part->begins != NULL;
    if (!part->begins)
        end_part(part, GXT_ENOMEM, "no memory for the index");
    parts->next_place = cursor_ordinal(parts->cursor) + parts->inside_events;
}

static void take_loss(struct parts *parts, struct part *part)
{
    cursor_loss(parts->cursor, &part->loss);
    cursor_clear_loss(parts->cursor);
}

/* The walk's snapshot, or the one that it made when it passed a boundary. */
static int snapshot(struct parts *parts, bool is_passed, struct order_snapshot *ret)
{
    const struct order_snapshot spare = *ret;

    if (!is_passed)
        return walk_save(parts->cursor, ret);
    *ret = parts->passed;
    parts->passed = spare;
    return 0;
}

static int take_met(struct parts *parts, struct part *part)
{
    tally_met_done(&part->met);
    return tally_take(parts->tally, &part->met);
}

static void end_block(struct parts *parts, struct part *part, enum part_end end, bool is_passed)
{
    const int r = snapshot(parts, is_passed, &part->snapshot);
    int tallied = tally_end_block(parts->tally, parts->block++, take_member, part);

    if (tallied == 0 && end == PART_BOUNDARY)
        tallied = take_met(parts, part);
    part->end = end;
    parts->in_generation = end == PART_PLACE;
    parts->next_place = cursor_ordinal(parts->cursor) + parts->inside_events + part->snapshot.bytes.size / 8;
    if (r < 0)
        end_part(part, r, "no memory for a checkpoint");
    else if (tallied < 0)
        end_part(part, tallied, "no memory for the index");
    if (end == PART_BOUNDARY)
        take_loss(parts, part);
}

static void end_trace(struct parts *parts, struct part *part, int code)
{
    part->end = PART_LAST;
    part->fault = code < 0 ? parts->cursor->error : (struct gxt_error){0};
    take_loss(parts, part);
    if (take_met(parts, part) < 0)
        end_part(part, GXT_ENOMEM, "no memory for the index");
}

static bool is_place(const struct parts *parts)
{
    return cursor_ordinal(parts->cursor) >= parts->next_place && walk_can_save(parts->cursor);
}

/* How many events may be taken at once: up to where a place is due, and one at a time while it is. */
static size_t room_of(const struct parts *parts)
{
    const uint64_t ordinal = cursor_ordinal(parts->cursor);
    const uint64_t left = parts->next_place > ordinal ? parts->next_place - ordinal : 1;

    return left < PART_EVENTS ? (size_t)left : PART_EVENTS;
}

/* Outside a generation they come one by one. */
static void add_events(const struct parts *parts, struct part *part, size_t n)
{
    if (part->n_events == 0)
        part->first_ns = cursor_gap(parts->cursor).time_ns;
    part->n_events += n;
}

/* Where the walk has passed a boundary, the Sync that comes next is another part's. */
static void take_sync(struct parts *parts, struct part *part)
{
    const struct gxt_event *sync;

    if (parts->in_generation && parts->cursor->order) {
        end_block(parts, part, PART_BOUNDARY, true);
        return;
    }
    (void)cursor_next(parts->cursor, &sync);
    tally_event(parts->tally, sync);
    add_events(parts, part, 1);
    begin_generation(parts, part);
}

static void begin_part(struct part *part)
{
    part->end = PART_GOES_ON;
    part->n_events = 0;
    part->ended.n = part->n_members = 0;
}

/* Rows that go on to a later part. Return: whether there is memory for them. */
static bool leave_ended(struct tally *tally, const struct tally_rows *from, size_t n)
{
    struct tally_rows *to = &tally->ended;

    if (n > to->capacity) {
        struct store_goroutine *grown = realloc(to->rows, n * sizeof *grown);
        if (!grown)
            return false;
        to->rows = grown;
        to->capacity = n;
    }
    if (n > 0)
        memcpy(to->rows, from->rows + (from->n - n), n * sizeof *to->rows);
    to->n = n;
    return true;
}

/* Those that have ended, as many as are packed together: they are packed where they are. Inside a generation the rest
 * comes with a later part. */
static void take_ended(struct tally *tally, struct part *part)
{
    const size_t n_rest = part->end < PART_BOUNDARY ? tally->ended.n % STORE_LIST_ROWS : 0;
    const struct tally_rows spare = part->ended;

    if (n_rest == tally->ended.n)
        return;
    part->ended = tally->ended;
    tally->ended = spare;
    if (leave_ended(tally, &part->ended, n_rest))
        part->ended.n -= n_rest;
}

static void fill(struct parts *parts, struct part *part)
{
    struct gxt_cursor *cursor = parts->cursor;
    struct tally *tally = parts->tally;
    uint64_t *n_by_kind = tally->nearby.n_by_kind;
    size_t n;

    begin_part(part);
    while (part->n_events < PART_EVENTS && part->end == PART_GOES_ON) {
        const int r = cursor_tally_run(cursor, tally, room_of(parts), &n);
        if (UNLIKELY(r <= 0)) {
            end_trace(parts, part, r);
        } else if (n == 0) {
            take_sync(parts, part);
        } else {
            add_events(parts, part, n);
        }
        if (UNLIKELY(tally->code < 0))
            end_part(part, tally->code, "no memory for the index");
        if (part->end != PART_GOES_ON || !parts->in_generation)
            continue;
        if (walk_at_boundary(cursor))
            end_block(parts, part, PART_BOUNDARY, false);
        else if (is_place(parts))
            end_block(parts, part, PART_PLACE, false);
    }
    take_ended(tally, part);
    part->last_ns = cursor_gap(cursor).time_ns;
    memcpy(part->n_by_kind, n_by_kind, sizeof part->n_by_kind);
    memset(n_by_kind, 0, sizeof part->n_by_kind);
    part->bytes = cursor_bytes(cursor);
    part->is_rising = walk_is_rising(cursor);
}

/* ---- the ring ---- */

static bool is_urgent(const struct parts *parts, const struct part *part)
{
    return part->end >= PART_BOUNDARY || parts->n_filled - parts->n_done >= RING / 2;
}

/* Return: whether there is an empty part, and not an end to this. */
static bool wait_for_room(struct parts *parts)
{
    (void)pthread_mutex_lock(&parts->lock);
    while (parts->n_filled - parts->n_done == RING && !parts->stops)
        (void)pthread_cond_wait(&parts->emptied, &parts->lock);
    const bool stops = parts->stops;
    (void)pthread_mutex_unlock(&parts->lock);
    return !stops;
}

static void *fill_all(void *user)
{
    struct parts *parts = user;
    enum part_end end = PART_GOES_ON;

    for (uint64_t i = 0; end != PART_LAST && wait_for_room(parts); i++) {
        struct part *part = &parts->ring[i % RING];
        fill(parts, part);
        end = part->end;
        (void)pthread_mutex_lock(&parts->lock);
        parts->n_filled++;
        if (is_urgent(parts, part))
            (void)pthread_cond_signal(&parts->filled);
        (void)pthread_mutex_unlock(&parts->lock);
    }
    return NULL;
}

static struct part *next_filled(struct parts *parts)
{
    (void)pthread_mutex_lock(&parts->lock);
    if (parts->is_lent) {
        parts->n_done++;
        if (parts->n_filled - parts->n_done <= RING / 2)
            (void)pthread_cond_signal(&parts->emptied);
    }
    parts->is_lent = true;
    while (parts->n_filled == parts->n_done)
        (void)pthread_cond_wait(&parts->filled, &parts->lock);
    struct part *part = &parts->ring[parts->n_done % RING];
    (void)pthread_mutex_unlock(&parts->lock);
    return part;
}

struct part *parts_next(struct parts *parts)
{
    if (parts->has_thread)
        return next_filled(parts);
    fill(parts, &parts->ring[0]);
    return &parts->ring[0];
}

int parts_new(struct gxt_cursor *cursor, struct tally *tally, uint64_t inside_events, unsigned n_threads,
              struct parts **ret)
{
    struct parts *parts = calloc(1, sizeof *parts);

    if (!parts)
        return GXT_ENOMEM;
    parts->cursor = cursor;
    parts->tally = tally;
    parts->inside_events = inside_events;
    parts->n_generations = walk_generations(cursor);
    (void)pthread_mutex_init(&parts->lock, NULL);
    (void)pthread_cond_init(&parts->filled, NULL);
    (void)pthread_cond_init(&parts->emptied, NULL);
    if (cursor->order)
        order_keep_boundaries(cursor->order, &parts->passed);
    /* Where no thread is to be had it goes without. */
    parts->has_thread = n_threads > 1 && thread_begin(&parts->thread, fill_all, parts) == 0;
    *ret = parts;
    return 0;
}

struct parts *parts_free(struct parts *parts)
{
    if (!parts)
        return NULL;
    if (parts->has_thread) {
        (void)pthread_mutex_lock(&parts->lock);
        parts->stops = true;
        (void)pthread_cond_signal(&parts->emptied);
        (void)pthread_mutex_unlock(&parts->lock);
        (void)pthread_join(parts->thread, NULL);
    }
    if (parts->cursor->order)
        order_keep_boundaries(parts->cursor->order, NULL);
    order_snapshot_done(&parts->passed);
    for (size_t i = 0; i < RING; i++) {
        free(parts->ring[i].ended.rows);
        free(parts->ring[i].members);
        tally_met_done(&parts->ring[i].met);
        (void)part_generation_free(parts->ring[i].begins);
        order_snapshot_done(&parts->ring[i].snapshot);
    }
    (void)pthread_mutex_destroy(&parts->lock);
    (void)pthread_cond_destroy(&parts->filled);
    (void)pthread_cond_destroy(&parts->emptied);
    free(parts);
    return NULL;
}
