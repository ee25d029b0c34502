/* test_checkpoint.c: a checkpoint of an index may have so many bytes; a longer one is damage, and the answers are right
 * all the same.
 */
#include "answers.h"
#include "lowered.h"
#include "store.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum {
    PIECES = 64,
    PIECE = 16352 /* as a checkpoint is cut where nothing else cuts it */
};

static char path[] = "/tmp/gxt-checkpoint-XXXXXX";
static uint8_t bytes[PIECES * PIECE + 1]; /* all pieces are alike, but for the last, of one byte */
static struct gxt_error fault;

static void begin(void)
{
    cr_assert_eq(close(mkstemp(path)), 0);
}

static void end(void)
{
    (void)unlink(path);
}

TestSuite(checkpoint, .init = begin, .fini = end);

static struct store *store_with(size_t size)
{
    const struct store_meta meta = {.version = 26, .complete = true};
    struct store *store;

    cr_assert_eq(store_create(path, 0600, STORE_REPLACE, &store, &fault), 0, "%s", fault.message);
    cr_assert_eq(store_put_checkpoint(store_draft(store), 0, (struct span){bytes, bytes + size}, NULL, 0, &fault), 0);
    cr_assert_eq(store_put_checkpoint(store_draft(store), 1, (struct span){bytes, bytes + PIECE}, NULL, 0, &fault), 0);
    cr_assert_eq(store_commit(store, &meta, &fault), 0, "%s", fault.message);
    return store;
}

Test(checkpoint, has_room_for_as_much_as_it_says)
{
    struct store *store = store_with(PIECES * PIECE);
    struct buf got = {0};

    lowered.checkpoint_bytes = PIECES * PIECE;
    cr_expect_eq(store_checkpoint(store, 0, &got, &fault), 0, "%s", fault.message);
    cr_expect_eq(got.size, PIECES * PIECE);
    cr_expect_eq(memcmp(got.at, bytes, got.size), 0);
    buf_done(&got);
    store_close(store);
}

Test(checkpoint, is_damaged_when_it_is_one_byte_longer)
{
    struct store *store = store_with(PIECES * PIECE + 1);
    struct buf got = {0};

    lowered.checkpoint_bytes = PIECES * PIECE;
    cr_expect_eq(store_checkpoint(store, 0, &got, &fault), GXT_EINDEX);
    cr_expect_eq(fault.code, GXT_EINDEX);
    cr_expect_str_eq(fault.message, "a checkpoint of the index is damaged");
    cr_expect_leq(got.capacity, 4 * PIECES * PIECE, "no more is held than there may be, about");
    cr_expect_eq(store_checkpoint(store, 1, &got, &fault), 0, "the next one is as good as ever");
    cr_expect_eq(got.size, PIECE);
    buf_done(&got);
    store_close(store);
}

/* Puts one that is too long into each place of an index that was fit. */
static void hurt_index(void)
{
    struct store_meta meta;
    struct store *store;

    cr_assert_eq(store_create(path, 0600, STORE_GO_ON, &store, &fault), 0, "%s", fault.message);
    cr_assert_eq(store_meta(store, &meta, &fault), 0);
    cr_assert_gt(meta.n_generations, 1);
    for (uint64_t i = 1; i <= meta.n_generations; i++)
        cr_assert_eq(
            store_put_checkpoint(store_draft(store), i, (struct span){bytes, bytes + sizeof bytes}, NULL, 0, &fault),
            0);
    cr_assert_eq(store_commit(store, &meta, &fault), 0, "%s", fault.message);
    store_close(store);
}

Test(checkpoint, is_done_without_when_it_is_too_long)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct failing none = {0}, damaged = {.code = GXT_EINDEX};
    struct gxt_trace *trace;
    struct gxt_index *index, *before;
    struct gxt_error error;

    answers_take(DATA "/sample.trace");
    options.rebuild = true;
    cr_assert_eq(gxt_trace_open(DATA "/sample.trace", &trace, &error), 0, "%s", error.message);
    cr_assert_eq(gxt_index_build(trace, path, &options, &error), answers_end(), "%s", error.message);
    cr_assert_eq(gxt_index_open(trace, path, &before, &error), 0, "%s", error.message);
    answers_ask(trace, before, &none);
    hurt_index();

    lowered.checkpoint_bytes = sizeof bytes - 1;
    cr_assert_eq(gxt_index_open(trace, path, &index, &error), 0, "%s", error.message);
    answers_ask_cursor(trace, index, &none);
    answers_ask_goroutines(trace, index, &damaged);
    cr_expect_eq(gxt_index_damage(index, &error), GXT_EINDEX);
    cr_expect_str_eq(error.message, "a checkpoint of the index is damaged");
    answers_ask_cursor(trace, before, &none);
    gxt_index_close(index);
    gxt_index_close(before);
    gxt_trace_close(trace);
    answers_done();
}
