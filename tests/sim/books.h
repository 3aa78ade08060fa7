#ifndef TESTS_SIM_BOOKS_H
#define TESTS_SIM_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/rules/verdict.h"
#include "daemon/rules/view.h"

/* The account of one village that the simulator keeps by itself, from nothing but the commands that were
 * acknowledged as accepted: balances, year scores, what counts towards each cap, and who did what. From it
 * the books also say what the next command must be answered. */
#define BOOKS_HOUSEHOLDS 8
#define BOOKS_MEMBERS	 3 /* 0: the household as such */
#define BOOKS_ITEMS	 4
#define BOOKS_YEAR	 2024
#define BOOKS_YEARS	 2
#define BOOKS_SHEETS	 400
#define BOOKS_LINES	 6

struct books_line {
	uint32_t household, member, item, year; /* indexes */
	int64_t points;				/* signed hundredths */
	int64_t cap;				/* of the item, 0: none */
	enum line_state state;
	unsigned reviewer;
};
struct books_sheet {
	uint64_t entry;
	unsigned recorder;
	uint32_t n;
	struct books_line line[BOOKS_LINES];
};
/* What one person, or a household as such, has in a year. */
struct books_year {
	int64_t score;
	int64_t sum[BOOKS_ITEMS]; /* towards the cap */
};
struct books {
	bool household[BOOKS_HOUSEHOLDS]; /* registered */
	int64_t balance[BOOKS_HOUSEHOLDS];
	struct books_year year[BOOKS_HOUSEHOLDS][BOOKS_MEMBERS][BOOKS_YEARS];
	uint32_t nsheets;
	struct books_sheet sheet[BOOKS_SHEETS];
};
/* One step by a person on one line (0: all that wait) of a sheet. */
struct books_step {
	uint64_t entry;
	uint32_t line;
	bool refuse;
	unsigned by;
};

void books_record(struct books *b, const struct books_sheet *s);
void books_review(struct books *b, const struct books_step *st);
void books_confirm(struct books *b, const struct books_step *st);
void books_reverse(struct books *b, const struct books_step *st);

/* V_ACCEPTED, or P10_CAP, P02_DUTIES, TARGET_STATE. The books know nothing of other reasons. */
enum verdict_id books_judge_sheet(const struct books *b, const struct books_sheet *s);
enum verdict_id books_judge_review(const struct books *b, const struct books_step *st);
enum verdict_id books_judge_confirm(const struct books *b, const struct books_step *st);
enum verdict_id books_judge_reverse(const struct books *b, const struct books_step *st);

#endif
