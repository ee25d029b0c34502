/* changed.h: a check of a trace, and of the same trace with one byte changed, one in so many.
 *
 * usage: PROGRAM TRACE LEAST [STEP]
 *
 * Who includes it has check(), for a trace that is not of the old format, and counts in n_fit and n_walked the
 * generations of the trace at hand that went the way that is tried, and the others. At least LEAST must have fitted in
 * the trace as it is; however few where a byte is changed.
 */
#ifndef CHANGED_H
#define CHANGED_H

#include "gen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *trace_name;
static uint64_t byte_at; /* of the byte changed */
static uint64_t n_fit, n_walked;

static void check(const struct source *source, uint64_t begin, int version, struct pool *pool);

static _Noreturn void wrong(const char *what)
{
    fprintf(stderr, "%s, byte %" PRIu64 " changed, generation %" PRIu64 ": %s\n", trace_name, byte_at, n_fit + n_walked,
            what);
    exit(1);
}

static void check_source(const struct source *source)
{
    struct span in = source_span(source, 0, source->size);
    struct pool *pool;
    int version;

    n_fit = n_walked = 0;
    if (wire_header(&in, &version) < 0 || wire_is_old(version))
        return;
    if (pool_new(&pool) < 0)
        wrong("no memory");
    check(source, (uint64_t)(in.at - source->at), version, pool);
    (void)pool_free(pool);
}

static void check_bytes(const uint8_t *bytes, size_t size)
{
    const struct source_feeding feeding = {0};
    struct source source;
    struct gxt_error fault;
    int fd = memfd_create("trace", MFD_CLOEXEC);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0 ||
        source_open_fd(fd, &feeding, &source, &fault) < 0)
        wrong("no file");
    check_source(&source);
    source_close(&source);
    close(fd);
}

static void check_changed(const struct source *source, uint64_t step)
{
    static const uint8_t masks[] = {0x01, 0x02, 0x04, 0x7f, 0x80};
    uint64_t n_changed = 0, n_fitted = 0;
    uint8_t *bytes = malloc(source->size);

    if (!bytes || step == 0)
        wrong("no step, or no memory");
    for (byte_at = 0; byte_at < source->size; byte_at += step) {
        memcpy(bytes, source->at, source->size);
        bytes[byte_at] ^= masks[byte_at / step % sizeof masks];
        check_bytes(bytes, source->size);
        n_changed++;
        n_fitted += n_fit > 0;
    }
    printf("%" PRIu64 " changed bytes, %" PRIu64 " traces with a generation that fits\n", n_changed, n_fitted);
    free(bytes);
}

int main(int argc, char **argv)
{
    struct source source;
    struct gxt_error fault;

    if (argc != 3 && argc != 4)
        return 2;
    trace_name = argv[1];
    if (source_open(argv[1], &source, &fault) < 0)
        wrong(fault.message);
    check_source(&source);
    printf("%" PRIu64 " generations fitted, %" PRIu64 " walked\n", n_fit, n_walked);
    if (n_fit < strtoull(argv[2], NULL, 10))
        wrong("too few generations fitted");
    if (argc == 4)
        check_changed(&source, strtoull(argv[3], NULL, 10));
    source_close(&source);
    return 0;
}

#endif
