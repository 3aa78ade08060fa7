#include "tests/sim/books.h"

#include <stddef.h>
#include <string.h>

struct books_act *books_act(struct books *b, uint64_t entry)
{
	for (uint32_t i = 0; i < b->nacts; i++)
		if (b->act[i].entry == entry)
			return &b->act[i];
	return NULL;
}

static const struct books_act *act_of(const struct books *b, uint64_t entry)
{
	return books_act((struct books *)b, entry);
}

/* --- what an act changes --------------------------------------------------------------------------- */

static void move_persons(struct books *b, const struct books_act *a)
{
	struct books_household *old = &b->household[a->household], *new = &b->household[a->into];

	for (uint32_t i = 0; i < a->n; i++) {
		struct books_member *m = &old->member[a->from[i]];

		m->here = false;
		m->moved = true;
		m->to = (struct books_place){a->into, a->to[i]};
		new->member[a->to[i]].known = new->member[a->to[i]].here = true;
		for (uint32_t y = 0; y < BOOKS_YEARS; y++) {
			b->year[a->into][a->to[i]][y] = b->year[a->household][a->from[i]][y];
			b->year[a->household][a->from[i]][y] = (struct books_year){0};
		}
	}
}

static void split(struct books *b, const struct books_act *a)
{
	b->household[a->into].known = b->household[a->into].split = true;
	b->household[a->into].redeemed = b->household[a->household].redeemed;
	for (uint32_t y = a->year; y < BOOKS_YEARS; y++)
		memcpy(b->year[a->into][0][y].sum, b->year[a->household][0][y].sum,
		       sizeof(b->year[0][0][0].sum));
	b->household[a->into].out = b->household[a->household].out;
	move_persons(b, a);
	books_pay(b, a->household, -a->points);
	books_pay(b, a->into, a->points);
}

static void merge(struct books *b, const struct books_act *a)
{
	struct books_household *old = &b->household[a->household];
	int64_t all = old->balance;

	move_persons(b, a);
	old->left = true;
	old->balance = 0;
	old->member[0].moved = true;
	old->member[0].to = (struct books_place){a->into, 0};
	b->household[a->into].redeemed += old->redeemed;
	books_pay(b, a->into, all);
}

static void change(struct books *b, const struct books_act *a)
{
	if (a->member)
		b->household[a->household].member[a->member].here = false;
	else
		b->household[a->household].left = true;
}

static void settle(struct books *b, const struct books_act *a)
{
	books_act(b, a->about)->done = true;
}

static void change_back(struct books *b, const struct books_act *a)
{
	if (a->member)
		b->household[a->household].member[a->member].here = true;
	else
		b->household[a->household].left = false;
	settle(b, a);
}

static void redeem(struct books *b, const struct books_act *a, int sign)
{
	struct books_household *h = &b->household[a->household];

	books_pay(b, a->household, -sign * a->points);
	h->redeemed += sign * a->points;
	while (h->member[0].moved) {
		h = &b->household[h->member[0].to.household];
		h->redeemed += sign * a->points;
	}
	b->redeemed += sign * a->points;
}

static void answer(struct books *b, const struct books_act *a)
{
	const struct books_act *objection = act_of(b, a->about);
	struct books_line *l = books_line(b, objection->about, objection->line);

	if (!a->yes) /* one that was upheld stands against the line */
		l->objections--;
	l->upheld = l->upheld || a->yes;
}

static void change_people(struct books *b, const struct books_act *a)
{
	struct books_household *h = &b->household[a->household];

	switch (a->type) {
	case REC_split: split(b, a); break;
	case REC_merge: merge(b, a); break;
	case REC_roster_change: change(b, a); break;
	case REC_roster_correction: change_back(b, a); break;
	case REC_member_join: h->member[a->member].known = h->member[a->member].here = true; break;
	case REC_consent: h->out = !a->yes; break;
	case REC_passbook: h->book = true; break;
	default: break;
	}
}

void books_do(struct books *b, const struct books_act *a)
{
	b->act[b->nacts++] = *a;
	switch (a->type) {
	case REC_redemption: redeem(b, a, 1); break;
	case REC_redemption_reversal:
		redeem(b, act_of(b, a->about), -1);
		settle(b, a);
		break;
	case REC_told: books_line(b, a->about, a->line)->told = true; break;
	case REC_objection: books_line(b, a->about, a->line)->objections++; break;
	case REC_objection_reply:
		answer(b, a);
		settle(b, a);
		break;
	case REC_application_reply:
	case REC_withdrawal: settle(b, a); break;
	case REC_appraisal_confirm:
		settle(b, a);
		b->appraised[act_of(b, a->about)->year] |= a->yes;
		break;
	case REC_year_close: b->closed[a->year] = true; break;
	default: change_people(b, a); break;
	}
}

/* --- what it must be answered ---------------------------------------------------------------------- */

bool books_know(enum verdict_id id)
{
	static const enum verdict_id known[] = {
		V_ACCEPTED,	    V_P10_CAP,	      V_P02_DUTIES,	   V_TARGET_STATE,
		V_P13_MOVED,	    V_P13_NOT_PART,   V_P15_NOT_TOLD,	   V_P15_OBJECTION,
		V_DONE_ALREADY,	    V_SAME_PERSON,    V_NO_DEDUCTION,	   V_X01_THRESHOLD,
		V_X01_BALANCE,	    V_X01_CAP,	      V_X01_YEAR_CAP,	   V_SLIP_USED,
		V_HOUSEHOLD_EXISTS, V_HOUSEHOLD_LEFT, V_LEFT_ALREADY,	   V_MEMBER_NUMBER,
		V_SPLIT_ALL,	    V_SPLIT_POINTS,   V_MERGE_SELF,	   V_MERGE_MEMBERS,
		V_APPRAISAL_SCORE,  V_YEAR_CLOSED,    V_YEAR_NO_APPRAISAL, V_BOOK_HAS,
		V_BOOK_NONE,	    V_P13_BEGAN,      V_CORRECTION_GONE};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == id)
			return true;
	return false;
}

