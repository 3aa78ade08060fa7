/* Two nodes back to back: a hub and a village on memory stores, joined by a wire that the test holds. */
#include "daemon/exchange/node.h"

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/host.h"
#include "tests/lib/t.h"

#define HUB	  0
#define VILLAGE	  1
#define CONN_BASE 100

struct wire {
	bool up;
	bool open[2];
	uint32_t conn;
	struct buf q[2]; /* on its way to that host */
};

struct pair {
	struct host h[2];
	struct wire w;
	struct prng prng;
	uint64_t now;
	uint64_t wall;
	bool dial, no_dial;
	uint32_t dials, delivered; /* FX_SENDs that arrived */
	uint32_t cut_at;	   /* cut instead of this delivery; 0: never */
	size_t cut_keep;	   /* bytes of it that still arrive */
	uint32_t flip_at;
	size_t flip_bit;
	uint64_t sent[2];
	char closed[2][200]; /* why that host closed last */
	uint32_t unasked;    /* lines that the node says of itself */
};

static uint64_t now_of(void *ctx, struct host *h)
{
	(void)h;
	return ((struct pair *)ctx)->now;
}

static uint64_t wall_of(void *ctx, struct host *h)
{
	(void)h;
	return ((struct pair *)ctx)->wall;
}

static unsigned side_of(const struct pair *p, const struct host *h)
{
	return h == &p->h[HUB] ? HUB : VILLAGE;
}

static void feed_closed(struct pair *p, unsigned side)
{
	struct event ev = {.type = EV_CLOSED, .conn = p->w.conn};

	if (!p->w.open[side])
		return;
	p->w.open[side] = false;
	if (p->h[side].up)
		host_feed(&p->h[side], &ev);
}

static void cut(struct pair *p)
{
	p->w.up = false;
	buf_reset(&p->w.q[0]);
	buf_reset(&p->w.q[1]);
	feed_closed(p, HUB);
	feed_closed(p, VILLAGE);
}

/* One message is one FX_SEND here, so that a test can cut at every message. */
static void deliver(struct pair *p, unsigned to, struct bytes b)
{
	struct event ev = {.type = EV_BYTES, .conn = p->w.conn, .bytes = b};

	p->delivered++;
	if (p->w.open[to] && b.n)
		host_feed(&p->h[to], &ev);
}

static void perform(void *ctx, struct host *h, const struct effect *fx)
{
	struct pair *p = ctx;
	unsigned side = side_of(p, h);

	if (fx->text[0] && getenv("V"))
		fprintf(stderr, "%llu %s: %s\n", (unsigned long long)p->now, h->name, fx->text);
	p->unasked += fx->text[0] && !fx->peer;
	switch (fx->type) {
	case FX_SEND:
		if (p->w.up && fx->conn == p->w.conn && p->w.open[side]) {
			buf_put_be32(&p->w.q[!side], (uint32_t)fx->bytes.n);
			buf_put(&p->w.q[!side], fx->bytes.p, fx->bytes.n);
			p->sent[side] += fx->bytes.n;
		}
		break;
	case FX_CLOSE:
		memcpy(p->closed[side], fx->text, sizeof(fx->text));
		if (fx->conn == p->w.conn)
			p->w.open[side] = false;
		break;
	case FX_CONNECT: p->dial = true; break;
	case FX_LOG:
	case FX_STORE: break;
	}
}

static void connect_now(struct pair *p)
{
	struct event ev = {.type = EV_ACCEPT};

	p->dial = false;
	p->dials++;
	p->w.conn = CONN_BASE + p->dials;
	p->w.up = p->w.open[HUB] = p->w.open[VILLAGE] = true;
	ev.conn = p->w.conn;
	prng_fill(&p->prng, ev.entropy, sizeof(ev.entropy));
	host_feed(&p->h[HUB], &ev);
	ev.type = EV_DIAL;
	prng_fill(&p->prng, ev.entropy, sizeof(ev.entropy));
	host_feed(&p->h[VILLAGE], &ev);
}

/* Moves one FX_SEND towards @to. */
static void carry(struct pair *p, unsigned to)
{
	struct event sent = {.type = EV_SENT, .conn = p->w.conn};
	struct buf q = p->w.q[to];
	size_t at = 0;

	p->w.q[to] = (struct buf){0};
	while (at < q.n) {
		size_t n = be32_get(q.p + at);
		uint8_t *bytes = q.p + at + 4;

		at += 4 + n;
		if (p->delivered + 1 == p->flip_at)
			bytes[p->flip_bit / 8 % n] ^= (uint8_t)(1 << p->flip_bit % 8);
		if (p->delivered + 1 == p->cut_at) {
			deliver(p, to, (struct bytes){bytes, p->cut_keep < n ? p->cut_keep : n});
			cut(p);
			break;
		}
		deliver(p, to, (struct bytes){bytes, n});
		sent.sent = n;
		if (p->w.open[!to])
			host_feed(&p->h[!to], &sent);
	}
	buf_close(&q);
}

/* One closed its end: the other is notified when everything has arrived. */
static void settle_ends(struct pair *p)
{
	if (!p->w.up || p->w.q[0].n || p->w.q[1].n)
		return;
	if (p->w.open[HUB] == p->w.open[VILLAGE] && p->w.open[HUB])
		return;
	p->w.up = false;
	feed_closed(p, HUB);
	feed_closed(p, VILLAGE);
}

static bool work(struct pair *p)
{
	bool busy = false;

	for (unsigned i = 0; i < 2; i++) {
		struct host *h = &p->h[i];

		if (p->w.q[i].n) {
			carry(p, i);
			busy = true;
		}
		if (h->up && (h->nqueue || writer_pending(h->writer))) {
			T_EQ(host_store(h), ERR_OK);
			busy = true;
		}
		if (h->up && node_next_tick(h->node) <= p->now) {
			struct event ev = {.type = EV_TICK};
			uint64_t before = node_next_tick(h->node);

			host_feed(h, &ev);
			busy |= node_next_tick(h->node) != before;
		}
	}
	settle_ends(p);
	if (p->dial && !p->no_dial) {
		connect_now(p);
		busy = true;
	}
	return busy;
}

static void run(struct pair *p)
{
	for (unsigned i = 0; work(p); i++)
		T_OK(i < 100000);
}

/* Lets time pass in steps that ticks ask for. */
static void pass(struct pair *p, uint64_t ms)
{
	uint64_t end = p->now + ms;

	while (p->now < end) {
		uint64_t next = end;

		for (unsigned i = 0; i < 2; i++)
			if (p->h[i].up && node_next_tick(p->h[i].node) < next)
				next = node_next_tick(p->h[i].node);
		p->now = next > p->now ? next : p->now + 1;
		run(p);
	}
}

static void attach(struct pair *p, unsigned side)
{
	struct host *h = &p->h[side];

	h->ctx = p;
	h->perform = perform;
	h->now_ms = now_of;
	h->wall_ms = wall_of;
}

static void pair_open(struct pair *p, uint64_t seed)
{
	memset(p, 0, sizeof(*p));
	prng_seed(&p->prng, seed);
	p->now = 1000;
	p->wall = HOST_WALL_MS;
	host_hub(&p->h[HUB], seed * 2 + 1);
	host_village(&p->h[VILLAGE], &p->h[HUB], 1, seed * 2 + 2);
	attach(p, HUB);
	attach(p, VILLAGE);
}

static void pair_start(struct pair *p)
{
	T_EQ(host_start(&p->h[VILLAGE], 7, NULL), ERR_OK);
	run(p);
}

