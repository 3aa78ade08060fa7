#include "daemon/ledger/rules/fields.h"

#include <stdio.h>

#include "daemon/ledger/rules/open.h"
#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/town/guidance.h"
#include "daemon/ledger/state/privacy.h"
#include "lib/err.h"
#include "lib/look.h"

/* A head (line 0) or a line whose fields are checked. */
struct part {
	uint32_t line;
	const void *s;
};

static int check_day(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f)
{
	int err = f->past ? rule_not_future(ctx, rec_day(f, p->s)) : ERR_OK;

	if (!err && f->not_before)
		err = rule_period(ctx, rec_day(f->not_before, p->s), rec_day(f, p->s));
	return err;
}

static struct bytes settled_for(const struct rec_field *f, const void *head)
{
	return f->settles_for ? rec_bytes(f->settles_for, head) : (struct bytes){NULL, 0};
}

static int check_ref(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f)
{
	uint64_t seq = rec_u(f, p->s);
	int err = seq ? rule_ref_exists(ctx, seq, f->ref) : ERR_OK;

	if (!err && seq && f->other_person)
		err = rule_other_person(ctx, seq, f->ref);
	if (!err && seq && f->settles)
		err = rule_unsettled(ctx, seq, f->ref, settled_for(f, p->s));
	return err;
}

/* A field as reasons name it: other types may call one of the same name otherwise. */
static struct bytes name_of(const struct rule_ctx *ctx, const struct rec_field *f,
			    char out[REASON_TEXT_MAX])
{
	snprintf(out, REASON_TEXT_MAX, "%s.%s", ctx->type->name, f->name);
	return bytes_str(out);
}

static int refuse_at_most(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f,
			  uint64_t u)
{
	char name[REASON_TEXT_MAX], most[REASON_TEXT_MAX];

	return rule_refuse(ctx,
			   &(struct refusal){.id = V_AT_MOST,
					     .num = {(int64_t)u, (int64_t)rec_u(f->at_most, p->s)},
					     .s = name_of(ctx, f, name),
					     .t = name_of(ctx, f->at_most, most)});
}

static int check_number(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f)
{
	uint64_t u = rec_u(f, p->s);

	if (f->at_most && u > rec_u(f->at_most, p->s))
		return refuse_at_most(ctx, p, f, u);
	if (f->member && u)
		return roster_is_member(ctx, p->line, rec_bytes(f->member_of, p->s), (uint32_t)u,
					f->member);
	return f->ref ? check_ref(ctx, p, f) : ERR_OK;
}

/* --- texts ----------------------------------------------------------------------------------------- */
static int check_look(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f,
		      struct bytes text)
{
	char code[LOOK_CODE_MAX];
	char name[REASON_TEXT_MAX];
	struct look_found found;
	struct look look;

	if (look_find(text, f->person, &found))
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_TEXT_CHARACTER,
						     .num = {p->line, found.place},
						     .s = name_of(ctx, f, name),
						     .t = bytes_str(look_code(found.c, code))});
	if (!f->person || text.n == 0)
		return ERR_OK;
	look_of(text, &look);
	return look.n ? ERR_OK
		      : rule_refuse(ctx, &(struct refusal){.id = V_P08_MISSING,
							   .num = {p->line},
							   .s = name_of(ctx, f, name)});
}

/* What kinds of numbers a text has no reason to hold. Codes have digits of their own, but none of them is an identity
 * number by chance. */
static unsigned foreign_numbers(const struct rec_field *f)
{
	if (f->phone)
		return PRIVACY_CARDS | PRIVACY_LONG;
	if (f->paper)
		return PRIVACY_PHONES;
	return f->kind == REC_TEXT ? PRIVACY_ALL : 0;
}

/* What is written cannot be taken back, and goes to others. */
static int check_text(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f)
{
	struct bytes text = rec_bytes(f, p->s);
	char name[REASON_TEXT_MAX];
	int err = f->kind == REC_TEXT ? check_look(ctx, p, f, text) : ERR_OK;

	if (err || !privacy_find(text, foreign_numbers(f), NULL))
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_PERSONAL_NUMBER,
						  .num = {p->line},
						  .s = name_of(ctx, f, name)});
}

