/* Altered bytes, an enrolled village that lies, and strangers. */
#include "daemon/exchange/node.h"

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"
#include "tests/lib/wire.h"

/* --- altered bytes ---------------------------------------------------------------------------------- */

static void test_a_flipped_bit_ends_the_connection_and_nothing_else(void)
{
	static struct wire w;

	for (uint32_t k = 1; k <= 9; k++) {
		wire_open(&w, 13);
		w.flip_at = k;
		w.flip_bit = k * 37;
		T_EQ(host_start(&w.h[VILLAGE], 7, NULL), ERR_OK);
		wire_run(&w);
		wire_pass(&w, 60000);
		if (w.dials < 2)
			t_fail(__FILE__, __LINE__, "message %u: nobody noticed", k);
		wire_grants(&w, VILLAGE, 2);
		wire_run(&w);
		T_EQ(wire_size(&w, HUB, VILLAGE), 2);
		wire_check_equal(&w);
		wire_no_alarms(&w);
		wire_close(&w);
	}
}

static void test_an_oversized_frame_ends_the_connection(void)
{
	static struct wire w;
	uint8_t head[2];

	wire_up(&w, 14);
	w.no_dial = true;
	be16_put(head, MSG_FRAME_MAX + 1);
	wire_feed(&w, HUB, head, 1);
	T_OK(wire_linked(&w, HUB));
	wire_feed(&w, HUB, head + 1, 1);
	T_OK(!wire_linked(&w, HUB));
	T_OK(strstr(w.closed[HUB], "has no place") != NULL);
	wire_close(&w);
}

static void test_an_empty_frame_ends_the_connection(void)
{
	static struct wire w;
	uint8_t head[2];

	for (uint16_t n = 0; n <= NOISE_TAG_BYTES; n++) {
		wire_up(&w, 15);
		w.no_dial = true;
		be16_put(head, n);
		wire_feed(&w, HUB, head, 2);
		T_OK(!wire_linked(&w, HUB));
		wire_close(&w);
	}
}

