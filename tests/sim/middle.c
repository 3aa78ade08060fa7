/* A liar on the line between a village and the hub, with the keys of both: to either end it is the other. What it
 * passes on it may alter, leave out, repeat, hold back, sign anew with the feed key of its author, or make up. Both
 * ends are honest: whatever reaches them, they alarm or refuse, and never differ. */
#include <stdlib.h>
#include <string.h>

#include "lib/err.h"
#include "proto/compress.h"
#include "tests/lib/t.h"
#include "tests/sim/sim.h"

#define FRAME_HEAD    2
#define LIES	      12	      /* percent of messages */
#define QUESTIONS     LIMIT(50, 2200) /* whose answers are more than a node may keep (small) */
#define CHUNK_ROOT_AT 46	      /* SPEC 9.5 */
#define CHUNK_SIG_AT  (CHUNK_ROOT_AT + HASH_BYTES)

enum { DOWN, UP, ENDS }; /* towards the village; towards the hub */

struct middle {
	struct sim *s;
	uint32_t village;
	struct noise noise[ENDS]; /* with the village, with the hub */
	struct buf rx[ENDS];	  /* from it, an incomplete frame */
	struct buf kept[ENDS];	  /* an earlier message from it */
	bool silent[ENDS];	  /* nothing from it is passed on any more */
	bool held[ENDS];	  /* and nothing is taken from its queue */
	struct compress *zstd;
};

struct middle *middle_new(struct sim *s, uint32_t village)
{
	struct host *hub = &s->m[SIM_HUB].host, *h = &s->m[village].host;
	uint8_t seed[32], prologue[sizeof(NOISE_LABEL) - 1 + HASH_BYTES];
	struct middle *m = calloc(1, sizeof(*m));

	T_OK(m != NULL);
	m->s = s;
	m->village = village;
	T_EQ(compress_new(&m->zstd), ERR_OK);
	memcpy(prologue, NOISE_LABEL, sizeof(NOISE_LABEL) - 1);
	memcpy(prologue + sizeof(NOISE_LABEL) - 1, h->town.b, HASH_BYTES);
	prng_fill(&s->keys, seed, sizeof(seed));
	T_EQ(noise_init(&m->noise[DOWN], false, hub->transport, NULL, prologue, sizeof(prologue),
			seed),
	     ERR_OK);
	prng_fill(&s->keys, seed, sizeof(seed));
	T_EQ(noise_init(&m->noise[UP], true, h->transport, dh_key_public(hub->transport), prologue,
			sizeof(prologue), seed),
	     ERR_OK);
	return m;
}

void middle_free(struct middle *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < ENDS; i++) {
		noise_close(&m->noise[i]);
		buf_close(&m->rx[i]);
		buf_close(&m->kept[i]);
	}
	compress_free(m->zstd);
	free(m);
}

/* --- lies --------------------------------------------------------------------------------------------- */

/* Seals a message for the end @to. */
static void pass(struct middle *m, unsigned to, struct bytes msg, struct buf *out)
{
	size_t at = out->n;

	buf_put_be16(out, 0);
	T_EQ(noise_seal(&m->noise[to], msg.p, msg.n, out), ERR_OK);
	be16_put(out->p + at, (uint16_t)(out->n - at - FRAME_HEAD));
}

/* Whoever takes this chunk has been lied to. */
static void remember(struct middle *m, const struct buf *msg)
{
	if (msg->n > 1 && msg->p[0] == MSG_CHUNK)
		hash_of(msg->p + 1, msg->n - 1, &m->s->false_chunk[m->s->nfalse++ % SIM_LIES_KEPT]);
}

static void flip(struct middle *m, struct buf *msg)
{
	if (msg->n > 1)
		msg->p[1 + prng_below(&m->s->net, msg->n - 1)] ^=
			(uint8_t)(1 << prng_below(&m->s->net, 8));
}

/* Another root under a signature that is right, or the other way round. */
static void sign_anew(struct middle *m, unsigned to, struct buf *msg)
{
	const struct host *author = &m->s->m[to == UP ? m->village : SIM_HUB].host;
	struct checkpoint c = {0};
	uint8_t *body = msg->p + 1;
	struct hash feed;
	uint64_t from;
	uint32_t n;

	if (msg->p[0] != MSG_CHUNK || chunk_peek(body, msg->n - 1, &feed, &from, &n) ||
	    hash_cmp(&feed, &author->feed)) {
		flip(m, msg);
		return;
	}
	if (prng_below(&m->s->net, 2)) { /* or a wrong signature under the right root */
		body[CHUNK_SIG_AT + prng_below(&m->s->net, SIGN_BYTES)] ^= 1;
		return;
	}
	body[CHUNK_ROOT_AT + prng_below(&m->s->net, HASH_BYTES)] ^= 1;
	memcpy(c.origin, author->origin, sizeof(c.origin));
	c.size = from + n;
	memcpy(c.root.b, body + CHUNK_ROOT_AT, HASH_BYTES);
	T_EQ(checkpoint_sign(&c, author->feed_key, body + CHUNK_SIG_AT), ERR_OK);
}

