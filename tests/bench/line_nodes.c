#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/io/kvlmdb.h"
#include "lib/err.h"
#include "tests/bench/lines.h"

/* A hub with ten thousand villages that are connected and have nothing to say: a real daemon, real sockets, each with
 * its own keys and its own Noise session. The villages are step machines in this process, which read the hub's own
 * store: so they hold all that the hub holds, and the link is idle as soon as both have said so. A village's machine
 * is freed when its link has been quiet for a while; its socket stays open.
 *
 * There are fewer where this process may not have as many files open. The number is the growth of the hub's anonymous
 * memory, by the link. */
#define NODES	    10000
#define NODES_QUICK 200
#define FILES_SPARE 200
#define RING	    128 /* machines that still listen */
#define SETTLE_MS   1500
#define STEP_MS	    5000
#define READ_BYTES  65536

struct village {
	int fd;
	struct node *node;
};
struct crowd {
	struct kv *kv; /* the hub's */
	struct hash town;
	uint8_t hub_key[DH_KEY_BYTES];
	char domain[DOMAIN_MAX + 1];
	struct sockaddr_in at;
	struct village *v;
	uint32_t n, free; /* free: those before it have no machine any more */
};

/* --- one village --------------------------------------------------------------------------------------- */
static void step(struct village *v, struct event *ev);

static void stored(struct village *v, struct job *j)
{
	struct event ev = {.type = EV_STORED, .job = j};

	j->err = ERR_OK; /* the store is the hub's, which has it */
	step(v, &ev);
}

static void step(struct village *v, struct event *ev)
{
	struct effects *fx = malloc(sizeof(*fx)); /* stored() comes back here */

	if (!fx)
		bench_fail("no memory");
	ev->now_ms = ev->boot_ms = bench_ns() / 1000000;
	ev->wall_ms = (uint64_t)time(NULL) * 1000;
	BENCH_OK(node_step(v->node, ev, fx));
	for (uint32_t i = 0; i < fx->n; i++) {
		const struct effect *e = &fx->v[i];

		if (e->type == FX_SEND &&
		    send(v->fd, e->bytes.p, e->bytes.n, MSG_NOSIGNAL) != (ssize_t)e->bytes.n)
			bench_fail("send: %s", strerror(errno));
	}
	for (uint32_t i = 0; i < fx->n; i++) {
		if (fx->v[i].type == FX_CLOSE)
			bench_fail("a village closes its link: %s", fx->v[i].text);
		if (fx->v[i].type == FX_STORE)
			stored(v, fx->v[i].job);
	}
	free(fx);
}

static void receive(struct village *v)
{
	static uint8_t b[READ_BYTES];
	ssize_t n = recv(v->fd, b, sizeof(b), 0);
	struct event ev = {.type = EV_BYTES, .conn = 1};

	if (n <= 0)
		bench_fail("the hub closes a link: %s", n ? strerror(errno) : "end of file");
	ev.bytes = (struct bytes){b, (size_t)n};
	step(v, &ev);
}

static bool running(const struct village *v)
{
	struct node_link link;

	return node_links(v->node, &link, 1) == 1 && link.running;
}

static void call(struct crowd *c, uint32_t i, const struct load_village *id)
{
	struct village *v = &c->v[i];
	struct node_cfg cfg = {.town = c->town,
			       .feed = id->feed,
			       .feed_key = id->feed_key,
			       .transport = id->transport,
			       .boot = 1,
			       .upstream.feed_no = FEED_TOWN};
	struct event tick = {.type = EV_TICK}, dial = {.type = EV_DIAL, .conn = 1};
	struct pollfd p = {.events = POLLIN};

	origin_of(c->domain, &id->feed, cfg.origin);
	memcpy(cfg.upstream.transport, c->hub_key, DH_KEY_BYTES);
	BENCH_OK(node_new(&cfg, c->kv, i + 1, &v->node));
	v->fd = p.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (v->fd < 0 || connect(v->fd, (struct sockaddr *)&c->at, sizeof(c->at)))
		bench_fail("connection %u: %s", i, strerror(errno));
	memcpy(dial.entropy, id->feed.b, sizeof(dial.entropy));
	step(v, &tick);
	step(v, &dial);
	while (!running(v)) {
		if (poll(&p, 1, STEP_MS) != 1)
			bench_fail("connection %u: the hub does not answer", i);
		receive(v);
	}
}

