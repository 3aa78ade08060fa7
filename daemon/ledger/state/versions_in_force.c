#include "daemon/ledger/state/versions_in_force.h"

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
	struct state_doc_parts at = {0};
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
	struct state_num version = {0};
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
