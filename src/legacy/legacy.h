/* legacy.h: the format before Go 1.22 (headers go 1.11, 1.19, 1.21): its parser, its own ordering, and the same
 * records.
 *
 * Batches are of processors, not of threads, and nothing divides the trace into generations: strings and stacks may
 * stand at its very end, a system call's return is told late, whether a call blocked is seen only from what follows,
 * and a fault anywhere loses all. So the whole trace is read and checked before the first record, as Go's reader does;
 * then it is read again, in order. Between the two no event is kept, but what the second reading cannot find by itself:
 *
 *     a byte for each event of a moment that several processors share, 16 for each return that was told late and for
 *     each CPU sample, a bit for each system call; strings, stacks; 48 bytes for a batch (of 64 KiB)
 *
 * and, while it is read first, about 100 bytes for each goroutine that is there, and 5 to 20, where ids lie close
 * together, for each that has ended: none may be created twice.
 */
#ifndef LEGACY_H
#define LEGACY_H

#include "order.h"

/** A walk over an old trace. One thread at a time. */
struct legacy;

/** What the second reading cannot find by itself. */
enum legacy_stream {
    LEGACY_TIES,    /**< which processor is next where several have an event of the same moment */
    LEGACY_CALLS,   /**< whether a system call blocks, a bit each */
    LEGACY_EXITS,   /**< system calls' returns that were told late, by their times */
    LEGACY_SAMPLES, /**< CPU samples, by their times */
    LEGACY_N_STREAMS
};

/** An index keeps them in pieces of so many bytes. */
#define LEGACY_PIECE_BYTES ((size_t)16 << 10)

/** Where what an index knows of the trace comes from. */
struct legacy_finder {
    /** @start: what legacy_save_start() gave. @dir: hashed. Return: 1; 0 when nothing is known; GXT_EINDEX;
     * GXT_ENOMEM. */
    int (*find)(void *user, struct buf *start, struct gen_dir *dir, struct gen_known *known);
    /** A piece of a stream, counted from 0. Return: 0; GXT_EINDEX; GXT_ENOMEM; GXT_EIO. */
    int (*piece)(void *user, enum legacy_stream stream, uint64_t number, struct buf *ret, struct gxt_error *fault);
    void *user;
};

/** legacy_new() - a walk from the start; reads nothing yet. As order_new(). @finder: all zero for none */
int legacy_new(const struct source *source, uint64_t offset, int version, struct pool *pool,
               struct legacy_finder finder, struct legacy **ret);
struct legacy *legacy_free(struct legacy *legacy);

/** legacy_reset() - go back to the start. What was read stays. */
void legacy_reset(struct legacy *legacy);

/** legacy_recover() - go on where the trace has a fault: from the start, with what can be read, ordered without what is
 * lost, and has no contradiction (lost.c). Where the clock is lost a tick is a nanosecond. */
void legacy_recover(struct legacy *legacy);
/** legacy_loss() - what was left out since it was cleared. An index does not tell it. */
const struct gxt_loss *legacy_loss(struct legacy *legacy);
void legacy_clear_loss(struct legacy *legacy);

/** legacy_next() - as order_next(). The first call reads the trace, unless an index knows it: then batches are read,
 * and seen to be what they were, when the walk comes to them (GXT_ESTALE). Where Go's reader breaks a tie between
 * processors by chance, the lowest is first. */
int legacy_next(struct legacy *legacy, struct order_record *ret);

const struct gxt_error *legacy_fault(const struct legacy *legacy);
int legacy_fail(struct legacy *legacy, const struct gxt_error *fault);

/** legacy_gen() - the whole trace as one generation: its strings, stacks and batches. NULL before the first record. */
struct gen *legacy_gen(struct legacy *legacy);
/** legacy_generations() - how many have begun: the trace is one */
uint64_t legacy_generations(const struct legacy *legacy);
uint64_t legacy_bytes(const struct legacy *legacy);

/** legacy_is_rising() - as order_is_rising() */
bool legacy_is_rising(const struct legacy *legacy);

/** legacy_at_boundary() - whether the next record is the last Sync */
bool legacy_at_boundary(struct legacy *legacy);
/** legacy_can_save() - whether the walk can be saved here: not between the records of one event, nor at its ends */
bool legacy_can_save(const struct legacy *legacy);
/** legacy_save() - the walk as bytes. @ret: emptied first. Cost: the goroutines that are there. Return: 0; GXT_ENOMEM;
 * the walk's fault. */
int legacy_save(struct legacy *legacy, struct order_snapshot *ret);
/** legacy_restore() - go on where legacy_save() was called, in a trace that an index knows. They are not trusted.
 * Return: 0; GXT_EINDEX; GXT_ENOMEM; GXT_ESTALE. After a failure the walk is at the start. */
int legacy_restore(struct legacy *legacy, struct span in, struct gxt_error *fault);

/** legacy_save_start() - what is to be known of the trace beside its tables, batches and streams. Return: 0;
 * GXT_ENOMEM. */
int legacy_save_start(const struct legacy *legacy, struct buf *ret);
/** legacy_stream() - all of a stream, of a trace that was read. Any thread. */
struct span legacy_stream(const struct legacy *legacy, enum legacy_stream stream);
/** legacy_forget() - do without the index: read the trace when it is wanted. Goes back to the start. */
void legacy_forget(struct legacy *legacy);

/** legacy_states() - goroutines, processors and threads, as far as the records told. Freed by order_states_free(). */
int legacy_states(struct legacy *legacy, struct gxt_states **ret);

#endif
