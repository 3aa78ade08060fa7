#include "daemon/ledger/query/clock_doubt.h"

#include "daemon/feed/feedlog.h"
#include "lib/err.h"

/* A village may rest for a season; a clock that is further ahead of all that was written is wrong. */
#define AHEAD_DAYS 100

int clock_last(struct kv_txn *t, uint32_t feed_no, day_t *ret, uint64_t *ret_seq)
{
	struct bytes leaf = {0}, payload = {0};
	struct feed_head h;
	struct entry e;
	int err = feedlog_head(t, feed_no, &h);

	*ret = DAY_NONE;
	if (err || h.size == 0)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = feedlog_read(t, feed_no, h.size - 1, &leaf, &payload);
	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (err)
		return err;
	*ret = day_of_ms(e.wall_ms);
	*ret_seq = h.size - 1;
	return ERR_OK;
}

int clock_doubt(struct kv_txn *t, uint32_t feed_no, day_t today, struct reason *ret)
{
	uint64_t seq = 0, town_seq = 0;
	day_t own, town, latest;
	int err = clock_last(t, feed_no, &own, &seq);

	*ret = (struct reason){.id = V_ACCEPTED};
	if (!err)
		err = clock_last(t, FEED_TOWN, &town, &town_seq);
	if (err || today == DAY_NONE)
		return err;
	latest = own == DAY_NONE || (town != DAY_NONE && town > own) ? town : own;
	if (own != DAY_NONE && today < own)
		*ret = (struct reason){.id = V_CLOCK_BACK,
				       .num = {today, own - today, (int64_t)seq, own}};
	else if (latest != DAY_NONE && today > latest + AHEAD_DAYS)
		*ret = (struct reason){.id = V_CLOCK_AHEAD, .num = {today, today - latest, latest}};
	return ERR_OK;
}
