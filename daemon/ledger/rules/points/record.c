#include "daemon/ledger/rules/rule.h"

#include "daemon/ledger/state/placeholder.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state_evidence.h"
#include "daemon/ledger/state/state_year.h"
#include "lib/err.h"

#define LATE_DAYS 30

/* --- P08: what must be told ------------------------------------------------------------------------ */
static int missing(struct judged *j, uint32_t line, const char *field)
{
	return fold_refuse(
		j, &(struct refusal){.id = V_P08_MISSING, .num = {line}, .s = fold_text(field)});
}

static int check_told(struct judged *j, uint32_t line, const struct rec_points_line *l,
		      const struct fold_item *it)
{
	if (placeholder(l->place))
		return missing(j, line, "place");
	if (placeholder(l->reason))
		return missing(j, line, "reason");
	bool allowed = evidence_kind_of(kv_bytes(it->evidence, it->evidence_n), l->evidence);
	/* what the catalogue names is no placeholder */
	if ((!allowed || it->evidence_n == 0) && placeholder(l->evidence))
		return missing(j, line, "evidence");
	if (!allowed)
		return fold_refuse(j, &(struct refusal){.id = V_P08_EVIDENCE,
							.num = {line},
							.s = l->evidence,
							.t = l->item});
	if (it->document && l->digest.n == 0 && placeholder(l->evidence_no))
		return fold_refuse(
			j, &(struct refusal){.id = V_P08_DOCUMENT, .num = {line}, .s = l->item});
	return ERR_OK;
}

/* --- P11: the catalogue ---------------------------------------------------------------------------- */
static int not_in_force(struct judged *j, uint32_t line, const struct rec_points_line *l,
			uint64_t in_force)
{
	return fold_refuse(j, &(struct refusal){.id = V_P11_NOT_IN_FORCE,
						.num = {line, l->day, (int64_t)l->version,
							(int64_t)in_force}});
}

static int check_item(struct judged *j, uint32_t line, const struct rec_points_line *l,
		      const struct fold_item **ret)
{
	const struct fold_item *it;
	uint64_t version;
	int err = fold_catalogue_on(j, l->day, &version);

	if (err)
		return err;
	if (version != l->version)
		return not_in_force(j, line, l, version);
	err = fold_catalogue_item(j, version, l->item, &it);
	if (err == ERR_NOTFOUND)
		return fold_refuse(j, &(struct refusal){.id = V_P11_UNKNOWN_ITEM,
							.num = {line, (int64_t)version},
							.s = l->item});
	if (err)
		return err;
	if (l->day < it->from || (it->to != DAY_NONE && l->day > it->to))
		return not_in_force(j, line, l, 0); /* the town's own has not begun or is over */
	if ((it->scope == SCOPE_individual) != (l->member != 0))
		return fold_refuse(j, &(struct refusal){.id = V_P11_SCOPE,
							.num = {line, (int64_t)l->member},
							.s = l->item,
							.t = fold_text(it->scope == SCOPE_individual
									       ? "individual"
									       : "household")});
	if (points_raw(l->points) != it->points)
		return fold_refuse(
			j, &(struct refusal){.id = V_P11_VALUE,
					     .num = {line, it->points, points_raw(l->points)},
					     .s = l->item});
	*ret = it;
	return ERR_OK;
}

/* --- P05: the day ---------------------------------------------------------------------------------- */
static int check_day(struct judged *j, uint32_t line, const struct rec_points_line *l)
{
	if (j->today == DAY_NONE)
		return ERR_OK;
	if (l->day > j->today)
		return fold_refuse(j, &(struct refusal){.id = V_P05_FUTURE,
							.num = {line, l->day, j->today}});
	if (j->today - l->day > LATE_DAYS)
		fold_warn(j, &(struct refusal){.id = V_P05_LATE,
					       .num = {line, j->today - l->day, LATE_DAYS}});
	return ERR_OK;
}

/* P15 asks at confirmation; who records hears of it early. */
static int check_notified(struct judged *j, uint32_t line, const struct rec_points_line *l,
			  const struct fold_item *it)
{
	int err;

	if (l->told == DAY_NONE) {
		if (it->sign == SIGN_deduct)
			fold_warn(j, &(struct refusal){.id = V_P15_NOT_TOLD, .num = {line}});
		return ERR_OK;
	}
	err = fold_not_future(j, l->told);
	return err ? err : fold_period(j, l->day, l->told);
}

/* --- P10 and P09: the year of the person or household ---------------------------------------------- */
static int get_year(struct judged *j, const struct rec_points_line *l, int year,
		    struct state_key *k, struct state_year *ret)
{
	struct bytes row;
	int err;

