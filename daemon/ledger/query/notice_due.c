#include "daemon/ledger/query/notice_due.h"

#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/state/state_covered.h"

/* The plan says "by period"; the law on village affairs says at least each quarter. */
#define RHYTHM_MONTHS 3

static uint32_t posted_state(const struct ask *a, const struct row_notices *n)
{
	if (n->withdrawal)
		return POSTED_withdrawn;
	if (n->postings)
		return n->due != DAY_NONE && n->posted_from > n->due ? POSTED_late : POSTED_yes;
	return n->due != DAY_NONE && a->day != DAY_NONE && a->day > n->due ? POSTED_overdue
									   : POSTED_no;
}

int notice_read(const struct ask *a, uint64_t seq, struct row_notices *ret)
{
	const struct reader reader = reader_of(a->t, a->feed.no);
	struct row_notices n = {.entry = seq};
	struct state_notice posted = {0};
	struct rec_notice r;
	int err = entry_head(a->t, a->feed.no, seq, REC_notice, &r);

	if (err)
		return err;
	err = reader_notice(&reader, a->feed.no, seq, &posted);
	if (!err || err == ERR_NOTFOUND) /* posted nowhere */
		err = entry_settled(a->t, a->feed.no, seq, &n.withdrawal);
	if (err)
		return err;
	n.kind = r.kind;
	n.from = r.from;
	n.to = r.to;
	n.size = r.size;
	n.lines = r.lines;
	n.plus = r.plus;
	n.minus = r.minus;
	n.postings = posted.npostings;
	n.posted_from = posted.from;
	n.posted_to = posted.to;
	if (r.kind == NOTICE_assessment || r.kind == NOTICE_redemption)
		n.due = r.to + NOTICE_DUE_DAYS;
	n.state = posted_state(a, &n);
	*ret = n;
	return ERR_OK;
}

int notice_covering(const struct ask *a, enum rec_choice_NOTICE kind, day_t day,
		    struct row_notices *ret)
{
	struct state_covered c;
	struct state_key k;
	struct bytes row;
	size_t at = 0;
	int err;

	state_covered_key(&k, a->feed.no, kind);
	err = reader_get(READER(a->t, a->feed.no), &k, &row);
	while (!err) {
		err = state_covered_next(row, &at, &c);
		if (!err && c.from <= day && day <= c.to)
			return notice_read(a, c.seq, ret);
	}
	return err;
}

/* The last day of the period of the calendar that @day is in. */
static day_t period_end(day_t day)
{
	int year, month, of_month;
	day_t first;

	day_to_ymd(day, &year, &month, &of_month);
	if (!day_from_ymd(year, month - (month - 1) % RHYTHM_MONTHS, 1, &first))
		return DAY_NONE;
	return day_add_months(first, RHYTHM_MONTHS) - 1;
}

day_t notice_due_after(day_t covered)
{
	return period_end(covered + 1) + NOTICE_DUE_DAYS;
}

static int earliest(void *ctx, const struct document *d)
{
	day_t *first = ctx;

	if (*first == DAY_NONE || d->from < *first)
		*first = d->from;
	return ERR_OK;
}

int notice_due_since(const struct ask *a, day_t *ret)
{
	struct bytes leaf, payload;
	struct entry e;
	day_t wrote;
	int err;

	*ret = DAY_NONE;
	err = read_documents(READER(a->t, a->feed.no), DOC_SCHEME, earliest, ret);
	if (!err) /* points are given by a catalogue alone */
		err = read_documents(READER(a->t, a->feed.no), DOC_CATALOGUE, earliest, ret);
	if (err || *ret == DAY_NONE)
		return err;
	err = feedlog_read(a->t, a->feed.no, 0, &leaf, &payload);
	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (err)
		return err;
	wrote = day_of_ms(e.wall_ms);
	if (wrote != DAY_NONE && wrote > *ret)
		*ret = wrote;
	return ERR_OK;
}
