/* test_list.c: rows come back as they were put, whatever is in them; and bytes that no list is are refused.
 */
#include "../random.h"
#include "store_priv.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* How numbers may look. */
static uint64_t number(int form, size_t row, uint64_t *random)
{
    switch (form) {
    case 0:
        return row * 64; /* a clock that ticks */
    case 1:
        return row * 64 + (row % 17 == 3); /* and was pushed on now and then */
    case 2:
        return next_random(random);
    case 3:
        return UINT64_MAX - row % 3;
    case 4:
        return next_random(random) % 4; /* names */
    case 5:
        return row % 4 == 3 ? next_random(random) : row % 3; /* where nobody looks who chooses how it is told */
    case 6:
        return next_random(random) % 4 * 77; /* the same few, and not small */
    case 7:
        return next_random(random) % 9 > 0 ? row : row << (next_random(random) % 64);
    default:
        return (uint64_t)INT64_MIN + row * 1024;
    }
}

enum {
    N_FORMS = 9
};

static void comes_back(enum store_list list, int form, size_t n)
{
    const size_t n_cells = n * list_columns(list);
    uint64_t *cells = calloc(n_cells + 1, sizeof *cells), random = 1;
    struct store_rows rows = {0};
    struct buf bytes = {0}, packed = {0}, again = {0};
    struct list_ends ends;
    struct packer *packer = packer_new();
    size_t got;

    for (size_t i = 0; i < n_cells; i++)
        cells[i] = number(form, i / list_columns(list), &random);
    list_encode(list, cells, n, &bytes, &ends);
    cr_assert_not(bytes.failed);
    cr_assert_leq(bytes.size, PACK_MOST);
    cr_assert_eq(ends.at[ends.n - 1], bytes.size);
    pack_list(packer, &bytes, &ends, &packed);
    (void)packer_free(packer);
    cr_assert_eq(unpack((struct span){packed.at, packed.at + packed.size}, &again), 0);
    cr_assert_eq(again.size, bytes.size);
    for (int twice = 1; twice <= 2; twice++) {
        cr_assert_eq(list_decode(list, &again, &rows, &got), 0, "list %d, form %d", list, form);
        cr_assert_eq(got, n);
        cr_assert_eq(rows.n, n * (size_t)twice);
    }
    for (size_t i = 0; i < 2 * n_cells; i++)
        cr_assert_eq(rows.cells[i], cells[i % n_cells], "list %d, form %d, cell %zu", list, form, i);
    buf_done(&bytes);
    buf_done(&packed);
    buf_done(&again);
    store_rows_done(&rows);
    free(cells);
}

Test(list, comes_back_as_it_was_put)
{
    for (int list = 0; list < STORE_N_LISTS; list++)
        for (int form = 0; form < N_FORMS; form++) {
            for (size_t n = 0; n < 20; n++)
                comes_back((enum store_list)list, form, n);
            comes_back((enum store_list)list, form, 100);
            comes_back((enum store_list)list, form, LIST_ROWS - 1);
            comes_back((enum store_list)list, form, LIST_ROWS);
        }
}

/* The size of a list of members of which one column has numbers, the others nothing. @ret_plain: what is not packed */
static size_t packed_size(size_t column, const uint64_t *numbers, size_t *ret_plain)
{
    static uint64_t cells[LIST_ROWS * 4];
    struct buf bytes = {0}, packed = {0};
    struct packer *packer = packer_new();
    struct list_ends ends;

    memset(cells, 0, sizeof cells);
    for (size_t row = 0; row < LIST_ROWS; row++)
        cells[4 * row + column] = numbers[row];
    list_encode(STORE_MEMBERS, cells, LIST_ROWS, &bytes, &ends);
    pack_list(packer, &bytes, &ends, &packed);
    const size_t size = packed.size;
    *ret_plain = ends.at[0];
    (void)packer_free(packer);
    buf_done(&bytes);
    buf_done(&packed);
    return size;
}

