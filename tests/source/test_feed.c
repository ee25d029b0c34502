/* test_feed.c: what comes by a pipe or is packed becomes a source like any other, or one that grows and lets go.
 */
#include "source.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static char folder[] = "/tmp/gxt-feed-XXXXXX";
static char path[64], spool_path[64];

static void make_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/app.packed", folder);
    snprintf(spool_path, sizeof spool_path, "%s/app.spool", folder);
    cr_assert_eq(setenv("TMPDIR", folder, 1), 0);
}

static void remove_folder(void)
{
    (void)unlink(path);
    (void)unlink(spool_path);
    cr_expect_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(feed, .init = make_folder, .fini = remove_folder);

enum {
    PLAIN = 300000
};

/* Byte i of what is packed: hard to pack, so that the packed bytes are many. */
static uint8_t byte_at(size_t i)
{
    return (uint8_t)((i * UINT64_C(0x9e3779b97f4a7c15)) >> 37);
}

static uint8_t plain[PLAIN];

static void make_plain(void)
{
    for (size_t i = 0; i < PLAIN; i++)
        plain[i] = byte_at(i);
}

static size_t gzip(const uint8_t *bytes, size_t size, uint8_t *out, size_t room)
{
    z_stream zlib = {0};

    cr_assert_eq(deflateInit2(&zlib, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    zlib.next_in = (uint8_t *)bytes;
    zlib.avail_in = (uInt)size;
    zlib.next_out = out;
    zlib.avail_out = (uInt)room;
    cr_assert_eq(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    cr_assert_eq(deflateEnd(&zlib), Z_OK);
    return room - zlib.avail_out;
}

/* Two members or frames. */
static size_t pack(enum gxt_packing packing, uint8_t *out, size_t room)
{
    make_plain();
    if (packing == GXT_PACKING_GZIP) {
        size_t n = gzip(plain, 1000, out, room);
        return n + gzip(plain + 1000, PLAIN - 1000, out + n, room - n);
    }
    size_t n = ZSTD_compress(out, room, plain, 1000, 1);
    size_t m = ZSTD_compress(out + n, room - n, plain + 1000, PLAIN - 1000, 1);
    cr_assert(!ZSTD_isError(n) && !ZSTD_isError(m));
    return n + m;
}

static void write_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

static void check_plain(const struct source *source, size_t size)
{
    cr_expect_eq(source->size, size);
    cr_expect_eq(memcmp(source->at, plain, size), 0);
    cr_expect_eq(source->fingerprint, hash_bytes(plain, SOURCE_FINGERPRINT_BYTES));
    cr_expect_eq(source_check_size(source, NULL), 0);
}

static void open_packed(const struct source_feeding *feeding, struct source *ret)
{
    cr_assert_eq(source_open(path, ret, NULL), 0);
    cr_assert_eq(source_unpack(ret, feeding, NULL), 0);
}

static uint8_t packed[2 * PLAIN];
static const struct source_feeding all = {0};

static const enum gxt_packing packings[] = {GXT_PACKING_GZIP, GXT_PACKING_ZSTD};

Test(feed, unpacks_members_and_frames_in_a_row)
{
    for (size_t i = 0; i < 2; i++) {
        struct source source;
        size_t size = pack(packings[i], packed, sizeof packed);

        write_file(packed, size);
        open_packed(&all, &source);
        check_plain(&source, PLAIN);
        cr_expect_eq(source.packing, packings[i]);
        cr_expect_eq(source.packed, size);
        cr_expect_eq(source.fault.code, 0);
        cr_expect(!source_more(&source), "all is there");
        cr_expect_eq(source_check_held(&source, 0, NULL), 0);
        source_release(&source, 0, PLAIN);
        check_plain(&source, PLAIN);
        source_close(&source);
    }
}

Test(feed, keeps_what_comes_before_a_cut_and_says_where_it_is)
{
    for (size_t i = 0; i < 2; i++) {
        struct source source;
        size_t size = pack(packings[i], packed, sizeof packed);

        for (size_t cut = 5; cut < size; cut += cut < 1100 ? 97 : 60000) {
            write_file(packed, cut);
            open_packed(&all, &source);
            bool is_between = source.size == 1000 && source.fault.code == 0;
            cr_expect_eq(source.fault.code, is_between ? 0 : GXT_ETRUNCATED, "cut at %zu", cut);
            cr_expect(is_between || source.fault.offset == cut, "cut at %zu", cut);
            cr_expect(source.size < PLAIN && (source.size == 0 || memcmp(source.at, plain, source.size) == 0));
            source_close(&source);
        }
    }
}

Test(feed, sees_every_kind_of_damage_within_the_packed_bytes)
{
    for (size_t i = 0; i < 2; i++) {
        struct source source;
        size_t size = pack(packings[i], packed, sizeof packed);

        packed[size] = 'x';
        write_file(packed, size + 1);
        open_packed(&all, &source);
        cr_expect_eq(source.size, PLAIN, "what comes before is whole");
        cr_expect(source.fault.code == GXT_ECORRUPT || source.fault.code == GXT_ETRUNCATED);
        cr_expect(source.fault.offset <= size + 1);
        source_close(&source);
    }
    size_t size = pack(GXT_PACKING_GZIP, packed, sizeof packed);
    packed[size - 8] ^= 1; /* the checksum */
    struct source source;
    write_file(packed, size);
    open_packed(&all, &source);
    cr_expect_eq(source.size, PLAIN);
    cr_expect_eq(source.fault.code, GXT_ECORRUPT);
    source_close(&source);
}

Test(feed, is_fed_by_a_pipe_as_it_is_asked)
{
    const struct source_feeding feeding = {.stream = true};
    struct source source;
    int ends[2];

    make_plain();
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], plain, 5000), 5000);
    cr_assert_eq(source_open_fd(ends[0], &feeding, &source, NULL), 0);
    (void)close(ends[0]);
    const uint8_t *at = source.at;
    check_plain(&source, 5000);
    cr_expect_null(source.path);

    cr_assert_eq(write(ends[1], plain + 5000, 20000), 20000);
    cr_expect(source_want(&source, 25000));
    check_plain(&source, 25000);
    (void)close(ends[1]);
    cr_expect(!source_want(&source, 25001), "the input ended");
    cr_expect(!source_more(&source));
    cr_expect_eq(source.fault.code, 0);
    cr_expect_eq(source.at, at, "what was read stays where it is");
    source_close(&source);
}

Test(feed, lets_go_of_what_is_behind)
{
    const struct source_feeding feeding = {.stream = true};
    struct source source;
    struct gxt_error fault = {0};
    struct stat before, after;

    write_file(packed, pack(GXT_PACKING_ZSTD, packed, sizeof packed));
    open_packed(&feeding, &source);
    cr_assert(source_want(&source, PLAIN));
    cr_assert_eq(fstat(source.fd, &before), 0);
    source_release(&source, 100000, 200000);
    cr_assert_eq(fstat(source.fd, &after), 0);
    cr_expect_eq(memcmp(source.at + 200000, plain + 200000, PLAIN - 200000), 0);
    cr_expect_eq(source_check_held(&source, 200000, NULL), 0);
    cr_expect_eq(source_check_held(&source, 199999, &fault), GXT_EINVAL);
    cr_expect_eq(fault.code, GXT_EINVAL);
    cr_expect(after.st_blocks < before.st_blocks, "%ld of %ld blocks", (long)after.st_blocks, (long)before.st_blocks);
    source_close(&source);
}

static int n_waits;

static void on_wait(void *user)
{
    int *fd = user;

    n_waits++;
    (void)close(*fd); /* the writer ends */
}

Test(feed, says_that_it_waits)
{
    int ends[2];
    const struct source_feeding feeding = {.stream = true, .wait = on_wait, .user = &ends[1]};
    struct source source;

    make_plain();
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], plain, 4500), 4500);
    cr_assert_eq(source_open_fd(ends[0], &feeding, &source, NULL), 0);
    cr_expect_eq(n_waits, 0, "there was enough");
    cr_expect(!source_more(&source));
    cr_expect_eq(n_waits, 1);
    source_close(&source);
    (void)close(ends[0]);
}

