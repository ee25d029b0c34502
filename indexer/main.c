/* main.c: the program `gxt`.
 *
 * In: a verb and its options. Out: what the verb prints, and an exit status: 0 done, 1 failed, 2 wrong usage, 3 done
 * with loss.
 */
#include "report.h"
#include "verbs.h"
#include <fcntl.h>
#include <gxt/gxt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WHEN_HELP                                                                                                      \
    "\n"                                                                                                               \
    "T is one of\n"                                                                                                    \
    "  12.5s, 350ms, 1m3s    after the trace's first event\n"                                                          \
    "  @NS                   on the trace's clock: what cat prints after Time=\n"                                      \
    "  N%                    share of the time between the first and the last event\n"                                 \
    "  n:N                   before event number N, from 0\n"                                                          \
    "  POSITION              as gxt state prints it\n"                                                                 \
    "  2026-05-01T14:03:07Z  wall time (traces of Go 1.25 and later)\n"

#define INPUT_HELP                                                                                                     \
    "TRACE may be packed by gzip or zstd, or be - for standard input.\n"                                               \
    "\n"

#define INDEX_HELP                                                                                                     \
    "  --index FILE       the index; default: where gxt index puts it\n"                                               \
    "  --no-index         read the trace without an index\n"                                                           \
    "  --recover          go on behind faults of the trace, and say what was lost; status 3 then\n"

static const struct verb verbs[] = {
    {"index", verb_index, " index output force progress no-progress status follow threads recover help ",
     "usage: gxt index TRACE [options]\n"
     "Build the index that makes every question about TRACE cheap. Of a trace that gzip or zstd packed, what was\n"
     "unpacked is kept beside it.\n"
     "\n"
     "  -o, --index FILE   where; default: TRACE.gxi, or a cache folder when that cannot be written\n"
     "  --force            build it anew even if there is a fit one\n"
     "  --status           build nothing: tell how far the index is, and whether it is being built\n"
     "  --follow           go on as TRACE grows, until interrupted\n"
     "  --threads N        work with so many threads at most; default: as many as there are processors\n"
     "  --recover          index also what comes behind faults of TRACE\n"
     "  --progress, --no-progress   show how far it is; default: on a terminal\n"},
    {"info", verb_info, " index no-index json recover help ",
     "usage: gxt info TRACE [options]\n"
     "What is known of TRACE at once: version, start, wall clock; with an index also length and counts.\n" INPUT_HELP
     "  --json             as a JSON object\n" INDEX_HELP},
    {"cat", verb_cat, " index no-index from to goroutine proc thread kind limit format recover help ",
     "usage: gxt cat TRACE [options]\n"
     "Print events, as Go's own reader tells them.\n" INPUT_HELP
     "  --from T, --to T   from the first event at or after T, to before the first one at or after T\n"
     "  --goroutine ID, --thread ID, --proc ID   events that belong to it\n"
     "  --kind K,...       events of these kinds: StateTransition, RangeBegin, ...\n"
     "  --limit N          at most N events\n"
     "  --format F         text, ndjson, or csv\n" INDEX_HELP WHEN_HELP},
    {"count", verb_count, " index no-index from to by exact estimate recover help ",
     "usage: gxt count TRACE [options]\n"
     "Print the number of events.\n" INPUT_HELP "  --from T, --to T   count those that cat would print\n"
     "  --by kind          then a line for each kind that occurs\n"
     "  --exact            no estimate (the default)\n"
     "  --estimate         about how many, without reading the window; then a line with the bound\n" INDEX_HELP
         WHEN_HELP},
    {"state", verb_state, " index no-index at json recover help ",
     "usage: gxt state TRACE --at T [options]\n"
     "Print every goroutine, processor, thread and task as it is before the first event at or after T.\n" INPUT_HELP
     "  --json             as a JSON object\n" INDEX_HELP WHEN_HELP},
    {"goroutines", verb_goroutines, " index no-index at sort recover help ",
     "usage: gxt goroutines TRACE [options]\n"
     "Print a line for each goroutine: its function, first and last event, number of events, who created "
     "it.\n" INPUT_HELP
     "  --at T             those that are there before the first event at or after T, with their states\n"
     "  --sort S           by first (the default), last, id, events, or length\n" INDEX_HELP WHEN_HELP},
    {"verify", verb_verify, " index deep help ",
     "usage: gxt verify TRACE [options]\n"
     "Tell whether the index of TRACE is whole.\n"
     "\n"
     "  --deep             also whether every byte of TRACE is what was indexed\n"
     "  --index FILE       the index; default: where gxt index puts it\n"},
};

enum {
    N_VERBS = sizeof(verbs) / sizeof(*verbs),
};

static const char overview[] = "usage: gxt VERB TRACE [options]\n"
                               "Random access into Go execution traces.\n"
                               "\n"
                               "  index   build the index of a trace\n"
                               "  info    what is known of a trace\n"
                               "  cat     print events\n"
                               "  count   how many events there are\n"
                               "  state   every goroutine, processor and thread at an instant\n"
                               "  goroutines   a line for each goroutine\n"
                               "  verify  whether an index is whole\n"
                               "  help    help VERB tells a verb's options\n"
                               "\n"
                               "TRACE may be packed by gzip or zstd; - is standard input.\n"
                               "gxt --version tells the version; gxt(1) tells all.\n";

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < N_VERBS; i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

/* Words that were asked for are data: they go to stdout, and must arrive. */
static int say(const char *text)
{
    struct out out;
    int r;

    if (out_init(&out, STDOUT_FILENO) < 0)
        return report_memory();
    out_text(&out, text);
    r = report_output(&out);
    out_done(&out);
    return r;
}

static int unknown_verb(const char *name)
{
    report("%s: no such verb; see gxt help", name);
    return STATUS_USAGE;
}

static int help(int argc, char **argv)
{
    const struct verb *verb;

    if (argc < 2)
        return say(overview);
    if (argc > 2) {
        report("help: one verb at a time");
        return STATUS_USAGE;
    }
    verb = find_verb(argv[1]);
    return verb ? say(verb->help) : unknown_verb(argv[1]);
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    struct options options;
    int r = options_parse(verb, argc, argv, &options);

    if (r == STATUS_DONE)
        r = options.is_help ? say(verb->help) : verb->run(&options);
    options_done(&options);
    return r;
}

/* A program may be started with its standard files closed. The trace or the sidecar would take their numbers, and words
 * would be written into them: open something else there first, to which writing fails. */
static void hold_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
            _exit(STATUS_FAILED);
}

/* An index that shrinks while it is built ends the program, with a word: a trace is guarded by the library. Only what a
 * handler may call is called. */
static void on_shrunk(int signal_number)
{
    static const char words[] = "gxt: a file was cut while it was being read\n";

    (void)signal_number;
    if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0) {
        /* there is nobody to tell */
    }
    _exit(STATUS_FAILED);
}

int main(int argc, char **argv)
{
    const struct verb *verb;

    hold_standard_files();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow any more is an error like any other */
    signal(SIGBUS, on_shrunk);
    (void)gxt_guard_install(NULL);

    if (argc < 2) {
        fputs(overview, stderr);
        return STATUS_USAGE;
    }
    if (!strcmp(argv[1], "--version"))
        return say("gxt " GXT_VERSION "\n");
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help(argc - 1, argv + 1);
    verb = find_verb(argv[1]);
    return verb ? run_verb(verb, argc - 1, argv + 1) : unknown_verb(argv[1]);
}
