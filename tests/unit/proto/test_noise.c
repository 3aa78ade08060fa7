#include "proto/noise.h"

#include <sodium.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

#define VECTOR	   "tests/vectors/noise-xk.json"
#define PLAIN_MAX  (NOISE_MSG_MAX - NOISE_TAG_BYTES)
#define MSG12	   48
#define MSG3	   64
#define KEY_BYTES  32
#define PROLOGUE   NOISE_LABEL "a town of thirty-two bytes......"
#define PROLOGUE_N (sizeof(PROLOGUE) - 1)

/* Both ends of one session; everything follows from the seeds. */
struct pair {
	struct dh_key *is, *rs;
	struct noise i, r;
	struct buf wire, plain;
};

static struct dh_key *key_of(uint8_t fill)
{
	uint8_t seed[DH_KEY_BYTES];
	struct dh_key *k;

	memset(seed, fill, sizeof(seed));
	T_EQ(dh_key_from_seed(seed, &k), 0);
	return k;
}

static void start(struct noise *n, bool initiator, const struct dh_key *s, const uint8_t *rs,
		  uint8_t eph)
{
	uint8_t seed[32];

	memset(seed, eph, sizeof(seed));
	T_EQ(noise_init(n, initiator, s, rs, PROLOGUE, PROLOGUE_N, seed), 0);
}

static void pair_open(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	p->is = key_of(0x11);
	p->rs = key_of(0x22);
	start(&p->i, true, p->is, dh_key_public(p->rs), 0x33);
	start(&p->r, false, p->rs, NULL, 0x44);
}

static void pair_close(struct pair *p)
{
	noise_close(&p->i);
	noise_close(&p->r);
	dh_key_free(p->is);
	dh_key_free(p->rs);
	buf_close(&p->wire);
	buf_close(&p->plain);
}

/* Writes handshake message @step into p->wire, with @n bytes of payload. */
static void write_step(struct pair *p, int step, size_t n)
{
	static const uint8_t payload[64] = "payload of a handshake message";

	buf_reset(&p->wire);
	T_EQ(noise_write(step == 2 ? &p->r : &p->i, payload, n, &p->wire), 0);
}

static int read_step(struct pair *p, int step)
{
	buf_reset(&p->plain);
	return noise_read(step == 2 ? &p->i : &p->r, p->wire.p, p->wire.n, &p->plain);
}

/* The messages before @step done, message @step in p->wire. */
static void pair_at(struct pair *p, int step, size_t n)
{
	pair_open(p);
	for (int s = 1; s < step; s++) {
		write_step(p, s, 0);
		T_EQ(read_step(p, s), 0);
	}
	write_step(p, step, n);
}

static void pair_ready(struct pair *p)
{
	pair_at(p, 3, 0);
	T_EQ(read_step(p, 3), 0);
	T_OK(noise_ready(&p->i));
	T_OK(noise_ready(&p->r));
}

static void is_dead(struct noise *n)
{
	struct buf b = {0};

	T_OK(n->dead);
	T_OK(!noise_ready(n));
	T_EQ(noise_write(n, NULL, 0, &b), ERR_STATE);
	T_EQ(noise_read(n, PROLOGUE, 48, &b), ERR_STATE);
	T_EQ(noise_seal(n, NULL, 0, &b), ERR_STATE);
	T_EQ(noise_open(n, PROLOGUE, 48, &b), ERR_STATE);
	T_EQ(b.n, 0);
	buf_close(&b);
}

/* The bytes of the next "key": "hex" after *@at. */
static size_t json_hex(const char **at, const char *key, uint8_t *out, size_t cap)
{
	char quoted[64], hex[512];
	const char *p;
	size_t n;

	snprintf(quoted, sizeof(quoted), "\"%s\": \"", key);
	p = strstr(*at, quoted);
	T_OK(p);
	p += strlen(quoted);
	n = strcspn(p, "\"");
	T_OK(n < sizeof(hex));
	memcpy(hex, p, n);
	hex[n] = '\0';
	*at = p + n;
	return t_hex(hex, out, cap);
}

