/* reader.c
 *
 * In: an open sidecar. Out: its records, proved. Never: a lock, a loan, a record of another state than the others of a
 * call.
 */
#include "store_priv.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    MOST_TRIES = 16 /* a commit comes every few hundred milliseconds, a call takes microseconds */
};

/* One call: a state of the file. */
struct call {
    struct pages pages;
    struct buf value;
    struct gxt_error *fault;
};

/* A record by key, proved. */
static int get(struct call *call, const struct key *key)
{
    int r = pages_get(&call->pages, key, &call->value, call->fault);
    if (r < 0)
        return r;
    if (!value_proved(&call->value, key))
        return fault_set(call->fault, GXT_EINDEX, GXT_NO_OFFSET, "a record of the index is damaged (%c)", key->at[0]);
    return 0;
}

/* The same for a record that another one promises. */
static int must_get(struct call *call, const struct key *key)
{
    int r = get(call, key);
    return r == GXT_ENOENT
               ? fault_set(call->fault, GXT_EINDEX, GXT_NO_OFFSET, "a record of the index is missing (%c)", key->at[0])
               : r;
}

/* What a call reads, in one state. */
typedef int read_records(struct call *call, void *user);

/* Reads again when a commit came in between. */
static int read_in_one_state(int fd, read_records *read, void *user, struct gxt_error *fault)
{
    struct gxt_error own;
    struct call call = {.fault = fault ? fault : &own};
    int r = GXT_EINDEX;

    for (int tries = 0; tries < MOST_TRIES; tries++) {
        r = pages_begin(&call.pages, fd, call.fault);
        if (r == 0)
            r = read(&call, user);
        if (r == GXT_ENOMEM || r == GXT_EIO || pages_unmoved(&call.pages))
            break;
    }
    buf_done(&call.value);
    return r;
}

/* ---- meta ---- */

static int read_meta(struct call *call, void *user)
{
    const struct key key = key_meta();

    int r = get(call, &key);
    if (r == GXT_ENOENT && call->pages.n_entries > 0)
        return fault_set(call->fault, GXT_EINDEX, GXT_NO_OFFSET, "the file is no index of gxt");
    if (r == GXT_ENOENT)
        return fault_set(call->fault, GXT_ENOENT, GXT_NO_OFFSET, "nothing has been committed to this index");
    return r < 0 ? r : meta_decode(&call->value, user, call->fault);
}

int reader_meta(int fd, struct store_meta *ret, struct gxt_error *fault)
{
    return read_in_one_state(fd, read_meta, ret, fault);
}

int store_meta(const struct store *store, struct store_meta *ret, struct gxt_error *fault)
{
    return reader_meta(store->fd, ret, fault);
}

/* ---- generations ---- */

struct generation_wish {
    uint64_t generation;
    struct store_generation *ret;
};

static int get_generation(struct call *call, uint64_t generation, struct store_generation *ret)
{
    const struct key key = key_of(TAG_GENERATION, generation);

    int r = get(call, &key);
    if (r == 0 && !generation_decode(&call->value, ret))
        r = fault_set(call->fault, GXT_EINDEX, GXT_NO_OFFSET, "generation %" PRIu64 " of the index is damaged",
                      generation);
    return r;
}

static int read_generation(struct call *call, void *user)
{
    const struct generation_wish *wish = user;
    struct store_meta meta;

    int r = get_generation(call, wish->generation, wish->ret);
    if (r != GXT_ENOENT || (r = read_meta(call, &meta)) < 0)
        return r;
    if (wish->generation < meta.n_generations)
        return fault_set(call->fault, GXT_EINDEX, GXT_NO_OFFSET, "generation %" PRIu64 " is missing in the index",
                         wish->generation);
    return fault_set(call->fault, GXT_ENOENT, GXT_NO_OFFSET, "the index has no generation %" PRIu64, wish->generation);
}

int store_generation(const struct store *store, uint64_t generation, struct store_generation *ret,
                     struct gxt_error *fault)
{
    struct generation_wish wish = {generation, ret};
    return read_in_one_state(store->fd, read_generation, &wish, fault);
}

struct find_wish {
    bool by_time;
    int64_t time_ns;
    uint64_t ordinal;
    uint64_t *ret;
};

