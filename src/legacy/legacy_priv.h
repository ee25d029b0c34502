/* legacy_priv.h: what the files of this room share.
 */
#ifndef LEGACY_PRIV_H
#define LEGACY_PRIV_H

#include "legacy.h"

/* Event types: EvNone and on of the old runtime (internal/trace/tracev1 in Go's source). */
enum old_type {
    OLD_NONE = 0,
    OLD_BATCH,
    OLD_FREQUENCY,
    OLD_STACK,
    OLD_GOMAXPROCS,
    OLD_PROC_START,
    OLD_PROC_STOP,
    OLD_GC_START,
    OLD_GC_DONE,
    OLD_STW_START,
    OLD_STW_DONE,
    OLD_GC_SWEEP_START,
    OLD_GC_SWEEP_DONE,
    OLD_GO_CREATE,
    OLD_GO_START,
    OLD_GO_END,
    OLD_GO_STOP,
    OLD_GO_SCHED,
    OLD_GO_PREEMPT,
    OLD_GO_SLEEP,
    OLD_GO_BLOCK,
    OLD_GO_UNBLOCK,
    OLD_GO_BLOCK_SEND,
    OLD_GO_BLOCK_RECV,
    OLD_GO_BLOCK_SELECT,
    OLD_GO_BLOCK_SYNC,
    OLD_GO_BLOCK_COND,
    OLD_GO_BLOCK_NET,
    OLD_GO_SYS_CALL,
    OLD_GO_SYS_EXIT,
    OLD_GO_SYS_BLOCK,
    OLD_GO_WAITING,
    OLD_GO_IN_SYSCALL,
    OLD_HEAP_ALLOC,
    OLD_HEAP_GOAL,
    OLD_TIMER_GOROUTINE,
    OLD_FUTILE_WAKEUP,
    OLD_STRING,
    OLD_GO_START_LOCAL,
    OLD_GO_UNBLOCK_LOCAL,
    OLD_GO_SYS_EXIT_LOCAL,
    OLD_GO_START_LABEL,
    OLD_GO_BLOCK_GC,
    OLD_GC_MARK_ASSIST_START,
    OLD_GC_MARK_ASSIST_DONE,
    OLD_USER_TASK_CREATE,
    OLD_USER_TASK_END,
    OLD_USER_REGION,
    OLD_USER_LOG,
    OLD_CPU_SAMPLE,
    OLD_N_TYPES
};

/* Processors that are none: where Go's reader puts what no processor did. */
enum {
    TIMER_P = 1000001,
    NETPOLL_P,
    SYSCALL_P,
    GC_P,
    PROFILE_P
};

struct old_spec {
    const char *name;
    uint8_t n_args; /* without time and stack */
    bool stack;     /* whether a stack follows them */
    uint8_t since;  /* NN of the header that has it first */
    bool blocks;    /* it leaves its goroutine waiting */
};

extern const struct old_spec old_specs[64];

/* ---- spec.c ---- */

/* The first byte of an event with so many numbers behind its time. With three their bytes are counted before them. */
#define OLD_FORM(type, n) ((type) | (n) << 6)

/* What is to be done with an event that is usual. */
enum old_what {
    OLD_IS_UNUSUAL,
    OLD_STARTS_LOCALLY,
    OLD_STARTS,
    OLD_YIELDS,
    OLD_BLOCKS,
    OLD_BLOCKS_IN_CALL,
    OLD_ENDS,
    OLD_STOPS,
    OLD_UNBLOCKS_LOCALLY,
    OLD_UNBLOCKS,
    OLD_CALLS,
    OLD_CREATES,
    OLD_STARTS_PROC,
    OLD_STOPS_PROC,
    OLD_SWEEPS,
    OLD_SWEPT,
    OLD_ASSISTS,
    OLD_ASSISTED,
    OLD_MEASURES,
};

/* Whose state it needs. */
enum old_who {
    OLD_NOBODY,
    OLD_OWN,   /* who runs */
    OLD_NAMED, /* the first number */
    OLD_COLLECTOR,
};

/* By first byte: what is usual, whose state it needs for the order, and which one. merge.c knows it for all types. */
struct old_usual {
    uint8_t what, who, from;
    bool has_seq; /* … with its sequence number */
};

extern const struct old_usual old_usual[256];

extern const char *const old_own_strings[];

/* A type without what is only told apart for the order. */
uint8_t old_plain_type(uint8_t type);
/* Which goroutine an event is of: an enum old_whose. */
uint8_t old_whose(uint8_t type);

/* Strings that stand in no old trace: reasons and why the world stops (traceV1Converter in Go's reader). Their local
 * ids are old_trace.first_own_id and on. */
