#ifndef TESTS_SIM_BOOKS_H
#define TESTS_SIM_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/verdict.h"
#include "tests/lib/host.h"

/* The account of one village that the simulator keeps by itself, from nothing but the commands that were
 * acknowledged as accepted: who lives where, who is dead, balances, year scores, what counts towards each cap,
 * what was redeemed, and who did what. From it the books also say what the next command must be answered.
 *
 *	books.c	       households, lines of points and the steps on them
 *	books_scheme.c all else of the scheme, one act after another
 *	books_judge.c  what an act must be answered, type by type
 *	books_days.c   a calendar */
#define BOOKS_HOUSEHOLDS 12
#define BOOKS_REGISTERED 8 /* the numbers after these are for splits, mostly */
#define BOOKS_MEMBERS	 8 /* 0: the household as such */
#define BOOKS_ITEMS	 5
#define BOOKS_YEAR	 2024
#define BOOKS_YEARS	 3
#define BOOKS_SHEETS	 400
#define BOOKS_LINES	 6
#define BOOKS_ACTS	 900
#define BOOKS_NOMINEES	 3
#define BOOKS_LATE	 30		/* days after which a line is late */
#define BOOKS_SOON	 7		/* working days in which an objection is answered */
#define BOOKS_SLOW	 7		/* days after which a redemption is late */
#define BOOKS_STEP	 9999		/* by which the number of a version may grow */
#define BOOKS_GROUPS	 2		/* by turns */
#define BOOKS_BOUND	 HOST_CONFIRMER /* who as recorder has but the first group */

/* What is the same in every reward scheme here. */
#define BOOKS_REDEEM_CAP 500
#define BOOKS_YEAR_CAP	 600

struct books_line {
	uint32_t household, member, item, year; /* indexes */
	int64_t points;				/* signed hundredths */
	int64_t cap;				/* of the item, 0: none */
	day_t day;
	day_t notified;	      /* DAY_NONE: not yet */
	uint64_t application; /* that it takes up, 0: none */
	uint32_t facility;    /* that was kept, 0: none */
	enum line_state state;
	unsigned reviewer;
	uint32_t objections; /* without an answer, or upheld: both stand against the line */
	bool upheld;	     /* an objection was right: to be taken back */
};
struct books_sheet {
	uint64_t entry;
	day_t today; /* by the clock of the machine, DAY_NONE: unknown */
	unsigned recorder;
	uint32_t n;
	struct books_line line[BOOKS_LINES];
};
/* What one person, or a household as such, has in a year. */
struct books_year {
	int64_t score;
	int64_t sum[BOOKS_ITEMS]; /* towards the cap */
};
struct books_place {
	uint32_t household, member;
};
struct books_member {
	bool known, relocated;		     /* goes on at @to by a split or merger */
	bool other;			     /* registered elsewhere: since and agreed count */
	bool away, was_away, head, was_head; /* the second and fourth: before the last change */
	uint64_t changed;		     /* entry of that, 0: none */
	day_t dead, left, since, agreed;
	struct books_place to;
};
struct books_household {
	bool known, out; /* out: does not take part */
	bool book;	 /* has a passbook */
	uint32_t group;	 /* that it was registered in, or the household that split */
	day_t began;	 /* by a split; DAY_NONE: registered */
	uint32_t parent; /* whom it was split from */
	day_t left, consent;
	uint32_t printed;			/* lines in the passbook */
	int64_t balance, redeemed[BOOKS_YEARS]; /* the second counts towards the cap of the year */
	int64_t inherited[BOOKS_YEARS];		/* of these, by the split */
	struct books_member member[BOOKS_MEMBERS]; /* 0: the household; relocated: merged */
};
/* One thing done, of any type but lines of points and the steps on them. */
struct books_act {
	uint32_t type; /* enum rec_code */
	unsigned by;
	day_t today, day; /* by the clock of the machine; the day (or first day) that it names */
	uint64_t entry, about; /* its own entry; the one it refers to, 0: none */
	uint32_t line;
	uint32_t household, member, into; /* indexes */
	uint32_t item, year, slip;
	uint32_t
		which; /* kind of change, facility, version of a document, what is done with a passbook */
	uint32_t days;	/* of telling, in a scheme; between moving in and consent */
	uint32_t began; /* lines that were in a passbook before */
	uint32_t n, from[BOOKS_MEMBERS], to[BOOKS_MEMBERS]; /* persons that move; nominees */
	int64_t points, score[BOOKS_NOMINEES];
	bool yes;  /* agreed, upheld, takes part, registered elsewhere, ... by type */
	bool done; /* another act has settled it */
};
struct books {
	struct books_household household[BOOKS_HOUSEHOLDS];
	struct books_year year[BOOKS_HOUSEHOLDS][BOOKS_MEMBERS][BOOKS_YEARS];
	int64_t confirmed,
		redeemed; /* over all households: these are what the balances add up to */
	bool appraised[BOOKS_YEARS], closed[BOOKS_YEARS];
	uint32_t nsheets;
	struct books_sheet sheet[BOOKS_SHEETS];
	uint32_t nacts;
	struct books_act act[BOOKS_ACTS];
};
/* One step by a person on one line (0: all that wait) of a sheet. */
struct books_step {
	uint64_t entry;
	day_t today;
	uint32_t line;
	bool refuse;
	unsigned by;
};

