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
    uint64_t n_strings, n_stacks, n_goroutines;
    struct gxt_error fault; /**< of the trace, when complete; code 0 for none */
    bool listed_at_end;     /**< the last list is there since the trace ends there, and for no other reason */
    bool recovers;          /**< the build left faults out, … */
    struct gxt_loss loss;   /**< … these; and … */
    uint64_t n_sound;       /**< … so many generations come before the first */
    /** Behind so many generations it is listed who is there (STORE_LIVE): at last, and the time before; 0 for none */
    uint64_t n_listed[2];
};

/** One generation's record: the public facts and the hash of its bytes. */
struct store_generation {
    struct gxt_generation facts;
    uint64_t hash;         /**< XXH3 of its bytes in the file */
    uint64_t n_goroutines; /**< seen up to its end */
    struct gxt_loss loss;  /**< what was left out of it */
};

/* ---- lists: rows of 64-bit numbers, of one generation ---- */

/** Which. */
enum store_list {
    STORE_PLACES,  /**< struct store_place: where it has checkpoints inside */
    STORE_COUNTS,  /**< struct store_counts: one for each place */
    STORE_MEMBERS, /**< struct store_member: whose events are in which block */
    STORE_STRINGS, /**< struct gen_pair */
    STORE_STACKS,  /**< struct gen_pair */
    STORE_FIRST,   /**< struct store_goroutine: seen first in it, or told anew, and there at its end */
    STORE_ENDED,   /**< struct store_goroutine: that ended in it */
    STORE_LIVE,    /**< struct store_live: that are there at its end; of few generations: store_meta.n_listed */
    STORE_N_LISTS
};

/** A checkpoint inside a generation. */
struct store_place {
    uint64_t ordinal;             /**< of the event that comes next */
    int64_t time_ns;              /**< of the event before it */
    uint64_t group, offset, size; /**< where its snapshot is */
};

/** How many events of each kind a generation has before a place. */
struct store_counts {
    uint64_t n_by_kind[GXT_N_KINDS];
};

/** Resources of which a block has events. A block is what lies between two places; the first one of a generation is
 * block 0, the one behind place i is block i + 1. */
struct store_member {
    uint64_t block;
    uint64_t resource; /**< an enum gxt_resource */
    int64_t first;     /**< id; of n that are neighbours */
    uint64_t n;
};

/** What is known of a goroutine. */
struct store_goroutine {
    gxt_goid id;
    int64_t first_ns;
    gxt_goid creator;      /**< or GXT_NO_GOROUTINE */
    uint64_t start, stack; /**< ids of stacks, 0 for none: where it starts, and where it was created or seen first */
    uint64_t flags;        /**< of enum store_goroutine_flag */
    uint64_t length_ns;    /**< from its first event to its last one; FIRST: 0, see store_live */
    uint64_t n_events;     /**< the same */
};
enum store_goroutine_flag {
    STORE_CREATED = 1 /**< its creation is in the trace */
};

/** A goroutine at a generation's end. */
struct store_live {
    gxt_goid id;
    uint64_t n_events; /**< so far */
    int64_t last_ns;
};

/** Rows of a list. All zero is an empty one. */
struct store_rows {
    union {
        uint64_t *cells;
        struct store_place *places;
        struct store_counts *counts;
        struct store_member *members;
        struct gen_pair *pairs;
        struct store_goroutine *goroutines;
        struct store_live *live;
    };
    size_t n;        /**< rows */
    size_t capacity; /**< cells */
};

void store_rows_done(struct store_rows *rows);

/** How many rows are put at once. */
#define STORE_LIST_ROWS 4096

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

/** What becomes of a sidecar that is there when one is built. */
enum store_way {
    STORE_GO_ON,   /**< it is written to */
    STORE_REPLACE, /**< another one takes its place, with the first commit */
    STORE_REBUILD  /**< it serves until another one is complete, unless it is damaged */
};

/**
 * store_create() - open a sidecar for building: a new one, or one to go on with
 *
 * All pages of what is there are checked before LMDB may write to it. One process builds at a time (GXT_EBUSY). A file
 * that is no sidecar of gxt is never overwritten, whatever the @way (GXT_EINDEX); a symbolic link is not followed. A
 * new file has the permissions that @mode gives (the trace's). To go on also removes what a killed builder left beside.
 *
 * Cost: reads the sidecar once.
 * Return: 0; GXT_EBUSY; GXT_EINDEX, also for a damaged one to go on with; GXT_EIO; GXT_ENOMEM.
 */
int store_create(const char *path, unsigned mode, enum store_way way, struct store **ret, struct gxt_error *fault);

/** store_may_live() - whether a sidecar can be built in a folder, or the file system of an open file: LMDB needs one
 * that is this machine's own. Return: NULL, or what it is instead, in words. */
const char *store_may_live(const char *folder, int fd);

/** store_is_building() - whether another process has @path or @path.new locked for building. Return: 1; 0; GXT_EIO;
 * GXT_ENOMEM. */
int store_is_building(const char *path, struct gxt_error *fault);

