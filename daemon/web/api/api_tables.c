#include <stdio.h>
#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/tables.h"

static const struct table_def *const tables[] = {tables_sums, tables_ledger, tables_work,
						 tables_kept};
/* Some hundred thousand rows: more than people read or a small machine holds at once. */
#define TABLE_BYTES_MAX ((size_t)64 << 20)
#define NTABLES		(sizeof(tables) / sizeof(tables[0]))

static const struct table_def *table_asked(const struct web_req *req, struct web_res *res)
{
	struct buf zh = {0}, en = {0};
	const char *name = reply_last(req);

	buf_puts(&zh, "可用：");
	buf_puts(&en, "there are:");
	for (size_t i = 0; i < NTABLES; i++) {
		for (const struct table_def *d = tables[i]; d->name; d++) {
			if (strcmp(d->name, name) == 0) {
				buf_close(&zh);
				buf_close(&en);
				return d;
			}
			buf_printf(&zh, " %s", d->name);
			buf_printf(&en, " %s", d->name);
		}
	}
	reply_error(res, req->lang, 404, "TABLE_UNKNOWN", NULL,
		    SAYS("没有这种统计表", "there is no such table"),
		    SAYS(buf_str(&zh), buf_str(&en)));
	buf_close(&zh);
	buf_close(&en);
	return NULL;
}

static bool in_list(const struct table_def *list, const struct table_def *def)
{
	while (list->name && list != def)
		list++;
	return list == def;
}

