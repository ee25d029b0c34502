/* turn.c
 *
 * In: processors, each with its next event. Out: whose turn it is, and the events of turns as far as they are usual, in
 * order. Never: a fault.
 *
 * For each type that is common: the goroutine it is of, whether it may come now, what it changes, and whether it fits,
 * in one step. What is not so is left to merge.c and check.c, which know all of it.
 *
 * Processors that work for each other have short turns. So little is done for one: of the event that comes behind it
 * the time is read, and whether it may come, and when its own turn has come the rest.
 */
#include "legacy_priv.h"

#define MERGE_INLINE static inline __attribute__((always_inline))

/* ---- the heap ---- */

static inline void push(struct old_merge *merge, struct old_proc *proc, int64_t time)
{
    struct old_ready *ready = merge->ready;
    size_t i = merge->n_ready++;

    for (; i > 0 && time < ready[(i - 1) / 2].time; i = (i - 1) / 2)
        ready[i] = ready[(i - 1) / 2];
    ready[i] = (struct old_ready){time, proc};
}

/* The last one comes to the root and goes down. */
static inline struct old_proc *pop(struct old_merge *merge)
{
    struct old_ready *ready = merge->ready;
    struct old_proc *first = ready[0].proc;
    const size_t n = --merge->n_ready;
    const struct old_ready last = ready[n];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < n) {
        child += child + 1 < n && ready[child + 1].time < ready[child].time;
        if (ready[child].time >= last.time)
            break;
        ready[i] = ready[child];
        i = child;
    }
    ready[i] = last;
    return first;
}

void old_merge_push(struct old_merge *merge, struct old_proc *proc)
{
    push(merge, proc, proc->time);
}

struct old_proc *old_merge_pop(struct old_merge *merge)
{
    return pop(merge);
}

/* A push of what is no earlier than all, and a pop. Two processors that work for each other take turns so. */
static inline struct old_proc *exchange(struct old_merge *merge, struct old_proc *proc, int64_t time)
{
    struct old_ready *root = merge->ready;

    if (LIKELY(merge->n_ready == 1)) {
        struct old_proc *first = root->proc;
        *root = (struct old_ready){time, proc};
        return first;
    }
    push(merge, proc, time);
    return pop(merge);
}

/* Whether a push of what is earlier than all, and a pop of it, leaves the heap as it is. It does but for ties: the push
 * moves those above the new place down by one, the pop brings them up the same way. */
static inline bool is_settled(const struct old_merge *merge)
{
    const struct old_ready *ready = merge->ready;
    size_t i = (merge->n_ready - 1) / 2;
    const int64_t last = ready[i].time;

    for (; i > 0; i = (i - 1) / 2) {
        const int64_t above = ready[(i - 1) / 2].time;
        if (above >= last || (i % 2 == 0 && above >= ready[i - 1].time))
            return false;
    }
    return true;
}

static inline void settle(struct old_merge *merge, size_t n)
{
    if (n < 2 || merge->n_ready < 3)
        return;
    for (; UNLIKELY(!is_settled(merge)) && n > 1; n--) {
        push(merge, NULL, INT64_MIN);
        (void)pop(merge);
    }
}

void old_merge_settle(struct old_merge *merge, size_t n)
{
    settle(merge, n);
}

/* ---- who waits, and for whom ---- */

static inline bool is_waited_for(const struct old_merge *merge)
{
    if (LIKELY((merge->waited_for & UINT64_C(1) << merge->changed % 64) == 0))
        return false;
    for (size_t i = 0; i < merge->n_waiting; i++)
        if (merge->waiting[i]->move.g == merge->changed)
            return true;
    return false;
}

bool old_merge_is_waited_for(const struct old_merge *merge)
{
    return is_waited_for(merge);
}

/* ---- several events of a time ---- */

/* The last events are not the only ones of their time: so it is told whose they are. The buffer tells whether memory
 * failed. */
