/* pack.c
 *
 * In: bytes of a value. Out: fewer, and the same again. Never: more of them than a value may have: a bomb is damage.
 *
 *     0 | the bytes
 *     1 | how many they are, a varint | a frame of zstd
 *     2 | how many stay as they are, a varint | these | how many the others are, a varint | a frame of zstd
 */
#include "store_priv.h"

#include <stdlib.h>
/* For ZSTD_c_literalCompressionMode. Where the library at hand refuses it, values are longer. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

enum {
    PLAIN,
    SQUEEZED,
    PARTLY,
    WORTH_TRYING = 128, /* bytes */
    LEVEL = 1,          /* zstd's: snapshots at level 3 have 2.5 % fewer bytes, and take twice the time */
};

struct packer {
    ZSTD_CCtx *context; /* one pass */
    ZSTD_CCtx *columns; /* block after block, as it was set up */
};

/* Only a column that says the same again and again is found to do so. A window is as long as the longest block. */
static bool set_up(ZSTD_CCtx *columns)
{
    (void)ZSTD_CCtx_setParameter(columns, ZSTD_c_literalCompressionMode, ZSTD_ps_enable);
    return !ZSTD_isError(ZSTD_CCtx_setParameter(columns, ZSTD_c_compressionLevel, -1000)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(columns, ZSTD_c_windowLog, 15)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(columns, ZSTD_c_hashLog, ZSTD_HASHLOG_MIN));
}

struct packer *packer_new(void)
{
    struct packer *packer = malloc(sizeof *packer);

    if (!packer)
        return NULL;
    *packer = (struct packer){ZSTD_createCCtx(), ZSTD_createCCtx()};
    return packer->context && packer->columns && set_up(packer->columns) ? packer : packer_free(packer);
}

struct packer *packer_free(struct packer *packer)
{
    if (!packer)
        return NULL;
    (void)ZSTD_freeCCtx(packer->context);
    (void)ZSTD_freeCCtx(packer->columns);
    free(packer);
    return NULL;
}

/* A frame with a block for each part behind the first, or more. Return: its size, or an error of zstd's. */
static size_t squeeze_parts(ZSTD_CCtx *context, const struct buf *bytes, const struct list_ends *ends, void *to,
                            size_t room)
{
    ZSTD_outBuffer out = {to, room, 0};
    size_t left = ZSTD_CCtx_reset(context, ZSTD_reset_session_only);

    for (size_t i = 1; left == 0 && i < ends->n; i++) {
        ZSTD_inBuffer in = {bytes->at + ends->at[i - 1], ends->at[i] - ends->at[i - 1], 0};
        left = ZSTD_compressStream2(context, &out, &in, i + 1 < ends->n ? ZSTD_e_flush : ZSTD_e_end);
    }
    return left == 0 ? out.pos : ZSTD_isError(left) ? left : SIZE_MAX;
}

/* A frame is to come, of so many bytes. Return: where; NULL if it is not worth trying, or without memory. */
static uint8_t *begin_squeezed(size_t size, size_t *ret_room, struct buf *ret)
{
    *ret_room = ZSTD_compressBound(size);
    if (size < WORTH_TRYING)
        return NULL;
    buf_put_varint(ret, size);
    return buf_room(ret, *ret_room);
}

/* The frame, which is @taken bytes long, stays if it was worth it. Else the bytes come at its place as they are. */
static void end_squeezed(const void *bytes, size_t size, size_t before, size_t taken, struct buf *ret)
{
    if (!ZSTD_isError(taken) && ret->size + taken - before <= size) {
        ret->size += taken;
        return;
    }
    ret->size = before;
    buf_put_u8(ret, PLAIN);
    buf_put(ret, bytes, size);
}

void pack(struct packer *packer, const void *bytes, size_t size, struct buf *ret)
{
    const size_t before = ret->size;
    size_t room, taken = SIZE_MAX;

    buf_put_u8(ret, SQUEEZED);
    uint8_t *to = begin_squeezed(size, &room, ret);

    if (to)
        taken = ZSTD_compressCCtx(packer->context, to, room, bytes, size, LEVEL);
    end_squeezed(bytes, size, before, taken, ret);
}

void pack_list(struct packer *packer, const struct buf *bytes, const struct list_ends *ends, struct buf *ret)
{
    const size_t before = ret->size;
    size_t room, taken = SIZE_MAX;

    ret->failed = ret->failed || bytes->failed;
    if (ret->failed)
        return;
    buf_put_u8(ret, PARTLY);
    buf_put_varint(ret, ends->at[0]);
    buf_put(ret, bytes->at, ends->at[0]);
    uint8_t *to = begin_squeezed(bytes->size - ends->at[0], &room, ret);
    if (to)
        taken = squeeze_parts(packer->columns, bytes, ends, to, room);
    end_squeezed(bytes->at, bytes->size, before, taken, ret);
}

int unpack(struct span in, struct buf *ret)
{
    struct reader reader = {.in = in};
    const uint8_t how = reader_u8(&reader);

    if (how == PLAIN && !reader.failed) {
        buf_put(ret, reader.in.at, span_size(reader.in));
        return ret->failed ? GXT_ENOMEM : 0;
    }
    const uint64_t n_plain = how == PARTLY ? reader_varint(&reader) : 0;
    const uint8_t *plain = reader_bytes(&reader, n_plain);
    const uint64_t size = reader_varint(&reader);
    if ((how != SQUEEZED && how != PARTLY) || reader.failed || n_plain > PACK_MOST || size > PACK_MOST - n_plain)
        return GXT_EINDEX;
    if (!buf_reserve(ret, ret->size + (size_t)(n_plain + size)))
        return GXT_ENOMEM;
    size_t got = ZSTD_decompress(ret->at + ret->size + n_plain, (size_t)size, reader.in.at, span_size(reader.in));
    if (ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
        return GXT_ENOMEM;
    if (ZSTD_isError(got) || got != size)
        return GXT_EINDEX;
    buf_put(ret, plain, (size_t)n_plain);
    ret->size += (size_t)size;
    return 0;
}
