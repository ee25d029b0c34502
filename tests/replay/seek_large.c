/* seek_large.c: seek equals scan at random places of a trace of any size.
 *
 * usage: seek_large TRACE INDEX [SEEKS [SEED]]
 *
 * INDEX must cover the trace. One walk without it keeps what it meets at SEEKS places; then a cursor over the index
 * seeks to each, by ordinal and by time, and must yield the same, in every field.
 */
#include "../random.h"

#include <gxt/gxt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some events on, a seek that came out in the wrong state shows. */
enum {
    RUN = 64
};

struct place {
    uint64_t ordinal, digest;
    int64_t time_ns;
};

static _Noreturn void wrong(const char *what, uint64_t ordinal)
{
    printf("%s, at event %" PRIu64 "\n", what, ordinal);
    exit(1);
}

static uint64_t mix(uint64_t digest, uint64_t value)
{
    digest ^= value;
    return next_random(&digest);
}

static uint64_t mix_pointer(uint64_t digest, const void *pointer)
{
    return mix(digest, (uintptr_t)pointer); /* one content is one pointer as long as the trace is open */
}

static uint64_t mix_transition(uint64_t digest, const struct gxt_transition *transition)
{
    digest = mix(digest, (uint64_t)transition->id);
    digest = mix_pointer(digest, transition->reason);
    digest = mix_pointer(digest, transition->stack);
    digest = mix_pointer(digest, transition->label);
    return mix(digest, transition->from | transition->to << 8 | transition->run << 16 | transition->resource << 24 |
                           (uint64_t)transition->reason_code << 32 | (uint64_t)transition->stolen << 40);
}

static uint64_t mix_event(uint64_t digest, const struct gxt_event *event)
{
    digest = mix(digest, (uint64_t)event->time_ns);
    digest = mix(digest, event->ordinal);
    digest = mix(digest, (uint64_t)event->thread);
    digest = mix(digest, (uint64_t)event->proc);
    digest = mix(digest, (uint64_t)event->goroutine);
    digest = mix_pointer(digest, event->stack);
    digest = mix(digest, event->kind | event->wire_type << 8 | event->flags << 16);
    switch (event->kind) {
    case GXT_KIND_STATE_TRANSITION:
        return mix_transition(digest, &event->transition);
    case GXT_KIND_SYNC:
        return mix(mix(digest, event->sync.n), event->sync.mono_ns);
    case GXT_KIND_METRIC:
        return mix(mix_pointer(digest, event->metric.name), event->metric.value);
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        return mix(mix_pointer(mix_pointer(digest, event->range.name), event->range.detail), (uint64_t)event->range.id);
    case GXT_KIND_TASK_BEGIN:
    case GXT_KIND_TASK_END:
        return mix(mix_pointer(mix(digest, event->task.id), event->task.type), event->task.parent);
    case GXT_KIND_REGION_BEGIN:
    case GXT_KIND_REGION_END:
        return mix_pointer(mix(digest, event->region.task), event->region.type);
    case GXT_KIND_LOG:
        return mix_pointer(mix_pointer(mix(digest, event->log.task), event->log.category), event->log.message);
    case GXT_KIND_LABEL:
        return mix_pointer(digest, event->label.label);
    case GXT_KIND_EXPERIMENTAL:
        for (size_t i = 0; i < event->experimental.n_args; i++)
            digest = mix(digest, event->experimental.args[i]);
        return digest;
    default:
        return digest;
    }
}

/* The next RUN events, as one number; the time of the first. */
static uint64_t digest_of(struct gxt_cursor *cursor, int64_t *ret_time_ns)
{
    const struct gxt_event *event;
    uint64_t digest = 0;
    int r = 1;

    for (int i = 0; i < RUN && (r = gxt_cursor_next(cursor, &event)) == 1; i++) {
        if (i == 0)
            *ret_time_ns = event->time_ns;
        digest = mix_event(digest, event);
    }
    return mix(digest, (uint64_t)r);
}

static int by_ordinal(const void *a, const void *b)
{
    uint64_t left = ((const struct place *)a)->ordinal, right = ((const struct place *)b)->ordinal;
    return (left > right) - (left < right);
}

/* Places are RUN apart at least, so that one walk meets them all. */
static size_t choose(struct place *places, size_t n, uint64_t n_events, uint64_t seed)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        places[i].ordinal = next_random(&seed) % n_events;
    qsort(places, n, sizeof *places, by_ordinal);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || places[i].ordinal >= places[kept - 1].ordinal + RUN)
            places[kept++] = places[i];
    return kept;
}

int main(int argc, char **argv)
{
    struct gxt_error error;
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_index_facts facts;
    struct gxt_cursor *walker, *seeker;
    const struct gxt_event *event;
    size_t n = argc > 3 ? strtoull(argv[3], NULL, 10) : 1000;
    uint64_t seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1, ordinal = 0;
    int64_t time_ns = 0;

    if (argc < 3)
        return 2;
    if (gxt_trace_open(argv[1], &trace, &error) != 0 || gxt_index_open(trace, argv[2], &index, &error) != 0 ||
        gxt_index_facts(index, &facts, &error) != 0)
        wrong(error.message, 0);
    if (!facts.up_to_date || facts.n_events == 0)
        wrong("the index does not cover the trace", facts.n_events);
    struct place *places = calloc(n, sizeof *places);
    if (!places || gxt_cursor_new(trace, NULL, &walker) != 0 || gxt_cursor_new(trace, index, &seeker) != 0)
        wrong("no memory", 0);
    n = choose(places, n, facts.n_events, seed);
    for (size_t i = 0; i < n; i++) {
        for (; ordinal < places[i].ordinal; ordinal++)
            if (gxt_cursor_next(walker, &event) != 1)
                wrong("the walk ends early", ordinal);
        places[i].digest = digest_of(walker, &places[i].time_ns);
        ordinal += RUN;
    }
    for (size_t tried = 0; tried < n; tried++) {
        const struct place *place = &places[next_random(&seed) % n];
        if (gxt_cursor_seek_ordinal(seeker, place->ordinal) != 0 || digest_of(seeker, &time_ns) != place->digest)
            wrong("seek by ordinal", place->ordinal);
        if (gxt_cursor_seek_time(seeker, place->time_ns) != 0 || digest_of(seeker, &time_ns) != place->digest)
            wrong("seek by time", place->ordinal);
    }
    if (gxt_index_damage(index, &error) != 0)
        wrong(error.message, 0);
    printf("%zu places of %" PRIu64 " events\n", n, facts.n_events);
    gxt_cursor_free(walker);
    gxt_cursor_free(seeker);
    gxt_index_close(index);
    gxt_trace_close(trace);
    free(places);
    return 0;
}
