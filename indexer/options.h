/* options.h: the command line.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "filter.h"
#include "when.h"

/** How cat prints. */
enum format {
    FORMAT_TEXT = 0,
    FORMAT_NDJSON,
    FORMAT_CSV,
};

/** How goroutines are sorted. */
enum sort {
    SORT_FIRST = 0,
    SORT_LAST,
    SORT_ID,
    SORT_EVENTS,
    SORT_LENGTH,
};

/** Whether a progress bar is drawn. */
enum progress_wish {
    PROGRESS_ON_TERMINAL = 0,
    PROGRESS_ALWAYS,
    PROGRESS_NEVER,
};

/** All options of all verbs. All zero are the defaults. */
struct options {
    const char *trace;
    const char *index; /**< --index, -o; NULL: where gxt_index_path() says */
    struct when from, to, at;
    struct filter filter;
    uint64_t limit;
    bool has_limit;
    bool is_help; /**< --help was given: nothing else counts */
    bool no_index, force, json, by_kind, deep, status, follow, estimate, recover;
    enum format format;
    enum sort sort;
    enum progress_wish progress;
    unsigned threads; /**< 0: as many as there are processors */
};

/** options_is_stdin() - whether the trace is "-", standard input */
bool options_is_stdin(const struct options *options);

/** A verb: a word, what it does, and the options that it takes. */
struct verb {
    const char *name;
    int (*run)(const struct options *options); /**< Return: an exit status. */
    const char *options;                       /**< their long names, each between spaces */
    const char *help;                          /**< what `gxt help VERB` prints */
};

/**
 * options_parse() - read a verb's options and its TRACE, in any order
 * @argv:  the verb first
 * @ret:   filled; free with options_done() in any case
 *
 * What is wrong is said on stderr.
 * Return: STATUS_DONE; STATUS_USAGE; STATUS_FAILED when there is no memory.
 */
int options_parse(const struct verb *verb, int argc, char **argv, struct options *ret);
void options_done(struct options *options);

#endif