	state_year_key(k, j->f->feed_no, l->household, (uint32_t)l->member, year);
	err = rows_get_or_empty(j->w->rows, k, &row);
	return err ? err : state_year_parse(row, ret);
}

static void warn_near(struct judged *j, uint32_t line, day_t day)
{
	fold_warn(j, &(struct refusal){.id = V_P09_NEAR, .num = {line, day}});
}

/* The last day of December and the first of January are one day apart, in two rows. */
static int check_next_year(struct judged *j, uint32_t line, const struct rec_points_line *l,
			   uint32_t number, day_t neighbour)
{
	struct state_year_item item;
	struct state_year y;
	struct state_key k;
	int day = day_of_year(neighbour);
	int err = get_year(j, l, day_year(neighbour), &k, &y);

	if (!err)
		err = state_year_item(&y, number, &item);
	if (!err && state_year_near(&item, day) == day)
		warn_near(j, line, neighbour);
	return err;
}

static int count_in_year(struct judged *j, uint32_t line, const struct rec_points_line *l,
			 const struct fold_item *it)
{
	int year = day_year(l->day), day = day_of_year(l->day), near;
	struct state_year_item item;
	struct state_year y;
	struct state_key k;
	struct points sum;
	int err = get_year(j, l, year, &k, &y);

	if (!err)
		err = state_year_item(&y, it->number, &item);
	if (err)
		return err;
	if (!points_add(points_of(item.sum), l->points, &sum))
		return fold_refuse(j, &(struct refusal){.id = V_OVERFLOW});
	if (it->cap && points_raw(sum) > it->cap)
		return fold_refuse(j,
				   &(struct refusal){.id = V_P10_CAP,
						     .num = {line, item.sum, it->points, it->cap},
						     .s = l->item});
	near = state_year_near(&item, day);
	state_year_put_item(&y, it->number, &item, points_raw(sum), day, false, fold_out(j));
	err = fold_put(j, &k);
	if (err)
		return err;
	if (near >= 0)
		warn_near(j, line, l->day + (near - day));
	else if (day == 0)
		return check_next_year(j, line, l, it->number, l->day - 1);
	else if (day >= 364 && day_year(l->day + 1) != year)
		return check_next_year(j, line, l, it->number, l->day + 1);
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
	struct fold_plain plain;

	if (ev->kind == 'd')
		return bytes_eq(l->digest, ev->id);
	fold_plain(l->evidence_no, FOLD_TRIM, &plain);
	return bytes_eq(fold_plain_bytes(&plain), ev->id);
}

/* Does this line of the entry in fold_work.lines and .target use it, and still count? */
static int line_counts(struct judged *j, uint32_t line, const struct evidence *ev, bool *ret)
{
	uint8_t state = j->w->lines.line[line - 1].state;
	struct rec_points_line l;

	*ret = false;
	if (state == LINE_REFUSED || state == LINE_REVERSED)
		return ERR_OK;
	if (rec_decode_line(rec_type_of(REC_points), &j->w->target, line - 1, &l))
		return ERR_CORRUPT;
	*ret = same_evidence(ev, &l);
	return ERR_OK;
}

/* Is this use what it looks like, and does it still count? Of an entry the index has only the first line that
 * used the evidence; when that does not count any more, another may. */
static int use_counts(struct judged *j, struct state_use *u, const struct evidence *ev, bool *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	state_lines_key(&k, j->f->feed_no, u->seq);
	err = rows_get_or_empty(j->w->rows, &k, &row);
	if (!err)
		err = state_lines_get(row, u->seq, &j->w->lines);
	if (err || u->line > j->w->lines.n)
		return err == ERR_NOTFOUND || !err ? ERR_CORRUPT : err;
	err = feedlog_payload(j->f->t, j->f->feed_no, u->seq, &j->w->target);
	for (uint32_t line = u->line; line <= j->w->lines.n && !err; line++) {
		err = line_counts(j, line, ev, ret);
		u->line = line;
		if (*ret)
			break;
	}
	return err;
}

static void warn_used(struct judged *j, uint32_t line, const struct evidence *ev,
		      const struct state_use *u)
{
	char hex[2 * HASH_BYTES + 1];
	struct bytes shown = ev->shown;
	struct hash h;

	if (ev->kind == 'd') {
		memcpy(h.b, ev->id.p, HASH_BYTES);
		shown = fold_text(hash_hex(&h, 16, hex));
	}
	fold_warn(j, &(struct refusal){.id = V_P09_EVIDENCE,
				       .num = {line, (int64_t)u->seq, u->line},
				       .s = shown});
}

