#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/dir.h"
#include "daemon/io/file.h"
#include "daemon/web/api/api.h"
#include "lib/hash.h"
#include "lib/sign.h"
#include "lib/text.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/session.h"

#define PREFIX	    "cunzhang-"
#define ENDING	    ".session"
#define MARK_BYTES  8 /* of the hash of a folder or a name, in a file's name */
#define TOKEN_CHARS (2 * WEB_TOKEN_BYTES)

static char token[TOKEN_CHARS + 1];

const char *session_token(void)
{
	return token[0] ? token : NULL;
}

/* --- files ------------------------------------------------------------------------------------------- */

/* Ours alone, as whatever starts sessions of people makes it; otherwise the node's own folder. */
static const char *folder(const struct cli *c)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (run && run[0] == '/' && !stat(run, &st) && S_ISDIR(st.st_mode) &&
	    st.st_uid == getuid() && !(st.st_mode & 077))
		return run;
	return c->dir;
}

static void mark(const char *text, char out[2 * MARK_BYTES + 1])
{
	struct sha256 s;
	struct hash h;

	sha256_start(&s);
	sha256_add(&s, text, strlen(text));
	sha256_end(&s, &h);
	hex_put(out, h.b, MARK_BYTES);
}

/* What the files of this node begin with. */
static void prefix(const struct cli *c, char out[sizeof(PREFIX) + 2 * MARK_BYTES + 1])
{
	char *real = realpath(c->dir, NULL), node[2 * MARK_BYTES + 1];

	mark(real ? real : c->dir, node);
	free(real);
	snprintf(out, sizeof(PREFIX) + 2 * MARK_BYTES + 1, PREFIX "%s-", node);
}

static bool path_of(const struct cli *c, const char *name, char out[DIR_PATH_MAX])
{
	char begins[sizeof(PREFIX) + 2 * MARK_BYTES + 1], person[2 * MARK_BYTES + 1];

	prefix(c, begins);
	mark(name, person);
	return snprintf(out, DIR_PATH_MAX, "%s/%s%s" ENDING, folder(c), begins, person) <
	       DIR_PATH_MAX;
}

/* The token in a file; other people's files and what is no token are nothing. */
static bool token_read(const char *path, char out[TOKEN_CHARS + 1])
{
	uint8_t raw[WEB_TOKEN_BYTES];
	struct errmsg msg;
	struct stat st;
	bool ok = !lstat(path, &st) && S_ISREG(st.st_mode) && st.st_uid == getuid() &&
		  !(st.st_mode & 077) && !file_read_exact(path, out, TOKEN_CHARS, &msg);

	out[ok ? TOKEN_CHARS : 0] = '\0';
	ok = ok && hex_get(out, TOKEN_CHARS, raw, sizeof(raw));
	secret_wipe(raw, sizeof(raw));
	return ok;
}

/* --- unlocked keys ----------------------------------------------------------------------------------- */

bool session_take(const struct cli *c, const char *name)
{
	char path[DIR_PATH_MAX];
	struct reply r = {0};
	bool ok = path_of(c, name, path) && token_read(path, token);

	if (!ok) {
		token[0] = '\0';
		return false;
	}
	/* one that has ended would refuse the command; this asks before the passphrase would be missed */
	ok = !client_try(c, "/api/v1/sessions/current", &r) && r.status == 200 &&
	     strcmp(client_str(r.root, "as"), name) == 0;
	if (!ok) {
		if (r.status == 401)
			unlink(path);
		secret_wipe(token, sizeof(token));
	}
	client_close(&r);
	return ok;
}

static int keep_token(const char *path, const char *text)
{
	struct errmsg msg = {0};
	int err = file_write(path, text, TOKEN_CHARS, 0600, &msg);

	if (err)
		SAY(stderr, M_FILE_WRITE, path, cli_why(err));
	return err ? EXIT_MACHINE : EXIT_DONE;
}

int cmd_unlock(struct cli *c)
{
	json_t *body = json_object();
	char path[DIR_PATH_MAX];
	struct reply r = {0};
	int rv = client_passphrase(c, body, "as", "as", "passphrase");

	if (!rv && !path_of(c, client_str(body, "as"), path))
		rv = EXIT_USAGE;
	if (rv) {
		client_wipe(body);
		return rv;
	}
	rv = client_post(c, "/api/v1/sessions", body, &r);
	if (!rv && r.status == 201)
		rv = keep_token(path, client_str(r.root, "session"));
	else if (!rv)
		rv = client_result(c, &r);
	if (!rv)
		json_object_del(r.root, "session");
	if (!rv && c->json)
		cli_print_json(r.root);
	else if (!rv)
		SAY(stdout, M_UNLOCKED, client_str(r.root, "as"),
		    say_num(client_u64(r.root, "expires_in") / 60));
	client_close(&r);
	return rv;
}

/* Ends the session of a file, and removes it. Exit code. */
static int lock_file(const struct cli *c, const char *path, uint64_t *n)
{
	struct reply r = {0};
	int rv = EXIT_DONE;

	if (token_read(path, token))
		rv = client_call(c, "DELETE", "/api/v1/sessions/current", (struct bytes){0}, &r);
	if (!rv) {
		*n += r.status == 200;
		unlink(path);
	}
	secret_wipe(token, sizeof(token));
	client_close(&r);
	return rv;
}

static int lock_all(const struct cli *c, uint64_t *n)
{
	char begins[sizeof(PREFIX) + 2 * MARK_BYTES + 1], path[DIR_PATH_MAX];
	DIR *d = opendir(folder(c));
	int rv = EXIT_DONE;
	struct dirent *f;

	prefix(c, begins);
	while (d && !rv && (f = readdir(d))) {
		if (strncmp(f->d_name, begins, strlen(begins)) == 0 &&
		    snprintf(path, sizeof(path), "%s/%s", folder(c), f->d_name) < (int)sizeof(path))
			rv = lock_file(c, path, n);
	}
	if (d)
		closedir(d);
	return rv;
}

int cmd_lock(struct cli *c)
{
	const char *name = cli_option(c, "as");
	char path[DIR_PATH_MAX];
	uint64_t n = 0;
	int rv = EXIT_DONE;

	if (!name)
		rv = lock_all(c, &n);
	else if (path_of(c, name, path))
		rv = lock_file(c, path, &n);
	if (!rv && c->json)
		cli_print_json(json_pack("{s:I}", "locked", (json_int_t)n));
	else if (!rv)
		SAY(stdout, M_LOCKED, say_num(n));
	return rv;
}
