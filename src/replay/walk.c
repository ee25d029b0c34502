/* walk.c
 *
 * In: ordered records. Out: events with their ordinals, at a cursor. Never: a seek.
 */
#include "replay.h"

#include <stdlib.h>

int cursor_new(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_cursor **ret)
{
    if (index && index->trace != trace)
        return GXT_EINVAL;
    struct gxt_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return GXT_ENOMEM;
    cursor->trace = trace;
    cursor->index = index;

    struct order_finder finder = {index ? index_find : NULL, cursor};
    struct legacy_finder old_finder = {index ? index_find_old : NULL, index_piece, cursor};
    int r =
        wire_is_old(trace->facts.version)
            ? legacy_new(&trace->source, trace->begin, trace->facts.version, trace->pool, old_finder, &cursor->legacy)
            : order_new(&trace->source, trace->begin, trace->facts.version, trace->pool, finder, &cursor->order);
    if (r == 0)
        r = resolver_init(&cursor->resolver, trace->pool);
    if (r == 0 && trace->recovers) {
        cursor->resolver.recovers = true;
        if (cursor->order)
            order_recover(cursor->order, trace->ns_per_tick);
        else
            legacy_recover(cursor->legacy);
    }
    if (r < 0) {
        (void)cursor_free(cursor);
        return GXT_ENOMEM;
    }
    cursor_place(cursor, 0, 0);
    *ret = cursor;
    return 0;
}

struct gxt_cursor *cursor_free(struct gxt_cursor *cursor)
{
    if (!cursor)
        return NULL;
    (void)order_free(cursor->order);
    (void)legacy_free(cursor->legacy);
    resolver_done(&cursor->resolver);
    (void)blocks_free(cursor->blocks);
    free(cursor);
    return NULL;
}

void walk_reset(struct gxt_cursor *cursor)
{
    if (cursor->order)
        order_reset(cursor->order);
    else
        legacy_reset(cursor->legacy);
}

void cursor_place(struct gxt_cursor *cursor, uint64_t ordinal, gxt_gen next_generation)
{
    cursor->before_lot = (struct gap){.ordinal = ordinal, .generation = next_generation > 0 ? next_generation - 1 : 0};
    cursor->next = cursor->lot_end = cursor->lot;
    cursor->displaced = false;
    cursor->warmth = 0;
    cursor->placed = true;
}

/* Behind an event, behind which the walk is, too; and behind any that were crossed with it, none of them a Sync. */
static inline void cross(const struct gxt_cursor *cursor, const struct gxt_event *event, struct gap *gap)
{
    gap->ordinal = event->ordinal + 1;
    gap->time_ns = event->time_ns;
    gap->at_sync = false;
    if (UNLIKELY(event->kind == GXT_KIND_SYNC)) {
        const uint64_t n_generations = walk_generations(cursor);
        gap->at_sync = event->sync.generation != 0;
        gap->generation = n_generations > 0 ? n_generations - 1 : 0;
    }
}

struct gap cursor_gap(const struct gxt_cursor *cursor)
{
    struct gap gap = cursor->before_lot;

    if (cursor->next != cursor->lot)
        cross(cursor, &cursor->next[-1], &gap);
    return gap;
}

/* The lot is forgotten, with what is ahead; where the cursor is, it stays. Before the walk goes on. */
static inline void leave_lot(struct gxt_cursor *cursor)
{
    cursor->before_lot = cursor_gap(cursor);
    cursor->next = cursor->lot_end = cursor->lot;
}

void cursor_lose(struct gxt_cursor *cursor)
{
    leave_lot(cursor);
    cursor->placed = false;
}

static int fail(struct gxt_cursor *cursor, int code)
{
    if (!cursor->placed)
        return fault_set(&cursor->error, GXT_EINVAL, GXT_NO_OFFSET,
                         "the cursor is at no position: its last seek failed");
    cursor->error = *walk_fault(cursor);
    return code;
}

static int go_without_index(struct gxt_cursor *cursor);

/* What is lost here counts once, however often a cursor comes by. */
static __attribute__((noinline)) void note_loss(struct gxt_cursor *cursor, int64_t time_ns)
{
    struct gxt_loss *more = &cursor->resolver.loss;

    more->from_ns = more->to_ns = time_ns;
    if (cursor->before_lot.ordinal >= cursor->names_end) {
        loss_add(&cursor->names, more);
        cursor->names_end = cursor->before_lot.ordinal + 1;
    }
    *more = (struct gxt_loss){0};
}

/* What could be had of a packed or piped trace is walked: it ends with what ended its bytes. That the last of them are
 * cut off is the same fault. */
