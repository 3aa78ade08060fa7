#include "daemon/ledger/state/state.h"

#include "lib/err.h"

/* Most members have a birth date and nothing else, so absent days cost nothing; the details of most are in
 * the line of the registering entry that has their number. */
enum {
	HAS_HUKOU = 1,
	HAS_BIRTH = 2,
	HAS_SINCE = 4,
	HAS_AGREED = 8,
	HAS_LEFT = 16,
	HAS_DEATH = 32,
	HAS_AWAY = 64,
	HAS_MORE = 128
};
#define MEMBER_DAYS 6
enum {
	MORE_HEAD = 1,
	MORE_DETAILS = 2,
	MORE_CHANGED = 4,
	MORE_WAS_AWAY = 8,
	MORE_WAS_HEAD = 16,
	MORE_ALL = 31
};

static bool usual_details(const struct state_household *h, const struct state_member *m)
{
	return m->entry == h->entry && m->line == m->member;
}

static void put_member(struct buf *out, const struct state_household *h,
		       const struct state_member *m)
{
	const day_t days[MEMBER_DAYS] = {m->birth, m->since, m->agreed, m->left, m->death, m->away};
	uint8_t more =
		(uint8_t)((m->head ? MORE_HEAD : 0) | (usual_details(h, m) ? 0 : MORE_DETAILS) |
			  (m->changed ? MORE_CHANGED : 0) |
			  (m->was_away != DAY_NONE ? MORE_WAS_AWAY : 0) |
			  (m->was_head ? MORE_WAS_HEAD : 0));
	uint8_t has = (uint8_t)((m->other_hukou ? HAS_HUKOU : 0) | (more ? HAS_MORE : 0));

	for (unsigned i = 0; i < MEMBER_DAYS; i++)
		has = (uint8_t)(has | (days[i] != DAY_NONE ? HAS_BIRTH << i : 0));
	buf_put_u8(out, (uint8_t)m->member);
	buf_put_u8(out, has);
	for (unsigned i = 0; i < MEMBER_DAYS; i++)
		if (days[i] != DAY_NONE)
			state_put_day(out, days[i]);
	if (more)
		buf_put_u8(out, more);
	if (more & MORE_DETAILS) {
		buf_put_varint(out, m->entry);
		buf_put_varint(out, m->line);
	}
	if (m->changed)
		buf_put_varint(out, m->changed);
	if (m->was_away != DAY_NONE)
		state_put_day(out, m->was_away);
}

enum {
	HAS_PART = 1,
	HAS_CONSENT = 2,
	HAS_GROUP = 4,
	HAS_BEGAN = 8,
	HAS_GONE = 16,
	HOUSEHOLD_HAS_ALL = 31
};

void state_household_pack(const struct state_household *h, const struct state_member *m,
			  struct buf *out)
{
	buf_put_varint(out, h->entry);
	buf_put_u8(out,
		   (uint8_t)((h->takes_part ? HAS_PART : 0) |
			     (h->consent != DAY_NONE ? HAS_CONSENT : 0) |
			     (h->group.n ? HAS_GROUP : 0) | (h->began != DAY_NONE ? HAS_BEGAN : 0) |
			     (h->left != DAY_NONE ? HAS_GONE : 0)));
	if (h->consent != DAY_NONE)
		state_put_day(out, h->consent);
	if (h->group.n)
		state_put_text(out, h->group);
	if (h->began != DAY_NONE)
		state_put_day(out, h->began);
	if (h->left != DAY_NONE)
		state_put_day(out, h->left);
	buf_put_u8(out, (uint8_t)h->nmembers);
	for (uint32_t i = 0; i < h->nmembers; i++)
		put_member(out, h, &m[i]);
}

/* A day that is there is not DAY_NONE. */
static day_t get_given_day(struct cur *c)
{
	day_t d = state_get_day(c);

	if (d == DAY_NONE)
		c->err = ERR_FORMAT;
	return d;
}

int state_household_parse(struct bytes row, struct state_household *ret)
{
	struct cur c = cur_of(row.p, row.n);
	struct state_member m;
	uint32_t n = 0;
	size_t at = 0;

	ret->entry = state_get_num(&c);
	uint8_t has = cur_u8(&c);
	if (has & ~HOUSEHOLD_HAS_ALL)
		return ERR_CORRUPT;
	ret->takes_part = has & HAS_PART;
	ret->consent = has & HAS_CONSENT ? get_given_day(&c) : DAY_NONE;
	ret->group = has & HAS_GROUP ? state_get_text(&c) : (struct bytes){NULL, 0};
	if (has & HAS_GROUP && (ret->group.n == 0 || ret->group.n > STATE_GROUP_MAX))
		return ERR_CORRUPT;
	ret->began = has & HAS_BEGAN ? get_given_day(&c) : DAY_NONE;
	ret->left = has & HAS_GONE ? get_given_day(&c) : DAY_NONE;
	ret->nmembers = cur_u8(&c);
	ret->members = (struct bytes){c.p, cur_left(&c)};
	if (c.err || ret->nmembers > STATE_MEMBERS_MAX)
		return ERR_CORRUPT;
	while (state_household_next(ret, &at, &m))
		n++;
	return at == ret->members.n && n == ret->nmembers ? ERR_OK : ERR_CORRUPT;
}

static void get_more(struct cur *c, const struct state_household *h, struct state_member *m)
{
	uint8_t more = cur_u8(c);

	if (more == 0 || more & ~MORE_ALL)
		c->err = ERR_FORMAT;
	m->head = more & MORE_HEAD;
	m->was_head = more & MORE_WAS_HEAD;
	if (more & MORE_DETAILS) {
		m->entry = state_get_num(c);
		m->line = state_get_u32(c);
		if (usual_details(h, m))
			c->err = ERR_FORMAT;
	}
	if (more & MORE_CHANGED) {
		m->changed = state_get_num(c);
		if (m->changed == 0)
			c->err = ERR_FORMAT;
	}
	if (more & MORE_WAS_AWAY)
		m->was_away = get_given_day(c);
}

bool state_household_next(const struct state_household *h, size_t *at, struct state_member *ret)
{
	struct cur c = cur_of(h->members.p + *at, h->members.n - *at);
	day_t days[MEMBER_DAYS] = {DAY_NONE};

	if (cur_left(&c) == 0)
		return false;
	*ret = (struct state_member){.member = cur_u8(&c)};
	uint8_t has = cur_u8(&c);
	for (unsigned i = 0; i < MEMBER_DAYS; i++)
		if (has & HAS_BIRTH << i)
			days[i] = get_given_day(&c);
	ret->other_hukou = has & HAS_HUKOU;
	ret->birth = days[0];
	ret->since = days[1];
	ret->agreed = days[2];
	ret->left = days[3];
	ret->death = days[4];
	ret->away = days[5];
	ret->entry = h->entry;
	ret->line = ret->member;
	if (has & HAS_MORE)
		get_more(&c, h, ret);
	if (c.err)
		return false;
	*at = h->members.n - cur_left(&c);
	return true;
}

bool state_household_member(const struct state_household *h, uint32_t member,
			    struct state_member *ret)
{
	struct state_member m;

	for (size_t at = 0; state_household_next(h, &at, &m);)
		if (m.member == member) {
			*ret = m;
			return true;
		}
	return false;
}
