/* order_priv.h: what the files of this room share.
 */
#ifndef ORDER_PRIV_H
#define ORDER_PRIV_H

#include "order.h"

/* What order_quick() is to do with a type. */
enum quick_case {
    QUICK_ENDS, /* it is not usual, nor is what it follows: it has no time, or is a label, which says more about that */
    QUICK_UNUSUAL, /* it is not usual */
    QUICK_GO_START,
    QUICK_GO_BLOCK,
    QUICK_GO_STOP,
    QUICK_GO_UNBLOCK,
    QUICK_GO_CREATE,
    QUICK_GO_CREATE_BLOCKED,
    QUICK_GO_DESTROY,
    QUICK_GO_SWITCH,
    QUICK_GO_SWITCH_DESTROY,
    QUICK_GO_SYSCALL_BEGIN,
    QUICK_GO_SYSCALL_END,
    QUICK_GO_SYSCALL_END_BLOCKED,
    QUICK_PROC_START,
    QUICK_PROC_STOP,
    QUICK_PROC_STEAL,
    QUICK_GO_STATUS,
    QUICK_GO_STATUS_STACK,
    QUICK_GC_MARK_ASSIST_BEGIN,
    QUICK_GC_MARK_ASSIST_END,
    QUICK_GC_SWEEP_BEGIN,
    QUICK_GC_SWEEP_END,
    QUICK_HEAP_ALLOC,
    QUICK_HEAP_OBJECT_ALLOC,
    QUICK_HEAP_OBJECT_FREE,
};

extern const uint8_t quick_cases[256]; /* by type */

/* ---- lane.c: one thread's events, in the order of the file ---- */

/* Some events that order_quick() takes of one thread. */
struct order_run {
    gxt_procid processor; /* that it had before the first of them */
    int64_t last_ns;      /* the time of the last; 0 when there is none yet */
    uint64_t n;           /* those that are not yet counted for a goroutine */
};

struct lane {
    const uint8_t *head;      /* its event's type, … */
    const uint8_t *args;      /* … and its arguments */
    const uint8_t *quick_end; /* before here an event is known to be whole, and its numbers to fit */
    int64_t time_ns;          /* of the head, as the lane has it: not yet pushed behind the event before it */
    int64_t before_ns;        /* time_ns before the head was read */
    gxt_threadid thread;
    uint32_t m;               /* place of its M in sched.ms; MAP_NONE until its first try */
    uint8_t now;              /* quick_cases of the head's type: at hand before the head is */
    bool in_tail;             /* whether the batch goes on in tail */
    const uint8_t *next;      /* the event behind it, once its arguments are read */
    const uint8_t *plain_end; /* where a number may not fit */
    const uint8_t *end;       /* of the batch */
    int64_t base_ns;          /* of the batch */
    uintptr_t zero;           /* where the file would begin: what makes an offset of a place in the batch */
    const uint32_t *batches;  /* still to come */
    size_t n_batches;
    uint64_t left;             /* bytes in them */
    struct sched_m *m_at_hand; /* its M, while order_quick() takes its events */
    struct order_run run;
    uint8_t tail[WIRE_MAX_EVENT + 13];
};

/* Thread number @i of a generation, before its first event. */
void lane_begin(struct lane *lane, const struct gen *gen, size_t i);

/* The head's. */
static inline uint8_t lane_type(const struct lane *lane)
{
    return *lane->head;
}

/* Where in the file the lane's head is. */
static inline uint64_t lane_offset(const struct lane *lane)
{
    return (uintptr_t)lane->head - lane->zero;
}

/* The event at lane->next, which is known to be whole, becomes the head. */
static inline __attribute__((always_inline)) void lane_read_head(struct lane *lane, const struct gen *gen)
{
    const uint8_t *at = lane->next;
    uint64_t delta = 0;

    lane->head = at;
    lane->now = quick_cases[*at];
    lane->args = wire_number_even(at + 1, &delta);
    /* A lane whose last time is 0 takes its batch's again, also in the middle of it (Go's batchCursor.nextEvent). */
    lane->before_ns = lane->time_ns;
    int64_t last = LIKELY(lane->time_ns != 0) ? lane->time_ns : lane->base_ns;
    lane->time_ns = (int64_t)((uint64_t)last + (uint64_t)gen_time(gen->ns_per_tick, delta));
}

