#ifndef DAEMON_LEDGER_QUERY_VIEW_H
#define DAEMON_LEDGER_QUERY_VIEW_H

#include "daemon/ledger/query/ask.h"
#include "daemon/ledger/query/statement.h"
#include "daemon/ledger/query/views.def"
#include "daemon/ledger/state/read_filing.h"
#include "daemon/ledger/state/versions_in_force.h"
#include "proto/record.h"

/* Lists, made from views.def: a row struct for each, a description for those who show it, and one producer
 * that reads the ledger and puts row after row. What a list says follows from the feed alone, the parameters
 * and, where something is due, from today. */

/* State constants, as OBJECTED_open; those of LINE and FILING are of daemon/ledger/state. */
#define STATES_ENUM(list) enum view_state_##list{STATES_##list(CHOICE_CONST)};
STATES_ENUM(OBJECTED)
STATES_ENUM(APPLIED)
STATES_ENUM(AWAITS)
STATES_ENUM(POSTED)
STATES_ENUM(GUIDED)
STATES_ENUM(APPRAISED)
#undef STATES_ENUM

/* C structs: struct row_due. Text and codes are borrowed until the put returns. */
#define VIEW_T_U					     uint64_t
#define VIEW_T_SEQ					     uint64_t
#define VIEW_T_POINTS					     struct points
#define VIEW_T_QTY					     struct qty
#define VIEW_T_DAY					     day_t
#define VIEW_T_TEXT					     struct bytes
#define VIEW_T_NAME					     struct bytes
#define VIEW_T_NUMBER					     struct bytes
#define VIEW_T_CODE					     struct bytes
#define VIEW_T_CHOICE					     uint32_t
#define VIEW_T_STATE					     uint32_t
#define VIEW_MEMBER(R, name, kind, choices, privacy, zh, en) VIEW_T_##kind name;
#define VIEW_STRUCT(name, params, duty, zh, en)                                                    \
	struct row_##name {                                                                        \
		ROW_##name(VIEW_MEMBER, name)                                                      \
	};
VIEWS(VIEW_STRUCT)
#undef VIEW_MEMBER
#undef VIEW_STRUCT

#define VIEW_ROW_MAX 384 /* bytes of the largest row struct */

/* Parameters that a list takes. */
#define VIEW_PERIOD    UINT32_C(1)
#define VIEW_CATEGORY  UINT32_C(2)
#define VIEW_HOUSEHOLD UINT32_C(4)
#define VIEW_YEAR      UINT32_C(8)
#define VIEW_ALL       UINT32_C(16)
#define VIEW_TOWN      UINT32_C(32) /* no parameter: a list of the town, over its villages */
#define VIEW_PARAMS    6
extern const struct view_param {
	const char *name;
	uint32_t param;
} view_params[VIEW_PARAMS];

/* Which duties are wanted: rows of others need not be put. */
#define DUTIES_OPEN  1u /* not done */
#define DUTIES_DATED 2u /* with a deadline */

/* Where the rows of a list go. */
struct view_out {
	const struct view_def *def;
	enum rec_privacy upto; /* what a row may show */
	uint32_t only;	       /* DUTIES_*, of a list of duties */
	/* A non-zero return ends the list and is its result. The row is borrowed until it returns. */
	int (*row)(void *ctx, const void *row);
	void *ctx;
};
struct view_def {
	const char *name, *zh, *en;
	uint32_t params;
	const struct rec_field *field;
	uint32_t nfields;
	size_t row_size;
	/* Of a duty: the fields with its days, and the one (a DAY or a SEQ) that says that it is done; NULL: nothing
	 * is due. */
	const char *due, *done, *by;
	int (*rows)(struct ask *a, struct view_out *out);
};
#define VIEW_PLACE(name, params, duty, zh, en) VIEW_##name,
enum view_place { VIEWS(VIEW_PLACE) VIEWS_N };
#undef VIEW_PLACE
extern const struct view_def views[VIEWS_N];

const struct view_def *view_named(const char *name); /* NULL: unknown */
const struct rec_field *view_field(const struct view_def *def, const char *name); /* NULL: none */
/* Is this question one that the list answers? ASK_REFUSED: a parameter that it does not take, or a feed that is
 * not of a village. */
int view_check(struct ask *a, const struct view_def *def);
/* All rows of a list about the feed that was asked for, with names shortened and fields left empty that are
 * more private than the question allows. */
int view_each(struct ask *a, const struct view_def *def, int (*fn)(void *ctx, const void *row),
	      void *ctx);
/* For producers: @row is the struct of the list. */
int view_put(struct view_out *out, const void *row);

/* What people asked for, where the list takes it; what was not given is DAY_NONE, 0, '\0' or empty. ASK_REFUSED. */
struct view_period {
	day_t from, to;
	uint64_t
		year; /* given in place of days: by the day of the deed, as its appraisal counts; not of booking */
};
int view_period(struct ask *a, struct view_period *ret);
static inline struct statement_period view_statement_period(const struct view_period *p)
{
	return (struct statement_period){p->from, p->to,
					 p->year ? STATEMENT_DEED : STATEMENT_BOOKED};
}
int view_year(struct ask *a, uint64_t *ret); /* else that of today */
int view_category(struct ask *a, char *ret); /* its letter */
/* Also of one that has left. */
int view_household_asked(struct ask *a, struct bytes *ret);

/* The producers. */
#define VIEW_ROWS(name, params, duty, zh, en) int rows_##name(struct ask *a, struct view_out *out);
VIEWS(VIEW_ROWS)
#undef VIEW_ROWS

#endif
