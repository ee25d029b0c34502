/* crowd_restore.c
 *
 * In: blocks of goroutines as crowd.c saves them, of a boundary and of a place behind it. Out: single goroutines, when
 * they are asked for. Never: a crowd that nobody asked for, decoded.
 *
 * A goroutine is asked for by id; then a block of either is taken as a whole, with all of the other that has ids in it,
 * and what changed is laid over what was at the start.
 */
#include "order_priv.h"

#include <stdlib.h>

enum {
    START_FLAGS = CROWD_STATUS | CROWD_EXTRA | CROWD_RUN,
    SINCE_FLAGS = START_FLAGS | CROWD_TOLD | CROWD_ANEW,
};

struct block {
    uint64_t number;
    struct span bytes; /* in layer.bytes */
};

/* A saved crowd. */
struct layer {
    uint8_t *bytes;
    struct block *blocks; /* by rising number */
    size_t n_blocks;
    unsigned shift; /* of its blocks */
    struct names names;
};

struct crowd {
    struct layer start, since;
    unsigned shift;      /* of what is taken at once: the larger one of both */
    uint64_t generation; /* the number of which sequence numbers are */
    uint64_t n, most;    /* goroutines taken, and how many there can be */
    struct map taken;    /* an id without its lowest bits, shift of them, to 1 */
};

static void layer_done(struct layer *layer)
{
    free(layer->bytes);
    free(layer->blocks);
    names_done(&layer->names);
}

void crowd_free(struct sched_table *table)
{
    if (!table->crowd)
        return;
    layer_done(&table->crowd->start);
    layer_done(&table->crowd->since);
    map_done(&table->crowd->taken);
    free(table->crowd);
    table->crowd = NULL;
}

static int restore_layer(struct layer *layer, struct reader *in, struct pool *pool)
{
    uint64_t number = 0, total = 0;

    layer->shift = reader_u8(in);
    if (layer->shift > CROWD_MOST_SHIFT)
        return GXT_EINDEX;
    int r = names_restore(&layer->names, in, pool);
    if (r < 0)
        return r;
    layer->n_blocks = (size_t)reader_count(in, 2);
    layer->blocks = calloc(layer->n_blocks + 1, sizeof *layer->blocks);
    if (!layer->blocks)
        return GXT_ENOMEM;
    struct reader directory = *in;
    for (size_t i = 0; i < layer->n_blocks; i++) {
        (void)reader_varint(&directory);
        (void)reader_varint(&directory);
    }
    const size_t size = span_size(directory.in);
    layer->bytes = malloc(size + 1);
    if (!layer->bytes)
        return GXT_ENOMEM;
    memcpy(layer->bytes, directory.in.at, size);
    for (size_t i = 0; i < layer->n_blocks; i++) {
        uint64_t step = reader_varint(in), block_size = reader_varint(in);
        if (directory.failed || (i > 0 && step == 0) || number + step < number || block_size > size - total ||
            number + step > UINT64_MAX >> layer->shift)
            return GXT_EINDEX;
        number += step;
        layer->blocks[i] = (struct block){number, {layer->bytes + total, layer->bytes + total + block_size}};
        total += block_size;
    }
    in->in.at += size;
    return in->failed || total != size ? GXT_EINDEX : 0;
}

int crowd_restore(struct sched_table *table, struct reader *all, struct reader *changes, uint64_t generation,
                  uint64_t most, struct pool *pool)
{
    struct crowd *crowd = table->crowd = calloc(1, sizeof *crowd);

    if (!crowd)
        return GXT_ENOMEM;
    crowd->generation = generation;
    crowd->most = most;
    int r = restore_layer(&crowd->start, all, pool);
    if (r == 0 && changes)
        r = restore_layer(&crowd->since, changes, pool);
    crowd->shift = crowd->start.shift > crowd->since.shift ? crowd->start.shift : crowd->since.shift;
    return r;
}

/* What a layer still has to give of the ids that are taken at once. */
struct stream {
    const struct layer *layer;
    uint8_t all_flags;              /* that an entry can have */
    const struct block *next, *end; /* the blocks behind the one at hand */
    struct reader in;               /* the block at hand */
    uint64_t last_id;               /* that it can have */
    uint64_t id;                    /* of the goroutine at hand, … */
    uint64_t left;                  /* … and how many of its run follow it */
    uint64_t seq;
    uint8_t flags;
    bool has; /* whether there is one at hand */
};

static uint64_t last_of(uint64_t number, unsigned shift)
{
    return number << shift | ((UINT64_C(1) << shift) - 1);
}

/* Goes on to a block that is not empty. Return: whether it came to another one. */
static bool open_block(struct stream *stream)
{
    bool is_another = false;

    while (span_size(stream->in.in) == 0 && stream->next < stream->end) {
        stream->in.in = stream->next->bytes;
        stream->id = stream->next->number << stream->layer->shift;
        stream->last_id = last_of(stream->next->number, stream->layer->shift);
        stream->next++;
        is_another = true;
    }
    return is_another;
}

