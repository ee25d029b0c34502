/* wall.h: wall clock times as RFC 3339 writes them.
 */
#ifndef WALL_H
#define WALL_H

#include <stdbool.h>
#include <stdint.h>

/** Bytes that hold any time. */
#define WALL_SIZE 64

/**
 * wall_put() - a moment in UTC, as Go's time.RFC3339Nano writes it
 * @sec:   since 1970; any value
 * @nsec:  any value; seconds in it are carried over
 * @at:    room for WALL_SIZE bytes
 *
 * Return: the end of the text, which has no NUL.
 */
char *wall_put(char *at, int64_t sec, int64_t nsec);

/** wall_parse() - "2026-05-01T14:03:07.25Z", or with an offset such as +02:00. Return: whether it is one. */
bool wall_parse(const char *text, int64_t *ret_sec, int64_t *ret_nsec);

#endif
