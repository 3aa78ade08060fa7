#include "tests/sim/books.h"

#include <stddef.h>

/* What an act must be answered. */

static const struct books_act *act_of(const struct books *b, uint64_t entry)
{
	return books_act((struct books *)b, entry);
}

bool books_know(enum verdict_id id)
{
	static const enum verdict_id known[] = {
		V_ACCEPTED,	    V_P10_CAP,		V_P02_DUTIES,	      V_TARGET_STATE,
		V_P13_RELOCATED,    V_P13_NOT_PART,	V_P13_DEAD,	      V_P13_LEFT,
		V_P13_RESIDENCE,    V_P13_AGREED,	V_P05_BEFORE_CONSENT, V_P05_FUTURE,
		V_DAY_FUTURE,	    V_P15_NOT_NOTIFIED, V_P15_TOO_SOON,	      V_P15_OBJECTION,
		V_DONE_ALREADY,	    V_SAME_PERSON,	V_NO_DEDUCTION,	      V_X01_THRESHOLD,
		V_X01_BALANCE,	    V_X01_CAP,		V_X01_YEAR_CAP,	      V_SLIP_USED,
		V_CORRECTION_SAME,  V_HOUSEHOLD_EXISTS, V_HOUSEHOLD_LEFT,     V_LEFT_ALREADY,
		V_MEMBER_NUMBER,    V_NOT_AWAY,		V_SPLIT_ALL,	      V_SPLIT_POINTS,
		V_MERGE_SELF,	    V_MERGE_MEMBERS,	V_KIN_SELF,	      V_APPRAISAL_SCORE,
		V_YEAR_RUNS,	    V_YEAR_CLOSED,	V_YEAR_NO_APPRAISAL,  V_BOOK_HAS,
		V_BOOK_NONE,	    V_FACILITY_UNKNOWN, V_FACILITY_KEEPER,    V_VERSION_USED,
		V_VERSION_JUMP,	    V_VERSION_PAST,	V_NO_CLOCK,	      V_P13_BEGAN,
		V_CORRECTION_LATER, V_CORRECTION_GONE,	V_GROUP_FOREIGN,      V_BOOK_GAP,
		V_BOOK_BACK};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == id)
			return true;
	return false;
}

/* --- days ------------------------------------------------------------------------------------------ */

/* A document or a term may begin later. */
static bool may_begin_later(uint32_t type)
{
	return type == REC_scheme || type == REC_adopt_catalogue || type == REC_plan ||
	       type == REC_post || type == REC_facility;
}

bool books_act_in_future(const struct books_act *a)
{
	return a->today && a->day > a->today && !may_begin_later(a->type);
}

bool books_answers_late(const struct books *b, const struct books_act *a)
{
	return books_workdays(act_of(b, a->about)->day, a->day) > BOOKS_SOON;
}

bool books_redeems_late(const struct books_act *a)
{
	return a->today && a->today - a->day > BOOKS_SLOW;
}

bool books_agrees_alone(const struct books_act *a)
{
	return a->yes && a->by == HOST_RECORDER;
}

/* --- households and people ------------------------------------------------------------------------- */

static uint32_t count_here(const struct books_household *h)
{
	uint32_t n = 0;

	for (uint32_t m = 1; m < BOOKS_MEMBERS; m++)
		n += books_here(&h->member[m]);
	return n;
}

static enum verdict_id judge_persons(const struct books *b, const struct books_act *a)
{
	for (uint32_t i = 0; i < a->n; i++) {
		if (!books_here(&b->household[a->household].member[a->from[i]]))
			return V_LEFT_ALREADY;
		if (b->household[a->into].member[a->to[i]].known)
			return V_MEMBER_NUMBER;
	}
	return V_ACCEPTED;
}

