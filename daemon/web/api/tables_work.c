#include <string.h>

#include "daemon/ledger/query/due.h"
#include "daemon/ledger/query/work.h"
#include "daemon/ledger/state/read_documents.h"
#include "daemon/web/api/tables.h"

/* What waits for somebody, beside what was done: one row for each, oldest first. */

/* --- objections ------------------------------------------------------------------------------------ */
static const struct column objections_columns[] = {{"entry", "序号", "entry", true},
						   {"state", "状态", "state", false},
						   {"household", "提出户编号", "household", false},
						   {"day", "提出日期", "day", false},
						   {"due", "答复期限", "due", false},
						   {"answered", "答复日期", "answered", false},
						   {"reply", "答复序号", "reply", true},
						   {"of", "记录序号", "of entry", true},
						   {"line", "行", "line", true},
						   {"line_state", "该行状态", "state of the line",
						    false},
						   COLUMNS_END};

static struct says objection_state(const struct view_objection *o, day_t today)
{
	switch (o->state) {
	case OBJECTION_OPEN: break;
	case OBJECTION_REJECTED: return SAYS("不成立", "rejected");
	case OBJECTION_TO_REVERSE: return SAYS("成立，待冲正", "upheld, to be reversed");
	case OBJECTION_DONE: return SAYS("成立，已更正", "upheld and put right");
	}
	return today != DAY_NONE && today > o->due ? SAYS("待答复，已超期", "overdue")
						   : SAYS("待答复", "waits for an answer");
}

static int put_objection(void *ctx, const struct view_objection *o)
{
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	jw_u64(w, o->seq);
	cell_says(t, objection_state(o, t->r.ask.day));
	jw_str(w, o->household);
	cell_day(t, o->day);
	cell_day(t, o->due);
	cell_day(t, o->reply ? o->answered : DAY_NONE);
	cell_entry(t, o->reply);
	jw_u64(w, o->entry);
	jw_u64(w, o->line);
	jw_str(w, line_state_text(o->line_state, t->r.req->lang));
	return cell_end(t);
}

static int rows_objections(struct tabling *t)
{
	return view_objections(t->r.ask.t, t->r.ask.feed.no, put_objection, t);
}

/* --- applications ---------------------------------------------------------------------------------- */
static const struct column applications_columns[] = {{"entry", "序号", "entry", true},
						     {"state", "状态", "state", false},
						     {"household", "户编号", "household", false},
						     {"member", "成员", "member", true},
						     {"item", "事项", "item", false},
						     {"day", "发生日期", "day", false},
						     {"applicant", "申报人", "applicant", false},
						     {"by", "办理序号", "settled by", true},
						     COLUMNS_END};

static int put_application(void *ctx, const struct view_application *a)
{
	static const struct says state[] = {
		{"待办理", "waits"}, {"已记录", "recorded"}, {"不予记录", "declined"}};
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	jw_u64(w, a->seq);
	cell_says(t, state[a->state]);
	jw_str(w, a->household);
	jw_u64(w, a->member);
	jw_str(w, a->item);
	cell_day(t, a->day);
	jw_str(w, a->applicant);
	cell_entry(t, a->by);
	return cell_end(t);
}

static int rows_applications(struct tabling *t)
{
	return view_applications(t->r.ask.t, t->r.ask.feed.no, put_application, t);
}

/* --- deductions ------------------------------------------------------------------------------------ */
static const struct column deductions_columns[] = {{"entry", "序号", "entry", true},
						   {"line", "行", "line", true},
						   {"state", "状态", "state", false},
						   {"waits", "等待", "waits for", false},
						   {"household", "户编号", "household", false},
						   {"member", "成员", "member", true},
						   {"item", "事项", "item", false},
						   {"points", "扣分", "points", true},
						   {"day", "发生日期", "day", false},
						   {"notified", "告知日期", "notified", false},
						   {"due", "可确认自", "confirmable from", false},
						   COLUMNS_END};

static struct says deduction_waits(const struct view_deduction *d, day_t today)
{
	if (d->notified == DAY_NONE)
		return SAYS("待告知", "to be told");
	if (d->objected)
		return SAYS("异议待答复", "an objection to be answered");
	if (today != DAY_NONE && today < d->due)
		return SAYS("告知期未满", "days after telling");
	return d->state == LINE_RECORDED ? SAYS("待审核", "review")
					 : SAYS("待确认", "confirmation");
}

