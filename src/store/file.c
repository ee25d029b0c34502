/* file.c
 *
 * In: a file name. Out: an open sidecar, for reading or for the one process that builds it. Never: another program's
 * file overwritten, a symbolic link followed for writing, a file that readers see before its first commit.
 *
 *     to go on      PATH, locked                 its pages checked, then written to in place
 *     afresh        PATH.new, locked             written, and renamed to PATH with the first commit, or with the last
 *                                                one where PATH is a sidecar that still serves; what PATH was stays
 *                                                whole for those who have it open
 *
 * Who is killed before that leaves PATH.new, which the next one who builds takes, or removes.
 */
#include "store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static int not_opened(struct gxt_error *fault, const char *what)
{
    if (errno == ELOOP)
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "a symbolic link is where the index would be written");
    return fault_set_errno(fault, errno, "%s", what);
}

static int check_regular(int fd, struct gxt_error *fault)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return fault_set_errno(fault, errno, "cannot look at the index");
    return S_ISREG(status.st_mode) ? 0 : fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the index is no regular file");
}

static int new_store(int fd, struct store **ret, struct gxt_error *fault)
{
    struct store *store = calloc(1, sizeof *store);

    if (!store)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    store->fd = fd;
    store->old_fd = -1;
    *ret = store;
    return 0;
}

int store_open(const char *path, struct store **ret, struct gxt_error *fault)
{
    struct store_meta meta;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT ? fault_set(fault, GXT_ENOENT, GXT_NO_OFFSET, "there is no index")
                               : not_opened(fault, "cannot open the index");
    int r = check_regular(fd, fault);
    if (r == 0)
        r = reader_meta(fd, &meta, fault);
    if (r == 0)
        r = new_store(fd, ret, fault);
    if (r < 0)
        (void)close(fd);
    return r;
}

struct store *store_close(struct store *store)
{
    if (!store)
        return NULL;
    (void)writer_close(store->writer);
    if (store->fd >= 0)
        (void)close(store->fd);
    if (store->old_fd >= 0)
        (void)close(store->old_fd);
    free(store);
    return NULL;
}

