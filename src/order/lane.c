/* lane.c
 *
 * In: the event batches of one thread in one generation. Out: its events, one at a time, with their times. Never: an
 * event of another thread, or a time pushed behind another event's: that is done when it is handed out.
 *
 * Of a head only its type and time are read: its arguments are read where they are wanted. That they can be read must
 * be known before, since Go's reader does not hand out the event in front of one that cannot. Where bytes are plain
 * (wire_plain_end()) it is known of all events; elsewhere each one is proved first.
 */
#include "order_priv.h"

const uint8_t quick_cases[256] = {
    [WIRE_PROCS_CHANGE] = QUICK_UNUSUAL,
    [WIRE_PROC_START] = QUICK_PROC_START,
    [WIRE_PROC_STOP] = QUICK_PROC_STOP,
    [WIRE_PROC_STEAL] = QUICK_PROC_STEAL,
    [WIRE_PROC_STATUS] = QUICK_UNUSUAL,
    [WIRE_GO_CREATE] = QUICK_GO_CREATE,
    [WIRE_GO_CREATE_SYSCALL] = QUICK_UNUSUAL,
    [WIRE_GO_START] = QUICK_GO_START,
    [WIRE_GO_DESTROY] = QUICK_GO_DESTROY,
    [WIRE_GO_DESTROY_SYSCALL] = QUICK_UNUSUAL,
    [WIRE_GO_STOP] = QUICK_GO_STOP,
    [WIRE_GO_BLOCK] = QUICK_GO_BLOCK,
    [WIRE_GO_UNBLOCK] = QUICK_GO_UNBLOCK,
    [WIRE_GO_SYSCALL_BEGIN] = QUICK_GO_SYSCALL_BEGIN,
    [WIRE_GO_SYSCALL_END] = QUICK_GO_SYSCALL_END,
    [WIRE_GO_SYSCALL_END_BLOCKED] = QUICK_GO_SYSCALL_END_BLOCKED,
    [WIRE_GO_STATUS] = QUICK_GO_STATUS,
    [WIRE_STW_BEGIN] = QUICK_UNUSUAL,
    [WIRE_STW_END] = QUICK_UNUSUAL,
    [WIRE_GC_ACTIVE] = QUICK_UNUSUAL,
    [WIRE_GC_BEGIN] = QUICK_UNUSUAL,
    [WIRE_GC_END] = QUICK_UNUSUAL,
    [WIRE_GC_SWEEP_ACTIVE] = QUICK_UNUSUAL,
    [WIRE_GC_SWEEP_BEGIN] = QUICK_GC_SWEEP_BEGIN,
    [WIRE_GC_SWEEP_END] = QUICK_GC_SWEEP_END,
    [WIRE_GC_MARK_ASSIST_ACTIVE] = QUICK_UNUSUAL,
    [WIRE_GC_MARK_ASSIST_BEGIN] = QUICK_GC_MARK_ASSIST_BEGIN,
    [WIRE_GC_MARK_ASSIST_END] = QUICK_GC_MARK_ASSIST_END,
    [WIRE_HEAP_ALLOC] = QUICK_HEAP_ALLOC,
    [WIRE_HEAP_GOAL] = QUICK_UNUSUAL,
    [WIRE_USER_TASK_BEGIN] = QUICK_UNUSUAL,
    [WIRE_USER_TASK_END] = QUICK_UNUSUAL,
    [WIRE_USER_REGION_BEGIN] = QUICK_UNUSUAL,
    [WIRE_USER_REGION_END] = QUICK_UNUSUAL,
    [WIRE_USER_LOG] = QUICK_UNUSUAL,
    [WIRE_GO_SWITCH] = QUICK_GO_SWITCH,
    [WIRE_GO_SWITCH_DESTROY] = QUICK_GO_SWITCH_DESTROY,
    [WIRE_GO_CREATE_BLOCKED] = QUICK_GO_CREATE_BLOCKED,
    [WIRE_GO_STATUS_STACK] = QUICK_GO_STATUS_STACK,
    [WIRE_SPAN] = QUICK_UNUSUAL,
    [WIRE_SPAN_ALLOC] = QUICK_UNUSUAL,
    [WIRE_SPAN_FREE] = QUICK_UNUSUAL,
    [WIRE_HEAP_OBJECT] = QUICK_UNUSUAL,
    [WIRE_HEAP_OBJECT_ALLOC] = QUICK_HEAP_OBJECT_ALLOC,
    [WIRE_HEAP_OBJECT_FREE] = QUICK_HEAP_OBJECT_FREE,
    [WIRE_GOROUTINE_STACK] = QUICK_UNUSUAL,
    [WIRE_GOROUTINE_STACK_ALLOC] = QUICK_UNUSUAL,
    [WIRE_GOROUTINE_STACK_FREE] = QUICK_UNUSUAL,
};

enum {
    PROVED = 4096 /* bytes: at once, where they are not plain */
};

