/* source.h: the bytes of a trace: one read-only mapping, of the file itself, or of what was unpacked from it or came by
 * a pipe.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "base.h"

#include <gxt/trace.h>

/** A mapping. Immutable once open, unless it is a stream: that grows while it is read. */
struct source {
    const uint8_t *at;
    uint64_t size;   /**< of a stream: what has arrived */
    uint64_t mapped; /**< bytes of the mapping, which may be longer than what is there */
    char *path;      /**< as it was opened; NULL for a descriptor */
    char *spool;     /**< where what was unpacked is kept; NULL: nowhere */
    int fd;          /**< of the file that is mapped */
    unsigned mode;   /**< permissions of the file that was opened */
    uint64_t packed; /**< bytes of the packed file; 0 when it is not packed, or comes by a pipe */
    enum gxt_packing packing;
    uint64_t fingerprint;   /**< XXH3 of the first SOURCE_FINGERPRINT_BYTES (or all, if fewer) */
    struct gxt_error fault; /**< what ended it early while it was unpacked or fed, its offset in the packed bytes */
    struct feed *feed;      /**< of a stream; NULL: all is there */
    struct guard *guard;    /**< of the mapping; NULL: none was free */
};

enum {
    SOURCE_FINGERPRINT_BYTES = 4096,
    SOURCE_SMALL = 64 << 20, /* bytes of a file whose pages are kept: to ask for them again costs more */
};

/** What to do with bytes that cannot be mapped as they are. All zero: unpack all of them into a file without a name. */
struct source_feeding {
    bool stream;       /**< take them as they are asked for, and give back what was released */
    const char *spool; /**< what was unpacked from the same file earlier is here, if it fits; may be NULL … */
    bool keep;         /**< … and is to be left here where it does not */
    bool (*fits)(struct span beginning); /**< whether there is any use in going on; NULL: always */
    void (*wait)(void *user);            /**< before a read that may wait; may be NULL */
    void *user;
};

/** source_open() - map a file. Return: 0; GXT_ENOENT; GXT_EIO (also for what is no regular file); GXT_ENOMEM. */
int source_open(const char *path, struct source *ret, struct gxt_error *fault);
/**
 * source_open_fd() - map what a descriptor has, or feed from it
 * @fd:   stays the caller's; a regular file at its start is mapped, and may be packed still: see source_unpack()
 * @ret:  must stay where it is until it is closed
 *
 * Return as source_unpack().
 */
int source_open_fd(int fd, const struct source_feeding *feeding, struct source *ret, struct gxt_error *fault);
void source_close(struct source *source);

/** source_packing() - what packed some bytes, by the first of them */
enum gxt_packing source_packing(struct span in);

/**
 * source_unpack() - from a packed file that is mapped to what is in it
 * @source:  must stay where it is until it is closed; on failure to be closed as well
 *
 * Bytes that cannot be unpacked are no failure: they end the source, and source->fault says why.
 * Return: 0; GXT_EIO; GXT_ENOMEM; GXT_EINDEX when another program's file is where the spool goes.
 */
int source_unpack(struct source *source, const struct source_feeding *feeding, struct gxt_error *fault);

/** source_want() - have the first @size bytes of a stream arrive. Return: whether they are there; else it has ended. */
bool source_want(const struct source *source, uint64_t size);
/** source_more() - have more of a stream arrive. Return: whether source->size has grown; else it has ended. */
bool source_more(const struct source *source);
/** source_check_held() - see that a stream still has the bytes at an offset. Return: 0; GXT_EINVAL. */
int source_check_held(const struct source *source, uint64_t offset, struct gxt_error *fault);

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

/** source_check_cut() - see that no page that was read turned out gone, which only shows after guard_install()
 * Cost: one load. Return: 0; GXT_EIO. */
int source_check_cut(const struct source *source, struct gxt_error *fault);

/** guard_install() - from here on a page of a source that is gone reads as zeros, and source_check_cut() says so */
int guard_install(struct gxt_error *fault);

/** source_expect() - have the system make the pages of [from, to) ready, which will be read soon: so who reads them
 * need not wait. What is not ready is when it is read. */
void source_expect(const struct source *source, uint64_t from, uint64_t to);

/** source_release() - let the system take back the pages of [from, to), which will not be read again soon, unless
 * the file is small; a stream's bytes before @to are gone then */
void source_release(const struct source *source, uint64_t from, uint64_t to);

#endif
