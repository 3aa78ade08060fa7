/* The HTTP module against hostile and ordinary clients. The routes are the test's own: only the four
 * functions that the module takes from daemon/web are defined here. */
#include "daemon/io/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/sign.h"
#include "lib/text.h"
#include "tests/lib/t.h"

#define ANSWER_MAX (1 << 20)
#define PATIENCE_S 20 /* a lost answer fails the test instead of hanging it */

/* --- the routes ---------------------------------------------------------------------------------- */

static sem_t slow_begun, slow_go;

static void say(struct web_res *res, int status, const char *text)
{
	res->status = status;
	res->type = "text/plain; charset=utf-8";
	buf_puts(&res->body, text);
}

static void run_hello(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	(void)s;
	say(res, 200, req->lang == LANG_EN ? "hello" : "你好");
}

static void run_echo(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	(void)s;
	say(res, 200, "");
	buf_put(&res->body, req->body.p, req->body.n);
}

static void run_query(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	(void)s;
	say(res, 200, req->path);
	for (uint32_t i = 0; i < req->nquery; i++)
		buf_printf(&res->body, " %s=%s", req->query[i].name, req->query[i].value);
}

static void run_slow(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	(void)s;
	(void)req;
	sem_post(&slow_begun);
	sem_wait(&slow_go);
	say(res, 200, "at last");
}

/* A file that is only counted. */
static struct {
	atomic_uint open, pieces;
	atomic_size_t bytes, largest;
} file;

static void *file_begin(void *ctx)
{
	(void)ctx;
	file.open++;
	file.pieces = 0;
	file.bytes = file.largest = 0;
	return &file;
}

static void file_add(void *f, const void *p, size_t n)
{
	(void)f;
	(void)p;
	file.pieces++;
	file.bytes += n;
	file.largest = n > file.largest ? n : file.largest;
}

static void file_end(void *f)
{
	(void)f;
	file.open--;
}

/* Waits twice, for two others that answer at once and later. */
static struct {
	struct web_res *res;
	atomic_uint turns;
} waits;

static void on_turn(void *ctx)
{
	T_OK(ctx == &waits);
	if (++waits.turns < 2)
		waits.res->wait =
			(struct web_wait){.what = WEB_WAIT_JOBS, .then = on_turn, .ctx = &waits};
	else
		say(waits.res, 200, "waited");
}

static void run_wait(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	(void)s;
	(void)req;
	waits.res = res;
	waits.turns = 0;
	res->wait = (struct web_wait){.what = WEB_WAIT_OPEN, .then = on_turn, .ctx = &waits};
}

static void run_bearer(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	(void)s;
	say(res, 200, "");
	buf_printf(&res->body, "%s of %d", req->bearer ? req->bearer : "nobody",
		   req->from.local ? (int)req->from.uid : -1);
}

static void run_file(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	(void)s;
	say(res, 200, "");
	T_OK(req->file == &file);
	T_EQ(req->body.n, 0);
	buf_printf(&res->body, "%zu", file.bytes);
}

static const struct web_route routes[] = {
	{"GET", "/hello", false, 0, run_hello},	      {"POST", "/echo", false, 256 << 10, run_echo},
	{"POST", "/large", false, 8 << 20, run_echo}, {"GET", "/query", false, 0, run_query},
	{"GET", "/slow", false, 0, run_slow},	      {"GET", "/local", true, 0, run_hello},
	{"POST", "/file", false, 4 << 20, run_file},  {"GET", "/wait", false, 0, run_wait},
	{"GET", "/bearer", false, 0, run_bearer},
};

const struct web_route *web_route_find(const char *method, const char *path, bool local,
				       int *ret_status)
{
	*ret_status = 404;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, path) != 0 || (routes[i].local_only && !local))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		*ret_status = 405;
	}
	return NULL;
}

bool web_route_takes_file(const struct web_route *r)
{
	return r->run == run_file;
}

void web_refuse(int status, enum lang lang, struct web_res *res)
{
	(void)lang;
	say(res, status, "refused");
}

void web_handle(const struct web_services *s, const struct web_route *r, const struct web_req *req,
		struct web_res *res)
{
	r->run(s, req, res);
}

