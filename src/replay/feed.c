/* feed.c
 *
 * In: a cursor without an index. Out: its events in parcels, each with what an index keeps of the place behind it.
 * Never: a parcel that depends on how many threads there are.
 *
 *     the cursor ──► fill a parcel ──► a ring of parcels ──► feed_next()
 *     └────── a thread of their own, where it is wished ──────┘
 */
#include "replay.h"

#include <stdlib.h>

enum {
    PARCEL_EVENTS = 1024, /* what is filled and emptied by one thread stays in its cache */
    RING = 16,
    SOME = RING / 2, /* one thread waits until the other has done some: waking it costs as much as a parcel */
};

struct feed {
    struct gxt_cursor *cursor;
    uint64_t inside_events; /* between two places, at least */
    uint64_t next_place;    /* ordinal at which the next one is due */
    uint64_t n_generations; /* begun so far */
    bool in_generation;
    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t is_filled, is_emptied;
    size_t n_filled, n_taken, n_emptied; /* parcels so far; those between are in the ring */
    bool stops, is_last;
    struct parcel ring[RING];
};

static int no_memory(struct parcel *parcel)
{
    return fault_set(&parcel->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the index");
}

/* ---- filling ---- */

static int copy_entries(struct parcel_table *ret, const struct gen_table *table)
{
    if (table->n > ret->capacity) {
        struct gen_entry *grown = realloc(ret->entries, table->n * sizeof *grown);
        if (!grown)
            return GXT_ENOMEM;
        ret->entries = grown;
        ret->capacity = table->n;
    }
    gen_entries(table, ret->entries);
    ret->n = table->n;
    return 0;
}

static int copy_dir(struct gen_dir *ret, const struct gen_dir *dir)
{
    struct gen_batch *batches = realloc(ret->batches, (dir->n_batches + 1) * sizeof *batches);

    if (!batches)
        return GXT_ENOMEM;
    if (dir->n_batches > 0) /* an old trace is none */
        memcpy(batches, dir->batches, dir->n_batches * sizeof *batches);
    *ret = *dir;
    ret->batches = batches;
    return 0;
}

/* The walk goes on to another generation, which takes the memory of this one's tables. */
static int copy_generation(struct feed *feed, struct parcel *parcel)
{
    const struct gen *gen = walk_gen(feed->cursor);

    if (copy_entries(&parcel->strings, &gen->strings) < 0 || copy_entries(&parcel->stacks, &gen->stacks) < 0 ||
        copy_dir(&parcel->dir, &gen->dir) < 0)
        return no_memory(parcel);
    return 0;
}

static int save(struct feed *feed, struct parcel *parcel)
{
    int r = order_save(feed->cursor->order, &parcel->snapshot);
    return r < 0 ? fault_set(&parcel->fault, r, GXT_NO_OFFSET, "no memory for a checkpoint") : 0;
}

static void begin_generation(struct feed *feed, struct parcel *parcel)
{
    const struct gen *gen = walk_gen(feed->cursor);
    const struct gxt_event *sync = &parcel->events[0];

    feed->in_generation = parcel->begins = true;
    feed->n_generations = walk_generations(feed->cursor);
    parcel->facts = (struct gxt_generation){.number = gen->dir.number,
                                            .begin = gen->dir.begin,
                                            .end = gen->dir.end,
                                            .first_ordinal = sync->ordinal,
                                            .first_ns = sync->time_ns,
                                            .ns_per_tick = gen->ns_per_tick,
                                            .n_batches = gen->dir.n_batches,
                                            .n_threads = gen->n_lanes,
                                            .n_strings = gen->strings.n,
                                            .n_stacks = gen->stacks.n,
                                            .n_samples = gen->n_samples};
}

/* How many events until the next place, or the parcel's end. */
static size_t room(const struct feed *feed, const struct parcel *parcel)
{
    const struct gxt_cursor *cursor = feed->cursor;
    size_t left = PARCEL_EVENTS - parcel->n;

    if (!feed->in_generation || !cursor->order)
        return left;
    if (cursor->ordinal >= feed->next_place)
        return 1;
    return left < feed->next_place - cursor->ordinal ? left : (size_t)(feed->next_place - cursor->ordinal);
}

/* What the place behind the parcel's last event is. Return: 0; negative. */
static int end_parcel(struct feed *feed, struct parcel *parcel)
{
    struct gxt_cursor *cursor = feed->cursor;
    int r = 0;

    if (parcel->n == 0 || !feed->in_generation || !cursor->order)
        return 0;
    if (walk_at_boundary(cursor)) {
        parcel->then = PARCEL_BOUNDARY;
        feed->in_generation = false;
        parcel->rising = walk_is_rising(cursor);
        r = copy_generation(feed, parcel);
        return r == 0 ? save(feed, parcel) : r;
    }
    if (cursor->ordinal < feed->next_place || !order_can_save(cursor->order))
        return 0;
    parcel->then = PARCEL_PLACE;
    r = save(feed, parcel);
    feed->next_place = cursor->ordinal + feed->inside_events + parcel->snapshot.bytes.size / 8;
    return r;
}

/* Nothing follows: the trace's end, its fault, or ours. */
static void end_feed(struct feed *feed, struct parcel *parcel, int code)
{
    parcel->then = PARCEL_LAST;
    parcel->code = code;
    parcel->rising = walk_is_rising(feed->cursor);
    if (feed->in_generation && copy_generation(feed, parcel) < 0)
        parcel->code = GXT_ENOMEM;
}

static void fill(struct feed *feed, struct parcel *parcel)
{
    struct gxt_cursor *cursor = feed->cursor;
    int r = 1;

    parcel->then = PARCEL_NOTHING;
    parcel->begins = false;
    parcel->code = 0;
    parcel->n = 0;
    parcel->strings.n = parcel->stacks.n = 0;
    while (r > 0 && parcel->n < PARCEL_EVENTS && parcel->then == PARCEL_NOTHING) {
        size_t n;
        r = cursor_next_run(cursor, parcel->events + parcel->n, room(feed, parcel), &n);
        if (r < 0)
            parcel->fault = cursor->error;
        if (r <= 0)
            break;
        const bool is_first = parcel->n == 0;
        parcel->n += n;
        if (is_first && parcel->events[0].kind == GXT_KIND_SYNC && walk_generations(cursor) > feed->n_generations) {
            begin_generation(feed, parcel);
            feed->next_place = parcel->events[0].ordinal + 1 + feed->inside_events;
        }
        const int code = end_parcel(feed, parcel);
        r = code < 0 ? code : r;
    }
    if (r <= 0)
        end_feed(feed, parcel, r);
    parcel->bytes_done = cursor_bytes(cursor);
}

/* ---- the ring ---- */

static void *fill_all(void *user)
{
    struct feed *feed = user;
    bool goes_on = true;

    while (goes_on) {
        pthread_mutex_lock(&feed->lock);
        if (feed->n_filled - feed->n_emptied == RING)
            while (feed->n_filled - feed->n_emptied > SOME && !feed->stops)
                pthread_cond_wait(&feed->is_emptied, &feed->lock);
        goes_on = !feed->stops;
        struct parcel *parcel = &feed->ring[feed->n_filled % RING];
        pthread_mutex_unlock(&feed->lock);
        if (!goes_on)
            break;
        fill(feed, parcel);
        goes_on = parcel->then != PARCEL_LAST;
        pthread_mutex_lock(&feed->lock);
        feed->n_filled++;
        feed->is_last = !goes_on;
        if (feed->n_filled - feed->n_taken >= SOME || feed->is_last)
            pthread_cond_signal(&feed->is_filled);
        pthread_mutex_unlock(&feed->lock);
    }
    return NULL;
}

int feed_new(struct gxt_cursor *cursor, uint64_t inside_events, bool has_thread, struct feed **ret)
{
    struct feed *feed = calloc(1, sizeof *feed);

    if (!feed)
        return GXT_ENOMEM;
    feed->cursor = cursor;
    feed->inside_events = inside_events;
    feed->n_generations = walk_generations(cursor);
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->is_filled, NULL);
    pthread_cond_init(&feed->is_emptied, NULL);
    for (size_t i = 0; i < (has_thread ? RING : 1); i++)
        if (!(feed->ring[i].events = malloc(PARCEL_EVENTS * sizeof *feed->ring[i].events))) {
            (void)feed_free(feed);
            return GXT_ENOMEM;
        }
    /* Where there can be no other thread, this one does it all. */
    feed->has_thread = has_thread && pthread_create(&feed->thread, NULL, fill_all, feed) == 0;
    *ret = feed;
    return 0;
}

