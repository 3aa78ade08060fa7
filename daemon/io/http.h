#ifndef DAEMON_IO_HTTP_H
#define DAEMON_IO_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/web/api.h"
#include "lib/err.h"

/* A thin strict module over libmicrohttpd: its epoll descriptor in a uv_poll_t of @loop, handlers of
 * daemon/web on the loop's thread pool with the connection suspended meanwhile. No libmicrohttpd type
 * leaves this file. Refuses Transfer-Encoding, repeated or missing Host, lengths over the route's limit
 * before the body is read, and headers that take too long. */
#define HTTP_CONNS_MAX	       256
#define HTTP_CONNS_PER_ADDRESS 16
#define HTTP_HEADER_S	       20
#define HTTP_BODY_S	       120 /* for a whole body to arrive, or an answer to leave */
#define HTTP_IDLE_S	       15
#define HTTP_POOL_BYTES	       16384

struct http;
struct http_opts {
	int fd;	    /* listening socket, taken */
	bool local; /* a Unix socket: local administration */
	const char
		*host; /* TCP: accepted Host besides private addresses and localhost; may be NULL */
	uint32_t header_ms, body_ms; /* 0: HTTP_HEADER_S, HTTP_BODY_S */
};
/* @services is borrowed until http_close's callback. */
int http_start(uv_loop_t *loop, const struct http_opts *o, const struct web_services *services,
	       struct http **ret, struct errmsg *msg);
/* Stops listening, lets running handlers end, then calls @cb; @h is freed after it. */
void http_close(struct http *h, void (*cb)(void *ctx), void *ctx);

#endif
