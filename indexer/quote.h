/* quote.h: strings of a trace, which are any bytes, made fit for each format.
 */
#ifndef QUOTE_H
#define QUOTE_H

#include "out.h"
#include <gxt/event.h>

/** quote_go() - as Go's %q writes it (strconv.Quote) */
void quote_go(struct out *out, const struct gxt_string *string);
/** quote_go_inside() - the same without the quotes around it */
void quote_go_inside(struct out *out, const struct gxt_string *string);
/** quote_json() - a JSON string; bytes that are no UTF-8 become U+FFFD, one each */
void quote_json(struct out *out, const struct gxt_string *string);
/** quote_csv() - the inside of a quoted field of RFC 4180; bytes that are no UTF-8 and NULs become U+FFFD, one each */
void quote_csv(struct out *out, const struct gxt_string *string);

/** quote_is_printable() - Go's strconv.IsPrint */
bool quote_is_printable(int32_t point);

#endif
