/* lowered.h: bounds that a test sets, those that cost gigabytes to reach. The sources that are held to them are
 * compiled once more, with LOWERED and behind this header, so that it is the real code that meets them.
 */
#ifndef LOWERED_H
#define LOWERED_H

#include <gxt/limits.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/** As in <gxt/limits.h> until a test sets one. */
extern struct lowered {
    uint64_t pool_bytes, checkpoint_bytes, spool_bytes;
} lowered;

/** As pwrite(), but zeros at a file's end are left a hole: what is unpacked need not fit on the disk. */
ssize_t sparse_pwrite(int fd, const void *bytes, size_t size, off_t offset);

#ifdef LOWERED
#undef GXT_MAX_POOL_BYTES
#undef GXT_MAX_CHECKPOINT_BYTES
#undef GXT_MAX_SPOOL_BYTES
#define GXT_MAX_POOL_BYTES lowered.pool_bytes
#define GXT_MAX_CHECKPOINT_BYTES lowered.checkpoint_bytes
#define GXT_MAX_SPOOL_BYTES lowered.spool_bytes
#define pwrite sparse_pwrite
#endif

#endif