void web_go_on(const struct web_req *req, struct web_res *res)
{
	(void)req;
	res->wait.what = WEB_WAIT_NOTHING;
	res->wait.then(res->wait.ctx);
}

/* The first at once, on the thread that asks, the others on another. */
static pthread_t giver;

static void *give_later(void *arg)
{
	struct waiting *x = arg;

	usleep(20000);
	x->done(x->arg);
	return NULL;
}

static void await(void *ctx, struct waiting *x)
{
	(void)ctx;
	if (x->w->what == WEB_WAIT_OPEN) {
		x->done(x->arg);
		return;
	}
	T_EQ(pthread_create(&giver, NULL, give_later, x), 0);
	pthread_detach(giver);
}

/* --- the server, on its own thread --------------------------------------------------------------- */

static struct {
	uv_loop_t loop;
	uv_async_t stop;
	struct pool *pool;
	uint32_t threads; /* 0: 3 */
	struct http *http[2];
	int closed;
	pthread_t thread;
	char path[64];
	int port;
} srv;

static void on_closed(void *ctx)
{
	(void)ctx;
	srv.closed++;
}

static void on_stop(uv_async_t *a)
{
	http_close(srv.http[0], on_closed, NULL);
	http_close(srv.http[1], on_closed, NULL);
	uv_close((uv_handle_t *)a, NULL);
}

static void *server_main(void *ctx)
{
	(void)ctx;
	uv_run(&srv.loop, UV_RUN_DEFAULT);
	return NULL;
}

