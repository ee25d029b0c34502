/* trace.c
 *
 * In: what reading a trace found, or an index kept. Out: the same, however it was had. Never: an order.
 */
#include "legacy_priv.h"

#include <stdlib.h>

void old_trace_init(struct old_trace *trace)
{
    for (unsigned first = 0; first < 256; first++) {
        const unsigned type = first & 0x3f, n_told = first >> 6;
        const struct old_spec *spec = &old_specs[type];
        struct old_quick *quick = &trace->quick[first];
        const unsigned n = 1u + spec->n_args + spec->stack;
        *quick = (struct old_quick){.n_args = spec->n_args,
                                    .type = (uint8_t)type,
                                    .plain = old_plain_type((uint8_t)type),
                                    .whose = old_whose((uint8_t)type),
                                    .stack = spec->stack};
        if (type <= OLD_BATCH || type >= OLD_N_TYPES || spec->since > trace->version || type == OLD_STRING ||
            type == OLD_STACK || type == OLD_FREQUENCY || type == OLD_TIMER_GOROUTINE || type == OLD_CPU_SAMPLE ||
            type == OLD_USER_LOG)
            continue;
        quick->n = n_told == 3 || n == n_told + 1 ? (uint8_t)n : 0;
        if (quick->n > 0 && type != OLD_GO_SYS_EXIT) /* which may have a mark */
            quick->certain = n_told == 3 ? 2 : 1;
        if (n_told == (n < 4 ? n - 1 : 3))
            quick->exact = quick->certain;
    }
}

void old_trace_done(struct old_trace *trace)
{
    gen_done(&trace->gen);
    free(trace->next_batch);
    free(trace->lanes);
    free(trace->message_list);
    free(trace->is_checked);
    for (size_t i = 0; i < LEGACY_N_STREAMS; i++)
        buf_done(&trace->streams[i].bytes);
    map_done(&trace->messages);
    map_done(&trace->timers);
    map_done(&trace->bad_stacks);
    struct old_trace empty = {.source = trace->source,
                              .pool = trace->pool,
                              .begin = trace->begin,
                              .end = trace->end,
                              .recovers = trace->recovers,
                              .end_places = trace->end_places,
                              .ends = trace->ends,
                              .n_ends = trace->n_ends,
                              .lost_from = trace->lost_from,
                              .ends_capacity = trace->ends_capacity,
                              .version = trace->version,
                              .finder = trace->finder};
    *trace = empty;
    old_trace_init(trace);
}

size_t old_lane_of(const struct old_trace *trace, int32_t p)
{
    size_t low = 0, high = trace->n_lanes - 1; /* the last one is of the samples */

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (trace->lanes[middle].p < p)
            low = middle + 1;
        else
            high = middle;
    }
    return low < trace->n_lanes - 1 && trace->lanes[low].p == p ? low : trace->n_lanes;
}

int old_trace_link(struct old_trace *trace)
{
    const struct gen_dir *dir = &trace->gen.dir;
    const size_t n = dir->n_batches;
    uint32_t *next = malloc((n + 1) * sizeof *next);

    if (!next)
        return GXT_ENOMEM;
    free(trace->next_batch);
    trace->next_batch = next;
    for (size_t i = 0; i < trace->n_lanes; i++)
        trace->lanes[i].first_batch = MAP_NONE;
    for (size_t i = n; i-- > 0;) {
        const struct gen_batch *batch = &dir->batches[i];
        next[i] = MAP_NONE;
        if (batch->experiment == 1 && i > 0)
            continue; /* goes on from the one before it */
        const size_t at = batch->thread >= INT32_MIN && batch->thread <= INT32_MAX
                              ? old_lane_of(trace, (int32_t)batch->thread)
                              : trace->n_lanes;
        if (at == trace->n_lanes)
            return GXT_EINDEX;
        next[i] = trace->lanes[at].first_batch;
        trace->lanes[at].first_batch = (uint32_t)i;
    }
    return 0;
}

int old_batch_open(struct old_trace *trace, uint32_t batch, struct span *ret, struct gxt_error *fault)
{
    const struct gen_dir *dir = &trace->gen.dir;
    const struct gen_batch *first = &dir->batches[batch];
    uint64_t end;
    size_t i = batch;

    do {
        const struct gen_batch *piece = &dir->batches[i];
        if (trace->is_known && !trace->is_checked[i]) {
            int r = gen_check_batch(&trace->gen, piece, fault);
            if (r < 0)
                return r;
            trace->is_checked[i] = 1;
        }
        end = piece->offset + piece->size;
        i++;
    } while (i < dir->n_batches && dir->batches[i].experiment == 1 && dir->batches[i].offset == end);
    *ret = source_span(trace->source, first->offset, end - first->offset);
    return 0;
}

/* ---- messages of logs ---- */

/* That of a number, as local ids count on from the trace's own. */
static const struct gxt_string *message_at(struct old_trace *trace, uint32_t at)
{
    return trace->message_list ? trace->message_list[at]
                               : gen_table_get(&trace->gen.strings, trace->max_string + 1 + at);
}

static int add_message(struct old_trace *trace, const struct gxt_string *string, struct gxt_error *fault)
{
    if (trace->n_messages >= MAP_NONE || !ROOM(trace->message_list, trace->n_messages, trace->messages_capacity) ||
        map_put(&trace->messages, string->id, (uint32_t)trace->n_messages) < 0)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an old trace");
    trace->message_list[trace->n_messages++] = string;
    return 0;
}

