#include "daemon/ledger/state/read.h"

#include <string.h>

#include "daemon/ledger/state/journal.h"
#include "daemon/ledger/state/state.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"
#include "lib/text.h"

/* The register of a village: households and their people, scores, kin and posts. */

static int get(struct kv_txn *t, const struct state_key *k, struct bytes *ret)
{
	return kv_get(t, KV_STATE, state_key_bytes(k), ret);
}

/* --- households ------------------------------------------------------------------------------------ */
/* What does not change about a person stands in the record that brought the person in; people of one household
 * mostly came with one record, which is then read once. */
struct details {
	struct kv_txn *t;
	uint32_t no;
	bool open;
	uint64_t entry;
	struct payload p;
};

static int read_details(struct details *d, const struct state_member *m,
			struct rec_household_line *ret)
{
	struct rec_member_join join;
	int err = ERR_OK;

	if (!d->open || d->entry != m->entry)
		err = feedlog_payload(d->t, d->no, m->entry, &d->p);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	d->open = true;
	d->entry = m->entry;
	if (m->line)
		return rec_decode_line(rec_type_of(REC_household), &d->p, m->line - 1, ret)
			       ? ERR_CORRUPT
			       : ERR_OK;
	if (rec_decode_head(rec_type_of(REC_member_join), &d->p, &join))
		return ERR_CORRUPT;
	*ret = (struct rec_household_line){
		.name = join.name, .relation = join.relation, .sex = join.sex};
	return ERR_OK;
}

/* How well somebody fits as head: declared to be, called so when registered, the first of all; but nobody who
 * has died or left while others are here. */
static int head_rank(const struct state_member *m, struct bytes relation)
{
	bool called = str_eq((const char *)relation.p, relation.n, "户主");

	return (state_member_present(m) ? 4 : 0) + (m->head ? 2 : 0) + called;
}

/* The head, of whom the first is taken when several fit. ERR_NOTFOUND: a household without people. */
static int find_head(struct details *d, const struct state_household *h, uint32_t *ret_member,
		     char name[65])
{
	struct rec_household_line l;
	struct state_member m;
	int best = -1;

	for (size_t at = 0; state_household_next(h, &at, &m);) {
		int err = read_details(d, &m, &l);

		if (err)
			return err;
		if (head_rank(&m, l.relation) <= best)
			continue;
		best = head_rank(&m, l.relation);
		*ret_member = m.member;
		str_set(name, 65, l.name);
	}
	return best < 0 ? ERR_NOTFOUND : ERR_OK;
}

/* Where a person or (member 0) a household went on; ERR_NOTFOUND: it did not. */
static int read_moved(struct kv_txn *t, uint32_t no, struct bytes household, uint32_t member,
		      struct state_place *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, no, STATE_MOVED);
	state_key_text(&k, household);
	state_key_u8(&k, (uint8_t)member);
	err = get(t, &k, &row);
	return err ? err : state_place_parse(row, ret);
}

static int read_account(struct kv_txn *t, uint32_t no, struct bytes household,
			struct view_household *ret)
{
	struct state_account a = {0};
	struct state_key k;
	struct bytes row;
	int err;

	journal_account_key(&k, no, household);
	err = get(t, &k, &row);
	if (!err)
		err = state_account_parse(row, &a);
	if (err && err != ERR_NOTFOUND)
		return err;
	ret->earned = points_of(a.earned);
	ret->deducted = points_of(a.deducted);
	ret->redeemed = points_of(a.redeemed);
	ret->moved = points_of(a.moved);
	ret->lines = a.lines;
	return state_account_balance(&a, &ret->balance) ? ERR_OK : ERR_CORRUPT;
}

static uint32_t count_present(const struct state_household *h)
{
	struct state_member m;
	uint32_t n = 0;

	for (size_t at = 0; state_household_next(h, &at, &m);)
		n += state_member_present(&m);
	return n;
}

static int read_household(struct kv_txn *t, uint32_t no, struct bytes household, struct bytes row,
			  struct view_household *ret)
{
	struct details d = {.t = t, .no = no};
	struct state_household h;
	struct state_place into;
	uint32_t head;
	int err = state_household_parse(row, &h);

	if (err)
		return err;
	memset(ret, 0, sizeof(*ret));
	str_set(ret->household, sizeof(ret->household), household);
	str_set(ret->group, sizeof(ret->group), h.group);
	ret->takes_part = h.takes_part;
	ret->consent_day = h.consent;
	ret->began_day = h.began;
	ret->left_day = h.left;
	ret->nmembers = h.nmembers;
	ret->npresent = count_present(&h);
	ret->entry = h.entry;
	err = read_moved(t, no, household, 0, &into);
	if (!err)
		str_set(ret->into, sizeof(ret->into), into.household);
	if (!err || err == ERR_NOTFOUND)
		err = find_head(&d, &h, &head, ret->head_name);
	return err && err != ERR_NOTFOUND ? err : read_account(t, no, household, ret);
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

/* Calls @fn with what the keys have after @prefix, and the rows. */
static int walk_rows(struct kv_txn *t, const struct state_key *prefix,
		     int (*fn)(void *ctx, struct bytes rest, struct bytes row), void *ctx)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	int err, stop = 0;

	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(prefix), &key, &row);
	while (!err && key.n > prefix->n && memcmp(key.p, prefix->b, prefix->n) == 0) {
		stop = fn(ctx, kv_bytes(key.p + prefix->n, key.n - prefix->n), row);
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

static int on_household(void *ctx, struct bytes rest, struct bytes row)
{
	const struct households *w = ctx;
	struct view_household h;
	int err = read_household(w->t, w->no, kv_bytes(rest.p, rest.n - 1), row, &h);

	return err ? err : w->fn(w->ctx, &h);
}

int view_households(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_household *h), void *ctx)
{
	struct households w = {t, feed_no, fn, ctx};
	struct state_key k;

	state_key_of(&k, feed_no, STATE_HOUSEHOLD);
	return walk_rows(t, &k, on_household, &w);
}

