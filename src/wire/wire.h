/* wire.h: bytes to numbers: varints, the header, batch headers, timed events. No allocation, no meaning.
 *
 * The format is that of Go 1.22 and later (internal/trace/tracev2 in Go's source). This room returns codes only: its
 * caller knows the offset and bears the fault.
 */
#ifndef WIRE_H
#define WIRE_H

#include "base.h"

#include <gxt/limits.h>

/** Event types: tracev2.EventType, Go's order and names. */
enum wire_type {
    WIRE_NONE = 0,
    WIRE_EVENT_BATCH,
    WIRE_STACKS,
    WIRE_STACK,
    WIRE_STRINGS,
    WIRE_STRING,
    WIRE_CPU_SAMPLES,
    WIRE_CPU_SAMPLE,
    WIRE_FREQUENCY,
    WIRE_PROCS_CHANGE,
    WIRE_PROC_START,
    WIRE_PROC_STOP,
    WIRE_PROC_STEAL,
    WIRE_PROC_STATUS,
    WIRE_GO_CREATE,
    WIRE_GO_CREATE_SYSCALL,
    WIRE_GO_START,
    WIRE_GO_DESTROY,
    WIRE_GO_DESTROY_SYSCALL,
    WIRE_GO_STOP,
    WIRE_GO_BLOCK,
    WIRE_GO_UNBLOCK,
    WIRE_GO_SYSCALL_BEGIN,
    WIRE_GO_SYSCALL_END,
    WIRE_GO_SYSCALL_END_BLOCKED,
    WIRE_GO_STATUS,
    WIRE_STW_BEGIN,
    WIRE_STW_END,
    WIRE_GC_ACTIVE,
    WIRE_GC_BEGIN,
    WIRE_GC_END,
    WIRE_GC_SWEEP_ACTIVE,
    WIRE_GC_SWEEP_BEGIN,
    WIRE_GC_SWEEP_END,
    WIRE_GC_MARK_ASSIST_ACTIVE,
    WIRE_GC_MARK_ASSIST_BEGIN,
    WIRE_GC_MARK_ASSIST_END,
    WIRE_HEAP_ALLOC,
    WIRE_HEAP_GOAL,
    WIRE_GO_LABEL,
    WIRE_USER_TASK_BEGIN,
    WIRE_USER_TASK_END,
    WIRE_USER_REGION_BEGIN,
    WIRE_USER_REGION_END,
    WIRE_USER_LOG,
    WIRE_GO_SWITCH,
    WIRE_GO_SWITCH_DESTROY,
    WIRE_GO_CREATE_BLOCKED,
    WIRE_GO_STATUS_STACK,
    WIRE_EXPERIMENTAL_BATCH,
    WIRE_SYNC,
    WIRE_CLOCK_SNAPSHOT,
    WIRE_END_OF_GENERATION,
    WIRE_SPAN = 128,
    WIRE_SPAN_ALLOC,
    WIRE_SPAN_FREE,
    WIRE_HEAP_OBJECT,
    WIRE_HEAP_OBJECT_ALLOC,
    WIRE_HEAP_OBJECT_FREE,
    WIRE_GOROUTINE_STACK,
    WIRE_GOROUTINE_STACK_ALLOC,
    WIRE_GOROUTINE_STACK_FREE,
    WIRE_N_TYPES,
    WIRE_SYNC_EVENT = 255, /**< no wire event: the Sync that a reader hands out (evSync in Go's reader) */
};

/** Bounds of the format: tracev2.MaxBatchSize, MaxFramesPerStack, MaxEventTrailerDataSize, MaxTimedEventArgs - 1. */
enum {
    WIRE_MAX_BATCH = GXT_MAX_BATCH_BYTES,
    WIRE_MAX_FRAMES = GXT_MAX_FRAMES,
    WIRE_MAX_STRING = GXT_MAX_STRING_BYTES,
    WIRE_MAX_ARGS = 4, /**< of a timed event, beside its time */
};

