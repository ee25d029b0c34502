/* test_tally.c: a goroutine that is met by its state alone has a brief row, and whatever happens to it then is counted
 * as if it had never had one; what is met is told by rising id; and without memory it is told that there is none.
 *
 * Linked so that what a tally calls for memory is what is here.
 */
#include "told.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* ---- memory ---- */

static size_t n_asked, fails_at = SIZE_MAX; /* the so manieth time, counted from 0 */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size);
void *__real_mmap(void *at, size_t size, int may, int how, int file, off_t offset);
void *__wrap_mmap(void *at, size_t size, int may, int how, int file, off_t offset);
void *__real_mremap(void *at, size_t size, size_t to, int how);
void *__wrap_mremap(void *at, size_t size, size_t to, int how);

static bool has_memory(void)
{
    return n_asked++ != fails_at;
}

void *__wrap_malloc(size_t size)
{
    return has_memory() ? __real_malloc(size) : NULL;
}

void *__wrap_realloc(void *at, size_t size)
{
    return has_memory() ? __real_realloc(at, size) : NULL;
}

void *__wrap_mmap(void *at, size_t size, int may, int how, int file, off_t offset)
{
    return has_memory() ? __real_mmap(at, size, may, how, file, offset) : MAP_FAILED;
}

/* To give room back may fail as well: nobody minds. */
void *__wrap_mremap(void *at, size_t size, size_t to, int how)
{
    return has_memory() ? __real_mremap(at, size, to, how) : MAP_FAILED;
}

/* ---- what happens ---- */

static const struct gxt_stack a_stack = {.id = 70}, another = {.id = 71};

/* A tally, and what it has told. */
struct subject {
    struct tally tally;
    struct resolve_taker taker;
    struct buf told;
    bool is_quick; /* states are met the quick way */
    int64_t now;
};

static void begin(struct subject *subject, bool is_quick)
{
    *subject = (struct subject){.is_quick = is_quick};
    tally_init(&subject->tally);
    subject->taker = tally_taker(&subject->tally);
}

static void done(struct subject *subject)
{
    tally_done(&subject->tally);
    buf_done(&subject->told);
}

static void happen(struct subject *subject, uint8_t kind, gxt_goid context, gxt_goid id, uint8_t from, uint8_t to,
                   const struct gxt_stack *stack)
{
    struct gxt_event event = {.time_ns = ++subject->now,
                              .thread = GXT_NO_THREAD,
                              .proc = GXT_NO_PROC,
                              .goroutine = context,
                              .stack = context != GXT_NO_GOROUTINE ? stack : NULL,
                              .kind = kind};

    if (kind == GXT_KIND_STATE_TRANSITION) {
        event.transition.resource = GXT_RESOURCE_GOROUTINE;
        event.transition.id = id;
        event.transition.from = from;
        event.transition.to = to;
        event.transition.stack = stack;
    }
    tally_event(&subject->tally, &event);
    told_ended(&subject->told, &subject->tally.ended);
}

/* Its state is told. Who is nearby is counted there. */
static void meet(struct subject *subject, gxt_goid id, const struct gxt_stack *stack)
{
    struct nearby_g *g = nearby_g(&subject->tally.nearby, id);

    if (!subject->is_quick) {
        happen(subject, GXT_KIND_STATE_TRANSITION, GXT_NO_GOROUTINE, id, GXT_GO_UNDETERMINED, GXT_GO_WAITING, stack);
    } else if (g->id == id) {
        g->n_events++;
        g->last_ns = ++subject->now;
    } else {
        subject->taker.meet(subject->taker.user, id, ++subject->now, stack);
    }
}

/* Each id is listed once: how many there are is told as well. */
static void end_block(struct subject *subject)
{
    buf_put_varint(&subject->told, subject->tally.block_ids[TALLY_G].n);
    cr_assert_eq(tally_end_block(&subject->tally, 0, told_member, &subject->told), 0);
}

/* Ways in which something else happens to it. */
static void meet_again(struct subject *subject, gxt_goid id)
{
    meet(subject, id, &another);
}

