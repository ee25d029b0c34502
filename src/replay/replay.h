/* replay.h: an open trace, its index, and cursors: build is one pass forward that fills the store, seek is the nearest
 * checkpoint and a roll from there.
 *
 * The structs here are those that the public headers only name. What each function promises stands there.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "legacy.h"
#include "resolve.h"
#include "store.h"

#include <gxt/cursor.h>
#include <gxt/goroutines.h>
#include <pthread.h>

/* ---- trace.c ---- */

struct gxt_trace {
    struct source source;
    struct pool *pool;
    uint64_t begin; /* offset of the first batch */
    struct gxt_facts facts;
    bool recovers;      /* walks go on behind faults */
    double ns_per_tick; /* of the first generation; 1 where it has no clock */
};

int trace_open_with(const char *path, const struct gxt_trace_options *options, struct gxt_trace **ret,
                    struct gxt_error *fault);
int trace_open_fd(int fd, const struct gxt_trace_options *options, struct gxt_trace **ret, struct gxt_error *fault);
/** trace_check_whole() - see that all of a trace can be had, in any order. Return: 0; GXT_EINVAL for a stream. */
int trace_check_whole(const struct gxt_trace *trace, struct gxt_error *fault);
struct gxt_trace *trace_close(struct gxt_trace *trace);
int trace_recover(struct gxt_trace *trace, struct gxt_error *fault);

/* ---- estimate.c ---- */

int trace_estimate(const struct gxt_trace *trace, struct gxt_estimate *ret, struct gxt_error *fault);

/** Counts the events, or the CPU samples, in a batch, or in its beginning. @ret_bytes: how many bytes they take. */
typedef double estimate_count(struct span in, double *ret_bytes);
estimate_count estimate_count_events, estimate_count_samples;

enum {
    ESTIMATE_PREFIX = 32 << 10, /**< bytes of a batch that are counted at most */
};

/** estimate_is_events() - whether it is a batch of events; estimate_is_samples() - of CPU samples */
bool estimate_is_events(const struct gen_header *header);
bool estimate_is_samples(const struct gen_header *header);

/* ---- sample.c ---- */

/** sample_estimate() - trace_estimate() of a trace with many batches, from a few of them
 * Return: 1; 0 where batches were not found where some must be; GXT_ENOMEM; GXT_EIO. */
int sample_estimate(const struct gxt_trace *trace, struct gxt_estimate *ret, struct gxt_error *fault);

/* ---- place.c ---- */

/** place_of_index() - the name of a trace's sidecar, to be freed. GXT_EINVAL for a trace without a name, which is NULL.
 */
int place_of_index(const char *trace_path, char **ret, struct gxt_error *fault);
/** place_make_folder() - make the folder that a sidecar goes in */
int place_make_folder(const char *path, struct gxt_error *fault);

/* ---- index.c ---- */

struct gxt_index {
    struct gxt_trace *trace;
    struct store *store;
    pthread_mutex_t lock;
    struct gxt_error damage; /* the first that was met since it was opened; code 0 for none */
};

/** How much of a sidecar fits the trace as it is now. */
struct index_cover {
    bool up_to_date;        /* complete, and the trace has not grown */
    uint64_t n_generations; /* kept whole: checkpoints 0 to this one are good */
    uint64_t n_dirs;        /* of these generations, counted from 0, the directory is known to be final */
};

int index_open(struct gxt_trace *trace, const char *path, struct gxt_index **ret, struct gxt_error *fault);
struct gxt_index *index_close(struct gxt_index *index);
int index_facts(const struct gxt_index *index, struct gxt_index_facts *ret, struct gxt_error *fault);
int index_generation(const struct gxt_index *index, gxt_gen generation, struct gxt_generation *ret,
                     struct gxt_error *fault);
int index_stack(const struct gxt_index *index, uint64_t id, const struct gxt_stack **ret, struct gxt_error *fault);

/** index_look() - what a sidecar says of itself, and what of it fits. Return: as store_meta(); GXT_ESTALE when nothing
 * does, the sidecar being of another trace. */
int index_look(const struct gxt_trace *trace, const struct store *store, struct store_meta *ret_meta,
               struct index_cover *ret, struct gxt_error *fault);
