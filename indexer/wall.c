/* wall.c
 *
 * In: seconds since 1970. Out: a date, and back. Never: the machine's time zone or locale.
 *
 * Dates are counted in years that begin on the 1st of March, so that a leap day is the last of its year:
 *
 *     day 0 of a 400-year era = 1 March of a year divisible by 400; every era has 146,097 days
 *
 * A trace may hold any 64-bit second. Go counts them from 1 March of the year -292,277,022,400, in unsigned arithmetic
 * that wraps; the same epoch here gives the same text for all of them.
 */
#include "wall.h"

#include "out.h"

enum {
    DAYS_PER_ERA = 146097,
    DAYS_TO_1970 = 719468, /* from 1 March of year 0 */
    SECONDS_PER_DAY = 86400,
    NS_PER_SECOND = 1000000000,
};

#define EPOCH_YEARS INT64_C(292277022400)
#define EPOCH_DAYS ((uint64_t)EPOCH_YEARS / 400 * DAYS_PER_ERA + DAYS_TO_1970)

struct date {
    int64_t year;
    unsigned month, day; /* from 1 */
};

static struct date date_of(uint64_t days)
{
    uint64_t era = days / DAYS_PER_ERA;
    unsigned in_era = (unsigned)(days % DAYS_PER_ERA);
    unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * in_year + 2) / 153; /* from March */

    return (struct date){
        .year = (int64_t)(era * 400) - EPOCH_YEARS + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = in_year - (153 * month + 2) / 5 + 1,
    };
}

/* At least @width digits. */
static char *put_width(char *at, uint64_t value, int width)
{
    int n_digits = 1;

    for (uint64_t rest = value; rest >= 10; rest /= 10)
        n_digits++;
    for (; n_digits < width; n_digits++)
        *at++ = '0';
    return put_unsigned(at, value);
}

static char *put_year(char *at, int64_t year)
{
    if (year < 0) {
        *at++ = '-';
        return put_width(at, 0 - (uint64_t)year, 4);
    }
    return put_width(at, (uint64_t)year, 4);
}

static char *put_fraction(char *at, uint64_t nsec)
{
    if (!nsec)
        return at;
    *at++ = '.';
    at = put_width(at, nsec, 9);
    while (at[-1] == '0')
        at--;
    return at;
}

char *wall_put(char *at, int64_t sec, int64_t nsec)
{
    int64_t carry = nsec / NS_PER_SECOND - (nsec % NS_PER_SECOND < 0);
    uint64_t rest = (uint64_t)nsec - (uint64_t)carry * NS_PER_SECOND;
    uint64_t absolute = (uint64_t)sec + (uint64_t)carry + EPOCH_DAYS * SECONDS_PER_DAY;
    struct date date = date_of(absolute / SECONDS_PER_DAY);
    unsigned clock = (unsigned)(absolute % SECONDS_PER_DAY);

    at = put_year(at, date.year);
    *at++ = '-';
    at = put_width(at, date.month, 2);
    *at++ = '-';
    at = put_width(at, date.day, 2);
    *at++ = 'T';
    at = put_width(at, clock / 3600, 2);
    *at++ = ':';
    at = put_width(at, clock / 60 % 60, 2);
    *at++ = ':';
    at = put_width(at, clock % 60, 2);
    at = put_fraction(at, rest);
    *at++ = 'Z';
    return at;
}

/* Days from 1 January 1970. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t shifted = year - (month <= 2) + 400; /* an era more: what is divided may not be below 0 */
    unsigned in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + in_year - DAYS_PER_ERA - DAYS_TO_1970;
}

/* Exactly @n digits. Return: whether they are there; *text then stands behind them. */
static bool take_digits(const char **text, int n, unsigned *ret)
{
    *ret = 0;
    for (int i = 0; i < n; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *ret = *ret * 10 + (unsigned)(**text - '0');
    }
    return true;
}

static bool take(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

/* ".25": what is below a nanosecond is dropped. */
static bool take_fraction(const char **text, int64_t *ret)
{
    int64_t unit = NS_PER_SECOND;
    unsigned digit;

    *ret = 0;
    if (!take(text, '.'))
        return true;
    if (**text < '0' || **text > '9')
        return false;
    while (**text >= '0' && **text <= '9') {
        (void)take_digits(text, 1, &digit);
        unit /= 10;
        *ret += unit * digit;
    }
    return true;
}

/* "Z" or "+02:00". */
static bool take_zone(const char **text, int64_t *ret)
{
    unsigned hours, minutes;
    int sign = **text == '-' ? -1 : 1;

    *ret = 0;
    if (take(text, 'Z') || take(text, 'z'))
        return true;
    if (!take(text, '+') && !take(text, '-'))
        return false;
    if (!take_digits(text, 2, &hours) || !take(text, ':') || !take_digits(text, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *ret = sign * (int64_t)(hours * 3600 + minutes * 60);
    return true;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        return 29;
    return days[month - 1];
}

static bool take_date(const char **text, int64_t *ret_days)
{
    unsigned year, month, day;

    if (!take_digits(text, 4, &year) || !take(text, '-') || !take_digits(text, 2, &month) || !take(text, '-') ||
        !take_digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    *ret_days = days_of(year, month, day);
    return true;
}

static bool take_clock(const char **text, int64_t *ret_sec)
{
    unsigned hour, minute, second;

    if (!take_digits(text, 2, &hour) || !take(text, ':') || !take_digits(text, 2, &minute) || !take(text, ':') ||
        !take_digits(text, 2, &second))
        return false;
    *ret_sec = hour * 3600 + minute * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

bool wall_parse(const char *text, int64_t *ret_sec, int64_t *ret_nsec)
{
    int64_t days, clock, nsec, zone;

    if (!take_date(&text, &days) || !(take(&text, 'T') || take(&text, 't')) || !take_clock(&text, &clock) ||
        !take_fraction(&text, &nsec) || !take_zone(&text, &zone) || *text)
        return false;
    *ret_sec = days * SECONDS_PER_DAY + clock - zone;
    *ret_nsec = nsec;
    return true;
}
