/* info.c: `gxt info`, what is known of a trace without reading it.
 *
 * In: the trace's facts, and those of its index. Out: a line for each, or a JSON object. Never: a scan.
 */
#include "verbs.h"

#include "json.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "wall.h"
#include <stdio.h>
#include <unistd.h>

/* The wall clock of the trace's first event. */
struct wall {
    int64_t sec, nsec;
};

/* Wraps as Go's clocks do: a hostile snapshot gives a wrong date and nothing worse. */
static struct wall wall_of_start(const struct gxt_facts *facts)
{
    int64_t ns = (int64_t)((uint64_t)facts->start_ns - (uint64_t)facts->clock_ns);
    int64_t nsec = facts->wall_nsec + ns % 1000000000;

    return (struct wall){.sec = (int64_t)((uint64_t)facts->wall_sec + (uint64_t)(ns / 1000000000)), .nsec = nsec};
}

/* The state of the index in one word. */
static const char *index_word(const struct session *session)
{
    if (session->options->no_index || options_is_stdin(session->options) || session->facts.is_stream)
        return "not asked";
    if (!session->index)
        return session->index_error.code == GXT_ENOENT ? "none" : "unfit";
    if (!session->index_facts.complete)
        return "partial";
    if (session->index_facts.up_to_date)
        return "complete";
    return session->index_facts.covered_bytes > 0 && session->index_facts.recovers != session->options->recover &&
                   (session->index_facts.fault.code || session->index_facts.loss.first.code)
               ? "complete up to a fault"
               : "outgrown";
}

static const char *index_why(const struct session *session)
{
    const struct gxt_error *error = &session->index_error;

    return error->message[0] ? error->message : gxt_strerror(error->code);
}

static void put_line(struct out *out, const char *name, const char *value)
{
    char line[32];

    snprintf(line, sizeof(line), "%-13s", name);
    out_text(out, line);
    out_text(out, value);
    out_char(out, '\n');
}

static void put_number(struct out *out, const char *name, uint64_t number, const char *unit)
{
    char value[64];
    char *end = put_unsigned(value, number);

    snprintf(end, sizeof(value) - 20, "%s", unit);
    put_line(out, name, value);
}

static void put_version(struct out *out, int version)
{
    char value[80];
    const char *also = version == 23   ? ", written by Go 1.23 and 1.24"
                       : version == 26 ? ", written by Go 1.26 and later"
                                       : "";

    snprintf(value, sizeof(value), "go 1.%d%s", version, also);
    put_line(out, "version:", value);
}

static void put_start(struct out *out, const struct gxt_facts *facts)
{
    char value[WALL_SIZE];
    struct wall wall = wall_of_start(facts);

    value[0] = '@';
    *put_signed(value + 1, facts->start_ns) = 0;
    put_line(out, "start:", value);
    if (facts->has_wall) {
        *wall_put(value, wall.sec, wall.nsec) = 0;
        put_line(out, "wall clock:", value);
    } else {
        put_line(out, "wall clock:", "unknown (traces tell it from Go 1.25 on)");
    }
}

static void put_covered(struct out *out, const struct gxt_index_facts *facts, const struct gxt_facts *trace)
{
    char value[64], *at;
    uint64_t length = (uint64_t)facts->last_ns - (uint64_t)trace->start_ns;

    at = put_unsigned(value, length / 1000000000);
    snprintf(at, 16, ".%09u", (unsigned)(length % 1000000000));
    at = PUT_LITERAL(at + 10, " s");
    *at = 0;
    put_line(out, "length:", value);
    put_number(out, "generations:", facts->n_generations, "");
    put_number(out, "events:", facts->n_events, facts->complete ? "" : " (indexed so far)");
    for (int kind = 0; kind < GXT_N_KINDS; kind++) {
        if (!facts->n_by_kind[kind])
            continue;
        out_bytes(out, "  ", 2);
        snprintf(value, sizeof(value), "%-17s", gxt_kind_name(kind));
        out_text(out, value);
        out_unsigned(out, facts->n_by_kind[kind]);
        out_char(out, '\n');
    }
    put_number(out, "strings:", facts->n_strings, "");
    put_number(out, "stacks:", facts->n_stacks, "");
}

