#ifndef DAEMON_IO_DRIVER_H
#define DAEMON_IO_DRIVER_H

#include <uv.h>

#include "daemon/io/dir.h"
#include "daemon/web/api/api.h"
#include "lib/err.h"

/* The driver: turns sockets, timers and finished store jobs into events for the node, and does what its
 * effects say. It decides nothing. One per process. */
struct driver;

/* Opens the store, checks the guard and starts everything on @loop. @dir is borrowed. A node that must not
 * write (its store is older than its guard) still serves its local API: see driver_halted. */
int driver_start(uv_loop_t *loop, const struct dir *dir, struct driver **ret, struct errmsg *msg);
/* Begins to stop: CLOSE to peers, queued work finished. @closed is called when nothing is left that could
 * call back; then driver_free. */
void driver_close(struct driver *d, void (*closed)(void *ctx), void *ctx);
void driver_free(struct driver *d);
const struct halt *driver_halted(const struct driver *d); /* NULL: the node writes */
/* True after a failed sync: the process must end and start anew. */
bool driver_broken(const struct driver *d);

#endif
