/* cursor.c: <gxt/cursor.h>. */
#include "replay.h"

#include <gxt/gxt.h>

int gxt_cursor_new(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_cursor **ret)
{
    return cursor_new(trace, index, ret);
}

struct gxt_cursor *gxt_cursor_free(struct gxt_cursor *cursor)
{
    return cursor_free(cursor);
}

int gxt_cursor_next(struct gxt_cursor *cursor, const struct gxt_event **ret)
{
    return cursor_next(cursor, ret);
}

int gxt_cursor_next_many(struct gxt_cursor *cursor, struct gxt_event *events, size_t n, size_t *ret_n)
{
    return cursor_next_many(cursor, events, n, ret_n);
}

int gxt_cursor_next_of(struct gxt_cursor *cursor, const struct gxt_resource_id *ids, size_t n,
                       const struct gxt_event **ret)
{
    return resource_next(cursor, ids, n, ret);
}

int gxt_cursor_prev(struct gxt_cursor *cursor, const struct gxt_event **ret)
{
    return seek_prev(cursor, ret);
}

int gxt_cursor_count(struct gxt_cursor *cursor, uint64_t begin, uint64_t end, uint64_t ret[GXT_N_KINDS])
{
    return count_between(cursor, begin, end, ret);
}

int gxt_cursor_seek_resource(struct gxt_cursor *cursor, struct gxt_resource_id id, int64_t from_ns)
{
    return resource_seek(cursor, id, from_ns);
}

int gxt_cursor_seek_start(struct gxt_cursor *cursor)
{
    return seek_start(cursor);
}

int gxt_cursor_seek_end(struct gxt_cursor *cursor)
{
    return seek_end(cursor);
}

int gxt_cursor_seek_time(struct gxt_cursor *cursor, int64_t time_ns)
{
    return seek_time(cursor, time_ns);
}

int gxt_cursor_seek_ordinal(struct gxt_cursor *cursor, uint64_t ordinal)
{
    return seek_ordinal(cursor, ordinal);
}

int gxt_cursor_seek_generation(struct gxt_cursor *cursor, gxt_gen generation)
{
    return seek_generation(cursor, generation);
}

int gxt_cursor_seek_pos(struct gxt_cursor *cursor, struct gxt_pos pos)
{
    return seek_pos(cursor, pos);
}

void gxt_cursor_tell(const struct gxt_cursor *cursor, struct gxt_pos *ret)
{
    *ret = (struct gxt_pos){cursor->trace->facts.fingerprint, cursor_ordinal(cursor)};
}

gxt_gen gxt_cursor_generation(const struct gxt_cursor *cursor)
{
    return cursor_gap(cursor).generation;
}

uint64_t gxt_cursor_bytes(const struct gxt_cursor *cursor)
{
    return cursor_bytes(cursor);
}

const struct gxt_error *gxt_cursor_error(const struct gxt_cursor *cursor)
{
    return &cursor->error;
}

int gxt_cursor_experimental(const struct gxt_cursor *cursor, size_t i, struct gxt_experimental_batch *ret)
{
    return cursor_experimental(cursor, i, ret);
}

void gxt_pos_print(struct gxt_pos pos, char token[GXT_POS_TOKEN_SIZE])
{
    pos_print(pos, token);
}

int gxt_pos_parse(const char *token, struct gxt_pos *ret)
{
    return pos_parse(token, ret);
}

void gxt_cursor_loss(const struct gxt_cursor *cursor, struct gxt_loss *ret)
{
    cursor_loss(cursor, ret);
}
