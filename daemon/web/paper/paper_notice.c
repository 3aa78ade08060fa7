#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/notice_figures.h"
#include "daemon/ledger/state/as_of.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/read_filing.h"
#include "daemon/web/paper/paper.h"
#include "lib/err.h"
#include "lib/look.h"
#include "lib/text.h"
#include "proto/noticecode.h"

/* Notices for the board (R46, R77): awards by household with masked names, deductions as totals only, a
 * check code that ties the figures to the feed. */

/* What was true when it was made and is not now stands on the page as it did. */
static struct reader then(const struct paper *p)
{
	return as_of(p->t, p->ask->feed.no, p->record.notice.size);
}

/* --- head and foot --------------------------------------------------------------------------------- */
static void put_period(struct paper *p, const char *before)
{
	char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX];

	page_tag(&p->page, "<p class=\"sub\">");
	page_own(&p->page, before);
	page_own(&p->page, day_text(p->record.notice.from, from));
	page_own(&p->page, " 至 ");
	page_own(&p->page, day_text(p->record.notice.to, to));
	page_tag(&p->page, "</p>\n");
}

static void begin(struct paper *p, const char *title)
{
	char text[160];

	snprintf(text, sizeof(text), "%s%s", p->village, title);
	page_begin(&p->page, &p->html, text, true, paper_mark(p));
	p->page.children = buf_bytes(&p->children);
	page_tag(&p->page, "<h1>");
	page_str(&p->page, p->village);
	page_own(&p->page, title);
	page_tag(&p->page, "</h1>\n");
}

static void put_code(struct paper *p)
{
	const struct rec_notice *n = &p->record.notice;
	char feed[17], root[17], text[120];

	hash_hex(&p->ask->feed.id, 16, feed);
	hash_hex(&p->root, 16, root);
	notice_code(&p->ask->feed.id, n, p->code);
	page_tag(&p->page, "<div class=\"box\"><p>核对码 <span class=\"code\">");
	page_own(&p->page, p->code);
	page_tag(&p->page, "</span></p><p class=\"small\">");
	snprintf(text, sizeof(text), "本村日志 %s，前 %" PRIu64 " 条，日志根 %s……", feed, n->size,
		 root);
	page_own(&p->page, text);
	page_own(&p->page, "。任何人可凭核对码在村、镇任一节点核对上列数字。");
	page_tag(&p->page, "</p></div>\n");
}

static int put_foot(struct paper *p)
{
	struct rec_scheme scheme;
	char text[200], day[DATE_TEXT_MAX];

	const struct reader r = then(p);
	int err = read_scheme_on(&r, p->record.notice.day, &scheme);

	if (err)
		return err;
	snprintf(text, sizeof(text),
		 "公示期不少于 %" PRIu64 " 天。如有异议，请在公示后 %" PRIu64
		 " 天内向村务监督委员会提出，%" PRIu64 " 个工作日内答复。",
		 scheme.notice_days, scheme.object_days, scheme.answer_days);
	page_tag(&p->page, "<p>");
	page_own(&p->page, text);
	page_tag(&p->page, "</p>\n");
	if (!p->draft)
		put_code(p);
	page_tag(&p->page, "<div class=\"sign\"><span>监督电话：__________________</span><span>");
	paper_committee(p);
	page_tag(&p->page, "（盖章）</span></div><p class=\"right\">");
	page_own(&p->page, day_text(p->record.notice.day, day));
	page_tag(&p->page, "</p>\n");
	page_end(&p->page);
	return ERR_OK;
}

/* --- children -------------------------------------------------------------------------------------- */
static int on_child(void *ctx, const struct view_member *m)
{
	struct paper *p = ctx;
	int age = day_years_between(m->birth, p->record.notice.day);
	struct look look;

	look_of(bytes_str(m->name), &look);
	/* one character alone is a word like any other */
	if (m->birth == DAY_NONE || age < 0 || age >= PAPER_CHILD_AGE ||
	    utf8_count((const char *)look.b, look.n) < 2)
		return ERR_OK;
	buf_put(&p->children, look.b, look.n);
	return buf_put_u8(&p->children, 0);
}

static int on_household(void *ctx, const struct view_household *h)
{
	struct paper *p = ctx;

	const struct reader r = then(p);

	return view_members_at(&r, bytes_str(h->household), on_child, p);
}

