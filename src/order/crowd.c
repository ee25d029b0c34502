/* crowd.c
 *
 * In: the goroutines of a walk. Out: blocks of bytes by id, and from them single goroutines again, when they are asked
 * for. Never: a crowd that nobody asked for, decoded.
 *
 *     saved       shift | names of regions | blocks: number less the one before, size | the blocks, a piece each
 *     block       the goroutines whose ids, less their lowest bits, shift of them, are its number; by rising id:
 *                 id less the one before (in the first, less the block's first id) | flags | of a run: how many |
 *                 sequence number | regions and ranges
 *     flags       status, or that it has gone; whether it has a sequence number, regions or ranges; whether it is a
 *                 run; whether it is another one than that of its id at the boundary
 *     run         goroutines that have neighbouring ids and nothing to tell them apart
 *
 * A boundary has all goroutines and no sequence numbers, which mean nothing in the next generation: so a crowd that
 * waits is the same blocks from boundary to boundary.
 *
 * A place inside a generation has those that changed since, and whether their sequence numbers are of this generation.
 * Of regions it has only what changed: how many ended that began before (or never began), and those that began here and
 * are open; ranges it has in full. So nothing depends on what was there at the boundary.
 *
 * A goroutine is asked for by id; then a block of either is taken as a whole, with all of the other that has ids in it,
 * and what changed is laid over what was at the start.
 */
#include "order_priv.h"

#include <stdlib.h>

