#include "tests/lib/wire.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "tests/lib/t.h"

#define CONN_BASE 100

static uint64_t now_of(void *ctx, struct host *h)
{
	(void)h;
	return ((struct wire *)ctx)->now;
}

static uint64_t wall_of(void *ctx, struct host *h)
{
	(void)h;
	return ((struct wire *)ctx)->wall;
}

static unsigned side_of(const struct wire *w, const struct host *h)
{
	return h == &w->h[HUB] ? HUB : VILLAGE;
}

void wire_feed_closed(struct wire *w, unsigned side)
{
	struct event ev = {.type = EV_CLOSED, .conn = w->conn};

	if (!w->open[side])
		return;
	w->open[side] = false;
	if (w->h[side].up)
		host_feed(&w->h[side], &ev);
}

void wire_cut(struct wire *w)
{
	w->up = false;
	buf_reset(&w->q[0]);
	buf_reset(&w->q[1]);
	wire_feed_closed(w, HUB);
	wire_feed_closed(w, VILLAGE);
}

/* One message is one FX_SEND here, so that a test can cut at every message. */
static void deliver(struct wire *w, unsigned to, struct bytes b)
{
	struct event ev = {.type = EV_BYTES, .conn = w->conn, .bytes = b};

	w->delivered++;
	if (w->open[to] && b.n)
		host_feed(&w->h[to], &ev);
}

static void perform(void *ctx, struct host *h, const struct effect *fx)
{
	struct wire *w = ctx;
	unsigned side = side_of(w, h);

	if (fx->text[0] && getenv("V"))
		fprintf(stderr, "%llu %s: %s\n", (unsigned long long)w->now, h->name, fx->text);
	w->unasked += fx->text[0] && !fx->peer;
	switch (fx->type) {
	case FX_SEND:
		if (w->up && fx->conn == w->conn && w->open[side]) {
			buf_put_be32(&w->q[!side], (uint32_t)fx->bytes.n);
			buf_put(&w->q[!side], fx->bytes.p, fx->bytes.n);
			w->sent[side] += fx->bytes.n;
		}
		break;
	case FX_CLOSE:
		memcpy(w->closed[side], fx->text, sizeof(fx->text));
		if (fx->conn == w->conn)
			w->open[side] = false;
		break;
	case FX_CONNECT: w->dial = true; break;
	case FX_LOG:
	case FX_STORE: break;
	}
}

static void connect_now(struct wire *w)
{
	struct event ev = {.type = EV_ACCEPT};

	w->dial = false;
	w->dials++;
	w->conn = CONN_BASE + w->dials;
	w->up = w->open[HUB] = w->open[VILLAGE] = true;
	ev.conn = w->conn;
	prng_fill(&w->prng, ev.entropy, sizeof(ev.entropy));
	host_feed(&w->h[HUB], &ev);
	ev.type = EV_DIAL;
	prng_fill(&w->prng, ev.entropy, sizeof(ev.entropy));
	host_feed(&w->h[VILLAGE], &ev);
}

void wire_carry(struct wire *w, unsigned to)
{
	struct event sent = {.type = EV_SENT, .conn = w->conn};
	struct buf q = w->q[to];
	size_t at = 0;

	w->q[to] = (struct buf){0};
	while (at < q.n) {
		size_t n = be32_get(q.p + at);
		uint8_t *bytes = q.p + at + 4;

		at += 4 + n;
		if (w->delivered + 1 == w->flip_at)
			bytes[w->flip_bit / 8 % n] ^= (uint8_t)(1 << w->flip_bit % 8);
		if (w->delivered + 1 == w->cut_at) {
			deliver(w, to, (struct bytes){bytes, w->cut_keep < n ? w->cut_keep : n});
			wire_cut(w);
			break;
		}
		deliver(w, to, (struct bytes){bytes, n});
		sent.sent = n;
		if (w->open[!to])
			host_feed(&w->h[!to], &sent);
	}
	buf_close(&q);
}

/* One closed its end: the other is notified when everything has arrived. */
static void settle_ends(struct wire *w)
{
	if (!w->up || w->q[0].n || w->q[1].n)
		return;
	if (w->open[HUB] == w->open[VILLAGE] && w->open[HUB])
		return;
	w->up = false;
	wire_feed_closed(w, HUB);
	wire_feed_closed(w, VILLAGE);
}

bool wire_work(struct wire *w)
{
	bool busy = false;

	for (unsigned i = 0; i < 2; i++) {
		struct host *h = &w->h[i];

		if (w->q[i].n) {
			wire_carry(w, i);
			busy = true;
		}
		if (h->up && (h->nqueue || writer_pending(h->writer))) {
			T_EQ(host_store(h), ERR_OK);
			busy = true;
		}
		if (h->up && node_next_tick(h->node) <= w->now) {
			struct event ev = {.type = EV_TICK};
			uint64_t before = node_next_tick(h->node);

			host_feed(h, &ev);
			busy |= node_next_tick(h->node) != before;
		}
	}
	settle_ends(w);
	if (w->dial && !w->no_dial) {
		connect_now(w);
		busy = true;
	}
	return busy;
}

