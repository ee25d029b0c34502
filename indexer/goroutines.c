/* goroutines.c: `gxt goroutines`, a line for each goroutine.
 *
 * In: the list of goroutines, and for an instant the states at it. Out: a line each; behind them the trace's fault, if
 * it was met.
 */
#include "verbs.h"

#include "quote.h"
#include "report.h"
#include "session.h"
#include <gxt/goroutines.h>
#include <stdlib.h>
#include <unistd.h>

#define PUT(out, literal) out_bytes((out), literal, sizeof(literal) - 1)

static int compare(uint64_t left, uint64_t right)
{
    return (left > right) - (left < right);
}

static int by_id(const void *a, const void *b)
{
    const struct gxt_goroutine *left = a, *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

static int by_last(const void *a, const void *b)
{
    const struct gxt_goroutine *left = a, *right = b;
    return left->last_ns != right->last_ns ? (left->last_ns > right->last_ns ? 1 : -1) : by_id(a, b);
}

/* The largest first. */
static int by_events(const void *a, const void *b)
{
    const struct gxt_goroutine *left = a, *right = b;
    return left->n_events != right->n_events ? compare(right->n_events, left->n_events) : by_id(a, b);
}

static uint64_t length(const struct gxt_goroutine *goroutine)
{
    return (uint64_t)goroutine->last_ns - (uint64_t)goroutine->first_ns;
}

static int by_length(const void *a, const void *b)
{
    return length(a) != length(b) ? compare(length(b), length(a)) : by_id(a, b);
}

static int (*const orders[])(const void *, const void *) = {
    [SORT_FIRST] = NULL, [SORT_LAST] = by_last, [SORT_ID] = by_id, [SORT_EVENTS] = by_events, [SORT_LENGTH] = by_length,
};

static int state_at(const void *id, const void *state)
{
    gxt_goid left = *(const gxt_goid *)id, right = ((const struct gxt_goroutine_state *)state)->id;
    return (left > right) - (left < right);
}

static void put_pair(struct out *out, const char *name, int64_t value)
{
    out_text(out, name);
    out_signed(out, value);
}

/* "G=8412 Func="main.worker" First=… Last=… Events=33 Creator=1 Created Ended" */
static void put(struct out *out, const struct gxt_goroutine *goroutine, const struct gxt_goroutine_state *state)
{
    put_pair(out, "G=", goroutine->id);
    PUT(out, " Func=");
    quote_go(out, goroutine->func);
    put_pair(out, " First=", goroutine->first_ns);
    put_pair(out, " Last=", goroutine->last_ns);
    PUT(out, " Events=");
    out_unsigned(out, goroutine->n_events);
    put_pair(out, " Creator=", goroutine->creator);
    if (goroutine->is_created)
        PUT(out, " Created");
    if (goroutine->is_ended)
        PUT(out, " Ended");
    if (state) {
        PUT(out, " State=");
        out_text(out, gxt_gostate_name(state->state));
    }
    out_char(out, '\n');
}

/* All of them, those at an instant alone, in the order that is wished. */
static int print(struct session *session, const struct gxt_goroutines *list, const struct gxt_states *states,
                 struct out *out)
{
    size_t n = 0, len = gxt_goroutines_len(list);
    struct gxt_goroutine *goroutines = calloc(len + 1, sizeof(*goroutines));
    struct gxt_error error;

    if (!goroutines)
        return report_memory();
    for (size_t i = 0; i < len; i++) {
        struct gxt_goroutine *goroutine = &goroutines[n];
        if (gxt_goroutines_at(list, i, goroutine, &error) < 0) {
            free(goroutines);
            return report_error(session->index_path ? session->index_path : session->options->trace, &error);
        }
        if (states &&
            (goroutine->first_ns > states->time_ns || (goroutine->is_ended && goroutine->last_ns <= states->time_ns)))
            continue;
        n++;
    }
    if (orders[session->options->sort])
        qsort(goroutines, n, sizeof(*goroutines), orders[session->options->sort]);
    for (size_t i = 0; i < n && !out_is_lost(out); i++) {
        const struct gxt_goroutine_state *state =
            states ? bsearch(&goroutines[i].id, states->goroutines, states->n_goroutines, sizeof(*states->goroutines),
                             state_at)
                   : NULL;
        put(out, &goroutines[i], state);
    }
    free(goroutines);
    return STATUS_DONE;
}

static int find_states(struct session *session, struct gxt_states **ret)
{
    struct place at;
    int r = session_place(session, &session->options->at, &at);

    if (r != STATUS_DONE || !at.is_set)
        return r;
    if ((r = session_seek(session, &at)) != STATUS_DONE)
        return r;
    return gxt_cursor_states(session->cursor, ret) < 0 ? session_fault(session) : STATUS_DONE;
}

static int run(struct session *session, struct out *out)
{
    struct gxt_goroutines *list = NULL;
    struct gxt_states *states = NULL;
    struct gxt_error fault = {0};
    int r = find_states(session, &states);

    if (r == STATUS_DONE) {
        if (gxt_goroutines_new(session->trace, session->index, &list, &fault) < 0 && !list)
            r = report_error(session->options->trace, &fault);
        else
            r = print(session, list, states, out);
    }
    if (r == STATUS_DONE)
        r = report_output(out);
    if (r == STATUS_DONE && fault.code < 0 && !out->is_closed)
        r = report_error(session->options->trace, &fault);
    if (r == STATUS_DONE && !out->is_closed) {
        struct gxt_loss loss;
        gxt_goroutines_loss(list, &loss);
        r = session_loss(session, &loss);
    }
    gxt_goroutines_free(list);
    gxt_states_free(states);
    return r;
}

int verb_goroutines(const struct options *options)
{
    struct session session;
    struct out out;
    int r = out_init(&out, STDOUT_FILENO);

    if (r < 0)
        return report_memory();
    if ((r = session_open_as(&session, options, options->at.form == WHEN_NONE, NULL)) == STATUS_DONE) {
        session_tell_index(&session);
        r = run(&session, &out);
    }
    session_close(&session);
    out_done(&out);
    return r;
}
