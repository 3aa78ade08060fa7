#include "daemon/ledger/rules/filing/versions.h"

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

static void doc_key(struct state_key *k, const struct rule_ctx *ctx, enum doc_kind doc,
		    uint64_t version)
{
	state_key_of(k, ctx->f->feed_no, STATE_DOC);
	state_key_u8(k, (uint8_t)doc);
	state_key_u32(k, (uint32_t)version);
}

static void day_key(struct state_key *k, const struct rule_ctx *ctx, enum doc_kind doc, day_t day)
{
	state_key_of(k, ctx->f->feed_no, STATE_DOC_DAY);
	state_key_u8(k, (uint8_t)doc);
	state_key_day(k, day);
}

static int newest(struct rule_ctx *ctx, enum doc_kind doc, uint64_t *ret)
{
	struct bytes key, row;
	struct state_key k;
	int err;

	doc_key(&k, ctx, doc, UINT32_MAX);
	err = rows_before(ctx->w->rows, &k, k.n - 4u, &key, &row);
	*ret = err ? 0 : be32_get(key.p + key.n - 4);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int versions_get(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version, struct version_row *ret)
{
	int64_t v[4];
	struct state_key k;
	int err;

	doc_key(&k, ctx, doc, version);
	err = rule_get_nums(ctx, &k, v, 4);
	if (!err)
		*ret = (struct version_row){(uint64_t)v[0], (day_t)v[1], (day_t)v[2],
					    (uint64_t)v[3]};
	return err;
}

int versions_need(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version,
		  struct version_row *ret)
{
	int err = versions_get(ctx, doc, version, ret);

	if (err != ERR_NOTFOUND)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_VERSION_UNKNOWN,
						  .num = {(int64_t)version},
						  .s = doc_name(doc)});
}

int versions_step(struct rule_ctx *ctx, enum rec_code code, uint64_t version, uint64_t top)
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
	uint64_t top;
	int err = newest(ctx, doc, &top);

	if (!err && version <= top)
		err = rule_refuse(ctx, &(struct refusal){.id = V_VERSION_USED,
							 .num = {(int64_t)version, (int64_t)top},
							 .s = doc_name(doc)});
	return err ? err : versions_step(ctx, record_of(doc), version, top);
}

/* A day gone by keeps what was in force on it; who does not know today cannot tell. */
static int check_past(struct rule_ctx *ctx, enum doc_kind doc, day_t from)
{
	struct version_row now;
	uint64_t version;
	int err = from == DAY_NONE ? ERR_NOTFOUND : versions_on(ctx, doc, from, &version, &now);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = rule_need_clock(ctx);
	if (err || from >= ctx->today)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_VERSION_PAST,
						  .num = {ctx->today, from, (int64_t)version},
						  .s = doc_name(doc)});
}

int versions_add(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version,
		 const struct version_row *row)
{
	const int64_t v[] = {(int64_t)row->seq, row->from, row->to, (int64_t)row->base};
	struct state_key k;
	int err = rule_period(ctx, row->from, row->to);

	if (!err)
		err = check_version(ctx, doc, version);
	if (!err)
		err = check_past(ctx, doc, row->from);
	if (err)
		return err;
	doc_key(&k, ctx, doc, version);
	err = rule_put_nums(ctx, &k, v, 4);
	if (err || row->from == DAY_NONE)
		return err;
	day_key(&k, ctx, doc, row->from);
	return rule_put_num(ctx, &k, version);
}

int versions_on(struct rule_ctx *ctx, enum doc_kind doc, day_t day, uint64_t *ret_version,
		struct version_row *ret)
{
	struct bytes key, row;
	struct state_key k;
	uint64_t version;
	int err;

	day_key(&k, ctx, doc, day + 1);
	err = rows_before(ctx->w->rows, &k, k.n - 4u, &key, &row);
	if (!err)
		err = state_num_parse(row, &version);
	if (!err)
		err = versions_get(ctx, doc, version, ret);
	if (!err && ret->to != DAY_NONE && day > ret->to)
		err = ERR_NOTFOUND;
	if (!err)
		*ret_version = version;
	return err;
}

int versions_next(struct rule_ctx *ctx, enum doc_kind doc, day_t *day, uint64_t *ret_version,
		  struct version_row *ret)
{
	struct bytes key, row;
	struct state_key k;
	int err;

	day_key(&k, ctx, doc, *day);
	err = rows_from(ctx->w->rows, &k, k.n - 4u, &key, &row);
	if (!err)
		err = state_num_parse(row, ret_version);
	if (!err)
		*day = (day_t)(be32_get(key.p + key.n - 4) - STATE_DAY_BIAS) + 1;
	return err ? err : versions_get(ctx, doc, *ret_version, ret);
}
