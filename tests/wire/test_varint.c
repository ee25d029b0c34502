/* test_varint.c: wire_varint() takes what Go's binary.Uvarint takes.
 */
#include "wire.h"

#include <criterion/criterion.h>

static const struct {
    const char *name;
    const char *bytes;
    size_t size;
    int r;
    uint64_t value;
    size_t used;
} cases[] = {
    {"nothing", "", 0, GXT_ETRUNCATED, 0, 0},
    {"zero", "\x00", 1, 0, 0, 1},
    {"one byte's most", "\x7f", 1, 0, 127, 1},
    {"two bytes' least", "\x80\x01", 2, 0, 128, 2},
    {"two bytes' most", "\xff\x7f", 2, 0, 16383, 2},
    {"three bytes' least", "\x80\x80\x01", 3, 0, 16384, 3},
    {"three bytes' most", "\xff\xff\x7f", 3, 0, 2097151, 3},
    {"four bytes' least", "\x80\x80\x80\x01", 4, 0, 2097152, 4},
    {"low bits first", "\x81\x82\x03", 3, 0, 1 | 2 << 7 | 3 << 14, 3},
    {"nine bytes' most", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9, 0, INT64_MAX, 9},
    {"bit 63 alone", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, 0, UINT64_C(1) << 63, 10},
    {"the greatest", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, 0, UINT64_MAX, 10},
    {"zero in two bytes", "\x80\x00", 2, 0, 0, 2},
    {"five in ten bytes", "\x85\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10, 0, 5, 10},
    {"bytes behind it", "\x05\xff\xff", 3, 0, 5, 1},
    {"a 65th bit", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, GXT_ECORRUPT, 0, 0},
    {"an eleventh byte", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11, GXT_ECORRUPT, 0, 0},
    {"ten bytes, more to come", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x81", 10, GXT_ECORRUPT, 0, 0},
    {"cut after one byte", "\x80", 1, GXT_ETRUNCATED, 0, 0},
    {"cut after nine bytes", "\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9, GXT_ETRUNCATED, 0, 0},
};

Test(wire_varint, reads_or_refuses_each_case)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
        struct span in = {bytes, bytes + cases[i].size};
        uint64_t value = 4711;

        cr_expect_eq(wire_varint(&in, &value), cases[i].r, "%s", cases[i].name);
        cr_expect_eq((size_t)(in.at - bytes), cases[i].used, "%s", cases[i].name);
        cr_expect_eq((size_t)(in.end - bytes), cases[i].size, "%s", cases[i].name);
        cr_expect_eq(value, cases[i].r == 0 ? cases[i].value : 4711, "%s", cases[i].name);
    }
}

/* The fast form reads from where ten bytes may be read. */
Test(wire_number, agrees_with_wire_varint)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].r == GXT_ETRUNCATED)
            continue;
        uint8_t bytes[16] = {0};
        memcpy(bytes, cases[i].bytes, cases[i].size);
        uint64_t value = 4711;

        const uint8_t *end = wire_number(bytes, &value);
        cr_expect_eq(end, cases[i].r == 0 ? bytes + cases[i].used : NULL, "%s", cases[i].name);
        cr_expect_eq(value, cases[i].r == 0 ? cases[i].value : 4711, "%s", cases[i].name);
    }
}

Test(wire_varint, reads_what_a_writer_of_any_length_wrote)
{
    for (int bits = 0; bits < 64; bits++) {
        for (size_t padded = 1; padded <= 10; padded++) {
            uint64_t value = (UINT64_C(1) << bits) + 5 * (UINT64_C(1) << bits) / 7, rest = value, back;
            uint8_t bytes[10];
            size_t n = 0;
            while (n < 9 && (rest >= 0x80 || n + 1 < padded)) {
                bytes[n++] = (uint8_t)(rest | 0x80);
                rest >>= 7;
            }
            bytes[n++] = (uint8_t)rest;
            struct span in = {bytes, bytes + n};
            cr_expect_eq(wire_varint(&in, &back), 0);
            cr_expect_eq(back, value);
            cr_expect_eq(in.at, in.end);
        }
    }
}
