/* writer.c
 *
 * In: records. Out: commits of LMDB. Never: a transaction that is open between two calls, or a commit that is half
 * there.
 *
 * What is put is gathered in memory, and the commit writes it in one transaction, by rising key. So a transaction that
 * finds LMDB's map too small is simply done again in a larger one. LMDB has the pages of a transaction in memory: where
 * content is much, it goes before the rest, a piece at a time. What has its own content's name may be there for
 * nothing.
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
    SMALLEST_MAP = 1 << 20,
    MOST_CONTENT = 4 << 20, /* bytes in a transaction */
};

/* A record that waits for the commit: in the log its key, then its value. */
struct put {
    size_t at;
    uint32_t value_size;
    uint8_t key_size;
};

/* A list that goes with the next commit. */
struct drop {
    enum tag tag;
    uint64_t generation;
};

struct writer {
    MDB_env *env;
    MDB_dbi dbi;
    bool has_dbi;
    char *path, *final_path; /* final_path NULL: it is there already */
    bool waits;              /* it goes there when it is complete, else with the first commit */
    size_t map_size;
    struct buf log;
    bool is_split; /* of the log content is written before the rest */
    struct put *puts;
    size_t n_puts, puts_capacity;
    struct map known;     /* ids that are there or in the log, and what each names: KNOWN_… bits */
    bool has_content;     /* others may be there from before */
    bool forgets;         /* drop generations … */
    uint64_t forget_from; /* … from here on */
    struct drop *drops;   /* lists to be dropped */
    size_t n_drops, drops_capacity;
    struct buf value; /* being made */
    struct buf raw;   /* what is to be packed in it */
    struct packer *packer;
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
    writer->packer = packer_new();
    if (!writer->path || (final_path && !writer->final_path) || !writer->packer) {
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
    free(writer->final_path); /* the file is the caller's to remove */
    writer->final_path = NULL;
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
        (void)unlink(writer->path); /* it has come to nothing, and is still locked */
    free(writer->path);
    free(writer->final_path);
    buf_done(&writer->log);
    buf_done(&writer->value);
    buf_done(&writer->raw);
    (void)packer_free(writer->packer);
    free(writer->puts);
    free(writer->drops);
    map_done(&writer->known);
    free(writer);
    return NULL;
}

void writer_wait(struct writer *writer)
{
    writer->waits = true;
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

/* ---- packed ---- */

static struct buf *begin_packed(struct store *store)
{
    store->writer->raw.size = 0;
    return &store->writer->raw;
}

/* Makes writer->value of writer->raw, behind what is in it. */
static void pack_raw(struct writer *writer, enum pack_effort effort)
{
    pack(writer->packer, writer->raw.at, writer->raw.size, effort, &writer->value);
    writer->value.failed = writer->value.failed || writer->raw.failed;
}

int store_put_rows(struct store *store, enum store_list list, uint64_t generation, uint32_t chunk, const void *rows,
                   size_t n, struct gxt_error *fault)
{
    const struct key key = key_chunk(list_tag(list), generation, chunk);

    list_encode(list, rows, n, begin_packed(store));
    (void)begin_value(store);
    pack_raw(store->writer, PACK_LIST);
    return put(store->writer, &key, fault);
}

int store_put_piece(struct store *store, uint64_t generation, unsigned stream, uint64_t number, struct span bytes,
                    struct gxt_error *fault)
{
    struct key key;

    if (!key_piece(generation, stream, number, &key))
        return fault_set(fault, GXT_ELIMIT, GXT_NO_OFFSET, "the trace is too long for an index");
    buf_put(begin_packed(store), bytes.at, span_size(bytes));
    (void)begin_value(store);
    pack_raw(store->writer, PACK_LIST);
    return put(store->writer, &key, fault);
}

/* ---- content, once ---- */

/* What an id is known to name. */
enum {
    KNOWN_STRING = 1,
    KNOWN_STACK = 2,
    KNOWN_CHUNK = 4
};

/* Whether what stands under a key has the content of writer->value, or, packed, of writer->raw: that of another zstd is
 * not the same bytes. */
static bool is_same(const struct writer *writer, const struct buf *there, bool is_packed)
{
    const struct buf *wanted = is_packed ? &writer->raw : &writer->value;

    return there->size == wanted->size && (there->size == 0 || memcmp(there->at, wanted->at, there->size) == 0);
}

/* Looks at what stands under a key. 0; GXT_ENOENT for nothing; GXT_EINDEX, also for another content. */
static int expect_same(const struct store *store, const struct key *key, bool is_packed, struct gxt_error *fault)
{
    struct buf there = {0}, content = {0};

    int r = reader_value(store, key, &there, fault);
    if (r == 0 && is_packed && unpack(buf_span(&there), &content) == GXT_ENOMEM)
        r = no_memory(fault);
    if (r == 0 && !is_same(store->writer, is_packed ? &content : &there, is_packed))
        r = fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "two contents have one name in the index");
    buf_done(&there);
    buf_done(&content);
    return r;
}

/* Puts writer->value under a key that is its content's name, unless it is there already. */
static int put_once(struct store *store, const struct key *key, uint64_t id, uint32_t what, bool *ret_new,
                    struct gxt_error *fault)
{
    struct writer *writer = store->writer;
    uint32_t known = map_get(&writer->known, id);

