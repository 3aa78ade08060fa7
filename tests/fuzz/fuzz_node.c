/* A node and a peer that has the right keys and means harm. The first byte chooses who is who, then come
 * acts, each one byte and what it needs: messages of any kind and content, well encrypted, bytes that are
 * not, time, cuts, answers of the writer (which never stores anything, so that every input meets the same
 * store). The node must not crash or stop, and must say only what it would itself understand. */
#include <stdlib.h>
#include <string.h>

#include "daemon/exchange/node.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "proto/compress.h"
#include "proto/noise.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/host.h"

#define CONN	   7
#define ACTS_MAX   256
#define JOBS_MAX   1024
#define FRAME_HEAD 2
#define PROLOGUE   (sizeof(NOISE_LABEL) - 1 + HASH_BYTES)

enum { VICTIM_HUB, VICTIM_HUB_GUEST, VICTIM_VILLAGE, VICTIMS };
enum {
	ACT_MESSAGE, /* where a feed ID is put u8 | length u16 | type and body */
	ACT_RAW,     /* length u16 | bytes on the wire */
	ACT_TIME,    /* u16 of 100 ms */
	ACT_CUT,     /* the connection ends, another begins */
	ACT_STORED,  /* which u8 | error u8: the writer's answer to one job */
	ACT_SENT,    /* everything that waits has left */
	ACT_CHUNK,   /* a good chunk of the town feed */
	ACT_STOP,
	ACT_FRONTIER, /* town size u8 | village size u8: with roots that are right as far as we know */
	ACT_ACK,      /* size u8 of the node's own feed, with its root */
	ACT_ENROL,    /* the enrolment that was signed with the invitation */
	ACTS
};

static struct host hub, village, stranger;
static struct buf town_chunk;
static struct compress *zstd;

struct peer {
	const struct host *victim, *self;
	struct node *node;
	struct effects *fx;
	struct noise noise;
	bool linked, wants_dial;
	struct buf received; /* from the node, not yet a whole frame */
	size_t unsent;
	uint64_t now_ms;
	struct job *job[JOBS_MAX];
	uint32_t njobs;
	struct bytes hello; /* instead of the right one */
};

static void close_world(void)
{
	compress_free(zstd);
	host_close(&stranger);
	host_close(&village);
	host_close(&hub);
	buf_close(&town_chunk);
}

static void make_chunk(void)
{
	static struct guard head;
	struct chunk_writer w;
	struct kv_txn *t;

	writer_head(hub.writer, &head);
	CHECK(kv_begin(hub.kv, false, &t) == ERR_OK);
	buf_put_u8(&town_chunk, MSG_CHUNK);
	CHECK(chunk_begin(&w, &town_chunk, &hub.feed, 0, 1) == ERR_OK);
	for (uint64_t seq = 0; seq < head.size; seq++) {
		struct bytes leaf, payload;

		CHECK(feedlog_read(t, FEED_TOWN, seq, &leaf, &payload) == ERR_OK);
		CHECK(chunk_add(&w, leaf.p, payload) == ERR_OK);
	}
	CHECK(chunk_finish(&w, &head.root, head.sig) == ERR_OK);
	kv_abort(t);
}

/* A hub, a village of its roster, and one that was invited and never came. */
static void open_world(void)
{
	struct job enrol = {.type = JOB_APPEND, .owner = &enrol};

	host_hub(&hub, 1);
	host_village(&village, &hub, 1, 2);
	host_village(&stranger, &hub, 2, 3);
	enrol.u.append.tx = village.enrol_tx;
	enrol.u.append.payload = buf_bytes(&village.enrol_payload);
	enrol.u.append.author_ok = true;
	host_queue(&hub, &enrol);
	CHECK(host_store(&hub) == ERR_OK);
	CHECK(verdict_ok(&enrol.u.append.verdict));
	CHECK(host_start(&village, 4, NULL) == ERR_OK);
	make_chunk();
	CHECK(compress_new(&zstd) == ERR_OK);
	atexit(close_world);
}

static void make_node(struct peer *p)
{
	const struct host *h = p->victim;
	struct node_cfg cfg = {.town = h->town,
			       .feed = h->feed,
			       .feed_key = h->feed_key,
			       .transport = h->transport,
			       .boot = 1,
			       .serves = h->serves,
			       .features = HELLO_ZSTD,
			       .upstream = {.feed_no = h->upstream_no,
					    .invite = h->enrol_payload.n ? h->invite : NULL,
					    .enrol_tx = h->enrol_tx,
					    .enrol_payload = buf_bytes(&h->enrol_payload)}};

	memcpy(cfg.origin, h->origin, sizeof(cfg.origin));
	memcpy(cfg.upstream.transport, h->upstream_transport, DH_KEY_BYTES);
	CHECK(node_new(&cfg, h->kv, 5, &p->node) == ERR_OK);
}