static __attribute__((noinline)) void tell_tail(struct old_merge *merge)
{
    struct buf *ties = &merge->trace->streams[LEGACY_TIES].bytes;

    for (; merge->n_tail > 0; merge->n_tail--)
        buf_put_varint(ties, merge->tail->at);
}

static inline void note(struct old_merge *merge, const struct old_proc *proc, int64_t time)
{
    if (UNLIKELY(time == merge->last_time) && merge->tail != proc)
        tell_tail(merge);
    merge->tail = proc;
    merge->n_tail = time == merge->last_time ? merge->n_tail + 1 : 1;
}

void old_merge_note(struct old_merge *merge, const struct old_proc *proc, int64_t time)
{
    note(merge, proc, time);
}

/* ---- what is usual ---- */

/* Events of one processor in a row, as far as they were taken. */
struct row {
    const uint8_t *at;      /* of the event that comes, … */
    const uint8_t *numbers; /* … and of what stands behind its time; NULL: this is not known */
    int64_t time;           /* of that event */
    uint64_t last_g;        /* who runs before it */
};

/* The place of the goroutine of an id. MAP_NONE: none that is usual. */
MERGE_INLINE uint32_t usual_g(struct old_merge *merge, uint64_t id)
{
    return LIKELY(id < OLD_GARBAGE) ? old_merge_g_of(merge, id) : MAP_NONE;
}

/* An event is of a goroutine: a call that was its last event blocks if this says so. */
MERGE_INLINE void see(struct old_merge *merge, struct old_g *g, bool blocks)
{
    if (UNLIKELY(g->call != 0)) {
        const uint64_t call = g->call - 1;
        if (blocks)
            merge->trace->streams[LEGACY_CALLS].bytes.at[call / 8] |= (uint8_t)(1u << call % 8);
        g->call = 0;
    }
    g->is_known = true;
}

MERGE_INLINE bool start(struct old_merge *merge, struct old_proc *proc, struct row *row, uint64_t id, uint64_t seq)
{
    const uint32_t at = usual_g(merge, id);

    if (UNLIKELY(at == MAP_NONE))
        return false;
    struct old_g *g = &merge->gs[at];
    if (UNLIKELY(g->status != OLD_RUNNABLE || g->state != OLD_RUNNABLE || proc->p.g != 0 ||
                 (seq != OLD_ANY_SEQ && seq != g->seq)))
        return false;
    see(merge, g, false);
    g->seq++;
    g->status = OLD_RUNNING;
    g->state = OLD_RUNNING;
    g->is_blocked = false;
    proc->p.g = row->last_g = id;
    proc->last_own = merge->changed = at;
    return true;
}

/* The order does not look at an end. */
MERGE_INLINE bool leave(struct old_merge *merge, struct old_proc *proc, struct row *row, uint8_t type, uint8_t to)
{
    const uint32_t at = proc->last_own;
    const bool is_moved = type != OLD_GO_END;
    struct old_g *g = &merge->gs[at];

    if (UNLIKELY((is_moved && g->status != OLD_RUNNING) || g->state != OLD_RUNNING || proc->p.g != row->last_g ||
                 row->last_g - 1 >= OLD_GARBAGE - 1 || (to == OLD_DEAD && g->region != MAP_NONE)))
        return false;
    see(merge, g, type == OLD_GO_SYS_BLOCK);
    g->state = to;
    proc->p.g = row->last_g = 0;
    proc->last_own = 0;
    merge->changed = MAP_NONE;
    if (is_moved) {
        g->status = to;
        g->is_blocked = type == OLD_GO_SYS_BLOCK;
        merge->changed = at;
    }
    if (type == OLD_GO_SYS_BLOCK)
        g->block_time = row->time;
    if (to == OLD_DEAD)
        old_merge_end(merge, at);
    return true;
}

