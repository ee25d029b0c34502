/* order.h: many lanes to one order.
 *
 * Pulls generations from gen and hands out records in the order that Go's reader puts events in: the frontier offers
 * the earliest lane, the scheduler's state machine says whether its head may advance, and what advances is a record.
 */
#ifndef ORDER_H
#define ORDER_H

#include "gen.h"

#include <gxt/state.h>

/** One ordered event, with its generation's own ids. */
struct order_record {
    int64_t time_ns;     /**< strictly rising from record to record */
    gxt_threadid thread; /**< context before the event, as the three below */
    gxt_procid proc;
    gxt_goid goroutine;
    uint64_t args[WIRE_MAX_ARGS];  /**< as wire_specs has them. A sync: its number. A sample: its stack. STW_END: its
                                      description. USER_TASK_END: its parent is args[2] */
    const struct gxt_string *name; /**< USER_TASK_END: the task's type */
    uint64_t label;                /**< GO_START: string id of the label that its lane has next; 0 for none */
    uint64_t offset;               /**< of the wire event in the file */
    uint8_t type;                  /**< an enum wire_type */
    uint8_t from, to;              /**< statuses and PROC_STEAL: the public states */
    uint8_t run;                   /**< GO_STATUS…: an enum gxt_run */
    uint8_t flags;                 /**< of enum gxt_event_flag */
    bool tables;                   /**< a sync: whether a generation begins with it */
};

enum {
    ORDER_MOST_OF_ONE = 3, /**< records of one wire event: a coroutine switch */
};

/** Where generations come from: gen_find(), or an index that knows them. @known is empty, to be filled with what is
 * known of the tables. */
struct order_finder {
    int (*find)(void *user, uint64_t generation, struct gen_stream *stream, struct gen_dir *ret,
                struct gen_known *known, struct gxt_error *fault);
    void *user;
};

/** A walk over a trace. One thread at a time. */
struct order;

/**
 * order_new() - a walk from the start
 * @source:   the trace; @offset is that of its first batch
 * @version:  NN of the header's "go 1.NN"
 * @pool:     where strings and stacks go
 */
int order_new(const struct source *source, uint64_t offset, int version, struct pool *pool, struct order_finder finder,
              struct order **ret);
struct order *order_free(struct order *order);

/**
 * order_recover() - go on behind faults, from the start
 * @ns_per_tick:  for generations that have lost their clock
 *
 * What bears a fault is left out: an event that contradicts what is known, the rest of a batch that cannot be read,
 * what gen_find() and gen_load() leave out. When all threads wait for what never comes, the earliest does no more.
 * Behind a generation that is hurt the states are not known, as at a trace's beginning.
 */
void order_recover(struct order *order, double ns_per_tick);

/** order_loss() - what was left out since it was cleared, each fault once however often the walk comes by it */
const struct gxt_loss *order_loss(const struct order *order);
void order_clear_loss(struct order *order);

/** order_reset() - go back to the start */
void order_reset(struct order *order);

/**
 * order_next() - the next record
 * @ret:  written when 1 is returned
 *
 * Return: 1; 0 at the end; negative with the fault in order_fault(), again on every call.
 */
int order_next(struct order *order, struct order_record *ret);

/**
 * order_skip() - pass over records that nobody wants to see
 * @most:       at most so many
 * @before_ns:  only those before this moment
 * @ret_ns:     the last one's time, written when there was one
 *
 * Return: how many; 0 says nothing: order_next() goes on from there.
 */
size_t order_skip(struct order *order, size_t most, int64_t before_ns, int64_t *ret_ns);

const struct gxt_error *order_fault(const struct order *order);

/** order_fail() - make @fault the one with which the walk ends here: what a later room found wrong */
int order_fail(struct order *order, const struct gxt_error *fault);

/** order_gen() - the generation of the last record, or NULL between generations */
struct gen *order_gen(struct order *order);

/** order_generations() - how many generations have begun */
uint64_t order_generations(const struct order *order);

/** order_bytes() - about how much of the file lies before the walk; never falls while it walks. Cost: one look at each
 * thread of the generation. */
uint64_t order_bytes(const struct order *order);

/** order_is_rising() - whether times have risen from record to record: until one passes the end of the clock, and goes
 * on at its beginning, as in Go's reader */
bool order_is_rising(const struct order *order);

/** order_at_boundary() - whether the next record is a sync */
bool order_at_boundary(const struct order *order);

/** order_can_save() - whether the walk can be saved here: not between the records of one wire event, nor at its end,
 * nor inside a generation that is hurt, or has a number that is not new */
bool order_can_save(const struct order *order);

/** A walk as bytes. All zero is an empty one. The goroutines stand at its end, in pieces by id: those that did nothing
 * are the same piece again and again, which need not be kept twice. */
struct order_snapshot {
    struct buf bytes;
    size_t *cuts; /**< where each piece begins, rising; before the first one stands what is no piece */
    size_t n_cuts, capacity;
};

void order_snapshot_done(struct order_snapshot *snapshot);

/** order_save() - the walk as bytes
 * @ret:  emptied first
 *
 * At a boundary: all of it; of a walk ahead, which does not know all, nothing. Elsewhere: the frontier, and what has
 * changed since the boundary at the generation's start, where order_save() must have been called: bytes that are the
 * same whatever was there at the boundary.
 *
 * Cost: at a boundary what exists, else what has changed.
 * Return: 0; GXT_ENOMEM; GXT_EINVAL when the generation's start was not saved. */
