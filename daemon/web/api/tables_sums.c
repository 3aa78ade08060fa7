#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/work.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/read_documents.h"
#include "daemon/web/api/tables.h"
#include "lib/mem.h"
#include "lib/text.h"

/* --- sums ------------------------------------------------------------------------------------------ */
static const struct column sums_columns[] = {{"key", "编码", "key", false},
					     {"label", "名称", "name", false},
					     {"awards", "加分条数", "awards", true},
					     {"deductions", "扣分条数", "deductions", true},
					     {"plus", "加分", "points awarded", true},
					     {"minus", "扣分", "points deducted", true},
					     {"net", "净积分", "net points", true},
					     {NULL, NULL, NULL, false}};

static void put_sums(struct tabling *t, const struct report_row *row)
{
	struct jw *w = &t->r.w;

	jw_i64(w, row->awards);
	jw_i64(w, row->deductions);
	cell_points(t, row->plus);
	cell_points(t, row->minus);
	cell_points(t, row->net);
}

static void put_label(struct tabling *t, enum report_by by, const struct report_row *row)
{
	const struct rec_choices *l = &rec_lists[REC_LIST_CATEGORY];
	uint32_t i = (uint32_t)(row->key[0] - 'A');

	if (by == REPORT_CATEGORY && t->r.req->lang == LANG_EN && i < l->n)
		jw_str(&t->r.w, l->v[i].en);
	else
		jw_str(&t->r.w, row->label);
}

static int put_rows(struct tabling *t, enum report_by by, const struct report *rep)
{
	for (uint32_t i = 0; i < rep->n; i++) {
		jw_arr(&t->r.w);
		jw_str(&t->r.w, rep->row[i].key);
		put_label(t, by, &rep->row[i]);
		put_sums(t, &rep->row[i]);
		jw_arr_end(&t->r.w);
	}
	return t->r.w.out->err;
}

static int make(struct tabling *t, enum report_by by, char category, struct report *ret)
{
	return report_make(t->r.ask.t, t->r.ask.feed.no, t->r.ask.feed.size, by, &t->p, category,
			   ret);
}

static int sums(struct tabling *t, enum report_by by)
{
	struct report rep;
	int err = make(t, by, '\0', &rep);

	if (!err)
		err = put_rows(t, by, &rep);
	report_close(&rep);
	return err;
}

static int rows_categories(struct tabling *t)
{
	return sums(t, REPORT_CATEGORY);
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
	struct tabling *t;
	const struct report *rep;
};

static int put_unused(void *ctx, const struct view_village_item *i)
{
	struct unused *u = ctx;
	struct report_row row = {0};

	snprintf(row.key, sizeof(row.key), "%.*s", (int)i->line.code.n,
		 (const char *)i->line.code.p);
	if (i->change == VIEW_DROPPED || row_named(u->rep, row.key))
		return ERR_OK;
	jw_arr(&u->t->r.w);
	cell_bytes(u->t, i->line.code);
	cell_bytes(u->t, i->line.name_zh);
	put_sums(u->t, &row);
	return cell_end(u->t);
}

