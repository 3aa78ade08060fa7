#include "daemon/ledger/rules/people/roster.h"

#include "daemon/ledger/rules/board/passbook.h"
#include "daemon/ledger/rules/people/eligible.h"
#include "daemon/ledger/rules/people/split_merge.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/rights.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/placeholder.h"
#include "lib/err.h"

/* --- the register ---------------------------------------------------------------------------------- */
int roster_known(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		 struct state_household *ret)
{
	int err = read_household(&ctx->reader, household, ret);

	if (err != ERR_NOTFOUND)
		return err;
	return rule_refuse(
		ctx, &(struct refusal){.id = V_HOUSEHOLD_UNKNOWN, .num = {line}, .s = household});
}

int roster_is(struct rule_ctx *ctx, uint32_t line, struct bytes household, enum rec_need need,
	      struct state_household *ret)
{
	int err = roster_known(ctx, line, household, ret);

	if (err || need <= REC_KNOWN)
		return err;
	if (ret->left != DAY_NONE)
		return rule_refuse(ctx, &(struct refusal){.id = V_HOUSEHOLD_LEFT,
							  .num = {ret->left},
							  .s = household});
	if (need == REC_PART && !ret->takes_part)
		return rule_refuse(ctx, &(struct refusal){.id = V_P13_NOT_PART, .s = household});
	return ERR_OK;
}

int roster_no_member(struct rule_ctx *ctx, uint32_t line, struct bytes household, uint64_t member)
{
	return rule_refuse(ctx, &(struct refusal){.id = V_MEMBER_UNKNOWN,
						  .num = {line, (int64_t)member},
						  .s = household});
}

static int left_already(struct rule_ctx *ctx, uint32_t line, struct bytes household,
			uint64_t member)
{
	return rule_refuse(ctx, &(struct refusal){.id = V_LEFT_ALREADY,
						  .num = {line, (int64_t)member},
						  .s = household});
}

int roster_is_member(struct rule_ctx *ctx, uint32_t line, struct bytes household, uint32_t member,
		     enum rec_need need)
{
	struct state_household h;
	struct state_member m;
	int err = roster_known(ctx, line, household, &h);

	if (err)
		return err;
	if (!state_household_member(&h, member, &m))
		return roster_no_member(ctx, line, household, member);
	return need == REC_PRESENT ? roster_present(ctx, line, household, &m, member) : ERR_OK;
}

int roster_begun(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		 const struct state_household *h, day_t day)
{
	struct rec_split r;
	int err;

	if (h->began == DAY_NONE || day >= h->began)
		return ERR_OK;
	err = rule_ref(ctx, h->entry, REC_split, &r);
	return err ? err
		   : rule_refuse(ctx, &(struct refusal){.id = V_P13_BEGAN,
							.num = {line, h->began, day},
							.s = household,
							.t = r.household});
}

int roster_on(struct rule_ctx *ctx, struct bytes household, uint32_t member, day_t day,
	      struct state_household *ret)
{
	struct state_member m = {0};
	int err = roster_known(ctx, 0, household, ret);

	if (!err)
		err = roster_begun(ctx, 0, household, ret, day);
	if (err || !member)
		return err;
	state_household_member(ret, member, &m);
	if ((m.left != DAY_NONE && m.left < day) || (m.death != DAY_NONE && m.death < day))
		return left_already(ctx, 0, household, member);
	return ERR_OK;
}

static int open_members(struct roster_household *x)
{
	size_t at = 0;

	for (uint32_t i = 0; i < x->h.nmembers; i++)
		if (!state_household_next(&x->h, &at, &x->m[i]))
			return ERR_CORRUPT;
	return ERR_OK;
}

int roster_open(struct rule_ctx *ctx, struct bytes household, struct roster_household *ret)
{
	int err = read_household(&ctx->reader, household, &ret->h);

	state_household_key(&ret->key, ctx->f->feed_no, household);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return open_members(ret);
}