/* Reads an entry. Extras are left to be read. */
static void next_entry(struct stream *stream)
{
    if (stream->left > 0) {
        stream->left--;
        stream->id++;
        return;
    }
    const bool is_first = open_block(stream);
    stream->has = span_size(stream->in.in) > 0;
    if (!stream->has)
        return;
    const uint64_t step = reader_varint(&stream->in), room = stream->last_id - stream->id;
    stream->flags = reader_u8(&stream->in);
    const uint64_t length = stream->flags & CROWD_RUN ? reader_varint(&stream->in) : 1;
    const uint8_t status = stream->flags & CROWD_STATUS;
    const bool is_gone = status == CROWD_GONE;
    stream->seq = stream->flags & CROWD_TOLD ? reader_varint(&stream->in) : 0;
    if ((step == 0 && !is_first) || step > room || length == 0 || length - 1 > room - step ||
        (stream->flags & ~stream->all_flags) || ((stream->flags & CROWD_RUN) && (stream->flags & CROWD_EXTRA)) ||
        (is_gone ? !(stream->all_flags & CROWD_ANEW) || (stream->flags & ~(CROWD_STATUS | CROWD_RUN))
                 : status >= N_G_STATUSES))
        stream->in.failed = true;
    stream->id += step;
    stream->left = length - 1;
    if (stream->in.failed)
        stream->has = false;
}

/* The first block that does not come before @number. */
static const struct block *find_block(const struct layer *layer, uint64_t number)
{
    size_t low = 0, high = layer->n_blocks;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (layer->blocks[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return layer->blocks + low;
}

static struct stream open_stream(const struct layer *layer, uint64_t first_id, uint64_t last_id, uint8_t all_flags)
{
    struct stream stream = {.layer = layer, .all_flags = all_flags};
    const uint64_t last = last_id >> layer->shift;

    if (layer->n_blocks == 0)
        return stream;
    stream.next = stream.end = find_block(layer, first_id >> layer->shift);
    while (stream.end < layer->blocks + layer->n_blocks && stream.end->number <= last)
        stream.end++;
    next_entry(&stream);
    return stream;
}

/* Lays what has come of regions and ranges over what was at the start. */
static int extra_lay_over(struct sched_extra *extra, struct stream *since)
{
    extra->n_ranges = 0;
    if (!(since->flags & CROWD_EXTRA))
        return 0;
    const uint64_t n_popped = reader_varint(&since->in);
    extra->n_regions -= n_popped < extra->n_regions ? (size_t)n_popped : extra->n_regions;
    return extra_restore(extra, &since->layer->names, &since->in);
}

/* Adds what is at hand. @extra is emptied where it is taken. */
static int add_goroutine(struct sched_table *table, const struct stream *stream, struct sched_extra *extra)
{
    struct sched_resource *g = sched_add(table, (int64_t)stream->id);

    if (!g)
        return GXT_ENOMEM;
    g->status = stream->flags & CROWD_STATUS;
    g->seq = stream->seq;
    g->seq_generation = stream->flags & CROWD_TOLD ? table->crowd->generation : 0;
    if (extra->n_regions + extra->n_ranges > 0) {
        if (!sched_extra(g))
            return GXT_ENOMEM;
        *g->extra = *extra;
        *extra = (struct sched_extra){0};
    }
    return 0;
}

/* Makes a goroutine of what was at the start and what has come of it. Either may be NULL: not that, or nothing. 0;
 * GXT_EINDEX; GXT_ENOMEM. */
static int take_goroutine(struct sched_table *table, struct stream *start, struct stream *since)
{
    const bool is_gone = since && (since->flags & CROWD_STATUS) == CROWD_GONE;
    const bool has_gone = is_gone || (since && (since->flags & CROWD_ANEW));
    struct sched_extra extra = {0};
    int r = 0;

    /* Those that have gone count as well, since each was there. */
    if (++table->crowd->n > table->crowd->most || (has_gone && !start))
        return GXT_EINDEX;
    if (start && (start->flags & CROWD_EXTRA))
        r = extra_restore(&extra, &start->layer->names, &start->in);
    if (has_gone)
        extra.n_regions = 0;
    if (r == 0 && since && !is_gone)
        r = extra_lay_over(&extra, since);
    if (r == 0 && !is_gone)
        r = add_goroutine(table, since ? since : start, &extra);
    sched_extra_done(&extra);
    return r;
}

static int take_ids(struct sched_table *table, uint64_t number)
{
    struct crowd *crowd = table->crowd;
    const uint64_t first_id = number << crowd->shift, last_id = last_of(number, crowd->shift);
    struct stream start = open_stream(&crowd->start, first_id, last_id, START_FLAGS);
    struct stream since = open_stream(&crowd->since, first_id, last_id, SINCE_FLAGS);
    int r = map_put(&crowd->taken, number, 1);

    while (r == 0 && (start.has || since.has) && !start.in.failed && !since.in.failed) {
        const bool in_start = start.has && (!since.has || start.id <= since.id);
        const bool in_since = since.has && (!start.has || since.id <= start.id);
        r = take_goroutine(table, in_start ? &start : NULL, in_since ? &since : NULL);
        if (in_start)
            next_entry(&start);
        if (in_since)
            next_entry(&since);
    }
    return r == 0 && (start.in.failed || since.in.failed) ? GXT_EINDEX : r;
}

struct sched_resource *crowd_take(struct sched_table *table, int64_t id)
{
    const uint64_t number = (uint64_t)id >> table->crowd->shift;

    if (map_get(&table->crowd->taken, number) != MAP_NONE)
        return NULL;
    int r = take_ids(table, number);
    if (r < 0)
        table->lost = r;
    const uint32_t at = sched_at(table, id);
    return r < 0 || at == MAP_NONE ? NULL : &table->items[at];
}

static void take_layer(struct sched_table *table, const struct layer *layer)
{
    for (size_t i = 0; i < layer->n_blocks && table->lost == 0; i++)
        (void)crowd_take(table, (int64_t)(layer->blocks[i].number << layer->shift));
}

int crowd_take_all(struct sched_table *table)
{
    if (table->crowd) {
        take_layer(table, &table->crowd->start);
        take_layer(table, &table->crowd->since);
    }
    if (table->lost == 0)
        crowd_free(table);
    return table->lost;
}
