#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/t.h"

/* TCP as it is: bytes come in order and unchanged or not at all, and an end may learn late, or never, that
 * the other is gone. (A flipped bit stands for what a broken box on the way does to a stream.) */
enum { END_VILLAGE, END_HUB };
#define CONNS_MAX    20000
#define LATENCY_MS   400
#define NOTICED_MS   5000
#define SEGMENT_CUT  3 /* percent of segments */
#define SEGMENT_FLIP 1
#define STRANGER     (SIM_HOSTS + 1) /* an address; those of the villages are their numbers */

struct seg {
	struct seg *next;
	size_t n;
	bool fin;
	uint8_t bytes[];
};
struct conn {
	uint32_t village;
	bool open[2];
	bool dead;    /* nothing passes any more */
	bool deaf[2]; /* nothing arrives at that end any more, and nobody hears of it */
	uint64_t last_at[2];
	struct middle *middle;		/* NULL: nobody sits on the line */
	struct seg *first[2], *last[2]; /* on the way to that end */
};
struct net {
	uint32_t n;
	struct conn *conn[CONNS_MAX];
};

static uint64_t ref(uint32_t id, unsigned end)
{
	return (uint64_t)id * 2 + end;
}

static uint32_t host_at(const struct conn *c, unsigned end)
{
	return end == END_HUB ? SIM_HUB : c->village;
}

void net_open(struct sim *s)
{
	s->wires = calloc(1, sizeof(*s->wires));
	T_OK(s->wires != NULL);
}

static void drop_segments(struct conn *c, unsigned to)
{
	while (c->first[to]) {
		struct seg *g = c->first[to];

		c->first[to] = g->next;
		free(g);
	}
	c->last[to] = NULL;
}

void net_close(struct sim *s)
{
	for (uint32_t i = 0; s->wires && i < s->wires->n; i++) {
		drop_segments(s->wires->conn[i], 0);
		drop_segments(s->wires->conn[i], 1);
		middle_free(s->wires->conn[i]->middle);
		free(s->wires->conn[i]);
	}
	free(s->wires);
	s->wires = NULL;
}

static struct conn *conn_new(struct sim *s, uint32_t village, uint32_t *ret_id)
{
	struct conn *c = calloc(1, sizeof(*c));

	T_OK(c != NULL && s->wires->n < CONNS_MAX);
	c->village = village;
	*ret_id = s->wires->n;
	s->wires->conn[s->wires->n++] = c;
	return c;
}

/* Nothing passes any more; each end hears of it, or with half-open connections perhaps never. */
static void cut(struct sim *s, uint32_t id)
{
	struct conn *c = s->wires->conn[id];

	if (c->dead)
		return;
	c->dead = true;
	s->count.cuts++;
	for (unsigned end = 0; end < 2; end++) {
		struct sim_event ev = {
			.type = SE_CLOSED, .host = host_at(c, end), .a = ref(id, end)};

		if (!s->with_half_open || !sim_chance(&s->net, 30))
			sim_at(s, prng_below(&s->net, NOTICED_MS), &ev);
	}
}

static void enqueue(struct sim *s, uint32_t id, unsigned to, struct bytes b, bool fin)
{
	struct sim_event ev = {.type = SE_SEGMENT, .a = ref(id, to), .b = b.n};
	struct conn *c = s->wires->conn[id];
	struct seg *g = malloc(sizeof(*g) + b.n);
	uint64_t at = s->now + 1 + prng_below(&s->net, LATENCY_MS);

	T_OK(g != NULL);
	*g = (struct seg){.n = b.n, .fin = fin};
	if (b.n)
		memcpy(g->bytes, b.p, b.n);
	if (c->last[to])
		c->last[to]->next = g;
	else
		c->first[to] = g;
	c->last[to] = g;
	if (at < c->last_at[to])
		at = c->last_at[to];
	c->last_at[to] = at;
	ev.host = host_at(c, to);
	sim_at(s, at - s->now, &ev);
}

