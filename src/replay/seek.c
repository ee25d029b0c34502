/* seek.c
 *
 * In: a place that is asked for. Out: a cursor at it. Never: an answer that a walk from the start would not give.
 *
 *     time, ordinal, generation ──► the last checkpoint at or before it ──► roll over events up to it
 *
 * A checkpoint that cannot be used costs time and nothing else: the one before it is taken, in the end the trace's
 * start.
 */
#include "replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void to_start(struct gxt_cursor *cursor)
{
    walk_reset(cursor);
    cursor_place(cursor, 0, 0);
}

/* Where to begin: before generation @generation, or at a place inside it. */
struct spot {
    uint64_t generation;
    uint64_t ordinal; /* of the event that comes next */
    struct store_place place;
    bool inside;
};

/* In an old trace a place says all; what the trace is was asked for when it was opened. */
static int restore_old(struct gxt_cursor *cursor, const struct spot *spot, struct gxt_error *damage)
{
    const struct store *store = cursor->index->store;
    struct buf bytes = {0};

    int r = spot->inside ? store_inside(store, spot->generation, &spot->place, &bytes, damage)
                         : store_checkpoint(store, spot->generation, &bytes, damage);
    if (r == 0)
        r = legacy_restore(cursor->legacy, buf_span(&bytes), damage);
    buf_done(&bytes);
    return r;
}

static int restore(struct gxt_cursor *cursor, const struct spot *spot, struct gxt_error *damage)
{
    const struct store *store = cursor->index->store;
    struct buf start = {0}, inside = {0};

    if (!cursor->order)
        return restore_old(cursor, spot, damage);
    int r = store_checkpoint(store, spot->generation, &start, damage);
    if (r == 0 && spot->inside)
        r = store_inside(store, spot->generation, &spot->place, &inside, damage);
    if (r == 0) {
        const struct span span = buf_span(&inside);
        r = order_restore(cursor->order, buf_span(&start), spot->inside ? &span : NULL, damage);
    }
    buf_done(&start);
    buf_done(&inside);
    return r;
}

static int to_spot(struct gxt_cursor *cursor, const struct spot *spot, struct gxt_error *damage)
{
    int r = restore(cursor, spot, damage);

    if (r == 0 && walk_generations(cursor) != spot->generation + spot->inside)
        r = fault_set(damage, GXT_EINDEX, GXT_NO_OFFSET, "a checkpoint is of another generation than %" PRIu64,
                      spot->generation);
    if (r < 0)
        return r;
    cursor_place(cursor, spot->ordinal, spot->generation + spot->inside);
    cursor->before_lot.time_ns = spot->inside ? spot->place.time_ns : 0;
    return 0;
}

/* What is asked for. */
struct target {
    enum {
        BY_ORDINAL,
        BY_TIME,
        BY_GENERATION,
        THE_END
    } by;
    uint64_t number; /* ordinal or generation */
    int64_t time_ns;
};

static int to_generation(const struct store *store, uint64_t generation, struct spot *ret, struct gxt_error *damage)
{
    struct store_generation record;

    *ret = (struct spot){.generation = generation};
    if (generation == 0)
        return 0;
    int r = store_generation(store, generation - 1, &record, damage);
    if (r == 0)
        ret->ordinal = record.facts.first_ordinal + record.facts.n_events;
    return r;
}

/* Whether the target is among the events of the generations kept, the last of which @last is. */
static bool is_kept(const struct target *target, const struct store_generation *last)
{
    switch (target->by) {
    case BY_ORDINAL:
        return target->number < last->facts.first_ordinal + last->facts.n_events;
    case BY_TIME:
        return target->time_ns <= last->facts.last_ns;
    default:
        return false;
    }
}

/* The generation to begin at: the last one whose beginning is not behind the target. @n_generations stands for what
 * comes after those that are kept. */
static int choose(const struct store *store, const struct target *target, uint64_t n_generations, bool rising,
                  uint64_t *ret, struct gxt_error *damage)
{
    struct store_generation last;

    *ret = n_generations;
    if (target->by == BY_GENERATION && target->number < n_generations)
        *ret = target->number;
    if (target->by == BY_TIME && !rising)
        *ret = 0; /* no order to search in */
    if (*ret < n_generations || n_generations == 0 || (target->by != BY_ORDINAL && target->by != BY_TIME))
        return 0;
    int r = store_generation(store, n_generations - 1, &last, damage);
    if (r < 0 || !is_kept(target, &last))
        return r;
    r = target->by == BY_TIME ? store_find_time(store, target->time_ns, ret, damage)
                              : store_find_ordinal(store, target->number, ret, damage);
    if (*ret > n_generations)
        *ret = n_generations;
    return r;
}

/* Whether the target is the place before a generation's Sync. */
static int is_boundary(const struct store *store, const struct target *target, uint64_t generation, uint64_t ordinal,
                       struct gxt_error *damage)
{
    struct store_generation record;

