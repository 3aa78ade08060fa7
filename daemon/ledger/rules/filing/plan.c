#include "daemon/ledger/rules/rule.h"

#include "daemon/ledger/state/placeholder.h"
#include "lib/err.h"

/* The plan of a village and its reward scheme. */

static int plan_step(struct rule_ctx *ctx, uint32_t i)
{
	struct rec_plan_line l;
	int err = rule_line(ctx, i, &l);

	return err ? err : rule_period(ctx, l.from, l.to);
}

/* A plan that says nothing about how points are given and used is none. */
static int check_plan(struct rule_ctx *ctx, const struct rec_plan *p)
{
	const struct {
		const char *field;
		struct bytes text;
	} said[] = {{"content", p->content},
		    {"standards", p->standards},
		    {"procedure", p->procedure},
		    {"uses", p->uses}};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (placeholder(said[i].text))
			return rule_refuse(ctx, &(struct refusal){.id = V_PLAN_EMPTY,
								  .s = bytes_str(said[i].field)});
	return p->digest.n == 0 || p->digest.n == HASH_BYTES ? ERR_OK
							     : rule_malformed(ctx, "digest", 0);
}

int rule_plan(struct rule_ctx *ctx)
{
	struct rec_plan p;
	int err = rule_head(ctx, &p);

	if (!err)
		err = check_plan(ctx, &p);
	if (!err)
		err = versions_add(ctx, DOC_PLAN,
				   &(struct document){.version = p.version, .entry = ctx->e->seq});
	for (uint32_t i = 0; i < ctx->nlines && !err; i++)
		err = plan_step(ctx, i);
	return err;
}

int rule_scheme(struct rule_ctx *ctx)
{
	struct rec_scheme_line l;
	struct rec_scheme s;
	int err = rule_head(ctx, &s);

	if (!err)
		err = versions_add(ctx, DOC_SCHEME,
				   &(struct document){.version = s.version,
						      .entry = ctx->e->seq,
						      .from = s.from});
	for (uint32_t i = 0; i < ctx->nlines && !err; i++)
		err = rule_line(ctx, i, &l);
	return err;
}
