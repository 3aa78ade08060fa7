#include <stdio.h>
#include <string.h>

#include "daemon/web/handlers.h"
#include "daemon/web/paper.h"
#include "lib/err.h"

/* --- what papers have in common ------------------------------------------------------------------- */
int paper_refuse(struct paper *p, const char *param, struct says message, struct says hint)
{
	reply_error(p->r->res, p->r->req->lang, 400, "PARAMETER", param, message, hint);
	return PAPER_ANSWERED;
}

int paper_lacks(struct paper *p, const char *code, const char *param, struct says message,
		struct says hint)
{
	reply_error(p->r->res, p->r->req->lang, 404, code, param, message, hint);
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

int paper_dated(struct paper *p)
{
	if (p->today != DAY_NONE)
		return ERR_OK;
	reply_error(p->r->res, p->r->req->lang, 409, "NO_CLOCK", NULL,
		    SAYS("这台电脑没有可信的日期，材料上无法写明日期",
			 "this computer has no date that could stand on the paper"),
		    SAYS("请校准电脑时间后再打印", "set its clock, then print again"));
	return PAPER_ANSWERED;
}

const char *paper_mark(const struct paper *p)
{
	if (p->training)
		return "培训数据　不作依据";
	return p->draft ? "草稿　未登记　不得张贴" : NULL;
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
	const struct says hint =
		SAYS("用 cunzhang register 查看序号", "cunzhang register shows the numbers");
	struct seek_entry s = {UINT64_MAX};
	int err;

	if (!reply_param_u64(p->r->req, p->r->res, "entry", INT64_MAX, &s.seq))
		return PAPER_ANSWERED;
	if (s.seq == UINT64_MAX)
		return paper_refuse(p, "entry", SAYS("缺少记录序号", "an entry is missing"), hint);
	err = view_listed(p->t, p->r->feed.no, type, s.seq, is_entry, &s);
	if (err < 0)
		return err;
	if (err != 1)
		return paper_lacks(p, "ENTRY_UNKNOWN", "entry",
				   SAYS("没有这条记录", "there is no such accepted entry"), hint);
	err = feedlog_payload(p->t, p->r->feed.no, s.seq, ret_payload);
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
	int err = view_doc(p->t, p->r->feed.no, VIEW_PRICES, version, &doc);

	if (!err)
		err = feedlog_payload(p->t, p->r->feed.no, doc.entry, &list);
	for (uint32_t i = 0; !err && i + 1 < list.nparts; i++) {
		if (rec_decode_line(type, &list, i, ret))
			return ERR_CORRUPT;
		if (ret->good.n == good.n && memcmp(ret->good.p, good.p, good.n) == 0)
			return ERR_OK;
	}
	return err ? err : ERR_NOTFOUND;
}

/* --- the answer ------------------------------------------------------------------------------------ */
static const struct paper_def {
	const char *name, *zh, *en;
	int (*make)(struct paper *p);
} papers[] = {
	{"notice", "公示", "notice", paper_notice},
	{"passbook", "积分手册", "passbook", paper_passbook},
	{"slip", "兑换单", "redemption slip", paper_slip},
	{"certificate", "荣誉证书", "certificate", paper_certificate},
	{"guide", "操作要点", "quick guide", paper_guide},
};
#define NPAPERS (sizeof(papers) / sizeof(papers[0]))

static const struct paper_def *paper_asked(const struct web_req *req, struct web_res *res)
{
	for (size_t i = 0; i < NPAPERS; i++)
		if (strcmp(papers[i].name, reply_last(req)) == 0)
			return &papers[i];
	reply_error(res, req->lang, 404, "PAPER_UNKNOWN", NULL,
		    SAYS("没有这种纸质材料", "there is no such paper"),
		    SAYS("可用：notice passbook slip certificate guide",
			 "there are: notice, passbook, slip, certificate, guide"));
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

int paper_open(struct paper *p, struct reading *r)
{
	struct feed_head town;
	struct view_town v;
	int err = feedlog_head(r->t, FEED_TOWN, &town);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	*p = (struct paper){.r = r, .t = r->t, .today = reply_today(r->s), .town_size = town.size};
	reading_label(r->t, &r->feed, p->village);
	err = view_town(r->t, &v);
	p->training = !err && domain_is_training(v.domain);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

void paper_close(struct paper *p)
{
	restate_close(&p->past);
	if (p->restating)
		p->r->s->restate_end(p->r->s->ctx);
	buf_close(&p->html);
	buf_close(&p->children);
}

static int make(struct paper *p, const struct paper_def *def)
{
	int err = def->make(p);

	if (!err)
		err = p->html.err ? p->html.err : p->children.err;
	return !err && p->page.leak ? refuse_leak(p) : err;
}

static void put_paper(struct paper *p, const struct paper_def *def)
{
	struct jw *w = &p->r->w;

	jw_kstr(w, "paper", def->name);
	jw_kstr(w, "title", says_in(SAYS(def->zh, def->en), p->r->req->lang));
	jw_kbool(w, "empty", p->empty);
	if (p->type)
		put_record(p, w);
	jw_key(w, "html");
	jw_strn(w, (const char *)p->html.p, p->html.n);
}

void api_paper(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	const struct paper_def *def = paper_asked(req, res);
	struct paper p = {0};
	struct reading r;
	int err;

	if (!def || !reading_begin(&r, s, req, res))
		return;
	err = paper_open(&p, &r);
	if (!err)
		err = make(&p, def);
	if (!err)
		put_paper(&p, def);
	paper_close(&p);
	if (err == PAPER_ANSWERED)
		kv_abort(r.t);
	else
		reading_end(&r, err);
}