    if (target->by != BY_TIME)
        return target->by == BY_GENERATION ? target->number == generation
                                           : target->by == BY_ORDINAL && target->number == ordinal;
    int r = store_generation(store, generation, &record, damage);
    return r == 0 ? record.facts.first_ns >= target->time_ns : r == GXT_ENOENT ? 1 : r;
}

/* Behind a generation that is hurt a checkpoint has the states that its Sync finds, and not those that its last event
 * leaves: what stands between the two is rolled to. */
static int step_back(const struct store *store, const struct target *target, uint64_t *generation,
                     struct gxt_error *damage)
{
    struct store_generation before;

    if (*generation == 0)
        return 0;
    int r = store_generation(store, *generation - 1, &before, damage);
    if (r < 0 || before.loss.first.code == 0)
        return r;
    r = is_boundary(store, target, *generation, before.facts.first_ordinal + before.facts.n_events, damage);
    if (r > 0)
        --*generation;
    return r < 0 ? r : 0;
}

/* The last place inside a generation that is not behind the target, if there is one. */
static int look_inside(const struct store *store, const struct target *target, struct spot *spot,
                       struct gxt_error *damage)
{
    struct store_rows rows = {0};

    if (target->by != BY_ORDINAL && target->by != BY_TIME)
        return 0;
    int r = store_list(store, STORE_PLACES, spot->generation, &rows, damage);
    size_t n = r < 0                   ? 0
               : target->by == BY_TIME ? index_places_by_time(&rows, target->time_ns)
                                       : index_places_by_ordinal(&rows, target->number);
    if (n > 0)
        *spot = (struct spot){spot->generation, rows.places[n - 1].ordinal, rows.places[n - 1], true};
    store_rows_done(&rows);
    return r;
}

/* The best checkpoint. Generation 0 without a place inside is the start, for which none is needed. */
static int find_spot(const struct gxt_cursor *cursor, const struct target *target, struct spot *ret,
                     uint64_t *ret_covered, struct gxt_error *damage)
{
    const struct store *store = cursor->index->store;
    struct store_meta meta;
    struct index_cover cover;
    uint64_t generation;

    *ret = (struct spot){0};
    int r = index_look(cursor->trace, store, &meta, &cover, damage);
    if (r == 0)
        r = choose(store, target, cover.n_generations, meta.rising, &generation, damage);
    if (r == 0)
        r = step_back(store, target, &generation, damage);
    if (r == 0)
        r = to_generation(store, generation, ret, damage);
    if (r == 0 && ret->generation < cover.n_generations && (target->by != BY_TIME || meta.rising))
        r = look_inside(store, target, ret, damage);
    *ret_covered = r == 0 ? cover.n_generations : 0;
    return r;
}

/* Puts the cursor at the best checkpoint, or leaves it where it is when that is nearer. */
static int approach(struct gxt_cursor *cursor, const struct target *target, bool is_before, uint64_t *ret_covered)
{
    struct gxt_error damage = {0};
    struct spot spot = {0};
    const bool has_index = cursor->index && !cursor->distrusts;

    *ret_covered = 0;
    int r = has_index ? find_spot(cursor, target, &spot, ret_covered, &damage) : 0;

    while (r == 0 && (spot.generation > 0 || spot.inside)) {
        if (is_before && cursor_ordinal(cursor) >= spot.ordinal)
            return 0;
        if ((r = to_spot(cursor, &spot, &damage)) == 0)
            return 0;
        if (r == GXT_ENOMEM)
            break;
        is_before = false;
        index_damaged(cursor->index, &damage);
        /* What is before it: its generation's beginning, or that of the one before. */
        r = to_generation(cursor->index->store, spot.generation - !spot.inside, &spot, &damage);
    }
    if (r == GXT_ENOMEM) {
        cursor->error = damage;
        cursor_lose(cursor);
        return r;
    }
    if (r < 0)
        index_damaged(cursor->index, &damage);
    if (!is_before)
        to_start(cursor);
    return 0;
}

/* The trace's own fault is no error of a seek: its place is the end. */
static int arrive(struct gxt_cursor *cursor, int r)
{
    if (r >= 0 || fault_is_of_trace(r))
        return 0;
    cursor_lose(cursor);
    return r;
}

/* Whether the cursor stands before the target, so that rolling from here gets there. */
static bool is_before(const struct gxt_cursor *cursor, const struct target *target)
{
    /* What a walk met a fault with has changed its states: it is not at its place any more. */
    if (!cursor->placed || cursor->displaced || walk_fault(cursor)->code < 0)
        return false;
    const struct gap gap = cursor_gap(cursor);
    switch (target->by) {
    case BY_ORDINAL:
        return gap.ordinal <= target->number;
    case BY_TIME:
        return walk_is_rising(cursor) && gap.ordinal > 0 && gap.time_ns != 0 && gap.time_ns < target->time_ns;
    case BY_GENERATION:
        return gap.ordinal > 0 && gap.generation < target->number;
    default:
        return true;
    }
}