static enum verdict_id judge_split(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];
	enum verdict_id is;

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	if (!a->today)
		return V_NO_CLOCK;
	if (a->household == a->into)
		return V_MERGE_SELF;
	if (b->household[a->into].known)
		return V_HOUSEHOLD_EXISTS;
	is = judge_persons(b, a);
	if (is != V_ACCEPTED)
		return is;
	if (count_here(h) == a->n)
		return V_SPLIT_ALL;
	return a->points > (h->balance > 0 ? h->balance : 0) ? V_SPLIT_POINTS : V_ACCEPTED;
}

static enum verdict_id judge_merge(const struct books *b, const struct books_act *a)
{
	enum verdict_id is;

	if (b->household[a->household].left || b->household[a->into].left)
		return V_HOUSEHOLD_LEFT;
	if (!a->today)
		return V_NO_CLOCK;
	if (a->household == a->into)
		return V_MERGE_SELF;
	is = judge_persons(b, a);
	if (is != V_ACCEPTED)
		return is;
	return count_here(&b->household[a->household]) != a->n ? V_MERGE_MEMBERS : V_ACCEPTED;
}

static enum verdict_id judge_person(const struct books *b, uint32_t household, uint32_t member)
{
	const struct books_household *h = &b->household[household];

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	return books_here(&h->member[member]) ? V_ACCEPTED : V_LEFT_ALREADY;
}

static enum verdict_id judge_join(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	return h->member[a->member].known ? V_MEMBER_NUMBER : V_ACCEPTED;
}

static enum verdict_id judge_change(const struct books *b, const struct books_act *a)
{
	bool away = b->household[a->household].member[a->member].away;

	if (a->member == 0)
		return b->household[a->household].left ? V_HOUSEHOLD_LEFT : V_ACCEPTED;
	if (judge_person(b, a->household, a->member) != V_ACCEPTED)
		return judge_person(b, a->household, a->member);
	if ((a->which == LEAVE_away && away) || (a->which == LEAVE_back && !away))
		return V_NOT_AWAY;
	return V_ACCEPTED;
}

static enum verdict_id judge_kin(const struct books *b, const struct books_act *a)
{
	enum verdict_id is = judge_person(b, a->household, a->member);

	if (is == V_ACCEPTED)
		is = judge_person(b, a->into, a->to[0]);
	if (is == V_ACCEPTED && a->household == a->into && a->member == a->to[0])
		return V_KIN_SELF;
	return is;
}

static enum verdict_id judge_book(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	if (h->left && a->which != BOOK_give_up)
		return V_HOUSEHOLD_LEFT;
	if (h->out && a->which == BOOK_issue)
		return V_P13_NOT_PART;
	if (h->book != (a->which != BOOK_issue)) /* who has one gets no other, but may lose it */
		return h->book ? V_BOOK_HAS : V_BOOK_NONE;
	if (a->which != BOOK_print)
		return V_ACCEPTED;
	if (a->began && a->began != h->printed)
		return V_BOOK_GAP;
	return a->line < h->printed ? V_BOOK_BACK : V_ACCEPTED;
}

/* Taken back while the person is as the change made him or her. */
static enum verdict_id judge_correction(const struct books *b, const struct books_act *a)
{
	const struct books_act *was = act_of(b, a->about);
	struct books_place at = books_now(b, was->household, was->member);
	const struct books_member *m = &b->household[at.household].member[at.member];

	if (was->by == a->by)
		return V_SAME_PERSON;
	if (was->done)
		return V_DONE_ALREADY;
	if (was->which == LEAVE_moved_out)
		return V_ACCEPTED;
	if (b->household[at.household].left)
		return V_CORRECTION_GONE;
	return m->changed != was->entry || (was->which == LEAVE_head && !m->head)
		       ? V_CORRECTION_LATER
		       : V_ACCEPTED;
}

/* --- points ---------------------------------------------------------------------------------------- */

static bool slip_used(const struct books *b, uint32_t slip)
{
	for (uint32_t i = 0; i < b->nacts; i++)
		if (b->act[i].type == REC_redemption && b->act[i].slip == slip)
			return true;
	return false;
}