static void put_fault(struct out *out, const struct gxt_error *fault)
{
    char value[sizeof(fault->message) + 32];

    if (fault->offset == GXT_NO_OFFSET)
        snprintf(value, sizeof(value), "%s", fault->message);
    else
        snprintf(value, sizeof(value), "byte %llu: %s", (unsigned long long)fault->offset, fault->message);
    put_line(out, "fault:", value);
}

static void put_loss(struct out *out, const struct gxt_loss *loss)
{
    put_number(out, "faults:", loss->n_faults, " (recovered from)");
    put_number(out, "lost:", loss->n_bytes, " bytes");
    put_number(out, "lost names:", loss->n_names, "");
    put_number(out, "hurt:", loss->n_generations, " generations");
    put_fault(out, &loss->first);
}

/* "index:       complete, app.trace.gxi, 1.2 MB" */
static void put_index(struct out *out, const struct session *session)
{
    const struct gxt_index_facts *facts = &session->index_facts;
    char size[PROGRESS_WORD];

    if (!session->index && session->index_error.code == GXT_ENOENT) {
        put_line(out, "index:", "none (run gxt index)");
        return;
    }
    put_line(out, "index:", index_word(session));
    if (session->index_path && !session->options->no_index)
        put_line(out, "index file:", session->index_path);
    if (session->index_error.code)
        put_line(out, "index fault:", index_why(session));
    if (!session->index)
        return;
    put_line(out, "index size:", progress_size(size, (double)facts->size_bytes));
    put_number(out, "covered:", facts->covered_bytes,
               facts->complete ? " bytes" : " bytes (gxt index goes on from there)");
}

static const char *packing_word(const struct gxt_facts *facts)
{
    return facts->packing == GXT_PACKING_GZIP ? "gzip" : facts->packing == GXT_PACKING_ZSTD ? "zstd" : NULL;
}

/* "packed:      gzip, 12345 bytes" */
static void put_packing(struct out *out, const struct session *session)
{
    const struct gxt_facts *facts = &session->facts;
    const char *word = packing_word(facts);
    char value[64];

    if (!word)
        return;
    if (facts->packed_bytes)
        snprintf(value, sizeof(value), "%s, %llu bytes", word, (unsigned long long)facts->packed_bytes);
    put_line(out, "packed:", facts->packed_bytes ? value : word);
    if (gxt_trace_spool(session->trace))
        put_line(out, "unpacked:", gxt_trace_spool(session->trace));
}

static void print_text_info(struct out *out, const struct session *session)
{
    put_line(out, "trace:", session->options->trace);
    put_version(out, session->facts.version);
    if (session->facts.is_stream)
        put_line(out, "size:", "unknown (not all of it was read)");
    else
        put_number(out, "size:", session->facts.size_bytes, " bytes");
    put_packing(out, session);
    put_start(out, &session->facts);
    if (session->index) {
        put_covered(out, &session->index_facts, &session->facts);
        if (session->index_facts.fault.code)
            put_fault(out, &session->index_facts.fault);
        if (session->index_facts.loss.first.code)
            put_loss(out, &session->index_facts.loss);
    }
    put_index(out, session);
}

static void put_json_clock(struct out *out, const struct gxt_facts *facts)
{
    struct wall wall = wall_of_start(facts);

    if (!facts->has_wall) {
        json_null(out, "wall");
        json_null(out, "clock");
        return;
    }
    json_wall(out, "wall", wall.sec, wall.nsec);
    json_key(out, "clock");
    json_begin(out);
    json_signed(out, "trace", facts->clock_ns);
    json_unsigned(out, "mono", facts->mono_ns);
    json_wall(out, "wall", facts->wall_sec, facts->wall_nsec);
    json_end(out);
}