enum own_string {
    OWN_FOREVER,
    OWN_PREEMPTED,
    OWN_GOSCHED,
    OWN_SLEEP,
    OWN_CHAN_SEND,
    OWN_CHAN_RECEIVE,
    OWN_NETWORK,
    OWN_SYNC,
    OWN_COND,
    OWN_SELECT,
    OWN_EMPTY,
    OWN_MARK_ASSIST,
    OWN_STW, /* and the 16 after it */
    N_OWN_STRINGS = OWN_STW + 17
};

/* Bounds of Go's reader (internal/trace/tracev1). */
enum {
    OLD_MOST_STRING = GXT_MAX_OLD_STRING_BYTES,
    OLD_MOST_ARGUMENT_BYTES = GXT_MAX_OLD_ARGUMENT_BYTES,
    OLD_MOST_FRAMES = GXT_MAX_OLD_FRAMES,
};

/* ---- raw.c: events as they stand in the file ---- */

struct old_raw {
    uint8_t type;
    uint64_t offset;
    uint64_t args[OLD_MOST_ARGUMENT_BYTES]; /* a byte each at least */
    size_t n_args;
    struct span text; /* of a string or a log */
    uint64_t id;      /* of a string */
};

struct old_trace;

/* The next event; @in is not empty. 0, or the fault. */
int old_raw_read(struct old_raw *raw, const struct old_trace *trace, struct span *in, struct gxt_error *fault);
int old_wrong_count(const struct old_raw *raw, struct gxt_error *fault);

#define OLD_CORRUPT(raw, fault, ...) fault_set((fault), GXT_ECORRUPT, (raw)->offset, __VA_ARGS__)

#define ROOM(array, n, capacity)                                                                                       \
    __extension__({                                                                                                    \
        void *grown_ = array_grow((array), (n), &(capacity), sizeof *(array));                                         \
        if (grown_)                                                                                                    \
            (array) = grown_;                                                                                          \
        grown_ != NULL;                                                                                                \
    })

/* ---- trace.c: a trace that was read, or that an index knows ---- */

/* A CPU sample, or a system call's return that happened at another time than it was written. */
struct old_mark {
    int64_t time;    /* ticks */
    uint64_t offset; /* of its event, times two; and one when it comes before what else is of its time */
};

/* What must be known beside the file's bytes to tell its events in order, each a sequence of bytes. */
struct old_stream {
    struct buf bytes; /* all of it, or one piece */
    uint64_t from;    /* of the whole; where the piece begins */
    uint64_t size;    /* of the whole */
};

/* How an event stands in the file when it does as is usual, by its first byte. */
struct old_quick {
    uint8_t n;      /* numbers, the time and a stack included; 0: it is not usual */
    uint8_t n_args; /* without them */
    uint8_t type, plain;
    uint8_t whose; /* enum old_whose */
    bool stack;
    uint8_t certain; /* it is an event whatever its numbers say: where its time stands; 0: it may be none */
    uint8_t exact;   /* the same, but 0 as well where it could stand in fewer bytes */
};

enum old_whose {
    OLD_STAYS, /* of who runs on its processor */
    OLD_BEGINS,
    OLD_LEAVES, /* the same, but it is the last one */
    OLD_NAMES,  /* of another one, which it names */
};

struct old_lane {
    int32_t p;
    uint32_t first_batch; /* in the directory; MAP_NONE for none */
    bool is_samples;      /* the last lane: they come by their times, as if from a processor of their own */
    uint64_t end;         /* its events stand before this byte; UINT64_MAX: all are there */
};

struct old_trace {
    const struct source *source;
    struct pool *pool;
    uint64_t begin, end; /* of what is read */
    int version;
    bool recovers;         /* a clock that is lost is no fault; of a fault it is told where the events end before it */
    bool was_cut;          /* ends were moved, so that reading again may find no fault */
    bool is_misled;        /* a batch was found within what was taken for one */
    bool has_clock;        /* which is told last. Where batches are guessed this is not known */
    struct map end_places; /* of a hurt trace: P to place, … */
    uint64_t *ends;        /* … where the processor's events end, as far as they can be had */
    size_t n_ends, ends_capacity;
    int64_t lost_from; /* the time of the last event before one of them, of the first one; where there are any */
    struct old_quick quick[256];
    struct gen gen;       /* its tables; its batches, cut in pieces of 64 KiB at most */
    uint32_t *next_batch; /* of the same processor, by place in the directory */
    size_t next_capacity;
    struct old_lane *lanes; /* by rising P; the samples' comes last */
    size_t n_lanes;
    struct old_stream streams[LEGACY_N_STREAMS];
    uint64_t n_events;
    int64_t first_tick, ticks_per_second;
    uint64_t max_string, first_own_id; /* of the trace's own strings; of those that this room adds behind the logs' */
    struct map messages;               /* of logs: content id to how many come before it */
    const struct gxt_string **message_list;
    size_t n_messages, messages_capacity;
    struct map timers;     /* goroutines that are timers' */
    struct map bad_stacks; /* ids of stacks that name strings that are not there */
    struct legacy_finder finder;
    bool is_known; /* by an index: pieces come from there, and batches are checked when they are first read */
    uint8_t *is_checked;
};

