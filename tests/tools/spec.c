#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/state/verdict.h"
#include "daemon/web/api/viewjson.h"
#include "lib/buf.h"
#include "lib/look.h"
#include "proto/record.h"

/* Writes what follows from tables into the files that tell it: of proto/records.def, lib/look.def and verdict.def into proto/SPEC.md, of
 * daemon/ledger/query/views.def into openapi.yaml: spec SPEC OPENAPI. Exit 0 done, 1 failed. */
#define SPEC_MAX ((size_t)4 << 20)

static int put_file(struct buf *out, const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *at = f ? buf_reserve(out, SPEC_MAX) : NULL;

	if (at)
		out->n += fread(at, 1, SPEC_MAX, f);
	if (f)
		fclose(f);
	return at ? out->err : -1;
}

static int put_between(const char *path, const char *begin, const char *end,
		       int (*put)(struct buf *out))
{
	struct buf text = {0}, out = {0};
	const char *from, *to;
	FILE *f;

	if (put_file(&text, path))
		return EXIT_FAILURE;
	from = strstr(buf_str(&text), begin);
	to = from ? strstr(from, end) : NULL;
	if (!to) {
		fprintf(stderr, "%s has no place between %s and %s\n", path, begin, end);
		return EXIT_FAILURE;
	}
	from += strlen(begin);
	buf_put(&out, text.p, (size_t)(from - (const char *)text.p));
	put(&out);
	buf_puts(&out, to);
	f = out.err ? NULL : fopen(path, "wb");
	if (!f || fwrite(out.p, 1, out.n, f) != out.n || fclose(f))
		return EXIT_FAILURE;
	buf_close(&text);
	buf_close(&out);
	return EXIT_SUCCESS;
}

static int put_verdicts(struct buf *out)
{
	buf_puts(out, "| number | name | rule |\n|---|---|---|\n");
	for (int i = 0; i < V_COUNT; i++)
		buf_printf(out, "| %d | %s | %s |\n", i, reason_name((enum verdict_id)i),
			   reason_rule((enum verdict_id)i));
	return out->err;
}

int main(int argc, char **argv)
{
	int rv = EXIT_FAILURE;

	if (argc == 3)
		rv = put_between(argv[1], "<!-- records:begin -->\n", "<!-- records:end -->",
				 rec_spec_table);
	if (!rv)
		rv = put_between(argv[1], "<!-- look:begin -->\n", "<!-- look:end -->", look_spec);
	if (!rv)
		rv = put_between(argv[1], "<!-- verdicts:begin -->\n", "<!-- verdicts:end -->",
				 put_verdicts);
	return rv ? rv
		  : put_between(argv[2], "    # views:begin\n", "    # views:end",
				viewjson_openapi);
}