/* The last generation that begins at or before what is wished; 0 when none does. */
static int find(struct call *call, void *user)
{
    const struct find_wish *wish = user;
    struct store_meta meta;
    struct store_generation record;

    int r = read_meta(call, &meta);
    if (r < 0)
        return r;
    uint64_t low = 0, high = meta.n_generations;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        r = get_generation(call, middle, &record);
        if (r < 0)
            return r == GXT_ENOENT ? fault_set(call->fault, GXT_EINDEX, GXT_NO_OFFSET,
                                               "generation %" PRIu64 " is missing in the index", middle)
                                   : r;
        if (wish->by_time ? record.facts.first_ns <= wish->time_ns : record.facts.first_ordinal <= wish->ordinal)
            low = middle + 1;
        else
            high = middle;
    }
    *wish->ret = low > 0 ? low - 1 : 0;
    return 0;
}

int store_find_time(const struct store *store, int64_t time_ns, uint64_t *ret, struct gxt_error *fault)
{
    struct find_wish wish = {.by_time = true, .time_ns = time_ns, .ret = ret};
    return read_in_one_state(store->fd, find, &wish, fault);
}

int store_find_ordinal(const struct store *store, uint64_t ordinal, uint64_t *ret, struct gxt_error *fault)
{
    struct find_wish wish = {.ordinal = ordinal, .ret = ret};
    return read_in_one_state(store->fd, find, &wish, fault);
}

/* ---- directories ---- */

struct dir_wish {
    uint64_t generation;
    struct gen_dir *ret;
};

static int read_dir(struct call *call, void *user)
{
    const struct dir_wish *wish = user;
    struct gen_dir *dir = wish->ret;
    uint64_t n_total = 0;
    uint32_t chunk = 0;

    dir->n_batches = 0;
    do {
        const struct key key = key_chunk(TAG_DIR, wish->generation, chunk);
        size_t before = dir->n_batches;
        int r = must_get(call, &key);
        if (r < 0)
            return r;
        r = dir_decode(&call->value, chunk == 0, dir, &n_total);
        if (r == GXT_ENOMEM)
            return fault_set(call->fault, r, GXT_NO_OFFSET, "no memory for a directory");
        if (r < 0 || dir->n_batches > n_total || (dir->n_batches == before && before < n_total))
            return fault_set(call->fault, GXT_EINDEX, GXT_NO_OFFSET,
                             "the directory of generation %" PRIu64 " is damaged in the index", wish->generation);
        chunk++;
    } while (dir->n_batches < n_total);
    return 0;
}

int store_dir(const struct store *store, uint64_t generation, struct gen_dir *ret, struct gxt_error *fault)
{
    struct dir_wish wish = {generation, ret};
    return read_in_one_state(store->fd, read_dir, &wish, fault);
}

/* ---- checkpoints ---- */

struct bytes_wish {
    struct key key;
    struct buf *ret;
};

static int damaged_checkpoint(struct call *call)
{
    return fault_set(call->fault, GXT_EINDEX, GXT_NO_OFFSET, "a checkpoint of the index is damaged");
}

static int no_memory(struct call *call)
{
    return fault_set(call->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a checkpoint");
}

static int unpack_into(struct call *call, struct span in, struct buf *ret)
{
    int r = unpack(in, ret);
    return r == GXT_ENOMEM ? no_memory(call) : r < 0 ? damaged_checkpoint(call) : 0;
}

/* The chunks that a record names, one after another. */
static int gather(struct call *call, struct span in, struct buf *ret)
{
    struct buf names = {0};
    int r = 0;

    buf_put(&names, in.at, span_size(in));
    struct reader name = {.in = buf_span(&names)};
    while (r == 0 && !names.failed && span_size(name.in) > 0) {
        const struct key key = key_of(TAG_CHUNK, reader_u64(&name));
        r = name.failed ? damaged_checkpoint(call) : must_get(call, &key);
        if (r == 0)
            r = unpack_into(call, buf_span(&call->value), ret);
        if (r == 0 && ret->size > GXT_MAX_CHECKPOINT_BYTES) /* a record may name one chunk again and again */
            r = damaged_checkpoint(call);
    }
    if (names.failed)
        r = no_memory(call);
    buf_done(&names);
    return r;
}

/* Snapshots as they stand in a record, or the chunks that the record names. */
static int read_snapshot(struct call *call, void *user)
{
    const struct bytes_wish *wish = user;

    wish->ret->size = 0;
    int r = must_get(call, &wish->key);
    if (r < 0)
        return r;
    struct reader in = {.in = buf_span(&call->value)};
    return reader_u8(&in) == SNAPSHOT_WHOLE ? unpack_into(call, in.in, wish->ret) : gather(call, in.in, wish->ret);
}

int store_checkpoint(const struct store *store, uint64_t generation, struct buf *ret, struct gxt_error *fault)
{
    struct bytes_wish wish = {key_of(TAG_CHECKPOINT, generation), ret};
    return read_in_one_state(store->fd, read_snapshot, &wish, fault);
}

int store_inside(const struct store *store, uint64_t generation, const struct store_place *place, struct buf *ret,
                 struct gxt_error *fault)
{
    struct bytes_wish wish = {key_chunk(TAG_GROUP, generation, (uint32_t)place->group), ret};

    int r = read_in_one_state(store->fd, read_snapshot, &wish, fault);
    if (r < 0)
        return r;
    if (place->group > UINT32_MAX || place->offset > ret->size || place->size > ret->size - place->offset)
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "a checkpoint of the index is damaged");
    memmove(ret->at, ret->at + place->offset, (size_t)place->size);
    ret->size = (size_t)place->size;
    return 0;
}