/* Fills trace.quick. */
void old_trace_init(struct old_trace *trace);
/* Forgets all that was read. */
void old_trace_done(struct old_trace *trace);
/* Makes trace.next_batch and the lanes' first batches of the directory. 0; GXT_ENOMEM; GXT_EINDEX. */
int old_trace_link(struct old_trace *trace);
/* Where a batch and the pieces that follow it end. Sees that they are what they were. 0; GXT_ESTALE. */
int old_batch_open(struct old_trace *trace, uint32_t batch, struct span *ret, struct gxt_error *fault);
/* The place of the lane of a processor; n_lanes for none. */
size_t old_lane_of(const struct old_trace *trace, int32_t p);
/* The local id of a log's message. 0; GXT_ENOMEM; GXT_EINDEX when it is not known. */
int old_message(struct old_trace *trace, struct span text, uint64_t *ret, struct gxt_error *fault);
/* What an index is to know: all but the tables, the directory and the streams. */
void old_trace_save(const struct old_trace *trace, struct buf *ret);
int old_trace_restore(struct old_trace *trace, struct span in);
/* @n bytes of a stream, which do not lie in two pieces. NULL with the fault. */
const uint8_t *old_stream_at(struct old_trace *trace, enum legacy_stream stream, uint64_t at, size_t n,
                             struct gxt_error *fault);

/* ---- lost.c: what can be had of a hurt trace ---- */

/* No processor's events end before they do. */
void old_ends_clear(struct old_trace *trace);
void old_ends_done(struct old_trace *trace);
/* Where a processor's events end; UINT64_MAX: nowhere. */
uint64_t old_end_of(const struct old_trace *trace, int32_t p);
/* They end here, behind an event of this time, unless they do before. 0; GXT_ENOMEM. */
int old_end_at(struct old_trace *trace, int32_t p, uint64_t offset, int64_t time);
/* The same of the processor in whose batch a byte is, and from the batch's time. */
int old_end_before(struct old_trace *trace, uint64_t offset);
/* As old_read(); where the trace recovers, as much as has no fault, with what is lost for that. */
int old_read_sound(struct old_trace *trace, struct gxt_loss *loss, struct gxt_error *fault);

/* ---- lane.c: the events of one processor ---- */

struct old_event {
    int64_t time; /* ticks */
    uint64_t g;
    uint64_t args[3]; /* a log's message: args[2] is its local string id */
    uint64_t offset;
    uint32_t stack;
    uint8_t type;  /* as it stands in the file */
    uint8_t plain; /* without what is only told apart for the order */
};

/* Where the reading of a lane is. */
struct old_reading {
    const uint8_t *at, *end; /* of the batch being read */
    int64_t time;            /* of the last event that was read, … */
    uint64_t delta;          /* … what it added, … */
    uint64_t last_g;         /* … and who runs behind it */
    uint32_t lane;
    uint32_t batch;       /* the one being read, … */
    uint32_t next_batch;  /* … and the next one */
    uint64_t n_samples;   /* taken, of the lane of samples */
    const uint8_t *ahead; /* behind the time of the event that comes, when that is not read; NULL: it is */
    struct old_event event;
};

struct old_tables;

struct old_reader {
    struct old_trace *trace;
    struct old_tables *tables; /* takes strings and stacks; NULL: they are passed over, and so are returns that have a
                                  mark */
    struct old_raw raw;
    struct gxt_error *fault;
};

void old_reading_begin(const struct old_trace *trace, size_t lane, struct old_reading *ret);
/* Moves to a batch's beginning. 0; negative. */
int old_reading_open(struct old_trace *trace, struct old_reading *reading, uint32_t batch, struct gxt_error *fault);
/* Takes strings and stacks from behind a lane's end, as far as they are not hurt. 0; GXT_ENOMEM. */
int old_take_lost_tables(struct old_reader *reader, const struct old_lane *lane);
/* What is not usual. Return as old_reading_next(). */
int old_reading_slow(struct old_reader *reader, const struct old_lane *lane, struct old_reading *reading);
/* The event of a mark. */
int old_mark_read(struct old_reader *reader, const struct old_mark *mark, struct old_event *ret);

