#ifndef DAEMON_LEDGER_RULES_RULE_H
#define DAEMON_LEDGER_RULES_RULE_H

#include <string.h>

#include "daemon/ledger/rules/fold.h"
#include "daemon/ledger/rules/plain.h"
#include "daemon/ledger/state/journal.h"
#include "daemon/ledger/state/reader.h"
#include "daemon/ledger/state/state_lines.h"
#include "daemon/ledger/state/verdict.h"
#include "daemon/ledger/state/versions_in_force.h"
#include "lib/look.h"
#include "lib/map.h"
#include "proto/record.h"

/* What all rules use: what a rule sees, how it refuses, and rows. Functions return ERR_OK, a machine
 * failure, or RULE_REFUSED with the reason in the verdict; any non-zero return goes straight up. */
#define RULE_REFUSED 1

/* Has a year been closed? */
#define FOLD_YEAR_FIRST 1900
#define FOLD_YEARS	300
enum year_known { FOLD_YEAR_UNKNOWN, FOLD_YEAR_OPEN, FOLD_YEAR_CLOSED };
/* Has anybody moved with a split or merger? */
enum relocation_known { RELOCATED_UNKNOWN, RELOCATED_NONE, RELOCATED_SOME };

struct catalogue_item;
struct catalogue_adopted;

/* What lives between entries follows from the committed state; an entry that was refused may leave it knowing
 * less (relocated), never otherwise. */
struct fold_work {
	struct cache *rows;
	struct buf out;		/* for packing one row */
	struct journal journal; /* of the entry being judged */
	struct state_meta meta;
	uint64_t town_held;
	/* of a village, once it is enrolled */
	bool enrolled;
	uint64_t enrol_seq;
	char code[STATE_VILLAGE_CODE_MAX];
	struct catalogue_item *item;
	uint32_t nitems, items_cap;
	struct map item_at;	  /* by version and code */
	uint8_t year[FOLD_YEARS]; /* enum year_known, once looked at */
	enum relocation_known relocated;
	bool adopts_known;
	struct catalogue_adopted *adopt; /* ascending by from */
	uint32_t nadopts, adopts_cap;
	struct payload payload; /* of the entry being judged */
	struct payload target;	/* of an earlier points entry */
	struct state_lines lines;
};

/* P02: an earlier step of the entry at hand. */
enum rule_step { FOLD_RECORDED, FOLD_REVIEWED, FOLD_DUTIES };

/* Where a person (@member above 0) is now, or which household a merged one went on in. */
struct place {
	uint8_t household_n;
	char household[STATE_CODE_MAX];
	uint32_t member;
};

static inline struct bytes place_household(const struct place *p)
{
	return (struct bytes){(const uint8_t *)p->household, p->household_n};
}

/* Who the author is among the villagers, once a post with the author's key was looked for. */
enum rule_link { FOLD_LINK_UNKNOWN, FOLD_NOT_LINKED, FOLD_LINKED };

/* The entry being judged. */
struct rule_ctx {
	struct fold *f;
	struct fold_work *w;
	struct reader reader; /* of the feed of the entry */
	const struct entry *e;
	const struct rec_type *type;
	const struct payload *payload;
	uint32_t nlines;
	union rec_any head;
	uint64_t known; /* entries of the town feed that judge it */
	day_t today;	/* claimed; DAY_NONE when unknown */
	uint32_t actor; /* person number of the author in the village, 0: none */
	struct look actor_name;
	uint32_t other[FOLD_DUTIES]; /* whom the author was last found not to be */
	enum rule_link linked;
	struct place own;		 /* of the author, when linked */
	char group[STATE_GROUP_MAX + 1]; /* of the author as recorder; "": all groups */
	bool is_town;
	bool meta_changed, adopts_changed, years_changed;
	struct state_meta meta;
	struct verdict *v;
};

struct refusal {
	enum verdict_id id;
	int64_t num[4];
	struct bytes s, t;
};
int rule_refuse(struct rule_ctx *ctx, const struct refusal *r); /* RULE_REFUSED */
void rule_warn(struct rule_ctx *ctx, const struct refusal *r);
int rule_malformed(struct rule_ctx *ctx, const char *field, uint32_t part);
/* The part (0: the head) does not follow the table of its fields: refused with the field named. */
int rule_unreadable(struct rule_ctx *ctx, uint32_t part);
/* The head, which has been decoded and checked; @ret is of the type's head struct. */
void rule_head(const struct rule_ctx *ctx, void *ret);
int rule_line(struct rule_ctx *ctx, uint32_t i, void *ret);

/* Rows: pack into rule_out(), then put. */
struct buf *rule_out(struct rule_ctx *ctx);
int rule_put(struct rule_ctx *ctx, const struct state_key *k);

int rule_put_mark(struct rule_ctx *ctx, const struct state_key *k); /* a row that only is there */
int rule_put_num(struct rule_ctx *ctx, const struct state_key *k, uint64_t v);
int rule_not_future(struct rule_ctx *ctx, day_t day);	     /* V_DAY_FUTURE */
int rule_period(struct rule_ctx *ctx, day_t from, day_t to); /* V_PERIOD */
/* Where the outcome depends on today: V_NO_CLOCK when it is unknown. */
int rule_need_clock(struct rule_ctx *ctx);

#endif
