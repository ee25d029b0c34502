/* seek_test.c: whatever a cursor yields after a seek is what it yields by walking from the start.
 *
 * usage: seek_test TRACE INDEX [SEEKS [SEED]]
 *
 * INDEX is built anew. Every place of a small trace is tried, else SEEKS places at random, with an index and, where
 * that does not take too long, without: by ordinal, by position token, by time, by generation. In every field.
 */
#include "../random.h"
#include "same.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SMALL = 2000,      /* events: below, every place is tried, … */
    SMALLER = 300,     /* … also without an index */
    WITHOUT_INDEX = 40 /* places tried without an index in a trace that is not small */
};

/* What is told of the generation of an event that was crossed. */
struct around {
    gxt_gen generation;
    bool has_data; /* experimental */
};

static struct {
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_cursor *walker; /* without an index */
    struct gxt_event *events;  /* all, … */
    struct around *around;     /* … and of each */
    uint64_t n_events, n_kept, capacity, n_begun;
    bool fell; /* times do not rise all the way */
    int end;   /* code of the walk's end */
    struct gxt_error fault;
} the;

static _Noreturn void wrong(const char *what, uint64_t ordinal)
{
    printf("%s, at event %" PRIu64 "\n", what, ordinal);
    exit(1);
}

/* ---- the truth ---- */

/* Whether it is the Sync before a generation. */
static bool begins(const struct gxt_event *event)
{
    return event->kind == GXT_KIND_SYNC && event->sync.generation != 0;
}

static void keep(const struct gxt_event *event)
{
    struct gxt_experimental_batch batch;

    if (the.n_kept == the.capacity) {
        the.capacity = the.capacity ? the.capacity * 2 : 1024;
        the.events = realloc(the.events, the.capacity * sizeof *the.events);
        the.around = realloc(the.around, the.capacity * sizeof *the.around);
        if (!the.events || !the.around)
            wrong("no memory", event->ordinal);
    }
    struct around around = the.n_kept > 0 ? the.around[the.n_kept - 1] : (struct around){0};
    if (event->kind == GXT_KIND_SYNC) {
        the.n_begun += begins(event);
        around.generation = the.n_begun > 0 ? the.n_begun - 1 : 0;
        around.has_data = gxt_cursor_experimental(the.walker, 0, &batch) == 1;
    }
    the.around[the.n_kept] = around;
    the.events[the.n_kept++] = *event;
}

static void walk(void)
{
    const struct gxt_event *event;

    if (gxt_cursor_new(the.trace, NULL, &the.walker) != 0)
        wrong("no cursor", 0);
    while ((the.end = gxt_cursor_next(the.walker, &event)) == 1) {
        if (event->ordinal != the.n_events++)
            wrong("an ordinal is left out", event->ordinal);
        the.fell = the.fell || (the.n_kept > 0 && event->time_ns <= the.events[the.n_kept - 1].time_ns);
        keep(event);
    }
    if (the.end < 0)
        the.fault = *gxt_cursor_error(the.walker);
}

