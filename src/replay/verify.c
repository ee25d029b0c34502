/* verify.c
 *
 * In: a sidecar and its trace. Out: whether every record is whole and says what the others say, and, wished deeply,
 * whether the trace's bytes are those that were indexed. Never: a change.
 */
#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>

struct verifier {
    const struct gxt_index *index;
    const struct store *store;
    const struct source *source;
    struct gxt_verified *found;
    struct gxt_error *fault;
};

static int contradicts(struct gxt_error *fault, uint64_t generation, const char *what)
{
    return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "generation %" PRIu64 " of the index: %s", generation, what);
}

static int verify_tables(const struct verifier *verifier, uint64_t generation, const struct store_generation *record)
{
    struct store_rows rows = {0};
    const struct gxt_stack *stack;
    struct buf bytes = {0};

    int r = store_list(verifier->store, STORE_STRINGS, generation, &rows, verifier->fault);
    if (r == 0 && rows.n != record->facts.n_strings)
        r = contradicts(verifier->fault, generation, "its strings are not as many as it says");
    for (size_t i = 0; r == 0 && i < rows.n; i++)
        r = store_string(verifier->store, rows.pairs[i].content, &bytes, verifier->fault);
    if (r == 0)
        r = store_list(verifier->store, STORE_STACKS, generation, &rows, verifier->fault);
    if (r == 0 && rows.n != record->facts.n_stacks)
        r = contradicts(verifier->fault, generation, "its stacks are not as many as it says");
    for (size_t i = 0; r == 0 && i < rows.n; i++)
        r = index_stack(verifier->index, rows.pairs[i].content, &stack, verifier->fault);
    if (r == GXT_ENOENT)
        r = contradicts(verifier->fault, generation, "a string or stack that it names is missing");
    buf_done(&bytes);
    store_rows_done(&rows);
    return r;
}

/* Places rise and lie within the generation, have counts that rise with them, and a snapshot each. */
static int verify_places(const struct verifier *verifier, uint64_t generation, const struct store_generation *record)
{
    struct store_rows places = {0}, counts = {0}, members = {0};
    struct buf bytes = {0};
    uint64_t last = record->facts.first_ordinal;
    /* Behind the last place there is an event, unless what came there was left out. */
    const uint64_t last_sum = record->facts.n_events - (record->loss.first.code == 0);

    int r = store_list(verifier->store, STORE_PLACES, generation, &places, verifier->fault);
    if (r == 0)
        r = store_list(verifier->store, STORE_COUNTS, generation, &counts, verifier->fault);
    if (r == 0)
        r = store_list(verifier->store, STORE_MEMBERS, generation, &members, verifier->fault);
    if (r == 0 && counts.n != places.n)
        r = contradicts(verifier->fault, generation, "it does not have a count for each place");
    for (size_t i = 0; r == 0 && i < places.n; i++) {
        uint64_t sum = 0;
        for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
            sum += counts.counts[i].n_by_kind[kind];
        if (places.places[i].ordinal <= last || sum != places.places[i].ordinal - record->facts.first_ordinal ||
            sum > last_sum)
            r = contradicts(verifier->fault, generation, "a place does not lie where its count says");
        else
            r = store_inside(verifier->store, generation, &places.places[i], &bytes, verifier->fault);
        last = places.places[i].ordinal;
        verifier->found->n_checkpoints++;
    }
    for (size_t i = 0; r == 0 && i < members.n; i++)
        if (members.members[i].block > places.n)
            r = contradicts(verifier->fault, generation, "a block that it does not have has members");
    buf_done(&bytes);
    store_rows_done(&places);
    store_rows_done(&counts);
    store_rows_done(&members);
    return r;
}

/* The batches lie in the generation, one behind another. */
static int verify_dir(const struct source *source, uint64_t generation, const struct store_generation *record,
                      const struct gen_dir *dir, struct gxt_error *fault)
{
    uint64_t at = dir->begin;

    if (dir->n_batches != record->facts.n_batches || dir->begin != record->facts.begin ||
        dir->end != record->facts.end || dir->begin > dir->end || dir->end > source->size)
        return contradicts(fault, generation, "its directory is another generation's");
    for (size_t i = 0; i < dir->n_batches; i++) {
        const struct gen_batch *batch = &dir->batches[i];
        if (batch->offset < at || batch->offset > dir->end || batch->size > dir->end - batch->offset)
            return contradicts(fault, generation, "a batch lies outside of it");
        at = batch->offset + batch->size;
    }
    return 0;
}

