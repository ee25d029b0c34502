/* pool.c
 *
 * In: strings and stacks, again and again. Out: one copy of each by content, under one id. Never: a copy that moves or
 * ends before the pool does.
 *
 * The id is XXH3 of the content. Where two contents have one hash, the later one takes the hash with the next seed.
 */
#include "gen.h"

#include <gxt/limits.h>
#include <pthread.h>
#include <stdlib.h>

struct pool {
    pthread_mutex_t lock;
    struct arena arena;
    struct map string_ids, stack_ids; /* id to place in the lists below */
    const struct gxt_string **strings;
    const struct gxt_stack **stacks;
    size_t n_strings, strings_capacity, n_stacks, stacks_capacity;
};

int pool_new(struct pool **ret)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return GXT_ENOMEM;
    (void)pthread_mutex_init(&pool->lock, NULL);
    *ret = pool;
    return 0;
}

struct pool *pool_free(struct pool *pool)
{
    if (!pool)
        return NULL;
    (void)pthread_mutex_destroy(&pool->lock);
    arena_done(&pool->arena);
    map_done(&pool->string_ids);
    map_done(&pool->stack_ids);
    free(pool->strings);
    free(pool->stacks);
    free(pool);
    return NULL;
}

int pool_refused(int code, struct gxt_error *fault)
{
    return fault_set(fault, code, GXT_NO_OFFSET,
                     code == GXT_ELIMIT ? "the trace's distinct strings and stacks pass 2 GiB"
                                        : "no memory for another string or stack");
}

static int add_string(struct pool *pool, uint64_t id, const void *at, size_t len)
{
    const struct gxt_string **grown =
        array_grow(pool->strings, pool->n_strings, &pool->strings_capacity, sizeof *grown);
    if (!grown)
        return GXT_ENOMEM;
    pool->strings = grown;
    if (pool->arena.total_bytes > GXT_MAX_POOL_BYTES)
        return GXT_ELIMIT;

    struct gxt_string *string = arena_alloc(&pool->arena, sizeof *string + len + 1);
    if (!string)
        return GXT_ENOMEM;
    char *bytes = (char *)(string + 1);
    if (len)
        memcpy(bytes, at, len);
    bytes[len] = '\0';
    *string = (struct gxt_string){id, bytes, len};
    pool->strings[pool->n_strings] = string;
    int r = map_put(&pool->string_ids, id, (uint32_t)pool->n_strings);
    if (r == 0)
        pool->n_strings++;
    return r;
}

static int string_locked(struct pool *pool, const void *at, size_t len, const struct gxt_string **ret)
{
    for (uint64_t seed = 0;; seed++) {
        uint64_t id = hash_bytes_seed(at, len, seed);
        uint32_t place = map_get(&pool->string_ids, id);
        if (place == MAP_NONE) {
            int r = add_string(pool, id, at, len);
            if (r == 0)
                *ret = pool->strings[pool->n_strings - 1];
            return r;
        }
        const struct gxt_string *known = pool->strings[place];
        if (LIKELY(known->len == len && memcmp(known->at, at, len) == 0)) {
            *ret = known;
            return 0;
        }
    }
}

int pool_string(struct pool *pool, const void *at, size_t len, const struct gxt_string **ret)
{
    (void)pthread_mutex_lock(&pool->lock);
    int r = string_locked(pool, at ? at : "", len, ret);
    (void)pthread_mutex_unlock(&pool->lock);
    return r;
}

static int add_stack(struct pool *pool, uint64_t id, const struct gxt_frame *frames, size_t n)
{
    const struct gxt_stack **grown = array_grow(pool->stacks, pool->n_stacks, &pool->stacks_capacity, sizeof *grown);
    if (!grown)
        return GXT_ENOMEM;
    pool->stacks = grown;
    if (pool->arena.total_bytes > GXT_MAX_POOL_BYTES)
        return GXT_ELIMIT;

    struct gxt_stack *stack = arena_alloc(&pool->arena, sizeof *stack + n * sizeof *frames);
    if (!stack)
        return GXT_ENOMEM;
    stack->id = id;
    stack->n_frames = n;
    if (n)
        memcpy(stack->frames, frames, n * sizeof *frames);
    pool->stacks[pool->n_stacks] = stack;
    int r = map_put(&pool->stack_ids, id, (uint32_t)pool->n_stacks);
    if (r == 0)
        pool->n_stacks++;
    return r;
}

static int stack_locked(struct pool *pool, const struct gxt_frame *frames, size_t n, const struct gxt_stack **ret)
{
    uint64_t content[GEN_MAX_FRAMES][4];

    for (size_t i = 0; i < n; i++) {
        content[i][0] = frames[i].pc;
        content[i][1] = frames[i].line;
        content[i][2] = frames[i].func->id;
        content[i][3] = frames[i].file->id;
    }
    for (uint64_t seed = 0;; seed++) {
        uint64_t id = hash_bytes_seed(content, n * sizeof content[0], seed);
        uint32_t place = map_get(&pool->stack_ids, id);
        if (place == MAP_NONE) {
            int r = add_stack(pool, id, frames, n);
            if (r == 0)
                *ret = pool->stacks[pool->n_stacks - 1];
            return r;
        }
        const struct gxt_stack *known = pool->stacks[place];
        if (LIKELY(known->n_frames == n && memcmp(known->frames, frames, n * sizeof *frames) == 0)) {
            *ret = known;
            return 0;
        }
    }
}

int pool_stack(struct pool *pool, const struct gxt_frame *frames, size_t n, const struct gxt_stack **ret)
{
    if (n > GEN_MAX_FRAMES)
        return GXT_EINVAL;
    (void)pthread_mutex_lock(&pool->lock);
    int r = stack_locked(pool, frames, n, ret);
    (void)pthread_mutex_unlock(&pool->lock);
    return r;
}

const struct gxt_string *pool_find_string(struct pool *pool, uint64_t id)
{
    (void)pthread_mutex_lock(&pool->lock);
    uint32_t place = map_get(&pool->string_ids, id);
    const struct gxt_string *string = place == MAP_NONE ? NULL : pool->strings[place];
    (void)pthread_mutex_unlock(&pool->lock);
    return string;
}

const struct gxt_stack *pool_find_stack(struct pool *pool, uint64_t id)
{
    (void)pthread_mutex_lock(&pool->lock);
    uint32_t place = map_get(&pool->stack_ids, id);
    const struct gxt_stack *stack = place == MAP_NONE ? NULL : pool->stacks[place];
    (void)pthread_mutex_unlock(&pool->lock);
    return stack;
}