/* Who receives for the household; 0: somebody else. */
static enum verdict_id judge_receiver(const struct books_household *h, const struct books_act *a)
{
	const struct books_member *m = &h->member[a->member];

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	if (h->out)
		return V_P13_NOT_PART;
	if (a->day < h->began)
		return V_P13_BEGAN;
	if (a->member && ((m->left && m->left < a->day) || (m->dead && m->dead < a->day)))
		return V_LEFT_ALREADY;
	return h->consent && a->day < h->consent ? V_P05_BEFORE_CONSENT : V_ACCEPTED;
}

static enum verdict_id judge_redemption(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	if (judge_receiver(h, a) != V_ACCEPTED)
		return judge_receiver(h, a);
	if (slip_used(b, a->slip))
		return V_SLIP_USED;
	if (h->balance < books_in_force(b, REC_scheme, a->day)->points)
		return V_X01_THRESHOLD;
	if (h->balance < a->points)
		return V_X01_BALANCE;
	if (a->points > BOOKS_REDEEM_CAP)
		return V_X01_CAP;
	if (h->redeemed[a->year] + a->points > BOOKS_YEAR_CAP)
		return V_X01_YEAR_CAP;
	return a->today ? V_ACCEPTED : V_NO_CLOCK; /* every year to come would have its cap open */
}

static enum verdict_id judge_notified(const struct books *b, const struct books_act *a)
{
	const struct books_line *l = books_line((struct books *)b, a->about, a->line);

	if (l->state != LINE_RECORDED && l->state != LINE_REVIEWED)
		return V_TARGET_STATE;
	if (books_foreign(b, a->by, l->household))
		return V_GROUP_FOREIGN;
	return l->points < 0 ? V_ACCEPTED : V_NO_DEDUCTION;
}

/* Another person settles it, once. */
static enum verdict_id judge_settling(const struct books *b, const struct books_act *a)
{
	const struct books_act *was = act_of(b, a->about);

	if (a->type != REC_application_reply && a->type != REC_withdrawal && was->by == a->by)
		return V_SAME_PERSON;
	if (was->done)
		return V_DONE_ALREADY;
	if (a->type == REC_objection_reply && books_sheet(b, was->about)->recorder == a->by)
		return V_SAME_PERSON;
	return a->type == REC_appraisal_confirm && b->closed[was->year] ? V_YEAR_CLOSED
									: V_ACCEPTED;
}

/* --- the year -------------------------------------------------------------------------------------- */

static enum verdict_id judge_appraisal(const struct books *b, const struct books_act *a)
{
	if (b->closed[a->year])
		return V_YEAR_CLOSED;
	for (uint32_t i = 0; i < a->n; i++)
		if (b->year[a->from[i]][0][a->year].score != a->score[i])
			return V_APPRAISAL_SCORE;
	return V_ACCEPTED;
}

static enum verdict_id judge_close(const struct books *b, const struct books_act *a)
{
	if (b->closed[a->year])
		return V_YEAR_CLOSED;
	if (!a->today)
		return V_NO_CLOCK;
	if (books_year_of(a->today) <= BOOKS_YEAR + (int)a->year)
		return V_YEAR_RUNS;
	return b->appraised[a->year] ? V_ACCEPTED : V_YEAR_NO_APPRAISAL;
}

static bool agreed(const struct books *b, uint64_t appraisal)
{
	for (uint32_t i = 0; i < b->nacts; i++)
		if (b->act[i].type == REC_appraisal_confirm && b->act[i].about == appraisal)
			return b->act[i].yes;
	return false;
}

/* Who does not take part gets nothing. */
static enum verdict_id judge_reward(const struct books *b, const struct books_act *a)
{
	if (b->household[a->household].left)
		return V_HOUSEHOLD_LEFT;
	return b->household[a->household].out ? V_P13_NOT_PART : V_ACCEPTED;
}