/* --- books_days.c: days after 1970 --- */
day_t books_day_of(uint64_t unix_ms); /* in China; DAY_NONE for 0 */
int books_year_of(day_t day);
day_t books_months_after(day_t day, uint32_t months);
day_t books_month_end(day_t day);	  /* the last day of its month */
int books_workdays(day_t from, day_t to); /* behind @from, up to and with @to */

/* Where the person, or (member 0) the account of the household, is now. */
struct books_place books_now(const struct books *b, uint32_t household, uint32_t member);
bool books_here(const struct books_member *m);
/* The document of this type that is in force on the day; NULL: none. */
const struct books_act *books_in_force(const struct books *b, uint32_t type, day_t day);
/* Is the entry of a recorder for another group than the recorder's? */
bool books_foreign(const struct books *b, unsigned by, uint32_t household);
/* The household that keeps a facility on the day, wherever it went; BOOKS_HOUSEHOLDS: none. */
uint32_t books_keeper_on(const struct books *b, uint32_t facility, day_t day);
/* Into the account of the household or of the one that it was merged into. */
void books_pay(struct books *b, uint32_t household, int64_t points);
/* NULL: no such line. */
struct books_line *books_line(struct books *b, uint64_t entry, uint32_t line);
const struct books_sheet *books_sheet(const struct books *b, uint64_t entry);

/* Of the households whose number this divides, the last member is registered elsewhere. */
#define BOOKS_OTHER_EVERY 3
void books_register(struct books *b, uint32_t household, uint32_t nmembers);
void books_record(struct books *b, const struct books_sheet *s);
void books_review(struct books *b, const struct books_step *st);
void books_confirm(struct books *b, const struct books_step *st);
void books_reverse(struct books *b, const struct books_step *st);
void books_do(struct books *b, const struct books_act *a);
/* The act that is this entry; NULL: none. */
struct books_act *books_act(struct books *b, uint64_t entry);

/* Does the answer depend on nothing but what the books know? */
bool books_know(enum verdict_id id);
/* Refused for a day that is still to come by the clock of the machine: whatever else stands against it. */
static inline bool books_future(enum verdict_id id)
{
	return id == V_DAY_FUTURE || id == V_P05_FUTURE;
}
bool books_sheet_in_future(const struct books_sheet *s);
bool books_act_in_future(const struct books_act *a);
/* V_ACCEPTED or another that the books know, but those of the future. */
enum verdict_id books_judge_sheet(const struct books *b, const struct books_sheet *s);
enum verdict_id books_judge_review(const struct books *b, const struct books_step *st);
enum verdict_id books_judge_confirm(const struct books *b, const struct books_step *st);
enum verdict_id books_judge_reverse(const struct books *b, const struct books_step *st);
enum verdict_id books_judge_act(const struct books *b, const struct books_act *a);
/* Of what is accepted: does it carry this warning? */
bool books_sheet_is_late(const struct books_sheet *s);
bool books_confirms_late(const struct books *b,
			 const struct books_step *st); /* for a closed year */
bool books_answers_late(const struct books *b, const struct books_act *a);
bool books_redeems_late(const struct books_act *a);
bool books_agrees_alone(const struct books_act *a); /* who joins, in place of the committees */

#endif
