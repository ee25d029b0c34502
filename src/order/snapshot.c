/* snapshot.c
 *
 * In: a walk between two records. Out: bytes, and from them the same walk again. Never: a place between the records of
 * one wire event.
 *
 *     stream      offset, begun, more, and whether times fell, fault
 *     walk        last time, Syncs, generations
 *     names       the distinct names of regions and tasks, each once
 *     G, P        by rising id: id, status, sequence number and its generation, regions and ranges where there are any
 *     M           in the order they were seen, which decides between two that hold one P
 *     tasks, GC
 *     inside a generation, where the stream is the one before it: samples handed out; of each lane in the frontier, in
 *                 its order: which, batches to come, place of its head in its batch, its time before that
 *
 * Numbers are varints. The bytes are proved by the store's checksum but not trusted: whoever made the sidecar could
 * make that too.
 */
#include "order_priv.h"

#include <stdlib.h>

/* ---- saving ---- */

struct names {
    struct map places; /* string id to number */
    const struct gxt_string **list;
    size_t n, capacity;
    bool failed;
};

static void name_add(struct names *names, const struct gxt_string *name)
{
    if (names->failed || map_get(&names->places, name->id) != MAP_NONE)
        return;
    const struct gxt_string **grown = array_grow(names->list, names->n, &names->capacity, sizeof *grown);
    if (grown)
        names->list = grown;
    names->failed = !grown || map_put(&names->places, name->id, (uint32_t)names->n) < 0;
    if (!names->failed)
        names->list[names->n++] = name;
}

static int by_id(const void *a, const void *b)
{
    int64_t left = (*(const struct sched_resource *const *)a)->id,
            right = (*(const struct sched_resource *const *)b)->id;
    return (left > right) - (left < right);
}

static bool has_regions(const struct sched_resource *resource)
{
    return resource->extra && resource->extra->n_regions > 0;
}

/* The live ones, or of them those with regions, by rising id; to be freed. NULL without memory. */
static const struct sched_resource **sorted(const struct sched_table *table, bool with_regions, size_t *ret_n)
{
    const struct sched_resource **list = malloc((table->n + 1) * sizeof *list);

    *ret_n = 0;
    for (size_t i = 0; list && i < table->n; i++)
        if (table->items[i].live && (!with_regions || has_regions(&table->items[i])))
            list[(*ret_n)++] = &table->items[i];
    if (list)
        qsort(list, *ret_n, sizeof *list, by_id);
    return list;
}

/* In an order that does not depend on how the walk came here. */
static void names_gather(struct names *names, const struct sched *sched)
{
    size_t n;
    const struct sched_resource **list = sorted(&sched->gs, true, &n);

    names->failed = names->failed || !list;
    for (size_t i = 0; list && i < n; i++)
        for (size_t region = 0; region < list[i]->extra->n_regions; region++)
            name_add(names, list[i]->extra->regions[region].name);
    for (size_t i = 0; i < sched->n_tasks; i++)
        name_add(names, sched->tasks[i].name);
    free(list);
}

static void names_save(const struct names *names, struct buf *ret)
{
    buf_put_varint(ret, names->n);
    for (size_t i = 0; i < names->n; i++) {
        buf_put_varint(ret, names->list[i]->len);
        buf_put(ret, names->list[i]->at, names->list[i]->len);
    }
}

static void name_save(const struct names *names, const struct gxt_string *name, struct buf *ret)
{
    buf_put_varint(ret, map_get(&names->places, name->id));
}

enum {
    HAS_EXTRA = 0x80
}; /* beside the status */

static void extra_save(const struct sched_extra *extra, const struct names *names, struct buf *ret)
{
    buf_put_varint(ret, extra->n_regions);
    for (size_t i = 0; i < extra->n_regions; i++) {
        buf_put_varint(ret, extra->regions[i].task);
        name_save(names, extra->regions[i].name, ret);
    }
    buf_put_varint(ret, extra->n_ranges);
    for (size_t i = 0; i < extra->n_ranges; i++) {
        buf_put_u8(ret, extra->ranges[i].type);
        buf_put_varint(ret, extra->ranges[i].description);
    }
}