uint64_t store_size_bytes(const struct store *store)
{
    struct stat status;
    return fstat(store->fd, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* ---- building ---- */

/* A lock that is had for a moment only, so that a builder that begins just then waits for it: see open_locked(). */
static int is_locked(const char *path, struct gxt_error *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT ? 0 : not_opened(fault, "cannot open the index");
    int r = flock(fd, LOCK_SH | LOCK_NB) == 0 ? 0
            : errno == EWOULDBLOCK            ? 1
                                              : fault_set_errno(fault, errno, "cannot look at the index's lock");
    (void)close(fd);
    return r;
}

int store_is_building(const char *path, struct gxt_error *fault)
{
    char *name = NULL;

    int r = is_locked(path, fault);
    if (r != 0)
        return r;
    if (asprintf(&name, "%s.new", path) < 0)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    r = is_locked(name, fault);
    free(name);
    return r;
}

/* Kinds of file systems (linux/magic.h, and those that it does not have) whose locks and mappings are not of this
 * machine alone. */
static const char *network_name(uint32_t magic)
{
    static const struct {
        uint32_t magic;
        const char *name;
    } names[] = {
        {0x6969, "NFS"},       {0x517b, "SMB"},      {0xfe534d42, "SMB"},    {0xff534d42, "CIFS"},
        {0x01021997, "9P"},    {0x5346414f, "AFS"},  {0x6b414653, "AFS"},    {0x73757245, "Coda"},
        {0x00c36400, "Ceph"},  {0x65735546, "FUSE"}, {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"},
        {0x7461636f, "OCFS2"}, {0x01161970, "GFS2"}, {0x19830326, "BeeGFS"}, {0x786f4256, "a virtual machine's share"},
        {0xaad7aaea, "PanFS"}, {0x564c, "NCP"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].magic == magic)
            return names[i].name;
    return NULL;
}

const char *store_may_live(const char *folder, int fd)
{
    struct statfs status;

    if ((folder ? statfs(folder, &status) : fstatfs(fd, &status)) < 0)
        return NULL; /* what is done next will say why */
    return network_name((uint32_t)status.f_type);
}

static int check_home(int fd, struct gxt_error *fault)
{
    const char *network = store_may_live(NULL, fd);

    if (!network)
        return 0;
    return fault_set(
        fault, GXT_EIO, GXT_NO_OFFSET,
        "an index cannot be built on a network file system (%s): name a place on a disk of this machine, or "
        "set GXT_INDEX_DIR",
        network);
}

/* The process that holds a lock on a file; 0 when that cannot be told. Lines of /proc/locks are
 * "1: FLOCK  ADVISORY  WRITE 712 fe:01:131082 0 EOF". */
static long holder_of(int fd)
{
    struct stat status;
    char line[256], kind[16], right[16];
    long pid, found = 0;
    unsigned major_number, minor_number;
    unsigned long long inode;
    FILE *locks = fopen("/proc/locks", "re");

    if (!locks)
        return 0;
    while (found == 0 && fstat(fd, &status) == 0 && fgets(line, sizeof line, locks))
        if (sscanf(line, "%*[^:]: %15s %*s %15s %ld %x:%x:%llu", kind, right, &pid, &major_number, &minor_number,
                   &inode) == 6 &&
            strcmp(kind, "FLOCK") == 0 && strcmp(right, "WRITE") == 0 && inode == status.st_ino)
            found = pid;
    (void)fclose(locks);
    return found > 0 ? found : 0;
}

static int busy(int fd, struct gxt_error *fault)
{
    const long pid = holder_of(fd);

    if (pid == 0)
        return fault_set(fault, GXT_EBUSY, GXT_NO_OFFSET, "another process is building this index");
    return fault_set(fault, GXT_EBUSY, GXT_NO_OFFSET, "process %ld is building this index", pid);
}

/* Locks a file for building. Somebody who only looks has it for a moment. */
static int lock(int fd)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    int r;

    for (int tries = 0; (r = flock(fd, LOCK_EX | LOCK_NB)) < 0 && errno == EWOULDBLOCK && tries < 5; tries++)
        (void)nanosleep(&moment, NULL);
    return r;
}

/* Opens and locks a file, which must still have its name when the lock is held: a builder may have replaced it. */
static int open_locked(const char *path, int flags, unsigned mode, int *ret, struct gxt_error *fault)
{
    struct stat opened, named;

    for (int tries = 0; tries < 8; tries++) {
        int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode);
        if (fd < 0)
            return not_opened(fault, "cannot open the index for writing");
        int r = check_regular(fd, fault);
        if (r == 0)
            r = check_home(fd, fault);
        if (r == 0 && lock(fd) < 0)
            r = errno == EWOULDBLOCK ? busy(fd, fault) : fault_set_errno(fault, errno, "cannot lock the index");
        if (r == 0 && fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
            opened.st_dev == named.st_dev) {
            *ret = fd;
            return 0;
        }
        (void)close(fd);
        if (r < 0)
            return r;
    }
    return fault_set(fault, GXT_EBUSY, GXT_NO_OFFSET, "another process is building this index");
}

enum content {
    NOTHING,
    SIDECAR,
    UNFIT,
    FOREIGN
};

/* A sidecar that is damaged is known by the text with which its first record begins, wherever in the file that is. */
static enum content look_for_text(int fd, size_t size)
{
    void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (at == MAP_FAILED)
        return FOREIGN;
    enum content content = schema_is_ours(at, size) ? UNFIT : FOREIGN;
    (void)munmap(at, size);
    return content;
}

/* What a file is. With UNFIT @fault says why. */
static int look(int fd, enum content *ret, struct gxt_error *fault)
{
    struct store_meta meta;
    struct pages pages;
    struct stat status;

    if (fstat(fd, &status) < 0)
        return fault_set_errno(fault, errno, "cannot look at the index");
    *ret = NOTHING;
    if (status.st_size == 0)
        return 0;
    *ret = SIDECAR;
    int r = reader_meta(fd, &meta, fault);
    if (r == GXT_ENOENT) { /* of LMDB, and empty */
        *ret = NOTHING;
        return 0;
    }
    if (r == 0)
        r = pages_begin(&pages, fd, fault);
    if (r == 0)
        r = pages_check(&pages, NULL, fault);
    if (r == GXT_EINDEX) {
        *ret = look_for_text(fd, (size_t)status.st_size);
        r = 0;
    }
    return r;
}

static int foreign(struct gxt_error *fault)
{
    return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET,
                     "the file is no index of gxt, and is not overwritten: remove it, or name another one");
}

