/* threads.c: an index holds the same records, whatever the number of threads that built it.
 *
 * usage: threads TRACE...
 */
#include <gxt/gxt.h>
#include <lmdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sidecar {
    char path[128];
    MDB_env *env;
    MDB_txn *txn;
    MDB_cursor *cursor;
};

static _Noreturn void wrong(const char *trace, const char *what)
{
    printf("%s: %s\n", trace, what);
    exit(1);
}

static int build(const char *trace_path, const char *path, unsigned threads)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_trace *trace;
    int r = gxt_trace_open(trace_path, &trace, NULL);

    options.rebuild = true;
    options.threads = threads;
    options.checkpoint_events = 1000;
    if (r < 0)
        return r;
    r = gxt_index_build(trace, path, &options, NULL);
    gxt_trace_close(trace);
    return r;
}

static void open_records(const char *trace, struct sidecar *sidecar)
{
    MDB_dbi dbi;

    if (mdb_env_create(&sidecar->env) || mdb_env_open(sidecar->env, sidecar->path, MDB_NOSUBDIR | MDB_RDONLY, 0600) ||
        mdb_txn_begin(sidecar->env, NULL, MDB_RDONLY, &sidecar->txn) || mdb_dbi_open(sidecar->txn, NULL, 0, &dbi) ||
        mdb_cursor_open(sidecar->txn, dbi, &sidecar->cursor))
        wrong(trace, "the sidecar cannot be read");
}

static void close_records(struct sidecar *sidecar)
{
    char lock[sizeof sidecar->path + 8];

    mdb_cursor_close(sidecar->cursor);
    mdb_txn_abort(sidecar->txn);
    mdb_env_close(sidecar->env);
    snprintf(lock, sizeof lock, "%s-lock", sidecar->path);
    unlink(sidecar->path);
    unlink(lock);
}

static bool is_same(const MDB_val *a, const MDB_val *b)
{
    return a->mv_size == b->mv_size && !memcmp(a->mv_data, b->mv_data, a->mv_size);
}

static unsigned long compare(const char *trace, struct sidecar *one, struct sidecar *two)
{
    unsigned long n = 0;

    open_records(trace, one);
    open_records(trace, two);
    for (;; n++) {
        MDB_val keys[2], values[2];
        int a = mdb_cursor_get(one->cursor, &keys[0], &values[0], MDB_NEXT);
        int b = mdb_cursor_get(two->cursor, &keys[1], &values[1], MDB_NEXT);
        if (a != b)
            wrong(trace, "one index has more records");
        if (a != 0)
            break;
        if (!is_same(&keys[0], &keys[1]) || !is_same(&values[0], &values[1]))
            wrong(trace, "a record differs");
    }
    close_records(one);
    close_records(two);
    return n;
}

int main(int argc, char **argv)
{
    struct sidecar one, two;
    unsigned long n_records = 0;
    int n_built = 0;

    snprintf(one.path, sizeof one.path, "/tmp/gxt-threads-%d-1", (int)getpid());
    snprintf(two.path, sizeof two.path, "/tmp/gxt-threads-%d-2", (int)getpid());
    for (int i = 1; i < argc; i++) {
        int r = build(argv[i], one.path, 1);
        if (build(argv[i], two.path, 2) != r)
            wrong(argv[i], "the builds end differently");
        if (access(one.path, F_OK) != 0)
            continue; /* nothing that could be indexed */
        n_records += compare(argv[i], &one, &two);
        n_built++;
    }
    printf("%d indexes, %lu records\n", n_built, n_records);
    return n_built == 0;
}
