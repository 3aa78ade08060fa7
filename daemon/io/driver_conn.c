#include <stdio.h>
#include <string.h>

#include "daemon/io/address.h"
#include "daemon/io/driver_int.h"
#include "daemon/io/entropy.h"
#include "daemon/io/log.h"
#include "lib/mem.h"

#define LISTEN_BACKLOG 511

struct write_req {
	uv_write_t req;
	struct conn *c;
	size_t n;
	uint8_t bytes[];
};

static struct conn *conn_of(struct driver *d, uint32_t id)
{
	struct conn *c = id < d->nconns ? d->conns[id] : NULL;

	return c && c->open && !c->closing ? c : NULL;
}

static struct conn *conn_new(struct driver *d)
{
	struct conn *c;
	uint32_t id = 0;

	while (id < d->nconns && d->conns[id])
		id++;
	if (id == NODE_CONNS_MAX)
		return NULL;
	if (id == d->nconns) {
		uint32_t cap = d->nconns ? d->nconns * 2 : 8;
		struct conn **more = mem_resize(d->conns, cap, sizeof(*more));

		if (!more)
			return NULL;
		memset(more + d->nconns, 0, (cap - d->nconns) * sizeof(*more));
		d->conns = more;
		d->nconns = cap;
	}
	c = mem_alloc(sizeof(*c));
	if (!c)
		return NULL;
	c->d = d;
	c->id = id;
	if (uv_tcp_init(d->loop, &c->tcp)) {
		mem_free(c);
		return NULL;
	}
	c->tcp.data = c;
	c->connect.data = c;
	d->conns[id] = c;
	d->pending++;
	return c;
}

static void on_connection(uv_stream_t *s, int status);

static void on_conn_closed(uv_handle_t *h)
{
	struct conn *c = h->data;
	struct driver *d = c->d;
	struct event ev = {.type = EV_CLOSED, .conn = c->id};
	bool notify = c->lost && !d->closing;

	d->conns[c->id] = NULL;
	if (c->dialled && d->unlinked != UNLINKED_WEB)
		driver_conn_unlinked(d, c->received ? UNLINKED_ENDED
					: c->lost   ? UNLINKED_TURNED_AWAY
						    : UNLINKED_SILENT);
	mem_free(c);
	if (notify)
		driver_feed(d, &ev);
	driver_conn_resume(d);
	driver_release(d);
}

/* The one way a connection ends. */
static void conn_drop(struct conn *c)
{
	if (c->closing)
		return;
	c->closing = true;
	uv_close((uv_handle_t *)&c->tcp, on_conn_closed);
}

/* It ended by itself: the node gets EV_CLOSED once the handle is gone. */
static void conn_lost(struct conn *c)
{
	c->lost = c->open && !c->closing;
	conn_drop(c);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct conn *c = h->data;

	(void)suggested;
	/* One buffer for all: what is read is used up before the callback returns. */
	*buf = uv_buf_init(c->d->read_buf, sizeof(c->d->read_buf));
}

void driver_conn_unlinked(struct driver *d, enum unlinked why)
{
	pthread_mutex_lock(&d->node_lock);
	d->unlinked = why;
	pthread_mutex_unlock(&d->node_lock);
}

void driver_conn_said(struct driver *d, const struct effect *fx)
{
	struct conn *c = conn_of(d, fx->conn);

	if (!c || !c->dialled)
		return;
	pthread_mutex_lock(&d->node_lock);
	snprintf(d->unlinked_said, sizeof(d->unlinked_said), "%s", fx->err ? fx->text : "");
	pthread_mutex_unlock(&d->node_lock);
}

/* The first that comes from where the hub should be. */
static void note_first(struct conn *c, const void *p, size_t n)
{
	if (c->dialled && !c->received && unlinked_is_web(p, n)) {
		log_line(LOG_LEVEL_WARN,
			 log_english() ? "exchange: hub %s answers with a web page: not the hub"
				       : "交换：镇级中心地址 %s 返回的是网页，不是镇级中心",
			 c->d->dir->cfg.hub);
		driver_conn_unlinked(c->d, UNLINKED_WEB);
	} else if (c->dialled && !c->received) {
		driver_conn_unlinked(c->d, UNLINKED_NOT);
	}
	c->received = true;
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = s->data;
	struct event ev = {.type = EV_BYTES, .conn = c->id};

	if (c->closing || n == 0)
		return;
	if (n < 0) {
		conn_lost(c);
		return;
	}
	note_first(c, buf->base, (size_t)n);
	ev.bytes = (struct bytes){(const uint8_t *)buf->base, (size_t)n};
	driver_feed(c->d, &ev);
}

