#ifndef DAEMON_LEDGER_RULES_RULE_H
#define DAEMON_LEDGER_RULES_RULE_H

#include <string.h>

#include "daemon/ledger/rules/fold.h"
#include "daemon/ledger/state/journal.h"
#include "daemon/ledger/state/read_documents.h"
#include "daemon/ledger/state/reader.h"
#include "daemon/ledger/state/state_lines.h"
#include "daemon/ledger/state/verdict.h"
#include "proto/record.h"

/* Between the files of the fold: what a rule sees and how it refuses. Functions return ERR_OK, a machine
 * failure, or RULE_REFUSED with the reason in the verdict; any non-zero return goes straight up. */
#define RULE_REFUSED 1

/* An item of the village's catalogue as the points rules need it; kept between entries. */
#define FOLD_ITEMS_MAX	  1024
#define FOLD_EVIDENCE_MAX 160
struct catalogue_item {
	uint64_t version; /* of the village; 0: this place is free */
	day_t from, to;	  /* of the town's catalogue */
	uint32_t number;
	uint32_t category, sign, scope;
	bool document;
	int64_t points, cap;
	uint8_t code_n, evidence_n;
	char code[16];
	char evidence[FOLD_EVIDENCE_MAX];
};
/* Has a year been closed? */
#define FOLD_YEAR_FIRST 1900
#define FOLD_YEARS	300
enum year_known { FOLD_YEAR_UNKNOWN, FOLD_YEAR_OPEN, FOLD_YEAR_CLOSED };
/* Has anybody moved with a split or merger? */
enum relocation_known { FOLD_MOVED_UNKNOWN, FOLD_MOVED_NONE, FOLD_MOVED_SOME };
struct catalogue_adopted {
	day_t from, to;
	uint64_t version;
};

/* What lives between entries follows from the committed state; an entry that was refused may leave it knowing
 * less (moved), never otherwise. */
struct fold_work {
	struct rows *rows;
	struct buf out; /* for packing one row */
	struct state_meta meta;
	uint64_t town_held;
	/* of a village, once it is enrolled */
	bool enrolled;
	uint64_t enrol_seq;
	char code[STATE_VILLAGE_CODE_MAX];
	struct catalogue_item *item; /* open addressing */
	uint32_t nitems, items_cap;
	uint8_t year[FOLD_YEARS]; /* enum year_known, once looked at */
	enum relocation_known moved;
	bool adopts_known;
	struct catalogue_adopted *adopt; /* ascending by from */
	uint32_t nadopts, adopts_cap;
	struct payload payload; /* of the entry being judged */
	struct payload target;	/* of an earlier points entry */
	struct state_lines lines;
};

/* P02: an earlier step of the entry at hand. */
enum rule_step { FOLD_RECORDED, FOLD_REVIEWED, FOLD_DUTIES };

/* Text as people mean it: no spaces (6.8) around it, ASCII letters small; of names, no spaces at all. */
#define PLAIN_MAX STATE_PERSON_NAME /* longer than any number of evidence */
enum plain_spaces { PLAIN_TRIM, PLAIN_NO_SPACES };
struct plain_text {
	uint8_t n;
	uint8_t b[PLAIN_MAX];
};
struct bytes plain_trim(struct bytes s); /* without the spaces around it */
void plain_text(struct bytes s, enum plain_spaces spaces, struct plain_text *ret);
static inline struct bytes plain_bytes(const struct plain_text *p)
{
	return (struct bytes){p->b, p->n};
}

/* Where a person (@member above 0) is now, or which household a merged one went on in. */
struct place {
	uint8_t household_n;
	char household[STATE_CODE_MAX];
	uint32_t member;
};

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
	uint64_t known; /* entries of the town feed that judge it */
	day_t today;	/* claimed; DAY_NONE when unknown */
	uint32_t actor; /* person number of the author in the village, 0: none */
	struct plain_text actor_name;
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
int rule_head(struct rule_ctx *ctx, void *ret);
int rule_line(struct rule_ctx *ctx, uint32_t i, void *ret);

/* Rows: pack into rule_out(), then put. */
struct buf *rule_out(struct rule_ctx *ctx);
int rule_put(struct rule_ctx *ctx, const struct state_key *k);