static int rows_items(struct tabling *t)
{
	day_t on = t->p.to == DAY_NONE ? t->r.ask.day : t->p.to;
	struct report rep;
	struct unused u = {t, &rep};
	struct document doc = {0};
	int err = make(t, REPORT_ITEM, '\0', &rep);

	if (!err)
		err = put_rows(t, REPORT_ITEM, &rep);
	if (!err)
		err = read_document_on(READER(t->r.ask.t, t->r.ask.feed.no), DOC_CATALOGUE, on,
				       &doc);
	if (!err)
		err = view_village_catalogue(t->r.ask.t, t->r.ask.feed.no, doc.version, put_unused,
					     &u);
	report_close(&rep);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int rows_months(struct tabling *t)
{
	return sums(t, REPORT_MONTH);
}

/* --- groups ---------------------------------------------------------------------------------------- */
#define GROUPS_MAX 256
struct groups {
	struct report *rep;
	uint32_t n;
	struct {
		char group[9];
		uint64_t households, taking_part;
		struct report_row sum;
	} g[GROUPS_MAX];
};

static const struct column groups_columns[] = {{"group", "组", "group", false},
					       {"households", "户数", "households", true},
					       {"taking_part", "参加户数", "taking part", true},
					       {"awards", "加分条数", "awards", true},
					       {"deductions", "扣分条数", "deductions", true},
					       {"plus", "加分", "points awarded", true},
					       {"minus", "扣分", "points deducted", true},
					       {"net", "净积分", "net points", true},
					       {NULL, NULL, NULL, false}};

static int add_household(void *ctx, const struct view_household *h)
{
	struct groups *g = ctx;
	const struct report_row *row = row_named(g->rep, h->household);
	uint32_t i = 0;

	while (i < g->n && strcmp(g->g[i].group, h->group) != 0)
		i++;
	if (i == GROUPS_MAX)
		return ERR_LIMIT;
	if (i == g->n)
		snprintf(g->g[g->n++].group, sizeof(g->g[i].group), "%s", h->group);
	g->g[i].households += h->left_day == DAY_NONE;
	g->g[i].taking_part += h->left_day == DAY_NONE && h->takes_part;
	if (!row)
		return ERR_OK;
	g->g[i].sum.awards += row->awards;
	g->g[i].sum.deductions += row->deductions;
	return points_add(g->g[i].sum.plus, row->plus, &g->g[i].sum.plus) &&
			       points_add(g->g[i].sum.minus, row->minus, &g->g[i].sum.minus) &&
			       points_add(g->g[i].sum.net, row->net, &g->g[i].sum.net)
		       ? ERR_OK
		       : ERR_CORRUPT;
}

static int rows_groups(struct tabling *t)
{
	struct groups *g = mem_alloc(sizeof(*g));
	struct report rep = {0};
	int err = g ? make(t, REPORT_HOUSEHOLD, '\0', &rep) : ERR_NOMEM;

	if (!err) {
		g->rep = &rep;
		err = view_households(t->r.ask.t, t->r.ask.feed.no, add_household, g);
	}
	for (uint32_t i = 0; !err && i < g->n; i++) {
		jw_arr(&t->r.w);
		jw_str(&t->r.w, g->g[i].group);
		jw_u64(&t->r.w, g->g[i].households);
		jw_u64(&t->r.w, g->g[i].taking_part);
		put_sums(t, &g->g[i].sum);
		jw_arr_end(&t->r.w);
	}
	report_close(&rep);
	mem_free(g);
	return err;
}

/* --- ranks ----------------------------------------------------------------------------------------- */
/* DOMAIN I2: by points earned in the period, never by what is left after redemptions. Equal ones share a rank
 * and the next is that much further down: 1, 1, 3. */
static const struct column ranks_columns[] = {
	{"rank", "名次", "rank", true},		  {"household", "户编号", "household", false},
	{"member", "成员", "member", true},	  {"name", "姓名", "name", false},
	{"plus", "加分", "points awarded", true}, {"minus", "扣分", "points deducted", true},
	{"net", "净积分", "net points", true},	  {NULL, NULL, NULL, false}};

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

static int put_rank(struct tabling *t, enum report_by by, const struct report_row *row)
{
	const char *dash = by == REPORT_PERSON ? strrchr(row->key, '-') : NULL;
	size_t n = dash ? (size_t)(dash - row->key) : strlen(row->key);
	struct seek_member s = {.member = 0};
	struct view_household h;
	struct bytes household = kv_bytes(row->key, n);
	int err = view_household(t->r.ask.t, t->r.ask.feed.no, household, &h);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (dash)
		u64_parse(dash + 1, strlen(dash + 1), &s.member);
	snprintf(s.name, sizeof(s.name), "%s", h.head_name);
	if (s.member)
		err = view_members(t->r.ask.t, t->r.ask.feed.no, household, on_member, &s);
	if (err < 0)
		return err;
	jw_arr(&t->r.w);
	jw_u64(&t->r.w, row->rank);
	cell_bytes(t, household);
	jw_u64(&t->r.w, s.member);
	jw_str(&t->r.w, s.name);
	cell_points(t, row->plus);
	cell_points(t, row->minus);
	cell_points(t, row->net);
	jw_arr_end(&t->r.w);
	return ERR_OK;
}

/* The net points of a year are those that its appraisal goes by; they follow a person to another household. */
struct year_rows {
	struct tabling *t;
	struct report *lines, rep;
	uint32_t cap;
};

static int year_row(struct year_rows *y, const char *key, struct points score)
{
	const struct report_row *lines = row_named(y->lines, key);
	struct report_row *row;

	if (!lines && points_cmp(score, POINTS_ZERO) == 0)
		return ERR_OK;
	if (y->rep.n == y->cap) {
		uint32_t cap = y->cap ? 2 * y->cap : 64;
		struct report_row *more = mem_resize(y->rep.row, cap, sizeof(*more));

		if (!more)
			return ERR_NOMEM;
		y->rep.row = more;
		y->cap = cap;
	}
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
	int err = read_year_points(READER(y->t->r.ask.t, y->t->r.ask.feed.no),
				   bytes_str(h->household), 0, (int)y->t->year, &score);

	return err ? err : year_row(y, h->household, score);
}

static int year_person(void *ctx, const struct view_score *s)
{
	char key[REPORT_KEY_MAX];

	snprintf(key, sizeof(key), "%s-%" PRIu32, s->household, s->member);
	return year_row(ctx, key, s->score);
}

static int by_year(struct tabling *t, enum report_by by, struct report *rep)
{
	struct year_rows y = {.t = t, .lines = rep};
	int err =
		by == REPORT_HOUSEHOLD
			? view_households(t->r.ask.t, t->r.ask.feed.no, year_household, &y)
			: view_scores(t->r.ask.t, t->r.ask.feed.no, (int)t->year, year_person, &y);

	report_close(rep);
	*rep = y.rep;
	return err;
}

static int ranks(struct tabling *t, enum report_by by)
{
	struct report rep;
	int err = make(t, by, t->category, &rep);

	if (!err && t->year && !t->category)
		err = by_year(t, by, &rep);
	if (!err)
		report_rank(&rep);
	for (uint32_t i = 0; i < rep.n && !err; i++)
		err = put_rank(t, by, &rep.row[i]);
	report_close(&rep);
	return err;
}

static int rows_households(struct tabling *t)
{
	return ranks(t, REPORT_HOUSEHOLD);
}

static int rows_people(struct tabling *t)
{
	return ranks(t, REPORT_PERSON);
}

/* --- completeness ---------------------------------------------------------------------------------- */
/* The four measures of R07, participation, the delay of recording (R36), and how deductions stand to awards
 * and honour and support to goods (R06). */
#define PROMPT_DAYS 7

static const struct column measures_columns[] = {
	{"measure", "指标", "measure", false}, {"part", "数量", "count", true},
	{"whole", "总数", "of", true},	       {"percent", "百分比", "percent", true},
	{"note", "说明", "note", false},       {NULL, NULL, NULL, false}};

static void put_measure(struct tabling *t, struct says name, uint64_t part, uint64_t whole,
			struct says note)
{
	jw_arr(&t->r.w);
	cell_says(t, name);
	jw_u64(&t->r.w, part);
	jw_u64(&t->r.w, whole);
	cell_share(t, part, whole);
	cell_says(t, note);
	jw_arr_end(&t->r.w);
}

struct measures {
	uint64_t households, taking_part;
	uint64_t lines, complete, prompt;
	uint64_t given, published;
	uint64_t honours, supports;
	struct buf notices; /* struct posted, one after another */
	struct tabling *t;
};
/* A notice of redemptions that hangs: what it shows. */
struct posted {
	struct statement_period p;
	uint64_t size;
};

static int count_household(void *ctx, const struct view_household *h)
{
	struct measures *m = ctx;

	m->households += h->left_day == DAY_NONE;
	m->taking_part += h->left_day == DAY_NONE && h->takes_part;
	return ERR_OK;
}

static bool full(struct bytes b)
{
	return b.n > 0;
}

static int on_notice(void *ctx, const struct view_notice *n)
{
	struct measures *m = ctx;

	if (n->kind != NOTICE_redemption || !n->npostings || n->withdrawal)
		return ERR_OK;
	return buf_put(&m->notices, &(struct posted){{.from = n->from, .to = n->to}, n->size},
		       sizeof(struct posted));
}

/* On one notice or on many: it counts once. */
static bool is_posted(const struct measures *m, const struct statement_row *row)
{
	struct posted p;

	for (size_t at = 0; at < m->notices.n; at += sizeof(p)) {
		memcpy(&p, m->notices.p + at, sizeof(p));
		if (row->seq < p.size && statement_covers(&p.p, row->booked))
			return true;
	}
	return false;
}

/* Recorded within a week of the deed, as far as the computer had a date. */
static int count_prompt(struct measures *m, const struct statement_row *row)
{
	struct bytes leaf, payload;
	struct entry e;
	day_t on;
	int err = feedlog_read(m->t->r.ask.t, m->t->r.ask.feed.no, row->entry, &leaf, &payload);

	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (err)
		return err;
	on = day_of_ms(e.wall_ms);
	m->prompt += on != DAY_NONE && on - row->points_line->day <= PROMPT_DAYS;
	return ERR_OK;
}

/* Time, place, reason and evidence are there, and three different people signed. */
static int count_line(struct measures *m, const struct statement_row *row)
{
	const struct rec_points_line *l = row->points_line;
	struct view_points p;
	int err = view_points(m->t->r.ask.t, m->t->r.ask.feed.no, row->entry, &p);

	if (err)
		return err;
	m->lines++;
	m->complete += full(l->place) && full(l->reason) && full(l->evidence) &&
		       memcmp(p.recorder, p.reviewer, 32) != 0 &&
		       memcmp(p.recorder, p.confirmer, 32) != 0 &&
		       memcmp(p.reviewer, p.confirmer, 32) != 0;
	return count_prompt(m, row);
}

static int count_row(void *ctx, const struct statement_row *row)
{
	struct measures *m = ctx;

	if (row->kind == POSTING_REDEEMED) {
		m->given++;
		m->published += is_posted(m, row);
	}
	return row->kind == POSTING_LINE ? count_line(m, row) : ERR_OK;
}

/* --- rewards --- */
struct rewards {
	struct measures *m;
	enum rec_code type;
};

static int on_reward(void *ctx, uint64_t seq)
{
	struct rewards *w = ctx;
	struct tabling *t = w->m->t;
	union {
		struct rec_honour honour;
		struct rec_policy_support support;
	} r;
	struct payload payload;
	int err = feedlog_payload(t->r.ask.t, t->r.ask.feed.no, seq, &payload);

	if (!err && rec_decode_head(rec_type_of((uint16_t)w->type), &payload, &r))
		err = ERR_CORRUPT;
	if (err)
		return err;
	if (w->type == REC_honour)
		w->m->honours += statement_covers(&t->p, r.honour.day);
	else
		w->m->supports += statement_covers(&t->p, r.support.day);
	return ERR_OK;
}

static int count_rewards(struct measures *m)
{
	struct rewards honours = {m, REC_honour}, supports = {m, REC_policy_support};
	struct reading *r = &m->t->r;
	int err = view_listed(r->ask.t, r->ask.feed.no, REC_honour, 0, on_reward, &honours);

	return err ? err
		   : view_listed(r->ask.t, r->ask.feed.no, REC_policy_support, 0, on_reward,
				 &supports);
}

static int count_item(void *ctx, const struct view_village_item *i)
{
	*(uint64_t *)ctx += i->change != VIEW_DROPPED;
	return ERR_OK;
}

static int items_in_force(struct tabling *t, uint64_t *ret)
{
	struct document doc;
	int err = read_document_on(READER(t->r.ask.t, t->r.ask.feed.no), DOC_CATALOGUE, t->p.to,
				   &doc);

	*ret = 0;
	if (!err)
		err = view_village_catalogue(t->r.ask.t, t->r.ask.feed.no, doc.version, count_item,
					     ret);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static uint64_t items_used(const struct report *by_item)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < by_item->n; i++)
		used += by_item->row[i].awards + by_item->row[i].deductions > 0;
	return used;
}

