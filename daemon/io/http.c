#include "daemon/io/http.h"

#include <assert.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/io/http_hosts.h"
#include "daemon/io/http_recv.h"
#include "lib/mem.h"
#include "lib/sign.h"
#include "lib/text.h"

#define URI_BYTES_MAX 2048
#define CONNS_CUT     64   /* cut and not yet given back by the library */
#define CLOSE_MS      2000 /* what a client gets to read its answer when the server goes */

/* One connection: what the guard watches. */
struct http_conn {
	struct http_conn *next, **link; /* newest first */
	int fd;
	uint64_t deadline;	/* uv_now() at which it is cut; 0: a handler runs */
	struct in6_addr source; /* all zeros: a Unix socket */
	uint32_t uid;		/* of a Unix socket: of the process at its other end */
	uint64_t idle_since;	/* uv_now() */
	bool busy;		/* from the whole head of a request to the end of its answer */
	bool cut;
	struct http_head head;
};

/* NEW -headers-> BODY -all of it-> RUNNING -answer there-> DONE -answer queued-> SENDING */
enum req_state { REQ_NEW, REQ_BODY, REQ_RUNNING, REQ_DONE, REQ_SENDING };

struct http_req {
	struct http *h;
	struct MHD_Connection *mc;
	struct http_conn *hc;
	enum req_state state;
	bool bad_uri, busy;
	const struct web_route *route;
	struct web_req req;
	struct web_res res;
	struct buf body;
	void *file; /* takes the body instead */
	struct pool_work work;
	struct waiting waiting;
	struct http_req *next; /* answered, not yet taken by the loop */
};

struct http {
	uv_loop_t *loop;
	struct MHD_Daemon *mhd;
	const struct web_services *services;
	bool local, closing, stopped;
	struct http_hosts hosts;
	uint32_t header_ms, body_ms;
	struct http_conn *conns;
	uint32_t nbusy; /* requests between dispatch and the last byte of the answer */
	uv_poll_t poll;
	uv_timer_t timer;
	uint32_t nhandles;
	struct pool *pool;
	void (*await)(void *ctx, struct waiting *x);
	uv_async_t wake;
	pthread_mutex_t answered_lock;
	struct http_req *answered;
	void (*close_cb)(void *ctx);
	void *close_ctx;
};

/* What the guard counts in the headers. */
struct head_count {
	uint32_t length, encoding, host, authorization;
	bool bad;
	const char *length_text, *host_text, *authorization_text;
};

/* --- the loop ------------------------------------------------------------------------------------ */

static uint64_t cut_late(struct http *h)
{
	uint64_t now = uv_now(h->loop), next = UINT64_MAX;

	for (struct http_conn *c = h->conns; c; c = c->next) {
		if (c->deadline == 0)
			continue;
		if (c->deadline <= now) {
			/* Never close(): the descriptor is the library's. It sees the end and cleans up. */
			shutdown(c->fd, SHUT_RDWR);
			c->deadline = now + 1000;
		}
		if (c->deadline < next)
			next = c->deadline;
	}
	return next == UINT64_MAX ? next : next - now;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct http *h = handle->data;

	assert(h->nhandles > 0);
	if (--h->nhandles > 0)
		return;
	pthread_mutex_destroy(&h->answered_lock);
	h->close_cb(h->close_ctx);
	mem_free(h);
}

static void finish(struct http *h)
{
	assert(h->nbusy == 0);
	h->stopped = true;
	uv_poll_stop(&h->poll);
	uv_close((uv_handle_t *)&h->poll, on_handle_closed);
	uv_close((uv_handle_t *)&h->timer, on_handle_closed);
	uv_close((uv_handle_t *)&h->wake, on_handle_closed);
	MHD_stop_daemon(h->mhd);
	h->mhd = NULL;
}

static void turn(struct http *h);

static void on_timer(uv_timer_t *timer)
{
	turn(timer->data);
}

static struct http_head *head_of(void *ctx, int fd)
{
	struct http *h = ctx;

	for (struct http_conn *c = h->conns; c; c = c->next)
		if (c->fd == fd)
			return &c->head;
	return NULL;
}

static void run_library(struct http *h)
{
	http_recv_ctx = h;
	http_recv_head = head_of;
	MHD_run(h->mhd);
	http_recv_head = NULL;
}

