/* test_guard.c: so many traces are guarded as there are slots; one more is open as if there were no guard.
 */
#include "source.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <gxt/gxt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MORE_FILES = 64, /* that a process has open besides */
    PAGES = 8,
    UNGUARDED = 42 /* status of a child that the signal reached */
};

static char path[] = "/tmp/gxt-guard-XXXXXX";
static struct source sources[GXT_MAX_GUARDED + 1];
static size_t page;

static void not_guarded(int number)
{
    (void)number;
    _exit(UNGUARDED);
}

/* A file of ones, in more pages than one. */
static void begin(void)
{
    int fd = mkstemp(path);
    struct rlimit files;

    page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *ones = malloc(PAGES * page);
    cr_assert(fd >= 0 && ones);
    memset(ones, 1, PAGES * page);
    cr_assert_eq(write(fd, ones, PAGES * page), (ssize_t)(PAGES * page));
    close(fd);
    free(ones);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < GXT_MAX_GUARDED + MORE_FILES)
        cr_skip_test("a process may not have so many files open");
}

static void end(void)
{
    (void)unlink(path);
}

TestSuite(guard, .init = begin, .fini = end);

static void open_all(size_t n)
{
    struct gxt_error fault;

    for (size_t i = 0; i < n; i++)
        cr_assert_eq(source_open(path, &sources[i], &fault), 0, "%zu: %s", i, fault.message);
}

static void install(void)
{
    cr_assert_neq(signal(SIGBUS, not_guarded), SIG_ERR);
    cr_assert_eq(guard_install(NULL), 0);
}

static uint8_t byte_behind_the_cut(const struct source *source)
{
    return *(const volatile uint8_t *)(source->at + (PAGES - 1) * page);
}

static void expect_guarded(const struct source *source)
{
    struct gxt_error fault = {0};

    cr_expect_eq(byte_behind_the_cut(source), 0);
    cr_expect_eq(source_check_cut(source, &fault), GXT_EIO);
    cr_expect_eq(fault.code, GXT_EIO);
    cr_expect_not_null(strstr(fault.message, "was cut"), "%s", fault.message);
}

/* In a child: it does not survive. */
static void expect_unguarded(const struct source *source)
{
    int status;
    pid_t child = fork();

    cr_assert(child >= 0);
    if (child == 0)
        _exit(byte_behind_the_cut(source));
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == UNGUARDED, "status %#x", (unsigned)status);
}

Test(guard, guards_as_many_traces_as_it_says)
{
    install();
    open_all(GXT_MAX_GUARDED);
    cr_assert_eq(truncate(path, (off_t)page), 0);
    for (size_t i = 0; i < GXT_MAX_GUARDED; i++)
        expect_guarded(&sources[i]);
    for (size_t i = 0; i < GXT_MAX_GUARDED; i++)
        source_close(&sources[i]);
}

Test(guard, leaves_one_more_to_itself)
{
    struct source *more = &sources[GXT_MAX_GUARDED];

    install();
    open_all(GXT_MAX_GUARDED + 1);
    cr_expect_null(more->guard);
    cr_expect_eq(byte_behind_the_cut(more), 1, "what is there is read as ever");
    cr_expect_eq(source_check_cut(more, NULL), 0);
    cr_assert_eq(truncate(path, (off_t)page), 0);
    expect_unguarded(more);
    for (size_t i = 0; i < GXT_MAX_GUARDED; i++)
        expect_guarded(&sources[i]);
    for (size_t i = 0; i <= GXT_MAX_GUARDED; i++)
        source_close(&sources[i]);
}

Test(guard, gives_the_place_of_a_trace_that_is_closed_to_the_next)
{
    install();
    open_all(GXT_MAX_GUARDED + 1);
    source_close(&sources[7]);
    source_close(&sources[GXT_MAX_GUARDED]);
    cr_assert_eq(source_open(path, &sources[7], NULL), 0);
    cr_assert_eq(source_open(path, &sources[GXT_MAX_GUARDED], NULL), 0);
    cr_assert_eq(truncate(path, (off_t)page), 0);
    expect_guarded(&sources[7]);
    expect_unguarded(&sources[GXT_MAX_GUARDED]);
    for (size_t i = 0; i <= GXT_MAX_GUARDED; i++)
        source_close(&sources[i]);
}

/* Over the public API: one trace more than can be guarded is walked as any other. */
Test(guard, walks_a_trace_that_it_does_not_guard)
{
    static struct gxt_trace *traces[GXT_MAX_GUARDED + 1];
    const struct gxt_event *event;
    uint64_t n[2] = {0};
    struct gxt_error error;

    install();
    for (size_t i = 0; i <= GXT_MAX_GUARDED; i++)
        cr_assert_eq(gxt_trace_open(DATA "/go126-tiny.trace", &traces[i], &error), 0, "%s", error.message);
    for (size_t i = 0; i < 2; i++) {
        struct gxt_cursor *cursor;
        cr_assert_eq(gxt_cursor_new(traces[i == 0 ? 0 : GXT_MAX_GUARDED], NULL, &cursor), 0);
        int r;
        while ((r = gxt_cursor_next(cursor, &event)) == 1)
            n[i]++;
        cr_expect_eq(r, 0);
        gxt_cursor_free(cursor);
    }
    cr_expect(n[0] > 0 && n[0] == n[1]);
    for (size_t i = 0; i <= GXT_MAX_GUARDED; i++)
        gxt_trace_close(traces[i]);
}
