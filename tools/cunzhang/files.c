#include "tools/cunzhang/files.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/io/file.h"
#include "daemon/web/api/api.h"
#include "lib/hash.h"
#include "lib/text.h"
#include "tools/cunzhang/client.h"

static char *folder_of(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : NULL;
}

void files_open(struct files *x, const struct cli *c, const char *sheet)
{
	*x = (struct files){.c = c, .sheet = sheet, .folder = folder_of(sheet)};
	x->known = json_object();
}

void files_close(struct files *x)
{
	free(x->folder);
	json_decref(x->known);
}

/* --- names ---------------------------------------------------------------------------------------- */

static bool is_digest(const char *text)
{
	uint8_t digest[HASH_BYTES];

	return hex_get(text, strlen(text), digest, sizeof(digest));
}

static void put_path(const struct files *x, const char *name, struct buf *path)
{
	if (x->folder && name[0] != '/')
		buf_printf(path, "%s/", x->folder);
	buf_puts(path, name);
}

/* A sheet comes from somewhere else: it names no file of this computer but those that came with it. */
static int read_below(const struct files *x, const char *name, const char *path, struct buf *file)
{
	bool link;
	int err =
		file_read_below(x->folder ? x->folder : ".", name, WEB_FILE_MAX, file, &link, NULL);

	switch (err) {
	case ERR_OK: return EXIT_DONE;
	case ERR_REFUSED: SAY(stderr, link ? M_FILE_LINK : M_FILE_OUTSIDE, name); break;
	case ERR_LIMIT: SAY(stderr, M_FILE_LARGE, path, say_num(WEB_FILE_MAX >> 20)); break;
	case ERR_INVALID: SAY(stderr, M_FILE_READ, path, say_text(M_WHY_SPECIAL)); break;
	case ERR_NOTFOUND: SAY(stderr, M_FILE_READ, path, say_text(M_WHY_NO_FILE)); break;
	default: SAY(stderr, M_FILE_READ, path, cli_why(err)); break;
	}
	return EXIT_USAGE;
}

/* Evidence without a byte in it proves nothing, and is a copy that went wrong. */
static int read_file(const struct files *x, const char *name, const char *path, struct buf *file,
		     char hex[2 * HASH_BYTES + 1])
{
	struct hash h;
	int rv = x->sheet ? read_below(x, name, path, file)
			  : cli_read_file(path, WEB_FILE_MAX, file);

	if (!rv && file->n == 0) {
		SAY(stderr, M_FILE_EMPTY, path);
		rv = EXIT_USAGE;
	}
	if (!rv) {
		hash_of(file->p, file->n, &h);
		hash_hex(&h, 2 * HASH_BYTES, hex);
	}
	return rv;
}

static int take_file(struct files *x, const char *name, const char *path)
{
	char hex[2 * HASH_BYTES + 1];
	struct buf file = {0};
	int rv = read_file(x, name, path, &file, hex);

	buf_close(&file);
	if (json_object_set_new(x->known, name, rv ? json_null() : json_string(hex)))
		return CLI_FAIL(x->c, "ERR_NOMEM", M_NO_MEMORY);
	return rv;
}

int files_digest(struct files *x, const char *text, const char **ret_hex)
{
	struct buf path = {0};
	int rv = EXIT_DONE;

	put_path(x, text, &path);
	*ret_hex = text;
	if (is_digest(text) && file_exists(buf_str(&path))) {
		SAY(stderr, M_FILE_OR_DIGEST, text);
		rv = EXIT_USAGE;
	} else if (!is_digest(text)) {
		if (!json_object_get(x->known, text))
			rv = take_file(x, text, buf_str(&path));
		*ret_hex = client_str(x->known, text);
		if (!rv && !**ret_hex) /* said before */
			rv = EXIT_USAGE;
	}
	buf_close(&path);
	return rv;
}