/* The head of a household as it may be posted: masked; not named when it is a child. */
static void put_family(struct paper *p, const struct view_household *h)
{
	struct look look;

	look_of(bytes_str(h->head_name), &look);
	for (size_t at = 0; at < p->children.n;) {
		struct bytes name = bytes_str((const char *)p->children.p + at);

		if (bytes_eq(name, look_bytes(&look))) {
			page_own(&p->page, "（家庭）");
			return;
		}
		at += name.n + 1;
	}
	page_masked(&p->page, h->head_name);
}

/* --- assessment results ---------------------------------------------------------------------------- */
static int put_household_row(struct paper *p, const struct report_row *row, uint64_t n)
{
	const struct reader r = then(p);
	struct view_household h;
	int err = view_household_at(&r, bytes_str(row->key), &h);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	page_tag(&p->page, "<tr>");
	page_cell_num(&p->page, (int64_t)n);
	page_cell_str(&p->page, h.group);
	page_tag(&p->page, "<td>");
	page_str(&p->page, h.household);
	page_tag(&p->page, "</td><td>");
	put_family(p, &h);
	page_tag(&p->page, "</td>");
	page_cell_num(&p->page, row->awards);
	page_cell_points(&p->page, row->plus);
	page_tag(&p->page, "</tr>\n");
	return ERR_OK;
}

static void put_totals(struct paper *p, const struct report_row *total)
{
	char plus[AMOUNT_TEXT_MAX], minus[AMOUNT_TEXT_MAX], text[240];

	snprintf(text, sizeof(text), "合计：%" PRIu64 " 户，加分 %" PRId64 " 条，共 %s 分。",
		 p->record.notice.lines, total->awards, points_text(total->plus, plus));
	page_tag(&p->page, "<p>");
	page_own(&p->page, text);
	snprintf(text, sizeof(text),
		 "扣分 %" PRId64 " 条，共 %s 分；扣分已逐户告知，按规定只公布合计。",
		 total->deductions, points_text(total->minus, minus));
	page_own(&p->page, text);
	page_tag(&p->page, "</p>\n");
}

static int assessment(struct paper *p)
{
	struct report rep;
	uint64_t households = 0;
	int err = notice_assessed(p->t, p->ask->feed.no, &p->record.notice, &rep);

	begin(p, "积分评定结果公示");
	put_period(p, "确认日期：");
	page_tag(&p->page, "<table><thead><tr><th class=\"n\">序号</th><th>组</th><th>户编号</th>"
			   "<th>户主</th><th class=\"n\">加分条数</th><th class=\"n\">加分</th>"
			   "</tr></thead><tbody>\n");
	for (uint32_t i = 0; i < rep.n && !err; i++)
		if (notice_names(&rep.row[i]))
			err = put_household_row(p, &rep.row[i], ++households);
	page_tag(&p->page, "</tbody></table>\n");
	put_totals(p, &rep.total);
	report_close(&rep);
	return err;
}

/* --- redemptions ----------------------------------------------------------------------------------- */
static void put_goods(struct paper *p, const struct statement_row *m)
{
	const struct rec_type *t = rec_type_of(REC_redemption);
	struct rec_redemption_line l;
	struct rec_prices_line price;
	char count[AMOUNT_TEXT_MAX];

	page_tag(&p->page, "<td>");
	for (uint32_t i = 0; i + 1 < m->payload->nparts; i++) {
		if (rec_decode_line(t, m->payload, i, &l))
			continue;
		if (i)
			page_own(&p->page, "、");
		if (paper_price(p, m->redemption->prices, l.good, &price))
			page_text(&p->page, l.good);
		else
			page_text(&p->page, price.title);
		snprintf(count, sizeof(count), "×%" PRId64, qty_raw(l.quantity));
		page_own(&p->page, count);
	}
	page_tag(&p->page, "</td>");
}