/* --- what the node says ---------------------------------------------------------------------------- */

static void understood(struct bytes m)
{
	static struct chunk_entry v[CHUNK_ENTRIES_MAX];
	static struct msg_front fronts[MSG_FRONTIER_MAX];
	struct bytes body = {m.p + 1, m.n - 1};
	struct bytes payload;
	struct buf chunk = {0};
	struct msg_refuse refuse;
	struct msg_cosig cosig;
	struct msg_ack ack;
	struct chunk c;
	struct entry e;
	struct hash h;
	uint32_t n;
	uint16_t verdict;

	switch ((enum msg_type)m.p[0]) {
	case MSG_FRONTIER_HASH: CHECK(msg_frontier_hash_parse(body, &h) == ERR_OK); return;
	case MSG_FRONTIER: CHECK(msg_frontier_parse(body, fronts, &n) == ERR_OK); return;
	case MSG_CHUNK:
		CHECK(chunk_parse(body.p, body.n, v, CHUNK_ENTRIES_MAX, &c) == ERR_OK);
		return;
	case MSG_CHUNK_ZSTD:
		CHECK(compress_expand(zstd, body, &chunk) == ERR_OK);
		CHECK(chunk_parse(chunk.p, chunk.n, v, CHUNK_ENTRIES_MAX, &c) == ERR_OK);
		buf_close(&chunk);
		return;
	case MSG_ACK: CHECK(msg_ack_parse(body, &ack) == ERR_OK); return;
	case MSG_COSIG: CHECK(msg_cosig_parse(body, &cosig) == ERR_OK); return;
	case MSG_REFUSE: CHECK(msg_refuse_parse(body, &refuse) == ERR_OK); return;
	case MSG_ENROL: CHECK(msg_enrol_parse(body, &e, &payload) == ERR_OK); return;
	case MSG_ENROLLED: CHECK(msg_enrolled_parse(body, &verdict) == ERR_OK); return;
	case MSG_PING:
	case MSG_PONG:
	case MSG_CLOSE: CHECK(body.n == 0); return;
	}
	CHECK(false); /* a message that there is not */
}

static void node_event(struct peer *p, struct event *ev);

static void say_raw(struct peer *p, struct bytes b)
{
	struct event ev = {.type = EV_BYTES, .conn = CONN, .bytes = b};

	if (p->linked && b.n)
		node_event(p, &ev);
}

static void say_frame(struct peer *p, struct buf *frame)
{
	CHECK(frame->err == ERR_OK);
	be16_put(frame->p, (uint16_t)(frame->n - FRAME_HEAD));
	say_raw(p, buf_bytes(frame));
	buf_close(frame);
}

static void put_proof(const struct peer *p, struct hello *h)
{
	uint8_t proof[8 + NOISE_HASH_BYTES];

	memcpy(proof, "CZENRL1\n", 8);
	memcpy(proof + 8, noise_binding(&p->noise), NOISE_HASH_BYTES);
	h->invited = true;
	memcpy(h->invite_key, sign_key_public(p->self->invite), SIGN_KEY_BYTES);
	sign(p->self->invite, proof, sizeof(proof), h->invite_sig);
}

/* The handshake message that is our turn, with a hello from the second on. */
static void say_handshake(struct peer *p)
{
	struct hello h = {
		.version = HELLO_VERSION, .features = HELLO_ZSTD, .frame_max = MSG_FRAME_MAX};
	struct buf hello = {0}, frame = {0};

	if (p->noise.step > 1) {
		if (p->self == &stranger)
			put_proof(p, &h);
		hello_pack(&h, &hello);
	}
	if (p->noise.step > 1 && p->hello.n) {
		buf_reset(&hello);
		buf_put(&hello, p->hello.p, p->hello.n);
	}
	buf_put_be16(&frame, 0);
	CHECK(noise_write(&p->noise, hello.p, hello.n, &frame) == ERR_OK);
	buf_close(&hello);
	say_frame(p, &frame);
}

static void recv_frame(struct peer *p, struct bytes f)
{
	struct buf plain = {0};

	if (noise_ready(&p->noise)) {
		CHECK(noise_open(&p->noise, f.p, f.n, &plain) == ERR_OK);
		understood(buf_bytes(&plain));
	} else {
		CHECK(noise_read(&p->noise, f.p, f.n, &plain) == ERR_OK);
		if (!noise_ready(&p->noise))
			say_handshake(p);
	}
	buf_close(&plain);
}

/* --- events and effects ---------------------------------------------------------------------------- */

