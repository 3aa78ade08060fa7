#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/io/clock.h"
#include "daemon/io/dir.h"
#include "daemon/io/dir_invite.h"
#include "daemon/io/entropy.h"
#include "daemon/io/file.h"
#include "daemon/io/guardfile.h"
#include "daemon/io/kvlmdb.h"
#include "lib/text.h"
#include "proto/record.h"

/* Nothing is there yet that init could take for its own. */
static int check_place(const struct dir *d, struct errmsg *msg)
{
	char path[DIR_PATH_MAX];
	int err = dir_path(d, "sock", path);

	if (err || strlen(path) >= DIR_SOCK_MAX)
		return err_set(msg, ERR_INVALID,
			       "%s: too long for a socket; choose a shorter --dir", d->path);
	if (!file_dir_empty(d->path))
		return err_set(
			msg, ERR_EXISTS,
			"%s is not empty: init is for new nodes only; of a lost or old node keep "
			"DIR as it is and write to the town office",
			d->path);
	return ERR_OK;
}

/* Of two who init one place at once, one gets it; the other must not remove it again. */
static int claim(const struct dir *d, struct errmsg *msg)
{
	char path[DIR_PATH_MAX];
	int err = file_mkdir(d->path, 0700, msg);

	if (!err)
		err = dir_path(d, "keys", path);
	return err ? err : file_mkdir_new(path, 0700, msg);
}

static int make_folders(const struct dir *d, struct errmsg *msg)
{
	static const char *const names[] = {"keys/people", "store"};
	char path[DIR_PATH_MAX];
	int err = ERR_OK;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !err; i++) {
		err = dir_path(d, names[i], path);
		if (!err)
			err = file_mkdir(path, 0700, msg);
	}
	return err;
}

static int write_in(const struct dir *d, const char *name, const void *p, size_t n, unsigned mode,
		    struct errmsg *msg)
{
	char path[DIR_PATH_MAX];
	int err = dir_path(d, name, path);

	return err ? err : file_write(path, p, n, mode, msg);
}

/* The three keys of a node; the feed key goes into its manifest. */
static int make_keys(struct dir *d, struct errmsg *msg)
{
	uint8_t seed[3][32];
	int err;

	entropy_fill(seed, sizeof(seed));
	err = sign_key_from_seed(seed[0], &d->feed_key);
	if (!err)
		err = sign_key_from_seed(seed[1], &d->witness_key);
	if (!err)
		err = dh_key_from_seed(seed[2], &d->transport_key);
	if (!err)
		err = write_in(d, "keys/feed.key", seed[0], 32, 0600, msg);
	if (!err)
		err = write_in(d, "keys/witness.key", seed[1], 32, 0600, msg);
	if (!err)
		err = write_in(d, "keys/transport.key", seed[2], 32, 0600, msg);
	secret_wipe(seed, sizeof(seed));
	return err;
}

static int make_manifest(struct dir *d, const struct hash *town, struct errmsg *msg)
{
	struct manifest m = {.town = *town};
	struct buf b = {0};
	int err;

	memcpy(m.feed_key, sign_key_public(d->feed_key), SIGN_KEY_BYTES);
	entropy_fill(m.nonce, sizeof(m.nonce));
	err = manifest_pack(&m, &b);
	if (!err) {
		memcpy(d->manifest, b.p, b.n);
		d->manifest_n = b.n;
		d->town = *town;
		manifest_feed_id(b.p, b.n, &d->feed);
		err = write_in(d, "feed.manifest", b.p, b.n, 0644, msg);
	}
	buf_close(&b);
	return err;
}

static int config_text(const struct dir *d, struct buf *out, struct errmsg *msg)
{
	int err = dir_config_write(&d->cfg, out);

	if (err == ERR_INVALID)
		err_set(msg, err,
			"a name or an address does not fit into config.ini: clean text without "
			"spaces around it and without \" ;\"");
	return err;
}

/* Before anything is made. */
static int check_config(const struct dir *d, struct errmsg *msg)
{
	struct buf b = {0};
	int err;

	if (!domain_valid(d->cfg.domain))
		return err_set(
			msg, ERR_INVALID,
			"\"%s\" cannot be the domain of the town: use small letters, digits, "
			"dots and hyphens, as in points.example",
			d->cfg.domain);
	err = config_text(d, &b, msg);
	buf_close(&b);
	return err ? err : check_place(d, msg);
}

