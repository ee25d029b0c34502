/* scan.c
 *
 * In: an open trace. Out: nothing, when every way to read it gives what the plainest one gives: record by record from
 * the start. Never: a return from what differs.
 */
#include "fuzz.h"
#include "same.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LOTS = 67,         /* sizes of lots go round up to this */
    AFTER_A_SEEK = 5,  /* events looked at */
    MOST_RESOURCES = 3 /* asked for at once */
};

/* ---- the truth ---- */

/* An error that a file's bytes may have, and that says what and where. */
static void check_error(const struct gxt_error *error, int code, uint64_t size)
{
    if (code != GXT_EFORMAT && code != GXT_EVERSION && !fault_is_of_trace(code) && code != GXT_ELIMIT)
        fuzz_wrong("a code that no bytes have", (uint64_t)-code);
    if (error->code != code)
        fuzz_wrong("the error tells another code", (uint64_t)-code);
    if (error->message[0] == '\0' || memchr(error->message, '\0', sizeof error->message) == NULL)
        fuzz_wrong("no message", 0);
    if (error->offset != GXT_NO_OFFSET && error->offset > size)
        fuzz_wrong("an offset past the file's end", error->offset);
}

/* The next event the plain way: neither many at once nor read ahead. */
static int next_plain(struct order *order, struct legacy *legacy, struct resolver *resolver, struct gxt_event *ret)
{
    struct order_record record;
    struct gxt_error fault;

    int r = order ? order_next(order, &record) : legacy_next(legacy, &record);
    if (r <= 0)
        return r;
    r = resolve(resolver, order ? order_gen(order) : legacy_gen(legacy), &record, ret, &fault);
    if (r < 0)
        return order ? order_fail(order, &fault) : legacy_fail(legacy, &fault);
    return 1;
}

static void keep(struct scan *scan, const struct gxt_event *event)
{
    if (scan->n > scan->size * 3 + 8)
        fuzz_wrong("more events than the bytes can hold", scan->n);
    struct gxt_event *grown = array_grow(scan->events, scan->n, &scan->capacity, sizeof *grown);
    if (!grown)
        fuzz_wrong("no memory", scan->n);
    scan->events = grown;
    if (scan->n > 0 && event->time_ns <= grown[scan->n - 1].time_ns) {
        scan->is_falling = true;
        if (grown[scan->n - 1].time_ns != INT64_MAX)
            fuzz_wrong("times do not rise", scan->n);
    }
    grown[scan->n] = *event;
    grown[scan->n].ordinal = scan->n;
    scan->n++;
}

static void walk_plain(struct scan *scan)
{
    const struct gxt_trace *trace = scan->trace;
    struct order *order = NULL;
    struct legacy *legacy = NULL;
    struct resolver resolver;
    struct gxt_event event;

    int r = wire_is_old(trace->facts.version) ? legacy_new(&trace->source, trace->begin, trace->facts.version,
                                                           trace->pool, (struct legacy_finder){0}, &legacy)
                                              : order_new(&trace->source, trace->begin, trace->facts.version,
                                                          trace->pool, (struct order_finder){0}, &order);
    if (r < 0 || resolver_init(&resolver, trace->pool) < 0)
        fuzz_wrong("no walk", 0);
    if (trace->recovers) {
        resolver.recovers = true;
        if (order)
            order_recover(order, trace->ns_per_tick);
        else
            legacy_recover(legacy);
    }
    while ((r = next_plain(order, legacy, &resolver, &event)) > 0)
        keep(scan, &event);
    scan->end = r;
    if (trace->recovers && r < 0 && r != GXT_ELIMIT)
        fuzz_wrong("a walk that recovers has a fault", (uint64_t)-r);
    if (r < 0) {
        scan->fault = order ? *order_fault(order) : *legacy_fault(legacy);
        check_error(&scan->fault, r, scan->size);
    }
    (void)order_free(order);
    (void)legacy_free(legacy);
    resolver_done(&resolver);
}

bool scan_open(struct scan *scan, const char *path, bool recovers)
{
    struct gxt_error error;

    *scan = (struct scan){0};
    int r = gxt_trace_open(path, &scan->trace, &error);
    if (r < 0) {
        check_error(&error, r, UINT64_MAX);
        return false;
    }
    if (recovers && gxt_trace_recover(scan->trace, &error) < 0)
        check_error(&error, error.code, UINT64_MAX);
    scan->size = scan->trace->source.size;
    scan->dice = hash_bytes(scan->trace->source.at, (size_t)scan->size);
    walk_plain(scan);
    return true;
}

void scan_close(struct scan *scan)
{
    gxt_trace_close(scan->trace);
    free(scan->events);
}

