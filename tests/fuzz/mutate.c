/* mutate.c
 *
 * In: a trace. Out: another one, near it. Never: a batch whose length is wrong, but where the bytes were no trace.
 *
 *     header | batch | batch | … | what is no batch          taken apart
 *              event | event | …                             one batch of events, cut in its events
 */
#include "mutate.h"

#include "fuzz.h"

#include <stdlib.h>

enum {
    MOST_BATCHES = 600,
    MOST_EVENTS = 4000, /* of a batch */
    ROUNDS = 3,         /* changes at once, at most */
};

struct piece {
    struct wire_batch batch; /* data: into the input, or into what `made` holds */
};

struct parts {
    struct span header, tail;
    struct piece pieces[MOST_BATCHES];
    size_t n;
    struct arena made;
    uint64_t dice;
    mutate_bytes *bytes;
};

static uint64_t roll(struct parts *parts, uint64_t n)
{
    return next_random(&parts->dice) % n;
}

/* ---- apart, and together ---- */

static void take_apart(struct parts *parts, const uint8_t *data, size_t size)
{
    struct span in = {data, data + size};
    int version;

    parts->n = 0;
    if (wire_header(&in, &version) == 0) {
        parts->header = (struct span){data, in.at};
        for (; parts->n < MOST_BATCHES; parts->n++) {
            struct span rest = in;
            if (wire_batch(&rest, &parts->pieces[parts->n].batch) != 1)
                break;
            in = rest;
        }
    }
    parts->tail = in;
}

static void put_batch(const struct wire_batch *batch, struct buf *ret)
{
    buf_put_u8(ret, batch->type);
    if (batch->type == WIRE_END_OF_GENERATION)
        return;
    if (batch->type == WIRE_EXPERIMENTAL_BATCH)
        buf_put_u8(ret, batch->experiment);
    buf_put_varint(ret, batch->generation);
    buf_put_varint(ret, batch->thread);
    buf_put_varint(ret, batch->tick);
    buf_put_varint(ret, span_size(batch->data));
    buf_put(ret, batch->data.at, span_size(batch->data));
}

static bool is_same_batch(const struct wire_batch *a, const struct wire_batch *b)
{
    if (a->type == WIRE_END_OF_GENERATION)
        return b->type == a->type; /* nothing else of it is written */
    return a->type == b->type && a->experiment == b->experiment && a->generation == b->generation &&
           a->thread == b->thread && a->tick == b->tick && span_size(a->data) == span_size(b->data) &&
           memcmp(a->data.at, b->data.at, span_size(a->data)) == 0;
}

/* What was put together comes apart as it was. */
static void check_again(const struct parts *parts, const struct buf *written)
{
    struct span in = {written->at + span_size(parts->header), written->at + written->size};
    struct wire_batch batch;

    for (size_t i = 0; i < parts->n; i++) {
        batch = (struct wire_batch){0};
        if (wire_batch(&in, &batch) != 1 || !is_same_batch(&batch, &parts->pieces[i].batch))
            fuzz_wrong("a changed trace comes apart otherwise", i);
    }
    if (span_size(in) != span_size(parts->tail))
        fuzz_wrong("a changed trace has another tail", parts->n);
}

/* Return: whether it fits. */
static bool put_together(const struct parts *parts, uint8_t *data, size_t max_size, size_t *ret_size)
{
    struct buf out = {0};

    buf_put(&out, parts->header.at, span_size(parts->header));
    for (size_t i = 0; i < parts->n; i++)
        put_batch(&parts->pieces[i].batch, &out);
    if (span_size(parts->tail) > 0)
        buf_put(&out, parts->tail.at, span_size(parts->tail));
    const bool fits = !out.failed && out.size <= max_size;
    if (fits) {
        check_again(parts, &out);
        memcpy(data, out.at, out.size);
        *ret_size = out.size;
    }
    buf_done(&out);
    return fits;
}

static void set_data(struct parts *parts, struct wire_batch *batch, const struct buf *data)
{
    uint8_t *copy = arena_alloc(&parts->made, data->size + 1);

    if (!copy || data->failed || data->size > WIRE_MAX_BATCH)
        return;
    if (data->size > 0)
        memcpy(copy, data->at, data->size);
    batch->data = (struct span){copy, copy + data->size};
}

/* ---- events ---- */

static bool has_events(const struct wire_batch *batch)
{
    return batch->type == WIRE_EVENT_BATCH && span_size(batch->data) > 0 && wire_specs[*batch->data.at].timed;
}

static uint64_t near(struct parts *parts, uint64_t value)
{
    static const uint64_t others[] = {0,     1,        2,          3,          4,
                                      127,   128,      UINT64_MAX, INT64_MAX,  UINT64_MAX - 1,
                                      16383, 1u << 14, UINT32_MAX, 1000000000, UINT64_C(1) << 63};

    switch (roll(parts, 4)) {
    case 0:
        return others[roll(parts, sizeof others / sizeof *others)];
    case 1:
        return value + 1;
    case 2:
        return value - 1;
    default:
        return value ^ UINT64_C(1) << roll(parts, 64) % (1 + roll(parts, 64));
    }
}