/* ---- pieces ---- */

static int read_piece(struct call *call, void *user)
{
    const struct bytes_wish *wish = user;

    wish->ret->size = 0;
    int r = must_get(call, &wish->key);
    return r < 0 ? r : unpack_into(call, buf_span(&call->value), wish->ret);
}

int store_piece(const struct store *store, uint64_t generation, unsigned stream, uint64_t number, struct buf *ret,
                struct gxt_error *fault)
{
    struct bytes_wish wish = {.ret = ret};

    if (!key_piece(generation, stream, number, &wish.key))
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the index has no such piece");
    return read_in_one_state(store->fd, read_piece, &wish, fault);
}

/* ---- strings, stacks ---- */

static int read_bytes(struct call *call, void *user)
{
    const struct bytes_wish *wish = user;

    int r = get(call, &wish->key);
    if (r < 0)
        return r;
    wish->ret->size = 0;
    buf_put(wish->ret, call->value.at, call->value.size);
    return wish->ret->failed ? fault_set(call->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for a record") : 0;
}

int reader_value(const struct store *store, const struct key *key, struct buf *ret, struct gxt_error *fault)
{
    struct bytes_wish wish = {*key, ret};
    return read_in_one_state(store->fd, read_bytes, &wish, fault);
}

int store_string(const struct store *store, uint64_t id, struct buf *ret, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_STRING, id);
    return reader_value(store, &key, ret, fault);
}

int store_stack(const struct store *store, uint64_t id, struct store_frame *ret, size_t *ret_n, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_STACK, id);
    struct buf value = {0};

    int r = reader_value(store, &key, &value, fault);
    if (r == 0 && !stack_decode(&value, ret, ret_n))
        r = fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "a stack of the index is damaged");
    buf_done(&value);
    return r;
}

/* ---- lists ---- */

struct list_wish {
    uint64_t generation;
    enum store_list list;
    struct store_rows *ret;
};

static int read_list(struct call *call, void *user)
{
    struct list_wish *wish = user;
    struct buf bytes = {0};
    size_t n = LIST_ROWS;
    int r = 0;

    wish->ret->n = 0;
    for (uint32_t chunk = 0; r == 0 && n == LIST_ROWS; chunk++) {
        const struct key key = key_chunk(list_tag(wish->list), wish->generation, chunk);
        bytes.size = 0;
        r = must_get(call, &key);
        if (r < 0)
            break;
        r = unpack(buf_span(&call->value), &bytes);
        if (r == 0)
            r = list_decode(wish->list, &bytes, wish->ret, &n);
        if (r == GXT_ENOMEM)
            r = fault_set(call->fault, r, GXT_NO_OFFSET, "no memory for a list of the index");
        else if (r < 0)
            r = fault_set(call->fault, r, GXT_NO_OFFSET, "list %c of generation %" PRIu64 " is damaged in the index",
                          (char)list_tag(wish->list), wish->generation);
    }
    buf_done(&bytes);
    return r;
}

int store_list(const struct store *store, enum store_list list, uint64_t generation, struct store_rows *ret,
               struct gxt_error *fault)
{
    struct list_wish wish = {generation, list, ret};
    return read_in_one_state(store->fd, read_list, &wish, fault);
}

void store_rows_done(struct store_rows *rows)
{
    free(rows->cells);
    *rows = (struct store_rows){0};
}

static int verify(struct call *call, void *user)
{
    uint64_t *n = user;

    *n = 0;
    return pages_check(&call->pages, n, call->fault);
}

int store_verify(const struct store *store, uint64_t *ret_n, struct gxt_error *fault)
{
    return read_in_one_state(store->fd, verify, ret_n, fault);
}
