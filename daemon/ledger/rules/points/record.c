#include "daemon/ledger/rules/rules.h"

#include "daemon/ledger/rules/fields.h"
#include "daemon/ledger/rules/filing/catalogue.h"
#include "daemon/ledger/rules/people/eligible.h"
#include "daemon/ledger/rules/people/kin_posts.h"
#include "daemon/ledger/rules/people/roster.h"
#include "daemon/ledger/rules/people/split_merge.h"
#include "daemon/ledger/rules/points/due_process.h"
#include "daemon/ledger/rules/village/village.h"
#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state_evidence.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"

#define LATE_DAYS    30
#define DAYS_OF_YEAR 366

/* --- P08: what must be told ------------------------------------------------------------------------ */
static int missing(struct rule_ctx *ctx, uint32_t line, const char *field)
{
	return rule_refuse(
		ctx, &(struct refusal){.id = V_P08_MISSING, .num = {line}, .s = bytes_str(field)});
}

/* A kind of evidence alone is a word that nobody can look up later. */
static int check_proof(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l,
		       const struct catalogue_item *it)
{
	if (l->digest.n || !placeholder(l->evidence_no))
		return ERR_OK;
	if (it->document)
		return rule_refuse(
			ctx, &(struct refusal){.id = V_P08_DOCUMENT, .num = {line}, .s = l->item});
	if (it->sign == SIGN_deduct)
		return rule_refuse(ctx, &(struct refusal){.id = V_P08_NO_PROOF,
							  .num = {line},
							  .s = l->evidence});
	rule_warn(ctx, &(struct refusal){.id = V_P08_WORD, .num = {line}, .s = l->evidence});
	return ERR_OK;
}

static int check_given(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l,
		       const struct catalogue_item *it)
{
	if (placeholder(l->place))
		return missing(ctx, line, "place");
	if (placeholder(l->reason))
		return missing(ctx, line, "reason");
	bool allowed = evidence_kind_of(kv_bytes(it->evidence, it->evidence_n), l->evidence);
	/* what the catalogue names is no placeholder */
	if ((!allowed || it->evidence_n == 0) && placeholder(l->evidence))
		return missing(ctx, line, "evidence");
	if (!allowed)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_P08_EVIDENCE,
						     .num = {line},
						     .s = l->evidence,
						     .t = kv_bytes(it->evidence, it->evidence_n)});
	return check_proof(ctx, line, l, it);
}

/* --- P11: the catalogue ---------------------------------------------------------------------------- */
static int not_in_force(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l,
			uint64_t in_force)
{
	return rule_refuse(ctx, &(struct refusal){.id = V_P11_NOT_IN_FORCE,
						  .num = {line, l->day, (int64_t)l->version,
							  (int64_t)in_force}});
}

static int check_item(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l,
		      const struct catalogue_item **ret)
{
	const struct catalogue_item *it;
	uint64_t version;
	int err = catalogue_on(ctx, l->day, &version);

	if (err)
		return err;
	if (version != l->version)
		return not_in_force(ctx, line, l, version);
	err = catalogue_find(ctx, version, l->item, &it);
	if (err == ERR_NOTFOUND)
		return rule_refuse(ctx, &(struct refusal){.id = V_P11_UNKNOWN_ITEM,
							  .num = {line, (int64_t)version},
							  .s = l->item});
	if (err)
		return err;
	if (l->day < it->from || (it->to != DAY_NONE && l->day > it->to))
		return not_in_force(ctx, line, l, 0); /* the town's own has not begun or is over */
	if ((it->scope == SCOPE_individual) != (l->member != 0))
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_P11_SCOPE,
						     .num = {line, (int64_t)l->member},
						     .s = l->item,
						     .t = bytes_str(it->scope == SCOPE_individual
									    ? "individual"
									    : "household")});
	if (points_raw(l->points) != it->points)
		return rule_refuse(
			ctx, &(struct refusal){.id = V_P11_VALUE,
					       .num = {line, it->points, points_raw(l->points)},
					       .s = l->item});
	*ret = it;
	return ERR_OK;
}

