#ifndef DAEMON_WEB_IMPORT_COLUMNS_H
#define DAEMON_WEB_IMPORT_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/web/import/columns.def"
#include "proto/record.h"

/* What the columns of a table are: of the tables in columns.def, and of the lines of any record. */

enum import_class {
	IMPORT_CODE, /* full-width letters and digits become plain, spaces go */
	IMPORT_NAME, /* spaces between Chinese characters go, dots become one kind */
	IMPORT_TEXT, /* spaces around it go, line breaks become spaces */
	IMPORT_PAPER, /* the same for the number of a paper, which may be as long as that of a card */
	IMPORT_ID,    /* a code whose value is shortened in the report */
	IMPORT_NUMBER, /* a code that a spreadsheet may have taken for a number: 5001.0 */
	IMPORT_POINTS, /* an amount: 1,000.50, 3分 */
	IMPORT_FEN,    /* ¥20, 20元 */
	IMPORT_COUNT,  /* 2.0 */
	IMPORT_DAY,
	IMPORT_CHOICE,
	IMPORT_FILE, /* as it stands */
	IMPORT_CLASSES
};
enum import_use { IMPORT_WANTED, IMPORT_NEEDED, IMPORT_PEOPLE };
struct import_column {
	const char *name;
	const char *also; /* other headings */
	enum import_class class;
	enum import_use
		use; /* NEEDED is the column; whether a cell may be empty is up to the importer */
	const char *field; /* of the record; "" none */
	const char *example, *zh, *en;
};
/* Headings of the column with files: people call it by many names. */
#define IMPORT_FILE_WORDS                                                                          \
	"|附件|附件文件|材料附件|材料文件|材料摘要|文件|照片|file|attachment|photo|digest|"

/* The sheet of explanations beside a table that is made here. */
#define IMPORT_HELP_SHEET_ZH "填写说明"
#define IMPORT_HELP_SHEET_EN "How to fill in"

#define COLUMN_ID(id, ...) COL_##id,
#define COLUMN_ROW(id, name, also, class, use, field, example, zh, en)                             \
	{name, also, IMPORT_##class, IMPORT_##use, field, example, zh, en},

enum import_kind { IMPORT_ROSTER, IMPORT_CATALOGUE, IMPORT_ENTRIES };
#define IMPORT_KINDS 3
struct import_table_def {
	const char *name; /* "roster" */
	struct says title;
	const struct import_column *column;
	uint32_t n;
	bool labels; /* the other headings are as good as the first: nothing is said of them */
};
extern const struct import_table_def import_tables[IMPORT_KINDS];

/* The lines of a record: each field is a column under its name and its labels; they are called by the one in
 * @lang. Where a line names a household, a column with its head may stand beside it; where it names a member, one with
 * the name. Close it. */
#define IMPORT_COLUMNS_MAX 32
struct import_lines_def {
	struct import_table_def def;
	struct import_column column[IMPORT_COLUMNS_MAX];
	/* Columns; UINT32_MAX: there is none. A household in the line, and its head; a member with the name, of the
	 * household in the column @of, or of that in the head of the record. */
	uint32_t household, head, member, name, of;
	struct buf words; /* the headings, NUL after each */
};
int import_lines_def(const struct rec_type *t, enum lang lang, struct import_lines_def *ret);
void import_lines_def_close(struct import_lines_def *d);

#endif
