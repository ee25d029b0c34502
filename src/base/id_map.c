/* id_map.c
 *
 * In: ids that were given out in a row, mostly. Out: 32-bit values. Never: memory for what has gone: a block of which
 * all ids were removed is used again.
 */
#include "base.h"

#include <stdlib.h>

static struct id_block *find(const struct id_map *map, uint64_t id)
{
    const uint32_t at = map_get(&map->places, id / ID_MAP_BLOCK);

    return at != MAP_NONE ? &map->blocks[at] : NULL;
}

/* Return: its place; MAP_NONE without memory. */
static uint32_t take_block(struct id_map *map)
{
    if (map->free_block > 0 && map->blocks) {
        const uint32_t at = map->free_block - 1;
        map->free_block = map->blocks[at].n;
        return at;
    }
    struct id_block *grown = array_grow(map->blocks, map->n_blocks, &map->capacity, sizeof *grown);
    if (!grown)
        return MAP_NONE;
    map->blocks = grown;
    return map->n_blocks < MAP_NONE - 1 ? (uint32_t)map->n_blocks++ : MAP_NONE;
}

static void free_block(struct id_map *map, uint32_t at)
{
    map->blocks[at].n = map->free_block;
    map->free_block = at + 1;
}

static struct id_block *add(struct id_map *map, uint64_t id)
{
    const uint32_t at = take_block(map);

    if (at == MAP_NONE)
        return NULL;
    if (map_put(&map->places, id / ID_MAP_BLOCK, at) < 0) {
        free_block(map, at);
        return NULL;
    }
    memset(&map->blocks[at], 0, sizeof *map->blocks);
    return &map->blocks[at];
}

int id_map_put(struct id_map *map, uint64_t id, uint32_t value)
{
    struct id_block *block = find(map, id);

    if (!block && !(block = add(map, id)))
        return GXT_ENOMEM;
    block->n += block->values[id % ID_MAP_BLOCK] == 0;
    block->values[id % ID_MAP_BLOCK] = ~value;
    return 0;
}

void id_map_remove(struct id_map *map, uint64_t id)
{
    struct id_block *block = find(map, id);

    if (!block || block->values[id % ID_MAP_BLOCK] == 0)
        return;
    block->values[id % ID_MAP_BLOCK] = 0;
    if (--block->n > 0)
        return;
    (void)map_remove(&map->places, id / ID_MAP_BLOCK);
    free_block(map, (uint32_t)(block - map->blocks));
}

void id_map_clear(struct id_map *map)
{
    map_clear(&map->places);
    map->n_blocks = 0;
    map->free_block = 0;
}

void id_map_done(struct id_map *map)
{
    map_done(&map->places);
    free(map->blocks);
    memset(map, 0, sizeof *map);
}
