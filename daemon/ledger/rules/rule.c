#include "daemon/ledger/rules/rule.h"

#include "lib/err.h"

/* --- refusals and records -------------------------------------------------------------------------- */
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

int rule_unreadable(struct rule_ctx *ctx, uint32_t part)
{
	const struct rec_type *t = ctx->type;
	const struct rec_field *f = rec_bad_field(
		part ? t->line : t->head, part ? t->nline : t->nhead, ctx->payload->part[part]);

	return rule_malformed(ctx, f ? f->name : NULL, part);
}

void rule_head(const struct rule_ctx *ctx, void *ret)
{
	memcpy(ret, ctx->head.raw, ctx->type->head_size);
}

int rule_line(struct rule_ctx *ctx, uint32_t i, void *ret)
{
	return rec_decode_line(ctx->type, ctx->payload, i, ret) ? rule_unreadable(ctx, i + 1)
								: ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------------------ */
struct buf *rule_out(struct rule_ctx *ctx)
{
	buf_reset(&ctx->w->out);
	return &ctx->w->out;
}

int rule_put(struct rule_ctx *ctx, const struct state_key *k)
{
	if (ctx->w->out.err)
		return ctx->w->out.err;
	return cache_put(ctx->w->rows, k, buf_bytes(&ctx->w->out));
}

int rule_put_mark(struct rule_ctx *ctx, const struct state_key *k)
{
	static const uint8_t mark = 1;

	return cache_put(ctx->w->rows, k, kv_bytes(&mark, 1));
}

int rule_put_num(struct rule_ctx *ctx, const struct state_key *k, uint64_t v)
{
	state_num_pack(&(struct state_num){v}, rule_out(ctx));
	return rule_put(ctx, k);
}

/* --- days ------------------------------------------------------------------------------------------ */
int rule_not_future(struct rule_ctx *ctx, day_t day)
{
	if (ctx->today == DAY_NONE || day <= ctx->today)
		return ERR_OK;
	return rule_refuse(ctx, &(struct refusal){.id = V_DAY_FUTURE, .num = {day, ctx->today}});
}

int rule_period(struct rule_ctx *ctx, day_t from, day_t to)
{
	if (from == DAY_NONE || to == DAY_NONE || from <= to)
		return ERR_OK;
	return rule_refuse(ctx, &(struct refusal){.id = V_PERIOD, .num = {from, to}});
}

int rule_need_clock(struct rule_ctx *ctx)
{
	return ctx->today == DAY_NONE ? rule_refuse(ctx, &(struct refusal){.id = V_NO_CLOCK})
				      : ERR_OK;
}
