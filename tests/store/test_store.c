/* test_store.c: what is committed is there, for whoever opens the file; what is not is not.
 */
#include "store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[96];
static struct gxt_error fault;

static void begin(void)
{
    strcpy(folder, "/tmp/gxt-store-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/index", folder);
}

static void end(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(store, .init = begin, .fini = end);

static struct store *create(enum store_way way)
{
    struct store *store = NULL;
    cr_assert_eq(store_create(path, 0640, way, &store, &fault), 0, "%s", fault.message);
    return store;
}

static struct store *open_it(void)
{
    struct store *store = NULL;
    cr_assert_eq(store_open(path, &store, &fault), 0, "%s", fault.message);
    return store;
}

/* Everything about a generation can be told from its number. */
static struct store_generation record_of(uint64_t generation)
{
    return (struct store_generation){.hash = generation * 31,
                                     .facts = {.number = generation + 5,
                                               .first_ordinal = generation * 100,
                                               .n_events = 100,
                                               .first_ns = (int64_t)generation * 1000,
                                               .last_ns = (int64_t)generation * 1000 + 999}};
}

enum {
    N_BATCHES = 2500,
    N_ENTRIES = 9000
};

static void put_dir(struct store_draft *draft, uint64_t generation)
{
    static struct gen_batch batches[N_BATCHES];
    struct gen_dir dir = {.number = generation, .batches = batches, .n_batches = N_BATCHES, .begin = generation << 20};

    for (size_t i = 0; i < N_BATCHES; i++)
        batches[i] =
            (struct gen_batch){.offset = (generation << 20) + i * 300 + 20, .tick = i, .size = 280, .hash = i * 7};
    cr_assert_eq(store_put_dir(draft, generation, &dir, &fault), 0);
}

static size_t n_pairs(uint64_t generation)
{
    return generation % 3 == 0 ? 2 * STORE_LIST_ROWS : N_ENTRIES; /* a full chunk at the end is the hard case */
}

static void put_table(struct store_draft *draft, uint64_t generation)
{
    static struct gen_pair pairs[N_ENTRIES];
    const size_t n = n_pairs(generation);
    uint32_t chunk = 0;

    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct gen_pair){i * 2 + 1, i * 3 + generation};
    for (size_t at = 0, taken = STORE_LIST_ROWS; taken == STORE_LIST_ROWS; at += taken) {
        taken = n - at < STORE_LIST_ROWS ? n - at : STORE_LIST_ROWS;
        cr_assert_eq(store_put_rows(draft, STORE_STRINGS, generation, chunk++, pairs + at, taken, &fault), 0);
    }
}

static void put_checkpoint(struct store_draft *draft, uint64_t generation)
{
    static uint8_t bytes[100000];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i / 20000 == generation % 5 ? i * generation : i); /* most of it as before */
    const struct span span = {bytes, bytes + sizeof bytes};
    cr_assert_eq(store_put_checkpoint(draft, generation, span, NULL, 0, &fault), 0);
}

static void put_all(struct store *store, uint64_t generation, bool complete)
{
    struct store_generation record = record_of(generation);
    struct store_meta meta = {.fingerprint = 42, .version = 26, .complete = complete, .n_generations = generation + 1};
    char text[40];
    bool is_new;

    cr_assert_eq(store_put_generation(store_draft(store), generation, &record, &fault), 0);
    put_dir(store_draft(store), generation);
    put_table(store_draft(store), generation);
    if (generation == 0)
        put_checkpoint(store_draft(store), 0);
    put_checkpoint(store_draft(store), generation + 1);
    for (uint64_t i = 0; i < 50; i++) {
        struct gxt_string string = {.id = i + generation, .at = text};
        string.len = (size_t)snprintf(text, sizeof text, "string %llu", (unsigned long long)string.id);
        cr_assert_eq(store_put_string(store, &string, &is_new, &fault), 0);
        cr_assert_eq(is_new, generation == 0 || i == 49);
    }
    cr_assert_eq(store_commit(store, &meta, &fault), 0, "%s", fault.message);
}

