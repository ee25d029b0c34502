/* turns.c: what two threads do by turns, being earlier than all others, tells what one event at a time tells.
 *
 * usage: turns
 *        turns SEED TRACE
 *
 * Makes small traces in which a few threads do what a scheduler lets them, much of it at the same moment. What comes of
 * them in lots must be the same events, the same counts and the same members of blocks as what comes one by one, and so
 * must what an index says. Or writes the trace of one seed.
 */
#include "../events.h"
#include "../random.h"
#include "../same.h"
#include "replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char trace_path[32], index_path[48];
static uint64_t seed, state;

static void remove_files(void)
{
    unlink(trace_path);
    unlink(index_path);
}

static _Noreturn void wrong(const char *what, uint64_t number)
{
    printf("seed %" PRIu64 ": %s (%" PRIu64 ")\n", seed, what, number);
    remove_files();
    exit(1);
}

/* Below @n. */
static unsigned draw(unsigned n)
{
    return (unsigned)(next_random(&state) % n);
}

/* ---- a trace ---- */

enum {
    P, /* processors, goroutines, and their places in a thread */
    G,
    OWN_P, /* beside them, in a way */
    NOBODY,
    P_CALLS = 3, /* beside the states of events.h */
    UNBORN = 6,
    GONE = 7,
    N_PS = 8,
    N_GS = 90,
    MOST_THREADS = 7,
    FIRST_THREAD = 5,
    MOST_AHEAD = 4, /* ticks */
};

struct one {
    uint64_t id, seq;
    uint8_t kind, status;
    bool is_told; /* in this generation */
};

static struct {
    struct buf trace, samples;
    uint64_t now, generation;
    unsigned n_threads;
    struct one ones[N_PS + N_GS];
    struct thread {
        uint64_t id;
        struct buf data;     /* of its batch */
        uint64_t begin, now; /* ticks: of the batch, of its last event */
        unsigned ahead;      /* its clock is, by so many */
        struct one *own[2];
    } threads[MOST_THREADS];
} world;

#define FREE                                                                                                           \
    {                                                                                                                  \
        0, 0                                                                                                           \
    }
#define IDLES                                                                                                          \
    {                                                                                                                  \
        P_RUNS, 0                                                                                                      \
    }
#define RUNS                                                                                                           \
    {                                                                                                                  \
        P_RUNS, RUNNING                                                                                                \
    }
#define CALLS                                                                                                          \
    {                                                                                                                  \
        P_CALLS, SYSCALL                                                                                               \
    }
#define ROBBED                                                                                                         \
    {                                                                                                                  \
        0, SYSCALL                                                                                                     \
    }

