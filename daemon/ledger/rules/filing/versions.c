#include "daemon/ledger/rules/rule.h"

#include "lib/err.h"

#define VERSION_STEP_MAX 9999 /* a slip of the finger must not end the series */

/* What a village decides in versions, each in force from a day: catalogue, plan, scheme, prices. */

static enum rec_code record_of(enum fold_doc doc)
{
	switch (doc) {
	case DOC_CATALOGUE: return REC_adopt_catalogue;
	case DOC_PLAN: return REC_plan;
	case DOC_SCHEME: return REC_scheme;
	case DOC_PRICES: break;
	}
	return REC_prices;
}

static struct bytes doc_name(enum fold_doc doc)
{
	return fold_text(rec_type_of((uint16_t)record_of(doc))->name);
}

static void doc_key(struct state_key *k, const struct judged *j, enum fold_doc doc,
		    uint64_t version)
{
	state_key_of(k, j->f->feed_no, STATE_DOC);
	state_key_u8(k, (uint8_t)doc);
	state_key_u32(k, (uint32_t)version);
}

static void day_key(struct state_key *k, const struct judged *j, enum fold_doc doc, day_t day)
{
	state_key_of(k, j->f->feed_no, STATE_DOC_DAY);
	state_key_u8(k, (uint8_t)doc);
	state_key_day(k, day);
}

static int newest(struct judged *j, enum fold_doc doc, uint64_t *ret)
{
	struct bytes key, row;
	struct state_key k;
	int err;

	doc_key(&k, j, doc, UINT32_MAX);
	err = rows_before(j->w->rows, &k, k.n - 4u, &key, &row);
	*ret = err ? 0 : be32_get(key.p + key.n - 4);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int fold_doc_get(struct judged *j, enum fold_doc doc, uint64_t version, struct fold_doc_row *ret)
{
	int64_t v[4];
	struct state_key k;
	int err;

	doc_key(&k, j, doc, version);
	err = fold_get_nums(j, &k, v, 4);
	if (!err)
		*ret = (struct fold_doc_row){(uint64_t)v[0], (day_t)v[1], (day_t)v[2],
					     (uint64_t)v[3]};
	return err;
}

int fold_doc_need(struct judged *j, enum fold_doc doc, uint64_t version, struct fold_doc_row *ret)
{
	int err = fold_doc_get(j, doc, version, ret);

	if (err != ERR_NOTFOUND)
		return err;
	return fold_refuse(j, &(struct refusal){.id = V_VERSION_UNKNOWN,
						.num = {(int64_t)version},
						.s = doc_name(doc)});
}

int fold_doc_step(struct judged *j, enum rec_code code, uint64_t version, uint64_t top)
{
	if (version <= top + VERSION_STEP_MAX)
		return ERR_OK;
	return fold_refuse(
		j, &(struct refusal){.id = V_VERSION_JUMP,
				     .num = {(int64_t)version, (int64_t)top, (int64_t)top + 1},
				     .s = fold_text(rec_type_of((uint16_t)code)->name)});
}

static int check_version(struct judged *j, enum fold_doc doc, uint64_t version)
{
	uint64_t top;
	int err = newest(j, doc, &top);

	if (!err && version <= top)
		err = fold_refuse(j, &(struct refusal){.id = V_VERSION_USED,
						       .num = {(int64_t)version, (int64_t)top},
						       .s = doc_name(doc)});
	return err ? err : fold_doc_step(j, record_of(doc), version, top);
}

/* A day gone by keeps what was in force on it; who does not know today cannot tell. */
static int check_past(struct judged *j, enum fold_doc doc, day_t from)
{
	struct fold_doc_row now;
	uint64_t version;
	int err = from == DAY_NONE ? ERR_NOTFOUND : fold_doc_on(j, doc, from, &version, &now);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = fold_need_clock(j);
	if (err || from >= j->today)
		return err;
	return fold_refuse(j, &(struct refusal){.id = V_VERSION_PAST,
						.num = {j->today, from, (int64_t)version},
						.s = doc_name(doc)});
}

int fold_doc_add(struct judged *j, enum fold_doc doc, uint64_t version,
		 const struct fold_doc_row *row)
{
	const int64_t v[] = {(int64_t)row->seq, row->from, row->to, (int64_t)row->base};
	struct state_key k;
	int err = fold_period(j, row->from, row->to);

	if (!err)
		err = check_version(j, doc, version);
	if (!err)
		err = check_past(j, doc, row->from);
	if (err)
		return err;
	doc_key(&k, j, doc, version);
	err = fold_put_nums(j, &k, v, 4);
	if (err || row->from == DAY_NONE)
		return err;
	day_key(&k, j, doc, row->from);
	return fold_put_num(j, &k, version);
}

int fold_doc_on(struct judged *j, enum fold_doc doc, day_t day, uint64_t *ret_version,
		struct fold_doc_row *ret)
{
	struct bytes key, row;
	struct state_key k;
	uint64_t version;
	int err;

	day_key(&k, j, doc, day + 1);
	err = rows_before(j->w->rows, &k, k.n - 4u, &key, &row);
	if (!err)
		err = state_num_parse(row, &version);
	if (!err)
		err = fold_doc_get(j, doc, version, ret);
	if (!err && ret->to != DAY_NONE && day > ret->to)
		err = ERR_NOTFOUND;
	if (!err)
		*ret_version = version;
	return err;
}

int fold_doc_next(struct judged *j, enum fold_doc doc, day_t *day, uint64_t *ret_version,
		  struct fold_doc_row *ret)
{
	struct bytes key, row;
	struct state_key k;
	int err;

	day_key(&k, j, doc, *day);
	err = rows_from(j->w->rows, &k, k.n - 4u, &key, &row);
	if (!err)
		err = state_num_parse(row, ret_version);
	if (!err)
		*day = (day_t)(be32_get(key.p + key.n - 4) - STATE_DAY_BIAS) + 1;
	return err ? err : fold_doc_get(j, doc, *ret_version, ret);
}
