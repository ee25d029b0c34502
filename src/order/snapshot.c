/* snapshot.c
 *
 * In: a walk between two records. Out: bytes, and from them the same walk again. Never: a place between the records of
 * one wire event.
 *
 *     size of what comes before the goroutines
 *     stream      offset, begun, more, and whether times fell, whether it is inside a generation, fault
 *     walk        last time, Syncs, generations, highest number of them
 *     names       the distinct names of tasks, each once
 *     P           by rising id: id, status; inside also the sequence number, if it is of this generation; ranges where
 *                 there are any
 *     M           in the order they were seen, which decides between two that hold one P
 *     tasks, GC
 *     inside a generation, where the stream is the one before it: samples handed out; of each lane in the frontier, in
 *                 its order: which, batches to come, place of its head in its batch, its time before that
 *     G           crowd.c tells
 *
 * Numbers are varints. The bytes are proved by the store's checksum but not trusted: whoever made the sidecar could
 * make that too.
 */
#include "order_priv.h"

#include <stdlib.h>

enum {
    BEGUN = 1,
    MORE = 2,
    FELL = 4,
    INSIDE = 8
};

/* Beside a processor's status. */
enum {
    TOLD = 0x40,
    EXTRA = 0x80,
};

void order_snapshot_done(struct order_snapshot *snapshot)
{
    buf_done(&snapshot->bytes);
    free(snapshot->cuts);
    *snapshot = (struct order_snapshot){0};
}

/* ---- saving ---- */

static int by_id(const void *a, const void *b)
{
    int64_t left = (*(const struct sched_resource *const *)a)->id,
            right = (*(const struct sched_resource *const *)b)->id;
    return (left > right) - (left < right);
}

static void procs_save(const struct sched_table *table, uint64_t generation, const struct names *names, struct buf *ret)
{
    const struct sched_resource **list = malloc((table->n + 1) * sizeof *list);
    size_t n = 0;
    uint64_t last = 0;

    if (!list) {
        ret->failed = true;
        return;
    }
    for (size_t i = 0; i < table->n; i++)
        if (table->items[i].live)
            list[n++] = &table->items[i];
    qsort(list, n, sizeof *list, by_id);
    buf_put_varint(ret, n);
    for (size_t i = 0; i < n; i++) {
        const bool is_told = generation != 0 && list[i]->seq_generation == generation;
        const bool has_extra = !extra_is_empty(list[i]->extra);
        buf_put_varint(ret, (uint64_t)list[i]->id - last);
        last = (uint64_t)list[i]->id;
        buf_put_u8(ret, (uint8_t)(list[i]->status | (is_told ? TOLD : 0) | (has_extra ? EXTRA : 0)));
        if (is_told)
            buf_put_varint(ret, list[i]->seq);
        if (has_extra)
            extra_save(list[i]->extra, names, ret);
    }
    free(list);
}

static void sched_save(const struct sched *sched, uint64_t generation, struct buf *ret)
{
    struct names names = {0};

    for (size_t i = 0; i < sched->n_tasks; i++)
        names_add(&names, sched->tasks[i].name);
    names_save(&names, ret);
    procs_save(&sched->ps, generation, &names, ret);
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
        names_put(&names, sched->tasks[i].name, ret);
    }
    buf_put_u8(ret, sched->gc_state);
    buf_put_varint(ret, sched->gc_seq);
    buf_put_varint(ret, sched->initial_generation);
    ret->failed = ret->failed || names.failed;
    names_done(&names);
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
        buf_put_varint(ret, lane_offset(lane) - batch->offset);
        buf_put_signed(ret, lane->before_ns);
    }
}

static void walk_save(const struct order *order, bool inside, struct buf *ret)
{
    const struct gen_stream *stream = inside ? &order->before : &order->stream;

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
    buf_put_varint(ret, order->highest);
    sched_save(&order->sched, inside ? order->gen.dir.number : 0, ret);
    if (inside)
        frontier_save(order, ret);
}