static void pair_close(struct pair *p)
{
	host_close(&p->h[HUB]);
	host_close(&p->h[VILLAGE]);
	buf_close(&p->w.q[0]);
	buf_close(&p->w.q[1]);
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

static void grants(struct pair *p, unsigned side, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		grant(&p->h[side], &p->prng,
		      side == HUB ? (i % 2 ? ROLE_inspector : ROLE_town_finance)
				  : (enum rec_choice_ROLE)(1 + i % 6));
}

static uint64_t at(struct pair *p, unsigned side, unsigned feed_of)
{
	return host_size(&p->h[side], &p->h[feed_of].feed);
}

static void check_equal(struct pair *p)
{
	struct hash a, b;

	for (unsigned f = 0; f < 2; f++) {
		T_EQ(at(p, HUB, f), at(p, VILLAGE, f));
		host_root(&p->h[HUB], &p->h[f].feed, &a);
		host_root(&p->h[VILLAGE], &p->h[f].feed, &b);
		T_MEM(a.b, b.b, HASH_BYTES);
	}
}

static uint32_t alarms(struct pair *p, unsigned side, struct alarm *ret)
{
	return p->h[side].up ? node_alarms(p->h[side].node, ret, NODE_ALARMS_MAX) : 0;
}

static void no_alarms(struct pair *p)
{
	static struct alarm a[NODE_ALARMS_MAX];

	T_EQ(alarms(p, HUB, a), 0);
	T_EQ(alarms(p, VILLAGE, a), 0);
}

static struct feed_status status(struct pair *p, unsigned side, unsigned feed_of)
{
	struct feed_status st;
	struct kv_txn *t;
	uint32_t no;

	T_EQ(kv_begin(p->h[side].kv, false, &t), ERR_OK);
	T_EQ(feedlog_find(t, &p->h[feed_of].feed, &no), ERR_OK);
	T_EQ(writer_feed_status(t, no, side == HUB, &st), ERR_OK);
	kv_abort(t);
	return st;
}

static bool linked(struct pair *p, unsigned side)
{
	struct node_link l[4];

	return node_links(p->h[side].node, l, 4) == 1 && l[0].running;
}

/* --- the way it should go --------------------------------------------------------------------------- */

static void test_a_village_enrols_and_both_feeds_arrive(void)
{
	static struct pair p;

	pair_open(&p, 1);
	pair_start(&p);
	T_OK(linked(&p, HUB));
	T_OK(linked(&p, VILLAGE));
	T_EQ(at(&p, HUB, HUB), 3); /* charter, invitation, enrolment */
	T_EQ(at(&p, VILLAGE, HUB), 3);
	grants(&p, VILLAGE, 5); /* while connected: pushed at once */
	grants(&p, HUB, 2);
	run(&p);
	T_EQ(at(&p, HUB, VILLAGE), 5);
	T_EQ(at(&p, VILLAGE, HUB), 5);
	check_equal(&p);
	T_EQ(p.dials, 1);
	no_alarms(&p);
	pair_close(&p);
}

static void test_the_three_numbers_are_honest(void)
{
	static struct pair p;

	pair_open(&p, 2);
	pair_start(&p);
	p.no_dial = true;
	cut(&p);
	grants(&p, VILLAGE, 4);
	run(&p);
	T_EQ(status(&p, VILLAGE, VILLAGE).size, 4);
	T_EQ(status(&p, VILLAGE, VILLAGE).at_hub, 0);
	T_EQ(status(&p, VILLAGE, VILLAGE).cosigned, 0);
	p.no_dial = false;
	pass(&p, 400000);
	T_EQ(status(&p, VILLAGE, VILLAGE).at_hub, 4);
	T_EQ(status(&p, VILLAGE, VILLAGE).cosigned, 4);
	T_EQ(status(&p, HUB, HUB).cosigned, 3);
	check_equal(&p);
	no_alarms(&p);
	pair_close(&p);
}

static void test_many_entries_flow_through_the_window(void)
{
	static struct pair p;

	pair_open(&p, 3);
	pair_start(&p);
	p.no_dial = true;
	cut(&p);
	for (unsigned i = 0; i < 40; i++)
		grants(&p, VILLAGE, 100);
	p.no_dial = false;
	pass(&p, 400000);
	T_EQ(at(&p, HUB, VILLAGE), 4000);
	check_equal(&p);
	T_EQ(status(&p, VILLAGE, VILLAGE).at_hub, 4000);
	no_alarms(&p);
	pair_close(&p);
}

static void test_equal_frontiers_cost_little(void)
{
	static struct pair p;
	uint64_t before;

	pair_open(&p, 4);
	pair_start(&p);
	grants(&p, VILLAGE, 3);
	run(&p);
	before = p.sent[HUB] + p.sent[VILLAGE];
	cut(&p);
	pass(&p, 5000);
	T_OK(linked(&p, HUB));
	printf("reconnect %llu bytes\n",
	       (unsigned long long)(p.sent[HUB] + p.sent[VILLAGE] - before));
	T_OK(p.sent[HUB] + p.sent[VILLAGE] - before < 700);
	no_alarms(&p);
	pair_close(&p);
}

/* --- cuts ------------------------------------------------------------------------------------------- */

/* How far a whole enrolment and exchange gets when the k-th message never arrives, wholly or partly. */
static bool cut_once(uint32_t k, size_t keep)
{
	static struct pair p;
	uint64_t held;
	bool was_cut;

	pair_open(&p, 5);
	p.cut_at = k;
	p.cut_keep = keep;
	T_EQ(host_start(&p.h[VILLAGE], 7, NULL), ERR_OK);
	run(&p);
	grants(&p, HUB, 2);
	run(&p);
	if (at(&p, VILLAGE, HUB) >= 3)
		grants(&p, VILLAGE, 3);
	run(&p);
	was_cut = p.delivered >= k;
	held = at(&p, HUB, VILLAGE);
	pass(&p, 400000);
	T_OK(at(&p, HUB, VILLAGE) >= held);
	T_OK(linked(&p, VILLAGE));
	if (at(&p, VILLAGE, VILLAGE) == 0)
		grants(&p, VILLAGE, 3);
	run(&p);
	T_EQ(at(&p, HUB, VILLAGE), 3);
	T_EQ(at(&p, VILLAGE, HUB), 5);
	T_EQ(status(&p, VILLAGE, VILLAGE).at_hub, 3);
	T_EQ(status(&p, VILLAGE, VILLAGE).cosigned, 3);
	T_EQ(status(&p, HUB, HUB).cosigned, 5);
	check_equal(&p);
	no_alarms(&p);
	pair_close(&p);
	return was_cut;
}

static void test_a_cut_at_every_message_loses_nothing(void)
{
	uint32_t k = 1;

	while (cut_once(k, 0))
		k++;
	T_OK(k > 10);
	for (uint32_t i = 1; i < k; i++)
		cut_once(i, 1 + i % 40);
}

static void test_the_hub_forgets_nothing_when_it_restarts(void)
{
	static struct pair p;

	pair_open(&p, 6);
	pair_start(&p);
	grants(&p, VILLAGE, 5);
	run(&p);
	host_crash(&p.h[HUB], NULL, NULL);
	cut(&p);
	grants(&p, VILLAGE, 5);
	T_EQ(host_start(&p.h[HUB], 8, NULL), ERR_OK);
	pass(&p, 400000);
	T_EQ(at(&p, HUB, VILLAGE), 10);
	check_equal(&p);
	no_alarms(&p);
	pair_close(&p);
}

static void test_a_newer_connection_replaces_the_older(void)
{
	static struct pair p;
	struct node_link l[4];

	pair_open(&p, 7);
	pair_start(&p);
	/* the village's end dies alone: for the hub the old connection still stands */
	p.w.open[HUB] = false;
	p.w.up = false;
	feed_closed(&p, VILLAGE);
	pass(&p, 3000);
	T_OK(linked(&p, VILLAGE));
	pass(&p, NODE_LINGER_MS + 1000);
	T_EQ(node_links(p.h[HUB].node, l, 4), 1);
	T_EQ(l[0].conn, p.w.conn);
	pair_close(&p);
}

/* --- the wrong ones --------------------------------------------------------------------------------- */

static void test_another_town_is_turned_away(void)
{
	static struct pair p;

	pair_open(&p, 8);
	p.h[VILLAGE].town.b[0] ^= 1;
	host_crash(&p.h[VILLAGE], NULL, NULL);
	pair_start(&p);
	T_OK(!linked(&p, HUB));
	T_OK(strstr(p.closed[HUB], "another town") != NULL);
	T_EQ(at(&p, HUB, HUB), 2);
	pair_close(&p);
}

static void test_a_stranger_is_turned_away(void)
{
	static struct pair p;
	struct sign_key *invite;

	pair_open(&p, 9);
	T_EQ(sign_key_from_seed((const uint8_t[32]){9}, &invite), ERR_OK);
	sign_key_free(p.h[VILLAGE].invite);
	p.h[VILLAGE].invite = invite;
	pair_start(&p);
	T_OK(strstr(p.closed[HUB], "belongs to no village") != NULL);
	T_OK(strstr(p.closed[VILLAGE], "INVITE_UNKNOWN") == NULL);
	T_EQ(at(&p, HUB, HUB), 2);
	/* it goes on trying, less and less often */
	pass(&p, 3600000);
	T_OK(p.dials > 12);
	T_OK(p.dials < 40);
	pair_close(&p);
}

static void test_an_enrolment_by_another_key_is_refused(void)
{
	static struct pair p;

	pair_open(&p, 10);
	p.h[VILLAGE].enrol_tx.author[0] ^= 1;
	pair_start(&p);
	T_OK(!linked(&p, VILLAGE));
	T_EQ(at(&p, HUB, HUB), 2);
	pair_close(&p);
}

static void test_an_enrolment_that_was_changed_is_refused(void)
{
	static struct pair p;

	pair_open(&p, 11);
	p.h[VILLAGE].enrol_tx.sig[0] ^= 1;
	pair_start(&p);
	T_OK(!linked(&p, VILLAGE));
	T_EQ(at(&p, HUB, HUB), 2);
	T_OK(strstr(p.closed[VILLAGE], "L01") || strstr(p.closed[VILLAGE], "SIGNATURE"));
	pair_close(&p);
}

static void test_an_enrolment_with_another_transport_key_is_refused(void)
{
	static struct pair p;
	struct dh_key *other;

	pair_open(&p, 36);
	T_EQ(dh_key_from_seed((const uint8_t[32]){6}, &other), ERR_OK);
	dh_key_free(p.h[VILLAGE].transport);
	p.h[VILLAGE].transport = other;
	pair_start(&p);
	T_OK(!linked(&p, VILLAGE));
	T_EQ(at(&p, HUB, HUB), 2); /* it would be in the feed for ever */
	pair_close(&p);
}

static void test_an_enrolment_carries_the_hubs_clock_evidence(void)
{
	static struct pair p;
	struct bytes leaf, payload;
	struct kv_txn *t;
	struct entry e;

	pair_open(&p, 37);
	pair_start(&p);
	T_EQ(kv_begin(p.h[HUB].kv, false, &t), ERR_OK);
	T_EQ(feedlog_read(t, FEED_TOWN, 2, &leaf, &payload), ERR_OK);
	T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
	kv_abort(t);
	T_EQ(e.type, REC_village_enrol);
	T_EQ(e.boot, p.h[HUB].boot);
	T_EQ(e.boot_ms, p.now + HOST_SLEPT_MS);
	pair_close(&p);
}

static void test_a_used_invitation_is_used(void)
{
	static struct pair p;
	struct dh_key *other;

	pair_open(&p, 12);
	pair_start(&p);
	T_OK(linked(&p, VILLAGE));
	/* somebody copied the invitation file and comes with a key of his own */
	host_crash(&p.h[VILLAGE], NULL, NULL);
	cut(&p);
	T_EQ(dh_key_from_seed((const uint8_t[32]){5}, &other), ERR_OK);
	dh_key_free(p.h[VILLAGE].transport);
	p.h[VILLAGE].transport = other;
	pair_start(&p);
	pass(&p, 2000);
	T_OK(!linked(&p, VILLAGE));
	T_EQ(at(&p, HUB, HUB), 3);
	pair_close(&p);
}

/* Two folders made from one invitation: the second is told, and nobody else who has no invitation is. */
static void test_who_comes_with_a_used_invitation_is_told(void)
{
	static struct pair p;
	struct sign_key *used;
	struct alarm a;

	pair_open(&p, 41);
	pair_start(&p);
	T_OK(linked(&p, VILLAGE));
	cut(&p);
	used = p.h[VILLAGE].invite;
	p.h[VILLAGE].invite = NULL;
	host_close(&p.h[VILLAGE]);
	host_village(&p.h[VILLAGE], &p.h[HUB], 2, 99);
	attach(&p, VILLAGE);
	sign_key_free(p.h[VILLAGE].invite);
	p.h[VILLAGE].invite = used;
	pair_start(&p);
	pass(&p, 2000);
	T_OK(!linked(&p, VILLAGE));
	T_OK(strstr(p.closed[VILLAGE], "INVITE_UNKNOWN") != NULL);
	T_EQ(node_alarms(p.h[VILLAGE].node, &a, 1), 1);
	T_EQ(a.id, ALARM_ENROLMENT_REFUSED);
	T_EQ(a.num[0], V_INVITE_UNKNOWN);
	pair_close(&p);
}

/* --- altered bytes ---------------------------------------------------------------------------------- */

static void test_a_flipped_bit_ends_the_connection_and_nothing_else(void)
{
	static struct pair p;

	for (uint32_t k = 1; k <= 9; k++) {
		pair_open(&p, 13);
		p.flip_at = k;
		p.flip_bit = k * 37;
		T_EQ(host_start(&p.h[VILLAGE], 7, NULL), ERR_OK);
		run(&p);
		pass(&p, 60000);
		if (p.dials < 2)
			t_fail(__FILE__, __LINE__, "message %u: nobody noticed", k);
		grants(&p, VILLAGE, 2);
		run(&p);
		T_EQ(at(&p, HUB, VILLAGE), 2);
		check_equal(&p);
		no_alarms(&p);
		pair_close(&p);
	}
}

static void feed_raw(struct pair *p, unsigned to, const void *bytes, size_t n)
{
	struct event ev = {.type = EV_BYTES, .conn = p->w.conn, .bytes = {bytes, n}};

	host_feed(&p->h[to], &ev);
}

static void test_an_oversized_frame_ends_the_connection(void)
{
	static struct pair p;
	uint8_t head[2];

	pair_open(&p, 14);
	pair_start(&p);
	p.no_dial = true;
	be16_put(head, MSG_FRAME_MAX + 1);
	feed_raw(&p, HUB, head, 1);
	T_OK(linked(&p, HUB));
	feed_raw(&p, HUB, head + 1, 1);
	T_OK(!linked(&p, HUB));
	T_OK(strstr(p.closed[HUB], "has no place") != NULL);
	pair_close(&p);
}

static void test_an_empty_frame_ends_the_connection(void)
{
	static struct pair p;
	uint8_t head[2];

	for (uint16_t n = 0; n <= NOISE_TAG_BYTES; n++) {
		pair_open(&p, 15);
		pair_start(&p);
		p.no_dial = true;
		be16_put(head, n);
		feed_raw(&p, HUB, head, 2);
		T_OK(!linked(&p, HUB));
		pair_close(&p);
	}
}

static void test_bytes_may_come_one_by_one(void)
{
	static struct pair p;
	struct buf q;

	pair_open(&p, 16);
	T_EQ(host_start(&p.h[VILLAGE], 7, NULL), ERR_OK);
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned to = 0; to < 2; to++) {
			q = p.w.q[to];
			p.w.q[to] = (struct buf){0};
			for (size_t pos = 0; pos < q.n;) {
				struct event sent = {.type = EV_SENT, .conn = p.w.conn};

				sent.sent = be32_get(q.p + pos);
				for (pos += 4; sent.sent > 0 && pos < q.n; pos++) {
					feed_raw(&p, to, q.p + pos, 1);
					if (--sent.sent == 0) {
						pos++;
						break;
					}
				}
			}
			buf_close(&q);
		}
		work(&p);
	}
	T_OK(linked(&p, VILLAGE));
	check_equal(&p);
	no_alarms(&p);
	pair_close(&p);
}

