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

/* Room for one more at each of the two lists of goroutines. */
static bool make_room(struct tally *tally)
{
    struct tally_item *items = array_grow(tally->items, tally->n_items, &tally->items_capacity, sizeof *items);

    if (!items)
        return false;
    tally->items = items;
    struct tally_place *places = array_grow(tally->places, tally->n_items, &tally->places_capacity, sizeof *places);
    if (places)
        tally->places = places;
    return places && tally->n_items < MAP_NONE;
}

/* Place 0 is nobody's: so every place that the cache names can be looked at. */
static bool begin_places(struct tally *tally)
{
    if (tally->n_items > 0)
        return true;
    if (!make_room(tally))
        return false;
    tally->places[0] = (struct tally_place){.id = GXT_NO_GOROUTINE};
    tally->n_items = 1;
    return true;
}

void tally_done(struct tally *tally)
{
    id_map_done(&tally->ids);
    free(tally->places);
    free(tally->items);
    free(tally->free_places);
    pairs_done(&tally->spare);
    for (size_t kind = 0; kind < TALLY_KINDS; kind++) {
        free(tally->block_ids[kind].keys);
        map_done(&tally->block_ids[kind].others);
    }
    *tally = (struct tally){0};
}

#define SIGN (UINT64_C(1) << 63)
#define NOBODY (-1) /* GXT_NO_PROC, GXT_NO_THREAD */

/* ---- members of the block ---- */

