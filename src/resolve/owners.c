/* owners.c
 *
 * In: an event. Out: the goroutines, processors and threads that it belongs to: its context's, and the one that it is
 * about. Never: one for a Sync or a range of the whole process, which belong to nobody.
 */
#include "resolve.h"

struct owners owners_of(const struct gxt_event *event)
{
    struct owners owners = {{event->goroutine, GXT_NO_GOROUTINE}, {event->proc, GXT_NO_PROC}, event->thread};

    switch (event->kind) {
    case GXT_KIND_STATE_TRANSITION:
        if (event->transition.resource == GXT_RESOURCE_GOROUTINE)
            owners.g[1] = event->transition.id;
        else
            owners.p[1] = event->transition.id;
        break;
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        if (event->range.scope == GXT_SCOPE_PROCESS)
            return owners_none;
        if (event->range.resource == GXT_RESOURCE_GOROUTINE)
            owners.g[1] = event->range.id;
        else
            owners.p[1] = event->range.id;
        break;
    case GXT_KIND_LABEL:
        owners.g[1] = event->label.goroutine;
        break;
    case GXT_KIND_SYNC:
        return owners_none;
    default:
        break;
    }
    return owners;
}

const struct owners owners_none = {{GXT_NO_GOROUTINE, GXT_NO_GOROUTINE}, {GXT_NO_PROC, GXT_NO_PROC}, GXT_NO_THREAD};

bool event_belongs(const struct gxt_event *event, int64_t resource, int64_t id)
{
    const struct owners owners = owners_of(event);

    if (id == -1)
        return false;
    switch (resource) {
    case GXT_RESOURCE_GOROUTINE:
        return owners.g[0] == id || owners.g[1] == id;
    case GXT_RESOURCE_PROC:
        return owners.p[0] == id || owners.p[1] == id;
    case GXT_RESOURCE_THREAD:
        return owners.m == id;
    default:
        return false;
    }
}
