/* gen.h: one generation: its batches by thread, its strings, stacks, clock and samples.
 *
 * A generation is about a second of trace, complete in itself. It is had in two steps: gen_find() walks the headers of
 * its batches (or an index has kept what it found), gen_load() reads its tables.
 */
#ifndef GEN_H
#define GEN_H

#include "source.h"
#include "wire.h"

#include <gxt/event.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

/** What a batch holds. */
enum gen_batch_kind {
    GEN_EVENTS = 0,
    GEN_STRINGS,
    GEN_STACKS,
    GEN_SAMPLES,
    GEN_SYNC,
    GEN_EXPERIMENTAL,
    GEN_STRAY_END, /**< before Go 1.26: an event batch that opens with EndOfGeneration; loses its generation */
    GEN_N_BATCH_KINDS
};

/** A batch: at most 64 KiB of one thread. */
struct gen_batch {
    uint64_t offset;     /**< of its data, behind its header */
    uint64_t tick;       /**< its base time */
    gxt_threadid thread; /**< who wrote it */
    uint64_t hash;       /**< XXH3 of its data, when its directory is hashed */
    uint32_t size;       /**< of its data in bytes */
    uint8_t kind;        /**< an enum gen_batch_kind */
    uint8_t experiment;  /**< of a GEN_EXPERIMENTAL batch */
};

/** The directory of one generation. All zero is an empty one. */
struct gen_dir {
    uint64_t number;     /**< the runtime's number */
    uint64_t begin, end; /**< its bytes, [begin, end) */
    uint64_t min_tick;   /**< its Sync's time, as Go's reader takes it: the smallest base time, 0 being overwritten */
    struct gen_batch *batches; /**< in the order of the file */
    size_t n_batches, capacity;
    bool hashed;          /**< whether the batches' hashes are set, and are to be checked on the first read */
    bool recovers;        /**< what is hurt in it is left out, and counted in … */
    struct gxt_loss loss; /**< … this; its times are not set */
    bool severed;         /**< what came before it is lost: it says nothing of this one */
};

void gen_dir_done(struct gen_dir *dir);

/** A hash of a generation's bytes that is made while its batches are hashed. */
struct gen_hash {
    uint64_t at; /**< up to here; begin with the generation's begin */
    uint64_t value;
};

/** gen_hash_batch() - hash what lies before a batch, its header, and the batch. Return: the batch's hash. */
uint64_t gen_hash_batch(struct gen_hash *hash, const struct source *source, const struct gen_batch *batch);
/** gen_hash_end() - hash what lies behind the last batch. Return: the generation's hash. */
uint64_t gen_hash_end(struct gen_hash *hash, const struct source *source, uint64_t end);

/** Where a walk over the generations is. A plain value. */
struct gen_stream {
    uint64_t offset;        /**< of the next batch */
    bool begun;             /**< before Go 1.26: a generation was found already, … */
    bool more;              /**< … and the first batch of another one lies at offset */
    bool recovers;          /**< what cannot be read is passed over: see gen_find() */
    struct gxt_error fault; /**< before Go 1.26: what ended the generation found last; code 0 for nothing */
};

/**
 * gen_find() - find the next generation
 * @stream:   moved behind it
 * @version:  NN of the header's "go 1.NN"
 * @ret:      its directory, emptied first; its memory is used again
 * @fault:    why there is none, when negative
 *
 * Before Go 1.26 a generation ends where the next begins, or with the file; from 1.26 on with an EndOfGeneration.
 *
 * A stream that recovers goes past what cannot be read, up to the next place where a batch may begin, and meets no
 * fault of the trace; the directory's loss says what that cost, also when 0 is returned: what stands behind the last
 * generation. Where nothing is hurt it finds the same.
 *
 * Cost: one page touched in 64 KiB; some steps for each byte that is passed over.
 * Return: 1; 0 at the end of the trace; negative for a fault that loses the generation as a whole.
 */
int gen_find(struct gen_stream *stream, const struct source *source, int version, struct gen_dir *ret,
             struct gxt_error *fault);

/** A batch's header, and the first byte of its data. */
struct gen_header {
    uint64_t generation, thread, tick;
    uint64_t data, size; /**< where its data is in the file, and how many bytes */
    uint8_t type;        /**< as struct wire_batch has it */
    uint8_t first;       /**< 0 when there is no data */
    int system_errno;    /**< why nothing could be read; 0 when it could */
};

/** gen_peek() - the header of the batch at an offset. Cost: one system call. Return: whether there is a whole batch. */
bool gen_peek(const struct source *source, uint64_t offset, struct gen_header *ret);

