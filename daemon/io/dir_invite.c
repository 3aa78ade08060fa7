#include "daemon/io/dir_invite.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"

/* libinih reads lines of 200 bytes, so the manifest is cut into pieces. */
#define PIECE 48

int dir_invitation(const struct dir *hub, const char *village_code, const char *village_name,
		   const uint8_t invite_seed[SIGN_SEED_BYTES], struct buf *out, struct errmsg *msg)
{
	const char *at = hub->cfg.advertise[0] ? hub->cfg.advertise : hub->cfg.listen;
	char hex[2 * PIECE + 1];

	if (hub->cfg.role != NODE_HUB)
		return err_set(msg, ERR_STATE, "only the hub invites villages");
	if (!at[0])
		return err_set(msg, ERR_STATE,
			       "config.ini names no exchange address (key \"listen\")");
	if (!dir_ini_value("village_code", village_code) ||
	    !dir_ini_value("village_name", village_name))
		return err_set(msg, ERR_INVALID,
			       "the name of the village does not fit into an invitation: no spaces "
			       "around it, no \" ;\"");
	buf_puts(out, "; Cunzhang invitation. SECRET until used: whoever holds it can enrol the "
		      "village once.\n"
		      "; 村账入网邀请。使用前请保密：持有者可为该村办理一次入网。\n");
	buf_printf(out, "invitation = 1\nhub = %s\n", at);
	hex_put(hex, dh_key_public(hub->transport_key), DH_KEY_BYTES);
	buf_printf(out, "hub_transport = %s\ndomain = %s\ntown_name = %s\n", hex, hub->cfg.domain,
		   hub->cfg.town_name);
	for (size_t i = 0; i < hub->manifest_n; i += PIECE) {
		size_t n = hub->manifest_n - i < PIECE ? hub->manifest_n - i : PIECE;

		hex_put(hex, hub->manifest + i, n);
		buf_printf(out, "town_manifest = %s\n", hex);
	}
	hex_put(hex, invite_seed, SIGN_SEED_BYTES);
	buf_printf(out, "village_code = %s\nvillage_name = %s\ninvite_seed = %s\n", village_code,
		   village_name, hex);
	secret_wipe(hex, sizeof(hex));
	return out->err;
}

static bool set_text(char *dst, size_t cap, const char *value)
{
	size_t n = strlen(value);

	if (!n || n >= cap || !dir_ini_value("", value))
		return false;
	memcpy(dst, value, n + 1);
	return true;
}

static bool add_manifest(struct dir_invite *v, const char *value)
{
	size_t n = strlen(value) / 2;

	if (n > sizeof(v->manifest) - v->manifest_n ||
	    !hex_get(value, strlen(value), v->manifest + v->manifest_n, n))
		return false;
	v->manifest_n += n;
	return true;
}

enum key {
	KEY_VERSION,
	KEY_HUB,
	KEY_TRANSPORT,
	KEY_DOMAIN,
	KEY_TOWN_NAME,
	KEY_MANIFEST,
	KEY_CODE,
	KEY_NAME,
	KEY_SEED,
	KEYS
};
static const char *const key_name[KEYS] = {"invitation",   "hub",	   "hub_transport",
					   "domain",	   "town_name",	   "town_manifest",
					   "village_code", "village_name", "invite_seed"};

struct reading {
	struct dir_invite v;
	bool seen[KEYS];
};

static bool set_key(struct dir_invite *v, enum key key, const char *value)
{
	switch (key) {
	case KEY_VERSION: return !strcmp(value, "1");
	case KEY_HUB: return set_text(v->hub, sizeof(v->hub), value);
	case KEY_TRANSPORT: return hex_get(value, strlen(value), v->hub_transport, DH_KEY_BYTES);
	case KEY_DOMAIN: return set_text(v->domain, sizeof(v->domain), value);
	case KEY_TOWN_NAME: return set_text(v->town_name, sizeof(v->town_name), value);
	case KEY_MANIFEST: return add_manifest(v, value);
	case KEY_CODE: return set_text(v->village_code, sizeof(v->village_code), value);
	case KEY_NAME: return set_text(v->village_name, sizeof(v->village_name), value);
	case KEY_SEED: return hex_get(value, strlen(value), v->seed, SIGN_SEED_BYTES);
	case KEYS: break;
	}
	return false;
}

/* Unknown keys are errors, and so is a key given twice: which of the two did the town mean? */
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	unsigned key = 0;

	while (key < KEYS && strcmp(name, key_name[key]) != 0)
		key++;
	if (*section || key == KEYS || (r->seen[key] && key != KEY_MANIFEST))
		return 0;
	r->seen[key] = true;
	return set_key(&r->v, (enum key)key, value);
}

static bool complete(const struct reading *r)
{
	static const uint8_t zero[SIGN_SEED_BYTES];

	for (unsigned key = 0; key < KEYS; key++)
		if (!r->seen[key])
			return false;
	return memcmp(r->v.seed, zero, sizeof(zero)) != 0 &&
	       memcmp(r->v.hub_transport, zero, sizeof(zero)) != 0;
}

int dir_invite_parse(const char *text, size_t n, struct dir_invite *ret, struct errmsg *msg)
{
	struct reading r = {0};
	struct buf copy = {.max = 16384};
	int line = dir_ini_check(text, n), err = buf_put(&copy, text, n);
	const char *whole = buf_str(&copy);

	if (err || copy.err) {
		buf_close(&copy);
		return err_set(msg, ERR_LIMIT, "the invitation is too large");
	}
	if (!line)
		line = ini_parse_string(whole, on_pair, &r);
	secret_wipe(copy.p, copy.cap);
	buf_close(&copy);
	if (line)
		return err_set(msg, ERR_FORMAT,
			       "invitation, line %d: not understood; copy the whole "
			       "file again or ask the town for a new one",
			       line);
	if (!complete(&r))
		return err_set(msg, ERR_FORMAT,
			       "the invitation is not complete; copy the whole file "
			       "again or ask the town for a new one");
	if (manifest_parse(r.v.manifest, r.v.manifest_n, &r.v.town))
		return err_set(msg, ERR_FORMAT, "the town manifest in the invitation is damaged");
	*ret = r.v;
	return ERR_OK;
}
