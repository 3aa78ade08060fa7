#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "proto/record.h"

/* Writes the tables of proto/SPEC.md that follow from proto/records.def: spec FILE. Exit 0 done, 1 failed. */
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

int main(int argc, char **argv)
{
	static const char begin[] = "<!-- records:begin -->\n", end[] = "<!-- records:end -->";
	struct buf text = {0}, out = {0};
	const char *from, *to;
	FILE *f;

	if (argc != 2 || put_file(&text, argv[1]))
		return EXIT_FAILURE;
	from = strstr(buf_str(&text), begin);
	to = from ? strstr(from, end) : NULL;
	if (!to) {
		fprintf(stderr, "%s has no place for the tables of records\n", argv[1]);
		return EXIT_FAILURE;
	}
	from += strlen(begin);
	buf_put(&out, text.p, (size_t)(from - (const char *)text.p));
	rec_spec_table(&out);
	buf_puts(&out, to);
	f = out.err ? NULL : fopen(argv[1], "wb");
	if (!f || fwrite(out.p, 1, out.n, f) != out.n || fclose(f))
		return EXIT_FAILURE;
	buf_close(&text);
	buf_close(&out);
	return EXIT_SUCCESS;
}
