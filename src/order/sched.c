/* sched.c
 *
 * In: the head of a lane. Out: whether it may advance, and what it then changes. Never: an order among lanes: who is
 * tried when is the frontier's affair.
 *
 * The state machine of Go's scheduler as far as events tell it. Each kind of event has one function below, which
 * answers
 *
 *     1   advance: the record is filled, the states are changed
 *     0   wait: what it follows has not been seen yet
 *     <0  the trace contradicts itself
 *
 * A function that waits has changed nothing, except that the lane's thread is known from its first try on.
 */
#include "order_priv.h"

const uint8_t sched_go_state[N_G_STATUSES] = {
    [G_BAD] = GXT_GO_UNDETERMINED, [G_RUNNABLE] = GXT_GO_RUNNABLE, [G_RUNNING] = GXT_GO_RUNNING,
    [G_SYSCALL] = GXT_GO_SYSCALL,  [G_WAITING] = GXT_GO_WAITING,
};
const uint8_t sched_proc_state[N_P_STATUSES] = {
    [P_BAD] = GXT_PROC_UNDETERMINED, [P_RUNNING] = GXT_PROC_RUNNING,        [P_IDLE] = GXT_PROC_IDLE,
    [P_SYSCALL] = GXT_PROC_RUNNING,  [P_SYSCALL_ABANDONED] = GXT_PROC_IDLE,
};

#define CONTRADICTION(step, ...) fault_set((step)->fault, GXT_ECORRUPT, lane_offset((step)->lane), __VA_ARGS__)
#define ARG(step, i) ((step)->out->args[i])
#define LL(x) ((long long)(x))

