/* kill.c: a build that is killed at any moment is continued, and then answers as one that was not.
 *
 * usage: kill TRACE ROUNDS [SEED [EVENTS [again]]]
 *
 * EVENTS: between two checkpoints; few, so that a small trace has many, unless a large trace is given.
 *
 * A child builds; after a random while it is killed with SIGKILL. Then the next one goes on, and so forth until one
 * comes to its end. Beside it a reader in a process of its own seeks in what is committed. What the last index says is
 * held against a walk without an index.
 *
 * again: an index that is complete is built anew. Whenever that is killed, what is there is complete; what is left of
 * the new one goes away with the next build.
 */
#include "../random.h"

#include <gxt/gxt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *trace_path;
static char path[64], beside[72];
static uint64_t n_events, digest_of_all, n_goroutines, checkpoint_events = 60;

static _Noreturn void wrong(const char *what, int64_t number)
{
    printf("%s (%" PRId64 ")\n", what, number);
    exit(1);
}

static uint64_t mix(uint64_t digest, const struct gxt_event *event)
{
    digest ^= (uint64_t)event->time_ns * 31 + event->ordinal * 7 + event->kind + (uint64_t)event->goroutine * 3 +
              gxt_stack_id(event->stack);
    return next_random(&digest);
}

static struct gxt_trace *open_trace(void)
{
    struct gxt_trace *trace;
    struct gxt_error error;

    if (gxt_trace_open(trace_path, &trace, &error) != 0)
        wrong(error.message, error.code);
    return trace;
}

static uint64_t walk(struct gxt_trace *trace, const struct gxt_index *index, uint64_t *ret_n)
{
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    uint64_t digest = 0, n = 0;

    if (gxt_cursor_new(trace, index, &cursor) != 0)
        wrong("no cursor", 0);
    for (; gxt_cursor_next(cursor, &event) == 1; n++)
        digest = mix(digest, event);
    gxt_cursor_free(cursor);
    *ret_n = n;
    return digest;
}

static uint64_t count_goroutines(struct gxt_trace *trace, const struct gxt_index *index)
{
    struct gxt_goroutines *list;
    struct gxt_error error;
    uint64_t sum = 0;

    if (gxt_goroutines_new(trace, index, &list, &error) != 0)
        wrong(error.message, error.code);
    for (size_t i = 0; i < gxt_goroutines_len(list); i++) {
        struct gxt_goroutine goroutine;
        if (gxt_goroutines_at(list, i, &goroutine, &error) != 0)
            wrong(error.message, error.code);
        sum = sum * 1099511628211u + (uint64_t)goroutine.id + goroutine.n_events * 5 + (uint64_t)goroutine.last_ns +
              goroutine.func->id + gxt_stack_id(goroutine.start) + (uint64_t)goroutine.creator;
    }
    gxt_goroutines_free(list);
    return sum;
}

/* Kills the process that builds when it has so many generations. */
static int kill_at(void *user, const struct gxt_progress *progress)
{
    if (progress->generations_done == *(uint64_t *)user)
        kill(getpid(), SIGKILL);
    return 0;
}

/* @killed_at: NULL, or after how many generations the builder dies. */
static _Noreturn void build(bool rebuilds, uint64_t *killed_at)
{
    struct gxt_trace *trace = open_trace();
    struct gxt_build_options options = GXT_BUILD_OPTIONS_INIT;
    struct gxt_error error;

    options.checkpoint_events = checkpoint_events;
    options.rebuild = rebuilds;
    options.progress = killed_at ? kill_at : NULL;
    options.user = killed_at;
    int r = gxt_index_build(trace, path, &options, &error);
    if (r != 0)
        wrong(error.message, r);
    gxt_trace_close(trace);
    exit(0);
}

/* Seeks in what there is until it is killed. */
static _Noreturn void read_along(uint64_t seed)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* it must not outlive a test that fails */
    struct gxt_trace *trace = open_trace();

    for (;;) {
        struct gxt_index *index;
        struct gxt_cursor *cursor;
        const struct gxt_event *event;
        struct gxt_error error;
        int r = gxt_index_open(trace, path, &index, &error);

        if (r == GXT_ENOENT)
            continue;
        if (r != 0)
            wrong(error.message, r);
        if (gxt_cursor_new(trace, index, &cursor) != 0)
            wrong("no cursor", 0);
        for (int i = 0; i < 5; i++) {
            uint64_t ordinal = next_random(&seed) % n_events;
            if (gxt_cursor_seek_ordinal(cursor, ordinal) != 0 || gxt_cursor_next(cursor, &event) != 1 ||
                event->ordinal != ordinal)
                wrong("a reader went wrong", (int64_t)ordinal);
        }
        if (gxt_index_damage(index, &error) != 0)
            wrong(error.message, error.code);
        gxt_cursor_free(cursor);
        gxt_index_close(index);
    }
}

static pid_t start(bool rebuilds, uint64_t *killed_at)
{
    pid_t pid = fork();

    if (pid < 0)
        wrong("no process", 0);
    if (pid == 0)
        build(rebuilds, killed_at);
    return pid;
}

