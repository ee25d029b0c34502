/* session.c
 *
 * In: options. Out: open things, and places in the trace. Never: a new index.
 */
#include "session.h"

#include "report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens the index. Return: as the library says; session->index_error then tells why. */
static int open_index(struct session *session)
{
    const char *path = session->options->index;
    struct gxt_error *error = &session->index_error;
    int r;

    if (path)
        session->index_path = strdup(path);
    else if ((r = gxt_index_path(session->options->trace, &session->index_path, error)) < 0)
        return r;
    if (!session->index_path)
        return GXT_ENOMEM;
    if ((r = gxt_index_open(session->trace, path, &session->index, error)) < 0)
        return r;
    if ((r = gxt_index_facts(session->index, &session->index_facts, error)) < 0) {
        session->index = gxt_index_close(session->index);
        session->index_facts = (struct gxt_index_facts){0};
        return r;
    }
    *error = (struct gxt_error){0};
    return 0;
}

static void on_wait(void *out)
{
    out_flush(out);
}

/* An index that is named has its spool beside it. */
static int open_trace(struct session *session, bool is_forward, struct out *out)
{
    const struct options *options = session->options;
    struct gxt_trace_options how = GXT_TRACE_OPTIONS_INIT;
    struct gxt_error error;
    char *spool = NULL;
    int r;

    if (options->index && asprintf(&spool, "%s" SESSION_SPOOL, options->index) < 0)
        return report_memory();
    how.stream = is_forward && !options->recover;
    how.spool = spool;
    how.wait = out ? on_wait : NULL;
    how.user = out;
    r = options_is_stdin(options) ? gxt_trace_open_fd(STDIN_FILENO, &how, &session->trace, &error)
                                  : gxt_trace_open_with(options->trace, &how, &session->trace, &error);
    free(spool);
    return r < 0 ? report_error(options->trace, &error) : STATUS_DONE;
}

int session_open(struct session *session, const struct options *options)
{
    return session_open_as(session, options, false, NULL);
}

int session_open_as(struct session *session, const struct options *options, bool is_forward, struct out *out)
{
    struct gxt_error error;
    int r;

    *session = (struct session){.options = options};
    if ((r = open_trace(session, is_forward, out)) != STATUS_DONE)
        return r;
    if (options->recover && gxt_trace_recover(session->trace, &error) < 0)
        return report_error(options->trace, &error);
    gxt_trace_facts(session->trace, &session->facts);

    if (!options->no_index && !options_is_stdin(options) && !session->facts.is_stream) {
        r = open_index(session);
        if (r == GXT_ENOMEM)
            return report_memory();
        if (r < 0 && options->index)
            return report_error(options->index, &session->index_error);
    }
    r = gxt_cursor_new(session->trace, session->index, &session->cursor);
    if (r == GXT_ENOMEM)
        return report_memory();
    if (r < 0) {
        report("%s: %s", options->trace, gxt_strerror(r));
        return STATUS_FAILED;
    }
    return STATUS_DONE;
}

void session_close(struct session *session)
{
    struct gxt_error damage;

    if (session->index && gxt_index_damage(session->index, &damage) < 0)
        report("%s: part of the index is damaged and was not used; `gxt index --force` builds it anew: %s",
               session->index_path, damage.message);
    session->cursor = gxt_cursor_free(session->cursor);
    session->index = gxt_index_close(session->index);
    session->trace = gxt_trace_close(session->trace);
    free(session->index_path);
    session->index_path = NULL;
}

void session_tell_index(const struct session *session)
{
    const char *trace = session->options->trace;
    const struct gxt_error *error = &session->index_error;

    if (!error->code)
        return;
    if (error->code != GXT_ENOENT)
        report("%s: index not used, the trace is read instead: %s", session->index_path ? session->index_path : trace,
               error->message[0] ? error->message : gxt_strerror(error->code));
    else if (report_is_terminal())
        report("%s: no index, the trace is read from its start; `gxt index %s` would make this instant", trace, trace);
}

int session_fault(const struct session *session)
{
    return report_error(session->options->trace, gxt_cursor_error(session->cursor));
}

int session_loss(const struct session *session, const struct gxt_loss *extra)
{
    struct gxt_loss loss;

    if (!session->options->recover || !session->cursor)
        return STATUS_DONE;
    gxt_cursor_loss(session->cursor, &loss);
    if (extra && extra->n_faults + extra->n_names > loss.n_faults + loss.n_names)
        loss = *extra;
    /* The index knows all of it, also where the cursor has not been. */
    if (session_is_covered(session))
        loss = session->index_facts.loss;
    return report_loss(session->options->trace, &loss, session->facts.start_ns);
}

bool session_is_covered(const struct session *session)
{
    return session->index && session->index_facts.complete && session->index_facts.up_to_date;
}

/* The time of the last event before the trace's end, or its fault. Without an index that is a walk over all of it. */
static int find_last(struct session *session, int64_t *ret)
{
    const struct gxt_event *event;
    int64_t last_ns = session->facts.start_ns;
    int r;

    if (session_is_covered(session)) {
        *ret = session->index_facts.last_ns;
        return STATUS_DONE;
    }
    /* Events that an index covers are not walked: the last of them is where the walk begins. */
    if (session->index && session->index_facts.n_events)
        r = gxt_cursor_seek_ordinal(session->cursor, session->index_facts.n_events - 1);
    else
        r = gxt_cursor_seek_start(session->cursor);
    if (r < 0)
        return session_fault(session);
    while (gxt_cursor_next(session->cursor, &event) == 1)
        last_ns = event->time_ns;
    *ret = last_ns;
    return STATUS_DONE;
}

/* A position token is good for its own trace only. */
static int check_position(const struct session *session, const struct when *when)
{
    if (when->form != WHEN_POSITION || when->pos.fingerprint == session->facts.fingerprint)
        return STATUS_DONE;
    report("%s: %s is a position in another trace", session->options->trace, when->text);
    return STATUS_FAILED;
}

int session_place(struct session *session, const struct when *when, struct place *ret)
{
    int64_t last_ns = 0;
    int r;

    *ret = (struct place){.is_set = when->form != WHEN_NONE};
    switch (when->form) {
    case WHEN_NONE:
        return STATUS_DONE;
    case WHEN_ORDINAL:
    case WHEN_POSITION:
        ret->ordinal = when->pos.ordinal;
        return check_position(session, when);
    case WHEN_WALL:
        if (!session->facts.has_wall) {
            report("%s: %s: this trace has no wall clock; traces have one from Go 1.25 on", session->options->trace,
                   when->text);
            return STATUS_FAILED;
        }
        break;
    case WHEN_SHARE:
        if ((r = find_last(session, &last_ns)) != STATUS_DONE)
            return r;
        break;
    default:
        break;
    }
    ret->by_time = true;
    ret->time_ns = when_time(when, &session->facts, last_ns);
    return STATUS_DONE;
}

int session_seek(struct session *session, const struct place *place)
{
    int r;

    if (!place->is_set)
        r = gxt_cursor_seek_start(session->cursor);
    else if (place->by_time)
        r = gxt_cursor_seek_time(session->cursor, place->time_ns);
    else
        r = gxt_cursor_seek_ordinal(session->cursor, place->ordinal);
    return r < 0 ? session_fault(session) : STATUS_DONE;
}
