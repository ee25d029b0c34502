/* resolve.h: an ordered record and its generation's tables to the public event.
 */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "legacy.h"

#include <gxt/event.h>

enum {
    RESOLVER_SEEN = 64
};

/** The strings that events need and no trace's table has to have. One to a walk. */
struct resolver {
    struct pool *pool;
    const struct gxt_string *empty;      /**< "" */
    const struct gxt_string *metrics[3]; /**< of ProcsChange, HeapAlloc, HeapGoal */
    const struct gxt_string
        *ranges[GXT_RANGE_GC_MARK_ASSIST + 1]; /**< by enum gxt_range_kind, where the kind has one name */
    struct map reasons;                        /**< string id to enum gxt_reason */
    struct {
        const struct gxt_string *text;
        uint8_t code;
    } seen[RESOLVER_SEEN]; /**< reasons looked up last, by address */
    bool recovers;         /**< what no table has is "" or no stack, and … */
    struct gxt_loss loss;  /**< … counted here, as often as it is met; its times are not set */
};

/** resolver_init() - Return: 0; GXT_ENOMEM; GXT_ELIMIT. */
int resolver_init(struct resolver *resolver, struct pool *pool);
void resolver_done(struct resolver *resolver);

/**
 * resolve() - make an event of a record
 * @gen:     its generation, with the tables; NULL for a Sync that begins none
 * @ret:     all of it is written, but for the ordinal
 * @fault:   written when negative is returned
 *
 * Here the ids of strings and stacks are looked up, and so here it shows when the tables have none of them.
 *
 * Return: 0; negative when that is so, unless the resolver recovers.
 */
int resolve(struct resolver *resolver, struct gen *gen, const struct order_record *record, struct gxt_event *ret,
            struct gxt_error *fault);

/**
 * resolve_quick() - order_next() and resolve() for what is usual, many at once (order_quick.h)
 * @most:     at most so many events
 * @ordinal:  of the first
 *
 * Return: how many; the walk stands behind the last of them. Before what is not usual it ends.
 */
size_t resolve_quick(struct resolver *resolver, struct order *order, size_t most, uint64_t ordinal,
                     struct gxt_event *ret);

/** resolve_quick_old() - the same of an old trace */
size_t resolve_quick_old(struct resolver *resolver, struct legacy *legacy, size_t most, uint64_t ordinal,
                         struct gxt_event *ret);

/** resolve_count() - resolve_quick(), but the events are only counted by kind: that their strings and stacks can be had
 * is looked at all the same */
size_t resolve_count(struct order *order, size_t most, uint64_t counts[GXT_N_KINDS], int64_t *ret_ns);

/** resolve_counts() - add how many events of each kind there are, of how many records of each type (census_counts()) */
void resolve_counts(const uint64_t by_type[256], uint64_t counts[GXT_N_KINDS]);

enum {
    NEARBY = 1024,
    NEARBY_SEEN = 256,
    SEEN_P = 0,
    SEEN_M,
    SEEN_KINDS,
};

/** A goroutine whose events are only to be counted. */
struct nearby_g {
    gxt_goid id; /**< GXT_NO_GOROUTINE for none */
    int64_t last_ns;
    uint64_t n_events;
    uint32_t place; /**< says who counts */
};

/** Goroutines whose events are only to be counted, each where its id leads; processors and threads of which there is
 * nothing to be said, the same, -1 for none; and events by kind. */
struct nearby {
    struct nearby_g gs[NEARBY];
    int64_t seen[SEEN_KINDS][NEARBY_SEEN];
    uint64_t n_by_kind[GXT_N_KINDS];
};

static inline struct nearby_g *nearby_g(struct nearby *nearby, gxt_goid id)
{
    return &nearby->gs[(uint64_t)id % NEARBY];
}

/** A goroutine that begins. */
struct birth {
    gxt_goid id, creator;
    int64_t time_ns;
    const struct gxt_stack *start, *stack; /**< where it starts, and where it was created; NULL for none */
};

/** Who tallies: a struct nearby, and what is called with @user for the rest. */
struct resolve_taker {
    struct nearby *nearby;
    void *user;
    /** Events that are counted are of this thread and this processor, not both of them seen. */
    void (*see)(void *user, gxt_threadid thread, gxt_procid processor);
    /** Whether bring() could. */
    bool (*may_bring)(void *user, gxt_goid id);
    /** A goroutine is to be nearby, for an event of it. Return: whether it is. */
    bool (*bring)(void *user, gxt_goid id);
    /** A goroutine that is not nearby is met, with its state and a stack of its own, or NULL. Its event counts. */
    void (*meet)(void *user, gxt_goid id, int64_t time_ns, const struct gxt_stack *stack);
    /** Return: whether it was not there; then it is counted. */
    bool (*begin)(void *user, const struct birth *birth);
    /** A goroutine has ended. */
    void (*end)(void *user, gxt_goid id);
};

/** resolve_tally() - resolve_count(), but the events are also counted for whom they belong to */
size_t resolve_tally(struct resolver *resolver, struct order *order, size_t most, const struct resolve_taker *taker,
                     int64_t *ret_ns);

/** Whom an event belongs to: its context, and whom it is about, which is never a thread; -1 for nobody. */
struct owners {
    gxt_goid g[2];
    gxt_procid p[2];
    gxt_threadid m;
};

extern const struct owners owners_none;
struct owners owners_of(const struct gxt_event *event);
bool event_belongs(const struct gxt_event *event, int64_t resource, int64_t id);

/* Go's words. All take anything and return a static text; the public header says what for what is none. */
const char *word_kind(int kind);
const char *word_resource(int resource);
const char *word_gostate(int state);
const char *word_procstate(int state);
const char *word_reason(int reason);
int word_reason_since(int reason);
int word_range_since(int range);
const char *word_wire(int wire_type);
const char *word_experimental_arg(int wire_type, size_t i);
const char *word_experiment(int wire_type);

#endif
