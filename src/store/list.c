/* list.c
 *
 * In: rows of numbers. Out: bytes, column by column, and the same rows again. Never: a row that was not written.
 *
 * What stands in a column decides how it is told:
 *
 *     d  less the one before, zigzag           p  as it is
 *     h  8 bytes: a hash                       n  with the n beside it: the distinct ones, then for each row which
 *     t  as d, l as p, in units of a power of two, and then what is over of those that are no multiples of it: clocks
 *        tick in such units
 *     e  as t, but of when that ends whose length l tells: in a list by ends these rise
 *
 * A chunk has its number of rows, then the columns. A list is full chunks and one that is not.
 */
#include "store_priv.h"

#include <stdlib.h>

enum {
    MOST_UNIT = 10, /* 1,024 ns: more is no clock's tick */
    SAMPLED = 64,   /* rows by which a unit is chosen */
    RECENT = 256,
};

static const struct {
    enum tag tag;
    const char *columns;
} lists[STORE_N_LISTS] = {
    [STORE_PLACES] = {TAG_PLACES, "dtdpp"},   [STORE_COUNTS] = {TAG_COUNTS, "ddddddddddddddd"},
    [STORE_MEMBERS] = {TAG_MEMBERS, "dddp"},  [STORE_STRINGS] = {TAG_STRING_TABLE, "dh"},
    [STORE_STACKS] = {TAG_STACK_TABLE, "dh"}, [STORE_FIRST] = {TAG_FIRST, "dednnnlp"},
    [STORE_ENDED] = {TAG_ENDED, "dednnnlp"},  [STORE_LIVE] = {TAG_LIVE, "ddt"},
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

/* How many columns are told together with the one here. */
static size_t width_at(const char *columns)
{
    const size_t n_names = strspn(columns, "n");

    return n_names > 0 ? n_names : 1;
}

/* Columns of some rows that are told together. */
struct column {
    uint64_t *first; /* cell */
    size_t n, step;  /* rows, and cells from one to the next */
    size_t width;
};

static inline uint64_t *cell(const struct column *column, size_t row)
{
    return &column->first[row * column->step];
}

static bool tells_deltas(char how)
{
    return how == 'd' || how == 't' || how == 'e';
}

static bool tells_times(char how)
{
    return how == 't' || how == 'l' || how == 'e';
}

/* ---- writing ---- */

/* For so many numbers. */
static uint8_t *room(size_t n, struct buf *ret)
{
    return buf_room(ret, (n + 1) * VARINT_LONGEST);
}

/* What a column tells of a row. @lengths: of the same rows, where that is when something ends */
static inline uint64_t number_at(const struct column *column, char how, const uint64_t *lengths, size_t row)
{
    return *cell(column, row) + (how == 'e' ? lengths[row * column->step] : 0);
}

/* The largest unit of which nearly all numbers are multiples, judged by some of them. */
static unsigned choose_unit(const struct column *column, char how, const uint64_t *lengths)
{
    size_t multiples[MOST_UNIT + 1] = {0}, n_multiples = 0, n = 0;
    const size_t step = column->n < SAMPLED ? 1 : column->n / SAMPLED;

    for (size_t row = 0; row < column->n; row += step, n++)
        multiples[__builtin_ctzll(number_at(column, how, lengths, row) | (UINT64_C(1) << MOST_UNIT))]++;
    for (unsigned unit = MOST_UNIT; unit > 0; unit--) {
        n_multiples += multiples[unit];
        if (n_multiples * 4 >= n * 3)
            return unit;
    }
    return 0;
}

/* Of the rows whose numbers are no multiples: how many rows further, and how much is over. */
static void put_rests(const struct column *column, char how, const uint64_t *lengths, unsigned unit,
                      const uint16_t *over, size_t n_over, struct buf *ret)
{
    const uint64_t mask = (UINT64_C(1) << unit) - 1;
    uint8_t *at = room(2 * n_over, ret);
    size_t last = 0;

    if (!at)
        return;
    at = varint_put(at, n_over);
    for (size_t i = 0; i < n_over; i++) {
        at = varint_put(at, over[i] - last);
        at = varint_put(at, number_at(column, how, lengths, over[i]) & mask);
        last = over[i];
    }
    buf_took(ret, at);
}

/* Puts all numbers of a column. @how: a constant where this is inlined */
static inline __attribute__((always_inline)) void put_all(const struct column *column, char how,
                                                          const uint64_t *lengths, struct buf *ret)
{
    const unsigned unit = tells_times(how) ? choose_unit(column, how, lengths) : 0;
    const uint64_t mask = (UINT64_C(1) << unit) - 1;
    uint16_t over[LIST_ROWS];
    uint64_t last = 0;
    size_t n_over = 0;

    if (tells_times(how))
        buf_put_u8(ret, (uint8_t)unit);
    uint8_t *at = room(column->n, ret);
    if (!at)
        return;
    for (size_t row = 0; row < column->n; row++) {
        const uint64_t number = number_at(column, how, lengths, row);
        if (tells_times(how)) {
            over[n_over] = (uint16_t)row;
            n_over += (number & mask) != 0; /* no branch: it would be foretold badly */
        }
        if (tells_deltas(how)) {
            const uint64_t value = (uint64_t)((int64_t)number >> unit);
            at = varint_put_signed(at, (int64_t)(value - last));
            last = value;
        } else {
            at = varint_put(at, number >> unit);
        }
    }
    buf_took(ret, at);
    if (unit > 0)
        put_rests(column, how, lengths, unit, over, n_over, ret);
}

static void put_numbers(const struct column *column, char how, const uint64_t *lengths, struct buf *ret)
{
    switch (how) {
    case 'd':
        put_all(column, 'd', lengths, ret);
        break;
    case 't':
        put_all(column, 't', lengths, ret);
        break;
    case 'e':
        put_all(column, 'e', lengths, ret);
        break;
    case 'l':
        put_all(column, 'l', lengths, ret);
        break;
    default:
        put_all(column, 'p', lengths, ret);
        break;
    }
}

static void put_hashes(const struct column *column, struct buf *ret)
{
    for (size_t row = 0; row < column->n; row++)
        buf_put_u64(ret, *cell(column, row));
}

/* Distinct names, by the rows that had them first. */
struct names {
    size_t n;
    uint32_t rows[LIST_ROWS];
    uint32_t recent[RECENT]; /* places, by hash */
    struct map places;       /* the same */
    bool failed;
};

static inline uint64_t hash_of(const uint64_t *name, size_t width)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < width; i++)
        hash = (hash ^ name[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return hash;
}

static inline bool is_same(const uint64_t *left, const uint64_t *right, size_t width)
{
    uint64_t differ = 0;

    for (size_t i = 0; i < width; i++)
        differ |= left[i] ^ right[i];
    return differ == 0;
}

/* Of two whose hashes are the same the second is a new one each time. */
static uint32_t meet(struct names *names, const struct column *column, size_t row, uint64_t hash)
{
    uint32_t place = map_get(&names->places, hash);

    if (place != MAP_NONE && is_same(cell(column, names->rows[place]), cell(column, row), column->width))
        return place;
    place = (uint32_t)names->n++;
    names->rows[place] = (uint32_t)row;
    names->failed = names->failed || map_put(&names->places, hash, place) < 0;
    return place;
}

/* Puts for each row which of the distinct names it is. @width: the column's, a constant where this is inlined */
static inline __attribute__((always_inline)) void put_places(struct names *names, const struct column *column,
                                                             size_t width, struct buf *ret)
{
    uint8_t *at = room(column->n, ret);

    if (!at)
        return;
    for (size_t row = 0; row < column->n; row++) {
        const uint64_t *name = cell(column, row), hash = hash_of(name, width);
        uint32_t *place = &names->recent[hash >> 56];
        if (UNLIKELY(*place >= names->n || !is_same(cell(column, names->rows[*place]), name, width)))
            *place = meet(names, column, row, hash);
        at = varint_put(at, *place);
    }
    buf_took(ret, at);
}

static void put_names(const struct column *column, struct buf *ret)
{
    struct names names;
    struct buf places = {0};

    names.n = 0;
    names.failed = false;
    names.places = (struct map){0};
    memset(names.recent, 0, sizeof names.recent);
    if (column->width == 3)
        put_places(&names, column, 3, &places);
    else
        put_places(&names, column, column->width, &places);
    buf_put_varint(ret, names.n);
    for (size_t i = 0; i < names.n; i++)
        for (size_t part = 0; part < column->width; part++)
            buf_put_u64(ret, cell(column, names.rows[i])[part]);
    buf_put(ret, places.at, places.size);
    ret->failed = ret->failed || names.failed || places.failed;
    buf_done(&places);
    map_done(&names.places);
}

/* @lengths: of the same rows, where it is told when something ends */
static void put_column(const struct column *column, char how, const uint64_t *lengths, struct buf *ret)
{
    if (how == 'h')
        put_hashes(column, ret);
    else if (how == 'n')
        put_names(column, ret);
    else
        put_numbers(column, how, lengths, ret);
}

void list_encode(enum store_list list, const void *rows, size_t n, struct buf *ret, struct list_ends *ret_ends)
{
    const char *columns = lists[list].columns;
    const size_t step = strlen(columns), length = strcspn(columns, "l");
    uint64_t *cells = (uint64_t *)rows, none[1] = {0};

    buf_put_varint(ret, n);
    ret_ends->n = 0;
    for (size_t i = 0; i < step; i += width_at(columns + i)) {
        const struct column column = {n > 0 ? cells + i : none, n, step, width_at(columns + i)};
        put_column(&column, columns[i], n > 0 && length < step ? cells + length : none, ret);
        ret_ends->at[ret_ends->n++] = ret->size;
    }
}

/* ---- reading ---- */

static void read_names(struct reader *in, const struct column *column)
{
    const uint64_t n = reader_varint(in);
    const size_t size = column->width * 8;
    const uint8_t *distinct = n <= column->n ? reader_bytes(in, n * size) : NULL;

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
        struct reader name = {.in = {distinct + place * size, distinct + (place + 1) * size}};
        for (size_t i = 0; i < column->width; i++)
            cell(column, row)[i] = reader_u64(&name);
    }
}