/* --- an enrolled village that lies ------------------------------------------------------------------- */

enum lie {
	LIE_ACK_UNSENT,
	LIE_ACK_ROOT,
	LIE_ACK_FEED,
	LIE_COSIG_SIZE,
	LIE_COSIG_FORGED,
	LIE_COSIG_FEED,
	LIE_CHUNK_FEED,
	LIE_FRONTIER_AGAIN,
	LIE_REFUSE_FEED,
	LIE_ENROLLED,
	LIES
};

static void forge(struct pair *p, enum lie lie, struct buf *out)
{
	struct hash town = p->h[HUB].feed, own = p->h[VILLAGE].feed, root;
	uint64_t size = at(p, HUB, HUB);
	struct msg_ack ack = {.feed = town, .size = size};
	struct msg_cosig cosig = {.feed = town, .size = size};

	host_root(&p->h[HUB], &town, &root);
	ack.root = cosig.root = root;
	switch (lie) {
	case LIE_ACK_UNSENT: ack.size++; break;
	case LIE_ACK_ROOT: ack.root.b[0] ^= 1; break;
	case LIE_ACK_FEED: ack.feed = own; break;
	case LIE_COSIG_SIZE: cosig.size++; break;
	case LIE_COSIG_FEED: cosig.feed = own; break;
	case LIE_CHUNK_FEED:
		/* the hub's own words, sent back to it as if they were entries of the village */
		T_EQ(heads_chunk(p->h[HUB].node, 0, &size), ERR_OK);
		heads_txn_end(p->h[HUB].node);
		buf_put(out, p->h[HUB].node->cached.p, p->h[HUB].node->cached.n);
		return;
	case LIE_FRONTIER_AGAIN: msg_frontier_hash(out, &root); return;
	case LIE_REFUSE_FEED:
		msg_refuse(out, &(struct msg_refuse){.feed = own, .err = ERR_FORMAT});
		return;
	case LIE_ENROLLED: msg_enrolled(out, V_ACCEPTED); return;
	case LIE_COSIG_FORGED:
	case LIES: break;
	}
	if (lie <= LIE_ACK_FEED)
		msg_ack(out, &ack);
	else
		msg_cosig(out, &cosig);
}

