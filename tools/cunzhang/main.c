#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/io/limits.h"
#include "lib/sign.h"
#include "tools/cunzhang/args.h"
#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/help.h"

#define NAME_BYTES_MAX 40
#define CLI_VERSION    "0.1"

/* --- the commands --------------------------------------------------------------------------------- */

/* clang-format off */
#define END {NULL, NULL, M_COUNT, false, 0, NULL}
#define AS {"as", "NAME", M_O_AS, true, 0, NULL}
#define FEED {"feed", "FEED", M_O_FEED, false, 0, NULL}
#define DROP {"drop", "LIST", M_O_DROP, false, 0, NULL}
#define ACCEPT {"accept", NULL, M_O_ACCEPT, false, 0, NULL}

static const struct option_def o_init_hub[] = {
	{"name", "NAME", M_O_NAME, true, 0, NULL},
	{"code", "CODE", M_O_CODE, true, 0, NULL},
	{"domain", "DOMAIN", M_O_DOMAIN, false, 0, NULL},
	{"training", NULL, M_O_TRAINING, false, 0, NULL},
	{"listen", "HOST:PORT", M_O_LISTEN, true, 0, NULL},
	{"advertise", "HOST:PORT", M_O_ADVERTISE, false, 0, NULL},
	{"http", "HOST:PORT", M_O_HTTP, false, 0, NULL},
	{"operator", "NAME", M_O_OPERATOR, true, 0, NULL},
	END,
};
static const struct option_def o_init_village[] = {
	{"invitation", "FILE", M_O_INVITATION, true, 0, NULL},
	{"operator", "NAME", M_O_OPERATOR, true, 0, NULL},
	{"http", "HOST:PORT", M_O_HTTP, false, 0, NULL},
	END,
};
static const struct option_def o_invite[] = {
	AS, {"out", "FILE", M_O_OUT, true, 'o', NULL}, END,
};
static const struct option_def o_operator_add[] = {
	AS, {"key", "HEX", M_O_KEY, false, 0, NULL}, {"second-key", NULL, M_O_SECOND_KEY, false, 0, NULL}, END,
};
static const struct option_def o_operator_revoke[] = {
	AS, {"key", "HEX", M_O_KEY_OF, false, 0, NULL}, END,
};
static const struct option_def o_roster[] = {
	AS, ACCEPT, {"consent-day", "DATE", M_O_CONSENT_DAY, false, 0, NULL}, END,
};
static const struct option_def o_import[] = {AS, ACCEPT, END};
static const struct option_def o_entry_import[] = {
	AS,
	{"review-as", "NAME", M_O_REVIEW_AS, true, 0, NULL},
	{"confirm-as", "NAME", M_O_CONFIRM_AS, true, 0, NULL},
	ACCEPT,
	END,
};
static const struct option_def o_catalogue_show[] = {
	{"version", "N", M_O_VERSION, false, 0, NULL}, FEED, END,
};
static const struct option_def o_step[] = {
	AS,
	{"all", NULL, M_O_STEP_ALL, false, 0, NULL},
	{"group", "CODE", M_O_STEP_GROUP, false, 0, NULL},
	{"line", "N", M_O_LINE, false, 0, NULL},
	{"refuse", NULL, M_O_REFUSE, false, 0, NULL},
	{"opinion", "TEXT", M_O_OPINION, false, 0, NULL},
	END,
};
static const struct option_def o_entry_list[] = {
	{"state", "STATE", M_O_STATE, false, 0, NULL}, FEED, END,
};
static const struct option_def o_account[] = {FEED, {"all", NULL, M_O_ALL, false, 0, NULL}, END};
static const struct option_def o_score[] = {{"year", "YEAR", M_O_YEAR, false, 0, NULL}, FEED, END};
static const struct option_def o_as[] = {AS, END};
static const struct option_def o_feed[] = {FEED, END};
static const struct option_def o_entry_record[] = {
	AS, {"file", "FILE", M_O_FILE, false, 0, NULL}, END,
};
static const struct option_def o_record[] = {
	AS, {"lines", "FILE", M_O_LINES, false, 0, NULL}, DROP, END,
};
static const struct option_def o_adopt[] = {
	AS, {"lines", "FILE", M_O_CHANGES, false, 0, NULL}, DROP, END,
};
static const struct option_def o_none[] = {END};
static const struct option_def o_status[] = {
	{"full", NULL, M_O_STATUS_FULL, false, 0, NULL}, END,
};
static const struct option_def o_verify[] = {{"quick", NULL, M_O_QUICK, false, 0, NULL}, END};
static const struct option_def o_log[] = {
	FEED,
	{"from", "N", M_O_FROM_ENTRY, false, 0, NULL},
	{"count", "N", M_O_COUNT, false, 'n', NULL},
	{"full", NULL, M_O_FULL, false, 0, NULL},
	END,
};

