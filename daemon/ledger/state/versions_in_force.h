#ifndef DAEMON_LEDGER_STATE_VERSIONS_IN_FORCE_H
#define DAEMON_LEDGER_STATE_VERSIONS_IN_FORCE_H

#include "daemon/ledger/state/read_registers.h"

/* What a village has decided in versions (catalogue, plan, reward scheme, prices), and which is in force on a day. What
 * is borrowed lives as long as the transaction. */

/* The first three are the values of SUBJECT. */
enum doc_kind { DOC_CATALOGUE, DOC_PLAN, DOC_SCHEME, DOC_PRICES };
struct document {
	uint64_t version;
	uint64_t entry; /* of the record */
	day_t from, to; /* from DAY_NONE: not by day; to DAY_NONE: until the next */
	uint64_t base;	/* catalogue: version of the town's */
};
/* ERR_NOTFOUND. */
int read_document(const struct reader *r, enum doc_kind kind, uint64_t version,
		  struct document *ret);
int read_document_newest(const struct reader *r, enum doc_kind kind, uint64_t *ret_version);
/* The version with the latest first day not after @day; a plan has no day. ERR_NOTFOUND: none, or it has ended. */
int read_document_on(const struct reader *r, enum doc_kind kind, day_t day, struct document *ret);
/* One after another by first day: start with *@day = DAY_MIN. ERR_NOTFOUND at the end. */
int read_document_next(const struct reader *r, enum doc_kind kind, day_t *day,
		       struct document *ret);
/* All versions, in their order. */
int read_documents(const struct reader *r, enum doc_kind kind,
		   int (*fn)(void *ctx, const struct document *d), void *ctx);

/* --- the reward scheme --- */
/* With version 0, none was decided for this day, and these are the usual numbers. */
int read_scheme_on(const struct reader *r, day_t day, struct rec_scheme *ret);

/* A price list, in its order. */
int read_prices(const struct reader *r, const struct document *d,
		int (*fn)(void *ctx, const struct rec_prices_line *l), void *ctx);
/* ERR_NOTFOUND: the list has no such good. */
int read_price(const struct reader *r, const struct document *d, struct bytes good,
	       struct rec_prices_line *ret);

#endif
