#ifndef PROTO_RECORD_H
#define PROTO_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/amount.h"
#include "lib/buf.h"
#include "lib/date.h"
#include "lib/err.h"
#include "lib/jw.h"
#include "lib/text.h"
#include "proto/entry.h"
#include "proto/records.def"

/* Record types, made from proto/records.def. A record is a head (part 0 of the payload) and, for some
 * types, lines (parts 1..n), each a msgpack array with the fields in the order of the table. */

enum rec_kind {
	REC_U,
	REC_POINTS,
	REC_FEN,
	REC_QTY,
	REC_DAY,
	REC_TEXT,
	REC_CODE,
	REC_BIN,
	REC_CHOICE,
	REC_MINUTE,
	REC_DIGEST
};
enum rec_privacy { REC_PUBLIC, REC_MASKED, REC_PRIVATE };
enum rec_feed { REC_FEED_TOWN = 1, REC_FEED_VILLAGE = 2, REC_FEED_BOTH = 3 };

/* Choice constants: ROLE_recorder, UNIT_month, ... */
#define REC_C_CONST(list, value, name, zh, en) list##_##name = (value),
#define REC_C_ENUM(list)		       enum rec_choice_##list{CHOICES_##list(REC_C_CONST)};
CHOICES_ALL(REC_C_ENUM)
#undef REC_C_ENUM
#undef REC_C_CONST
#define RB(role) (UINT32_C(1) << ROLE_##role)

/* Record codes: REC_points, ... */
#define REC_X(name, code, ...) REC_##name = (code),
enum rec_code { RECORDS(REC_X, REC_X) };
#undef REC_X

/* C structs: struct rec_points (head), struct rec_points_line. Text, code and bin are borrowed. */
#define REC_T_U			       uint64_t
#define REC_T_POINTS		       struct points
#define REC_T_FEN		       struct fen
#define REC_T_QTY		       struct qty
#define REC_T_DAY		       day_t
#define REC_T_TEXT		       struct bytes
#define REC_T_CODE		       struct bytes
#define REC_T_BIN		       struct bytes
#define REC_T_CHOICE		       uint32_t
#define REC_T_MINUTE		       uint64_t
#define REC_T_DIGEST		       struct bytes
#define REC_MEMBER(R, name, kind, ...) REC_T_##kind name;
#define REC_X(name, ...)                                                                           \
	struct rec_##name {                                                                        \
		HEAD_##name(REC_MEMBER, name)                                                      \
	};
#define REC_XL(name, code, ...)                                                                    \
	REC_X(name, code)                                                                          \
	struct rec_##name##_line {                                                                 \
		LINE_##name(REC_MEMBER, name##_line)                                               \
	};
RECORDS(REC_X, REC_XL)
#undef REC_X
#undef REC_XL
#undef REC_MEMBER

struct rec_choice {
	const char *name, *zh, *en;
};
struct rec_choices {
	const char *list;
	const struct rec_choice *v;
	uint32_t n;
};
/* What a household or person must be that a field names: registered, though it may have left or died; here now; a
 * household here that takes part. */
enum rec_need { REC_ANY, REC_KNOWN, REC_PRESENT, REC_PART };
/* What the daemon fills in where people leave a value out. */
enum rec_default {
	REC_NO_DEFAULT,
	REC_TODAY,     /* the day of writing */
	REC_NOW,       /* the minute of writing, when the day is today */
	REC_IN_FORCE,  /* the version in force on the day of the record */
	REC_ITEM,      /* the points of the item in that version */
	REC_PRICE,     /* price times quantity, by that version */
	REC_ONLY_LINE, /* 1 when the entry in the field before it has one line */
	REC_REGISTERED, /* what the register has of the person; empty is what people say, and not left out */
	REC_KEPT /* as in the version that this one follows */
};
/* What a number counts, when it is neither an amount nor a mere number. */
enum rec_counts { REC_THINGS, REC_DAYS, REC_WORKDAYS, REC_PERCENT };
struct rec_field {
	const char *name;
	enum rec_kind kind;
	enum rec_privacy privacy;
	size_t offset; /* in the C struct */
	int64_t min, max;
	const struct rec_choices *choices; /* NULL unless REC_CHOICE */
	const char *zh, *en;
	const char *
		example; /* a value for people to see; NULL: one is made of what is known (rec_example) */
	enum rec_default fill;
	const char *first; /* KEPT: in the first version, as people write it; NULL: no such value */
	const struct rec_field *together; /* KEPT: not when this field is given */
	bool key;			  /* says which line of a version it is */
	bool near;			  /* far from @first it is accepted with a warning */
	enum rec_counts counts;
	bool person; /* the name of a person, which can be shortened */
	bool paper;  /* the number of a paper */
	bool phone;  /* that of a phone */
	bool number; /* a text that is a number: "12.5" */
	/* What the value means; another field is one of the same head or line. */
	bool past; /* a day that is not after today */
	/* a day that is not before that one, when both are given */
	const struct rec_field *not_before;
	const struct rec_field *at_most;   /* a number that is not above that one */
	enum rec_need household;	   /* the number of one; empty: of none */
	enum rec_need member;		   /* a person (0: none) of ... */
	const struct rec_field *member_of; /* ... this household */
	bool enrolled;			   /* the code of an enrolled village; empty: of none */
	/* The number of an accepted entry of this type (0: of none), of another person, that is settled by this one:
	 * as a whole, or for the village in the field @settles_for. */
	uint16_t ref;
	bool other_person, settles;
	const struct rec_field *settles_for;
	/* nothing is left to do about it when this YES of the same head says so */
	const struct rec_field *done_when;
};
/* Somebody must act on an accepted record until another one settles it. The last day for that is the one in the
 * field @day of its head (DAY_NONE: no deadline), or, when there is @days, so many working days after it: a field
 * of the head of `scheme`, in the version in force on that day. */