/* Four numbers, as random as can be: two bits each. */
Test(list, is_packed_by_how_often_a_column_has_its_bytes)
{
    static const uint64_t few[4] = {5, 77, 130, 255};
    static uint64_t numbers[LIST_ROWS];
    uint64_t random = 1;
    size_t plain;

    for (size_t row = 0; row < LIST_ROWS; row++)
        numbers[row] = few[next_random(&random) % 4];
    cr_assert_lt(packed_size(3, numbers, &plain), LIST_ROWS / 4 + 100);
    cr_assert_lt(plain, 20);
    for (size_t row = 0; row < LIST_ROWS; row++)
        numbers[row] |= (next_random(&random) % 4) << 8; /* half a byte more */
    cr_assert_lt(packed_size(3, numbers, &plain), LIST_ROWS / 2 + 250);
    cr_assert_lt(plain, 20);
}

/* Of what looks like chance each has as many bits as it needs, and few that are long do not make all long. */
Test(list, is_not_packed_where_it_is_chance)
{
    static uint64_t numbers[LIST_ROWS];
    uint64_t random = 1;
    size_t plain;

    for (size_t row = 0; row < LIST_ROWS; row++)
        numbers[row] = next_random(&random) % (1 << 17);
    cr_assert_lt(packed_size(3, numbers, &plain), LIST_ROWS * 17 / 8 + 100);
    cr_assert_geq(plain, LIST_ROWS * 17 / 8);
    for (size_t row = 0; row < LIST_ROWS; row++)
        numbers[row] = (row > 0 ? numbers[row - 1] : 0) + next_random(&random) % (1 << 11);
    numbers[1000] += 1 << 20; /* the next is less */
    cr_assert_lt(packed_size(2, numbers, &plain), LIST_ROWS * 11 / 8 + 100);
    cr_assert_geq(plain, LIST_ROWS * 11 / 8);
}

/* Two stacks whose multiples agree but for what the other one takes away again: made for the hash that names are found
 * by. */
Test(list, tells_apart_what_hashes_alike)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    struct store_goroutine cells[300] = {0};
    struct store_rows rows = {0};
    struct buf bytes = {0};
    struct list_ends ends;
    size_t got;

    for (size_t i = 0; i < 300; i++)
        cells[i] = (struct store_goroutine){.id = (gxt_goid)i, .start = i % 3, .stack = (i % 3) * factor ^ 77};
    list_encode(STORE_ENDED, cells, 300, &bytes, &ends);
    cr_assert_eq(list_decode(STORE_ENDED, &bytes, &rows, &got), 0);
    cr_assert_eq(got, 300);
    for (size_t i = 0; i < 300; i++)
        cr_assert(rows.goroutines[i].start == cells[i].start && rows.goroutines[i].stack == cells[i].stack, "%zu", i);
    buf_done(&bytes);
    store_rows_done(&rows);
}

/* What is told only of few rows. */
Test(list, has_times_that_were_pushed_on)
{
    static struct store_goroutine cells[LIST_ROWS];
    struct store_rows rows = {0};
    struct buf bytes = {0}, even = {0};
    struct list_ends ends;
    size_t got;

    for (size_t i = 0; i < LIST_ROWS; i++)
        cells[i] = (struct store_goroutine){.first_ns = 64 * (int64_t)i, .length_ns = 6400};
    list_encode(STORE_ENDED, cells, LIST_ROWS, &even, &ends);
    cells[0].first_ns++;    /* both ends move on */
    cells[700].length_ns++; /* its end */
    cells[701].first_ns++;  /* its beginning only */
    cells[701].length_ns--;
    cells[LIST_ROWS - 1].length_ns += 63;
    list_encode(STORE_ENDED, cells, LIST_ROWS, &bytes, &ends);
    cr_assert_lt(bytes.size, even.size + 40);
    cr_assert_eq(list_decode(STORE_ENDED, &bytes, &rows, &got), 0);
    cr_assert_eq(memcmp(rows.goroutines, cells, sizeof cells), 0);
    buf_done(&bytes);
    buf_done(&even);
    store_rows_done(&rows);
}