/* What an entry finds stays readable. */
static int keep_former(struct rule_ctx *ctx, const struct state_key *k)
{
	struct state_household_parts at;
	struct state_key former;
	struct bytes row, kept;
	int err = cache_get(ctx->w->rows, k, &row);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = state_household_split(state_key_bytes(k), &at);
	if (err)
		return err;
	state_former_key(&former, ctx->f->feed_no, at.household, ctx->e->seq);
	err = cache_get(ctx->w->rows, &former, &kept);
	return err == ERR_NOTFOUND ? cache_put(ctx->w->rows, &former, row) : err;
}

int roster_put(struct rule_ctx *ctx, const struct roster_household *x)
{
	int err = keep_former(ctx, &x->key);

	if (err)
		return err;
	state_household_pack(&x->h, x->m, rule_out(ctx));
	return rule_put(ctx, &x->key);
}

int roster_territory(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		     const struct state_household *h)
{
	uint32_t others = ctx->type->roles & ~RB(recorder);
	bool free = false;
	int err = ERR_OK;

	if (!ctx->group[0] || bytes_eq(h->group, bytes_str(ctx->group)))
		return ERR_OK;
	if (others)
		err = rights_holds(ctx, others, &free);
	if (err || free)
		return err;
	return rule_refuse(
		ctx, &(struct refusal){
			     .id = V_GROUP_FOREIGN, .num = {line}, .s = household, .t = h->group});
}

int roster_unused(struct rule_ctx *ctx, struct bytes household)
{
	struct state_household h;
	int err = read_household(&ctx->reader, household, &h);

	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_HOUSEHOLD_EXISTS,
							  .num = {(int64_t)h.entry},
							  .s = household});
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

struct state_member *roster_member(struct roster_household *x, uint64_t member)
{
	for (uint32_t i = 0; i < x->h.nmembers; i++)
		if (x->m[i].member == member)
			return &x->m[i];
	return NULL;
}

int roster_present(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		   const struct state_member *m, uint64_t member)
{
	if (!m)
		return roster_no_member(ctx, line, household, member);
	return state_member_present(m) ? ERR_OK : left_already(ctx, line, household, member);
}

int roster_room(struct rule_ctx *ctx, struct bytes household, struct roster_household *x,
		uint64_t member)
{
	/* when all numbers are used, another number is no remedy */
	if (x->h.nmembers >= STATE_MEMBERS_MAX)
		return rule_refuse(ctx, &(struct refusal){.id = V_MEMBERS_FULL,
							  .num = {STATE_MEMBERS_MAX},
							  .s = household});
	if (roster_member(x, member))
		return rule_refuse(ctx, &(struct refusal){.id = V_MEMBER_NUMBER,
							  .num = {(int64_t)member},
							  .s = household});
	return ERR_OK;
}

/* --- registration ---------------------------------------------------------------------------------- */
static int member_not_future(struct rule_ctx *ctx, uint32_t line, struct bytes household,
			     const struct state_member *m)
{
	const struct {
		const char *field;
		day_t day;
	} days[] = {{"birth", m->birth}, {"since", m->since}, {"agreed", m->agreed}};

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]) && ctx->today != DAY_NONE; i++)
		if (days[i].day > ctx->today)
			return rule_refuse(ctx, &(struct refusal){.id = V_MEMBER_FUTURE,
								  .num = {line, m->member,
									  days[i].day, ctx->today},
								  .s = bytes_str(days[i].field),
								  .t = household});
	return ERR_OK;
}

/* R25: whom they consent to has lived here for six months by then. */
static bool agreed_early(uint32_t line, struct bytes household, const struct state_member *m,
			 struct refusal *ret)
{
	day_t from = eligible_from(m->since);

	*ret = (struct refusal){
		.id = V_AGREED_EARLY, .num = {line, m->member, m->agreed, from}, .s = household};
	return m->agreed != DAY_NONE && from != DAY_NONE && m->agreed < from;
}

