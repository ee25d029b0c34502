/* trace.h: an open trace: the bytes, what is known of them at once, and the strings and stacks seen in them.
 */
#ifndef GXT_TRACE_H
#define GXT_TRACE_H

#include <gxt/error.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A trace: immutable to its users once open, and shareable between threads. */
struct gxt_trace;

/** A generation, counted from 0 in the order of the file (its runtime's own number is in its Sync event). */
typedef uint64_t gxt_gen;

/** What is known of a trace as soon as it is open. */
struct gxt_facts {
    int version;          /**< NN of the header's "go 1.NN trace"; Go 1.24 writes 23, Go 1.27 writes 26 */
    uint64_t size_bytes;  /**< length of the file when it was opened */
    int64_t start_ns;     /**< time of the first event (the first Sync) on the trace's clock, as events tell it */
    bool has_wall;        /**< whether the three below are set: from Go 1.25 on */
    int64_t clock_ns;     /**< the first generation's clock snapshot: the trace's clock, … */
    int64_t wall_sec;     /**< … and the wall clock of that moment: seconds since 1970 UTC, … */
    int64_t wall_nsec;    /**< … and nanoseconds within it, 0 to 999,999,999 */
    uint64_t mono_ns;     /**< … and the system's monotonic clock of that moment */
    uint64_t fingerprint; /**< XXH3 of the file's first 4,096 bytes (or all, if fewer): names the trace in positions */
};

/**
 * gxt_trace_open() - open a trace
 * @path:    a file of any size; it is mapped, not read
 * @ret:     the trace, written on success only
 * @reterr:  what went wrong; may be NULL
 *
 * A trace whose first generation is damaged opens: its cursors yield what can be had, then the error.
 *
 * Cost: one mapping, and a read of some bytes for each batch of the first generation.
 * Lifetime: until gxt_trace_close(); close its cursors and indexes first.
 * Return: 0; GXT_EIO, GXT_ENOENT; GXT_EFORMAT for a file that is no Go trace (the message names what it seems to be);
 *         GXT_EVERSION for a version not known here; GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_trace_open(const char *path, struct gxt_trace **ret, struct gxt_error *reterr);

/**
 * gxt_trace_close() - close a trace and end every loan of its strings and stacks
 * @trace:  may be NULL
 *
 * Return: NULL.
 * Since: 0.1
 */
GXT_API struct gxt_trace *gxt_trace_close(struct gxt_trace *trace);

/**
 * gxt_trace_facts() - what is known without reading events
 * @trace:  an open trace
 * @ret:    filled
 *
 * Threads: any.
 * Since: 0.1
 */
GXT_API void gxt_trace_facts(const struct gxt_trace *trace, struct gxt_facts *ret);

/** About how many events a trace has. */
struct gxt_estimate {
    uint64_t n_events;
    uint64_t bound;     /**< three standard errors: the true number is hardly ever further off. 0: all were counted */
    uint64_t n_batches; /**< of events and CPU samples, of which at most 96 each were looked into */
};

/**
 * gxt_trace_estimate() - about how many events there are, without an index
 *
 * Counts those in batches that are spread evenly over the trace. Of a trace with a fault, those before and behind it.
 *
 * Cost: a read of some bytes for each batch of 64 KiB, and the first half of 192 batches decoded at most. Memory: 16
 * bytes a batch.
 * Threads: any.
 * Return: 0; GXT_EINVAL for traces of before Go 1.22, whose batches cannot be found one by one; GXT_EIO; GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_trace_estimate(const struct gxt_trace *trace, struct gxt_estimate *ret, struct gxt_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
