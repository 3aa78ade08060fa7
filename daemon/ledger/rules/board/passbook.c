#include "daemon/ledger/rules/board/passbook.h"

#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"

/* The household to which the number went last; not found: nobody has a book of that number now. */
static int find_holder(struct rule_ctx *ctx, struct bytes number, struct state_raw *ret_household,
		       struct state_book *ret)
{
	struct state_household h;
	int err = reader_book_no(&ctx->reader, ctx->f->feed_no, number, ret_household);

	if (err)
		return err;
	err = read_household(&ctx->reader, ret_household->b, &h);
	if (!err)
		err = read_book(&ctx->reader, ret_household->b, &h, ret);
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return ret->held && bytes_eq(ret->number, number) ? ERR_OK : ERR_NOTFOUND;
}

int passbook_take(struct rule_ctx *ctx, struct bytes household, struct bytes number)
{
	struct state_raw other;
	struct state_book b;
	struct state_key k;
	int err = find_holder(ctx, number, &other, &b);

	if (!err)
		return rule_refuse(ctx, &(struct refusal){.id = V_BOOK_TAKEN,
							  .num = {(int64_t)b.seq},
							  .s = number,
							  .t = other.b});
	if (err != ERR_NOTFOUND)
		return err;
	state_raw_pack(&(struct state_raw){household}, rule_out(ctx));
	state_book_no_key(&k, ctx->f->feed_no, number);
	return rule_put(ctx, &k);
}

static int check_book(struct rule_ctx *ctx, const struct rec_passbook *r,
		      const struct state_book *b)
{
	if (r->action == BOOK_issue && b->held)
		return rule_refuse(ctx, &(struct refusal){.id = V_BOOK_HAS,
							  .num = {(int64_t)b->seq},
							  .s = r->household});
	if (r->action == BOOK_issue)
		return passbook_take(ctx, r->household, r->number);
	if (!b->held)
		return rule_refuse(ctx, &(struct refusal){.id = V_BOOK_NONE, .s = r->household});
	if (r->action == BOOK_replace && bytes_eq(r->number, b->number))
		return rule_refuse(ctx, &(struct refusal){.id = V_BOOK_SAME,
							  .s = r->household,
							  .t = b->number});
	if (r->action == BOOK_replace)
		return passbook_take(ctx, r->household, r->number);
	if (!bytes_eq(r->number, b->number))
		return rule_refuse(ctx, &(struct refusal){.id = V_BOOK_NUMBER,
							  .s = r->household,
							  .t = b->number});
	/* the next lines go beneath those that are there, or all of them into an empty book */
	if (r->action == BOOK_print && r->began && r->began != b->lines)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_BOOK_GAP,
						     .num = {(int64_t)b->lines, (int64_t)r->began},
						     .s = r->household});
	if (r->action == BOOK_print && (r->upto < b->upto || r->lines < b->lines))
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_BOOK_BACK,
						     .num = {(int64_t)b->upto, (int64_t)b->lines,
							     (int64_t)r->upto, (int64_t)r->lines},
						     .s = r->household});
	return ERR_OK;
}

static int put_book(struct rule_ctx *ctx, const struct rec_passbook *r,
		    const struct state_book *old)
{
	struct state_book b = {.seq = ctx->e->seq, .held = true, .number = r->number};
	struct state_key k;

	if (r->action == BOOK_print)
		b.seq = old->seq;
	/* a book may be handed out with its first lines printed */
	b.upto = r->upto;
	b.lines = r->lines;
	b.balance = points_raw(r->balance);
	if (r->action == BOOK_give_up) {
		b = *old;
		b.held = false;
	}
	state_book_pack(&b, rule_out(ctx));
	state_book_key(&k, ctx->f->feed_no, r->household);
	return rule_put(ctx, &k);
}

/* The book of a household that has left is still to be taken back, and who left the scheme keeps one that is there. */
static enum rec_need book_need(uint32_t action)
{
	if (action == BOOK_give_up)
		return REC_KNOWN;
	return action == BOOK_issue ? REC_PART : REC_PRESENT;
}

int rule_passbook(struct rule_ctx *ctx)
{
	struct state_household h;
	struct rec_passbook r;
	struct state_book b;
	int err;

	rule_head(ctx, &r);
	if (r.upto > ctx->e->seq)
		return rule_malformed(ctx, "upto", 0);
	err = roster_is(ctx, 0, r.household, book_need(r.action), &h);
	if (!err)
		err = read_book(&ctx->reader, r.household, &h, &b);
	if (!err)
		err = check_book(ctx, &r, &b);
	return err ? err : put_book(ctx, &r, &b);
}
