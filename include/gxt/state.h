/* state.h: every goroutine, processor, thread and task at a cursor's place.
 */
#ifndef GXT_STATE_H
#define GXT_STATE_H

#include <gxt/cursor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A range in flight on a goroutine or processor. */
struct gxt_range_state {
    uint8_t range; /**< an enum gxt_range_kind */
    const struct gxt_string
        *detail; /**< why the world stops, as the table of the cursor's generation has it; else NULL */
};

/** An open region of a goroutine. */
struct gxt_region_state {
    gxt_taskid task;
    const struct gxt_string *type;
};

/** A goroutine that exists. */
struct gxt_goroutine_state {
    gxt_goid id;
    gxt_threadid thread; /**< that executes it (running or in a syscall), or GXT_NO_THREAD */
    uint8_t state;       /**< an enum gxt_gostate */
    size_t n_regions, n_ranges;
    const struct gxt_region_state *regions; /**< outermost first */
    const struct gxt_range_state *ranges;
};

/** A processor that has been named. */
struct gxt_proc_state {
    gxt_procid id;
    gxt_threadid thread; /**< that holds it, or GXT_NO_THREAD */
    uint8_t state;       /**< an enum gxt_procstate */
    bool in_syscall;     /**< its thread is in a syscall and it may be stolen */
    size_t n_ranges;
    const struct gxt_range_state *ranges;
};

/** A thread that has been seen. */
struct gxt_thread_state {
    gxt_threadid id;
    gxt_procid proc;    /**< or GXT_NO_PROC */
    gxt_goid goroutine; /**< or GXT_NO_GOROUTINE */
};

/** A task that has begun and not ended. */
struct gxt_task_state {
    gxt_taskid id, parent;
    const struct gxt_string *type;
};

/** Everything at one place. Each list is sorted by id (goroutines, processors and threads as signed numbers). */
struct gxt_states {
    uint64_t ordinal; /**< of the event that comes next */
    int64_t time_ns;  /**< of the event crossed last; 0 before the first */
    size_t n_goroutines, n_procs, n_threads, n_tasks;
    const struct gxt_goroutine_state *goroutines;
    const struct gxt_proc_state *procs;
    const struct gxt_thread_state *threads;
    const struct gxt_task_state *tasks;
    bool gc_running; /**< the concurrent mark phase is on */
};

/**
 * gxt_cursor_states() - the states at a cursor's place
 * @ret:  a copy that stays as it is; strings in it are trace-lent; free it with gxt_states_free()
 *
 * Cost: what exists, and right after a seek to a time one more roll from the checkpoint.
 * Return: 0; GXT_ENOMEM; GXT_EINVAL when the cursor is at no position.
 * Since: 0.1
 */
GXT_API int gxt_cursor_states(struct gxt_cursor *cursor, struct gxt_states **ret);

/** Frees states; NULL is fine. Return: NULL. Since: 0.1 */
GXT_API struct gxt_states *gxt_states_free(struct gxt_states *states);

#ifdef __cplusplus
}
#endif
#endif
