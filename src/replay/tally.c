/* tally.c
 *
 * In: events of a generation, in order. Out: of each block whose events it has, of each goroutine that is created and
 * ends a row, and at the end what else was met. Never: what came before the generation.
 *
 * A CPU sample says by itself whose it is, which may be a goroutine that is not there (any more): it is counted where
 * there is one, and makes none. Of one that was not met it is kept aside: it may have been there before.
 */
#include "replay.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SIGN (UINT64_C(1) << 63)
#define NOBODY (-1) /* GXT_NO_GOROUTINE, GXT_NO_PROC, GXT_NO_THREAD */

void tally_init(struct tally *tally)
{
    *tally = (struct tally){.stamp = 1};
    for (size_t i = 0; i < NEARBY; i++)
        tally->nearby.gs[i].id = NOBODY;
    for (size_t i = 0; i < NEARBY_SEEN; i++)
        tally->nearby.seen[SEEN_P][i] = tally->nearby.seen[SEEN_M][i] = NOBODY;
}

/* Many rows have pages of their own. They are one walk's, then a boundary's that may be put by another thread: so they
 * go back to the system, and leave no holes where either allocates; and to grow moves nothing. */
enum {
    PAGES_BYTES = 1 << 20
};

static bool has_pages(size_t bytes)
{
    return bytes >= PAGES_BYTES;
}

static void *new_pages(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages != MAP_FAILED ? pages : NULL;
}

static void *new_rows(size_t n, size_t size)
{
    return has_pages(n * size) ? new_pages(n * size) : malloc(n * size);
}

static void free_rows(void *rows, size_t capacity, size_t size)
{
    if (has_pages(capacity * size))
        (void)munmap(rows, capacity * size);
    else
        free(rows);
}

/* As array_double(), to pages. */
static void *double_pages(void *rows, size_t *capacity, size_t size)
{
    const size_t bytes = *capacity * size;
    void *grown;

    if (bytes > SIZE_MAX / 2)
        return NULL;
    if (has_pages(bytes)) {
        grown = mremap(rows, bytes, 2 * bytes, MREMAP_MAYMOVE);
        grown = grown != MAP_FAILED ? grown : NULL;
    } else if ((grown = new_pages(2 * bytes)) != NULL) {
        memcpy(grown, rows, bytes);
        free(rows);
    }
    if (grown)
        *capacity *= 2;
    return grown;
}

/* As array_grow(). */
static void *grow_rows(void *rows, size_t n, size_t *capacity, size_t size)
{
    if (LIKELY(n < *capacity) || *capacity * size < PAGES_BYTES / 2)
        return array_grow(rows, n, capacity, size);
    return double_pages(rows, capacity, size);
}

/* Room of which little was used goes back to the system, in part: it goes on to others, who may need no more either. */
static void trim_rows(void *rows, size_t n, size_t *capacity, size_t size)
{
    size_t enough = *capacity;

    while (n < enough / 4 && has_pages(enough / 2 * size))
        enough /= 2;
    if (enough < *capacity && mremap(rows, *capacity * size, enough * size, 0) != MAP_FAILED)
        *capacity = enough;
}

static void room_done(struct tally_room *room)
{
    free_rows(room->items, room->items_capacity, sizeof *room->items);
    free_rows(room->briefs, room->briefs_capacity, sizeof *room->briefs);
    free_rows(room->there, room->there_capacity, sizeof *room->there);
    free_rows(room->ended, room->ended_capacity, sizeof *room->ended);
    *room = (struct tally_room){0};
}

void tally_met_done(struct tally_met *met)
{
    room_done(&met->room);
    free(met->samples);
    *met = (struct tally_met){0};
}

/* Room for goroutines serves a tally that has none. */
static void give_room(struct tally *tally, struct tally_room *room)
{
    if (tally->met.room.items || tally->met.room.briefs)
        return;
    room_done(&tally->met.room);
    tally->met.room = *room;
    *room = (struct tally_room){0};
}

