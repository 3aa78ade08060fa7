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
	bool no_decimal;   /* the ".0" that a spreadsheet puts behind a number */
	bool text;	   /* nothing in it may make it look like another, or be a number below */
	unsigned personal; /* enum chars_looks: numbers that it must not hold */
	/* the one in front that makes a spreadsheet keep text: any, or one that stands before the mark of a formula */
	bool no_apostrophe;
	const char *before, *behind; /* words that go, each between bars */
};
static const struct shape shapes[IMPORT_CLASSES] = {
	[IMPORT_CODE] = {.spaces = SPACES_DROP, .narrow_all = true, .no_apostrophe = true},
	[IMPORT_NAME] = {.spaces = SPACES_DROP_CHINESE,
			 .narrow_alnum = true,
			 .dots = true,
			 .text = true,
			 .personal = CHARS_PHONE | CHARS_CARD},
	[IMPORT_TEXT] = {.spaces = SPACES_KEEP, .text = true, .personal = CHARS_PHONE | CHARS_CARD},
	[IMPORT_PAPER] = {.spaces = SPACES_KEEP, .text = true, .personal = CHARS_PHONE},
	[IMPORT_ID] = {.spaces = SPACES_DROP,
		       .narrow_all = true,
		       .no_apostrophe = true,
		       .upper_x = true},
	[IMPORT_NUMBER] = {.spaces = SPACES_DROP,
			   .narrow_all = true,
			   .no_apostrophe = true,
			   .no_decimal = true},
	[IMPORT_POINTS] = {.spaces = SPACES_DROP,
			   .narrow_all = true,
			   .no_apostrophe = true,
			   .before = "|+|",
			   .behind = "|积分|分|"},
	[IMPORT_FEN] = {.spaces = SPACES_DROP,
			.narrow_all = true,
			.no_apostrophe = true,
			.before = "|+|¥|￥|RMB|人民币|",
			.behind = "|元整|元|圆|块钱|块|"},
	[IMPORT_COUNT] = {.spaces = SPACES_DROP,
			  .narrow_all = true,
			  .no_apostrophe = true,
			  .no_decimal = true,
			  .before = "|+|"},
	[IMPORT_DAY] = {.spaces = SPACES_DROP_CHINESE, .narrow_all = true, .no_apostrophe = true},
	[IMPORT_CHOICE] = {.spaces = SPACES_DROP_CHINESE,
			   .narrow_all = true,
			   .no_apostrophe = true},
	[IMPORT_FILE] = {.spaces = SPACES_KEEP},
};

/* All that people and programs write for the dot in 买买提·阿不都. */
static bool is_dot(uint32_t c)
{
	return c == 0x2022 || c == 0x2027 || c == 0x2219 || c == 0x22c5 || c == 0x30fb ||
	       c == 0xff65 || c == 0xff0e || c == 0x0387 || c == 0x2024 || c == 0x2e31 ||
	       c == 0x16eb || c == 0x318d || c == 0xfe52;
}

/* A full stop is such a dot between two characters that are no plain letters. */
static bool is_stop_in_name(const struct chars *s, uint32_t last)
{
	struct chars next = *s;

	if ((s->c != '.' && s->c != 0x3002 && s->c != 0xff61) || last < 0x80)
		return false;
	while (chars_next(&next))
		if (!chars_is_space(next.c))
			return next.c >= 0x80;
	return false;
}

