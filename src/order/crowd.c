/* crowd.c
 *
 * In: the goroutines of a walk. Out: blocks of bytes by id, and from them single goroutines again, when they are asked
 * for. Never: a crowd that nobody asked for, decoded.
 *
 *     saved       shift | names of regions | blocks: number less the one before, size | the blocks, a piece each
 *     block       the goroutines whose ids, less their lowest bits, shift of them, are its number; by rising id:
 *                 id less the one before (in the first, less the block's first id) | flags | of a run: how many |
 *                 sequence number | regions and ranges
 *     run         goroutines that have neighbouring ids and nothing to tell them apart
 *
 * A boundary has all goroutines and no sequence numbers, which mean nothing in the next generation: so a crowd that
 * waits is the same blocks from boundary to boundary. A place inside a generation has those that changed since, and
 * whether their sequence numbers are of this generation. A goroutine is asked for by id; then its block of either is
 * taken as a whole, and what changed goes before what was at the start.
 */
#include "order_priv.h"

#include <stdlib.h>

enum {
    STATUS = 7, /* mask; or: */
    GONE = 7,
    TOLD = 0x08, /* its sequence number is of the generation */
    EXTRA = 0x10,
    RUN = 0x20,
    ALL_FLAGS = 0x3f,
    BLOCK_GOROUTINES = 1024, /* about */
    LEAST_SHIFT = 10,        /* what comes later has neighbouring ids, and may be many */
    MOST_SHIFT = 63,
};

/* ---- names ---- */

void names_add(struct names *names, const struct gxt_string *name)
{
    if (names->failed || map_get(&names->places, name->id) != MAP_NONE)
        return;
    const struct gxt_string **grown = array_grow(names->list, names->n, &names->capacity, sizeof *grown);
    if (grown)
        names->list = grown;
    names->failed = !grown || map_put(&names->places, name->id, (uint32_t)names->n) < 0;
    if (!names->failed)
        names->list[names->n++] = name;
}

void names_save(const struct names *names, struct buf *ret)
{
    buf_put_varint(ret, names->n);
    for (size_t i = 0; i < names->n; i++) {
        buf_put_varint(ret, names->list[i]->len);
        buf_put(ret, names->list[i]->at, names->list[i]->len);
    }
}

void names_put(const struct names *names, const struct gxt_string *name, struct buf *ret)
{
    buf_put_varint(ret, map_get(&names->places, name->id));
}

int names_restore(struct names *names, struct reader *in, struct pool *pool)
{
    names->n = (size_t)reader_count(in, 1);
    names->list = calloc(names->n + 1, sizeof *names->list);
    if (!names->list)
        return GXT_ENOMEM;
    for (size_t i = 0; i < names->n && !in->failed; i++) {
        uint64_t length = reader_varint(in);
        const uint8_t *bytes = reader_bytes(in, length);
        if (!bytes || length > WIRE_MAX_STRING)
            in->failed = true;
        else if (pool_string(pool, bytes, (size_t)length, &names->list[i]) < 0)
            return GXT_ENOMEM;
    }
    return in->failed ? GXT_EINDEX : 0;
}

const struct gxt_string *names_get(const struct names *names, struct reader *in)
{
    uint64_t i = reader_varint(in);

    if (!in->failed && i < names->n)
        return names->list[i];
    in->failed = true;
    return NULL;
}

void names_done(struct names *names)
{
    map_done(&names->places);
    free(names->list);
    *names = (struct names){0};
}

/* ---- regions and ranges ---- */

bool extra_is_empty(const struct sched_extra *extra)
{
    return !extra || extra->n_regions + extra->n_ranges == 0;
}

