/* census_lane.c
 *
 * In: a lane of a census. Out: its events, counted as far as it can go, and what they make of its goroutines and
 * processors. Never: an order among lanes.
 *
 * What each event needs and does stands in sched.c, with its reasons and its errors. Here a state is what its
 * generation tells of it; what sched.c would find wrong, or what depends on who goes first, makes the generation unfit.
 */
#include "order_priv.h"

#include <stdlib.h>

#define FAST static inline __attribute__((always_inline))

/* ---- tables ---- */

/* Return: a place that nobody has, or MAP_NONE without memory. */
FAST uint32_t take_place(struct census_table *table)
{
    const uint32_t free = table->free;

    if (free != MAP_NONE) {
        table->free = table->items[free].region;
        return free;
    }
    struct census_one *grown = array_grow(table->items, table->n, &table->capacity, sizeof *grown);
    if (!grown)
        return MAP_NONE;
    table->items = grown;
    return table->n < MAP_NONE ? (uint32_t)table->n++ : MAP_NONE;
}

/* The one of an id, which is not told of when it is new. NULL without memory. */
static struct census_one *name(struct census_table *table, int64_t id)
{
    struct id_block *block = id_map_block(&table->ids, (uint64_t)id);
    uint32_t at = block ? id_block_get(block, (uint64_t)id) : MAP_NONE;

    if (at != MAP_NONE)
        return &table->items[at];
    if (id == CENSUS_NO_ID || (at = take_place(table)) == MAP_NONE)
        return NULL;
    table->items[at] = (struct census_one){.id = id, .status = CENSUS_UNTOLD, .region = MAP_NONE};
    if (block)
        id_block_put(block, (uint64_t)id, at);
    else if (id_map_put_apart(&table->ids, (uint64_t)id, at) < 0)
        return NULL;
    table->hints[(uint64_t)id % CENSUS_HINTS] = at;
    return &table->items[at];
}

bool census_table_begin(struct census_table *table)
{
    id_map_clear(&table->ids);
    memset(table->hints, 0, sizeof table->hints);
    table->n = 0;
    table->free = MAP_NONE;
    while (table->n < CENSUS_FIRST) {
        const uint32_t at = take_place(table);
        if (at == MAP_NONE)
            return false;
        table->items[at] = (struct census_one){.id = CENSUS_NO_ID, .status = CENSUS_NONE};
    }
    table->items[CENSUS_PAST].status = CENSUS_GONE;
    table->items[CENSUS_PAST].told = CENSUS_BORN;
    return true;
}

void census_table_done(struct census_table *table)
{
    id_map_done(&table->ids);
    free(table->items);
}

static uint32_t place_of(const struct census_table *table, const struct census_one *one)
{
    return (uint32_t)(one - table->items);
}

/* ---- what an event names ---- */

FAST bool has_stack(struct census *census, uint64_t id)
{
    return gen_table_has(&census->gen.stacks, id);
}

FAST bool has_string(struct census *census, uint64_t id)
{
    return gen_table_has(&census->gen.strings, id);
}

/* Whether all that an event names is in the tables. */
static bool has_names(struct census *census, uint8_t type, const uint64_t *args)
{
    const struct wire_spec *spec = &wire_specs[type];

    return (spec->stack == 0 || has_stack(census, args[spec->stack - 1])) &&
           (spec->stack2 == 0 || has_stack(census, args[spec->stack2 - 1])) &&
           (spec->strings[0] == 0 || has_string(census, args[spec->strings[0] - 1])) &&
           (spec->strings[1] == 0 || has_string(census, args[spec->strings[1] - 1]));
}

static const struct gxt_string *string_of(struct census *census, uint64_t id)
{
    return id == 0 ? census->gen.empty : gen_table_get(&census->gen.strings, id);
}

/* ---- lanes that wait ---- */

void census_wake(struct census *census, struct census_lane *lane)
{
    census->ready[census->n_ready++] = (uint32_t)(lane - census->lanes);
}

/* Lanes wait for a number of one's sequence. */
static uint64_t wait_key(int64_t id, bool is_p, uint64_t seq)
{
    return hash_mix((uint64_t)id, 2 * seq + is_p);
}

/* Those whose turn has come wait no more. */
static void wake_waiters(struct census *census, bool is_p, struct census_one *one)
{
    const struct census_table *table = is_p ? &census->ps : &census->gs;
    const uint64_t key = wait_key(one->id, is_p, one->seq);
    uint32_t first = map_get(&census->waits, key), *link = &first;

    if (first == MAP_NONE)
        return;
    while (*link != MAP_NONE && census->patience > 0) {
        struct census_lane *lane = &census->lanes[*link];
        const uint8_t wanted = lane->wait_status;
        const bool fits = one->status == wanted || (wanted == P_SYSCALL && one->status == P_SYSCALL_ABANDONED);
        census->patience--;
        if (!fits || lane->wait_for_p != is_p || lane->wait_seq != one->seq || lane->wait_at != place_of(table, one)) {
            link = &lane->next_waiter;
            continue;
        }
        *link = lane->next_waiter;
        one->n_waiters--;
        census_wake(census, lane);
    }
    if (first == MAP_NONE)
        (void)map_remove(&census->waits, key);
    else
        (void)map_put(&census->waits, key, first); /* it is there: no memory is needed */
    if (one->n_waiters == 0)
        one->care &= CENSUS_ANNOUNCED;
}