static bool slip_used(const struct books *b, uint32_t slip)
{
	for (uint32_t i = 0; i < b->nacts; i++)
		if (b->act[i].type == REC_redemption && b->act[i].slip == slip)
			return true;
	return false;
}

static enum verdict_id judge_redemption(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	if (h->out)
		return V_P13_NOT_PART;
	if (slip_used(b, a->slip))
		return V_SLIP_USED;
	if (h->balance < BOOKS_THRESHOLD)
		return V_X01_THRESHOLD;
	if (h->balance < a->points)
		return V_X01_BALANCE;
	if (a->points > BOOKS_REDEEM_CAP)
		return V_X01_CAP;
	return h->redeemed + a->points > BOOKS_YEAR_CAP ? V_X01_YEAR_CAP : V_ACCEPTED;
}

static enum verdict_id judge_persons(const struct books *b, const struct books_act *a)
{
	for (uint32_t i = 0; i < a->n; i++) {
		if (!b->household[a->household].member[a->from[i]].here)
			return V_LEFT_ALREADY;
		if (b->household[a->into].member[a->to[i]].known)
			return V_MEMBER_NUMBER;
	}
	return V_ACCEPTED;
}

static uint32_t count_here(const struct books_household *h)
{
	uint32_t n = 0;

	for (uint32_t m = 1; m < BOOKS_MEMBERS; m++)
		n += h->member[m].here;
	return n;
}

static enum verdict_id judge_split(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];
	enum verdict_id is;

	if (h->left)
		return V_HOUSEHOLD_LEFT;
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

	if (a->household == a->into)
		return V_MERGE_SELF;
	if (b->household[a->household].left || b->household[a->into].left)
		return V_HOUSEHOLD_LEFT;
	is = judge_persons(b, a);
	if (is != V_ACCEPTED)
		return is;
	return count_here(&b->household[a->household]) != a->n ? V_MERGE_MEMBERS : V_ACCEPTED;
}

static enum verdict_id judge_member(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	if (a->type == REC_member_join)
		return h->member[a->member].known ? V_MEMBER_NUMBER : V_ACCEPTED;
	return a->member && !h->member[a->member].here ? V_LEFT_ALREADY : V_ACCEPTED;
}

static enum verdict_id judge_book(const struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	if (h->left)
		return V_HOUSEHOLD_LEFT;
	if (h->book == a->yes) /* a lost one is replaced */
		return V_ACCEPTED;
	return h->book ? V_BOOK_HAS : V_BOOK_NONE;
}

static enum verdict_id judge_told(const struct books *b, const struct books_act *a)
{
	const struct books_line *l = books_line((struct books *)b, a->about, a->line);

	if (l->state != LINE_RECORDED && l->state != LINE_REVIEWED)
		return V_TARGET_STATE;
	return l->points < 0 ? V_ACCEPTED : V_NO_DEDUCTION;
}

/* Another person settles it, once. */
static enum verdict_id judge_settling(const struct books *b, const struct books_act *a)
{
	const struct books_act *was = act_of(b, a->about);

	if (a->type != REC_application_reply && a->type != REC_withdrawal && was->by == a->by)
		return V_SAME_PERSON;
	if (a->type == REC_objection_reply && books_sheet(b, was->about)->recorder == a->by)
		return V_SAME_PERSON;
	if (a->type == REC_appraisal_confirm && b->closed[was->year])
		return V_YEAR_CLOSED;
	if (was->done)
		return V_DONE_ALREADY;
	return a->type == REC_roster_correction && a->member && b->household[a->household].left
		       ? V_CORRECTION_GONE
		       : V_ACCEPTED;
}

static enum verdict_id judge_appraisal(const struct books *b, const struct books_act *a)
{
	if (b->closed[a->year])
		return V_YEAR_CLOSED;
	return b->year[a->household][a->member][a->year].score == a->points ? V_ACCEPTED
									    : V_APPRAISAL_SCORE;
}

static enum verdict_id judge_close(const struct books *b, const struct books_act *a)
{
	if (b->closed[a->year])
		return V_YEAR_CLOSED;
	return b->appraised[a->year] ? V_ACCEPTED : V_YEAR_NO_APPRAISAL;
}

enum verdict_id books_judge_act(const struct books *b, const struct books_act *a)
{
	switch (a->type) {
	case REC_redemption: return judge_redemption(b, a);
	case REC_split: return judge_split(b, a);
	case REC_merge: return judge_merge(b, a);
	case REC_member_join:
	case REC_roster_change: return judge_member(b, a);
	case REC_passbook: return judge_book(b, a);
	case REC_application:
	case REC_consent: return b->household[a->household].left ? V_HOUSEHOLD_LEFT : V_ACCEPTED;
	case REC_told: return judge_told(b, a);
	case REC_posting: return act_of(b, a->about)->done ? V_DONE_ALREADY : V_ACCEPTED;
	case REC_redemption_reversal:
	case REC_roster_correction:
	case REC_objection_reply:
	case REC_application_reply:
	case REC_appraisal_confirm:
	case REC_withdrawal: return judge_settling(b, a);
	case REC_appraisal: return judge_appraisal(b, a);
	case REC_year_close: return judge_close(b, a);
	default: return V_ACCEPTED;
	}
}