/* Leaves out the rest of a batch that cannot be read. Return: how many bytes that are. */
uint64_t lane_skip_batch(struct lane *lane);

int lane_next_slow(struct lane *lane, const struct gen *gen, struct gxt_error *fault);

/* Makes the lane's next event its head. 1; 0 when there is none left; negative with a fault. */
static inline __attribute__((always_inline)) int lane_next(struct lane *lane, const struct gen *gen,
                                                           struct gxt_error *fault)
{
    if (UNLIKELY(lane->next >= lane->quick_end || !wire_specs[*lane->next].timed))
        return lane_next_slow(lane, gen, fault);
    lane_read_head(lane, gen);
    return 1;
}

/* Moves a lane that has read nothing to where it had a head: with @n_batches still to come, @at bytes into the one
 * before them. 0; GXT_EINDEX when there is no such place; GXT_ESTALE. */
int lane_resume(struct lane *lane, const struct gen *gen, size_t n_batches, uint64_t at, int64_t before_ns,
                struct gxt_error *fault);

/* ---- frontier.c: the lanes that have a head, as a heap by time ---- */

struct frontier_entry {
    int64_t time_ns; /* first: gen_sort sorts by it */
    struct lane *lane;
};

enum {
    FRONTIER_SPARE = 2, /* entries behind the last one that there is room for: order_quick() needs them */
};

struct frontier {
    struct frontier_entry *entries;
    size_t n, capacity;
};

/* The heap's ties are part of the order: each of these makes the same moves as Go's reader (batchcursor.go). */
void frontier_insert(struct frontier *frontier, struct lane *lane); /* there is room: see frontier_reserve */
void frontier_move(struct frontier *frontier, size_t i);            /* entry i's time has changed */
void frontier_remove(struct frontier *frontier, size_t i);
int frontier_reserve(struct frontier *frontier, size_t n);

/* Entry i's lane has a new head. Mostly the earliest lane stays the earliest for some events. */
static inline void frontier_update(struct frontier *frontier, size_t i)
{
    struct frontier_entry *entries = frontier->entries;
    const int64_t time_ns = entries[i].time_ns = entries[i].lane->time_ns;

    if (UNLIKELY(i != 0 || frontier->n <= 2 || entries[1].time_ns < time_ns || entries[2].time_ns < time_ns))
        frontier_move(frontier, i);
}

/* ---- sched.c: the state machine ---- */

/* Raw statuses: tracev2.GoStatus and tracev2.ProcStatus. */
enum {
    G_BAD,
    G_RUNNABLE,
    G_RUNNING,
    G_SYSCALL,
    G_WAITING,
    N_G_STATUSES
};
enum {
    P_BAD,
    P_RUNNING,
    P_IDLE,
    P_SYSCALL,
    P_SYSCALL_ABANDONED,
    N_P_STATUSES
};
enum {
    GC_UNDETERMINED,
    GC_NOT_RUNNING,
    GC_RUNNING
};

extern const uint8_t sched_go_state[N_G_STATUSES];   /* status to enum gxt_gostate */
extern const uint8_t sched_proc_state[N_P_STATUSES]; /* status to enum gxt_procstate */

struct sched_region {
    gxt_taskid task;
    const struct gxt_string *name; /* by content: ids change from generation to generation */
};

struct sched_range {
    uint64_t description; /* a string id of the generation it began in, as Go's reader keeps it */
    uint8_t type;         /* the wire type of its begin */
};

/* What few resources have. */
struct sched_extra {
    struct sched_region *regions; /* outermost first */
    struct sched_range *ranges;   /* in the order that begins and swap-removals leave */
    size_t n_regions, regions_capacity, n_ranges, ranges_capacity;
    size_t n_before; /* so many of the outermost regions began before the last sched_mark(); … */
    size_t n_popped; /* … and so many ends since met none that began after it */
};

/* A goroutine or processor. */
struct sched_resource {
    int64_t id;
    uint64_t seq, seq_generation;
    struct sched_extra *extra; /* NULL for none */
    union {
        struct {
            uint8_t status;
            bool live;    /* false: the slot is free */
            bool touched; /* it lives, and is in table->changes.list or nobody wants to know */
            uint8_t zero;
        };
        uint32_t word; /* the four of them */
    };
    bool at_start; /* it was there at the last sched_mark() */
    bool is_added; /* of the slot: there is a note, not looked at yet, that one was added in it */
    bool is_born;  /* of the slot: it is in table->changes.born */
};

