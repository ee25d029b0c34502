/* answers.c: see answers.h. Everything is asked over the public API.
 */
#include "answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    N_PLACES = 4, /* where states are compared */
};

static struct {
    struct gxt_trace *trace; /* stays open: the events point into it */
    struct gxt_event *events;
    uint64_t *digests; /* one for each event */
    uint64_t n;
    int end;
    uint64_t states[N_PLACES];
    uint64_t goroutines;
} the;

_Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 ")\n", what, number);
    exit(1);
}

/* ---- digests ---- */

static uint64_t mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) * UINT64_C(0xbf58476d1ce4e5b9);
    return digest ^ digest >> 29;
}

static uint64_t mix_string(uint64_t digest, const struct gxt_string *string)
{
    return mix(digest, string ? string->id : 1);
}

static uint64_t mix_transition(uint64_t digest, const struct gxt_transition *it)
{
    digest = mix(digest, (uint64_t)it->id);
    digest = mix_string(mix_string(digest, it->reason), it->label);
    digest = mix(digest, gxt_stack_id(it->stack));
    return mix(digest, it->resource | it->from << 8 | it->to << 16 | it->run << 24 | (uint64_t)it->stolen << 32);
}

static uint64_t mix_details(uint64_t digest, const struct gxt_event *event)
{
    switch (event->kind) {
    case GXT_KIND_SYNC:
        return mix(mix(digest, event->sync.generation), event->sync.n);
    case GXT_KIND_METRIC:
        return mix_string(mix(digest, event->metric.value), event->metric.name);
    case GXT_KIND_LABEL:
        return mix_string(digest, event->label.label);
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        return mix_string(mix_string(mix(digest, (uint64_t)event->range.id), event->range.name), event->range.detail);
    case GXT_KIND_TASK_BEGIN:
    case GXT_KIND_TASK_END:
        return mix_string(mix(mix(digest, event->task.id), event->task.parent), event->task.type);
    case GXT_KIND_REGION_BEGIN:
    case GXT_KIND_REGION_END:
        return mix_string(mix(digest, event->region.task), event->region.type);
    case GXT_KIND_LOG:
        return mix_string(mix_string(digest, event->log.category), event->log.message);
    case GXT_KIND_STATE_TRANSITION:
        return mix_transition(digest, &event->transition);
    case GXT_KIND_EXPERIMENTAL:
        return mix(digest, event->experimental.args[0]);
    default:
        return digest;
    }
}

static uint64_t digest_event(const struct gxt_event *event)
{
    uint64_t digest = mix(mix(event->ordinal, (uint64_t)event->time_ns), event->kind);

    digest = mix(mix(digest, (uint64_t)event->thread), (uint64_t)event->proc);
    digest = mix(mix(digest, (uint64_t)event->goroutine), event->wire_type | (uint64_t)event->flags << 8);
    return mix_details(mix(digest, gxt_stack_id(event->stack)), event);
}

static uint64_t digest_states(const struct gxt_states *states)
{
    uint64_t digest = mix(mix(states->ordinal, (uint64_t)states->time_ns), states->gc_running);

    for (size_t i = 0; i < states->n_goroutines; i++) {
        const struct gxt_goroutine_state *it = &states->goroutines[i];
        digest = mix(mix(mix(digest, (uint64_t)it->id), (uint64_t)it->thread), it->state);
        for (size_t j = 0; j < it->n_regions; j++)
            digest = mix_string(digest, it->regions[j].type);
    }
    for (size_t i = 0; i < states->n_procs; i++)
        digest = mix(mix(digest, (uint64_t)states->procs[i].id), states->procs[i].state);
    for (size_t i = 0; i < states->n_threads; i++)
        digest = mix(mix(digest, (uint64_t)states->threads[i].id), (uint64_t)states->threads[i].goroutine);
    for (size_t i = 0; i < states->n_tasks; i++)
        digest = mix_string(mix(digest, states->tasks[i].id), states->tasks[i].type);
    return digest;
}

static uint64_t digest_goroutine(uint64_t digest, const struct gxt_goroutine *it)
{
    digest = mix(mix(mix(digest, (uint64_t)it->id), (uint64_t)it->creator), it->n_events);
    digest = mix(mix(digest, (uint64_t)it->first_ns), (uint64_t)it->last_ns);
    return mix(mix_string(mix(digest, gxt_stack_id(it->start)), it->func), gxt_stack_id(it->stack));
}

/* ---- a call ---- */