/* A directory that is half made would be refused by the next init. */
static void unmake(const struct dir *d, bool was_there)
{
	struct errmsg why;

	/* what cannot be removed the next init names */
	if (!file_empty_dir(d->path, &why) && !was_there)
		rmdir(d->path);
}

/* The last file, and the name of the directory: without either there is no node. */
static int write_config(const struct dir *d, struct errmsg *msg)
{
	struct buf b = {0};
	int err = config_text(d, &b, msg);

	if (!err)
		err = write_in(d, "config.ini", b.p, b.n, 0644, msg);
	buf_close(&b);
	return err ? err : file_sync_name(d->path, msg);
}

static bool set(char *dst, size_t cap, const char *src)
{
	return !src || (size_t)snprintf(dst, cap, "%s", src) < cap;
}

static struct bytes text_of(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* Encodes, fills in and signs a transaction for @feed. The payload is appended to @payload. */
static int make_tx(const struct hash *town, const struct hash *feed, enum rec_code code,
		   const void *head, const struct sign_key *author, struct entry *ret,
		   struct buf *payload, struct errmsg *msg)
{
	const struct rec_type *t = rec_type_of((uint16_t)code);
	uint8_t secret[ENTRY_SECRET_BYTES], random[10];
	struct rec_issue issue = {0};
	struct payload parsed;
	struct entry e = {.feed = *feed,
			  .wall_ms = clock_wall_ms(),
			  .type = t->code,
			  .schema = t->schema,
			  .epoch = 1};
	int err;

	entropy_fill(secret, sizeof(secret));
	entropy_fill(random, sizeof(random));
	err = rec_encode(t, head, NULL, 0, secret, payload, &issue);
	if (err == ERR_INVALID)
		return err_set(msg, err, "%s (%s) is outside its bounds",
			       issue.field ? issue.field->en : t->en,
			       issue.field ? issue.field->zh : t->zh);
	if (!err)
		err = payload_parse(payload->p, payload->n, &parsed);
	if (err)
		return err;
	payload_commit(&parsed, &e.commitment);
	e.payload_len = (uint32_t)payload->n;
	memcpy(e.author, sign_key_public(author), SIGN_KEY_BYTES);
	txid_make(e.wall_ms, random, e.txid);
	entry_tx_sign(&e, town, author);
	*ret = e;
	return ERR_OK;
}

static int guard_save(void *ctx, const struct guard *g)
{
	return guardfile_save(ctx, g);
}

/* Runs one job through the writer on a new store. */
static int append_first(const struct dir *d, struct kv *kv, const struct entry *tx,
			struct bytes payload, struct errmsg *msg)
{
	struct writer_keys keys = {d->feed_key, d->witness_key};
	struct guardfile *g = NULL;
	struct guard_ops ops = {guard_save, NULL};
	struct writer *w = NULL;
	struct job j = {.type = JOB_APPEND,
			.u.append = {.tx = *tx, .payload = payload, .author_ok = true}};
	struct job *jobs[] = {&j};
	struct buf why = {0};
	int err = guardfile_open(d->cfg.guard, &g, msg);

	ops.ctx = g;
	if (!err)
		err = writer_new(kv, &d->town, FEED_TOWN, &keys, NULL, &ops, &w, msg);
	if (!err)
		err = writer_run(w, jobs, 1);
	if (!err)
		err = j.err;
	if (!err && !verdict_ok(&j.u.append.verdict)) {
		reason_text(&j.u.append.verdict.reason, LANG_EN, &why);
		err = err_set(msg, ERR_REFUSED, "%s: %s", reason_rule(j.u.append.verdict.reason.id),
			      buf_str(&why));
	}
	buf_close(&why);
	writer_free(w);
	guardfile_close(g);
	return err;
}

static int open_store(const struct dir *d, struct kv **ret, struct errmsg *msg)
{
	char path[DIR_PATH_MAX];
	int err = dir_path(d, "store", path);

	return err ? err : kvlmdb_open(path, NULL, ret, msg);
}

static int create_feed(struct kv *kv, const uint8_t *manifest, size_t n, const char *domain,
		       const struct hash *id, uint32_t no)
{
	struct feed_head head;
	struct kv_txn *t;
	char origin[ORIGIN_MAX];
	int err = kv_begin(kv, true, &t);

	if (err)
		return err;
	origin_of(domain, id, origin);
	err = feedlog_create(t, manifest, n, origin, no, &head);
	if (err) {
		kv_abort(t);
		return err;
	}
	return kv_commit(t);
}

static int write_charter(struct dir *d, const struct dir_hub_opts *o, struct kv *kv,
			 struct errmsg *msg)
{
	uint8_t founder[SIGN_KEY_BYTES];
	struct sign_key *key = NULL;
	struct buf payload = {0};
	struct entry tx;
	int err = dir_person_create(d, o->operator_name, o->passphrase, o->cost, founder, msg);

	if (!err)
		err = dir_person_open(d, o->operator_name, o->passphrase, &key, msg);
	if (!err) {
		struct rec_town_charter c = {
			.name = text_of(o->name),
			.code = text_of(o->code),
			.domain = text_of(o->domain),
			.feed_key = {sign_key_public(d->feed_key), SIGN_KEY_BYTES},
			.witness_key = {sign_key_public(d->witness_key), SIGN_KEY_BYTES},
			.transport_key = {dh_key_public(d->transport_key), DH_KEY_BYTES},
			.founder_name = text_of(o->operator_name),
			.founder_key = {founder, SIGN_KEY_BYTES},
			.rules = 1,
		};
		err = make_tx(&d->town, &d->feed, REC_town_charter, &c, key, &tx, &payload, msg);
	}
	if (!err)
		err = create_feed(kv, d->manifest, d->manifest_n, o->domain, &d->feed, FEED_TOWN);
	if (!err)
		err = append_first(d, kv, &tx, buf_bytes(&payload), msg);
	buf_close(&payload);
	sign_key_free(key);
	return err;
}

static void town_id(const char *code, const char *name, struct hash *ret)
{
	struct sha256 s;
	uint8_t nonce[32];

	entropy_fill(nonce, sizeof(nonce));
	sha256_start(&s);
	sha256_add(&s, "CZTOWN1\n", 8);
	sha256_add(&s, nonce, sizeof(nonce));
	sha256_add(&s, code, strlen(code));
	sha256_add(&s, "\n", 1);
	sha256_add(&s, name, strlen(name));
	sha256_end(&s, ret);
}

static int init_hub(struct dir *d, const struct dir_hub_opts *o, struct errmsg *msg)
{
	struct kv *kv = NULL;
	struct hash town;
	int err = make_folders(d, msg);

	if (!err)
		err = make_keys(d, msg);
	town_id(o->code, o->name, &town);
	if (!err)
		err = make_manifest(d, &town, msg);
	if (!err)
		err = write_in(d, "town.manifest", d->manifest, d->manifest_n, 0644, msg);
	if (!err)
		err = dir_path(d, "guard", d->cfg.guard);
	if (!err)
		err = open_store(d, &kv, msg);
	if (!err)
		err = write_charter(d, o, kv, msg);
	kv_close(kv);
	d->cfg.guard[0] = 0; /* beside the store, wherever the folder is moved */
	return err ? err : write_config(d, msg);
}

int dir_init_hub(const char *path, const struct dir_hub_opts *o, struct errmsg *msg)
{
	struct dir d = {.cfg.role = NODE_HUB};
	struct dir_config *c = &d.cfg;
	bool was_there = file_exists(path);
	int err;

	if (!set(d.path, sizeof(d.path) - 64, path) ||
	    !set(c->listen, sizeof(c->listen), o->listen) ||
	    !set(c->advertise, sizeof(c->advertise), o->advertise) ||
	    !set(c->http, sizeof(c->http), o->http) ||
	    !set(c->domain, sizeof(c->domain), o->domain) ||
	    !set(c->town_name, sizeof(c->town_name), o->name))
		return err_set(msg, ERR_LIMIT, "an option is too long");
	err = check_config(&d, msg);
	if (!err)
		err = claim(&d, msg);
	if (err)
		return err;
	err = init_hub(&d, o, msg);
	if (err)
		unmake(&d, was_there);
	dir_close(&d);
	return err;
}

/* The village's part of the enrolment, signed with the invitation key: the hub only has to append it. */
static int write_enrolment(struct dir *d, const struct dir_invite *v,
			   const struct dir_village_opts *o, struct errmsg *msg)
{
	uint8_t head[SIGN_KEY_BYTES], leaf[ENTRY_LEAF_BYTES];
	struct sign_key *invite = NULL;
	struct buf payload = {0}, file = {0};
	struct entry tx;
	int err = dir_person_create(d, o->operator_name, o->passphrase, o->cost, head, msg);

	if (!err)
		err = sign_key_from_seed(v->seed, &invite);
	if (!err) {
		struct rec_village_enrol r = {
			.village_code = text_of(v->village_code),
			.manifest = {d->manifest, d->manifest_n},
			.witness_key = {sign_key_public(d->witness_key), SIGN_KEY_BYTES},
			.transport_key = {dh_key_public(d->transport_key), DH_KEY_BYTES},
			.head_name = text_of(o->operator_name),
			.head_key = {head, SIGN_KEY_BYTES},
		};
		err = make_tx(&d->town, &d->town_feed, REC_village_enrol, &r, invite, &tx, &payload,
			      msg);
	}
	if (!err) {
		entry_pack(&tx, leaf);
		buf_put(&file, leaf, sizeof(leaf));
		err = buf_put(&file, payload.p, payload.n);
	}
	if (!err)
		err = write_in(d, "enrol.entry", file.p, file.n, 0600, msg);
	if (!err)
		err = write_in(d, "enrol.key", v->seed, SIGN_SEED_BYTES, 0600, msg);
	sign_key_free(invite);
	buf_close(&payload);
	buf_close(&file);
	return err;
}

static int init_village(struct dir *d, const struct dir_invite *v, const struct dir_village_opts *o,
			struct errmsg *msg)
{
	struct kv *kv = NULL;
	int err = make_folders(d, msg);

	if (!err)
		err = make_keys(d, msg);
	if (!err)
		err = make_manifest(d, &v->town.town, msg);
	if (!err)
		err = write_in(d, "town.manifest", v->manifest, v->manifest_n, 0644, msg);
	manifest_feed_id(v->manifest, v->manifest_n, &d->town_feed);
	if (!err)
		err = open_store(d, &kv, msg);
	if (!err)
		err = create_feed(kv, v->manifest, v->manifest_n, v->domain, &d->town_feed,
				  FEED_TOWN);
	if (!err)
		err = create_feed(kv, d->manifest, d->manifest_n, v->domain, &d->feed,
				  FEED_TOWN + 1);
	kv_close(kv);
	if (!err)
		err = write_enrolment(d, v, o, msg);
	if (!err)
		err = write_config(d, msg);
	return err;
}

int dir_init_village(const char *path, const struct dir_village_opts *o, struct errmsg *msg)
{
	struct dir d = {.cfg.role = NODE_VILLAGE};
	struct dir_config *c = &d.cfg;
	struct dir_invite v = {0};
	bool was_there = file_exists(path);
	int err = dir_invite_parse(o->invitation, o->invitation_n, &v, msg);

	if (err)
		return err;
	memcpy(c->hub_transport, v.hub_transport, sizeof(c->hub_transport));
	if (!set(d.path, sizeof(d.path) - 64, path) || !set(c->hub, sizeof(c->hub), v.hub) ||
	    !set(c->http, sizeof(c->http), o->http) ||
	    !set(c->domain, sizeof(c->domain), v.domain) ||
	    !set(c->town_name, sizeof(c->town_name), v.town_name) ||
	    !set(c->village_code, sizeof(c->village_code), v.village_code) ||
	    !set(c->village_name, sizeof(c->village_name), v.village_name))
		err = err_set(msg, ERR_LIMIT, "an option is too long");
	if (!err)
		err = check_config(&d, msg);
	if (!err)
		err = claim(&d, msg);
	if (!err) {
		err = init_village(&d, &v, o, msg);
		if (err)
			unmake(&d, was_there);
	}
	secret_wipe(v.seed, sizeof(v.seed));
	dir_close(&d);
	return err;
}
