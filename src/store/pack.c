/* pack.c
 *
 * In: bytes of a value. Out: fewer, and the same again. Never: more of them than a value may have: a bomb is damage.
 *
 *     0 | the bytes
 *     1 | how many they are, a varint | a frame of zstd
 */
#include "store_priv.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    PLAIN,
    SQUEEZED,
    WORTH_TRYING = 128, /* bytes */
};

struct packer {
    ZSTD_CCtx *context;
};

struct packer *packer_new(void)
{
    struct packer *packer = malloc(sizeof *packer);

    if (!packer)
        return NULL;
    packer->context = ZSTD_createCCtx();
    return packer->context ? packer : packer_free(packer);
}

struct packer *packer_free(struct packer *packer)
{
    if (!packer)
        return NULL;
    (void)ZSTD_freeCCtx(packer->context);
    free(packer);
    return NULL;
}

void pack(struct packer *packer, const void *bytes, size_t size, enum pack_effort effort, struct buf *ret)
{
    const size_t before = ret->size;

    if (size >= WORTH_TRYING) {
        buf_put_u8(ret, SQUEEZED);
        buf_put_varint(ret, size);
        size_t room = ZSTD_compressBound(size);
        if (!buf_reserve(ret, ret->size + room))
            return;
        size_t taken = ZSTD_compressCCtx(packer->context, ret->at + ret->size, room, bytes, size, (int)effort);
        if (!ZSTD_isError(taken) && ret->size + taken - before <= size) {
            ret->size += taken;
            return;
        }
        ret->size = before;
    }
    buf_put_u8(ret, PLAIN);
    buf_put(ret, bytes, size);
}

int unpack(struct span in, struct buf *ret)
{
    struct reader reader = {.in = in};
    const uint8_t how = reader_u8(&reader);

    if (how == PLAIN && !reader.failed) {
        buf_put(ret, reader.in.at, span_size(reader.in));
        return ret->failed ? GXT_ENOMEM : 0;
    }
    const uint64_t size = reader_varint(&reader);
    if (how != SQUEEZED || reader.failed || size > PACK_MOST)
        return GXT_EINDEX;
    if (!buf_reserve(ret, ret->size + (size_t)size))
        return GXT_ENOMEM;
    size_t got = ZSTD_decompress(ret->at + ret->size, (size_t)size, reader.in.at, span_size(reader.in));
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
        return GXT_ENOMEM;
    if (ZSTD_isError(got) || got != size)
        return GXT_EINDEX;
    ret->size += (size_t)size;
    return 0;
}
