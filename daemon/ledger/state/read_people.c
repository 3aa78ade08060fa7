#include <string.h>

#include "daemon/ledger/state/as_of.h"
#include "daemon/ledger/state/read.h"
#include "lib/err.h"
#include "lib/text.h"

/* The register of a village: households and their people, scores, kin and posts. */

/* --- households ------------------------------------------------------------------------------------ */
static int open_details(struct details *d, uint64_t seq)
{
	struct bytes leaf = {0}, payload = {0};
	struct entry e;
	int err = feedlog_read(d->r->txn, d->r->feed_no, seq, &leaf, &payload);

	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (!err)
		err = payload_parse(payload.p, payload.n, &d->p);
	if (err)
		return err == ERR_NOTFOUND || err == ERR_FORMAT ? ERR_CORRUPT : err;
	d->open = true;
	d->entry = seq;
	d->type = e.type;
	return ERR_OK;
}

static int details_joined(const struct payload *p, struct rec_household_line *ret)
{
	struct rec_member_join r;
	int err = rec_decode_head(rec_type_of(REC_member_join), p, &r);

	if (!err)
		*ret = (struct rec_household_line){.member = r.member,
						   .name = r.name,
						   .relation = r.relation,
						   .sex = r.sex,
						   .birth = r.birth,
						   .id_tail = r.id_tail,
						   .hukou = r.hukou,
						   .since = r.since,
						   .agreed = r.agreed,
						   .phone = r.phone,
						   .note = r.note};
	return err;
}

static int details_corrected(const struct payload *p, struct rec_household_line *ret)
{
	struct rec_person_correction r;
	int err = rec_decode_head(rec_type_of(REC_person_correction), p, &r);

	if (!err)
		*ret = (struct rec_household_line){.member = r.member,
						   .name = r.name,
						   .relation = r.relation,
						   .sex = r.sex,
						   .birth = r.birth,
						   .id_tail = r.id_tail,
						   .hukou = r.hukou,
						   .phone = r.phone,
						   .note = r.note};
	return err;
}

