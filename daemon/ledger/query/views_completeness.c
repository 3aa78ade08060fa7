#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/due.h"
#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/query/sums.h"
#include "daemon/ledger/query/view.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "lib/text.h"

/* The four measures of R07, participation, the delay of recording (R36), and how deductions stand to awards
 * and honour and support to goods (R06). */
#define PROMPT_DAYS 7

struct measures {
	uint64_t households, taking_part;
	uint64_t lines, complete, prompt;
	uint64_t given, published;
	uint64_t honours, supports;
	struct buf notices; /* struct posted, one after another */
	struct ask *a;
	struct view_out *out;
	struct statement_period p;
	int err; /* of the first row that could not be put */
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

static int on_notice(void *ctx, const void *row)
{
	const struct row_notices *n = row;
	struct measures *m = ctx;

	if (n->kind != NOTICE_redemption || !n->postings || n->withdrawal)
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
	int err = feedlog_read(m->a->t, m->a->feed.no, row->entry, &leaf, &payload);

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
	int err = view_points(m->a->t, m->a->feed.no, row->entry, &p);

	if (err)
		return err;
	m->lines++;
	m->complete += full(l->place) && full(l->reason) && full(l->evidence) &&
		       memcmp(p.recorder, p.reviewer, 32) != 0 &&
		       memcmp(p.recorder, p.confirmer, 32) != 0 &&
		       memcmp(p.reviewer, p.confirmer, 32) != 0;
	return count_prompt(m, row);
}

/* What was taken back was not given. */
static int count_reward(struct measures *m, const struct statement_row *row)
{
	uint64_t by;
	int err = entry_settled(m->a->t, m->a->feed.no, row->entry, &by);

	if (err || by)
		return err;
	m->given++;
	m->published += is_posted(m, row);
	return ERR_OK;
}

static int count_row(void *ctx, const struct statement_row *row)
{
	struct measures *m = ctx;

	if (row->kind == POSTING_REDEEMED)
		return count_reward(m, row);
	return row->kind == POSTING_LINE ? count_line(m, row) : ERR_OK;
}

/* --- rewards --- */
static int on_honour(void *ctx, const void *row)
{
	const struct row_honours *h = row;
	struct measures *m = ctx;

	m->honours += statement_covers(&m->p, h->day);
	return ERR_OK;
}

static int on_support(void *ctx, uint64_t seq)
{
	struct measures *m = ctx;
	struct rec_policy_support r;
	int err = entry_head(m->a->t, m->a->feed.no, seq, REC_policy_support, &r);

	if (!err)
		m->supports += statement_covers(&m->p, r.day);
	return err;
}

static int count_rewards(struct measures *m)
{
	int err = view_each(m->a, &views[VIEW_honours], on_honour, m);

	return err ? err
		   : view_listed(m->a->t, m->a->feed.no, REC_policy_support, 0, on_support, m);
}

static int count_item(void *ctx, const struct view_village_item *i)
{
	*(uint64_t *)ctx += i->change != VIEW_DROPPED;
	return ERR_OK;
}

static int items_in_force(const struct measures *m, uint64_t *ret)
{
	struct document doc;
	int err = read_document_on(READER(m->a->t, m->a->feed.no), DOC_CATALOGUE, m->p.to, &doc);

	*ret = 0;
	if (!err)
		err = view_village_catalogue(m->a->t, m->a->feed.no, doc.version, count_item, ret);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static uint64_t items_used(const struct report *by_item)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < by_item->n; i++)
		used += by_item->row[i].awards + by_item->row[i].deductions > 0;
	return used;
}

/* --- rows ------------------------------------------------------------------------------------------ */
/* Part of a whole in percent with one decimal, rounded half up; "-" of nothing. */
static void put_measure(struct measures *m, struct says name, uint64_t part, uint64_t whole,
			struct says note)
{
	uint64_t tenths = whole ? (part * 2000 + whole) / (2 * whole) : 0;
	char text[48] = "-";

	if (whole)
		snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	if (!m->err)
		m->err = view_put(m->out, &(struct row_completeness){
						  .measure = bytes_str(says_in(name, m->a->lang)),
						  .part = part,
						  .whole = whole,
						  .percent = bytes_str(text),
						  .note = bytes_str(says_in(note, m->a->lang))});
}

static const struct says fine = {"", ""};

static void put_completeness(struct measures *m, uint64_t used, uint64_t items)
{
	put_measure(m, SAYS("事项使用（全覆盖）", "items used of those in force"), used, items,
		    fine);
	put_measure(m, SAYS("参加户（全参与）", "households taking part"), m->taking_part,
		    m->households, fine);
	put_measure(m, SAYS("要素齐全且三人签名（全记录）", "complete and signed by three"),
		    m->complete, m->lines, fine);
	put_measure(m, SAYS("已公示的兑换（全公开）", "redemptions published"), m->published,
		    m->given, fine);
	put_measure(m, SAYS("七天内记录", "recorded within seven days"), m->prompt, m->lines, fine);
}

