/* id_map.c
 *
 * In: ids that were given out in a row, mostly. Out: 32-bit values. Never: memory for what has gone: a block of which
 * all ids were removed is used again.
 */
#include "base.h"

#include <stdlib.h>

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

int id_map_put_apart(struct id_map *map, uint64_t id, uint32_t value)
{
    const uint32_t at = take_block(map);

    if (at == MAP_NONE)
        return GXT_ENOMEM;
    if (map_put(&map->places, id / ID_MAP_BLOCK, at) < 0) {
        free_block(map, at);
        return GXT_ENOMEM;
    }
    memset(&map->blocks[at], 0, sizeof *map->blocks);
    map->blocks[at].values[id % ID_MAP_BLOCK] = ~value;
    map->blocks[at].n = 1;
    return 0;
}

void id_map_remove_block(struct id_map *map, uint64_t id, struct id_block *block)
{
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