static int put_redemption(void *ctx, const struct statement_row *m)
{
	struct paper *p = ctx;
	const struct reader r = then(p);
	struct view_household h;
	struct points p_row;
	int err = view_household_at(&r, m->household, &h);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (!points_neg(m->points, &p_row))
		return ERR_CORRUPT;
	page_tag(&p->page, "<tr>");
	page_cell_day(&p->page, m->redemption->day);
	page_cell_str(&p->page, h.group);
	page_tag(&p->page, "<td>");
	page_str(&p->page, h.household);
	page_tag(&p->page, "</td><td>");
	put_family(p, &h);
	page_tag(&p->page, "</td>");
	put_goods(p, m);
	page_cell_points(&p->page, p_row);
	page_tag(&p->page, "</tr>\n");
	return ERR_OK;
}

static int redemptions(struct paper *p)
{
	const struct rec_notice *n = &p->record.notice;
	char text[200], plus[AMOUNT_TEXT_MAX], minus[AMOUNT_TEXT_MAX];
	int err;

	begin(p, "积分兑换情况公示");
	put_period(p, "办理日期：");
	page_tag(&p->page, "<table><thead><tr><th>日期</th><th>组</th><th>户编号</th><th>户主</th>"
			   "<th>物品</th><th class=\"n\">积分</th></tr></thead><tbody>\n");
	err = notice_redeemed(p->t, p->ask->feed.no, n, put_redemption, p);
	page_tag(&p->page, "</tbody></table>\n");
	snprintf(text, sizeof(text), "合计：%" PRIu64 " 笔，兑换 %s 分，冲正退回 %s 分。", n->lines,
		 points_text(n->plus, plus), points_text(n->minus, minus));
	page_tag(&p->page, "<p>");
	page_own(&p->page, text);
	page_tag(&p->page, "</p>\n");
	return err;
}

/* --- catalogue ------------------------------------------------------------------------------------- */
static const char *label_zh(enum rec_list list, uint32_t i)
{
	return i < rec_lists[list].n ? rec_lists[list].v[i].zh : "";
}

/* The documents of a village are shown with their filing: not filed must be visible. */
static void put_filing(struct paper *p, enum doc_kind kind, uint64_t version)
{
	struct view_filing f;
	char text[160];
	int err = view_filing(p->t, p->ask->feed.no, kind, version, p->record.notice.town, &f);

	snprintf(text, sizeof(text), "版本 %" PRIu64 "，", version);
	page_tag(&p->page, "<p class=\"sub\">");
	page_own(&p->page, text);
	/* nobody submits again what was accepted, so what was submitted later was not accepted then */
	if (err || f.state != FILING_ACCEPTED || f.submission >= p->record.notice.size) {
		page_own(&p->page, "未备案");
	} else {
		page_own(&p->page, "镇乡村振兴办备案号：");
		page_text(&p->page, f.text);
	}
	page_tag(&p->page, "</p>\n");
}

static int put_item(void *ctx, const struct view_village_item *i)
{
	static const char *const symbols[] = {"", "新增", "调整", "取消"};
	const struct rec_catalogue_line *l = &i->line;
	struct paper *p = ctx;
	struct points signed_points = l->points;

	if (l->sign == SIGN_deduct && !points_neg(l->points, &signed_points))
		return ERR_CORRUPT;
	page_tag(&p->page, "<tr>");
	page_cell(&p->page, l->code);
	page_cell_own(&p->page, label_zh(REC_LIST_CATEGORY, l->category));
	page_cell(&p->page, l->name_zh);
	page_cell_points(&p->page, signed_points);
	page_cell_own(&p->page, label_zh(REC_LIST_UNIT, l->unit));
	if (points_raw(l->cap))
		page_cell_points(&p->page, l->cap);
	else
		page_cell_own(&p->page, "不限");
	page_cell_own(&p->page, label_zh(REC_LIST_SCOPE, l->scope));
	page_cell(&p->page, l->evidence);
	page_cell_own(&p->page, symbols[i->change]);
	page_tag(&p->page, "</tr>\n");
	return ERR_OK;
}

static int catalogue(struct paper *p)
{
	uint64_t version;
	const struct reader r = then(p);
	int err = read_catalogue_on(&r, p->record.notice.to, &version);

	if (err)
		return err;
	begin(p, "积分事项清单公示");
	put_filing(p, DOC_CATALOGUE, version);
	page_tag(&p->page,
		 "<table class=\"small\"><thead><tr><th>编码</th><th>类别</th><th>事项</th>"
		 "<th class=\"n\">分值</th><th>单位</th><th class=\"n\">年度上限</th>"
		 "<th>对象</th><th>证明材料</th><th>变动</th></tr></thead><tbody>\n");
	err = view_village_catalogue(p->t, p->ask->feed.no, version, put_item, p);
	page_tag(&p->page, "</tbody></table>\n");
	return err;
}

