#include "daemon/ledger/state/state_evidence.h"

#include <string.h>

#include "lib/err.h"

#define PREFIX_MAX 32
#define USE_MAX	   (STATE_EVIDENCE_ID + 10 + 1)

void state_evidence_id(char kind, struct bytes text, uint8_t id[STATE_EVIDENCE_ID])
{
	struct sha256 s;
	struct hash h;

	sha256_start(&s);
	sha256_add(&s, &kind, 1);
	sha256_add(&s, text.p, text.n);
	sha256_end(&s, &h);
	memcpy(id, h.b, STATE_EVIDENCE_ID);
}

void state_evidence_key(struct state_key *k, uint32_t feed_no, char kind, struct bytes text,
			unsigned level)
{
	/* a number without its end, or the beginning of a digest */
	size_t rest = 3 - level, front = 2 + level;
	size_t n = kind != 'd' ? (text.n > rest ? text.n - rest : 0) : front;

	n = n < PREFIX_MAX ? n : PREFIX_MAX;
	state_group_key(k, feed_no, (struct bytes){text.p, n < text.n ? n : text.n});
}

/* The use at *@at, with its hash; NULL at the end or when damaged (then *@at stays). Written out, because
 * every line recorded walks through a row. */
static inline const uint8_t *next_use(struct bytes row, size_t *at, struct state_use *ret)
{
	const uint8_t *got, *end, *p;
	uint64_t v = 0;
	unsigned shift = 0;

	if (row.n - *at <= STATE_EVIDENCE_ID)
		return NULL;
	got = row.p + *at;
	end = bytes_end(row);
	p = got + STATE_EVIDENCE_ID;
	while (p < end && *p >= 0x80 && shift < 63) {
		v |= (uint64_t)(*p++ & 0x7f) << shift;
		shift += 7;
	}
	if (p >= end || *p >= 0x80)
		return NULL;
	v |= (uint64_t)*p++ << shift;
	if (v & 1 && p == end)
		return NULL;
	ret->seq = v >> 1;
	ret->line = v & 1 ? *p++ : 1;
	*at = (size_t)(p - row.p);
	return got;
}

int state_evidence_next(struct bytes row, const uint8_t id[STATE_EVIDENCE_ID], size_t *at,
			struct state_use *ret)
{
	while (*at < row.n) {
		const uint8_t *got = next_use(row, at, ret);

		if (!got)
			return ERR_CORRUPT;
		if (memcmp(got, id, STATE_EVIDENCE_ID) == 0)
			return ERR_OK;
	}
	return ERR_NOTFOUND;
}

int state_evidence_put(struct bytes row, const uint8_t id[STATE_EVIDENCE_ID],
		       const struct state_use *u, struct buf *out)
{
	struct state_use old;
	uint8_t use[USE_MAX];
	size_t from = 0, n;

	while (row.n - from + USE_MAX > STATE_EVIDENCE_MAX)
		if (!next_use(row, &from, &old))
			return ERR_CORRUPT;
	buf_put(out, row.p + from, row.n - from);
	memcpy(use, id, STATE_EVIDENCE_ID);
	n = STATE_EVIDENCE_ID +
	    state_num_bytes(use + STATE_EVIDENCE_ID, u->seq << 1 | (u->line > 1));
	if (u->line > 1)
		use[n++] = (uint8_t)u->line;
	buf_put(out, use, n);
	return out->err;
}
