#ifndef TESTS_LIB_IMPORTS_H
#define TESTS_LIB_IMPORTS_H

#include "daemon/web/import/import.h"

/* Files as tests of the import read them, and what the importer says of them. */
#define IMPORTS_TODAY 20500 /* 2026-02-16 */
extern const struct import_opts imports_strict, imports_accepting;

/* A file of tests/data, and one of a village there; to be freed. */
uint8_t *imports_file(const char *path, size_t *ret_n);
uint8_t *imports_village(int village, const char *name, size_t *ret_n);

/* Ends the test and shows the whole report. */
__attribute__((noreturn)) void imports_unexpected(const struct import_report *rep, const char *file,
						  int line);
#define T_REPORT(rep, cond)                                                                        \
	do {                                                                                       \
		if (!(cond))                                                                       \
			imports_unexpected((rep), __FILE__, __LINE__);                             \
	} while (0)
/* @column: NULL: of any column. */
bool imports_has(const struct import_report *rep, uint32_t row, const char *column,
		 enum import_id id);
/* Do these words stand in the report? */
bool imports_says(const struct import_report *rep, const char *what);

/* The columns of a roster. */
#define IMPORTS_COLUMNS 14
extern const char *const imports_header[IMPORTS_COLUMNS];
enum {
	C_HOUSEHOLD,
	C_GROUP,
	C_HEAD,
	C_NAME,
	C_RELATION,
	C_SEX,
	C_ID,
	C_BIRTH,
	C_HUKOU,
	C_SINCE,
	C_AGREED,
	C_PHONE,
	C_PART,
	C_NOTE
};

void imports_row(struct buf *out, const char *const cells[IMPORTS_COLUMNS]);
/* A roster with a household of two; @column of the second (row 3) holds @value. */
void imports_base(struct buf *out, int column, const char *value);
int imports_roster(const char *text, const struct import_opts *o, struct import_roster *ret,
		   struct import_report *rep);
/* The clean roster of a village, and the reference catalogue, which has nothing to say. */
void imports_clean(int village, struct import_roster *ret, struct import_report *rep);
void imports_catalogue(struct import_catalogue *ret, struct import_report *rep);

#endif
