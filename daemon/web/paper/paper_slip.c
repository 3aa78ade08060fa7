#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/web/paper/paper.h"
#include "lib/err.h"

/* The slip that the receiver signs, and the certificate of an honour. */

/* --- redemption slip ------------------------------------------------------------------------------- */
struct slip {
	uint64_t seq;
	struct points before, after, total;
	bool found;
};

static int on_row(void *ctx, const struct statement_row *row)
{
	struct slip *s = ctx;

	s->after = row->balance;
	s->found = row->kind == POSTING_REDEEMED && points_neg(row->points, &s->total) &&
		   points_sub(row->balance, row->points, &s->before);
	return ERR_OK;
}

static int put_goods(struct paper *p, const struct rec_redemption *r, const struct payload *payload)
{
	const struct rec_type *t = rec_type_of(REC_redemption);
	struct rec_redemption_line l;
	struct rec_prices_line price;

	page_tag(&p->page,
		 "<table><thead><tr><th>物品</th><th>单位</th><th class=\"n\">数量</th>"
		 "<th class=\"n\">单价</th><th class=\"n\">积分</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i + 1 < payload->nparts; i++) {
		if (rec_decode_line(t, payload, i, &l))
			return ERR_CORRUPT;
		int err = paper_price(p, r->prices, l.good, &price);
		if (err)
			return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
		page_tag(&p->page, "<tr>");
		page_cell(&p->page, price.title);
		page_cell(&p->page, price.unit);
		page_cell_num(&p->page, qty_raw(l.quantity));
		page_cell_points(&p->page, price.price);
		page_cell_points(&p->page, l.points);
		page_tag(&p->page, "</tr>\n");
	}
	page_tag(&p->page, "</tbody></table>\n");
	return ERR_OK;
}

static void put_slip_head(struct paper *p, const struct rec_redemption *r,
			  const struct view_household *h, uint64_t seq)
{
	char text[240], day[DATE_TEXT_MAX];

	page_tag(&p->page, "<h1>");
	page_str(&p->page, p->village);
	page_tag(&p->page, "积分兑换单</h1>\n<p class=\"sub\">");
	snprintf(text, sizeof(text), "单号 %.*s　日期 %s %02u:%02u　记录第 %" PRIu64 " 条",
		 (int)r->slip.n, r->slip.p, day_text(r->day, day), (unsigned)(r->minute / 60),
		 (unsigned)(r->minute % 60), seq);
	page_str(&p->page, text);
	page_tag(&p->page, "</p>\n<p>");
	snprintf(text, sizeof(text), "户编号 %s　户主 %s　领取人 %.*s%s", h->household,
		 h->head_name, (int)r->receiver.n, r->receiver.p, r->member ? "" : "（代领）");
	page_str(&p->page, text);
	page_tag(&p->page, "</p>\n");
}

int paper_slip(struct paper *p)
{
	char total[AMOUNT_TEXT_MAX], before[AMOUNT_TEXT_MAX], after[AMOUNT_TEXT_MAX], text[160];
	struct slip s = {0};
	struct view_household h;
	struct rec_redemption r;
	struct payload payload;
	int err = paper_need_entry(p, REC_redemption, &s.seq, &r, &payload);

	if (err)
		return err;
	err = statement_account(p->t, p->ask->feed.no, r.household, s.seq, s.seq + 1, on_row, &s);
	if (err || !s.found)
		return err ? err : ERR_CORRUPT;
	err = view_household(p->t, p->ask->feed.no, r.household, &h);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	page_begin(&p->page, &p->html, "积分兑换单", false, paper_mark(p));
	put_slip_head(p, &r, &h, s.seq);
	err = put_goods(p, &r, &payload);
	snprintf(text, sizeof(text), "合计 %s 分　兑换前余额 %s 分　兑换后余额 %s 分",
		 points_text(s.total, total), points_text(s.before, before),
		 points_text(s.after, after));
	page_tag(&p->page, "<p>");
	page_str(&p->page, text);
	page_tag(&p->page,
		 "</p>\n<div class=\"sign\"><span>领取人签字：____________</span>"
		 "<span>管理员：____________</span><span>见证人：____________</span></div>\n");
	page_end(&p->page);
	return err;
}

/* --- certificate ----------------------------------------------------------------------------------- */
struct person {
	uint64_t member;
	char name[65];
};

static int on_member(void *ctx, const struct view_member *m)
{
	struct person *w = ctx;

	if (m->member != w->member)
		return 0;
	snprintf(w->name, sizeof(w->name), "%s", m->name);
	return 1;
}

int paper_certificate(struct paper *p)
{
	struct view_household h;
	struct person who = {0};
	struct payload payload;
	struct rec_honour r;
	char text[400], day[DATE_TEXT_MAX];
	uint64_t seq;
	int err = paper_need_entry(p, REC_honour, &seq, &r, &payload);

	if (!err)
		err = view_household(p->t, p->ask->feed.no, r.household, &h);
	if (err)
		return err;
	snprintf(who.name, sizeof(who.name), "%s", h.head_name);
	who.member = r.member;
	if (r.member)
		err = view_members(p->t, p->ask->feed.no, r.household, on_member, &who);
	if (err < 0)
		return err;
	page_begin(&p->page, &p->html, "荣誉证书", false, paper_mark(p));
	page_tag(&p->page, "<div class=\"cert\"><h1>荣誉证书</h1><p>");
	page_str(&p->page, who.name);
	page_str(&p->page, r.member ? "：" : "户：");
	page_tag(&p->page, "</p><p>");
	snprintf(text, sizeof(text),
		 "在 %" PRIu64 " 年度乡村治理积分评选中，被评为“%.*s”。特发此证，以资鼓励。",
		 r.year, (int)r.title.n, r.title.p);
	page_str(&p->page, text);
	page_tag(&p->page, "</p><p class=\"right\">");
	paper_committee(p);
	page_tag(&p->page, "</p><p class=\"right\">");
	page_own(&p->page, day_text(r.day, day));
	page_tag(&p->page, "</p></div>\n<p class=\"small right\">");
	snprintf(text, sizeof(text), "证书编号 %.*s　村账第 %" PRIu64 " 条", (int)r.certificate.n,
		 r.certificate.p, seq);
	page_str(&p->page, text);
	page_tag(&p->page, "</p>\n");
	page_end(&p->page);
	return p->html.err;
}
