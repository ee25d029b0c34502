/* fuzz_wire.c: numbers, headers, batches and events, the quick ways beside the simple ones.
 */
#include "fuzz.h"

#include <stdlib.h>

enum {
    NUMBER = 10 /* bytes of the longest number */
};

/* ---- the simplest way ---- */

/* Return: how many bytes the number has; 0 when the bytes end in it, -1 when it does not fit 64 bits. */
static int read_simply(const uint8_t *at, size_t size, uint64_t *ret)
{
    uint64_t value = 0;

    for (int i = 0; i < NUMBER; i++) {
        if ((size_t)i == size)
            return 0;
        if (i == NUMBER - 1 && at[i] > 1)
            return -1;
        value |= (uint64_t)(at[i] & 0x7f) << 7 * i;
        if (at[i] < 0x80) {
            *ret = value;
            return i + 1;
        }
    }
    return -1;
}

static size_t plain_end_simply(const uint8_t *at, size_t size)
{
    for (size_t begin = 0, n; begin < size; begin += n + 1) {
        for (n = 0; begin + n < size && at[begin + n] >= 0x80; n++)
            ;
        if (n > 9 || (n > 7 && begin + n == size) || (n == 9 && at[begin + n] > 1))
            return begin;
    }
    return size;
}

/* ---- one by one ---- */

static void check_varint(const uint8_t *at, size_t size)
{
    struct span in = {at, at + size};
    uint64_t value = 1234, expected = 1234;
    const int length = read_simply(at, size, &expected), r = wire_varint(&in, &value);

    if (r != (length > 0 ? 0 : length == 0 ? GXT_ETRUNCATED : GXT_ECORRUPT))
        fuzz_wrong("a number's code", size);
    if (value != expected || in.at != at + (length > 0 ? length : 0))
        fuzz_wrong("a number", size);
}

/* Where ten bytes may be read. */
static void check_number(const uint8_t *at)
{
    uint64_t expected = 0, value = 0, even = 0;
    const int length = read_simply(at, NUMBER, &expected);
    const uint8_t *behind = length > 0 ? at + length : NULL;

    if (wire_number(at, &value) != behind || (behind && value != expected))
        fuzz_wrong("a number taken quickly", expected);
    if (wire_number_even(at, &even) != behind || (behind && even != expected))
        fuzz_wrong("a number taken evenly", expected);
    const struct wire_number slow = wire_number_slow(at);
    if (slow.behind != behind || (behind && slow.value != expected))
        fuzz_wrong("a number taken eight bytes at once", expected);
}

/* What is plain holds no number that does not fit, however it is cut: several are read in a row. */
static void check_plain(const uint8_t *bytes, size_t size)
{
    uint64_t values[5], expected;

    for (size_t from = 0; from <= size; from += 1 + from / 16) {
        const uint8_t *at = bytes + from, *end = wire_plain_end((struct span){at, bytes + size});
        if (end != at + plain_end_simply(at, size - from))
            fuzz_wrong("the end of what is plain", from);
        if (end - at < 5 * NUMBER)
            continue;
        const uint8_t *behind = wire_numbers(at, 5, values);
        for (int i = 0, length = 0; i < 5; i++, at += length) {
            length = read_simply(at, NUMBER, &expected);
            if (length <= 0 || values[i] != expected)
                fuzz_wrong("several numbers", from);
        }
        if (behind != at)
            fuzz_wrong("what is behind several numbers", from);
    }
}

/* An event, with nothing behind it and with much. */
static void check_event(const uint8_t *at, size_t size)
{
    struct span quick = {at, at + size}, slow = quick;
    struct wire_event a = {0}, b = {0};
    const int r = wire_event(&quick, &a);

    if (wire_event_slow(&slow, &b) != r || quick.at != slow.at)
        fuzz_wrong("an event's code", (uint64_t)-r);
    if (r == GXT_ETRUNCATED && size >= WIRE_MAX_EVENT)
        fuzz_wrong("an event of too many bytes", size);
    if (r < 0)
        return;
    if (!wire_specs[a.type].timed || a.type != *at || a.type != b.type || a.delta != b.delta ||
        memcmp(a.args, b.args, sizeof a.args) != 0)
        fuzz_wrong("an event", a.type);
    struct span alone = {at, quick.at};
    if (wire_event(&alone, &b) != 0 || memcmp(a.args, b.args, sizeof a.args) != 0 || span_size(alone) != 0)
        fuzz_wrong("an event with nothing behind it", a.type);
    for (const uint8_t *end = at + 1; end < quick.at; end++) {
        alone = (struct span){at, end};
        if (wire_event(&alone, &b) != GXT_ETRUNCATED || alone.at != at)
            fuzz_wrong("a cut event", a.type);
    }
}

static void check_batches(const uint8_t *at, size_t size)
{
    struct span in = {at, at + size};
    int r = 1;

    while (r > 0) {
        const uint8_t *before = in.at;
        struct wire_batch batch = {0};
        r = wire_batch(&in, &batch);
        if (in.at < before || in.at > at + size || (r == 0 && before != at + size))
            fuzz_wrong("a batch's place", (uint64_t)(before - at));
        if (r <= 0)
            break;
        if (batch.type != WIRE_EVENT_BATCH && batch.type != WIRE_EXPERIMENTAL_BATCH &&
            batch.type != WIRE_END_OF_GENERATION)
            fuzz_wrong("a batch's type", batch.type);
        if (batch.data.at <= before - (batch.type == WIRE_END_OF_GENERATION) || batch.data.end != in.at ||
            span_size(batch.data) > WIRE_MAX_BATCH)
            fuzz_wrong("a batch's data", (uint64_t)(before - at));
    }
    if (r < 0 && r != GXT_ECORRUPT && r != GXT_ETRUNCATED)
        fuzz_wrong("a batch's code", (uint64_t)-r);
}

static void check_header(const uint8_t *at, size_t size)
{
    struct span in = {at, at + size};
    int version = -1;
    const int r = wire_header(&in, &version);

    if (r != 0 && in.at != at)
        fuzz_wrong("a header that is none was passed", 0);
    if (r == 0 && (version < 11 || version > 26 || in.at < at + 16 - 3 || memcmp(in.at - 3, "\0\0\0", 3) != 0))
        fuzz_wrong("a header", (uint64_t)version);
    if (r == GXT_EVERSION && version < 0)
        fuzz_wrong("a header's version", 0);
    if (r != 0 && r != GXT_EVERSION && r != GXT_EFORMAT)
        fuzz_wrong("a header's code", (uint64_t)-r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_header(data, size);
    check_batches(data, size);
    check_plain(data, size);
    for (size_t i = 0; i < size; i++) {
        check_varint(data + i, size - i);
        if (size - i >= NUMBER)
            check_number(data + i);
        check_event(data + i, size - i);
    }
    return 0;
}
