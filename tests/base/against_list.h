/* against_list.h: random steps on a map, beside a plain list that does the same.
 */
#ifndef AGAINST_LIST_H
#define AGAINST_LIST_H

#include "../random.h"
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

/* The golden ratio's multiplier, turned round: what a product is a product of. */
static inline uint64_t inverse_of_multiplier(void)
{
    const uint64_t multiplier = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t inverse = 1;

    for (int round = 0; round < 6; round++)
        inverse *= 2 - multiplier * inverse; /* Newton's: each round doubles the bits that are right */
    return inverse;
}

/* Keys of at most @bits bits that have a home at a map's start: it multiplies four keys' number (key >> 2) and takes
 * the highest bits, so small products are alike to it. A product's number is its product with the inverse; those that
 * are small enough are a key's. */
static inline uint64_t colliding_key(uint64_t i, unsigned bits)
{
    const uint64_t inverse = inverse_of_multiplier();

    for (uint64_t product = i << 12;; product++)
        if ((product * inverse) >> (bits - 2) == 0)
            return (product * inverse) << 2;
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
