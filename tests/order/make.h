/* make.h: traces made for what a snapshot inside a generation must tell.
 */
#ifndef MAKE_H
#define MAKE_H

#include "../events.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Names in every generation's table. */
enum {
    NAME_A = 1,
    NAME_B,
    NAME_C
};

/* What each generation has: a clock of a tick a nanosecond, and the names. */
static void put_tables(struct buf *trace, uint64_t generation)
{
    struct buf data = {0};

    put_event(&data, WIRE_FREQUENCY, (const uint64_t[]){1000000000}, 1);
    put_batch(trace, generation, UINT64_MAX, generation * 1000000, &data);
    buf_put_u8(&data, WIRE_STRINGS);
    for (uint64_t name = NAME_A; name <= NAME_C; name++) {
        put_event(&data, WIRE_STRING, (const uint64_t[]){name, 1}, 2);
        buf_put_u8(&data, (uint8_t)('a' + name - NAME_A));
    }
    put_batch(trace, generation, UINT64_MAX, 0, &data);
    buf_done(&data);
}

static void begin_trace(struct buf *trace)
{
    *trace = (struct buf){0};
    buf_put(trace, "go 1.23 trace\0\0\0", 16);
}

/* Writes it to a file, whose name is @path's then, as mkstemp() takes it. */
static void write_trace(struct buf *trace, char *path)
{
    const int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    cr_assert(!trace->failed);
    cr_assert_eq(write(fd, trace->at, trace->size), (ssize_t)trace->size);
    close(fd);
    buf_done(trace);
}

/* Goroutine 1 runs on processor 1, which thread 5 has. It ends with four goroutines more, three of them with regions;
 * ranges of it and of the processor are open, and tasks 10, 11 and 12. */
static void put_first_of_thread_5(struct buf *trace)
{
    struct buf data = {0};

    EVENT(&data, WIRE_PROC_STATUS, 1, 1, P_RUNS);
    EVENT(&data, WIRE_GO_STATUS, 1, 1, 5, RUNNING);
    EVENT(&data, WIRE_GC_BEGIN, 1, 5, 0);
    EVENT(&data, WIRE_USER_TASK_BEGIN, 1, 10, 0, NAME_A, 0);
    EVENT(&data, WIRE_USER_TASK_BEGIN, 1, 11, 10, NAME_B, 0);
    EVENT(&data, WIRE_USER_TASK_BEGIN, 1, 12, 0, NAME_C, 0);
    EVENT(&data, WIRE_USER_REGION_BEGIN, 1, 10, NAME_A, 0);
    EVENT(&data, WIRE_USER_REGION_BEGIN, 1, 10, NAME_B, 0);
    for (uint64_t g = 2; g <= 5; g++)
        EVENT(&data, WIRE_GO_CREATE, 1, g, 0, 0);
    EVENT(&data, WIRE_GO_STOP, 1, NAME_A, 0);
    for (uint64_t g = 2; g <= 4; g++) {
        EVENT(&data, WIRE_GO_START, 1, g, 1);
        EVENT(&data, WIRE_USER_REGION_BEGIN, 1, 11, NAME_A, 0);
        EVENT(&data, WIRE_USER_REGION_BEGIN, 1, 12, NAME_C, 0);
        EVENT(&data, WIRE_GO_STOP, 1, NAME_A, 0);
    }
    EVENT(&data, WIRE_GO_START, 1, 1, 1);
    EVENT(&data, WIRE_GC_MARK_ASSIST_BEGIN, 1, 0);
    EVENT(&data, WIRE_GC_SWEEP_BEGIN, 1, 0);
    put_batch(trace, 1, 5, 1000000, &data);
    buf_done(&data);
}

/* Thread 6 lays processor 2 down, thread 7 has processor 3 in a system call. */
static void put_first_of_others(struct buf *trace)
{
    struct buf data = {0};

    EVENT(&data, WIRE_PROC_STATUS, 1, 2, P_RUNS);
    EVENT(&data, WIRE_GC_SWEEP_BEGIN, 1, 0);
    EVENT(&data, WIRE_GC_SWEEP_END, 1, 100, 100);
    EVENT(&data, WIRE_PROC_STOP, 1);
    put_batch(trace, 1, 6, 1000100, &data);
    EVENT(&data, WIRE_PROC_STATUS, 1, 3, P_RUNS);
    EVENT(&data, WIRE_GO_STATUS, 1, 7, 7, RUNNING);
    EVENT(&data, WIRE_GO_SYSCALL_BEGIN, 1, 1, 0);
    put_batch(trace, 1, 7, 1000200, &data);
    buf_done(&data);
}