enum {
    STATUS = 7, /* mask; or: */
    GONE = 7,
    EXTRA = 0x10,
    RUN = 0x20,
    START_FLAGS = STATUS | EXTRA | RUN,
    TOLD = 0x08, /* its sequence number is of the generation */
    ANEW = 0x40, /* the one of its id that was there at the start has gone */
    SINCE_FLAGS = START_FLAGS | TOLD | ANEW,
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

void extra_save(const struct sched_extra *extra, size_t n_regions_before, const struct names *names, struct buf *ret)
{
    buf_put_varint(ret, extra->n_regions - n_regions_before);
    for (size_t i = n_regions_before; i < extra->n_regions; i++) {
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
    const size_t n_regions = extra->n_regions + (size_t)reader_count(in, 2);
    struct sched_region *regions = realloc(extra->regions, (n_regions + 1) * sizeof *regions);
    if (!regions)
        return GXT_ENOMEM;
    extra->regions = regions;
    for (extra->regions_capacity = n_regions; extra->n_regions < n_regions && !in->failed; extra->n_regions++) {
        regions[extra->n_regions].task = reader_varint(in);
        regions[extra->n_regions].name = names_get(names, in);
    }
    const size_t n_ranges = (size_t)reader_count(in, 2);
    struct sched_range *ranges = realloc(extra->ranges, (n_ranges + 1) * sizeof *ranges);
    if (!ranges)
        return GXT_ENOMEM;
    extra->ranges = ranges;
    extra->ranges_capacity = n_ranges;
    for (extra->n_ranges = 0; extra->n_ranges < n_ranges && !in->failed; extra->n_ranges++) {
        ranges[extra->n_ranges].type = reader_u8(in);
        ranges[extra->n_ranges].description = reader_varint(in);
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
    bool changes;        /* whether they are what has changed, … */
    uint64_t generation; /* … in the one of this number */
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
static struct sched_resource *noted(const struct sched_table *table, const struct pair *note)
{
    if (note->value >= SCHED_LEFT)
        return NULL;
    struct sched_resource *resource = &table->items[note->value];
    return LIKELY(resource->live && (uint64_t)resource->id == note->key) ? resource : NULL;
}

/* Whether there are regions or ranges to be told of. */
static bool has_extra(const struct sched_extra *extra, bool changes)
{
    const size_t n_regions = changes ? extra->n_popped + (extra->n_regions - extra->n_before) : extra->n_regions;

    return n_regions > 0 || extra->n_ranges > 0;
}

static inline struct entry entry_of(const struct sched_resource *resource, bool changes, uint64_t generation)
{
    const uint64_t is_told = (uint64_t)changes & (resource->seq_generation == generation);
    struct entry entry = {.id = (uint64_t)resource->id,
                          .n = 1,
                          .seq = resource->seq & -is_told,
                          .flags = (uint8_t)(resource->status | is_told * TOLD)};

    if (UNLIKELY(resource->extra != NULL) && has_extra(resource->extra, changes)) {
        entry.extra = resource->extra;
        entry.flags |= EXTRA;
    }
    return entry;
}

/* What was noted under one id, @n times. @ret: what is kept of it, and may stand where it stood: a line for what is
 * there, and one where one has gone. Return: what is to be saved; its n is 0 for nothing. */
static __attribute__((noinline)) struct entry sum_up(const struct sched_table *table, const struct pair *notes,
                                                     size_t n, const struct entries *entries, struct pair ret[2],
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
    if (!there)
        return has_gone ? (struct entry){.id = id, .n = 1, .flags = GONE} : (struct entry){0};
    struct entry entry = entry_of(there, entries->changes, entries->generation);
    entry.flags |= has_gone ? ANEW : 0;
    return entry;
}

/* What is listed of a table. */
struct listing {
    struct sched_table *table;
    struct entries *ret;
    struct entry at_hand;       /* the last of them */
    struct pair *settled, *end; /* runs of those that have settled, from where the list has come to */
    size_t n_kept;              /* runs that are settled the next time */
};

static const uint8_t settled_flags = G_WAITING | TOLD;

/* Of a crowd nearly all wait, and all that is told of them in a generation is that. Who was woken once may be woken
 * often, and stays among those that are looked at. */
static bool may_settle(const struct entry *entry)
{
    return entry->flags == settled_flags && entry->seq == 0;
}

static inline void settle(struct listing *listing, uint64_t id, uint64_t n)
{
    struct pairs_spare *list = &listing->table->changes.settling;
    struct pair *last = list->pairs + listing->n_kept - 1;

    if (LIKELY(listing->n_kept > 0 && last->key + last->value == id)) {
        last->value += n;
        return;
    }
    struct pair *grown = array_grow(list->pairs, listing->n_kept, &list->capacity, sizeof *grown);
    listing->ret->failed = listing->ret->failed || !grown;
    if (!grown)
        return;
    list->pairs = grown;
    list->pairs[listing->n_kept++] = (struct pair){id, n};
}

/* Lists some that have settled, and still have. */
static void list_run(struct listing *listing, uint64_t n)
{
    const uint64_t id = listing->settled->key;

    add(listing->ret, &listing->at_hand, (struct entry){.id = id, .n = n, .flags = settled_flags});
    settle(listing, id, n);
}

/* Leaves out some that have settled. */
static void pass(struct listing *listing, uint64_t n)
{
    listing->settled->key += n;
    listing->settled->value -= n;
    listing->settled += listing->settled->value == 0;
}

/* Lists those that have settled up to an id, and not that one: there is more to say of it. */
static __attribute__((noinline)) void list_settled(struct listing *listing, uint64_t id)
{
    while (listing->settled < listing->end && listing->settled->key < id) {
        const uint64_t before = id - listing->settled->key;
        const uint64_t n = listing->settled->value < before ? listing->settled->value : before;
        list_run(listing, n);
        pass(listing, n);
    }
    if (listing->settled < listing->end && listing->settled->key == id)
        pass(listing, 1);
}

/* Lists what was noted under one id, @n times, or lets it settle. Return: how many lines stay, at @kept. */
static size_t list_noted(struct listing *listing, const struct pair *notes, size_t n, struct pair *kept)
{
    const struct entries *ret = listing->ret;
    size_t n_kept;

    if (UNLIKELY(n > 1 || notes->value == SCHED_GONE)) {
        const struct entry entry = sum_up(listing->table, notes, n, ret, kept, &n_kept);
        if (entry.n > 0)
            add(listing->ret, &listing->at_hand, entry);
        return n_kept;
    }
    struct sched_resource *resource = noted(listing->table, notes);
    if (UNLIKELY(!resource))
        return 0;
    const struct entry entry = entry_of(resource, ret->changes, ret->generation);
    add(listing->ret, &listing->at_hand, entry);
    if (may_settle(&entry)) {
        resource->touched = false;
        settle(listing, entry.id, 1);
        return 0;
    }
    *kept = *notes;
    return 1;
}

/* Tells what has become of what was noted. What came and went since the start leaves no trace, here and in the list. Of
 * one that has gone and come again it is told that it is there, anew. */
static bool list_changes(struct sched_table *table, struct entries *ret)
{
    struct sched_changes *changes = &table->changes;
    struct listing listing = {.table = table, .ret = ret, .settled = changes->settled.pairs};

    if (!sort_changes(changes))
        return false;
    listing.end = listing.settled + changes->n_settled;
    const struct pair *const end = changes->list.pairs + changes->n;
    struct pair *kept = changes->list.pairs;
    for (const struct pair *note = kept; note < end;) {
        size_t n = 1;
        while (UNLIKELY(note + n < end && note[n].key == note->key))
            n++;
        if (listing.settled < listing.end && listing.settled->key <= note->key)
            list_settled(&listing, note->key);
        kept += list_noted(&listing, note, n, kept);
        note += n;
    }
    for (; listing.settled < listing.end; listing.settled++)
        list_run(&listing, listing.settled->value);
    if (listing.at_hand.n > 0)
        push(ret, &listing.at_hand);
    changes->n = changes->n_sorted = (size_t)(kept - changes->list.pairs);
    const struct pairs_spare settled = changes->settled;
    changes->settled = changes->settling;
    changes->settling = settled;
    changes->n_settled = listing.n_kept;
    return !ret->failed;
}

/* The smallest blocks that are not too many. Two neighbours are in one block from the shift on at which their ids
 * agree. Of what has changed blocks are as small as can be: they are taken with the start's, which are no smaller, and
 * so no more of the start is taken than is asked for. */
static unsigned choose_shift(const struct entries *entries)
{
    uint64_t parted[65] = {0}; /* pairs of neighbours that differ in so many low bits */
    uint64_t n = 0, n_blocks = entries->n > 0, last = entries->n > 0 ? entries->list[0].id : 0;

    if (entries->changes)
        return LEAST_SHIFT;
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
        if (entry->extra && entries->changes)
            buf_put_varint(ret, entry->extra->n_popped);
        if (entry->extra)
            extra_save(entry->extra, entries->changes ? entry->extra->n_before : 0, names, ret);
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
        for (size_t region = extra && entries->changes ? extra->n_before : 0; extra && region < extra->n_regions;
             region++)
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
    struct entries entries = {.changes = changes, .generation = generation};
    struct names names = {0};
    struct buf blocks = {0};

    bool good = (changes || sched_note_all(table)) && list_changes(table, &entries);
    if (good) {
        const unsigned shift = choose_shift(&entries);
        add_names(&entries, &names);
        buf_put_u8(&ret->bytes, (uint8_t)shift);
        names_save(&names, &ret->bytes);
        good = save_blocks(&entries, shift, &names, &blocks, ret);
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
    if (layer->shift > MOST_SHIFT)
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
    const uint64_t length = stream->flags & RUN ? reader_varint(&stream->in) : 1;
    const uint8_t status = stream->flags & STATUS;
    const bool is_gone = status == GONE;
    stream->seq = stream->flags & TOLD ? reader_varint(&stream->in) : 0;
    if ((step == 0 && !is_first) || step > room || length == 0 || length - 1 > room - step ||
        (stream->flags & ~stream->all_flags) || ((stream->flags & RUN) && (stream->flags & EXTRA)) ||
        (is_gone ? !(stream->all_flags & ANEW) || (stream->flags & ~(STATUS | RUN)) : status >= N_G_STATUSES))
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
    if (!(since->flags & EXTRA))
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
    g->status = stream->flags & STATUS;
    g->seq = stream->seq;
    g->seq_generation = stream->flags & TOLD ? table->crowd->generation : 0;
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
    const bool is_gone = since && (since->flags & STATUS) == GONE;
    const bool has_gone = is_gone || (since && (since->flags & ANEW));
    struct sched_extra extra = {0};
    int r = 0;

    /* Those that have gone count as well, since each was there. */
    if (++table->crowd->n > table->crowd->most || (has_gone && !start))
        return GXT_EINDEX;
    if (start && (start->flags & EXTRA))
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
    uint32_t at = id_map_get(&table->ids, (uint64_t)id);
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
