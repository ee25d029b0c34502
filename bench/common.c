/* common.c
 *
 * In: the clock, /proc. Out: seconds, bytes, words on stderr. Never: anything that a measured loop would feel.
 *
 * Memory is RssAnon, not the resident size: the pages of the mapped trace are the system's cache, which it takes back
 * when it wants them.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void cpu_model(char *ret, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");

    snprintf(ret, size, "unknown");
    if (!file)
        return;
    while (fgets(line, sizeof(line), file)) {
        const char *colon = strchr(line, ':');
        if (!strncmp(line, "model name", 10) && colon) {
            snprintf(ret, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    fclose(file);
}

void bench_header(const char *bench, const char *path, const struct gxt_trace *trace)
{
    char cpu[128];
    struct gxt_facts facts;
    const char *slash = strrchr(path, '/');

    cpu_model(cpu, sizeof(cpu));
    gxt_trace_facts(trace, &facts);
    fprintf(stderr, "%s: gxt %s, compiler %s, %s, trace %s of %" PRIu64 " bytes\n", bench, gxt_version(), __VERSION__,
            cpu, slash ? slash + 1 : path, facts.size_bytes);
}

int bench_fail(const char *what, int code, const struct gxt_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error && error->code ? error->message : gxt_strerror(code));
    return 1;
}

int bench_number(const char *text, uint64_t *ret)
{
    char *end;

    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || !value)
        return -1;
    *ret = value;
    return 0;
}

static uint64_t anonymous_bytes(void)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;

    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (size <= 0)
        return 0;

    text[size] = 0;
    const char *line = strstr(text, "\nRssAnon:");
    return line ? strtoull(line + 9, NULL, 10) * 1024 : 0;
}

static void look(struct bench_memory *memory)
{
    uint64_t bytes = anonymous_bytes();
    if (bytes > memory->peak_bytes)
        memory->peak_bytes = bytes;
}

static void *watch(void *user)
{
    struct bench_memory *memory = user;
    const struct timespec pause = {.tv_nsec = 10000000};

    while (!atomic_load(&memory->stop)) {
        look(memory);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

int bench_memory_start(struct bench_memory *memory)
{
    memory->peak_bytes = 0;
    atomic_init(&memory->stop, false);
    return pthread_create(&memory->thread, NULL, watch, memory) ? -1 : 0;
}

uint64_t bench_memory_stop(struct bench_memory *memory)
{
    atomic_store(&memory->stop, true);
    pthread_join(memory->thread, NULL);
    look(memory);
    return memory->peak_bytes;
}
