#include "daemon/rules/view.h"

#include <string.h>

#include "daemon/rules/state.h"
#include "daemon/rules/state_lines.h"
#include "daemon/rules/state_year.h"
#include "lib/err.h"
#include "lib/text.h"

/* What a village feed says: households, scores, points entries, verdicts. */

const char *line_state_text(enum line_state s, enum lang lang)
{
	static const char *const zh[] = {"待审核", "待确认", "未通过", "已确认", "已冲正"};
	static const char *const en[] = {"recorded", "reviewed", "refused", "confirmed",
					 "reversed"};

	return lang == LANG_ZH ? zh[s] : en[s];
}

static int get(struct kv_txn *t, const struct state_key *k, struct bytes *ret)
{
	return kv_get(t, KV_STATE, state_key_bytes(k), ret);
}

/* --- households ------------------------------------------------------------------------------------ */
/* The name of the head: the first who is called so, else the first of all. */
static int head_name(const struct payload *p, struct view_household *h)
{
	const struct rec_type *type = rec_type_of(REC_household);
	struct rec_household_line l;

	for (uint32_t i = 0; i + 1 < p->nparts; i++) {
		if (rec_decode_line(type, p, i, &l))
			return ERR_CORRUPT;
		bool head = l.relation.n == strlen("户主") &&
			    memcmp(l.relation.p, "户主", l.relation.n) == 0;
		if (i == 0 || head)
			str_set(h->head_name, sizeof(h->head_name), l.name);
		if (head)
			break;
	}
	return ERR_OK;
}

static int read_account(struct kv_txn *t, uint32_t no, struct bytes household,
			struct view_household *ret)
{
	struct state_account a = {0};
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, no, STATE_ACCOUNT);
	state_key_text(&k, household);
	err = get(t, &k, &row);
	if (!err)
		err = state_account_parse(row, &a);
	if (err && err != ERR_NOTFOUND)
		return err;
	ret->earned = points_of(a.earned);
	ret->deducted = points_of(a.deducted);
	ret->balance = points_of(a.earned - a.deducted);
	ret->lines = a.lines;
	return ERR_OK;
}

static int read_household(struct kv_txn *t, uint32_t no, struct bytes household, struct bytes row,
			  struct view_household *ret)
{
	struct state_household h;
	struct rec_household r;
	struct payload p;
	int err = state_household_parse(row, &h);

	if (!err)
		err = feedlog_payload(t, no, h.entry, &p);
	if (!err && rec_decode_head(rec_type_of(REC_household), &p, &r))
		err = ERR_CORRUPT;
	if (err)
		return err;
	memset(ret, 0, sizeof(*ret));
	str_set(ret->household, sizeof(ret->household), household);
	str_set(ret->group, sizeof(ret->group), r.group);
	ret->takes_part = h.takes_part;
	ret->consent_day = h.consent;
	ret->left_day = h.left;
	ret->nmembers = h.nmembers;
	ret->entry = h.entry;
	err = head_name(&p, ret);
	return err ? err : read_account(t, no, household, ret);
}

static int household_row(struct kv_txn *t, uint32_t no, struct bytes household, struct bytes *ret)
{
	struct state_key k;

	if (household.n > STATE_CODE_MAX)
		return ERR_NOTFOUND;
	state_key_of(&k, no, STATE_HOUSEHOLD);
	state_key_text(&k, household);
	return get(t, &k, ret);
}

int view_household(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		   struct view_household *ret)
{
	struct view_household h = {0};
	struct bytes row;
	int err = household_row(t, feed_no, household, &row);

	if (!err)
		err = read_household(t, feed_no, household, row, &h);
	if (!err)
		*ret = h;
	return err;
}