static const struct option_def o_table[] = {
	FEED,
	{"from", "DATE", M_O_FROM_DAY, false, 0, NULL},
	{"to", "DATE", M_O_TO_DAY, false, 0, NULL},
	{"category", "A-G", M_O_CATEGORY, false, 0, NULL},
	{"household", "CODE", M_O_LEDGER_HOUSEHOLD, false, 0, NULL},
	{"year", "YEAR", M_O_TABLE_YEAR, false, 0, NULL},
	{"csv", "FILE", M_O_CSV, false, 0, NULL},
	{"xlsx", "FILE", M_O_XLSX, false, 0, NULL},
	END,
};
static const struct option_def o_entry_sheet[] = {
	{"group", "CODE", M_O_SHEET_GROUP, true, 0, NULL},
	{"item", "CODE", M_O_SHEET_ITEM, true, 0, NULL},
	{"day", "DATE", M_O_SHEET_DAY, true, 0, NULL},
	{"place", "TEXT", M_O_SHEET_PLACE, true, 0, NULL},
	{"reason", "TEXT", M_O_SHEET_REASON, true, 0, NULL},
	{"evidence", "TEXT", M_O_SHEET_EVIDENCE, true, 0, NULL},
	{"out", "FILE", M_O_OUT, true, 'o', NULL},
	END,
};
static const struct option_def o_template[] = {
	{"out", "FILE", M_O_TEMPLATE_OUT, true, 'o', NULL}, END,
};
static const struct option_def o_redeem[] = {
	AS,
	{"goods", "LIST", M_O_GOODS, true, 0, NULL},
	{"out", "FILE", M_O_SLIP_OUT, false, 'o', NULL},
	END,
};
static const struct option_def o_lock[] = {
	{"as", "NAME", M_O_LOCK_AS, false, 0, NULL},
	END,
};
static const struct option_def o_notice[] = {
	{"from", "DATE", M_O_FROM_DAY, false, 0, NULL},
	{"to", "DATE", M_O_TO_DAY, false, 0, NULL},
	{"as", "NAME", M_O_PAPER_AS, false, 0, NULL},
	{"empty", NULL, M_O_PAPER_EMPTY, false, 0, NULL},
	{"out", "FILE", M_O_PAPER_OUT, true, 'o', NULL},
	END,
};
static const struct option_def o_print[] = {
	{"entry", "N", M_O_PAPER_ENTRY, false, 0, NULL},
	{"household", "CODE", M_O_PAPER_HOUSEHOLD, false, 0, NULL},
	{"all", NULL, M_O_PAPER_ALL, false, 0, NULL},
	{"as", "NAME", M_O_PAPER_AS, false, 0, NULL},
	{"empty", NULL, M_O_PAPER_EMPTY, false, 0, NULL},
	{"out", "FILE", M_O_PAPER_OUT, true, 'o', NULL},
	END,
};
static const struct option_def o_register[] = {
	FEED,
	{"csv", "FILE", M_O_CSV, false, 0, NULL},
	{"xlsx", "FILE", M_O_XLSX, false, 0, NULL},
	END,
};

