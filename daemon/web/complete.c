#include "daemon/web/complete.h"

#include <string.h>

#include "daemon/rules/view_scheme.h"
#include "daemon/web/reply.h"

#define MS_PER_MINUTE	60000
#define MINUTES_PER_DAY 1440
#define CHINA_MINUTES	480 /* ahead of UTC */

const char *const *complete_lax(const struct rec_type *t)
{
	static const char *const points[] = {"version", "points", "day", NULL};
	static const char *const redemption[] = {"prices", "day", "points", NULL};

	if (t->code == REC_points)
		return points;
	return t->code == REC_redemption ? redemption : NULL;
}

/* --- points ---------------------------------------------------------------------------------------- */
static int points_line(struct kv_txn *t, uint32_t feed, uint32_t line, struct rec_points_line *l,
		       struct reason *why)
{
	struct rec_catalogue_line item;
	int err = ERR_OK;

	if (l->version && points_raw(l->points))
		return ERR_OK;
	*why = (struct reason){.id = V_P11_NOT_IN_FORCE,
			       .num = {line, l->day, (int64_t)l->version}};
	if (!l->version)
		err = view_catalogue_on(t, feed, l->day, &l->version);
	if (!err && !points_raw(l->points)) {
		*why = (struct reason){.id = V_P11_UNKNOWN_ITEM,
				       .num = {line, (int64_t)l->version}};
		reason_set_text(why->s, l->item.p, l->item.n);
		err = view_item(t, feed, l->version, l->item, &item);
		if (!err)
			l->points = item.points;
	}
	return err;
}

static int points(const struct web_services *s, struct kv_txn *t, struct recjson *r,
		  struct reason *why)
{
	struct rec_points_line *l = (struct rec_points_line *)r->lines;
	int err = ERR_OK;

	for (uint32_t i = 0; !err && i < r->nlines; i++) {
		if (l[i].day == DAY_NONE)
			l[i].day = reply_today(s);
		err = points_line(t, s->own, i + 1, &l[i], why);
	}
	return err;
}

/* --- redemptions ----------------------------------------------------------------------------------- */
/* The hour at the counter is the hour of writing; of another day only the keeper knows it. */
static void present_time(const struct web_services *s, json_t *head, struct rec_redemption *r)
{
	uint64_t minutes = s->wall_ms(s->ctx) / MS_PER_MINUTE + CHINA_MINUTES;
	day_t today = reply_today(s);

	if (today == DAY_NONE)
		return;
	if (r->day == DAY_NONE)
		r->day = today;
	if (r->day == today && !json_object_get(head, "minute"))
		r->minute = minutes % MINUTES_PER_DAY;
}

struct offer {
	struct bytes good;
	struct points price;
	bool found;
};

static int on_price(void *ctx, const struct rec_prices_line *l)
{
	struct offer *o = ctx;

	if (o->found || l->good.n != o->good.n || memcmp(l->good.p, o->good.p, l->good.n) != 0)
		return ERR_OK;
	o->found = true;
	o->price = l->price;
	return ERR_OK;
}

/* A product that fits no amount stays empty: the record is then refused for it. */
static int goods_line(struct kv_txn *t, uint32_t feed, uint32_t line, day_t day,
		      struct rec_redemption_line *l, struct reason *why)
{
	struct offer o = {.good = l->good};
	uint64_t version;
	int err;

	if (points_raw(l->points))
		return ERR_OK;
	err = view_prices_on(t, feed, day, &version, on_price, &o);
	if (err)
		return err;
	if (o.found) {
		if (!points_times(o.price, l->quantity, &l->points))
			l->points = POINTS_ZERO;
		return ERR_OK;
	}
	*why = (struct reason){.id = V_GOOD_UNKNOWN, .num = {line, (int64_t)version}};
	reason_set_text(why->s, l->good.p, l->good.n);
	return ERR_NOTFOUND;
}

static int redemption(const struct web_services *s, struct kv_txn *t, json_t *head,
		      struct recjson *r, struct reason *why)
{
	struct rec_redemption_line *l = (struct rec_redemption_line *)r->lines;
	struct rec_redemption *h = (struct rec_redemption *)r->head.raw;
	struct view_doc doc;
	int err = ERR_OK;

	present_time(s, head, h);
	*why = (struct reason){.id = V_NO_PRICES, .num = {h->day, 0, (int64_t)h->prices}};
	if (!h->prices)
		err = view_doc_on(t, s->own, VIEW_PRICES, h->day, &doc);
	if (!err && !h->prices)
		h->prices = doc.version;
	for (uint32_t i = 0; !err && i < r->nlines; i++)
		err = goods_line(t, s->own, i + 1, h->day, &l[i], why);
	return err;
}

int complete_record(const struct web_services *s, json_t *head, struct recjson *r,
		    struct reason *why)
{
	struct kv_txn *t;
	int err;

	if (!complete_lax(r->t))
		return ERR_OK;
	err = kv_begin(s->kv, false, &t);
	if (err)
		return err;
	err = r->t->code == REC_points ? points(s, t, r, why) : redemption(s, t, head, r, why);
	kv_abort(t);
	return err;
}
