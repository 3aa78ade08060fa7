#include "daemon/ledger/rules/rules.h"

#include "daemon/ledger/rules/filing/new_version.h"
#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read_filing.h"
#include "lib/err.h"

/* What a village decides is filed with the town: it submits a version, the town accepts it under a number or
 * returns it with a comment, and the village submits it again. The first three kinds of documents are filed,
 * under the values of SUBJECT. */
_Static_assert((int)DOC_CATALOGUE == (int)SUBJECT_catalogue, "subjects of filings are documents");
_Static_assert((int)DOC_PLAN == (int)SUBJECT_plan, "subjects of filings are documents");
_Static_assert((int)DOC_SCHEME == (int)SUBJECT_scheme, "subjects of filings are documents");

static int filed_already(struct rule_ctx *ctx, uint64_t version, uint64_t reply)
{
	struct rec_filing_reply r;
	int err = read_head(ctx->f->t, FEED_TOWN, reply, REC_filing_reply, &ctx->w->target, &r);

	if (err)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_FILED_ALREADY,
						  .num = {(int64_t)version},
						  .s = r.number});
}

/* --- the village submits ---------------------------------------------------------------------------- */
/* The last submission waits for an answer to itself: what the town wrote before it had seen one, it wrote of
 * something else. */
static int check_answered(struct rule_ctx *ctx, const struct rec_submission *s)
{
	uint64_t reply = 0, decision = FILED_returned;
	struct state_submit sent;
	int err = reader_submit(&ctx->reader, ctx->f->feed_no, s->subject, s->version, &sent);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = read_filing_reply(&ctx->reader, bytes_str(ctx->w->code), (enum doc_kind)s->subject,
				s->version, &reply, &decision);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (err || reply < sent.town_seen)
		return rule_refuse(
			ctx, &(struct refusal){.id = V_SUBMITTED,
					       .num = {(int64_t)s->version, (int64_t)sent.seq}});
	return decision == FILED_accepted ? filed_already(ctx, s->version, reply) : ERR_OK;
}

int rule_submission(struct rule_ctx *ctx)
{
	struct rec_submission s;
	struct document doc;
	struct state_key k;
	int err;

	rule_head(ctx, &s);
	err = new_version_need(ctx, (enum doc_kind)s.subject, s.version, &doc);
	if (!err)
		err = check_answered(ctx, &s);
	if (err)
		return err;
	state_submit_key(&k, ctx->f->feed_no, s.subject, s.version);
	state_submit_pack(&(struct state_submit){ctx->e->seq, ctx->known}, rule_out(ctx));
	return rule_put(ctx, &k);
}

/* --- the town replies ------------------------------------------------------------------------------- */
/* A filing number belongs to one filing of the town. */
static int take_number(struct rule_ctx *ctx, struct bytes number)
{
	struct state_num used;
	struct state_key k;
	int err;

	if (number.n == 0)
		return rule_refuse(ctx, &(struct refusal){.id = V_FILING_NUMBER});
	err = reader_filing_no(&ctx->reader, FEED_TOWN, number, &used);
	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_FILING_NUMBER_USED,
							  .num = {(int64_t)used.n},
							  .s = number});
	if (err != ERR_NOTFOUND)
		return err;
	state_filing_no_key(&k, FEED_TOWN, number);
	return rule_put_num(ctx, &k, ctx->e->seq);
}

int rule_filing_reply(struct rule_ctx *ctx)
{
	uint64_t before = 0, decision = FILED_returned;
	struct rec_filing_reply r;
	struct state_key k;
	int err;

	rule_head(ctx, &r);
	err = read_filing_reply(&ctx->reader, r.village, (enum doc_kind)r.subject, r.version,
				&before, &decision);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err && decision == FILED_accepted)
		return filed_already(ctx, r.version, before);
	if (r.decision == FILED_returned && placeholder(r.comment))
		return rule_refuse(ctx, &(struct refusal){.id = V_FILING_COMMENT});
	err = r.decision == FILED_accepted ? take_number(ctx, r.number) : ERR_OK;
	if (err)
		return err;
	state_filing_key(&k, FEED_TOWN, r.village, r.subject, r.version, ctx->e->seq);
	return rule_put_num(ctx, &k, r.decision);
}