/* ---- the same, by a cursor ---- */

static void expect_end(const struct scan *scan, struct gxt_cursor *cursor, const char *how)
{
    const struct gxt_event *event;

    for (int i = 0; i < 2; i++) {
        if (gxt_cursor_next(cursor, &event) != scan->end)
            fuzz_wrong(how, scan->n);
        const struct gxt_error *error = gxt_cursor_error(cursor);
        if (scan->end < 0 && (error->offset != scan->fault.offset || strcmp(error->message, scan->fault.message) != 0))
            fuzz_wrong(how, scan->n);
    }
}

void scan_expect(const struct scan *scan, struct gxt_cursor *cursor, uint64_t ordinal, uint64_t n, const char *how)
{
    const struct gxt_event *event;
    struct gxt_pos pos;

    gxt_cursor_tell(cursor, &pos);
    if (pos.ordinal != ordinal)
        fuzz_wrong(how, ordinal);
    for (uint64_t i = ordinal; i < scan->n && i - ordinal < n; i++)
        if (gxt_cursor_next(cursor, &event) != 1 || !same_event(event, &scan->events[i]))
            fuzz_wrong(how, i);
    if (scan->n - ordinal < n)
        expect_end(scan, cursor, how);
}

static void expect_many(const struct scan *scan, struct gxt_cursor *cursor)
{
    struct gxt_event events[LOTS];
    uint64_t at = 0;
    size_t n, lot = 1;
    int r;

    while ((r = gxt_cursor_next_many(cursor, events, lot, &n)) == 1) {
        if (n == 0 || n > lot)
            fuzz_wrong("many events: how many", at);
        for (size_t i = 0; i < n; i++, at++)
            if (at >= scan->n || !same_event(&events[i], &scan->events[at]))
                fuzz_wrong("many events: another one", at);
        lot = lot % LOTS + 1;
    }
    if (r != scan->end || at != scan->n)
        fuzz_wrong("many events: another end", at);
    expect_end(scan, cursor, "the end after many events");
}

static void expect_back(struct scan *scan, struct gxt_cursor *cursor)
{
    const struct gxt_event *event;
    uint64_t at = next_random(&scan->dice) % (scan->n + 1);

    if (gxt_cursor_seek_ordinal(cursor, at) != 0)
        fuzz_wrong("no seek before a step back", at);
    for (int i = 0; i < 3 && at > 0; i++)
        if (gxt_cursor_prev(cursor, &event) != 1 || !same_event(event, &scan->events[--at]))
            fuzz_wrong("a step back", at);
    if (at == 0 && gxt_cursor_prev(cursor, &event) != 0)
        fuzz_wrong("a step back from the start", 0);
    scan_expect(scan, cursor, at, AFTER_A_SEEK, "after a step back");
}

/* Data that hangs on no event: within the trace, and the same after every event of its generation. */
static void look_at_experiments(const struct scan *scan, struct gxt_cursor *cursor)
{
    const struct gxt_event *event;
    struct gxt_experimental_batch batch;

    while (gxt_cursor_next(cursor, &event) == 1) {
        if (event->kind != GXT_KIND_SYNC)
            continue;
        for (size_t i = 0; gxt_cursor_experimental(cursor, i, &batch) == 1; i++) {
            const struct source *source = &scan->trace->source;
            if (batch.data < source->at || batch.size_bytes > source->size ||
                batch.data + batch.size_bytes > source->at + source->size)
                fuzz_wrong("experimental data from elsewhere", event->ordinal);
            if (event->sync.generation == 0 && event->ordinal + 1 == scan->n && scan->end == 0)
                fuzz_wrong("experimental data behind the end", event->ordinal);
        }
    }
}

static void look_at_facts(const struct scan *scan)
{
    struct gxt_facts facts;
    struct gxt_estimate estimate;
    struct gxt_error error;

    gxt_trace_facts(scan->trace, &facts);
    if (facts.size_bytes != scan->size)
        fuzz_wrong("another size", facts.size_bytes);
    const int r = gxt_trace_estimate(scan->trace, &estimate, &error);
    if (r != 0 && (r != GXT_EINVAL || !wire_is_old(facts.version)))
        fuzz_wrong("no estimate", (uint64_t)-r);
}