void tally_reuse(struct tally *tally, struct tally_met *met)
{
    give_room(tally, &met->room);
    tally_met_done(met);
}

void tally_give_room(struct tally *from, struct tally *to)
{
    give_room(to, &from->met.room);
}

void tally_done(struct tally *tally)
{
    id_map_done(&tally->ids);
    tally_met_done(&tally->met);
    free(tally->ended.rows);
    id_runs_done(&tally->runs);
    for (size_t kind = 0; kind < TALLY_KINDS; kind++) {
        free(tally->block_ids[kind].keys);
        map_done(&tally->block_ids[kind].listed);
    }
}

static void fail(struct tally *tally, int code)
{
    if (tally->code == 0)
        tally->code = code;
}

/* ---- members of the block ---- */

/* Makes room for one more. Without memory there is none. */
static __attribute__((noinline)) bool grow(struct tally *tally, struct tally_ids *list)
{
    uint64_t *grown = array_grow(list->keys, list->n, &list->capacity, sizeof *grown);

    if (grown)
        list->keys = grown;
    else
        fail(tally, GXT_ENOMEM);
    return grown != NULL;
}

static inline void list_id(struct tally *tally, unsigned kind, int64_t id)
{
    struct tally_ids *list = &tally->block_ids[kind];

    if (LIKELY(list->n < list->capacity) || grow(tally, list))
        list->keys[list->n++] = (uint64_t)id ^ SIGN;
}

static int64_t id_of(uint64_t key)
{
    return (int64_t)(key ^ SIGN);
}

/* Another one took its place, or it is not in the block yet. */
static __attribute__((noinline)) void see_anew(struct tally *tally, unsigned kind, int64_t id)
{
    struct tally_ids *list = &tally->block_ids[kind];

    if (id == NOBODY || map_get(&list->listed, (uint64_t)id) != MAP_NONE)
        return;
    if (map_put(&list->listed, (uint64_t)id, 0) < 0)
        fail(tally, GXT_ENOMEM);
    list_id(tally, kind, id);
}

static inline void see(struct tally *tally, unsigned seen_kind, unsigned kind, int64_t id)
{
    int64_t *seen = &tally->nearby.seen[seen_kind][(uint64_t)id % NEARBY_SEEN];

    if (LIKELY(*seen == id))
        return;
    *seen = id;
    see_anew(tally, kind, id);
}

static void see_thread(struct tally *tally, gxt_threadid id)
{
    see(tally, SEEN_M, TALLY_M, id);
}

static void see_processor(struct tally *tally, gxt_procid id)
{
    see(tally, SEEN_P, TALLY_P, id);
}

static void see_context(void *user, gxt_threadid thread, gxt_procid processor)
{
    see_thread(user, thread);
    see_processor(user, processor);
}

/* None was seen in the block that begins. */
static void forget_seen(struct tally *tally, unsigned seen_kind, unsigned kind)
{
    const struct tally_ids *list = &tally->block_ids[kind];

    for (size_t i = 0; i < list->n; i++)
        tally->nearby.seen[seen_kind][(uint64_t)id_of(list->keys[i]) % NEARBY_SEEN] = NOBODY;
}

/* Who takes members. */
struct member_taker {
    struct store_member member; /* of the block and kind at hand */
    tally_member *take;
    void *user;
};

static int take_run(void *user, uint64_t first, uint64_t n)
{
    struct member_taker *taker = user;

    taker->member.first = id_of(first);
    taker->member.n = n;
    return taker->take(taker->user, &taker->member);
}

/* ---- goroutines ---- */

/* The id of one that is at its place, but was not met in this block: it leads elsewhere, so no other one has it there.
 * Goroutine 0 has none, since that would be nobody's. */
static gxt_goid off(gxt_goid id)
{
    return ~id;
}

static bool is_off(const struct nearby_g *g, gxt_goid id)
{
    return g->id == off(id) && off(id) != NOBODY;
}

static bool has_place(const struct nearby_g *g, gxt_goid id)
{
    return id != NOBODY && (g->id == id || is_off(g, id));
}

