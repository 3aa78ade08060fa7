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

/* --- what is in force on a day --------------------------------------------------------------------- */

/* Of those that have begun the last one; recorded later wins on one day. */
static const struct books_act *begun(const struct books *b, uint32_t type, uint32_t which,
				     day_t day)
{
	const struct books_act *best = NULL;

	for (uint32_t i = 0; i < b->nacts; i++) {
		const struct books_act *a = &b->act[i];

		if (a->type == type && (!which || a->which == which) && a->day <= day &&
		    (!best || a->day >= best->day))
			best = a;
	}
	return best;
}

/* A catalogue is in force until its year ends. */
const struct books_act *books_in_force(const struct books *b, uint32_t type, day_t day)
{
	const struct books_act *a = begun(b, type, 0, day);

	return a && type == REC_adopt_catalogue && books_year_of(a->day) < books_year_of(day) ? NULL
											      : a;
}

uint32_t books_keeper_on(const struct books *b, uint32_t facility, day_t day)
{
	const struct books_act *a = begun(b, REC_facility, facility, day);

	return a ? books_now(b, a->household, 0).household : BOOKS_HOUSEHOLDS;
}

/* --- what an act changes --------------------------------------------------------------------------- */

static uint32_t year_of(day_t day)
{
	return (uint32_t)(books_year_of(day) - BOOKS_YEAR);
}

static void move_person(struct books *b, const struct books_act *a, uint32_t i)
{
	struct books_member *m = &b->household[a->household].member[a->from[i]];
	struct books_member *to = &b->household[a->into].member[a->to[i]];

	*to = *m;
	if (to->head)
		to->changed = a->entry;
	to->head = to->was_head = false;
	m->left = a->day;
	m->relocated = true;
	m->to = (struct books_place){a->into, a->to[i]};
	for (uint32_t y = 0; y < BOOKS_YEARS; y++) {
		b->year[a->into][a->to[i]][y] = b->year[a->household][a->from[i]][y];
		b->year[a->household][a->from[i]][y] = (struct books_year){0};
	}
}

static void move_persons(struct books *b, const struct books_act *a)
{
	for (uint32_t i = 0; i < a->n; i++)
		move_person(b, a, i);
}

/* Parent and child both have what was redeemed before the split: together again, it counts once. */
static int64_t had_by_both(const struct books *b, const struct books_act *a, uint32_t year)
{
	const struct books_household *old = &b->household[a->household];
	const struct books_household *new = &b->household[a->into];

	if (old->began && old->parent == a->into)
		return old->inherited[year];
	return new->began &&new->parent == a->household ? new->inherited[year] : 0;
}

/* Nobody gains a second cap: what was used this year goes along. */
static void carry_redeemed(struct books *b, const struct books_act *a)
{
	struct books_household *into = &b->household[a->into];

	for (uint32_t y = year_of(a->day); y < BOOKS_YEARS; y++) {
		int64_t goes = b->household[a->household].redeemed[y];

		if (a->type == REC_merge)
			goes -= had_by_both(b, a, y);
		else
			into->inherited[y] = goes;
		into->redeemed[y] += goes;
	}
}

static void carry_caps(struct books *b, const struct books_act *a)
{
	for (uint32_t y = year_of(a->day); y < BOOKS_YEARS; y++)
		memcpy(b->year[a->into][0][y].sum, b->year[a->household][0][y].sum,
		       sizeof(b->year[0][0][0].sum));
}

static void split(struct books *b, const struct books_act *a)
{
	const struct books_household *old = &b->household[a->household];
	struct books_household *new = &b->household[a->into];

	new->known = true;
	new->group = old->group;
	new->began = a->day;
	new->parent = a->household;
	new->out = old->out;
	new->consent = old->consent;
	carry_redeemed(b, a);
	carry_caps(b, a);
	move_persons(b, a);
	books_pay(b, a->household, -a->points);
	books_pay(b, a->into, a->points);
}

static void merge(struct books *b, const struct books_act *a)
{
	struct books_household *old = &b->household[a->household];
	int64_t all = old->balance;

	move_persons(b, a);
	old->left = a->day;
	old->balance = 0;
	old->member[0].relocated = true;
	old->member[0].to = (struct books_place){a->into, 0};
	carry_redeemed(b, a);
	books_pay(b, a->into, all);
}

static void become_head(struct books_household *h, const struct books_member *head)
{
	for (uint32_t i = 1; i < BOOKS_MEMBERS; i++) {
		h->member[i].was_head = h->member[i].head;
		h->member[i].head = &h->member[i] == head;
	}
}