static void test_the_published_vector(void)
{
	FILE *f = fopen(VECTOR, "r");
	uint8_t is[32], ie[32], irs[32], rs[32], re[32], prologue[64], want[256], payload[256];
	struct dh_key *isk, *rsk;
	struct noise i, r;
	struct buf b = {0}, plain = {0};
	static char text[8192];
	const char *at = text;
	size_t pn, n;

	T_OK(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	pn = json_hex(&at, "init_prologue", prologue, sizeof(prologue));
	T_EQ(json_hex(&at, "init_static", is, 32), 32);
	T_EQ(json_hex(&at, "init_ephemeral", ie, 32), 32);
	T_EQ(json_hex(&at, "init_remote_static", irs, 32), 32);
	T_EQ(json_hex(&at, "resp_static", rs, 32), 32);
	T_EQ(json_hex(&at, "resp_ephemeral", re, 32), 32);
	T_EQ(dh_key_from_seed(is, &isk), 0);
	T_EQ(dh_key_from_seed(rs, &rsk), 0);
	T_MEM(dh_key_public(rsk), irs, 32);
	T_EQ(noise_init(&i, true, isk, irs, prologue, pn, ie), 0);
	T_EQ(noise_init(&r, false, rsk, NULL, prologue, pn, re), 0);
	for (int k = 0; k < 6; k++) {
		struct noise *from = k % 2 ? &r : &i, *to = k % 2 ? &i : &r;

		n = json_hex(&at, "payload", payload, sizeof(payload));
		buf_reset(&b);
		buf_reset(&plain);
		T_EQ(k < 3 ? noise_write(from, payload, n, &b) : noise_seal(from, payload, n, &b),
		     0);
		T_EQ(json_hex(&at, "ciphertext", want, sizeof(want)), b.n);
		T_MEM(b.p, want, b.n);
		T_EQ(k < 3 ? noise_read(to, b.p, b.n, &plain) : noise_open(to, b.p, b.n, &plain),
		     0);
		T_EQ(plain.n, n);
		T_MEM(plain.p, payload, n);
	}
	T_MEM(noise_binding(&i), noise_binding(&r), NOISE_HASH_BYTES);
	T_MEM(noise_remote(&r), dh_key_public(isk), 32);
	noise_close(&i);
	noise_close(&r);
	dh_key_free(isk);
	dh_key_free(rsk);
	buf_close(&b);
	buf_close(&plain);
}

static void test_sizes_and_what_each_side_learns(void)
{
	struct pair p, q;

	pair_open(&p);
	T_MEM(noise_remote(&p.i), dh_key_public(p.rs), DH_KEY_BYTES);
	T_OK(!noise_remote(&p.r));
	write_step(&p, 1, 0);
	T_EQ(p.wire.n, MSG12);
	T_EQ(read_step(&p, 1), 0);
	T_EQ(p.plain.n, 0);
	write_step(&p, 2, 7);
	T_EQ(p.wire.n, MSG12 + 7);
	T_EQ(read_step(&p, 2), 0);
	T_EQ(p.plain.n, 7);
	T_MEM(p.plain.p, "payload", 7);
	T_OK(!noise_ready(&p.i));
	write_step(&p, 3, 7);
	T_EQ(p.wire.n, MSG3 + 7);
	T_OK(noise_ready(&p.i));
	T_OK(!noise_ready(&p.r));
	T_OK(!noise_remote(&p.r));
	T_EQ(read_step(&p, 3), 0);
	T_OK(noise_ready(&p.r));
	T_MEM(noise_remote(&p.r), dh_key_public(p.is), DH_KEY_BYTES);
	T_MEM(noise_binding(&p.i), noise_binding(&p.r), NOISE_HASH_BYTES);
	T_MEM(p.i.send.k, p.r.recv.k, KEY_BYTES);
	T_MEM(p.i.recv.k, p.r.send.k, KEY_BYTES);
	T_OK(memcmp(p.i.send.k, p.i.recv.k, KEY_BYTES) != 0);
	/* the same talk without payloads is another session */
	pair_ready(&q);
	T_OK(memcmp(noise_binding(&p.i), noise_binding(&q.i), NOISE_HASH_BYTES) != 0);
	pair_close(&p);
	pair_close(&q);
}

static void test_every_flipped_bit_of_the_handshake_is_refused(void)
{
	for (int step = 1; step <= 3; step++) {
		size_t n = (step == 3 ? MSG3 : MSG12) + 3;

		for (size_t bit = 0; bit < n * 8; bit++) {
			struct pair p;

			pair_at(&p, step, 3);
			T_EQ(p.wire.n, n);
			p.wire.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
			T_EQ(read_step(&p, step), ERR_CRYPTO);
			T_EQ(p.plain.n, 0);
			is_dead(step == 2 ? &p.i : &p.r);
			T_OK(step == 2 || !noise_remote(&p.r));
			pair_close(&p);
		}
	}
}

static void test_every_other_length_of_the_handshake_is_refused(void)
{
	static const uint8_t more[8];

	for (int step = 1; step <= 3; step++) {
		size_t least = step == 3 ? MSG3 : MSG12;

		for (size_t n = 0; n <= least + 3 + sizeof(more); n++) {
			struct pair p;

			pair_at(&p, step, 3);
			if (n == p.wire.n) {
				pair_close(&p);
				continue;
			}
			buf_put(&p.wire, more, sizeof(more));
			p.wire.n = n;
			T_EQ(read_step(&p, step), n < least ? ERR_FORMAT : ERR_CRYPTO);
			T_EQ(p.plain.n, 0);
			is_dead(step == 2 ? &p.i : &p.r);
			pair_close(&p);
		}
	}
}

static void test_another_prologue_is_refused(void)
{
	uint8_t seed[32] = {5}, other[PROLOGUE_N];
	struct pair p;

	for (size_t i = 0; i <= PROLOGUE_N; i++) {
		size_t n = PROLOGUE_N;

		pair_open(&p);
		noise_close(&p.r);
		memcpy(other, PROLOGUE, n);
		if (i < n)
			other[i] ^= 1;
		else
			n--;
		T_EQ(noise_init(&p.r, false, p.rs, NULL, other, n, seed), 0);
		write_step(&p, 1, 0);
		T_EQ(read_step(&p, 1), ERR_CRYPTO);
		is_dead(&p.r);
		pair_close(&p);
	}
}

static void test_another_responder_key_is_refused(void)
{
	struct dh_key *other = key_of(0x99);
	struct pair p;

	/* the initiator was told a wrong key */
	pair_open(&p);
	noise_close(&p.i);
	start(&p.i, true, p.is, dh_key_public(other), 0x33);
	write_step(&p, 1, 0);
	T_EQ(read_step(&p, 1), ERR_CRYPTO);
	pair_close(&p);
	/* somebody else answers */
	pair_open(&p);
	noise_close(&p.r);
	start(&p.r, false, other, NULL, 0x44);
	write_step(&p, 1, 0);
	T_EQ(read_step(&p, 1), ERR_CRYPTO);
	pair_close(&p);
	dh_key_free(other);
}

/* Points of small order, and their forms beyond the prime. */
static const char *const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
#define LOW_ORDER (sizeof(low_order) / sizeof(low_order[0]))

static void blake(uint8_t out[64], const void *a, size_t an, const void *b, size_t bn)
{
	uint8_t all[512];

	T_OK(an + bn <= sizeof(all));
	memcpy(all, a, an);
	memcpy(all + an, b, bn);
	T_EQ(crypto_generichash(out, 64, all, an + bn, NULL, 0), 0);
}

static void test_hmac(const uint8_t key[64], const void *p, size_t n, uint8_t out[64])
{
	uint8_t pad[128] = {0}, inner[64];

	memcpy(pad, key, 64);
	for (int i = 0; i < 128; i++)
		pad[i] ^= 0x36;
	blake(inner, pad, 128, p, n);
	memset(pad, 0, sizeof(pad));
	memcpy(pad, key, 64);
	for (int i = 0; i < 128; i++)
		pad[i] ^= 0x5c;
	blake(out, pad, 128, inner, 64);
}

/* Message 1 as anyone can make it who knows what "es" comes to, from the specification alone. */
static void forge_first(const uint8_t rs[32], const uint8_t e[32], const uint8_t es[32],
			uint8_t out[MSG12])
{
	uint8_t ck[64] = "Noise_XK_25519_ChaChaPoly_BLAKE2b", h[64], temp[64], one[65], k[64];
	static const uint8_t nonce[12];

	blake(h, ck, 64, PROLOGUE, PROLOGUE_N);
	blake(h, h, 64, rs, 32);
	blake(h, h, 64, e, 32);
	test_hmac(ck, es, 32, temp);
	test_hmac(temp, "\x01", 1, one);
	one[64] = 2;
	test_hmac(temp, one, 65, k);
	memcpy(out, e, 32);
	crypto_aead_chacha20poly1305_ietf_encrypt(out + 32, NULL, NULL, 0, h, 64, NULL, nonce, k);
}

static void test_low_order_points_are_refused_in_message_1(void)
{
	uint8_t msg[MSG12], e[32], es[32];
	struct dh_key *k = key_of(0x55);
	struct buf b = {0};
	struct pair p;

	/* the forger's craft is good: with an honest point its message is taken */
	pair_open(&p);
	T_EQ(dh(k, dh_key_public(p.rs), es), 0);
	forge_first(dh_key_public(p.rs), dh_key_public(k), es, msg);
	T_EQ(noise_read(&p.r, msg, sizeof(msg), &b), 0);
	pair_close(&p);
	for (size_t i = 0; i < LOW_ORDER; i++) {
		pair_open(&p);
		memset(es, 0, sizeof(es));
		T_EQ(t_hex(low_order[i], e, sizeof(e)), 32);
		forge_first(dh_key_public(p.rs), e, es, msg);
		T_EQ(noise_read(&p.r, msg, sizeof(msg), &b), ERR_CRYPTO);
		is_dead(&p.r);
		pair_close(&p);
	}
	dh_key_free(k);
	buf_close(&b);
}

static void test_low_order_points_are_refused_later(void)
{
	for (size_t i = 0; i < LOW_ORDER; i++) {
		uint8_t point[32], nonce[12] = {0};
		struct dh_key *is = key_of(0x11);
		struct pair p;

		T_EQ(t_hex(low_order[i], point, sizeof(point)), 32);
		pair_at(&p, 2, 0);
		memcpy(p.wire.p, point, sizeof(point));
		T_EQ(read_step(&p, 2), ERR_CRYPTO);
		is_dead(&p.i);
		pair_close(&p);
		/* as the responder's static key */
		pair_open(&p);
		noise_close(&p.i);
		start(&p.i, true, is, point, 0x33);
		T_EQ(noise_write(&p.i, NULL, 0, &p.wire), ERR_CRYPTO);
		T_EQ(p.wire.n, 0);
		is_dead(&p.i);
		pair_close(&p);
		/* as the initiator's static key, properly sealed in message 3 */
		pair_at(&p, 2, 0);
		T_EQ(read_step(&p, 2), 0);
		buf_reset(&p.wire);
		T_OK(buf_reserve(&p.wire, MSG3));
		nonce[4] = (uint8_t)p.i.hs.n;
		crypto_aead_chacha20poly1305_ietf_encrypt(p.wire.p, NULL, point, sizeof(point),
							  p.i.h, sizeof(p.i.h), NULL, nonce,
							  p.i.hs.k);
		memset(p.wire.p + 48, 0, 16);
		p.wire.n = MSG3;
		T_EQ(read_step(&p, 3), ERR_CRYPTO);
		T_MEM(p.r.rs, point, sizeof(point)); /* it got as far as the point */
		is_dead(&p.r);
		T_OK(!noise_remote(&p.r));
		pair_close(&p);
		dh_key_free(is);
	}
}

static void test_a_replayed_handshake_gets_nowhere(void)
{
	struct buf first = {0}, third = {0}, out = {0};
	struct noise fresh;
	struct pair p;

	pair_at(&p, 1, 0);
	buf_put(&first, p.wire.p, p.wire.n);
	T_EQ(read_step(&p, 1), 0);
	write_step(&p, 2, 0);
	T_EQ(read_step(&p, 2), 0);
	write_step(&p, 3, 0);
	buf_put(&third, p.wire.p, p.wire.n);
	/* message 1 is open to replay, hence empty; message 3 answers one message 2 only */
	start(&fresh, false, p.rs, NULL, 0x45);
	T_EQ(noise_read(&fresh, first.p, first.n, &out), 0);
	T_EQ(noise_write(&fresh, NULL, 0, &out), 0);
	T_EQ(noise_read(&fresh, third.p, third.n, &out), ERR_CRYPTO);
	is_dead(&fresh);
	noise_close(&fresh);
	/* within the session: no message is taken twice or early */
	start(&fresh, false, p.rs, NULL, 0x44);
	T_EQ(noise_read(&fresh, third.p, third.n, &out), ERR_CRYPTO);
	noise_close(&fresh);
	T_EQ(noise_read(&p.r, third.p, third.n, &out), 0);
	T_EQ(noise_read(&p.r, third.p, third.n, &out), ERR_STATE);
	is_dead(&p.r);
	buf_close(&first);
	buf_close(&third);
	buf_close(&out);
	pair_close(&p);
}

static void test_a_message_out_of_turn_is_refused(void)
{
	for (int step = 1; step <= 4; step++) {
		for (int way = 0; way < 4; way++) {
			bool ready = step == 4;
			struct pair p;
			struct noise *writer = step == 2 ? &p.r : &p.i;
			struct noise *reader = step == 2 ? &p.i : &p.r;
			struct buf b = {0};

			pair_open(&p);
			for (int s = 1; s < step; s++) {
				write_step(&p, s, 0);
				T_EQ(read_step(&p, s), 0);
			}
			if (way == 0)
				T_EQ(noise_read(writer, PROLOGUE, PROLOGUE_N, &b), ERR_STATE);
			else if (way == 1)
				T_EQ(noise_write(reader, NULL, 0, &b), ERR_STATE);
			else if (way == 2)
				T_EQ(noise_seal(writer, NULL, 0, &b), ready ? 0 : ERR_STATE);
			else
				T_EQ(noise_open(reader, PROLOGUE, PROLOGUE_N, &b),
				     ready ? ERR_CRYPTO : ERR_STATE);
			buf_close(&b);
			pair_close(&p);
		}
	}
}

static int deliver(struct noise *to, const struct buf *b)
{
	struct buf out = {0};
	int err = noise_open(to, b->p, b->n, &out);

	T_OK(!err || out.n == 0);
	buf_close(&out);
	return err;
}

static void seal_text(struct noise *n, const char *s, struct buf *b)
{
	T_EQ(noise_seal(n, s, strlen(s), b), 0);
	T_EQ(b->n, strlen(s) + NOISE_TAG_BYTES);
}

/* The same two nodes with fresh ephemeral keys. */
static void other_session(struct pair *p)
{
	pair_open(p);
	noise_close(&p->i);
	noise_close(&p->r);
	start(&p->i, true, p->is, dh_key_public(p->rs), 0x35);
	start(&p->r, false, p->rs, NULL, 0x46);
	for (int step = 1; step <= 3; step++) {
		write_step(p, step, 0);
		T_EQ(read_step(p, step), 0);
	}
}

static void test_replayed_reordered_lost_and_reflected_frames_are_refused(void)
{
	for (int how = 0; how < 5; how++) {
		struct buf a = {0}, b = {0}, c = {0};
		struct pair p, q;

		pair_ready(&p);
		other_session(&q);
		seal_text(&p.i, "one", &a);
		seal_text(&p.i, "two", &b);
		seal_text(&q.i, "one", &c);
		switch (how) {
		case 0: /* replayed */
			T_EQ(deliver(&p.r, &a), 0);
			T_EQ(deliver(&p.r, &a), ERR_CRYPTO);
			break;
		case 1: /* lost, or come in another order */
			T_EQ(deliver(&p.r, &b), ERR_CRYPTO);
			break;
		case 2: /* back to its sender */ T_EQ(deliver(&p.i, &a), ERR_CRYPTO); break;
		case 3: /* from another session */ T_EQ(deliver(&p.r, &c), ERR_CRYPTO); break;
		default:
			T_EQ(deliver(&p.r, &a), 0);
			T_EQ(deliver(&p.r, &b), 0);
			T_EQ(deliver(&p.r, &b), ERR_CRYPTO);
		}
		/* nothing mends it, not even the right frame */
		T_EQ(deliver(how == 2 ? &p.i : &p.r, &a), ERR_STATE);
		is_dead(how == 2 ? &p.i : &p.r);
		buf_close(&a);
		buf_close(&b);
		buf_close(&c);
		pair_close(&p);
		pair_close(&q);
	}
}

static void test_every_flipped_bit_and_cut_of_a_frame_is_refused(void)
{
	struct pair p;
	struct buf b = {0};

	pair_ready(&p);
	seal_text(&p.i, "a line of points", &b);
	for (size_t bit = 0; bit < b.n * 8; bit++) {
		struct noise r = p.r; /* a copy per try: the first failure ends a session */

		b.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		T_EQ(deliver(&r, &b), ERR_CRYPTO);
		b.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	for (size_t n = 0; n < b.n; n++) {
		struct buf cut = {.p = b.p, .n = n};
		struct noise r = p.r;

		T_EQ(deliver(&r, &cut), n < NOISE_TAG_BYTES ? ERR_FORMAT : ERR_CRYPTO);
		T_OK(r.dead);
	}
	T_EQ(deliver(&p.r, &b), 0);
	buf_close(&b);
	pair_close(&p);
}

static void test_frame_sizes(void)
{
	static uint8_t data[NOISE_MSG_MAX + 1];
	static const struct {
		size_t n;
		int err;
	} raw[] = {{0, ERR_FORMAT},
		   {1, ERR_FORMAT},
		   {15, ERR_FORMAT},
		   {16, ERR_CRYPTO},
		   {NOISE_MSG_MAX, ERR_CRYPTO},
		   {NOISE_MSG_MAX + 1, ERR_FORMAT}},
	  plain[] = {{0, 0},  {1, 0},	      {15, 0},
		     {16, 0}, {PLAIN_MAX, 0}, {PLAIN_MAX + 1, ERR_INVALID}};

	for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
		struct buf b = {.p = data, .n = raw[i].n};
		struct pair p;

		pair_ready(&p);
		T_EQ(deliver(&p.r, &b), raw[i].err);
		is_dead(&p.r);
		pair_close(&p);
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct pair p;

		pair_ready(&p);
		buf_reset(&p.wire);
		buf_reset(&p.plain);
		memset(data, (int)i, sizeof(data));
		T_EQ(noise_seal(&p.i, data, plain[i].n, &p.wire), plain[i].err);
		if (plain[i].err) {
			is_dead(&p.i);
		} else {
			T_EQ(p.wire.n, plain[i].n + NOISE_TAG_BYTES);
			T_EQ(noise_open(&p.r, p.wire.p, p.wire.n, &p.plain), 0);
			T_EQ(p.plain.n, plain[i].n);
			T_MEM(p.plain.p, data, plain[i].n);
		}
		pair_close(&p);
	}
}

static void test_handshake_payload_sizes(void)
{
	static uint8_t data[NOISE_MSG_MAX + 1];

	for (int step = 1; step <= 3; step++) {
		size_t most = NOISE_MSG_MAX - (step == 3 ? MSG3 : MSG12);

		for (size_t over = 0; over < 2; over++) {
			struct pair p;

			pair_open(&p);
			for (int s = 1; s < step; s++) {
				write_step(&p, s, 0);
				T_EQ(read_step(&p, s), 0);
			}
			buf_reset(&p.wire);
			T_EQ(noise_write(step == 2 ? &p.r : &p.i, data, most + over, &p.wire),
			     over ? ERR_INVALID : 0);
			if (over) {
				is_dead(step == 2 ? &p.r : &p.i);
			} else {
				T_EQ(p.wire.n, NOISE_MSG_MAX);
				T_EQ(read_step(&p, step), 0);
				T_EQ(p.plain.n, most);
			}
			pair_close(&p);
		}
		struct pair p;
		struct buf out = {0};

		pair_at(&p, step, 0);
		T_EQ(noise_read(step == 2 ? &p.i : &p.r, data, sizeof(data), &out), ERR_FORMAT);
		buf_close(&out);
		pair_close(&p);
	}
}

/* The rule from its words, with nothing of the code under test. */
static void next_key(uint8_t k[KEY_BYTES])
{
	static const uint8_t zeros[32];
	uint8_t nonce[12], out[48];

	memset(nonce, 0, 4);
	memset(nonce + 4, 0xff, 8);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, zeros, 32, NULL, 0, NULL, nonce, k);
	memcpy(k, out, KEY_BYTES);
}