static int read_member(struct details *d, struct bytes household, const struct state_member *s,
		       struct view_member *ret)
{
	struct rec_household_line l;
	struct state_place into;
	int err = read_details(d, s, &l);

	if (err)
		return err;
	*ret = (struct view_member){.member = s->member,
				    .sex = l.sex,
				    .hukou = s->other_hukou ? HUKOU_other : HUKOU_local,
				    .birth = s->birth,
				    .since = s->since,
				    .agreed = s->agreed,
				    .left_day = s->left,
				    .death_day = s->death,
				    .away_day = s->away,
				    .entry = s->entry,
				    .line = s->line};
	str_set(ret->name, sizeof(ret->name), l.name);
	str_set(ret->relation, sizeof(ret->relation), l.relation);
	err = read_moved(d->t, d->no, household, s->member, &into);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	str_set(ret->into, sizeof(ret->into), into.household);
	ret->into_member = into.member;
	return ERR_OK;
}

int view_members(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		 int (*fn)(void *ctx, const struct view_member *m), void *ctx)
{
	struct details d = {.t = t, .no = feed_no};
	struct state_household h = {0};
	struct state_member s;
	struct view_member m = {0};
	struct bytes row;
	char name[65];
	uint32_t head = 0;
	int err = household_row(t, feed_no, household, &row);

	if (!err)
		err = state_household_parse(row, &h);
	if (!err)
		err = find_head(&d, &h, &head, name);
	for (size_t at = 0; !err && state_household_next(&h, &at, &s);) {
		err = read_member(&d, household, &s, &m);
		m.head = m.member == head;
		if (!err)
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

static int on_scores(void *ctx, struct bytes rest, struct bytes row)
{
	const struct bytes household = {rest.p, rest.n - 1};
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
	struct state_key k;

	state_key_of(&k, feed_no, STATE_HOUSEHOLD);
	return walk_rows(t, &k, on_scores, &w);
}

/* --- kin and posts --------------------------------------------------------------------------------- */
/* A household with its NUL and a member, with @more bytes behind. */
static int place_of(struct bytes key, size_t more, struct state_place *ret)
{
	if (key.n < more + 3 || key.p[key.n - more - 2] != 0)
		return ERR_CORRUPT;
	ret->household = kv_bytes(key.p, key.n - more - 2);
	ret->member = key.p[key.n - more - 1];
	return ERR_OK;
}

struct people {
	struct kv_txn *t;
	uint32_t no;
	int (*on_kin)(void *ctx, const struct view_kin *k);
	int (*on_post)(void *ctx, const struct view_post *p);
	void *ctx;
};

/* A row with a place that was left is one too many: there is another with the new place. */
static int stale(const struct people *w, const struct state_place *p, bool *ret)
{
	struct state_place into;
	int err = read_moved(w->t, w->no, p->household, p->member, &into);

	*ret = err == ERR_OK;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int on_kin_row(void *ctx, struct bytes rest, struct bytes row)
{
	const struct people *w = ctx;
	struct view_kin v = {0};
	struct state_place p;
	uint64_t relation;
	bool skip = false;
	int err = place_of(rest, 0, &p);

	if (!err)
		err = state_num_parse(row, &relation);
	if (!err)
		err = stale(w, &p, &skip);
	if (err || skip)
		return err;
	str_set(v.household, sizeof(v.household), p.household);
	v.member = p.member;
	v.relation = (enum rec_choice_KIN)relation;
	return w->on_kin(w->ctx, &v);
}

int view_kin(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint32_t member,
	     int (*fn)(void *ctx, const struct view_kin *k), void *ctx)
{
	struct people w = {.t = t, .no = feed_no, .on_kin = fn, .ctx = ctx};
	struct state_key k;
	struct bytes row;
	int err = household_row(t, feed_no, household, &row);

	if (err)
		return err;
	state_key_of(&k, feed_no, STATE_KIN);
	state_key_text(&k, household);
	state_key_u8(&k, (uint8_t)member);
	return walk_rows(t, &k, on_kin_row, &w);
}

static int on_post_row(void *ctx, struct bytes rest, struct bytes row)
{
	const struct people *w = ctx;
	struct view_post v = {0};
	struct state_place p;
	int64_t n[3];
	bool skip = false;
	int err = place_of(rest, 1, &p);

	if (!err)
		err = state_nums_parse(row, n, 3);
	if (!err)
		err = stale(w, &p, &skip);
	if (err || skip)
		return err;
	str_set(v.household, sizeof(v.household), p.household);
	v.member = p.member;
	v.post = (enum rec_choice_POST)rest.p[rest.n - 1];
	v.entry = (uint64_t)n[0];
	v.from = (day_t)n[1];
	v.to = (day_t)n[2];
	return w->on_post(w->ctx, &v);
}

int view_posts(struct kv_txn *t, uint32_t feed_no, int (*fn)(void *ctx, const struct view_post *p),
	       void *ctx)
{
	struct people w = {.t = t, .no = feed_no, .on_post = fn, .ctx = ctx};
	struct state_key k;

	state_key_of(&k, feed_no, STATE_POST);
	return walk_rows(t, &k, on_post_row, &w);
}
