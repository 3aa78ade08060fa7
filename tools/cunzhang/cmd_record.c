#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/lines.h"

/* One line from the options; a field that head and line both have was the head's. */
static json_t *one_line(const struct cli *c)
{
	const struct rec_type *t = c->type;
	json_t *line = cli_fields(c, t->line, t->nline);

	for (uint32_t i = 0; i < t->nhead; i++)
		json_object_del(line, t->head[i].name);
	return json_pack("[o]", line);
}

static bool line_given(const struct cli *c)
{
	for (uint32_t i = 0; i < c->type->nline; i++)
		if (cli_option(c, c->type->line[i].name))
			return true;
	return false;
}

int cmd_record(struct cli *c)
{
	const struct rec_type *t = c->type;
	const char *path = cli_option(c, "lines");
	json_t *lines = NULL;
	int rv = EXIT_DONE;

	if (path && !t->line) {
		SAY(stderr, M_NO_LINES, t->name);
		return EXIT_USAGE;
	}
	if (path)
		rv = lines_read(t, path, &lines);
	else if (t->line && (t->lines_min || line_given(c)))
		lines = one_line(c);
	return rv ? rv : client_record(c, t->name, cli_fields(c, t->head, t->nhead), lines);
}
