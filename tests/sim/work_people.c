#include <stdio.h>
#include <string.h>

#include "tests/sim/work.h"

/* Staff, households and the people in them. */
#define CONSENT_BACK	 10		 /* days after which the two committees admit */
#define LINES_MORE	 9		 /* printed at a time, at most */
#define NEW_CONSENT_DAYS (2 * DAYS_BACK) /* before every line there is */

static const char *const names[HOST_PEOPLE] = {"李书记", "钱记录", "孙审核", "周确认", "赵六"};

static const char *const groups[BOOKS_GROUPS] = {"Z1", "Z2"};

static void give_or_take(struct sim *s, struct order *o, const struct sign_key *k, const char *name,
			 enum rec_choice_ROLE role, const char *village, bool revoke)
{
	struct bytes key = {sign_key_public(k), SIGN_KEY_BYTES};
	bool bound = role == ROLE_recorder && !strcmp(name, names[BOOKS_BOUND]);
	struct rec_grant g = {.key = key,
			      .name = host_text(name),
			      .role = role,
			      .village = host_text(village),
			      .group = host_text(bound ? groups[0] : "")};
	struct rec_revoke r = {.key = key,
			       .role = role,
			       .village = host_text(village),
			       .reason = host_text("调岗")};

	if (revoke)
		order_make(s, o, REC_revoke, &r, NULL, 0, HOST_HEAD);
	else
		order_make(s, o, REC_grant, &g, NULL, 0, HOST_HEAD);
}

void staff(struct sim *s, struct order *o, uint32_t holder, unsigned person,
	   enum rec_choice_ROLE role, const char *village, bool revoke)
{
	give_or_take(s, o, s->m[holder].host.person[person], names[person], role, village, revoke);
}

void rekey(struct sim *s, struct order *o, uint32_t step)
{
	bool revoke = step < REKEY_STEPS / 2;

	give_or_take(s, o,
		     revoke ? s->m[o->host].host.person[HOST_RECORDER] : s->people->spare[o->host],
		     names[HOST_RECORDER], step % 2 ? ROLE_reviewer : ROLE_recorder, "", revoke);
}

void household_name(uint32_t i, char out[8])
{
	snprintf(out, 8, "H%02u", i + 1);
}

void register_household(struct sim *s, struct order *o, uint32_t i, unsigned person)
{
	struct rec_household head = {.takes_part = YES_yes};
	struct rec_household_line l[MEMBERS];
	char name[8];

	household_name(i, name);
	head.household = host_text(name);
	head.group = host_text(groups[i % BOOKS_GROUPS]);
	memset(l, 0, sizeof(l));
	for (uint32_t m = 0; m < MEMBERS; m++) {
		l[m].member = m + 1;
		l[m].name = host_text("陈七");
	}
	if ((i + 1) % BOOKS_OTHER_EVERY == 0)
		l[MEMBERS - 1].hukou = HUKOU_other;
	o->household = i;
	order_make(s, o, REC_household, &head, l, MEMBERS, person);
}

uint32_t some_household(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	uint32_t i = (uint32_t)prng_below(&s->work, BOOKS_HOUSEHOLDS);
	bool any = sim_chance(&s->work, 5);

	for (uint32_t n = 0; n < BOOKS_HOUSEHOLDS; n++, i = (i + 1) % BOOKS_HOUSEHOLDS)
		if (b->household[i].known && (any || !b->household[i].left))
			return i;
	return 0;
}

/* The next one who is here after @from; 0: nobody. */
static uint32_t next_here(const struct books_household *h, uint32_t from)
{
	for (uint32_t m = from + 1; m < BOOKS_MEMBERS; m++)
		if (books_here(&h->member[m]))
			return m;
	return 0;
}

static uint32_t first_unused(const struct books_household *h, uint32_t from)
{
	for (uint32_t m = from + 1; m < BOOKS_MEMBERS; m++)
		if (!h->member[m].known)
			return m;
	return 0;
}

uint32_t some_member(struct sim *s, uint32_t host, uint32_t household)
{
	const struct books_household *h = &s->people->books[host].household[household];
	uint32_t first = next_here(h, 0), second = next_here(h, first);

	if (first == 0 || sim_chance(&s->work, 5)) /* perhaps gone */
		return 1;
	return second && sim_chance(&s->work, 50) ? second : first;
}

