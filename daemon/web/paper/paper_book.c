#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/view.h"
#include "daemon/ledger/state/read_registers.h"
#include "daemon/web/paper/paper.h"
#include "lib/err.h"

/* The passbook of a household (R58): it continues where the last print ended, on the same page of the
 * booklet, like a bank's. */
#define BOOK_LINES 22 /* on a page */

struct book {
	struct paper *p;
	struct bytes household;
	uint64_t upto;	  /* postings by entries before this one are in the booklet */
	uint64_t printed; /* lines in the booklet */
	uint64_t lines;	  /* so far */
};

/* --- the page -------------------------------------------------------------------------------------- */
/* What is on the paper already keeps its place, unseen. */
static void put_table_head(struct page *p, bool there)
{
	page_tag(p, there ? "<table class=\"book hide\">" : "<table class=\"book\">");
	page_tag(
		p,
		"<colgroup><col style=\"width:21mm\"><col><col style=\"width:16mm\">"
		"<col style=\"width:16mm\"><col style=\"width:18mm\"><col style=\"width:11mm\">"
		"<col style=\"width:19mm\"></colgroup><thead><tr><th>日期</th><th>摘要</th>"
		"<th class=\"n\">收（+）</th><th class=\"n\">支（－）</th><th class=\"n\">余额</th>"
		"<th class=\"n\">序号</th><th>经办</th></tr></thead></table>\n");
}

static void put_rows(struct page *p)
{
	page_tag(p, "<table class=\"book\"><colgroup><col style=\"width:21mm\"><col>"
		    "<col style=\"width:16mm\"><col style=\"width:16mm\"><col style=\"width:18mm\">"
		    "<col style=\"width:11mm\"><col style=\"width:19mm\"></colgroup><tbody>\n");
}

static void put_page_break(struct page *p)
{
	page_tag(p, "</td></tr>\n</tbody></table><div style=\"break-after:page\"></div>\n");
	put_table_head(p, false);
	put_rows(p);
}

static void put_printed(struct page *p, uint64_t lines)
{
	for (uint64_t i = 0; i < lines % BOOK_LINES; i++)
		page_tag(p, "<tr class=\"gap\"><td colspan=\"7\">&nbsp;</td></tr>\n");
}

static void put_text(struct page *p, const struct statement_row *m)
{
	switch (m->kind) {
	case POSTING_LINE: page_str(p, m->item->name); return;
	case POSTING_REVERSAL:
		page_own(p, "冲正：");
		page_str(p, m->item->name);
		return;
	case POSTING_REDEEMED:
		page_own(p, "兑换，单号 ");
		page_text(p, m->redemption->slip);
		return;
	case POSTING_RETURNED:
		page_own(p, "兑换冲正，单号 ");
		page_text(p, m->redemption->slip);
		return;
	case POSTING_OUT: page_own(p, "转出至户 "); break;
	case POSTING_IN: page_own(p, "转入自户 "); break;
	}
	page_text(p, m->other);
}

static void put_line(struct page *p, const struct statement_row *m)
{
	bool minus = points_cmp(m->points, POINTS_ZERO) < 0;
	struct points size = m->points;

	if (minus && !points_neg(m->points, &size))
		size = POINTS_ZERO;
	page_tag(p, "<tr>");
	page_cell_day(p, m->points_line ? m->points_line->day : m->booked);
	page_tag(p, "<td>");
	put_text(p, m);
	page_tag(p, "</td>");
	if (minus)
		page_cell_str(p, "");
	page_cell_points(p, size);
	if (!minus)
		page_cell_str(p, "");
	page_cell_points(p, m->balance);
	page_cell_num(p, (int64_t)m->seq);
	page_tag(p,
		 "<td class=\"small\">"); /* closed when the next line is known, or with the code */
}

static int on_row(void *ctx, const struct statement_row *row)
{
	struct book *b = ctx;

	if (b->lines > b->printed)
		b->lines % BOOK_LINES ? page_tag(&b->p->page, "</td></tr>\n")
				      : put_page_break(&b->p->page);
	put_line(&b->p->page, row);
	b->lines++;
	return b->p->html.err;
}

static int on_correction(void *ctx, const void *row)
{
	const struct row_corrections *c = row;
	struct page *p = ctx;
	char text[DATE_TEXT_MAX];

	page_tag(p, "<p class=\"small sub\">");
	page_own(p, "登记更正 ");
	page_own(p, day_text(c->day, text));
	page_own(p, "：");
	page_text(p, c->what);
	page_own(p, " ");
	page_text(p, c->former);
	page_own(p, " → ");
	page_text(p, c->now);
	page_tag(p, "</p>\n");
	return p->out->err;
}

