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

static int on_pair(void *user, const char *section, const char *name, const char *value)
{
	struct dir_invite *v = user;

	if (*section)
		return 0;
	if (!strcmp(name, "invitation"))
		return !strcmp(value, "1");
	if (!strcmp(name, "hub"))
		return set_text(v->hub, sizeof(v->hub), value);
	if (!strcmp(name, "hub_transport"))
		return hex_get(value, strlen(value), v->hub_transport, DH_KEY_BYTES);
	if (!strcmp(name, "domain"))
		return set_text(v->domain, sizeof(v->domain), value);
	if (!strcmp(name, "town_name"))
		return set_text(v->town_name, sizeof(v->town_name), value);
	if (!strcmp(name, "town_manifest"))
		return add_manifest(v, value);
	if (!strcmp(name, "village_code"))
		return set_text(v->village_code, sizeof(v->village_code), value);
	if (!strcmp(name, "village_name"))
		return set_text(v->village_name, sizeof(v->village_name), value);
	if (!strcmp(name, "invite_seed"))
		return hex_get(value, strlen(value), v->seed, SIGN_SEED_BYTES);
	return 0; /* unknown keys are errors */
}

int dir_invite_parse(const char *text, size_t n, struct dir_invite *ret, struct errmsg *msg)
{
	struct dir_invite v = {0};
	struct buf copy = {.max = 16384};
	static const uint8_t zero[SIGN_SEED_BYTES];
	int line = dir_ini_check(text, n), err = buf_put(&copy, text, n);
	const char *whole = buf_str(&copy);

	if (err || copy.err) {
		buf_close(&copy);
		return err_set(msg, ERR_LIMIT, "the invitation is too large");
	}
	if (!line)
		line = ini_parse_string(whole, on_pair, &v);
	secret_wipe(copy.p, copy.cap);
	buf_close(&copy);
	if (line)
		return err_set(msg, ERR_FORMAT,
			       "invitation, line %d: not understood; copy the whole "
			       "file again or ask the town for a new one",
			       line);
	if (!v.hub[0] || !v.domain[0] || !v.village_code[0] || !v.village_name[0] ||
	    !v.manifest_n || !memcmp(v.seed, zero, sizeof(zero)) ||
	    !memcmp(v.hub_transport, zero, sizeof(zero)))
		return err_set(msg, ERR_FORMAT,
			       "the invitation is not complete; copy the whole file "
			       "again or ask the town for a new one");
	if (manifest_parse(v.manifest, v.manifest_n, &v.town))
		return err_set(msg, ERR_FORMAT, "the town manifest in the invitation is damaged");
	*ret = v;
	return ERR_OK;
}
