#include "daemon/rules/state.h"

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

void state_key_adopt(struct state_key *k, uint32_t feed_no, day_t from)
{
	state_key_of(k, feed_no, STATE_ADOPT);
	state_key_u32(k, (uint32_t)from + STATE_DAY_BIAS);
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

void state_person_pack(const struct state_person *p, struct buf *out)
{
	buf_put_varint(out, p->no);
	state_put_text(out, p->name);
	buf_put_varint(out, p->nroles);
	for (uint32_t i = 0; i < p->nroles; i++) {
		const struct state_role *r = &p->role[i];

		buf_put_u8(out, r->role);
		state_put_text(out,
			       (struct bytes){(const uint8_t *)r->village, strlen(r->village)});
		state_put_day(out, r->from);
		state_put_day(out, r->to);
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
		struct bytes village = state_get_text(&c);
		if (village.n >= sizeof(r->village) ||
		    (village.n && memchr(village.p, 0, village.n)))
			return ERR_CORRUPT;
		memset(r->village, 0, sizeof(r->village));
		if (village.n)
			memcpy(r->village, village.p, village.n);
		r->from = state_get_day(&c);
		r->to = state_get_day(&c);
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

/* --- households ------------------------------------------------------------------------------------ */
/* Most members have a birth date and nothing else, so absent days cost nothing. */
enum { HAS_HUKOU = 1, HAS_BIRTH = 2, HAS_SINCE = 4, HAS_AGREED = 8, HAS_LEFT = 16, HAS_DEATH = 32 };

static void put_member(struct buf *out, const struct state_member *m)
{
	const day_t days[] = {m->birth, m->since, m->agreed, m->left, m->death};
	uint8_t has = m->other_hukou ? HAS_HUKOU : 0;

	for (unsigned i = 0; i < 5; i++)
		has = (uint8_t)(has | (days[i] != DAY_NONE ? HAS_BIRTH << i : 0));
	buf_put_u8(out, (uint8_t)m->member);
	buf_put_u8(out, has);
	for (unsigned i = 0; i < 5; i++)
		if (days[i] != DAY_NONE)
			state_put_day(out, days[i]);
}

void state_household_pack(const struct state_household *h, const struct state_member *m,
			  struct buf *out)
{
	buf_put_varint(out, h->entry);
	buf_put_u8(out, h->takes_part);
	state_put_day(out, h->consent);
	state_put_day(out, h->left);
	buf_put_u8(out, (uint8_t)h->nmembers);
	for (uint32_t i = 0; i < h->nmembers; i++)
		put_member(out, &m[i]);
}

int state_household_parse(struct bytes row, struct state_household *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->entry = state_get_num(&c);
	ret->takes_part = get_bool(&c);
	ret->consent = state_get_day(&c);
	ret->left = state_get_day(&c);
	ret->nmembers = cur_u8(&c);
	ret->members = (struct bytes){c.p, cur_left(&c)};
	return c.err ? ERR_CORRUPT : ERR_OK;
}

bool state_household_next(const struct state_household *h, size_t *at, struct state_member *ret)
{
	struct cur c = cur_of(h->members.p + *at, h->members.n - *at);
	day_t days[5] = {DAY_NONE};

	if (cur_left(&c) == 0)
		return false;
	ret->member = cur_u8(&c);
	uint8_t has = cur_u8(&c);
	for (unsigned i = 0; i < 5; i++)
		if (has & HAS_BIRTH << i)
			days[i] = state_get_day(&c);
	ret->other_hukou = has & HAS_HUKOU;
	ret->birth = days[0];
	ret->since = days[1];
	ret->agreed = days[2];
	ret->left = days[3];
	ret->death = days[4];
	*at = h->members.n - cur_left(&c);
	return c.err == ERR_OK;
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

void state_account_pack(const struct state_account *a, struct buf *out)
{
	uint8_t b[30];
	size_t n = state_num_bytes(b, (uint64_t)a->earned);

	n += state_num_bytes(b + n, (uint64_t)a->deducted);
	n += state_num_bytes(b + n, a->lines);
	buf_put(out, b, n);
}

int state_account_parse(struct bytes row, struct state_account *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->earned = (int64_t)state_get_num(&c);
	ret->deducted = (int64_t)state_get_num(&c);
	ret->lines = state_get_num(&c);
	if (done(&c) || ret->earned < 0 || ret->deducted < 0)
		return ERR_CORRUPT;
	return ERR_OK;
}
