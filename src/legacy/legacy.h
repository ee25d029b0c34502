/* legacy.h: the format before Go 1.22 (headers go 1.11, 1.19, 1.21): its parser, its own ordering, and the same
 * records.
 *
 * Batches are of processors, not of threads, and nothing divides the trace into generations: strings and stacks may
 * stand at its very end, a system call's return is told late, and whether a call blocked is seen only from what
 * follows. So the whole trace is read and checked before the first record, as Go's reader does, and its events are held
 * in memory: 56 bytes each, where the file has two or more.
 */
#ifndef LEGACY_H
#define LEGACY_H

#include "order.h"

/** A walk over an old trace. One thread at a time. */
struct legacy;

/** legacy_new() - a walk from the start; reads nothing yet. As order_new(). */
int legacy_new(const struct source *source, uint64_t offset, int version, struct pool *pool, struct legacy **ret);
struct legacy *legacy_free(struct legacy *legacy);

/** legacy_reset() - go back to the start. What was read stays. */
void legacy_reset(struct legacy *legacy);

/** legacy_next() - as order_next(). The first call reads the trace. Where Go's reader breaks a tie between processors
 * by chance, the lowest is first. */
int legacy_next(struct legacy *legacy, struct order_record *ret);

const struct gxt_error *legacy_fault(const struct legacy *legacy);
int legacy_fail(struct legacy *legacy, const struct gxt_error *fault);

/** legacy_gen() - the whole trace as one generation: its strings and stacks. NULL before the first record. */
struct gen *legacy_gen(struct legacy *legacy);
/** legacy_generations() - how many have begun: the trace is one */
uint64_t legacy_generations(const struct legacy *legacy);
uint64_t legacy_bytes(const struct legacy *legacy);

/** legacy_states() - goroutines, processors and threads, as far as the records told. Freed by order_states_free(). */
int legacy_states(const struct legacy *legacy, struct gxt_states **ret);

#endif
