#include "tools/cunzhang/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/io/clock.h"
#include "daemon/io/dir.h"
#include "daemon/io/entropy.h"
#include "daemon/io/file.h"
#include "daemon/web/api/body.h"
#include "lib/sign.h"
#include "lib/text.h"
#include "proto/entry.h"
#include "tools/cunzhang/args.h"
#include "tools/cunzhang/files.h"
#include "tools/cunzhang/session.h"

#define ANSWER_MAX     ((size_t)256 << 20)
#define WRITE_S	       3600L /* a year of entries is signed in one request */
#define READ_S	       30L
#define PROGRESS_AFTER 1.0
#define START_WAIT_MS  3000 /* a daemon that was started just now opens its socket within that */
#define START_STEP_MS  50

static size_t on_data(char *p, size_t size, size_t n, void *ctx)
{
	struct buf *b = ctx;

	return buf_put(b, p, size * n) ? 0 : size * n;
}

/* Long work shows that it goes on, but only to a person. */
static int on_progress(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
	const char *arg[1];
	CURL *curl = ctx;
	double spent = 0;

	(void)dt;
	(void)dn;
	(void)ut;
	(void)un;
	curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &spent);
	if (spent < PROGRESS_AFTER)
		return 0;
	arg[0] = say_num((uint64_t)spent);
	fputc('\r', stderr);
	say_to(stderr, M_WORKING, arg, 1);
	fflush(stderr);
	return 0;
}

static CURL *handle_new(const struct cli *c, const char *method, const char *path,
			struct bytes body, struct buf *answer)
{
	char sock[DIR_PATH_MAX + 8], url[1024];
	CURL *h = curl_easy_init();

	if (!h)
		return NULL;
	snprintf(sock, sizeof(sock), "%s/sock", c->dir);
	snprintf(url, sizeof(url), "http://localhost%s", path);
	curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, sock);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(h, CURLOPT_TIMEOUT, strcmp(method, "GET") == 0 ? READ_S : WRITE_S);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http");
	if (strcmp(method, "POST") == 0) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.n ? (const char *)body.p : "");
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
	}
	if (isatty(STDERR_FILENO)) {
		curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(h, CURLOPT_XFERINFODATA, h);
	}
	return h;
}

static struct curl_slist *headers(void)
{
	struct curl_slist *l = curl_slist_append(
		NULL, say_lang() == LANG_EN ? "Accept-Language: en" : "Accept-Language: zh");

	if (session_token()) {
		char bearer[sizeof("Authorization: Bearer ") + 2 * WEB_TOKEN_BYTES];

		snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", session_token());
		l = curl_slist_append(l, bearer);
		secret_wipe(bearer, sizeof(bearer));
	}
	l = curl_slist_append(l, "Content-Type: application/json");
	return curl_slist_append(l, "Expect:");
}

/* A connection that broke after the request left: the ID in it makes sending it again harmless. */
static bool may_repeat(CURLcode rv)
{
	return rv == CURLE_GOT_NOTHING || rv == CURLE_RECV_ERROR || rv == CURLE_SEND_ERROR;
}

bool client_is_node(const struct cli *c)
{
	char config[DIR_PATH_MAX + 16];

	snprintf(config, sizeof(config), "%s/config.ini", c->dir);
	return file_exists(config);
}

static bool is_denied(const struct cli *c)
{
	char config[DIR_PATH_MAX + 16];

	snprintf(config, sizeof(config), "%s/config.ini", c->dir);
	return file_denied(config);
}

static const char *why_curl(CURLcode rv)
{
	if (may_repeat(rv))
		return say_text(M_WHY_ENDED);
	if (rv == CURLE_OPERATION_TIMEDOUT)
		return say_text(M_WHY_TIMEOUT);
	if (rv == CURLE_OUT_OF_MEMORY || rv == CURLE_WRITE_ERROR)
		return say_text(M_NO_MEMORY);
	return curl_easy_strerror(rv);
}