static void make_up(struct middle *m, unsigned to, struct buf *msg)
{
	const struct host *about = &m->s->m[to == UP ? SIM_HUB : m->village].host;
	struct msg_refuse r = {.feed = about->feed,
			       .seq = prng_below(&m->s->net, 40),
			       .err = prng_below(&m->s->net, 2) ? ERR_CORRUPT : ERR_FORK};
	/* of all there is, whether it has arrived or not */
	struct msg_ack a = {.feed = about->feed,
			    .size = host_size(&m->s->m[to == UP ? SIM_HUB : m->village].host,
					      &about->feed)};

	buf_reset(msg);
	if (prng_below(&m->s->net, 2)) {
		msg_refuse(msg, &r);
	} else {
		prng_fill(&m->s->net, a.root.b, HASH_BYTES);
		msg_ack(msg, &a);
	}
}

/* Who asks and asks and reads no answer. */
static void flood(struct middle *m, unsigned to, struct buf *out)
{
	static const uint8_t ping[] = {MSG_PING};

	for (uint32_t i = 0; i < QUESTIONS; i++)
		pass(m, to, kv_bytes(ping, sizeof(ping)), out);
	m->silent[to] = m->held[to] = true;
}

/* A compressed chunk may as well go as it is: what is altered in it then gets further. */
static void unpack(struct middle *m, struct buf *msg)
{
	struct buf chunk = {0};

	if (msg->p[0] != MSG_CHUNK_ZSTD || prng_below(&m->s->net, 2))
		return;
	buf_put_u8(&chunk, MSG_CHUNK);
	T_EQ(compress_expand(m->zstd, (struct bytes){msg->p + 1, msg->n - 1}, &chunk), ERR_OK);
	buf_close(msg);
	*msg = chunk;
}

/* What the other end gets in place of @msg, which is not kept. */
static void lie(struct middle *m, unsigned to, struct buf *msg, struct buf *out)
{
	struct sim *s = m->s;
	bool repeats = false;

	s->lied[m->village] = s->lied[SIM_HUB] = true;
	s->count.falsehoods++;
	unpack(m, msg);
	switch (prng_below(&s->net, 9)) {
	case 0: flip(m, msg); break;
	case 1: return; /* left out */
	case 2:
		repeats = true;
		pass(m, to, buf_bytes(msg), out);
		break;
	case 3:
		repeats = true;
		if (m->kept[!to].n)
			pass(m, to, buf_bytes(&m->kept[!to]), out);
		break;
	case 4: m->silent[!to] = prng_below(&s->net, 4) == 0; return;
	case 5: sign_anew(m, to, msg); break;
	case 6: make_up(m, to, msg); break;
	case 7: flood(m, to, out); return;
	default:
		if (liar_second_history(s, m->village, to == UP, msg))
			break;
		flip(m, msg);
	}
	if (!repeats)
		remember(m, msg);
	pass(m, to, buf_bytes(msg), out);
}

static void message(struct middle *m, unsigned from, struct bytes frame, struct buf *out)
{
	struct buf msg = {0};
	struct sim *s = m->s;

	T_EQ(noise_open(&m->noise[from], frame.p, frame.n, &msg), ERR_OK);
	if (m->silent[from]) {
		buf_close(&msg);
		return;
	}
	if (prng_below(&s->net, 8) == 0) {
		buf_reset(&m->kept[from]);
		buf_put(&m->kept[from], msg.p, msg.n);
	}
	if (!s->calm && s->m[m->village].liar && sim_chance(&s->net, LIES))
		lie(m, !from, &msg, out);
	else
		pass(m, !from, buf_bytes(&msg), out);
	buf_close(&msg);
}

/* --- the line ----------------------------------------------------------------------------------------- */
static bool handshake(struct middle *m, unsigned from, struct bytes frame, struct buf *out)
{
	struct buf payload = {0};
	size_t at = out->n;
	int err = noise_read(&m->noise[from], frame.p, frame.n, &payload);

	buf_put_be16(out, 0);
	if (!err)
		err = noise_write(&m->noise[!from], payload.p, payload.n, out);
	be16_put(out->p + at, (uint16_t)(out->n - at - FRAME_HEAD));
	buf_close(&payload);
	return !err;
}

bool middle_pass(struct middle *m, bool from_hub, struct bytes b, struct buf *out)
{
	unsigned from = from_hub ? UP : DOWN;
	struct buf *rx = &m->rx[from];
	size_t used = 0;
	bool good = !(m->s->calm && (m->silent[UP] || m->silent[DOWN]));

	buf_put(rx, b.p, b.n);
	while (good && rx->n - used >= FRAME_HEAD) {
		size_t n = be16_get(rx->p + used);
		struct bytes frame = {rx->p + used + FRAME_HEAD, n};

		if (rx->n - used < FRAME_HEAD + n)
			break;
		used += FRAME_HEAD + n;
		if (noise_ready(&m->noise[from]))
			message(m, from, frame, out);
		else
			good = handshake(m, from, frame, out);
	}
	memmove(rx->p, rx->p + used, rx->n - used);
	rx->n -= used;
	return good;
}

bool middle_holds(const struct middle *m, bool from_hub)
{
	return m && m->held[from_hub ? UP : DOWN];
}
