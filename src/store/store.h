/* store.h: the sidecar: what is written, and what is believed of what is read.
 *
 * The room knows generations, batches, strings, stacks and opaque snapshots; it does not know how events are ordered.
 * Its format stands in FORMAT.md. LMDB's types stay in this folder.
 *
 * Every value read is proved by its checksum, and every page is checked before LMDB walks it: a sidecar may come from
 * anyone. What is damaged gives GXT_EINDEX, never a crash.
 */
#ifndef STORE_H
#define STORE_H

#include "gen.h"

#include <gxt/index.h>

/** One open sidecar. Reading: any thread. Writing: the thread that opened it. */
struct store;

/** The record that says what the sidecar is. Written with every commit. */
struct store_meta {
    uint64_t fingerprint;   /**< of the trace: source.fingerprint */
    int version;            /**< NN of the trace's header */
    uint64_t trace_bytes;   /**< length of the trace when the build ended; 0 while not complete */
    uint64_t covered_bytes; /**< of the trace, up to the end of the last generation kept */
    uint64_t covered_hash;  /**< XXH3 over the hashes of the generations kept, in order */
    bool complete;          /**< the build reached the trace's end, or its fault */
    uint64_t n_generations;
    uint64_t n_events; /**< in the generations kept and, when complete, the last Sync */
    uint64_t n_by_kind[GXT_N_KINDS];
    int64_t first_ns, last_ns;
    bool rising; /**< times rise from event to event; false when one passed the end of the clock */
    uint64_t n_strings, n_stacks;
    struct gxt_error fault; /**< of the trace, when complete; code 0 for none */
};

/** One generation's record: the public facts and the hash of its bytes. */
struct store_generation {
    struct gxt_generation facts;
    uint64_t hash; /**< XXH3 of its bytes in the file */
};

/**
 * store_open() - open a sidecar for reading
 *
 * Beside a build it sees what is committed, from call to call. It takes no lock and writes nothing.
 *
 * Return: 0; GXT_ENOENT when there is none, or none with a commit; GXT_EINDEX (not a sidecar, another schema, another
 *         machine's, damaged); GXT_EIO; GXT_ENOMEM.
 * Cost: constant, whatever the size.
 */
int store_open(const char *path, struct store **ret, struct gxt_error *fault);

/**
 * store_create() - open a sidecar for building: a new one, or one to go on with
 * @fresh:  replace what is there, with the first commit
 *
 * All pages of what is there are checked before LMDB may write to it. One process builds at a time (GXT_EBUSY). A file
 * that is no sidecar of gxt is never overwritten, @fresh or not (GXT_EINDEX); a symbolic link is not followed. A new
 * file has the permissions that @mode gives (the trace's).
 *
 * Cost: reads the sidecar once.
 * Return: 0; GXT_EBUSY; GXT_EINDEX, also for a damaged one when not @fresh; GXT_EIO; GXT_ENOMEM.
 */
int store_create(const char *path, unsigned mode, bool fresh, struct store **ret, struct gxt_error *fault);

/** store_close() - NULL is fine; what was put since the last commit is lost. Return: NULL. */
struct store *store_close(struct store *store);

/** store_size_bytes() - the length of the sidecar's file now; 0 if it cannot be had */
uint64_t store_size_bytes(const struct store *store);

/* Reading. All: 0; GXT_ENOENT when there is no such record and none is promised; GXT_EINDEX when a record is damaged or
 * one that the meta record promises is missing; GXT_EIO; GXT_ENOMEM. Lists are emptied first; the caller frees them. No
 * loan of LMDB's memory leaves a call. */
int store_meta(const struct store *store, struct store_meta *ret, struct gxt_error *fault);
int store_generation(const struct store *store, uint64_t generation, struct store_generation *ret,
                     struct gxt_error *fault);
/** store_find_time() - the last generation whose first event's time is at or before @time_ns; 0 if none is */
int store_find_time(const struct store *store, int64_t time_ns, uint64_t *ret, struct gxt_error *fault);
/** store_find_ordinal() - the last generation whose first ordinal is at or before @ordinal */
int store_find_ordinal(const struct store *store, uint64_t ordinal, uint64_t *ret, struct gxt_error *fault);
/** store_dir() - a generation's directory, hashed */
int store_dir(const struct store *store, uint64_t generation, struct gen_dir *ret, struct gxt_error *fault);
/** store_checkpoint() - the snapshot that stands before generation @generation (n_generations: before the end) */
int store_checkpoint(const struct store *store, uint64_t generation, struct buf *ret, struct gxt_error *fault);
/** A checkpoint inside a generation. */
struct store_place {
    uint64_t ordinal; /**< of the event that comes next */
    int64_t time_ns;  /**< of the event before it */
};
/** store_places() - where a generation has checkpoints, in order. To be freed with free(). */
int store_places(const struct store *store, uint64_t generation, struct store_place **ret, size_t *ret_n,
                 struct gxt_error *fault);
/** store_inside() - the snapshot at a generation's place number @i */
int store_inside(const struct store *store, uint64_t generation, size_t i, struct buf *ret, struct gxt_error *fault);
/** store_string() - the bytes of the string that has an id */
int store_string(const struct store *store, uint64_t id, struct buf *ret, struct gxt_error *fault);
/** A frame as it is kept: strings by id. */
struct store_frame {
    uint64_t pc, line, func, file;
};
/** store_stack() - the frames of the stack that has an id; @ret holds 128 */
int store_stack(const struct store *store, uint64_t id, struct store_frame *ret, size_t *ret_n,
                struct gxt_error *fault);
/** store_table() - which content a generation's local ids name. @stacks: its stacks, else its strings. @ret and its n
 * are written: pairs of local id and content id, by rising local id, to be freed with free() */
struct store_pair {
    uint64_t local, content;
};
int store_table(const struct store *store, uint64_t generation, bool stacks, struct store_pair **ret, size_t *ret_n,
                struct gxt_error *fault);

/* Writing. Everything put belongs to the next store_commit(). All: 0; GXT_EIO (a full disk); GXT_ENOMEM; GXT_EINDEX.
 * After a negative code the store only closes; the last commit stands. */
int store_put_generation(struct store *store, uint64_t generation, const struct store_generation *record,
                         struct gxt_error *fault);
int store_put_dir(struct store *store, uint64_t generation, const struct gen_dir *dir, struct gxt_error *fault);
int store_put_checkpoint(struct store *store, uint64_t generation, const void *snapshot, size_t size,
                         struct gxt_error *fault);
int store_put_inside(struct store *store, uint64_t generation, size_t i, const void *snapshot, size_t size,
                     struct gxt_error *fault);
int store_put_places(struct store *store, uint64_t generation, const struct store_place *places, size_t n,
                     struct gxt_error *fault);
/** store_put_string() - keep a string unless it is kept already. @ret_new: whether it was not */
int store_put_string(struct store *store, const struct gxt_string *string, bool *ret_new, struct gxt_error *fault);
/** store_put_stack() - keep a stack unless it is kept already; its strings are put by the caller. */
int store_put_stack(struct store *store, const struct gxt_stack *stack, bool *ret_new, struct gxt_error *fault);
int store_put_table(struct store *store, uint64_t generation, bool stacks, const struct gen_entry *entries, size_t n,
                    struct gxt_error *fault);
/** store_forget() - drop all records of generations from @generation on: of a trace that grew, what was not closed */
int store_forget(struct store *store, uint64_t generation, struct gxt_error *fault);
/** store_commit() - write the meta record and make all that was put durable */
int store_commit(struct store *store, const struct store_meta *meta, struct gxt_error *fault);

#endif
