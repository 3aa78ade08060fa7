/* Three levels: a district, a town below it, villages below that. The node in the middle has an upstream and
 * serves members; nothing else sets it apart from the others. */
#include "daemon/exchange/node.h"

#include "lib/err.h"
#include "tests/lib/host.h"
#include "tests/lib/t.h"

enum { DISTRICT, TOWN, VILLAGE_A, VILLAGE_B, HOSTS };
/* A line from a member to its upstream; the ends are the hosts. */
enum { UP, DOWN, ENDS };
#define LINES	  3
#define CONN_BASE 100

struct line {
	unsigned host[ENDS];
	bool open[ENDS], dial;
	uint32_t conn;
	struct buf q[ENDS]; /* on its way to that end */
};

struct chain {
	struct host h[HOSTS];
	struct line line[LINES];
	struct prng prng;
	uint64_t now;
	uint32_t dials[HOSTS];
	uint32_t nconns;
	bool no_dial;
};

static uint64_t now_of(void *ctx, struct host *h)
{
	(void)h;
	return ((struct chain *)ctx)->now;
}

static uint64_t wall_of(void *ctx, struct host *h)
{
	(void)ctx;
	(void)h;
	return HOST_WALL_MS;
}

/* The line and end of @h that has the connection @conn; dialling: the one on which @h is the lower end. */
static struct line *line_of(struct chain *c, const struct host *h, uint32_t conn, unsigned *ret_end)
{
	unsigned host = (unsigned)(h - c->h);

	for (unsigned i = 0; i < LINES; i++)
		for (unsigned end = 0; end < ENDS; end++) {
			struct line *l = &c->line[i];

			*ret_end = end;
			if (l->host[end] == host && (conn ? l->conn == conn : end == DOWN))
				return l;
		}
	return NULL;
}

static void perform(void *ctx, struct host *h, const struct effect *fx)
{
	struct chain *c = ctx;
	unsigned end = DOWN;
	struct line *l = fx->type == FX_LOG ? NULL : line_of(c, h, fx->conn, &end);

	if (fx->type == FX_CONNECT) {
		T_OK(l);
		l->dial = true;
	} else if (fx->type == FX_SEND && l && l->open[end]) {
		buf_put(&l->q[!end], fx->bytes.p, fx->bytes.n);
	} else if (fx->type == FX_CLOSE && l) {
		l->open[end] = false;
	}
}

static void connect_now(struct chain *c, struct line *l)
{
	struct event ev = {.type = EV_ACCEPT};

	l->dial = false;
	l->open[UP] = l->open[DOWN] = true;
	c->dials[l->host[DOWN]]++;
	l->conn = ev.conn = CONN_BASE + c->nconns++;
	prng_fill(&c->prng, ev.entropy, sizeof(ev.entropy));
	host_feed(&c->h[l->host[UP]], &ev);
	ev.type = EV_DIAL;
	prng_fill(&c->prng, ev.entropy, sizeof(ev.entropy));
	host_feed(&c->h[l->host[DOWN]], &ev);
}

static void carry(struct chain *c, struct line *l, unsigned to)
{
	struct event got = {.type = EV_BYTES, .conn = l->conn};
	struct event sent = {.type = EV_SENT, .conn = l->conn, .sent = l->q[to].n};
	struct buf q = l->q[to];

	l->q[to] = (struct buf){0};
	got.bytes = buf_bytes(&q);
	if (l->open[to])
		host_feed(&c->h[l->host[to]], &got);
	if (l->open[!to])
		host_feed(&c->h[l->host[!to]], &sent);
	buf_close(&q);
}

static bool work_line(struct chain *c, struct line *l)
{
	bool busy = l->q[UP].n || l->q[DOWN].n;

	for (unsigned end = 0; end < ENDS; end++)
		if (l->q[end].n)
			carry(c, l, end);
	if (l->dial && !c->no_dial) {
		connect_now(c, l);
		busy = true;
	}
	return busy;
}

static bool work_host(struct chain *c, struct host *h)
{
	struct event ev = {.type = EV_TICK};
	bool busy = false;

	if (h->nqueue || writer_pending(h->writer)) {
		T_EQ(host_store(h), ERR_OK);
		busy = true;
	}
	if (node_next_tick(h->node) <= c->now) {
		uint64_t before = node_next_tick(h->node);

		host_feed(h, &ev);
		busy |= node_next_tick(h->node) != before;
	}
	return busy;
}

static void run(struct chain *c)
{
	bool busy = true;

	for (unsigned i = 0; busy; i++) {
		T_OK(i < 100000);
		busy = false;
		for (unsigned k = 0; k < LINES; k++)
			busy |= work_line(c, &c->line[k]);
		for (unsigned k = 0; k < HOSTS; k++)
			busy |= work_host(c, &c->h[k]);
	}
}

