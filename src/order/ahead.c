/* ahead.c
 *
 * In: a generation whose start is not known yet. Out: a walk that stands before it, and when it is going to end. Never:
 * a step through it: a walk ahead takes the same as any other (order.c), by what it takes for granted (assume.c).
 */
#include "order_priv.h"

#include <stdlib.h>

int order_go_ahead(struct order *order)
{
    struct assumed *assumed = order->sched.assumed = calloc(1, sizeof *assumed);

    if (!assumed)
        return GXT_ENOMEM;
    order->sched.gs.ended = &assumed->ended_gs;
    return 0;
}

void order_place_ahead(struct order *ahead, uint64_t generation, struct gen_stream stream)
{
    order_reset(ahead);
    assumed_clear(ahead->sched.assumed);
    ahead->loaded = 0;
    ahead->n_generations = ahead->n_syncs = generation;
    ahead->stream = stream;
}

enum {
    LAST_TIMES = 16 /* of a lane: those before them end before the last ones are pushed behind one another */
};

struct last_times {
    int64_t *list;
    size_t n, capacity;
};

static int add_time(struct last_times *times, int64_t time_ns)
{
    int64_t *grown = array_grow(times->list, times->n, &times->capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    times->list = grown;
    grown[times->n++] = time_ns;
    return 0;
}

/* The times of the last records of a lane, which has read nothing. */
static int end_lane(const struct gen *gen, struct lane *lane, struct last_times *times, struct gxt_error *fault)
{
    int64_t last[LAST_TIMES];
    size_t n = 0;
    int r = 0;

    for (; lane->n_batches > 1; lane->batches++, lane->n_batches--)
        lane->left -= gen->dir.batches[*lane->batches].size;
    while ((r = lane_next(lane, gen, fault)) > 0) {
        const unsigned n_args = wire_specs[lane_type(lane)].n_args;
        const bool is_switch = lane_type(lane) == WIRE_GO_SWITCH || lane_type(lane) == WIRE_GO_SWITCH_DESTROY;
        uint64_t args[WIRE_MAX_ARGS];
        lane->next = wire_numbers(lane->args, n_args, args);
        for (int i = 0; i < (is_switch ? ORDER_MOST_OF_ONE : 1); i++)
            last[n++ % LAST_TIMES] = lane->time_ns;
    }
    for (size_t i = n < LAST_TIMES ? n : LAST_TIMES; r >= 0 && i > 0; i--)
        r = add_time(times, last[(n - i) % LAST_TIMES]);
    return r;
}

static int by_time(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* The time of the generation's last record: each is pushed behind the one before it, as it is handed out. */
static int64_t push_all(struct last_times *times)
{
    int64_t last_ns = INT64_MIN;

    if (times->n > 0)
        qsort(times->list, times->n, sizeof *times->list, by_time);
    for (size_t i = 0; i < times->n; i++)
        last_ns = times->list[i] > last_ns || last_ns == INT64_MAX ? times->list[i] : last_ns + 1;
    return last_ns;
}

static int foretell_end(struct order *order, int64_t *ret_ns, struct gxt_error *fault)
{
    const struct gen *gen = &order->gen;
    struct last_times times = {0};
    int r = order_make_lanes(order);

    for (size_t i = 0; r >= 0 && i < gen->n_lanes; i++)
        r = end_lane(gen, &order->lanes[i], &times, fault);
    for (size_t i = gen->n_samples; r >= 0 && i > 0 && gen->n_samples - i < LAST_TIMES; i--)
        r = add_time(&times, gen->samples[i - 1].time_ns);
    *ret_ns = push_all(&times);
    free(times.list);
    return r;
}

int order_foretell(struct order *order, int64_t *ret_ns)
{
    struct gxt_error fault = {0};
    const struct gen_stream before = order->stream;
    const int r = order_load(order, &fault);

    order->stream = before;
    if (r <= 0)
        return r;
    return foretell_end(order, ret_ns, &fault) < 0 ? GXT_ECORRUPT : 1;
}

void order_start_ahead(struct order *ahead, int64_t last_ns)
{
    ahead->last_ns = ahead->sched.assumed->last_ns = last_ns;
    ahead->sched.initial_generation = UINT64_MAX; /* another one: who has this number is not caught up with */
    sched_mark(&ahead->sched);
    ahead->saved = ahead->n_generations + 1;
}
