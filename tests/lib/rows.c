#include "tests/lib/rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/err.h"
#include "tests/lib/t.h"

struct kept {
	const struct view_def *def;
	uint8_t *rows;
	uint32_t n, max;
};

static char texts[1 << 16];
static size_t texts_n;

struct ask rows_ask(const struct town *w, uint32_t no)
{
	struct ask a = {.t = w->t,
			.town = w->id,
			.day = day_of_ms(w->wall_ms),
			.lang = LANG_EN,
			.upto = REC_PRIVATE};

	T_EQ(feedlog_head(w->t, no, &a.feed), ERR_OK);
	return a;
}

static void keep_texts(const struct view_def *def, uint8_t *row)
{
	for (uint32_t i = 0; i < def->nfields; i++) {
		const struct rec_field *f = &def->field[i];
		struct bytes b;

		if (f->kind != REC_TEXT && f->kind != REC_CODE)
			continue;
		memcpy(&b, row + f->offset, sizeof(b));
		T_OK(texts_n + b.n + 1 <= sizeof(texts));
		if (b.n)
			memcpy(texts + texts_n, b.p, b.n);
		texts[texts_n + b.n] = '\0';
		b.p = (const uint8_t *)texts + texts_n;
		memcpy(row + f->offset, &b, sizeof(b));
		texts_n += b.n + 1;
	}
}

static int on_row(void *ctx, const void *row)
{
	struct kept *k = ctx;
	uint8_t *to = k->rows + k->n * k->def->row_size;

	T_OK(k->n < k->max);
	memcpy(to, row, k->def->row_size);
	keep_texts(k->def, to);
	k->n++;
	return ERR_OK;
}

uint32_t rows_asked(struct ask *a, enum view_place view, void *rows, uint32_t max)
{
	struct kept k = {&views[view], rows, 0, max};

	texts_n = 0;
	T_EQ(view_each(a, &views[view], on_row, &k), ERR_OK);
	return k.n;
}

uint32_t rows_read(struct town *w, uint32_t no, enum view_place view, void *rows, uint32_t max)
{
	struct ask a;
	uint32_t n;

	town_begin(w);
	a = rows_ask(w, no);
	n = rows_asked(&a, view, rows, max);
	town_commit(w);
	return n;
}

struct seek {
	uint32_t nth;
	uint64_t seq;
};

static int on_listed(void *ctx, uint64_t seq)
{
	struct seek *s = ctx;

	s->seq = seq;
	return s->nth-- == 0;
}

const char *rows_entry(struct town *w, uint32_t no, enum rec_code type, uint32_t nth)
{
	static char text[24];
	struct seek s = {nth, 0};

	town_begin(w);
	T_EQ(view_listed(w->t, no, type, 0, on_listed, &s), 1);
	town_commit(w);
	snprintf(text, sizeof(text), "%" PRIu64, s.seq);
	return text;
}