/** cover_chain() - the hash of what is covered, with one more generation's */
uint64_t cover_chain(uint64_t hash, uint64_t next);
/** cover_tail() - the same, with what follows the last generation: nothing, or what could not be read */
uint64_t cover_tail(const struct source *source, uint64_t begin, uint64_t hash);
/** index_damaged() - remember that something of the sidecar could not be used */
void index_damaged(const struct gxt_index *index, const struct gxt_error *damage);
int index_damage(const struct gxt_index *index, struct gxt_error *ret);

/** index_find() - order_finder.find over an index: its directories, hashed, where they are final; else a search in the
 * trace
 * @user:  a struct gxt_cursor */
int index_find(void *user, uint64_t generation, struct gen_stream *stream, struct gen_dir *ret, struct gen_known *known,
               struct gxt_error *fault);

/** index_find_old() - legacy_finder.find over an index, for a trace that it covers
 * @user:  a struct gxt_cursor */
int index_find_old(void *user, struct buf *start, struct gen_dir *dir, struct gen_known *known);
/** index_piece() - legacy_finder.piece */
int index_piece(void *user, enum legacy_stream stream, uint64_t number, struct buf *ret, struct gxt_error *fault);

/** How many places of a generation stand at or before an event, or have the event before them before a moment: the last
 * of them is where to go on from. */
size_t index_places_by_ordinal(const struct store_rows *places, uint64_t ordinal);
size_t index_places_by_time(const struct store_rows *places, int64_t time_ns);

/* ---- walk.c ---- */

/* A cursor that has walked for a while takes several events at once: much of what it costs is the same for one and for
 * many. One that is asked for states keeps its walk where it is. */
enum {
    CURSOR_AHEAD = 128,
    CURSOR_WARM = 64,
};

/** A place between two events. */
struct gap {
    uint64_t ordinal;   /**< of the event that comes next */
    int64_t time_ns;    /**< of the event crossed last; 0 before the first */
    gxt_gen generation; /**< of the event crossed last */
    bool at_sync;       /**< the event crossed last is the Sync of the walk's generation */
};

struct gxt_cursor {
    struct gxt_trace *trace;
    const struct gxt_index *index; /* NULL for none */
    struct order *order;           /* NULL for the old format, … */
    struct legacy *legacy;         /* … which has this */
    struct resolver resolver;
    bool placed;                       /* false after a seek that failed */
    bool exact;                        /* the walk is wanted at the cursor's own place: nothing is read ahead */
    bool displaced;                    /* the walk is ahead of the cursor, and what it took is gone */
    bool distrusts;                    /* the index turned out damaged: this cursor does without */
    uint64_t wanted_begin, wanted_end; /* resource_next() has found that it must walk these ordinals … */
    uint64_t wanted_hash;              /* … for these resources */
    struct blocks *blocks;             /* of the generation looked at last for a resource; NULL for none yet */
    /* Events that were taken at once, behind all others that the walk has handed out; a Sync alone. They are crossed up
     * to @next: so where the cursor is, cursor_gap() says. */
    struct gxt_event lot[CURSOR_AHEAD];
    const struct gxt_event *next, *lot_end;
    struct gap before_lot;  /* where the cursor was when it took them */
    uint32_t warmth;        /* lots taken since it was placed, up to CURSOR_WARM */
    struct gxt_loss names;  /* strings and stacks that were not to be had, by events before … */
    uint64_t names_end;     /* … this ordinal */
    struct gxt_error error; /* the last one */
};

static inline bool cursor_is_ahead(const struct gxt_cursor *cursor)
{
    return cursor->next != cursor->lot_end;
}

/** Of the event that comes next. */
static inline uint64_t cursor_ordinal(const struct gxt_cursor *cursor)
{
    return cursor->next != cursor->lot ? cursor->next[-1].ordinal + 1 : cursor->before_lot.ordinal;
}

/* The walk below a cursor, of either format. */
static inline const struct gxt_error *walk_fault(const struct gxt_cursor *cursor)
{
    return cursor->order ? order_fault(cursor->order) : legacy_fault(cursor->legacy);
}

static inline struct gen *walk_gen(const struct gxt_cursor *cursor)
{
    return LIKELY(cursor->order != NULL) ? order_gen(cursor->order) : legacy_gen(cursor->legacy);
}

static inline uint64_t walk_generations(const struct gxt_cursor *cursor)
{
    return cursor->order ? order_generations(cursor->order) : legacy_generations(cursor->legacy);
}

