/* unpack.c
 *
 * In: bytes as gzip or zstd packed them, or plain. Out: the bytes that were packed. Never: a file, or a guess: what
 * does not fit its checksum ends it.
 *
 *     gzip     | member | member | … | zeros, perhaps      each with a CRC and a length
 *     zstd     | frame | frame | …                         each with a checksum, perhaps
 */
#include "source_priv.h"

#include <zstd_errors.h>

enum gxt_packing source_packing(struct span in)
{
    static const struct {
        const char *magic;
        size_t size;
        enum gxt_packing packing;
    } known[] = {{"\x1f\x8b", 2, GXT_PACKING_GZIP}, {"\x28\xb5\x2f\xfd", 4, GXT_PACKING_ZSTD}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_size(in) >= known[i].size && memcmp(in.at, known[i].magic, known[i].size) == 0)
            return known[i].packing;
    return GXT_PACKING_NONE;
}

int unpacker_init(struct unpacker *unpacker, enum gxt_packing packing)
{
    enum {
        ONLY_GZIP = 16
    };

    *unpacker = (struct unpacker){.packing = packing, .between = packing == GXT_PACKING_NONE};
    if (packing == GXT_PACKING_GZIP)
        unpacker->is_ready = inflateInit2(&unpacker->zlib, ONLY_GZIP + MAX_WBITS) == Z_OK;
    else if (packing == GXT_PACKING_ZSTD)
        unpacker->is_ready = (unpacker->zstd = ZSTD_createDCtx()) != NULL;
    else
        return 0;
    return unpacker->is_ready ? 0 : GXT_ENOMEM;
}

void unpacker_done(struct unpacker *unpacker)
{
    if (unpacker->is_ready && unpacker->packing == GXT_PACKING_GZIP)
        (void)inflateEnd(&unpacker->zlib);
    if (unpacker->is_ready && unpacker->packing == GXT_PACKING_ZSTD)
        (void)ZSTD_freeDCtx(unpacker->zstd);
    unpacker->is_ready = false;
}

static int copy(struct span *in, uint8_t *out, size_t room, size_t *ret_n)
{
    const size_t n = span_size(*in) < room ? span_size(*in) : room;

    if (n > 0)
        memcpy(out, in->at, n);
    in->at += n;
    *ret_n = n;
    return 0;
}

static int unpack_gzip(struct unpacker *unpacker, struct span *in, uint8_t *out, size_t room, size_t *ret_n,
                       const char **sentence)
{
    z_stream *zlib = &unpacker->zlib;

    /* Tapes and some tools fill up with zeros. */
    while (unpacker->between && in->at < in->end && *in->at == 0)
        in->at++;
    if (unpacker->between && in->at == in->end)
        return 0;
    if (unpacker->between && inflateReset(zlib) != Z_OK)
        return GXT_ENOMEM;
    unpacker->between = false;

    zlib->next_in = (uint8_t *)in->at;
    zlib->avail_in = (uInt)span_size(*in);
    zlib->next_out = out;
    zlib->avail_out = (uInt)room;
    int r = inflate(zlib, Z_NO_FLUSH);
    in->at = zlib->next_in;
    *ret_n = room - zlib->avail_out;
    unpacker->between = r == Z_STREAM_END;
    *sentence = "the gzip file is damaged: its bytes cannot be unpacked, or are not what its checksum says";
    return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR ? 0 : r == Z_MEM_ERROR ? GXT_ENOMEM : GXT_ECORRUPT;
}

static int zstd_code(size_t r, const char **sentence)
{
    switch (ZSTD_getErrorCode(r)) {
    case ZSTD_error_memory_allocation:
        return GXT_ENOMEM;
    case ZSTD_error_frameParameter_windowTooLarge:
        *sentence = "the zstd file needs more than 128 MiB to be unpacked";
        return GXT_ELIMIT;
    default:
        *sentence = "the zstd file is damaged: its bytes cannot be unpacked, or are not what its checksum says";
        return GXT_ECORRUPT;
    }
}

static int unpack_zstd(struct unpacker *unpacker, struct span *in, uint8_t *out, size_t room, size_t *ret_n,
                       const char **sentence)
{
    ZSTD_inBuffer from = {in->at, span_size(*in), 0};
    ZSTD_outBuffer to = {out, room, 0};

    if (unpacker->between && from.size == 0)
        return 0;
    size_t r = ZSTD_decompressStream(unpacker->zstd, &to, &from);
    in->at += from.pos;
    *ret_n = to.pos;
    unpacker->between = r == 0;
    return ZSTD_isError(r) ? zstd_code(r, sentence) : 0;
}

int unpacker_next(struct unpacker *unpacker, struct span *in, uint8_t *out, size_t room, size_t *ret_n,
                  const char **sentence)
{
    const size_t before = span_size(*in);
    int r;

    *ret_n = 0;
    *sentence = "no memory to unpack";
    switch (unpacker->packing) {
    case GXT_PACKING_GZIP:
        r = unpack_gzip(unpacker, in, out, room, ret_n, sentence);
        break;
    case GXT_PACKING_ZSTD:
        r = unpack_zstd(unpacker, in, out, room, ret_n, sentence);
        break;
    default:
        return copy(in, out, room, ret_n);
    }
    if (r == 0 && *ret_n == 0 && before > 0 && span_size(*in) == before)
        return GXT_ECORRUPT; /* it would stay there for ever */
    if (r == GXT_ENOMEM)
        *sentence = "no memory to unpack";
    return r;
}
