/* census.c
 *
 * In: a generation. Out: how many events of each type it has, and what that takes for granted of the states at its
 * start. Never: an order among lanes.
 *
 * How many events there are does not depend on who goes first, as long as each event finds its goroutine and processor
 * in the one state that it can follow. So each lane goes as far as it can, and waits for another only where the state
 * machine (sched.c) would let it wait. That this comes to an end says that every order does in which lanes wait so,
 * with the same events: two events of one goroutine or processor are ordered by its sequence or by their lane, and
 * where they are not, the census does not count. Then, and where anything contradicts itself, the generation is walked
 * in order.
 *
 * Goroutines of C threads are the exception. Those of one id follow one another without a number that says how, and
 * whether the end of one leaves a processor depends on whether that was stolen before. There times say who was first,
 * if the walk waits nowhere in the generation: then it takes the earliest head of all at each step. It waits nowhere if
 * the times of no lane go back, and each event that could wait for another lane's is later than it: all that is earlier
 * than the earliest head has been taken, and so has what that could wait for. Where an event is as late as what it
 * could wait for, and where two that have no other order have one time, the census does not count. Times are kept from
 * the first generation on that needs them.
 *
 * What is there at a generation's start is told by statuses: a goroutine's before anything happens to it. What nothing
 * tells is not known, and where it has to be, it is taken for granted, and census_join.c looks whether it was so. So
 * generations can be counted side by side.
 */
#include "order_priv.h"

#include <stdlib.h>

/* ---- one census ---- */

int census_new(const struct source *source, uint64_t begin, int version, struct pool *pool, struct census **ret)
{
    struct census *census = calloc(1, sizeof *census);

    if (!census)
        return GXT_ENOMEM;
    census->source = source;
    census->begin = begin;
    census->version = version;
    census->pool = pool;
    *ret = census;
    return 0;
}

struct census *census_free(struct census *census)
{
    if (!census)
        return NULL;
    gen_dir_done(&census->dir);
    gen_done(&census->gen);
    census_table_done(&census->gs);
    census_table_done(&census->ps);
    map_done(&census->lane_ids);
    map_done(&census->task_ids);
    map_done(&census->waits);
    free(census->past);
    free(census->lanes);
    free(census->ready);
    free(census->regions);
    free(census->popped);
    free(census->elsewhere);
    free(census->thefts);
    free(census->left);
    free(census->claims);
    free(census->tasks);
    free(census);
    return NULL;
}

bool census_find(struct census *census, struct gen_stream *stream)
{
    struct gxt_error fault;

    census->fits = false;
    census->before = *stream;
    const bool is_there = gen_find(stream, census->source, census->version, &census->dir, &fault) > 0;
    census->behind = *stream;
    return is_there;
}

const uint64_t *census_counts(const struct census *census)
{
    return census->n;
}

/* ---- all lanes ---- */

static bool make_lanes(struct census *census)
{
    const struct gen *gen = &census->gen;

    if (gen->n_lanes > census->lanes_capacity) {
        struct census_lane *lanes = realloc(census->lanes, gen->n_lanes * sizeof *lanes);
        if (lanes)
            census->lanes = lanes;
        uint32_t *ready = realloc(census->ready, gen->n_lanes * sizeof *ready);
        if (ready)
            census->ready = ready;
        if (!lanes || !ready)
            return false;
        census->lanes_capacity = gen->n_lanes;
    }
    map_clear(&census->lane_ids);
    census->n_ready = census->n_active = gen->n_lanes;
    census->patience = 64 * gen->n_lanes + (census->gen.dir.end - census->gen.dir.begin) / 2;
    for (size_t i = 0; i < gen->n_lanes; i++) {
        struct census_lane *lane = &census->lanes[i];
        *lane = (struct census_lane){0};
        lane_begin(&lane->walk, gen, i);
        if (lane->walk.thread == GXT_NO_THREAD)
            lane->g = lane->p = CENSUS_NOBODY;
        if (map_put(&census->lane_ids, (uint64_t)lane->walk.thread, (uint32_t)i) < 0)
            return false;
        census->ready[gen->n_lanes - 1 - i] = (uint32_t)i;
    }
    return true;
}

/* The lane has no processor, or it was taken. */
static void grant_processor(struct census *census, struct census_lane *lane)
{
    lane->p = CENSUS_NOBODY;
    lane->had_no_p = true;
    lane->waits_for_p = false;
    census_wake(census, lane);
}

/* All lanes wait. Those that wait for a processor to be taken from them, and are not known to have one, have none, or
 * it was taken. Return: whether there was one. */
static bool grant_processors(struct census *census)
{
    for (size_t i = 0; i < census->gen.n_lanes; i++)
        if (census->lanes[i].waits_for_p && census->lanes[i].p == CENSUS_UNKNOWN)
            grant_processor(census, &census->lanes[i]);
    return census->n_ready > 0;
}