/* Goroutines to be saved that have neighbouring ids, and nothing to tell them apart. */
struct crowd_entry {
    uint64_t id, n;
    uint64_t seq;                    /* where the flags say that it is told, else 0 */
    const struct sched_extra *extra; /* where they say that there is some, else NULL: then it is one goroutine */
    uint8_t flags;                   /* CROWD_…, but for CROWD_RUN */
};

struct crowd_entries {
    struct crowd_entry *list; /* by rising id */
    size_t n, capacity;
};

/* Of what has changed: pairs of an id and the place where it was then, or that it has gone. What was added is noted
 * once for each slot: who came and went since the last look is forgotten for the next one there. And what crowd_list()
 * keeps of the last time: for it, and not for who notes. */
struct sched_changes {
    size_t n;
    size_t n_sorted; /* so many of them do not fall by id */
    struct pairs_spare list, spare;
    struct crowd_entries start, settled, settling, listed;
    uint32_t *born; /* slots of some that settled, and were not there at the last sched_mark() */
    size_t n_born, born_capacity;
    bool knows_start; /* start is all that there was at the last sched_mark() */
};

#define SCHED_GONE MAP_NONE             /* for a place */
#define SCHED_ADDED (UINT64_C(1) << 32) /* beside a place: the note is of whoever is there when it is looked at */

/* Resources by id. A place stays good until the next resource is added. */
struct sched_table {
    struct sched_resource *items;
    uint32_t *places; /* by how an id ends: who has it, if it lives and its id ends so. Ids are given out in a row */
    uint64_t places_mask;
    struct id_map others; /* of whom another one had the place when they came */
    size_t n, capacity;   /* slots used so far, free ones included */
    size_t n_free;
    uint32_t free_slot;           /* the last one that got free; its seq is the one before it */
    struct crowd *crowd;          /* of a snapshot, not all of it asked for yet; NULL for none */
    bool tracks;                  /* whether it is kept what changes */
    struct sched_changes changes; /* since the last sched_mark(): touched or added; and at_start but removed */
    struct id_set *ended;         /* who has ended; NULL: nobody wants to know */
    bool has_nobody;              /* one had the id -1, which stands for none */
    int lost;                     /* 0; GXT_EINDEX or GXT_ENOMEM when something could not be had or kept */
};

struct sched_m {
    gxt_threadid id;
    gxt_procid p;
    gxt_goid g;
    uint32_t p_at, g_at; /* where they were found last: a hint, checked against the id */
};

struct sched_task {
    gxt_taskid id, parent;
    const struct gxt_string *name;
    bool is_new; /* it began since the last sched_mark() */
};

struct sched {
    struct sched_table gs, ps;
    struct map m_ids;
    struct sched_m *ms;
    size_t n_ms, ms_capacity;
    struct map task_ids;
    struct sched_task *tasks;
    size_t n_tasks, tasks_capacity;
    struct assumed *assumed;      /* what is taken for granted of the start; NULL: the start is known */
    struct id_map doubtful_tasks; /* of which a census cannot say whether they are active */
    uint64_t gc_seq;
    uint64_t initial_generation; /* 0 until the first try */
    uint8_t gc_state;
    bool lacks; /* it came to need what is doubtful */

    /* Since the last sched_mark(): */
    bool tracks;    /* there was one: whether what follows is kept */
    bool tried;     /* an event was tried */
    uint32_t *seen; /* places of Ms, in the order in which they were tried first, told of or robbed */
    size_t n_seen, seen_capacity;
    bool *is_seen; /* of each M: it is there, or nobody wants to know. Not in the M, whose size is a power of two */
    size_t is_seen_capacity;
    gxt_taskid *ended; /* tasks that did not begin since, known or not, in the order in which they ended */
    size_t n_ended, ended_capacity;
    uint64_t gc_seq_before;  /* gc_seq then, … */
    uint8_t gc_state_before; /* … and gc_state: each of the collector's events changes one of them */
};