/* What a thread may do. */
static const struct way {
    uint8_t type, often;
    uint8_t before[2], behind[2]; /* what its own do */
    uint8_t n;                    /* arguments that are any */
    uint8_t kind, from, to;       /* whom else it is about, what that one does, and then */
} ways[] = {
    {WIRE_PROC_START, 8, FREE, FREE, 0, P, P_IDLES, P_RUNS},
    {WIRE_PROC_STOP, 1, IDLES, {P_IDLES, 0}, 0, NOBODY},
    {WIRE_PROC_STEAL, 3, CALLS, {P_IDLES, SYSCALL}, 0, OWN_P},
    {WIRE_GO_START, 8, IDLES, IDLES, 0, G, RUNNABLE, RUNNING},
    {WIRE_GO_UNBLOCK, 1, IDLES, IDLES, 1, G, WAITING, RUNNABLE},
    {WIRE_GO_UNBLOCK, 4, RUNS, RUNS, 1, G, WAITING, RUNNABLE},
    {WIRE_GO_BLOCK, 4, RUNS, {P_RUNS, WAITING}, 2, NOBODY},
    {WIRE_GO_STOP, 2, RUNS, {P_RUNS, RUNNABLE}, 2, NOBODY},
    {WIRE_GO_DESTROY, 1, RUNS, {P_RUNS, GONE}, 0, NOBODY},
    {WIRE_GO_CREATE, 2, RUNS, RUNS, 2, G, UNBORN, RUNNABLE},
    {WIRE_GO_CREATE_BLOCKED, 1, RUNS, RUNS, 2, G, UNBORN, WAITING},
    {WIRE_GO_SWITCH, 1, RUNS, {P_RUNS, WAITING}, 0, G, WAITING, RUNNING},
    {WIRE_GO_SWITCH_DESTROY, 1, RUNS, {P_RUNS, GONE}, 0, G, WAITING, RUNNING},
    {WIRE_GO_SYSCALL_BEGIN, 2, RUNS, CALLS, 1, OWN_P},
    {WIRE_GO_SYSCALL_END, 6, CALLS, RUNS, 0, NOBODY},
    {WIRE_GO_SYSCALL_END_BLOCKED, 8, ROBBED, {0, RUNNABLE}, 0, NOBODY},
    {WIRE_HEAP_ALLOC, 1, IDLES, IDLES, 1, NOBODY},
    {WIRE_HEAP_ALLOC, 3, RUNS, RUNS, 1, NOBODY},
    {WIRE_GO_LABEL, 1, RUNS, RUNS, 1, NOBODY},
    {WIRE_USER_REGION_BEGIN, 1, RUNS, RUNS, 3, NOBODY},
    {WIRE_USER_LOG, 1, RUNS, RUNS, 4, NOBODY},
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

static void go(struct thread *thread, const struct way *way)
{
    struct one *one = way->kind == OWN_P ? thread->own[P] : any_one(way->kind, way->from);
    uint64_t what[1 + WIRE_MAX_ARGS] = {way->type};
    size_t n = 1;

    if (!one && way->kind != NOBODY)
        return;
    tell(thread, one);
    if (one && way->type != WIRE_GO_SYSCALL_BEGIN)
        what[n++] = one->id;
    if (one && way->from != UNBORN)
        what[n++] = ++one->seq;
    for (unsigned i = 0; i < way->n; i++)
        what[n++] = draw(3);
    if (way->type == WIRE_PROC_STEAL)
        what[n++] = thread->id;
    put(way->type == WIRE_PROC_STEAL ? any_thread() : thread, what, n);
    for (uint8_t kind = P; kind <= G; kind++)
        if (way->before[kind] != way->behind[kind])
            come_to(thread, thread->own[kind], way->behind[kind]);
    if (way->to != 0)
        come_to(thread, one, way->to);
    if (way->from == UNBORN)
        one->is_told = true;
}

static bool may(const struct thread *thread, const struct way *way)
{
    for (uint8_t kind = P; kind <= G; kind++)
        if ((thread->own[kind] ? thread->own[kind]->status : 0) != way->before[kind])
            return false;
    return draw(8) < way->often;
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
    while (!may(thread, way));
    go(thread, way);
}

static void put_tables(void)
{
    struct buf data = {0};

    EVENT(&data, WIRE_FREQUENCY, seed % 2 ? 15625000 : 1000000000);
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
static void make_trace(void)
{
    static const unsigned strides[] = {1, NEARBY / 8, NEARBY};
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

static void write_trace(const char *path)
{
    FILE *file = fopen(path, "wb");

    state = seed;
    make_trace();
    if (!file || world.trace.failed || fwrite(world.trace.at, 1, world.trace.size, file) != world.trace.size ||
        fclose(file) != 0)
        wrong("the trace cannot be written", 0);
}

/* ---- one by one and in lots ---- */

enum {
    MOST_EVENTS = 1 << 13,
    MOST_OF_LOT = 64,
};

static struct gxt_event events[MOST_EVENTS]; /* one by one */
static uint64_t n_events;

/* A tally, and what it tells as bytes. */
static struct count {
    struct tally tally;
    struct buf told;
} singly, in_lots;

static struct gxt_cursor *new_cursor(struct gxt_trace *trace, const struct gxt_index *index)
{
    struct gxt_cursor *cursor;

    if (gxt_cursor_new(trace, index, &cursor) < 0)
        wrong("no cursor", 0);
    return cursor;
}

static size_t next(struct gxt_cursor *cursor, struct gxt_event *ret)
{
    struct order_record record;
    struct gxt_error fault;
    const int r = order_next(cursor->order, &record);

    if (r < 0)
        wrong(order_fault(cursor->order)->message, cursor->ordinal);
    if (r > 0 && resolve(&cursor->resolver, order_gen(cursor->order), &record, ret, &fault) < 0)
        wrong(fault.message, cursor->ordinal);
    ret->ordinal = cursor->ordinal;
    return (size_t)r;
}

static int take_member(void *user, const struct store_member *member)
{
    buf_put(user, member, sizeof *member);
    return 0;
}

static int take_row(void *user, const struct tally_item *item)
{
    const struct store_goroutine row = tally_row(item);

    buf_put(user, &row, sizeof row);
    return 0;
}

static void begin_count(struct count *count)
{
    tally_init(&count->tally);
    count->tally.ended = take_row;
    count->tally.user = &count->told;
    count->told.size = 0;
}

static void end_block(struct count *count, bool is_last)
{
    struct tally_met met = {0};

    if (tally_end_block(&count->tally, 0, take_member, &count->told) < 0 ||
        (is_last && tally_take(&count->tally, &met) < 0))
        wrong("no memory", 0);
    for (size_t i = 0; i < met.n_there + met.n_ended; i++)
        (void)take_row(&count->told, i < met.n_there ? &met.there[i] : &met.ended[i - met.n_there]);
    if (met.n_samples > 0)
        buf_put(&count->told, met.samples, met.n_samples * sizeof *met.samples);
    buf_put(&count->told, count->tally.nearby.n_by_kind, sizeof count->tally.nearby.n_by_kind);
    tally_met_done(&met);
}

/* A block ends here and there, and counting anywhere, since a trace may have a fault. */
static void compare_counts(uint64_t ordinal)
{
    const bool is_last = ordinal == n_events || events[ordinal].kind == GXT_KIND_SYNC || draw(100) == 0;

    if (!is_last && draw(16) > 0)
        return;
    end_block(&singly, is_last);
    end_block(&in_lots, is_last);
    if (singly.told.failed || in_lots.told.failed || singly.tally.code < 0 || in_lots.tally.code < 0)
        wrong("no memory", 0);
    if (singly.told.size != in_lots.told.size || memcmp(singly.told.at, in_lots.told.at, singly.told.size) != 0)
        wrong("another count before event", ordinal);
}

/* At most so many at once. Return: how many came the quick way. */
static uint64_t compare(struct gxt_trace *trace, size_t most, bool counts)
{
    const struct resolve_taker taker = tally_taker(&in_lots.tally);
    struct gxt_cursor *cursor = new_cursor(trace, NULL);
    struct gxt_event lot[MOST_OF_LOT];
    uint64_t n_quick = 0;

    begin_count(&singly);
    begin_count(&in_lots);
    while (cursor->ordinal < n_events) {
        if (counts)
            compare_counts(cursor->ordinal);
        size_t n = counts ? resolve_tally(&cursor->resolver, cursor->order, most, &taker, &cursor->time_ns)
                          : resolve_quick(&cursor->resolver, cursor->order, most, cursor->ordinal, lot);
        if (n > most)
            wrong("more at once than", most);
        n_quick += n;
        if (n == 0 && (n = next(cursor, lot)) == 1 && counts)
            tally_event(&in_lots.tally, lot);
        for (size_t i = 0; i < n && cursor->ordinal < n_events; i++, cursor->ordinal++) {
            tally_event(&singly.tally, &events[cursor->ordinal]);
            if (!counts && !same_event(&lot[i], &events[cursor->ordinal]))
                wrong("another event", cursor->ordinal);
        }
    }
    if (counts)
        compare_counts(n_events);
    if (next(cursor, lot) > 0)
        wrong("more events than", n_events);
    tally_done(&singly.tally);
    tally_done(&in_lots.tally);
    gxt_cursor_free(cursor);
    return n_quick;
}

/* ---- an index ---- */

static bool ends(const struct gxt_event *event, gxt_goid id)
{
    return event->kind == GXT_KIND_STATE_TRANSITION && event->transition.resource == GXT_RESOURCE_GOROUTINE &&
           event->transition.id == id && event->transition.to == GXT_GO_NOT_EXIST;
}

/* By way of the blocks that have events of it. @row: of a goroutine, or NULL. A CPU sample may name one that is not
 * there. */
static void check(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_resource_id id,
                  const struct gxt_goroutine *row)
{
    struct gxt_cursor *cursor = new_cursor(trace, index);
    const struct gxt_event *event;
    uint64_t n = 0;
    int64_t last_ns = 0;
    bool is_there = false;

    for (uint64_t i = 0; i < n_events; i++) {
        if (!gxt_event_belongs(&events[i], id))
            continue;
        if (gxt_cursor_next_of(cursor, &id, 1, &event) <= 0 || !same_event(event, &events[i]))
            wrong("the index does not lead to event", i);
        if (event->kind == GXT_KIND_STACK_SAMPLE && !is_there)
            continue;
        n++;
        last_ns = event->time_ns;
        is_there = !ends(event, id.id);
    }
    if (row && (row->n_events != n || row->last_ns != last_ns || row->is_ended == is_there))
        wrong("the index has another goroutine", (uint64_t)id.id);
    gxt_cursor_free(cursor);
}

static void check_index(struct gxt_trace *trace)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_goroutines *list;
    struct gxt_goroutine row;
    struct gxt_index *index;
    struct gxt_error error;
    size_t n_gs = 0;

    options.rebuild = true;
    options.checkpoint_events = 1;
    options.threads = 1 + draw(3);
    if (gxt_index_build(trace, index_path, &options, &error) != 0 ||
        gxt_index_open(trace, index_path, &index, &error) != 0 || gxt_goroutines_new(trace, index, &list, &error) != 0)
        wrong(error.message, 0);
    for (size_t i = 0; i < N_GS; i++)
        n_gs += world.ones[N_PS + i].status != UNBORN;
    if (gxt_goroutines_len(list) != n_gs)
        wrong("the index has another number of goroutines than", n_gs);
    for (size_t i = 0; i < n_gs && gxt_goroutines_at(list, i, &row, &error) == 0; i++)
        check(trace, index, (struct gxt_resource_id){GXT_RESOURCE_GOROUTINE, row.id}, &row);
    for (int64_t i = 0; i < N_PS; i++) {
        check(trace, index, (struct gxt_resource_id){GXT_RESOURCE_PROC, i}, NULL);
        check(trace, index, (struct gxt_resource_id){GXT_RESOURCE_THREAD, FIRST_THREAD + i}, NULL);
    }
    gxt_goroutines_free(list);
    gxt_index_close(index);
}

int main(int argc, char **argv)
{
    static const size_t lots[] = {1, 2, 3, 5, MOST_OF_LOT};
    uint64_t n_all = 0, n_quick = 0, n_counted = 0;
    struct gxt_trace *trace;
    struct gxt_error error;

    if (argc == 3) {
        seed = strtoull(argv[1], NULL, 10);
        write_trace(argv[2]);
        return 0;
    }
    snprintf(trace_path, sizeof trace_path, "/tmp/gxt-turns-%d", (int)getpid());
    snprintf(index_path, sizeof index_path, "%s.gxi", trace_path);
    for (seed = 1; seed <= 200; seed++) {
        write_trace(trace_path);
        if (gxt_trace_open(trace_path, &trace, &error) != 0)
            wrong(error.message, 0);
        struct gxt_cursor *cursor = new_cursor(trace, NULL);
        for (n_events = 0; n_events < MOST_EVENTS && next(cursor, &events[n_events]) > 0; n_events++)
            cursor->ordinal++;
        gxt_cursor_free(cursor);
        for (size_t i = 0; i < sizeof lots / sizeof *lots; i++) {
            n_all += n_events;
            n_quick += compare(trace, lots[i], false);
            n_counted += compare(trace, lots[i], true);
        }
        if (seed % 10 < 2)
            check_index(trace);
        gxt_trace_close(trace);
    }
    remove_files();
    for (size_t i = 0; i < MOST_THREADS; i++)
        buf_done(&world.threads[i].data);
    buf_done(&world.trace);
    buf_done(&world.samples);
    buf_done(&singly.told);
    buf_done(&in_lots.told);
    printf("%" PRIu64 " events; the quick way %" PRIu64 ", counted so %" PRIu64 "\n", n_all, n_quick, n_counted);
    return n_quick < n_all / 2 || n_counted < n_all / 2;
}