static void test_a_lie_ends_the_session_and_changes_nothing(void)
{
	for (unsigned lie = 0; lie < LIES; lie++) {
		static struct pair p;
		struct buf msg = {0}, frame = {0};
		struct feed_status before = {0}, after = {0};
		struct session *s;
		struct kv_txn *t;

		pair_open(&p, 40 + lie);
		pair_start(&p);
		grants(&p, HUB, 3);
		grants(&p, VILLAGE, 3);
		run(&p);
		s = p.h[VILLAGE].node->first;
		p.h[HUB].node->first->cosig_size = 0; /* as if it had not said so yet */
		T_EQ(kv_begin(p.h[HUB].kv, false, &t), ERR_OK);
		T_EQ(writer_feed_status(t, FEED_TOWN, true, &before), ERR_OK);
		kv_abort(t);
		forge(&p, (enum lie)lie, &msg);
		T_EQ(msg.err, ERR_OK);
		buf_put_be16(&frame, 0);
		T_EQ(noise_seal(&s->noise, msg.p, msg.n, &frame), ERR_OK);
		be16_put(frame.p, (uint16_t)(frame.n - 2));
		p.no_dial = true;
		feed_raw(&p, HUB, frame.p, frame.n);
		run(&p);
		T_OK(!linked(&p, HUB));
		T_EQ(kv_begin(p.h[HUB].kv, false, &t), ERR_OK);
		T_EQ(writer_feed_status(t, FEED_TOWN, true, &after), ERR_OK);
		kv_abort(t);
		T_EQ(after.size, before.size);
		T_EQ(after.cosigned, before.cosigned);
		T_EQ(after.witnesses, before.witnesses);
		check_equal(&p);
		/* and its next, honest session works */
		p.no_dial = false;
		pass(&p, 2 * NODE_BACKOFF_MS_MAX);
		T_OK(linked(&p, HUB));
		buf_close(&msg);
		buf_close(&frame);
		pair_close(&p);
	}
}

/* Seals @msg as the village's next message and gives it to the hub. */
static void say_as_village(struct pair *p, const struct buf *msg)
{
	struct buf frame = {0};

	buf_put_be16(&frame, 0);
	T_EQ(noise_seal(&p->h[VILLAGE].node->first->noise, msg->p, msg->n, &frame), ERR_OK);
	be16_put(frame.p, (uint16_t)(frame.n - 2));
	feed_raw(p, HUB, frame.p, frame.n);
	buf_close(&frame);
}

static void cosign_as_village(struct pair *p, uint64_t size, struct buf *out)
{
	struct msg_cosig m = {.feed = p->h[HUB].feed, .size = size};
	struct checkpoint c = {.size = size};

	T_EQ(heads_proven(p->h[HUB].node, size, &m.root), ERR_OK);
	heads_txn_end(p->h[HUB].node);
	memcpy(c.origin, p->h[HUB].origin, sizeof(c.origin));
	c.root = m.root;
	T_EQ(cosig_make(&c, p->h[VILLAGE].witness_key, HOST_WALL_MS / 1000, &m.cosig), ERR_OK);
	buf_reset(out);
	msg_cosig(out, &m);
}

static void test_cosignatures_of_one_village_do_not_fill_the_queue(void)
{
	static struct pair p;
	struct buf msg = {0};

	pair_open(&p, 32);
	pair_start(&p);
	p.h[VILLAGE].node->first->may_pull = false; /* it does not cosign by itself */
	grants(&p, HUB, 30);
	T_EQ(host_store(&p.h[HUB]), ERR_OK);
	for (unsigned i = 0; i < 100; i++) {
		cosign_as_village(&p, 10, &msg);
		say_as_village(&p, &msg);
	}
	T_EQ(p.h[HUB].node->njobs, 1);
	for (uint64_t size = 11; size <= 30; size++) {
		cosign_as_village(&p, size, &msg);
		say_as_village(&p, &msg);
	}
	T_EQ(p.h[HUB].node->njobs, 1);
	run(&p);
	T_EQ(p.h[HUB].node->njobs, 0);
	T_EQ(status(&p, HUB, HUB).cosigned, 30); /* the newest was not lost */
	T_OK(linked(&p, HUB));
	buf_close(&msg);
	pair_close(&p);
}

static void test_a_full_queue_holds_up_and_hangs_up_on_nobody(void)
{
	static struct pair p;
	struct node *hub;

	pair_open(&p, 33);
	pair_start(&p);
	hub = p.h[HUB].node;
	hub->njobs += NODE_JOBS_MAX - NODE_JOBS_OTHERS; /* of others */
	for (unsigned i = 0; i < 40; i++)
		grants(&p, VILLAGE, 100);
	pass(&p, NODE_STALL_MS - 1000);
	T_EQ(at(&p, HUB, VILLAGE), 0);
	T_EQ(p.dials, 1);
	T_EQ(hub->njobs, NODE_JOBS_MAX - NODE_JOBS_OTHERS);
	/* when it is only busy, everybody has his share */
	hub->njobs = NODE_JOBS_BUSY;
	host_feed(&p.h[HUB], &(struct event){.type = EV_TICK});
	T_EQ(hub->njobs, NODE_JOBS_BUSY + NODE_INGEST_BUSY);
	run(&p);
	T_EQ(at(&p, HUB, VILLAGE), 4000);
	hub->njobs = 0;
	T_OK(linked(&p, HUB));
	T_EQ(p.dials, 1);
	no_alarms(&p);
	pair_close(&p);
}

