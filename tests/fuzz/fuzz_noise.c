#include <string.h>

#include "lib/err.h"
#include "proto/noise.h"
#include "tests/fuzz/fuzz.h"

/* The input is a list of steps on both ends of one session: a byte (bit 7: which end, the rest: what to
 * do), a length byte, so many bytes of data. All keys are fixed. */
enum { WRITE, READ, READ_RAW, SEAL, OPEN, OPEN_RAW, FLIP, KINDS };

struct end {
	struct noise n;
	struct buf wire; /* the last message this end wrote */
};

static struct dh_key *key_of(uint8_t fill)
{
	uint8_t seed[DH_KEY_BYTES];
	struct dh_key *k = NULL;
	int err;

	memset(seed, fill, sizeof(seed));
	err = dh_key_from_seed(seed, &k);
	CHECK(!err);
	return k;
}

static void start(struct end *e, bool initiator, const struct dh_key *s, const uint8_t *rs)
{
	uint8_t seed[32];
	int err;

	memset(seed, initiator ? 0x33 : 0x44, sizeof(seed));
	memset(e, 0, sizeof(*e));
	err = noise_init(&e->n, initiator, s, rs, NOISE_LABEL, strlen(NOISE_LABEL), seed);
	CHECK(!err);
}

static void step(struct end *me, struct end *other, uint8_t kind, const uint8_t *p, size_t n)
{
	struct buf plain = {0};
	bool was_dead = me->n.dead;
	int err = 0;

	switch (kind) {
	case WRITE:
	case SEAL:
		buf_reset(&me->wire);
		err = kind == WRITE ? noise_write(&me->n, p, n, &me->wire)
				    : noise_seal(&me->n, p, n, &me->wire);
		CHECK(!err || me->wire.n == 0);
		break;
	case READ: err = noise_read(&me->n, other->wire.p, other->wire.n, &plain); break;
	case READ_RAW: err = noise_read(&me->n, p, n, &plain); break;
	case OPEN: err = noise_open(&me->n, other->wire.p, other->wire.n, &plain); break;
	case OPEN_RAW: err = noise_open(&me->n, p, n, &plain); break;
	case FLIP:
		if (n >= 2 && me->wire.n)
			me->wire.p[p[0] % me->wire.n] ^= p[1];
		break;
	default: CHECK(false);
	}
	/* a failure is final, and gives nothing away */
	CHECK(!err || me->n.dead);
	CHECK(!err || plain.n == 0);
	CHECK(!was_dead || err || kind == FLIP);
	buf_close(&plain);
}

/* Two ends that both got through have had the same talk. */
static void agree(const struct end *i, const struct end *r)
{
	if (!noise_ready(&i->n) || !noise_ready(&r->n))
		return;
	CHECK(memcmp(noise_binding(&i->n), noise_binding(&r->n), NOISE_HASH_BYTES) == 0);
	CHECK(memcmp(noise_remote(&r->n), dh_key_public(i->n.s), DH_KEY_BYTES) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct dh_key *is, *rs;
	struct cur c = cur_of(data, n);
	struct end i, r;

	if (!is) {
		int err = crypto_start();
		CHECK(!err);
		is = key_of(0x11);
		rs = key_of(0x22);
	}
	start(&i, true, is, dh_key_public(rs));
	start(&r, false, rs, NULL);
	while (cur_left(&c) >= 2) {
		uint8_t what = cur_u8(&c), len = cur_u8(&c);
		const uint8_t *p = cur_take(&c, len);
		bool first = !(what & 0x80);

		if (!p)
			break;
		step(first ? &i : &r, first ? &r : &i, (uint8_t)((what & 0x7f) % KINDS), p, len);
		agree(&i, &r);
	}
	noise_close(&i.n);
	noise_close(&r.n);
	buf_close(&i.wire);
	buf_close(&r.wire);
	return 0;
}
