/* What time does to a link. */
#include "daemon/exchange/node.h"

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/wire.h"

static void test_an_idle_link_pings_once_a_minute(void)
{
	static struct wire w;
	uint64_t before;

	wire_up(&w, 23);
	before = w.sent[HUB] + w.sent[VILLAGE];
	wire_pass(&w, 3600000);
	T_EQ(w.dials, 1);
	T_OK(wire_linked(&w, HUB));
	/* 19 bytes a frame, ping and pong; both sides may ask in the same moment */
	T_OK(w.sent[HUB] + w.sent[VILLAGE] - before >= 59 * 2 * 19);
	T_OK(w.sent[HUB] + w.sent[VILLAGE] - before <= 61 * 4 * 19);
	wire_close(&w);
}

static void test_silence_ends_a_link(void)
{
	static struct wire w;

	wire_up(&w, 24);
	w.up = false; /* bytes vanish, nobody is notified */
	w.no_dial = true;
	wire_pass(&w, NODE_DEAD_MS - 2000);
	T_OK(wire_linked(&w, HUB));
	T_OK(wire_linked(&w, VILLAGE));
	wire_pass(&w, 4000);
	T_OK(!wire_linked(&w, HUB));
	T_OK(!wire_linked(&w, VILLAGE));
	T_OK(strstr(w.closed[HUB], "nothing received") != NULL);
	wire_close(&w);
}

/* It talks and does not read: what is meant for it would lie here for ever. */
static void test_a_peer_that_takes_nothing_is_dropped(void)
{
	static struct wire w;
	struct buf ping = {0};

	buf_put_u8(&ping, MSG_PING);
	wire_up(&w, 39);
	w.no_dial = true;
	wire_grants(&w, HUB, 1);
	T_EQ(host_store(&w.h[HUB]), ERR_OK);
	T_OK(w.h[HUB].node->first->unsent > 0);
	for (unsigned i = 0; i < NODE_STALL_MS / 60000; i++) {
		T_OK(wire_linked(&w, HUB));
		w.now += 60000;
		wire_say(&w, &ping);
		host_feed(&w.h[HUB], &(struct event){.type = EV_TICK});
	}
	T_OK(!wire_linked(&w, HUB));
	T_STR(w.closed[HUB], "nothing taken for 600 s");
	buf_close(&ping);
	wire_close(&w);
}

/* It reads and pings, and stores nothing. */
static void test_a_peer_that_acknowledges_nothing_is_dropped(void)
{
	static struct wire w;

	wire_up(&w, 40);
	w.h[VILLAGE].node->njobs = NODE_JOBS_MAX;
	w.no_dial = true;
	wire_grants(&w, HUB, 1);
	wire_pass(&w, NODE_STALL_MS - 1000);
	T_OK(wire_linked(&w, HUB));
	wire_pass(&w, 2000);
	T_OK(!wire_linked(&w, HUB));
	T_OK(strstr(w.closed[HUB], "nothing acknowledged") != NULL);
	w.h[VILLAGE].node->njobs = 0;
	wire_close(&w);
}

/* The length of a frame is not sealed: altered on its way it swallows what follows. */
static void test_a_frame_without_end_ends_the_link(void)
{
	static struct wire w;
	uint8_t head[2];

	wire_up(&w, 28);
	be16_put(head, MSG_FRAME_MAX);
	wire_feed(&w, HUB, head, 2);
	wire_pass(&w, NODE_STALL_MS - 1000);
	T_OK(wire_linked(&w, HUB));
	T_EQ(w.dials, 1);
	wire_pass(&w, 10000);
	T_OK(strstr(w.closed[HUB], "not complete") != NULL);
	T_OK(wire_linked(&w, VILLAGE));
	T_EQ(w.dials, 2);
	wire_close(&w);
}

static void test_a_session_ends_after_a_day(void)
{
	static struct wire w;

	wire_up(&w, 25);
	wire_pass(&w, 25 * UINT64_C(3600000));
	T_EQ(w.dials, 2);
	T_OK(wire_linked(&w, HUB));
	T_OK(wire_linked(&w, VILLAGE));
	wire_no_alarms(&w);
	wire_close(&w);
}

static void test_a_close_is_sent_and_received(void)
{
	static struct wire w;

	wire_up(&w, 26);
	w.no_dial = true;
	host_feed(&w.h[HUB], &(struct event){.type = EV_STOP});
	wire_run(&w);
	T_OK(strstr(w.closed[VILLAGE], "has closed") != NULL);
	T_STR(w.closed[HUB], "closed");
	T_OK(!wire_linked(&w, HUB));
	wire_close(&w);
}

static void test_a_stop_reaches_more_sessions_than_fit_in_one_step(void)
{
	static struct wire w;
	struct event ev = {.type = EV_ACCEPT, .conn = 1000};
	struct event stop = {.type = EV_STOP};
	struct host *h = &w.h[HUB];
	unsigned steps = 0;

	wire_open(&w, 41);
	ev.now_ms = stop.now_ms = w.now;
	for (unsigned i = 0; i < 2 * NODE_EFFECTS_MAX; i++, ev.conn++) {
		T_EQ(node_step(h->node, &ev, h->fx), ERR_OK);
		session_set_state(h->node, h->node->last, S_RUNNING);
	}
	do {
		T_EQ(node_step(h->node, &stop, h->fx), ERR_OK);
		T_OK(steps++ < 10);
	} while (h->fx->n);
	T_EQ(wire_links(&w), 0);
	wire_close(&w);
}

T_MAIN(T(test_an_idle_link_pings_once_a_minute), T(test_silence_ends_a_link),
       T(test_a_peer_that_takes_nothing_is_dropped),
       T(test_a_peer_that_acknowledges_nothing_is_dropped),
       T(test_a_frame_without_end_ends_the_link), T(test_a_session_ends_after_a_day),
       T(test_a_close_is_sent_and_received),
       T(test_a_stop_reaches_more_sessions_than_fit_in_one_step))
