#ifndef DAEMON_WEB_API_TABLES_H
#define DAEMON_WEB_API_TABLES_H

#include "daemon/ledger/query/sums.h"
#include "daemon/web/api/reply.h"

/* Tables: columns with labels, rows of text and numbers, so that one printer and one exporter serve them all.
 * What a table says follows from the feed alone and the period asked for; where something is due, also from
 * today. By file: sums of points, every posting of points, what waits for somebody, and what is kept. */

struct column {
	const char *name, *zh, *en;
	bool right;
};
#define COLUMNS_END                                                                                \
	{                                                                                          \
		NULL, NULL, NULL, false                                                            \
	}
struct tabling {
	struct reading r;
	struct statement_period p; /* of sums and ledger; the others list all that there is */
	uint64_t year;		   /* that is the period; 0: it is not a year */
	char category;		   /* of ranks; '\0': all */
	const char *household;	   /* of the ledger; NULL: all */
};
struct table_def {
	const char *name, *zh, *en;
	const struct column *column;
	int (*rows)(struct tabling *t);
};
/* Each ends with a NULL name. */
extern const struct table_def tables_sums[], tables_ledger[], tables_work[], tables_kept[];

/* --- cells of the row that is open --- */
void cell_points(struct tabling *t, struct points p);
void cell_day(struct tabling *t, day_t day); /* empty for DAY_NONE */
void cell_bytes(struct tabling *t, struct bytes b);
/* The name of a choice in the reader's language. */
void cell_choice(struct tabling *t, enum rec_list list, uint32_t v);
void cell_says(struct tabling *t, struct says s);
/* The name of who holds a key; empty when nobody is known to. */
void cell_person(struct tabling *t, const uint8_t key[SIGN_KEY_BYTES]);
/* A sequence; empty for 0, which is no entry of these. */
void cell_entry(struct tabling *t, uint64_t seq);
/* Part of a whole in percent with one decimal, rounded half up; "-" of nothing. */
void cell_share(struct tabling *t, uint64_t part, uint64_t whole);
/* Ends the row; what a walk returns. */
int cell_end(struct tabling *t);

#endif
