/* Files of text as they arrive. The encoder gives strict UTF-8, bounded by the input, or nothing; the
 * cells that the reader finds, written as RFC 4180 says, are found again. */
#include <stdlib.h>
#include <string.h>

#include "daemon/web/import/csv.h"
#include "daemon/web/import/encoding.h"
#include "lib/err.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

static uint32_t line_ends(const uint8_t *p, size_t n)
{
	uint32_t lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n' || p[i] == '\r';
	return lines;
}

static char *copy_of(const void *p, size_t n)
{
	char *copy = malloc(n ? n : 1);

	CHECK(copy);
	if (n)
		memcpy(copy, p, n);
	return copy;
}

static void put_row(const struct csv *c, struct buf *out)
{
	for (uint32_t i = 0; i < c->ncells; i++) {
		buf_puts(out, i ? ",\"" : "\"");
		for (size_t k = 0; k < c->cell[i].n; k++) {
			if (c->cell[i].p[k] == '"')
				buf_put_u8(out, '"');
			buf_put_u8(out, (uint8_t)c->cell[i].p[k]);
		}
		buf_put_u8(out, '"');
	}
	buf_puts(out, "\r\n");
}

/* Reads all rows; what was read is written to @out. The last answer. */
static int read_all(const void *p, size_t n, struct buf *out)
{
	static struct csv c;
	char *text = copy_of(p, n);
	uint32_t lines = line_ends(p, n);
	int got;

	csv_open(&c, text, n, ',');
	while ((got = csv_next(&c)) > 0) {
		CHECK(c.ncells >= 1);
		CHECK(c.ncells <= CSV_COLUMNS_MAX);
		for (uint32_t i = 0; i < c.ncells; i++) {
			CHECK(c.cell[i].n <= CSV_CELL_BYTES_MAX);
			CHECK(c.cell[i].p >= text);
			CHECK(c.cell[i].p + c.cell[i].n <= text + n);
		}
		put_row(&c, out);
	}
	CHECK(c.row <= lines);
	CHECK((got == 0) == (c.fault == CSV_FAULT_NONE));
	CHECK(csv_next(&c) == got);
	free(text);
	return got;
}

static void csv(const void *p, size_t n)
{
	struct buf first = {0}, second = {0};

	if (read_all(p, n, &first) == 0) {
		CHECK(read_all(first.p, first.n, &second) == 0);
		CHECK(first.n == second.n);
		CHECK(!first.n || memcmp(first.p, second.p, first.n) == 0);
	}
	buf_close(&first);
	buf_close(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	enum encoding e = ENCODING_UTF8;
	struct buf out = {0};
	uint32_t line = 0;
	int err = encoding_to_utf8(data, n, &out, &e, &line);

	CHECK(err == ERR_OK || err == ERR_FORMAT);
	if (err) {
		CHECK(out.n == 0);
		CHECK((e == ENCODING_BAD) == (line > 0));
		CHECK(line <= line_ends(data, n));
	} else {
		CHECK(utf8_valid(out.p, out.n));
		CHECK(out.n <= 2 * n);
		csv(out.p, out.n);
	}
	csv(data, n);
	buf_close(&out);
	return 0;
}
