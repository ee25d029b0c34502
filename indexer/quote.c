/* quote.c
 *
 * In: bytes. Out: the same, escaped. Runs of plain ASCII, which are nearly all, go out as they are.
 */
#include "quote.h"

#include <utf8proc.h>

/* The Unicode replacement character, in UTF-8. */
#define REPLACEMENT "\xef\xbf\xbd"

/* Whether a byte stands for itself in every format here. */
static inline bool is_plain(uint8_t byte)
{
    return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Puts the plain bytes at @at. Return: where they end. */
static const uint8_t *put_plain(struct out *out, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *from = at;

    while (at < end && is_plain(*at))
        at++;
    out_bytes(out, (const char *)from, (size_t)(at - from));
    return at;
}

/* Return: how many bytes the code point at @at takes, or 0 when those bytes are no UTF-8. */
static size_t decode(const uint8_t *at, const uint8_t *end, int32_t *ret)
{
    utf8proc_int32_t point;
    utf8proc_ssize_t size = utf8proc_iterate(at, end - at, &point);

    if (size <= 0)
        return 0;
    *ret = point;
    return (size_t)size;
}

static void put_hex_escape(struct out *out, char letter, uint32_t value, int n_digits)
{
    char *at = out_reserve(out, 16);

    *at++ = '\\';
    *at++ = letter;
    for (int shift = 4 * (n_digits - 1); shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[value >> shift & 15];
    out->at = at;
}

bool quote_is_printable(int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    case UTF8PROC_CATEGORY_ZS:
        return point == ' ';
    default:
        return true;
    }
}

/* The letter of a short escape of Go's, or 0. */
static char short_escape(uint8_t byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return (char)byte;
    case '\a':
        return 'a';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\v':
        return 'v';
    default:
        return 0;
    }
}

/* One code point that is not plain. Return: where it ends. */
static const uint8_t *put_go_escape(struct out *out, const uint8_t *at, const uint8_t *end)
{
    int32_t point;
    size_t size = decode(at, end, &point);
    char letter = short_escape(*at);

    if (letter) {
        out_char(out, '\\');
        out_char(out, letter);
    } else if (!size || point < ' ' || point == 0x7f) {
        put_hex_escape(out, 'x', *at, 2);
    } else if (quote_is_printable(point)) {
        out_bytes(out, (const char *)at, size);
    } else if (point < 0x10000) {
        put_hex_escape(out, 'u', (uint32_t)point, 4);
    } else {
        put_hex_escape(out, 'U', (uint32_t)point, 8);
    }
    return at + (size ? size : 1);
}

void quote_go_inside(struct out *out, const struct gxt_string *string)
{
    const uint8_t *at = (const uint8_t *)string->at, *end = at + string->len;

    while ((at = put_plain(out, at, end)) < end)
        at = put_go_escape(out, at, end);
}

void quote_go(struct out *out, const struct gxt_string *string)
{
    out_char(out, '"');
    quote_go_inside(out, string);
    out_char(out, '"');
}

static const uint8_t *put_json_escape(struct out *out, const uint8_t *at, const uint8_t *end)
{
    int32_t point;
    size_t size = decode(at, end, &point);

    if (!size) {
        out_text(out, REPLACEMENT);
    } else if (*at == '"' || *at == '\\') {
        out_char(out, '\\');
        out_char(out, (char)*at);
    } else if (point < ' ') {
        put_hex_escape(out, 'u', (uint32_t)point, 4);
    } else {
        out_bytes(out, (const char *)at, size);
    }
    return at + (size ? size : 1);
}

void quote_json(struct out *out, const struct gxt_string *string)
{
    const uint8_t *at = (const uint8_t *)string->at, *end = at + string->len;

    out_char(out, '"');
    while ((at = put_plain(out, at, end)) < end)
        at = put_json_escape(out, at, end);
    out_char(out, '"');
}

static const uint8_t *put_csv_escape(struct out *out, const uint8_t *at, const uint8_t *end)
{
    int32_t point;
    size_t size = decode(at, end, &point);

    if (!size || !point)
        out_text(out, REPLACEMENT);
    else
        out_bytes(out, (const char *)at, size);
    if (*at == '"')
        out_char(out, '"');
    return at + (size ? size : 1);
}

void quote_csv(struct out *out, const struct gxt_string *string)
{
    const uint8_t *at = (const uint8_t *)string->at, *end = at + string->len;

    while ((at = put_plain(out, at, end)) < end)
        at = put_csv_escape(out, at, end);
}