    *ret_new = false;
    if (writer->value.failed || writer->raw.failed)
        return no_memory(fault); /* what is not all there is not to be compared */
    if (known == MAP_NONE)
        known = 0;
    int r = writer->has_content ? expect_same(store, key, what == KNOWN_CHUNK, fault) : GXT_ENOENT;
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
    buf_put(begin_packed(store), bytes, size);
    (void)begin_value(store);
    pack_raw(store->writer, PACK_SNAPSHOT);
    return put_once(store, &key, name, KNOWN_CHUNK, &is_new, fault);
}

static int put_piece(struct store *store, struct span piece, struct buf *names, struct gxt_error *fault)
{
    int r = 0;

    while (r == 0 && span_size(piece) > 0) {
        size_t n = span_size(piece) < CHUNK_BYTES ? span_size(piece) : CHUNK_BYTES;
        uint64_t name = hash_bytes(piece.at, n);
        buf_put_u64(names, name);
        r = put_chunk(store, piece.at, n, name, fault);
        piece.at += n;
    }
    return r;
}

/* Snapshots that are cut in many pieces stand in chunks, of which others may have some; else in their record. */
static int put_snapshot(struct store *store, const struct key *key, struct span bytes, const size_t *cuts,
                        size_t n_cuts, struct gxt_error *fault)
{
    struct buf names = {0};
    const uint8_t *at = bytes.at;
    int r = 0;

    if (span_size(bytes) <= STORE_GROUP_BYTES && (n_cuts == 0 || span_size(bytes) <= CHUNK_BYTES)) {
        buf_put(begin_packed(store), bytes.at, span_size(bytes));
        buf_put_u8(begin_value(store), SNAPSHOT_WHOLE);
        pack_raw(store->writer, PACK_SNAPSHOT);
        return put(store->writer, key, fault);
    }
    for (size_t i = 0; r == 0 && i <= n_cuts; i++) {
        const uint8_t *end = i < n_cuts ? bytes.at + cuts[i] : bytes.end;
        r = put_piece(store, (struct span){at, end}, &names, fault);
        at = end;
    }
    buf_put_u8(begin_value(store), SNAPSHOT_CHUNKS);
    buf_put(&store->writer->value, names.at, names.size);
    if (r == 0)
        r = names.failed ? no_memory(fault) : put(store->writer, key, fault);
    buf_done(&names);
    return r;
}

int store_put_checkpoint(struct store *store, uint64_t generation, struct span snapshot, const size_t *cuts,
                         size_t n_cuts, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_CHECKPOINT, generation);
    return put_snapshot(store, &key, snapshot, cuts, n_cuts, fault);
}

int store_put_group(struct store *store, uint64_t generation, uint64_t group, struct span snapshots, const size_t *cuts,
                    size_t n_cuts, struct gxt_error *fault)
{
    const struct key key = key_chunk(TAG_GROUP, generation, (uint32_t)group);
    return put_snapshot(store, &key, snapshots, cuts, n_cuts, fault);
}

