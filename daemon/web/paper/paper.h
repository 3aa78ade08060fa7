#ifndef DAEMON_WEB_PAPER_PAPER_H
#define DAEMON_WEB_PAPER_PAPER_H

#include "daemon/ledger/query/ask.h"
#include "daemon/ledger/query/sums.h"
#include "daemon/ledger/state/versions_in_force.h"
#include "daemon/web/paper/page.h"

/* What is printed: one page of HTML for each, made from the feed alone. A paper whose printing is recorded
 * also fills @record: the caller prints, signs and sends it, and the digest in it is that of the page. */
struct paper {
	struct ask *ask;
	struct kv_txn *t;   /* of @ask */
	uint64_t town_size; /* of the town feed held here */
	struct page page;
	struct buf html;
	char village[FEED_LABEL_MAX];
	bool training;
	bool draft;	     /* nothing will be recorded, so there is nothing to check it against */
	bool empty;	     /* nothing to show */
	struct buf children; /* names of people under 14 on the day of a notice, as they look */
	/* what to record: REC_notice, REC_passbook; 0: nothing */
	uint16_t type;
	union {
		struct rec_notice notice;
		struct rec_passbook passbook;
	} record;
	struct hash root, digest; /* what record.notice borrows */
	char text[32];		  /* what record.passbook borrows */
	char code[24];		  /* the check code of a notice; "" */
};
#define PAPER_CHILD_AGE 14

int paper_open(struct paper *p, struct ask *a);
void paper_close(struct paper *p);

/* Each gives ERR_OK, a machine failure, or ASK_REFUSED. */
int paper_notice(struct paper *p);
int paper_passbook(struct paper *p);
int paper_slip(struct paper *p);
int paper_certificate(struct paper *p);
int paper_guide(struct paper *p);
struct paper_def {
	const char *name, *zh, *en;
	int (*make)(struct paper *p);
};
extern const struct paper_def paper_defs[];
extern const uint32_t paper_ndefs;
/* Makes the page and looks at it for what must not be posted. */
int paper_make(struct paper *p, const struct paper_def *def);

/* The notice that p->record.notice describes by kind, period, sizes of the feeds and day; fills in its
 * figures. The page follows from these alone. */
int paper_notice_make(struct paper *p);

/* Refuses a wish: @param is wrong, with a hint. */
int paper_refuse(struct paper *p, const char *param, struct says message, struct says hint);
/* The wish is sound, but there is nothing to print. */
int paper_lacks(struct paper *p, const char *code, const char *param, struct says message,
		struct says hint);
/* A required number or day from the query. */
int paper_need_entry(struct paper *p, enum rec_code type, uint64_t *ret_seq, void *ret_head,
		     struct payload *ret_payload);
int paper_need_day(struct paper *p, const char *name, day_t *ret);
/* The line of a good in a version of the price list. ERR_NOTFOUND. */
int paper_price(struct paper *p, uint64_t version, struct bytes good, struct rec_prices_line *ret);
/* What stands across the page, or NULL. */
const char *paper_mark(const struct paper *p);
/* Refuses when this node has no date to print. */
int paper_dated(struct paper *p);

/* Who signs: "石岩村村民委员会", "河坝社区居民委员会". */
void paper_committee(struct paper *p);

#endif