static void table_save(const struct sched_table *table, const struct names *names, struct buf *ret)
{
    size_t n;
    const struct sched_resource **list = sorted(table, false, &n);
    uint64_t last = 0;

    if (!list) {
        ret->failed = true;
        return;
    }
    buf_put_varint(ret, n);
    for (size_t i = 0; i < n; i++) {
        const struct sched_resource *resource = list[i];
        const struct sched_extra *extra = resource->extra;
        bool has_extra = extra && extra->n_regions + extra->n_ranges > 0;

        buf_put_varint(ret, (uint64_t)resource->id - last);
        last = (uint64_t)resource->id;
        buf_put_u8(ret, (uint8_t)(resource->status | (has_extra ? HAS_EXTRA : 0)));
        buf_put_varint(ret, resource->seq);
        buf_put_varint(ret, resource->seq_generation);
        if (has_extra)
            extra_save(extra, names, ret);
    }
    free(list);
}

void sched_save(const struct sched *sched, struct buf *ret)
{
    struct names names = {0};

    names_gather(&names, sched);
    names_save(&names, ret);
    table_save(&sched->gs, &names, ret);
    table_save(&sched->ps, &names, ret);
    buf_put_varint(ret, sched->n_ms);
    for (size_t i = 0; i < sched->n_ms; i++) {
        buf_put_signed(ret, sched->ms[i].id);
        buf_put_signed(ret, sched->ms[i].p);
        buf_put_signed(ret, sched->ms[i].g);
    }
    buf_put_varint(ret, sched->n_tasks);
    for (size_t i = 0; i < sched->n_tasks; i++) {
        buf_put_varint(ret, sched->tasks[i].id);
        buf_put_varint(ret, sched->tasks[i].parent);
        name_save(&names, sched->tasks[i].name, ret);
    }
    buf_put_u8(ret, sched->gc_state);
    buf_put_varint(ret, sched->gc_seq);
    buf_put_varint(ret, sched->initial_generation);

    ret->failed = ret->failed || names.failed;
    map_done(&names.places);
    free(names.list);
}

/* The frontier: which lanes have a head, in its own order, and where each head is. */
static void frontier_save(const struct order *order, struct buf *ret)
{
    const struct gen *gen = &order->gen;

    buf_put_varint(ret, order->sample);
    buf_put_varint(ret, order->frontier.n);
    for (size_t i = 0; i < order->frontier.n; i++) {
        const struct lane *lane = order->frontier.entries[i].lane;
        const struct gen_batch *batch = &gen->dir.batches[lane->batches[-1]];
        buf_put_varint(ret, (uint64_t)(lane - order->lanes));
        buf_put_varint(ret, lane->n_batches);
        buf_put_varint(ret, lane->offset - batch->offset);
        buf_put_signed(ret, lane->before_ns);
    }
}

enum {
    BEGUN = 1,
    MORE = 2,
    FELL = 4,
    INSIDE = 8
};

void order_save(const struct order *order, struct buf *ret)
{
    const bool inside = !order_at_boundary(order);
    const struct gen_stream *stream = inside ? &order->before : &order->stream;

    ret->size = 0;
    buf_put_varint(ret, stream->offset);
    buf_put_u8(ret, (uint8_t)((stream->begun ? BEGUN : 0) | (stream->more ? MORE : 0) | (order->fell ? FELL : 0) |
                              (inside ? INSIDE : 0)));
    buf_put_signed(ret, stream->fault.code);
    buf_put_varint(ret, stream->fault.offset);
    size_t length = strnlen(stream->fault.message, sizeof stream->fault.message - 1);
    buf_put_varint(ret, length);
    buf_put(ret, stream->fault.message, length);
    buf_put_signed(ret, order->last_ns);
    buf_put_varint(ret, order->n_syncs);
    buf_put_varint(ret, order->n_generations - inside);
    sched_save(&order->sched, ret);
    if (inside)
        frontier_save(order, ret);
}

/* ---- restoring ---- */

struct restore {
    struct reader *in;
    struct pool *pool;
    const struct gxt_string **names;
    uint64_t n_names;
    bool no_memory;
};

/* A count of things that take at least @least bytes each. */
static uint64_t count(struct reader *in, size_t least)
{
    uint64_t n = reader_varint(in);

    if (n > span_size(in->in) / least)
        in->failed = true;
    return in->failed ? 0 : n;
}

