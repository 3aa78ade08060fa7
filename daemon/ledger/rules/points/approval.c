#include "daemon/ledger/rules/points/approval.h"

#include "daemon/ledger/rules/accounts.h"
#include "daemon/ledger/rules/fields.h"
#include "daemon/ledger/rules/filing/catalogue.h"
#include "daemon/ledger/rules/people/kin_posts.h"
#include "daemon/ledger/rules/people/split_merge.h"
#include "daemon/ledger/rules/points/due_process.h"
#include "daemon/ledger/rules/refs.h"
#include "daemon/ledger/rules/rights.h"
#include "daemon/ledger/rules/rules.h"
#include "daemon/ledger/rules/year/appraisal_close.h"
#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"

/* The points entry that a step is about: its lines are in fold_work.lines, changed there and put back when
 * the step goes on to another entry or ends. */
struct target {
	uint64_t seq;
	bool open, changed;
	bool read; /* its payload is in fold_work.target */
};

static int unknown_target(struct rule_ctx *ctx, uint64_t entry, uint64_t line)
{
	return rule_refuse(ctx, &(struct refusal){.id = V_TARGET_UNKNOWN,
						  .num = {(int64_t)entry, (int64_t)line}});
}

int approval_wrong_state(struct rule_ctx *ctx, uint64_t entry, uint32_t line)
{
	return rule_refuse(ctx, &(struct refusal){.id = V_TARGET_STATE,
						  .num = {(int64_t)entry, line,
							  ctx->w->lines.line[line - 1].state}});
}

int approval_lines(struct rule_ctx *ctx, uint64_t entry, uint64_t line)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_lines_key(&k, ctx->f->feed_no, entry);
	err = cache_get_or_empty(ctx->w->rows, &k, &row);
	if (!err)
		err = state_lines_get(row, entry, &ctx->w->lines);
	if (err == ERR_NOTFOUND || (!err && line > ctx->w->lines.n))
		return unknown_target(ctx, entry, line);
	return err;
}

static int close_target(struct rule_ctx *ctx, struct target *t)
{
	struct state_key k;
	struct bytes row;
	int err;

	if (!t->open || !t->changed)
		return ERR_OK;
	state_lines_key(&k, ctx->f->feed_no, t->seq);
	err = cache_get(ctx->w->rows, &k, &row);
	if (!err)
		err = state_lines_put(row, t->seq, &ctx->w->lines, rule_out(ctx));
	if (err)
		return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
	return rule_put(ctx, &k);
}

static int open_target(struct rule_ctx *ctx, struct target *t, uint64_t entry, uint64_t line)
{
	int err;

	if (t->open && t->seq == entry)
		return line <= ctx->w->lines.n ? ERR_OK : unknown_target(ctx, entry, line);
	err = close_target(ctx, t);
	if (!err)
		err = approval_lines(ctx, entry, line);
	if (!err)
		*t = (struct target){.seq = entry, .open = true};
	ctx->f->about = entry;
	return err;
}

/* P02: three different people. A person may have got another key since; the name is then the same. */
static int check_duties(struct rule_ctx *ctx, uint64_t entry, enum rule_step duty, uint32_t other)
{
	struct bytes name = {NULL, 0};
	int err;

	if (ctx->other[duty] == other && other != 0) /* as for the line before */
		return ERR_OK;
	err = rights_name(ctx, other, &name);
	if (err)
		return err;
	if (ctx->actor == other || rights_is_author(ctx, name))
		return rule_refuse(ctx, &(struct refusal){.id = V_P02_DUTIES,
							  .num = {(int64_t)entry},
							  .s = name});
	ctx->other[duty] = other;
	return ERR_OK;
}

/* --- what a line moves ----------------------------------------------------------------------------- */
struct booking {
	struct rec_points_line l;
	const struct catalogue_item *it;
	int year; /* of its day */
};