static void take_effects(struct peer *p)
{
	for (uint32_t i = 0; i < p->fx->n; i++) {
		const struct effect *fx = &p->fx->v[i];

		switch (fx->type) {
		case FX_SEND:
			CHECK(p->linked);
			buf_put(&p->received, fx->bytes.p, fx->bytes.n);
			p->unsent += fx->bytes.n;
			break;
		case FX_CLOSE: p->linked = false; break;
		case FX_CONNECT: p->wants_dial = true; break;
		case FX_STORE:
			CHECK(p->njobs < JOBS_MAX);
			p->job[p->njobs++] = fx->job;
			break;
		case FX_LOG: CHECK(memchr(fx->text, 0, sizeof(fx->text))); break;
		}
	}
}

static void node_event(struct peer *p, struct event *ev)
{
	ev->now_ms = p->now_ms;
	ev->wall_ms = HOST_WALL_MS;
	CHECK(node_step(p->node, ev, p->fx) == ERR_OK);
	node_invariant(p->node, ev->now_ms);
	take_effects(p);
}

/* Answers of ours may bring more: until nothing whole is left. */
static void recv_frames(struct peer *p)
{
	while (p->received.n >= FRAME_HEAD) {
		size_t n = FRAME_HEAD + be16_get(p->received.p);
		struct buf frame = {0};

		if (n > p->received.n)
			return;
		buf_put(&frame, p->received.p + FRAME_HEAD, n - FRAME_HEAD);
		p->received.n -= n;
		memmove(p->received.p, p->received.p + n, p->received.n);
		recv_frame(p, buf_bytes(&frame));
		buf_close(&frame);
	}
}

static void link_up(struct peer *p)
{
	bool initiator = p->victim == &hub;
	struct event ev = {.type = initiator ? EV_ACCEPT : EV_DIAL, .conn = CONN};
	uint8_t prologue[PROLOGUE], seed[32] = {9};

	memcpy(prologue, NOISE_LABEL, sizeof(NOISE_LABEL) - 1);
	memcpy(prologue + sizeof(NOISE_LABEL) - 1, hub.town.b, HASH_BYTES);
	noise_close(&p->noise);
	CHECK(noise_init(&p->noise, initiator, p->self->transport,
			 initiator ? dh_key_public(hub.transport) : NULL, prologue, PROLOGUE,
			 seed) == ERR_OK);
	buf_reset(&p->received);
	p->unsent = 0;
	p->wants_dial = false;
	p->linked = true;
	memset(ev.entropy, 3, sizeof(ev.entropy));
	node_event(p, &ev);
	if (initiator)
		say_handshake(p);
	recv_frames(p);
}

static void link_down(struct peer *p)
{
	struct event ev = {.type = EV_CLOSED, .conn = CONN};

	if (p->linked)
		node_event(p, &ev);
	p->linked = false;
}

/* --- acts ------------------------------------------------------------------------------------------ */

/* Seals and sends a message; closes it. */
static void say(struct peer *p, struct buf *plain)
{
	struct buf frame = {0};

	if (p->linked && noise_ready(&p->noise) && plain->n) {
		buf_put_be16(&frame, 0);
		CHECK(noise_seal(&p->noise, plain->p, plain->n, &frame) == ERR_OK);
		say_frame(p, &frame);
	}
	buf_close(plain);
}

static void act_message(struct peer *p, struct cur *c)
{
	static const struct hash *const feeds[] = {&hub.feed, &village.feed};
	uint8_t where = cur_u8(c);
	size_t n = cur_be16(c), at = 1 + (where >> 1 & 7);
	struct buf plain = {0};

	if (n > cur_left(c))
		n = cur_left(c);
	if (n > MSG_BYTES_MAX)
		n = MSG_BYTES_MAX;
	buf_put(&plain, cur_take(c, n), n);
	if ((where & 0x80) && n >= at + HASH_BYTES)
		memcpy(plain.p + at, feeds[where & 1]->b, HASH_BYTES);
	say(p, &plain);
}

static void act_chunk(struct peer *p)
{
	struct buf plain = {0};

	buf_put(&plain, town_chunk.p, town_chunk.n);
	say(p, &plain);
}

/* The root where the node has one; else nothing that could be right. */
static struct msg_front front_of(const struct peer *p, const struct hash *feed, uint64_t size)
{
	struct msg_front f = {.feed = *feed, .size = size};
	struct kv_txn *t;
	uint32_t no;

	CHECK(kv_begin(p->victim->kv, false, &t) == ERR_OK);
	if (feedlog_find(t, feed, &no) || feedlog_root(t, no, size, &f.root))
		memset(f.root.b, 0xee, HASH_BYTES);
	kv_abort(t);
	return f;
}

static void act_frontier(struct peer *p, uint8_t town, uint8_t of_village)
{
	const struct msg_front f[] = {front_of(p, &hub.feed, town),
				      front_of(p, &village.feed, of_village)};
	struct buf plain = {0};
	struct hash h;

	msg_frontier_digest(f, 2, &h);
	msg_frontier_hash(&plain, &h);
	say(p, &plain);
	recv_frames(p);
	msg_frontier(&plain, f, 2);
	say(p, &plain);
}