/* --- before it is known who calls -------------------------------------------------------------------- */

static uint32_t accept_one(struct pair *p, uint32_t conn)
{
	struct event ev = {.type = EV_ACCEPT, .conn = conn};

	p->closed[HUB][0] = 0;
	host_feed(&p->h[HUB], &ev);
	return p->closed[HUB][0] == 0;
}

static void test_strangers_are_few_small_and_short_lived(void)
{
	static struct pair p;
	struct node_link l[NODE_HANDSHAKES_MAX + 1];
	uint8_t junk[2];
	long live;

	pair_open(&p, 17);
	for (uint32_t i = 0; i < NODE_HANDSHAKES_MAX; i++)
		T_OK(accept_one(&p, 1000 + i));
	T_OK(!accept_one(&p, 5000)); /* it takes the place of another */
	T_EQ(node_links(p.h[HUB].node, l, NODE_HANDSHAKES_MAX + 1), NODE_HANDSHAKES_MAX);
	T_OK(sizeof(struct session) <= 1536);
	/* nothing is kept of what they say before its length is known to fit */
	live = mem_live();
	be16_put(junk, 49);
	p.w.conn = 1001;
	feed_raw(&p, HUB, junk, 2);
	T_OK(strstr(p.closed[HUB], "has no place") != NULL);
	T_OK(mem_live() < live);
	p.now += NODE_HANDSHAKE_MS;
	host_feed(&p.h[HUB], &(struct event){.type = EV_TICK});
	T_EQ(node_links(p.h[HUB].node, l, NODE_HANDSHAKES_MAX + 1), 0);
	T_OK(accept_one(&p, 6000));
	pair_close(&p);
}

static uint32_t count_links(struct pair *p)
{
	struct node_link l[NODE_HANDSHAKES_MAX + 1];

	return node_links(p->h[HUB].node, l, NODE_HANDSHAKES_MAX + 1);
}

static void test_one_address_cannot_keep_the_others_out(void)
{
	static struct pair p;
	struct event ev = {.type = EV_ACCEPT, .conn = 1000, .source = 0x0a000001};

	pair_open(&p, 19);
	for (uint32_t i = 0; i < 10 * NODE_HANDSHAKES_MAX; i++, ev.conn++)
		host_feed(&p.h[HUB], &ev);
	T_EQ(count_links(&p), NODE_SOURCE_MAX);
	T_OK(strstr(p.closed[HUB], "from one address") != NULL);
	ev.source = 0x0a000002;
	p.closed[HUB][0] = 0;
	host_feed(&p.h[HUB], &ev);
	T_STR(p.closed[HUB], "");
	T_EQ(count_links(&p), NODE_SOURCE_MAX + 1);
	/* and a village gets through */
	pair_start(&p);
	T_OK(linked(&p, VILLAGE));
	pair_close(&p);
}

static void test_a_newcomer_takes_the_place_of_those_who_have_most(void)
{
	static struct pair p;
	struct event ev = {.type = EV_ACCEPT, .conn = 1000};
	struct session *honest;

	pair_open(&p, 34);
	ev.source = 0x0a000009; /* a slow one, who came first */
	host_feed(&p.h[HUB], &ev);
	honest = p.h[HUB].node->first;
	for (uint32_t i = 0; i < 10 * NODE_HANDSHAKES_MAX; i++) {
		ev.conn++;
		ev.source = 0x0a000001 + i % 3;
		host_feed(&p.h[HUB], &ev);
	}
	T_EQ(count_links(&p), NODE_HANDSHAKES_MAX);
	T_EQ(p.h[HUB].node->first == honest, true);
	ev.source = 0x0a000008;
	ev.conn++;
	host_feed(&p.h[HUB], &ev);
	T_EQ(p.h[HUB].node->last->source, 0x0a000008);
	T_OK(p.h[HUB].node->first == honest);
	pair_start(&p);
	T_OK(linked(&p, VILLAGE));
	pair_close(&p);
}

/* A hub-side handshake up to message 3 by somebody with the village's invitation. */
static void come_as_guest(struct pair *p, uint32_t conn)
{
	struct event ev = {.type = EV_ACCEPT, .conn = conn};
	uint8_t seed[DH_KEY_BYTES], proof[8 + NOISE_HASH_BYTES] = "CZENRL1\n";
	struct hello h = {.version = HELLO_VERSION, .frame_max = MSG_FRAME_MAX, .invited = true};
	struct buf frame = {0}, payload = {0};
	struct noise noise = {0};
	struct dh_key *key;
	const struct session *s;

	prng_fill(&p->prng, seed, sizeof(seed));
	T_EQ(dh_key_from_seed(seed, &key), ERR_OK);
	prng_fill(&p->prng, seed, sizeof(seed));
	host_feed(&p->h[HUB], &ev);
	buf_reset(&p->w.q[VILLAGE]); /* last words to the one before */
	p->w.conn = conn;
	p->w.up = p->w.open[HUB] = true;
	T_EQ(noise_init(&noise, true, key, p->h[VILLAGE].upstream_transport,
			p->h[HUB].node->prologue, sizeof(p->h[HUB].node->prologue), seed),
	     ERR_OK);
	buf_put_be16(&frame, 48);
	T_EQ(noise_write(&noise, NULL, 0, &frame), ERR_OK);
	feed_raw(p, HUB, frame.p, frame.n);
	/* the answer lies on the wire behind a length of the test's and one of its own */
	T_OK(p->w.q[VILLAGE].n > 6);
	T_EQ(noise_read(&noise, p->w.q[VILLAGE].p + 6, p->w.q[VILLAGE].n - 6, &payload), ERR_OK);
	buf_reset(&p->w.q[VILLAGE]);
	memcpy(proof + 8, noise_binding(&noise), NOISE_HASH_BYTES);
	memcpy(h.invite_key, sign_key_public(p->h[VILLAGE].invite), SIGN_KEY_BYTES);
	sign(p->h[VILLAGE].invite, proof, sizeof(proof), h.invite_sig);
	buf_reset(&payload);
	buf_reset(&frame);
	hello_pack(&h, &payload);
	buf_put_be16(&frame, 0);
	T_EQ(noise_write(&noise, payload.p, payload.n, &frame), ERR_OK);
	be16_put(frame.p, (uint16_t)(frame.n - 2));
	feed_raw(p, HUB, frame.p, frame.n);
	s = p->h[HUB].node->last;
	T_EQ(s->conn, conn);
	T_EQ(s->state, S_GUEST);
	buf_close(&frame);
	buf_close(&payload);
	noise_close(&noise);
	dh_key_free(key);
}

static void test_an_invitation_is_good_for_one_guest_at_a_time(void)
{
	static struct pair p;

	pair_open(&p, 35);
	for (uint32_t i = 0; i < 100; i++)
		come_as_guest(&p, 1000 + i);
	T_EQ(count_links(&p), 1);
	T_EQ(p.h[HUB].node->nguests, 1);
	T_OK(strstr(p.closed[HUB], "newer guest") != NULL);
	p.now += NODE_GUEST_MS;
	host_feed(&p.h[HUB], &(struct event){.type = EV_TICK});
	T_EQ(p.h[HUB].node->nguests, 0);
	/* there is place for so many invitations, and for a newcomer then too */
	for (uint32_t i = 0; i < NODE_GUESTS_MAX + 1; i++) {
		come_as_guest(&p, 2000 + i);
		p.h[HUB].node->last->invite_key[0] ^= (uint8_t)(i + 1);
	}
	T_EQ(p.h[HUB].node->nguests, NODE_GUESTS_MAX);
	T_EQ(p.h[HUB].node->last->conn, 2000 + NODE_GUESTS_MAX);
	pair_close(&p);
}