void extra_save(const struct sched_extra *extra, const struct names *names, struct buf *ret)
{
    buf_put_varint(ret, extra->n_regions);
    for (size_t i = 0; i < extra->n_regions; i++) {
        buf_put_varint(ret, extra->regions[i].task);
        names_put(names, extra->regions[i].name, ret);
    }
    buf_put_varint(ret, extra->n_ranges);
    for (size_t i = 0; i < extra->n_ranges; i++) {
        buf_put_u8(ret, extra->ranges[i].type);
        buf_put_varint(ret, extra->ranges[i].description);
    }
}

int extra_restore(struct sched_extra *extra, const struct names *names, struct reader *in)
{
    extra->regions_capacity = (size_t)reader_count(in, 2);
    extra->regions = calloc(extra->regions_capacity + 1, sizeof *extra->regions);
    if (!extra->regions)
        return GXT_ENOMEM;
    for (; extra->n_regions < extra->regions_capacity && !in->failed; extra->n_regions++) {
        struct sched_region *region = &extra->regions[extra->n_regions];
        region->task = reader_varint(in);
        region->name = names_get(names, in);
    }
    extra->ranges_capacity = (size_t)reader_count(in, 2);
    extra->ranges = calloc(extra->ranges_capacity + 1, sizeof *extra->ranges);
    if (!extra->ranges)
        return GXT_ENOMEM;
    for (; extra->n_ranges < extra->ranges_capacity && !in->failed; extra->n_ranges++) {
        extra->ranges[extra->n_ranges].type = reader_u8(in);
        extra->ranges[extra->n_ranges].description = reader_varint(in);
    }
    return in->failed ? GXT_EINDEX : 0;
}

/* ---- saving ---- */

/* Goroutines to be saved that have neighbouring ids, and nothing to tell them apart. */
struct entry {
    uint64_t id, n;
    uint64_t seq;                    /* where the flags say that it is told, else 0 */
    const struct sched_extra *extra; /* where they say that there is some, else NULL: then it is one goroutine */
    uint8_t flags;
};

struct entries {
    struct entry *list; /* by rising id */
    size_t n, capacity;
    bool failed;
};

static __attribute__((noinline)) void push(struct entries *entries, const struct entry *entry)
{
    struct entry *grown = array_grow(entries->list, entries->n, &entries->capacity, sizeof *grown);

    entries->failed = entries->failed || !grown;
    if (!grown)
        return;
    entries->list = grown;
    entries->list[entries->n++] = *entry;
}

/* Adds goroutines behind those at hand: to them, or these take their place. */
static inline void add(struct entries *entries, struct entry *at_hand, struct entry more)
{
    if (LIKELY(at_hand->id + at_hand->n == more.id && at_hand->flags == more.flags && at_hand->seq == more.seq &&
               !more.extra && at_hand->n > 0)) {
        at_hand->n += more.n;
    } else {
        if (at_hand->n > 0)
            push(entries, at_hand);
        *at_hand = more;
    }
}

/* Merges two parts of a list that are in order each: those of one id stay in the order they had. */
static bool merge(struct sched_changes *changes)
{
    const struct pairs_spare list = changes->list;
    const struct pair *old = list.pairs, *const old_end = old + changes->n_sorted;
    const struct pair *news = old_end, *const end = old + changes->n;

    if (old == old_end || news == end || old_end[-1].key <= news->key)
        return true;
    if (!pairs_reserve(&changes->spare, list.capacity))
        return false;
    struct pair *to = changes->spare.pairs;
    while (old < old_end && news < end)
        *to++ = news->key < old->key ? *news++ : *old++;
    memcpy(to, old, (size_t)(old_end - old) * sizeof *to);
    memcpy(to + (old_end - old), news, (size_t)(end - news) * sizeof *to);
    changes->list = changes->spare;
    changes->spare = list;
    return true;
}

/* Brings the list in order. A place follows another one, and most of what changed before the first changed before both:
 * so only what was noted since is sorted. */
static bool sort_changes(struct sched_changes *changes)
{
    struct pair *news = changes->list.pairs + changes->n_sorted;
    const bool good = pairs_sort(news, changes->n - changes->n_sorted, &changes->spare) == 0 && merge(changes);

    changes->n_sorted = good ? changes->n : changes->n_sorted;
    return good;
}