static inline bool walk_at_boundary(const struct gxt_cursor *cursor)
{
    return cursor->order ? order_at_boundary(cursor->order) : legacy_at_boundary(cursor->legacy);
}

static inline bool walk_is_rising(const struct gxt_cursor *cursor)
{
    return cursor->order ? order_is_rising(cursor->order) : legacy_is_rising(cursor->legacy);
}

static inline bool walk_can_save(const struct gxt_cursor *cursor)
{
    return cursor->order ? order_can_save(cursor->order) : legacy_can_save(cursor->legacy);
}

static inline int walk_save(const struct gxt_cursor *cursor, struct order_snapshot *ret)
{
    return cursor->order ? order_save(cursor->order, ret) : legacy_save(cursor->legacy, ret);
}

static inline int walk_fail(const struct gxt_cursor *cursor, const struct gxt_error *fault)
{
    return cursor->order ? order_fail(cursor->order, fault) : legacy_fail(cursor->legacy, fault);
}

void walk_reset(struct gxt_cursor *cursor);

struct tally;

int cursor_new(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_cursor **ret);
struct gxt_cursor *cursor_free(struct gxt_cursor *cursor);
int cursor_next(struct gxt_cursor *cursor, const struct gxt_event **ret);
int cursor_next_many(struct gxt_cursor *cursor, struct gxt_event *events, size_t n, size_t *ret_n);
/** cursor_take() - take the next event, *cursor->next, without crossing it. Return as cursor_next(). */
int cursor_take(struct gxt_cursor *cursor);
/** cursor_roll() - cross events without a look at what they say, where an index has been over them; none is ahead
 * @ordinal:        up to this one …
 * @time_ns:        … and up to before the first event at or after this time, which is taken then
 * @n_generations:  only in so many, which hold no fault
 * Return: 1 there, or where that ends; 0 at the end; negative. */
int cursor_roll(struct gxt_cursor *cursor, uint64_t ordinal, int64_t time_ns, uint64_t n_generations);
/** cursor_tally() - cross events up to one of them, and in so many generations, counting them by kind. Return as
 * cursor_next(); 1 there. */
int cursor_tally(struct gxt_cursor *cursor, uint64_t ordinal, uint64_t n_generations, uint64_t counts[GXT_N_KINDS]);
/** cursor_tally_run() - cross some events, at most so many, and tally them: none behind the end of a generation
 * @ret_n:  how many; 0: a Sync comes next, and is taken
 * Return as cursor_next(). */
int cursor_tally_run(struct gxt_cursor *cursor, struct tally *tally, size_t most, size_t *ret_n);
/** cursor_place() - say that the walk stands before event @ordinal and generation @next_generation */
void cursor_place(struct gxt_cursor *cursor, uint64_t ordinal, gxt_gen next_generation);
/** cursor_lose() - say that it is at no position */
void cursor_lose(struct gxt_cursor *cursor);
/** cursor_gap() - where the cursor stands */
struct gap cursor_gap(const struct gxt_cursor *cursor);
uint64_t cursor_bytes(const struct gxt_cursor *cursor);
/** cursor_loss() - what it has left out since it was made, or cleared */
void cursor_loss(const struct gxt_cursor *cursor, struct gxt_loss *ret);
void cursor_clear_loss(struct gxt_cursor *cursor);
int cursor_states(struct gxt_cursor *cursor, struct gxt_states **ret);
int cursor_experimental(const struct gxt_cursor *cursor, size_t i, struct gxt_experimental_batch *ret);

/* ---- seek.c ---- */

int seek_start(struct gxt_cursor *cursor);
int seek_end(struct gxt_cursor *cursor);
int seek_time(struct gxt_cursor *cursor, int64_t time_ns);
int seek_ordinal(struct gxt_cursor *cursor, uint64_t ordinal);
int seek_generation(struct gxt_cursor *cursor, gxt_gen generation);
int seek_prev(struct gxt_cursor *cursor, const struct gxt_event **ret);
int seek_pos(struct gxt_cursor *cursor, struct gxt_pos pos);
void pos_print(struct gxt_pos pos, char token[GXT_POS_TOKEN_SIZE]);
int pos_parse(const char *token, struct gxt_pos *ret);

/* ---- resource.c ---- */