static void test_an_idle_session_is_small(void)
{
	static struct pair p;
	const struct session *s;

	pair_open(&p, 18);
	pair_start(&p);
	grants(&p, VILLAGE, 20);
	grants(&p, HUB, 20);
	run(&p);
	s = p.h[HUB].node->first;
	T_OK(s->push == NULL);
	T_EQ(s->rx.cap, 0);
	T_EQ(s->unsent, 0);
	printf("session %zu bytes\n", sizeof(*s));
	T_OK(sizeof(*s) + 64 <= 4096);
	pair_close(&p);
}

/* --- damage and forks ------------------------------------------------------------------------------- */

/* Flips a bit in a row of the store, of its last byte when there is no @byte, behind everybody's back. */
static void damage(struct host *h, enum kv_table tab, uint32_t no, uint64_t which, size_t byte)
{
	uint8_t prefix[4], row[20000], key[64];
	struct kv_cursor *c;
	struct kv_txn *t;
	struct bytes k, v;
	size_t vn, kn;

	be32_put(prefix, no);
	T_EQ(kv_begin(h->kv, true, &t), ERR_OK);
	T_EQ(kv_cursor_open(t, tab, &c), ERR_OK);
	T_EQ(kv_seek(c, KV_GE, kv_bytes(prefix, 4), &k, &v), ERR_OK);
	while (which-- > 0)
		T_EQ(kv_seek(c, KV_NEXT, k, &k, &v), ERR_OK);
	memcpy(row, v.p, vn = v.n);
	memcpy(key, k.p, kn = k.n);
	kv_cursor_close(c);
	row[byte < vn ? byte : vn - 1] ^= 0x10;
	T_EQ(kv_put(t, tab, kv_bytes(key, kn), kv_bytes(row, vn)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

static void test_a_refused_chunk_alarms_both_sides(void)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct pair p;

	pair_open(&p, 19);
	pair_start(&p);
	p.no_dial = true;
	cut(&p);
	grants(&p, VILLAGE, 3);
	damage(&p.h[VILLAGE], KV_ENTRY, p.h[VILLAGE].own_no, 1, ENTRY_LEAF_BYTES - 1);
	p.no_dial = false;
	pass(&p, 3000);
	T_EQ(at(&p, HUB, VILLAGE), 0);
	T_EQ(alarms(&p, HUB, a), 1);
	T_MEM(a[0].feed.b, p.h[VILLAGE].feed.b, HASH_BYTES);
	T_EQ(a[0].id, ALARM_PEER_INVALID);
	T_EQ(a[0].err, ERR_CORRUPT);
	T_EQ(a[0].seq, 1);
	T_EQ(alarms(&p, VILLAGE, a), 1);
	T_EQ(a[0].id, ALARM_OWN_REFUSED);
	T_MEM(a[0].peer.b, p.h[HUB].feed.b, HASH_BYTES);
	T_EQ(a[0].seq, 1);
	T_OK(strstr(p.closed[VILLAGE], "refused entry 1") != NULL);
	T_OK(p.dials < 5);
	/* the town feed is not held up for ever by it */
	grants(&p, HUB, 1);
	pass(&p, 600000);
	T_EQ(at(&p, VILLAGE, HUB), 4);
	/* and what reads well again is sent again */
	damage(&p.h[VILLAGE], KV_ENTRY, p.h[VILLAGE].own_no, 1, ENTRY_LEAF_BYTES - 1);
	pass(&p, 600000);
	T_EQ(at(&p, HUB, VILLAGE), 3);
	check_equal(&p);
	pair_close(&p);
}

/* Makes every row of a table about feed @no one byte longer. */
static void spoil(struct host *h, enum kv_table tab, uint32_t no)
{
	uint8_t row[20000], key[64];
	struct bytes k = {0}, v;
	struct kv_cursor *c;
	struct kv_txn *t;
	uint64_t n = 0;

	be32_put(key, no);
	T_EQ(kv_begin(h->kv, true, &t), ERR_OK);
	T_EQ(kv_cursor_open(t, tab, &c), ERR_OK);
	for (int err = kv_seek(c, KV_GE, kv_bytes(key, 4), &k, &v);
	     !err && be32_get(k.p) == no && n < 1000; n++) {
		size_t kn = k.n;

		memcpy(key, k.p, kn);
		memcpy(row, v.p, v.n);
		row[v.n] = 0xff;
		T_EQ(kv_put(t, tab, kv_bytes(key, kn), kv_bytes(row, v.n + 1)), ERR_OK);
		err = kv_seek(c, KV_GE, kv_bytes(key, kn), &k, &v);
		if (!err)
			err = kv_seek(c, KV_NEXT, k, &k, &v);
	}
	kv_cursor_close(c);
	T_OK(n > 0);
	T_EQ(kv_commit(t), ERR_OK);
}

static void nobody_else_is_blamed(bool flip, enum kv_table tab, size_t byte)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct pair p;

	pair_open(&p, 31);
	pair_start(&p);
	grants(&p, VILLAGE, 3);
	run(&p);
	p.no_dial = true;
	if (flip)
		damage(&p.h[HUB], tab, 2, 0, byte);
	else
		spoil(&p.h[HUB], tab, 2);
	grants(&p, VILLAGE, 1);
	run(&p);
	T_EQ(alarms(&p, VILLAGE, a), 0);
	T_OK(strstr(p.closed[VILLAGE], "refused") == NULL);
	T_EQ(alarms(&p, HUB, a), 1);
	T_EQ(a[0].err, ERR_CORRUPT);
	T_EQ(a[0].id, ALARM_PEER_DAMAGED);
	T_EQ(p.unasked, 0); /* each line says who caused it, so that the driver can limit them */
	pair_close(&p);
}

static void test_damage_at_the_receiver_is_not_the_senders_fault(void)
{
	nobody_else_is_blamed(false, KV_FEED, 0);
	nobody_else_is_blamed(true, KV_FEED, 76);	/* hash of the last leaf */
	nobody_else_is_blamed(true, KV_FEED, SIZE_MAX); /* the edge of the tree */
}

static void test_a_flipped_tree_node_is_never_signed(void)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct pair p;

	pair_open(&p, 20);
	pair_start(&p);
	p.no_dial = true;
	cut(&p);
	for (unsigned i = 0; i < 5; i++)
		grants(&p, VILLAGE, 100);
	damage(&p.h[VILLAGE], KV_TREE, p.h[VILLAGE].own_no, 32, 40); /* level 4 */
	p.no_dial = false;
	pass(&p, 3000);
	T_EQ(at(&p, HUB, VILLAGE), 0);
	T_EQ(alarms(&p, HUB, a), 0);
	T_EQ(alarms(&p, VILLAGE, a), 1);
	T_EQ(a[0].id, ALARM_OWN_DAMAGED);
	T_EQ(a[0].err, ERR_CORRUPT);
	pair_close(&p);
}

/* What the own store no longer has right is not the fault of those who cosigned it. */
static void test_a_cosignature_over_a_damaged_tree_is_no_lie(void)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct pair p;

	pair_open(&p, 30);
	pair_start(&p);
	grants(&p, VILLAGE, 5);
	run(&p);
	cut(&p);
	damage(&p.h[VILLAGE], KV_TREE, p.h[VILLAGE].own_no, 0, 8);
	pass(&p, NODE_BACKOFF_MS_MAX);
	T_EQ(alarms(&p, HUB, a), 0);
	T_OK(alarms(&p, VILLAGE, a) > 0);
	T_EQ(a[0].err, ERR_CORRUPT);
	T_OK(strstr(p.closed[VILLAGE], "does not verify") == NULL);
	pair_close(&p);
}

