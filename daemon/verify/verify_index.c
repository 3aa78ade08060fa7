#include <string.h>

#include "daemon/verify/verify_int.h"
#include "lib/err.h"

#define TXID_LUCK 64

/* --- verdicts -------------------------------------------------------------------------------------- */
static int verdicts_next(struct verify *v)
{
	int err = kv_seek(v->verdicts, KV_NEXT, v->verdict_key, &v->verdict_key, &v->verdict_val);

	v->more_verdicts = !err;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int verify_verdicts_upto(struct verify *v, uint32_t no, uint64_t seq)
{
	uint8_t raw[VERDICT_KEY_BYTES];
	struct bytes key = verdict_key(raw, no, seq);
	int err = ERR_OK;

	while (!err && v->more_verdicts && verify_cmp(v->verdict_key, key) < 0) {
		bool whole = v->verdict_key.n == VERDICT_KEY_BYTES;
		struct verify_feed *f =
			whole ? verify_feed_of(v, be32_get(v->verdict_key.p)) : NULL;

		if (!f || f->here)
			problem_add(v, f, PROBLEM_VERDICT_SURPLUS,
				    whole ? be64_get(v->verdict_key.p + 4) : PROBLEM_NO_ENTRY, 0);
		err = verdicts_next(v);
	}
	return err;
}

int verify_verdict_claim(struct verify_pass *p, uint64_t seq, bool *ret_found, struct bytes *ret)
{
	struct verify *v = p->v;
	uint8_t raw[VERDICT_KEY_BYTES];
	int err;

	*ret_found = false;
	if (!v->more_verdicts)
		return ERR_OK;
	err = verify_verdicts_upto(v, p->f->h.no, seq);
	if (err || !v->more_verdicts ||
	    verify_cmp(v->verdict_key, verdict_key(raw, p->f->h.no, seq)) != 0)
		return err;
	*ret_found = true;
	*ret = v->verdict_val;
	return verdicts_next(v);
}

/* --- transaction IDs ---------------------------------------------------------------------------- */
static int same_txid(struct verify_pass *p, uint64_t seq, const uint8_t *txid, bool *ret)
{
	uint8_t key[VERIFY_ENTRY_KEY];
	struct bytes row;
	struct entry e;
	bool found;
	int err = verify_get(p->v, KV_ENTRY, verify_entry_key(key, p->f->h.no, seq), &found, &row);

	*ret = !err && found && row.n >= ENTRY_LEAF_BYTES &&
	       entry_parse(row.p, ENTRY_LEAF_BYTES, &e) == ERR_OK &&
	       memcmp(e.txid, txid, TXID_BYTES) == 0;
	return err;
}

/* IDs sort by time, so the row wanted is mostly the one after the last. */
static int find_txid(struct verify_pass *p, struct bytes key, bool *ret_found, struct bytes *ret)
{
	struct bytes at = {NULL, 0};
	int err = ERR_NOTFOUND;

	*ret_found = false;
	if (p->txid_luck > -TXID_LUCK) {
		err = kv_seek(p->txids, KV_NEXT, key, &at, ret);
		if (err && err != ERR_NOTFOUND)
			return err;
		*ret_found = !err && verify_cmp(at, key) == 0;
		p->txid_luck += *ret_found ? p->txid_luck < TXID_LUCK : -1;
	}
	if (!*ret_found) {
		err = kv_seek(p->txids, KV_GE, key, &at, ret);
		*ret_found = !err && verify_cmp(at, key) == 0;
	}
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int verify_txid(struct verify_pass *p, uint64_t n, const struct entry *e)
{
	struct verify *v = p->v;
	uint8_t key[VERIFY_TXID_KEY];
	struct bytes row;
	uint64_t seq;
	bool found, good;
	int err;

	memcpy(key, e->txid, TXID_BYTES);
	be32_put(key + TXID_BYTES, p->f->h.no);
	v->txid = (struct fold_txid){0};
	err = find_txid(p, kv_bytes(key, VERIFY_TXID_KEY), &found, &row);
	if (err)
		return err;
	good = found && feedlog_txid_seq(row, &seq);
	if (!good)
		seq = n;
	if (good && seq < n) {
		err = same_txid(p, seq, e->txid, &good);
		if (good) /* it is the row of that entry */
			v->txid = (struct fold_txid){true, seq};
		if (err || good)
			return err;
	}
	p->f->txids += found;
	if (good && seq == n) {
		v->txid = (struct fold_txid){true, seq};
		return ERR_OK;
	}
	problem_add(v, p->f, PROBLEM_TXID_WRONG, n, 0);
	return ERR_OK;
}

/* Does an entry, or one that is itself damaged, stand behind this row? */
static int txid_row_known(struct verify *v, struct verify_feed *f, struct bytes key,
			  struct bytes val, bool *ret)
{
	struct bytes leaf, payload;
	struct entry e;
	uint64_t seq;
	int err;

	*ret = false;
	if (!feedlog_txid_seq(val,
			      &seq)) /* listed with its entry if there is one: harmless twice */
		return ERR_OK;
	if (seq >= f->h.size)
		return ERR_OK;
	*ret = verify_is_bad(f, seq);
	if (*ret)
		return ERR_OK;
	err = feedlog_read(v->t, f->h.no, seq, &leaf, &payload);
	*ret = !err && entry_parse(leaf.p, leaf.n, &e) == ERR_OK &&
	       memcmp(e.txid, key.p, TXID_BYTES) == 0;
	return err == ERR_NOTFOUND || err == ERR_CORRUPT ? ERR_OK : err;
}

static int txid_row(struct verify *v, struct bytes key, struct bytes val, bool count)
{
	struct verify_feed *f = NULL;
	bool known = false;
	int err = ERR_OK;

	if (key.n == VERIFY_TXID_KEY)
		f = verify_feed_of(v, be32_get(key.p + TXID_BYTES));
	if (count && f) {
		f->txids--;
		return ERR_OK;
	}
	if (!count && (!f || !f->here || f->txids == 0))
		return ERR_OK;
	if (!count)
		err = txid_row_known(v, f, key, val, &known);
	if (!err && !known)
		problem_add(v, f, PROBLEM_TXID_SURPLUS, PROBLEM_NO_ENTRY, 0);
	return err;
}

/* Rows are counted down first; only a feed where rows are left over is looked at one by one. */
int verify_surplus_txid(struct verify *v)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	bool left = false;
	int err = kv_cursor_open(v->t, KV_TXID, &c);

	for (int round = 0; round < 2 && !err; round++) {
		for (enum kv_how how = KV_GE; !err; how = KV_NEXT) {
			err = kv_seek(c, how, kv_bytes("", 0), &key, &val);
			if (!err)
				err = txid_row(v, key, val, round == 0);
		}
		if (err == ERR_NOTFOUND)
			err = ERR_OK;
		for (uint32_t i = 0; i < v->nfeeds; i++)
			left |= v->feed[i].here && v->feed[i].txids != 0;
		if (!left)
			break;
	}
	kv_cursor_close(c);
	return err;
}
