#include "daemon/ledger/rules/rule.h"

#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"

/* The points entry that a step is about: its lines are in fold_work.lines, changed there and put back when
 * the step goes on to another entry or ends. */
struct target {
	uint64_t seq;
	bool open, changed;
	bool read; /* its payload is in fold_work.target */
};

static int unknown_target(struct judged *j, uint64_t entry, uint64_t line)
{
	return fold_refuse(j, &(struct refusal){.id = V_TARGET_UNKNOWN,
						.num = {(int64_t)entry, (int64_t)line}});
}

int fold_steps_wrong_state(struct judged *j, uint64_t entry, uint32_t line)
{
	return fold_refuse(j, &(struct refusal){.id = V_TARGET_STATE,
						.num = {(int64_t)entry, line,
							j->w->lines.line[line - 1].state}});
}

int fold_steps_lines(struct judged *j, uint64_t entry, uint64_t line)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_lines_key(&k, j->f->feed_no, entry);
	err = rows_get_or_empty(j->w->rows, &k, &row);
	if (!err)
		err = state_lines_get(row, entry, &j->w->lines);
	if (err == ERR_NOTFOUND || (!err && line > j->w->lines.n))
		return unknown_target(j, entry, line);
	return err;
}

static int close_target(struct judged *j, struct target *t)
{
	struct state_key k;
	struct bytes row;
	int err;

	if (!t->open || !t->changed)
		return ERR_OK;
	state_lines_key(&k, j->f->feed_no, t->seq);
	err = rows_get(j->w->rows, &k, &row);
	if (!err)
		err = state_lines_put(row, t->seq, &j->w->lines, fold_out(j));
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return fold_put(j, &k);
}

static int open_target(struct judged *j, struct target *t, uint64_t entry, uint64_t line)
{
	int err;

	if (t->open && t->seq == entry)
		return line <= j->w->lines.n ? ERR_OK : unknown_target(j, entry, line);
	err = close_target(j, t);
	if (!err)
		err = fold_steps_lines(j, entry, line);
	if (!err)
		*t = (struct target){.seq = entry, .open = true};
	return err;
}

/* P02: three different people. A person may have got another key since; the name is then the same. */
static int check_duties(struct judged *j, uint64_t entry, enum fold_duty duty, uint32_t other)
{
	struct bytes name = {NULL, 0};
	int err;

	if (j->other[duty] == other && other != 0) /* as for the line before */
		return ERR_OK;
	err = fold_rights_name(j, other, &name);
	if (err)
		return err;
	if (j->actor == other || fold_rights_is_author(j, name))
		return fold_refuse(j, &(struct refusal){.id = V_P02_DUTIES,
							.num = {(int64_t)entry},
							.s = name});
	j->other[duty] = other;
	return ERR_OK;
}

/* --- what a line moves ----------------------------------------------------------------------------- */
struct moved {
	struct rec_points_line l;
	const struct fold_item *it;
	int year; /* of its day */
};

