/* source.c
 *
 * In: a file name, or a descriptor. Out: its bytes, or what was packed in them, mapped. Never: a write to the file.
 */
#include "source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map(struct source *source, uint64_t size, struct gxt_error *fault)
{
    void *at = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, source->fd, 0);

    if (at == MAP_FAILED)
        return fault_set_errno(fault, errno, "cannot map the file");
    source->at = at;
    source->mapped = size;
    source->guard = guard_take(at, size);
    return 0;
}

static int map_file(struct source *source, struct gxt_error *fault)
{
    struct stat status;

    if (fstat(source->fd, &status) < 0)
        return fault_set_errno(fault, errno, "cannot look at the file");
    if (!S_ISREG(status.st_mode))
        return fault_set(fault, GXT_EIO, GXT_NO_OFFSET, "not a regular file, so it cannot be mapped");
    source->mode = status.st_mode & 0666;
    source->size = (uint64_t)status.st_size;
    if (source->size == 0) {
        source->at = (const uint8_t *)""; /* mmap refuses an empty file, and nothing may be added to a null pointer */
        return 0;
    }
    if (source->size > SIZE_MAX)
        return fault_set(fault, GXT_EIO, GXT_NO_OFFSET, "the file is larger than this machine's address space");
    return map(source, source->size, fault);
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

static void unmap(struct source *source)
{
    guard_leave(source->guard);
    source->guard = NULL;
    if (source->mapped > 0)
        (void)munmap((void *)source->at, (size_t)source->mapped);
    source->at = NULL;
    source->mapped = 0;
}

void source_close(struct source *source)
{
    feed_free(source->feed);
    unmap(source);
    if (source->fd >= 0)
        (void)close(source->fd);
    free(source->path);
    free(source->spool);
    *source = (struct source){.fd = -1};
}

/* ---- fed ---- */

/* Whether a fault is the bytes' own, and not one of the machine that unpacks them. */
static bool is_own_fault(int code)
{
    return code == GXT_ECORRUPT || code == GXT_ETRUNCATED || code == GXT_ELIMIT;
}

static bool fits(const struct source *source, const struct source_feeding *feeding)
{
    return !feeding->fits || feeding->fits(source_span(source, 0, source->size));
}

/* Feeds what is wanted at once: a stream's beginning, else everything, if the beginning is worth it. */
static int begin(struct source *source, int fd, const struct spool *spool, const struct source_feeding *feeding,
                 struct gxt_error *fault)
{
    int r = feed_begin(source, fd, spool, feeding, fault);

    if (r < 0)
        return r;
    (void)source_want(source, SOURCE_FINGERPRINT_BYTES);
    if (!feeding->stream && fits(source, feeding))
        (void)source_want(source, UINT64_MAX);
    source->fingerprint = source_fingerprint(source, source->size);
    if (!feeding->stream) {
        feed_free(source->feed);
        source->feed = NULL;
    }
    if (source->fault.code == 0 || is_own_fault(source->fault.code))
        return 0;
    if (fault)
        *fault = source->fault;
    return source->fault.code;
}

/* Whether all of the file is ahead, so that it can be mapped. */
static bool is_whole_file(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
}

int source_open_fd(int fd, const struct source_feeding *feeding, struct source *ret, struct gxt_error *fault)
{
    struct spool spool;
    int r;

    *ret = (struct source){.fd = -1, .mode = 0600};
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return fault_set_errno(fault, errno, "cannot read the trace");
    if (is_whole_file(own)) {
        ret->fd = own;
        r = map_file(ret, fault);
        ret->fingerprint = r == 0 ? source_fingerprint(ret, ret->size) : 0;
    } else if ((r = spool_make(NULL, &spool, fault)) < 0) {
        (void)close(own);
    } else {
        r = begin(ret, own, &spool, feeding, fault);
    }
    if (r < 0)
        source_close(ret);
    return r;
}

/* ---- packed ---- */

static struct spool_stamp stamp_of(const struct source *source)
{
    const uint64_t part = source->size < SOURCE_FINGERPRINT_BYTES ? source->size : (uint64_t)SOURCE_FINGERPRINT_BYTES;

    return (struct spool_stamp){.size = source->size,
                                .head = hash_bytes(source->at, (size_t)part),
                                .tail = hash_bytes(source->at + source->size - part, (size_t)part)};
}

/* Goes over to a file that has all of it, whose descriptor is taken. */
static int use_spool(struct source *source, int fd, uint64_t size, struct gxt_error *fault)
{
    (void)close(source->fd);
    source->fd = fd;
    source->size = size;
    if (size > SIZE_MAX)
        return fault_set(fault, GXT_EIO, GXT_NO_OFFSET, "the file is larger than this machine's address space");
    int r = size > 0 ? map(source, size, fault) : 0;
    if (r == 0)
        source->fingerprint = source_fingerprint(source, size);
    return r;
}

static int unpack_all(struct source *source, const struct spool_stamp *stamp, const struct source_feeding *feeding,
                      struct gxt_error *fault)
{
    const bool keeps = feeding->keep && feeding->spool;
    const int packed = source->fd;
    struct spool spool;

    int r = spool_make(keeps ? feeding->spool : NULL, &spool, fault);
    if (r < 0)
        return r;
    r = begin(source, packed, &spool, feeding, fault);
    if (r < 0 || !keeps || source->fault.code < 0 || !fits(source, feeding)) {
        spool_forget(&spool);
        return r;
    }
    r = spool_publish(&spool, feeding->spool, source->size, source->mode, stamp, fault);
    if (r == 0 && !(source->spool = strdup(feeding->spool)))
        r = fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    return r;
}

int source_unpack(struct source *source, const struct source_feeding *feeding, struct gxt_error *fault)
{
    const struct spool_stamp stamp = stamp_of(source);
    struct source_feeding own = *feeding;
    struct gxt_error not_ours;
    uint64_t size;
    int fd, r = 0;

    source->packing = source_packing(source_span(source, 0, source->size));
    source->packed = source->size;
    unmap(source);
    if (feeding->spool)
        r = spool_open(feeding->spool, &stamp, &fd, &size, &not_ours);
    if (r > 0) {
        source->spool = strdup(feeding->spool);
        r = use_spool(source, fd, size, fault);
        return r == 0 && !source->spool ? fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory") : r;
    }
    if (r < 0 && feeding->keep)
        return fault ? (*fault = not_ours).code : r;
    own.keep = feeding->keep && !feeding->stream;
    return unpack_all(source, &stamp, &own, fault);
}

/* ---- a stream ---- */

bool source_want(const struct source *source, uint64_t size)
{
    while (source->size < size && source_more(source))
        continue;
    return source->size >= size;
}

bool source_more(const struct source *source)
{
    return source->feed && feed_more(source->feed);
}

int source_check_held(const struct source *source, uint64_t offset, struct gxt_error *fault)
{
    if (!source->feed || offset >= feed_held(source->feed))
        return 0;
    return fault_set(fault, GXT_EINVAL, offset, "a stream cannot go back: what was read of it is gone");
}

/* ---- any ---- */

uint64_t source_fingerprint(const struct source *source, uint64_t size)
{
    if (size > source->size)
        size = source->size;
    if (size > SOURCE_FINGERPRINT_BYTES)
        size = SOURCE_FINGERPRINT_BYTES;
    return hash_bytes(source->at, (size_t)size);
}

static int cut(const struct source *source, struct gxt_error *fault)
{
    return fault_set(fault, GXT_EIO, GXT_NO_OFFSET, "the file of %llu bytes was cut, or cannot be read, while open",
                     (unsigned long long)source->size);
}

int source_check_cut(const struct source *source, struct gxt_error *fault)
{
    if (LIKELY(!guard_is_cut(source->guard)))
        return 0;
    int r = source_check_size(source, fault);
    return r < 0 ? r : cut(source, fault);
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

void source_expect(const struct source *source, uint64_t from, uint64_t to)
{
    enum {
        AROUND_BYTES = 1 << 16 /* the system makes so many ready around what is read */
    };

    if (source->feed || source->size <= SOURCE_SMALL)
        return;
    for (; from < to && from < source->size; from += AROUND_BYTES)
        (void)*(const volatile uint8_t *)(source->at + from);
}

void source_release(const struct source *source, uint64_t from, uint64_t to)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    if (source->feed) {
        feed_release(source->feed, to);
        return;
    }
    if (source->size <= SOURCE_SMALL)
        return;
    from = (from + page - 1) / page * page;
    to = to / page * page;
    if (from < to && to <= source->size)
        (void)madvise((void *)(source->at + from), (size_t)(to - from), MADV_DONTNEED);
}