enum {
    OLD_QUICK_BYTES = 1 + 10 * 7
};

/* Whether a system call's return happened at another time than it was written: then a mark tells of it. */
static inline bool old_has_mark(const struct old_event *event)
{
    return event->type == OLD_GO_SYS_EXIT && event->args[2] != 0 && (int64_t)event->args[2] != event->time;
}

static inline __attribute__((always_inline)) void old_set_goroutine(struct old_reading *reading, uint8_t whose)
{
    struct old_event *event = &reading->event;

    event->g = reading->last_g;
    if (whose == OLD_BEGINS)
        event->g = reading->last_g = event->args[0];
    else if (whose == OLD_LEAVES)
        reading->last_g = 0;
    else if (whose == OLD_NAMES)
        event->g = event->args[0];
}

/* The numbers behind the time, when they are so many. Return: behind them, or NULL. */
static inline __attribute__((always_inline)) const uint8_t *old_read_rest(const uint8_t *at, unsigned n, bool has_stack,
                                                                          struct old_event *event)
{
    uint64_t numbers[5] = {0};

    for (unsigned i = 0; i < n; i++)
        if (UNLIKELY((at = wire_number(at, &numbers[i])) == NULL))
            return NULL;
    event->stack = n > 0 && has_stack ? (uint32_t)numbers[n - 1] : 0;
    for (unsigned i = 0; i < 3; i++)
        event->args[i] = i + 1 < n || (i < n && !has_stack) ? numbers[i] : 0;
    return at;
}

/* The same for a number of them that is known only now: each has code of its own. */
static inline __attribute__((always_inline)) const uint8_t *old_read_args(const uint8_t *at,
                                                                          const struct old_quick *quick,
                                                                          struct old_event *event)
{
    switch (quick->n) {
    case 1:
        return old_read_rest(at, 0, false, event);
    case 2:
        return old_read_rest(at, 1, quick->stack, event);
    case 3:
        return old_read_rest(at, 2, quick->stack, event);
    case 4:
        return old_read_rest(at, 3, quick->stack, event);
    default:
        return old_read_rest(at, 4, quick->stack, event);
    }
}

/* Moves to the next event. 1; 0 when there is no more; negative. */
static inline __attribute__((always_inline)) int old_reading_next(struct old_reader *reader,
                                                                  const struct old_lane *lane,
                                                                  struct old_reading *reading)
{
    const uint8_t *at = reading->at;
    struct old_event *event = &reading->event;
    uint64_t delta;

    if (UNLIKELY(reading->end - at < OLD_QUICK_BYTES))
        return old_reading_slow(reader, lane, reading);
    const struct old_quick *quick = &reader->trace->quick[*at];
    if (UNLIKELY(quick->n == 0))
        return old_reading_slow(reader, lane, reading);
    const bool is_prefixed = *at >= 0xc0; /* a number says how many bytes follow */
    const uint8_t *args = at + 1 + is_prefixed;
    const uint8_t *behind = wire_number_even(args, &delta);
    if (UNLIKELY(!behind || !(behind = old_read_args(behind, quick, event)) ||
                 (is_prefixed && (at[1] >= 0x80 || behind != args + at[1]))))
        return old_reading_slow(reader, lane, reading);
    event->type = quick->type;
    event->plain = quick->plain;
    event->offset = (uint64_t)(at - reader->trace->source->at);
    event->time = reading->time = (int64_t)((uint64_t)reading->time + delta);
    reading->delta = delta;
    old_set_goroutine(reading, quick->whose);
    reading->at = behind;
    if (UNLIKELY(event->type == OLD_GO_SYS_EXIT) && !reader->tables && old_has_mark(event))
        return old_reading_slow(reader, lane, reading);
    return 1;
}

/* The time of the next event, when it is one that is nothing but itself: reading it cannot pass it over. @exact: and
 * stands in no more bytes than it needs. Return: what follows the time; NULL when it is not so. */
static inline __attribute__((always_inline)) const uint8_t *old_peek(const struct old_trace *trace, const uint8_t *at,
                                                                     const uint8_t *end, bool exact,
                                                                     uint64_t *ret_delta)
{
    if (UNLIKELY(end - at < OLD_QUICK_BYTES))
        return NULL;
    const struct old_quick *quick = &trace->quick[*at];
    const unsigned where = exact ? quick->exact : quick->certain;
    return LIKELY(where > 0) ? wire_number_even(at + where, ret_delta) : NULL;
}

