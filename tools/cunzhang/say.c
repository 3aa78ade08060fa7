#include "tools/cunzhang/say.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/look.h"
#include "lib/template.h"
#include "lib/text.h"

#define GAP 2 /* between columns */

#define MSG_TEXT(id, zh, en) {zh, en},
static const char *const texts[M_COUNT][2] = {MSGS(MSG_TEXT)};
#undef MSG_TEXT

static enum lang lang;

static bool language_of(const char *s)
{
	if ((strncmp(s, "zh", 2) != 0 && strncmp(s, "en", 2) != 0) || !strchr("_.@:-", s[2]))
		return false;
	lang = s[0] == 'e' ? LANG_EN : LANG_ZH;
	return true;
}

/* No setlocale: on a machine without locales installed it would silently choose English. */
bool say_language(const char *name)
{
	static const char *const vars[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};

	if (name)
		return language_of(name);
	for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++) {
		const char *s = getenv(vars[i]);

		/* LANGUAGE is a list, the best first */
		for (; s && *s; s = strchr(s, ':'), s = s ? s + 1 : NULL)
			if (language_of(s))
				return true;
	}
	lang = LANG_ZH;
	return true;
}

enum lang say_lang(void)
{
	return lang;
}

const char *say_in(enum lang l, enum msg_id id)
{
	return texts[id][l == LANG_EN];
}

const char *say_text(enum msg_id id)
{
	return say_in(lang, id);
}

const char *say_num(uint64_t v)
{
	static char ring[8][24];
	static unsigned at;
	char *out = ring[at++ % 8];

	snprintf(out, sizeof(ring[0]), "%" PRIu64, v);
	return out;
}

/* --- characters ----------------------------------------------------------------------------------- */

struct range {
	uint32_t from, to;
};

static bool in_ranges(const struct range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].from && c <= r[i].to)
			return true;
	return false;
}

static int char_width(uint32_t c)
{
	static const struct range none[] = {{0x300, 0x36f},
					    {0x200b, 0x200d},
					    {0x20d0, 0x20ff},
					    {0xfe00, 0xfe0f},
					    {0xfeff, 0xfeff}};
	static const struct range wide[] = {
		{0x1100, 0x115f},  {0x2e80, 0x303e}, {0x3041, 0x4dbf},	 {0x4e00, 0xa4cf},
		{0xa960, 0xa97f},  {0xac00, 0xd7a3}, {0xf900, 0xfaff},	 {0xfe30, 0xfe6f},
		{0xff00, 0xff60},  {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff},
		{0x20000, 0x3fffd}};

	if (c < 0x300)
		return 1;
	if (in_ranges(none, sizeof(none) / sizeof(none[0]), c))
		return 0;
	return in_ranges(wide, sizeof(wide) / sizeof(wide[0]), c) ? 2 : 1;
}

/* One character of UTF-8; U+FFFD for bytes that are none. */
static uint32_t next_char(const char **p)
{
	const uint8_t *s = (const uint8_t *)*p;
	int more = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc0 ? 1 : 0, i;
	uint32_t c = more == 3 ? *s & 7u : more == 2 ? *s & 15u : more ? *s & 31u : *s;

	for (i = 1; i <= more && (s[i] & 0xc0) == 0x80; i++)
		c = c << 6 | (s[i] & 0x3fu);
	*p += i;
	return i > more && (more || *s < 0x80) ? c : 0xfffd;
}

static int width_of(const char *s)
{
	int n = 0;

	while (*s)
		n += char_width(next_char(&s));
	return n;
}

static void put_clean(struct buf *out, const char *s)
{
	while (*s) {
		const char *from = s;

		if (look_steers(next_char(&s)))
			buf_puts(out, "\xef\xbf\xbd");
		else
			buf_put(out, from, (size_t)(s - from));
	}
}

/* --- sentences ------------------------------------------------------------------------------------ */

struct args {
	const char *const *v;
	size_t n;
};

static void put_arg(const void *ctx, char what, char how, struct buf *out)
{
	const struct args *a = ctx;
	size_t k = (size_t)(what - '0');

	(void)how;
	if (k < a->n && a->v[k])
		put_clean(out, a->v[k]);
}

void say_put(struct buf *out, enum lang l, enum msg_id id, const char *const *args, size_t n)
{
	template_fill(say_in(l, id), put_arg, &(struct args){args, n}, out);
}

static char first_error[1024];

const char *say_first_error(void)
{
	return first_error;
}

void say_to(FILE *f, enum msg_id id, const char *const *args, size_t n)
{
	struct buf b = {0};

	say_put(&b, lang, id, args, n);
	if (f == stderr) {
		fflush(stdout); /* in the order of saying, where both go to one place */
		if (!first_error[0])
			snprintf(first_error, sizeof(first_error), "%.*s",
				 (int)utf8_cut(buf_str(&b), b.n, sizeof(first_error) - 1),
				 buf_str(&b));
	}
	fputs(buf_str(&b), f);
	buf_close(&b);
}

/* --- tables --------------------------------------------------------------------------------------- */

void table_begin(struct table *t, uint32_t columns)
{
	*t = (struct table){.columns = columns};
}

void table_columns(struct table *t, const enum msg_id *ids, uint32_t n)
{
	table_begin(t, n);
	t->titles = true;
	for (uint32_t i = 0; i < n; i++)
		table_cell(t, say_text(ids[i]));
}

void table_cell(struct table *t, const char *s)
{
	uint32_t column = t->ncells++ % t->columns;
	size_t at = t->cells.n;
	int w;

	put_clean(&t->cells, s ? s : "");
	if (buf_put_u8(&t->cells, 0))
		return;
	w = width_of((const char *)t->cells.p + at);
	if (w > t->width[column])
		t->width[column] = w;
}

/* Spaces are owed until something follows them: no line ends with any. */
static int print_cell(const struct table *t, uint32_t column, const char *s, int owed, FILE *f)
{
	int pad = t->width[column] - width_of(s);

	owed += column ? GAP : 0;
	if (!s[0])
		return owed + pad;
	fprintf(f, "%*s%s", owed + (t->right[column] ? pad : 0), "", s);
	return t->right[column] ? 0 : pad;
}

void table_print(struct table *t, FILE *f)
{
	const char *s = buf_str(&t->cells);
	int owed = 0;

	if (t->cells.err)
		SAY(stderr, M_NO_MEMORY);
	for (uint32_t i = 0; !t->cells.err && i < t->ncells; i++) {
		owed = print_cell(t, i % t->columns, s, owed, f);
		if (i % t->columns == t->columns - 1) {
			fputc('\n', f);
			owed = 0;
		}
		s += strlen(s) + 1;
	}
	if (t->titles && t->ncells == t->columns)
		fprintf(f, "%s\n", say_text(M_NONE));
	buf_close(&t->cells);
}
