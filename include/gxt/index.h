/* index.h: the sidecar of a trace: what makes seeks cheap. A cache: it can always be built again, and is never trusted
 * beyond what its checksums prove.
 */
#ifndef GXT_INDEX_H
#define GXT_INDEX_H

#include <gxt/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An open index: read-only, and shareable between threads. */
struct gxt_index;

/** How far a build is. */
struct gxt_progress {
    uint64_t bytes_done;       /**< of the trace, from its start */
    uint64_t bytes_total;      /**< the trace's length */
    uint64_t events_done;      /**< events ordered so far */
    uint64_t generations_done; /**< generations committed so far */
};

/** Options of a build. NULL means the defaults; otherwise start from GXT_BUILD_OPTIONS_INIT. */
struct gxt_build_options {
    size_t size; /**< of this struct, set by GXT_BUILD_OPTIONS_INIT */
    /** build anew where there is an index, which serves until the new one is complete, and stays if that comes to
     * nothing; default false: a fit, complete index is left alone */
    bool rebuild;
    /** called about ten times a second from the calling thread; a non-zero return ends the build with GXT_ECANCELED,
     * and what was committed stays (with rebuild: what was there before); default NULL */
    int (*progress)(void *user, const struct gxt_progress *progress);
    void *user; /**< passed to progress; default NULL */
    /** events between two checkpoints, over which a seek rolls at most; default 0: 16,384. There are fewer checkpoints
     * where many goroutines have changed since their generation began */
    uint64_t checkpoint_events;
    /** how many threads may work at most; default 0: as many as there are processors. They walk through generations
     * side by side, and need memory for the goroutines of each; the calling thread is one of them, and writes. What is
     * written is the same */
    unsigned threads;
};
#define GXT_BUILD_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        sizeof(struct gxt_build_options), false, NULL, NULL, 0, 0                                                      \
    }

/** What an index holds. */
struct gxt_index_facts {
    bool complete;          /**< whether it covers the trace to its end (or to its fault) */
    bool up_to_date;        /**< false when the trace has grown since */
    uint64_t covered_bytes; /**< of the trace, from its start */
    uint64_t n_generations;
    uint64_t n_events; /**< all events covered, with the last Sync if complete */
    uint64_t n_by_kind[GXT_N_KINDS];
    int64_t first_ns, last_ns;    /**< times of the first and the last event covered; 0 when there is none */
    uint64_t n_strings, n_stacks; /**< distinct ones over the whole trace */
    uint64_t n_goroutines;        /**< that were there at some time */
    uint64_t size_bytes;          /**< of the sidecar file */
    struct gxt_error fault;       /**< the trace's own fault, with which it ends; code 0 for none */
    bool recovers;        /**< whether it was built of a trace that is recovered: then it has no fault, but … */
    struct gxt_loss loss; /**< … what was left out */
};

/** One generation, as the index knows it. */
struct gxt_generation {
    uint64_t number;        /**< the runtime's own number */
    uint64_t begin, end;    /**< its bytes in the file, [begin, end) */
    uint64_t first_ordinal; /**< of its Sync */
    uint64_t n_events;      /**< with its Sync */
    uint64_t n_by_kind[GXT_N_KINDS];
    int64_t first_ns, last_ns;                                     /**< times of its first and last event */
    double ns_per_tick;                                            /**< of the trace's raw clock */
    uint64_t n_batches, n_threads, n_strings, n_stacks, n_samples; /**< as the trace lists them for it */
};

/**
 * gxt_index_path() - where a trace's index is, or would be
 * @trace_path:  the trace's file name
 * @ret:         an absolute or relative file name, to be freed with free(); written on success only
 *
 * The first of these that exists; where none does, the first that can be written: TRACE.gxi; a name made of the
 * trace's name and place in $GXT_INDEX_DIR (when that is set, it is asked before TRACE.gxi); the same in
 * $XDG_CACHE_HOME/gxt, or ~/.cache/gxt. The folder is made when an index is built.
 *
 * Return: 0; GXT_ENOENT when no place can be written and none exists; GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_index_path(const char *trace_path, char **ret, struct gxt_error *reterr);

/**
 * gxt_index_build() - read a trace once and write its index
 * @trace:    an open trace
 * @path:     where; NULL for gxt_index_path()
 * @options:  NULL for the defaults
 *
 * A commit per generation: a build that ends early, in whatever way, leaves a sidecar that says how far it goes and
 * serves that far; the next build goes on from there, or, where thousands of goroutines are, from a few generations
 * before. One that is unfit (damaged, of another trace, of another schema) is replaced, unless it is no gxt index at
 * all: another program's file is never overwritten (GXT_EINDEX). With options->rebuild one that is sound is replaced
 * when the build ends, by the trace's end or its fault, and not before.
 *
 * Cost: one pass over the trace. Memory: the tables of two generations, and the distinct strings and stacks.
 * Return: 0 when the index covers the trace; the trace's own fault (GXT_ECORRUPT, GXT_ETRUNCATED, GXT_EORDER, …) when
 *         the trace has one: the index then covers all before it and is fit for use; GXT_ECANCELED; GXT_EIO (full disk,
 *         no permission); GXT_EBUSY; GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_index_build(struct gxt_trace *trace, const char *path, const struct gxt_build_options *options,
                            struct gxt_error *reterr);

/**
 * gxt_index_open() - open a trace's index for reading
 * @trace:  an open trace; must outlive the index
 * @path:   where; NULL for gxt_index_path()
 * @ret:    the index, written on success only
 *
 * Return: 0; GXT_ENOENT when there is none; GXT_ESTALE when it was made from other bytes; GXT_EINDEX when it is damaged
 *         or of another schema or machine; GXT_EIO; GXT_ENOMEM.
 * Cost: constant.
 * Since: 0.1
 */