uint32_t richest_household(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	uint32_t best = some_household(s, host);

	for (uint32_t i = 0; i < BOOKS_HOUSEHOLDS && sim_chance(&s->work, 98); i++)
		if (!b->household[i].left && !b->household[i].out &&
		    b->household[i].balance > b->household[best].balance)
			best = i;
	return best;
}

/* Before @day; now and then the last of a month, so that six months later there may be no such day. */
static uint32_t some_stay(struct sim *s, day_t day)
{
	day_t since = day - (day_t)prng_below(&s->work, 2 * DAYS_BACK);

	if (sim_chance(&s->work, 30) && books_month_end(since) <= day)
		since = books_month_end(since);
	return (uint32_t)(day - since);
}

/* --- joins and leavings ---------------------------------------------------------------------------- */

static void join(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_member_join,
			      .by = worker(s, HOST_HEAD, HOST_RECORDER),
			      .day = work_today(s),
			      .yes = sim_chance(&s->work, 50)};
	struct rec_member_join r = {.day = a.day, .name = host_text("陈小七")};
	char name[8];

	a.days = some_stay(s, a.day);
	if (a.yes) {
		r.hukou = HUKOU_other;
		r.since = a.day - (day_t)a.days;
		r.agreed = a.day;
	}
	a.household = some_household(s, host);
	a.member = first_unused(&s->people->books[host].household[a.household], 0);
	if (a.member == 0 || sim_chance(&s->work, 10))
		a.member = 1; /* taken */
	household_name(a.household, name);
	r.household = host_text(name);
	r.member = a.member;
	order_act(s, host, &a, &r, NULL, 0);
}

/* Somebody who is registered elsewhere, mostly. */
static void admit(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_residence, .by = HOST_HEAD};
	struct rec_residence r = {.document = host_text("同意书五号")};
	char name[8];

	a.day = work_today(s) - (day_t)prng_below(&s->work, CONSENT_BACK);
	a.days = some_stay(s, a.day);
	a.household = some_household(s, host);
	if (sim_chance(&s->work, 80))
		a.household = BOOKS_OTHER_EVERY * (a.household % 2 + 1) - 1;
	a.member = sim_chance(&s->work, 80) ? MEMBERS : some_member(s, host, a.household);
	household_name(a.household, name);
	r.household = host_text(name);
	r.member = a.member;
	r.since = a.day - (day_t)a.days;
	r.agreed = a.day;
	order_act(s, host, &a, &r, NULL, 0);
}

static enum rec_choice_LEAVE some_change(struct sim *s)
{
	static const enum rec_choice_LEAVE often[] = {LEAVE_death, LEAVE_left, LEAVE_away,
						      LEAVE_back,  LEAVE_away, LEAVE_moved_out,
						      LEAVE_back,  LEAVE_head};

	return often[prng_below(&s->work, sizeof(often) / sizeof(often[0]))];
}

static void change(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_roster_change, .by = HOST_RECORDER, .day = work_today(s)};
	const struct books_act *before = some_act(s, host, REC_roster_change);
	struct rec_roster_change r = {.day = a.day};
	char name[8];

	a.which = r.kind = some_change(s);
	a.household = some_household(s, host);
	if (a.which != LEAVE_moved_out)
		a.member = some_member(s, host, a.household);
	if (a.member && before && before->member && sim_chance(&s->work, 30)) {
		a.household = before->household; /* the same person again */
		a.member = before->member;
	}
	household_name(a.household, name);
	r.household = host_text(name);
	r.member = a.member;
	order_act(s, host, &a, &r, NULL, 0);
}

/* A change that can no longer be taken back: another has followed, or the household has left; NULL: none. */
static const struct books_act *overtaken(struct sim *s, const struct books *b)
{
	uint32_t at = b->nacts ? (uint32_t)prng_below(&s->work, b->nacts) : 0;

	for (uint32_t i = 0; i < b->nacts; i++, at = (at + 1) % b->nacts) {
		const struct books_act *a = &b->act[at];
		struct books_place now;

		if (a->type != REC_roster_change || a->done || a->member == 0)
			continue;
		now = books_now(b, a->household, a->member);
		if (b->household[now.household].left ||
		    b->household[now.household].member[now.member].changed != a->entry)
			return a;
	}
	return NULL;
}