static void do_something(struct subject *subject, gxt_goid id)
{
    happen(subject, GXT_KIND_LOG, id, 0, 0, 0, &another);
}

static void be_about(struct subject *subject, gxt_goid id)
{
    happen(subject, GXT_KIND_STATE_TRANSITION, 1, id, GXT_GO_WAITING, GXT_GO_RUNNABLE, NULL);
}

static void be_sampled(struct subject *subject, gxt_goid id)
{
    happen(subject, GXT_KIND_STACK_SAMPLE, id, 0, 0, 0, &another);
}

static void finish(struct subject *subject, gxt_goid id)
{
    happen(subject, GXT_KIND_STATE_TRANSITION, id, id, GXT_GO_RUNNING, GXT_GO_NOT_EXIST, NULL);
}

/* Only its end is told. */
static void be_finished(struct subject *subject, gxt_goid id)
{
    subject->taker.end(subject->taker.user, id);
    told_ended(&subject->told, &subject->tally.ended);
}

/* As events that are counted together do. */
static void be_brought(struct subject *subject, gxt_goid id)
{
    struct nearby_g *g = nearby_g(&subject->tally.nearby, id);

    if (subject->is_quick && subject->taker.may_bring(subject->taker.user, id)) {
        cr_assert(g->id == id || subject->taker.bring(subject->taker.user, id));
        g->n_events++;
        g->last_ns = ++subject->now;
    } else {
        do_something(subject, id);
    }
}

/* Both ways make an event of the creator's. It is not counted twice. */
static void be_born(struct subject *subject, gxt_goid id)
{
    const struct birth birth = {
        .id = id, .creator = 1, .time_ns = subject->now + 1, .start = &a_stack, .stack = &a_stack};

    if (subject->is_quick && subject->taker.begin(subject->taker.user, &birth))
        happen(subject, GXT_KIND_LOG, 1, 0, 0, 0, &a_stack);
    else
        happen(subject, GXT_KIND_STATE_TRANSITION, 1, id, GXT_GO_NOT_EXIST, GXT_GO_RUNNABLE, &a_stack);
}

static const struct way {
    const char *name;
    void (*go)(struct subject *subject, gxt_goid id);
} ways[] = {{"is met again", meet_again},
            {"does something", do_something},
            {"is told of", be_about},
            {"is sampled", be_sampled},
            {"finishes", finish},
            {"has ended", be_finished},
            {"is counted nearby", be_brought}};

/* ---- what was met ---- */

static void take(struct subject *subject)
{
    struct tally_met met;

    cr_assert_eq(tally_take(&subject->tally, &met), 0);
    told_met(&subject->told, &met);
    tally_reuse(&subject->tally, &met);
}

static void compare(const struct subject *left, const struct subject *right, const char *what)
{
    cr_assert_eq(left->told.size, right->told.size, "%s", what);
    cr_assert_eq(memcmp(left->told.at, right->told.at, left->told.size), 0, "%s", what);
}

/* ---- brief rows ---- */

Test(tally, one_that_is_met_by_its_state_has_a_brief_row)
{
    struct subject subject;
    struct tally_met met;

    begin(&subject, true);
    meet(&subject, 9, NULL);
    meet(&subject, 8, &a_stack);
    cr_assert(subject.tally.n_briefs == 2 && subject.tally.n_items == 0);
    cr_assert(subject.taker.may_bring(&subject.tally, 8));
    cr_assert_not(subject.taker.may_bring(&subject.tally, 9), "a stack of its own is sought yet");
    cr_assert_eq(tally_take(&subject.tally, &met), 0);
    cr_assert(met.n_there == 2 && met.n_ended == 0);
    const struct tally_item first = tally_there(&met, 0), second = tally_there(&met, 1);
    cr_assert(first.id == 8 && first.first_ns == 2 && first.last_ns == 2 && first.n_events == 1 && first.stack == 70);
    cr_assert(second.id == 9 && second.first_ns == 1 && second.last_ns == 1 && second.n_events == 1);
    cr_assert(second.stack == 0 && second.start == 0 && second.creator == GXT_NO_GOROUTINE && !second.is_created);
    tally_met_done(&met);
    done(&subject);
}