int order_save(struct order *order, struct order_snapshot *ret);

/**
 * order_keep_boundaries() - save each boundary that the walk passes within one call of order_next()
 * @ret:  order_save() into it, each time; NULL: no more
 *
 * So it does where what comes last in a generation is left out. Then the record handed out is the Sync behind it.
 */
void order_keep_boundaries(struct order *order, struct order_snapshot *ret);

/** order_restore() - go on where order_save() was called
 * @start:   the bytes of a boundary
 * @inside:  NULL, or of a place in the generation that begins there
 *
 * @inside is laid over @start. They are not trusted. Goroutines are read from them when they are asked for, so that a
 * crowd that nobody asks for costs a copy of its bytes; what is wrong with them shows then: order_next() gives
 * GXT_EINDEX. So it does where a generation has a number that is not new: what is saved at a boundary knows no sequence
 * numbers (order_lacks()). A place inside such a one is refused.
 *
 * Return: 0; GXT_EINDEX when they are none; GXT_ENOMEM; inside a generation also GXT_ESTALE and GXT_EIO. After a
 * failure the walk is at the start. */
int order_restore(struct order *order, struct span start, const struct span *inside, struct gxt_error *fault);

/** order_lacks() - whether the walk's fault is that what was restored does not suffice to go on; then only a walk from
 * the start does */
bool order_lacks(const struct order *order);

/** order_forget() - do not keep the generation that was read last: read it again when it is wanted */
void order_forget(struct order *order);

/** A census: how many events a generation has, without putting them in order. One thread at a time; several side by
 * side, of one trace. */
struct census;

/** census_new() - @begin: where the first generation is, as of order_new() */
int census_new(const struct source *source, uint64_t begin, int version, struct pool *pool, struct census **ret);
struct census *census_free(struct census *census);

/** census_find() - take the next generation
 * @stream:  moved behind it
 * Return: whether there is one that can be had. */
bool census_find(struct census *census, struct gen_stream *stream);

/** census_count() - count it. Whether it could be counted shows in order_join().
 * Cost: reads the generation; its tables are in memory, and some bytes for each goroutine that it names. */
void census_count(struct census *census);

/** census_counts() - how many records of each type order_next() would hand out, as an array of 256 */
const uint64_t *census_counts(const struct census *census);

/** order_may_join() - whether a census may take the place of the walk here: at a boundary where nothing is recovered
 * and nobody wants to save the walk */
bool order_may_join(const struct order *order);

/** order_stream() - where the walk is in the trace, for census_find(): at a boundary, before the next generation */
struct gen_stream order_stream(const struct order *order);

/**
 * order_join() - pass a generation that was counted
 *
 * The states at its start must be what the census took for granted. No time is known behind it, and no sequence number:
 * a generation with a number that is not new cannot be walked then (order_lacks()).
 *
 * Return: 1; 0 when it does not fit: then nothing has changed, and the walk goes through the generation; GXT_ENOMEM,
 * with which the walk ends.
 */
int order_join(struct order *order, const struct census *census);

/**
 * order_go_ahead() - from here on a walk goes ahead of another one: through one generation after another, each by what
 * it tells of the states at its start, while the other one is still before it
 *
 * For each: order_place_ahead(), order_foretell(), order_start_ahead(), order_next() and the like up to the boundary
 * behind it, order_catch_up(). It has a fault where it would need what it does not know. What it hands out is what the
 * other walk would, but for what is said of the states before an event (from, run, flags), names and numbers of Syncs,
 * if it can be caught up with. It cannot be restored.
 * Return: 0; GXT_ENOMEM.
 */
int order_go_ahead(struct order *order);

/** order_place_ahead() - put it before generation @generation, counted from 0, which comes next in @stream */
void order_place_ahead(struct order *ahead, uint64_t generation, struct gen_stream stream);

/** order_foretell() - read the tables of the generation that a walk ahead is before, and its threads' last batches
 * @ret_ns:  the time that its last record is going to have, nearly always
 * Return: 1; 0 when there is none; negative: the walk is going to say why. */
int order_foretell(struct order *order, int64_t *ret_ns);

/** order_start_ahead() - the walk through it may begin
 * @last_ns:  the time of the last record before it */
void order_start_ahead(struct order *ahead, int64_t last_ns);

/**
 * order_catch_up() - put a walk behind the generation that the one ahead has walked through
 * @order:  stands at the boundary before it, which was saved (order_save())
 * @ahead:  at the one behind it, or wherever it had to end; of no use then until the next order_place_ahead()
 *
 * Return: 1; 0 when something was not so that it took for granted: then nothing has changed, and the walk goes through
 * the generation itself; GXT_ENOMEM, with which the walk ends.
 * Cost: looks at each goroutine once.
 */
int order_catch_up(struct order *order, struct order *ahead);

/** order_states() - everything at this place. Return: 0; GXT_ENOMEM; GXT_EINDEX as order_next(). */
int order_states(struct order *order, struct gxt_states **ret);
void order_states_free(struct gxt_states *states);

/** order_states_new() - an empty picture, for the old format to fill: its lists come from @ret_arena. NULL without
 * memory. */
struct gxt_states *order_states_new(struct arena **ret_arena);

#endif
