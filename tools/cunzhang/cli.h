#ifndef TOOLS_CUNZHANG_CLI_H
#define TOOLS_CUNZHANG_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "proto/record.h"
#include "tools/cunzhang/say.h"

/* The command line: sub-commands in a table (main.c), their options in tables, those of records from the
 * description of records. */
enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_MACHINE = 3, EXIT_UNVERIFIED = 4 };

#define CLI_ARGS_MAX	64
#define CLI_OPTIONS_MAX 48

struct option_def {
	const char *name; /* of a field: with "_", which is "-" on the command line */
	const char *arg;  /* what the help calls the value; NULL: a switch */
	enum msg_id help; /* not of a field: its label and bounds are shown */
	bool required;
	char letter; /* short form, or 0 */
	const struct rec_field *field;
};

#define CMD_WRITES 1u /* takes --dry-run, --yes and passphrases */
#define CMD_ID	   8u /* and --id */
#define CMD_SIGNS  2u /* takes passphrases */
#define CMD_NO_DIR 4u /* about no node */
struct cli;
struct command {
	const char *name;	/* one or two words */
	const char *args;	/* "FILE", "[HOUSEHOLD]", "" */
	enum msg_id help, more; /* one line; a paragraph or M_NOTHING_MORE */
	uint32_t flags;
	int (*run)(struct cli *c);
	const struct option_def *options; /* ends with a NULL name */
	uint16_t record;		  /* fields of this record are options too; 0: none */
	bool lines;			  /* of its lines, too */
	bool fields_lax;		  /* none of them is required */
};
/* In the order of the help. */
extern const struct command main_commands[];
extern const uint32_t main_ncommands;

struct cli {
	const struct command *cmd;
	const struct rec_type *type; /* of the command, or of `record TYPE` */
	const char *dir, *passphrase_file, *id;
	bool json, yes, accept, dry_run, help;
	bool warned;  /* warnings were shown, and taken */
	json_t *rows; /* of lines from a table the row of each; NULL: they come from elsewhere */
	uint32_t globals; /* bits of args_globals that were given */
	uint32_t nargs, nopts;
	const char *args[CLI_ARGS_MAX];
	char entry_line[2][24];			 /* of "335.1" */
	struct option_def opts[CLI_OPTIONS_MAX]; /* all that the command has */
	const char *value[CLI_OPTIONS_MAX];	 /* NULL: not given */
};

/* NULL when it was not given. */
const char *cli_option(const struct cli *c, const char *name);
/* True when the switch was given. */
bool cli_switch(const struct cli *c, const char *name);
/* True for a whole number or nothing; else complains. */
bool cli_number_ok(const char *name, const char *text, uint64_t max);
/* The given fields as a JSON object. */
json_t *cli_fields(const struct cli *c, const struct rec_field *f, uint32_t n);
/* "household_no" as an option: "household-no". Returns @out. */
#define CLI_FIELD_MAX 40
const char *cli_option_name(const char *name, char out[CLI_FIELD_MAX]);
/* A choice by its name, as people call it. */
const char *cli_choice(const struct rec_choices *list, const char *name);
/* The record type of this name, also with "-" for "_"; NULL: there is none, and it was said. */
const struct rec_type *cli_type(const char *name);
/* True when @word can stand in a path: letters, digits, "-" and "_"; else complains. */
bool cli_word_ok(const char *word);
/* Appends the bytes of a file that a person named. EXIT_USAGE: it cannot be read, and why was said. */
int cli_read_file(const char *path, size_t max, struct buf *ret);
/* Can a file be written there? Asked before anything else is done. EXIT_USAGE: no, and why was said. */
int cli_check_out(const char *path);
/* Prints JSON and a line end. */
void cli_print_json(const json_t *v);
/* With --json, what failed with @rv and has printed nothing yet: {code, message}. */
void cli_json_failed(const struct cli *c, int rv);
/* Is there somebody to ask: a terminal, and no --yes nor --json? */
bool cli_would_ask(const struct cli *c);
bool cli_ask(const struct cli *c, enum msg_id question, const char *what); /* true: go on */

/* A machine failure: said, and with --json printed as {code, message}. Returns EXIT_MACHINE. */
int cli_fail(const struct cli *c, const char *code, enum msg_id id, const char *const *args,
	     size_t n);
#define CLI_FAIL(c, code, id, ...)                                                                 \
	cli_fail((c), (code), (id), (const char *const[]){"", ##__VA_ARGS__} + 1,                  \
		 sizeof((const char *const[]){"", ##__VA_ARGS__}) / sizeof(char *) - 1)
/* The same for an ERR_*. The details in @msg have no translation: Chinese has them in brackets. */
int cli_fail_err(const struct cli *c, int err, const struct errmsg *msg);
/* ERR_* or errno in the words of the chosen language. */
const char *cli_why(int err);
const char *cli_why_errno(int e);

/* Commands, by file. */
int cmd_init_hub(struct cli *c);
int cmd_init_village(struct cli *c);
int cmd_invite(struct cli *c);
int cmd_villages(struct cli *c);
int cmd_unlock(struct cli *c);
int cmd_lock(struct cli *c);
int cmd_operator_add(struct cli *c);
int cmd_operator_revoke(struct cli *c);
int cmd_operator_list(struct cli *c);
int cmd_roster_import(struct cli *c);
int cmd_catalogue_import(struct cli *c);
int cmd_catalogue_adopt(struct cli *c);
int cmd_catalogue_show(struct cli *c);
int cmd_entry_record(struct cli *c);
int cmd_entry_review(struct cli *c);
int cmd_entry_confirm(struct cli *c);
int cmd_entry_reverse(struct cli *c);
int cmd_entry_import(struct cli *c);
int cmd_entry_list(struct cli *c);
int cmd_entry_sheet(struct cli *c);
int cmd_record(struct cli *c);
int cmd_account(struct cli *c);
int cmd_redeem(struct cli *c);
int cmd_score(struct cli *c);
int cmd_status(struct cli *c);
int cmd_verify(struct cli *c);
int cmd_log(struct cli *c);
int cmd_table(struct cli *c);
int cmd_template(struct cli *c);
int cmd_register(struct cli *c);
int cmd_notice(struct cli *c);
int cmd_notice_check(struct cli *c);
int cmd_print(struct cli *c);
int cmd_digest(struct cli *c);
int cmd_evidence_check(struct cli *c);
int cmd_evidence_show(struct cli *c);
int cmd_completion_bash(struct cli *c);

/* Passphrases: --passphrase-file, else CUNZHANG_PASSPHRASE, else a terminal without echo. Returns 0 or an
 * exit code, having said why. Free with pass_free. */
#define PASS_BYTES_MIN 8 /* of a new one */
int pass_get(const struct cli *c, const char *name, bool is_new, char **ret);
void pass_free(char *pass); /* wipes; NULL is allowed */

#endif