/** What is known of an event type: tracev2.EventSpec. */
struct wire_spec {
    const char *name;
    const char *args[WIRE_MAX_ARGS]; /**< names, without the time */
    uint8_t n_args;                  /**< without the time; of timed events only */
    uint8_t timed;                   /**< whether it stands in a thread's event batches */
    uint8_t start;                   /**< the event that begins what this one ends or finds active, or WIRE_NONE */
    uint8_t stack;                   /**< which argument, from 1, is the context's stack; 0 for none */
    uint8_t stack2;                  /**< which argument, from 1, is another stack; 0 for none */
    uint8_t strings[2];              /**< which arguments, from 1, are strings; 0 for none */
    uint8_t experiment;              /**< 1: AllocFree */
};

/** By type; types that do not exist are all zero. */
extern const struct wire_spec wire_specs[256];

/** wire_experiment_name() - tracev2.Experiments; "" for none */
const char *wire_experiment_name(unsigned experiment);

/**
 * wire_header() - read the bytes that open a trace: 16 when a runtime wrote them, but Go's reader takes spaces and
 * zeros
 * @in:   moved past the header on success, left alone on failure
 * @ret:  NN of "go 1.NN trace", written on success and for GXT_EVERSION; INT_MAX for what is more
 *
 * Cost: reads no further than the header.
 * Return: 0; GXT_EFORMAT when it is no trace's header; GXT_EVERSION for every NN that Go's reader refuses.
 */
int wire_header(struct span *in, int *ret);

/** wire_is_old() - whether NN is of the format before Go 1.22 */
static inline bool wire_is_old(int version)
{
    return version < 22;
}

/** A batch's header. */
struct wire_batch {
    uint64_t generation;
    uint64_t thread;
    uint64_t tick;
    struct span data;
    uint8_t type; /**< WIRE_EVENT_BATCH, WIRE_EXPERIMENTAL_BATCH, WIRE_END_OF_GENERATION */
    uint8_t experiment;
};

/**
 * wire_batch() - read the next batch's header
 * @in:   moved past the batch on success; else to where the fault is
 * @ret:  filled on success; generation also when the fault comes after it
 *
 * Return: 1; 0 when @in is empty; GXT_ETRUNCATED; GXT_ECORRUPT.
 */
int wire_batch(struct span *in, struct wire_batch *ret);

/** A timed event, as it stands in a batch. */
struct wire_event {
    uint64_t delta; /**< ticks since the event before it */
    uint64_t args[WIRE_MAX_ARGS];
    uint8_t type;
};

/* The fast part: what runs once an event. Nearly all numbers are of one or two bytes, and what follows which type is
 * much the same from event to event, so that branches are foretold well: faster than eight bytes taken at once. */

enum {
    WIRE_MAX_NUMBER = 10,                                       /**< bytes of a number at most */
    WIRE_MAX_EVENT = 1 + WIRE_MAX_NUMBER * (1 + WIRE_MAX_ARGS), /**< of an event: its type and five numbers */
};

/** wire_event_slow() - wire_event() for any number of bytes */
int wire_event_slow(struct span *in, struct wire_event *ret);

/** A number, and what is behind it: NULL when it does not fit 64 bits. Returned in registers, so that who reads a
 * number need not have it in memory. */
struct wire_number {
    const uint8_t *behind;
    uint64_t value;
};

/** wire_number_slow() - read a number of any length where ten bytes may be read */
struct wire_number wire_number_slow(const uint8_t *at);

/** wire_plain_end() - up to where the bytes, however they are cut in numbers, hold none that does not fit 64 bits: up
 * to the first eight side by side with the top bit set that are not part of a number of at most ten bytes that fits, as
 * -1 is. Cost: a look at every byte, 64 at once. */
const uint8_t *wire_plain_end(struct span bytes);

