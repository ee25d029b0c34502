/* peek.c
 *
 * In: an offset. Out: the header of the batch that is there, read by itself. Never: a page of the mapping touched: for
 * a walk over many headers that costs several times as much as reading them.
 */
#include "gen_priv.h"

#include <errno.h>
#include <unistd.h>

bool peek_header(struct span in, uint64_t offset, struct gen_header *ret)
{
    const uint8_t *begin = in.at;

    ret->type = *in.at++;
    if (ret->type == WIRE_END_OF_GENERATION) {
        ret->data = offset + 1;
        return true;
    }
    if (ret->type == WIRE_EXPERIMENTAL_BATCH && span_size(in) > 0)
        in.at++;
    if ((ret->type != WIRE_EVENT_BATCH && ret->type != WIRE_EXPERIMENTAL_BATCH) ||
        wire_varint(&in, &ret->generation) < 0 || wire_varint(&in, &ret->thread) < 0 ||
        wire_varint(&in, &ret->tick) < 0 || wire_varint(&in, &ret->size) < 0)
        return false;
    ret->data = offset + (uint64_t)(in.at - begin);
    ret->first = ret->size > 0 && span_size(in) > 0 ? *in.at : 0;
    return ret->size <= WIRE_MAX_BATCH;
}

bool gen_peek(const struct source *source, uint64_t offset, struct gen_header *ret)
{
    uint8_t bytes[GEN_MOST_HEADER + 1] = {0};
    ssize_t n = pread(source->fd, bytes, sizeof bytes, (off_t)offset);

    *ret = (struct gen_header){.system_errno = n < 0 ? errno : 0};
    return n > 0 && peek_header((struct span){bytes, bytes + n}, offset, ret) && ret->data <= source->size &&
           ret->size <= source->size - ret->data;
}