/* Lets the library work, then sets the one timer to whatever is due next. */
static void turn(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG wait_lib;
	uint64_t wait;

	if (h->stopped)
		return;
	run_library(h);
	if (h->closing && h->nbusy == 0) {
		finish(h);
		return;
	}
	wait = cut_late(h);
	if (MHD_get_timeout(h->mhd, &wait_lib) == MHD_YES && wait_lib < wait)
		wait = wait_lib;
	if (wait == UINT64_MAX)
		uv_timer_stop(&h->timer);
	else
		uv_timer_start(&h->timer, on_timer, wait, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	turn(poll->data);
}

/* --- connections --------------------------------------------------------------------------------- */

static void conn_remove(struct http_conn *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	mem_free(c);
}

/* Of one source, or of all (NULL): how many there are, and which has been idle for longest. */
static uint32_t count_conns(struct http *h, const struct in6_addr *source,
			    struct http_conn **ret_idle)
{
	uint32_t n = 0;

	*ret_idle = NULL;
	for (struct http_conn *c = h->conns; c; c = c->next) {
		if (c->cut || (source && memcmp(&c->source, source, sizeof(*source)) != 0))
			continue;
		n++;
		if (!c->busy && (!*ret_idle || c->idle_since <= (*ret_idle)->idle_since))
			*ret_idle = c;
	}
	return n;
}

/* Whether @source may have one connection more: where there are enough of them the one that asks for nothing gives
 * way, or else the new one. */
static bool make_room(struct http *h, const struct in6_addr *source)
{
	struct http_conn *idle;
	bool full = !h->local && count_conns(h, source, &idle) >= HTTP_CONNS_PER_ADDRESS;

	full = full || count_conns(h, NULL, &idle) >= HTTP_CONNS_MAX;
	if (full && idle) {
		shutdown(idle->fd, SHUT_RDWR);
		idle->cut = true;
	}
	return !full || idle;
}

/* UINT32_MAX, which is nobody's: not known. */
static uint32_t peer_uid(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) ? UINT32_MAX : peer.uid;
}

static void on_connection(void *ctx, struct MHD_Connection *mc, void **slot,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *h = ctx;
	struct http_conn *c = *slot;
	struct in6_addr source;
	int fd;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (c)
			conn_remove(c);
		*slot = NULL;
		return;
	}
	fd = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	source = http_address_of(
		MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
	c = h->closing || !make_room(h, &source) ? NULL : mem_alloc(sizeof(*c));
	if (!c) {
		shutdown(fd, SHUT_RDWR);
		return;
	}
	c->fd = fd;
	c->source = source;
	c->uid = h->local ? peer_uid(fd) : UINT32_MAX;
	c->idle_since = uv_now(h->loop);
	c->deadline = c->idle_since + h->header_ms;
	c->next = h->conns;
	c->link = &h->conns;
	if (c->next)
		c->next->link = &c->next;
	h->conns = c;
	*slot = c;
}

/* The library calls this with the request target as it came, before it is split and unescaped. */
static void *on_uri(void *ctx, const char *uri, struct MHD_Connection *mc)
{
	struct http_req *q = mem_alloc(sizeof(*q));
	size_t n = strlen(uri);

	if (!q)
		return NULL;
	q->h = ctx;
	q->mc = mc;
	q->hc = MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	/* "%00" would end the unescaped path early: two readers would see two paths. */
	q->bad_uri = n > URI_BYTES_MAX || uri[0] != '/' || strstr(uri, "%00") ||
		     !utf8_clean(uri, n, false);
	return q;
}

static void on_completed(void *ctx, struct MHD_Connection *mc, void **slot,
			 enum MHD_RequestTerminationCode code)
{
	struct http_req *q = *slot;
	struct http *h = ctx;

	(void)mc;
	(void)code;
	*slot = NULL;
	if (!q)
		return;
	assert(q->state != REQ_RUNNING);
	if (q->busy)
		h->nbusy--;
	if (q->hc) {
		q->hc->busy = false;
		q->hc->idle_since = uv_now(h->loop);
		q->hc->deadline = q->hc->idle_since + (q->hc->head.ended ? 0 : h->header_ms);
		q->hc->head.answering = q->hc->head.ended = false;
	}
	if (q->body.p)
		secret_wipe(q->body.p, q->body.cap);
	buf_close(&q->body);
	if (q->file)
		h->services->file_end(q->file);
	if (q->res.body.p) /* it may be a session's token */
		secret_wipe(q->res.body.p, q->res.body.cap);
	buf_close(&q->res.body);
	mem_free(q);
}

/* --- the guard ----------------------------------------------------------------------------------- */