static void test_bytes_may_come_one_by_one(void)
{
	static struct wire w;
	struct buf q;

	wire_open(&w, 16);
	T_EQ(host_start(&w.h[VILLAGE], 7, NULL), ERR_OK);
	for (unsigned i = 0; i < 200; i++) {
		for (unsigned to = 0; to < 2; to++) {
			q = w.q[to];
			w.q[to] = (struct buf){0};
			for (size_t pos = 0; pos < q.n;) {
				struct event sent = {.type = EV_SENT, .conn = w.conn};

				sent.sent = be32_get(q.p + pos);
				for (pos += 4; sent.sent > 0 && pos < q.n; pos++) {
					wire_feed(&w, to, q.p + pos, 1);
					if (--sent.sent == 0) {
						pos++;
						break;
					}
				}
			}
			buf_close(&q);
		}
		wire_work(&w);
	}
	T_OK(wire_linked(&w, VILLAGE));
	wire_check_equal(&w);
	wire_no_alarms(&w);
	wire_close(&w);
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

static void forge(struct wire *w, enum lie lie, struct buf *out)
{
	struct hash town = w->h[HUB].feed, own = w->h[VILLAGE].feed, root;
	uint64_t size = wire_size(w, HUB, HUB);
	struct msg_ack ack = {.feed = town, .size = size};
	struct msg_cosig cosig = {.feed = town, .size = size};

	host_root(&w->h[HUB], &town, &root);
	ack.root = cosig.root = root;
	switch (lie) {
	case LIE_ACK_UNSENT: ack.size++; break;
	case LIE_ACK_ROOT: ack.root.b[0] ^= 1; break;
	case LIE_ACK_FEED: ack.feed = own; break;
	case LIE_COSIG_SIZE: cosig.size++; break;
	case LIE_COSIG_FEED: cosig.feed = own; break;
	case LIE_CHUNK_FEED:
		/* the hub's own words, sent back to it as if they were entries of the village */
		T_EQ(heads_chunk(w->h[HUB].node, 0, &size), ERR_OK);
		heads_txn_end(w->h[HUB].node);
		buf_put(out, w->h[HUB].node->cached.p, w->h[HUB].node->cached.n);
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
		static struct wire w;
		struct feed_status before, after;
		struct buf msg = {0};

		wire_up(&w, 40 + lie);
		wire_grants(&w, HUB, 3);
		wire_grants(&w, VILLAGE, 3);
		wire_run(&w);
		w.h[HUB].node->first->cosig_size = 0; /* as if it had not said so yet */
		before = wire_status(&w, HUB, HUB);
		forge(&w, (enum lie)lie, &msg);
		T_EQ(msg.err, ERR_OK);
		w.no_dial = true;
		wire_say(&w, &msg);
		wire_run(&w);
		T_OK(!wire_linked(&w, HUB));
		after = wire_status(&w, HUB, HUB);
		T_EQ(after.size, before.size);
		T_EQ(after.cosigned, before.cosigned);
		T_EQ(after.witnesses, before.witnesses);
		wire_check_equal(&w);
		/* and its next, honest session works */
		w.no_dial = false;
		wire_pass(&w, 2 * NODE_BACKOFF_MS_MAX);
		T_OK(wire_linked(&w, HUB));
		buf_close(&msg);
		wire_close(&w);
	}
}

/* Even with the right root: what was not sent can be acknowledged only by who has it from elsewhere or guesses, and the
 * window must not open for it. */
static void test_what_is_written_and_not_sent_cannot_be_acknowledged(void)
{
	static struct wire w;
	struct msg_ack ack = {0};
	struct buf msg = {0};

	wire_up(&w, 60);
	/* the second is gathered while the first is on its way */
	for (unsigned i = 0; i < 2; i++) {
		wire_grants(&w, HUB, 1);
		T_EQ(host_store(&w.h[HUB]), ERR_OK);
	}
	ack.feed = w.h[HUB].feed;
	ack.size = wire_size(&w, HUB, HUB);
	T_EQ(w.h[HUB].node->first->next, ack.size - 1);
	host_root(&w.h[HUB], &ack.feed, &ack.root);
	msg_ack(&msg, &ack);
	wire_say(&w, &msg);
	T_STR(w.closed[HUB], "an acknowledgement of what was not sent");
	buf_close(&msg);
	wire_close(&w);
}

static void cosign_as_village(struct wire *w, uint64_t size, struct buf *out)
{
	struct msg_cosig m = {.feed = w->h[HUB].feed, .size = size};
	struct checkpoint c = {.size = size};

	T_EQ(heads_proven(w->h[HUB].node, size, &m.root), ERR_OK);
	heads_txn_end(w->h[HUB].node);
	memcpy(c.origin, w->h[HUB].origin, sizeof(c.origin));
	c.root = m.root;
	T_EQ(cosig_make(&c, w->h[VILLAGE].witness_key, HOST_WALL_MS / 1000, &m.cosig), ERR_OK);
	buf_reset(out);
	msg_cosig(out, &m);
}

static void test_cosignatures_of_one_village_do_not_fill_the_queue(void)
{
	static struct wire w;
	struct buf msg = {0};

	wire_up(&w, 32);
	w.h[VILLAGE].node->first->may_pull = false; /* it does not cosign by itself */
	wire_grants(&w, HUB, 30);
	T_EQ(host_store(&w.h[HUB]), ERR_OK);
	for (unsigned i = 0; i < 100; i++) {
		cosign_as_village(&w, 10, &msg);
		wire_say(&w, &msg);
	}
	T_EQ(w.h[HUB].node->njobs, 1);
	for (uint64_t size = 11; size <= 30; size++) {
		cosign_as_village(&w, size, &msg);
		wire_say(&w, &msg);
	}
	T_EQ(w.h[HUB].node->njobs, 1);
	wire_run(&w);
	T_EQ(w.h[HUB].node->njobs, 0);
	T_EQ(wire_status(&w, HUB, HUB).cosigned, 30); /* the newest was not lost */
	T_OK(wire_linked(&w, HUB));
	buf_close(&msg);
	wire_close(&w);
}

static void test_a_full_queue_holds_up_and_hangs_up_on_nobody(void)
{
	static struct wire w;
	struct node *hub;

	wire_up(&w, 33);
	hub = w.h[HUB].node;
	hub->njobs += NODE_JOBS_MAX - NODE_JOBS_OTHERS; /* of others */
	for (unsigned i = 0; i < 40; i++)
		wire_grants(&w, VILLAGE, 100);
	wire_pass(&w, NODE_STALL_MS - 1000);
	T_EQ(wire_size(&w, HUB, VILLAGE), 0);
	T_EQ(w.dials, 1);
	T_EQ(hub->njobs, NODE_JOBS_MAX - NODE_JOBS_OTHERS);
	/* when it is only busy, everybody has his share */
	hub->njobs = NODE_JOBS_BUSY;
	host_feed(&w.h[HUB], &(struct event){.type = EV_TICK});
	T_EQ(hub->njobs, NODE_JOBS_BUSY + NODE_INGEST_BUSY);
	wire_run(&w);
	T_EQ(wire_size(&w, HUB, VILLAGE), 4000);
	hub->njobs = 0;
	T_OK(wire_linked(&w, HUB));
	T_EQ(w.dials, 1);
	wire_no_alarms(&w);
	wire_close(&w);
}

/* --- before it is known who calls -------------------------------------------------------------------- */

static uint32_t accept_one(struct wire *w, uint32_t conn)
{
	struct event ev = {.type = EV_ACCEPT, .conn = conn};

	w->closed[HUB][0] = 0;
	host_feed(&w->h[HUB], &ev);
	return w->closed[HUB][0] == 0;
}

static void test_strangers_are_few_small_and_short_lived(void)
{
	static struct wire w;
	struct node_link l[NODE_HANDSHAKES_MAX + 1];
	uint8_t junk[2];
	long live;

	wire_open(&w, 17);
	for (uint32_t i = 0; i < NODE_HANDSHAKES_MAX; i++)
		T_OK(accept_one(&w, 1000 + i));
	T_OK(!accept_one(&w, 5000)); /* it takes the place of another */
	T_EQ(node_links(w.h[HUB].node, l, NODE_HANDSHAKES_MAX + 1), NODE_HANDSHAKES_MAX);
	T_OK(sizeof(struct session) <= 1536);
	/* nothing is kept of what they say before its length is known to fit */
	live = mem_live();
	be16_put(junk, 49);
	w.conn = 1001;
	wire_feed(&w, HUB, junk, 2);
	T_OK(strstr(w.closed[HUB], "has no place") != NULL);
	T_OK(mem_live() < live);
	w.now += NODE_HANDSHAKE_MS;
	host_feed(&w.h[HUB], &(struct event){.type = EV_TICK});
	T_EQ(node_links(w.h[HUB].node, l, NODE_HANDSHAKES_MAX + 1), 0);
	T_OK(accept_one(&w, 6000));
	wire_close(&w);
}

static void test_one_address_cannot_keep_the_others_out(void)
{
	static struct wire w;
	struct event ev = {.type = EV_ACCEPT, .conn = 1000, .source = 0x0a000001};

	wire_open(&w, 19);
	for (uint32_t i = 0; i < 10 * NODE_HANDSHAKES_MAX; i++, ev.conn++)
		host_feed(&w.h[HUB], &ev);
	T_EQ(wire_links(&w), NODE_SOURCE_MAX);
	T_OK(strstr(w.closed[HUB], "from one address") != NULL);
	ev.source = 0x0a000002;
	w.closed[HUB][0] = 0;
	host_feed(&w.h[HUB], &ev);
	T_STR(w.closed[HUB], "");
	T_EQ(wire_links(&w), NODE_SOURCE_MAX + 1);
	/* and a village gets through */
	wire_start(&w);
	T_OK(wire_linked(&w, VILLAGE));
	wire_close(&w);
}

static void test_a_newcomer_takes_the_place_of_those_who_have_most(void)
{
	static struct wire w;
	struct event ev = {.type = EV_ACCEPT, .conn = 1000};
	struct session *honest;

	wire_open(&w, 34);
	ev.source = 0x0a000009; /* a slow one, who came first */
	host_feed(&w.h[HUB], &ev);
	honest = w.h[HUB].node->first;
	for (uint32_t i = 0; i < 10 * NODE_HANDSHAKES_MAX; i++) {
		ev.conn++;
		ev.source = 0x0a000001 + i % 3;
		host_feed(&w.h[HUB], &ev);
	}
	T_EQ(wire_links(&w), NODE_HANDSHAKES_MAX);
	T_EQ(w.h[HUB].node->first == honest, true);
	ev.source = 0x0a000008;
	ev.conn++;
	host_feed(&w.h[HUB], &ev);
	T_EQ(w.h[HUB].node->last->source, 0x0a000008);
	T_OK(w.h[HUB].node->first == honest);
	wire_start(&w);
	T_OK(wire_linked(&w, VILLAGE));
	wire_close(&w);
}

/* A hub-side handshake up to message 3 by somebody with the village's invitation. */
static void come_as_guest(struct wire *w, uint32_t conn)
{
	struct event ev = {.type = EV_ACCEPT, .conn = conn};
	uint8_t seed[DH_KEY_BYTES], proof[8 + NOISE_HASH_BYTES] = "CZENRL1\n";
	struct hello h = {.version = HELLO_VERSION, .frame_max = MSG_FRAME_MAX, .invited = true};
	struct buf frame = {0}, payload = {0};
	struct noise noise = {0};
	struct dh_key *key;
	const struct session *s;

	prng_fill(&w->prng, seed, sizeof(seed));
	T_EQ(dh_key_from_seed(seed, &key), ERR_OK);
	prng_fill(&w->prng, seed, sizeof(seed));
	host_feed(&w->h[HUB], &ev);
	buf_reset(&w->q[VILLAGE]); /* last words to the one before */
	w->conn = conn;
	w->up = w->open[HUB] = true;
	T_EQ(noise_init(&noise, true, key, w->h[VILLAGE].upstream_transport,
			w->h[HUB].node->prologue, sizeof(w->h[HUB].node->prologue), seed),
	     ERR_OK);
	buf_put_be16(&frame, 48);
	T_EQ(noise_write(&noise, NULL, 0, &frame), ERR_OK);
	wire_feed(w, HUB, frame.p, frame.n);
	/* the answer lies on the wire behind a length of the test's and one of its own */
	T_OK(w->q[VILLAGE].n > 6);
	T_EQ(noise_read(&noise, w->q[VILLAGE].p + 6, w->q[VILLAGE].n - 6, &payload), ERR_OK);
	buf_reset(&w->q[VILLAGE]);
	memcpy(proof + 8, noise_binding(&noise), NOISE_HASH_BYTES);
	memcpy(h.invite_key, sign_key_public(w->h[VILLAGE].invite), SIGN_KEY_BYTES);
	sign(w->h[VILLAGE].invite, proof, sizeof(proof), h.invite_sig);
	buf_reset(&payload);
	buf_reset(&frame);
	hello_pack(&h, &payload);
	buf_put_be16(&frame, 0);
	T_EQ(noise_write(&noise, payload.p, payload.n, &frame), ERR_OK);
	be16_put(frame.p, (uint16_t)(frame.n - 2));
	wire_feed(w, HUB, frame.p, frame.n);
	s = w->h[HUB].node->last;
	T_EQ(s->conn, conn);
	T_EQ(s->state, S_GUEST);
	buf_close(&frame);
	buf_close(&payload);
	noise_close(&noise);
	dh_key_free(key);
}

static void test_an_invitation_is_good_for_one_guest_at_a_time(void)
{
	static struct wire w;

	wire_open(&w, 35);
	for (uint32_t i = 0; i < 100; i++)
		come_as_guest(&w, 1000 + i);
	T_EQ(wire_links(&w), 1);
	T_EQ(w.h[HUB].node->nguests, 1);
	T_OK(strstr(w.closed[HUB], "newer guest") != NULL);
	w.now += NODE_GUEST_MS;
	host_feed(&w.h[HUB], &(struct event){.type = EV_TICK});
	T_EQ(w.h[HUB].node->nguests, 0);
	/* there is place for so many invitations, and for a newcomer then too */
	for (uint32_t i = 0; i < NODE_GUESTS_MAX + 1; i++) {
		come_as_guest(&w, 2000 + i);
		w.h[HUB].node->last->invite_key[0] ^= (uint8_t)(i + 1);
	}
	T_EQ(w.h[HUB].node->nguests, NODE_GUESTS_MAX);
	T_EQ(w.h[HUB].node->last->conn, 2000 + NODE_GUESTS_MAX);
	wire_close(&w);
}

/* An enrolment takes a job of the store until it is answered, so a guest has one at a time. */
static void test_a_guest_asks_once(void)
{
	static struct wire w;
	const struct node *hub, *village;
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct buf again = {0};

	wire_open(&w, 36);
	hub = w.h[HUB].node;
	T_EQ(host_start(&w.h[VILLAGE], 7, NULL), ERR_OK);
	village = w.h[VILLAGE].node;
	while (!w.up)
		T_OK(wire_work(&w));
	for (unsigned i = 0; i < 6; i++) { /* the store does nothing yet */
		wire_carry(&w, VILLAGE);
		wire_carry(&w, HUB);
	}
	T_EQ(hub->first->state, S_GUEST);
	T_OK(hub->first->enrol_asked);
	T_EQ(w.h[HUB].nqueue, 1);
	entry_pack(&village->cfg.upstream.enrol_tx, leaf);
	T_EQ(msg_enrol(&again, leaf, village->cfg.upstream.enrol_payload), ERR_OK);
	wire_say(&w, &again);
	T_STR(w.closed[HUB], "an enrolment has no place here");
	T_EQ(w.h[HUB].nqueue, 1);
	wire_pass(&w, 2 * NODE_BACKOFF_MS_MAX);
	T_OK(wire_linked(&w, HUB));
	buf_close(&again);
	wire_close(&w);
}

static void test_an_idle_session_is_small(void)
{
	static struct wire w;
	const struct session *s;

	wire_up(&w, 18);
	wire_grants(&w, VILLAGE, 20);
	wire_grants(&w, HUB, 20);
	wire_run(&w);
	s = w.h[HUB].node->first;
	T_OK(s->push == NULL);
	T_EQ(s->rx.cap, 0);
	T_EQ(s->unsent, 0);
	printf("session %zu bytes\n", sizeof(*s));
	T_OK(sizeof(*s) + 64 <= 4096);
	wire_close(&w);
}

T_MAIN(T(test_a_flipped_bit_ends_the_connection_and_nothing_else),
       T(test_an_oversized_frame_ends_the_connection), T(test_an_empty_frame_ends_the_connection),
       T(test_bytes_may_come_one_by_one), T(test_a_lie_ends_the_session_and_changes_nothing),
       T(test_what_is_written_and_not_sent_cannot_be_acknowledged),
       T(test_cosignatures_of_one_village_do_not_fill_the_queue),
       T(test_a_full_queue_holds_up_and_hangs_up_on_nobody),
       T(test_strangers_are_few_small_and_short_lived),
       T(test_one_address_cannot_keep_the_others_out),
       T(test_a_newcomer_takes_the_place_of_those_who_have_most),
       T(test_an_invitation_is_good_for_one_guest_at_a_time), T(test_a_guest_asks_once),
       T(test_an_idle_session_is_small))