/* The records that follow the first one of a wire event. What they change is changed when they are handed out. */
struct pending {
    struct order_record records[2];
    uint32_t m; /* place of the M they happen on */
    uint8_t n, next;
};

void sched_done(struct sched *sched);
void sched_clear(struct sched *sched);

/* One try. What is the same for all tries of a generation is set once for it. */
struct step {
    struct sched *sched;
    struct gen *gen;
    struct pending *pending;
    struct gxt_error *fault;
    struct lane *lane;
    struct order_record *out; /* with the context and the arguments */
    struct sched_m *m;        /* NULL for a lane of no thread */
    gxt_procid p;             /* context; -1 for none */
    gxt_goid g;
};

/* Tries to advance a lane's head. 1: it advanced, @ret is the first record and step->pending has the others; 0: it must
 * wait; negative with a fault. */
int sched_advance(struct step *step, struct lane *lane, struct order_record *ret);

/* Of a hurt generation: makes the states such that a lane's head, which was tried, can advance. Return: whether that
 * may have helped. */
bool sched_mend(struct step *step, const struct lane *lane);

/* Bears the fault that sched->gs.lost says. */
int sched_lost(const struct sched *sched, struct gxt_error *fault);

/* Makes the changes of a pending record that is handed out. */
void sched_apply(struct sched *sched, const struct pending *pending, const struct order_record *record);

/* The flags of a sample: whether its P and G are what it says. */
uint8_t sched_sample_flags(struct sched *sched, const struct gen_sample *sample);

/* ---- state.c: tables of resources ---- */

/* A resource of a crowd that was not asked for before. NULL when there is none, or table->lost says why. */
struct sched_resource *crowd_take(struct sched_table *table, int64_t id);

/* The place of one of those that are at hand; MAP_NONE when it is not. */
static inline __attribute__((always_inline)) uint32_t sched_at(const struct sched_table *table, int64_t id)
{
    if (LIKELY(table->places != NULL)) {
        const uint32_t at = table->places[(uint64_t)id & table->places_mask];
        if (LIKELY(table->items[at].id == id && table->items[at].live))
            return at;
    }
    return LIKELY(id_map_is_empty(&table->others)) ? MAP_NONE : id_map_get(&table->others, (uint64_t)id);
}

/* May add others of a crowd: what was found before has moved then. */
static inline __attribute__((always_inline)) struct sched_resource *sched_find(struct sched_table *table, int64_t id)
{
    const uint32_t at = sched_at(table, id);
    if (LIKELY(at != MAP_NONE))
        return &table->items[at];
    return UNLIKELY(table->crowd != NULL) ? crowd_take(table, id) : NULL;
}

void sched_note(struct sched_table *table, struct sched_resource *resource);
/* All that live are what has changed, and nothing else. Return: whether there is memory for it. */
bool sched_note_all(struct sched_table *table);

/* Says that a resource is changed. */
static inline void sched_touch(struct sched_table *table, struct sched_resource *resource)
{
    if (UNLIKELY(!resource->touched))
        sched_note(table, resource);
}

/* From here on it is kept what changes. */
void sched_mark(struct sched *sched);

/* The place of one that does not stand where its id leads, which it does from then on where that can be; 0 when it is
 * not there. */
uint32_t sched_find_elsewhere(struct sched_table *table, int64_t id);
/* Adds a resource that is not there. NULL without memory. */
struct sched_resource *sched_add(struct sched_table *table, int64_t id);
void sched_remove(struct sched_table *table, struct sched_resource *resource);
struct sched_extra *sched_extra(struct sched_resource *resource); /* made when there is none; NULL without memory */
/* A range in flight, of any description when that is NULL; NULL for none. */
struct sched_range *sched_range_find(const struct sched_resource *resource, uint8_t type, const uint64_t *description);
/* Both: 0; GXT_ENOMEM. A region becomes the innermost. */
int sched_range_add(struct sched_resource *resource, struct sched_range range);
int sched_region_add(struct sched_resource *resource, struct sched_region region);
/* The innermost region ends, if there is one. 0; GXT_ENOMEM. */
int sched_region_end(const struct sched *sched, struct sched_resource *g);
void sched_extra_done(struct sched_extra *extra); /* what is in it */
void sched_table_done(struct sched_table *table);
void sched_table_clear(struct sched_table *table);
/* Finds or makes an M, which is seen then; MAP_NONE without memory. */
uint32_t sched_m_at(struct sched *sched, gxt_threadid id);
struct sched_m *sched_m_find(const struct sched *sched, gxt_threadid id); /* NULL for none */
/* Says that an M is seen. 0; GXT_ENOMEM. */
int sched_see(struct sched *sched, uint32_t m);