MERGE_INLINE bool unblock(struct old_merge *merge, struct old_proc *proc, const struct row *row, uint64_t id,
                          uint64_t seq)
{
    const uint32_t named = usual_g(merge, id);

    if (UNLIKELY(named == MAP_NONE))
        return false;
    struct old_g *g = &merge->gs[proc->last_own], *other = &merge->gs[named];
    if (UNLIKELY(other->status != OLD_WAITING || other->state != OLD_WAITING || g->state != OLD_RUNNING ||
                 proc->p.g != row->last_g || other == g || (seq != OLD_ANY_SEQ && seq != other->seq)))
        return false;
    see(merge, g, false);
    other->seq++;
    other->status = OLD_RUNNABLE;
    other->state = OLD_RUNNABLE;
    other->is_known = true;
    other->is_blocked = false;
    merge->changed = named;
    return true;
}

MERGE_INLINE bool create(struct old_merge *merge, struct old_proc *proc, const struct row *row, uint64_t id)
{
    const uint32_t named = usual_g(merge, id);

    if (UNLIKELY(named == MAP_NONE || named == proc->last_own))
        return false;
    struct old_g *g = &merge->gs[proc->last_own], *other = &merge->gs[named];
    if (UNLIKELY(other->status != OLD_DEAD || other->seq != 0 || other->is_known || g->state != OLD_RUNNING ||
                 proc->p.g != row->last_g))
        return false;
    see(merge, g, false);
    other->seq = 1;
    other->status = OLD_RUNNABLE;
    other->state = OLD_RUNNABLE;
    other->is_known = true;
    other->is_blocked = false;
    merge->changed = named;
    return true;
}

MERGE_INLINE bool call(struct old_merge *merge, const struct old_proc *proc, const struct row *row)
{
    struct buf *calls = &merge->trace->streams[LEGACY_CALLS].bytes;
    struct old_check *check = &merge->check;
    struct old_g *g = &merge->gs[proc->last_own];

    if (UNLIKELY(g->state != OLD_RUNNING || proc->p.g != row->last_g || row->last_g == 0))
        return false;
    if (check->n_calls % 8 == 0)
        buf_put_u8(calls, 0);
    if (UNLIKELY(calls->failed))
        return false;
    g->is_known = true;
    g->call = ++check->n_calls;
    merge->changed = MAP_NONE;
    return true;
}

MERGE_INLINE bool nothing(struct old_merge *merge, const struct old_proc *proc)
{
    see(merge, &merge->gs[proc->last_own], false);
    merge->changed = MAP_NONE;
    return true;
}

/* Something begins that was not going on, or ends. */
MERGE_INLINE bool toggle(struct old_merge *merge, const struct old_proc *proc, bool *goes_on, bool begins)
{
    if (UNLIKELY(*goes_on == begins))
        return false;
    *goes_on = begins;
    return nothing(merge, proc);
}

MERGE_INLINE bool start_or_stop(struct old_merge *merge, struct old_proc *proc, bool starts)
{
    return LIKELY(starts || proc->p.g == 0) && toggle(merge, proc, &proc->p.running, starts);
}

/* It may have begun before the trace. */
MERGE_INLINE bool end_assist(struct old_merge *merge, const struct old_proc *proc)
{
    merge->gs[proc->last_own].assists = false;
    return nothing(merge, proc);
}

/* Passes numbers. Return: behind them; NULL when they take more than eight bytes. */
MERGE_INLINE const uint8_t *pass(const uint8_t *at, unsigned n)
{
    uint64_t bytes, ends;

    memcpy(&bytes, at, sizeof bytes);
    ends = ~bytes & UINT64_C(0x8080808080808080);
    for (; n > 1; n--)
        ends &= ends - 1;
    return LIKELY(ends != 0) ? at + 1 + __builtin_ctzll(ends) / 8 : NULL;
}

/* The goroutine that an event names, and its sequence, with what stands around them. Where three numbers follow the
 * time their bytes are counted before. Return: behind it; NULL when it is not as usual. */