/* Control characters, of which a tab alone may stand in a value; a zero byte ends @s before its @n bytes. */
static bool value_clean(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return false;
	return true;
}

static enum MHD_Result on_header(void *ctx, enum MHD_ValueKind kind, const char *key, size_t key_n,
				 const char *value, size_t value_n)
{
	struct head_count *c = ctx;

	(void)kind;
	/* "Host : a": this library trims or keeps the space, another reader may do otherwise. */
	c->bad = c->bad || key[0] == '\0' || strcspn(key, " \t\"(),/;<=>?@[\\]{}") != key_n ||
		 !value_clean(key, key_n) || (value && !value_clean(value, value_n));
	if (strcasecmp(key, "Content-Length") == 0) {
		c->length++;
		c->length_text = value;
	} else if (strcasecmp(key, "Transfer-Encoding") == 0) {
		c->encoding++;
	} else if (strcasecmp(key, "Host") == 0) {
		c->host++;
		c->host_text = value;
	} else if (strcasecmp(key, "Authorization") == 0) {
		c->authorization++;
		c->authorization_text = value;
	}
	return MHD_YES;
}

/* "Bearer TOKEN" is the one scheme that is known; false: another. */
static bool bearer(const char *text, const char **ret)
{
	static const char scheme[] = "Bearer ";

	*ret = NULL;
	if (!text)
		return true;
	if (strncasecmp(text, scheme, strlen(scheme)) != 0)
		return false;
	*ret = text + strlen(scheme);
	return true;
}

static bool may_be_asked(const struct http_req *q, const char *host)
{
	return q->h->local || http_hosts_allow(&q->h->hosts, host, q->hc ? q->hc->fd : -1);
}

/* The HTTP status with which to refuse, or 0; *ret_length = bytes of the body announced. */
static int guard(struct http_req *q, uint64_t *ret_length)
{
	struct head_count c = {0};

	if (q->hc && q->hc->head.refused)
		return q->hc->head.refused;
	MHD_get_connection_values_n(q->mc, MHD_HEADER_KIND, on_header, &c);
	if (q->bad_uri || c.bad || c.host != 1 || c.encoding || c.length > 1 ||
	    c.authorization > 1 || !bearer(c.authorization_text, &q->req.bearer))
		return MHD_HTTP_BAD_REQUEST;
	if (!c.host_text || !may_be_asked(q, c.host_text))
		return MHD_HTTP_MISDIRECTED_REQUEST;
	*ret_length = 0;
	if (c.length &&
	    (!c.length_text || !u64_parse(c.length_text, strlen(c.length_text), ret_length)))
		return MHD_HTTP_BAD_REQUEST;
	return 0;
}

/* --- requests ------------------------------------------------------------------------------------ */

/* The first of the two languages that the header names; Chinese when it names none. */
static enum lang accept_language(const char *s)
{
	for (; s && *s; s = strchr(s, ','), s = s ? s + 1 : NULL) {
		s += strspn(s, " \t");
		if (strncasecmp(s, "zh", 2) == 0)
			return LANG_ZH;
		if (strncasecmp(s, "en", 2) == 0)
			return LANG_EN;
	}
	return LANG_ZH;
}

static enum MHD_Result on_argument(void *ctx, enum MHD_ValueKind kind, const char *key,
				   const char *value)
{
	struct http_req *q = ctx;
	struct web_req *r = &q->req;

	(void)kind;
	if (!value)
		value = "";
	q->bad_uri = q->bad_uri || r->nquery == WEB_PARAMS_MAX ||
		     !utf8_clean(key, strlen(key), false) ||
		     !utf8_clean(value, strlen(value), false);
	for (uint32_t i = 0; i < r->nquery; i++)
		q->bad_uri = q->bad_uri || strcmp(r->query[i].name, key) == 0;
	if (q->bad_uri)
		return MHD_NO;
	r->query[r->nquery++] = (struct ask_param){key, value};
	return MHD_YES;
}

/* HEAD is GET whose answer has no body; the library leaves it out. */
static const char *method_of(const char *method)
{
	return strcmp(method, "HEAD") == 0 ? "GET" : method;
}

static void add_allow(struct MHD_Response *mr, const struct http_req *q)
{
	static const char *const methods[] = {"GET", "HEAD", "POST", "DELETE"};
	int status;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (web_route_find(method_of(methods[i]), q->req.path, q->h->local, &status))
			MHD_add_response_header(mr, "Allow", methods[i]);
}

