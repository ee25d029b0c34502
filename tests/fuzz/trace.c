/* trace.c
 *
 * In: bytes. Out: nothing, when as a trace they say the same by every way: walked, sought, indexed, indexed while they
 * grew. Never: a crash, a hang.
 */
#include "fuzz.h"

#include <stdlib.h>

/* Events between two checkpoints: few, so that small traces have some. */
static uint64_t some_step(struct scan *scan)
{
    static const uint64_t steps[] = {1, 2, 7, 40};

    return steps[next_random(&scan->dice) % (sizeof steps / sizeof *steps)];
}

/* Indexes the first bytes, then all of them: the build goes on from there. */
static void check_grown(const uint8_t *data, size_t size, uint64_t dice, bool recovers)
{
    const char *path = fuzz_path("grown"), *index = fuzz_path("index");
    const size_t part = (size_t)(next_random(&dice) % (size + 1));
    struct scan scan;

    fuzz_remove_index(index);
    fuzz_write(path, data, part);
    if (scan_open(&scan, path, recovers)) {
        fuzz_build_index(&scan, index, some_step(&scan));
        scan_close(&scan);
    }
    fuzz_write(path, data, size);
    if (scan_open(&scan, path, recovers)) {
        fuzz_build_index(&scan, index, some_step(&scan));
        fuzz_check_index(&scan, index);
        scan_close(&scan);
    }
}

/* Return: whether it has a fault. */
static bool check(const uint8_t *data, size_t size, bool recovers)
{
    const char *path = fuzz_path("trace"), *index = fuzz_path("index");
    struct scan scan;

    fuzz_write(path, data, size);
    if (!scan_open(&scan, path, recovers))
        return false;
    const bool is_hurt = scan.end < 0;
    scan_check_walks(&scan);
    const uint64_t dice = next_random(&scan.dice);
    if (dice % 4 != 0) {
        fuzz_remove_index(index);
        fuzz_build_index(&scan, index, some_step(&scan));
        fuzz_check_index(&scan, index);
    }
    scan_close(&scan);
    if (dice % 4 == 0)
        check_grown(data, size, dice, recovers);
    return is_hurt;
}

void fuzz_check_trace(const uint8_t *data, size_t size)
{
    if (check(data, size, false))
        (void)check(data, size, true);
}
