#include "daemon/ledger/rules/rule.h"

#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/scheme.h"
#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"
#include "lib/mem.h"

/* Due process: what villagers apply for, what they are told of, what they object to and
 * complain of. */

#define SCHEMES_MIN 8

static void told_key(struct state_key *k, const struct judged *j, uint64_t entry, uint32_t line)
{
	state_key_of(k, j->f->feed_no, STATE_TOLD);
	state_key_u64(k, entry);
	state_key_u8(k, (uint8_t)line);
}

/* --- applications ---------------------------------------------------------------------------------- */
static int check_wanted(struct judged *j, const struct rec_application *a)
{
	const struct fold_item *it;
	uint64_t version;
	int err = fold_catalogue_on(j, a->day, &version);

	if (!err && version == 0)
		return fold_refuse(j,
				   &(struct refusal){.id = V_P11_NOT_IN_FORCE, .num = {0, a->day}});
	if (!err)
		err = fold_catalogue_item(j, version, a->item, &it);
	if (err == ERR_NOTFOUND)
		return fold_refuse(j, &(struct refusal){.id = V_P11_UNKNOWN_ITEM,
							.num = {0, (int64_t)version},
							.s = a->item});
	if (err || (it->scope == SCOPE_individual) == (a->member != 0))
		return err;
	return fold_refuse(j, &(struct refusal){.id = V_P11_SCOPE,
						.num = {0, (int64_t)a->member},
						.s = a->item,
						.t = fold_text(it->scope == SCOPE_individual
								       ? "individual"
								       : "household")});
}

int fold_objection_application(struct judged *j)
{
	struct state_household h;
	struct rec_application a;
	int err = fold_head(j, &a);

	if (!err)
		err = fold_not_future(j, a.day);
	if (!err)
		err = fold_roster_need(j, 0, a.household, (uint32_t)a.member, &h);
	if (!err)
		err = fold_roster_territory(j, 0, a.household, &h);
	if (!err)
		err = check_wanted(j, &a);
	if (err)
		return err;
	if (placeholder(a.place) || placeholder(a.reason))
		return fold_refuse(j, &(struct refusal){.id = V_P08_MISSING,
							.s = fold_text(placeholder(a.place)
									       ? "place"
									       : "reason")});
	return ERR_OK;
}

int fold_objection_application_reply(struct judged *j)
{
	struct rec_application_reply r;
	struct rec_application a;
	int err = fold_head(j, &r);

	if (!err)
		err = fold_ref(j, r.application, REC_application, &a);
	return err ? err : fold_settle(j, r.application, REC_application);
}

int fold_objection_apply(struct judged *j, uint32_t line, const struct rec_points_line *l)
{
	struct rec_application a;
	struct fold_place now;
	int err = fold_ref(j, l->application, REC_application, &a);

	/* who applied may have moved in between */
	if (!err)
		err = fold_family_now(j, a.household, (uint32_t)a.member, &now);
	if (err)
		return err;
	if (now.member != l->member || !bytes_eq(fold_place_household(&now), l->household) ||
	    !bytes_eq(a.item, l->item))
		return fold_refuse(
			j, &(struct refusal){.id = V_APPLICATION_LINE,
					     .num = {line, (int64_t)l->application, now.member},
					     .s = fold_place_household(&now),
					     .t = a.item});
	return fold_settle(j, l->application, REC_application);
}

/* --- telling --------------------------------------------------------------------------------------- */
/* The line of a points entry in whose lines we are, and its item. */
static int read_line(struct judged *j, uint64_t entry, uint32_t line, struct rec_points_line *ret,
		     const struct fold_item **ret_item)
{
	int err = feedlog_payload(j->f->t, j->f->feed_no, entry, &j->w->target);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return fold_steps_line(j, line, ret, ret_item);
}