static int put_deduction(void *ctx, const struct view_deduction *d)
{
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	jw_u64(w, d->entry);
	jw_u64(w, d->line);
	jw_str(w, line_state_text(d->state, t->r.req->lang));
	cell_says(t, deduction_waits(d, t->r.ask.day));
	jw_str(w, d->household);
	jw_u64(w, d->member);
	jw_str(w, d->item);
	cell_points(t, d->points);
	cell_day(t, d->day);
	cell_day(t, d->notified);
	cell_day(t, d->notified == DAY_NONE ? DAY_NONE : d->due);
	return cell_end(t);
}

static int rows_deductions(struct tabling *t)
{
	return view_deductions(t->r.ask.t, t->r.ask.feed.no, put_deduction, t);
}

/* --- filings --------------------------------------------------------------------------------------- */
static const struct column filings_columns[] = {{"subject", "备案事项", "subject", false},
						{"version", "版本", "version", true},
						{"entry", "序号", "entry", true},
						{"from", "生效日期", "from", false},
						{"to", "失效日期", "to", false},
						{"state", "备案状态", "filing", false},
						{"day", "答复日期", "day of the reply", false},
						{"number", "备案号", "filing number", false},
						{"comment", "审查意见", "comment", false},
						COLUMNS_END};

struct filings {
	struct tabling *t;
	enum doc_kind kind;
};

static int put_filing(void *ctx, const struct document *d)
{
	static const enum rec_choice_SUBJECT subject[] = {[DOC_CATALOGUE] = SUBJECT_catalogue,
							  [DOC_PLAN] = SUBJECT_plan,
							  [DOC_SCHEME] = SUBJECT_scheme};
	static const struct bytes nothing = {(const uint8_t *)"", 0};
	struct filings *f = ctx;
	struct tabling *t = f->t;
	struct view_filing v;
	int err = view_filing(t->r.ask.t, t->r.ask.feed.no, f->kind, d->version, UINT64_MAX, &v);
	bool replied = v.state == FILING_ACCEPTED || v.state == FILING_RETURNED;

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	jw_arr(&t->r.w);
	cell_choice(t, REC_LIST_SUBJECT, subject[f->kind]);
	jw_u64(&t->r.w, d->version);
	jw_u64(&t->r.w, d->entry);
	cell_day(t, d->from);
	cell_day(t, d->to);
	jw_str(&t->r.w, filing_state_text(v.state, t->r.req->lang));
	cell_day(t, replied ? v.day : DAY_NONE);
	cell_bytes(t, v.state == FILING_ACCEPTED ? v.text : nothing);
	cell_bytes(t, v.state == FILING_RETURNED ? v.text : nothing);
	return cell_end(t);
}

static int rows_filings(struct tabling *t)
{
	static const enum doc_kind kinds[] = {DOC_CATALOGUE, DOC_PLAN, DOC_SCHEME};
	int err = ERR_OK;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !err; i++) {
		struct filings f = {t, kinds[i]};

		err = read_documents(READER(t->r.ask.t, t->r.ask.feed.no), kinds[i], put_filing,
				     &f);
	}
	return err;
}

/* --- notices --------------------------------------------------------------------------------------- */
static const struct column notices_columns[] = {{"entry", "序号", "entry", true},
						{"kind", "公示类型", "kind", false},
						{"from", "期间自", "period from", false},
						{"to", "期间至", "period to", false},
						{"lines", "行数", "lines", true},
						{"plus", "加分或兑换合计", "awards or redeemed",
						 true},
						{"minus", "扣分合计", "deductions", true},
						{"due", "张贴期限", "due", false},
						{"posted_from", "张贴自", "posted from", false},
						{"posted_to", "张贴至", "posted to", false},
						{"postings", "张贴处数", "postings", true},
						{"state", "状态", "state", false},
						{"withdrawal", "撤下序号", "taken down by", true},
						COLUMNS_END};

static struct says notice_state(const struct view_notice *n, day_t due, day_t today)
{
	if (n->withdrawal)
		return SAYS("已撤下", "taken down");
	if (n->npostings)
		return due != DAY_NONE && n->posted_from > due ? SAYS("逾期张贴", "posted late")
							       : SAYS("已张贴", "posted");
	return due != DAY_NONE && today != DAY_NONE && today > due
		       ? SAYS("未张贴，已逾期", "overdue")
		       : SAYS("未张贴", "not posted");
}