/* Looks for a use in one row that counts; ERR_EXISTS when this very entry is there: one sheet, one list of
 * signatures. */
static int find_use(struct judged *j, struct bytes row, const uint8_t id[STATE_EVIDENCE_ID],
		    const struct evidence *ev, bool *found, struct state_use *ret)
{
	struct state_use u;
	size_t at = 0;
	int err;

	for (;;) {
		err = state_evidence_next(row, id, &at, &u);
		if (err)
			return err == ERR_NOTFOUND ? ERR_OK : err;
		if (u.seq == j->e->seq)
			return ERR_EXISTS;
		if (*found)
			continue;
		err = use_counts(j, &u, ev, found);
		if (err)
			return err;
		*ret = u;
	}
}

static int note_evidence(struct judged *j, uint32_t line, const struct evidence *ev)
{
	const struct state_use now = {j->e->seq, line};
	uint8_t id[STATE_EVIDENCE_ID];
	struct state_use first = {0};
	struct state_key k;
	struct bytes row;
	bool found = false;
	int err;

	state_evidence_id(ev->kind, ev->id, id);
	for (unsigned level = 0; level < STATE_EVIDENCE_LEVELS; level++) {
		state_evidence_key(&k, j->f->feed_no, ev->kind, ev->id, level);
		err = rows_get_or_empty(j->w->rows, &k, &row);
		if (!err)
			err = find_use(j, row, id, ev, &found, &first);
		if (err)
			return err == ERR_EXISTS ? ERR_OK : err;
		if (row.n < STATE_EVIDENCE_FULL)
			break;
	}
	if (found)
		warn_used(j, line, ev, &first);
	err = state_evidence_put(row, id, &now, fold_out(j));
	return err ? err : fold_put(j, &k);
}

static int note_line(struct judged *j, uint32_t line, const struct rec_points_line *l)
{
	struct fold_plain plain;
	struct evidence number = {.kind = 'n', .shown = l->evidence_no};
	struct evidence file = {.kind = 'd', .id = l->digest};
	int err = ERR_OK;

	if (!placeholder(l->evidence_no)) {
		fold_plain(l->evidence_no, FOLD_TRIM, &plain);
		number.id = fold_plain_bytes(&plain);
		err = note_evidence(j, line, &number);
	}
	if (!err && l->digest.n)
		err = note_evidence(j, line, &file);
	return err;
}

/* --- the entry ------------------------------------------------------------------------------------- */
static int record_line(struct judged *j, uint32_t line)
{
	const struct fold_item *it = NULL;
	struct state_household h;
	struct rec_points_line l;
	int err = fold_line(j, line - 1, &l);

	if (!err && l.digest.n && l.digest.n != HASH_BYTES)
		return fold_malformed(j, "digest", line);
	if (!err)
		err = fold_roster_known(j, line, l.household, &h);
	if (!err)
		err = fold_roster_territory(j, line, l.household, &h);
	if (!err)
		err = check_item(j, line, &l, &it);
	if (!err)
		err = check_told(j, line, &l, it);
	if (!err)
		err = check_day(j, line, &l);
	if (!err)
		err = check_notified(j, line, &l, it);
	if (!err)
		err = fold_eligible(j, line, &h, &l, it->sign == SIGN_deduct);
	if (!err && it->sign == SIGN_award)
		err = fold_people_warn_self(j, line, l.household);
	if (!err && l.facility.n)
		err = fold_village_kept(j, line, &l);
	if (!err && l.application)
		err = fold_objection_apply(j, line, &l);
	if (!err)
		err = count_in_year(j, line, &l, it);
	return err ? err : note_line(j, line, &l);
}

int fold_points_record(struct judged *j)
{
	struct state_lines *lines = &j->w->lines;
	struct rec_points head;
	struct state_key k;
	struct bytes row;
	int err = fold_head(j, &head);

	if (!err)
		err = fold_family_ready(j);
	if (j->today == DAY_NONE)
		fold_warn(j, &(struct refusal){.id = V_P05_NO_CLOCK});
	for (uint32_t line = 1; line <= j->nlines && !err; line++)
		err = record_line(j, line);
	if (err)
		return err;
	state_lines_key(&k, j->f->feed_no, j->e->seq);
	err = rows_get_or_empty(j->w->rows, &k, &row);
	if (err)
		return err;
	lines->recorder = j->actor;
	lines->n = j->nlines;
	memset(lines->line, 0, j->nlines * sizeof(lines->line[0]));
	err = state_lines_put(row, j->e->seq, lines, fold_out(j));
	return err ? err : fold_put(j, &k);
}
