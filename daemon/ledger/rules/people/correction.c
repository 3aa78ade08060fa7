#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/rights.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read.h"
#include "lib/err.h"

/* What the register has wrong about a person or a household, put right by a record of its own: the entry holds all the
 * facts as they are from now on, those before stay in the entries that told them. */

static int check_reason(struct rule_ctx *ctx, struct bytes reason)
{
	return placeholder(reason) ? rule_refuse(ctx, &(struct refusal){.id = V_P08_MISSING,
									.s = bytes_str("reason")})
				   : ERR_OK;
}

static int nothing_differs(struct rule_ctx *ctx, struct bytes household, uint32_t member)
{
	return rule_refuse(
		ctx, &(struct refusal){.id = V_CORRECTION_SAME, .num = {member}, .s = household});
}

/* --- a person -------------------------------------------------------------------------------------- */
static bool says_the_same(const struct rec_person_correction *r,
			  const struct rec_household_line *was)
{
	return bytes_eq(r->name, was->name) && bytes_eq(r->relation, was->relation) &&
	       r->sex == was->sex && bytes_eq(r->id_tail, was->id_tail) &&
	       bytes_eq(r->phone, was->phone) && bytes_eq(r->note, was->note);
}

/* Birth and registered residence decide who earns and of whom points are taken: not for those who record them. */
static int check_rights(struct rule_ctx *ctx, const struct rec_person_correction *r,
			const char *field)
{
	bool committee = false;
	int err = rights_holds(ctx, RB(committee), &committee);

	if (err || committee)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_CORRECTION_RIGHT,
						  .num = {(int64_t)r->member},
						  .s = r->household,
						  .t = bytes_str(field)});
}

/* Whoever went to another household by a split or merger is corrected there. */
static int check_member(struct rule_ctx *ctx, const struct rec_person_correction *r,
			const struct state_member *m)
{
	if (m->left != DAY_NONE)
		return rule_refuse(ctx, &(struct refusal){.id = V_LEFT_ALREADY,
							  .num = {0, m->member},
							  .s = r->household});
	return rule_period(ctx, r->birth, m->death);
}

static int check_facts(struct rule_ctx *ctx, const struct rec_person_correction *r,
		       const struct state_member *m)
{
	struct details d = {.r = &ctx->reader};
	bool hukou = (r->hukou == HUKOU_other) != m->other_hukou, birth = r->birth != m->birth;
	struct rec_household_line was;
	int err = read_details(&d, m, &was);

	if (!err && !hukou && !birth && says_the_same(r, &was))
		err = nothing_differs(ctx, r->household, m->member);
	if (!err && (hukou || birth))
		err = check_rights(ctx, r, birth ? "birth" : "hukou");
	return err;
}

int rule_person_correction(struct rule_ctx *ctx)
{
	struct rec_person_correction r;
	struct roster_household x;
	struct state_member *m;
	int err;

	rule_head(ctx, &r);
	err = check_reason(ctx, r.reason);
	if (!err)
		err = roster_open(ctx, r.household, &x);
	if (!err)
		err = roster_territory(ctx, 0, r.household, &x.h);
	if (err)
		return err;
	m = roster_member(&x, r.member);
	err = m ? check_member(ctx, &r, m) : ERR_CORRUPT;
	if (!err)
		err = check_facts(ctx, &r, m);
	if (err)
		return err;
	m->birth = r.birth;
	m->other_hukou = r.hukou == HUKOU_other;
	m->entry = ctx->e->seq;
	m->line = 0;
	err = roster_warn_again(ctx, r.household, &x, m, r.name);
	return err ? err : roster_put(ctx, &x);
}

/* --- a household ----------------------------------------------------------------------------------- */
int rule_household_correction(struct rule_ctx *ctx)
{
	struct rec_household_correction r;
	struct roster_household x;
	int err;

	rule_head(ctx, &r);
	err = check_reason(ctx, r.reason);
	if (!err)
		err = roster_open(ctx, r.household, &x);
	if (!err && bytes_eq(x.h.group, r.group))
		err = nothing_differs(ctx, r.household, 0);
	if (err)
		return err;
	x.h.group = r.group;
	return roster_put(ctx, &x);
}
