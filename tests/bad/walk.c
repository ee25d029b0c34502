/* walk.c: every beginning of a good trace, and every one of its bytes changed in several ways.
 *
 * usage: walk TRACE [STEP]
 *
 * With STEP, one byte and one length in so many.
 *
 * Never a crash, never a hang, always a code; and with an index the same as without.
 */
#include <fcntl.h>
#include <gxt/gxt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* How long one file may take: seconds, for the slowest sanitizer on the slowest machine. */
enum {
    PATIENCE = 30,
    EVERY_SO_MANY_WITH_INDEX = 61,
};

/* What a walk over a file came to. */
struct outcome {
    int code;          /* of the open, else of the end of the walk */
    uint64_t n_events; /* before it */
    int64_t last_ns;   /* time of the last one */
    uint64_t offset;   /* of the fault */
};

static uint64_t n_walked, n_indexed;

/* What is being walked, for the last words. */
static char doing[80];

static void last_words(int number)
{
    ssize_t said = write(STDERR_FILENO, doing, strlen(doing));
    said += write(STDERR_FILENO, "\n", 1);
    (void)said;
    signal(number, SIG_DFL);
    raise(number);
}

static _Noreturn void wrong(const char *what)
{
    fprintf(stderr, "%s: %s\n", doing, what);
    exit(1);
}

/* Whether an error is one that a file's bytes may have, and says what and where. */
static void check_error(const struct gxt_error *error, int code, uint64_t size)
{
    if (code != GXT_EFORMAT && code != GXT_EVERSION && code != GXT_ETRUNCATED && code != GXT_ECORRUPT &&
        code != GXT_EORDER && code != GXT_ELIMIT)
        wrong("a code that no bytes have");
    if (error->code != code)
        wrong("the error tells another code");
    if (error->message[0] == '\0' || memchr(error->message, '\0', sizeof(error->message)) == NULL)
        wrong("no message");
    if (error->offset != GXT_NO_OFFSET && error->offset > size)
        wrong("an offset past the file's end");
}

static struct outcome walk_cursor(struct gxt_trace *trace, const struct gxt_index *index, uint64_t size)
{
    struct outcome outcome = {.offset = GXT_NO_OFFSET, .last_ns = INT64_MIN};
    const struct gxt_event *event;
    struct gxt_cursor *cursor;

    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong("no cursor");
    while ((outcome.code = gxt_cursor_next(cursor, &event)) == 1) {
        if (outcome.n_events > 0 && event->time_ns <= outcome.last_ns && outcome.last_ns != INT64_MAX)
            wrong("times do not rise");
        outcome.last_ns = event->time_ns;
        if (++outcome.n_events > size * 3 + 8)
            wrong("more events than the bytes can hold");
    }
    if (outcome.code < 0) {
        check_error(gxt_cursor_error(cursor), outcome.code, size);
        outcome.offset = gxt_cursor_error(cursor)->offset;
    }
    if (gxt_cursor_next(cursor, &event) != outcome.code)
        wrong("another code the second time");
    gxt_cursor_free(cursor);
    return outcome;
}

/* Counting does not walk where it can do without. */
static void check_count(struct gxt_trace *trace, struct outcome walked)
{
    uint64_t counts[GXT_N_KINDS], n = 0;
    struct gxt_cursor *cursor;

    if (gxt_cursor_new(trace, NULL, &cursor) != 0)
        wrong("no cursor");
    if (gxt_cursor_count(cursor, 0, UINT64_MAX, counts) != 0)
        wrong("it cannot be counted");
    for (int kind = 0; kind < GXT_N_KINDS; kind++)
        n += counts[kind];
    if (n != walked.n_events || gxt_cursor_error(cursor)->code != walked.code ||
        (walked.code < 0 && gxt_cursor_error(cursor)->offset != walked.offset))
        wrong("the count is not what a walk meets");
    gxt_cursor_free(cursor);
}

static struct outcome walk_file(const char *path, uint64_t size)
{
    struct outcome outcome = {.offset = GXT_NO_OFFSET};
    struct gxt_trace *trace;
    struct gxt_error error;