/* --- P05: the day ---------------------------------------------------------------------------------- */
static int check_day(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l)
{
	if (ctx->today == DAY_NONE)
		return ERR_OK;
	if (l->day > ctx->today)
		return rule_refuse(ctx, &(struct refusal){.id = V_P05_FUTURE,
							  .num = {line, l->day, ctx->today}});
	if (ctx->today - l->day > LATE_DAYS)
		rule_warn(ctx, &(struct refusal){.id = V_P05_LATE,
						 .num = {line, ctx->today - l->day, LATE_DAYS}});
	return ERR_OK;
}

/* P15 asks at confirmation; who records hears of it early. */
static int check_notified(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l,
			  const struct catalogue_item *it)
{
	int err;

	if (l->notified == DAY_NONE) {
		if (it->sign == SIGN_deduct)
			rule_warn(ctx, &(struct refusal){.id = V_P15_NOT_NOTIFIED, .num = {line}});
		return ERR_OK;
	}
	err = rule_not_future(ctx, l->notified);
	return err ? err : rule_period(ctx, l->day, l->notified);
}

/* --- P10 and P09: the year of the person or household ---------------------------------------------- */
static int get_year(struct rule_ctx *ctx, const struct rec_points_line *l, int year,
		    struct state_key *k, struct state_year *ret)
{
	struct bytes row;
	int err;

	state_year_key(k, ctx->f->feed_no, l->household, (uint32_t)l->member, year);
	err = cache_get_or_empty(ctx->w->rows, k, &row);
	return err ? err : state_year_parse(row, ret);
}

static void warn_near(struct rule_ctx *ctx, uint32_t line, day_t day)
{
	rule_warn(ctx, &(struct refusal){.id = V_P09_NEAR, .num = {line, day}});
}

/* The months that an item which counts once in so many is counted over; 0: it counts whenever it happens. */
static int months_of(uint32_t unit)
{
	switch ((enum rec_choice_UNIT)unit) {
	case UNIT_month: return 1;
	case UNIT_quarter: return 3;
	case UNIT_year: return 12;
	case UNIT_event: return 0;
	}
	return 0;
}

/* Warns when the month, quarter or year of the day has a line already. */
static void check_period(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l,
			 const struct catalogue_item *it, const struct state_year_item *item)
{
	int months = months_of(it->unit), y, m, d, first, day;
	day_t from, next;

	day_to_ymd(l->day, &y, &m, &d);
	if (months == 0 || !day_from_ymd(y, m - (m - 1) % months, 1, &from))
		return;
	first = day_of_year(from);
	next = day_add_months(from, months);
	day = state_year_within(item, first,
				next == DAY_NONE ? DAYS_OF_YEAR : first + (int)(next - from) - 1);
	if (day >= 0)
		rule_warn(ctx, &(struct refusal){
				       .id = V_P09_PERIOD,
				       .num = {line, l->day + (day - day_of_year(l->day))},
				       .s = l->item,
				       .t = bytes_str(rec_lists[REC_LIST_UNIT].v[it->unit].name)});
}

/* The last day of December and the first of January are one day apart, in two rows. */
static int check_next_year(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l,
			   uint32_t number, day_t neighbour)
{
	struct state_year_item item;
	struct state_year y;
	struct state_key k;
	int day = day_of_year(neighbour);
	int err = get_year(ctx, l, day_year(neighbour), &k, &y);

	if (!err)
		err = state_year_item(&y, number, &item);
	if (!err && state_year_near(&item, day) == day)
		warn_near(ctx, line, neighbour);
	return err;
}