/* One frame of @from, opened both by @to and by hand under @k and number @n. */
static void exchange(struct pair *p, struct noise *from, struct noise *to, const uint8_t *k,
		     uint64_t n, size_t len)
{
	static uint8_t data[PLAIN_MAX], hand[PLAIN_MAX];
	uint8_t nonce[12] = {0};

	for (int i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(n >> (8 * i));
	buf_reset(&p->wire);
	buf_reset(&p->plain);
	T_EQ(noise_seal(from, data, len, &p->wire), 0);
	T_EQ(crypto_aead_chacha20poly1305_ietf_decrypt(hand, NULL, NULL, p->wire.p, p->wire.n, NULL,
						       0, nonce, k),
	     0);
	T_EQ(noise_open(to, p->wire.p, p->wire.n, &p->plain), 0);
	T_EQ(p->plain.n, len);
}

static void test_rekey_after_so_many_messages(void)
{
	uint8_t k[KEY_BYTES], back[KEY_BYTES];
	struct pair p;

	pair_ready(&p);
	memcpy(k, p.i.send.k, KEY_BYTES);
	memcpy(back, p.i.recv.k, KEY_BYTES);
	for (uint64_t n = 0; n < 2 * NOISE_REKEY_MSGS + 3; n++) {
		if (n == NOISE_REKEY_MSGS || n == 2 * NOISE_REKEY_MSGS)
			next_key(k);
		exchange(&p, &p.i, &p.r, k, n, (size_t)(n % 3));
	}
	T_EQ(p.i.send.n, 2 * NOISE_REKEY_MSGS + 3); /* not reset */
	T_EQ(p.r.recv.n, 2 * NOISE_REKEY_MSGS + 3);
	T_MEM(p.i.send.k, k, KEY_BYTES);
	T_MEM(p.r.recv.k, k, KEY_BYTES);
	/* the other direction counts for itself */
	T_MEM(p.r.send.k, back, KEY_BYTES);
	exchange(&p, &p.r, &p.i, back, 0, 5);
	pair_close(&p);
}

static void test_rekey_after_so_many_bytes(void)
{
	static const struct {
		size_t last;
		bool rekeyed;
	} cases[] = {{0, false}, {99, false}, {100, true}, {101, true}, {PLAIN_MAX, true}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t k[KEY_BYTES], back[KEY_BYTES];
		struct pair p;

		pair_ready(&p);
		memcpy(k, p.r.send.k, KEY_BYTES);
		memcpy(back, p.r.recv.k, KEY_BYTES);
		/* as if all but a hundred bytes had gone */
		p.r.send.since_bytes = p.i.recv.since_bytes = NOISE_REKEY_BYTES - 100;
		exchange(&p, &p.r, &p.i, k, 0, cases[i].last);
		if (cases[i].rekeyed)
			next_key(k);
		T_MEM(p.r.send.k, k, KEY_BYTES);
		T_MEM(p.i.recv.k, k, KEY_BYTES);
		exchange(&p, &p.r, &p.i, k, 1, 0);
		T_EQ(p.r.send.since_msgs, cases[i].rekeyed ? 1 : 2);
		T_EQ(p.r.send.since_bytes,
		     cases[i].rekeyed ? 0 : NOISE_REKEY_BYTES - 100 + cases[i].last);
		T_MEM(p.r.recv.k, back, KEY_BYTES);
		pair_close(&p);
	}
}

static void test_both_limits_count_from_the_last_rekey(void)
{
	uint8_t k[KEY_BYTES];
	struct pair p;

	pair_ready(&p);
	memcpy(k, p.i.send.k, KEY_BYTES);
	/* both reached by one message: one rekey, not two */
	p.i.send.since_bytes = p.r.recv.since_bytes = NOISE_REKEY_BYTES - 1;
	p.i.send.since_msgs = p.r.recv.since_msgs = NOISE_REKEY_MSGS - 1;
	exchange(&p, &p.i, &p.r, k, 0, 9);
	next_key(k);
	T_MEM(p.i.send.k, k, KEY_BYTES);
	T_EQ(p.i.send.since_msgs, 0);
	T_EQ(p.i.send.since_bytes, 0);
	exchange(&p, &p.i, &p.r, k, 1, 9);
	/* a refused frame counts for nothing, and nothing follows it */
	buf_reset(&p.wire);
	T_EQ(noise_seal(&p.i, "x", 1, &p.wire), 0);
	p.wire.p[0] ^= 1;
	T_EQ(deliver(&p.r, &p.wire), ERR_CRYPTO);
	T_EQ(p.r.recv.since_msgs, 1);
	pair_close(&p);
}

static void test_the_last_number_is_never_used(void)
{
	struct pair p;

	pair_ready(&p);
	p.i.send.n = p.r.recv.n = UINT64_MAX - 1;
	exchange(&p, &p.i, &p.r, p.i.send.k, UINT64_MAX - 1, 3);
	buf_reset(&p.wire);
	T_EQ(noise_seal(&p.i, "x", 1, &p.wire), ERR_LIMIT);
	T_EQ(p.wire.n, 0);
	is_dead(&p.i);
	buf_reset(&p.plain);
	T_EQ(noise_open(&p.r, PROLOGUE, 43, &p.plain), ERR_LIMIT);
	is_dead(&p.r);
	pair_close(&p);
}

static void test_output_is_appended(void)
{
	struct pair p;
	struct buf b = {0}, plain = {0};

	pair_ready(&p);
	buf_puts(&b, "head");
	buf_puts(&plain, "head");
	T_EQ(noise_seal(&p.i, "one", 3, &b), 0);
	T_EQ(b.n, 4 + 3 + NOISE_TAG_BYTES);
	T_MEM(b.p, "head", 4);
	T_EQ(noise_open(&p.r, b.p + 4, b.n - 4, &plain), 0);
	T_STR(buf_str(&plain), "headone");
	buf_close(&b);
	buf_close(&plain);
	pair_close(&p);
}

static void test_a_full_buffer_ends_the_session(void)
{
	struct pair p;
	struct buf b;

	pair_ready(&p);
	buf_init(&b, 18);
	T_EQ(noise_seal(&p.i, "one", 3, &b), ERR_LIMIT);
	T_EQ(b.n, 0);
	is_dead(&p.i);
	buf_close(&b);
	pair_close(&p);
}

static int whole_session(const struct dh_key *is, const struct dh_key *rs)
{
	static const uint8_t ei[32] = {1}, er[32] = {2};
	struct noise i = {0}, r = {0};
	struct buf a = {0}, b = {0}, c = {0}, d = {0}, none = {0};
	int err = noise_init(&i, true, is, dh_key_public(rs), NULL, 0, ei);

	err = err ? err : noise_init(&r, false, rs, NULL, NULL, 0, er);
	err = err ? err : noise_write(&i, NULL, 0, &a);
	err = err ? err : noise_read(&r, a.p, a.n, &none);
	err = err ? err : noise_write(&r, NULL, 0, &b);
	err = err ? err : noise_read(&i, b.p, b.n, &none);
	err = err ? err : noise_write(&i, NULL, 0, &c);
	err = err ? err : noise_read(&r, c.p, c.n, &none);
	err = err ? err : noise_seal(&r, "data", 4, &d);
	err = err ? err : noise_open(&i, d.p, d.n, &none);
	noise_close(&i);
	noise_close(&r);
	buf_close(&a);
	buf_close(&b);
	buf_close(&c);
	buf_close(&d);
	buf_close(&none);
	return err;
}

static void test_out_of_memory_is_reported(void)
{
	struct dh_key *is = key_of(1), *rs = key_of(2);

	T_OOM(whole_session(is, rs));
	dh_key_free(is);
	dh_key_free(rs);
}

static void test_close_wipes_and_may_come_at_any_time(void)
{
	struct noise empty = {.dead = true};
	struct pair p;

	for (int step = 1; step <= 3; step++) {
		pair_at(&p, step, 0);
		noise_close(&p.i);
		T_MEM(&p.i, &empty, sizeof(empty));
		is_dead(&p.i);
		noise_close(&p.i);
		pair_close(&p);
	}
	/* when it is ready, what made the keys is gone */
	pair_ready(&p);
	T_OK(!p.i.e);
	T_MEM(p.i.ck, empty.ck, sizeof(empty.ck));
	T_MEM(&p.i.hs, &empty.hs, sizeof(empty.hs));
	pair_close(&p);
	noise_close(NULL);
}

static void start_library(void)
{
	T_EQ(crypto_start(), 0);
}

T_MAIN_WITH(start_library, NULL, T(test_the_published_vector),
	    T(test_sizes_and_what_each_side_learns),
	    T(test_every_flipped_bit_of_the_handshake_is_refused),
	    T(test_every_other_length_of_the_handshake_is_refused),
	    T(test_another_prologue_is_refused), T(test_another_responder_key_is_refused),
	    T(test_low_order_points_are_refused_in_message_1),
	    T(test_low_order_points_are_refused_later), T(test_a_replayed_handshake_gets_nowhere),
	    T(test_a_message_out_of_turn_is_refused),
	    T(test_replayed_reordered_lost_and_reflected_frames_are_refused),
	    T(test_every_flipped_bit_and_cut_of_a_frame_is_refused), T(test_frame_sizes),
	    T(test_handshake_payload_sizes), T(test_rekey_after_so_many_messages),
	    T(test_rekey_after_so_many_bytes), T(test_both_limits_count_from_the_last_rekey),
	    T(test_the_last_number_is_never_used), T(test_output_is_appended),
	    T(test_a_full_buffer_ends_the_session), T(test_out_of_memory_is_reported),
	    T(test_close_wipes_and_may_come_at_any_time))
