#include "daemon/ledger/state/read.h"

#include <string.h>

#include "daemon/ledger/state/state.h"
#include "daemon/ledger/state/state_lines.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"
#include "lib/text.h"

/* What a village feed says: households, scores, points entries, verdicts. */

const char *line_state_text(enum line_state s, enum lang lang)
{
	static const struct says text[] = {LINE_STATES(CHOICE_SAYS)};

	return says_in(text[s], lang);
}

static int get(struct kv_txn *t, const struct state_key *k, struct bytes *ret)
{
	return kv_get(t, KV_STATE, state_key_bytes(k), ret);
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

/* --- registers ------------------------------------------------------------------------------------- */
int view_listed(struct kv_txn *t, uint32_t feed_no, enum rec_code type, uint64_t from,
		int (*fn)(void *ctx, uint64_t seq), void *ctx)
{
	struct kv_cursor *c = NULL;
	struct bytes key, row;
	struct state_key k;
	size_t prefix;
	int err, stop = 0;

	state_key_of(&k, feed_no, STATE_LISTED);
	state_key_u16(&k, (uint16_t)type);
	prefix = k.n;
	state_key_u64(&k, from);
	err = kv_cursor_open(t, KV_STATE, &c);
	if (!err)
		err = kv_seek(c, KV_GE, state_key_bytes(&k), &key, &row);
	while (!err && key.n == prefix + 8 && memcmp(key.p, k.b, prefix) == 0) {
		stop = fn(ctx, be64_get(key.p + prefix));
		if (stop)
			break;
		err = kv_seek(c, KV_NEXT, key, &key, &row);
	}
	kv_cursor_close(c);
	return stop ? stop : err == ERR_NOTFOUND ? ERR_OK : err;
}

int view_settled(struct kv_txn *t, uint32_t feed_no, uint64_t seq, uint64_t *ret_by)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, feed_no, STATE_DONE);
	state_key_u64(&k, seq);
	err = get(t, &k, &row);
	if (!err)
		err = state_num_parse(row, ret_by);
	return !err && *ret_by == STATE_OPEN_AGAIN ? ERR_NOTFOUND : err;
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
