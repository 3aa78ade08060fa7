#ifndef DAEMON_LEDGER_STATE_STATE_H
#define DAEMON_LEDGER_STATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/amount.h"
#include "lib/buf.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "proto/entry.h"
#include "proto/manifest.h"

/* The rows of KV_STATE: their keys and values, nothing of what they are for. state.def has the list. */
#include "daemon/ledger/state/state.def"

#define STATE_KIND(KIND, name, letter, codec, value, zh, en) STATE_##KIND = letter,
enum state_kind { STATE_ROWS(STATE_KIND) };
#undef STATE_KIND

/* The number of the last format of the list: that of this program. */
#define STATE_FORMAT_ONE(...) +1
enum { STATE_FORMAT_NOW = STATE_FORMATS(STATE_FORMAT_ONE) };
#undef STATE_FORMAT_ONE
/* In place of a feed number, in the key of a row that is about the store itself. */
#define STATE_OF_STORE 0

/* In place of the entry that settled another: it no longer counts. Rows are never deleted, and the first
 * entry of a feed settles none. */
#define STATE_OPEN_AGAIN 0

#define STATE_KEY_MAX	64
#define STATE_GROUP_MAX 8
#define STATE_FEED_LEN	4 /* bytes of the local feed number in front */
struct state_key {
	uint8_t n;
	uint8_t b[STATE_KEY_MAX];
};
static inline struct bytes state_key_bytes(const struct state_key *k)
{
	return (struct bytes){k->b, k->n};
}
void state_key_of(struct state_key *k, uint32_t feed_no, enum state_kind kind);
/* Ends the key for a walk from just behind the row that has it: nothing sorts between. */
void state_key_after(struct state_key *k);
/* The bytes of the feed number, the kind and the first @parts parts of the key. */
size_t state_key_prefix(const struct state_key *k, unsigned parts);

/* For each row of the table, as for
 *	X(YEAR, year, ...)	KEY_year(P)  P(TEXT, household) P(U8, member) P(U16, year)
 * what makes its key and what takes it apart:
 *	void state_year_key(struct state_key *k, uint32_t feed_no, struct bytes household, uint64_t member,
 *			    uint64_t year);
 *	struct state_year_parts { struct bytes household; uint32_t member, year; };
 *	int state_year_split(struct bytes key, struct state_year_parts *ret);
 * Numbers fit their part (asserted). What is taken apart is borrowed; ERR_CORRUPT when it is no such key. */
#define STATE_DAY_BIAS UINT32_C(0x80000000)
#define STATE_ID       16
#define STATE_PARTS(X)                                                                             \
	X(U8, uint64_t, uint32_t)                                                                  \
	X(U16, uint64_t, uint32_t)                                                                 \
	X(U32, uint64_t, uint32_t)                                                                 \
	X(U64, uint64_t, uint64_t)                                                                 \
	X(UINT, uint64_t, uint64_t)                                                                \
	X(DAY, day_t, day_t)                                                                       \
	X(TEXT, struct bytes, struct bytes)                                                        \
	X(KEY, const uint8_t *, const uint8_t *)                                                   \
	X(ID, const uint8_t *, const uint8_t *)                                                    \
	X(REST, struct bytes, struct bytes)
#define STATE_PART_TYPES(type, param, member)                                                      \
	typedef param state_param_##type;                                                          \
	typedef member state_part_##type;
STATE_PARTS(STATE_PART_TYPES)
#undef STATE_PART_TYPES
#define STATE_PARAM(type, name)	 , state_param_##type name
#define STATE_MEMBER(type, name) state_part_##type name;
#define STATE_KEY_DECL(KIND, name, letter, codec, value, zh, en)                                   \
	struct state_##name##_parts {                                                              \
		uint8_t kind;                                                                      \
		KEY_##name(STATE_MEMBER)                                                           \
	};                                                                                         \
	void state_##name##_key(struct state_key *k, uint32_t feed_no KEY_##name(STATE_PARAM));    \
	int state_##name##_split(struct bytes key, struct state_##name##_parts *ret);
STATE_ROWS(STATE_KEY_DECL)
#undef STATE_KEY_DECL
#undef STATE_MEMBER

/* One byte is the usual length of a number here, so that case needs no call. */
static inline uint64_t state_get_num(struct cur *c)
{
	if (c->p < c->end && *c->p < 0x80)
		return *c->p++;
	return cur_varint(c);
}
uint32_t state_get_u32(struct cur *c);
/* Writes a varint to memory with room for ten bytes; returns its length. */
static inline size_t state_num_bytes(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}
void state_put_day(struct buf *out, day_t d);
day_t state_get_day(struct cur *c);
void state_put_zigzag(struct buf *out, int64_t v);
int64_t state_get_zigzag(struct cur *c);
void state_put_text(struct buf *out, struct bytes text);
struct bytes state_get_text(struct cur *c);

/* Every _pack appends to @out (errors are sticky there); every _parse gives ERR_CORRUPT for bytes that
 * _pack would not have written, and borrows them. The values of codec FIELDS have both from the table, as
 *	struct state_submit { uint64_t seq, town_seen; };
 *	void state_submit_pack(const struct state_submit *v, struct buf *out);
 *	int state_submit_parse(struct bytes row, struct state_submit *ret); */