/* An id comes into the map. */
static inline void expect(struct tally *tally, gxt_goid id)
{
    if ((uint64_t)id > tally->most_kept)
        tally->most_kept = (uint64_t)id;
}

static int keep(struct tally *tally, uint32_t at)
{
    struct tally_item *item = &tally->met.room.items[at];

    const int r = id_map_put(&tally->ids, (uint64_t)item->id, at);

    expect(tally, item->id);
    item->is_kept = r == 0;
    return r;
}

static void sum_up(const struct tally *tally, const struct nearby_g *g)
{
    struct tally_item *item = &tally->met.room.items[g->place];

    item->n_events += g->n_events;
    item->last_ns = g->last_ns;
}

/* Makes room at its place. */
static __attribute__((noinline)) void clear(struct tally *tally, struct nearby_g *g)
{
    if (g->id == NOBODY)
        return;
    struct tally_item *item = &tally->met.room.items[g->place];
    sum_up(tally, g);
    if (g->id == item->id)
        item->listed = tally->stamp;
    if (!item->is_kept && keep(tally, g->place) < 0)
        fail(tally, GXT_ENOMEM);
    g->id = NOBODY;
}

/* None was met in the block that begins. */
static void all_go_off(struct tally *tally)
{
    for (size_t i = 0; i < NEARBY; i++) {
        struct nearby_g *g = &tally->nearby.gs[i];
        if ((uint64_t)g->id % NEARBY != i || g->id == NOBODY) /* who is off leads elsewhere */
            continue;
        if (UNLIKELY(off(g->id) == NOBODY))
            clear(tally, g);
        else
            g->id = off(g->id);
    }
}

int tally_end_block(struct tally *tally, uint64_t block, tally_member *take, void *user)
{
    static const uint8_t resources[TALLY_KINDS] = {GXT_RESOURCE_GOROUTINE, GXT_RESOURCE_PROC, GXT_RESOURCE_THREAD};
    int r = 0;

    all_go_off(tally);
    forget_seen(tally, SEEN_P, TALLY_P);
    forget_seen(tally, SEEN_M, TALLY_M);
    for (size_t kind = 0; kind < TALLY_KINDS; kind++) {
        struct tally_ids *list = &tally->block_ids[kind];
        struct member_taker taker = {{.block = block, .resource = resources[kind]}, take, user};
        if (r == 0)
            r = id_runs_take(&tally->runs, list->keys, list->n, take_run, &taker);
        list->n = 0;
        map_clear(&list->listed);
    }
    tally->stamp++;
    tally->block_briefs = tally->n_briefs;
    return r;
}

/* Member by member: a compiler clears so much with an instruction that takes long to begin. */
static void clear_item(struct tally_item *item, gxt_goid id)
{
    item->id = id;
    item->first_ns = 0;
    item->creator = GXT_NO_GOROUTINE;
    item->start = item->stack = 0;
    item->last_ns = 0;
    item->n_events = 0;
    item->listed = 0;
    item->is_created = item->is_kept = item->is_first = false;
}

static __attribute__((noinline)) bool make_room(struct tally *tally)
{
    if (tally->n_items >= TALLY_BRIEF / 2) /* there is room for twice as many then */
        return false;
    struct tally_room *room = &tally->met.room;
    struct tally_item *grown = grow_rows(room->items, tally->n_items, &room->items_capacity, sizeof *grown);
    if (grown)
        room->items = grown;
    return grown != NULL;
}

/* A place that is free: there is one. What stands there is written over, whole. */
static inline uint32_t take_free_place(struct tally *tally)
{
    const uint32_t at = tally->free_place;

    tally->free_place = tally->met.room.items[at].listed;
    tally->n_free--;
    return at;
}

/* A place for one more. Return: MAP_NONE without memory. */
static inline uint32_t take_place(struct tally *tally)
{
    if (tally->n_free > 0)
        return take_free_place(tally);
    if (LIKELY(tally->n_items < tally->met.room.items_capacity) || make_room(tally))
        return (uint32_t)tally->n_items++;
    return MAP_NONE;
}

