/* when.h: the ways to name an instant of a trace.
 */
#ifndef WHEN_H
#define WHEN_H

#include <gxt/cursor.h>

/** How an instant is named. */
enum when_form {
    WHEN_NONE = 0,
    WHEN_OFFSET,   /**< "12.5s": after the first event */
    WHEN_CLOCK,    /**< "@123": on the trace's clock */
    WHEN_SHARE,    /**< "50%": of the time between the first and the last event */
    WHEN_ORDINAL,  /**< "n:17" */
    WHEN_POSITION, /**< a token of gxt_pos_print() */
    WHEN_WALL,     /**< RFC 3339 */
};

/** 100 %, in the unit of a share. */
#define WHEN_WHOLE UINT64_C(100000000000)

/** An instant as it was named. */
struct when {
    const char *text; /**< as given */
    enum when_form form;
    int64_t ns;         /**< OFFSET, CLOCK */
    uint64_t share;     /**< SHARE: of WHEN_WHOLE */
    struct gxt_pos pos; /**< ORDINAL, POSITION */
    int64_t wall_sec, wall_nsec;
};

/** when_parse() - Return: whether @text names an instant. */
bool when_parse(const char *text, struct when *ret);

/** when_needs_end() - whether the instant can be told only when the trace's last event is known */
static inline bool when_needs_end(const struct when *when)
{
    return when->form == WHEN_SHARE;
}

/** when_time() - an instant named by a time, on the trace's clock: OFFSET, CLOCK, SHARE, WALL
 * @last_ns:  time of the last event; looked at for SHARE only
 *
 * Times past what the clock can tell become the nearest it can. */
int64_t when_time(const struct when *when, const struct gxt_facts *facts, int64_t last_ns);

#endif