int order_save(struct order *order, struct order_snapshot *ret)
{
    const bool inside = !order_at_boundary(order);
    struct buf walk = {0};

    ret->bytes.size = ret->n_cuts = 0;
    if (inside && order->saved != order->n_generations)
        return GXT_EINVAL;
    if (order->hurt)
        order_begin_anew(order);
    int r = crowd_take_all(&order->sched.gs);
    if (r < 0)
        return r;
    walk_save(order, inside, &walk);
    buf_put_varint(&ret->bytes, walk.size);
    buf_put(&ret->bytes, walk.at, walk.size);
    r = walk.failed ? GXT_ENOMEM : crowd_save(&order->sched.gs, inside, order->gen.dir.number, ret);
    buf_done(&walk);
    if (r == 0 && !inside) {
        sched_mark(&order->sched.gs);
        order->saved = order->n_generations + 1;
    }
    return r;
}

/* ---- restoring ---- */

static int procs_restore(struct sched_table *table, uint64_t generation, const struct names *names, struct reader *in)
{
    uint64_t n = reader_count(in, 2), id = 0;
    int r = 0;

    for (uint64_t i = 0; i < n && r == 0; i++) {
        id += reader_varint(in);
        uint8_t flags = reader_u8(in), status = flags & (uint8_t) ~(TOLD | EXTRA);
        if (in->failed || status >= N_P_STATUSES || sched_find(table, (int64_t)id))
            return GXT_EINDEX;
        struct sched_resource *proc = sched_add(table, (int64_t)id);
        if (!proc)
            return GXT_ENOMEM;
        proc->status = status;
        proc->seq = flags & TOLD ? reader_varint(in) : 0;
        proc->seq_generation = flags & TOLD ? generation : 0;
        if (flags & EXTRA)
            r = sched_extra(proc) ? extra_restore(proc->extra, names, in) : GXT_ENOMEM;
    }
    return r;
}

static int ms_restore(struct sched *sched, struct reader *in)
{
    uint64_t n = reader_count(in, 3);

    for (uint64_t i = 0; i < n && !in->failed; i++) {
        uint32_t at = sched_m_at(sched, reader_signed(in));
        if (at == MAP_NONE)
            return GXT_ENOMEM;
        sched->ms[at].p = reader_signed(in);
        sched->ms[at].g = reader_signed(in);
    }
    return 0;
}

static int tasks_restore(struct sched *sched, const struct names *names, struct reader *in)
{
    uint64_t n = reader_count(in, 3);

    for (uint64_t i = 0; i < n; i++) {
        struct sched_task task = {.id = reader_varint(in), .parent = reader_varint(in)};
        task.name = names_get(names, in);
        if (in->failed || sched_task_find(sched, task.id))
            return GXT_EINDEX;
        if (sched_task_add(sched, task) < 0)
            return GXT_ENOMEM;
    }
    return 0;
}

static int sched_restore(struct sched *sched, uint64_t generation, struct pool *pool, struct reader *in)
{
    struct names names = {0};

    int r = names_restore(&names, in, pool);
    if (r == 0)
        r = procs_restore(&sched->ps, generation, &names, in);
    if (r == 0)
        r = ms_restore(sched, in);
    if (r == 0)
        r = tasks_restore(sched, &names, in);
    sched->gc_state = reader_u8(in);
    sched->gc_seq = reader_varint(in);
    sched->initial_generation = reader_varint(in);
    names_done(&names);
    return r == 0 && (in->failed || sched->gc_state > GC_RUNNING) ? GXT_EINDEX : r;
}

static uint8_t stream_restore(struct reader *in, struct gen_stream *stream)
{
    stream->offset = reader_varint(in);
    uint8_t flags = reader_u8(in);
    stream->begun = flags & BEGUN;
    stream->more = flags & MORE;
    int64_t code = reader_signed(in);
    stream->fault.offset = reader_varint(in);
    uint64_t length = reader_varint(in);
    const uint8_t *message = reader_bytes(in, length);

    if ((code != 0 && code != GXT_ETRUNCATED && code != GXT_ECORRUPT) || length >= sizeof stream->fault.message)
        in->failed = true;
    else if (message)
        memcpy(stream->fault.message, message, (size_t)length);
    stream->fault.code = in->failed ? 0 : (int)code;
    return flags;
}

