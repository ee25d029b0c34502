/* when.c
 *
 * In: what a person typed after --from, --to or --at. Out: a time on the trace's clock, or an ordinal. Never: a look at
 * the trace.
 */
#include "when.h"

#include "wall.h"
#include <string.h>

__extension__ typedef __int128 wide;

#define NS_PER_SECOND INT64_C(1000000000)

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ".25": the digits behind a point, times @unit, of which a rest is dropped. Digits past the 18th are far below a
 * nanosecond. Return: whether there are any. */
static bool take_fraction(const char **text, uint64_t unit, wide *ret)
{
    const char *at = *text;
    wide digits = 0, divisor = 1;

    for (; is_digit(*at); at++) {
        if (divisor >= (wide)1000000000000000000)
            continue;
        digits = digits * 10 + (*at - '0');
        divisor *= 10;
    }
    *ret = digits * unit / divisor;
    if (at == *text)
        return false;
    *text = at;
    return true;
}

/* A number at *text, times @unit. Return: whether there is one that fits. */
static bool take_decimal(const char **text, uint64_t unit, wide *ret)
{
    const char *at = *text;
    wide whole = 0, fraction = 0;
    bool has_digits = false;

    for (; is_digit(*at); at++, has_digits = true) {
        whole = whole * 10 + (*at - '0');
        if (whole > INT64_MAX)
            return false;
    }
    if (*at == '.') {
        at++;
        has_digits |= take_fraction(&at, unit, &fraction);
    }
    *text = at;
    *ret = whole * unit + fraction;
    return has_digits;
}

/* Return: nanoseconds of the unit at *text, or 0 when there is none. */
static uint64_t take_unit(const char **text)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},       {"us", 1000},         {"\xc2\xb5s", 1000},       {"\xce\xbcs", 1000},
        {"ms", 1000000}, {"s", NS_PER_SECOND}, {"m", 60 * NS_PER_SECOND}, {"h", 3600 * NS_PER_SECOND},
    };
    size_t size = 0;

    while ((*text)[size] && (*text)[size] != '.' && !is_digit((*text)[size]))
        size++;
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (strlen(units[i].name) == size && !memcmp(units[i].name, *text, size)) {
            *text += size;
            return units[i].ns;
        }
    }
    return 0;
}

/* The unit stands behind the number, so a number is read twice. */
static bool take_term(const char **text, wide *ret)
{
    const char *unit_at = *text;
    wide ignored;
    uint64_t unit;

    if (!take_decimal(&unit_at, 1, &ignored))
        return false;
    unit = take_unit(&unit_at);
    if (!unit || !take_decimal(text, unit, ret))
        return false;
    *text = unit_at;
    return true;
}

/* Go's time.ParseDuration: "1m3.5s". */
static bool parse_offset(const char *text, int64_t *ret)
{
    bool is_negative = *text == '-';
    wide sum = 0, term;

    if (*text == '-' || *text == '+')
        text++;
    if (!strcmp(text, "0")) {
        *ret = 0;
        return true;
    }
    if (!*text)
        return false;
    while (*text) {
        if (!take_term(&text, &term))
            return false;
        sum += term;
        if (sum > INT64_MAX)
            return false;
    }
    *ret = (int64_t)(is_negative ? -sum : sum);
    return true;
}

/* A whole number that fills @text. */
static bool parse_whole(const char *text, uint64_t limit, uint64_t *ret)
{
    wide value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (!is_digit(*text))
            return false;
        value = value * 10 + (*text - '0');
        if (value > limit)
            return false;
    }
    *ret = (uint64_t)value;
    return true;
}

static bool parse_clock(const char *text, int64_t *ret)
{
    bool is_negative = *text == '-';
    uint64_t size;

    if (!parse_whole(text + is_negative, (uint64_t)INT64_MAX + is_negative, &size))
        return false;
    *ret = (int64_t)(is_negative ? 0 - size : size);
    return true;
}

static bool parse_share(const char *text, uint64_t *ret)
{
    wide share;

    if (!take_decimal(&text, WHEN_WHOLE / 100, &share) || strcmp(text, "%") != 0 || share > (wide)WHEN_WHOLE)
        return false;
    *ret = (uint64_t)share;
    return true;
}

static enum when_form parse_form(const char *text, struct when *ret)
{
    size_t size = strlen(text);

    if (text[0] == '@')
        return parse_clock(text + 1, &ret->ns) ? WHEN_CLOCK : WHEN_NONE;
    if (!strncmp(text, "n:", 2))
        return parse_whole(text + 2, UINT64_MAX, &ret->pos.ordinal) ? WHEN_ORDINAL : WHEN_NONE;
    if (size && text[size - 1] == '%')
        return parse_share(text, &ret->share) ? WHEN_SHARE : WHEN_NONE;
    if (parse_offset(text, &ret->ns))
        return WHEN_OFFSET;
    if (wall_parse(text, &ret->wall_sec, &ret->wall_nsec))
        return WHEN_WALL;
    return gxt_pos_parse(text, &ret->pos) == 0 ? WHEN_POSITION : WHEN_NONE;
}

bool when_parse(const char *text, struct when *ret)
{
    struct when when = {.text = text};

    when.form = parse_form(text, &when);
    if (when.form == WHEN_NONE)
        return false;
    *ret = when;
    return true;
}

static int64_t clamp(wide time)
{
    return time > INT64_MAX ? INT64_MAX : time < INT64_MIN ? INT64_MIN : (int64_t)time;
}

static int64_t wall_time(const struct when *when, const struct gxt_facts *facts)
{
    wide seconds = (wide)when->wall_sec - facts->wall_sec;

    return clamp(facts->clock_ns + seconds * NS_PER_SECOND + when->wall_nsec - facts->wall_nsec);
}

int64_t when_time(const struct when *when, const struct gxt_facts *facts, int64_t last_ns)
{
    switch (when->form) {
    case WHEN_OFFSET:
        return clamp((wide)facts->start_ns + when->ns);
    case WHEN_SHARE:
        return clamp(facts->start_ns + ((wide)last_ns - facts->start_ns) * (wide)when->share / (wide)WHEN_WHOLE);
    case WHEN_WALL:
        return wall_time(when, facts);
    default:
        return when->ns;
    }
}
