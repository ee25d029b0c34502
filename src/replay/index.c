/* index.c
 *
 * In: a sidecar. Out: what of it fits the trace as it is now. Never: trust: what it says of the trace's bytes is
 * checked when they are read.
 */
#include "replay.h"

#include <stdlib.h>

static int cover(const struct gxt_trace *trace, const struct store_meta *meta, struct index_cover *ret,
                 struct gxt_error *fault)
{
    const struct source *source = &trace->source;

    if (meta->version != trace->facts.version || meta->fingerprint != source_fingerprint(source, meta->trace_bytes))
        return fault_set(fault, GXT_ESTALE, GXT_NO_OFFSET, "the index is of another trace");
    if (source->size < meta->trace_bytes || source->size < meta->covered_bytes)
        return fault_set(fault, GXT_ESTALE, source->size, "the trace is shorter than when it was indexed");

    /* Before Go 1.26 a generation is closed by the next one, and the last one by the file's end, which may have moved.
     */
    const bool is_sound = meta->loss.first.code == 0 && meta->fault.code == 0;
    ret->up_to_date =
        meta->complete && source->size == meta->trace_bytes && (is_sound || meta->recovers == trace->recovers);
    bool last_is_closed = ret->up_to_date || trace->facts.version >= 26;
    /* Where one recovers and the other does not they part at the first fault; and what was hurt may have been the end
     * of a trace that has grown since. */
    uint64_t n_generations = meta->recovers && !ret->up_to_date ? meta->n_sound : meta->n_generations;
    ret->n_generations = n_generations - (n_generations > 0 && !last_is_closed);
    ret->n_dirs = meta->n_generations - (meta->n_generations > 0);
    if (ret->n_dirs > n_generations)
        ret->n_dirs = n_generations;
    return 0;
}

int index_look(const struct gxt_trace *trace, const struct store *store, struct store_meta *ret_meta,
               struct index_cover *ret, struct gxt_error *fault)
{
    *ret = (struct index_cover){0};
    int r = store_meta(store, ret_meta, fault);
    return r < 0 ? r : cover(trace, ret_meta, ret, fault);
}

uint64_t cover_chain(uint64_t hash, uint64_t next)
{
    return hash_bytes_seed(&next, sizeof next, hash);
}

uint64_t cover_tail(const struct source *source, uint64_t begin, uint64_t hash)
{
    const uint64_t end = source->size;
    return cover_chain(hash, begin < end ? hash_bytes(source->at + begin, (size_t)(end - begin)) : 0);
}

int index_open(struct gxt_trace *trace, const char *path, struct gxt_index **ret, struct gxt_error *fault)
{
    struct store_meta meta;
    struct index_cover fits;
    char *place = NULL;
    int r = trace_check_whole(trace, fault);

    if (r < 0)
        return r;
    if (!path && (r = place_of_index(trace->source.path, &place, fault)) < 0)
        return r;
    struct gxt_index *index = calloc(1, sizeof *index);
    if (!index) {
        free(place);
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    }
    index->trace = trace;
    (void)pthread_mutex_init(&index->lock, NULL);

    r = store_open(path ? path : place, &index->store, fault);
    free(place);
    if (r == 0)
        r = index_look(trace, index->store, &meta, &fits, fault);
    if (r < 0) {
        (void)index_close(index);
        return r;
    }
    *ret = index;
    return 0;
}

struct gxt_index *index_close(struct gxt_index *index)
{
    if (!index)
        return NULL;
    (void)store_close(index->store);
    (void)pthread_mutex_destroy(&index->lock);
    free(index);
    return NULL;
}

int index_facts(const struct gxt_index *index, struct gxt_index_facts *ret, struct gxt_error *fault)
{
    struct store_meta meta;
    struct index_cover fits;

    int r = index_look(index->trace, index->store, &meta, &fits, fault);
    if (r < 0)
        return r;
    *ret = (struct gxt_index_facts){.complete = meta.complete,
                                    .up_to_date = fits.up_to_date,
                                    .covered_bytes = meta.covered_bytes,
                                    .n_generations = meta.n_generations,
                                    .n_events = meta.n_events,
                                    .first_ns = meta.first_ns,
                                    .last_ns = meta.last_ns,
                                    .n_strings = meta.n_strings,
                                    .n_stacks = meta.n_stacks,
                                    .n_goroutines = meta.n_goroutines,
                                    .size_bytes = store_size_bytes(index->store),
                                    .fault = meta.fault,
                                    .recovers = meta.recovers,
                                    .loss = meta.loss};
    memcpy(ret->n_by_kind, meta.n_by_kind, sizeof ret->n_by_kind);
    return 0;
}

int index_generation(const struct gxt_index *index, gxt_gen generation, struct gxt_generation *ret,
                     struct gxt_error *fault)
{
    struct store_generation record;

