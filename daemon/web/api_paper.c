#include <stdio.h>
#include <string.h>

#include "daemon/web/handlers.h"
#include "daemon/web/paper.h"
#include "lib/err.h"
#include "lib/text.h"

/* --- what papers have in common ------------------------------------------------------------------- */
int paper_refuse(struct paper *p, const char *param, struct says message, struct says hint)
{
	reply_error(p->r->res, p->r->req->lang, 400, "PARAMETER", param, message, hint);
	return PAPER_ANSWERED;
}

int paper_need_day(struct paper *p, const char *name, day_t *ret)
{
	if (!reply_param_day(p->r->req, p->r->res, name, ret))
		return PAPER_ANSWERED;
	if (*ret != DAY_NONE)
		return ERR_OK;
	return paper_refuse(p, name, SAYS("缺少日期", "a day is missing"),
			    SAYS("如 2025-01-31", "like 2025-01-31"));
}

struct seek_entry {
	uint64_t seq;
};

/* The first at or after the one sought. */
static int is_entry(void *ctx, uint64_t seq)
{
	return seq == ((struct seek_entry *)ctx)->seq ? 1 : 2;
}

int paper_need_entry(struct paper *p, enum rec_code type, uint64_t *ret_seq, void *ret_head,
		     struct payload *ret_payload)
{
	struct seek_entry s = {UINT64_MAX};
	int err;

	if (!reply_param_u64(p->r->req, p->r->res, "entry", INT64_MAX, &s.seq))
		return PAPER_ANSWERED;
	err = view_listed(p->r->t, p->r->feed.no, type, s.seq, is_entry, &s);
	if (err != 1) {
		reply_error(p->r->res, p->r->req->lang, s.seq == UINT64_MAX ? 400 : 404,
			    "ENTRY_UNKNOWN", "entry",
			    SAYS("没有这条记录", "there is no such accepted entry"),
			    SAYS("用 cunzhang register 查看序号",
				 "cunzhang register shows the numbers"));
		return PAPER_ANSWERED;
	}
	err = feedlog_payload(p->r->t, p->r->feed.no, s.seq, ret_payload);
	if (!err && rec_decode_head(rec_type_of((uint16_t)type), ret_payload, ret_head))
		err = ERR_CORRUPT;
	*ret_seq = s.seq;
	return err;
}

int paper_price(struct paper *p, uint64_t version, struct bytes good, struct rec_prices_line *ret)
{
	const struct rec_type *type = rec_type_of(REC_prices);
	struct view_doc doc;
	struct payload list;
	int err = view_doc(p->r->t, p->r->feed.no, VIEW_PRICES, version, &doc);

	if (!err)
		err = feedlog_payload(p->r->t, p->r->feed.no, doc.entry, &list);
	for (uint32_t i = 0; !err && i + 1 < list.nparts; i++) {
		if (rec_decode_line(type, &list, i, ret))
			return ERR_CORRUPT;
		if (ret->good.n == good.n && memcmp(ret->good.p, good.p, good.n) == 0)
			return ERR_OK;
	}
	return err ? err : ERR_NOTFOUND;
}

/* --- children -------------------------------------------------------------------------------------- */
static int on_child(void *ctx, const struct view_member *m)
{
	struct paper *p = ctx;
	int age = day_years_between(m->birth, p->today);

	/* one character alone is a word like any other */
	if (m->birth == DAY_NONE || p->today == DAY_NONE || age < 0 || age >= PAPER_CHILD_AGE ||
	    utf8_count(m->name, strlen(m->name)) < 2)
		return ERR_OK;
	return buf_put(&p->children, m->name, strlen(m->name) + 1);
}

static int on_household(void *ctx, const struct view_household *h)
{
	struct paper *p = ctx;

	return view_members(p->r->t, p->r->feed.no, kv_bytes(h->household, strlen(h->household)),
			    on_child, p);
}

int paper_children(struct paper *p)
{
	return view_households(p->r->t, p->r->feed.no, on_household, p);
}

