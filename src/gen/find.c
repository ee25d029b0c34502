/* find.c
 *
 * In: the bytes of a trace from some batch on. Out: the directory of the generation that begins there. Never: a look
 * into a batch beyond its first byte.
 *
 *     before 1.26   | batch g | batch g | … | batch g | batch g+1 …        the first batch of the next one ends it
 *     from 1.26     | batch g | batch g | … | EndOfGeneration | batch …    ends in so many words
 */
#include "gen_priv.h"

#include <stdlib.h>

void gen_dir_done(struct gen_dir *dir)
{
    free(dir->batches);
    memset(dir, 0, sizeof *dir);
}

/* What lies between two batches is hashed with the hash of all before it as a seed, and so is a batch's hash. */
static void hash_up_to(struct gen_hash *hash, const struct source *source, uint64_t to)
{
    hash->value = hash_bytes_seed(source->at + hash->at, (size_t)(to - hash->at), hash->value);
    hash->at = to;
}

uint64_t gen_hash_batch(struct gen_hash *hash, const struct source *source, const struct gen_batch *batch)
{
    const uint64_t own = hash_bytes(source->at + batch->offset, batch->size);

    hash_up_to(hash, source, batch->offset);
    hash->value = hash_bytes_seed(&own, sizeof own, hash->value);
    hash->at += batch->size;
    return own;
}

uint64_t gen_hash_end(struct gen_hash *hash, const struct source *source, uint64_t end)
{
    hash_up_to(hash, source, end);
    return hash->value;
}

enum gen_batch_kind find_kind(const struct wire_batch *batch, int version)
{
    if (batch->experiment != 0)
        return GEN_EXPERIMENTAL;
    if (span_size(batch->data) == 0)
        return GEN_EVENTS;
    switch (batch->data.at[0]) {
    case WIRE_STRINGS:
        return GEN_STRINGS;
    case WIRE_STACKS:
        return GEN_STACKS;
    case WIRE_CPU_SAMPLES:
        return GEN_SAMPLES;
    case WIRE_FREQUENCY:
        return version < 25 ? GEN_SYNC : GEN_EVENTS;
    case WIRE_SYNC:
        return version >= 25 ? GEN_SYNC : GEN_EVENTS;
    case WIRE_END_OF_GENERATION:
        return GEN_STRAY_END;
    default:
        return GEN_EVENTS;
    }
}

int find_add(struct gen_dir *dir, const struct wire_batch *batch, enum gen_batch_kind kind, const struct source *source)
{
    struct gen_batch *grown = array_grow(dir->batches, dir->n_batches, &dir->capacity, sizeof *grown);
    if (!grown)
        return GXT_ENOMEM;
    dir->batches = grown;
    dir->batches[dir->n_batches++] = (struct gen_batch){
        .offset = (uint64_t)(batch->data.at - source->at),
        .tick = batch->tick,
        .thread = (gxt_threadid)batch->thread,
        .size = (uint32_t)span_size(batch->data),
        .kind = (uint8_t)kind,
        .experiment = batch->experiment,
    };
    if (dir->min_tick == 0 || batch->tick < dir->min_tick)
        dir->min_tick = batch->tick;
    return 0;
}

int find_bad_batch(struct gxt_error *fault, int code, const struct source *source, struct span in)
{
    uint64_t offset = (uint64_t)(in.at - source->at);

    if (code == GXT_ETRUNCATED)
        return fault_set(fault, code, offset,
                         "the trace ends inside a batch: its writer was stopped, or the file was cut");
    if (span_size(in) > 0 && *in.at != WIRE_EVENT_BATCH && *in.at != WIRE_EXPERIMENTAL_BATCH)
        return fault_set(fault, code, offset, "expected a batch, found event type %u", *in.at);
    return fault_set(fault, code, offset, "a batch's header has a number that does not fit");
}

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a generation's directory");
}

/* As wire_batch(), of a trace that may still be arriving: what cannot be read for lack of bytes is tried again. */
static int next_batch(const struct source *source, struct span *in, struct wire_batch *ret)
{
    const uint8_t *at = in->at;
    int r;

    while (((r = wire_batch(in, ret)) == 0 || r == GXT_ETRUNCATED) && source_more(source))
        *in = (struct span){at, source->at + source->size};
    return r;
}