static void check_generation(struct store *store, uint64_t generation)
{
    struct store_generation record, wanted = record_of(generation);
    struct gen_dir dir = {0};
    struct store_rows rows = {0};

    cr_assert_eq(store_generation(store, generation, &record, &fault), 0, "%s", fault.message);
    cr_assert_eq(memcmp(&record, &wanted, sizeof record), 0);
    cr_assert_eq(store_dir(store, generation, &dir, &fault), 0, "%s", fault.message);
    cr_assert_eq(dir.n_batches, N_BATCHES);
    cr_assert_eq(dir.batches[N_BATCHES - 1].offset, (generation << 20) + (N_BATCHES - 1) * 300 + 20);
    cr_assert_eq(dir.batches[N_BATCHES - 1].hash, (N_BATCHES - 1) * 7);
    gen_dir_done(&dir);
    cr_assert_eq(store_list(store, STORE_STRINGS, generation, &rows, &fault), 0, "%s", fault.message);
    cr_assert_eq(rows.n, n_pairs(generation));
    for (size_t i = 0; i < rows.n; i++) {
        cr_assert_eq(rows.pairs[i].local, i * 2 + 1);
        cr_assert_eq(rows.pairs[i].content, i * 3 + generation);
    }
    store_rows_done(&rows);
}

static void check_checkpoint(struct store *store, uint64_t generation)
{
    struct buf bytes = {0};

    cr_assert_eq(store_checkpoint(store, generation, &bytes, &fault), 0, "%s", fault.message);
    cr_assert_eq(bytes.size, 100000);
    for (size_t i = 0; i < bytes.size; i++)
        cr_assert_eq(bytes.at[i], (uint8_t)(i / 20000 == generation % 5 ? i * generation : i));
    buf_done(&bytes);
}

static void check_all(struct store *store, uint64_t n_generations)
{
    struct store_meta meta;
    struct buf bytes = {0};
    struct store_generation none;
    uint64_t found;

    cr_assert_eq(store_meta(store, &meta, &fault), 0, "%s", fault.message);
    cr_assert_eq(meta.fingerprint, 42);
    cr_assert_eq(meta.n_generations, n_generations);
    for (uint64_t generation = 0; generation < n_generations; generation++)
        check_generation(store, generation);
    for (uint64_t generation = 0; generation <= n_generations; generation++)
        check_checkpoint(store, generation);
    cr_assert_eq(store_generation(store, n_generations, &none, &fault), GXT_ENOENT);
    cr_assert_eq(store_string(store, 49 + n_generations - 1, &bytes, &fault), 0);
    cr_assert_eq(store_string(store, 50 + n_generations - 1, &bytes, &fault), GXT_ENOENT);
    for (uint64_t generation = 0; generation < n_generations; generation++) {
        cr_assert_eq(store_find_time(store, (int64_t)generation * 1000 + 500, &found, &fault), 0);
        cr_assert_eq(found, generation);
        cr_assert_eq(store_find_time(store, (int64_t)generation * 1000, &found, &fault), 0);
        cr_assert_eq(found, generation);
        cr_assert_eq(store_find_ordinal(store, generation * 100 + 99, &found, &fault), 0);
        cr_assert_eq(found, generation);
    }
    cr_assert_eq(store_find_time(store, INT64_MIN, &found, &fault), 0);
    cr_assert_eq(found, 0);
    cr_assert_eq(store_find_time(store, INT64_MAX, &found, &fault), 0);
    cr_assert_eq(found, n_generations - 1);
    buf_done(&bytes);
}

Test(store, gives_back_what_was_put)
{
    struct store *store = create(STORE_GO_ON), *reader;
    struct stat status;

    cr_assert_eq(store_open(path, &reader, &fault), GXT_ENOENT, "nothing is seen before the first commit");
    for (uint64_t generation = 0; generation < 8; generation++) {
        put_all(store, generation, generation == 7);
        reader = open_it();
        check_all(reader, generation + 1);
        store_close(reader);
    }
    store_close(store);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0640);
    reader = open_it();
    check_all(reader, 8);
    store_close(reader);
}

Test(store, keeps_equal_chunks_once)
{
    enum {
        N = 20
    };
    struct store *store = create(STORE_GO_ON);
    struct store_meta meta = {.fingerprint = 42, .version = 26};

    put_checkpoint(store_draft(store), 0);
    cr_assert_eq(store_commit(store, &meta, &fault), 0);
    uint64_t before = store_size_bytes(store);
    for (uint64_t generation = 1; generation < N; generation++)
        put_checkpoint(store_draft(store), generation); /* of seven chunks two or three are others */
    cr_assert_eq(store_commit(store, &meta, &fault), 0);
    cr_assert_lt(store_size_bytes(store) - before, N * 100000 / 2);
    for (uint64_t generation = 0; generation < N; generation++)
        check_checkpoint(store, generation);
    store_close(store);
}

