#ifndef DAEMON_LEDGER_QUERY_ASK_H
#define DAEMON_LEDGER_QUERY_ASK_H

#include "daemon/feed/feedlog.h"
#include "lib/date.h"
#include "lib/text.h"
#include "proto/record.h"

/* What is asked of the ledger: which feed as of which transaction, on which day, for whom. Lists and papers are made
 * from it alone; the API makes one of a request, tests and pages make it otherwise. */
struct ask_param {
	const char *name, *value;
};
/* Why a question has no answer, for people. */
enum ask_why {
	ASK_WRONG,    /* a parameter is missing or wrong */
	ASK_MISSING,  /* there is no such thing */
	ASK_CONFLICT, /* not in the present state */
	ASK_UNFIT     /* the answer must not be given */
};
#define ASK_TEXT_MAX 280
struct ask_issue {
	enum ask_why why;
	const char *code, *param; /* param may be NULL */
	char zh[ASK_TEXT_MAX], en[ASK_TEXT_MAX];
	char hint_zh[ASK_TEXT_MAX], hint_en[ASK_TEXT_MAX]; /* "": none */
};
struct ask {
	struct kv_txn *t; /* borrowed */
	struct hash town;
	struct feed_head feed;
	day_t day; /* today; DAY_NONE when it is not known */
	enum lang lang;
	enum rec_privacy upto; /* what may be shown */
	const struct ask_param *param;
	uint32_t nparams;
	struct ask_issue issue; /* set with ASK_REFUSED */
};
/* Returned in place of an error when the issue says why; any other non-zero return is a machine failure. */
#define ASK_REFUSED 2

/* Fills the issue and returns ASK_REFUSED. The hint's texts may be NULL; texts are cut to ASK_TEXT_MAX. */
int ask_refuse(struct ask *a, enum ask_why why, const char *code, const char *param,
	       struct says message, struct says hint);
/* NULL when it was not given. */
const char *ask_param(const struct ask *a, const char *name);
/* @ret keeps its default when the parameter was not given. ASK_REFUSED. */
int ask_u64(struct ask *a, const char *name, uint64_t max, uint64_t *ret);
int ask_day(struct ask *a, const char *name, day_t *ret); /* as people write it */

#endif
