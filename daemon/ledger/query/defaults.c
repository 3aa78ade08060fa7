#include "daemon/ledger/query/defaults.h"

#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/versions_in_force.h"
#include "proto/entry.h"

#define MS_PER_MINUTE	60000
#define MINUTES_PER_DAY 1440
#define CHINA_MINUTES	480 /* ahead of UTC */

static bool fills(const struct rec_field *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (f[i].fill && f[i].fill != REC_KEPT)
			return true;
	return false;
}

/* A minute of 00:00 may have been given, and an empty phone. */
static bool lacks(const struct defaults_record *r, const struct rec_field *f, const void *s)
{
	if (f->fill == REC_REGISTERED)
		return !r->given || !r->given(r->ctx, f->name);
	return f->fill && f->fill != REC_KEPT && rec_is_zero(f, s) &&
	       !(f->fill == REC_NOW && r->has_minute);
}

/* --- what was written before ----------------------------------------------------------------------- */

/* Texts are borrowed from a transaction that ends before the record is written. */
static int keep_text(const struct defaults_record *r, const struct rec_field *f, void *s)
{
	struct bytes b = rec_bytes(f, s);
	size_t start = r->kept->n;

	if (buf_put(r->kept, b.p, b.n))
		return r->kept->err;
	rec_put_bytes(f, s, (struct bytes){r->kept->p + start, b.n});
	return ERR_OK;
}

static int take_over(const struct defaults_record *r, const struct rec_field *f, uint32_t n,
		     void *s, const void *then)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < n && !err; i++) {
		if (!lacks(r, &f[i], s))
			continue;
		rec_copy(&f[i], s, then);
		if (f[i].kind == REC_TEXT || f[i].kind == REC_CODE)
			err = keep_text(r, &f[i], s);
	}
	return err;
}

static uint8_t *line_of(const struct defaults_record *r, uint32_t i)
{
	return r->lines + i * r->t->line_size;
}

/* Whether all of it is the same is for the log to say.
 * ERR_NOTFOUND: there is nothing under this ID. */
static int as_before(struct kv_txn *t, uint32_t feed, const uint8_t *txid,
		     struct defaults_record *r)
{
	struct bytes leaf = {0}, payload = {0};
	union rec_any then;
	struct payload p;
	struct entry e;
	uint32_t n = 0;
	uint64_t seq;
	int err = feedlog_txid(t, feed, txid, &seq);

	if (!err)
		err = feedlog_read(t, feed, seq, &leaf, &payload);
	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (err)
		return err;
	if (e.type != r->t->code || e.schema != r->t->schema ||
	    payload_parse(payload.p, payload.n, &p))
		return ERR_OK;
	/* what is redacted cannot be the same any more */
	if (!rec_decode_head(r->t, &p, &then))
		err = take_over(r, r->t->head, r->t->nhead, r->head->raw, &then);
	if (err || rec_nlines(r->t, &p, &n))
		return err;
	for (uint32_t i = 0; i < n && i < r->nlines && !err; i++)
		if (!rec_decode_line(r->t, &p, i, &then))
			err = take_over(r, r->t->line, r->t->nline, line_of(r, i), &then);
	return err;
}

/* --- the day --------------------------------------------------------------------------------------- */
static bool put_today(const struct defaults_record *r, const struct rec_field *f, uint32_t n,
		      void *s, day_t today)
{
	for (uint32_t i = 0; i < n; i++) {
		if (f[i].fill != REC_TODAY || !lacks(r, &f[i], s))
			continue;
		if (today == DAY_NONE)
			return false;
		rec_put_day(&f[i], s, today);
	}
	return true;
}

/* Every day that is to be the one of writing; ERR_NOTFOUND when that is unknown. */
static int today(const struct defaults_at *at, struct defaults_record *r, struct reason *why)
{
	day_t day = day_of_ms(at->wall_ms);
	bool known = put_today(r, r->t->head, r->t->nhead, r->head->raw, day);

	for (uint32_t i = 0; i < r->nlines && known; i++)
		known = put_today(r, r->t->line, r->t->nline, line_of(r, i), day);
	*why = (struct reason){.id = V_NO_CLOCK};
	return known ? ERR_OK : ERR_NOTFOUND;
}

/* --- points ---------------------------------------------------------------------------------------- */
static int points_line(struct kv_txn *t, uint32_t feed, uint32_t line, struct rec_points_line *l,
		       struct reason *why)
{
	struct item item;
	struct view_household h;
	int err;

	if (l->version && points_raw(l->points))
		return ERR_OK;
	/* in the order in which a line is read: a wrong household is told before a wrong item */
	*why = (struct reason){.id = V_HOUSEHOLD_UNKNOWN, .num = {line}};
	reason_set_text(why->s, l->household.p, l->household.n);
	err = view_household(t, feed, l->household, &h);
	if (err)
		return err;
	*why = (struct reason){.id = V_P11_NOT_IN_FORCE,
			       .num = {line, l->day, (int64_t)l->version}};
	if (!l->version)
		err = read_catalogue_on(READER(t, feed), l->day, &l->version);
	if (!err && !points_raw(l->points)) {
		*why = (struct reason){.id = V_P11_UNKNOWN_ITEM,
				       .num = {line, (int64_t)l->version}};
		reason_set_text(why->s, l->item.p, l->item.n);
		err = read_item(READER(t, feed), l->version, l->item, &item);
		if (!err)
			l->points = item.line.points;
	}
	return err;
}

static int points(const struct defaults_at *at, struct defaults_record *r, struct reason *why)
{
	struct rec_points_line *l = (struct rec_points_line *)r->lines;
	int err = ERR_OK;

	for (uint32_t i = 0; !err && i < r->nlines; i++)
		err = points_line(at->t, at->feed_no, i + 1, &l[i], why);
	return err;
}