Test(list, refuses_what_was_cut_and_takes_any_bytes_without_harm)
{
    uint64_t random = 5;

    for (int list = 0; list < STORE_N_LISTS; list++) {
        uint64_t cells[20 * 15];
        struct buf bytes = {0};
        struct store_rows rows = {0};
        struct list_ends ends;
        size_t got = 77;

        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
            cells[i] = number((int)(i % N_FORMS), i, &random);
        list_encode((enum store_list)list, cells, 20, &bytes, &ends);
        const size_t size = bytes.size;
        for (bytes.size = 0; bytes.size < size; bytes.size++)
            cr_assert_eq(list_decode((enum store_list)list, &bytes, &rows, &got), GXT_EINDEX, "%zu", bytes.size);
        cr_assert_eq(rows.n, 0);
        cr_assert_eq(got, 77);
        bytes.size = size;
        for (size_t bit = 0; bit < size * 8; bit++) {
            bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            int r = list_decode((enum store_list)list, &bytes, &rows, &got);
            cr_assert(r == 0 || r == GXT_EINDEX);
            rows.n = 0;
            bytes.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        buf_done(&bytes);
        store_rows_done(&rows);
    }
}

/* A list of one place, made by hand: of each column how it is told, and what follows. */
static int decode(uint8_t unit, uint8_t bits, const uint8_t *behind, size_t size)
{
    struct buf bytes = {0};
    struct store_rows rows = {0};
    size_t got;

    buf_put_varint(&bytes, 1);
    for (size_t i = 0; i < 3; i++) {
        buf_put_u8(&bytes, unit);
        buf_put_u8(&bytes, bits);
    }
    buf_put(&bytes, behind, size);
    const int r = list_decode(STORE_LIVE, &bytes, &rows, &got);
    buf_done(&bytes);
    store_rows_done(&rows);
    return r;
}

Test(list, refuses_what_no_column_is_told_by)
{
    static const uint8_t too_many[3 * 8 * 8 + 4] = {[3 * 8 * 8] = 3}, nothing[4 + 3 * 8 * 7 + 1] = {[3 * 8 * 7] = 3},
                                              none[] = {3, 0, 0, 0}, one[] = {4, 1, 0, 0, 0, 7},
                                              far[] = {4, 1, 1, 0, 0, 7}, more[] = {4, 0, 0, 0, 0}, less[] = {2, 0, 0},
                                              long_one[] = {4, 2, 0, 0, 0, 0, 7};

    cr_assert_eq(decode(0, 0, none, sizeof none), 0);
    cr_assert_eq(decode(10 << 1 | 1, 0, none, sizeof none), 0);
    cr_assert_eq(decode(11 << 1, 0, none, sizeof none), GXT_EINDEX, "a unit");
    cr_assert_eq(decode(0, 56 << 1, nothing, 3 * 8 * 7 + 4), 0);
    cr_assert_eq(decode(0, 57 << 1, too_many, sizeof too_many), GXT_EINDEX, "bits");
    cr_assert_eq(decode(0, 4 << 1 | 1, (const uint8_t[]){1, 1, 1, 3, 0, 0, 0}, 7), 0);
    cr_assert_eq(decode(0, 5 << 1 | 1, (const uint8_t[]){1, 1, 1, 3, 0, 0, 0}, 7), GXT_EINDEX, "bits of bytes");
    cr_assert_eq(decode(0, 0, one, sizeof one), 0);
    cr_assert_eq(decode(0, 0, far, sizeof far), GXT_EINDEX, "a tail behind the last row");
    cr_assert_eq(decode(0, 0, one, sizeof one - 1), GXT_EINDEX, "a gap without a tail");
    cr_assert_eq(decode(0, 0, more, sizeof more), GXT_EINDEX, "gaps of no column");
    cr_assert_eq(decode(0, 0, less, sizeof less), GXT_EINDEX, "a column without gaps");
    cr_assert_eq(decode(0, 0, long_one, sizeof long_one), GXT_EINDEX, "more tails than gaps");
}

/* One goroutine, whose stacks are the first of the distinct ones. */
Test(list, refuses_a_name_that_is_not_there)
{
    for (uint8_t n_names = 0; n_names <= 1; n_names++) {
        struct buf bytes = {0};
        struct store_rows rows = {0};
        size_t got;
        buf_put_varint(&bytes, 1);
        buf_put(&bytes, (const uint8_t[16]){0}, 16);
        buf_put(&bytes, (const uint8_t[7]){6}, 7);
        buf_put_varint(&bytes, n_names);
        buf_put(&bytes, (const uint8_t[24]){0}, 24u * n_names);
        cr_assert_eq(list_decode(STORE_ENDED, &bytes, &rows, &got), n_names > 0 ? 0 : GXT_EINDEX);
        buf_done(&bytes);
        store_rows_done(&rows);
    }
}

Test(list, refuses_more_rows_than_a_chunk_has)
{
    struct buf bytes = {0};
    struct store_rows rows = {0};
    size_t got;

    for (uint64_t n = LIST_ROWS; n <= LIST_ROWS + 1; n++) {
        bytes.size = 0;
        buf_put_varint(&bytes, n);
        buf_put(&bytes, (const uint8_t[10]){[6] = 3}, 10);
        cr_assert_eq(list_decode(STORE_LIVE, &bytes, &rows, &got), n == LIST_ROWS ? 0 : GXT_EINDEX);
    }
    cr_assert_eq(rows.n, LIST_ROWS);
    buf_done(&bytes);
    store_rows_done(&rows);
}

Test(pack, refuses_a_bomb_and_what_was_cut)
{
    static uint8_t zeros[PACK_MOST + 1];
    struct buf packed = {0}, out = {0};
    struct packer *packer = packer_new();

    pack(packer, zeros, PACK_MOST, &packed);
    cr_assert_lt(packed.size, 1000);
    cr_assert_eq(unpack((struct span){packed.at, packed.at + packed.size}, &out), 0);
    cr_assert_eq(out.size, PACK_MOST);
    out.size = 0;
    for (size_t size = 0; size < packed.size; size++)
        cr_assert_eq(unpack((struct span){packed.at, packed.at + size}, &out), GXT_EINDEX, "%zu", size);
    packed.size = 0;
    pack(packer, zeros, sizeof zeros, &packed);
    cr_assert_eq(unpack((struct span){packed.at, packed.at + packed.size}, &out), GXT_EINDEX);
    cr_assert_eq(out.size, 0);
    (void)packer_free(packer);
    buf_done(&packed);
    buf_done(&out);
}

/* Bytes of which the first stay as they are. */
Test(pack, has_no_more_than_may_be_in_both_parts)
{
    static uint8_t zeros[PACK_MOST + 1];
    struct packer *packer = packer_new();

    for (size_t more = 0; more <= 1; more++) {
        const struct buf bytes = {zeros, PACK_MOST + more, PACK_MOST + more, false};
        const struct list_ends ends = {{1000, bytes.size}, 2};
        struct buf packed = {0}, out = {0};
        pack_list(packer, &bytes, &ends, &packed);
        cr_assert_lt(packed.size, 2000);
        const int r = unpack(buf_span(&packed), &out);
        cr_assert_eq(r, more ? GXT_EINDEX : 0);
        cr_assert_eq(out.size, more ? 0 : PACK_MOST);
        for (size_t size = 0; size < packed.size; size++)
            cr_assert_eq(unpack((struct span){packed.at, packed.at + size}, &out), GXT_EINDEX, "%zu", size);
        buf_done(&packed);
        buf_done(&out);
    }
    (void)packer_free(packer);
}