/* What was noted, if it is still there. */
static const struct sched_resource *noted(const struct sched_table *table, const struct pair *note)
{
    if (note->value == SCHED_GONE)
        return NULL;
    const struct sched_resource *resource = &table->items[note->value];
    return LIKELY(resource->live && (uint64_t)resource->id == note->key) ? resource : NULL;
}

static inline struct entry entry_of(const struct sched_resource *resource, bool changes, uint64_t generation)
{
    const uint64_t is_told = (uint64_t)changes & (resource->seq_generation == generation);
    struct entry entry = {.id = (uint64_t)resource->id,
                          .n = 1,
                          .seq = resource->seq & -is_told,
                          .flags = (uint8_t)(resource->status | is_told * TOLD)};

    if (UNLIKELY(!extra_is_empty(resource->extra))) {
        entry.extra = resource->extra;
        entry.flags |= EXTRA;
    }
    return entry;
}

/* What was noted under one id, @n times. @ret: what is kept of it, and may stand where it stood: a line for what is
 * there, and one where one has gone. Return: what is to be saved; its n is 0 for nothing. */
static __attribute__((noinline)) struct entry sum_up(const struct sched_table *table, const struct pair *notes,
                                                     size_t n, bool changes, uint64_t generation, struct pair ret[2],
                                                     size_t *ret_n)
{
    const struct sched_resource *there = NULL;
    const uint64_t id = notes->key;
    bool has_gone = false;

    for (size_t i = 0; i < n; i++) {
        there = there ? there : noted(table, &notes[i]);
        has_gone = has_gone || notes[i].value == SCHED_GONE;
    }
    *ret_n = 0;
    if (there)
        ret[(*ret_n)++] = (struct pair){id, (uint64_t)(there - table->items)};
    if (has_gone)
        ret[(*ret_n)++] = (struct pair){id, SCHED_GONE};
    return there      ? entry_of(there, changes, generation)
           : has_gone ? (struct entry){.id = id, .n = 1, .flags = GONE}
                      : (struct entry){0};
}

/* Tells what has become of what was noted. What came and went since the start leaves no trace, here and in the list. Of
 * one that has gone and come again it is told that it is there. */
static bool list_noted(struct sched_table *table, bool changes, uint64_t generation, struct entries *ret)
{
    struct sched_changes *notes = &table->changes;
    struct entry at_hand = {0};

    if (notes->n == 0)
        return true;
    if (!sort_changes(notes))
        return false;
    const struct pair *const end = notes->list.pairs + notes->n;
    struct pair *kept = notes->list.pairs;
    for (const struct pair *note = kept; note < end;) {
        const bool is_last = note + 1 == end;
        if (LIKELY(is_last || note[1].key != note->key) && LIKELY(note->value != SCHED_GONE)) {
            const struct sched_resource *resource = noted(table, note);
            if (LIKELY(resource != NULL)) {
                *kept++ = *note;
                add(ret, &at_hand, entry_of(resource, changes, generation));
            }
            note++;
            continue;
        }
        size_t n = 1, n_kept;
        while (note + n < end && note[n].key == note->key)
            n++;
        const struct entry entry = sum_up(table, note, n, changes, generation, kept, &n_kept);
        if (entry.n > 0)
            add(ret, &at_hand, entry);
        kept += n_kept;
        note += n;
    }
    if (at_hand.n > 0)
        push(ret, &at_hand);
    notes->n = notes->n_sorted = (size_t)(kept - notes->list.pairs);
    return !ret->failed;
}

/* The smallest blocks that are not too many. Two neighbours are in one block from the shift on at which their ids
 * agree. */