/* fold_refs.c */
int rule_put_mark(struct rule_ctx *ctx, const struct state_key *k); /* a row that only is there */
int rule_put_num(struct rule_ctx *ctx, const struct state_key *k, uint64_t v);
/* What a household has, 0 without an account. */
int rule_balance(struct rule_ctx *ctx, struct bytes household, struct points *ret);
/* Points leave one account and come to another; that of a household that merged is the account in which it went on
 * (V_OVERFLOW). */
int rule_transfer(struct rule_ctx *ctx, const struct transfer *x);
int rule_not_future(struct rule_ctx *ctx, day_t day);	     /* V_DAY_FUTURE */
int rule_period(struct rule_ctx *ctx, day_t from, day_t to); /* V_PERIOD */
/* Where the outcome depends on today: V_NO_CLOCK when it is unknown. */
int rule_need_clock(struct rule_ctx *ctx);
/* The head of the accepted entry @seq of a listed type, in this feed or in the town's as this entry sees it
 * (V_REFERENCE). @ret is of the type's head struct; what it borrows lives until the next look at an earlier
 * entry; its lines are in fold_work.target. */
int rule_ref(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, void *ret);
int rule_ref_town(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, void *ret);
int rule_ref_author(struct rule_ctx *ctx, uint64_t seq, uint8_t ret[SIGN_KEY_BYTES]);
/* V_SAME_PERSON when the author of this entry wrote that one, with whatever key. */
int rule_other_person(struct rule_ctx *ctx, uint64_t seq, enum rec_code code);
/* An entry is settled once, by this one (V_DONE_ALREADY). */
int rule_settle(struct rule_ctx *ctx, uint64_t seq, enum rec_code code);
int rule_unsettled(struct rule_ctx *ctx, uint64_t seq, enum rec_code code); /* V_DONE_ALREADY */
/* What settled it is void: it can be settled anew. */
int rule_reopen(struct rule_ctx *ctx, uint64_t seq);

/* What the village decides in versions. V_PERIOD, V_VERSION_USED, V_VERSION_JUMP; V_VERSION_PAST or V_NO_CLOCK when one is in force on the first
 * day. A later version with the same first day takes the earlier one's place. */
int versions_add(struct rule_ctx *ctx, enum doc_kind doc, const struct document *d);
/* V_VERSION_JUMP: a version far above the newest, @top. */
int versions_step(struct rule_ctx *ctx, enum rec_code code, uint64_t version, uint64_t top);
int versions_need(struct rule_ctx *ctx, enum doc_kind doc, uint64_t version,
		  struct document *ret); /* V_VERSION_UNKNOWN */

int rule_plan(struct rule_ctx *ctx);
int rule_scheme(struct rule_ctx *ctx);

/* fold_filing.c */
int rule_submission(struct rule_ctx *ctx);
int rule_filing_reply(struct rule_ctx *ctx);

/* fold_family.c: households that split and merge */
int rule_split(struct rule_ctx *ctx);
int rule_merge(struct rule_ctx *ctx);
static inline struct bytes place_household(const struct place *p)
{
	return (struct bytes){(const uint8_t *)p->household, p->household_n};
}
int split_merge_now(struct rule_ctx *ctx, struct bytes household, uint32_t member,
		    struct place *ret);
/* Key of the year in which caps and score of an accepted line are: of a person where it is now, of a
 * household as such (@member 0) where it was. */
int split_merge_year_key(struct rule_ctx *ctx, struct bytes household, uint32_t member, int year,
			 struct state_key *ret);
/* What a household has redeemed in a year, with all that came by splits and mergers. */
int split_merge_redeemed(struct rule_ctx *ctx, struct bytes household, int year,
			 struct state_redeemed *ret);
int split_merge_put_redeemed(struct rule_ctx *ctx, struct bytes household, int year,
			     const struct state_redeemed *x);
/* A redemption of @day is taken back that was @household's: off the sum of the year, and of those with which it
 * was merged since. */
int split_merge_unredeem(struct rule_ctx *ctx, struct bytes household, day_t day, int64_t points);

/* fold_people.c: declared kin and posts */
int rule_kin(struct rule_ctx *ctx);
int rule_post(struct rule_ctx *ctx);
/* A person moves with a split or merger: kin and posts are found at the new place as well. */
int kin_posts_move(struct rule_ctx *ctx, const struct state_place *from,
		   const struct state_place *to);
