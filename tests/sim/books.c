#include "tests/sim/books.h"

#include <stddef.h>

/* --- households ------------------------------------------------------------------------------------ */

void books_register(struct books *b, uint32_t household, uint32_t nmembers)
{
	struct books_household *h = &b->household[household];

	h->known = true;
	h->group = household % BOOKS_GROUPS;
	for (uint32_t m = 1; m <= nmembers; m++)
		h->member[m].known = true;
	h->member[nmembers].other = (household + 1) % BOOKS_OTHER_EVERY == 0;
}

bool books_foreign(const struct books *b, unsigned by, uint32_t household)
{
	return by == BOOKS_BOUND && b->household[household].group != 0;
}

bool books_here(const struct books_member *m)
{
	return m->known && !m->dead && !m->left;
}

struct books_place books_now(const struct books *b, uint32_t household, uint32_t member)
{
	struct books_place at = {household, member};

	while (b->household[at.household].member[at.member].relocated)
		at = b->household[at.household].member[at.member].to;
	return at;
}

void books_pay(struct books *b, uint32_t household, int64_t points)
{
	b->household[books_now(b, household, 0).household].balance += points;
}

/* --- lines ----------------------------------------------------------------------------------------- */

static uint32_t sheet_at(const struct books *b, uint64_t entry)
{
	uint32_t i = 0;

	while (i < b->nsheets && b->sheet[i].entry != entry)
		i++;
	return i;
}

const struct books_sheet *books_sheet(const struct books *b, uint64_t entry)
{
	uint32_t at = sheet_at(b, entry);

	return at < b->nsheets ? &b->sheet[at] : NULL;
}

struct books_line *books_line(struct books *b, uint64_t entry, uint32_t line)
{
	uint32_t at = sheet_at(b, entry);

	if (at == b->nsheets || line == 0 || line > b->sheet[at].n)
		return NULL;
	return &b->sheet[at].line[line - 1];
}

/* The year of a person goes along with the person; that of a household stays. */
static struct books_year *year_of(struct books *b, const struct books_line *l, uint32_t member)
{
	struct books_place at = {l->household, 0};

	if (member)
		at = books_now(b, l->household, member);
	return &b->year[at.household][at.member][l->year];
}

static int64_t *sum_of(struct books *b, const struct books_line *l)
{
	return &year_of(b, l, l->member)->sum[l->item];
}

static int64_t magnitude(const struct books_line *l)
{
	return l->points < 0 ? -l->points : l->points;
}

/* @sign 1 or -1: into the account and the scores of the household and the person, or out of them. */
static void book(struct books *b, const struct books_line *l, int sign)
{
	books_pay(b, l->household, sign * l->points);
	b->confirmed += sign * l->points;
	year_of(b, l, 0)->score += sign * l->points;
	if (l->member)
		year_of(b, l, l->member)->score += sign * l->points;
}

void books_record(struct books *b, const struct books_sheet *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		*sum_of(b, &s->line[i]) += magnitude(&s->line[i]);
		if (s->line[i].application)
			books_act(b, s->line[i].application)->done = true;
	}
	b->sheet[b->nsheets++] = *s;
}

/* What the line answered is open again. */
static void undo(struct books *b, const struct books_line *l)
{
	*sum_of(b, l) -= magnitude(l);
	if (l->application)
		books_act(b, l->application)->done = false;
}

static bool is_meant(const struct books_step *st, uint32_t line, const struct books_line *l,
		     enum line_state from)
{
	return (st->line == 0 || st->line == line) && l->state == from;
}

static void step(struct books *b, const struct books_step *st, enum line_state from,
		 enum line_state to)
{
	uint32_t at = sheet_at(b, st->entry);
	struct books_sheet *s = &b->sheet[at];

	for (uint32_t i = 0; at < b->nsheets && i < s->n; i++) {
		struct books_line *l = &s->line[i];

		if (!is_meant(st, i + 1, l, from))
			continue;
		l->state = st->refuse ? LINE_REFUSED : to;
		if (to == LINE_REVIEWED)
			l->reviewer = st->by;
		if (st->refuse)
			undo(b, l);
		else if (to == LINE_CONFIRMED)
			book(b, l, 1);
	}
}

void books_review(struct books *b, const struct books_step *st)
{
	step(b, st, LINE_RECORDED, LINE_REVIEWED);
}

void books_confirm(struct books *b, const struct books_step *st)
{
	step(b, st, LINE_REVIEWED, LINE_CONFIRMED);
}

void books_reverse(struct books *b, const struct books_step *st)
{
	uint32_t at = sheet_at(b, st->entry);
	struct books_line *l;

	if (at == b->nsheets)
		return;
	l = &b->sheet[at].line[st->line - 1];
	l->state = LINE_REVERSED;
	undo(b, l);
	book(b, l, -1);
}

/* --- what must be answered ------------------------------------------------------------------------- */

/* Lines of the sheet before @at that share year and item with it count too. */
static int64_t counted(const struct books *b, const struct books_sheet *s, uint32_t at)
{
	const struct books_line *l = &s->line[at];
	int64_t sum = b->year[l->household][l->member][l->year].sum[l->item];

	for (uint32_t i = 0; i < at; i++) {
		const struct books_line *o = &s->line[i];

		if (o->household == l->household && o->member == l->member && o->year == l->year &&
		    o->item == l->item)
			sum += magnitude(o);
	}
	return sum;
}

