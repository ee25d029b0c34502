/* count.c: `gxt count`, how many events there are.
 *
 * In: a window. Out: the number of events that cat would print, alone on the first line; by kind on those that follow.
 * A fault that cat would meet is reported after them.
 */
#include "verbs.h"

#include "report.h"
#include "session.h"
#include <unistd.h>

struct counts {
    uint64_t n;
    uint64_t by_kind[GXT_N_KINDS];
    struct gxt_error fault; /* that ends the window; code 0 for none */
};

/* The index knows the answer for the whole trace. */
static void count_from_index(const struct session *session, struct counts *ret)
{
    const struct gxt_index_facts *facts = &session->index_facts;

    ret->n = facts->n_events;
    memcpy(ret->by_kind, facts->n_by_kind, sizeof(ret->by_kind));
    ret->fault = facts->fault;
}

/* All of the trace, by a walk that looks at no event. */
static int count_all(struct session *session, struct counts *ret)
{
    if (gxt_cursor_count(session->cursor, 0, UINT64_MAX, ret->by_kind) < 0)
        return session_fault(session);
    for (int kind = 0; kind < GXT_N_KINDS; kind++)
        ret->n += ret->by_kind[kind];
    ret->fault = *gxt_cursor_error(session->cursor);
    return STATUS_DONE;
}

/* By walking: without an index the way over the window is the cost, and is gone once. */
static int count_by_walk(struct session *session, const struct place *from, const struct place *to, struct counts *ret)
{
    const struct gxt_event *event;
    int r;

    if ((r = session_seek(session, from)) != STATUS_DONE)
        return r;
    while ((r = gxt_cursor_next(session->cursor, &event)) == 1 && !place_is_reached(to, event)) {
        ret->n++;
        ret->by_kind[event->kind]++;
    }
    if (r < 0)
        ret->fault = *gxt_cursor_error(session->cursor);
    return STATUS_DONE;
}

static int seek_to(struct session *session, const struct place *to)
{
    if (to->is_set)
        return session_seek(session, to);
    return gxt_cursor_seek_end(session->cursor) < 0 ? session_fault(session) : STATUS_DONE;
}

/* By the distance between two places. A step from the window's end tells whether a fault stands there. */
static int count_between(struct session *session, const struct place *from, const struct place *to, struct counts *ret)
{
    struct gxt_pos begin = {0}, end;
    const struct gxt_event *event;
    int r;

    if (from->is_set) {
        if ((r = session_seek(session, from)) != STATUS_DONE)
            return r;
        gxt_cursor_tell(session->cursor, &begin);
    }
    if ((r = seek_to(session, to)) != STATUS_DONE)
        return r;
    gxt_cursor_tell(session->cursor, &end);
    if (end.ordinal > begin.ordinal)
        ret->n = end.ordinal - begin.ordinal;
    else if ((r = session_seek(session, from)) != STATUS_DONE)
        return r;
    if (gxt_cursor_next(session->cursor, &event) < 0)
        ret->fault = *gxt_cursor_error(session->cursor);
    if (session->options->by_kind &&
        gxt_cursor_count(session->cursor, begin.ordinal, begin.ordinal + ret->n, ret->by_kind) < 0)
        return session_fault(session);
    return STATUS_DONE;
}

static int count(struct session *session, struct counts *ret)
{
    const struct options *options = session->options;
    struct place from, to;
    int r;

    if ((r = session_place(session, &options->from, &from)) != STATUS_DONE ||
        (r = session_place(session, &options->to, &to)) != STATUS_DONE)
        return r;
    if (!from.is_set && !to.is_set && session_is_covered(session)) {
        count_from_index(session, ret);
        return STATUS_DONE;
    }
    if (!from.is_set && !to.is_set && !session->index)
        return count_all(session, ret);
    return session->index ? count_between(session, &from, &to, ret) : count_by_walk(session, &from, &to, ret);
}

/* Of a window between two times by the index, of the whole trace by some of its batches. Return: whether there is an
 * estimate: else counting is as cheap, or the only way. */
static bool find_estimate(struct session *session, struct gxt_estimate *ret)
{
    const struct options *options = session->options;
    struct place from, to;

    if (!options->estimate || options->by_kind)
        return false;
    if (options->from.form == WHEN_NONE && options->to.form == WHEN_NONE)
        return !session_is_covered(session) && gxt_trace_estimate(session->trace, ret, NULL) == 0;
    if (!session_is_covered(session) || session_place(session, &options->from, &from) != STATUS_DONE ||
        session_place(session, &options->to, &to) != STATUS_DONE || (from.is_set && !from.by_time) ||
        (to.is_set && !to.by_time))
        return false;
    return gxt_index_estimate(session->index, from.is_set ? from.time_ns : INT64_MIN,
                              to.is_set ? to.time_ns : INT64_MAX, ret, NULL) == 0;
}

/* Return: whether it was printed, with the exit status in @ret. */
static bool print_estimate(struct session *session, int *ret)
{
    struct gxt_estimate estimate;
    struct out out;

    if (!find_estimate(session, &estimate))
        return false;
    if (out_init(&out, STDOUT_FILENO) < 0) {
        *ret = report_memory();
        return true;
    }
    out_unsigned(&out, estimate.n_events);
    out_text(&out, "\nbound\t");
    out_unsigned(&out, estimate.bound);
    out_char(&out, '\n');
    *ret = report_output(&out);
    out_done(&out);
    return true;
}

static int print_counts(const struct options *options, const struct counts *counts)
{
    struct out out;
    int r;

    if (out_init(&out, STDOUT_FILENO) < 0)
        return report_memory();
    out_unsigned(&out, counts->n);
    out_char(&out, '\n');
    for (int kind = 0; options->by_kind && kind < GXT_N_KINDS; kind++) {
        if (!counts->by_kind[kind])
            continue;
        out_text(&out, gxt_kind_name(kind));
        out_char(&out, '\t');
        out_unsigned(&out, counts->by_kind[kind]);
        out_char(&out, '\n');
    }
    r = report_output(&out);
    out_done(&out);
    return r;
}

int verb_count(const struct options *options)
{
    struct session session;
    struct counts counts = {0};
    bool is_forward = !when_needs_end(&options->from) && !when_needs_end(&options->to);
    int r = session_open_as(&session, options, is_forward, NULL);

    if (r == STATUS_DONE && print_estimate(&session, &r))
        goto out;
    if (r == STATUS_DONE) {
        session_tell_index(&session);
        r = count(&session, &counts);
    }
    if (r == STATUS_DONE)
        r = print_counts(options, &counts);
    if (r == STATUS_DONE && counts.fault.code)
        r = report_error(options->trace, &counts.fault);
    if (r == STATUS_DONE)
        r = session_loss(&session, NULL);
out:
    session_close(&session);
    return r;
}