static unsigned choose_shift(const struct entries *entries)
{
    uint64_t parted[65] = {0}; /* pairs of neighbours that differ in so many low bits */
    uint64_t n = 0, n_blocks = entries->n > 0, last = entries->n > 0 ? entries->list[0].id : 0;

    for (size_t i = 0; i < entries->n; i++) {
        const struct entry *entry = &entries->list[i];
        n += entry->n;
        for (uint64_t id = entry->id; id - entry->id < entry->n; last = id++)
            if (id != last)
                parted[64 - __builtin_clzll(id ^ last)]++;
    }
    for (unsigned bits = 64; bits > 0; bits--) {
        n_blocks += parted[bits];
        if (n_blocks > 1 + n / BLOCK_GOROUTINES)
            return bits > MOST_SHIFT ? MOST_SHIFT : bits > LEAST_SHIFT ? bits : LEAST_SHIFT;
    }
    return LEAST_SHIFT;
}

/* Saves those from entry @i on up to an id, which may be in the midst of an entry: then its rest is left in it. Return:
 * the next one. */
static size_t save_block(struct entries *entries, size_t i, uint64_t first_id, uint64_t last_id,
                         const struct names *names, struct buf *ret)
{
    for (uint64_t last = first_id; i < entries->n && entries->list[i].id <= last_id;) {
        struct entry *entry = &entries->list[i];
        const uint64_t in_block = last_id - entry->id, behind = entry->n - 1;
        const uint64_t n = 1 + (behind < in_block ? behind : in_block);
        uint8_t *at = buf_room(ret, 3 * VARINT_LONGEST + 1);

        if (!at)
            return i;
        at = varint_put(at, entry->id - last);
        *at++ = (uint8_t)(entry->flags | (n > 1 ? RUN : 0));
        if (n > 1)
            at = varint_put(at, n);
        if (entry->flags & TOLD) /* which GONE has not */
            at = varint_put(at, entry->seq);
        buf_took(ret, at);
        if (entry->extra)
            extra_save(entry->extra, names, ret);
        last = entry->id + n - 1;
        entry->id += n;
        entry->n -= n;
        i += entry->n == 0;
    }
    return i;
}

static void add_names(const struct entries *entries, struct names *names)
{
    for (size_t i = 0; i < entries->n; i++) {
        const struct sched_extra *extra = entries->list[i].extra;
        for (size_t region = 0; extra && region < extra->n_regions; region++)
            names_add(names, extra->regions[region].name);
    }
}

static bool add_cut(struct order_snapshot *snapshot, size_t at)
{
    size_t *grown = array_grow(snapshot->cuts, snapshot->n_cuts, &snapshot->capacity, sizeof *grown);

    if (!grown)
        return false;
    snapshot->cuts = grown;
    snapshot->cuts[snapshot->n_cuts++] = at;
    return true;
}

/* The blocks, one after another in @blocks; the directory in @ret, where the cuts count from the blocks' beginning. */
static bool save_blocks(struct entries *entries, unsigned shift, const struct names *names, struct buf *blocks,
                        struct order_snapshot *ret)
{
    struct buf directory = {0};
    uint64_t n = 0, last = 0;
    bool good = true;

    for (size_t i = 0; i < entries->n && good && !blocks->failed;) {
        const uint64_t number = entries->list[i].id >> shift, first_id = number << shift;
        const size_t begin = blocks->size;
        i = save_block(entries, i, first_id, first_id | ((UINT64_C(1) << shift) - 1), names, blocks);
        good = add_cut(ret, begin);
        buf_put_varint(&directory, number - last);
        buf_put_varint(&directory, blocks->size - begin);
        last = number;
        n++;
    }
    buf_put_varint(&ret->bytes, n);
    buf_put(&ret->bytes, directory.at, directory.size);
    good = good && !directory.failed;
    buf_done(&directory);
    return good;
}