/* A row for one more. Return: its place; MAP_NONE without memory. */
static inline uint32_t add(struct tally *tally, gxt_goid id)
{
    const uint32_t at = take_place(tally);

    if (at != MAP_NONE)
        clear_item(&tally->met.room.items[at], id);
    return at;
}

/* Of one that is met first, by its state. Return: its place; MAP_NONE without memory. */
static inline uint32_t add_brief(struct tally *tally, const struct tally_brief *brief)
{
    struct tally_room *room = &tally->met.room;

    if (tally->n_briefs >= TALLY_BRIEF / 2) /* as in make_room() */
        return MAP_NONE;
    struct tally_brief *grown = grow_rows(room->briefs, tally->n_briefs, &room->briefs_capacity, sizeof *grown);
    if (!grown)
        return MAP_NONE;
    room->briefs = grown;
    room->briefs[tally->n_briefs] = *brief;
    return TALLY_BRIEF | (uint32_t)tally->n_briefs++;
}

static bool is_brief(uint32_t at)
{
    return at != MAP_NONE && (at & TALLY_BRIEF) != 0;
}

/* A brief row is nobody's. The last one's place serves again: to who runs something happens as soon as it is met. */
static void forget_brief(struct tally *tally, size_t place)
{
    if (place + 1 < tally->n_briefs) {
        tally->n_nobodys++;
        return;
    }
    tally->n_briefs = place;
    if (tally->block_briefs > place)
        tally->block_briefs = place;
}

/* Something else happens to one that has a brief row. Return: its place; MAP_NONE without memory, which is told. */
static __attribute__((noinline)) uint32_t make_whole(struct tally *tally, uint32_t at_brief)
{
    const uint32_t place = at_brief & ~TALLY_BRIEF;
    const struct tally_item whole = tally_whole(&tally->met.room.briefs[place]);
    const uint32_t at = add(tally, whole.id);

    if (at == MAP_NONE) {
        fail(tally, GXT_ENOMEM);
        return MAP_NONE;
    }
    struct tally_item *item = &tally->met.room.items[at];
    *item = whole;
    item->listed = place >= tally->block_briefs ? tally->stamp : 0;
    item->is_kept = true;
    (void)id_map_put(&tally->ids, (uint64_t)item->id, at); /* its id is there, so nothing is needed */
    forget_brief(tally, place);
    return at;
}

/* The place of one that was met; MAP_NONE where it was not, or without memory. */
static inline uint32_t find(struct tally *tally, gxt_goid id)
{
    const uint32_t at = id_map_get(&tally->ids, (uint64_t)id);

    return UNLIKELY(is_brief(at)) ? make_whole(tally, at) : at;
}

static void begin(struct tally_item *item, int64_t time_ns)
{
    item->first_ns = item->last_ns = time_ns;
}

static void create(struct tally_item *item, const struct birth *birth)
{
    item->is_created = true;
    item->creator = birth->creator;
    item->start = gen_stack_id(birth->start);
    item->stack = gen_stack_id(birth->stack);
}

/* What is said of one that is created, at a place that is its own; and nearby, where nobody is. */
static inline void put_newborn(struct tally *tally, struct nearby_g *g, const struct birth *birth, uint32_t at)
{
    struct tally_item *item = &tally->met.room.items[at];

    clear_item(item, birth->id);
    begin(item, birth->time_ns);
    create(item, birth);
    *g = (struct nearby_g){birth->id, birth->time_ns, 1, at};
    list_id(tally, TALLY_G, birth->id);
}

/* As begin_nearby(), whatever there is. */
static __attribute__((noinline)) bool begin_anyhow(struct tally *tally, const struct birth *birth)
{
    struct nearby_g *g = nearby_g(&tally->nearby, birth->id);

    if (has_place(g, birth->id) || id_map_get(&tally->ids, (uint64_t)birth->id) != MAP_NONE)
        return false;
    const uint32_t at = take_place(tally);
    if (at == MAP_NONE) {
        fail(tally, GXT_ENOMEM);
        return true;
    }
    clear(tally, g);
    put_newborn(tally, g, birth, at);
    return true;
}

