/* quick.c: what is usual goes another way from bytes to events than what is not; both give the same.
 *
 * usage: quick TRACE...
 *
 * Each trace is walked by order_next() and resolve() alone, and beside it by resolve_quick() in lots of every size,
 * with those two only where it stops; then again with bytes changed here and there.
 */
#include "resolve.h"
#include "same.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LOTS = 67,        /* sizes of lots go round up to this */
    CHANGED = 60,     /* copies of a trace with a byte changed */
    SMALL = 300 << 10 /* bytes of a trace that is changed */
};

struct walk {
    struct order *order;
    struct resolver resolver;
    uint64_t ordinal;
};

static const char *name;
static uint64_t n_events, n_quick, n_faults;

static _Noreturn void wrong(const char *what, uint64_t number)
{
    printf("%s: event %" PRIu64 ": %s\n", name, number, what);
    exit(1);
}

static int next(struct walk *walk, struct gxt_event *ret)
{
    struct order_record record;
    struct gxt_error fault;
    int r = order_next(walk->order, &record);

    if (r <= 0)
        return r;
    if (resolve(&walk->resolver, order_gen(walk->order), &record, ret, &fault) < 0)
        return order_fail(walk->order, &fault);
    ret->ordinal = walk->ordinal++;
    return 1;
}

/* Return: how many events; 0 at the end, or negative with the walk's fault. */
static int next_lot(struct walk *walk, struct gxt_event *events, size_t most)
{
    size_t n = resolve_quick(&walk->resolver, walk->order, most, walk->ordinal, events);

    walk->ordinal += n;
    n_quick += n;
    return n > 0 ? (int)n : next(walk, events);
}

static void compare(struct walk *plain, struct walk *quick)
{
    struct gxt_event events[LOTS], event;
    int n, r = 1;

    for (size_t lot = 1; (n = next_lot(quick, events, lot)) > 0; lot = lot % LOTS + 1)
        for (int i = 0; i < n; i++) {
            if ((r = next(plain, &event)) <= 0)
                wrong("the quick way goes further", events[i].ordinal);
            if (!same_event(&event, &events[i]))
                wrong("the quick way tells another event", event.ordinal);
            n_events++;
        }
    if (next(plain, &event) != n)
        wrong("the quick way ends otherwise", quick->ordinal);
    const struct gxt_error *a = order_fault(plain->order), *b = order_fault(quick->order);
    if (n < 0 && (a->offset != b->offset || strcmp(a->message, b->message) != 0))
        wrong("the quick way meets another fault", quick->ordinal);
    n_faults += n < 0;
}

/* The same counts, passing over the events. */
static void compare_skip(const struct walk *plain, struct walk *skip)
{
    struct gxt_event event;
    int64_t time_ns;
    uint64_t n = 0;
    int r = 1;

    for (size_t lot = 1; r > 0; lot = lot % LOTS + 1) {
        const size_t passed = order_skip(skip->order, lot, INT64_MAX, &time_ns);
        n += passed;
        if (passed == 0 && (r = next(skip, &event)) > 0)
            n++;
    }
    if (order_fault(plain->order)->code == 0 && n != plain->ordinal)
        wrong("other events are passed over", n);
}

static void open_walk(struct walk *walk, const struct source *source, uint64_t begin, int version, struct pool *pool)
{
    walk->ordinal = 0;
    if (order_new(source, begin, version, pool, (struct order_finder){0}, &walk->order) < 0 ||
        resolver_init(&walk->resolver, pool) < 0)
        wrong("no memory", 0);
}

static void close_walk(struct walk *walk)
{
    order_free(walk->order);
    resolver_done(&walk->resolver);
}

static void walk_both(const char *path)
{
    struct source source;
    struct walk plain, quick, skip;
    struct pool *pool;
    struct gxt_error fault;
    int version;

    if (source_open(path, &source, &fault) < 0)
        wrong(fault.message, 0);
    struct span in = source_span(&source, 0, source.size);
    if (wire_header(&in, &version) == 0 && !wire_is_old(version)) {
        const uint64_t begin = (uint64_t)(in.at - source.at);
        if (pool_new(&pool) < 0)
            wrong("no memory", 0);
        open_walk(&plain, &source, begin, version, pool);
        open_walk(&quick, &source, begin, version, pool);
        open_walk(&skip, &source, begin, version, pool);
        compare(&plain, &quick);
        compare_skip(&plain, &skip);
        close_walk(&plain);
        close_walk(&quick);
        close_walk(&skip);
        pool_free(pool);
    }
    source_close(&source);
}

/* Any numbers that are the same in each run will do. */
static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void change(const char *path)
{
    static uint8_t bytes[SMALL + 1];
    char copy[64];
    FILE *file = fopen(path, "rb");
    uint64_t state = 1;

    if (!file)
        wrong("it cannot be read", 0);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (size > SMALL || size < 64)
        return;
    snprintf(copy, sizeof copy, "/tmp/gxt-quick-%d", (int)getpid());
    for (int i = 0; i < CHANGED; i++) {
        const size_t at = 16 + draw(&state) % (size - 16);
        const uint8_t before = bytes[at];
        bytes[at] = i % 2 ? (uint8_t)draw(&state) : (uint8_t)(before ^ 1U << draw(&state) % 8);
        file = fopen(copy, "wb");
        if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
            wrong("a copy cannot be written", 0);
        walk_both(copy);
        bytes[at] = before;
    }
    unlink(copy);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        name = argv[i];
        walk_both(argv[i]);
        if (i % 4 == 0 || argc < 40)
            change(argv[i]);
    }
    printf("%" PRIu64 " events, %" PRIu64 " of them the quick way, %" PRIu64 " faults\n", n_events, n_quick, n_faults);
    return n_quick * 2 < n_events || n_events == 0;
}
