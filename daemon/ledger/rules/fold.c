#include "daemon/ledger/rules/fold.h"

#include <string.h>

#include "daemon/ledger/rules/fields.h"
#include "daemon/ledger/rules/rights.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/state_format.h"
#include "lib/err.h"
#include "lib/mem.h"

static int load_meta(struct fold *f)
{
	const struct reader r = reader_of(f->t, f->feed_no);
	int err = reader_meta(&r, f->feed_no, &f->work->meta);

	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int fold_open(struct fold *f, struct kv_txn *t, const struct hash *town,
	      const struct feed_head *head)
{
	int err = ERR_NOMEM;

	*f = (struct fold){.t = t, .town = *town, .feed_no = head->no, .feed_id = head->id};
	f->work = mem_alloc(sizeof(*f->work));
	if (!f->work)
		return err;
	err = cache_new(t, head->no, &f->work->rows);
	if (!err)
		err = load_meta(f);
	f->work->journal =
		(struct journal){.rows = f->work->rows, .out = &f->work->out, .feed_no = head->no};
	if (err) {
		fold_close(f);
		return err;
	}
	f->town_seen = f->work->meta.town_seen;
	return ERR_OK;
}

void fold_close(struct fold *f)
{
	struct fold_work *w = f->work;

	if (!w)
		return;
	/* an error stays in the transaction, which then cannot be committed */
	if (w->rows)
		(void)cache_flush(w->rows);
	cache_free(w->rows);
	journal_close(&w->journal);
	buf_close(&w->out);
	mem_free(w->item);
	map_close(&w->item_at);
	mem_free(w->adopt);
	mem_free(w);
	f->work = NULL;
}

int fold_flush(struct fold *f)
{
	return cache_flush(f->work->rows);
}

/* --- judging --------------------------------------------------------------------------------------- */
/* A signed transaction counts once: who replays it writes an entry without effect. */
static int check_txid(struct rule_ctx *ctx)
{
	const struct fold_txid *known = ctx->f->txid;
	uint64_t seq = known ? known->seq : 0;
	int err = known ? (known->found ? ERR_OK : ERR_NOTFOUND)
			: feedlog_txid(ctx->f->t, ctx->f->feed_no, ctx->e->txid, &seq);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	if (seq >= ctx->e->seq)
		return ERR_OK;
	return rule_refuse(ctx, &(struct refusal){.id = V_TXID_REUSED, .num = {(int64_t)seq}});
}

static int check_form(struct rule_ctx *ctx, bool author_ok)
{
	const struct entry *e = ctx->e;

	if (!author_ok)
		return rule_refuse(ctx, &(struct refusal){.id = V_BAD_SIGNATURE});
	ctx->type = rec_type_of(e->type);
	if (!ctx->type || e->schema > ctx->type->schema)
		return rule_refuse(ctx, &(struct refusal){.id = V_UNKNOWN_TYPE,
							  .num = {e->type, e->schema}});
	if (!(ctx->type->feed & (ctx->is_town ? REC_FEED_TOWN : REC_FEED_VILLAGE)))
		return rule_refuse(ctx, &(struct refusal){.id = V_WRONG_FEED,
							  .s = bytes_str(ctx->type->name)});
	if (!ctx->is_town && e->town_seen < ctx->w->meta.town_seen)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_TOWN_SEEN,
						     .num = {(int64_t)e->town_seen,
							     (int64_t)ctx->w->meta.town_seen}});
	return check_txid(ctx);
}

/* How much of the town feed is held here; read again only when it was too little. */
static int check_town_held(struct rule_ctx *ctx)
{
	struct feed_head head;
	int err;

	if (ctx->known <= ctx->w->town_held)
		return ERR_OK;
	err = feedlog_head(ctx->f->t, FEED_TOWN, &head);
	if (err && err != ERR_NOTFOUND)
		return err;
	ctx->w->town_held = err ? 0 : head.size;
	return ctx->known <= ctx->w->town_held ? ERR_OK : ERR_STATE;
}

static int check_enrolled(struct rule_ctx *ctx)
{
	struct fold_work *w = ctx->w;
	struct state_enrol en;
	int err;

	if (!w->enrolled) {
		err = reader_enrol(&ctx->reader, FEED_TOWN, ctx->f->feed_id.b, &en);
		if (err && err != ERR_NOTFOUND)
			return err;
		if (!err) {
			w->enrolled = true;
			w->enrol_seq = en.seq;
			memcpy(w->code, en.code.p,
			       en.code.n < sizeof(w->code) ? en.code.n : sizeof(w->code) - 1);
		}
	}
	if (w->enrolled && w->enrol_seq < ctx->known)
		return ERR_OK;
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_NOT_ENROLLED, .num = {(int64_t)ctx->known}});
}

static int check_charter(struct rule_ctx *ctx)
{
	bool is_charter = ctx->e->type == REC_town_charter;

	if (is_charter == (ctx->e->seq == 0) && is_charter != ctx->w->meta.chartered)
		return ERR_OK;
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_CHARTER_ORDER, .num = {(int64_t)ctx->e->seq}});
}

/* In the order of rec_types; NULL: the checks of its fields are all. */
#define RULE(name)						 rule_##name
#define FIELDS(name)						 NULL
#define LINES(name)						 rule_##name
#define REC_X(name, code, schema, feed, roles, index, rule, ...) rule(name),
static int (*const rules[])(struct rule_ctx *ctx) = {RECORDS(REC_X, REC_X)};
#undef RULE
#undef FIELDS
#undef LINES
#undef REC_X

