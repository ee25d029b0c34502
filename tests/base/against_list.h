/* against_list.h: random steps on a map, beside a plain list that does the same.
 */
#ifndef AGAINST_LIST_H
#define AGAINST_LIST_H

#include "base.h"

#include <criterion/criterion.h>

enum {
    LIST_LENGTH = 1500,
    N_STEPS = 200000
};

/* A map that is looked at, and the keys that it gets for the list's places. */
struct subject {
    void *map;
    int (*put)(void *map, uint64_t key, uint32_t value);
    void (*remove)(void *map, uint64_t key, bool is_there);
    uint32_t (*get)(const void *map, uint64_t key);
    void (*clear)(void *map);
    uint64_t (*key_of)(uint64_t i);
};

static inline uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *random >> 24;
}

static inline uint64_t near_key(uint64_t i)
{
    return i;
}

static inline uint64_t far_key(uint64_t i)
{
    return i * UINT64_C(0x100000001b3) ^ UINT64_MAX << 32;
}

static inline void check_against_list(const struct subject *subject, uint64_t seed)
{
    static uint32_t list[LIST_LENGTH];

    memset(list, 0xff, sizeof list);
    for (int step = 0; step < N_STEPS; step++) {
        uint64_t i = next_random(&seed) % LIST_LENGTH, key = subject->key_of(i);
        switch (next_random(&seed) % 8) {
        case 0:
        case 1:
        case 2:
        case 3: {
            uint32_t value = (uint32_t)next_random(&seed) & 0x7fffffff;
            cr_assert_eq(subject->put(subject->map, key, value), 0);
            list[i] = value;
            break;
        }
        case 4:
        case 5:
        case 6:
            subject->remove(subject->map, key, list[i] != MAP_NONE);
            list[i] = MAP_NONE;
            break;
        default:
            if (next_random(&seed) % 5000 == 0) {
                subject->clear(subject->map);
                memset(list, 0xff, sizeof list);
            }
        }
        i = next_random(&seed) % LIST_LENGTH;
        cr_assert_eq(subject->get(subject->map, subject->key_of(i)), list[i], "step %d", step);
    }
    for (uint64_t i = 0; i < LIST_LENGTH; i++)
        cr_assert_eq(subject->get(subject->map, subject->key_of(i)), list[i]);
}

#endif