/* In pieces, and perhaps not all of them. */
static void carry(struct sim *s, uint32_t id, unsigned from, struct bytes b)
{
	size_t part = b.n;

	if (sim_chance(&s->net, 20))
		part = (size_t)prng_below(&s->net, b.n + 1);
	if (part)
		enqueue(s, id, !from, (struct bytes){b.p, part}, false);
	if (s->with_cuts && !s->calm && sim_chance(&s->net, SEGMENT_CUT))
		cut(s, id); /* what is still in flight is lost */
	else if (part < b.n)
		enqueue(s, id, !from, (struct bytes){b.p + part, b.n - part}, false);
}

static void send(struct sim *s, uint32_t id, unsigned from, struct bytes b)
{
	struct conn *c = s->wires->conn[id];
	struct sim_event ev = {
		.type = SE_SENT, .host = host_at(c, from), .a = ref(id, from), .b = b.n};
	struct buf out = {0};

	if (!middle_holds(c->middle, from == END_HUB))
		sim_at(s, 1 + prng_below(&s->net, 50), &ev);
	if (c->dead || !c->open[!from])
		return;
	if (!c->middle) {
		carry(s, id, from, b);
		return;
	}
	if (!middle_pass(c->middle, from == END_HUB, b, &out))
		cut(s, id);
	else if (out.n)
		carry(s, id, from, buf_bytes(&out));
	buf_close(&out);
}

void net_perform(void *ctx, struct host *h, const struct effect *fx)
{
	struct machine *m = ctx;
	struct sim *s = m->s;
	unsigned end = h->serves ? END_HUB : END_VILLAGE;
	struct sim_event ev = {.type = SE_DIAL, .host = h->index, .gen = m->gen};
	struct conn *c;

	if (fx->text[0])
		sim_say(s, "%s: %s", h->name, fx->text);
	switch (fx->type) {
	case FX_SEND:
		sha256_add(&s->history, fx->bytes.p, fx->bytes.n);
		send(s, fx->conn, end, fx->bytes);
		break;
	case FX_CLOSE:
		c = s->wires->conn[fx->conn];
		c->open[end] = false;
		if (!c->dead)
			enqueue(s, fx->conn, !end, (struct bytes){0}, true);
		break;
	case FX_CONNECT:
		law_dials(s, h->index);
		sim_at(s, 1 + prng_below(&s->net, LATENCY_MS), &ev);
		break;
	case FX_LOG:
	case FX_STORE: break;
	}
}

void net_dial(struct sim *s, uint32_t village)
{
	struct event ev = {.type = EV_DIAL_FAILED};
	struct conn *c;

	s->count.dials++;
	if (!s->m[SIM_HUB].host.up || s->m[village].blocked || s->m[SIM_HUB].blocked) {
		machine_feed(s, village, &ev);
		return;
	}
	c = conn_new(s, village, &ev.conn);
	c->open[END_HUB] = c->open[END_VILLAGE] = true;
	if (s->m[village].liar && s->feed[village].edge[SIM_HUB].size)
		c->middle = middle_new(s, village);
	ev.type = EV_ACCEPT;
	ev.source = village;
	prng_fill(&s->keys, ev.entropy, sizeof(ev.entropy));
	machine_feed(s, SIM_HUB, &ev);
	ev.type = EV_DIAL;
	prng_fill(&s->keys, ev.entropy, sizeof(ev.entropy));
	machine_feed(s, village, &ev);
}

static void arrive(struct sim *s, uint64_t a, struct seg *g)
{
	struct conn *c = s->wires->conn[a / 2];
	struct event ev = {.type = EV_BYTES, .conn = (uint32_t)(a / 2)};

	if (g->fin) {
		net_closed(s, a);
		return;
	}
	if (s->with_flips && !s->calm && sim_chance(&s->net, SEGMENT_FLIP))
		g->bytes[prng_below(&s->net, g->n)] ^= (uint8_t)(1 << prng_below(&s->net, 8));
	ev.bytes = (struct bytes){g->bytes, g->n};
	machine_feed(s, host_at(c, a % 2), &ev);
}

