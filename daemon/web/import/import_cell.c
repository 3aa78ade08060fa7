#include "daemon/web/import/import_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "daemon/web/import/import_chars.h"
#include "lib/err.h"
#include "lib/look.h"
#include "lib/text.h"

#define SERIAL_MIN	  10000 /* 1927; shorter numbers are more often a year */
#define SERIAL_MAX	  73050 /* 2099-12-31 */
#define SERIAL_1970_01_01 25569 /* in the 1900 system, with its 29 February 1900 */

/* --- characters --------------------------------------------------------------------------------------- */

static bool is_alnum(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* What becomes of a run of spaces between two characters. */
enum spaces { SPACES_DROP, SPACES_DROP_CHINESE, SPACES_KEEP };

struct shape {
	enum spaces spaces;
	bool narrow_all; /* punctuation, too */
	bool narrow_alnum;
	bool dots; /* the many dots in names */
	bool upper_x;
	bool no_decimal;    /* the ".0" that a spreadsheet puts behind a number */
	unsigned personal;  /* enum chars_looks: numbers that it must not hold */
	bool no_apostrophe; /* the one in front that makes a spreadsheet keep text */
};

static uint32_t shape_char(const struct shape *sh, uint32_t c)
{
	uint32_t thin = chars_narrow(c);

	if (sh->narrow_all || (sh->narrow_alnum && is_alnum(thin)))
		c = thin;
	if (sh->dots && (c == 0x2022 || c == 0x30fb || c == 0x2027))
		c = 0xb7;
	return sh->upper_x && c == 'x' ? 'X' : c;
}

/* 5001.0 -> 5001 */
static size_t without_decimal(const uint8_t *p, size_t n)
{
	size_t whole = 0, zeros;

	while (whole < n && p[whole] >= '0' && p[whole] <= '9')
		whole++;
	zeros = whole + 1;
	while (zeros < n && p[zeros] == '0')
		zeros++;
	return whole && whole + 1 < n && p[whole] == '.' && zeros == n ? whole : n;
}

/* The text made regular, at @to, which has room for as many bytes as @in. Returns the length. */
static size_t shape_text(const struct shape *sh, struct bytes in, uint8_t *to)
{
	struct chars s = chars_of(in);
	uint8_t *at = to;
	uint32_t last = 0, space = 0;

	while (chars_next(&s)) {
		bool only_blank = s.c == ' ' || s.c == 0x3000 || s.c == 0xa0;

		if (chars_is_space(s.c)) {
			space = !only_blank || space == '\n' ? '\n' : s.c == 0x3000 ? s.c : ' ';
			continue;
		}
		if (sh->no_apostrophe && at == to &&
		    (s.c == '\'' || s.c == 0x2018 || s.c == 0x2019))
			continue;
		uint32_t c = shape_char(sh, s.c);
		bool chinese = last >= 0x80 && c >= 0x80;
		if (space && at > to && sh->spaces != SPACES_DROP &&
		    !(sh->spaces == SPACES_DROP_CHINESE && chinese))
			at = chars_put(at,
				       sh->spaces == SPACES_KEEP && space != '\n' ? space : ' ');
		at = chars_put(at, c);
		last = c;
		space = 0;
	}
	return sh->no_decimal ? without_decimal(to, (size_t)(at - to)) : (size_t)(at - to);
}

size_t import_squeeze(struct bytes in, uint8_t *to)
{
	static const struct shape sh = {.spaces = SPACES_DROP, .narrow_all = true};

	return shape_text(&sh, in, to);
}

bool import_blank(struct bytes b)
{
	struct chars s = chars_of(b);

	while (chars_next(&s))
		if (!chars_is_space(s.c))
			return false;
	return true;
}

/* --- cells -------------------------------------------------------------------------------------------- */

void import_cell_issue(struct import_table *t, uint32_t column, struct bytes value,
		       enum import_id id, const char *s, int64_t num)
{
	import_add(t->rep, &(struct import_issue){.row = t->csv.row,
						  .id = id,
						  .column = t->column[column].name,
						  .value = import_shown(t->rep, value),
						  .s = s,
						  .num = {num}});
}

static const struct shape shapes[] = {
	[IMPORT_CODE] = {.spaces = SPACES_DROP, .narrow_all = true, .no_apostrophe = true},
	[IMPORT_NAME] = {.spaces = SPACES_DROP_CHINESE,
			 .narrow_alnum = true,
			 .dots = true,
			 .personal = CHARS_PHONE | CHARS_CARD},
	[IMPORT_TEXT] = {.spaces = SPACES_KEEP, .personal = CHARS_PHONE | CHARS_CARD},
	[IMPORT_PAPER] = {.spaces = SPACES_KEEP, .personal = CHARS_PHONE},
	[IMPORT_ID] = {.spaces = SPACES_DROP,
		       .narrow_all = true,
		       .no_apostrophe = true,
		       .upper_x = true},
	[IMPORT_NUMBER] = {.spaces = SPACES_DROP,
			   .narrow_all = true,
			   .no_apostrophe = true,
			   .no_decimal = true},
};

/* What is written into the log stays there and is read everywhere: nothing that makes a name look like another,
 * also where that would be left out, and no number that belongs to a person. */
static void check_text(struct import_table *t, uint32_t column, struct bytes raw, struct bytes v,
		       enum import_class class)
{
	bool name = class == IMPORT_NAME;
	struct look_found f = {0};
	struct chars s = chars_of(raw);
	char code[LOOK_CODE_MAX];

	while (!f.c && chars_next(&s))
		f.c = chars_is_format(s.c) ? s.c : 0;
	if (f.c || look_find(v, name, &f))
		import_cell_issue(t, column, raw,
				  f.kind == LOOK_PRIVATE ? ISSUE_PRIVATE_CHARACTER
							 : ISSUE_FORMAT_CHARACTER,
				  import_shown(t->rep, bytes_str(look_code(f.c, code))), 0);
	if (chars_personal(raw, shapes[class].personal))
		import_cell_issue(t, column, raw, ISSUE_PERSONAL_NUMBER, "", 0);
}

struct bytes import_cell(struct import_table *t, uint32_t column, enum import_class class)
{
	struct bytes raw = import_table_raw(t, column);
	uint8_t *to = import_alloc(t->rep, raw.n + 1);
	struct bytes v = {to, 0};

	if (!to)
		return (struct bytes){NULL, 0};
	v.n = shape_text(&shapes[class], raw, to);
	if (class == IMPORT_NAME || class == IMPORT_TEXT || class == IMPORT_PAPER)
		check_text(t, column, raw, v, class);
	if (bytes_eq(raw, v) || v.n == 0)
		return v;
	bool id = class == IMPORT_ID;
	import_add(t->rep, &(struct import_issue){.row = t->csv.row,
						  .id = ISSUE_NORMALISED,
						  .column = t->column[column].name,
						  .value = id ? import_shown_id(t->rep, raw)
							      : import_shown(t->rep, raw),
						  .s = id ? import_shown_id(t->rep, v)
							  : import_shown(t->rep, v)});
	return v;
}

bool import_cell_needed(struct import_table *t, uint32_t column, struct bytes value)
{
	if (value.n)
		return true;
	import_cell_issue(t, column, value, ISSUE_EMPTY, t->column[column].name, 0);
	return false;
}

/* A time of day behind the date, as database exports have it. */
static size_t without_time(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] != ' ' && s[i] != 'T')
		i++;
	for (size_t j = i + 1; j < n; j++)
		if (!((s[j] >= '0' && s[j] <= '9') || s[j] == ':' || s[j] == '.'))
			return n;
	return i;
}