/* Mostly another one has ended at its place, and left it a row; and its id is larger than all that are in the map. */
static bool begin_nearby(void *user, const struct birth *birth)
{
    struct tally *tally = user;
    const struct tally_ids *list = &tally->block_ids[TALLY_G];
    struct nearby_g *g = nearby_g(&tally->nearby, birth->id);

    if (UNLIKELY(g->id != NOBODY || (uint64_t)birth->id <= tally->most_kept || tally->n_free == 0 ||
                 list->n >= list->capacity))
        return begin_anyhow(tally, birth);
    put_newborn(tally, g, birth, take_free_place(tally));
    return true;
}

static __attribute__((noinline)) bool grow_ended(struct tally *tally)
{
    struct tally_rows *ended = &tally->ended;
    struct store_goroutine *grown = array_grow(ended->rows, ended->n, &ended->capacity, sizeof *grown);

    if (grown)
        ended->rows = grown;
    else
        fail(tally, GXT_ENOMEM);
    return grown != NULL;
}

/* Tells in full of one that was created here, and makes room for another one at its place. */
static inline void tell_ended(struct tally *tally, uint32_t at)
{
    struct tally_item *item = &tally->met.room.items[at];
    struct tally_rows *ended = &tally->ended;

    if (LIKELY(ended->n < ended->capacity) || grow_ended(tally))
        ended->rows[ended->n++] = tally_row(item);
    item->listed = tally->free_place;
    tally->free_place = at;
    tally->n_free++;
}

/* Another one than that of this id may have been there before one that was not created here: it stays at its place. */
static __attribute__((noinline)) void stay(struct tally *tally, uint32_t at)
{
    struct tally_met *met = &tally->met;
    struct tally_room *room = &met->room;
    uint32_t *grown = grow_rows(room->ended, met->n_ended, &room->ended_capacity, sizeof *grown);

    if (!grown) {
        fail(tally, GXT_ENOMEM);
        return;
    }
    room->ended = grown;
    room->items[at].listed = (uint32_t)met->n_ended;
    room->ended[met->n_ended++] = at;
}

/* As end(), wherever it is. */
static __attribute__((noinline)) void end_anywhere(struct tally *tally, gxt_goid id)
{
    struct nearby_g *g = nearby_g(&tally->nearby, id);
    uint32_t at = g->place;

    if (has_place(g, id)) {
        sum_up(tally, g);
        g->id = NOBODY;
    } else if ((at = find(tally, id)) == MAP_NONE) {
        return;
    }
    const struct tally_item *item = &tally->met.room.items[at];
    if (item->is_kept)
        id_map_remove(&tally->ids, (uint64_t)id);
    if (item->is_created)
        tell_ended(tally, at);
    else
        stay(tally, at);
}

/* Whether it is nearby, and all is known of it. */
static inline bool may_pass(const struct tally *tally, const struct nearby_g *g, gxt_goid id)
{
    if (UNLIKELY(g->id != id || id == NOBODY))
        return false;
    const struct tally_item *item = &tally->met.room.items[g->place];
    return item->is_created && !item->is_kept;
}

static void end(void *user, gxt_goid id)
{
    struct tally *tally = user;
    struct nearby_g *g = nearby_g(&tally->nearby, id);

    if (UNLIKELY(!may_pass(tally, g, id) || tally->ended.n >= tally->ended.capacity)) {
        end_anywhere(tally, id);
        return;
    }
    sum_up(tally, g);
    g->id = NOBODY;
    tell_ended(tally, g->place);
}

/* Of one whose creation was not seen, the first stack of its own: its outermost frame is where it started. */
static uint64_t stack_of(const struct gxt_event *event, gxt_goid id)
{
    if (event->goroutine == id)
        return gen_stack_id(event->stack);
    return event->kind == GXT_KIND_STATE_TRANSITION ? gen_stack_id(event->transition.stack) : 0;
}

