/* same.h: whether two events, or two states, are the same in every field. Strings and stacks are one pointer for one
 * content as long as a trace is open.
 */
#ifndef SAME_H
#define SAME_H

#include <gxt/gxt.h>
#include <string.h>

static inline bool same_transition(const struct gxt_transition *a, const struct gxt_transition *b)
{
    return a->id == b->id && a->reason == b->reason && a->stack == b->stack && a->label == b->label &&
           a->resource == b->resource && a->from == b->from && a->to == b->to && a->run == b->run &&
           a->reason_code == b->reason_code && a->stolen == b->stolen;
}

static inline bool same_sync(const struct gxt_sync *a, const struct gxt_sync *b)
{
    return a->n == b->n && a->generation == b->generation && a->has_snapshot == b->has_snapshot &&
           a->clock_ns == b->clock_ns && a->mono_ns == b->mono_ns && a->wall_sec == b->wall_sec &&
           a->wall_nsec == b->wall_nsec;
}

static inline bool same_range(const struct gxt_range *a, const struct gxt_range *b)
{
    return a->name == b->name && a->detail == b->detail && a->id == b->id && a->bytes_swept == b->bytes_swept &&
           a->bytes_reclaimed == b->bytes_reclaimed && a->range == b->range && a->scope == b->scope &&
           a->resource == b->resource;
}

static inline bool same_details(const struct gxt_event *a, const struct gxt_event *b)
{
    switch (a->kind) {
    case GXT_KIND_SYNC:
        return same_sync(&a->sync, &b->sync);
    case GXT_KIND_METRIC:
        return a->metric.name == b->metric.name && a->metric.value == b->metric.value;
    case GXT_KIND_LABEL:
        return a->label.label == b->label.label && a->label.goroutine == b->label.goroutine;
    case GXT_KIND_RANGE_BEGIN:
    case GXT_KIND_RANGE_ACTIVE:
    case GXT_KIND_RANGE_END:
        return same_range(&a->range, &b->range);
    case GXT_KIND_TASK_BEGIN:
    case GXT_KIND_TASK_END:
        return a->task.id == b->task.id && a->task.parent == b->task.parent && a->task.type == b->task.type;
    case GXT_KIND_REGION_BEGIN:
    case GXT_KIND_REGION_END:
        return a->region.task == b->region.task && a->region.type == b->region.type;
    case GXT_KIND_LOG:
        return a->log.task == b->log.task && a->log.category == b->log.category && a->log.message == b->log.message;
    case GXT_KIND_STATE_TRANSITION:
        return same_transition(&a->transition, &b->transition);
    case GXT_KIND_EXPERIMENTAL:
        return a->experimental.n_args == b->experimental.n_args &&
               memcmp(a->experimental.args, b->experimental.args, a->experimental.n_args * sizeof(uint64_t)) == 0;
    default:
        return true;
    }
}

static inline bool same_event(const struct gxt_event *a, const struct gxt_event *b)
{
    return a->time_ns == b->time_ns && a->ordinal == b->ordinal && a->thread == b->thread && a->proc == b->proc &&
           a->goroutine == b->goroutine && a->stack == b->stack && a->kind == b->kind && a->wire_type == b->wire_type &&
           a->flags == b->flags && same_details(a, b);
}

static inline bool same_ranges(const struct gxt_range_state *a, const struct gxt_range_state *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].range != b[i].range || a[i].detail != b[i].detail)
            return false;
    return true;
}

static inline bool same_goroutine(const struct gxt_goroutine_state *a, const struct gxt_goroutine_state *b)
{
    if (a->id != b->id || a->thread != b->thread || a->state != b->state || a->n_regions != b->n_regions ||
        a->n_ranges != b->n_ranges || !same_ranges(a->ranges, b->ranges, a->n_ranges))
        return false;
    for (size_t i = 0; i < a->n_regions; i++)
        if (a->regions[i].task != b->regions[i].task || a->regions[i].type != b->regions[i].type)
            return false;
    return true;
}

static inline bool same_proc(const struct gxt_proc_state *a, const struct gxt_proc_state *b)
{
    return a->id == b->id && a->thread == b->thread && a->state == b->state && a->in_syscall == b->in_syscall &&
           a->n_ranges == b->n_ranges && same_ranges(a->ranges, b->ranges, a->n_ranges);
}

/* Return: NULL when they are the same, else what differs. */
static inline const char *states_differ(const struct gxt_states *a, const struct gxt_states *b)
{
    if (a->ordinal != b->ordinal || a->time_ns != b->time_ns || a->gc_running != b->gc_running)
        return "other states: the place";
    if (a->n_goroutines != b->n_goroutines || a->n_procs != b->n_procs || a->n_threads != b->n_threads ||
        a->n_tasks != b->n_tasks)
        return "other states: how many";
    for (size_t i = 0; i < a->n_goroutines; i++)
        if (!same_goroutine(&a->goroutines[i], &b->goroutines[i]))
            return "other states: a goroutine";
    for (size_t i = 0; i < a->n_procs; i++)
        if (!same_proc(&a->procs[i], &b->procs[i]))
            return "other states: a processor";
    for (size_t i = 0; i < a->n_threads; i++)
        if (a->threads[i].id != b->threads[i].id || a->threads[i].proc != b->threads[i].proc ||
            a->threads[i].goroutine != b->threads[i].goroutine)
            return "other states: a thread";
    for (size_t i = 0; i < a->n_tasks; i++)
        if (a->tasks[i].id != b->tasks[i].id || a->tasks[i].parent != b->tasks[i].parent ||
            a->tasks[i].type != b->tasks[i].type)
            return "other states: a task";
    return NULL;
}

#endif