/* Told again: the last telling counts, until the line is decided. */
int fold_objection_told(struct judged *j)
{
	const struct fold_item *it;
	struct state_household h;
	struct rec_points_line l;
	struct rec_told r;
	struct state_key k;
	int err = fold_head(j, &r);

	if (!err)
		err = fold_steps_lines(j, r.entry, r.line);
	if (err)
		return err;
	uint32_t line = (uint32_t)r.line;
	uint8_t state = j->w->lines.line[line - 1].state;
	if (state != LINE_RECORDED && state != LINE_REVIEWED)
		return fold_steps_wrong_state(j, r.entry, line);
	err = read_line(j, r.entry, line, &l, &it);
	if (!err)
		err = fold_roster_known(j, line, l.household, &h);
	if (!err)
		err = fold_roster_territory(j, line, l.household, &h);
	if (!err && it->sign != SIGN_deduct)
		err = fold_refuse(j, &(struct refusal){.id = V_NO_DEDUCTION,
						       .num = {(int64_t)r.entry, line}});
	if (!err)
		err = fold_not_future(j, r.day);
	if (!err)
		err = fold_period(j, l.day, r.day);
	if (err)
		return err;
	told_key(&k, j, r.entry, line);
	return fold_put_nums(j, &k, (const int64_t[]){r.day}, 1);
}

static int add_scheme(struct fold_work *w, const struct fold_told_days *d)
{
	if (w->nschemes == w->schemes_cap) {
		uint32_t cap = w->schemes_cap ? w->schemes_cap * 2 : SCHEMES_MIN;
		struct fold_told_days *more = mem_resize(w->told_days, cap, sizeof(*more));

		if (!more)
			return ERR_NOMEM;
		w->told_days = more;
		w->schemes_cap = cap;
	}
	w->told_days[w->nschemes++] = *d;
	return ERR_OK;
}

/* Read at once and kept, because a look at several rows is not possible among changes, and costs. */
int fold_objection_ready(struct judged *j)
{
	struct fold_work *w = j->w;
	struct fold_doc_row doc;
	struct rec_scheme s;
	uint64_t version;
	day_t day = DAY_MIN;
	int err = ERR_OK;

	if (w->schemes_known)
		return ERR_OK;
	w->nschemes = 0;
	while (!err) {
		err = fold_doc_next(j, DOC_SCHEME, &day, &version, &doc);
		if (!err)
			err = fold_ref(j, doc.seq, REC_scheme, &s);
		if (!err)
			err = add_scheme(w,
					 &(struct fold_told_days){doc.from, (uint32_t)s.told_days});
	}
	w->schemes_known = err == ERR_NOTFOUND;
	return w->schemes_known ? ERR_OK : err;
}

static uint32_t told_days_on(const struct fold_work *w, day_t day)
{
	struct rec_scheme usual;
	uint32_t n = w->nschemes;

	while (n > 0 && w->told_days[n - 1].from > day)
		n--;
	if (n > 0)
		return w->told_days[n - 1].days;
	scheme_usual(&usual);
	return (uint32_t)usual.told_days;
}

static int get_open(struct judged *j, uint64_t entry, uint32_t line, struct state_key *k,
		    struct state_open *ret)
{
	struct bytes row;
	int err;

	state_open_key(k, j->f->feed_no, entry, line);
	err = rows_get_or_empty(j->w->rows, k, &row);
	return err ? err : state_open_parse(row, ret);
}

int fold_objection_due(struct judged *j, uint64_t entry, uint32_t line,
		       const struct rec_points_line *l)
{
	struct state_open open;
	int64_t told = l->told;
	struct state_key k;
	int err;

	told_key(&k, j, entry, line);
	err = fold_get_nums(j, &k, &told, 1);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (told == DAY_NONE)
		return fold_refuse(j, &(struct refusal){.id = V_P15_NOT_TOLD, .num = {line}});
	err = fold_need_clock(j);
	if (err)
		return err;
	uint32_t days = told_days_on(j->w, (day_t)told);
	if (j->today < told + days)
		return fold_refuse(j, &(struct refusal){.id = V_P15_TOO_SOON,
							.num = {line, told, days, told + days}});
	err = get_open(j, entry, line, &k, &open);
	if (err || open.n == 0)
		return err;
	return fold_refuse(j, &(struct refusal){.id = V_P15_OBJECTION,
						.num = {line, (int64_t)open.seq[0]}});
}