/* Rewards of the spirit come first, goods beside them; awards before deductions: the plan says so. */
static void put_balance(struct measures *m, const struct report_row *total)
{
	uint64_t rewards = m->honours + m->supports + m->given;
	bool negative = total->deductions > total->awards;
	/* where more was taken back than confirmed, lines count below zero and have no shares */
	bool counts = total->deductions >= 0 && total->awards >= 0;

	put_measure(m, SAYS("扣分条数占比", "deductions among all lines"),
		    counts ? (uint64_t)total->deductions : 0,
		    counts ? (uint64_t)(total->awards + total->deductions) : 0,
		    negative ? SAYS("扣分多于加分，应以正向激励为主",
				    "more deductions than awards; awards should lead")
			     : fine);
	put_measure(m, SAYS("精神鼓励占比", "honours among all rewards"), m->honours, rewards,
		    fine);
	put_measure(m, SAYS("政策支持占比", "policy support among all rewards"), m->supports,
		    rewards, fine);
	put_measure(m, SAYS("物质奖励占比", "goods among all rewards"), m->given, rewards, fine);
}

/* --- what was due ---------------------------------------------------------------------------------- */
#define DUTIES_MAX    32
#define DUTY_NAME_MAX 97
#define MEASURE_MAX   160
struct in_time {
	const struct measures *m;
	uint32_t n;
	struct {
		char what[DUTY_NAME_MAX];
		uint64_t part, whole;
	} of[DUTIES_MAX];
};

/* Of what was due in the period: done by that day? */
static int count_duty(void *ctx, const struct duty *d)
{
	struct in_time *x = ctx;
	uint32_t i = 0;

	/* what is lacking is never seen done: it is no longer there */
	if (d->def == &views[VIEW_missing] || !statement_covers(&x->m->p, d->due))
		return ERR_OK;
	while (i < x->n && !str_eq((const char *)d->what.p, d->what.n, x->of[i].what))
		i++;
	if (i == DUTIES_MAX)
		return ERR_LIMIT;
	if (i == x->n)
		str_set(x->of[x->n++].what, sizeof(x->of[i].what), d->what);
	x->of[i].whole++;
	x->of[i].part += d->done != DAY_NONE && d->done <= d->due;
	return ERR_OK;
}

static void put_in_time(struct measures *m, const struct in_time *x)
{
	char zh[MEASURE_MAX], en[MEASURE_MAX];

	for (uint32_t i = 0; i < x->n; i++) {
		snprintf(zh, sizeof(zh), "按期办结：%s", x->of[i].what);
		snprintf(en, sizeof(en), "done in time: %s", x->of[i].what);
		put_measure(m, SAYS(zh, en), x->of[i].part, x->of[i].whole, fine);
	}
}

/* --- the list -------------------------------------------------------------------------------------- */
static int begin(struct measures *m, struct ask *a, struct view_out *out)
{
	struct view_period p;
	int err = view_period(a, &p);

	*m = (struct measures){.a = a, .out = out};
	if (err)
		return err;
	m->p = view_statement_period(&p);
	if (m->p.to == DAY_NONE)
		m->p.to = a->day;
	return ERR_OK;
}

int rows_completeness(struct ask *a, struct view_out *out)
{
	struct in_time in_time = {.m = NULL};
	struct report rep = {0};
	struct measures m;
	uint64_t items;
	int err = begin(&m, a, out);

	if (!err)
		err = items_in_force(&m, &items);
	if (!err)
		err = view_households(a->t, a->feed.no, count_household, &m);
	if (!err)
		err = view_each(a, &views[VIEW_notices], on_notice, &m);
	if (!err)
		err = count_rewards(&m);
	if (!err)
		err = statement_days(a->t, a->feed.no, &m.p, kv_bytes(NULL, 0), a->feed.size,
				     count_row, &m);
	if (!err)
		err = report_make(a->t, a->feed.no, a->feed.size, REPORT_ITEM, &m.p, '\0', &rep);
	in_time.m = &m;
	if (!err)
		err = duty_each(a, DUTIES_DATED, count_duty, &in_time);
	if (!err) {
		put_completeness(&m, items_used(&rep), items);
		put_balance(&m, &rep.total);
		put_in_time(&m, &in_time);
		err = m.err;
	}
	buf_close(&m.notices);
	report_close(&rep);
	return err;
}