static bool wants_stack(const struct tally_item *item)
{
    return item->stack == 0 && !item->is_created;
}

/* Lists one that is not nearby, if the block does not have it. */
static void list_item(struct tally *tally, struct tally_item *item)
{
    if (item->listed != tally->stamp)
        list_id(tally, TALLY_G, item->id);
    item->listed = tally->stamp;
}

static bool may_bring(void *user, gxt_goid id)
{
    struct tally *tally = user;

    if (has_place(nearby_g(&tally->nearby, id), id))
        return true;
    const uint32_t at = id_map_get(&tally->ids, (uint64_t)id);
    if (UNLIKELY(is_brief(at)))
        return tally->met.room.briefs[at & ~TALLY_BRIEF].stack != 0;
    return at != MAP_NONE && !wants_stack(&tally->met.room.items[at]);
}

/* One that is at its place is met in the block. */
static void turn_on(struct tally *tally, struct nearby_g *g, gxt_goid id)
{
    g->id = id;
    list_id(tally, TALLY_G, id);
}

static bool bring(void *user, gxt_goid id)
{
    struct tally *tally = user;
    struct nearby_g *g = nearby_g(&tally->nearby, id);

    if (LIKELY(is_off(g, id)) && id != NOBODY) {
        turn_on(tally, g, id);
        return true;
    }
    const uint32_t at = find(tally, id);
    if (at == MAP_NONE || wants_stack(&tally->met.room.items[at]))
        return false;
    clear(tally, g);
    *g = (struct nearby_g){id, tally->met.room.items[at].last_ns, 0, at};
    list_item(tally, &tally->met.room.items[at]);
    return true;
}

/* Nothing but its state may ever be told of it. @block: its id's, or NULL */
static void meet_first(struct tally *tally, struct id_block *block, const struct tally_brief *brief)
{
    const uint32_t at = add_brief(tally, brief);

    if (at == MAP_NONE || (UNLIKELY(!block) && id_map_put_apart(&tally->ids, (uint64_t)brief->id, at) < 0)) {
        fail(tally, GXT_ENOMEM);
        return;
    }
    expect(tally, brief->id);
    if (LIKELY(block != NULL))
        id_block_put(block, (uint64_t)brief->id, at);
    list_id(tally, TALLY_G, brief->id);
}

static void meet(void *user, gxt_goid id, int64_t time_ns, const struct gxt_stack *stack)
{
    struct tally *tally = user;
    struct nearby_g *g = nearby_g(&tally->nearby, id);

    if (UNLIKELY(id == NOBODY))
        return;
    if (is_off(g, id)) {
        turn_on(tally, g, id);
        g->n_events++;
        g->last_ns = time_ns;
        return;
    }
    struct id_block *block = id_map_block(&tally->ids, (uint64_t)id);
    uint32_t at = LIKELY(block != NULL) ? id_block_get(block, (uint64_t)id) : MAP_NONE;
    if (LIKELY(at == MAP_NONE)) {
        meet_first(tally, block, &(struct tally_brief){id, time_ns, gen_stack_id(stack)});
        return;
    }
    if (is_brief(at) && (at = make_whole(tally, at)) == MAP_NONE)
        return;
    struct tally_item *item = &tally->met.room.items[at];
    item->n_events++;
    item->last_ns = time_ns;
    list_item(tally, item);
    if (wants_stack(item))
        item->stack = gen_stack_id(stack);
}

static void begin_with(struct tally_item *item, const struct gxt_event *event)
{
    const struct gxt_transition *transition = &event->transition;

    begin(item, event->time_ns);
    if (event->kind == GXT_KIND_STATE_TRANSITION && transition->id == item->id &&
        transition->resource == GXT_RESOURCE_GOROUTINE && transition->from == GXT_GO_NOT_EXIST)
        create(item, &(struct birth){.creator = event->goroutine, .start = transition->stack, .stack = event->stack});
}