static bool reached(const struct gxt_cursor *cursor, const struct target *target)
{
    const struct gxt_event *event = cursor->next;

    switch (target->by) {
    case BY_ORDINAL:
        return event->ordinal >= target->number;
    case BY_TIME:
        return event->time_ns >= target->time_ns;
    case BY_GENERATION:
        return event->kind == GXT_KIND_SYNC && walk_generations(cursor) > target->number;
    default:
        return false;
    }
}

static int seek(struct gxt_cursor *cursor, struct target target)
{
    const struct gxt_event *event;
    uint64_t covered;
    int r = approach(cursor, &target, is_before(cursor, &target), &covered);
    if (r < 0)
        return r;

    while (cursor_is_ahead(cursor)) {
        if (reached(cursor, &target))
            return 0;
        (void)cursor_next(cursor, &event);
    }
    if (covered > 0 && (target.by == BY_ORDINAL || target.by == BY_TIME)) {
        r = cursor_roll(cursor, target.by == BY_ORDINAL ? target.number : UINT64_MAX,
                        target.by == BY_TIME ? target.time_ns : INT64_MAX, covered);
        if (r <= 0)
            return arrive(cursor, r);
    }
    if (target.by == BY_ORDINAL || target.by == THE_END) {
        r = 1;
        while (r > 0 && (target.by == THE_END || cursor_ordinal(cursor) < target.number))
            r = cursor_next(cursor, &event);
        return arrive(cursor, r);
    }
    while ((r = cursor_take(cursor)) > 0 && !reached(cursor, &target))
        (void)cursor_next(cursor, &event);
    return arrive(cursor, r);
}

int seek_start(struct gxt_cursor *cursor)
{
    to_start(cursor);
    return 0;
}

int seek_end(struct gxt_cursor *cursor)
{
    return seek(cursor, (struct target){.by = THE_END});
}

int seek_time(struct gxt_cursor *cursor, int64_t time_ns)
{
    return seek(cursor, (struct target){.by = BY_TIME, .time_ns = time_ns});
}

int seek_ordinal(struct gxt_cursor *cursor, uint64_t ordinal)
{
    return seek(cursor, (struct target){.by = BY_ORDINAL, .number = ordinal});
}

int seek_generation(struct gxt_cursor *cursor, gxt_gen generation)
{
    return seek(cursor, (struct target){.by = BY_GENERATION, .number = generation});
}

int seek_pos(struct gxt_cursor *cursor, struct gxt_pos pos)
{
    if (pos.fingerprint != cursor->trace->facts.fingerprint) {
        cursor_lose(cursor);
        return fault_set(&cursor->error, GXT_EINVAL, GXT_NO_OFFSET, "the position is in another trace");
    }
    return seek_ordinal(cursor, pos.ordinal);
}

int seek_prev(struct gxt_cursor *cursor, const struct gxt_event **ret)
{
    if (!cursor->placed)
        return cursor_take(cursor);
    const uint64_t ordinal = cursor_ordinal(cursor);
    if (ordinal == 0)
        return 0;
    int r = seek_ordinal(cursor, ordinal - 1);
    if (r == 0)
        r = cursor_take(cursor);
    if (r > 0)
        *ret = cursor->next;
    return r;
}

/* ---- tokens: "gxt1-FINGERPRINT-ORDINAL", both in hexadecimal ---- */

void pos_print(struct gxt_pos pos, char token[GXT_POS_TOKEN_SIZE])
{
    (void)snprintf(token, GXT_POS_TOKEN_SIZE, "gxt1-%016" PRIx64 "-%" PRIx64, pos.fingerprint, pos.ordinal);
}

/* At most sixteen digits. Return: behind them, or NULL. */
static const char *hexadecimal(const char *at, uint64_t *ret)
{
    static const char digits[] = "0123456789abcdef";
    const char *begin = at, *digit;

    for (*ret = 0; *at && (digit = strchr(digits, *at)) != NULL; at++)
        *ret = *ret << 4 | (uint64_t)(digit - digits);
    return at > begin && at - begin <= 16 ? at : NULL;
}

int pos_parse(const char *token, struct gxt_pos *ret)
{
    struct gxt_pos pos;
    const char *at = token;

    if (strncmp(at, "gxt1-", 5) != 0)
        return GXT_EINVAL;
    at = hexadecimal(at + 5, &pos.fingerprint);
    if (!at || *at != '-' || at - token != 5 + 16)
        return GXT_EINVAL;
    at = hexadecimal(at + 1, &pos.ordinal);
    if (!at || *at != '\0')
        return GXT_EINVAL;
    *ret = pos;
    return 0;
}
