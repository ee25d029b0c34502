/* land.c
 *
 * In: bytes from anywhere in a trace. Out: where a batch's header may begin. Never: certainty: that has who follows the
 * headers that come behind.
 *
 *     type  generation  thread  tick  size
 *      01   …           …       …     s s s 80 80 80 80 80 80 00 | data
 *
 * The runtime reserves ten bytes for the size (traceBuf.varintAt), and no batch needs more than three of them: six
 * bytes of 80 and one of 00 end nearly every header, and next to nothing else. Of six bytes in a row one is looked at.
 */
#include "gen_priv.h"

enum {
    RUN = 6,                  /* bytes of 80 in a row */
    PADDED = WIRE_MAX_NUMBER, /* bytes of a padded size */
    LEAST_HEADER = 1 + 3,     /* bytes in front of the size: the type and three numbers */
    MOST_BEFORE = GEN_MOST_HEADER - WIRE_MAX_NUMBER,
};

static bool begins_header(uint8_t type)
{
    return type == WIRE_EVENT_BATCH || type == WIRE_EXPERIMENTAL_BATCH;
}

/* Whether a header stands here, with what may follow a batch behind its data as far as that can be seen. */
static bool may_be_header(struct span in, struct gen_header *ret)
{
    *ret = (struct gen_header){0};
    if (!begins_header(*in.at) || !peek_header(in, 0, ret) || ret->generation == 0)
        return false;
    const uint64_t next = ret->data + ret->size;
    return next >= span_size(in) || begins_header(in.at[next]) || in.at[next] == WIRE_END_OF_GENERATION;
}

/* The header whose size ends before @data; NULL for none. No two places can begin it but where the data before it ends
 * like the type of an experimental batch, which costs one byte. */
static const uint8_t *header_before(struct span in, const uint8_t *data)
{
    const size_t before = (size_t)(data - in.at);
    struct gen_header header;

    if (before < LEAST_HEADER + PADDED)
        return NULL;
    const size_t most = before < MOST_BEFORE + PADDED ? before : MOST_BEFORE + PADDED;
    for (const uint8_t *at = data - most; at <= data - LEAST_HEADER - PADDED; at++)
        if (may_be_header((struct span){at, in.end}, &header) && header.data == (uint64_t)(data - at))
            return at;
    return NULL;
}

static const uint8_t *land_padded(struct span in)
{
    const size_t size = span_size(in);
    const uint8_t *at = in.at, *header;

    for (size_t i = RUN - 1; i < size; i += RUN) {
        if (LIKELY(at[i] != 0x80))
            continue;
        size_t begin = i;
        while (begin > 0 && i - begin < RUN && at[begin - 1] == 0x80)
            begin--;
        while (i < size && at[i] == 0x80)
            i++;
        if (i < size && at[i] == 0 && i - begin >= RUN && (header = header_before(in, at + i + 1)))
            return header;
    }
    return in.end;
}

const uint8_t *gen_land(struct span in, bool padded)
{
    struct gen_header header;

    if (padded)
        return land_padded(in);
    for (; in.at < in.end; in.at++)
        if (may_be_header(in, &header))
            break;
    return in.at;
}