static int listen_unix(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(srv.path, sizeof(srv.path), "/tmp/cz-http-%d.sock", (int)getpid());
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", srv.path);
	unlink(srv.path);
	T_EQ(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	T_EQ(listen(fd, 512), 0);
	return fd;
}

static int listen_tcp(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	T_EQ(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	T_EQ(listen(fd, 64), 0);
	T_EQ(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	srv.port = ntohs(a.sin_port);
	return fd;
}

static void server_start(uint32_t header_ms, uint32_t body_ms)
{
	static const struct web_services services = {
		.file_begin = file_begin, .file_add = file_add, .file_end = file_end};
	struct http_opts o = {
		.local = true, .header_ms = header_ms, .body_ms = body_ms, .await = await};
	struct errmsg msg;

	T_EQ(pool_new(srv.threads ? srv.threads : 3, &srv.pool), ERR_OK);
	o.pool = srv.pool;

	srv.closed = 0;
	T_EQ(uv_loop_init(&srv.loop), 0);
	T_EQ(uv_async_init(&srv.loop, &srv.stop, on_stop), 0);
	o.fd = listen_unix();
	T_EQ(http_start(&srv.loop, &o, &services, &srv.http[0], &msg), 0);
	o.fd = listen_tcp();
	o.local = false;
	o.host[0] = "cun.example";
	o.host[1] = "203.0.113.7";
	T_EQ(http_start(&srv.loop, &o, &services, &srv.http[1], &msg), 0);
	T_EQ(pthread_create(&srv.thread, NULL, server_main, NULL), 0);
}

static void server_stop(void)
{
	uv_async_send(&srv.stop);
	pthread_join(srv.thread, NULL);
	T_EQ(srv.closed, 2);
	pool_free(srv.pool);
	T_EQ(uv_loop_close(&srv.loop), 0);
	unlink(srv.path);
}

/* --- the client ---------------------------------------------------------------------------------- */

static int client_patience(int fd)
{
	struct timeval tv = {PATIENCE_S, 0};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return fd;
}

static int dial_unix(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = client_patience(socket(AF_UNIX, SOCK_STREAM, 0));

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", srv.path);
	T_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static int dial_tcp(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)srv.port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = client_patience(socket(AF_INET, SOCK_STREAM, 0));

	T_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* The server may refuse before everything is sent: a failing send is not an error here. */
static void push(int fd, const void *p, size_t n)
{
	const char *c = p;

	while (n > 0) {
		ssize_t k = send(fd, c, n, MSG_NOSIGNAL);

		if (k <= 0)
			return;
		c += k;
		n -= (size_t)k;
	}
}

static void push_text(int fd, const char *s)
{
	push(fd, s, strlen(s));
}

static char answer[ANSWER_MAX];

/* Reads one answer by its Content-Length. Returns the status, 0 when the connection ended without
 * one; *ret_body = its text. */
static int pull(int fd, const char **ret_body)
{
	size_t n = 0, length = 0;
	char *end = NULL, *field;

	while (!end) {
		ssize_t k = recv(fd, answer + n, 1, 0);

		if (k < 0 && errno == EAGAIN)
			t_fail(__FILE__, __LINE__, "no answer and no end in %d s", PATIENCE_S);
		if (k <= 0)
			return 0;
		n += (size_t)k;
		answer[n] = '\0';
		end = n >= 4 && strcmp(answer + n - 4, "\r\n\r\n") == 0 ? answer + n : NULL;
	}
	field = strcasestr(answer, "\r\nContent-Length: ");
	T_OK(field != NULL);
	length = strtoul(field + 18, NULL, 10);
	T_OK(n + length < ANSWER_MAX);
	for (size_t got = 0; got < length;) {
		ssize_t k = recv(fd, end + got, length - got, 0);

		T_OK(k > 0);
		got += (size_t)k;
	}
	end[length] = '\0';
	if (ret_body)
		*ret_body = end;
	return (int)strtol(answer + 9, NULL, 10);
}

static int ask(int fd, const char *text)
{
	push_text(fd, text);
	return pull(fd, NULL);
}

/* All until the end of the connection; false when that does not come. */
static bool read_all(int fd, char *out, size_t cap)
{
	size_t n = 0;
	ssize_t k = 1;

	while (n + 1 < cap && (k = recv(fd, out + n, cap - 1 - n, 0)) > 0)
		n += (size_t)k;
	out[n] = '\0';
	return k == 0 || (k < 0 && errno == ECONNRESET);
}

/* One answer, and no other request on this connection gets one. */
static bool closed_without_more(int fd)
{
	char rest[4096];

	push_text(fd, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
	return read_all(fd, rest, sizeof(rest)) && !rest[0];
}

static bool ended(int fd)
{
	char c;
	ssize_t k = recv(fd, &c, 1, 0);

	return k == 0 || (k < 0 && errno == ECONNRESET);
}

/* --- claims -------------------------------------------------------------------------------------- */

#define H "Host: localhost\r\n"

static const struct {
	const char *what, *text;
	int status;
} table[] = {
	{"plain", "GET /hello HTTP/1.1\r\n" H "\r\n", 200},
	{"no such path", "GET /other HTTP/1.1\r\n" H "\r\n", 404},
	{"other method", "POST /hello HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 405},
	{"no Host", "GET /hello HTTP/1.1\r\n\r\n", 400},
	{"no Host, 1.0", "GET /hello HTTP/1.0\r\n\r\n", 400},
	{"two Hosts", "GET /hello HTTP/1.1\r\n" H "Host: b\r\n\r\n", 400},
	{"length and chunked",
	 "POST /echo HTTP/1.1\r\n" H "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
	 400},
	{"chunked", "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400},
	{"two lengths",
	 "POST /echo HTTP/1.1\r\n" H "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400},
	{"the same length twice",
	 "POST /echo HTTP/1.1\r\n" H "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400},
	{"negative length", "POST /echo HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400},
	{"signed length", "POST /echo HTTP/1.1\r\n" H "Content-Length: +4\r\n\r\nabcd", 400},
	{"length with letters", "POST /echo HTTP/1.1\r\n" H "Content-Length: 4x\r\n\r\nabcd", 400},
	{"list of lengths", "POST /echo HTTP/1.1\r\n" H "Content-Length: 4, 4\r\n\r\nabcd", 400},
	{"length beyond 64 bits",
	 "POST /echo HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", 413},
	{"length of plus nothing", "POST /echo HTTP/1.1\r\n" H "Content-Length: +0\r\n\r\n", 400},
	{"line end in a header", "GET /hello HTTP/1.1\r\n" H "X-A: a\rb\r\n\r\n", 400},
	{"control in a header", "GET /hello HTTP/1.1\r\n" H "X-A: a\001b\r\n\r\n", 400},
	{"control in a name", "GET /hello HTTP/1.1\r\n" H "X-\001: a\r\n\r\n", 400},
	{"tab in a header", "GET /hello HTTP/1.1\r\n" H "X-A: a\tb\r\n\r\n", 200},
	{"space before colon", "GET /hello HTTP/1.1\r\n" H "X-A : 1\r\n\r\n", 400},
	{"9 MB declared, limit 8 MB",
	 "POST /large HTTP/1.1\r\n" H "Content-Length: 9437184\r\n\r\n", 413},
	{"one byte over the limit", "POST /echo HTTP/1.1\r\n" H "Content-Length: 262145\r\n\r\n",
	 413},
	{"body where none is taken", "GET /hello HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nabcd",
	 413},
	{"over the limit, asking first",
	 "POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 262145\r\n\r\n", 413},
	{"NUL in the path", "GET /hello%00x HTTP/1.1\r\n" H "\r\n", 400},
	{"NUL in a value", "GET /query?a=%00 HTTP/1.1\r\n" H "\r\n", 400},
	{"line end in a value", "GET /query?a=x%0d%0ay HTTP/1.1\r\n" H "\r\n", 400},
	{"broken UTF-8 in a value", "GET /query?a=%ff HTTP/1.1\r\n" H "\r\n", 400},
	{"a name twice", "GET /query?a=1&a=2 HTTP/1.1\r\n" H "\r\n", 400},
	{"too many values", "GET /query?a&b&c&d&e&f&g&h&i HTTP/1.1\r\n" H "\r\n", 400},
	{"whole URL as target", "GET http://localhost/hello HTTP/1.1\r\n" H "\r\n", 400},
	{"path upwards", "GET /../hello HTTP/1.1\r\n" H "\r\n", 404},
};

static void test_hostile_requests_are_refused(void)
{
	server_start(0, 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (int tcp = 0; tcp < 2; tcp++) {
			int fd = tcp ? dial_tcp() : dial_unix();
			int got = ask(fd, table[i].text);

			if (got != table[i].status)
				t_fail(__FILE__, __LINE__, "%s (%s): got %d, want %d",
				       table[i].what, tcp ? "tcp" : "unix", got, table[i].status);
			if (got == 400)
				T_OK(closed_without_more(fd));
			close(fd);
		}
	}
	server_stop();
}

/* What the library lets pass or cuts short, so that another reader would see another request. */
static void test_what_the_library_is_lenient_about_is_refused(void)
{
	static const struct {
		const char *p;
		size_t n;
	} odd[] = {
#define ODD(s) {s, sizeof(s) - 1}
		ODD("GET /hello HTTP/1.1\nHost: localhost\n\n"),
		ODD("GET /hello HTTP/1.1\r\n" H "X-A: a\0b\r\n\r\n"),
		ODD("GET /hello HTTP/1.1\r\n" H "X-A: a\r\n b\r\n\r\n"),
		ODD("\r\n\r\nGET /hello HTTP/1.1\r\n" H "\r\n"),
#undef ODD
	};

	server_start(300, 300);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		int fd = dial_unix();

		push(fd, odd[i].p, odd[i].n);
		T_EQ(pull(fd, NULL), 400);
		T_OK(closed_without_more(fd));
		close(fd);
		fd = dial_unix();
		T_EQ(ask(fd, table[0].text), 200);
		close(fd);
	}
	server_stop();
}

static int flood(const char *begin, const char *piece, size_t times)
{
	int fd = dial_unix(), status;

	push_text(fd, begin);
	for (size_t i = 0; i < times; i++)
		push_text(fd, piece);
	push_text(fd, "\r\n\r\n");
	status = pull(fd, NULL);
	close(fd);
	return status;
}

static void test_too_large_heads_are_refused(void)
{
	server_start(0, 0);
	T_EQ(flood("GET /hello HTTP/1.1\r\n" H "X-A: ", "0123456789abcdef", 4096), 431);
	T_EQ(flood("GET /", "0123456789abcdef", 6400), 414);
	T_EQ(flood("GET /hello HTTP/1.1\r\n" H "X-0: 1", "\r\nX-A: 1", 2000), 431);
	T_EQ(flood("GET /hello?a=", "0123456789abcdef", 200), 400);
	server_stop();
}

static void test_foreign_hosts_are_refused_on_tcp(void)
{
	static const struct {
		const char *host;
		int status;
	} hosts[] = {
		{"localhost", 200},	 {"LOCALHOST:8080", 200},   {"127.0.0.1:80", 200},
		{"192.168.1.7", 200},	 {"10.0.0.1", 200},	    {"172.31.0.1:9", 200},
		{"172.32.0.1", 421},	 {"8.8.8.8", 421},	    {"[::1]:80", 200},
		{"[fe80::1]", 200},	 {"[fd00::1]", 200},	    {"[2001:db8::1]", 421},
		{"cun.example", 200},	 {"Cun.Example:80", 200},   {"203.0.113.7:7180", 200},
		{"203.0.113.8", 421},	 {"evil.example", 421},	    {"cun.example.evil", 421},
		{"localhost.evil", 421}, {"cun.example:80x", 421},  {"[::1", 421},
		{"127.0.0.1.evil", 421}, {"[::ffff:8.8.8.8]", 421},
	};
	char text[256];

	server_start(0, 0);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		int fd = dial_tcp(), got;

		snprintf(text, sizeof(text), "GET /hello HTTP/1.1\r\nHost: %s\r\n\r\n",
			 hosts[i].host);
		got = ask(fd, text);
		if (got != hosts[i].status)
			t_fail(__FILE__, __LINE__, "Host %s: got %d, want %d", hosts[i].host, got,
			       hosts[i].status);
		close(fd);
	}
	server_stop();
}

static void test_local_routes_are_not_there_on_tcp(void)
{
	int fd;

	server_start(0, 0);
	fd = dial_tcp();
	T_EQ(ask(fd, "GET /local HTTP/1.1\r\n" H "\r\n"), 404);
	close(fd);
	fd = dial_unix();
	T_EQ(ask(fd, "GET /local HTTP/1.1\r\n" H "\r\n"), 200);
	close(fd);
	server_stop();
}

static void test_slow_headers_are_cut(void)
{
	int slow, part, idle, quick;

	server_start(200, 0);
	slow = dial_unix();
	idle = dial_unix();
	part = dial_tcp();
	push_text(slow, "GET /hello HT");
	push_text(part, "GET /hello HTTP/1.1\r\nHost: loc");
	T_OK(ended(slow));
	T_OK(ended(part));
	T_OK(ended(idle));
	quick = dial_unix();
	T_EQ(ask(quick, table[0].text), 200);
	T_OK(ended(quick)); /* the second header never comes */
	close(slow);
	close(part);
	close(idle);
	close(quick);
	server_stop();
}

static void test_slow_bodies_are_cut(void)
{
	int fd;

	server_start(0, 200);
	fd = dial_unix();
	push_text(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\nabc");
	T_EQ(pull(fd, NULL), 0);
	close(fd);
	server_stop();
}

static int dial_from(uint32_t address)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)srv.port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
			   from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
	int fd = client_patience(socket(AF_INET, SOCK_STREAM, 0));

	T_EQ(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	T_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Whoever holds connections and asks nothing gives way to who asks: of his own address, or of any. @addresses:
 * how many share @n connections. */
static void idle_ones_give_way(uint32_t n, uint32_t addresses)
{
	static int crowd[2 * HTTP_CONNS_MAX];
	int fd, working;

	server_start(0, 0); /* nobody is cut for being late meanwhile */
	working = dial_tcp();
	push_text(working, "GET /slow HTTP/1.1\r\n" H "\r\n");
	sem_wait(&slow_begun);
	for (uint32_t i = 0; i < n; i++) {
		crowd[i] = dial_from(INADDR_LOOPBACK + (addresses > 1 ? 1 + i % addresses : 0));
		if (i % 3 == 0)
			push_text(crowd[i], "GET /hello HTTP/1.1\r\nHo");
	}
	for (int i = 0; i < 5; i++) {
		fd = dial_tcp();
		T_EQ(ask(fd, table[0].text), 200);
		close(fd);
	}
	T_OK(ended(crowd[0]));		       /* it has been idle for longest */
	fd = dial_from(INADDR_LOOPBACK + 200); /* the newest of others stay */
	T_EQ(ask(fd, table[0].text), 200);
	T_EQ(ask(fd, table[0].text), 200);
	close(fd);
	sem_post(&slow_go);
	T_EQ(pull(working, NULL), 200); /* and nobody who waits for an answer goes */
	close(working);
	for (uint32_t i = 0; i < n; i++)
		close(crowd[i]);
	server_stop();
}

static void test_idle_connections_of_one_address_give_way(void)
{
	idle_ones_give_way(3 * HTTP_CONNS_PER_ADDRESS, 1);
}

static void test_idle_connections_of_many_addresses_give_way(void)
{
	idle_ones_give_way(HTTP_CONNS_MAX + 40, 40);
}

/* Answers under way are not given up, whoever knocks. */
static void test_an_address_whose_requests_all_run_gets_no_more(void)
{
	int busy[HTTP_CONNS_PER_ADDRESS], fd;

	srv.threads = HTTP_CONNS_PER_ADDRESS; /* all of them at once */
	server_start(0, 0);
	for (int i = 0; i < HTTP_CONNS_PER_ADDRESS; i++) {
		busy[i] = dial_tcp();
		push_text(busy[i], "GET /slow HTTP/1.1\r\n" H "\r\n");
	}
	for (int i = 0; i < HTTP_CONNS_PER_ADDRESS; i++)
		sem_wait(&slow_begun);
	fd = dial_tcp();
	push_text(fd, table[0].text);
	T_EQ(pull(fd, NULL), 0);
	close(fd);
	for (int i = 0; i < HTTP_CONNS_PER_ADDRESS; i++)
		sem_post(&slow_go);
	for (int i = 0; i < HTTP_CONNS_PER_ADDRESS; i++) {
		T_EQ(pull(busy[i], NULL), 200);
		close(busy[i]);
	}
	server_stop();
}

static void test_a_crowd_of_idle_connections_passes(void)
{
	static int crowd[HTTP_CONNS_MAX + 20];
	int fd;

	server_start(500, 0);
	for (size_t i = 0; i < sizeof(crowd) / sizeof(crowd[0]); i++)
		crowd[i] = dial_unix();
	fd = dial_unix();
	T_EQ(ask(fd, table[0].text), 200);
	close(fd);
	for (size_t i = 0; i < sizeof(crowd) / sizeof(crowd[0]); i++)
		close(crowd[i]);
	server_stop();
}

static void test_one_connection_carries_many_requests(void)
{
	const char *body;
	int fd;

	server_start(0, 0);
	fd = dial_tcp();
	for (int i = 0; i < 100; i++)
		T_EQ(ask(fd, table[0].text), 200);
	close(fd);
	fd = dial_unix();
	/* pipelined */
	push_text(fd, "GET /hello HTTP/1.1\r\n" H "\r\n"
		      "GET /query?x=%E6%9D%91&y=a+b HTTP/1.1\r\n" H "\r\n");
	T_EQ(pull(fd, &body), 200);
	T_STR(body, "你好");
	T_EQ(pull(fd, &body), 200);
	T_STR(body, "/query x=村 y=a b");
	close(fd);
	server_stop();
}

static void test_bodies_arrive_byte_for_byte(void)
{
	static char data[256 << 10];
	const char *body, *head = "POST /echo HTTP/1.1\r\n" H "Content-Length: 262144\r\n\r\n";
	int fd;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(1 + i * 7919 % 251);
	server_start(0, 0);
	fd = dial_tcp();
	for (int i = 0; i < 3; i++) {
		push_text(fd, head);
		push(fd, data, sizeof(data));
		T_EQ(pull(fd, &body), 200);
		T_MEM(body, data, sizeof(data));
	}
	T_EQ(ask(fd, "POST /echo HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), 200);
	close(fd);
	server_stop();
}

static void test_a_file_is_handed_on_in_pieces(void)
{
	static const char data[65536];
	const char *body;
	int fd;

	server_start(0, 0);
	fd = dial_unix();
	push_text(fd, "POST /file HTTP/1.1\r\n" H "Content-Length: 4194304\r\n\r\n");
	for (int i = 0; i < 64; i++)
		push(fd, data, sizeof(data));
	T_EQ(pull(fd, &body), 200);
	T_STR(body, "4194304");
	T_OK(file.largest <= HTTP_POOL_BYTES);
	T_EQ(ask(fd, "POST /file HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), 200);
	close(fd);
	fd = dial_unix();
	T_EQ(ask(fd, "POST /file HTTP/1.1\r\n" H "Content-Length: 4194305\r\n\r\n"), 413);
	close(fd);
	fd = dial_unix(); /* the client goes in the middle */
	push_text(fd, "POST /file HTTP/1.1\r\n" H "Content-Length: 100\r\n\r\nhalf");
	close(fd);
	server_stop();
	T_EQ(file.open, 0);
}

static void test_the_language_follows_the_request(void)
{
	const char *body;
	int fd;

	server_start(0, 0);
	fd = dial_unix();
	push_text(fd, "GET /hello HTTP/1.1\r\n" H "Accept-Language: fr, en-GB;q=0.8, zh\r\n\r\n");
	T_EQ(pull(fd, &body), 200);
	T_STR(body, "hello");
	close(fd);
	fd = dial_unix();
	T_EQ(ask(fd, "GET /hello HTTP/1.1\r\n" H "Accept-Language: zh-CN,en\r\n\r\n"), 200);
	T_OK(strstr(answer, "你好") != NULL);
	T_OK(strstr(answer, "X-Content-Type-Options: nosniff") != NULL);
	close(fd);
	fd = dial_unix();
	T_EQ(ask(fd, table[2].text), 405);
	T_OK(strstr(answer, "\r\nAllow: GET\r\n") != NULL);
	T_OK(strstr(answer, "\r\nAllow: HEAD\r\n") != NULL);
	close(fd);
	server_stop();
}

static void test_head_is_get_without_a_body(void)
{
	char text[ANSWER_MAX / 1024];
	int fd;

	server_start(0, 0);
	fd = dial_tcp();
	push_text(fd, "HEAD /hello HTTP/1.1\r\n" H "\r\nGET /hello HTTP/1.1\r\n" H
		      "\r\nHEAD /echo HTTP/1.1\r\n" H "\r\n");
	T_OK(read_all(fd, text, sizeof(text))); /* a refusal ends the connection */
	T_OK(strncmp(text, "HTTP/1.1 200", 12) == 0);
	T_OK(strstr(text, "Content-Length: 6\r\n\r\nHTTP/1.1 200") != NULL);
	T_OK(strstr(text, "\r\n\r\n你好HTTP/1.1 405") != NULL);
	T_OK(strstr(text, "Allow: POST\r\n") != NULL);
	T_STR(strstr(text, "Content-Length: 7"), "Content-Length: 7\r\n\r\n");
	close(fd);
	server_stop();
}

static void test_a_slow_handler_delays_nobody(void)
{
	int slow, quick, gone;

	server_start(0, 0);
	slow = dial_unix();
	push_text(slow, "GET /slow HTTP/1.1\r\n" H "\r\n");
	sem_wait(&slow_begun);
	gone = dial_unix(); /* a client that does not wait for its answer */
	push_text(gone, "GET /slow HTTP/1.1\r\n" H "\r\n");
	sem_wait(&slow_begun);
	close(gone);
	quick = dial_unix();
	T_EQ(ask(quick, table[0].text), 200);
	close(quick);
	sem_post(&slow_go);
	sem_post(&slow_go);
	T_EQ(pull(slow, NULL), 200);
	close(slow);
	server_stop();
}

/* "printf ... | nc" says all that it has to say and closes its end. */
static void test_a_client_that_has_said_all_gets_its_answer(void)
{
	static const char *const requests[] = {"GET /slow HTTP/1.1\r\n" H "\r\n",
					       "GET /slow HTTP/1.0\r\n" H "\r\n"};
	int fd, part;

	server_start(0, 0);
	for (int i = 0; i < 4; i++) {
		fd = dial_unix();
		push_text(fd, requests[i % 2]);
		sem_wait(&slow_begun);
		T_EQ(shutdown(fd, SHUT_WR), 0);
		sem_post(&slow_go);
		T_EQ(pull(fd, NULL), 200);
		T_OK(ended(fd)); /* its place is free */
		close(fd);
	}
	part = dial_unix(); /* of half a request there is no answer */
	push_text(part, "POST /echo HTTP/1.1\r\n" H "Content-Length: 9\r\n\r\nhalf");
	T_EQ(shutdown(part, SHUT_WR), 0);
	T_OK(ended(part));
	close(part);
	server_stop();
}

static void test_a_waiting_handler_goes_on_when_its_results_are_there(void)
{
	const char *body;
	int fd;

	server_start(0, 0);
	fd = dial_unix();
	for (int i = 0; i < 3; i++) {
		push_text(fd, "GET /wait HTTP/1.1\r\n" H "\r\n");
		T_EQ(pull(fd, &body), 200);
		T_STR(body, "waited");
		T_EQ(waits.turns, 2);
	}
	push_text(fd, "GET /wait HTTP/1.1\r\n" H "\r\n");
	close(fd); /* the answer finds nobody */
	server_stop();
}

static void test_a_token_and_where_it_came_from_are_told(void)
{
	char want[64];
	const char *body;
	int fd;

	server_start(0, 0);
	fd = dial_unix();
	push_text(fd, "GET /bearer HTTP/1.1\r\n" H "Authorization: bearer ab12\r\n\r\n");
	T_EQ(pull(fd, &body), 200);
	snprintf(want, sizeof(want), "ab12 of %d", (int)getuid());
	T_STR(body, want);
	close(fd);
	fd = dial_tcp();
	push_text(fd, "GET /bearer HTTP/1.1\r\n" H "\r\n");
	T_EQ(pull(fd, &body), 200);
	T_STR(body, "nobody of -1");
	T_EQ(ask(fd, "GET /bearer HTTP/1.1\r\n" H "Authorization: Basic eDp5\r\n\r\n"), 400);
	close(fd);
	fd = dial_unix();
	T_EQ(ask(fd, "GET /bearer HTTP/1.1\r\n" H
		     "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"),
	     400);
	close(fd);
	server_stop();
}

static void test_closing_lets_running_handlers_answer(void)
{
	const char *body;
	int slow, idle;

	server_start(0, 0);
	slow = dial_unix();
	idle = dial_unix();
	push_text(slow, "GET /slow HTTP/1.1\r\n" H "\r\n");
	sem_wait(&slow_begun);
	uv_async_send(&srv.stop);
	sem_post(&slow_go);
	T_EQ(pull(slow, &body), 200);
	T_STR(body, "at last");
	pthread_join(srv.thread, NULL);
	T_OK(ended(idle));
	T_EQ(srv.closed, 2);
	pool_free(srv.pool);
	T_EQ(uv_loop_close(&srv.loop), 0);
	unlink(srv.path);
	close(slow);
	close(idle);
}

static void open_semaphores(void)
{
	t_has_threads();
	sem_init(&slow_begun, 0, 0);
	sem_init(&slow_go, 0, 0);
}

T_MAIN_WITH(open_semaphores, NULL, T(test_hostile_requests_are_refused),
	    T(test_what_the_library_is_lenient_about_is_refused),
	    T(test_too_large_heads_are_refused), T(test_foreign_hosts_are_refused_on_tcp),
	    T(test_local_routes_are_not_there_on_tcp), T(test_slow_headers_are_cut),
	    T(test_slow_bodies_are_cut), T(test_a_crowd_of_idle_connections_passes),
	    T(test_idle_connections_of_one_address_give_way),
	    T(test_idle_connections_of_many_addresses_give_way),
	    T(test_an_address_whose_requests_all_run_gets_no_more),
	    T(test_one_connection_carries_many_requests), T(test_bodies_arrive_byte_for_byte),
	    T(test_a_file_is_handed_on_in_pieces), T(test_the_language_follows_the_request),
	    T(test_head_is_get_without_a_body), T(test_a_slow_handler_delays_nobody),
	    T(test_a_client_that_has_said_all_gets_its_answer),
	    T(test_a_waiting_handler_goes_on_when_its_results_are_there),
	    T(test_a_token_and_where_it_came_from_are_told),
	    T(test_closing_lets_running_handlers_answer))
