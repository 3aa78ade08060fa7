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
	state_kin_key(k, ctx->f->feed_no, a->household, a->member, b->household, b->member);
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
	struct rec_post r;
	struct state_key k;
	int err;

	rule_head(ctx, &r);
	state_post_key(&k, ctx->f->feed_no, r.household, r.member, r.post);
	state_post_pack(&(struct state_post){ctx->e->seq, r.from, r.to}, rule_out(ctx));
	err = rule_put(ctx, &k);
	if (err || r.key.n == 0)
		return err;
	state_post_key_key(&k, ctx->f->feed_no, r.key.p);
	state_place_pack(&(struct state_place){r.household, (uint32_t)r.member}, rule_out(ctx));
	return rule_put(ctx, &k);
}

/* --- moving ---------------------------------------------------------------------------------------- */
struct moving {
	struct rule_ctx *ctx;
	const struct state_place *from, *to;
};

/* One relative, looked up where he or she is now, since both may move with one entry; the row with that
 * place is the newer one, and there by now. */
static int on_relative(void *arg, struct bytes key, struct bytes row)
{
	const struct moving *w = arg;
	struct state_kin_parts at;
	struct state_num relation;
	struct place now = {0};
	int err = state_kin_split(key, &at);

	(void)row;
	if (!err)
		err = split_merge_now(w->ctx, at.relative, at.relative_member, &now);
	if (!err)
		err = reader_kin(&w->ctx->reader, w->ctx->f->feed_no, w->from->household,
				 w->from->member, place_household(&now), now.member, &relation);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return put_kin(w->ctx, w->to, &(struct state_place){place_household(&now), now.member},
		       (uint32_t)relation.n);
}

static int on_post(void *arg, struct bytes key, struct bytes row)
{
	const struct moving *w = arg;
	struct state_post_parts at;
	struct state_key k;
	int err = state_post_split(key, &at);

	if (err)
		return err;
	state_post_key(&k, w->ctx->f->feed_no, w->to->household, w->to->member, at.post);
	return cache_put(w->ctx->w->rows, &k, row);
}

int kin_posts_move(struct rule_ctx *ctx, const struct state_place *from,
		   const struct state_place *to)
{
	struct moving w = {ctx, from, to};
	struct state_key k;
	int err;

	state_kin_key(&k, ctx->f->feed_no, from->household, from->member, kv_bytes("", 0), 0);
	err = reader_each(&ctx->reader, &k, 2, on_relative, &w);
	if (err)
		return err;
	state_post_key(&k, ctx->f->feed_no, from->household, from->member, 0);
	return reader_each(&ctx->reader, &k, 2, on_post, &w);
}

/* --- P01 ------------------------------------------------------------------------------------------- */
int kin_posts_linked(struct rule_ctx *ctx, bool *ret)
{
	struct state_place p = {0};
	int err = ERR_OK;

	if (ctx->linked == FOLD_LINK_UNKNOWN) {
		err = reader_post_key(&ctx->reader, ctx->f->feed_no, ctx->e->author, &p);
		if (!err)
			err = split_merge_now(ctx, p.household, p.member, &ctx->own);
		if (err && err != ERR_NOTFOUND)
			return err;
		ctx->linked = err ? FOLD_NOT_LINKED : FOLD_LINKED;
	}
	*ret = ctx->linked == FOLD_LINKED;
	return ERR_OK;
}

static int kin_of_member(struct rule_ctx *ctx, const struct state_place *who,
			 struct bytes household, bool *ret)
{
	struct state_household h;
	struct state_num relation;
	struct state_member m;
	int err = read_household(&ctx->reader, household, &h);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	for (size_t at = 0; state_household_next(&h, &at, &m);) {
		if (!state_member_present(&m))
			continue;
		err = reader_kin(&ctx->reader, ctx->f->feed_no, who->household, who->member,
				 household, m.member, &relation);
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
