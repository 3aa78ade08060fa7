#include "daemon/ledger/rules/people/split_merge.h"

#include "daemon/ledger/rules/accounts.h"
#include "daemon/ledger/rules/people/kin_posts.h"
#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"

/* Households that split and merge. What a person has earned this year goes along with the person: the rows
 * of the years move to the new household and number. The account of a household stays with it; points go
 * from account to account, so that all accounts together are what they were. */

/* --- where somebody is now ------------------------------------------------------------------------- */
static void set_place(struct place *p, const struct state_place *s)
{
	p->household_n = (uint8_t)s->household.n;
	memcpy(p->household, s->household.p, s->household.n);
	p->member = s->member;
}

/* Most villages have no such row, and their points lines then need not ask for each person. */
static int look_for_relocations(struct rule_ctx *ctx)
{
	struct bytes key, row;
	struct state_key k;
	int err;

	state_key_of(&k, ctx->f->feed_no, STATE_RELOCATED);
	err = reader_from(&ctx->reader, &k, 0, &key, &row);
	if (err && err != ERR_NOTFOUND)
		return err;
	ctx->w->relocated = err ? RELOCATED_NONE : RELOCATED_SOME;
	return ERR_OK;
}

int split_merge_now(struct rule_ctx *ctx, struct bytes household, uint32_t member,
		    struct place *ret)
{
	struct state_place next = {household, member};
	struct place at;
	int err = ctx->w->relocated == RELOCATED_UNKNOWN ? look_for_relocations(ctx) : ERR_OK;

	if (err)
		return err;
	set_place(&at, &next);
	if (ctx->w->relocated == RELOCATED_NONE) {
		*ret = at;
		return ERR_OK;
	}
	/* numbers are never used again, so every step was put by an entry of its own */
	for (uint64_t steps = 0; steps <= ctx->e->seq + 1; steps++) {
		err = reader_relocated(&ctx->reader, ctx->f->feed_no, place_household(&at),
				       at.member, &next);
		if (err == ERR_NOTFOUND) {
			*ret = at;
			return ERR_OK;
		}
		if (err)
			return err;
		set_place(&at, &next);
	}
	return ERR_CORRUPT;
}

int split_merge_year_key(struct rule_ctx *ctx, struct bytes household, uint32_t member, int year,
			 struct state_key *ret)
{
	struct place now;
	int err;

	if (member == 0) {
		state_year_key(ret, ctx->f->feed_no, household, 0, year);
		return ERR_OK;
	}
	err = split_merge_now(ctx, household, member, &now);
	if (!err)
		state_year_key(ret, ctx->f->feed_no, place_household(&now), now.member, year);
	return err;
}

/* --- persons --------------------------------------------------------------------------------------- */
static int put_place(struct rule_ctx *ctx, const struct state_place *from,
		     const struct state_place *to)
{
	struct state_key k;

	ctx->w->relocated = RELOCATED_SOME; /* also if the entry is refused: that only costs */
	state_relocated_key(&k, ctx->f->feed_no, from->household, from->member);
	state_place_pack(to, rule_out(ctx));
	return rule_put(ctx, &k);
}

/* The row as it is to the new place, an empty year to the old one: rows are never deleted. */
static int move_year(struct rule_ctx *ctx, const struct state_place *from,
		     const struct state_place *to, int year, struct bytes row)
{
	const struct state_year none = {0};
	struct state_key k;
	int err;

	buf_put(rule_out(ctx), row.p, row.n);
	state_year_key(&k, ctx->f->feed_no, to->household, to->member, year);
	err = rule_put(ctx, &k);
	if (err)
		return err;
	state_year_put_score(&none, 0, rule_out(ctx));
	state_year_key(&k, ctx->f->feed_no, from->household, from->member, year);
	return rule_put(ctx, &k);
}

struct moving {
	struct rule_ctx *ctx;
	const struct state_place *from, *to;
};

static int on_year(void *arg, struct bytes key, struct bytes row)
{
	const struct moving *w = arg;
	struct state_year_parts at;
	int err = state_year_split(key, &at);

	return err ? err : move_year(w->ctx, w->from, w->to, (int)at.year, row);
}

