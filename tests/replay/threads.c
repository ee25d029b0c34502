/* threads.c: an index is the same whatever the number of threads that build it.
 *
 * usage: threads TRACE [CUT]
 *
 * Builds the index of a trace, or of its first CUT bytes, with one thread, with two and with five, at once and in
 * pieces, and compares all records, key by key.
 */
#include <fcntl.h>
#include <gxt/gxt.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/gxt-threads-XXXXXX";
static char trace_path[64];

static _Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 ")\n", what, number);
    exit(1);
}

static void copy_trace(const char *path, size_t most)
{
    FILE *from = fopen(path, "rb"), *to = fopen(trace_path, "wb");
    static char bytes[1 << 16];
    size_t n;

    if (!from || !to)
        wrong("cannot copy the trace", 0);
    while (most > 0 && (n = fread(bytes, 1, most < sizeof bytes ? most : sizeof bytes, from)) > 0) {
        if (fwrite(bytes, 1, n, to) != n)
            wrong("cannot write the trace", 0);
        most -= n;
    }
    fclose(from);
    fclose(to);
}

/* ---- building ---- */

struct stop {
    uint64_t after; /* generations; UINT64_MAX: never */
};

static int stop_after(void *user, const struct gxt_progress *progress)
{
    const struct stop *stop = user;

    if (progress->bytes_done > progress->bytes_total)
        wrong("more than the trace has", (int64_t)progress->bytes_done);
    return progress->generations_done >= stop->after;
}

/* @ret_generations: how many the index has then. Return: as gxt_index_build(). */
static int build(const char *path, unsigned threads, uint64_t every, struct stop stop, uint64_t *ret_generations)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_trace *trace;
    struct gxt_index *index;
    struct gxt_index_facts facts = {0};
    struct gxt_verified verified;
    struct gxt_error error;

    if (gxt_trace_open(trace_path, &trace, &error) != 0)
        wrong(error.message, error.code);
    options.threads = threads;
    options.checkpoint_events = every;
    options.progress = stop_after;
    options.user = &stop;
    const int code = gxt_index_build(trace, path, &options, &error);
    int r = gxt_index_open(trace, path, &index, &error);
    if (r == 0)
        r = gxt_index_facts(index, &facts, &error);
    if (r == 0)
        r = gxt_index_verify(index, true, &verified, &error);
    if (r < 0 && !(r == GXT_ENOENT && code == GXT_ECANCELED))
        wrong(error.message, r);
    if (r == 0)
        gxt_index_close(index);
    *ret_generations = facts.n_generations;
    gxt_trace_close(trace);
    return code;
}

/* ---- comparing ---- */

struct records {
    MDB_env *env;
    MDB_txn *txn;
    MDB_cursor *cursor;
};

static void open_records(struct records *records, const char *path)
{
    MDB_dbi dbi;
    int code = mdb_env_create(&records->env);

    if (code == 0)
        code = mdb_env_open(records->env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0);
    if (code == 0)
        code = mdb_txn_begin(records->env, NULL, MDB_RDONLY, &records->txn);
    if (code == 0)
        code = mdb_dbi_open(records->txn, NULL, 0, &dbi);
    if (code == 0)
        code = mdb_cursor_open(records->txn, dbi, &records->cursor);
    if (code != 0)
        wrong(mdb_strerror(code), code);
}

static void close_records(struct records *records)
{
    mdb_cursor_close(records->cursor);
    mdb_txn_abort(records->txn);
    mdb_env_close(records->env);
}

static bool is_same(const MDB_val *a, const MDB_val *b)
{
    return a->mv_size == b->mv_size && memcmp(a->mv_data, b->mv_data, a->mv_size) == 0;
}

static uint64_t compare(const char *left, const char *right)
{
    struct records a, b;
    MDB_val key_a, key_b, value_a, value_b;
    uint64_t n = 0;

    open_records(&a, left);
    open_records(&b, right);
    for (;; n++) {
        int code = mdb_cursor_get(a.cursor, &key_a, &value_a, MDB_NEXT);
        if (code != mdb_cursor_get(b.cursor, &key_b, &value_b, MDB_NEXT))
            wrong("one has more records", (int64_t)n);
        if (code == MDB_NOTFOUND)
            break;
        if (code != 0)
            wrong(mdb_strerror(code), code);
        if (!is_same(&key_a, &key_b))
            wrong("another key", (int64_t)n);
        if (!is_same(&value_a, &value_b))
            wrong("another value", *(const unsigned char *)key_a.mv_data);
    }
    close_records(&a);
    close_records(&b);
    return n;
}

/* ---- the test ---- */

static const struct stop never = {UINT64_MAX};
static char one[64], many[64], pieces[64];

/* What is stopped, and what is continued then. */
static void compare_pieces(unsigned threads, uint64_t every, uint64_t after, int code)
{
    uint64_t n_one, n_many, n;

    unlink(one);
    if (build(pieces, threads, every, (struct stop){after}, &n_many) != GXT_ECANCELED ||
        build(one, 1, every, (struct stop){after}, &n_one) != GXT_ECANCELED || n_one != after || n_many != after)
        wrong("it stops elsewhere", (int64_t)after);
    (void)compare(one, pieces);
    if (build(pieces, threads, every, never, &n) != code)
        wrong("what is continued ends otherwise", (int64_t)after);
    (void)compare(many, pieces);
    unlink(pieces);
}

static void compare_builds(unsigned threads, uint64_t every)
{
    uint64_t n, n_all;

    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(many, sizeof many, "%s/many", folder);
    snprintf(pieces, sizeof pieces, "%s/pieces", folder);
    const int code = build(one, 1, every, never, &n_all);
    if (build(many, threads, every, never, &n) != code || n != n_all)
        wrong("many threads end otherwise", (int64_t)n);
    n = compare(one, many);
    printf("%u threads: %" PRIu64 " generations, %" PRIu64 " records, code %d\n", threads, n_all, n, code);
    for (uint64_t after = 1; after < n_all && after < 4; after++)
        compare_pieces(threads, every, after, code);
    unlink(one);
    unlink(many);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (!mkdtemp(folder))
        wrong("no folder", 0);
    snprintf(trace_path, sizeof trace_path, "%s/trace", folder);
    copy_trace(argv[1], argc > 2 ? strtoull(argv[2], NULL, 10) : SIZE_MAX);
    static const unsigned threads[] = {2, 5};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        compare_builds(threads[i], 0);
        compare_builds(threads[i], 50);
        compare_builds(threads[i], 1);
    }
    unlink(trace_path);
    rmdir(folder);
    return 0;
}
