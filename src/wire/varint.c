/* varint.c
 *
 * In: trace bytes. Out: one unsigned number. Never: allocation, meaning, or a read past the span.
 */
#include "wire.h"

int wire_varint_slow(struct span *in, uint64_t *ret)
{
    const uint8_t *at = in->at;
    uint64_t value = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        if (at == in->end)
            return GXT_ETRUNCATED;

        uint8_t byte = *at++;
        if (shift == 63 && byte > 1)
            break; /* only one bit of the 64 is left to fill */

        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            in->at = at;
            *ret = value;
            return 0;
        }
    }
    return GXT_ECORRUPT;
}