Test(feed, maps_a_file_that_a_descriptor_has)
{
    struct source source;

    make_plain();
    write_file(plain, PLAIN);
    int fd = open(path, O_RDONLY);
    cr_assert_eq(source_open_fd(fd, &all, &source, NULL), 0);
    check_plain(&source, PLAIN);
    cr_expect_null(source.feed);
    source_close(&source);

    cr_assert_eq(lseek(fd, 10, SEEK_SET), 10);
    cr_assert_eq(source_open_fd(fd, &all, &source, NULL), 0);
    cr_expect_eq(source.size, PLAIN - 10);
    cr_expect_eq(memcmp(source.at, plain + 10, PLAIN - 10), 0);
    source_close(&source);
    (void)close(fd);
    cr_expect_eq(source_open_fd(fd, &all, &source, NULL), GXT_EIO, "closed");
}

Test(feed, keeps_a_spool_and_takes_it_for_its_own_file_only)
{
    const struct source_feeding keeping = {.spool = spool_path, .keep = true}, using = {.spool = spool_path};
    struct source source;
    struct gxt_error fault = {0};
    struct stat status;

    size_t size = pack(GXT_PACKING_GZIP, packed, sizeof packed);
    write_file(packed, size);
    cr_assert_eq(chmod(path, 0440), 0);
    open_packed(&using, &source);
    cr_expect_null(source.spool, "there was none");
    source_close(&source);
    open_packed(&keeping, &source);
    check_plain(&source, PLAIN);
    cr_expect_str_eq(source.spool, spool_path);
    source_close(&source);
    cr_assert_eq(stat(spool_path, &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0440);
    open_packed(&using, &source);
    check_plain(&source, PLAIN);
    cr_expect_str_eq(source.spool, spool_path);
    source_close(&source);

    /* Another file of the same length. */
    packed[size - 1] ^= 1;
    (void)unlink(path);
    write_file(packed, size);
    open_packed(&using, &source);
    cr_expect_null(source.spool);
    cr_expect_eq(source.fault.code, GXT_ECORRUPT);
    source_close(&source);
    cr_assert_eq(unlink(spool_path), 0);
    cr_assert_eq(symlink(path, spool_path), 0);
    cr_assert_eq(source_open(path, &source, NULL), 0);
    cr_expect_eq(source_unpack(&source, &keeping, &fault), GXT_EINDEX);
    cr_expect_eq(fault.code, GXT_EINDEX);
    source_close(&source);
}

static bool never_fits(struct span beginning)
{
    return span_size(beginning) == 0;
}

Test(feed, goes_no_further_than_is_worth_it)
{
    const struct source_feeding feeding = {.spool = spool_path, .keep = true, .fits = never_fits};
    struct source source;

    write_file(packed, pack(GXT_PACKING_ZSTD, packed, sizeof packed));
    open_packed(&feeding, &source);
    cr_expect(source.size < PLAIN + 1);
    cr_expect_null(source.spool);
    source_close(&source);
    cr_expect_eq(access(spool_path, F_OK), -1);
}

Test(feed, refuses_what_grows_without_end)
{
    const size_t member = 16 << 20;
    uint8_t *zeros = calloc(1, member), *out = malloc(member);
    struct source source;

    cr_assert(zeros && out);
    size_t n = gzip(zeros, member, out, member), total = n;
    for (; total + n <= 8 * n; total += n)
        memcpy(out + total, out, n);
    write_file(out, total);
    open_packed(&all, &source);
    cr_expect_eq(source.fault.code, GXT_ELIMIT);
    cr_expect(source.size <= (uint64_t)65 << 20);
    cr_expect(source.fault.offset < total);
    source_close(&source);
    free(zeros);
    free(out);
}
