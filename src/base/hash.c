/* hash.c
 *
 * In: bytes. Out: 64 bits that name them. Never: xxHash's own types beyond this file.
 */
#include "base.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

uint64_t hash_bytes_seed(const void *bytes, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, size, seed);
}