void net_segment(struct sim *s, uint64_t a)
{
	struct conn *c = s->wires->conn[a / 2];
	unsigned to = a % 2;
	struct seg *g = c->first[to];

	T_OK(g != NULL);
	c->first[to] = g->next;
	if (!g->next)
		c->last[to] = NULL;
	if (s->m[c->village].blocked || s->m[SIM_HUB].blocked)
		cut(s, (uint32_t)(a / 2));
	if (s->m[c->village].oneway && !c->deaf[!to] && !s->calm)
		c->deaf[to] = true; /* the stream has a hole from here on */
	if (!c->dead && c->open[to] && !c->deaf[to])
		arrive(s, a, g);
	free(g);
}

void net_sent(struct sim *s, uint64_t a, uint64_t bytes)
{
	struct event ev = {.type = EV_SENT, .conn = (uint32_t)(a / 2), .sent = (size_t)bytes};
	struct conn *c = s->wires->conn[a / 2];

	if (c->open[a % 2])
		machine_feed(s, host_at(c, a % 2), &ev);
}

void net_closed(struct sim *s, uint64_t a)
{
	struct event ev = {.type = EV_CLOSED, .conn = (uint32_t)(a / 2)};
	struct conn *c = s->wires->conn[a / 2];

	if (!c->open[a % 2])
		return;
	c->open[a % 2] = false;
	machine_feed(s, host_at(c, a % 2), &ev);
}

/* What the process had sent may still arrive. */
void net_crashed(struct sim *s, uint32_t host)
{
	unsigned end = host == SIM_HUB ? END_HUB : END_VILLAGE;

	for (uint32_t i = 0; i < s->wires->n; i++) {
		struct conn *c = s->wires->conn[i];

		if (host_at(c, end) != host || !c->open[end])
			continue;
		c->open[end] = false;
		if (!c->dead && (!s->with_half_open || !sim_chance(&s->net, 30)))
			enqueue(s, i, !end, (struct bytes){0}, true);
	}
}

void net_blocked(struct sim *s, uint32_t host)
{
	for (uint32_t i = 0; i < s->wires->n; i++) {
		struct conn *c = s->wires->conn[i];

		if ((host == SIM_HUB || c->village == host) && sim_chance(&s->net, 50))
			cut(s, i);
	}
}

void net_cut_off(struct sim *s, uint32_t village)
{
	for (uint32_t i = 0; i < s->wires->n; i++)
		if (s->wires->conn[i]->village == village && s->wires->conn[i]->open[END_VILLAGE])
			cut(s, i);
}

uint32_t net_caller(const struct sim *s, uint32_t conn)
{
	return host_at(s->wires->conn[conn], END_VILLAGE);
}

/* Somebody from outside calls the hub and says something, or nothing yet. */
static void call(struct sim *s, bool silent)
{
	struct event ev = {.type = EV_ACCEPT, .source = STRANGER};
	uint8_t junk[200];
	struct conn *c;

	if (!s->m[SIM_HUB].host.up)
		return;
	c = conn_new(s, 1, &ev.conn);
	c->open[END_HUB] = true;
	prng_fill(&s->keys, ev.entropy, sizeof(ev.entropy));
	machine_feed(s, SIM_HUB, &ev);
	if (silent)
		return;
	prng_fill(&s->net, junk, sizeof(junk));
	if (sim_chance(&s->net, 50))
		be16_put(junk, 48);
	enqueue(s, ev.conn, END_HUB,
		(struct bytes){junk, 1 + (size_t)prng_below(&s->net, sizeof(junk))}, false);
	if (sim_chance(&s->net, 50))
		enqueue(s, ev.conn, END_HUB, (struct bytes){0}, true);
}

void net_stranger(struct sim *s)
{
	for (uint64_t silent = prng_below(&s->net, 5); silent; silent--)
		call(s, true);
	call(s, false);
}
