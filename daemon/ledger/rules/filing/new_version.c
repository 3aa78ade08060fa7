#include "daemon/ledger/rules/filing/new_version.h"

#include "lib/err.h"

#define VERSION_STEP_MAX 9999 /* a slip of the finger must not end the series */

/* What a village decides in versions, each in force from a day: catalogue, plan, scheme, prices. */

static enum rec_code record_of(enum doc_kind doc)
{
	switch (doc) {
	case DOC_CATALOGUE: return REC_adopt_catalogue;
	case DOC_PLAN: return REC_plan;
	case DOC_SCHEME: return REC_scheme;
	case DOC_PRICES: break;
	}
	return REC_prices;
}

static struct bytes doc_name(enum doc_kind doc)
{
	return bytes_str(rec_type_of((uint16_t)record_of(doc))->name);
}

int new_version_need(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version,
		     struct document *ret)
{
	int err = read_document(&ctx->reader, doc, version, ret);

	if (err != ERR_NOTFOUND)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_VERSION_UNKNOWN,
						  .num = {(int64_t)version},
						  .s = doc_name(doc)});
}

int new_version_step(struct rule_ctx *ctx, enum rec_code code, uint64_t version, uint64_t top)
{
	if (version <= top + VERSION_STEP_MAX)
		return ERR_OK;
	return rule_refuse(
		ctx, &(struct refusal){.id = V_VERSION_JUMP,
				       .num = {(int64_t)version, (int64_t)top, (int64_t)top + 1},
				       .s = bytes_str(rec_type_of((uint16_t)code)->name)});
}

static int check_version(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version)
{
	uint64_t top = 0;
	int err = read_document_newest(&ctx->reader, doc, &top);

	if (err == ERR_NOTFOUND)
		err = ERR_OK;
	if (!err && version <= top)
		err = rule_refuse(ctx, &(struct refusal){.id = V_VERSION_USED,
							 .num = {(int64_t)version, (int64_t)top},
							 .s = doc_name(doc)});
	return err ? err : new_version_step(ctx, record_of(doc), version, top);
}

/* A day gone by keeps what was in force on it; who does not know today cannot tell. */
static int check_past(struct rule_ctx *ctx, enum doc_kind doc, day_t from)
{
	struct document now;
	int err = from == DAY_NONE ? ERR_NOTFOUND : read_document_on(&ctx->reader, doc, from, &now);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = rule_need_clock(ctx);
	if (err || from >= ctx->today)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_VERSION_PAST,
						  .num = {ctx->today, from, (int64_t)now.version},
						  .s = doc_name(doc)});
}

int new_version_add(struct rule_ctx *ctx, enum doc_kind doc, const struct document *d)
{
	const struct state_doc row = {d->entry, d->from, d->to, d->base};
	struct state_key k;
	int err = rule_period(ctx, d->from, d->to);

	if (!err)
		err = check_version(ctx, doc, d->version);
	if (!err)
		err = check_past(ctx, doc, d->from);
	if (err)
		return err;
	state_doc_key(&k, ctx->f->feed_no, doc, d->version);
	state_doc_pack(&row, rule_out(ctx));
	err = rule_put(ctx, &k);
	if (err || d->from == DAY_NONE)
		return err;
	state_doc_day_key(&k, ctx->f->feed_no, doc, d->from);
	return rule_put_num(ctx, &k, d->version);
}