int crowd_save(struct sched_table *table, bool changes, uint64_t generation, struct order_snapshot *ret)
{
    struct entries entries = {0};
    struct names names = {0};
    struct buf blocks = {0};

    bool good = (changes || sched_note_all(table)) && list_noted(table, changes, generation, &entries);
    if (good) {
        if (!changes)
            table->shift = choose_shift(&entries);
        add_names(&entries, &names);
        buf_put_u8(&ret->bytes, (uint8_t)table->shift);
        names_save(&names, &ret->bytes);
        good = save_blocks(&entries, table->shift, &names, &blocks, ret);
        for (size_t i = 0; i < ret->n_cuts; i++)
            ret->cuts[i] += ret->bytes.size;
        buf_put(&ret->bytes, blocks.at, blocks.size);
    }
    good = good && !names.failed && !blocks.failed && !ret->bytes.failed;
    buf_done(&blocks);
    names_done(&names);
    free(entries.list);
    return good ? 0 : GXT_ENOMEM;
}

/* ---- restoring ---- */

struct block {
    uint64_t number;
    struct span bytes; /* in layer.bytes */
};

/* A saved crowd. */
struct layer {
    uint8_t *bytes;
    struct block *blocks; /* by rising number */
    size_t n_blocks;
    struct names names;
};

struct crowd {
    struct layer start, since;
    unsigned shift;
    uint64_t generation; /* the number of which sequence numbers are */
    uint64_t n, most;    /* goroutines taken, and how many there can be */
    struct map taken;    /* block number to 1 */
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

static int restore_layer(struct layer *layer, struct reader *in, uint8_t *ret_shift, struct pool *pool)
{
    uint64_t number = 0, total = 0;

    *ret_shift = reader_u8(in);
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
        if (directory.failed || (i > 0 && step == 0) || number + step < number || block_size > size - total)
            return GXT_EINDEX;
        number += step;
        layer->blocks[i] = (struct block){number, {layer->bytes + total, layer->bytes + total + block_size}};
        total += block_size;
    }
    in->in.at += size;
    return in->failed || total != size || *ret_shift > MOST_SHIFT ? GXT_EINDEX : 0;
}

int crowd_restore(struct sched_table *table, struct reader *all, struct reader *changes, uint64_t generation,
                  uint64_t most, struct pool *pool)
{
    uint8_t shift = 0, other = 0;
    struct crowd *crowd = table->crowd = calloc(1, sizeof *crowd);

    if (!crowd)
        return GXT_ENOMEM;
    crowd->generation = generation;
    crowd->most = most;
    int r = restore_layer(&crowd->start, all, &shift, pool);
    if (r == 0 && changes)
        r = restore_layer(&crowd->since, changes, &other, pool);
    if (r == 0 && changes && other != shift)
        r = GXT_EINDEX;
    crowd->shift = table->shift = shift;
    return r;
}

/* What a block still has to give. */
struct stream {
    struct reader in;
    const struct names *names;
    uint64_t id;   /* of the goroutine at hand, … */
    uint64_t left; /* … and how many of its run follow it */
    uint64_t seq;
    uint8_t flags;
    bool has; /* whether there is one at hand */
};

/* Reads an entry. Extras are left to be read. */
static void next_entry(struct stream *stream, uint64_t last_id, bool is_first)
{
    if (stream->left > 0) {
        stream->left--;
        stream->id++;
        return;
    }
    stream->has = span_size(stream->in.in) > 0;
    if (!stream->has)
        return;
    uint64_t step = reader_varint(&stream->in);
    stream->flags = reader_u8(&stream->in);
    uint64_t length = stream->flags & RUN ? reader_varint(&stream->in) : 1;
    bool is_gone = (stream->flags & STATUS) == GONE;
    stream->seq = !is_gone && (stream->flags & TOLD) ? reader_varint(&stream->in) : 0;
    if ((step == 0 && !is_first) || step > last_id - stream->id || length == 0 ||
        length - 1 > last_id - stream->id - step || (!is_gone && (stream->flags & STATUS) >= N_G_STATUSES) ||
        (stream->flags & ~ALL_FLAGS) || ((stream->flags & RUN) && (stream->flags & EXTRA)))
        stream->in.failed = true;
    stream->id += step;
    stream->left = length - 1;
    if (stream->in.failed)
        stream->has = false;
}

