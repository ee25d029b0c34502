/* mutate.h: changes to traces that leave them traces: lengths are right, batches are whole.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>
#include <stdint.h>

/** What changes bytes that are no batches of events: libFuzzer's own, or a test's. Return: their size afterwards. */
typedef size_t mutate_bytes(uint8_t *data, size_t size, size_t max_size);

/**
 * mutate() - change a trace of Go 1.22 or later
 * @data:   of @size bytes, room for @max_size
 * @dice:   same dice, same change
 * @bytes:  called for what has no better way
 *
 * An event's argument, kind or place; a batch's thread, time, generation or place; a whole generation, once more or not
 * at all; the bytes of a table. What was written is read again and compared.
 *
 * Return: the size afterwards.
 */
size_t mutate(uint8_t *data, size_t size, size_t max_size, uint64_t dice, mutate_bytes *bytes);

#endif
