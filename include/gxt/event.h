/* event.h: one event of a trace, as Go's reader tells it (golang.org/x/exp/trace, type Event) and a little more.
 *
 * Lifetimes. An event is cursor-lent: it is good until the next call on its cursor. The strings and stacks it points to
 * are trace-lent: good until gxt_trace_close(), the same pointer for the same content whatever the generation.
 */
#ifndef GXT_EVENT_H
#define GXT_EVENT_H

#include <gxt/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int64_t gxt_goid;     /**< a goroutine (G) */
typedef int64_t gxt_procid;   /**< a processor (P) */
typedef int64_t gxt_threadid; /**< an OS thread (M) */
typedef uint64_t gxt_taskid;  /**< a runtime/trace task */

#define GXT_NO_GOROUTINE ((gxt_goid)-1)
#define GXT_NO_PROC ((gxt_procid)-1)
#define GXT_NO_THREAD ((gxt_threadid)-1)
#define GXT_NO_TASK UINT64_MAX          /**< no task is named (Go's NoTask) */
#define GXT_BACKGROUND_TASK UINT64_C(0) /**< what regions and logs outside any task name (Go's BackgroundTask) */

/** A string of the trace: bytes, usually UTF-8, which may hold NULs and is followed by one. */
struct gxt_string {
    uint64_t id;    /**< names the content: XXH3, the same in every generation and every opening of the trace */
    const char *at; /**< the bytes */
    size_t len;     /**< how many, without the NUL that follows */
};

/** One frame of a stack. */
struct gxt_frame {
    uint64_t pc;                   /**< program counter */
    uint64_t line;                 /**< line within file */
    const struct gxt_string *func; /**< function's full name, never NULL */
    const struct gxt_string *file; /**< source file, never NULL */
};

/** A stack: innermost frame first. Opaque; equal content is the same pointer and the same id. */
struct gxt_stack;

/** What an event is: Go's EventKind, in Go's order. */
enum gxt_kind {
    GXT_KIND_BAD = 0,
    GXT_KIND_SYNC,
    GXT_KIND_METRIC,
    GXT_KIND_LABEL,
    GXT_KIND_STACK_SAMPLE,
    GXT_KIND_RANGE_BEGIN,
    GXT_KIND_RANGE_ACTIVE,
    GXT_KIND_RANGE_END,
    GXT_KIND_TASK_BEGIN,
    GXT_KIND_TASK_END,
    GXT_KIND_REGION_BEGIN,
    GXT_KIND_REGION_END,
    GXT_KIND_LOG,
    GXT_KIND_STATE_TRANSITION,
    GXT_KIND_EXPERIMENTAL,
    GXT_N_KINDS
};

/** What a resource is: Go's ResourceKind, in Go's order. */
enum gxt_resource {
    GXT_RESOURCE_NONE = 0,
    GXT_RESOURCE_GOROUTINE,
    GXT_RESOURCE_PROC,
    GXT_RESOURCE_THREAD,
};

/** The state of a goroutine: Go's GoState, in Go's order. */
enum gxt_gostate {
    GXT_GO_UNDETERMINED = 0,
    GXT_GO_NOT_EXIST,
    GXT_GO_RUNNABLE,
    GXT_GO_RUNNING,
    GXT_GO_WAITING,
    GXT_GO_SYSCALL,
};

/** The state of a processor: Go's ProcState, in Go's order. */
enum gxt_procstate {
    GXT_PROC_UNDETERMINED = 0,
    GXT_PROC_NOT_EXIST,
    GXT_PROC_RUNNING,
    GXT_PROC_IDLE,
};

/** Whether a transition puts a goroutine on the event's thread or takes it off: a thread's goroutines without a word of
 * Ps. */
enum gxt_run {
    GXT_RUN_SAME = 0, /**< the thread goes on with what it had */
    GXT_RUN_BEGIN,    /**< from here on it executes the goroutine (running or in a syscall) */
    GXT_RUN_END,      /**< up to here it executed the goroutine */
};

/** Why a goroutine stopped or blocked: the runtime's traceGoStopReasonStrings and traceBlockReasonStrings
 * (runtime/traceruntime.go). A text not known here is GXT_REASON_OTHER, and the text stands in the event. */
