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

/* The rows of KV_STATE: keys and values, nothing of what they are for. Key = feed number u32 | kind u8 |
 * the parts named below; text ends with a NUL, so that rows sort as their text does. Values are varints,
 * days are zigzag varints. No value holds a local feed number: the rows of a feed, without the first four
 * bytes of the key, are equal on every machine.
 *
 * Town rows that judge village entries carry the town sequence from which they hold. */
enum state_kind {
	STATE_META = 'M',      /* -> struct state_meta */
	STATE_PERSON = 'P',    /* town: key 32 | seq u64; village: key 32 -> struct state_person */
	STATE_PERSON_NO = 'p', /* village: number u32 -> key 32 */
	STATE_NAME =
		'n', /* village code or "" | state_key_name -> key 32 of who holds a role, or none */
	STATE_INVITE = 'i',    /* invitation key 32 -> struct state_invite */
	STATE_VILLAGE = 'v',   /* village code -> struct state_village */
	STATE_ENROL = 'e',     /* feed ID 32 -> struct state_enrol */
	STATE_SIGNER = 's',    /* feed or witness key 32 -> code of the village, or of the town */
	STATE_TRANSPORT = 't', /* transport key 32 -> the same */
	STATE_VERSION = 'V',   /* version u32 -> struct state_version */
	/* version u32 | item code -> struct state_item; in a village only what differs from the town */
	STATE_ITEM = 'I',
	STATE_CODE = 'N',      /* item code -> its number */
	STATE_HOUSEHOLD = 'H', /* household -> struct state_household */
	STATE_ACCOUNT = 'A',   /* household -> struct state_account */
	STATE_POSTED = 'a',    /* household | first sequence uint -> earlier postings, journal.h */
	STATE_OWN = 'G',       /* account of the village u8 -> balance, journal.h */
	STATE_DAYBOOK = 'J',   /* day | block of entries uint -> who got postings, journal.h */
	STATE_YEAR = 'Y',      /* household | member u8 | year u16 -> state_year.h */
	STATE_LINES = 'L',     /* block of 32 entries -> state_lines.h */
	STATE_EVIDENCE = 'E',  /* beginning of a number -> state_evidence.h */
	/* by type u16 | seq u64 -> a byte 1: the accepted entries of listed types */
	STATE_LISTED = 'R',
	/* seq u64 -> number: the entry that settled it, or STATE_OPEN_AGAIN; town, guidance: seq u64 |
	 * village code -> the same */
	STATE_DONE = 'z',
	STATE_DOC = 'D',     /* enum doc_kind u8 | version u32 -> numbers: seq, from, to, base */
	STATE_DOC_DAY = 'd', /* enum doc_kind u8 | from: day + 2^31, u32 -> version */
	STATE_SUBMIT = 'u',  /* subject u8 | version u32 -> numbers: seq, town size seen */
	STATE_FILING =
		'F', /* town: village code | subject u8 | version u32 | seq u64 -> decision */
	STATE_FILING_NO = 'f', /* town: filing number -> seq */
	STATE_MOVED = 'm',    /* household | member u8 (0: all) -> household and member it is now */
	STATE_KIN = 'k',      /* household | member u8 | household | member u8 -> relation */
	STATE_POST = 'o',     /* household | member u8 | post u8 -> numbers: seq, from, to */
	STATE_POST_KEY = 'K', /* key 32 -> household | member u8 */
	STATE_NOTIFIED = 'w', /* entry u64 | line u8 -> day */
	STATE_OBJECTION =
		'j',	    /* entry u64 | line u8 -> objections not answered, state_register.h */
	STATE_SLIP = 'x',   /* slip -> seq of the redemption */
	STATE_SIGNED = 'h', /* digest of a signed slip 32 -> seq of the redemption */
	STATE_PROXY =
		'y', /* 16 bytes of SHA-256(proxy) | day + 2^31, u32 | household -> a byte 1 */
	STATE_REDEEMED = 'r', /* household | year u16 -> points, those of before it was split off */
	STATE_OPEN = 'O',     /* day + 2^31, u32 -> hours: from, to, from, to ... */
	STATE_CLOSED = 'c',   /* year u16 -> seq of the close */
	STATE_APPRAISED = 'q', /* year u16 -> confirmed appraisals */
	STATE_FACILITY = 'l',  /* facility -> its keepers, state_register.h */
	STATE_BOOK = 'b',      /* household -> the passbook, state_register.h */
	STATE_NOTICE = 'B',    /* notice u64 -> its postings, state_notice.h */
	STATE_COVERED = 'C'    /* kind of notice u8 -> days without a gap, state_notice.h */
};

/* In place of the entry that settled another: it no longer counts. Rows are never deleted, and the first
 * entry of a feed settles none. */
#define STATE_OPEN_AGAIN 0

