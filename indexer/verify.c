/* verify.c: `gxt verify`, whether an index is whole, and with --deep whether its trace still is what was indexed.
 *
 * In: a trace and its index. Out: a line of what was looked at, or what is wrong.
 */
#include "verbs.h"

#include "report.h"
#include "session.h"
#include <unistd.h>

static void put(struct out *out, const char *name, uint64_t value)
{
    out_text(out, name);
    out_unsigned(out, value);
}

static int run(struct session *session, struct out *out)
{
    struct gxt_verified found;
    struct gxt_error error;

    if (gxt_index_verify(session->index, session->options->deep, &found, &error) < 0)
        return report_error(error.code == GXT_ESTALE ? session->options->trace : session->index_path, &error);
    put(out, "whole: Records=", found.n_records);
    put(out, " Generations=", found.n_generations);
    put(out, " Checkpoints=", found.n_checkpoints);
    put(out, " Batches=", found.n_batches);
    put(out, " TraceBytesRead=", found.n_bytes_read);
    out_char(out, '\n');
    return report_output(out);
}

int verb_verify(const struct options *options)
{
    struct session session;
    struct out out;
    int r = out_init(&out, STDOUT_FILENO);

    if (r < 0)
        return report_memory();
    r = session_open(&session, options);
    if (r == STATUS_DONE && !session.index)
        r = report_error(session.index_path ? session.index_path : options->trace, &session.index_error);
    else if (r == STATUS_DONE)
        r = run(&session, &out);
    session_close(&session);
    out_done(&out);
    return r;
}
