/* A hub and a village on one wire that the test holds: how soon it is dialled again, how much is kept for a peer
 * that does not read, and who may come as a guest. */
#include "daemon/exchange/node.h"

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "tests/lib/host.h"
#include "tests/lib/t.h"

enum { HUB, VILLAGE, ENDS };

static struct wire {
	struct host h[ENDS];
	bool open[ENDS], dial;
	bool deaf; /* what the hub sends stays in its queue */
	uint32_t conn;
	struct buf q[ENDS]; /* on its way to that end */
	struct prng prng;
	uint64_t now;
	char closed[ENDS][200];
} w;

static uint64_t now_of(void *ctx, struct host *h)
{
	(void)ctx;
	(void)h;
	return w.now;
}

static uint64_t wall_of(void *ctx, struct host *h)
{
	(void)ctx;
	(void)h;
	return HOST_WALL_MS;
}

static void perform(void *ctx, struct host *h, const struct effect *fx)
{
	unsigned end = h == &w.h[HUB] ? HUB : VILLAGE;

	(void)ctx;
	if (fx->type == FX_CONNECT) {
		w.dial = true;
	} else if (fx->type == FX_SEND && w.open[end] && fx->conn == w.conn) {
		buf_put(&w.q[!end], fx->bytes.p, fx->bytes.n);
	} else if (fx->type == FX_CLOSE) {
		memcpy(w.closed[end], fx->text, sizeof(fx->text));
		if (fx->conn == w.conn)
			w.open[end] = false;
	}
}

static void feed(unsigned end, struct event *ev)
{
	host_feed(&w.h[end], ev);
}

static void ended(unsigned end)
{
	struct event ev = {.type = EV_CLOSED, .conn = w.conn};

	if (!w.open[end])
		return;
	w.open[end] = false;
	feed(end, &ev);
}

static void cut(void)
{
	buf_reset(&w.q[HUB]);
	buf_reset(&w.q[VILLAGE]);
	ended(HUB);
	ended(VILLAGE);
}

static void answer_dial(bool good)
{
	struct event ev = {.type = EV_ACCEPT, .conn = ++w.conn};

	T_OK(w.dial);
	w.dial = false;
	if (!good) {
		feed(VILLAGE, &(struct event){.type = EV_DIAL_FAILED});
		return;
	}
	w.open[HUB] = w.open[VILLAGE] = true;
	prng_fill(&w.prng, ev.entropy, sizeof(ev.entropy));
	feed(HUB, &ev);
	ev.type = EV_DIAL;
	prng_fill(&w.prng, ev.entropy, sizeof(ev.entropy));
	feed(VILLAGE, &ev);
}

static bool carry(unsigned to)
{
	struct event got = {.type = EV_BYTES, .conn = w.conn};
	struct event sent = {.type = EV_SENT, .conn = w.conn, .sent = w.q[to].n};
	struct buf q = w.q[to];

	if (!q.n || (to == VILLAGE && w.deaf))
		return false;
	w.q[to] = (struct buf){0};
	got.bytes = buf_bytes(&q);
	if (w.open[to])
		feed(to, &got);
	if (w.open[!to])
		feed(!to, &sent);
	buf_close(&q);
	return true;
}

static void run(void)
{
	bool busy = true;

	for (unsigned i = 0; busy; i++) {
		T_OK(i < 10000);
		busy = carry(HUB);
		busy = carry(VILLAGE) || busy;
		for (unsigned k = 0; k < ENDS; k++) {
			if (!w.h[k].nqueue && !writer_pending(w.h[k].writer))
				continue;
			T_EQ(host_store(&w.h[k]), ERR_OK);
			busy = true;
		}
		if (w.open[HUB] != w.open[VILLAGE] && !w.q[HUB].n && !w.q[VILLAGE].n) {
			cut();
			busy = true;
		}
	}
}

/* Time passes until the village dials; returns how long that was. */
static uint64_t until_dial(uint64_t most)
{
	uint64_t from = w.now;

	for (run(); !w.dial && w.now - from < most; run()) {
		w.now += 50;
		feed(HUB, &(struct event){.type = EV_TICK});
		feed(VILLAGE, &(struct event){.type = EV_TICK});
	}
	return w.now - from;
}

static bool linked(unsigned end)
{
	struct node_link l[4];

	return node_links(w.h[end].node, l, 4) == 1 && l[0].running;
}

static void open_wire(void)
{
	memset(&w, 0, sizeof(w));
	prng_seed(&w.prng, 1);
	w.now = 1000;
	host_hub(&w.h[HUB], 3);
	host_village(&w.h[VILLAGE], &w.h[HUB], 1, 4);
	for (unsigned i = 0; i < ENDS; i++) {
		w.h[i].perform = perform;
		w.h[i].now_ms = now_of;
		w.h[i].wall_ms = wall_of;
	}
	T_EQ(host_start(&w.h[VILLAGE], 7, NULL), ERR_OK);
}

static void close_wire(void)
{
	for (unsigned i = 0; i < ENDS; i++) {
		host_close(&w.h[i]);
		buf_close(&w.q[i]);
	}
}

/* --- dialling --------------------------------------------------------------------------------------- */

/* The pause doubles while nothing comes of it; a session that brings entries, or stands for a minute, makes it short
 * again. */
