/* bits.c
 *
 * In: numbers of a column, small ones for the most part. Out: few bits for each, and the same numbers again. Never: a
 * number that was not put.
 *
 * Of each number as many of its lowest bits are put as are worth it for all; few have more, and these have a tail that
 * tells the rest, and a gap, which is how many rows further it is than the one with a tail before. How the bits stand
 * is up to what they are like. Mostly they look like chance, and cannot be packed: they stand side by side, LANES rows
 * at once, each in a lane of its own:
 *
 *     eight bytes of lane 0 | eight of lane 1 | … | the next eight of lane 0 | … | at last as many bytes as each has
 *
 * Where the lowest bytes are some few again and again they stand as bytes: the lowest one of each row, then the next of
 * each, and so on, each such plane a block for packing. Where the last plane needs half a byte only, two rows share
 * one.
 */
#include "store_priv.h"

enum {
    TAIL_BITS = 10, /* of a tail and its gap, besides those that it tells, about */
    FEW = 16,       /* one in so many may have a tail, where bits stand as bytes */
    LANES = 8,
};

/* What is told of a number behind its bits: little if it has hardly more, or has something over. */
static inline uint64_t tail_of(uint64_t told, const struct telling *telling)
{
    const unsigned unit = telling->unit;

    return told << unit >> unit >> telling->bits << unit | lowest(rotate_left(told, unit), unit);
}

static inline uint64_t of_tail(uint64_t tail, const struct telling *telling)
{
    const unsigned unit = telling->unit;

    return tail >> unit << telling->bits | rotate_right(lowest(tail, unit), unit);
}

/* ---- writing ---- */

/* What some numbers of a column are like. */
struct sample {
    size_t n;
    size_t lengths[65]; /* how many have so many bits */
    size_t n_same;      /* pairs whose lowest bytes are the same */
};

static void take_sample(const uint64_t *told, size_t n, unsigned unit, struct sample *ret)
{
    const size_t step = list_sample_step(n);
    uint8_t met[256] = {0};

    *ret = (struct sample){0};
    for (size_t row = 0; row < n; row += step, ret->n++) {
        const uint64_t units = told[row] << unit >> unit;
        ret->lengths[units > 0 ? 64 - (unsigned)__builtin_clzll(units) : 0]++;
        ret->n_same += met[(uint8_t)units]++;
    }
}

/* With so many bits of each all take least, tails and all. */
static unsigned cheapest_bits(const struct sample *sample, unsigned unit)
{
    size_t n_longer = 0, n_beyond = 0, least = SIZE_MAX;
    unsigned ret = 0;

    for (unsigned bits = 64; bits <= 64; n_longer += sample->lengths[bits--], n_beyond += n_longer) {
        const size_t cost = bits * sample->n + n_longer * (TAIL_BITS + unit) + n_beyond;
        if (bits > MOST_BITS || cost > least)
            continue;
        least = cost;
        ret = bits;
    }
    return ret;
}

/* So many bits have all but few, in half bytes. */
static unsigned bits_of_most(const struct sample *sample)
{
    size_t n_longer = 0;
    unsigned bits = 64;

    for (; bits > 0 && (n_longer + sample->lengths[bits]) * FEW <= sample->n; bits--)
        n_longer += sample->lengths[bits];
    return bits < MOST_BITS ? (bits + 3) / 4 * 4 : MOST_BITS;
}

/* Whether it is worth its time to pack them as bytes: the lowest must be the same so many times more often than by
 * chance, and oftener where there are more planes. */
static bool are_alike(const struct sample *sample, unsigned bits)
{
    return sample->n_same << (bits < 8 ? bits : 8) > sample->n * sample->n / 2 * (2 + (bits + 3) / 4);
}

/* Puts the tails of a column, and their gaps, and takes off what they tell. */
static __attribute__((noinline)) void put_tails(struct chunk *chunk, size_t n, const struct telling *telling)
{
    uint16_t rows[LIST_ROWS];
    uint64_t *told = chunk->told;
    size_t n_tails = 0, last = 0;

    for (size_t row = 0; row < n; row += LANES) {
        uint64_t any = 0;
        for (size_t i = 0; i < LANES; i++)
            any |= told[row + i];
        for (size_t i = 0; any >> telling->bits != 0 && i < LANES; i++) {
            rows[n_tails] = (uint16_t)(row + i);
            n_tails += told[row + i] >> telling->bits != 0; /* no branch: it would be foretold badly */
        }
    }
    uint8_t *at = buf_room(&chunk->tails, (n_tails + 1) * VARINT_LONGEST),
            *gap = buf_room(&chunk->gaps, (n_tails + 1) * VARINT_LONGEST);
    if (!at || !gap)
        return;
    gap = varint_put(gap, n_tails);
    for (size_t i = 0; i < n_tails; i++) {
        gap = varint_put(gap, rows[i] - last);
        at = varint_put(at, tail_of(told[rows[i]], telling));
        last = rows[i];
        told[last] = lowest(told[last], telling->bits);
    }
    buf_took(&chunk->tails, at);
    buf_took(&chunk->gaps, gap);
}

/* The lowest bytes of each lane. More may be overwritten, up to eight of each. Return: behind them */
static inline uint8_t *put_lanes(const uint64_t lanes[LANES], size_t size, uint8_t *at)
{
    for (size_t i = 0; i < LANES; i++, at += size)
        for (unsigned byte = 0; byte < 8; byte++)
            at[byte] = (uint8_t)(lanes[i] >> 8 * byte);
    return at;
}

