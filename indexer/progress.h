/* progress.h: a line on stderr that says how far a build is, redrawn in place.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <gxt/index.h>

struct progress {
    bool is_drawn; /**< whether lines are drawn at all */
    bool is_shown; /**< whether one stands on the terminal */
    int64_t start_ns;
    int64_t first_ns; /**< of the first news; rates count from there, since a build may go on from an earlier one */
    uint64_t first_bytes, first_events;
};

/** Size and speed in words. */
#define PROGRESS_WORD 32

void progress_begin(struct progress *progress, bool is_drawn, uint64_t bytes_total);
void progress_draw(struct progress *progress, const struct gxt_progress *state);
/** progress_clear() - take the line away */
void progress_clear(struct progress *progress);
/** progress_seconds() - since progress_begin() */
double progress_seconds(const struct progress *progress);
/** progress_size() - "4.2 GB". Return: @text. */
const char *progress_size(char text[PROGRESS_WORD], double bytes);
/** progress_count() - "38.1 M". Return: @text. */
const char *progress_count(char text[PROGRESS_WORD], double count);

#endif
