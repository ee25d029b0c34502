/* scouts.c
 *
 * In: a trace. Out: chapters, made by walks that go ahead of the builder's. Never: a chapter of which it is known that
 * it is right: the builder's walk catches up with it first.
 *
 *     the builder    0 ─────────► put, catch up with 1, put │ 2 ─────────► put, catch up with 3, put │ 4 …
 *     a thread       1 ──────────────► 3 ──────────────► 5 …
 *
 * They take turns: of so many threads each has every so-manieth generation. A scout begins where the generation before
 * its own is going to end; whoever is there first foretells when.
 */
#include "replay.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    MOST_THREADS = 16,
    SCOUTS_EACH = 2,      /* for a thread: one that it goes with, and one that the builder is to catch up with */
    CROWD = 50000,        /* goroutines, of whom each takes memory: from here on a thread has one scout, … */
    CROWD_MORE = 1,       /* … but for so many, since else the threads would wait for the builder */
    MOST_CROWDS = 300000, /* of all scouts: with more there are fewer of these, and none of whom one has so many */
    MOST_SCOUTS = SCOUTS_EACH * MOST_THREADS,
    N_ENDS = MOST_SCOUTS + 3, /* that may still be asked for, those of the builder among them */
    MOST_BYTES = 32 << 20,    /* that are kept of a generation, by one who goes ahead */
    WAIT_NS = 100 * 1000 * 1000,
};

/* When a generation is going to end. */
struct foretold {
    uint64_t generation; /* counted from 1; 0: of none */
    int64_t last_ns;
    bool is_known;
};

struct scouts {
    uint64_t inside_events;
    struct gxt_trace *trace;
    pthread_mutex_t lock; /* of what follows, but for a scout's own generation, which is its thread's */
    pthread_cond_t changed;
    struct gen_stream stream; /* before the next generation that nobody has */
    struct gen_dir dir;       /* of the one before it */
    uint64_t n_found;
    uint64_t first, n_walks; /* where they began, and how many they are, the builder's included */
    bool ended;              /* all are found, … */
    uint64_t n_there;        /* … which are so many */
    _Atomic bool stops, met_crowd;
    struct foretold ends[N_ENDS];
    struct scout list[MOST_SCOUTS];
    size_t n, n_threads;
    size_t n_most; /* that may be taken at once, the first of the list; the others are of no use any more */
    pthread_t threads[MOST_THREADS];
};

/* ---- who has what; under the lock ---- */

static void wake_all(struct scouts *scouts)
{
    (void)pthread_cond_broadcast(&scouts->changed);
}

static bool is_builders(const struct scouts *scouts, uint64_t generation)
{
    return (generation - scouts->first) % scouts->n_walks == 0;
}

static void pass(struct scouts *scouts)
{
    struct gxt_error fault;
    const struct gxt_trace *trace = scouts->trace;

    if (!scouts->ended && gen_find(&scouts->stream, &trace->source, trace->facts.version, &scouts->dir, &fault) <= 0) {
        scouts->ended = true;
        scouts->n_there = scouts->n_found;
    }
    scouts->n_found++;
}

/* What a scout has to go through: a generation, and perhaps the builder's before it. */
struct task {
    uint64_t generation;
    struct gen_stream stream, before; /* before it, and before the builder's */
    bool foretells;                   /* also the end of the builder's */
};

static struct task next_task(struct scouts *scouts)
{
    struct task task = {.foretells = is_builders(scouts, scouts->n_found), .before = scouts->stream};

    if (task.foretells)
        pass(scouts);
    task.generation = scouts->n_found;
    task.stream = scouts->stream;
    pass(scouts);
    return task;
}

static struct foretold *end_of(struct scouts *scouts, uint64_t generation)
{
    return &scouts->ends[generation % N_ENDS];
}

static struct scout *find_scout(struct scouts *scouts, uint64_t generation)
{
    for (size_t i = 0; i < scouts->n; i++)
        if (scouts->list[i].is_taken && scouts->list[i].generation == generation)
            return &scouts->list[i];
    return NULL;
}

/* The first one, so that in a crowd the same ones go again. */
static struct scout *find_free(struct scouts *scouts)
{
    struct scout *found = NULL;
    size_t n_taken = 0;

    for (size_t i = scouts->n; i > 0; i--) {
        struct scout *scout = &scouts->list[i - 1];
        n_taken += scout->is_taken;
        found = scout->is_taken ? found : scout;
    }
    return n_taken < scouts->n_most ? found : NULL;
}

static void free_scout(struct scout *scout)
{
    scout->cursor = cursor_free(scout->cursor);
    chapter_done(&scout->chapter);
    scout->chapter = (struct chapter){0};
    tally_done(&scout->tally);
    tally_init(&scout->tally);
}

/* Gives back the memory of those that do not go again: at the end, when much may have to be told, nobody does. */
static void free_spare(struct scouts *scouts)
{
    for (size_t i = scouts->ended ? 0 : scouts->n_most; i < scouts->n; i++)
        if (!scouts->list[i].is_taken)
            free_scout(&scouts->list[i]);
}

