#ifndef DAEMON_WEB_IMPORT_IMPORT_H
#define DAEMON_WEB_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/ledger/state/verdict.h"
#include "daemon/web/import/columns.h"
#include "daemon/web/import/encoding.h"
#include "daemon/web/import/import.def"
#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/jw.h"
#include "proto/record.h"

/* Importers: the bytes of a file in, records out, all or nothing. Pure: no files, no clock, no store;
 * what must be looked up comes as a callback. Every importer fills one report, which says row by row what
 * is wrong and how to mend it, and what was read differently from how it was written. A record is made
 * only when there are no errors and the warnings are accepted.
 *
 *	struct import_report rep = {0};
 *	struct import_roster roster;
 *	int err = import_roster(bytes, n, &opts, &roster, &rep);
 *	...				(show the report; use the roster when err is 0)
 *	import_report_close(&rep);	(the records live in the report)
 */

enum import_severity { IMPORT_ERROR, IMPORT_WARNING, IMPORT_NOTE };
#define IMPORT_ENUM(id, severity, zh, en) ISSUE_##id,
enum import_id { IMPORT_ISSUES(IMPORT_ENUM) ISSUE_COUNT };
#undef IMPORT_ENUM

/* One thing to say. Texts live in the report; identity numbers are shortened in them. */
struct import_issue {
	uint32_t row; /* as in the spreadsheet, from 1; 0: the file */
	enum import_id id;
	const char *column; /* "" when it is about the row */
	const char *value;  /* of the cell, perhaps cut */
	const char *s, *t;
	int64_t num[2];
};
#define IMPORT_BYTES_MAX ((size_t)8 << 20) /* of a file */
#define IMPORT_HEAD_MAX                                                                            \
	((size_t)2 << 20)	 /* of what is sent before it: a digest for each file it names */
#define IMPORT_ISSUES_MAX  10000 /* of each severity are kept; all are counted */
#define IMPORT_VALUE_BYTES 120	 /* of a value shown; longer ones are cut */
#define IMPORT_MEMORY_MAX  ((size_t)128 << 20)

struct import_chunk;
struct import_report {
	struct import_issue *issue; /* in the order found; sorted: errors first, then by row */
	uint32_t n, cap;
	uint32_t count[3]; /* by severity */
	uint32_t rows;	   /* of people, items or entries in the file */
	uint32_t records;  /* households, items or lines that were or would be made */
	enum encoding encoding;
	bool accepted; /* the warnings were */
	int err;       /* ERR_NOMEM, sticky */
	struct import_chunk *chunks;
	size_t memory;
};

struct import_item {
	uint64_t version;
	struct bytes name; /* Chinese; valid until the next call */
	struct points points;
	bool deduct; /* the points are taken away */
};
/* Registered numbers of households that differ from one by zeros in front alone: two at most. */
struct import_near {
	struct bytes number[2]; /* valid until the next call */
	uint32_t n;
};
struct import_lookup {
	void *ctx;
	/* The name of the head of @household, valid until the next call. ERR_NOTFOUND. */
	int (*head)(void *ctx, struct bytes household, struct bytes *ret);
	int (*near)(void *ctx, struct bytes household, struct import_near *ret); /* may be NULL */
	/* roster: how many digits each registered number has; 0: not all alike, not digits alone, or none. May be NULL. */
	int (*digits)(void *ctx, uint32_t *ret);
	/* The member of @household called @name. ERR_INVALID: nobody of that name; ERR_EXISTS: two. */
	int (*member)(void *ctx, struct bytes household, struct bytes name, uint32_t *ret);
	/* The item in the catalogue in force on @day. ERR_NOTFOUND, with the version that has none; 0: none is in force. */
	int (*item)(void *ctx, struct bytes code, day_t day, struct import_item *ret);
	/* lines: what member @member of @household is called, valid until the next call. ERR_NOTFOUND. */
	int (*name)(void *ctx, struct bytes household, uint64_t member, struct bytes *ret);
};
struct import_roster;
struct import_opts {
	bool accept;	   /* take what has warnings */
	day_t today;	   /* DAY_NONE: not known */
	day_t consent_day; /* roster: the day the households agreed to take part; DAY_NONE: not given */
	const struct import_lookup *look; /* roster, lines: what is registered; may be NULL */
	struct bytes household; /* lines: in the head of the record; empty: there is none */
	/* entries: the digest of a file that a row names. False: no such file came along. May be NULL. */
	bool (*file)(void *ctx, struct bytes name, struct hash *ret);
	void *file_ctx;
	/* roster: compares it with the register and says what differs. May be NULL. */
	int (*update)(void *ctx, struct import_roster *roster, struct import_report *rep);
	void *update_ctx;
};

/* Each returns ERR_OK with @ret filled; ERR_INVALID when the report says why nothing can be imported, with what is
 * without errors in @ret, so that the rules can be asked about it in the same run; ERR_NOMEM; ERR_STATE when the system cannot convert GB18030; what a lookup fails with. @rep is zero-initialised by the caller, and closed whatever the result. */
struct import_household {
	struct rec_household head;
	struct rec_household_line *line;
	uint32_t *rows; /* of each line */
	uint32_t nlines;
	uint32_t row;	   /* where it begins */
	bool *hukou_given; /* of each line; else it is what the usual one is */
	bool known;	   /* it is registered: no record is made of it */
	bool bad;	   /* an error is in a row */
};
struct import_roster {
	struct import_household *v; /* in the order of the file */
	uint32_t n;
	uint32_t people;
};
/* Does the relation to the head say that it is the head? */
bool import_is_head(struct bytes relation);
int import_roster(const void *p, size_t n, const struct import_opts *o, struct import_roster *ret,
		  struct import_report *rep);

struct import_catalogue {
	struct rec_catalogue_line *v;
	uint32_t *row; /* of each line */
	uint32_t n;
};
int import_catalogue(const void *p, size_t n, const struct import_opts *o,
		     struct import_catalogue *ret, struct import_report *rep);

struct import_entries {
	struct rec_points_line *v;
	uint32_t *row; /* of each line, to say where a verdict belongs */
	uint32_t n;
};
int import_entries(const void *p, size_t n, const struct import_opts *o,
		   const struct import_lookup *look, struct import_entries *ret,
		   struct import_report *rep);
/* The files that the rows of a sheet name, also twice; a sheet that cannot be read names none. Stops when
 * @cb gives something else than 0, and gives that. */
int import_entries_files(const void *p, size_t n, int (*cb)(void *ctx, struct bytes name),
			 void *ctx);
/* How many lines from @from on fit into one points record with a note of at most @note_bytes. */
uint32_t import_entries_fit(const struct import_entries *e, uint32_t from, size_t note_bytes);

/* The lines of any record as texts, each as its field reads it; what they mean is for the rules. */
struct import_lines {
	uint32_t n, columns;
	uint32_t *row;	    /* of each line */
	struct bytes *cell; /* columns of line 0, of line 1, ...; empty: not given */
};
int import_lines(const void *p, size_t n, const struct rec_type *t, enum lang lang,
		 const struct import_opts *o, struct import_lines *ret, struct import_report *rep);

void import_report_close(struct import_report *rep);	   /* frees records, too */
bool import_report_clean(const struct import_report *rep); /* importable with its options */
void import_report_sort(struct import_report *rep);
enum import_severity import_issue_severity(enum import_id id);
/* The sentence, with its values; appends. */
int import_issue_text(const struct import_issue *i, enum lang lang, struct buf *out);
/* One JSON object: counts, encoding and the issues with both languages. */
void import_report_json(const struct import_report *rep, struct jw *w);

#endif
