/* walk_priv.h: a walk over an old trace: what its files share.
 */
#ifndef WALK_PRIV_H
#define WALK_PRIV_H

#include "legacy_priv.h"

struct old_task {
    uint64_t id, parent, name; /* the name's local id */
};

/* What records have told so far of a goroutine that is there. */
struct seen_g {
    gxt_goid id;
    gxt_threadid thread;
    uint8_t state;   /* GXT_GO_NOT_EXIST: nobody's place */
    bool on_network; /* what it waits for */
};

/* The same of a processor. */
struct seen_p {
    gxt_threadid thread; /* as the last ProcStart says; GXT_NO_THREAD when it is stopped */
    uint8_t state;
    bool told;  /* a record has named it */
    uint32_t g; /* the place of a goroutine that was seen on it, perhaps */
};

struct legacy {
    struct old_trace trace;
    struct old_sequence *sequence; /* NULL before the trace is known */
    struct gxt_error fault, bad;   /* of the walk; of the trace as a whole */
    bool was_read, has_begun, before_init, done, fell;
    bool is_refused; /* what the index knows could not be used */
    uint64_t n_syncs;
    int64_t last_ns;
    double ns_per_tick;
    uint64_t stop_reason; /* local string id */

    struct order_record *waiting; /* that follow the record handed out */
    size_t n_waiting, next_waiting, waiting_capacity;
    uint64_t *created; /* goroutines that were there before the trace, and have told nothing yet */
    size_t n_created, created_capacity;
    struct map created_places, task_places, g_places;
    struct old_task *tasks;
    struct seen_g *gs;
    struct seen_p *ps; /* by lane */
    uint32_t *free_gs;
    size_t n_tasks, tasks_capacity, n_gs, gs_capacity, n_free, free_capacity;
};

/* Ticks since the first event, as nanoseconds. */
static inline int64_t old_time_of(const struct legacy *legacy, int64_t ticks)
{
    const double ns = (double)(int64_t)((uint64_t)ticks - (uint64_t)legacy->trace.first_tick) * legacy->ns_per_tick;
    return LIKELY(ns >= -0x1p63 && ns < 0x1p63) ? (int64_t)ns : INT64_MIN;
}

static inline bool old_has_waiting(const struct legacy *legacy)
{
    return legacy->next_waiting < legacy->n_waiting;
}

/* ---- legacy.c ---- */

/* Takes what an index knows, or reads the trace. Where this fails the trace has no record. */
int old_prepare(struct legacy *legacy);
/* Forgets all that was read or known. */
void old_forget(struct legacy *legacy);

/* ---- convert.c ---- */

/* What the next event becomes, which is passed. 1; 0 when it becomes nothing by itself; negative. */
int old_convert(struct legacy *legacy, struct order_record *ret);
/* Keeps what a record that is handed out says of states. Return: whether there was memory. */
bool old_see(struct legacy *legacy, const struct order_record *record);
struct seen_g *old_seen_g(struct legacy *legacy, gxt_goid id);
/* One that has ended is not there. Return: whether there was memory. */
bool old_forget_g(struct legacy *legacy, gxt_goid id);
int old_add_created(struct legacy *legacy, uint64_t g);
int old_add_task(struct legacy *legacy, struct old_task task);
int old_no_memory(struct legacy *legacy);

#endif
