/* goroutines.c
 *
 * In: the rows of an index, and a walk over what it does not cover. Out: a row for each goroutine of the trace. Never:
 * a walk over what an index covers.
 */
#include "replay.h"

#include <stdlib.h>

/* Beside the flags of the store: it is not there any more. */
#define ENDED UINT64_C(0x100)

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the goroutines");
}

static int add(void *user, const struct store_goroutine *row)
{
    struct gxt_goroutines *list = user;
    struct store_goroutine *grown = array_grow(list->rows, list->n, &list->capacity, sizeof *grown);

    if (!grown)
        return GXT_ENOMEM;
    list->rows = grown;
    list->rows[list->n++] = *row;
    return 0;
}

static int add_ended(void *user, const struct store_goroutine *row)
{
    struct store_goroutine ended = *row;

    ended.flags |= ENDED;
    return add(user, &ended);
}

enum {
    MOST_TRIES = 16 /* a list is dropped when two more are there: reading it does not take that long */
};

/* The most generations behind which an index lists who is there. */
static int look(const struct gxt_goroutines *list, uint64_t *ret, struct gxt_error *damage)
{
    struct store_meta meta;
    struct index_cover cover;
    const int r = index_look(list->trace, list->index->store, &meta, &cover, damage);

    *ret = r == 0 ? living_listed(&meta, cover.n_generations) : 0;
    return r;
}

/* What an index knows of so many generations. */
static int take_rows(struct gxt_goroutines *list, struct living *living, uint64_t n_generations,
                     struct gxt_error *damage)
{
    struct store_rows rows = {0};
    int r = 0;

    for (uint64_t generation = 0; r == 0 && generation < n_generations; generation++) {
        r = store_list(list->index->store, STORE_ENDED, generation, &rows, damage);
        for (size_t i = 0; r == 0 && i < rows.n; i++)
            if (add_ended(list, &rows.goroutines[i]) < 0)
                r = no_memory(damage);
    }
    store_rows_done(&rows);
    return r == 0 && n_generations > 0 ? living_restore(living, list->index->store, n_generations, damage) : r;
}

/* What an index knows. @ret_generations: so many it covers. Without it, or when it is damaged, that is none. What a
 * builder has dropped since it was looked at is sought where it is listed now. */
static int take_indexed(struct gxt_goroutines *list, struct living *living, uint64_t *ret_generations,
                        struct gxt_error *fault)
{
    uint64_t n_generations, n_now;
    struct gxt_error damage, none;

    *ret_generations = 0;
    if (!list->index)
        return 0;
    int r = look(list, &n_generations, &damage);
    for (int tries = 1; r == 0 && (r = take_rows(list, living, n_generations, &damage)) < 0; tries++) {
        list->n = 0;
        living_done(living);
        if (r == GXT_ENOMEM || tries == MOST_TRIES || look(list, &n_now, &none) < 0 || n_now == n_generations)
            break;
        n_generations = n_now;
        r = 0;
    }
    if (r == 0)
        *ret_generations = n_generations;
    else if (r == GXT_ENOMEM)
        *fault = damage;
    else
        index_damaged(list->index, &damage);
    return r == GXT_ENOMEM ? r : 0;
}

/* The goroutines, up to where a walk is. */
struct walk {
    struct gxt_goroutines *list;
    struct tally tally; /* of its generation */
    struct living living;
};

/* A generation ends, or the trace. */
static int end_generation(struct walk *walk)
{
    struct tally_met met;
    int r = tally_take(&walk->tally, &met);

    if (r < 0)
        return r;
    r = living_merge(&walk->living, &met, 0, add_ended, walk->list);
    tally_met_done(&met);
    return r;
}

static int count(struct walk *walk, const struct gxt_event *event)
{
    struct tally_rows *ended = &walk->tally.ended;
    int r = event->kind == GXT_KIND_SYNC ? end_generation(walk) : 0;

    tally_event(&walk->tally, event);
    if (r == 0)
        r = walk->tally.code;
    if (r == 0 && ended->n > 0) /* then it is one */
        r = add_ended(walk->list, &ended->rows[--ended->n]);
    return r;
}

