/* options.c
 *
 * In: argv. Out: struct options. Never: a look at the trace.
 */
#include "options.h"

#include "report.h"
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_code {
    CODE_OPERAND = 1, /* what getopt_long() gives for a word that is no option, when its short options begin with '-' */
    CODE_INDEX = 256,
    CODE_NO_INDEX,
    CODE_FORCE,
    CODE_PROGRESS,
    CODE_NO_PROGRESS,
    CODE_JSON,
    CODE_FROM,
    CODE_TO,
    CODE_AT,
    CODE_GOROUTINE,
    CODE_PROC,
    CODE_THREAD,
    CODE_KIND,
    CODE_LIMIT,
    CODE_FORMAT,
    CODE_SORT,
    CODE_BY,
    CODE_EXACT,
    CODE_ESTIMATE,
    CODE_DEEP,
    CODE_STATUS,
    CODE_FOLLOW,
    CODE_THREADS,
    CODE_RECOVER,
    CODE_HELP,
};

static const struct option all_options[] = {
    {"index", required_argument, NULL, CODE_INDEX},
    {"output", required_argument, NULL, CODE_INDEX},
    {"no-index", no_argument, NULL, CODE_NO_INDEX},
    {"force", no_argument, NULL, CODE_FORCE},
    {"progress", no_argument, NULL, CODE_PROGRESS},
    {"no-progress", no_argument, NULL, CODE_NO_PROGRESS},
    {"json", no_argument, NULL, CODE_JSON},
    {"from", required_argument, NULL, CODE_FROM},
    {"to", required_argument, NULL, CODE_TO},
    {"at", required_argument, NULL, CODE_AT},
    {"goroutine", required_argument, NULL, CODE_GOROUTINE},
    {"proc", required_argument, NULL, CODE_PROC},
    {"thread", required_argument, NULL, CODE_THREAD},
    {"kind", required_argument, NULL, CODE_KIND},
    {"limit", required_argument, NULL, CODE_LIMIT},
    {"format", required_argument, NULL, CODE_FORMAT},
    {"sort", required_argument, NULL, CODE_SORT},
    {"by", required_argument, NULL, CODE_BY},
    {"exact", no_argument, NULL, CODE_EXACT},
    {"estimate", no_argument, NULL, CODE_ESTIMATE},
    {"deep", no_argument, NULL, CODE_DEEP},
    {"status", no_argument, NULL, CODE_STATUS},
    {"follow", no_argument, NULL, CODE_FOLLOW},
    {"threads", required_argument, NULL, CODE_THREADS},
    {"recover", no_argument, NULL, CODE_RECOVER},
    {"help", no_argument, NULL, CODE_HELP},
};

enum {
    N_OPTIONS = sizeof(all_options) / sizeof(*all_options),
};

/* Whether " name " stands in the verb's list. */
static bool takes(const struct verb *verb, const char *name)
{
    size_t size = strlen(name);

    for (const char *at = verb->options; (at = strstr(at, name)); at += size)
        if (at[-1] == ' ' && at[size] == ' ')
            return true;
    return false;
}

static void select_options(const struct verb *verb, struct option selected[N_OPTIONS + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < N_OPTIONS; i++)
        if (takes(verb, all_options[i].name))
            selected[n++] = all_options[i];
    selected[n] = (struct option){0};
}

static int wrong_when(const char *option, const char *text)
{
    report("--%s %s: no instant; give 12.5s, @NS, N%%, n:ORDINAL, a position, or 2006-01-02T15:04:05Z", option, text);
    return STATUS_USAGE;
}

static int set_when(struct when *when, const char *option, const char *text)
{
    return when_parse(text, when) ? STATUS_DONE : wrong_when(option, text);
}

static int add_id(struct filter_ids *ids, const char *option, const char *text)
{
    char *end;
    long long id;

    errno = 0;
    id = strtoll(text, &end, 10);
    if (errno || end == text || *end || id == -1) {
        report("--%s %s: no id: a whole number is wanted", option, text);
        return STATUS_USAGE;
    }
    return filter_add_id(ids, id) < 0 ? report_memory() : STATUS_DONE;
}