enum {
    GEN_MOST_HEADER = 1 + 1 + 4 * WIRE_MAX_NUMBER, /**< bytes of a header at most */
};

/**
 * gen_land() - the first place in some bytes where a batch's header may begin
 * @in:      any bytes of a trace; as many as a batch and its header may take hold one header at least
 * @padded:  look for headers alone that have ten bytes for the size, as the runtime writes them: that is ten times as
 *           fast, and hardly ever lands wrong
 *
 * What is behind the header is looked at where it is in @in. A header that is not whole there is none.
 *
 * Cost: some steps a byte.
 * Return: where; in.end for nowhere.
 */
const uint8_t *gen_land(struct span in, bool padded);

/** The distinct strings and stacks of a trace, each once by content. Shared by all that read the trace; any thread. */
struct pool;

int pool_new(struct pool **ret);
struct pool *pool_free(struct pool *pool);

/** Frames of a stack, of whatever format. */
enum {
    GEN_MAX_FRAMES = GXT_MAX_OLD_FRAMES
};

/** pool_string() - the one string of this content. Lifetime: the pool's. Return: 0; GXT_ENOMEM; GXT_ELIMIT. */
int pool_string(struct pool *pool, const void *at, size_t len, const struct gxt_string **ret);

/** pool_stack() - the one stack of these frames (whose strings are this pool's). Return: 0; GXT_ENOMEM; GXT_ELIMIT. */
int pool_stack(struct pool *pool, const struct gxt_frame *frames, size_t n, const struct gxt_stack **ret);

/** pool_refused() - say why the pool did not take a string or stack. Return: @code. */
int pool_refused(int code, struct gxt_error *fault);

/** pool_find_string(), pool_find_stack() - the one of this id, or NULL if none has been seen. */
const struct gxt_string *pool_find_string(struct pool *pool, uint64_t id);
const struct gxt_stack *pool_find_stack(struct pool *pool, uint64_t id);

/** A stack as the pool keeps it. */
struct gxt_stack {
    uint64_t id;
    size_t n_frames;
    struct gxt_frame frames[];
};

/** The id of a stack, 0 for NULL. */
static inline uint64_t gen_stack_id(const struct gxt_stack *stack)
{
    return stack ? stack->id : 0;
}

/** A generation's own id of a string or stack, and the pool's. */
struct gen_pair {
    uint64_t local, content;
};

/** Brings a string or stack into the pool by its id. Return: 0; GXT_EINDEX; GXT_ENOMEM. */
typedef int gen_fetch(void *user, bool is_stack, uint64_t content, const void **ret);

/** What an index knows of a generation's tables. All zero: nothing. */
struct gen_known {
    struct gen_pair *strings, *stacks; /**< by rising local id; NULL when not known */
    size_t n_strings, n_stacks;
    gen_fetch *fetch;
    void *user;
};

void gen_known_done(struct gen_known *known);

/** Local id to pool entry, for one generation. */
struct gen_table {
    const void **dense; /**< by id, NULL for none or not fetched yet; used when ids are close together */
    size_t n_dense, capacity;
    size_t n_solid;               /**< ids from 1 up to this one are all in dense */
    struct map sparse;            /**< id to place in values; used when they are not */
    const void **values;          /**< with sparse only */
    size_t n;                     /**< entries */
    const struct gen_pair *pairs; /**< n of them, when entries are fetched as they are asked for; else NULL */
    gen_fetch *fetch;
    void *user;
    bool is_stacks;
    int lost; /**< 0; why the last fetch failed */
};

/** One entry of a table, for the index. */
struct gen_entry {
    uint64_t local;      /**< id within the generation */
    const void *content; /**< a struct gxt_string or struct gxt_stack */
};

/** gen_table_look() - gen_table_get() for what is not at hand */
const void *gen_table_look(struct gen_table *table, uint64_t id);

/** Return: the entry, or NULL if the generation has none of this id, or table->lost says why it cannot be had. Id 0 is
 * never in a table. */
static inline const void *gen_table_get(struct gen_table *table, uint64_t id)
{
    if (LIKELY(id < table->n_dense)) {
        const void *content = table->dense[id];
        if (LIKELY(content != NULL))
            return content;
    }
    return gen_table_look(table, id);
}

/** gen_table_has() - whether there is an entry of this id; id 0 is none's, and there */
static inline bool gen_table_has(struct gen_table *table, uint64_t id)
{
    return LIKELY(id <= table->n_solid) || gen_table_get(table, id) != NULL;
}

/** A CPU sample. */
struct gen_sample {
    int64_t time_ns;
    gxt_threadid thread;
    gxt_procid proc;
    gxt_goid goroutine;
    uint64_t stack;  /**< local id */
    uint64_t offset; /**< of its record */
};

