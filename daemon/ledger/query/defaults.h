#ifndef DAEMON_LEDGER_QUERY_DEFAULTS_H
#define DAEMON_LEDGER_QUERY_DEFAULTS_H

#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"
#include "proto/record.h"

/* What follows from other fields and from the day, and people may leave out: the fields with a DEFAULT in
 * proto/records.def. */
struct defaults_at {
	struct kv_txn *t;
	uint32_t feed_no; /* the own feed */
	uint64_t wall_ms; /* 0: not known */
};
#define DEFAULTS_KEPT_MAX 512 /* bytes of all texts of one record */
/* A record as people gave it, to be filled in; nothing is owned. */
struct defaults_record {
	const struct rec_type *t;
	union rec_any *head;
	uint8_t *lines; /* nlines structs of the line type */
	uint32_t nlines;
	bool has_minute; /* of a redemption: 00:00 was given, too */
	/* REGISTERED: was the field of the head given, be it empty? NULL: it was not. */
	bool (*given)(void *ctx, const char *field);
	void *ctx;
	struct buf *kept; /* of texts that are filled in; must not move */
};

/* Fills in what is missing. @txid (may be NULL): what was
 * written under this ID before says what is missing, so that the same request is the same record on another
 * day, too. ERR_NOTFOUND: the catalogue or price list has no such thing, or the day is unknown, as @why
 * says. */
int defaults_fill(const struct defaults_at *at, const uint8_t *txid, struct defaults_record *r,
		  struct reason *why);

#endif