static __attribute__((noinline)) void attend(struct census *census, const struct census_lane *lane, bool is_p,
                                             struct census_one *one)
{
    /* What follows in its sequence comes behind this, and so behind what this lane told before. */
    if (one->teller == (uint32_t)(lane - census->lanes))
        one->care &= (uint8_t)~CENSUS_ANNOUNCED;
    if (one->n_waiters > 0)
        wake_waiters(census, is_p, one);
}

/* A lane has changed one, so that another may have its turn. */
FAST enum census_outcome changed(struct census *census, const struct census_lane *lane, bool is_p,
                                 struct census_one *one, bool timed)
{
    if (timed)
        one->changed_ns = lane->walk.time_ns;
    if (UNLIKELY(one->care & (CENSUS_ANNOUNCED | census_awaits(one->status))))
        attend(census, lane, is_p, one);
    return CENSUS_TAKEN;
}

/* The turn of a number has not come. */
static __attribute__((noinline)) enum census_outcome wait_for(struct census *census, struct census_lane *lane,
                                                              bool is_p, uint64_t id, uint8_t status, uint64_t seq)
{
    struct census_table *table = is_p ? &census->ps : &census->gs;
    struct census_one *one = name(table, (int64_t)id);
    const uint64_t key = wait_key((int64_t)id, is_p, seq - 1);

    if (!one)
        return CENSUS_UNFIT;
    lane->wait_at = place_of(table, one);
    lane->wait_for_p = is_p;
    lane->wait_status = status;
    lane->wait_seq = seq - 1;
    lane->next_waiter = map_get(&census->waits, key);
    if (map_put(&census->waits, key, (uint32_t)(lane - census->lanes)) < 0)
        return CENSUS_UNFIT;
    one->n_waiters++;
    one->care |= census_awaits(status);
    if (is_p && status == P_SYSCALL)
        one->care |= census_awaits(P_SYSCALL_ABANDONED);
    return CENSUS_WAITS;
}

/* ---- goroutines, processors ---- */

/* What an event needs of its context: the places of a goroutine and a processor that are some. Where the goroutine
 * runs, so does the processor. */
FAST bool has_p(const struct census_lane *lane)
{
    return LIKELY(lane->p >= CENSUS_FIRST);
}

/* … of one that cannot be stolen at any time. */
FAST bool runs_p(const struct census *census, const struct census_lane *lane)
{
    return census->ps.items[lane->p].status == P_RUNNING;
}

FAST bool has_both(const struct census *census, const struct census_lane *lane)
{
    return runs_p(census, lane) && lane->g >= CENSUS_FIRST;
}

/* Whether a lane runs nobody, for which it may be taken for granted. */
FAST bool runs_nobody(const struct census *census, struct census_lane *lane)
{
    if (LIKELY(lane->g == CENSUS_NOBODY))
        return true;
    if (lane->g != CENSUS_UNKNOWN || census->ps.items[lane->p].status == P_SYSCALL)
        return false;
    lane->had_no_g = true;
    lane->g = CENSUS_NOBODY;
    return true;
}

/* What another lane does must be later than this: else the walk may come to wait for it. */
FAST void follows(struct census *census, const struct census_lane *lane, int64_t time_ns)
{
    if (UNLIKELY(lane->walk.time_ns <= time_ns))
        census->is_late = true;
}

/* The one of this id, if its number's turn has come. NULL: not yet. */
FAST struct census_one *in_turn(struct census *census, const struct census_lane *lane, bool is_p, uint64_t id,
                                uint8_t status, uint64_t seq, bool timed)
{
    struct census_table *table = is_p ? &census->ps : &census->gs;
    uint32_t *hint = &table->hints[id % CENSUS_HINTS];

    if (UNLIKELY(table->items[*hint].id != (int64_t)id)) {
        const uint32_t at = id_map_get(&table->ids, id);
        if (UNLIKELY(at == MAP_NONE))
            return NULL;
        *hint = at;
    }
    struct census_one *one = &table->items[*hint];
    if (UNLIKELY(one->status != status || one->seq != seq - 1))
        return NULL;
    if (timed)
        follows(census, lane, one->changed_ns);
    return one;
}

static enum census_outcome only_if(bool is_so)
{
    return is_so ? CENSUS_TAKEN : CENSUS_UNFIT;
}

/* Whether it is not the one that was there at the start. */
static bool is_born(const struct census_one *one)
{
    return one->told == CENSUS_BORN || one->is_reborn;
}

static bool is_told_here(const struct census *census, const struct census_one *one, const struct census_lane *lane)
{
    return !(one->care & CENSUS_ANNOUNCED) || one->teller == (uint32_t)(lane - census->lanes);
}

/* A lane waits for what no other one gives it. */
static enum census_outcome claim(struct census *census, const struct census_lane *lane)
{
    struct census_claim *grown = array_grow(census->claims, census->n_claims, &census->claims_capacity, sizeof *grown);

    if (!grown)
        return CENSUS_UNFIT;
    census->claims = grown;
    census->claims[census->n_claims++] = (struct census_claim){lane->walk.time_ns, (uint32_t)(lane - census->lanes)};
    return CENSUS_WAITS;
}

/* One is told of, which can be but once. NULL: it was, or there is no memory. */
static struct census_one *tell(struct census *census, const struct census_lane *lane, struct census_table *table,
                               int64_t id, uint8_t status, uint8_t told)
{
    struct census_one *one = name(table, id);

    if (!one || one->status != CENSUS_UNTOLD)
        return NULL;
    one->status = status;
    one->told = told;
    one->teller = (uint32_t)(lane - census->lanes);
    (void)changed(census, lane, table == &census->ps, one, true);
    return one;
}