/* Rewards of the spirit come first, goods beside them; awards before deductions: the plan says so. */
static void put_balance(struct measures *m, const struct report_row *total)
{
	static const struct says fine = {"", ""};
	uint64_t rewards = m->honours + m->supports + m->given;
	bool negative = total->deductions > total->awards;

	put_measure(m->t, SAYS("扣分条数占比", "deductions among all lines"),
		    (uint64_t)total->deductions, (uint64_t)(total->awards + total->deductions),
		    negative ? SAYS("扣分多于加分，应以正向激励为主",
				    "more deductions than awards; awards should lead")
			     : fine);
	put_measure(m->t, SAYS("精神鼓励占比", "honours among all rewards"), m->honours, rewards,
		    fine);
	put_measure(m->t, SAYS("政策支持占比", "policy support among all rewards"), m->supports,
		    rewards, fine);
	put_measure(m->t, SAYS("物质奖励占比", "goods among all rewards"), m->given, rewards, fine);
}

static void put_completeness(struct measures *m, uint64_t used, uint64_t items)
{
	static const struct says fine = {"", ""};

	put_measure(m->t, SAYS("事项使用（全覆盖）", "items used of those in force"), used, items,
		    fine);
	put_measure(m->t, SAYS("参加户（全参与）", "households taking part"), m->taking_part,
		    m->households, fine);
	put_measure(m->t, SAYS("要素齐全且三人签名（全记录）", "complete and signed by three"),
		    m->complete, m->lines, fine);
	put_measure(m->t, SAYS("已公示的兑换（全公开）", "redemptions published"), m->published,
		    m->given, fine);
	put_measure(m->t, SAYS("七天内记录", "recorded within seven days"), m->prompt, m->lines,
		    fine);
}

