/* crowd.c
 *
 * In: the goroutines of a walk, listed (crowd_list.c). Out: blocks of bytes by id. Never: what is said of a goroutine
 * twice where a run of them says it once. crowd_restore.c reads the blocks.
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
 */
#include "order_priv.h"

#include <stdlib.h>

enum {
    BLOCK_GOROUTINES = 1024, /* about */
    LEAST_SHIFT = 10,        /* what comes later has neighbouring ids, and may be many */
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

/* Counts pairs of neighbours in a run by how many low bits they differ in: one more than the second has zeros there. */
static void count_parted(uint64_t id, uint64_t n, uint64_t parted[65])
{
    const uint64_t last = id + n - 1;

    for (unsigned zeros = 0; zeros < 64 && last >> zeros != id >> zeros; zeros++) {
        const uint64_t rounder = zeros < 63 ? (last >> (zeros + 1)) - (id >> (zeros + 1)) : 0;
        parted[zeros + 1] += (last >> zeros) - (id >> zeros) - rounder;
    }
}

/* The smallest blocks that are not too many. Two neighbours are in one block from the shift on at which their ids
 * agree. Of what has changed blocks are as small as can be: they are taken with the start's, which are no smaller, and
 * so no more of the start is taken than is asked for. */
static unsigned choose_shift(const struct crowd_entries *entries)
{
    uint64_t parted[65] = {0}; /* pairs of neighbours that differ in so many low bits */
    uint64_t n = 0, n_blocks = entries->n > 0;

    for (size_t i = 0; i < entries->n; i++) {
        const struct crowd_entry *entry = &entries->list[i];
        n += entry->n;
        count_parted(entry->id, entry->n, parted);
        if (i > 0)
            parted[64 - __builtin_clzll(entry->id ^ (entry[-1].id + entry[-1].n - 1))]++;
    }
    for (unsigned bits = 64; bits > 0; bits--) {
        n_blocks += parted[bits];
        if (n_blocks > 1 + n / BLOCK_GOROUTINES)
            return bits > CROWD_MOST_SHIFT ? CROWD_MOST_SHIFT : bits > LEAST_SHIFT ? bits : LEAST_SHIFT;
    }
    return LEAST_SHIFT;
}

/* What is saved of a list. */
struct saving {
    const struct crowd_entries *entries;
    bool changes; /* whether they are what has changed */
    struct names names;
    size_t i;        /* the entry that comes next, … */
    uint64_t n_done; /* … of which so many are saved: a block may end in the midst of it */
    struct buf blocks, directory;
};

static void save_extra(struct saving *saving, const struct sched_extra *extra)
{
    if (saving->changes)
        buf_put_varint(&saving->blocks, extra->n_popped);
    extra_save(extra, saving->changes ? extra->n_before : 0, &saving->names, &saving->blocks);
}

/* Saves those that have ids up to this one. */
static void save_block(struct saving *saving, uint64_t first_id, uint64_t last_id)
{
    const struct crowd_entries *entries = saving->entries;

    for (uint64_t last = first_id; saving->i < entries->n;) {
        const struct crowd_entry *entry = &entries->list[saving->i];
        const uint64_t id = entry->id + saving->n_done, behind = entry->n - saving->n_done - 1;
        if (id > last_id)
            return;
        const uint64_t n = 1 + (behind < last_id - id ? behind : last_id - id);
        uint8_t *at = buf_room(&saving->blocks, 3 * VARINT_LONGEST + 1);
        if (!at)
            return;
        at = varint_put(at, id - last);
        *at++ = (uint8_t)(entry->flags | (n > 1 ? CROWD_RUN : 0));
        if (n > 1)
            at = varint_put(at, n);
        if (entry->flags & CROWD_TOLD) /* which CROWD_GONE has not */
            at = varint_put(at, entry->seq);
        buf_took(&saving->blocks, at);
        if (entry->extra)
            save_extra(saving, entry->extra);
        last = id + n - 1;
        saving->n_done = n > behind ? 0 : saving->n_done + n;
        saving->i += n > behind;
    }
}

static void add_names(struct saving *saving)
{
    const struct crowd_entries *entries = saving->entries;

    for (size_t i = 0; i < entries->n; i++) {
        const struct sched_extra *extra = entries->list[i].extra;
        for (size_t region = extra && saving->changes ? extra->n_before : 0; extra && region < extra->n_regions;
             region++)
            names_add(&saving->names, extra->regions[region].name);
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

/* The blocks, one after another, and a directory of them. @ret: the cuts, which count from the blocks' beginning.
 * Return: how many, or 0. */
static uint64_t save_blocks(struct saving *saving, unsigned shift, struct order_snapshot *ret)
{
    struct buf *blocks = &saving->blocks;
    uint64_t n = 0, last = 0;

    while (saving->i < saving->entries->n && !blocks->failed) {
        const uint64_t number = (saving->entries->list[saving->i].id + saving->n_done) >> shift;
        const uint64_t first_id = number << shift;
        const size_t begin = blocks->size;
        save_block(saving, first_id, first_id | ((UINT64_C(1) << shift) - 1));
        blocks->failed = blocks->failed || !add_cut(ret, begin);
        buf_put_varint(&saving->directory, number - last);
        buf_put_varint(&saving->directory, blocks->size - begin);
        last = number;
        n++;
    }
    return n;
}

static bool save(struct saving *saving, struct order_snapshot *ret)
{
    const unsigned shift = saving->changes ? LEAST_SHIFT : choose_shift(saving->entries);

    add_names(saving);
    buf_put_u8(&ret->bytes, (uint8_t)shift);
    names_save(&saving->names, &ret->bytes);
    buf_put_varint(&ret->bytes, save_blocks(saving, shift, ret));
    buf_put(&ret->bytes, saving->directory.at, saving->directory.size);
    for (size_t i = 0; i < ret->n_cuts; i++)
        ret->cuts[i] += ret->bytes.size;
    buf_put(&ret->bytes, saving->blocks.at, saving->blocks.size);
    return !saving->names.failed && !saving->blocks.failed && !saving->directory.failed && !ret->bytes.failed;
}

int crowd_save(struct sched_table *table, bool changes, uint64_t generation, struct order_snapshot *ret)
{
    struct saving saving = {.changes = changes};

    saving.entries = crowd_list(table, changes, generation);
    const bool good = saving.entries && save(&saving, ret);
    buf_done(&saving.blocks);
    buf_done(&saving.directory);
    names_done(&saving.names);
    return good ? 0 : GXT_ENOMEM;
}
