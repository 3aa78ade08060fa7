#ifndef DAEMON_RULES_FOLD_RULES_H
#define DAEMON_RULES_FOLD_RULES_H

#include <string.h>

#include "daemon/rules/fold.h"
#include "daemon/rules/rows.h"
#include "daemon/rules/state.h"
#include "daemon/rules/state_lines.h"
#include "daemon/rules/verdict.h"
#include "proto/record.h"

/* Between the files of the fold: what a rule sees and how it refuses. Functions return ERR_OK, a machine
 * failure, or FOLD_REFUSED with the reason in the verdict; any non-zero return goes straight up. */
#define FOLD_REFUSED 1

/* An item of the town's catalogue as the points rules need it; kept between entries. */
#define FOLD_ITEMS_MAX	  1024
#define FOLD_EVIDENCE_MAX 160
struct fold_item {
	uint64_t version; /* 0: this place is free */
	uint64_t seq;	  /* of the catalogue in the town feed */
	day_t from, to;
	uint32_t number;
	uint32_t sign, scope;
	int64_t points, cap;
	uint8_t code_n, evidence_n;
	char code[16];
	char evidence[FOLD_EVIDENCE_MAX];
};
struct fold_adopt {
	day_t from;
	uint64_t version;
};

/* What lives between entries is a pure function of the committed state. */
struct fold_work {
	struct rows *rows;
	struct buf out; /* for packing one row */
	struct state_meta meta;
	uint64_t town_held;
	/* of a village, once it is enrolled */
	bool enrolled;
	uint64_t enrol_seq;
	char code[STATE_VILLAGE_CODE_MAX];
	struct fold_item *item; /* open addressing */
	uint32_t nitems, items_cap;
	bool adopts_known;
	struct fold_adopt *adopt; /* ascending by from */
	uint32_t nadopts, adopts_cap;
	struct payload payload; /* of the entry being judged */
	struct payload target;	/* of an earlier points entry */
	struct state_lines lines;
};

/* P02: an earlier step of the entry at hand. */
enum fold_duty { FOLD_RECORDED, FOLD_REVIEWED, FOLD_DUTIES };

/* Text as people mean it: no spaces (6.8) around it, ASCII letters small; of names, no spaces at all. */
#define FOLD_PLAIN_MAX STATE_PERSON_NAME /* longer than any number of evidence */
enum fold_spaces { FOLD_TRIM, FOLD_NO_SPACES };
struct fold_plain {
	uint8_t n;
	uint8_t b[FOLD_PLAIN_MAX];
};
void fold_plain(struct bytes s, enum fold_spaces spaces, struct fold_plain *ret);
static inline struct bytes fold_plain_bytes(const struct fold_plain *p)
{
	return (struct bytes){p->b, p->n};
}

/* The entry being judged. */
struct judged {
	struct fold *f;
	struct fold_work *w;
	const struct entry *e;
	const struct rec_type *type;
	const struct payload *payload;
	uint32_t nlines;
	uint64_t known; /* entries of the town feed that judge it */
	day_t today;	/* claimed; DAY_NONE when unknown */
	uint32_t actor; /* person number of the author in the village, 0: none */
	struct fold_plain actor_name;
	uint32_t other[FOLD_DUTIES]; /* whom the author was last found not to be */
	bool is_town;
	bool meta_changed, adopts_changed;
	struct state_meta meta;
	struct verdict *v;
};

struct refusal {
	enum verdict_id id;
	int64_t num[4];
	struct bytes s, t;
};
int fold_refuse(struct judged *j, const struct refusal *r); /* FOLD_REFUSED */
void fold_warn(struct judged *j, const struct refusal *r);
int fold_malformed(struct judged *j, const char *field, uint32_t part);
int fold_head(struct judged *j, void *ret);
int fold_line(struct judged *j, uint32_t i, void *ret);
static inline struct bytes fold_text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}
static inline bool fold_text_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Rows: pack into fold_out(), then put. */
struct buf *fold_out(struct judged *j);
int fold_put(struct judged *j, const struct state_key *k);
/* A row of the town feed, committed or (in the town feed) changed by this entry; read past the cache in a
 * village, since the town feed may grow in the same transaction. */
int fold_town_row(struct judged *j, const struct state_key *k, struct bytes *ret);

/* fold_rights.c */
int fold_rights_check(struct judged *j, uint32_t roles);
/* The person as the first j->known entries of the town feed have it. ERR_NOTFOUND. */
int fold_rights_in_town(struct judged *j, const uint8_t key[32], struct state_person *ret);
/* Gives a role in the town feed, beside those the person has. */
int fold_rights_give(struct judged *j, const uint8_t key[32], struct bytes name,
		     const struct state_role *role);
/* The name of a person of the village, for sentences; empty when there is none. */
int fold_rights_name(struct judged *j, uint32_t no, struct bytes *ret);
int fold_rights_grant(struct judged *j);
int fold_rights_revoke(struct judged *j);

/* fold_town.c */
int fold_town_charter(struct judged *j);
int fold_town_invitation(struct judged *j);
int fold_town_enrol(struct judged *j);

/* fold_catalogue.c */
int fold_catalogue_issue(struct judged *j);
int fold_catalogue_adopt(struct judged *j);
/* The version in force in the village on @day; 0: none. */
int fold_catalogue_on(struct judged *j, day_t day, uint64_t *ret_version);
/* ERR_NOTFOUND: no such item as of j->known. */
int fold_catalogue_item(struct judged *j, uint64_t version, struct bytes code,
			const struct fold_item **ret);

/* fold_roster.c */
int fold_roster_household(struct judged *j);
int fold_roster_change(struct judged *j);
/* May points of @day go to this household or (@member above 0) this member of it? */
int fold_roster_eligible(struct judged *j, uint32_t line, const struct state_household *h,
			 const struct rec_points_line *l, bool deduct);

/* fold_points.c */
int fold_points_record(struct judged *j);

/* fold_steps.c */
int fold_steps_review(struct judged *j);
int fold_steps_confirm(struct judged *j);
int fold_steps_reverse(struct judged *j);

#endif