/* Return: whether the build came to its end. */
static bool wait_for(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid)
        wrong("no child", pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        wrong("a build failed", WEXITSTATUS(status));
    return WIFEXITED(status);
}

/* Return: whether the build came to its end. */
static bool build_for(long ns, bool rebuilds)
{
    const struct timespec pause = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    pid_t pid = start(rebuilds, NULL);

    nanosleep(&pause, NULL);
    kill(pid, SIGKILL);
    return wait_for(pid);
}

static void check_last(void)
{
    struct gxt_trace *trace = open_trace();
    struct gxt_index *index;
    struct gxt_index_facts facts;
    struct gxt_verified verified;
    struct gxt_error error;
    uint64_t n;

    if (gxt_index_open(trace, path, &index, &error) != 0 || gxt_index_facts(index, &facts, &error) != 0 ||
        gxt_index_verify(index, true, &verified, &error) != 0)
        wrong(error.message, error.code);
    if (!facts.complete || facts.n_events != n_events)
        wrong("not all events", (int64_t)facts.n_events);
    if (walk(trace, index, &n) != digest_of_all || n != n_events)
        wrong("other events", (int64_t)n);
    if (count_goroutines(trace, index) != n_goroutines)
        wrong("other goroutines", 0);
    if (gxt_index_damage(index, &error) != 0)
        wrong(error.message, error.code);
    gxt_index_close(index);
    gxt_trace_close(trace);
}

/* Return: how many builds came to their end. */
static int kill_and_go_on(int rounds, uint64_t seed)
{
    uint64_t longest_ns = 30000000;
    int kills = 0, n_ends = 0;

    while (kills < rounds) {
        int in_a_row = 0;
        /* A machine or a build that is slow needs longer to get anywhere. */
        for (; !build_for((long)(next_random(&seed) % longest_ns), false); kills++)
            if (++in_a_row > 3 && longest_ns < 700000000)
                longest_ns = longest_ns * 4 / 3;
        /* So long that about one in three is killed at any place of it. */
        longest_ns = in_a_row < 2 && longest_ns > 200000 ? longest_ns * 4 / 5 : longest_ns * 5 / 4;
        check_last();
        n_ends++;
        unlink(path);
    }
    return n_ends;
}

/* What is there is complete, and the next build that has nothing to do leaves nothing beside it. */
static void check_and_sweep(void)
{
    check_last();
    if (!wait_for(start(false, NULL)))
        wrong("a build does not end", 0);
    if (access(beside, F_OK) == 0)
        wrong("what a killed build left stays for ever", 0);
    check_last();
}

/* A build that replaces another is killed after each number of generations. */
static void kill_at_each_generation(void)
{
    uint64_t n = 0;

    for (; !wait_for(start(true, &n)); n++) {
        if (n > 0 && access(beside, F_OK) != 0)
            wrong("what is built anew is not beside what was there", (int64_t)n);
        check_last();
        if (n % 2) /* else the next one finds what this one left */
            check_and_sweep();
    }
    check_and_sweep();
    if (n < 2)
        wrong("the trace has no generation to be killed at", (int64_t)n);
}

/* Return: how many builds came to their end. */
static int kill_and_replace(int rounds, uint64_t seed)
{
    uint64_t longest_ns = 10000000;
    int kills = 0, n_ends = 0;

    if (!wait_for(start(false, NULL)))
        wrong("a build does not end", 0);
    kill_at_each_generation();
    while (kills < rounds) {
        const bool has_ended = build_for((long)(next_random(&seed) % longest_ns), true);
        longest_ns = !has_ended && longest_ns < 700000000 ? longest_ns * 9 / 8 : longest_ns * 7 / 8 + 100000;
        kills += !has_ended;
        n_ends += has_ended;
        if (next_random(&seed) % 2)
            check_and_sweep();
        else
            check_last();
    }
    check_and_sweep();
    unlink(path);
    return n_ends;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const int rounds = atoi(argv[2]);
    const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    if (argc > 4)
        checkpoint_events = strtoull(argv[4], NULL, 10);
    trace_path = argv[1];
    snprintf(path, sizeof path, "/tmp/gxt-kill-%ld", (long)getpid());
    snprintf(beside, sizeof beside, "%s.new", path);
    struct gxt_trace *trace = open_trace();
    digest_of_all = walk(trace, NULL, &n_events);
    n_goroutines = count_goroutines(trace, NULL);
    gxt_trace_close(trace);

    pid_t reader = fork();
    if (reader == 0)
        read_along(seed);
    const int n_ends = argc > 5 ? kill_and_replace(rounds, seed) : kill_and_go_on(rounds, seed);
    int status;
    if (waitpid(reader, &status, WNOHANG) != 0)
        wrong("the reader ended", 0);
    kill(reader, SIGKILL);
    waitpid(reader, &status, 0);
    printf("killed %d times or more, to its end %d times, seed %" PRIu64 "\n", rounds, n_ends, seed);
    return 0;
}