static int no_answer(const struct cli *c, CURLcode rv)
{
	const char *why = why_curl(rv);

	if (is_denied(c))
		return CLI_FAIL(c, "ERR_DENIED", M_DENIED, c->dir);
	if (!client_is_node(c))
		return CLI_FAIL(c, "NO_NODE", M_NO_NODE, c->dir);
	if (rv == CURLE_COULDNT_CONNECT)
		return CLI_FAIL(c, "NO_DAEMON", M_NO_DAEMON, c->dir);
	if (c->id && (c->cmd->flags & CMD_ID))
		return CLI_FAIL(c, "LOST", M_LOST_WRITE, why, c->id);
	if (c->cmd->flags & CMD_WRITES)
		return CLI_FAIL(c, "LOST", M_LOST_IMPORT, why);
	if (rv == CURLE_OPERATION_TIMEDOUT)
		return CLI_FAIL(c, "SLOW", M_SLOW, say_num(READ_S));
	return CLI_FAIL(c, "LOST", M_LOST, why);
}

/* Performs a request; the answer's bytes are in @answer whatever came of it. */
static CURLcode perform(const struct cli *c, const char *method, const char *path,
			struct bytes body, struct buf *answer, long *ret_status)
{
	struct curl_slist *list = headers();
	CURL *h = handle_new(c, method, path, body, answer);
	CURLcode rv = CURLE_OUT_OF_MEMORY;
	double spent = 0;

	if (h && list) {
		curl_easy_setopt(h, CURLOPT_HTTPHEADER, list);
		rv = curl_easy_perform(h);
		if (may_repeat(rv)) {
			CURLcode first = rv;

			buf_reset(answer);
			rv = curl_easy_perform(h);
			/* the daemon ended on the way: what was sent first may be written all the same */
			if (rv == CURLE_COULDNT_CONNECT)
				rv = first;
		}
		curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, ret_status);
		curl_easy_getinfo(h, CURLINFO_TOTAL_TIME, &spent);
		if (spent >= PROGRESS_AFTER && isatty(STDERR_FILENO))
			fputs("\r\033[K", stderr);
	}
	curl_easy_cleanup(h);
	curl_slist_free_all(list);
	return rv;
}

static void answer_close(struct buf *answer)
{
	if (answer->p) /* an invitation is in it, perhaps */
		secret_wipe(answer->p, answer->cap);
	buf_close(answer);
}

int client_call(const struct cli *c, const char *method, const char *path, struct bytes body,
		struct reply *ret)
{
	struct buf answer = {.max = ANSWER_MAX};
	CURLcode rv;
	int exit_code = EXIT_DONE;

	*ret = (struct reply){0};
	rv = perform(c, method, path, body, &answer, &ret->status);
	for (int ms = 0; rv == CURLE_COULDNT_CONNECT && ms < START_WAIT_MS && client_is_node(c);
	     ms += START_STEP_MS) {
		nanosleep(&(struct timespec){.tv_nsec = START_STEP_MS * 1000000L}, NULL);
		rv = perform(c, method, path, body, &answer, &ret->status);
	}
	if (rv != CURLE_OK) {
		exit_code = no_answer(c, rv);
	} else {
		ret->root =
			json_loadb((const char *)answer.p, answer.n, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_object(ret->root)) {
			client_close(ret);
			exit_code = CLI_FAIL(c, "BAD_ANSWER", M_BAD_ANSWER,
					     say_num((uint64_t)ret->status));
		}
	}
	answer_close(&answer);
	return exit_code;
}

int client_try(const struct cli *c, const char *path, struct reply *ret)
{
	struct buf answer = {.max = ANSWER_MAX};
	long status = 0;
	json_t *root = NULL;

	if (perform(c, "GET", path, (struct bytes){0}, &answer, &status) == CURLE_OK)
		root = json_loadb((const char *)answer.p, answer.n, 0, NULL);
	answer_close(&answer);
	*ret = (struct reply){status, root};
	if (root && status == 200)
		return EXIT_DONE;
	client_close(ret);
	return EXIT_MACHINE;
}

int client_get(const struct cli *c, const char *path, struct reply *ret)
{
	return client_call(c, "GET", path, (struct bytes){0}, ret);
}

