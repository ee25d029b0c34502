/* state.c
 *
 * In: ids. Out: what is known of each goroutine, processor, thread and task. Never: a rule about what may happen next.
 */
#include "order_priv.h"

#include <assert.h>
#include <stdlib.h>

enum {
    FIRST_PLACES = 4096
};

static inline bool add_change(struct sched_changes *changes, int64_t id, uint64_t place)
{
    struct pairs_spare *list = &changes->list;
    struct pair *grown = array_grow(list->pairs, changes->n, &list->capacity, sizeof *grown);

    if (UNLIKELY(!grown))
        return false;
    list->pairs = grown;
    list->pairs[changes->n++] = (struct pair){(uint64_t)id, place};
    return true;
}

static void forget_changes(struct sched_changes *changes)
{
    changes->n = changes->n_sorted = changes->n_born = changes->settled.n = 0;
}

/* A note for which there is no room. Apart, as is all that is rare below: who calls nobody saves no registers. */
static __attribute__((noinline)) void note_more(struct sched_table *table, int64_t id, uint64_t place)
{
    if (!add_change(&table->changes, id, place))
        table->lost = GXT_ENOMEM;
}

static inline void note(struct sched_table *table, const struct sched_resource *resource, uint64_t kind)
{
    struct sched_changes *changes = &table->changes;
    const uint64_t place = (uint64_t)(resource - table->items) | kind;

    if (UNLIKELY(changes->n >= changes->list.capacity))
        note_more(table, resource->id, place);
    else
        changes->list.pairs[changes->n++] = (struct pair){(uint64_t)resource->id, place};
}

void sched_note(struct sched_table *table, struct sched_resource *resource)
{
    resource->touched = true;
    note(table, resource, 0);
}

/* The same of one that is added: in this slot it is the first one since the notes were looked at. */
static inline void note_added(struct sched_table *table, struct sched_resource *resource)
{
    resource->is_added = true;
    note(table, resource, SCHED_ADDED);
}

/* Who stands where an id leads. There are places. */
static inline uint32_t *place_of(const struct sched_table *table, int64_t id)
{
    return &table->places[(uint64_t)id & table->places_mask];
}

/* Whether another one that lives stands there. What a place leads to may have gone, and another one come instead whose
 * id leads elsewhere. */
static inline bool is_taken(const struct sched_table *table, int64_t id)
{
    const struct sched_resource *resource = &table->items[*place_of(table, id)];

    return resource->live && (((uint64_t)resource->id ^ (uint64_t)id) & table->places_mask) == 0;
}

/* Who lives and has none gets its place, where that is free. */
static void place_others(struct sched_table *table)
{
    for (size_t i = 0; i < table->n && !id_map_is_empty(&table->others); i++) {
        const int64_t id = table->items[i].id;
        if (!table->items[i].live || (*place_of(table, id) != i && is_taken(table, id)))
            continue; /* an empty place leads to 0: who is there has it */
        *place_of(table, id) = (uint32_t)i;
        id_map_remove(&table->others, (uint64_t)id);
    }
}

/* Makes more places. Without memory there are fewer. */
static void grow_places(struct sched_table *table)
{
    const uint64_t capacity = table->places ? 2 * (table->places_mask + 1) : FIRST_PLACES;
    uint32_t *const old = table->places, *const places = calloc(capacity, sizeof *places);

    if (!places)
        return;
    for (size_t i = 0; old && i < table->n; i++)
        if (table->items[i].live && old[(uint64_t)table->items[i].id & table->places_mask] == i)
            places[(uint64_t)table->items[i].id & (capacity - 1)] = (uint32_t)i;
    free(old);
    table->places = places;
    table->places_mask = capacity - 1;
    place_others(table);
}

uint32_t sched_find_elsewhere(struct sched_table *table, int64_t id)
{
    const uint32_t at = sched_at(table, id);

    if (at == MAP_NONE)
        return 0;
    if (!is_taken(table, id)) {
        *place_of(table, id) = at;
        id_map_remove(&table->others, (uint64_t)id);
    }
    return at;
}

/* Makes room for another slot. Return: whether there is memory for it. */
static __attribute__((noinline)) bool grow(struct sched_table *table)
{
    struct sched_resource *grown = array_grow(table->items, table->n, &table->capacity, sizeof *grown);

    if (!grown || table->n >= MAP_NONE)
        return false;
    table->items = grown;
    if (!table->places || 2 * (table->n + 1) > table->places_mask)
        grow_places(table);
    return true;
}

