/* stale.c: a trace that is changed after it was indexed gives an error, or the answers of the bytes as they were.
 *
 * usage: stale TRACE [STEP]
 *
 * A bit of each byte, or of one in STEP, is turned over, and the trace is cut to each length, or to one in STEP. The
 * index stays as it was. Seeks, walks, counts, states and goroutines over the two must be those of the good trace, or
 * fail with words: never another answer.
 */
#include "answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PATIENCE = 60, /* seconds for one file */
    SELDOM = 8,    /* everything is asked of one in so many */
};

static char trace_path[40], index_path[40];
static struct {
    const char *how;
    uint64_t at;
} doing;
static uint64_t n_tried, n_not_opened, n_refused, n_failed, n_right;

static void last_words(void)
{
    if (doing.how)
        printf("with another %s %" PRIu64 "\n", doing.how, doing.at);
}

/* What a walk does, and a seek to the middle: right as far as it goes. */
static void ask(struct gxt_trace *trace, const struct gxt_index *index)
{
    struct failing any = {.code = ANY_CODE};

    answers_ask_cursor(trace, index, &any);
    if (n_tried % SELDOM == 0)
        answers_ask_goroutines(trace, index, &any);
    n_failed += any.n_failed > 0;
    n_right += any.n_failed == 0;
}

static void try(const char *how, uint64_t at)
{
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_error error;

    n_tried++;
    doing.how = how;
    doing.at = at;
    alarm(PATIENCE);
    if (gxt_trace_open(trace_path, &trace, &error) != 0) {
        n_not_opened++;
        return;
    }
    int r = gxt_index_open(trace, index_path, &index, &error);
    if (r == 0) {
        ask(trace, index);
        gxt_index_close(index);
    } else {
        if (r != GXT_ESTALE || error.message[0] == '\0')
            wrong(error.message, r);
        n_refused++;
    }
    gxt_trace_close(trace);
}

static uint8_t *slurp(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);

    if (!file || !bytes)
        wrong("no trace", 0);
    *ret_size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void write_byte(int fd, size_t at, uint8_t byte)
{
    if (pwrite(fd, &byte, 1, (off_t)at) != 1)
        wrong("cannot write", (int64_t)at);
}

static void build(void)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_trace *trace;
    struct gxt_error error;

    options.checkpoint_events = 40;
    if (gxt_trace_open(trace_path, &trace, &error) != 0 ||
        gxt_index_build(trace, index_path, &options, &error) != answers_end())
        wrong(error.message, error.code);
    gxt_trace_close(trace);
}

int main(int argc, char **argv)
{
    size_t size;

    if (argc < 2)
        return 2;
    const size_t step = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    uint8_t *bytes = slurp(argv[1], &size);
    int fd = memfd_create("trace", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        wrong("no file in memory", 0);
    snprintf(trace_path, sizeof trace_path, "/proc/self/fd/%d", fd);
    snprintf(index_path, sizeof index_path, "/tmp/gxt-stale-%ld", (long)getpid());
    answers_take(argv[1]);
    build();
    try("nothing", 0);
    if (n_right != 1)
        wrong("the index does not fit the good trace", 0);
    atexit(last_words);
    for (size_t at = 0; at < size; at += step) {
        write_byte(fd, at, bytes[at] ^ (uint8_t)(1u << at / step % 8));
        try("byte", at);
        write_byte(fd, at, bytes[at]);
    }
    for (size_t length = size; length-- > 0; length -= length < step - 1 ? length : step - 1) {
        if (ftruncate(fd, (off_t)length) != 0)
            wrong("cannot cut", (int64_t)length);
        try("length", length);
    }
    doing.how = NULL;
    printf("%" PRIu64 " tried: not opened %" PRIu64 ", index refused %" PRIu64 ", failed %" PRIu64 ", right %" PRIu64
           "\n",
           n_tried, n_not_opened, n_refused, n_failed, n_right);
    if (n_refused + n_failed < n_tried / 4)
        wrong("hardly any change was noticed", (int64_t)n_failed);
    unlink(index_path);
    close(fd);
    free(bytes);
    answers_done();
    return 0;
}