static void names_restore(struct restore *restore)
{
    restore->n_names = count(restore->in, 1);
    restore->names = calloc((size_t)restore->n_names + 1, sizeof *restore->names);
    restore->no_memory = !restore->names;

    for (uint64_t i = 0; i < restore->n_names && !restore->no_memory && !restore->in->failed; i++) {
        uint64_t length = reader_varint(restore->in);
        const uint8_t *bytes = reader_bytes(restore->in, length);
        if (bytes && length > WIRE_MAX_STRING)
            restore->in->failed = true;
        else if (bytes)
            restore->no_memory = pool_string(restore->pool, bytes, (size_t)length, &restore->names[i]) < 0;
    }
}

static const struct gxt_string *name_restore(struct restore *restore)
{
    uint64_t i = reader_varint(restore->in);

    if (i < restore->n_names)
        return restore->names[i];
    restore->in->failed = true;
    return NULL;
}

static void extra_restore(struct restore *restore, struct sched_extra *extra)
{
    extra->regions_capacity = (size_t)count(restore->in, 2);
    extra->regions = calloc(extra->regions_capacity + 1, sizeof *extra->regions);
    restore->no_memory = restore->no_memory || !extra->regions;
    for (; extra->n_regions < extra->regions_capacity && extra->regions && !restore->in->failed; extra->n_regions++) {
        struct sched_region *region = &extra->regions[extra->n_regions];
        region->task = reader_varint(restore->in);
        region->name = name_restore(restore);
    }
    extra->ranges_capacity = (size_t)count(restore->in, 2);
    extra->ranges = calloc(extra->ranges_capacity + 1, sizeof *extra->ranges);
    restore->no_memory = restore->no_memory || !extra->ranges;
    for (; extra->n_ranges < extra->ranges_capacity && extra->ranges && !restore->in->failed; extra->n_ranges++) {
        extra->ranges[extra->n_ranges].type = reader_u8(restore->in);
        extra->ranges[extra->n_ranges].description = reader_varint(restore->in);
    }
}

static void table_restore(struct restore *restore, struct sched_table *table, uint8_t n_statuses)
{
    uint64_t n = count(restore->in, 4);
    uint64_t id = 0;

    for (uint64_t i = 0; i < n && !restore->in->failed && !restore->no_memory; i++) {
        id += reader_varint(restore->in);
        uint8_t status = reader_u8(restore->in);
        if ((status & ~HAS_EXTRA) >= n_statuses || sched_find(table, (int64_t)id)) {
            restore->in->failed = true;
            return;
        }
        struct sched_resource *resource = sched_add(table, (int64_t)id);
        if (!resource) {
            restore->no_memory = true;
            return;
        }
        resource->status = status & (uint8_t)~HAS_EXTRA;
        resource->seq = reader_varint(restore->in);
        resource->seq_generation = reader_varint(restore->in);
        if (status & HAS_EXTRA) {
            struct sched_extra *extra = sched_extra(resource);
            restore->no_memory = !extra;
            if (extra)
                extra_restore(restore, extra);
        }
    }
}

static void ms_restore(struct restore *restore, struct sched *sched)
{
    uint64_t n = count(restore->in, 3);

    for (uint64_t i = 0; i < n && !restore->in->failed && !restore->no_memory; i++) {
        uint32_t at = sched_m_at(sched, reader_signed(restore->in));
        restore->no_memory = at == MAP_NONE;
        gxt_procid p = reader_signed(restore->in);
        gxt_goid g = reader_signed(restore->in);
        if (at != MAP_NONE) {
            sched->ms[at].p = p;
            sched->ms[at].g = g;
        }
    }
}

static void tasks_restore(struct restore *restore, struct sched *sched)
{
    uint64_t n = count(restore->in, 3);

    for (uint64_t i = 0; i < n && !restore->in->failed && !restore->no_memory; i++) {
        struct sched_task task = {.id = reader_varint(restore->in), .parent = reader_varint(restore->in)};
        task.name = name_restore(restore);
        if (sched_task_find(sched, task.id))
            restore->in->failed = true;
        else
            restore->no_memory = sched_task_add(sched, task) < 0;
    }
}