static void test_an_older_copy_is_noticed_by_both(void)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct pair p, old;

	pair_open(&p, 21);
	pair_start(&p);
	grants(&p, VILLAGE, 5);
	run(&p);
	T_EQ(at(&p, HUB, VILLAGE), 5);
	/* a twin with the same keys that never wrote anything */
	pair_open(&old, 21);
	host_crash(&p.h[VILLAGE], NULL, NULL);
	cut(&p);
	{
		struct kv *kv = p.h[VILLAGE].kv;

		p.h[VILLAGE].kv = old.h[VILLAGE].kv;
		old.h[VILLAGE].kv = kv;
		guarddisk_lose(&p.h[VILLAGE].guard);
	}
	pair_start(&p);
	pass(&p, 3000);
	T_EQ(alarms(&p, VILLAGE, a), 1);
	T_EQ(a[0].id, ALARM_OWN_OLDER);
	T_EQ(a[0].num[0], 5);
	T_EQ(a[0].num[1], 0);
	T_MEM(a[0].feed.b, p.h[VILLAGE].feed.b, HASH_BYTES);
	T_EQ(alarms(&p, HUB, a), 1);
	T_EQ(a[0].id, ALARM_PEER_OLDER);
	T_MEM(a[0].peer.b, p.h[VILLAGE].feed.b, HASH_BYTES);
	/* what it writes now is another history: it stays here, and the town feed still moves */
	T_EQ(at(&p, VILLAGE, HUB), 3);
	grants(&p, VILLAGE, 5);
	grants(&p, HUB, 1);
	pass(&p, 1000);
	T_EQ(at(&p, HUB, VILLAGE), 5);
	T_EQ(at(&p, VILLAGE, HUB), 4);
	cut(&p);
	pass(&p, 600000);
	T_EQ(alarms(&p, HUB, a), 2); /* equal sizes, other roots */
	T_EQ(at(&p, HUB, VILLAGE), 5);
	pair_close(&p);
	pair_close(&old);
}

/* What a machine had on its disks at some time: store and guard. */
struct backup {
	struct kv *kv;
	struct guard guard;
};

static void back_up(struct host *h, struct backup *ret)
{
	struct kv_txn *t;

	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	ret->kv = host_store_of(t);
	kv_abort(t);
	writer_head(h->writer, &ret->guard);
}

static void restore(struct pair *p, unsigned side, const struct backup *b)
{
	struct host *h = &p->h[side];

	host_crash(h, NULL, NULL);
	cut(p);
	kv_close(h->kv);
	h->kv = b->kv;
	guarddisk_lose(&h->guard);
	T_EQ(guarddisk_save(&h->guard, &b->guard), ERR_OK);
	T_EQ(host_start(h, 9, NULL), ERR_OK);
}

/* One side comes back from an old copy. Its own feed stands still and says why; the other one moves, also
 * after the connection was made anew: what each has cosigned before is no reason to hang up. */
static void come_back_older(unsigned side)
{
	static struct alarm a[NODE_ALARMS_MAX];
	static struct pair p;
	struct backup b;
	uint32_t dials;

	pair_open(&p, 29);
	pair_start(&p);
	grants(&p, VILLAGE, 1);
	run(&p);
	back_up(&p.h[side], &b);
	grants(&p, VILLAGE, 2);
	grants(&p, HUB, 2);
	run(&p);
	check_equal(&p);
	restore(&p, side, &b);
	pass(&p, NODE_BACKOFF_MS_MAX);
	for (unsigned again = 0; again < 2; again++) {
		T_OK(linked(&p, HUB));
		T_OK(linked(&p, VILLAGE));
		T_EQ(alarms(&p, side, a), 1);
		T_EQ(a[0].id, ALARM_OWN_OLDER);
		T_MEM(a[0].feed.b, p.h[side].feed.b, HASH_BYTES);
		T_EQ(alarms(&p, !side, a), 1);
		T_EQ(a[0].id, ALARM_PEER_OLDER);
		T_MEM(a[0].feed.b, p.h[side].feed.b, HASH_BYTES);
		/* what the hub has of another history is not ours */
		T_EQ(status(&p, VILLAGE, VILLAGE).at_hub, side == HUB ? 3 : 0);
		/* the older one gets back what it had of the other's feed, and what is new there
		 * (but the hub cannot judge what names entries that it has lost: SPEC 9.6) */
		if (side == VILLAGE)
			grants(&p, HUB, 2);
		run(&p);
		T_EQ(at(&p, side, !side), at(&p, !side, !side));
		dials = p.dials;
		pass(&p, 3600000);
		T_EQ(p.dials, dials);
		cut(&p);
		pass(&p, NODE_BACKOFF_MS_MAX);
	}
	pair_close(&p);
}

static void test_after_a_restore_the_other_feed_still_moves(void)
{
	come_back_older(HUB);
	come_back_older(VILLAGE);
}

static void test_status_forgets_what_the_hub_has_lost(void)
{
	static struct pair p;
	struct backup b;

	pair_open(&p, 38);
	pair_start(&p);
	back_up(&p.h[HUB], &b);
	grants(&p, VILLAGE, 2);
	run(&p);
	T_EQ(status(&p, VILLAGE, VILLAGE).at_hub, 2);
	restore(&p, HUB, &b);
	p.h[HUB].node->njobs = NODE_JOBS_MAX; /* it stores nothing yet */
	pass(&p, 5000);
	T_OK(linked(&p, VILLAGE));
	T_EQ(status(&p, VILLAGE, VILLAGE).at_hub, 0);
	p.h[HUB].node->njobs = 0;
	host_feed(&p.h[HUB], &(struct event){.type = EV_TICK});
	run(&p);
	T_EQ(status(&p, VILLAGE, VILLAGE).at_hub, 2);
	no_alarms(&p);
	pair_close(&p);
}

/* --- disk ------------------------------------------------------------------------------------------- */

static void test_a_full_disk_is_nobodys_fault(void)
{
	static struct pair p;

	pair_open(&p, 22);
	pair_start(&p);
	kvmem_limit(p.h[HUB].kv, 1);
	grants(&p, VILLAGE, 2);
	for (unsigned i = 0; i < 20; i++) {
		/* the hub's batches fail with ERR_FULL */
		struct host *h = &p.h[HUB];

		while (p.w.q[HUB].n || p.w.q[VILLAGE].n) {
			carry(&p, HUB);
			carry(&p, VILLAGE);
		}
		if (h->nqueue && !host_apply(h)) {
			T_EQ(host_commit(h), ERR_FULL);
			host_report(h, NULL, NULL);
		}
	}
	T_EQ(at(&p, HUB, VILLAGE), 0);
	T_OK(p.dials <= 2); /* and it does not come back at once */
	kvmem_limit(p.h[HUB].kv, 0);
	pass(&p, 400000);
	T_EQ(at(&p, HUB, VILLAGE), 2);
	check_equal(&p);
	no_alarms(&p);
	pair_close(&p);
}

/* --- time ------------------------------------------------------------------------------------------- */

static void test_an_idle_link_pings_once_a_minute(void)
{
	static struct pair p;
	uint64_t before;

	pair_open(&p, 23);
	pair_start(&p);
	before = p.sent[HUB] + p.sent[VILLAGE];
	pass(&p, 3600000);
	T_EQ(p.dials, 1);
	T_OK(linked(&p, HUB));
	/* 19 bytes a frame, ping and pong; both sides may ask in the same moment */
	T_OK(p.sent[HUB] + p.sent[VILLAGE] - before >= 59 * 2 * 19);
	T_OK(p.sent[HUB] + p.sent[VILLAGE] - before <= 61 * 4 * 19);
	pair_close(&p);
}

