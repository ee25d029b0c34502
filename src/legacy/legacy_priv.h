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

struct old_event {
    int64_t time; /* ticks, then nanoseconds from the first event */
    uint64_t g;
    uint64_t args[3]; /* a log's message: args[2] is its local string id; a system call: args[0] is whether it blocks */
    uint64_t offset;
    uint32_t stack;
    int32_t p;
    uint8_t type;
};

/* A trace that was read. */
struct old_trace {
    const struct source *source;
    struct pool *pool;
    uint64_t begin;
    int version;
    struct old_event *events;
    size_t n_events, capacity;
    struct gen gen;        /* its tables */
    uint64_t first_own_id; /* of strings that this room adds behind the trace's own */
};

/* ---- parse.c ---- */

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

/* Reads, orders and checks a whole trace. 0, or the fault that loses all of it. */
int old_read(struct old_trace *trace, struct gxt_error *fault);
void old_done(struct old_trace *trace);

/* ---- check.c ---- */

/* Whether events fit each other, after which some are told to be of other processors. */
int old_check(struct old_trace *trace, struct gxt_error *fault);

#endif
