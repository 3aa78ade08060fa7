#include "daemon/io/dir.h"

#include <stdio.h>
#include <string.h>

#include "daemon/io/file.h"
#include "lib/text.h"

int dir_path(const struct dir *d, const char *name, char out[DIR_PATH_MAX])
{
	int n = snprintf(out, DIR_PATH_MAX, "%s/%s", d->path, name);

	return n > 0 && n < DIR_PATH_MAX ? ERR_OK : ERR_LIMIT;
}

static int read_seed(const struct dir *d, const char *name, uint8_t seed[32], struct errmsg *msg)
{
	char path[DIR_PATH_MAX];

	if (dir_path(d, name, path))
		return err_set(msg, ERR_LIMIT, "%s: path too long", d->path);
	return file_read_secret(path, seed, 32, msg);
}

static int load_sign_key(const struct dir *d, const char *name, struct sign_key **ret,
			 struct errmsg *msg)
{
	uint8_t seed[32];
	int err = read_seed(d, name, seed, msg);

	if (!err)
		err = sign_key_from_seed(seed, ret);
	secret_wipe(seed, sizeof(seed));
	return err;
}

static int load_keys(struct dir *d, struct errmsg *msg)
{
	char keys[DIR_PATH_MAX];
	uint8_t seed[32];
	int err = dir_path(d, "keys", keys);

	if (!err) /* nobody else may put other keys there either */
		err = file_private_dir(keys, msg);
	if (!err)
		err = load_sign_key(d, "keys/feed.key", &d->feed_key, msg);
	if (!err)
		err = load_sign_key(d, "keys/witness.key", &d->witness_key, msg);
	if (!err)
		err = read_seed(d, "keys/transport.key", seed, msg);
	if (!err)
		err = dh_key_from_seed(seed, &d->transport_key);
	secret_wipe(seed, sizeof(seed));
	return err;
}

static int load_manifest(const struct dir *d, const char *name, uint8_t out[MANIFEST_BYTES_MAX],
			 size_t *ret_n, struct manifest *ret, struct errmsg *msg)
{
	char path[DIR_PATH_MAX];
	struct buf b = {0};
	int err = dir_path(d, name, path);

	if (!err)
		err = file_read(path, MANIFEST_BYTES_MAX, &b, msg);
	if (!err && manifest_parse(b.p, b.n, ret))
		err = err_set(msg, ERR_FORMAT, "%s is not a feed manifest", path);
	if (!err) {
		memcpy(out, b.p, b.n);
		*ret_n = b.n;
	}
	buf_close(&b);
	return err;
}

static int load_manifests(struct dir *d, struct errmsg *msg)
{
	struct manifest own = {0}, town = {0};
	int err = load_manifest(d, "feed.manifest", d->manifest, &d->manifest_n, &own, msg);

	if (!err)
		err = load_manifest(d, "town.manifest", d->town_manifest, &d->town_manifest_n,
				    &town, msg);
	if (err)
		return err;
	if (hash_cmp(&own.town, &town.town))
		return err_set(msg, ERR_STATE, "%s: the two manifests name different towns",
			       d->path);
	if (memcmp(own.feed_key, sign_key_public(d->feed_key), SIGN_KEY_BYTES))
		return err_set(msg, ERR_STATE, "%s/keys/feed.key is not the key of feed.manifest",
			       d->path);
	d->town = own.town;
	manifest_feed_id(d->manifest, d->manifest_n, &d->feed);
	manifest_feed_id(d->town_manifest, d->town_manifest_n, &d->town_feed);
	return ERR_OK;
}

/* A village keeps its enrolment transaction and the key that signed it until the hub has it. */
static int load_enrolment(struct dir *d, struct errmsg *msg)
{
	char path[DIR_PATH_MAX];
	struct buf b = {0};
	int err = dir_path(d, "enrol.entry", path);

	if (err || d->cfg.role == NODE_HUB || !file_exists(path))
		return err;
	err = file_read(path, ENTRY_LEAF_BYTES + ENTRY_PAYLOAD_MAX, &b, msg);
	if (!err && (b.n < ENTRY_LEAF_BYTES || entry_parse(b.p, ENTRY_LEAF_BYTES, &d->enrol_tx)))
		err = err_set(msg, ERR_FORMAT, "%s is damaged; ask the town for a new invitation",
			      path);
	if (!err)
		err = buf_put(&d->enrol_payload, b.p + ENTRY_LEAF_BYTES, b.n - ENTRY_LEAF_BYTES);
	if (!err)
		err = load_sign_key(d, "enrol.key", &d->invite_key, msg);
	buf_close(&b);
	return err;
}

int dir_open(const char *path, struct dir *ret, struct errmsg *msg)
{
	struct dir d = {0};
	char config[DIR_PATH_MAX];
	int err;

	if ((size_t)snprintf(d.path, sizeof(d.path), "%s", path) >= sizeof(d.path) - 64)
		return err_set(msg, ERR_LIMIT, "%s: path too long", path);
	err = dir_path(&d, "config.ini", config);
	if (!err && file_denied(config))
		return err_set(msg, ERR_DENIED,
			       "%s: permission denied; run as the user who made it", path);
	if (!err && !file_exists(config))
		return err_set(msg, ERR_NOTFOUND,
			       "%s is not a node directory; make one with "
			       "\"cunzhang --dir %s init\"",
			       path, path);
	err = dir_config_read(config, &d.cfg, msg);
	if (!err)
		err = load_keys(&d, msg);
	if (!err)
		err = load_manifests(&d, msg);
	if (!err)
		err = load_enrolment(&d, msg);
	if (!err && !d.cfg.guard[0])
		err = dir_path(&d, "guard", d.cfg.guard);
	if (err) {
		dir_close(&d);
		return err;
	}
	*ret = d;
	return ERR_OK;
}

int dir_boot(struct dir *d, struct errmsg *msg)
{
	char path[DIR_PATH_MAX], text[16];
	struct buf b = {0};
	uint64_t n = 0;
	int err = dir_path(d, "boot", path);

	if (!err && file_exists(path)) {
		err = file_read(path, sizeof(text), &b, msg);
		while (b.n && b.p[b.n - 1] == '\n')
			b.n--;
		if (!err && (!u64_parse((char *)b.p, b.n, &n) || n >= UINT32_MAX))
			err = err_set(msg, ERR_FORMAT, "%s is not a number", path);
	}
	buf_close(&b);
	if (err)
		return err;
	n++;
	snprintf(text, sizeof(text), "%u\n", (unsigned)n);
	err = file_write(path, text, strlen(text), 0644, msg);
	/* a full disk must not keep the node from showing what it holds; the number never gets shorter */
	if (err == ERR_FULL && n > 1)
		err = file_overwrite(path, text, strlen(text), msg);
	if (!err)
		d->boot = (uint32_t)n;
	return err;
}

void dir_close(struct dir *d)
{
	sign_key_free(d->feed_key);
	sign_key_free(d->witness_key);
	sign_key_free(d->invite_key);
	dh_key_free(d->transport_key);
	buf_close(&d->enrol_payload);
	*d = (struct dir){0};
}