static enum census_outcome proc_status(struct census *census, struct census_lane *lane, const uint64_t *args)
{
    const uint64_t status = args[1];

    if (status >= N_P_STATUSES ||
        (status == P_SYSCALL && lane->g != CENSUS_UNKNOWN && census->gs.items[lane->g].status != G_SYSCALL))
        return CENSUS_UNFIT;
    const bool has = (status == P_RUNNING || status == P_SYSCALL) && lane->walk.thread != GXT_NO_THREAD;
    if (has && lane->is_robbed)
        return CENSUS_UNFIT;
    struct census_one *p = tell(census, lane, &census->ps, (int64_t)args[0], (uint8_t)status, (uint8_t)status);
    if (p && has)
        lane->p = place_of(&census->ps, p);
    return only_if(p != NULL);
}

/* A lane does what it could not do before its processor was stolen. */
static void follows_theft(struct census *census, struct census_lane *lane)
{
    follows(census, lane, lane->robbed_ns);
    lane->is_robbed = false;
}

static enum census_outcome proc_start(struct census *census, struct census_lane *lane, const uint64_t *args)
{
    struct census_one *p = in_turn(census, lane, true, args[0], P_IDLE, args[1], true);

    if (!p)
        return wait_for(census, lane, true, args[0], P_IDLE, args[1]);
    lane->waits_for_p = lane->p != CENSUS_NOBODY;
    if (lane->waits_for_p)
        return lane->p == CENSUS_UNKNOWN ? claim(census, lane) : CENSUS_WAITS;
    if (lane->walk.thread == GXT_NO_THREAD)
        return CENSUS_UNFIT;
    p->status = P_RUNNING;
    p->seq++;
    lane->p = place_of(&census->ps, p);
    follows_theft(census, lane);
    return CENSUS_TAKEN;
}

static enum census_outcome proc_stop(struct census *census, struct census_lane *lane)
{
    struct census_one *p = &census->ps.items[lane->p];

    if (p->status != P_RUNNING && p->status != P_SYSCALL)
        return CENSUS_UNFIT;
    p->status = P_IDLE;
    lane->p = CENSUS_NOBODY;
    return changed(census, lane, true, p, true);
}

/* Of a processor that was told to be abandoned it is not known whether its thread still has it. */
static enum census_outcome steal_abandoned(struct census *census, const struct census_lane *lane, struct census_one *p,
                                           gxt_threadid victim)
{
    if (victim == lane->walk.thread)
        return CENSUS_UNFIT;
    struct census_theft *grown = array_grow(census->thefts, census->n_thefts, &census->thefts_capacity, sizeof *grown);
    struct census_lane *robbed = census_lane_of(census, victim);
    if (!grown)
        return CENSUS_UNFIT;
    census->thefts = grown;
    census->thefts[census->n_thefts++] = (struct census_theft){place_of(&census->ps, p), victim};
    if (robbed && robbed->was_robbed)
        return CENSUS_UNFIT;
    if (robbed) {
        robbed->was_robbed = robbed->p == CENSUS_UNKNOWN;
        robbed->loot = p->id;
        robbed->robbed_ns = lane->walk.time_ns;
    }
    p->status = P_IDLE;
    p->seq++;
    return changed(census, lane, true, p, true);
}

/* Who was first: a thread's goroutine that ended in a syscall, or who stole the processor that the thread had in it?
 * Both can be taken from the syscall's beginning on, whoever is first, and leave the same states. But a goroutine that
 * ends first leaves the processor, and that is a theft too. */
static enum census_outcome who_was_first(struct census *census, int64_t end_ns, int64_t theft_ns)
{
    census->needs_times = true;
    if (!census->is_timed || end_ns == theft_ns)
        return CENSUS_UNFIT;
    census->n[WIRE_PROC_STEAL] += end_ns < theft_ns;
    return CENSUS_TAKEN;
}

/* The thread's goroutine has ended in the census. Whom a thief names is looked at only if it was first. */
static enum census_outcome steal_left(struct census *census, const struct census_lane *lane, struct census_one *p,
                                      gxt_threadid victim)
{
    const struct census_left *left = &census->left[place_of(&census->ps, p)];

    if (left->thread != victim)
        return CENSUS_UNFIT;
    p->status = P_IDLE;
    p->seq++;
    census->n[WIRE_PROC_STEAL]--; /* which was counted before anybody was known to steal it */
    (void)changed(census, lane, true, p, true);
    return who_was_first(census, left->time_ns, lane->walk.time_ns);
}

static enum census_outcome proc_steal(struct census *census, struct census_lane *lane, const uint64_t *args)
{
    const gxt_threadid victim = (gxt_threadid)args[2];
    struct census_one *p = in_turn(census, lane, true, args[0], P_SYSCALL_ABANDONED, args[1], true);

    if (lane->walk.thread == GXT_NO_THREAD)
        return CENSUS_UNFIT;
    if (p && p->told == P_SYSCALL_ABANDONED && p->seq == 0)
        return steal_abandoned(census, lane, p, victim);
    if (p)
        return steal_left(census, lane, p, victim);
    if (!(p = in_turn(census, lane, true, args[0], P_SYSCALL, args[1], true)))
        return wait_for(census, lane, true, args[0], P_SYSCALL, args[1]);
    struct census_lane *robbed = census_lane_of(census, victim);
    if (!robbed || robbed->p != place_of(&census->ps, p))
        return CENSUS_UNFIT;
    p->status = P_IDLE;
    p->seq++;
    robbed->p = CENSUS_NOBODY;
    robbed->is_robbed = true;
    robbed->robbed_ns = lane->walk.time_ns;
    if (robbed->waits_for_p)
        census_wake(census, robbed);
    robbed->waits_for_p = false;
    return changed(census, lane, true, p, true);
}

