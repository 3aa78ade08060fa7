#include "daemon/ledger/rules/rules.h"

#include "daemon/ledger/rules/filing/versions.h"
#include "daemon/ledger/state/placeholder.h"
#include "lib/err.h"

/* What a village decides is filed with the town: it submits a version, the town accepts it under a number or
 * returns it with a comment, and the village submits it again. The first three kinds of documents are filed,
 * under the values of SUBJECT. */
_Static_assert((int)DOC_CATALOGUE == (int)SUBJECT_catalogue, "subjects of filings are documents");
_Static_assert((int)DOC_PLAN == (int)SUBJECT_plan, "subjects of filings are documents");
_Static_assert((int)DOC_SCHEME == (int)SUBJECT_scheme, "subjects of filings are documents");

/* The newest decision of the town among its first ctx->known entries. ERR_NOTFOUND. */
static int last_reply(struct rule_ctx *ctx, struct bytes village, uint32_t subject,
		      uint64_t version, uint64_t *ret_seq, uint64_t *ret_decision)
{
	struct bytes key, row;
	struct state_key k;
	int err;

	state_key_of(&k, FEED_TOWN, STATE_FILING);
	state_key_text(&k, village);
	state_key_u8(&k, (uint8_t)subject);
	state_key_u32(&k, (uint32_t)version);
	size_t prefix = k.n;
	state_key_u64(&k, ctx->known);
	err = rows_before(ctx->w->rows, &k, prefix, &key, &row);
	if (!err)
		err = state_num_parse(row, ret_decision);
	if (!err)
		*ret_seq = be64_get(key.p + key.n - 8);
	return err;
}

static int filed_already(struct rule_ctx *ctx, uint64_t version, uint64_t reply)
{
	struct rec_filing_reply r;
	int err = feedlog_payload(ctx->f->t, FEED_TOWN, reply, &ctx->w->target);

	if (err)
		return err;
	if (rec_decode_head(rec_type_of(REC_filing_reply), &ctx->w->target, &r))
		return ERR_CORRUPT;
	return rule_refuse(ctx, &(struct refusal){.id = V_FILED_ALREADY,
						  .num = {(int64_t)version},
						  .s = r.number});
}

/* --- the village submits ---------------------------------------------------------------------------- */
static void submit_key(struct state_key *k, const struct rule_ctx *ctx,
		       const struct rec_submission *s)
{
	state_key_of(k, ctx->f->feed_no, STATE_SUBMIT);
	state_key_u8(k, (uint8_t)s->subject);
	state_key_u32(k, (uint32_t)s->version);
}

/* The last submission waits for an answer to itself: what the town wrote before it had seen one, it wrote of
 * something else. */
static int check_answered(struct rule_ctx *ctx, const struct rec_submission *s)
{
	uint64_t reply = 0, decision = FILED_returned;
	struct state_key k;
	int64_t v[2];
	int err;

	submit_key(&k, ctx, s);
	err = rule_get_nums(ctx, &k, v, 2);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = last_reply(ctx, bytes_str(ctx->w->code), s->subject, s->version, &reply, &decision);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (err || reply < (uint64_t)v[1])
		return rule_refuse(ctx, &(struct refusal){.id = V_SUBMITTED,
							  .num = {(int64_t)s->version, v[0]}});
	return decision == FILED_accepted ? filed_already(ctx, s->version, reply) : ERR_OK;
}

int rule_submission(struct rule_ctx *ctx)
{
	const int64_t now[] = {(int64_t)ctx->e->seq, (int64_t)ctx->known};
	struct rec_submission s;
	struct version_row doc;
	struct state_key k;
	int err;

	rule_head(ctx, &s);
	err = versions_need(ctx, (enum doc_kind)s.subject, s.version, &doc);
	if (!err)
		err = check_answered(ctx, &s);
	if (err)
		return err;
	submit_key(&k, ctx, &s);
	return rule_put_nums(ctx, &k, now, 2);
}

/* --- the town replies ------------------------------------------------------------------------------- */
/* A filing number belongs to one filing of the town. */
static int take_number(struct rule_ctx *ctx, struct bytes number)
{
	struct state_key k;
	uint64_t used;
	int err;

	if (number.n == 0)
		return rule_refuse(ctx, &(struct refusal){.id = V_FILING_NUMBER});
	state_key_of(&k, FEED_TOWN, STATE_FILING_NO);
	state_key_text(&k, number);
	err = rule_get_num(ctx, &k, &used);
	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_FILING_NUMBER_USED,
							  .num = {(int64_t)used},
							  .s = number});
	return err == ERR_NOTFOUND ? rule_put_num(ctx, &k, ctx->e->seq) : err;
}

int rule_filing_reply(struct rule_ctx *ctx)
{
	uint64_t before = 0, decision = FILED_returned;
	struct rec_filing_reply r;
	struct state_key k;
	int err;

	rule_head(ctx, &r);
	err = last_reply(ctx, r.village, r.subject, r.version, &before, &decision);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err && decision == FILED_accepted)
		return filed_already(ctx, r.version, before);
	if (r.decision == FILED_returned && placeholder(r.comment))
		return rule_refuse(ctx, &(struct refusal){.id = V_FILING_COMMENT});
	err = r.decision == FILED_accepted ? take_number(ctx, r.number) : ERR_OK;
	if (err)
		return err;
	state_key_of(&k, FEED_TOWN, STATE_FILING);
	state_key_text(&k, r.village);
	state_key_u8(&k, (uint8_t)r.subject);
	state_key_u32(&k, (uint32_t)r.version);
	state_key_u64(&k, ctx->e->seq);
	return rule_put_num(ctx, &k, r.decision);
}
