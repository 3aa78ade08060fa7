#include "daemon/ledger/rules/year/appraisal_close.h"

#include "daemon/ledger/rules/people/split_merge.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/rules.h"
#include "lib/err.h"

/* The year: appraisals, their confirmation, the close, and what follows from them. */

static int check_open(struct rule_ctx *ctx, uint64_t year)
{
	uint64_t seq;
	int err = read_year_closed(&ctx->reader, (int)year, &seq);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return rule_refuse(ctx, &(struct refusal){.id = V_YEAR_CLOSED,
						  .num = {(int64_t)year, (int64_t)seq}});
}

int appraisal_close_warn(struct rule_ctx *ctx, uint32_t line, int year)
{
	uint8_t *known = &ctx->w->year[year - FOLD_YEAR_FIRST];
	uint64_t seq;
	int err;

	if (*known == FOLD_YEAR_UNKNOWN) {
		err = read_year_closed(&ctx->reader, year, &seq);
		if (err && err != ERR_NOTFOUND)
			return err;
		*known = err ? FOLD_YEAR_OPEN : FOLD_YEAR_CLOSED;
	}
	if (*known == FOLD_YEAR_CLOSED)
		rule_warn(ctx, &(struct refusal){.id = V_YEAR_LATE, .num = {line, year}});
	return ERR_OK;
}

/* --- appraisals ------------------------------------------------------------------------------------ */
/* The nominees so far: each stands once, in order of rank. */
struct nominees {
	uint32_t n;
	uint64_t rank;
	struct points score;
	struct {
		struct bytes household;
		uint64_t member;
	} v[ENTRY_PARTS_MAX];
};

static int check_once(struct rule_ctx *ctx, uint32_t line, const struct rec_appraisal_line *l,
		      struct nominees *all)
{
	for (uint32_t i = 0; i < all->n; i++)
		if (all->v[i].member == l->member && bytes_eq(all->v[i].household, l->household))
			return rule_refuse(ctx, &(struct refusal){.id = V_MEMBER_TWICE,
								  .num = {line, (int64_t)l->member},
								  .s = l->household});
	all->v[all->n].household = l->household;
	all->v[all->n++].member = l->member;
	return ERR_OK;
}

static int check_score(struct rule_ctx *ctx, uint32_t line, const struct rec_appraisal_line *l,
		       uint64_t year)
{
	struct points score;
	int err = read_year_points(&ctx->reader, l->household, (uint32_t)l->member, (int)year,
				   &score);

	if (err || points_cmp(score, l->score) == 0)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_APPRAISAL_SCORE,
						  .num = {line, (int64_t)l->member,
							  points_raw(score), points_raw(l->score)},
						  .s = l->household});
}

/* Equal points share a rank, and the ranks that they take up are left out after them. */
static int check_rank(struct rule_ctx *ctx, uint32_t line, const struct rec_appraisal_line *l,
		      struct nominees *all)
{
	int down = all->n > 1 ? points_cmp(all->score, l->score) : 1;

	if (down < 0 || l->rank != (down > 0 ? all->n : all->rank))
		return rule_refuse(ctx, &(struct refusal){.id = V_APPRAISAL_ORDER,
							  .num = {line, (int64_t)l->rank,
								  (int64_t)all->rank,
								  points_raw(l->score)}});
	all->rank = l->rank;
	all->score = l->score;
	return ERR_OK;
}

int rule_appraisal(struct rule_ctx *ctx)
{
	struct nominees all = {0};
	struct rec_appraisal_line l;
	struct rec_appraisal r;
	int err;

	rule_head(ctx, &r);
	err = check_open(ctx, r.year);
	for (uint32_t line = 1; line <= ctx->nlines && !err; line++) {
		err = rule_line(ctx, line - 1, &l);
		if (!err)
			err = check_once(ctx, line, &l, &all);
		if (!err)
			err = check_score(ctx, line, &l, r.year);
		if (!err)
			err = check_rank(ctx, line, &l, &all);
	}
	return err;
}

