/* flips.c: good traces with one byte changed: gxt prints what Go's own reader tells of them.
 *
 * usage: flips GXT TABLE FOLDER
 *
 * TABLE has a line each: trace, offset, bits changed, number of events, FNV-1a of the text, how Go's reader ends. It
 * may end quietly where gxt has a fault to report, so its "ok" is either status.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A line of the table. */
struct row {
    char trace[64];
    size_t at;
    unsigned mask;
    uint64_t n_events, hash;
    char verdict[16];
};

/* A run of the program. */
struct run {
    uint64_t hash;
    int status; /* of waitpid */
};

static uint64_t hash_of(int from)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    unsigned char bytes[65536];
    ssize_t n;

    while ((n = read(from, bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < n; i++)
            hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Runs `gxt cat --no-index PATH` and hashes what it prints. */
static struct run run_cat(const char *gxt, const char *path)
{
    const char *args[] = {gxt, "cat", "--no-index", path, NULL};
    posix_spawn_file_actions_t actions;
    struct run run = {0};
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        exit(1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&child, gxt, &actions, NULL, (char *const *)args, environ) != 0)
        exit(1);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    run.hash = hash_of(ends[0]);
    close(ends[0]);
    waitpid(child, &run.status, 0);
    return run;
}

/* Whether gxt tells of a changed trace what the row says. */
static int check(const char *gxt, const char *path, const struct row *row)
{
    struct run run = run_cat(gxt, path);
    int good = strcmp(row->verdict, "ok") == 0;

    if (WIFEXITED(run.status) && run.hash == row->hash &&
        (WEXITSTATUS(run.status) == 1 || (good && WEXITSTATUS(run.status) == 0)))
        return 0;
    fprintf(stderr,
            "%s, byte %zu with 0x%02x changed: %s, %s %d, the reference ends with %s after %" PRIu64 " events\n",
            row->trace, row->at, row->mask, run.hash == row->hash ? "the same text" : "another text",
            WIFEXITED(run.status) ? "status" : "killed by signal",
            WIFEXITED(run.status) ? WEXITSTATUS(run.status) : WTERMSIG(run.status), row->verdict, row->n_events);
    return 1;
}

/* Writes FOLDER/TRACE.trace with the row's change to a file. */
static void change(const char *folder, const struct row *row, const char *path)
{
    static unsigned char bytes[1 << 20];
    char name[4096];

    snprintf(name, sizeof(name), "%s/%s.trace", folder, row->trace);
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        exit(1);
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    bytes[row->at] ^= (unsigned char)row->mask;
    file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    char path[] = "/tmp/gxt-flips-XXXXXX";
    struct row row;
    int n = 0, n_wrong = 0;

    if (argc != 4)
        return 2;
    FILE *table = fopen(argv[2], "r");
    int fd = mkstemp(path);
    if (table == NULL || fd < 0)
        return 1;
    close(fd);
    while (fscanf(table, "%63s %zu %u %" SCNu64 " %" SCNx64 " %15s", row.trace, &row.at, &row.mask, &row.n_events,
                  &row.hash, row.verdict) == 6) {
        change(argv[3], &row, path);
        n_wrong += check(argv[1], path, &row);
        n++;
    }
    fclose(table);
    unlink(path);
    if (n == 0 || n_wrong > 0)
        fprintf(stderr, "%d of %d differ\n", n_wrong, n);
    return n == 0 || n_wrong > 0;
}