static void change(struct books *b, const struct books_act *a)
{
	struct books_household *h = &b->household[a->household];
	struct books_member *m = &h->member[a->member];

	m->changed = a->entry;
	switch ((enum rec_choice_LEAVE)a->which) {
	case LEAVE_moved_out: h->left = a->day; break;
	case LEAVE_death: m->dead = a->day; break;
	case LEAVE_left: m->left = a->day; break;
	case LEAVE_away: m->away = true; break;
	case LEAVE_back:
		m->away = false;
		m->was_away = true;
		break;
	case LEAVE_head: become_head(h, m); break;
	}
}

static void head_back(struct books_household *h)
{
	for (uint32_t i = 1; i < BOOKS_MEMBERS; i++) {
		h->member[i].head = h->member[i].was_head;
		h->member[i].was_head = false;
	}
}

/* Wherever the person is now. */
static void correct(struct books *b, const struct books_act *a)
{
	const struct books_act *was = act_of(b, a->about);
	struct books_place at = books_now(b, was->household, was->member);
	struct books_household *h = &b->household[at.household];
	struct books_member *m = &h->member[at.member];

	m->changed = a->entry;
	switch ((enum rec_choice_LEAVE)was->which) {
	case LEAVE_moved_out: h->left = DAY_NONE; break;
	case LEAVE_death: m->dead = DAY_NONE; break;
	case LEAVE_left: m->left = DAY_NONE; break;
	case LEAVE_away: m->away = false; break;
	case LEAVE_back: m->away = m->was_away; break;
	case LEAVE_head: head_back(h); break;
	}
}

static void admit(struct books *b, const struct books_act *a)
{
	struct books_member *m = &b->household[a->household].member[a->member];

	m->since = a->day - (day_t)a->days;
	m->agreed = a->day;
}

/* It went along with mergers of that year. */
static void unredeem(struct books *b, const struct books_act *a)
{
	const struct books_household *h = &b->household[a->household];

	while (h->member[0].relocated && year_of(h->left) <= a->year) {
		b->household[h->member[0].to.household].redeemed[a->year] -= a->points;
		h = &b->household[h->member[0].to.household];
	}
}

static void redeem(struct books *b, const struct books_act *a, int sign)
{
	books_pay(b, a->household, -sign * a->points);
	b->household[a->household].redeemed[a->year] += sign * a->points;
	if (sign < 0)
		unredeem(b, a);
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

static void consent(struct books_household *h, const struct books_act *a)
{
	h->out = !a->yes;
	h->consent = a->day;
}

/* Who is registered elsewhere has the consent that the committees themselves wrote. */
static void join(struct books_household *h, const struct books_act *a)
{
	h->member[a->member] = (struct books_member){
		.known = true,
		.other = a->yes,
		.since = a->yes ? a->day - (day_t)a->days : DAY_NONE,
		.agreed = a->yes && !books_agrees_alone(a) ? a->day : DAY_NONE,
	};
}

static void passbook(struct books_household *h, const struct books_act *a)
{
	h->book = a->which != BOOK_give_up;
	if (h->book)
		h->printed = a->line;
}

static void change_people(struct books *b, const struct books_act *a)
{
	struct books_household *h = &b->household[a->household];

	switch (a->type) {
	case REC_split: split(b, a); break;
	case REC_merge: merge(b, a); break;
	case REC_roster_change: change(b, a); break;
	case REC_roster_correction: correct(b, a); break;
	case REC_household_correction: h->group = a->which; break;
	case REC_member_join: join(h, a); break;
	case REC_residence: admit(b, a); break;
	case REC_consent: consent(h, a); break;
	case REC_passbook: passbook(h, a); break;
	default: break;
	}
}

static bool settles(uint32_t type)
{
	return type == REC_redemption_reversal || type == REC_roster_correction ||
	       type == REC_objection_reply || type == REC_complaint_reply ||
	       type == REC_application_reply || type == REC_withdrawal ||
	       type == REC_appraisal_confirm;
}

void books_do(struct books *b, const struct books_act *a)
{
	b->act[b->nacts++] = *a;
	if (settles(a->type))
		books_act(b, a->about)->done = true;
	switch (a->type) {
	case REC_redemption: redeem(b, a, 1); break;
	case REC_redemption_reversal: redeem(b, act_of(b, a->about), -1); break;
	case REC_notified: books_line(b, a->about, a->line)->notified = a->day; break;
	case REC_objection: books_line(b, a->about, a->line)->objections++; break;
	case REC_objection_reply: answer(b, a); break;
	case REC_appraisal_confirm: b->appraised[act_of(b, a->about)->year] |= a->yes; break;
	case REC_year_close: b->closed[a->year] = true; break;
	default: change_people(b, a); break;
	}
}
