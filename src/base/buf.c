/* buf.c
 *
 * In: numbers and bytes. Out: one run of bytes, and from it the same numbers again. Never: a read past the run, whoever
 * wrote it.
 */
#include "base.h"

#include <stdlib.h>

void buf_done(struct buf *buf)
{
    free(buf->at);
    memset(buf, 0, sizeof *buf);
}

static bool reserve(struct buf *buf, size_t size)
{
    if (buf->failed)
        return false;
    if (size <= buf->capacity - buf->size)
        return true;

    size_t capacity = buf->capacity ? buf->capacity : 256;
    while (capacity - buf->size < size) {
        if (capacity > SIZE_MAX / 2)
            goto failed;
        capacity *= 2;
    }
    uint8_t *at = realloc(buf->at, capacity);
    if (!at)
        goto failed;
    buf->at = at;
    buf->capacity = capacity;
    return true;
failed:
    buf->failed = true;
    return false;
}

bool buf_reserve(struct buf *buf, size_t size)
{
    return size <= buf->size || reserve(buf, size - buf->size);
}

void buf_put(struct buf *buf, const void *bytes, size_t size)
{
    if (size == 0 || (UNLIKELY(buf->failed || size > buf->capacity - buf->size) && !reserve(buf, size)))
        return;
    memcpy(buf->at + buf->size, bytes, size);
    buf->size += size;
}

void buf_put_u8(struct buf *buf, uint8_t value)
{
    if (UNLIKELY(buf->failed || buf->size == buf->capacity) && !reserve(buf, 1))
        return;
    buf->at[buf->size++] = value;
}

void buf_put_u64(struct buf *buf, uint64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    buf_put(buf, bytes, sizeof bytes);
}

uint8_t *buf_room(struct buf *buf, size_t size)
{
    if (UNLIKELY(buf->failed || buf->capacity - buf->size < size) && !reserve(buf, size))
        return NULL;
    return buf->at + buf->size;
}

void buf_put_varint(struct buf *buf, uint64_t value)
{
    uint8_t *at = buf_room(buf, VARINT_LONGEST);

    if (LIKELY(at != NULL))
        buf_took(buf, varint_put(at, value));
}

void buf_put_signed(struct buf *buf, int64_t value)
{
    buf_put_varint(buf, varint_zigzag(value));
}

const uint8_t *reader_bytes(struct reader *reader, uint64_t size)
{
    const uint8_t *at = reader->in.at;

    if (reader->failed || size > span_size(reader->in)) {
        reader->failed = true;
        return NULL;
    }
    reader->in.at += size;
    return at;
}

uint8_t reader_u8(struct reader *reader)
{
    const uint8_t *at = reader_bytes(reader, 1);
    return at ? *at : 0;
}

uint64_t reader_u64(struct reader *reader)
{
    const uint8_t *at = reader_bytes(reader, 8);
    uint64_t value = 0;

    for (int i = 0; at && i < 8; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

uint64_t reader_varint(struct reader *reader)
{
    uint64_t value = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t byte = reader_u8(reader);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return reader->failed ? 0 : value;
    }
    reader->failed = true;
    return 0;
}

int64_t reader_signed(struct reader *reader)
{
    return (int64_t)varint_unzigzag(reader_varint(reader));
}

uint64_t reader_count(struct reader *reader, size_t least)
{
    uint64_t n = reader_varint(reader);

    if (n > span_size(reader->in) / least)
        reader->failed = true;
    return reader->failed ? 0 : n;
}