static int apply_rule(struct rule_ctx *ctx)
{
	int (*rule)(struct rule_ctx * ctx) = rules[ctx->type - rec_types];

	return rule ? rule(ctx) : ERR_OK;
}

static int put_meta(struct rule_ctx *ctx)
{
	struct state_key k;

	if (!ctx->is_town && ctx->e->town_seen > ctx->meta.town_seen) {
		ctx->meta.town_seen = ctx->e->town_seen;
		ctx->meta_changed = true;
	}
	if (!ctx->meta_changed)
		return ERR_OK;
	state_meta_key(&k, ctx->f->feed_no);
	state_meta_pack(&ctx->meta, rule_out(ctx));
	return rule_put(ctx, &k);
}

/* The index by type, for registers and for what later entries refer to. */
static int put_listed(struct rule_ctx *ctx)
{
	struct state_key k;

	if (!ctx->type->listed)
		return ERR_OK;
	state_listed_key(&k, ctx->f->feed_no, ctx->e->type, ctx->e->seq);
	return rule_put_mark(ctx, &k);
}

static int judge(struct rule_ctx *ctx, struct bytes payload, bool author_ok)
{
	int err = check_form(ctx, author_ok);

	if (!err && !ctx->is_town)
		err = check_town_held(ctx);
	if (!err)
		err = ctx->is_town ? check_charter(ctx) : check_enrolled(ctx);
	if (err)
		return err;
	if (payload_parse(payload.p, payload.n, &ctx->w->payload) ||
	    rec_nlines(ctx->type, ctx->payload, &ctx->nlines))
		return rule_malformed(ctx, NULL, 0);
	if (ctx->type->roles)
		err = rights_check(ctx, ctx->type->roles);
	if (!err)
		err = fields_check(ctx);
	if (!err)
		err = apply_rule(ctx);
	if (!err)
		err = journal_end(&ctx->w->journal);
	if (!err)
		err = fields_apply(ctx);
	if (!err)
		err = put_listed(ctx);
	if (!err)
		err = put_meta(ctx);
	return err;
}

static int run(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       bool keep, struct verdict *ret)
{
	struct rule_ctx ctx = {
		.f = f, .w = f->work, .e = e, .payload = &f->work->payload, .v = ret};
	int err;

	ctx.is_town = f->feed_no == FEED_TOWN;
	ctx.known = ctx.is_town ? e->seq : e->town_seen;
	ctx.today = day_of_ms(e->wall_ms);
	ctx.reader = (struct reader){f->t, f->work->rows, f->feed_no, ctx.known, 0};
	ctx.meta = f->work->meta;
	memset(&ret->reason, 0, sizeof(ret->reason));
	ret->nwarn = 0;
	err = cache_begin(f->work->rows);
	if (err)
		return err;
	journal_begin(&f->work->journal, e->seq, ctx.today);
	err = judge(&ctx, payload, author_ok);
	/* also when it is refused: what was looked up meanwhile may have seen its rows */
	if (ctx.adopts_changed)
		f->work->adopts_known = false;
	if (ctx.years_changed)
		memset(f->work->year, FOLD_YEAR_UNKNOWN, sizeof(f->work->year));
	if (err || !keep) {
		cache_rollback(f->work->rows);
		return err == RULE_REFUSED ? ERR_OK : err;
	}
	cache_commit(f->work->rows);
	f->work->meta = ctx.meta;
	f->town_seen = ctx.meta.town_seen;
	if (!ctx.is_town)
		return ERR_OK;
	/* the charter is the first entry that makes rows */
	err = e->type == REC_town_charter ? state_format_put(f->t) : ERR_OK;
	/* villages may look at the town's rows at once */
	return err ? err : cache_flush(f->work->rows);
}

int fold_apply(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       struct verdict *ret)
{
	f->about = 0;
	return run(f, e, payload, author_ok, true, ret);
}

int fold_judge(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       struct verdict *ret)
{
	f->about = 0;
	return run(f, e, payload, author_ok, false, ret);
}

int fold_digest(struct kv_txn *t, uint32_t feed_no, struct hash *ret)
{
	struct kv_cursor *c = NULL;
	struct bytes key, val;
	struct sha256 s;
	uint8_t no[STATE_FEED_LEN], len[8];
	int err = kv_cursor_open(t, KV_STATE, &c);

	if (err)
		return err;
	sha256_start(&s);
	be32_put(no, feed_no);
	for (err = kv_seek(c, KV_GE, kv_bytes(no, sizeof(no)), &key, &val);
	     !err && key.n > sizeof(no) && memcmp(key.p, no, sizeof(no)) == 0;
	     err = kv_seek(c, KV_NEXT, key, &key, &val)) {
		be32_put(len, (uint32_t)(key.n - sizeof(no)));
		be32_put(len + 4, (uint32_t)val.n);
		sha256_add(&s, len, sizeof(len));
		sha256_add(&s, key.p + sizeof(no), key.n - sizeof(no));
		sha256_add(&s, val.p, val.n);
	}
	kv_cursor_close(c);
	if (err && err != ERR_NOTFOUND)
		return err;
	sha256_end(&s, ret);
	return ERR_OK;
}