#define STATE_CODE_MAX 16 /* household numbers, item codes */
#define STATE_FIELDS(X)                                                                            \
	X(BOOL, bool)                                                                              \
	X(NUM, uint64_t)                                                                           \
	X(U32, uint32_t)                                                                           \
	X(U8, uint32_t)                                                                            \
	X(SUM, int64_t)                                                                            \
	X(DAY, day_t)                                                                              \
	X(TEXT, struct bytes)                                                                      \
	X(CODE, struct bytes)                                                                      \
	X(KEY, const uint8_t *)                                                                    \
	X(RAW, struct bytes)
#define STATE_FIELD_TYPE(type, c) typedef c state_field_##type;
STATE_FIELDS(STATE_FIELD_TYPE)
#undef STATE_FIELD_TYPE
#define STATE_MEMBER(value, type, name) state_field_##type name;
#define STATE_VALUE_DECL(value)                                                                    \
	struct state_##value {                                                                     \
		VALUE_##value(STATE_MEMBER, value)                                                 \
	};                                                                                         \
	void state_##value##_pack(const struct state_##value *v, struct buf *out);                 \
	int state_##value##_parse(struct bytes row, struct state_##value *ret);
STATE_VALUES(STATE_VALUE_DECL)
#undef STATE_VALUE_DECL
#undef STATE_MEMBER

/* A kind of row, for whoever treats all alike. */
#define STATE_PART_ENUM(type, param, member) STATE_PART_##type,
enum state_part_type { STATE_PARTS(STATE_PART_ENUM) };
#undef STATE_PART_ENUM
struct state_part {
	enum state_part_type type;
	const char *name;
};
#define STATE_FIELD_ENUM(type, c) STATE_FIELD_##type,
enum state_field_type { STATE_FIELDS(STATE_FIELD_ENUM) };
#undef STATE_FIELD_ENUM
struct state_field {
	enum state_field_type type;
	const char *name;
	size_t at; /* in the struct of the value */
};
struct state_row {
	const char *name, *zh, *en;
	const struct state_part *part;
	size_t nparts;
	const struct state_field *field; /* NULL: a codec of its own */
	size_t nfields;
};
/* NULL: there is no such kind. */
const struct state_row *state_row_of(uint8_t kind);
/* The next part of a key, its bytes without length or NUL; the cursor begins behind the kind. */
struct bytes state_key_part(struct cur *c, enum state_part_type type);

#define STATE_VILLAGE_CODE_MAX 13
struct state_role {
	uint8_t role;
	char village[STATE_VILLAGE_CODE_MAX]; /* "": the town, or the village of the feed */
	day_t from, to;
	char group[STATE_GROUP_MAX + 1]; /* "": all groups */
};
#define STATE_ROLES_MAX	  64
#define STATE_PERSON_NAME 64 /* bytes; of no record is it longer */
struct state_person {
	uint32_t no; /* from 1; 0 in the town */
	struct bytes name;
	uint32_t nroles;
	struct state_role role[STATE_ROLES_MAX];
};
void state_person_pack(const struct state_person *p, struct buf *out);
int state_person_parse(struct bytes row, struct state_person *ret);

/* Member numbers are 1 to 99 and never used again, so this is also how many a household can have had. */
#define STATE_MEMBERS_MAX 99
struct state_member {
	uint32_t member;
	bool other_hukou;
	bool head; /* became head of the household by a roster change */
	day_t birth, since, agreed, left, death;
	day_t away; /* since when; DAY_NONE: here */
	/* what a correction needs: the entry that last changed this person, took the headship away by
	 * a split or gave it back by a correction (0: none), since when it was away before it came back, and who was head before this one */
	uint64_t changed;
	day_t was_away;
	bool was_head;
	/* where the details of the person are: entry, and line (from 1) of a household; 0: a member_join */
	uint64_t entry;
	uint32_t line;
};
/* Neither left (with a split or merger, too) nor died. */
static inline bool state_member_present(const struct state_member *m)
{
	return m->left == DAY_NONE && m->death == DAY_NONE;
}
struct state_household {
	uint64_t entry; /* the household or split that made it */
	bool takes_part;
	day_t consent; /* since when it takes part, or no longer */
	day_t began;   /* of one made by a split; DAY_NONE: by its registration */
	day_t left;    /* moved out, or merged: then it has a STATE_RELOCATED row with member 0 */
	struct bytes group;
	uint32_t nmembers;
	struct bytes members;
};
/* @m: h->nmembers of them; h->members is not read. */
void state_household_pack(const struct state_household *h, const struct state_member *m,
			  struct buf *out);
int state_household_parse(struct bytes row, struct state_household *ret);
/* Members one after another: start with *@at = 0. False at the end. */
bool state_household_next(const struct state_household *h, size_t *at, struct state_member *ret);
bool state_household_member(const struct state_household *h, uint32_t member,
			    struct state_member *ret);

/* Sums of postings by kind, 0.01 point; those of a line or redemption that a household merged into this one had may
 * be taken back here, so that each can be below 0. Then the latest postings (journal.h). */
struct state_account {
	int64_t earned, deducted; /* confirmed lines */
	int64_t lines;
	int64_t redeemed;
	int64_t transferred;  /* came in less went out with splits and mergers */
	int64_t opening;      /* balance before the first posting in @postings */
	uint64_t first, last; /* sequences of the first and of the last of them */
	struct bytes postings;
};
/* earned - deducted - redeemed + transferred. False: out of the permitted range. */
bool state_account_balance(const struct state_account *a, struct points *ret);
void state_account_pack(const struct state_account *a, struct buf *out);
int state_account_parse(struct bytes row, struct state_account *ret);

#endif