/* The numbers behind the time of such an event. Return: behind them; NULL when they are not as usual. */
static inline __attribute__((always_inline)) const uint8_t *old_read_numbers(const uint8_t *at, const uint8_t *numbers,
                                                                             unsigned n, bool has_stack,
                                                                             struct old_event *event)
{
    const uint8_t *behind = old_read_rest(numbers, n, has_stack, event);

    return n < 3 || (at[1] < 0x80 && behind == at + 2 + at[1]) ? behind : NULL;
}

/* ---- tables.c ---- */

struct old_tables *old_tables_new(struct old_trace *trace);
struct old_tables *old_tables_free(struct old_tables *tables);
/* What is about the trace and not of a moment. 1: it was that; 0; negative. */
int old_tables_take(struct old_tables *tables, const struct old_raw *raw, struct gxt_error *fault);
/* Whether the samples and timers that were passed are those that were found. */
bool old_tables_fit(const struct old_tables *tables);
/* Makes trace.gen's tables. */
int old_tables_make(struct old_tables *tables, struct gxt_error *fault);

/* ---- scan.c, merge.c: reading a whole trace ---- */

/* Finds batches, lanes, samples and timers, looking at every event; or guesses them, and no timers, which reading shows
 * to be right or not. */
int old_scan(struct old_trace *trace, bool guesses, struct gxt_error *fault);
/* Reads, orders and checks a whole trace. 0, or the fault that loses all of it. */
int old_read(struct old_trace *trace, struct gxt_error *fault);
/* The same with batches that are guessed, or not. */
int old_read_once(struct old_trace *trace, bool guesses, struct gxt_error *fault);

/* ---- check.c ---- */

/* What reading keeps of a goroutine. */
struct old_g {
    uint64_t id;
    uint64_t seq;
    int64_t block_time; /* of the system call that blocked last, 0 for none */
    uint64_t call;      /* its event last seen is this system call, counted from 1; 0: it is none */
    uint32_t region;    /* the innermost open one, in check.regions */
    uint8_t status;     /* by the order */
    uint8_t state;      /* by what was checked */
    bool is_known;      /* an event was of it */
    bool is_blocked;    /* what the order saw of it last is that its system call blocked */
    bool assists;
};

/* What is checked of a processor. */
struct old_p {
    uint64_t g; /* 0 for none */
    bool running, sweeping;
};

struct old_region {
    uint64_t task, type;
    uint32_t outer; /* place in check.regions; MAP_NONE for none */
};

/* Whether events fit each other. */
struct old_check {
    struct old_trace *trace;
    struct gxt_error *fault;
    const struct old_event *event;
    struct old_g *gs;
    struct map tasks;
    struct old_region *regions;
    size_t n_regions, regions_capacity;
    uint32_t free_region; /* MAP_NONE for none; by .outer */
    uint64_t n_calls;
    int32_t p;
    bool gc, stopped;
};

/* Of whom an event is. */
struct old_check_place {
    int32_t p;
    struct old_p *of;
    uint32_t own, other; /* places of goroutines: its own, and the one that it names */
};

/* From the start, with goroutines of which none is known; the first one is nobody. */
void old_check_begin(struct old_check *check);
/* The next event. 0, or the fault. */
int old_check_event(struct old_check *check, const struct old_event *event, struct old_check_place place);
void old_check_done(struct old_check *check);

enum old_state {
    OLD_DEAD,
    OLD_RUNNABLE,
    OLD_RUNNING,
    OLD_WAITING
};

/* ---- merge.c, turn.c: the order of a whole trace ---- */

/* Of a goroutine's sequence and, as ids, of none's. */
#define OLD_UNORDERED UINT64_MAX
#define OLD_GARBAGE (UINT64_MAX - 1) /* the collector's own sequence */
#define OLD_ANY_SEQ UINT64_MAX
#define OLD_NEXT_SEQ (UINT64_MAX - 1)

/* What an event needs of a goroutine, and what it makes of it. */
struct old_move {
    uint32_t g; /* its place; MAP_NONE: nothing */
    uint8_t from, to;
    uint64_t from_seq, to_seq;
};

struct old_proc {
    int64_t time;      /* of the event that comes. When that is not read, .reading is ahead of it, and … */
    uint32_t last_own; /* the place of who runs */
    struct old_p p;
    struct old_reading reading;
    struct old_move move; /* … this is known when it waits */
    struct old_lane *lane;
    uint32_t own, other; /* places of the event's goroutine, and of the one that it names; 0 for none */
    uint32_t at;         /* of its lane */
    bool has_event, is_fresh, done;
};

/* Processors whose event is ready, a heap by time; ties stand as the moves of Go's reader leave them. */
struct old_ready {
    int64_t time;
    struct old_proc *proc;
};

