#include "daemon/ledger/query/sums.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "lib/text.h"

#define ROWS_MIN 64

struct making {
	enum report_by by;
	char category; /* '\0': all */
	struct report *r;
	uint32_t cap;
	uint32_t *place; /* open addressing over the rows: index + 1 */
	uint32_t places;
};

/* --- rows ------------------------------------------------------------------------------------------ */
static uint32_t key_hash(const char *key)
{
	uint32_t h = UINT32_C(2166136261);

	for (; *key; key++)
		h = (h ^ (uint8_t)*key) * UINT32_C(16777619);
	return h ^ h >> 15;
}

static uint32_t *place_of(const struct making *m, const char *key)
{
	uint32_t h = key_hash(key);

	for (;; h++) {
		uint32_t *p = &m->place[h & (m->places - 1)];

		if (*p == 0 || strcmp(m->r->row[*p - 1].key, key) == 0)
			return p;
	}
}

static int grow(struct making *m)
{
	uint32_t cap = m->cap ? m->cap * 2 : ROWS_MIN;
	struct report_row *rows;

	if (cap > REPORT_ROWS_MAX)
		return ERR_LIMIT;
	rows = mem_resize(m->r->row, cap, sizeof(*rows));
	if (!rows)
		return ERR_NOMEM;
	m->r->row = rows;
	m->cap = cap;
	mem_free(m->place);
	m->places = 2 * cap;
	m->place = mem_array(m->places, sizeof(*m->place));
	if (!m->place)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < m->r->n; i++)
		*place_of(m, m->r->row[i].key) = i + 1;
	return ERR_OK;
}

static int row_of(struct making *m, const char *key, struct report_row **ret)
{
	int err = m->r->n == m->cap ? grow(m) : ERR_OK;
	uint32_t *p;

	if (err)
		return err;
	p = place_of(m, key);
	if (*p == 0) {
		struct report_row *row = &m->r->row[m->r->n++];

		memset(row, 0, sizeof(*row));
		str_set(row->key, sizeof(row->key), bytes_str(key));
		*p = m->r->n;
	}
	*ret = &m->r->row[*p - 1];
	return ERR_OK;
}

/* --- one posting ----------------------------------------------------------------------------------- */
static const char *category_zh(uint32_t category)
{
	const struct rec_choices *l = &rec_lists[REC_LIST_CATEGORY];

	return category < l->n ? l->v[category].zh : "";
}

static char category_of(const struct statement_row *m)
{
	return m->points_line ? (char)('A' + m->item->category) : '\0';
}

/* The key of the posting; empty: it has no place in this report. */
static void key_of(enum report_by by, const struct statement_row *m, char out[REPORT_KEY_MAX])
{
	const struct rec_points_line *l = m->points_line;
	char day[DATE_TEXT_MAX];

	out[0] = '\0';
	switch (by) {
	case REPORT_CATEGORY:
		if (l)
			snprintf(out, REPORT_KEY_MAX, "%c", category_of(m));
		return;
	case REPORT_ITEM:
		if (l)
			snprintf(out, REPORT_KEY_MAX, "%s", m->item->code);
		return;
	case REPORT_MONTH:
		if (l)
			snprintf(out, REPORT_KEY_MAX, "%.7s", day_text(l->day, day));
		return;
	case REPORT_HOUSEHOLD:
		snprintf(out, REPORT_KEY_MAX, "%.*s", (int)m->household.n, m->household.p);
		return;
	case REPORT_PERSON:
		if (l && l->member)
			snprintf(out, REPORT_KEY_MAX, "%.*s-%" PRIu64, (int)l->household.n,
				 l->household.p, l->member);
		return;
	}
}

static bool count_line(struct report_row *r, const struct statement_row *m)
{
	bool deduct = m->item->sign == SIGN_deduct;
	struct points *side = deduct ? &r->minus : &r->plus;
	int64_t *lines = deduct ? &r->deductions : &r->awards;
	struct points p = m->points_line->points;

	if (m->kind == POSTING_REVERSAL) {
		--*lines;
		if (!points_sub(*side, p, side))
			return false;
	} else {
		++*lines;
		if (!points_add(*side, p, side))
			return false;
	}
	return points_add(r->net, m->points, &r->net);
}

static bool count(struct report_row *r, const struct statement_row *m)
{
	switch (m->kind) {
	case POSTING_LINE:
	case POSTING_REVERSAL: return count_line(r, m);
	case POSTING_REDEEMED:
	case POSTING_RETURNED: return points_sub(r->redeemed, m->points, &r->redeemed);
	case POSTING_OUT:
	case POSTING_IN: break;
	}
	return true;
}

static int on_row(void *ctx, const struct statement_row *row)
{
	struct making *m = ctx;
	struct report_row *r;
	char key[REPORT_KEY_MAX];
	int err;

	if (row->kind == POSTING_OUT || row->kind == POSTING_IN)
		return ERR_OK;
	if (m->category && category_of(row) != m->category)
		return ERR_OK;
	if (!count(&m->r->total, row))
		return ERR_CORRUPT;
	key_of(m->by, row, key);
	if (!key[0])
		return ERR_OK;
	err = row_of(m, key, &r);
	if (err)
		return err;
	if (m->by == REPORT_ITEM && !r->label[0])
		snprintf(r->label, sizeof(r->label), "%s", row->item->name);
	if (m->by == REPORT_CATEGORY)
		snprintf(r->label, sizeof(r->label), "%s", category_zh(row->item->category));
	return count(r, row) ? ERR_OK : ERR_CORRUPT;
}

/* --- the report ------------------------------------------------------------------------------------ */
static int by_key(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int by_net(const void *a, const void *b)
{
	const struct report_row *x = a, *y = b;
	int c = points_cmp(y->net, x->net);

	return c ? c : strcmp(x->key, y->key);
}

int report_make(struct kv_txn *t, uint32_t feed_no, uint64_t size, enum report_by by,
		const struct statement_period *p, char category, struct report *ret)
{
	struct making m = {.by = by, .category = category, .r = ret};
	int err;

	*ret = (struct report){0};
	err = statement_days(t, feed_no, p, kv_bytes(NULL, 0), size, on_row, &m);
	mem_free(m.place);
	if (!err && ret->n)
		qsort(ret->row, ret->n, sizeof(*ret->row), by_key);
	return err;
}

void report_rank(struct report *r)
{
	if (r->n)
		qsort(r->row, r->n, sizeof(*r->row), by_net);
	for (uint32_t i = 0; i < r->n; i++)
		r->row[i].rank = i && points_cmp(r->row[i].net, r->row[i - 1].net) == 0
					 ? r->row[i - 1].rank
					 : i + 1;
}

void report_close(struct report *r)
{
	mem_free(r->row);
	*r = (struct report){0};
}