struct rec_open {
	bool is;		     /* false: nobody has to act on it */
	const struct rec_field *day; /* NULL: at no time */
	const struct rec_field *days;
};
struct rec_type {
	const char *name;
	uint16_t code, schema;
	enum rec_feed feed;
	uint32_t roles; /* RB() bits; 0: the rule decides */
	bool listed;	/* accepted entries are in an index by type (view_listed) */
	bool own_lines; /* its rule checks, and settles, what the fields of its lines mean */
	struct rec_open open;
	const char *zh, *en;
	const struct rec_field *head;
	uint32_t nhead;
	size_t head_size;
	const struct rec_field *line; /* NULL when the type has no lines */
	uint32_t nline, lines_min, lines_max;
	size_t line_size;
};
#define REC_HEAD_SIZE_MAX 320 /* bytes of the largest C struct */
#define REC_LINE_SIZE_MAX 256

/* Any head or line, for callers that work from the tables. */
union rec_any {
	uint8_t raw[REC_HEAD_SIZE_MAX];
	uint64_t align;
	void *align_p;
};

/* The lists of choices: &rec_lists[REC_LIST_ROLE], ... */
#define REC_LIST_X(list) REC_LIST_##list,
enum rec_list { CHOICES_ALL(REC_LIST_X) REC_LIST_NONE };
#undef REC_LIST_X
extern const struct rec_choices rec_lists[];
extern const uint32_t rec_nlists;
extern const struct rec_type rec_types[];
extern const uint32_t rec_ntypes;
/* May this field be left out by people? Numbers, texts and days whose least value is 0, less or nothing, and what
 * the daemon fills in. */
bool rec_optional(const struct rec_field *f);
/* Do lines of this type go on from version to version? NULL: no, else the field that says which one a line is. */
const struct rec_field *rec_line_key(const struct rec_type *t);
/* May it be left out of every version but the first one? */
bool rec_first_needed(const struct rec_field *f);
/* Puts the value of the first version, if the table has one; true: it has. */
bool rec_put_first(const struct rec_field *f, void *s);
/* A number or amount with a FIRST value, below half or above twice of that? Puts both, as they are kept. */
bool rec_far(const struct rec_field *f, const void *s, int64_t *ret_first, int64_t *ret_value);
/* "元", "days": what the number of a field is in; "" where its kind or its label says all. */
const char *rec_unit(const struct rec_field *f, enum lang lang);
/* Bytes that people write as hexadecimal digits: BIN and DIGEST. */
bool rec_is_hex(const struct rec_field *f);
/* "points", as in the table of SPEC.md 5. */
const char *rec_kind_name(enum rec_kind kind);
bool rec_is_number(const struct rec_field *f); /* is it written from the right? */
/* Appends a value that the field would take, as rec_field_parse reads it; of a text its label. */
void rec_example(const struct rec_field *f, enum lang lang, struct buf *out);
/* The value of a field in a head or line, of a kind that is kept in this C type; bytes are borrowed, and empty when
 * they were not given. */
