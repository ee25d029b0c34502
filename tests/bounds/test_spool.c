/* test_spool.c: so many bytes are unpacked into a file, and not one more.
 */
#include "lowered.h"
#include "source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

enum {
    LEAST = 16 << 20 /* below, a spool is not mapped at all */
};

static char folder[] = "/tmp/gxt-spool-XXXXXX";
static char path[64], spool_path[64];
static uint8_t *plain;

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/app.packed", folder);
    snprintf(spool_path, sizeof spool_path, "%s/app.spool", folder);
    cr_assert_eq(setenv("TMPDIR", folder, 1), 0);
    plain = malloc(LEAST + 1);
    cr_assert_not_null(plain);
    for (size_t i = 0; i < LEAST + 1; i++)
        plain[i] = (uint8_t)(i / 1000);
}

static void end(void)
{
    free(plain);
    (void)unlink(path);
    (void)unlink(spool_path);
    cr_expect_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(spool, .init = begin, .fini = end);

static void write_packed(size_t size)
{
    const size_t room = ZSTD_compressBound(size);
    void *packed = malloc(room);
    FILE *file = fopen(path, "w");

    cr_assert(packed && file);
    size_t n = ZSTD_compress(packed, room, plain, size, 1);
    cr_assert(!ZSTD_isError(n));
    cr_assert_eq(fwrite(packed, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
    free(packed);
}

static void unpack(const struct source_feeding *feeding, struct source *ret)
{
    struct gxt_error fault;

    cr_assert_eq(source_open(path, ret, &fault), 0, "%s", fault.message);
    cr_assert_eq(source_unpack(ret, feeding, &fault), 0, "%s", fault.message);
}

static const struct source_feeding nowhere = {0};

Test(spool, has_room_for_as_much_as_it_says)
{
    const struct source_feeding keeping = {.spool = spool_path, .keep = true};
    struct source source;

    lowered.spool_bytes = LEAST;
    write_packed(LEAST);
    unpack(&keeping, &source);
    cr_expect_eq(source.fault.code, 0, "%s", source.fault.message);
    cr_expect_eq(source.size, LEAST);
    cr_expect_eq(memcmp(source.at, plain, LEAST), 0);
    cr_expect_str_eq(source.spool, spool_path);
    source_close(&source);
}

Test(spool, ends_what_is_one_byte_longer)
{
    const struct source_feeding keeping = {.spool = spool_path, .keep = true};
    struct source source, before;

    lowered.spool_bytes = LEAST;
    write_packed(LEAST);
    unpack(&nowhere, &before);
    write_packed(LEAST + 1);
    unpack(&keeping, &source);
    cr_expect_eq(source.fault.code, GXT_ELIMIT);
    cr_expect_str_eq(source.fault.message, "the unpacked trace is longer than 16 MiB, the most there can be");
    cr_expect_leq(source.fault.offset, source.packed);
    cr_expect_leq(source.size, LEAST);
    cr_expect_eq(memcmp(source.at, plain, source.size), 0, "what came before is there");
    cr_expect_null(source.spool);
    cr_expect_neq(access(spool_path, F_OK), 0, "half of it is not kept");
    cr_expect_eq(before.size, LEAST);
    cr_expect_eq(memcmp(before.at, plain, LEAST), 0, "another one stays as it is");
    source_close(&source);
    source_close(&before);
}