enum gxt_reason {
    GXT_REASON_NONE = 0,          /**< "": no reason is given */
    GXT_REASON_OTHER,             /**< a text not listed here */
    GXT_REASON_UNSPECIFIED,       /**< "unspecified"; Go 1.22 */
    GXT_REASON_GOSCHED,           /**< "runtime.Gosched"; Go 1.22 */
    GXT_REASON_PREEMPTED,         /**< "preempted"; Go 1.22 */
    GXT_REASON_FOREVER,           /**< "forever"; Go 1.22 */
    GXT_REASON_NETWORK,           /**< "network"; Go 1.22 */
    GXT_REASON_SELECT,            /**< "select"; Go 1.22 */
    GXT_REASON_COND_WAIT,         /**< "sync.(*Cond).Wait"; Go 1.22 */
    GXT_REASON_SYNC,              /**< "sync"; Go 1.22 */
    GXT_REASON_CHAN_SEND,         /**< "chan send"; Go 1.22 */
    GXT_REASON_CHAN_RECEIVE,      /**< "chan receive"; Go 1.22 */
    GXT_REASON_GC_MARK_ASSIST,    /**< "GC mark assist wait for work"; Go 1.22 */
    GXT_REASON_GC_SWEEPER,        /**< "GC background sweeper wait"; Go 1.22 */
    GXT_REASON_SYSTEM,            /**< "system goroutine wait"; Go 1.22 */
    GXT_REASON_DEBUG_CALL,        /**< "wait for debug call"; Go 1.22 */
    GXT_REASON_GC_MARK_TERMINATE, /**< "wait until GC ends"; Go 1.22 */
    GXT_REASON_SLEEP,             /**< "sleep"; Go 1.22 */
    GXT_REASON_GC_WEAK_TO_STRONG, /**< "GC weak to strong wait"; Go 1.24 */
    GXT_REASON_SYNCTEST,          /**< "synctest"; Go 1.24 */
    GXT_N_REASONS
};

/** What a range is. Each has one scope. */
enum gxt_range_kind {
    GXT_RANGE_OTHER = 0,
    GXT_RANGE_STOP_THE_WORLD, /**< whole process, begun and ended by one goroutine; Go 1.22 */
    GXT_RANGE_GC_MARK,        /**< whole process; Go 1.22 */
    GXT_RANGE_GC_SWEEP,       /**< one processor; Go 1.22 */
    GXT_RANGE_GC_MARK_ASSIST, /**< one goroutine; Go 1.22 */
};

/** Whom a range concerns. */
enum gxt_scope {
    GXT_SCOPE_PROCESS = 0, /**< everything stops or is marked, whoever owns the range */
    GXT_SCOPE_PROC,
    GXT_SCOPE_GOROUTINE,
};

/** Flags of an event. */
enum gxt_event_flag {
    GXT_EVENT_IDLE_PROC = 1,      /**< a sample whose P is idle or unknown at its time: a best effort of the runtime */
    GXT_EVENT_IDLE_GOROUTINE = 2, /**< a sample whose G neither runs nor is in a syscall at its time: likewise */
    GXT_EVENT_HURT = 4, /**< of a recovered trace, behind a fault in the same generation: events before it may be
                           missing, so that its context and place are a best effort */
};

/** A sync: all resources of its generation that exist have been named before the next one. */
struct gxt_sync {
    uint64_t n;          /**< counts from 1 */
    uint64_t generation; /**< the runtime's number of the generation that begins here, 0 for the last sync */
    bool has_snapshot;   /**< whether the four below are set: from Go 1.25 on */
    int64_t clock_ns;    /**< the trace's clock, … */
    uint64_t mono_ns;    /**< … the system's monotonic clock, … */
    int64_t wall_sec;    /**< … and the wall clock of one moment: seconds since 1970 UTC … */
    int64_t wall_nsec;   /**< … and nanoseconds as written, which may pass a second */
};

/** A metric's value. */
struct gxt_metric {
    const struct gxt_string *name; /**< as in Go's runtime/metrics, with the unit */
    uint64_t value;
};

/** A label on a goroutine. */
struct gxt_label {
    const struct gxt_string *label;
    gxt_goid goroutine;
};

/** A range: begin, active at a generation's start, end. */
struct gxt_range {
    const struct gxt_string *name;   /**< Go's name of it, the same at begin and end */
    const struct gxt_string *detail; /**< why the world stops; NULL for the other kinds */
    int64_t id;                      /**< the goroutine or processor whose range it is, or -1 */
    uint64_t bytes_swept;            /**< end of a GC_SWEEP only */
    uint64_t bytes_reclaimed;        /**< end of a GC_SWEEP only */
    uint8_t range;                   /**< an enum gxt_range_kind */
    uint8_t scope;                   /**< an enum gxt_scope */
    uint8_t resource;                /**< whose id it is: an enum gxt_resource, as Go's Range.Scope tells it */
};

/** A task's begin or end. */
struct gxt_task {
    gxt_taskid id;
    gxt_taskid parent; /**< GXT_NO_TASK for none, and at the end of a task whose begin is not in the trace */
    const struct gxt_string *type; /**< "" at the end of a task whose begin is not in the trace */
};

/** A region's begin or end. */
struct gxt_region {
    gxt_taskid task;
    const struct gxt_string *type;
};

/** A log line. */
struct gxt_log {
    gxt_taskid task;
    const struct gxt_string *category;
    const struct gxt_string *message;
};

