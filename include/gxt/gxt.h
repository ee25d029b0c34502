/* gxt.h: random access into Go execution traces. Includes the rest.
 *
 * One whole program: how many goroutines were running half a second into a trace, and the ten events from there on.
 *
 *     #include <gxt/gxt.h>
 *     #include <inttypes.h>
 *     #include <stdio.h>
 *
 *     int main(int argc, char **argv)
 *     {
 *         struct gxt_error error;
 *         struct gxt_trace *trace = NULL;
 *         struct gxt_index *index = NULL;
 *         struct gxt_cursor *cursor = NULL;
 *         struct gxt_states *states = NULL;
 *         struct gxt_facts facts;
 *         const struct gxt_event *event;
 *         size_t running = 0;
 *         int r;
 *
 *         if (argc != 2)
 *             return 2;
 *         if ((r = gxt_trace_open(argv[1], &trace, &error)) < 0)
 *             goto out;
 *         gxt_trace_facts(trace, &facts);
 *
 *         (void)gxt_index_open(trace, NULL, &index, NULL); // none is fine: the same answers, slower
 *         if ((r = gxt_cursor_new(trace, index, &cursor)) < 0)
 *             goto out;
 *         if ((r = gxt_cursor_seek_time(cursor, facts.start_ns + 500000000)) < 0)
 *             goto out;
 *
 *         if ((r = gxt_cursor_states(cursor, &states)) < 0)
 *             goto out;
 *         for (size_t i = 0; i < states->n_goroutines; i++)
 *             running += states->goroutines[i].state == GXT_GO_RUNNING;
 *         printf("%zu of %zu goroutines running\n", running, states->n_goroutines);
 *
 *         for (int i = 0; i < 10 && (r = gxt_cursor_next(cursor, &event)) == 1; i++)
 *             printf("%" PRId64 " %s goroutine=%" PRId64 "\n", event->time_ns - facts.start_ns,
 *                    gxt_kind_name(event->kind), event->goroutine);
 *
 *     out:
 *         if (r < 0)
 *             fprintf(stderr, "%s\n", cursor ? gxt_cursor_error(cursor)->message : error.message);
 *         gxt_states_free(states);
 *         gxt_cursor_free(cursor);
 *         gxt_index_close(index);
 *         gxt_trace_close(trace);
 *         return r < 0;
 *     }
 */
#ifndef GXT_GXT_H
#define GXT_GXT_H

#include <gxt/cursor.h>
#include <gxt/error.h>
#include <gxt/event.h>
#include <gxt/goroutines.h>
#include <gxt/index.h>
#include <gxt/limits.h>
#include <gxt/state.h>
#include <gxt/trace.h>
#include <gxt/version.h>

#endif