/* A sample of a goroutine that was not met. */
static void keep_sample(struct tally *tally, const struct gxt_event *event, gxt_goid id)
{
    struct tally_met *met = &tally->met;
    struct tally_sample *grown = array_grow(met->samples, met->n_samples, &met->samples_capacity, sizeof *grown);

    if (!grown) {
        fail(tally, GXT_ENOMEM);
        return;
    }
    met->samples = grown;
    met->samples[met->n_samples++] = (struct tally_sample){id, event->time_ns, stack_of(event, id), met->n_ended};
}

/* An event of a goroutine that cannot be nearby yet. */
static void touch_anew(struct tally *tally, const struct gxt_event *event, gxt_goid id)
{
    uint32_t at = find(tally, id);

    if (at == MAP_NONE && event->kind == GXT_KIND_STACK_SAMPLE) {
        list_id(tally, TALLY_G, id);
        keep_sample(tally, event, id);
        return;
    }
    if (at == MAP_NONE) {
        at = add(tally, id);
        if (at == MAP_NONE || keep(tally, at) < 0) {
            fail(tally, GXT_ENOMEM);
            return;
        }
        begin_with(&tally->met.room.items[at], event);
    }
    struct tally_item *item = &tally->met.room.items[at];
    item->n_events++;
    item->last_ns = event->time_ns;
    list_item(tally, item);
    if (wants_stack(item))
        item->stack = stack_of(event, id);
}

static void touch(struct tally *tally, const struct gxt_event *event, gxt_goid id)
{
    struct nearby_g *g = nearby_g(&tally->nearby, id);

    if (id == NOBODY)
        return;
    if (g->id != id && !bring(tally, id)) {
        touch_anew(tally, event, id);
        return;
    }
    g->n_events++;
    g->last_ns = event->time_ns;
}

void tally_event(struct tally *tally, const struct gxt_event *event)
{
    const struct owners owners = owners_of(event);

    tally->nearby.n_by_kind[event->kind]++;
    touch(tally, event, owners.g[0]);
    see_context(tally, owners.m, owners.p[0]);
    if (owners.g[1] != owners.g[0])
        touch(tally, event, owners.g[1]);
    see_processor(tally, owners.p[1]);
    if (event->kind == GXT_KIND_STATE_TRANSITION && event->transition.resource == GXT_RESOURCE_GOROUTINE &&
        event->transition.to == GXT_GO_NOT_EXIST)
        end(tally, event->transition.id);
}

struct resolve_taker tally_taker(struct tally *tally)
{
    return (struct resolve_taker){&tally->nearby, tally, see_context, may_bring, bring, meet, begin_nearby, end};
}

/* ---- what was met ---- */

/* Return: the order, by key, which is the caller's to free; NULL without memory. */
static struct pair *sorted(struct pair *order, size_t n, struct pairs_spare *spare)
{
    if (order && pairs_sort(order, n, spare) < 0) {
        free(order);
        return NULL;
    }
    return order;
}

/* Of samples: in which order their ids rise. Return: NULL without memory. */
static struct pair *samples_by_id(const struct tally_met *met, struct pairs_spare *spare)
{
    struct pair *order = malloc((met->n_samples + 1) * sizeof *order);

    for (size_t i = 0; order && i < met->n_samples; i++)
        order[i] = (struct pair){(uint64_t)met->samples[i].id ^ SIGN, i};
    return sorted(order, met->n_samples, spare);
}

/* Puts samples in an order, in place: along each ring of places of which one has the other's. */
static void arrange(struct pair *order, struct tally_sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t to = i, from;
        if (order[i].value == i)
            continue;
        const struct tally_sample spare = samples[i];
        for (; (from = (size_t)order[to].value) != i; to = from) {
            samples[to] = samples[from];
            order[to].value = to;
        }
        samples[to] = spare;
        order[to].value = to;
    }
}

