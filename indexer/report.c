/* report.c
 *
 * In: errors. Out: lines on stderr. Never: data.
 */
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void report(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("gxt: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

int report_error(const char *name, const struct gxt_error *error)
{
    const char *message = error->message[0] ? error->message : gxt_strerror(error->code);

    if (error->offset == GXT_NO_OFFSET)
        report("%s: %s", name, message);
    else
        report("%s: byte %" PRIu64 ": %s", name, error->offset, message);
    return STATUS_FAILED;
}

/* "1.250s" */
static void put_seconds(char *ret, size_t size, int64_t ns)
{
    const bool is_negative = ns < 0;
    const uint64_t length = is_negative ? -(uint64_t)ns : (uint64_t)ns;

    snprintf(ret, size, "%s%" PRIu64 ".%06us", is_negative ? "-" : "", length / 1000000000,
             (unsigned)(length % 1000000000 / 1000));
}

int report_loss(const char *name, const struct gxt_loss *loss, int64_t start_ns)
{
    char from[32], to[32];

    if (!loss->first.code)
        return STATUS_DONE;
    put_seconds(from, sizeof(from), (int64_t)((uint64_t)loss->from_ns - (uint64_t)start_ns));
    put_seconds(to, sizeof(to), (int64_t)((uint64_t)loss->to_ns - (uint64_t)start_ns));
    report("%s: recovered with loss: between %s and %s, of %" PRIu64 " %s, %" PRIu64 " bytes and %" PRIu64
           " strings and stacks, by %" PRIu64 " %s; the first of them:",
           name, from, to, loss->n_generations, loss->n_generations == 1 ? "generation" : "generations", loss->n_bytes,
           loss->n_names, loss->n_faults, loss->n_faults == 1 ? "fault" : "faults");
    (void)report_error(name, &loss->first);
    return STATUS_LOSS;
}

int report_memory(void)
{
    report("no memory");
    return STATUS_FAILED;
}

int report_output(struct out *out)
{
    if (!out_is_lost(out))
        out_flush(out);
    if (!out->failed)
        return STATUS_DONE;
    report("cannot write the result: %s", strerror(out->failed));
    return STATUS_FAILED;
}

bool report_is_terminal(void)
{
    return isatty(STDERR_FILENO);
}