/* From a generation on to the trace's end. */
static int walk_from(struct walk *walk, uint64_t generation, struct gxt_error *fault)
{
    struct gxt_goroutines *list = walk->list;
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    int r = cursor_new(list->trace, list->index, &cursor);

    if (r < 0)
        return r == GXT_ENOMEM ? no_memory(fault) : fault_set(fault, r, GXT_NO_OFFSET, "the index is of another trace");
    r = generation > 0 ? seek_generation(cursor, generation) : seek_start(cursor);
    while (r == 0 && (r = cursor_next(cursor, &event)) > 0) {
        if ((r = count(walk, event)) < 0) {
            (void)cursor_free(cursor);
            return no_memory(fault);
        }
    }
    if (r < 0)
        *fault = cursor->error;
    cursor_loss(cursor, &list->loss);
    (void)cursor_free(cursor);
    return r;
}

/* All that are known at the end. */
static int list_all(struct walk *walk)
{
    int r = end_generation(walk);

    for (size_t i = 0; r == 0 && i < walk->living.n; i++) {
        const struct store_goroutine row = tally_row(&walk->living.gs[i]);
        r = add(walk->list, &row);
    }
    return r;
}

static int by_first(const void *a, const void *b)
{
    const struct store_goroutine *left = a, *right = b;

    if (left->first_ns != right->first_ns)
        return left->first_ns > right->first_ns ? 1 : -1;
    return (left->id > right->id) - (left->id < right->id);
}

int goroutines_new(struct gxt_trace *trace, const struct gxt_index *index, struct gxt_goroutines **ret,
                   struct gxt_error *reterr)
{
    struct gxt_error own, *fault = reterr ? reterr : &own;
    struct gxt_goroutines *list = calloc(1, sizeof *list);
    struct walk walk = {.list = list};
    uint64_t generation;

    if (!list)
        return no_memory(fault);
    list->trace = trace;
    list->index = index;
    tally_init(&walk.tally);
    int r = take_indexed(list, &walk.living, &generation, fault);
    int end = r < 0 ? r : walk_from(&walk, generation, fault);
    r = end < 0 && !fault_is_of_trace(end) ? end : 0;
    if (r == 0 && (r = list_all(&walk)) < 0)
        r = no_memory(fault);
    tally_done(&walk.tally);
    living_done(&walk.living);
    if (r < 0) {
        (void)goroutines_free(list);
        return r;
    }
    if (list->n > 0)
        qsort(list->rows, list->n, sizeof *list->rows, by_first);
    *ret = list;
    return end;
}

struct gxt_goroutines *goroutines_free(struct gxt_goroutines *list)
{
    if (!list)
        return NULL;
    free(list->rows);
    free(list);
    return NULL;
}

static int stack_of(const struct gxt_goroutines *list, uint64_t id, const struct gxt_stack **ret,
                    struct gxt_error *fault)
{
    *ret = id ? pool_find_stack(list->trace->pool, id) : NULL;
    if (*ret || id == 0)
        return 0;
    return list->index ? index_stack(list->index, id, ret, fault)
                       : fault_set(fault, GXT_ENOENT, GXT_NO_OFFSET, "there is no such stack");
}

int goroutines_at(const struct gxt_goroutines *list, size_t i, struct gxt_goroutine *ret, struct gxt_error *reterr)
{
    struct gxt_error own, *fault = reterr ? reterr : &own;
    const struct store_goroutine *row;

    if (i >= list->n)
        return fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET, "there are no so many goroutines");
    row = &list->rows[i];
    *ret = (struct gxt_goroutine){.id = row->id,
                                  .creator = row->creator,
                                  .first_ns = row->first_ns,
                                  .last_ns = (int64_t)((uint64_t)row->first_ns + row->length_ns),
                                  .n_events = row->n_events,
                                  .is_created = row->flags & STORE_CREATED,
                                  .is_ended = row->flags & ENDED};
    int r = stack_of(list, row->start, &ret->start, fault);
    if (r == 0)
        r = stack_of(list, row->stack, &ret->stack, fault);
    if (r == 0 && ret->start && ret->start->n_frames > 0)
        ret->func = ret->start->frames[0].func;
    else if (r == 0 && !ret->is_created && ret->stack && ret->stack->n_frames > 0)
        ret->func = ret->stack->frames[ret->stack->n_frames - 1].func; /* the outermost frame is its own function */
    else if (r == 0 && pool_string(list->trace->pool, "", 0, &ret->func) < 0)
        r = no_memory(fault);
    return r;
}
