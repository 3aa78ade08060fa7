#include "daemon/ledger/rules/open.h"

#include "daemon/ledger/state/read_open.h"
#include "daemon/ledger/state/state_open.h"
#include "lib/err.h"

/* --- sets of sequences ----------------------------------------------------------------------------- */
/* Is the row empty now and was not, or the other way round? */
static int set(struct rule_ctx *ctx, const struct state_key *k, uint8_t member, bool is,
	       bool *ret_turned)
{
	struct bytes row;
	int err = cache_get_or_empty(ctx->w->rows, k, &row);

	*ret_turned = false;
	if (err || state_open_has(row, member) == is)
		return err;
	*ret_turned = row.n == (is ? 0 : 1);
	state_open_set(row, member, is, rule_out(ctx));
	return rule_put(ctx, k);
}

static int mark(struct rule_ctx *ctx, uint16_t type, uint64_t seq, struct bytes village, bool is)
{
	bool turned = true;
	int err = ERR_OK;

	for (uint32_t level = 0; level < STATE_OPEN_LEVELS && turned && !err; level++) {
		struct state_key k;

		state_open_key(&k, ctx->f->feed_no, type, village, level, seq / STATE_OPEN_FAN);
		err = set(ctx, &k, (uint8_t)(seq % STATE_OPEN_FAN), is, &turned);
		seq /= STATE_OPEN_FAN;
	}
	return err;
}

/* --- for all villages ------------------------------------------------------------------------------ */
struct for_all {
	struct rule_ctx *ctx;
	uint16_t type;
	uint64_t seq;
	bool is;
};

static int on_village(void *ctx, struct bytes key, struct bytes row)
{
	const struct for_all *x = ctx;
	struct state_village_parts at;
	struct state_village v;
	int err = state_village_split(key, &at);

	if (!err)
		err = state_village_parse(row, &v);
	if (err)
		return err;
	if (!v.enrolled)
		return ERR_OK;
	return mark(x->ctx, x->type, x->seq, at.code, x->is);
}

int open_mark(struct rule_ctx *ctx, const struct rec_type *type, uint64_t seq, struct bytes village,
	      bool is)
{
	struct for_all x = {ctx, type->code, seq, is};
	struct state_key k;
	int err;

	if (!type->open.is)
		return ERR_OK;
	err = mark(ctx, type->code, seq, village, is);
	if (err || village.n || type->feed != REC_FEED_TOWN)
		return err;
	state_village_key(&k, FEED_TOWN, bytes_str(""));
	return reader_each(&ctx->reader, &k, 0, on_village, &x);
}

struct for_new {
	struct rule_ctx *ctx;
	uint16_t type;
	struct bytes village;
};

static int on_open(void *ctx, uint64_t seq)
{
	const struct for_new *x = ctx;

	return mark(x->ctx, x->type, seq, x->village, true);
}

int open_enrol(struct rule_ctx *ctx, struct bytes village)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < rec_ntypes && !err; i++) {
		const struct rec_type *t = &rec_types[i];
		struct for_new x = {ctx, t->code, village};

		if (t->open.is && t->feed == REC_FEED_TOWN)
			err = read_open(&ctx->reader, t, bytes_str(""), on_open, &x);
	}
	return err;
}

/* --- what a village reports ------------------------------------------------------------------------ */
int open_report(struct rule_ctx *ctx, const struct rec_type *type, uint64_t seq, bool done)
{
	const struct state_report report = {ctx->e->seq, done};
	struct state_key k;
	bool turned;
	int err;

	state_report_key(&k, ctx->f->feed_no, type->code, seq);
	state_report_pack(&report, rule_out(ctx));
	err = rule_put(ctx, &k);
	state_reported_key(&k, ctx->f->feed_no, type->code, seq / STATE_OPEN_FAN);
	return err ? err : set(ctx, &k, (uint8_t)(seq % STATE_OPEN_FAN), done, &turned);
}
