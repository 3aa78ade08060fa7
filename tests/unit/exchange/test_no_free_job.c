#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/host.h"
#include "tests/lib/t.h"

/* What is to be stored and finds no job is stored later, not in the next session. */
#define HUB	    0
#define VILLAGE	    1
#define CONN	    1
#define ALLOCATIONS 24 /* more than a step with an acknowledgement and a cosignature makes */

struct two {
	struct host h[2];
	struct buf q[2]; /* on its way to that host */
	size_t sent[2];	 /* by that host, and not reported yet */
	struct prng prng;
	uint64_t now;
	bool dial;
};

static uint64_t now_of(void *ctx, struct host *h)
{
	(void)h;
	return ((struct two *)ctx)->now;
}

static uint64_t wall_of(void *ctx, struct host *h)
{
	(void)ctx;
	(void)h;
	return HOST_WALL_MS;
}

static void perform(void *ctx, struct host *h, const struct effect *fx)
{
	struct two *p = ctx;
	unsigned from = h == &p->h[VILLAGE];

	T_OK(fx->type != FX_CLOSE); /* all here is one session */
	if (fx->type == FX_CONNECT)
		p->dial = true;
	if (fx->type != FX_SEND)
		return;
	buf_put(&p->q[!from], fx->bytes.p, fx->bytes.n);
	p->sent[from] += fx->bytes.n;
}

static void join(struct two *p)
{
	struct event ev = {.type = EV_ACCEPT, .conn = CONN};

	p->dial = false;
	prng_fill(&p->prng, ev.entropy, sizeof(ev.entropy));
	host_feed(&p->h[HUB], &ev);
	ev.type = EV_DIAL;
	prng_fill(&p->prng, ev.entropy, sizeof(ev.entropy));
	host_feed(&p->h[VILLAGE], &ev);
}

static bool carry(struct two *p, unsigned to)
{
	struct buf q = p->q[to];
	struct event ev = {.type = EV_BYTES, .conn = CONN, .bytes = buf_bytes(&q)};

	p->q[to] = (struct buf){0};
	if (q.n)
		host_feed(&p->h[to], &ev);
	ev = (struct event){.type = EV_SENT, .conn = CONN, .sent = p->sent[!to]};
	p->sent[!to] = 0;
	if (ev.sent)
		host_feed(&p->h[!to], &ev);
	buf_close(&q);
	return ev.sent;
}

static bool tick(struct two *p, unsigned side)
{
	uint64_t before = node_next_tick(p->h[side].node);

	if (before > p->now)
		return false;
	host_feed(&p->h[side], &(struct event){.type = EV_TICK});
	return node_next_tick(p->h[side].node) != before;
}

static void run(struct two *p)
{
	bool busy = true;

	for (unsigned n = 0; busy; n++) {
		T_OK(n < 10000);
		busy = p->dial;
		if (p->dial)
			join(p);
		for (unsigned i = 0; i < 2; i++) {
			busy |= carry(p, i) || p->h[i].nqueue;
			T_EQ(host_store(&p->h[i]), ERR_OK);
			busy |= tick(p, i);
		}
	}
}

static void pass(struct two *p, uint64_t ms)
{
	for (uint64_t end = p->now + ms; p->now < end;) {
		p->now += NODE_TICK_MS;
		run(p);
	}
}

static void open_two(struct two *p)
{
	memset(p, 0, sizeof(*p));
	prng_seed(&p->prng, 1);
	p->now = 1000;
	host_hub(&p->h[HUB], 1);
	host_village(&p->h[VILLAGE], &p->h[HUB], 1, 2);
	for (unsigned i = 0; i < 2; i++) {
		p->h[i].ctx = p;
		p->h[i].perform = perform;
		p->h[i].now_ms = now_of;
		p->h[i].wall_ms = wall_of;
	}
	T_EQ(host_start(&p->h[VILLAGE], 7, NULL), ERR_OK);
	run(p);
}

static void close_two(struct two *p)
{
	host_close(&p->h[HUB]);
	host_close(&p->h[VILLAGE]);
	buf_close(&p->q[0]);
	buf_close(&p->q[1]);
}

static void grow(struct two *p, unsigned side)
{
	struct host *h = &p->h[side];
	struct rec_grant r = {.key = {sign_key_public(h->person[1]), SIGN_KEY_BYTES},
			      .name = host_text("张一"),
			      .role = side == HUB ? ROLE_inspector : ROLE_recorder};

	host_do(h, &p->prng, REC_grant, &r, NULL, 0, h->person[HOST_HEAD]);
}

/* What this host knows of its own feed. */
static struct feed_status own_status(struct two *p, unsigned side)
{
	struct feed_status st;
	struct kv_txn *t;

	T_EQ(kv_begin(p->h[side].kv, false, &t), ERR_OK);
	T_EQ(writer_feed_status(t, p->h[side].own_no, side == HUB, &st), ERR_OK);
	kv_abort(t);
	return st;
}

/* What is on its way to @to arrives when allocation @n of that step fails. False: the node, or the session, is at its
 * end, and the next one sends again. */
static bool arrives_short_of_memory(struct two *p, unsigned to, long n)
{
	struct host *h = &p->h[to];
	struct event ev = {.type = EV_BYTES,
			   .now_ms = p->now,
			   .wall_ms = HOST_WALL_MS,
			   .conn = CONN,
			   .bytes = buf_bytes(&p->q[to])};
	int err;

	T_OK(p->q[to].n > 0);
	mem_fail_after(n);
	err = node_step(h->node, &ev, h->fx);
	mem_fail_after(-1);
	buf_reset(&p->q[to]);
	for (uint32_t i = 0; i < h->fx->n; i++) {
		if (h->fx->v[i].type == FX_CLOSE)
			err = ERR_NOMEM;
		else if (h->fx->v[i].type == FX_STORE)
			host_queue(h, h->fx->v[i].job);
	}
	return !err;
}

/* The other side has stored what @side sent it, and says so and cosigns it. Returns whether @side lived on. */
static bool hears_of_its_entry(unsigned side, long n)
{
	static struct two p;
	bool lives;

	open_two(&p);
	grow(&p, side);
	carry(&p, !side);
	T_EQ(host_store(&p.h[!side]), ERR_OK);
	lives = arrives_short_of_memory(&p, side, n);
	if (lives) {
		pass(&p, 5000);
		T_EQ(own_status(&p, side).at_hub, own_status(&p, side).size);
		T_EQ(own_status(&p, side).cosigned, own_status(&p, side).size);
	}
	close_two(&p);
	return lives;
}

static void test_what_finds_no_job_is_stored_a_little_later(void)
{
	for (unsigned side = HUB; side <= VILLAGE; side++) {
		unsigned lived = 0;

		for (long n = 0; n < ALLOCATIONS; n++)
			lived += hears_of_its_entry(side, n);
		T_OK(lived > 1);
		T_OK(hears_of_its_entry(side, -1));
	}
}

T_MAIN(T(test_what_finds_no_job_is_stored_a_little_later))