static int changed(struct gxt_error *fault, uint64_t offset, const char *what)
{
    return fault_set(fault, GXT_ESTALE, offset, "this %s has changed since the index was made", what);
}

static int verify_bytes(const struct source *source, const struct store_generation *record, const struct gen_dir *dir,
                        struct gxt_error *fault)
{
    struct gen_hash hash = {.at = dir->begin};

    for (size_t i = 0; i < dir->n_batches; i++)
        if (gen_hash_batch(&hash, source, &dir->batches[i]) != dir->batches[i].hash)
            return changed(fault, dir->batches[i].offset, "batch");
    if (gen_hash_end(&hash, source, dir->end) != record->hash)
        return changed(fault, dir->begin, "generation");
    source_release(source, dir->begin, dir->end);
    return 0;
}

int verify_batches(const struct store *store, const struct source *source, uint64_t generation,
                   const struct store_generation *record, bool deep, struct gxt_error *fault)
{
    struct gen_dir dir = {0};

    int r = store_dir(store, generation, &dir, fault);
    if (r == 0)
        r = verify_dir(source, generation, record, &dir, fault);
    if (r == 0 && deep)
        r = verify_bytes(source, record, &dir, fault);
    gen_dir_done(&dir);
    return r;
}

static int verify_generation(const struct verifier *verifier, uint64_t generation, struct store_meta *sum, bool deep)
{
    struct store_generation record;
    struct store_rows rows = {0};
    struct buf bytes = {0};

    int r = store_generation(verifier->store, generation, &record, verifier->fault);
    if (r == 0 && (record.facts.first_ordinal != sum->n_events || record.facts.begin != sum->covered_bytes))
        r = contradicts(verifier->fault, generation, "it does not begin where the one before it ends");
    if (r == 0)
        r = verify_batches(verifier->store, verifier->source, generation, &record, deep, verifier->fault);
    if (r == 0)
        r = verify_tables(verifier, generation, &record);
    if (r == 0)
        r = verify_places(verifier, generation, &record);
    if (r == 0)
        r = store_checkpoint(verifier->store, generation, &bytes, verifier->fault);
    if (r == 0)
        r = store_list(verifier->store, STORE_ENDED, generation, &rows, verifier->fault);
    if (r == 0)
        r = store_list(verifier->store, STORE_FIRST, generation, &rows, verifier->fault);
    if (r == 0) {
        sum->n_events += record.facts.n_events;
        sum->covered_bytes = record.facts.end;
        sum->covered_hash = cover_chain(sum->covered_hash, record.hash);
        for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
            sum->n_by_kind[kind] += record.facts.n_by_kind[kind];
        verifier->found->n_batches += record.facts.n_batches;
        verifier->found->n_bytes_read += deep ? record.facts.end - record.facts.begin : 0;
        verifier->found->n_generations++;
        verifier->found->n_checkpoints++;
    }
    buf_done(&bytes);
    store_rows_done(&rows);
    return r;
}

int index_verify(const struct gxt_index *index, bool deep, struct gxt_verified *ret, struct gxt_error *fault)
{
    struct gxt_error own;
    struct verifier verifier = {.index = index,
                                .store = index->store,
                                .source = &index->trace->source,
                                .found = ret,
                                .fault = fault ? fault : &own};
    struct store_meta meta, sum = {.covered_bytes = index->trace->begin};
    struct index_cover cover;

    *ret = (struct gxt_verified){0};
    int r = index_look(index->trace, index->store, &meta, &cover, verifier.fault);
    if (r == 0)
        r = store_verify(index->store, &ret->n_records, verifier.fault);
    for (uint64_t generation = 0; r == 0 && generation < meta.n_generations; generation++)
        r = verify_generation(&verifier, generation, &sum, deep);
    if (r == 0 && (sum.n_events > meta.n_events || sum.covered_bytes != meta.covered_bytes))
        r = fault_set(verifier.fault, GXT_EINDEX, GXT_NO_OFFSET,
                      "the generations are not what the first record sums up");
    /* What follows them, a fault or a trace of the old format, is hashed as one. */
    if (r == 0 && deep && cover.up_to_date) {
        const struct source *source = verifier.source;
        ret->n_bytes_read += source->size - sum.covered_bytes;
        if (cover_tail(source, sum.covered_bytes, sum.covered_hash) != meta.covered_hash)
            r = changed(verifier.fault, sum.covered_bytes, "end of the trace");
    }
    return r;
}