static void test_silence_ends_a_link(void)
{
	static struct pair p;

	pair_open(&p, 24);
	pair_start(&p);
	p.w.up = false; /* bytes vanish, nobody is notified */
	p.no_dial = true;
	pass(&p, NODE_DEAD_MS - 2000);
	T_OK(linked(&p, HUB));
	T_OK(linked(&p, VILLAGE));
	pass(&p, 4000);
	T_OK(!linked(&p, HUB));
	T_OK(!linked(&p, VILLAGE));
	T_OK(strstr(p.closed[HUB], "nothing received") != NULL);
	pair_close(&p);
}

/* It talks and does not read: what is meant for it would lie here for ever. */
static void test_a_peer_that_takes_nothing_is_dropped(void)
{
	static struct pair p;
	struct buf ping = {0};

	buf_put_u8(&ping, MSG_PING);
	pair_open(&p, 39);
	pair_start(&p);
	p.no_dial = true;
	grants(&p, HUB, 1);
	T_EQ(host_store(&p.h[HUB]), ERR_OK);
	T_OK(p.h[HUB].node->first->unsent > 0);
	for (unsigned i = 0; i < NODE_STALL_MS / 60000; i++) {
		T_OK(linked(&p, HUB));
		p.now += 60000;
		say_as_village(&p, &ping);
		host_feed(&p.h[HUB], &(struct event){.type = EV_TICK});
	}
	T_OK(!linked(&p, HUB));
	T_STR(p.closed[HUB], "nothing taken for 600 s");
	buf_close(&ping);
	pair_close(&p);
}

/* It reads and pings, and stores nothing. */
static void test_a_peer_that_acknowledges_nothing_is_dropped(void)
{
	static struct pair p;

	pair_open(&p, 40);
	pair_start(&p);
	p.h[VILLAGE].node->njobs = NODE_JOBS_MAX;
	p.no_dial = true;
	grants(&p, HUB, 1);
	pass(&p, NODE_STALL_MS - 1000);
	T_OK(linked(&p, HUB));
	pass(&p, 2000);
	T_OK(!linked(&p, HUB));
	T_OK(strstr(p.closed[HUB], "nothing acknowledged") != NULL);
	p.h[VILLAGE].node->njobs = 0;
	pair_close(&p);
}

/* The length of a frame is not sealed: altered on its way it swallows what follows. */
static void test_a_frame_without_end_ends_the_link(void)
{
	static struct pair p;
	uint8_t head[2];

	pair_open(&p, 28);
	pair_start(&p);
	be16_put(head, MSG_FRAME_MAX);
	feed_raw(&p, HUB, head, 2);
	pass(&p, NODE_STALL_MS - 1000);
	T_OK(linked(&p, HUB));
	T_EQ(p.dials, 1);
	pass(&p, 10000);
	T_OK(strstr(p.closed[HUB], "not complete") != NULL);
	T_OK(linked(&p, VILLAGE));
	T_EQ(p.dials, 2);
	pair_close(&p);
}

static void test_a_session_ends_after_a_day(void)
{
	static struct pair p;

	pair_open(&p, 25);
	pair_start(&p);
	pass(&p, 25 * UINT64_C(3600000));
	T_EQ(p.dials, 2);
	T_OK(linked(&p, HUB));
	T_OK(linked(&p, VILLAGE));
	no_alarms(&p);
	pair_close(&p);
}

static void test_a_close_is_sent_and_received(void)
{
	static struct pair p;

	pair_open(&p, 26);
	pair_start(&p);
	p.no_dial = true;
	host_feed(&p.h[HUB], &(struct event){.type = EV_STOP});
	run(&p);
	T_OK(strstr(p.closed[VILLAGE], "has closed") != NULL);
	T_STR(p.closed[HUB], "closed");
	T_OK(!linked(&p, HUB));
	pair_close(&p);
}

static void test_a_stop_reaches_more_sessions_than_fit_in_one_step(void)
{
	static struct pair p;
	struct event ev = {.type = EV_ACCEPT, .conn = 1000};
	struct event stop = {.type = EV_STOP};
	struct host *h = &p.h[HUB];
	unsigned steps = 0;

	pair_open(&p, 41);
	ev.now_ms = stop.now_ms = p.now;
	for (unsigned i = 0; i < 2 * NODE_EFFECTS_MAX; i++, ev.conn++) {
		T_EQ(node_step(h->node, &ev, h->fx), ERR_OK);
		session_set_state(h->node, h->node->last, S_RUNNING);
	}
	do {
		T_EQ(node_step(h->node, &stop, h->fx), ERR_OK);
		T_OK(steps++ < 10);
	} while (h->fx->n);
	T_EQ(count_links(&p), 0);
	pair_close(&p);
}

static int new_and_free(struct host *h)
{
	struct node_cfg cfg = {.serves = true,
			       .town = h->town,
			       .feed = h->feed,
			       .feed_key = h->feed_key,
			       .transport = h->transport,
			       .boot = 1};
	struct node *n = NULL;
	int err = node_new(&cfg, h->kv, 1, &n);

	node_free(n);
	return err;
}

static void test_no_memory_for_a_node_is_an_error(void)
{
	static struct pair p;

	pair_open(&p, 27);
	T_OOM(new_and_free(&p.h[HUB]));
	pair_close(&p);
}

T_MAIN(T(test_a_village_enrols_and_both_feeds_arrive, "R28"), T(test_the_three_numbers_are_honest),
       T(test_many_entries_flow_through_the_window), T(test_equal_frontiers_cost_little),
       T(test_a_cut_at_every_message_loses_nothing),
       T(test_the_hub_forgets_nothing_when_it_restarts),
       T(test_a_newer_connection_replaces_the_older), T(test_another_town_is_turned_away, "R61"),
       T(test_a_stranger_is_turned_away), T(test_an_enrolment_by_another_key_is_refused),
       T(test_an_enrolment_that_was_changed_is_refused),
       T(test_an_enrolment_with_another_transport_key_is_refused),
       T(test_an_enrolment_carries_the_hubs_clock_evidence), T(test_a_used_invitation_is_used),
       T(test_who_comes_with_a_used_invitation_is_told),
       T(test_a_flipped_bit_ends_the_connection_and_nothing_else),
       T(test_an_oversized_frame_ends_the_connection), T(test_an_empty_frame_ends_the_connection),
       T(test_bytes_may_come_one_by_one), T(test_strangers_are_few_small_and_short_lived),
       T(test_a_lie_ends_the_session_and_changes_nothing),
       T(test_cosignatures_of_one_village_do_not_fill_the_queue),
       T(test_a_full_queue_holds_up_and_hangs_up_on_nobody),
       T(test_one_address_cannot_keep_the_others_out),
       T(test_a_newcomer_takes_the_place_of_those_who_have_most),
       T(test_an_invitation_is_good_for_one_guest_at_a_time), T(test_an_idle_session_is_small),
       T(test_a_refused_chunk_alarms_both_sides),
       T(test_damage_at_the_receiver_is_not_the_senders_fault),
       T(test_a_flipped_tree_node_is_never_signed),
       T(test_a_cosignature_over_a_damaged_tree_is_no_lie),
       T(test_an_older_copy_is_noticed_by_both), T(test_after_a_restore_the_other_feed_still_moves),
       T(test_status_forgets_what_the_hub_has_lost), T(test_a_full_disk_is_nobodys_fault),
       T(test_an_idle_link_pings_once_a_minute), T(test_silence_ends_a_link),
       T(test_a_peer_that_takes_nothing_is_dropped),
       T(test_a_peer_that_acknowledges_nothing_is_dropped),
       T(test_a_frame_without_end_ends_the_link), T(test_a_session_ends_after_a_day),
       T(test_a_close_is_sent_and_received),
       T(test_a_stop_reaches_more_sessions_than_fit_in_one_step),
       T(test_no_memory_for_a_node_is_an_error))
