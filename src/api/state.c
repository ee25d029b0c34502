/* state.c: <gxt/state.h>. */
#include "replay.h"

#include <gxt/gxt.h>

int gxt_cursor_states(struct gxt_cursor *cursor, struct gxt_states **ret)
{
    return cursor_states(cursor, ret);
}

struct gxt_states *gxt_states_free(struct gxt_states *states)
{
    order_states_free(states);
    return NULL;
}