/* Some are met, then one thing happens to one of them, and another thing perhaps, in the same block or in others. */
static void go_ways(struct subject *subject, gxt_goid id, const struct way *first, const struct way *second,
                    unsigned blocks, const struct gxt_stack *stack)
{
    meet(subject, 5, NULL);
    meet(subject, id, stack);
    if (blocks & 4)
        meet(subject, 6, &a_stack);
    if (blocks & 1)
        end_block(subject);
    first->go(subject, id);
    meet(subject, 7, NULL);
    if (blocks & 8)
        first->go(subject, 7);
    if (blocks & 2)
        end_block(subject);
    second->go(subject, id);
    meet(subject, 40, NULL);
    end_block(subject);
    take(subject);
    meet(subject, id, stack);
    first->go(subject, id);
    end_block(subject);
    take(subject);
}

Test(tally, a_brief_row_becomes_whole_by_each_way)
{
    static const gxt_goid ids[] = {0, 3, 6 - 1024, 5 + NEARBY, INT64_MAX, INT64_MIN};
    enum {
        N_WAYS = sizeof ways / sizeof *ways,
        N_IDS = sizeof ids / sizeof *ids
    };

    for (unsigned i = 0; i < N_WAYS * N_WAYS * N_IDS * 32; i++) {
        const struct way *first = &ways[i % N_WAYS], *second = &ways[i / N_WAYS % N_WAYS];
        const gxt_goid id = ids[i / (N_WAYS * N_WAYS) % N_IDS];
        const unsigned rest = i / (N_WAYS * N_WAYS * N_IDS);
        struct subject quick, slow;
        char what[128];
        begin(&quick, true);
        begin(&slow, false);
        go_ways(&quick, id, first, second, rest & 15, rest & 16 ? &a_stack : NULL);
        go_ways(&slow, id, first, second, rest & 15, rest & 16 ? &a_stack : NULL);
        cr_assert(quick.tally.code == 0 && slow.tally.code == 0);
        snprintf(what, sizeof what, "%" PRId64 " %s, then it %s (%u)", id, first->name, second->name, rest);
        compare(&quick, &slow, what);
        done(&quick);
        done(&slow);
    }
}

/* ---- order ---- */

/* Of each kind, with ids that do not rise: those that are met, those to whom something happens, and newly born ones. */
Test(tally, all_that_are_there_are_told_by_rising_id)
{
    struct subject subject;
    struct tally_met met;

    begin(&subject, true);
    for (gxt_goid i = 0; i < 3000; i++) {
        const gxt_goid id = (i * 1777 + 5) % 3000 - 1500;
        if (id == GXT_NO_GOROUTINE)
            continue;
        if (i % 3 == 0)
            be_born(&subject, id);
        else
            meet(&subject, id, NULL);
        if (i % 3 == 1)
            do_something(&subject, id);
        if (i % 50 == 0)
            end_block(&subject);
    }
    cr_assert_eq(tally_take(&subject.tally, &met), 0);
    cr_assert(met.n_there == 2999 && met.n_ended == 0);
    for (size_t i = 0; i < met.n_there; i++) {
        const struct tally_item item = tally_there(&met, i);
        cr_assert_eq(item.id, (gxt_goid)i - 1500 + ((gxt_goid)i >= 1499));
    }
    tally_met_done(&met);
    done(&subject);
}

/* The first one of an id was there before, the others were too, as far as is known: so they stand by the order of their
 * ends. The one that was born has passed. */