static int add_kinds(struct filter *filter, const char *text)
{
    const char *wrong = filter_add_kinds(filter, text);
    char words[256] = "";

    if (!wrong)
        return STATUS_DONE;
    for (int kind = GXT_KIND_BAD + 1; kind < GXT_N_KINDS; kind++) {
        size_t used = strlen(words);
        snprintf(words + used, sizeof(words) - used, "%s%s", used ? ", " : "", gxt_kind_name(kind));
    }
    report("--kind %.*s: no such kind; there are %s", (int)strcspn(wrong, ","), wrong, words);
    return STATUS_USAGE;
}

static int set_limit(struct options *options, const char *text)
{
    char *end;

    errno = 0;
    options->limit = strtoull(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end) {
        report("--limit %s: a number of events is wanted", text);
        return STATUS_USAGE;
    }
    options->has_limit = true;
    return STATUS_DONE;
}

static int set_threads(struct options *options, const char *text)
{
    char *end;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end || n == 0 || n > UINT_MAX) {
        report("--threads %s: a number of threads is wanted, 1 at least", text);
        return STATUS_USAGE;
    }
    options->threads = (unsigned)n;
    return STATUS_DONE;
}

/* One of some words. */
static int choose(const char *option, const char *text, const char *const *names, size_t n, int *ret)
{
    char words[128] = "";

    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(words);
        if (!strcmp(names[i], text)) {
            *ret = (int)i;
            return STATUS_DONE;
        }
        snprintf(words + used, sizeof(words) - used, "%s%s", used ? ", " : "", names[i]);
    }
    report("--%s %s: no such %s; there are %s", option, text, option, words);
    return STATUS_USAGE;
}

static int set_format(struct options *options, const char *text)
{
    static const char *const names[] = {[FORMAT_TEXT] = "text", [FORMAT_NDJSON] = "ndjson", [FORMAT_CSV] = "csv"};
    int format;
    int r = choose("format", text, names, sizeof(names) / sizeof(*names), &format);

    if (r == STATUS_DONE)
        options->format = (enum format)format;
    return r;
}

static int set_sort(struct options *options, const char *text)
{
    static const char *const names[] = {[SORT_FIRST] = "first",
                                        [SORT_LAST] = "last",
                                        [SORT_ID] = "id",
                                        [SORT_EVENTS] = "events",
                                        [SORT_LENGTH] = "length"};
    int sort;
    int r = choose("sort", text, names, sizeof(names) / sizeof(*names), &sort);

    if (r == STATUS_DONE)
        options->sort = (enum sort)sort;
    return r;
}

static int set_by(struct options *options, const char *text)
{
    if (strcmp(text, "kind") != 0) {
        report("--by %s: events are counted by kind", text);
        return STATUS_USAGE;
    }
    options->by_kind = true;
    return STATUS_DONE;
}

static int set_trace(struct options *options, const char *text)
{
    if (options->trace) {
        report("%s: one trace at a time, and %s is one", text, options->trace);
        return STATUS_USAGE;
    }
    options->trace = text;
    return STATUS_DONE;
}

static int unknown(const struct verb *verb, int code, char **argv)
{
    const char *word = argv[optind - 1];

    if (code == ':' && !strcmp(word, "-o"))
        report("-o: a value is wanted");
    else if (code == ':')
        report("%s: a value is wanted", word);
    else if (optopt && optopt < CODE_INDEX)
        report("-%c: no option of %s; see gxt help %s", optopt, verb->name, verb->name);
    else if (optopt)
        report("%s: takes no value", word);
    else
        report("%s: no option of %s; see gxt help %s", word, verb->name, verb->name);
    return STATUS_USAGE;
}