static enum MHD_Result answer(struct http_req *q)
{
	struct web_res *res = &q->res;
	struct MHD_Response *mr;
	enum MHD_Result ok;

	assert(q->state == REQ_DONE);
	if (res->body.err)
		return MHD_NO;
	/* The request owns the bytes and lives until the library says that it is complete. */
	mr = MHD_create_response_from_buffer(res->body.n, res->body.p, MHD_RESPMEM_PERSISTENT);
	if (!mr)
		return MHD_NO;
	MHD_add_response_header(mr, "Content-Type", res->type);
	MHD_add_response_header(mr, "Cache-Control", "no-store");
	MHD_add_response_header(mr, "X-Content-Type-Options", "nosniff");
	if (res->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		add_allow(mr, q);
	ok = MHD_queue_response(q->mc, (unsigned)res->status, mr);
	MHD_destroy_response(mr);
	q->state = REQ_SENDING;
	if (q->hc)
		q->hc->deadline = uv_now(q->h->loop) + (q->h->closing ? CLOSE_MS : q->h->body_ms);
	return ok;
}

static enum MHD_Result refuse(struct http_req *q, int status)
{
	web_refuse(status, q->req.lang, &q->res);
	q->state = REQ_DONE;
	return answer(q);
}

static bool body_begin(struct http_req *q, size_t length)
{
	const struct web_services *s = q->h->services;

	if (web_route_takes_file(q->route)) {
		q->file = s->file_begin(s->tx.ctx);
		return q->file != NULL;
	}
	buf_init(&q->body, length + 1);
	/* All at once: no copies of a passphrase stay behind in memory that grew. */
	return length == 0 || buf_reserve(&q->body, length + 1);
}

static bool body_add(struct http_req *q, const char *data, size_t n)
{
	if (q->file)
		q->h->services->file_add(q->file, data, n);
	return q->file || !buf_put(&q->body, data, n);
}

/* Headers are complete, no byte of the body was read. */
static enum MHD_Result request_begin(struct http_req *q, const char *url, const char *method)
{
	struct http *h = q->h;
	uint64_t length = 0;
	int status;

	if (q->hc)
		q->hc->busy = q->hc->head.answering = true;
	method = method_of(method);
	q->req.method = method;
	q->req.path = url;
	q->req.from = (struct web_from){.local = h->local, .uid = q->hc ? q->hc->uid : 0};
	q->req.lang = accept_language(
		MHD_lookup_connection_value(q->mc, MHD_HEADER_KIND, "Accept-Language"));
	MHD_get_connection_values(q->mc, MHD_GET_ARGUMENT_KIND, on_argument, q);
	status = guard(q, &length);
	if (status)
		return refuse(q, status);
	if (strlen(url) > WEB_PATH_MAX || !utf8_clean(url, strlen(url), false))
		return refuse(q, MHD_HTTP_NOT_FOUND);
	q->route = web_route_find(method, url, h->local, &status);
	if (!q->route)
		return refuse(q, status);
	if (length > q->route->body_max)
		return refuse(q, MHD_HTTP_CONTENT_TOO_LARGE);
	if (!body_begin(q, (size_t)length))
		return refuse(q, MHD_HTTP_SERVICE_UNAVAILABLE);
	q->state = REQ_BODY;
	if (q->hc)
		q->hc->deadline = uv_now(h->loop) + h->body_ms;
	return MHD_YES;
}

/* Any thread: many answers wake the loop once. */
static void answered(struct http_req *q)
{
	struct http *h = q->h;

	pthread_mutex_lock(&h->answered_lock);
	q->next = h->answered;
	h->answered = q;
	uv_async_send(&h->wake); /* with the lock: whoever takes it may close the server */
	pthread_mutex_unlock(&h->answered_lock);
}

/* The handler has returned. */
static void wait_or_answer(struct http_req *q)
{
	const struct web_services *s = q->h->services;

	if (q->res.wait.what == WEB_WAIT_NOTHING)
		answered(q);
	else
		q->h->await(s->tx.ctx, &q->waiting);
}

static void on_go_on(void *arg)
{
	struct http_req *q = arg;

	web_go_on(&q->req, &q->res);
	wait_or_answer(q);
}

static void on_waited(void *arg)
{
	struct http_req *q = arg;

	q->work.run = on_go_on;
	pool_put(q->h->pool, &q->work);
}

static void on_work(void *arg)
{
	struct http_req *q = arg;

	web_handle(q->h->services, q->route, &q->req, &q->res);
	wait_or_answer(q);
}

static void on_wake(uv_async_t *wake)
{
	struct http *h = wake->data;
	struct http_req *q;

	pthread_mutex_lock(&h->answered_lock);
	q = h->answered;
	h->answered = NULL;
	pthread_mutex_unlock(&h->answered_lock);
	while (q) {
		struct http_req *next = q->next;

		q->state = REQ_DONE;
		MHD_resume_connection(q->mc);
		q = next;
	}
	turn(h);
}

static enum MHD_Result request_run(struct http_req *q)
{
	struct http *h = q->h;