/** A thread's event batches, in the order of the file: gen.lane_batches[first … first + n). */
struct gen_lane {
    gxt_threadid thread;
    size_t first, n;
};

/** One generation, loaded. All zero is an empty one. */
struct gen {
    const struct source *source;
    struct gen_dir dir;
    double ns_per_tick;
    double usual_ns_per_tick; /**< for one that is recovered and has lost its own */
    bool has_snapshot;
    uint64_t snapshot_tick, mono_ns, wall_sec, wall_nsec; /**< as written */
    struct gen_table strings, stacks;
    struct gen_known known;         /**< what they are fetched by, or nothing */
    const struct gxt_string *empty; /**< "": what string id 0 names */
    struct gen_lane *lanes;         /**< in the order of their first batches */
    uint32_t *lane_batches;         /**< indexes into dir.batches */
    size_t n_lanes, lanes_capacity, lane_batches_capacity;
    struct gen_sample *samples; /**< sorted by time as Go's unstable sort leaves them */
    size_t n_samples, samples_capacity;
};

/**
 * gen_load() - read the tables of a generation
 * @gen:    emptied first; its memory is used again
 * @dir:    its directory; taken: @gen owns it afterwards, also on failure, and @dir is empty
 * @pool:   where its strings and stacks go
 * @known:  its tables from an index, taken like @dir, or nothing: then they are read
 *
 * Cost: reads its string, stack, sample and sync batches; of strings and stacks that are known only the hash.
 * A directory that recovers has no fault that loses it: its loss grows.
 * Return: 0; negative for a fault that loses the generation; GXT_ESTALE when a batch is not what a hashed directory
 * says.
 */
int gen_load(struct gen *gen, struct gen_dir *dir, const struct source *source, int version, struct pool *pool,
             struct gen_known *known, struct gxt_error *fault);

void gen_done(struct gen *gen);

/** gen_clock() - read only a generation's clock: what is known of a trace at open. Return as gen_load(). */
int gen_clock(struct gen *gen, const struct gen_dir *dir, const struct source *source, int version,
              struct gxt_error *fault);

/** gen_check_batch() - see that a batch still is what its hashed directory says. Return: 0, or GXT_ESTALE. */
int gen_check_batch(const struct gen *gen, const struct gen_batch *batch, struct gxt_error *fault);

/** gen_experimental() - the experimental batch number @i. Return: whether there is one. */
bool gen_experimental(const struct gen *gen, size_t i, struct gxt_experimental_batch *ret);

/** gen_table_build() - make a table of entries, in any order
 * @ret_bad:  NULL: of those that are named twice the first stands, and id 0 is nobody's
 * Return: 0; GXT_ENOMEM; GXT_ECORRUPT when an id is 0 or named twice, with its place among the entries in @ret_bad. */
int gen_table_build(struct gen_table *table, const struct gen_entry *entries, size_t n, size_t *ret_bad);
/** gen_table_know() - make a table whose entries are fetched when they are asked for
 * Return: 0; GXT_ENOMEM; GXT_EINDEX when @pairs are in no order. */
int gen_table_know(struct gen_table *table, const struct gen_known *known, bool is_stacks);
void gen_table_done(struct gen_table *table);

/** gen_lost() - bear the fault that table->lost says. Return: its code. */
int gen_lost(const struct gen_table *table, struct gxt_error *fault);

/** gen_entries() - list a table. @ret: room for table->n entries, filled by rising id. */
void gen_entries(const struct gen_table *table, struct gen_entry *ret);

/** gen_time() - ticks to nanoseconds, as Go's amd64 code does it: 0x8000000000000000 for what does not fit. */
static inline int64_t gen_time(double ns_per_tick, uint64_t ticks)
{
    double ns = (LIKELY((int64_t)ticks >= 0) ? (double)(int64_t)ticks : (double)ticks) * ns_per_tick;
#if defined(__x86_64__)
    return _mm_cvttsd_si64(_mm_set_sd(ns)); /* gives just that for what does not fit */
#else
    return LIKELY(ns >= -0x1p63 && ns < 0x1p63) ? (int64_t)ns : INT64_MIN;
#endif
}

/**
 * gen_sort() - sort as Go's slices.SortFunc does, equal times and all
 * @items:  structs whose first member is an int64_t, the time to sort by
 *
 * Go's sort is an unstable pattern-defeating quicksort, and what it does with equal times decides the order of events:
 * this one makes the same swaps.
 */
void gen_sort(void *items, size_t n, size_t item_size);

#endif
