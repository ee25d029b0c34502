/* progress.c
 *
 * In: how far a build is. Out: one line, drawn over the one before.
 */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* To the line's start, and clear to its end (ECMA-48 EL). */
#define ERASE "\r\033[K"

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static const char *scale(char text[PROGRESS_WORD], double value, const char *const units[5])
{
    int unit = 0;

    for (; value >= 999.5 && unit < 4; unit++)
        value /= 1000;
    snprintf(text, PROGRESS_WORD, unit && value < 99.95 ? "%.1f%s" : "%.0f%s", value, units[unit]);
    return text;
}

const char *progress_size(char text[PROGRESS_WORD], double bytes)
{
    static const char *const units[] = {" bytes", " kB", " MB", " GB", " TB"};

    return scale(text, bytes, units);
}

const char *progress_count(char text[PROGRESS_WORD], double count)
{
    static const char *const units[] = {"", " k", " M", " G", " T"};

    return scale(text, count, units);
}

void progress_begin(struct progress *progress, bool is_drawn, uint64_t bytes_total)
{
    struct gxt_progress none = {.bytes_total = bytes_total};

    *progress = (struct progress){.is_drawn = is_drawn, .start_ns = now_ns()};
    progress_draw(progress, &none);
}

double progress_seconds(const struct progress *progress)
{
    return (double)(now_ns() - progress->start_ns) / 1e9;
}

/* How many characters fit on a line, or a usual number where that is not known. */
static int columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col - 1;
    return 79;
}

static void put_left(char *line, size_t size, double seconds)
{
    size_t used = strlen(line);

    if (seconds < 60)
        snprintf(line + used, size - used, "  %.0f s left", seconds);
    else if (seconds < 3600)
        snprintf(line + used, size - used, "  %.0f min left", seconds / 60);
    else
        snprintf(line + used, size - used, "  %.1f h left", seconds / 3600);
}

/* Rates are those since the first news of the build. */
static void measure(struct progress *progress, const struct gxt_progress *state, double *ret_bytes, double *ret_events)
{
    int64_t now = now_ns();
    double seconds;

    if (!progress->first_ns && state->bytes_done) {
        progress->first_ns = now;
        progress->first_bytes = state->bytes_done;
        progress->first_events = state->events_done;
    }
    seconds = (double)(now - progress->first_ns) / 1e9;
    *ret_bytes = *ret_events = 0;
    if (!progress->first_ns || seconds <= 0)
        return;
    *ret_bytes = (double)(state->bytes_done - progress->first_bytes) / seconds;
    *ret_events = (double)(state->events_done - progress->first_events) / seconds;
}

void progress_draw(struct progress *progress, const struct gxt_progress *state)
{
    char line[256], done[PROGRESS_WORD], total[PROGRESS_WORD], events[PROGRESS_WORD];
    double bytes_rate, events_rate, total_bytes = (double)state->bytes_total;

    if (!progress->is_drawn)
        return;
    measure(progress, state, &bytes_rate, &events_rate);
    snprintf(line, sizeof(line), "%3.0f %%  %s of %s  %.0f MB/s  %s events/s",
             total_bytes > 0 ? 100 * (double)state->bytes_done / total_bytes : 0,
             progress_size(done, (double)state->bytes_done), progress_size(total, total_bytes), bytes_rate / 1e6,
             progress_count(events, events_rate));
    if (bytes_rate > 0)
        put_left(line, sizeof(line), (total_bytes - (double)state->bytes_done) / bytes_rate);
    fprintf(stderr, ERASE "%.*s", columns(), line);
    fflush(stderr);
    progress->is_shown = true;
}

void progress_clear(struct progress *progress)
{
    if (!progress->is_shown)
        return;
    fputs(ERASE, stderr);
    fflush(stderr);
    progress->is_shown = false;
}
