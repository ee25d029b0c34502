/* writer.c
 *
 * In: records. Out: commits of LMDB. Never: a transaction that is open between two calls, or a commit that is half
 * there.
 *
 * What is put is gathered in memory, and the commit writes it in one transaction, by rising key. So a transaction that
 * finds LMDB's map too small is simply done again in a larger one.
 *
 * One process writes (file.c sees to that) and readers take no locks (pages.c), so LMDB needs none either. It does not
 * wait for the disk but at the end: after a crash of the machine the checksums show what is missing, and the index is
 * made again.
 */
#include "store_priv.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SMALLEST_MAP = 1 << 20
};

/* A record that waits for the commit: in the log its key, then its value. */
struct put {
    size_t at;
    uint32_t value_size;
    uint8_t key_size;
};

struct writer {
    MDB_env *env;
    MDB_dbi dbi;
    bool has_dbi;
    char *path, *final_path; /* final_path NULL: it is there already */
    size_t map_size;
    struct buf log;
    struct put *puts;
    size_t n_puts, puts_capacity;
    struct map known;     /* ids that are there or in the log, and what each names: KNOWN_… bits */
    bool has_content;     /* others may be there from before */
    bool forgets;         /* drop generations … */
    uint64_t forget_from; /* … from here on */
    struct buf value;     /* being made */
};

static int refused(struct gxt_error *fault, int code, const char *what)
{
    if (code == MDB_MAP_FULL || code == ENOMEM)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory to map the index");
    if (code == EIO || code == ENOSPC) /* LMDB says EIO for a write that was cut short */
        return fault_set_errno(fault, code, "%s, the disk may be full", what);
    if (code > 0)
        return fault_set_errno(fault, code, "%s", what);
    return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "%s: %s", what, mdb_strerror(code));
}

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the index");
}

/* ---- opening ---- */

int writer_open(const char *path, const char *final_path, bool has_content, struct writer **ret,
                struct gxt_error *fault)
{
    struct writer *writer = calloc(1, sizeof *writer);
    int r;

    if (!writer)
        return no_memory(fault);
    writer->has_content = has_content;
    writer->map_size = SMALLEST_MAP;
    writer->path = strdup(path);
    writer->final_path = final_path ? strdup(final_path) : NULL;
    if (!writer->path || (final_path && !writer->final_path)) {
        r = no_memory(fault);
        goto failed;
    }
    int code = mdb_env_create(&writer->env);
    if (code == 0)
        code = mdb_env_set_mapsize(writer->env, writer->map_size);
    if (code == 0)
        code =
            mdb_env_open(writer->env, path, MDB_NOSUBDIR | MDB_NOTLS | MDB_NOLOCK | MDB_NOSYNC | MDB_NOMEMINIT, 0600);
    if (code != 0) {
        r = refused(fault, code, "cannot open the index for writing");
        goto failed;
    }
    MDB_envinfo info;
    if (mdb_env_info(writer->env, &info) == 0 && info.me_mapsize > writer->map_size)
        writer->map_size = info.me_mapsize;
    *ret = writer;
    return 0;
failed:
    (void)writer_close(writer);
    return r;
}

struct writer *writer_close(struct writer *writer)
{
    if (!writer)
        return NULL;
    if (writer->env)
        mdb_env_close(writer->env);
    if (writer->final_path && writer->path)
        (void)unlink(writer->path); /* nothing was committed */
    free(writer->path);
    free(writer->final_path);
    buf_done(&writer->log);
    buf_done(&writer->value);
    free(writer->puts);
    map_done(&writer->known);
    free(writer);
    return NULL;
}

/* ---- the log ---- */

