#include "daemon/ledger/rules/rule.h"

#include "daemon/ledger/state/scheme.h"
#include "lib/err.h"

/* The points store: what goods cost, and when it is open. */

#define OPENING_MAX 60
#define PERCENT	    100

/* --- price lists ------------------------------------------------------------------------------------ */
/* X02: the price against cost times rate, exactly: price / cost = rate_points / rate_fen, both sides
 * multiplied out. All factors are at most 10^8, so nothing leaves 64 bits. */
static void compare_cost(struct judged *j, uint32_t line, const struct rec_prices_line *l,
			 const struct rec_scheme *s)
{
	int64_t fair = fen_raw(l->cost) * points_raw(s->rate_points);
	int64_t price = points_raw(l->price) * fen_raw(s->rate_fen);
	int64_t apart = price > fair ? price - fair : fair - price;
	int64_t by_cost = (fair + fen_raw(s->rate_fen) / 2) / fen_raw(s->rate_fen);

	if (fair > 0 && apart * PERCENT > fair * (int64_t)s->tolerance)
		fold_warn(j, &(struct refusal){.id = V_X02_COST,
					       .num = {line, points_raw(l->price), by_cost,
						       (int64_t)s->tolerance},
					       .s = l->good});
}

static int price_line(struct judged *j, uint32_t line, const struct rec_scheme *s,
		      struct bytes *goods)
{
	struct rec_prices_line l;
	int err = fold_line(j, line - 1, &l);

	if (err)
		return err;
	for (uint32_t i = 0; i + 1 < line; i++)
		if (bytes_eq(goods[i], l.good))
			return fold_refuse(j, &(struct refusal){.id = V_GOOD_TWICE,
								.num = {line},
								.s = l.good});
	goods[line - 1] = l.good;
	if (scheme_forbids(l.class))
		return fold_refuse(
			j, &(struct refusal){
				   .id = V_X08_GOODS,
				   .num = {line},
				   .s = l.good,
				   .t = fold_text(rec_lists[REC_LIST_GOODS].v[l.class].name)});
	compare_cost(j, line, &l, s);
	return ERR_OK;
}

int fold_store_prices(struct judged *j)
{
	struct bytes goods[FOLD_PRICES_MAX];
	struct rec_scheme scheme;
	struct rec_prices p;
	int err = fold_head(j, &p);

	if (!err)
		err = fold_doc_add(j, DOC_PRICES, p.version,
				   &(struct fold_doc_row){.seq = j->e->seq, .from = p.from});
	if (!err)
		err = fold_plan_scheme_on(j, p.from, &scheme);
	if (err && err != ERR_NOTFOUND)
		return err;
	err = ERR_OK;
	for (uint32_t line = 1; line <= j->nlines && !err; line++)
		err = price_line(j, line, &scheme, goods);
	return err;
}

/* --- opening hours ---------------------------------------------------------------------------------- */
static void open_key(struct state_key *k, const struct judged *j, day_t day)
{
	state_key_of(k, j->f->feed_no, STATE_OPEN);
	state_key_day(k, day);
}

/* All hours that the record gives the day of line @first. */
static int put_hours(struct judged *j, const struct rec_opening_line *l, uint32_t first)
{
	struct buf *out = fold_out(j);
	struct state_key k;

	for (uint32_t i = first; i < j->nlines; i++) {
		if (l[i].day != l[first].day)
			continue;
		state_put_zigzag(out, (int64_t)l[i].from);
		state_put_zigzag(out, (int64_t)l[i].to);
	}
	open_key(&k, j, l[first].day);
	return fold_put(j, &k);
}

static bool day_before(const struct rec_opening_line *l, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (l[k].day == l[i].day)
			return true;
	return false;
}

int fold_store_opening(struct judged *j)
{
	struct rec_opening_line l[OPENING_MAX];
	struct rec_opening head;
	int err = fold_head(j, &head);

	for (uint32_t i = 0; i < j->nlines && !err; i++) {
		err = fold_line(j, i, &l[i]);
		if (!err && l[i].to <= l[i].from)
			err = fold_refuse(j, &(struct refusal){.id = V_HOURS,
							       .num = {i + 1, (int64_t)l[i].from,
								       (int64_t)l[i].to}});
	}
	for (uint32_t i = 0; i < j->nlines && !err; i++)
		if (!day_before(l, i))
			err = put_hours(j, l, i);
	return err;
}

int fold_store_is_open(struct judged *j, day_t day, uint64_t minute, bool *ret)
{
	struct state_key k;
	struct bytes row;
	struct cur c;
	int err;

	*ret = false;
	open_key(&k, j, day);
	err = rows_get(j->w->rows, &k, &row);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	c = cur_of(row.p, row.n);
	while (cur_left(&c) && c.err == ERR_OK) {
		int64_t from = state_get_zigzag(&c), to = state_get_zigzag(&c);

		*ret = *ret || ((int64_t)minute >= from && (int64_t)minute < to);
	}
	return c.err ? ERR_CORRUPT : ERR_OK;
}