static void put_columns(struct jw *w, const struct column *c, enum lang lang)
{
	jw_key(w, "columns");
	jw_arr(w);
	for (; c->name; c++) {
		jw_obj(w);
		jw_kstr(w, "name", c->name);
		jw_kstr(w, "label", lang == LANG_EN ? c->en : c->zh);
		jw_kbool(w, "right", c->right);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static bool is_village(const struct web_req *req, struct web_res *res, const struct reading *r)
{
	if (r->ask.feed.no != FEED_TOWN)
		return true;
	kv_abort(r->ask.t);
	reply_error(res, req->lang, 404, "FEED_UNKNOWN", "feed",
		    SAYS("统计表属于各村日志，请指明村代码", "tables are of villages: name one"),
		    SAYS("如 --feed 500101999201", "for example --feed 500101999201"));
	return false;
}

/* What a table does not know would change nothing in it, and be believed to have. */
static bool options_known(const struct web_req *req, struct web_res *res,
			  const struct table_def *def)
{
	bool ledger = in_list(tables_ledger, def), period = ledger || in_list(tables_sums, def);
	bool ranks = strcmp(def->name, "households") == 0 || strcmp(def->name, "people") == 0;
	const struct {
		const char *name;
		bool known;
	} option[] = {{"from", period},
		      {"to", period},
		      {"year", period},
		      {"category", ranks},
		      {"household", ledger}};

	for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++) {
		if (option[i].known || !reply_param(req, option[i].name))
			continue;
		reply_error(
			res, req->lang, 400, "PARAMETER", option[i].name,
			SAYS("这种统计表没有这个选项", "this table does not have this option"),
			SAYS("from、to、year 用于统计和明细（ledger），category 用于 households "
			     "和 people，household 用于 ledger",
			     "from, to and year are for sums and the ledger, category for "
			     "households and people, household for the ledger"));
		return false;
	}
	return true;
}

/* Single-item appraisals rank by one category. */
static bool category_asked(const struct web_req *req, struct web_res *res, char *ret)
{
	const struct rec_choices *l = &rec_lists[REC_LIST_CATEGORY];
	const char *asked = reply_param(req, "category");

	for (uint32_t i = 0; asked && i < l->n; i++) {
		if (strcmp(l->v[i].name, asked) == 0) {
			*ret = asked[0];
			return true;
		}
	}
	if (asked)
		reply_error(res, req->lang, 400, "PARAMETER", "category",
			    SAYS("没有这个类别", "there is no such category"),
			    SAYS("可用：A 至 G", "there are: A to G"));
	return !asked;
}

/* A year is counted by the day of the deed, as its appraisal does; a period by that of confirmation. */
#define YEAR_FIRST 2000
#define YEAR_LAST  2199

static bool period_asked(const struct web_req *req, struct web_res *res, struct tabling *t)
{
	if (!reply_param_day(req, res, "from", &t->p.from) ||
	    !reply_param_day(req, res, "to", &t->p.to) ||
	    !reply_param_u64(req, res, "year", YEAR_LAST, &t->year))
		return false;
	if (!t->year && t->p.from != DAY_NONE && t->p.to != DAY_NONE && t->p.to < t->p.from) {
		reply_error(res, req->lang, 400, "PARAMETER", "to",
			    SAYS("止期早于起期", "the last day is before the first"),
			    SAYS("请核对 from 和 to", "check from and to"));
		return false;
	}
	if (!t->year)
		return true;
	if (t->p.from != DAY_NONE || t->p.to != DAY_NONE || t->year < YEAR_FIRST) {
		reply_error(res, req->lang, 400, "PARAMETER", "year",
			    SAYS("年度不能与起止日期同用，且不早于 2000 年",
				 "a year goes without from and to, and is 2000 or later"),
			    SAYS("按发生日期排名用 year，按确认日期用 from 和 to",
				 "year counts by the day of the deed, from and to by that of "
				 "confirmation"));
		return false;
	}
	t->p.day = STATEMENT_DEED;
	return day_from_ymd((int)t->year, 1, 1, &t->p.from) &&
	       day_from_ymd((int)t->year, 12, 31, &t->p.to);
}

static void put_title(struct tabling *t, const struct table_def *def)
{
	enum lang lang = t->r.req->lang;
	char text[160];
	bool sums = in_list(tables_sums, def) || in_list(tables_ledger, def);

	if (!sums)
		snprintf(text, sizeof(text), "%s", lang == LANG_EN ? def->en : def->zh);
	else if (lang == LANG_EN)
		snprintf(text, sizeof(text), "%s (by day of %s)", def->en,
			 t->year ? "the deed" : "confirmation");
	else
		snprintf(text, sizeof(text), "%s（按%s日期）", def->zh, t->year ? "发生" : "确认");
	jw_kstr(&t->r.w, "title", text);
}

/* The ledger of one household; also of one that has left. */
static bool household_asked(const struct web_req *req, struct web_res *res, struct tabling *t)
{
	struct view_household h;

	t->household = reply_param(req, "household");
	if (!t->household || view_household(t->r.ask.t, t->r.ask.feed.no, bytes_str(t->household),
					    &h) != ERR_NOTFOUND)
		return true;
	kv_abort(t->r.ask.t);
	reply_error(res, req->lang, 404, "HOUSEHOLD_UNKNOWN", "household",
		    SAYS("没有这个户编号", "there is no such household"),
		    SAYS("用 cunzhang account 查看全部户编号",
			 "cunzhang account lists all households"));
	return false;
}

void api_tables(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const struct table_def *def = table_asked(req, res);
	struct tabling t = {0};
	struct jw *w = &t.r.w;
	char day[DATE_TEXT_MAX];
	int err;

	if (!def || !options_known(req, res, def) || !category_asked(req, res, &t.category) ||
	    !period_asked(req, res, &t) || !reading_begin(&t.r, s, req, res) ||
	    !is_village(req, res, &t.r) || !household_asked(req, res, &t))
		return;
	jw_kstr(w, "table", def->name);
	put_title(&t, def);
	jw_khex(w, "feed", t.r.ask.feed.id.b, HASH_BYTES);
	jw_ku64(w, "size", t.r.ask.feed.size);
	jw_kstr(w, "from", day_text(t.p.from, day));
	jw_kstr(w, "to", day_text(t.p.to, day));
	put_columns(w, def->column, req->lang);
	jw_key(w, "rows");
	jw_arr(w);
	res->body.max = TABLE_BYTES_MAX;
	err = def->rows(&t);
	jw_arr_end(w);
	if (!err)
		err = res->body.err;
	reading_end(&t.r, err);
	if (err == ERR_LIMIT)
		reply_error(res, req->lang, 413, "TABLE_TOO_LARGE", NULL,
			    SAYS("表太大，没有列出", "the table is too large and is not given"),
			    SAYS("请缩短期间，或指明一户（household）",
				 "ask for a shorter period, or for one household"));
}
