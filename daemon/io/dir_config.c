#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "daemon/io/dir.h"
#include "daemon/io/file.h"
#include "lib/look.h"
#include "lib/text.h"

#define CONFIG_BYTES_MAX 65536

enum key_kind { KEY_ROLE, KEY_TEXT, KEY_HEX32, KEY_MINUTES };

/* One row per key: it serves reading, checking and printing. */
static const struct config_key {
	const char *name;
	enum key_kind kind;
	size_t offset, size;
	const char *help;
} keys[] = {
#define K(name, kind, member, help)                                                                \
	{                                                                                          \
		name, kind, offsetof(struct dir_config, member),                                   \
			sizeof(((struct dir_config *)0)->member), help                             \
	}
	K("role", KEY_ROLE, role, "village or hub"),
	K("listen", KEY_TEXT, listen, "hub: host:port of the exchange"),
	K("advertise", KEY_TEXT, advertise, "hub: host:port that invitations name; empty: listen"),
	K("hub", KEY_TEXT, hub, "village: host:port of the hub"),
	K("hub_transport", KEY_HEX32, hub_transport, "village: the hub's transport key"),
	K("http", KEY_TEXT, http, "host:port of /healthz and the public status; empty: none"),
	K("domain", KEY_TEXT, domain, "domain of the origins, fixed for ever"),
	K("town_name", KEY_TEXT, town_name, "name of the town"),
	K("village_code", KEY_TEXT, village_code, "village: 12-digit division code"),
	K("village_name", KEY_TEXT, village_name, "village: its name"),
	K("guard", KEY_TEXT, guard, "path of the guard file; best on another disk"),
	K("lang", KEY_TEXT, lang, "zh or en"),
	K("unlock_minutes", KEY_MINUTES, unlock_minutes,
	  "a key that was unlocked is locked when idle for so long, 1 to 480"),
#undef K
};
#define NKEYS (sizeof(keys) / sizeof(keys[0]))

struct reading {
	struct dir_config *cfg;
	struct errmsg *msg;
	const char *path;
	bool seen[NKEYS];
};

static bool set_value(const struct config_key *k, void *member, const char *value)
{
	size_t n = strlen(value);
	uint64_t minutes;

	switch (k->kind) {
	case KEY_ROLE:
		*(enum node_role *)member = !strcmp(value, "hub") ? NODE_HUB : NODE_VILLAGE;
		return !strcmp(value, "hub") || !strcmp(value, "village");
	case KEY_TEXT:
		if (n >= k->size || !dir_ini_value(k->name, value))
			return false;
		memcpy(member, value, n + 1);
		return true;
	case KEY_HEX32: return hex_get(value, n, member, 32);
	case KEY_MINUTES:
		if (!u64_parse(value, n, &minutes) || minutes == 0 || minutes > DIR_MINUTES_MAX)
			return false;
		*(uint32_t *)member = (uint32_t)minutes;
		return true;
	}
	return false;
}

/* libinih: 0 = error. It stops nothing by itself; the first message wins. */
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;

	if (r->msg->text[0])
		return 0;
	if (*section) {
		err_set(r->msg, ERR_FORMAT, "%s: section [%s] is not known", r->path, section);
		return 0;
	}
	for (size_t i = 0; i < NKEYS; i++) {
		if (strcmp(keys[i].name, name))
			continue;
		if (r->seen[i])
			err_set(r->msg, ERR_FORMAT, "%s: key \"%s\" is given twice", r->path, name);
		else if (!set_value(&keys[i], (char *)r->cfg + keys[i].offset, value))
			err_set(r->msg, ERR_FORMAT, "%s: key \"%s\" does not take \"%s\" (%s)",
				r->path, name, value, keys[i].help);
		r->seen[i] = true;
		return !r->msg->text[0];
	}
	err_set(r->msg, ERR_FORMAT, "%s: key \"%s\" is not known", r->path, name);
	return 0;
}

int dir_ini_check(const char *text, size_t n)
{
	size_t width = 0;
	int line = 1;

	for (size_t i = 0; i < n; i++) {
		if (!text[i] || (text[i] != '\n' && ++width > DIR_INI_LINE_MAX))
			return line;
		if (text[i] != '\n')
			continue;
		width = 0;
		line++;
	}
	return 0;
}

bool dir_ini_value(const char *key, const char *value)
{
	struct look_found ignored;
	size_t n = strlen(value);

	if (strlen(key) + strlen(" = ") + n > DIR_INI_LINE_MAX || !utf8_clean(value, n, false) ||
	    look_find(bytes_str(value), false, &ignored))
		return false;
	if (n && (value[0] == ' ' || value[0] == ';' || value[n - 1] == ' '))
		return false;
	return !strstr(value, " ;");
}

int dir_config_parse(const char *text, size_t n, const char *name, struct dir_config *ret,
		     struct errmsg *msg)
{
	struct errmsg local = {0};
	struct dir_config cfg = {0};
	struct reading r = {.cfg = &cfg, .msg = &local, .path = name};
	struct buf copy = {0};
	int line, err;

	line = dir_ini_check(text, n);
	if (line)
		return err_set(msg, ERR_FORMAT, "%s: line %d is longer than %d bytes or not text",
			       name, line, DIR_INI_LINE_MAX);
	err = buf_put(&copy, text, n);
	if (!err) {
		line = ini_parse_string(buf_str(&copy), on_pair, &r);
		err = copy.err;
	}
	if (!err && line > 0 && local.text[0])
		err = err_wrap(&local, ERR_FORMAT, "line %d", line);
	else if (!err && line)
		err = err_set(&local, ERR_FORMAT, "%s: line %d is not key = value", name, line);
	if (!err && !r.seen[0])
		err = err_set(&local, ERR_FORMAT, "%s: key \"role\" is missing", name);
	buf_close(&copy);
	if (err)
		return err_set(msg, err, "%s", local.text);
	*ret = cfg;
	return ERR_OK;
}

int dir_config_read(const char *path, struct dir_config *ret, struct errmsg *msg)
{
	struct buf text = {0};
	int err = file_read(path, CONFIG_BYTES_MAX, &text, msg);

	if (!err)
		err = dir_config_parse((const char *)text.p, text.n, path, ret, msg);
	buf_close(&text);
	return err;
}

int dir_config_write(const struct dir_config *cfg, struct buf *out)
{
	for (size_t i = 0; i < NKEYS; i++) {
		const char *member = (const char *)cfg + keys[i].offset;
		char hex[65];

		if (keys[i].kind == KEY_TEXT && !dir_ini_value(keys[i].name, member))
			return ERR_INVALID;
		buf_printf(out, "; %s\n%s = ", keys[i].help, keys[i].name);
		switch (keys[i].kind) {
		case KEY_ROLE: buf_puts(out, cfg->role == NODE_HUB ? "hub" : "village"); break;
		case KEY_TEXT: buf_puts(out, member); break;
		case KEY_MINUTES:
			buf_printf(out, "%u",
				   cfg->unlock_minutes ? cfg->unlock_minutes : DIR_MINUTES_DEFAULT);
			break;
		case KEY_HEX32:
			hex_put(hex, member, 32);
			buf_puts(out, hex);
			break;
		}
		buf_puts(out, "\n");
	}
	return out->err;
}
