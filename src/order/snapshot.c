/* snapshot.c
 *
 * In: a walk between two records. Out: bytes, and from them the same walk again. Never: a place between the records of
 * one wire event.
 *
 *     size of what comes before the goroutines
 *     the walk    at a boundary, or inside a generation
 *     G           crowd.c tells
 *
 * At a boundary:
 *
 *     stream      offset, begun, more, and whether times fell, fault
 *     walk        last time, Syncs, generations, highest number of them
 *     names       the distinct names of tasks, each once
 *     P           by rising id: id less the one before, status, ranges where there are any
 *     M           in the order they were seen, which decides between two that hold one P
 *     tasks       id, parent, name
 *     GC          state, sequence number, number of the generation in which all is told for the first time
 *
 * Inside a generation it is told what has happened since the boundary where it begins, and nothing that was so before:
 *
 *     flags       whether times fell, whether an event was tried
 *     last time
 *     names       of the tasks below
 *     P           those of which there was an event, by rising id: id less the one before, status, sequence number
 *                 where it is of this generation, ranges, which take the place of those at the boundary
 *     M           those that were tried, told of or robbed, in that order; what is not there at the boundary comes
 *                 behind those that are
 *     tasks       ids of those that ended and did not begin here; those that began here and are active, by rising id
 *     GC          state and sequence number; state 0 and no more when there was no event of it
 *     frontier    samples handed out; of each lane in it, in its order: which, batches to come, place of its head in
 *                 its batch, its time before that
 *
 * So what is saved there is the same whatever was at the boundary, as long as it fits. All is restored by laying it
 * over a restored boundary.
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
    INSIDE = 8,
    TRIED = 16,
    BOUNDARY_FLAGS = BEGUN | MORE | FELL,
    INSIDE_FLAGS = FELL | INSIDE | TRIED,
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

/* All of them, or, of a generation, those of which there was an event. */
static void procs_save(const struct sched_table *table, const struct gen *inside, struct buf *ret)
{
    const struct sched_resource **list = malloc((table->n + 1) * sizeof *list);
    const struct names none = {0}; /* they have no regions */
    size_t n = 0;
    uint64_t last = 0;

    if (!list) {
        ret->failed = true;
        return;
    }
    for (size_t i = 0; i < table->n; i++)
        if (table->items[i].live && (!inside || table->items[i].touched))
            list[n++] = &table->items[i];
    qsort(list, n, sizeof *list, by_id);
    buf_put_varint(ret, n);
    for (size_t i = 0; i < n; i++) {
        const bool is_told = inside && list[i]->seq_generation == inside->dir.number;
        const bool has_extra = list[i]->extra && list[i]->extra->n_ranges > 0;
        buf_put_varint(ret, (uint64_t)list[i]->id - last);
        last = (uint64_t)list[i]->id;
        buf_put_u8(ret, (uint8_t)(list[i]->status | (is_told ? TOLD : 0) | (has_extra ? EXTRA : 0)));
        if (is_told)
            buf_put_varint(ret, list[i]->seq);
        if (has_extra)
            extra_save(list[i]->extra, 0, &none, ret);
    }
    free(list);
}

static void m_save(const struct sched_m *m, struct buf *ret)
{
    buf_put_signed(ret, m->id);
    buf_put_signed(ret, m->p);
    buf_put_signed(ret, m->g);
}

static void task_save(const struct sched_task *task, const struct names *names, struct buf *ret)
{
    buf_put_varint(ret, task->id);
    buf_put_varint(ret, task->parent);
    names_put(names, task->name, ret);
}

static void sched_save(const struct sched *sched, struct buf *ret)
{
    struct names names = {0};

    for (size_t i = 0; i < sched->n_tasks; i++)
        names_add(&names, sched->tasks[i].name);
    names_save(&names, ret);
    procs_save(&sched->ps, NULL, ret);
    buf_put_varint(ret, sched->n_ms);
    for (size_t i = 0; i < sched->n_ms; i++)
        m_save(&sched->ms[i], ret);
    buf_put_varint(ret, sched->n_tasks);
    for (size_t i = 0; i < sched->n_tasks; i++)
        task_save(&sched->tasks[i], &names, ret);
    buf_put_u8(ret, sched->gc_state);
    buf_put_varint(ret, sched->gc_seq);
    buf_put_varint(ret, sched->initial_generation);
    ret->failed = ret->failed || names.failed;
    names_done(&names);
}

