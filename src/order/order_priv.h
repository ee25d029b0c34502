/* order_priv.h: what the files of this room share.
 */
#ifndef ORDER_PRIV_H
#define ORDER_PRIV_H

#include "order.h"

/* ---- lane.c: one thread's events, in the order of the file ---- */

struct lane {
    struct wire_event head;
    const uint8_t *at, *end; /* of what is left of the batch */
    int64_t time_ns;         /* of the head, as the lane has it: not yet pushed behind the event before it */
    int64_t base_ns;         /* of the batch */
    int64_t before_ns;       /* time_ns before the head was read */
    uint64_t offset;         /* of the head */
    const uint32_t *batches; /* still to come */
    size_t n_batches;
    uint64_t left; /* bytes in them */
    gxt_threadid thread;
    uint32_t m; /* place of its M in sched.ms; MAP_NONE until its first try */
};

/* Reads the lane's next event into its head. 1; 0 when there is none left; negative with a fault. */
int lane_next(struct lane *lane, const struct gen *gen, struct gxt_error *fault);

/* Moves a lane that has read nothing to where it had a head: with @n_batches still to come, @at bytes into the one
 * before them. 0; GXT_EINDEX when there is no such place; GXT_ESTALE. */
int lane_resume(struct lane *lane, const struct gen *gen, size_t n_batches, uint64_t at, int64_t before_ns,
                struct gxt_error *fault);

/* ---- frontier.c: the lanes that have a head, as a heap by time ---- */

struct frontier_entry {
    int64_t time_ns; /* first: gen_sort sorts by it */
    struct lane *lane;
};

struct frontier {
    struct frontier_entry *entries;
    size_t n, capacity;
};

/* The heap's ties are part of the order: each of these makes the same moves as Go's reader (batchcursor.go). */
void frontier_insert(struct frontier *frontier, struct lane *lane); /* there is room: see frontier_reserve */
void frontier_update(struct frontier *frontier, size_t i);          /* entry i's lane has a new head */
void frontier_remove(struct frontier *frontier, size_t i);
int frontier_reserve(struct frontier *frontier, size_t n);

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
};

/* A goroutine or processor. */
struct sched_resource {
    int64_t id;
    uint64_t seq, seq_generation;
    struct sched_extra *extra; /* NULL for none */
    uint8_t status;
    bool live; /* false: the slot is free */
};

/* Resources by id. A place stays good as long as its resource lives. */
struct sched_table {
    struct map ids;
    struct sched_resource *items;
    size_t n, capacity; /* slots used so far, free ones included */
    uint32_t *free_slots;
    size_t n_free, free_slots_capacity;
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
};

struct sched {
    struct sched_table gs, ps;
    struct map m_ids;
    struct sched_m *ms;
    size_t n_ms, ms_capacity;
    struct map task_ids;
    struct sched_task *tasks;
    size_t n_tasks, tasks_capacity;
    uint64_t gc_seq;
    uint64_t initial_generation; /* 0 until the first try */
    uint8_t gc_state;
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
    const struct gen *gen;
    struct pending *pending;
    struct gxt_error *fault;
    struct lane *lane;
    struct order_record *out;
    struct sched_m *m; /* NULL for a lane of no thread */
    gxt_procid p;      /* context; -1 for none */
    gxt_goid g;
};

/* Tries to advance a lane's head. 1: it advanced, @ret is the first record and step->pending has the others; 0: it must
 * wait; negative with a fault. */
int sched_advance(struct step *step, struct lane *lane, struct order_record *ret);

/* Makes the changes of a pending record that is handed out. */
void sched_apply(struct sched *sched, const struct pending *pending, const struct order_record *record);

/* The flags of a sample: whether its P and G are what it says. */
uint8_t sched_sample_flags(const struct sched *sched, const struct gen_sample *sample);

/* ---- state.c: tables of resources ---- */

static inline struct sched_resource *sched_find(const struct sched_table *table, int64_t id)
{
    uint32_t at = map_get(&table->ids, (uint64_t)id);
    return at == MAP_NONE ? NULL : &table->items[at];
}

/* Adds a resource that is not there. NULL without memory. */
struct sched_resource *sched_add(struct sched_table *table, int64_t id);
void sched_remove(struct sched_table *table, struct sched_resource *resource);
struct sched_extra *sched_extra(struct sched_resource *resource); /* made when there is none; NULL without memory */
void sched_table_done(struct sched_table *table);
void sched_table_clear(struct sched_table *table);
/* Finds or makes an M; MAP_NONE without memory. */
uint32_t sched_m_at(struct sched *sched, gxt_threadid id);

/* Finds a task; NULL if it is not active. */
struct sched_task *sched_task_find(const struct sched *sched, gxt_taskid id);
int sched_task_add(struct sched *sched, struct sched_task task);
void sched_task_remove(struct sched *sched, struct sched_task *task);

/* ---- snapshot.c ---- */

void sched_save(const struct sched *sched, struct buf *ret);
int sched_restore(struct sched *sched, struct reader *reader, struct pool *pool);

/* ---- order.c ---- */

/* Finds and reads generation order->n_generations, unless it is at hand. 1; 0 at the end; negative. */
int order_load(struct order *order, struct gxt_error *fault);
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
    bool done; /* the last sync is out */
    bool fell; /* a time passed the end of the clock */
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
    bool steady;       /* the frontier has a head, and nothing but a sample may go before it */
    int64_t sample_ns; /* time of the next sample; INT64_MAX when there is none */
    int64_t last_ns;   /* of the last record; 0 before the first, as in Go's reader */
    uint64_t n_syncs, n_generations;
    struct gxt_error fault;
};

#endif
