#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/sums.h"
#include "daemon/ledger/query/view.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/vec.h"

/* Sums of points in a period, ranks by them, and the measures of completeness. */
struct sums {
	struct ask *a;
	struct view_out *out;
	struct statement_period p;
	uint64_t year;
	char category; /* of ranks; '\0': all */
};

static int begin(struct sums *s, struct ask *a, struct view_out *out)
{
	struct view_period p;
	int err = view_period(a, &p);

	*s = (struct sums){.a = a, .out = out};
	if (err)
		return err;
	s->p = view_statement_period(&p);
	s->year = p.year;
	return view_category(a, &s->category);
}

static int make(const struct sums *s, enum report_by by, struct report *ret)
{
	return report_make(s->a->t, s->a->feed.no, s->a->feed.size, by, &s->p, s->category, ret);
}

/* --- sums ------------------------------------------------------------------------------------------ */
static struct bytes label_of(const struct sums *s, enum report_by by, const struct report_row *row)
{
	const struct rec_choices *l = &rec_lists[REC_LIST_CATEGORY];
	uint32_t i = (uint32_t)(row->key[0] - 'A');

	if (by == REPORT_CATEGORY && s->a->lang == LANG_EN && i < l->n)
		return bytes_str(l->v[i].en);
	return bytes_str(row->label);
}

/* Three lists have rows of one shape. */
static int put_sum(const struct sums *s, struct bytes key, struct bytes label,
		   const struct report_row *row)
{
	const struct row_categories v = {.key = key,
					 .label = label,
					 .awards = qty_of(row->awards),
					 .deductions = qty_of(row->deductions),
					 .plus = row->plus,
					 .minus = row->minus,
					 .net = row->net};

	return view_put(s->out, &v);
}
_Static_assert(sizeof(struct row_items) == sizeof(struct row_categories), "another shape");
_Static_assert(sizeof(struct row_months) == sizeof(struct row_categories), "another shape");

static int put_sums(const struct sums *s, enum report_by by, const struct report *rep)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < rep->n && !err; i++)
		err = put_sum(s, bytes_str(rep->row[i].key), label_of(s, by, &rep->row[i]),
			      &rep->row[i]);
	return err;
}

static int sums_by(struct ask *a, struct view_out *out, enum report_by by)
{
	struct report rep = {0};
	struct sums s;
	int err = begin(&s, a, out);

	if (!err)
		err = make(&s, by, &rep);
	if (!err)
		err = put_sums(&s, by, &rep);
	report_close(&rep);
	return err;
}

int rows_categories(struct ask *a, struct view_out *out)
{
	return sums_by(a, out, REPORT_CATEGORY);
}

int rows_months(struct ask *a, struct view_out *out)
{
	return sums_by(a, out, REPORT_MONTH);
}

