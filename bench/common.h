/* common.h: what the benches share: a clock, the memory watch, the header line.
 */
#ifndef COMMON_H
#define COMMON_H

#include <gxt/gxt.h>
#include <pthread.h>
#include <stdatomic.h>

/** Seconds on a clock that never goes back. */
double bench_now(void);

/** bench_header() - what a figure depends on, one line on stderr: compiler, processor, trace and its bytes */
void bench_header(const char *bench, const char *path, const struct gxt_trace *trace);

/** bench_fail() - a sentence on stderr. @error may be NULL. Return: 1, the exit status. */
int bench_fail(const char *what, int code, const struct gxt_error *error);

/** bench_number() - a whole option argument that is a number from 1 on. Return: 0, or -1. */
int bench_number(const char *text, uint64_t *ret);

/** Peak anonymous memory, looked at every 10 ms by a thread of its own. */
struct bench_memory {
    pthread_t thread;
    atomic_bool stop;
    uint64_t peak_bytes; /**< the thread's until bench_memory_stop() */
};

/** bench_memory_start() - begin to watch. Return: 0, or -1 when the system gives no thread. */
int bench_memory_start(struct bench_memory *memory);

/** bench_memory_stop() - look once more and end. Return: the peak in bytes; 0 where the system does not tell. */
uint64_t bench_memory_stop(struct bench_memory *memory);

#endif
