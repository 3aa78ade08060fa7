#include "daemon/ledger/rules/refs.h"

#include "daemon/ledger/rules/open.h"
#include "daemon/ledger/rules/rights.h"
#include "daemon/ledger/state/read_registers.h"
#include "lib/err.h"

static int no_such(struct rule_ctx *ctx, uint64_t seq, enum rec_code code)
{
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_REFERENCE,
					     .num = {(int64_t)seq},
					     .s = bytes_str(rec_type_of((uint16_t)code)->name)});
}

static int is_listed(struct rule_ctx *ctx, uint32_t feed_no, uint64_t seq, enum rec_code code)
{
	struct state_mark listed;

	return reader_listed(&ctx->reader, feed_no, code, seq, &listed);
}

static int read_ref(struct rule_ctx *ctx, uint32_t feed_no, uint64_t seq, enum rec_code code,
		    void *ret)
{
	const struct rec_type *type = rec_type_of((uint16_t)code);
	int err = is_listed(ctx, feed_no, seq, code);

	if (err)
		return err == ERR_NOTFOUND ? no_such(ctx, seq, code) : err;
	err = feedlog_payload(ctx->f->t, feed_no, seq, &ctx->w->target);
	if (err)
		return err;
	return rec_decode_head(type, &ctx->w->target, ret) ? ERR_CORRUPT : ERR_OK;
}

int rule_ref(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, void *ret)
{
	return read_ref(ctx, ctx->f->feed_no, seq, code, ret);
}

int rule_ref_town(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, void *ret)
{
	if (seq >= ctx->known)
		return no_such(ctx, seq, code);
	return read_ref(ctx, FEED_TOWN, seq, code, ret);
}

int rule_ref_exists(struct rule_ctx *ctx, uint64_t seq, enum rec_code code)
{
	bool of_town = rec_type_of((uint16_t)code)->feed == REC_FEED_TOWN && !ctx->is_town;
	int err = of_town && seq >= ctx->known ? ERR_NOTFOUND : ERR_OK;

	if (!err)
		err = is_listed(ctx, of_town ? FEED_TOWN : ctx->f->feed_no, seq, code);
	return err == ERR_NOTFOUND ? no_such(ctx, seq, code) : err;
}

int rule_ref_author(struct rule_ctx *ctx, uint64_t seq, uint8_t ret[SIGN_KEY_BYTES])
{
	struct bytes leaf, payload;
	struct entry e;
	int err = feedlog_read(ctx->f->t, ctx->f->feed_no, seq, &leaf, &payload);

	if (!err && entry_parse(leaf.p, leaf.n, &e))
		err = ERR_CORRUPT;
	if (!err)
		memcpy(ret, e.author, SIGN_KEY_BYTES);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

int rule_other_person(struct rule_ctx *ctx, uint64_t seq, enum rec_code code)
{
	struct bytes name = {NULL, 0};
	uint8_t author[SIGN_KEY_BYTES];
	int err = rule_ref_author(ctx, seq, author);

	if (!err)
		err = rights_name_of(ctx, author, &name);
	if (err ||
	    (memcmp(author, ctx->e->author, SIGN_KEY_BYTES) != 0 && !rights_is_author(ctx, name)))
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_SAME_PERSON,
						  .num = {(int64_t)seq},
						  .s = bytes_str(rec_type_of((uint16_t)code)->name),
						  .t = name});
}

static int put_done(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, struct bytes village,
		    uint64_t by)
{
	struct state_key k;
	int err;

	if (village.n)
		state_guided_key(&k, ctx->f->feed_no, seq, village);
	else
		state_done_key(&k, ctx->f->feed_no, seq);
	err = rule_put_num(ctx, &k, by);
	return err ? err
		   : open_mark(ctx, rec_type_of((uint16_t)code), seq, village,
			       by == STATE_OPEN_AGAIN);
}

int rule_unsettled(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, struct bytes village)
{
	uint64_t by;
	int err = read_settled_for(&ctx->reader, seq, village, &by);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_DONE_ALREADY,
					     .num = {(int64_t)seq, (int64_t)by},
					     .s = bytes_str(rec_type_of((uint16_t)code)->name)});
}

int rule_settle(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, struct bytes village)
{
	return put_done(ctx, seq, code, village, ctx->e->seq);
}

int rule_reopen(struct rule_ctx *ctx, uint64_t seq, enum rec_code code)
{
	return put_done(ctx, seq, code, (struct bytes){NULL, 0}, STATE_OPEN_AGAIN);
}