/* R25: the two committees consent themselves; nobody types it for those whom it binds. */
static int check_new(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		     struct state_member *m)
{
	struct refusal early;
	bool committee = true;
	int err = member_not_future(ctx, line, household, m);

	if (!err && m->agreed != DAY_NONE)
		err = rights_holds(ctx, RB(committee), &committee);
	if (!err && committee && m->other_hukou && agreed_early(line, household, m, &early))
		rule_warn(ctx, &early);
	if (err || committee)
		return err;
	m->agreed = DAY_NONE;
	rule_warn(ctx,
		  &(struct refusal){.id = V_AGREED_BY, .num = {line, m->member}, .s = household});
	return ERR_OK;
}

static int read_members(struct rule_ctx *ctx, struct bytes household, struct roster_household *x)
{
	struct rec_household_line l;
	struct state_member *m;

	for (uint32_t line = 1; line <= ctx->nlines; line++) {
		int err = rule_line(ctx, line - 1, &l);

		if (err)
			return err;
		if (roster_member(x, l.member))
			return rule_refuse(ctx, &(struct refusal){.id = V_MEMBER_TWICE,
								  .num = {line, (int64_t)l.member},
								  .s = household});
		m = &x->m[x->h.nmembers++];
		*m = (struct state_member){.member = (uint32_t)l.member,
					   .other_hukou = l.hukou == HUKOU_other,
					   .birth = l.birth,
					   .since = l.since,
					   .agreed = l.agreed,
					   .entry = ctx->e->seq,
					   .line = line};
		err = check_new(ctx, line, household, m);
		if (err)
			return err;
	}
	return ERR_OK;
}

int rule_household(struct rule_ctx *ctx)
{
	struct roster_household x = {0};
	struct rec_household r;
	int err;

	rule_head(ctx, &r);
	x.h = (struct state_household){.entry = ctx->e->seq,
				       .takes_part = r.takes_part == YES_yes,
				       .consent = r.consent_day,
				       .group = r.group};
	state_household_key(&x.key, ctx->f->feed_no, r.household);
	err = roster_unused(ctx, r.household);
	if (!err)
		err = read_members(ctx, r.household, &x);
	if (!err && r.passbook.n)
		err = passbook_take(ctx, r.household, r.passbook);
	return err ? err : roster_put(ctx, &x);
}

/* --- changes --------------------------------------------------------------------------------------- */
static int not_away(struct rule_ctx *ctx, const struct rec_roster_change *r, day_t away)
{
	return rule_refuse(ctx, &(struct refusal){.id = V_NOT_AWAY,
						  .num = {(int64_t)r->member, away},
						  .s = r->household});
}

static int come_back(struct rule_ctx *ctx, const struct rec_roster_change *r,
		     struct state_member *m)
{
	int err =
		m->away == DAY_NONE ? not_away(ctx, r, m->away) : rule_period(ctx, m->away, r->day);

	if (err)
		return err;
	m->was_away = m->away;
	m->away = DAY_NONE;
	return ERR_OK;
}

static void become_head(struct roster_household *x, const struct state_member *head)
{
	for (uint32_t i = 0; i < x->h.nmembers; i++) {
		struct state_member *m = &x->m[i];

		m->was_head = m->head;
		m->head = m == head;
	}
}

static int change_member(struct rule_ctx *ctx, const struct rec_roster_change *r,
			 struct roster_household *x)
{
	struct state_member *m = roster_member(x, r->member);

	if (!m)
		return ERR_CORRUPT;
	m->changed = ctx->e->seq;
	switch ((enum rec_choice_LEAVE)r->kind) {
	case LEAVE_moved_out: break; /* the whole household */
	case LEAVE_death: m->death = r->day; break;
	case LEAVE_left: m->left = r->day; break;
	case LEAVE_back: return come_back(ctx, r, m);
	case LEAVE_away:
		if (m->away != DAY_NONE)
			return not_away(ctx, r, m->away);
		m->away = r->day;
		break;
	case LEAVE_head: become_head(x, m); break;
	}
	return ERR_OK;
}

