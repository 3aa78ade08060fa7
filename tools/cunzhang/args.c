#include "tools/cunzhang/args.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "lib/text.h"
#include "tools/cunzhang/help.h"

#define WORD_MAX 40

const struct option_def args_globals[] = {
	{"dir", "DIR", M_G_DIR, false, 0, NULL},
	{"json", NULL, M_G_JSON, false, 0, NULL},
	{"lang", "zh|en", M_G_LANG, false, 0, NULL},
	{"dry-run", NULL, M_G_DRY_RUN, false, 0, NULL},
	{"yes", NULL, M_G_YES, false, 'y', NULL},
	{"accept", NULL, M_O_ACCEPT, false, 0, NULL},
	{"id", "HEX", M_G_ID, false, 0, NULL},
	{"passphrase-file", "FILE", M_G_PASSPHRASE_FILE, false, 0, NULL},
	{"help", NULL, M_G_HELP, false, 'h', NULL},
	{NULL, NULL, M_COUNT, false, 0, NULL},
};

bool args_global_fits(const struct option_def *o, const struct command *cmd)
{
	if (o->help == M_G_DRY_RUN || o->help == M_G_YES)
		return cmd->flags & CMD_WRITES;
	if (o->help == M_G_ID || o->help == M_O_ACCEPT)
		return cmd->flags & CMD_ID;
	if (o->help == M_G_PASSPHRASE_FILE)
		return cmd->flags & (CMD_WRITES | CMD_SIGNS);
	if (o->help == M_G_DIR)
		return !(cmd->flags & CMD_NO_DIR);
	return true;
}

/* --- near names ----------------------------------------------------------------------------------- */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= n; i++)
		for (size_t j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = (unsigned)(i + j);
				continue;
			}
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
					d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

const char *args_nearest(const char *word, const char *const *names, uint32_t n)
{
	unsigned best_d = (unsigned)strlen(word) / 3 + 2;
	const char *best = NULL;

	for (uint32_t i = 0; i < n; i++) {
		unsigned d = distance(word, names[i]);

		if (strlen(word) > 1 && strncmp(word, names[i], strlen(word)) == 0)
			d = 1; /* its beginning */
		if (d < best_d && d < strlen(names[i])) {
			best_d = d;
			best = names[i];
		}
	}
	return best;
}

/* --- one option ----------------------------------------------------------------------------------- */

/* A word that is an option: its name and the value behind "=", or its letter. */
struct word {
	char name[WORD_MAX + 1];
	const char *value;
	char letter;
};

static bool is_option(const char *s)
{
	return s[0] == '-' && s[1];
}

static struct word word_of(const char *s)
{
	struct word w = {0};
	size_t n;

	if (s[1] != '-') {
		w.letter = s[2] ? '-' : s[1]; /* no option has the letter "-" */
		snprintf(w.name, sizeof(w.name), "%s", s + 1);
		return w;
	}
	n = strcspn(s + 2, "=");
	snprintf(w.name, sizeof(w.name), "%.*s", (int)(n < WORD_MAX ? n : WORD_MAX), s + 2);
	w.value = s[2 + n] ? s + 2 + n + 1 : NULL;
	return w;
}

static bool fits(const struct word *w, const struct option_def *o)
{
	char name[CLI_FIELD_MAX];

	if (w->letter)
		return o->letter == w->letter;
	return strcmp(w->name, cli_option_name(o->name, name)) == 0 ||
	       strcmp(w->name, o->name) == 0;
}

/* Names of files are bytes; those of evidence go into the JSON of a request, too. */
static bool is_path(const struct option_def *o)
{
	return !o->field && o->help != M_O_FILE &&
	       (strcmp(o->arg, "FILE") == 0 || strcmp(o->arg, "DIR") == 0);
}

/* JSON takes nothing but UTF-8: other text would be left out without a word. @what is of the option or
 * the argument. */
static int check_text(const char *what, const char *text)
{
	if (utf8_valid(text, strlen(text)))
		return EXIT_DONE;
	SAY(stderr, M_NOT_UTF8, what);
	return EXIT_USAGE;
}

/* The value of option @o at argv[*at], which moves on. Exit code. */
static int value_of(const struct option_def *o, const struct word *w, int argc, char **argv,
		    int *at, const char **ret)
{
	char option[CLI_FIELD_MAX + 2] = "--";

	if (!o->arg && w->value) {
		SAY(stderr, M_OPTION_NO_VALUE, argv[*at]);
		return EXIT_USAGE;
	}
	if (!o->arg) {
		*ret = "";
	} else if (w->value) {
		*ret = w->value;
	} else if (*at + 1 < argc) {
		*ret = argv[++*at];
	} else {
		SAY(stderr, M_OPTION_VALUE, argv[*at], o->arg);
		return EXIT_USAGE;
	}
	++*at;
	if (!o->arg || is_path(o))
		return EXIT_DONE;
	cli_option_name(o->name, option + 2);
	return check_text(option, *ret);
}

