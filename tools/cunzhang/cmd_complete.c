#include <string.h>

#include "daemon/ledger/query/view.h"
#include "tools/cunzhang/args.h"
#include "tools/cunzhang/cli.h"

/* The script is made from the same tables as the help. */

static void put_options(const struct option_def *o, uint32_t n)
{
	char name[CLI_FIELD_MAX];

	for (uint32_t i = 0; i < n; i++)
		printf(" --%s", cli_option_name(o[i].name, name));
}

static void put_globals(const struct command *cmd)
{
	for (const struct option_def *o = args_globals; o->name; o++)
		if (!cmd || args_global_fits(o, cmd))
			printf(" --%s", o->name);
}

/* The options of @cmd, or of `record` with the type @type. */
static void put_command(const struct command *cmd, const char *type)
{
	struct cli c = {.cmd = cmd};
	char *argv[] = {(char *)(type ? type : "")};

	if (args_gather(&c, type != NULL, argv, 0))
		return;
	printf("\t'%s%s%s') words='", cmd->name, type ? " " : "", type ? type : "");
	put_options(c.opts, c.nopts);
	put_globals(cmd);
	if (cmd->run == cmd_record && !type)
		for (uint32_t i = 0; i < rec_ntypes; i++)
			printf(" %s", rec_types[i].name);
	for (uint32_t i = 0; cmd->run == cmd_table && i < VIEWS_N; i++)
		printf(" %s", views[i].name);
	if (cmd->run == cmd_print)
		fputs(" notice passbook slip certificate guide", stdout);
	puts("' ;;");
}

/* Second words, once for each first one. */
static void put_group(uint32_t at)
{
	size_t n = strcspn(main_commands[at].name, " ");

	for (uint32_t i = 0; i < at; i++)
		if (strncmp(main_commands[i].name, main_commands[at].name, n + 1) == 0)
			return;
	printf("\t'%.*s') words='", (int)n, main_commands[at].name);
	for (uint32_t i = at; i < main_ncommands; i++)
		if (strncmp(main_commands[i].name, main_commands[at].name, n + 1) == 0)
			printf(" %s", main_commands[i].name + n + 1);
	puts("' ;;");
}

static void put_words(void)
{
	fputs("\t'') words='help", stdout);
	for (uint32_t i = 0; i < main_ncommands; i++)
		printf(" %.*s", (int)strcspn(main_commands[i].name, " "), main_commands[i].name);
	put_globals(NULL);
	puts("' ;;");
	for (uint32_t i = 0; i < main_ncommands; i++) {
		put_command(&main_commands[i], NULL);
		if (strchr(main_commands[i].name, ' '))
			put_group(i);
		for (uint32_t k = 0; main_commands[i].run == cmd_record && k < rec_ntypes; k++)
			put_command(&main_commands[i], rec_types[k].name);
	}
}

/* Options without a value; the word behind any other one is none of the command. */
static void put_switches(void)
{
	const char *bar = "";

	for (uint32_t i = 0; i <= main_ncommands; i++) {
		const struct option_def *o =
			i < main_ncommands ? main_commands[i].options : args_globals;

		for (; o->name; o++)
			if (!o->arg) {
				printf("%s--%s", bar, o->name);
				bar = "|";
			}
	}
}

int cmd_completion_bash(struct cli *c)
{
	(void)c;
	puts("# bash completion of cunzhang: source this file\n"
	     "_cunzhang() {\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words='' key='' word skip='' i\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\tword=${COMP_WORDS[i]}\n"
	     "\tif [[ -n $skip ]]; then skip=''; continue; fi\n"
	     "\tcase $word in");
	fputs("\t", stdout);
	put_switches();
	puts("|-y|-h) ;;\n"
	     "\t-*=*) ;;\n"
	     "\t-*) skip=1 ;;\n"
	     "\t*) key=$key${key:+ }$word ;;\n"
	     "\tesac\n"
	     "\tdone\n"
	     "\tkey=${key#help}; key=${key# }\n"
	     "\tif [[ -n $skip ]]; then COMPREPLY=($(compgen -f -- \"$cur\")); return; fi\n"
	     "\tcase $key in");
	put_words();
	puts("\t*) words='--help' ;;\n"
	     "\tesac\n"
	     "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	     "\t[[ ${#COMPREPLY[@]} -gt 0 || $cur == -* ]] || COMPREPLY=($(compgen -f -- "
	     "\"$cur\"))\n"
	     "}\n"
	     "complete -o filenames -F _cunzhang cunzhang");
	return EXIT_DONE;
}