int old_message(struct old_trace *trace, struct span text, uint64_t *ret, struct gxt_error *fault)
{
    const size_t size = span_size(text);
    const void *bytes = text.at ? (const void *)text.at : "";
    const struct gxt_string *string;
    uint32_t at = map_get(&trace->messages, hash_bytes(bytes, size));

    string = at != MAP_NONE ? message_at(trace, at) : NULL;
    if (!string || string->len != size || memcmp(string->at, bytes, size) != 0) {
        int r = pool_string(trace->pool, bytes, size, &string);
        if (r < 0)
            return pool_refused(r, fault);
        at = map_get(&trace->messages, string->id);
        if (at == MAP_NONE && trace->is_known)
            return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "a log's message is not in the index");
        if (at == MAP_NONE) {
            at = (uint32_t)trace->n_messages;
            r = add_message(trace, string, fault);
            if (r < 0)
                return r;
        }
    }
    *ret = trace->max_string + 1 + at;
    return 0;
}

/* ---- streams ---- */

const uint8_t *old_stream_at(struct old_trace *trace, enum legacy_stream stream, uint64_t at, size_t n,
                             struct gxt_error *fault)
{
    struct old_stream *it = &trace->streams[stream];

    if (at > it->size || n > it->size - at) {
        (void)fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the index tells of too few events");
        return NULL;
    }
    if (trace->is_known && (at < it->from || at + n > it->from + it->bytes.size)) {
        const uint64_t number = at / LEGACY_PIECE_BYTES;
        it->bytes.size = 0;
        if (trace->finder.piece(trace->finder.user, stream, number, &it->bytes, fault) < 0) {
            it->bytes.size = 0;
            return NULL;
        }
        it->from = number * LEGACY_PIECE_BYTES;
        if (at - it->from > it->bytes.size || n > it->bytes.size - (at - it->from)) {
            (void)fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "a piece of the index is too short");
            it->bytes.size = 0;
            return NULL;
        }
    }
    return it->bytes.at + (at - it->from);
}

/* ---- what an index keeps ---- */

static void save_keys(const struct map *map, struct buf *ret)
{
    buf_put_varint(ret, map->n);
    for (uint64_t i = 0; map->slots && i <= map->mask; i++)
        if (map->slots[i].value != MAP_NONE)
            buf_put_varint(ret, map->slots[i].key);
}

static int restore_keys(struct reader *in, struct map *ret)
{
    const uint64_t n = reader_count(in, 1);
    int r = 0;

    for (uint64_t i = 0; i < n && r == 0; i++)
        r = map_put(ret, reader_varint(in), 1);
    return r;
}

void old_trace_save(const struct old_trace *trace, struct buf *ret)
{
    buf_put_varint(ret, trace->n_events);
    buf_put_signed(ret, trace->first_tick);
    buf_put_signed(ret, trace->ticks_per_second);
    buf_put_varint(ret, trace->max_string);
    buf_put_varint(ret, trace->first_own_id);
    for (size_t i = 0; i < LEGACY_N_STREAMS; i++)
        buf_put_varint(ret, trace->streams[i].size);
    buf_put_varint(ret, trace->n_lanes - 1);
    for (size_t i = 0; i + 1 < trace->n_lanes; i++) {
        buf_put_signed(ret, trace->lanes[i].p);
        buf_put_varint(ret, trace->lanes[i].end);
    }
    save_keys(&trace->timers, ret);
    save_keys(&trace->bad_stacks, ret);
}

static int restore_lanes(struct old_trace *trace, struct reader *in)
{
    const uint64_t n = reader_count(in, 2);

    trace->lanes = malloc(((size_t)n + 1) * sizeof *trace->lanes);
    if (!trace->lanes)
        return GXT_ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        const int64_t p = reader_signed(in);
        if (p < INT32_MIN || p > INT32_MAX || (i > 0 && p <= trace->lanes[i - 1].p))
            return GXT_EINDEX;
        trace->lanes[i] = (struct old_lane){.p = (int32_t)p, .end = reader_varint(in)};
    }
    trace->n_lanes = (size_t)n + 1;
    trace->lanes[n] = (struct old_lane){.p = PROFILE_P, .is_samples = true, .end = UINT64_MAX};
    return old_trace_link(trace);
}

/* Which content ids logs' messages have: the strings between the trace's own and ours. */
static int restore_messages(struct old_trace *trace)
{
    const struct gen_known *known = &trace->gen.known;
    int r = 0;

    for (size_t i = 0; i < known->n_strings && r == 0; i++) {
        const uint64_t local = known->strings[i].local;
        if (local <= trace->max_string || local >= trace->first_own_id)
            continue;
        if (local - trace->max_string - 1 >= MAP_NONE)
            return GXT_EINDEX;
        r = map_put(&trace->messages, known->strings[i].content, (uint32_t)(local - trace->max_string - 1));
    }
    return r;
}

int old_trace_restore(struct old_trace *trace, struct span bytes)
{
    struct reader in = {.in = bytes};

    trace->n_events = reader_varint(&in);
    trace->first_tick = reader_signed(&in);
    trace->ticks_per_second = reader_signed(&in);
    trace->max_string = reader_varint(&in);
    trace->first_own_id = reader_varint(&in);
    for (size_t i = 0; i < LEGACY_N_STREAMS; i++)
        trace->streams[i].size = reader_varint(&in);
    int r = in.failed || trace->ticks_per_second <= 0 || trace->first_own_id <= trace->max_string
                ? GXT_EINDEX
                : restore_lanes(trace, &in);
    if (r == 0)
        r = restore_keys(&in, &trace->timers);
    if (r == 0)
        r = restore_keys(&in, &trace->bad_stacks);
    if (r == 0)
        r = restore_messages(trace);
    return r == 0 && (in.failed || span_size(in.in) > 0) ? GXT_EINDEX : r;
}