/* Seals writer->value and puts it under a key. */
static int put(struct writer *writer, const struct key *key, struct gxt_error *fault)
{
    value_seal(&writer->value, key);
    struct put *grown = array_grow(writer->puts, writer->n_puts, &writer->puts_capacity, sizeof *grown);
    if (grown)
        writer->puts = grown;
    size_t at = writer->log.size;
    buf_put(&writer->log, key->at, key->size);
    buf_put(&writer->log, writer->value.at, writer->value.size);
    if (!grown || writer->value.failed || writer->log.failed || writer->value.size > UINT32_MAX)
        return no_memory(fault);
    writer->puts[writer->n_puts++] = (struct put){at, (uint32_t)writer->value.size, key->size};
    return 0;
}

static struct buf *begin_value(struct store *store)
{
    store->writer->value.size = 0;
    return &store->writer->value;
}

int store_put_generation(struct store *store, uint64_t generation, const struct store_generation *record,
                         struct gxt_error *fault)
{
    const struct key key = key_of(TAG_GENERATION, generation);

    generation_encode(record, begin_value(store));
    return put(store->writer, &key, fault);
}

int store_put_dir(struct store *store, uint64_t generation, const struct gen_dir *dir, struct gxt_error *fault)
{
    size_t first = 0;
    uint32_t chunk = 0;

    do {
        const struct key key = key_chunk(TAG_DIR, generation, chunk++);
        size_t n = dir->n_batches - first < DIR_BATCHES ? dir->n_batches - first : DIR_BATCHES;
        dir_encode(dir, first, n, begin_value(store));
        int r = put(store->writer, &key, fault);
        if (r < 0)
            return r;
        first += n;
    } while (first < dir->n_batches);
    return 0;
}

/* A list in full chunks and one that is not. @encode takes some of its items. */
static int put_list(struct store *store, enum tag tag, uint64_t generation, const void *items, size_t n,
                    size_t item_size, void (*encode)(const void *items, size_t n, struct buf *ret),
                    struct gxt_error *fault)
{
    size_t first = 0, taken;
    uint32_t chunk = 0;

    do {
        const struct key key = key_chunk(tag, generation, chunk++);
        taken = n - first < TABLE_ENTRIES ? n - first : TABLE_ENTRIES;
        encode((const uint8_t *)items + first * item_size, taken, begin_value(store));
        int r = put(store->writer, &key, fault);
        if (r < 0)
            return r;
        first += taken;
    } while (taken == TABLE_ENTRIES);
    return 0;
}

int store_put_table(struct store *store, uint64_t generation, bool stacks, const struct gen_entry *entries, size_t n,
                    struct gxt_error *fault)
{
    return put_list(store, stacks ? TAG_STACK_TABLE : TAG_STRING_TABLE, generation, entries, n, sizeof *entries,
                    stacks ? stack_table_encode : string_table_encode, fault);
}

int store_put_places(struct store *store, uint64_t generation, const struct store_place *places, size_t n,
                     struct gxt_error *fault)
{
    return put_list(store, TAG_PLACES, generation, places, n, sizeof *places, places_encode, fault);
}

/* ---- content, once ---- */

/* What an id is known to name. */
enum {
    KNOWN_STRING = 1,
    KNOWN_STACK = 2,
    KNOWN_CHUNK = 4
};

/* Puts writer->value under a key that is its content's name, unless it is there already. */
static int put_once(struct store *store, const struct key *key, uint64_t id, uint32_t what, bool *ret_new,
                    struct gxt_error *fault)
{
    struct writer *writer = store->writer;
    uint32_t known = map_get(&writer->known, id);
    struct buf there = {0};

    *ret_new = false;
    if (known == MAP_NONE)
        known = 0;
    int r = writer->has_content ? reader_value(store, key, &there, fault) : GXT_ENOENT;
    if (r == 0 && (there.size != writer->value.size || memcmp(there.at, writer->value.at, there.size) != 0))
        r = fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "two contents have one name in the index");
    buf_done(&there);
    if (r < 0 && r != GXT_ENOENT)
        return r;
    *ret_new = r == GXT_ENOENT;
    if (map_put(&writer->known, id, known | what) < 0)
        return no_memory(fault);
    return *ret_new ? put(writer, key, fault) : 0;
}

