#include "daemon/ledger/state/state_notice.h"

#include "lib/err.h"

void state_notice_key(struct state_key *k, uint32_t feed_no, uint64_t seq)
{
	state_key_of(k, feed_no, STATE_NOTICE);
	state_key_u64(k, seq);
}

void state_notice_pack(const struct state_notice *n, struct buf *out)
{
	buf_put_varint(out, n->npostings);
	state_put_day(out, n->from);
	state_put_day(out, n->to);
}

int state_notice_parse(struct bytes row, struct state_notice *ret)
{
	struct cur c = cur_of(row.p, row.n);
	struct state_notice n = {0};
	uint64_t npostings = 0;

	if (row.n) {
		npostings = state_get_num(&c);
		n.from = state_get_day(&c);
		n.to = state_get_day(&c);
	}
	if (cur_done(&c) || npostings > UINT32_MAX || n.to < n.from)
		return ERR_CORRUPT;
	n.npostings = (uint32_t)npostings;
	*ret = n;
	return ERR_OK;
}

/* --- runs of days ---------------------------------------------------------------------------------- */
void state_covered_key(struct state_key *k, uint32_t feed_no, uint32_t kind)
{
	state_key_of(k, feed_no, STATE_COVERED);
	state_key_u8(k, (uint8_t)kind);
}

static void put_covered(struct buf *out, const struct state_covered *r)
{
	state_put_day(out, r->from);
	state_put_day(out, r->to);
	buf_put_varint(out, r->seq);
}

int state_covered_next(struct bytes row, size_t *at, struct state_covered *ret)
{
	struct cur c = cur_of(row.p + *at, row.n - *at);
	struct state_covered r;

	if (cur_left(&c) == 0)
		return ERR_NOTFOUND;
	r.from = state_get_day(&c);
	r.to = state_get_day(&c);
	r.seq = state_get_num(&c);
	if (c.err || r.to < r.from)
		return ERR_CORRUPT;
	*at = row.n - cur_left(&c);
	*ret = r;
	return ERR_OK;
}

/* What touches or overlaps the new run becomes part of it. */
int state_covered_add(struct bytes row, const struct state_covered *more, struct buf *out)
{
	struct state_covered r, all = *more;
	bool waiting = true;
	size_t at = 0;
	int err;

	while ((err = state_covered_next(row, &at, &r)) == ERR_OK) {
		if (r.to < all.from - 1) {
			put_covered(out, &r);
			continue;
		}
		if (r.from > all.to + 1) {
			if (waiting)
				put_covered(out, &all);
			waiting = false;
			put_covered(out, &r);
			continue;
		}
		all.from = r.from < all.from ? r.from : all.from;
		all.seq = r.to >= all.to ? r.seq : all.seq;
		all.to = r.to > all.to ? r.to : all.to;
	}
	if (err != ERR_NOTFOUND)
		return err;
	if (waiting)
		put_covered(out, &all);
	return out->err;
}