static void cut(struct chain *c, struct line *l)
{
	struct event ev = {.type = EV_CLOSED, .conn = l->conn};

	for (unsigned end = 0; end < ENDS; end++) {
		bool open = l->open[end];

		l->open[end] = false;
		buf_reset(&l->q[end]);
		if (open)
			host_feed(&c->h[l->host[end]], &ev);
	}
}

static void pass(struct chain *c, uint64_t ms)
{
	for (uint64_t end = c->now + ms; c->now < end;) {
		c->now += 1000;
		run(c);
	}
}

static void attach(struct chain *c, unsigned host)
{
	c->h[host].ctx = c;
	c->h[host].perform = perform;
	c->h[host].now_ms = now_of;
	c->h[host].wall_ms = wall_of;
}

static void chain_open(struct chain *c, uint64_t seed)
{
	static const unsigned ends[LINES][ENDS] = {
		{DISTRICT, TOWN}, {TOWN, VILLAGE_A}, {TOWN, VILLAGE_B}};

	memset(c, 0, sizeof(*c));
	prng_seed(&c->prng, seed);
	c->now = 1000;
	for (unsigned i = 0; i < LINES; i++)
		memcpy(c->line[i].host, ends[i], sizeof(ends[i]));
	host_hub(&c->h[DISTRICT], seed + 1);
	attach(c, DISTRICT);
	host_middle(&c->h[TOWN], &c->h[DISTRICT], 9, seed + 2);
	attach(c, TOWN);
	T_EQ(host_start(&c->h[TOWN], 6, NULL), ERR_OK);
	host_village(&c->h[VILLAGE_A], &c->h[TOWN], 1, seed + 3);
	host_village(&c->h[VILLAGE_B], &c->h[TOWN], 2, seed + 4);
	attach(c, VILLAGE_A);
	attach(c, VILLAGE_B);
	T_EQ(host_start(&c->h[VILLAGE_A], 7, NULL), ERR_OK);
	T_EQ(host_start(&c->h[VILLAGE_B], 8, NULL), ERR_OK);
	run(c);
}

static void chain_close(struct chain *c)
{
	for (unsigned i = 0; i < HOSTS; i++)
		host_close(&c->h[i]);
	for (unsigned i = 0; i < LINES; i++) {
		buf_close(&c->line[i].q[UP]);
		buf_close(&c->line[i].q[DOWN]);
	}
}

static void grants(struct chain *c, unsigned host, unsigned n)
{
	static const char *const names[HOST_PEOPLE] = {"张一", "张二", "张三", "张四", "张五"};
	struct host *h = &c->h[host];
	bool village = host == VILLAGE_A || host == VILLAGE_B;

	for (unsigned i = 0; i < n; i++) {
		struct rec_grant r = {
			.key = {sign_key_public(h->person[i % HOST_PEOPLE]), SIGN_KEY_BYTES},
			.name = host_text(names[i % HOST_PEOPLE]),
			.role = village ? ROLE_recorder : ROLE_inspector,
		};

		host_do(h, &c->prng, REC_grant, &r, NULL, 0, h->person[HOST_HEAD]);
	}
}

/* @at holds the whole feed of @of. */
static void holds(struct chain *c, unsigned at, unsigned of)
{
	struct hash a, b;

	T_EQ(host_size(&c->h[at], &c->h[of].feed), host_size(&c->h[of], &c->h[of].feed));
	host_root(&c->h[at], &c->h[of].feed, &a);
	host_root(&c->h[of], &c->h[of].feed, &b);
	T_MEM(a.b, b.b, HASH_BYTES);
}

static void all_hold(struct chain *c)
{
	holds(c, DISTRICT, TOWN);
	holds(c, TOWN, DISTRICT);
	holds(c, TOWN, VILLAGE_A);
	holds(c, TOWN, VILLAGE_B);
	holds(c, VILLAGE_A, TOWN);
	holds(c, VILLAGE_B, TOWN);
}

static void no_alarms(struct chain *c)
{
	static struct alarm a[NODE_ALARMS_MAX];

	for (unsigned i = 0; i < HOSTS; i++)
		T_EQ(node_alarms(c->h[i].node, a, NODE_ALARMS_MAX), 0);
}

static uint32_t running(struct chain *c, unsigned host)
{
	struct node_link l[8];
	uint32_t n = node_links(c->h[host].node, l, 8), up = 0;

	for (uint32_t i = 0; i < n; i++)
		up += l[i].running;
	return up;
}

