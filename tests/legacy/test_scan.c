/* test_scan.c: a system call's return has a time as a batch's head has one, and is none.
 */
#include "legacy_priv.h"

#include <criterion/criterion.h>

enum {
    TICK = 1 << 28,
    ENOUGH = 4096, /* bytes of other events, so that nothing is near an end */
};

static uint8_t bytes[4 * ENOUGH];
static size_t n_bytes;

static void put(unsigned byte)
{
    bytes[n_bytes++] = (uint8_t)byte;
}

static void put_varint(uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put((unsigned)(value & 0x7f) | 0x80);
    put((unsigned)value);
}

static void put_head(unsigned p, uint64_t tick)
{
    put(OLD_FORM(OLD_BATCH, 1));
    put_varint(p);
    put_varint(tick);
}

static void put_others(void)
{
    for (size_t until = n_bytes + ENOUGH; n_bytes < until;) {
        put(OLD_FORM(OLD_GO_SCHED, 1));
        put_varint(100);
        put_varint(7);
    }
}

/* A return of which one number ends with the byte that a batch begins with: the next two are as its processor and tick.
 */
static void put_exit(uint64_t delta, uint64_t g, bool is_local)
{
    uint8_t *length;

    put(is_local ? OLD_FORM(OLD_GO_SYS_EXIT_LOCAL, 2) : OLD_FORM(OLD_GO_SYS_EXIT, 3));
    length = &bytes[n_bytes];
    if (!is_local)
        put(0);
    const size_t begin = n_bytes;
    put_varint(delta);
    put_varint(g);
    if (!is_local)
        put_varint(1);
    put_varint(TICK + 5);
    if (!is_local)
        *length = (uint8_t)(n_bytes - begin);
}

/* How many batches are guessed, or the fault. */
static int guess(void)
{
    const struct source source = {.at = bytes, .size = n_bytes, .fd = -1};
    struct old_trace trace = {.source = &source, .end = n_bytes, .version = 21};
    struct gxt_error fault = {0};

    old_trace_init(&trace);
    const int r = old_scan(&trace, true, &fault);
    const int n = (int)trace.gen.dir.n_batches;
    old_trace_done(&trace);
    return r < 0 ? r : n;
}

static void check(uint64_t delta, uint64_t g, bool is_local)
{
    n_bytes = 0;
    put_head(0, TICK);
    put_others();
    put_exit(delta, g, is_local);
    put_others();
    put_head(1, TICK + 10);
    put_others();
    cr_expect_eq(guess(), 2, "delta %llu, goroutine %llu: %d", (unsigned long long)delta, (unsigned long long)g,
                 guess());
}

Test(scan, takes_no_return_for_a_batch)
{
    const unsigned head = OLD_FORM(OLD_BATCH, 1);

    check(3, head, false);
    check(3, 5 + ((uint64_t)head << 7), false);
    check(head, 2, true);
    check(9 + ((uint64_t)head << 14), 2, true);
}

Test(scan, takes_a_batch_behind_a_return)
{
    n_bytes = 0;
    put_head(0, TICK);
    put_others();
    put_exit(3, OLD_FORM(OLD_BATCH, 1), false);
    put_head(1, TICK + 10);
    put_others();
    put_exit(OLD_FORM(OLD_BATCH, 1), 2, true);
    put_head(0, TICK + 20);
    put_others();
    cr_expect_eq(guess(), 3);
}