/* More than is told of later: threads, their processors and goroutines, with regions and tasks. */
static void put_idle(struct buf *trace, unsigned n)
{
    struct buf data = {0};

    for (uint64_t i = 0; i < n; i++) {
        const uint64_t id = 100 + i * i * 1000;
        EVENT(&data, WIRE_PROC_STATUS, 1, id, P_RUNS);
        EVENT(&data, WIRE_GO_STATUS, 1, id, id, RUNNING);
        EVENT(&data, WIRE_USER_TASK_BEGIN, 1, id, 0, NAME_B, 0);
        EVENT(&data, WIRE_USER_REGION_BEGIN, 1, id, NAME_B, 0);
        put_batch(trace, 1, id, 1000300 + i, &data);
    }
    buf_done(&data);
}

/* Thread 5 goes on: what began before ends, and of each kind more begins. */
static void put_second_of_thread_5(struct buf *trace)
{
    struct buf data = {0};

    EVENT(&data, WIRE_PROC_STATUS, 1, 1, P_RUNS);
    EVENT(&data, WIRE_GC_SWEEP_ACTIVE, 0, 1);
    EVENT(&data, WIRE_GO_STATUS, 1, 1, 5, RUNNING);
    EVENT(&data, WIRE_GC_MARK_ASSIST_ACTIVE, 0, 1);
    EVENT(&data, WIRE_USER_REGION_BEGIN, 10, 11, NAME_C, 0);
    EVENT(&data, WIRE_USER_REGION_END, 1, 11, NAME_C, 0);
    EVENT(&data, WIRE_USER_REGION_END, 1, 10, NAME_B, 0);
    EVENT(&data, WIRE_USER_REGION_BEGIN, 1, 11, NAME_B, 0);
    EVENT(&data, WIRE_USER_REGION_END, 1, 11, NAME_B, 0);
    EVENT(&data, WIRE_USER_REGION_END, 1, 10, NAME_A, 0);
    EVENT(&data, WIRE_USER_REGION_END, 1, 10, NAME_A, 0); /* of none */
    EVENT(&data, WIRE_USER_REGION_BEGIN, 1, 0, NAME_C, 0);
    EVENT(&data, WIRE_USER_TASK_END, 1, 11, 0);
    EVENT(&data, WIRE_USER_TASK_BEGIN, 1, 21, 0, NAME_C, 0);
    EVENT(&data, WIRE_USER_TASK_BEGIN, 1, 20, 10, NAME_A, 0);
    EVENT(&data, WIRE_USER_TASK_END, 1, 77, 0); /* of none */
    EVENT(&data, WIRE_USER_TASK_END, 1, 10, 0);
    EVENT(&data, WIRE_USER_TASK_BEGIN, 1, 10, 21, NAME_B, 0);
    EVENT(&data, WIRE_USER_TASK_END, 1, 20, 0);
    EVENT(&data, WIRE_GC_MARK_ASSIST_END, 1);
    EVENT(&data, WIRE_GC_SWEEP_END, 1, 1, 1);
    EVENT(&data, WIRE_GC_END, 1, 6);
    EVENT(&data, WIRE_STW_BEGIN, 1, NAME_B, 0);
    EVENT(&data, WIRE_STW_END, 1);
    EVENT(&data, WIRE_GO_STATUS, 1, 3, UINT64_MAX, RUNNABLE);
    EVENT(&data, WIRE_GO_STATUS, 1, 4, UINT64_MAX, RUNNABLE);
    EVENT(&data, WIRE_GO_STATUS, 1, 2, UINT64_MAX, RUNNABLE);
    EVENT(&data, WIRE_GO_STOP, 1, NAME_A, 0);
    EVENT(&data, WIRE_GO_START, 1, 2, 1);
    EVENT(&data, WIRE_GO_DESTROY, 1);
    EVENT(&data, WIRE_GO_START, 1, 4, 1);
    EVENT(&data, WIRE_USER_REGION_END, 1, 12, NAME_C, 0);
    EVENT(&data, WIRE_GO_CREATE, 1, 2, 0, 0); /* another one */
    EVENT(&data, WIRE_GO_CREATE, 1, 50, 0, 0);
    EVENT(&data, WIRE_GO_DESTROY, 1);
    EVENT(&data, WIRE_GO_START, 1, 2, 1);
    EVENT(&data, WIRE_USER_REGION_BEGIN, 1, 21, NAME_B, 0);
    EVENT(&data, WIRE_GO_STOP, 1, NAME_A, 0);
    EVENT(&data, WIRE_GO_START, 1, 50, 1);
    EVENT(&data, WIRE_USER_REGION_END, 1, 21, NAME_B, 0); /* of none */
    EVENT(&data, WIRE_GC_MARK_ASSIST_BEGIN, 1, 0);
    EVENT(&data, WIRE_GO_CREATE, 1, 4, 0, 0);
    EVENT(&data, WIRE_GO_SYSCALL_BEGIN, 1, 1, 0);
    EVENT(&data, WIRE_GO_SYSCALL_END, 1);
    put_batch(trace, 2, 5, 2000000, &data);
    buf_done(&data);
}