static int end(struct gxt_cursor *cursor, int r)
{
    const struct source *source = &cursor->trace->source;
    const bool is_at_end = r == 0 || walk_fault(cursor)->offset + WIRE_MAX_BATCH + 64 >= source->size;

    if (source->fault.code == 0 || !is_at_end)
        return r;
    if (cursor->trace->recovers) {
        loss_note(&cursor->resolver.loss, &source->fault, 0);
        note_loss(cursor, cursor->before_lot.time_ns);
        return 0;
    }
    return walk_fail(cursor, &source->fault);
}

/* The next event out of the walk. No lot is left. */
static inline int take(struct gxt_cursor *cursor, struct gxt_event *into)
{
    struct order_record record;

    int r = UNLIKELY(!cursor->placed)       ? GXT_EINVAL
            : LIKELY(cursor->order != NULL) ? order_next(cursor->order, &record)
                                            : legacy_next(cursor->legacy, &record);
    if (LIKELY(r > 0)) {
        struct gxt_error fault;
        r = resolve(&cursor->resolver, walk_gen(cursor), &record, into, &fault);
        if (LIKELY(r == 0)) {
            into->ordinal = cursor->before_lot.ordinal;
            if (UNLIKELY(cursor->resolver.loss.n_names > 0))
                note_loss(cursor, into->time_ns);
            return 1;
        }
        (void)walk_fail(cursor, &fault);
    }
    if (r == 0 || r == GXT_ETRUNCATED)
        r = end(cursor, r);
    if (r == 0)
        return 0;
    if (UNLIKELY(r == GXT_EINDEX && !cursor->distrusts)) {
        r = go_without_index(cursor);
        return r < 0 ? r : take(cursor, into);
    }
    return fail(cursor, r);
}

/* Something of the index that the walk came to need is damaged: from the trace's start on without it, to where the walk
 * was. */
static int go_without_index(struct gxt_cursor *cursor)
{
    const uint64_t ordinal = cursor_ordinal(cursor);
    struct gxt_event event = {0};
    int r = 1;

    if (!cursor->order || !order_lacks(cursor->order))
        index_damaged(cursor->index, walk_fault(cursor));
    cursor->distrusts = true;
    if (cursor->order)
        order_forget(cursor->order);
    else
        legacy_forget(cursor->legacy);
    walk_reset(cursor);
    cursor_place(cursor, 0, 0);
    while (cursor->before_lot.ordinal < ordinal && (r = take(cursor, &event)) > 0)
        cross(cursor, &event, &cursor->before_lot);
    return r < 0 ? r : 0;
}

/* So many were crossed out of the walk, none of them a Sync. Their last one's time is there already. */
static inline void skip(struct gxt_cursor *cursor, size_t n)
{
    struct gap *gap = &cursor->before_lot;

    gap->ordinal += n;
    gap->at_sync = gap->at_sync && n == 0;
}

/* A record that is crossed unseen. */
static inline void pass(struct gxt_cursor *cursor, const struct order_record *record)
{
    struct gap *gap = &cursor->before_lot;

    skip(cursor, 1);
    gap->time_ns = record->time_ns;
    if (UNLIKELY(record->type == WIRE_SYNC_EVENT)) {
        gap->at_sync = record->tables;
        gap->generation = walk_generations(cursor) - 1;
    }
}

/* The walk's record becomes the event that is ahead. */
static int look_at(struct gxt_cursor *cursor, const struct order_record *record)
{
    struct gxt_error fault;

    int r = resolve(&cursor->resolver, walk_gen(cursor), record, cursor->lot, &fault);
    if (r < 0)
        return walk_fail(cursor, &fault);
    cursor->lot->ordinal = cursor->before_lot.ordinal;
    if (UNLIKELY(cursor->resolver.loss.n_names > 0))
        note_loss(cursor, cursor->lot->time_ns);
    cursor->lot_end = cursor->lot + 1;
    return 1;
}

/* The next record, which is passed, or becomes the event that is ahead. Return as cursor_roll(). */
static int roll_one(struct gxt_cursor *cursor, int64_t time_ns)
{
    struct order_record record;
    int r = cursor->order ? order_next(cursor->order, &record) : legacy_next(cursor->legacy, &record);

    if (r <= 0)
        return r;
    if (record.time_ns >= time_ns)
        return look_at(cursor, &record);
    pass(cursor, &record);
    return 1;
}

static int check_cut(struct gxt_cursor *cursor, int r);