/** wire_number() - wire_number_slow(), fast for four bytes and fewer. Return: behind it, or NULL. */
static inline __attribute__((always_inline)) const uint8_t *wire_number(const uint8_t *at, uint64_t *ret)
{
    uint64_t value = at[0];
    if (LIKELY(value < 0x80)) {
        *ret = value;
        return at + 1;
    }
    value += ((uint64_t)at[1] << 7) - 0x80; /* takes the first byte's top bit away again */
    if (LIKELY(at[1] < 0x80)) {
        *ret = value;
        return at + 2;
    }
    value += ((uint64_t)at[2] << 14) - 0x4000;
    if (LIKELY(at[2] < 0x80)) {
        *ret = value;
        return at + 3;
    }
    value += ((uint64_t)at[3] << 21) - 0x200000;
    if (LIKELY(at[3] < 0x80)) {
        *ret = value;
        return at + 4;
    }
    const struct wire_number number = wire_number_slow(at);
    if (LIKELY(number.behind != NULL))
        *ret = number.value;
    return number.behind;
}

/** wire_varint_slow() - wire_varint() for any number of bytes */
int wire_varint_slow(struct span *in, uint64_t *ret);

/**
 * wire_varint() - read one unsigned number
 * @in:   moved past the number on success, left alone on failure
 * @ret:  written on success only
 *
 * Seven bits a byte, low bits first, top bit set on all but the last byte. Padding is legal: the Go runtime reserves
 * ten bytes for a batch's length and fills them when the batch is done (traceBuf.varintAt).
 *
 * Cost: at most ten bytes read.
 * Return: 0; GXT_ETRUNCATED if @in ends inside the number; GXT_ECORRUPT if it needs more than 64 bits.
 */
static inline int wire_varint(struct span *in, uint64_t *ret)
{
    if (UNLIKELY(span_size(*in) < WIRE_MAX_NUMBER))
        return wire_varint_slow(in, ret);
    const uint8_t *behind = wire_number(in->at, ret);
    if (UNLIKELY(!behind))
        return GXT_ECORRUPT;
    in->at = behind;
    return 0;
}

/** wire_number_even() - wire_number(), for what is of one byte or of two by chance: without a branch between them */
static inline __attribute__((always_inline)) const uint8_t *wire_number_even(const uint8_t *at, uint64_t *ret)
{
    const uint64_t low = at[0], high = at[1], is_long = low >> 7;

    if (UNLIKELY((low & high) >= 0x80))
        return wire_number(at, ret);
    *ret = (low & 0x7f) | (high << 7 & -is_long);
    return at + 1 + is_long;
}

/** wire_numbers() - read @n numbers where ten bytes may be read for each, and all are known to fit
 * Return: behind them. */
static inline __attribute__((always_inline)) const uint8_t *wire_numbers(const uint8_t *at, unsigned n, uint64_t *ret)
{
    for (unsigned i = 0; i < n; i++)
        at = wire_number(at, &ret[i]);
    return at;
}

/**
 * wire_event() - read one event of an event batch
 * @in:   not empty; moved past the event on success, left alone on failure
 * @ret:  filled on success, args beyond the type's number being left as they were; on failure of no certain content
 *
 * Return: 0; GXT_ECORRUPT for a type that is none or has no time, or a bad number; GXT_ETRUNCATED.
 */
static inline int wire_event(struct span *in, struct wire_event *ret)
{
    if (UNLIKELY(span_size(*in) < WIRE_MAX_EVENT))
        return wire_event_slow(in, ret);

    const uint8_t *at = in->at;
    const struct wire_spec *spec = &wire_specs[*at];
    if (UNLIKELY(!spec->timed))
        return GXT_ECORRUPT;
    const unsigned n_args = spec->n_args;

    ret->type = *at++;
    at = wire_number(at, &ret->delta);
    for (unsigned i = 0; i < n_args && LIKELY(at != NULL); i++)
        at = wire_number(at, &ret->args[i]);
    if (UNLIKELY(at == NULL))
        return GXT_ECORRUPT;
    in->at = at;
    return 0;
}

#endif
