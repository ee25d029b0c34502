/* estimate.c
 *
 * In: a trace. Out: about how many events it has, and how far off that may be. Never: more than the headers of its
 * batches and some of them decoded.
 *
 * Events are counted in batches that are spread evenly over the trace. The others are taken to have as many for their
 * size; how much those that were counted differ in that tells the bound. Where there are too many batches to read all
 * their headers, sample.c does it from a part of these.
 */
#include "replay.h"

#include <math.h>
#include <stdlib.h>

enum {
    SAMPLED = 96,           /* batches */
    FIRST = 256,            /* batches that tell how many there are in all */
    LISTED = 4096,          /* batches, as far as the first tell, whose headers are all read … */
    MOST_LISTED = 8192,     /* … and as it turns out */
    LEAST_BYTES = 32 << 20, /* of a trace of which there are parts enough that hold many batches */
};

/* Batches of one kind. */
struct stratum {
    struct span *batches;
    size_t n, capacity;
    double events, error; /* estimated, and its standard error */
};

/* All batches that are counted from. */
struct listing {
    struct stratum events, samples;
    uint64_t n_generations;
};

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an estimate");
}

static int add(struct stratum *stratum, struct span batch)
{
    struct span *grown = array_grow(stratum->batches, stratum->n, &stratum->capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    stratum->batches = grown;
    stratum->batches[stratum->n++] = batch;
    return 0;
}

/* A switch between coroutines is three events. */
double estimate_count_events(struct span in, double *ret_bytes)
{
    const uint8_t *begin = in.at;
    struct wire_event event;
    double n = 0;

    while (span_size(in) > 0 && in.at - begin < ESTIMATE_PREFIX && wire_event(&in, &event) == 0)
        n += event.type == WIRE_GO_SWITCH || event.type == WIRE_GO_SWITCH_DESTROY ? 3 : 1;
    *ret_bytes = (double)(in.at - begin);
    return n;
}

double estimate_count_samples(struct span in, double *ret_bytes)
{
    const uint8_t *begin = in.at;
    uint64_t number;
    double n = 0;

    in.at++; /* the batch's own type byte */
    while (span_size(in) > 0 && in.at - begin < ESTIMATE_PREFIX && *in.at++ == WIRE_CPU_SAMPLE) {
        for (int i = 0; i < 5; i++)
            if (wire_varint(&in, &number) < 0)
                return n;
        n++;
    }
    *ret_bytes = (double)(in.at - begin);
    return n;
}

static void estimate(struct stratum *stratum, estimate_count *count)
{
    const size_t n = stratum->n < SAMPLED ? stratum->n : SAMPLED;
    double counted[SAMPLED], looked[SAMPLED] = {0}, bytes = 0, events = 0, total = 0, squares = 0;

    for (size_t i = 0; i < stratum->n; i++)
        total += (double)span_size(stratum->batches[i]);
    for (size_t i = 0; i < n; i++) {
        const struct span batch = stratum->batches[(2 * i + 1) * stratum->n / (2 * n)];
        counted[i] = count(batch, &looked[i]);
        events += counted[i];
        bytes += looked[i];
    }
    if (bytes == 0)
        return;
    const double share = events / bytes;
    for (size_t i = 0; i < n; i++) {
        double off = counted[i] - share * looked[i];
        squares += off * off;
    }
    stratum->events = share * total;
    if (n > 1 && bytes < total)
        stratum->error = total / bytes * sqrt((1 - bytes / total) * squares * (double)n / (double)(n - 1));
}

bool estimate_is_events(const struct gen_header *header)
{
    switch (header->first) {
    case WIRE_STRINGS:
    case WIRE_STACKS:
    case WIRE_CPU_SAMPLES:
    case WIRE_FREQUENCY:
    case WIRE_SYNC:
        return false;
    default:
        return header->type == WIRE_EVENT_BATCH && header->size > 0;
    }
}

bool estimate_is_samples(const struct gen_header *header)
{
    return header->type == WIRE_EVENT_BATCH && header->first == WIRE_CPU_SAMPLES && header->size > 0;
}

/* Whether reading all headers takes long, as the @n first ones tell, which end at @offset. */
static bool are_many(const struct source *source, uint64_t n, uint64_t offset)
{
    return source->size >= LEAST_BYTES &&
           (n >= MOST_LISTED || (n == FIRST && (double)source->size / (double)offset * FIRST > LISTED));
}

/* Lists the batches that hold events. What is no batch ends the list, as it ends the trace.
 * Return: 1; 0 when there are many, unless all are wanted; negative. */
static int list(const struct gxt_trace *trace, bool all, struct listing *ret, struct gxt_error *fault)
{
    const struct source *source = &trace->source;
    struct gen_header header = {0};
    uint64_t generation = 0, n = 0;
    int r = 0;

    for (uint64_t offset = trace->begin; r == 0 && offset < source->size && gen_peek(source, offset, &header);
         offset = header.data + header.size) {
        if (!all && are_many(source, n++, offset))
            return 0;
        if (header.type == WIRE_END_OF_GENERATION)
            continue;
        ret->n_generations += header.generation != generation;
        generation = header.generation;
        const struct span data = source_span(source, header.data, header.size);
        if (estimate_is_events(&header))
            r = add(&ret->events, data);
        else if (estimate_is_samples(&header))
            r = add(&ret->samples, data);
    }
    if (header.system_errno != 0)
        return fault_set_errno(fault, header.system_errno, "cannot read the trace");
    return r < 0 ? no_memory(fault) : 1;
}

static void listing_done(struct listing *listing)
{
    free(listing->events.batches);
    free(listing->samples.batches);
    *listing = (struct listing){0};
}

static void estimate_listed(struct listing *listing, struct gxt_estimate *ret)
{
    struct stratum *events = &listing->events, *samples = &listing->samples;

    estimate(events, estimate_count_events);
    estimate(samples, estimate_count_samples);
    const double bound = 3 * sqrt(events->error * events->error + samples->error * samples->error);
    ret->n_events = listing->n_generations + 1 + (uint64_t)(events->events + samples->events + 0.5);
    ret->bound = (uint64_t)(bound + 0.5);
    ret->n_batches = events->n + samples->n;
}

int trace_estimate(const struct gxt_trace *trace, struct gxt_estimate *ret, struct gxt_error *fault)
{
    struct listing listing = {0};

    if (wire_is_old(trace->facts.version))
        return fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET,
                         "batches of the format before Go 1.22 cannot be found one by one");
    int r = trace_check_whole(trace, fault);
    if (r < 0)
        return r;
    r = list(trace, false, &listing, fault);
    if (r == 0) {
        listing_done(&listing);
        r = sample_estimate(trace, ret, fault);
        if (r != 0)
            return r < 0 ? r : 0;
        r = list(trace, true, &listing, fault);
    }
    if (r > 0)
        estimate_listed(&listing, ret);
    listing_done(&listing);
    return r < 0 ? r : 0;
}