static enum census_outcome status_elsewhere(struct census *census, gxt_goid g, gxt_threadid thread)
{
    struct census_elsewhere *grown =
        array_grow(census->elsewhere, census->n_elsewhere, &census->elsewhere_capacity, sizeof *grown);
    struct census_lane *other = census_lane_of(census, thread);

    if (!grown)
        return CENSUS_UNFIT;
    census->elsewhere = grown;
    census->elsewhere[census->n_elsewhere++] = (struct census_elsewhere){thread, g};
    if (other)
        other->is_told = true;
    return CENSUS_TAKEN;
}

static enum census_outcome go_status(struct census *census, struct census_lane *lane, const uint64_t *args)
{
    const gxt_goid id = (gxt_goid)args[0];
    const gxt_threadid thread = (gxt_threadid)args[1];
    const uint64_t status = args[2];

    /* Of the low byte alone, as sched.c takes it: what is more than that is left to it. */
    if (status >= N_G_STATUSES)
        return CENSUS_UNFIT;
    struct census_one *g = tell(census, lane, &census->gs, id, (uint8_t)status, (uint8_t)status);
    if (!g)
        return CENSUS_UNFIT;
    if (status != G_RUNNING && status != G_SYSCALL)
        return CENSUS_TAKEN;
    if (status == G_SYSCALL ? thread == GXT_NO_THREAD : census->ps.items[lane->p].status == P_SYSCALL)
        return CENSUS_UNFIT;
    if (status == G_SYSCALL && thread != lane->walk.thread)
        return status_elsewhere(census, id, thread);
    if (status == G_SYSCALL && lane->g != CENSUS_UNKNOWN)
        return CENSUS_UNFIT;
    if (status == G_SYSCALL) {
        lane->had_g = true;
        lane->g_at_start = id;
    }
    if (lane->walk.thread != GXT_NO_THREAD)
        lane->g = place_of(&census->gs, g);
    return CENSUS_TAKEN;
}

FAST enum census_outcome go_create(struct census *census, const struct census_lane *lane, const uint64_t *args,
                                   uint8_t status)
{
    if (UNLIKELY(!runs_p(census, lane) || (lane->g != CENSUS_NOBODY && census->gs.items[lane->g].status != G_RUNNING)))
        return CENSUS_UNFIT;
    return only_if(tell(census, lane, &census->gs, (gxt_goid)args[0], status, CENSUS_BORN) != NULL);
}

/* A goroutine that has ended is there again. */
static struct census_one *bear_again(struct census *census, const struct census_lane *lane, struct census_one *g)
{
    follows(census, lane, g->changed_ns);
    g->status = G_SYSCALL;
    g->seq = 0;
    g->is_reborn = true;
    g->open = 0;
    g->region = MAP_NONE;
    g->teller = (uint32_t)(lane - census->lanes);
    (void)changed(census, lane, false, g, true);
    return g;
}

/* A thread that C made has a goroutine as long as it calls Go: in a syscall when it comes and when it leaves. Then
 * another one may have the same, and nothing but times says which had it first: so when all lanes wait the earliest
 * goes on. */
static enum census_outcome go_create_syscall(struct census *census, struct census_lane *lane, const uint64_t *args)
{
    census->needs_times = true;
    if (!census->is_timed || lane->walk.thread == GXT_NO_THREAD || !runs_nobody(census, lane))
        return CENSUS_UNFIT;
    if (!lane->waits_for_birth) {
        lane->waits_for_birth = true;
        return claim(census, lane);
    }
    lane->waits_for_birth = false;
    struct census_one *g = name(&census->gs, (int64_t)args[0]);
    if (g && g->status == CENSUS_GONE)
        g = bear_again(census, lane, g);
    else
        g = tell(census, lane, &census->gs, (gxt_goid)args[0], G_SYSCALL, CENSUS_BORN);
    if (g)
        lane->g = place_of(&census->gs, g);
    return only_if(g != NULL);
}

/* The thread leaves a processor that it still has: that is a theft, from itself. */
static enum census_outcome leave_processor(struct census *census, struct census_lane *lane)
{
    struct census_one *p = &census->ps.items[lane->p];

    if (p->status != P_SYSCALL)
        return CENSUS_UNFIT;
    while (lane->p >= census->left_capacity) {
        struct census_left *grown =
            array_grow(census->left, census->left_capacity, &census->left_capacity, sizeof *grown);
        if (!grown)
            return CENSUS_UNFIT;
        census->left = grown;
    }
    census->left[lane->p] = (struct census_left){lane->walk.thread, lane->walk.time_ns};
    p->status = P_SYSCALL_ABANDONED;
    lane->p = CENSUS_NOBODY;
    census->n[WIRE_PROC_STEAL]++;
    /* Who waits for it has waited for the syscall, not for this. */
    return changed(census, lane, true, p, false);
}

static enum census_outcome destroy_syscall(struct census *census, struct census_lane *lane)
{
    struct census_one *g = &census->gs.items[lane->g];
    enum census_outcome outcome = CENSUS_TAKEN;

