/* test_header.c: wire_header() takes what Go's fmt.Fscanf takes for "go 1.%d trace\x00\x00\x00" (each case was tried
 * there).
 */
#include "wire.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdlib.h>

/* A case's bytes without the NUL that the compiler puts behind them. */
#define TEXT(text) text, sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t size;
    int r;
    int version; /* -7: left alone */
} cases[] = {
    {TEXT("go 1.22 trace\0\0\0"), 0, 22},
    {TEXT("go 1.23 trace\0\0\0"), 0, 23},
    {TEXT("go 1.25 trace\0\0\0"), 0, 25},
    {TEXT("go 1.26 trace\0\0\0"), 0, 26},
    {TEXT("go 1.22  trace\0\0\0"), 0, 22},
    {TEXT("go\t1.22\r\ntrace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go\t1.22\r\ftrace\0\0\0"), 0, 22},
    {TEXT("go 1. 22 trace\0\0\0"), 0, 22},
    {TEXT("go 1.\r22 trace\0\0\0"), 0, 22},
    {TEXT("go 1.022 trace\0\0\0"), 0, 22},
    {TEXT("go 1.0000000000000000000000000026 trace\0\0\0"), 0, 26},
    {TEXT("go\xc2\xa0"
          "1.\xe3\x80\x80"
          "22\xe2\x80\x8atrace\0\0\0"),
     0, 22},
    {TEXT("go\xe2\x80\x8b"
          "1.22 trace\0\0\0"),
     GXT_EFORMAT, -7},
    {TEXT("go 1.11 trace\0\0\0"), 0, 11},
    {TEXT("go 1.19 trace\0\0\0"), 0, 19},
    {TEXT("go 1.21 trace\0\0\0"), 0, 21},
    {TEXT("go 1.20 trace\0\0\0"), GXT_EVERSION, 20},
    {TEXT("go 1.24 trace\0\0\0"), GXT_EVERSION, 24},
    {TEXT("go 1.27 trace\0\0\0"), GXT_EVERSION, 27},
    {TEXT("go 1.0 trace\0\0\0"), GXT_EVERSION, 0},
    {TEXT("go 1.4294967295 trace\0\0\0"), GXT_EVERSION, INT_MAX},
    {TEXT("go 1.4294967296 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.4294967318 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.18446744073709551638 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.+22 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.-5 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.0x16 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.2_2 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1. trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.22trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go1.22 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT(" go 1.22 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go\n1.22 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.22 \ntrace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.22 Trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.22 trace\0\0"), GXT_EFORMAT, -7},
    {TEXT("go 1.22 trace\0\0\1"), GXT_EFORMAT, -7},
    {TEXT("go 2.22 trace\0\0\0"), GXT_EFORMAT, -7},
    {TEXT("\x1f\x8b\x08"), GXT_EFORMAT, -7},
    {TEXT(""), GXT_EFORMAT, -7},
};

Test(wire_header, takes_what_go_takes)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[64];
        memcpy(bytes, cases[i].bytes, cases[i].size);
        bytes[cases[i].size] = WIRE_EVENT_BATCH;
        struct span in = {bytes, bytes + cases[i].size + 1};
        int version = -7;

        cr_expect_eq(wire_header(&in, &version), cases[i].r, "%s", cases[i].bytes);
        cr_expect_eq(version, cases[i].version, "%s", cases[i].bytes);
        cr_expect_eq((size_t)(in.at - bytes), cases[i].r == 0 ? cases[i].size : 0, "%s", cases[i].bytes);
    }
}

Test(wire_header, refuses_every_prefix)
{
    static const char whole[16] = "go 1.26 trace\0\0";

    for (size_t size = 0; size < sizeof whole; size++) {
        uint8_t *bytes = malloc(size + 1);
        memcpy(bytes, whole, size);
        struct span in = {bytes, bytes + size};
        int version = -7;
        cr_expect_eq(wire_header(&in, &version), GXT_EFORMAT);
        cr_expect_eq(version, -7);
        cr_expect_eq(in.at, bytes);
        free(bytes);
    }
}