/* --- redemptions ----------------------------------------------------------------------------------- */
/* The hour at the counter is the hour of writing; of another day only the keeper knows it. */
static void present_time(uint64_t wall_ms, bool has_minute, struct rec_redemption *r)
{
	uint64_t minutes = wall_ms / MS_PER_MINUTE + CHINA_MINUTES;

	if (r->day == day_of_ms(wall_ms) && !has_minute)
		r->minute = minutes % MINUTES_PER_DAY;
}

/* A product that fits no amount stays empty: the record is then refused for it. */
static int goods_line(const struct reader *r, uint32_t line, day_t day,
		      struct rec_redemption_line *l, struct reason *why)
{
	struct rec_prices_line offer;
	struct document prices;
	int err;

	if (points_raw(l->points))
		return ERR_OK;
	err = read_document_on(r, DOC_PRICES, day, &prices);
	if (err)
		return err;
	err = read_price(r, &prices, l->good, &offer);
	if (!err && !points_times(offer.price, l->quantity, &l->points))
		l->points = POINTS_ZERO;
	if (err == ERR_NOTFOUND) {
		*why = (struct reason){.id = V_GOOD_UNKNOWN,
				       .num = {line, (int64_t)prices.version}};
		reason_set_text(why->s, l->good.p, l->good.n);
	}
	return err;
}

/* @fresh: nothing was written under the ID of the request. */
static int redemption(const struct defaults_at *at, bool fresh, struct defaults_record *r,
		      struct reason *why)
{
	struct rec_redemption_line *l = (struct rec_redemption_line *)r->lines;
	struct rec_redemption *h = (struct rec_redemption *)r->head->raw;
	const struct reader reader = reader_of(at->t, at->feed_no);
	struct document doc;
	int err = ERR_OK;

	if (fresh)
		present_time(at->wall_ms, r->has_minute, h);
	*why = (struct reason){.id = V_NO_PRICES, .num = {h->day, 0, (int64_t)h->prices}};
	if (!h->prices)
		err = read_document_on(&reader, DOC_PRICES, h->day, &doc);
	if (!err && !h->prices)
		h->prices = doc.version;
	for (uint32_t i = 0; !err && i < r->nlines; i++)
		err = goods_line(&reader, i + 1, h->day, &l[i], why);
	return err;
}

/* --- lines of entries ------------------------------------------------------------------------------ */
/* How many the entry has; of what is no points entry one, which the rule then does not find. */
static int count_lines(const struct defaults_at *at, uint64_t seq, uint32_t *ret)
{
	const struct rec_type *t = rec_type_of(REC_points);
	struct bytes leaf = {0}, payload = {0};
	struct payload p;
	struct entry e;
	int err = feedlog_read(at->t, at->feed_no, seq, &leaf, &payload);

	*ret = 1;
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	if (entry_parse(leaf.p, leaf.n, &e))
		return ERR_CORRUPT;
	if (e.type != REC_points || e.schema != t->schema)
		return ERR_OK;
	if (payload_parse(payload.p, payload.n, &p) || rec_nlines(t, &p, ret))
		*ret = 1;
	return ERR_OK;
}

/* The line of an entry need not be named when it has but one. */
static int only_line(const struct defaults_at *at, struct defaults_record *r, struct reason *why)
{
	uint32_t n = 0;
	int err = ERR_OK;

	for (uint32_t i = 1; i < r->t->nhead && !err; i++) {
		const struct rec_field *f = &r->t->head[i];
		uint64_t seq;

		if (f->fill != REC_ONLY_LINE || !lacks(r, f, r->head->raw))
			continue;
		seq = rec_u(f - 1, r->head->raw);
		*why = (struct reason){.id = V_LINE_WHICH, .num = {(int64_t)seq}};
		err = count_lines(at, seq, &n);
		why->num[1] = n;
		if (!err && n == 1)
			rec_put_u(f, r->head->raw, 1);
		else if (!err)
			err = ERR_NOTFOUND;
	}
	return err;
}

/* --- people ---------------------------------------------------------------------------------------- */
/* What is not said of a person stays as it is. */
static int person(const struct defaults_at *at, struct defaults_record *r, struct reason *why)
{
	struct rec_person_correction *h = (struct rec_person_correction *)r->head->raw, now;
	const struct reader reader = reader_of(at->t, at->feed_no);
	struct state_household home;
	int err = read_household(&reader, h->household, &home);

	*why = (struct reason){.id = err ? V_HOUSEHOLD_UNKNOWN : V_MEMBER_UNKNOWN,
			       .num = {0, err ? 0 : (int64_t)h->member}};
	reason_set_text(why->s, h->household.p, h->household.n);
	if (!err)
		err = read_registered(&reader, h->household, h->member, &now);
	return err ? err : take_over(r, r->t->head, r->t->nhead, h, &now);
}

int defaults_fill(const struct defaults_at *at, const uint8_t *txid, struct defaults_record *r,
		  struct reason *why)
{
	bool fresh;
	int err;

	if (!fills(r->t->head, r->t->nhead) && !fills(r->t->line, r->t->nline))
		return ERR_OK;
	err = txid ? as_before(at->t, at->feed_no, txid, r) : ERR_NOTFOUND;
	fresh = err == ERR_NOTFOUND;
	if (!err || fresh)
		err = today(at, r, why);
	if (!err)
		err = only_line(at, r, why);
	if (err)
		return err;
	switch (r->t->code) {
	case REC_points: return points(at, r, why);
	case REC_redemption: return redemption(at, fresh, r, why);
	case REC_person_correction: return fresh ? person(at, r, why) : ERR_OK;
	default: return ERR_OK; /* the day was all */
	}
}
