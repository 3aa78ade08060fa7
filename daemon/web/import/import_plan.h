#ifndef DAEMON_WEB_IMPORT_IMPORT_PLAN_H
#define DAEMON_WEB_IMPORT_IMPORT_PLAN_H

#include "daemon/web/import/import_run.h"
#include "daemon/writer/trial.h"

/* The plan of an import: its records, each tried behind those before it. For daemon/web/import/import_*.c alone. */

#define SHEET_LINES_MAX 200

/* What a sheet still waits for. */
struct sheet_wait {
	uint64_t entry;
	bool review, confirm;
	const uint32_t *rows; /* of its lines */
	uint32_t nrows, nrefused;
	/* lines that have the step behind them or were refused at one, a bit for each */
	uint8_t past[STEPS][(SHEET_LINES_MAX + 7) / 8];
};

/* Room for @n records in all: they must not move once they are made. */
int plan_room(struct import *m, uint32_t n);
void plan_drop_records(struct import *m);
/* The ID of a record: @what keeps those of a step apart. */
void plan_id_of(const struct import *m, enum import_step step, const void *what, size_t n,
		uint8_t out[TXID_BYTES]);
void plan_id_at(const struct import *m, uint32_t index, uint8_t out[TXID_BYTES]);
/* Makes the record, described by @like, and tries it; its verdict is in it. It is the latest then. */
int plan_try_record(struct import *m, struct trial *r, struct import_record like,
		    enum rec_code code, const void *head, const void *lines, uint32_t nlines,
		    const uint8_t id[TXID_BYTES]);
const struct job_append *plan_latest(const struct import *m);
bool plan_accepted(const struct import *m);
void plan_drop_latest(struct import *m);
/* Lists what the rules remark of it. @w, @n: of a step, the sheets in it. */
void plan_keep_latest(struct import *m, const struct sheet_wait *w, uint32_t n);
void plan_list_latest(struct import *m); /* as refused */
/* Lists a reason of @rec; the row of the file, which is shown beside the sentence, stands for the line of the
 * entry in it. */
void plan_list_reason(struct import_reasons *to, const struct import_record *rec,
		      const struct reason *reason);

/* The lines of a record that is being tried, less those that were refused: their own copies of both. */
struct plan_lines {
	uint8_t *v;
	uint32_t *row;
	uint32_t n, dropped;
	size_t size;
};
/* Tries a record with lines. A rule names the first line that it refuses: that is listed, and the rest tried without it,
 * until every refused row of the file is known. What is refused only because another line is missing is not said. In
 * @l is what was accepted; no lines: nothing was, and no record is left. */
int plan_add_lines(struct import *m, struct trial *r, struct import_record like, enum rec_code code,
		   const void *head, struct plan_lines *l, const uint8_t id[TXID_BYTES]);

int plan_entries(struct import *m, struct trial *r);

#endif
