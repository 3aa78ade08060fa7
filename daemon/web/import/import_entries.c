#include "daemon/web/import/import.h"

#include <string.h>

#include "daemon/web/import/import_chars.h"
#include "daemon/web/import/import_table.h"
#include "lib/look.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "lib/vec.h"

enum { COLUMNS_ENTRIES(COLUMN_ID) COLS };

struct work {
	struct import_table t;
	struct import_report *rep;
	const struct import_opts *opts;
	const struct import_lookup *look;
	struct rec_points_line *v;
	uint32_t *row;
	uint32_t n, cap, row_cap;
	struct import_map seen;
};

static const struct rec_field *field(const char *name)
{
	const struct rec_type *t = rec_type_of(REC_points);

	return import_field(t->line, t->nline, name);
}

static void issue(struct work *w, uint32_t column, struct bytes value, enum import_id id,
		  struct bytes s, struct bytes t)
{
	import_add(w->rep, &(struct import_issue){.row = w->t.row,
						  .id = id,
						  .column = w->t.column[column].name,
						  .value = import_shown(w->rep, value),
						  .s = import_shown(w->rep, s),
						  .t = import_shown(w->rep, t)});
}

static void read_day(struct work *w, struct rec_points_line *l)
{
	uint32_t errors = w->rep->count[IMPORT_ERROR];

	l->day = import_cell_past_day(&w->t, COL_DAY);
	if (l->day == DAY_NONE && w->rep->count[IMPORT_ERROR] == errors)
		import_cell_needed(&w->t, COL_DAY, (struct bytes){NULL, 0});
	l->notified = import_cell_past_day(&w->t, COL_NOTIFIED);
}

/* A number that is not registered, but for the zeros that spreadsheets drop: one that fits is meant, and its head
 * is in @ret_head. ERR_NOTFOUND, with @ret_said when that was said. */
static int find_zeros(struct work *w, struct bytes *home, struct bytes *ret_head, bool *ret_said)
{
	struct import_near near = {.n = 0};
	int err = w->look->near ? w->look->near(w->look->ctx, *home, &near) : ERR_NOTFOUND;

	if (err || near.n == 0)
		return err ? err : ERR_NOTFOUND;
	if (near.n > 1) {
		issue(w, COL_HOUSEHOLD, *home, ISSUE_ZEROS_TWO, near.number[0], near.number[1]);
		*ret_said = true;
		return ERR_NOTFOUND;
	}
	issue(w, COL_HOUSEHOLD, *home, ISSUE_ZEROS_LOST, near.number[0], (struct bytes){NULL, 0});
	*home = import_keep(w->rep, near.number[0].p, near.number[0].n);
	return w->look->head(w->look->ctx, *home, ret_head);
}

/* The head that the row names is there for people: it must be that of the household. */
static void check_head(struct work *w, struct bytes home, struct bytes head)
{
	struct bytes named = import_cell(&w->t, COL_HEAD);

	head = import_regular(w->rep, head, IMPORT_NAME);
	if (named.n && !look_same(named, head))
		issue(w, COL_HEAD, named, ISSUE_HEAD_LEDGER, home, head);
}

static int read_home(struct work *w, struct rec_points_line *l)
{
	struct bytes home = import_cell(&w->t, COL_HOUSEHOLD), head = {NULL, 0};
	bool said = false;
	int err;

	if (!import_cell_needed(&w->t, COL_HOUSEHOLD, home) ||
	    !import_cell_field(&w->t, COL_HOUSEHOLD, home, field("household"), l))
		return ERR_OK;
	err = w->look->head(w->look->ctx, home, &head);
	if (err == ERR_NOTFOUND)
		err = find_zeros(w, &home, &head, &said);
	if (err == ERR_NOTFOUND && !said)
		issue(w, COL_HOUSEHOLD, home, ISSUE_HOUSEHOLD_UNKNOWN, (struct bytes){NULL, 0},
		      (struct bytes){NULL, 0});
	if (err) {
		l->household = (struct bytes){NULL, 0};
		return err == ERR_NOTFOUND ? ERR_OK : err;
	}
	l->household = home;
	check_head(w, home, head);
	return ERR_OK;
}

static int read_member(struct work *w, struct rec_points_line *l)
{
	struct bytes name = import_cell(&w->t, COL_NAME), none = {NULL, 0};
	uint32_t member = 0;
	int err;

	if (l->household.n == 0 || name.n == 0)
		return ERR_OK;
	err = w->look->member(w->look->ctx, l->household, name, &member);
	l->member = member;
	switch (err) {
	case ERR_INVALID:
		issue(w, COL_NAME, name, ISSUE_NAME_UNKNOWN, l->household, none);
		return ERR_OK;
	case ERR_EXISTS:
		issue(w, COL_NAME, name, ISSUE_NAME_TWO, l->household, none);
		return ERR_OK;
	default: return err;
	}
}