/* From here to where the bytes are plain no more, events are known to be whole, except where the end is near. */
static void look_ahead(struct lane *lane)
{
    lane->plain_end = wire_plain_end((struct span){lane->next, lane->end});
    lane->quick_end = lane->next;
    if (lane->plain_end - lane->next >= WIRE_MAX_EVENT)
        lane->quick_end = lane->plain_end - WIRE_MAX_EVENT + 1;
}

void lane_begin(struct lane *lane, const struct gen *gen, size_t i)
{
    *lane = (struct lane){.thread = gen->lanes[i].thread,
                          .m = MAP_NONE,
                          .batches = gen->lane_batches + gen->lanes[i].first,
                          .n_batches = gen->lanes[i].n};
    for (size_t batch = 0; batch < lane->n_batches; batch++)
        lane->left += gen->dir.batches[lane->batches[batch]].size;
}

static int next_batch(struct lane *lane, const struct gen *gen, struct gxt_error *fault)
{
    const struct gen_batch *batch = &gen->dir.batches[*lane->batches++];
    const uint8_t *at = gen->source->at + batch->offset;

    lane->n_batches--;
    lane->left -= batch->size;
    lane->next = at;
    lane->end = at + batch->size;
    lane->zero = (uintptr_t)gen->source->at;
    lane->base_ns = gen_time(gen->ns_per_tick, batch->tick);
    lane->time_ns = 0;
    lane->in_tail = false;
    look_ahead(lane);
    return gen_check_batch(gen, batch, fault);
}

static int bad_event(const struct lane *lane, int code, struct gxt_error *fault)
{
    const uint64_t offset = (uintptr_t)lane->next - lane->zero;

    if (code == GXT_ETRUNCATED)
        return fault_set(fault, GXT_ECORRUPT, offset, "an event is cut by the end of its batch");
    if (*lane->next < WIRE_N_TYPES && wire_specs[*lane->next].timed)
        return fault_set(fault, code, offset, "an event has a number that does not fit");
    return fault_set(fault, code, offset, "event type %u does not belong in a batch of events", *lane->next);
}

/* Where the first event stands that is not whole, or is not before @until. Behind the batch's end there is room to read
 * a number, which zeros would end there. */
static const uint8_t *prove(const uint8_t *at, const uint8_t *until, const uint8_t *end)
{
    while (at < until && wire_specs[*at].timed) {
        const uint8_t *next = at + 1;
        uint64_t number;
        for (unsigned i = 0; i <= wire_specs[*at].n_args && next; i++)
            next = wire_number(next, &number);
        if (!next || next > end)
            break;
        at = next;
    }
    return at;
}

/* Where bytes are not plain some events are proved at once. */
static void prove_some(struct lane *lane)
{
    const uint8_t *until = lane->end - WIRE_MAX_EVENT + 1;

    lane->quick_end = prove(lane->next, until - lane->next < PROVED ? until : lane->next + PROVED, lane->end);
}

/* The end of a batch goes on in the lane, where there is room behind it for what reads a number without a look at where
 * the batch ends. All of it is proved at once. */
static void move_tail(struct lane *lane)
{
    const size_t size = (size_t)(lane->end - lane->next);

    memcpy(lane->tail, lane->next, size);
    memset(lane->tail + size, 0, sizeof lane->tail - size);
    lane->zero += (uintptr_t)lane->tail - (uintptr_t)lane->next;
    lane->next = lane->tail;
    lane->end = lane->tail + size;
    lane->quick_end = prove(lane->tail, lane->end, lane->end);
    lane->in_tail = true;
}

int lane_next_slow(struct lane *lane, const struct gen *gen, struct gxt_error *fault)
{
    struct wire_event event;

    while (lane->next == lane->end) {
        if (lane->n_batches == 0)
            return 0;
        int r = next_batch(lane, gen, fault);
        if (r < 0)
            return r;
    }
    if (!lane->in_tail && lane->end - lane->next < WIRE_MAX_EVENT)
        move_tail(lane);
    else if (!lane->in_tail && lane->next > lane->plain_end)
        look_ahead(lane);
    if (!lane->in_tail && lane->next >= lane->quick_end)
        prove_some(lane);
    if (lane->next >= lane->quick_end || !wire_specs[*lane->next].timed) {
        struct span in = {lane->next, lane->end};
        int r = wire_event_slow(&in, &event);
        if (r < 0)
            return bad_event(lane, r, fault);
    }
    lane_read_head(lane, gen);
    return 1;
}

uint64_t lane_skip_batch(struct lane *lane)
{
    const uint64_t n_bytes = (uint64_t)(lane->end - lane->next);

    lane->next = lane->quick_end = lane->end;
    return n_bytes;
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
    if (at >= (uint64_t)(lane->end - lane->next))
        return GXT_EINDEX;
    lane->next += at;
    lane->time_ns = before_ns;
    r = lane_next(lane, gen, fault);
    return r == 1 ? 0 : GXT_EINDEX;
}
