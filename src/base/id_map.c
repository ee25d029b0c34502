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

/* Blocks, by what their ids begin with. */
static int list_blocks(const struct id_map *map, struct pair *ret)
{
    const uint64_t sign = (UINT64_C(1) << 63) / ID_MAP_BLOCK;
    struct pairs_spare spare = {0};
    size_t n = 0;

    for (uint64_t i = 0; map->places.n > 0 && i <= map->places.mask; i++) {
        const struct map_slot *slot = &map->places.slots[i];
        if (slot->value != MAP_NONE)
            ret[n++] = (struct pair){slot->key ^ sign, slot->value};
    }
    const int r = pairs_sort(ret, n, &spare);
    pairs_done(&spare);
    return r;
}

int id_map_list(const struct id_map *map, uint32_t *ret, size_t *n)
{
    struct pair *blocks = malloc((map->places.n + 1) * sizeof *blocks);
    const int r = blocks ? list_blocks(map, blocks) : GXT_ENOMEM;
    const size_t most = *n;

    *n = 0;
    for (size_t i = 0; r == 0 && i < map->places.n; i++) {
        const struct id_block *block = &map->blocks[blocks[i].value];
        for (size_t id = 0; id < ID_MAP_BLOCK; id++)
            if (block->values[id] != 0 && (*n)++ < most)
                ret[*n - 1] = ~block->values[id];
    }
    free(blocks);
    return r;
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