static void act_ack(struct peer *p, uint8_t size)
{
	struct msg_front f = front_of(p, &p->victim->feed, size);
	struct msg_ack m = {.feed = f.feed, .size = f.size, .root = f.root};
	struct buf plain = {0};

	msg_ack(&plain, &m);
	say(p, &plain);
}

static void act_enrol(struct peer *p)
{
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct buf plain = {0};

	entry_pack(&stranger.enrol_tx, leaf);
	msg_enrol(&plain, leaf, buf_bytes(&stranger.enrol_payload));
	say(p, &plain);
}

static void act_stored(struct peer *p, unsigned which, unsigned err)
{
	static const int errors[] = {ERR_CORRUPT, ERR_BUSY, ERR_FORK, ERR_FORMAT, ERR_NOTFOUND};
	struct event ev = {.type = EV_STORED};

	if (p->njobs == 0)
		return;
	which %= p->njobs;
	ev.job = p->job[which];
	p->job[which] = p->job[--p->njobs];
	ev.job->err = errors[err % (sizeof(errors) / sizeof(errors[0]))];
	if (ev.job->type == JOB_ACKED || ev.job->type == JOB_COSIG)
		ev.job->err = err & 128 ? ev.job->err : ERR_OK;
	if (ev.job->type == JOB_INGEST && (err & 128)) {
		struct job_ingest *g = &ev.job->u.ingest;
		uint64_t from;
		uint32_t n;

		CHECK(chunk_peek(g->body.p, g->body.n, &g->feed, &from, &n) == ERR_OK);
		ev.job->err = ERR_OK;
		g->size = from + n;
		g->cosigned = err & 64;
	}
	if (ev.job->type == JOB_APPEND && (err & 128)) {
		ev.job->err = ERR_OK;
		ev.job->u.append.verdict.reason.id = (enum verdict_id)(err % V_COUNT);
	}
	node_event(p, &ev);
}

static void act(struct peer *p, struct cur *c)
{
	struct event ev = {.type = EV_TICK, .conn = CONN};
	size_t n;

	switch (cur_u8(c) % ACTS) {
	case ACT_MESSAGE: act_message(p, c); break;
	case ACT_RAW:
		n = cur_be16(c);
		n = n > cur_left(c) ? cur_left(c) : n;
		say_raw(p, kv_bytes(cur_take(c, n), n));
		break;
	case ACT_TIME:
		p->now_ms += cur_be16(c) * 100u;
		node_event(p, &ev);
		break;
	case ACT_CUT: link_down(p); break;
	case ACT_STORED:
		n = cur_u8(c);
		act_stored(p, (unsigned)n, cur_u8(c));
		break;
	case ACT_SENT:
		ev.type = EV_SENT;
		ev.sent = p->unsent;
		p->unsent = 0;
		if (p->linked && ev.sent)
			node_event(p, &ev);
		break;
	case ACT_CHUNK: act_chunk(p); break;
	case ACT_FRONTIER:
		n = cur_u8(c);
		act_frontier(p, (uint8_t)n, cur_u8(c));
		break;
	case ACT_ACK: act_ack(p, cur_u8(c)); break;
	case ACT_ENROL: act_enrol(p); break;
	case ACT_STOP:
		ev.type = EV_STOP;
		node_event(p, &ev);
		break;
	}
	recv_frames(p);
	if (!p->linked && (p->victim == &hub || p->wants_dial))
		link_up(p);
}

static void run(struct peer *p, struct cur *c)
{
	uint8_t how = cur_u8(c);
	long live = mem_live();

	p->victim = how % VICTIMS == VICTIM_VILLAGE ? &village : &hub;
	p->self = how % VICTIMS == VICTIM_HUB ? &village : &stranger;
	if (p->victim == &village)
		p->self = &hub;
	if (how & 128) { /* a hello of its own */
		p->hello.n = cur_u8(c);
		p->hello.p = cur_take(c, p->hello.n);
		p->hello.n = p->hello.p ? p->hello.n : 0;
	}
	make_node(p);
	link_up(p);
	for (int i = 0; i < ACTS_MAX && cur_left(c) > 0 && p->njobs < JOBS_MAX / 2; i++)
		act(p, c);
	while (p->njobs)
		node_job_free(p->job[--p->njobs]);
	noise_close(&p->noise);
	buf_close(&p->received);
	node_free(p->node);
	CHECK(mem_live() == live);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct effects fx;
	struct peer p = {.fx = &fx, .now_ms = 1000};
	struct cur c = cur_of(data, n);

	if (!hub.kv)
		open_world();
	run(&p, &c);
	return 0;
}
