/* threads.c: an index is the same whatever the number of threads that build it.
 *
 * usage: threads TRACE [CUT]
 *        threads crowd|passing
 *
 * Builds the index of a trace, or of its first CUT bytes, with one thread, with two and with five, at once and in
 * pieces, and compares all records, key by key; and the goroutines that a piece tells of with those of a walk. Or of a
 * trace with so many goroutines that they are listed only now and then, also when it has grown; or of one in which so
 * many come and go that their rows are packed more than once between two places.
 */
#include "../events.h"

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

enum {
    OF_BATCH = 2000, /* events, or goroutines that pass */
    TICK = 1000000   /* and more, of a generation */
};

/* What comes before a generation's events: one goroutine runs. */
static void put_begin(struct buf *trace, struct buf *data, unsigned version, uint64_t generation)
{
    if (version >= 25)
        buf_put_u8(data, WIRE_SYNC);
    EVENT(data, WIRE_FREQUENCY, 1000000000);
    if (version >= 25)
        EVENT(data, WIRE_CLOCK_SNAPSHOT, 1, generation * TICK, 1, 1);
    put_batch(trace, generation, UINT64_MAX, generation * TICK, data);
    EVENT(data, WIRE_PROC_STATUS, 1, 1, P_RUNS);
    EVENT(data, WIRE_GO_STATUS, 1, 1, 5, RUNNING);
}

/* Goroutines that wait, and one that runs: listed behind generations 3 and 6. */
static void put_crowd(struct buf *trace, unsigned version, uint64_t generation)
{
    enum {
        N_GOROUTINES = 1100,
        N_EVENTS = 24000,
    };
    struct buf data = {0};

    put_begin(trace, &data, version, generation);
    for (uint64_t i = 0; i < N_EVENTS; i++) {
        if (i >= N_GOROUTINES)
            EVENT(&data, WIRE_HEAP_ALLOC, 1, i);
        else if (generation == 1)
            EVENT(&data, WIRE_GO_CREATE_BLOCKED, 1, 10 + i, 0, 0);
        else
            EVENT(&data, WIRE_GO_STATUS, 1, 10 + i, UINT64_MAX, WAITING);
        if (i % OF_BATCH == OF_BATCH - 1)
            put_batch(trace, generation, 5, generation * TICK + 2 * i, &data);
    }
    if (version >= 26)
        buf_put_u8(trace, WIRE_END_OF_GENERATION);
    buf_done(&data);
}

/* One goroutine runs, and others, each of which comes and ends; of more than 5,000 between two places. */
static void put_passing(struct buf *trace, unsigned version, uint64_t generation)
{
    enum {
        N_GOROUTINES = 12345,
    };
    struct buf data = {0};

    put_begin(trace, &data, version, generation);
    for (uint64_t i = 0; i < N_GOROUTINES; i++) {
        const uint64_t id = generation * N_GOROUTINES + i;
        EVENT(&data, WIRE_GO_CREATE_BLOCKED, 1, id, 0, 0);
        EVENT(&data, WIRE_GO_SWITCH, 1, id, 1);
        EVENT(&data, WIRE_GO_SWITCH_DESTROY, 1, 1, i + 1);
        if (i % OF_BATCH == OF_BATCH - 1 || i + 1 == N_GOROUTINES)
            put_batch(trace, generation, 5, generation * TICK + 4 * i, &data);
    }
    if (version >= 26)
        buf_put_u8(trace, WIRE_END_OF_GENERATION);
    buf_done(&data);
}

