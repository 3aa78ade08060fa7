#include "daemon/ledger/state/state.h"

#include <assert.h>
#include <string.h>

#include "lib/err.h"

/* --- keys ------------------------------------------------------------------------------------------ */
void state_key_of(struct state_key *k, uint32_t feed_no, enum state_kind kind)
{
	be32_put(k->b, feed_no);
	k->b[4] = (uint8_t)kind;
	k->n = 5;
}

void state_key_raw(struct state_key *k, const void *p, size_t n)
{
	assert(n <= (size_t)(STATE_KEY_MAX - k->n));
	memcpy(k->b + k->n, p, n);
	k->n = (uint8_t)(k->n + n);
}

void state_key_u8(struct state_key *k, uint8_t v)
{
	state_key_raw(k, &v, 1);
}

void state_key_u16(struct state_key *k, uint16_t v)
{
	uint8_t b[2];

	be16_put(b, v);
	state_key_raw(k, b, sizeof(b));
}

void state_key_u32(struct state_key *k, uint32_t v)
{
	uint8_t b[4];

	be32_put(b, v);
	state_key_raw(k, b, sizeof(b));
}

void state_key_u64(struct state_key *k, uint64_t v)
{
	uint8_t b[8];

	be64_put(b, v);
	state_key_raw(k, b, sizeof(b));
}

void state_key_text(struct state_key *k, struct bytes text)
{
	if (text.n)
		state_key_raw(k, text.p, text.n);
	state_key_u8(k, 0);
}

void state_key_name(struct state_key *k, struct bytes plain)
{
	struct hash h;

	hash_of(plain.p, plain.n, &h);
	state_key_raw(k, h.b, STATE_NAME_ID);
}

void state_key_uint(struct state_key *k, uint64_t v)
{
	uint8_t b[8], n = 0;

	be64_put(b, v);
	while (n < 8 && b[n] == 0)
		n++;
	state_key_u8(k, (uint8_t)(8 - n));
	state_key_raw(k, b + n, 8u - n);
}

void state_key_day(struct state_key *k, day_t day)
{
	state_key_u32(k, (uint32_t)day + STATE_DAY_BIAS);
}