/* A deduction may be written with a minus, an award may not: -3 is not 3. */
static void check_points(struct work *w, const struct rec_points_line *l,
			 const struct import_item *item)
{
	struct bytes written = import_cell(&w->t, COL_POINTS), points = written;
	struct rec_points_line given = {.member = 0};
	bool minus = points.n > 1 && points.p[0] == '-';
	char text[AMOUNT_TEXT_MAX];

	if (points.n == 0)
		return;
	if (minus) {
		points.p++;
		points.n--;
	}
	if (!import_cell_field(&w->t, COL_POINTS, points, field("points"), &given))
		return;
	if (points_cmp(given.points, item->points) != 0 || (minus && !item->deduct))
		issue(w, COL_POINTS, written, ISSUE_ITEM_POINTS,
		      bytes_str(points_text(item->points, text)), l->item);
	else if (minus)
		issue(w, COL_POINTS, written, ISSUE_NORMALISED, points, (struct bytes){NULL, 0});
}

/* The same but for spaces and full-width forms, which the catalogue may have as well as the sheet. */
static bool says_same(struct import_report *rep, struct bytes a, struct bytes b)
{
	return bytes_eq(import_regular(rep, a, IMPORT_CODE), import_regular(rep, b, IMPORT_CODE));
}

/* What the sheet says beside the code must be what the catalogue says. */
static void check_item(struct work *w, const struct rec_points_line *l,
		       const struct import_item *item)
{
	struct bytes name = import_cell(&w->t, COL_ITEM_NAME);

	if (name.n && !says_same(w->rep, name, item->name))
		issue(w, COL_ITEM_NAME, name, ISSUE_ITEM_NAME, item->name, l->item);
	check_points(w, l, item);
}

/* A code that is none as it stands is meant in capitals when that is one. */
static int find_item(struct work *w, struct bytes *code, day_t day, struct import_item *ret)
{
	int err = w->look->item(w->look->ctx, *code, day, ret);
	struct bytes upper = *code;
	uint8_t *to;

	if (err != ERR_NOTFOUND || ret->version == 0)
		return err;
	to = import_alloc(w->rep, code->n + 1);
	if (!to)
		return ERR_NOMEM;
	for (size_t i = 0; i < code->n; i++)
		to[i] = code->p[i] >= 'a' && code->p[i] <= 'z' ? (uint8_t)(code->p[i] - 32)
							       : code->p[i];
	upper.p = to;
	err = bytes_eq(upper, *code) ? ERR_NOTFOUND : w->look->item(w->look->ctx, upper, day, ret);
	if (!err) {
		issue(w, COL_ITEM, *code, ISSUE_NORMALISED, upper, (struct bytes){NULL, 0});
		*code = upper;
	}
	return err;
}

static int read_item(struct work *w, struct rec_points_line *l)
{
	struct bytes code = import_cell(&w->t, COL_ITEM);
	struct import_item item = {.version = 0};
	char day[DATE_TEXT_MAX];
	int err;

	if (!import_cell_needed(&w->t, COL_ITEM, code) ||
	    !import_cell_field(&w->t, COL_ITEM, code, field("item"), l) || l->day == DAY_NONE)
		return ERR_OK;
	if (w->t.today != DAY_NONE && l->day > w->t.today) /* said of the day */
		return ERR_OK;
	err = find_item(w, &code, l->day, &item);
	if (err == ERR_NOTFOUND) {
		issue(w, COL_ITEM, code, item.version ? ISSUE_ITEM_UNKNOWN : ISSUE_NO_CATALOGUE,
		      bytes_str(day_text(l->day, day)), (struct bytes){NULL, 0});
		return ERR_OK;
	}
	if (err)
		return err;
	l->item = code;
	l->version = item.version;
	l->points = item.points;
	check_item(w, l, &item);
	return ERR_OK;
}

static void read_texts(struct work *w, struct rec_points_line *l)
{
	static const uint32_t texts[] = {COL_PLACE, COL_REASON, COL_EVIDENCE, COL_EVIDENCE_NO};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		import_cell_field(&w->t, texts[i], import_cell(&w->t, texts[i]),
				  field(w->t.column[texts[i]].field), l);
}

/* The name of a file is not made regular: it would be another file. Only plain spaces around it go. */
static struct bytes file_name(struct import_table *t)
{
	struct bytes name = import_cell_meant(t, COL_FILE);

	while (name.n && chars_blank((struct bytes){name.p, 1})) {
		name.p++;
		name.n--;
	}
	while (name.n && chars_blank((struct bytes){name.p + name.n - 1, 1}))
		name.n--;
	return import_keep(t->rep, name.p, name.n);
}