static void make_trace(void put(struct buf *trace, unsigned version, uint64_t generation), unsigned version,
                       uint64_t n_generations)
{
    struct buf trace = {0};
    char header[17];
    FILE *to = fopen(trace_path, "wb");

    snprintf(header, sizeof header, "go 1.%u trace%c%c%c", version, 0, 0, 0);
    buf_put(&trace, header, 16);
    for (uint64_t generation = 1; generation <= n_generations; generation++)
        put(&trace, version, generation);
    if (!to || trace.failed || fwrite(trace.at, 1, trace.size, to) != trace.size || fclose(to) != 0)
        wrong("cannot write the trace", 0);
    buf_done(&trace);
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

static struct gxt_goroutines *list_goroutines(struct gxt_trace *trace, const struct gxt_index *index)
{
    struct gxt_goroutines *list = NULL;
    struct gxt_error error;
    const int r = gxt_goroutines_new(trace, index, &list, &error);

    if (!list)
        wrong(error.message, r);
    return list;
}

static struct gxt_goroutine goroutine(const struct gxt_goroutines *list, size_t i)
{
    struct gxt_goroutine g;
    struct gxt_error error;

    if (gxt_goroutines_at(list, i, &g, &error) != 0)
        wrong(error.message, error.code);
    return g;
}

/* Whatever the index has of them. */
static void compare_goroutines(struct gxt_trace *trace, const struct gxt_index *index)
{
    struct gxt_goroutines *with = list_goroutines(trace, index), *without = list_goroutines(trace, NULL);
    const size_t n = gxt_goroutines_len(without);

    if (gxt_goroutines_len(with) != n)
        wrong("other goroutines than of a walk", (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        const struct gxt_goroutine a = goroutine(with, i), b = goroutine(without, i);
        if (a.id != b.id || a.creator != b.creator || a.first_ns != b.first_ns || a.last_ns != b.last_ns ||
            a.n_events != b.n_events || a.start != b.start || a.stack != b.stack || a.is_created != b.is_created ||
            a.is_ended != b.is_ended)
            wrong("another goroutine than of a walk", (int64_t)i);
    }
    gxt_goroutines_free(with);
    gxt_goroutines_free(without);
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
    if (r == 0 && code == GXT_ECANCELED)
        compare_goroutines(trace, index);
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

/* Whether a key is the first of a list of who is there behind a generation. */
static bool begins_list(const MDB_val *key)
{
    static const unsigned char first[4];
    const unsigned char *at = key->mv_data;

    return key->mv_size == 13 && at[0] == 'a' && memcmp(at + 9, first, sizeof first) == 0;
}

static uint64_t compare(const char *left, const char *right)
{
    struct records a, b;
    MDB_val key_a, key_b, value_a, value_b;
    uint64_t n = 0, n_lists = 0;

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
        n_lists += begins_list(&key_a);
    }
    if (n_lists > 2)
        wrong("lists are left over", (int64_t)n_lists);
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

    const int code = build(one, 1, every, never, &n_all);
    if (build(many, threads, every, never, &n) != code || n != n_all)
        wrong("many threads end otherwise", (int64_t)n);
    n = compare(one, many);
    printf("%u threads: %" PRIu64 " generations, %" PRIu64 " records, code %d\n", threads, n_all, n, code);
    for (uint64_t after = 1; after < n_all && after < 7; after++)
        compare_pieces(threads, every, after, code);
    unlink(one);
    unlink(many);
}

static void try_trace(const char *path, size_t most)
{
    static const unsigned threads[] = {2, 5};

    copy_trace(path, most);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        compare_builds(threads[i], 0);
        compare_builds(threads[i], 50);
        compare_builds(threads[i], 1);
    }
}

/* The end of what has grown since was no end: its list is kept no more. */
static void compare_grown(unsigned version, uint64_t from, uint64_t to)
{
    uint64_t n;

    make_trace(put_crowd, version, to);
    if (build(many, 1, 0, never, &n) != 0 || n != to)
        wrong("generations are missing", (int64_t)n);
    make_trace(put_crowd, version, from);
    if (build(pieces, 1, 0, never, &n) != 0 || n != from)
        wrong("generations are missing", (int64_t)n);
    make_trace(put_crowd, version, to);
    if (build(pieces, 1, 0, never, &n) != 0 || n != to)
        wrong("what has grown is not gone on with", (int64_t)n);
    (void)compare(many, pieces);
    unlink(many);
    unlink(pieces);
}

/* Before Go 1.26 what comes behind a generation says that it has ended. */
static void try_crowd(void)
{
    for (unsigned version = 23; version <= 26; version += 3) {
        make_trace(put_crowd, version, 7);
        compare_builds(2, 0);
        for (uint64_t from = 1; from < 7; from++) {
            compare_grown(version, from, from + 1);
            compare_grown(version, from, 7);
        }
    }
}

static void try_passing(void)
{
    for (unsigned version = 23; version <= 26; version += 3) {
        make_trace(put_passing, version, 3);
        compare_builds(2, 0);
        compare_builds(5, 50);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (!mkdtemp(folder))
        wrong("no folder", 0);
    snprintf(trace_path, sizeof trace_path, "%s/trace", folder);
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(many, sizeof many, "%s/many", folder);
    snprintf(pieces, sizeof pieces, "%s/pieces", folder);
    if (strcmp(argv[1], "crowd") == 0)
        try_crowd();
    else if (strcmp(argv[1], "passing") == 0)
        try_passing();
    else
        try_trace(argv[1], argc > 2 ? strtoull(argv[2], NULL, 10) : SIZE_MAX);
    unlink(trace_path);
    rmdir(folder);
    return 0;
}
