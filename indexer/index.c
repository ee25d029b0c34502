/* index.c: `gxt index`, build a trace's index.
 *
 * In: a trace. Out: the sidecar; how far it is and what was built, on stderr.
 */
#include "verbs.h"

#include "progress.h"
#include "report.h"
#include "session.h"
#include <gxt/gxt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct build {
    const struct options *options;
    struct gxt_trace *trace;
    struct gxt_facts facts;
    char *path;
    struct progress progress;
    ino_t old_file;                       /* that serves until another one is complete; 0 for none */
    bool is_running;                      /* the library had something to do, and began */
    uint64_t bytes_before, events_before; /* that an earlier build had covered */
};

/* Set by the handler, seen by the next call of on_progress(). */
static volatile sig_atomic_t is_interrupted;

static void on_signal(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int on_progress(void *user, const struct gxt_progress *state)
{
    struct build *build = user;

    if (!build->is_running) {
        build->is_running = true;
        build->bytes_before = state->bytes_done;
        build->events_before = state->events_done;
    }
    progress_draw(&build->progress, state);
    return is_interrupted;
}

/* What the index at the path holds. Return: as gxt_index_open(). */
static int look(const struct build *build, struct gxt_index_facts *ret)
{
    struct gxt_index *index;
    int r = gxt_index_open(build->trace, build->path, &index, NULL);

    if (r < 0)
        return r;
    r = gxt_index_facts(index, ret, NULL);
    gxt_index_close(index);
    return r;
}

static void tell_content(const struct build *build, const struct gxt_index_facts *facts, const char *verb)
{
    char size[PROGRESS_WORD];
    double share = build->facts.size_bytes ? 100.0 * (double)facts->size_bytes / (double)build->facts.size_bytes : 0;

    report("%s: %s: %" PRIu64 " events in %" PRIu64 " generations, %s, %.1f %% of the trace", build->path, verb,
           facts->n_events, facts->n_generations, progress_size(size, (double)facts->size_bytes), share);
}

static void tell_built(const struct build *build)
{
    struct gxt_index_facts facts;
    char size[PROGRESS_WORD], events[PROGRESS_WORD];
    double seconds = progress_seconds(&build->progress), bytes = (double)build->facts.size_bytes;
    double n_events;

    if (look(build, &facts) < 0)
        return;
    if (!build->is_running) {
        tell_content(build, &facts, "complete already (--force builds it anew)");
        return;
    }
    tell_content(build, &facts, facts.fault.code ? "built up to the trace's fault" : "built");
    n_events = (double)(facts.n_events - build->events_before);
    bytes -= (double)build->bytes_before;
    if (seconds > 0)
        report("%s read in %.2f s, %.0f MB/s, %s events/s", progress_size(size, bytes), seconds, bytes / seconds / 1e6,
               progress_count(events, n_events / seconds));
}

/* The file at the path; 0 for none. */
static ino_t file_there(const struct build *build)
{
    struct stat status;
    return stat(build->path, &status) == 0 ? status.st_ino : 0;
}

static bool old_stays(const struct build *build)
{
    return build->old_file != 0 && file_there(build) == build->old_file;
}

static int tell_stopped(const struct build *build)
{
    struct gxt_index_facts facts;

    if (old_stays(build))
        report("%s: stopped; the index that was there stays as it was", build->path);
    else if (look(build, &facts) < 0)
        report("%s: stopped before anything was committed", build->path);
    else
        report("%s: stopped; the last commit is kept: %" PRIu64 " generations, %" PRIu64 " of %" PRIu64
               " bytes; `gxt index` goes on from there",
               build->path, facts.n_generations, facts.covered_bytes, build->facts.size_bytes);
    return STATUS_FAILED;
}

/* Whether an error is the sidecar's and not the trace's. */
static bool is_about_index(int code)
{
    return code == GXT_EIO || code == GXT_EBUSY || code == GXT_EINDEX || code == GXT_ENOENT || code == GXT_EINVAL;
}

/* Whether a trace's fault has been reached: what comes before it is indexed. */
static bool is_trace_fault(int code)
{
    return code == GXT_ECORRUPT || code == GXT_ETRUNCATED || code == GXT_EORDER || code == GXT_ELIMIT;
}

static int tell_loss(const struct build *build)
{
    struct gxt_index_facts facts;

    if (!build->options->recover || look(build, &facts) < 0)
        return STATUS_DONE;
    return report_loss(build->options->trace, &facts.loss, build->facts.start_ns);
}

/* What an error means for the index. */
static int tell_failed(const struct build *build, const struct gxt_error *error)
{
    const int status = report_error(is_about_index(error->code) ? build->path : build->options->trace, error);

    if (!is_trace_fault(error->code) && error->code != GXT_EBUSY && old_stays(build))
        report("%s: the index that was there stays as it was", build->path);
    return status;
}

static int build_index(struct build *build)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    enum progress_wish wish = build->options->progress;
    struct gxt_error error = {.offset = GXT_NO_OFFSET};
    struct gxt_index_facts before;
    int r;

    catch_signals();
    build->old_file = build->options->force && look(build, &before) == 0 ? file_there(build) : 0;
    options.rebuild = build->options->force;
    options.progress = on_progress;
    options.user = build;
    options.threads = build->options->threads;
    progress_begin(&build->progress, wish == PROGRESS_ALWAYS || (wish == PROGRESS_ON_TERMINAL && report_is_terminal()),
                   build->facts.size_bytes);
    r = gxt_index_build(build->trace, build->options->index, &options, &error);
    progress_clear(&build->progress);

    if (r == GXT_ECANCELED)
        return tell_stopped(build);
    if (r == 0 || is_trace_fault(r))
        tell_built(build);
    return r < 0 ? tell_failed(build, &error) : tell_loss(build);
}