static int move_years(struct rule_ctx *ctx, const struct state_place *from,
		      const struct state_place *to)
{
	struct moving w = {ctx, from, to};
	struct state_key k;

	state_year_key(&k, ctx->f->feed_no, from->household, from->member, 0);
	return reader_each(&ctx->reader, &k, 2, on_year, &w);
}

static int move_person(struct rule_ctx *ctx, const struct state_place *from,
		       const struct state_place *to)
{
	int err = move_years(ctx, from, to);

	if (!err)
		err = put_place(ctx, from, to);
	return err ? err : kin_posts_move(ctx, from, to);
}

/* --- what a household has used this year ------------------------------------------------------------ */
/* Nobody gains a second cap by a split or merger: what was used since the first of January of that year goes
 * along. */
int split_merge_redeemed(struct rule_ctx *ctx, struct bytes household, int year,
			 struct state_redeemed *ret)
{
	int err = reader_redeemed(&ctx->reader, ctx->f->feed_no, household, year, ret);

	if (err != ERR_NOTFOUND)
		return err;
	*ret = (struct state_redeemed){0};
	return ERR_OK;
}

int split_merge_put_redeemed(struct rule_ctx *ctx, struct bytes household, int year,
			     const struct state_redeemed *x)
{
	struct state_key k;

	state_redeemed_key(&k, ctx->f->feed_no, household, year);
	state_redeemed_pack(x, rule_out(ctx));
	return rule_put(ctx, &k);
}

/* Of two households that were one, both have the sum of before; it counts once when they are one again. */
enum family_tie {
	FAMILY_NONE,
	FAMILY_SPLIT,  /* the new one begins */
	FAMILY_BACK,   /* the old one was split from the new one */
	FAMILY_FOLLOWS /* the new one was split from the old one */
};

struct carrying {
	struct rule_ctx *ctx;
	enum family_tie tie;
	struct bytes into;
};

static int on_redeemed(void *arg, struct bytes key, struct bytes row)
{
	const struct carrying *w = arg;
	struct state_redeemed_parts at;
	struct state_redeemed from, to;
	struct points sum;
	int64_t both;
	int err = state_redeemed_split(key, &at);

	if (!err)
		err = state_redeemed_parse(row, &from);
	if (!err)
		err = split_merge_redeemed(w->ctx, w->into, (int)at.year, &to);
	if (err)
		return err;
	both = w->tie == FAMILY_BACK ? from.inherited : w->tie == FAMILY_FOLLOWS ? to.inherited : 0;
	if (!points_add(points_of(to.sum), points_of(from.sum), &sum) ||
	    !points_sub(sum, points_of(both), &sum))
		return rule_refuse(w->ctx, &(struct refusal){.id = V_OVERFLOW});
	to.sum = points_raw(sum);
	if (w->tie == FAMILY_SPLIT)
		to.inherited = to.sum;
	return split_merge_put_redeemed(w->ctx, w->into, (int)at.year, &to);
}

static int carry_redeemed(struct rule_ctx *ctx, enum family_tie tie, struct bytes from,
			  struct bytes into, day_t day)
{
	struct carrying w = {ctx, tie, into};
	struct state_key k;

	state_redeemed_key(&k, ctx->f->feed_no, from, day_year(day));
	return reader_each(&ctx->reader, &k, 1, on_redeemed, &w);
}

/* Into a household that is new; its own score begins at 0. */
static int on_caps(void *arg, struct bytes key, struct bytes row)
{
	const struct carrying *w = arg;
	struct state_year_parts at;
	struct state_year y;
	struct state_key k;
	int err = state_year_split(key, &at);

	if (!err)
		err = state_year_parse(row, &y);
	if (err)
		return err;
	state_year_put_score(&y, 0, rule_out(w->ctx));
	state_year_key(&k, w->ctx->f->feed_no, w->into, 0, at.year);
	return rule_put(w->ctx, &k);
}

static int carry_caps(struct rule_ctx *ctx, struct bytes from, struct bytes into, day_t day)
{
	struct carrying w = {.ctx = ctx, .into = into};
	struct state_key k;

	state_year_key(&k, ctx->f->feed_no, from, 0, day_year(day));
	return reader_each(&ctx->reader, &k, 2, on_caps, &w);
}

