/* out.c
 *
 * In: bytes and numbers. Out: write(2) in large pieces. Never: a format string, or a message: who owns the writer looks
 * at `failed` and says it.
 */
#include "out.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    FILE_BUFFER = 256 << 10,
    MEMORY_BUFFER = 2 * OUT_ROOM,
};

static const char pairs[] = "00010203040506070809"
                            "10111213141516171819"
                            "20212223242526272829"
                            "30313233343536373839"
                            "40414243444546474849"
                            "50515253545556575859"
                            "60616263646566676869"
                            "70717273747576777879"
                            "80818283848586878889"
                            "90919293949596979899";

/* Two digits, the first one in the low byte. */
static uint32_t two_digits(uint32_t value)
{
    const uint8_t *pair = (const uint8_t *)pairs + 2 * value;

    return pair[0] | (uint32_t)pair[1] << 8;
}

static uint32_t four_digits(uint32_t value)
{
    return two_digits(value / 100) | two_digits(value % 100) << 16;
}

static void put_four_bytes(char *at, uint32_t bytes)
{
    at[0] = (char)bytes;
    at[1] = (char)(bytes >> 8);
    at[2] = (char)(bytes >> 16);
    at[3] = (char)(bytes >> 24);
}

/* Four digits, zeros included. */
static char *put_four(char *at, uint32_t value)
{
    put_four_bytes(at, four_digits(value));
    return at + 4;
}

/* Eight digits, zeros included. The halves do not wait for each other. */
static char *put_eight(char *at, uint32_t value)
{
    put_four(at, value / 10000);
    put_four(at + 4, value % 10000);
    return at + 8;
}

/* Below 10,000, without leading zeros. They are shifted out, and four bytes are written: a loop over the digits that
 * are left would end at another place each time. */
static char *put_small(char *at, uint32_t value)
{
    const unsigned skip = (value < 10) + (value < 100) + (value < 1000);

    put_four_bytes(at, four_digits(value) >> 8 * skip);
    return at + 4 - skip;
}

/* Below 100,000,000, without leading zeros. */
static char *put_medium(char *at, uint32_t value)
{
    if (value < 10000)
        return put_small(at, value);
    at = put_small(at, value / 10000);
    return put_four(at, value % 10000);
}

char *put_unsigned(char *at, uint64_t value)
{
    const uint64_t step = 100000000;

    if (value < step)
        return put_medium(at, (uint32_t)value);
    if (value / step < step) {
        at = put_medium(at, (uint32_t)(value / step));
        return put_eight(at, (uint32_t)(value % step));
    }
    at = put_medium(at, (uint32_t)(value / step / step));
    at = put_eight(at, (uint32_t)(value / step % step));
    return put_eight(at, (uint32_t)(value % step));
}

char *put_hex(char *at, uint64_t value)
{
    int shift = value ? (63 - __builtin_clzll(value)) / 4 * 4 : 0;

    for (; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[value >> shift & 15];
    return at;
}

void out_unsigned(struct out *out, uint64_t value)
{
    out->at = put_unsigned(out_reserve(out, 20), value);
}

void out_signed(struct out *out, int64_t value)
{
    out->at = put_signed(out_reserve(out, 20), value);
}

int out_init(struct out *out, int fd)
{
    size_t size = fd < 0 ? MEMORY_BUFFER : FILE_BUFFER;

    *out = (struct out){.fd = fd};
    out->start = malloc(size);
    if (!out->start)
        return -1;
    out->at = out->start;
    out->end = out->start + size;
    return 0;
}

void out_done(struct out *out)
{
    free(out->start);
    *out = (struct out){.fd = -1};
}

static void write_all(struct out *out, const char *bytes, size_t size)
{
    while (size && !out_is_lost(out)) {
        ssize_t n = write(out->fd, bytes, size);
        if (n >= 0) {
            bytes += n;
            size -= (size_t)n;
        } else if (errno == EPIPE) {
            out->is_closed = true;
        } else if (errno != EINTR) {
            out->failed = errno;
        }
    }
}

/* Doubles a buffer in memory. Without memory the content is dropped, and `failed` tells. */
static void grow(struct out *out)
{
    size_t used = (size_t)(out->at - out->start), size = 2 * (size_t)(out->end - out->start);
    char *start = realloc(out->start, size);

    if (!start) {
        out->failed = ENOMEM;
        out->at = out->start;
        return;
    }
    out->start = start;
    out->at = start + used;
    out->end = start + size;
}

void out_flush(struct out *out)
{
    if (out->fd < 0) {
        grow(out);
        return;
    }
    write_all(out, out->start, (size_t)(out->at - out->start));
    out->at = out->start;
}

void out_long(struct out *out, const char *bytes, size_t size)
{
    while (size) {
        size_t n = size < OUT_ROOM ? size : OUT_ROOM;
        out_reserve(out, n);
        memcpy(out->at, bytes, n);
        out->at += n;
        bytes += n;
        size -= n;
    }
}
