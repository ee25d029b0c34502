/* merge.c
 *
 * In: the batches of an old trace. Out: that its events have an order and fit each other, and what the second reading
 * cannot find by itself. Never: an event of a trace that has a fault anywhere: Go's reader reports it when it opens the
 * trace.
 *
 * Each processor's batches are read in the order of the file, all processors side by side; of those whose next event
 * may come next, by what its goroutine's sequence numbers say, the earliest does. Times must not fall. So the order is
 * that of the times but where several processors have an event of one moment:
 *
 *     time        7   9   9   9   9   9   9  12
 *     processor   1   1   0   1   0   2   2   0
 *     kept            1   0   1   0                 until one processor is left
 *
 * A system call's return is written late, with the time at which it happened, and goes there.
 */
#include "legacy_priv.h"

#include <stdlib.h>

enum {
    G_DEAD,
    G_RUNNABLE,
    G_RUNNING,
    G_WAITING
};
#define UNORDERED UINT64_MAX
#define GARBAGE (UINT64_MAX - 1) /* the collector's own sequence */
#define ANY_SEQ UINT64_MAX
#define NEXT_SEQ (UINT64_MAX - 1)

/* What an event needs of a goroutine, and what it makes of it. */
struct move {
    uint32_t g; /* its place; MAP_NONE: nothing */
    uint8_t from, to;
    uint64_t from_seq, to_seq;
};

struct proc {
    struct old_lane *lane;
    struct old_reading reading;
    struct move move;
    uint32_t own, last_own; /* goroutine's places: of the event, and who runs */
    uint32_t near;          /* the place of a goroutine that was named lately, … */
    uint64_t near_g;        /* … and its id; at first both are of nobody */
    uint32_t at;            /* of its lane */
    uint32_t other;         /* the one that it names; 0 for none */
    bool has_event, is_fresh, done;
    struct old_p p;
};

/* Processors whose event is ready, a heap by time; ties stand as the moves of Go's reader leave them. */
struct ready {
    int64_t time;
    struct proc *proc;
};

struct merge {
    struct old_reader reader;
    struct old_trace *trace;
    struct gxt_error *fault;
    struct old_check check;
    struct map g_places;
    struct old_g *gs;
    size_t n_gs, gs_capacity;
    struct proc *procs, **waiting;
    struct ready *ready;
    size_t n_waiting, n_ready;
    uint32_t changed;        /* the goroutine that the last event moved */
    int64_t time;            /* of the last turn that was noted */
    int64_t last_time;       /* of the last event */
    const struct proc *tail; /* whose the last events are, … */
    size_t tail_at;          /* … and where in the ties they begin */
    uint64_t n_events, n_exits;
    int64_t first_tick;
    bool is_right; /* there was an event, and so far all were right */
    bool is_odd; /* a return goes where another event of its goroutine may be between: events are checked in their order
                  */
    struct gxt_error bad_time, bad_exit, bad_check; /* the first of each */
};

/* The place of a goroutine, made when it is not known; MAP_NONE without memory. */
static uint32_t merge_add(struct merge *merge, uint64_t id);

static inline uint32_t g_of(struct merge *merge, uint64_t id)
{
    const uint32_t at = map_get(&merge->g_places, id);
    return LIKELY(at != MAP_NONE) ? at : merge_add(merge, id);
}

/* ---- what is usual ----
 *
 * For each type that is common: the goroutine it is of, whether it may come now, what it changes, and whether it fits,
 * in one step. What is not so is left to the rest of this file and to check.c, which know all of it. */

#define MERGE_INLINE static inline __attribute__((always_inline))

/* Notes whose turn it is, in case that several have an event of a time: of a processor's next event, … */
MERGE_INLINE void merge_note_time(struct merge *merge, const struct proc *proc, int64_t time)
{
    struct buf *ties = &merge->trace->streams[LEGACY_TIES].bytes;

    if (time != merge->time)
        ties->size = merge->tail_at;
    if (time != merge->time || merge->tail != proc) {
        merge->tail = proc;
        merge->tail_at = ties->size;
    }
    merge->time = time;
}

/* … and that so many were of it. The buffer tells whether memory failed. */
MERGE_INLINE void merge_note_turns(struct merge *merge, const struct proc *proc, size_t n)
{
    struct buf *ties = &merge->trace->streams[LEGACY_TIES].bytes;

    for (; n > 0; n--)
        if (LIKELY(proc->at < 0x80 && ties->size < ties->capacity))
            ties->at[ties->size++] = (uint8_t)proc->at;
        else
            buf_put_varint(ties, proc->at);
}

/* The place of the goroutine of an id, which this processor perhaps named last. MAP_NONE: none that is usual. */
MERGE_INLINE uint32_t merge_near_g(struct merge *merge, struct proc *proc, uint64_t id)
{
    if (LIKELY(id == proc->near_g))
        return proc->near;
    if (UNLIKELY(id >= GARBAGE))
        return MAP_NONE;
    const uint32_t at = g_of(merge, id);
    if (LIKELY(at != MAP_NONE)) {
        proc->near = at;
        proc->near_g = id;
    }
    return at;
}