static int list_id(struct tally_ids *list, int64_t id)
{
    struct pair *grown = array_grow(list->keys, list->n, &list->capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    list->keys = grown;
    list->keys[list->n++] = (struct pair){.key = (uint64_t)id ^ SIGN};
    return 0;
}

/* One that its place in the cache does not have: it may be in the block already, where another took that place. */
static __attribute__((noinline)) int see_again(struct tally *tally, unsigned kind, int64_t id)
{
    struct tally_ids *list = &tally->block_ids[kind];
    struct tally_seen *seen = &list->seen[(uint64_t)id % TALLY_SEEN];

    if (seen->stamp == tally->stamp) {
        if (map_get(&list->others, (uint64_t)seen->id) == MAP_NONE && map_put(&list->others, (uint64_t)seen->id, 0) < 0)
            return GXT_ENOMEM;
        const bool is_listed = map_get(&list->others, (uint64_t)id) != MAP_NONE;
        seen->id = id;
        return is_listed ? 0 : list_id(list, id);
    }
    *seen = (struct tally_seen){id, tally->stamp};
    return list_id(list, id);
}

/* A processor or thread, once in a block. */
static inline int see(struct tally *tally, unsigned kind, int64_t id)
{
    struct tally_ids *list = &tally->block_ids[kind];
    const struct tally_seen *seen = &list->seen[(uint64_t)id % TALLY_SEEN];

    if (LIKELY(id == list->last))
        return 0;
    list->last = id;
    if (LIKELY((seen->id == id && seen->stamp == tally->stamp) || id == NOBODY))
        return 0;
    return see_again(tally, kind, id);
}

/* Each once, and neighbours as one. */
static int take_ids(const struct tally_ids *list, struct store_member member, tally_member *take, void *user)
{
    int r = 0;

    for (size_t i = 0, end; r == 0 && i < list->n; i = end) {
        for (end = i + 1; end < list->n && list->keys[end].key - list->keys[end - 1].key <= 1; end++)
            ;
        member.first = (int64_t)(list->keys[i].key ^ SIGN);
        member.n = list->keys[end - 1].key - list->keys[i].key + 1;
        r = take(user, &member);
    }
    return r;
}

int tally_end_block(struct tally *tally, uint64_t block, tally_member *take, void *user)
{
    static const uint8_t resources[TALLY_KINDS] = {GXT_RESOURCE_GOROUTINE, GXT_RESOURCE_PROC, GXT_RESOURCE_THREAD};
    int r = 0;

    for (size_t kind = 0; kind < TALLY_KINDS; kind++) {
        struct tally_ids *list = &tally->block_ids[kind];
        if (r == 0)
            r = pairs_sort(list->keys, list->n, &tally->spare);
        if (r == 0)
            r = take_ids(list, (struct store_member){.block = block, .resource = resources[kind]}, take, user);
        list->n = 0;
        list->last = NOBODY;
        if (list->others.n > 0)
            map_clear(&list->others);
    }
    tally->stamp++;
    return r;
}

/* ---- goroutines ---- */

/* Return: its place, 0 for none. */
static uint32_t find(struct tally *tally, gxt_goid id)
{
    uint32_t at = id_map_get(&tally->ids, (uint64_t)id);

    if (at == MAP_NONE)
        return 0;
    tally->cache[(uint64_t)id % TALLY_CACHE] = at;
    return at;
}

/* Return: its place, 0 without memory. */
static uint32_t add(struct tally *tally, gxt_goid id)
{
    uint32_t at;

    if (tally->n_free > 0)
        at = tally->free_places[--tally->n_free];
    else if (make_room(tally))
        at = (uint32_t)tally->n_items++;
    else
        return 0;
    if (id_map_put(&tally->ids, (uint64_t)id, at) < 0)
        return 0;
    tally->cache[(uint64_t)id % TALLY_CACHE] = at;
    tally->places[at] = (struct tally_place){.id = id};
    tally->items[at] = (struct tally_item){.row = {.id = id, .creator = GXT_NO_GOROUTINE}, .is_first = true};
    return at;
}

static uint32_t begin(struct tally *tally, const struct gxt_event *event, gxt_goid id)
{
    uint32_t at = add(tally, id);

    if (at == 0)
        return 0;
    struct store_goroutine *row = &tally->items[at].row;
    tally->n_goroutines++;
    row->first_ns = event->time_ns;
    if (event->kind == GXT_KIND_STATE_TRANSITION && event->transition.id == id &&
        event->transition.resource == GXT_RESOURCE_GOROUTINE && event->transition.from == GXT_GO_NOT_EXIST) {
        row->flags = STORE_CREATED;
        row->creator = event->goroutine;
        row->start = gen_stack_id(event->transition.stack);
        row->stack = gen_stack_id(event->stack);
    }
    return at;
}

/* What is counted at the place goes into the row. */
static struct tally_item *sum_up(const struct tally *tally, size_t at)
{
    struct tally_item *item = &tally->items[at];

    item->last_ns = tally->places[at].last_ns;
    item->row.n_events = tally->places[at].n_events;
    return item;
}

static int end(struct tally *tally, gxt_goid id)
{
    uint32_t at = find(tally, id);

    if (at == 0)
        return 0;
    uint32_t *grown = array_grow(tally->free_places, tally->n_free, &tally->free_capacity, sizeof *grown);
    if (!grown)
        return GXT_ENOMEM;
    tally->free_places = grown;
    tally->free_places[tally->n_free++] = at;
    id_map_remove(&tally->ids, (uint64_t)id);
    tally->places[at].id = GXT_NO_GOROUTINE;
    struct tally_item *item = sum_up(tally, at);
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

static bool wants_stack(const struct tally_item *item)
{
    return item->row.stack == 0 && !(item->row.flags & STORE_CREATED);
}

/* An event of a goroutine that is not at hand, or of which there is more to tell than that. */
static __attribute__((noinline)) int touch_anew(struct tally *tally, const struct gxt_event *event, gxt_goid id)
{
    uint32_t at = find(tally, id);

    if (at == 0 && event->kind == GXT_KIND_STACK_SAMPLE)
        return list_id(&tally->block_ids[TALLY_G], id);
    if (at == 0)
        at = begin(tally, event, id);
    if (at == 0)
        return GXT_ENOMEM;
    struct tally_place *place = &tally->places[at];
    struct tally_item *item = &tally->items[at];
    place->n_events++;
    place->last_ns = event->time_ns;
    if (wants_stack(item))
        find_stack(item, event);
    if (!wants_stack(item))
        place->settled = tally->stamp;
    if (item->listed == tally->stamp)
        return 0;
    item->listed = tally->stamp;
    return list_id(&tally->block_ids[TALLY_G], id);
}

static inline int touch(struct tally *tally, const struct gxt_event *event, gxt_goid id)
{
    struct tally_place *place = &tally->places[tally->cache[(uint64_t)id % TALLY_CACHE]];

    if (id == GXT_NO_GOROUTINE)
        return 0;
    if (UNLIKELY(place->id != id || place->settled != tally->stamp))
        return touch_anew(tally, event, id);
    place->n_events++;
    place->last_ns = event->time_ns;
    return 0;
}

static inline int touch_transition(struct tally *tally, const struct gxt_event *event)
{
    const struct gxt_transition *transition = &event->transition;
    int r = 0;

    if (UNLIKELY(transition->resource != GXT_RESOURCE_GOROUTINE))
        return see(tally, TALLY_P, transition->id);
    if (transition->id != event->goroutine)
        r = touch(tally, event, transition->id);
    if (r == 0 && UNLIKELY(transition->to == GXT_GO_NOT_EXIST))
        r = end(tally, transition->id);
    return r;
}

/* Whom it is about, unless that is a transition. */
static __attribute__((noinline)) int touch_other(struct tally *tally, const struct gxt_event *event,
                                                 const struct owners *owners)
{
    int r = 0;

    if (owners->g[1] != owners->g[0])
        r = touch(tally, event, owners->g[1]);
    return r < 0 ? r : see(tally, TALLY_P, owners->p[1]);
}

static inline int touch_context(struct tally *tally, const struct gxt_event *event, gxt_goid g, gxt_procid p,
                                gxt_threadid m)
{
    int r = touch(tally, event, g);

    if (r == 0)
        r = see(tally, TALLY_P, p);
    return r < 0 ? r : see(tally, TALLY_M, m);
}

static inline int tally_event(struct tally *tally, const struct gxt_event *event)
{
    tally->n_by_kind[event->kind]++;
    if (LIKELY(event->kind == GXT_KIND_STATE_TRANSITION)) {
        int r = touch_context(tally, event, event->goroutine, event->proc, event->thread);
        return r < 0 ? r : touch_transition(tally, event);
    }
    const struct owners owners = owners_of(event);
    int r = touch_context(tally, event, owners.g[0], owners.p[0], owners.m);
    return r < 0 ? r : touch_other(tally, event, &owners);
}

int tally_events(struct tally *tally, const struct gxt_event *events, size_t n)
{
    int r = begin_places(tally) ? 0 : GXT_ENOMEM;

    for (size_t i = 0; i < n && r == 0; i++)
        r = tally_event(tally, &events[i]);
    return r;
}

/* ---- what is there ---- */

int tally_list(struct tally *tally, struct tally_item ***ret, size_t *ret_n)
{
    struct pair *keys = malloc((tally->n_items + 1) * sizeof *keys);
    struct tally_item **list = malloc((tally->n_items + 1) * sizeof *list);
    size_t n = 0;

    for (size_t i = 0; keys && i < tally->n_items; i++)
        if (tally->places[i].id != GXT_NO_GOROUTINE)
            keys[n++] = (struct pair){(uint64_t)tally->places[i].id ^ SIGN, i};
    int r = keys && list ? pairs_sort(keys, n, &tally->spare) : GXT_ENOMEM;
    for (size_t i = 0; r == 0 && i < n; i++)
        list[i] = sum_up(tally, keys[i].value);
    free(keys);
    if (r < 0) {
        free(list);
        return r;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}

int tally_restore(struct tally *tally, const struct store *store, uint64_t n_generations, struct gxt_error *fault)
{
    struct store_rows rows = {0};
    int r = store_list(store, STORE_LIVE, n_generations - 1, &rows, fault);

    if (r == 0 && !begin_places(tally))
        r = fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the goroutines");
    for (size_t i = 0; r == 0 && i < rows.n; i++) {
        uint32_t at = add(tally, rows.live[i].id);
        if (at == 0) {
            r = fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the goroutines");
            break;
        }
        tally->places[at].n_events = rows.live[i].n_events;
        tally->places[at].last_ns = rows.live[i].last_ns;
        tally->items[at].is_first = false;
    }
    for (uint64_t generation = 0; r == 0 && generation < n_generations; generation++) {
        r = store_list(store, STORE_FIRST, generation, &rows, fault);
        for (size_t i = 0; r == 0 && i < rows.n; i++) {
            uint32_t at = find(tally, rows.goroutines[i].id);
            if (at != 0)
                tally->items[at].row = rows.goroutines[i];
        }
    }
    store_rows_done(&rows);
    return r;
}