/* Whether the text is 1970-01-01 in some notation, the one day that is no day_t. */
static bool is_epoch(const char *s, size_t n)
{
	char year_later[32];
	day_t day;

	if (n < 4 || n > sizeof(year_later) || memcmp(s, "1970", 4) != 0)
		return false;
	memcpy(year_later, s, n);
	year_later[3] = '1';
	return day_parse(year_later, n, &day) && day == 365;
}

static bool serial_day(const char *s, size_t n, int64_t *ret)
{
	uint64_t v;

	if (n != 5 || !u64_parse(s, n, &v) || v < SERIAL_MIN || v > SERIAL_MAX)
		return false;
	*ret = (int64_t)v - SERIAL_1970_01_01;
	return true;
}

day_t import_cell_day(struct import_table *t, uint32_t column)
{
	static const struct shape sh = {.spaces = SPACES_DROP_CHINESE, .narrow_all = true};
	struct bytes raw = import_table_raw(t, column);
	char text[64], canonical[DATE_TEXT_MAX];
	enum import_id id = ISSUE_DATE_NOTATION;
	day_t day = DAY_NONE;
	int64_t serial;
	size_t n = raw.n <= sizeof(text) ? shape_text(&sh, raw, (uint8_t *)text) : sizeof(text);

	if (n == 0)
		return DAY_NONE;
	n = without_time(text, n);
	if (serial_day(text, n, &serial)) {
		day = (day_t)serial;
		id = day == DAY_NONE ? ISSUE_DATE_EPOCH : ISSUE_DATE_SERIAL;
	} else if (is_epoch(text, n)) {
		id = ISSUE_DATE_EPOCH;
	} else if (!day_parse(text, n, &day)) {
		id = ISSUE_DATE;
	}
	day_text(day, canonical);
	if (id != ISSUE_DATE_NOTATION || !str_eq((const char *)raw.p, raw.n, canonical))
		import_cell_issue(t, column, raw, id,
				  import_shown(t->rep, (struct bytes){(const uint8_t *)canonical,
								      strlen(canonical)}),
				  0);
	return day;
}

