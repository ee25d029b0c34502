/* trace.c: <gxt/trace.h>. */
#include "replay.h"

#include <gxt/gxt.h>

int gxt_trace_open(const char *path, struct gxt_trace **ret, struct gxt_error *reterr)
{
    return trace_open_with(path, NULL, ret, reterr);
}

int gxt_trace_open_with(const char *path, const struct gxt_trace_options *options, struct gxt_trace **ret,
                        struct gxt_error *reterr)
{
    return trace_open_with(path, options, ret, reterr);
}

int gxt_trace_open_fd(int fd, const struct gxt_trace_options *options, struct gxt_trace **ret, struct gxt_error *reterr)
{
    return trace_open_fd(fd, options, ret, reterr);
}

const char *gxt_trace_spool(const struct gxt_trace *trace)
{
    return trace->source.spool;
}

struct gxt_trace *gxt_trace_close(struct gxt_trace *trace)
{
    return trace_close(trace);
}

int gxt_guard_install(struct gxt_error *reterr)
{
    return guard_install(reterr);
}

int gxt_trace_recover(struct gxt_trace *trace, struct gxt_error *reterr)
{
    return trace_recover(trace, reterr);
}

int gxt_trace_estimate(const struct gxt_trace *trace, struct gxt_estimate *ret, struct gxt_error *reterr)
{
    return trace_estimate(trace, ret, reterr);
}

void gxt_trace_facts(const struct gxt_trace *trace, struct gxt_facts *ret)
{
    *ret = trace->facts;
}
