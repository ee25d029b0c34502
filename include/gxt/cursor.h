/* cursor.h: a place between two events of a trace, and the walk from there.
 *
 * Seek is defined by scan: whatever a cursor yields after a seek is, in every field, what it would have yielded by
 * walking from the start; with an index, without one, or with half of one.
 */
#ifndef GXT_CURSOR_H
#define GXT_CURSOR_H

#include <gxt/index.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A cursor: used by one thread at a time; make as many as you like. */
struct gxt_cursor;

/** A place between two events: a plain value to be kept, compared, sorted and given to another cursor. */
struct gxt_pos {
    uint64_t fingerprint; /**< of the trace it belongs to: gxt_facts.fingerprint */
    uint64_t ordinal;     /**< of the event that comes next */
};

/** Bytes that hold any position's token, with its NUL. */
#define GXT_POS_TOKEN_SIZE 40

/**
 * gxt_cursor_new() - a cursor at the start of a trace
 * @trace:  an open trace; must outlive the cursor
 * @index:  the trace's index, or NULL: the same answers, slower
 * @ret:    the cursor, written on success only
 *
 * Return: 0; GXT_ENOMEM; GXT_EINVAL when the index belongs to another trace.
 * Since: 0.1
 */
GXT_API int gxt_cursor_new(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_cursor **ret);

/** Frees a cursor; NULL is fine. Return: NULL. Since: 0.1 */
GXT_API struct gxt_cursor *gxt_cursor_free(struct gxt_cursor *cursor);

/**
 * gxt_cursor_next() - cross one event
 * @cursor:  at any place
 * @ret:     the event, written when 1 is returned
 *
 * Cost: amortised constant; nothing is allocated per event. Without an index the first call reads all of a trace of
 * before Go 1.22.
 * Lifetime: cursor-lent.
 * Return: 1; 0 at the end; the trace's fault (GXT_ECORRUPT, GXT_ETRUNCATED, GXT_EORDER, …) after all events that come
 *         before it, again on every call; GXT_ESTALE when bytes of the trace are not those that were indexed;
 *         GXT_ENOMEM.
 * Since: 0.1
 */
GXT_API int gxt_cursor_next(struct gxt_cursor *cursor, const struct gxt_event **ret);

/**
 * gxt_cursor_next_many() - cross several events
 * @events:  room for @n
 * @n:       how many at most
 * @ret_n:   how many were written, also when a negative code is returned
 *
 * The events are copies: they last as long as the caller keeps them, what they point to is trace-lent.
 * Return: 1 when *ret_n > 0; 0 at the end; negative as gxt_cursor_next(), when nothing could be written before the
 *         fault.
 * Since: 0.1
 */
GXT_API int gxt_cursor_next_many(struct gxt_cursor *cursor, struct gxt_event *events, size_t n, size_t *ret_n);

/**
 * gxt_cursor_seek_start(), gxt_cursor_seek_end() - stand before the first event, after the last one
 *
 * Cost: start: constant. End: with a complete index, constant; else a scan.
 * Lifetime: every seek ends the loan of the event last returned.
 * Return (all seeks): 0; negative: then the cursor is at no position until the next seek succeeds. That a trace has a
 *         fault is no error of a seek: the place before the fault is its end.
 * Since: 0.1
 */
GXT_API int gxt_cursor_seek_start(struct gxt_cursor *cursor);
GXT_API int gxt_cursor_seek_end(struct gxt_cursor *cursor);

/**
 * gxt_cursor_seek_time() - stand just before the first event at or after a moment
 * @time_ns:  on the trace's own clock; before the start means the start, past the end means the end
 *
 * Cost: with an index, some lookups, the tables of the generation unless the cursor has been in it last, and a roll
 * over at most 16,384 events where few goroutines live (see gxt_build_options.checkpoint_events); without, a scan from
 * the start.
 * Since: 0.1
 */
GXT_API int gxt_cursor_seek_time(struct gxt_cursor *cursor, int64_t time_ns);

/** gxt_cursor_seek_ordinal() - stand before event number @ordinal; past the end means the end. Since: 0.1 */
GXT_API int gxt_cursor_seek_ordinal(struct gxt_cursor *cursor, uint64_t ordinal);

/** gxt_cursor_seek_generation() - stand before the Sync of a generation, counted from 0; past the end means the end.
 * Since: 0.1 */
GXT_API int gxt_cursor_seek_generation(struct gxt_cursor *cursor, gxt_gen generation);

/** gxt_cursor_seek_pos() - stand at a saved position. Return also: GXT_EINVAL when it is another trace's. Since: 0.1 */
GXT_API int gxt_cursor_seek_pos(struct gxt_cursor *cursor, struct gxt_pos pos);

