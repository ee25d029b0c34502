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
