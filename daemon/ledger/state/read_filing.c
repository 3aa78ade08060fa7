#include "daemon/ledger/state/read_filing.h"

#include <string.h>

#include "lib/err.h"

int read_filing_reply(const struct reader *r, struct bytes village, enum doc_kind kind,
		      uint64_t version, uint64_t *ret_seq, uint64_t *ret_decision)
{
	struct state_filing_parts at;
	struct state_num decision;
	struct bytes key, row;
	struct state_key k;
	int err;

	state_filing_key(&k, FEED_TOWN, village, kind, version, r->known);
	err = reader_before(r, &k, 3, &key, &row);
	if (!err)
		err = state_filing_split(key, &at);
	if (!err)
		err = state_num_parse(row, &decision);
	if (err)
		return err;
	*ret_seq = at.seq;
	*ret_decision = decision.n;
	return ERR_OK;
}

/* Of a reply what the town wrote to the version. */
static int read_answer(const struct reader *r, uint64_t seq, uint64_t decision,
		       struct view_filing *ret)
{
	struct rec_filing_reply reply;
	struct payload p;
	int err = read_head(r->txn, FEED_TOWN, seq, REC_filing_reply, &p, &reply);

	if (err)
		return err;
	ret->reply = seq;
	ret->day = reply.day;
	ret->state = decision == FILED_accepted ? FILING_ACCEPTED : FILING_RETURNED;
	ret->text = decision == FILED_accepted ? reply.number : reply.comment;
	return ERR_OK;
}

static int village_code(struct kv_txn *t, uint32_t no, char ret[STATE_VILLAGE_CODE_MAX])
{
	struct view_village v;
	struct feed_head head;
	int err = feedlog_head(t, no, &head);

	if (!err)
		err = view_village_by_feed(t, &head.id, &v);
	if (!err)
		memcpy(ret, v.code, STATE_VILLAGE_CODE_MAX);
	return err;
}

/* A reply from before the submission is not its answer. */
static int read_submitted(const struct reader *r, const char *code, enum doc_kind kind,
			  uint64_t version, struct view_filing *f)
{
	uint64_t reply, decision;
	struct state_submit sent;
	int err = reader_submit(r, r->feed_no, kind, version, &sent);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	f->submission = sent.seq;
	f->state = FILING_SUBMITTED;
	err = read_filing_reply(r, bytes_str(code), kind, version, &reply, &decision);
	if (err || reply < sent.town_seen)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return read_answer(r, reply, decision, f);
}

int view_filing(struct kv_txn *t, uint32_t feed_no, enum doc_kind kind, uint64_t version,
		uint64_t town_size, struct view_filing *ret)
{
	const struct reader r = {.txn = t, .feed_no = feed_no, .known = town_size};
	struct view_filing f = {.state = FILING_NONE};
	char code[STATE_VILLAGE_CODE_MAX];
	struct document d;
	int err = kind == DOC_PRICES ? ERR_NOTFOUND : read_document(&r, kind, version, &d);

	if (!err)
		err = village_code(t, feed_no, code);
	if (!err)
		err = read_submitted(&r, code, kind, version, &f);
	if (!err)
		*ret = f;
	return err;
}
