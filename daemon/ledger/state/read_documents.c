#include "daemon/ledger/state/read_documents.h"

#include <string.h>

#include "daemon/ledger/state/scheme.h"
#include "daemon/ledger/state/state.h"
#include "lib/err.h"

static int get(struct kv_txn *t, const struct state_key *k, struct bytes *ret)
{
	return kv_get(t, KV_STATE, state_key_bytes(k), ret);
}

/* The row with the largest key below @k that shares its first @prefix bytes. */
static int row_before(struct kv_txn *t, const struct state_key *k, size_t prefix,
		      struct bytes *ret_key, struct bytes *ret_row)
{
	struct kv_cursor *c = NULL;
	int err = kv_cursor_open(t, KV_STATE, &c);

	if (!err)
		err = kv_seek(c, KV_LT, state_key_bytes(k), ret_key, ret_row);
	kv_cursor_close(c);
	if (!err && (ret_key->n != k->n || memcmp(ret_key->p, k->b, prefix) != 0))
		err = ERR_NOTFOUND;
	return err;
}

static int read_head(struct kv_txn *t, uint32_t no, uint64_t seq, enum rec_code code,
		     struct payload *p, void *ret)
{
	int err = feedlog_payload(t, no, seq, p);

	if (err)
		return err;
	return rec_decode_head(rec_type_of((uint16_t)code), p, ret) ? ERR_CORRUPT : ERR_OK;
}

/* --- versions --------------------------------------------------------------------------------------- */
static void doc_key(struct state_key *k, uint32_t no, enum view_doc_kind kind)
{
	state_key_of(k, no, STATE_DOC);
	state_key_u8(k, (uint8_t)kind);
}

static int parse_doc(struct bytes row, uint64_t version, struct view_doc *ret)
{
	int64_t v[4];
	int err = state_nums_parse(row, v, 4);

	if (!err)
		*ret = (struct view_doc){.version = version,
					 .entry = (uint64_t)v[0],
					 .from = (day_t)v[1],
					 .to = (day_t)v[2],
					 .base = (uint64_t)v[3]};
	return err;
}

int view_doc(struct kv_txn *t, uint32_t feed_no, enum view_doc_kind kind, uint64_t version,
	     struct view_doc *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	if (version > UINT32_MAX)
		return ERR_NOTFOUND;
	doc_key(&k, feed_no, kind);
	state_key_u32(&k, (uint32_t)version);
	err = get(t, &k, &row);
	return err ? err : parse_doc(row, version, ret);
}

