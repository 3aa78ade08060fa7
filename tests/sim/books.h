#ifndef TESTS_SIM_BOOKS_H
#define TESTS_SIM_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/rules/view.h"

/* The account of one village that the simulator keeps by itself, from nothing but the commands that were
 * acknowledged as accepted. */
#define BOOKS_HOUSEHOLDS 8
#define BOOKS_SHEETS	 400
#define BOOKS_LINES	 6

struct books_line {
	uint32_t household; /* index */
	int64_t points;	    /* signed hundredths */
	enum line_state state;
};
struct books_sheet {
	uint64_t entry;
	uint32_t n;
	struct books_line line[BOOKS_LINES];
};
struct books {
	bool household[BOOKS_HOUSEHOLDS]; /* registered */
	int64_t balance[BOOKS_HOUSEHOLDS];
	uint32_t nsheets;
	struct books_sheet sheet[BOOKS_SHEETS];
};
/* One step on one line (0: all that wait) of a sheet. */
struct books_step {
	uint64_t entry;
	uint32_t line;
	bool refuse;
};

void books_review(struct books *b, const struct books_step *st);
void books_confirm(struct books *b, const struct books_step *st);
void books_reverse(struct books *b, const struct books_step *st);

#endif