uint64_t rec_u(const struct rec_field *f, const void *s);
uint32_t rec_chosen(const struct rec_field *f, const void *s);
day_t rec_day(const struct rec_field *f, const void *s);
struct bytes rec_bytes(const struct rec_field *f, const void *s);
/* A number, amount or day that is 0: it was not given. */
bool rec_is_zero(const struct rec_field *f, const void *s);
/* Puts the value that the field has in @from; of bytes the borrowed ones. */
void rec_copy(const struct rec_field *f, void *s, const void *from);
void rec_clear(const struct rec_field *f, void *s);
void rec_put_bytes(const struct rec_field *f, void *s, struct bytes b); /* borrows them */
void rec_put_u(const struct rec_field *f, void *s, uint64_t u);
void rec_put_day(const struct rec_field *f, void *s, day_t day);
const struct rec_type *rec_type_of(uint16_t code);	 /* NULL: unknown */
const struct rec_type *rec_type_named(const char *name); /* NULL: unknown */
struct bytes rec_title(const struct rec_type *t, enum lang lang);

/* What is wrong with a record, for people: part 0 = head. */
struct rec_issue {
	const struct rec_field *field; /* NULL: the shape as a whole */
	uint32_t part;
};

/* Checks one struct against the bounds of its fields. ERR_INVALID with the field in @ret (may be NULL). */
int rec_check(const struct rec_field *f, uint32_t n, const void *s, struct rec_issue *ret);
/* Appends a payload (form 0) for @head and @nlines lines (an array of the line struct).
 * ERR_INVALID with @ret_issue (may be NULL); ERR_LIMIT: over ENTRY_PAYLOAD_MAX. */
int rec_encode(const struct rec_type *t, const void *head, const void *lines, uint32_t nlines,
	       const uint8_t secret[ENTRY_SECRET_BYTES], struct buf *out,
	       struct rec_issue *ret_issue);
/* Decodes the head, or line @i (from 0). Result borrows the payload. ERR_FORMAT, bounds checked too. */
int rec_decode_head(const struct rec_type *t, const struct payload *p, void *ret);
int rec_decode_line(const struct rec_type *t, const struct payload *p, uint32_t i, void *ret);
/* The first field of a part that cannot be read or is out of its bounds; NULL: the shape as a whole. */
const struct rec_field *rec_bad_field(const struct rec_field *f, uint32_t n, struct bytes part);
/* Lines of the payload: nparts - 1, checked against the type's bounds; ERR_FORMAT. */
int rec_nlines(const struct rec_type *t, const struct payload *p, uint32_t *ret);

/* Writes the fields into an open JSON object. Points and money as "36.00", days as "2025-01-31", choices by name,
 * minutes as "09:30", bin and digests as hex. Fields more private than @upto are left out. When @upto is
 * PUBLIC, a MASKED name of a person is shortened by rec_mask_name; other MASKED fields have no safe short form and
 * are left out, too. */
void rec_json(struct jw *w, const struct rec_field *f, uint32_t n, const void *s,
	      enum rec_privacy upto);
/* One value of it, without its key. */
void rec_json_value(struct jw *w, const struct rec_field *f, const void *s);
/* The same for people: days, amounts and numbers with their unit, bytes as hexadecimal digits. Appends. */
void rec_show(const struct rec_field *f, const void *s, enum lang lang, struct buf *out);
/* The label of a CHOICE; "" for a value that is not in its list. */
const char *rec_label(const struct rec_field *f, const void *s, enum lang lang);
/* May the field be shown at all, if need be in its short form? */
bool rec_shown(const struct rec_field *f, enum rec_privacy upto);
/* Puts the short form in the place of MASKED names, and nothing in that of other fields more private than
 * @upto. The short forms are appended to @shown, which must not move: give it a place of fixed size. */
void rec_redact(const struct rec_field *f, uint32_t n, void *s, enum rec_privacy upto,
		struct buf *shown);
/* Reads one value from text as people write it (dates, points, choice name or zh/en label, hex) into its
 * place in @record and checks its bounds. Empty text means "not given" where that is allowed. Points, yuan, days and
 * percent may have their unit behind them ("20分", "1.00元", "3天", "10%"), never that of another kind.
 * TEXT and CODE borrow @s; BIN is written to @scratch (32 + 600 bytes). ERR_INVALID. */
#define REC_SCRATCH_BYTES 632
int rec_field_parse(const struct rec_field *f, const char *s, size_t n,
		    uint8_t scratch[REC_SCRATCH_BYTES], void *record);
/* 王小明 -> 王*明, 张三 -> 张*, 欧阳小明 -> 欧阳*明. One star, however long the middle. Appends. */
int rec_mask_name(struct buf *out, const char *name, size_t n);
/* The table of SPEC.md 5 as Markdown, made from records.def; a test compares. */
int rec_spec_table(struct buf *out);

#endif