int client_query(const struct cli *c, const char *path, const char *const *params,
		 struct reply *ret)
{
	struct buf b = {0};
	int rv;

	buf_puts(&b, path);
	client_param(&b, "feed", cli_option(c, "feed"));
	for (; *params; params += 2)
		client_param(&b, params[0], params[1]);
	rv = client_get(c, buf_str(&b), ret);
	buf_close(&b);
	return rv;
}

int client_post(const struct cli *c, const char *path, json_t *body, struct reply *ret)
{
	char *text = json_dumps(body, JSON_COMPACT);
	int rv;

	client_wipe(body);
	*ret = (struct reply){0};
	if (!text)
		return CLI_FAIL(c, "ERR_NOMEM", M_NO_MEMORY);
	rv = client_call(c, "POST", path, (struct bytes){(uint8_t *)text, strlen(text)}, ret);
	secret_wipe(text, strlen(text));
	free(text);
	return rv;
}

void client_close(struct reply *r)
{
	json_decref(r->root);
	r->root = NULL;
}

static int exit_of(long status, const char *code)
{
	if (status >= 200 && status < 300)
		return EXIT_DONE;
	/* a daemon of another version, which does not know the route */
	if (strcmp(code, "NOT_FOUND") == 0 || strcmp(code, "METHOD") == 0)
		return EXIT_MACHINE;
	/* a word of the command line that no data could make right */
	if (strcmp(code, "TABLE_UNKNOWN") == 0 || strcmp(code, "PAPER_UNKNOWN") == 0 ||
	    strcmp(code, "TYPE_UNKNOWN") == 0)
		return EXIT_USAGE;
	switch (status) {
	case 400:
	case 413: return EXIT_USAGE;
	case 401:
	case 403:
	case 404:
	case 409:
	case 422:
	case 429: return EXIT_REFUSED;
	default: return EXIT_MACHINE;
	}
}

/* The option that a parameter of a query comes from; NULL: none. */
static const char *option_of_query(const struct cli *c, const char *name)
{
	for (uint32_t i = 0; i < c->nopts; i++)
		if (!c->opts[i].field && strcmp(c->opts[i].name, name) == 0)
			return c->opts[i].name;
	return NULL;
}

/* The option behind "record.day" or "lines[0].day" of an answer, also one that is missing; NULL: it came from
 * elsewhere. */
static const char *option_at(const struct cli *c, const struct reply *r)
{
	bool missing = strcmp(client_str(r->root, "code"), "FIELD_MISSING") == 0;
	const char *field = client_str(r->root, "field");
	bool line = strncmp(field, "lines[0].", strlen("lines[0].")) == 0;
	const char *name = strchr(field, '.');

	if (!name)
		return field[0] ? option_of_query(c, field) : NULL;
	if (!line && strncmp(field, "record.", strlen("record.")) != 0)
		return NULL;
	for (uint32_t i = 0; i < c->nopts; i++)
		if (c->opts[i].field && args_of_line(c, &c->opts[i]) == line &&
		    (c->value[i] || missing) && strcmp(c->opts[i].field->name, name + 1) == 0)
			return c->opts[i].name;
	return NULL;
}

int client_result(const struct cli *c, const struct reply *r)
{
	char name[CLI_FIELD_MAX];
	const char *option;

	if (c->json)
		cli_print_json(r->root);
	option = c->rows ? NULL : option_at(c, r);
	if (option)
		SAY(stderr, M_FAILED_OPTION, client_str(r->root, "message"),
		    cli_option_name(option, name));
	else if (json_object_get(r->root, "message"))
		SAY(stderr, M_FAILED, client_str(r->root, "message"));
	if (json_object_get(r->root, "hint"))
		SAY(stderr, M_HINT, client_str(r->root, "hint"));
	return exit_of(r->status, client_str(r->root, "code"));
}

int client_list(const struct cli *c, const struct reply *r, const char *key)
{
	if (!c->json || r->status != 200)
		return client_result(c, r);
	cli_print_json(json_object_get(r->root, key));
	return EXIT_DONE;
}

