/* trace.c: <gxt/trace.h>. */
#include "replay.h"

#include <gxt/gxt.h>

int gxt_trace_open(const char *path, struct gxt_trace **ret, struct gxt_error *reterr)
{
    return trace_open(path, ret, reterr);
}

struct gxt_trace *gxt_trace_close(struct gxt_trace *trace)
{
    return trace_close(trace);
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
