#include "daemon/ledger/query/due.h"

#include <string.h>

#include "daemon/ledger/query/work.h"
#include "daemon/ledger/state/read_documents.h"
#include "lib/buf.h"

/* The plan says "by period"; the law on village affairs says at least each quarter. */
#define RHYTHM_MONTHS 3

struct walk {
	struct kv_txn *t;
	const struct feed_head *feed;
	int (*fn)(void *ctx, const struct due *d);
	void *ctx;
};

int due_late(const struct due *d, day_t today)
{
	return today != DAY_NONE && d->due != DAY_NONE && today > d->due ? today - d->due : 0;
}

/* --- periodic notices ------------------------------------------------------------------------------ */
/* Those of one kind that hang or hung and were not taken down. */
struct hung {
	uint32_t kind;
	struct buf notices; /* struct view_notice, one after another */
};

static int on_notice(void *ctx, const struct view_notice *n)
{
	struct hung *h = ctx;

	if (n->kind != h->kind || n->withdrawal || !n->npostings)
		return ERR_OK;
	return buf_put(&h->notices, n, sizeof(*n));
}

/* The notice that covers the day after @d->covered and goes on longest. */
static bool extend(const struct hung *h, struct due *d)
{
	bool more = false;

	for (size_t at = 0; at < h->notices.n; at += sizeof(struct view_notice)) {
		struct view_notice n;

		memcpy(&n, h->notices.p + at, sizeof(n));
		if (n.from > d->covered + 1 || n.to <= d->covered)
			continue;
		more = true;
		d->covered = n.to;
		d->posted_from = n.posted_from;
		d->posted_to = n.posted_to;
		d->entry = n.seq;
	}
	return more;
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

static int notice_due(struct walk *w, uint32_t kind, struct says what, day_t since)
{
	struct due d = {.what = what,
			.subject = "",
			.covered = since - 1,
			.posted_from = DAY_NONE,
			.posted_to = DAY_NONE};
	struct hung h = {.kind = kind};
	int err = view_notices(w->t, w->feed->no, on_notice, &h);

	while (!err && extend(&h, &d))
		;
	buf_close(&h.notices);
	if (err)
		return err;
	d.due = period_end(d.covered + 1) + NOTICE_DUE_DAYS;
	if (!d.entry)
		d.covered = DAY_NONE;
	return w->fn(w->ctx, &d);
}

static int first_scheme(void *ctx, const struct document *d)
{
	*(day_t *)ctx = d->from;
	return 1;
}

/* What was before the first scheme, or before the ledger was kept here, needs no notice of ours. */
static int began(struct walk *w, day_t *ret)
{
	struct bytes leaf, payload;
	struct entry e;
	day_t wrote;
	int err;

	*ret = DAY_NONE;
	err = read_documents(READER(w->t, w->feed->no), DOC_SCHEME, first_scheme, ret);
	if (err < 0 || *ret == DAY_NONE)
		return err < 0 ? err : ERR_OK;
	err = feedlog_read(w->t, w->feed->no, 0, &leaf, &payload);
	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (err)
		return err;
	wrote = day_of_ms(e.wall_ms);
	if (wrote != DAY_NONE && wrote > *ret)
		*ret = wrote;
	return ERR_OK;
}

static int notices_due(struct walk *w)
{
	day_t since;
	int err = began(w, &since);

	if (err || since == DAY_NONE)
		return err;
	err = notice_due(w, NOTICE_assessment,
			 SAYS("积分评定结果公示", "notice of assessment results"), since);
	return err ? err
		   : notice_due(w, NOTICE_redemption,
				SAYS("积分兑换情况公示", "notice of redemptions"), since);
}

/* --- what waits for an answer ---------------------------------------------------------------------- */
static int on_objection(void *ctx, const struct view_objection *o)
{
	const struct due d = {.what = SAYS("异议答复", "answer to an objection"),
			      .subject = o->household,
			      .entry = o->seq,
			      .covered = DAY_NONE,
			      .posted_from = DAY_NONE,
			      .posted_to = DAY_NONE,
			      .due = o->due};
	struct walk *w = ctx;

	return o->state == OBJECTION_OPEN ? w->fn(w->ctx, &d) : ERR_OK;
}

static int on_guidance(void *ctx, const struct view_guidance *g)
{
	const struct due d = {.what = SAYS("镇指导督促", "guidance of the town"),
			      .subject = g->title,
			      .entry = g->seq,
			      .covered = DAY_NONE,
			      .posted_from = DAY_NONE,
			      .posted_to = DAY_NONE,
			      .due = g->due};
	struct walk *w = ctx;

	return g->closed || (g->reply && g->done) || g->due == DAY_NONE ? ERR_OK
									: w->fn(w->ctx, &d);
}

static int guidance_due(struct walk *w)
{
	struct view_village v;
	int err = view_village_by_feed(w->t, &w->feed->id, &v);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err; /* not enrolled yet */
	return view_guidances(w->t, w->feed->no, bytes_str(v.code), on_guidance, w);
}

int due_walk(struct kv_txn *t, const struct feed_head *feed,
	     int (*fn)(void *ctx, const struct due *d), void *ctx)
{
	struct walk w = {t, feed, fn, ctx};
	int err = feed->size ? notices_due(&w) : ERR_OK;

	if (!err)
		err = view_objections(t, feed->no, on_objection, &w);
	return err ? err : guidance_due(&w);
}

struct late {
	day_t today;
	uint64_t n;
};

static int count_late(void *ctx, const struct due *d)
{
	struct late *l = ctx;

	l->n += due_late(d, l->today) > 0;
	return ERR_OK;
}

int due_count(struct kv_txn *t, const struct feed_head *feed, day_t today, uint64_t *ret)
{
	struct late l = {.today = today};
	int err = due_walk(t, feed, count_late, &l);

	*ret = l.n;
	return err;
}
