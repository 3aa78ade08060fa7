#include "daemon/web/import/columns.h"

#include <assert.h>
#include <string.h>

#include "daemon/web/import/import_table.h"
#include "lib/err.h"

enum { COLUMNS_ENTRIES(COLUMN_ID) };

static const struct import_column roster[] = {COLUMNS_ROSTER(COLUMN_ROW)};
static const struct import_column catalogue[] = {COLUMNS_CATALOGUE(COLUMN_ROW)};
static const struct import_column entries[] = {COLUMNS_ENTRIES(COLUMN_ROW)};

#define TABLE(name, zh, en)                                                                        \
	{                                                                                          \
#name, {zh, en }, name, sizeof(name) / sizeof((name)[0]), false                    \
	}
const struct import_table_def import_tables[IMPORT_KINDS] = {
	[IMPORT_ROSTER] = TABLE(roster, "花名册", "roster"),
	[IMPORT_CATALOGUE] = TABLE(catalogue, "积分事项清单", "catalogue of items"),
	[IMPORT_ENTRIES] = TABLE(entries, "积分登记表", "entry sheet"),
};

static enum import_class class_of(const struct rec_field *f)
{
	switch (f->kind) {
	case REC_U:
	case REC_QTY: return IMPORT_COUNT;
	case REC_POINTS: return IMPORT_POINTS;
	case REC_FEN: return IMPORT_FEN;
	case REC_DAY: return IMPORT_DAY;
	case REC_CHOICE: return IMPORT_CHOICE;
	case REC_CODE: return IMPORT_NUMBER;
	case REC_DIGEST: return IMPORT_FILE;
	case REC_TEXT: return f->person ? IMPORT_NAME : IMPORT_PAPER;
	case REC_BIN:
	case REC_MINUTE: return IMPORT_CODE;
	}
	return IMPORT_PAPER;
}

/* A label as a heading is compared: without spaces, full-width forms and capitals. */
static void put_word(struct buf *out, const char *word)
{
	size_t n = strlen(word);
	uint8_t *to = buf_reserve(out, n + 1);

	if (!to)
		return;
	n = import_squeeze((struct bytes){(const uint8_t *)word, n}, to);
	for (size_t i = 0; i < n; i++)
		if (to[i] >= 'A' && to[i] <= 'Z')
			to[i] = (uint8_t)(to[i] - 'A' + 'a');
	out->n += n;
	buf_put_u8(out, '|');
}

static void put_words(struct buf *out, const struct rec_field *f)
{
	buf_put_u8(out, '|');
	put_word(out, f->name);
	put_word(out, f->zh);
	put_word(out, f->en);
	if (f->kind == REC_DIGEST)
		buf_puts(out, &IMPORT_FILE_WORDS[1]);
	buf_put_u8(out, '\0');
}

static uint32_t add_column(struct import_lines_def *d, struct import_column c)
{
	c.use = IMPORT_PEOPLE;
	c.field = "";
	d->column[d->def.n] = c;
	return d->def.n++;
}

/* The household, and its head: not that of a relative, for it could be either's. */
static void put_head(const struct rec_type *t, enum lang lang, struct import_lines_def *d)
{
	struct import_column head = entries[COL_HEAD];

	d->household = d->head = UINT32_MAX;
	for (uint32_t i = 0; i < t->nline; i++)
		if (t->line[i].household)
			d->household = i;
	if (d->household == UINT32_MAX ||
	    strcmp(t->line[d->household].zh, entries[COL_HOUSEHOLD].name) != 0)
		return;
	head.name = lang == LANG_EN ? "head" : head.name;
	d->head = add_column(d, head);
}

/* The name beside the number of a member, unless the lines record names. */
static void put_name(const struct rec_type *t, enum lang lang, struct import_lines_def *d)
{
	struct import_column name = entries[COL_NAME];

	d->member = d->name = d->of = UINT32_MAX;
	for (uint32_t i = 0; i < t->nline; i++) {
		if (t->line[i].person)
			return;
		if (strcmp(t->line[i].name, "member") == 0)
			d->member = i;
	}
	if (d->member == UINT32_MAX)
		return;
	if (t->line[d->member].member)
		d->of = (uint32_t)(t->line[d->member].member_of - t->line);
	name.name = lang == LANG_EN ? "name" : name.name;
	name.also = "|姓名|成员姓名|亲属姓名|name|membername|";
	name.zh = "只供核对：须是该成员的姓名";
	name.en = "for people: must be the name of that member";
	d->name = add_column(d, name);
}

int import_lines_def(const struct rec_type *t, enum lang lang, struct import_lines_def *ret)
{
	const char *words;

	assert(t->nline + 2 <= IMPORT_COLUMNS_MAX);
	*ret = (struct import_lines_def){.def = {.name = t->name,
						 .title = {t->zh, t->en},
						 .column = ret->column,
						 .n = t->nline,
						 .labels = true}};
	for (uint32_t i = 0; i < t->nline; i++)
		put_words(&ret->words, &t->line[i]);
	if (ret->words.err)
		return ret->words.err;
	words = (const char *)ret->words.p;
	for (uint32_t i = 0; i < t->nline; i++, words += strlen(words) + 1)
		ret->column[i] = (struct import_column){
			.name = lang == LANG_EN ? t->line[i].en : t->line[i].zh,
			.also = words,
			.class = class_of(&t->line[i]),
			.use = IMPORT_WANTED,
			.field = t->line[i].name,
			.example = t->line[i].example ? t->line[i].example : "",
			.zh = t->line[i].zh,
			.en = t->line[i].en};
	put_head(t, lang, ret);
	put_name(t, lang, ret);
	return ERR_OK;
}

void import_lines_def_close(struct import_lines_def *d)
{
	buf_close(&d->words);
}