/**
 * gxt_cursor_seek_resource() - stand before the first event at or after a moment that belongs to a resource
 *
 * Past its last one means the end. See gxt_event_belongs().
 *
 * Cost: with an index, as gxt_cursor_seek_time(), and one look at each generation on the way. Since: 0.1
 */
GXT_API int gxt_cursor_seek_resource(struct gxt_cursor *cursor, struct gxt_resource_id id, int64_t from_ns);

/**
 * gxt_cursor_next_of() - cross all events up to the next one that belongs to one of some resources, and that one
 * @ids:  what is wanted, @n of them; what belongs to any of them is yielded
 * @ret:  the event, written when 1 is returned
 *
 * Cost: with an index, only blocks of about 16,384 events are read that have such events; without, a walk.
 * Lifetime, return: as gxt_cursor_next().
 * Since: 0.1
 */
GXT_API int gxt_cursor_next_of(struct gxt_cursor *cursor, const struct gxt_resource_id *ids, size_t n,
                               const struct gxt_event **ret);

/**
 * gxt_cursor_prev() - step back over one event
 * @ret:  the event before the place, written when 1 is returned: the cursor stands before it then
 *
 * Order is only computable forward: it costs a seek.
 * Lifetime: as gxt_cursor_next(). Return: 1; 0 at the start; negative as a seek.
 * Since: 0.1
 */
GXT_API int gxt_cursor_prev(struct gxt_cursor *cursor, const struct gxt_event **ret);

/**
 * gxt_cursor_count() - how many events of each kind there are from one ordinal to before another
 * @begin, @end:  ordinals; past the trace's end means the end
 * @ret:          one for each enum gxt_kind
 *
 * The cursor's place is lost, as by a seek that failed; a fault of the trace before @end ends the count, and is in
 * gxt_cursor_error(), code 0 when there was none.
 *
 * Cost: with an index, some lookups and at most two rolls; without, a walk. Of all events of a trace since Go 1.22
 * about half of one, and less on several processors: without an order wherever it makes no difference to the number,
 * and by as many threads as there are processors, at most eight, which end before it returns and take no signals of
 * the caller's. Each has the tables of a generation in memory.
 * Return: 0; negative as a seek.
 * Since: 0.1
 */
GXT_API int gxt_cursor_count(struct gxt_cursor *cursor, uint64_t begin, uint64_t end, uint64_t ret[GXT_N_KINDS]);

/** gxt_cursor_tell() - where the cursor stands: seek there, and next yields what it would yield here.
 * Cost: constant. Since: 0.1 */
GXT_API void gxt_cursor_tell(const struct gxt_cursor *cursor, struct gxt_pos *ret);

/** gxt_cursor_generation() - the generation, counted from 0, of the event crossed last; 0 before the first.
 * Cost: constant. Since: 0.1 */
GXT_API gxt_gen gxt_cursor_generation(const struct gxt_cursor *cursor);

/** gxt_cursor_bytes() - how far in the file the cursor is, for progress bars: bytes before its place, about.
 * Never falls while the cursor walks. Cost: one look at each thread of the generation. Since: 0.1 */
GXT_API uint64_t gxt_cursor_bytes(const struct gxt_cursor *cursor);

/** gxt_cursor_error() - details of the last negative code of this cursor; code 0 when there was none.
 * Lifetime: cursor-lent. Since: 0.1 */
GXT_API const struct gxt_error *gxt_cursor_error(const struct gxt_cursor *cursor);

/** gxt_cursor_loss() - what the cursor has had to leave out since it was made, of a trace that is recovered
 * Cost: constant. Since: 0.1 */
GXT_API void gxt_cursor_loss(const struct gxt_cursor *cursor, struct gxt_loss *ret);

/**
 * gxt_cursor_experimental() - experimental data of the generation at the cursor
 * @i:    counts from 0, in the order of the file
 * @ret:  written when 1 is returned
 *
 * After a Sync was crossed, the data of the generation that it began; the last Sync has none.
 * Cost: constant. Return: 1; 0 when there are no more.
 * Since: 0.1
 */
GXT_API int gxt_cursor_experimental(const struct gxt_cursor *cursor, size_t i, struct gxt_experimental_batch *ret);

/** gxt_pos_print() - a position as a short token of letters, digits and '-'. Since: 0.1 */
GXT_API void gxt_pos_print(struct gxt_pos pos, char token[GXT_POS_TOKEN_SIZE]);

/** gxt_pos_parse() - a token back to a position. Return: 0; GXT_EINVAL for what is no token. Since: 0.1 */
GXT_API int gxt_pos_parse(const char *token, struct gxt_pos *ret);

#ifdef __cplusplus
}
#endif
#endif
