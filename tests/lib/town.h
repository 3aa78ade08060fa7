#ifndef TESTS_LIB_TOWN_H
#define TESTS_LIB_TOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/rules/fold.h"
#include "daemon/ledger/state/verdict.h"
#include "daemon/store/kv.h"
#include "lib/prng.h"
#include "lib/sign.h"
#include "proto/record.h"

/* A township for tests: seeded keys, signed transactions, and a store in which entries are judged and
 * appended at once. Machine failures end the test; verdicts are returned.
 *
 * People are known by name; the key of a name follows from the seed. */
#define TOWN_KEYS_MAX 256
#define TOWN_DOMAIN   "points.example"
struct town {
	struct kv *kv; /* borrowed, but by town_new */
	bool own_kv;
	struct kv_txn *t; /* NULL: every call commits for itself */
	uint64_t seed;
	struct prng prng; /* transaction IDs and payload secrets */
	struct hash id;
	uint64_t wall_ms; /* the clock of the entries to come */
	struct verdict last;
	struct {
		char name[40];
		struct sign_key *key;
	} key[TOWN_KEYS_MAX];
	uint32_t nkeys;
};

/* A text literal or variable as struct bytes. */
static inline struct bytes town_b(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}
static inline struct bytes town_key_bytes(const struct sign_key *k)
{
	return (struct bytes){sign_key_public(k), SIGN_KEY_BYTES};
}
/* A hash or key that is cut to five bytes in the payload, which no program of ours would write. */
struct bytes town_half(void);
day_t town_day(int y, int m, int d);
/* Noon in China. */
uint64_t town_noon(day_t day);

/* The clock stands at noon of 2026-03-01. The store is empty: there is no charter yet. */
void town_init(struct town *w, struct kv *kv, uint64_t seed);
/* The same on a memory store of its own, which town_close ends. */
void town_new(struct town *w, uint64_t seed);
void town_close(struct town *w); /* frees keys; ends an open transaction without commit */
/* One transaction around many calls. */
void town_begin(struct town *w);
void town_commit(struct town *w);

const struct sign_key *town_key(struct town *w, const char *name);
/* Appends the manifest of a feed whose first key is that of "feed/@label". */
void town_manifest(struct town *w, const char *label, struct buf *out);

/* A signed transaction: everything of @e that the author signs. @payload is filled. */
void town_tx(struct town *w, const struct hash *feed, uint64_t town_seen, const char *author,
	     const struct rec_type *type, const void *head, const void *lines, uint32_t nlines,
	     struct entry *e, struct buf *payload);
/* The rest of the header: what the node writes. */
void town_place(const struct feed_head *h, struct entry *e);
/* Appends @e to feed @no and judges it; the verdict is kept in w->last. */
enum verdict_id town_append(struct town *w, uint32_t no, struct entry *e, struct bytes payload,
			    bool author_ok);
/* Transaction and append in one; a village entry has seen the whole town feed. */
enum verdict_id town_put(struct town *w, uint32_t no, const char *author, enum rec_code type,
			 const void *head, const void *lines, uint32_t nlines);
uint64_t town_size(struct town *w, uint32_t no);

/* --- a small world --- */
/* Creates the town feed without an entry. */
void town_feed_only(struct town *w);
/* Creates the town feed with its charter, by "office". */
void town_found(struct town *w);
enum verdict_id town_invite(struct town *w, const char *code, const char *name, day_t expires);
/* The enrolment signed with the invitation key "invite/@code"; its feed is "feed/@code", its first
 * committee member "head/@code". */
enum verdict_id town_enrol(struct town *w, const char *code);
/* Creates the feed of the village in this store; returns its number. */
uint32_t town_feed(struct town *w, const char *code);
enum verdict_id town_grant(struct town *w, uint32_t no, const char *author, const char *person,
			   enum rec_choice_ROLE role, const char *village);
/* A catalogue of eight items, in force on every day:
 * A101 household 2 (cap 24), D101 household 3 (36), C101 individual 5 (60), D201 household -2 (20),
 * A201 individual -10 (30), Z001 household 1 (no cap), Z002 individual 1 (no cap), Z003 household 1000000. */
enum verdict_id town_catalogue(struct town *w, uint64_t version);
#define TOWN_EVIDENCE "签到表"
/* The village's @version from the town's @base, without changes of its own. */
enum verdict_id town_adopt(struct town *w, uint32_t no, const char *author, uint64_t version,
			   uint64_t base, day_t from);
/* A right scheme: rate 1 for 1 yuan, threshold 100, notified 3 days before, notices, objections and answers 7. */
struct rec_scheme town_scheme(uint64_t version, day_t from);
/* A scheme with goods as its one reward. */
enum verdict_id town_put_scheme(struct town *w, uint32_t no, const char *author,
				const struct rec_scheme *s);
/* A good for the household; it costs in fen what its price is in hundredths. */
struct rec_prices_line town_good(const char *good, int64_t price);
enum verdict_id town_put_prices(struct town *w, uint32_t no, const char *author, uint64_t version,
				day_t from, const struct rec_prices_line *goods, uint32_t n);
/* A village adopts catalogue 1 once for each of these years, as its versions 1 to TOWN_VERSIONS. */
#define TOWN_YEAR_FIRST 2020
#define TOWN_YEAR_LAST	2027
#define TOWN_VERSIONS	(TOWN_YEAR_LAST - TOWN_YEAR_FIRST + 1)
/* The version of the year of @day, or the nearest there is. */
uint64_t town_version(day_t day);
/* A village ready for work: enrolled, feed here, roles "rec", "rev", "con" (all "/@code"), catalogue 1
 * adopted year by year. */
uint32_t town_village(struct town *w, const char *code);
/* A household with adult members 1..n. */
enum verdict_id town_household(struct town *w, uint32_t no, const char *author,
			       const char *household, uint32_t nmembers);
/* A line that is right in every way; points as the eight items above have them. */
struct rec_points_line town_line(const char *household, uint32_t member, const char *item,
				 day_t day);
enum verdict_id town_points(struct town *w, uint32_t no, const char *author,
			    const struct rec_points_line *lines, uint32_t n);
/* Review or confirmation (REC_review, REC_confirm) of one line, or (0) of the whole entry. */
enum verdict_id town_step(struct town *w, uint32_t no, const char *author, enum rec_code step,
			  uint64_t entry, uint32_t line, enum rec_choice_DECISION decision);
enum verdict_id town_reverse(struct town *w, uint32_t no, const char *author, uint64_t entry,
			     uint32_t line);

/* --- all of it --- */
#define TOWN_CODE "500101999201"
#define TOWN_REC  "rec/" TOWN_CODE
#define TOWN_REV  "rev/" TOWN_CODE
#define TOWN_CON  "con/" TOWN_CODE
#define TOWN_HEAD "head/" TOWN_CODE
/* Town, catalogue 1, village TOWN_CODE and its households 01000 to 01009 with four members each, on a
 * memory store of its own, which town_close ends. Returns the number of the village's feed. */
uint32_t town_open(struct town *w, uint64_t seed);
/* Records one right line; returns its sequence. */
uint64_t town_record(struct town *w, uint32_t no, const char *household, uint32_t member,
		     const char *item, day_t day);
/* The same, reviewed and confirmed. */
uint64_t town_earn(struct town *w, uint32_t no, const char *household, uint32_t member,
		   const char *item, day_t day);
void town_digest(struct town *w, uint32_t no, struct hash *ret);
/* What a household has redeemed in a year. */
int64_t town_redeemed(struct town *w, uint32_t no, const char *household, int year);

#endif
