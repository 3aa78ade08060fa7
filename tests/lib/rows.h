#ifndef TESTS_LIB_ROWS_H
#define TESTS_LIB_ROWS_H

#include "daemon/ledger/query/view.h"
#include "tests/lib/town.h"

/* Lists as tests read them. */

/* A question about a feed on the day of the town's clock; there must be a transaction. */
struct ask rows_ask(const struct town *w, uint32_t no);
/* Copies the rows of a list, @max at most, to an array of its row struct and returns how many there are. Their
 * texts end with a NUL and live until the next call. */
uint32_t rows_read(struct town *w, uint32_t no, enum view_place view, void *rows, uint32_t max);
/* The same with what was asked for: parameters, day, who may see what. */
uint32_t rows_asked(struct ask *a, enum view_place view, void *rows, uint32_t max);
/* The number of the @nth entry of a listed type, from 0, as a request writes it. The text lives until the next call. */
const char *rows_entry(struct town *w, uint32_t no, enum rec_code type, uint32_t nth);
static inline const char *rows_text(struct bytes text)
{
	return text.p ? (const char *)text.p : "";
}

#endif