    alarm(PATIENCE);
    outcome.code = gxt_trace_open(path, &trace, &error);
    if (outcome.code < 0) {
        check_error(&error, outcome.code, size);
        return outcome;
    }
    outcome = walk_cursor(trace, NULL, size);
    check_count(trace, outcome);
    gxt_trace_close(trace);
    return outcome;
}

/* Walks once more, with an index, and compares. */
static void walk_indexed(const char *path, uint64_t size, struct outcome plain)
{
    char sidecar[] = "/tmp/gxt-walk-XXXXXX";
    struct gxt_index *index;
    struct gxt_trace *trace;
    struct gxt_error error;

    if (gxt_trace_open(path, &trace, &error) != 0)
        return;
    if (mkdtemp(sidecar) == NULL)
        wrong("no folder for an index");
    char name[sizeof(sidecar) + 16], lock[sizeof(name) + 8];
    snprintf(name, sizeof(name), "%s/index", sidecar);
    snprintf(lock, sizeof(lock), "%s-lock", name);

    if (gxt_index_build(trace, name, NULL, &error) != plain.code)
        wrong("the build ends with another code");
    if (gxt_index_open(trace, name, &index, &error) != 0)
        wrong(error.message);
    struct outcome indexed = walk_cursor(trace, index, size);
    if (indexed.code != plain.code || indexed.n_events != plain.n_events || indexed.last_ns != plain.last_ns ||
        indexed.offset != plain.offset)
        wrong("with an index it is another walk");
    gxt_index_close(index);
    gxt_trace_close(trace);
    unlink(name);
    unlink(lock);
    rmdir(sidecar);
}

/* The bytes of the good trace. */
static uint8_t *slurp(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);

    if (file == NULL || bytes == NULL)
        wrong(path);
    *ret_size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* One changed file: without an index, and now and then with one. */
static struct outcome walk_changed(const char *path, uint64_t size)
{
    struct outcome outcome = walk_file(path, size);
    if (n_walked++ % EVERY_SO_MANY_WITH_INDEX == 0) {
        walk_indexed(path, size, outcome);
        n_indexed++;
    }
    return outcome;
}

static void walk_flips(int fd, const char *path, const uint8_t *bytes, size_t size, size_t step)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x06};

    for (size_t at = 0; at < size; at += step) {
        for (size_t i = 0; i < sizeof(masks); i++) {
            uint8_t changed = bytes[at] ^ masks[i];
            snprintf(doing, sizeof(doing), "byte %zu with 0x%02x changed", at, masks[i]);
            if (pwrite(fd, &changed, 1, (off_t)at) != 1)
                wrong("cannot write");
            walk_changed(path, size);
        }
        if (pwrite(fd, &bytes[at], 1, (off_t)at) != 1)
            wrong("cannot write");
    }
}

static void walk_prefixes(int fd, const char *path, size_t size, size_t step)
{
    for (size_t left = size; left-- > 0; left -= left < step - 1 ? left : step - 1) {
        snprintf(doing, sizeof(doing), "the first %zu bytes", left);
        if (ftruncate(fd, (off_t)left) != 0)
            wrong("cannot cut");
        walk_changed(path, left);
    }
}

int main(int argc, char **argv)
{
    char path[40];
    size_t size;

    if (argc < 2)
        return 2;
    const size_t step = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    signal(SIGALRM, last_words);
    signal(SIGSEGV, last_words);
    signal(SIGBUS, last_words);
    signal(SIGABRT, last_words);
    uint8_t *bytes = slurp(argv[1], &size);
    int fd = memfd_create("trace", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        wrong("no file in memory");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

    snprintf(doing, sizeof(doing), "the trace as it is");
    if (walk_file(path, size).code != 0)
        wrong("not a good trace");
    walk_flips(fd, path, bytes, size, step);
    walk_prefixes(fd, path, size, step);
    printf("%" PRIu64 " files walked, %" PRIu64 " with an index too\n", n_walked, n_indexed);
    close(fd);
    free(bytes);
    return 0;
}
