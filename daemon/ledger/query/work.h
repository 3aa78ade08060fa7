#ifndef DAEMON_LEDGER_QUERY_WORK_H
#define DAEMON_LEDGER_QUERY_WORK_H

#include "daemon/ledger/state/read.h"

/* What waits for somebody, and what is kept on paper: queries over the folded state like those of view.h.
 * A sequence of 0 means that there is no such entry: the first of a village feed is none of these. */

/* Objections, oldest first. Due days are in working days, holidays not known (I: Monday to Friday). */
enum view_objected {
	OBJECTION_OPEN,
	OBJECTION_REJECTED,
	OBJECTION_TO_REVERSE, /* upheld: the line must still be reversed, or refused if not confirmed */
	OBJECTION_DONE	      /* upheld, and that was done */
};
struct view_objection {
	uint64_t seq, entry;
	uint32_t line;
	enum line_state line_state;
	enum view_objected state;
	char household[17]; /* "": not given */
	day_t day, due;
	uint64_t reply;
	day_t answered;
};
int view_objections(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_objection *o), void *ctx);

enum view_applied { APPLICATION_OPEN, APPLICATION_RECORDED, APPLICATION_DECLINED };
struct view_application {
	uint64_t seq, by; /* by: the entry that settled it */
	enum view_applied state;
	char household[17], item[17], applicant[65];
	uint32_t member;
	day_t day;
};
int view_applications(struct kv_txn *t, uint32_t feed_no,
		      int (*fn)(void *ctx, const struct view_application *a), void *ctx);

/* Deductions that are neither confirmed nor refused. */
struct view_deduction {
	uint64_t entry;
	uint32_t line, member;
	enum line_state state;
	char household[17], item[17];
	struct points points;
	day_t day, notified,
		due; /* notified DAY_NONE: the household waits for its notification; due: may be confirmed from then on */
	bool objected; /* an objection is not answered yet */
};
int view_deductions(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_deduction *d), void *ctx);

enum view_appraised { APPRAISAL_WAITS, APPRAISAL_AGREED, APPRAISAL_DECLINED };
struct view_appraisal {
	uint64_t seq, by;
	enum view_appraised state;
	int year;
	char title[97];
	day_t day;
	uint32_t nlines;
};
int view_appraisals(struct kv_txn *t, uint32_t feed_no,
		    int (*fn)(void *ctx, const struct view_appraisal *a), void *ctx);
struct view_honour {
	uint64_t seq, appraisal;
	char household[17], title[97], certificate[61];
	uint32_t member, level;
	int year;
	day_t day;
};
int view_honours(struct kv_txn *t, uint32_t feed_no,
		 int (*fn)(void *ctx, const struct view_honour *h), void *ctx);

struct view_notice {
	uint64_t seq, size, lines;
	uint32_t kind, npostings;
	day_t from, to;
	day_t posted_from, posted_to; /* of the posting that stays up longest */
	uint64_t withdrawal;
	struct points plus, minus;
};
int view_notices(struct kv_txn *t, uint32_t feed_no,
		 int (*fn)(void *ctx, const struct view_notice *n), void *ctx);

/* The town's guidance to the village @code, with what feed @feed_no (0: not here) last replied. */
struct view_guidance {
	uint64_t seq, reply, closed;
	uint32_t kind;
	char title[97];
	day_t due, replied;
	bool done; /* as the village says */
};
int view_guidances(struct kv_txn *t, uint32_t feed_no, struct bytes code,
		   int (*fn)(void *ctx, const struct view_guidance *g), void *ctx);

#endif
