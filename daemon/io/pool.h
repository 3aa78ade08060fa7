#ifndef DAEMON_IO_POOL_H
#define DAEMON_IO_POOL_H

#include <stdint.h>

/* Threads that run what is queued, in that order. They are not those of the loop, because work is queued from the store
 * thread, too, and none of it waits for anything but the disk. */
struct pool;
struct pool_work {
	struct pool_work *next;
	void (*run)(void *arg);
	void *arg;
};
int pool_new(uint32_t threads, struct pool **ret);
/* Any thread. @w lives until @run returns or frees it. */
void pool_put(struct pool *p, struct pool_work *w);
/* Runs what is queued, then ends the threads. NULL is allowed. */
void pool_free(struct pool *p);

#endif