int rule_appraisal_confirm(struct rule_ctx *ctx)
{
	struct rec_appraisal_confirm r;
	struct rec_appraisal a = {0};
	struct state_num n = {0};
	struct state_key k;
	int err;

	rule_head(ctx, &r);
	err = rule_ref(ctx, r.entry, REC_appraisal, &a);
	if (!err)
		err = check_open(ctx, a.year);
	if (err || r.decision == DECISION_refuse)
		return err;
	err = reader_appraised(&ctx->reader, ctx->f->feed_no, a.year, &n);
	if (err && err != ERR_NOTFOUND)
		return err;
	state_appraised_key(&k, ctx->f->feed_no, a.year);
	return rule_put_num(ctx, &k, n.n + 1);
}

/* --- the close ------------------------------------------------------------------------------------- */
static int no_appraisal(struct rule_ctx *ctx, uint64_t year)
{
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_YEAR_NO_APPRAISAL, .num = {(int64_t)year}});
}

/* Scores are of calendar years, so a close posts nothing: it ends the appraisals of the year. */
int rule_year_close(struct rule_ctx *ctx)
{
	struct rec_year_close r;
	struct state_key k;
	struct state_num n;
	int err;

	rule_head(ctx, &r);
	err = check_open(ctx, r.year);
	if (!err)
		err = rule_need_clock(ctx);
	if (err)
		return err;
	if (day_year(ctx->today) <= (int)r.year)
		return rule_refuse(ctx, &(struct refusal){.id = V_YEAR_RUNS,
							  .num = {(int64_t)r.year, ctx->today}});
	err = reader_appraised(&ctx->reader, ctx->f->feed_no, r.year, &n);
	if (err)
		return err == ERR_NOTFOUND ? no_appraisal(ctx, r.year) : err;
	ctx->years_changed = true;
	state_closed_key(&k, ctx->f->feed_no, r.year);
	return rule_put_num(ctx, &k, ctx->e->seq);
}

/* --- what follows ---------------------------------------------------------------------------------- */
/* An appraisal of the year that was agreed to. */
static int check_appraisal(struct rule_ctx *ctx, uint64_t appraisal, uint64_t year)
{
	struct rec_appraisal_confirm c;
	struct rec_appraisal a;
	uint64_t by;
	int err = rule_ref(ctx, appraisal, REC_appraisal, &a);

	if (err)
		return err;
	if (a.year != year)
		return no_appraisal(ctx, year);
	err = read_settled(&ctx->reader, appraisal, &by);
	if (err)
		return err == ERR_NOTFOUND ? no_appraisal(ctx, year) : err;
	err = rule_ref(ctx, by, REC_appraisal_confirm, &c);
	if (err)
		return err == RULE_REFUSED ? ERR_CORRUPT : err;
	return c.decision == DECISION_agree ? ERR_OK : no_appraisal(ctx, year);
}

/* Does a line stand for whom the honour is, who may have moved since? */
static int stands_for(struct rule_ctx *ctx, const struct rec_appraisal_line *l,
		      const struct rec_honour *r, bool *ret)
{
	struct place now;
	int err;

	*ret = l->member == r->member && bytes_eq(l->household, r->household);
	if (*ret)
		return ERR_OK;
	err = split_merge_now(ctx, l->household, (uint32_t)l->member, &now);
	if (!err)
		*ret = now.member == r->member && bytes_eq(place_household(&now), r->household);
	return err;
}

static int check_nominee(struct rule_ctx *ctx, const struct rec_honour *r)
{
	const struct rec_type *type = rec_type_of(REC_appraisal);
	struct rec_appraisal_line l;
	struct rec_appraisal a;
	bool stands = false;
	uint32_t n = 0;
	int err = rule_ref(ctx, r->appraisal, REC_appraisal, &a);

	if (!err && rec_nlines(type, &ctx->w->target, &n))
		err = ERR_CORRUPT;
	for (uint32_t i = 0; i < n && !err && !stands; i++) {
		if (rec_decode_line(type, &ctx->w->target, i, &l))
			err = ERR_CORRUPT;
		if (!err)
			err = stands_for(ctx, &l, r, &stands);
	}
	if (err || stands)
		return err;
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_APPRAISAL_NOMINEE,
					     .num = {(int64_t)r->appraisal, (int64_t)r->member},
					     .s = r->household});
}

int rule_honour(struct rule_ctx *ctx)
{
	struct rec_honour r;
	int err;

	rule_head(ctx, &r);
	if (r.appraisal == 0)
		return ERR_OK;
	err = check_appraisal(ctx, r.appraisal, r.year);
	return err ? err : check_nominee(ctx, &r);
}