/* Finds a task; NULL if it is not active. */
struct sched_task *sched_task_find(const struct sched *sched, gxt_taskid id);
int sched_task_add(struct sched *sched, struct sched_task task);
void sched_task_remove(struct sched *sched, struct sched_task *task);
/* One ends, which need not be known: then @task is NULL. 0; GXT_ENOMEM. */
int sched_task_end(struct sched *sched, gxt_taskid id, struct sched_task *task);

/* ---- crowd.c: the goroutines of a snapshot ---- */

/* The distinct names of regions and tasks in a snapshot, each once. */
struct names {
    struct map places; /* string id to number */
    const struct gxt_string **list;
    size_t n, capacity;
    bool failed;
};

void names_add(struct names *names, const struct gxt_string *name);
void names_save(const struct names *names, struct buf *ret);
void names_put(const struct names *names, const struct gxt_string *name, struct buf *ret); /* a name's number */
/* Names that were saved; freed with names_done(). 0; GXT_EINDEX; GXT_ENOMEM. */
int names_restore(struct names *names, struct reader *in, struct pool *pool);
const struct gxt_string *names_get(const struct names *names, struct reader *in); /* NULL: in->failed is set */
void names_done(struct names *names);

/* Saves ranges, and the regions but for so many outermost ones. */
void extra_save(const struct sched_extra *extra, size_t n_regions_before, const struct names *names, struct buf *ret);
/* Adds the regions that were saved to those there are, and puts the ranges in the place of those there are. 0;
 * GXT_EINDEX; GXT_ENOMEM. */
int extra_restore(struct sched_extra *extra, const struct names *names, struct reader *in);

/* How a goroutine is told of: its status, … */
enum {
    CROWD_STATUS = 7,      /* the mask of it */
    CROWD_GONE = 7,        /* in its place */
    CROWD_TOLD = 8,        /* its sequence number is of the generation */
    CROWD_EXTRA = 16,      /* it has regions or ranges */
    CROWD_RUN = 32,        /* so do those of some ids behind it */
    CROWD_ANEW = 64,       /* the one of its id that was there at the start has gone */
    CROWD_MOST_SHIFT = 63, /* of blocks */
};

/* Saves all that live, or of those that were there at the last sched_mark() and of those that are what has changed.
 * @generation: the number of the one whose sequence numbers count. 0; GXT_ENOMEM. */
int crowd_save(struct sched_table *table, bool changes, uint64_t generation, struct order_snapshot *ret);
/* crowd_list.c: lists the same, to be saved; then all must be marked where all live. NULL without memory. Lifetime:
 * until the next time. */
const struct crowd_entries *crowd_list(struct sched_table *table, bool changes, uint64_t generation);
/* crowd_restore.c: puts a saved crowd in place: all of it, and, unless @changes is NULL, what has changed since. The
 * rest of both readers is theirs. @most: so many there can be. 0; GXT_EINDEX; GXT_ENOMEM. */
int crowd_restore(struct sched_table *table, struct reader *all, struct reader *changes, uint64_t generation,
                  uint64_t most, struct pool *pool);
/* Takes all that were not asked for. 0, or table->lost. */
int crowd_take_all(struct sched_table *table);
void crowd_free(struct sched_table *table);

/* ---- order.c ---- */

/* Finds and reads generation order->n_generations, unless it is at hand. 1; 0 at the end; negative. */
int order_load(struct order *order, struct gxt_error *fault);
/* Behind a generation that was hurt: nothing is known any more. */
void order_begin_anew(struct order *order);
/* Makes the lanes of the generation that is loaded, without heads. 0; GXT_ENOMEM. */
int order_make_lanes(struct order *order);
/* Looks at what may go before the frontier's head. */
void order_settle(struct order *order);