static struct wire_batch *some_batch(struct parts *parts)
{
    return &parts->pieces[roll(parts, parts->n)].batch;
}

/* A batch that has events, or NULL. */
static struct wire_batch *some_events(struct parts *parts)
{
    for (int i = 0; i < 20; i++) {
        struct wire_batch *batch = some_batch(parts);
        if (has_events(batch))
            return batch;
    }
    return NULL;
}

/* One of the events of a batch. Return: whether there is one. */
static bool some_event(struct parts *parts, const struct wire_batch *batch, struct span *ret)
{
    static struct span events[MOST_EVENTS];
    struct span in = batch->data;
    struct wire_event event;
    size_t n = 0;

    while (n < MOST_EVENTS && span_size(in) > 0) {
        const uint8_t *begin = in.at;
        if (wire_event_slow(&in, &event) != 0)
            break;
        events[n++] = (struct span){begin, in.at};
    }
    if (n > 0)
        *ret = events[roll(parts, n)];
    return n > 0;
}

/* A number, in more bytes than it needs now and then. */
static void put_number(struct parts *parts, uint64_t value, struct buf *ret)
{
    if (roll(parts, 8) != 0) {
        buf_put_varint(ret, value);
        return;
    }
    for (int i = 0; i < 9; i++, value >>= 7)
        buf_put_u8(ret, (uint8_t)value | 0x80);
    buf_put_u8(ret, (uint8_t)value);
}

static void put_event(struct parts *parts, const struct wire_event *event, struct buf *ret)
{
    buf_put_u8(ret, event->type);
    put_number(parts, event->delta, ret);
    for (unsigned i = 0; i < wire_specs[event->type].n_args; i++)
        put_number(parts, event->args[i], ret);
}

/* Another value, or one that another event has. */
static void change_argument(struct parts *parts, struct wire_event *event)
{
    const unsigned n = wire_specs[event->type].n_args;
    uint64_t *value = n > 0 && roll(parts, 6) != 0 ? &event->args[roll(parts, n)] : &event->delta;
    const struct wire_batch *batch = some_events(parts);
    struct wire_event other = {0};
    struct span in;

    if (roll(parts, 2) == 0 || !batch || !some_event(parts, batch, &in) || wire_event_slow(&in, &other) != 0)
        *value = near(parts, *value);
    else
        *value = other.args[roll(parts, WIRE_MAX_ARGS)];
}

static void change_type(struct parts *parts, struct wire_event *event)
{
    uint8_t type;

    do
        type = (uint8_t)roll(parts, WIRE_N_TYPES);
    while (!wire_specs[type].timed);
    event->type = type; /* arguments that it has beyond the other's are what they were, or 0 */
}

/* A batch with the bytes of one event, [from.at, from.end), given way to others. */
static void replace(struct parts *parts, struct wire_batch *batch, struct span from, const struct buf *with)
{
    struct buf data = {0};

    buf_put(&data, batch->data.at, (size_t)(from.at - batch->data.at));
    if (with->size > 0)
        buf_put(&data, with->at, with->size);
    buf_put(&data, from.end, (size_t)(batch->data.end - from.end));
    set_data(parts, batch, &data);
    buf_done(&data);
}

static void change_event(struct parts *parts)
{
    struct wire_batch *batch = some_events(parts), *other = some_events(parts);
    struct wire_event event = {0};
    struct buf with = {0};
    struct span from, in, more;

    if (!batch || !some_event(parts, batch, &from) || !some_event(parts, other ? other : batch, &more))
        return;
    in = from;
    (void)wire_event_slow(&in, &event);
    switch (roll(parts, 8)) {
    case 0:
        change_type(parts, &event);
        put_event(parts, &event, &with);
        break;
    case 1: /* taken out */
        break;
    case 2: /* twice */
        put_event(parts, &event, &with);
        put_event(parts, &event, &with);
        break;
    case 3: /* another batch's before it, or behind it */
        buf_put(&with, more.at, span_size(more));
        put_event(parts, &event, &with);
        break;
    case 4:
        put_event(parts, &event, &with);
        buf_put(&with, more.at, span_size(more));
        break;
    default:
        change_argument(parts, &event);
        put_event(parts, &event, &with);
        break;
    }
    replace(parts, batch, from, &with);
    buf_done(&with);
}

/* ---- batches ---- */

static void change_head(struct parts *parts)
{
    struct wire_batch *batch = some_batch(parts);
    const struct wire_batch *other = some_batch(parts);

    switch (roll(parts, 6)) {
    case 0:
        batch->thread = near(parts, batch->thread);
        break;
    case 1:
        batch->thread = other->thread;
        break;
    case 2:
        batch->tick = near(parts, batch->tick);
        break;
    case 3:
        batch->tick = other->tick;
        break;
    case 4:
        batch->generation = other->generation;
        break;
    default:
        batch->generation = near(parts, batch->generation);
        break;
    }
}

