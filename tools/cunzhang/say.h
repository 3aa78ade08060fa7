#ifndef TOOLS_CUNZHANG_SAY_H
#define TOOLS_CUNZHANG_SAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/ledger/state/verdict.h"
#include "lib/buf.h"
#include "tools/cunzhang/messages.def"

/* Sentences and tables for people. The language is set once, at the start. */
#define MSG_ENUM(id, zh, en) M_##id,
enum msg_id { MSGS(MSG_ENUM) M_COUNT };
#undef MSG_ENUM

/* "zh", "en_GB.UTF-8"; NULL: from LANGUAGE, LC_ALL, LC_MESSAGES, LANG, else Chinese. False: neither. */
bool say_language(const char *name);
enum lang say_lang(void);
const char *say_text(enum msg_id id);
const char *say_in(enum lang l, enum msg_id id);
/* The sentence with its texts in place of {0}..{9}; as many as it has. No line end. Control characters and
 * marks of writing direction in the texts, which could steer a terminal, are replaced. */
void say_put(struct buf *out, enum lang l, enum msg_id id, const char *const *args, size_t n);
void say_to(FILE *f, enum msg_id id, const char *const *args, size_t n);
/* The first sentence that went to standard error, or "". */
const char *say_first_error(void);
#define SAY(f, id, ...)                                                                            \
	do {                                                                                       \
		const char *const say_args[] = {"", ##__VA_ARGS__};                                \
		say_to((f), (id), say_args + 1, sizeof(say_args) / sizeof(say_args[0]) - 1);       \
		fputc('\n', (f));                                                                  \
	} while (0)

/* A number as text, good until eight more were made. */
const char *say_num(uint64_t v);

/* A table whose columns line up, East Asian wide characters counting two. */
#define TABLE_COLUMNS_MAX 12
struct table {
	struct buf cells; /* NUL-terminated, one after another */
	uint32_t ncells, columns;
	bool titles; /* the first row is one of titles */
	int width[TABLE_COLUMNS_MAX];
	bool right[TABLE_COLUMNS_MAX]; /* numbers stand to the right */
};
void table_begin(struct table *t, uint32_t columns); /* without a row of titles */
void table_columns(struct table *t, const enum msg_id *ids, uint32_t n);
void table_cell(struct table *t, const char *s); /* NULL is empty */
void table_print(struct table *t, FILE *f);	 /* "none" below titles alone; frees */

#endif