int cursor_roll(struct gxt_cursor *cursor, uint64_t ordinal, int64_t time_ns, uint64_t n_generations)
{
    struct order *order = cursor->order;
    struct gap *gap = &cursor->before_lot;
    int r = 1;

    leave_lot(cursor);
    /* At a boundary the next generation is what comes. */
    while (r > 0 && !cursor_is_ahead(cursor) && gap->ordinal < ordinal &&
           walk_generations(cursor) + walk_at_boundary(cursor) <= n_generations) {
        const size_t n = order ? order_skip(order, ordinal - gap->ordinal, time_ns, &gap->time_ns) : 0;
        skip(cursor, n);
        if (n == 0)
            r = roll_one(cursor, time_ns);
    }
    if (UNLIKELY(r == GXT_EINDEX && !cursor->distrusts))
        r = go_without_index(cursor) < 0 ? cursor->error.code : 1;
    return check_cut(cursor, r < 0 ? fail(cursor, r) : r);
}

/* As many events as are usual, at most so many; 0 says nothing. No lot is left. */
static inline size_t quick(struct gxt_cursor *cursor, size_t most, struct gxt_event *into)
{
    if (UNLIKELY(!cursor->placed))
        return 0;
    if (UNLIKELY(!cursor->order))
        return resolve_quick_old(&cursor->resolver, cursor->legacy, most, cursor->before_lot.ordinal, into);
    return resolve_quick(&cursor->resolver, cursor->order, most, cursor->before_lot.ordinal, into);
}

/* What was decoded of a file that has lost bytes is not handed out, and its faults are none of the trace's. */
static int check_cut(struct gxt_cursor *cursor, int r)
{
    const struct source *source = &cursor->trace->source;
    struct gxt_error fault;

    if (LIKELY(r >= 0 && source_check_cut(source, &fault) == 0))
        return r;
    if (r < 0 && !fault_is_of_trace(r) && r != GXT_ESTALE)
        return r;
    if (source_check_cut(source, &fault) == 0 && source_check_size(source, &fault) == 0)
        return r;
    leave_lot(cursor);
    return fail(cursor, walk_fail(cursor, &fault));
}

int cursor_take(struct gxt_cursor *cursor)
{
    if (cursor_is_ahead(cursor))
        return 1;
    const bool is_warm = cursor->warmth >= CURSOR_WARM && !cursor->exact;
    leave_lot(cursor);
    const size_t n = quick(cursor, is_warm ? CURSOR_AHEAD : 1, cursor->lot);
    const int r = n > 0 ? 1 : take(cursor, cursor->lot);

    cursor->lot_end = cursor->lot + (n > 0 ? n : r > 0);
    if (cursor->warmth < CURSOR_WARM)
        cursor->warmth++;
    return check_cut(cursor, r);
}

int cursor_next(struct gxt_cursor *cursor, const struct gxt_event **ret)
{
    int r;

    if (UNLIKELY(!cursor_is_ahead(cursor)) && (r = cursor_take(cursor)) <= 0)
        return r;
    *ret = cursor->next++;
    return 1;
}

int cursor_next_many(struct gxt_cursor *cursor, struct gxt_event *events, size_t n, size_t *ret_n)
{
    size_t done = 0;
    int r = 1;

    while (done < n && cursor_is_ahead(cursor))
        events[done++] = *cursor->next++;
    if (done < n)
        leave_lot(cursor);
    while (done < n) {
        const size_t usual = quick(cursor, n - done, events + done);
        if (UNLIKELY(usual == 0) && (r = take(cursor, &events[done])) <= 0)
            break;
        done += usual > 0 ? usual : 1;
        cross(cursor, &events[done - 1], &cursor->before_lot);
        if (usual > 0 && n - done < ORDER_MOST_OF_ONE)
            break; /* those of one wire event are not parted without need */
    }
    r = check_cut(cursor, done > 0 ? 1 : r);
    *ret_n = r > 0 ? done : 0;
    return r;
}

/* As many as are usual, up to before event @ordinal; 0 says nothing. None is ahead. */
static size_t count_usual(struct gxt_cursor *cursor, uint64_t ordinal, uint64_t counts[GXT_N_KINDS])
{
    struct gap *gap = &cursor->before_lot;

    leave_lot(cursor);
    const size_t n = cursor->order && cursor->placed
                         ? resolve_count(cursor->order, ordinal - gap->ordinal, counts, &gap->time_ns)
                         : 0;
    skip(cursor, n);
    return n;
}