#define W (CMD_WRITES | CMD_ID)
#define IMPORTS CMD_WRITES /* their IDs follow from the file */
const struct command main_commands[] = {
	{"init hub", "", M_C_INIT_HUB, M_X_INIT_HUB, CMD_SIGNS, cmd_init_hub, o_init_hub, 0, false, false},
	{"init village", "", M_C_INIT_VILLAGE, M_X_INIT_VILLAGE, CMD_SIGNS, cmd_init_village, o_init_village, 0, false, false},
	{"invite", "", M_C_INVITE, M_X_INVITE, W, cmd_invite, o_invite, REC_invitation, false, false},
	{"villages", "", M_C_VILLAGES, M_NOTHING_MORE, 0, cmd_villages, o_none, 0, false, false},
	{"unlock", "", M_C_UNLOCK, M_X_UNLOCK, CMD_SIGNS, cmd_unlock, o_as, 0, false, false},
	{"lock", "", M_C_LOCK, M_NOTHING_MORE, 0, cmd_lock, o_lock, 0, false, false},
	{"operator add", "NAME", M_C_OPERATOR_ADD, M_X_OPERATOR_ADD, W, cmd_operator_add, o_operator_add, REC_grant, false, false},
	{"operator revoke", "NAME", M_C_OPERATOR_REVOKE, M_NOTHING_MORE, W, cmd_operator_revoke, o_operator_revoke, REC_revoke, false, false},
	{"operator list", "", M_C_OPERATOR_LIST, M_NOTHING_MORE, 0, cmd_operator_list, o_feed, 0, false, false},
	{"roster import", "FILE", M_C_ROSTER_IMPORT, M_X_IMPORT, IMPORTS, cmd_roster_import, o_roster, 0, false, false},
	{"catalogue import", "FILE", M_C_CATALOGUE_IMPORT, M_X_IMPORT, IMPORTS, cmd_catalogue_import, o_import, REC_catalogue, false, true},
	{"catalogue adopt", "", M_C_CATALOGUE_ADOPT, M_NOTHING_MORE, W, cmd_catalogue_adopt, o_adopt, REC_adopt_catalogue, false, false},
	{"catalogue show", "", M_C_CATALOGUE_SHOW, M_NOTHING_MORE, 0, cmd_catalogue_show, o_catalogue_show, 0, false, false},
	{"entry record", "", M_C_ENTRY_RECORD, M_X_ENTRY_RECORD, W, cmd_entry_record, o_entry_record, REC_points, true, false},
	{"entry review", "[ENTRY...]", M_C_ENTRY_REVIEW, M_X_ENTRY_STEP, W, cmd_entry_review, o_step, 0, false, false},
	{"entry confirm", "[ENTRY...]", M_C_ENTRY_CONFIRM, M_X_ENTRY_STEP, W, cmd_entry_confirm, o_step, 0, false, false},
	{"entry reverse", "ENTRY", M_C_ENTRY_REVERSE, M_X_ENTRY_REVERSE, W, cmd_entry_reverse, o_as, REC_reversal, false, false},
	{"entry import", "FILE", M_C_ENTRY_IMPORT, M_X_IMPORT, IMPORTS, cmd_entry_import, o_entry_import, 0, false, false},
	{"entry sheet", "", M_C_ENTRY_SHEET, M_X_ENTRY_SHEET, 0, cmd_entry_sheet, o_entry_sheet, 0, false, false},
	{"entry list", "", M_C_ENTRY_LIST, M_NOTHING_MORE, 0, cmd_entry_list, o_entry_list, 0, false, false},
	{"template", "NAME", M_C_TEMPLATE, M_X_TEMPLATE, CMD_NO_DIR, cmd_template, o_template, 0, false, false},
	{"record", "TYPE", M_C_RECORD, M_X_RECORD, W, cmd_record, o_record, 0, false, false},
	{"account", "[HOUSEHOLD|NAME]", M_C_ACCOUNT, M_NOTHING_MORE, 0, cmd_account, o_account, 0, false, false},
	{"redeem", "HOUSEHOLD", M_C_REDEEM, M_X_REDEEM, W, cmd_redeem, o_redeem, REC_redemption, false, false},
	{"score", "", M_C_SCORE, M_NOTHING_MORE, 0, cmd_score, o_score, 0, false, false},
	{"notice make", "KIND", M_C_NOTICE, M_X_NOTICE, W, cmd_notice, o_notice, 0, false, false},
	{"notice check", "CODE", M_C_NOTICE_CHECK, M_NOTHING_MORE, 0, cmd_notice_check, o_feed, 0, false, false},
	{"print", "PAPER", M_C_PRINT, M_X_PRINT, W, cmd_print, o_print, 0, false, false},
	{"table", "[NAME]", M_C_TABLE, M_X_TABLE, 0, cmd_table, o_table, 0, false, false},
	{"register", "[TYPE]", M_C_REGISTER, M_NOTHING_MORE, 0, cmd_register, o_register, 0, false, false},
	{"status", "", M_C_STATUS, M_X_STATUS, 0, cmd_status, o_status, 0, false, false},
	{"verify", "", M_C_VERIFY, M_X_VERIFY, 0, cmd_verify, o_verify, 0, false, false},
	{"digest", "", M_C_DIGEST, M_NOTHING_MORE, 0, cmd_digest, o_feed, 0, false, false},
	{"evidence check", "", M_C_EVIDENCE_CHECK, M_X_EVIDENCE_CHECK, 0, cmd_evidence_check, o_feed, 0, false, false},
	{"evidence show", "WHICH", M_C_EVIDENCE_SHOW, M_X_EVIDENCE_SHOW, 0, cmd_evidence_show, o_feed, 0, false, false},
	{"log", "", M_C_LOG, M_NOTHING_MORE, 0, cmd_log, o_log, 0, false, false},
	{"completion bash", "", M_C_COMPLETION, M_X_COMPLETION, CMD_NO_DIR, cmd_completion_bash, o_none, 0, false, false},
};
const uint32_t main_ncommands = sizeof(main_commands) / sizeof(main_commands[0]);
/* clang-format on */