/* So many goroutines, by the low bits of their ids, are found without the map. */
#define OLD_NEAR 1024

/* In place of a goroutine's place, with its sequence: it has ended as is usual, and no more is to be known of it. */
#define OLD_ENDED (UINT32_C(1) << 31)

struct old_merge {
    struct old_reader reader;
    struct old_trace *trace;
    struct gxt_error *fault;
    struct old_check check;
    struct id_map g_places;
    uint32_t near[OLD_NEAR]; /* places of what was looked for last, by the low bits of ids; 0 is nobody's */
    struct old_g *gs;
    size_t n_gs, gs_capacity;
    uint32_t free_g; /* a place that an ended one has left, by .region; 0 for none */
    struct old_proc *procs, **waiting;
    struct old_ready *ready;
    size_t n_waiting, n_ready, n_read; /* of all, those whose event was read */
    uint64_t waited_for;               /* places of goroutines for which one waits: a bit for each, modulo 64 */
    uint32_t changed;                  /* the goroutine that the last event moved */
    int64_t last_time;                 /* of the last event */
    const struct old_proc *tail;       /* whose the last events are, … */
    size_t n_tail;                     /* … and how many of these are of that time */
    uint64_t n_events;
    int64_t first_tick;
    bool is_right; /* there was an event, and so far all were right */
    bool is_odd; /* a return goes where another event of its goroutine may be between: events are checked in their order
                  */
    struct gxt_error bad_time, bad_exit, bad_check; /* the first of each */
};

/* The place of a goroutine that is not near, made when it is not known; MAP_NONE without memory. It comes near. */
uint32_t old_merge_far(struct old_merge *merge, uint64_t id);
/* A goroutine has ended: its place may be another one's. */
void old_merge_end(struct old_merge *merge, uint32_t at);

static inline uint32_t old_merge_g_of(struct old_merge *merge, uint64_t id)
{
    const uint32_t at = merge->near[id % OLD_NEAR];
    return LIKELY(merge->gs[at].id == id) ? at : old_merge_far(merge, id);
}

static inline bool old_merge_is_ready(const struct old_merge *merge, const struct old_move *move)
{
    if (move->g == MAP_NONE)
        return true;
    const struct old_g *g = &merge->gs[move->g];
    return (move->from_seq == OLD_ANY_SEQ || move->from_seq == g->seq) && move->from == g->status;
}

void old_merge_push(struct old_merge *merge, struct old_proc *proc);
struct old_proc *old_merge_pop(struct old_merge *merge);
/* What the pushes and pops that were left out in a turn of so many events make of the heap. */
void old_merge_settle(struct old_merge *merge, size_t n);
/* Whether one that waits does so for the goroutine that the last event moved. */
bool old_merge_is_waited_for(const struct old_merge *merge);
/* An event of a time is taken: whose it is, in case that others are of that time too. It is not the last one yet. */
void old_merge_note(struct old_merge *merge, const struct old_proc *proc, int64_t time);

/**
 * old_merge_take_usual() - take events of turns as long as all is usual
 * @proc:  whose turn it is; the one whose turn it has become
 * @n:     events taken in this turn
 *
 * Return: whether the turn is over, and the processor is to wait with its next event; else that one is to be read.
 */
bool old_merge_take_usual(struct old_merge *merge, struct old_proc **proc, size_t *n);

/* ---- sequence.c: the events of a trace in order ---- */

struct old_sequence {
    struct old_reader reader;
    struct old_reading *readings; /* by lane */
    int64_t *times;               /* of those that have an event, … */
    struct old_reading **fronts;  /* … and which they are */
    size_t n_lanes;
    size_t current;        /* place in these of the one at whose event it is, … */
    int64_t until;         /* … and before this time nothing else comes; INT64_MIN: that is not known */
    size_t next;           /* who comes then, … */
    int64_t third;         /* … and before this time nothing but these two; INT64_MIN: that is not known */
    bool is_pending;       /* the event was taken: its lane is to move on */
    bool has_event;        /* one was chosen and not taken yet */
    struct old_event exit; /* one that has a mark … */
    struct old_event *event;
    struct old_mark next_exit; /* the mark that comes, if there is … */
    bool has_exit;             /* … one: before … */
    int64_t exit_from;         /* … this time it is not its turn; INT64_MIN: it was not looked for */
    uint32_t lane;             /* … has lane n_lanes of the trace */
    uint64_t tie, tie_before;  /* bytes passed; when the event was chosen */
    uint64_t n_exits, n_calls, n_events;
};

