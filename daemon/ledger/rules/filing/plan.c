#include "daemon/ledger/rules/filing/new_version.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/placeholder.h"
#include "lib/err.h"

/* The plan of a village and its reward scheme. */

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
	return ERR_OK;
}

int rule_plan(struct rule_ctx *ctx)
{
	struct rec_plan p;
	int err;

	rule_head(ctx, &p);
	err = check_plan(ctx, &p);
	return err ? err
		   : new_version_add(ctx, DOC_PLAN,
				     &(struct document){.version = p.version,
							.entry = ctx->e->seq});
}

int rule_scheme(struct rule_ctx *ctx)
{
	struct rec_scheme s;

	rule_head(ctx, &s);
	return new_version_add(
		ctx, DOC_SCHEME,
		&(struct document){.version = s.version, .entry = ctx->e->seq, .from = s.from});
}
