#include "daemon/ledger/rules/points/due_process.h"

#include "daemon/ledger/rules/filing/catalogue.h"
#include "daemon/ledger/rules/filing/new_version.h"
#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/people/split_merge.h"
#include "daemon/ledger/rules/points/approval.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/scheme.h"
#include "daemon/ledger/state/state_register.h"
#include "lib/err.h"

/* Due process: what villagers apply for, what they are told of, what they object to and
 * complain of. */

/* --- applications ---------------------------------------------------------------------------------- */
static int check_wanted(struct rule_ctx *ctx, const struct rec_application *a)
{
	const struct catalogue_item *it;
	uint64_t version;
	int err = catalogue_on(ctx, a->day, &version);

	if (!err && version == 0)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_P11_NOT_IN_FORCE, .num = {0, a->day}});
	if (!err)
		err = catalogue_find(ctx, version, a->item, &it);
	if (err == ERR_NOTFOUND)
		return rule_refuse(ctx, &(struct refusal){.id = V_P11_UNKNOWN_ITEM,
							  .num = {0, (int64_t)version},
							  .s = a->item});
	if (err || (it->scope == SCOPE_individual) == (a->member != 0))
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_P11_SCOPE,
						  .num = {0, (int64_t)a->member},
						  .s = a->item,
						  .t = bytes_str(it->scope == SCOPE_individual
									 ? "individual"
									 : "household")});
}

int rule_application(struct rule_ctx *ctx)
{
	struct state_household h;
	struct rec_application a;
	int err;

	rule_head(ctx, &a);
	err = roster_known(ctx, 0, a.household, &h);
	if (!err)
		err = roster_territory(ctx, 0, a.household, &h);
	if (!err)
		err = check_wanted(ctx, &a);
	if (err)
		return err;
	if (placeholder(a.place) || placeholder(a.reason))
		return rule_refuse(ctx, &(struct refusal){.id = V_P08_MISSING,
							  .s = bytes_str(placeholder(a.place)
										 ? "place"
										 : "reason")});
	return ERR_OK;
}

int due_process_apply(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l)
{
	struct rec_application a;
	struct place now;
	int err = rule_ref(ctx, l->application, REC_application, &a);

	/* who applied may have moved in between */
	if (!err)
		err = split_merge_now(ctx, a.household, (uint32_t)a.member, &now);
	if (err)
		return err;
	if (now.member != l->member || !bytes_eq(place_household(&now), l->household) ||
	    !bytes_eq(a.item, l->item))
		return rule_refuse(
			ctx, &(struct refusal){.id = V_APPLICATION_LINE,
					       .num = {line, (int64_t)l->application, now.member},
					       .s = place_household(&now),
					       .t = a.item});
	err = rule_unsettled(ctx, l->application, REC_application, bytes_str(""));
	return err ? err : rule_settle(ctx, l->application, REC_application, bytes_str(""));
}

/* --- telling --------------------------------------------------------------------------------------- */
/* The line of a points entry in whose lines we are, and its item. */
static int read_line(struct rule_ctx *ctx, uint64_t entry, uint32_t line,
		     struct rec_points_line *ret, const struct catalogue_item **ret_item)
{
	int err = feedlog_payload(ctx->f->t, ctx->f->feed_no, entry, &ctx->w->target);

	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return approval_line(ctx, line, ret, ret_item);
}

/* Told again: the last telling counts, until the line is decided. */
int rule_notified(struct rule_ctx *ctx)
{
	const struct catalogue_item *it;
	struct state_household h;
	struct rec_points_line l;
	struct rec_notified r;
	struct state_key k;
	int err;

	rule_head(ctx, &r);
	err = approval_lines(ctx, r.entry, r.line);
	if (err)
		return err;
	uint32_t line = (uint32_t)r.line;
	uint8_t state = ctx->w->lines.line[line - 1].state;
	if (state != LINE_RECORDED && state != LINE_REVIEWED)
		return approval_wrong_state(ctx, r.entry, line);
	err = read_line(ctx, r.entry, line, &l, &it);
	if (!err)
		err = roster_known(ctx, line, l.household, &h);
	if (!err)
		err = roster_territory(ctx, line, l.household, &h);
	if (!err && it->sign != SIGN_deduct)
		err = rule_refuse(ctx, &(struct refusal){.id = V_NO_DEDUCTION,
							 .num = {(int64_t)r.entry, line}});
	if (!err)
		err = rule_period(ctx, l.day, r.day);
	if (err)
		return err;
	state_notified_key(&k, ctx->f->feed_no, r.entry, line);
	state_notified_pack(&(struct state_notified){r.day}, rule_out(ctx));
	return rule_put(ctx, &k);
}

