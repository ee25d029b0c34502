/* filter.c
 *
 * In: an event. Out: whether it is wanted.
 *
 * An event belongs to a goroutine, processor or thread when that is its context, or when it is about it: a transition,
 * a status, a label, a range. A Sync belongs to none, and so does a range of the whole process, whoever began it.
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

/* Whether an event concerns the whole process. */
static bool is_everyones(const struct gxt_event *event)
{
    switch (event->kind) {
    case GXT_KIND_SYNC:
        return true;
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        return event->range.scope == GXT_SCOPE_PROCESS;
    default:
        return false;
    }
}

/* Whether an event is about a goroutine or processor, whatever its context. */
static bool is_about(const struct gxt_event *event, enum gxt_resource resource, int64_t id)
{
    switch (event->kind) {
    case GXT_KIND_STATE_TRANSITION:
        return event->transition.resource == resource && event->transition.id == id;
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        return event->range.resource == resource && event->range.id == id;
    case GXT_KIND_LABEL:
        return resource == GXT_RESOURCE_GOROUTINE && event->label.goroutine == id;
    default:
        return false;
    }
}

/* Whether a transition puts a goroutine on a thread or takes it off. */
static bool runs_on(const struct gxt_event *event, gxt_threadid thread)
{
    return event->kind == GXT_KIND_STATE_TRANSITION && event->transition.run != GXT_RUN_SAME &&
           event->transition.run_thread == thread;
}

static bool belongs(const struct gxt_event *event, enum gxt_resource resource, int64_t id)
{
    switch (resource) {
    case GXT_RESOURCE_GOROUTINE:
        return event->goroutine == id || is_about(event, resource, id);
    case GXT_RESOURCE_PROC:
        return event->proc == id || is_about(event, resource, id);
    case GXT_RESOURCE_THREAD:
        return event->thread == id || runs_on(event, id);
    default:
        return false;
    }
}

static bool belongs_to_any(const struct gxt_event *event, enum gxt_resource resource, const struct filter_ids *ids)
{
    if (!ids->n)
        return true;
    if (is_everyones(event))
        return false;
    for (size_t i = 0; i < ids->n; i++)
        if (belongs(event, resource, ids->ids[i]))
            return true;
    return false;
}

bool filter_passes(const struct filter *filter, const struct gxt_event *event)
{
    if (filter->kinds && !(filter->kinds >> event->kind & 1))
        return false;
    return belongs_to_any(event, GXT_RESOURCE_GOROUTINE, &filter->goroutines) &&
           belongs_to_any(event, GXT_RESOURCE_PROC, &filter->procs) &&
           belongs_to_any(event, GXT_RESOURCE_THREAD, &filter->threads);
}
