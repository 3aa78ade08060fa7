#include "daemon/ledger/rules/people/kin_posts.h"

#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/people/split_merge.h"
#include "daemon/ledger/rules/rights.h"
#include "daemon/ledger/rules/rules.h"
#include "lib/err.h"

/* Declared kin and posts: what it takes to see that somebody decides about their own (P01). Of two persons
 * who are kin there are always two rows, one from each side, with the places where both are now. */

static void kin_key(struct state_key *k, const struct rule_ctx *ctx, const struct state_place *a,
		    const struct state_place *b)
{
	state_key_of(k, ctx->f->feed_no, STATE_KIN);
	state_key_text(k, a->household);
	state_key_u8(k, (uint8_t)a->member);
	if (!b)
		return;
	state_key_text(k, b->household);
	state_key_u8(k, (uint8_t)b->member);
}

static void post_key(struct state_key *k, const struct rule_ctx *ctx, const struct state_place *p,
		     uint32_t post)
{
	state_key_of(k, ctx->f->feed_no, STATE_POST);
	state_key_text(k, p->household);
	state_key_u8(k, (uint8_t)p->member);
	state_key_u8(k, (uint8_t)post);
}

static void link_key(struct state_key *k, const struct rule_ctx *ctx, const uint8_t key[32])
{
	state_key_of(k, ctx->f->feed_no, STATE_POST_KEY);
	state_key_raw(k, key, SIGN_KEY_BYTES);
}

/* What one is to a relative who is @relation to that one. */
static uint32_t turned(uint32_t relation)
{
	switch ((enum rec_choice_KIN)relation) {
	case KIN_parent: return KIN_child;
	case KIN_child: return KIN_parent;
	case KIN_grandparent: return KIN_grandchild;
	case KIN_grandchild: return KIN_grandparent;
	case KIN_spouse:
	case KIN_sibling:
	case KIN_in_law: break;
	}
	return relation;
}

/* @b is @relation to @a: the row of @a with @b says so, the other the reverse. */
static int put_kin(struct rule_ctx *ctx, const struct state_place *a, const struct state_place *b,
		   uint32_t relation)
{
	struct state_key k;
	int err;

	kin_key(&k, ctx, a, b);
	err = rule_put_num(ctx, &k, relation);
	if (err)
		return err;
	kin_key(&k, ctx, b, a);
	return rule_put_num(ctx, &k, turned(relation));
}

static int kin_line(struct rule_ctx *ctx, const struct state_place *who, uint32_t line)
{
	struct rec_kin_line l;
	int err = rule_line(ctx, line - 1, &l);

	if (err)
		return err;
	if (l.member == who->member && bytes_eq(l.household, who->household))
		return rule_refuse(ctx, &(struct refusal){.id = V_KIN_SELF, .num = {line}});
	return put_kin(ctx, who, &(struct state_place){l.household, (uint32_t)l.member},
		       l.relation);
}

int rule_kin(struct rule_ctx *ctx)
{
	struct state_place who;
	struct rec_kin r;
	int err = ERR_OK;

	rule_head(ctx, &r);
	who = (struct state_place){r.household, (uint32_t)r.member};
	for (uint32_t line = 1; line <= ctx->nlines && !err; line++)
		err = kin_line(ctx, &who, line);
	return err;
}

/* A term may begin later. The same post again has the new term in place of the old one, so a post ends
 * early by recording it with its last day. */
int rule_post(struct rule_ctx *ctx)
{
	struct state_place who;
	struct rec_post r;
	struct state_key k;
	int err;

	rule_head(ctx, &r);
	who = (struct state_place){r.household, (uint32_t)r.member};
	post_key(&k, ctx, &who, r.post);
	err = rule_put_nums(ctx, &k, (const int64_t[]){(int64_t)ctx->e->seq, r.from, r.to}, 3);
	if (err || r.key.n == 0)
		return err;
	link_key(&k, ctx, r.key.p);
	state_place_pack(&who, rule_out(ctx));
	return rule_put(ctx, &k);
}

/* --- moving ---------------------------------------------------------------------------------------- */
/* The relative of a row whose key has @prefix bytes before it. */
static int relative_of(struct bytes key, size_t prefix, struct state_place *ret)
{
	if (key.n < prefix + 3 || key.n > prefix + STATE_CODE_MAX + 2 || key.p[key.n - 2] != 0)
		return ERR_CORRUPT;
	ret->household = kv_bytes(key.p + prefix, key.n - prefix - 2);
	ret->member = key.p[key.n - 1];
	return ERR_OK;
}

/* One relative, looked up where he or she is now, since both may move with one entry; the row with that
 * place is the newer one, and there by now. */