/* A digest as it stands, or that of a file that came along. */
static int read_file(struct work *w, struct rec_points_line *l)
{
	struct bytes name = file_name(&w->t);
	struct hash h;

	if (name.n == 0)
		return ERR_OK;
	if (!hex_get((const char *)name.p, name.n, h.b, HASH_BYTES) &&
	    !(w->opts->file && w->opts->file(w->opts->file_ctx, name, &h))) {
		import_cell_issue(&w->t, COL_FILE, name, ISSUE_FILE_UNKNOWN, "", 0);
		return ERR_OK;
	}
	l->digest = import_keep(w->rep, h.b, HASH_BYTES);
	return w->rep->err;
}

static int read_line(struct work *w, struct rec_points_line *l)
{
	uint32_t row = w->t.row, first;
	int err;

	*l = (struct rec_points_line){.member = 0};
	read_day(w, l);
	err = read_home(w, l);
	if (!err)
		err = read_member(w, l);
	if (!err)
		err = read_item(w, l);
	if (err)
		return err;
	read_texts(w, l);
	err = read_file(w, l);
	if (err)
		return err;
	first = import_map_put(&w->seen, import_row_key(&w->t), row, w->rep);
	if (!w->rep->err && first != row)
		import_add(w->rep, &(struct import_issue){
					   .row = row, .id = ISSUE_LINE_REPEATED, .num = {first}});
	return w->rep->err;
}

static int grow(struct work *w)
{
	int err = VEC_ROOM(w->v, w->n, w->cap);

	return err ? err : VEC_ROOM(w->row, w->n, w->row_cap);
}

static int read_lines(struct work *w)
{
	int got, err;

	while ((got = import_table_next(&w->t)) > 0) {
		uint32_t errors = w->rep->count[IMPORT_ERROR];

		err = grow(w);
		if (!err)
			err = read_line(w, &w->v[w->n]);
		if (err)
			return err;
		w->row[w->n] = w->t.row;
		w->n += w->rep->count[IMPORT_ERROR] == errors && !w->t.incomplete;
	}
	if (got < 0)
		return got;
	if (w->rep->rows == 0)
		import_add(w->rep, &(struct import_issue){.id = ISSUE_NOTHING});
	w->rep->records = w->n;
	return ERR_OK;
}

/* Moves the lines into the report, where the caller's results live. */
static int give(struct work *w, struct import_entries *ret)
{
	struct import_entries e = {.n = w->n};

	e.v = import_alloc(w->rep, w->n * sizeof(e.v[0]));
	e.row = import_alloc(w->rep, w->n * sizeof(e.row[0]));
	if (!e.v || !e.row)
		return ERR_NOMEM;
	if (w->n) {
		memcpy(e.v, w->v, w->n * sizeof(e.v[0]));
		memcpy(e.row, w->row, w->n * sizeof(e.row[0]));
	}
	*ret = e;
	return ERR_OK;
}

int import_entries(const void *p, size_t n, const struct import_opts *o,
		   const struct import_lookup *look, struct import_entries *ret,
		   struct import_report *rep)
{
	struct work w = {.rep = rep, .opts = o, .look = look};
	int err = import_table_open(&w.t, p, n, &import_tables[IMPORT_ENTRIES], o->today, rep);

	if (!err)
		err = read_lines(&w);
	if (!err || err == ERR_INVALID)
		err = import_end(rep, o);
	else if (err == ERR_NOMEM)
		rep->err = err;
	if (!err || err == ERR_INVALID)
		err = give(&w, ret) ? ERR_NOMEM : err;
	mem_free(w.v);
	mem_free(w.row);
	import_map_close(&w.seen);
	import_table_close(&w.t);
	return err;
}

int import_entries_files(const void *p, size_t n, int (*cb)(void *ctx, struct bytes name),
			 void *ctx)
{
	struct import_report rep = {0};
	struct import_table t;
	int rv = import_table_open(&t, p, n, &import_tables[IMPORT_ENTRIES], DAY_NONE, &rep) ? -1
											     : 0;

	while (rv == 0 && import_table_next(&t) > 0) {
		struct bytes name = file_name(&t);

		if (name.n)
			rv = cb(ctx, name);
	}
	import_table_close(&t);
	import_report_close(&rep);
	return rv < 0 ? 0 : rv;
}

/* At most what the line takes in a payload: a run has up to 3 bytes in front, a number has up to 9. */
static size_t line_bytes_max(const struct rec_points_line *l)
{
	return 2 + 1 + 7 * 3 + 5 * 9 + l->household.n + l->item.n + l->place.n + l->reason.n +
	       l->evidence.n + l->evidence_no.n + l->digest.n;
}

uint32_t import_entries_fit(const struct import_entries *e, uint32_t from, size_t note_bytes)
{
	size_t sum = 1 + ENTRY_SECRET_BYTES + 2 + 2 + 1 + 3 + note_bytes;
	uint32_t most = rec_type_of(REC_points)->lines_max, n = 0;

	while (n < most && from + n < e->n) {
		sum += line_bytes_max(&e->v[from + n]);
		if (sum > ENTRY_PAYLOAD_MAX)
			break;
		n++;
	}
	return n;
}