void wire_run(struct wire *w)
{
	for (unsigned i = 0; wire_work(w); i++)
		T_OK(i < 100000);
}

void wire_pass(struct wire *w, uint64_t ms)
{
	uint64_t end = w->now + ms;

	while (w->now < end) {
		uint64_t next = end;

		for (unsigned i = 0; i < 2; i++)
			if (w->h[i].up && node_next_tick(w->h[i].node) < next)
				next = node_next_tick(w->h[i].node);
		w->now = next > w->now ? next : w->now + 1;
		wire_run(w);
	}
}

/* --- the two nodes ---------------------------------------------------------------------------------- */

void wire_attach(struct wire *w, unsigned side)
{
	struct host *h = &w->h[side];

	h->ctx = w;
	h->perform = perform;
	h->now_ms = now_of;
	h->wall_ms = wall_of;
}

void wire_open(struct wire *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	prng_seed(&w->prng, seed);
	w->now = 1000;
	w->wall = HOST_WALL_MS;
	host_hub(&w->h[HUB], seed * 2 + 1);
	host_village(&w->h[VILLAGE], &w->h[HUB], 1, seed * 2 + 2);
	wire_attach(w, HUB);
	wire_attach(w, VILLAGE);
}

void wire_start(struct wire *w)
{
	T_EQ(host_start(&w->h[VILLAGE], 7, NULL), ERR_OK);
	wire_run(w);
}

void wire_up(struct wire *w, uint64_t seed)
{
	wire_open(w, seed);
	wire_start(w);
}

void wire_close(struct wire *w)
{
	host_close(&w->h[HUB]);
	host_close(&w->h[VILLAGE]);
	buf_close(&w->q[0]);
	buf_close(&w->q[1]);
}

static void grant(struct host *h, struct prng *g, enum rec_choice_ROLE role)
{
	static const char *const names[HOST_PEOPLE] = {"张一", "张二", "张三", "张四", "张五"};
	struct rec_grant r = {
		.key = {sign_key_public(h->person[role % HOST_PEOPLE]), SIGN_KEY_BYTES},
		.name = host_text(names[role % HOST_PEOPLE]),
		.role = role,
	};

	host_do(h, g, REC_grant, &r, NULL, 0, h->person[HOST_HEAD]);
}

void wire_grants(struct wire *w, unsigned side, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		grant(&w->h[side], &w->prng,
		      side == HUB ? (i % 2 ? ROLE_inspector : ROLE_town_finance)
				  : (enum rec_choice_ROLE)(1 + i % 6));
}

/* --- what they say ---------------------------------------------------------------------------------- */

uint64_t wire_size(struct wire *w, unsigned side, unsigned feed_of)
{
	return host_size(&w->h[side], &w->h[feed_of].feed);
}

void wire_check_equal(struct wire *w)
{
	struct hash a, b;

	for (unsigned f = 0; f < 2; f++) {
		T_EQ(wire_size(w, HUB, f), wire_size(w, VILLAGE, f));
		host_root(&w->h[HUB], &w->h[f].feed, &a);
		host_root(&w->h[VILLAGE], &w->h[f].feed, &b);
		T_MEM(a.b, b.b, HASH_BYTES);
	}
}

uint32_t wire_alarms(struct wire *w, unsigned side, struct alarm *ret)
{
	return w->h[side].up ? node_alarms(w->h[side].node, ret, NODE_ALARMS_MAX) : 0;
}

void wire_no_alarms(struct wire *w)
{
	static struct alarm a[NODE_ALARMS_MAX];

	T_EQ(wire_alarms(w, HUB, a), 0);
	T_EQ(wire_alarms(w, VILLAGE, a), 0);
}

struct feed_status wire_status(struct wire *w, unsigned side, unsigned feed_of)
{
	struct feed_status st;
	struct kv_txn *t;
	uint32_t no;

	T_EQ(kv_begin(w->h[side].kv, false, &t), ERR_OK);
	T_EQ(feedlog_find(t, &w->h[feed_of].feed, &no), ERR_OK);
	T_EQ(writer_feed_status(t, no, side == HUB, &st), ERR_OK);
	kv_abort(t);
	return st;
}

bool wire_linked(struct wire *w, unsigned side)
{
	struct node_link l[4];

	return node_links(w->h[side].node, l, 4) == 1 && l[0].running;
}

uint32_t wire_links(struct wire *w)
{
	struct node_link l[NODE_HANDSHAKES_MAX + 1];

	return node_links(w->h[HUB].node, l, NODE_HANDSHAKES_MAX + 1);
}

void wire_feed(struct wire *w, unsigned to, const void *bytes, size_t n)
{
	struct event ev = {.type = EV_BYTES, .conn = w->conn, .bytes = {bytes, n}};

	host_feed(&w->h[to], &ev);
}

void wire_say(struct wire *w, const struct buf *msg)
{
	struct buf frame = {0};

	buf_put_be16(&frame, 0);
	T_EQ(noise_seal(&w->h[VILLAGE].node->first->noise, msg->p, msg->n, &frame), ERR_OK);
	be16_put(frame.p, (uint16_t)(frame.n - 2));
	wire_feed(w, HUB, frame.p, frame.n);
	buf_close(&frame);
}
