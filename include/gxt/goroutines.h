/* goroutines.h: every goroutine of a trace: by whom and when it was created, where it starts, how long it was there.
 */
#ifndef GXT_GOROUTINES_H
#define GXT_GOROUTINES_H

#include <gxt/index.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A list of goroutines: read by one thread at a time. */
struct gxt_goroutines;

/** One goroutine, from its first event to its last one. An id can come again: the runtime gives a C thread that calls
 * Go the goroutine of an earlier one. Which events are its own gxt_event_belongs() says; CPU samples
 * that name it when it is not there are left out. */
struct gxt_goroutine {
    gxt_goid id;
    gxt_goid creator;              /**< or GXT_NO_GOROUTINE */
    int64_t first_ns, last_ns;     /**< times of its first and last event */
    uint64_t n_events;             /**< that belong to it */
    const struct gxt_string *func; /**< the function it runs: the name; "" when it is not known */
    const struct gxt_stack *start; /**< where it starts; NULL when its creation is not in the trace */
    const struct gxt_stack *stack; /**< where it was created, else the first one seen of it; NULL for none */
    bool is_created;               /**< its first event is its creation */
    bool is_ended;                 /**< its last event is its end */
};

/**
 * gxt_goroutines_new() - list all goroutines
 * @index:  the trace's index, or NULL: then the trace is walked, as it is where the index ends
 * @ret:    sorted by the time of their first events; written on success only, also when the trace ends with a fault
 *
 * Memory: 72 bytes for each. Cost: with an index, some nanoseconds for each.
 * Return: 0; the trace's fault, when it was met, with the goroutines up to it in @ret; GXT_EIO; GXT_ENOMEM; GXT_EINVAL
 *         when the index is another trace's.
 * Since: 0.1
 */
GXT_API int gxt_goroutines_new(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_goroutines **ret,
                               struct gxt_error *reterr);

/** Frees a list; NULL is fine. Return: NULL. Since: 0.1 */
GXT_API struct gxt_goroutines *gxt_goroutines_free(struct gxt_goroutines *goroutines);

/** gxt_goroutines_loss() - what the walk had to leave out, of a trace that is recovered: not what the index tells of
 * Since: 0.1 */
GXT_API void gxt_goroutines_loss(const struct gxt_goroutines *goroutines, struct gxt_loss *ret);

/** gxt_goroutines_len() - how many there are. Since: 0.1 */
GXT_API size_t gxt_goroutines_len(const struct gxt_goroutines *goroutines);

/**
 * gxt_goroutines_at() - one of them
 * @i:    below gxt_goroutines_len()
 * @ret:  strings and stacks in it are trace-lent
 *
 * Cost: constant; with an index, a lookup for each stack the first time.
 * Return: 0; GXT_EINDEX, GXT_EIO, GXT_ENOMEM when a stack cannot be had.
 * Since: 0.1
 */
GXT_API int gxt_goroutines_at(const struct gxt_goroutines *goroutines, size_t i, struct gxt_goroutine *ret,
                              struct gxt_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