struct blocks *blocks_free(struct blocks *blocks);
int resource_next(struct gxt_cursor *cursor, const struct gxt_resource_id *ids, size_t n, const struct gxt_event **ret);
int resource_seek(struct gxt_cursor *cursor, struct gxt_resource_id id, int64_t from_ns);
int index_estimate(const struct gxt_index *index, int64_t from_ns, int64_t to_ns, struct gxt_estimate *ret,
                   struct gxt_error *fault);
int count_between(struct gxt_cursor *cursor, uint64_t begin, uint64_t end, uint64_t ret[GXT_N_KINDS]);

/* ---- count.c ---- */

/** count_threads() - how many threads are of use for a trace, of those that there are processors for */
unsigned count_threads(const struct gxt_cursor *cursor);

/** count_all() - cross all events from the start, counting them by kind
 * @n_threads:  at most so many
 * Return as cursor_tally(): 0, or the fault with which the trace ends. The cursor's place is lost. */
int count_all(struct gxt_cursor *cursor, unsigned n_threads, uint64_t counts[GXT_N_KINDS]);

/* ---- tally.c ---- */

enum {
    TALLY_G,
    TALLY_P,
    TALLY_M,
    TALLY_KINDS,
};

struct tally_item;

typedef int tally_member(void *user, const struct store_member *member);
typedef int tally_goroutine(void *user, const struct store_goroutine *row);

/* A goroutine: of 64 bytes, since there may be many. */
struct tally_item {
    gxt_goid id;
    int64_t first_ns;
    gxt_goid creator; /* and what follows as in a row, but for what is counted nearby */
    uint64_t start, stack;
    int64_t last_ns;
    uint64_t n_events;
    uint32_t listed; /* the last block that has it, as far as it is not nearby; or as the how manieth it ended; of a
                        place that is free, the one that is taken next */
    bool is_created; /* its creation is in the trace */
    bool is_kept;    /* it is in the map: else it is nearby */
    bool is_first;   /* at a boundary: its row is to be told: it is new, or its stack was found */
};

/** tally_row() - the row of one that has ended. Field by field: what was just written so would be waited for if more of
 * it were read at once. */
static inline struct store_goroutine tally_row(const struct tally_item *item)
{
    return (struct store_goroutine){.id = item->id,
                                    .first_ns = item->first_ns,
                                    .creator = item->creator,
                                    .start = item->start,
                                    .stack = item->stack,
                                    .length_ns = (uint64_t)item->last_ns - (uint64_t)item->first_ns,
                                    .n_events = item->n_events,
                                    .flags = item->is_created ? STORE_CREATED : 0};
}

/* A CPU sample of a goroutine that was not met. */
struct tally_sample {
    gxt_goid id;
    int64_t time_ns;
    uint64_t stack; /* its id, or 0 */
    size_t n_ended; /* so many had ended that were not created */
};

/* A goroutine of which nothing is known but that it was met once: of 24 bytes, since of a crowd most are that. */
struct tally_brief {
    gxt_goid id;
    int64_t time_ns;
    uint64_t stack; /* its id, or 0 */
};

/** tally_whole() - what a brief row tells */
static inline struct tally_item tally_whole(const struct tally_brief *brief)
{
    return (struct tally_item){.id = brief->id,
                               .first_ns = brief->time_ns,
                               .creator = GXT_NO_GOROUTINE,
                               .stack = brief->stack,
                               .last_ns = brief->time_ns,
                               .n_events = 1};
}

/* Of a place: that of a brief row. Places are smaller. */
#define TALLY_BRIEF (UINT32_C(1) << 31)

/* What holds the rows of goroutines, and orders of them, as places. */
struct tally_room {
    struct tally_item *items;
    struct tally_brief *briefs;
    uint32_t *there, *ended; /* the latter have no brief rows */
    size_t items_capacity, briefs_capacity, there_capacity, ended_capacity;
};

/** Goroutines that a generation has, as far as it can be known from it alone; each list by rising id. */
struct tally_met {
    struct tally_room room;
    size_t n_there; /**< at its end: tally_there() */
    size_t n_ended; /**< in it, not created in it: tally_ended(); those of one id in the order of their ends */
    struct tally_sample *samples; /**< of goroutines that were met later or never: of those that were there before */
    size_t n_samples, samples_capacity;
};

