/* memory.c: each allocation fails, one after another: on open, build, seek and read.
 *
 * usage: memory TRACE [STEP [ATTEMPT]]
 *
 * The allocation with number n fails, once or with all after it, for every n, or for every one in STEP, until a run has
 * no such allocation. Counted are those of the library and of the libraries under it, and mappings. A call that needs
 * it fails with GXT_ENOMEM, or does without and answers right; the next call, the next build and the next reader find
 * nothing amiss, and nothing is left behind: neither memory nor files.
 */
#undef _FILE_OFFSET_BITS /* else mmap is another name of mmap64, and only one of them can be defined */

#include "answers.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- allocations ---- */

static atomic_bool armed;
static atomic_bool once;      /* else all that follow fail too */
static atomic_ulong n_so_far; /* since the run began, while armed */
static atomic_ulong failing_one;
static atomic_long n_living; /* blocks */

static _Thread_local bool spared;

/* Whether this allocation must fail. */
static bool fails(void)
{
    if (!atomic_load(&armed) || spared)
        return false;
    unsigned long n = atomic_fetch_add(&n_so_far, 1) + 1;
    return n == atomic_load(&failing_one) || (n > atomic_load(&failing_one) && !atomic_load(&once));
}

/* The sanitizer's own, where there is one: it does not see what goes past it to the C library. */
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *at, size_t size) __attribute__((weak));
void *__interceptor_memalign(size_t alignment, size_t size) __attribute__((weak));
void __interceptor_free(void *at) __attribute__((weak));
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *at, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *at);

static void *born(void *at)
{
    atomic_fetch_add(&n_living, at != NULL);
    return at;
}

static void *refuse(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    if (fails())
        return refuse();
    return born(__interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    if (fails())
        return refuse();
    return born(__interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size));
}

void *realloc(void *at, size_t size)
{
    if (fails())
        return refuse();
    void *grown = __interceptor_realloc ? __interceptor_realloc(at, size) : __libc_realloc(at, size);
    return at ? grown : born(grown);
}

void *memalign(size_t alignment, size_t size)
{
    if (fails())
        return refuse();
    return born(__interceptor_memalign ? __interceptor_memalign(alignment, size) : __libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *at = memalign(alignment, size);

    if (!at)
        return ENOMEM;
    *ret = at;
    return 0;
}

/* A sanitizer has one of its own, which would not be counted. */
char *strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copied = malloc(size);

    return copied ? memcpy(copied, text, size) : NULL;
}

/* Likewise. */
char *realpath(const char *path_name, char *resolved)
{
    static char *(*real)(const char *, char *);
    char *at = resolved ? resolved : malloc(PATH_MAX);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "realpath");
    if (at && !real(path_name, at)) {
        if (!resolved)
            free(at);
        return NULL;
    }
    return at;
}

void free(void *at)
{
    atomic_fetch_sub(&n_living, at != NULL);
    if (__interceptor_free)
        __interceptor_free(at);
    else
        __libc_free(at);
}

/* A sanitizer asks this where a thread begins, and dies without memory. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *ret)
{
    static int (*real)(pthread_t, pthread_attr_t *);

    spared = true;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_getattr_np");
    int code = real(thread, ret);
    spared = false;
    return code;
}

/* What the library maps, and LMDB: the trace and the index. */
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    static void *(*real)(void *, size_t, int, int, int, off_t);

    if (fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "mmap");
    return real(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
    static void *(*real)(void *, size_t, int, int, int, off64_t);

    if (fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "mmap64");
    return real(at, size, protection, flags, fd, offset);
}

/* What is written need not outlive the test. */
int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

static void arm(void)
{
    atomic_store(&armed, true);
}

static void disarm(void)
{
    atomic_store(&armed, false);
}

/* ---- what is tried ---- */

static const char *trace_path;
static char path[64], partial[80], beside[72], folder[72], trace_name[72];
static struct failing none;

static int stop_at_first(void *user, const struct gxt_progress *progress)
{
    (void)user;
    return progress->generations_done >= 1;
}

/* Return: as gxt_index_build(), or GXT_ENOMEM when the trace could not be opened. */
static int build(struct failing *failing, const struct gxt_build_options *options)
{
    struct gxt_trace *trace;
    struct gxt_error error;

    if (failing->arm)
        failing->arm();
    int r = gxt_trace_open(trace_path, &trace, &error);
    if (!call_succeeded(failing, r, &error))
        return r;
    if (failing->arm)
        failing->arm();
    r = gxt_index_build(trace, path, options, &error);
    const bool is_as_wished = r == answers_end() || r == GXT_ECANCELED;
    (void)call_succeeded(failing, is_as_wished ? 0 : r, &error);
    gxt_trace_close(trace);
    return r;
}

static struct gxt_build_options options_with(unsigned threads)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;

    options.checkpoint_events = 40;
    options.threads = threads;
    return options;
}

/* After a build, whatever became of it: the index that there is answers right, and a build with memory completes it. */
static void check_after(void)
{
    const struct gxt_build_options options = options_with(1);

    if (access(beside, F_OK) == 0)
        wrong("an unfinished file is left behind", 0);
    if (access(path, F_OK) == 0)
        answers_check(trace_path, path, false, &none);
    if (build(&none, &options) != answers_end())
        wrong("the next build ends otherwise", 0);
    answers_check(trace_path, path, true, &none);
}

static void try_build(struct failing *failing, unsigned threads)
{
    const struct gxt_build_options options = options_with(threads);

    unlink(path);
    if (build(failing, &options) == answers_end())
        answers_check(trace_path, path, true, &none);
    else
        check_after();
}

static void build_with_one(struct failing *failing)
{
    try_build(failing, 1);
}