int read_details(struct details *d, const struct state_member *m, struct rec_household_line *ret)
{
	int err = d->open && d->entry == m->entry ? ERR_OK : open_details(d, m->entry);

	if (err)
		return err;
	if (m->line)
		return rec_decode_line(rec_type_of(REC_household), &d->p, m->line - 1, ret)
			       ? ERR_CORRUPT
			       : ERR_OK;
	err = d->type == REC_person_correction ? details_corrected(&d->p, ret)
					       : details_joined(&d->p, ret);
	return err ? ERR_CORRUPT : ERR_OK;
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

static int read_account(const struct reader *r, struct bytes household, struct view_household *ret)
{
	struct state_account a = {0};
	int err = reader_account(r, r->feed_no, household, &a);

	if (err && err != ERR_NOTFOUND)
		return err;
	ret->earned = points_of(a.earned);
	ret->deducted = points_of(a.deducted);
	ret->redeemed = points_of(a.redeemed);
	ret->transferred = points_of(a.transferred);
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

static int show_household(const struct reader *r, struct bytes household,
			  const struct state_household *h, struct view_household *ret)
{
	struct details d = {.r = r};
	struct state_place into;
	uint32_t head;
	int err;

	memset(ret, 0, sizeof(*ret));
	str_set(ret->household, sizeof(ret->household), household);
	str_set(ret->group, sizeof(ret->group), h->group);
	ret->takes_part = h->takes_part;
	ret->consent_day = h->consent;
	ret->began_day = h->began;
	ret->left_day = h->left;
	ret->nmembers = h->nmembers;
	ret->npresent = count_present(h);
	ret->entry = h->entry;
	err = reader_relocated(r, r->feed_no, household, 0, &into);
	if (!err)
		str_set(ret->into, sizeof(ret->into), into.household);
	if (!err || err == ERR_NOTFOUND)
		err = find_head(&d, h, &head, ret->head_name);
	return err && err != ERR_NOTFOUND ? err : read_account(r, household, ret);
}

int read_household(const struct reader *r, struct bytes household, struct state_household *ret)
{
	int err = ERR_NOTFOUND;

	if (household.n > STATE_CODE_MAX)
		return ERR_NOTFOUND;
	if (r->size)
		err = as_of_household(r, household, ret);
	if (err == ERR_NOTFOUND)
		err = reader_household(r, r->feed_no, household, ret);
	return !err && r->size && ret->entry >= r->size ? ERR_NOTFOUND : err;
}

int view_household_at(const struct reader *r, struct bytes household, struct view_household *ret)
{
	struct view_household shown = {0};
	struct state_household h;
	int err = read_household(r, household, &h);

	if (!err)
		err = show_household(r, household, &h, &shown);
	if (!err)
		*ret = shown;
	return err;
}

int view_household(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		   struct view_household *ret)
{
	return view_household_at(READER(t, feed_no), household, ret);
}

struct households {
	struct reader r;
	int (*fn)(void *ctx, const struct view_household *h);
	void *ctx;
};

static int on_household(void *ctx, struct bytes key, struct bytes row)
{
	const struct households *w = ctx;
	struct state_household_parts at;
	struct view_household shown = {0};
	struct state_household h;
	int err = state_household_split(key, &at);

	if (!err)
		err = w->r.size ? read_household(&w->r, at.household, &h)
				: state_household_parse(row, &h);
	if (w->r.size && err == ERR_NOTFOUND)
		return ERR_OK;
	if (!err)
		err = show_household(&w->r, at.household, &h, &shown);
	return err ? err : w->fn(w->ctx, &shown);
}

int view_households_at(const struct reader *r, int (*fn)(void *ctx, const struct view_household *h),
		       void *ctx)
{
	struct households w = {*r, fn, ctx};
	struct state_key k;

	state_key_of(&k, r->feed_no, STATE_HOUSEHOLD);
	return reader_each(r, &k, 0, on_household, &w);
}

int view_households(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_household *h), void *ctx)
{
	return view_households_at(READER(t, feed_no), fn, ctx);
}

int read_registered(const struct reader *r, struct bytes household, uint64_t member,
		    struct rec_person_correction *ret)
{
	struct details d = {.r = r};
	struct rec_household_line l;
	struct state_household h;
	struct state_member m;
	int err = read_household(r, household, &h);

	if (!err && (member > UINT8_MAX || !state_household_member(&h, (uint32_t)member, &m)))
		err = ERR_NOTFOUND;
	if (!err)
		err = read_details(&d, &m, &l);
	if (!err)
		*ret = (struct rec_person_correction){.household = household,
						      .member = member,
						      .name = l.name,
						      .relation = l.relation,
						      .sex = l.sex,
						      .birth = m.birth,
						      .id_tail = l.id_tail,
						      .hukou = m.other_hukou ? HUKOU_other
									     : HUKOU_local,
						      .phone = l.phone,
						      .note = l.note};
	return err;
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
	err = reader_relocated(d->r, d->r->feed_no, household, s->member, &into);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	str_set(ret->into, sizeof(ret->into), into.household);
	ret->into_member = into.member;
	return ERR_OK;
}

int view_members_at(const struct reader *r, struct bytes household,
		    int (*fn)(void *ctx, const struct view_member *m), void *ctx)
{
	struct details d = {.r = r};
	struct state_household h = {0};
	struct state_member s;
	struct view_member m = {0};
	char name[65];
	uint32_t head = 0;
	int err = read_household(r, household, &h);

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

int view_members(struct kv_txn *t, uint32_t feed_no, struct bytes household,
		 int (*fn)(void *ctx, const struct view_member *m), void *ctx)
{
	return view_members_at(READER(t, feed_no), household, fn, ctx);
}

/* --- scores ---------------------------------------------------------------------------------------- */
struct scores {
	struct reader r;
	int year;
	int (*fn)(void *ctx, const struct view_score *s);
	void *ctx;
};

static int on_score(const struct scores *w, struct bytes household, uint32_t member)
{
	struct view_score s = {.member = member, .year = w->year};
	struct state_year y;
	int err = reader_year(&w->r, w->r.feed_no, household, member, w->year, &y);

	if (err || y.score == 0)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	str_set(s.household, sizeof(s.household), household);
	s.score = points_of(y.score);
	return w->fn(w->ctx, &s);
}

static int on_scores(void *ctx, struct bytes key, struct bytes row)
{
	const struct scores *w = ctx;
	struct state_household_parts at;
	struct state_household h;
	struct state_member m;
	int err = state_household_split(key, &at);

	if (!err)
		err = state_household_parse(row, &h);
	for (size_t next = 0; !err && state_household_next(&h, &next, &m);)
		err = on_score(w, at.household, m.member);
	return err;
}

int view_scores(struct kv_txn *t, uint32_t feed_no, int year,
		int (*fn)(void *ctx, const struct view_score *s), void *ctx)
{
	struct scores w = {reader_of(t, feed_no), year, fn, ctx};
	struct state_key k;

	state_key_of(&k, feed_no, STATE_HOUSEHOLD);
	return reader_each(&w.r, &k, 0, on_scores, &w);
}

/* --- kin and posts --------------------------------------------------------------------------------- */
struct people {
	struct reader r;
	int (*on_kin)(void *ctx, const struct view_kin *k);
	int (*on_post)(void *ctx, const struct view_post *p);
	void *ctx;
};

/* A row with a place that was left is one too many: there is another with the new place. */
static int stale(const struct people *w, struct bytes household, uint32_t member, bool *ret)
{
	struct state_place into;
	int err = reader_relocated(&w->r, w->r.feed_no, household, member, &into);

	*ret = err == ERR_OK;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int on_kin_row(void *ctx, struct bytes key, struct bytes row)
{
	const struct people *w = ctx;
	struct state_kin_parts at;
	struct view_kin v = {0};
	struct state_num relation;
	bool skip = false;
	int err = state_kin_split(key, &at);

	if (!err)
		err = state_num_parse(row, &relation);
	if (!err)
		err = stale(w, at.relative, at.relative_member, &skip);
	if (err || skip)
		return err;
	str_set(v.household, sizeof(v.household), at.relative);
	v.member = at.relative_member;
	v.relation = (enum rec_choice_KIN)relation.n;
	return w->on_kin(w->ctx, &v);
}

int view_kin(struct kv_txn *t, uint32_t feed_no, struct bytes household, uint32_t member,
	     int (*fn)(void *ctx, const struct view_kin *k), void *ctx)
{
	struct people w = {.r = reader_of(t, feed_no), .on_kin = fn, .ctx = ctx};
	struct state_household h;
	struct state_key k;
	int err = read_household(&w.r, household, &h);

	if (err)
		return err;
	state_kin_key(&k, feed_no, household, member, kv_bytes("", 0), 0);
	return reader_each(&w.r, &k, 2, on_kin_row, &w);
}

static int on_post_row(void *ctx, struct bytes key, struct bytes row)
{
	const struct people *w = ctx;
	struct state_post_parts at;
	struct view_post v = {0};
	struct state_post post;
	bool skip = false;
	int err = state_post_split(key, &at);

	if (!err)
		err = state_post_parse(row, &post);
	if (!err)
		err = stale(w, at.household, at.member, &skip);
	if (err || skip)
		return err;
	str_set(v.household, sizeof(v.household), at.household);
	v.member = at.member;
	v.post = (enum rec_choice_POST)at.post;
	v.entry = post.seq;
	v.from = post.from;
	v.to = post.to;
	return w->on_post(w->ctx, &v);
}

int view_posts(struct kv_txn *t, uint32_t feed_no, int (*fn)(void *ctx, const struct view_post *p),
	       void *ctx)
{
	struct people w = {.r = reader_of(t, feed_no), .on_post = fn, .ctx = ctx};
	struct state_key k;

	state_key_of(&k, feed_no, STATE_POST);
	return reader_each(&w.r, &k, 0, on_post_row, &w);
}