int sched_restore(struct sched *sched, struct reader *reader, struct pool *pool)
{
    struct restore restore = {.in = reader, .pool = pool};

    names_restore(&restore);
    table_restore(&restore, &sched->gs, N_G_STATUSES);
    table_restore(&restore, &sched->ps, N_P_STATUSES);
    ms_restore(&restore, sched);
    tasks_restore(&restore, sched);
    sched->gc_state = reader_u8(reader);
    sched->gc_seq = reader_varint(reader);
    sched->initial_generation = reader_varint(reader);
    reader->failed = reader->failed || sched->gc_state > GC_RUNNING;

    free(restore.names);
    return restore.no_memory ? GXT_ENOMEM : reader->failed ? GXT_EINDEX : 0;
}

static void stream_restore(struct reader *in, struct gen_stream *stream, uint8_t *ret_flags)
{
    stream->offset = reader_varint(in);
    uint8_t flags = reader_u8(in);
    stream->begun = flags & BEGUN;
    stream->more = flags & MORE;
    *ret_flags = flags;
    int64_t code = reader_signed(in);
    stream->fault.offset = reader_varint(in);
    uint64_t length = reader_varint(in);
    const uint8_t *message = reader_bytes(in, length);

    if (code > 0 || code < -100 || length >= sizeof stream->fault.message)
        in->failed = true;
    else if (message)
        memcpy(stream->fault.message, message, (size_t)length);
    stream->fault.code = in->failed ? 0 : (int)code;
}

/* Which lanes were taken already is seen by their heads. */
static int frontier_restore(struct order *order, struct reader *in, struct gxt_error *fault)
{
    uint64_t sample = reader_varint(in), n = count(in, 4);

    if (sample > order->gen.n_samples || n > order->gen.n_lanes)
        return GXT_EINDEX;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = reader_varint(in), n_batches = reader_varint(in), offset = reader_varint(in);
        int64_t before_ns = reader_signed(in);
        if (in->failed || at >= order->gen.n_lanes || order->lanes[at].at || n_batches >= order->lanes[at].n_batches)
            return GXT_EINDEX;
        struct lane *lane = &order->lanes[at];
        int r = lane_resume(lane, &order->gen, (size_t)n_batches, offset, before_ns, fault);
        if (r < 0)
            return r;
        order->frontier.entries[order->frontier.n++] = (struct frontier_entry){lane->time_ns, lane};
    }
    order->has_gen = true;
    order->sample = (size_t)sample;
    order->n_samples = order->gen.n_samples;
    order->n_generations++;
    order_settle(order);
    return in->failed ? GXT_EINDEX : 0;
}

static int inside_restore(struct order *order, struct reader *in, struct gxt_error *fault)
{
    int r = order_load(order, fault);

    if (r == 0 || r == GXT_ECORRUPT || r == GXT_ETRUNCATED)
        return GXT_EINDEX; /* no generation is where the bytes say */
    if (r < 0)
        return r;
    r = order_make_lanes(order);
    return r < 0 ? r : frontier_restore(order, in, fault);
}

int order_restore(struct order *order, const void *bytes, size_t size, struct gxt_error *fault)
{
    struct reader in = {.in = {bytes, (const uint8_t *)bytes + size}};
    struct gxt_error found = {0};
    uint8_t flags = 0;

    order_reset(order);
    stream_restore(&in, &order->stream, &flags);
    order->fell = flags & FELL;
    order->last_ns = reader_signed(&in);
    order->n_syncs = reader_varint(&in);
    order->n_generations = reader_varint(&in);
    int r = sched_restore(&order->sched, &in, order->pool);
    if (r == 0 && (order->stream.offset > order->source->size || order->stream.offset < order->begin))
        r = GXT_EINDEX;
    if (r == 0 && (flags & INSIDE))
        r = inside_restore(order, &in, &found);
    if (r == 0 && span_size(in.in) > 0)
        r = GXT_EINDEX;
    if (r == 0)
        return 0;
    order_reset(order);
    if (found.code == r) {
        *fault = found;
        return r;
    }
    return fault_set(fault, r, GXT_NO_OFFSET,
                     r == GXT_ENOMEM ? "no memory for a checkpoint" : "a checkpoint is damaged");
}
