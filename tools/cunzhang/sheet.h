#ifndef TOOLS_CUNZHANG_SHEET_H
#define TOOLS_CUNZHANG_SHEET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A table of JSON values for the terminal or for a file that spreadsheets open. */
#define SHEET_COLUMNS_MAX 64
struct sheet {
	const char *title; /* borrowed; of a template the name of the sheet */
	uint32_t columns;
	const char *label[SHEET_COLUMNS_MAX]; /* borrowed */
	bool right[SHEET_COLUMNS_MAX];	      /* numbers: also text like "36.00" */
	json_t *rows;			      /* list of lists */
};
/* Exit codes; a file is written beside its place and then put there, so that none is half written. */
int sheet_csv(const struct sheet *s, const char *path);
int sheet_xlsx(const struct sheet *s, const char *path);
/* By the name of the file. */
bool sheet_is_xlsx(const char *path);
/* A table to be filled in: @s with a row that is an example, all cells as text, and behind it @help, a sheet of its
 * own. */
int sheet_template(const struct sheet *s, const struct sheet *help, const char *path);
/* The first columns that fit a terminal. */
void sheet_print(const struct sheet *s);

#endif
