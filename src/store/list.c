/* list.c
 *
 * In: rows of numbers. Out: bytes, column by column, and the same rows again. Never: a row that was not written.
 *
 * What stands in a column decides how it is told:
 *
 *     d  less the one before, zigzag           p  as it is
 *     h  8 bytes: a hash                       n  the distinct hashes, then for each row which
 *     t  as d, l as p, in units of a power of two, and then what is over: clocks tick in such units
 *
 * A chunk has its number of rows, then the columns. A list is full chunks and one that is not.
 */
#include "store_priv.h"

#include <stdlib.h>

enum {
    MOST_UNIT = 10, /* 1,024 ns: more is no clock's tick */
};

static const struct {
    enum tag tag;
    const char *columns;
} lists[STORE_N_LISTS] = {
    [STORE_PLACES] = {TAG_PLACES, "dtdpp"},   [STORE_COUNTS] = {TAG_COUNTS, "ddddddddddddddd"},
    [STORE_MEMBERS] = {TAG_MEMBERS, "dddp"},  [STORE_STRINGS] = {TAG_STRING_TABLE, "dh"},
    [STORE_STACKS] = {TAG_STACK_TABLE, "dh"}, [STORE_FIRST] = {TAG_FIRST, "dtdnnlpp"},
    [STORE_ENDED] = {TAG_ENDED, "dtdnnlpp"},  [STORE_LIVE] = {TAG_LIVE, "ddt"},
};

_Static_assert(GXT_N_KINDS == 15 && sizeof(struct store_counts) == 15 * 8, "a column for each kind");
_Static_assert(sizeof(struct store_place) == 5 * 8 && sizeof(struct store_member) == 4 * 8 &&
                   sizeof(struct gen_pair) == 2 * 8 && sizeof(struct store_goroutine) == 8 * 8 &&
                   sizeof(struct store_live) == 3 * 8,
               "a row is its members and nothing else");

enum tag list_tag(enum store_list list)
{
    return lists[list].tag;
}

size_t list_columns(enum store_list list)
{
    return strlen(lists[list].columns);
}

/* A column of some rows. */
struct column {
    uint64_t *first; /* cell */
    size_t n, step;  /* rows, and cells from one to the next */
};

static inline uint64_t *cell(const struct column *column, size_t row)
{
    return &column->first[row * column->step];
}

/* ---- writing ---- */

/* The largest unit of which nearly all numbers are multiples. */
static unsigned choose_unit(const struct column *column)
{
    size_t multiples[MOST_UNIT + 1] = {0};

    for (size_t row = 0; row < column->n; row++) {
        uint64_t value = *cell(column, row);
        int zeros = value ? __builtin_ctzll(value) : MOST_UNIT;
        multiples[zeros < MOST_UNIT ? zeros : MOST_UNIT]++;
    }
    size_t n = 0;
    for (unsigned unit = MOST_UNIT; unit > 0; unit--)
        if ((n += multiples[unit]) * 4 >= column->n * 3)
            return unit;
    return 0;
}

/* For a number of each row. */
static uint8_t *room(const struct column *column, struct buf *ret)
{
    return buf_room(ret, (column->n + 1) * VARINT_LONGEST);
}

static void put_deltas(const struct column *column, unsigned unit, struct buf *ret)
{
    int64_t last = 0;
    uint8_t *at = room(column, ret);

    if (!at)
        return;
    for (size_t row = 0; row < column->n; row++) {
        int64_t value = (int64_t)*cell(column, row) >> unit;
        at = varint_put_signed(at, (int64_t)((uint64_t)value - (uint64_t)last));
        last = value;
    }
    buf_took(ret, at);
}

static void put_plain(const struct column *column, unsigned unit, struct buf *ret)
{
    uint8_t *at = room(column, ret);

    if (!at)
        return;
    for (size_t row = 0; row < column->n; row++)
        at = varint_put(at, *cell(column, row) >> unit);
    buf_took(ret, at);
}

static void put_rests(const struct column *column, unsigned unit, struct buf *ret)
{
    uint8_t *at = unit > 0 ? room(column, ret) : NULL;

    if (!at)
        return;
    for (size_t row = 0; row < column->n; row++)
        at = varint_put(at, *cell(column, row) & ((UINT64_C(1) << unit) - 1));
    buf_took(ret, at);
}

static void put_hashes(const struct column *column, struct buf *ret)
{
    for (size_t row = 0; row < column->n; row++)
        buf_put_u64(ret, *cell(column, row));
}

/* Which of the distinct names it is, of which it may be a new one. */
static uint32_t place_of(uint64_t name, struct map *places, struct buf *distinct)
{
    uint32_t place = map_get(places, name);

    if (place != MAP_NONE)
        return place;
    place = (uint32_t)places->n;
    distinct->failed = distinct->failed || map_put(places, name, place) < 0;
    buf_put_u64(distinct, name);
    return place;
}