/* --- finding the command --------------------------------------------------------------------------- */

static const struct command *command_named(const char *name)
{
	for (uint32_t i = 0; i < main_ncommands; i++)
		if (strcmp(main_commands[i].name, name) == 0)
			return &main_commands[i];
	return NULL;
}

/* Is it the first of two words? */
static bool begins_command(const char *word)
{
	size_t n = strlen(word);

	for (uint32_t i = 0; i < main_ncommands; i++)
		if (strncmp(main_commands[i].name, word, n) == 0 && main_commands[i].name[n] == ' ')
			return true;
	return false;
}

/* @group: the first of two words, when it is one; "". */
static int unknown_command(const char *name, const char *group)
{
	char first[64][NAME_BYTES_MAX];
	const char *names[128], *near;
	uint32_t n = 0;

	for (uint32_t i = 0; i < main_ncommands && i < 64; i++) {
		const char *m = main_commands[i].name;

		names[n++] = m;
		snprintf(first[i], sizeof(first[i]), "%.*s", (int)strcspn(m, " "), m);
		names[n++] = first[i];
	}
	SAY(stderr, M_UNKNOWN_COMMAND, name);
	near = args_nearest(name, names, n);
	if (near)
		SAY(stderr, M_DID_YOU_MEAN, near);
	else
		SAY(stderr, M_HINT_HELP, group);
	return EXIT_USAGE;
}

static bool wants_help(const struct cli *c, int argc, char **argv, int at)
{
	return c->help ||
	       (at < argc && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0));
}

