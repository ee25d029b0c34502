/* index.c: <gxt/index.h>. */
#include "replay.h"

#include <gxt/gxt.h>

int gxt_index_path(const char *trace_path, char **ret, struct gxt_error *reterr)
{
    return place_of_index(trace_path, ret, reterr);
}

int gxt_index_build(struct gxt_trace *trace, const char *path, const struct gxt_build_options *options,
                    struct gxt_error *reterr)
{
    return build(trace, path, options, reterr);
}

int gxt_index_open(struct gxt_trace *trace, const char *path, struct gxt_index **ret, struct gxt_error *reterr)
{
    return index_open(trace, path, ret, reterr);
}

struct gxt_index *gxt_index_close(struct gxt_index *index)
{
    return index_close(index);
}

int gxt_index_facts(const struct gxt_index *index, struct gxt_index_facts *ret, struct gxt_error *reterr)
{
    return index_facts(index, ret, reterr);
}

int gxt_index_damage(const struct gxt_index *index, struct gxt_error *ret)
{
    return index_damage(index, ret);
}

int gxt_index_generation(const struct gxt_index *index, gxt_gen generation, struct gxt_generation *ret,
                         struct gxt_error *reterr)
{
    return index_generation(index, generation, ret, reterr);
}

int gxt_index_stack(const struct gxt_index *index, uint64_t id, const struct gxt_stack **ret, struct gxt_error *reterr)
{
    return index_stack(index, id, ret, reterr);
}

int gxt_index_verify(const struct gxt_index *index, bool deep, struct gxt_verified *ret, struct gxt_error *reterr)
{
    return index_verify(index, deep, ret, reterr);
}

int gxt_index_is_building(const char *path, struct gxt_error *reterr)
{
    return store_is_building(path, reterr);
}

int gxt_index_estimate(const struct gxt_index *index, int64_t from_ns, int64_t to_ns, struct gxt_estimate *ret,
                       struct gxt_error *reterr)
{
    return index_estimate(index, from_ns, to_ns, ret, reterr);
}
