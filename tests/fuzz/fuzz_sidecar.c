/* fuzz_sidecar.c: an index that is not what was written.
 *
 * The first byte chooses the trace and what is hurt, the others are changes of its fresh index:
 *
 *     bytes    place 3, n 1, n bytes               written over the file; n 0: the file is cut there
 *     records  which 2, how 1, place 2, n 1, bytes  a record changed, packed anew and sealed with its checksum
 *
 * With bytes changed every answer is the right one, or the index is refused. With records changed the index lies, and
 * whatever it says is only not to crash, hang or eat memory.
 */
#include "fuzz.h"
#include "store_priv.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RECORDS = 0x80, /* of the first byte: records, not bytes */
    MOST_EDITS = 16,
};

/* A record of the fresh index, its value without the checksum and unpacked. */
struct record {
    struct key key;
    struct buf value;
    size_t head;    /* bytes before what is packed */
    bool is_packed; /* what follows is packed in the file */
};

/* A trace and its fresh index. */
struct subject {
    const char *name;
    struct scan scan;
    uint8_t *bytes;
    size_t size;
    struct record *records;
    size_t n_records, capacity;
};

static struct subject subjects[] = {
    {"data/go126-tiny"}, {"synth/traces/go123-empty"}, {"synth/traces/go126-high"}, {"legacy/traces/go111-mix"}};

enum {
    N_SUBJECTS = sizeof subjects / sizeof *subjects
};

static struct packer *packer;

/* ---- the fresh index ---- */

static void unpack_record(struct record *record)
{
    const uint8_t tag = record->key.at[0];
    struct buf packed = record->value, whole = {0};

    if (packed.size == 0)
        return;
    record->is_packed = strchr("dlnrxyefa", tag) || ((tag == 'c' || tag == 'p') && packed.at[0] == SNAPSHOT_WHOLE);
    record->head = tag == 'c' || tag == 'p';
    if (!record->is_packed)
        return;
    buf_put(&whole, packed.at, record->head);
    if (unpack((struct span){packed.at + record->head, packed.at + packed.size}, &whole) != 0)
        fuzz_wrong("a fresh record cannot be unpacked", tag);
    buf_done(&packed);
    record->value = whole;
}

static void keep_record(struct subject *subject, const MDB_val *key, const MDB_val *value)
{
    struct record *grown = array_grow(subject->records, subject->n_records, &subject->capacity, sizeof *grown);

    if (!grown || key->mv_size > sizeof grown->key.at)
        fuzz_wrong("no memory", 0);
    subject->records = grown;
    struct record *record = &grown[subject->n_records++];
    *record = (struct record){.key.size = (uint8_t)key->mv_size};
    memcpy(record->key.at, key->mv_data, key->mv_size);
    buf_put(&record->value, value->mv_data, value->mv_size);
    if (!value_proved(&record->value, &record->key))
        fuzz_wrong("a fresh record is damaged", record->key.at[0]);
    unpack_record(record);
}

static MDB_env *open_env(const char *path)
{
    MDB_env *env;

    if (mdb_env_create(&env) != 0 || mdb_env_set_mapsize(env, (size_t)16 << 20) != 0 ||
        mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600) != 0)
        fuzz_wrong("LMDB does not open a fresh index", 0);
    return env;
}

static void keep_records(struct subject *subject, const char *path)
{
    MDB_env *env = open_env(path);
    MDB_val key, value;
    MDB_cursor *cursor;
    MDB_txn *txn;
    MDB_dbi dbi;

    if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0 || mdb_dbi_open(txn, NULL, 0, &dbi) != 0 ||
        mdb_cursor_open(txn, dbi, &cursor) != 0)
        fuzz_wrong("LMDB does not read a fresh index", 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
        keep_record(subject, &key, &value);
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

static void prepare(struct subject *subject)
{
    const char *path = fuzz_path("index");
    char name[512];

    snprintf(name, sizeof name, "%s/%s.trace", TESTS, subject->name);
    if (!scan_open(&subject->scan, name, false))
        fuzz_wrong(name, 0);
    fuzz_remove_index(path);
    fuzz_build_index(&subject->scan, path, 40);
    subject->bytes = fuzz_read(path, &subject->size);
    keep_records(subject, path);
}

/* ---- changes ---- */

static uint64_t take(struct reader *in, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)reader_u8(in) << 8 * i;
    return value;
}

/* @n bytes, or as many as there are left. */
static struct span take_bytes(struct reader *in, size_t n)
{
    struct span bytes = in->in;

    if (n < span_size(bytes))
        bytes.end = bytes.at + n;
    in->in.at = bytes.end;
    return bytes;
}

