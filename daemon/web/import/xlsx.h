#ifndef DAEMON_WEB_IMPORT_XLSX_H
#define DAEMON_WEB_IMPORT_XLSX_H

#include "daemon/web/import/grid.h"
#include "daemon/web/import/zip.h"

/* The sheets of an xlsx workbook as grids. Texts come as they stand, numbers as a spreadsheet shows them (15 digits;
 * more are lost and come in scientific notation), days by number format as 2025-01-31, times as 09:30, numbers whose
 * format is zeros with those, truth as TRUE or FALSE, errors as #N/A, formulas as the value that is kept beside
 * them. */
#define XLSX_SHEETS_MAX	    64
#define XLSX_SHEET_NAME_MAX 128
#define XLSX_PATH_MAX	    160
#define XLSX_STRINGS_MAX    1000000
#define XLSX_FORMATS_MAX    65536
#define XLSX_DEPTH_MAX	    32
#define XLSX_RELATIONS_MAX  256
#define XLSX_TAG_MAX	    ((size_t)1 << 20) /* bytes of a tag or comment */

enum xlsx_fault {
	XLSX_FAULT_NONE,
	XLSX_FAULT_ZIP,	    /* see zip.fault */
	XLSX_FAULT_GRID,    /* see the grid */
	XLSX_FAULT_NONE_IN, /* no workbook or no sheet in it */
	XLSX_FAULT_XML,
	XLSX_FAULT_DOCTYPE,
	XLSX_FAULT_DEPTH,
	XLSX_FAULT_SHEETS,
	XLSX_FAULT_STRINGS,
	XLSX_FAULT_FORMATS,
	XLSX_FAULT_REFERENCE, /* a string, format or place that does not exist */
	XLSX_FAULTS
};
struct xlsx_sheet {
	char name[XLSX_SHEET_NAME_MAX];
	char part[XLSX_PATH_MAX];
	bool hidden;
};
struct xlsx {
	struct zip zip;
	enum xlsx_fault fault;
	struct xlsx_sheet *sheet;
	uint32_t nsheets, sheets_cap;
	bool from_1904;
	/* shared strings: their bytes, and where each begins */
	struct buf strings;
	uint32_t *string;
	uint32_t nstrings, strings_cap;
	/* formats of cells: how a number is shown */
	uint16_t *format;
	uint32_t nformats, formats_cap;
};

/* Borrows @p. ERR_FORMAT or ERR_LIMIT with the fault; ERR_NOMEM. Close it whatever the result. */
int xlsx_open(struct xlsx *x, const void *p, size_t n);
int xlsx_read(struct xlsx *x, uint32_t sheet, struct grid *ret);
void xlsx_close(struct xlsx *x); /* wipes the strings */

/* --- numbers: xlsx_number.c ------------------------------------------------------------------------------- */

enum xlsx_shown { XLSX_PLAIN, XLSX_DAY, XLSX_TIME, XLSX_ZEROS /* and as many more as digits */ };
uint16_t xlsx_builtin_format(uint32_t id);
uint16_t xlsx_custom_format(const char *code);
/* The number as it is shown; as it stands when it is none. */
int xlsx_number(struct bytes v, uint16_t shown, bool from_1904, struct buf *out);

#endif