int rule_roster_change(struct rule_ctx *ctx)
{
	struct rec_roster_change r;
	struct roster_household x;
	int err;

	rule_head(ctx, &r);
	/* a household moves out; all else happens to a person */
	if ((r.kind == LEAVE_moved_out) != (r.member == 0))
		return rule_malformed(ctx, "member", 0);
	err = roster_open(ctx, r.household, &x);
	if (err)
		return err;
	if (r.kind == LEAVE_moved_out)
		x.h.left = r.day;
	else
		err = change_member(ctx, &r, &x);
	return err ? err : roster_put(ctx, &x);
}

/* --- a change that was wrong ----------------------------------------------------------------------- */
/* Of a change that is to be taken back, out of reach of later looks at the log. */
struct mistake {
	uint64_t entry;
	enum rec_choice_LEAVE kind;
	struct place now; /* of the person, or of the household */
};

/* Who was head before is head again, and so has changed: who was it before that is not kept. */
static void head_back(struct roster_household *x, uint64_t by)
{
	for (uint32_t i = 0; i < x->h.nmembers; i++) {
		struct state_member *m = &x->m[i];

		m->head = m->was_head;
		m->was_head = false;
		if (m->head)
			m->changed = by;
	}
}

static void take_back(struct roster_household *x, struct state_member *m,
		      enum rec_choice_LEAVE kind, uint64_t by)
{
	switch (kind) {
	case LEAVE_moved_out: x->h.left = DAY_NONE; break;
	case LEAVE_death: m->death = DAY_NONE; break;
	case LEAVE_left: m->left = DAY_NONE; break;
	case LEAVE_away: m->away = DAY_NONE; break;
	case LEAVE_back:
		m->away = m->was_away;
		m->was_away = DAY_NONE;
		break;
	case LEAVE_head: head_back(x, by); break;
	}
}

/* Is all still as the change made it? Nothing happens to who has died or left, so that can be wrong only of
 * what people do again and again. */
static int check_same(struct rule_ctx *ctx, const struct mistake *w,
		      const struct roster_household *x, const struct state_member *m)
{
	bool deposed = w->kind == LEAVE_head && !m->head;
	uint64_t later = m->changed;

	if (later == w->entry && !deposed)
		return ERR_OK;
	for (uint32_t i = 0; deposed && i < x->h.nmembers; i++)
		if (x->m[i].head)
			later = x->m[i].changed;
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_CORRECTION_LATER,
					     .num = {(int64_t)w->entry, m->member, (int64_t)later},
					     .s = place_household(&w->now)});
}

/* --- one person under two numbers ------------------------------------------------------------------- */
/* A member with the birth of @m and this name, who is here or is gone. Of births that are not known nothing follows. */
static int find_again(struct details *d, const struct roster_household *x,
		      const struct state_member *m, struct bytes name, bool here,
		      const struct state_member **ret)
{
	struct rec_household_line other;

	*ret = NULL;
	for (uint32_t i = 0; i < x->h.nmembers && m->birth != DAY_NONE; i++) {
		const struct state_member *o = &x->m[i];
		int err;

		if (o == m || o->birth != m->birth || state_member_present(o) != here)
			continue;
		err = read_details(d, o, &other);
		if (err)
			return err;
		if (look_same(other.name, name))
			*ret = o;
	}
	return ERR_OK;
}

/* Whoever joined anew meanwhile would have two caps and two scores. */
static int check_not_again(struct rule_ctx *ctx, const struct mistake *w,
			   const struct roster_household *x, const struct state_member *m)
{
	struct details d = {.r = &ctx->reader};
	const struct state_member *again = NULL;
	struct rec_household_line person;
	int err = ERR_OK;

	if (w->kind != LEAVE_left && w->kind != LEAVE_death)
		return ERR_OK;
	err = read_details(&d, m, &person);
	if (!err)
		err = find_again(&d, x, m, person.name, true, &again);
	if (err || !again)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_MEMBER_AGAIN,
						  .num = {m->member, again->member},
						  .s = place_household(&w->now)});
}