#define STATE_KEY_MAX	64
#define STATE_CODE_MAX	16 /* household numbers, item codes */
#define STATE_GROUP_MAX 8
#define STATE_FEED_LEN	4 /* bytes of the local feed number in front */
struct state_key {
	uint8_t n;
	uint8_t b[STATE_KEY_MAX];
};
void state_key_of(struct state_key *k, uint32_t feed_no, enum state_kind kind);
void state_key_raw(struct state_key *k, const void *p, size_t n);
void state_key_u8(struct state_key *k, uint8_t v);
void state_key_u16(struct state_key *k, uint16_t v);
void state_key_u32(struct state_key *k, uint32_t v);
void state_key_u64(struct state_key *k, uint64_t v);
void state_key_text(struct state_key *k, struct bytes text); /* with its NUL */
/* The beginning of a hash: names can be longer than a key. */
#define STATE_NAME_ID 16
void state_key_name(struct state_key *k, struct bytes plain);
/* Length byte and the shortest big-endian form: sorts as numbers do. */
void state_key_uint(struct state_key *k, uint64_t v);
/* Biased, so that keys sort as days do. */
#define STATE_DAY_BIAS UINT32_C(0x80000000)
void state_key_day(struct state_key *k, day_t day);
static inline struct bytes state_key_bytes(const struct state_key *k)
{
	return (struct bytes){k->b, k->n};
}

/* One byte is the usual length of a number here, so that case needs no call. */
static inline uint64_t state_get_num(struct cur *c)
{
	if (c->p < c->end && *c->p < 0x80)
		return *c->p++;
	return cur_varint(c);
}
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
 * _pack would not have written, and borrows them. */
struct state_meta {
	bool chartered;	    /* town: the charter was accepted */
	uint64_t town_seen; /* village: the largest of an accepted entry */
	uint32_t npeople;   /* village: person numbers given */
	uint32_t ncodes;    /* item numbers given */
	uint64_t version;   /* town: the newest catalogue */
};
void state_meta_pack(const struct state_meta *m, struct buf *out);
int state_meta_parse(struct bytes row, struct state_meta *ret);

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

struct state_invite {
	uint64_t seq;
	bool used;
	struct bytes code;
	day_t expires;
};
void state_invite_pack(const struct state_invite *i, struct buf *out);
int state_invite_parse(struct bytes row, struct state_invite *ret);

struct state_village {
	bool enrolled;
	uint64_t enrol; /* sequence of the enrolment */
	struct bytes name;
};
void state_village_pack(const struct state_village *v, struct buf *out);
int state_village_parse(struct bytes row, struct state_village *ret);

struct state_enrol {
	uint64_t seq;
	struct bytes code;
};
void state_enrol_pack(const struct state_enrol *e, struct buf *out);
int state_enrol_parse(struct bytes row, struct state_enrol *ret);

struct state_version {
	uint64_t seq;
	day_t from, to;
};
void state_version_pack(const struct state_version *v, struct buf *out);
int state_version_parse(struct bytes row, struct state_version *ret);

struct state_item {
	uint32_t line; /* index in the catalogue entry */
	uint32_t number;
};
void state_item_pack(const struct state_item *i, struct buf *out);
int state_item_parse(struct bytes row, struct state_item *ret);

/* A row of exactly @n signed numbers; what they are is said where the kind is. */
#define STATE_NUMS_MAX	    8
#define STATE_REDEEMED_NUMS 2
void state_nums_pack(const int64_t *v, unsigned n, struct buf *out);
int state_nums_parse(struct bytes row, int64_t *ret, unsigned n);
/* A single number: item codes, adoptions. */
void state_num_pack(uint64_t v, struct buf *out);
int state_num_parse(struct bytes row, uint64_t *ret);

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
	day_t left;    /* moved out, or merged: then it has a STATE_MOVED row with member 0 */
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

/* A household, or (@member above 0) a person of it. */
struct state_place {
	struct bytes household;
	uint32_t member;
};
void state_place_pack(const struct state_place *p, struct buf *out);
int state_place_parse(struct bytes row, struct state_place *ret);

/* Sums of postings by kind, 0.01 point; those of a line or redemption that a household merged into this one had may
 * be taken back here, so that each can be below 0. Then the latest postings (journal.h). */
struct state_account {
	int64_t earned, deducted; /* confirmed lines */
	int64_t lines;
	int64_t redeemed;
	int64_t moved;	      /* came in less went out with splits and mergers */
	int64_t opening;      /* balance before the first posting in @postings */
	uint64_t first, last; /* sequences of the first and of the last of them */
	struct bytes postings;
};
/* earned - deducted - redeemed + moved. False: out of the permitted range. */
bool state_account_balance(const struct state_account *a, struct points *ret);
void state_account_pack(const struct state_account *a, struct buf *out);
int state_account_parse(struct bytes row, struct state_account *ret);

#endif