/* Where a merged household went on, unless its merger was in a later year and so left @year alone. */
static int next_of_year(struct rule_ctx *ctx, struct bytes household, int year,
			struct state_place *ret)
{
	struct state_household h;
	int err = read_household(&ctx->reader, household, &h);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	if (h.left == DAY_NONE || day_year(h.left) > year)
		return ERR_NOTFOUND;
	return reader_relocated(&ctx->reader, ctx->f->feed_no, household, 0, ret);
}

int split_merge_unredeem(struct rule_ctx *ctx, struct bytes household, day_t day, int64_t points)
{
	struct state_place next = {household, 0};
	struct state_redeemed x;
	struct place at;
	int err;

	for (;;) {
		set_place(&at, &next);
		err = split_merge_redeemed(ctx, place_household(&at), day_year(day), &x);
		if (err || x.sum < points)
			return err ? err : ERR_CORRUPT;
		x.sum -= points;
		err = split_merge_put_redeemed(ctx, place_household(&at), day_year(day), &x);
		if (err)
			return err;
		err = next_of_year(ctx, place_household(&at), day_year(day), &next);
		if (err)
			return err == ERR_NOTFOUND ? ERR_OK : err;
	}
}

/* --- both records ---------------------------------------------------------------------------------- */
struct family {
	struct bytes household, into;
	day_t day;
	struct roster_household old, new;
	struct points balance; /* of the old one */
	enum family_tie tie;
	uint32_t n, from[ENTRY_PARTS_MAX], to[ENTRY_PARTS_MAX]; /* member numbers */
};

/* The lines of a merger are those of a split. */
_Static_assert(sizeof(struct rec_merge_line) == sizeof(struct rec_split_line),
	       "split and merge are read alike");

/* One line: the person leaves the old household and stands in the new one as he or she was. */
static int read_person(struct rule_ctx *ctx, struct family *y, uint32_t line)
{
	struct state_member *m, *to;
	struct rec_split_line l;
	int err = rule_line(ctx, line - 1, &l);

	if (err)
		return err;
	for (uint32_t i = 0; i < y->n; i++)
		if (y->from[i] == l.member || y->to[i] == l.new_member)
			return rule_refuse(
				ctx, &(struct refusal){
					     .id = V_MEMBER_TWICE,
					     .num = {line, (int64_t)(y->from[i] == l.member
									     ? l.member
									     : l.new_member)},
					     .s = y->from[i] == l.member ? y->household : y->into});
	m = roster_member(&y->old, l.member);
	err = roster_present(ctx, line, y->household, m, l.member);
	if (!err)
		err = roster_room(ctx, y->into, &y->new, l.new_member);
	if (err)
		return err;
	to = &y->new.m[y->new.h.nmembers++];
	*to = *m;
	to->member = (uint32_t)l.new_member;
	if (to->head)
		to->changed = ctx->e->seq;
	to->head = to->was_head = false;
	m->left = y->day;
	m->away = DAY_NONE;
	y->from[y->n] = m->member;
	y->to[y->n++] = to->member;
	return ERR_OK;
}

static int read_persons(struct rule_ctx *ctx, struct family *y)
{
	int err = ERR_OK;

	for (uint32_t line = 1; line <= ctx->nlines && !err; line++)
		err = read_person(ctx, y, line);
	return err;
}

static uint32_t count_present(const struct roster_household *x)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->h.nmembers; i++)
		n += state_member_present(&x->m[i]);
	return n;
}

/* @p may be below 0: then a debt goes along. */
static int move_all(struct rule_ctx *ctx, struct family *y, struct points p)
{
	int err = carry_redeemed(ctx, y->tie, y->household, y->into, y->day);

	for (uint32_t i = 0; i < y->n && !err; i++)
		err = move_person(ctx, &(struct state_place){y->household, y->from[i]},
				  &(struct state_place){y->into, y->to[i]});
	/* the new one first: its group may still be borrowed from the row of the old one */
	if (!err)
		err = roster_put(ctx, &y->new);
	if (!err)
		err = roster_put(ctx, &y->old);
	if (err || points_cmp(p, POINTS_ZERO) == 0)
		return err;
	return rule_transfer(ctx, &(struct transfer){.from.household = y->household,
						     .to.household = y->into,
						     .points = p});
}