/* Which lanes were taken already is seen by their heads. */
static int frontier_restore(struct order *order, struct reader *in, struct gxt_error *fault)
{
    uint64_t sample = reader_varint(in), n = reader_count(in, 4);

    if (sample > order->gen.n_samples || n > order->gen.n_lanes)
        return GXT_EINDEX;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = reader_varint(in), n_batches = reader_varint(in), offset = reader_varint(in);
        int64_t before_ns = reader_signed(in);
        if (in->failed || at >= order->gen.n_lanes || order->lanes[at].head || n_batches >= order->lanes[at].n_batches)
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
    return in->failed ? GXT_EINDEX : 0;
}

/* The generation that a place lies in, without heads. */
static int enter(struct order *order, struct gxt_error *fault)
{
    int r = order_load(order, fault);

    if (r == 0 || r == GXT_ECORRUPT || r == GXT_ETRUNCATED)
        return GXT_EINDEX; /* no generation is where the bytes say */
    return r < 0 ? r : order_make_lanes(order);
}

/* All but the goroutines. @in is left behind the walk's bytes. */
static int walk_restore(struct order *order, struct reader *in, bool inside, struct gxt_error *fault)
{
    uint64_t size = reader_varint(in);
    const uint8_t *bytes = reader_bytes(in, size);

    if (!bytes)
        return GXT_EINDEX;
    struct reader walk = {.in = {bytes, bytes + size}};
    uint8_t flags = stream_restore(&walk, &order->stream);
    order->fell = flags & FELL;
    order->last_ns = reader_signed(&walk);
    order->n_syncs = reader_varint(&walk);
    order->n_generations = reader_varint(&walk);
    order->highest = reader_varint(&walk);
    order->forgot = true;
    if (walk.failed || ((flags & INSIDE) != 0) != inside || order->stream.offset > order->source->size ||
        order->stream.offset < order->begin)
        return GXT_EINDEX;
    int r = inside ? enter(order, fault) : 0;
    if (r == 0)
        r = sched_restore(&order->sched, inside ? order->gen.dir.number : 0, order->pool, &walk);
    if (r == 0 && inside)
        r = frontier_restore(order, &walk, fault);
    return r == 0 && (walk.failed || span_size(walk.in) > 0) ? GXT_EINDEX : r;
}

/* A goroutine that exists was told of by an event, of four bytes at least. */
static int goroutines_restore(struct order *order, struct span start, struct reader *inside)
{
    struct reader in = {.in = start};
    const uint64_t most = order->source->size / 4;

    (void)reader_bytes(&in, reader_varint(&in)); /* the walk at the generation's start */
    int r = crowd_restore(&order->sched.gs, &in, inside, order->gen.dir.number, most, order->pool);
    return r == 0 && (span_size(in.in) > 0 || (inside && span_size(inside->in) > 0)) ? GXT_EINDEX : r;
}

int order_restore(struct order *order, struct span start, const struct span *inside, struct gxt_error *fault)
{
    struct reader in = {.in = inside ? *inside : start};
    struct gxt_error found = {0};

    order_reset(order);
    int r = walk_restore(order, &in, inside != NULL, &found);
    if (r == 0)
        r = goroutines_restore(order, start, inside ? &in : NULL);
    if (r == 0) {
        order_settle(order);
        return 0;
    }
    order_reset(order);
    if (found.code == r) {
        *fault = found;
        return r;
    }
    return fault_set(fault, r, GXT_NO_OFFSET,
                     r == GXT_ENOMEM ? "no memory for a checkpoint" : "a checkpoint is damaged");
}