static int rows_measures(struct tabling *t)
{
	struct measures m = {.t = t};
	struct report rep = {0};
	uint64_t items;
	int err;

	if (t->p.to == DAY_NONE)
		t->p.to = t->r.ask.day;
	err = items_in_force(t, &items);
	if (!err)
		err = view_households(t->r.ask.t, t->r.ask.feed.no, count_household, &m);
	if (!err)
		err = view_notices(t->r.ask.t, t->r.ask.feed.no, on_notice, &m);
	if (!err)
		err = count_rewards(&m);
	if (!err)
		err = statement_days(t->r.ask.t, t->r.ask.feed.no, &t->p, kv_bytes(NULL, 0),
				     t->r.ask.feed.size, count_row, &m);
	if (!err)
		err = make(t, REPORT_ITEM, '\0', &rep);
	if (!err) {
		put_completeness(&m, items_used(&rep), items);
		put_balance(&m, &rep.total);
	}
	buf_close(&m.notices);
	report_close(&rep);
	return err;
}

/* --- which ----------------------------------------------------------------------------------------- */
const struct table_def tables_sums[] = {
	{"categories", "按类别统计", "by category", sums_columns, rows_categories},
	{"items", "按事项统计", "by item", sums_columns, rows_items},
	{"months", "按月份统计", "by month", sums_columns, rows_months},
	{"groups", "按组统计", "by group", groups_columns, rows_groups},
	{"households", "户积分排名", "ranking of households", ranks_columns, rows_households},
	{"people", "个人积分排名", "ranking of people", ranks_columns, rows_people},
	{"completeness", "四全指标", "completeness", measures_columns, rows_measures},
	{NULL, NULL, NULL, NULL, NULL},
};