int fold_steps_line(struct judged *j, uint32_t line, struct rec_points_line *ret,
		    const struct fold_item **ret_item)
{
	int err;

	if (rec_decode_line(rec_type_of(REC_points), &j->w->target, line - 1, ret))
		return ERR_CORRUPT;
	/* an accepted line has its item, and what the town has issued stays */
	err = fold_catalogue_item(j, ret->version, ret->item, ret_item);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

static int read_line(struct judged *j, struct target *t, uint32_t line, struct moved *ret)
{
	int err = ERR_OK;

	if (!t->read)
		err = feedlog_payload(j->f->t, j->f->feed_no, t->seq, &j->w->target);
	if (err)
		return err;
	t->read = true;
	err = fold_steps_line(j, line, &ret->l, &ret->it);
	if (!err)
		ret->year = day_year(ret->l.day);
	return err;
}

static int get_year(struct judged *j, const struct moved *m, uint32_t member, struct state_key *k,
		    struct state_year *ret)
{
	struct bytes row;
	int err = fold_family_year_key(j, m->l.household, member, m->year, k);

	if (!err)
		err = rows_get_or_empty(j->w->rows, k, &row);
	return err ? err : state_year_parse(row, ret);
}

/* The line no longer counts towards the cap. */
static int release_cap(struct judged *j, const struct moved *m)
{
	struct state_year_item item;
	struct state_year y;
	struct state_key k;
	struct points sum;
	int err = get_year(j, m, (uint32_t)m->l.member, &k, &y);

	if (!err)
		err = state_year_item(&y, m->it->number, &item);
	if (err)
		return err;
	if (!points_sub(points_of(item.sum), m->l.points, &sum) || points_raw(sum) < 0)
		return ERR_CORRUPT;
	state_year_put_item(&y, m->it->number, &item, points_raw(sum), day_of_year(m->l.day), true,
			    fold_out(j));
	return fold_put(j, &k);
}

/* What a confirmed line adds to the account; @back takes it back. */
static int book_account(struct judged *j, const struct moved *m, bool back)
{
	struct state_account a;
	bool deduct = m->it->sign == SIGN_deduct;
	struct points sum, balance;
	struct state_key k;
	int err = fold_account(j, m->l.household, &k, &a);

	if (err)
		return err;
	int64_t *side = deduct ? &a.deducted : &a.earned;
	if (back ? !points_sub(points_of(*side), m->l.points, &sum)
		 : !points_add(points_of(*side), m->l.points, &sum))
		return fold_refuse(j, &(struct refusal){.id = V_OVERFLOW});
	*side = points_raw(sum);
	if (!state_account_balance(&a, &balance))
		return fold_refuse(j, &(struct refusal){.id = V_OVERFLOW});
	if (*side < 0 || (back && a.lines == 0))
		return ERR_CORRUPT;
	a.lines = back ? a.lines - 1 : a.lines + 1;
	state_account_pack(&a, fold_out(j));
	err = fold_put(j, &k);
	return err ? err : fold_family_pass_on(j, m->l.household);
}

static int add_score(struct judged *j, const struct moved *m, uint32_t member, bool minus)
{
	struct points score;
	struct state_year y;
	struct state_key k;
	int err = get_year(j, m, member, &k, &y);

	if (err)
		return err;
	if (minus ? !points_sub(points_of(y.score), m->l.points, &score)
		  : !points_add(points_of(y.score), m->l.points, &score))
		return fold_refuse(j, &(struct refusal){.id = V_OVERFLOW});
	state_year_put_score(&y, points_raw(score), fold_out(j));
	return fold_put(j, &k);
}

/* The year of the household, and that of the person. */
static int book_score(struct judged *j, const struct moved *m, bool back)
{
	bool minus = (m->it->sign == SIGN_deduct) != back;
	int err = add_score(j, m, 0, minus);

	return err || m->l.member == 0 ? err : add_score(j, m, (uint32_t)m->l.member, minus);
}

/* A line that is refused or reversed no longer counts, and what it answered is open again. */
static int undo(struct judged *j, const struct moved *m)
{
	int err = release_cap(j, m);

	return err || m->l.application == 0 ? err : fold_reopen(j, m->l.application);
}

/* P01: the one who decides must not be of the household that is better off for it. */
static int warn_self(struct judged *j, uint32_t line, const struct moved *m, bool back)
{
	if ((m->it->sign == SIGN_deduct) != back)
		return ERR_OK;
	return fold_people_warn_self(j, line, m->l.household);
}

/* --- review and confirm ---------------------------------------------------------------------------- */
struct step {
	uint8_t from, to; /* enum line_state */
	bool confirm;
};

/* Recorded without a clock, the line may be of a day to come, and open the cap of a later year. */
static int check_past(struct judged *j, uint32_t line, day_t day)
{
	int err = fold_need_clock(j);

	if (err || day <= j->today)
		return err;
	return fold_refuse(j, &(struct refusal){.id = V_P05_FUTURE, .num = {line, day, j->today}});
}

static int confirm_line(struct judged *j, const struct target *t, uint32_t line,
			const struct moved *m)
{
	int err = ERR_OK;

	if (m->it->sign == SIGN_deduct)
		err = fold_objection_due(j, t->seq, line, &m->l);
	if (!err)
		err = check_past(j, line, m->l.day);
	if (!err)
		err = book_account(j, m, false);
	if (!err)
		err = book_score(j, m, false);
	return err ? err : fold_year_warn(j, line, m->year);
}

static int step_line(struct judged *j, const struct step *s, struct target *t, uint32_t line,
		     bool refuse)
{
	struct moved m;
	bool linked = false;
	int err = check_duties(j, t->seq, FOLD_RECORDED, j->w->lines.recorder);

	if (!err && s->confirm)
		err = check_duties(j, t->seq, FOLD_REVIEWED, j->w->lines.line[line - 1].reviewer);
	if (!err)
		err = fold_people_linked(j, &linked);
	if (err)
		return err;
	if (refuse || s->confirm || linked)
		err = read_line(j, t, line, &m);
	if (!err && linked)
		err = warn_self(j, line, &m, refuse);
	if (!err && refuse)
		err = undo(j, &m);
	if (!err && s->confirm && !refuse)
		err = confirm_line(j, t, line, &m);
	if (err)
		return err;
	j->w->lines.line[line - 1].state = refuse ? LINE_REFUSED : s->to;
	if (s->confirm)
		j->w->lines.line[line - 1].confirmer = j->actor;
	else
		j->w->lines.line[line - 1].reviewer = j->actor;
	t->changed = true;
	return ERR_OK;
}

/* Line 0 means every line that waits for this step; there must be one. */
static int step_lines(struct judged *j, const struct step *s, struct target *t,
		      const struct rec_review_line *r)
{
	uint32_t first = r->line ? (uint32_t)r->line : 1, done = 0;
	uint32_t last = r->line ? first : j->w->lines.n;
	int err = ERR_OK;

	for (uint32_t line = first; line <= last && !err; line++) {
		if (j->w->lines.line[line - 1].state != s->from)
			continue;
		err = step_line(j, s, t, line, r->decision == DECISION_refuse);
		done++;
	}
	return !err && done == 0 ? fold_steps_wrong_state(j, t->seq, first) : err;
}

static int run_step(struct judged *j, const struct step *s)
{
	struct target t = {0};
	struct rec_review_line r;
	struct rec_review head;
	int err = fold_head(j, &head);

	if (!err)
		err = fold_family_ready(j);
	if (!err && s->confirm)
		err = fold_objection_ready(j);
	for (uint32_t i = 0; i < j->nlines && !err; i++) {
		err = fold_line(j, i, &r);
		if (!err)
			err = open_target(j, &t, r.entry, r.line);
		if (!err)
			err = step_lines(j, s, &t, &r);
	}
	return err ? err : close_target(j, &t);
}

int fold_steps_review(struct judged *j)
{
	return run_step(j, &(struct step){.from = LINE_RECORDED, .to = LINE_REVIEWED});
}

/* A confirmation has the lines of a review. */
_Static_assert(sizeof(struct rec_confirm_line) == sizeof(struct rec_review_line) &&
		       sizeof(struct rec_confirm) == sizeof(struct rec_review),
	       "review and confirm are read alike");

int fold_steps_confirm(struct judged *j)
{
	return run_step(
		j, &(struct step){.from = LINE_REVIEWED, .to = LINE_CONFIRMED, .confirm = true});
}

/* --- reversal -------------------------------------------------------------------------------------- */
int fold_steps_reverse(struct judged *j)
{
	struct target t = {0};
	struct rec_reversal r;
	struct moved m;
	int err = fold_head(j, &r);

	if (!err)
		err = open_target(j, &t, r.entry, r.line);
	if (err)
		return err;
	uint32_t line = (uint32_t)r.line;
	if (placeholder(r.reason))
		return fold_refuse(j, &(struct refusal){.id = V_P08_MISSING,
							.s = fold_text("reason")});
	if (j->w->lines.line[line - 1].state != LINE_CONFIRMED)
		return fold_steps_wrong_state(j, r.entry, line);
	err = check_duties(j, r.entry, FOLD_RECORDED, j->w->lines.recorder);
	if (!err)
		err = read_line(j, &t, line, &m);
	if (!err)
		err = warn_self(j, line, &m, true);
	if (!err)
		err = book_account(j, &m, true);
	if (!err)
		err = book_score(j, &m, true);
	if (!err)
		err = undo(j, &m);
	if (err)
		return err;
	j->w->lines.line[line - 1].state = LINE_REVERSED;
	t.changed = true;
	return close_target(j, &t);
}
