/* json.h: members of JSON objects. A 64-bit number is a string, since a reader of JSON may keep numbers as doubles.
 */
#ifndef JSON_H
#define JSON_H

#include "out.h"
#include <gxt/event.h>

/** An object's `{`; members follow, and json_end(). */
void json_begin(struct out *out);
void json_end(struct out *out);
/** An array's `[`; items follow, and json_array_end(). */
void json_array(struct out *out);
void json_array_end(struct out *out);

/** "key": — a comma before it where one is due */
void json_key(struct out *out, const char *key);
/** An item of an array: a comma before it where one is due. */
void json_item(struct out *out);

/** "key":"123" */
void json_unsigned(struct out *out, const char *key, uint64_t value);
void json_signed(struct out *out, const char *key, int64_t value);
/** "key":"123", or "key":null when value is none */
void json_id(struct out *out, const char *key, int64_t value, int64_t none);
void json_bool(struct out *out, const char *key, bool value);
void json_null(struct out *out, const char *key);
/** "key":"word": a text of ours, with nothing in it to escape */
void json_word(struct out *out, const char *key, const char *word);
/** "key":"…", escaped; null for NULL */
void json_string(struct out *out, const char *key, const struct gxt_string *string);
/** "key":"…", escaped: a NUL-terminated text from outside */
void json_text(struct out *out, const char *key, const char *text);
/** "key":"2026-05-01T14:03:07.25Z" */
void json_wall(struct out *out, const char *key, int64_t sec, int64_t nsec);

/** Go's word for a range's kind, without its detail: "StopTheWorld", … */
const char *json_range_word(int range);

#endif
