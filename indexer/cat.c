/* cat.c: `gxt cat`, events as text, NDJSON or CSV.
 *
 * In: a window and filters. Out: events on stdout, and behind them the trace's fault on stderr, if the walk met it.
 */
#include "verbs.h"

#include "print.h"
#include "report.h"
#include "session.h"
#include <stdlib.h>
#include <unistd.h>

static const struct {
    print_event *event;
    frames_render *stack;
} formats[] = {
    [FORMAT_TEXT] = {print_text, print_text_stack},
    [FORMAT_NDJSON] = {print_ndjson, print_ndjson_stack},
    [FORMAT_CSV] = {print_csv, print_csv_stack},
};

/* The next event, of those that belong to a resource where that is wished. */
static int next(struct gxt_cursor *cursor, const struct gxt_resource_id *ids, size_t n, const struct gxt_event **ret)
{
    return n > 0 ? gxt_cursor_next_of(cursor, ids, n, ret) : gxt_cursor_next(cursor, ret);
}

/* Walks from the cursor's place. Return: an exit status. */
static int walk(struct session *session, const struct place *to, struct printer *printer)
{
    const struct options *options = session->options;
    print_event *print = formats[options->format].event;
    uint64_t left = options->has_limit ? options->limit : UINT64_MAX;
    bool is_filtered = filter_is_set(&options->filter), is_terminal = isatty(STDOUT_FILENO);
    const struct gxt_event *event;
    struct gxt_resource_id *ids;
    size_t n_ids;
    int r = 0;

    if (filter_resources(&options->filter, &ids, &n_ids) < 0)
        return report_memory();
    while (left && !out_is_lost(printer->out) && (r = next(session->cursor, ids, n_ids, &event)) == 1) {
        if (place_is_reached(to, event))
            break;
        if (is_filtered && !filter_passes(&options->filter, event))
            continue;
        print(printer, event);
        left--;
        if (is_terminal)
            out_flush(printer->out);
    }
    free(ids);
    return r < 0 ? STATUS_FAILED : STATUS_DONE;
}

/* Prints what is in the window. The fault comes after the events. */
static int print_window(struct session *session, const struct place *from, const struct place *to,
                        struct printer *printer)
{
    int r, output;

    if ((r = session_seek(session, from)) != STATUS_DONE)
        return r;
    if (session->options->format == FORMAT_CSV)
        print_csv_header(printer->out);
    r = walk(session, to, printer);
    output = report_output(printer->out);
    if (r != STATUS_DONE && output == STATUS_DONE && !printer->out->is_closed)
        return session_fault(session);
    return output;
}

static int run(struct session *session, struct printer *printer)
{
    struct place from, to;
    int r;

    if ((r = session_place(session, &session->options->from, &from)) != STATUS_DONE ||
        (r = session_place(session, &session->options->to, &to)) != STATUS_DONE)
        return r;
    return print_window(session, &from, &to, printer);
}

int verb_cat(const struct options *options)
{
    struct session session;
    struct out out;
    struct printer printer = {.out = &out, .frames = frames_new(formats[options->format].stack)};
    int r = out_init(&out, STDOUT_FILENO);

    if (r < 0 || !printer.frames) {
        r = report_memory();
        goto out;
    }
    if ((r = session_open_as(&session, options, !when_needs_end(&options->from) && !when_needs_end(&options->to),
                             &out)) == STATUS_DONE) {
        session_tell_index(&session);
        r = run(&session, &printer);
    }
    if (r == STATUS_DONE && !out.is_closed)
        r = session_loss(&session, NULL);
    session_close(&session);
out:
    frames_free(printer.frames);
    out_done(&out);
    return r;
}