static inline struct tally_item tally_there(const struct tally_met *met, size_t i)
{
    const uint32_t at = met->room.there[i];

    return at & TALLY_BRIEF ? tally_whole(&met->room.briefs[at & ~TALLY_BRIEF]) : met->room.items[at];
}

static inline const struct tally_item *tally_ended(const struct tally_met *met, size_t i)
{
    return &met->room.items[met->room.ended[i]];
}

/* Goroutines of which all is known. */
struct tally_rows {
    struct store_goroutine *rows;
    size_t n, capacity;
};

/* Whose events the block at hand has. */
struct tally_ids {
    uint64_t *keys; /* ids, the sign turned over, so that keys rise as ids do */
    size_t n, capacity;
    struct map listed; /* processors or threads: all of them */
};

/** The goroutines that were met in a generation, and whose events the block at hand has. A goroutine that was met in
 * the block is nearby, if nothing of it is sought any more; one that was met in an earlier block stays at its place,
 * but is not found there. */
struct tally {
    struct nearby nearby; /* n_by_kind is set to zero by who wants to count anew */
    struct id_map ids;    /* to places of rows */
    size_t n_items, n_briefs;
    size_t n_nobodys;    /* of the brief rows: they are whole ones elsewhere */
    size_t block_briefs; /* from here on brief rows are of the block at hand */
    uint64_t most_kept;  /* no id in the map is larger, as a number without a sign */
    size_t n_free;
    uint32_t free_place;  /* of n_free that were left, the last */
    struct tally_met met; /* but for the order of those that are there; of those that ended, the order of their ends */
    uint32_t stamp;       /* of the block at hand */
    struct tally_ids block_ids[TALLY_KINDS];
    struct id_runs runs;
    struct tally_rows ended; /* created in the generation; as they ended. Who wants them takes them */
    int code;                /* 0; GXT_ENOMEM: then the rest is of no use */
};

void tally_init(struct tally *tally);
void tally_done(struct tally *tally);
/** tally_taker() - as what a tally takes what resolve_tally() does not count. Lifetime: the tally's */
struct resolve_taker tally_taker(struct tally *tally);
/** tally_event() - count an event. tally->code says whether it could. */
void tally_event(struct tally *tally, const struct gxt_event *event);
/** tally_end_block() - whose events the block had, by resource and id; another block begins
 * Return: 0; GXT_ENOMEM; what @take says. */
int tally_end_block(struct tally *tally, uint64_t block, tally_member *take, void *user);
/** tally_take() - what was met since the last time; nobody is there then. Return: 0; GXT_ENOMEM. */
int tally_take(struct tally *tally, struct tally_met *ret);
void tally_met_done(struct tally_met *met);
/** tally_reuse() - tally_met_done(), but the room for goroutines serves the tally, if it has none */
void tally_reuse(struct tally *tally, struct tally_met *met);
/** tally_give_room() - the room of a tally that nothing was met by serves another one of that kind, if it has none */
void tally_give_room(struct tally *from, struct tally *to);

/* ---- living.c ---- */

/** The goroutines that are there at a boundary, by rising id, of which so many were seen so far. All zero: before the
 * first generation. */
struct living {
    struct tally_item *gs;
    size_t n;
    size_t first; /* the rows before it need not be told: see is_first */
    uint64_t n_goroutines;
};

/**
 * living_merge() - go on to the next boundary
 * @met:      what the generation has; the same later
 * @n_passed: how many more were created and have ended in it
 * @ended:    takes the rows of those that ended and were not created in it, by rising id
 *
 * Cost: linear.
 * Return: 0; GXT_ENOMEM; what @ended says.
 */
int living_merge(struct living *living, const struct tally_met *met, uint64_t n_passed, tally_goroutine *ended,
                 void *user);
/** living_is_listed() - whether it is put in the sidecar who is there, behind events from one ordinal up to before
 * another: of a crowd only now and then, since each time takes as long as many events */
bool living_is_listed(const struct living *living, uint64_t from, uint64_t to);
/** living_listed() - the most generations, up to so many, behind which it is listed who is there; 0 for none */
uint64_t living_listed(const struct store_meta *meta, uint64_t n_generations);
/** living_restore() - as it was behind so many generations, if it is listed, but for how many were seen. Return: 0;
 * GXT_ENOMEM; GXT_EINDEX; as store_list(). */
