/* resource.c
 *
 * In: resources, or ordinals. Out: the next event that belongs to one of the resources, or how many events there are.
 * Never: a block read of which the index says that it has none.
 *
 *     generation  | block 0 | block 1 | block 2 | …     places divide it
 *     members       G P M     G P M     G P M           whose events are in which
 *
 * What the index does not cover, or cannot tell any more, is walked.
 */
#include "replay.h"

#include <stdlib.h>

/* A generation's places, and whose events lie between them. */
struct blocks {
    uint64_t generation;
    uint64_t first, end; /* its ordinals, [first, end); equal: none is known */
    struct store_rows places, members;
};

struct blocks *blocks_free(struct blocks *blocks)
{
    if (!blocks)
        return NULL;
    store_rows_done(&blocks->places);
    store_rows_done(&blocks->members);
    free(blocks);
    return NULL;
}

/* Knows the generation in which event @ordinal is. 1; 0 when no index covers it; negative. */
static int know(struct gxt_cursor *cursor, uint64_t ordinal)
{
    const struct store *store;
    struct store_generation record = {0};
    struct store_meta meta;
    struct index_cover cover = {0};
    struct gxt_error damage;
    uint64_t generation = 0;

    if (!cursor->index || cursor->distrusts)
        return 0;
    if (!cursor->blocks && !(cursor->blocks = calloc(1, sizeof *cursor->blocks)))
        return fault_set(&cursor->error, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a generation's blocks");
    struct blocks *blocks = cursor->blocks;
    if (ordinal >= blocks->first && ordinal < blocks->end)
        return 1;
    blocks->first = blocks->end = 0;
    store = cursor->index->store;
    int r = index_look(cursor->trace, store, &meta, &cover, &damage);
    if (r == 0)
        r = store_find_ordinal(store, ordinal, &generation, &damage);
    if (r == 0 && generation >= cover.n_generations)
        return 0;
    if (r == 0)
        r = store_generation(store, generation, &record, &damage);
    if (r == 0 && ordinal - record.facts.first_ordinal >= record.facts.n_events)
        return 0;
    if (r == 0)
        r = store_list(store, STORE_PLACES, generation, &blocks->places, &damage);
    if (r == 0)
        r = store_list(store, STORE_MEMBERS, generation, &blocks->members, &damage);
    if (r < 0) {
        index_damaged(cursor->index, &damage);
        return 0;
    }
    blocks->generation = generation;
    blocks->first = record.facts.first_ordinal;
    blocks->end = blocks->first + record.facts.n_events;
    return 1;
}

/* The first event of a block, or the end of the last one. */
static uint64_t begin_of(const struct blocks *blocks, uint64_t block)
{
    if (block == 0)
        return blocks->first;
    return block <= blocks->places.n ? blocks->places.places[block - 1].ordinal : blocks->end;
}

static bool is_one_of(const struct store_member *member, const struct gxt_resource_id *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (member->resource == (uint64_t)ids[i].resource && (uint64_t)ids[i].id - (uint64_t)member->first < member->n)
            return true;
    return false;
}

/* The first block from @block on that has such events, or what comes behind the last one. */
static uint64_t next_block(const struct blocks *blocks, uint64_t block, const struct gxt_resource_id *ids, size_t n)
{
    const struct store_member *members = blocks->members.members;
    size_t low = 0, high = blocks->members.n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (members[middle].block < block)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < blocks->members.n; low++)
        if (is_one_of(&members[low], ids, n))
            return members[low].block;
    return blocks->places.n + 1;
}

/* Where to walk: from @at on to before @ret_end. The cursor goes there when what lies between has no such event. */
static int approach(struct gxt_cursor *cursor, const struct gxt_resource_id *ids, size_t n, uint64_t *ret_end)
{
    const uint64_t from = cursor_ordinal(cursor);
    uint64_t at = from;
    int r;

    while ((r = know(cursor, at)) > 0) {
        const uint64_t here = index_places_by_ordinal(&cursor->blocks->places, at),
                       there = next_block(cursor->blocks, here, ids, n);
        if (there > here)
            at = begin_of(cursor->blocks, there);
        if (there > cursor->blocks->places.n)
            continue; /* on in the next generation */
        *ret_end = begin_of(cursor->blocks, there + 1);
        break;
    }
    if (r == 0)
        *ret_end = UINT64_MAX;
    if (r >= 0)
        r = at > from ? seek_ordinal(cursor, at) : 0;
    cursor->wanted_begin = cursor_ordinal(cursor);
    return r;
}

static bool is_wanted(const struct gxt_event *event, const struct gxt_resource_id *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (event_belongs(event, ids[i].resource, ids[i].id))
            return true;
    return false;
}