GXT_API int gxt_index_open(struct gxt_trace *trace, const char *path, struct gxt_index **ret, struct gxt_error *reterr);

/** Closes an index; NULL is fine. Close its cursors first. Return: NULL. Since: 0.1 */
GXT_API struct gxt_index *gxt_index_close(struct gxt_index *index);

/**
 * gxt_index_facts() - what the index holds
 *
 * Cost: one lookup. Threads: any.
 * Return: 0; GXT_EINDEX when the sidecar has been damaged since it was opened; GXT_EIO.
 * Since: 0.1
 */
GXT_API int gxt_index_facts(const struct gxt_index *index, struct gxt_index_facts *ret, struct gxt_error *reterr);

/**
 * gxt_index_damage() - what of the index turned out damaged after it was opened
 * @ret:  the first of it; code 0 for none
 *
 * A cursor does without what is damaged: it gives the same events and needs longer.
 *
 * Threads: any. Return: the code of @ret.
 * Since: 0.1
 */
GXT_API int gxt_index_damage(const struct gxt_index *index, struct gxt_error *ret);

/**
 * gxt_index_estimate() - about how many events there are from one moment to before another, without reading any
 * @ret:  n_events, and bound: the true number is not further off; n_batches is 0
 *
 * Between two checkpoints events are taken to be spread evenly. For the exact number: gxt_cursor_count().
 *
 * Cost: some lookups. Threads: any.
 * Return: 0; GXT_EINVAL when the index does not cover the trace as it is; GXT_EINDEX; GXT_EIO; GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_index_estimate(const struct gxt_index *index, int64_t from_ns, int64_t to_ns, struct gxt_estimate *ret,
                               struct gxt_error *reterr);

/** What gxt_index_verify() looked at. */
struct gxt_verified {
    uint64_t n_records, n_generations, n_checkpoints, n_batches;
    uint64_t n_bytes_read; /**< of the trace */
};

/**
 * gxt_index_verify() - whether every record of an index is whole, and says what the others say
 * @deep:  also whether every byte of the trace that it covers is what was indexed
 * @ret:   what was looked at, also when something is wrong
 *
 * Cost: reads the index; deep, also the trace.
 * Threads: any.
 * Return: 0; GXT_EINDEX when something is wrong; GXT_ESTALE when the trace has changed; GXT_EIO; GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_index_verify(const struct gxt_index *index, bool deep, struct gxt_verified *ret,
                             struct gxt_error *reterr);

/** gxt_index_is_building() - whether a process builds the index at a place, or builds it anew, at this moment.
 * Return: 1; 0; GXT_EIO. Since: 0.1 */
GXT_API int gxt_index_is_building(const char *path, struct gxt_error *reterr);

/**
 * gxt_index_generation() - one generation
 * @generation:  counted from 0, below n_generations of gxt_index_facts()
 *
 * Cost: one lookup. Threads: any.
 * Return: 0; GXT_ENOENT when there is no such; GXT_EINDEX; GXT_EIO.
 * Since: 0.1
 */
GXT_API int gxt_index_generation(const struct gxt_index *index, gxt_gen generation, struct gxt_generation *ret,
                                 struct gxt_error *reterr);

/**
 * gxt_index_stack() - the stack that has an id
 * @id:   as gxt_stack_id() told it, in this or an earlier opening of the trace
 * @ret:  trace-lent, written on success only
 *
 * Cost: one lookup the first time.
 * Return: 0; GXT_ENOENT when the trace has no such stack; GXT_EINDEX; GXT_EIO; GXT_ENOMEM.
 * Threads: any.
 * Since: 0.1
 */
GXT_API int gxt_index_stack(const struct gxt_index *index, uint64_t id, const struct gxt_stack **ret,
                            struct gxt_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