/* A row's bits stand in its lane behind those of the row LANES before. */
static __attribute__((noinline)) void put_bits(const uint64_t *told, size_t n, unsigned bits, struct buf *ret)
{
    uint64_t lanes[LANES] = {0};
    unsigned filled = 0;
    uint8_t *at = buf_room(ret, (n / 8 + 2 * LANES) * bits);

    if (!at || bits == 0)
        return;
    for (size_t row = 0; row < n; row += LANES) {
        for (size_t i = 0; i < LANES; i++)
            lanes[i] |= told[row + i] << filled;
        filled += bits;
        if (filled < 64)
            continue;
        at = put_lanes(lanes, 8, at);
        filled -= 64;
        for (size_t i = 0; i < LANES; i++)
            lanes[i] = told[row + i] >> (bits - filled);
    }
    buf_took(ret, put_lanes(lanes, (filled + 7) / 8, at));
}

static void end_block(struct chunk *chunk, const uint8_t *end)
{
    buf_took(&chunk->bytes, end);
    chunk->ends.at[chunk->ends.n++] = chunk->bytes.size;
}

static __attribute__((noinline)) void put_planes(struct chunk *chunk, size_t n, unsigned bits)
{
    const uint64_t *told = chunk->told;
    uint8_t *at = buf_room(&chunk->bytes, (size_t)bits / 8 * n + n);
    unsigned shift = 0;

    if (!at)
        return;
    for (; bits - shift >= 8; shift += 8, at += n) {
        for (size_t row = 0; row < n; row++)
            at[row] = (uint8_t)(told[row] >> shift);
        end_block(chunk, at + n);
    }
    if (shift == bits)
        return;
    for (size_t i = 0; i < (n + 1) / 2; i++)
        at[i] = (uint8_t)(told[2 * i] >> shift | told[2 * i + 1] >> shift << 4);
    end_block(chunk, at + (n + 1) / 2);
}

void bits_put(struct chunk *chunk, size_t n, struct telling *telling)
{
    struct sample sample;

    for (size_t row = n; row % LANES != 0; row++)
        chunk->told[row] = 0;
    take_sample(chunk->told, n, telling->unit, &sample);
    telling->bits = cheapest_bits(&sample, telling->unit);
    telling->is_bytes = are_alike(&sample, telling->bits);
    if (telling->is_bytes)
        telling->bits = bits_of_most(&sample);
    put_tails(chunk, n, telling);
    if (telling->is_bytes)
        put_planes(chunk, n, telling->bits);
    else
        put_bits(chunk->told, n, telling->bits, chunk->bits);
}

/* ---- reading ---- */

/* The next bytes of each lane. Return: behind them */
static inline const uint8_t *read_lanes(const uint8_t *at, size_t size, uint64_t ret[LANES])
{
    for (size_t i = 0; i < LANES; i++, at += size) {
        ret[i] = 0;
        for (size_t byte = 0; byte < size; byte++)
            ret[i] |= (uint64_t)at[byte] << 8 * byte;
    }
    return at;
}

static void read_bits(struct reader *in, const struct column *column, unsigned bits)
{
    const size_t n_bits = (column->n + LANES - 1) / LANES * bits,
                 size = LANES * (n_bits / 64 * 8 + (n_bits % 64 + 7) / 8);
    const uint8_t *at = reader_bytes(in, size), *end = at ? at + size : NULL;
    uint64_t lanes[LANES] = {0}, told[LANES];
    unsigned left = 0; /* in each lane */

    for (size_t row = 0; at && row < column->n; row += LANES) {
        memcpy(told, lanes, sizeof told);
        if (left >= bits) {
            for (size_t i = 0; i < LANES; i++)
                lanes[i] >>= bits;
            left -= bits;
        } else {
            at = end - at >= 8 * LANES ? read_lanes(at, 8, lanes) : read_lanes(at, (size_t)(end - at) / LANES, lanes);
            for (size_t i = 0; i < LANES; i++) {
                told[i] |= lanes[i] << left;
                lanes[i] >>= bits - left;
            }
            left += 64 - bits;
        }
        for (size_t i = 0; i < LANES && row + i < column->n; i++)
            *cell(column, row + i) = lowest(told[i], bits);
    }
}

static void read_planes(struct reader *in, const struct column *column, unsigned bits)
{
    for (size_t row = 0; row < column->n; row++)
        *cell(column, row) = 0;
    for (unsigned shift = 0; shift < bits; shift += 8) {
        const bool is_half = bits - shift == 4;
        const uint8_t *at = reader_bytes(in, is_half ? (column->n + 1) / 2 : column->n);
        for (size_t row = 0; at && row < column->n; row++)
            *cell(column, row) |= (is_half ? (uint64_t)(at[row / 2] >> row % 2 * 4 & 15) : at[row]) << shift;
    }
}

void bits_read(struct reader *in, const struct column *column, const struct telling *telling)
{
    if (telling->is_bytes)
        read_planes(in, column, telling->bits);
    else
        read_bits(in, column, telling->bits);
}

void bits_read_tails(struct reader *in, struct reader *gaps, const struct column *column, const struct telling *telling)
{
    uint64_t n_tails = reader_varint(gaps), row = 0;

    for (; n_tails > 0 && !in->failed; n_tails--) {
        const uint64_t gap = reader_varint(gaps), tail = reader_varint(in);
        in->failed = in->failed || gaps->failed || gap >= column->n - row;
        if (in->failed)
            return;
        row += gap;
        *cell(column, (size_t)row) |= of_tail(tail, telling);
    }
}