static bool is_known(const struct store *store, uint64_t id, uint32_t what)
{
    uint32_t known = map_get(&store->writer->known, id);
    return known != MAP_NONE && (known & what) != 0;
}

int store_put_string(struct store *store, const struct gxt_string *string, bool *ret_new, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_STRING, string->id);

    *ret_new = false;
    if (is_known(store, string->id, KNOWN_STRING))
        return 0;
    buf_put(begin_value(store), string->at, string->len);
    return put_once(store, &key, string->id, KNOWN_STRING, ret_new, fault);
}

int store_put_stack(struct store *store, const struct gxt_stack *stack, bool *ret_new, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_STACK, stack->id);

    *ret_new = false;
    if (is_known(store, stack->id, KNOWN_STACK))
        return 0;
    stack_encode(stack, begin_value(store));
    return put_once(store, &key, stack->id, KNOWN_STACK, ret_new, fault);
}

static int put_chunk(struct store *store, const uint8_t *bytes, size_t size, uint64_t name, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_CHUNK, name);
    bool is_new;

    if (is_known(store, name, KNOWN_CHUNK))
        return 0;
    buf_put(begin_value(store), bytes, size);
    return put_once(store, &key, name, KNOWN_CHUNK, &is_new, fault);
}

/* A small snapshot stands in its record; a large one in chunks, of which others may have some. */
static int put_snapshot(struct store *store, const struct key *key, const uint8_t *bytes, size_t size,
                        struct gxt_error *fault)
{
    struct buf names = {0};
    int r = 0;

    if (size <= CHUNK_BYTES) {
        buf_put_u8(begin_value(store), SNAPSHOT_WHOLE);
        buf_put(&store->writer->value, bytes, size);
        return put(store->writer, key, fault);
    }
    for (size_t at = 0; r == 0 && at < size; at += CHUNK_BYTES) {
        size_t n = size - at < CHUNK_BYTES ? size - at : CHUNK_BYTES;
        uint64_t name = hash_bytes(bytes + at, n);
        buf_put_u64(&names, name);
        r = put_chunk(store, bytes + at, n, name, fault);
    }
    buf_put_u8(begin_value(store), SNAPSHOT_CHUNKS);
    buf_put(&store->writer->value, names.at, names.size);
    if (r == 0)
        r = names.failed ? no_memory(fault) : put(store->writer, key, fault);
    buf_done(&names);
    return r;
}

int store_put_checkpoint(struct store *store, uint64_t generation, const void *snapshot, size_t size,
                         struct gxt_error *fault)
{
    const struct key key = key_of(TAG_CHECKPOINT, generation);
    return put_snapshot(store, &key, snapshot, size, fault);
}

int store_put_inside(struct store *store, uint64_t generation, size_t i, const void *snapshot, size_t size,
                     struct gxt_error *fault)
{
    const struct key key = key_chunk(TAG_INSIDE, generation, (uint32_t)i);
    return put_snapshot(store, &key, snapshot, size, fault);
}

int store_forget(struct store *store, uint64_t generation, struct gxt_error *fault)
{
    struct writer *writer = store->writer;

    (void)fault;
    if (!writer->forgets || generation < writer->forget_from)
        writer->forget_from = generation;
    writer->forgets = true;
    return 0;
}

/* ---- committing ---- */

