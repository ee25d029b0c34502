/* scheduled.h: traces made by a few threads that do what a scheduler lets them, much of it at the same moment. In half
 * of them threads are told to run what others run: Go's reader believes it as long as that runs.
 */
#ifndef SCHEDULED_H
#define SCHEDULED_H

#include "../events.h"
#include "../random.h"
#include "resolve.h"

#include <string.h>

enum {
    P, /* processors, goroutines, and their places in a thread */
    G,
    OWN_P, /* beside them, in a way */
    NOBODY,
    P_CALLS = 3, /* beside the states of events.h */
    UNBORN = 6,
    GONE = 7,
    TAKEN = 8, /* a thread's goroutine does something else, by what another thread did that has it as well */
    LOST = 9,  /* or has ended so */
    N_PS = 8,
    N_GS = 90,
    MOST_THREADS = 7,
    FIRST_THREAD = 5,
    MOST_AHEAD = 4, /* ticks */
};

struct one {
    uint64_t id, seq;
    uint8_t kind, status;
    bool is_told;   /* in this generation */
    bool is_shared; /* more threads than one were told to run it */
};

static struct {
    struct buf trace, samples;
    uint64_t random, frequency;
    uint64_t now, generation;
    unsigned n_threads;
    bool shares; /* goroutines, among its threads */
    struct one ones[N_PS + N_GS];
    struct thread {
        uint64_t id;
        struct buf data;     /* of its batch */
        uint64_t begin, now; /* ticks: of the batch, of its last event */
        unsigned ahead;      /* its clock is, by so many */
        struct one *own[2];
    } threads[MOST_THREADS];
} world;

/* Below @n. */
static unsigned draw(unsigned n)
{
    return (unsigned)(next_random(&world.random) % n);
}

/* What a thread's own do: the processor in the upper half, the goroutine in the lower one. */
enum {
    FREE = 0,
    IDLES = P_RUNS << 4,
    LAID_DOWN = P_IDLES << 4,
    RUNS = IDLES | RUNNING,
    BLOCKS = IDLES | WAITING,
    YIELDS = IDLES | RUNNABLE,
    ENDS = IDLES | GONE,
    CALLS = P_CALLS << 4 | SYSCALL,
    LOSES = LAID_DOWN | SYSCALL,
    ROBBED = SYSCALL,
    HANDS_OVER = RUNNABLE,
    HAS_TAKEN = IDLES | TAKEN,
    HAS_LOST = IDLES | LOST,
};

/* What a thread may do. */
static const struct way {
    uint8_t type, often;
    uint8_t before, behind; /* what its own do */
    uint8_t n;              /* arguments that are any */
    uint8_t kind, from, to; /* whom else it is about, what that one does, and then */
} ways[] = {
    {WIRE_PROC_START, 8, FREE, FREE, 0, P, P_IDLES, P_RUNS},
    {WIRE_PROC_STOP, 1, IDLES, LAID_DOWN, 0, NOBODY},
    {WIRE_PROC_STEAL, 3, CALLS, LOSES, 0, OWN_P},
    {WIRE_GO_START, 8, IDLES, IDLES, 0, G, RUNNABLE, RUNNING},
    {WIRE_GO_UNBLOCK, 1, IDLES, IDLES, 1, G, WAITING, RUNNABLE},
    {WIRE_GO_UNBLOCK, 4, RUNS, RUNS, 1, G, WAITING, RUNNABLE},
    {WIRE_GO_BLOCK, 4, RUNS, BLOCKS, 2, NOBODY},
    {WIRE_GO_STOP, 2, RUNS, YIELDS, 2, NOBODY},
    {WIRE_GO_DESTROY, 1, RUNS, ENDS, 0, NOBODY},
    {WIRE_GO_CREATE, 2, RUNS, RUNS, 2, G, UNBORN, RUNNABLE},
    {WIRE_GO_CREATE_BLOCKED, 1, RUNS, RUNS, 2, G, UNBORN, WAITING},
    {WIRE_GO_SWITCH, 1, RUNS, BLOCKS, 0, G, WAITING, RUNNING},
    {WIRE_GO_SWITCH_DESTROY, 1, RUNS, ENDS, 0, G, WAITING, RUNNING},
    {WIRE_GO_SYSCALL_BEGIN, 2, RUNS, CALLS, 1, OWN_P},
    {WIRE_GO_SYSCALL_END, 6, CALLS, RUNS, 0, NOBODY},
    {WIRE_GO_SYSCALL_END_BLOCKED, 8, ROBBED, HANDS_OVER, 0, NOBODY},
    {WIRE_HEAP_ALLOC, 1, IDLES, IDLES, 1, NOBODY},
    {WIRE_HEAP_ALLOC, 3, RUNS, RUNS, 1, NOBODY},
    {WIRE_GO_LABEL, 1, RUNS, RUNS, 1, NOBODY},
    {WIRE_USER_REGION_BEGIN, 1, RUNS, RUNS, 3, NOBODY},
    {WIRE_USER_LOG, 1, RUNS, RUNS, 4, NOBODY},
    {WIRE_GO_STATUS, 8, IDLES, IDLES, 0, G, RUNNING, RUNNING},
    {WIRE_GO_STATUS, 1, HAS_TAKEN, HAS_TAKEN, 0, G, RUNNING, RUNNING},
    {WIRE_HEAP_ALLOC, 3, HAS_TAKEN, HAS_TAKEN, 1, NOBODY},
    {WIRE_USER_REGION_BEGIN, 1, HAS_TAKEN, HAS_TAKEN, 3, NOBODY},
    {WIRE_GO_STATUS, 1, HAS_LOST, HAS_LOST, 0, G, RUNNING, RUNNING},
    {WIRE_HEAP_ALLOC, 3, HAS_LOST, HAS_LOST, 1, NOBODY},
};

