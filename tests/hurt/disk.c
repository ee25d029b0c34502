/* disk.c: each call that writes fails, one after another, while an index is built; and each that reads an index.
 *
 * usage: disk TRACE [STEP]
 *
 * The write with number n, for every n or for every one in STEP, ends with ENOSPC or EIO, or is cut short, once or with
 * all that follow. The build says so, or goes on without; what is committed is served, an index that was to be replaced
 * still serves, and the next build ends as if nothing had been. A read that ends with EIO makes a call fail with it, or
 * slower.
 */
#undef _FILE_OFFSET_BITS /* else pwrite is another name of pwrite64, and only one of them can be defined */

#include "answers.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- calls that write ---- */

enum how {
    NO_SPACE, /* ENOSPC */
    NO_DISK,  /* EIO */
    CUT       /* half of it is written; with what is not cut in halves, ENOSPC */
};

static bool armed, once, reads; /* reads: it is they that fail, else writes */
static enum how how;
static unsigned long n_so_far, failing_one;

static bool counts(bool is_read)
{
    if (!armed || is_read != reads)
        return false;
    n_so_far++;
    return n_so_far == failing_one || (n_so_far > failing_one && !once);
}

static bool fails(void)
{
    return counts(false);
}

static int refuse(void)
{
    errno = how == NO_DISK ? EIO : ENOSPC;
    return -1;
}