    if (g->status != G_SYSCALL || !is_told_here(census, g, lane) || (lane->p == CENSUS_UNKNOWN && lane->was_robbed))
        return CENSUS_UNFIT;
    if (lane->p == CENSUS_UNKNOWN) {
        lane->p = CENSUS_NOBODY;
        lane->had_no_p = true;
    }
    if (lane->p != CENSUS_NOBODY)
        outcome = leave_processor(census, lane);
    else if (lane->is_robbed)
        outcome = who_was_first(census, lane->walk.time_ns, lane->robbed_ns);
    lane->is_robbed = false;
    g->status = CENSUS_GONE;
    lane->g = CENSUS_NOBODY;
    (void)changed(census, lane, false, g, true);
    return outcome;
}

/* A goroutine has ended. One that came in this generation makes room for the next: only that it was there is to be
 * known. Where times are kept, another one may have its id, and must be later. */
FAST void forget(struct census *census, struct census_one *g)
{
    struct census_table *gs = &census->gs;

    if (UNLIKELY(g->told != CENSUS_BORN || g->n_waiters > 0 || g->care != 0 || g->open != 0))
        return;
    gxt_goid *grown = array_grow(census->past, census->n_past, &census->past_capacity, sizeof *grown);
    if (UNLIKELY(!grown))
        return;
    census->past = grown;
    census->past[census->n_past++] = g->id;
    (void)id_map_put(&gs->ids, (uint64_t)g->id, CENSUS_PAST); /* it is there: no memory is needed */
    g->id = CENSUS_NO_ID;
    g->region = gs->free;
    gs->free = place_of(gs, g);
}

/* The goroutine that runs does so no more. */
FAST enum census_outcome go_leave(struct census *census, struct census_lane *lane, uint8_t status, bool timed)
{
    struct census_one *g = &census->gs.items[lane->g];

    if (UNLIKELY(g->status != G_RUNNING || !has_p(lane)))
        return CENSUS_UNFIT;
    if (status == CENSUS_GONE && !is_told_here(census, g, lane))
        return CENSUS_UNFIT;
    g->status = status;
    lane->g = CENSUS_NOBODY;
    (void)changed(census, lane, false, g, timed);
    if (status == CENSUS_GONE && !timed)
        forget(census, g);
    return CENSUS_TAKEN;
}

FAST enum census_outcome go_start(struct census *census, struct census_lane *lane, const uint64_t *args, bool timed)
{
    struct census_one *g = in_turn(census, lane, false, args[0], G_RUNNABLE, args[1], timed);

    if (UNLIKELY(!g))
        return wait_for(census, lane, false, args[0], G_RUNNABLE, args[1]);
    if (UNLIKELY(!has_p(lane) || !runs_nobody(census, lane)))
        return CENSUS_UNFIT;
    g->status = G_RUNNING;
    g->seq++;
    lane->g = place_of(&census->gs, g);
    return CENSUS_TAKEN;
}

FAST enum census_outcome go_unblock(struct census *census, struct census_lane *lane, const uint64_t *args, bool timed)
{
    struct census_one *g = in_turn(census, lane, false, args[0], G_WAITING, args[1], timed);

    if (UNLIKELY(!g))
        return wait_for(census, lane, false, args[0], G_WAITING, args[1]);
    g->status = G_RUNNABLE;
    g->seq++;
    return changed(census, lane, false, g, timed);
}

/* Three events: the next one is unblocked, this one blocks or ends, the next one starts. */
FAST enum census_outcome go_switch(struct census *census, struct census_lane *lane, const uint64_t *args, bool ends,
                                   bool timed)
{
    struct census_one *g = &census->gs.items[lane->g];

    if (UNLIKELY(g->status != G_RUNNING || !has_p(lane)) || (ends && !is_told_here(census, g, lane)))
        return CENSUS_UNFIT;
    struct census_one *next = in_turn(census, lane, false, args[0], G_WAITING, args[1], timed);
    if (UNLIKELY(!next))
        return wait_for(census, lane, false, args[0], G_WAITING, args[1]);
    g->status = ends ? CENSUS_GONE : G_WAITING;
    next->status = G_RUNNING;
    next->seq++;
    lane->g = place_of(&census->gs, next);
    census->n[ends ? WIRE_GO_DESTROY : WIRE_GO_BLOCK]++;
    census->n[WIRE_GO_START]++;
    (void)changed(census, lane, false, g, timed);
    if (ends && !timed)
        forget(census, g);
    return CENSUS_TAKEN;
}

FAST enum census_outcome syscall_begin(struct census *census, struct census_lane *lane, const uint64_t *args,
                                       bool timed)
{
    struct census_one *g = &census->gs.items[lane->g], *p = &census->ps.items[lane->p];

    if (UNLIKELY(g->status != G_RUNNING || !has_p(lane) || p->seq != args[0] - 1))
        return CENSUS_UNFIT;
    g->status = G_SYSCALL;
    p->status = P_SYSCALL;
    p->seq++;
    return changed(census, lane, true, p, timed);
}

FAST enum census_outcome syscall_end(struct census *census, struct census_lane *lane)
{
    struct census_one *g = &census->gs.items[lane->g], *p = &census->ps.items[lane->p];

    if (UNLIKELY(g->status != G_SYSCALL || p->status != P_SYSCALL))
        return CENSUS_UNFIT;
    g->status = G_RUNNING;
    p->status = P_RUNNING;
    return CENSUS_TAKEN;
}

static enum census_outcome syscall_end_blocked(struct census *census, struct census_lane *lane)
{
    struct census_one *g = &census->gs.items[lane->g];