/* Whether the cursor stands where it was found that it must walk for the same resources. */
static bool is_same_wish(const struct gxt_cursor *cursor, uint64_t hash)
{
    const uint64_t ordinal = cursor_ordinal(cursor);

    return ordinal >= cursor->wanted_begin && ordinal < cursor->wanted_end && hash == cursor->wanted_hash;
}

int resource_next(struct gxt_cursor *cursor, const struct gxt_resource_id *ids, size_t n, const struct gxt_event **ret)
{
    const struct gxt_event *event = NULL;
    const uint64_t hash = hash_bytes(ids, n * sizeof *ids);
    int r;

    if (!cursor->placed)
        return cursor_next(cursor, &event);
    for (;;) {
        if (!is_same_wish(cursor, hash) && (r = approach(cursor, ids, n, &cursor->wanted_end)) < 0)
            return r;
        cursor->wanted_hash = hash;
        const uint64_t end = cursor->wanted_end;
        while (cursor_ordinal(cursor) < end) {
            if ((r = cursor_next(cursor, &event)) <= 0)
                return r;
            if (!is_wanted(event, ids, n))
                continue;
            *ret = event;
            return 1;
        }
    }
}

int resource_seek(struct gxt_cursor *cursor, struct gxt_resource_id id, int64_t from_ns)
{
    const struct gxt_event *event = NULL;
    int r = seek_time(cursor, from_ns);

    if (r == 0)
        r = resource_next(cursor, &id, 1, &event);
    if (r > 0 && event)
        return seek_ordinal(cursor, event->ordinal);
    if (r == 0 || fault_is_of_trace(r))
        return 0;
    cursor_lose(cursor);
    return r;
}

/* ---- counting ---- */

/* Events of each kind before the last place at or before @ordinal, and where that is. What cannot be told is counted
 * from the start. */
static void count_before(struct gxt_cursor *cursor, uint64_t ordinal, uint64_t ret[GXT_N_KINDS], uint64_t *ret_at)
{
    const struct store *store = cursor->index ? cursor->index->store : NULL;
    struct store_generation record;
    struct store_rows counts = {0};
    struct store_meta meta;
    struct index_cover cover;
    struct gxt_error damage;
    uint64_t at = 0;
    int r = 0;

    memset(ret, 0, GXT_N_KINDS * sizeof *ret);
    *ret_at = 0;
    if (!store || (r = index_look(cursor->trace, store, &meta, &cover, &damage)) < 0)
        goto out;
    for (uint64_t generation = 0; r == 0 && generation < cover.n_generations; generation++) {
        r = store_generation(store, generation, &record, &damage);
        if (r < 0 || record.facts.first_ordinal + record.facts.n_events > ordinal)
            break;
        for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
            ret[kind] += record.facts.n_by_kind[kind];
        at = record.facts.first_ordinal + record.facts.n_events;
    }
    *ret_at = at;
    if (r == 0 && know(cursor, ordinal) > 0 && cursor->blocks->first == at) {
        const uint64_t block = index_places_by_ordinal(&cursor->blocks->places, ordinal);
        r = store_list(store, STORE_COUNTS, cursor->blocks->generation, &counts, &damage);
        if (r == 0 && block > 0 && counts.n == cursor->blocks->places.n) {
            for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
                ret[kind] += counts.counts[block - 1].n_by_kind[kind];
            *ret_at = begin_of(cursor->blocks, block);
        }
    }
    store_rows_done(&counts);
out:
    if (r < 0)
        index_damaged(cursor->index, &damage);
}

/* Adds what lies between two ordinals, by a walk. */
static int count_walk(struct gxt_cursor *cursor, uint64_t begin, uint64_t end, uint64_t sum[GXT_N_KINDS])
{
    int r = begin < end ? seek_ordinal(cursor, begin) : 0;

    if (r == 0 && begin < end)
        r = begin == 0 && end == UINT64_MAX ? count_all(cursor, count_threads(cursor), sum)
                                            : cursor_tally(cursor, end, UINT64_MAX, sum);
    return r < 0 && !fault_is_of_trace(r) ? r : 0;
}

int count_between(struct gxt_cursor *cursor, uint64_t begin, uint64_t end, uint64_t ret[GXT_N_KINDS])
{
    uint64_t before[GXT_N_KINDS], upto[GXT_N_KINDS], begin_at, end_at;
    int r = 0;

    cursor->error = (struct gxt_error){0};
    memset(ret, 0, GXT_N_KINDS * sizeof *ret);
    if (begin >= end)
        return 0;
    count_before(cursor, begin, before, &begin_at);
    count_before(cursor, end, upto, &end_at);
    if (end_at <= begin) {
        r = count_walk(cursor, begin, end, ret);
    } else {
        for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
            ret[kind] = upto[kind] - before[kind];
        memset(before, 0, sizeof before);
        r = count_walk(cursor, begin_at, begin, before);
        for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
            ret[kind] -= before[kind];
        if (r == 0)
            r = count_walk(cursor, end_at, end, ret);
    }
    cursor_lose(cursor);
    return r;
}