/* Calls @fn with the code and row of every household. */
static int walk_households(struct kv_txn *t, uint32_t no,
			   int (*fn)(void *ctx, struct bytes household, struct bytes row),
			   void *ctx)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	struct state_key k;
	int err, stop = 0;

	state_key_of(&k, no, STATE_HOUSEHOLD);
	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &row);
	while (!err && key.n > k.n && memcmp(key.p, k.b, k.n) == 0) {
		stop = fn(ctx, kv_bytes(key.p + k.n, key.n - k.n - 1), row);
		if (stop)
			break;
		err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

struct households {
	struct kv_txn *t;
	uint32_t no;
	int (*fn)(void *ctx, const struct view_household *h);
	void *ctx;
};

static int on_household(void *ctx, struct bytes household, struct bytes row)
{
	const struct households *w = ctx;
	struct view_household h;
	int err = read_household(w->t, w->no, household, row, &h);

	return err ? err : w->fn(w->ctx, &h);
}

int view_households(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_household *h), void *ctx)
{
	struct households w = {t, feed_no, fn, ctx};

	return walk_households(t, feed_no, on_household, &w);
}

int view_members(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		 int (*fn)(void *ctx, const struct view_member *m), void *ctx)
{
	const struct rec_type *type = rec_type_of(REC_household);
	struct rec_household_line l;
	struct state_household h = {0};
	struct state_member s;
	struct payload p;
	struct bytes row;
	int err = household_row(t, feed_no, household, &row);

	if (!err)
		err = state_household_parse(row, &h);
	if (!err)
		err = feedlog_payload(t, feed_no, h.entry, &p);
	for (uint32_t i = 0; !err && i + 1 < p.nparts; i++) {
		struct view_member m = {0};

		if (rec_decode_line(type, &p, i, &l) ||
		    !state_household_member(&h, (uint32_t)l.member, &s))
			return ERR_CORRUPT;
		m.member = s.member;
		str_set(m.name, sizeof(m.name), l.name);
		str_set(m.relation, sizeof(m.relation), l.relation);
		m.sex = l.sex;
		m.hukou = l.hukou;
		m.birth = s.birth;
		m.since = s.since;
		m.agreed = s.agreed;
		m.left_day = s.left;
		m.death_day = s.death;
		err = fn(ctx, &m);
	}
	return err;
}

/* --- scores ---------------------------------------------------------------------------------------- */
struct scores {
	struct kv_txn *t;
	uint32_t no;
	int year;
	int (*fn)(void *ctx, const struct view_score *s);
	void *ctx;
};

static int on_scores(void *ctx, struct bytes household, struct bytes row)
{
	const struct scores *w = ctx;
	struct state_household h;
	struct state_member m;
	struct state_year y;
	struct state_key k;
	struct bytes found;
	int err = state_household_parse(row, &h);

	for (size_t at = 0; !err && state_household_next(&h, &at, &m);) {
		struct view_score s = {.member = m.member, .year = w->year};

		state_year_key(&k, w->no, household, m.member, w->year);
		err = get(w->t, &k, &found);
		if (err == ERR_NOTFOUND) {
			err = ERR_OK;
			continue;
		}
		if (!err)
			err = state_year_parse(found, &y);
		if (err || y.score == 0)
			continue;
		str_set(s.household, sizeof(s.household), household);
		s.score = points_of(y.score);
		err = w->fn(w->ctx, &s);
	}
	return err;
}

int view_scores(struct kv_txn *t, uint32_t feed_no, int year,
		int (*fn)(void *ctx, const struct view_score *s), void *ctx)
{
	struct scores w = {t, feed_no, year, fn, ctx};

	return walk_households(t, feed_no, on_scores, &w);
}

/* --- points entries -------------------------------------------------------------------------------- */
static int actor_key(struct kv_txn *t, uint32_t no, uint32_t person, uint8_t ret[32])
{
	struct state_key k;
	struct bytes row;
	int err;

	memset(ret, 0, 32);
	if (person == 0)
		return ERR_OK;
	state_key_of(&k, no, STATE_PERSON_NO);
	state_key_u32(&k, person);
	err = get(t, &k, &row);
	if (err || row.n != 32)
		return err && err != ERR_NOTFOUND ? err : ERR_CORRUPT;
	memcpy(ret, row.p, 32);
	return ERR_OK;
}

/* Of several actors of one step the first is shown. */
static int read_points(struct kv_txn *t, uint32_t no, uint64_t seq, const struct state_lines *l,
		       struct view_points *ret)
{
	uint32_t reviewer = 0, confirmer = 0;
	int err;

