/* told.h: all that a tally tells, byte by byte, to be compared.
 */
#ifndef TOLD_H
#define TOLD_H

#include <replay.h>

/* A tally_member whose user is a buffer. */
static inline int told_member(void *user, const struct store_member *member)
{
    buf_put(user, member, sizeof *member);
    return 0;
}

/* Those that were created and ended; they are forgotten. */
static inline void told_ended(struct buf *told, struct tally_rows *ended)
{
    if (ended->n > 0)
        buf_put(told, ended->rows, ended->n * sizeof *ended->rows);
    ended->n = 0;
}

static inline void told_row(struct buf *told, const struct tally_item *item)
{
    const struct store_goroutine row = tally_row(item);

    buf_put(told, &row, sizeof row);
}

static inline void told_met(struct buf *told, const struct tally_met *met)
{
    for (size_t i = 0; i < met->n_there; i++) {
        const struct tally_item item = tally_there(met, i);
        told_row(told, &item);
    }
    for (size_t i = 0; i < met->n_ended; i++)
        told_row(told, tally_ended(met, i));
    for (size_t i = 0; i < met->n_samples; i++)
        buf_put(told, &met->samples[i], sizeof met->samples[i]);
    buf_put(told, (const uint64_t[]){met->n_there, met->n_ended, met->n_samples}, 24);
}

#endif