int cursor_tally(struct gxt_cursor *cursor, uint64_t ordinal, uint64_t n_generations, uint64_t counts[GXT_N_KINDS])
{
    int r = 1;

    while (cursor_ordinal(cursor) < ordinal &&
           (cursor_is_ahead(cursor) || walk_generations(cursor) + walk_at_boundary(cursor) <= n_generations)) {
        const size_t n = cursor_is_ahead(cursor) ? 0 : count_usual(cursor, ordinal, counts);
        if (n == 0 && (r = cursor_take(cursor)) <= 0)
            break;
        if (n == 0)
            counts[cursor->next++->kind]++;
    }
    return check_cut(cursor, r);
}

/* As many as are usual, at most so many; 0 says nothing. No lot is left. */
static size_t tally_usual(struct gxt_cursor *cursor, struct tally *tally, size_t most)
{
    const struct resolve_taker taker = tally_taker(tally);

    if (LIKELY(cursor->order != NULL))
        return resolve_tally(&cursor->resolver, cursor->order, most, &taker, &cursor->before_lot.time_ns);
    const size_t n = quick(cursor, most < CURSOR_AHEAD ? most : CURSOR_AHEAD, cursor->lot);
    for (size_t i = 0; i < n; i++)
        tally_event(tally, &cursor->lot[i]);
    if (n > 0)
        cursor->before_lot.time_ns = cursor->lot[n - 1].time_ns;
    return n;
}

int cursor_tally_run(struct gxt_cursor *cursor, struct tally *tally, size_t most, size_t *ret_n)
{
    size_t n = 0;
    int r = 1;

    if (!cursor_is_ahead(cursor)) {
        leave_lot(cursor);
        n = tally_usual(cursor, tally, most);
        skip(cursor, n);
        if (n == 0 && (r = take(cursor, cursor->lot)) > 0)
            cursor->lot_end = cursor->lot + 1;
    }
    if (n == 0 && r > 0 && cursor->next->kind != GXT_KIND_SYNC) {
        tally_event(tally, cursor->next++);
        n = 1;
    }
    r = check_cut(cursor, r);
    *ret_n = r > 0 ? n : 0;
    return r;
}

uint64_t cursor_bytes(const struct gxt_cursor *cursor)
{
    if (!cursor->placed)
        return 0;
    return cursor->order ? order_bytes(cursor->order) : legacy_bytes(cursor->legacy);
}

void cursor_loss(const struct gxt_cursor *cursor, struct gxt_loss *ret)
{
    const struct gxt_loss *of_walk = cursor->order ? order_loss(cursor->order) : legacy_loss(cursor->legacy);
    const bool names_first = cursor->names.first.code < 0 && cursor->names.from_ns < of_walk->from_ns;

    *ret = names_first ? cursor->names : *of_walk;
    loss_add(ret, names_first ? of_walk : &cursor->names);
    if (cursor->legacy && of_walk->first.code < 0)
        ret->first = of_walk->first; /* of the trace as a whole */
}

void cursor_clear_loss(struct gxt_cursor *cursor)
{
    cursor->names = (struct gxt_loss){0};
    if (cursor->order)
        order_clear_loss(cursor->order);
    else
        legacy_clear_loss(cursor->legacy);
}

int cursor_states(struct gxt_cursor *cursor, struct gxt_states **ret)
{
    /* An event that was taken, or a fault that was met, has changed the states: back, and forward again up to it. */
    const bool is_past = cursor_is_ahead(cursor) || walk_fault(cursor)->code < 0;
    cursor->displaced = cursor->displaced || is_past;
    cursor->exact = true;
    int r = cursor->placed && is_past ? seek_ordinal(cursor, cursor_ordinal(cursor)) : 0;
    if (r == 0 && !cursor->placed)
        r = fail(cursor, GXT_EINVAL);
    if (r == 0)
        r = cursor->order ? order_states(cursor->order, ret) : legacy_states(cursor->legacy, ret);
    if (r == GXT_EINDEX && !cursor->distrusts && (r = go_without_index(cursor)) == 0)
        r = cursor->order ? order_states(cursor->order, ret) : legacy_states(cursor->legacy, ret);
    if (r == GXT_ENOMEM)
        r = fault_set(&cursor->error, r, GXT_NO_OFFSET, "no memory for the states");
    if (r == 0)
        (*ret)->ordinal = cursor_ordinal(cursor);
    return r;
}

int cursor_experimental(const struct gxt_cursor *cursor, size_t i, struct gxt_experimental_batch *ret)
{
    const struct gen *gen = walk_gen(cursor);
    const bool next_is_sync = cursor_is_ahead(cursor) ? cursor->next->kind == GXT_KIND_SYNC
                                                      : walk_at_boundary(cursor) && !cursor_gap(cursor).at_sync;

    return cursor->placed && gen && !next_is_sync && gen_experimental(gen, i, ret);
}
