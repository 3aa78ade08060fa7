#include <stdio.h>
#include <string.h>

#include "daemon/web/import/import_table.h"
#include "lib/text.h"

/* Which column a heading means. First as it is written, then without what stands around it: brackets, stars,
 * numbers, "must be filled in", and last with one of the usual words in front or behind. A heading that could be two
 * columns is none: 户主身份证号 is not the identity number of the person in that row. */

void heading_text(struct bytes cell, char out[HEADING_BYTES_MAX])
{
	size_t n = 0;

	if (cell.n < HEADING_BYTES_MAX)
		n = import_squeeze(cell, (uint8_t *)out);
	for (size_t i = 0; i < n; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	out[n] = '\0';
}

/* --- what stands around a heading --------------------------------------------------------------------- */

/* Length of the bracket that opens at @s, up to its end; 0: none opens. */
static size_t bracket(const char *s)
{
	static const char *const pairs[][2] = {{"(", ")"},   {"[", "]"},   {"{", "}"},	{"<", ">"},
					       {"【", "】"}, {"《", "》"}, {"〔", "〕"}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *end;

		if (strncmp(s, pairs[i][0], strlen(pairs[i][0])) != 0)
			continue;
		end = strstr(s, pairs[i][1]);
		return end ? (size_t)(end - s) + strlen(pairs[i][1]) : strlen(s);
	}
	return 0;
}

static void drop_brackets(char *s)
{
	char *to = s;

	while (*s) {
		size_t n = bracket(s);

		if (n)
			s += n;
		else
			*to++ = *s++;
	}
	*to = '\0';
}

static const char *const around[] = {"*",  "★", "☆", "※",    ":",    "_",    "-",   "\"",
				     "、", ".", "?", "必填", "选填", "必须", "可选"};

/* Length of a mark at the beginning of @s, or at its end; 0: none. */
static size_t mark(const char *s, bool at_end)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		size_t len = strlen(around[i]);

		if (n > len && strncmp(at_end ? s + n - len : s, around[i], len) == 0)
			return len;
	}
	return 0;
}

/* "3." and "3、" in front. */
static size_t number(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0)
		return 0;
	if (s[n] == '.')
		return n + 1;
	return strncmp(s + n, "、", strlen("、")) == 0 ? n + strlen("、") : 0;
}

/* What joins the words of a name in programs, name_zh, is no part of it. */
static void plain(const char *text, char out[HEADING_BYTES_MAX])
{
	char *to = out;
	size_t n;

	memcpy(out, text, strlen(text) + 1);
	drop_brackets(out);
	while ((n = number(out)) || (n = mark(out, false)))
		memmove(out, out + n, strlen(out + n) + 1);
	while ((n = mark(out, true)))
		out[strlen(out) - n] = '\0';
	for (const char *s = out; *s; s++)
		if (*s != '_' && *s != '-')
			*to++ = *s;
	*to = '\0';
}

/* @text is @name with one usual word in front of it, behind it, or both. */
static bool has_affix(const char *text, const char *name)
{
	static const char *const before[] = {"",     "居民", "公民", "本人", "成员", "家庭成员",
					     "人员", "村民", "农户", "家庭", "所属", "所在",
					     "具体", "本次", "本户", "个人", "二代", "本"};
	static const char *const behind[] = {"", "号", "码", "号码", "名称", "情况", "栏", "填写"};
	size_t len = strlen(name);

	if (!strstr(text, name))
		return false;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		size_t n = strlen(before[i]);

		if (strncmp(text, before[i], n) != 0 || strncmp(text + n, name, len) != 0)
			continue;
		for (size_t k = 0; k < sizeof(behind) / sizeof(behind[0]); k++)
			if (strcmp(text + n + len, behind[k]) == 0)
				return true;
	}
	return false;
}

/* --- the column --------------------------------------------------------------------------------------- */

enum stage { AS_WRITTEN, PLAIN, WITH_WORDS, STAGES };

static void put_words(struct buf *out, const char *written)
{
	char bare[HEADING_BYTES_MAX];

	plain(written, bare);
	buf_put(out, written, strlen(written) + 1);
	buf_put(out, bare, strlen(bare) + 1);
}

