/* base.h: the ground everything stands on: faults, byte spans, growing buffers, arenas, hashes, maps, sorted pairs,
 * threads.
 *
 * Nothing here knows what a trace is.
 */
#ifndef BASE_H
#define BASE_H

#include <gxt/error.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/** fault_is_of_trace() - whether a code is a fault of the trace, with which it ends, and not of the machine */
static inline bool fault_is_of_trace(int code)
{
    return code == GXT_ECORRUPT || code == GXT_ETRUNCATED || code == GXT_EORDER;
}

/**
 * fault_set() - bear an error
 * @fault:   filled; may be NULL
 * @code:    an enum gxt_code
 * @offset:  bytes from the start of the file, or GXT_NO_OFFSET
 * @format:  one sentence, printf-like, without a final stop
 *
 * Return: @code, so that `return fault_set(…)` reads as one thing.
 */
int fault_set(struct gxt_error *fault, int code, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** fault_set_errno() - bear an error of the operating system: errno's text follows the sentence. GXT_ENOENT for ENOENT,
 * GXT_ENOMEM for ENOMEM, else GXT_EIO. */
int fault_set_errno(struct gxt_error *fault, int system_errno, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** loss_note() - count a fault, and @n_bytes that it cost. The times are the caller's. */
void loss_note(struct gxt_loss *loss, const struct gxt_error *fault, uint64_t n_bytes);
/** loss_add() - count what was lost later */
void loss_add(struct gxt_loss *sum, const struct gxt_loss *later);

/** Bytes still to read: moved forward by who reads. */
struct span {
    const uint8_t *at;
    const uint8_t *end;
};

static inline size_t span_size(struct span span)
{
    return (size_t)(span.end - span.at);
}

/** A growing byte buffer. All zero is an empty one. After a failed allocation `failed` stays set and puts do nothing,
 * so that a run of puts is checked once, at its end. */
struct buf {
    uint8_t *at;
    size_t size, capacity;
    bool failed;
};

static inline struct span buf_span(const struct buf *buf)
{
    return (struct span){buf->at, buf->size > 0 ? buf->at + buf->size : buf->at};
}

void buf_done(struct buf *buf);
void buf_put(struct buf *buf, const void *bytes, size_t size);
/** Room for @size bytes in all, which the caller fills. Return: whether there is; else `failed` is set. */
bool buf_reserve(struct buf *buf, size_t size);
void buf_put_u8(struct buf *buf, uint8_t value);
void buf_put_u64(struct buf *buf, uint64_t value); /**< little-endian, eight bytes */
void buf_put_varint(struct buf *buf, uint64_t value);
void buf_put_signed(struct buf *buf, int64_t value); /**< zigzag, then varint */

enum {
    VARINT_LONGEST = 10
};

/** varint_put() - a number at a place where there is room for the longest. Return: behind it
 *
 * What follows its bytes up to VARINT_LONGEST may be overwritten. What is of two, three or four bytes goes without a
 * branch between these: it would be foretold badly. */
static inline uint8_t *varint_put(uint8_t *at, uint64_t value)
{
    if (value < 0x80) {
        *at = (uint8_t)value;
        return at + 1;
    }
    if (LIKELY(value < UINT64_C(1) << 28)) {
        const unsigned more = (unsigned)(31 - __builtin_clz((uint32_t)value)) / 7; /* bytes behind the first */
        const uint32_t bytes =
            (uint32_t)((value & 0x7f) | (value << 1 & 0x7f00) | (value << 2 & 0x7f0000) | (value << 3 & 0x7f000000)) |
            (0x808080u & ((1u << 8 * more) - 1));
        at[0] = (uint8_t)bytes;
        at[1] = (uint8_t)(bytes >> 8);
        at[2] = (uint8_t)(bytes >> 16);
        at[3] = (uint8_t)(bytes >> 24);
        return at + more + 1;
    }
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static inline uint64_t varint_zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline uint64_t varint_unzigzag(uint64_t value)
{
    return value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
}

static inline uint8_t *varint_put_signed(uint8_t *at, int64_t value)
{
    return varint_put(at, varint_zigzag(value));
}

/** buf_room() - room for so many bytes more, for many puts at once. Return: where; NULL: then `failed` is set. What was
 * put there counts with buf_took(). */
uint8_t *buf_room(struct buf *buf, size_t size);
/** buf_took() - the bytes end at @end, which lies in what buf_room() gave */
static inline void buf_took(struct buf *buf, const uint8_t *end)
{
    buf->size = (size_t)(end - buf->at);
}

/** A sticky reader of what buf_put_…() wrote: after the first failure every read gives 0, and `failed` is looked at
 * once. */
struct reader {
    struct span in;
    bool failed;
};

uint8_t reader_u8(struct reader *reader);
uint64_t reader_u64(struct reader *reader);
uint64_t reader_varint(struct reader *reader);
int64_t reader_signed(struct reader *reader);
/** A count of things that take at least @least bytes each: 0, and failed, when there are not so many bytes. */
uint64_t reader_count(struct reader *reader, size_t least);
/** @size bytes in place, or NULL (and failed) when there are fewer. */
const uint8_t *reader_bytes(struct reader *reader, uint64_t size);

/** An arena: many small allocations, freed together. All zero is an empty one. */
struct arena {
    struct arena_chunk *chunks;
    size_t used, capacity; /**< of the newest chunk */
    uint64_t total_bytes;  /**< taken from the system */
};

/** Return: @size bytes aligned to 8, uninitialised, or NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void arena_done(struct arena *arena);

/** hash_bytes() - XXH3, 64 bits */
uint64_t hash_bytes(const void *bytes, size_t size);
/** hash_bytes_seed() - XXH3, 64 bits, with a seed: another function for each seed */
uint64_t hash_bytes_seed(const void *bytes, size_t size, uint64_t seed);

/** hash_mix() - a number for a number: another function for each seed */
static inline uint64_t hash_mix(uint64_t key, uint64_t seed)
{
    key = (key ^ seed) * UINT64_C(0xbf58476d1ce4e5b9);
    key ^= key >> 29;
    key = (key + seed) * UINT64_C(0x94d049bb133111eb);
    return key ^ key >> 32;
}

/** hash_secret() - a seed that nobody foresees; not 0 */
uint64_t hash_secret(void);

/** What map_get() gives for a key that is not there; no value may be it. */
#define MAP_NONE UINT32_MAX

struct map_slot {
    uint64_t key;
    uint32_t value; /**< MAP_NONE: the slot is free */
};

/** A map from uint64_t to uint32_t. All zero is an empty one. Keys are mostly ids that were given out in a row:
 * four in a row share a cache line, and rows keep out of each other's way. A set of keys made to collide costs one
 * rebuild with a secret seed, no more. */
struct map {
    struct map_slot *slots;
    uint64_t mask;  /**< capacity - 1; capacity is a power of two, at most half full */
    uint64_t seed;  /**< 0 until keys collide too much */
    unsigned shift; /**< 64 less the bits that tell four slots */
    size_t n;
};

static inline uint64_t map_home(const struct map *map, uint64_t key)
{
    if (UNLIKELY(map->seed))
        return hash_mix(key, map->seed) & map->mask;
    /* Multiples of the golden ratio: however many there are in a row, their fractions lie evenly. */
    return ((key >> 2) * UINT64_C(0x9e3779b97f4a7c15) >> map->shift << 2) + (key & 3);
}

static inline __attribute__((always_inline)) uint32_t map_get(const struct map *map, uint64_t key)
{
    if (UNLIKELY(!map->slots))
        return MAP_NONE;
    for (uint64_t i = map_home(map, key);; i = (i + 1) & map->mask) {
        const struct map_slot *slot = &map->slots[i];
        if (slot->value == MAP_NONE)
            return MAP_NONE;
        if (slot->key == key)
            return slot->value;
    }
}

/** Return: 0, or GXT_ENOMEM. Replaces the value of a key that is there. */
int map_put(struct map *map, uint64_t key, uint32_t value);
/** Return: whether it was there. */
bool map_remove(struct map *map, uint64_t key);
void map_clear(struct map *map);
void map_done(struct map *map);

/** Ids side by side in one block of an id_map. */
#define ID_MAP_BLOCK 32

struct id_block {
    uint32_t values[ID_MAP_BLOCK]; /**< each turned over, so that 0 is MAP_NONE */
    uint32_t n;                    /**< that are not 0; of a free block the next free one */
};

/** A map from ids to uint32_t, for ids that are mostly given out in a row and close together: each needs 5 or 6 bytes,
 * and what was given out together is looked for in one place. What is alone needs as much as 32. All zero is an empty
 * one. Ids made to collide: see struct map. */
struct id_map {
    struct map places; /* of blocks, by id / ID_MAP_BLOCK */
    struct id_block *blocks;
    size_t n_blocks, capacity;
    uint32_t free_block; /* the first one, counted from 1; 0 for none */
};

static inline bool id_map_is_empty(const struct id_map *map)
{
    return map->places.n == 0;
}

/** Return: the block that an id belongs to; NULL when nothing of it is there. */
static inline __attribute__((always_inline)) struct id_block *id_map_block(const struct id_map *map, uint64_t id)
{
    const uint32_t at = map_get(&map->places, id / ID_MAP_BLOCK);

    return LIKELY(at != MAP_NONE) ? &map->blocks[at] : NULL;
}

/** Return: the value of an id of this block, or MAP_NONE. */
static inline uint32_t id_block_get(const struct id_block *block, uint64_t id)
{
    return ~block->values[id % ID_MAP_BLOCK];
}

/** id_map_put() where the id's block is at hand */
static inline void id_block_put(struct id_block *block, uint64_t id, uint32_t value)
{
    block->n += block->values[id % ID_MAP_BLOCK] == 0;
    block->values[id % ID_MAP_BLOCK] = ~value;
}

/** Return: the value, or MAP_NONE. */
static inline __attribute__((always_inline)) uint32_t id_map_get(const struct id_map *map, uint64_t id)
{
    const struct id_block *block = id_map_block(map, id);

    return LIKELY(block != NULL) ? id_block_get(block, id) : MAP_NONE;
}

/** id_map_put() where the id's block is not there */
int id_map_put_apart(struct id_map *map, uint64_t id, uint32_t value);

/** Return: 0, or GXT_ENOMEM. Replaces the value of an id that is there. @value: not MAP_NONE */
static inline int id_map_put(struct id_map *map, uint64_t id, uint32_t value)
{
    struct id_block *block = id_map_block(map, id);

    if (UNLIKELY(!block))
        return id_map_put_apart(map, id, value);
    id_block_put(block, id, value);
    return 0;
}

/** id_map_remove() of all that is in an id's block: it is empty */
void id_map_remove_block(struct id_map *map, uint64_t id, struct id_block *block);

static inline void id_map_remove(struct id_map *map, uint64_t id)
{
    struct id_block *block = id_map_block(map, id);

    if (UNLIKELY(!block) || block->values[id % ID_MAP_BLOCK] == 0)
        return;
    block->values[id % ID_MAP_BLOCK] = 0;
    if (UNLIKELY(--block->n == 0))
        id_map_remove_block(map, id, block);
}

/** id_map_list() - the values, by rising id, as a number with a sign
 * @ret:  takes as many as there is room for, *@n
 * @n:    then how many there are
 * Return: 0; GXT_ENOMEM. */
int id_map_list(const struct id_map *map, uint32_t *ret, size_t *n);
void id_map_clear(struct id_map *map);
void id_map_done(struct id_map *map);

/** A key, and what belongs to it. */
struct pair {
    uint64_t key, value;
};

/** Room for pairs, as sorting needs it beside them. All zero is none yet; kept from one time to the next. */
struct pairs_spare {
    struct pair *pairs;
    size_t capacity;
};

/** pairs_reserve() - have room for @n. Return: whether there is; if not, what was there stays. */
bool pairs_reserve(struct pairs_spare *spare, size_t n);
/** pairs_sort() - sort by rising key; those of one key stay in order
 * Cost: a pass for every 11 bits from the lowest to the highest in which keys differ.
 * Return: 0, or GXT_ENOMEM: then they are as they were. */
int pairs_sort(struct pair *pairs, size_t n, struct pairs_spare *spare);
/** pairs_merge() - the same where the first @n_left are in order, and so are the others
 * Cost: none where all are; at most linear.
 * Return: as pairs_sort(). */
int pairs_merge(struct pair *pairs, size_t n_left, size_t n, struct pairs_spare *spare);
void pairs_done(struct pairs_spare *spare);

/** Ids side by side in one page of id_runs. */
#define ID_PAGE 1024

struct id_page {
    uint64_t number; /**< its first id / ID_PAGE */
    uint64_t bits[ID_PAGE / 64];
};

/** What finding runs needs beside the ids. All zero is none yet; kept from one time to the next. */
struct id_runs {
    struct map places; /* of pages, by number */
    struct id_page *pages;
    size_t n_pages, capacity;
    struct pairs_spare list, spare;
};

/** Takes @n ids that rise by one from @first on. Return: 0; what is not ends it. */
typedef int id_run(void *user, uint64_t first, uint64_t n);

/** id_runs_take() - the runs of neighbours among ids in any order, each id once, by rising id
 * Cost: a few instructions for an id where ids lie close together; else as pairs_sort().
 * Return: 0; GXT_ENOMEM; what @take says. */
int id_runs_take(struct id_runs *runs, const uint64_t *ids, size_t n, id_run *take, void *user);
void id_runs_done(struct id_runs *runs);

/** thread_begin() - run something beside the caller, to be joined. Signals are for the caller's threads, but for those
 * that tell of the thread's own doing. Return: 0; GXT_ENOMEM when no thread is to be had. */
int thread_begin(pthread_t *ret, void *(*run)(void *user), void *user);
/** thread_processors() - how many processors there are for the caller */
unsigned thread_processors(void);

/** Words of a set that were added to last. */
#define ID_SET_NEAR 16

struct id_set_near {
    uint64_t number;
    uint32_t at;
};

/** A set of ids that are mostly added in rows, of which several grow by turns. All zero is an empty one. */
struct id_set {
    struct map places; /* of words, by id / 64 */
    uint64_t *words;
    size_t n, capacity;
    struct id_set_near near[ID_SET_NEAR];
};

/** Return: 0; GXT_ENOMEM. */
int id_set_add(struct id_set *set, uint64_t id);
bool id_set_has(const struct id_set *set, uint64_t id);
void id_set_clear(struct id_set *set);
void id_set_done(struct id_set *set);

/** prefetch() - have the bytes @ahead of a place on their way from memory. They need not be there. */
static inline __attribute__((always_inline)) void prefetch(const void *at, size_t ahead)
{
    __builtin_prefetch((const void *)((uintptr_t)at + ahead));
}

/** array_double() - array_grow() where there is no room */
void *array_double(void *array, size_t *capacity, size_t item_size);

/** array_grow() - make room for one more in an array of @item_size bytes each, doubling
 * Return: the array, moved perhaps, or NULL (then the old one stands as it was). */
static inline void *array_grow(void *array, size_t n, size_t *capacity, size_t item_size)
{
    return LIKELY(n < *capacity) ? array : array_double(array, capacity, item_size);
}

#endif