/* Why this person may not take part on the day. */
static enum verdict_id bar(const struct books_member *m, day_t day)
{
	if (m->dead && m->dead < day)
		return V_P13_DEAD;
	if (m->left && m->left < day)
		return V_P13_LEFT;
	if (!m->other)
		return V_ACCEPTED;
	if (!m->since || books_months_after(m->since, 6) > day)
		return V_P13_RESIDENCE;
	return m->agreed && m->agreed <= day ? V_ACCEPTED : V_P13_AGREED;
}

/* A household takes part while one of its people may; else the first says why. */
static enum verdict_id bar_of(const struct books_household *h, uint32_t member, day_t day)
{
	if (member)
		return bar(&h->member[member], day);
	for (uint32_t m = 1; m < BOOKS_MEMBERS; m++)
		if (h->member[m].known && bar(&h->member[m], day) == V_ACCEPTED)
			return V_ACCEPTED;
	return bar(&h->member[1], day);
}

static enum verdict_id judge_place(const struct books *b, const struct books_line *l)
{
	const struct books_household *h = &b->household[l->household];

	/* of a merged household the days that it had stay its own */
	if (h->member[l->member].relocated && (l->member || l->day >= h->left))
		return V_P13_RELOCATED;
	if (!l->member && l->day < h->began)
		return V_P13_BEGAN;
	if (h->out)
		return V_P13_NOT_PART;
	if (h->consent && l->day < h->consent)
		return V_P05_BEFORE_CONSENT;
	if (h->left && h->left < l->day)
		return V_P13_LEFT;
	return bar_of(h, l->member, l->day);
}

static enum verdict_id judge_line(const struct books *b, const struct books_sheet *s, uint32_t at)
{
	const struct books_line *l = &s->line[at];
	enum verdict_id is;

	if (books_foreign(b, s->recorder, l->household))
		return V_GROUP_FOREIGN;
	is = judge_place(b, l);
	if (is != V_ACCEPTED)
		return is;
	if (l->facility && books_keeper_on(b, l->facility, l->day) != l->household)
		return V_FACILITY_KEEPER;
	if (l->application && books_act((struct books *)b, l->application)->done)
		return V_DONE_ALREADY;
	return l->cap && counted(b, s, at) + magnitude(l) > l->cap ? V_P10_CAP : V_ACCEPTED;
}

enum verdict_id books_judge_sheet(const struct books *b, const struct books_sheet *s)
{
	enum verdict_id is = V_ACCEPTED;

	for (uint32_t i = 0; i < s->n && is == V_ACCEPTED; i++)
		is = judge_line(b, s, i);
	return is;
}

/* P15: told long enough ago, and nobody waits for an answer. */
static enum verdict_id judge_deduction(const struct books *b, const struct books_line *l,
				       day_t today)
{
	if (l->points >= 0)
		return V_ACCEPTED;
	if (!l->notified)
		return V_P15_NOT_NOTIFIED;
	if (!today)
		return V_NO_CLOCK;
	if (today < l->notified + (day_t)books_in_force(b, REC_scheme, l->notified)->days)
		return V_P15_TOO_SOON;
	return l->objections ? V_P15_OBJECTION : V_ACCEPTED;
}

/* Without a clock a line could be of a year to come. */
static enum verdict_id judge_booking(const struct books *b, const struct books_line *l, day_t today)
{
	enum verdict_id is = judge_deduction(b, l, today);

	if (is != V_ACCEPTED)
		return is;
	if (!today)
		return V_NO_CLOCK;
	return l->day > today ? V_P05_FUTURE : V_ACCEPTED;
}

static enum verdict_id judge_step(const struct books *b, const struct books_step *st,
				  enum line_state from)
{
	uint32_t at = sheet_at(b, st->entry);
	const struct books_sheet *s = &b->sheet[at];
	bool any = false;

	if (at == b->nsheets)
		return V_TARGET_UNKNOWN;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct books_line *l = &s->line[i];

		if (!is_meant(st, i + 1, l, from))
			continue;
		if (st->by == s->recorder || (from == LINE_REVIEWED && st->by == l->reviewer))
			return V_P02_DUTIES;
		if (from == LINE_REVIEWED && !st->refuse &&
		    judge_booking(b, l, st->today) != V_ACCEPTED)
			return judge_booking(b, l, st->today);
		any = true;
	}
	return any ? V_ACCEPTED : V_TARGET_STATE;
}

enum verdict_id books_judge_review(const struct books *b, const struct books_step *st)
{
	return judge_step(b, st, LINE_RECORDED);
}

enum verdict_id books_judge_confirm(const struct books *b, const struct books_step *st)
{
	return judge_step(b, st, LINE_REVIEWED);
}

/* Who reviewed or confirmed a line may take it back; who recorded it may not. */
enum verdict_id books_judge_reverse(const struct books *b, const struct books_step *st)
{
	return judge_step(b, st, LINE_CONFIRMED);
}

/* --- days ------------------------------------------------------------------------------------------- */

bool books_sheet_in_future(const struct books_sheet *s)
{
	for (uint32_t i = 0; i < s->n && s->today; i++)
		if (s->line[i].day > s->today || s->line[i].notified > s->today)
			return true;
	return false;
}

bool books_sheet_is_late(const struct books_sheet *s)
{
	for (uint32_t i = 0; i < s->n && s->today; i++)
		if (s->today - s->line[i].day > BOOKS_LATE)
			return true;
	return false;
}

/* To be asked before the step is booked. */
bool books_confirms_late(const struct books *b, const struct books_step *st)
{
	const struct books_sheet *s = books_sheet(b, st->entry);

	for (uint32_t i = 0; s && i < s->n && !st->refuse; i++)
		if (is_meant(st, i + 1, &s->line[i], LINE_REVIEWED) && b->closed[s->line[i].year])
			return true;
	return false;
}