int old_sequence_new(struct old_trace *trace, struct gxt_error *fault, struct old_sequence **ret);
struct old_sequence *old_sequence_free(struct old_sequence *sequence);
/* Back to the start. 0, or the fault. */
int old_sequence_begin(struct old_sequence *sequence);
/* Whose event comes next, where old_sequence_choose_least() does not tell. Return as old_sequence_choose(). */
int old_sequence_choose_any(struct old_sequence *sequence);
/* Reads the event that was chosen. Return as old_sequence_look(). */
int old_sequence_read(struct old_sequence *sequence);
/* The lane at which it is has no more events. */
void old_sequence_drop(struct old_sequence *sequence);

static inline __attribute__((always_inline)) int old_sequence_advance(struct old_sequence *sequence, uint32_t lane)
{
    sequence->readings[lane].ahead = NULL;
    return old_reading_next(&sequence->reader, &sequence->reader.trace->lanes[lane], &sequence->readings[lane]);
}

/* Moves on the lane whose event was taken. */
static inline __attribute__((always_inline)) int old_sequence_settle(struct old_sequence *sequence)
{
    if (UNLIKELY(!sequence->is_pending))
        return 0;
    sequence->is_pending = false;
    if (UNLIKELY(sequence->event == &sequence->exit))
        return 0;
    int r = old_sequence_advance(sequence, sequence->lane);
    if (UNLIKELY(r <= 0)) {
        old_sequence_drop(sequence);
        return r;
    }
    sequence->times[sequence->current] = sequence->event->time;
    return 0;
}

/* Nothing is known of who comes when. */
static inline void old_sequence_forget(struct old_sequence *sequence)
{
    sequence->until = sequence->third = INT64_MIN;
}

static inline __attribute__((always_inline)) void old_sequence_set(struct old_sequence *sequence, size_t at)
{
    sequence->current = at;
    sequence->lane = sequence->fronts[at]->lane;
    sequence->event = &sequence->fronts[at]->event;
}

/* The lane whose event comes next, if it is alone the earliest and before what returns. Without a branch between lanes:
 * who is the earliest follows no rule. */
static inline __attribute__((always_inline)) bool old_sequence_choose_least(struct old_sequence *sequence)
{
    int64_t least = sequence->times[0], second = INT64_MAX, third = sequence->exit_from;
    size_t at = 0, next = 0;

    for (size_t i = 1; i < sequence->n_lanes; i++) {
        const int64_t time = sequence->times[i], later = time < least ? least : time;
        const size_t later_at = time < least ? at : i;
        const int64_t last = later < second ? second : later;
        at = time < least ? i : at;
        least = time < least ? time : least;
        next = later < second ? later_at : next;
        second = later < second ? later : second;
        third = last < third ? last : third;
    }
    const int64_t until = second < third ? second : third;
    if (UNLIKELY(least >= until))
        return false;
    sequence->until = until;
    sequence->next = next;
    sequence->third = third;
    old_sequence_set(sequence, at);
    return true;
}

/* The same where two lanes take turns and all else comes later: as processors do that work for each other. */
static inline __attribute__((always_inline)) bool old_sequence_choose_other(struct old_sequence *sequence)
{
    const size_t current = sequence->current;
    const int64_t time = sequence->times[current];

    if (time <= sequence->until || time >= sequence->third)
        return false;
    old_sequence_set(sequence, sequence->next);
    sequence->next = current;
    sequence->until = time;
    return true;
}

/* Looks at all lanes for the one whose event comes next: of that perhaps only the time is known. 1; 0; negative. */
static inline __attribute__((always_inline)) int old_sequence_choose(struct old_sequence *sequence)
{
    return LIKELY(old_sequence_choose_least(sequence)) ? 1 : old_sequence_choose_any(sequence);
}

/* Whose event comes next, none being chosen. Return as old_sequence_choose(). */
static inline __attribute__((always_inline)) int old_sequence_find(struct old_sequence *sequence)
{
    return LIKELY(sequence->times[sequence->current] < sequence->until) ? 1 : old_sequence_choose(sequence);
}

/* The event that comes next, in sequence.event. 1; 0; negative. */
static inline __attribute__((always_inline)) int old_sequence_look(struct old_sequence *sequence)
{
    if (UNLIKELY(sequence->has_event))
        return 1;
    int r = old_sequence_settle(sequence);
    if (LIKELY(r >= 0))
        r = old_sequence_find(sequence);
    return r > 0 ? old_sequence_read(sequence) : r;
}

/* Passes it. It stays readable until the next choice. */
static inline void old_sequence_take(struct old_sequence *sequence)
{
    sequence->has_event = false;
    sequence->is_pending = true;
    sequence->n_events++;
    sequence->n_calls += sequence->event->type == OLD_GO_SYS_CALL;
}
/* Whether the system call that comes next blocks. 1; 0; negative. */
int old_sequence_blocks(struct old_sequence *sequence);
int old_sequence_save(struct old_sequence *sequence, struct buf *ret);
int old_sequence_restore(struct old_sequence *sequence, struct reader *in);

