#include "tools/cunzhang/cli.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/file.h"
#include "daemon/web/api/reply.h"
#include "lib/look.h"
#include "lib/text.h"
#include "tools/cunzhang/args.h"

#define MIB ((size_t)1 << 20)

const char *cli_option(const struct cli *c, const char *name)
{
	for (uint32_t i = 0; i < c->nopts; i++)
		if (strcmp(c->opts[i].name, name) == 0)
			return c->value[i];
	return NULL;
}

bool cli_switch(const struct cli *c, const char *name)
{
	return cli_option(c, name) != NULL;
}

bool cli_number_ok(const char *name, const char *text, uint64_t max)
{
	uint64_t v;

	if (!text || (u64_parse(text, strlen(text), &v) && v <= max))
		return true;
	SAY(stderr, M_BAD_NUMBER, name, text, say_num(max));
	return false;
}

const char *cli_option_name(const char *name, char out[CLI_FIELD_MAX])
{
	size_t n = 0;

	for (; name[n] && n + 1 < CLI_FIELD_MAX; n++)
		out[n] = name[n] == '_' ? '-' : name[n];
	out[n] = '\0';
	return out;
}

static uint32_t option_of(const struct cli *c, const struct rec_field *f)
{
	uint32_t i = 0;

	while (i < c->nopts && c->opts[i].field != f)
		i++;
	return i;
}

json_t *cli_fields(const struct cli *c, const struct rec_field *f, uint32_t n)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = option_of(c, &f[i]);

		if (k < c->nopts && c->value[k])
			json_object_set_new(o, f[i].name, json_string(c->value[k]));
	}
	return o;
}

const char *cli_choice(const struct rec_choices *list, const char *name)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].name, name) == 0)
			return say_lang() == LANG_EN ? list->v[i].en : list->v[i].zh;
	return name;
}

const struct rec_type *cli_type(const char *name)
{
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		char option[CLI_FIELD_MAX];

		if (strcmp(name, rec_types[i].name) == 0 ||
		    strcmp(name, cli_option_name(rec_types[i].name, option)) == 0)
			return &rec_types[i];
	}
	args_unknown_type(name);
	return NULL;
}

bool cli_word_ok(const char *word)
{
	if (word[0] && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789-_")])
		return true;
	SAY(stderr, M_BAD_WORD, word);
	return false;
}

int cli_fail(const struct cli *c, const char *code, enum msg_id id, const char *const *args,
	     size_t n)
{
	struct buf text = {0};
	json_t *o;

	say_put(&text, say_lang(), id, args, n);
	fprintf(stderr, "%s\n", buf_str(&text));
	if (c->json) {
		o = json_pack("{s:s, s:s}", "code", code, "message", buf_str(&text));
		cli_print_json(o);
		json_decref(o);
	}
	buf_close(&text);
	return EXIT_MACHINE;
}

int cli_fail_err(const struct cli *c, int err, const struct errmsg *msg)
{
	if (!msg->text[0])
		return CLI_FAIL(c, err_name(err), M_FAILED, cli_why(err));
	if (say_lang() == LANG_EN)
		return CLI_FAIL(c, err_name(err), M_FAILED, msg->text);
	return CLI_FAIL(c, err_name(err), M_FAILED_WITH, cli_why(err), msg->text);
}

const char *cli_why(int err)
{
	return says_in(reply_words(err), say_lang());
}

const char *cli_why_errno(int e)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR: return say_text(M_WHY_NO_FILE);
	case EACCES:
	case EPERM: return say_text(M_WHY_ACCESS);
	case EROFS: return say_text(M_WHY_READ_ONLY);
	case EISDIR: return say_text(M_WHY_FOLDER);
	case ENOSPC:
	case EDQUOT: return say_text(M_WHY_FULL);
	default: return strerror(e);
	}
}

/* A device or a pipe may have no end, or nobody at the other one. */
static const char *why_not_file(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return say_text(M_WHY_FOLDER);
	return S_ISREG(st->st_mode) ? NULL : say_text(M_WHY_SPECIAL);
}

int cli_read_file(const char *path, size_t max, struct buf *ret)
{
	struct errmsg msg = {0};
	const char *why = NULL;
	struct stat st;
	int err = ERR_OK;

	if (stat(path, &st) || access(path, R_OK))
		why = cli_why_errno(errno);
	else
		why = why_not_file(&st);
	if (!why)
		err = file_read(path, max, ret, &msg);
	if (err == ERR_LIMIT) {
		SAY(stderr, M_FILE_LARGE, path, say_num(max / MIB));
		return EXIT_USAGE;
	}
	if (err)
		why = cli_why(err);
	if (why)
		SAY(stderr, M_FILE_READ, path, why);
	return why ? EXIT_USAGE : EXIT_DONE;
}

int cli_check_out(const char *path)
{
	const char *slash = strrchr(path, '/'), *why = NULL;
	struct buf folder = {0};
	struct stat st;

	buf_put(&folder, path, slash ? (size_t)(slash - path) + 1 : 0);
	buf_put_u8(&folder, '.');
	if (!path[0])
		why = cli_why_errno(ENOENT);
	else if (access(buf_str(&folder), W_OK | X_OK))
		why = cli_why_errno(errno);
	else if (stat(path, &st) == 0)
		why = why_not_file(&st);
	if (why)
		SAY(stderr, M_FILE_WRITE, path, why);
	buf_close(&folder);
	return why ? EXIT_USAGE : EXIT_DONE;
}

static bool json_printed;

/* The same value to a program, and nothing that steers a terminal. */
static void put_json(struct buf *out, const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);

	while (p < end) {
		const uint8_t *from = p;
		uint32_t c = utf8_next(&p, end);

		if (c < 0x7f || !look_steers(c))
			buf_put(out, from, (size_t)(p - from));
		else if (c < 0x10000)
			buf_printf(out, "\\u%04x", c);
		else
			buf_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	}
}

void cli_print_json(const json_t *v)
{
	char *text = json_dumps(v, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	struct buf out = {.max = SIZE_MAX};

	json_printed = true;
	if (text)
		put_json(&out, text);
	if (!text || out.err)
		SAY(stderr, M_NO_MEMORY);
	else
		puts(buf_str(&out));
	buf_close(&out);
	free(text);
}

void cli_json_failed(const struct cli *c, int rv)
{
	static const char *const codes[] = {[EXIT_REFUSED] = "REFUSED",
					    [EXIT_USAGE] = "USAGE",
					    [EXIT_MACHINE] = "MACHINE",
					    [EXIT_UNVERIFIED] = "UNVERIFIED"};
	json_t *o;

	if (!c->json || json_printed || rv == EXIT_DONE)
		return;
	o = json_pack("{s:s, s:s}", "code", codes[rv], "message", say_first_error());
	cli_print_json(o);
	json_decref(o);
}

bool cli_would_ask(const struct cli *c)
{
	return !c->yes && !c->json && !c->dry_run && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool cli_ask(const struct cli *c, enum msg_id question, const char *what)
{
	const char *const args[] = {what};
	char line[16] = "";

	if (!cli_would_ask(c))
		return true;
	fflush(stdout);
	say_to(stderr, question, args, 1);
	fflush(stderr);
	if (fgets(line, sizeof(line), stdin) &&
	    (line[0] == 'y' || line[0] == 'Y' || strncmp(line, "是", strlen("是")) == 0))
		return true;
	SAY(stderr, M_STOPPED);
	return false;
}