/* Thread 6 robs thread 7, which does nothing; thread 8 comes with a processor that was not there. */
static void put_second_of_others(struct buf *trace)
{
    struct buf data = {0};

    EVENT(&data, WIRE_PROC_STATUS, 20, 3, P_ABANDONED);
    EVENT(&data, WIRE_PROC_STEAL, 5, 3, 1, 7);
    EVENT(&data, WIRE_PROC_START, 1, 3, 2);
    EVENT(&data, WIRE_GC_SWEEP_BEGIN, 1, 0);
    EVENT(&data, WIRE_HEAP_ALLOC, 30, 4096);
    put_batch(trace, 2, 6, 2000000, &data);
    EVENT(&data, WIRE_PROC_STATUS, 1, 9, P_IDLES);
    EVENT(&data, WIRE_PROC_START, 5, 9, 1);
    EVENT(&data, WIRE_HEAP_ALLOC, 3, 8192);
    EVENT(&data, WIRE_PROC_STOP, 40);
    put_batch(trace, 2, 8, 2000000, &data);
    buf_done(&data);
}

/* What shows whether all of it was known. */
static void put_third(struct buf *trace)
{
    struct buf data = {0};

    EVENT(&data, WIRE_PROC_STATUS, 1, 1, P_RUNS);
    EVENT(&data, WIRE_GO_STATUS, 1, 50, 5, RUNNING);
    EVENT(&data, WIRE_GC_MARK_ASSIST_ACTIVE, 0, 50);
    EVENT(&data, WIRE_GC_MARK_ASSIST_END, 1);
    EVENT(&data, WIRE_GC_BEGIN, 1, 7, 0);
    for (uint64_t task = 10; task <= 12; task++)
        EVENT(&data, WIRE_USER_TASK_END, 1, task, 0);
    EVENT(&data, WIRE_USER_TASK_END, 1, 21, 0);
    EVENT(&data, WIRE_GO_STOP, 1, NAME_A, 0);
    for (uint64_t g = 1; g <= 3; g++) {
        EVENT(&data, WIRE_GO_STATUS, 1, g, UINT64_MAX, RUNNABLE);
        EVENT(&data, WIRE_GO_START, 1, g, 1);
        if (g == 1)
            EVENT(&data, WIRE_USER_REGION_END, 1, 0, NAME_C, 0);
        if (g == 2)
            EVENT(&data, WIRE_USER_REGION_END, 1, 21, NAME_B, 0);
        if (g == 3)
            EVENT(&data, WIRE_USER_REGION_END, 1, 12, NAME_C, 0);
        EVENT(&data, WIRE_USER_REGION_END, 1, 11, NAME_A, 0); /* of goroutine 3 alone */
        EVENT(&data, WIRE_GO_STOP, 1, NAME_A, 0);
    }
    put_batch(trace, 3, 5, 3000000, &data);
    EVENT(&data, WIRE_PROC_STATUS, 1, 2, P_IDLES);
    EVENT(&data, WIRE_PROC_STATUS, 1, 3, P_RUNS);
    EVENT(&data, WIRE_GC_SWEEP_ACTIVE, 0, 3);
    EVENT(&data, WIRE_GC_SWEEP_END, 1, 1, 1);
    put_batch(trace, 3, 6, 3000000, &data);
    EVENT(&data, WIRE_GO_STATUS, 1, 7, 7, SYSCALL);
    EVENT(&data, WIRE_GO_SYSCALL_END_BLOCKED, 1);
    put_batch(trace, 3, 7, 3000000, &data);
    buf_done(&data);
}

