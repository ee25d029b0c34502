/* frames.c
 *
 * In: stacks. Out: their text, copied where it was written before.
 *
 * A table of fixed size in which a stack has one slot; a newcomer takes the slot over. A stack is known by its address:
 * equal content has one address for as long as the trace is open.
 */
#include "print.h"

#include <stdlib.h>

enum {
    SLOT_BITS = 13,
    N_SLOTS = 1 << SLOT_BITS,
    MAX_KEPT = 8 << 10, /* bytes of a text that is kept: the table never holds more than 64 MiB */
};

struct slot {
    const struct gxt_stack *stack; /* NULL: the slot is free */
    char *text;
    size_t size, capacity;
};

struct frames {
    frames_render *render;
    struct out scratch;
    struct slot slots[N_SLOTS];
};

struct frames *frames_new(frames_render *render)
{
    struct frames *frames = calloc(1, sizeof(*frames));

    if (!frames)
        return NULL;
    frames->render = render;
    if (out_init(&frames->scratch, -1) < 0) {
        free(frames);
        return NULL;
    }
    return frames;
}

struct frames *frames_free(struct frames *frames)
{
    if (!frames)
        return NULL;
    for (size_t i = 0; i < N_SLOTS; i++)
        free(frames->slots[i].text);
    out_done(&frames->scratch);
    free(frames);
    return NULL;
}

static struct slot *home(struct frames *frames, const struct gxt_stack *stack)
{
    return &frames->slots[(uint64_t)(uintptr_t)stack * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SLOT_BITS)];
}

/* Keeps a text, if it is short and there is memory; without, the slot is free. */
static void keep(struct slot *slot, const struct gxt_stack *stack, const char *text, size_t size)
{
    slot->stack = NULL;
    if (!size || size > MAX_KEPT)
        return;
    if (slot->capacity < size) {
        char *grown = realloc(slot->text, size);
        if (!grown)
            return;
        slot->text = grown;
        slot->capacity = size;
    }
    memcpy(slot->text, text, size);
    slot->size = size;
    slot->stack = stack;
}

static void put_rendered(struct frames *frames, struct out *out, const struct gxt_stack *stack, struct slot *slot)
{
    struct out *scratch = &frames->scratch;
    size_t size;

    scratch->at = scratch->start;
    frames->render(scratch, stack);
    if (scratch->failed) {
        out->failed = scratch->failed;
        return;
    }
    size = (size_t)(scratch->at - scratch->start);
    out_bytes(out, scratch->start, size);
    keep(slot, stack, scratch->start, size);
}

void frames_put(struct frames *frames, struct out *out, const struct gxt_stack *stack)
{
    struct slot *slot;

    if (!stack)
        return;
    slot = home(frames, stack);
    if (slot->stack == stack)
        out_bytes(out, slot->text, slot->size);
    else
        put_rendered(frames, out, stack, slot);
}
