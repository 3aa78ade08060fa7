#include <stdio.h>

#include "daemon/web/api/handlers.h"
#include "daemon/web/api/viewjson.h"

/* Some hundred thousand rows: more than people read or a small machine holds at once. */
#define TABLE_BYTES_MAX ((size_t)64 << 20)

static const struct view_def *table_asked(const struct web_req *req, struct web_res *res)
{
	const struct view_def *def = view_named(reply_last(req));
	struct buf zh = {0}, en = {0};

	if (def)
		return def;
	buf_puts(&zh, "可用：");
	buf_puts(&en, "there are:");
	for (uint32_t i = 0; i < VIEWS_N; i++) {
		buf_printf(&zh, " %s", views[i].name);
		buf_printf(&en, " %s", views[i].name);
	}
	reply_error(res, req->lang, 404, "TABLE_UNKNOWN", NULL,
		    SAYS("没有这种统计表", "there is no such table"),
		    SAYS(buf_str(&zh), buf_str(&en)));
	buf_close(&zh);
	buf_close(&en);
	return NULL;
}

/* Which day must be in a period, the title says. */
static void put_title(struct reading *r, const struct view_def *def, const struct view_period *p)
{
	const char *name = r->ask.lang == LANG_EN ? def->en : def->zh;
	char text[160];

	if (!(def->params & VIEW_PERIOD))
		snprintf(text, sizeof(text), "%s", name);
	else if (r->ask.lang == LANG_EN)
		snprintf(text, sizeof(text), "%s (by day of %s)", name,
			 p->year ? "the deed" : "confirmation");
	else
		snprintf(text, sizeof(text), "%s（按%s日期）", name, p->year ? "发生" : "确认");
	jw_kstr(&r->w, "title", text);
}

static int put_table(struct reading *r, const struct view_def *def)
{
	char day[DATE_TEXT_MAX];
	struct view_period p;
	int err = view_check(&r->ask, def);

	if (!err)
		err = view_period(&r->ask, &p);
	if (err)
		return err;
	jw_kstr(&r->w, "table", def->name);
	put_title(r, def, &p);
	jw_khex(&r->w, "feed", r->ask.feed.id.b, HASH_BYTES);
	jw_ku64(&r->w, "size", r->ask.feed.size);
	jw_kstr(&r->w, "from", day_text(p.from, day));
	jw_kstr(&r->w, "to", day_text(p.to, day));
	viewjson_columns(r, "columns", def->field, def->nfields);
	return viewjson_rows(r, def);
}

void api_tables(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const struct view_def *def = table_asked(req, res);
	struct reading r;
	int err;

	if (!def || !reading_begin(&r, s, req, res))
		return;
	res->body.max = TABLE_BYTES_MAX;
	err = put_table(&r, def);
	if (!err)
		err = res->body.err;
	reading_end(&r, err);
	if (err == ERR_LIMIT)
		reply_error(res, req->lang, 413, "TABLE_TOO_LARGE", NULL,
			    SAYS("表太大，没有列出", "the table is too large and is not given"),
			    SAYS("请缩短期间，或指明一户（household）",
				 "ask for a shorter period, or for one household"));
}
