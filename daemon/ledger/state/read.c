#include "daemon/ledger/state/read.h"

#include <string.h>

#include "daemon/ledger/state/state_lines.h"
#include "lib/err.h"
#include "lib/text.h"

/* What a village feed says: households, scores, points entries, verdicts. */

const char *line_state_text(enum line_state s, enum lang lang)
{
	static const struct says text[] = {LINE_STATES(CHOICE_SAYS)};

	return says_in(text[s], lang);
}

int read_head(struct kv_txn *t, uint32_t feed_no, uint64_t seq, enum rec_code code,
	      struct payload *p, void *ret)
{
	int err = feedlog_payload(t, feed_no, seq, p);

	if (err)
		return err;
	return rec_decode_head(rec_type_of((uint16_t)code), p, ret) ? ERR_CORRUPT : ERR_OK;
}

/* --- points entries -------------------------------------------------------------------------------- */
static int actor_key(const struct reader *r, uint32_t person, uint8_t ret[32])
{
	struct state_who who;
	int err;

	memset(ret, 0, 32);
	if (person == 0)
		return ERR_OK;
	err = reader_person_no(r, r->feed_no, person, &who);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	memcpy(ret, who.key, 32);
	return ERR_OK;
}

/* Of several actors of one step the first is shown. */
static int read_points(const struct reader *r, uint64_t seq, const struct state_lines *l,
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
	err = actor_key(r, l->recorder, ret->recorder);
	if (!err)
		err = actor_key(r, reviewer, ret->reviewer);
	return err ? err : actor_key(r, confirmer, ret->confirmer);
}

int view_points(struct kv_txn *t, uint32_t feed_no, uint64_t entry, struct view_points *ret)
{
	const struct reader r = reader_of(t, feed_no);
	struct state_lines l;
	struct view_points p = {0};
	struct state_key k;
	struct bytes row;
	int err;

	state_lines_key(&k, feed_no, entry);
	err = reader_get(&r, &k, &row);
	if (!err)
		err = state_lines_get(row, entry, &l);
	if (!err)
		err = read_points(&r, entry, &l, &p);
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

struct waiting {
	struct reader r;
	enum line_state state;
	int (*fn)(void *ctx, const struct view_points *p);
	void *ctx;
};

static int on_block(void *ctx, struct bytes key, struct bytes row)
{
	const struct waiting *w = ctx;
	struct state_block_parts at;
	struct state_lines l;
	struct view_points p;
	unsigned slot;
	size_t next = 0;
	int err = state_block_split(key, &at);

	while (!err) {
		err = state_lines_next(row, &next, &slot, &l);
		if (err)
			return err == ERR_NOTFOUND ? ERR_OK : err;
		if (!has_line_in(&l, w->state))
			continue;
		err = read_points(&w->r, at.block * STATE_BLOCK + slot, &l, &p);
		if (!err)
			err = w->fn(w->ctx, &p);
	}
	return err;
}

int view_waiting(struct kv_txn *t, uint32_t feed_no, enum line_state state,
		 int (*fn)(void *ctx, const struct view_points *p), void *ctx)
{
	struct waiting w = {reader_of(t, feed_no), state, fn, ctx};
	struct state_key k;

	state_key_of(&k, feed_no, STATE_LINES);
	return reader_each(&w.r, &k, 0, on_block, &w);
}

/* --- registers ------------------------------------------------------------------------------------- */
struct listed {
	int (*fn)(void *ctx, uint64_t seq);
	void *ctx;
};

static int on_listed(void *ctx, struct bytes key, struct bytes row)
{
	const struct listed *w = ctx;
	struct state_listed_parts at;
	int err = state_listed_split(key, &at);

	(void)row;
	return err ? err : w->fn(w->ctx, at.seq);
}

int view_listed(struct kv_txn *t, uint32_t feed_no, enum rec_code type, uint64_t from,
		int (*fn)(void *ctx, uint64_t seq), void *ctx)
{
	const struct reader r = reader_of(t, feed_no);
	struct listed w = {fn, ctx};
	struct state_key k;

	state_listed_key(&k, feed_no, type, from);
	return reader_each(&r, &k, 1, on_listed, &w);
}

/* --- verdicts -------------------------------------------------------------------------------------- */
int read_verdict(struct kv_txn *t, uint32_t feed_no, uint64_t seq, struct verdict *ret)
{
	uint8_t key[VERDICT_KEY_BYTES];
	struct bytes row;
	int err = kv_get(t, KV_VERDICT, verdict_key(key, feed_no, seq), &row);

	if (!err)
		return verdict_parse(row.p, row.n, ret) ? ERR_CORRUPT : ERR_OK;
	if (err != ERR_NOTFOUND)
		return err;
	memset(ret, 0, sizeof(*ret));
	return ERR_OK;
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
