/* header.c
 *
 * In: the first bytes of a file. Out: which Go's trace it is. Never: a look at what follows.
 *
 * The runtime writes 16 bytes, "go 1.26 trace" and three NULs. Go's reader takes them in with fmt.Fscanf, which is more
 * generous, and so is this:
 *
 *     go  <space>+  1.  <space>*  <digit>+  <space>+  trace  NUL NUL NUL
 *
 * with any of Unicode's spaces but the newline, and any number of digits as long as they make no more than 32 bits.
 */
#include "wire.h"

#include <limits.h>

/* How many bytes the space at @in takes, 0 if there is none: fmt's isSpace, without the newline. */
static size_t space_size(struct span in)
{
    static const char spaces[][4] = {
        "\t",           "\v",           "\f",           "\r",           " ",
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
        "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
        "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };

    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        size_t size = strlen(spaces[i]);
        if (size <= span_size(in) && memcmp(in.at, spaces[i], size) == 0)
            return size;
    }
    return 0;
}

/* Returns whether there was one. */
static bool skip_spaces(struct span *in)
{
    const uint8_t *from = in->at;

    for (size_t size; (size = space_size(*in)) > 0;)
        in->at += size;
    return in->at > from;
}

static bool skip_text(struct span *in, const char *text, size_t size)
{
    if (span_size(*in) < size || memcmp(in->at, text, size) != 0)
        return false;
    in->at += size;
    return true;
}

static bool read_number(struct span *in, uint64_t *ret)
{
    const uint8_t *from = in->at;
    uint64_t value = 0;

    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
        value = value * 10 + (*in->at - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *ret = value;
    return in->at > from;
}

int wire_header(struct span *in, int *ret)
{
    struct span rest = *in;
    uint64_t version;

    if (!skip_text(&rest, "go", 2) || !skip_spaces(&rest) || !skip_text(&rest, "1.", 2))
        return GXT_EFORMAT;
    (void)skip_spaces(&rest);
    if (!read_number(&rest, &version) || !skip_spaces(&rest) || !skip_text(&rest, "trace\0\0\0", 8))
        return GXT_EFORMAT;

    *ret = version > INT_MAX ? INT_MAX : (int)version;
    if (version != 11 && version != 19 && version != 21 && version != 22 && version != 23 && version != 25 &&
        version != 26)
        return GXT_EVERSION;
    in->at = rest.at;
    return 0;
}
