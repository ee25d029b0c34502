/* arena.c
 *
 * In: sizes. Out: memory that stays where it is until the whole arena ends. Never: a single piece freed.
 */
#include "base.h"

#include <stdlib.h>

enum {
    CHUNK_BYTES = 256 * 1024
};

struct arena_chunk {
    struct arena_chunk *before;
    _Alignas(8) uint8_t bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + 7) & ~(size_t)7;

    if (!arena->chunks || arena->capacity - arena->used < size) {
        size_t capacity = size > CHUNK_BYTES / 4 ? size : CHUNK_BYTES - sizeof(struct arena_chunk);
        struct arena_chunk *chunk = malloc(sizeof *chunk + capacity);
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