/* Lets those that still have a machine listen until nothing has come for @quiet_ms. */
static void listen_all(struct crowd *c, uint32_t upto, int quiet_ms)
{
	struct pollfd p[RING + 1];
	uint32_t n;

	do {
		n = 0;
		for (uint32_t i = c->free; i < upto; i++, n++)
			p[n] = (struct pollfd){.fd = c->v[i].fd, .events = POLLIN};
		if (poll(p, n, quiet_ms) <= 0)
			return;
		for (uint32_t i = 0; i < n; i++)
			if (p[i].revents)
				receive(&c->v[c->free + i]);
	} while (quiet_ms);
}

static void release_until(struct crowd *c, uint32_t upto)
{
	for (; c->free < upto; c->free++) {
		node_free(c->v[c->free].node);
		c->v[c->free].node = NULL;
	}
}

/* --- all of them --------------------------------------------------------------------------------------- */
static uint32_t open_files(const struct daemon_proc *p)
{
	char path[64];
	uint32_t n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)p->pid);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* How many links this process may have. */
static uint32_t room_for(uint32_t want)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		bench_fail("getrlimit: %s", strerror(errno));
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_max < want + FILES_SPARE)
		want = r.rlim_max > FILES_SPARE ? (uint32_t)r.rlim_max - FILES_SPARE : 0;
	return want;
}

static struct load_village *enrol(struct load *l, struct crowd *c, char dir[BENCH_PATH_MAX])
{
	struct load_village *id = calloc(c->n, sizeof(*id));
	struct load_node hub;
	const char *port;

	c->v = calloc(c->n, sizeof(*c->v));
	if (!id || !c->v)
		bench_fail("no memory");
	load_copy(l->hub, "crowd", dir);
	load_node_open(&hub, dir);
	load_enrol(l, &hub, 0, c->n, id);
	c->town = l->town;
	memcpy(c->hub_key, dh_key_public(hub.dir.transport_key), DH_KEY_BYTES);
	snprintf(c->domain, sizeof(c->domain), "%s", hub.dir.cfg.domain);
	port = strrchr(hub.dir.cfg.listen, ':');
	c->at = (struct sockaddr_in){.sin_family = AF_INET,
				     .sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10)),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	load_node_close(&hub);
	return id;
}

static void connect_all(struct crowd *c, const struct load_village *id)
{
	for (uint32_t i = 0; i < c->n; i++) {
		if (i - c->free == RING) {
			listen_all(c, i, 0);
			release_until(c, i - RING / 2);
		}
		call(c, i, &id[i]);
	}
	listen_all(c, c->n, SETTLE_MS);
	release_until(c, c->n);
}

static void check_there(const struct crowd *c, const struct daemon_proc *hub)
{
	char b;

	if (open_files(hub) < c->n)
		bench_fail("the hub has only %u files open", open_files(hub));
	for (uint32_t i = 0; i < c->n; i++)
		if (recv(c->v[i].fd, &b, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
			bench_fail("the hub has closed link %u", i);
}

void line_nodes(void *ctx)
{
	struct load *l = ctx;
	uint32_t want = (uint32_t)bench_size(NODES, NODES_QUICK);
	char dir[BENCH_PATH_MAX], store[BENCH_PATH_MAX + 8];
	struct crowd c = {.n = room_for(want)};
	struct load_village *id;
	struct daemon_proc hub;
	struct errmsg msg = {0};
	uint64_t start;
	double before, after;

	if (!c.n) {
		bench_skip("nodes", "too few files may be open (ulimit -n)");
		bench_skip("nodes.count", "too few files may be open (ulimit -n)");
		return;
	}
	id = enrol(l, &c, dir);
	daemon_start(&hub, dir);
	daemon_wait(&hub, bench_ns());
	store_of(dir, store);
	if (kvlmdb_open(store, &(struct kvlmdb_opts){.readonly = true}, &c.kv, &msg))
		bench_fail("%s", msg.text);
	usleep(SETTLE_MS * 1000);
	before = daemon_memory(&hub, "Pss_Anon");
	start = bench_ns();
	connect_all(&c, id);
	check_there(&c, &hub);
	after = daemon_memory(&hub, "Pss_Anon");
	bench_add("nodes", (after - before) / c.n, NAN);
	bench_add("nodes.count", c.n, NAN);
	if (c.n < want)
		bench_note("nodes.count", "no more files may be open (ulimit -n)");
	bench_note("nodes",
		   "%u of them, real sockets on the loopback, connected in %.1f s; anonymous "
		   "memory %.1f MB",
		   c.n, bench_since(start), after / 1024);
	for (uint32_t i = 0; i < c.n; i++) {
		close(c.v[i].fd);
		load_village_close(&id[i]);
	}
	kv_close(c.kv);
	daemon_stop(&hub);
	free(c.v);
	free(id);
	bench_drop(dir);
}
