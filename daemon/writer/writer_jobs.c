#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/writer/writer.h"
#include "daemon/writer/writer_int.h"
#include "lib/err.h"
#include "proto/record.h"

static void refused(struct verdict *v, enum verdict_id id, int64_t num)
{
	memset(v, 0, sizeof(*v));
	v->reason.id = id;
	v->reason.num[0] = num;
}

/* The transaction ID was used by entry @seq: the same again, or another under its name? */
static int append_again(struct writer *w, struct job *j, uint64_t seq)
{
	struct feedlog_nodes nodes = {w->t, w->own, seq + 1};
	struct job_append *a = &j->u.append;
	struct bytes leaf, payload;
	struct hash held;
	struct entry e;
	int err = feedlog_read(w->t, w->own, seq, &leaf, &payload);

	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (err == ERR_NOTFOUND || err == ERR_FORMAT || err == ERR_CORRUPT) {
		j->err = ERR_CORRUPT; /* a row went bad: nothing against the other jobs */
		return ERR_OK;
	}
	if (err)
		return err;
	if (hash_cmp(&e.commitment, &a->tx.commitment) || e.type != a->tx.type ||
	    memcmp(e.author, a->tx.author, SIGN_KEY_BYTES) != 0) {
		refused(&a->verdict, V_TXID_REUSED, (int64_t)seq);
		return ERR_OK;
	}
	a->exists = true;
	a->seq = seq;
	hash_leaf(leaf.p, leaf.n, &a->leaf_hash);
	/* nobody is given a receipt for a leaf that went bad in the store */
	err = writer_flush(w);
	if (!err)
		err = feedlog_node(&nodes, 0, seq, &held);
	if (!err && hash_cmp(&held, &a->leaf_hash)) {
		j->err = ERR_CORRUPT;
		return ERR_OK;
	}
	return err ? err : read_verdict(w->t, w->own, seq, &a->verdict);
}

/* The leaf will promise the payload; a promise that does not hold would stop the node when it reads back. */
static bool promise_holds(const struct job_append *a)
{
	struct hash commitment;
	struct payload parts;

	if (a->tx.schema == 0 || a->tx.payload_len != a->payload.n ||
	    a->payload.n > ENTRY_PAYLOAD_MAX ||
	    payload_parse(a->payload.p, a->payload.n, &parts) != ERR_OK)
		return false;
	payload_commit(&parts, &commitment);
	return hash_cmp(&commitment, &a->tx.commitment) == 0;
}

static bool enrols(const struct writer *w, const struct entry *e)
{
	return w->own == FEED_TOWN && e->type == REC_village_enrol;
}

int writer_append_job(struct writer *w, struct job *j)
{
	struct job_append *a = &j->u.append;
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct entry e = a->tx;
	struct session *s;
	uint64_t seq;
	int err = writer_session(w, w->own, &s);

	a->exists = false;
	if (err)
		return err;
	j->err = hash_cmp(&e.feed, &w->own_id) ? ERR_INVALID : ERR_OK;
	if (!j->err && !promise_holds(a))
		j->err = ERR_FORMAT;
	if (!j->err && enrols(w, &e))
		j->err = writer_enrol_room(w);
	if (j->err)
		return ERR_OK;
	err = feedlog_meet(&s->log, e.txid);
	if (err)
		return err;
	err = a->author_ok ? feedlog_txid(w->t, w->own, e.txid, &seq) : ERR_NOTFOUND;
	if (err != ERR_NOTFOUND)
		return err ? err : append_again(w, j, seq);
	if (a->placed && a->place != s->log.head.size) {
		j->err = ERR_EXISTS;
		return ERR_OK;
	}
	e.epoch = s->log.head.epoch;
	e.seq = a->seq = s->log.head.size;
	e.prev = s->log.head.last;
	e.boot = a->boot;
	e.boot_ms = a->boot_ms;
	/* what the town feed has; an entry of its own it judges by those before */
	err = w->own == FEED_TOWN ? ERR_OK : writer_flush_town(w);
	if (!err)
		err = writer_flush_for(w, s, &e);
	if (err)
		return err;
	err = fold_apply(&s->fold, &e, a->payload, a->author_ok, &a->verdict);
	if (err == ERR_STATE) { /* it has seen more of the town feed than is here */
		j->err = err;
		return ERR_OK;
	}
	if (err || (!a->again && !verdict_ok(&a->verdict)))
		return err;
	entry_pack(&e, leaf);
	if (enrols(w, &e) && verdict_ok(&a->verdict))
		err = writer_enrol(w, a->payload);
	return err ? err : writer_keep(w, s, &e, leaf, a->payload, &a->verdict, &a->leaf_hash);
}

/* Size and feed of a job exist here, and @ret is the root at that size. */
static int root_of(struct writer *w, struct job *j, const struct hash *feed, uint64_t size,
		   uint32_t *ret_no, struct hash *ret)
{
	struct feed_head h;
	int err = feedlog_find(w->t, feed, ret_no);

	if (!err)
		err = writer_flush(w);
	if (!err)
		err = feedlog_head(w->t, *ret_no, &h);
	if (err == ERR_NOTFOUND) {
		j->err = err;
		return ERR_OK;
	}
	if (!err && size > h.size) {
		j->err = ERR_STATE;
		return ERR_OK;
	}
	return err ? err : feedlog_root(w->t, *ret_no, size, ret);
}

int writer_acked_job(struct writer *w, struct job *j)
{
	struct sigs_acked now = {.size = j->u.acked.size}, before;
	uint32_t no;
	int err = root_of(w, j, &j->u.acked.feed, now.size, &no, &now.root);

	if (err || j->err)
		return err;
	err = sigs_acked_get(w->t, no, &before);
	if (!err && before.size == now.size)
		return ERR_OK;
	return err && err != ERR_NOTFOUND ? err : sigs_acked_put(w->t, no, &now);
}

int writer_cosig_job(struct writer *w, struct job *j)
{
	struct sigs_cosig now = {.size = j->u.cosig.size, .cosig = j->u.cosig.cosig}, before;
	uint32_t no;
	int err = root_of(w, j, &j->u.cosig.feed, now.size, &no, &now.root);

	if (err || j->err)
		return err;
	memcpy(now.witness, j->u.cosig.witness, SIGN_KEY_BYTES);
	/* what this node has cosigned itself, only it changes */
	if (memcmp(now.witness, sign_key_public(w->keys.witness), SIGN_KEY_BYTES) == 0)
		j->err = ERR_INVALID;
	else if (hash_cmp(&now.root, &j->u.cosig.root))
		j->err = ERR_FORK;
	if (j->err)
		return ERR_OK;
	err = sigs_cosig_get(w->t, no, now.witness, &before);
	if (!err && before.size >= now.size)
		return ERR_OK;
	return err && err != ERR_NOTFOUND ? err : sigs_cosig_put(w->t, no, &now);
}