static int no_memory(struct step *step)
{
    return fault_set(step->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the scheduler's state");
}

static const char *name_of(const struct step *step)
{
    return wire_specs[lane_type(step->lane)].name;
}

static __attribute__((noinline)) struct sched_resource *own_elsewhere(struct sched_table *table, int64_t id,
                                                                      uint32_t *hint)
{
    struct sched_resource *resource = sched_find(table, id);

    if (resource)
        *hint = (uint32_t)(resource - table->items);
    return resource;
}

/* The context's own goroutine and processor: found where they were last, mostly. */
static inline __attribute__((always_inline)) struct sched_resource *own(struct sched_table *table, int64_t id,
                                                                        uint32_t *hint)
{
    if (LIKELY(*hint < table->n)) {
        struct sched_resource *resource = &table->items[*hint];
        if (LIKELY(resource->id == id && resource->live))
            return resource;
    }
    return own_elsewhere(table, id, hint);
}

static inline __attribute__((always_inline)) struct sched_resource *own_g(struct step *step)
{
    uint32_t none = MAP_NONE;
    return own(&step->sched->gs, step->g, step->m ? &step->m->g_at : &none);
}

static inline __attribute__((always_inline)) struct sched_resource *own_p(struct step *step)
{
    uint32_t none = MAP_NONE;
    return own(&step->sched->ps, step->p, step->m ? &step->m->p_at : &none);
}

static inline bool follows(const struct sched_resource *resource, uint64_t generation, uint64_t seq)
{
    return resource->seq_generation == generation && seq == resource->seq + 1;
}

static inline void set_seq(struct sched_resource *resource, uint64_t generation, uint64_t seq)
{
    resource->seq_generation = generation;
    resource->seq = seq;
}

/* What an event needs of its context. */
enum {
    NEED_P = 1,
    NEED_G = 2,
    NO_P = 4,
    NO_G = 8
};

static __attribute__((cold, noinline)) int missing(struct step *step, unsigned needs)
{
    if (!step->m)
        return CONTRADICTION(step, "%s: expected a thread but didn't have one", name_of(step));
    if ((needs & NEED_P) && step->p == GXT_NO_PROC)
        return CONTRADICTION(step, "%s: expected a proc but didn't have one", name_of(step));
    if ((needs & NO_P) && step->p != GXT_NO_PROC)
        return CONTRADICTION(step, "%s: expected no proc but had one", name_of(step));
    if ((needs & NEED_G) && step->g == GXT_NO_GOROUTINE)
        return CONTRADICTION(step, "%s: expected a goroutine but didn't have one", name_of(step));
    return CONTRADICTION(step, "%s: expected no goroutine but had one", name_of(step));
}

static inline __attribute__((always_inline)) int need(struct step *step, unsigned needs)
{
    bool fits = step->m && (!(needs & NEED_P) || step->p != GXT_NO_PROC) &&
                (!(needs & NEED_G) || step->g != GXT_NO_GOROUTINE) && (!(needs & NO_P) || step->p == GXT_NO_PROC) &&
                (!(needs & NO_G) || step->g == GXT_NO_GOROUTINE);
    return LIKELY(fits) ? 1 : missing(step, needs);
}

/* ---- processors ---- */

static int promote_abandoned(struct step *step, gxt_procid pid)
{
    struct assumed *assumed = step->sched->assumed;
    uint32_t at = MAP_NONE;

    /* Its status is told by another thread than the one that holds it: the event belongs to the holder. */
    for (size_t i = 0; i < step->sched->n_ms; i++)
        if (step->sched->ms[i].p == pid) {
            if (assumed && at != MAP_NONE)
                assumed->unfit = true; /* which of two it is hangs on what was before */
            at = (uint32_t)i;
        }
    if (at == MAP_NONE)
        return CONTRADICTION(step, "no thread holds proc %lld, which is about to be stolen", LL(pid));
    if (sched_see(step->sched, at) < 0)
        return no_memory(step);
    const struct sched_m *holder = &step->sched->ms[at];
    step->out->thread = holder->id;
    step->out->proc = pid;
    step->out->goroutine = holder->g;
    return 1;
}

static int proc_status(struct step *step)
{
    struct sched *sched = step->sched;
    gxt_procid pid = (gxt_procid)ARG(step, 0);
    uint8_t status = (uint8_t)ARG(step, 1);

    if (status >= N_P_STATUSES) /* of the low byte alone, as Go's reader takes it */
        return CONTRADICTION(step, "invalid status for proc %lld: %llu", LL(pid), (unsigned long long)ARG(step, 1));

    uint8_t from = sched_proc_state[status], to = from;
    bool promoted = false;
    struct sched_resource *p = sched_find(&sched->ps, pid);
    if (UNLIKELY(sched->assumed && !p) && !(p = assume_proc(sched, step->gen, step->lane, pid, status)))
        return no_memory(step);
    const bool known_abandoned = p && status == P_SYSCALL_ABANDONED;
    if (known_abandoned && p->status == P_SYSCALL) {
        from = to = GXT_PROC_RUNNING;
        promoted = true;
    } else if (p && p->status != status) {
        return CONTRADICTION(step, "inconsistent status for proc %lld: old %u vs. new %u", LL(pid), p->status, status);
    } else if (!p) {
        p = sched_add(&sched->ps, pid);
        if (!p)
            return no_memory(step);
        p->status = status;
        from = step->gen->dir.number == sched->initial_generation ? GXT_PROC_UNDETERMINED : GXT_PROC_NOT_EXIST;
    }
    /* An abandoned one is passed on as what it is; of the others Go's reader prints the whole number, and falls over.
     */
    if (ARG(step, 1) >= N_P_STATUSES && !known_abandoned)
        return CONTRADICTION(step, "invalid status for proc %lld: %llu", LL(pid), (unsigned long long)ARG(step, 1));
    sched_touch(&sched->ps, p);
    set_seq(p, step->gen->dir.number, 0);
    step->out->from = from;
    step->out->to = to;
    if (promoted)
        return promote_abandoned(step, pid);
    if ((status == P_RUNNING || status == P_SYSCALL) && step->m)
        step->m->p = pid;
    return 1;
}

static inline __attribute__((always_inline)) int proc_start(struct step *step)
{
    struct sched_resource *p = sched_find(&step->sched->ps, (gxt_procid)ARG(step, 0));
    uint64_t generation = step->gen->dir.number;

    /* A thread that still has a processor is in a syscall from which it has not been seen to be stolen yet. */
    if (!p || p->status != P_IDLE || !follows(p, generation, ARG(step, 1)) || step->p != GXT_NO_PROC)
        return 0;
    int r = need(step, NO_P);
    if (r < 0)
        return r;
    sched_touch(&step->sched->ps, p);
    p->status = P_RUNNING;
    set_seq(p, generation, ARG(step, 1));
    step->m->p = p->id;
    step->m->p_at = (uint32_t)(p - step->sched->ps.items);
    return 1;
}

static inline __attribute__((always_inline)) int proc_stop(struct step *step)
{
    struct sched_resource *p = own_p(step);

    if (!p)
        return CONTRADICTION(step, "ProcStop for proc %lld, which does not exist", LL(step->p));
    if (p->status != P_RUNNING && p->status != P_SYSCALL)
        return CONTRADICTION(step, "ProcStop for proc %lld, which neither runs nor is in a syscall", LL(step->p));
    int r = need(step, NEED_P);
    if (r < 0)
        return r;
    sched_touch(&step->sched->ps, p);
    p->status = P_IDLE;
    step->m->p = GXT_NO_PROC;
    return 1;
}

static int steal_from(struct step *step, gxt_procid pid)
{
    gxt_threadid victim = (gxt_threadid)ARG(step, 2);

    if (victim == step->lane->thread) {
        if (step->p != pid)
            return CONTRADICTION(step, "thread %lld steals proc %lld from itself but has proc %lld", LL(victim),
                                 LL(pid), LL(step->p));
        step->m->p = GXT_NO_PROC;
        return 1;
    }
    uint32_t at = map_get(&step->sched->m_ids, (uint64_t)victim);
    if (at == MAP_NONE)
        return CONTRADICTION(step, "proc %lld is stolen from thread %lld, which does not exist", LL(pid), LL(victim));
    struct sched_m *m = &step->sched->ms[at];
    if (m->p != pid)
        return CONTRADICTION(step, "proc %lld is stolen from thread %lld, which has proc %lld", LL(pid), LL(victim),
                             LL(m->p));
    m->p = GXT_NO_PROC;
    return sched_see(step->sched, at) < 0 ? no_memory(step) : 1;
}

static inline __attribute__((always_inline)) int proc_steal(struct step *step)
{
    struct sched_resource *p = sched_find(&step->sched->ps, (gxt_procid)ARG(step, 0));
    uint64_t generation = step->gen->dir.number;

    if (!p || (p->status != P_SYSCALL && p->status != P_SYSCALL_ABANDONED) || !follows(p, generation, ARG(step, 1)))
        return 0;
    int r = need(step, 0);
    if (r < 0)
        return r;
    bool abandoned = p->status == P_SYSCALL_ABANDONED;
    sched_touch(&step->sched->ps, p);
    p->status = P_IDLE;
    set_seq(p, generation, ARG(step, 1));
    step->out->from = abandoned ? GXT_PROC_IDLE : GXT_PROC_RUNNING;
    step->out->to = GXT_PROC_IDLE;
    return abandoned ? 1 : steal_from(step, p->id); /* who lost an abandoned one has moved on */
}

/* ---- goroutines ---- */

/* A status that says "in a syscall" about another thread than the one that tells it. */
static int status_elsewhere(struct step *step, gxt_goid gid, gxt_threadid thread)
{
    if (step->sched->assumed && !sched_m_find(step->sched, thread) && assume_elsewhere(step->sched, thread, gid) < 0)
        return no_memory(step);
    bool known = sched_m_find(step->sched, thread) != NULL;
    uint32_t at = sched_m_at(step->sched, thread);
    if (at == MAP_NONE)
        return no_memory(step);

    struct sched_m *m = &step->sched->ms[at];
    if (known && m->g != gid)
        return CONTRADICTION(step, "goroutine %lld is said to be in a syscall on thread %lld, which has goroutine %lld",
                             LL(gid), LL(thread), LL(m->g));
    if (known)
        step->out->goroutine = gid;
    else
        step->out->run = GXT_RUN_BEGIN;
    m->g = gid;
    step->out->thread = thread;
    return 1;
}

static int bind_status(struct step *step, gxt_goid gid, uint8_t status)
{
    gxt_threadid thread = (gxt_threadid)ARG(step, 1);

    if (status != G_RUNNING && status != G_SYSCALL)
        return 1;
    if (status == G_SYSCALL && thread == GXT_NO_THREAD)
        return CONTRADICTION(step, "goroutine %lld is in a syscall without a thread", LL(gid));
    if (status == G_SYSCALL && thread != step->lane->thread)
        return status_elsewhere(step, gid, thread);
    if (status == G_SYSCALL && step->gen->dir.number != step->sched->initial_generation && step->g != gid)
        return CONTRADICTION(step, "goroutine %lld is said to be in a syscall on a thread that has goroutine %lld",
                             LL(gid), LL(step->g));
    if (step->m && step->g != gid)
        step->out->run = GXT_RUN_BEGIN;
    if (step->m)
        step->m->g = gid;
    return 1;
}

static int go_status(struct step *step)
{
    struct sched *sched = step->sched;
    gxt_goid gid = (gxt_goid)ARG(step, 0);
    uint8_t status = (uint8_t)ARG(step, 2);

    if (status >= N_G_STATUSES)
        return CONTRADICTION(step, "invalid status for goroutine %lld: %u", LL(gid), status);
    step->out->from = step->out->to = sched_go_state[status];
    step->out->run = GXT_RUN_SAME;

    struct sched_resource *g = sched_find(&sched->gs, gid);
    if (UNLIKELY(sched->assumed && !g) &&
        !(g = assume_goroutine(sched, (struct span){step->lane->next, step->lane->end}, gid, status)))
        return no_memory(step);
    if (g && g->status != status)
        return CONTRADICTION(step, "inconsistent status for goroutine %lld: old %u vs. new %u", LL(gid), g->status,
                             status);
    if (!g && step->gen->dir.number != sched->initial_generation)
        return CONTRADICTION(step, "a status for goroutine %lld, not seen before, after the first generation", LL(gid));
    if (!g) {
        g = sched_add(&sched->gs, gid);
        if (!g)
            return no_memory(step);
        g->status = status;
        step->out->from = GXT_GO_UNDETERMINED;
    }
    sched_touch(&sched->gs, g);
    set_seq(g, step->gen->dir.number, 0);
    return bind_status(step, gid, status);
}

static int create(struct step *step, uint8_t status)
{
    gxt_goid gid = (gxt_goid)ARG(step, 0);

    if (sched_find(&step->sched->gs, gid))
        return CONTRADICTION(step, "%s of goroutine %lld, which exists", name_of(step), LL(gid));
    struct sched_resource *g = sched_add(&step->sched->gs, gid);
    if (!g)
        return no_memory(step);
    g->status = status;
    set_seq(g, step->gen->dir.number, 0);
    return 1;
}

static int go_create(struct step *step, uint8_t status)
{
    int r = need(step, NEED_P);
    if (r < 0)
        return r;
    const struct sched_resource *creator = own_g(step);
    if (creator && creator->status != G_RUNNING)
        return CONTRADICTION(step, "%s by goroutine %lld, which is not running", name_of(step), LL(step->g));
    return create(step, status);
}

static int go_create_syscall(struct step *step)
{
    int r = need(step, NO_G);
    if (r < 0)
        return r;
    r = create(step, G_SYSCALL);
    if (r > 0)
        step->m->g = (gxt_goid)ARG(step, 0);
    return r;
}

/* The context's goroutine, which must be in the state an event needs. NULL with a fault in @ret. */
static inline __attribute__((always_inline)) struct sched_resource *must_be(struct step *step, unsigned needs,
                                                                            uint8_t status, int *ret)
{
    *ret = need(step, needs);
    if (UNLIKELY(*ret < 0))
        return NULL;
    struct sched_resource *g = own_g(step);
    if (UNLIKELY(!g))
        *ret = CONTRADICTION(step, "%s for goroutine %lld, which does not exist", name_of(step), LL(step->g));
    else if (UNLIKELY(g->status != status))
        *ret = CONTRADICTION(step, "%s for goroutine %lld, which is not %s", name_of(step), LL(step->g),
                             status == G_RUNNING ? "running" : "in a syscall");
    return LIKELY(*ret > 0) ? g : NULL;
}

static inline __attribute__((always_inline)) int go_leave(struct step *step, uint8_t status)
{
    int r;
    struct sched_resource *g = must_be(step, NEED_P | NEED_G, G_RUNNING, &r);
    if (!g)
        return r;
    sched_touch(&step->sched->gs, g);
    g->status = status;
    step->m->g = GXT_NO_GOROUTINE;
    return 1;
}

static inline __attribute__((always_inline)) int go_destroy(struct step *step)
{
    int r;
    struct sched_resource *g = must_be(step, NEED_P | NEED_G, G_RUNNING, &r);
    if (!g)
        return r;
    sched_remove(&step->sched->gs, g);
    step->m->g = GXT_NO_GOROUTINE;
    return 1;
}

static inline __attribute__((always_inline)) int go_start(struct step *step)
{
    struct sched_resource *g = sched_find(&step->sched->gs, (gxt_goid)ARG(step, 0));
    uint64_t generation = step->gen->dir.number;

    if (!g || g->status != G_RUNNABLE || !follows(g, generation, ARG(step, 1)))
        return 0;
    int r = need(step, NEED_P | NO_G);
    if (r < 0)
        return r;
    sched_touch(&step->sched->gs, g);
    g->status = G_RUNNING;
    set_seq(g, generation, ARG(step, 1));
    step->m->g = g->id;
    step->m->g_at = (uint32_t)(g - step->sched->gs.items);
    return 1;
}

static inline __attribute__((always_inline)) int go_unblock(struct step *step)
{
    struct sched_resource *g = sched_find(&step->sched->gs, (gxt_goid)ARG(step, 0));
    uint64_t generation = step->gen->dir.number;

    if (!g || g->status != G_WAITING || !follows(g, generation, ARG(step, 1)))
        return 0;
    sched_touch(&step->sched->gs, g);
    g->status = G_RUNNABLE;
    set_seq(g, generation, ARG(step, 1));
    return 1;
}

/* Queues a record that follows the step's own, of a type and with no arguments yet. */
static struct order_record *follow(struct step *step, uint8_t type)
{
    struct order_record *record = &step->pending->records[step->pending->n++];

    step->pending->m = step->lane->m;
    *record = (struct order_record){
        .time_ns = step->lane->time_ns,
        .thread = step->lane->thread,
        .proc = step->p,
        .goroutine = step->g,
        .offset = lane_offset(step->lane),
        .type = type,
    };
    return record;
}

/* A coroutine switch is three events: the next goroutine is unblocked, this one blocks or ends, the next one starts. */
static int go_switch(struct step *step)
{
    int r;
    if (!must_be(step, NEED_P | NEED_G, G_RUNNING, &r))
        return r;
    struct sched_resource *next = sched_find(&step->sched->gs, (gxt_goid)ARG(step, 0));
    uint64_t generation = step->gen->dir.number;
    if (!next || next->status != G_WAITING || !follows(next, generation, ARG(step, 1)))
        return 0;
    sched_touch(&step->sched->gs, next);
    next->status = G_RUNNABLE;
    set_seq(next, generation, ARG(step, 1));

    (void)follow(step, lane_type(step->lane) == WIRE_GO_SWITCH ? WIRE_GO_BLOCK : WIRE_GO_DESTROY);
    struct order_record *start = follow(step, WIRE_GO_START);
    start->goroutine = GXT_NO_GOROUTINE;
    start->args[0] = ARG(step, 0);
    start->args[1] = ARG(step, 1);
    return 1;
}

static inline __attribute__((always_inline)) int syscall_begin(struct step *step)
{
    int r;
    struct sched_resource *g = must_be(step, NEED_P | NEED_G, G_RUNNING, &r);
    if (!g)
        return r;
    struct sched_resource *p = own_p(step);
    if (!p)
        return CONTRADICTION(step, "GoSyscallBegin on proc %lld, which does not exist", LL(step->p));
    /* The number tells apart two syscalls of one processor where times are broken; a running processor need not wait
     * for it. One of another generation means nothing, and is not saved. */
    uint64_t generation = step->gen->dir.number;
    if (!follows(p, generation, ARG(step, 0)))
        return CONTRADICTION(step, "GoSyscallBegin on proc %lld with sequence number %llu after %llu", LL(step->p),
                             (unsigned long long)ARG(step, 0),
                             (unsigned long long)(p->seq_generation == generation ? p->seq : 0));
    sched_touch(&step->sched->gs, g);
    sched_touch(&step->sched->ps, p);
    g->status = G_SYSCALL;
    p->status = P_SYSCALL;
    set_seq(p, generation, ARG(step, 0));
    return 1;
}

static inline __attribute__((always_inline)) int syscall_end(struct step *step)
{
    int r;
    struct sched_resource *g = must_be(step, NEED_P | NEED_G, G_SYSCALL, &r);
    if (!g)
        return r;
    struct sched_resource *p = own_p(step);
    if (!p || p->status != P_SYSCALL)
        return CONTRADICTION(step, "GoSyscallEnd on proc %lld, which is not in a syscall", LL(step->p));
    sched_touch(&step->sched->gs, g);
    sched_touch(&step->sched->ps, p);
    g->status = G_RUNNING;
    p->status = P_RUNNING;
    return 1;
}

static int syscall_end_blocked(struct step *step)
{
    if (step->p != GXT_NO_PROC) {
        const struct sched_resource *p = own_p(step);
        if (!p)
            return CONTRADICTION(step, "GoSyscallEndBlocked on proc %lld, which does not exist", LL(step->p));
        if (p->status == P_SYSCALL)
            return 0; /* it blocked, so its processor is about to go */
    }
    int r;
    struct sched_resource *g = must_be(step, NEED_G, G_SYSCALL, &r);
    if (!g)
        return r;
    sched_touch(&step->sched->gs, g);
    g->status = G_RUNNABLE;
    step->m->g = GXT_NO_GOROUTINE;
    return 1;
}

/* A goroutine of a C thread ends. A processor it still has is stolen by nobody first: the thread's id may come again.
 */
static int destroy_syscall(struct step *step)
{
    int r;
    struct sched_resource *g = must_be(step, NEED_G, G_SYSCALL, &r);
    if (!g)
        return r;
    if (step->p == GXT_NO_PROC) {
        sched_remove(&step->sched->gs, g);
        step->m->g = GXT_NO_GOROUTINE;
        return 1;
    }
    struct sched_resource *p = own_p(step);
    if (!p || p->status != P_SYSCALL)
        return CONTRADICTION(step, "GoDestroySyscall with proc %lld, which is not in a syscall", LL(step->p));
    sched_touch(&step->sched->ps, p);
    p->status = P_SYSCALL_ABANDONED;
    step->m->p = GXT_NO_PROC;
    (void)follow(step, WIRE_GO_DESTROY_SYSCALL);
    step->out->type = WIRE_PROC_STEAL;
    step->out->args[0] = (uint64_t)step->p;
    step->out->args[1] = p->seq;
    step->out->args[2] = (uint64_t)step->lane->thread;
    step->out->from = GXT_PROC_RUNNING;
    step->out->to = GXT_PROC_IDLE;
    return 1;
}

/* ---- ranges ---- */

static int add_range(struct step *step, struct sched_table *table, struct sched_resource *resource, uint8_t type,
                     uint64_t description)
{
    sched_touch(table, resource);
    return sched_range_add(resource, (struct sched_range){description, type}) < 0 ? no_memory(step) : 1;
}

static int begin_range(struct step *step, struct sched_table *table, struct sched_resource *resource,
                       uint64_t description)
{
    if (sched_range_find(resource, lane_type(step->lane), &description))
        return CONTRADICTION(step, "%s while one is in flight", name_of(step));
    return add_range(step, table, resource, lane_type(step->lane), description);
}

static int end_range(struct step *step, struct sched_table *table, struct sched_resource *resource)
{
    struct sched_range *range = sched_range_find(resource, wire_specs[lane_type(step->lane)].start, NULL);
    if (!range)
        return CONTRADICTION(step, "%s of a range that is not in flight", name_of(step));
    sched_touch(table, resource);
    step->out->args[0] = lane_type(step->lane) == WIRE_STW_END ? range->description : step->out->args[0];
    *range = resource->extra->ranges[--resource->extra->n_ranges];
    return 1;
}

static int active_range(struct step *step, struct sched_table *table, struct sched_resource *resource)
{
    const uint8_t type = wire_specs[lane_type(step->lane)].start;
    const uint64_t none = 0;
    bool known = sched_range_find(resource, type, &none) != NULL;

    if (step->gen->dir.number == step->sched->initial_generation) {
        if (known)
            return CONTRADICTION(step, "%s twice in the first generation", name_of(step));
        return add_range(step, table, resource, type, 0);
    }
    return known ? 1 : CONTRADICTION(step, "%s of a range that is not in flight", name_of(step));
}

static int go_range(struct step *step, bool begins)
{
    int r = need(step, NEED_P | NEED_G);
    if (r < 0)
        return r;
    struct sched_resource *g = own_g(step);
    if (!g)
        return CONTRADICTION(step, "%s on goroutine %lld, which does not exist", name_of(step), LL(step->g));
    struct sched_table *gs = &step->sched->gs;
    if (!begins)
        return end_range(step, gs, g);
    return begin_range(step, gs, g, lane_type(step->lane) == WIRE_STW_BEGIN ? ARG(step, 0) : 0);
}

static int sweep(struct step *step, bool begins)
{
    int r = need(step, NEED_P);
    if (r < 0)
        return r;
    struct sched_resource *p = own_p(step);
    if (!p)
        return CONTRADICTION(step, "%s on proc %lld, which does not exist", name_of(step), LL(step->p));
    return begins ? begin_range(step, &step->sched->ps, p, 0) : end_range(step, &step->sched->ps, p);
}

static int named_active(struct step *step, struct sched_table *table)
{
    struct sched_resource *resource = sched_find(table, (int64_t)ARG(step, 0));
    if (!resource)
        return CONTRADICTION(step, "%s names %lld, which does not exist", name_of(step), LL(ARG(step, 0)));
    return active_range(step, table, resource);
}

/* ---- the garbage collector ---- */

/* The first event of a collector of which nothing is known. */
static int first_of_collector(struct step *step)
{
    struct sched *sched = step->sched;

    sched->gc_seq = ARG(step, 0);
    sched->gc_state = GC_RUNNING;
    if (!sched->assumed)
        return 1; /* it needs no context */
    sched->assumed->gc_first = lane_type(step->lane);
    sched->assumed->gc_first_seq = sched->gc_seq;
    return need(step, NEED_P | NEED_G);
}

static int gc_active(struct step *step)
{
    struct sched *sched = step->sched;
    const bool is_initial = step->gen->dir.number == sched->initial_generation;

    if (is_initial && sched->gc_state != GC_UNDETERMINED)
        return CONTRADICTION(step, "GCActive in the first generation is not the first GC event");
    if (is_initial || (sched->assumed && sched->assumed->gc_first == 0))
        return first_of_collector(step);
    if (ARG(step, 0) != sched->gc_seq + 1)
        return 0;
    if (sched->gc_state != GC_RUNNING)
        return CONTRADICTION(step, "GCActive while no GC is in progress");
    sched->gc_seq = ARG(step, 0);
    return need(step, NEED_P | NEED_G);
}

static int gc_begin(struct step *step)
{
    struct sched *sched = step->sched;

    if (sched->gc_state == GC_UNDETERMINED)
        return first_of_collector(step);
    if (ARG(step, 0) != sched->gc_seq + 1)
        return 0;
    if (sched->gc_state == GC_RUNNING)
        return CONTRADICTION(step, "GCBegin while a GC is in progress");
    sched->gc_seq = ARG(step, 0);
    sched->gc_state = GC_RUNNING;
    return need(step, NEED_P | NEED_G);
}

static int gc_end(struct step *step)
{
    struct sched *sched = step->sched;

    if (ARG(step, 0) != sched->gc_seq + 1)
        return 0;
    if (sched->gc_state != GC_RUNNING)
        return CONTRADICTION(step, "GCEnd while no GC is known to be in progress");
    sched->gc_seq = ARG(step, 0);
    sched->gc_state = GC_NOT_RUNNING;
    return need(step, NEED_P | NEED_G);
}

/* ---- tasks and regions ---- */

static const struct gxt_string *string_of(struct step *step, uint64_t id, int *ret)
{
    const struct gxt_string *string = id == 0 ? step->gen->empty : gen_table_get(&step->gen->strings, id);

    *ret = 1;
    if (!string && step->gen->dir.recovers && step->gen->strings.lost == 0)
        return step->gen->empty;
    if (!string && step->gen->strings.lost < 0)
        *ret = gen_lost(&step->gen->strings, step->fault);
    else if (!string)
        *ret = CONTRADICTION(step, "%s names string %llu, which is not in the table", name_of(step),
                             (unsigned long long)id);
    return string;
}

static int task_begin(struct step *step)
{
    int r;
    struct sched_task task = {.id = ARG(step, 0), .parent = ARG(step, 1)};

    step->sched->lacks = id_map_get(&step->sched->doubtful_tasks, task.id) != MAP_NONE;
    if (UNLIKELY(step->sched->lacks))
        return fault_set(step->fault, GXT_EINDEX, lane_offset(step->lane),
                         "task %llu begins again: whether it is active was not kept", (unsigned long long)task.id);
    if (sched_task_find(step->sched, task.id))
        return CONTRADICTION(step, "task %llu begins while it is active", (unsigned long long)task.id);
    if (task.parent == GXT_BACKGROUND_TASK)
        task.parent = GXT_NO_TASK; /* for a task, 0 is no parent and not the background task */
    step->out->args[1] = task.parent;
    task.name = string_of(step, ARG(step, 2), &r);
    if (r > 0)
        r = need(step, NEED_P | NEED_G);
    if (r > 0 && sched_task_add(step->sched, task) < 0)
        return no_memory(step);
    if (r > 0 && step->sched->assumed && assume_task(step->sched, task, true) < 0)
        return no_memory(step);
    return r;
}

static int task_end(struct step *step)
{
    int r = need(step, NEED_P | NEED_G);
    if (r < 0)
        return r;
    struct sched_task *task = sched_task_find(step->sched, ARG(step, 0));
    step->out->args[2] = task ? task->parent : GXT_NO_TASK;
    step->out->name = task ? task->name : step->gen->empty;
    if (UNLIKELY(step->sched->assumed) && assume_task(step->sched, (struct sched_task){.id = ARG(step, 0)}, false) < 0)
        return no_memory(step);
    return sched_task_end(step->sched, ARG(step, 0), task) < 0 ? no_memory(step) : 1;
}

static int region(struct step *step, bool begins)
{
    int r = need(step, NEED_P | NEED_G);
    if (r < 0)
        return r;
    struct sched_region region = {.task = ARG(step, 0), .name = string_of(step, ARG(step, 1), &r)};
    if (r < 0 || !region.name)
        return r;
    struct sched_resource *g = own_g(step);
    if (!g)
        return CONTRADICTION(step, "%s on goroutine %lld, which does not exist", name_of(step), LL(step->g));

    struct sched_extra *extra = g->extra;
    sched_touch(&step->sched->gs, g);
    if (!begins) {
        const struct sched_region *inner = extra && extra->n_regions > 0 ? &extra->regions[extra->n_regions - 1]
                                                                         : NULL; /* it began before the trace */
        if (UNLIKELY(step->sched->assumed) && !inner && g->at_start && assume_region(step->sched, g, region) < 0)
            return no_memory(step);
        if (inner && (inner->task != region.task || inner->name != region.name))
            return CONTRADICTION(step, "region %.40s ends on goroutine %lld inside region %.40s", region.name->at,
                                 LL(step->g), inner->name->at);
        return sched_region_end(step->sched, g) < 0 ? no_memory(step) : 1;
    }
    return sched_region_add(g, region) < 0 ? no_memory(step) : 1;
}

/* ---- which event is whose: a table ---- */

/* Reads the head's @n arguments. They were proved when it became the head. */
static inline __attribute__((always_inline)) void take_args(struct step *step, unsigned n)
{
    step->lane->next = wire_numbers(step->lane->args, n, step->out->args);
}

static __attribute__((noinline)) int dispatch_rare(struct step *step)
{
    take_args(step, wire_specs[lane_type(step->lane)].n_args);
    switch (lane_type(step->lane)) {
    case WIRE_GO_CREATE_BLOCKED:
        return go_create(step, G_WAITING);
    case WIRE_GO_STATUS:
    case WIRE_GO_STATUS_STACK:
        return go_status(step);
    case WIRE_GO_CREATE_SYSCALL:
        return go_create_syscall(step);
    case WIRE_GO_DESTROY_SYSCALL:
        return destroy_syscall(step);
    case WIRE_PROC_STATUS:
        return proc_status(step);
    case WIRE_STW_BEGIN:
    case WIRE_GC_MARK_ASSIST_BEGIN:
        return go_range(step, true);
    case WIRE_STW_END:
    case WIRE_GC_MARK_ASSIST_END:
        return go_range(step, false);
    case WIRE_GC_SWEEP_BEGIN:
        return sweep(step, true);
    case WIRE_GC_SWEEP_END:
        return sweep(step, false);
    case WIRE_GC_SWEEP_ACTIVE:
        return named_active(step, &step->sched->ps);
    case WIRE_GC_MARK_ASSIST_ACTIVE:
        return named_active(step, &step->sched->gs);
    case WIRE_GC_ACTIVE:
        return gc_active(step);
    case WIRE_GC_BEGIN:
        return gc_begin(step);
    case WIRE_GC_END:
        return gc_end(step);
    case WIRE_HEAP_GOAL:
        return need(step, NEED_P);
    case WIRE_PROCS_CHANGE:
        return need(step, NEED_P | NEED_G);
    case WIRE_USER_TASK_BEGIN:
        return task_begin(step);
    case WIRE_USER_TASK_END:
        return task_end(step);
    case WIRE_SPAN:
    case WIRE_SPAN_ALLOC:
    case WIRE_SPAN_FREE:
    case WIRE_HEAP_OBJECT:
    case WIRE_GOROUTINE_STACK:
    case WIRE_GOROUTINE_STACK_ALLOC:
    case WIRE_GOROUTINE_STACK_FREE:
        return need(step, 0);
    default:
        return CONTRADICTION(step, "%s does not belong in a batch of events", name_of(step));
    }
}

/* What nearly all events are. How many arguments each has is said here again, so that reading them is no loop. */
static inline __attribute__((always_inline)) int dispatch(struct step *step)
{
    switch (lane_type(step->lane)) {
    case WIRE_GO_START:
        take_args(step, 2);
        return go_start(step);
    case WIRE_GO_BLOCK:
        take_args(step, 2);
        return go_leave(step, G_WAITING);
    case WIRE_GO_UNBLOCK:
        take_args(step, 3);
        return go_unblock(step);
    case WIRE_GO_STOP:
        take_args(step, 2);
        return go_leave(step, G_RUNNABLE);
    case WIRE_GO_CREATE:
        take_args(step, 3);
        return go_create(step, G_RUNNABLE);
    case WIRE_GO_DESTROY:
        take_args(step, 0);
        return go_destroy(step);
    case WIRE_GO_SYSCALL_BEGIN:
        take_args(step, 2);
        return syscall_begin(step);
    case WIRE_GO_SYSCALL_END:
        take_args(step, 0);
        return syscall_end(step);
    case WIRE_GO_SYSCALL_END_BLOCKED:
        take_args(step, 0);
        return syscall_end_blocked(step);
    case WIRE_GO_SWITCH:
    case WIRE_GO_SWITCH_DESTROY:
        take_args(step, 2);
        return go_switch(step);
    case WIRE_PROC_START:
        take_args(step, 2);
        return proc_start(step);
    case WIRE_PROC_STOP:
        take_args(step, 0);
        return proc_stop(step);
    case WIRE_PROC_STEAL:
        take_args(step, 3);
        return proc_steal(step);
    case WIRE_HEAP_ALLOC:
        take_args(step, 1);
        return need(step, NEED_P);
    case WIRE_GO_LABEL:
        take_args(step, 1);
        return need(step, NEED_P | NEED_G);
    case WIRE_USER_LOG:
        take_args(step, 4);
        return need(step, NEED_P | NEED_G);
    case WIRE_USER_REGION_BEGIN:
        take_args(step, 3);
        return region(step, true);
    case WIRE_USER_REGION_END:
        take_args(step, 3);
        return region(step, false);
    case WIRE_HEAP_OBJECT_ALLOC:
        take_args(step, 2);
        return need(step, 0);
    case WIRE_HEAP_OBJECT_FREE:
        take_args(step, 1);
        return need(step, 0);
    default:
        return dispatch_rare(step);
    }
}

/* The thread is known from its first try on. */
static int first_try(struct step *step, struct lane *lane)
{
    if (step->sched->initial_generation == 0)
        step->sched->initial_generation = step->gen->dir.number;
    step->sched->tried = true;
    if (lane->thread == GXT_NO_THREAD)
        return 0;
    lane->m = sched_m_at(step->sched, lane->thread);
    if (lane->m != MAP_NONE && step->sched->assumed && assume_lane(step->sched, lane) < 0)
        return no_memory(step);
    return lane->m == MAP_NONE ? no_memory(step) : 0;
}

int sched_advance(struct step *step, struct lane *lane, struct order_record *ret)
{
    step->lane = lane;
    step->out = ret;
    if (UNLIKELY(lane->m == MAP_NONE)) { /* and every try of a lane of no thread */
        int r = first_try(step, lane);
        if (r < 0)
            return r;
    }
    if (LIKELY(lane->m != MAP_NONE)) {
        step->m = &step->sched->ms[lane->m];
        step->p = step->m->p;
        step->g = step->m->g;
    } else {
        step->m = NULL;
        step->p = GXT_NO_PROC;
        step->g = GXT_NO_GOROUTINE;
    }
    ret->time_ns = lane->time_ns;
    ret->thread = lane->thread;
    ret->proc = step->p;
    ret->goroutine = step->g;
    ret->label = 0;
    ret->offset = lane_offset(lane);
    ret->type = lane_type(lane);
    ret->flags = 0;
    int r = dispatch(step);
    return LIKELY(step->sched->gs.lost == 0) ? r : sched_lost(step->sched, step->fault);
}

int sched_lost(const struct sched *sched, struct gxt_error *fault)
{
    return fault_set(fault, sched->gs.lost, GXT_NO_OFFSET,
                     sched->gs.lost == GXT_ENOMEM ? "no memory for the scheduler's state" : "a checkpoint is damaged");
}

void sched_apply(struct sched *sched, const struct pending *pending, const struct order_record *record)
{
    struct sched_m *m = &sched->ms[pending->m];
    struct sched_resource *g = sched_find(&sched->gs, record->type == WIRE_GO_START ? (gxt_goid)record->args[0] : m->g);

    if (!g)
        return;
    sched_touch(&sched->gs, g);
    switch (record->type) {
    case WIRE_GO_BLOCK:
        g->status = G_WAITING;
        m->g = GXT_NO_GOROUTINE;
        break;
    case WIRE_GO_DESTROY:
    case WIRE_GO_DESTROY_SYSCALL:
        sched_remove(&sched->gs, g);
        m->g = GXT_NO_GOROUTINE;
        break;
    case WIRE_GO_START:
        g->status = G_RUNNING;
        m->g = g->id;
        m->g_at = (uint32_t)(g - sched->gs.items);
        break;
    default:
        break;
    }
}

uint8_t sched_sample_flags(struct sched *sched, const struct gen_sample *sample)
{
    uint8_t flags = 0;

    if (sample->proc != GXT_NO_PROC) {
        const struct sched_resource *p = sched_find(&sched->ps, sample->proc);
        if (!p || (p->status != P_RUNNING && p->status != P_SYSCALL))
            flags |= GXT_EVENT_IDLE_PROC;
    }
    if (sample->goroutine != GXT_NO_GOROUTINE) {
        const struct sched_resource *g = sched_find(&sched->gs, sample->goroutine);
        if (!g || (g->status != G_RUNNING && g->status != G_SYSCALL))
            flags |= GXT_EVENT_IDLE_GOROUTINE;
    }
    return flags;
}
