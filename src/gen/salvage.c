/* salvage.c
 *
 * In: the bytes of a trace that may be hurt, from some batch on. Out: the directory of the generation that begins
 * there, without what cannot be read. Never: a batch of which nothing but its header speaks.
 *
 *     | batch g | batch g | ?????????? | batch g | batch g+1 …      the gap costs what stood in it
 *     | batch g | ????????????????????? | batch g+2 …              … or the generation's rest, and more of them
 */
#include "gen_priv.h"

#include <gxt/limits.h>

enum {
    EFFORT = 16 /* bytes of events read for each that is passed over: who wrote the bytes may wish to keep us busy */
};

/* A search for the next batch. */
struct search {
    uint64_t number; /* of the generation at hand; 0 for none */
    uint64_t tick;   /* no batch is much earlier */
    int version;
    uint64_t effort; /* bytes of events that may be read still */
};

/* Whether a generation's number may come behind another one's, 0 for none. */
static bool is_near(uint64_t generation, uint64_t number)
{
    return generation != 0 && (number == 0 || generation - number <= GXT_MAX_GAP_GENERATIONS);
}

static bool are_events(struct search *search, struct span in)
{
    struct wire_event event;
    const uint8_t *begin = in.at;

    if (span_size(in) == 0)
        return false;
    while (span_size(in) > 0 && (uint64_t)(in.at - begin) <= search->effort)
        if (wire_event_slow(&in, &event) < 0)
            break;
    search->effort -= (uint64_t)(in.at - begin) < search->effort ? (uint64_t)(in.at - begin) : search->effort;
    return span_size(in) == 0;
}

static bool has_records(struct span in, uint8_t type)
{
    return span_size(in) > 1 && in.at[1] == type;
}

static bool is_plausible_data(struct search *search, const struct wire_batch *batch)
{
    const int version = search->version;

    switch (find_kind(batch, version)) {
    case GEN_EVENTS:
        return are_events(search, batch->data);
    case GEN_STRINGS:
        return has_records(batch->data, WIRE_STRING);
    case GEN_STACKS:
        return has_records(batch->data, WIRE_STACK);
    case GEN_SAMPLES:
        return has_records(batch->data, WIRE_CPU_SAMPLE);
    case GEN_SYNC:
        return version < 25 || has_records(batch->data, WIRE_FREQUENCY) ||
               has_records(batch->data, WIRE_CLOCK_SNAPSHOT);
    default:
        return batch->type == WIRE_EXPERIMENTAL_BATCH && wire_experiment_name(batch->experiment)[0] != '\0';
    }
}

/* Whether a batch begins here, and what comes behind it is one too, or the end. */
static bool is_plausible(struct search *search, struct span in)
{
    struct wire_batch batch, next;

    if (wire_batch(&in, &batch) <= 0 || batch.type == WIRE_END_OF_GENERATION ||
        !is_near(batch.generation, search->number) || batch.tick < search->tick / 2 ||
        !is_plausible_data(search, &batch))
        return false;
    if (span_size(in) == 0 || (*in.at == WIRE_END_OF_GENERATION && search->version >= 26))
        return true;
    int r = wire_batch(&in, &next);
    return r > 0 ? is_near(next.generation, batch.generation) : r == GXT_ETRUNCATED;
}

/* The next place behind @at where a batch may begin, or the end. */
static const uint8_t *next_place(const uint8_t *at, const uint8_t *end, const struct gen_dir *dir, int version)
{
    struct search search = {.number = dir->number, .tick = dir->min_tick, .version = version, .effort = WIRE_MAX_BATCH};

    for (at++; at < end; at++) {
        search.effort += EFFORT;
        if ((*at == WIRE_EVENT_BATCH || *at == WIRE_EXPERIMENTAL_BATCH) &&
            is_plausible(&search, (struct span){at, end}))
            return at;
    }
    return end;
}