/* F02: the record belongs in the feed of another node. */
static void say_refused(const struct cli *c, const json_t *v)
{
	const char *rule = client_str(v, "rule");

	SAY(stderr, M_REFUSED, rule, client_str(v, "text"));
	if (!c->type || strcmp(rule, "F02") != 0)
		return;
	if (c->type->feed == REC_FEED_TOWN)
		SAY(stderr, M_HINT, say_text(M_AT_HUB));
	else if (c->type->feed == REC_FEED_VILLAGE)
		SAY(stderr, M_HINT, say_text(M_AT_VILLAGE));
}

static void say_warnings(const struct reply *r)
{
	const json_t *w;
	size_t i;

	json_array_foreach (json_object_get(r->root, "warnings"), i, w) {
		SAY(stderr, M_WARNING, client_str(w, "rule"), client_str(w, "text"));
	}
	if (client_u64(r->root, "warnings_count") > i)
		SAY(stderr, M_WARNINGS_MORE, say_num(client_u64(r->root, "warnings_count") - i));
}

/* "label value" or texts, with commas between. */
static void put_list(struct buf *b, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *const pair[] = {client_str(v, "label"), client_str(v, "value")};

		buf_puts(b, i ? say_text(M_LIST_COMMA) : "");
		if (json_is_string(v))
			buf_puts(b, json_string_value(v));
		else
			say_put(b, say_lang(), M_KEPT_VALUE, pair, 2);
	}
}

static void say_list(FILE *out, enum msg_id id, const char *version, const json_t *list)
{
	struct buf b = {0};

	put_list(&b, list);
	if (b.n && version)
		SAY(out, id, version, buf_str(&b));
	else if (b.n)
		SAY(out, id, buf_str(&b));
	buf_close(&b);
}

/* What a new version has of the one before: nobody typed it. */
static void say_kept(FILE *out, const json_t *kept)
{
	const char *version = say_num(client_u64(kept, "version"));

	say_list(out, M_KEPT, version, json_object_get(kept, "fields"));
	say_list(out, M_KEPT_LINES, version, json_object_get(kept, "lines"));
	say_list(out, M_KEPT_DROPPED, version, json_object_get(kept, "dropped"));
	say_list(out, M_KEPT_USUAL, NULL, json_object_get(kept, "usual"));
	if (client_u64(kept, "gone"))
		SAY(out, M_KEPT_GONE, say_num(client_u64(kept, "gone")));
}

/* Each name once. */
static void say_missing(FILE *out, const json_t *list)
{
	json_t *names = json_array();
	const json_t *v, *name;
	size_t i, k;

	json_array_foreach (list, i, v) {
		bool twice = false;

		json_array_foreach (names, k, name) {
			twice = twice ||
				strcmp(json_string_value(name), client_str(v, "what")) == 0;
		}
		if (!twice)
			json_array_append_new(names, json_string(client_str(v, "what")));
	}
	say_list(out, M_MISSING, NULL, names);
	json_decref(names);
}

static void say_written(FILE *out, const struct reply *r)
{
	bool exists = json_is_true(json_object_get(r->root, "exists"));
	const char *entry = say_num(client_u64(r->root, "entry")),
		   *summary = client_str(r->root, "summary");

	if (summary[0] && client_str(r->root, "next")[0])
		SAY(out, exists ? M_EXISTS_NEXT : M_ACCEPTED_NEXT, entry, summary,
		    client_str(r->root, "next"));
	else if (summary[0])
		SAY(out, exists ? M_EXISTS_SAYS : M_ACCEPTED_SAYS, entry, summary);
	else
		SAY(out, exists ? M_EXISTS_AT : M_ACCEPTED_AT, entry);
}

