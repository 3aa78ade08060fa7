#include <string.h>

#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/query/view.h"
#include "daemon/ledger/state/read_person.h"

/* What was corrected about people and households: a row for each fact, as it was and as it is from then on. */
struct corrections {
	struct ask *a;
	struct view_out *out;
	struct bytes household; /* empty: all */
	uint64_t seq;
	struct row_corrections row;
	struct buf former, now;
};

static void put_value(const struct corrections *x, const struct rec_field *f, const void *s,
		      struct buf *to)
{
	char text[DATE_TEXT_MAX];

	buf_reset(to);
	if (f->kind == REC_DAY)
		buf_puts(to, day_text(rec_day(f, s), text));
	else if (f->kind == REC_CHOICE)
		buf_puts(to, rec_label(f, s, x->a->lang));
	else
		buf_put(to, rec_bytes(f, s).p, rec_bytes(f, s).n);
}

static int put_fact(struct corrections *x, const struct rec_field *f, const void *was,
		    const void *is)
{
	put_value(x, f, was, &x->former);
	put_value(x, f, is, &x->now);
	if (x->former.err || x->now.err)
		return ERR_NOMEM;
	if (bytes_eq(buf_bytes(&x->former), buf_bytes(&x->now)))
		return ERR_OK;
	x->row.what = bytes_str(x->a->lang == LANG_EN ? f->en : f->zh);
	x->row.former = buf_bytes(&x->former);
	x->row.now = buf_bytes(&x->now);
	return view_put(x->out, &x->row);
}

/* Who wrote it, and when. */
static int open_row(struct corrections *x, struct bytes household, uint64_t member,
		    struct bytes reason, struct view_person *by)
{
	struct bytes leaf = {0}, payload = {0};
	struct entry e;
	int err = feedlog_read(x->a->t, x->a->feed.no, x->seq, &leaf, &payload);

	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (read_person(READER(x->a->t, x->a->feed.no), e.author, DAY_NONE, by))
		memset(by, 0, sizeof(*by));
	x->row = (struct row_corrections){.entry = x->seq,
					  .day = day_of_ms(e.wall_ms),
					  .household = household,
					  .member = member,
					  .reason = reason,
					  .by = bytes_str(by->name)};
	return ERR_OK;
}

/* The register as the entry found it. */
static struct reader reader_then(const struct corrections *x)
{
	struct reader r = reader_of(x->a->t, x->a->feed.no);

	r.size = x->seq;
	return r;
}

static int on_person(void *ctx, uint64_t seq)
{
	const struct rec_type *t = rec_type_of(REC_person_correction);
	struct rec_person_correction is, was;
	struct corrections *x = ctx;
	struct view_person by;
	struct reader then;
	int err = entry_head(x->a->t, x->a->feed.no, seq, REC_person_correction, &is);

	if (err || (x->household.n && !bytes_eq(x->household, is.household)))
		return err;
	x->seq = seq;
	then = reader_then(x);
	err = read_registered(&then, is.household, is.member, &was);
	if (!err)
		err = open_row(x, is.household, is.member, is.reason, &by);
	for (uint32_t i = 0; i < t->nhead && !err; i++)
		if (t->head[i].fill == REC_REGISTERED)
			err = put_fact(x, &t->head[i], &was, &is);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

static int on_household(void *ctx, uint64_t seq)
{
	const struct rec_type *t = rec_type_of(REC_household_correction);
	struct rec_household_correction is, was = {.household = {0}};
	struct corrections *x = ctx;
	struct state_household h;
	struct view_person by;
	struct reader then;
	int err = entry_head(x->a->t, x->a->feed.no, seq, REC_household_correction, &is);

	if (err || (x->household.n && !bytes_eq(x->household, is.household)))
		return err;
	x->seq = seq;
	then = reader_then(x);
	err = read_household(&then, is.household, &h);
	if (!err)
		err = open_row(x, is.household, 0, is.reason, &by);
	was.group = h.group;
	for (uint32_t i = 0; i < t->nhead && !err; i++)
		if (strcmp(t->head[i].name, "group") == 0)
			err = put_fact(x, &t->head[i], &was, &is);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

int rows_corrections(struct ask *a, struct view_out *out)
{
	struct corrections x = {.a = a, .out = out};
	int err = view_household_asked(a, &x.household);

	if (!err)
		err = view_listed(a->t, a->feed.no, REC_household_correction, 0, on_household, &x);
	if (!err)
		err = view_listed(a->t, a->feed.no, REC_person_correction, 0, on_person, &x);
	buf_close(&x.former);
	buf_close(&x.now);
	return err;
}
