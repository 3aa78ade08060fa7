#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/query/statement.h"
#include "daemon/ledger/state/read.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"
#include "lib/text.h"

static void put_points(struct jw *w, const char *key, struct points p)
{
	char text[AMOUNT_TEXT_MAX];

	jw_kstr(w, key, points_text(p, text));
}

static void put_day(struct jw *w, const char *key, day_t day)
{
	char text[DATE_TEXT_MAX];

	if (day != DAY_NONE)
		jw_kstr(w, key, day_text(day, text));
}

static void put_household(struct jw *w, const struct view_household *h)
{
	jw_kstr(w, "household", h->household);
	jw_kstr(w, "group", h->group);
	jw_kstr(w, "head_name", h->head_name);
	jw_kbool(w, "takes_part", h->takes_part);
	put_day(w, "consent_day", h->consent_day);
	put_day(w, "began_day", h->began_day);
	put_day(w, "left_day", h->left_day);
	if (h->into[0])
		jw_kstr(w, "into", h->into);
	jw_ku64(w, "members", h->nmembers);
	put_points(w, "balance", h->balance);
	put_points(w, "earned", h->earned);
	put_points(w, "deducted", h->deducted);
	put_points(w, "redeemed", h->redeemed);
	put_points(w, "moved", h->moved);
	jw_ku64(w, "present", h->npresent);
	jw_ki64(w, "lines", h->lines);
	jw_ku64(w, "entry", h->entry);
}

struct accounts {
	struct reading r;
	bool all;
	uint64_t n;
	struct points balance, earned, deducted;
};

static int put_account(void *ctx, const struct view_household *h)
{
	struct accounts *a = ctx;

	if (!h->takes_part && !a->all)
		return 0;
	a->n++;
	if (!points_add(a->balance, h->balance, &a->balance) ||
	    !points_add(a->earned, h->earned, &a->earned) ||
	    !points_add(a->deducted, h->deducted, &a->deducted))
		return ERR_LIMIT;
	jw_obj(&a->r.w);
	put_household(&a->r.w, h);
	jw_obj_end(&a->r.w);
	return 0;
}

/* Every household that takes part, also those with nothing; with all=1 the others too. */
void api_accounts(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct accounts a = {0};
	const char *all = reply_param(req, "all");
	int err;

	if (!reading_begin(&a.r, s, req, res))
		return;
	a.all = all && strcmp(all, "1") == 0;
	jw_khex(&a.r.w, "feed", a.r.ask.feed.id.b, HASH_BYTES);
	jw_key(&a.r.w, "items");
	jw_arr(&a.r.w);
	err = view_households(a.r.ask.t, a.r.ask.feed.no, put_account, &a);
	jw_arr_end(&a.r.w);
	jw_ku64(&a.r.w, "count", a.n);
	put_points(&a.r.w, "balance", a.balance);
	put_points(&a.r.w, "earned", a.earned);
	put_points(&a.r.w, "deducted", a.deducted);
	reading_end(&a.r, err);
}

/* --- one household ------------------------------------------------------------------------------- */

static const char *choice_name(const struct rec_type *t, const char *field, uint32_t v)
{
	for (uint32_t i = 0; i < t->nline; i++)
		if (strcmp(t->line[i].name, field) == 0 && v < t->line[i].choices->n)
			return t->line[i].choices->v[v].name;
	return "";
}

static int put_member(void *ctx, const struct view_member *m)
{
	const struct rec_type *t = rec_type_of(REC_household);
	struct reading *r = ctx;

	jw_obj(&r->w);
	jw_ku64(&r->w, "member", m->member);
	jw_kstr(&r->w, "name", m->name);
	jw_kstr(&r->w, "relation", m->relation);
	jw_kstr(&r->w, "sex", choice_name(t, "sex", m->sex));
	jw_kstr(&r->w, "hukou", choice_name(t, "hukou", m->hukou));
	jw_kbool(&r->w, "head", m->head);
	put_day(&r->w, "birth", m->birth);
	put_day(&r->w, "since", m->since);
	put_day(&r->w, "agreed", m->agreed);
	put_day(&r->w, "left_day", m->left_day);
	put_day(&r->w, "death_day", m->death_day);
	put_day(&r->w, "away_day", m->away_day);
	if (m->into[0]) {
		jw_kstr(&r->w, "into", m->into);
		jw_ku64(&r->w, "into_member", m->into_member);
	}
	jw_obj_end(&r->w);
	return 0;
}