MERGE_INLINE const uint8_t *read_named(const struct row *row, unsigned n, bool has_seq, uint64_t *ret_id,
                                       uint64_t *ret_seq)
{
    const uint8_t *behind = wire_number(row->numbers, ret_id);

    *ret_seq = OLD_ANY_SEQ;
    if (UNLIKELY(behind && has_seq &&
                 ((behind = wire_number(behind, ret_seq)) == NULL || *ret_seq >= OLD_NEXT_SEQ - 1)))
        return NULL;
    if (LIKELY(behind != NULL) && n > 1u + has_seq)
        behind = pass(behind, n - 1 - has_seq);
    return n < 3 || (row->at[1] < 0x80 && behind == row->at + 2 + row->at[1]) ? behind : NULL;
}

/* Takes the event that comes. Return: behind it; NULL when it is not usual, and then nothing has changed that matters.
 */
MERGE_INLINE const uint8_t *take(struct old_merge *merge, struct old_proc *proc, struct row *row)
{
    const uint8_t *behind = row->numbers;
    const uint8_t what = old_usual[*row->at].what;
    uint64_t id, seq;
    bool is_taken = false;

#define READ(n, has_seq) LIKELY((behind = read_named(row, (n), (has_seq), &id, &seq)) != NULL)
#define PASS LIKELY((behind = pass(row->numbers, 1)) != NULL)
    /* Branches are foretold better than a jump to one of many places. */
    if (what == OLD_STARTS_LOCALLY)
        is_taken = READ(1, false) && start(merge, proc, row, id, OLD_ANY_SEQ);
    else if (what == OLD_BLOCKS)
        is_taken = PASS && leave(merge, proc, row, OLD_GO_BLOCK, OLD_WAITING);
    else if (what == OLD_UNBLOCKS_LOCALLY)
        is_taken = READ(2, false) && unblock(merge, proc, row, id, OLD_ANY_SEQ);
    else
        switch (what) {
        case OLD_IS_UNUSUAL:
            break;
        case OLD_STARTS:
            is_taken = READ(2, true) && start(merge, proc, row, id, seq);
            break;
        case OLD_YIELDS:
            is_taken = PASS && leave(merge, proc, row, OLD_GO_SCHED, OLD_RUNNABLE);
            break;
        case OLD_BLOCKS_IN_CALL:
            is_taken = leave(merge, proc, row, OLD_GO_SYS_BLOCK, OLD_WAITING);
            break;
        case OLD_ENDS:
            is_taken = leave(merge, proc, row, OLD_GO_END, OLD_DEAD);
            break;
        case OLD_STOPS:
            is_taken = PASS && leave(merge, proc, row, OLD_GO_END, OLD_DEAD);
            break;
        case OLD_UNBLOCKS:
            is_taken = READ(3, true) && unblock(merge, proc, row, id, seq);
            break;
        case OLD_CALLS:
            is_taken = PASS && call(merge, proc, row);
            break;
        case OLD_CREATES:
            is_taken = READ(3, false) && create(merge, proc, row, id);
            break;
        case OLD_STARTS_PROC:
            is_taken = PASS && start_or_stop(merge, proc, true);
            break;
        case OLD_STOPS_PROC:
            is_taken = start_or_stop(merge, proc, false);
            break;
        case OLD_SWEEPS:
            is_taken = PASS && toggle(merge, proc, &proc->p.sweeping, true);
            break;
        case OLD_SWEPT:
            is_taken =
                LIKELY((behind = pass(row->numbers, 2)) != NULL) && toggle(merge, proc, &proc->p.sweeping, false);
            break;
        case OLD_ASSISTS:
            is_taken = PASS && toggle(merge, proc, &merge->gs[proc->last_own].assists, true);
            break;
        case OLD_ASSISTED:
            is_taken = end_assist(merge, proc);
            break;
        case OLD_MEASURES:
            is_taken = PASS && nothing(merge, proc);
            break;
        default: /* there is no other: so it is not asked whether it is one of these */
            __builtin_unreachable();
        }
#undef READ
#undef PASS
    return is_taken ? behind : NULL;
}

/* ---- what an event needs ---- */

