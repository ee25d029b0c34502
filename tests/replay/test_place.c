/* test_place.c: where a trace's index is looked for, and where it would be made.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <gxt/gxt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], trace[96];

static void begin(void)
{
    strcpy(folder, "/tmp/gxt-place-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(trace, sizeof trace, "%s/some.trace", folder);
    unsetenv("GXT_INDEX_DIR");
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", folder, 1);
}

static void end(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static void touch(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    cr_assert_geq(fd, 0, "%s", path);
    close(fd);
}

static char *place(void)
{
    struct gxt_error error;
    char *path = NULL;

    cr_assert_eq(gxt_index_path(trace, &path, &error), 0, "%s", error.message);
    return path;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

TestSuite(gxt_index_path, .init = begin, .fini = end);

Test(gxt_index_path, is_beside_the_trace)
{
    char wanted[128], *path = place();

    snprintf(wanted, sizeof wanted, "%s.gxi", trace);
    cr_assert_str_eq(path, wanted);
    free(path);
}

Test(gxt_index_path, is_in_the_folder_of_the_environment_first)
{
    char own[128], wanted[160], *path;

    snprintf(own, sizeof own, "%s/indexes", folder);
    setenv("GXT_INDEX_DIR", own, 1);
    path = place();
    snprintf(wanted, sizeof wanted, "%s/some.trace-", own);
    cr_assert(begins(path, wanted), "%s", path);
    free(path);

    /* What exists goes before what would be made. */
    snprintf(wanted, sizeof wanted, "%s.gxi", trace);
    touch(wanted);
    path = place();
    cr_assert_str_eq(path, wanted);
    free(path);
}

Test(gxt_index_path, tells_traces_of_one_name_apart)
{
    char *first, *second;

    setenv("GXT_INDEX_DIR", folder, 1);
    first = place();
    snprintf(trace, sizeof trace, "%s/other/some.trace", folder);
    second = place();
    cr_assert_str_neq(first, second);
    free(first);
    free(second);
}

Test(gxt_index_path, is_in_the_cache_where_the_folder_is_closed)
{
    char wanted[160], *path;

    snprintf(wanted, sizeof wanted, "%s/.cache/gxt/x-", folder);
    snprintf(trace, sizeof trace, "/proc/x"); /* where nobody can make a file, not even root */
    path = place();
    cr_assert(begins(path, wanted) || begins(path, "/proc/x.gxi"), "%s", path);
    free(path);

    setenv("XDG_CACHE_HOME", "relative", 1);
    setenv("GXT_INDEX_DIR", "", 1);
    path = place();
    cr_assert(begins(path, wanted) || begins(path, "/proc/x.gxi"), "a relative cache folder is as good as none: %s",
              path);
    free(path);
}
