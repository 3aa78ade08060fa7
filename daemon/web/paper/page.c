#include "daemon/web/paper/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/look.h"
#include "lib/text.h"
#include "proto/record.h"

/* Sizes after GB/T 9704: page core 156 x 225 mm, title 22 pt, text 16 pt; tables smaller. */
static const char style[] =
	"@page{size:A4;margin:30mm 26mm 28mm 28mm}"
	"*{box-sizing:border-box}"
	"body{margin:0 auto;max-width:156mm;color:#000;background:#fff;font:12pt/1.6 FangSong,"
	"STFangsong,'Noto Serif CJK SC','Noto Serif SC',serif}"
	"h1{font:700 22pt/1.4 'FZXiaoBiaoSong-B05S','Noto Serif CJK SC','Noto Serif SC',SimSun,"
	"serif;text-align:center;margin:0 0 4mm}"
	"h2{font:700 14pt/1.5 SimHei,'Noto Sans CJK SC','Noto Sans SC',sans-serif;margin:5mm 0 2mm}"
	"p{margin:0 0 "
	"2mm}table+p{margin-top:2mm}.sub{text-align:center}.small{font-size:9.5pt}.right{text-"
	"align:right}"
	"table{width:100%;border-collapse:collapse;font-size:10.5pt;line-height:1.35}"
	"thead{display:table-header-group}tr{break-inside:avoid}"
	"th,td{border:.3mm solid #000;padding:.8mm 1.5mm;text-align:left;vertical-align:middle}"
	"th{font-family:SimHei,'Noto Sans CJK SC','Noto Sans SC',sans-serif;font-weight:700}"
	"td.n,th.n{text-align:right;white-space:nowrap}td.d{white-space:nowrap}"
	".box{border:.4mm solid #000;padding:3mm;margin:4mm 0;break-inside:avoid}"
	".code{font:700 13pt/1.4 'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace}"
	".sign{display:flex;justify-content:space-between;margin-top:8mm}"
	".cert{border:1mm double #a00;padding:18mm 14mm;margin-top:20mm;text-align:center}"
	".cert h1{font-size:34pt;letter-spacing:8mm;margin-bottom:14mm}"
	".cert p{font-size:18pt;line-height:2;text-align:left;text-indent:2em}"
	".cert p.right{text-align:right;text-indent:0}"
	/* all of it on one page, on the wall beside the computer */
	".guide{font-size:10.5pt;line-height:1.4}.guide[lang]{font-size:9.5pt;line-height:1.35}"
	".guide h1{margin:0}.guide h2{font-size:1.1em;margin:2mm 0 .5mm}"
	".guide ul{margin:0;padding-left:5mm}"
	"code{white-space:nowrap;font:700 .85em/1 'DejaVu Sans Mono','Noto Sans Mono CJK "
	"SC',monospace}"
	/* rows of a booklet are all of one height, so that a later print meets the lines of an earlier */
	".book tr{height:8mm}.book td,.book th{padding:0 1.5mm;white-space:nowrap;overflow:hidden}"
	".book{table-layout:fixed;font-size:9.5pt}.hide,.hide "
	"*{visibility:hidden;border-color:transparent!important}"
	"tr.gap td{border-color:transparent}"
	".mark{position:fixed;top:40%;left:0;right:0;text-align:center;white-space:nowrap;"
	"transform:rotate(-25deg);font:700 36pt/1 SimHei,'Noto Sans CJK "
	"SC',sans-serif;color:rgba(200,0,0,.28)}";

void page_begin(struct page *p, struct buf *out, const char *title, bool posted, const char *mark)
{
	*p = (struct page){.out = out, .posted = posted};
	page_tag(p,
		 "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\n<title>");
	page_own(p, title); /* what it names stands on the page as well */
	page_tag(p, "</title>\n<style>");
	page_tag(p, style);
	page_tag(p, "</style></head>\n<body>\n");
	if (!mark)
		return;
	page_tag(p, "<div class=\"mark\">");
	page_own(p, mark);
	page_tag(p, "</div>\n");
}

void page_end(struct page *p)
{
	page_tag(p, "</body></html>\n");
}

