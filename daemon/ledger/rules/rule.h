#ifndef DAEMON_LEDGER_RULES_RULE_H
#define DAEMON_LEDGER_RULES_RULE_H

#include <string.h>

#include "daemon/ledger/rules/fold.h"
#include "daemon/ledger/state/cache.h"
#include "daemon/ledger/state/state.h"
#include "daemon/ledger/state/state_lines.h"
#include "daemon/ledger/state/verdict.h"
#include "proto/record.h"

/* Between the files of the fold: what a rule sees and how it refuses. Functions return ERR_OK, a machine
 * failure, or FOLD_REFUSED with the reason in the verdict; any non-zero return goes straight up. */
#define FOLD_REFUSED 1

/* An item of the village's catalogue as the points rules need it; kept between entries. */
#define FOLD_ITEMS_MAX	  1024
#define FOLD_EVIDENCE_MAX 160
struct fold_item {
	uint64_t version; /* of the village; 0: this place is free */
	day_t from, to;	  /* of the town's catalogue */
	uint32_t number;
	uint32_t sign, scope;
	bool document;
	int64_t points, cap;
	uint8_t code_n, evidence_n;
	char code[16];
	char evidence[FOLD_EVIDENCE_MAX];
};
/* Has a year been closed? */
#define FOLD_YEAR_FIRST 1900
#define FOLD_YEARS	300
enum fold_year { FOLD_YEAR_UNKNOWN, FOLD_YEAR_OPEN, FOLD_YEAR_CLOSED };
/* Has anybody moved with a split or merger? */
enum fold_moved { FOLD_MOVED_UNKNOWN, FOLD_MOVED_NONE, FOLD_MOVED_SOME };
struct fold_told_days {
	day_t from;
	uint32_t days;
};
struct fold_adopt {
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
	struct fold_item *item; /* open addressing */
	uint32_t nitems, items_cap;
	/* the days between telling and deduction, by the first day of their scheme, ascending */
	bool schemes_known;
	struct fold_told_days *told_days;
	uint32_t nschemes, schemes_cap;
	uint8_t year[FOLD_YEARS]; /* enum fold_year, once looked at */
	enum fold_moved moved;
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
struct bytes fold_trim(struct bytes s); /* without the spaces around it */
void fold_plain(struct bytes s, enum fold_spaces spaces, struct fold_plain *ret);
static inline struct bytes fold_plain_bytes(const struct fold_plain *p)
{
	return (struct bytes){p->b, p->n};
}

/* Where a person (@member above 0) is now, or which household a merged one went on in. */
struct fold_place {
	uint8_t household_n;
	char household[STATE_CODE_MAX];
	uint32_t member;
};

/* Who the author is among the villagers, once a post with the author's key was looked for. */
enum fold_linked { FOLD_LINK_UNKNOWN, FOLD_NOT_LINKED, FOLD_LINKED };

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
	enum fold_linked linked;
	struct fold_place own;		 /* of the author, when linked */
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
int fold_refuse(struct judged *j, const struct refusal *r); /* FOLD_REFUSED */
void fold_warn(struct judged *j, const struct refusal *r);
int fold_malformed(struct judged *j, const char *field, uint32_t part);
int fold_head(struct judged *j, void *ret);
int fold_line(struct judged *j, uint32_t i, void *ret);
static inline struct bytes fold_text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* Rows: pack into fold_out(), then put. */
struct buf *fold_out(struct judged *j);
int fold_put(struct judged *j, const struct state_key *k);
/* A row of the town feed, committed or (in the town feed) changed by this entry; read past the cache in a
 * village, since the town feed may grow in the same transaction. */
int fold_town_row(struct judged *j, const struct state_key *k, struct bytes *ret);

/* fold_refs.c */
int fold_put_mark(struct judged *j, const struct state_key *k); /* a row that only is there */
/* Rows of this feed. ERR_NOTFOUND, ERR_CORRUPT. */
int fold_get_nums(struct judged *j, const struct state_key *k, int64_t *ret, unsigned n);
int fold_put_nums(struct judged *j, const struct state_key *k, const int64_t *v, unsigned n);
int fold_get_num(struct judged *j, const struct state_key *k, uint64_t *ret);
int fold_put_num(struct judged *j, const struct state_key *k, uint64_t v);
/* The account of a household, all 0 when there is none yet, and the key of its row. */
int fold_account(struct judged *j, struct bytes household, struct state_key *ret_key,
		 struct state_account *ret);
int fold_not_future(struct judged *j, day_t day);	 /* V_DAY_FUTURE */
int fold_period(struct judged *j, day_t from, day_t to); /* V_PERIOD */
/* Where the outcome depends on today: V_NO_CLOCK when it is unknown. */
int fold_need_clock(struct judged *j);
/* The head of the accepted entry @seq of a listed type, in this feed or in the town's as this entry sees it
 * (V_REFERENCE). @ret is of the type's head struct; what it borrows lives until the next look at an earlier
 * entry; its lines are in fold_work.target. */
int fold_ref(struct judged *j, uint64_t seq, enum rec_code code, void *ret);
int fold_ref_town(struct judged *j, uint64_t seq, enum rec_code code, void *ret);
int fold_ref_author(struct judged *j, uint64_t seq, uint8_t ret[SIGN_KEY_BYTES]);
/* V_SAME_PERSON when the author of this entry wrote that one, with whatever key. */
int fold_other_person(struct judged *j, uint64_t seq, enum rec_code code);
/* An entry is settled once, by this one (V_DONE_ALREADY). */
int fold_settle(struct judged *j, uint64_t seq, enum rec_code code);
int fold_settled(struct judged *j, uint64_t seq, uint64_t *ret_by);	/* ERR_NOTFOUND */
int fold_unsettled(struct judged *j, uint64_t seq, enum rec_code code); /* V_DONE_ALREADY */
/* What settled it is void: it can be settled anew. */
int fold_reopen(struct judged *j, uint64_t seq);

/* fold_doc.c: what the village decides in versions. The first three are the values of SUBJECT. */
enum fold_doc { DOC_CATALOGUE, DOC_PLAN, DOC_SCHEME, DOC_PRICES };
struct fold_doc_row {
	uint64_t seq;	/* of the record */
	day_t from, to; /* from DAY_NONE: not by day; to DAY_NONE: until the next */
	uint64_t base;	/* catalogue: version of the town's */
};
/* V_PERIOD, V_VERSION_USED, V_VERSION_JUMP; V_VERSION_PAST or V_NO_CLOCK when one is in force on the first
 * day. A later version with the same first day takes the earlier one's place. */
int fold_doc_add(struct judged *j, enum fold_doc doc, uint64_t version,
		 const struct fold_doc_row *row);
/* V_VERSION_JUMP: a version far above the newest, @top. */
int fold_doc_step(struct judged *j, enum rec_code code, uint64_t version, uint64_t top);
int fold_doc_get(struct judged *j, enum fold_doc doc, uint64_t version,
		 struct fold_doc_row *ret); /* ERR_NOTFOUND */
int fold_doc_need(struct judged *j, enum fold_doc doc, uint64_t version,
		  struct fold_doc_row *ret); /* V_VERSION_UNKNOWN */
/* The version with the latest first day not after @day. ERR_NOTFOUND: none, or it has ended. */
int fold_doc_on(struct judged *j, enum fold_doc doc, day_t day, uint64_t *ret_version,
		struct fold_doc_row *ret);
/* One after another by first day: start with *@day = DAY_MIN. ERR_NOTFOUND at the end. */
int fold_doc_next(struct judged *j, enum fold_doc doc, day_t *day, uint64_t *ret_version,
		  struct fold_doc_row *ret);

/* fold_plan.c: the plan, and the scheme that holds the parameters of a day. */
int fold_plan(struct judged *j);
int fold_plan_scheme(struct judged *j);
/* The scheme in force on @day, its texts borrowed. ERR_NOTFOUND: none; the defaults are then in @ret. */
int fold_plan_scheme_on(struct judged *j, day_t day, struct rec_scheme *ret);

/* fold_filing.c */
int fold_filing_submit(struct judged *j);
int fold_filing_reply(struct judged *j);

/* fold_family.c: households that split and merge */
int fold_family_split(struct judged *j);
int fold_family_merge(struct judged *j);
static inline struct bytes fold_place_household(const struct fold_place *p)
{
	return (struct bytes){(const uint8_t *)p->household, p->household_n};
}
/* Before an entry has changed a row: what makes fold_family_now cheap for its lines. */
int fold_family_ready(struct judged *j);
int fold_family_now(struct judged *j, struct bytes household, uint32_t member,
		    struct fold_place *ret);
/* Key of the year in which caps and score of an accepted line are: of a person where it is now, of a
 * household as such (@member 0) where it was. */
int fold_family_year_key(struct judged *j, struct bytes household, uint32_t member, int year,
			 struct state_key *ret);
/* After any change to the account that an earlier line or redemption names: that of a merged household
 * keeps its sums and hands its balance on to where the household is now (V_OVERFLOW). Nothing to do for
 * others. */
int fold_family_pass_on(struct judged *j, struct bytes household);
/* What a household has redeemed in a year: with all that came by splits and mergers, and the part of it that the
 * household from which it was split had redeemed until then. */
struct fold_redeemed {
	struct state_key key;
	int64_t sum, inherited;
};
int fold_family_redeemed(struct judged *j, struct bytes household, int year,
			 struct fold_redeemed *ret);
int fold_family_put_redeemed(struct judged *j, const struct fold_redeemed *x);
/* A redemption of @day is taken back that was @household's: off the sum of the year, and of those with which it
 * was merged since. */
int fold_family_unredeem(struct judged *j, struct bytes household, day_t day, int64_t points);

/* fold_people.c: declared kin and posts */
int fold_people_kin(struct judged *j);
int fold_people_post(struct judged *j);
/* A person moves with a split or merger: kin and posts are found at the new place as well. */
int fold_people_move(struct judged *j, const struct state_place *from,
		     const struct state_place *to);
/* Does a post name the author's key? Without that nobody can be told to be tied. */
int fold_people_linked(struct judged *j, bool *ret);
/* P01: warns when the author is tied to the household that gets points. */
int fold_people_warn_self(struct judged *j, uint32_t line, struct bytes household);

/* fold_objection.c: applications, telling, objections, complaints */
int fold_objection_application(struct judged *j);
int fold_objection_application_reply(struct judged *j);
int fold_objection_told(struct judged *j);
int fold_objection_raise(struct judged *j);
int fold_objection_reply(struct judged *j);
int fold_objection_complain(struct judged *j);
int fold_objection_complaint_reply(struct judged *j);

/* A points line that names an application is about the same and settles it (V_APPLICATION_LINE). */
int fold_objection_apply(struct judged *j, uint32_t line, const struct rec_points_line *l);
/* Before an entry that confirms has changed a row: what fold_objection_due needs. */
int fold_objection_ready(struct judged *j);
/* P15: may this deduction, line @line of entry @entry, be confirmed today? */
int fold_objection_due(struct judged *j, uint64_t entry, uint32_t line,
		       const struct rec_points_line *l);

/* fold_store.c: price lists and opening days; fold_redeem.c */
#define FOLD_PRICES_MAX 120 /* lines of a price list */
int fold_store_prices(struct judged *j);
int fold_store_opening(struct judged *j);
/* Is this minute within the opening hours posted for the day? Without any it is not. */
int fold_store_is_open(struct judged *j, day_t day, uint64_t minute, bool *ret);
int fold_redeem(struct judged *j);
int fold_redeem_reverse(struct judged *j);

/* fold_year.c */
int fold_year_appraise(struct judged *j);
int fold_year_confirm(struct judged *j);
int fold_year_close(struct judged *j);
int fold_year_honour(struct judged *j);
int fold_year_policy(struct judged *j);
/* V_YEAR_LATE when the year is closed. */
int fold_year_warn(struct judged *j, uint32_t line, int year);

/* fold_notice.c */
int fold_notice(struct judged *j);
int fold_notice_posting(struct judged *j);
int fold_notice_withdrawal(struct judged *j);
int fold_notice_passbook(struct judged *j);

/* fold_village.c: records that only have to be well-formed and not of the future */
int fold_village_plain(struct judged *j);
int fold_village_case(struct judged *j);
int fold_village_facility(struct judged *j);
int fold_village_check(struct judged *j);
int fold_village_guidance_reply(struct judged *j);
/* A points line that names a facility goes to its keeper household (V_FACILITY_KEEPER). */
int fold_village_kept(struct judged *j, uint32_t line, const struct rec_points_line *l);

/* fold_rights.c */
int fold_rights_check(struct judged *j, uint32_t roles);
/* Does the author hold one of these roles today? In a village. */
int fold_rights_holds(struct judged *j, uint32_t roles, bool *ret);
/* The person as the first j->known entries of the town feed have it. ERR_NOTFOUND. */
int fold_rights_in_town(struct judged *j, const uint8_t key[32], struct state_person *ret);
/* Gives a role in the town feed, beside those the person has. */
int fold_rights_give(struct judged *j, const uint8_t key[32], struct bytes name,
		     const struct state_role *role);
/* The name of a person of the village, for sentences; empty when there is none. */
int fold_rights_name(struct judged *j, uint32_t no, struct bytes *ret);
/* The name under which the author of an accepted entry of a village is known. */
int fold_rights_name_of(struct judged *j, const uint8_t key[32], struct bytes *ret);
/* P02: is it the name of this entry's author, who may have got another key since? */
bool fold_rights_is_author(const struct judged *j, struct bytes name);
int fold_rights_grant(struct judged *j);
int fold_rights_revoke(struct judged *j);

/* fold_town.c */
int fold_town_charter(struct judged *j);
int fold_town_invitation(struct judged *j);
int fold_town_enrol(struct judged *j);
/* fold_guide.c */
/* An enrolled village (V_VILLAGE_UNKNOWN); in the town feed. */
int fold_town_need_village(struct judged *j, struct bytes code);
int fold_town_guidance(struct judged *j);
int fold_town_guidance_close(struct judged *j);
int fold_town_demonstration(struct judged *j);
int fold_town_village_fact(struct judged *j);

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
int fold_roster_correct(struct judged *j);
int fold_roster_join(struct judged *j);
int fold_roster_residence(struct judged *j);
int fold_roster_consent(struct judged *j);
/* A registered household that has neither moved out nor merged (V_HOUSEHOLD_UNKNOWN with @line,
 * V_HOUSEHOLD_LEFT), and, with @member above 0, that person of it (V_MEMBER_UNKNOWN). */
int fold_roster_need(struct judged *j, uint32_t line, struct bytes household, uint32_t member,
		     struct state_household *ret);
/* The same, on @day: the household had begun (V_P13_BEGAN), and that person had neither died nor left before
 * (V_LEFT_ALREADY). */
int fold_roster_need_on(struct judged *j, struct bytes household, uint32_t member, day_t day,
			struct state_household *ret);
/* Who does not take part gets nothing (V_P13_NOT_PART). */
int fold_roster_part(struct judged *j, struct bytes household, const struct state_household *h);
int fold_roster_no_member(struct judged *j, uint32_t line, struct bytes household,
			  uint64_t member); /* V_MEMBER_UNKNOWN */
/* What a household did before it began was done by the one that it came from (V_P13_BEGAN). */
int fold_roster_begun(struct judged *j, uint32_t line, struct bytes household,
		      const struct state_household *h, day_t day);
/* The same household with all its people, to be changed and put back. */
struct fold_household {
	struct state_key key;
	struct state_household h;
	struct state_member m[STATE_MEMBERS_MAX];
};
int fold_roster_open(struct judged *j, uint32_t line, struct bytes household,
		     struct fold_household *ret);
int fold_roster_put(struct judged *j, const struct fold_household *x);
/* A recorder with a territory acts for the households of that group, unless by another role that this type
 * of record takes (V_GROUP_FOREIGN). */
int fold_roster_territory(struct judged *j, uint32_t line, struct bytes household,
			  const struct state_household *h);
/* A registered household, though it may have left (V_HOUSEHOLD_UNKNOWN). */
int fold_roster_known(struct judged *j, uint32_t line, struct bytes household,
		      struct state_household *ret);
/* The row of a household, its key too, whether it has left or not. ERR_NOTFOUND. */
int fold_roster_row(struct judged *j, struct bytes household, struct state_key *k,
		    struct state_household *ret);
/* V_HOUSEHOLD_EXISTS, and else the key of its row. */
int fold_roster_unused(struct judged *j, struct bytes household, struct state_key *ret);
/* NULL: no such member. */
struct state_member *fold_roster_member(struct fold_household *x, uint64_t member);
/* A member who has neither left nor died: V_MEMBER_UNKNOWN, V_LEFT_ALREADY. */
int fold_roster_present(struct judged *j, uint32_t line, struct bytes household,
			const struct state_member *m, uint64_t member);
/* Room for one member more, with a number not used before: V_MEMBERS_FULL, V_MEMBER_NUMBER. */
int fold_roster_room(struct judged *j, struct bytes household, struct fold_household *x,
		     uint64_t member);

/* fold_eligible.c */
/* May points of @day go to this household or (@member above 0) this member of it? */
int fold_eligible(struct judged *j, uint32_t line, const struct state_household *h,
		  const struct rec_points_line *l, bool deduct);

/* fold_points.c */
int fold_points_record(struct judged *j);

/* fold_steps.c */
int fold_steps_review(struct judged *j);
int fold_steps_confirm(struct judged *j);
int fold_steps_reverse(struct judged *j);
/* The lines of a points entry, in fold_work.lines; @line is 0 or one of them (V_TARGET_UNKNOWN). */
int fold_steps_lines(struct judged *j, uint64_t entry, uint64_t line);
/* A line of the points entry in fold_work.target, and its item. */
int fold_steps_line(struct judged *j, uint32_t line, struct rec_points_line *ret,
		    const struct fold_item **ret_item);
int fold_steps_wrong_state(struct judged *j, uint64_t entry, uint32_t line); /* V_TARGET_STATE */

#endif
