/* fuzz.h: what the targets share: files in memory, and a trace read in every way there is, which all must say the same.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "../random.h"
#include "replay.h"

#include <gxt/gxt.h>

/** The target: libFuzzer's name for it. Return: 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** fuzz_wrong() - say what is wrong, and abort, so that the input is kept */
_Noreturn void fuzz_wrong(const char *what, uint64_t at);

/* ---- file.c ---- */

/** fuzz_path() - a file name in a folder of this process, in memory where the machine has that; static, one each call
 * of four */
const char *fuzz_path(const char *name);
/** fuzz_write() - make a file of some bytes */
void fuzz_write(const char *path, const uint8_t *bytes, size_t size);
/** fuzz_read() - the bytes of a file, to be freed */
uint8_t *fuzz_read(const char *path, size_t *ret_size);
/** fuzz_remove_index() - drop a sidecar and all that stands beside it */
void fuzz_remove_index(const char *path);

/* ---- scan.c ---- */

/** A trace, and what a walk over it from the start gives, event by event, the plain way: the truth. */
struct scan {
    struct gxt_trace *trace;
    uint64_t size; /* bytes */
    struct gxt_event *events;
    size_t n, capacity;
    bool is_falling; /* times do not rise all the way */
    int end;         /* 0, or the fault's code */
    struct gxt_error fault;
    uint64_t dice; /* for next_random(): made of the trace's bytes */
};

/** scan_open() - @recovers: go on behind faults
 * Return: whether it is a trace; else what was said of it has been looked at. */
bool scan_open(struct scan *scan, const char *path, bool recovers);
void scan_close(struct scan *scan);

/** scan_check_walks() - every way to walk and to seek without an index */
void scan_check_walks(struct scan *scan);
/** scan_expect() - a cursor yields events from @ordinal on, up to @n, and the end if it comes to it */
void scan_expect(const struct scan *scan, struct gxt_cursor *cursor, uint64_t ordinal, uint64_t n, const char *how);
/** scan_check_seeks() - seeks of every kind with a cursor, the states there included */
void scan_check_seeks(struct scan *scan, struct gxt_cursor *cursor, unsigned n);
/** scan_check_resources() - what belongs to whom, and how many there are between where and where */
void scan_check_resources(struct scan *scan, struct gxt_cursor *cursor, unsigned n);

/* ---- index.c ---- */

/** fuzz_build_index() - build an index at @path, and see that the build ends as the scan does */
void fuzz_build_index(struct scan *scan, const char *path, uint64_t checkpoint_events);
/** fuzz_check_index() - an index that is there, and whole, gives what the scan gives */
void fuzz_check_index(struct scan *scan, const char *path);

/* ---- trace.c ---- */

/** fuzz_check_trace() - bytes of a file, as a trace: all of the above */
void fuzz_check_trace(const uint8_t *data, size_t size);

#endif