/* The first event at or after a moment, by scan: times rise, but in traces made to pass the end of the clock. */
static uint64_t first_at(int64_t time_ns)
{
    uint64_t low = 0, high = the.n_events;

    for (uint64_t i = 0; the.fell && i <= the.n_events; i++)
        if (i == the.n_events || the.events[i].time_ns >= time_ns)
            return i;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (the.events[middle].time_ns < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- the tries ---- */

/* The cursor stands before event @ordinal: it says so, and yields this event and some after it. */
static void expect(struct gxt_cursor *cursor, uint64_t ordinal, const char *how)
{
    const struct gxt_event *event;
    struct gxt_pos pos;

    if (ordinal > the.n_events)
        ordinal = the.n_events;
    gxt_cursor_tell(cursor, &pos);
    if (pos.ordinal != ordinal)
        wrong(how, ordinal);
    for (uint64_t i = ordinal; i < ordinal + 3 && i < the.n_events; i++)
        if (gxt_cursor_next(cursor, &event) != 1 || !same_event(event, &the.events[i]))
            wrong(how, i);
    if (ordinal + 3 <= the.n_events)
        return;
    if (gxt_cursor_next(cursor, &event) != the.end)
        wrong("another end after a seek", ordinal);
    if (the.end < 0 && (gxt_cursor_error(cursor)->offset != the.fault.offset ||
                        strcmp(gxt_cursor_error(cursor)->message, the.fault.message) != 0))
        wrong("another fault after a seek", ordinal);
}

static void try_place(struct gxt_cursor *cursor, uint64_t ordinal)
{
    char token[GXT_POS_TOKEN_SIZE];
    struct gxt_pos pos;

    if (gxt_cursor_seek_ordinal(cursor, ordinal) != 0)
        wrong("seek by ordinal fails", ordinal);
    gxt_cursor_tell(cursor, &pos);
    expect(cursor, ordinal, "seek by ordinal");

    gxt_pos_print(pos, token);
    memset(&pos, 0, sizeof pos);
    if (gxt_pos_parse(token, &pos) != 0 || gxt_cursor_seek_pos(cursor, pos) != 0)
        wrong("seek by token fails", ordinal);
    expect(cursor, ordinal, "seek by token");
}

static void try_time(struct gxt_cursor *cursor, int64_t time_ns)
{
    if (gxt_cursor_seek_time(cursor, time_ns) != 0)
        wrong("seek by time fails", first_at(time_ns));
    expect(cursor, first_at(time_ns), "seek by time");
}

static void try_generations(struct gxt_cursor *cursor)
{
    gxt_gen generation = 0;

    for (uint64_t i = 0; i < the.n_events; i++) {
        if (!begins(&the.events[i]))
            continue;
        if (gxt_cursor_seek_generation(cursor, generation++) != 0)
            wrong("seek by generation fails", i);
        expect(cursor, i, "seek by generation");
        if (gxt_cursor_generation(cursor) != generation - 1 && i + 3 < the.n_events &&
            the.events[i + 1].kind != GXT_KIND_SYNC && the.events[i + 2].kind != GXT_KIND_SYNC)
            wrong("another generation", i);
    }
    if (gxt_cursor_seek_generation(cursor, generation + 5) != 0)
        wrong("seek past the generations fails", generation);
    expect(cursor, the.n_events, "seek past the generations");
}

static void try_ends(struct gxt_cursor *cursor)
{
    if (gxt_cursor_seek_end(cursor) != 0)
        wrong("seek to the end fails", the.n_events);
    expect(cursor, the.n_events, "seek to the end");
    if (gxt_cursor_seek_start(cursor) != 0)
        wrong("seek to the start fails", 0);
    expect(cursor, 0, "seek to the start");
    try_time(cursor, INT64_MIN);
    try_time(cursor, INT64_MAX);
    try_place(cursor, UINT64_MAX);
    try_place(cursor, the.n_events);
}

/* The states at a place, reached by seeking and by walking. */
static void same_states(struct gxt_cursor *cursor, uint64_t ordinal)
{
    struct gxt_states *sought, *walked;

    if (gxt_cursor_seek_ordinal(the.walker, ordinal) != 0 || gxt_cursor_states(the.walker, &walked) != 0)
        wrong("no states by walking", ordinal);
    int r = ordinal == the.n_events ? gxt_cursor_seek_end(cursor)
            : the.fell              ? gxt_cursor_seek_ordinal(cursor, ordinal)
                                    : gxt_cursor_seek_time(cursor, the.events[ordinal].time_ns);
    if (r != 0)
        wrong("no seek", ordinal);
    if (gxt_cursor_states(cursor, &sought) != 0)
        wrong("no states by seeking", ordinal);
    const char *what = sought->ordinal == ordinal ? states_differ(sought, walked) : "states of another place";
    if (what)
        wrong(what, ordinal);
    expect(cursor, ordinal, "after the states were asked");
    gxt_states_free(sought);
    gxt_states_free(walked);
}

static void try_all(struct gxt_cursor *cursor)
{
    for (uint64_t i = 0; i <= the.n_events; i++)
        try_place(cursor, i);
    for (uint64_t i = the.n_events; i-- > 0;) {
        try_time(cursor, the.events[i].time_ns);
        try_time(cursor, (int64_t)((uint64_t)the.events[i].time_ns + 1));
        try_place(cursor, i);
    }
}

static void try_random(struct gxt_cursor *cursor, uint64_t n, uint64_t seed)
{
    int64_t first_ns = the.events[0].time_ns;
    uint64_t span = (uint64_t)the.events[the.n_events - 1].time_ns - (uint64_t)first_ns + 1;

    for (uint64_t i = 0; i < n; i++) {
        try_place(cursor, next_random(&seed) % (the.n_events + 1));
        try_time(cursor, (int64_t)((uint64_t)first_ns + next_random(&seed) % span));
    }
}

/* ---- between events that were taken at once ---- */

enum {
    WARM = 100, /* events: behind so many a cursor takes several at once */
    MANY = 80,  /* more than it takes at once */
    MIXES = 12,
    WAYS = 40
};

/* What can be asked without that it makes a difference. */
static void stands_at(const struct gxt_cursor *cursor, uint64_t ordinal, const char *how)
{
    const struct around around = ordinal > 0 ? the.around[ordinal - 1] : (struct around){0};
    struct gxt_experimental_batch batch;
    struct gxt_pos pos;

    gxt_cursor_tell(cursor, &pos);
    if (pos.ordinal != ordinal)
        wrong(how, ordinal);
    if (gxt_cursor_generation(cursor) != around.generation)
        wrong("another generation on the way", ordinal);
    if (ordinal == 0 || ordinal == the.n_events)
        return;
    const bool has_ended = the.events[ordinal].kind == GXT_KIND_SYNC && !begins(&the.events[ordinal - 1]);
    if (gxt_cursor_experimental(cursor, 0, &batch) != (around.has_data && !has_ended))
        wrong("data of another generation", ordinal);
}

static uint64_t cross_one(struct gxt_cursor *cursor, uint64_t ordinal)
{
    const struct gxt_event *event;
    const int r = gxt_cursor_next(cursor, &event);

    if (r != (ordinal < the.n_events ? 1 : the.end) || (r == 1 && !same_event(event, &the.events[ordinal])))
        wrong("another event on the way", ordinal);
    return ordinal + (r == 1);
}

static uint64_t cross_many(struct gxt_cursor *cursor, uint64_t ordinal, uint64_t most)
{
    struct gxt_event events[MANY];
    size_t n;
    const int r = gxt_cursor_next_many(cursor, events, most, &n);

    if (r != (ordinal < the.n_events ? 1 : the.end) || (r == 1) != (n > 0) || n > most || n > the.n_events - ordinal)
        wrong("another number of events at once", ordinal);
    for (size_t i = 0; i < n; i++)
        if (!same_event(&events[i], &the.events[ordinal + i]))
            wrong("another event of many", ordinal + i);
    return ordinal + n;
}

/* What an event near by belongs to may have others before it. */
static uint64_t cross_to(struct gxt_cursor *cursor, uint64_t ordinal, uint64_t about)
{
    const uint64_t likely = ordinal + about < the.n_events ? ordinal + about : the.n_events - 1;
    const struct gxt_resource_id id = {GXT_RESOURCE_GOROUTINE, the.events[likely].goroutine};
    const struct gxt_event *event;
    const int r = gxt_cursor_next_of(cursor, &id, 1, &event);

    while (ordinal < the.n_events && !gxt_event_belongs(&the.events[ordinal], id))
        ordinal++;
    if (r != (ordinal < the.n_events ? 1 : the.end) || (r == 1 && !same_event(event, &the.events[ordinal])))
        wrong("another event of a goroutine", ordinal);
    return ordinal + (r == 1);
}

static uint64_t step_back(struct gxt_cursor *cursor, uint64_t ordinal)
{
    const struct gxt_event *event;
    const int r = gxt_cursor_prev(cursor, &event);

    if (r != (ordinal > 0) || (r == 1 && !same_event(event, &the.events[ordinal - 1])))
        wrong("another event before", ordinal);
    return ordinal - (uint64_t)r;
}

static void same_states_here(struct gxt_cursor *cursor, uint64_t ordinal)
{
    struct gxt_states *here, *walked;

    if (gxt_cursor_seek_ordinal(the.walker, ordinal) != 0 || gxt_cursor_states(the.walker, &walked) != 0 ||
        gxt_cursor_states(cursor, &here) != 0)
        wrong("no states on the way", ordinal);
    const char *what = here->ordinal == ordinal ? states_differ(here, walked) : "states of another place on the way";
    if (what)
        wrong(what, ordinal);
    gxt_states_free(here);
    gxt_states_free(walked);
}

/* Any way of going on, anywhere between those that were taken at once, and at their ends. */
static uint64_t go_on(struct gxt_cursor *cursor, uint64_t ordinal, uint64_t *seed)
{
    const uint64_t about = next_random(seed) % MANY, way = next_random(seed) % 8;

    if (way == 0)
        return cross_to(cursor, ordinal, about);
    if (way < 3)
        return cross_many(cursor, ordinal, 1 + about);
    for (uint64_t i = 0; way < 7 && i < about; i++) {
        ordinal = cross_one(cursor, ordinal);
        stands_at(cursor, ordinal, "one after another");
    }
    const uint64_t back = ordinal < MANY / 2 ? ordinal : MANY / 2;
    if (way == 7 && ordinal - back + about < the.n_events && !the.fell) {
        ordinal = ordinal - back + about;
        if (gxt_cursor_seek_time(cursor, the.events[ordinal].time_ns) != 0)
            wrong("a seek to what is near fails", ordinal);
    }
    return ordinal;
}

static void try_mixed(const struct gxt_index *index, uint64_t *seed)
{
    struct gxt_cursor *cursor;
    uint64_t ordinal = next_random(seed) % (the.n_events + 1);

    if (gxt_cursor_new(the.trace, index, &cursor) != 0 || gxt_cursor_seek_ordinal(cursor, ordinal) != 0)
        wrong("no cursor at a place", ordinal);
    for (int i = 0; i < WARM; i++) {
        stands_at(cursor, ordinal, "until it is warm");
        ordinal = cross_one(cursor, ordinal);
    }
    for (int i = 0; i < WAYS; i++) {
        ordinal = go_on(cursor, ordinal, seed);
        stands_at(cursor, ordinal, "on the way");
    }
    if (next_random(seed) % 2 == 0)
        ordinal = step_back(cursor, ordinal);
    else
        same_states_here(cursor, ordinal);
    stands_at(cursor, ordinal, "behind the way");
    expect(cursor, ordinal, "from here on");
    gxt_cursor_free(cursor);
}

int main(int argc, char **argv)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;
    uint64_t seeks = argc > 3 ? strtoull(argv[3], NULL, 10) : 200, seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;

    if (argc < 3) {
        fprintf(stderr, "usage: seek_test TRACE INDEX [SEEKS [SEED]]\n");
        return 2;
    }
    if (gxt_trace_open(argv[1], &the.trace, &error) < 0) {
        printf("not tried: %s\n", error.message);
        return 0; /* nothing to seek in */
    }
    walk();
    options.rebuild = true;
    options.checkpoint_events = 40;
    int r = gxt_index_build(the.trace, argv[2], &options, &error);
    if (r != the.end || (r < 0 && error.offset != the.fault.offset))
        wrong(r < 0 ? error.message : "the build found no fault", the.n_events);
    if (gxt_index_open(the.trace, argv[2], &the.index, &error) != 0)
        wrong(error.message, 0);

    for (int with_index = 0; with_index < 2; with_index++) {
        struct gxt_cursor *cursor;
        if (gxt_cursor_new(the.trace, with_index ? the.index : NULL, &cursor) != 0)
            wrong("no cursor", 0);
        try_ends(cursor);
        try_generations(cursor);
        if (the.n_events <= (with_index ? SMALL : SMALLER))
            try_all(cursor);
        else
            try_random(cursor, with_index || seeks < WITHOUT_INDEX ? seeks : WITHOUT_INDEX, seed);
        for (uint64_t i = 0; i < 20; i++)
            same_states(cursor, next_random(&seed) % (the.n_events + 1));
        for (int i = 0; i < MIXES && the.n_events > 0; i++)
            try_mixed(with_index ? the.index : NULL, &seed);
        gxt_cursor_free(cursor);
    }
    printf("%" PRIu64 " events, seed %s\n", the.n_events, argc > 4 ? argv[4] : "1");
    gxt_cursor_free(the.walker);
    if (gxt_index_damage(the.index, &error) != 0)
        wrong(error.message, 0);
    gxt_index_close(the.index);
    gxt_trace_close(the.trace);
    free(the.events);
    free(the.around);
    return 0;
}
