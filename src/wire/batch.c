/* batch.c
 *
 * In: the bytes of a trace between two batches. Out: the next batch's header and where its data lies. Never: a look
 * into the data.
 *
 *     EventBatch          generation thread tick size | data
 *     ExperimentalBatch e generation thread tick size | data
 *     EndOfGeneration
 *
 * The type and the experiment e are a byte each, the other numbers varints.
 */
#include "wire.h"

static int read_type(struct span *in, struct wire_batch *batch)
{
    batch->type = *in->at;
    if (batch->type != WIRE_EVENT_BATCH && batch->type != WIRE_EXPERIMENTAL_BATCH)
        return GXT_ECORRUPT;
    in->at++;
    if (batch->type == WIRE_EVENT_BATCH)
        return 0;
    if (in->at == in->end)
        return GXT_ETRUNCATED;
    batch->experiment = *in->at++;
    return 0;
}

static int read_data(struct span *in, struct wire_batch *batch)
{
    const uint8_t *from = in->at;
    uint64_t size;

    int r = wire_varint(in, &size);
    if (r < 0)
        return r;
    if (size > WIRE_MAX_BATCH) {
        in->at = from;
        return GXT_ECORRUPT;
    }
    if (size > span_size(*in))
        return GXT_ETRUNCATED;
    batch->data = (struct span){in->at, in->at + size};
    in->at += size;
    return 0;
}

int wire_batch(struct span *in, struct wire_batch *ret)
{
    struct wire_batch batch = {0};
    int r;

    if (in->at == in->end)
        return 0;
    if (*in->at == WIRE_END_OF_GENERATION) {
        batch.type = *in->at;
        batch.data = (struct span){in->at, in->at + 1};
        in->at++;
        *ret = batch;
        return 1;
    }
    r = read_type(in, &batch);
    if (r < 0)
        return r;
    r = wire_varint(in, &batch.generation);
    if (r < 0)
        return r;
    ret->generation = batch.generation;
    r = wire_varint(in, &batch.thread);
    if (r < 0)
        return r;
    r = wire_varint(in, &batch.tick);
    if (r < 0)
        return r;
    r = read_data(in, &batch);
    if (r < 0)
        return r;
    *ret = batch;
    return 1;
}
