/* writer.c
 *
 * In: records. Out: commits of LMDB. Never: a transaction that is open between two calls, or a commit that is half
 * there.
 *
 * What is put is gathered in memory (draft.c), and the commit writes it in one transaction, by rising key. So a
 * transaction that finds LMDB's map too small is simply done again in a larger one. LMDB has the pages of a transaction
 * in memory: where content is much, it goes before the rest, a piece at a time. What has its own content's name may be
 * there for nothing.
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
    struct store_draft draft; /* what goes with the next commit; content that it knows is there, or goes with it */
    bool is_split;            /* of the draft content is written before the rest */
    bool forgets;             /* drop generations … */
    uint64_t forget_from;     /* … from here on */
    struct drop *drops;       /* lists to be dropped */
    size_t n_drops, drops_capacity;
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

int writer_open(const char *path, const char *final_path, const struct store *there, struct writer **ret,
                struct gxt_error *fault)
{
    struct writer *writer = calloc(1, sizeof *writer);
    int r;

    if (!writer)
        return no_memory(fault);
    writer->map_size = SMALLEST_MAP;
    writer->path = strdup(path);
    writer->final_path = final_path ? strdup(final_path) : NULL;
    if (!writer->path || (final_path && !writer->final_path) || draft_init(&writer->draft, there) < 0) {
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
    draft_done(&writer->draft);
    free(writer->drops);
    free(writer);
    return NULL;
}

void writer_wait(struct writer *writer)
{
    writer->waits = true;
}

/* ---- what goes with the next commit ---- */

struct store_draft *store_draft(struct store *store)
{
    return &store->writer->draft;
}

int store_put_string(struct store *store, const struct gxt_string *string, bool *ret_new, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_STRING, string->id);
    struct store_draft *draft = store_draft(store);

    *ret_new = false;
    if (draft_knows(draft, string->id, KNOWN_STRING))
        return 0;
    buf_put(draft_value(draft), string->at, string->len);
    return draft_put_once(draft, &key, KNOWN_STRING, ret_new, fault);
}

int store_put_stack(struct store *store, const struct gxt_stack *stack, bool *ret_new, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_STACK, stack->id);
    struct store_draft *draft = store_draft(store);

    *ret_new = false;
    if (draft_knows(draft, stack->id, KNOWN_STACK))
        return 0;
    stack_encode(stack, draft_value(draft));
    return draft_put_once(draft, &key, KNOWN_STACK, ret_new, fault);
}

int store_take(struct store *store, struct store_draft *draft, struct gxt_error *fault)
{
    return draft_take(store_draft(store), draft, fault);
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

static int put_log(const struct writer *writer, MDB_txn *txn, struct stretch stretch)
{
    const struct store_draft *draft = &writer->draft;
    int code = 0;

    for (size_t i = stretch.from; code == 0 && i < stretch.to; i++) {
        const struct put *it = &draft->puts[i];
        MDB_val key = {it->key_size, draft->log.at + it->at};
        MDB_val value = {it->value_size, draft->log.at + it->at + it->key_size};
        if (stretch.is_content ? draft_is_content(draft, it) : !(writer->is_split && draft_is_content(draft, it)))
            code = mdb_put(txn, writer->dbi, &key, &value, 0);
    }
    return code;
}

/* A file that has nothing but content says whose it is, so that it can be taken or removed. */
static int put_start(struct writer *writer, MDB_txn *txn)
{
    const struct key meta = key_meta();
    const struct store_meta nothing = {0};

    struct buf *bytes = draft_value(&writer->draft);
    meta_encode(&nothing, bytes);
    value_seal(bytes, &meta);
    if (bytes->failed)
        return ENOMEM;
    MDB_val key = {meta.size, (void *)meta.at}, value = {bytes->size, bytes->at};
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
static struct stretch content_from(const struct store_draft *draft, size_t from)
{
    size_t to = from;

    for (size_t bytes = 0; to < draft->n_puts && bytes < MOST_CONTENT; to++)
        bytes += draft_is_content(draft, &draft->puts[to]) ? draft->puts[to].value_size : 0;
    return (struct stretch){from, to, true};
}

static int write_log(struct writer *writer, struct gxt_error *fault)
{
    const struct store_draft *draft = &writer->draft;
    struct stretch stretch = {0};
    int r = 0;

    if (draft->n_puts > 0)
        qsort_r(draft->puts, draft->n_puts, sizeof *draft->puts, by_key, draft->log.at);
    writer->is_split = draft->log.size > MOST_CONTENT;
    while (writer->is_split && r == 0 && stretch.to < draft->n_puts) {
        stretch = content_from(draft, stretch.to);
        r = write_stretch(writer, stretch, fault);
    }
    return r == 0 ? write_stretch(writer, (struct stretch){0, draft->n_puts, false}, fault) : r;
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

    meta_encode(meta, draft_value(&writer->draft));
    int r = draft_put(&writer->draft, &key, fault);
    if (r == 0)
        r = write_log(writer, fault);
    if (r == 0 && meta->complete) {
        int code = mdb_env_sync(writer->env, 1);
        r = code == 0 ? 0 : refused(fault, code, "cannot write the index");
    }
    if (r == 0)
        r = move_to_its_place(writer, meta->complete, fault);
    writer->forgets = false;
    writer->n_drops = 0;
    writer->draft.n_puts = 0;
    buf_done(&writer->draft.log); /* the next draft that is taken brings its own */
    return r;
}
