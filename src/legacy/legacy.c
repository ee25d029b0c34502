/* legacy.c
 *
 * In: an old trace. Out: records in order, from the start or from where an index goes on. Never: a record of a trace
 * that has a fault which Go's reader finds when it opens it.
 *
 *     nothing known ──► read, order, check all ─┐
 *                                               ├──► a walk over it, once or more often
 *     an index ───────► what reading it found ──┘
 */
#include "legacy_priv.h"

#include <stdlib.h>

int legacy_new(const struct source *source, uint64_t offset, int version, struct pool *pool,
               struct legacy_finder finder, struct legacy **ret)
{
    struct legacy *legacy = calloc(1, sizeof *legacy);

    if (!legacy)
        return GXT_ENOMEM;
    legacy->trace = (struct old_trace){
        .source = source, .pool = pool, .begin = offset, .end = source->size, .version = version, .finder = finder};
    if (!ROOM(legacy->gs, legacy->n_gs, legacy->gs_capacity)) {
        free(legacy);
        return GXT_ENOMEM;
    }
    old_trace_init(&legacy->trace);
    legacy_reset(legacy);
    *ret = legacy;
    return 0;
}

void old_forget(struct legacy *legacy)
{
    legacy->sequence = old_sequence_free(legacy->sequence);
    old_trace_done(&legacy->trace);
    free(legacy->ps);
    legacy->ps = NULL;
    legacy->was_read = false;
    legacy->bad = (struct gxt_error){0};
}

struct legacy *legacy_free(struct legacy *legacy)
{
    if (!legacy)
        return NULL;
    old_forget(legacy);
    old_ends_done(&legacy->trace);
    free(legacy->waiting);
    free(legacy->created);
    free(legacy->tasks);
    free(legacy->gs);
    free(legacy->free_gs);
    map_done(&legacy->created_places);
    map_done(&legacy->task_places);
    id_map_done(&legacy->g_places);
    free(legacy);
    return NULL;
}

static void reset_processors(struct legacy *legacy)
{
    for (size_t i = 0; legacy->ps && i < legacy->trace.n_lanes; i++)
        legacy->ps[i] =
            (struct seen_p){.thread = GXT_NO_THREAD, .id = legacy->trace.lanes[i].p, .state = GXT_PROC_UNDETERMINED};
}

void legacy_reset(struct legacy *legacy)
{
    legacy->fault = legacy->bad;
    legacy->before_init = true;
    legacy->has_begun = legacy->done = legacy->fell = false;
    legacy->n_waiting = legacy->next_waiting = 0;
    legacy->n_syncs = 0;
    legacy->last_ns = -1; /* as in Go's reader: times begin at 0 */
    legacy->stop_reason = 0;
    legacy->n_created = legacy->n_tasks = legacy->n_free = 0;
    legacy->gs[0] = (struct seen_g){.id = GXT_NO_GOROUTINE, .thread = GXT_NO_THREAD, .state = GXT_GO_NOT_EXIST};
    legacy->n_gs = 1;
    memset(legacy->near, 0, sizeof legacy->near);
    map_clear(&legacy->created_places);
    map_clear(&legacy->task_places);
    id_map_clear(&legacy->g_places);
    reset_processors(legacy);
}

void legacy_forget(struct legacy *legacy)
{
    old_forget(legacy);
    legacy->trace.finder = (struct legacy_finder){0};
    legacy_reset(legacy);
}

/* ---- what is to be known before the first record ---- */

static int know_tables(struct old_trace *trace, struct gen_known *known)
{
    struct gen *gen = &trace->gen;

    gen->known = *known;
    *known = (struct gen_known){0};
    int r = gen_table_know(&gen->strings, &gen->known, false);
    if (r == 0)
        r = gen_table_know(&gen->stacks, &gen->known, true);
    if (r == 0)
        r = pool_string(trace->pool, "", 0, &gen->empty);
    return r;
}

