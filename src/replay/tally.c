/* tally.c
 *
 * In: events, in order. Out: of each goroutine that ends a row, of each block whose events it has, and, when they are
 * asked for, rows of those that are there. Never: more in memory than the goroutines that are there.
 *
 * A CPU sample says by itself whose it is, which may be a goroutine that is not there (any more): it is counted where
 * there is one, and makes none.
 */
#include "replay.h"

#include <stdlib.h>

void tally_done(struct tally *tally)
{
    map_done(&tally->places);
    free(tally->items);
    free(tally->free_places);
    for (size_t kind = 0; kind < TALLY_KINDS; kind++)
        free(tally->block_ids[kind].ids);
    for (size_t kind = 0; kind < 2; kind++) {
        map_done(&tally->seen[kind].places);
        free(tally->seen[kind].stamps);
    }
    *tally = (struct tally){0};
}

/* ---- members of the block ---- */

static int list_id(struct tally_ids *list, int64_t id)
{
    int64_t *grown = array_grow(list->ids, list->n, &list->capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    list->ids = grown;
    list->ids[list->n++] = id;
    return 0;
}

/* A processor or thread, once in a block. */
static inline int see(struct tally *tally, unsigned kind, int64_t id)
{
    struct tally_seen *seen = &tally->seen[kind - TALLY_P];

    if (id == -1 || (id == seen->last && seen->last_stamp == tally->stamp))
        return 0;
    uint32_t at = map_get(&seen->places, (uint64_t)id);
    if (at == MAP_NONE) {
        uint64_t *grown = array_grow(seen->stamps, seen->n, &seen->capacity, sizeof *grown);
        if (!grown || map_put(&seen->places, (uint64_t)id, (uint32_t)seen->n) < 0)
            return GXT_ENOMEM;
        seen->stamps = grown;
        at = (uint32_t)seen->n++;
        seen->stamps[at] = 0;
    }
    seen->last = id;
    seen->last_stamp = tally->stamp;
    if (seen->stamps[at] == tally->stamp)
        return 0;
    seen->stamps[at] = tally->stamp;
    return list_id(&tally->block_ids[kind], id);
}

static int by_id(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

int tally_end_block(struct tally *tally, uint64_t block, tally_member *take, void *user)
{
    static const uint8_t resources[TALLY_KINDS] = {GXT_RESOURCE_GOROUTINE, GXT_RESOURCE_PROC, GXT_RESOURCE_THREAD};
    int r = 0;

    for (size_t kind = 0; kind < TALLY_KINDS; kind++) {
        struct tally_ids *list = &tally->block_ids[kind];
        if (list->n > 0)
            qsort(list->ids, list->n, sizeof *list->ids, by_id);
        for (size_t i = 0, end; r == 0 && i < list->n; i = end) {
            for (end = i + 1; end < list->n && list->ids[end] - list->ids[end - 1] <= 1; end++)
                ;
            const struct store_member member = {block, resources[kind], list->ids[i],
                                                (uint64_t)list->ids[end - 1] - (uint64_t)list->ids[i] + 1};
            r = take(user, &member);
        }
        list->n = 0;
    }
    tally->stamp++;
    return r;
}

/* ---- goroutines ---- */

static struct tally_item *find(struct tally *tally, gxt_goid id)
{
    uint32_t *cached = &tally->cache[(uint64_t)id % TALLY_CACHE];

    if (LIKELY(*cached < tally->n_items && tally->items[*cached].row.id == id && tally->items[*cached].is_there))
        return &tally->items[*cached];
    uint32_t at = map_get(&tally->places, (uint64_t)id);
    if (at == MAP_NONE)
        return NULL;
    *cached = at;
    return &tally->items[at];
}

static struct tally_item *add(struct tally *tally, gxt_goid id)
{
    uint32_t at;

    if (tally->n_free > 0) {
        at = tally->free_places[--tally->n_free];
    } else {
        struct tally_item *grown = array_grow(tally->items, tally->n_items, &tally->items_capacity, sizeof *grown);
        if (!grown || tally->n_items >= MAP_NONE)
            return NULL;
        tally->items = grown;
        at = (uint32_t)tally->n_items++;
    }
    if (map_put(&tally->places, (uint64_t)id, at) < 0)
        return NULL;
    tally->items[at] =
        (struct tally_item){.row = {.id = id, .creator = GXT_NO_GOROUTINE}, .is_there = true, .is_first = true};
    return &tally->items[at];
}

static struct tally_item *begin(struct tally *tally, const struct gxt_event *event, gxt_goid id)
{
    struct tally_item *item = add(tally, id);

    if (!item)
        return NULL;
    tally->n_goroutines++;
    item->row.first_ns = event->time_ns;
    if (event->kind == GXT_KIND_STATE_TRANSITION && event->transition.id == id &&
        event->transition.resource == GXT_RESOURCE_GOROUTINE && event->transition.from == GXT_GO_NOT_EXIST) {
        item->row.flags = STORE_CREATED;
        item->row.creator = event->goroutine;
        item->row.start = gen_stack_id(event->transition.stack);
        item->row.stack = gen_stack_id(event->stack);
    }
    return item;
}

static int end(struct tally *tally, struct tally_item *item)
{
    uint32_t *grown = array_grow(tally->free_places, tally->n_free, &tally->free_capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    tally->free_places = grown;
    tally->free_places[tally->n_free++] = (uint32_t)(item - tally->items);
    (void)map_remove(&tally->places, (uint64_t)item->row.id);
    item->is_there = false;
    item->row.length_ns = (uint64_t)item->last_ns - (uint64_t)item->row.first_ns;
    return tally->ended ? tally->ended(tally->user, &item->row) : 0;
}

/* Of one whose creation was not seen, the first stack of its own: its outermost frame is where it started. Its row is
 * told again then. */
static void find_stack(struct tally_item *item, const struct gxt_event *event)
{
    if (event->goroutine == item->row.id)
        item->row.stack = gen_stack_id(event->stack);
    else if (event->kind == GXT_KIND_STATE_TRANSITION)
        item->row.stack = gen_stack_id(event->transition.stack);
    if (item->row.stack != 0)
        item->is_first = true;
}

static inline int touch(struct tally *tally, const struct gxt_event *event, gxt_goid id)
{
    struct tally_item *item = find(tally, id);

    if (!item) {
        if (event->kind == GXT_KIND_STACK_SAMPLE)
            return list_id(&tally->block_ids[TALLY_G], id);
        item = begin(tally, event, id);
        if (!item)
            return GXT_ENOMEM;
    }
    item->row.n_events++;
    item->last_ns = event->time_ns;
    if (UNLIKELY(item->row.stack == 0) && !(item->row.flags & STORE_CREATED))
        find_stack(item, event);
    if (item->stamp == tally->stamp)
        return 0;
    item->stamp = tally->stamp;
    return list_id(&tally->block_ids[TALLY_G], id);
}

static __attribute__((noinline)) int tally_other(struct tally *tally, const struct gxt_event *event)
{
    const struct owners owners = owners_of(event);
    int r = 0;

    for (size_t i = 0; r == 0 && i < 2; i++) {
        if (owners.g[i] != GXT_NO_GOROUTINE && (i == 0 || owners.g[1] != owners.g[0]))
            r = touch(tally, event, owners.g[i]);
        if (r == 0)
            r = see(tally, TALLY_P, owners.p[i]);
        if (r == 0)
            r = see(tally, TALLY_M, owners.m[i]);
    }
    return r;
}

/* Nearly all events are transitions; owners_of() says the same of them. */
static inline int tally_transition(struct tally *tally, const struct gxt_event *event)
{
    const struct gxt_transition *transition = &event->transition;
    const bool is_g = transition->resource == GXT_RESOURCE_GOROUTINE;
    int r;

    if ((r = see(tally, TALLY_P, event->proc)) < 0 || (r = see(tally, TALLY_M, event->thread)) < 0)
        return r;
    if (event->goroutine != GXT_NO_GOROUTINE && (r = touch(tally, event, event->goroutine)) < 0)
        return r;
    if (UNLIKELY(!is_g))
        return see(tally, TALLY_P, transition->id);
    if (UNLIKELY(transition->run != GXT_RUN_SAME && transition->run_thread != event->thread) &&
        (r = see(tally, TALLY_M, transition->run_thread)) < 0)
        return r;
    if (transition->id != event->goroutine && LIKELY(transition->id != GXT_NO_GOROUTINE) &&
        (r = touch(tally, event, transition->id)) < 0)
        return r;
    if (LIKELY(transition->to != GXT_GO_NOT_EXIST))
        return 0;
    struct tally_item *item = find(tally, transition->id);
    return item ? end(tally, item) : 0;
}

static inline int tally_one(struct tally *tally, const struct gxt_event *event)
{
    return LIKELY(event->kind == GXT_KIND_STATE_TRANSITION) ? tally_transition(tally, event)
                                                            : tally_other(tally, event);
}

int tally_event(struct tally *tally, const struct gxt_event *event)
{
    return tally_one(tally, event);
}

int tally_events(struct tally *tally, const struct gxt_event *events, size_t n)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = tally_one(tally, &events[i]);
    return r;
}

/* ---- what is there ---- */

static int by_row(const void *a, const void *b)
{
    return by_id(&(*(const struct tally_item *const *)a)->row.id, &(*(const struct tally_item *const *)b)->row.id);
}

int tally_list(const struct tally *tally, struct tally_item ***ret, size_t *ret_n)
{
    struct tally_item **list = malloc((tally->n_items + 1) * sizeof *list);

    if (!list)
        return GXT_ENOMEM;
    *ret_n = 0;
    for (size_t i = 0; i < tally->n_items; i++)
        if (tally->items[i].is_there)
            list[(*ret_n)++] = &tally->items[i];
    qsort(list, *ret_n, sizeof *list, by_row);
    *ret = list;
    return 0;
}

int tally_restore(struct tally *tally, const struct store *store, uint64_t n_generations, struct gxt_error *fault)
{
    struct store_rows rows = {0};
    int r = store_list(store, STORE_LIVE, n_generations - 1, &rows, fault);

    for (size_t i = 0; r == 0 && i < rows.n; i++) {
        struct tally_item *item = add(tally, rows.live[i].id);
        if (!item) {
            r = fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the goroutines");
            break;
        }
        item->row.n_events = rows.live[i].n_events;
        item->last_ns = rows.live[i].last_ns;
        item->is_first = false;
    }
    for (uint64_t generation = 0; r == 0 && generation < n_generations; generation++) {
        r = store_list(store, STORE_FIRST, generation, &rows, fault);
        for (size_t i = 0; r == 0 && i < rows.n; i++) {
            struct tally_item *item = find(tally, rows.goroutines[i].id);
            if (!item)
                continue;
            const uint64_t n_events = item->row.n_events;
            item->row = rows.goroutines[i];
            item->row.n_events = n_events;
        }
    }
    store_rows_done(&rows);
    return r;
}
