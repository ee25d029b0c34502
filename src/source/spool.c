/* spool.c
 *
 * In: a place for unpacked bytes. Out: a file for them. Never: half of one under the name that is asked for, a symbolic
 * link followed, another program's file replaced.
 *
 *     | the trace | footer: which packed file it was made from |
 *
 * A file that is being written has no name where the system can do that: whatever ends the program ends the file.
 */
#include "source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A cache of one machine: numbers as it has them. */
struct footer {
    char magic[8];
    uint64_t version;
    uint64_t size; /* of the trace */
    struct spool_stamp stamp;
    uint64_t reserved;
    uint64_t hash; /* of what comes before it */
};

static const char magic[8] = "gxtspool";

#define OWN_FILES "/proc/self/fd"

enum {
    VERSION = 1,
    MOST_NAMES = 16,
};

static uint64_t hash_of(const struct footer *footer)
{
    return hash_bytes(footer, offsetof(struct footer, hash));
}

/* ---- making one ---- */

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Where the system has no files without names. */
static int make_named(const char *path, struct spool *spool)
{
    if (asprintf(&spool->name, "%s.XXXXXX", path) < 0) {
        spool->name = NULL;
        errno = ENOMEM;
        return -1;
    }
    spool->fd = mkostemp(spool->name, O_CLOEXEC);
    if (spool->fd < 0) {
        free(spool->name);
        spool->name = NULL;
    }
    return spool->fd;
}

static int make_in(const char *folder, const char *path, struct spool *spool)
{
    /* Without /proc it could not be given a name. */
    spool->fd = access(OWN_FILES, X_OK) == 0 ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
    return spool->fd < 0 ? make_named(path, spool) : spool->fd;
}

int spool_make(const char *path, struct spool *ret, struct gxt_error *fault)
{
    const char *temporary = getenv("TMPDIR");
    struct spool spool = {.fd = -1};
    char *folder = path ? folder_of(path) : strdup(temporary && *temporary ? temporary : "/tmp");
    char *name = NULL;

    if (!folder || asprintf(&name, "%s/gxt", folder) < 0) {
        free(folder);
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    }
    int r = make_in(folder, path ? path : name, &spool) < 0
                ? fault_set_errno(fault, errno, "cannot make a file for the unpacked trace in %.120s", folder)
                : 0;
    if (r == 0 && !path)
        spool_forget(&spool);
    free(folder);
    free(name);
    if (r == 0)
        *ret = spool;
    return r;
}

void spool_forget(struct spool *spool)
{
    if (spool->name)
        (void)unlink(spool->name);
    free(spool->name);
    spool->name = NULL;
}

/* ---- its name ---- */

/* A name for a file that has none, until it gets the one that is asked for. */
static int name_it(struct spool *spool, const char *path)
{
    char own[64];

    (void)snprintf(own, sizeof own, OWN_FILES "/%d", spool->fd);
    errno = EEXIST;
    for (int i = 0; i < MOST_NAMES && errno == EEXIST; i++) {
        if (asprintf(&spool->name, "%s.%ld.%d", path, (long)getpid(), i) < 0) {
            errno = ENOMEM;
            break;
        }
        if (linkat(AT_FDCWD, own, AT_FDCWD, spool->name, AT_SYMLINK_FOLLOW) == 0)
            return 0;
        const int why = errno;
        free(spool->name);
        errno = why;
    }
    spool->name = NULL;
    return -1;
}

static int write_footer(int fd, uint64_t size, const struct spool_stamp *stamp)
{
    struct footer footer = {.version = VERSION, .size = size, .stamp = *stamp};

    memcpy(footer.magic, magic, sizeof magic);
    footer.hash = hash_of(&footer);
    ssize_t n = pwrite(fd, &footer, sizeof footer, (off_t)size);
    if (n >= 0 && n < (ssize_t)sizeof footer)
        errno = ENOSPC;
    return n == (ssize_t)sizeof footer ? 0 : -1;
}

int spool_publish(struct spool *spool, const char *path, uint64_t size, unsigned mode, const struct spool_stamp *stamp,
                  struct gxt_error *fault)
{
    int r = 0;

    /* Its bytes are on the disk before its name is. */
    if (write_footer(spool->fd, size, stamp) < 0 || fchmod(spool->fd, mode) < 0 || fdatasync(spool->fd) < 0 ||
        (!spool->name && name_it(spool, path) < 0) || rename(spool->name, path) < 0) {
        r = fault_set_errno(fault, errno, "cannot keep the unpacked trace at %.120s", path);
        spool_forget(spool);
    }
    free(spool->name);
    spool->name = NULL;
    return r;
}

/* ---- using one ---- */

static bool read_footer(int fd, const struct stat *status, struct footer *ret)
{
    if (!S_ISREG(status->st_mode) || status->st_size < (off_t)sizeof *ret)
        return false;
    return pread(fd, ret, sizeof *ret, status->st_size - (off_t)sizeof *ret) == (ssize_t)sizeof *ret &&
           memcmp(ret->magic, magic, sizeof magic) == 0 && ret->version == VERSION && ret->hash == hash_of(ret) &&
           ret->size == (uint64_t)status->st_size - sizeof *ret;
}

int spool_open(const char *path, const struct spool_stamp *stamp, int *ret_fd, uint64_t *ret_size,
               struct gxt_error *fault)
{
    struct stat status;
    struct footer footer;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &status) < 0 || !read_footer(fd, &status, &footer)) {
        if (fd >= 0)
            (void)close(fd);
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET,
                         "another file is where the unpacked trace would be kept: %.150s", path);
    }
    if (memcmp(&footer.stamp, stamp, sizeof *stamp) != 0) {
        (void)close(fd);
        return 0;
    }
    *ret_fd = fd;
    *ret_size = footer.size;
    return 1;
}