void scan_check_walks(struct scan *scan)
{
    struct gxt_cursor *cursor;

    if (gxt_cursor_new(scan->trace, NULL, &cursor) != 0)
        fuzz_wrong("no cursor", 0);
    scan_expect(scan, cursor, 0, UINT64_MAX, "one event after another");
    if (gxt_cursor_seek_start(cursor) != 0)
        fuzz_wrong("no seek to the start", 0);
    expect_many(scan, cursor);
    if (gxt_cursor_seek_start(cursor) != 0)
        fuzz_wrong("no second seek to the start", 0);
    look_at_experiments(scan, cursor);
    look_at_facts(scan);
    scan_check_seeks(scan, cursor, 2);
    scan_check_resources(scan, cursor, 1);
    gxt_cursor_free(cursor);
}

/* ---- seeks ---- */

/* The first event at or after a moment, by scan. */
static uint64_t first_at(const struct scan *scan, int64_t time_ns)
{
    uint64_t i = 0;

    while (i < scan->n && scan->events[i].time_ns < time_ns)
        i++;
    return i;
}

static int64_t some_time(struct scan *scan)
{
    const uint64_t draw = next_random(&scan->dice);

    if (scan->n == 0 || draw % 16 == 0)
        return draw % 32 == 0 ? INT64_MIN : INT64_MAX;
    const uint64_t time = (uint64_t)scan->events[(draw >> 8) % scan->n].time_ns;
    return (int64_t)(time + (draw >> 4) % 3 - 1);
}

static void seek_by_time(struct scan *scan, struct gxt_cursor *cursor)
{
    const int64_t time_ns = some_time(scan);

    if (gxt_cursor_seek_time(cursor, time_ns) != 0)
        fuzz_wrong("no seek by time", (uint64_t)time_ns);
    scan_expect(scan, cursor, first_at(scan, time_ns), AFTER_A_SEEK, "seek by time");
}

static void seek_by_place(struct scan *scan, struct gxt_cursor *cursor)
{
    const uint64_t ordinal = next_random(&scan->dice) % (scan->n + 1);
    char token[GXT_POS_TOKEN_SIZE];
    struct gxt_pos pos;

    if (gxt_cursor_seek_ordinal(cursor, ordinal) != 0)
        fuzz_wrong("no seek by ordinal", ordinal);
    gxt_cursor_tell(cursor, &pos);
    scan_expect(scan, cursor, ordinal, AFTER_A_SEEK, "seek by ordinal");
    gxt_pos_print(pos, token);
    memset(&pos, 0, sizeof pos);
    if (gxt_pos_parse(token, &pos) != 0 || gxt_cursor_seek_pos(cursor, pos) != 0)
        fuzz_wrong("no seek by token", ordinal);
    scan_expect(scan, cursor, ordinal, AFTER_A_SEEK, "seek by token");
}

static void seek_ends(const struct scan *scan, struct gxt_cursor *cursor)
{
    if (gxt_cursor_seek_end(cursor) != 0)
        fuzz_wrong("no seek to the end", scan->n);
    scan_expect(scan, cursor, scan->n, AFTER_A_SEEK, "seek to the end");
    if (gxt_cursor_seek_start(cursor) != 0)
        fuzz_wrong("no seek to the start", 0);
    scan_expect(scan, cursor, 0, AFTER_A_SEEK, "seek to the start");
}

static void seek_by_generation(struct scan *scan, struct gxt_cursor *cursor)
{
    gxt_gen wanted = next_random(&scan->dice) % 8, generation = 0;
    uint64_t i = 0;

    for (; i < scan->n; i++)
        if (scan->events[i].kind == GXT_KIND_SYNC && scan->events[i].sync.generation != 0 && generation++ == wanted)
            break;
    if (gxt_cursor_seek_generation(cursor, wanted) != 0)
        fuzz_wrong("no seek by generation", wanted);
    scan_expect(scan, cursor, i, AFTER_A_SEEK, "seek by generation");
}

/* The states where a cursor goes, and where one goes that walks. */
static void compare_states(struct scan *scan, struct gxt_cursor *cursor)
{
    const uint64_t ordinal = next_random(&scan->dice) % (scan->n + 1);
    const bool by_time = ordinal < scan->n && !scan->is_falling && ordinal % 2 == 0;
    struct gxt_states *walked, *sought;
    struct gxt_cursor *walker;

    if (gxt_cursor_new(scan->trace, NULL, &walker) != 0 || gxt_cursor_seek_ordinal(walker, ordinal) != 0 ||
        gxt_cursor_states(walker, &walked) != 0)
        fuzz_wrong("no states by walking", ordinal);
    if ((by_time ? gxt_cursor_seek_time(cursor, scan->events[ordinal].time_ns)
                 : gxt_cursor_seek_ordinal(cursor, ordinal)) != 0 ||
        gxt_cursor_states(cursor, &sought) != 0)
        fuzz_wrong("no states by seeking", ordinal);
    const char *differs = states_differ(walked, sought);
    if (differs)
        fuzz_wrong(differs, ordinal);
    scan_expect(scan, cursor, ordinal, AFTER_A_SEEK, "after the states were asked");
    gxt_states_free(walked);
    gxt_states_free(sought);
    gxt_cursor_free(walker);
}