/* Drafts that are made side by side, of which none knows the other's content. */
Test(store, takes_drafts)
{
    enum {
        N = 6
    };
    struct store_draft *drafts[N];
    struct store_meta meta = {.fingerprint = 42, .version = 26};

    for (uint64_t generation = 0; generation < N; generation++) {
        cr_assert_not_null(drafts[generation] = store_draft_new());
        const struct store_generation record = record_of(generation);
        cr_assert_eq(store_put_generation(drafts[generation], generation, &record, &fault), 0);
        put_dir(drafts[generation], generation);
        put_table(drafts[generation], generation);
        put_checkpoint(drafts[generation], generation);
    }
    struct store *store = create(STORE_GO_ON);
    for (uint64_t generation = 0; generation < N; generation++) {
        if (generation == N / 2) { /* content of which this process has put none is there */
            store_close(store);
            store = create(STORE_GO_ON);
        }
        cr_assert_eq(store_take(store, drafts[generation], &fault), 0, "%s", fault.message);
        cr_assert_eq(store_take(store, drafts[generation], &fault), 0, "it is empty");
        cr_assert_eq(store_commit(store, &meta, &fault), 0, "%s", fault.message);
        store_draft_free(drafts[generation]);
    }
    store_close(store);
    store = open_it();
    for (uint64_t generation = 0; generation < N; generation++) {
        check_generation(store, generation);
        check_checkpoint(store, generation);
    }
    store_close(store);
}

Test(store, goes_on_with_what_is_there)
{
    for (uint64_t generation = 0; generation < 6; generation++) {
        struct store *store = create(STORE_GO_ON);
        put_all(store, generation, false);
        store_close(store);
    }
    struct store *reader = open_it();
    check_all(reader, 6);
    store_close(reader);
}

Test(store, loses_what_was_not_committed)
{
    struct store *store = create(STORE_GO_ON);
    struct store_generation record = record_of(1);

    put_all(store, 0, false);
    cr_assert_eq(store_put_generation(store_draft(store), 1, &record, &fault), 0);
    put_dir(store_draft(store), 1);
    store_close(store);
    store = open_it();
    check_all(store, 1);
    store_close(store);
}

Test(store, forgets_generations_of_a_trace_that_grew)
{
    struct store *store = create(STORE_GO_ON);

    for (uint64_t generation = 0; generation < 5; generation++)
        put_all(store, generation, false);
    store_close(store);
    store = create(STORE_GO_ON);
    cr_assert_eq(store_forget(store, 2, &fault), 0);
    struct store_meta meta = {.fingerprint = 42, .version = 26, .n_generations = 2};
    cr_assert_eq(store_commit(store, &meta, &fault), 0, "%s", fault.message);
    struct store_generation none;
    for (uint64_t generation = 2; generation < 5; generation++)
        cr_assert_eq(store_generation(store, generation, &none, &fault), GXT_ENOENT);
    check_generation(store, 0);
    check_generation(store, 1);
    check_checkpoint(store, 2);
    store_close(store);
}

Test(store, replaces_a_file_for_those_who_open_it_later)
{
    struct store *store = create(STORE_GO_ON);
    put_all(store, 0, true);
    store_close(store);

    struct store *old = open_it();
    store = create(STORE_REPLACE);
    check_all(old, 1);
    struct store *still = open_it();
    check_all(still, 1);
    for (uint64_t generation = 0; generation < 3; generation++)
        put_all(store, generation, generation == 2);
    check_all(old, 1);
    struct store *later = open_it();
    check_all(later, 3);
    store_close(later);
    store_close(still);
    store_close(old);
    store_close(store);
    char name[128];
    snprintf(name, sizeof name, "%s.new", path);
    cr_assert_neq(access(name, F_OK), 0, "a file is left over");
}

Test(store, leaves_the_old_one_when_a_new_one_comes_to_nothing)
{
    struct store *store = create(STORE_GO_ON);
    put_all(store, 0, true);
    store_close(store);
    store = create(STORE_REPLACE);
    put_dir(store_draft(store), 0);
    store_close(store);
    store = open_it();
    check_all(store, 1);
    store_close(store);
}