bool call_succeeded(struct failing *failing, int r, const struct gxt_error *error)
{
    if (failing->disarm)
        failing->disarm();
    if (r >= 0)
        return true;
    if (r != failing->code && failing->code != ANY_CODE)
        wrong(error ? error->message : "a call fails with another code", r);
    if (error && (error->code != r || error->message[0] == '\0'))
        wrong("a call fails without words", r);
    failing->n_failed++;
    return false;
}

static void arm(const struct failing *failing)
{
    if (failing->arm)
        failing->arm();
}

/* Makes a call that may fail. */
#define CALL(failing, error, call) (arm(failing), call_succeeded(failing, (call), error))

struct asking {
    struct gxt_trace *trace;
    const struct gxt_index *index;
    struct gxt_cursor *cursor;
    struct failing *failing;
};

/* A call of the cursor. */
#define ASK(asking, call) CALL((asking)->failing, gxt_cursor_error((asking)->cursor), call)

static void expect_event(const struct gxt_event *event, uint64_t ordinal)
{
    if (ordinal >= the.n || digest_event(event) != the.digests[ordinal])
        wrong("another event", (int64_t)ordinal);
}

/* Up to @n events from @ordinal on; behind the last one the end. */
static void expect_walk(struct asking *asking, uint64_t ordinal, uint64_t n)
{
    const struct gxt_event *event;

    for (uint64_t i = ordinal; i < ordinal + n && i <= the.n; i++) {
        arm(asking->failing);
        int r = gxt_cursor_next(asking->cursor, &event);
        if (i == the.n && r == the.end && r <= 0)
            r = 0;
        if (!call_succeeded(asking->failing, r, gxt_cursor_error(asking->cursor)))
            return;
        if ((i < the.n) != (r == 1))
            wrong("another end", (int64_t)i);
        if (r == 1)
            expect_event(event, i);
    }
}

/* ---- questions to a cursor ---- */

static void ask_seeks(struct asking *asking)
{
    const uint64_t middle = the.n / 2, late = the.n - 3;
    struct gxt_pos pos;

    if (ASK(asking, gxt_cursor_seek_time(asking->cursor, the.events[middle].time_ns)))
        expect_walk(asking, middle, 3);
    if (ASK(asking, gxt_cursor_seek_ordinal(asking->cursor, late))) {
        gxt_cursor_tell(asking->cursor, &pos);
        expect_walk(asking, late, 10);
        if (ASK(asking, gxt_cursor_seek_pos(asking->cursor, pos)))
            expect_walk(asking, late, 1);
    }
    if (ASK(asking, gxt_cursor_seek_end(asking->cursor)))
        expect_walk(asking, the.n, 1);
    if (ASK(asking, gxt_cursor_seek_generation(asking->cursor, 0)))
        expect_walk(asking, 0, 2);
}

static void ask_back(struct asking *asking)
{
    const struct gxt_event *event;
    uint64_t ordinal = the.n / 3;

    if (!ASK(asking, gxt_cursor_seek_ordinal(asking->cursor, ordinal)))
        return;
    for (int i = 0; i < 3; i++) {
        if (!ASK(asking, gxt_cursor_prev(asking->cursor, &event)))
            return;
        expect_event(event, --ordinal);
    }
}

static uint64_t next_that_belongs(uint64_t ordinal, struct gxt_resource_id id)
{
    while (ordinal < the.n && !gxt_event_belongs(&the.events[ordinal], id))
        ordinal++;
    return ordinal;
}

static void ask_resource(struct asking *asking, struct gxt_resource_id id)
{
    const struct gxt_event *event;
    uint64_t ordinal = next_that_belongs(the.n / 4, id);

    if (!ASK(asking, gxt_cursor_seek_resource(asking->cursor, id, the.events[the.n / 4].time_ns)))
        return;
    for (int i = 0; i < 20; i++) {
        arm(asking->failing);
        int r = gxt_cursor_next_of(asking->cursor, &id, 1, &event);
        if (ordinal == the.n && r == the.end)
            r = 0;
        if (!call_succeeded(asking->failing, r, gxt_cursor_error(asking->cursor)))
            return;
        if ((ordinal < the.n) != (r == 1))
            wrong("a resource has another end", (int64_t)ordinal);
        if (r == 0)
            return;
        expect_event(event, ordinal);
        ordinal = next_that_belongs(ordinal + 1, id);
    }
}