/* Else the collector goes on with the smallest number that waits. */
static bool grant_collector(struct census *census)
{
    uint64_t least = UINT64_MAX;

    if (census->gc_is_known)
        return false;
    for (size_t i = 0; i < census->gen.n_lanes; i++) {
        const struct census_lane *lane = &census->lanes[i];
        uint64_t seq = 0, none;
        if (!lane->waits_for_gc)
            continue;
        (void)wire_number(wire_number(lane->walk.next + 1, &none), &seq);
        if (seq < least) {
            least = seq;
            census->gc_first = *lane->walk.next;
        }
    }
    if (least == UINT64_MAX || least == 0)
        return false;
    census->gc_is_known = true;
    census->gc_first_seq = least;
    census->gc_seq = least - 1;
    census->gc_state = census->gc_first == WIRE_GC_BEGIN ? GC_NOT_RUNNING : GC_RUNNING;
    census_wake_for_gc(census);
    return true;
}

/* Where times are kept, the earliest claim that still stands is good: what the others wait for is later. */
static bool grant_earliest(struct census *census)
{
    while (census->n_ready == 0 && census->n_claims > 0) {
        size_t first = 0;
        for (size_t i = 1; i < census->n_claims; i++)
            if (census->claims[i].time_ns < census->claims[first].time_ns)
                first = i;
        struct census_lane *lane = &census->lanes[census->claims[first].lane];
        census->claims[first] = census->claims[--census->n_claims];
        if (lane->waits_for_birth)
            census_wake(census, lane);
        else if (lane->waits_for_p && lane->p == CENSUS_UNKNOWN)
            grant_processor(census, lane);
        else if (lane->waits_for_gc)
            (void)grant_collector(census);
    }
    return census->n_ready > 0;
}

/* All lanes wait. Return: whether one may go on nevertheless. */
static bool grant(struct census *census)
{
    return census->is_timed ? grant_earliest(census) : grant_processors(census) || grant_collector(census);
}

/* A lane goes on until it waits, and again when it is woken. Where too many wait too often for the same, the walk does
 * better: the frontier knows whose turn it is. */
static bool run_all(struct census *census)
{
    while (census->n_active > 0) {
        if (census->n_ready == 0 && !grant(census))
            return false;
        struct census_lane *lane = &census->lanes[census->ready[--census->n_ready]];
        const enum census_outcome outcome = census_run(census, lane);
        if (outcome == CENSUS_UNFIT || census->patience == 0)
            return false;
        census->n_active -= outcome == CENSUS_ENDS;
    }
    return true;
}

/* What other rooms would find wrong with the generation as a whole. */
static bool is_sound(struct census *census)
{
    const struct gen *gen = &census->gen;

    for (size_t i = 0; i < gen->dir.n_batches; i++)
        if (gen->dir.batches[i].kind == GEN_EXPERIMENTAL &&
            wire_experiment_name(gen->dir.batches[i].experiment)[0] == '\0')
            return false;
    for (size_t i = 0; i < gen->n_samples; i++)
        if (gen->samples[i].stack != 0 && !gen_table_get(&census->gen.stacks, gen->samples[i].stack))
            return false;
    return true;
}

/* Counts all lanes' events, from nothing. Return: whether it could. */
static bool count_lanes(struct census *census)
{
    memset(census->n, 0, sizeof census->n);
    census->n[WIRE_SYNC_EVENT] = 1;
    census->n[WIRE_CPU_SAMPLE] = census->gen.n_samples;
    census->needs_times = census->is_late = false;
    census->gc_is_known = false;
    census->gc_first = 0;
    census->gc_ns = 0;
    census->n_gc_begins = census->n_gc_waits = 0;
    census->n_claims = census->n_past = 0;
    census->n_regions = census->n_popped = census->n_elsewhere = census->n_thefts = census->n_tasks = 0;
    map_clear(&census->task_ids);
    map_clear(&census->waits);
    return census_table_begin(&census->gs) && census_table_begin(&census->ps) && make_lanes(census) &&
           run_all(census) && !(census->needs_times && census->is_late);
}

/* A trace that needs times once does so again. Return: whether they are kept from here on, and were not before. */
static bool begin_times(struct census *census)
{
    const bool begins = census->needs_times && !census->is_timed;

    census->is_timed = census->is_timed || begins;
    return begins;
}

void census_count(struct census *census)
{
    struct gxt_error fault;
    struct gen_known known = {0};
    const uint64_t begin = census->dir.begin, end = census->dir.end;

    if (gen_load(&census->gen, &census->dir, census->source, census->version, census->pool, &known, &fault) < 0)
        return;
    do
        census->fits = is_sound(census) && count_lanes(census);
    while (!census->fits && begin_times(census));
    source_release(census->source, begin, end);
}
