#include <string.h>

#include "daemon/ledger/state/state_format.h"
#include "daemon/ledger/state/state_text.h"
#include "daemon/store/overlay.h"
#include "daemon/verify/verify_int.h"
#include "lib/amount.h"
#include "lib/err.h"

static int open_second(struct verify *v)
{
	int err = overlay_new(v->t, OVERLAY_FRESH(KV_STATE), &v->second);

	return err ? err : kv_begin(v->second, true, &v->fold_t);
}

/* The fold once more over the entries: its state begins empty and is kept in memory. Rows and verdicts of another
 * format are all different, and one problem. */
int verify_state_open(struct verify *v)
{
	uint64_t format;
	int err = state_format(v->t, &format);
	struct problem *p;

	if (err || format == STATE_FORMAT_NOW)
		return err ? err : open_second(v);
	p = problem_add(v, NULL, PROBLEM_STATE_FORMAT, PROBLEM_NO_ENTRY, (int64_t)format);
	if (p)
		p->num[1] = STATE_FORMAT_NOW;
	return ERR_OK;
}

void verify_state_close(struct verify *v)
{
	kv_abort(v->fold_t);
	kv_close(v->second);
	v->fold_t = NULL;
	v->second = NULL;
}

/* --- comparing ------------------------------------------------------------------------------------- */
struct says verify_state_label(int64_t kind)
{
	const struct state_row *row =
		kind >= 0 && kind <= UINT8_MAX ? state_row_of((uint8_t)kind) : NULL;

	return row ? SAYS(row->zh, row->en) : SAYS("未知数据", "unknown row");
}

/* What does not fit is left out; the last byte stays NUL. */
static struct buf text_in(char room[PROBLEM_TEXT_MAX])
{
	return (struct buf){
		.p = (uint8_t *)room, .cap = PROBLEM_TEXT_MAX - 1, .max = PROBLEM_TEXT_MAX - 1};
}

static void put_key(char room[PROBLEM_TEXT_MAX], struct bytes key)
{
	struct buf b = text_in(room);

	state_text_key(key, &b);
}

static void put_row_value(char room[PROBLEM_TEXT_MAX], uint8_t kind, struct bytes value)
{
	struct buf b = text_in(room);

	state_text_value(kind, value, &b);
}

/* The balances of an account of which both values can be read, when they are not the same. */
static bool other_balance(struct bytes stored, struct bytes mine, int64_t ret[2])
{
	struct state_account a, b;
	struct points x, y;

	if (state_account_parse(stored, &a) || state_account_parse(mine, &b) ||
	    !state_account_balance(&a, &x) || !state_account_balance(&b, &y))
		return false;
	ret[0] = points_raw(x);
	ret[1] = points_raw(y);
	return ret[0] != ret[1];
}

/* A row that has two values. */
static void list_values(struct verify *v, struct verify_feed *f, struct bytes key,
			struct bytes stored, struct bytes mine)
{
	uint8_t kind = key.p[STATE_FEED_LEN];
	const struct state_row *row = state_row_of(kind);
	bool values = row && row->nfields;
	int64_t balance[2] = {kind, 0};
	bool other = kind == STATE_ACCOUNT && other_balance(stored, mine, balance);
	struct problem *p = problem_add(v, f,
					other	 ? PROBLEM_STATE_BALANCE
					: values ? PROBLEM_STATE_VALUES
						 : PROBLEM_STATE_DIFFERS,
					PROBLEM_NO_ENTRY, other ? balance[0] : kind);

	if (!p)
		return;
	p->num[1] = balance[1];
	put_key(p->s, key);
	if (values && !other) {
		put_row_value(p->t, kind, stored);
		put_row_value(p->u, kind, mine);
	}
}

/* A row of which there are two values, one, or (@mine NULL) none that the records explain. */
static void list_row(struct verify *v, struct verify_feed *f, struct bytes key,
		     const struct bytes *stored, const struct bytes *mine)
{
	uint8_t kind = key.n > STATE_FEED_LEN ? key.p[STATE_FEED_LEN] : 0;
	struct problem *p;

	if (stored && mine && kind) {
		list_values(v, f, key, *stored, *mine);
		return;
	}
	p = problem_add(v, f, stored ? PROBLEM_STATE_SURPLUS : PROBLEM_STATE_MISSING,
			PROBLEM_NO_ENTRY, kind);
	if (p && state_row_of(kind))
		put_key(p->s, key);
}

/* What cannot be recomputed is not compared: the reason is listed already. */
static bool comparable(struct verify *v, struct bytes key, struct verify_feed **ret)
{
	*ret = key.n >= STATE_FEED_LEN ? verify_feed_of(v, be32_get(key.p)) : NULL;
	return !*ret || ((*ret)->here && !(*ret)->broken);
}

static void list_broken(struct verify *v)
{
	for (uint32_t i = 0; i < v->nfeeds; i++) {
		struct verify_feed *f = &v->feed[i];

		if (!f->broken)
			continue;
		problem_add(v, f,
			    f->h.no == FEED_TOWN ? PROBLEM_FOLD_NO_TOWN : PROBLEM_FOLD_NO_FEED,
			    PROBLEM_NO_ENTRY, 0);
		if (f->h.no == FEED_TOWN)
			return;
	}
}

struct side {
	struct kv_cursor *c;
	struct bytes key, val;
	bool more;
};

static int side_step(struct side *s, enum kv_how how)
{
	int err = kv_seek(s->c, how, kv_bytes("", 0), &s->key, &s->val);

	s->more = !err;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int side_cmp(const struct side *a, const struct side *b)
{
	return a->more && b->more ? verify_cmp(a->key, b->key) : b->more - a->more;
}

/* One row of the smaller key, or both of the same. */
static int compare_row(struct verify *v, struct side *stored, struct side *mine)
{
	int d = side_cmp(stored, mine), err = ERR_OK;
	struct verify_feed *f;

	if (comparable(v, d <= 0 ? stored->key : mine->key, &f) &&
	    (d || stored->val.n != mine->val.n ||
	     memcmp(stored->val.p, mine->val.p, mine->val.n) != 0))
		list_row(v, f, d <= 0 ? stored->key : mine->key, d <= 0 ? &stored->val : NULL,
			 d >= 0 ? &mine->val : NULL);
	if (d <= 0)
		err = side_step(stored, KV_NEXT);
	if (d >= 0 && !err)
		err = side_step(mine, KV_NEXT);
	return err;
}

int verify_state_compare(struct verify *v)
{
	struct side stored = {0}, mine = {0};
	int err = ERR_OK;

	if (!v->fold_t) /* of another format */
		return ERR_OK;
	list_broken(v);
	err = kv_cursor_open(v->t, KV_STATE, &stored.c);
	if (!err)
		err = kv_cursor_open(v->fold_t, KV_STATE, &mine.c);
	if (!err)
		err = side_step(&stored, KV_GE);
	if (!err)
		err = side_step(&mine, KV_GE);
	while (!err && (stored.more || mine.more))
		err = compare_row(v, &stored, &mine);
	kv_cursor_close(mine.c);
	kv_cursor_close(stored.c);
	return err;
}