int living_restore(struct living *living, const struct store *store, uint64_t n_generations, struct gxt_error *fault);
void living_done(struct living *living);

/* ---- parts.c ---- */

/** Why a part ends. */
enum part_end {
    PART_GOES_ON,
    PART_PLACE,    /**< a checkpoint is due */
    PART_BOUNDARY, /**< so is the generation's end */
    PART_LAST,     /**< the trace ends, or its fault was met */
};

/** What a generation's tables have, as the walk had them at its beginning. */
struct part_generation {
    struct gen_dir dir;
    struct gen_entry *strings, *stacks;
    size_t n_strings, n_stacks;
    struct buf start; /**< of the old format: what is to be known of the trace */
    uint64_t n_threads, n_samples;
    double ns_per_tick;
};

/** What is to be kept of some events in a row. */
struct part {
    struct part_generation *begins; /**< with the first of them, a Sync; to be taken by who reads; NULL: none does */
    uint64_t n_events;
    int64_t first_ns, last_ns; /**< of the first of them, if it is a Sync or in no generation, and of the last */
    uint64_t n_by_kind[GXT_N_KINDS];
    struct tally_rows ended; /**< goroutines that were created in this generation, and ended */
    enum part_end end;
    struct store_member *members; /**< PLACE, BOUNDARY: of the block that ends */
    size_t n_members, members_capacity;
    struct order_snapshot snapshot; /**< PLACE, BOUNDARY: the walk behind the last event */
    struct tally_met met;           /**< BOUNDARY, LAST: what else was met; may be taken by who reads */
    struct gxt_error fault;         /**< LAST; code 0 at the trace's end */
    struct gxt_loss loss;           /**< BOUNDARY, LAST: what was left out since the boundary before it */
    uint64_t bytes;                 /**< about so many of the file have been read, from its start */
    bool is_rising;
};

/** A walk to its end, as parts. One thread reads them. */
struct parts;

/**
 * parts_new() - the parts from where a cursor is: at a boundary that has been saved
 * @cursor:         not to be used before parts_free()
 * @tally:          empty; not to be used either
 * @inside_events:  between two places of a generation, at least; more where a snapshot is large
 * @n_threads:      with 2 or more the walk has a thread of its own
 */
int parts_new(struct gxt_cursor *cursor, struct tally *tally, uint64_t inside_events, unsigned n_threads,
              struct parts **ret);
/** parts_free() - NULL is fine. Waits for the thread, which ends at the next part. */
struct parts *parts_free(struct parts *parts);
/** parts_next() - the next part. None comes behind PART_LAST. Lifetime: until the next call */
struct part *parts_next(struct parts *parts);
struct part_generation *part_generation_free(struct part_generation *generation);

/* ---- chapter.c ---- */

/* How many bytes are hashed at a time, and given back. */
#define CHAPTER_STEP_BYTES (UINT64_C(1) << 20)

/* Rows of a list that are not a chunk yet. */
struct chapter_list {
    uint64_t *cells; /* STORE_LIST_ROWS rows; NULL until there is one */
    size_t n;
    uint32_t chunk;
};

/** What the sidecar is to keep of one generation, or of what is in none, as far as it can be known from it alone. */
struct chapter {
    const struct source *source;
    uint64_t generation; /**< which, counted from 0; of what is in none, which would come */
    struct store_draft *draft;
    struct part_generation *tables; /**< NULL: what is in no generation */
    struct store_generation record; /**< but for its first ordinal, and how many goroutines were seen */
    struct gen_hash hash;           /**< of its bytes, … */
    size_t n_hashed;                /**< … and so many of its batches */
    struct buf group;               /**< snapshots inside that are to be put together, … */
    uint64_t n_groups;              /**< … after so many groups */
    struct chapter_list lists[STORE_N_LISTS];
    struct store_place *places; /**< ordinals are counted from its first event */
    size_t n_places, places_capacity;
    uint64_t expected; /**< up to here bytes are expected to be read soon */
    uint64_t n_passed; /**< goroutines that were created and have ended in it */
    /* What is known at its end, or at the trace's. */
    struct tally_met met;
    struct order_snapshot end; /**< the walk behind it */
    bool is_whole;             /**< it has ended: else the trace has, or its fault was met */
    bool is_rising;            /**< all times so far rise */
};