static struct stream open_block(const struct layer *layer, uint64_t number, unsigned shift, uint64_t last_id)
{
    size_t low = 0, high = layer->n_blocks;
    struct stream stream = {.names = &layer->names, .id = number << shift};

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (layer->blocks[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < layer->n_blocks && layer->blocks[low].number == number) {
        stream.in.in = layer->blocks[low].bytes;
        next_entry(&stream, last_id, true);
    }
    return stream;
}

/* Makes a goroutine of what is at hand, or passes over it. 0; GXT_EINDEX; GXT_ENOMEM. */
static int take_entry(struct sched_table *table, struct stream *stream, bool wanted)
{
    struct sched_extra unwanted = {0}, *extra = &unwanted;
    int r = 0;

    if (wanted && (stream->flags & STATUS) != GONE) {
        if (++table->crowd->n > table->crowd->most)
            return GXT_EINDEX;
        struct sched_resource *resource = sched_add(table, (int64_t)stream->id);
        if (!resource || ((stream->flags & EXTRA) && !sched_extra(resource)))
            return GXT_ENOMEM;
        resource->status = stream->flags & STATUS;
        resource->seq = stream->seq;
        resource->seq_generation = stream->flags & TOLD ? table->crowd->generation : 0;
        if (stream->flags & EXTRA)
            extra = resource->extra;
    }
    if ((stream->flags & STATUS) != GONE && (stream->flags & EXTRA))
        r = extra_restore(extra, stream->names, &stream->in);
    free(unwanted.regions);
    free(unwanted.ranges);
    return r;
}

static int take_block(struct sched_table *table, uint64_t number)
{
    struct crowd *crowd = table->crowd;
    const uint64_t last_id = number << crowd->shift | ((UINT64_C(1) << crowd->shift) - 1);
    struct stream start = open_block(&crowd->start, number, crowd->shift, last_id);
    struct stream since = open_block(&crowd->since, number, crowd->shift, last_id);
    int r = map_put(&crowd->taken, number, 1);

    while (r == 0 && (start.has || since.has)) {
        const bool changed = since.has && (!start.has || since.id <= start.id);
        if (start.has && (!changed || start.id == since.id)) {
            r = take_entry(table, &start, !changed);
            next_entry(&start, last_id, false);
        }
        if (r == 0 && changed) {
            r = take_entry(table, &since, true);
            next_entry(&since, last_id, false);
        }
    }
    return r == 0 && (start.in.failed || since.in.failed) ? GXT_EINDEX : r;
}

struct sched_resource *crowd_take(struct sched_table *table, int64_t id)
{
    const uint64_t number = (uint64_t)id >> table->crowd->shift;

    if (map_get(&table->crowd->taken, number) != MAP_NONE)
        return NULL;
    int r = take_block(table, number);
    if (r < 0)
        table->lost = r;
    uint32_t at = id_map_get(&table->ids, (uint64_t)id);
    return r < 0 || at == MAP_NONE ? NULL : &table->items[at];
}

int crowd_take_all(struct sched_table *table)
{
    const struct crowd *crowd = table->crowd;

    for (size_t i = 0; crowd && i < crowd->start.n_blocks && table->lost == 0; i++)
        (void)crowd_take(table, (int64_t)(crowd->start.blocks[i].number << crowd->shift));
    for (size_t i = 0; crowd && i < crowd->since.n_blocks && table->lost == 0; i++)
        (void)crowd_take(table, (int64_t)(crowd->since.blocks[i].number << crowd->shift));
    if (table->lost == 0)
        crowd_free(table);
    return table->lost;
}