/* From Go 1.26 on: up to an EndOfGeneration. */
static int find_closed(struct gen_stream *stream, const struct source *source, struct gen_dir *dir, int version,
                       struct gxt_error *fault)
{
    struct span in = source_span(source, stream->offset, source->size - stream->offset);
    struct wire_batch batch;

    for (;;) {
        uint64_t offset = (uint64_t)(in.at - source->at);
        int r = next_batch(source, &in, &batch);
        if (r < 0)
            return find_bad_batch(fault, r, source, in);
        if (r == 0 && dir->n_batches == 0)
            return 0;
        if (r == 0)
            return fault_set(fault, GXT_ETRUNCATED, offset,
                             "the trace ends inside a generation: its writer was stopped, or the file was cut");

        enum gen_batch_kind kind = batch.type == WIRE_END_OF_GENERATION ? GEN_STRAY_END : find_kind(&batch, version);
        if (dir->number == 0)
            dir->number = batch.generation;
        if (kind == GEN_STRAY_END) {
            dir->end = stream->offset = (uint64_t)(in.at - source->at);
            return 1;
        }
        if (batch.generation == 0)
            return fault_set(fault, GXT_ECORRUPT, offset, "invalid generation number 0");
        if (batch.generation != dir->number)
            return fault_set(fault, GXT_ECORRUPT, offset, "a batch of generation %llu inside generation %llu",
                             (unsigned long long)batch.generation, (unsigned long long)dir->number);
        if (find_add(dir, &batch, kind, source) < 0)
            return no_memory(fault);
    }
}

/* Before Go 1.26: up to the first batch of the next generation, the end of the file, or what cannot be read. */
static int find_followed(struct gen_stream *stream, const struct source *source, struct gen_dir *dir, int version,
                         struct gxt_error *fault)
{
    struct span in = source_span(source, stream->offset, source->size - stream->offset);
    struct wire_batch batch;

    stream->more = false;
    for (;;) {
        uint64_t offset = dir->end = (uint64_t)(in.at - source->at);
        int r = next_batch(source, &in, &batch);
        if (r < 0 && dir->number == 0)
            return find_bad_batch(fault, r, source, in);
        if (r < 0)
            (void)find_bad_batch(&stream->fault, r, source, in);
        if (r == 0 && dir->number == 0)
            return fault_set(fault, GXT_ETRUNCATED, offset, "the trace has no generation: no frequency event found");
        if (r <= 0)
            return 1;

        if (batch.generation == 0)
            return fault_set(fault, GXT_ECORRUPT, offset, "invalid generation number 0");
        if (dir->number == 0)
            dir->number = batch.generation;
        if (batch.generation == dir->number + 1) {
            stream->more = true;
            return 1;
        }
        if (batch.generation != dir->number)
            return fault_set(fault, GXT_ECORRUPT, offset, "generations out of order: %llu after %llu",
                             (unsigned long long)batch.generation, (unsigned long long)dir->number);
        if (find_add(dir, &batch, find_kind(&batch, version), source) < 0)
            return no_memory(fault);
    }
}

void find_begin(const struct gen_stream *stream, struct gen_dir *ret)
{
    *ret = (struct gen_dir){.batches = ret->batches,
                            .capacity = ret->capacity,
                            .begin = stream->offset,
                            .end = stream->offset,
                            .recovers = stream->recovers};
}

int gen_find(struct gen_stream *stream, const struct source *source, int version, struct gen_dir *ret,
             struct gxt_error *fault)
{
    find_begin(stream, ret);
    int r = source_check_held(source, stream->offset, fault);
    if (r < 0)
        return r;
    if (stream->recovers)
        return salvage(stream, source, version, ret, fault);
    if (version >= 26)
        return find_closed(stream, source, ret, version, fault);
    if (stream->fault.code < 0) {
        if (fault)
            *fault = stream->fault;
        return stream->fault.code;
    }
    if (stream->begun && !stream->more)
        return 0;

    r = find_followed(stream, source, ret, version, fault);
    if (r < 0)
        return r;
    stream->begun = true;
    stream->offset = ret->end;
    return 1;
}
