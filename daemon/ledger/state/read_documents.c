#include "daemon/ledger/state/read_documents.h"

#include <string.h>

#include "daemon/ledger/state/scheme.h"
#include "lib/err.h"

/* --- versions --------------------------------------------------------------------------------------- */
static struct document document_of(uint64_t version, const struct state_doc *d)
{
	return (struct document){
		.version = version, .entry = d->seq, .from = d->from, .to = d->to, .base = d->base};
}

int read_document(const struct reader *r, enum doc_kind kind, uint64_t version,
		  struct document *ret)
{
	struct state_doc d;
	int err =
		version > UINT32_MAX ? ERR_NOTFOUND : reader_doc(r, r->feed_no, kind, version, &d);

	if (!err)
		*ret = document_of(version, &d);
	return err;
}

int read_document_newest(const struct reader *r, enum doc_kind kind, uint64_t *ret)
{
	struct state_doc_parts at;
	struct bytes key, row;
	struct state_key k;
	int err;

	state_doc_key(&k, r->feed_no, kind, UINT32_MAX);
	err = reader_before(r, &k, 1, &key, &row);
	if (!err)
		err = state_doc_split(key, &at);
	if (!err)
		*ret = at.version;
	return err;
}

static int in_force(const struct reader *r, enum doc_kind kind, day_t day, struct document *ret)
{
	struct state_num version;
	struct bytes key, row;
	struct state_key k;
	int err;

	state_doc_day_key(&k, r->feed_no, kind, day + 1);
	err = reader_before(r, &k, 1, &key, &row);
	if (!err)
		err = state_num_parse(row, &version);
	if (!err)
		err = read_document(r, kind, version.n, ret);
	return err;
}

int read_document_next(const struct reader *r, enum doc_kind kind, day_t *day, struct document *ret)
{
	struct state_doc_day_parts at;
	struct state_num version;
	struct bytes key, row;
	struct state_key k;
	int err;

	state_doc_day_key(&k, r->feed_no, kind, *day);
	err = reader_from(r, &k, 1, &key, &row);
	if (!err)
		err = state_doc_day_split(key, &at);
	if (!err)
		err = state_num_parse(row, &version);
	if (err)
		return err;
	*day = at.from + 1;
	return read_document(r, kind, version.n, ret);
}

struct documents {
	int (*fn)(void *ctx, const struct document *d);
	void *ctx;
};

static int on_document(void *ctx, struct bytes key, struct bytes row)
{
	const struct documents *w = ctx;
	struct state_doc_parts at;
	struct document found;
	struct state_doc d;
	int err = state_doc_split(key, &at);

	if (!err)
		err = state_doc_parse(row, &d);
	if (err)
		return err;
	found = document_of(at.version, &d);
	return w->fn(w->ctx, &found);
}

int read_documents(const struct reader *r, enum doc_kind kind,
		   int (*fn)(void *ctx, const struct document *d), void *ctx)
{
	struct documents w = {fn, ctx};
	struct state_key k;

	state_doc_key(&k, r->feed_no, kind, 0);
	return reader_each(r, &k, 1, on_document, &w);
}

/* A version that came later takes the place of one with the same first day. */
struct was_in_force {
	uint64_t size;
	day_t day;
	struct document *ret;
	bool found;
};

static int on_was_in_force(void *ctx, const struct document *d)
{
	struct was_in_force *w = ctx;

	if (d->entry >= w->size || d->from == DAY_NONE || d->from > w->day ||
	    (w->found && d->from < w->ret->from))
		return ERR_OK;
	w->found = true;
	*w->ret = *d;
	return ERR_OK;
}

static int was_in_force(const struct reader *r, enum doc_kind kind, day_t day, struct document *ret)
{
	struct was_in_force w = {r->size, day, ret, false};
	int err = read_documents(r, kind, on_was_in_force, &w);

	return err ? err : w.found ? ERR_OK : ERR_NOTFOUND;
}

int read_document_on(const struct reader *r, enum doc_kind kind, day_t day, struct document *ret)
{
	struct document d = {.to = DAY_NONE};
	int err = r->size ? was_in_force(r, kind, day, &d) : in_force(r, kind, day, &d);

	if (!err && d.to != DAY_NONE && day > d.to)
		err = ERR_NOTFOUND;
	if (!err)
		*ret = d;
	return err;
}

/* --- filing ------------------------------------------------------------------------------------------- */
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

/* --- the reward scheme and the prices ----------------------------------------------------------------- */
int read_scheme_on(const struct reader *r, day_t day, struct rec_scheme *ret)
{
	struct document d;
	struct payload p;
	int err = read_document_on(r, DOC_SCHEME, day, &d);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err)
		return read_head(r->txn, r->feed_no, d.entry, REC_scheme, &p, ret);
	scheme_usual(ret);
	return ERR_OK;
}

int read_prices(const struct reader *r, const struct document *d,
		int (*fn)(void *ctx, const struct rec_prices_line *l), void *ctx)
{
	struct rec_prices_line l;
	struct rec_prices head;
	struct payload p;
	int err = read_head(r->txn, r->feed_no, d->entry, REC_prices, &p, &head);

	for (uint32_t i = 0; !err && i + 1 < p.nparts; i++)
		err = rec_decode_line(rec_type_of(REC_prices), &p, i, &l) ? ERR_CORRUPT
									  : fn(ctx, &l);
	return err;
}

#define FOUND 1
struct offer {
	struct bytes good;
	struct rec_prices_line *ret;
};

static int on_price(void *ctx, const struct rec_prices_line *l)
{
	const struct offer *o = ctx;

	if (!bytes_eq(l->good, o->good))
		return ERR_OK;
	*o->ret = *l;
	return FOUND;
}

int read_price(const struct reader *r, const struct document *d, struct bytes good,
	       struct rec_prices_line *ret)
{
	struct offer o = {good, ret};
	int err = read_prices(r, d, on_price, &o);

	return err == FOUND ? ERR_OK : err ? err : ERR_NOTFOUND;
}

/* --- redemption --------------------------------------------------------------------------------------- */
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