static int by_task(const void *a, const void *b)
{
    const gxt_taskid left = (*(const struct sched_task *const *)a)->id,
                     right = (*(const struct sched_task *const *)b)->id;
    return (left > right) - (left < right);
}

/* Those that began since the boundary. Where they stand among the others depends on these. NULL without memory. */
static const struct sched_task **new_tasks(const struct sched *sched, size_t *ret_n)
{
    const struct sched_task **list = malloc((sched->n_tasks + 1) * sizeof *list);

    *ret_n = 0;
    if (!list)
        return NULL;
    for (size_t i = 0; i < sched->n_tasks; i++)
        if (sched->tasks[i].is_new)
            list[(*ret_n)++] = &sched->tasks[i];
    qsort(list, *ret_n, sizeof *list, by_task);
    return list;
}

static void tasks_save_inside(const struct sched *sched, const struct sched_task *const *list, size_t n,
                              const struct names *names, struct buf *ret)
{
    buf_put_varint(ret, sched->n_ended);
    for (size_t i = 0; i < sched->n_ended; i++)
        buf_put_varint(ret, sched->ended[i]);
    buf_put_varint(ret, n);
    for (size_t i = 0; i < n; i++)
        task_save(list[i], names, ret);
}

static void gc_save_inside(const struct sched *sched, struct buf *ret)
{
    const bool is_told = sched->gc_seq != sched->gc_seq_before || sched->gc_state != sched->gc_state_before;

    buf_put_u8(ret, is_told ? sched->gc_state : GC_UNDETERMINED);
    if (is_told)
        buf_put_varint(ret, sched->gc_seq);
}

