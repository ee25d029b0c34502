/* list.c
 *
 * In: rows of numbers. Out: bytes, column by column, and the same rows again. Never: a row that was not written.
 *
 * What stands in a column decides what is told of it:
 *
 *     d  each less the one before              p  as it is
 *     h  8 bytes: a hash                       n  with the n beside it: the distinct ones, and for each row which
 *     t  as d, l as p, in units of a power of two, and what is over of those that are no multiples of it: clocks tick
 *        in such units
 *     e  as t, but of when that ends whose length l tells: in a list by ends these rise
 *
 * So all but hashes are small numbers for the most part, and of these few bits are put (bits.c): as bytes where packing
 * gains by it, else side by side. The few that have more bits, or something over, have a tail.
 *
 *     rows | how each column is told | bits that are not packed, and hashes, column after column
 *     bits that are packed, column after column | size of the gaps | gaps, column after column | names and tails
 *
 * The first line is not packed. A list is full chunks and one that is not.
 */
#include "store_priv.h"

#include <stdlib.h>

enum {
    MOST_UNIT = 10, /* 1,024 ns: more is no clock's tick */
    SAMPLED = 128,  /* rows by which it is chosen how a column is told */
    OFTEN = 16,     /* one in so many rows is so often less than the one before that all have a bit for it */
    RECENT = 256,
    TELLING_BYTES = 2,
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

static bool tells_deltas(char how)
{
    return how == 'd' || how == 't' || how == 'e';
}

static bool tells_times(char how)
{
    return how == 't' || how == 'l' || how == 'e';
}

/* A number as it is told: in units; what is over are its highest bits, so that hardly any is large. */
static inline uint64_t fold(uint64_t number, unsigned unit, bool is_signed)
{
    return is_signed ? varint_zigzag((int64_t)number >> unit) | rotate_right(lowest(number, unit), unit)
                     : rotate_right(number, unit);
}

static inline uint64_t unfold(uint64_t told, unsigned unit, bool is_signed)
{
    const uint64_t units = told << unit >> unit;

    return is_signed ? varint_unzigzag(units) << unit | lowest(rotate_left(told, unit), unit) : rotate_left(told, unit);
}

/* ---- writing ---- */

/* What a column tells of a row. @lengths: of the same rows, where that is when something ends */
static inline uint64_t number_at(const struct column *column, char how, const uint64_t *lengths, size_t row)
{
    return *cell(column, row) + (how == 'e' ? lengths[row * column->step] : 0);
}

size_t list_sample_step(size_t n)
{
    return n < SAMPLED ? 1 : n / SAMPLED;
}

/* The largest unit of which nearly all numbers are multiples, judged by some of them. */
static unsigned choose_unit(const struct column *column, char how, const uint64_t *lengths)
{
    size_t multiples[MOST_UNIT + 1] = {0}, n_multiples = 0, n = 0;
    const size_t step = list_sample_step(column->n);

    for (size_t row = 0; row < column->n; row += step, n++)
        multiples[__builtin_ctzll(number_at(column, how, lengths, row) | (UINT64_C(1) << MOST_UNIT))]++;
    for (unsigned unit = MOST_UNIT; unit > 0; unit--) {
        n_multiples += multiples[unit];
        if (n_multiples * 4 >= n * 3)
            return unit;
    }
    return 0;
}

/* Whether so many are less than the one before that all have a bit for it, judged by some. */
static bool choose_signed(const struct column *column, char how, const uint64_t *lengths)
{
    const size_t step = list_sample_step(column->n);
    size_t n_less = 0, n = 0;

    for (size_t row = 1; row < column->n; row += step, n++)
        n_less += number_at(column, how, lengths, row) < number_at(column, how, lengths, row - 1);
    return n_less * OFTEN > n;
}

/* Tells all numbers of a column. @how: a constant where this is inlined */
static inline __attribute__((always_inline)) void tell_all(const struct column *column, char how,
                                                           const uint64_t *lengths, const struct telling *telling,
                                                           uint64_t *ret)
{
    const struct column its = *column; /* so it may stand in registers */
    const unsigned unit = tells_times(how) ? telling->unit : 0;
    const bool is_signed = tells_deltas(how) && telling->is_signed;
    uint64_t last = 0;

    for (size_t row = 0; row < its.n; row++) {
        const uint64_t number = number_at(&its, how, lengths, row);
        ret[row] = fold(number - last, unit, is_signed);
        if (tells_deltas(how))
            last = number - lowest(number, unit);
    }
}

static __attribute__((noinline)) void tell_numbers(const struct column *column, char how, const uint64_t *lengths,
                                                   struct telling *telling, uint64_t *ret)
{
    telling->unit = tells_times(how) ? choose_unit(column, how, lengths) : 0;
    telling->is_signed = tells_deltas(how) && choose_signed(column, how, lengths);
    switch (how) {
    case 'd':
        tell_all(column, 'd', lengths, telling, ret);
        break;
    case 't':
        tell_all(column, 't', lengths, telling, ret);
        break;
    case 'e':
        tell_all(column, 'e', lengths, telling, ret);
        break;
    case 'l':
        tell_all(column, 'l', lengths, telling, ret);
        break;
    default:
        tell_all(column, 'p', lengths, telling, ret);
        break;
    }
}

static void put_hashes(const struct column *column, struct buf *ret)
{
    for (size_t row = 0; row < column->n; row++)
        buf_put_u64(ret, *cell(column, row));
}

/* A name that was met, and which it is. */
struct met_name {
    const uint64_t *at;
    uint32_t place;
};

/* Distinct names, by the rows that had them first. */
struct names {
    size_t n;
    uint32_t rows[LIST_ROWS];
    struct met_name recent[RECENT];
    struct map places; /* by hash */
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
static uint32_t meet(struct names *names, const struct column *column, size_t row)
{
    const uint64_t hash = hash_of(cell(column, row), column->width);
    uint32_t place = map_get(&names->places, hash);

    if (place != MAP_NONE && is_same(cell(column, names->rows[place]), cell(column, row), column->width))
        return place;
    place = (uint32_t)names->n++;
    names->rows[place] = (uint32_t)row;
    names->failed = names->failed || map_put(&names->places, hash, place) < 0;
    return place;
}

/* Where a name may be found that was met of late. Most are hashes: no more is needed. */
static inline size_t recent_of(const uint64_t *name, size_t width)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < width; i++)
        sum = sum * 3 + name[i];
    return sum % RECENT;
}