/* ---- counting for free ---- */

/* Where a moment lies among the events: between two places, and about where between them. */
struct about {
    uint64_t low, high; /* ordinals: the first event at or after the moment is one of [low, high] */
    double ordinal;
};

static struct about between(uint64_t low, int64_t low_ns, uint64_t high, int64_t high_ns, int64_t time_ns)
{
    const double length = (double)high_ns - (double)low_ns;
    double share = length > 0 ? ((double)time_ns - (double)low_ns) / length : 0;

    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return (struct about){low, high, (double)low + share * (double)(high - low)};
}

/* @time_ns is not before the first event, nor behind the last generation's last one. */
static int look_for(const struct gxt_index *index, int64_t time_ns, struct about *ret, struct gxt_error *fault)
{
    struct store_generation record;
    struct store_rows rows = {0};
    uint64_t generation;

    int r = store_find_time(index->store, time_ns, &generation, fault);
    if (r == 0)
        r = store_generation(index->store, generation, &record, fault);
    if (r == 0)
        r = store_list(index->store, STORE_PLACES, generation, &rows, fault);
    if (r == 0) {
        const struct gxt_generation *facts = &record.facts;
        const struct store_place first = {.ordinal = facts->first_ordinal, .time_ns = facts->first_ns},
                                 last = {.ordinal = facts->first_ordinal + facts->n_events, .time_ns = facts->last_ns};
        const size_t i = index_places_by_time(&rows, time_ns);
        const struct store_place *low = i > 0 ? &rows.places[i - 1] : &first,
                                 *high = i < rows.n ? &rows.places[i] : &last;
        *ret = between(low->ordinal, low->time_ns, high->ordinal, high->time_ns, time_ns);
    }
    store_rows_done(&rows);
    return r;
}

static int look_about(const struct gxt_index *index, const struct store_meta *meta, uint64_t n_generations,
                      int64_t time_ns, struct about *ret, struct gxt_error *fault)
{
    struct store_generation last;

    if (meta->n_events == 0 || time_ns <= meta->first_ns) {
        *ret = (struct about){0};
        return 0;
    }
    if (time_ns > meta->last_ns) {
        *ret = (struct about){meta->n_events, meta->n_events, (double)meta->n_events};
        return 0;
    }
    if (n_generations == 0) {
        *ret = between(0, meta->first_ns, meta->n_events, meta->last_ns, time_ns);
        return 0;
    }
    int r = store_generation(index->store, n_generations - 1, &last, fault);
    if (r == 0 && time_ns > last.facts.last_ns)
        *ret = between(last.facts.first_ordinal + last.facts.n_events, last.facts.last_ns, meta->n_events,
                       meta->last_ns, time_ns);
    return r < 0 || time_ns > last.facts.last_ns ? r : look_for(index, time_ns, ret, fault);
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* What a hurt index says may be out of all order: then so is what is reckoned from it. */
static uint64_t whole(double number)
{
    if (number < 1)
        return 0;
    return number < (double)UINT64_MAX ? (uint64_t)number : UINT64_MAX;
}

int index_estimate(const struct gxt_index *index, int64_t from_ns, int64_t to_ns, struct gxt_estimate *ret,
                   struct gxt_error *fault)
{
    struct gxt_error own;
    struct store_meta meta;
    struct index_cover cover;
    struct about from = {0}, to = {0};

    fault = fault ? fault : &own;
    int r = index_look(index->trace, index->store, &meta, &cover, fault);
    if (r == 0 && (!cover.up_to_date || !meta.rising))
        r = fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET, "the index does not cover the trace, or its times do not rise");
    if (r == 0)
        r = look_about(index, &meta, cover.n_generations, from_ns, &from, fault);
    if (r == 0)
        r = look_about(index, &meta, cover.n_generations, to_ns, &to, fault);
    if (r < 0)
        return r;
    *ret = (struct gxt_estimate){0};
    if (to_ns <= from_ns)
        return 0;
    const double n = larger(to.ordinal - from.ordinal, 0);
    ret->n_events = whole(n + 0.5);
    const double most = (double)to.high - (double)from.low, least = (double)to.low - (double)from.high;
    ret->bound = whole(larger(most - n, n - larger(least, 0)) + 1);
    if (to.low == to.high && from.low == from.high)
        ret->bound = 0;
    return 0;
}
