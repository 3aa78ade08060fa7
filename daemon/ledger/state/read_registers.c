#include "daemon/ledger/state/read_registers.h"

#include "lib/err.h"
#include "lib/text.h"

int read_settled(const struct reader *r, uint64_t seq, uint64_t *ret_by)
{
	struct state_num by;
	int err = reader_done(r, r->feed_no, seq, &by);

	if (!err && by.n == STATE_OPEN_AGAIN)
		err = ERR_NOTFOUND;
	if (!err)
		*ret_by = by.n;
	return err;
}

int read_settled_for(const struct reader *r, uint64_t seq, struct bytes village, uint64_t *ret_by)
{
	struct state_num by;
	int err = village.n ? reader_guided(r, r->feed_no, seq, village, &by) : ERR_NOTFOUND;

	if (!err)
		*ret_by = by.n;
	return err == ERR_NOTFOUND ? read_settled(r, seq, ret_by) : err;
}

int read_notified(const struct reader *r, uint64_t entry, uint32_t line, day_t *ret)
{
	struct state_notified n;
	int err = reader_notified(r, r->feed_no, entry, line, &n);

	if (!err)
		*ret = n.day;
	return err;
}

int read_objections(const struct reader *r, uint64_t entry, uint32_t line,
		    struct state_objection *ret)
{
	int err = reader_objection(r, r->feed_no, entry, line, ret);

	if (err != ERR_NOTFOUND)
		return err;
	ret->n = 0;
	return ERR_OK;
}

/* --- the year -------------------------------------------------------------------------------------- */
int read_year_closed(const struct reader *r, int year, uint64_t *ret_seq)
{
	struct state_num seq;
	int err = reader_closed(r, r->feed_no, year, &seq);

	if (!err)
		*ret_seq = seq.n;
	return err;
}

int read_year_points(const struct reader *r, struct bytes household, uint32_t member, int year,
		     struct points *ret)
{
	struct state_year y = {0};
	int err = household.n > STATE_CODE_MAX
			  ? ERR_NOTFOUND
			  : reader_year(r, r->feed_no, household, member, year, &y);

	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = points_of(y.score);
	return ERR_OK;
}

/* --- passbooks ------------------------------------------------------------------------------------- */
static int type_of(const struct reader *r, uint64_t seq, uint16_t *ret)
{
	struct bytes leaf, payload;
	struct entry e;
	int err = feedlog_read(r->txn, r->feed_no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err)
		*ret = e.type;
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

/* The book that was handed out at registration, before there is a row. */
static int registered_book(const struct reader *r, const struct state_household *h,
			   struct state_book *ret)
{
	struct rec_household head;
	struct payload p;
	uint16_t type;
	int err = type_of(r, h->entry, &type);

	if (err || type != REC_household) /* a split hands out no book */
		return err;
	err = read_head(r->txn, r->feed_no, h->entry, REC_household, &p, &head);
	if (!err)
		*ret = (struct state_book){
			.seq = h->entry, .held = head.passbook.n > 0, .number = head.passbook};
	return err;
}

int read_book(const struct reader *r, struct bytes household, const struct state_household *h,
	      struct state_book *ret)
{
	int err = reader_book(r, r->feed_no, household, ret);

	if (err != ERR_NOTFOUND)
		return err;
	*ret = (struct state_book){0};
	return registered_book(r, h, ret);
}

int read_passbook(const struct reader *r, struct bytes household, struct passbook *ret)
{
	struct state_household h;
	struct state_book b;
	int err = read_household(r, household, &h);

	if (!err)
		err = read_book(r, household, &h, &b);
	if (!err && !b.held)
		err = ERR_NOTFOUND;
	if (err)
		return err;
	*ret = (struct passbook){
		.seq = b.seq, .upto = b.upto, .lines = b.lines, .balance = points_of(b.balance)};
	str_set(ret->number, sizeof(ret->number), b.number);
	return ERR_OK;
}