static int count_in_year(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l,
			 const struct catalogue_item *it)
{
	int year = day_year(l->day), day = day_of_year(l->day), near;
	struct state_year_item item;
	struct state_year y;
	struct state_key k;
	struct points sum;
	int err = get_year(ctx, l, year, &k, &y);

	if (!err)
		err = state_year_item(&y, it->number, &item);
	if (err)
		return err;
	if (!points_add(points_of(item.sum), l->points, &sum))
		return rule_refuse(ctx, &(struct refusal){.id = V_OVERFLOW});
	if (it->cap && points_raw(sum) > it->cap)
		return rule_refuse(ctx,
				   &(struct refusal){.id = V_P10_CAP,
						     .num = {line, item.sum, it->points, it->cap},
						     .s = l->item});
	near = state_year_near(&item, day);
	if (near < 0)
		check_period(ctx, line, l, it, &item);
	state_year_put_item(&y, it->number, &item, points_raw(sum), day, false, rule_out(ctx));
	err = rule_put(ctx, &k);
	if (err)
		return err;
	if (near >= 0)
		warn_near(ctx, line, l->day + (near - day));
	else if (day == 0)
		return check_next_year(ctx, line, l, it->number, l->day - 1);
	else if (day >= 364 && day_year(l->day + 1) != year)
		return check_next_year(ctx, line, l, it->number, l->day + 1);
	return ERR_OK;
}

/* --- P09: the same evidence elsewhere -------------------------------------------------------------- */
struct evidence {
	char kind;	    /* 'n' number, 'd' digest of the file */
	struct bytes shown; /* as it is written */
	struct bytes id;    /* what makes two the same */
};

static bool same_evidence(const struct evidence *ev, const struct rec_points_line *l)
{
	struct plain_text plain;

	if (ev->kind == 'd')
		return bytes_eq(l->digest, ev->id);
	plain_text(l->evidence_no, &plain);
	return bytes_eq(plain_bytes(&plain), ev->id);
}

/* Does this line of the entry in fold_work.lines and .target use it, and still count? */
static int line_counts(struct rule_ctx *ctx, uint32_t line, const struct evidence *ev, bool *ret)
{
	uint8_t state = ctx->w->lines.line[line - 1].state;
	struct rec_points_line l;

	*ret = false;
	if (state == LINE_REFUSED || state == LINE_REVERSED)
		return ERR_OK;
	if (rec_decode_line(rec_type_of(REC_points), &ctx->w->target, line - 1, &l))
		return ERR_CORRUPT;
	*ret = same_evidence(ev, &l);
	return ERR_OK;
}

/* Is this use what it looks like, and does it still count? Of an entry the index has only the first line that
 * used the evidence; when that does not count any more, another may. */
static int use_counts(struct rule_ctx *ctx, struct state_use *u, const struct evidence *ev,
		      bool *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_lines_key(&k, ctx->f->feed_no, u->seq);
	err = cache_get_or_empty(ctx->w->rows, &k, &row);
	if (!err)
		err = state_lines_get(row, u->seq, &ctx->w->lines);
	if (err || u->line > ctx->w->lines.n)
		return err == ERR_NOTFOUND || !err ? ERR_CORRUPT : err;
	err = feedlog_payload(ctx->f->t, ctx->f->feed_no, u->seq, &ctx->w->target);
	for (uint32_t line = u->line; line <= ctx->w->lines.n && !err; line++) {
		err = line_counts(ctx, line, ev, ret);
		u->line = line;
		if (*ret)
			break;
	}
	return err;
}

static void warn_used(struct rule_ctx *ctx, uint32_t line, const struct evidence *ev,
		      const struct state_use *u)
{
	char hex[2 * HASH_BYTES + 1];
	struct bytes shown = ev->shown;
	struct hash h;

	if (ev->kind == 'd') {
		memcpy(h.b, ev->id.p, HASH_BYTES);
		shown = bytes_str(hash_hex(&h, 16, hex));
	}
	rule_warn(ctx, &(struct refusal){.id = V_P09_EVIDENCE,
					 .num = {line, (int64_t)u->seq, u->line},
					 .s = shown});
}

/* Looks for a use in one row that counts; ERR_EXISTS when this very entry is there: one sheet, one list of
 * signatures. */
static int find_use(struct rule_ctx *ctx, struct bytes row, const uint8_t id[STATE_EVIDENCE_ID],
		    const struct evidence *ev, bool *found, struct state_use *ret)
{
	struct state_use u;
	size_t at = 0;
	int err;

	for (;;) {
		err = state_evidence_next(row, id, &at, &u);
		if (err)
			return err == ERR_NOTFOUND ? ERR_OK : err;
		if (u.seq == ctx->e->seq)
			return ERR_EXISTS;
		if (*found)
			continue;
		err = use_counts(ctx, &u, ev, found);
		if (err)
			return err;
		*ret = u;
	}
}