/* Declares the next definition of a function, the one that does it. */
#define REAL(name, type, ...)                                                                                          \
    static type (*real)(__VA_ARGS__);                                                                                  \
    if (!real)                                                                                                         \
    *(void **)&real = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *bytes, size_t size)
{
    REAL("write", ssize_t, int, const void *, size_t);
    if (!fails())
        return real(fd, bytes, size);
    return how == CUT && size > 1 ? real(fd, bytes, size / 2) : refuse();
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    REAL("pwrite", ssize_t, int, const void *, size_t, off_t);
    if (!fails())
        return real(fd, bytes, size, offset);
    return how == CUT && size > 1 ? real(fd, bytes, size / 2, offset) : refuse();
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t);
    if (!fails())
        return real(fd, bytes, size, offset);
    return how == CUT && size > 1 ? real(fd, bytes, size / 2, offset) : refuse();
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    REAL("pread", ssize_t, int, void *, size_t, off_t);
    return counts(true) ? refuse() : real(fd, bytes, size, offset);
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t offset)
{
    REAL("pread64", ssize_t, int, void *, size_t, off64_t);
    return counts(true) ? refuse() : real(fd, bytes, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    REAL("writev", ssize_t, int, const struct iovec *, int);
    if (!fails())
        return real(fd, parts, n);
    return how == CUT && n > 1 ? real(fd, parts, n / 2) : refuse();
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t offset)
{
    REAL("pwritev", ssize_t, int, const struct iovec *, int, off_t);
    if (!fails())
        return real(fd, parts, n, offset);
    return how == CUT && n > 1 ? real(fd, parts, n / 2, offset) : refuse();
}

int ftruncate(int fd, off_t size)
{
    REAL("ftruncate", int, int, off_t);
    return fails() ? refuse() : real(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    REAL("ftruncate64", int, int, off64_t);
    return fails() ? refuse() : real(fd, size);
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    REAL("posix_fallocate", int, int, off_t, off_t);
    return fails() ? (void)refuse(), errno : real(fd, offset, size);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    REAL("fallocate", int, int, int, off_t, off_t);
    return fails() ? refuse() : real(fd, mode, offset, size);
}

/* What is written need not outlive the test. */
int fsync(int fd)
{
    (void)fd;
    return fails() ? refuse() : 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return fails() ? refuse() : 0;
}

int msync(void *at, size_t size, int flags)
{
    REAL("msync", int, void *, size_t, int);
    return fails() ? refuse() : real(at, size, flags);
}

int fchmod(int fd, mode_t mode)
{
    REAL("fchmod", int, int, mode_t);
    return fails() ? refuse() : real(fd, mode);
}

int rename(const char *from, const char *to)
{
    REAL("rename", int, const char *, const char *);
    return fails() ? refuse() : real(from, to);
}

static unsigned mode_of(int flags, va_list arguments)
{
    return flags & O_CREAT ? va_arg(arguments, unsigned) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;

    REAL("open", int, const char *, int, unsigned);
    va_start(arguments, flags);
    const unsigned mode = mode_of(flags, arguments);
    va_end(arguments);
    return (flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 && fails() ? refuse() : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;

    REAL("open64", int, const char *, int, unsigned);
    va_start(arguments, flags);
    const unsigned mode = mode_of(flags, arguments);
    va_end(arguments);
    return (flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 && fails() ? refuse() : real(path, flags, mode);
}

/* ---- what is tried ---- */

static const char *trace_path;
static char path[64], partial[80], beside[72];
static ino_t old_file; /* where the build begins */
static struct failing none;

static int stop_at_first(void *user, const struct gxt_progress *progress)
{
    (void)user;
    return progress->generations_done >= 1;
}

static struct gxt_build_options options_with(bool rebuild, bool stops)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;

    options.checkpoint_events = 40;
    options.threads = 1;
    options.rebuild = rebuild;
    options.progress = stops ? stop_at_first : NULL;
    return options;
}

/* The words are those of the system, for what it said. */
static void check_words(const struct gxt_error *error)
{
    const int wanted = how == NO_DISK ? EIO : ENOSPC;

    /* LMDB says EIO for a write that was cut short. */
    if (error->system_errno != wanted && !(how == CUT && error->system_errno == EIO))
        wrong(error->message, error->system_errno);
    if (!strstr(error->message, strerror(error->system_errno)))
        wrong(error->message, error->code);
}

/* Return: as gxt_index_build(). */
static int build(const struct gxt_build_options *options, bool is_failing)
{
    struct gxt_trace *trace;
    struct gxt_error error;

    if (gxt_trace_open(trace_path, &trace, &error) != 0)
        wrong(error.message, error.code);
    armed = is_failing;
    int r = gxt_index_build(trace, path, options, &error);
    armed = false;
    if (is_failing && r == GXT_EIO)
        check_words(&error);
    else if (r != answers_end() && r != GXT_ECANCELED)
        wrong(error.message, r);
    gxt_trace_close(trace);
    return r;
}

static void build_complete(void)
{
    const struct gxt_build_options options = options_with(false, false);

    if (build(&options, false) != answers_end())
        wrong("a build ends otherwise", 0);
}

/* What there is when a build begins. */
enum before {
    NOTHING,
    A_PART,
    ALL
};

static void prepare(enum before before)
{
    unlink(path);
    if (before == A_PART)
        answers_copy(partial, path);
    else if (before == ALL)
        build_complete();
}

/* The file that has a name; 0 for none. */
static ino_t file_at(const char *name)
{
    struct stat status;
    return stat(name, &status) == 0 ? status.st_ino : 0;
}

/* Whatever became of a build: what there is answers right, and so it is after the next build. An index that was to be
 * replaced is there as it was. */
static void check_after(enum before before, int code)
{
    if (before == ALL && (code < 0) != (file_at(path) == old_file))
        wrong(code < 0 ? "an index is replaced by half of one" : "an index is not replaced", code);
    if (access(beside, F_OK) == 0)
        wrong("an unfinished file is left behind", code);
    if (access(path, F_OK) == 0)
        answers_check(trace_path, path, false, &none);
    else if (before != NOTHING)
        wrong("what there was is gone", code);
    if (code < 0)
        build_complete();
    answers_check(trace_path, path, true, &none);
}

/* Return: whether there was a write with this number. */
static bool run(enum before before, unsigned long n, uint64_t *n_failed)
{
    const struct gxt_build_options options = options_with(before == ALL, false);
    struct gxt_trace *trace;
    struct gxt_index *index = NULL;
    struct gxt_error error;

    prepare(before);
    if (gxt_trace_open(trace_path, &trace, &error) != 0)
        wrong(error.message, error.code);
    if (before != NOTHING && gxt_index_open(trace, path, &index, &error) != 0)
        wrong(error.message, error.code);
    n_so_far = 0;
    failing_one = n;
    old_file = file_at(path);
    int code = build(&options, true);
    *n_failed += code == GXT_EIO;
    if (index) /* a reader that was there before sees what it saw, or what is committed */
        answers_ask(trace, index, &none);
    if (index && gxt_index_damage(index, &error) < 0)
        wrong(error.message, error.code);
    gxt_index_close(index);
    gxt_trace_close(trace);
    check_after(before, code == answers_end() ? 0 : code);
    return n_so_far >= n;
}

static void try(enum before before, unsigned long step)
{
    static const char *const hows[] = {"ENOSPC", "EIO", "cut"}, *const befores[] = {"nothing", "a part", "all"};
    uint64_t n_failed = 0, n_runs = 0;

    for (int is_once = 0; is_once < 2; is_once++) {
        once = is_once;
        n_failed = n_runs = 0;
        for (unsigned long n = 1; run(before, n, &n_failed); n += step)
            n_runs++;
        printf("%s of writes %-6s with %-7s there: %4" PRIu64 " runs, failed %4" PRIu64 "\n", once ? "one" : "all",
               hows[how], befores[before], n_runs, n_failed);
        if (n_failed == 0 || (!once && n_failed < n_runs))
            wrong("a build without a disk comes to its end", (int64_t)n_failed);
    }
}

static void arm(void)
{
    armed = true;
}

static void disarm(void)
{
    armed = false;
}

/* The index is whole, and what reads it fails. */
static void try_reads(unsigned long step)
{
    uint64_t n_failed, n_runs;

    how = NO_DISK;
    reads = true;
    build_complete();
    for (int is_once = 0; is_once < 2; is_once++) {
        once = is_once;
        n_failed = n_runs = 0;
        for (unsigned long n = 1; n == 1 || n_so_far >= n - step; n += step, n_runs++) {
            struct failing failing = {GXT_EIO, arm, disarm, 0};
            n_so_far = 0;
            failing_one = n;
            answers_check(trace_path, path, false, &failing);
            n_failed += failing.n_failed > 0;
        }
        printf("%s of reads EIO: %4" PRIu64 " runs, failed %4" PRIu64 "\n", once ? "one" : "all", n_runs, n_failed);
        if (n_failed == 0)
            wrong("no read fails", 0);
    }
    answers_check(trace_path, path, true, &none);
}

/* Return: false for a trace that is all in one commit. */
static bool make_partial(void)
{
    const struct gxt_build_options options = options_with(false, true);

    if (build(&options, false) != GXT_ECANCELED)
        return false;
    answers_copy(path, partial);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    const unsigned long step = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    trace_path = argv[1];
    snprintf(path, sizeof path, "/tmp/gxt-disk-%ld", (long)getpid());
    snprintf(partial, sizeof partial, "%s.partial", path);
    snprintf(beside, sizeof beside, "%s.new", path);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    answers_take(trace_path);
    const bool has_partial = make_partial();
    for (how = NO_SPACE; how <= CUT; how++) {
        try(NOTHING, step);
        if (has_partial)
            try(A_PART, step);
        try(ALL, step);
    }
    try_reads(step);
    unlink(path);
    unlink(partial);
    answers_done();
    return 0;
}
