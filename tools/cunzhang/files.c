#include "tools/cunzhang/files.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/io/file.h"
#include "daemon/web/api.h"
#include "lib/hash.h"
#include "lib/text.h"
#include "tools/cunzhang/client.h"

static bool is_digest(const char *text)
{
	uint8_t digest[HASH_BYTES];

	return hex_get(text, strlen(text), digest, sizeof(digest));
}

/* Durable at the node when it returns EXIT_DONE. */
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

static int take_file(struct files *x, const char *path)
{
	char hex[2 * HASH_BYTES + 1];
	struct buf file = {0};
	struct hash h;
	int rv = cli_read_file(path, WEB_FILE_MAX, &file);

	if (!rv) {
		hash_of(file.p, file.n, &h);
		hash_hex(&h, 2 * HASH_BYTES, hex);
		if (x->send)
			rv = send(x->c, buf_bytes(&file), hex);
	}
	buf_close(&file);
	if (rv == EXIT_USAGE)
		SAY(stderr, M_HINT, say_text(M_FILE_OR_HEX));
	if (!rv)
		json_object_set_new(x->known, path, json_string(hex));
	return rv;
}

int files_digest(struct files *x, const char *text, const char **ret_hex)
{
	struct buf path = {0};
	int rv = EXIT_DONE;

	if (x->folder && text[0] != '/')
		buf_printf(&path, "%s/", x->folder);
	buf_puts(&path, text);
	*ret_hex = text;
	if (is_digest(text) && file_exists(buf_str(&path))) {
		SAY(stderr, M_FILE_OR_DIGEST, text);
		rv = EXIT_USAGE;
	} else if (!is_digest(text)) {
		if (!json_object_get(x->known, buf_str(&path)))
			rv = take_file(x, buf_str(&path));
		*ret_hex = client_str(x->known, buf_str(&path));
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
		if (!rv)
			json_object_set_new(o, f[i].name, json_string(hex));
	}
	return rv;
}

char *files_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : NULL;
}

int files_record(const struct cli *c, const struct rec_type *t, json_t *record, json_t *lines)
{
	struct files x = {.c = c, .send = !c->dry_run, .known = json_object()};
	const char *sheet = t->line ? cli_option(c, "lines") : NULL;
	char *folder = sheet ? files_folder(sheet) : NULL;
	json_t *l;
	size_t i;
	int rv = take_fields(&x, t->head, t->nhead, record);

	x.folder = folder;
	json_array_foreach (lines, i, l) {
		if (!rv)
			rv = take_fields(&x, t->line, t->nline, l);
	}
	free(folder);
	json_decref(x.known);
	return rv;
}