static enum verdict_id judge_honour(const struct books *b, const struct books_act *a)
{
	if (judge_reward(b, a) != V_ACCEPTED)
		return judge_reward(b, a);
	if (a->about && (act_of(b, a->about)->year != a->year || !agreed(b, a->about)))
		return V_YEAR_NO_APPRAISAL;
	return V_ACCEPTED;
}

/* --- documents and village life -------------------------------------------------------------------- */

/* Versions of a document only grow, and a day gone by keeps what was in force on it. */
static enum verdict_id judge_version(const struct books *b, const struct books_act *a)
{
	uint32_t top = 0;

	for (uint32_t i = 0; i < b->nacts; i++)
		if (b->act[i].type == a->type && b->act[i].which > top)
			top = b->act[i].which;
	if (a->which <= top)
		return V_VERSION_USED;
	if (a->which > top + BOOKS_STEP)
		return V_VERSION_JUMP;
	if (!a->day || !books_in_force(b, a->type, a->day))
		return V_ACCEPTED;
	if (!a->today)
		return V_NO_CLOCK;
	return a->day < a->today ? V_VERSION_PAST : V_ACCEPTED;
}

static enum verdict_id judge_application(const struct books *b, const struct books_act *a)
{
	if (b->household[a->household].left)
		return V_HOUSEHOLD_LEFT;
	return books_foreign(b, a->by, a->household) ? V_GROUP_FOREIGN : V_ACCEPTED;
}

static enum verdict_id judge_check(const struct books *b, const struct books_act *a)
{
	for (uint32_t i = 0; i < b->nacts; i++)
		if (b->act[i].type == REC_facility && b->act[i].which == a->which)
			return V_ACCEPTED;
	return V_FACILITY_UNKNOWN;
}

/* Also of the dead, whose name may be wrong. */
static enum verdict_id judge_facts(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	return h->member[a->member].left ? V_LEFT_ALREADY : V_ACCEPTED;
}

static enum verdict_id judge_group(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	return h->group == a->which ? V_CORRECTION_SAME : V_ACCEPTED;
}

static enum verdict_id judge_people(const struct books *b, const struct books_act *a)
{
	switch (a->type) {
	case REC_split: return judge_split(b, a);
	case REC_merge: return judge_merge(b, a);
	case REC_member_join: return judge_join(b, a);
	case REC_roster_change: return judge_change(b, a);
	case REC_kin: return judge_kin(b, a);
	case REC_post:
	case REC_residence: return judge_person(b, a->household, a->member);
	case REC_passbook: return judge_book(b, a);
	case REC_application: return judge_application(b, a);
	case REC_roster_correction: return judge_correction(b, a);
	case REC_person_correction: return judge_facts(b, a);
	case REC_household_correction: return judge_group(b, a);
	case REC_policy_support: return judge_reward(b, a);
	case REC_facility:
	case REC_consent: return b->household[a->household].left ? V_HOUSEHOLD_LEFT : V_ACCEPTED;
	default: return V_ACCEPTED; /* nothing stands against it */
	}
}

enum verdict_id books_judge_act(const struct books *b, const struct books_act *a)
{
	switch (a->type) {
	case REC_redemption: return judge_redemption(b, a);
	case REC_notified: return judge_notified(b, a);
	case REC_posting: return act_of(b, a->about)->done ? V_DONE_ALREADY : V_ACCEPTED;
	case REC_redemption_reversal:
	case REC_objection_reply:
	case REC_complaint_reply:
	case REC_application_reply:
	case REC_appraisal_confirm:
	case REC_withdrawal: return judge_settling(b, a);
	case REC_appraisal: return judge_appraisal(b, a);
	case REC_year_close: return judge_close(b, a);
	case REC_honour: return judge_honour(b, a);
	case REC_adopt_catalogue:
	case REC_plan:
	case REC_scheme: return judge_version(b, a);
	case REC_facility_check: return judge_check(b, a);
	default: return judge_people(b, a);
	}
}
