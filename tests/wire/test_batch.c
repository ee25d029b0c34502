/* test_batch.c: wire_batch() reads headers as Go's readBatch does, and says where a bad one is bad.
 */
#include "wire.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define MAX "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
#define TOO_LONG "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"
#define TEXT(text) text, sizeof(text) - 1

static const struct {
    const char *name;
    const char *bytes;
    size_t size;
    int r;
    size_t at;           /* where @in stands afterwards */
    uint64_t generation; /* 4711: left alone */
} bad[] = {
    {"no batch's type", TEXT("\x0a\x05"), GXT_ECORRUPT, 0, 4711},
    {"type 0", TEXT("\x00"), GXT_ECORRUPT, 0, 4711},
    {"type 255", TEXT("\xff"), GXT_ECORRUPT, 0, 4711},
    {"a type alone", TEXT("\x01"), GXT_ETRUNCATED, 1, 4711},
    {"an experimental type alone", TEXT("\x31"), GXT_ETRUNCATED, 1, 4711},
    {"an experiment alone", TEXT("\x31\x01"), GXT_ETRUNCATED, 2, 4711},
    {"a generation cut", TEXT("\x01\x83"), GXT_ETRUNCATED, 1, 4711},
    {"a generation too great", TEXT("\x01" TOO_LONG), GXT_ECORRUPT, 1, 4711},
    {"no thread", TEXT("\x01\x03"), GXT_ETRUNCATED, 2, 3},
    {"a thread too great", TEXT("\x01\x03" TOO_LONG), GXT_ECORRUPT, 2, 3},
    {"no tick", TEXT("\x01\x03\x04"), GXT_ETRUNCATED, 3, 3},
    {"a tick too great", TEXT("\x01\x03\x04" TOO_LONG), GXT_ECORRUPT, 3, 3},
    {"no size", TEXT("\x01\x03\x04\x05"), GXT_ETRUNCATED, 4, 3},
    {"a size too great", TEXT("\x01\x03\x04\x05" TOO_LONG), GXT_ECORRUPT, 4, 3},
    {"a size over 64 KiB", TEXT("\x01\x03\x04\x05\x81\x80\x04"), GXT_ECORRUPT, 4, 3},
    {"64 KiB that are not there", TEXT("\x01\x03\x04\x05\x80\x80\x04"), GXT_ETRUNCATED, 7, 3},
    {"data cut",
     TEXT("\x01\x03\x04\x05\x03"
          "ab"),
     GXT_ETRUNCATED, 5, 3},
};

Test(wire_batch, says_what_is_bad_and_where)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const uint8_t *bytes = (const uint8_t *)bad[i].bytes;
        struct span in = {bytes, bytes + bad[i].size};
        struct wire_batch batch = {.generation = 4711, .thread = 1, .tick = 2, .type = 3, .experiment = 4};

        cr_expect_eq(wire_batch(&in, &batch), bad[i].r, "%s", bad[i].name);
        cr_expect_eq((size_t)(in.at - bytes), bad[i].at, "%s", bad[i].name);
        cr_expect_eq(batch.generation, bad[i].generation, "%s", bad[i].name);
        cr_expect(batch.thread == 1 && batch.tick == 2 && batch.type == 3 && batch.experiment == 4, "%s", bad[i].name);
    }
}

Test(wire_batch, reads_batch_after_batch)
{
    static const char bytes[] = "\x01\x03" MAX "\x85\x01\x82\x80\x80\x80\x80\x80\x80\x80\x80\x00"
                                "ab" /* events */
                                "\x31\x07\x03\x04\x05\x01"
                                "x"                    /* experimental */
                                "\x01\x00\x00\x00\x00" /* empty */
                                "\x34";                /* end */
    struct span in = {(const uint8_t *)bytes, (const uint8_t *)bytes + sizeof bytes - 1};
    struct wire_batch batch;

    cr_assert_eq(wire_batch(&in, &batch), 1);
    cr_expect_eq(batch.type, WIRE_EVENT_BATCH);
    cr_expect_eq(batch.experiment, 0);
    cr_expect_eq(batch.generation, 3);
    cr_expect_eq(batch.thread, UINT64_MAX);
    cr_expect_eq(batch.tick, 133);
    cr_expect_eq(span_size(batch.data), 2);
    cr_expect_eq(memcmp(batch.data.at, "ab", 2), 0);

    cr_assert_eq(wire_batch(&in, &batch), 1);
    cr_expect_eq(batch.type, WIRE_EXPERIMENTAL_BATCH);
    cr_expect_eq(batch.experiment, 7);
    cr_expect_eq(batch.generation, 3);
    cr_expect_eq(batch.thread, 4);
    cr_expect_eq(batch.tick, 5);
    cr_expect_eq(span_size(batch.data), 1);
    cr_expect_eq(*batch.data.at, 'x');

    cr_assert_eq(wire_batch(&in, &batch), 1);
    cr_expect_eq(batch.type, WIRE_EVENT_BATCH);
    cr_expect_eq(batch.experiment, 0);
    cr_expect_eq(batch.generation, 0);
    cr_expect_eq(span_size(batch.data), 0);

    cr_assert_eq(wire_batch(&in, &batch), 1);
    cr_expect_eq(batch.type, WIRE_END_OF_GENERATION);
    cr_expect_eq(batch.generation, 0);
    cr_expect_eq(batch.experiment, 0);
    cr_expect_eq(in.at, in.end);

    cr_expect_eq(wire_batch(&in, &batch), 0);
    cr_expect_eq(in.at, in.end);
    cr_expect_eq(batch.type, WIRE_END_OF_GENERATION, "the end leaves it alone");
}

Test(wire_batch, takes_64_kib_and_no_more)
{
    static const uint8_t header[] = {WIRE_EVENT_BATCH, 1, 2, 3, 0x80, 0x80, 0x04};
    uint8_t *bytes = calloc(1, sizeof header + WIRE_MAX_BATCH);
    struct span in = {bytes, bytes + sizeof header + WIRE_MAX_BATCH};
    struct wire_batch batch;

    memcpy(bytes, header, sizeof header);
    cr_assert_eq(wire_batch(&in, &batch), 1);
    cr_expect_eq(span_size(batch.data), WIRE_MAX_BATCH);
    cr_expect_eq(in.at, in.end);
    free(bytes);
}