static void ask_count(struct asking *asking)
{
    const uint64_t begin = the.n / 5, end = the.n - the.n / 7;
    uint64_t wanted[GXT_N_KINDS] = {0}, counts[GXT_N_KINDS];

    for (uint64_t i = begin; i < end; i++)
        wanted[the.events[i].kind]++;
    if (ASK(asking, gxt_cursor_count(asking->cursor, begin, end, counts)) && memcmp(wanted, counts, sizeof counts) != 0)
        wrong("another number of events", (int64_t)counts[GXT_KIND_STATE_TRANSITION]);
}

static uint64_t place(size_t i)
{
    return the.n * (i + 1) / (N_PLACES + 1);
}

static void ask_states(struct asking *asking)
{
    struct gxt_states *states;

    for (size_t i = 0; i < N_PLACES; i++) {
        if (!ASK(asking, gxt_cursor_seek_ordinal(asking->cursor, place(i))))
            continue;
        if (!ASK(asking, gxt_cursor_states(asking->cursor, &states)))
            continue;
        if (digest_states(states) != the.states[i])
            wrong("other states", (int64_t)place(i));
        gxt_states_free(states);
        expect_walk(asking, place(i), 2);
    }
}

void answers_ask_cursor(struct gxt_trace *trace, const struct gxt_index *index, struct failing *failing)
{
    struct asking it = {trace, index, NULL, failing}, *asking = &it;
    const struct gxt_event *some = &the.events[the.n / 3];

    arm(asking->failing);
    if (!call_succeeded(asking->failing, gxt_cursor_new(asking->trace, asking->index, &asking->cursor), NULL))
        return;
    ask_seeks(asking);
    ask_back(asking);
    ask_resource(asking, (struct gxt_resource_id){GXT_RESOURCE_GOROUTINE, some->goroutine});
    ask_resource(asking, (struct gxt_resource_id){GXT_RESOURCE_PROC, some->proc});
    ask_count(asking);
    ask_states(asking);
    if (ASK(asking, gxt_cursor_seek_start(asking->cursor)))
        expect_walk(asking, 0, the.n + 1);
    gxt_cursor_free(asking->cursor);
}

/* ---- questions to a trace and its index ---- */

/* That a trace has a fault is no failure of these. */
static int without_end(int r)
{
    return r == the.end ? 0 : r;
}

void answers_ask_goroutines(struct gxt_trace *trace, const struct gxt_index *index, struct failing *failing)
{
    struct gxt_goroutines *list;
    struct gxt_goroutine goroutine;
    struct gxt_error error;
    uint64_t digest = 0;

    if (!CALL(failing, &error, without_end(gxt_goroutines_new(trace, index, &list, &error))))
        return;
    for (size_t i = 0; i < gxt_goroutines_len(list); i++) {
        if (!CALL(failing, &error, gxt_goroutines_at(list, i, &goroutine, &error))) {
            gxt_goroutines_free(list);
            return;
        }
        digest = digest_goroutine(digest, &goroutine);
    }
    if (digest != the.goroutines)
        wrong("other goroutines", (int64_t)gxt_goroutines_len(list));
    gxt_goroutines_free(list);
}

static void ask_index(const struct gxt_index *index, struct failing *failing)
{
    struct gxt_index_facts facts;
    struct gxt_verified verified;
    struct gxt_estimate estimate;
    struct gxt_generation generation;
    const struct gxt_stack *stack;
    struct gxt_error error;
    const uint64_t id = gxt_stack_id(the.events[the.n / 2].stack);

    if (!CALL(failing, &error, gxt_index_facts(index, &facts, &error)))
        return;
    (void)CALL(failing, &error, gxt_index_verify(index, true, &verified, &error));
    if (facts.n_generations > 0 && CALL(failing, &error, gxt_index_generation(index, 0, &generation, &error)) &&
        generation.first_ns != the.events[0].time_ns)
        wrong("another generation", generation.first_ns);
    if (!facts.complete)
        return;
    if (facts.n_events != the.n)
        wrong("an index has another number of events", (int64_t)facts.n_events);
    if (facts.up_to_date && CALL(failing, &error, gxt_index_estimate(index, INT64_MIN, INT64_MAX, &estimate, &error)) &&
        estimate.n_events != the.n)
        wrong("an index estimates another number of events", (int64_t)estimate.n_events);
    if (id != 0 && CALL(failing, &error, gxt_index_stack(index, id, &stack, &error)) && gxt_stack_id(stack) != id)
        wrong("another stack", (int64_t)id);
}

