#include "daemon/writer/trial.h"

#include <string.h>

#include "daemon/store/overlay.h"

int trial_begin(struct trial *r, const struct tx_services *s)
{
	struct feed_head town;
	int err;

	*r = (struct trial){.s = s};
	err = kv_begin(s->kv, false, &r->base);
	if (!err)
		err = overlay_new(r->base, 0, &r->over);
	if (!err)
		err = kv_begin(r->over, true, &r->t);
	if (!err)
		err = feedlog_head(r->t, FEED_TOWN, &town);
	if (!err)
		err = feedlog_open(&r->log, r->t, s->own);
	if (!err)
		err = fold_open(&r->fold, r->t, &s->town, &r->log.head);
	if (err) {
		trial_end(r);
		return err;
	}
	r->town_seen = town.size;
	return ERR_OK;
}

void trial_end(struct trial *r)
{
	fold_close(&r->fold);
	kv_abort(r->t);
	kv_close(r->over);
	kv_abort(r->base);
	*r = (struct trial){0};
}

/* What the writer answers to a transaction ID that was used: the same again, or another under its name. */
static int known(struct trial *r, struct job_append *a)
{
	struct bytes leaf = {0}, payload;
	struct entry e;
	int err = feedlog_txid(r->t, r->s->own, a->tx.txid, &a->seq);

	if (!err)
		err = feedlog_read(r->t, r->s->own, a->seq, &leaf, &payload);
	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (err)
		return err;
	a->exists = e.type == a->tx.type && hash_cmp(&e.commitment, &a->tx.commitment) == 0 &&
		    memcmp(e.author, a->tx.author, SIGN_KEY_BYTES) == 0;
	a->tx.wall_ms = e.wall_ms;
	a->verdict = (struct verdict){.reason.id = a->exists ? V_ACCEPTED : V_TXID_REUSED,
				      .reason.num = {(int64_t)a->seq}};
	return ERR_OK;
}

static void place(struct trial *r, struct entry *e)
{
	const struct feed_head *h = &r->log.head;

	e->feed = h->id;
	e->seq = h->size;
	e->epoch = h->epoch;
	e->prev = h->last;
	e->town_seen = r->town_seen > h->town_seen ? r->town_seen : h->town_seen;
	e->wall_ms = r->s->wall_ms(r->s->ctx);
	r->s->stamp(r->s->ctx, &e->boot, &e->boot_ms);
}

int trial_run(struct trial *r, struct tx *x)
{
	struct job_append *a = &x->job.u.append;
	struct bytes payload = buf_bytes(&x->payload);
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct hash hash;
	int err = known(r, a);

	if (err != ERR_NOTFOUND)
		return err;
	place(r, &a->tx);
	/* The author is one of us: signing costs more than all the rest and would show nothing new. */
	err = fold_apply(&r->fold, &a->tx, payload, true, &a->verdict);
	if (err || !verdict_ok(&a->verdict))
		return err;
	a->seq = a->tx.seq;
	entry_pack(&a->tx, leaf);
	return feedlog_append(&r->log, &a->tx, leaf, payload, &hash);
}

/* Alone it needs no overlay: nothing comes after it. */
int trial_of(const struct tx_services *s, struct tx *x)
{
	struct trial r = {.s = s};
	struct feed_head town = {0};
	int err = kv_begin(s->kv, false, &r.t);

	if (!err)
		err = feedlog_head(r.t, FEED_TOWN, &town);
	if (!err)
		err = feedlog_open(&r.log, r.t, s->own);
	if (!err)
		err = fold_open(&r.fold, r.t, &s->town, &r.log.head);
	r.town_seen = town.size;
	if (!err)
		err = known(&r, &x->job.u.append);
	if (err == ERR_NOTFOUND) {
		place(&r, &x->job.u.append.tx);
		x->job.u.append.seq = x->job.u.append.tx.seq;
		err = fold_judge(&r.fold, &x->job.u.append.tx, buf_bytes(&x->payload), true,
				 &x->job.u.append.verdict);
	}
	fold_close(&r.fold);
	kv_abort(r.t);
	return err;
}