/* Whether there is a slot that is free: it is made. */
static inline bool has_slot(struct sched_table *table)
{
    if (LIKELY(table->n_free > 0))
        return true;
    if (UNLIKELY(table->n >= table->capacity || 2 * (table->n + 1) > table->places_mask) && !grow(table))
        return false;
    table->items[table->n] = (struct sched_resource){0};
    table->free_slot = (uint32_t)table->n++;
    table->n_free = 1;
    return true;
}

/* Puts a resource in the free slot that comes next. What is of the slot stays. */
static inline struct sched_resource *fill_slot(struct sched_table *table, int64_t id)
{
    const struct sched_resource begun = {.live = true, .touched = true};
    struct sched_resource *resource = &table->items[table->free_slot];

    table->n_free--;
    table->free_slot = (uint32_t)resource->seq;
    resource->id = id;
    resource->seq = resource->seq_generation = 0;
    resource->extra = NULL;
    resource->word = begun.word;
    resource->at_start = false;
    if (UNLIKELY(table->tracks && !resource->is_added))
        note_added(table, resource);
    return resource;
}

/* Adds one where another one has the place, or none has one; or one that is nobody. */
static __attribute__((noinline)) struct sched_resource *add_elsewhere(struct sched_table *table, int64_t id)
{
    if (table->places && !is_taken(table, id))
        *place_of(table, id) = table->free_slot;
    else if (id_map_put(&table->others, (uint64_t)id, table->free_slot) < 0)
        return NULL;
    table->has_nobody = table->has_nobody || id == -1;
    return fill_slot(table, id);
}

struct sched_resource *sched_add(struct sched_table *table, int64_t id)
{
    if (UNLIKELY(!has_slot(table)))
        return NULL;
    if (UNLIKELY(!table->places || is_taken(table, id) || id == -1))
        return add_elsewhere(table, id);
    *place_of(table, id) = table->free_slot;
    return fill_slot(table, id);
}

bool sched_note_all(struct sched_table *table)
{
    bool good = true;

    forget_changes(&table->changes);
    for (size_t i = 0; i < table->n; i++) {
        table->items[i].is_added = table->items[i].is_born = false;
        if (good && table->items[i].live)
            good = add_change(&table->changes, table->items[i].id, i);
    }
    return good;
}

static inline void mark_one(struct sched_resource *resource)
{
    resource->at_start = resource->live;
    resource->touched = resource->is_added = resource->is_born = false;
    if (UNLIKELY(resource->extra != NULL)) {
        resource->extra->n_before = resource->extra->n_regions;
        resource->extra->n_popped = 0;
    }
}

/* Those that were noted since the last time, and those that were there then and are not noted, which are marked. */
static void mark_noted(struct sched_table *table)
{
    const struct sched_changes *changes = &table->changes;

    for (size_t i = 0; i < changes->n; i++) {
        const uint32_t place = (uint32_t)changes->list.pairs[i].value;
        if (LIKELY(place != SCHED_GONE)) /* whoever is there now */
            mark_one(&table->items[place]);
    }
    for (size_t i = 0; i < changes->n_born; i++)
        mark_one(&table->items[changes->born[i]]);
}

static void mark(struct sched_table *table)
{
    if (table->tracks)
        mark_noted(table);
    for (size_t i = 0; !table->tracks && i < table->n; i++)
        mark_one(&table->items[i]);
    table->tracks = true;
    forget_changes(&table->changes);
    if (table->n == 0) { /* nobody was there: who is to come is all that there will be */
        table->changes.start.n = 0;
        table->changes.knows_start = true;
    }
}

void sched_mark(struct sched *sched)
{
    mark(&sched->gs);
    mark(&sched->ps);
    for (size_t i = 0; i < sched->n_ms; i++)
        sched->is_seen[i] = false;
    for (size_t i = 0; i < sched->n_tasks; i++)
        sched->tasks[i].is_new = false;
    sched->n_seen = sched->n_ended = 0;
    sched->gc_seq_before = sched->gc_seq;
    sched->gc_state_before = sched->gc_state;
    sched->tried = false;
    sched->tracks = true;
}

void sched_extra_done(struct sched_extra *extra)
{
    free(extra->regions);
    free(extra->ranges);
    *extra = (struct sched_extra){0};
}