/* An event is of a goroutine: a call that was its last event blocks if this says so. */
MERGE_INLINE void merge_see(struct merge *merge, struct old_g *g, bool blocks)
{
    g->is_known = true;
    if (UNLIKELY(g->call != 0)) {
        const uint64_t call = g->call - 1;
        if (blocks)
            merge->trace->streams[LEGACY_CALLS].bytes.at[call / 8] |= (uint8_t)(1u << call % 8);
        g->call = 0;
    }
}

MERGE_INLINE bool merge_start(struct merge *merge, struct proc *proc, const struct old_event *event, bool any_seq)
{
    const uint32_t at = merge_near_g(merge, proc, event->args[0]);

    if (UNLIKELY(at == MAP_NONE))
        return false;
    struct old_g *g = &merge->gs[at];
    if (UNLIKELY(g->status != G_RUNNABLE || g->state != OLD_RUNNABLE || proc->p.g != 0 ||
                 (!any_seq && (event->args[1] != g->seq || event->args[1] >= NEXT_SEQ - 1))))
        return false;
    merge_see(merge, g, false);
    g->seq++;
    g->status = G_RUNNING;
    g->state = OLD_RUNNING;
    g->is_blocked = g->on_network = false;
    proc->p.g = event->args[0];
    proc->last_own = merge->changed = at;
    return true;
}

/* The order does not look at an end. */
MERGE_INLINE bool merge_leave(struct merge *merge, struct proc *proc, const struct old_event *event, uint8_t type,
                              uint8_t to)
{
    const uint32_t at = proc->last_own;
    const bool is_moved = type != OLD_GO_END;
    struct old_g *g = &merge->gs[at];

    if (UNLIKELY((is_moved && g->status != G_RUNNING) || g->state != OLD_RUNNING || proc->p.g != event->g ||
                 event->g - 1 >= GARBAGE - 1 || (to == OLD_DEAD && g->region != MAP_NONE)))
        return false;
    merge_see(merge, g, type == OLD_GO_SYS_BLOCK);
    g->state = to;
    g->on_network = type == OLD_GO_BLOCK_NET;
    proc->p.g = 0;
    proc->last_own = 0;
    merge->changed = MAP_NONE;
    if (is_moved) {
        g->status = to;
        g->is_blocked = type == OLD_GO_SYS_BLOCK;
        merge->changed = at;
    }
    if (type == OLD_GO_SYS_BLOCK)
        g->block_time = event->time;
    return true;
}

MERGE_INLINE bool merge_unblock(struct merge *merge, struct proc *proc, const struct old_event *event, bool any_seq)
{
    const uint32_t named = merge_near_g(merge, proc, event->args[0]);

    if (UNLIKELY(named == MAP_NONE))
        return false;
    struct old_g *g = &merge->gs[proc->last_own], *other = &merge->gs[named];
    if (UNLIKELY(other->status != G_WAITING || other->state != OLD_WAITING || g->state != OLD_RUNNING ||
                 proc->p.g != event->g || other == g ||
                 (!any_seq && (event->args[1] != other->seq || event->args[1] >= NEXT_SEQ - 1))))
        return false;
    merge_see(merge, g, false);
    other->is_known = true;
    other->seq++;
    other->status = G_RUNNABLE;
    other->state = OLD_RUNNABLE;
    other->is_blocked = other->on_network = false;
    merge->changed = named;
    return true;
}