static struct thread *any_thread(void)
{
    return &world.threads[draw(world.n_threads)];
}

static struct one *any_one(uint8_t kind, uint8_t status)
{
    for (unsigned i = draw(N_PS + N_GS), end = i + N_PS + N_GS; i < end; i++) {
        struct one *one = &world.ones[i % (N_PS + N_GS)];
        if (one->kind == kind && one->status == status)
            return one;
    }
    return NULL;
}

static void end_batch(struct thread *thread)
{
    if (thread->data.size > 0)
        put_batch(&world.trace, world.generation, thread->id, thread->begin, &thread->data);
}

/* An event: its type and its arguments. */
static void put(struct thread *thread, const uint64_t *what, size_t n)
{
    static const uint8_t steps[] = {0, 0, 0, 1, 1, 2, 3};
    uint64_t numbers[1 + WIRE_MAX_ARGS];

    if (draw(60) == 0)
        end_batch(thread);
    world.now += draw(80) > 0 ? steps[draw(sizeof steps)] : draw(300);
    const uint64_t now = world.now + thread->ahead;
    if (thread->data.size == 0)
        thread->begin = thread->now = now - draw(3);
    memcpy(numbers, what, n * sizeof *what);
    numbers[0] = now - thread->now;
    thread->now = now;
    put_event(&thread->data, (uint8_t)what[0], numbers, n);
}

/* What it is, unless that was told. */
static void tell(struct thread *thread, struct one *one)
{
    if (!one || one->is_told || one->status == UNBORN || one->status == GONE)
        return;
    const uint64_t on = one == thread->own[G] ? thread->id : UINT64_MAX;
    const unsigned with_stack = draw(2);
    one->is_told = true;
    one->seq = 0;
    if (one->kind == P)
        put(thread, (const uint64_t[]){WIRE_PROC_STATUS, one->id, one->status}, 3);
    else
        put(thread, (const uint64_t[]){with_stack ? WIRE_GO_STATUS_STACK : WIRE_GO_STATUS, one->id, on, one->status, 1},
            4 + with_stack);
}

static void come_to(struct thread *thread, struct one *one, uint8_t status)
{
    const bool is_own = one->kind == P ? status != P_IDLES : status == RUNNING || status == SYSCALL;

    one->status = status;
    if (is_own || thread->own[one->kind] == one)
        thread->own[one->kind] = is_own ? one : NULL;
}

/* A thread is told to run what another one runs. */
static void share(struct thread *thread, struct one *one)
{
    if (!world.shares || !one || !one->is_told)
        return;
    world.now += MOST_AHEAD + 1;
    come_to(thread, one, RUNNING);
    one->is_shared = true;
    one->is_told = false;
    tell(thread, one);
}

static void go(struct thread *thread, const struct way *way)
{
    struct one *one = way->kind == OWN_P ? thread->own[P] : any_one(way->kind, way->from);
    uint64_t what[1 + WIRE_MAX_ARGS] = {way->type};
    size_t n = 1;

    if (way->type == WIRE_GO_STATUS) {
        share(thread, one);
        return;
    }
    if (!one && way->kind != NOBODY)
        return;
    tell(thread, one);
    /* Who shares has nothing but the clock that tells what is first. */
    if ((one && one->is_shared) || (thread->own[G] && thread->own[G]->is_shared))
        world.now += MOST_AHEAD + 1;
    if (one && way->type != WIRE_GO_SYSCALL_BEGIN)
        what[n++] = one->id;
    if (one && way->from != UNBORN)
        what[n++] = ++one->seq;
    for (unsigned i = 0; i < way->n; i++)
        what[n++] = draw(3);
    if (way->type == WIRE_PROC_STEAL)
        what[n++] = thread->id;
    put(way->type == WIRE_PROC_STEAL ? any_thread() : thread, what, n);
    if (way->before >> 4 != way->behind >> 4)
        come_to(thread, thread->own[P], way->behind >> 4);
    if (way->before % 16 != way->behind % 16)
        come_to(thread, thread->own[G], way->behind % 16);
    if (way->to != 0)
        come_to(thread, one, way->to);
    if (way->from == UNBORN)
        one->is_told = true;
}

