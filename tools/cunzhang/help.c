#include "tools/cunzhang/help.h"

#include <string.h>

#include "daemon/web/recjson.h"
#include "tools/cunzhang/args.h"

static void put_text(struct buf *b, const struct option_def *o)
{
	bool en = say_lang() == LANG_EN;

	if (o->field) {
		buf_printf(b, en ? "%s: " : "%s：", en ? o->field->en : o->field->zh);
		recjson_expects(o->field, say_lang(), b);
	} else {
		buf_puts(b, say_text(o->help));
	}
	if (o->required)
		buf_puts(b, say_text(M_REQUIRED));
}

static void put_option(struct table *t, const struct option_def *o)
{
	char name[CLI_FIELD_MAX];
	struct buf b = {0};

	buf_puts(&b, "  ");
	if (o->letter)
		buf_printf(&b, "-%c, ", o->letter);
	buf_printf(&b, "--%s%s%s", cli_option_name(o->name, name), o->arg ? " " : "",
		   o->arg ? o->arg : "");
	table_cell(t, buf_str(&b));
	buf_reset(&b);
	put_text(&b, o);
	table_cell(t, buf_str(&b));
	buf_close(&b);
}

static void put_globals(struct table *t, const struct command *cmd)
{
	for (const struct option_def *o = args_globals; o->name; o++)
		if (!cmd || args_global_fits(o, cmd))
			put_option(t, o);
}

/* Does @name begin with the word @word (NULL: any)? */
static bool in_group(const char *name, const char *word)
{
	size_t n = word ? strlen(word) : 0;

	return !word || (strncmp(name, word, n) == 0 && name[n] == ' ');
}

static void list(const char *word)
{
	struct table t;

	table_begin(&t, 2);
	for (uint32_t i = 0; i < main_ncommands; i++) {
		const struct command *m = &main_commands[i];
		char left[64];

		if (!in_group(m->name, word))
			continue;
		snprintf(left, sizeof(left), "  %s%s%s", m->name, m->args[0] ? " " : "", m->args);
		table_cell(&t, left);
		table_cell(&t, say_text(m->help));
	}
	table_print(&t, stdout);
}

void help_all(void)
{
	struct table t;

	SAY(stdout, M_USAGE);
	printf("\n%s\n", say_text(M_COMMANDS));
	list(NULL);
	printf("\n%s\n", say_text(M_GLOBAL_OPTIONS));
	table_begin(&t, 2);
	put_globals(&t, NULL);
	table_print(&t, stdout);
	putchar('\n');
	SAY(stdout, M_EXIT_CODES);
}

void help_group(const char *word)
{
	SAY(stdout, M_USAGE_ONE, word, "...");
	printf("\n%s\n", say_text(M_COMMANDS));
	list(word);
}

void help_command(const struct cli *c)
{
	const struct command *m = c->cmd;
	char left[64];
	struct table t;

	snprintf(left, sizeof(left), "%s%s%s", m->args[0] ? m->args : "", m->args[0] ? " " : "",
		 "[...]");
	SAY(stdout, M_USAGE_ONE, m->name, left);
	printf("\n%s\n", say_text(m->help));
	if (m->more != M_NOTHING_MORE)
		printf("%s\n", say_text(m->more));
	printf("\n%s\n", say_text(M_OPTIONS));
	table_begin(&t, 2);
	for (uint32_t i = 0; i < c->nopts; i++)
		put_option(&t, &c->opts[i]);
	put_globals(&t, m);
	table_print(&t, stdout);
	if (m->run == cmd_record && !c->type) {
		putchar('\n');
		table_begin(&t, 2);
		for (uint32_t i = 0; i < rec_ntypes; i++) {
			snprintf(left, sizeof(left), "  %s", rec_types[i].name);
			table_cell(&t, left);
			table_cell(&t, say_lang() == LANG_EN ? rec_types[i].en : rec_types[i].zh);
		}
		table_print(&t, stdout);
	}
}