/* Removes what a builder that was killed left behind. Who has @path locked is alone, so it is nobody's; what cannot be
 * opened, locked or known for ours stays. */
static void sweep(const char *path)
{
    enum content content = FOREIGN;
    char *name;
    int fd = -1;

    if (asprintf(&name, "%s.new", path) < 0)
        return;
    if (open_locked(name, O_RDWR, 0, &fd, NULL) == 0) {
        if (look(fd, &content, NULL) == 0 && content != FOREIGN)
            (void)unlink(name);
        (void)close(fd);
    }
    free(name);
}

static int go_on(const char *path, int fd, struct store **ret, struct gxt_error *fault)
{
    sweep(path);
    int r = new_store(fd, ret, fault);
    if (r < 0) {
        (void)close(fd);
        return r;
    }
    r = writer_open(path, NULL, *ret, &(*ret)->writer, fault);
    if (r < 0)
        *ret = store_close(*ret);
    return r;
}

/* Opens and locks @name, which is made if need be, and is nobody else's. */
static int open_afresh(const char *name, unsigned mode, int *ret, struct gxt_error *fault)
{
    enum content content = NOTHING;
    int fd = -1;

    int r = open_locked(name, O_RDWR | O_CREAT, mode, &fd, fault);
    if (r < 0)
        return r;
    r = look(fd, &content, fault);
    if (r == 0 && content == FOREIGN)
        r = foreign(fault);
    if (r < 0)
        (void)close(fd);
    else
        *ret = fd;
    return r;
}

static int write_afresh(struct store *store, const char *name, const char *path, unsigned mode, struct gxt_error *fault)
{
    if (ftruncate(store->fd, 0) < 0 || fchmod(store->fd, mode) < 0)
        return fault_set_errno(fault, errno, "cannot make the index");
    return writer_open(name, path, NULL, &store->writer, fault);
}

/* @old_fd: what is at @path, locked; -1 for nothing. @old_serves: until what comes is complete. */
static int begin_afresh(const char *path, unsigned mode, int old_fd, bool old_serves, struct store **ret,
                        struct gxt_error *fault)
{
    struct store *store = NULL;
    char *name;

    int r = new_store(-1, &store, fault);
    if (r < 0) {
        if (old_fd >= 0)
            (void)close(old_fd);
        return r;
    }
    store->old_fd = old_fd;
    if (asprintf(&name, "%s.new", path) < 0) {
        (void)store_close(store);
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    }
    r = open_afresh(name, mode, &store->fd, fault);
    if (r == 0 && (r = write_afresh(store, name, path, mode, fault)) < 0)
        (void)unlink(name); /* as long as it is locked, what has this name is ours */
    if (r == 0 && old_serves)
        writer_wait(store->writer);
    free(name);
    if (r < 0)
        (void)store_close(store);
    else
        *ret = store;
    return r;
}

int store_create(const char *path, unsigned mode, enum store_way way, struct store **ret, struct gxt_error *fault)
{
    enum content content = NOTHING;
    int fd = -1;

    int r = open_locked(path, O_RDWR, 0, &fd, fault);
    if (r == GXT_ENOENT)
        return begin_afresh(path, mode, -1, false, ret, fault);
    if (r < 0)
        return r;
    r = look(fd, &content, fault);
    if (r == 0 && content == FOREIGN)
        r = foreign(fault);
    if (r == 0 && content == UNFIT && way == STORE_GO_ON)
        r = GXT_EINDEX;
    if (r < 0) {
        (void)close(fd);
        return r;
    }
    if (content == SIDECAR && way == STORE_GO_ON)
        return go_on(path, fd, ret, fault);
    return begin_afresh(path, mode, fd, content == SIDECAR && way == STORE_REBUILD, ret, fault);
}