Test(tally, of_an_id_that_ends_again_and_again_each_one_is_told)
{
    struct subject subject;
    struct tally_met met;

    begin(&subject, true);
    meet(&subject, 9, NULL);
    meet(&subject, -4, &a_stack);
    be_finished(&subject, 9);
    be_sampled(&subject, 9);
    meet(&subject, 9, &another);
    be_sampled(&subject, -4);
    be_finished(&subject, -4);
    be_finished(&subject, 9);
    be_finished(&subject, 9);
    be_born(&subject, 9);
    cr_assert_eq(subject.told.size, 0);
    finish(&subject, 9);
    cr_assert_eq(subject.told.size, sizeof(struct store_goroutine));
    meet(&subject, 9, NULL);
    end_block(&subject);
    cr_assert_eq(tally_take(&subject.tally, &met), 0);
    cr_assert(met.n_ended == 3 && met.n_there == 2 && met.n_samples == 0, "a sample of one that has ended is nobody's");
    cr_assert(tally_ended(&met, 0)->id == -4 && tally_ended(&met, 0)->n_events == 2);
    cr_assert(tally_ended(&met, 1)->id == 9 && tally_ended(&met, 1)->stack == 0);
    cr_assert(tally_ended(&met, 2)->id == 9 && tally_ended(&met, 2)->stack == 71);
    cr_assert(tally_there(&met, 0).id == 1 && tally_there(&met, 1).id == 9 && tally_there(&met, 1).n_events == 1);
    tally_met_done(&met);
    done(&subject);
}

/* ---- who comes and goes ---- */

/* Ids mostly rise, and some come again: of those that are there yet, and of those that are not. */
static gxt_goid id_that_comes(uint64_t draw, gxt_goid newest)
{
    const gxt_goid back = (gxt_goid)(draw >> 8 & 3) * NEARBY + (gxt_goid)(draw >> 16 & 63);

    return draw % 8 == 0 && back < newest ? newest - back : newest;
}

/* Most end soon, some together, some when others have come to their places, some in another generation. */
static void come_and_go(struct subject *subject, uint64_t seed)
{
    for (gxt_goid newest = 2; newest < 3 * NEARBY; newest++) {
        const uint64_t draw = hash_mix((uint64_t)newest, seed);
        be_born(subject, id_that_comes(draw, newest));
        if (draw >> 24 & 1)
            be_brought(subject, id_that_comes(draw >> 25, newest));
        for (gxt_goid id = newest - 8; newest % 8 == 0 && id < newest; id++)
            if (draw >> 32 >> id % 8 & 1)
                be_finished(subject, id);
        if (draw >> 32 & 1)
            be_finished(subject, id_that_comes(draw >> 33, newest));
        if ((draw >> 48 & 15) == 0)
            meet(subject, id_that_comes(draw >> 40, newest), &another);
        if ((draw >> 52 & 63) == 0)
            end_block(subject);
        if (draw >> 58 == 0)
            take(subject);
    }
    end_block(subject);
    take(subject);
}

Test(tally, who_comes_and_goes_is_told_as_one_event_at_a_time)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct subject quick, slow;
        char what[32];
        begin(&quick, true);
        begin(&slow, false);
        come_and_go(&quick, seed);
        come_and_go(&slow, seed);
        cr_assert(quick.tally.code == 0 && slow.tally.code == 0);
        snprintf(what, sizeof what, "seed %" PRIu64, seed);
        compare(&quick, &slow, what);
        done(&quick);
        done(&slow);
    }
}

/* ---- memory ---- */

enum {
    N_CROWD = 50000, /* rows of either kind have pages of their own then */
};

/* Some of everything. Return: 0, or what was said. */
static int live(struct subject *subject, gxt_goid n)
{
    struct tally_met met;

    for (gxt_goid id = n; id > 0; id--) {
        meet(subject, 2 * id, &a_stack);
        if (id % 4 == 0)
            do_something(subject, 2 * id + 8);
        if (id % 3 == 0)
            be_finished(subject, 2 * id + 6);
        if (id % 64 == 0)
            be_born(subject, 2 * id + 1);
        if (id % 64 == 1)
            finish(subject, id);
        if (id % 256 == 2)
            be_sampled(subject, 2 * n + id);
        if (subject->tally.code < 0)
            return subject->tally.code;
    }
    int r = tally_end_block(&subject->tally, 0, told_member, &subject->told);
    if (r == 0)
        r = tally_take(&subject->tally, &met);
    if (r == 0) {
        told_met(&subject->told, &met);
        tally_reuse(&subject->tally, &met);
    }
    return r;
}

