/* answers.h: what a trace says, taken by a walk when all is well, and everything asked again when something fails.
 *
 * A call that fails must fail with the one code that is expected, and with words; one that does not must answer right.
 * After a call that failed the next one must be as good as ever.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <gxt/gxt.h>

#define ANY_CODE 1

/** Ends the test with words and status 1. */
_Noreturn void wrong(const char *what, int64_t number);

/** What may fail, how a call is made to, and how often one did. */
struct failing {
    int code;          /**< of the calls that fail; 0: none may */
    void (*arm)(void); /**< before a call of the library; may be NULL */
    void (*disarm)(void);
    uint64_t n_failed; /**< calls */
};

/** Walks the trace and keeps all events, and the states and goroutines. */
void answers_take(const char *trace_path);
void answers_done(void);
/** The code with which a walk, and so a build, ends. */
int answers_end(void);
/** The number of events. */
uint64_t answers_n(void);

/** Holds a call's return against what may fail. Return: whether it succeeded. */
bool call_succeeded(struct failing *failing, int r, const struct gxt_error *error);

/** Copies a file. */
void answers_copy(const char *from_path, const char *to_path);

/** Opens the trace, and its index if @index_path is not NULL, and asks. @complete: the index must be. */
void answers_check(const char *trace_path, const char *index_path, bool complete, struct failing *failing);
/** Asks a cursor everything. @trace may be another opening than that of the truth. */
void answers_ask_cursor(struct gxt_trace *trace, const struct gxt_index *index, struct failing *failing);
/** Asks for all goroutines. */
void answers_ask_goroutines(struct gxt_trace *trace, const struct gxt_index *index, struct failing *failing);
/** Asks all that and more of an index that is open. */
void answers_ask(struct gxt_trace *trace, const struct gxt_index *index, struct failing *failing);

#endif