int store_drop(struct store *store, enum store_list list, uint64_t generation, struct gxt_error *fault)
{
    struct writer *writer = store->writer;
    struct drop *grown = array_grow(writer->drops, writer->n_drops, &writer->drops_capacity, sizeof *grown);

    if (!grown)
        return no_memory(fault);
    writer->drops = grown;
    writer->drops[writer->n_drops++] = (struct drop){list_tag(list), generation};
    return 0;
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

/* Drops the records of one kind from generation @from on, up to before @to. */
static int forget(MDB_txn *txn, MDB_dbi dbi, enum tag tag, uint64_t from, uint64_t to)
{
    const struct key first = key_of(tag, from), last = key_of(tag, to);
    MDB_cursor *cursor;

    int code = mdb_cursor_open(txn, dbi, &cursor);
    if (code != 0)
        return code;
    while (code == 0) {
        MDB_val key = {first.size, (void *)first.at}, value;
        code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        if (code == 0 && (key.mv_size < last.size || memcmp(key.mv_data, last.at, last.size) >= 0))
            break;
        if (code == 0)
            code = mdb_cursor_del(cursor, 0);
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}

static int forget_all(const struct writer *writer, MDB_txn *txn)
{
    static const enum tag tags[] = {TAG_GENERATION, TAG_DIR, TAG_GROUP, TAG_PIECE};
    int code = 0;

    for (size_t i = 0; code == 0 && writer->forgets && i < sizeof tags / sizeof *tags; i++)
        code = forget(txn, writer->dbi, tags[i], writer->forget_from, UINT64_MAX);
    for (int list = 0; code == 0 && writer->forgets && list < STORE_N_LISTS; list++)
        code = forget(txn, writer->dbi, list_tag((enum store_list)list), writer->forget_from, UINT64_MAX);
    if (code == 0 && writer->forgets)
        code = forget(txn, writer->dbi, TAG_CHECKPOINT, writer->forget_from + 1, UINT64_MAX);
    for (size_t i = 0; code == 0 && i < writer->n_drops; i++)
        code = forget(txn, writer->dbi, writer->drops[i].tag, writer->drops[i].generation,
                      writer->drops[i].generation + 1);
    return code;
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

/* What one transaction writes: of the log from one put to another. */
struct stretch {
    size_t from, to;
    bool is_content; /* only content; else all but what was written as such */
};

static bool is_content(const struct writer *writer, const struct put *put)
{
    const uint8_t tag = writer->log.at[put->at];

    return tag == TAG_STRING || tag == TAG_STACK || tag == TAG_CHUNK;
}

static int put_log(const struct writer *writer, MDB_txn *txn, struct stretch stretch)
{
    int code = 0;

    for (size_t i = stretch.from; code == 0 && i < stretch.to; i++) {
        const struct put *it = &writer->puts[i];
        MDB_val key = {it->key_size, writer->log.at + it->at};
        MDB_val value = {it->value_size, writer->log.at + it->at + it->key_size};
        if (stretch.is_content ? is_content(writer, it) : !(writer->is_split && is_content(writer, it)))
            code = mdb_put(txn, writer->dbi, &key, &value, 0);
    }
    return code;
}

/* A file that has nothing but content says whose it is, so that it can be taken or removed. */
static int put_start(struct writer *writer, MDB_txn *txn)
{
    const struct key meta = key_meta();
    const struct store_meta nothing = {0};

    writer->value.size = 0;
    meta_encode(&nothing, &writer->value);
    value_seal(&writer->value, &meta);
    if (writer->value.failed)
        return ENOMEM;
    MDB_val key = {meta.size, (void *)meta.at}, value = {writer->value.size, writer->value.at};
    const int code = mdb_put(txn, writer->dbi, &key, &value, MDB_NOOVERWRITE);
    return code == MDB_KEYEXIST ? 0 : code;
}

static int put_all(struct writer *writer, MDB_txn *txn, struct stretch stretch)
{
    int code = writer->has_dbi ? 0 : mdb_dbi_open(txn, NULL, 0, &writer->dbi);

    if (code == 0 && stretch.is_content && !writer->has_dbi)
        code = put_start(writer, txn);
    if (code == 0 && !stretch.is_content)
        code = forget_all(writer, txn);
    return code == 0 ? put_log(writer, txn, stretch) : code;
}

static int try_commit(struct writer *writer, struct stretch stretch)
{
    MDB_txn *txn;

    int code = mdb_txn_begin(writer->env, NULL, 0, &txn);
    if (code != 0)
        return code;
    code = put_all(writer, txn, stretch);
    if (code != 0) {
        mdb_txn_abort(txn);
        return code;
    }
    code = mdb_txn_commit(txn);
    writer->has_dbi = writer->has_dbi || code == 0;
    return code;
}

static int write_stretch(struct writer *writer, struct stretch stretch, struct gxt_error *fault)
{
    int code;

    while ((code = try_commit(writer, stretch)) == MDB_MAP_FULL) {
        if (writer->map_size > SIZE_MAX / 2)
            break;
        writer->map_size *= 2;
        code = mdb_env_set_mapsize(writer->env, writer->map_size);
        if (code != 0)
            break;
    }
    return code == 0 ? 0 : refused(fault, code, "cannot write the index");
}

/* The stretch from a put on that has not too much content. */
static struct stretch content_from(const struct writer *writer, size_t from)
{
    size_t to = from;

    for (size_t bytes = 0; to < writer->n_puts && bytes < MOST_CONTENT; to++)
        bytes += is_content(writer, &writer->puts[to]) ? writer->puts[to].value_size : 0;
    return (struct stretch){from, to, true};
}

static int write_log(struct writer *writer, struct gxt_error *fault)
{
    struct stretch stretch = {0};
    int r = 0;

    qsort_r(writer->puts, writer->n_puts, sizeof *writer->puts, by_key, writer->log.at);
    writer->is_split = writer->log.size > MOST_CONTENT;
    while (writer->is_split && r == 0 && stretch.to < writer->n_puts) {
        stretch = content_from(writer, stretch.to);
        r = write_stretch(writer, stretch, fault);
    }
    return r == 0 ? write_stretch(writer, (struct stretch){0, writer->n_puts, false}, fault) : r;
}

/* The first commit of a new sidecar puts it in its place, or the one that completes it. */
static int move_to_its_place(struct writer *writer, bool is_complete, struct gxt_error *fault)
{
    if (!writer->final_path || (writer->waits && !is_complete))
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
        r = move_to_its_place(writer, meta->complete, fault);
    writer->forgets = false;
    writer->n_puts = writer->n_drops = 0;
    writer->log.size = 0;
    return r;
}
