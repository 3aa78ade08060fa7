#include "daemon/ledger/state/state_year.h"

#include <assert.h>

#include "lib/err.h"

#define DAYS_OF_YEAR 366

int state_year_parse(struct bytes row, struct state_year *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->score = row.n ? state_get_zigzag(&c) : 0;
	ret->items = (struct bytes){c.p, cur_left(&c)};
	return c.err ? ERR_CORRUPT : ERR_OK;
}

/* Within one year: what adds them up and writes them again relies on it. */
static bool days_ok(struct bytes days)
{
	struct cur c = cur_of(days.p, days.n);
	uint64_t at = 0;

	if (days.n > STATE_YEAR_DAYS_MAX + 2)
		return false;
	while (c.p < c.end && c.err == ERR_OK) {
		uint64_t step = state_get_num(&c);

		at += step <= DAYS_OF_YEAR ? step : DAYS_OF_YEAR;
	}
	return c.err == ERR_OK && at < DAYS_OF_YEAR;
}

int state_year_item(const struct state_year *y, uint32_t number, struct state_year_item *ret)
{
	struct cur c = cur_of(y->items.p, y->items.n);

	*ret = (struct state_year_item){0};
	while (c.err == ERR_OK && cur_left(&c)) {
		size_t at = y->items.n - cur_left(&c);
		uint64_t got = state_get_num(&c);
		struct bytes group = state_get_text(&c);

		if (got > number && c.err == ERR_OK) {
			ret->at = ret->end = at;
			return ERR_OK;
		}
		ret->at = ret->end = y->items.n - cur_left(&c);
		if (got != number)
			continue;
		struct cur g = cur_of(group.p, group.n);
		ret->sum = (int64_t)state_get_num(&g);
		ret->days = (struct bytes){g.p, cur_left(&g)};
		if (!days_ok(ret->days))
			return ERR_CORRUPT;
		ret->at = at;
		return g.err || c.err ? ERR_CORRUPT : ERR_OK;
	}
	return c.err ? ERR_CORRUPT : ERR_OK;
}

int state_year_within(const struct state_year_item *i, int from, int to)
{
	struct cur c = cur_of(i->days.p, i->days.n);
	int d = 0;

	while (cur_left(&c) && c.err == ERR_OK) {
		d += (int)state_get_num(&c);
		if (d >= from)
			return d <= to ? d : -1;
	}
	return -1;
}

int state_year_near(const struct state_year_item *i, int day)
{
	return state_year_within(i, day - 1, day + 1);
}

void state_year_put_score(const struct state_year *y, int64_t score, struct buf *out)
{
	state_put_zigzag(out, score);
	buf_put(out, y->items.p, y->items.n);
}

/* The days with @day put in or taken out once; returns the bytes written: a few more than there were. */
static size_t put_days(const struct state_year_item *i, int day, bool take, uint8_t *out)
{
	struct cur c = cur_of(i->days.p, i->days.n);
	bool room = i->days.n < STATE_YEAR_DAYS_MAX, waiting = true;
	int at = 0, last = 0;
	size_t n = 0;

	while (c.p < c.end && c.err == ERR_OK) {
		at += (int)state_get_num(&c);
		if (waiting && take && at == day) {
			waiting = false;
			continue;
		}
		if (waiting && !take && room && at > day) {
			n += state_num_bytes(out + n, (uint64_t)(day - last));
			last = day;
			waiting = false;
		}
		n += state_num_bytes(out + n, (uint64_t)(at - last));
		last = at;
	}
	if (waiting && !take && room)
		n += state_num_bytes(out + n, (uint64_t)(day - last));
	return n;
}

void state_year_put_item(const struct state_year *y, uint32_t number,
			 const struct state_year_item *i, int64_t sum, int day, bool take,
			 struct buf *out)
{
	uint8_t group[10 + STATE_YEAR_DAYS_MAX + 10], head[20];
	size_t n = state_num_bytes(group, (uint64_t)sum), nhead;

	assert(i->days.n <= STATE_YEAR_DAYS_MAX + 2);
	n += put_days(i, day, take, group + n);
	nhead = state_num_bytes(head, number);
	nhead += state_num_bytes(head + nhead, n);
	state_put_zigzag(out, y->score);
	buf_put(out, y->items.p, i->at);
	if (sum != 0 || n > 1) { /* else nothing is left to remember */
		buf_put(out, head, nhead);
		buf_put(out, group, n);
	}
	buf_put(out, y->items.p + i->end, y->items.n - i->end);
}