/* Does a post name the author's key? Without that nobody can be told to be tied. */
int kin_posts_linked(struct rule_ctx *ctx, bool *ret);
/* P01: warns when the author is tied to the household that gets points. */
int kin_posts_warn_self(struct rule_ctx *ctx, uint32_t line, struct bytes household);

/* fold_objection.c: applications, telling, objections, complaints */
int rule_application(struct rule_ctx *ctx);
int rule_application_reply(struct rule_ctx *ctx);
int rule_notified(struct rule_ctx *ctx);
int rule_objection(struct rule_ctx *ctx);
int rule_objection_reply(struct rule_ctx *ctx);
int rule_complaint(struct rule_ctx *ctx);
int rule_complaint_reply(struct rule_ctx *ctx);

/* A points line that names an application is about the same and settles it (V_APPLICATION_LINE). */
int due_process_apply(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l);
/* P15: may this deduction, line @line of entry @entry, be confirmed today? */
int due_process_due(struct rule_ctx *ctx, uint64_t entry, uint32_t line,
		    const struct rec_points_line *l);

/* fold_store.c: price lists and opening days; rule_redemption.c */
#define FOLD_PRICES_MAX 120 /* lines of a price list */
int rule_prices(struct rule_ctx *ctx);
int rule_opening(struct rule_ctx *ctx);
/* Is this minute within the opening hours posted for the day? Without any it is not. */
int prices_hours_open(struct rule_ctx *ctx, day_t day, uint64_t minute, bool *ret);
int rule_redemption(struct rule_ctx *ctx);
int rule_redemption_reversal(struct rule_ctx *ctx);

/* year_known.c */
int rule_appraisal(struct rule_ctx *ctx);
int rule_appraisal_confirm(struct rule_ctx *ctx);
int rule_year_close(struct rule_ctx *ctx);
int rule_honour(struct rule_ctx *ctx);
int rule_policy_support(struct rule_ctx *ctx);
/* V_YEAR_LATE when the year is closed. */
int appraisal_close_warn(struct rule_ctx *ctx, uint32_t line, int year);

/* rule_notice.c */
int rule_notice(struct rule_ctx *ctx);
int rule_posting(struct rule_ctx *ctx);
int rule_withdrawal(struct rule_ctx *ctx);
int rule_passbook(struct rule_ctx *ctx);

/* fold_village.c: records that only have to be well-formed and not of the future */
int rule_plain(struct rule_ctx *ctx);
int rule_case_note(struct rule_ctx *ctx);
int rule_facility(struct rule_ctx *ctx);
int rule_facility_check(struct rule_ctx *ctx);
int rule_guidance_reply(struct rule_ctx *ctx);
/* A points line that names a facility goes to its keeper household (V_FACILITY_KEEPER). */
int village_kept(struct rule_ctx *ctx, uint32_t line, const struct rec_points_line *l);

/* fold_rights.c */
int rights_check(struct rule_ctx *ctx, uint32_t roles);
/* Does the author hold one of these roles today? In a village. */
int rights_holds(struct rule_ctx *ctx, uint32_t roles, bool *ret);
/* Gives a role in the town feed, beside those the person has. */
int rights_give(struct rule_ctx *ctx, const uint8_t key[32], struct bytes name,
		const struct state_role *role);
/* The name of a person of the village, for sentences; empty when there is none. */
int rights_name(struct rule_ctx *ctx, uint32_t no, struct bytes *ret);
/* The name under which the author of an accepted entry of a village is known. */
int rights_name_of(struct rule_ctx *ctx, const uint8_t key[32], struct bytes *ret);
/* P02: is it the name of this entry's author, who may have got another key since? */
bool rights_is_author(const struct rule_ctx *ctx, struct bytes name);
int rule_grant(struct rule_ctx *ctx);
int rule_revoke(struct rule_ctx *ctx);

/* fold_town.c */
int rule_town_charter(struct rule_ctx *ctx);
int rule_invitation(struct rule_ctx *ctx);
int rule_village_enrol(struct rule_ctx *ctx);
/* fold_guide.c */
/* An enrolled village (V_VILLAGE_UNKNOWN); in the town feed. */
int guidance_need_village(struct rule_ctx *ctx, struct bytes code);
int rule_guidance(struct rule_ctx *ctx);
int rule_guidance_close(struct rule_ctx *ctx);
int rule_demonstration(struct rule_ctx *ctx);
int rule_village_fact(struct rule_ctx *ctx);