/* What was corrected about its people, so that an older booklet can be told from this one. */
static int put_corrections(struct paper *p)
{
	struct ask a = *p->ask;

	a.lang = LANG_ZH; /* as the whole booklet */
	return view_each(&a, &views[VIEW_corrections], on_correction, &p->page);
}

static void put_cover(struct paper *p, const struct view_household *h, const struct passbook *k,
		      bool there)
{
	char text[200];

	page_tag(&p->page, there ? "<div class=\"hide\"><h1>" : "<div><h1>");
	page_str(&p->page, p->village);
	page_tag(&p->page, "积分手册</h1>\n<p class=\"sub\">");
	snprintf(text, sizeof(text), "手册编号 %s　户编号 %s　%s 组　户主 %s　%" PRIu32 " 人",
		 k->number, h->household, h->group, h->head_name, h->npresent);
	page_str(&p->page, text);
	page_tag(&p->page, "</p>\n<p class=\"small sub\">积分以村账为准，手册为其副本；遗失可补发。"
			   "有疑问请向村务监督委员会提出。</p></div>\n");
}

/* Behind the last line stands what this print was made from. */
static void put_last(struct book *b)
{
	struct paper *p = b->p;
	char root[9];

	hash_hex(&p->root, 8, root);
	if (b->lines > b->printed) {
		page_own(&p->page, root);
		page_tag(&p->page, "</td></tr>\n");
	}
	page_tag(&p->page, "</tbody></table>\n");
	page_end(&p->page);
}

/* --- the wish -------------------------------------------------------------------------------------- */
static int need_household(struct paper *p, struct view_household *h, struct passbook *k)
{
	const char *name = ask_param(p->ask, "household");
	struct bytes code = {(const uint8_t *)name, name ? strlen(name) : 0};
	int err;

	if (!code.n)
		return paper_refuse(p, "household", SAYS("缺少户编号", "a household is missing"),
				    SAYS("如 05001", "like 05001"));
	err = view_household(p->t, p->ask->feed.no, code, h);
	if (err == ERR_NOTFOUND)
		return paper_lacks(p, "HOUSEHOLD_UNKNOWN", "household",
				   SAYS("没有这个户编号", "there is no such household"),
				   SAYS("用 cunzhang account 查看", "see cunzhang account"));
	if (!err)
		err = read_passbook(READER(p->t, p->ask->feed.no), code, k);
	if (err == ERR_NOTFOUND)
		return paper_lacks(
			p, "NO_PASSBOOK", "household",
			SAYS("该户还没有积分手册", "the household has no passbook"),
			SAYS("先发放：cunzhang record passbook --action issue …",
			     "issue one first: cunzhang record passbook --action issue ..."));
	return err;
}

static void fill_record(struct book *b, const struct view_household *h, const struct passbook *k)
{
	struct rec_passbook *r = &b->p->record.passbook;

	snprintf(b->p->text, sizeof(b->p->text), "%s", k->number);
	*r = (struct rec_passbook){.household = b->household,
				   .number = bytes_str(b->p->text),
				   .action = BOOK_print,
				   .day = b->p->ask->day,
				   .upto = b->p->ask->feed.size,
				   .began = b->printed,
				   .lines = b->lines,
				   .balance = h->balance};
	b->p->type = b->p->draft ? 0 : REC_passbook;
}

int paper_passbook(struct paper *p)
{
	struct view_household h;
	struct passbook k;
	struct book b = {.p = p};
	uint64_t all = 0, draft = 0;
	int err = paper_dated(p);

	if (!err)
		err = need_household(p, &h, &k);

	if (!err)
		err = ask_u64(p->ask, "all", 1, &all);
	if (!err)
		err = ask_u64(p->ask, "draft", 1, &draft);
	p->draft = draft;
	if (!err)
		err = feedlog_root(p->t, p->ask->feed.no, p->ask->feed.size, &p->root);
	if (err)
		return err;
	const char *name = ask_param(p->ask, "household");
	b.household = bytes_str(name);
	b.upto = all ? 0 : k.upto;
	b.printed = b.lines = all ? 0 : k.lines;
	page_begin(&p->page, &p->html, "积分手册", false, paper_mark(p));
	if (b.printed < BOOK_LINES)
		put_cover(p, &h, &k, b.printed > 0);
	if (!b.printed)
		err = put_corrections(p);
	if (err)
		return err;
	put_table_head(&p->page, b.printed % BOOK_LINES > 0);
	put_rows(&p->page);
	put_printed(&p->page, b.printed);
	err = statement_account(p->t, p->ask->feed.no, b.household, b.upto, p->ask->feed.size,
				on_row, &b);
	put_last(&b);
	fill_record(&b, &h, &k);
	p->empty = b.lines == b.printed;
	return err;
}
