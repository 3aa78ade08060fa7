#include "proto/record.h"

#include <inttypes.h>
#include <string.h>

#include "lib/text.h"
#include "proto/record_value.h"

/* Records as people see them: JSON, text fields of forms and command lines, masked names, the table of
 * SPEC.md. The codec is in proto/record.c. */

const char *rec_kind_name(enum rec_kind kind)
{
	static const char *const names[] = {"u",    "points", "fen",	"qty",	  "day",   "text",
					    "code", "bin",    "choice", "minute", "digest"};

	return names[kind];
}

bool rec_is_number(const struct rec_field *f)
{
	return f->number || f->kind == REC_U || f->kind == REC_POINTS || f->kind == REC_FEN ||
	       f->kind == REC_QTY;
}

void rec_example(const struct rec_field *f, enum lang lang, struct buf *out)
{
	char text[AMOUNT_TEXT_MAX];
	int64_t some = f->max < 1000 ? f->max : 1000;

	if (f->example || f->household || f->enrolled) {
		buf_puts(out, f->example ? f->example : f->household ? "05001" : "500101999201");
		return;
	}
	switch (f->kind) {
	case REC_U:
	case REC_QTY: buf_printf(out, "%" PRId64, f->min > 1 ? f->min : 1); return;
	case REC_POINTS: buf_puts(out, points_text(points_of(some), text)); return;
	case REC_FEN: buf_puts(out, fen_text(fen_of(some), text)); return;
	case REC_DAY: buf_puts(out, "2026-03-01"); return;
	case REC_MINUTE: buf_puts(out, "09:30"); return;
	case REC_CHOICE: buf_puts(out, f->choices->v[f->min].name); return;
	case REC_DIGEST:
	case REC_BIN: buf_printf(out, "%0*d", (int)(2 * (f->min > 0 ? f->min : f->max)), 0); return;
	case REC_TEXT: buf_puts(out, lang == LANG_EN ? f->en : f->zh); return;
	case REC_CODE: buf_puts(out, "1"); return;
	}
}

/* --- masked names ------------------------------------------------------------------------------------ */

/* Family names of two characters; each entry is two characters of three bytes. */
static const char compound_names[] = "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连"
				     "澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于"
				     "司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋"
				     "夹谷轩辕令狐段干百里呼延东郭南门羊舌微生梁丘左丘东门西门南荣"
				     "第五公仪公乘公户仲长贺兰完颜耶律纳兰叶赫那拉";
#define COMPOUND_BYTES 6
_Static_assert(sizeof(compound_names) % COMPOUND_BYTES == 1, "an entry is cut");

