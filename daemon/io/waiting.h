#ifndef DAEMON_IO_WAITING_H
#define DAEMON_IO_WAITING_H

#include "daemon/web/api/api.h"

/* A request whose handler waits. @done is called once, on any thread, when the results are in @w; it must not block. */
struct waiting {
	struct waiting *next; /* of the queue that holds it */
	struct web_wait *w;
	void (*done)(void *arg);
	void *arg;
};

#endif