static void ask_estimate(const struct gxt_trace *trace, struct failing *failing)
{
    struct gxt_estimate estimate;
    struct gxt_error error;

    arm(failing);
    int r = gxt_trace_estimate(trace, &estimate, &error);
    if (call_succeeded(failing, r == GXT_EINVAL ? 0 : r, &error) && r == 0 &&
        (estimate.n_events > the.n + estimate.bound + 8 || estimate.n_events + estimate.bound + 8 < the.n))
        wrong("another estimate", (int64_t)estimate.n_events);
}

void answers_ask(struct gxt_trace *trace, const struct gxt_index *index, struct failing *failing)
{
    ask_estimate(trace, failing);
    if (index)
        ask_index(index, failing);
    answers_ask_cursor(trace, index, failing);
    answers_ask_goroutines(trace, index, failing);
}

void answers_check(const char *trace_path, const char *index_path, bool complete, struct failing *failing)
{
    struct gxt_trace *trace;
    struct gxt_index *index = NULL;
    struct gxt_index_facts facts;
    struct gxt_error error;

    if (!CALL(failing, &error, gxt_trace_open(trace_path, &trace, &error)))
        return;
    if (index_path && !CALL(failing, &error, gxt_index_open(trace, index_path, &index, &error)))
        goto out;
    if (index && complete && gxt_index_facts(index, &facts, &error) == 0 && !facts.complete)
        wrong("an index that is not complete", (int64_t)facts.n_events);
    answers_ask(trace, index, failing);
    if (index && failing->code == 0 && gxt_index_damage(index, &error) < 0)
        wrong(error.message, error.code);
out:
    gxt_index_close(index);
    gxt_trace_close(trace);
}

/* ---- the truth ---- */

static void keep(const struct gxt_event *event)
{
    if ((the.n & (the.n - 1)) == 0) { /* grows at each power of two */
        const size_t capacity = the.n ? (size_t)the.n * 2 : 1;
        the.events = realloc(the.events, capacity * sizeof *the.events);
        the.digests = realloc(the.digests, capacity * sizeof *the.digests);
    }
    if (!the.events || !the.digests)
        wrong("no memory", 0);
    the.events[the.n] = *event;
    the.digests[the.n++] = digest_event(event);
}

static void take_states(struct gxt_cursor *cursor)
{
    struct gxt_states *states;

    for (size_t i = 0; i < N_PLACES; i++) {
        if (gxt_cursor_seek_ordinal(cursor, place(i)) != 0 || gxt_cursor_states(cursor, &states) != 0)
            wrong("no states", 0);
        the.states[i] = digest_states(states);
        gxt_states_free(states);
    }
}

static void take_goroutines(void)
{
    struct gxt_goroutines *list;
    struct gxt_goroutine goroutine;

    if (without_end(gxt_goroutines_new(the.trace, NULL, &list, NULL)) != 0)
        wrong("no goroutines", 0);
    for (size_t i = 0; i < gxt_goroutines_len(list); i++) {
        if (gxt_goroutines_at(list, i, &goroutine, NULL) != 0)
            wrong("no goroutine", (int64_t)i);
        the.goroutines = digest_goroutine(the.goroutines, &goroutine);
    }
    gxt_goroutines_free(list);
}

void answers_take(const char *trace_path)
{
    const struct gxt_event *event;
    struct gxt_cursor *cursor;
    struct gxt_error error;

    if (gxt_trace_open(trace_path, &the.trace, &error) != 0)
        wrong(error.message, error.code);
    if (gxt_cursor_new(the.trace, NULL, &cursor) != 0)
        wrong("no cursor", 0);
    while ((the.end = gxt_cursor_next(cursor, &event)) == 1)
        keep(event);
    if (the.n < 20)
        wrong("too few events to ask for", (int64_t)the.n);
    take_states(cursor);
    gxt_cursor_free(cursor);
    take_goroutines();
}

void answers_done(void)
{
    gxt_trace_close(the.trace);
    free(the.events);
    free(the.digests);
}

int answers_end(void)
{
    return the.end;
}

uint64_t answers_n(void)
{
    return the.n;
}

void answers_copy(const char *from_path, const char *to_path)
{
    static char bytes[1 << 16];
    FILE *from = fopen(from_path, "rb"), *to = fopen(to_path, "wb");
    size_t n;

    if (!from || !to)
        wrong("no copy", 0);
    while ((n = fread(bytes, 1, sizeof bytes, from)) > 0)
        if (fwrite(bytes, 1, n, to) != n)
            wrong("no copy", 0);
    fclose(from);
    fclose(to);
}
