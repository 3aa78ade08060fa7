#include "daemon/ledger/rules/refold.h"

#include <string.h>

#include "daemon/ledger/rules/fold.h"
#include "lib/err.h"

/* One feed at a time. */
struct feed_fold {
	struct kv_txn *t;
	const struct hash *town;
	struct refolded *sum;
	struct fold fold;
	struct buf row;	    /* leaf | payload, copied: folding writes */
	struct buf verdict; /* packed */
	void (*progress)(uint64_t entries);
	uint64_t done;
};

/* Empties the table. */
static int drop_state(struct kv_txn *t)
{
	uint8_t copy[KV_KEY_MAX];
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	int err = kv_cursor_open(t, KV_STATE, &c);

	while (!err) {
		err = kv_seek(c, KV_GE, kv_bytes("", 0), &key, &val);
		if (err)
			break;
		memcpy(copy, key.p, key.n);
		err = kv_del(t, KV_STATE, kv_bytes(copy, key.n));
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int read_entry(struct feed_fold *f, uint64_t seq, struct entry *ret,
		      struct bytes *ret_payload)
{
	struct bytes leaf, payload;
	int err = feedlog_read(f->t, f->fold.feed_no, seq, &leaf, &payload);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	buf_reset(&f->row);
	buf_put(&f->row, leaf.p, leaf.n);
	err = buf_put(&f->row, payload.p, payload.n);
	if (err)
		return err;
	*ret_payload = kv_bytes(f->row.p + leaf.n, payload.n);
	return entry_parse(f->row.p, leaf.n, ret) ? ERR_CORRUPT : ERR_OK;
}

/* Empty: a plain acceptance. */
static int stored_verdict(struct feed_fold *f, struct bytes key, struct bytes *ret)
{
	int err = kv_get(f->t, KV_VERDICT, key, ret);

	if (err == ERR_NOTFOUND)
		*ret = kv_bytes(NULL, 0);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int put_verdict(struct feed_fold *f, struct bytes key, const struct verdict *v)
{
	bool plain = verdict_ok(v) && v->nwarn == 0;
	struct bytes old;
	int err = stored_verdict(f, key, &old);

	buf_reset(&f->verdict);
	if (!err && !plain)
		err = verdict_pack(v, &f->verdict);
	if (err || bytes_eq(buf_bytes(&f->verdict), old))
		return err;
	f->sum->verdicts++;
	return plain ? kv_del(f->t, KV_VERDICT, key)
		     : kv_put(f->t, KV_VERDICT, key, buf_bytes(&f->verdict));
}

/* The verdict that was stored says so: nothing is refused for another reason before its signature is verified. */
static bool author_ok(const struct feed_fold *f, const struct entry *e, struct bytes old)
{
	struct verdict v;

	if (old.n == 0 || (!verdict_parse(old.p, old.n, &v) && v.reason.id != V_BAD_SIGNATURE))
		return true;
	return entry_tx_verify(e, f->town);
}

static int fold_entry(struct feed_fold *f, uint64_t seq)
{
	uint8_t at[VERDICT_KEY_BYTES];
	struct bytes key = verdict_key(at, f->fold.feed_no, seq), payload, old = {NULL, 0};
	struct verdict v;
	struct entry e;
	int err = read_entry(f, seq, &e, &payload);

	if (!err)
		err = stored_verdict(f, key, &old);
	if (!err)
		err = fold_apply(&f->fold, &e, payload, author_ok(f, &e, old), &v);
	if (!err)
		err = put_verdict(f, key, &v);
	/* it was judged once, so the town feed is long enough for it */
	return err == ERR_STATE ? ERR_CORRUPT : err;
}

static int fold_feed(struct feed_fold *f, const struct feed_head *h, struct errmsg *msg)
{
	int err = fold_open(&f->fold, f->t, f->town, h);

	f->sum->feeds++;
	f->sum->entries += h->size;
	for (uint64_t seq = 0; seq < h->size && !err; seq++) {
		err = fold_entry(f, seq);
		if (err)
			err_set(msg, err, "feed %u, entry %llu: %s", (unsigned)h->no,
				(unsigned long long)seq, err_text(err));
		if (++f->done % REFOLD_STEP == 0 && f->progress)
			f->progress(f->done);
	}
	fold_close(&f->fold);
	return err ? err : f->t->err;
}

/* The town feed has the lowest number, so villages find it folded. */
static int fold_feeds(struct feed_fold *f, struct errmsg *msg)
{
	struct feed_head h;
	int err = ERR_OK;

	for (uint32_t no = FEED_TOWN; no <= FEEDS_MAX && !err; no++) {
		err = feedlog_head(f->t, no, &h);
		if (!err)
			err = fold_feed(f, &h, msg);
		else if (err == ERR_NOTFOUND)
			err = ERR_OK;
	}
	return err;
}

int refold(struct kv *kv, const struct hash *town, void (*progress)(uint64_t entries),
	   struct refolded *ret, struct errmsg *msg)
{
	struct refolded sum = {0};
	struct feed_fold f = {.town = town, .sum = &sum, .progress = progress};
	int err = kv_begin(kv, true, &f.t);

	if (err)
		return err;
	err = drop_state(f.t);
	if (!err)
		err = fold_feeds(&f, msg);
	buf_close(&f.verdict);
	buf_close(&f.row);
	if (err)
		kv_abort(f.t);
	else
		err = kv_commit(f.t);
	if (!err)
		*ret = sum;
	return err;
}