    if (g->status != G_SYSCALL)
        return CENSUS_UNFIT;
    lane->waits_for_p = lane->p == CENSUS_UNKNOWN || census->ps.items[lane->p].status == P_SYSCALL;
    if (lane->waits_for_p)
        return lane->p == CENSUS_UNKNOWN ? claim(census, lane) : CENSUS_WAITS;
    if (lane->p != CENSUS_NOBODY && census->ps.items[lane->p].status != P_RUNNING)
        return CENSUS_UNFIT;
    g->status = G_RUNNABLE;
    lane->g = CENSUS_NOBODY;
    follows_theft(census, lane);
    return changed(census, lane, false, g, true);
}

/* ---- ranges ---- */

static enum census_outcome begin_range(struct census *census, struct census_lane *lane, struct census_one *one,
                                       uint8_t range)
{
    if ((one->open & range) || !is_told_here(census, one, lane))
        return CENSUS_UNFIT;
    if (!(one->had & range) && !one->is_reborn)
        one->lacked |= range;
    one->open |= range;
    return CENSUS_TAKEN;
}

static enum census_outcome end_range(struct census *census, struct census_lane *lane, struct census_one *one,
                                     uint8_t range)
{
    if (!is_told_here(census, one, lane))
        return CENSUS_UNFIT;
    if (!(one->open & range)) {
        /* What stopped the world before is not known, and has a name. */
        if (((one->had | one->lacked) & range) || range == CENSUS_STW || is_born(one))
            return CENSUS_UNFIT;
        one->had |= range;
    }
    one->open &= (uint8_t)~range;
    return CENSUS_TAKEN;
}

/* A status is followed by what was active then, in the same lane. Of one that this lane does not hold another could
 * tell the end at any time. */
static enum census_outcome active_range(struct census *census, struct census_lane *lane, struct census_table *table,
                                        uint64_t id, uint8_t range)
{
    const uint32_t at = id_map_get(&table->ids, id);
    const bool is_held = at == (table == &census->gs ? lane->g : lane->p);
    struct census_one *one = &table->items[at == MAP_NONE ? 0 : at];

    if (at == MAP_NONE || is_born(one) || one->status == CENSUS_GONE || one->status == CENSUS_UNTOLD ||
        one->teller != (uint32_t)(lane - census->lanes) || ((one->open | one->had | one->lacked) & range))
        return CENSUS_UNFIT;
    one->had |= range;
    one->open |= range;
    if (!is_held)
        one->care |= CENSUS_ANNOUNCED;
    return CENSUS_TAKEN;
}

static enum census_outcome go_range(struct census *census, struct census_lane *lane, uint8_t range, bool begins)
{
    if (!has_both(census, lane))
        return CENSUS_UNFIT;
    struct census_one *g = &census->gs.items[lane->g];
    return begins ? begin_range(census, lane, g, range) : end_range(census, lane, g, range);
}

static enum census_outcome sweep(struct census *census, struct census_lane *lane, bool begins)
{
    if (!runs_p(census, lane))
        return CENSUS_UNFIT;
    struct census_one *p = &census->ps.items[lane->p];
    return begins ? begin_range(census, lane, p, CENSUS_SWEEP) : end_range(census, lane, p, CENSUS_SWEEP);
}

void census_wake_for_gc(struct census *census)
{
    for (size_t i = 0; i < census->gen.n_lanes; i++) {
        struct census_lane *lane = &census->lanes[i];
        if (lane->waits_for_gc)
            census_wake(census, lane);
        lane->waits_for_gc = false;
    }
}

/* Whether the collector begins more than once in a trace's first generation. Then which number it goes on from hangs on
 * the order, and the rest need not be counted. */
static bool begins_twice(const struct census *census)
{
    return census->before.offset == census->begin && (census->n_gc_begins > 1 || census->n_gc_waits > 1);
}

/* The collector has a sequence of its own. With which number it goes on is not known until all wait. */
static enum census_outcome collector(struct census *census, struct census_lane *lane, uint8_t type, uint64_t seq)
{
    lane->waits_for_gc = !census->gc_is_known || seq != census->gc_seq + 1;
    if (lane->waits_for_gc && census->gc_is_known)
        return CENSUS_WAITS;
    if (lane->waits_for_gc) {
        census->n_gc_waits += type != WIRE_GC_END;
        return begins_twice(census) ? CENSUS_UNFIT : claim(census, lane);
    }
    if ((census->gc_state == GC_RUNNING) == (type == WIRE_GC_BEGIN) || !has_both(census, lane))
        return CENSUS_UNFIT;
    follows(census, lane, census->gc_ns);
    census->gc_ns = lane->walk.time_ns;
    census->gc_seq = seq;
    census->gc_state = type == WIRE_GC_END ? GC_NOT_RUNNING : GC_RUNNING;
    census->n_gc_begins += type != WIRE_GC_END;
    census_wake_for_gc(census);
    return only_if(!begins_twice(census));
}

/* ---- regions, tasks ---- */

static enum census_outcome pop_earlier(struct census *census, struct census_one *g, struct census_region region)
{
    struct census_region *grown = array_grow(census->popped, census->n_popped, &census->popped_capacity, sizeof *grown);

    if (!grown)
        return CENSUS_UNFIT;
    census->popped = grown;
    region.g = place_of(&census->gs, g);
    region.rank = g->n_popped++;
    census->popped[census->n_popped++] = region;
    return CENSUS_TAKEN;
}

