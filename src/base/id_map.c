/* id_map.c
 *
 * In: ids that were given out in a row, mostly. Out: 32-bit values. Never: memory that is filled before it is used:
 * where nothing was put there are zeros.
 *
 * A line stands for eight ids side by side, at the place that its number's low bits say or a little behind it (open
 * addressing, linear probing). A line of which all ids were removed stays until the map is made anew.
 */
#include "base.h"

#include <stdlib.h>

enum {
    FIRST_CAPACITY = 16, /* lines */
    FAR = 1024,          /* lines from home: ids in a row come so far only where older ones stand in their way */
};

static bool is_used(const struct id_line *line)
{
    uint32_t any = 0;

    for (size_t i = 0; i < ID_MAP_LINE; i++)
        any |= line->values[i];
    return any != 0;
}

static struct id_line *find(const struct id_map *map, uint64_t id)
{
    const uint64_t tag = id_map_tag(id);

    for (uint64_t i = id_map_home(map, tag);; i = (i + 1) & map->mask)
        if (map->lines[i].tag == tag || map->lines[i].tag == 0)
            return &map->lines[i];
}

static int rebuild(struct id_map *map, uint64_t capacity, uint64_t seed)
{
    struct id_map made = {.mask = capacity - 1, .seed = seed};

    if (capacity > SIZE_MAX / sizeof *made.lines)
        return GXT_ENOMEM;
    made.lines = calloc(capacity, sizeof *made.lines);
    if (!made.lines)
        return GXT_ENOMEM;
    for (uint64_t i = 0; map->lines && i <= map->mask; i++)
        if (map->lines[i].tag != 0 && is_used(&map->lines[i])) {
            *find(&made, (map->lines[i].tag - 1) * ID_MAP_LINE) = map->lines[i];
            made.n_lines++;
        }
    free(map->lines);
    *map = made;
    return 0;
}

/* Makes room for one more line: twice as much where most are used. */
static int grow(struct id_map *map)
{
    uint64_t n_used = 0;

    if (!map->lines)
        return rebuild(map, FIRST_CAPACITY, 0);
    if ((map->n_lines + 1) * 2 <= map->mask + 1)
        return 0;
    for (uint64_t i = 0; i <= map->mask; i++)
        n_used += is_used(&map->lines[i]);
    return rebuild(map, n_used * 4 > map->mask + 1 ? (map->mask + 1) * 2 : map->mask + 1, map->seed);
}

int id_map_put(struct id_map *map, uint64_t id, uint32_t value)
{
    struct id_line *line = map->lines ? find(map, id) : NULL;

    if (!line || line->tag == 0) {
        int r = grow(map);
        if (r < 0)
            return r;
        line = find(map, id);
        line->tag = id_map_tag(id);
        map->n_lines++;
    }
    line->values[id % ID_MAP_LINE] = ~value;
    const uint64_t far = ((uint64_t)(line - map->lines) - id_map_home(map, line->tag)) & map->mask;
    if (UNLIKELY(far > FAR && !map->seed))
        (void)rebuild(map, map->mask + 1, hash_secret()); /* without memory for it the map is slower, not wrong */
    return 0;
}

void id_map_remove(struct id_map *map, uint64_t id)
{
    struct id_line *line = map->lines ? find(map, id) : NULL;

    if (line && line->tag != 0)
        line->values[id % ID_MAP_LINE] = 0;
}

void id_map_clear(struct id_map *map)
{
    if (map->lines)
        memset(map->lines, 0, (map->mask + 1) * sizeof *map->lines);
    map->n_lines = 0;
}

void id_map_done(struct id_map *map)
{
    free(map->lines);
    memset(map, 0, sizeof *map);
}