static void read_rests(struct reader *in, const struct column *column, unsigned unit)
{
    uint64_t n_over = reader_varint(in), row = 0;

    for (; n_over > 0 && !in->failed; n_over--) {
        const uint64_t further = reader_varint(in), rest = reader_varint(in);
        in->failed = in->failed || further >= column->n - row || rest == 0 || rest >> unit != 0;
        if (in->failed)
            return;
        row += further;
        *cell(column, (size_t)row) += rest;
    }
}

static void read_numbers(struct reader *in, const struct column *column, char how)
{
    const unsigned unit = tells_times(how) ? reader_u8(in) : 0;
    const bool are_deltas = tells_deltas(how);
    uint64_t last = 0;

    in->failed = in->failed || unit > MOST_UNIT;
    for (size_t row = 0; row < column->n && !in->failed; row++) {
        last = are_deltas ? last + (uint64_t)reader_signed(in) : reader_varint(in);
        *cell(column, row) = last << unit;
    }
    if (unit > 0 && !in->failed)
        read_rests(in, column, unit);
}

static void read_column(struct reader *in, const struct column *column, char how)
{
    if (how == 'n')
        read_names(in, column);
    else if (how != 'h')
        read_numbers(in, column, how);
    else
        for (size_t row = 0; row < column->n && !in->failed; row++)
            *cell(column, row) = reader_u64(in);
}

/* Makes of when it ended when it began. */
static void take_lengths(uint64_t *cells, size_t n, const char *columns)
{
    const size_t step = strlen(columns), end = strcspn(columns, "e"), length = strcspn(columns, "l");

    for (size_t row = 0; end < step && row < n; row++)
        cells[row * step + end] -= cells[row * step + length];
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
    uint64_t *const cells = ret->cells + ret->n * step;
    for (size_t i = 0; i < step && !in.failed; i += width_at(columns + i)) {
        const struct column column = {cells + i, (size_t)n, step, width_at(columns + i)};
        read_column(&in, &column, columns[i]);
    }
    if (in.failed || span_size(in.in) > 0)
        return GXT_EINDEX;
    take_lengths(cells, (size_t)n, columns);
    ret->n += (size_t)n;
    *ret_n = (size_t)n;
    return 0;
}