/* The peer's address, an IPv6 network of one household or company as one. */
static uint32_t source_of(const struct conn *c)
{
	struct sockaddr_storage at = {0};
	int n = sizeof(at);
	const uint8_t *p = (const uint8_t *)&((struct sockaddr_in *)&at)->sin_addr;
	struct in6_addr v6;

	if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&at, &n))
		return 0;
	if (at.ss_family == AF_INET)
		return be32_get(p);
	v6 = ((struct sockaddr_in6 *)&at)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return be32_get(v6.s6_addr + 12);
	return be32_get(v6.s6_addr) ^ be32_get(v6.s6_addr + 4);
}

static void conn_begin(struct conn *c, enum event_type type)
{
	struct event ev = {.type = type, .conn = c->id};

	c->open = true;
	uv_tcp_nodelay(&c->tcp, 1);
	entropy_fill(ev.entropy, sizeof(ev.entropy));
	ev.source = c->source = source_of(c);
	driver_feed(c->d, &ev);
	secret_wipe(ev.entropy, sizeof(ev.entropy));
	if (!c->closing && uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read))
		conn_lost(c);
}

static void on_connection(uv_stream_t *s, int status)
{
	struct driver *d = s->data;
	struct conn *c;

	if (status || d->closing)
		return;
	c = conn_new(d);
	/* libuv reports no other connection until this one is accepted: when one has ended, or after a while
	 * when there was no memory */
	d->backlog = !c;
	if (!c) {
		log_line(LOG_LEVEL_WARN, log_english() ? "exchange: no room for another connection"
						       : "交换：连接已满");
		driver_schedule(d);
		return;
	}
	if (uv_accept(s, (uv_stream_t *)&c->tcp))
		conn_drop(c);
	else
		conn_begin(c, EV_ACCEPT);
}

void driver_conn_resume(struct driver *d)
{
	if (d->backlog && !d->closing)
		on_connection((uv_stream_t *)&d->listener, 0);
}

static void dial_failed(struct driver *d, int status)
{
	struct event ev = {.type = EV_DIAL_FAILED};

	if (d->closing)
		return;
	driver_conn_unlinked(d, unlinked_of_uv(status));
	log_line(LOG_LEVEL_INFO, log_english() ? "exchange: hub %s: %s" : "交换：镇级中心 %s：%s",
		 d->dir->cfg.hub,
		 status == UV_EINVAL ? (log_english() ? "not host:port, such as 192.0.2.1:7100"
						      : "不是“地址:端口”，如 192.0.2.1:7100")
				     : uv_strerror(status));
	driver_feed(d, &ev);
}

static void on_connected(uv_connect_t *req, int status)
{
	struct conn *c = req->data;
	struct driver *d = c->d;

	if (c->closing)
		return;
	if (status) {
		conn_drop(c);
		dial_failed(d, status);
		return;
	}
	c->dialled = true;
	conn_begin(c, EV_DIAL);
}

/* Each dial tries another of the hub's addresses: one of them may lead nowhere. */
static const struct sockaddr *next_address(struct driver *d, const struct addrinfo *res)
{
	const struct addrinfo *a = res;

	for (uint32_t i = d->dials++ % 16; i; i--)
		a = a->ai_next ? a->ai_next : res;
	return a->ai_addr;
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
	struct driver *d = req->data;
	struct conn *c = NULL;

	d->resolving = false;
	if (!status && !d->closing) {
		c = conn_new(d);
		status =
			c ? uv_tcp_connect(&c->connect, &c->tcp, next_address(d, res), on_connected)
			  : UV_ENOMEM;
		if (status && c)
			conn_drop(c);
	}
	uv_freeaddrinfo(res);
	if (status)
		dial_failed(d, status);
	driver_release(d);
}