Test(store, leaves_the_old_one_until_a_new_one_is_complete)
{
    struct store *store = create(STORE_GO_ON), *reader;
    put_all(store, 0, true);
    store_close(store);

    store = create(STORE_REBUILD);
    put_all(store, 0, false);
    put_all(store, 1, false);
    reader = open_it();
    check_all(reader, 1);
    store_close(reader);
    store_close(store); /* it comes to nothing */
    reader = open_it();
    check_all(reader, 1);

    store = create(STORE_REBUILD);
    for (uint64_t generation = 0; generation < 3; generation++)
        put_all(store, generation, generation == 2);
    check_all(reader, 1);
    store_close(reader);
    reader = open_it();
    check_all(reader, 3);
    store_close(reader);
    store_close(store);
}

/* What a builder that is killed leaves beside it. */
Test(store, takes_or_removes_what_is_left_beside_it)
{
    char name[128];
    struct store *store = create(STORE_GO_ON);
    struct stat status;

    snprintf(name, sizeof name, "%s.new", path);
    put_all(store, 0, true);
    store_close(store);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            store = create(STORE_REBUILD);
            put_all(store, 0, false);
            kill(getpid(), SIGKILL);
        }
        cr_assert_eq(waitpid(child, NULL, 0), child);
        cr_assert_eq(access(name, F_OK), 0);
        store = open_it();
        check_all(store, 1);
        store_close(store);
        /* One that goes on, one that begins anew, one that finds another program's file. */
        if (i == 2)
            cr_assert_eq(truncate(name, 1), 0);
        store = create(i == 1 ? STORE_REBUILD : STORE_GO_ON);
        cr_expect_eq(access(name, F_OK) == 0, i > 0);
        store_close(store);
        cr_expect_eq(access(name, F_OK) == 0, i > 1);
    }
    cr_assert_eq(stat(name, &status), 0);
    cr_expect_eq(status.st_size, 1);
}

Test(store, is_built_by_one)
{
    struct store *first = create(STORE_GO_ON), *second = NULL;

    cr_assert_eq(store_create(path, 0600, STORE_GO_ON, &second, &fault), GXT_EBUSY);
    cr_assert_eq(store_create(path, 0600, STORE_REPLACE, &second, &fault), GXT_EBUSY);
    put_all(first, 0, false);
    cr_assert_eq(store_create(path, 0600, STORE_GO_ON, &second, &fault), GXT_EBUSY);
    cr_assert_eq(store_create(path, 0600, STORE_REPLACE, &second, &fault), GXT_EBUSY);
    cr_assert_null(second);
    store_close(first);
    second = create(STORE_GO_ON);
    store_close(second);
}

/* A builder that is killed at any moment leaves a committed state, and the next one goes on. */
Test(store, survives_its_builders_death, .timeout = 100)
{
    for (unsigned round = 0; round < 20; round++) {
        pid_t child = fork();
        if (child == 0) {
            struct store *store = NULL;
            struct store_meta meta = {0};
            if (store_create(path, 0600, STORE_GO_ON, &store, &fault) < 0)
                _exit(1);
            if (store_meta(store, &meta, &fault) < 0)
                meta.n_generations = 0;
            for (uint64_t generation = meta.n_generations;; generation++)
                put_all(store, generation, false);
        }
        usleep(2000 + 3000 * round);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the builder ended by itself: %d", status);
    }
    struct store *reader = open_it();
    struct store_meta meta;
    cr_assert_eq(store_meta(reader, &meta, &fault), 0);
    cr_assert_gt(meta.n_generations, 3);
    check_all(reader, meta.n_generations);
    store_close(reader);
}

enum {
    N_LONG = 3000,
    LONG_BYTES = 4000
};

/* A string that is told from its number. */
static struct gxt_string long_string(uint64_t i, char text[LONG_BYTES])
{
    for (size_t at = 0; at < LONG_BYTES; at++)
        text[at] = (char)('a' + (i * 31 + at * (i % 7 + 1)) % 26);
    return (struct gxt_string){.id = (i + 1) * UINT64_C(0x9e3779b97f4a7c15), .at = text, .len = LONG_BYTES};
}

static void put_much(struct store *store)
{
    char text[LONG_BYTES];
    bool is_new;

    for (uint64_t i = 0; i < N_LONG; i++) {
        const struct gxt_string string = long_string(i, text);
        cr_assert_eq(store_put_string(store, &string, &is_new, &fault), 0);
        cr_assert(is_new);
    }
}

