/* source.c
 *
 * In: a file name. Out: its bytes, mapped. Never: a copy of them, or a write.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map_file(struct source *source, struct gxt_error *fault)
{
    struct stat status;

    if (fstat(source->fd, &status) < 0)
        return fault_set_errno(fault, errno, "cannot look at the file");
    if (!S_ISREG(status.st_mode))
        return fault_set(fault, GXT_EIO, GXT_NO_OFFSET, "not a regular file, so it cannot be mapped");
    source->size = (uint64_t)status.st_size;
    if (source->size == 0) {
        source->at = (const uint8_t *)""; /* mmap refuses an empty file, and nothing may be added to a null pointer */
        return 0;
    }
    if (source->size > SIZE_MAX)
        return fault_set(fault, GXT_EIO, GXT_NO_OFFSET, "the file is larger than this machine's address space");

    void *at = mmap(NULL, (size_t)source->size, PROT_READ, MAP_SHARED, source->fd, 0);
    if (at == MAP_FAILED)
        return fault_set_errno(fault, errno, "cannot map the file");
    source->at = at;
    return 0;
}

int source_open(const char *path, struct source *ret, struct gxt_error *fault)
{
    struct source source = {.fd = -1};
    int r;

    source.path = strdup(path);
    if (!source.path)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    source.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source.fd < 0) {
        r = fault_set_errno(fault, errno, "cannot open the file");
        goto failed;
    }
    r = map_file(&source, fault);
    if (r < 0)
        goto failed;

    source.fingerprint = source_fingerprint(&source, source.size);
    *ret = source;
    return 0;
failed:
    source_close(&source);
    return r;
}

void source_close(struct source *source)
{
    if (source->size > 0 && source->at)
        (void)munmap((void *)source->at, (size_t)source->size);
    if (source->fd >= 0)
        (void)close(source->fd);
    free(source->path);
    *source = (struct source){.fd = -1};
}

uint64_t source_fingerprint(const struct source *source, uint64_t size)
{
    if (size > source->size)
        size = source->size;
    if (size > SOURCE_FINGERPRINT_BYTES)
        size = SOURCE_FINGERPRINT_BYTES;
    return hash_bytes(source->at, (size_t)size);
}

int source_check_size(const struct source *source, struct gxt_error *fault)
{
    struct stat status;

    if (fstat(source->fd, &status) < 0)
        return fault_set_errno(fault, errno, "cannot look at the file");
    if ((uint64_t)status.st_size < source->size)
        return fault_set(fault, GXT_EIO, (uint64_t)status.st_size,
                         "the file was cut from %llu to %llu bytes while open", (unsigned long long)source->size,
                         (unsigned long long)status.st_size);
    return 0;
}

void source_release(const struct source *source, uint64_t from, uint64_t to)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    from = (from + page - 1) / page * page;
    to = to / page * page;
    if (from < to && to <= source->size)
        (void)madvise((void *)(source->at + from), (size_t)(to - from), MADV_DONTNEED);
}