void paper_head(struct paper *p, const struct view_household *h)
{
	const char *name = (const char *)p->children.p, *end = name + p->children.n;

	for (; name < end; name += strlen(name) + 1)
		if (strcmp(name, h->head_name) == 0) {
			page_str(&p->page, "（家庭）");
			return;
		}
	page_masked(&p->page, h->head_name);
}

/* --- the answer ------------------------------------------------------------------------------------ */
static const struct paper_def {
	const char *name, *zh, *en;
	int (*make)(struct paper *p);
	bool posted;
} papers[] = {
	{"notice", "公示", "notice", paper_notice, true},
	{"passbook", "积分手册", "passbook", paper_passbook, false},
	{"slip", "兑换单", "redemption slip", paper_slip, false},
	{"certificate", "荣誉证书", "certificate", paper_certificate, false},
};
#define NPAPERS (sizeof(papers) / sizeof(papers[0]))

static const struct paper_def *paper_asked(const struct web_req *req, struct web_res *res)
{
	for (size_t i = 0; i < NPAPERS; i++)
		if (strcmp(papers[i].name, reply_last(req)) == 0)
			return &papers[i];
	reply_error(res, req->lang, 404, "PAPER_UNKNOWN", NULL,
		    SAYS("没有这种纸质材料", "there is no such paper"),
		    SAYS("可用：notice passbook slip certificate",
			 "there are: notice, passbook, slip, certificate"));
	return NULL;
}

static int refuse_leak(struct paper *p)
{
	static const struct says what[] = {
		[PRIVACY_NONE] = {"", ""},
		[PRIVACY_ID] = {"身份证号", "an identity number"},
		[PRIVACY_PHONE] = {"手机号", "a phone number"},
		[PRIVACY_CARD] = {"银行卡号", "a bank card number"},
		[PRIVACY_CHILD] = {"未满 14 周岁者的姓名", "the name of a child under 14"},
	};
	char zh[200], en[200];

	snprintf(zh, sizeof(zh), "公示内容含%s，不得张贴（N03）：%s", what[p->page.leak].zh,
		 p->page.where);
	snprintf(en, sizeof(en), "the notice holds %s and must not be posted (N03): %s",
		 what[p->page.leak].en, p->page.where);
	reply_error(p->r->res, p->r->req->lang, 422, "PRIVACY", NULL, SAYS(zh, en),
		    SAYS("请更正来源记录（如方案、价目或事项名称）后重新生成",
			 "correct the record that it comes from (scheme, prices, items), then make "
			 "it again"));
	return PAPER_ANSWERED;
}

static void put_record(struct paper *p, struct jw *w)
{
	const struct rec_type *t = rec_type_of(p->type);

	hash_of(p->html.p, p->html.n, &p->digest);
	jw_kstr(w, "record_type", t->name);
	jw_key(w, "record");
	jw_obj(w);
	rec_json(w, t->head, t->nhead, &p->record, REC_PRIVATE);
	jw_obj_end(w);
	if (p->code[0])
		jw_kstr(w, "code", p->code);
}

static int make(struct paper *p, const struct paper_def *def)
{
	int err = ERR_OK;

	if (def->posted)
		err = paper_children(p);
	if (!err)
		err = def->make(p);
	if (!err)
		err = p->html.err ? p->html.err : p->children.err;
	return !err && p->page.leak ? refuse_leak(p) : err;
}

void api_paper(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const struct paper_def *def = paper_asked(req, res);
	struct reading r;
	struct paper p = {.r = &r, .today = reply_today(s)};
	struct view_town town;
	int err;

	if (!def || !reading_begin(&r, s, req, res))
		return;
	reading_label(r.t, &r.feed, p.village);
	p.training = !view_town(r.t, &town) && domain_is_training(town.domain);
	err = make(&p, def);
	if (!err) {
		jw_kstr(&r.w, "paper", def->name);
		jw_kstr(&r.w, "title", req->lang == LANG_EN ? def->en : def->zh);
		if (p.type)
			put_record(&p, &r.w);
		jw_key(&r.w, "html");
		jw_strn(&r.w, (const char *)p.html.p, p.html.n);
	}
	buf_close(&p.html);
	buf_close(&p.children);
	if (err == PAPER_ANSWERED)
		kv_abort(r.t);
	else
		reading_end(&r, err);
}
