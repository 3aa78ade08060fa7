#include "tests/sim/books.h"

#include <stddef.h>

static struct books_sheet *sheet_of(struct books *b, uint64_t entry)
{
	for (uint32_t i = 0; i < b->nsheets; i++)
		if (b->sheet[i].entry == entry)
			return &b->sheet[i];
	return NULL;
}

static void step(struct books *b, const struct books_step *st, enum line_state from,
		 enum line_state to, bool counts)
{
	struct books_sheet *s = sheet_of(b, st->entry);

	for (uint32_t i = 0; s && i < s->n; i++) {
		struct books_line *l = &s->line[i];

		if ((st->line && st->line != i + 1) || l->state != from)
			continue;
		l->state = st->refuse ? LINE_REFUSED : to;
		if (counts && !st->refuse)
			b->balance[l->household] += l->points;
	}
}

void books_review(struct books *b, const struct books_step *st)
{
	step(b, st, LINE_RECORDED, LINE_REVIEWED, false);
}

void books_confirm(struct books *b, const struct books_step *st)
{
	step(b, st, LINE_REVIEWED, LINE_CONFIRMED, true);
}

void books_reverse(struct books *b, const struct books_step *st)
{
	struct books_line *l = &sheet_of(b, st->entry)->line[st->line - 1];

	l->state = LINE_REVERSED;
	b->balance[l->household] -= l->points;
}
