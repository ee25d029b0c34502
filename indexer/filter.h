/* filter.h: which events a person wants to see.
 */
#ifndef FILTER_H
#define FILTER_H

#include <gxt/event.h>

/** Ids of one option: an event passes when it belongs to one of them. */
struct filter_ids {
    int64_t *ids;
    size_t n;
};

/** All that is set must hold. All zero lets every event pass. */
struct filter {
    uint32_t kinds; /**< a bit for each kind that passes; 0: all do */
    struct filter_ids goroutines, procs, threads;
};

/** filter_add_kinds() - Go's words, separated by commas, in any case. Return: NULL, or the word that is no kind. */
const char *filter_add_kinds(struct filter *filter, const char *words);
/** filter_add_id() - Return: 0; -1 when there is no memory. */
int filter_add_id(struct filter_ids *ids, int64_t id);
/** filter_done() - frees what was added */
void filter_done(struct filter *filter);

/** filter_resources() - the resources of one option, of which every event that passes belongs to one: of goroutines if
 * there are any, else of threads, else of processors. @ret: to be freed. Return: 0; -1 when there is no memory. */
int filter_resources(const struct filter *filter, struct gxt_resource_id **ret, size_t *ret_n);

/** filter_is_set() - whether it keeps anything back */
bool filter_is_set(const struct filter *filter);
/** filter_passes() - whether an event is wanted */
bool filter_passes(const struct filter *filter, const struct gxt_event *event);

#endif
