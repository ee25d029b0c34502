/* test_source.c: a file is mapped whole, and what is no file, or no longer the same, is refused.
 */
#include "source.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/gxt-source-XXXXXX";
static char path[64];

static void make_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/app.trace", folder);
}

static void remove_folder(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

TestSuite(source, .init = make_folder, .fini = remove_folder);

/* Byte i of the file is i * 7. */
static void write_file(size_t size)
{
    FILE *file = fopen(path, "w");

    cr_assert_not_null(file);
    for (size_t i = 0; i < size; i++)
        putc((int)(i * 7 & 0xff), file);
    cr_assert_eq(fclose(file), 0);
}

static void check_refused(const char *what, int code, int system_errno)
{
    struct source source = {.size = 4711};
    struct gxt_error fault = {0};

    cr_expect_eq(source_open(what, &source, &fault), code);
    cr_expect_eq(fault.code, code);
    cr_expect_eq(fault.system_errno, system_errno);
    cr_expect_eq(fault.offset, GXT_NO_OFFSET);
    cr_expect_neq(fault.message[0], '\0');
    cr_expect_eq(source.size, 4711, "left alone");
    cr_expect_eq(source_open(what, &source, NULL), code);
}

Test(source, maps_a_file_whole)
{
    struct source source;

    write_file(10000);
    cr_assert_eq(source_open(path, &source, NULL), 0);
    cr_expect_eq(source.size, 10000);
    cr_expect_str_eq(source.path, path);
    for (size_t i = 0; i < source.size; i++)
        cr_assert_eq(source.at[i], (uint8_t)(i * 7));
    struct span span = source_span(&source, 100, 20);
    cr_expect_eq(span.at, source.at + 100);
    cr_expect_eq(span_size(span), 20);
    source_close(&source);
    cr_expect_null(source.at);
    cr_expect_null(source.path);
    cr_expect_eq(source.fd, -1);
}

Test(source, takes_an_empty_file)
{
    struct source source;

    write_file(0);
    cr_assert_eq(source_open(path, &source, NULL), 0);
    cr_expect_eq(source.size, 0);
    cr_expect_eq(source.fingerprint, hash_bytes("", 0));
    cr_expect_not_null(source_span(&source, 0, 0).at);
    cr_expect_eq(source_check_size(&source, NULL), 0);
    source_release(&source, 0, 0);
    source_close(&source);
}

Test(source, refuses_a_file_that_is_not_there)
{
    check_refused(path, GXT_ENOENT, ENOENT);
}

Test(source, refuses_a_folder)
{
    check_refused(folder, GXT_EIO, 0);
}

Test(source, refuses_a_pipe_and_does_not_wait_for_its_writer)
{
    cr_assert_eq(mkfifo(path, 0600), 0);
    check_refused(path, GXT_EIO, 0);
}

Test(source, refuses_a_file_that_may_not_be_read)
{
    if (geteuid() == 0)
        return; /* root may */
    write_file(10);
    cr_assert_eq(chmod(path, 0), 0);
    check_refused(path, GXT_EIO, EACCES);
}

/* The fingerprint of a file of @size bytes. */
static uint64_t fingerprint(size_t size)
{
    struct source source;

    write_file(size);
    cr_assert_eq(source_open(path, &source, NULL), 0);
    uint64_t print = source.fingerprint;
    uint64_t first = size < SOURCE_FINGERPRINT_BYTES ? size : SOURCE_FINGERPRINT_BYTES;
    cr_expect_eq(print, hash_bytes(source.at, (size_t)first));
    source_close(&source);
    return print;
}

Test(source, prints_the_first_bytes_so_that_a_file_may_grow)
{
    uint64_t print = fingerprint(SOURCE_FINGERPRINT_BYTES);

    cr_expect_eq(fingerprint(SOURCE_FINGERPRINT_BYTES + 1), print);
    cr_expect_eq(fingerprint(50000), print);
    cr_expect_neq(fingerprint(SOURCE_FINGERPRINT_BYTES - 1), print);
}

Test(source, sees_that_its_file_was_cut)
{
    struct source source;
    struct gxt_error fault = {0};

    write_file(10000);
    cr_assert_eq(source_open(path, &source, NULL), 0);
    cr_expect_eq(source_check_size(&source, &fault), 0);
    cr_expect_eq(fault.code, 0);

    cr_assert_eq(truncate(path, 9999), 0);
    cr_expect_eq(source_check_size(&source, &fault), GXT_EIO);
    cr_expect_eq(fault.code, GXT_EIO);
    cr_expect_eq(fault.offset, 9999);

    cr_assert_eq(truncate(path, 20000), 0);
    cr_expect_eq(source_check_size(&source, NULL), 0, "a file may grow");
    cr_expect_eq(source.size, 10000);
    source_close(&source);
}

Test(source, can_be_read_again_after_a_release)
{
    const size_t size = 300000;
    struct source source;

    write_file(size);
    cr_assert_eq(source_open(path, &source, NULL), 0);
    source_release(&source, 0, size);
    source_release(&source, 1, 2);
    source_release(&source, 5000, 5000);
    source_release(&source, size, 0);
    for (size_t i = 0; i < size; i++)
        cr_assert_eq(source.at[i], (uint8_t)(i * 7));
    source_close(&source);
}
