#include "daemon/ledger/rules/fold.h"

#include <string.h>

#include "daemon/ledger/rules/rule.h"
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
	err = rows_new(t, head->no, &f->work->rows);
	if (!err)
		err = load_meta(f);
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
		(void)rows_flush(w->rows);
	rows_free(w->rows);
	buf_close(&w->out);
	mem_free(w->item);
	mem_free(w->adopt);
	mem_free(w);
	f->work = NULL;
}

int fold_flush(struct fold *f)
{
	return rows_flush(f->work->rows);
}

/* --- what rules use -------------------------------------------------------------------------------- */
static void set_reason(struct reason *to, const struct refusal *r)
{
	memset(to, 0, sizeof(*to));
	to->id = r->id;
	memcpy(to->num, r->num, sizeof(to->num));
	reason_set_text(to->s, r->s.p, r->s.n);
	reason_set_text(to->t, r->t.p, r->t.n);
}

int rule_refuse(struct rule_ctx *ctx, const struct refusal *r)
{
	set_reason(&ctx->v->reason, r);
	ctx->v->nwarn = 0;
	return RULE_REFUSED;
}

void rule_warn(struct rule_ctx *ctx, const struct refusal *r)
{
	struct reason reason;

	set_reason(&reason, r);
	verdict_warn(ctx->v, &reason);
	if (ctx->f->warned)
		ctx->f->warned(ctx->f->warned_ctx, &reason);
}

/* "points[3].day": part 0 is the head; no field when the shape as a whole is wrong. */
int rule_malformed(struct rule_ctx *ctx, const char *field, uint32_t part)
{
	uint8_t text[REASON_TEXT_MAX];
	struct buf b = {.p = text, .cap = sizeof(text), .max = sizeof(text)};

	buf_puts(&b, ctx->type->name);
	buf_put_u8(&b, '[');
	if (part >= 100)
		buf_put_u8(&b, (uint8_t)('0' + part / 100));
	if (part >= 10)
		buf_put_u8(&b, (uint8_t)('0' + part / 10 % 10));
	buf_put_u8(&b, (uint8_t)('0' + part % 10));
	buf_put_u8(&b, ']');
	if (field) {
		buf_put_u8(&b, '.');
		buf_puts(&b, field);
	}
	return rule_refuse(ctx, &(struct refusal){.id = V_MALFORMED, .s = buf_bytes(&b)});
}

int rule_head(struct rule_ctx *ctx, void *ret)
{
	return rec_decode_head(ctx->type, ctx->payload, ret) ? rule_malformed(ctx, NULL, 0)
							     : ERR_OK;
}

int rule_line(struct rule_ctx *ctx, uint32_t i, void *ret)
{
	if (rec_decode_line(ctx->type, ctx->payload, i, ret))
		return rule_malformed(ctx, NULL, i + 1);
	return ERR_OK;
}

struct buf *rule_out(struct rule_ctx *ctx)
{
	buf_reset(&ctx->w->out);
	return &ctx->w->out;
}

int rule_put(struct rule_ctx *ctx, const struct state_key *k)
{
	if (ctx->w->out.err)
		return ctx->w->out.err;
	return rows_put(ctx->w->rows, k, buf_bytes(&ctx->w->out));
}

