/* file.c
 *
 * In: bytes. Out: files of a folder that is this process's own, and gone when it ends. Never: a disk, where the machine
 * has memory for files.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

_Noreturn void fuzz_wrong(const char *what, uint64_t at)
{
    fprintf(stderr, "wrong: %s, at %" PRIu64 "\n", what, at);
    abort();
}

static void remove_folder(void)
{
    static const char *const names[] = {"trace", "index", "index.new", "index-lock", "index.new-lock", "grown"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/dev/shm/gxt-fuzz-XXXXXX");
    if (!mkdtemp(folder)) {
        snprintf(folder, sizeof folder, "/tmp/gxt-fuzz-XXXXXX");
        if (!mkdtemp(folder))
            fuzz_wrong("no folder", 0);
    }
    atexit(remove_folder);
}

const char *fuzz_path(const char *name)
{
    static char paths[4][128];
    static unsigned next;

    if (!*folder)
        make_folder();
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void fuzz_write(const char *path, const uint8_t *bytes, size_t size)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        fuzz_wrong("a file cannot be written", size);
    close(fd);
}

uint8_t *fuzz_read(const char *path, size_t *ret_size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) < 0)
        fuzz_wrong(path, 0);
    *ret_size = (size_t)status.st_size;
    uint8_t *bytes = malloc(*ret_size + 1);
    if (!bytes || read(fd, bytes, *ret_size) != (ssize_t)*ret_size)
        fuzz_wrong(path, 1);
    close(fd);
    return bytes;
}

void fuzz_remove_index(const char *path)
{
    static const char *const ends[] = {"", ".new", "-lock", ".new-lock"};
    char name[160];

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}
