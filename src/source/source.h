/* source.h: the bytes of a trace: one read-only mapping.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "base.h"

/** A mapped file. Immutable once open. */
struct source {
    const uint8_t *at;
    uint64_t size;
    char *path; /**< as it was opened */
    int fd;
    uint64_t fingerprint; /**< XXH3 of the first SOURCE_FINGERPRINT_BYTES (or all, if fewer) */
};

enum {
    SOURCE_FINGERPRINT_BYTES = 4096
};

/** source_open() - map a file. Return: 0; GXT_ENOENT; GXT_EIO (also for what is no regular file); GXT_ENOMEM. */
int source_open(const char *path, struct source *ret, struct gxt_error *fault);
void source_close(struct source *source);

/** source_fingerprint() - the fingerprint that the file had when it was @size bytes long */
uint64_t source_fingerprint(const struct source *source, uint64_t size);

/** source_span() - the bytes [offset, offset + size), which the caller knows to lie within */
static inline struct span source_span(const struct source *source, uint64_t offset, uint64_t size)
{
    return (struct span){source->at + offset, source->at + offset + size};
}

/** source_check_size() - see that the file is still as long as its mapping: a file that was cut gives GXT_EIO here
 * before it gives SIGBUS. Cost: one system call; meant for once a generation. */
int source_check_size(const struct source *source, struct gxt_error *fault);

/** source_release() - let the system take back the pages of [from, to), which will not be read again soon */
void source_release(const struct source *source, uint64_t from, uint64_t to);

#endif
