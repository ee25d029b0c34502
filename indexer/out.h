/* out.h: a buffered writer that is fast because nothing in it is general: bytes, numbers, and a flush.
 *
 * Printers reserve what a piece needs at most, write through a plain pointer, and commit by setting `at`.
 */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** At most this much may be reserved at once. */
#define OUT_ROOM 4096

/** Where results go: a file, or memory when fd is -1. */
struct out {
    char *start, *at, *end;
    int fd;         /**< -1: in memory, which grows */
    int failed;     /**< errno of the first write that failed; 0 for none */
    bool is_closed; /**< the reader has gone (EPIPE): nothing more is written, and that is no failure */
};

/** out_init() - a writer to a file, or with -1 to memory. Return: 0; -1 when there is no memory. */
int out_init(struct out *out, int fd);
/** out_done() - frees; does not flush */
void out_done(struct out *out);
/** out_flush() - write what is held; in memory: make room */
void out_flush(struct out *out);
/** out_long() - bytes that may be more than the room that is left */
void out_long(struct out *out, const char *bytes, size_t size);

/** Whether going on is in vain. */
static inline bool out_is_lost(const struct out *out)
{
    return out->failed || out->is_closed;
}

/** Return: where to write at most @size bytes (up to OUT_ROOM); set out->at to the end of what was written. */
static inline char *out_reserve(struct out *out, size_t size)
{
    if (__builtin_expect((size_t)(out->end - out->at) < size, 0))
        out_flush(out);
    return out->at;
}

static inline void out_bytes(struct out *out, const char *bytes, size_t size)
{
    if (__builtin_expect((size_t)(out->end - out->at) < size, 0)) {
        out_long(out, bytes, size);
        return;
    }
    memcpy(out->at, bytes, size);
    out->at += size;
}

static inline void out_text(struct out *out, const char *text)
{
    out_bytes(out, text, strlen(text));
}

static inline void out_char(struct out *out, char byte)
{
    char *at = out_reserve(out, 1);
    *at = byte;
    out->at = at + 1;
}

/** A text that the compiler knows, through a plain pointer. */
#define PUT_LITERAL(at, text) ((char *)memcpy((at), (text), sizeof(text) - 1) + (sizeof(text) - 1))

/** put_unsigned(), put_signed() - a number in decimal at @at, where 20 bytes are free. Return: its end. */
char *put_unsigned(char *at, uint64_t value);
/** put_hex() - a number in hexadecimal, small letters, no prefix: at most 16 bytes */
char *put_hex(char *at, uint64_t value);

static inline char *put_signed(char *at, int64_t value)
{
    if (value >= 0)
        return put_unsigned(at, (uint64_t)value);
    *at++ = '-';
    return put_unsigned(at, 0 - (uint64_t)value);
}

void out_unsigned(struct out *out, uint64_t value);
void out_signed(struct out *out, int64_t value);

#endif