int client_verdict(const struct cli *c, const struct reply *r)
{
	const json_t *v = json_object_get(r->root, "verdict");
	FILE *out = c->json ? stderr : stdout;
	int rv = client_result(c, r);

	if (!v)
		return rv;
	if (!c->warned)
		say_warnings(r);
	if (rv)
		say_refused(c, v);
	else if (json_is_true(json_object_get(r->root, "dry_run")))
		SAY(out, M_WOULD_ACCEPT);
	else
		say_written(out, r);
	if (client_str(r->root, "next")[0] && (rv || !client_str(r->root, "summary")[0]))
		SAY(rv ? stderr : out, M_NEXT, client_str(r->root, "next"));
	if (!rv)
		say_kept(out, json_object_get(r->root, "kept"));
	if (!rv)
		say_missing(out, json_object_get(r->root, "missing"));
	return rv;
}

/* --- lines and rows ------------------------------------------------------------------------------------ */
uint64_t client_line_given(const struct reply *r, uint64_t line)
{
	const json_t *from = json_object_get(json_object_get(r->root, "kept"), "from");

	if (!from || !line)
		return line;
	return (uint64_t)json_integer_value(json_array_get(from, line - 1));
}

/* The number of the line in a sentence becomes that of the row of line @given; a line taken over has none. */
static void name_row(json_t *o, const char *key, uint64_t line, uint64_t given, const json_t *rows)
{
	bool en = say_lang() == LANG_EN;
	const char *text = client_str(o, key);
	struct buf b = {0};
	char before[64];

	if (!given || given > json_array_size(rows))
		return;
	snprintf(before, sizeof(before), en ? "line %s: " : "第 %s 行：", say_num(line));
	if (strncmp(text, before, strlen(before)) == 0)
		text += strlen(before);
	buf_printf(&b, en ? "row %s: %s" : "第 %s 行：%s",
		   say_num((uint64_t)json_integer_value(json_array_get(rows, given - 1))), text);
	json_object_set_new(o, key, json_string(buf_str(&b)));
	buf_close(&b);
}

static void name_reason(const struct reply *r, json_t *reason, const json_t *rows)
{
	uint64_t line = client_u64(reason, "line");

	name_row(reason, "text", line, client_line_given(r, line), rows);
}

/* What a field is refused for: "lines[3].day". */
static void name_field(const struct reply *r, const json_t *rows)
{
	const char *field = client_str(r->root, "field"), *end = strchr(field, ']');
	uint64_t at;

	if (end && strncmp(field, "lines[", strlen("lines[")) == 0 &&
	    u64_parse(field + strlen("lines["), (size_t)(end - field) - strlen("lines["), &at))
		name_row(r->root, "message", at + 1, at + 1, rows);
}

void client_name_rows(const struct cli *c, const struct reply *r)
{
	json_t *w;
	size_t i;

	if (!c->rows)
		return;
	json_array_foreach (json_object_get(r->root, "warnings"), i, w)
		name_reason(r, w, c->rows);
	name_reason(r, json_object_get(r->root, "verdict"), c->rows);
	name_field(r, c->rows);
}

/* --- writing ------------------------------------------------------------------------------------------- */
static int post_lines(const struct cli *c, const char *path, json_t *body, struct reply *ret)
{
	int rv = client_post(c, path, body, ret);

	if (!rv)
		client_name_rows(c, ret);
	return rv;
}

/* The answer shows warnings, and nothing is written yet. */
static int ask_about(struct cli *c, const char *path, json_t *again, struct reply *r)
{
	if (c->json)
		cli_print_json(r->root);
	say_warnings(r);
	if (!cli_would_ask(c)) {
		SAY(stderr, M_WARN_ACCEPT);
		return EXIT_REFUSED;
	}
	if (!cli_ask(c, M_ASK_GO_ON, ""))
		return EXIT_REFUSED;
	client_close(r);
	c->warned = true;
	json_object_del(again, "ask");
	return post_lines(c, path, json_incref(again), r);
}

int client_write_at(struct cli *c, const char *path, json_t *body, struct reply *ret)
{
	json_t *again;
	int rv;

	if (!c->accept)
		json_object_set_new(body, "ask", json_string(cli_would_ask(c) ? "all" : "consent"));
	again = json_deep_copy(body);
	rv = post_lines(c, path, body, ret);
	if (!rv && json_is_true(json_object_get(ret->root, "asked")))
		rv = ask_about(c, path, again, ret);
	client_wipe(again);
	return rv;
}