	if (h->closing)
		return refuse(q, MHD_HTTP_SERVICE_UNAVAILABLE);
	q->req.body = buf_bytes(&q->body);
	q->req.file = q->file;
	q->waiting = (struct waiting){.w = &q->res.wait, .done = on_waited, .arg = q};
	q->work = (struct pool_work){.run = on_work, .arg = q};
	q->state = REQ_RUNNING;
	q->busy = true;
	h->nbusy++;
	if (q->hc)
		q->hc->deadline = 0;
	MHD_suspend_connection(q->mc);
	pool_put(h->pool, &q->work);
	return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mc, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *n, void **slot)
{
	struct http_req *q = *slot;

	(void)ctx;
	(void)mc;
	(void)version;
	if (!q)
		return MHD_NO;
	switch (q->state) {
	case REQ_NEW: return request_begin(q, url, method);
	case REQ_BODY:
		if (*n == 0)
			return request_run(q);
		if (!body_add(q, data, *n))
			return MHD_NO;
		*n = 0;
		return MHD_YES;
	case REQ_RUNNING: return MHD_YES;
	case REQ_DONE: return answer(q);
	case REQ_SENDING: return MHD_YES;
	}
	return MHD_NO;
}

/* --- start and end ------------------------------------------------------------------------------- */

static struct MHD_Daemon *daemon_start(struct http *h, int fd)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
				h, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_POOL_BYTES,
				MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNS_MAX + CONNS_CUT,
				MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S,
				MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
				MHD_OPTION_URI_LOG_CALLBACK, on_uri, h, MHD_OPTION_END);
}

int http_start(uv_loop_t *loop, const struct http_opts *o, const struct web_services *services,
	       struct http **ret, struct errmsg *msg)
{
	struct http *h = NULL;
	int err = ERR_OK;

	if (!(h = mem_alloc(sizeof(*h))))
		err = err_set(msg, ERR_NOMEM, "http: %s", err_text(ERR_NOMEM));
	for (size_t i = 0; !err && i < HTTP_HOSTS_MAX && o->host[i]; i++)
		if (!http_hosts_add(&h->hosts, o->host[i]))
			err = err_set(msg, ERR_INVALID, "http: the host name is too long");
	if (err) {
		mem_free(h);
		close(o->fd);
		return err;
	}
	h->loop = loop;
	h->services = services;
	h->local = o->local;
	h->header_ms = o->header_ms ? o->header_ms : HTTP_HEADER_S * 1000;
	h->body_ms = o->body_ms ? o->body_ms : HTTP_BODY_S * 1000;
	h->pool = o->pool;
	h->await = o->await;
	h->mhd = daemon_start(h, o->fd);
	if (!h->mhd) {
		mem_free(h);
		close(o->fd);
		return err_set(msg, ERR_IO, "http: the server does not start");
	}
	if (uv_poll_init(loop, &h->poll,
			 MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd)) {
		MHD_stop_daemon(h->mhd);
		mem_free(h);
		return err_set(msg, ERR_IO, "http: cannot watch the server's descriptor");
	}
	h->poll.data = h;
	uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	pthread_mutex_init(&h->answered_lock, NULL);
	uv_async_init(loop, &h->wake, on_wake);
	h->wake.data = h;
	h->nhandles = 3;
	uv_poll_start(&h->poll, UV_READABLE, on_poll);
	*ret = h;
	return ERR_OK;
}

void http_close(struct http *h, void (*cb)(void *ctx), void *ctx)
{
	uint64_t now = uv_now(h->loop);
	MHD_socket fd;

	assert(!h->closing);
	h->closing = true;
	h->close_cb = cb;
	h->close_ctx = ctx;
	fd = MHD_quiesce_daemon(h->mhd);
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	for (struct http_conn *c = h->conns; c; c = c->next)
		if (c->deadline > now + CLOSE_MS)
			c->deadline = now + CLOSE_MS;
	turn(h);
}