/* --- judging --------------------------------------------------------------------------------------- */
/* A signed transaction counts once: who replays it writes an entry without effect. */
static int check_txid(struct rule_ctx *ctx)
{
	uint64_t seq;
	int err = feedlog_txid(ctx->f->t, ctx->f->feed_no, ctx->e->txid, &seq);

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

static int apply_rule(struct rule_ctx *ctx)
{
	switch ((enum rec_code)ctx->e->type) {
	case REC_town_charter: return rule_town_charter(ctx);
	case REC_invitation: return rule_invitation(ctx);
	case REC_village_enrol: return rule_village_enrol(ctx);
	case REC_catalogue: return rule_catalogue(ctx);
	case REC_grant: return rule_grant(ctx);
	case REC_revoke: return rule_revoke(ctx);
	case REC_adopt_catalogue: return rule_adopt_catalogue(ctx);
	case REC_household: return rule_household(ctx);
	case REC_roster_change: return rule_roster_change(ctx);
	case REC_roster_correction: return rule_roster_correction(ctx);
	case REC_points: return rule_points(ctx);
	case REC_review: return rule_review(ctx);
	case REC_confirm: return rule_confirm(ctx);
	case REC_reversal: return rule_reversal(ctx);
	case REC_filing_reply: return rule_filing_reply(ctx);
	case REC_guidance: return rule_guidance(ctx);
	case REC_guidance_close: return rule_guidance_close(ctx);
	case REC_demonstration: return rule_demonstration(ctx);
	case REC_village_fact: return rule_village_fact(ctx);
	case REC_member_join: return rule_member_join(ctx);
	case REC_residence: return rule_residence(ctx);
	case REC_consent: return rule_consent(ctx);
	case REC_split: return rule_split(ctx);
	case REC_merge: return rule_merge(ctx);
	case REC_kin: return rule_kin(ctx);
	case REC_post: return rule_post(ctx);
	case REC_application: return rule_application(ctx);
	case REC_application_reply: return rule_application_reply(ctx);
	case REC_notified: return rule_notified(ctx);
	case REC_objection: return rule_objection(ctx);
	case REC_objection_reply: return rule_objection_reply(ctx);
	case REC_submission: return rule_submission(ctx);
	case REC_plan: return rule_plan(ctx);
	case REC_scheme: return rule_scheme(ctx);
	case REC_prices: return rule_prices(ctx);
	case REC_opening: return rule_opening(ctx);
	case REC_store: return rule_plain(ctx);
	case REC_redemption: return rule_redemption(ctx);
	case REC_redemption_reversal: return rule_redemption_reversal(ctx);
	case REC_appraisal: return rule_appraisal(ctx);
	case REC_appraisal_confirm: return rule_appraisal_confirm(ctx);
	case REC_year_close: return rule_year_close(ctx);
	case REC_honour: return rule_honour(ctx);
	case REC_policy_support: return rule_policy_support(ctx);
	case REC_notice: return rule_notice(ctx);
	case REC_posting: return rule_posting(ctx);
	case REC_withdrawal: return rule_withdrawal(ctx);
	case REC_passbook: return rule_passbook(ctx);
	case REC_meeting: return rule_plain(ctx);
	case REC_consultation: return rule_plain(ctx);
	case REC_training: return rule_plain(ctx);
	case REC_facility: return rule_facility(ctx);
	case REC_facility_check: return rule_facility_check(ctx);
	case REC_intent: return rule_plain(ctx);
	case REC_guidance_reply: return rule_guidance_reply(ctx);
	case REC_complaint: return rule_complaint(ctx);
	case REC_complaint_reply: return rule_complaint_reply(ctx);
	case REC_inspection: return rule_plain(ctx);
	case REC_case_note: return rule_case_note(ctx);
	}
	/* a record type without a rule */
	return rule_refuse(ctx, &(struct refusal){.id = V_UNKNOWN_TYPE,
						  .num = {ctx->e->type, ctx->e->schema}});
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
		err = apply_rule(ctx);
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
	ctx.reader = (struct reader){f->t, f->work->rows, f->feed_no, ctx.known};
	ctx.meta = f->work->meta;
	memset(&ret->reason, 0, sizeof(ret->reason));
	ret->nwarn = 0;
	err = rows_begin(f->work->rows);
	if (err)
		return err;
	err = judge(&ctx, payload, author_ok);
	if (err || !keep) {
		rows_rollback(f->work->rows);
		return err == RULE_REFUSED ? ERR_OK : err;
	}
	rows_commit(f->work->rows);
	f->work->meta = ctx.meta;
	f->town_seen = ctx.meta.town_seen;
	if (ctx.adopts_changed)
		f->work->adopts_known = false;
	if (ctx.years_changed)
		memset(f->work->year, FOLD_YEAR_UNKNOWN, sizeof(f->work->year));
	/* villages may look at the town's rows at once */
	return ctx.is_town ? rows_flush(f->work->rows) : ERR_OK;
}

int fold_apply(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       struct verdict *ret)
{
	return run(f, e, payload, author_ok, true, ret);
}

int fold_judge(struct fold *f, const struct entry *e, struct bytes payload, bool author_ok,
	       struct verdict *ret)
{
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