static uint32_t shape_char(const struct shape *sh, const struct chars *s, uint32_t last)
{
	uint32_t c = s->c, thin = chars_narrow(c);

	if (sh->narrow_all || (sh->narrow_alnum && is_alnum(thin)))
		c = thin;
	if (sh->narrow_all && (c == 0x2212 || c == 0x2013)) /* minus signs */
		c = '-';
	if (sh->dots && (is_dot(s->c) || is_stop_in_name(s, last)))
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

/* Length of the word of @list, each between bars, with which the text begins or ends; 0: none. */
static size_t listed(const char *list, const uint8_t *p, size_t n, bool at_end)
{
	for (const char *w = list + 1; *w; w += strcspn(w, "|") + 1) {
		size_t len = strcspn(w, "|");

		if (n > len && memcmp(at_end ? p + n - len : p, w, len) == 0)
			return len;
	}
	return 0;
}

/* 1,234,567.50: a comma before every three digits of the whole number, and nowhere else. */
static bool commas_right(const uint8_t *p, size_t n)
{
	size_t lead = 0, i;

	while (lead < n && p[lead] >= '0' && p[lead] <= '9')
		lead++;
	if (lead < 1 || lead > 3 || lead == n || p[lead] != ',')
		return false;
	for (i = lead; i < n && p[i] == ','; i += 4) {
		if (n - i < 4)
			return false;
		for (size_t k = 1; k < 4; k++)
			if (p[i + k] < '0' || p[i + k] > '9')
				return false;
	}
	return i == n || p[i] == '.';
}

/* In place. */
static size_t without_commas(uint8_t *p, size_t n)
{
	size_t to = 0;

	if (!commas_right(p, n))
		return n;
	for (size_t i = 0; i < n; i++)
		if (p[i] != ',')
			p[to++] = p[i];
	return to;
}

/* What an amount has around it and between its digits, in place. */
static size_t plain_amount(const struct shape *sh, uint8_t *p, size_t n)
{
	size_t k = listed(sh->before, p, n, false), sign;

	memmove(p, p + k, n -= k);
	while (sh->behind && (k = listed(sh->behind, p, n, true)))
		n -= k;
	sign = n && p[0] == '-';
	return sign + without_commas(p + sign, n - sign);
}

/* An apostrophe in front that is for the spreadsheet: before a code any, before other text one that keeps it from
 * being a formula, as our own files have it. */
static bool is_guard(const struct shape *sh, const struct chars *s)
{
	struct chars next = *s;
	uint32_t mark = ' ';

	if (s->c != '\'' && s->c != 0x2018 && s->c != 0x2019)
		return false;
	while (mark == ' ' && chars_next(&next))
		mark = chars_narrow(next.c);
	return sh->no_apostrophe || (s->c == '\'' && (mark == '=' || mark == '+' || mark == '-' ||
						      mark == '@' || mark == '\t'));
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
		if (at == to && is_guard(sh, &s))
			continue;
		uint32_t c = shape_char(sh, &s, last);
		bool chinese = last >= 0x80 && c >= 0x80;
		if (space && at > to && sh->spaces != SPACES_DROP &&
		    !(sh->spaces == SPACES_DROP_CHINESE && chinese))
			at = chars_put(at,
				       sh->spaces == SPACES_KEEP && space != '\n' ? space : ' ');
		at = chars_put(at, c);
		last = c;
		space = 0;
	}
	size_t n = (size_t)(at - to);

	if (sh->before)
		n = plain_amount(sh, to, n);
	else if (sh->no_decimal)
		n = without_commas(to, n);
	return sh->no_decimal ? without_decimal(to, n) : n;
}

size_t import_squeeze(struct bytes in, uint8_t *to)
{
	static const struct shape sh = {.spaces = SPACES_DROP, .narrow_all = true};

	return shape_text(&sh, in, to);
}

bool import_has_letter(struct bytes b)
{
	struct chars s = chars_of(b);

	while (chars_next(&s)) {
		uint32_t c = chars_narrow(s.c);

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c >= 0xc0 && !(c >= 0x2000 && c <= 0x2e7f) && !(c >= 0x3000 && c <= 0x303f) &&
		     !(c >= 0xfe00 && c <= 0xffef)))
			return true;
	}
	return false;
}

struct bytes import_regular(struct import_report *rep, struct bytes in, enum import_class class)
{
	uint8_t *to = import_alloc(rep, in.n + 1);

	return to ? (struct bytes){to, shape_text(&shapes[class], in, to)}
		  : (struct bytes){NULL, 0};
}

/* --- what spreadsheets and people put in place of a value ------------------------------------------------ */

#define MARK_BYTES_MAX 32

