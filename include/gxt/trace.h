/* trace.h: an open trace: the bytes, what is known of them at once, and the strings and stacks seen in them.
 */
#ifndef GXT_TRACE_H
#define GXT_TRACE_H

#include <gxt/error.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A trace: immutable to its users once open, and shareable between threads. A stream is for one cursor. */
struct gxt_trace;

/** How a trace's file was packed. */
enum gxt_packing {
    GXT_PACKING_NONE = 0,
    GXT_PACKING_GZIP,
    GXT_PACKING_ZSTD,
};

/** A generation, counted from 0 in the order of the file (its runtime's own number is in its Sync event). */
typedef uint64_t gxt_gen;

/** What is known of a trace as soon as it is open. */
struct gxt_facts {
    int version;          /**< NN of the header's "go 1.NN trace"; Go 1.24 writes 23, Go 1.27 writes 26 */
    uint64_t size_bytes;  /**< length of the trace, unpacked, when it was opened; of a stream, what had arrived */
    int64_t start_ns;     /**< time of the first event (the first Sync) on the trace's clock, as events tell it */
    bool has_wall;        /**< whether the three below are set: from Go 1.25 on */
    int64_t clock_ns;     /**< the first generation's clock snapshot: the trace's clock, … */
    int64_t wall_sec;     /**< … and the wall clock of that moment: seconds since 1970 UTC, … */
    int64_t wall_nsec;    /**< … and nanoseconds within it, 0 to 999,999,999 */
    uint64_t mono_ns;     /**< … and the system's monotonic clock of that moment */
    uint64_t fingerprint; /**< XXH3 of the file's first 4,096 bytes (or all, if fewer): names the trace in positions */
    bool is_stream;       /**< its bytes arrive while they are read, and are gone then: see struct gxt_trace_options */
    enum gxt_packing packing;
    uint64_t packed_bytes; /**< length of a packed file; 0 when it is not packed, or comes by a pipe */
};

/**
 * gxt_trace_open() - open a trace
 * @path:    a file of any size; it is mapped, not read. One that gzip or zstd packed is unpacked: see
 *           gxt_trace_open_with(), whose defaults are taken
 * @ret:     the trace, written on success only
 * @reterr:  what went wrong; may be NULL
 *
 * A trace whose first generation is damaged opens: its cursors yield what can be had, then the error.
 *
 * Cost: one mapping, and a read of some bytes for each batch of the first generation; all of a packed file.
 * Lifetime: until gxt_trace_close(); close its cursors and indexes first.
 * Return: 0; GXT_EIO, GXT_ENOENT; GXT_EFORMAT for a file that is no Go trace (the message names what it seems to be);
 *         GXT_EVERSION for a version not known here; GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_trace_open(const char *path, struct gxt_trace **ret, struct gxt_error *reterr);

/** How bytes are had that cannot be mapped as they are. NULL means the defaults; otherwise start from
 * GXT_TRACE_OPTIONS_INIT. */
struct gxt_trace_options {
    size_t size; /**< of this struct, set by GXT_TRACE_OPTIONS_INIT */
    /** take bytes as a walk asks for them, and let go of those behind it: memory and disk hold a few generations. One
     * cursor walks, forward: going back where nothing is any more is GXT_EINVAL when it walks on. There is no index,
     * and no estimate. What can be mapped is no stream. Default false: all is unpacked at open, and is like any file
     * then */
    bool stream;
    /** a file with what a packed file holds, used if it was made from it; default NULL: for a trace that has a name,
     * gxt_index_path() and ".trace" */
    const char *spool;
    /** have that file made if it is not there, or was made from other bytes, with the permissions of the packed file;
     * default false: a file without a name in $TMPDIR, or /tmp. Not for streams */
    bool keep;
    /** called before a read that may wait for a pipe's writer, from the thread that opens or walks; default NULL */
    void (*wait)(void *user);
    void *user; /**< passed to wait; default NULL */
};
#define GXT_TRACE_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        sizeof(struct gxt_trace_options), false, NULL, false, NULL, NULL                                               \
    }

/**
 * gxt_trace_open_with() - open a trace that may be packed
 * @path:     a trace, or one that gzip or zstd packed, which its first bytes tell. Several gzip members or zstd frames
 *            in a row are one trace
 * @options:  NULL for the defaults
 *
 * Where a packed file is damaged or cut, cursors yield what was unpacked before, then the error, whose offset counts
 * the packed bytes. So does one that grows to more than 250 times its size and 64 MiB, or to more than 64 GiB
 * (GXT_ELIMIT).
 *
 * Cost: unpacks all of a packed file that has no spool, a stream up to the end of the first generation. Memory: a
 * mapping, and what zlib or libzstd take (32 KiB; 128 MiB at most).
 * Return: as gxt_trace_open(); GXT_EINVAL for options of another size; GXT_EIO also when the disk is full; GXT_EINDEX
 *         when a file that is no spool is where one is to be kept.
 * Since: 0.1
 */