struct order {
    const struct source *source;
    struct pool *pool;
    struct order_finder finder;
    uint64_t begin; /* offset of the first batch */
    int version;
    bool done;        /* the last sync is out */
    bool fell;        /* a time passed the end of the clock, … */
    bool fell_inside; /* … since a boundary was saved */
    bool has_gen;
    struct gen_stream stream, before,
        behind;      /* where the walk is; where it was before and behind the generation loaded */
    uint64_t loaded; /* which one gen is, counted from 1; 0 for none */
    struct gen gen;
    struct gen_dir dir;
    struct sched sched;
    struct frontier frontier;
    struct lane *lanes;
    size_t lanes_capacity;
    size_t sample, n_samples; /* the next one of gen.samples, and how many of them are to come or were */
    struct pending pending;
    struct step step;
    uint64_t highest;      /* number of the generations so far */
    bool comes_again;      /* that of the generation at hand is not new: what is before it may count */
    bool forgot;           /* restored: sequence numbers of generations up to the highest are not known */
    bool lacks;            /* … and it came to need them */
    uint64_t saved;        /* the boundary before which generation was saved last, counted from 1; 0 for none */
    bool recovers;         /* goes on behind faults, … */
    bool hurt;             /* … of which the generation at hand has one, … */
    bool gap;              /* … and no Sync has come since */
    uint64_t noting;       /* the generation at hand, counted from 1, … */
    uint64_t n_notes;      /* … and how many faults of it were met */
    uint64_t mended;       /* offset of the head for which the states were mended last; 0 for none */
    uint64_t told, n_told; /* the last fault that was counted, in such numbers */
    struct gxt_loss loss;
    bool steady;       /* the frontier has a head, and nothing but a sample may go before it */
    int64_t sample_ns; /* time of the next sample; INT64_MAX when there is none */
    int64_t last_ns;   /* of the last record; 0 before the first, as in Go's reader */
    uint64_t n_syncs, n_generations;
    struct order_snapshot *boundary; /* NULL: nobody wants one that is passed */
    struct gxt_error fault;
};

/* ---- assume.c: a generation whose start is not known yet ---- */

/* A goroutine or processor, as it is told to be at the start. */
struct assumed_one {
    int64_t id;
    uint8_t status;
    uint8_t range; /* in flight: the wire type of its begin; 0 for none */
};

struct assumed_ones {
    struct assumed_one *list;
    size_t n, capacity;
};

/* What a thread is told to have at the start. */
struct assumed_m {
    gxt_threadid thread;
    gxt_procid p;
    gxt_goid g;
    bool tells_p; /* else of its processor nothing is told */
};

/* A region that ends, and did not begin in the generation. */
struct assumed_region {
    gxt_goid g;
    struct sched_region region;
    size_t rank; /* so many of the goroutine's ended so before it */
};

struct assumed_task {
    struct sched_task task;
    bool begins;       /* or ends */
    bool ended_before; /* in the generation */
};

struct assumed {
    struct assumed_ones gs, ps;
    struct assumed_m *ms;
    size_t n_ms, ms_capacity;
    struct map m_places; /* by thread */
    struct assumed_region *regions;
    size_t n_regions, regions_capacity;
    struct assumed_task *tasks;
    size_t n_tasks, tasks_capacity;
    struct id_set ended_tasks, ended_gs;
    size_t n_victims;
    uint8_t gc_first; /* type of the collector's first event; 0 for none, … */
    uint64_t gc_first_seq;
    int64_t last_ns; /* of the last event before the generation */
    bool unfit;      /* it contradicts itself, or there was no memory for it */
};

void assumed_free(struct assumed *assumed);
void assumed_clear(struct assumed *assumed);

/* What the head of a lane tells first is taken for granted. @behind: what comes behind it. NULL without memory. */
struct sched_resource *assume_goroutine(struct sched *sched, struct span behind, gxt_goid id, uint8_t status);
struct sched_resource *assume_proc(struct sched *sched, const struct gen *gen, const struct lane *lane, gxt_procid id,
                                   uint8_t status);
/* All: 0; GXT_ENOMEM. */
int assume_lane(struct sched *sched, const struct lane *lane); /* its thread, which is tried first */
int assume_elsewhere(struct sched *sched, gxt_threadid thread, gxt_goid g);
int assume_region(struct sched *sched, const struct sched_resource *g, struct sched_region region);
int assume_task(struct sched *sched, struct sched_task task, bool begins);