static int begin(struct rule_ctx *ctx, struct family *y)
{
	int err = rule_need_clock(ctx); /* the day chooses the years whose caps go along */

	if (!err && bytes_eq(y->household, y->into))
		return rule_refuse(ctx, &(struct refusal){.id = V_MERGE_SELF, .s = y->household});
	if (!err)
		err = roster_open(ctx, y->household, &y->old);
	if (!err)
		err = rule_period(ctx, y->old.h.began, y->day);
	return err ? err : rule_balance(ctx, y->household, &y->balance);
}

/* --- split ----------------------------------------------------------------------------------------- */
/* Nobody is left without points that the household has, or takes a debt along. */
static int check_points(struct rule_ctx *ctx, const struct family *y, struct points asked)
{
	int64_t have = points_raw(y->balance), most = have > 0 ? have : 0;

	if (points_raw(asked) <= most)
		return ERR_OK;
	return rule_refuse(ctx, &(struct refusal){.id = V_SPLIT_POINTS,
						  .num = {have, most, points_raw(asked)},
						  .s = y->household});
}

int rule_split(struct rule_ctx *ctx)
{
	struct family y = {0};
	struct rec_split r;
	int err;

	rule_head(ctx, &r);
	y.household = r.household;
	y.into = r.into;
	y.day = r.day;
	err = begin(ctx, &y);
	if (!err)
		err = roster_unused(ctx, r.into);
	if (err)
		return err;
	state_household_key(&y.new.key, ctx->f->feed_no, r.into);
	y.tie = FAMILY_SPLIT;
	y.new.h = (struct state_household){.entry = ctx->e->seq,
					   .takes_part = y.old.h.takes_part,
					   .consent = y.old.h.consent,
					   .began = r.day,
					   .group = r.group.n ? r.group : y.old.h.group};
	err = read_persons(ctx, &y);
	if (!err && count_present(&y.old) == 0)
		err = rule_refuse(ctx, &(struct refusal){.id = V_SPLIT_ALL, .s = r.household});
	if (!err)
		err = check_points(ctx, &y, r.points);
	if (!err)
		err = carry_caps(ctx, y.household, y.into, y.day);
	return err ? err : move_all(ctx, &y, r.points);
}

/* --- merger ---------------------------------------------------------------------------------------- */
static int is_split_of(struct rule_ctx *ctx, const struct state_household *h,
		       struct bytes household, bool *ret)
{
	struct rec_split r;
	int err = ERR_OK;

	*ret = false;
	if (h->began == DAY_NONE)
		return ERR_OK;
	err = rule_ref(ctx, h->entry, REC_split, &r);
	*ret = !err && bytes_eq(r.household, household);
	return err;
}

static int find_tie(struct rule_ctx *ctx, struct family *y)
{
	bool back, follows = false;
	int err = is_split_of(ctx, &y->old.h, y->into, &back);

	if (!err)
		err = is_split_of(ctx, &y->new.h, y->household, &follows);
	y->tie = back ? FAMILY_BACK : follows ? FAMILY_FOLLOWS : FAMILY_NONE;
	return err;
}

int rule_merge(struct rule_ctx *ctx)
{
	struct family y = {0};
	struct rec_merge r;
	uint32_t present;
	int err;

	rule_head(ctx, &r);
	y.household = r.household;
	y.into = r.into;
	y.day = r.day;
	err = begin(ctx, &y);
	if (!err)
		err = roster_open(ctx, r.into, &y.new);
	if (!err)
		err = rule_period(ctx, y.new.h.began, r.day);
	if (!err)
		err = find_tie(ctx, &y);
	if (err)
		return err;
	present = count_present(&y.old);
	err = read_persons(ctx, &y);
	if (!err && y.n != present)
		err = rule_refuse(ctx, &(struct refusal){.id = V_MERGE_MEMBERS,
							 .num = {present, y.n},
							 .s = r.household});
	if (err)
		return err;
	y.old.h.left = r.day;
	err = move_all(ctx, &y, y.balance);
	if (err)
		return err;
	return put_place(ctx, &(struct state_place){r.household, 0},
			 &(struct state_place){r.into, 0});
}
