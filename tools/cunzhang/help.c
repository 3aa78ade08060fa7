#include "tools/cunzhang/help.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/web/api/recjson.h"
#include "tools/cunzhang/args.h"
#include "tools/cunzhang/columns.h"

static enum msg_id default_text(enum rec_default how)
{
	switch (how) {
	case REC_TODAY: return M_DEFAULT_TODAY;
	case REC_NOW: return M_DEFAULT_NOW;
	case REC_IN_FORCE: return M_DEFAULT_IN_FORCE;
	case REC_ITEM: return M_DEFAULT_ITEM;
	case REC_PRICE: return M_DEFAULT_PRICE;
	case REC_ONLY_LINE: return M_DEFAULT_ONLY_LINE;
	case REC_REGISTERED: return M_DEFAULT_REGISTERED;
	case REC_KEPT: return M_DEFAULT_KEPT;
	case REC_NO_DEFAULT: break;
	}
	return M_NOTHING_MORE;
}

static void put_text(struct buf *b, const struct option_def *o)
{
	bool en = say_lang() == LANG_EN;

	if (o->field) {
		buf_printf(b, en ? "%s: " : "%s：", en ? o->field->en : o->field->zh);
		if (o->field->kind == REC_DIGEST)
			buf_puts(b, say_text(M_FILE_EXPECTED));
		else
			recjson_expects(o->field, say_lang(), b);
	} else {
		buf_puts(b, say_text(o->help));
	}
	if (o->required)
		buf_puts(b, say_text(M_REQUIRED));
	else if (o->field && o->field->first)
		say_put(b, say_lang(), M_DEFAULT_FIRST, (const char *const[]){o->field->first}, 1);
	else if (o->field && rec_first_needed(o->field))
		buf_puts(b, say_text(M_DEFAULT_NEEDED));
	else if (o->field && o->field->fill)
		buf_puts(b, say_text(default_text(o->field->fill)));
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

/* --- records -------------------------------------------------------------------------------------- */

/* By code, as proto/records.def has them. */
static const struct {
	uint16_t upto;
	enum msg_id title;
} groups[] = {{19, M_TYPES_TOWN},	    {29, M_TYPES_PEOPLE}, {39, M_TYPES_POINTS},
	      {49, M_TYPES_PLANS},	    {59, M_TYPES_USE},	  {69, M_TYPES_NOTICES},
	      {UINT16_MAX, M_TYPES_VILLAGE}};

void help_types(FILE *f)
{
	uint32_t g = 0, last = UINT32_MAX;
	struct table t;

	table_begin(&t, 2);
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		char left[CLI_FIELD_MAX + 4], name[CLI_FIELD_MAX];

		while (rec_types[i].code > groups[g].upto)
			g++;
		if (g != last) {
			table_cell(&t, say_text(groups[g].title));
			table_cell(&t, "");
		}
		last = g;
		snprintf(left, sizeof(left), "  %s", cli_option_name(rec_types[i].name, name));
		table_cell(&t, left);
		table_cell(&t, say_lang() == LANG_EN ? rec_types[i].en : rec_types[i].zh);
	}
	table_print(&t, f);
}

static void put_roles(const struct rec_type *type)
{
	static const enum msg_id feeds[] = {[REC_FEED_TOWN] = M_HELP_FEED_TOWN,
					    [REC_FEED_VILLAGE] = M_HELP_FEED_VILLAGE,
					    [REC_FEED_BOTH] = M_HELP_FEED_BOTH};
	const struct rec_choices *roles = &rec_lists[REC_LIST_ROLE];
	struct buf b = {0};

	for (uint32_t i = 0; i < roles->n; i++)
		if (type->roles >> i & 1)
			buf_printf(&b, "%s%s", b.n ? say_text(M_LIST_COMMA) : "",
				   cli_choice(roles, roles->v[i].name));
	SAY(stdout, feeds[type->feed]);
	if (type->roles)
		SAY(stdout, M_HELP_ROLES, buf_str(&b));
	else
		SAY(stdout, M_HELP_ROLES_RULE);
	buf_close(&b);
}

static bool any_ends(const struct rec_field *f, uint32_t n, const struct rec_type *to)
{
	for (uint32_t i = 0; i < n; i++)
		if (f[i].ref == to->code && (f[i].settles || f[i].done_when))
			return true;
	return false;
}

/* Does a record of this type end what @to leaves to do? */
static bool ends(const struct rec_type *t, const struct rec_type *to)
{
	return any_ends(t->head, t->nhead, to) || any_ends(t->line, t->nline, to);
}

static const char *label(const struct rec_field *f)
{
	return say_lang() == LANG_EN ? f->en : f->zh;
}

