/* id_set.c
 *
 * In: ids. Out: whether one is in the set. Never: a removal.
 */
#include "base.h"

#include <stdlib.h>

/* The word that an id belongs to, made when it is not there. Return: MAP_NONE without memory. */
static uint32_t word_at(struct id_set *set, uint64_t number)
{
    const uint32_t at = map_get(&set->places, number);

    if (at != MAP_NONE)
        return at;
    uint64_t *grown = array_grow(set->words, set->n, &set->capacity, sizeof *grown);
    if (!grown)
        return MAP_NONE;
    set->words = grown;
    if (set->n >= MAP_NONE || map_put(&set->places, number, (uint32_t)set->n) < 0)
        return MAP_NONE;
    set->words[set->n] = 0;
    return (uint32_t)set->n++;
}

int id_set_add(struct id_set *set, uint64_t id)
{
    const uint64_t number = id / 64;
    struct id_set_near *near = &set->near[number % ID_SET_NEAR];

    if (UNLIKELY(set->n == 0 || near->number != number || near->at >= set->n)) {
        const uint32_t at = word_at(set, number);
        if (at == MAP_NONE)
            return GXT_ENOMEM;
        *near = (struct id_set_near){number, at};
    }
    set->words[near->at] |= UINT64_C(1) << (id % 64);
    return 0;
}

bool id_set_has(const struct id_set *set, uint64_t id)
{
    const uint32_t at = map_get(&set->places, id / 64);

    return at != MAP_NONE && (set->words[at] >> (id % 64) & 1) != 0;
}

void id_set_clear(struct id_set *set)
{
    map_clear(&set->places);
    memset(set->near, 0xff, sizeof set->near); /* places of none */
    set->n = 0;
}

void id_set_done(struct id_set *set)
{
    map_done(&set->places);
    free(set->words);
    *set = (struct id_set){0};
}