static void test_a_middle_node_exchanges_in_both_directions(void)
{
	static struct chain c;

	chain_open(&c, 10);
	T_EQ(running(&c, DISTRICT), 1);
	T_EQ(running(&c, TOWN), 3);
	T_EQ(running(&c, VILLAGE_A), 1);
	all_hold(&c);
	grants(&c, DISTRICT, 2);
	grants(&c, TOWN, 3);
	grants(&c, VILLAGE_A, 4);
	grants(&c, VILLAGE_B, 5);
	run(&c);
	all_hold(&c);
	T_EQ(host_size(&c.h[TOWN], &c.h[VILLAGE_B].feed), 5);
	T_EQ(host_size(&c.h[DISTRICT], &c.h[VILLAGE_A].feed), 0); /* not passed on */
	T_EQ(host_size(&c.h[VILLAGE_A], &c.h[DISTRICT].feed), 0);
	T_EQ(c.dials[TOWN], 1);
	T_EQ(c.dials[DISTRICT], 0);
	no_alarms(&c);
	chain_close(&c);
}

/* The size to which @at holds @of's feed cosigned by @by's key. */
static uint64_t cosigned(struct chain *c, unsigned at, unsigned of, unsigned by)
{
	struct job_cosig j = {0};
	struct kv_txn *t;
	uint32_t no;

	T_EQ(kv_begin(c->h[at].kv, false, &t), ERR_OK);
	T_EQ(feedlog_find(t, &c->h[of].feed, &no), ERR_OK);
	if (writer_cosig(t, no, sign_key_public(c->h[by].witness_key), &j))
		j.size = 0;
	kv_abort(t);
	return j.size;
}

static void test_a_middle_node_cosigns_both_ways_and_knows_what_its_upstream_holds(void)
{
	static struct chain c;
	struct feed_status st;
	struct kv_txn *t;

	chain_open(&c, 20);
	grants(&c, DISTRICT, 2);
	grants(&c, TOWN, 2);
	grants(&c, VILLAGE_A, 2);
	run(&c);
	T_EQ(cosigned(&c, TOWN, DISTRICT, TOWN), host_size(&c.h[DISTRICT], &c.h[DISTRICT].feed));
	T_EQ(cosigned(&c, DISTRICT, DISTRICT, TOWN), cosigned(&c, TOWN, DISTRICT, TOWN));
	T_EQ(cosigned(&c, TOWN, VILLAGE_A, TOWN), 2);
	T_EQ(cosigned(&c, VILLAGE_A, VILLAGE_A, TOWN), 2);
	T_EQ(cosigned(&c, DISTRICT, TOWN, DISTRICT), host_size(&c.h[TOWN], &c.h[TOWN].feed));
	T_EQ(cosigned(&c, TOWN, TOWN, DISTRICT), 0); /* its key is not known here (node.h) */
	T_EQ(kv_begin(c.h[TOWN].kv, false, &t), ERR_OK);
	T_EQ(writer_feed_status(t, FEED_TOWN, false, &st), ERR_OK);
	kv_abort(t);
	T_EQ(st.at_hub, st.size);
	no_alarms(&c);
	chain_close(&c);
}

static void test_a_middle_node_dials_again_while_it_serves(void)
{
	static struct chain c;

	chain_open(&c, 30);
	c.no_dial = true;
	cut(&c, &c.line[0]);
	grants(&c, TOWN, 2);
	grants(&c, DISTRICT, 2);
	grants(&c, VILLAGE_A, 2);
	pass(&c, 30000);
	T_EQ(running(&c, TOWN), 2);
	holds(&c, VILLAGE_A, TOWN);
	holds(&c, TOWN, VILLAGE_A);
	T_OK(host_size(&c.h[TOWN], &c.h[DISTRICT].feed) <
	     host_size(&c.h[DISTRICT], &c.h[DISTRICT].feed));
	c.no_dial = false;
	pass(&c, 30000);
	T_EQ(running(&c, TOWN), 3);
	T_EQ(c.dials[TOWN], 2);
	all_hold(&c);
	no_alarms(&c);
	chain_close(&c);
}

static void test_strangers_do_not_crowd_the_upstream_out(void)
{
	static struct chain c;
	struct event ev = {.type = EV_DIAL, .conn = 50};

	chain_open(&c, 40);
	c.no_dial = true;
	cut(&c, &c.line[0]);
	pass(&c, 10000);
	T_OK(c.line[0].dial);
	c.line[0].dial = false;
	c.line[0].conn = ev.conn;
	c.line[0].open[DOWN] = true;
	host_feed(&c.h[TOWN], &ev); /* and the district does not answer yet */
	for (uint32_t i = 0; i < 2 * NODE_HANDSHAKES_MAX; i++) {
		struct event guest = {.type = EV_ACCEPT, .conn = 2000000 + i};

		host_feed(&c.h[TOWN], &guest);
	}
	T_OK(c.line[0].open[DOWN]);
	T_EQ(running(&c, TOWN), 2);
	chain_close(&c);
}

T_MAIN(T(test_a_middle_node_exchanges_in_both_directions),
       T(test_a_middle_node_cosigns_both_ways_and_knows_what_its_upstream_holds),
       T(test_a_middle_node_dials_again_while_it_serves),
       T(test_strangers_do_not_crowd_the_upstream_out))