int view_docs(struct kv_txn *t, uint32_t feed_no, enum view_doc_kind kind,
	      int (*fn)(void *ctx, const struct view_doc *d), void *ctx)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	struct view_doc d;
	struct state_key k;
	int err, stop = 0;

	doc_key(&k, feed_no, kind);
	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &row);
	while (!err && key.n == k.n + 4u && memcmp(key.p, k.b, k.n) == 0) {
		stop = parse_doc(row, be32_get(key.p + k.n), &d);
		if (!stop)
			stop = fn(ctx, &d);
		if (stop)
			break;
		err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

int view_doc_on(struct kv_txn *t, uint32_t feed_no, enum view_doc_kind kind, day_t day,
		struct view_doc *ret)
{
	struct bytes key, row;
	struct view_doc d = {0};
	struct state_key k;
	uint64_t version;
	int err;

	state_key_of(&k, feed_no, STATE_DOC_DAY);
	state_key_u8(&k, (uint8_t)kind);
	size_t prefix = k.n;
	state_key_day(&k, day + 1);
	err = row_before(t, &k, prefix, &key, &row);
	if (!err)
		err = state_num_parse(row, &version);
	if (!err)
		err = view_doc(t, feed_no, kind, version, &d);
	if (!err && d.to != DAY_NONE && day > d.to)
		err = ERR_NOTFOUND;
	if (!err)
		*ret = d;
	return err;
}

/* --- the village's catalogue ------------------------------------------------------------------------- */
struct own {
	struct payload p;
	uint32_t nlines;
};

/* What the village says about @code, if anything. */
static int own_line(const struct own *own, struct bytes code, struct rec_adopt_catalogue_line *ret)
{
	for (uint32_t i = 0; i < own->nlines; i++) {
		if (rec_decode_line(rec_type_of(REC_adopt_catalogue), &own->p, i, ret))
			return ERR_CORRUPT;
		if (ret->code.n == code.n && memcmp(ret->code.p, code.p, code.n) == 0)
			return ERR_OK;
	}
	return ERR_NOTFOUND;
}

static int tell_item(const struct own *own, struct bytes code, struct view_village_item *i,
		     int (*fn)(void *ctx, const struct view_village_item *i), void *ctx)
{
	struct rec_adopt_catalogue_line l;
	int err = own_line(own, code, &l);

	if (err && err != ERR_NOTFOUND)
		return err;
	i->line = i->town;
	i->change = VIEW_SAME;
	if (!err && l.change == CHANGE_drop)
		i->change = VIEW_DROPPED;
	if (!err && l.change == CHANGE_change) {
		i->change = VIEW_CHANGED;
		view_own_item(&l, &i->line);
	}
	return fn(ctx, i);
}

static int tell_added(const struct own *own,
		      int (*fn)(void *ctx, const struct view_village_item *i), void *ctx)
{
	struct rec_adopt_catalogue_line l;
	int err = ERR_OK;

	for (uint32_t i = 0; i < own->nlines && !err; i++) {
		struct view_village_item item = {.change = VIEW_ADDED};

		if (rec_decode_line(rec_type_of(REC_adopt_catalogue), &own->p, i, &l))
			return ERR_CORRUPT;
		if (l.change != CHANGE_add)
			continue;
		view_own_item(&l, &item.line);
		err = fn(ctx, &item);
	}
	return err;
}

struct town_items {
	const struct own *own;
	int (*fn)(void *ctx, const struct view_village_item *i);
	void *ctx;
};

static int on_town_item(void *ctx, const struct view_item *i)
{
	const struct town_items *w = ctx;
	struct view_village_item item = {.town = *i->line};

	return tell_item(w->own, i->line->code, &item, w->fn, w->ctx);
}

int view_village_catalogue(struct kv_txn *t, uint32_t feed_no, uint64_t version,
			   int (*fn)(void *ctx, const struct view_village_item *i), void *ctx)
{
	struct rec_adopt_catalogue head;
	struct view_doc d;
	struct own own;
	struct town_items w = {&own, fn, ctx};
	int err = view_doc(t, feed_no, VIEW_CATALOGUE, version, &d);

	if (!err)
		err = read_head(t, feed_no, d.entry, REC_adopt_catalogue, &own.p, &head);
	if (err)
		return err;
	own.nlines = own.p.nparts - 1;
	err = view_catalogue(t, d.base, NULL, on_town_item, &w);
	return err ? err : tell_added(&own, fn, ctx);
}

/* --- filing ------------------------------------------------------------------------------------------- */
/* ERR_NOTFOUND: not submitted. */
static int submission(struct kv_txn *t, uint32_t no, enum view_doc_kind kind, uint64_t version,
		      int64_t ret[2])
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, no, STATE_SUBMIT);
	state_key_u8(&k, (uint8_t)kind);
	state_key_u32(&k, (uint32_t)version);
	err = get(t, &k, &row);
	return err ? err : state_nums_parse(row, ret, 2);
}

/* The newest reply among the first @town_size entries of the town. ERR_NOTFOUND. */
static int filing_reply(struct kv_txn *t, const char *code, enum view_doc_kind kind,
			uint64_t version, uint64_t town_size, struct view_filing *ret)
{
	struct rec_filing_reply r;
	struct bytes key, row;
	struct state_key k;
	struct payload p;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_FILING);
	state_key_text(&k, bytes_str(code));
	state_key_u8(&k, (uint8_t)kind);
	state_key_u32(&k, (uint32_t)version);
	size_t prefix = k.n;
	state_key_u64(&k, town_size);
	err = row_before(t, &k, prefix, &key, &row);
	if (!err)
		err = read_head(t, FEED_TOWN, be64_get(key.p + prefix), REC_filing_reply, &p, &r);
	if (err)
		return err;
	ret->reply = be64_get(key.p + prefix);
	ret->day = r.day;
	ret->state = r.decision == FILED_accepted ? FILING_ACCEPTED : FILING_RETURNED;
	ret->text = r.decision == FILED_accepted ? r.number : r.comment;
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

int view_filing(struct kv_txn *t, uint32_t feed_no, enum view_doc_kind kind, uint64_t version,
		uint64_t town_size, struct view_filing *ret)
{
	struct view_filing f = {.state = FILING_NONE};
	char code[STATE_VILLAGE_CODE_MAX];
	struct view_doc d;
	int64_t sent[2];
	int err = kind == VIEW_PRICES ? ERR_NOTFOUND : view_doc(t, feed_no, kind, version, &d);

	if (!err)
		err = village_code(t, feed_no, code);
	if (err)
		return err;
	*ret = f;
	err = submission(t, feed_no, kind, version, sent);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = filing_reply(t, code, kind, version, town_size, &f);
	if (err && err != ERR_NOTFOUND)
		return err;
	/* a reply from before the submission is not its answer */
	if (err || f.reply < (uint64_t)sent[1])
		f = (struct view_filing){.state = FILING_SUBMITTED};
	f.submission = (uint64_t)sent[0];
	*ret = f;
	return ERR_OK;
}