static void put_names(const struct column *column, struct buf *ret)
{
    struct map places = {0};
    struct buf distinct = {0}, rows = {0};
    uint8_t *at = room(column, &rows);
    uint64_t last = 0;
    uint32_t place = MAP_NONE; /* of the last */

    for (size_t row = 0; at && row < column->n; row++) {
        const uint64_t name = *cell(column, row);
        if (name != last || place == MAP_NONE)
            place = place_of(last = name, &places, &distinct);
        at = varint_put(at, place);
    }
    if (at)
        buf_took(&rows, at);
    buf_put_varint(ret, places.n);
    buf_put(ret, distinct.at, distinct.size);
    buf_put(ret, rows.at, rows.size);
    ret->failed = ret->failed || distinct.failed || rows.failed;
    buf_done(&distinct);
    buf_done(&rows);
    map_done(&places);
}

static void put_column(const struct column *column, char how, struct buf *ret)
{
    unsigned unit = 0;

    if (how == 't' || how == 'l') {
        unit = choose_unit(column);
        buf_put_u8(ret, (uint8_t)unit);
    }
    switch (how) {
    case 'h':
        put_hashes(column, ret);
        break;
    case 'n':
        put_names(column, ret);
        break;
    case 'd':
    case 't':
        put_deltas(column, unit, ret);
        break;
    default:
        put_plain(column, unit, ret);
        break;
    }
    put_rests(column, unit, ret);
}

void list_encode(enum store_list list, const void *rows, size_t n, struct buf *ret)
{
    const char *columns = lists[list].columns;
    const size_t step = strlen(columns);

    buf_put_varint(ret, n);
    for (size_t i = 0; i < step; i++) {
        const struct column column = {n > 0 ? (uint64_t *)rows + i : NULL, n, step}; /* no rows may be at no place */
        put_column(&column, columns[i], ret);
    }
}

/* ---- reading ---- */

static void read_names(struct reader *in, const struct column *column)
{
    uint64_t n = reader_varint(in);
    const uint8_t *distinct = n <= column->n ? reader_bytes(in, n * 8) : NULL;

    if (!distinct) {
        in->failed = true;
        return;
    }
    for (size_t row = 0; row < column->n && !in->failed; row++) {
        uint64_t place = reader_varint(in);
        if (place >= n) {
            in->failed = true;
            return;
        }
        struct reader name = {.in = {distinct + place * 8, distinct + place * 8 + 8}};
        *cell(column, row) = reader_u64(&name);
    }
}

static void read_numbers(struct reader *in, const struct column *column, bool are_deltas, unsigned unit)
{
    uint64_t last = 0;

    for (size_t row = 0; row < column->n && !in->failed; row++) {
        last = are_deltas ? last + (uint64_t)reader_signed(in) : reader_varint(in);
        *cell(column, row) = last << unit;
    }
    for (size_t row = 0; row < column->n && unit > 0 && !in->failed; row++)
        *cell(column, row) += reader_varint(in);
}

static void read_column(struct reader *in, const struct column *column, char how)
{
    unsigned unit = how == 't' || how == 'l' ? reader_u8(in) : 0;

    if (unit > MOST_UNIT)
        in->failed = true;
    else if (how == 'n')
        read_names(in, column);
    else if (how != 'h')
        read_numbers(in, column, how == 'd' || how == 't', unit);
    else
        for (size_t row = 0; row < column->n && !in->failed; row++)
            *cell(column, row) = reader_u64(in);
}

int list_decode(enum store_list list, const struct buf *bytes, struct store_rows *ret, size_t *ret_n)
{
    struct reader in = {.in = buf_span(bytes)};
    const char *columns = lists[list].columns;
    const size_t step = strlen(columns);
    const uint64_t n = reader_varint(&in);

    if (in.failed || n > LIST_ROWS)
        return GXT_EINDEX;
    const size_t wanted = (ret->n + (size_t)n) * step;
    if (!ret->cells || wanted > ret->capacity) {
        size_t capacity = wanted > 2 * ret->capacity ? wanted + 1 : 2 * ret->capacity;
        uint64_t *grown = realloc(ret->cells, capacity * sizeof *grown);
        if (!grown)
            return GXT_ENOMEM;
        ret->cells = grown;
        ret->capacity = capacity;
    }
    for (size_t i = 0; i < step && !in.failed; i++) {
        const struct column column = {ret->cells + ret->n * step + i, (size_t)n, step};
        read_column(&in, &column, columns[i]);
    }
    if (in.failed || span_size(in.in) > 0)
        return GXT_EINDEX;
    ret->n += (size_t)n;
    *ret_n = (size_t)n;
    return 0;
}