/* --- its latest lines --- */
#define LATEST_MAX 10

static int put_row(void *ctx, const struct statement_row *row)
{
	struct bytes what = row->redemption ? row->redemption->slip : row->other;
	struct reading *r = ctx;

	if (row->points_line)
		what = bytes_str(row->item->name);
	jw_obj(&r->w);
	put_day(&r->w, "booked", row->booked);
	jw_kstr(&r->w, "kind", posting_kind_text(row->kind, r->req->lang));
	jw_key(&r->w, "what");
	jw_strn(&r->w, (const char *)what.p, what.n);
	put_points(&r->w, "points", row->points);
	put_points(&r->w, "balance", row->balance);
	jw_ku64(&r->w, "entry", row->entry);
	jw_ku64(&r->w, "line", row->line);
	jw_obj_end(&r->w);
	return ERR_OK;
}

static int put_latest(struct reading *r, struct bytes household)
{
	int err;

	jw_key(&r->w, "latest");
	jw_arr(&r->w);
	err = statement_latest(r->ask.t, r->ask.feed.no, household, r->ask.feed.size, LATEST_MAX,
			       put_row, r);
	jw_arr_end(&r->w);
	return err;
}

void api_household(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const char *name = reply_last(req);
	struct bytes code = {(const uint8_t *)name, strlen(name)};
	struct view_household h;
	struct reading r;
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	err = view_household(r.ask.t, r.ask.feed.no, code, &h);
	if (!err) {
		put_household(&r.w, &h);
		jw_key(&r.w, "people");
		jw_arr(&r.w);
		err = view_members(r.ask.t, r.ask.feed.no, code, put_member, &r);
		jw_arr_end(&r.w);
	}
	if (!err)
		err = put_latest(&r, code);
	reading_end(&r, err);
	if (err == ERR_NOTFOUND && r.ask.feed.no == FEED_TOWN)
		reply_error(res, req->lang, 404, "FEED_UNKNOWN", "feed",
			    SAYS("户属于各村日志，请指明村代码",
				 "households are of villages: name one"),
			    SAYS("如 --feed 500101999201", "for example --feed 500101999201"));
	else if (err == ERR_NOTFOUND)
		reply_error(res, req->lang, 404, "HOUSEHOLD_UNKNOWN", "household",
			    SAYS("没有这个户编号", "there is no such household"),
			    SAYS("用 cunzhang account 查看全部户编号",
				 "cunzhang account lists all households"));
}

/* --- year scores --------------------------------------------------------------------------------- */

static int put_score(void *ctx, const struct view_score *v)
{
	struct reading *r = ctx;

	jw_obj(&r->w);
	jw_kstr(&r->w, "household", v->household);
	jw_ku64(&r->w, "member", v->member);
	jw_ki64(&r->w, "year", v->year);
	put_points(&r->w, "score", v->score);
	jw_obj_end(&r->w);
	return 0;
}

void api_scores(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	day_t today = tx_today(&s->tx);
	uint64_t year = today == DAY_NONE ? 0 : (uint64_t)day_year(today);
	struct reading r;
	int err;

	if (!reply_param_u64(req, res, "year", 2199, &year) || !reading_begin(&r, s, req, res))
		return;
	jw_ku64(&r.w, "year", year);
	jw_khex(&r.w, "feed", r.ask.feed.id.b, HASH_BYTES);
	jw_key(&r.w, "items");
	jw_arr(&r.w);
	err = view_scores(r.ask.t, r.ask.feed.no, (int)year, put_score, &r);
	jw_arr_end(&r.w);
	reading_end(&r, err);
}