int fields_texts(struct rule_ctx *ctx, uint32_t line, const void *s)
{
	const struct part p = {line, s};
	const struct rec_type *t = ctx->type;
	int err = ERR_OK;

	for (uint32_t i = 0; i < t->nline && !err; i++)
		if (t->line[i].kind == REC_TEXT || t->line[i].kind == REC_CODE)
			err = check_text(ctx, &p, &t->line[i]);
	return err;
}

static int check_code(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f)
{
	struct bytes code = rec_bytes(f, p->s);
	struct state_household h;
	int err = check_text(ctx, p, f);

	if (err)
		return err;
	if (f->household && code.n)
		return roster_is(ctx, p->line, code, f->household, &h);
	return f->enrolled && code.n ? guidance_need_village(ctx, code) : ERR_OK;
}

/* By a slip of the finger, or of the unit, a rule of the village would be another one. */
static void warn_far(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f)
{
	char name[REASON_TEXT_MAX];
	int64_t first, value;

	if (!rec_far(f, p->s, &first, &value))
		return;
	rule_warn(ctx, &(struct refusal){.id = f->kind == REC_U ? V_FAR_NUMBER : V_FAR_AMOUNT,
					 .num = {value, first},
					 .s = name_of(ctx, f, name)});
}

static int check_field(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f)
{
	switch (f->kind) {
	case REC_DAY: return check_day(ctx, p, f);
	case REC_U: return check_number(ctx, p, f);
	case REC_CODE: return check_code(ctx, p, f);
	case REC_TEXT: return check_text(ctx, p, f);
	case REC_POINTS:
	case REC_FEN:
	case REC_QTY:
	case REC_BIN:
	case REC_CHOICE:
	case REC_MINUTE:
	case REC_DIGEST: break; /* their bounds are all */
	}
	return ERR_OK;
}

static int check_part(struct rule_ctx *ctx, const struct part *p, const struct rec_field *f,
		      uint32_t n)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < n && !err; i++) {
		err = check_field(ctx, p, &f[i]);
		if (!err && f[i].near)
			warn_far(ctx, p, &f[i]);
	}
	return err;
}

static int check_head(struct rule_ctx *ctx)
{
	const struct rec_type *t = ctx->type;

	if (rec_decode_head(t, ctx->payload, &ctx->head))
		return rule_unreadable(ctx, 0);
	return check_part(ctx, &(struct part){0, &ctx->head}, t->head, t->nhead);
}

static int check_line(struct rule_ctx *ctx, uint32_t line)
{
	union rec_any s;
	int err = rule_line(ctx, line - 1, &s);

	return err ? err
		   : check_part(ctx, &(struct part){line, &s}, ctx->type->line, ctx->type->nline);
}

int fields_check(struct rule_ctx *ctx)
{
	bool lines = !ctx->type->own_lines;
	int err = check_head(ctx);

	for (uint32_t line = 1; line <= ctx->nlines && lines && !err; line++)
		err = check_line(ctx, line);
	return err;
}

static int effect_of(struct rule_ctx *ctx, const struct rec_field *f)
{
	uint64_t seq = f->ref ? rec_u(f, &ctx->head) : 0;
	int err = ERR_OK;

	if (seq && f->settles)
		err = rule_settle(ctx, seq, (enum rec_code)f->ref, settled_for(f, &ctx->head));
	if (!err && seq && f->done_when)
		err = open_report(ctx, rec_type_of(f->ref), seq,
				  rec_chosen(f->done_when, &ctx->head) == YES_yes);
	return err;
}

/* For the village that it names, or for all. */
static struct bytes open_for(const struct rec_type *t, const void *head)
{
	for (uint32_t i = 0; i < t->nhead; i++)
		if (t->head[i].enrolled)
			return rec_bytes(&t->head[i], head);
	return bytes_str("");
}

int fields_apply(struct rule_ctx *ctx)
{
	const struct rec_type *t = ctx->type;
	int err = open_mark(ctx, t, ctx->e->seq, open_for(t, &ctx->head), true);

	for (uint32_t i = 0; i < t->nhead && !err; i++)
		err = effect_of(ctx, &t->head[i]);
	return err;
}