/* --- reward scheme --------------------------------------------------------------------------------- */
static void put_parameter(struct paper *p, const char *name, const char *value)
{
	page_tag(&p->page, "<tr>");
	page_cell_own(&p->page, name);
	page_cell_own(&p->page, value);
	page_tag(&p->page, "</tr>\n");
}

static void put_parameters(struct paper *p, const struct rec_scheme *s)
{
	char a[AMOUNT_TEXT_MAX], b[AMOUNT_TEXT_MAX], text[120];

	page_tag(&p->page, "<table><tbody>\n<tr>");
	page_cell_own(&p->page, "方案名称");
	page_cell(&p->page, s->title);
	page_tag(&p->page, "</tr>\n");
	snprintf(text, sizeof(text), "%s 分兑 %s 元", points_text(s->rate_points, a),
		 fen_text(s->rate, b));
	put_parameter(p, "兑付标准", text);
	put_parameter(p, "起兑积分", points_text(s->threshold, a));
	put_parameter(p, "单次兑换上限",
		      points_raw(s->redeem_cap) ? points_text(s->redeem_cap, a) : "不限");
	put_parameter(p, "年度兑换上限",
		      points_raw(s->year_cap) ? points_text(s->year_cap, a) : "不限");
	snprintf(text, sizeof(text), "告知后 %" PRIu64 " 天", s->notified_days);
	put_parameter(p, "扣分确认", text);
	page_tag(&p->page, "<tr>");
	page_cell_own(&p->page, "适用范围");
	page_cell(&p->page, s->scope);
	page_tag(&p->page, "</tr></tbody></table>\n");
}

/* What points are good for, as the village decided. */
static int put_rewards(struct paper *p, uint64_t entry)
{
	const struct rec_type *type = rec_type_of(REC_scheme);
	struct rec_scheme_line l;
	struct payload list;
	int err = feedlog_payload(p->t, p->ask->feed.no, entry, &list);

	page_tag(&p->page,
		 "<h2>奖励事项</h2><table><thead><tr><th>类型</th><th>奖励</th><th>说明</th>"
		 "</tr></thead><tbody>\n");
	for (uint32_t i = 0; !err && i + 1 < list.nparts; i++) {
		if (rec_decode_line(type, &list, i, &l))
			return ERR_CORRUPT;
		page_tag(&p->page, "<tr>");
		page_cell_own(&p->page, label_zh(REC_LIST_REWARD, l.kind));
		page_cell(&p->page, l.name);
		page_cell(&p->page, l.note);
		page_tag(&p->page, "</tr>\n");
	}
	page_tag(&p->page, "</tbody></table>\n");
	return err;
}

static int put_price(void *ctx, const struct rec_prices_line *l)
{
	struct paper *p = ctx;

	page_tag(&p->page, "<tr>");
	page_cell(&p->page, l->good);
	page_cell(&p->page, l->title);
	page_cell_own(&p->page, label_zh(REC_LIST_GOODS, l->class));
	page_cell(&p->page, l->unit);
	page_cell_points(&p->page, l->price);
	page_tag(&p->page, "</tr>\n");
	return ERR_OK;
}

