#include "daemon/ledger/state/state_covered.h"

#include "lib/err.h"

static void put_covered(struct buf *out, const struct state_covered *r)
{
	state_put_day(out, r->from);
	state_put_day(out, r->to);
	buf_put_varint(out, r->seq);
}

int state_covered_next(struct bytes row, size_t *at, struct state_covered *ret)
{
	struct state_covered r;
	struct cur c;

	if (*at == row.n)
		return ERR_NOTFOUND;
	c = cur_of(row.p + *at, row.n - *at);
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
