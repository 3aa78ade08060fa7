#ifndef DAEMON_IO_WORKERS_H
#define DAEMON_IO_WORKERS_H

#include <stdint.h>

/* A few threads that share one piece of work after the other: for verify, which is pure and must not
 * make threads itself. */
#define WORKERS_MAX 64

struct workers;
/* @threads besides the one that calls; 0: one for each further core. */
int workers_new(uint32_t threads, struct workers **ret);
/* Runs @fn(@arg, 0) to @fn(@arg, @n - 1), part 0 on this thread, and returns when all have returned. One
 * caller at a time. @s is a struct workers, as struct verify_opts wants it. */
void workers_run(void *s, void (*fn)(void *arg, uint32_t i), void *arg, uint32_t n);
void workers_free(struct workers *s); /* NULL is allowed */

#endif
