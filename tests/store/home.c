/* home.c: where an index may be, and who builds one.
 *
 * usage: home TRACE
 *
 * On a network file system no index is built, and a default place is looked for elsewhere. While another process builds
 * one, that process is named.
 */
#include <fcntl.h>
#include <gxt/gxt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a folder of this name is told to be. */
static char network[64];
static long magic;

static long pretend(const char *name, struct statfs *ret)
{
    if (strncmp(name, network, strlen(network)) == 0)
        ret->f_type = magic;
    return 0;
}

int statfs(const char *path, struct statfs *ret)
{
    char real[4096];

    if (syscall(SYS_statfs, path, ret) < 0)
        return -1;
    return realpath(path, real) ? (int)pretend(real, ret) : 0;
}

int fstatfs(int fd, struct statfs *ret)
{
    char link[64], real[4096];

    if (syscall(SYS_fstatfs, fd, ret) < 0)
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, real, sizeof real - 1);
    if (length > 0) {
        real[length] = '\0';
        (void)pretend(real, ret);
    }
    return 0;
}

static _Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 ")\n", what, number);
    exit(1);
}

static void check_network(struct gxt_trace *trace, const char *folder)
{
    static const struct {
        long magic;
        const char *name;
    } kinds[] = {{0x6969, "NFS"}, {0xff534d42, "CIFS"}, {0x65735546, "FUSE"}};
    char path[96], *place;
    struct gxt_error error;

    snprintf(network, sizeof network, "%s/network", folder);
    snprintf(path, sizeof path, "%s/app.trace.gxi", network);
    if (mkdir(network, 0700) < 0)
        wrong("no folder", 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        magic = kinds[i].magic;
        int r = gxt_index_build(trace, path, NULL, &error);
        if (r != GXT_EIO || !strstr(error.message, kinds[i].name))
            wrong(error.message, r);
        if (access(path, F_OK) == 0)
            wrong("an index was begun", 0);
    }
    /* Beside a trace that lives there it is not even tried. */
    snprintf(path, sizeof path, "%s/app.trace", network);
    if (gxt_index_path(path, &place, &error) != 0)
        wrong(error.message, error.code);
    if (strncmp(place, network, strlen(network)) == 0)
        wrong("an index would be built on a network file system", 0);
    free(place);
    network[0] = '\0';
    magic = 0;
    strcpy(network, "nowhere");
}

static void check_builder(struct gxt_trace *trace, const char *path)
{
    char name[32];
    struct gxt_error error;
    int ready[2], status;
    char byte;

    if (gxt_index_build(trace, path, NULL, &error) != 0)
        wrong(error.message, error.code);
    if (pipe(ready) < 0)
        wrong("no pipe", 0);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(path, O_RDWR);
        if (fd < 0 || flock(fd, LOCK_EX) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    if (pid < 0 || read(ready[0], &byte, 1) != 1)
        wrong("no builder", 0);
    int r = gxt_index_build(trace, path, NULL, &error);
    snprintf(name, sizeof name, "process %ld ", (long)pid);
    if (r != GXT_EBUSY || !strstr(error.message, name))
        wrong(error.message, r);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (gxt_index_build(trace, path, NULL, &error) != 0)
        wrong(error.message, error.code);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/gxt-home-XXXXXX", path[64], cache[64], command[96];
    struct gxt_trace *trace;
    struct gxt_error error;

    if (argc != 2 || !mkdtemp(folder))
        return 2;
    strcpy(network, "nowhere");
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("XDG_CACHE_HOME", cache, 1);
    unsetenv("GXT_INDEX_DIR");
    if (gxt_trace_open(argv[1], &trace, &error) != 0)
        wrong(error.message, error.code);
    snprintf(path, sizeof path, "%s/app.gxi", folder);
    check_network(trace, folder);
    check_builder(trace, path);
    gxt_trace_close(trace);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0;
}