static void correct(struct sim *s, uint32_t host)
{
	const struct books_act *was = sim_chance(&s->work, 40)
					      ? overtaken(s, &s->people->books[host])
					      : some_act(s, host, REC_roster_change);
	struct books_act a = {.type = REC_roster_correction};
	struct rec_roster_correction r = {.reason = host_text("登记错了人")};

	if (!was)
		return;
	a.by = sim_chance(&s->work, 20) ? HOST_RECORDER : HOST_HEAD;
	a.about = r.entry = was->entry;
	order_act(s, host, &a, &r, NULL, 0);
}

/* Another phone: what else the register has of the person stays. */
static void correct_person(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_person_correction, .by = HOST_HEAD};
	struct rec_person_correction r = {.reason = host_text("登记时写错了")};
	const struct books_household *h;
	char name[8], phone[12];

	a.household = some_household(s, host);
	a.member = some_member(s, host, a.household);
	h = &s->people->books[host].household[a.household];
	household_name(a.household, name);
	snprintf(phone, sizeof(phone), "137%08u", (unsigned)prng_below(&s->work, 100000000));
	r.household = host_text(name);
	r.member = a.member;
	r.name = host_text("陈七");
	r.phone = host_text(phone);
	r.hukou = h->member[a.member].other ? HUKOU_other : HUKOU_local;
	order_act(s, host, &a, &r, NULL, 0);
}

static void correct_household(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_household_correction, .by = HOST_HEAD};
	struct rec_household_correction r = {.reason = host_text("登记时写错了")};
	char name[8];

	a.household = some_household(s, host);
	a.which = (uint32_t)prng_below(&s->work, BOOKS_GROUPS);
	household_name(a.household, name);
	r.household = host_text(name);
	r.group = host_text(groups[a.which]);
	order_act(s, host, &a, &r, NULL, 0);
}

static void consent(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_consent, .by = HOST_HEAD};
	struct rec_consent r = {.document = host_text("同意书三号")};
	char name[8];

	a.day = work_today(s) -
		(sim_chance(&s->work, 70) ? NEW_CONSENT_DAYS : (day_t)prng_below(&s->work, 9));
	a.household = some_household(s, host);
	a.yes = s->people->books[host].household[a.household].out || sim_chance(&s->work, 75);
	household_name(a.household, name);
	r.household = host_text(name);
	r.day = a.day;
	r.takes_part = a.yes ? YES_yes : YES_no;
	order_act(s, host, &a, &r, NULL, 0);
}

/* Beneath those that are there, mostly; now and then with a gap, or with fewer into an empty book. */
static void print_lines(struct sim *s, const struct books_household *h, struct books_act *a)
{
	a->line = h->printed + (uint32_t)prng_below(&s->work, LINES_MORE);
	a->began = h->printed;
	if (sim_chance(&s->work, 15))
		a->began++;
	else if (sim_chance(&s->work, 30))
		a->began = a->line = 0;
}

static void passbook(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_passbook, .by = HOST_RECORDER, .day = work_today(s)};
	struct rec_passbook r = {.number = host_text("SC-001"), .day = a.day};
	const struct books_act *before = some_act(s, host, REC_passbook);
	char name[8];

	a.household =
		before && sim_chance(&s->work, 70) ? before->household : some_household(s, host);
	if (s->people->books[host].household[a.household].book && sim_chance(&s->work, 75))
		a.which = BOOK_print;
	else if (sim_chance(&s->work, 40))
		a.which = BOOK_replace + (uint32_t)prng_below(&s->work, 3);
	a.line = (uint32_t)prng_below(&s->work, LINES_MORE); /* handed out with its first lines */
	if (a.which == BOOK_print)
		print_lines(s, &s->people->books[host].household[a.household], &a);
	r.action = a.which;
	r.began = a.began;
	r.lines = a.line;
	household_name(a.household, name);
	r.household = host_text(name);
	order_act(s, host, &a, &r, NULL, 0);
}

/* --- splits and mergers ---------------------------------------------------------------------------- */

