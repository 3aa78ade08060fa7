#ifndef DAEMON_IO_HTTP_RECV_H
#define DAEMON_IO_HTTP_RECV_H

#include "daemon/io/http_head.h"

/* libmicrohttpd has no place where a request could be looked at before it is parsed, and answers some wrong heads by
 * itself and wrongly (the head of the answer twice). So its recv() is the one of http_recv.c, in place of the C
 * library's: while this is set, on this thread, what comes from a connection goes through its struct http_head. */
extern _Thread_local struct http_head *(*http_recv_head)(
	void *ctx, int fd); /* NULL: no head for this descriptor */
extern _Thread_local void *http_recv_ctx;

#endif