/* --- objections ------------------------------------------------------------------------------------ */
int fold_objection_raise(struct judged *j)
{
	struct state_household h;
	struct rec_objection o;
	struct state_open open;
	struct state_key k;
	int err = fold_head(j, &o);

	if (!err)
		err = fold_steps_lines(j, o.entry, o.line);
	if (!err && o.household.n)
		err = fold_roster_known(j, 0, o.household, &h);
	if (!err)
		err = fold_not_future(j, o.day);
	if (!err)
		err = get_open(j, o.entry, (uint32_t)o.line, &k, &open);
	if (err)
		return err;
	if (open.n == STATE_OBJECTIONS_MAX)
		return fold_refuse(
			j, &(struct refusal){.id = V_OBJECTIONS_FULL,
					     .num = {(int64_t)o.entry, (int64_t)o.line, open.n}});
	open.seq[open.n++] = j->e->seq;
	state_open_pack(&open, fold_out(j));
	return fold_put(j, &k);
}

static int close_objection(struct judged *j, uint64_t objection, uint64_t entry, uint32_t line)
{
	struct state_open open;
	struct state_key k;
	uint32_t n = 0;
	int err = get_open(j, entry, line, &k, &open);

	if (err)
		return err;
	for (uint32_t i = 0; i < open.n; i++)
		if (open.seq[i] != objection)
			open.seq[n++] = open.seq[i];
	open.n = n;
	state_open_pack(&open, fold_out(j));
	return fold_put(j, &k);
}

/* N05: holidays are not known, so this can only warn. */
static int warn_late(struct judged *j, enum verdict_id id, day_t from, day_t to)
{
	struct rec_scheme s;
	int err = fold_plan_scheme_on(j, from, &s), days = day_workdays(from, to);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (days > (int)s.answer_days)
		fold_warn(j, &(struct refusal){.id = id,
					       .num = {from, to, days, (int64_t)s.answer_days}});
	return ERR_OK;
}

int fold_objection_reply(struct judged *j)
{
	struct rec_objection_reply r;
	struct rec_objection o = {0};
	int err = fold_head(j, &r);

	if (!err)
		err = fold_ref(j, r.objection, REC_objection, &o);
	if (!err)
		err = fold_other_person(j, r.objection, REC_objection);
	if (!err)
		err = fold_other_person(j, o.entry, REC_points);
	if (!err)
		err = fold_not_future(j, r.day);
	if (!err)
		err = fold_period(j, o.day, r.day);
	if (!err)
		err = warn_late(j, V_N05_LATE, o.day, r.day);
	if (!err)
		err = fold_settle(j, r.objection, REC_objection);
	/* one that was upheld stands against the line: it can be refused or reversed, not confirmed */
	if (err || r.ruling == RULING_upheld)
		return err;
	return close_objection(j, r.objection, o.entry, (uint32_t)o.line);
}

/* --- complaints ------------------------------------------------------------------------------------ */
/* Unlike an objection it is about anything, and stops nothing. */
int fold_objection_complain(struct judged *j)
{
	struct state_household h;
	struct rec_complaint c;
	int err = fold_head(j, &c);

	if (!err && c.about >= j->e->seq)
		err = fold_refuse(j,
				  &(struct refusal){.id = V_COMPLAINT_ABOUT,
						    .num = {(int64_t)c.about, (int64_t)j->e->seq}});
	if (!err && c.household.n)
		err = fold_roster_known(j, 0, c.household, &h);
	return err ? err : fold_not_future(j, c.day);
}

int fold_objection_complaint_reply(struct judged *j)
{
	struct rec_complaint_reply r;
	struct rec_complaint c = {0};
	int err = fold_head(j, &r);

	if (!err)
		err = fold_ref(j, r.complaint, REC_complaint, &c);
	if (!err)
		err = fold_other_person(j, r.complaint, REC_complaint);
	if (!err)
		err = fold_not_future(j, r.day);
	if (!err)
		err = fold_period(j, c.day, r.day);
	if (!err)
		err = warn_late(j, V_N05_COMPLAINT, c.day, r.day);
	return err ? err : fold_settle(j, r.complaint, REC_complaint);
}