static void split(struct sim *s, uint32_t host)
{
	const struct books *b = &s->people->books[host];
	struct books_act a = {
		.type = REC_split, .by = HOST_HEAD, .day = work_today(s), .n = 1, .to = {1}};
	struct rec_split r = {.day = a.day, .reason = host_text("儿子成家另立门户")};
	struct rec_split_line l;
	char name[8], into[8];
	int64_t have;

	a.household = richest_household(s, host);
	a.from[0] = some_member(s, host, a.household);
	a.into = BOOKS_REGISTERED;
	while (a.into < BOOKS_HOUSEHOLDS - 1 && b->household[a.into].known)
		a.into++;
	have = b->household[a.household].balance;
	a.points = have > 0 ? (int64_t)prng_below(&s->work, (uint64_t)have + 200) / 100 * 100 : 0;
	household_name(a.household, name);
	household_name(a.into, into);
	r.household = host_text(name);
	r.into = host_text(into);
	r.points = points_of(a.points);
	l = (struct rec_split_line){.member = a.from[0], .new_member = a.to[0]};
	order_act(s, host, &a, &r, &l, 1);
}

/* Everybody who is here, mostly, gets a number that was never used. */
static bool list_persons(struct sim *s, const struct books *b, struct books_act *a,
			 struct rec_merge_line *l)
{
	const struct books_household *old = &b->household[a->household];
	uint32_t to = 0;

	for (uint32_t m = next_here(old, 0); m; m = next_here(old, m)) {
		to = first_unused(&b->household[a->into], to);
		if (to == 0)
			return false;
		a->from[a->n] = m;
		a->to[a->n] = to;
		l[a->n++] = (struct rec_merge_line){.member = m, .new_member = to};
	}
	if (a->n > 1 && sim_chance(&s->work, 10))
		a->n--;
	return a->n > 0;
}

static void merge(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_merge, .by = HOST_HEAD, .day = work_today(s)};
	struct rec_merge r = {.day = a.day, .reason = host_text("回父母家同住")};
	struct rec_merge_line l[BOOKS_MEMBERS];
	char name[8], into[8];

	a.household = some_household(s, host);
	a.into = some_household(s, host);
	if (a.into == a.household) /* once more: by chance it is the same again */
		a.into = some_household(s, host);
	if (!list_persons(s, &s->people->books[host], &a, l))
		return;
	household_name(a.household, name);
	household_name(a.into, into);
	r.household = host_text(name);
	r.into = host_text(into);
	order_act(s, host, &a, &r, l, a.n);
}

/* --- ties and posts -------------------------------------------------------------------------------- */

static void kin(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_kin, .by = HOST_HEAD, .day = work_today(s), .n = 1};
	struct rec_kin r = {.day = a.day};
	struct rec_kin_line l = {.relation = (uint32_t)prng_below(&s->work, 7)};
	char name[8], other[8];

	a.household = some_household(s, host);
	a.member = some_member(s, host, a.household);
	a.into = sim_chance(&s->work, 30) ? a.household : some_household(s, host);
	a.to[0] = some_member(s, host, a.into);
	household_name(a.household, name);
	household_name(a.into, other);
	r.household = host_text(name);
	r.member = a.member;
	l.household = host_text(other);
	l.member = a.to[0];
	order_act(s, host, &a, &r, &l, 1);
}

/* Who records is somebody of a household, mostly. */
static void post(struct sim *s, uint32_t host)
{
	struct books_act a = {.type = REC_post, .by = HOST_HEAD, .day = work_today(s)};
	struct rec_post r = {.post = (uint32_t)prng_below(&s->work, 9), .from = a.day};
	char name[8];

	a.household = some_household(s, host);
	a.member = some_member(s, host, a.household);
	household_name(a.household, name);
	r.household = host_text(name);
	r.member = a.member;
	if (sim_chance(&s->work, 60))
		r.key = (struct bytes){sign_key_public(s->m[host].host.person[HOST_RECORDER]),
				       SIGN_KEY_BYTES};
	order_act(s, host, &a, &r, NULL, 0);
}

void work_people(struct sim *s, uint32_t host)
{
	static void (*const often[])(struct sim * s, uint32_t host) = {join,
								       join,
								       change,
								       change,
								       change,
								       change,
								       correct,
								       correct,
								       admit,
								       consent,
								       consent,
								       passbook,
								       passbook,
								       passbook,
								       split,
								       split,
								       split,
								       merge,
								       merge,
								       kin,
								       post,
								       correct_person,
								       correct_household};

	often[prng_below(&s->work, sizeof(often) / sizeof(often[0]))](s, host);
}
