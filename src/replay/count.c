/* count.c
 *
 * In: a trace. Out: how many events of each kind it has. Never: an order where the number does not depend on it.
 *
 * Generations are counted without order (order/census.c), by as many threads as there are, each the next one that
 * nobody has. One after the other they are joined to the walk, which knows the states at their starts. Through those
 * that do not fit the walk goes itself, and through what has a fault.
 *
 *     a thread    find (one at a time) ──► count ──► wait for its turn ──► join, or walk ──► next
 */
#include "replay.h"

enum {
    MOST_THREADS = 8,       /* each has a generation's tables */
    THREAD_BYTES = 4 << 20, /* of a trace for each thread, at least */
};

struct counting {
    struct gxt_cursor *cursor; /* whose turn it is has it, … */
    uint64_t *counts;          /* … and this */
    pthread_mutex_t lock;      /* of what follows */
    pthread_cond_t joined;
    struct gen_stream stream; /* before the next generation that nobody has */
    uint64_t n_found, n_joined;
    bool ended;
    int r; /* with which it ended */
};

static int walk(struct counting *counting, uint64_t n_generations)
{
    return cursor_tally(counting->cursor, UINT64_MAX, n_generations, counting->counts);
}

static void add(struct counting *counting, const uint64_t *by_type)
{
    struct gxt_cursor *cursor = counting->cursor;
    uint64_t ordinal = cursor_ordinal(cursor);

    resolve_counts(by_type, counting->counts);
    for (size_t type = 0; type < 256; type++)
        ordinal += by_type[type];
    cursor_place(cursor, ordinal, walk_generations(cursor));
}

/* It is the turn of this generation. Return: 1; 0 at the trace's end; negative. */
static int join(struct counting *counting, const struct census *census, bool is_there)
{
    struct gxt_cursor *cursor = counting->cursor;
    struct gxt_error fault;
    int r = 0;

    /* One who had to begin anew needs the states of all generations. What has changed is the walk's to tell. */
    if (is_there && !cursor->distrusts && source_check_size(&cursor->trace->source, &fault) == 0 &&
        source_check_cut(&cursor->trace->source, &fault) == 0)
        r = order_join(cursor->order, census);
    if (r > 0)
        add(counting, census_counts(census));
    return r != 0 ? r : walk(counting, is_there && !cursor->distrusts ? walk_generations(cursor) + 1 : UINT64_MAX);
}

/* Waits until all generations before this one are joined. Return: whether there is anything left to do. */
static bool wait_for_turn(struct counting *counting, uint64_t generation)
{
    while (counting->n_joined != generation && !counting->ended)
        (void)pthread_cond_wait(&counting->joined, &counting->lock);
    return !counting->ended;
}

static void count_in_turn(struct counting *counting, struct census *census)
{
    (void)pthread_mutex_lock(&counting->lock);
    while (!counting->ended) {
        const uint64_t generation = counting->n_found++;
        const bool is_there = census_find(census, &counting->stream);
        (void)pthread_mutex_unlock(&counting->lock);
        if (is_there)
            census_count(census);
        (void)pthread_mutex_lock(&counting->lock);
        if (!wait_for_turn(counting, generation))
            break;
        (void)pthread_mutex_unlock(&counting->lock);
        const int r = join(counting, census, is_there);
        (void)pthread_mutex_lock(&counting->lock);
        counting->n_joined++;
        counting->ended = r <= 0;
        counting->r = r;
        (void)pthread_cond_broadcast(&counting->joined);
    }
    (void)pthread_mutex_unlock(&counting->lock);
}

static int new_census(const struct counting *counting, struct census **ret)
{
    const struct gxt_trace *trace = counting->cursor->trace;

    return census_new(&trace->source, trace->begin, trace->facts.version, trace->pool, ret);
}

static void *help(void *user)
{
    struct census *census;

    if (new_census(user, &census) == 0) { /* without memory the others do it */
        count_in_turn(user, census);
        (void)census_free(census);
    }
    return NULL;
}

static int count_side_by_side(struct counting *counting, unsigned n_threads)
{
    pthread_t threads[MOST_THREADS - 1];
    unsigned n = 0;
    struct census *census;
    int r = new_census(counting, &census);

    if (r < 0)
        return walk(counting, UINT64_MAX);
    while (n + 1 < n_threads && n < MOST_THREADS - 1 && thread_begin(&threads[n], help, counting) == 0)
        n++;
    count_in_turn(counting, census);
    for (unsigned i = 0; i < n; i++)
        (void)pthread_join(threads[i], NULL);
    (void)census_free(census);
    return counting->r;
}

unsigned count_threads(const struct gxt_cursor *cursor)
{
    const uint64_t useful = cursor->trace->source.size / THREAD_BYTES + 1;
    const unsigned n = thread_processors();

    return n < useful ? n : (unsigned)useful;
}

int count_all(struct gxt_cursor *cursor, unsigned n_threads, uint64_t counts[GXT_N_KINDS])
{
    struct counting counting = {.cursor = cursor, .counts = counts};

    if (!cursor->order || cursor->index || cursor->trace->recovers || cursor->trace->source.feed)
        return walk(&counting, UINT64_MAX);
    counting.stream = order_stream(cursor->order);
    (void)pthread_mutex_init(&counting.lock, NULL);
    (void)pthread_cond_init(&counting.joined, NULL);
    const int r = count_side_by_side(&counting, n_threads);
    (void)pthread_mutex_destroy(&counting.lock);
    (void)pthread_cond_destroy(&counting.joined);
    return r;
}