void scan_check_seeks(struct scan *scan, struct gxt_cursor *cursor, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        seek_by_place(scan, cursor);
        seek_by_time(scan, cursor);
        seek_by_generation(scan, cursor);
        compare_states(scan, cursor);
        expect_back(scan, cursor);
    }
    seek_ends(scan, cursor);
}

/* ---- resources ---- */

static struct gxt_resource_id some_resource(struct scan *scan)
{
    const uint64_t draw = next_random(&scan->dice);
    struct gxt_resource_id id = {GXT_RESOURCE_GOROUTINE + (int64_t)(draw % 3), 1};

    if (scan->n == 0 || draw % 16 == 15)
        return id;
    const struct gxt_event *event = &scan->events[(draw >> 8) % scan->n];
    if (event->kind == GXT_KIND_STATE_TRANSITION && draw % 2 == 0) {
        id.resource = event->transition.resource;
        id.id = event->transition.id;
    } else {
        id.id = id.resource == GXT_RESOURCE_GOROUTINE ? event->goroutine
                : id.resource == GXT_RESOURCE_PROC    ? event->proc
                                                      : event->thread;
    }
    return id;
}

static uint64_t next_that_belongs(const struct scan *scan, uint64_t from, const struct gxt_resource_id *ids, size_t n)
{
    for (; from < scan->n; from++)
        for (size_t i = 0; i < n; i++)
            if (gxt_event_belongs(&scan->events[from], ids[i]))
                return from;
    return from;
}

static void compare_resources(struct scan *scan, struct gxt_cursor *cursor)
{
    struct gxt_resource_id ids[MOST_RESOURCES];
    const size_t n = 1 + next_random(&scan->dice) % MOST_RESOURCES;
    uint64_t at = next_random(&scan->dice) % (scan->n + 1);
    const struct gxt_event *event;
    int r;

    for (size_t i = 0; i < n; i++)
        ids[i] = some_resource(scan);
    if (gxt_cursor_seek_ordinal(cursor, at) != 0)
        fuzz_wrong("no seek before a resource", at);
    while ((r = gxt_cursor_next_of(cursor, ids, n, &event)) == 1) {
        at = next_that_belongs(scan, at, ids, n);
        if (at == scan->n || !same_event(event, &scan->events[at]))
            fuzz_wrong("a resource's next event", at);
        at++;
    }
    if (r != scan->end || next_that_belongs(scan, at, ids, n) != scan->n)
        fuzz_wrong("a resource's last event", at);
}

static void seek_resource_by_time(struct scan *scan, struct gxt_cursor *cursor)
{
    const struct gxt_resource_id id = some_resource(scan);
    const int64_t time_ns = some_time(scan);

    if (scan->is_falling)
        return;
    if (gxt_cursor_seek_resource(cursor, id, time_ns) != 0)
        fuzz_wrong("no seek to a resource", (uint64_t)time_ns);
    scan_expect(scan, cursor, next_that_belongs(scan, first_at(scan, time_ns), &id, 1), AFTER_A_SEEK,
                "seek to a resource");
}

static void compare_counts(struct scan *scan, struct gxt_cursor *cursor)
{
    const bool is_all = next_random(&scan->dice) % 4 == 0; /* which is counted in another way */
    const uint64_t begin = is_all ? 0 : next_random(&scan->dice) % (scan->n + 2);
    const uint64_t end = is_all ? UINT64_MAX : next_random(&scan->dice) % (scan->n + 8);
    uint64_t counts[GXT_N_KINDS], expected[GXT_N_KINDS] = {0};

    for (uint64_t i = begin; i < end && i < scan->n; i++)
        expected[scan->events[i].kind]++;
    if (gxt_cursor_count(cursor, begin, end, counts) != 0)
        fuzz_wrong("no count", begin);
    if (memcmp(counts, expected, sizeof counts) != 0)
        fuzz_wrong("another count", begin);
    if (gxt_cursor_error(cursor)->code != (begin < end && end > scan->n && begin <= scan->n ? scan->end : 0) &&
        gxt_cursor_error(cursor)->code != scan->end)
        fuzz_wrong("another end of a count", end);
}

void scan_check_resources(struct scan *scan, struct gxt_cursor *cursor, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        compare_resources(scan, cursor);
        seek_resource_by_time(scan, cursor);
        compare_counts(scan, cursor);
    }
}