/* Two generations, of which the second has the first one's room. A tally that failed is done with. */
static bool live_twice(struct subject *subject, gxt_goid n)
{
    for (int i = 0; i < 2; i++) {
        const int r = live(subject, n);
        if (r == 0)
            continue;
        cr_assert_eq(r, GXT_ENOMEM);
        return false;
    }
    return true;
}

static void fail_at_each(gxt_goid n)
{
    struct subject good, subject;
    bool is_done = false;

    begin(&good, true);
    cr_assert(live_twice(&good, n));
    for (size_t at = 0; !is_done; at++) {
        begin(&subject, true);
        /* What is told may be long: it has its room. */
        cr_assert_not_null(buf_room(&subject.told, good.told.size));
        n_asked = 0;
        fails_at = at;
        const bool is_good = live_twice(&subject, n);
        is_done = n_asked <= at;
        fails_at = SIZE_MAX;
        if (is_good)
            compare(&subject, &good, "what was told though there was no memory for something");
        done(&subject);
    }
    done(&good);
}

Test(tally, without_memory_that_is_said)
{
    fail_at_each(600);
}

Test(tally, without_memory_for_a_crowd_that_is_said)
{
    fail_at_each(N_CROWD);
}

/* What only brief rows were in is room as well. */
Test(tally, room_is_not_taken_from_who_has_some)
{
    struct subject subjects[2];
    const struct tally_brief *briefs[2];

    for (size_t i = 0; i < 2; i++) {
        begin(&subjects[i], true);
        meet(&subjects[i], 7, NULL);
        take(&subjects[i]);
        briefs[i] = subjects[i].tally.met.room.briefs;
        cr_assert(briefs[i] && !subjects[i].tally.met.room.items);
    }
    tally_give_room(&subjects[0].tally, &subjects[1].tally);
    cr_assert(subjects[0].tally.met.room.briefs == briefs[0] && subjects[1].tally.met.room.briefs == briefs[1]);
    done(&subjects[0]);
    done(&subjects[1]);
}

/* Where all are born they have whole rows; where they are met again they need little more than brief ones. */
Test(tally, room_serves_again_as_far_as_it_is_used)
{
    struct subject subject, other;
    struct tally_met met;

    begin(&subject, true);
    begin(&other, true);
    for (gxt_goid id = 1; id <= N_CROWD; id++)
        be_born(&subject, id);
    cr_assert_eq(tally_take(&subject.tally, &met), 0);
    const struct tally_item *items = met.room.items;
    const size_t n_whole = met.room.items_capacity;
    cr_assert_geq(n_whole, N_CROWD);
    tally_reuse(&subject.tally, &met);
    cr_assert(subject.tally.met.room.items == items && !met.room.items, "it serves the tally");
    for (gxt_goid id = 1; id <= N_CROWD; id++)
        meet(&subject, id, NULL);
    cr_assert_eq(tally_take(&subject.tally, &met), 0);
    cr_assert(met.n_there == N_CROWD && met.room.briefs_capacity >= N_CROWD);
    cr_assert_leq(met.room.items_capacity, n_whole / 4, "what nobody used goes back");
    const struct tally_brief *briefs = met.room.briefs;
    tally_reuse(&subject.tally, &met);
    tally_give_room(&subject.tally, &other.tally);
    cr_assert(other.tally.met.room.briefs == briefs && !subject.tally.met.room.briefs);
    tally_give_room(&subject.tally, &other.tally);
    cr_assert(other.tally.met.room.briefs == briefs, "a tally that has room keeps it");
    meet(&other, 7, NULL);
    take(&other);
    done(&subject);
    done(&other);
}