/* --- the reward scheme and the prices ----------------------------------------------------------------- */
int view_scheme_on(struct kv_txn *t, uint32_t feed_no, day_t day, struct rec_scheme *ret)
{
	struct rec_scheme s;
	struct view_doc d;
	struct payload p;
	int err = view_doc_on(t, feed_no, VIEW_SCHEME, day, &d);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (err) {
		scheme_usual(ret);
		return ERR_OK;
	}
	err = read_head(t, feed_no, d.entry, REC_scheme, &p, &s);
	if (!err)
		*ret = s;
	return err;
}

int view_prices_on(struct kv_txn *t, uint32_t feed_no, day_t day, uint64_t *ret_version,
		   int (*fn)(void *ctx, const struct rec_prices_line *l), void *ctx)
{
	struct rec_prices head;
	struct rec_prices_line l;
	struct view_doc d;
	struct payload p;
	int err = view_doc_on(t, feed_no, VIEW_PRICES, day, &d);

	if (!err)
		err = read_head(t, feed_no, d.entry, REC_prices, &p, &head);
	if (err)
		return err;
	*ret_version = d.version;
	for (uint32_t i = 0; i + 1 < p.nparts && !err; i++)
		err = rec_decode_line(rec_type_of(REC_prices), &p, i, &l) ? ERR_CORRUPT
									  : fn(ctx, &l);
	return err;
}

/* --- redemption --------------------------------------------------------------------------------------- */
static int read_reversal(struct kv_txn *t, uint32_t no, struct view_redemption *r)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, no, STATE_DONE);
	state_key_u64(&k, r->entry);
	err = get(t, &k, &row);
	if (!err)
		err = state_num_parse(row, &r->reversal);
	r->reversed = !err;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int read_redemption(struct kv_txn *t, uint32_t no, uint64_t entry, struct view_redemption *r)
{
	struct rec_redemption_line l;
	int err = read_head(t, no, entry, REC_redemption, &r->payload, &r->head);

	if (err)
		return err;
	r->entry = entry;
	r->nlines = r->payload.nparts - 1;
	r->total = POINTS_ZERO;
	for (uint32_t i = 0; i < r->nlines; i++)
		if (rec_decode_line(rec_type_of(REC_redemption), &r->payload, i, &l) ||
		    !points_add(r->total, l.points, &r->total))
			return ERR_CORRUPT;
	return read_reversal(t, no, r);
}

int view_redemption(struct kv_txn *t, uint32_t feed_no, uint64_t entry, struct view_redemption *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, feed_no, STATE_LISTED);
	state_key_u16(&k, REC_redemption);
	state_key_u64(&k, entry);
	err = get(t, &k, &row);
	return err ? err : read_redemption(t, feed_no, entry, ret);
}

struct redemptions {
	struct kv_txn *t;
	uint32_t no;
	int (*fn)(void *ctx, const struct view_redemption *r);
	void *ctx;
};

static int on_redemption(void *ctx, uint64_t seq)
{
	const struct redemptions *w = ctx;
	struct view_redemption r;
	int err = read_redemption(w->t, w->no, seq, &r);

	return err ? err : w->fn(w->ctx, &r);
}

int view_redemptions(struct kv_txn *t, uint32_t feed_no, uint64_t from,
		     int (*fn)(void *ctx, const struct view_redemption *r), void *ctx)
{
	struct redemptions w = {t, feed_no, fn, ctx};

	return view_listed(t, feed_no, REC_redemption, from, on_redemption, &w);
}

int view_redeemed(struct kv_txn *t, uint32_t feed_no, struct bytes household, int year,
		  struct points *ret)
{
	struct state_key k;
	struct bytes row = {0};
	int64_t v[STATE_REDEEMED_NUMS] = {0};
	int err = ERR_NOTFOUND;

	if (household.n <= STATE_CODE_MAX) {
		state_key_of(&k, feed_no, STATE_REDEEMED);
		state_key_text(&k, household);
		state_key_u16(&k, (uint16_t)year);
		err = get(t, &k, &row);
	}
	if (!err)
		err = state_nums_parse(row, v, STATE_REDEEMED_NUMS);
	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = points_of(v[0]);
	return ERR_OK;
}
