#include <string.h>

#include "daemon/ledger/query/work.h"
#include "daemon/web/api/tables.h"

/* What is kept about households and people: honours, appraisals, posts, kin. */

/* --- honours --------------------------------------------------------------------------------------- */
static const struct column honours_columns[] = {{"entry", "序号", "entry", true},
						{"household", "户编号", "household", false},
						{"member", "成员", "member", true},
						{"title", "荣誉称号", "title", false},
						{"level", "级别", "level", false},
						{"year", "年度", "year", true},
						{"day", "日期", "day", false},
						{"certificate", "证书编号", "certificate", false},
						{"appraisal", "评选序号", "appraisal", true},
						COLUMNS_END};

static int put_honour(void *ctx, const struct view_honour *h)
{
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	jw_u64(w, h->seq);
	jw_str(w, h->household);
	jw_u64(w, h->member);
	jw_str(w, h->title);
	cell_choice(t, REC_LIST_LEVEL, h->level);
	jw_i64(w, h->year);
	cell_day(t, h->day);
	jw_str(w, h->certificate);
	cell_entry(t, h->appraisal);
	return cell_end(t);
}

static int rows_honours(struct tabling *t)
{
	return view_honours(t->r.ask.t, t->r.ask.feed.no, put_honour, t);
}

/* --- appraisals ------------------------------------------------------------------------------------ */
static const struct column appraisals_columns[] = {
	{"entry", "序号", "entry", true},	{"year", "年度", "year", true},
	{"title", "评选名称", "title", false},	{"day", "日期", "day", false},
	{"lines", "行数", "lines", true},	{"state", "状态", "state", false},
	{"by", "确认序号", "settled by", true}, COLUMNS_END};

static int put_appraisal(void *ctx, const struct view_appraisal *a)
{
	static const struct says state[] = {{"待确认", "waits to be confirmed"},
					    {"已确认", "confirmed"},
					    {"未通过", "declined"}};
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	jw_u64(w, a->seq);
	jw_i64(w, a->year);
	jw_str(w, a->title);
	cell_day(t, a->day);
	jw_u64(w, a->nlines);
	cell_says(t, state[a->state]);
	cell_entry(t, a->by);
	return cell_end(t);
}

static int rows_appraisals(struct tabling *t)
{
	return view_appraisals(t->r.ask.t, t->r.ask.feed.no, put_appraisal, t);
}

/* --- posts ----------------------------------------------------------------------------------------- */
static const struct column posts_columns[] = {{"household", "户编号", "household", false},
					      {"member", "成员", "member", true},
					      {"post", "职务", "post", false},
					      {"from", "任期自", "from", false},
					      {"to", "任期至", "to", false},
					      {"entry", "序号", "entry", true},
					      COLUMNS_END};

static int put_post(void *ctx, const struct view_post *p)
{
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	jw_str(w, p->household);
	jw_u64(w, p->member);
	cell_choice(t, REC_LIST_POST, p->post);
	cell_day(t, p->from);
	cell_day(t, p->to);
	jw_u64(w, p->entry);
	return cell_end(t);
}

static int rows_posts(struct tabling *t)
{
	return view_posts(t->r.ask.t, t->r.ask.feed.no, put_post, t);
}

/* --- kin ------------------------------------------------------------------------------------------- */
static const struct column kin_columns[] = {
	{"household", "户编号", "household", false},
	{"member", "成员", "member", true},
	{"name", "姓名", "name", false},
	{"relation", "亲属关系", "relation", false},
	{"kin_household", "亲属户编号", "household of the relative", false},
	{"kin_member", "亲属成员", "member of the relative", true},
	COLUMNS_END};

/* Whose kin the rows are about. */
struct relatives {
	struct tabling *t;
	const char *household;
	const struct view_member *m;
};

static int put_kin(void *ctx, const struct view_kin *k)
{
	struct relatives *r = ctx;
	struct jw *w = &r->t->r.w;

	jw_arr(w);
	jw_str(w, r->household);
	jw_u64(w, r->m->member);
	jw_str(w, r->m->name);
	cell_choice(r->t, REC_LIST_KIN, k->relation);
	jw_str(w, k->household);
	jw_u64(w, k->member);
	return cell_end(r->t);
}

static int kin_of_member(void *ctx, const struct view_member *m)
{
	struct relatives *r = ctx;

	r->m = m;
	return view_kin(r->t->r.ask.t, r->t->r.ask.feed.no, bytes_str(r->household), m->member,
			put_kin, r);
}

static int kin_of_household(void *ctx, const struct view_household *h)
{
	struct tabling *t = ctx;
	struct relatives r = {.t = t, .household = h->household};

	return view_members(t->r.ask.t, t->r.ask.feed.no, bytes_str(h->household), kin_of_member,
			    &r);
}

static int rows_kin(struct tabling *t)
{
	return view_households(t->r.ask.t, t->r.ask.feed.no, kin_of_household, t);
}

const struct table_def tables_kept[] = {
	{"honours", "荣誉", "honours", honours_columns, rows_honours},
	{"appraisals", "年度评选", "appraisals", appraisals_columns, rows_appraisals},
	{"posts", "任职", "posts", posts_columns, rows_posts},
	{"kin", "亲属申报", "kin", kin_columns, rows_kin},
	{NULL, NULL, NULL, NULL, NULL},
};