/* The text without spaces and full-width forms, in small letters, between bars; "" when it is too long. */
static void mark_of(struct bytes b, char out[MARK_BYTES_MAX + 3])
{
	size_t n = b.n <= MARK_BYTES_MAX ? import_squeeze(b, (uint8_t *)out + 1) : 0;

	out[0] = '|';
	for (size_t i = 1; i <= n; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	out[n + 1] = '|';
	out[n ? n + 2 : 0] = '\0';
}

static bool is_error_value(const char *mark)
{
	static const char errors[] =
		"|#n/a|#na|#name?|#ref!|#value!|#div/0!|#null!|#num!|#name|#ref|#value|#div/"
		"0|#null|#num|#spill!|#calc!|#field!|"
		"#blocked!|#unknown!|#connect!|#busy!|#getting_data|#getting_data...|#external!|"
		"#python!|#timeout!|";
	size_t n = strlen(mark);

	/* a column too narrow for its number, saved as it was shown; errors of LibreOffice are Err:502 */
	return strstr(errors, mark) || (n > 3 && strspn(mark + 1, "#") == n - 2) ||
	       (strncmp(mark, "|err:", 5) == 0 && strspn(mark + 5, "0123456789") == n - 6 && n > 6);
}

static bool is_ditto(const char *mark)
{
	return strstr("|〃|〃〃|同上|同上行|同上一行|如上|同前|同左|上同|″|〞|“|”|\"|\"\"|''|々|"
		      "ditto|do.|",
		      mark) != NULL;
}

/* Words that say that there is nothing. Of a choice some of them are choices, and a name may be Na. */
static bool is_none(const char *mark, enum import_class class)
{
	static const char words[] =
		"|无|暂无|没有|无此项|空|空白|暂缺|缺|待补|略|未填写|无电话|无手机|没有电话|"
		"没有手机|无号码|"
		"/|//|\\|-|--|---|—|——|———|–|―|─|──|_|__|…|……|...|nil|null|none|n/a|";
	static const char unknown[] = "|未填|不详|未知|不清楚|不知道|不明|";

	if (strstr(words, mark) || (class != IMPORT_CHOICE && strstr(unknown, mark)))
		return true;
	return class != IMPORT_CHOICE && class != IMPORT_NAME && class != IMPORT_TEXT &&
	       class != IMPORT_PAPER && strcmp(mark, "|na|") == 0;
}

/* What ="0501" shows, with "" for a quote. False: it is no such formula. */
static bool formula_text(struct import_table *t, struct bytes *b)
{
	struct bytes in = *b;
	size_t n = 0;
	uint8_t *to;

	while (in.n && chars_blank((struct bytes){in.p + in.n - 1, 1}))
		in.n--;
	if (in.n < 3 || in.p[0] != '=' || in.p[1] != '"' || in.p[in.n - 1] != '"')
		return false;
	to = import_alloc(t->rep, in.n);
	if (!to)
		return false;
	for (size_t i = 2; i < in.n - 1; i++) {
		if (in.p[i] == '"' && (i + 2 >= in.n || in.p[i + 1] != '"'))
			return false;
		i += in.p[i] == '"';
		to[n++] = in.p[i];
	}
	*b = (struct bytes){to, n};
	return true;
}

static void spoil(struct import_table *t, uint32_t column, struct bytes raw, enum import_id id)
{
	t->spoilt |= UINT32_C(1) << column;
	import_cell_issue(t, column, raw, id, "", 0);
}

_Static_assert(IMPORT_COLUMNS_MAX <= 32, "a bit for each column");

struct bytes import_cell_meant(struct import_table *t, uint32_t column)
{
	static const struct bytes empty = {NULL, 0};
	enum grid_kind kind;
	struct bytes raw = import_table_raw(t, column, &kind), v = raw;
	char mark[MARK_BYTES_MAX + 3];

	if (t->spoilt >> column & 1)
		return empty;
	if (kind == GRID_UNSAVED) {
		spoil(t, column, raw, ISSUE_FORMULA);
		return empty;
	}
	if (formula_text(t, &v))
		import_cell_issue(t, column, raw, ISSUE_TEXT_FORMULA, import_shown(t->rep, v), 0);
	mark_of(v, mark);
	if (!mark[0])
		return v;
	if (is_error_value(mark) || is_ditto(mark)) {
		spoil(t, column, raw, is_ditto(mark) ? ISSUE_DITTO : ISSUE_ERROR_VALUE);
		return empty;
	}
	if (is_none(mark, t->column[column].class)) {
		import_cell_issue(t, column, raw, ISSUE_NONE_WORD, "", 0);
		return empty;
	}
	if (kind == GRID_MERGED)
		import_cell_issue(t, column, raw, ISSUE_MERGED, "", 0);
	return v;
}

/* 5.00E+17: the digits are lost, in whatever column a number stood. */
static bool is_scientific(struct bytes b)
{
	size_t i = 0, digits;

	while (i < b.n && ((b.p[i] >= '0' && b.p[i] <= '9') || b.p[i] == '.'))
		i++;
	if (i == 0 || i + 2 >= b.n || (b.p[i] != 'E' && b.p[i] != 'e') ||
	    (b.p[i + 1] != '+' && !memchr(b.p, '.', i)))
		return false;
	i += 1 + (b.p[i + 1] == '+');
	for (digits = 0; i + digits < b.n; digits++)
		if (b.p[i + digits] < '0' || b.p[i + digits] > '9')
			return false;
	return digits > 0;
}

/* --- cells -------------------------------------------------------------------------------------------- */

void import_cell_issue(struct import_table *t, uint32_t column, struct bytes value,
		       enum import_id id, const char *s, int64_t num)
{
	import_add(t->rep, &(struct import_issue){.row = t->row,
						  .id = id,
						  .column = t->column[column].name,
						  .value = import_shown(t->rep, value),
						  .s = s,
						  .num = {num}});
}

/* What is written into the log stays there and is read everywhere: nothing that makes a name look like another,
 * also where that would be left out, and no number that belongs to a person. */
static void check_text(struct import_table *t, uint32_t column, struct bytes raw, struct bytes v)
{
	enum import_class class = t->column[column].class;
	struct look_found f = {0};
	struct chars s = chars_of(raw);
	char code[LOOK_CODE_MAX];

	while (!f.c && chars_next(&s))
		f.c = chars_is_format(s.c) ? s.c : 0;
	if (f.c || look_find(v, class == IMPORT_NAME, &f))
		import_cell_issue(t, column, raw,
				  f.kind == LOOK_PRIVATE ? ISSUE_PRIVATE_CHARACTER
							 : ISSUE_FORMAT_CHARACTER,
				  import_shown(t->rep, bytes_str(look_code(f.c, code))), 0);
	if (chars_personal(raw, shapes[class].personal))
		import_cell_issue(t, column, raw, ISSUE_PERSONAL_NUMBER, "", 0);
}

static void note_change(struct import_table *t, uint32_t column, struct bytes raw, struct bytes v)
{
	bool id = t->column[column].class == IMPORT_ID;

	import_add(t->rep, &(struct import_issue){.row = t->row,
						  .id = ISSUE_NORMALISED,
						  .column = t->column[column].name,
						  .value = id ? import_shown_id(t->rep, raw)
							      : import_shown(t->rep, raw),
						  .s = id ? import_shown_id(t->rep, v)
							  : import_shown(t->rep, v)});
}

struct bytes import_cell(struct import_table *t, uint32_t column)
{
	enum import_class class = t->column[column].class;
	struct bytes raw = import_cell_meant(t, column), v;

	v = import_regular(t->rep, raw, class);
	if (shapes[class].text)
		check_text(t, column, raw, v);
	if ((shapes[class].text || class == IMPORT_CODE || class == IMPORT_NUMBER) &&
	    is_scientific(v)) {
		spoil(t, column, raw, ISSUE_SCIENTIFIC);
		return (struct bytes){NULL, 0};
	}
	if (!bytes_eq(raw, v) && v.n)
		note_change(t, column, raw, v);
	return v;
}

bool import_cell_needed(struct import_table *t, uint32_t column, struct bytes value)
{
	if (value.n)
		return true;
	if (!(t->spoilt >> column & 1) && import_table_has(t, column)) /* else it was said once */
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
		if (!((s[j] >= '0' && s[j] <= '9') || s[j] == ':' || s[j] == '.' ||
		      (s[j] == 'Z' && j == n - 1)))
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
	struct bytes raw = import_cell_meant(t, column);
	char text[64], canonical[DATE_TEXT_MAX];
	enum import_id id = ISSUE_DATE_NOTATION;
	day_t day = DAY_NONE;
	int64_t serial;
	size_t n = raw.n <= sizeof(text) ? shape_text(&shapes[IMPORT_DAY], raw, (uint8_t *)text)
					 : sizeof(text);

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
	if (id == ISSUE_DATE)
		t->spoilt |= UINT32_C(1) << column;
	return day;
}

day_t import_cell_past_day(struct import_table *t, uint32_t column)
{
	day_t day = import_cell_day(t, column);
	char text[DATE_TEXT_MAX];

	if (day != DAY_NONE && t->today != DAY_NONE && day > t->today)
		import_cell_issue(t, column, import_table_raw(t, column, NULL), ISSUE_DAY_FUTURE,
				  import_shown(t->rep, bytes_str(day_text(t->today, text))), 0);
	return day;
}

struct bytes import_cell_usual(struct import_table *t, uint32_t column, const struct rec_field *f,
			       struct bytes value)
{
	static const struct {
		enum rec_list list;
		const char *words, *usual;
	} of[] = {
		{REC_LIST_YES, "|√|✓|Y|TRUE|须|需|须有|需要|要|有|参加|愿意|同意|", "是"},
		{REC_LIST_YES,
		 "|×|N|FALSE|不须|不需|不需要|无须|无需|不要|没有|不参加|不愿意|不同意|", "否"},
		{REC_LIST_SEX, "|男性|M|", "男"},
		{REC_LIST_SEX, "|女性|F|", "女"},
		/* 是否本村户籍 */
		{REC_LIST_HUKOU, "|本村户籍|是|", "本村"},
		{REC_LIST_HUKOU, "|外村户籍|外地|外来|否|", "外村"},
	};
	char bars[MARK_BYTES_MAX + 3];

	if (value.n == 0 || value.n > MARK_BYTES_MAX)
		return value;
	snprintf(bars, sizeof(bars), "|%.*s|", (int)value.n, (const char *)value.p);
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (f->choices == &rec_lists[of[i].list] && strstr(of[i].words, bars)) {
			import_cell_issue(t, column, value, ISSUE_NORMALISED, of[i].usual, 0);
			return bytes_str(of[i].usual);
		}
	return value;
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
					   .row = t->row,
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