int client_write(struct cli *c, const char *type, json_t *body, struct reply *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/api/v1/records/%s", type);
	return client_write_at(c, path, body, ret);
}

/* "A202,C203", also with the comma of Chinese text. */
static json_t *words_of(const char *text)
{
	static const char wide[] = "，";
	json_t *list = json_array();

	while (*text) {
		const char *comma = strstr(text, wide);
		size_t n = strcspn(text, ",");

		if (comma && (size_t)(comma - text) < n)
			n = (size_t)(comma - text);
		if (n)
			json_array_append_new(list, json_stringn(text, n));
		text += n;
		text += *text == ',' ? 1 : *text ? strlen(wide) : 0;
	}
	return list;
}

void client_fill(const struct cli *c, json_t *body, json_t *record, json_t *lines)
{
	json_object_set_new(body, "record", record);
	if (cli_option(c, "drop"))
		json_object_set_new(body, "drop", words_of(cli_option(c, "drop")));
	if (lines)
		json_object_set_new(body, "lines", lines);
}

int client_record(struct cli *c, const char *type, json_t *record, json_t *lines)
{
	json_t *body = json_object();
	struct reply r = {0};
	int rv = client_sign(c, body, "passphrase");

	client_fill(c, body, record, lines);
	if (!rv)
		rv = files_record(c, rec_type_named(type), body);
	if (rv) {
		client_wipe(body);
		return rv;
	}
	rv = client_write(c, type, body, &r);
	if (!rv)
		rv = client_verdict(c, &r);
	client_close(&r);
	return rv;
}

void client_param(struct buf *path, const char *name, const char *value)
{
	static const char keep[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (!value)
		return;
	buf_put_u8(path, memchr(path->p, '?', path->n) ? '&' : '?');
	buf_puts(path, name);
	buf_put_u8(path, '=');
	for (const char *p = value; *p; p++) {
		if (strchr(keep, *p))
			buf_put_u8(path, (uint8_t)*p);
		else
			buf_printf(path, "%%%02X", (uint8_t)*p);
	}
}

int client_signer(const struct cli *c, json_t *body, const char *option, const char *who,
		  const char *key)
{
	const char *name = cli_option(c, option);

	/* a request names one session: that of its first signer */
	if (strcmp(option, "as") == 0 && session_take(c, name)) {
		json_object_set_new(body, who, json_string(name));
		return EXIT_DONE;
	}
	return client_passphrase(c, body, option, who, key);
}

int client_passphrase(const struct cli *c, json_t *body, const char *option, const char *who,
		      const char *key)
{
	const char *name = cli_option(c, option);
	char *pass = NULL;
	int rv;

	if (!name[0]) {
		SAY(stderr, M_EMPTY_NAME, option);
		return EXIT_USAGE;
	}
	rv = pass_get(c, name, false, &pass);
	if (!rv)
		json_object_set_new(body, who, json_string(name));
	if (!rv && json_object_set_new(body, key, json_string(pass))) {
		SAY(stderr, M_PASS_NOT_UTF8, name);
		rv = EXIT_USAGE;
	}
	pass_free(pass);
	return rv;
}

static void make_id(struct cli *c)
{
	static char text[2 * TXID_BYTES + 1];
	uint8_t id[TXID_BYTES], random[10];

	entropy_fill(random, sizeof(random));
	txid_make(clock_wall_ms(), random, id);
	hex_put(text, id, sizeof(id));
	c->id = text;
}

int client_sign(struct cli *c, json_t *body, const char *key)
{
	int rv = client_signer(c, body, "as", "as", key);

	if (rv)
		return rv;
	if (!c->id)
		make_id(c);
	json_object_set_new(body, "id", json_string(c->id));
	json_object_set_new(body, "dry_run", json_boolean(c->dry_run));
	return EXIT_DONE;
}

void client_wipe(json_t *root)
{
	body_free(root);
}

const char *client_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

uint64_t client_u64(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}