/* 1: an index knows the trace; 0: none does; GXT_EINDEX: nothing that could be used; GXT_ENOMEM. */
static int ask_index(struct legacy *legacy)
{
    struct old_trace *trace = &legacy->trace;
    struct gen_known known = {0};
    struct gen_dir dir = {0};
    struct buf start = {0};
    int r = trace->finder.find ? trace->finder.find(trace->finder.user, &start, &dir, &known) : 0;

    if (r > 0) {
        trace->is_known = true;
        trace->gen.source = trace->source;
        trace->gen.dir = dir;
        dir = (struct gen_dir){0};
        trace->is_checked = calloc(trace->gen.dir.n_batches + 1, 1);
        int known_code = trace->is_checked ? know_tables(trace, &known) : GXT_ENOMEM;
        if (known_code == 0)
            known_code = old_trace_restore(trace, buf_span(&start));
        if (known_code < 0) {
            old_trace_done(trace);
            r = known_code;
        }
    }
    if (r == GXT_ENOMEM)
        r = old_no_memory(legacy);
    else if (r < 0)
        legacy->is_refused = true;
    gen_known_done(&known);
    gen_dir_done(&dir);
    buf_done(&start);
    return r;
}

void legacy_recover(struct legacy *legacy)
{
    legacy->recovers = true;
    legacy_reset(legacy);
}

/* From where the first events are missing to the last one that is there: what came then nobody knows. */
const struct gxt_loss *legacy_loss(struct legacy *legacy)
{
    const struct old_trace *trace = &legacy->trace;
    const int64_t from_ns = trace->n_ends > 0 ? old_time_of(legacy, trace->lost_from) : legacy->last_ns;

    legacy->loss.to_ns = legacy->last_ns;
    legacy->loss.from_ns = from_ns < legacy->last_ns ? from_ns : legacy->last_ns;
    return &legacy->loss;
}

void legacy_clear_loss(struct legacy *legacy)
{
    legacy->loss = (struct gxt_loss){0};
}

static bool can_leave_out(const struct legacy *legacy)
{
    return legacy->recovers && fault_is_of_trace(legacy->fault.code);
}

int old_prepare(struct legacy *legacy)
{
    struct old_trace *trace = &legacy->trace;
    int r = ask_index(legacy);

    legacy->was_read = true;
    if (r == 0 || r == GXT_EINDEX)
        r = legacy->recovers ? old_read_sound(trace, &legacy->loss, &legacy->fault) : old_read(trace, &legacy->fault);
    if (r >= 0)
        r = old_sequence_new(trace, &legacy->fault, &legacy->sequence);
    if (r >= 0 && !(legacy->ps = calloc(trace->n_lanes, sizeof *legacy->ps)))
        r = old_no_memory(legacy);
    if (r < 0) {
        legacy->bad = legacy->fault;
        return r;
    }
    legacy->ns_per_tick = 1e9 / (double)trace->ticks_per_second;
    const double usual_ticks = (double)OLD_USUAL_NS / legacy->ns_per_tick;
    legacy->usual_ticks = usual_ticks < 0x1p63 ? (uint64_t)usual_ticks : (uint64_t)1 << 63;
    reset_processors(legacy);
    return 0;
}

/* ---- the walk ---- */

static int hand_out(struct legacy *legacy, struct order_record *record)
{
    if (record->time_ns <= legacy->last_ns)
        record->time_ns = (int64_t)((uint64_t)legacy->last_ns + 1);
    if (UNLIKELY(record->time_ns < legacy->last_ns))
        legacy->fell = true;
    legacy->last_ns = record->time_ns;
    return LIKELY(old_see(legacy, record)) ? 1 : old_no_memory(legacy);
}

static int sync(struct legacy *legacy, int64_t time_ns, bool tables, struct order_record *ret)
{
    *ret = (struct order_record){.time_ns = time_ns,
                                 .thread = GXT_NO_THREAD,
                                 .proc = GXT_NO_PROC,
                                 .goroutine = GXT_NO_GOROUTINE,
                                 .args = {++legacy->n_syncs},
                                 .offset = GXT_NO_OFFSET,
                                 .type = WIRE_SYNC_EVENT,
                                 .tables = tables};
    return 1;
}

static int last_sync(struct legacy *legacy, struct order_record *ret)
{
    legacy->done = true;
    return sync(legacy, (int64_t)((uint64_t)legacy->last_ns + 1), false, ret);
}

