/* picture.c
 *
 * In: a walk over an old trace. Out: goroutines, processors, threads and tasks, as far as the records told. Never: a
 * change.
 */
#include "legacy_priv.h"

#include <stdlib.h>

static int by_signed(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int by_unsigned(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static bool draw_goroutines(const struct legacy *legacy, struct gxt_states *states, struct arena *arena)
{
    struct gxt_goroutine_state *list = arena_alloc(arena, (legacy->n_gs + 1) * sizeof *list);

    for (size_t i = 0; list && i < legacy->n_gs; i++)
        if (legacy->gs[i].state != GXT_GO_NOT_EXIST)
            list[states->n_goroutines++] = (struct gxt_goroutine_state){
                .id = legacy->gs[i].id, .thread = legacy->gs[i].thread, .state = legacy->gs[i].state};
    if (list)
        qsort(list, states->n_goroutines, sizeof *list, by_signed);
    states->goroutines = list;
    return list != NULL;
}

static bool draw_procs(const struct legacy *legacy, struct gxt_states *states, struct arena *arena)
{
    const size_t n = legacy->sequence ? legacy->trace.n_lanes - 1 : 0;
    struct gxt_proc_state *list = arena_alloc(arena, (n + 1) * sizeof *list);
    struct gxt_thread_state *threads = arena_alloc(arena, (n + 1) * sizeof *threads);

    for (size_t i = 0; list && threads && i < n; i++) {
        const struct seen_p *p = &legacy->ps[i];
        const gxt_procid id = legacy->trace.lanes[i].p;
        if (!p->told)
            continue;
        list[states->n_procs++] = (struct gxt_proc_state){.id = id, .thread = p->thread, .state = p->state};
        if (p->thread != GXT_NO_THREAD)
            threads[states->n_threads++] = (struct gxt_thread_state){p->thread, id, GXT_NO_GOROUTINE};
    }
    if (!list || !threads)
        return false;
    for (size_t i = 0; i < states->n_threads; i++)
        for (size_t g = 0; g < states->n_goroutines; g++)
            if (states->goroutines[g].thread == threads[i].id)
                threads[i].goroutine = states->goroutines[g].id;
    qsort(list, states->n_procs, sizeof *list, by_signed);
    qsort(threads, states->n_threads, sizeof *threads, by_signed);
    states->procs = list;
    states->threads = threads;
    return true;
}

static bool draw_tasks(struct legacy *legacy, struct gxt_states *states, struct arena *arena)
{
    struct gxt_task_state *list = arena_alloc(arena, (legacy->n_tasks + 1) * sizeof *list);

    for (size_t i = 0; list && i < legacy->n_tasks; i++) {
        const struct old_task *task = &legacy->tasks[i];
        const struct gxt_string *name = gen_table_get(&legacy->trace.gen.strings, task->name);
        list[states->n_tasks++] =
            (struct gxt_task_state){task->id, task->parent, name ? name : legacy->trace.gen.empty};
    }
    if (list)
        qsort(list, states->n_tasks, sizeof *list, by_unsigned);
    states->tasks = list;
    return list != NULL;
}

int legacy_states(struct legacy *legacy, struct gxt_states **ret)
{
    struct arena *arena;
    struct gxt_states *states = order_states_new(&arena);

    if (!states)
        return GXT_ENOMEM;
    states->time_ns = legacy->n_syncs > 0 ? legacy->last_ns : 0;
    if (!draw_goroutines(legacy, states, arena) || !draw_procs(legacy, states, arena) ||
        !draw_tasks(legacy, states, arena)) {
        order_states_free(states);
        return GXT_ENOMEM;
    }
    *ret = states;
    return 0;
}