    int r = store_generation(index->store, generation, &record, fault);
    if (r == 0)
        *ret = record.facts;
    return r;
}

/* ---- stacks by id ---- */

static int string_of(const struct gxt_index *index, uint64_t id, struct buf *bytes, const struct gxt_string **ret,
                     struct gxt_error *fault)
{
    *ret = pool_find_string(index->trace->pool, id);
    if (*ret)
        return 0;
    int r = store_string(index->store, id, bytes, fault);
    if (r < 0)
        return r == GXT_ENOENT ? fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "a frame's string is not in the index")
                               : r;
    r = pool_string(index->trace->pool, bytes->at ? (const void *)bytes->at : "", bytes->size, ret);
    return r < 0 ? pool_refused(r, fault) : 0;
}

int index_stack(const struct gxt_index *index, uint64_t id, const struct gxt_stack **ret, struct gxt_error *fault)
{
    struct store_frame frames[GEN_MAX_FRAMES];
    struct gxt_frame resolved[GEN_MAX_FRAMES];
    struct buf bytes = {0};
    size_t n;

    *ret = pool_find_stack(index->trace->pool, id);
    if (*ret)
        return 0;
    int r = store_stack(index->store, id, frames, &n, fault);
    for (size_t i = 0; r == 0 && i < n; i++) {
        resolved[i] = (struct gxt_frame){.pc = frames[i].pc, .line = frames[i].line};
        r = string_of(index, frames[i].func, &bytes, &resolved[i].func, fault);
        if (r == 0)
            r = string_of(index, frames[i].file, &bytes, &resolved[i].file, fault);
    }
    if (r == 0 && (r = pool_stack(index->trace->pool, resolved, n, ret)) < 0)
        r = pool_refused(r, fault);
    buf_done(&bytes);
    return r;
}

/* ---- what a walk asks of it ---- */

void index_damaged(const struct gxt_index *index, const struct gxt_error *damage)
{
    struct gxt_index *shared = (struct gxt_index *)index; /* the lock and what it guards are not the index's content */

    (void)pthread_mutex_lock(&shared->lock);
    if (shared->damage.code == 0)
        shared->damage = *damage;
    (void)pthread_mutex_unlock(&shared->lock);
}

int index_damage(const struct gxt_index *index, struct gxt_error *ret)
{
    struct gxt_index *shared = (struct gxt_index *)index;

    (void)pthread_mutex_lock(&shared->lock);
    *ret = shared->damage;
    (void)pthread_mutex_unlock(&shared->lock);
    return ret->code;
}

static bool same_batch(const struct gen_batch *a, const struct gen_batch *b)
{
    return a->offset == b->offset && a->size == b->size && a->tick == b->tick && a->thread == b->thread &&
           a->kind == b->kind && a->experiment == b->experiment;
}

/* The generation that may have been the last one: what follows it must be looked at, so it is searched for, and takes
 * from the index only the hashes. */
static int take_hashes(const struct gen_dir *kept, struct gen_dir *dir, struct gxt_error *fault)
{
    if (dir->n_batches != kept->n_batches || dir->number != kept->number)
        return fault_set(fault, GXT_ESTALE, dir->begin, "this generation has changed since the index was made");
    for (size_t i = 0; i < dir->n_batches; i++) {
        if (!same_batch(&dir->batches[i], &kept->batches[i]))
            return fault_set(fault, GXT_ESTALE, dir->batches[i].offset,
                             "this batch has changed since the index was made");
        dir->batches[i].hash = kept->batches[i].hash;
    }
    dir->hashed = kept->hashed;
    dir->loss = kept->loss;
    return 0;
}

static bool lies_within(const struct gen_dir *dir, const struct gen_stream *stream, uint64_t size)
{
    if (dir->begin != stream->offset || dir->end < dir->begin || dir->end > size)
        return false;
    for (size_t i = 0; i < dir->n_batches; i++)
        if (dir->batches[i].offset < dir->begin || dir->batches[i].offset > dir->end ||
            dir->batches[i].size > dir->end - dir->batches[i].offset)
            return false;
    return true;
}

/* gen_known.fetch over an index. */
static int fetch(void *user, bool is_stack, uint64_t content, const void **ret)
{
    const struct gxt_cursor *cursor = user;
    struct gxt_error damage;
    struct buf bytes = {0};

    if (is_stack)
        return index_stack(cursor->index, content, (const struct gxt_stack **)ret, &damage) == GXT_ENOMEM ? GXT_ENOMEM
               : *ret                                                                                     ? 0
                                                                                                          : GXT_EINDEX;
    int r = string_of(cursor->index, content, &bytes, (const struct gxt_string **)ret, &damage);
    buf_done(&bytes);
    return r == 0 || r == GXT_ENOMEM ? r : GXT_EINDEX;
}

