/* goroutines.c: <gxt/goroutines.h>. */
#include "replay.h"

#include <gxt/gxt.h>

int gxt_goroutines_new(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_goroutines **ret,
                       struct gxt_error *reterr)
{
    return goroutines_new(trace, index, ret, reterr);
}

struct gxt_goroutines *gxt_goroutines_free(struct gxt_goroutines *goroutines)
{
    return goroutines_free(goroutines);
}

void gxt_goroutines_loss(const struct gxt_goroutines *goroutines, struct gxt_loss *ret)
{
    *ret = goroutines->loss;
}

size_t gxt_goroutines_len(const struct gxt_goroutines *goroutines)
{
    return goroutines->n;
}

int gxt_goroutines_at(const struct gxt_goroutines *goroutines, size_t i, struct gxt_goroutine *ret,
                      struct gxt_error *reterr)
{
    return goroutines_at(goroutines, i, ret, reterr);
}