/* Drops the records of one kind of the generations from @generation on. */
static int forget(MDB_txn *txn, MDB_dbi dbi, enum tag tag, uint64_t generation)
{
    struct key from = key_of(tag, generation);
    MDB_cursor *cursor;

    int code = mdb_cursor_open(txn, dbi, &cursor);
    if (code != 0)
        return code;
    while (code == 0) {
        MDB_val key = {from.size, from.at}, value;
        code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        if (code == 0 && (key.mv_size == 0 || *(const uint8_t *)key.mv_data != (uint8_t)tag))
            break;
        if (code == 0)
            code = mdb_cursor_del(cursor, 0);
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}

static int forget_all(const struct writer *writer, MDB_txn *txn)
{
    static const enum tag tags[] = {TAG_GENERATION, TAG_DIR, TAG_STRING_TABLE, TAG_STACK_TABLE, TAG_PLACES, TAG_INSIDE};
    int code = 0;

    for (size_t i = 0; code == 0 && i < sizeof tags / sizeof *tags; i++)
        code = forget(txn, writer->dbi, tags[i], writer->forget_from);
    return code == 0 ? forget(txn, writer->dbi, TAG_CHECKPOINT, writer->forget_from + 1) : code;
}

static int by_key(const void *a, const void *b, void *user)
{
    const struct put *left = a, *right = b;
    const uint8_t *log = user;
    size_t shorter = left->key_size < right->key_size ? left->key_size : right->key_size;

    int order = memcmp(log + left->at, log + right->at, shorter);
    if (order == 0)
        order = (int)left->key_size - (int)right->key_size;
    return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

static int put_all(struct writer *writer, MDB_txn *txn)
{
    int code = writer->has_dbi ? 0 : mdb_dbi_open(txn, NULL, 0, &writer->dbi);

    if (code == 0 && writer->forgets)
        code = forget_all(writer, txn);
    for (size_t i = 0; code == 0 && i < writer->n_puts; i++) {
        const struct put *it = &writer->puts[i];
        MDB_val key = {it->key_size, writer->log.at + it->at};
        MDB_val value = {it->value_size, writer->log.at + it->at + it->key_size};
        code = mdb_put(txn, writer->dbi, &key, &value, 0);
    }
    return code;
}

static int try_commit(struct writer *writer)
{
    MDB_txn *txn;

    int code = mdb_txn_begin(writer->env, NULL, 0, &txn);
    if (code != 0)
        return code;
    code = put_all(writer, txn);
    if (code != 0) {
        mdb_txn_abort(txn);
        return code;
    }
    code = mdb_txn_commit(txn);
    writer->has_dbi = writer->has_dbi || code == 0;
    return code;
}

static int write_log(struct writer *writer, struct gxt_error *fault)
{
    int code;

    qsort_r(writer->puts, writer->n_puts, sizeof *writer->puts, by_key, writer->log.at);
    while ((code = try_commit(writer)) == MDB_MAP_FULL) {
        if (writer->map_size > SIZE_MAX / 2)
            break;
        writer->map_size *= 2;
        code = mdb_env_set_mapsize(writer->env, writer->map_size);
        if (code != 0)
            break;
    }
    return code == 0 ? 0 : refused(fault, code, "cannot write the index");
}

/* The first commit of a new sidecar puts it in its place. */
static int move_to_its_place(struct writer *writer, struct gxt_error *fault)
{
    if (!writer->final_path)
        return 0;
    if (rename(writer->path, writer->final_path) < 0)
        return fault_set_errno(fault, errno, "cannot put the index in its place");
    free(writer->final_path);
    writer->final_path = NULL;
    return 0;
}

int store_commit(struct store *store, const struct store_meta *meta, struct gxt_error *fault)
{
    struct writer *writer = store->writer;
    const struct key key = key_meta();

    meta_encode(meta, begin_value(store));
    int r = put(writer, &key, fault);
    if (r == 0)
        r = write_log(writer, fault);
    if (r == 0 && meta->complete) {
        int code = mdb_env_sync(writer->env, 1);
        r = code == 0 ? 0 : refused(fault, code, "cannot write the index");
    }
    if (r == 0)
        r = move_to_its_place(writer, fault);
    writer->forgets = false;
    writer->n_puts = 0;
    writer->log.size = 0;
    return r;
}