void driver_conn_dial(struct driver *d)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
	char host[ADDRESS_HOST_BYTES], port[ADDRESS_PORT_BYTES];
	int rv = UV_EINVAL;

	if (d->resolving || d->closing)
		return;
	if (address_split(d->dir->cfg.hub, host, port)) {
		d->resolve.data = d;
		rv = uv_getaddrinfo(d->loop, &d->resolve, on_resolved, host, port, &hints);
	}
	d->dial_error = rv; /* the node is in the middle of a step */
	if (rv)
		return;
	d->resolving = true;
	d->pending++;
}

void driver_conn_dialled(struct driver *d)
{
	int rv = d->dial_error;

	d->dial_error = 0;
	if (rv)
		dial_failed(d, rv);
}

static void on_written(uv_write_t *req, int status)
{
	struct write_req *w = (struct write_req *)req;
	struct conn *c = w->c;
	struct event ev = {.type = EV_SENT, .conn = c->id, .sent = w->n};

	mem_free(w);
	if (c->closing)
		return;
	if (status)
		conn_lost(c);
	else if (c->open)
		driver_feed(c->d, &ev);
}

void driver_conn_send(struct driver *d, uint32_t id, struct bytes b)
{
	struct conn *c = conn_of(d, id);
	struct write_req *w;
	uv_buf_t buf;

	if (!c)
		return;
	w = mem_alloc(sizeof(*w) + b.n);
	if (!w) {
		conn_lost(c);
		return;
	}
	memcpy(w->bytes, b.p, b.n);
	w->c = c;
	w->n = b.n;
	buf = uv_buf_init((char *)w->bytes, (unsigned)b.n);
	if (uv_write(&w->req, (uv_stream_t *)&c->tcp, &buf, 1, on_written)) {
		mem_free(w);
		conn_lost(c);
	}
}

void driver_conn_drop(struct driver *d, uint32_t id)
{
	struct conn *c = conn_of(d, id);

	if (!c)
		return;
	c->open = false;
	conn_drop(c);
}

uint32_t driver_conn_source(const struct driver *d, uint32_t id)
{
	return id < d->nconns && d->conns[id] ? d->conns[id]->source : 0;
}

void driver_conn_name(struct driver *d, uint32_t id, char ret[CONN_NAME_MAX])
{
	struct sockaddr_storage at = {0};
	struct conn *c = conn_of(d, id);
	int n = sizeof(at);

	if (!c || uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&at, &n) ||
	    uv_ip_name((struct sockaddr *)&at, ret, CONN_NAME_MAX))
		ret[0] = 0;
}

static int bind_listener(struct driver *d, const struct addrinfo *at)
{
	int rv = uv_tcp_init(d->loop, &d->listener);

	if (rv)
		return rv;
	d->listener.data = d;
	d->listening = true;
	d->pending++;
	rv = uv_tcp_bind(&d->listener, at->ai_addr, 0);
	if (!rv)
		rv = uv_listen((uv_stream_t *)&d->listener, LISTEN_BACKLOG, on_connection);
	return rv;
}

int driver_conn_listen(struct driver *d, struct errmsg *msg)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	const char *at = d->dir->cfg.listen;
	char host[ADDRESS_HOST_BYTES], port[ADDRESS_PORT_BYTES];
	uv_getaddrinfo_t req;
	int rv;

	if (!address_split(at, host, port))
		return err_set(msg, ERR_INVALID, "config key \"listen\": \"%s\" is not host:port",
			       at);
	rv = uv_getaddrinfo(d->loop, &req, NULL, host, port, &hints);
	if (!rv) {
		rv = bind_listener(d, req.addrinfo);
		uv_freeaddrinfo(req.addrinfo);
	}
	if (rv)
		return err_set(
			msg, unlinked_of_uv(rv) == UNLINKED_NAME ? ERR_ADDRESS : address_error(-rv),
			"config key \"listen\": %s: %s", at, uv_strerror(rv));
	log_line(LOG_LEVEL_INFO, log_english() ? "exchange: listening on %s" : "交换：监听 %s", at);
	return ERR_OK;
}

static void on_listener_closed(uv_handle_t *h)
{
	driver_release(h->data);
}

void driver_conn_close_all(struct driver *d)
{
	if (d->listening)
		uv_close((uv_handle_t *)&d->listener, on_listener_closed);
	d->listening = false;
	if (d->resolving)
		uv_cancel((uv_req_t *)&d->resolve);
	for (uint32_t i = 0; i < d->nconns; i++)
		if (d->conns[i])
			conn_drop(d->conns[i]);
}