/* ---- --status ---- */

static int print_status(const struct build *build)
{
    struct gxt_index *index = NULL;
    struct gxt_index_facts facts = {0};
    struct gxt_error error = {0};
    struct out out;
    int r = gxt_index_open(build->trace, build->path, &index, &error);

    if (r == 0)
        r = gxt_index_facts(index, &facts, &error);
    gxt_index_close(index);
    if (r < 0 && r != GXT_ENOENT && r != GXT_ESTALE && r != GXT_EINDEX)
        return report_error(build->path, &error);
    int building = gxt_index_is_building(build->path, &error);
    if (building < 0)
        return report_error(build->path, &error);
    if (out_init(&out, STDOUT_FILENO) < 0)
        return report_memory();
    out_text(&out, "state: ");
    out_text(&out, r == GXT_ENOENT     ? "none"
                   : r < 0             ? "unfit"
                   : !facts.complete   ? "partial"
                   : !facts.up_to_date ? "outgrown"
                                       : "complete");
    out_text(&out, "\nbuilding: ");
    out_text(&out, building ? "yes" : "no");
    out_text(&out, "\ncovered: ");
    out_unsigned(&out, facts.covered_bytes);
    out_text(&out, " of ");
    out_unsigned(&out, build->facts.size_bytes);
    out_text(&out, " bytes\ngenerations: ");
    out_unsigned(&out, facts.n_generations);
    out_text(&out, "\nevents: ");
    out_unsigned(&out, facts.n_events);
    out_char(&out, '\n');
    r = report_output(&out);
    out_done(&out);
    return r;
}

/* ---- --follow ---- */

static void sleep_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL); /* a signal ends it */
}

/* Waits until the trace has another length. Return: whether it has; else a signal came. */
static bool wait_for_more(const struct build *build)
{
    struct stat status;

    while (!is_interrupted) {
        if (stat(build->options->trace, &status) == 0 && (uint64_t)status.st_size != build->facts.size_bytes)
            return true;
        sleep_ms(200);
    }
    return false;
}