/* What must be written about a record of this type once it is accepted, and by when. */
static void put_open(const struct rec_type *type)
{
	const struct rec_open *o = &type->open;
	char name[CLI_FIELD_MAX];
	struct buf b = {0};

	for (uint32_t i = 0; i < rec_ntypes && o->is; i++) {
		const struct rec_type *t = &rec_types[i];

		if (!ends(t, type))
			continue;
		buf_printf(&b, "%s%s", b.n ? say_text(M_LIST_OR) : "",
			   say_lang() == LANG_EN ? t->en : t->zh);
		if (t->listed) /* others have commands of their own */
			buf_printf(&b, " (record %s)", cli_option_name(t->name, name));
	}
	if (o->days)
		SAY(stdout, M_HELP_OPEN_WITHIN, buf_str(&b), label(o->day), label(o->days));
	else if (o->day)
		SAY(stdout, M_HELP_OPEN_UNTIL, buf_str(&b), label(o->day));
	else if (o->is)
		SAY(stdout, M_HELP_OPEN_UNDATED, buf_str(&b));
	buf_close(&b);
}

/* The command that makes records of this type from what the node knows; NULL: people write them. */
static const char *made_by(const struct rec_type *t)
{
	for (uint32_t i = 0; i < main_ncommands; i++)
		if (main_commands[i].record == t->code)
			return main_commands[i].name;
	switch (t->code) {
	case REC_town_charter: return "init hub";
	case REC_village_enrol: return "init village";
	case REC_notice: return "notice make";
	default: return NULL;
	}
}

/* A command line that says all that is required, and makes no line but where one is. */
static void put_example(const struct cli *c)
{
	bool line = c->type->lines_min > 0;
	char name[CLI_FIELD_MAX];
	struct buf b = {0}, value = {0};

	buf_printf(&b, "  cunzhang --dir %s %s", c->type->feed == REC_FEED_TOWN ? "hub" : "village",
		   c->cmd->name);
	if (c->cmd->run == cmd_record)
		buf_printf(&b, " %s", cli_option_name(c->type->name, name));
	for (uint32_t i = 0; i < c->nopts; i++) {
		const struct option_def *o = &c->opts[i];
		bool quoted = o->field && o->field->kind == REC_TEXT;

		if (!o->field || (!o->required && !rec_first_needed(o->field)) ||
		    (args_of_line(c, o) && !line))
			continue;
		buf_printf(&b, " --%s ", cli_option_name(o->name, name));
		rec_example(o->field, say_lang(), &value);
		buf_printf(&b, quoted ? "'%s'" : "%s", buf_str(&value));
		buf_reset(&value);
	}
	buf_printf(&b, " --as %s", say_text(M_HELP_SOMEBODY));
	printf("\n%s\n%s\n", say_text(M_HELP_EXAMPLE), buf_str(&b));
	buf_close(&value);
	buf_close(&b);
}

enum part { PART_OTHER, PART_HEAD, PART_LINE };

static void put_part(const struct cli *c, enum part part)
{
	struct table t;

	table_begin(&t, 2);
	for (uint32_t i = 0; i < c->nopts; i++) {
		const struct option_def *o = &c->opts[i];
		enum part of = !o->field ? PART_OTHER : args_of_line(c, o) ? PART_LINE : PART_HEAD;

		if (of == part)
			put_option(&t, o);
	}
	if (part == PART_OTHER)
		put_globals(&t, c->cmd);
	table_print(&t, stdout);
}

/* What only --lines can give is not reported here, but by the file that lacks it. */
static void put_parts(const struct cli *c)
{
	const struct rec_type *t = c->type;
	bool any = c->cmd->run == cmd_record;

	if (t && t->nhead) {
		printf("\n%s\n", say_text(M_HELP_HEAD));
		put_part(c, PART_HEAD);
	}
	if (t && t->line && (any || c->cmd->lines)) {
		putchar('\n');
		SAY(stdout, any ? M_HELP_LINE : M_HELP_LINE_ONE, say_num(t->lines_min),
		    say_num(t->lines_max));
		put_part(c, PART_LINE);
	}
	printf("\n%s\n", say_text(M_OPTIONS));
	put_part(c, PART_OTHER);
}

void help_command(const struct cli *c)
{
	const struct command *m = c->cmd;
	bool any = m->run == cmd_record, of_type = any && c->type;
	char left[CLI_FIELD_MAX + 8], name[CLI_FIELD_MAX];
	const char *arg = of_type ? cli_option_name(c->type->name, name) : m->args;

	snprintf(left, sizeof(left), "%s%s[...]", arg, arg[0] ? " " : "");
	SAY(stdout, M_USAGE_ONE, m->name, left);
	if (of_type)
		printf("\n%s\n", say_lang() == LANG_EN ? c->type->en : c->type->zh);
	else
		printf("\n%s\n", say_text(m->help));
	if (m->more != M_NOTHING_MORE && !of_type)
		printf("%s\n", say_text(m->more));
	if (of_type) {
		put_roles(c->type);
		put_open(c->type);
	}
	columns_help(m);
	put_parts(c);
	if (of_type && made_by(c->type))
		printf("\n%s\n  cunzhang %s --help\n", say_text(M_HELP_MADE_BY), made_by(c->type));
	else if (of_type)
		put_example(c);
	if (any && !c->type) {
		putchar('\n');
		help_types(stdout);
	}
}
