#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/lines.h"

/* The lines of a file, or the one that options make. NULL: none. Exit code. */
static int make_lines(const struct cli *c, json_t **ret)
{
	const struct rec_type *t = c->type;
	const char *path = t->line ? cli_option(c, "lines") : NULL;
	json_t *line = cli_fields(c, t->line, t->nline);
	int rv = EXIT_DONE;

	*ret = NULL;
	if (path && json_object_size(line)) {
		SAY(stderr, M_LINES_BOTH);
		rv = EXIT_USAGE;
	} else if (path) {
		rv = lines_read(c, t, path, ret);
	} else if (json_object_size(line)) {
		*ret = json_pack("[O]", line);
	}
	json_decref(line);
	return rv;
}

int cmd_record(struct cli *c)
{
	const struct rec_type *t = c->type;
	json_t *lines;
	int rv = make_lines(c, &lines);

	return rv ? rv : client_record(c, t->name, cli_fields(c, t->head, t->nhead), lines);
}