static void change_bytes(const struct subject *subject, struct reader *in, const char *path)
{
    size_t size = subject->size;
    uint8_t *bytes = malloc(size);

    if (!bytes)
        fuzz_wrong("no memory", size);
    memcpy(bytes, subject->bytes, size);
    for (int i = 0; i < MOST_EDITS && span_size(in->in) > 0; i++) {
        const uint64_t at = take(in, 3) % subject->size, n = take(in, 1);
        const struct span with = take_bytes(in, (size_t)n);
        if (n == 0)
            size = at;
        for (size_t k = 0; k < span_size(with) && at + k < subject->size; k++)
            bytes[at + k] = with.at[k];
    }
    fuzz_write(path, bytes, size);
    free(bytes);
}

/* One record's value, changed. */
static void change_value(const struct subject *subject, struct reader *in, const struct record *record,
                         struct buf *value)
{
    const unsigned how = (unsigned)take(in, 1);
    size_t at = (size_t)take(in, 2), n = (size_t)take(in, 1);
    const struct record *other = &subject->records[at % subject->n_records];
    const struct span with = take_bytes(in, how % 4 == 0 || how % 4 == 1 ? n : 0);

    at = record->value.size > 0 ? at % record->value.size : 0;
    switch (how % 4) {
    case 0: /* bytes written over */
        buf_put(value, record->value.at, record->value.size);
        for (size_t k = 0; k < span_size(with) && at + k < value->size; k++)
            value->at[at + k] = with.at[k];
        break;
    case 1: /* bytes put between, again and again */
        buf_put(value, record->value.at, at);
        for (unsigned k = 0; k <= how / 4; k++)
            buf_put(value, with.at, span_size(with));
        buf_put(value, record->value.at + at, record->value.size - at);
        break;
    case 2: /* cut out */
        buf_put(value, record->value.at, at);
        if (at + n < record->value.size)
            buf_put(value, record->value.at + at + n, record->value.size - at - n);
        break;
    default: /* another record's */
        buf_put(value, other->value.at, other->value.size);
        break;
    }
}

static void seal(const struct record *record, const struct buf *content, struct buf *ret)
{
    const size_t head = record->head < content->size ? record->head : content->size;

    if (record->is_packed) {
        buf_put(ret, content->at, head);
        pack(packer, content->at + head, content->size - head, ret);
    } else {
        buf_put(ret, content->at, content->size);
    }
    value_seal(ret, &record->key);
}

static void change_record(const struct subject *subject, struct reader *in, MDB_txn *txn, MDB_dbi dbi)
{
    const struct record *record = &subject->records[take(in, 2) % subject->n_records];
    struct buf content = {0}, value = {0};

    buf_reserve(&content, 1);
    change_value(subject, in, record, &content);
    seal(record, &content, &value);
    MDB_val key = {record->key.size, (void *)record->key.at}, data = {value.size, value.at};
    if (value.failed || content.failed || mdb_put(txn, dbi, &key, &data, 0) != 0)
        fuzz_wrong("a record cannot be put", value.size);
    buf_done(&content);
    buf_done(&value);
}

static void change_records(const struct subject *subject, struct reader *in, const char *path)
{
    MDB_txn *txn;
    MDB_dbi dbi;

    fuzz_write(path, subject->bytes, subject->size);
    MDB_env *env = open_env(path);
    if (mdb_txn_begin(env, NULL, 0, &txn) != 0 || mdb_dbi_open(txn, NULL, 0, &dbi) != 0)
        fuzz_wrong("LMDB does not write to a fresh index", 0);
    for (int i = 0; i < MOST_EDITS && span_size(in->in) > 0; i++)
        change_record(subject, in, txn, dbi);
    if (mdb_txn_commit(txn) != 0)
        fuzz_wrong("LMDB does not commit", 0);
    mdb_env_close(env);
}

/* ---- what comes of it ---- */

/* The right answers, or a refusal. */
static void expect_truth(struct subject *subject, const char *path)
{
    struct gxt_index *index;
    struct gxt_cursor *cursor;
    struct gxt_verified verified;
    struct gxt_goroutines *list = NULL;
    struct gxt_error error;

    const int r = gxt_index_open(subject->scan.trace, path, &index, &error);
    if (r != 0) {
        if ((r != GXT_EINDEX && r != GXT_ENOENT && r != GXT_ESTALE) || error.code != r || error.message[0] == '\0')
            fuzz_wrong("refused with another code, or without a word", (uint64_t)-r);
        return;
    }
    (void)gxt_index_verify(index, true, &verified, &error);
    if (gxt_cursor_new(subject->scan.trace, index, &cursor) != 0)
        fuzz_wrong("no cursor", 0);
    scan_check_seeks(&subject->scan, cursor, 1);
    scan_check_resources(&subject->scan, cursor, 1);
    if (subject->scan.dice % 8 == 0) {
        if (gxt_cursor_seek_start(cursor) != 0)
            fuzz_wrong("no seek to the start", 0);
        scan_expect(&subject->scan, cursor, 0, UINT64_MAX, "a walk with a damaged index");
    }
    if (gxt_goroutines_new(subject->scan.trace, index, &list, &error) == 0)
        gxt_goroutines_free(list);
    gxt_cursor_free(cursor);
    gxt_index_close(index);
}