static void build_with_two(struct failing *failing)
{
    try_build(failing, 2);
}

/* From a sidecar that covers one generation. */
static void go_on(struct failing *failing)
{
    const struct gxt_build_options options = options_with(1);

    answers_copy(partial, path);
    (void)build(failing, &options);
    if (access(path, F_OK) != 0)
        wrong("what there was is gone", 0);
    check_after();
}

static void build_anew(struct failing *failing)
{
    struct gxt_build_options options = options_with(2);

    options.rebuild = true;
    if (build(failing, &options) != answers_end() && access(path, F_OK) != 0)
        wrong("the old index is gone", 0);
    check_after();
}

static void build_complete(void)
{
    const struct gxt_build_options options = options_with(1);

    if (build(&none, &options) != answers_end())
        wrong("a build ends otherwise", 0);
}

static void read_without(struct failing *failing)
{
    answers_check(trace_path, NULL, false, failing);
}

static void read_with(struct failing *failing)
{
    if (access(path, F_OK) != 0)
        build_complete();
    answers_check(trace_path, path, false, failing);
}

/* ---- the test ---- */

/* Return: whether the run had an allocation with this number. */
static bool run(void (*attempt)(struct failing *), unsigned long n, bool is_once, uint64_t *n_failed)
{
    struct failing failing = {GXT_ENOMEM, arm, disarm, 0};
    const long before = atomic_load(&n_living);

    atomic_store(&n_so_far, 0);
    atomic_store(&once, is_once);
    atomic_store(&failing_one, n);
    attempt(&failing);
    if (n != ULONG_MAX && atomic_load(&n_living) != before)
        wrong("memory is left behind, with allocation number", (int64_t)n);
    *n_failed += failing.n_failed > 0;
    return atomic_load(&n_so_far) >= n;
}

static void try(const char *what, void (*attempt)(struct failing *), unsigned long step)
{
    uint64_t n_runs = 0, n_failed[2] = {0};

    (void)run(attempt, ULONG_MAX, true, &n_failed[0]); /* threads leave their stacks to the next ones */
    if (n_failed[0] != 0)
        wrong("it fails with memory", 0);
    for (int is_once = 0; is_once < 2; is_once++)
        for (unsigned long n = 1; run(attempt, n, is_once, &n_failed[is_once]); n += step)
            n_runs++;
    printf("%-22s %6" PRIu64 " runs, failed %6" PRIu64 " with all that follow, %6" PRIu64 " with one\n", what, n_runs,
           n_failed[0], n_failed[1]);
    if (n_failed[0] < n_runs / 4)
        wrong("hardly any run failed", (int64_t)n_failed[0]);
}

/* Where the index is, or would be. */
static void find_place(struct failing *failing)
{
    struct gxt_error error;
    char *place = NULL;

    failing->arm();
    int r = gxt_index_path(trace_path, &place, &error);
    if (call_succeeded(failing, r, &error) && strncmp(place, folder, strlen(folder)) != 0)
        wrong("another place for the index", 0);
    free(place);
}

/* Where it would be there is none: the folder for it is made. */
static void build_in_place(struct failing *failing)
{
    struct gxt_trace *trace;
    struct gxt_error error;
    char *place;

    if (gxt_trace_open(trace_path, &trace, &error) != 0)
        wrong(error.message, error.code);
    failing->arm();
    int r = gxt_index_build(trace, NULL, NULL, &error);
    (void)call_succeeded(failing, r == answers_end() ? 0 : r, &error);
    gxt_trace_close(trace);
    if (gxt_index_path(trace_path, &place, &error) != 0)
        wrong(error.message, error.code);
    unlink(place);
    free(place);
    if (rmdir(folder) < 0 && errno != ENOENT)
        wrong("something is left in the index's folder", errno);
}

static const struct {
    const char *what;
    void (*attempt)(struct failing *);
} attempts[] = {
    {"build, one thread", build_with_one},
    {"build, two threads", build_with_two},
    {"go on", go_on},
    {"build anew", build_anew},
    {"read without an index", read_without},
    {"read with an index", read_with},
    {"find a place", find_place},
    {"build in its place", build_in_place},
};

/* Return: false for a trace that is all in one commit. */
static bool make_partial(void)
{
    struct gxt_build_options options = options_with(1);

    options.progress = stop_at_first;
    if (build(&none, &options) != GXT_ECANCELED)
        return false;
    answers_copy(path, partial);
    unlink(path);
    return true;
}

static unsigned long number(const char *text)
{
    return text ? strtoul(text, NULL, 10) : 1;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    const unsigned long step = number(argc > 2 ? argv[2] : NULL);

    snprintf(path, sizeof path, "/tmp/gxt-memory-%ld", (long)getpid());
    /* A name of our own, beside which nobody's index stands. */
    snprintf(trace_name, sizeof trace_name, "%s.trace", path);
    char *real = realpath(argv[1], NULL);
    if (!real || symlink(real, trace_name) < 0)
        return 1;
    free(real);
    trace_path = trace_name;
    snprintf(partial, sizeof partial, "%s.partial", path);
    snprintf(beside, sizeof beside, "%s.new", path);
    snprintf(folder, sizeof folder, "%s.folder", path);
    setenv("GXT_INDEX_DIR", folder, 1);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    answers_take(trace_path);
    const bool has_partial = make_partial();
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        if ((has_partial || attempts[i].attempt != go_on) && (argc < 4 || strcmp(argv[3], attempts[i].what) == 0))
            try(attempts[i].what, attempts[i].attempt, step);
    unlink(path);
    unlink(partial);
    unlink(trace_name);
    answers_done();
    return 0;
}
