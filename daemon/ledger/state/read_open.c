#include "daemon/ledger/state/read_open.h"

#include "daemon/ledger/state/read_registers.h"
#include "daemon/ledger/state/state_open.h"
#include "lib/err.h"

static uint32_t feed_of(const struct reader *r, const struct rec_type *type)
{
	return type->feed == REC_FEED_TOWN ? FEED_TOWN : r->feed_no;
}

/* --- what is open ---------------------------------------------------------------------------------- */
struct walk {
	const struct reader *r;
	const struct rec_type *type;
	struct bytes village;
	int (*fn)(void *ctx, uint64_t seq);
	void *ctx;
};

static int row_or_empty(const struct reader *r, const struct state_key *k, struct bytes *ret)
{
	int err = reader_get(r, k, ret);

	if (err == ERR_NOTFOUND)
		*ret = kv_bytes(NULL, 0);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int on_block(const struct walk *w, uint64_t block)
{
	struct bytes row, reported;
	struct state_key k;
	int err;

	state_open_key(&k, feed_of(w->r, w->type), w->type->code, w->village, 0, block);
	err = row_or_empty(w->r, &k, &row);
	state_reported_key(&k, w->r->feed_no, w->type->code, block);
	if (!err)
		err = row_or_empty(w->r, &k, &reported);
	for (size_t i = 0; !err && i < row.n; i++)
		if (!state_open_has(reported, row.p[i]))
			err = w->fn(w->ctx, block * STATE_OPEN_FAN + row.p[i]);
	return err;
}

static int on_middle(const struct walk *w, uint64_t block)
{
	struct bytes row;
	struct state_key k;
	int err;

	state_open_key(&k, feed_of(w->r, w->type), w->type->code, w->village, 1, block);
	err = row_or_empty(w->r, &k, &row);
	for (size_t i = 0; !err && i < row.n; i++)
		err = on_block(w, block * STATE_OPEN_FAN + row.p[i]);
	return err;
}

static int on_top(void *ctx, struct bytes key, struct bytes row)
{
	struct state_open_parts at;
	int err = state_open_split(key, &at);

	for (size_t i = 0; !err && i < row.n; i++)
		err = on_middle(ctx, at.block * STATE_OPEN_FAN + row.p[i]);
	return err;
}

int read_open(const struct reader *r, const struct rec_type *type, struct bytes village,
	      int (*fn)(void *ctx, uint64_t seq), void *ctx)
{
	struct walk w = {r, type, village, fn, ctx};
	struct state_key k;

	state_open_key(&k, feed_of(r, type), type->code, village, STATE_OPEN_LEVELS - 1, 0);
	return reader_each(r, &k, 3, on_top, &w);
}

/* --- what became of it ----------------------------------------------------------------------------- */
int read_outcome(const struct reader *r, const struct rec_type *type, struct bytes village,
		 uint64_t seq, struct outcome *ret)
{
	struct reader of = *r;
	struct state_report last;
	int err;

	*ret = (struct outcome){0};
	of.feed_no = feed_of(r, type);
	err = read_settled_for(&of, seq, village, &ret->settled);
	if (err && err != ERR_NOTFOUND)
		return err;
	err = reader_report(r, r->feed_no, type->code, seq, &last);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	ret->report = last.seq;
	ret->done = last.done;
	return ERR_OK;
}