/* The sequence number that an event needs, of those that need one. Return: whether that is known. */
MERGE_INLINE bool find_seq(const struct row *row, uint8_t what, uint64_t *ret)
{
    uint64_t id, none;

    *ret = 0;
    switch (what) {
    case OLD_STARTS:
        return read_named(row, 2, true, &id, ret) != NULL;
    case OLD_UNBLOCKS:
        return read_named(row, 3, true, &id, ret) != NULL;
    default:
        return read_named(row, 3, false, &id, &none) != NULL;
    }
}

/* What the event that comes needs: in @ret all but what it makes of it. Return: whether that is known. */
MERGE_INLINE bool find_need(struct old_merge *merge, const struct old_proc *proc, const struct row *row,
                            struct old_move *ret)
{
    const struct old_usual event = old_usual[*row->at];
    uint64_t id;

    ret->from = event.from;
    ret->from_seq = OLD_ANY_SEQ;
    if (event.who == OLD_OWN) {
        ret->g = proc->last_own;
        return LIKELY(row->last_g < OLD_GARBAGE);
    }
    if (event.who == OLD_NAMED) {
        if (UNLIKELY(!wire_number(row->numbers, &id)))
            return false;
        ret->g = usual_g(merge, id);
        return LIKELY(ret->g != MAP_NONE) && (LIKELY(!event.has_seq) || find_seq(row, event.what, &ret->from_seq));
    }
    ret->g = MAP_NONE;
    return LIKELY(event.what != OLD_IS_UNUSUAL);
}

/* ---- turns ---- */

/* Looks at the time of the event behind the last one. Return: whether it is one whatever else it says. */
MERGE_INLINE bool look(const struct old_merge *merge, struct row *row, const uint8_t *end)
{
    uint64_t delta = 0;

    row->numbers = old_peek(merge->trace, row->at, end, false, &delta);
    row->time = (int64_t)((uint64_t)merge->last_time + delta);
    return LIKELY(row->numbers != NULL);
}

enum end {
    TURN_ENDS,
    IS_UNUSUAL
};

/* Goes on with a turn: from its first event, which is in @row, or behind the last one. */
MERGE_INLINE enum end take_row(struct old_merge *merge, struct old_proc *proc, struct row *row, size_t *n)
{
    const uint8_t *const end = proc->reading.end, *behind;
    const int64_t limit = merge->n_ready > 0 ? merge->ready[0].time : INT64_MAX;

    for (;; ++*n) {
        if (*n > 0) {
            if (!look(merge, row, end))
                return IS_UNUSUAL;
            if (row->time >= limit || UNLIKELY(is_waited_for(merge)))
                return TURN_ENDS;
        }
        if (UNLIKELY(row->time < merge->last_time) || UNLIKELY(!(behind = take(merge, proc, row))))
            return IS_UNUSUAL;
        note(merge, proc, row->time);
        merge->last_time = row->time;
        row->at = behind;
    }
}

bool old_merge_take_usual(struct old_merge *merge, struct old_proc **ret_proc, size_t *ret_n)
{
    struct old_proc *proc = *ret_proc;
    size_t n = *ret_n;
    bool waits = false;

    for (;;) {
        struct old_reading *reading = &proc->reading;
        struct row row = {reading->at, proc->reading.ahead, proc->time, reading->last_g};
        struct old_move move = {0};
        const size_t before = n;
        const enum end end = take_row(merge, proc, &row, &n);
        reading->at = row.at;
        reading->last_g = row.last_g;
        if (n > before)
            reading->time = merge->last_time;
        merge->n_events += n - before;
        if (end == IS_UNUSUAL || !find_need(merge, proc, &row, &move))
            break;
        proc->time = row.time;
        reading->ahead = row.numbers;
        if (UNLIKELY(!old_merge_is_ready(merge, &move)) || UNLIKELY(is_waited_for(merge))) {
            proc->move = move;
            waits = true;
            break;
        }
        settle(merge, n);
        proc = exchange(merge, proc, row.time);
        n = 0;
        if (UNLIKELY(proc->has_event))
            break;
    }
    *ret_proc = proc;
    *ret_n = n;
    return waits;
}
