/* Workbooks as they arrive. What begins like a zip file is read as it is; of anything else, which a fuzzer can change
 * without breaking the sums in a zip file, the parts between lines of "---" become the rows, what is behind them, the
 * shared strings and the styles of one. When the first byte is a digit, so many allocations succeed. Whatever it holds:
 * a report, or rows in ascending order whose cells are UTF-8 within the bounds. */
#include <stdlib.h>
#include <string.h>

#include "daemon/web/import/import.h"
#include "daemon/web/import/xlsx.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/zipfile.h"

static void look_at(const struct grid *g)
{
	uint32_t last = 0;

	CHECK(g->nrows <= GRID_ROWS_MAX);
	CHECK(g->ncells <= GRID_CELLS_MAX);
	CHECK(g->text.n <= GRID_TEXT_MAX);
	for (uint32_t i = 0; i < g->nrows; i++) {
		CHECK(g->row[i].number > last);
		last = g->row[i].number;
		CHECK(g->row[i].n >= 1);
		CHECK(g->row[i].n <= GRID_COLUMNS_MAX);
		for (uint32_t k = 0; k < GRID_COLUMNS_MAX; k++) {
			struct bytes cell = grid_get(g, i, k, NULL);

			CHECK(cell.n <= GRID_CELL_BYTES_MAX);
			CHECK(!cell.n || utf8_valid(cell.p, cell.n));
		}
	}
}

static void sheets(const void *p, size_t n)
{
	struct xlsx x;
	int err = xlsx_open(&x, p, n);

	CHECK(err != ERR_OK || x.nsheets >= 1);
	CHECK(err == ERR_OK || err == ERR_NOMEM || x.fault);
	for (uint32_t i = 0; !err && i < x.nsheets; i++) {
		struct grid g = {.nrows = 0};

		err = xlsx_read(&x, i, &g);
		if (!err)
			look_at(&g);
		else
			CHECK(err == ERR_NOMEM || x.fault);
		grid_close(&g);
	}
	xlsx_close(&x);
}

static void table(const void *p, size_t n)
{
	struct import_opts o = {.accept = true, .today = 20500};
	struct import_report rep = {0};
	struct import_roster r;
	int err = import_roster(p, n, &o, &r, &rep);

	CHECK(err == ERR_OK || err == ERR_INVALID || err == ERR_NOMEM);
	if (err == ERR_INVALID)
		CHECK(!import_report_clean(&rep));
	import_report_close(&rep);
}

static void wrapped(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1), *part[4] = {"", NULL, NULL, NULL};
	struct zipfile z;

	CHECK(text);
	memcpy(text, p, n);
	text[n] = '\0';
	part[0] = text;
	for (int i = 1; i < 4; i++) {
		char *line = strstr(part[i - 1], "\n---\n");

		if (!line)
			break;
		*line = '\0';
		part[i] = line + 5;
	}
	workbook_make(&(struct workbook){.rows = part[0],
					 .behind = part[1],
					 .strings = part[2],
					 .styles = part[3],
					 .properties = n % 2 ? "date1904=\"1\"" : NULL},
		      &z);
	sheets(z.out.p, z.out.n);
	table(z.out.p, z.out.n);
	zipfile_close(&z);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	long live = mem_live();

	if (n >= 4 && memcmp(data, "PK\x03\x04", 4) == 0) {
		sheets(data, n);
		table(data, n);
	} else if (n && data[0] >= '0' && data[0] <= '9') {
		struct zipfile z;

		workbook_make(&(struct workbook){.rows = "<row><c><v>1</v></c></row>",
						 .strings = "<si><t>x</t></si>"},
			      &z);
		mem_fail_after(n > 1 ? (data[0] - 48) * 10 + data[1] % 10 : data[0] - 48);
		sheets(z.out.p, z.out.n);
		mem_fail_after(-1);
		zipfile_close(&z);
	} else {
		wrapped(data, n);
	}
	CHECK(mem_live() == live);
	return 0;
}
