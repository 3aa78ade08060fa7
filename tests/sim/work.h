#ifndef TESTS_SIM_WORK_H
#define TESTS_SIM_WORK_H

#include "tests/sim/books.h"
#include "tests/sim/sim.h"

/* Between the files of the work: what people do, and how a command is offered. */
#define ORDERS_MAX   9000
#define ACCEPTED_MAX 1000
#define GUIDANCE_MAX 200
#define DAYS_BACK    400
#define MEMBERS	     2 /* of a household when it is registered */

enum kind {
	K_SETUP, /* of a village: staff, catalogue, scheme, first households */
	K_HOUSEHOLD,
	K_SHEET,
	K_REVIEW,
	K_CONFIRM,
	K_REVERSE,
	K_REKEY, /* the recorder gets another key */
	K_ACT,	 /* all else that the books follow */
	K_OTHER, /* no effect on the books */
	K_FINAL	 /* after the last fault */
};
struct order {
	struct cmd cmd;
	enum kind kind;
	uint32_t host, id;
	unsigned person; /* who signs */
	bool under_way, answered, accepted;
	bool no_room; /* the last answer was that nothing was written */
	bool borrows; /* an ID that another transaction has already */
	bool doubted; /* it was lost on the way and may have been written all the same */
	uint64_t seq;
	struct hash leaf_hash;
	uint32_t household;
	struct books_sheet sheet;
	struct books_step step;
	struct books_act act;
};
struct people {
	struct order *order[ORDERS_MAX];
	uint32_t n, waiting[SIM_HOSTS], in_doubt[SIM_HOSTS];
	struct books books[SIM_HOSTS];
	struct order *accepted[SIM_HOSTS][ACCEPTED_MAX]; /* by entry */
	uint32_t naccepted[SIM_HOSTS];
	uint32_t setup[SIM_HOSTS]; /* steps done */
	/* A recorder who has lost the key goes on with another: the same person, whatever the key. */
	struct sign_key *spare[SIM_HOSTS];
	uint32_t rekey[SIM_HOSTS]; /* steps done */
	bool rekey_asked[SIM_HOSTS];
	bool setup_asked[SIM_HOSTS], final_asked[SIM_HOSTS], final_done[SIM_HOSTS];
	uint64_t catalogue;	  /* newest version of the town */
	uint64_t catalogue_entry; /* of the first one, 0: none yet */
	uint32_t nguidance;
	struct {
		uint64_t entry;
		uint32_t village; /* SIM_HUB: to all */
	} guidance[GUIDANCE_MAX];
};

/* --- work.c --- */
struct order *order_new(struct sim *s, uint32_t host, enum kind kind);
void order_make(struct sim *s, struct order *o, enum rec_code code, const void *head,
		const void *lines, uint32_t nlines, unsigned person);
/* An act of the books: its type and who does it are filled in. */
void order_act(struct sim *s, uint32_t host, const struct books_act *a, const void *head,
	       const void *lines, uint32_t nlines);

/* --- work_points.c --- */
struct work_item {
	const char *code;
	enum rec_choice_SCOPE scope;
	int64_t points[BOOKS_YEARS], cap; /* 0 points: not in the catalogue of the year */
};
extern const struct work_item work_items[BOOKS_ITEMS];
#define TOWN_ITEMS    (BOOKS_ITEMS - 1) /* the last one is the village's own */
#define WORK_EVIDENCE "签到表"
/* True time, whatever the clocks say. */
day_t work_today(const struct sim *s);
uint32_t work_year(day_t day); /* its index */
/* Mostly who should, now and then who must not always. */
unsigned worker(struct sim *s, unsigned usual, unsigned other);
void work_points(struct sim *s, uint32_t host);

/* --- work_people.c --- */
void household_name(uint32_t i, char out[8]);
uint32_t some_household(struct sim *s, uint32_t host);
/* The one that has most, now and then another. */
uint32_t richest_household(struct sim *s, uint32_t host);
/* Somebody of the household who is here, mostly. */
uint32_t some_member(struct sim *s, uint32_t host, uint32_t household);
void register_household(struct sim *s, struct order *o, uint32_t i, unsigned person);
/* @holder: whose person gets or loses the role. */
void staff(struct sim *s, struct order *o, uint32_t holder, unsigned person,
	   enum rec_choice_ROLE role, const char *village, bool revoke);
/* The old key loses its duties, the new one gets them, under the name that there was. */
#define REKEY_STEPS   4
#define REKEY_GRANTED 3 /* from this step on the recorder signs with the new key */
void rekey(struct sim *s, struct order *o, uint32_t step);
void work_people(struct sim *s, uint32_t host);

/* --- work_scheme.c --- */
#define SCHEME_STEPS (BOOKS_YEARS + 4) /* the documents of a village that begins */
void scheme_setup(struct sim *s, struct order *o, uint32_t step);
void work_scheme(struct sim *s, uint32_t host);
/* An accepted act of this type, mostly one that nothing has settled; NULL: none. */
const struct books_act *some_act(struct sim *s, uint32_t host, uint32_t type);

/* --- work_village.c --- */
const char *work_facility(uint32_t i); /* code, from 1 */
void work_village(struct sim *s, uint32_t host);

/* --- work_town.c --- */
void work_town(struct sim *s);

#endif