static int take_fields(struct files *x, const struct rec_field *f, uint32_t n, json_t *o)
{
	int rv = EXIT_DONE;

	for (uint32_t i = 0; !rv && i < n; i++) {
		const char *text = client_str(o, f[i].name), *hex;

		if (f[i].kind != REC_DIGEST || !text[0])
			continue;
		rv = files_digest(x, text, &hex);
		if (!rv && json_object_set_new(o, f[i].name, json_string(hex)))
			rv = CLI_FAIL(x->c, "ERR_NOMEM", M_NO_MEMORY);
		else if (rv == EXIT_USAGE)
			SAY(stderr, M_HINT, say_text(M_FILE_OR_HEX));
	}
	return rv;
}

/* --- sending -------------------------------------------------------------------------------------- */

bool files_any(const struct files *x)
{
	const char *name;
	json_t *v;

	json_object_foreach (x->known, name, v) {
		if (json_is_string(v))
			return true;
	}
	return false;
}

static int send(const struct cli *c, struct bytes file, const char *hex)
{
	struct reply r = {0};
	int rv = client_call(c, "POST", "/api/v1/evidence", file, &r);

	if (!rv && r.status != 200)
		rv = client_result(c, &r);
	else if (!rv && strcmp(client_str(r.root, "digest"), hex) != 0)
		rv = CLI_FAIL(c, "BAD_ANSWER", M_BAD_ANSWER, say_num((uint64_t)r.status));
	client_close(&r);
	return rv;
}

static int send_file(struct files *x, const char *name, const char *hex)
{
	char now[2 * HASH_BYTES + 1];
	struct buf file = {0}, path = {0};
	int rv;

	put_path(x, name, &path);
	rv = read_file(x, name, buf_str(&path), &file, now);
	if (!rv && strcmp(now, hex) != 0) {
		SAY(stderr, M_FILE_CHANGED, buf_str(&path));
		rv = EXIT_USAGE;
	}
	if (!rv)
		rv = send(x->c, buf_bytes(&file), hex);
	buf_close(&file);
	buf_close(&path);
	return rv;
}

int files_send(struct files *x)
{
	const char *name;
	int rv = EXIT_DONE;
	json_t *v;

	json_object_foreach (x->known, name, v) {
		if (!rv && json_is_string(v))
			rv = send_file(x, name, json_string_value(v));
	}
	return rv;
}

/* --- a record ------------------------------------------------------------------------------------- */

static int try_record(const struct cli *c, const struct rec_type *t, json_t *body)
{
	json_t *trial = json_deep_copy(body);
	struct reply r = {0};
	char path[64];
	int rv;

	snprintf(path, sizeof(path), "/api/v1/records/%s", t->name);
	json_object_set_new(trial, "dry_run", json_true());
	rv = client_post(c, path, trial, &r); /* says it when memory was short */
	if (!rv && r.status != 200)
		rv = client_verdict(c, &r);
	client_close(&r);
	return rv;
}

/* Every line whose file cannot be had is named by its row. */
static int take_lines(const struct cli *c, const struct rec_type *t, struct files *x,
		      const json_t *lines)
{
	int rv = EXIT_DONE;
	json_t *l;
	size_t i;

	json_array_foreach (lines, i, l) {
		int one = rv && rv != EXIT_USAGE ? rv : take_fields(x, t->line, t->nline, l);

		if (one == EXIT_USAGE && c->rows)
			SAY(stderr, M_FILE_IN_ROW,
			    say_num((uint64_t)json_integer_value(json_array_get(c->rows, i))));
		rv = one ? one : rv;
	}
	return rv;
}

int files_record(const struct cli *c, const struct rec_type *t, json_t *body)
{
	const char *sheet = t->line ? cli_option(c, "lines") : NULL;
	struct files own, below;
	int rv;

	files_open(&own, c, NULL);
	files_open(&below, c, sheet);
	rv = take_fields(&own, t->head, t->nhead, json_object_get(body, "record"));
	if (!rv)
		rv = take_lines(c, t, sheet ? &below : &own, json_object_get(body, "lines"));
	if (!rv && !c->dry_run && (files_any(&own) || files_any(&below))) {
		rv = try_record(c, t, body);
		if (!rv)
			rv = files_send(&own);
		if (!rv)
			rv = files_send(&below);
	}
	files_close(&own);
	files_close(&below);
	return rv;
}