static void put_column(struct buf *out, const struct import_column *c)
{
	char name[HEADING_BYTES_MAX];

	heading_text(bytes_str(c->name), name);
	put_words(out, name);
	for (const char *p = c->also; *p++;) { /* over the bar */
		size_t n = strcspn(p, "|");

		if (n && n < sizeof(name)) {
			memcpy(name, p, n);
			name[n] = '\0';
			put_words(out, name);
		}
		p += n;
	}
	buf_put_u8(out, '\0');
}

int headings_open(struct import_table *t)
{
	for (uint32_t i = 0; i < t->ncolumns; i++) {
		t->words_at[i] = (uint32_t)t->words.n;
		put_column(&t->words, &t->column[i]);
	}
	return t->words.err;
}

static bool means(enum stage stage, const char *text, const char *written, const char *bare)
{
	if (stage == AS_WRITTEN)
		return strcmp(text, written) == 0;
	if (!bare[0])
		return false;
	return stage == PLAIN ? strcmp(text, bare) == 0 : has_affix(text, bare);
}

static bool column_means(const struct import_table *t, uint32_t i, enum stage stage,
			 const char *text)
{
	const char *written = (const char *)t->words.p + t->words_at[i];

	while (*written) {
		const char *bare = written + strlen(written) + 1;

		if (means(stage, text, written, bare))
			return true;
		written = bare + strlen(bare) + 1;
	}
	return false;
}

static uint32_t column_of(const struct import_table *t, const char *text)
{
	char bare[HEADING_BYTES_MAX];

	if (!import_has_letter(bytes_str(text)))
		return HEADING_NONE;
	plain(text, bare);
	for (int stage = AS_WRITTEN; bare[0] && stage < STAGES; stage++) {
		uint32_t found = HEADING_NONE, n = 0;

		for (uint32_t i = 0; i < t->ncolumns; i++)
			if (column_means(t, i, (enum stage)stage,
					 stage == AS_WRITTEN ? text : bare) &&
			    n++ == 0)
				found = i;
		if (n)
			return n == 1 || stage == AS_WRITTEN ? found : HEADING_NONE;
	}
	return HEADING_NONE;
}

/* What two rows of a header say together: the lower one, where it names a column; else the upper one, or both
 * as one heading. */
static uint32_t column_of_two(const struct import_table *t, const char *upper, const char *lower)
{
	char both[2 * HEADING_BYTES_MAX];
	uint32_t c = column_of(t, lower);

	if (c != HEADING_NONE)
		return c;
	c = column_of(t, upper);
	if (c != HEADING_NONE || !upper[0] || !lower[0])
		return c;
	snprintf(both, sizeof(both), "%s%s", upper, lower);
	return strlen(both) < HEADING_BYTES_MAX ? column_of(t, both) : HEADING_NONE;
}

static void count(const struct import_table *t, struct headings *h)
{
	bool seen[IMPORT_COLUMNS_MAX] = {false};

	for (uint32_t i = 0; i < h->n; i++) {
		uint32_t c = h->column[i];

		if (c == HEADING_NONE || seen[c])
			continue;
		seen[c] = true;
		h->found++;
		h->needed += t->column[c].use == IMPORT_NEEDED;
	}
}

void headings_of(const struct import_table *t, uint32_t at, uint32_t below, struct headings *ret)
{
	uint32_t n = t->grid.row[at].n, lower_n = below == HEADING_NONE ? 0 : t->grid.row[below].n;
	char upper[HEADING_BYTES_MAX], lower[HEADING_BYTES_MAX];

	*ret = (struct headings){.n = n > lower_n ? n : lower_n};
	for (uint32_t i = 0; i < ret->n; i++) {
		heading_text(grid_get(&t->grid, at, i, NULL), upper);
		if (below == HEADING_NONE) {
			ret->column[i] = column_of(t, upper);
			continue;
		}
		heading_text(grid_get(&t->grid, below, i, NULL), lower);
		ret->column[i] = column_of_two(t, upper, lower);
	}
	count(t, ret);
}

/* Half of the needed columns, and no fewer than two; where none is needed and there is but one, that one. */
bool headings_enough(const struct import_table *t, const struct headings *h)
{
	uint32_t needed = 0, least = t->ncolumns < 2 ? t->ncolumns : 2;

	for (uint32_t i = 0; i < t->ncolumns; i++)
		needed += t->column[i].use == IMPORT_NEEDED;
	return h->found >= least && h->found >= (needed + 1) / 2;
}
