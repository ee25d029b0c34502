/* test_pool.c: a trace's distinct strings and stacks may take so many bytes; with more it ends in an error that says
 * so, and what is there stays.
 */
#include "lowered.h"
#include "order.h"

#include <criterion/criterion.h>
#include <gxt/gxt.h>
#include <stdio.h>

/* The pool takes memory in pieces; this is the first, in which those of a small trace have room. */
enum {
    PIECE = 256 << 10
};

static const struct gxt_string *string_of(struct pool *pool, unsigned number, int *ret_code)
{
    const struct gxt_string *string = NULL;
    char text[32];

    int n = snprintf(text, sizeof text, "string %u", number);
    *ret_code = pool_string(pool, text, (size_t)n, &string);
    return string;
}

/* Strings until no more can be had. Return: how many there are. */
static unsigned fill(struct pool *pool)
{
    unsigned n = 0;
    int r;

    do
        (void)string_of(pool, n++, &r);
    while (r == 0);
    cr_assert_eq(r, GXT_ELIMIT);
    return n - 1;
}

Test(pool, is_full_at_its_bound)
{
    struct pool *pool;
    const struct gxt_string *first, *again;
    int r;

    lowered.pool_bytes = 4 * PIECE - 1; /* one less than four pieces: the fourth is the last */
    cr_assert_eq(pool_new(&pool), 0);
    first = string_of(pool, 0, &r);
    const unsigned n = fill(pool);
    lowered.pool_bytes = 4 * PIECE; /* the bound itself */
    again = string_of(pool, n, &r);
    cr_expect_eq(r, 0, "at the bound one more can be had");
    cr_expect_not_null(again);
    const unsigned more = fill(pool);
    cr_expect_gt(more, n);

    /* What is there can be had as ever. */
    for (unsigned i = 0; i < more; i++) {
        const struct gxt_string *known = string_of(pool, i, &r);
        cr_assert_eq(r, 0);
        cr_assert_eq(pool_find_string(pool, known->id), known);
    }
    cr_expect_eq(string_of(pool, 0, &r), first);
    cr_expect_str_eq(first->at, "string 0");
    pool_free(pool);
}

Test(pool, counts_stacks_too)
{
    struct pool *pool;
    const struct gxt_stack *first, *stack = NULL;
    struct gxt_frame frame = {.pc = 1};
    int r;

    lowered.pool_bytes = 2 * PIECE - 1;
    cr_assert_eq(pool_new(&pool), 0);
    frame.func = frame.file = string_of(pool, 0, &r);
    cr_assert_eq(pool_stack(pool, &frame, 1, &first), 0);
    while ((r = pool_stack(pool, &frame, 1, &stack)) == 0)
        frame.pc++;
    cr_expect_eq(r, GXT_ELIMIT);
    (void)string_of(pool, 1, &r);
    cr_expect_eq(r, GXT_ELIMIT);
    frame.pc = 1;
    cr_expect_eq(pool_stack(pool, &frame, 1, &stack), 0);
    cr_expect_eq(stack, first);
    pool_free(pool);
}

/* ---- a trace ---- */

static struct gxt_trace *open_trace(struct gxt_cursor **ret_cursor)
{
    struct gxt_trace *trace;
    struct gxt_error error;

    cr_assert_eq(gxt_trace_open(DATA "/go126-profile.trace", &trace, &error), 0, "%s", error.message);
    cr_assert_eq(gxt_cursor_new(trace, NULL, ret_cursor), 0);
    return trace;
}

/* Return: the code at the end. */
static int walk(struct gxt_cursor *cursor, uint64_t *ret_n)
{
    const struct gxt_event *event;
    int r;

    *ret_n = 0;
    while ((r = gxt_cursor_next(cursor, &event)) == 1)
        ++*ret_n;
    return r;
}

static void check_error(const struct gxt_error *error)
{
    cr_expect_eq(error->code, GXT_ELIMIT);
    cr_expect_str_eq(error->message, "the trace's distinct strings and stacks pass 2 GiB");
}

Test(pool, lets_a_trace_have_as_much_as_it_says)
{
    struct gxt_cursor *cursor;
    struct gxt_trace *trace = open_trace(&cursor);
    uint64_t n;

    lowered.pool_bytes = PIECE;
    cr_expect_eq(walk(cursor, &n), 0);
    cr_expect_gt(n, 100);
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);
}

Test(pool, ends_a_trace_that_has_more)
{
    struct gxt_cursor *cursor, *other;
    struct gxt_trace *trace = open_trace(&cursor), *before = open_trace(&other);
    uint64_t n, n_other, n_again;

    cr_assert_eq(walk(other, &n_other), 0);
    lowered.pool_bytes = PIECE - 1;
    cr_expect_eq(walk(cursor, &n), GXT_ELIMIT);
    cr_expect_lt(n, n_other);
    check_error(gxt_cursor_error(cursor));
    cr_expect_eq(walk(cursor, &n_again), GXT_ELIMIT, "it stays so");
    cr_expect_eq(n_again, 0);

    /* Another one, which has all it needs, goes on. */
    cr_assert_eq(gxt_cursor_seek_start(other), 0);
    cr_expect_eq(walk(other, &n), 0);
    cr_expect_eq(n, n_other);
    lowered.pool_bytes = GXT_MAX_POOL_BYTES;
    cr_assert_eq(gxt_cursor_seek_start(cursor), 0);
    cr_expect_eq(walk(cursor, &n), 0, "where there is room, from the start");
    cr_expect_eq(n, n_other);
    gxt_cursor_free(cursor);
    gxt_cursor_free(other);
    gxt_trace_close(trace);
    gxt_trace_close(before);
}

/* A stack of an index, in a trace that has none open: the same bound, the same words. */
Test(pool, holds_for_what_an_index_has)
{
    char path[] = "/tmp/gxt-pool-XXXXXX";
    struct gxt_cursor *cursor;
    struct gxt_trace *trace = open_trace(&cursor), *other;
    const struct gxt_event *event;
    const struct gxt_stack *stack;
    struct gxt_index *index;
    struct gxt_error error;
    uint64_t id = 0;

    cr_assert(close(mkstemp(path)) == 0);
    cr_assert_eq(gxt_index_build(trace, path, NULL, &error), 0, "%s", error.message);
    while (id == 0 && gxt_cursor_next(cursor, &event) == 1)
        id = event->stack ? gxt_stack_id(event->stack) : 0;
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);

    other = open_trace(&cursor);
    cr_assert_eq(gxt_index_open(other, path, &index, &error), 0, "%s", error.message);
    lowered.pool_bytes = PIECE - 1;
    cr_expect_eq(gxt_index_stack(index, id, &stack, &error), GXT_ELIMIT);
    check_error(&error);
    lowered.pool_bytes = PIECE;
    cr_expect_eq(gxt_index_stack(index, id, &stack, &error), 0, "%s", error.message);
    cr_expect_eq(gxt_stack_id(stack), id);
    gxt_index_close(index);
    gxt_cursor_free(cursor);
    gxt_trace_close(other);
    (void)unlink(path);
}
