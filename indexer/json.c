/* json.c
 *
 * In: keys and values. Out: JSON without a space. Keys are ours: letters and '_'.
 *
 * Whether a comma is due shows in the byte before: an object or array that has just been opened wants none. An opening
 * bracket is therefore never the last byte of a flush: room for what follows it is reserved with it.
 */
#include "json.h"

#include "quote.h"
#include "wall.h"

enum {
    MEMBER_ROOM = 128, /* a comma, a key of ours and a number, or a time */
};

void json_begin(struct out *out)
{
    (void)out_reserve(out, 1 + MEMBER_ROOM);
    out_char(out, '{');
}

void json_array(struct out *out)
{
    (void)out_reserve(out, 1 + MEMBER_ROOM);
    out_char(out, '[');
}

void json_end(struct out *out)
{
    out_char(out, '}');
}

void json_array_end(struct out *out)
{
    out_char(out, ']');
}

/* Return: where to write @size bytes; a comma has been put where one is due. */
static char *next_member(struct out *out, size_t size)
{
    bool is_first = out->at > out->start && (out->at[-1] == '{' || out->at[-1] == '[');
    char *at = out_reserve(out, size + 1);

    if (!is_first)
        *at++ = ',';
    return at;
}

void json_item(struct out *out)
{
    out->at = next_member(out, 0);
}

static char *put_key(struct out *out, const char *key, size_t more)
{
    size_t size = strlen(key);
    char *at = next_member(out, size + 3 + more);

    *at++ = '"';
    memcpy(at, key, size);
    at = PUT_LITERAL(at + size, "\":");
    return at;
}

void json_key(struct out *out, const char *key)
{
    out->at = put_key(out, key, 0);
}

void json_unsigned(struct out *out, const char *key, uint64_t value)
{
    char *at = put_key(out, key, 24);

    *at++ = '"';
    at = put_unsigned(at, value);
    *at++ = '"';
    out->at = at;
}

void json_signed(struct out *out, const char *key, int64_t value)
{
    char *at = put_key(out, key, 24);

    *at++ = '"';
    at = put_signed(at, value);
    *at++ = '"';
    out->at = at;
}

void json_null(struct out *out, const char *key)
{
    out->at = PUT_LITERAL(put_key(out, key, 8), "null");
}

void json_id(struct out *out, const char *key, int64_t value, int64_t none)
{
    if (value == none)
        json_null(out, key);
    else
        json_signed(out, key, value);
}

void json_bool(struct out *out, const char *key, bool value)
{
    char *at = put_key(out, key, 8);

    out->at = value ? PUT_LITERAL(at, "true") : PUT_LITERAL(at, "false");
}

void json_word(struct out *out, const char *key, const char *word)
{
    json_key(out, key);
    out_char(out, '"');
    out_text(out, word);
    out_char(out, '"');
}

void json_string(struct out *out, const char *key, const struct gxt_string *string)
{
    if (!string) {
        json_null(out, key);
        return;
    }
    json_key(out, key);
    quote_json(out, string);
}

void json_text(struct out *out, const char *key, const char *text)
{
    struct gxt_string string = {.at = text, .len = strlen(text)};

    json_string(out, key, &string);
}

void json_wall(struct out *out, const char *key, int64_t sec, int64_t nsec)
{
    char *at = put_key(out, key, WALL_SIZE + 2);

    *at++ = '"';
    at = wall_put(at, sec, nsec);
    *at++ = '"';
    out->at = at;
}

const char *json_range_word(int range)
{
    switch (range) {
    case GXT_RANGE_STOP_THE_WORLD:
        return "StopTheWorld";
    case GXT_RANGE_GC_MARK:
        return "GCMark";
    case GXT_RANGE_GC_SWEEP:
        return "GCSweep";
    case GXT_RANGE_GC_MARK_ASSIST:
        return "GCMarkAssist";
    default:
        return "Other";
    }
}
