#ifndef TOOLS_CUNZHANG_CLIENT_H
#define TOOLS_CUNZHANG_CLIENT_H

#include "tools/cunzhang/cli.h"

/* Requests to the daemon over DIR/sock. */
struct reply {
	long status;
	json_t *root;
};
bool client_is_node(const struct cli *c); /* does --dir name one? */
/* Gives 0, or an exit code when there is no usable answer, having said why. */
int client_call(const struct cli *c, const char *method, const char *path, struct bytes body,
		struct reply *ret);
int client_get(const struct cli *c, const char *path, struct reply *ret);
/* The same with the option "feed" and @params: name, value, ..., NULL; values may be NULL. */
int client_query(const struct cli *c, const char *path, const char *const *params,
		 struct reply *ret);
/* As client_get, but without a word when nothing answers. */
int client_try(const struct cli *c, const char *path, struct reply *ret);
/* Sends @body as JSON and lets it go, wiping its texts. */
int client_post(const struct cli *c, const char *path, json_t *body, struct reply *ret);
void client_close(struct reply *r);
/* The exit code for the answer's status; says message and hint of an error. With --json the answer
 * is printed as it is. */
int client_result(const struct cli *c, const struct reply *r);
/* The same, but with --json only the list under @key. */
int client_list(const struct cli *c, const struct reply *r, const char *key);
/* Of the answer to a change: says verdict and warnings. */
int client_verdict(const struct cli *c, const struct reply *r);
/* Appends "name=value" percent-encoded to a path, with ? or &; nothing when @value is NULL. */
void client_param(struct buf *path, const char *name, const char *value);
/* The signer of --as with the passphrase under @key, "dry_run", and an ID (--id or a new one): sending it
 * twice writes once. Exit code. */
int client_sign(struct cli *c, json_t *body, const char *key);
/* Puts the name of option @option under @who, its passphrase under @key unless the key is unlocked. Exit code. */
int client_signer(const struct cli *c, json_t *body, const char *option, const char *who,
		  const char *key);
/* The same, always with the passphrase. */
int client_passphrase(const struct cli *c, json_t *body, const char *option, const char *who,
		      const char *key);
/* The line of the request of which line @line of the record is made, from 1; 0: none. */
uint64_t client_line_given(const struct reply *r, uint64_t line);
/* What an answer says of a line is said of its row, when the lines come from a table. */
void client_name_rows(const struct cli *c, const struct reply *r);
/* Puts what the options and @record and @lines (NULL: none) say into the body of a record; takes both. */
void client_fill(const struct cli *c, json_t *body, json_t *record, json_t *lines);
/* Writes a record of this type; takes @body. A person is asked about its warnings first. */
int client_write(struct cli *c, const char *type, json_t *body, struct reply *ret);
/* The same of what is signed under another address. */
int client_write_at(struct cli *c, const char *path, json_t *body, struct reply *ret);
/* Sends a record signed by --as and says what became of it. Takes @record and @lines (NULL: none). Exit code. */
int client_record(struct cli *c, const char *type, json_t *record, json_t *lines);
/* Overwrites every text in it, then lets it go. */
void client_wipe(json_t *root);
const char *client_str(const json_t *o, const char *key); /* "" when it is not there */
uint64_t client_u64(const json_t *o, const char *key);

#endif
