/* turns.c: what two threads do by turns, being earlier than all others, tells what one event at a time tells.
 *
 * usage: turns
 *        turns SEED TRACE
 *
 * Makes small traces in which a few threads do what a scheduler lets them, much of it at the same moment. What comes of
 * them in lots must be the same events, the same counts and the same members of blocks as what comes one by one, and so
 * must what an index says. Or writes the trace of one seed.
 */
#include "../same.h"
#include "replay.h"
#include "scheduled.h"
#include "told.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char trace_path[32], index_path[48];
static uint64_t seed;

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

static void write_trace(const char *path)
{
    FILE *file = fopen(path, "wb");

    make_trace(seed);
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

static size_t next(struct gxt_cursor *cursor, uint64_t ordinal, struct gxt_event *ret)
{
    struct order_record record;
    struct gxt_error fault;
    const int r = order_next(cursor->order, &record);

    if (r < 0)
        wrong(order_fault(cursor->order)->message, ordinal);
    if (r > 0 && resolve(&cursor->resolver, order_gen(cursor->order), &record, ret, &fault) < 0)
        wrong(fault.message, ordinal);
    ret->ordinal = ordinal;
    return (size_t)r;
}

static void begin_count(struct count *count)
{
    tally_init(&count->tally);
    count->told.size = 0;
}

static void end_block(struct count *count, bool is_last)
{
    struct tally_met met = {0};

    told_ended(&count->told, &count->tally.ended);
    if (tally_end_block(&count->tally, 0, told_member, &count->told) < 0 ||
        (is_last && tally_take(&count->tally, &met) < 0))
        wrong("no memory", 0);
    told_met(&count->told, &met);
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
    uint64_t n_quick = 0, at = 0;
    int64_t time_ns;

    begin_count(&singly);
    begin_count(&in_lots);
    while (at < n_events) {
        if (counts)
            compare_counts(at);
        size_t n = counts ? resolve_tally(&cursor->resolver, cursor->order, most, &taker, &time_ns)
                          : resolve_quick(&cursor->resolver, cursor->order, most, at, lot);
        if (n > most)
            wrong("more at once than", most);
        n_quick += n;
        if (n == 0 && (n = next(cursor, at, lot)) == 1 && counts)
            tally_event(&in_lots.tally, lot);
        for (size_t i = 0; i < n && at < n_events; i++, at++) {
            tally_event(&singly.tally, &events[at]);
            if (!counts && !same_event(&lot[i], &events[at]))
                wrong("another event", at);
        }
    }
    if (counts)
        compare_counts(n_events);
    if (next(cursor, n_events, lot) > 0)
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

/* How many goroutines had an id: one that has ended is another one with its next event, unless that is a CPU sample,
 * which may name one that is not there. */
static size_t n_with(gxt_goid id)
{
    bool is_there = false;
    size_t n = 0;

    for (uint64_t i = 0; i < n_events; i++) {
        if (!gxt_event_belongs(&events[i], (struct gxt_resource_id){GXT_RESOURCE_GOROUTINE, id}) ||
            (events[i].kind == GXT_KIND_STACK_SAMPLE && !is_there))
            continue;
        n += !is_there;
        is_there = !ends(&events[i], id);
    }
    return n;
}

/* By way of the blocks that have events of it. @row: of a goroutine, or NULL. */
static void check(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_resource_id id,
                  const struct gxt_goroutine *row)
{
    struct gxt_cursor *cursor = new_cursor(trace, index);
    const struct gxt_event *event;
    uint64_t n = 0;
    int64_t last_ns = 0;
    bool is_ended = false;

    for (uint64_t i = 0; i < n_events; i++) {
        if (!gxt_event_belongs(&events[i], id))
            continue;
        if (gxt_cursor_next_of(cursor, &id, 1, &event) <= 0 || !same_event(event, &events[i]))
            wrong("the index does not lead to event", i);
        if (!row || event->time_ns < row->first_ns || is_ended)
            continue;
        n++;
        last_ns = event->time_ns;
        is_ended = ends(event, id.id);
    }
    if (row && (row->n_events != n || row->last_ns != last_ns || row->is_ended != is_ended))
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
        n_gs += n_with((gxt_goid)world.ones[N_PS + i].id);
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
        for (n_events = 0; n_events < MOST_EVENTS && next(cursor, n_events, &events[n_events]) > 0; n_events++)
            ;
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
    world_done();
    buf_done(&singly.told);
    buf_done(&in_lots.told);
    printf("%" PRIu64 " events; the quick way %" PRIu64 ", counted so %" PRIu64 "\n", n_all, n_quick, n_counted);
    return n_quick < n_all / 2 || n_counted < n_all / 2;
}
