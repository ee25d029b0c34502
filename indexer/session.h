/* session.h: a trace, its index if there is a fit one, and a cursor on both: what every reading verb needs.
 */
#ifndef SESSION_H
#define SESSION_H

#include "options.h"
#include "out.h"
#include <gxt/gxt.h>

/** What the name of an index's spool ends with. */
#define SESSION_SPOOL ".trace"

struct session {
    const struct options *options;
    struct gxt_trace *trace;
    struct gxt_index *index; /**< NULL: none, or an unfit one */
    struct gxt_cursor *cursor;
    struct gxt_facts facts;
    struct gxt_index_facts index_facts; /**< all zero without an index */
    char *index_path;                   /**< where the index is, or would be; NULL when there is no place */
    struct gxt_error index_error;       /**< why there is no index; code 0 when there is one, or none was asked for */
};

/** A place in a trace: before the first event at or after a time, or before an ordinal. */
struct place {
    bool is_set;
    bool by_time;
    int64_t time_ns;
    uint64_t ordinal;
};

/**
 * session_open_as() - open the trace, and its index as the options say
 * @session:    filled; free with session_close() in any case
 * @is_forward: the verb goes through the trace once, from its start: what comes by a pipe or is packed need not be kept
 * @out:        is flushed before the program waits for more of the trace; may be NULL
 *
 * Errors are reported; so is an index named by --index that is unfit or missing.
 * Return: an exit status.
 */
int session_open_as(struct session *session, const struct options *options, bool is_forward, struct out *out);
/** session_open() - session_open_as(), for a verb that goes back and forth, or tells everything at its end */
int session_open(struct session *session, const struct options *options);
void session_close(struct session *session);

/** session_tell_index() - say why the trace is read without an index: an unfit one always, a missing one to a person */
void session_tell_index(const struct session *session);

/** session_fault() - report the cursor's error, as the trace's. Return: STATUS_FAILED. */
int session_fault(const struct session *session);

/** session_loss() - say what --recover had to leave out, and by what @extra had; nothing where it is not wished
 * @extra:  NULL for nothing
 * Return: STATUS_DONE; STATUS_LOSS. */
int session_loss(const struct session *session, const struct gxt_loss *extra);

/** session_is_covered() - whether an index covers the whole trace as it is */
bool session_is_covered(const struct session *session);

/** session_place() - an instant as it was named, to a place; reports. Return: an exit status. */
int session_place(struct session *session, const struct when *when, struct place *ret);
/** session_seek() - go to a place, or to the start when it is not set; reports. Return: an exit status. */
int session_seek(struct session *session, const struct place *place);

/** Whether an event is at or behind a place; a place that is not set is never reached. */
static inline bool place_is_reached(const struct place *place, const struct gxt_event *event)
{
    if (!place->is_set)
        return false;
    return place->by_time ? event->time_ns >= place->time_ns : event->ordinal >= place->ordinal;
}

#endif
