/* report.h: words for a person, on stderr, one line each.
 */
#ifndef REPORT_H
#define REPORT_H

#include "out.h"
#include <gxt/error.h>

/** Exit statuses. */
enum status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_LOSS = 3, /* done, with loss: --recover had to leave something out */
};

/** report() - "gxt: " and a sentence */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** report_error() - "gxt: app.trace: byte 81932: batch longer than file". Return: STATUS_FAILED. */
int report_error(const char *name, const struct gxt_error *error);

/** report_loss() - what was left out; nothing when that is nothing
 * @start_ns:  of the trace: times are told from there
 * Return: STATUS_DONE, or STATUS_LOSS. */
int report_loss(const char *name, const struct gxt_loss *loss, int64_t start_ns);

/** report_memory() - that there is none left. Return: STATUS_FAILED. */
int report_memory(void);

/** report_output() - flush @out, and say it when that did not work
 * Return: STATUS_DONE, also when the reader has gone; STATUS_FAILED. */
int report_output(struct out *out);

/** report_is_terminal() - whether a person reads along */
bool report_is_terminal(void);

#endif