/* Options that take a value. */
static int take_value(struct options *options, int code, const char *text)
{
    switch (code) {
    case CODE_OPERAND:
        return set_trace(options, text);
    case CODE_INDEX:
        options->index = text;
        return STATUS_DONE;
    case CODE_FROM:
        return set_when(&options->from, "from", text);
    case CODE_TO:
        return set_when(&options->to, "to", text);
    case CODE_AT:
        return set_when(&options->at, "at", text);
    case CODE_GOROUTINE:
        return add_id(&options->filter.goroutines, "goroutine", text);
    case CODE_PROC:
        return add_id(&options->filter.procs, "proc", text);
    case CODE_THREAD:
        return add_id(&options->filter.threads, "thread", text);
    case CODE_KIND:
        return add_kinds(&options->filter, text);
    case CODE_LIMIT:
        return set_limit(options, text);
    case CODE_FORMAT:
        return set_format(options, text);
    case CODE_SORT:
        return set_sort(options, text);
    case CODE_THREADS:
        return set_threads(options, text);
    default:
        return set_by(options, text);
    }
}

/* Options that stand alone. Return: whether @code is one. */
static bool take_switch(struct options *options, int code)
{
    switch (code) {
    case CODE_NO_INDEX:
        options->no_index = true;
        return true;
    case CODE_FORCE:
        options->force = true;
        return true;
    case CODE_PROGRESS:
        options->progress = PROGRESS_ALWAYS;
        return true;
    case CODE_NO_PROGRESS:
        options->progress = PROGRESS_NEVER;
        return true;
    case CODE_JSON:
        options->json = true;
        return true;
    case CODE_EXACT:
        options->estimate = false;
        return true;
    case CODE_ESTIMATE:
        options->estimate = true;
        return true;
    case CODE_DEEP:
        options->deep = true;
        return true;
    case CODE_STATUS:
        options->status = true;
        return true;
    case CODE_FOLLOW:
        options->follow = true;
        return true;
    case CODE_RECOVER:
        options->recover = true;
        return true;
    case CODE_HELP:
        options->is_help = true;
        return true;
    default:
        return false;
    }
}

bool options_is_stdin(const struct options *options)
{
    return options->trace && !strcmp(options->trace, "-");
}

/* What getopt_long() cannot see. */
static int check(const struct verb *verb, const struct options *options)
{
    if (!options->trace)
        report("%s: which trace? See gxt help %s", verb->name, verb->name);
    else if (options_is_stdin(options) && !takes(verb, "no-index"))
        report("%s -: an index is of a file, not of standard input", verb->name);
    else if (options->index && !strcmp(options->index, "-"))
        report("-: an index is a file, not standard input or output");
    else if (options->index && !*options->index)
        report("--index: a file name is wanted");
    else if (options->index && options->no_index)
        report("--index and --no-index contradict each other");
    else if (options->index && options_is_stdin(options))
        report("--index: an index is of a file, not of standard input");
    else if (options->status && (options->follow || options->force))
        report("--status builds nothing: it goes with neither --force nor --follow");
    else if (takes(verb, "at") && !takes(verb, "sort") && options->at.form == WHEN_NONE)
        report("%s: at which instant? Give --at T", verb->name);
    else
        return STATUS_DONE;
    return STATUS_USAGE;
}

int options_parse(const struct verb *verb, int argc, char **argv, struct options *ret)
{
    struct option selected[N_OPTIONS + 1];
    int code, r = STATUS_DONE;

    *ret = (struct options){0};
    select_options(verb, selected);
    opterr = 0;
    /* '-': words that are no options come as they stand, whatever POSIXLY_CORRECT says; ':': a missing value is told
     * from an unknown option. */
    while (r == STATUS_DONE &&
           (code = getopt_long(argc, argv, takes(verb, "output") ? "-:o:h" : "-:h", selected, NULL)) != -1) {
        if (code == 'h')
            code = CODE_HELP;
        if (code == 'o')
            code = CODE_INDEX;
        if (code == '?' || code == ':')
            r = unknown(verb, code, argv);
        else if (!take_switch(ret, code))
            r = take_value(ret, code, optarg);
    }
    for (; r == STATUS_DONE && optind < argc; optind++)
        r = set_trace(ret, argv[optind]);
    return r != STATUS_DONE || ret->is_help ? r : check(verb, ret);
}

void options_done(struct options *options)
{
    filter_done(&options->filter);
}
