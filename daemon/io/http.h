#ifndef DAEMON_IO_HTTP_H
#define DAEMON_IO_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/io/http_hosts.h"
#include "daemon/io/pool.h"
#include "daemon/io/waiting.h"
#include "lib/err.h"

/* A thin strict module over libmicrohttpd: its epoll descriptor in a uv_poll_t of @loop, handlers of
 * daemon/web on the threads of a pool with the connection suspended meanwhile; what they wait for, no thread does. No libmicrohttpd type
 * leaves this file. Heads of requests are read strictly before the library sees them (http_head.h); refused are
 * also lengths over the route's limit before the body is read, and headers that take too long. HEAD is GET
 * without the body.
 *
 * When all connections are taken, of one address or in all, the one that has been idle for longest gives way: it
 * has no request, and its client may come again. */
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
	/* TCP: accepted Host besides localhost, private addresses and the address at which the connection
	 * arrived; NULL ends the list */
	const char *host[HTTP_HOSTS_MAX];
	uint32_t header_ms, body_ms; /* 0: HTTP_HEADER_S, HTTP_BODY_S */
	struct pool *pool;
	void (*await)(void *ctx, struct waiting *x); /* of the services; any thread */
};
/* @services and the pool are borrowed until http_close's callback. */
int http_start(uv_loop_t *loop, const struct http_opts *o, const struct web_services *services,
	       struct http **ret, struct errmsg *msg);
/* Stops listening, lets running handlers end, then calls @cb; @h is freed after it. */
void http_close(struct http *h, void (*cb)(void *ctx), void *ctx);

#endif
