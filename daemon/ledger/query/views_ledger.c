#include <inttypes.h>

#include "daemon/ledger/query/statement.h"
#include "daemon/ledger/query/view.h"
#include "daemon/ledger/state/read_person.h"
#include "daemon/ledger/state/read_registers.h"
#include "lib/text.h"

/* The management ledger: every posting of points with what it was for, the balance of the household after it,
 * and who signed. The last balance of each household is that of its account. */
struct walk {
	struct ask *a;
	struct view_out *out;
};

/* "毛巾 2, 肥皂 1" */
static int goods_text(const struct statement_row *m, struct buf *out)
{
	const struct rec_type *type = rec_type_of(REC_redemption);
	struct rec_redemption_line l;

	for (uint32_t i = 0; i + 1 < m->payload->nparts; i++) {
		if (rec_decode_line(type, m->payload, i, &l))
			return ERR_CORRUPT;
		buf_printf(out, "%s%.*s %" PRId64, i ? ", " : "", (int)l.good.n,
			   (const char *)l.good.p, qty_raw(l.quantity));
	}
	return out->err;
}

/* How a redemption stands today. */
static int redeemed_state(const struct walk *w, uint64_t entry, const char **ret)
{
	uint64_t by;
	int err = read_settled(READER(w->a->t, w->a->feed.no), entry, &by);

	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = says_in(err ? SAYS("已兑换", "given") : SAYS("已冲正", "reversed"), w->a->lang);
	return ERR_OK;
}

/* A person of the village or the town; empty when nobody is known to hold the key. */
static struct bytes person_of(const struct walk *w, const uint8_t key[SIGN_KEY_BYTES],
			      struct view_person *p)
{
	if (read_person(READER(w->a->t, w->a->feed.no), key, DAY_NONE, p) &&
	    read_person(READER(w->a->t, FEED_TOWN), key, DAY_NONE, p))
		return bytes_str("");
	return bytes_str(p->name);
}

/* A line: what it was for, where it stands, and the three who signed it. */
static int put_line(const struct walk *w, const struct statement_row *m, struct row_ledger *v)
{
	const struct rec_points_line *l = m->points_line;
	struct view_person recorder, reviewer, confirmer;
	struct view_points p;
	int err = view_points(w->a->t, w->a->feed.no, m->entry, &p);

	if (err)
		return err;
	v->member = l->member;
	v->item = l->item;
	v->what = bytes_str(m->item->name);
	v->day = l->day;
	v->state = bytes_str(line_state_text(p.state[m->line], w->a->lang));
	v->reason = l->reason;
	if (m->kind == POSTING_LINE) {
		v->recorder = person_of(w, p.recorder, &recorder);
		v->reviewer = person_of(w, p.reviewer, &reviewer);
		v->confirmer = person_of(w, p.confirmer, &confirmer);
	}
	return view_put(w->out, v);
}

static int put_redeemed(const struct walk *w, const struct statement_row *m, struct row_ledger *v)
{
	struct buf goods = {0};
	const char *state = "";
	int err = goods_text(m, &goods);

	if (!err)
		err = redeemed_state(w, m->entry, &state);
	v->item = m->redemption->slip;
	v->what = buf_bytes(&goods);
	v->day = m->redemption->day;
	v->state = bytes_str(state);
	if (!err)
		err = view_put(w->out, v);
	buf_close(&goods);
	return err;
}

/* What is not a line has the signature of who wrote it. */
static int put_row(const struct walk *w, const struct statement_row *m)
{
	struct view_person author;
	struct row_ledger v = {.booked = m->booked,
			       .household = m->household,
			       .kind = bytes_str(posting_kind_text(m->kind, w->a->lang)),
			       .item = m->other,
			       .day = m->booked,
			       .points = m->points,
			       .balance = m->balance,
			       .entry = m->entry,
			       .line = m->line,
			       .by = m->seq};

	if (m->kind != POSTING_LINE)
		v.recorder = person_of(w, m->author, &author);
	if (m->points_line)
		return put_line(w, m, &v);
	return m->redemption ? put_redeemed(w, m, &v) : view_put(w->out, &v);
}

static int on_row(void *ctx, const struct statement_row *m)
{
	return put_row(ctx, m);
}

int rows_ledger(struct ask *a, struct view_out *out)
{
	struct walk w = {a, out};
	struct statement_period of;
	struct bytes household;
	struct view_period p;
	int err = view_period(a, &p);

	if (!err)
		err = view_household_asked(a, &household);
	if (err)
		return err;
	of = view_statement_period(&p);
	return statement_days(a->t, a->feed.no, &of, household, a->feed.size, on_row, &w);
}
