#include "daemon/ledger/query/statement.h"
#include "daemon/ledger/state/read.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/viewjson.h"
#include "lib/look.h"

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

/* --- accounts ------------------------------------------------------------------------------------ */

struct accounts {
	struct reading *r;
	const char *name; /* only where somebody is called so; NULL: all */
	bool named;
	uint64_t n;
	struct points balance, earned, deducted;
};

static int on_person(void *ctx, const struct view_member *m)
{
	struct accounts *a = ctx;

	a->named = a->named || look_same(bytes_str(m->name), bytes_str(a->name));
	return ERR_OK;
}

/* Also of one who has left or died: it is there that he or she is found. */
static int is_wanted(struct accounts *a, struct bytes household)
{
	const struct ask *q = &a->r->ask;

	a->named = !a->name;
	return a->named ? ERR_OK : view_members(q->t, q->feed.no, household, on_person, a);
}

static int on_account(void *ctx, const void *row)
{
	const struct row_accounts *v = row;
	struct accounts *a = ctx;
	int err = is_wanted(a, v->household);

	if (err || !a->named)
		return err;
	a->n++;
	if (!points_add(a->balance, v->balance, &a->balance) ||
	    !points_add(a->earned, v->earned, &a->earned) ||
	    !points_add(a->deducted, v->deducted, &a->deducted))
		return ERR_LIMIT;
	jw_obj(&a->r->w);
	viewjson_fields(a->r, &views[VIEW_accounts], row);
	jw_obj_end(&a->r->w);
	return ERR_OK;
}

void api_accounts(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct reading r;
	struct accounts a = {.r = &r, .name = reply_param(req, "name")};
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	jw_khex(&r.w, "feed", r.ask.feed.id.b, HASH_BYTES);
	jw_key(&r.w, "items");
	jw_arr(&r.w);
	err = view_each(&r.ask, &views[VIEW_accounts], on_account, &a);
	jw_arr_end(&r.w);
	jw_ku64(&r.w, "count", a.n);
	put_points(&r.w, "balance", a.balance);
	put_points(&r.w, "earned", a.earned);
	put_points(&r.w, "deducted", a.deducted);
	reading_end(&r, err);
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
	jw_kstr(&r->w, "kind", posting_kind_text(row->kind, r->ask.lang));
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

static int on_fields(void *ctx, const void *row)
{
	struct reading *r = ctx;

	viewjson_fields(r, &views[VIEW_accounts], row);
	return ERR_OK;
}

void api_household(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const struct ask_param household = {"household", reply_last(req)};
	struct reading r;
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	r.ask.param = &household;
	r.ask.nparams = 1;
	err = view_check(&r.ask, &views[VIEW_accounts]);
	if (!err)
		err = view_each(&r.ask, &views[VIEW_accounts], on_fields, &r);
	if (!err)
		err = viewjson_items(&r, "people", &views[VIEW_members]);
	if (!err)
		err = viewjson_items(&r, "corrections", &views[VIEW_corrections]);
	if (!err)
		err = put_latest(&r, bytes_str(household.value));
	reading_end(&r, err);
}

/* --- year scores --------------------------------------------------------------------------------- */

void api_scores(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct reading r;
	uint64_t year;
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	err = view_year(&r.ask, &year);
	if (!err) {
		jw_ku64(&r.w, "year", year);
		jw_khex(&r.w, "feed", r.ask.feed.id.b, HASH_BYTES);
		err = viewjson_items(&r, "items", &views[VIEW_scores]);
	}
	reading_end(&r, err);
}
