/* fault.c
 *
 * In: what a function saw go wrong. Out: one struct gxt_error. Never: a second sentence about the same error.
 */
#include "base.h"

#include <errno.h>
#include <stdio.h>

__attribute__((format(printf, 4, 0))) static void fill(struct gxt_error *fault, int code, uint64_t offset,
                                                       const char *format, va_list arguments)
{
    fault->code = code;
    fault->system_errno = 0;
    fault->offset = offset;
    (void)vsnprintf(fault->message, sizeof fault->message, format, arguments);
}

int fault_set(struct gxt_error *fault, int code, uint64_t offset, const char *format, ...)
{
    va_list arguments;

    if (!fault)
        return code;
    va_start(arguments, format);
    fill(fault, code, offset, format, arguments);
    va_end(arguments);
    return code;
}

int fault_set_errno(struct gxt_error *fault, int system_errno, const char *format, ...)
{
    int code = system_errno == ENOENT ? GXT_ENOENT : system_errno == ENOMEM ? GXT_ENOMEM : GXT_EIO;
    va_list arguments;

    if (!fault)
        return code;
    va_start(arguments, format);
    fill(fault, code, GXT_NO_OFFSET, format, arguments);
    va_end(arguments);
    fault->system_errno = system_errno;

    size_t used = strlen(fault->message);
    char text[128];
    (void)snprintf(fault->message + used, sizeof fault->message - used, ": %s",
                   strerror_r(system_errno, text, sizeof text));
    return code;
}

void loss_note(struct gxt_loss *loss, const struct gxt_error *fault, uint64_t n_bytes)
{
    loss->n_faults++;
    if (loss->first.code == 0)
        loss->first = *fault;
    loss->n_bytes += n_bytes;
}

void loss_add(struct gxt_loss *sum, const struct gxt_loss *later)
{
    if (later->first.code == 0)
        return;
    if (sum->first.code == 0) {
        *sum = *later;
        return;
    }
    sum->n_faults += later->n_faults;
    sum->n_generations += later->n_generations;
    sum->n_bytes += later->n_bytes;
    sum->n_names += later->n_names;
    sum->to_ns = sum->to_ns > later->to_ns ? sum->to_ns : later->to_ns;
}