struct parcel *feed_next(struct feed *feed)
{
    if (!feed->has_thread) {
        fill(feed, &feed->ring[0]);
        return &feed->ring[0];
    }
    pthread_mutex_lock(&feed->lock);
    feed->n_emptied = feed->n_taken;
    if (feed->n_filled - feed->n_emptied <= SOME)
        pthread_cond_signal(&feed->is_emptied);
    if (feed->n_filled == feed->n_taken)
        while (feed->n_filled - feed->n_taken < SOME && !feed->is_last)
            pthread_cond_wait(&feed->is_filled, &feed->lock);
    struct parcel *parcel = &feed->ring[feed->n_taken++ % RING];
    pthread_mutex_unlock(&feed->lock);
    return parcel;
}

struct feed *feed_free(struct feed *feed)
{
    if (!feed)
        return NULL;
    if (feed->has_thread) {
        pthread_mutex_lock(&feed->lock);
        feed->stops = true;
        pthread_cond_signal(&feed->is_emptied);
        pthread_mutex_unlock(&feed->lock);
        pthread_join(feed->thread, NULL);
    }
    for (size_t i = 0; i < RING; i++) {
        free(feed->ring[i].events);
        free(feed->ring[i].strings.entries);
        free(feed->ring[i].stacks.entries);
        free(feed->ring[i].dir.batches);
        order_snapshot_done(&feed->ring[i].snapshot);
    }
    pthread_cond_destroy(&feed->is_emptied);
    pthread_cond_destroy(&feed->is_filled);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
    return NULL;
}