static const struct report_row *row_named(const struct report *rep, const char *key)
{
	uint32_t lo = 0, hi = rep->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (strcmp(rep->row[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < rep->n && strcmp(rep->row[lo].key, key) == 0 ? &rep->row[lo] : NULL;
}

/* Items in force that nobody used stand behind those with lines: they are what R04 asks about. */
struct unused {
	const struct sums *s;
	const struct report *rep;
};

static int put_unused(void *ctx, const struct view_village_item *i)
{
	static const struct report_row nothing;
	const struct unused *u = ctx;
	char key[REPORT_KEY_MAX];

	str_set(key, sizeof(key), i->line.code);
	if (i->change == VIEW_DROPPED || row_named(u->rep, key))
		return ERR_OK;
	return put_sum(u->s, i->line.code, i->line.name_zh, &nothing);
}

int rows_items(struct ask *a, struct view_out *out)
{
	struct document doc = {0};
	struct report rep = {0};
	struct sums s;
	struct unused u = {&s, &rep};
	int err = begin(&s, a, out);

	if (!err)
		err = make(&s, REPORT_ITEM, &rep);
	if (!err)
		err = put_sums(&s, REPORT_ITEM, &rep);
	if (!err)
		err = read_document_on(READER(a->t, a->feed.no), DOC_CATALOGUE,
				       s.p.to == DAY_NONE ? a->day : s.p.to, &doc);
	if (!err)
		err = view_village_catalogue(a->t, a->feed.no, doc.version, put_unused, &u);
	report_close(&rep);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* --- groups ---------------------------------------------------------------------------------------- */
struct group_sum {
	char group[STATE_GROUP_MAX + 1];
	uint64_t households, taking_part;
	struct report_row sum;
};
struct groups {
	struct report *rep;
	struct group_sum *g;
	uint32_t n, cap;
};

static int group_named(struct groups *g, const char *name, struct group_sum **ret)
{
	uint32_t i = 0;

	while (i < g->n && strcmp(g->g[i].group, name) != 0)
		i++;
	if (i == g->n) {
		if (VEC_ROOM(g->g, g->n, g->cap))
			return ERR_NOMEM;
		g->g[g->n] = (struct group_sum){0};
		str_set(g->g[g->n++].group, sizeof(g->g[i].group), bytes_str(name));
	}
	*ret = &g->g[i];
	return ERR_OK;
}

static int add_household(void *ctx, const struct view_household *h)
{
	struct groups *g = ctx;
	const struct report_row *row = row_named(g->rep, h->household);
	struct group_sum *of;
	int err = group_named(g, h->group, &of);

	if (err)
		return err;
	of->households += h->left_day == DAY_NONE;
	of->taking_part += h->left_day == DAY_NONE && h->takes_part;
	if (!row)
		return ERR_OK;
	of->sum.awards += row->awards;
	of->sum.deductions += row->deductions;
	return points_add(of->sum.plus, row->plus, &of->sum.plus) &&
			       points_add(of->sum.minus, row->minus, &of->sum.minus) &&
			       points_add(of->sum.net, row->net, &of->sum.net)
		       ? ERR_OK
		       : ERR_CORRUPT;
}

static int put_group(struct view_out *out, const struct group_sum *g)
{
	const struct report_row *sum = &g->sum;
	const struct row_groups v = {.group = bytes_str(g->group),
				     .households = g->households,
				     .taking_part = g->taking_part,
				     .awards = qty_of(sum->awards),
				     .deductions = qty_of(sum->deductions),
				     .plus = sum->plus,
				     .minus = sum->minus,
				     .net = sum->net};

	return view_put(out, &v);
}

int rows_groups(struct ask *a, struct view_out *out)
{
	struct report rep = {0};
	struct groups g = {.rep = &rep};
	struct sums s;
	int err = begin(&s, a, out);

	if (!err)
		err = make(&s, REPORT_HOUSEHOLD, &rep);
	if (!err)
		err = view_households(a->t, a->feed.no, add_household, &g);
	for (uint32_t i = 0; !err && i < g.n; i++)
		err = put_group(out, &g.g[i]);
	report_close(&rep);
	mem_free(g.g);
	return err;
}

/* --- ranks ----------------------------------------------------------------------------------------- */
/* DOMAIN I2: by points earned in the period, never by what is left after redemptions. Equal ones share a rank
 * and the next is that much further down: 1, 1, 3. */
struct seek_member {
	uint64_t member;
	char name[65];
};

static int on_member(void *ctx, const struct view_member *m)
{
	struct seek_member *s = ctx;

	if (m->member != s->member)
		return 0;
	snprintf(s->name, sizeof(s->name), "%s", m->name);
	return 1;
}

_Static_assert(sizeof(struct row_people) == sizeof(struct row_households), "another shape");

static int put_rank(const struct sums *s, enum report_by by, const struct report_row *row)
{
	const char *dash = by == REPORT_PERSON ? strrchr(row->key, '-') : NULL;
	size_t n = dash ? (size_t)(dash - row->key) : strlen(row->key);
	struct bytes household = {(const uint8_t *)row->key, n};
	struct seek_member m = {.member = 0};
	struct view_household h;
	int err = view_household(s->a->t, s->a->feed.no, household, &h);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (dash)
		u64_parse(dash + 1, strlen(dash + 1), &m.member);
	snprintf(m.name, sizeof(m.name), "%s", h.head_name);
	if (m.member)
		err = view_members(s->a->t, s->a->feed.no, household, on_member, &m);
	if (err < 0)
		return err;
	return view_put(s->out, &(struct row_households){.rank = row->rank,
							 .household = household,
							 .member = m.member,
							 .name = bytes_str(m.name),
							 .plus = row->plus,
							 .minus = row->minus,
							 .net = row->net});
}

/* The net points of a year are those that its appraisal goes by; they follow a person to another household. */
struct year_rows {
	const struct sums *s;
	struct report *lines, rep;
	uint32_t cap;
};

static int year_row(struct year_rows *y, const char *key, struct points score)
{
	const struct report_row *lines = row_named(y->lines, key);
	struct report_row *row;

	if (!lines && points_cmp(score, POINTS_ZERO) == 0)
		return ERR_OK;
	if (VEC_ROOM(y->rep.row, y->rep.n, y->cap))
		return ERR_NOMEM;
	row = &y->rep.row[y->rep.n++];
	*row = lines ? *lines : (struct report_row){0};
	snprintf(row->key, sizeof(row->key), "%s", key);
	row->net = score;
	return ERR_OK;
}

static int year_household(void *ctx, const struct view_household *h)
{
	struct year_rows *y = ctx;
	struct points score;
	int err = read_year_points(READER(y->s->a->t, y->s->a->feed.no), bytes_str(h->household), 0,
				   (int)y->s->year, &score);

	return err ? err : year_row(y, h->household, score);
}

static int year_person(void *ctx, const struct view_score *s)
{
	char key[REPORT_KEY_MAX];

	snprintf(key, sizeof(key), "%s-%" PRIu32, s->household, s->member);
	return year_row(ctx, key, s->score);
}

static int by_year(const struct sums *s, enum report_by by, struct report *rep)
{
	struct year_rows y = {.s = s, .lines = rep};
	struct kv_txn *t = s->a->t;
	int err = by == REPORT_HOUSEHOLD
			  ? view_households(t, s->a->feed.no, year_household, &y)
			  : view_scores(t, s->a->feed.no, (int)s->year, year_person, &y);

	report_close(rep);
	*rep = y.rep;
	return err;
}

static int ranks_by(struct ask *a, struct view_out *out, enum report_by by)
{
	struct report rep = {0};
	struct sums s;
	int err = begin(&s, a, out);

	if (!err)
		err = make(&s, by, &rep);
	if (!err && s.year && !s.category)
		err = by_year(&s, by, &rep);
	if (!err)
		report_rank(&rep);
	for (uint32_t i = 0; !err && i < rep.n; i++)
		err = put_rank(&s, by, &rep.row[i]);
	report_close(&rep);
	return err;
}

int rows_households(struct ask *a, struct view_out *out)
{
	return ranks_by(a, out, REPORT_HOUSEHOLD);
}

int rows_people(struct ask *a, struct view_out *out)
{
	return ranks_by(a, out, REPORT_PERSON);
}
