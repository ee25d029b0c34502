/* hash.c
 *
 * In: bytes. Out: 64 bits that name them. Never: xxHash's own types beyond this file.
 */
#include "base.h"

#if defined(HAVE_XXH_DISPATCH)
#include <xxh_x86dispatch.h> /* chooses by the processor at hand: twice as fast where it has AVX2 */
#else
#define XXH_INLINE_ALL
#include <xxhash.h>
#endif

#include <sys/random.h>

uint64_t hash_bytes(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

uint64_t hash_bytes_seed(const void *bytes, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, size, seed);
}

uint64_t hash_secret(void)
{
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = (uintptr_t)&seed; /* the stack's place is random enough where there is no entropy yet */
    return seed | 1;
}