/* ---- census.c, census_join.c: a generation without an order ---- */

/* Places of goroutines and processors that are none, or many. What is told of them fits no event. */
enum {
    CENSUS_UNKNOWN, /* what was there at the generation's start, and was not told yet */
    CENSUS_NOBODY,
    CENSUS_PAST, /* all that came and ended here, and of which nothing else is to be known */
    CENSUS_FIRST
};

/* Statuses beside those of the trace. */
enum {
    CENSUS_UNTOLD = 0xfc, /* it is waited for, and was not told of yet */
    CENSUS_GONE,          /* it has ended */
    CENSUS_BORN,          /* told: it was not there at the start */
    CENSUS_NONE           /* of the places that are none */
};

enum {
    CENSUS_NO_ID = -1 /* of places that are none, many or free */
};

enum {
    CENSUS_ANNOUNCED = 1, /* a range of it was found active in a lane that does not hold it, and nothing that must come
                             later was seen yet */
    CENSUS_HINTS = 4096
};

/* … and that a lane waits for this status of it. */
static inline uint8_t census_awaits(uint8_t status)
{
    return (uint8_t)(1u << (status & 7)); /* what no lane waits for has a bit that is never set */
}

/* Ranges as bits. */
enum {
    CENSUS_STW = 1,
    CENSUS_ASSIST = 2,
    CENSUS_SWEEP = 4
};

/* A goroutine or processor. It is told of before anything happens to it: by a status, or by being created. So what
 * happens to it happens in one order, whoever goes first: what has a number in its sequence when that number's turn has
 * come, the rest in the lane that runs it. */
struct census_one {
    int64_t id;
    uint64_t seq;
    int64_t changed_ns; /* when it came to be what another lane may wait for: where times are kept */
    uint8_t status;     /* now, a raw one, or one of those above */
    uint8_t care;       /* what is to be done when it changes: of the bits below */
    uint8_t told;       /* at the generation's start */
    uint8_t open;       /* ranges that are in flight now, … */
    uint8_t had;        /* … that were at the start, … */
    uint8_t lacked;     /* … and that were not */
    bool is_reborn;     /* it ended, and another one has its id; what was at the start is of the first */
    uint32_t teller;    /* the lane that told its status */
    uint32_t n_waiters; /* lanes */
    uint32_t region;    /* the innermost open one that began here, in census.regions; MAP_NONE for none; of a free place
                           the next free one */
    uint32_t n_popped;  /* regions that ended here and began before */
};

/* A place behind CENSUS_FIRST: whether nobody has it. */
static inline bool census_is_free(const struct census_one *one)
{
    return one->id == CENSUS_NO_ID;
}

struct census_table {
    struct id_map ids;
    uint32_t hints[CENSUS_HINTS]; /* places of what has an id that ends so, perhaps */
    struct census_one *items;
    size_t n, capacity;
    uint32_t free; /* the first place that is; MAP_NONE for none */
};

struct census_region {
    gxt_taskid task;
    const struct gxt_string *name;
    uint32_t outer; /* of the same goroutine; MAP_NONE for none */
    uint32_t g;     /* of one that began before: whose it is, … */
    uint32_t rank;  /* … and how many of its others ended before it */
};

/* A thread, with what is taken for granted of the generation's start. */
struct census_lane {
    struct lane walk; /* next: the event that comes */
    uint32_t g, p;    /* places */
    bool is_used;     /* it has an event */
    bool waits_for_p; /* … to be taken from it */
    bool waits_for_gc;
    bool waits_for_birth; /* of its goroutine, … until its claim is granted */
    uint32_t wait_at;     /* it waits until this one, … */
    bool wait_for_p;      /* … a processor, … */
    uint8_t wait_status;  /* … has this status, … */
    uint64_t wait_seq;    /* … and this number; */
    uint32_t next_waiter; /* so does this lane, or one whose wait has the same key; MAP_NONE for none */
    bool had_no_g;
    bool had_no_p;     /* or only the one that was stolen from it, where … */
    bool was_robbed;   /* … that happened before it was needed, … */
    gxt_procid loot;   /* … this one */
    bool is_robbed;    /* what it had in a syscall was stolen, and nothing was seen yet that waits for that */
    int64_t robbed_ns; /* when a processor was stolen from it last */
    bool is_told;      /* its goroutine was told of by another lane: then nothing may happen to it */
    bool had_g;        /* … it had this one: */
    gxt_goid g_at_start;
};