/* Waits until the end of a generation is foretold. Return: whether it is known. */
static bool wait_for_end(struct scouts *scouts, uint64_t generation, int64_t *ret_ns)
{
    const struct foretold *end = end_of(scouts, generation);

    while (end->generation != generation + 1 && !scouts->stops)
        (void)pthread_cond_wait(&scouts->changed, &scouts->lock);
    *ret_ns = end->last_ns;
    return end->generation == generation + 1 && end->is_known;
}

/* Reads a generation's tables, and says when it is going to end. Return: whether it can be walked. */
static bool foretell(struct scouts *scouts, struct order *order, uint64_t generation, struct gen_stream stream)
{
    struct foretold end = {.generation = generation + 1};

    order_place_ahead(order, generation, stream);
    end.is_known = order_foretell(order, &end.last_ns) > 0;
    (void)pthread_mutex_lock(&scouts->lock);
    *end_of(scouts, generation) = end;
    wake_all(scouts);
    (void)pthread_mutex_unlock(&scouts->lock);
    return end.is_known;
}

/* ---- a scout's way ---- */

/* Of many goroutines there are fewer scouts: who is one too many goes to its end first. */
static void meet(struct scouts *scouts, size_t n_goroutines)
{
    const size_t n_most = scouts->n / SCOUTS_EACH + CROWD_MORE, n_fit = MOST_CROWDS / (n_goroutines + 1);
    const size_t n = n_fit < n_most ? n_fit : n_most;

    if (n_goroutines <= CROWD)
        return;
    (void)pthread_mutex_lock(&scouts->lock);
    scouts->n_most = n < scouts->n_most ? n : scouts->n_most;
    (void)pthread_mutex_unlock(&scouts->lock);
    if (n == 0)
        scouts->met_crowd = true;
}

/* In its generation so far; at its end the tally has given them away. */
static size_t n_met(const struct scout *scout)
{
    const struct tally_met *met = &scout->chapter.met;
    return scout->tally.n_items + scout->tally.n_briefs + met->n_there + met->n_ended;
}

static bool keep_all(struct scouts *scouts, struct scout *scout, struct parts *parts)
{
    struct gxt_error fault;
    struct part *part;
    int r;

    do {
        part = parts_next(parts);
        r = chapter_keep(&scout->chapter, part, &fault);
        atomic_store_explicit(&scout->bytes, part->bytes, memory_order_relaxed);
        meet(scouts, n_met(scout));
        if (store_draft_bytes(scout->chapter.draft) > MOST_BYTES)
            scouts->met_crowd = true;
        if (scouts->stops || scouts->met_crowd)
            return false;
    } while (r == 0 && part->end < PART_BOUNDARY);
    return r == 0 && scout->chapter.is_whole && source_check_cut(&scouts->trace->source, &fault) == 0;
}

/* Walks through its generation. Return: whether it came to its end. */
static bool walk(struct scouts *scouts, struct scout *scout)
{
    struct parts *parts;

    if (parts_new(scout->cursor, &scout->tally, scouts->inside_events, 1, &parts) < 0)
        return false;
    const bool is_done = keep_all(scouts, scout, parts);
    (void)parts_free(parts);
    if (!is_done) { /* it is in the midst of it */
        tally_done(&scout->tally);
        tally_init(&scout->tally);
    }
    return is_done;
}

/* Stands before the generation, if it is known when the one before it is going to end. */
static bool begin(struct scouts *scouts, struct order *order, const struct task *task)
{
    int64_t last_ns;

    if (task->foretells && !foretell(scouts, order, task->generation - 1, task->before))
        return false;
    if (is_builders(scouts, task->generation + 1))
        order_place_ahead(order, task->generation, task->stream);
    else if (!foretell(scouts, order, task->generation, task->stream))
        return false;
    (void)pthread_mutex_lock(&scouts->lock);
    const bool is_known = wait_for_end(scouts, task->generation - 1, &last_ns);
    (void)pthread_mutex_unlock(&scouts->lock);
    if (is_known)
        order_start_ahead(order, last_ns);
    return is_known;
}

static bool go(struct scouts *scouts, struct scout *scout, const struct task *task)
{
    atomic_store_explicit(&scout->bytes, task->stream.offset, memory_order_relaxed);
    cursor_place(scout->cursor, 0, task->generation);
    chapter_begin(&scout->chapter, task->generation);
    return begin(scouts, scout->cursor->order, task) && walk(scouts, scout);
}

/* One who gave up has perhaps not foretold the end that the next one waits for. */
static void foretell_nothing(struct scouts *scouts, uint64_t generation)
{
    struct foretold *end = end_of(scouts, generation);

    if (end->generation != generation + 1 && !is_builders(scouts, generation + 1))
        *end = (struct foretold){.generation = generation + 1};
}