static int next_record(struct legacy *legacy, struct order_record *ret)
{
    for (;;) {
        if (UNLIKELY(old_has_waiting(legacy))) {
            *ret = legacy->waiting[legacy->next_waiting++];
            return hand_out(legacy, ret);
        }
        legacy->n_waiting = legacy->next_waiting = 0;
        int r = old_sequence_look(legacy->sequence);
        if (UNLIKELY(r < 0))
            return r;
        if (UNLIKELY(r == 0))
            return last_sync(legacy, ret);
        r = old_convert(legacy, ret);
        if (UNLIKELY(r < 0) && can_leave_out(legacy)) {
            loss_note(&legacy->loss, &legacy->fault, 0);
            legacy->fault = (struct gxt_error){0};
            return last_sync(legacy, ret);
        }
        if (r != 0)
            return r < 0 ? r : hand_out(legacy, ret);
    }
}

static int begin(struct legacy *legacy, struct order_record *ret)
{
    int r = legacy->was_read ? 0 : old_prepare(legacy);

    if (r == 0)
        r = old_sequence_begin(legacy->sequence);
    if (r < 0)
        return r;
    legacy->has_begun = true;
    /* The first event's time is 0. */
    return legacy->trace.n_events > 0 ? sync(legacy, -1, true, ret) : next_record(legacy, ret);
}

int legacy_next(struct legacy *legacy, struct order_record *ret)
{
    if (UNLIKELY(legacy->fault.code < 0))
        return legacy->fault.code;
    if (UNLIKELY(legacy->done))
        return 0;
    return LIKELY(legacy->has_begun) ? next_record(legacy, ret) : begin(legacy, ret);
}

const struct gxt_error *legacy_fault(const struct legacy *legacy)
{
    return &legacy->fault;
}

int legacy_fail(struct legacy *legacy, const struct gxt_error *fault)
{
    legacy->fault = *fault;
    return fault->code;
}

struct gen *legacy_gen(struct legacy *legacy)
{
    return legacy->sequence ? &legacy->trace.gen : NULL;
}

uint64_t legacy_generations(const struct legacy *legacy)
{
    return legacy->n_syncs > 0 && legacy->trace.n_events > 0;
}

uint64_t legacy_bytes(const struct legacy *legacy)
{
    const struct old_trace *trace = &legacy->trace;

    if (legacy->done || trace->n_events == 0 || !legacy->sequence)
        return legacy->done ? trace->source->size : 0;
    return (uint64_t)((double)trace->source->size * ((double)legacy->sequence->n_events / (double)trace->n_events));
}

bool legacy_is_rising(const struct legacy *legacy)
{
    return !legacy->fell;
}

/* ---- for an index ---- */

/* What comes next becomes no record of its own. */
static bool is_silent(const struct legacy *legacy)
{
    const uint8_t type = legacy->sequence->event->plain;

    return type == OLD_GO_SYS_BLOCK || (legacy->before_init && (type == OLD_GO_CREATE || type == OLD_GOMAXPROCS));
}

bool legacy_at_boundary(struct legacy *legacy)
{
    struct order_record none;

    if (!legacy->has_begun || legacy->done || legacy->fault.code < 0 || legacy_generations(legacy) == 0)
        return false;
    while (!old_has_waiting(legacy)) {
        int r = old_sequence_look(legacy->sequence);
        if (r <= 0)
            return r == 0;
        if (!is_silent(legacy) || old_convert(legacy, &none) != 0)
            return false;
    }
    return false;
}

bool legacy_can_save(const struct legacy *legacy)
{
    return legacy->has_begun && !legacy->done && legacy->fault.code == 0 && !old_has_waiting(legacy) &&
           legacy_generations(legacy) > 0;
}

int legacy_save_start(const struct legacy *legacy, struct buf *ret)
{
    ret->size = 0;
    old_trace_save(&legacy->trace, ret);
    return ret->failed ? GXT_ENOMEM : 0;
}

struct span legacy_stream(const struct legacy *legacy, enum legacy_stream stream)
{
    return buf_span(&legacy->trace.streams[stream].bytes);
}
