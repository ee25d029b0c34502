/* events.h: the bytes of events and of batches, for traces that tests make.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "wire.h"

/* Raw states: Go's tracev2.GoStatus and tracev2.ProcStatus. */
enum {
    RUNNABLE = 1,
    RUNNING = 2,
    SYSCALL = 3,
    WAITING = 4,
    P_RUNS = 1,
    P_IDLES = 2,
    P_ABANDONED = 4
};

static void put_event(struct buf *to, uint8_t type, const uint64_t *numbers, size_t n)
{
    buf_put_u8(to, type);
    for (size_t i = 0; i < n; i++)
        buf_put_varint(to, numbers[i]);
}

/* An event: ticks since the one before it, then its arguments. */
#define EVENT(to, type, ...)                                                                                           \
    put_event((to), (type), (const uint64_t[]){__VA_ARGS__}, sizeof(const uint64_t[]){__VA_ARGS__} / sizeof(uint64_t))

/* A batch of what was put in @data, which is emptied. */
static void put_batch(struct buf *trace, uint64_t generation, uint64_t thread, uint64_t time, struct buf *data)
{
    put_event(trace, WIRE_EVENT_BATCH, (const uint64_t[]){generation, thread, time, data->size}, 4);
    buf_put(trace, data->at, data->size);
    data->size = 0;
}

#endif