static int set_lang(const char *value)
{
	if (say_language(value))
		return EXIT_DONE;
	SAY(stderr, M_BAD_LANG);
	return EXIT_USAGE;
}

static int set_id(struct cli *c, const char *value)
{
	uint8_t id[TXID_BYTES];

	c->id = value;
	if (hex_get(value, strlen(value), id, sizeof(id)))
		return EXIT_DONE;
	SAY(stderr, M_BAD_ID, value);
	return EXIT_USAGE;
}

static int set_global(struct cli *c, const struct option_def *o, const char *value)
{
	if (o->help == M_G_LANG)
		return set_lang(value);
	if (o->help == M_G_ID)
		return set_id(c, value);
	if (o->help == M_G_DIR)
		c->dir = value;
	else if (o->help == M_G_PASSPHRASE_FILE)
		c->passphrase_file = value;
	c->json = c->json || o->help == M_G_JSON;
	c->dry_run = c->dry_run || o->help == M_G_DRY_RUN;
	c->accept = c->accept || o->help == M_O_ACCEPT;
	c->yes = c->yes || o->help == M_G_YES;
	c->help = c->help || o->help == M_G_HELP;
	return EXIT_DONE;
}

/* Takes argv[*at] if it is a global option; *@ret_taken says so. Exit code. */
static int take_global(struct cli *c, int argc, char **argv, int *at, bool *ret_taken)
{
	struct word w = word_of(argv[*at]);

	*ret_taken = false;
	for (const struct option_def *o = args_globals; o->name; o++) {
		const char *value;
		int rv;

		if (!fits(&w, o) || (c->cmd && !args_global_fits(o, c->cmd)))
			continue;
		*ret_taken = true;
		if (c->globals >> (o - args_globals) & 1) {
			SAY(stderr, M_OPTION_TWICE, argv[*at]);
			return EXIT_USAGE;
		}
		c->globals |= 1u << (o - args_globals);
		rv = value_of(o, &w, argc, argv, at, &value);
		return rv ? rv : set_global(c, o, value);
	}
	return EXIT_DONE;
}

static int take_own(struct cli *c, int argc, char **argv, int *at, bool *ret_taken)
{
	struct word w = word_of(argv[*at]);

	*ret_taken = false;
	for (uint32_t i = 0; i < c->nopts; i++) {
		if (!fits(&w, &c->opts[i]))
			continue;
		*ret_taken = true;
		if (c->value[i]) {
			SAY(stderr, M_OPTION_TWICE, argv[*at]);
			return EXIT_USAGE;
		}
		return value_of(&c->opts[i], &w, argc, argv, at, &c->value[i]);
	}
	return EXIT_DONE;
}

/* `record` whose first word was an option: what its options are is not known. */
static bool lacks_type(const struct cli *c)
{
	return c->cmd && c->cmd->run == cmd_record && !c->type;
}

static int unknown_option(const struct cli *c, const char *text)
{
	char name[CLI_OPTIONS_MAX][CLI_FIELD_MAX];
	const char *names[CLI_OPTIONS_MAX + 16], *near;
	struct word w = word_of(text);
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nopts; i++)
		names[n++] = cli_option_name(c->opts[i].name, name[i]);
	for (const struct option_def *o = args_globals; o->name; o++)
		if (!c->cmd || args_global_fits(o, c->cmd))
			names[n++] = o->name;
	SAY(stderr, M_UNKNOWN_OPTION, text);
	if (lacks_type(c)) {
		SAY(stderr, M_TYPE_FIRST);
		return EXIT_USAGE;
	}
	near = w.letter ? NULL : args_nearest(w.name, names, n);
	if (near) {
		char option[WORD_MAX + 3];

		snprintf(option, sizeof(option), "--%s", near);
		SAY(stderr, M_DID_YOU_MEAN, option);
	}
	return EXIT_USAGE;
}

/* --- the whole line ------------------------------------------------------------------------------- */

int args_take_globals(struct cli *c, int argc, char **argv, int *at)
{
	while (*at < argc && is_option(argv[*at])) {
		bool taken;
		int rv = take_global(c, argc, argv, at, &taken);

		if (rv)
			return rv;
		if (!taken)
			return unknown_option(c, argv[*at]);
	}
	return EXIT_DONE;
}

