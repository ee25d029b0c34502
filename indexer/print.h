/* print.h: events in the formats of `gxt cat`.
 */
#ifndef PRINT_H
#define PRINT_H

#include "out.h"
#include <gxt/event.h>

/** Stacks as they were last printed: a trace has few, and each is printed often. */
struct frames;

/** How one format writes a stack. */
typedef void frames_render(struct out *out, const struct gxt_stack *stack);

/** frames_new() - Return: NULL when there is no memory. */
struct frames *frames_new(frames_render *render);
/** frames_free() - NULL is fine. Return: NULL. */
struct frames *frames_free(struct frames *frames);
/** frames_put() - write a stack as the format does; nothing for NULL */
void frames_put(struct frames *frames, struct out *out, const struct gxt_stack *stack);

/** What a printer needs. */
struct printer {
    struct out *out;
    struct frames *frames; /**< of its own format */
};

/** One event, and the line's end. */
typedef void print_event(struct printer *printer, const struct gxt_event *event);

/** print_text() - as Go's Event.String(), and a newline */
print_event print_text;
frames_render print_text_stack;
/** print_ndjson() - a JSON object */
print_event print_ndjson;
frames_render print_ndjson_stack;
/** print_csv() - a record of RFC 4180 */
print_event print_csv;
frames_render print_csv_stack;
/** print_csv_header() - the record that names the columns */
void print_csv_header(struct out *out);

#endif