/* ---- a walk: legacy.c, convert.c, snapshot.c, picture.c ---- */

struct old_task {
    uint64_t id, parent, name; /* the name's local id */
};

/* What records have told so far of a goroutine that is there. */
struct seen_g {
    gxt_goid id;
    gxt_threadid thread;
    uint8_t state;   /* GXT_GO_NOT_EXIST: nobody's place */
    bool on_network; /* what it waits for */
    bool is_far;     /* it is in the map, perhaps near as well */
};

/* The same of a processor. */
struct seen_p {
    gxt_threadid thread; /* as the last ProcStart says; GXT_NO_THREAD when it is stopped */
    gxt_procid id;
    uint8_t state;
    bool told; /* a record has named it */
};

struct legacy {
    struct old_trace trace;
    struct old_sequence *sequence; /* NULL before the trace is known */
    struct gxt_error fault, bad;   /* of the walk; of the trace as a whole */
    struct gxt_loss loss;
    bool was_read, has_begun, before_init, done, fell;
    bool recovers;   /* … from a fault, which is a loss then */
    bool is_refused; /* what the index knows could not be used */
    uint64_t n_syncs;
    int64_t last_ns;
    double ns_per_tick;
    uint64_t usual_ticks; /* fewer, from the first event on, are less than OLD_USUAL_NS */
    uint64_t stop_reason; /* local string id */

    struct order_record *waiting; /* that follow the record handed out */
    size_t n_waiting, next_waiting, waiting_capacity;
    uint64_t *created; /* goroutines that were there before the trace, and have told nothing yet */
    size_t n_created, created_capacity;
    struct map created_places, task_places;
    struct id_map g_places;
    struct old_task *tasks;
    struct seen_g *gs;       /* the first is nobody */
    struct seen_p *ps;       /* by lane */
    uint32_t near[OLD_NEAR]; /* places of goroutines that are there; 0 for none. Those that end soon come to no map */
    uint32_t *free_gs;
    size_t n_tasks, tasks_capacity, n_gs, gs_capacity, n_free, free_capacity;
};

/* Behind it a time may not fit 64 bits. */
#define OLD_USUAL_NS ((int64_t)1 << 62)

/* Ticks since the first event, as nanoseconds. */
static inline int64_t old_time_of(const struct legacy *legacy, int64_t ticks)
{
    const double ns = (double)(int64_t)((uint64_t)ticks - (uint64_t)legacy->trace.first_tick) * legacy->ns_per_tick;
    return LIKELY(ns >= -0x1p63 && ns < 0x1p63) ? (int64_t)ns : INT64_MIN;
}

static inline bool old_has_waiting(const struct legacy *legacy)
{
    return legacy->next_waiting < legacy->n_waiting;
}

/* ---- legacy.c ---- */

/* Takes what an index knows, or reads the trace. Where this fails the trace has no record. */
int old_prepare(struct legacy *legacy);
/* Forgets all that was read or known. */
void old_forget(struct legacy *legacy);

/* ---- convert.c ---- */

/* What the next event becomes, which is passed. 1; 0 when it becomes nothing by itself; negative. */
int old_convert(struct legacy *legacy, struct order_record *ret);
/* Keeps what a record that is handed out says of states. Return: whether there was memory. */
bool old_see(struct legacy *legacy, const struct order_record *record);
struct seen_g *old_seen_g(struct legacy *legacy, gxt_goid id);
/* The place of a goroutine that is there and not near; 0 for none. It comes near. */
uint32_t old_far_place(struct legacy *legacy, uint64_t id);

static inline uint32_t old_place_of(struct legacy *legacy, uint64_t id)
{
    const uint32_t at = legacy->near[id % OLD_NEAR];
    return LIKELY((uint64_t)legacy->gs[at].id == id && at != 0) ? at : old_far_place(legacy, id);
}

/* One that is there, or NULL. */
static inline struct seen_g *old_there(struct legacy *legacy, uint64_t id)
{
    const uint32_t at = old_place_of(legacy, id);
    return LIKELY(at != 0) ? &legacy->gs[at] : NULL;
}

/* One that has ended is not there. Return: whether there was memory. */
bool old_forget_g(struct legacy *legacy, gxt_goid id);
int old_add_created(struct legacy *legacy, uint64_t g);
int old_add_task(struct legacy *legacy, struct old_task task);
int old_no_memory(struct legacy *legacy);

#endif
