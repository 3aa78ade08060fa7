#include "tests/lib/replay.h"

#include "daemon/ledger/rules/fold.h"
#include "daemon/ledger/state/read.h"
#include "daemon/store/overlay.h"
#include "lib/err.h"
#include "tests/lib/t.h"

int replay_open(struct kv_txn *base, struct replay *ret)
{
	int err;

	*ret = (struct replay){0};
	err = overlay_new(base, OVERLAY_FRESH(KV_STATE), &ret->kv);
	if (!err)
		err = kv_begin(ret->kv, true, &ret->t);
	if (err)
		replay_close(ret);
	return err;
}

void replay_close(struct replay *r)
{
	kv_abort(r->t);
	kv_close(r->kv);
	*r = (struct replay){0};
}

/* --- a state of the past --------------------------------------------------------------------------- */
static int fold_entry(struct kv_txn *base, struct fold *f, uint64_t seq, uint64_t town_size)
{
	struct bytes leaf, payload;
	struct verdict v;
	struct entry e;
	int err = read_verdict(base, f->feed_no, seq, &v);

	if (err || !verdict_ok(&v))
		return err;
	err = feedlog_read(base, f->feed_no, seq, &leaf, &payload);
	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err && f->feed_no != FEED_TOWN && e.town_seen > town_size)
		err = ERR_NOTFOUND;
	if (!err)
		err = fold_apply(f, &e, payload, true, &v);
	/* it was accepted, so it is again */
	return !err && !verdict_ok(&v) ? ERR_CORRUPT : err;
}

static int fold_first(struct kv_txn *base, const struct hash *town, const struct feed_head *feed,
		      uint64_t size, uint64_t town_size, struct replay *r)
{
	struct fold f;
	int err = size > feed->size ? ERR_NOTFOUND : fold_open(&f, r->t, town, feed);

	if (err)
		return err;
	for (uint64_t seq = 0; seq < size && !err; seq++)
		err = fold_entry(base, &f, seq, town_size);
	fold_close(&f);
	return err ? err : r->t->err;
}

int replay_at(struct kv_txn *base, const struct hash *town, const struct feed_head *feed,
	      uint64_t size, uint64_t town_size, struct replay *ret)
{
	struct feed_head head;
	int err = replay_open(base, ret);

	T_OK(feed->no != FEED_TOWN || size == town_size); /* one feed has one size */
	if (!err)
		err = feedlog_head(base, FEED_TOWN, &head);
	if (!err)
		err = fold_first(base, town, &head, town_size, town_size, ret);
	if (!err && feed->no != FEED_TOWN)
		err = fold_first(base, town, feed, size, town_size, ret);
	if (err)
		replay_close(ret);
	return err;
}