static int take_arg(struct cli *c, const char *text)
{
	bool many = strstr(c->cmd->args, "...") != NULL, bracket = c->cmd->args[0] == '[';
	char name[WORD_MAX];
	uint32_t most = many ? CLI_ARGS_MAX : c->cmd->args[0] ? 1 : 0;

	if (c->nargs == most) {
		SAY(stderr, M_ARGUMENT_EXTRA, text);
		return EXIT_USAGE;
	}
	c->args[c->nargs++] = text;
	/* "ENTRY" of "[ENTRY...]" */
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(c->cmd->args + bracket, ".]"),
		 c->cmd->args + bracket);
	return strcmp(name, "FILE") == 0 ? EXIT_DONE : check_text(name, text);
}

bool args_of_line(const struct cli *c, const struct option_def *o)
{
	return c->type && o->field && c->type->line && o->field >= c->type->line &&
	       o->field < c->type->line + c->type->nline;
}

/* Do the options have to make a line: none comes from a file, and one is needed or was begun? */
static bool makes_line(const struct cli *c)
{
	if (!c->type || cli_option(c, "lines"))
		return false;
	for (uint32_t i = 0; i < c->nopts; i++)
		if (c->value[i] && args_of_line(c, &c->opts[i]))
			return true;
	return c->type->lines_min > 0 && !rec_line_key(c->type);
}

static int check_options(const struct cli *c)
{
	char name[CLI_FIELD_MAX];
	bool line = makes_line(c);
	struct buf missing = {0};
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->nopts; i++) {
		if (!c->opts[i].required || c->value[i] || (args_of_line(c, &c->opts[i]) && !line))
			continue;
		buf_printf(&missing, "%s--%s", n++ ? ", " : "",
			   cli_option_name(c->opts[i].name, name));
	}
	if (n)
		SAY(stderr, n == 1 ? M_OPTION_MISSING : M_OPTIONS_MISSING, buf_str(&missing));
	buf_close(&missing);
	return n ? EXIT_USAGE : EXIT_DONE;
}

static int check_complete(const struct cli *c)
{
	if (c->nargs == 0 && c->cmd->args[0] && c->cmd->args[0] != '[') {
		SAY(stderr, M_ARGUMENT_MISSING, c->cmd->args);
		return EXIT_USAGE;
	}
	if (lacks_type(c)) {
		SAY(stderr, M_TYPE_FIRST);
		return EXIT_USAGE;
	}
	return check_options(c);
}

/* Where the command line names the one entry that it is about; NULL: nowhere. */
static const char **entry_of(struct cli *c)
{
	if (c->nargs == 1 && strcmp(c->cmd->args, "ENTRY") == 0)
		return &c->args[0];
	for (uint32_t i = 0; i < c->nopts; i++)
		if (strcmp(c->opts[i].name, "entry") == 0)
			return &c->value[i];
	return NULL;
}

/* "335.1", as accounts show it, is entry 335 with --line 1. */
static void part_line(struct cli *c)
{
	const char **entry = entry_of(c), *dot = entry && *entry ? strchr(*entry, '.') : NULL;
	uint64_t n, line;

	if (!dot || !u64_parse(*entry, (size_t)(dot - *entry), &n) ||
	    !u64_parse(dot + 1, strlen(dot + 1), &line))
		return;
	for (uint32_t i = 0; i < c->nopts; i++) {
		if (strcmp(c->opts[i].name, "line") != 0 || c->value[i])
			continue;
		snprintf(c->entry_line[0], sizeof(c->entry_line[0]), "%" PRIu64, n);
		snprintf(c->entry_line[1], sizeof(c->entry_line[1]), "%" PRIu64, line);
		*entry = c->entry_line[0];
		c->value[i] = c->entry_line[1];
	}
}

int args_take_rest(struct cli *c, int argc, char **argv, int at)
{
	bool only_args = false;

	while (at < argc) {
		bool taken = true;
		int rv = EXIT_DONE;

		if (!only_args && strcmp(argv[at], "--") == 0) {
			only_args = true;
			at++;
		} else if (only_args || !is_option(argv[at])) {
			rv = take_arg(c, argv[at++]);
		} else {
			rv = take_own(c, argc, argv, &at, &taken);
			if (!rv && !taken)
				rv = take_global(c, argc, argv, &at, &taken);
			if (!rv && !taken)
				rv = unknown_option(c, argv[at]);
		}
		if (rv)
			return rv;
	}
	part_line(c);
	return c->help ? EXIT_DONE : check_complete(c);
}

/* --- what options there are ------------------------------------------------------------------------ */