/* Three generations. @n_idle: threads, processors, goroutines and tasks that are there from the start, and do no more.
 */
static void make_eventful(char *path, unsigned n_idle)
{
    struct buf trace;

    begin_trace(&trace);
    put_tables(&trace, 1);
    put_idle(&trace, n_idle);
    put_first_of_thread_5(&trace);
    put_first_of_others(&trace);
    put_tables(&trace, 2);
    put_second_of_thread_5(&trace);
    put_second_of_others(&trace);
    put_tables(&trace, 3);
    put_third(&trace);
    write_trace(&trace, path);
}

/* The @i-th of many goroutines whose ids lie far from one another. */
static uint64_t sparse_id(uint64_t i)
{
    return 10 + i * i * i * UINT64_C(101);
}

enum {
    N_SPARSE = 3000,
    N_DENSE = 2500,
    FIRST_DENSE = 5000000,
    EVENTS_OF_BATCH = 4000
};

static void put_events_in_batches(struct buf *trace, uint64_t generation, struct buf *data, uint64_t i)
{
    if (i % EVENTS_OF_BATCH == EVENTS_OF_BATCH - 1)
        put_batch(trace, generation, 5, generation * 1000000 + 3 * i, data);
}

/* Goroutine 1 runs on processor 1, which thread 5 has. */
static void begin_generation(struct buf *trace, uint64_t generation, struct buf *data)
{
    put_tables(trace, generation);
    EVENT(data, WIRE_PROC_STATUS, 1, 1, P_RUNS);
    EVENT(data, WIRE_GO_STATUS, 1, 1, 5, RUNNING);
}

/* Thousands of goroutines whose ids lie far from one another; then one in seven of them does something, and thousands
 * come whose ids do not. */
static void make_sparse(char *path)
{
    struct buf trace, data = {0};

    begin_trace(&trace);
    begin_generation(&trace, 1, &data);
    for (uint64_t i = 0; i < N_SPARSE; i++) {
        EVENT(&data, WIRE_GO_CREATE_BLOCKED, 1, sparse_id(i), 0, 0);
        put_events_in_batches(&trace, 1, &data, i);
    }
    put_batch(&trace, 1, 5, 1500000, &data);
    begin_generation(&trace, 2, &data);
    for (uint64_t i = 0; i < N_SPARSE; i++) {
        EVENT(&data, WIRE_GO_CREATE, 1, FIRST_DENSE + i, 0, 0);
        if (i % 7 == 0) {
            EVENT(&data, WIRE_GO_STATUS, 1, sparse_id(i), UINT64_MAX, WAITING);
            EVENT(&data, WIRE_GO_UNBLOCK, 1, sparse_id(i), 1, 0);
        }
        put_events_in_batches(&trace, 2, &data, i);
    }
    put_batch(&trace, 2, 5, 2500000, &data);
    buf_done(&data);
    write_trace(&trace, path);
}

/* A boundary behind goroutines whose ids rise by one. */
static void make_dense(char *path, uint64_t first_id, uint64_t n)
{
    struct buf trace, data = {0};

    begin_trace(&trace);
    begin_generation(&trace, 1, &data);
    for (uint64_t i = 0; i < n; i++) {
        EVENT(&data, WIRE_GO_CREATE_BLOCKED, 1, first_id + i, 0, 0);
        put_events_in_batches(&trace, 1, &data, i);
    }
    put_batch(&trace, 1, 5, 1500000, &data);
    put_tables(&trace, 2);
    buf_done(&data);
    write_trace(&trace, path);
}

#endif
