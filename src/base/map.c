/* map.c
 *
 * In: 64-bit keys. Out: 32-bit values, at a home slot or a little behind it (open addressing, linear probing). Never: a
 * tombstone: a removal moves back what stood behind it.
 */
#include "base.h"

#include <stdlib.h>

enum {
    FIRST_CAPACITY = 64,
    FAR = 128, /* slots from home: no set of honest ids at half load comes near it */
};

/* Puts a key that is not there yet. Returns how far from its home it had to go. */
static uint64_t settle(struct map *map, uint64_t key, uint32_t value)
{
    uint64_t home = map_home(map, key), i = home;

    while (map->slots[i].value != MAP_NONE)
        i = (i + 1) & map->mask;
    map->slots[i] = (struct map_slot){key, value};
    return (i - home) & map->mask;
}

static int rebuild(struct map *map, size_t capacity, uint64_t seed)
{
    struct map grown = {
        .mask = capacity - 1, .seed = seed, .shift = 66 - (unsigned)__builtin_ctzll(capacity), .n = map->n};

    if (capacity > SIZE_MAX / sizeof *grown.slots)
        return GXT_ENOMEM;
    grown.slots = aligned_alloc(4 * sizeof *grown.slots, capacity * sizeof *grown.slots);
    if (!grown.slots)
        return GXT_ENOMEM;
    memset(grown.slots, 0xff, capacity * sizeof *grown.slots);

    for (uint64_t i = 0; map->slots && i <= map->mask; i++)
        if (map->slots[i].value != MAP_NONE)
            (void)settle(&grown, map->slots[i].key, map->slots[i].value);
    free(map->slots);
    *map = grown;
    return 0;
}

static struct map_slot *find(struct map *map, uint64_t key)
{
    if (!map->slots)
        return NULL;
    for (uint64_t i = map_home(map, key); map->slots[i].value != MAP_NONE; i = (i + 1) & map->mask)
        if (map->slots[i].key == key)
            return &map->slots[i];
    return NULL;
}

int map_put(struct map *map, uint64_t key, uint32_t value)
{
    struct map_slot *slot = find(map, key);
    if (slot) {
        slot->value = value;
        return 0;
    }
    if (!map->slots || (map->n + 1) * 2 > map->mask + 1) {
        int r = rebuild(map, map->slots ? (map->mask + 1) * 2 : FIRST_CAPACITY, map->seed);
        if (r < 0)
            return r;
    }
    map->n++;
    if (settle(map, key, value) > FAR && !map->seed)
        (void)rebuild(map, map->mask + 1, hash_secret()); /* without memory for it the map is slower, not wrong */
    return 0;
}

bool map_remove(struct map *map, uint64_t key)
{
    struct map_slot *slot = find(map, key);
    if (!slot)
        return false;

    uint64_t hole = (uint64_t)(slot - map->slots);
    for (uint64_t i = (hole + 1) & map->mask; map->slots[i].value != MAP_NONE; i = (i + 1) & map->mask) {
        uint64_t home = map_home(map, map->slots[i].key);
        if (((i - home) & map->mask) >= ((i - hole) & map->mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole].value = MAP_NONE;
    map->n--;
    return true;
}

void map_clear(struct map *map)
{
    if (map->slots)
        memset(map->slots, 0xff, (map->mask + 1) * sizeof *map->slots);
    map->n = 0;
}

void map_done(struct map *map)
{
    free(map->slots);
    memset(map, 0, sizeof *map);
}

void *array_double(void *array, size_t *capacity, size_t item_size)
{
    size_t grown = *capacity ? *capacity * 2 : 16;
    if (grown <= *capacity || grown > SIZE_MAX / item_size)
        return NULL;
    void *moved = realloc(array, grown * item_size);
    if (moved)
        *capacity = grown;
    return moved;
}
