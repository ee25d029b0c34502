/* filter.c
 *
 * In: an event. Out: whether it is wanted.
 */
#include "filter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int find_kind(const char *word, size_t size)
{
    for (int kind = GXT_KIND_BAD + 1; kind < GXT_N_KINDS; kind++) {
        const char *name = gxt_kind_name(kind);
        if (strlen(name) == size && !strncasecmp(name, word, size))
            return kind;
    }
    return GXT_KIND_BAD;
}

const char *filter_add_kinds(struct filter *filter, const char *words)
{
    for (;;) {
        size_t size = strcspn(words, ",");
        int kind = find_kind(words, size);
        if (kind == GXT_KIND_BAD)
            return words;
        filter->kinds |= UINT32_C(1) << kind;
        if (!words[size])
            return NULL;
        words += size + 1;
    }
}

int filter_add_id(struct filter_ids *ids, int64_t id)
{
    int64_t *grown = realloc(ids->ids, (ids->n + 1) * sizeof(*grown));

    if (!grown)
        return -1;
    grown[ids->n++] = id;
    ids->ids = grown;
    return 0;
}

void filter_done(struct filter *filter)
{
    free(filter->goroutines.ids);
    free(filter->procs.ids);
    free(filter->threads.ids);
    *filter = (struct filter){0};
}

bool filter_is_set(const struct filter *filter)
{
    return filter->kinds || filter->goroutines.n || filter->procs.n || filter->threads.n;
}

static bool belongs_to_any(const struct gxt_event *event, enum gxt_resource resource, const struct filter_ids *ids)
{
    for (size_t i = 0; i < ids->n; i++)
        if (gxt_event_belongs(event, (struct gxt_resource_id){resource, ids->ids[i]}))
            return true;
    return ids->n == 0;
}

static size_t list(const struct filter_ids *ids, enum gxt_resource resource, struct gxt_resource_id *ret)
{
    for (size_t i = 0; i < ids->n; i++)
        ret[i] = (struct gxt_resource_id){resource, ids->ids[i]};
    return ids->n;
}

int filter_resources(const struct filter *filter, struct gxt_resource_id **ret, size_t *ret_n)
{
    size_t most = filter->goroutines.n + filter->procs.n + filter->threads.n;
    struct gxt_resource_id *ids = calloc(most + 1, sizeof(*ids));

    if (!ids)
        return -1;
    *ret = ids;
    *ret_n = filter->goroutines.n ? list(&filter->goroutines, GXT_RESOURCE_GOROUTINE, ids)
             : filter->threads.n  ? list(&filter->threads, GXT_RESOURCE_THREAD, ids)
                                  : list(&filter->procs, GXT_RESOURCE_PROC, ids);
    return 0;
}

bool filter_passes(const struct filter *filter, const struct gxt_event *event)
{
    if (filter->kinds && !(filter->kinds >> event->kind & 1))
        return false;
    return belongs_to_any(event, GXT_RESOURCE_GOROUTINE, &filter->goroutines) &&
           belongs_to_any(event, GXT_RESOURCE_PROC, &filter->procs) &&
           belongs_to_any(event, GXT_RESOURCE_THREAD, &filter->threads);
}
