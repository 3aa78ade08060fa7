#include <string.h>

#include "daemon/ledger/state/state_text.h"
#include "daemon/verify/verify_int.h"
#include "lib/amount.h"
#include "lib/err.h"

int verify_state_open(struct verify *v)
{
	int err = replay_open(v->t, &v->txid, &v->second);

	v->fold_t = v->second.t;
	return err;
}

void verify_state_close(struct verify *v)
{
	replay_close(&v->second);
}

/* --- comparing ------------------------------------------------------------------------------------- */
#define TEXT_MAX 160

/* What does not fit is left out. */
static struct buf text_in(char *room)
{
	return (struct buf){.p = (uint8_t *)room, .cap = TEXT_MAX, .max = TEXT_MAX};
}

static const char *key_text(struct bytes key, char room[TEXT_MAX])
{
	struct buf b = text_in(room);

	state_text_key(key, &b);
	return buf_str(&b);
}

static const char *value_text(uint8_t kind, const struct bytes *value, char room[TEXT_MAX])
{
	struct buf b = text_in(room);

	state_text_value(kind, *value, &b);
	return buf_str(&b);
}

/* A row that has two values. */
static void say_values(struct verify *v, struct verify_feed *f, const struct state_row *row,
		       struct bytes key, const struct bytes *stored, const struct bytes *mine)
{
	char code[TEXT_MAX], was[TEXT_MAX], is[TEXT_MAX];
	const char *at = key_text(key, code);
	uint8_t kind = key.p[STATE_FEED_LEN];
	struct state_account a, b;
	struct points x, y;

	if (kind == STATE_ACCOUNT && !state_account_parse(*stored, &a) &&
	    !state_account_parse(*mine, &b) && state_account_balance(&a, &x) &&
	    state_account_balance(&b, &y) && points_cmp(x, y))
		verify_say(
			v, f, VERIFY_NO_ENTRY, "state", VK_STATE,
			"账户%s 的余额存为 %s，由记录重算应为 %s；" AGAIN_ZH,
			"account%s: the balance is stored as %s, the records make it %s; " AGAIN_EN,
			at, points_text(x, was), points_text(y, is));
	else if (row->nfields)
		verify_say(v, f, VERIFY_NO_ENTRY, "state", VK_STATE,
			   "%s%.0s%s 存为 %s，由记录重算应为 %s；" AGAIN_ZH,
			   "%.0s%s%s is stored as %s, the records make it %s; " AGAIN_EN, row->zh,
			   row->en, at, value_text(kind, stored, was), value_text(kind, mine, is));
	else
		verify_say(v, f, VERIFY_NO_ENTRY, "state", VK_STATE,
			   "%s%.0s%s与由记录重算的结果不符；" AGAIN_ZH,
			   "%.0s%s%s is not what the records make it; " AGAIN_EN, row->zh, row->en,
			   at);
}

/* A row of which there are two values, one, or (@mine NULL) none that the records explain. */
static void say_row(struct verify *v, struct verify_feed *f, struct bytes key,
		    const struct bytes *stored, const struct bytes *mine)
{
	static const struct state_row unknown = {.zh = "未知数据", .en = "unknown row"};
	const struct state_row *row =
		key.n > STATE_FEED_LEN ? state_row_of(key.p[STATE_FEED_LEN]) : NULL;
	char code[TEXT_MAX];

	if (row && stored && mine) {
		say_values(v, f, row, key, stored, mine);
		return;
	}
	row = row ? row : &unknown;
	verify_say(v, f, VERIFY_NO_ENTRY, "state", VK_STATE,
		   stored ? "%s%.0s%s在存储中多出，记录中没有依据；" AGAIN_ZH
			  : "%s%.0s%s在存储中缺失；" AGAIN_ZH,
		   stored ? "%.0s%s%s is in the store, but no record explains it; " AGAIN_EN
			  : "%.0s%s%s is missing in the store; " AGAIN_EN,
		   row->zh, row->en, key_text(key, code));
}

/* What cannot be recomputed is not compared: the reason was told already. */
static bool comparable(struct verify *v, struct bytes key, struct verify_feed **ret)
{
	*ret = key.n >= STATE_FEED_LEN ? verify_feed_of(v, be32_get(key.p)) : NULL;
	return !*ret || ((*ret)->here && !(*ret)->broken);
}

static void say_broken(struct verify *v)
{
	for (uint32_t i = 0; i < v->nfeeds; i++) {
		struct verify_feed *f = &v->feed[i];

		if (!f->broken)
			continue;
		verify_say(v, f, VERIFY_NO_ENTRY, "state", VK_FOLD,
			   f->h.no == FEED_TOWN
				   ? "镇日志有上述问题，各村账户均无法重算核对；修复后请重新核验"
				   : "因上述问题，本日志的账户无法重算核对；修复后请重新核验",
			   f->h.no == FEED_TOWN
				   ? "because of the above the accounts of all feeds cannot be "
				     "recomputed and compared; mend that first, then verify again"
				   : "because of the above the accounts of this feed cannot be "
				     "recomputed and compared; mend that first, then verify again");
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
		say_row(v, f, d <= 0 ? stored->key : mine->key, d <= 0 ? &stored->val : NULL,
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
	int err = kv_cursor_open(v->t, KV_STATE, &stored.c);

	say_broken(v);
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