int due_process_due(struct rule_ctx *ctx, uint64_t entry, uint32_t line,
		    const struct rec_points_line *l)
{
	struct state_objection open;
	struct rec_scheme scheme;
	day_t notified = l->notified;
	int err = read_notified(&ctx->reader, entry, line, &notified);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (notified == DAY_NONE)
		return rule_refuse(ctx, &(struct refusal){.id = V_P15_NOT_NOTIFIED, .num = {line}});
	err = rule_need_clock(ctx);
	if (!err)
		err = read_scheme_on(&ctx->reader, notified, &scheme);
	if (err)
		return err;
	int64_t days = (int64_t)scheme.notified_days, due = notified + days;
	if (ctx->today < due)
		return rule_refuse(ctx, &(struct refusal){.id = V_P15_TOO_SOON,
							  .num = {line, notified, days, due}});
	err = read_objections(&ctx->reader, entry, line, &open);
	if (err || open.n == 0)
		return err;
	return rule_refuse(ctx, &(struct refusal){.id = V_P15_OBJECTION,
						  .num = {line, (int64_t)open.seq[0]}});
}

/* --- objections ------------------------------------------------------------------------------------ */
static int put_objections(struct rule_ctx *ctx, uint64_t entry, uint32_t line,
			  const struct state_objection *open)
{
	struct state_key k;

	state_objection_key(&k, ctx->f->feed_no, entry, line);
	state_objection_pack(open, rule_out(ctx));
	return rule_put(ctx, &k);
}

int rule_objection(struct rule_ctx *ctx)
{
	struct rec_objection o;
	struct state_objection open;
	int err;

	rule_head(ctx, &o);
	err = approval_lines(ctx, o.entry, o.line);
	if (!err)
		err = read_objections(&ctx->reader, o.entry, (uint32_t)o.line, &open);
	if (err)
		return err;
	if (open.n == STATE_OBJECTIONS_MAX)
		return rule_refuse(
			ctx, &(struct refusal){.id = V_OBJECTIONS_FULL,
					       .num = {(int64_t)o.entry, (int64_t)o.line, open.n}});
	open.seq[open.n++] = ctx->e->seq;
	return put_objections(ctx, o.entry, (uint32_t)o.line, &open);
}

static int close_objection(struct rule_ctx *ctx, uint64_t objection, uint64_t entry, uint32_t line)
{
	struct state_objection open;
	uint32_t n = 0;
	int err = read_objections(&ctx->reader, entry, line, &open);

	if (err)
		return err;
	for (uint32_t i = 0; i < open.n; i++)
		if (open.seq[i] != objection)
			open.seq[n++] = open.seq[i];
	open.n = n;
	return put_objections(ctx, entry, line, &open);
}

/* N05: holidays are not known, so this can only warn. */
static int warn_late(struct rule_ctx *ctx, enum verdict_id id, day_t from, day_t to)
{
	struct rec_scheme s;
	int err = read_scheme_on(&ctx->reader, from, &s), days = day_workdays(from, to);

	if (err)
		return err;
	if (days > (int)s.answer_days)
		rule_warn(ctx, &(struct refusal){.id = id,
						 .num = {from, to, days, (int64_t)s.answer_days}});
	return ERR_OK;
}

int rule_objection_reply(struct rule_ctx *ctx)
{
	struct rec_objection_reply r;
	struct rec_objection o = {0};
	int err;

	rule_head(ctx, &r);
	err = rule_ref(ctx, r.objection, REC_objection, &o);
	if (!err)
		err = rule_other_person(ctx, o.entry, REC_points);
	if (!err)
		err = rule_period(ctx, o.day, r.day);
	if (!err)
		err = warn_late(ctx, V_N05_LATE, o.day, r.day);
	/* one that was upheld stands against the line: it can be refused or reversed, not confirmed */
	if (err || r.ruling == RULING_upheld)
		return err;
	return close_objection(ctx, r.objection, o.entry, (uint32_t)o.line);
}

/* --- complaints ------------------------------------------------------------------------------------ */
/* Unlike an objection it is about anything, and stops nothing. */
int rule_complaint(struct rule_ctx *ctx)
{
	struct rec_complaint c;

	rule_head(ctx, &c);
	if (c.about < ctx->e->seq)
		return ERR_OK;
	return rule_refuse(ctx, &(struct refusal){.id = V_COMPLAINT_ABOUT,
						  .num = {(int64_t)c.about, (int64_t)ctx->e->seq}});
}

int rule_complaint_reply(struct rule_ctx *ctx)
{
	struct rec_complaint_reply r;
	struct rec_complaint c = {0};
	int err;

	rule_head(ctx, &r);
	err = rule_ref(ctx, r.complaint, REC_complaint, &c);
	if (!err)
		err = rule_period(ctx, c.day, r.day);
	if (!err)
		err = warn_late(ctx, V_N05_COMPLAINT, c.day, r.day);
	return err;
}
