#include "daemon/ledger/query/sums.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/err.h"
#include "lib/map.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/vec.h"

struct making {
	enum report_by by;
	char category; /* '\0': all */
	struct report *r;
	uint32_t cap;
	struct map places; /* of the rows by their keys */
};

/* --- rows ------------------------------------------------------------------------------------------ */
static bool has_key(const void *ctx, uint32_t at, struct bytes key)
{
	return bytes_eq(bytes_str(((const struct report *)ctx)->row[at].key), key);
}

static int add_row(struct making *m, const char *key)
{
	struct report *r = m->r;
	int err = r->n == REPORT_ROWS_MAX ? ERR_LIMIT : VEC_ROOM(r->row, r->n, m->cap);

	if (!err)
		err = map_add(&m->places, bytes_str(key), r->n);
	if (err)
		return err;
	memset(&r->row[r->n], 0, sizeof(*r->row));
	str_set(r->row[r->n].key, sizeof(r->row[r->n].key), bytes_str(key));
	r->n++;
	return ERR_OK;
}

static int row_of(struct making *m, const char *key, struct report_row **ret)
{
	uint32_t at = map_get(&m->places, bytes_str(key), has_key, m->r);
	int err = at == MAP_NONE ? add_row(m, key) : ERR_OK;

	if (!err)
		*ret = &m->r->row[at == MAP_NONE ? m->r->n - 1 : at];
	return err;
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
	map_close(&m.places);
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