static size_t char_bytes(const char *s, size_t n)
{
	size_t len = 1;

	while (len < n && ((uint8_t)s[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* Bytes of the family name at the start of a name. */
static size_t family_bytes(const char *s, size_t n)
{
	/* a name that is nothing but a compound name is more often one character and a given name */
	for (size_t i = 0; n > COMPOUND_BYTES && i + 1 < sizeof(compound_names);
	     i += COMPOUND_BYTES)
		if (memcmp(compound_names + i, s, COMPOUND_BYTES) == 0)
			return COMPOUND_BYTES;
	return char_bytes(s, n);
}

int rec_mask_name(struct buf *out, const char *name, size_t n)
{
	size_t family = n ? family_bytes(name, n) : 0;
	size_t last = n;

	while (last > family && ((uint8_t)name[--last] & 0xc0) == 0x80)
		;
	if (family < n) /* one character alone would be the whole name */
		buf_put(out, name, family);
	if (n)
		buf_put_u8(out, '*');
	/* one star whatever the length: the length, too, shows who it is */
	if (last > family)
		buf_put(out, name + last, n - last);
	return out->err;
}

/* --- JSON -------------------------------------------------------------------------------------------- */

static void json_masked_name(struct jw *w, struct bytes name)
{
	/* 64 bytes is the longest name; family name and last character are less than half of that */
	uint8_t shown[64];
	struct buf b = {.p = shown, .cap = sizeof(shown), .max = sizeof(shown) - 1};

	rec_mask_name(&b, (const char *)name.p, name.n);
	jw_strn(w, b.err ? "*" : (const char *)b.p, b.err ? 1 : b.n);
}

void rec_json_value(struct jw *w, const struct rec_field *f, const void *s)
{
	char text[AMOUNT_TEXT_MAX > DATE_TEXT_MAX ? AMOUNT_TEXT_MAX : DATE_TEXT_MAX];
	struct bytes b;
	uint32_t c;

	switch (f->kind) {
	case REC_U: jw_u64(w, value_u(f, s)); break;
	case REC_POINTS: jw_str(w, points_text(value_points(f, s), text)); break;
	case REC_FEN: jw_str(w, fen_text(value_fen(f, s), text)); break;
	case REC_QTY: jw_i64(w, qty_raw(value_qty(f, s))); break;
	case REC_DAY: jw_str(w, day_text(value_day(f, s), text)); break;
	case REC_MINUTE: jw_str(w, minute_text(value_u(f, s), text)); break;
	case REC_TEXT:
	case REC_CODE:
		b = value_bytes(f, s);
		jw_strn(w, (const char *)b.p, b.n);
		break;
	case REC_DIGEST:
	case REC_BIN:
		b = value_bytes(f, s);
		jw_hex(w, b.p, b.n);
		break;
	case REC_CHOICE:
		c = value_choice(f, s);
		jw_str(w, c < f->choices->n ? f->choices->v[c].name : "");
		break;
	}
}

void rec_json(struct jw *w, const struct rec_field *f, uint32_t n, const void *s,
	      enum rec_privacy upto)
{
	for (uint32_t i = 0; i < n; i++) {
		if (f[i].privacy <= upto) {
			jw_key(w, f[i].name);
			rec_json_value(w, &f[i], s);
		} else if (f[i].privacy == REC_MASKED && f[i].person) {
			jw_key(w, f[i].name);
			json_masked_name(w, value_bytes(&f[i], s));
		}
	}
}

const char *rec_label(const struct rec_field *f, const void *s, enum lang lang)
{
	uint32_t c = value_choice(f, s);

	if (c >= f->choices->n)
		return "";
	return lang == LANG_EN ? f->choices->v[c].en : f->choices->v[c].zh;
}

/* --- values that some must not see ------------------------------------------------------------------- */

bool rec_shown(const struct rec_field *f, enum rec_privacy upto)
{
	return f->privacy <= upto || (f->privacy == REC_MASKED && f->person);
}

/* The short form of the name in a place of its own; "*" when there is no more room. */
static void redact_name(const struct rec_field *f, void *s, struct buf *shown)
{
	struct bytes name = value_bytes(f, s);
	size_t start = shown->n;

	if (rec_mask_name(shown, (const char *)name.p, name.n))
		value_put_bytes(f, s, (struct bytes){(const uint8_t *)"*", 1});
	else
		value_put_bytes(f, s, (struct bytes){shown->p + start, shown->n - start});
}

void rec_redact(const struct rec_field *f, uint32_t n, void *s, enum rec_privacy upto,
		struct buf *shown)
{
	for (uint32_t i = 0; i < n; i++) {
		if (f[i].privacy <= upto)
			continue;
		if (rec_shown(&f[i], upto))
			redact_name(&f[i], s, shown);
		else
			rec_clear(&f[i], s);
	}
}

/* --- values as people write them --------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(const char *s, size_t n, const char *word)
{
	if (strlen(word) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(s[i]) != lower(word[i]))
			return false;
	return true;
}

static bool choice_parse(const struct rec_choices *l, const char *s, size_t n, uint32_t *ret)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct rec_choice *c = &l->v[i];

		if (same_word(s, n, c->name) || same_word(s, n, c->zh) || same_word(s, n, c->en)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool value_parse(const struct rec_field *f, const char *s, size_t n,
			uint8_t scratch[REC_SCRATCH_BYTES], void *ret)
{
	struct points p;
	struct fen fen;
	uint64_t u;
	uint32_t c;
	day_t day = DAY_NONE;

	switch (f->kind) {
	case REC_U:
		if (!u64_parse(s, n, &u))
			return false;
		value_put_u(f, ret, u);
		return true;
	case REC_MINUTE:
		if (!minute_parse(s, n, &u))
			return false;
		value_put_u(f, ret, u);
		return true;
	case REC_POINTS:
		if (!points_parse(s, n, &p))
			return false;
		value_put_points(f, ret, p);
		return true;
	case REC_FEN:
		if (!fen_parse(s, n, &fen))
			return false;
		value_put_fen(f, ret, fen);
		return true;
	case REC_QTY:
		if (!u64_parse(s, n, &u) || u > INT64_MAX)
			return false;
		value_put_qty(f, ret, qty_of((int64_t)u));
		return true;
	case REC_DAY:
		if (n && !day_parse(s, n, &day))
			return false;
		value_put_day(f, ret, day);
		return true;
	case REC_TEXT:
	case REC_CODE: value_put_bytes(f, ret, (struct bytes){(const uint8_t *)s, n}); return true;
	case REC_DIGEST:
	case REC_BIN:
		if (n / 2 > REC_SCRATCH_BYTES || !hex_get(s, n, scratch, n / 2))
			return false;
		value_put_bytes(f, ret, (struct bytes){scratch, n / 2});
		return true;
	case REC_CHOICE:
		if (!choice_parse(f->choices, s, n, &c))
			return false;
		value_put_choice(f, ret, c);
		return true;
	}
	return false;
}

/* Units by what has them; the first one of each language is shown. */
enum measure {
	MEASURE_NONE,
	MEASURE_POINTS,
	MEASURE_YUAN,
	MEASURE_DAYS,
	MEASURE_WORKDAYS,
	MEASURE_PERCENT
};
#define MEASURE_WORDS 4
static const char *const measures[][MEASURE_WORDS] = {
	[MEASURE_NONE] = {"", ""},
	[MEASURE_POINTS] = {"分", "points", "积分", "point"},
	[MEASURE_YUAN] = {"元", "yuan", "圆"},
	[MEASURE_DAYS] = {"天", "days", "日", "day"},
	[MEASURE_WORKDAYS] = {"个工作日", "working days", "工作日", "workdays"},
	[MEASURE_PERCENT] = {"%", "%", "％", "percent"}};

static enum measure measure_of(const struct rec_field *f)
{
	static const enum measure of_number[] = {[REC_THINGS] = MEASURE_NONE,
						 [REC_DAYS] = MEASURE_DAYS,
						 [REC_WORKDAYS] = MEASURE_WORKDAYS,
						 [REC_PERCENT] = MEASURE_PERCENT};

	if (f->kind == REC_POINTS)
		return MEASURE_POINTS;
	if (f->kind == REC_FEN)
		return MEASURE_YUAN;
	return f->kind == REC_U ? of_number[f->counts] : MEASURE_NONE;
}

const char *rec_unit(const struct rec_field *f, enum lang lang)
{
	return measures[measure_of(f)][lang == LANG_EN];
}

/* Bytes of the text without the unit behind it, and without the space between them. */
static size_t before_unit(const struct rec_field *f, const char *s, size_t n)
{
	const char *const *word = measures[measure_of(f)];

	for (size_t i = 0; i < MEASURE_WORDS && word[i]; i++) {
		size_t k = strlen(word[i]);

		if (k == 0 || k >= n || !same_word(s + n - k, k, word[i]))
			continue;
		for (n -= k; n > 1 && s[n - 1] == ' '; n--)
			;
		break;
	}
	return n;
}

void rec_show(const struct rec_field *f, const void *s, enum lang lang, struct buf *out)
{
	const char *unit = rec_unit(f, lang), *space = lang == LANG_EN && unit[0] != '%' ? " " : "";
	struct buf json = {0};
	struct jw w;

	if (f->choices) {
		buf_puts(out, rec_label(f, s, lang));
		return;
	}
	if (f->kind == REC_TEXT || f->kind == REC_CODE) {
		buf_put(out, value_bytes(f, s).p, value_bytes(f, s).n);
		return;
	}
	jw_init(&w, &json);
	rec_json_value(&w, f, s);
	for (size_t i = 0; i < json.n; i++) /* numbers, days and digits: nothing is escaped */
		if (json.p[i] != '"')
			buf_put_u8(out, json.p[i]);
	if (unit[0])
		buf_printf(out, "%s%s", space, unit);
	buf_close(&json);
}

bool rec_put_first(const struct rec_field *f, void *s)
{
	uint8_t scratch[REC_SCRATCH_BYTES];

	return f->first && rec_field_parse(f, f->first, strlen(f->first), scratch, s) == ERR_OK;
}

int rec_field_parse(const struct rec_field *f, const char *s, size_t n,
		    uint8_t scratch[REC_SCRATCH_BYTES], void *record)
{
	union rec_any v;

	n = before_unit(f, s, n);
	/* into another record first, so that this one is untouched on failure */
	if (!value_parse(f, s, n, scratch, &v) || rec_check(f, 1, &v, NULL))
		return ERR_INVALID;
	rec_copy(f, record, &v);
	return ERR_OK;
}

/* --- the table of SPEC.md 5 -------------------------------------------------------------------------- */

static void spec_bounds(struct buf *out, const struct rec_field *f)
{
	char lo[AMOUNT_TEXT_MAX], hi[AMOUNT_TEXT_MAX];

	switch (f->kind) {
	case REC_QTY:
	case REC_U:
		buf_printf(out, "%" PRId64 "..", f->min);
		if (f->max == INT64_MAX)
			buf_puts(out, "2^63-1");
		else
			buf_printf(out, "%" PRId64, f->max);
		break;
	case REC_POINTS:
		buf_printf(out, "%s..%s", points_text(points_of(f->min), lo),
			   points_text(points_of(f->max), hi));
		break;
	case REC_FEN:
		buf_printf(out, "%s..%s", fen_text(fen_of(f->min), lo),
			   fen_text(fen_of(f->max), hi));
		break;
	case REC_MINUTE:
		buf_printf(out, "%s..", minute_text((uint64_t)f->min, lo));
		buf_puts(out, minute_text((uint64_t)f->max, hi));
		break;
	case REC_DAY: buf_puts(out, f->min ? "required" : "0 = not given"); break;
	case REC_TEXT:
	case REC_CODE:
	case REC_DIGEST:
	case REC_BIN:
		if (f->min == f->max)
			buf_printf(out, "%" PRId64 " bytes", f->max);
		else if (rec_is_hex(f) && f->min == 0)
			buf_printf(out, "0 or %" PRId64 " bytes", f->max);
		else
			buf_printf(out, "%" PRId64 "..%" PRId64 " bytes", f->min, f->max);
		break;
	case REC_CHOICE:
		buf_printf(out, "%s %" PRId64 "..%" PRId64, f->choices->list, f->min, f->max);
		break;
	}
}

static void spec_ref(struct buf *out, const struct rec_field *f)
{
	buf_printf(out, "entry of `%s`", rec_type_of(f->ref)->name);
	if (f->other_person)
		buf_puts(out, ", of another person");
	if (f->settles)
		buf_puts(out, ", settled by this");
	if (f->settles_for)
		buf_printf(out, " for `%s`", f->settles_for->name);
}

/* What is checked of the value beyond its bounds, in this order. */
static void spec_checks(struct buf *out, const struct rec_field *f)
{
	static const char *const need[] = {
		[REC_KNOWN] = "known", [REC_PRESENT] = "present", [REC_PART] = "taking part"};

	if (f->person || f->paper || f->phone)
		buf_puts(out, f->person	 ? "name of a person"
			      : f->paper ? "number of a paper"
					 : "number of a phone");
	if (f->past)
		buf_printf(out, "not after today%s", f->not_before ? "; " : "");
	if (f->not_before)
		buf_printf(out, "not before `%s`", f->not_before->name);
	if (f->at_most)
		buf_printf(out, "at most `%s`", f->at_most->name);
	if (f->household)
		buf_printf(out, "household, %s", need[f->household]);
	if (f->member)
		buf_printf(out, "member of `%s`, %s", f->member_of->name, need[f->member]);
	if (f->enrolled)
		buf_puts(out, "enrolled village");
	if (f->first)
		buf_printf(out, "usual: %s%s", f->first, f->near ? "; warned far from it" : "");
	if (f->ref)
		spec_ref(out, f);
}

static void spec_open(struct buf *out, const struct rec_open *open)
{
	if (open->days)
		buf_printf(out, "open for `%s` working days after `%s`; ", open->days->name,
			   open->day->name);
	else if (open->day)
		buf_printf(out, "open until `%s`; ", open->day->name);
	else if (open->is)
		buf_puts(out, "open without a day; ");
}

static void spec_fields(struct buf *out, const char *part, const struct rec_field *f, uint32_t n)
{
	static const char *const privacy[] = {"public", "masked", "private"};

	for (uint32_t i = 0; i < n; i++) {
		buf_printf(out, "| %s | %" PRIu32 " | `%s` | %s | ", part, i, f[i].name,
			   rec_kind_name(f[i].kind));
		spec_bounds(out, &f[i]);
		buf_puts(out, " | ");
		spec_checks(out, &f[i]);
		buf_printf(out, " | %s | %s | %s |\n", privacy[f[i].privacy], f[i].zh, f[i].en);
	}
}

static void spec_type(struct buf *out, const struct rec_type *t)
{
	static const char *const feeds[] = {"", "town feed", "village feed", "both feeds"};
	const struct rec_choices *roles = &rec_lists[REC_LIST_ROLE];
	const char *sep = "";

	buf_printf(out, "#### %u `%s` %s, %s\n\n", (unsigned)t->code, t->name, t->zh, t->en);
	buf_printf(out, "Schema %u; %s; ", (unsigned)t->schema, feeds[t->feed]);
	if (t->line)
		buf_printf(out, "%" PRIu32 "..%" PRIu32 " lines; ", t->lines_min, t->lines_max);
	if (t->listed)
		buf_puts(out, "listed; ");
	spec_open(out, &t->open);
	buf_puts(out, t->roles ? "written by " : "who may write it is decided by its rule");
	for (uint32_t r = 0; r < roles->n; r++) {
		if (!(t->roles >> r & 1))
			continue;
		buf_printf(out, "%s%s", sep, roles->v[r].name);
		sep = " or ";
	}
	buf_puts(out, ".\n\n| part | place | field | kind | bounds | checks | privacy | 中文 | "
		      "English |\n"
		      "|---|---|---|---|---|---|---|---|---|\n");
	spec_fields(out, "head", t->head, t->nhead);
	if (t->line)
		spec_fields(out, "line", t->line, t->nline);
	buf_puts(out, "\n");
}

static void spec_lists(struct buf *out)
{
	buf_puts(out, "#### Choices\n\n| list | value | name | 中文 | English |\n"
		      "|---|---|---|---|---|\n");
	for (uint32_t i = 0; i < rec_nlists; i++) {
		const struct rec_choices *l = &rec_lists[i];

		for (uint32_t j = 0; j < l->n; j++)
			buf_printf(out, "| %s | %" PRIu32 " | `%s` | %s | %s |\n", l->list, j,
				   l->v[j].name, l->v[j].zh, l->v[j].en);
	}
}

int rec_spec_table(struct buf *out)
{
	for (uint32_t i = 0; i < rec_ntypes; i++)
		spec_type(out, &rec_types[i]);
	spec_lists(out);
	return out->err;
}