day_t import_cell_past_day(struct import_table *t, uint32_t column)
{
	day_t day = import_cell_day(t, column);
	char text[DATE_TEXT_MAX];

	if (day != DAY_NONE && t->today != DAY_NONE && day > t->today)
		import_cell_issue(t, column, import_table_raw(t, column), ISSUE_DAY_FUTURE,
				  import_shown(t->rep, bytes_str(day_text(t->today, text))), 0);
	return day;
}

static const char *choice_words(struct import_report *rep, const struct rec_choices *l)
{
	struct buf words = {0};
	const char *kept;

	for (uint32_t i = 0; i < l->n; i++)
		buf_printf(&words, "%s%s", i ? "/" : "", l->v[i].zh);
	kept = import_shown(rep, buf_bytes(&words));
	buf_close(&words);
	return kept;
}

bool import_cell_field(struct import_table *t, uint32_t column, struct bytes value,
		       const struct rec_field *f, void *record)
{
	uint8_t scratch[REC_SCRATCH_BYTES];

	assert(!rec_is_hex(f)); /* it would live in the scratch */
	if (!rec_field_parse(f, (const char *)value.p, value.n, scratch, record))
		return true;
	switch (f->kind) {
	case REC_CHOICE:
		import_cell_issue(t, column, value, ISSUE_CHOICE, choice_words(t->rep, f->choices),
				  0);
		break;
	case REC_DAY: import_cell_issue(t, column, value, ISSUE_DATE, "", 0); break;
	case REC_MINUTE:
	case REC_U:
	case REC_FEN:
	case REC_QTY:
	case REC_POINTS: import_cell_issue(t, column, value, ISSUE_NUMBER, "", 0); break;
	case REC_TEXT:
	case REC_CODE:
	case REC_DIGEST:
	case REC_BIN:
		import_add(t->rep, &(struct import_issue){
					   .row = t->csv.row,
					   .id = ISSUE_BOUNDS,
					   .column = t->column[column].name,
					   .value = import_shown(t->rep, value),
					   .s = f->kind == REC_CODE ? "0-9 A-Z a-z . _ -" : "UTF-8",
					   .num = {f->min, f->max}});
		break;
	}
	return false;
}

const struct rec_field *import_field(const struct rec_field *f, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(f[i].name, name) == 0)
			return &f[i];
	assert(false); /* the table of the record has no such field */
	return NULL;
}
