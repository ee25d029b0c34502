/* large.c: the bounds that cost gigabytes, at their real size and one past it.
 *
 * usage: large pool | checkpoint | spool
 *
 * Takes up to 2.1 GB of memory, or 600 MB of disk in $TMPDIR, and minutes.
 */
#include "lowered.h"
#include "order.h"
#include "store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zstd.h>

static char folder[] = "/tmp/gxt-large-XXXXXX";
static char path[64];
static struct gxt_error fault;

static void check(bool holds, const char *what, uint64_t number)
{
    if (holds)
        return;
    printf("%s (%" PRIu64 ")\n", what, number);
    exit(1);
}

/* ---- 2 GiB of strings ---- */

static void try_pool(void)
{
    enum {
        PIECE = 1 << 20, /* that the pool takes for each */
    };
    const uint64_t n_fit = GXT_MAX_POOL_BYTES / PIECE;
    const size_t len = PIECE - 8 - sizeof(struct gxt_string) - 8; /* beside it: a link, the string's head, an end */
    const struct gxt_string *string, *first = NULL;
    struct pool *pool = NULL;
    char *text = malloc(len);
    int r = 0;

    check(text && pool_new(&pool) == 0, "no memory", 0);
    memset(text, 'x', len);
    uint64_t n = 0;
    for (;; n++) {
        memcpy(text, &n, sizeof n);
        if ((r = pool_string(pool, text, len, &string)) < 0)
            break;
        first = first ? first : string;
    }
    check(r == GXT_ELIMIT, "another code", n);
    check(n == n_fit + 1, "another number of strings: at the bound one more is taken, and none behind it", n);
    for (uint64_t i = 0; i < n; i++) {
        memcpy(text, &i, sizeof i);
        check(pool_string(pool, text, len, &string) == 0 && memcmp(string->at, text, len) == 0, "a string is gone", i);
        check(i > 0 || string == first, "a string has moved", i);
    }
    printf("%" PRIu64 " strings of %d bytes each, then GXT_ELIMIT\n", n, PIECE);
    pool_free(pool);
    free(text);
}

/* ---- a checkpoint of 1 GiB ---- */

static void expect_checkpoint(const struct store *store, uint64_t generation, uint64_t size, int code)
{
    struct buf got = {0};
    int r = store_checkpoint(store, generation, &got, &fault);

    check(r == code, r < 0 ? fault.message : "too long a checkpoint is read", size);
    check(r < 0 || (got.size == size && got.at[size - 1] == 0), "another checkpoint", size);
    check(r == 0 || strcmp(fault.message, "a checkpoint of the index is damaged") == 0, fault.message, size);
    printf("a checkpoint of %" PRIu64 " bytes: %s\n", size, r < 0 ? "GXT_EINDEX" : "read");
    buf_done(&got);
}

static void try_checkpoint(void)
{
    const struct store_meta meta = {.version = 26, .complete = true};
    const uint64_t most = GXT_MAX_CHECKPOINT_BYTES;
    struct store *store;
    /* Zeros that nobody writes to are one page. */
    const uint8_t *zeros = mmap(NULL, (size_t)most + 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    check(zeros != MAP_FAILED, "no memory", 0);
    check(store_create(path, 0600, STORE_REPLACE, &store, &fault) == 0, fault.message, 0);
    for (uint64_t past = 0; past < 2; past++)
        check(store_put_checkpoint(store_draft(store), past, (struct span){zeros, zeros + most + past}, NULL, 0,
                                   &fault) == 0,
              fault.message, past);
    check(store_commit(store, &meta, &fault) == 0, fault.message, 0);
    expect_checkpoint(store, 0, most, 0);
    expect_checkpoint(store, 1, most + 1, GXT_EINDEX);
    expect_checkpoint(store, 0, most, 0);
    store_close(store);
    (void)munmap((void *)zeros, (size_t)most + 1);
}

/* ---- a spool of 64 GiB ---- */

/* One frame: at its beginning what cannot be packed, so that the packed bytes are many enough; then zeros. */
static size_t pack(uint64_t size, uint64_t n_hard, uint8_t **ret)
{
    uint8_t *plain = calloc(1, (size_t)size);
    const size_t room = ZSTD_compressBound((size_t)size);

    *ret = malloc(room);
    check(plain && *ret, "no memory", size);
    for (uint64_t i = 0, state = 1; i < n_hard; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        plain[i] = (uint8_t)(state >> 56);
    }
    const size_t n = ZSTD_compress(*ret, room, plain, (size_t)size, 1);
    check(!ZSTD_isError(n), "not packed", size);
    free(plain);
    return n;
}

static void write_packed(uint64_t past)
{
    enum {
        FRAME = 64 << 20,
        HARD = FRAME / 200
    };
    uint8_t *frame, *rest;
    const size_t n = pack(FRAME, HARD, &frame), n_rest = pack(1, 1, &rest);
    FILE *file = fopen(path, "w");

    check(file != NULL, "no file", 0);
    for (uint64_t i = 0; i < (uint64_t)GXT_MAX_SPOOL_BYTES / FRAME; i++)
        check(fwrite(frame, 1, n, file) == n, "no room on the disk", i);
    for (uint64_t i = 0; i < past; i++)
        check(fwrite(rest, 1, n_rest, file) == n_rest, "no room on the disk", i);
    check(fclose(file) == 0, "no room on the disk", 0);
    free(frame);
    free(rest);
}

static void expect_spool(uint64_t past, int code)
{
    const struct source_feeding feeding = {0};
    struct source source;
    struct stat status;

    write_packed(past);
    check(source_open(path, &source, &fault) == 0, fault.message, past);
    check(source_unpack(&source, &feeding, &fault) == 0, fault.message, past);
    check(fstat(source.fd, &status) == 0, "no spool", past);
    printf("a spool of %" PRIu64 " bytes, %" PRIu64 " of them on the disk, from %" PRIu64 ": %s\n",
           (uint64_t)source.size, (uint64_t)status.st_blocks * 512, (uint64_t)source.packed,
           source.fault.code ? source.fault.message : "unpacked");
    check(source.fault.code == code, source.fault.message, past);
    check(source.size == (uint64_t)GXT_MAX_SPOOL_BYTES, "another length", source.size);
    check(code == 0 || strstr(source.fault.message, "longer than 65536 MiB"), source.fault.message, past);
    check(source.at[source.size - 1] == 0, "another byte", past);
    source_close(&source);
    (void)unlink(path);
}

static void try_spool(void)
{
    expect_spool(0, 0);
    expect_spool(1, GXT_ELIMIT);
}

int main(int argc, char **argv)
{
    check(argc == 2 && mkdtemp(folder) != NULL, "usage: large pool | checkpoint | spool", 0);
    snprintf(path, sizeof path, "%s/file", folder);
    (void)setenv("TMPDIR", folder, 1);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (strcmp(argv[1], "pool") == 0)
        try_pool();
    else if (strcmp(argv[1], "checkpoint") == 0)
        try_checkpoint();
    else
        try_spool();
    (void)unlink(path);
    (void)rmdir(folder);
    return 0;
}