/* Tells for each row which of the distinct names it is. @width: the column's, a constant where this is inlined */
static inline __attribute__((always_inline)) void tell_places(struct names *names, const struct column *column,
                                                              size_t width, uint64_t *ret)
{
    const struct column its = *column; /* as there */

    for (size_t row = 0; row < its.n; row++) {
        const uint64_t *name = cell(&its, row);
        struct met_name *met = &names->recent[recent_of(name, width)];
        if (UNLIKELY(!is_same(met->at, name, width)))
            *met = (struct met_name){name, meet(names, column, row)};
        ret[row] = met->place;
    }
}

/* Tells names. The distinct ones stand before the column's tails. */
static __attribute__((noinline)) void tell_names(const struct column *column, struct chunk *chunk)
{
    struct names names;
    struct buf *tails = &chunk->tails;

    names.n = 0;
    names.failed = false;
    names.places = (struct map){0};
    const struct met_name first = {column->first, column->n > 0 ? meet(&names, column, 0) : 0};
    for (size_t i = 0; i < RECENT; i++)
        names.recent[i] = first;
    if (column->width == 3)
        tell_places(&names, column, 3, chunk->told);
    else
        tell_places(&names, column, column->width, chunk->told);
    buf_put_varint(tails, names.n);
    for (size_t i = 0; i < names.n; i++)
        for (size_t part = 0; part < column->width; part++)
            buf_put_u64(tails, cell(column, names.rows[i])[part]);
    tails->failed = tails->failed || names.failed;
    map_done(&names.places);
}

/* @lengths: of the same rows, where it is told when something ends */
static void put_column(struct chunk *chunk, const struct column *column, char how, const uint64_t *lengths,
                       struct telling *telling)
{
    if (how == 'h') {
        put_hashes(column, chunk->bits);
        return;
    }
    if (how == 'n')
        tell_names(column, chunk);
    else
        tell_numbers(column, how, lengths, telling, chunk->told);
    bits_put(chunk, column->n, telling);
}

static void put_telling(const struct telling *telling, uint8_t ret[TELLING_BYTES])
{
    ret[0] = (uint8_t)(telling->unit << 1 | telling->is_signed);
    ret[1] = (uint8_t)(telling->bits << 1 | telling->is_bytes);
}

/* Puts what is packed behind what is not. */
static void end_chunk(struct chunk *chunk, struct list_ends *ret_ends)
{
    struct buf *const ret = chunk->bits, *const parts[] = {&chunk->bytes, &chunk->gaps, &chunk->tails};

    *ret_ends = (struct list_ends){{ret->size}, 1};
    for (size_t i = 0; i < chunk->ends.n; i++)
        ret_ends->at[ret_ends->n++] = ret->size + chunk->ends.at[i];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i] == &chunk->gaps)
            buf_put_varint(ret, chunk->gaps.size);
        buf_put(ret, parts[i]->at, parts[i]->size);
        ret->failed = ret->failed || parts[i]->failed;
        if (parts[i] != &chunk->bytes)
            ret_ends->at[ret_ends->n++] = ret->size;
        buf_done(parts[i]);
    }
}

