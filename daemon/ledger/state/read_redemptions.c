#include "daemon/ledger/state/read_redemptions.h"

#include <string.h>

#include "lib/err.h"

static int read_redemption(const struct reader *r, uint64_t entry, struct view_redemption *ret)
{
	struct rec_redemption_line l;
	int err = read_head(r->txn, r->feed_no, entry, REC_redemption, &ret->payload, &ret->head);

	if (err)
		return err;
	ret->entry = entry;
	ret->nlines = ret->payload.nparts - 1;
	ret->total = POINTS_ZERO;
	for (uint32_t i = 0; i < ret->nlines; i++)
		if (rec_decode_line(rec_type_of(REC_redemption), &ret->payload, i, &l) ||
		    !points_add(ret->total, l.points, &ret->total))
			return ERR_CORRUPT;
	err = read_settled(r, entry, &ret->reversal);
	ret->reversed = !err;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int view_redemption(struct kv_txn *t, uint32_t feed_no, uint64_t entry, struct view_redemption *ret)
{
	const struct reader r = reader_of(t, feed_no);
	struct state_mark listed;
	int err = reader_listed(&r, feed_no, REC_redemption, entry, &listed);

	return err ? err : read_redemption(&r, entry, ret);
}

struct redemptions {
	struct reader reader;
	int (*fn)(void *ctx, const struct view_redemption *r);
	void *ctx;
};

static int on_redemption(void *ctx, uint64_t seq)
{
	const struct redemptions *w = ctx;
	struct view_redemption r;
	int err = read_redemption(&w->reader, seq, &r);

	return err ? err : w->fn(w->ctx, &r);
}

int view_redemptions(struct kv_txn *t, uint32_t feed_no, uint64_t from,
		     int (*fn)(void *ctx, const struct view_redemption *r), void *ctx)
{
	struct redemptions w = {reader_of(t, feed_no), fn, ctx};

	return view_listed(t, feed_no, REC_redemption, from, on_redemption, &w);
}

int view_redeemed(struct kv_txn *t, uint32_t feed_no, struct bytes household, int year,
		  struct points *ret)
{
	const struct reader r = reader_of(t, feed_no);
	struct state_redeemed x = {0};
	int err = household.n > STATE_CODE_MAX ? ERR_NOTFOUND
					       : reader_redeemed(&r, feed_no, household, year, &x);

	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = points_of(x.sum);
	return ERR_OK;
}