/* --- values ---------------------------------------------------------------------------------------- */
void state_put_zigzag(struct buf *out, int64_t v)
{
	buf_put_varint(out, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

int64_t state_get_zigzag(struct cur *c)
{
	uint64_t v = state_get_num(c);

	return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

void state_put_day(struct buf *out, day_t d)
{
	state_put_zigzag(out, d);
}

day_t state_get_day(struct cur *c)
{
	int64_t v = state_get_zigzag(c);

	if (v < DAY_MIN || v > DAY_MAX) {
		c->err = ERR_FORMAT;
		return DAY_NONE;
	}
	return (day_t)v;
}

void state_put_text(struct buf *out, struct bytes text)
{
	buf_put_varint(out, text.n);
	buf_put(out, text.p, text.n);
}

struct bytes state_get_text(struct cur *c)
{
	uint64_t n = state_get_num(c);
	const uint8_t *p;

	if (n > cur_left(c)) {
		c->err = ERR_FORMAT;
		return (struct bytes){NULL, 0};
	}
	p = cur_take(c, (size_t)n);
	return (struct bytes){p, p ? (size_t)n : 0};
}

static bool get_bool(struct cur *c)
{
	uint8_t v = cur_u8(c);

	if (v > 1)
		c->err = ERR_FORMAT;
	return v == 1;
}

static uint32_t get_u32(struct cur *c)
{
	uint64_t v = state_get_num(c);

	if (v > UINT32_MAX)
		c->err = ERR_FORMAT;
	return (uint32_t)v;
}

/* What is in the store was written by this file: anything else is damage. */
static int done(const struct cur *c)
{
	return cur_done(c) ? ERR_CORRUPT : ERR_OK;
}

void state_meta_pack(const struct state_meta *m, struct buf *out)
{
	buf_put_u8(out, m->chartered);
	buf_put_varint(out, m->town_seen);
	buf_put_varint(out, m->npeople);
	buf_put_varint(out, m->ncodes);
	buf_put_varint(out, m->version);
}

int state_meta_parse(struct bytes row, struct state_meta *ret)
{
	struct cur c = cur_of(row.p, row.n);
	struct state_meta m = {.chartered = get_bool(&c)};

	m.town_seen = state_get_num(&c);
	m.npeople = get_u32(&c);
	m.ncodes = get_u32(&c);
	m.version = state_get_num(&c);
	if (done(&c))
		return ERR_CORRUPT;
	*ret = m;
	return ERR_OK;
}

static void put_str(struct buf *out, const char *s)
{
	state_put_text(out, (struct bytes){(const uint8_t *)s, strlen(s)});
}

static void get_str(struct cur *c, char *ret, size_t cap)
{
	struct bytes text = state_get_text(c);

	memset(ret, 0, cap);
	if (text.n >= cap || (text.n && memchr(text.p, 0, text.n)))
		c->err = ERR_FORMAT;
	else if (text.n)
		memcpy(ret, text.p, text.n);
}

void state_person_pack(const struct state_person *p, struct buf *out)
{
	buf_put_varint(out, p->no);
	state_put_text(out, p->name);
	buf_put_varint(out, p->nroles);
	for (uint32_t i = 0; i < p->nroles; i++) {
		const struct state_role *r = &p->role[i];

		buf_put_u8(out, r->role);
		put_str(out, r->village);
		state_put_day(out, r->from);
		state_put_day(out, r->to);
		put_str(out, r->group);
	}
}

int state_person_parse(struct bytes row, struct state_person *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->no = get_u32(&c);
	ret->name = state_get_text(&c);
	ret->nroles = get_u32(&c);
	if (ret->nroles > STATE_ROLES_MAX || ret->name.n > STATE_PERSON_NAME)
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < ret->nroles; i++) {
		struct state_role *r = &ret->role[i];

		r->role = cur_u8(&c);
		get_str(&c, r->village, sizeof(r->village));
		r->from = state_get_day(&c);
		r->to = state_get_day(&c);
		get_str(&c, r->group, sizeof(r->group));
	}
	return done(&c);
}

void state_invite_pack(const struct state_invite *i, struct buf *out)
{
	buf_put_varint(out, i->seq);
	buf_put_u8(out, i->used);
	state_put_text(out, i->code);
	state_put_day(out, i->expires);
}

int state_invite_parse(struct bytes row, struct state_invite *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->seq = state_get_num(&c);
	ret->used = get_bool(&c);
	ret->code = state_get_text(&c);
	ret->expires = state_get_day(&c);
	return done(&c);
}

void state_village_pack(const struct state_village *v, struct buf *out)
{
	buf_put_u8(out, v->enrolled);
	buf_put_varint(out, v->enrol);
	state_put_text(out, v->name);
}

int state_village_parse(struct bytes row, struct state_village *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->enrolled = get_bool(&c);
	ret->enrol = state_get_num(&c);
	ret->name = state_get_text(&c);
	return done(&c);
}

void state_enrol_pack(const struct state_enrol *e, struct buf *out)
{
	buf_put_varint(out, e->seq);
	state_put_text(out, e->code);
}

int state_enrol_parse(struct bytes row, struct state_enrol *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->seq = state_get_num(&c);
	ret->code = state_get_text(&c);
	return done(&c);
}

void state_version_pack(const struct state_version *v, struct buf *out)
{
	buf_put_varint(out, v->seq);
	state_put_day(out, v->from);
	state_put_day(out, v->to);
}

int state_version_parse(struct bytes row, struct state_version *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->seq = state_get_num(&c);
	ret->from = state_get_day(&c);
	ret->to = state_get_day(&c);
	return done(&c);
}

void state_item_pack(const struct state_item *i, struct buf *out)
{
	buf_put_varint(out, i->line);
	buf_put_varint(out, i->number);
}

int state_item_parse(struct bytes row, struct state_item *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->line = get_u32(&c);
	ret->number = get_u32(&c);
	return done(&c);
}

void state_num_pack(uint64_t v, struct buf *out)
{
	buf_put_varint(out, v);
}

int state_num_parse(struct bytes row, uint64_t *ret)
{
	struct cur c = cur_of(row.p, row.n);
	uint64_t v = state_get_num(&c);

	if (done(&c))
		return ERR_CORRUPT;
	*ret = v;
	return ERR_OK;
}

void state_nums_pack(const int64_t *v, unsigned n, struct buf *out)
{
	for (unsigned i = 0; i < n; i++)
		state_put_zigzag(out, v[i]);
}

int state_nums_parse(struct bytes row, int64_t *ret, unsigned n)
{
	struct cur c = cur_of(row.p, row.n);
	int64_t v[STATE_NUMS_MAX];

	assert(n <= STATE_NUMS_MAX);
	for (unsigned i = 0; i < n; i++)
		v[i] = state_get_zigzag(&c);
	if (done(&c))
		return ERR_CORRUPT;
	memcpy(ret, v, n * sizeof(*ret));
	return ERR_OK;
}

/* --- households ------------------------------------------------------------------------------------ */
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
		m->line = get_u32(c);
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

void state_place_pack(const struct state_place *p, struct buf *out)
{
	state_put_text(out, p->household);
	buf_put_u8(out, (uint8_t)p->member);
}

int state_place_parse(struct bytes row, struct state_place *ret)
{
	struct cur c = cur_of(row.p, row.n);
	struct state_place p = {.household = state_get_text(&c)};

	p.member = cur_u8(&c);
	if (done(&c) || p.household.n == 0 || p.household.n > STATE_CODE_MAX)
		return ERR_CORRUPT;
	*ret = p;
	return ERR_OK;
}

static size_t zigzag_bytes(uint8_t *p, int64_t v)
{
	return state_num_bytes(p, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

#define ACCOUNT_NUMS 8
void state_account_pack(const struct state_account *a, struct buf *out)
{
	uint8_t b[10 * ACCOUNT_NUMS];
	size_t n = zigzag_bytes(b, a->earned);

	n += zigzag_bytes(b + n, a->deducted);
	n += zigzag_bytes(b + n, a->lines);
	n += zigzag_bytes(b + n, a->redeemed);
	n += zigzag_bytes(b + n, a->moved);
	n += zigzag_bytes(b + n, a->opening);
	n += state_num_bytes(b + n, a->first);
	n += state_num_bytes(b + n, a->last - a->first);
	buf_put(out, b, n);
	buf_put(out, a->postings.p, a->postings.n);
}

int state_account_parse(struct bytes row, struct state_account *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->earned = state_get_zigzag(&c);
	ret->deducted = state_get_zigzag(&c);
	ret->lines = state_get_zigzag(&c);
	ret->redeemed = state_get_zigzag(&c);
	ret->moved = state_get_zigzag(&c);
	ret->opening = state_get_zigzag(&c);
	ret->first = state_get_num(&c);
	ret->last = state_get_num(&c);
	if (c.err || ret->last > UINT64_MAX - ret->first)
		return ERR_CORRUPT;
	ret->last += ret->first;
	ret->postings = (struct bytes){c.p, cur_left(&c)};
	return ERR_OK;
}

bool state_account_balance(const struct state_account *a, struct points *ret)
{
	struct points sum;

	return points_sub(points_of(a->earned), points_of(a->deducted), &sum) &&
	       points_sub(sum, points_of(a->redeemed), &sum) &&
	       points_add(sum, points_of(a->moved), ret);
}