static int scheme(struct paper *p)
{
	const struct reader r = then(p);
	day_t day = p->record.notice.to;
	struct document doc;
	struct rec_scheme s;
	int err = read_document_on(&r, DOC_SCHEME, day, &doc);

	if (!err)
		err = read_scheme_on(&r, day, &s);
	if (err)
		return err;
	begin(p, "积分奖励方案公示");
	put_filing(p, DOC_SCHEME, doc.version);
	put_parameters(p, &s);
	err = put_rewards(p, doc.entry);
	if (err)
		return err;
	page_tag(&p->page,
		 "<h2>兑换价目</h2><table><thead><tr><th>编码</th><th>物品</th><th>类别</th>"
		 "<th>单位</th><th class=\"n\">积分</th></tr></thead><tbody>\n");
	err = read_document_on(&r, DOC_PRICES, day, &doc);
	if (!err)
		err = read_prices(&r, &doc, put_price, p);
	page_tag(&p->page, "</tbody></table>\n");
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* --- which ----------------------------------------------------------------------------------------- */
static int notice_kind(struct paper *p, uint32_t *ret)
{
	const struct rec_choices *l = &rec_lists[REC_LIST_NOTICE];
	const char *kind = ask_param(p->ask, "kind");

	for (*ret = 0; kind && *ret < l->n; ++*ret)
		if (strcmp(l->v[*ret].name, kind) == 0)
			return ERR_OK;
	return paper_refuse(p, "kind", SAYS("不认识这种公示", "there is no such notice"),
			    SAYS("可用：assessment redemption catalogue scheme",
				 "there are: assessment, redemption, catalogue, scheme"));
}

static int notice_wish(struct paper *p)
{
	struct rec_notice *n = &p->record.notice;
	int err = notice_kind(p, &n->kind);

	if (!err)
		err = paper_dated(p);
	n->day = n->to = p->ask->day;
	if (!err)
		err = paper_need_day(p, "to", &n->to);
	n->from = n->to;
	if (!err && (n->kind == NOTICE_assessment || n->kind == NOTICE_redemption)) {
		n->from = DAY_NONE;
		err = paper_need_day(p, "from", &n->from);
	}
	if (!err && n->to < n->from)
		err = paper_refuse(p, "to",
				   SAYS("结束日期早于开始日期", "the end is before the start"),
				   SAYS(NULL, NULL));
	n->size = p->ask->feed.size;
	n->town = p->town_size;
	return err;
}

/* Of what is published by version, none is in force. */
static int lacks(struct paper *p)
{
	const struct says catalogue_none = SAYS("该日没有生效的积分清单",
						"no catalogue is in force on that day"),
			  scheme_none = SAYS("该日没有生效的积分奖励方案",
					     "no reward scheme is in force on that day");
	bool is_catalogue = p->record.notice.kind == NOTICE_catalogue;

	return paper_lacks(p, "NOT_IN_FORCE", "to", is_catalogue ? catalogue_none : scheme_none,
			   is_catalogue ? SAYS("请先采用清单", "adopt one first")
					: SAYS("请先录入方案", "record one first"));
}

static int put_page(struct paper *p)
{
	int err = ERR_INVALID;

	switch ((enum rec_choice_NOTICE)p->record.notice.kind) {
	case NOTICE_assessment: err = assessment(p); break;
	case NOTICE_redemption: err = redemptions(p); break;
	case NOTICE_catalogue: err = catalogue(p); break;
	case NOTICE_scheme: err = scheme(p); break;
	}
	return err ? err : put_foot(p);
}

int paper_notice_make(struct paper *p)
{
	struct rec_notice *n = &p->record.notice;
	const struct reader r = then(p);
	int err = feedlog_root(p->t, p->ask->feed.no, n->size, &p->root);

	if (!err)
		err = view_households_at(&r, on_household, p); /* its children */
	if (err)
		return err;
	n->root = kv_bytes(p->root.b, HASH_BYTES);
	n->digest = kv_bytes(p->digest.b, HASH_BYTES);
	err = notice_figures(p->t, p->ask->feed.no, n);
	if (err)
		return err == ERR_NOTFOUND ? lacks(p) : err;
	view_feed_label(p->t, &p->ask->feed, p->village);
	p->empty = n->lines == 0 && points_cmp(n->minus, POINTS_ZERO) == 0;
	return put_page(p);
}

/* A new one to be recorded, or only looked at (@draft), or (@entry) one that was recorded, byte for byte. */
int paper_notice(struct paper *p)
{
	struct payload payload;
	uint64_t seq, draft = 0;
	int err;

	if (ask_param(p->ask, "entry")) {
		err = paper_need_entry(p, REC_notice, &seq, &p->record.notice, &payload);
	} else {
		err = ask_u64(p->ask, "draft", 1, &draft);
		if (err)
			return err;
		p->draft = draft;
		p->type = draft ? 0 : REC_notice;
		err = notice_wish(p);
	}
	return err ? err : paper_notice_make(p);
}