/** chapter_init() - an empty one. Return: 0; GXT_ENOMEM: then chapter_done() is left. */
int chapter_init(struct chapter *chapter, const struct source *source);
void chapter_done(struct chapter *chapter);
/** chapter_begin() - forget what is kept. What comes is of @generation, if a part begins it, else of none. */
void chapter_begin(struct chapter *chapter, uint64_t generation);
/**
 * chapter_keep() - keep what the next part tells
 * @part:  what can be taken of it is taken
 *
 * Hashes what the walk has read: source_check_cut() is the caller's.
 *
 * Threads: any, one at a time.
 * Return: 0; GXT_ENOMEM; as store_put_rows().
 */
int chapter_keep(struct chapter *chapter, struct part *part, struct gxt_error *fault);
/** chapter_put_rows() - add rows to one of its lists. @size: of a row */
int chapter_put_rows(struct chapter *chapter, enum store_list list, const void *rows, size_t n, size_t size,
                     struct gxt_error *fault);
/** chapter_end_list() - put what is left of a list in the draft */
int chapter_end_list(struct chapter *chapter, enum store_list list, struct gxt_error *fault);

/* ---- scouts.c ---- */

/** One who goes ahead, through one generation after another. */
struct scout {
    struct gxt_cursor *cursor;
    struct tally tally;
    struct chapter chapter;
    _Atomic uint64_t bytes; /**< of the file, up to where it is */
    uint64_t generation;
    bool is_taken; /**< it has a generation, … */
    bool is_back;  /**< … which is behind it, … */
    bool is_done;  /**< … to its end */
};

/** Threads that go ahead of a builder's walk. */
struct scouts;

/** scouts_new() - those that begin where a walk is: at a boundary
 * @n_threads:  beside the builder's own; with fewer, or none, where they are not to be had
 * Return: 0; GXT_ENOMEM: then scouts_free() is left. */
int scouts_new(struct gxt_cursor *cursor, uint64_t inside_events, unsigned n_threads, struct scouts **ret);
/** scouts_free() - NULL is fine. Waits for the threads, which end at their next parts, or behind the tables that they
 * are reading. */
struct scouts *scouts_free(struct scouts *scouts);
/**
 * scouts_next() - who has the generation that a walk stands before
 * @ret:  a scout, to be released; NULL: it is the builder's own, also where there is none
 * Return: 1; 0 when a scout is going to have it, or is in it, after a while: ask again.
 */
int scouts_next(struct scouts *scouts, const struct order *order, struct scout **ret);
/** scouts_met_crowd() - whether there are so many goroutines, or there is so much else to be kept of a generation, that
 * scouts need too much memory: they go no further */
bool scouts_met_crowd(const struct scouts *scouts);
/** scouts_left_last() - whether the generation that a walk stands before is the builder's own and, as far as is known,
 * the last one: then nothing is left for them to do */
bool scouts_left_last(struct scouts *scouts, const struct order *order);
/** scouts_bytes() - up to where in the file a generation's scout is; 0 when none has it yet */
uint64_t scouts_bytes(struct scouts *scouts, uint64_t generation);
void scouts_release(struct scouts *scouts, struct scout *scout);

/* ---- verify.c ---- */

/** verify_batches() - whether a generation's record and directory fit, and, deeply, the trace's bytes are what they
 * tell of. Return: 0; GXT_EINDEX; GXT_ESTALE; as store_dir(). */
int verify_batches(const struct store *store, const struct source *source, uint64_t generation,
                   const struct store_generation *record, bool deep, struct gxt_error *fault);
int index_verify(const struct gxt_index *index, bool deep, struct gxt_verified *ret, struct gxt_error *fault);

/* ---- goroutines.c ---- */

struct gxt_goroutines {
    struct gxt_trace *trace;
    const struct gxt_index *index; /* NULL for none */
    struct store_goroutine *rows;
    size_t n, capacity;
    struct gxt_loss loss; /* of the walk */
};

int goroutines_new(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_goroutines **ret,
                   struct gxt_error *reterr);
struct gxt_goroutines *goroutines_free(struct gxt_goroutines *list);
int goroutines_at(const struct gxt_goroutines *list, size_t i, struct gxt_goroutine *ret, struct gxt_error *reterr);

/* ---- build.c ---- */

int build(struct gxt_trace *trace, const char *path, const struct gxt_build_options *options, struct gxt_error *fault);

#endif
