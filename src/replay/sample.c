/* sample.c
 *
 * In: a trace with many batches. Out: about how many events it has, and how far off that may be. Never: the headers of
 * most of its batches read, or a page of the mapping touched.
 *
 *     |        stretch        |        stretch        |        stretch        | …      96 of them
 *        ^···|##|######|###|        ^·|####|####|###|  ^·····|####|##|#####|
 *        |   landing, and a run of batches behind it
 *        a place in the stretch
 *
 * A batch's beginning is found by what headers look like, and believed when the headers that it leads to go on to the
 * run's end. Of a run the sizes of all batches are known, and the events of one are counted, or of some where they are
 * short: of that in which a byte lies that is chosen evenly among those of all its event batches, so that a long batch
 * is chosen as often as it is long. Its events by its size, times the size of them all, tell the run's events without
 * bias. Tables and the like are bytes without events.
 *
 * The trace has as many events for its size as the runs together: the quotient of sums. That has no bias for the places
 * falling into long batches more often: a run begins at the end of a batch, and ends with the first one that reaches so
 * many bytes, which depends on nothing behind it, so that sizes and events grow in step as they do in the whole (Wald's
 * equation). A run that has enough batches earlier, as they are short, is taken for as many bytes of its kind, or the
 * parts of a trace with short batches would count less than their bytes. How much the runs differ from the quotient
 * tells the error, of what is counted and of where the tables lie alike. The places move through the stretches by the
 * golden section, so that they do not keep in step with the generations, which are of one length each in time.
 */
#include "replay.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    RUNS = 96,
    RUN_BYTES = 1 << 20, /* of a run, … */
    ENOUGH = 32,         /* … or as many batches, when they are longer together than one can be */
    SHORT = 8,           /* batches of a run that are counted in, when they are short */
    PEEKS = 32 << 10,    /* headers read at most in all: chains may be laid to lead on and on to nothing */
    LANDING = WIRE_MAX_BATCH + 2 * GEN_MOST_HEADER, /* bytes in which a header is, wherever they are */
};

/* A batch in the file. */
struct batch {
    uint64_t data, size;
};

/* Batches of one kind in a run. */
struct kind {
    struct batch *batches;
    size_t n, capacity;
    uint64_t bytes;
};

/* A run of batches. */
struct run {
    struct kind events, samples;
    uint64_t n_generations; /* that begin in it */
    uint64_t bytes;         /* of all its batches and their headers */
};

struct sampling {
    const struct gxt_trace *trace;
    struct gxt_error *fault;
    uint64_t run_bytes;
    uint64_t peeks; /* that may be made still */
    struct run run; /* its memory is used again */
    uint8_t bytes[LANDING];
};

/* What a run tells. */
struct told {
    double events, batches, bytes;
};

static int cannot_read(const struct sampling *sampling, int system_errno)
{
    return fault_set_errno(sampling->fault, system_errno, "cannot read the trace");
}

/* Reads up to @size bytes, of which there are fewer when the file has been cut. Return: 1; negative. */
static int read_bytes(struct sampling *sampling, uint64_t offset, uint64_t size, struct span *ret)
{
    ssize_t n = pread(sampling->trace->source.fd, sampling->bytes, (size_t)size, (off_t)offset);

    if (n < 0)
        return cannot_read(sampling, errno);
    *ret = (struct span){sampling->bytes, sampling->bytes + n};
    return 1;
}