static int note_evidence(struct rule_ctx *ctx, uint32_t line, const struct evidence *ev)
{
	const struct state_use now = {ctx->e->seq, line};
	uint8_t id[STATE_EVIDENCE_ID];
	struct state_use first = {0};
	struct state_key k;
	struct bytes row;
	bool found = false;
	int err;

	state_evidence_id(ev->kind, ev->id, id);
	for (unsigned level = 0; level < STATE_EVIDENCE_LEVELS; level++) {
		state_evidence_key(&k, ctx->f->feed_no, ev->kind, ev->id, level);
		err = cache_get_or_empty(ctx->w->rows, &k, &row);
		if (!err)
			err = find_use(ctx, row, id, ev, &found, &first);
		if (err)
			return err == ERR_EXISTS ? ERR_OK : err;
		if (row.n < STATE_EVIDENCE_FULL)
			break;
	}
	if (found)
		warn_used(ctx, line, ev, &first);
	err = state_evidence_put(row, id, &now, rule_out(ctx));
	return err ? err : rule_put(ctx, &k);
}

static int note_line(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l)
{
	struct plain_text plain;
	struct evidence number = {.kind = 'n', .shown = l->evidence_no};
	struct evidence file = {.kind = 'd', .id = l->digest};
	int err = ERR_OK;

	if (!placeholder(l->evidence_no)) {
		plain_text(l->evidence_no, &plain);
		number.id = plain_bytes(&plain);
		err = note_evidence(ctx, line, &number);
	}
	if (!err && l->digest.n)
		err = note_evidence(ctx, line, &file);
	return err;
}

/* --- the entry ------------------------------------------------------------------------------------- */
static int record_line(struct rule_ctx *ctx, uint32_t line)
{
	const struct catalogue_item *it = NULL;
	struct state_household h;
	struct rec_points_line l;
	int err = rule_line(ctx, line - 1, &l);

	if (!err)
		err = fields_texts(ctx, line, &l);
	if (!err)
		err = roster_known(ctx, line, l.household, &h);
	if (!err)
		err = roster_territory(ctx, line, l.household, &h);
	if (!err)
		err = check_item(ctx, line, &l, &it);
	if (!err)
		err = check_given(ctx, line, &l, it);
	if (!err)
		err = check_day(ctx, line, &l);
	if (!err)
		err = check_notified(ctx, line, &l, it);
	if (!err)
		err = eligible(ctx, line, &h, &l, it->sign == SIGN_deduct);
	if (!err && it->sign == SIGN_award)
		err = kin_posts_warn_self(ctx, line, l.household);
	if (!err && l.facility.n)
		err = village_kept(ctx, line, &l);
	if (!err && l.application)
		err = due_process_apply(ctx, line, &l);
	if (!err)
		err = count_in_year(ctx, line, &l, it);
	return err ? err : note_line(ctx, line, &l);
}

int rule_points(struct rule_ctx *ctx)
{
	struct state_lines *lines = &ctx->w->lines;
	struct state_key k;
	struct bytes row;
	int err = ERR_OK;

	if (ctx->today == DAY_NONE)
		rule_warn(ctx, &(struct refusal){.id = V_P05_NO_CLOCK});
	for (uint32_t line = 1; line <= ctx->nlines && !err; line++)
		err = record_line(ctx, line);
	if (err)
		return err;
	state_lines_key(&k, ctx->f->feed_no, ctx->e->seq);
	err = cache_get_or_empty(ctx->w->rows, &k, &row);
	if (err)
		return err;
	lines->recorder = ctx->actor;
	lines->n = ctx->nlines;
	memset(lines->line, 0, ctx->nlines * sizeof(lines->line[0]));
	err = state_lines_put(row, ctx->e->seq, lines, rule_out(ctx));
	return err ? err : rule_put(ctx, &k);
}
