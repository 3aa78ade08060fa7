#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/lines.h"

/* The lines of a file, or the one that options make. NULL: none. @ret_rows: of those of a file. Exit code. */
static int make_lines(const struct cli *c, json_t **ret, json_t **ret_rows)
{
	const struct rec_type *t = c->type;
	const char *path = t->line ? cli_option(c, "lines") : NULL;
	json_t *line = cli_fields(c, t->line, t->nline);
	int rv = EXIT_DONE;

	*ret = *ret_rows = NULL;
	if (path && json_object_size(line)) {
		SAY(stderr, M_LINES_BOTH);
		rv = EXIT_USAGE;
	} else if (path) {
		rv = lines_read(c, t, path, ret, ret_rows);
	} else if (json_object_size(line)) {
		*ret = json_pack("[O]", line);
	}
	json_decref(line);
	return rv;
}

int cmd_record(struct cli *c)
{
	const struct rec_type *t = c->type;
	json_t *lines, *rows, *head;
	int rv = make_lines(c, &lines, &rows);

	if (rv)
		return rv;
	head = cli_fields(c, t->head, t->nhead);
	return rows ? lines_record(c, head, lines, rows) : client_record(c, t->name, head, lines);
}