int roster_warn_again(struct rule_ctx *ctx, struct bytes household,
		      const struct roster_household *x, const struct state_member *m,
		      struct bytes name)
{
	struct details d = {.r = &ctx->reader};
	const struct state_member *again;
	int err = find_again(&d, x, m, name, false, &again);

	if (!err && again)
		rule_warn(ctx, &(struct refusal){.id = V_MEMBER_AGAIN,
						 .num = {again->member, m->member},
						 .s = household});
	return err;
}

static int correct(struct rule_ctx *ctx, const struct mistake *w)
{
	struct bytes household = place_household(&w->now);
	struct state_member *m = NULL;
	struct roster_household x;
	int err = roster_open(ctx, household, &x);

	if (err)
		return err;
	if (w->kind != LEAVE_moved_out) {
		if (x.h.left != DAY_NONE)
			return rule_refuse(ctx,
					   &(struct refusal){.id = V_CORRECTION_GONE,
							     .num = {x.h.left, (int64_t)w->entry},
							     .s = household});
		m = roster_member(&x, w->now.member);
		err = m ? check_same(ctx, w, &x, m) : ERR_CORRUPT;
		if (!err)
			err = check_not_again(ctx, w, &x, m);
		if (err)
			return err;
		m->changed = ctx->e->seq;
	}
	take_back(&x, m, w->kind, ctx->e->seq);
	return roster_put(ctx, &x);
}

int rule_roster_correction(struct rule_ctx *ctx)
{
	struct rec_roster_correction r;
	struct rec_roster_change was;
	struct mistake w = {0};
	int err;

	rule_head(ctx, &r);
	if (placeholder(r.reason))
		return rule_refuse(ctx, &(struct refusal){.id = V_P08_MISSING,
							  .s = bytes_str("reason")});
	err = rule_ref(ctx, r.entry, REC_roster_change, &was);
	if (err)
		return err;
	w.entry = r.entry;
	w.kind = (enum rec_choice_LEAVE)was.kind;
	err = split_merge_now(ctx, was.household, (uint32_t)was.member, &w.now);
	return err ? err : correct(ctx, &w);
}

int rule_member_join(struct rule_ctx *ctx)
{
	struct rec_member_join r;
	struct roster_household x;
	struct state_member *m;
	int err;

	rule_head(ctx, &r);
	err = roster_open(ctx, r.household, &x);
	if (!err)
		err = roster_room(ctx, r.household, &x, r.member);
	if (err)
		return err;
	m = &x.m[x.h.nmembers++];
	*m = (struct state_member){.member = (uint32_t)r.member,
				   .other_hukou = r.hukou == HUKOU_other,
				   .birth = r.birth,
				   .since = r.since,
				   .agreed = r.agreed,
				   .entry = ctx->e->seq};
	err = check_new(ctx, 0, r.household, m);
	if (!err)
		err = roster_warn_again(ctx, r.household, &x, m, r.name);
	return err ? err : roster_put(ctx, &x);
}

/* Whether six months have passed is asked on the day of each deed. */
int rule_residence(struct rule_ctx *ctx)
{
	struct roster_household x;
	struct rec_residence r;
	struct refusal early;
	struct state_member *m;
	int err;

	rule_head(ctx, &r);
	err = roster_open(ctx, r.household, &x);
	if (err)
		return err;
	m = roster_member(&x, r.member);
	if (!m)
		return ERR_CORRUPT;
	m->since = r.since;
	m->agreed = r.agreed;
	if (agreed_early(0, r.household, m, &early))
		return rule_refuse(ctx, &early);
	return roster_put(ctx, &x);
}

/* Who leaves the scheme keeps the account; who comes again finds it. */
int rule_consent(struct rule_ctx *ctx)
{
	struct roster_household x;
	struct rec_consent r;
	int err;

	rule_head(ctx, &r);
	err = roster_open(ctx, r.household, &x);
	if (err)
		return err;
	x.h.takes_part = r.takes_part == YES_yes;
	x.h.consent = r.day;
	return roster_put(ctx, &x);
}