static void test_after_a_good_session_the_pause_is_short_again(void)
{
	uint64_t pause = 0, before = 0;

	for (unsigned i = 0; i < 10; i++) {
		pause = until_dial(2 * NODE_BACKOFF_MS_MAX);
		answer_dial(false);
		if (i == 5)
			before = pause;
	}
	T_OK(pause > before && pause > 60 * NODE_BACKOFF_MS_MIN);
	T_OK(pause <= NODE_BACKOFF_MS_MAX + 50);
	until_dial(2 * NODE_BACKOFF_MS_MAX);
	answer_dial(true);
	run();
	T_OK(linked(VILLAGE));
	for (unsigned i = 0; i < 3; i++) {
		cut();
		T_OK(until_dial(NODE_BACKOFF_MS_MAX) <= 2 * NODE_BACKOFF_MS_MIN);
		answer_dial(true);
		run();
		T_OK(linked(VILLAGE));
		T_OK(until_dial(NODE_IDLE_PING_MS) >= NODE_IDLE_PING_MS); /* it stands a while */
	}
}

/* A hub that comes back must not be called by its whole township in one moment: twelve pauses of the same step are hardly ever
 * alike, and each is between half of it and all of it. */
#define PAUSES 12
static void test_pauses_of_one_step_are_spread(void)
{
	uint64_t pause[PAUSES];
	unsigned alike = 0;

	for (unsigned i = 0; i < 10; i++) {
		until_dial(2 * NODE_BACKOFF_MS_MAX);
		answer_dial(false);
	}
	for (unsigned i = 0; i < PAUSES; i++) {
		pause[i] = until_dial(2 * NODE_BACKOFF_MS_MAX);
		answer_dial(false);
		T_OK(pause[i] >= NODE_BACKOFF_MS_MAX / 2 && pause[i] <= NODE_BACKOFF_MS_MAX + 50);
		for (unsigned j = 0; j < i; j++)
			alike += pause[i] / 1000 == pause[j] / 1000;
	}
	T_OK(alike <= PAUSES / 3);
}

/* A hub that takes the call and hangs up at once is no reason to call every second. */
static void test_a_session_that_gets_nowhere_keeps_the_pause_long(void)
{
	uint64_t pause = 0;

	for (unsigned i = 0; i < 10; i++) {
		pause = until_dial(2 * NODE_BACKOFF_MS_MAX);
		answer_dial(true);
		cut();
	}
	T_OK(pause > 60 * NODE_BACKOFF_MS_MIN);
}

/* --- a peer that does not read ---------------------------------------------------------------------- */
static void say_as_village(const struct buf *msg)
{
	struct event ev = {.type = EV_BYTES, .conn = w.conn};
	struct buf frame = {0};

	buf_put_be16(&frame, 0);
	T_EQ(noise_seal(&w.h[VILLAGE].node->first->noise, msg->p, msg->n, &frame), ERR_OK);
	be16_put(frame.p, (uint16_t)(frame.n - NODE_FRAME_HEAD));
	ev.bytes = buf_bytes(&frame);
	feed(HUB, &ev);
	buf_close(&frame);
}

/* It asks as fast as it can and reads no answer: what is kept for it has a bound, and the session ends. */
static void test_what_is_kept_for_a_peer_that_does_not_read_is_bounded(void)
{
	struct buf ping = {0};
	size_t kept = 0;

	buf_put_u8(&ping, MSG_PING);
	until_dial(1000);
	answer_dial(true);
	run();
	T_OK(linked(HUB));
	w.deaf = true;
	for (uint32_t i = 0; w.open[HUB]; i++) {
		T_OK(i < NODE_SEND_BYTES_MAX);
		say_as_village(&ping);
		kept = w.q[VILLAGE].n;
	}
	T_OK(kept > NODE_SEND_BYTES_MAX);
	T_OK(kept < 2 * NODE_SEND_BYTES_MAX + 4096);
	T_STR(w.closed[HUB], "cannot send: a named maximum was reached");
	buf_close(&ping);
}

/* --- guests ----------------------------------------------------------------------------------------- */

/* The public half of an invitation stands in the town feed, which every village has; only who holds the secret half
 * may come by it, and only in the handshake that he signed for. */
static void test_a_guest_has_signed_for_this_very_handshake(void)
{
	uint8_t binding[NOISE_HASH_BYTES], other[NOISE_HASH_BYTES];
	struct node *hub = w.h[HUB].node, *village = w.h[VILLAGE].node;
	struct hello h = {0}, forged;
	struct event tick = {.type = EV_TICK};

	memset(binding, 7, sizeof(binding));
	memset(other, 8, sizeof(other));
	feed(HUB, &tick);
	enrol_hello(village, binding, &h);
	T_OK(enrol_guest(hub, binding, &h));
	T_OK(!enrol_guest(hub, other, &h)); /* overheard in another handshake */
	forged = h;
	forged.invite_sig[5] ^= 1;
	T_OK(!enrol_guest(hub, binding, &forged));
	forged = h;
	memset(forged.invite_sig, 0, sizeof(forged.invite_sig));
	T_OK(!enrol_guest(hub, binding, &forged));
	forged = h;
	forged.invited = false;
	T_OK(!enrol_guest(hub, binding, &forged));
	forged = h;
	memcpy(forged.invite_key, sign_key_public(w.h[VILLAGE].witness_key), SIGN_KEY_BYTES);
	T_OK(!enrol_guest(hub, binding, &forged)); /* invited is who the town feed says */
	heads_txn_end(hub);
}

T_MAIN_WITH(open_wire, close_wire, T(test_after_a_good_session_the_pause_is_short_again),
	    T(test_pauses_of_one_step_are_spread),
	    T(test_a_session_that_gets_nowhere_keeps_the_pause_long),
	    T(test_what_is_kept_for_a_peer_that_does_not_read_is_bounded),
	    T(test_a_guest_has_signed_for_this_very_handshake))