static void *go_on(void *user)
{
    struct scouts *scouts = user;

    (void)pthread_mutex_lock(&scouts->lock);
    while (!scouts->stops && !scouts->ended && !scouts->met_crowd) {
        struct scout *scout = find_free(scouts);
        if (!scout) {
            (void)pthread_cond_wait(&scouts->changed, &scouts->lock);
            continue;
        }
        const struct task task = next_task(scouts);
        scout->is_taken = true;
        scout->is_back = false;
        scout->generation = task.generation;
        (void)pthread_mutex_unlock(&scouts->lock);
        const bool is_done = go(scouts, scout, &task);
        (void)pthread_mutex_lock(&scouts->lock);
        foretell_nothing(scouts, task.generation);
        scout->is_done = is_done;
        scout->is_back = true;
        wake_all(scouts);
    }
    (void)pthread_mutex_unlock(&scouts->lock);
    return NULL;
}

/* ---- the builder's side ---- */

static struct timespec in_a_while(void)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

static void begin_threads(struct scouts *scouts)
{
    const size_t n = scouts->n / SCOUTS_EACH;

    while (scouts->n_threads < n && thread_begin(&scouts->threads[scouts->n_threads], go_on, scouts) == 0)
        scouts->n_threads++;
}

bool scouts_met_crowd(const struct scouts *scouts)
{
    return scouts->met_crowd;
}

bool scouts_left_last(struct scouts *scouts, const struct order *order)
{
    const uint64_t generation = order_generations(order);

    (void)pthread_mutex_lock(&scouts->lock);
    const bool is_last = scouts->ended && generation + 1 == scouts->n_there;
    (void)pthread_mutex_unlock(&scouts->lock);
    return is_last && is_builders(scouts, generation);
}

int scouts_next(struct scouts *scouts, const struct order *order, struct scout **ret)
{
    const uint64_t generation = order_generations(order);
    const struct timespec until = in_a_while();

    *ret = NULL;
    if (scouts->n_threads == 0 && generation == scouts->first)
        begin_threads(scouts);
    if (scouts->n_threads == 0 || is_builders(scouts, generation))
        return 1;
    (void)pthread_mutex_lock(&scouts->lock);
    struct scout *scout = find_scout(scouts, generation);
    while (!(scout && scout->is_back) && (scout || !scouts->ended) &&
           pthread_cond_timedwait(&scouts->changed, &scouts->lock, &until) == 0)
        scout = find_scout(scouts, generation);
    const bool is_ready = scout ? scout->is_back : scouts->ended;
    (void)pthread_mutex_unlock(&scouts->lock);
    *ret = scout;
    return is_ready;
}

uint64_t scouts_bytes(struct scouts *scouts, uint64_t generation)
{
    (void)pthread_mutex_lock(&scouts->lock);
    const struct scout *scout = find_scout(scouts, generation);
    (void)pthread_mutex_unlock(&scouts->lock);
    return scout ? atomic_load_explicit(&scout->bytes, memory_order_relaxed) : 0;
}

void scouts_release(struct scouts *scouts, struct scout *scout)
{
    (void)pthread_mutex_lock(&scouts->lock);
    scout->is_taken = false;
    free_spare(scouts);
    wake_all(scouts);
    (void)pthread_mutex_unlock(&scouts->lock);
}

static int make_scout(struct scouts *scouts, struct scout *scout)
{
    tally_init(&scout->tally);
    int r = chapter_init(&scout->chapter, &scouts->trace->source);
    if (r == 0)
        r = cursor_new(scouts->trace, NULL, &scout->cursor);
    return r == 0 ? order_go_ahead(scout->cursor->order) : r;
}

static void init_locks(struct scouts *scouts)
{
    pthread_condattr_t attributes;

    (void)pthread_mutex_init(&scouts->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&scouts->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

int scouts_new(struct gxt_cursor *cursor, uint64_t inside_events, unsigned n_threads, struct scouts **ret)
{
    const unsigned n = n_threads < MOST_THREADS ? n_threads : MOST_THREADS;
    struct scouts *scouts = calloc(1, sizeof *scouts);
    int r = 0;

    if (!scouts)
        return GXT_ENOMEM;
    init_locks(scouts);
    scouts->inside_events = inside_events;
    scouts->trace = cursor->trace;
    scouts->stream = order_stream(cursor->order);
    scouts->first = scouts->n_found = order_generations(cursor->order);
    scouts->n_walks = n + 1;
    for (; r == 0 && scouts->n < (size_t)n * SCOUTS_EACH; scouts->n++)
        r = make_scout(scouts, &scouts->list[scouts->n]);
    scouts->n_most = scouts->n;
    *ret = scouts;
    return r;
}

struct scouts *scouts_free(struct scouts *scouts)
{
    if (!scouts)
        return NULL;
    (void)pthread_mutex_lock(&scouts->lock);
    scouts->stops = true;
    wake_all(scouts);
    (void)pthread_mutex_unlock(&scouts->lock);
    for (size_t i = 0; i < scouts->n_threads; i++)
        (void)pthread_join(scouts->threads[i], NULL);
    for (size_t i = 0; i < scouts->n; i++)
        free_scout(&scouts->list[i]);
    gen_dir_done(&scouts->dir);
    (void)pthread_mutex_destroy(&scouts->lock);
    (void)pthread_cond_destroy(&scouts->changed);
    free(scouts);
    return NULL;
}
