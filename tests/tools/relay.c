#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* relay LISTEN_PORT TARGET_PORT: passes TCP bytes between two ports of 127.0.0.1. Killing it cuts every
 * connection through it, as pulling a cable would; that is what the demo and the end-to-end tests use it
 * for. */

#define CHUNK 16384

struct side {
	uv_tcp_t tcp;
	struct side *other;
	bool open, shut;
	char buf[CHUNK];
};

struct pair {
	struct side a, b;
	uv_connect_t connect;
	int handles;
};

static uv_loop_t loop;
static struct sockaddr_in target;

static void on_closed(uv_handle_t *h)
{
	struct pair *p = h->data;

	if (--p->handles == 0)
		free(p);
}

static void pair_close(struct pair *p)
{
	if (!uv_is_closing((uv_handle_t *)&p->a.tcp))
		uv_close((uv_handle_t *)&p->a.tcp, on_closed);
	if (!uv_is_closing((uv_handle_t *)&p->b.tcp))
		uv_close((uv_handle_t *)&p->b.tcp, on_closed);
}

static void on_alloc(uv_handle_t *h, size_t n, uv_buf_t *buf)
{
	struct pair *p = h->data;
	struct side *s = h == (uv_handle_t *)&p->a.tcp ? &p->a : &p->b;

	(void)n;
	*buf = uv_buf_init(s->buf, CHUNK);
}

static void on_read(uv_stream_t *st, ssize_t n, const uv_buf_t *buf);

static void on_written(uv_write_t *w, int status)
{
	struct side *from = w->data;
	struct pair *p = from->tcp.data;

	free(w);
	if (status || uv_is_closing((uv_handle_t *)&from->tcp)) {
		if (status != UV_ECANCELED)
			pair_close(p);
		return;
	}
	uv_read_start((uv_stream_t *)&from->tcp, on_alloc, on_read);
}

static void on_read(uv_stream_t *st, ssize_t n, const uv_buf_t *buf)
{
	struct pair *p = st->data;
	struct side *from = st == (uv_stream_t *)&p->a.tcp ? &p->a : &p->b;
	uv_write_t *w;
	uv_buf_t out;

	if (n == 0)
		return;
	w = n > 0 ? malloc(sizeof(*w)) : NULL;
	if (!w) {
		pair_close(p);
		return;
	}
	uv_read_stop(st); /* one chunk in flight keeps memory flat */
	w->data = from;
	out = uv_buf_init(buf->base, (unsigned)n);
	if (uv_write(w, (uv_stream_t *)&from->other->tcp, &out, 1, on_written)) {
		free(w);
		pair_close(p);
	}
}

static void on_connected(uv_connect_t *c, int status)
{
	struct pair *p = c->data;

	if (status == UV_ECANCELED)
		return;
	if (status || uv_read_start((uv_stream_t *)&p->a.tcp, on_alloc, on_read) ||
	    uv_read_start((uv_stream_t *)&p->b.tcp, on_alloc, on_read))
		pair_close(p);
}

static void on_connection(uv_stream_t *s, int status)
{
	struct pair *p = status ? NULL : calloc(1, sizeof(*p));

	if (!p)
		return;
	uv_tcp_init(&loop, &p->a.tcp);
	uv_tcp_init(&loop, &p->b.tcp);
	p->a.tcp.data = p->b.tcp.data = p->connect.data = p;
	p->a.other = &p->b;
	p->b.other = &p->a;
	p->handles = 2;
	if (uv_accept(s, (uv_stream_t *)&p->a.tcp) ||
	    uv_tcp_connect(&p->connect, &p->b.tcp, (struct sockaddr *)&target, on_connected))
		pair_close(p);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	uv_tcp_t listener;
	int rv;

	if (argc != 3) {
		fputs("usage: relay LISTEN_PORT TARGET_PORT\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&loop);
	uv_ip4_addr("127.0.0.1", (int)strtol(argv[1], NULL, 10), &at);
	uv_ip4_addr("127.0.0.1", (int)strtol(argv[2], NULL, 10), &target);
	uv_tcp_init(&loop, &listener);
	rv = uv_tcp_bind(&listener, (struct sockaddr *)&at, 0);
	if (!rv)
		rv = uv_listen((uv_stream_t *)&listener, 64, on_connection);
	if (rv) {
		fprintf(stderr, "relay: port %s: %s\n", argv[1], uv_strerror(rv));
		return 3;
	}
	return uv_run(&loop, UV_RUN_DEFAULT);
}
