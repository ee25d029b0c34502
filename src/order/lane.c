/* lane.c
 *
 * In: the event batches of one thread in one generation. Out: its events, one at a time, with their times. Never: an
 * event of another thread, or a time pushed behind another event's: that is done when it is handed out.
 */
#include "order_priv.h"

static int next_batch(struct lane *lane, const struct gen *gen, struct gxt_error *fault)
{
    const struct gen_batch *batch = &gen->dir.batches[*lane->batches++];

    lane->n_batches--;
    lane->left -= batch->size;
    lane->at = gen->source->at + batch->offset;
    lane->end = lane->at + batch->size;
    lane->base_ns = gen_time(gen->ns_per_tick, batch->tick);
    lane->time_ns = 0;
    return gen_check_batch(gen, batch, fault);
}

static int bad_event(const struct lane *lane, int code, const struct gen *gen, struct gxt_error *fault)
{
    uint64_t offset = (uint64_t)(lane->at - gen->source->at);

    if (code == GXT_ETRUNCATED)
        return fault_set(fault, GXT_ECORRUPT, offset, "an event is cut by the end of its batch");
    if (*lane->at < WIRE_N_TYPES && wire_specs[*lane->at].timed)
        return fault_set(fault, code, offset, "an event has a number that does not fit");
    return fault_set(fault, code, offset, "event type %u does not belong in a batch of events", *lane->at);
}

int lane_next(struct lane *lane, const struct gen *gen, struct gxt_error *fault)
{
    while (UNLIKELY(lane->at == lane->end)) {
        if (lane->n_batches == 0)
            return 0;
        int r = next_batch(lane, gen, fault);
        if (r < 0)
            return r;
    }
    /* A lane whose last time is 0 takes its batch's again, also in the middle of it (Go's batchCursor.nextEvent). */
    lane->before_ns = lane->time_ns;
    int64_t last = LIKELY(lane->time_ns != 0) ? lane->time_ns : lane->base_ns;
    struct span in = {lane->at, lane->end};
    int r = wire_event(&in, &lane->head);
    if (UNLIKELY(r < 0))
        return bad_event(lane, r, gen, fault);

    lane->offset = (uint64_t)(lane->at - gen->source->at);
    lane->at = in.at;
    lane->time_ns = (int64_t)((uint64_t)last + (uint64_t)gen_time(gen->ns_per_tick, lane->head.delta));
    return 1;
}

int lane_resume(struct lane *lane, const struct gen *gen, size_t n_batches, uint64_t at, int64_t before_ns,
                struct gxt_error *fault)
{
    while (lane->n_batches > n_batches + 1) {
        lane->left -= gen->dir.batches[*lane->batches++].size;
        lane->n_batches--;
    }
    if (lane->n_batches != n_batches + 1)
        return GXT_EINDEX;
    int r = next_batch(lane, gen, fault);
    if (r < 0)
        return r;
    if (at >= (uint64_t)(lane->end - lane->at))
        return GXT_EINDEX;
    lane->at += at;
    lane->time_ns = before_ns;
    r = lane_next(lane, gen, fault);
    return r == 1 ? 0 : GXT_EINDEX;
}
