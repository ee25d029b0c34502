/* random.h: numbers that look random, the same ones for the same seed.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/* The one after @state, which is any number at first (SplitMix64). */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#endif
