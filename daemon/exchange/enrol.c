#include "daemon/exchange/node_int.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "proto/record.h"

#define ENROL_TAG "CZENRL1\n"
#define TAG_BYTES 8

_Static_assert(sizeof(ENROL_TAG) - 1 == TAG_BYTES, "every tag has 8 bytes");

/* The invitation's signature holds for one handshake only: nobody else can use it again. */
static void proof_of(const uint8_t binding[NOISE_HASH_BYTES],
		     uint8_t ret[TAG_BYTES + NOISE_HASH_BYTES])
{
	memcpy(ret, ENROL_TAG, TAG_BYTES);
	memcpy(ret + TAG_BYTES, binding, NOISE_HASH_BYTES);
}

bool enrol_wanted(struct node *n)
{
	struct kv_txn *t = n->cfg.upstream.invite ? heads_txn(n) : NULL;
	struct view_village v;

	return t && (view_village_by_feed(t, &n->cfg.feed, &v) || !v.enrolled);
}

void enrol_hello(struct node *n, const uint8_t binding[NOISE_HASH_BYTES], struct hello *h)
{
	uint8_t proof[TAG_BYTES + NOISE_HASH_BYTES];

	proof_of(binding, proof);
	h->invited = true;
	memcpy(h->invite_key, sign_key_public(n->cfg.upstream.invite), SIGN_KEY_BYTES);
	sign(n->cfg.upstream.invite, proof, sizeof(proof), h->invite_sig);
}

static bool proved(const uint8_t binding[NOISE_HASH_BYTES], const struct hello *h)
{
	uint8_t proof[TAG_BYTES + NOISE_HASH_BYTES];

	proof_of(binding, proof);
	return sign_verify(h->invite_key, proof, sizeof(proof), h->invite_sig);
}

bool enrol_guest(struct node *n, const uint8_t binding[NOISE_HASH_BYTES], const struct hello *h)
{
	struct kv_txn *t = heads_txn(n);

	return t && h->invited && view_invited(t, h->invite_key) && proved(binding, h);
}

int enrol_member_of(struct node *n, const struct session *s, struct hash *ret_feed,
		    uint32_t *ret_no)
{
	struct kv_txn *t = heads_txn(n);
	struct view_village v;
	int err;

	if (!t)
		return n->err;
	err = view_village_by_transport(t, noise_remote(&s->noise), &v);
	if (err)
		return err;
	if (!v.enrolled)
		return ERR_NOTFOUND;
	if (!v.no)
		return ERR_STATE; /* on the roster, and no place for its feed */
	*ret_feed = v.feed;
	*ret_no = v.no;
	return ERR_OK;
}

void enrol_ask(struct node *n, struct session *s)
{
	uint8_t leaf[ENTRY_LEAF_BYTES];

	entry_pack(&n->cfg.upstream.enrol_tx, leaf);
	buf_reset(&n->msg);
	msg_enrol(&n->msg, leaf, n->cfg.upstream.enrol_payload);
	session_send(n, s);
	node_wake_at(n, session_deadline(s));
}

static void answer(struct node *n, struct session *s, uint16_t verdict)
{
	buf_reset(&n->msg);
	msg_enrolled(&n->msg, verdict);
	session_send(n, s);
}

bool enrol_turned_away(struct node *n, struct session *s, const uint8_t binding[NOISE_HASH_BYTES],
		       const struct hello *h)
{
	struct kv_txn *t = heads_txn(n);

	if (!t || !h->invited || !view_invitation(t, h->invite_key) || !proved(binding, h))
		return false;
	answer(n, s, V_INVITE_UNKNOWN);
	return true;
}

/* The record names the key that the guest has proved to hold: with another one the village would be on the
 * roster, and nobody could ever come as that village. */
