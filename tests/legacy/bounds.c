/* bounds.c: what the old format allows, and one past it.
 *
 * usage: bounds TRACE
 *
 * Behind a good trace of the old format a string or a stack is put, as long as there may be one, and a byte longer.
 */
#include <fcntl.h>
#include <gxt/gxt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Event types of the old runtime. */
enum {
    STACK = 3,
    STRING = 37,
    MORE_ARGUMENTS = 3 << 6
};

static char path[64];
static unsigned char *bytes;
static size_t size, n;

static void put(unsigned value)
{
    bytes[n++] = (unsigned char)value;
}

static void put_varint(unsigned long value)
{
    for (; value >= 0x80; value >>= 7)
        put((unsigned)(value & 0x7f) | 0x80);
    put((unsigned)value);
}

static void put_string(size_t length)
{
    put(STRING);
    put_varint(1 << 20);
    put_varint(length);
    memset(bytes + n, 'x', length);
    n += length;
}

/* Frames of four bytes each, and an id that makes @length bytes of it. */
static void put_stack(size_t length)
{
    const size_t n_frames = (length - 4) / 4, n_id = length - 2 - 4 * n_frames;

    put(STACK | MORE_ARGUMENTS);
    put_varint(length);
    put_varint((unsigned long)1 << (7 * (n_id - 1)));
    put_varint(n_frames);
    for (size_t i = 0; i < 4 * n_frames; i++)
        put(i % 4 == 0 ? 1 : 0);
}

/* Return: how many events there are, or the code that a walk ends with. */
static long walk(void)
{
    struct gxt_trace *trace;
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    struct gxt_error error;
    long n_events = 0;
    int r, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) != 0)
        exit(1);
    if (gxt_trace_open(path, &trace, &error) != 0 || gxt_cursor_new(trace, NULL, &cursor) != 0)
        exit(1);
    while ((r = gxt_cursor_next(cursor, &event)) == 1)
        n_events++;
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);
    return r < 0 ? r : n_events;
}

static int check(const char *what, long wanted)
{
    const long got = walk();

    n = size;
    if (got == wanted)
        return 0;
    printf("%s: wanted %ld, got %ld\n", what, wanted, got);
    return 1;
}

int main(int argc, char **argv)
{
    struct stat status;
    int failed = 0, fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

    if (fd < 0 || fstat(fd, &status) < 0)
        return 2;
    snprintf(path, sizeof path, "/tmp/gxt-bounds-%ld", (long)getpid());
    n = size = (size_t)status.st_size;
    bytes = malloc(size + GXT_MAX_OLD_STRING_BYTES + 100);
    if (!bytes || read(fd, bytes, size) != (ssize_t)size)
        return 1;
    const long n_events = walk();
    if (n_events <= 0)
        return 1;
    put_string(GXT_MAX_OLD_STRING_BYTES);
    failed += check("the longest string", n_events);
    put_string(GXT_MAX_OLD_STRING_BYTES + 1);
    failed += check("a string that is too long", GXT_ECORRUPT);
    put_stack(GXT_MAX_OLD_ARGUMENT_BYTES);
    failed += check("as many arguments as there may be", n_events);
    put_stack(GXT_MAX_OLD_ARGUMENT_BYTES + 1);
    failed += check("too many arguments", GXT_ECORRUPT);
    unlink(path);
    free(bytes);
    return failed > 0;
}