/** store_verify() - read every record and prove it. Return: 0, with their number in @ret_n; as reading. */
int store_verify(const struct store *store, uint64_t *ret_n, struct gxt_error *fault);

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
/** store_inside() - of a generation's group of snapshots number @group, @size bytes from @offset on: the one of a
 * place */
struct store_place;
int store_inside(const struct store *store, uint64_t generation, const struct store_place *place, struct buf *ret,
                 struct gxt_error *fault);
/** store_piece() - a piece of a stream of the old format. @ret: emptied first */
int store_piece(const struct store *store, uint64_t generation, unsigned stream, uint64_t number, struct buf *ret,
                struct gxt_error *fault);
/** store_list() - a list of a generation. @ret: emptied first; free with store_rows_done() */
int store_list(const struct store *store, enum store_list list, uint64_t generation, struct store_rows *ret,
               struct gxt_error *fault);
/** store_string() - the bytes of the string that has an id */
int store_string(const struct store *store, uint64_t id, struct buf *ret, struct gxt_error *fault);
/** A frame as it is kept: strings by id. */
struct store_frame {
    uint64_t pc, line, func, file;
};
/** store_stack() - the frames of the stack that has an id; @ret holds GEN_MAX_FRAMES */
int store_stack(const struct store *store, uint64_t id, struct store_frame *ret, size_t *ret_n,
                struct gxt_error *fault);

/** Records that are gathered in memory, packed, on any thread: without the store, until it takes them. */
struct store_draft;

/** store_draft_new() - an empty one. Return: NULL without memory. */
struct store_draft *store_draft_new(void);
/** store_draft_free() - NULL is fine. Return: NULL. */
struct store_draft *store_draft_free(struct store_draft *draft);
/** store_draft_clear() - forget what was put */
void store_draft_clear(struct store_draft *draft);
/** store_draft_bytes() - how many bytes it holds, about */
size_t store_draft_bytes(const struct store_draft *draft);
/** store_draft() - what goes with the next commit. Strings and stacks are put there by functions of their own.
 * Lifetime: the store's */
struct store_draft *store_draft(struct store *store);
/** store_take() - add all of a draft, which is empty then, to what goes with the next commit; content that is kept
 * already is left out. Both have no key in common but content's.
 * Cost: what is put is moved where the draft has more than there is already; content is looked at. */
int store_take(struct store *store, struct store_draft *draft, struct gxt_error *fault);

/* Writing. Everything put in a draft belongs to the store_commit() that comes when it is the store's. All: 0; GXT_EIO
 * (a full disk); GXT_ENOMEM; GXT_EINDEX. After a negative code the store only closes, and a draft is only freed; the
 * last commit stands. */
int store_put_generation(struct store_draft *draft, uint64_t generation, const struct store_generation *record,
                         struct gxt_error *fault);
int store_put_dir(struct store_draft *draft, uint64_t generation, const struct gen_dir *dir, struct gxt_error *fault);
/** store_put_checkpoint() - the snapshot before a generation. @cuts: where its pieces begin, as order_save() says */
int store_put_checkpoint(struct store_draft *draft, uint64_t generation, struct span snapshot, const size_t *cuts,
                         size_t n_cuts, struct gxt_error *fault);
/** store_put_group() - snapshots inside a generation, one after another, of STORE_GROUP_BYTES at most; or one that is
 * larger, with cuts */
int store_put_group(struct store_draft *draft, uint64_t generation, uint64_t group, struct span snapshots,
                    const size_t *cuts, size_t n_cuts, struct gxt_error *fault);
#define STORE_GROUP_BYTES ((size_t)64 << 10)
/** store_put_piece() - bytes of a stream, of which the store knows nothing, in pieces of STORE_GROUP_BYTES at most,
 * counted from 0 */
int store_put_piece(struct store_draft *draft, uint64_t generation, unsigned stream, uint64_t number, struct span bytes,
                    struct gxt_error *fault);
/** store_put_rows() - a part of a list: number @chunk, counted from 0, has STORE_LIST_ROWS rows, or fewer if it is the
 * last: a list ends with a part that is not full, and may be empty */
int store_put_rows(struct store_draft *draft, enum store_list list, uint64_t generation, uint32_t chunk,
                   const void *rows, size_t n, struct gxt_error *fault);
/** store_drop() - drop a list */
int store_drop(struct store *store, enum store_list list, uint64_t generation, struct gxt_error *fault);
/** store_put_string() - keep a string unless it is kept already. @ret_new: whether it was not */
int store_put_string(struct store *store, const struct gxt_string *string, bool *ret_new, struct gxt_error *fault);
/** store_put_stack() - keep a stack unless it is kept already; its strings are put by the caller. */
int store_put_stack(struct store *store, const struct gxt_stack *stack, bool *ret_new, struct gxt_error *fault);
/** store_forget() - drop all records of generations from @generation on: of a trace that grew, what was not closed */
int store_forget(struct store *store, uint64_t generation, struct gxt_error *fault);
/** store_commit() - write the meta record and make all that was put durable */
int store_commit(struct store *store, const struct store_meta *meta, struct gxt_error *fault);

#endif