/* More than goes into one transaction. */
Test(store, keeps_much_content)
{
    struct store *store = create(STORE_GO_ON);
    struct buf bytes = {0};
    char text[LONG_BYTES];

    put_much(store);
    put_all(store, 0, false);
    put_all(store, 1, true);
    store_close(store);
    store = open_it();
    check_all(store, 2);
    for (uint64_t i = 0; i < N_LONG; i++) {
        const struct gxt_string string = long_string(i, text);
        cr_assert_eq(store_string(store, string.id, &bytes, &fault), 0, "%s", fault.message);
        cr_assert_eq(bytes.size, LONG_BYTES);
        cr_assert_eq(memcmp(bytes.at, text, LONG_BYTES), 0);
    }
    buf_done(&bytes);
    store_close(store);
}

/* Who dies between two transactions of a commit leaves what is nobody's index, and not another program's file. */
Test(store, takes_what_has_nothing_but_content)
{
    const struct rlimit most = {6 << 20, 6 << 20};
    const struct store_meta meta = {.fingerprint = 42, .version = 26, .n_generations = 1};
    struct stat status;
    char name[128];
    int how;

    snprintf(name, sizeof name, "%s.new", path);
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGXFSZ, SIG_IGN);
        struct store *store = create(STORE_GO_ON);
        put_much(store);
        if (setrlimit(RLIMIT_FSIZE, &most) < 0 || store_commit(store, &meta, &fault) >= 0)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    cr_assert_eq(waitpid(child, &how, 0), child);
    cr_assert(WIFSIGNALED(how), "the commit found room");
    cr_assert_eq(access(path, F_OK), -1, "it is not seen");
    cr_assert_eq(stat(name, &status), 0);
    cr_assert_gt(status.st_size, 4 << 20, "not even one transaction");
    struct store *store = create(STORE_GO_ON);
    put_all(store, 0, true);
    check_all(store, 1);
    store_close(store);
}

static void write_file(const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

Test(store, never_overwrites_what_is_no_index)
{
    static const char letter[] = "a letter to a friend";
    char big[20000] = {0};
    struct store *store = NULL;
    struct stat before, after;

    write_file(letter, sizeof letter);
    cr_assert_eq(stat(path, &before), 0);
    cr_assert_eq(store_open(path, &store, &fault), GXT_EINDEX);
    cr_assert_eq(store_create(path, 0600, STORE_GO_ON, &store, &fault), GXT_EINDEX);
    cr_assert_eq(store_create(path, 0600, STORE_REPLACE, &store, &fault), GXT_EINDEX);
    cr_assert_eq(stat(path, &after), 0);
    cr_assert_eq(before.st_ino, after.st_ino);
    cr_assert_eq(after.st_size, sizeof letter);

    write_file(big, sizeof big);
    cr_assert_eq(store_create(path, 0600, STORE_REPLACE, &store, &fault), GXT_EINDEX);

    unlink(path);
    cr_assert_eq(symlink("/tmp/elsewhere", path), 0);
    cr_assert_eq(store_create(path, 0600, STORE_REPLACE, &store, &fault), GXT_EINDEX, "a symbolic link");
    unlink(path);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_lt(store_create(path, 0600, STORE_REPLACE, &store, &fault), 0, "a folder");
    cr_assert_lt(store_open(path, &store, &fault), 0, "a folder");
    rmdir(path);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_lt(store_create(path, 0600, STORE_REPLACE, &store, &fault), 0, "a pipe");
    cr_assert_lt(store_open(path, &store, &fault), 0, "a pipe");
    cr_assert_null(store);
}

Test(store, takes_an_empty_file_for_none)
{
    struct store *store = NULL;

    write_file("", 0);
    cr_assert_lt(store_open(path, &store, &fault), 0);
    store = create(STORE_GO_ON);
    put_all(store, 0, true);
    store_close(store);
    store = open_it();
    check_all(store, 1);
    store_close(store);
}

Test(store, replaces_a_damaged_index_of_its_own)
{
    struct store *store = create(STORE_GO_ON);
    put_all(store, 0, true);
    store_close(store);

    int fd = open(path, O_RDWR);
    cr_assert_geq(fd, 0);
    char zeros[8192] = {0};
    cr_assert_eq(pwrite(fd, zeros, sizeof zeros, 0), (ssize_t)sizeof zeros); /* both of LMDB's first pages */
    close(fd);
    cr_assert_eq(store_open(path, &store, &fault), GXT_EINDEX);
    cr_assert_eq(store_create(path, 0600, STORE_GO_ON, &store, &fault), GXT_EINDEX);
    store = create(STORE_REPLACE);
    put_all(store, 0, true);
    store_close(store);
    store = open_it();
    check_all(store, 1);
    store_close(store);
}