/* Without them the tables are read from the trace. */
static void know_tables(const struct gxt_cursor *cursor, uint64_t generation, struct gen_known *known)
{
    const struct store *store = cursor->index->store;
    struct store_rows strings = {0}, stacks = {0};
    struct gxt_error damage;

    int r = store_list(store, STORE_STRINGS, generation, &strings, &damage);
    if (r == 0)
        r = store_list(store, STORE_STACKS, generation, &stacks, &damage);
    if (r < 0)
        index_damaged(cursor->index, &damage);
    if (r == 0)
        *known = (struct gen_known){strings.pairs, stacks.pairs, strings.n, stacks.n, fetch, (void *)cursor};
    if (r < 0 || !known->strings || !known->stacks) {
        store_rows_done(&strings);
        store_rows_done(&stacks);
        *known = (struct gen_known){0};
    }
}

int index_find(void *user, uint64_t generation, struct gen_stream *stream, struct gen_dir *ret, struct gen_known *known,
               struct gxt_error *fault)
{
    const struct gxt_cursor *cursor = user;
    const struct source *source = &cursor->trace->source;
    const int version = cursor->trace->facts.version;
    struct gxt_error damage;
    struct store_meta meta;
    struct index_cover fits;
    struct gen_dir kept = {0};

    if (cursor->distrusts)
        return gen_find(stream, source, version, ret, fault);
    int r = index_look(cursor->trace, cursor->index->store, &meta, &fits, &damage);
    if (r < 0 || generation >= fits.n_generations)
        goto search;

    struct gen_dir *dir = generation < fits.n_dirs ? ret : &kept;
    r = store_dir(cursor->index->store, generation, dir, &damage);
    dir->recovers = cursor->trace->recovers;
    if (r == 0 && !lies_within(dir, stream, source->size))
        r = fault_set(&damage, GXT_EINDEX, GXT_NO_OFFSET, "the directory of generation %llu does not fit the trace",
                      (unsigned long long)generation);
    if (r < 0)
        goto search;
    if (dir == ret) {
        know_tables(cursor, generation, known);
        *stream =
            (struct gen_stream){.offset = dir->end, .begun = true, .more = true, .recovers = cursor->trace->recovers};
        return 1;
    }
    r = gen_find(stream, source, version, ret, fault);
    if (r == 0 || fault_is_of_trace(r))
        r = fault_set(fault, GXT_ESTALE, kept.begin, "this generation has changed since the index was made");
    if (r > 0) {
        int taken = take_hashes(&kept, ret, fault);
        r = taken < 0 ? taken : r;
        if (taken == 0)
            know_tables(cursor, generation, known);
    }
    gen_dir_done(&kept);
    return r;

search:
    gen_dir_done(&kept);
    if (r < 0)
        index_damaged(cursor->index, &damage);
    return gen_find(stream, source, version, ret, fault);
}

/* ---- the old format ---- */

int index_find_old(void *user, struct buf *start, struct gen_dir *dir, struct gen_known *known)
{
    const struct gxt_cursor *cursor = user;
    const struct store *store = cursor->index->store;
    const struct source *source = &cursor->trace->source;
    const struct gen_stream stream = {.offset = cursor->trace->begin};
    struct gxt_error damage;
    struct store_meta meta;
    struct index_cover fits;

    if (cursor->distrusts)
        return 0;
    int r = index_look(cursor->trace, store, &meta, &fits, &damage);
    if (r == 0 && fits.n_generations == 0)
        return 0;
    if (r == 0)
        r = store_checkpoint(store, 0, start, &damage);
    if (r == 0)
        r = store_dir(store, 0, dir, &damage);
    if (r == 0 && !lies_within(dir, &stream, source->size))
        r = fault_set(&damage, GXT_EINDEX, GXT_NO_OFFSET, "the directory does not fit the trace");
    if (r < 0) {
        index_damaged(cursor->index, &damage);
        return r == GXT_ENOMEM ? r : GXT_EINDEX;
    }
    know_tables(cursor, 0, known);
    return known->strings ? 1 : GXT_EINDEX;
}

int index_piece(void *user, enum legacy_stream stream, uint64_t number, struct buf *ret, struct gxt_error *fault)
{
    const struct gxt_cursor *cursor = user;

    return store_piece(cursor->index->store, 0, (unsigned)stream, number, ret, fault);
}

/* ---- places ---- */

size_t index_places_by_ordinal(const struct store_rows *places, uint64_t ordinal)
{
    size_t low = 0, high = places->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (places->places[middle].ordinal <= ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t index_places_by_time(const struct store_rows *places, int64_t time_ns)
{
    size_t low = 0, high = places->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (places->places[middle].time_ns < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
