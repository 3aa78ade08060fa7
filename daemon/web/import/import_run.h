#ifndef DAEMON_WEB_IMPORT_IMPORT_RUN_H
#define DAEMON_WEB_IMPORT_IMPORT_RUN_H

#include "daemon/web/import/import.h"
#include "daemon/web/import/import_update.h"
#include "daemon/writer/tx.h"
#include "lib/jw.h"

/* One import from the bytes of the file to entries in the log: read, planned and tried as a whole over an
 * overlay, and only then written; nothing is written when anything is refused.
 *
 * Sheets, their review and their confirmation go to the writer in one batch, each for the place that it had
 * in the trial: a stop leaves all three or none. When somebody else's entry took a place meanwhile, nothing
 * of the batch is written and it is planned anew. All transaction IDs follow from the base, so the same
 * import again finds what is there and does the rest. */

enum import_step { STEP_RECORD, STEP_REVIEW, STEP_CONFIRM, STEPS };

/* What the rules find, by row. */
#define IMPORT_REASONS_MAX 1000
struct import_reason {
	uint32_t row, order;
	struct reason reason;
};
struct import_reasons {
	uint32_t n; /* all of them; the first IMPORT_REASONS_MAX are kept */
	struct import_reason *v;
};
/* A list in the order of the rows. */
void import_reasons_json(struct import_reasons *l, enum lang lang, struct jw *w);

/* The warnings of one record. */
struct import_warned {
	struct {
		struct reason reason;
		uint64_t about; /* the sheet whose line it numbers; 0: the record itself */
	} * v;
	uint32_t n, cap;
	int err; /* sticky */
};

/* One signed entry, in the order in which they are given to the writer. */
struct import_record {
	struct tx tx;
	enum import_step step;
	uint32_t row;	      /* of the file; 0: no single one */
	const uint32_t *rows; /* of each line */
	uint32_t nrows;
	bool whole; /* what must not be torn apart ends here */
};

struct import {
	const struct tx_services *s;
	enum lang lang;
	enum import_kind kind;
	struct bytes file;
	const struct sign_key *signer[STEPS]; /* borrowed; entries: all three; others: the first */
	uint8_t base[TXID_BYTES];
	bool dry_run;
	struct import_opts opts;
	/* Of a catalogue: what was given. version 0, from DAY_NONE, title empty: what follows from the log. */
	struct rec_catalogue catalogue_head;
	/* results */
	struct import_report report;
	struct import_reasons problems, warnings, doubts;
	uint32_t existing;		    /* records that were there before */
	uint64_t existing_seq, existing_ms; /* the first of them */
	/* of the sheets among them */
	uint32_t existing_reviewed, existing_confirmed, existing_refused_lines;
	uint32_t written;
	bool done, partial;
	/* its own */
	struct import_roster roster;
	struct import_update update;
	struct import_catalogue catalogue;
	struct import_entries entries;
	struct import_record *record;
	struct import_warned warned;
	uint32_t n, cap;
	int tries;
	struct tx **batch; /* what is being written */
	uint32_t at, batch_n;
};

/* Reads the file, asking the ledger what it must know. ERR_INVALID: the report says why not. */
int import_read(struct import *m);
/* Reads and tries. ERR_OK: the results say what became of it, and why not. Otherwise a machine failure, and nothing new was
 * written; so also from the next two. */
int import_begin(struct import *m);
/* What is to be written next; *@ret_n is 0 when nothing is. Then import_wrote, with the first machine failure. */
int import_next(struct import *m, struct tx ***ret, uint32_t *ret_n);
int import_wrote(struct import *m, int err);
void import_close(struct import *m);
/* Everything is right, whether it was written or only tried. */
bool import_good(const struct import *m);

#endif
