#include "daemon/ledger/query/work.h"

#include "daemon/ledger/query/entries.h"
#include "daemon/ledger/state/state.h"
#include "daemon/ledger/state/state_register.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"
#include "lib/text.h"

static int get(struct kv_txn *t, const struct state_key *k, struct bytes *ret)
{
	return kv_get(t, KV_STATE, state_key_bytes(k), ret);
}

/* --- the year -------------------------------------------------------------------------------------- */
int view_year_closed(struct kv_txn *t, uint32_t feed_no, int year, uint64_t *ret_seq)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, feed_no, STATE_CLOSED);
	state_key_u16(&k, (uint16_t)year);
	err = get(t, &k, &row);
	return err ? err : state_num_parse(row, ret_seq);
}

int view_year_points(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint32_t member,
		     int year, struct points *ret)
{
	struct state_year y = {0};
	struct state_key k;
	struct bytes row;
	int err;

	*ret = points_of(0);
	if (household.n > STATE_CODE_MAX)
		return ERR_OK;
	state_year_key(&k, feed_no, household, member, year);
	err = get(t, &k, &row);
	if (!err)
		err = state_year_parse(row, &y);
	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = points_of(y.score);
	return ERR_OK;
}

/* --- passbooks ------------------------------------------------------------------------------------- */
/* The book that was handed out at registration. */
static int registered_book(struct kv_txn *t, uint32_t no, struct bytes household,
			   struct view_passbook *ret)
{
	struct view_household h;
	struct rec_household r;
	uint16_t type;
	int err = view_household(t, no, household, &h);

	if (!err)
		err = entry_type(t, no, h.entry, &type);
	if (!err && type != REC_household)
		err = ERR_NOTFOUND;
	if (!err)
		err = entry_head(t, no, h.entry, REC_household, &r);
	if (!err && r.passbook.n == 0)
		err = ERR_NOTFOUND;
	if (err)
		return err;
	*ret = (struct view_passbook){.seq = h.entry, .balance = points_of(0)};
	str_set(ret->number, sizeof(ret->number), r.passbook);
	return ERR_OK;
}

int view_passbook(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		  struct view_passbook *ret)
{
	struct state_book b;
	struct state_key k;
	struct bytes row;
	int err;

	if (household.n > STATE_CODE_MAX)
		return ERR_NOTFOUND;
	state_book_key(&k, feed_no, household);
	err = get(t, &k, &row);
	if (err == ERR_NOTFOUND)
		return registered_book(t, feed_no, household, ret);
	if (!err)
		err = state_book_parse(row, &b);
	if (!err && !b.held)
		err = ERR_NOTFOUND;
	if (err)
		return err;
	*ret = (struct view_passbook){
		.seq = b.seq, .upto = b.upto, .lines = b.lines, .balance = points_of(b.balance)};
	str_set(ret->number, sizeof(ret->number), b.number);
	return ERR_OK;
}
