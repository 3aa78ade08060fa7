#include "daemon/ledger/rules/rule.h"

#include "lib/err.h"

/* What rules have in common: days, rows of numbers, references to earlier entries and their settlement. */

int fold_put_mark(struct judged *j, const struct state_key *k)
{
	static const uint8_t mark = 1;

	return rows_put(j->w->rows, k, kv_bytes(&mark, 1));
}

int fold_get_nums(struct judged *j, const struct state_key *k, int64_t *ret, unsigned n)
{
	struct bytes row;
	int err = rows_get(j->w->rows, k, &row);

	return err ? err : state_nums_parse(row, ret, n);
}

int fold_put_nums(struct judged *j, const struct state_key *k, const int64_t *v, unsigned n)
{
	state_nums_pack(v, n, fold_out(j));
	return fold_put(j, k);
}

int fold_get_num(struct judged *j, const struct state_key *k, uint64_t *ret)
{
	struct bytes row;
	int err = rows_get(j->w->rows, k, &row);

	return err ? err : state_num_parse(row, ret);
}

int fold_put_num(struct judged *j, const struct state_key *k, uint64_t v)
{
	state_num_pack(v, fold_out(j));
	return fold_put(j, k);
}

int fold_account(struct judged *j, struct bytes household, struct state_key *k,
		 struct state_account *ret)
{
	struct bytes row;
	int err;

	*ret = (struct state_account){0};
	state_key_of(k, j->f->feed_no, STATE_ACCOUNT);
	state_key_text(k, household);
	err = rows_get(j->w->rows, k, &row);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return state_account_parse(row, ret);
}

/* --- days ------------------------------------------------------------------------------------------ */
int fold_not_future(struct judged *j, day_t day)
{
	if (j->today == DAY_NONE || day <= j->today)
		return ERR_OK;
	return fold_refuse(j, &(struct refusal){.id = V_DAY_FUTURE, .num = {day, j->today}});
}

int fold_period(struct judged *j, day_t from, day_t to)
{
	if (from == DAY_NONE || to == DAY_NONE || from <= to)
		return ERR_OK;
	return fold_refuse(j, &(struct refusal){.id = V_PERIOD, .num = {from, to}});
}

int fold_need_clock(struct judged *j)
{
	return j->today == DAY_NONE ? fold_refuse(j, &(struct refusal){.id = V_NO_CLOCK}) : ERR_OK;
}

/* --- earlier entries ------------------------------------------------------------------------------- */
static int no_such(struct judged *j, uint64_t seq, enum rec_code code)
{
	return fold_refuse(j, &(struct refusal){.id = V_REFERENCE,
						.num = {(int64_t)seq},
						.s = fold_text(rec_type_of((uint16_t)code)->name)});
}

static int is_listed(struct judged *j, uint32_t feed_no, uint64_t seq, enum rec_code code)
{
	struct state_key k;
	struct bytes row;

	state_key_of(&k, feed_no, STATE_LISTED);
	state_key_u16(&k, (uint16_t)code);
	state_key_u64(&k, seq);
	return feed_no == j->f->feed_no ? rows_get(j->w->rows, &k, &row)
					: fold_town_row(j, &k, &row);
}

static int read_ref(struct judged *j, uint32_t feed_no, uint64_t seq, enum rec_code code, void *ret)
{
	const struct rec_type *type = rec_type_of((uint16_t)code);
	int err = is_listed(j, feed_no, seq, code);

	if (err)
		return err == ERR_NOTFOUND ? no_such(j, seq, code) : err;
	err = feedlog_payload(j->f->t, feed_no, seq, &j->w->target);
	if (err)
		return err;
	return rec_decode_head(type, &j->w->target, ret) ? ERR_CORRUPT : ERR_OK;
}

int fold_ref(struct judged *j, uint64_t seq, enum rec_code code, void *ret)
{
	return read_ref(j, j->f->feed_no, seq, code, ret);
}

int fold_ref_town(struct judged *j, uint64_t seq, enum rec_code code, void *ret)
{
	if (seq >= j->known)
		return no_such(j, seq, code);
	return read_ref(j, FEED_TOWN, seq, code, ret);
}

int fold_ref_author(struct judged *j, uint64_t seq, uint8_t ret[SIGN_KEY_BYTES])
{
	struct bytes leaf, payload;
	struct entry e;
	int err = feedlog_read(j->f->t, j->f->feed_no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err)
		memcpy(ret, e.author, SIGN_KEY_BYTES);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

int fold_other_person(struct judged *j, uint64_t seq, enum rec_code code)
{
	struct bytes name = {NULL, 0};
	uint8_t author[SIGN_KEY_BYTES];
	int err = fold_ref_author(j, seq, author);

	if (!err)
		err = fold_rights_name_of(j, author, &name);
	if (err ||
	    (memcmp(author, j->e->author, SIGN_KEY_BYTES) != 0 && !fold_rights_is_author(j, name)))
		return err;
	return fold_refuse(j, &(struct refusal){.id = V_SAME_PERSON,
						.num = {(int64_t)seq},
						.s = fold_text(rec_type_of((uint16_t)code)->name),
						.t = name});
}

static void done_key(struct state_key *k, const struct judged *j, uint64_t seq)
{
	state_key_of(k, j->f->feed_no, STATE_DONE);
	state_key_u64(k, seq);
}

int fold_settled(struct judged *j, uint64_t seq, uint64_t *ret)
{
	struct state_key k;
	int err;

	done_key(&k, j, seq);
	err = fold_get_num(j, &k, ret);
	return !err && *ret == STATE_OPEN_AGAIN ? ERR_NOTFOUND : err;
}

int fold_reopen(struct judged *j, uint64_t seq)
{
	struct state_key k;

	done_key(&k, j, seq);
	return fold_put_num(j, &k, STATE_OPEN_AGAIN);
}

int fold_unsettled(struct judged *j, uint64_t seq, enum rec_code code)
{
	uint64_t by;
	int err = fold_settled(j, seq, &by);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return fold_refuse(j, &(struct refusal){.id = V_DONE_ALREADY,
						.num = {(int64_t)seq, (int64_t)by},
						.s = fold_text(rec_type_of((uint16_t)code)->name)});
}

int fold_settle(struct judged *j, uint64_t seq, enum rec_code code)
{
	struct state_key k;
	int err = fold_unsettled(j, seq, code);

	if (err)
		return err;
	done_key(&k, j, seq);
	return fold_put_num(j, &k, j->e->seq);
}
