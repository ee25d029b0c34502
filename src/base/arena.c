/* arena.c
 *
 * In: sizes. Out: memory that stays where it is until the whole arena ends. Never: a single piece freed.
 */
#include "base.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
    CHUNK_BYTES = 256 * 1024,
    HUGE_BYTES = 2 * 1024 * 1024, /* of one page, where the system has such */
};

struct arena_chunk {
    struct arena_chunk *before;
    _Alignas(8) uint8_t bytes[];
};

/* A large arena has large pages: asking for small ones one by one takes longer than to fill them. */
static struct arena_chunk *new_chunk(size_t size)
{
    if (size != HUGE_BYTES)
        return malloc(size);
    struct arena_chunk *chunk = aligned_alloc(HUGE_BYTES, HUGE_BYTES);
    if (chunk)
        (void)madvise(chunk, HUGE_BYTES, MADV_HUGEPAGE);
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + 7) & ~(size_t)7;

    if (!arena->chunks || arena->capacity - arena->used < size) {
        const size_t usual = arena->total_bytes < HUGE_BYTES ? CHUNK_BYTES : HUGE_BYTES;
        const size_t capacity = size > CHUNK_BYTES / 4 ? size : usual - sizeof(struct arena_chunk);
        struct arena_chunk *chunk = new_chunk(sizeof *chunk + capacity);
        if (!chunk)
            return NULL;
        arena->total_bytes += sizeof *chunk + capacity;
        if (capacity == size && arena->chunks) {
            /* A big piece has a chunk of its own, behind the one that still has room. */
            chunk->before = arena->chunks->before;
            arena->chunks->before = chunk;
            return chunk->bytes;
        }
        chunk->before = arena->chunks;
        arena->chunks = chunk;
        arena->used = 0;
        arena->capacity = capacity;
    }
    void *at = arena->chunks->bytes + arena->used;
    arena->used += size;
    return at;
}

void arena_done(struct arena *arena)
{
    for (struct arena_chunk *chunk = arena->chunks, *before; chunk; chunk = before) {
        before = chunk->before;
        free(chunk);
    }
    memset(arena, 0, sizeof *arena);
}