	memset(ret, 0, sizeof(*ret));
	ret->entry = seq;
	ret->nlines = l->n;
	for (uint32_t i = 0; i < l->n; i++) {
		ret->state[i + 1] = l->line[i].state;
		reviewer = reviewer ? reviewer : l->line[i].reviewer;
		confirmer = confirmer ? confirmer : l->line[i].confirmer;
	}
	err = actor_key(t, no, l->recorder, ret->recorder);
	if (!err)
		err = actor_key(t, no, reviewer, ret->reviewer);
	return err ? err : actor_key(t, no, confirmer, ret->confirmer);
}

int view_points(struct kv_txn *t, uint32_t feed_no, uint64_t entry, struct view_points *ret)
{
	struct state_lines l;
	struct view_points p = {0};
	struct state_key k;
	struct bytes row;
	int err;

	state_lines_key(&k, feed_no, entry);
	err = get(t, &k, &row);
	if (!err)
		err = state_lines_get(row, entry, &l);
	if (!err)
		err = read_points(t, feed_no, entry, &l, &p);
	if (!err)
		*ret = p;
	return err;
}

static bool has_line_in(const struct state_lines *l, enum line_state state)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->line[i].state == state)
			return true;
	return false;
}

static int wait_in_block(struct kv_txn *t, uint32_t no, uint64_t first, struct bytes row,
			 enum line_state state, int (*fn)(void *ctx, const struct view_points *p),
			 void *ctx)
{
	struct state_lines l;
	struct view_points p;
	unsigned slot;
	size_t at = 0;
	int err;

	for (;;) {
		err = state_lines_next(row, &at, &slot, &l);
		if (err)
			return err == ERR_NOTFOUND ? ERR_OK : err;
		if (!has_line_in(&l, state))
			continue;
		err = read_points(t, no, first + slot, &l, &p);
		if (!err)
			err = fn(ctx, &p);
		if (err)
			return err;
	}
}

int view_waiting(struct kv_txn *t, uint32_t feed_no, enum line_state state,
		 int (*fn)(void *ctx, const struct view_points *p), void *ctx)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	struct state_key k;
	uint64_t block;
	int err, stop = 0;

	state_key_of(&k, feed_no, STATE_LINES);
	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &row);
	while (!err && key.n > k.n && memcmp(key.p, k.b, k.n) == 0) {
		block = 0;
		for (size_t i = k.n + 1u; i < key.n; i++)
			block = block << 8 | key.p[i];
		stop = wait_in_block(t, feed_no, block * STATE_BLOCK, row, state, fn, ctx);
		if (stop)
			break;
		err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

/* --- verdicts -------------------------------------------------------------------------------------- */
int view_verdict(struct kv_txn *t, uint32_t feed_no, uint64_t seq, struct verdict *ret)
{
	struct bytes row, leaf, payload;
	uint8_t key[VERDICT_KEY_BYTES];
	int err = kv_get(t, KV_VERDICT, verdict_key(key, feed_no, seq), &row);

	if (!err)
		return verdict_parse(row.p, row.n, ret) ? ERR_CORRUPT : ERR_OK;
	if (err == ERR_NOTFOUND)
		err = feedlog_read(t, feed_no, seq, &leaf, &payload);
	if (!err)
		memset(ret, 0, sizeof(*ret));
	return err;
}

int view_unaudited(struct kv_txn *t, uint32_t feed_no, uint64_t from, uint64_t *ret)
{
	uint8_t first[VERDICT_KEY_BYTES];
	struct kv_cursor *c = NULL;
	struct bytes key = verdict_key(first, feed_no, from), row;
	uint64_t n = 0;
	int err = kv_cursor_open(t, KV_VERDICT, &c);

	if (err)
		return err;
	for (err = kv_seek(c, KV_GE, key, &key, &row);
	     !err && key.n == VERDICT_KEY_BYTES && be32_get(key.p) == feed_no;
	     err = kv_seek(c, KV_NEXT, key, &key, &row)) {
		struct cur id = cur_of(row.p, row.n);

		n += cur_varint(&id) == V_UNKNOWN_TYPE;
	}
	kv_cursor_close(c);
	if (err && err != ERR_NOTFOUND)
		return err;
	*ret = n;
	return ERR_OK;
}
