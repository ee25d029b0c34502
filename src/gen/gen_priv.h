/* gen_priv.h: what the files of this room share.
 */
#ifndef GEN_PRIV_H
#define GEN_PRIV_H

#include "gen.h"

/* ---- find.c ---- */

enum gen_batch_kind find_kind(const struct wire_batch *batch, int version);
/* Adds a batch to a directory. 0; GXT_ENOMEM. */
int find_add(struct gen_dir *dir, const struct wire_batch *batch, enum gen_batch_kind kind,
             const struct source *source);
/* Says why wire_batch() failed, which left @in where it did. */
int find_bad_batch(struct gxt_error *fault, int code, const struct source *source, struct span in);
/* Empties a directory for the generation at the stream's place. */
void find_begin(const struct gen_stream *stream, struct gen_dir *ret);

/* ---- peek.c ---- */

/* The header that some bytes begin with, not none, which are at an offset. @ret is all zero before. Return: whether it
 * is one, whatever comes behind it. */
bool peek_header(struct span in, uint64_t offset, struct gen_header *ret);

/* ---- salvage.c ---- */

/* gen_find() of a stream that recovers. 1; 0 at the end of the trace; GXT_ENOMEM. */
int salvage(struct gen_stream *stream, const struct source *source, int version, struct gen_dir *ret,
            struct gxt_error *fault);

#endif