/* fold_catalogue.c */
int rule_catalogue(struct rule_ctx *ctx);
int rule_adopt_catalogue(struct rule_ctx *ctx);
/* The version in force in the village on @day; 0: none. */
int catalogue_on(struct rule_ctx *ctx, day_t day, uint64_t *ret_version);
/* ERR_NOTFOUND: no such item as of ctx->known. */
int catalogue_find(struct rule_ctx *ctx, uint64_t version, struct bytes code,
		   const struct catalogue_item **ret);

/* fold_roster.c */
int rule_household(struct rule_ctx *ctx);
int rule_roster_change(struct rule_ctx *ctx);
int rule_roster_correction(struct rule_ctx *ctx);
int rule_member_join(struct rule_ctx *ctx);
int rule_residence(struct rule_ctx *ctx);
int rule_consent(struct rule_ctx *ctx);
/* A registered household that has neither moved out nor merged (V_HOUSEHOLD_UNKNOWN with @line,
 * V_HOUSEHOLD_LEFT), and, with @member above 0, that person of it (V_MEMBER_UNKNOWN). */
int roster_need(struct rule_ctx *ctx, uint32_t line, struct bytes household, uint32_t member,
		struct state_household *ret);
/* The same, on @day: the household had begun (V_P13_BEGAN), and that person had neither died nor left before
 * (V_LEFT_ALREADY). */
int roster_need_on(struct rule_ctx *ctx, struct bytes household, uint32_t member, day_t day,
		   struct state_household *ret);
/* Who does not take part gets nothing (V_P13_NOT_PART). */
int roster_part(struct rule_ctx *ctx, struct bytes household, const struct state_household *h);
int roster_no_member(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		     uint64_t member); /* V_MEMBER_UNKNOWN */
/* What a household did before it began was done by the one that it came from (V_P13_BEGAN). */
int roster_begun(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		 const struct state_household *h, day_t day);
/* The same household with all its people, to be changed and put back. */
struct roster_household {
	struct state_key key;
	struct state_household h;
	struct state_member m[STATE_MEMBERS_MAX];
};
int roster_open(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		struct roster_household *ret);
int roster_put(struct rule_ctx *ctx, const struct roster_household *x);
/* A recorder with a territory acts for the households of that group, unless by another role that this type
 * of record takes (V_GROUP_FOREIGN). */
int roster_territory(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		     const struct state_household *h);
/* A registered household, though it may have left (V_HOUSEHOLD_UNKNOWN). */
int roster_known(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		 struct state_household *ret);
int roster_unused(struct rule_ctx *ctx, struct bytes household); /* V_HOUSEHOLD_EXISTS */
/* NULL: no such member. */
struct state_member *roster_member(struct roster_household *x, uint64_t member);
/* A member who has neither left nor died: V_MEMBER_UNKNOWN, V_LEFT_ALREADY. */
int roster_present(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		   const struct state_member *m, uint64_t member);
/* Room for one member more, with a number not used before: V_MEMBERS_FULL, V_MEMBER_NUMBER. */
int roster_room(struct rule_ctx *ctx, struct bytes household, struct roster_household *x,
		uint64_t member);

/* eligible.c */
/* May points of @day go to this household or (@member above 0) this member of it? */
int eligible(struct rule_ctx *ctx, uint32_t line, const struct state_household *h,
	     const struct rec_points_line *l, bool deduct);

/* fold_points.c */
int rule_points(struct rule_ctx *ctx);

/* fold_steps.c */
int rule_review(struct rule_ctx *ctx);
int rule_confirm(struct rule_ctx *ctx);
int rule_reversal(struct rule_ctx *ctx);
/* The lines of a points entry, in fold_work.lines; @line is 0 or one of them (V_TARGET_UNKNOWN). */
int approval_lines(struct rule_ctx *ctx, uint64_t entry, uint64_t line);
/* A line of the points entry in fold_work.target, and its item. */
int approval_line(struct rule_ctx *ctx, uint32_t line, struct rec_points_line *ret,
		  const struct catalogue_item **ret_item);
int approval_wrong_state(struct rule_ctx *ctx, uint64_t entry, uint32_t line); /* V_TARGET_STATE */

#endif
