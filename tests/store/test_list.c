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
    default:
        return (uint64_t)INT64_MIN + row * 1024;
    }
}

enum {
    N_FORMS = 6
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
            comes_back((enum store_list)list, form, 1);
            comes_back((enum store_list)list, form, 100);
            comes_back((enum store_list)list, form, LIST_ROWS);
        }
}

/* Four names, as random as can be: two bits each. */
Test(list, is_packed_by_how_often_a_column_has_its_bytes)
{
    static uint64_t cells[LIST_ROWS * MOST_COLUMNS];
    const size_t n_cells = LIST_ROWS * list_columns(STORE_COUNTS);
    struct buf bytes = {0}, packed = {0};
    struct packer *packer = packer_new();
    struct list_ends ends;
    uint64_t random = 1;

    for (size_t i = 0; i < n_cells; i++)
        cells[i] = number(4, i, &random);
    list_encode(STORE_COUNTS, cells, LIST_ROWS, &bytes, &ends);
    cr_assert_eq(ends.n, list_columns(STORE_COUNTS));
    pack_list(packer, &bytes, &ends, &packed);
    cr_assert_lt(packed.size, bytes.size / 2);
    (void)packer_free(packer);
    buf_done(&bytes);
    buf_done(&packed);
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