static bool own_key(const struct session *s, struct bytes payload)
{
	struct rec_village_enrol r;
	struct payload parts;

	return !payload_parse(payload.p, payload.n, &parts) &&
	       !rec_decode_head(rec_type_of(REC_village_enrol), &parts, &r) &&
	       r.transport_key.n == DH_KEY_BYTES &&
	       !memcmp(r.transport_key.p, noise_remote(&s->noise), DH_KEY_BYTES);
}

/* The transaction goes the way of every other; the fold decides. */
static int append(struct node *n, struct session *s, const struct entry *tx, struct bytes payload)
{
	struct node_job *j = node_job_new(n, s, JOB_APPEND, payload);
	struct job_append *a;

	if (!j)
		return ERR_BUSY;
	a = &j->job.u.append;
	a->tx = *tx;
	a->payload = (struct bytes){j->bytes, j->n};
	a->boot = n->cfg.boot;
	a->boot_ms = n->ev->boot_ms;
	a->author_ok = entry_tx_verify(tx, &n->cfg.town);
	node_fx_store(n, j);
	return ERR_OK;
}

void enrol_asked(struct node *n, struct session *s, struct bytes body)
{
	struct entry tx;
	struct bytes payload;
	int err = msg_enrol_parse(body, &tx, &payload);

	if (!err && s->state == S_RUNNING && !s->up) {
		answer(n, s, V_ACCEPTED); /* the answer was lost last time */
		return;
	}
	if (s->state != S_GUEST || s->enrol_asked) {
		session_drop(n, s, ERR_FORMAT, "an enrolment has no place here");
		return;
	}
	if (!err && (tx.type != REC_village_enrol || hash_cmp(&tx.feed, &n->cfg.feed) ||
		     memcmp(tx.author, s->invite_key, SIGN_KEY_BYTES) || !own_key(s, payload)))
		err = ERR_REFUSED;
	if (!err)
		err = append(n, s, &tx, payload);
	if (err)
		session_end(n, s, err, "enrolment not accepted: %s", err_text(err));
	else
		s->enrol_asked = true;
}

void enrol_stored(struct node *n, struct session *s, struct node_job *j)
{
	const struct job_append *a = &j->job.u.append;
	struct hash feed;
	uint32_t no;
	int err = j->job.err;

	if (!s || s->state != S_GUEST)
		return;
	if (err) {
		session_end(n, s, err, "enrolment not stored: %s", err_text(err));
		return;
	}
	answer(n, s, (uint16_t)a->verdict.reason.id);
	if (!verdict_ok(&a->verdict)) {
		session_end(n, s, ERR_REFUSED, "enrolment refused: %s",
			    reason_name(a->verdict.reason.id));
		return;
	}
	err = enrol_member_of(n, s, &feed, &no);
	if (err) {
		session_end(n, s, err, "enrolled, but not found on the roster: %s", err_text(err));
		return;
	}
	session_set_state(n, s, S_RUNNING);
	node_log(n, ERR_OK, "a village has enrolled");
	sync_start(n, s, &feed, no);
}

void enrol_answered(struct node *n, struct session *s, struct bytes body)
{
	uint16_t verdict;

	if (s->state != S_ENROLLING || msg_enrolled_parse(body, &verdict)) {
		session_drop(n, s, ERR_FORMAT, "an answer to no question");
		return;
	}
	if (verdict != V_ACCEPTED) {
		n->last_refusal = (struct alarm){.id = ALARM_ENROLMENT_REFUSED,
						 .feed = n->cfg.feed,
						 .peer = n->upstream_feed,
						 .err = ERR_REFUSED,
						 .wall_ms = n->ev->wall_ms,
						 .num = {verdict}};
		node_alarm(n, s, n->last_refusal);
		session_drop(n, s, ERR_REFUSED, "the hub refused the enrolment: %s",
			     verdict < V_COUNT ? reason_name(verdict) : "unknown verdict");
		return;
	}
	session_set_state(n, s, S_RUNNING);
	sync_start(n, s, &n->upstream_feed, n->cfg.upstream.feed_no);
}