static enum census_outcome region(struct census *census, struct census_lane *lane, const uint64_t *args, bool begins)
{
    if (!has_both(census, lane))
        return CENSUS_UNFIT;
    struct census_one *g = &census->gs.items[lane->g];
    struct census_region region = {.task = args[0], .name = string_of(census, args[1]), .outer = g->region};
    if (begins) {
        struct census_region *grown =
            array_grow(census->regions, census->n_regions, &census->regions_capacity, sizeof *grown);
        if (!grown || census->n_regions >= MAP_NONE)
            return CENSUS_UNFIT;
        census->regions = grown;
        g->region = (uint32_t)census->n_regions;
        census->regions[census->n_regions++] = region;
        return CENSUS_TAKEN;
    }
    if (g->region == MAP_NONE)
        return is_born(g) ? CENSUS_TAKEN : pop_earlier(census, g, region);
    const struct census_region *inner = &census->regions[g->region];
    if (inner->task != region.task || inner->name != region.name)
        return CENSUS_UNFIT;
    g->region = inner->outer;
    return CENSUS_TAKEN;
}

static struct census_task *task_of(struct census *census, const struct census_lane *lane, gxt_taskid id)
{
    uint32_t at = map_get(&census->task_ids, id);
    const uint32_t own = (uint32_t)(lane - census->lanes);

    if (at != MAP_NONE) {
        struct census_task *task = &census->tasks[at];
        task->is_doubtful = task->is_doubtful || task->lane != own;
        task->lane = own;
        return task;
    }
    struct census_task *grown = array_grow(census->tasks, census->n_tasks, &census->tasks_capacity, sizeof *grown);
    if (!grown)
        return NULL;
    census->tasks = grown;
    at = (uint32_t)census->n_tasks;
    if (at >= MAP_NONE || map_put(&census->task_ids, id, at) < 0)
        return NULL;
    census->tasks[census->n_tasks++] = (struct census_task){.task.id = id, .lane = own};
    return &census->tasks[at];
}

static enum census_outcome task_begin(struct census *census, const struct census_lane *lane, const uint64_t *args)
{
    struct census_task *task = has_both(census, lane) ? task_of(census, lane, args[0]) : NULL;

    if (!task || task->has_begun)
        return CENSUS_UNFIT;
    task->task.parent = args[1] == GXT_BACKGROUND_TASK ? GXT_NO_TASK : args[1];
    task->task.name = string_of(census, args[2]);
    task->has_begun = task->is_active = true;
    return CENSUS_TAKEN;
}

static enum census_outcome task_end(struct census *census, const struct census_lane *lane, const uint64_t *args)
{
    struct census_task *task = has_both(census, lane) ? task_of(census, lane, args[0]) : NULL;

    if (!task)
        return CENSUS_UNFIT;
    task->had = task->had || !task->has_begun;
    task->is_active = false;
    return CENSUS_TAKEN;
}

/* ---- lanes ---- */

static enum census_outcome try_other(struct census *census, struct census_lane *lane, uint8_t type,
                                     const uint64_t *args)
{
    switch (type) {
    case WIRE_PROC_STATUS:
        return proc_status(census, lane, args);
    case WIRE_PROC_START:
        return proc_start(census, lane, args);
    case WIRE_PROC_STOP:
        return proc_stop(census, lane);
    case WIRE_PROC_STEAL:
        return proc_steal(census, lane, args);
    case WIRE_GO_STATUS:
        return go_status(census, lane, args);
    case WIRE_GO_CREATE_BLOCKED:
        return go_create(census, lane, args, G_WAITING);
    case WIRE_GO_CREATE_SYSCALL:
        return go_create_syscall(census, lane, args);
    case WIRE_GO_DESTROY_SYSCALL:
        return destroy_syscall(census, lane);
    case WIRE_GO_STOP:
        return go_leave(census, lane, G_RUNNABLE, true);
    case WIRE_GO_SYSCALL_END_BLOCKED:
        return syscall_end_blocked(census, lane);
    case WIRE_STW_BEGIN:
        return go_range(census, lane, CENSUS_STW, true);
    case WIRE_STW_END:
        return go_range(census, lane, CENSUS_STW, false);
    case WIRE_GC_MARK_ASSIST_BEGIN:
        return go_range(census, lane, CENSUS_ASSIST, true);
    case WIRE_GC_MARK_ASSIST_END:
        return go_range(census, lane, CENSUS_ASSIST, false);
    case WIRE_GC_MARK_ASSIST_ACTIVE:
        return active_range(census, lane, &census->gs, args[0], CENSUS_ASSIST);
    case WIRE_GC_SWEEP_BEGIN:
        return sweep(census, lane, true);
    case WIRE_GC_SWEEP_END:
        return sweep(census, lane, false);
    case WIRE_GC_SWEEP_ACTIVE:
        return active_range(census, lane, &census->ps, args[0], CENSUS_SWEEP);
    case WIRE_GC_ACTIVE:
    case WIRE_GC_BEGIN:
    case WIRE_GC_END:
        return collector(census, lane, type, args[0]);
    case WIRE_HEAP_ALLOC:
    case WIRE_HEAP_GOAL:
        return only_if(runs_p(census, lane));
    case WIRE_PROCS_CHANGE:
    case WIRE_GO_LABEL:
    case WIRE_USER_LOG:
        return only_if(has_both(census, lane));
    case WIRE_USER_TASK_BEGIN:
        return task_begin(census, lane, args);
    case WIRE_USER_TASK_END:
        return task_end(census, lane, args);
    case WIRE_USER_REGION_BEGIN:
        return region(census, lane, args, true);
    case WIRE_USER_REGION_END:
        return region(census, lane, args, false);
    case WIRE_SPAN:
    case WIRE_SPAN_ALLOC:
    case WIRE_SPAN_FREE:
    case WIRE_HEAP_OBJECT:
    case WIRE_HEAP_OBJECT_ALLOC:
    case WIRE_HEAP_OBJECT_FREE:
    case WIRE_GOROUTINE_STACK:
    case WIRE_GOROUTINE_STACK_ALLOC:
    case WIRE_GOROUTINE_STACK_FREE:
        return only_if(lane->walk.thread != GXT_NO_THREAD);
    default: /* it does not belong in a batch of events */
        return CENSUS_UNFIT;
    }
}