GXT_API int gxt_trace_open_with(const char *path, const struct gxt_trace_options *options, struct gxt_trace **ret,
                                struct gxt_error *reterr);

/**
 * gxt_trace_open_fd() - open a trace that a descriptor has: of a pipe, a socket, a terminal, or a file
 * @fd:  read from where it is, to its end; it stays the caller's
 *
 * As gxt_trace_open_with(); a regular file is mapped if it is at its start, and the path is never looked at: without
 * options->spool there is none. A trace without a name has no place for an index of its own: name it to
 * gxt_index_open().
 *
 * Since: 0.1
 */
GXT_API int gxt_trace_open_fd(int fd, const struct gxt_trace_options *options, struct gxt_trace **ret,
                              struct gxt_error *reterr);

/** gxt_trace_spool() - the file that has what was unpacked. Lifetime: the trace's. Return: NULL when there is none.
 * Threads: any. Since: 0.1 */
GXT_API const char *gxt_trace_spool(const struct gxt_trace *trace);

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

/**
 * gxt_guard_install() - outlive a trace that shrinks while it is open
 *
 * A trace is mapped, and the system sends SIGBUS to who reads a page that its file has lost. This library installs no
 * handler unasked: without this, that ends the process, unless the file's length, which is looked at once a generation,
 * told it before. With it, such a page reads as zeros, and every call that would hand out something read since fails
 * with GXT_EIO. What gxt_cursor_experimental() lends is read by the caller, who looks at the next call's code. A SIGBUS
 * of anything else goes to the handler that was there before.
 *
 * Threads: any; once is enough, and it stays.
 * Return: 0; GXT_EIO.
 * Since: 0.1
 */
GXT_API int gxt_guard_install(struct gxt_error *reterr);

/**
 * gxt_trace_recover() - go on behind faults, from here on
 *
 * Call it before anything is made of the trace. Its cursors, and the indexes built of it, then do not end at a fault:
 * they leave out what is hurt, as little as can be, and go on. Bytes that are no batch are passed over up to the next
 * that is one, and of a batch that cannot be read what cannot. An event that waits for one that is lost comes in its
 * time's turn, and one that contradicts what is known is left out; such events and all behind them in their generation
 * have GXT_EVENT_HURT. Strings and stacks that are lost are "" and none; a generation whose clock is lost takes that of
 * the first one. Behind a hurt generation everything is told anew, as at a trace's beginning: there the states are not
 * determined before it. Of a trace of before Go 1.22 the events of each processor are kept up to where their order
 * depends on what is lost. A trace without a fault gives the same events as without recovery.
 *
 * Cost: the first generation is read.
 * Return: 0; GXT_ENOMEM; GXT_EIO.
 * Since: 0.1
 */
GXT_API int gxt_trace_recover(struct gxt_trace *trace, struct gxt_error *reterr);

/** About how many events a trace has. */
struct gxt_estimate {
    uint64_t n_events;
    uint64_t bound;     /**< three standard errors: the true number is hardly ever further off. 0: all were counted */
    uint64_t n_batches; /**< of events and CPU samples; about so many when there are thousands */
};

/**
 * gxt_trace_estimate() - about how many events there are, without an index
 *
 * Counts those in some batches that are spread evenly over the trace. Where there are thousands, how many there are and
 * how large is taken from 96 places of the trace as well, where batches are found by what their headers look like: a
 * trace that is made to mislead that gets a wrong answer, as soon. Of a trace with a fault, those before and behind it;
 * but where the headers cannot be followed on, and that is met, those before it.
 *
 * Cost: for a trace of any size that is not hurt the same few milliseconds at most: a read of some bytes for each of
 * some thousand batches, and the first half of 192 of them decoded. For one that is hurt, a read of some bytes for each
 * batch, and 16 bytes of memory.
 * Threads: any.
 * Return: 0; GXT_EINVAL for traces of before Go 1.22, whose batches cannot be found one by one, and for streams;
 *         GXT_EIO; GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_trace_estimate(const struct gxt_trace *trace, struct gxt_estimate *ret, struct gxt_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
