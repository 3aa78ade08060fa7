#include "daemon/ledger/state/state_lines.h"

#include "daemon/ledger/state/read.h"
#include "lib/err.h"

#define STATE_BITS 3

void state_lines_key(struct state_key *k, uint32_t feed_no, uint64_t seq)
{
	state_block_key(k, feed_no, seq / STATE_BLOCK);
}

/* Who has acted is implied by the state, except for a refusal: that may come from either step. */
static bool has_reviewer(unsigned state)
{
	return state != LINE_RECORDED;
}

static bool has_confirmer(unsigned state)
{
	return state == LINE_REFUSED || state == LINE_CONFIRMED || state == LINE_REVERSED;
}

static uint32_t run_length(const struct state_lines *l, uint32_t from)
{
	uint32_t i = from + 1;

	while (i < l->n && l->line[i].state == l->line[from].state &&
	       l->line[i].reviewer == l->line[from].reviewer &&
	       l->line[i].confirmer == l->line[from].confirmer)
		i++;
	return i - from;
}

#define RUN_MAX 13 /* bytes: count and state 3, two actors of 5 */

static void put_body(struct buf *out, const struct state_lines *l)
{
	uint8_t b[RUN_MAX];

	buf_put(out, b, state_num_bytes(b, l->recorder));
	for (uint32_t i = 0, run; i < l->n; i += run) {
		unsigned state = l->line[i].state;

		run = run_length(l, i);
		size_t n = state_num_bytes(b, (uint64_t)run << STATE_BITS | state);
		if (has_reviewer(state))
			n += state_num_bytes(b + n, l->line[i].reviewer);
		if (has_confirmer(state))
			n += state_num_bytes(b + n, l->line[i].confirmer);
		buf_put(out, b, n);
	}
}

static uint32_t get_actor(struct cur *c)
{
	uint64_t v = state_get_num(c);

	if (v > UINT32_MAX)
		c->err = ERR_FORMAT;
	return (uint32_t)v;
}

static int get_body(struct bytes body, struct state_lines *ret)
{
	struct cur c = cur_of(body.p, body.n);

	ret->recorder = get_actor(&c);
	ret->n = 0;
	while (c.err == ERR_OK && c.p < c.end) {
		uint64_t run = state_get_num(&c);
		unsigned state = run & ((1u << STATE_BITS) - 1);
		uint32_t reviewer = has_reviewer(state) ? get_actor(&c) : 0;
		uint32_t confirmer = has_confirmer(state) ? get_actor(&c) : 0;

		run >>= STATE_BITS;
		if (state > LINE_REVERSED || run == 0 || run > STATE_LINES_MAX - ret->n)
			return ERR_CORRUPT;
		for (; run; run--, ret->n++) {
			ret->line[ret->n].state = (uint8_t)state;
			ret->line[ret->n].reviewer = reviewer;
			ret->line[ret->n].confirmer = confirmer;
		}
	}
	return c.err || ret->n == 0 ? ERR_CORRUPT : ERR_OK;
}

/* The item at *@at: its slot and body. False at the end or when damaged (then *@at stays). */
static inline bool next_item(struct bytes row, size_t *at, unsigned *slot, struct bytes *body)
{
	size_t left = row.n - *at, n;
	struct cur c;

	if (left < 2)
		return false;
	*slot = row.p[*at];
	n = row.p[*at + 1];
	if (n < 0x80 && n <= left - 2) {
		*body = (struct bytes){row.p + *at + 2, n};
		*at += 2 + n;
		return true;
	}
	c = cur_of(row.p + *at + 1, left - 1);
	*body = state_get_text(&c);
	if (c.err)
		return false;
	*at = row.n - cur_left(&c);
	return true;
}

int state_lines_next(struct bytes row, size_t *at, unsigned *ret_slot, struct state_lines *ret)
{
	struct bytes body;

	if (*at >= row.n)
		return ERR_NOTFOUND;
	if (!next_item(row, at, ret_slot, &body))
		return ERR_CORRUPT;
	return get_body(body, ret);
}

int state_lines_get(struct bytes row, uint64_t seq, struct state_lines *ret)
{
	unsigned want = (unsigned)(seq % STATE_BLOCK), slot;
	struct bytes body;
	size_t at = 0;

	while (next_item(row, &at, &slot, &body))
		if (slot == want)
			return get_body(body, ret);
	return at == row.n ? ERR_NOTFOUND : ERR_CORRUPT;
}

int state_lines_put(struct bytes row, uint64_t seq, const struct state_lines *l, struct buf *out)
{
	unsigned want = (unsigned)(seq % STATE_BLOCK), slot;
	size_t at = 0, before = 0, after = 0;
	struct bytes body;

	while (next_item(row, &at, &slot, &body)) {
		if (slot < want)
			before = at;
		if (slot <= want)
			after = at;
	}
	if (at != row.n)
		return ERR_CORRUPT;
	buf_put(out, row.p, before);
	buf_put_u8(out, (uint8_t)want);
	/* the length is not known before; one byte is enough but for entries of many different lines */
	size_t mark = out->n;
	buf_put_u8(out, 0);
	put_body(out, l);
	if (out->err)
		return out->err;
	size_t n = out->n - mark - 1;
	if (n < 0x80) {
		out->p[mark] = (uint8_t)n;
	} else {
		out->n = mark;
		buf_put_varint(out, n);
		put_body(out, l);
	}
	if (after < row.n)
		buf_put(out, row.p + after, row.n - after);
	return out->err;
}