static int put_notice(void *ctx, const struct view_notice *n)
{
	bool periodic = n->kind == NOTICE_assessment || n->kind == NOTICE_redemption;
	day_t due = periodic ? n->to + NOTICE_DUE_DAYS : DAY_NONE;
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	jw_u64(w, n->seq);
	cell_choice(t, REC_LIST_NOTICE, n->kind);
	cell_day(t, n->from);
	cell_day(t, n->to);
	jw_u64(w, n->lines);
	cell_points(t, n->plus);
	cell_points(t, n->minus);
	cell_day(t, due);
	cell_day(t, n->npostings ? n->posted_from : DAY_NONE);
	cell_day(t, n->npostings ? n->posted_to : DAY_NONE);
	jw_u64(w, n->npostings);
	cell_says(t, notice_state(n, due, t->r.ask.day));
	cell_entry(t, n->withdrawal);
	return cell_end(t);
}

static int rows_notices(struct tabling *t)
{
	return view_notices(t->r.ask.t, t->r.ask.feed.no, put_notice, t);
}

/* --- guidance of the town -------------------------------------------------------------------------- */
static const struct column guidance_columns[] = {{"entry", "镇通知序号", "entry of the town", true},
						 {"kind", "类型", "kind", false},
						 {"title", "标题", "title", false},
						 {"due", "完成期限", "due", false},
						 {"state", "状态", "state", false},
						 {"replied", "回复日期", "replied", false},
						 {"reply", "回复序号", "reply", true},
						 {"closed", "销号序号", "closed by", true},
						 COLUMNS_END};

static struct says guidance_state(const struct view_guidance *g, day_t today)
{
	if (g->closed)
		return SAYS("已销号", "closed");
	if (g->reply && g->done)
		return SAYS("村已完成", "done, as the village says");
	if (g->due != DAY_NONE && today != DAY_NONE && today > g->due)
		return SAYS("已超期", "overdue");
	return g->reply ? SAYS("已回复，未完成", "replied, not done")
			: SAYS("待回复", "to be replied to");
}

static int put_guidance(void *ctx, const struct view_guidance *g)
{
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	jw_u64(w, g->seq);
	cell_choice(t, REC_LIST_GUIDE, g->kind);
	jw_str(w, g->title);
	cell_day(t, g->due);
	cell_says(t, guidance_state(g, t->r.ask.day));
	cell_day(t, g->reply ? g->replied : DAY_NONE);
	cell_entry(t, g->reply);
	cell_entry(t, g->closed);
	return cell_end(t);
}

static int rows_guidance(struct tabling *t)
{
	struct view_village v;
	int err = view_village_by_feed(t->r.ask.t, &t->r.ask.feed.id, &v);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err; /* not enrolled yet */
	return view_guidances(t->r.ask.t, t->r.ask.feed.no, bytes_str(v.code), put_guidance, t);
}

/* --- what is due ----------------------------------------------------------------------------------- */
static const struct column due_columns[] = {{"what", "事项", "what", false},
					    {"subject", "对象", "about", false},
					    {"covered", "已公示至", "posted to period end", false},
					    {"posted_from", "张贴自", "posted from", false},
					    {"posted_to", "张贴至", "posted to", false},
					    {"due", "期限", "due", false},
					    {"late", "逾期天数", "days overdue", true},
					    {"entry", "序号", "entry", true},
					    COLUMNS_END};

static int put_due(void *ctx, const struct due *d)
{
	struct tabling *t = ctx;
	struct jw *w = &t->r.w;

	jw_arr(w);
	cell_says(t, d->what);
	jw_str(w, d->subject);
	cell_day(t, d->covered);
	cell_day(t, d->posted_from);
	cell_day(t, d->posted_to);
	cell_day(t, d->due);
	jw_i64(w, due_late(d, t->r.ask.day));
	cell_entry(t, d->entry);
	return cell_end(t);
}

static int rows_due(struct tabling *t)
{
	return due_walk(t->r.ask.t, &t->r.ask.feed, put_due, t);
}

const struct table_def tables_work[] = {
	{"due", "到期事项", "what is due", due_columns, rows_due},
	{"objections", "异议", "objections", objections_columns, rows_objections},
	{"applications", "积分申报", "applications", applications_columns, rows_applications},
	{"deductions", "待确认的扣分", "deductions that wait", deductions_columns, rows_deductions},
	{"filings", "备案情况", "filings", filings_columns, rows_filings},
	{"notices", "公示情况", "notices", notices_columns, rows_notices},
	{"guidance", "镇指导督促", "guidance of the town", guidance_columns, rows_guidance},
	{NULL, NULL, NULL, NULL, NULL},
};
