#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

int cmd_record(struct cli *c)
{
	const struct rec_type *t = c->type;
	json_t *head = cli_fields(c, t->head, t->nhead), *line = NULL;

	if (t->line) {
		line = cli_fields(c, t->line, t->nline);
		for (uint32_t i = 0; i < t->nhead; i++) /* the option was the head's */
			json_object_del(line, t->head[i].name);
	}
	return client_record(c, t->name, head, line ? json_pack("[o]", line) : NULL);
}
