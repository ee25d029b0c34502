/* test_resource.c: what belongs to whom, steps back and counts are what a walk from the start says, with an index and
 * without.
 */
#include <criterion/criterion.h>
#include <gxt/gxt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A trace, all its events, and an index with blocks of 40 events. */
struct world {
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_event *events;
    size_t n;
    char path[64];
};

static void open_world(struct world *world, const char *name)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    struct gxt_error error;
    size_t capacity = 0;

    *world = (struct world){0};
    cr_assert_eq(gxt_trace_open(name, &world->trace, &error), 0, "%s", error.message);
    cr_assert_eq(gxt_cursor_new(world->trace, NULL, &cursor), 0);
    while (gxt_cursor_next(cursor, &event) == 1) {
        if (world->n == capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            world->events = realloc(world->events, capacity * sizeof *world->events);
            cr_assert_not_null(world->events);
        }
        world->events[world->n++] = *event;
    }
    gxt_cursor_free(cursor);
    snprintf(world->path, sizeof world->path, "/tmp/gxt-resource-%ld", (long)getpid());
    options.checkpoint_events = 40;
    cr_assert_eq(gxt_index_build(world->trace, world->path, &options, &error), 0, "%s", error.message);
    cr_assert_eq(gxt_index_open(world->trace, world->path, &world->index, &error), 0, "%s", error.message);
}

static void close_world(struct world *world)
{
    struct gxt_error error;

    cr_assert_eq(gxt_index_damage(world->index, &error), 0, "%s", error.message);
    gxt_index_close(world->index);
    gxt_trace_close(world->trace);
    free(world->events);
    unlink(world->path);
}

static struct gxt_cursor *cursor_of(const struct world *world, bool has_index)
{
    struct gxt_cursor *cursor;

    cr_assert_eq(gxt_cursor_new(world->trace, has_index ? world->index : NULL, &cursor), 0);
    return cursor;
}

/* From event @from on all events of some resources come, and no others. */
static void yields_its_own(const struct world *world, bool has_index, const struct gxt_resource_id *ids, size_t n_ids,
                           size_t from)
{
    struct gxt_cursor *cursor = cursor_of(world, has_index);
    const struct gxt_event *event;

    cr_assert_eq(gxt_cursor_seek_ordinal(cursor, from), 0);
    for (size_t i = from; i < world->n; i++) {
        bool belongs = false;
        for (size_t id = 0; id < n_ids; id++)
            belongs |= gxt_event_belongs(&world->events[i], ids[id]);
        if (!belongs)
            continue;
        cr_assert_eq(gxt_cursor_next_of(cursor, ids, n_ids, &event), 1, "event %zu", i);
        cr_assert_eq(event->ordinal, i);
        cr_assert_eq(event->time_ns, world->events[i].time_ns);
        cr_assert_eq(event->stack, world->events[i].stack);
    }
    cr_assert_eq(gxt_cursor_next_of(cursor, ids, n_ids, &event), 0);
    gxt_cursor_free(cursor);
}

static const char *const names[] = {DATA "/sample.trace", DATA "/go126-coroutines.trace", DATA "/go122-http.trace",
                                    DATA "/../legacy/traces/go119-mix.trace",
                                    DATA "/../legacy/traces/go121-profile.trace"};

enum {
    N_NAMES = sizeof names / sizeof *names
};

Test(gxt_cursor_next_of, yields_what_belongs_to_a_resource_and_no_more)
{
    for (size_t name = 0; name < N_NAMES; name++) {
        struct world world;
        open_world(&world, names[name]);
        for (size_t i = 0; i < world.n; i += world.n / 25 + 1) {
            const struct gxt_event *event = &world.events[i];
            const struct gxt_resource_id ids[] = {{GXT_RESOURCE_GOROUTINE, event->goroutine},
                                                  {GXT_RESOURCE_PROC, event->proc},
                                                  {GXT_RESOURCE_THREAD, event->thread},
                                                  {GXT_RESOURCE_GOROUTINE, 1}};
            for (int has_index = 0; has_index < 2; has_index++) {
                for (size_t id = 0; id < 3; id++)
                    yields_its_own(&world, has_index, &ids[id], 1, i / 2);
                yields_its_own(&world, has_index, ids, 4, 0);
            }
        }
        close_world(&world);
    }
}

Test(gxt_cursor_seek_resource, stands_before_the_first_event_that_belongs)
{
    for (size_t name = 0; name < N_NAMES; name++) {
        struct world world;
        open_world(&world, names[name]);
        for (size_t i = 0; i < world.n; i += world.n / 40 + 1) {
            const struct gxt_resource_id id = {GXT_RESOURCE_GOROUTINE, world.events[world.n - 1 - i].goroutine};
            size_t wanted = i;
            while (wanted < world.n && !gxt_event_belongs(&world.events[wanted], id))
                wanted++;
            for (int has_index = 0; has_index < 2; has_index++) {
                struct gxt_cursor *cursor = cursor_of(&world, has_index);
                struct gxt_pos pos;
                cr_assert_eq(gxt_cursor_seek_resource(cursor, id, world.events[i].time_ns), 0);
                gxt_cursor_tell(cursor, &pos);
                cr_assert_eq(pos.ordinal, wanted, "%zu, not %zu", (size_t)pos.ordinal, wanted);
                gxt_cursor_free(cursor);
            }
        }
        close_world(&world);
    }
}

Test(gxt_cursor_prev, walks_back_to_the_start)
{
    struct world world;
    const struct gxt_event *event;

    open_world(&world, DATA "/go126-coroutines.trace");
    struct gxt_cursor *cursor = cursor_of(&world, true);
    const size_t from = world.n < 300 ? world.n : 300;
    cr_assert_eq(gxt_cursor_seek_ordinal(cursor, from), 0);
    for (size_t i = from; i > 0; i--) {
        cr_assert_eq(gxt_cursor_prev(cursor, &event), 1);
        cr_assert_eq(event->ordinal, i - 1);
        cr_assert_eq(event->time_ns, world.events[i - 1].time_ns);
        cr_assert_eq(event->kind, world.events[i - 1].kind);
    }
    cr_assert_eq(gxt_cursor_prev(cursor, &event), 0);
    cr_assert_eq(gxt_cursor_next(cursor, &event), 1);
    cr_assert_eq(event->ordinal, 0);
    gxt_cursor_free(cursor);
    close_world(&world);
}

Test(gxt_cursor_count, counts_each_kind_as_a_walk_does)
{
    for (size_t name = 0; name < N_NAMES; name++) {
        struct world world;
        open_world(&world, names[name]);
        for (size_t begin = 0; begin < world.n; begin += world.n / 12 + 1)
            for (size_t end = begin; end < world.n + 50; end += world.n / 12 + 3) {
                uint64_t wanted[GXT_N_KINDS] = {0}, got[GXT_N_KINDS];
                for (size_t i = begin; i < end && i < world.n; i++)
                    wanted[world.events[i].kind]++;
                for (int has_index = 0; has_index < 2; has_index++) {
                    struct gxt_cursor *cursor = cursor_of(&world, has_index);
                    cr_assert_eq(gxt_cursor_count(cursor, begin, end, got), 0);
                    for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
                        cr_assert_eq(got[kind], wanted[kind], "%zu to %zu, kind %zu", begin, end, kind);
                    gxt_cursor_free(cursor);
                }
            }
        close_world(&world);
    }
}
