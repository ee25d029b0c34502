/* merge_priv.h: the state of ordering an old trace, which merge.c and merge_quick.h share.
 */
#ifndef MERGE_PRIV_H
#define MERGE_PRIV_H

#include "legacy_priv.h"

enum {
    G_DEAD,
    G_RUNNABLE,
    G_RUNNING,
    G_WAITING
};
#define UNORDERED UINT64_MAX
#define GARBAGE (UINT64_MAX - 1) /* the collector's own sequence */
#define ANY_SEQ UINT64_MAX
#define NEXT_SEQ (UINT64_MAX - 1)

/* What an event needs of a goroutine, and what it makes of it. */
struct move {
    uint32_t g; /* its place; MAP_NONE: nothing */
    uint8_t from, to;
    uint64_t from_seq, to_seq;
};

struct proc {
    struct old_lane *lane;
    struct old_reading reading;
    struct move move;
    uint32_t own, last_own; /* goroutine's places: of the event, and who runs */
    uint32_t near;          /* the place of a goroutine that was named lately, … */
    uint64_t near_g;        /* … and its id; at first both are of nobody */
    uint32_t at;            /* of its lane */
    uint32_t other;         /* the one that it names; 0 for none */
    bool has_event, is_fresh, done;
    struct old_p p;
};

/* Processors whose event is ready, a heap by time; ties stand as the moves of Go's reader leave them. */
struct ready {
    int64_t time;
    struct proc *proc;
};

struct merge {
    struct old_reader reader;
    struct old_trace *trace;
    struct gxt_error *fault;
    struct old_check check;
    struct map g_places;
    struct old_g *gs;
    size_t n_gs, gs_capacity;
    struct proc *procs, **waiting;
    struct ready *ready;
    size_t n_waiting, n_ready;
    uint32_t changed;  /* the goroutine that the last event moved */
    int64_t time;      /* of the last turn that was noted */
    int64_t last_time; /* of the last event */
    struct proc *tail; /* whose the last events are, … */
    size_t tail_at;    /* … and where in the ties they begin */
    uint64_t n_events, n_exits;
    int64_t first_tick;
    bool is_right; /* there was an event, and so far all were right */
    bool is_odd; /* a return goes where another event of its goroutine may be between: events are checked in their order
                  */
    struct gxt_error bad_time, bad_exit, bad_check; /* the first of each */
};

/* The place of a goroutine, made when it is not known; MAP_NONE without memory. */
uint32_t old_merge_add(struct merge *merge, uint64_t id);

static inline uint32_t g_of(struct merge *merge, uint64_t id)
{
    const uint32_t at = map_get(&merge->g_places, id);
    return LIKELY(at != MAP_NONE) ? at : old_merge_add(merge, id);
}

#endif