/* A sample of one that has ended before is nobody's. */
static void drop_late_samples(struct tally_met *met)
{
    size_t n = 0, ended = 0;

    for (size_t i = 0; i < met->n_samples; i++) {
        const struct tally_sample *sample = &met->samples[i];
        while (ended < met->n_ended && tally_ended(met, ended)->id < sample->id)
            ended++;
        const struct tally_item *first = ended < met->n_ended ? tally_ended(met, ended) : NULL;
        if (!first || first->id > sample->id || sample->n_ended <= first->listed)
            met->samples[n++] = *sample;
    }
    met->n_samples = n;
}

static int arrange_samples(struct tally_met *met, struct pairs_spare *spare)
{
    struct pair *order = samples_by_id(met, spare);

    if (!order)
        return GXT_ENOMEM;
    arrange(order, met->samples, met->n_samples);
    drop_late_samples(met);
    free(order);
    return 0;
}

/* Those that ended, by rising id; those of one id stay in the order of their ends. */
static int arrange_ended(struct tally_met *met, struct pairs_spare *spare)
{
    struct pair *order = malloc((met->n_ended + 1) * sizeof *order);

    for (size_t i = 0; order && i < met->n_ended; i++)
        order[i] = (struct pair){(uint64_t)tally_ended(met, i)->id ^ SIGN, met->room.ended[i]};
    if (!(order = sorted(order, met->n_ended, spare)))
        return GXT_ENOMEM;
    for (size_t i = 0; i < met->n_ended; i++)
        met->room.ended[i] = (uint32_t)order[i].value;
    free(order);
    return 0;
}

/* The map leads to those that were kept; the others are nearby. */
static int keep_nearby(struct tally *tally)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < NEARBY; i++) {
        struct nearby_g *g = &tally->nearby.gs[i];
        if (g->id == NOBODY)
            continue;
        sum_up(tally, g);
        if (!tally->met.room.items[g->place].is_kept)
            r = keep(tally, g->place);
        g->id = NOBODY;
    }
    return r;
}

static bool make_room_for_order(struct tally_room *room, size_t n)
{
    if (n <= room->there_capacity)
        return true;
    free_rows(room->there, room->there_capacity, sizeof *room->there);
    room->there = new_rows(n, sizeof *room->there);
    room->there_capacity = room->there ? n : 0;
    return room->there != NULL;
}

/* The map leads to all that are there, and knows their order. */
static int list_there(struct tally *tally)
{
    struct tally_met *met = &tally->met;
    const size_t n = tally->n_items - tally->n_free - met->n_ended + tally->n_briefs - tally->n_nobodys;

    met->n_there = n;
    if (!make_room_for_order(&met->room, n))
        return GXT_ENOMEM;
    const int r = id_map_list(&tally->ids, met->room.there, &met->n_there);
    return r == 0 && met->n_there != n ? GXT_EORDER : r; /* then somebody was lost */
}

static int arrange_met(struct tally *tally)
{
    struct pairs_spare spare = {0};
    int r = keep_nearby(tally);

    if (r == 0)
        r = list_there(tally);
    if (r == 0)
        r = arrange_ended(&tally->met, &spare);
    if (r == 0)
        r = arrange_samples(&tally->met, &spare);
    pairs_done(&spare);
    return r;
}

static void forget_goroutines(struct tally *tally)
{
    tally->n_items = tally->n_free = 0;
    tally->most_kept = 0;
    tally->n_briefs = tally->n_nobodys = tally->block_briefs = 0;
    id_map_clear(&tally->ids);
}

int tally_take(struct tally *tally, struct tally_met *ret)
{
    struct tally_room *room = &tally->met.room;

    if (tally->code < 0)
        return tally->code;
    const int r = arrange_met(tally);
    if (r < 0)
        return r;
    trim_rows(room->items, tally->n_items, &room->items_capacity, sizeof *room->items);
    trim_rows(room->briefs, tally->n_briefs, &room->briefs_capacity, sizeof *room->briefs);
    *ret = tally->met;
    tally->met = (struct tally_met){0};
    forget_goroutines(tally);
    return 0;
}
