/* mend.c
 *
 * In: an event of a hurt generation that waits for what never comes, or contradicts what is known. Out: the states as
 * they must have been for it to happen. Never: a goroutine or processor set back to before what is known of it.
 *
 * What an event says of the one it is about is true, and what was known may be old, since events were lost. Its own
 * thread, processor and goroutine it does not name: an event that does not fit these cannot be helped.
 */
#include "order_priv.h"

/* An event's arguments, and what is there. */
struct mend {
    struct sched *sched;
    struct sched_m *m; /* NULL for a lane of no thread */
    uint64_t generation;
    uint64_t args[WIRE_MAX_ARGS];
};

static bool is_past(const struct sched_resource *resource, uint64_t generation, uint64_t seq)
{
    return resource && resource->seq_generation == generation && seq <= resource->seq;
}

/* One that is found, or is made. */
static struct sched_resource *have(struct sched_table *table, int64_t id)
{
    struct sched_resource *resource = sched_find(table, id);

    if (!resource && id != -1 && table->lost == 0)
        resource = sched_add(table, id);
    if (resource)
        sched_touch(table, resource);
    return resource;
}

/* Whoever runs it runs it no more. */
static void part_goroutine(struct sched *sched, gxt_goid id)
{
    for (size_t i = 0; i < sched->n_ms; i++)
        if (sched->ms[i].g == id)
            sched->ms[i].g = GXT_NO_GOROUTINE;
}

static void part_proc(struct sched *sched, gxt_procid id)
{
    for (size_t i = 0; i < sched->n_ms; i++)
        if (sched->ms[i].p == id)
            sched->ms[i].p = GXT_NO_PROC;
}

/* It is in a state, and what comes next has number @seq. */
static bool put(struct sched_table *table, int64_t id, uint8_t status, uint64_t generation, uint64_t seq)
{
    struct sched_resource *resource = sched_find(table, id);

    if (is_past(resource, generation, seq) || !(resource = have(table, id)))
        return false;
    resource->status = status;
    resource->seq_generation = generation;
    resource->seq = seq - 1;
    return true;
}

static bool put_goroutine(struct mend *mend, uint8_t status)
{
    const gxt_goid id = (gxt_goid)mend->args[0];

    if (!put(&mend->sched->gs, id, status, mend->generation, mend->args[1]))
        return false;
    part_goroutine(mend->sched, id);
    return true;
}

static bool put_proc(struct mend *mend, uint8_t status)
{
    const gxt_procid id = (gxt_procid)mend->args[0];

    if (!put(&mend->sched->ps, id, status, mend->generation, mend->args[1]))
        return false;
    part_proc(mend->sched, id);
    return true;
}

static bool start(struct mend *mend)
{
    if (!mend->m || mend->m->p == GXT_NO_PROC || !put_goroutine(mend, G_RUNNABLE))
        return false;
    mend->m->g = GXT_NO_GOROUTINE;
    return true;
}

static bool proc_start(struct mend *mend)
{
    if (!mend->m || !put_proc(mend, P_IDLE))
        return false;
    mend->m->p = GXT_NO_PROC;
    return true;
}

/* Who it is stolen from does not have it any more: that is all of it that can be kept. */
static bool proc_steal(struct mend *mend)
{
    if (put_proc(mend, P_IDLE)) {
        struct sched_resource *p = sched_find(&mend->sched->ps, (gxt_procid)mend->args[0]);
        p->seq++;
    }
    return false;
}

/* Its processor was taken meanwhile. */
static bool lose_proc(struct mend *mend)
{
    if (!mend->m || mend->m->p == GXT_NO_PROC)
        return false;
    struct sched_resource *p = have(&mend->sched->ps, mend->m->p);
    if (p)
        p->status = P_IDLE;
    mend->m->p = GXT_NO_PROC;
    return p != NULL;
}

/* What a status says is so. */
static bool tell(struct sched_table *table, int64_t id, uint64_t status, unsigned n_statuses)
{
    struct sched_resource *resource = sched_find(table, id);

    if (!resource || status >= n_statuses || resource->status == (uint8_t)status)
        return false;
    sched_touch(table, resource);
    resource->status = (uint8_t)status;
    return true;
}

static bool gc(struct mend *mend, uint8_t state)
{
    struct sched *sched = mend->sched;

    if (mend->args[0] <= sched->gc_seq)
        return false;
    sched->gc_seq = mend->args[0] - 1;
    sched->gc_state = state;
    return true;
}

bool sched_mend(struct step *step, const struct lane *lane)
{
    struct mend mend = {.sched = step->sched,
                        .m = lane->m == MAP_NONE ? NULL : &step->sched->ms[lane->m],
                        .generation = step->gen->dir.number};

    (void)wire_numbers(lane->args, wire_specs[lane_type(lane)].n_args, mend.args);
    switch (lane_type(lane)) {
    case WIRE_GO_START:
        return start(&mend);
    case WIRE_GO_UNBLOCK:
        return put_goroutine(&mend, G_WAITING);
    case WIRE_GO_SWITCH:
    case WIRE_GO_SWITCH_DESTROY:
        return mend.m && mend.m->g != (gxt_goid)mend.args[0] && put_goroutine(&mend, G_WAITING);
    case WIRE_PROC_START:
        return proc_start(&mend);
    case WIRE_PROC_STEAL:
        return proc_steal(&mend);
    case WIRE_GO_SYSCALL_END_BLOCKED:
        return lose_proc(&mend);
    case WIRE_GO_STATUS:
    case WIRE_GO_STATUS_STACK:
        return tell(&mend.sched->gs, (int64_t)mend.args[0], mend.args[2], N_G_STATUSES);
    case WIRE_PROC_STATUS:
        return tell(&mend.sched->ps, (int64_t)mend.args[0], mend.args[1], N_P_STATUSES);
    case WIRE_GC_BEGIN:
        return gc(&mend, GC_NOT_RUNNING);
    case WIRE_GC_ACTIVE:
    case WIRE_GC_END:
        return gc(&mend, GC_RUNNING);
    default:
        return false;
    }
}
