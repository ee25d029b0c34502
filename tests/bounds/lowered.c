/* lowered.c: see lowered.h.
 */
#include "lowered.h"

#include <string.h>
#include <sys/stat.h>

struct lowered lowered = {GXT_MAX_POOL_BYTES, GXT_MAX_CHECKPOINT_BYTES, GXT_MAX_SPOOL_BYTES};

static int is_zero(const unsigned char *at, size_t size)
{
    return size > 0 && at[0] == 0 && memcmp(at, at + 1, size - 1) == 0;
}

ssize_t sparse_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    struct stat status;

    if (!is_zero(bytes, size) || fstat(fd, &status) < 0 || status.st_size > offset)
        return pwrite(fd, bytes, size, offset);
    return ftruncate(fd, offset + (off_t)size) < 0 ? -1 : (ssize_t)size;
}
