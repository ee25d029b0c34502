/* event.c
 *
 * In: the bytes of an event batch. Out: one event, as numbers. Never: what they mean.
 */
#include "wire.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum {
    AHEAD = 1024, /* bytes that are on their way from memory: where long numbers lead to the next ones, none would be */
};

#define TOPS UINT64_C(0x8080808080808080) /* the top bit of each byte: another byte of the number follows */

static uint64_t load(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The low seven bits of eight bytes, side by side: each step joins neighbours, to fourteen, twenty-eight, fifty-six. */
static inline uint64_t join(uint64_t word)
{
    word = (word & UINT64_C(0x7f007f007f007f00)) >> 1 | (word & UINT64_C(0x007f007f007f007f));
    word = (word & UINT64_C(0x3fff00003fff0000)) >> 2 | (word & UINT64_C(0x00003fff00003fff));
    return (word & UINT64_C(0x0fffffff00000000)) >> 4 | (word & UINT64_C(0x000000000fffffff));
}

/* Numbers that stand for -1, as those of no thread, have ten bytes. */
struct wire_number wire_number_slow(const uint8_t *at)
{
    const uint64_t word = load(at);

    if (LIKELY(word == UINT64_MAX && at[8] == 0xff && at[9] == 1)) /* -1, which stands for none */
        return (struct wire_number){at + 10, UINT64_MAX};
    const uint64_t ends = ~word & TOPS;
    if (LIKELY(ends != 0))
        return (struct wire_number){at + 1 + __builtin_ctzll(ends) / 8, join(word & (ends ^ (ends - 1)))};
    if (at[8] < 0x80)
        return (struct wire_number){at + 9, join(word) | (uint64_t)at[8] << 56};
    if (UNLIKELY(at[9] > 1)) /* only one bit of the 64 is left to fill */
        return (struct wire_number){NULL, 0};
    return (struct wire_number){at + 10, join(word) | (uint64_t)(at[8] & 0x7f) << 56 | (uint64_t)at[9] << 63};
}

int wire_event_slow(struct span *in, struct wire_event *ret)
{
    const struct wire_spec *spec = &wire_specs[*in->at];
    struct span rest = {in->at + 1, in->end};
    int r;

    if (!spec->timed)
        return GXT_ECORRUPT;
    ret->type = *in->at;
    r = wire_varint(&rest, &ret->delta);
    for (unsigned i = 0; r == 0 && i < spec->n_args; i++)
        r = wire_varint(&rest, &ret->args[i]);
    if (r < 0)
        return r;
    in->at = rest.at;
    return 0;
}

/* Which of 64 bytes have the top bit set. */
static inline uint64_t tops(const uint8_t *at)
{
    uint64_t ret = 0;

#if defined(__SSE2__)
    for (unsigned i = 0; i < 4; i++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
        ret |= (uint64_t)(unsigned)_mm_movemask_epi8(bytes) << 16 * i;
    }
#else
    for (unsigned i = 0; i < 8; i++) /* the multiplication brings the eight bits side by side */
        ret |= ((load(at + 8 * i) & TOPS) >> 7) * UINT64_C(0x0102040810204080) >> 56 << 8 * i;
#endif
    return ret;
}

/* Which of 64 bytes are more than 1: those have another bit set. */
static inline uint64_t larger(const uint8_t *at)
{
    uint64_t ret = 0;

#if defined(__SSE2__)
    for (unsigned i = 0; i < 4; i++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i));
        const __m128i others = _mm_and_si128(bytes, _mm_set1_epi8((char)0xfe));
        ret |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(others, _mm_setzero_si128())) << 16 * i;
    }
    return ~ret;
#else
    for (unsigned i = 0; i < 64; i++)
        ret |= (uint64_t)(at[i] > 1) << i;
    return ret;
#endif
}

/* Eight bytes from @at on have the top bit set, and the one before them has not. Return: behind the byte that ends them
 * where what they are part of fits 64 bits, whichever of them it begins with; else NULL. */
static const uint8_t *behind_long(const uint8_t *at, const uint8_t *end)
{
    if (end - at > 8 && at[8] < 0x80)
        return at + 9;
    return end - at > 9 && at[9] <= 1 ? at + 10 : NULL;
}

/* Windows of 64 bytes overlap by seven, so that eight bytes side by side are in one of them. Where there are such, they
 * overlap by nine: so is a number that does not fit, which is nine bytes with the top bit set before one that is more
 * than 1. */
const uint8_t *wire_plain_end(struct span bytes)
{
    const uint8_t *next;
    unsigned run = 0;

    for (; span_size(bytes) >= 64; bytes.at = next) {
        prefetch(bytes.at, AHEAD);
        const uint64_t top = tops(bytes.at);
        uint64_t runs = top & top >> 1;
        runs &= runs >> 2;
        runs &= runs >> 4;
        next = bytes.at + 64 - 7;
        if (LIKELY(runs == 0))
            continue;
        runs &= top >> 8 & larger(bytes.at) >> 9;
        if (runs != 0)
            return bytes.at + __builtin_ctzll(runs);
        next = bytes.at + 64 - 9;
    }
    for (next = bytes.at; next < bytes.end;) {
        run = *next++ < 0x80 ? 0 : run + 1;
        if (run < 8)
            continue;
        const uint8_t *at = next - 8;
        if (!(next = behind_long(at, bytes.end)))
            return at;
        run = 0;
    }
    return bytes.end;
}