enum verdict {
    IT_BELONGS,
    IT_ENDS,      /* the generation, and the batch with it */
    ANOTHER_ONE,  /* begins with the batch */
    IT_IS_DAMAGE, /* and is passed over */
};

/* What a batch that can be read is to the generation at hand; the fault, if there is one. */
static enum verdict judge(const struct gen_dir *dir, const struct wire_batch *batch, uint64_t offset, int version,
                          struct gxt_error *fault)
{
    if (batch->type == WIRE_END_OF_GENERATION && version >= 26 && dir->n_batches > 0)
        return IT_ENDS;
    if (batch->type == WIRE_END_OF_GENERATION || find_kind(batch, version) == GEN_STRAY_END)
        (void)fault_set(fault, GXT_ECORRUPT, offset, "an end of generation where there is none to end");
    else if (batch->generation == 0)
        (void)fault_set(fault, GXT_ECORRUPT, offset, "invalid generation number 0");
    else if (dir->number == 0 || batch->generation == dir->number)
        return IT_BELONGS;
    else {
        if (version >= 26 || batch->generation != dir->number + 1)
            (void)fault_set(fault, GXT_ECORRUPT, offset, "a batch of generation %llu inside generation %llu",
                            (unsigned long long)batch->generation, (unsigned long long)dir->number);
        return ANOTHER_ONE;
    }
    return IT_IS_DAMAGE;
}

/* The file is at its end. Return: whether there is a generation. */
static bool end_of_file(struct gen_stream *stream, const struct source *source, struct gen_dir *dir, int version)
{
    struct gxt_error fault;
    const bool is_first = !stream->begun;

    dir->end = stream->offset = source->size;
    stream->begun = true;
    stream->more = false;
    if (dir->n_batches == 0 && is_first && version < 26 && dir->loss.n_faults == 0) {
        (void)fault_set(&fault, GXT_ETRUNCATED, source->size, "the trace has no generation: no frequency event found");
        loss_note(&dir->loss, &fault, 0);
    }
    if (dir->n_batches == 0)
        return false;
    if (version < 26)
        return true;
    (void)fault_set(&fault, GXT_ETRUNCATED, source->size,
                    "the trace ends inside a generation: its writer was stopped, or the file was cut");
    loss_note(&dir->loss, &fault, 0);
    return true;
}

static void pass_over(struct gen_dir *dir, struct span *in, const uint8_t *from, int version,
                      const struct gxt_error *fault)
{
    in->at = next_place(from, in->end, dir, version);
    loss_note(&dir->loss, fault, (uint64_t)(in->at - from));
    dir->severed = dir->severed || dir->n_batches == 0;
}

int salvage(struct gen_stream *stream, const struct source *source, int version, struct gen_dir *ret,
            struct gxt_error *fault)
{
    struct span in = source_span(source, stream->offset, source->size - stream->offset);
    struct wire_batch batch;

    find_begin(stream, ret);
    for (;;) {
        const uint8_t *from = in.at;
        const uint64_t offset = (uint64_t)(from - source->at);
        enum verdict verdict = IT_IS_DAMAGE;
        struct gxt_error found = {0};
        int r = wire_batch(&in, &batch);
        if (r == 0)
            return end_of_file(stream, source, ret, version);
        if (r < 0)
            (void)find_bad_batch(&found, r, source, in);
        else
            verdict = judge(ret, &batch, offset, version, &found);

        if (verdict == IT_BELONGS) {
            ret->number = batch.generation;
            if (find_add(ret, &batch, find_kind(&batch, version), source) < 0)
                return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a generation's directory");
            continue;
        }
        if (verdict == IT_IS_DAMAGE) {
            pass_over(ret, &in, from, version, &found);
            continue;
        }
        if (found.code < 0)
            loss_note(&ret->loss, &found, 0);
        ret->end = stream->offset = (uint64_t)((verdict == IT_ENDS ? in.at : from) - source->at);
        stream->begun = stream->more = true;
        return 1;
    }
}
