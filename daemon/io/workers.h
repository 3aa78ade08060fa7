#ifndef DAEMON_IO_WORKERS_H
#define DAEMON_IO_WORKERS_H

#include <stdint.h>

/* A few threads that share one piece of work after the other: for verify, which is pure and must not
 * make threads itself. */
#define SPREAD_THREADS_MAX 64

struct spread;
/* @threads besides the one that calls; 0: one for each further core. */
int spread_new(uint32_t threads, struct spread **ret);
/* Runs @fn(@arg, 0) to @fn(@arg, @n - 1), part 0 on this thread, and returns when all have returned. One
 * caller at a time. @s is a struct spread, as struct verify_opts wants it. */
void spread_run(void *s, void (*fn)(void *arg, uint32_t i), void *arg, uint32_t n);
void spread_free(struct spread *s); /* NULL is allowed */

#endif