void list_encode(enum store_list list, const void *rows, size_t n, struct buf *ret, struct list_ends *ret_ends)
{
    const char *columns = lists[list].columns;
    const size_t step = strlen(columns), length = strcspn(columns, "l");
    uint64_t *cells = (uint64_t *)rows, none[1] = {0};
    struct chunk chunk;

    chunk.bits = ret;
    chunk.bytes = chunk.gaps = chunk.tails = (struct buf){0};
    chunk.ends.n = 0;
    buf_put_varint(ret, n);
    const size_t tellings = ret->size;
    for (size_t i = 0; i < step; i++)
        buf_put(ret, (uint8_t[TELLING_BYTES]){0}, TELLING_BYTES);
    for (size_t i = 0; i < step; i += width_at(columns + i)) {
        const struct column column = {n > 0 ? cells + i : none, n, step, width_at(columns + i)};
        struct telling telling = {0};
        put_column(&chunk, &column, columns[i], n > 0 && length < step ? cells + length : none, &telling);
        if (!ret->failed)
            put_telling(&telling, ret->at + tellings + TELLING_BYTES * i);
    }
    end_chunk(&chunk, ret_ends);
}

/* ---- reading ---- */

static void read_telling(struct reader *in, struct telling *ret)
{
    const uint8_t first = reader_u8(in), second = reader_u8(in);

    *ret = (struct telling){first >> 1, first & 1, second & 1, second >> 1};
    in->failed = in->failed || ret->unit > MOST_UNIT || ret->bits > MOST_BITS || (ret->is_bytes && ret->bits % 4 != 0);
}

/* Makes of which names they are the names. */
static void take_names(struct reader *in, const struct column *column, const uint8_t *distinct, uint64_t n)
{
    const size_t size = column->width * 8;

    for (size_t row = 0; row < column->n; row++) {
        const uint64_t place = *cell(column, row);
        if (place >= n) {
            in->failed = true;
            return;
        }
        struct reader name = {.in = {distinct + place * size, distinct + (place + 1) * size}};
        for (size_t i = 0; i < column->width; i++)
            cell(column, row)[i] = reader_u64(&name);
    }
}

/* Makes of what is told of numbers the numbers. */
static void take_numbers(const struct column *column, char how, const struct telling *telling)
{
    uint64_t last = 0;

    for (size_t row = 0; row < column->n; row++) {
        uint64_t *number = cell(column, row);
        *number = last + unfold(*number, telling->unit, telling->is_signed);
        if (tells_deltas(how))
            last = *number - lowest(*number, telling->unit);
    }
}

static void read_column(struct reader *in, const struct column *column, char how, const struct telling *telling)
{
    if (how == 'h')
        for (size_t row = 0; row < column->n && !in->failed; row++)
            *cell(column, row) = reader_u64(in);
    else
        bits_read(in, column, telling);
}

/* Reads what else is told of a column, and makes of it what was put. */
static void end_column(struct reader *in, struct reader *gaps, const struct column *column, char how,
                       const struct telling *telling)
{
    const uint64_t n_names = how == 'n' ? reader_varint(in) : 0;
    const uint8_t *names = n_names <= column->n ? reader_bytes(in, n_names * column->width * 8) : NULL;

    in->failed = in->failed || !names;
    if (how == 'h' || in->failed)
        return;
    bits_read_tails(in, gaps, column, telling);
    if (in->failed)
        return;
    if (how == 'n')
        take_names(in, column, names, n_names);
    else
        take_numbers(column, how, telling);
}

static void read_columns(struct reader *in, const char *columns, uint64_t *cells, size_t n)
{
    const size_t step = strlen(columns);
    struct telling tellings[MOST_COLUMNS];

    for (size_t i = 0; i < step; i++)
        read_telling(in, &tellings[i]);
    for (int are_bytes = 0; are_bytes <= 1; are_bytes++)
        for (size_t i = 0; i < step && !in->failed; i += width_at(columns + i)) {
            const struct column column = {cells + i, n, step, width_at(columns + i)};
            if (tellings[i].is_bytes == are_bytes)
                read_column(in, &column, columns[i], &tellings[i]);
        }
    const uint64_t size = reader_varint(in);
    const uint8_t *at = reader_bytes(in, size);
    struct reader gaps = {.in = {at, at ? at + size : at}};
    for (size_t i = 0; i < step && !in->failed; i += width_at(columns + i)) {
        const struct column column = {cells + i, n, step, width_at(columns + i)};
        end_column(in, &gaps, &column, columns[i], &tellings[i]);
    }
    in->failed = in->failed || gaps.failed || span_size(gaps.in) > 0;
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
    read_columns(&in, columns, cells, (size_t)n);
    if (in.failed || span_size(in.in) > 0)
        return GXT_EINDEX;
    take_lengths(cells, (size_t)n, columns);
    ret->n += (size_t)n;
    *ret_n = (size_t)n;
    return 0;
}