/* Sets c->cmd from the words at @at. EXIT_DONE without a command: help was given. */
static int take_command(struct cli *c, int argc, char **argv, int *at)
{
	const char *word = argv[(*at)++];
	char name[2 * NAME_BYTES_MAX];

	c->cmd = command_named(word);
	if (c->cmd)
		return EXIT_DONE;
	if (!begins_command(word))
		return unknown_command(word, "");
	if (*at < argc && argv[*at][0] != '-') {
		snprintf(name, sizeof(name), "%s %.*s", word, NAME_BYTES_MAX, argv[*at]);
		++*at;
		c->cmd = command_named(name);
		return c->cmd ? EXIT_DONE : unknown_command(name, word);
	}
	if (wants_help(c, argc, argv, *at)) {
		help_group(word);
		return EXIT_DONE;
	}
	SAY(stderr, M_COMMAND_SECOND, word);
	SAY(stderr, M_HINT_HELP, word);
	return EXIT_USAGE;
}

/* --- running it ------------------------------------------------------------------------------------- */

static int check_globals(struct cli *c)
{
	if (c->dry_run && !(c->cmd->flags & CMD_WRITES)) {
		SAY(stderr, M_NO_DRY_RUN, c->cmd->name);
		return EXIT_USAGE;
	}
	if (!c->dir)
		c->dir = getenv("CUNZHANG_DIR");
	if (!c->dir)
		c->dir = ".";
	return EXIT_DONE;
}

/* A record must not stand in the log before it turns out that its paper cannot be written. */
static int check_outputs(const struct cli *c)
{
	static const char *const names[] = {"out", "csv", "xlsx"};
	int rv = EXIT_DONE;

	for (uint32_t i = 0; i < c->nopts && !rv; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (!rv && c->value[i] && !c->opts[i].field &&
			    strcmp(c->opts[i].name, names[k]) == 0)
				rv = cli_check_out(c->value[i]);
	return rv;
}

static int run_command(struct cli *c, int argc, char **argv, int at)
{
	char name[2 * NAME_BYTES_MAX], option[CLI_FIELD_MAX];
	int rv = args_gather(c, argc, argv, at);
	bool any = c->cmd->run == cmd_record && c->type;

	if (!rv)
		rv = args_take_rest(c, argc, argv, at);
	if (!rv && c->help) {
		help_command(c);
		return EXIT_DONE;
	}
	if (!rv)
		rv = check_globals(c);
	if (!rv) {
		rv = check_outputs(c);
		return rv ? rv : c->cmd->run(c);
	}
	snprintf(name, sizeof(name), "%s%s%s", c->cmd->name, any ? " " : "",
		 any ? cli_option_name(c->type->name, option) : "");
	SAY(stderr, M_HINT_HELP, name);
	return rv;
}

static int run(struct cli *c, int argc, char **argv)
{
	int at = 1, rv = args_take_globals(c, argc, argv, &at);

	if (!rv && at < argc && strcmp(argv[at], "help") == 0) {
		c->help = true;
		at++;
	}
	if (rv) {
		SAY(stderr, M_HINT_HELP, "");
		return rv;
	}
	if (at == argc) {
		help_all();
		return c->help ? EXIT_DONE : EXIT_USAGE;
	}
	rv = take_command(c, argc, argv, &at);
	return rv || !c->cmd ? rv : run_command(c, argc, argv, at);
}

/* What is said before --lang is reached should be in its language, too. */
static void find_language(int argc, char **argv)
{
	say_language(NULL);
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--lang=", 7) == 0)
			say_language(argv[i] + 7);
		else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
			say_language(argv[i + 1]);
	}
}

int main(int argc, char **argv)
{
	struct cli c = {0};
	int rv;

	find_language(argc, argv);
	limits_set();
	if (crypto_start() || curl_global_init(CURL_GLOBAL_DEFAULT))
		return EXIT_MACHINE;
	/* alone; with a command it is the version of a catalogue */
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		rv = puts("cunzhang " CLI_VERSION) < 0;
	else
		rv = run(&c, argc, argv);
	for (int i = 1; i < argc; i++) /* also behind what is wrong */
		c.json = c.json || strcmp(argv[i], "--json") == 0;
	cli_json_failed(&c, rv);
	curl_global_cleanup();
	if (fflush(stdout) || ferror(stdout)) {
		SAY(stderr, M_STDOUT);
		rv = EXIT_MACHINE;
	}
	return rv;
}