/* As in struct way. */
static uint8_t does(const struct thread *thread)
{
    const struct one *p = thread->own[P], *g = thread->own[G];

    if (p && p->status == P_RUNS && g && g->status != RUNNING)
        return g->status == GONE ? HAS_LOST : HAS_TAKEN;
    return (uint8_t)((p ? p->status << 4 : 0) | (g ? g->status : 0));
}

static void act(struct thread *thread)
{
    struct one *p = thread->own[P], *g = thread->own[G];
    const struct way *way;

    tell(thread, p);
    tell(thread, g);
    if (draw(20) == 0)
        EVENT(&world.samples, WIRE_CPU_SAMPLE, world.now + draw(5), thread->id, p ? p->id : UINT64_MAX, g ? g->id : 0,
              draw(3));
    do
        way = &ways[draw(sizeof ways / sizeof *ways)];
    while (way->before != does(thread) || draw(8) >= way->often);
    go(thread, way);
}

static void put_tables(void)
{
    struct buf data = {0};

    EVENT(&data, WIRE_FREQUENCY, world.frequency);
    put_batch(&world.trace, world.generation, UINT64_MAX, world.now, &data);
    for (uint64_t id = 1; id <= 2; id++) {
        buf_put_u8(&data, WIRE_STRINGS);
        EVENT(&data, WIRE_STRING, id, 1);
        buf_put_u8(&data, (uint8_t)('a' + id));
        put_batch(&world.trace, world.generation, UINT64_MAX, world.now, &data);
        buf_put_u8(&data, WIRE_STACKS);
        EVENT(&data, WIRE_STACK, id, 1, 100 + id, id, id, id);
        put_batch(&world.trace, world.generation, UINT64_MAX, world.now, &data);
    }
    buf_done(&data);
    buf_put_u8(&world.samples, WIRE_CPU_SAMPLES);
}

/* Mostly it is two threads that act, for a while. In the end is told what was not. */
static void put_generation(unsigned n_steps)
{
    const unsigned faith = 70 + draw(30);
    struct thread *pair[2] = {any_thread(), any_thread()};

    world.generation++;
    put_tables();
    for (unsigned i = 0; i < N_PS + N_GS; i++)
        world.ones[i].is_told = false;
    for (unsigned i = 0; i < n_steps; i++) {
        if (draw(25) == 0)
            pair[draw(2)] = any_thread();
        act(draw(100) < faith ? pair[draw(2)] : any_thread());
    }
    for (unsigned i = 0; i < world.n_threads; i++)
        act(&world.threads[i]);
    for (unsigned i = 0; i < N_PS + N_GS; i++)
        tell(any_thread(), &world.ones[i]);
    for (unsigned i = 0; i < world.n_threads; i++)
        end_batch(&world.threads[i]);
    put_batch(&world.trace, world.generation, UINT64_MAX, world.now, &world.samples);
    world.now += MOST_AHEAD + draw(20);
}

/* Goroutines whose ids lie far from one another are counted at the same place. */
static void make_trace(uint64_t seed)
{
    static const unsigned strides[] = {1, NEARBY / 8, NEARBY};

    world.random = seed;
    world.frequency = seed % 2 ? 15625000 : 1000000000;
    world.shares = seed % 4 >= 2;
    const unsigned most_ahead = draw(2) * MOST_AHEAD, stride = strides[draw(3)];

    world.trace.size = 0;
    world.now = 1000;
    world.generation = 0;
    world.n_threads = 2 + draw(MOST_THREADS - 1);
    for (unsigned i = 0; i < N_PS; i++)
        world.ones[i] = (struct one){.id = i, .kind = P, .status = P_IDLES};
    for (unsigned i = 0; i < N_GS; i++)
        world.ones[N_PS + i] = (struct one){.id = 1 + i * stride, .kind = G, .status = i < 9 ? WAITING : UNBORN};
    for (unsigned i = 0; i < world.n_threads; i++) {
        struct thread *thread = &world.threads[i];
        *thread = (struct thread){.id = FIRST_THREAD + i, .data = thread->data, .ahead = draw(1 + most_ahead)};
        if (draw(3) > 0)
            come_to(thread, &world.ones[i], P_RUNS);
        if (draw(3) > 0)
            come_to(thread, &world.ones[N_PS + i], thread->own[P] ? RUNNING : SYSCALL);
    }
    buf_put(&world.trace, "go 1.23 trace\0\0\0", 16);
    for (unsigned n = 2 + draw(2); n > 0; n--)
        put_generation(100 + draw(500));
}

static void world_done(void)
{
    for (size_t i = 0; i < MOST_THREADS; i++)
        buf_done(&world.threads[i].data);
    buf_done(&world.trace);
    buf_done(&world.samples);
}

#endif