static int add(struct sampling *sampling, struct kind *kind, const struct gen_header *header)
{
    struct batch *grown = array_grow(kind->batches, kind->n, &kind->capacity, sizeof *grown);

    if (!grown)
        return fault_set(sampling->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an estimate");
    kind->batches = grown;
    kind->batches[kind->n++] = (struct batch){header->data, header->size};
    kind->bytes += header->size;
    return 1;
}

static int take(struct sampling *sampling, const struct gen_header *header)
{
    struct run *run = &sampling->run;

    if (estimate_is_events(header))
        return add(sampling, &run->events, header);
    if (estimate_is_samples(header))
        return add(sampling, &run->samples, header);
    return 1;
}

static bool is_enough(const struct sampling *sampling, uint64_t n)
{
    const struct run *run = &sampling->run;

    return run->bytes >= sampling->run_bytes || (n >= ENOUGH && run->bytes > WIRE_MAX_BATCH);
}

/* Return: 1; 0 when there is none, or none that may follow one of a generation; negative. */
static int peek(struct sampling *sampling, uint64_t offset, uint64_t generation, struct gen_header *ret)
{
    if (sampling->peeks == 0)
        return 0;
    sampling->peeks--;
    if (!gen_peek(&sampling->trace->source, offset, ret))
        return ret->system_errno != 0 ? cannot_read(sampling, ret->system_errno) : 0;
    if (ret->type == WIRE_END_OF_GENERATION)
        return 1;
    return ret->generation == generation || ret->generation == generation + 1;
}

/* Follows the headers behind the batch that begins at an offset. Return: 1; 0 where they end too early; negative. */
static int follow(struct sampling *sampling, uint64_t offset)
{
    struct run *run = &sampling->run;
    struct gen_header header = {0};
    int r = sampling->peeks > 0 && gen_peek(&sampling->trace->source, offset, &header);

    run->events.n = run->samples.n = 0;
    run->events.bytes = run->samples.bytes = run->n_generations = run->bytes = 0;
    for (uint64_t generation = header.generation, n = 0; r > 0 && !is_enough(sampling, n); n++) {
        offset = header.data + header.size;
        r = peek(sampling, offset, generation, &header);
        if (r <= 0)
            break;
        run->bytes += header.data + header.size - offset;
        if (header.type == WIRE_END_OF_GENERATION)
            continue;
        run->n_generations += header.generation != generation;
        generation = header.generation;
        r = take(sampling, &header);
    }
    return r;
}

/* Finds a run behind an offset. Return: 1; 0 when there is none; negative. */
static int find_run(struct sampling *sampling, uint64_t offset, bool padded)
{
    struct span in = {0};
    int r = read_bytes(sampling, offset, LANDING, &in);

    if (r < 0)
        return r;
    const uint8_t *at = gen_land(in, padded);
    for (r = 0; at < in.end && r == 0; at = gen_land((struct span){at + 1, in.end}, padded))
        r = follow(sampling, offset + (uint64_t)(at - in.at));
    return r;
}

/* Events by byte, of the batch in which a byte of all those of its kind lies.
 * Return: 1; 0 when the batch is gone; negative. */
static int count_at(struct sampling *sampling, const struct kind *kind, double byte, estimate_count *count_in,
                    double *ret)
{
    uint64_t left = (uint64_t)byte;
    const struct batch *batch = kind->batches;
    struct span in;
    double bytes;

    for (; left >= batch->size && batch < kind->batches + kind->n - 1; batch++)
        left -= batch->size;
    const uint64_t size = batch->size < ESTIMATE_PREFIX ? batch->size : ESTIMATE_PREFIX;
    const int r = read_bytes(sampling, batch->data, size, &in);
    if (r < 0 || span_size(in) < size)
        return r < 0 ? r : 0;
    const double n = count_in(in, &bytes);
    *ret = bytes > 0 ? n / bytes : 0;
    return 1;
}

/* Events of all batches of a kind, as one of them tells, or some that are no more bytes together. Return: as there. */
static int count(struct sampling *sampling, const struct kind *kind, double share, estimate_count *count_in,
                 double *ret)
{
    size_t n = kind->n < SHORT ? kind->n : SHORT;
    double sum = 0, one = 0;
    int r = 1;

    while (n > 1 && kind->bytes / kind->n * n > ESTIMATE_PREFIX)
        n--;
    for (size_t i = 0; r > 0 && i < n; i++) {
        r = count_at(sampling, kind, ((double)i + share) / (double)n * (double)kind->bytes, count_in, &one);
        sum += one;
    }
    *ret = n > 0 ? sum / (double)n * (double)kind->bytes : 0;
    return r;
}

/* What the run that was found tells. Return: 1; 0 when it is gone; negative. */
static int tell(struct sampling *sampling, double share, struct told *ret)
{
    const struct run *run = &sampling->run;
    double events, samples;
    int r = count(sampling, &run->events, share, estimate_count_events, &events);

    if (r > 0)
        r = count(sampling, &run->samples, share, estimate_count_samples, &samples);
    if (r <= 0)
        return r;
    const double bytes = (double)run->bytes, least = (double)sampling->run_bytes;
    const double scale = bytes < least ? least / bytes : 1;
    *ret = (struct told){.events = scale * (events + samples + (double)run->n_generations),
                         .batches = scale * (double)(run->events.n + run->samples.n),
                         .bytes = scale * bytes};
    return 1;
}

/* The i-th of numbers in [0, 1) of which those near each other are far apart. */
static double spread(unsigned i, double step)
{
    return fmod(0.5 + i * step, 1);
}

/* Return: 1; 0 when a run was not found; negative. */
static int look(struct sampling *sampling, struct told told[static RUNS])
{
    const uint64_t begin = sampling->trace->begin, size = sampling->trace->source.size - begin;
    int r = 1;

    sampling->run_bytes = size / RUNS / 2 < RUN_BYTES ? size / RUNS / 2 : RUN_BYTES;
    /* The last run has room, and the batch that it ends with. */
    const double stretch = (double)(size - sampling->run_bytes - 3 * (uint64_t)LANDING) / RUNS;
    for (unsigned i = 0; r > 0 && i < RUNS; i++) {
        const uint64_t offset = begin + (uint64_t)(stretch * (i + spread(i, 0.6180339887498949)));
        r = find_run(sampling, offset, true);
        if (r == 0)
            r = find_run(sampling, offset, false);
        if (r > 0)
            r = tell(sampling, spread(i, 0.7548776662466927), &told[i]);
    }
    return r;
}

static void sum_up(const struct told told[static RUNS], double size, struct gxt_estimate *ret)
{
    double events = 0, batches = 0, bytes = 0, squares = 0;

    for (unsigned i = 0; i < RUNS; i++) {
        events += told[i].events;
        batches += told[i].batches;
        bytes += told[i].bytes;
    }
    for (unsigned i = 0; i < RUNS; i++) {
        const double off = told[i].events - events / bytes * told[i].bytes;
        squares += off * off;
    }
    const double error = size / bytes * sqrt(squares * RUNS / (RUNS - 1));
    *ret = (struct gxt_estimate){.n_events = 1 + (uint64_t)(events / bytes * size + 0.5),
                                 .bound = 1 + (uint64_t)(3 * error + 0.5),
                                 .n_batches = (uint64_t)(batches / bytes * size + 0.5)};
}

int sample_estimate(const struct gxt_trace *trace, struct gxt_estimate *ret, struct gxt_error *fault)
{
    struct sampling *sampling = malloc(sizeof *sampling);
    struct told told[RUNS];

    if (!sampling)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for an estimate");
    *sampling = (struct sampling){.trace = trace, .fault = fault, .peeks = PEEKS};
    const int r = look(sampling, told);
    if (r > 0)
        sum_up(told, (double)(trace->source.size - trace->begin), ret);
    free(sampling->run.events.batches);
    free(sampling->run.samples.batches);
    free(sampling);
    return r;
}