static void change_place(struct parts *parts)
{
    const size_t i = roll(parts, parts->n), k = roll(parts, parts->n);
    const struct piece piece = parts->pieces[i];

    switch (roll(parts, 3)) {
    case 0: /* exchanged */
        parts->pieces[i] = parts->pieces[k];
        parts->pieces[k] = piece;
        break;
    case 1: /* taken out */
        if (parts->n > 1) {
            parts->n--;
            memmove(&parts->pieces[i], &parts->pieces[i + 1], (parts->n - i) * sizeof piece);
        }
        break;
    default: /* once more, at another place */
        if (parts->n < MOST_BATCHES) {
            memmove(&parts->pieces[k + 1], &parts->pieces[k], (parts->n - k) * sizeof piece);
            parts->pieces[k] = piece;
            parts->n++;
        }
        break;
    }
}

/* The batches from one that begins a generation up to before the next one. */
static void find_generation(struct parts *parts, size_t *ret_begin, size_t *ret_end)
{
    size_t begin = roll(parts, parts->n), end = begin;
    const uint64_t generation = parts->pieces[begin].batch.generation;

    while (begin > 0 && parts->pieces[begin - 1].batch.generation == generation)
        begin--;
    while (end < parts->n && parts->pieces[end].batch.generation == generation)
        end++;
    if (end < parts->n && parts->pieces[end].batch.type == WIRE_END_OF_GENERATION)
        end++;
    *ret_begin = begin;
    *ret_end = end;
}

/* Once more at the end, with the next number; not at all; or one whose events are gone. */
static void change_generation(struct parts *parts)
{
    size_t begin, end;

    find_generation(parts, &begin, &end);
    const size_t n = end - begin, how = roll(parts, 3);
    if (how == 0 && parts->n + n <= MOST_BATCHES) {
        const uint64_t last = parts->pieces[parts->n - 1].batch.generation;
        memcpy(&parts->pieces[parts->n], &parts->pieces[begin], n * sizeof *parts->pieces);
        for (size_t i = parts->n; i < parts->n + n; i++)
            if (parts->pieces[i].batch.type != WIRE_END_OF_GENERATION)
                parts->pieces[i].batch.generation = (last ? last : parts->pieces[begin].batch.generation) + 1;
        parts->n += n;
    } else if (how == 1 && n < parts->n) {
        memmove(&parts->pieces[begin], &parts->pieces[end], (parts->n - end) * sizeof *parts->pieces);
        parts->n -= n;
    } else if (how == 2) {
        for (size_t i = begin; i < end; i++)
            if (has_events(&parts->pieces[i].batch))
                parts->pieces[i].batch.data.end = parts->pieces[i].batch.data.at;
    }
}

/* A batch cut in two: the second begins where an event does. */
static void cut_batch(struct parts *parts)
{
    struct wire_batch *batch = some_events(parts);
    struct span at;

    if (!batch || parts->n == MOST_BATCHES || !some_event(parts, batch, &at))
        return;
    const size_t i = (size_t)((struct piece *)(void *)batch - parts->pieces);
    memmove(&parts->pieces[i + 1], &parts->pieces[i], (parts->n - i) * sizeof *parts->pieces);
    parts->n++;
    parts->pieces[i].batch.data.end = at.at;
    parts->pieces[i + 1].batch.data.at = at.at;
}

/* The bytes of a batch, whatever they are: a table's mostly. */
static void change_table(struct parts *parts)
{
    struct wire_batch *batch = some_batch(parts);

    for (int i = 0; i < 20 && (has_events(batch) || batch->type == WIRE_END_OF_GENERATION); i++)
        batch = some_batch(parts);
    if (batch->type == WIRE_END_OF_GENERATION)
        return;
    const size_t size = span_size(batch->data), room = size + 32;
    struct buf data = {0};
    buf_put(&data, batch->data.at, size);
    if (buf_reserve(&data, room)) {
        data.size = parts->bytes(data.at, size, room);
        set_data(parts, batch, &data);
    }
    buf_done(&data);
}

static void change(struct parts *parts)
{
    switch (roll(parts, 16)) {
    case 0:
    case 1:
        change_head(parts);
        break;
    case 2:
        change_place(parts);
        break;
    case 3:
        change_generation(parts);
        break;
    case 4:
    case 5:
        change_table(parts);
        break;
    case 6:
        cut_batch(parts);
        break;
    default:
        change_event(parts);
        break;
    }
}

size_t mutate(uint8_t *data, size_t size, size_t max_size, uint64_t dice, mutate_bytes *bytes)
{
    static struct parts parts;
    size_t changed = size;

    parts = (struct parts){.dice = dice, .bytes = bytes};
    take_apart(&parts, data, size);
    if (parts.n == 0 || roll(&parts, 12) == 0)
        return bytes(data, size, max_size);
    for (uint64_t i = 1 + roll(&parts, ROUNDS); i > 0; i--)
        change(&parts);
    if (!put_together(&parts, data, max_size, &changed))
        changed = bytes(data, size, max_size);
    arena_done(&parts.made);
    return changed;
}
