#ifndef DAEMON_WEB_PAPER_PAGE_H
#define DAEMON_WEB_PAPER_PAGE_H

#include <stdbool.h>

#include "daemon/ledger/state/privacy.h"
#include "lib/amount.h"
#include "lib/buf.h"
#include "lib/date.h"

/* One A4 page in HTML that needs nothing from outside: fonts are named, with those of Debian's
 * fonts-noto-cjk among them. Text is escaped here; on public pages every text is looked at for what must
 * not be posted, and the first leak is kept. Errors are sticky in the buffer. */
struct page {
	struct buf *out;
	bool posted; /* for a board */
	struct bytes
		children; /* names that must not be posted, as they look, each ended by a NUL; borrowed */
	enum privacy_leak leak;
	char where[64]; /* the text it was found in, cut */
};
/* @mark: what the page says across itself, or NULL. */
void page_begin(struct page *p, struct buf *out, const char *title, bool posted, const char *mark);
void page_end(struct page *p);
/* Markup of ours, as it is. */
void page_tag(struct page *p, const char *html);
/* Words, hashes and codes of ours: not looked at. A name may be a word of a sentence, and digits of a hash mean
 * nothing. */
void page_own(struct page *p, const char *text);
/* What somebody wrote. */
void page_text(struct page *p, struct bytes text);
void page_str(struct page *p, const char *text);
/* A family name, and the last character (rec_mask_name). */
void page_masked(struct page *p, const char *name);
/* Cells of a table. */
void page_cell(struct page *p, struct bytes text);
void page_cell_str(struct page *p, const char *text);
void page_cell_own(struct page *p, const char *text); /* on one line */
void page_cell_num(struct page *p, int64_t v);
void page_cell_points(struct page *p, struct points v);
void page_cell_day(struct page *p, day_t day);

#endif