static void free_extra(struct sched_resource *resource)
{
    if (!resource->extra)
        return;
    sched_extra_done(resource->extra);
    free(resource->extra);
    resource->extra = NULL;
}

/* What is to be done of one that goes, of few. */
static __attribute__((noinline)) void clean_up(struct sched_table *table, struct sched_resource *resource)
{
    if (!table->places || *place_of(table, resource->id) != (uint32_t)(resource - table->items))
        id_map_remove(&table->others, (uint64_t)resource->id);
    free_extra(resource);
    if (resource->at_start)
        note_more(table, resource->id, SCHED_GONE);
    if (table->ended && id_set_add(table->ended, (uint64_t)resource->id) < 0)
        table->lost = GXT_ENOMEM;
}

void sched_remove(struct sched_table *table, struct sched_resource *resource)
{
    const uint32_t at = (uint32_t)(resource - table->items);

    assert(resource->touched || resource->at_start); /* who has settled waits: something comes before the end */
    if (UNLIKELY(resource->extra || resource->at_start || table->ended || !table->places ||
                 *place_of(table, resource->id) != at))
        clean_up(table, resource);
    resource->live = false;
    resource->touched = false;
    resource->seq = table->free_slot;
    table->free_slot = at;
    table->n_free++;
}

struct sched_extra *sched_extra(struct sched_resource *resource)
{
    if (!resource->extra)
        resource->extra = calloc(1, sizeof *resource->extra);
    return resource->extra;
}

struct sched_range *sched_range_find(const struct sched_resource *resource, uint8_t type, const uint64_t *description)
{
    struct sched_extra *extra = resource->extra;

    for (size_t i = 0; extra && i < extra->n_ranges; i++)
        if (extra->ranges[i].type == type && (!description || extra->ranges[i].description == *description))
            return &extra->ranges[i];
    return NULL;
}

int sched_range_add(struct sched_resource *resource, struct sched_range range)
{
    struct sched_extra *extra = sched_extra(resource);
    struct sched_range *grown =
        extra ? array_grow(extra->ranges, extra->n_ranges, &extra->ranges_capacity, sizeof *grown) : NULL;

    if (!grown)
        return GXT_ENOMEM;
    extra->ranges = grown;
    extra->ranges[extra->n_ranges++] = range;
    return 0;
}

int sched_region_add(struct sched_resource *resource, struct sched_region region)
{
    struct sched_extra *extra = sched_extra(resource);
    struct sched_region *grown =
        extra ? array_grow(extra->regions, extra->n_regions, &extra->regions_capacity, sizeof *grown) : NULL;

    if (!grown)
        return GXT_ENOMEM;
    extra->regions = grown;
    extra->regions[extra->n_regions++] = region;
    return 0;
}

int sched_region_end(const struct sched *sched, struct sched_resource *g)
{
    struct sched_extra *extra = sched->tracks ? sched_extra(g) : g->extra;

    if (!extra)
        return sched->tracks ? GXT_ENOMEM : 0;
    if (extra->n_regions > extra->n_before) {
        extra->n_regions--;
        return 0;
    }
    extra->n_popped++;
    extra->n_regions -= extra->n_regions > 0;
    extra->n_before = extra->n_regions;
    return 0;
}

void sched_table_clear(struct sched_table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        free_extra(&table->items[i]);
        table->items[i].live = table->items[i].touched = false; /* a place may still lead there */
    }
    id_map_clear(&table->others);
    table->n = 0;
    table->n_free = 0;
    table->tracks = table->has_nobody = false;
    forget_changes(&table->changes);
    table->changes.knows_start = false;
    table->lost = 0;
    crowd_free(table);
}

void sched_table_done(struct sched_table *table)
{
    sched_table_clear(table);
    id_map_done(&table->others);
    free(table->items);
    free(table->places);
    pairs_done(&table->changes.list);
    free(table->changes.born);
    pairs_done(&table->changes.spare);
    free(table->changes.start.list);
    free(table->changes.settled.list);
    free(table->changes.settling.list);
    free(table->changes.listed.list);
    memset(table, 0, sizeof *table);
}