static int move_relative(struct rule_ctx *ctx, const struct state_place *from,
			 const struct state_place *to, const struct state_place *relative)
{
	struct state_place there;
	struct place now;
	struct state_key k;
	uint64_t relation;
	int err = split_merge_now(ctx, relative->household, relative->member, &now);

	if (err)
		return err;
	there = (struct state_place){place_household(&now), now.member};
	kin_key(&k, ctx, from, &there);
	err = rule_get_num(ctx, &k, &relation);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return put_kin(ctx, to, &there, (uint32_t)relation);
}

static int move_kin(struct rule_ctx *ctx, const struct state_place *from,
		    const struct state_place *to)
{
	struct state_place relative;
	struct bytes key, row;
	struct state_key k;
	size_t prefix;
	int err;

	kin_key(&k, ctx, from, NULL);
	prefix = k.n;
	for (;;) {
		err = rows_from(ctx->w->rows, &k, prefix, &key, &row);
		if (err)
			return err == ERR_NOTFOUND ? ERR_OK : err;
		err = relative_of(key, prefix, &relative);
		if (err)
			return err;
		kin_key(&k, ctx, from, &relative);
		state_key_u8(&k, 0); /* the next row */
		err = move_relative(ctx, from, to, &relative);
		if (err)
			return err;
	}
}

static int move_posts(struct rule_ctx *ctx, const struct state_place *from,
		      const struct state_place *to)
{
	struct state_key k;
	int64_t v[3];

	for (uint32_t post = 0; post < rec_lists[REC_LIST_POST].n; post++) {
		post_key(&k, ctx, from, post);
		int err = rule_get_nums(ctx, &k, v, 3);

		if (err == ERR_NOTFOUND)
			continue;
		post_key(&k, ctx, to, post);
		if (!err)
			err = rule_put_nums(ctx, &k, v, 3);
		if (err)
			return err;
	}
	return ERR_OK;
}

int kin_posts_move(struct rule_ctx *ctx, const struct state_place *from,
		   const struct state_place *to)
{
	int err = move_kin(ctx, from, to);

	return err ? err : move_posts(ctx, from, to);
}

/* --- P01 ------------------------------------------------------------------------------------------- */
int kin_posts_linked(struct rule_ctx *ctx, bool *ret)
{
	struct state_place p = {0};
	struct state_key k;
	struct bytes row;
	int err = ERR_OK;

	if (ctx->linked == FOLD_LINK_UNKNOWN) {
		link_key(&k, ctx, ctx->e->author);
		err = rows_get(ctx->w->rows, &k, &row);
		if (!err)
			err = state_place_parse(row, &p);
		if (!err)
			err = split_merge_now(ctx, p.household, p.member, &ctx->own);
		if (err && err != ERR_NOTFOUND)
			return err;
		ctx->linked = err ? FOLD_NOT_LINKED : FOLD_LINKED;
	}
	*ret = ctx->linked == FOLD_LINKED;
	return ERR_OK;
}

/* No search among rows: some may have been put by this entry already. */
static int kin_of_member(struct rule_ctx *ctx, const struct state_place *who,
			 struct bytes household, bool *ret)
{
	struct state_household h;
	struct state_member m;
	struct state_key k;
	struct bytes row;
	int err;

	err = roster_row(ctx, household, &k, &h);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	for (size_t at = 0; state_household_next(&h, &at, &m);) {
		if (!state_member_present(&m))
			continue;
		kin_key(&k, ctx, who, &(struct state_place){household, m.member});
		err = rows_get(ctx->w->rows, &k, &row);
		if (err == ERR_NOTFOUND)
			continue;
		*ret = !err;
		return err;
	}
	return ERR_OK;
}

/* Is the author a member of that household, or declared kin of one of its members? */
static int is_tied(struct rule_ctx *ctx, struct bytes household, bool *ret)
{
	const struct state_place own = {place_household(&ctx->own), ctx->own.member};
	struct place there;
	int err = split_merge_now(ctx, household, 0, &there);

	if (err)
		return err;
	*ret = bytes_eq(own.household, place_household(&there));
	return *ret ? ERR_OK : kin_of_member(ctx, &own, place_household(&there), ret);
}

int kin_posts_warn_self(struct rule_ctx *ctx, uint32_t line, struct bytes household)
{
	struct bytes name = {NULL, 0};
	bool tied = false;
	int err = kin_posts_linked(ctx, &tied);

	if (!err && tied)
		err = is_tied(ctx, household, &tied);
	if (err || !tied)
		return err;
	if (ctx->actor)
		err = rights_name(ctx, ctx->actor, &name);
	if (!err)
		rule_warn(ctx, &(struct refusal){.id = V_P01_SELF, .num = {line}, .s = name});
	return err;
}