/* What has happened since the boundary. */
static void sched_save_inside(const struct sched *sched, const struct gen *gen, struct buf *ret)
{
    struct names names = {0};
    size_t n;
    const struct sched_task **list = new_tasks(sched, &n);

    for (size_t i = 0; i < n; i++)
        names_add(&names, list[i]->name);
    names_save(&names, ret);
    procs_save(&sched->ps, gen, ret);
    buf_put_varint(ret, sched->n_seen);
    for (size_t i = 0; i < sched->n_seen; i++)
        m_save(&sched->ms[sched->seen[i]], ret);
    tasks_save_inside(sched, list, n, &names, ret);
    gc_save_inside(sched, ret);
    ret->failed = ret->failed || names.failed || !list;
    names_done(&names);
    free(list);
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

static void walk_save(const struct order *order, struct buf *ret)
{
    const struct gen_stream *stream = &order->stream;

    buf_put_varint(ret, stream->offset);
    buf_put_u8(ret, (uint8_t)((stream->begun ? BEGUN : 0) | (stream->more ? MORE : 0) | (order->fell ? FELL : 0)));
    buf_put_signed(ret, stream->fault.code);
    buf_put_varint(ret, stream->fault.offset);
    size_t length = strnlen(stream->fault.message, sizeof stream->fault.message - 1);
    buf_put_varint(ret, length);
    buf_put(ret, stream->fault.message, length);
    buf_put_signed(ret, order->last_ns);
    buf_put_varint(ret, order->n_syncs);
    buf_put_varint(ret, order->n_generations);
    buf_put_varint(ret, order->highest);
    sched_save(&order->sched, ret);
}

static void walk_save_inside(const struct order *order, struct buf *ret)
{
    buf_put_u8(ret, (uint8_t)(INSIDE | (order->fell_inside ? FELL : 0) | (order->sched.tried ? TRIED : 0)));
    buf_put_signed(ret, order->last_ns);
    sched_save_inside(&order->sched, &order->gen, ret);
    frontier_save(order, ret);
}

int order_save(struct order *order, struct order_snapshot *ret)
{
    const bool inside = !order_at_boundary(order);
    struct buf walk = {0};

    ret->bytes.size = ret->n_cuts = 0;
    if (!inside && order->sched.assumed)
        return 0;
    if (inside && (order->saved != order->n_generations || !order->sched.tracks))
        return GXT_EINVAL;
    if (order->hurt)
        order_begin_anew(order);
    int r = crowd_take_all(&order->sched.gs);
    if (r == 0)
        r = order->sched.ps.lost;
    if (r < 0)
        return r;
    if (inside)
        walk_save_inside(order, &walk);
    else
        walk_save(order, &walk);
    buf_put_varint(&ret->bytes, walk.size);
    buf_put(&ret->bytes, walk.at, walk.size);
    r = walk.failed ? GXT_ENOMEM : crowd_save(&order->sched.gs, inside, order->gen.dir.number, ret);
    buf_done(&walk);
    if (r == 0 && !inside) {
        sched_mark(&order->sched);
        order->fell_inside = false;
        order->saved = order->n_generations + 1;
    }
    return r;
}

/* ---- restoring ---- */

/* Status, sequence number, ranges: in the place of what is there. */
static int proc_restore(struct sched_resource *proc, uint64_t generation, struct reader *in)
{
    const uint8_t flags = reader_u8(in), status = flags & (uint8_t) ~(TOLD | EXTRA);
    const struct names none = {0};

    if (status >= N_P_STATUSES || (generation == 0 && (flags & TOLD)))
        in->failed = true;
    proc->status = in->failed ? P_BAD : status;
    proc->seq = flags & TOLD ? reader_varint(in) : 0;
    proc->seq_generation = flags & TOLD ? generation : 0;
    if (proc->extra)
        sched_extra_done(proc->extra);
    if (in->failed)
        return GXT_EINDEX;
    if (flags & EXTRA)
        return sched_extra(proc) ? extra_restore(proc->extra, &none, in) : GXT_ENOMEM;
    return 0;
}

/* @generation: 0 at a boundary, where there are none yet. */
static int procs_restore(struct sched_table *table, uint64_t generation, struct reader *in)
{
    const uint64_t n = reader_count(in, 2);
    int64_t id = 0;
    int r = 0;

    for (uint64_t i = 0; i < n && r == 0; i++) {
        const int64_t last = id;
        id = (int64_t)((uint64_t)last + reader_varint(in));
        if (in->failed || (i > 0 && id <= last))
            return GXT_EINDEX;
        struct sched_resource *proc = sched_find(table, id);
        if (!proc && !(proc = sched_add(table, id)))
            return GXT_ENOMEM;
        r = proc_restore(proc, generation, in);
    }
    return r;
}

/* Those that are not there come behind the others. Each is told of once. */
static int ms_restore(struct sched *sched, struct reader *in)
{
    const uint64_t n = reader_count(in, 3);

    for (size_t i = 0; i < sched->n_ms; i++)
        sched->is_seen[i] = false;
    for (uint64_t i = 0; i < n && !in->failed; i++) {
        const gxt_threadid id = reader_signed(in);
        uint32_t at = map_get(&sched->m_ids, (uint64_t)id);
        if (at != MAP_NONE && sched->is_seen[at])
            return GXT_EINDEX;
        if (at == MAP_NONE && (at = sched_m_at(sched, id)) == MAP_NONE)
            return GXT_ENOMEM;
        sched->is_seen[at] = true;
        sched->ms[at].p = reader_signed(in);
        sched->ms[at].g = reader_signed(in);
    }
    for (size_t i = 0; i < sched->n_ms; i++)
        sched->is_seen[i] = true;
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

static void tasks_end(struct sched *sched, struct reader *in)
{
    const uint64_t n = reader_count(in, 1);

    for (uint64_t i = 0; i < n && !in->failed; i++) {
        struct sched_task *task = sched_task_find(sched, reader_varint(in));
        if (task && !in->failed)
            sched_task_remove(sched, task);
    }
}

static int sched_restore(struct sched *sched, struct pool *pool, struct reader *in)
{
    struct names names = {0};

    int r = names_restore(&names, in, pool);
    if (r == 0)
        r = procs_restore(&sched->ps, 0, in);
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

static int gc_restore_inside(struct sched *sched, struct reader *in)
{
    const uint8_t state = reader_u8(in);

    if (state > GC_RUNNING)
        return GXT_EINDEX;
    if (state != GC_UNDETERMINED) {
        sched->gc_state = state;
        sched->gc_seq = reader_varint(in);
    }
    return in->failed ? GXT_EINDEX : 0;
}

/* Lays what has happened since over what was at the boundary. */
static int sched_restore_inside(struct sched *sched, uint64_t generation, struct pool *pool, struct reader *in)
{
    struct names names = {0};

    int r = names_restore(&names, in, pool);
    if (r == 0)
        r = procs_restore(&sched->ps, generation, in);
    if (r == 0)
        r = ms_restore(sched, in);
    if (r == 0) {
        tasks_end(sched, in);
        r = tasks_restore(sched, &names, in);
    }
    if (r == 0)
        r = gc_restore_inside(sched, in);
    names_done(&names);
    return r;
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

/* The generation that begins at the boundary, without heads. Of one that is not new, or says nothing of what was
 * before, no place inside is kept. */
static int enter(struct order *order, struct gxt_error *fault)
{
    int r = order_load(order, fault);

    if (r == 0 || r == GXT_ECORRUPT || r == GXT_ETRUNCATED)
        return GXT_EINDEX; /* no generation is where the bytes say */
    if (r < 0)
        return r;
    if (order->gen.dir.number <= order->highest || order->gen.dir.severed)
        return GXT_EINDEX;
    order->highest = order->gen.dir.number;
    return order_make_lanes(order);
}

/* A reader of what comes before the goroutines. @in is left behind it. */
static struct reader walk_of(struct reader *in)
{
    const uint64_t size = reader_varint(in);
    const uint8_t *bytes = reader_bytes(in, size);

    return (struct reader){.in = {bytes, bytes ? bytes + size : NULL}, .failed = !bytes};
}

/* All but the goroutines. */
static int walk_restore(struct order *order, struct reader *in)
{
    struct reader walk = walk_of(in);
    const uint8_t flags = stream_restore(&walk, &order->stream);

    order->fell = flags & FELL;
    order->last_ns = reader_signed(&walk);
    order->n_syncs = reader_varint(&walk);
    order->n_generations = reader_varint(&walk);
    order->highest = reader_varint(&walk);
    order->forgot = true;
    if (walk.failed || (flags & ~BOUNDARY_FLAGS) || order->stream.offset > order->source->size ||
        order->stream.offset < order->begin)
        return GXT_EINDEX;
    int r = sched_restore(&order->sched, order->pool, &walk);
    return r == 0 && (walk.failed || span_size(walk.in) > 0) ? GXT_EINDEX : r;
}

/* Goes from a restored boundary to a place inside the generation that begins there. */
static int walk_restore_inside(struct order *order, struct reader *in, struct gxt_error *fault)
{
    struct reader walk = walk_of(in);
    const uint8_t flags = reader_u8(&walk);

    if (walk.failed || !(flags & INSIDE) || (flags & ~INSIDE_FLAGS))
        return GXT_EINDEX;
    order->fell = order->fell || (flags & FELL);
    order->last_ns = reader_signed(&walk);
    order->n_syncs++;
    int r = enter(order, fault);
    if (r == 0)
        r = sched_restore_inside(&order->sched, order->gen.dir.number, order->pool, &walk);
    if (r == 0)
        r = frontier_restore(order, &walk, fault);
    if ((flags & TRIED) && order->sched.initial_generation == 0)
        order->sched.initial_generation = order->gen.dir.number;
    return r == 0 && (walk.failed || span_size(walk.in) > 0) ? GXT_EINDEX : r;
}

/* @start and @inside are left behind the walk's bytes. A goroutine that exists was told of by an event, of four bytes
 * at least. */
static int goroutines_restore(struct order *order, struct reader *start, struct reader *inside)
{
    const uint64_t most = order->source->size / 4;

    int r = crowd_restore(&order->sched.gs, start, inside, order->gen.dir.number, most, order->pool);
    return r == 0 && (span_size(start->in) > 0 || (inside && span_size(inside->in) > 0)) ? GXT_EINDEX : r;
}

int order_restore(struct order *order, struct span start, const struct span *inside, struct gxt_error *fault)
{
    struct reader in = {.in = start}, since = {.in = inside ? *inside : (struct span){0}};
    struct gxt_error found = {0};

    order_reset(order);
    int r = walk_restore(order, &in);
    if (r == 0 && inside)
        r = walk_restore_inside(order, &since, &found);
    if (r == 0)
        r = goroutines_restore(order, &in, inside ? &since : NULL);
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
