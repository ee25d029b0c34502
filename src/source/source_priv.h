/* source_priv.h: what the files of this room share.
 */
#ifndef SOURCE_PRIV_H
#define SOURCE_PRIV_H

#include "source.h"

#include <zlib.h>
#include <zstd.h>

/* ---- guard.c ---- */

/* A slot for a mapping, or NULL when none is free: then it is as if no guard were installed. */
struct guard *guard_take(const void *at, uint64_t size);
void guard_leave(struct guard *guard);
/* Whether a page of the mapping was found gone. */
bool guard_is_cut(const struct guard *guard);

/* ---- unpack.c ---- */

/* From packed bytes to the bytes that were packed, in pieces of any size. */
struct unpacker {
    enum gxt_packing packing;
    bool between;  /* behind a member or frame: the input may end here, or go on with another */
    bool is_ready; /* the library's own state is there */
    z_stream zlib;
    ZSTD_DCtx *zstd;
};

/* Begin with all zero. 0; GXT_ENOMEM. */
int unpacker_init(struct unpacker *unpacker, enum gxt_packing packing);
void unpacker_done(struct unpacker *unpacker);
/**
 * unpacker_next() - one piece
 * @in:        moved behind what was read
 * @ret_n:     bytes written, also on failure
 * @sentence:  what is wrong, on failure
 *
 * Return: 0; when nothing was written, all of @in has been read; GXT_ECORRUPT; GXT_ELIMIT; GXT_ENOMEM.
 */
int unpacker_next(struct unpacker *unpacker, struct span *in, uint8_t *out, size_t room, size_t *ret_n,
                  const char **sentence);

/* ---- spool.c ---- */

/* Which packed file: its size, and what it begins and ends with, where gzip has its checksum. */
struct spool_stamp {
    uint64_t size, head, tail;
};

/* A file that is being written. */
struct spool {
    int fd;
    char *name; /* that it has for now; NULL for none */
};

/* Beside @path, or for NULL in $TMPDIR, where it never has a name. */
int spool_make(const char *path, struct spool *ret, struct gxt_error *fault);
/* Says at its end what it was made from, and gives it its name. On failure it has none. */
int spool_publish(struct spool *spool, const char *path, uint64_t size, unsigned mode, const struct spool_stamp *stamp,
                  struct gxt_error *fault);
/* Takes its name away, if it has one. Its descriptor stays. */
void spool_forget(struct spool *spool);
/* A spool that was made from a packed file: 1, open; 0: there is none that fits; GXT_EINDEX: another program's file. */
int spool_open(const char *path, const struct spool_stamp *stamp, int *ret_fd, uint64_t *ret_size,
               struct gxt_error *fault);

/* ---- feed.c ---- */

/* Feeds @source from @fd, which is taken, into @spool. The source's mapping is made. 0; GXT_EIO; GXT_ENOMEM. */
int feed_begin(struct source *source, int fd, const struct spool *spool, const struct source_feeding *feeding,
               struct gxt_error *fault);
void feed_free(struct feed *feed);
/* Return: whether more has arrived. */
bool feed_more(struct feed *feed);
void feed_release(struct feed *feed, uint64_t to);
/* Bytes before it are gone. */
uint64_t feed_held(const struct feed *feed);

#endif