int sched_see(struct sched *sched, uint32_t m)
{
    if (sched->is_seen[m])
        return 0;
    uint32_t *grown = array_grow(sched->seen, sched->n_seen, &sched->seen_capacity, sizeof *grown);
    if (!grown)
        return GXT_ENOMEM;
    sched->seen = grown;
    sched->seen[sched->n_seen++] = m;
    sched->is_seen[m] = true;
    return 0;
}

uint32_t sched_m_at(struct sched *sched, gxt_threadid id)
{
    uint32_t at = map_get(&sched->m_ids, (uint64_t)id);
    if (at != MAP_NONE)
        return sched_see(sched, at) < 0 ? MAP_NONE : at;

    struct sched_m *grown = array_grow(sched->ms, sched->n_ms, &sched->ms_capacity, sizeof *grown);
    if (!grown)
        return MAP_NONE;
    sched->ms = grown;
    bool *is_seen = array_grow(sched->is_seen, sched->n_ms, &sched->is_seen_capacity, sizeof *is_seen);
    if (!is_seen)
        return MAP_NONE;
    sched->is_seen = is_seen;
    at = (uint32_t)sched->n_ms;
    if (map_put(&sched->m_ids, (uint64_t)id, at) < 0)
        return MAP_NONE;
    sched->is_seen[sched->n_ms] = !sched->tracks;
    sched->ms[sched->n_ms++] = (struct sched_m){.id = id, .p = GXT_NO_PROC, .g = GXT_NO_GOROUTINE};
    return sched_see(sched, at) < 0 ? MAP_NONE : at;
}

struct sched_m *sched_m_find(const struct sched *sched, gxt_threadid id)
{
    const uint32_t at = map_get(&sched->m_ids, (uint64_t)id);

    return at == MAP_NONE ? NULL : &sched->ms[at];
}

struct sched_task *sched_task_find(const struct sched *sched, gxt_taskid id)
{
    uint32_t at = map_get(&sched->task_ids, id);
    return at == MAP_NONE ? NULL : &sched->tasks[at];
}

int sched_task_add(struct sched *sched, struct sched_task task)
{
    struct sched_task *grown = array_grow(sched->tasks, sched->n_tasks, &sched->tasks_capacity, sizeof *grown);
    if (!grown)
        return GXT_ENOMEM;
    sched->tasks = grown;
    if (map_put(&sched->task_ids, task.id, (uint32_t)sched->n_tasks) < 0)
        return GXT_ENOMEM;
    task.is_new = sched->tracks;
    sched->tasks[sched->n_tasks++] = task;
    return 0;
}

void sched_task_remove(struct sched *sched, struct sched_task *task)
{
    (void)map_remove(&sched->task_ids, task->id);
    const struct sched_task *last = &sched->tasks[--sched->n_tasks];
    if (task != last) {
        *task = *last;
        (void)map_put(&sched->task_ids, task->id,
                      (uint32_t)(task - sched->tasks)); /* it is there: no memory is needed */
    }
}

int sched_task_end(struct sched *sched, gxt_taskid id, struct sched_task *task)
{
    if (sched->tracks && !(task && task->is_new)) {
        gxt_taskid *grown = array_grow(sched->ended, sched->n_ended, &sched->ended_capacity, sizeof *grown);
        if (!grown)
            return GXT_ENOMEM;
        sched->ended = grown;
        sched->ended[sched->n_ended++] = id;
    }
    if (task)
        sched_task_remove(sched, task);
    return 0;
}

void sched_clear(struct sched *sched)
{
    sched_table_clear(&sched->gs);
    sched_table_clear(&sched->ps);
    map_clear(&sched->m_ids);
    map_clear(&sched->task_ids);
    id_map_clear(&sched->doubtful_tasks);
    sched->n_ms = sched->n_tasks = 0;
    sched->gc_seq = sched->initial_generation = 0;
    sched->gc_state = GC_UNDETERMINED;
    sched->lacks = false;
    sched->tracks = sched->tried = false;
    sched->n_seen = sched->n_ended = 0;
}

void sched_done(struct sched *sched)
{
    sched_table_done(&sched->gs);
    sched_table_done(&sched->ps);
    map_done(&sched->m_ids);
    map_done(&sched->task_ids);
    id_map_done(&sched->doubtful_tasks);
    assumed_free(sched->assumed);
    free(sched->ms);
    free(sched->tasks);
    free(sched->seen);
    free(sched->is_seen);
    free(sched->ended);
    memset(sched, 0, sizeof *sched);
}