int approval_line(struct rule_ctx *ctx, uint32_t line, struct rec_points_line *ret,
		  const struct catalogue_item **ret_item)
{
	int err;

	if (rec_decode_line(rec_type_of(REC_points), &ctx->w->target, line - 1, ret))
		return ERR_CORRUPT;
	/* an accepted line has its item, and what the town has issued stays */
	err = catalogue_find(ctx, ret->version, ret->item, ret_item);
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

static int read_line(struct rule_ctx *ctx, struct target *t, uint32_t line, struct booking *ret)
{
	int err = ERR_OK;

	if (!t->read)
		err = feedlog_payload(ctx->f->t, ctx->f->feed_no, t->seq, &ctx->w->target);
	if (err)
		return err;
	t->read = true;
	err = approval_line(ctx, line, &ret->l, &ret->it);
	if (!err)
		ret->year = day_year(ret->l.day);
	return err;
}

static int get_year(struct rule_ctx *ctx, const struct booking *m, uint32_t member,
		    struct state_key *k, struct state_year *ret)
{
	struct bytes row;
	int err = split_merge_year_key(ctx, m->l.household, member, m->year, k);

	if (!err)
		err = cache_get_or_empty(ctx->w->rows, k, &row);
	return err ? err : state_year_parse(row, ret);
}

/* The line no longer counts towards the cap. */
static int release_cap(struct rule_ctx *ctx, const struct booking *m)
{
	struct state_year_item item;
	struct state_year y;
	struct state_key k;
	struct points sum;
	int err = get_year(ctx, m, (uint32_t)m->l.member, &k, &y);

	if (!err)
		err = state_year_item(&y, m->it->number, &item);
	if (err)
		return err;
	if (!points_sub(points_of(item.sum), m->l.points, &sum) || points_raw(sum) < 0)
		return ERR_CORRUPT;
	state_year_put_item(&y, m->it->number, &item, points_raw(sum), day_of_year(m->l.day), true,
			    rule_out(ctx));
	return rule_put(ctx, &k);
}

/* What a confirmed line adds to the account; @back takes it back. */
static int book_account(struct rule_ctx *ctx, const struct target *t, uint32_t line,
			const struct booking *m, bool back)
{
	const struct account issue = {.of = ACCOUNT_ISSUE, .category = m->it->category};
	const struct account household = {.household = m->l.household};
	bool plus = (m->it->sign == SIGN_deduct) == back;

	return rule_transfer(ctx, &(struct transfer){.from = plus ? issue : household,
						     .to = plus ? household : issue,
						     .points = m->l.points,
						     .kind = back ? POSTING_REVERSAL : POSTING_LINE,
						     .entry = t->seq,
						     .line = line,
						     .deed = m->l.day});
}

static int add_score(struct rule_ctx *ctx, const struct booking *m, uint32_t member, bool minus)
{
	struct points score;
	struct state_year y;
	struct state_key k;
	int err = get_year(ctx, m, member, &k, &y);

	if (err)
		return err;
	if (minus ? !points_sub(points_of(y.score), m->l.points, &score)
		  : !points_add(points_of(y.score), m->l.points, &score))
		return rule_refuse(ctx, &(struct refusal){.id = V_OVERFLOW});
	state_year_put_score(&y, points_raw(score), rule_out(ctx));
	return rule_put(ctx, &k);
}

/* The year of the household, and that of the person. */
static int book_score(struct rule_ctx *ctx, const struct booking *m, bool back)
{
	bool minus = (m->it->sign == SIGN_deduct) != back;
	int err = add_score(ctx, m, 0, minus);

	return err || m->l.member == 0 ? err : add_score(ctx, m, (uint32_t)m->l.member, minus);
}

/* A line that is refused or reversed no longer counts, and what it answered is open again. */
static int undo(struct rule_ctx *ctx, const struct booking *m)
{
	int err = release_cap(ctx, m);

	return err || m->l.application == 0 ? err
					    : rule_reopen(ctx, m->l.application, REC_application);
}

/* P01: the one who decides must not be of the household that is better off for it. */
static int warn_self(struct rule_ctx *ctx, uint32_t line, const struct booking *m, bool back)
{
	if ((m->it->sign == SIGN_deduct) != back)
		return ERR_OK;
	return kin_posts_warn_self(ctx, line, m->l.household);
}

/* --- review and confirm ---------------------------------------------------------------------------- */
struct step {
	uint8_t from, to; /* enum line_state */
	bool confirm;
};

/* Recorded without a clock, the line may be of a day to come, and open the cap of a later year. */
static int check_past(struct rule_ctx *ctx, uint32_t line, day_t day)
{
	int err = rule_need_clock(ctx);

	if (err || day <= ctx->today)
		return err;
	return rule_refuse(ctx,
			   &(struct refusal){.id = V_P05_FUTURE, .num = {line, day, ctx->today}});
}

static int confirm_line(struct rule_ctx *ctx, const struct target *t, uint32_t line,
			const struct booking *m)
{
	int err = ERR_OK;

	if (m->it->sign == SIGN_deduct)
		err = due_process_due(ctx, t->seq, line, &m->l);
	if (!err)
		err = check_past(ctx, line, m->l.day);
	if (!err)
		err = book_account(ctx, t, line, m, false);
	if (!err)
		err = book_score(ctx, m, false);
	return err ? err : appraisal_close_warn(ctx, line, m->year);
}

static int step_line(struct rule_ctx *ctx, const struct step *s, struct target *t, uint32_t line,
		     bool refuse)
{
	struct booking m;
	bool linked = false;
	int err = check_duties(ctx, t->seq, FOLD_RECORDED, ctx->w->lines.recorder);

	if (!err && s->confirm)
		err = check_duties(ctx, t->seq, FOLD_REVIEWED,
				   ctx->w->lines.line[line - 1].reviewer);
	if (!err)
		err = kin_posts_linked(ctx, &linked);
	if (err)
		return err;
	if (refuse || s->confirm || linked)
		err = read_line(ctx, t, line, &m);
	if (!err && linked)
		err = warn_self(ctx, line, &m, refuse);
	if (!err && refuse)
		err = undo(ctx, &m);
	if (!err && s->confirm && !refuse)
		err = confirm_line(ctx, t, line, &m);
	if (err)
		return err;
	ctx->w->lines.line[line - 1].state = refuse ? LINE_REFUSED : s->to;
	if (s->confirm)
		ctx->w->lines.line[line - 1].confirmer = ctx->actor;
	else
		ctx->w->lines.line[line - 1].reviewer = ctx->actor;
	t->changed = true;
	return ERR_OK;
}

/* Line 0 means every line that waits for this step; there must be one. */
static int step_lines(struct rule_ctx *ctx, const struct step *s, struct target *t,
		      const struct rec_review_line *r)
{
	uint32_t first = r->line ? (uint32_t)r->line : 1, done = 0;
	uint32_t last = r->line ? first : ctx->w->lines.n;
	int err = ERR_OK;

	for (uint32_t line = first; line <= last && !err; line++) {
		if (ctx->w->lines.line[line - 1].state != s->from)
			continue;
		err = step_line(ctx, s, t, line, r->decision == DECISION_refuse);
		done++;
	}
	return !err && done == 0 ? approval_wrong_state(ctx, t->seq, first) : err;
}

static int run_step(struct rule_ctx *ctx, const struct step *s)
{
	struct target t = {0};
	struct rec_review_line r;
	int err = ERR_OK;

	for (uint32_t i = 0; i < ctx->nlines && !err; i++) {
		err = rule_line(ctx, i, &r);
		if (!err)
			err = fields_texts(ctx, i + 1, &r);
		if (!err)
			err = open_target(ctx, &t, r.entry, r.line);
		if (!err)
			err = step_lines(ctx, s, &t, &r);
	}
	return err ? err : close_target(ctx, &t);
}

int rule_review(struct rule_ctx *ctx)
{
	return run_step(ctx, &(struct step){.from = LINE_RECORDED, .to = LINE_REVIEWED});
}

/* A confirmation has the lines of a review. */
_Static_assert(sizeof(struct rec_confirm_line) == sizeof(struct rec_review_line) &&
		       sizeof(struct rec_confirm) == sizeof(struct rec_review),
	       "review and confirm are read alike");

int rule_confirm(struct rule_ctx *ctx)
{
	return run_step(
		ctx, &(struct step){.from = LINE_REVIEWED, .to = LINE_CONFIRMED, .confirm = true});
}

/* --- reversal -------------------------------------------------------------------------------------- */
int rule_reversal(struct rule_ctx *ctx)
{
	struct target t = {0};
	struct rec_reversal r;
	struct booking m;
	int err;

	rule_head(ctx, &r);
	err = open_target(ctx, &t, r.entry, r.line);
	if (err)
		return err;
	uint32_t line = (uint32_t)r.line;
	if (placeholder(r.reason))
		return rule_refuse(ctx, &(struct refusal){.id = V_P08_MISSING,
							  .s = bytes_str("reason")});
	if (ctx->w->lines.line[line - 1].state != LINE_CONFIRMED)
		return approval_wrong_state(ctx, r.entry, line);
	err = check_duties(ctx, r.entry, FOLD_RECORDED, ctx->w->lines.recorder);
	if (!err)
		err = read_line(ctx, &t, line, &m);
	if (!err)
		err = warn_self(ctx, line, &m, true);
	if (!err)
		err = book_account(ctx, &t, line, &m, true);
	if (!err)
		err = book_score(ctx, &m, true);
	if (!err)
		err = undo(ctx, &m);
	if (err)
		return err;
	ctx->w->lines.line[line - 1].state = LINE_REVERSED;
	t.changed = true;
	return close_target(ctx, &t);
}
