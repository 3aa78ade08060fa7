#include "daemon/ledger/rules/shop/prices_hours.h"

#include "daemon/ledger/rules/filing/new_version.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/scheme.h"
#include "lib/err.h"

/* The points store: what goods cost, and when it is open. */

#define PERCENT 100

/* --- price lists ------------------------------------------------------------------------------------ */
/* X02: the price against cost times rate, exactly: price / cost = rate_points / rate, both sides
 * multiplied out. All factors are at most 10^8, so nothing leaves 64 bits. */
static void compare_cost(struct rule_ctx *ctx, uint32_t line, const struct rec_prices_line *l,
			 const struct rec_scheme *s)
{
	int64_t fair = fen_raw(l->cost) * points_raw(s->rate_points);
	int64_t price = points_raw(l->price) * fen_raw(s->rate);
	int64_t apart = price > fair ? price - fair : fair - price;
	int64_t by_cost = (fair + fen_raw(s->rate) / 2) / fen_raw(s->rate);

	if (fair > 0 && apart * PERCENT > fair * (int64_t)s->tolerance)
		rule_warn(ctx, &(struct refusal){.id = V_X02_COST,
						 .num = {line, points_raw(l->price), by_cost,
							 (int64_t)s->tolerance},
						 .s = l->good});
}

static int price_line(struct rule_ctx *ctx, uint32_t line, const struct rec_scheme *s,
		      struct bytes *goods)
{
	struct rec_prices_line l;
	int err = rule_line(ctx, line - 1, &l);

	if (err)
		return err;
	for (uint32_t i = 0; i + 1 < line; i++)
		if (bytes_eq(goods[i], l.good))
			return rule_refuse(ctx, &(struct refusal){.id = V_GOOD_TWICE,
								  .num = {line},
								  .s = l.good});
	goods[line - 1] = l.good;
	if (scheme_forbids(l.class))
		return rule_refuse(
			ctx, &(struct refusal){
				     .id = V_X08_GOODS,
				     .num = {line},
				     .s = l.good,
				     .t = bytes_str(rec_lists[REC_LIST_GOODS].v[l.class].name)});
	compare_cost(ctx, line, &l, s);
	return ERR_OK;
}

int rule_prices(struct rule_ctx *ctx)
{
	struct bytes goods[FOLD_PRICES_MAX];
	struct rec_scheme scheme;
	struct rec_prices p;
	int err;

	rule_head(ctx, &p);
	err = new_version_add(
		ctx, DOC_PRICES,
		&(struct document){.version = p.version, .entry = ctx->e->seq, .from = p.from});
	if (!err)
		err = read_scheme_on(&ctx->reader, p.from, &scheme);
	for (uint32_t line = 1; line <= ctx->nlines && !err; line++)
		err = price_line(ctx, line, &scheme, goods);
	return err;
}

/* --- opening hours ---------------------------------------------------------------------------------- */
/* All hours that the record gives the day of line @first. */
static int put_hours(struct rule_ctx *ctx, const struct rec_opening_line *l, uint32_t first)
{
	struct state_hours h = {0};
	struct state_key k;

	for (uint32_t i = first; i < ctx->nlines; i++) {
		if (l[i].day != l[first].day)
			continue;
		h.open[h.n].from = (uint32_t)l[i].from;
		h.open[h.n++].to = (uint32_t)l[i].to;
	}
	state_hours_key(&k, ctx->f->feed_no, l[first].day);
	state_hours_pack(&h, rule_out(ctx));
	return rule_put(ctx, &k);
}

static bool day_before(const struct rec_opening_line *l, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (l[k].day == l[i].day)
			return true;
	return false;
}

int rule_opening(struct rule_ctx *ctx)
{
	struct rec_opening_line l[STATE_HOURS_MAX];
	int err = ERR_OK;

	for (uint32_t i = 0; i < ctx->nlines && !err; i++) {
		err = rule_line(ctx, i, &l[i]);
		if (!err && l[i].to <= l[i].from)
			err = rule_refuse(ctx, &(struct refusal){.id = V_HOURS,
								 .num = {i + 1, (int64_t)l[i].from,
									 (int64_t)l[i].to}});
	}
	for (uint32_t i = 0; i < ctx->nlines && !err; i++)
		if (!day_before(l, i))
			err = put_hours(ctx, l, i);
	return err;
}

int prices_hours_open(struct rule_ctx *ctx, day_t day, uint64_t minute, bool *ret)
{
	struct state_hours h = {0};
	int err = reader_hours(&ctx->reader, ctx->f->feed_no, day, &h);

	*ret = false;
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	for (uint32_t i = 0; i < h.n; i++)
		*ret = *ret || (minute >= h.open[i].from && minute < h.open[i].to);
	return ERR_OK;
}