/* An event that is not one of the commonest, behind whose time @at is, and then behind its numbers. */
static __attribute__((noinline)) enum census_outcome take_other(struct census *census, struct census_lane *lane,
                                                                uint8_t type, const uint8_t **at)
{
    uint64_t args[WIRE_MAX_ARGS] = {0};
    const uint8_t *next = *at ? wire_numbers(*at, wire_specs[type].n_args, args) : NULL;

    if (!next || !has_names(census, type, args))
        return CENSUS_UNFIT;
    const enum census_outcome outcome = try_other(census, lane, type, args);
    *at = next;
    return outcome;
}

/* The lane goes as far as it can. Its walk's time is the event's, where times are kept. */
FAST enum census_outcome run(struct census *census, struct census_lane *lane, bool timed)
{
    const uint8_t *at = lane->walk.next, *quick_end = lane->walk.quick_end;
    int64_t last_ns = lane->walk.time_ns; /* of the event before */
    uint64_t args[4] = {0}, delta = 0;
    enum census_outcome outcome;

    do {
        if (UNLIKELY(at >= quick_end)) {
            struct gxt_error fault;
            lane->walk.next = at;
            int r = lane_next_slow(&lane->walk, &census->gen, &fault);
            if (r <= 0)
                return r < 0 ? CENSUS_UNFIT : CENSUS_ENDS;
            at = lane->walk.head;
            quick_end = lane->walk.quick_end;
            lane->is_used = true;
            if (timed) {
                const int64_t before_ns = last_ns;
                last_ns = lane->walk.before_ns != 0 ? lane->walk.before_ns : lane->walk.base_ns;
                census->is_late = census->is_late || last_ns < before_ns || last_ns <= 0;
            }
        }
        const uint8_t type = *at, *next = wire_number_even(at + 1, &delta);
        if (timed) {
            lane->walk.time_ns = (int64_t)((uint64_t)last_ns + (uint64_t)gen_time(census->gen.ns_per_tick, delta));
            census->is_late = census->is_late || lane->walk.time_ns < last_ns;
        }
        if (type == WIRE_GO_START) {
            next = wire_numbers(next, 2, args);
            outcome = go_start(census, lane, args, timed);
        } else if (type == WIRE_GO_UNBLOCK) {
            next = wire_numbers(next, 3, args);
            outcome = LIKELY(has_stack(census, args[2])) ? go_unblock(census, lane, args, timed) : CENSUS_UNFIT;
        } else if (type == WIRE_GO_BLOCK) {
            next = wire_numbers(next, 2, args);
            outcome = LIKELY(has_string(census, args[0]) && has_stack(census, args[1]))
                          ? go_leave(census, lane, G_WAITING, timed)
                          : CENSUS_UNFIT;
        } else if (type == WIRE_GO_SYSCALL_BEGIN) {
            next = wire_numbers(next, 2, args);
            outcome = LIKELY(has_stack(census, args[1])) ? syscall_begin(census, lane, args, timed) : CENSUS_UNFIT;
        } else if (type == WIRE_GO_SYSCALL_END) {
            outcome = syscall_end(census, lane);
        } else if (type == WIRE_GO_CREATE) {
            next = wire_numbers(next, 3, args);
            outcome = LIKELY(has_stack(census, args[1]) && has_stack(census, args[2]))
                          ? go_create(census, lane, args, G_RUNNABLE)
                          : CENSUS_UNFIT;
        } else if (type == WIRE_GO_STATUS_STACK) {
            next = wire_numbers(next, 4, args);
            outcome = LIKELY(has_stack(census, args[3])) ? go_status(census, lane, args) : CENSUS_UNFIT;
        } else if (type == WIRE_GO_DESTROY) {
            outcome = go_leave(census, lane, CENSUS_GONE, timed);
        } else if (type == WIRE_GO_SWITCH || type == WIRE_GO_SWITCH_DESTROY) {
            next = wire_numbers(next, 2, args);
            outcome = go_switch(census, lane, args, type == WIRE_GO_SWITCH_DESTROY, timed);
        } else {
            outcome = take_other(census, lane, type, &next);
        }
        if (LIKELY(outcome == CENSUS_TAKEN)) {
            census->n[type]++;
            at = next;
            last_ns = lane->walk.time_ns;
        }
    } while (LIKELY(outcome == CENSUS_TAKEN));
    lane->walk.next = at;
    if (timed)
        lane->walk.time_ns = last_ns; /* it will be read again */
    return outcome;
}

static __attribute__((noinline)) enum census_outcome run_timed(struct census *census, struct census_lane *lane)
{
    return run(census, lane, true);
}

enum census_outcome census_run(struct census *census, struct census_lane *lane)
{
    return UNLIKELY(census->is_timed) ? run_timed(census, lane) : run(census, lane, false);
}
