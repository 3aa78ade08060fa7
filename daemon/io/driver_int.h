#ifndef DAEMON_IO_DRIVER_INT_H
#define DAEMON_IO_DRIVER_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/exchange/node.h"
#include "daemon/io/driver.h"
#include "daemon/io/guardfile.h"
#include "daemon/io/http.h"
#include "daemon/io/keyring.h"
#include "daemon/io/pool.h"
#include "daemon/io/storeq.h"
#include "daemon/io/unlinked.h"
#include "daemon/writer/halt.h"

/* What the files of the driver share.
 *
 *	driver.c	start, events to the node, effects, stop
 *	driver_conn.c	TCP connections
 *	driver_store.c	jobs: checked side by side on the pool, queued in order, results back on the loop
 *	driver_web.c	services for the handlers of daemon/web, and the HTTP sockets */

#define LOG_BUDGETS   256 /* addresses share them */
#define CONN_NAME_MAX 64

struct conn {
	uv_tcp_t tcp;
	uint32_t source; /* of one address always the same */
	uv_connect_t connect;
	struct driver *d;
	uint32_t id;
	bool open; /* the node knows it */
	bool lost; /* and gets EV_CLOSED */
	bool closing;
	bool dialled;
	bool received; /* it has sent something */
};

struct ingest; /* a job on its way to the store thread, driver_store.c */

struct driver {
	uv_loop_t *loop;
	const struct dir *dir;
	struct kv *kv;
	struct guardfile *guardfile;
	struct writer *writer;
	struct storeq *storeq;
	struct web_services services;
	struct pool *pool;	 /* handlers of requests */
	struct keyring *keyring; /* keys of people */
	struct http *http_local, *http_public;
	struct halt halted;
	atomic_bool broken;

	pthread_mutex_t node_lock; /* the API reads links, alarms and @unlinked from the pool */
	enum unlinked unlinked;	   /* why the last connection to the hub ended, or there was none */
	char unlinked_said[200];   /* by the node when it ended that; for those who mend it */
	struct node *node;
	struct effects *fx;
	bool feeding;
	struct log_budget {
		uint64_t ms;	   /* when it was last filled up */
		uint32_t left;	   /* lines that may be written */
		uint64_t unlogged; /* lines that were not, since the last that was */
	} strangers, peers[LOG_BUDGETS];

	uv_tcp_t listener;
	uv_timer_t tick;
	uv_async_t wake;
	uv_getaddrinfo_t resolve;
	bool listening, resolving;
	bool backlog;	/* a connection waits until another ends, or BACKLOG_MS */
	int dial_error; /* the dial just asked for failed at once */
	uint32_t dials;
	struct conn **conns; /* by id */
	uint32_t nconns;
	char read_buf[65536];

	struct ingest *first, *last; /* jobs in the order the node gave them */
	struct ingest *unchecked;    /* the first of them whose check has not begun */
	uint32_t checking;	     /* checks in the pool */
	size_t check_bytes;	     /* held by checks, begun or done */
	pthread_mutex_t done_lock;
	struct ingest *done; /* finished, newest first */
	struct guard head;   /* newest sealed own head, under done_lock */
	atomic_bool grew;

	/* closing */
	uint32_t pending; /* handles and requests that can still call back */
	bool closing;
	void (*closed)(void *ctx);
	void *closed_ctx;
};

void driver_feed(struct driver *d, struct event *ev);
void driver_schedule(struct driver *d); /* the next tick, after @backlog or the node has changed */
void driver_release(struct driver *d);	/* one handle or request has gone */
void driver_break(struct driver *d);	/* the process cannot go on; any thread */

int driver_conn_listen(struct driver *d, struct errmsg *msg);
void driver_conn_resume(struct driver *d); /* accepts what there was no room for */
void driver_conn_dial(struct driver *d);
void driver_conn_dialled(struct driver *d); /* EV_DIAL_FAILED when the dial failed at once */
void driver_conn_send(struct driver *d, uint32_t id, struct bytes b);
void driver_conn_drop(struct driver *d, uint32_t id);
void driver_conn_unlinked(struct driver *d, enum unlinked why);
void driver_conn_said(struct driver *d, const struct effect *fx); /* FX_CLOSE */
uint32_t driver_conn_source(const struct driver *d, uint32_t id); /* 0: not known */
/* The address of the other end; empty: not known. */
void driver_conn_name(struct driver *d, uint32_t id, char ret[CONN_NAME_MAX]);
void driver_conn_close_all(struct driver *d);

void driver_store_job(struct driver *d, struct job *j);
void driver_store_drain(struct driver *d);  /* results waiting: feed them */
void driver_store_on_grew(void *ctx);	    /* store thread */
void driver_store_finish(struct driver *d); /* after storeq_stop: free what came back */

int driver_web_start(struct driver *d, struct errmsg *msg);
void driver_web_close(struct driver *d);

#endif