/* Fields that a command fills in by itself. */
static bool field_hidden(const struct command *cmd, const struct rec_field *f)
{
	const char *n = f->name;

	switch (cmd->record) {
	case REC_invitation: return strcmp(n, "invite_key") == 0;
	case REC_grant: return strcmp(n, "key") == 0 || strcmp(n, "name") == 0;
	case REC_revoke: return strcmp(n, "key") == 0;
	case REC_reversal: return strcmp(n, "entry") == 0;
	case REC_redemption: return strcmp(n, "household") == 0;
	case REC_points: return strcmp(n, "digest") == 0; /* --file */
	default: return false;
	}
}

static bool field_required(const struct cli *c, const struct rec_field *f)
{
	if (c->cmd->fields_lax || rec_optional(f))
		return false;
	/* numbered by itself at the counter */
	return !(c->cmd->run == cmd_redeem && strcmp(f->name, "slip") == 0);
}

static const char *placeholder(const struct rec_field *f)
{
	switch (f->kind) {
	case REC_U: return f->counts == REC_PERCENT ? "PERCENT" : f->counts ? "DAYS" : "N";
	case REC_POINTS: return "POINTS";
	case REC_FEN: return "YUAN";
	case REC_QTY: return "N";
	case REC_DAY: return "DATE";
	case REC_TEXT: return "TEXT";
	case REC_CODE: return "CODE";
	case REC_BIN: return "HEX";
	case REC_CHOICE: return "CHOICE";
	case REC_MINUTE: return "HH:MM";
	case REC_DIGEST: return "FILE";
	}
	return "VALUE";
}

static bool is_taken(const struct cli *c, const char *name)
{
	for (uint32_t i = 0; i < c->nopts; i++)
		if (strcmp(c->opts[i].name, name) == 0)
			return true;
	return false;
}

/* Where head and line have a field of one name, that of the line is called "line-...". */
static const char *field_option(const struct cli *c, const struct rec_field *f)
{
	static char names[CLI_OPTIONS_MAX][CLI_FIELD_MAX];
	char *name = names[c->nopts];

	if (!is_taken(c, f->name))
		return f->name;
	snprintf(name, CLI_FIELD_MAX, "line_%s", f->name);
	return name;
}

static void gather_fields(struct cli *c, const struct rec_field *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (field_hidden(c->cmd, &f[i]))
			continue;
		assert(c->nopts < CLI_OPTIONS_MAX);
		c->opts[c->nopts] = (struct option_def){.name = field_option(c, &f[i]),
							.arg = placeholder(&f[i]),
							.help = M_COUNT,
							.required = field_required(c, &f[i]),
							.field = &f[i]};
		assert(!is_taken(c, c->opts[c->nopts].name));
		c->nopts++;
	}
}

int args_unknown_type(const char *name)
{
	const char *names[128], *near;
	uint32_t n = 0;

	for (; n < rec_ntypes && n < 128; n++)
		names[n] = rec_types[n].name;
	SAY(stderr, M_UNKNOWN_TYPE, name);
	near = args_nearest(name, names, n);
	if (near)
		SAY(stderr, M_DID_YOU_MEAN, near);
	help_types(stderr);
	return EXIT_USAGE;
}

/* The type of `record` is the word at @at; options before it would be ambiguous. Without one, its absence is
 * reported later, or help is wanted. */
static bool take_type(struct cli *c, int argc, char **argv, int at)
{
	if (at >= argc || is_option(argv[at]))
		return true;
	c->type = cli_type(argv[at]);
	return c->type != NULL;
}

/* --lines is not for a record that has none, and whose own field may be called so; --drop for those that start from
 * another version. */
static bool option_fits(const struct cli *c, const struct option_def *o)
{
	if (o->help == M_O_DROP && c->type)
		return rec_line_key(c->type) != NULL;
	return o->help != M_O_LINES || !c->type || c->type->line;
}

int args_gather(struct cli *c, int argc, char **argv, int at)
{
	const struct command *cmd = c->cmd;
	bool any = cmd->run == cmd_record;

	c->nopts = 0;
	c->type = cmd->record ? rec_type_of(cmd->record) : NULL;
	if (any && !take_type(c, argc, argv, at))
		return EXIT_USAGE;
	for (const struct option_def *o = cmd->options; o->name; o++)
		if (option_fits(c, o))
			c->opts[c->nopts++] = *o;
	if (!c->type)
		return EXIT_DONE;
	gather_fields(c, c->type->head, c->type->nhead);
	if (any || cmd->lines)
		gather_fields(c, c->type->line, c->type->nline);
	return EXIT_DONE;
}
