/* order.c
 *
 * In: generations, from gen. Out: ordered records, one at a time. Never: a record whose successor in its lane could not
 * be read: Go's reader drops it, and so do we.
 *
 *     waiting records ── none ──► samples earlier than the frontier's head ── none ──► the frontier
 *           ▲                                                                             │ empty, as the samples
 *           └──────────────────────────────── a new generation's Sync ◄───────────────────┘
 */
#include "order_quick.h"

#include <stdlib.h>

/* Beside what order_next() returns: the frontier is to be asked, perhaps again. */
enum {
    THE_FRONTIER = 2
};

static int no_memory(struct order *order)
{
    return fault_set(&order->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the ordering");
}

static int find_by_scan(void *user, uint64_t generation, struct gen_stream *stream, struct gen_dir *ret,
                        struct gen_known *known, struct gxt_error *fault)
{
    const struct order *order = user;

    (void)generation;
    (void)known;
    return gen_find(stream, order->source, order->version, ret, fault);
}

int order_new(const struct source *source, uint64_t offset, int version, struct pool *pool, struct order_finder finder,
              struct order **ret)
{
    struct order *order = calloc(1, sizeof *order);
    if (!order)
        return GXT_ENOMEM;
    order->source = source;
    order->pool = pool;
    order->version = version;
    order->begin = offset;
    order->finder = finder.find ? finder : (struct order_finder){find_by_scan, order};
    order->step =
        (struct step){.sched = &order->sched, .gen = &order->gen, .pending = &order->pending, .fault = &order->fault};
    order_reset(order);
    *ret = order;
    return 0;
}

struct order *order_free(struct order *order)
{
    if (!order)
        return NULL;
    gen_done(&order->gen);
    gen_dir_done(&order->dir);
    sched_done(&order->sched);
    free(order->frontier.entries);
    free(order->lanes);
    free(order);
    return NULL;
}

void order_reset(struct order *order)
{
    sched_clear(&order->sched);
    order->stream = (struct gen_stream){.offset = order->begin, .recovers = order->recovers};
    order->done = order->fell = order->fell_inside = order->has_gen = order->steady = false;
    order->hurt = order->gap = order->comes_again = false;
    order->mended = 0;
    order->frontier.n = 0;
    order->sample = order->n_samples = 0;
    order->pending = (struct pending){0};
    order->last_ns = 0;
    order->n_syncs = order->n_generations = 0;
    order->highest = order->saved = 0;
    order->forgot = order->lacks = false;
    order->fault = (struct gxt_error){0};
}

/* ---- what is left out ---- */

void order_recover(struct order *order, double ns_per_tick)
{
    order->recovers = true;
    order->gen.usual_ns_per_tick = ns_per_tick;
    order_reset(order);
}

const struct gxt_loss *order_loss(const struct order *order)
{
    return &order->loss;
}

void order_clear_loss(struct order *order)
{
    order->loss = (struct gxt_loss){0};
}

/* A walk meets the same faults in the same order, whenever it comes by: so their number tells which one it is. */
static void note(struct order *order, const struct gxt_loss *loss)
{
    const bool is_known =
        order->noting < order->told || (order->noting == order->told && order->n_notes < order->n_told);

    order->n_notes++;
    order->hurt = order->gap = true;
    if (is_known)
        return;
    struct gxt_loss more = *loss;
    more.n_generations = order->noting != order->told;
    more.from_ns = more.to_ns = order->last_ns;
    loss_add(&order->loss, &more);
    order->told = order->noting;
    order->n_told = order->n_notes;
}

/* Whether the walk's fault is one that it goes on behind. */
static bool can_leave_out(const struct order *order)
{
    return order->recovers && fault_is_of_trace(order->fault.code);
}

/* Goes on without what bears the fault, @n_bytes. */
static void leave_out(struct order *order, uint64_t n_bytes)
{
    struct gxt_loss loss = {0};

    loss_note(&loss, &order->fault, n_bytes);
    note(order, &loss);
    order->fault = (struct gxt_error){0};
}

void order_begin_anew(struct order *order)
{
    sched_clear(&order->sched);
    order->hurt = false;
}

/* Every record handed out is later than the one before it (Go's Reader.ReadEvent). */
static int hand_out(struct order *order, struct order_record *record)
{
    if (record->time_ns <= order->last_ns) {
        if (UNLIKELY(order->last_ns == INT64_MAX))
            order->fell = order->fell_inside = true;
        record->time_ns = (int64_t)((uint64_t)order->last_ns + 1);
    }
    order->last_ns = record->time_ns;
    return 1;
}

void order_keep_boundaries(struct order *order, struct order_snapshot *ret)
{
    order->boundary = ret;
}

static int sync(struct order *order, int64_t time_ns, bool tables, struct order_record *ret)
{
    *ret = (struct order_record){
        .time_ns = time_ns,
        .thread = GXT_NO_THREAD,
        .proc = GXT_NO_PROC,
        .goroutine = GXT_NO_GOROUTINE,
        .args = {++order->n_syncs},
        .offset = order->has_gen ? order->gen.dir.begin : GXT_NO_OFFSET,
        .type = WIRE_SYNC_EVENT,
        .tables = tables,
    };
    (void)hand_out(order, ret);
    if (order->gap && order->loss.n_faults > 0)
        order->loss.to_ns = ret->time_ns;
    if (order->n_syncs == 1)
        order->loss.from_ns = ret->time_ns;
    order->gap = false;
    return 1;
}

/* ---- generations ---- */

int order_make_lanes(struct order *order)
{
    const struct gen *gen = &order->gen;

    if (gen->n_lanes > order->lanes_capacity) {
        struct lane *grown = realloc(order->lanes, gen->n_lanes * sizeof *grown);
        if (!grown)
            return GXT_ENOMEM;
        order->lanes = grown;
        order->lanes_capacity = gen->n_lanes;
    }
    if (frontier_reserve(&order->frontier, gen->n_lanes) < 0)
        return GXT_ENOMEM;
    for (size_t i = 0; i < gen->n_lanes; i++)
        lane_begin(&order->lanes[i], gen, i);
    return 0;
}

/* A lane's next event becomes its head. Where the trace is recovered, batches that cannot be read are left out. */
static int next_head(struct order *order, struct lane *lane)
{
    int r = lane_next(lane, &order->gen, &order->fault);

    while (UNLIKELY(r < 0) && can_leave_out(order)) {
        leave_out(order, lane_skip_batch(lane));
        /* What it ran is not known behind the gap. */
        if (lane->m != MAP_NONE)
            order->sched.ms[lane->m].g = GXT_NO_GOROUTINE;
        r = lane_next(lane, &order->gen, &order->fault);
    }
    return r;
}

static int open_lanes(struct order *order)
{
    if (order_make_lanes(order) < 0) {
        order->has_gen = false; /* nobody may look at its lanes */
        return no_memory(order);
    }
    for (size_t i = 0; i < order->gen.n_lanes; i++) {
        int r = next_head(order, &order->lanes[i]);
        if (r < 0)
            return r;
        if (r > 0)
            frontier_insert(&order->frontier, &order->lanes[i]);
    }
    return 0;
}

/* Go's reader knows one experiment and panics when it is to print another. */
static int check_experiments(struct order *order)
{
    for (size_t i = 0; i < order->gen.dir.n_batches; i++) {
        const struct gen_batch *batch = &order->gen.dir.batches[i];
        if (batch->kind == GEN_EXPERIMENTAL && wire_experiment_name(batch->experiment)[0] == '\0')
            (void)fault_set(&order->fault, GXT_ECORRUPT, batch->offset, "data of experiment %u, which is not known",
                            batch->experiment);
        if (order->fault.code < 0 && !can_leave_out(order))
            return order->fault.code;
        if (order->fault.code < 0)
            leave_out(order, batch->size);
    }
    return 0;
}

static bool loses_generation(int code)
{
    return code == GXT_ECORRUPT || code == GXT_ETRUNCATED;
}

int order_load(struct order *order, struct gxt_error *fault)
{
    const uint64_t generation = order->n_generations;

    order->noting = generation + 1;
    order->n_notes = 0;
    if (order->loaded == generation + 1) {
        order->stream = order->behind;
        if (order->gen.dir.loss.n_faults > 0)
            note(order, &order->gen.dir.loss);
        return 1;
    }
    order->loaded = 0;
    order->before = order->stream;
    struct gen_known known = {0};
    int r = order->finder.find(order->finder.user, generation, &order->stream, &order->dir, &known, fault);
    if (r > 0 && gen_load(&order->gen, &order->dir, order->source, order->version, order->pool, &known, fault) < 0)
        r = fault->code;
    gen_known_done(&known);
    const struct gxt_loss *loss = r > 0 ? &order->gen.dir.loss : &order->dir.loss;
    if (r >= 0 && loss->n_faults > 0)
        note(order, loss);
    if (r > 0) {
        order->behind = order->stream;
        order->loaded = generation + 1;
    }
    return r;
}

bool order_lacks(const struct order *order)
{
    return order->lacks || order->sched.lacks;
}

void order_forget(struct order *order)
{
    order->loaded = 0;
}

static int next_generation(struct order *order, struct order_record *ret)
{
    int r = source_check_size(order->source, &order->fault);
    if (r == 0 && order->boundary && order->saved != order->n_generations + 1 && order_save(order, order->boundary) < 0)
        r = no_memory(order);
    if (r < 0)
        return r;
    if (order->has_gen)
        source_release(order->source, order->gen.dir.begin, order->gen.dir.end);
    order->has_gen = false;
    order->frontier.n = 0;
    order->n_samples = order->sample = 0;
    if (order->hurt)
        order_begin_anew(order);

    r = order_load(order, &order->fault);
    order->done = r == 0;
    if (r == 0 || (r < 0 && loses_generation(r)))
        return sync(order, order->last_ns, false, ret); /* a fault comes after it */
    if (r < 0)
        return r;

    order->lacks = order->forgot && order->gen.dir.number <= order->highest;
    if (order->lacks)
        return fault_set(&order->fault, GXT_EINDEX, order->gen.dir.begin,
                         "generation number %llu is not new: a checkpoint before it is of no use",
                         (unsigned long long)order->gen.dir.number);
    order->comes_again = order->gen.dir.number <= order->highest;
    if (!order->comes_again)
        order->highest = order->gen.dir.number;
    order->has_gen = true;
    order->n_samples = order->gen.n_samples;
    if (order->gen.dir.severed)
        sched_clear(&order->sched);
    r = open_lanes(order);
    if (r == 0)
        r = check_experiments(order);
    if (r < 0)
        return r;
    order->n_generations++;
    return sync(order, gen_time(order->gen.ns_per_tick, order->gen.dir.min_tick), true, ret);
}

/* ---- records ---- */

static int next_sample(struct order *order, struct order_record *ret)
{
    const struct gen_sample *sample = &order->gen.samples[order->sample++];

    *ret = (struct order_record){
        .time_ns = sample->time_ns,
        .thread = sample->thread,
        .proc = sample->proc,
        .goroutine = sample->goroutine,
        .args = {sample->stack},
        .offset = sample->offset,
        .type = WIRE_CPU_SAMPLE,
        .flags = sched_sample_flags(&order->sched, sample),
    };
    return UNLIKELY(order->sched.gs.lost < 0) ? sched_lost(&order->sched, &order->fault) : hand_out(order, ret);
}

/* The runtime writes a GC worker's label right after its start: next in the lane, whatever comes between in the order.
 */
static void look_for_label(struct order *order, const struct lane *lane, struct order_record *record)
{
    uint64_t label = 0;

    (void)wire_numbers(lane->args, 1, &label);
    if (record->type == WIRE_GO_START)
        record->label = label;
    else if (order->pending.n == 2)
        order->pending.records[1].label = label;
}

static inline __attribute__((always_inline)) int try_lane(struct order *order, size_t i, struct order_record *ret)
{
    struct lane *lane = order->frontier.entries[i].lane;
    int r = sched_advance(&order->step, lane, ret);
    if (UNLIKELY(r <= 0))
        return r;

    r = next_head(order, lane);
    if (UNLIKELY(r < 0))
        return r;
    if (LIKELY(r > 0)) {
        if (UNLIKELY(lane_type(lane) == WIRE_GO_LABEL))
            look_for_label(order, lane, ret);
        frontier_update(&order->frontier, i);
    } else {
        frontier_remove(&order->frontier, i);
    }
    return 1;
}

static int nobody_advances(struct order *order)
{
    const struct lane *lane = order->frontier.entries[0].lane;
    return fault_set(&order->fault, GXT_EORDER, lane_offset(lane),
                     "no thread can advance: thread %lld waits with a %s for what never comes", (long long)lane->thread,
                     wire_specs[lane_type(lane)].name);
}

/* Entry i's head bears the fault. Where the trace is recovered the states become such that it fits, or it is left out.
 */
static int mend(struct order *order, size_t i)
{
    struct lane *lane = order->frontier.entries[i].lane;
    const uint8_t *head = lane->head;
    const uint64_t offset = lane_offset(lane);

    if (!can_leave_out(order))
        return order->fault.code;
    if (order->mended != offset && sched_mend(&order->step, lane)) {
        leave_out(order, 0);
        order->mended = offset;
        return THE_FRONTIER;
    }
    leave_out(order, (uint64_t)(lane->next - head));
    int r = next_head(order, lane);
    if (r > 0)
        frontier_update(&order->frontier, i);
    else if (r == 0)
        frontier_remove(&order->frontier, i);
    return r < 0 ? r : THE_FRONTIER;
}

/* The earliest lane that may advance. When the head waits, the others are tried by time; the array stays sorted then,
 * which later ties depend on. */
static inline int take_earliest(struct order *order, struct order_record *ret)
{
    struct frontier *frontier = &order->frontier;
    size_t i = 0;
    int r;

    while (UNLIKELY((r = try_lane(order, i, ret)) == 0)) {
        if (i == 0)
            gen_sort(frontier->entries, frontier->n, sizeof *frontier->entries);
        if (++i == frontier->n) {
            (void)nobody_advances(order);
            return mend(order, 0);
        }
    }
    return UNLIKELY(r < 0) ? mend(order, i) : hand_out(order, ret);
}

static int next_pending(struct order *order, struct order_record *ret)
{
    struct pending *pending = &order->pending;

    *ret = pending->records[pending->next++];
    sched_apply(&order->sched, pending, ret);
    if (pending->next == pending->n)
        pending->next = pending->n = 0;
    return UNLIKELY(order->sched.gs.lost < 0) ? sched_lost(&order->sched, &order->fault) : hand_out(order, ret);
}

void order_settle(struct order *order)
{
    order->steady =
        order->frontier.n > 0 && order->pending.n == 0 && order->fault.code == 0 && !order->done && !order->hurt;
    order->sample_ns = order->sample < order->n_samples ? order->gen.samples[order->sample].time_ns : INT64_MAX;
}

/* What goes before the frontier. 1, 0, negative as order_next(); or THE_FRONTIER, when nothing does. */
static int before_frontier(struct order *order, struct order_record *ret)
{
    if (order->fault.code < 0)
        return order->fault.code;
    if (order->done)
        return 0;
    if (order->pending.n > 0)
        return next_pending(order, ret);
    if (order->sample < order->n_samples &&
        (order->frontier.n == 0 || order->sample_ns < order->frontier.entries[0].time_ns))
        return next_sample(order, ret);
    return order->frontier.n == 0 ? next_generation(order, ret) : THE_FRONTIER;
}

static __attribute__((noinline)) int next_unsteady(struct order *order, struct order_record *ret)
{
    int r = before_frontier(order, ret);
    order_settle(order);
    return r;
}

int order_next(struct order *order, struct order_record *ret)
{
    int r;

    do {
        if (UNLIKELY(!order->steady || order->sample_ns < order->frontier.entries[0].time_ns) &&
            (r = next_unsteady(order, ret)) != THE_FRONTIER)
            break;
        r = take_earliest(order, ret);
        if (UNLIKELY(r != 1 || order->pending.n > 0 || order->frontier.n == 0 || order->hurt))
            order->steady = false;
    } while (UNLIKELY(r == THE_FRONTIER));
    if (UNLIKELY(order->hurt) && r > 0 && ret->type != WIRE_SYNC_EVENT)
        ret->flags |= GXT_EVENT_HURT;
    return r;
}

QUICK bool is_before(void *user, struct gxt_event *event, const uint64_t *args, uint8_t type)
{
    const int64_t *before_ns = user;

    (void)args;
    (void)type;
    return event->time_ns < *before_ns;
}

size_t order_skip(struct order *order, size_t most, int64_t before_ns, int64_t *ret_ns)
{
    struct gxt_event event;
    size_t n = order_quick(order, most, is_before, NULL, &before_ns, 0, &event, 0);

    if (n > 0)
        *ret_ns = order->last_ns;
    return n;
}

const struct gxt_error *order_fault(const struct order *order)
{
    return &order->fault;
}

int order_fail(struct order *order, const struct gxt_error *fault)
{
    order->fault = *fault;
    order->steady = false;
    return fault->code;
}

struct gen *order_gen(struct order *order)
{
    return order->has_gen ? &order->gen : NULL;
}

uint64_t order_generations(const struct order *order)
{
    return order->n_generations;
}

uint64_t order_bytes(const struct order *order)
{
    uint64_t left = 0;

    if (order->done)
        return order->source->size;
    if (!order->has_gen)
        return order->stream.offset;
    for (size_t i = 0; i < order->gen.n_lanes; i++)
        left += order->lanes[i].left;
    return order->gen.dir.end - left;
}

bool order_is_rising(const struct order *order)
{
    return !order->fell;
}

static bool is_between(const struct order *order)
{
    return !order->done && order->fault.code == 0 && order->pending.n == 0;
}

bool order_at_boundary(const struct order *order)
{
    return order->frontier.n == 0 && order->sample >= order->n_samples && is_between(order);
}

bool order_can_save(const struct order *order)
{
    return is_between(order) && ((!order->hurt && !order->comes_again) || order_at_boundary(order));
}