/* One look at the trace. A trace that is being written ends anywhere: that is no fault. Return: whether to go on. */
static bool follow_once(struct build *build, int *ret)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error = {.offset = GXT_NO_OFFSET};
    double begin;

    options.progress = on_progress;
    options.user = build;
    options.threads = build->options->threads;
    options.rebuild = build->options->force && !build->is_running;
    progress_begin(&build->progress, build->options->progress == PROGRESS_ALWAYS, build->facts.size_bytes);
    begin = progress_seconds(&build->progress);
    int r = gxt_index_build(build->trace, build->options->index, &options, &error);
    build->is_running = true;
    progress_clear(&build->progress);
    if (r < 0 && r != GXT_ETRUNCATED && r != GXT_ECANCELED) {
        *ret = report_error(is_about_index(r) ? build->path : build->options->trace, &error);
        return false;
    }
    /* Going on reads again what was indexed: that is not to take more than a tenth of the time. */
    sleep_ms((long)((progress_seconds(&build->progress) - begin) * 9000));
    return !is_interrupted;
}

static int follow(struct build *build)
{
    struct gxt_index_facts facts;
    struct gxt_error error;
    int r = STATUS_DONE;

    catch_signals();
    while (follow_once(build, &r) && wait_for_more(build)) {
        gxt_trace_close(build->trace);
        build->trace = NULL;
        if (gxt_trace_open(build->options->trace, &build->trace, &error) < 0)
            return report_error(build->options->trace, &error);
        gxt_trace_facts(build->trace, &build->facts);
    }
    if (r == STATUS_DONE && look(build, &facts) == 0)
        tell_content(build, &facts, "followed");
    return r;
}

static int find_path(struct build *build)
{
    struct gxt_error error;
    int r;

    if (build->options->index) {
        build->path = strdup(build->options->index);
        return build->path ? STATUS_DONE : report_memory();
    }
    r = gxt_index_path(build->options->trace, &build->path, &error);
    return r < 0 ? report_error(build->options->trace, &error) : STATUS_DONE;
}

/* The spool of a packed trace is kept beside the index: what the index tells of must be there to be read. */
static int open_trace(struct build *build, bool keep)
{
    struct gxt_trace_options how = GXT_TRACE_OPTIONS_INIT;
    struct gxt_error error;
    char size[PROGRESS_WORD], *spool;
    int r;

    if (asprintf(&spool, "%s" SESSION_SPOOL, build->path) < 0)
        return report_memory();
    how.spool = spool;
    how.keep = keep;
    r = gxt_trace_open_with(build->options->trace, &how, &build->trace, &error);
    free(spool);
    if (r == 0 && build->options->recover)
        r = gxt_trace_recover(build->trace, &error);
    if (r < 0)
        return report_error(build->options->trace, &error);
    gxt_trace_facts(build->trace, &build->facts);
    if (gxt_trace_spool(build->trace) && keep)
        report("%s: the unpacked trace, %s, is kept here for the index; without it every verb unpacks it anew",
               gxt_trace_spool(build->trace), progress_size(size, (double)build->facts.size_bytes));
    return STATUS_DONE;
}

static int refuse_to_follow(const struct build *build)
{
    report("%s: a packed trace is not followed; unpack it with a pipe into a file, and follow that",
           build->options->trace);
    return STATUS_USAGE;
}

int verb_index(const struct options *options)
{
    struct build build = {.options = options};
    int r;

    r = find_path(&build);
    if (r == STATUS_DONE)
        r = open_trace(&build, !options->status && !options->follow);
    if (r == STATUS_DONE && options->follow && build.facts.packing != GXT_PACKING_NONE)
        r = refuse_to_follow(&build);
    else if (r == STATUS_DONE)
        r = options->status ? print_status(&build) : options->follow ? follow(&build) : build_index(&build);
    free(build.path);
    gxt_trace_close(build.trace);
    return r;
}