/** A change of state of a goroutine or processor. */
struct gxt_transition {
    int64_t id;                      /**< the goroutine or processor that changes */
    const struct gxt_string *reason; /**< never NULL; "" for none */
    const struct gxt_stack *stack;   /**< of the one that changes; a new goroutine's: where it will start; or NULL */
    const struct gxt_string *label;  /**< to running: the label that the runtime writes just after; NULL for none */
    uint8_t resource;                /**< an enum gxt_resource: goroutine or proc */
    uint8_t from, to;                /**< enum gxt_gostate or enum gxt_procstate */
    uint8_t run;                     /**< an enum gxt_run; SAME for processors */
    uint8_t reason_code;             /**< an enum gxt_reason */
    bool stolen;                     /**< a processor taken from its thread by another one, or by its end */
};

/** An experimental event, raw. Names come from gxt_event_experimental_name() and its like. */
struct gxt_experimental {
    uint64_t args[4];
    uint8_t n_args;
};

/** One event. Fields of the union are set as kind says. */
struct gxt_event {
    int64_t time_ns;               /**< on the trace's clock; strictly rising from event to event */
    uint64_t ordinal;              /**< the event's number in the trace, from 0 */
    gxt_threadid thread;           /**< context: the thread at it, or GXT_NO_THREAD */
    gxt_procid proc;               /**< context before the event, or GXT_NO_PROC */
    gxt_goid goroutine;            /**< context before the event, or GXT_NO_GOROUTINE */
    const struct gxt_stack *stack; /**< where the context's goroutine was; NULL for none */
    uint8_t kind;                  /**< an enum gxt_kind */
    uint8_t wire_type; /**< event type in the trace's own format (Go's internal/trace/tracev2); 255 for a sync */
    uint16_t flags;    /**< of enum gxt_event_flag */
    union {
        struct gxt_sync sync;
        struct gxt_metric metric;
        struct gxt_label label;
        struct gxt_range range; /**< RANGE_BEGIN, RANGE_ACTIVE, RANGE_END */
        struct gxt_task task;   /**< TASK_BEGIN, TASK_END */
        struct gxt_region region;
        struct gxt_log log;
        struct gxt_transition transition;
        struct gxt_experimental experimental;
    };
};

/** Data that an experiment wrote beside its events: belongs to its generation and hangs on no event. */
struct gxt_experimental_batch {
    const char *experiment; /**< "AllocFree"; static */
    gxt_threadid thread;    /**< who wrote it */
    const uint8_t *data;    /**< trace-lent */
    size_t size_bytes;
};

/** A stack's stable id: XXH3 of its frames' content. Cost: one load. NULL is 0. */
GXT_API uint64_t gxt_stack_id(const struct gxt_stack *stack);

/** A stack's number of frames. Cost: one load. NULL has none. */
GXT_API size_t gxt_stack_len(const struct gxt_stack *stack);

/**
 * gxt_stack_at() - one frame
 * @stack:  not NULL
 * @i:      below gxt_stack_len()
 *
 * Cost: constant. Lifetime: trace-lent.
 * Return: the frame, or NULL if there is no such.
 */
GXT_API const struct gxt_frame *gxt_stack_at(const struct gxt_stack *stack, size_t i);

/** A goroutine, processor or thread. */
struct gxt_resource_id {
    int64_t resource; /**< an enum gxt_resource, not NONE */
    int64_t id;
};

/**
 * gxt_event_belongs() - whether an event belongs to a resource
 *
 * An event belongs to its context, and to whom it is about: a transition, a status, a label, a range. A Sync belongs to
 * nobody, nor does a range of the whole process, whoever began it.
 *
 * Threads: any. Since: 0.1
 */
GXT_API bool gxt_event_belongs(const struct gxt_event *event, struct gxt_resource_id id);

/** Go's words for the enums above, as Go prints them ("StateTransition", "Runnable", …); "Bad" for what is none. */
GXT_API const char *gxt_kind_name(int kind);
GXT_API const char *gxt_resource_name(int resource);
GXT_API const char *gxt_gostate_name(int state);
GXT_API const char *gxt_procstate_name(int state);
/** The runtime's text of a reason; "" for NONE, "other" for OTHER. */
GXT_API const char *gxt_reason_name(int reason);
/** The first Go version that has the reason or range, as NN of 1.NN; 0 for NONE and OTHER. */
GXT_API int gxt_reason_since(int reason);
GXT_API int gxt_range_since(int range);

/** Go's name of a wire event type ("GoCreate", "HeapObjectAlloc", …); "" for none. */
GXT_API const char *gxt_wire_name(int wire_type);
/** The name of an experimental event's argument @i ("id", "npages_value", …); "" if there is none such. */
GXT_API const char *gxt_experimental_arg_name(int wire_type, size_t i);
/** The experiment that a wire event type belongs to ("AllocFree"); "" for none. */
GXT_API const char *gxt_experiment_name(int wire_type);

#ifdef __cplusplus
}
#endif
#endif