MERGE_INLINE bool merge_call(struct merge *merge, const struct proc *proc, const struct old_event *event)
{
    struct buf *calls = &merge->trace->streams[LEGACY_CALLS].bytes;
    struct old_check *check = &merge->check;
    struct old_g *g = &merge->gs[proc->last_own];

    if (UNLIKELY(g->state != OLD_RUNNING || proc->p.g != event->g || event->g == 0))
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

MERGE_INLINE bool merge_create(struct merge *merge, struct proc *proc, const struct old_event *event)
{
    const uint32_t named = merge_near_g(merge, proc, event->args[0]);

    if (UNLIKELY(named == MAP_NONE || named == proc->last_own))
        return false;
    struct old_g *g = &merge->gs[proc->last_own], *other = &merge->gs[named];
    if (UNLIKELY(other->status != G_DEAD || other->seq != 0 || other->is_known || g->state != OLD_RUNNING ||
                 proc->p.g != event->g))
        return false;
    merge_see(merge, g, false);
    other->is_known = true;
    other->seq = 1;
    other->status = G_RUNNABLE;
    other->state = OLD_RUNNABLE;
    other->is_blocked = false;
    merge->changed = named;
    return true;
}

MERGE_INLINE bool merge_proc(struct merge *merge, struct proc *proc, bool starts)
{
    if (UNLIKELY(proc->p.running == starts || (!starts && proc->p.g != 0)))
        return false;
    merge_see(merge, &merge->gs[proc->last_own], false);
    proc->p.running = starts;
    merge->changed = MAP_NONE;
    return true;
}

MERGE_INLINE bool merge_nothing(struct merge *merge, const struct proc *proc)
{
    merge_see(merge, &merge->gs[proc->last_own], false);
    merge->changed = MAP_NONE;
    return true;
}

/* Events of one processor in a row, as far as they were taken. */
struct row {
    const uint8_t *at;  /* of the event that comes */
    int64_t time;       /* of the last one, … */
    uint64_t last_g;    /* … and who runs behind it */
    int64_t first_time; /* of the first one that was taken, … */
    size_t n;           /* … how many were, … */
    size_t n_tail;      /* … and how many of them are the last ones, of one time */
};

/* A table of what is usual, by first byte. @time: of the event that comes; @numbers: what follows that. Return: behind
 * it; NULL when it is not usual, and then nothing has changed that matters. */
MERGE_INLINE const uint8_t *merge_take_usual(struct merge *merge, struct proc *proc, struct row *row,
                                             const uint8_t *numbers, int64_t time)
{
    const uint8_t *const at = row->at, *behind = numbers;
    struct old_event event;
    bool is_taken = false;

    event.g = row->last_g;
    event.time = time;
#define READ(n, has_stack) LIKELY((behind = old_read_numbers(at, numbers, (n), (has_stack), &event)) != NULL)
    switch (*at) {
    case OLD_FORM(OLD_GO_START_LOCAL, 1):
        if ((is_taken = READ(1, false) && merge_start(merge, proc, &event, true)))
            row->last_g = event.args[0];
        break;
    case OLD_FORM(OLD_GO_START, 2):
        if ((is_taken = READ(2, false) && merge_start(merge, proc, &event, false)))
            row->last_g = event.args[0];
        break;
    case OLD_FORM(OLD_GO_SCHED, 1):
    case OLD_FORM(OLD_GO_PREEMPT, 1):
        if ((is_taken = READ(1, true) && merge_leave(merge, proc, &event, OLD_GO_SCHED, OLD_RUNNABLE)))
            row->last_g = 0;
        break;
    case OLD_FORM(OLD_GO_SLEEP, 1):
    case OLD_FORM(OLD_GO_BLOCK, 1):
    case OLD_FORM(OLD_GO_BLOCK_SEND, 1):
    case OLD_FORM(OLD_GO_BLOCK_RECV, 1):
    case OLD_FORM(OLD_GO_BLOCK_SELECT, 1):
    case OLD_FORM(OLD_GO_BLOCK_SYNC, 1):
    case OLD_FORM(OLD_GO_BLOCK_COND, 1):
    case OLD_FORM(OLD_GO_BLOCK_GC, 1):
        if ((is_taken = READ(1, true) && merge_leave(merge, proc, &event, OLD_GO_BLOCK, OLD_WAITING)))
            row->last_g = 0;
        break;
    case OLD_FORM(OLD_GO_BLOCK_NET, 1):
        if ((is_taken = READ(1, true) && merge_leave(merge, proc, &event, OLD_GO_BLOCK_NET, OLD_WAITING)))
            row->last_g = 0;
        break;
    case OLD_FORM(OLD_GO_SYS_BLOCK, 0):
        if ((is_taken = merge_leave(merge, proc, &event, OLD_GO_SYS_BLOCK, OLD_WAITING)))
            row->last_g = 0;
        break;
    case OLD_FORM(OLD_GO_END, 0):
        if ((is_taken = merge_leave(merge, proc, &event, OLD_GO_END, OLD_DEAD)))
            row->last_g = 0;
        break;
    case OLD_FORM(OLD_GO_STOP, 1):
        if ((is_taken = READ(1, true) && merge_leave(merge, proc, &event, OLD_GO_END, OLD_DEAD)))
            row->last_g = 0;
        break;
    case OLD_FORM(OLD_GO_UNBLOCK_LOCAL, 2):
        is_taken = READ(2, true) && merge_unblock(merge, proc, &event, true);
        break;
    case OLD_FORM(OLD_GO_UNBLOCK, 3):
        is_taken = READ(3, true) && merge_unblock(merge, proc, &event, false);
        break;
    case OLD_FORM(OLD_GO_SYS_CALL, 1):
        is_taken = READ(1, true) && merge_call(merge, proc, &event);
        break;
    case OLD_FORM(OLD_GO_CREATE, 3):
        is_taken = READ(3, true) && merge_create(merge, proc, &event);
        break;
    case OLD_FORM(OLD_PROC_START, 1):
        is_taken = READ(1, false) && merge_proc(merge, proc, true);
        break;
    case OLD_FORM(OLD_PROC_STOP, 0):
        is_taken = merge_proc(merge, proc, false);
        break;
    case OLD_FORM(OLD_HEAP_ALLOC, 1):
    case OLD_FORM(OLD_HEAP_GOAL, 1):
        is_taken = READ(1, false) && merge_nothing(merge, proc);
        break;
    default:
        break;
    }
#undef READ
    return is_taken ? behind : NULL;
}

static int no_memory(struct merge *merge)
{
    return fault_set(merge->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
}

/* ---- goroutines ---- */

static __attribute__((noinline)) uint32_t merge_add(struct merge *merge, uint64_t id)
{
    const uint32_t at = (uint32_t)merge->n_gs;

    if (merge->n_gs >= MAP_NONE || !ROOM(merge->gs, merge->n_gs, merge->gs_capacity) ||
        map_put(&merge->g_places, id, at) < 0)
        return MAP_NONE;
    merge->check.gs = merge->gs;
    merge->gs[merge->n_gs++] = (struct old_g){.region = MAP_NONE};
    return at;
}

/* ---- moves ---- */

enum who {
    NOBODY,
    OWN,
    NAMED,
    COLLECTOR
};
enum seq {
    SEQ_0,
    SEQ_1,
    SEQ_ARG0,
    SEQ_ARG1,
    SEQ_NEXT, /* any, and the next one */
    SEQ_SAME
};

static const struct {
    uint8_t who, from, to, seq;
} moves[64] = {
    [OLD_GO_CREATE] = {NAMED, G_DEAD, G_RUNNABLE, SEQ_0},
    [OLD_GO_WAITING] = {OWN, G_RUNNABLE, G_WAITING, SEQ_1},
    [OLD_GO_IN_SYSCALL] = {OWN, G_RUNNABLE, G_WAITING, SEQ_1},
    [OLD_GO_START] = {OWN, G_RUNNABLE, G_RUNNING, SEQ_ARG1},
    [OLD_GO_START_LABEL] = {OWN, G_RUNNABLE, G_RUNNING, SEQ_ARG1},
    [OLD_GO_START_LOCAL] = {OWN, G_RUNNABLE, G_RUNNING, SEQ_NEXT},
    [OLD_GO_SCHED] = {OWN, G_RUNNING, G_RUNNABLE, SEQ_SAME},
    [OLD_GO_PREEMPT] = {OWN, G_RUNNING, G_RUNNABLE, SEQ_SAME},
    [OLD_GO_UNBLOCK] = {NAMED, G_WAITING, G_RUNNABLE, SEQ_ARG1},
    [OLD_GO_SYS_EXIT] = {NAMED, G_WAITING, G_RUNNABLE, SEQ_ARG1},
    [OLD_GO_UNBLOCK_LOCAL] = {NAMED, G_WAITING, G_RUNNABLE, SEQ_NEXT},
    [OLD_GO_SYS_EXIT_LOCAL] = {NAMED, G_WAITING, G_RUNNABLE, SEQ_NEXT},
    [OLD_GC_START] = {COLLECTOR, G_DEAD, G_DEAD, SEQ_ARG0},
#define BLOCKS                                                                                                         \
    {                                                                                                                  \
        OWN, G_RUNNING, G_WAITING, SEQ_SAME                                                                            \
    }
    [OLD_GO_SLEEP] = BLOCKS,
    [OLD_GO_BLOCK] = BLOCKS,
    [OLD_GO_BLOCK_SEND] = BLOCKS,
    [OLD_GO_BLOCK_RECV] = BLOCKS,
    [OLD_GO_BLOCK_SELECT] = BLOCKS,
    [OLD_GO_BLOCK_SYNC] = BLOCKS,
    [OLD_GO_BLOCK_COND] = BLOCKS,
    [OLD_GO_BLOCK_NET] = BLOCKS,
    [OLD_GO_SYS_BLOCK] = BLOCKS,
    [OLD_GO_BLOCK_GC] = BLOCKS,
};

/* Finds the goroutines of a processor's event, and what it does to one. */
static __attribute__((noinline)) bool set_any_move(struct merge *merge, struct proc *proc)
{
    const struct old_event *event = &proc->reading.event;
    const uint8_t type = event->type, whose = merge->trace->quick[type].whose;
    struct move *move = &proc->move;
    uint32_t named = 0;

    proc->own = proc->last_own;
    if (moves[type].who == NAMED || whose == OLD_BEGINS || whose == OLD_NAMES)
        named = g_of(merge, event->args[0]);
    if (whose == OLD_BEGINS)
        proc->own = proc->last_own = named;
    else if (whose == OLD_LEAVES)
        proc->last_own = 0;
    else if (whose == OLD_NAMES)
        proc->own = named;
    else if (type == OLD_CPU_SAMPLE)
        proc->own = g_of(merge, event->g);
    if (named == MAP_NONE || proc->own == MAP_NONE)
        return false;
    proc->other = named;
    move->g = MAP_NONE;
    if (moves[type].who == NOBODY)
        return true;
    const uint64_t id = moves[type].who == OWN ? event->g : moves[type].who == NAMED ? event->args[0] : GARBAGE;
    move->g = id == UNORDERED            ? MAP_NONE
              : moves[type].who == OWN   ? proc->own
              : moves[type].who == NAMED ? named
                                         : g_of(merge, GARBAGE);
    move->from = moves[type].from;
    move->to = moves[type].to;
    const uint8_t seq = moves[type].seq;
    move->from_seq = seq == SEQ_0      ? 0
                     : seq == SEQ_1    ? 1
                     : seq == SEQ_ARG0 ? event->args[0]
                     : seq == SEQ_ARG1 ? event->args[1]
                                       : ANY_SEQ;
    move->to_seq = seq == SEQ_NEXT ? NEXT_SEQ : seq == SEQ_SAME ? ANY_SEQ : move->from_seq + 1;
    return move->g != MAP_NONE || id == UNORDERED;
}

/* The same, quicker for what is most: a start, or an end of running, by who runs on the processor. */
static inline bool set_move(struct merge *merge, struct proc *proc)
{
    const struct old_event *event = &proc->reading.event;
    const uint8_t type = event->type;

    if (LIKELY(type == OLD_GO_START_LOCAL && event->g < GARBAGE)) {
        const uint32_t at = merge_near_g(merge, proc, event->g);
        if (at == MAP_NONE)
            return false;
        proc->own = proc->other = proc->last_own = at;
        proc->move = (struct move){at, G_RUNNABLE, G_RUNNING, ANY_SEQ, NEXT_SEQ};
        return true;
    }
    if (LIKELY(moves[type].seq == SEQ_SAME && moves[type].who == OWN && event->g < GARBAGE)) {
        proc->own = proc->last_own;
        proc->other = proc->last_own = 0;
        proc->move = (struct move){proc->own, moves[type].from, moves[type].to, ANY_SEQ, ANY_SEQ};
        return true;
    }
    if (LIKELY(moves[type].who == NOBODY && merge->trace->quick[type].whose == OLD_STAYS && type != OLD_CPU_SAMPLE)) {
        proc->own = proc->last_own;
        proc->other = 0;
        proc->move.g = MAP_NONE;
        return true;
    }
    if (LIKELY(type == OLD_GO_UNBLOCK_LOCAL && event->args[0] < GARBAGE)) {
        const uint32_t at = merge_near_g(merge, proc, event->args[0]);
        proc->own = proc->last_own;
        proc->other = at;
        proc->move = (struct move){at, G_WAITING, G_RUNNABLE, ANY_SEQ, NEXT_SEQ};
        return at != MAP_NONE;
    }
    return set_any_move(merge, proc);
}

static inline bool is_ready(const struct merge *merge, const struct move *move)
{
    if (move->g == MAP_NONE)
        return true;
    const struct old_g *g = &merge->gs[move->g];
    return (move->from_seq == ANY_SEQ || move->from_seq == g->seq) && move->from == g->status;
}

static inline int apply(struct merge *merge, const struct proc *proc)
{
    const struct move *move = &proc->move;
    const struct old_event *event = &proc->reading.event;

    merge->changed = move->g;
    if (move->g == MAP_NONE)
        return 0;
    struct old_g *g = &merge->gs[move->g];
    if (UNLIKELY(!is_ready(merge, move)))
        return fault_set(merge->fault, GXT_ECORRUPT, event->offset, "goroutine %llu: an impossible change of state",
                         (unsigned long long)(moves[event->type].who == OWN     ? event->g
                                              : moves[event->type].who == NAMED ? event->args[0]
                                                                                : GARBAGE));
    g->seq = move->to_seq == ANY_SEQ ? g->seq : move->to_seq == NEXT_SEQ ? g->seq + 1 : move->to_seq;
    g->status = move->to;
    g->is_blocked = event->type == OLD_GO_SYS_BLOCK || event->type == OLD_GO_IN_SYSCALL;
    return 0;
}

/* ---- the heap ---- */

static inline void push(struct merge *merge, struct proc *proc)
{
    struct ready *ready = merge->ready;
    const int64_t time = proc->reading.event.time;
    size_t i = merge->n_ready++;

    for (; i > 0 && time < ready[(i - 1) / 2].time; i = (i - 1) / 2)
        ready[i] = ready[(i - 1) / 2];
    ready[i] = (struct ready){time, proc};
}

/* The last one comes to the root and goes down. */
static inline struct proc *pop(struct merge *merge)
{
    struct ready *ready = merge->ready;
    struct proc *first = ready[0].proc;
    const size_t n = --merge->n_ready;
    const struct ready last = ready[n];
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

static inline int advance(struct merge *merge, struct proc *proc)
{
    int r = old_reading_next(&merge->reader, proc->lane, &proc->reading);

    proc->has_event = proc->is_fresh = r > 0;
    if (r > 0 && UNLIKELY(!set_move(merge, proc)))
        return no_memory(merge);
    return r;
}

/* Moves what is ready from those that wait; what has no more events leaves. Whether one is ready can only have changed
 * with the goroutine that the last event moved. */
static inline int gather(struct merge *merge)
{
    for (size_t i = 0; i < merge->n_waiting;) {
        struct proc *proc = merge->waiting[i];
        int r = 1;
        if (!proc->has_event && (r = advance(merge, proc)) < 0)
            return r;
        proc->done = r == 0;
        if (r > 0 && ((!proc->is_fresh && proc->move.g != merge->changed) || !is_ready(merge, &proc->move))) {
            proc->is_fresh = false;
            i++;
            continue;
        }
        merge->waiting[i] = merge->waiting[--merge->n_waiting];
        if (r > 0)
            push(merge, proc);
    }
    return 0;
}

/* ---- one event ---- */

static void wrong_once(struct gxt_error *fault, int code, uint64_t offset, const char *what)
{
    if (fault->code == 0)
        (void)fault_set(fault, code, offset, "%s", what);
}

/* A return goes to the time at which it happened, behind what else is of that time, unless that is later than it was
 * written. */
static int mark_exit(struct merge *merge, const struct proc *proc, bool was_blocked)
{
    const struct old_event *event = &proc->reading.event;
    const struct old_g *g = &merge->gs[proc->own];
    const int64_t time = (int64_t)event->args[2];
    const bool is_late = time > event->time;
    const struct old_mark mark = {time, event->offset << 1 | is_late};

    if (g->block_time == 0)
        wrong_once(&merge->bad_exit, GXT_ECORRUPT, event->offset, "stray syscall exit");
    else if (time < g->block_time)
        wrong_once(&merge->bad_exit, GXT_ECORRUPT, event->offset, "time stamps out of order");
    if (time == event->time)
        return 0;
    merge->is_odd = merge->is_odd || is_late || !was_blocked;
    buf_put(&merge->trace->streams[LEGACY_EXITS].bytes, &mark, sizeof mark);
    return merge->trace->streams[LEGACY_EXITS].bytes.failed ? no_memory(merge) : 1;
}

static void check_event(struct merge *merge, struct proc *proc)
{
    (void)old_check_event(&merge->check, &proc->reading.event,
                          (struct old_check_place){proc->lane->p, &proc->p, proc->own, proc->other});
}

static __attribute__((noinline)) int take_event(struct merge *merge, struct proc *proc)
{
    const struct old_event *event = &proc->reading.event;
    struct old_g *own = &merge->gs[proc->own];
    const bool was_blocked = own->is_blocked && proc->move.g == proc->own;
    int r = apply(merge, proc);

    if (UNLIKELY(r < 0))
        return r;
    proc->has_event = false;
    if (merge->n_events++ == 0)
        merge->first_tick = event->time;
    else if (UNLIKELY(event->time < merge->last_time))
        wrong_once(&merge->bad_time, GXT_ECORRUPT, event->offset, "time stamps out of order");
    merge->last_time = event->time;
    if (event->type == OLD_GO_SYS_BLOCK || event->type == OLD_GO_IN_SYSCALL)
        own->block_time = event->time;
    if (UNLIKELY(event->type == OLD_GO_SYS_EXIT && event->args[2] != 0))
        r = mark_exit(merge, proc, was_blocked);
    if (r == 0) {
        merge_note_time(merge, proc, event->time);
        merge_note_turns(merge, proc, 1);
    }
    if (r >= 0 && LIKELY(merge->bad_check.code == 0))
        check_event(merge, proc);
    merge->is_right = merge->bad_check.code == 0;
    if (UNLIKELY(merge->bad_check.code == GXT_ENOMEM))
        return no_memory(merge);
    return r < 0 ? r : 0;
}

/* ---- one processor's events in a row ---- */

/* Whether a push of what is earlier than all, and a pop of it, leaves the heap as it is. It does but for ties: the push
 * moves those above the new place down by one, the pop brings them up the same way. */
static inline bool is_settled(const struct merge *merge)
{
    const struct ready *ready = merge->ready;
    size_t i = (merge->n_ready - 1) / 2;
    const int64_t last = ready[i].time;

    for (; i > 0; i = (i - 1) / 2) {
        const int64_t above = ready[(i - 1) / 2].time;
        if (above >= last || (i % 2 == 0 && above >= ready[i - 1].time))
            return false;
    }
    return true;
}

/* What so many pushes and pops of the earliest one, which were left out, make of the heap. */
static inline void settle(struct merge *merge, size_t n)
{
    if (n == 0 || merge->n_ready < 3)
        return;
    for (; UNLIKELY(!is_settled(merge)) && n > 0; n--) {
        struct proc first = {.reading.event.time = INT64_MIN};
        push(merge, &first);
        (void)pop(merge);
    }
}

/* Whether one that waits does so for the goroutine that the last event moved. */
static inline bool is_waited_for(const struct merge *merge)
{
    for (size_t i = 0; i < merge->n_waiting; i++)
        if (merge->waiting[i]->move.g == merge->changed)
            return true;
    return false;
}

/* The time of the event that comes. Return: what follows it; NULL when it may be none. */
MERGE_INLINE const uint8_t *peek(const struct merge *merge, const struct row *row, const uint8_t *end, int64_t *ret)
{
    uint64_t delta = 0;
    const uint8_t *numbers = old_peek(merge->trace, row->at, end, &delta);

    *ret = (int64_t)((uint64_t)row->time + delta);
    return numbers;
}

/* Goes on with a turn as long as all is usual. @must: the first event comes whatever others wait for. */
MERGE_INLINE void take_usual(struct merge *merge, struct proc *proc, struct row *row, bool must)
{
    const uint8_t *const end = proc->reading.end, *numbers, *behind;
    const int64_t limit = merge->n_ready > 0 ? merge->ready[0].time : INT64_MAX;
    const bool is_watched = merge->n_waiting > 0;
    int64_t last = merge->last_time, time;

    numbers = peek(merge, row, end, &time);
    if (!must && (time >= limit || is_waited_for(merge)))
        return;
    row->first_time = time;
    while (LIKELY(numbers != NULL) && LIKELY(time >= last) &&
           LIKELY((behind = merge_take_usual(merge, proc, row, numbers, time)) != NULL)) {
        row->n++;
        row->n_tail = time == last ? row->n_tail + 1 : 1;
        row->at = behind;
        row->time = last = time;
        numbers = peek(merge, row, end, &time);
        if (UNLIKELY(time >= limit) || (UNLIKELY(is_watched) && is_waited_for(merge)))
            break;
    }
}

/* The same, with what goes on from row to row. @must: from the event that is read, else from the one behind it. Return:
 * how many events were taken. */
static __attribute__((noinline)) size_t take_row(struct merge *merge, struct proc *proc, bool must)
{
    struct old_reading *reading = &proc->reading;
    const struct old_event *event = &reading->event;
    struct row row = {.at = reading->at, .time = reading->time, .last_g = reading->last_g};
    const uint32_t last_own = proc->last_own;

    if (UNLIKELY(!merge->is_right || !reading->end))
        return 0;
    if (must) {
        row.at = merge->trace->source->at + event->offset;
        row.time = (int64_t)((uint64_t)event->time - reading->delta);
        row.last_g = event->g;
        proc->last_own = proc->own;
    }
    take_usual(merge, proc, &row, must);
    if (row.n == 0) {
        proc->last_own = last_own;
        return 0;
    }
    reading->at = row.at;
    reading->time = merge->last_time = row.time;
    reading->last_g = row.last_g;
    merge->n_events += row.n;
    merge_note_time(merge, proc, row.first_time);
    merge_note_time(merge, proc, row.time);
    merge_note_turns(merge, proc, row.n_tail);
    return row.n;
}

/* Takes the event to which a processor moved, when its turn goes on. 1; 0 when it does not; negative. */
static inline int take_next(struct merge *merge, struct proc *proc)
{
    const bool goes_on =
        (merge->n_ready == 0 || proc->reading.event.time < merge->ready[0].time) && !is_waited_for(merge);

    if (UNLIKELY(!set_move(merge, proc)))
        return no_memory(merge);
    proc->has_event = proc->is_fresh = true;
    if (!goes_on || !is_ready(merge, &proc->move))
        return 0;
    const int r = take_event(merge, proc);
    return r < 0 ? r : 1;
}

/* The events of a processor whose turn it is, until another one has one as early. 1; 0 when there are no more;
 * negative. */
static inline int take_turn(struct merge *merge, struct proc *proc)
{
    size_t n = take_row(merge, proc, true);
    int r;

    if (n == 0) {
        if ((r = take_event(merge, proc)) < 0)
            return r;
        n = 1 + take_row(merge, proc, false);
    }
    while ((r = old_reading_next(&merge->reader, proc->lane, &proc->reading)) > 0) {
        const int taken = take_next(merge, proc);
        if (UNLIKELY(taken < 0))
            return taken;
        if (taken == 0)
            break;
        n += 1 + take_row(merge, proc, false);
    }
    proc->done = r == 0;
    settle(merge, n - 1);
    return LIKELY(!merge->trace->streams[LEGACY_TIES].bytes.failed) ? r : no_memory(merge);
}

static int order_all(struct merge *merge)
{
    int r = 0;

    merge->changed = MAP_NONE;
    for (size_t i = 0; i < merge->trace->n_lanes; i++)
        merge->waiting[merge->n_waiting++] = &merge->procs[i];
    while ((r = gather(merge)) == 0 && merge->n_ready > 0) {
        struct proc *proc = pop(merge);
        if ((r = take_turn(merge, proc)) < 0)
            return r;
        if (r > 0)
            merge->waiting[merge->n_waiting++] = proc;
    }
    for (size_t i = 0; r == 0 && i < merge->trace->n_lanes; i++)
        if (!merge->procs[i].done)
            r = fault_set(merge->fault, GXT_EORDER, merge->procs[i].reading.event.offset,
                          "no consistent ordering of events possible: processor %d waits", merge->procs[i].lane->p);
    return r;
}

/* ---- returns that were told late ---- */

/* Runs of rising times are merged, two by two; what is equal keeps its order, but that late ones come first. */
static bool comes_first(const struct old_mark *left, const struct old_mark *right)
{
    if (left->time != right->time)
        return left->time < right->time;
    return (left->offset & 1) >= (right->offset & 1);
}

static bool sort_marks(struct old_mark *marks, size_t n)
{
    struct old_mark *other = n > 1 ? malloc(n * sizeof *other) : NULL, *from = marks, *to = other;

    for (size_t width = 1; width < n && other; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t left = begin, middle = begin + width < n ? begin + width : n, right = middle,
                   end = middle + width < n ? middle + width : n;
            for (size_t out = begin; out < end; out++)
                to[out] = right >= end || (left < middle && comes_first(&from[left], &from[right])) ? from[left++]
                                                                                                    : from[right++];
        }
        struct old_mark *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != marks && other)
        memcpy(marks, from, n * sizeof *marks);
    free(other);
    return n <= 1 || other != NULL;
}

static bool are_sorted(const struct old_mark *marks, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!comes_first(&marks[i - 1], &marks[i]))
            return false;
    return true;
}

static int end_streams(struct merge *merge)
{
    struct old_trace *trace = merge->trace;
    struct buf *exits = &trace->streams[LEGACY_EXITS].bytes;
    struct old_mark *marks = (struct old_mark *)(void *)exits->at;
    const size_t n = exits->size / sizeof *marks;

    trace->streams[LEGACY_TIES].bytes.size = merge->tail_at;
    trace->n_events = merge->n_events;
    if (!are_sorted(marks, n) && !sort_marks(marks, n))
        return no_memory(merge);
    trace->first_tick = n > 0 && marks[0].time < merge->first_tick ? marks[0].time : merge->first_tick;
    for (size_t i = 0; i < LEGACY_N_STREAMS; i++)
        trace->streams[i].size = trace->streams[i].bytes.size;
    return 0;
}

/* ---- checking in the events' own order ---- */

static int check_again(struct merge *merge)
{
    struct old_sequence *sequence = NULL;
    int r = old_sequence_new(merge->trace, merge->fault, &sequence);

    for (size_t i = 0; i < merge->n_gs; i++)
        merge->gs[i] = (struct old_g){.region = MAP_NONE};
    for (size_t i = 0; i < merge->trace->n_lanes; i++)
        merge->procs[i].p = (struct old_p){0};
    merge->bad_check = (struct gxt_error){0};
    old_check_begin(&merge->check);
    if (r == 0)
        r = old_sequence_begin(sequence);
    while (r == 0 && (r = old_sequence_look(sequence)) > 0) {
        const struct old_event *event = sequence->event;
        struct proc *proc = &merge->procs[sequence->lane < merge->trace->n_lanes ? sequence->lane : 0];
        const bool names = moves[event->type].who == NAMED;
        const struct old_check_place place = {proc->lane->p, &proc->p, g_of(merge, event->g),
                                              names ? g_of(merge, event->args[0]) : 0};
        old_sequence_take(sequence);
        r = place.own == MAP_NONE || place.other == MAP_NONE ? no_memory(merge) : 0;
        if (r == 0 && old_check_event(&merge->check, event, place) < 0)
            break;
    }
    (void)old_sequence_free(sequence);
    merge->trace->streams[LEGACY_CALLS].size = merge->trace->streams[LEGACY_CALLS].bytes.size;
    return r < 0 ? r : 0;
}

/* ---- all of it ---- */

static int bear(struct gxt_error *fault, const struct gxt_error *found)
{
    *fault = *found;
    return found->code;
}

/* Faults come in the order in which Go's reader looks for them. */
static int judge(struct merge *merge)
{
    struct old_trace *trace = merge->trace;
    int r = 0;

    if (merge->bad_time.code < 0)
        return bear(merge->fault, &merge->bad_time);
    if (merge->bad_exit.code < 0)
        return bear(merge->fault, &merge->bad_exit);
    if (trace->ticks_per_second == 0 && !trace->recovers)
        return fault_set(merge->fault, GXT_ECORRUPT, trace->begin, "no frequency event found");
    if (merge->is_odd)
        r = check_again(merge);
    return r == 0 && merge->bad_check.code < 0 ? bear(merge->fault, &merge->bad_check) : r;
}

static int begin(struct merge *merge)
{
    struct old_trace *trace = merge->trace;
    const size_t n = trace->n_lanes;

    merge->procs = calloc(n, sizeof *merge->procs);
    merge->waiting = calloc(n, sizeof(struct proc *));
    merge->ready = calloc(n, sizeof *merge->ready);
    merge->reader.tables = old_tables_new(trace);
    if (!merge->procs || !merge->waiting || !merge->ready || !merge->reader.tables || g_of(merge, 0) == MAP_NONE)
        return no_memory(merge);
    for (size_t i = 0; i < n; i++) {
        merge->procs[i].lane = &trace->lanes[i];
        merge->procs[i].at = (uint32_t)i;
        old_reading_begin(trace, i, &merge->procs[i].reading);
    }
    merge->check.trace = trace;
    merge->check.fault = &merge->bad_check;
    old_check_begin(&merge->check);
    return 0;
}

static void merge_done(struct merge *merge)
{
    (void)old_tables_free(merge->reader.tables);
    old_check_done(&merge->check);
    map_done(&merge->g_places);
    free(merge->gs);
    free(merge->procs);
    free(merge->waiting);
    free(merge->ready);
}

static int read_once(struct old_trace *trace, bool guesses, struct gxt_error *fault)
{
    struct merge merge = {.trace = trace, .fault = fault, .reader = {.trace = trace, .fault = fault}};
    int r;

    trace->gen.source = trace->source;
    trace->gen.dir.number = 1;
    trace->gen.dir.begin = trace->begin;
    trace->gen.dir.end = trace->end;
    r = pool_string(trace->pool, "", 0, &trace->gen.empty) < 0 ? no_memory(&merge) : old_scan(trace, guesses, fault);
    if (r == 0)
        r = begin(&merge);
    if (r == 0)
        r = order_all(&merge);
    if (r == 0 && guesses && !old_tables_fit(merge.reader.tables))
        r = fault_set(fault, GXT_ECORRUPT, trace->begin, "samples or timers were not found");
    if (r == 0)
        r = end_streams(&merge);
    if (r == 0)
        r = judge(&merge);
    if (r == 0)
        r = old_tables_make(merge.reader.tables, fault);
    merge_done(&merge);
    return r;
}

/* A fault may be one of the guess: then only what is found without one tells. */
int old_read(struct old_trace *trace, struct gxt_error *fault)
{
    const int r = read_once(trace, true, fault);

    if (r == 0 || r == GXT_ENOMEM)
        return r;
    *fault = (struct gxt_error){0};
    old_trace_done(trace);
    return read_once(trace, false, fault);
}