static void walk_on(const struct subject *subject, struct gxt_cursor *cursor)
{
    const struct gxt_event *event;

    for (uint64_t i = 0; i < subject->scan.n && gxt_cursor_next(cursor, &event) == 1; i++)
        ;
}

static void poke_cursor(struct subject *subject, struct gxt_cursor *cursor)
{
    struct scan *scan = &subject->scan;
    const struct gxt_event *event = &scan->events[next_random(&scan->dice) % scan->n];
    const struct gxt_resource_id id = {GXT_RESOURCE_GOROUTINE, event->goroutine};
    const int64_t time_ns = event->time_ns;
    uint64_t counts[GXT_N_KINDS];
    struct gxt_states *states = NULL;

    walk_on(subject, cursor);
    (void)gxt_cursor_seek_time(cursor, time_ns);
    if (gxt_cursor_states(cursor, &states) == 0)
        gxt_states_free(states);
    walk_on(subject, cursor);
    (void)gxt_cursor_seek_ordinal(cursor, next_random(&scan->dice) % (scan->n + 1));
    (void)gxt_cursor_prev(cursor, &event);
    walk_on(subject, cursor);
    (void)gxt_cursor_seek_generation(cursor, next_random(&scan->dice) % 4);
    for (uint64_t i = 0; i < scan->n && gxt_cursor_next_of(cursor, &id, 1, &event) == 1; i++)
        ;
    (void)gxt_cursor_seek_resource(cursor, id, time_ns);
    walk_on(subject, cursor);
    (void)gxt_cursor_count(cursor, 1, next_random(&scan->dice) % (2 * scan->n), counts);
    (void)gxt_cursor_seek_end(cursor);
    walk_on(subject, cursor);
}

static void poke_goroutines(const struct subject *subject, const struct gxt_index *index)
{
    struct gxt_goroutines *list = NULL;
    struct gxt_goroutine row;
    struct gxt_error error;

    (void)gxt_goroutines_new(subject->scan.trace, index, &list, &error);
    for (size_t i = 0; list && i < gxt_goroutines_len(list); i++)
        (void)gxt_goroutines_at(list, i, &row, &error);
    gxt_goroutines_free(list);
}

/* Everything that reads an index, whatever it says. */
static void poke(struct subject *subject, const char *path)
{
    struct gxt_index *index;
    struct gxt_cursor *cursor;
    struct gxt_index_facts facts;
    struct gxt_generation generation;
    struct gxt_verified verified;
    struct gxt_estimate estimate;
    struct gxt_error error;
    const struct gxt_stack *stack;

    if (gxt_index_open(subject->scan.trace, path, &index, &error) != 0)
        return;
    (void)gxt_index_facts(index, &facts, &error);
    for (uint64_t i = 0; i < 10; i++)
        (void)gxt_index_generation(index, i, &generation, &error);
    (void)gxt_index_verify(index, true, &verified, &error);
    (void)gxt_index_estimate(index, subject->scan.events[subject->scan.n / 3].time_ns, INT64_MAX, &estimate, &error);
    for (uint64_t i = 0; i < subject->scan.n; i += 37)
        (void)gxt_index_stack(index, gxt_stack_id(subject->scan.events[i].stack), &stack, &error);
    poke_goroutines(subject, index);
    if (gxt_cursor_new(subject->scan.trace, index, &cursor) == 0)
        poke_cursor(subject, cursor);
    gxt_cursor_free(cursor);
    gxt_index_close(index);
}

/* A build over what is there, which goes on with it or replaces it: then the index is whole. */
static void build_over(struct subject *subject, const char *path, bool lies)
{
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;

    options.checkpoint_events = 40;
    options.threads = 1;
    const int r = gxt_index_build(subject->scan.trace, path, &options, &error);
    if (r != subject->scan.end && r != GXT_EINDEX)
        fuzz_wrong(error.message, (uint64_t)-r);
    if (!lies && r == subject->scan.end)
        expect_truth(subject, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader in = {.in = {data, data + size}};
    const char *path = fuzz_path("index");

    if (size == 0 || (!packer && !(packer = packer_new())))
        return 0;
    const uint8_t choice = reader_u8(&in);
    struct subject *subject = &subjects[choice % N_SUBJECTS];
    if (!subject->bytes)
        prepare(subject);
    subject->scan.dice = hash_bytes(data, size);
    fuzz_remove_index(path);
    if (choice & RECORDS) {
        change_records(subject, &in, path);
        poke(subject, path);
    } else {
        change_bytes(subject, &in, path);
        expect_truth(subject, path);
    }
    if (choice & 0x40)
        build_over(subject, path, choice & RECORDS);
    return 0;
}