void page_tag(struct page *p, const char *html)
{
	buf_puts(p->out, html);
}

static void escape_char(struct buf *out, uint8_t c)
{
	switch (c) {
	case '&': buf_puts(out, "&amp;"); break;
	case '<': buf_puts(out, "&lt;"); break;
	case '>': buf_puts(out, "&gt;"); break;
	case '"': buf_puts(out, "&quot;"); break;
	case '\'': buf_puts(out, "&#39;"); break;
	default: buf_put_u8(out, c);
	}
}

/* Neither markup nor what would turn round the text beside it, also of letters that run to the left. */
static void escape(struct buf *out, struct bytes text)
{
	bool turns = look_turns(text);
	struct buf clean = {0};

	if (look_put(&clean, text) && !out->err)
		out->err = clean.err; /* else the page would look whole without it */
	if (turns)
		buf_puts(out, "<bdi>");
	for (size_t i = 0; i < clean.n; i++)
		escape_char(out, clean.p[i]);
	if (turns)
		buf_puts(out, "</bdi>");
	buf_close(&clean);
}

static bool contains(struct bytes text, const char *name, size_t n)
{
	for (size_t i = 0; i + n <= text.n; i++)
		if (memcmp(text.p + i, name, n) == 0)
			return true;
	return false;
}

static bool names_child(const struct page *p, struct bytes text)
{
	struct buf look = {0};
	bool found = false;
	size_t len;

	if (look_put_skeleton(&look, text) && !p->out->err)
		p->out->err = look.err; /* else the page would be posted unseen */
	for (size_t at = 0; at < p->children.n && !found; at += len + 1) {
		const char *name = (const char *)p->children.p + at;

		len = strlen(name);
		found = contains(buf_bytes(&look), name, len);
	}
	buf_close(&look);
	return found;
}

void page_text(struct page *p, struct bytes text)
{
	if (p->posted && !p->leak) {
		p->leak = privacy_find(text, PRIVACY_PHONES | PRIVACY_CARDS, NULL);
		if (!p->leak && p->children.n && names_child(p, text))
			p->leak = PRIVACY_CHILD;
		if (p->leak)
			snprintf(p->where, sizeof(p->where), "%.*s",
				 (int)utf8_cut((const char *)text.p, text.n, sizeof(p->where) - 1),
				 (const char *)text.p);
	}
	escape(p->out, text);
}

void page_str(struct page *p, const char *text)
{
	page_text(p, (struct bytes){(const uint8_t *)text, strlen(text)});
}

void page_own(struct page *p, const char *text)
{
	escape(p->out, (struct bytes){(const uint8_t *)text, strlen(text)});
}

void page_masked(struct page *p, const char *name)
{
	struct buf b = {0};

	if (rec_mask_name(&b, name, strlen(name)) && !p->out->err)
		p->out->err = b.err; /* else the page would look whole without the name */
	page_text(p, buf_bytes(&b));
	buf_close(&b);
}

void page_cell(struct page *p, struct bytes text)
{
	page_tag(p, "<td>");
	page_text(p, text);
	page_tag(p, "</td>");
}

void page_cell_str(struct page *p, const char *text)
{
	page_cell(p, (struct bytes){(const uint8_t *)text, strlen(text)});
}

void page_cell_own(struct page *p, const char *text)
{
	page_tag(p, "<td class=\"d\">");
	page_own(p, text);
	page_tag(p, "</td>");
}

static void cell_number(struct page *p, const char *text)
{
	page_tag(p, "<td class=\"n\">");
	page_own(p, text);
	page_tag(p, "</td>");
}

void page_cell_num(struct page *p, int64_t v)
{
	char text[AMOUNT_TEXT_MAX];

	snprintf(text, sizeof(text), "%" PRId64, v);
	cell_number(p, text);
}

void page_cell_points(struct page *p, struct points v)
{
	char text[AMOUNT_TEXT_MAX];

	cell_number(p, points_text(v, text));
}

void page_cell_day(struct page *p, day_t day)
{
	char text[DATE_TEXT_MAX];

	page_tag(p, "<td class=\"d\">");
	page_own(p, day_text(day, text));
	page_tag(p, "</td>");
}