/* A status that says "in a syscall" of another thread's goroutine. */
struct census_elsewhere {
    gxt_threadid thread;
    gxt_goid g;
};

/* A processor that was told to be abandoned, and stolen: its thread may have it still. */
struct census_theft {
    uint32_t p;
    gxt_threadid victim;
};

/* A lane that waits for what no other lane gives it, and since when. */
struct census_claim {
    int64_t time_ns;
    uint32_t lane;
};

/* A processor in a syscall whose thread's goroutine ended. */
struct census_left {
    gxt_threadid thread;
    int64_t time_ns;
};

struct census_task {
    struct sched_task task;
    uint32_t lane; /* whose event was the last */
    bool has_begun, is_active;
    bool had;         /* it ended before it began here, if it did: it may have been there at the start */
    bool is_doubtful; /* by events of two lanes: who was first is not known */
};

enum {
    CENSUS_TYPES = 256
};

struct census {
    const struct source *source;
    struct pool *pool;
    int version;
    uint64_t begin;                   /* of the trace's first generation */
    struct gen_stream before, behind; /* the generation */
    struct gen_dir dir;
    struct gen gen;
    bool fits;        /* it could be counted */
    bool is_timed;    /* times are kept: from the first generation on that needs them */
    bool needs_times; /* this one does */
    bool is_late;     /* an event is not later than what it waits for, or than the one before it in its lane */
    uint64_t n[CENSUS_TYPES];

    struct census_table gs, ps;
    gxt_goid *past; /* whose place is CENSUS_PAST */
    size_t n_past, past_capacity;
    struct census_lane *lanes;
    size_t lanes_capacity;
    uint32_t *ready;          /* lanes that can go on, perhaps */
    size_t n_ready, n_active; /* … and how many have events left */
    struct map waits;         /* by what lanes wait for: the lane that came last */
    uint64_t patience;        /* so many looks at lanes that wait are left */
    struct map lane_ids;      /* by thread */

    bool gc_is_known;
    uint8_t gc_first; /* type of the collector's first event; 0 for none … */
    uint64_t gc_first_seq;
    uint64_t n_gc_begins; /* begun or found active; … */
    uint64_t n_gc_waits;  /* … lanes that wait for that, before its number is known */
    uint64_t gc_seq;
    uint8_t gc_state;
    int64_t gc_ns; /* of its last event */

    struct census_region *regions, *popped;
    size_t n_regions, regions_capacity, n_popped, popped_capacity;
    struct census_elsewhere *elsewhere;
    size_t n_elsewhere, elsewhere_capacity;
    struct census_theft *thefts;
    size_t n_thefts, thefts_capacity;
    struct census_left *left; /* by the processor's place, for those that were left here */
    size_t left_capacity;
    struct census_claim *claims;
    size_t n_claims, claims_capacity;
    struct map task_ids;
    struct census_task *tasks;
    size_t n_tasks, tasks_capacity;
};

/* The lane of a thread; NULL for none. */
static inline struct census_lane *census_lane_of(const struct census *census, gxt_threadid thread)
{
    const uint32_t at = map_get(&census->lane_ids, (uint64_t)thread);

    return at == MAP_NONE ? NULL : &census->lanes[at];
}

/* ---- census_lane.c: a lane of a census ---- */

/* What came of a lane. */
enum census_outcome {
    CENSUS_TAKEN, /* of an event: it went on */
    CENSUS_WAITS,
    CENSUS_ENDS, /* it has no more events */
    CENSUS_UNFIT /* the generation cannot be counted so */
};

/* Empties a table. Return: whether there is memory for it. */
bool census_table_begin(struct census_table *table);
void census_table_done(struct census_table *table);
/* A lane that waits may go on. */
void census_wake(struct census *census, struct census_lane *lane);
/* So may all that wait for the collector. */
void census_wake_for_gc(struct census *census);
/* The lane goes as far as it can. */
enum census_outcome census_run(struct census *census, struct census_lane *lane);

#endif
