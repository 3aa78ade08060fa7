#ifndef DAEMON_WEB_PAPER_H
#define DAEMON_WEB_PAPER_H

#include "daemon/rules/report.h"
#include "daemon/rules/view_procedure.h"
#include "daemon/rules/view_scheme.h"
#include "daemon/web/page.h"
#include "daemon/web/reply.h"

/* What is printed: one page of HTML for each, made from the feed alone. A paper whose printing is recorded
 * also fills @record: the caller prints, signs and sends it, and the digest in it is that of the page. */
struct paper {
	struct reading *r;
	struct page page;
	struct buf html;
	char village[FEED_LABEL_MAX];
	bool training;
	day_t today;
	struct buf children; /* names of people under 14 today */
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
#define PAPER_ANSWERED	1 /* the handler has filled the answer itself */
#define PAPER_CHILD_AGE 14

/* Each gives ERR_OK, a machine failure, or PAPER_ANSWERED. */
int paper_notice(struct paper *p);
int paper_passbook(struct paper *p);
int paper_slip(struct paper *p);
int paper_certificate(struct paper *p);

/* The notice that p->record.notice describes by kind, period and size; fills in its figures. */
int paper_notice_make(struct paper *p);
/* The names of children, for pages that are posted. */
int paper_children(struct paper *p);

/* Refuses a wish: 400 for @param, with a hint. */
int paper_refuse(struct paper *p, const char *param, struct says message, struct says hint);
/* A required number or day from the query. */
int paper_need_entry(struct paper *p, enum rec_code type, uint64_t *ret_seq, void *ret_head,
		     struct payload *ret_payload);
int paper_need_day(struct paper *p, const char *name, day_t *ret);
/* The line of a good in a version of the price list. ERR_NOTFOUND. */
int paper_price(struct paper *p, uint64_t version, struct bytes good, struct rec_prices_line *ret);
/* The head of a household as it may be posted: masked; not named when under 14. */
void paper_head(struct paper *p, const struct view_household *h);

#endif