static void put_json_kinds(struct out *out, const struct gxt_index_facts *facts)
{
    json_key(out, "events_by_kind");
    json_begin(out);
    for (int kind = 0; kind < GXT_N_KINDS; kind++)
        if (facts->n_by_kind[kind])
            json_unsigned(out, gxt_kind_name(kind), facts->n_by_kind[kind]);
    json_end(out);
}

static void put_json_fault(struct out *out, const struct gxt_error *fault)
{
    if (!fault->code) {
        json_null(out, "fault");
        return;
    }
    json_key(out, "fault");
    json_begin(out);
    json_id(out, "offset", (int64_t)fault->offset, (int64_t)GXT_NO_OFFSET);
    json_text(out, "message", fault->message);
    json_end(out);
}

static void put_json_loss(struct out *out, const struct gxt_loss *loss)
{
    if (!loss->first.code) {
        json_null(out, "loss");
        return;
    }
    json_key(out, "loss");
    json_begin(out);
    json_unsigned(out, "faults", loss->n_faults);
    json_unsigned(out, "bytes", loss->n_bytes);
    json_unsigned(out, "names", loss->n_names);
    json_unsigned(out, "generations", loss->n_generations);
    json_signed(out, "from", loss->from_ns);
    json_signed(out, "to", loss->to_ns);
    put_json_fault(out, &loss->first);
    json_end(out);
}

static void put_json_covered(struct out *out, const struct session *session)
{
    const struct gxt_index_facts *facts = &session->index_facts;

    json_signed(out, "last", facts->last_ns);
    json_signed(out, "length", (int64_t)((uint64_t)facts->last_ns - (uint64_t)session->facts.start_ns));
    json_unsigned(out, "generations", facts->n_generations);
    json_unsigned(out, "events", facts->n_events);
    put_json_kinds(out, facts);
    json_unsigned(out, "strings", facts->n_strings);
    json_unsigned(out, "stacks", facts->n_stacks);
    put_json_fault(out, &facts->fault);
    put_json_loss(out, &facts->loss);
}

static void put_json_index(struct out *out, const struct session *session)
{
    json_key(out, "index");
    json_begin(out);
    json_word(out, "state", index_word(session));
    if (session->index_path)
        json_text(out, "file", session->index_path);
    if (session->index_error.code)
        json_text(out, "why", index_why(session));
    if (session->index) {
        json_unsigned(out, "size", session->index_facts.size_bytes);
        json_unsigned(out, "covered", session->index_facts.covered_bytes);
    }
    json_end(out);
}

static void print_json_info(struct out *out, const struct session *session)
{
    char version[16];

    snprintf(version, sizeof(version), "1.%d", session->facts.version);
    json_begin(out);
    json_text(out, "trace", session->options->trace);
    json_word(out, "version", version);
    if (session->facts.is_stream)
        json_null(out, "size");
    else
        json_unsigned(out, "size", session->facts.size_bytes);
    if (packing_word(&session->facts))
        json_word(out, "packed", packing_word(&session->facts));
    json_signed(out, "start", session->facts.start_ns);
    put_json_clock(out, &session->facts);
    if (session->index)
        put_json_covered(out, session);
    put_json_index(out, session);
    json_end(out);
    out_char(out, '\n');
}

int verb_info(const struct options *options)
{
    struct session session;
    struct out out;
    int r = session_open_as(&session, options, true, NULL);

    if (r != STATUS_DONE)
        goto out;
    if (out_init(&out, STDOUT_FILENO) < 0) {
        r = report_memory();
        goto out;
    }
    if (options->json)
        print_json_info(&out, &session);
    else
        print_text_info(&out, &session);
    r = report_output(&out);
    out_done(&out);
    if (r == STATUS_DONE)
        r = session_loss(&session, NULL);
out:
    session_close(&session);
    return r;
}
