#ifndef DAEMON_IO_DIR_H
#define DAEMON_IO_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/writer/writer.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/sign.h"
#include "proto/manifest.h"

/* A node's directory:
 *
 *	config.ini	role, addresses, paths (one descriptor table in dir.c)
 *	feed.manifest, town.manifest
 *	keys/feed.key keys/witness.key keys/transport.key	raw seeds, mode 0600
 *	keys/people/NAME.key	sealed author keys (lib/sign.h), NAME.pub their public keys
 *	enrol.entry	village: the signed village_enrol transaction, leaf | payload
 *	enrol.key	village: seed of the invitation key; both until a start finds the enrolment
 *	store/		LMDB
 *	guard		high-water mark of what was signed; config key "guard" may point to another disk
 *	boot		boot counter
 *	sock		Unix socket of the daemon
 *
 * Passphrases never touch the disk. Files are written to a temporary name, synced and renamed. */
#define DIR_PATH_MAX	    512
#define DIR_SOCK_MAX	    108 /* "<dir>/sock" with its zero byte: what the system takes for a socket */
#define DIR_MINUTES_DEFAULT 15
#define DIR_MINUTES_MAX	    480
#define DIR_NAME_MAX	    48 /* of a person's key file: letters, digits, . _ - and Chinese characters */

enum node_role { NODE_VILLAGE, NODE_HUB };

struct dir_config {
	enum node_role role;
	char listen[128];    /* hub: exchange "host:port" */
	char hub[128];	     /* village: "host:port" */
	char advertise[128]; /* hub: what invitations say; empty: @listen */
	uint8_t hub_transport[DH_KEY_BYTES];
	char http[128]; /* "host:port" for /healthz and the public status; empty: none */
	char domain[DOMAIN_MAX + 1];
	char town_name[97];
	char village_code[13], village_name[97];
	char guard[DIR_PATH_MAX];
	char lang[8];
	uint32_t unlock_minutes; /* 0: DIR_MINUTES_DEFAULT */
};

struct dir {
	char path[DIR_PATH_MAX];
	struct dir_config cfg;
	struct hash town, feed, town_feed;
	uint8_t manifest[MANIFEST_BYTES_MAX];
	size_t manifest_n;
	uint8_t town_manifest[MANIFEST_BYTES_MAX];
	size_t town_manifest_n;
	struct sign_key *feed_key, *witness_key;
	struct dh_key *transport_key;
	struct sign_key *invite_key; /* village until enrolled; may be NULL */
	struct entry enrol_tx;
	struct buf enrol_payload;
	uint32_t boot;
};

/* Opens and checks a directory made by init. Refuses other people's permissions on keys/. */
int dir_open(const char *path, struct dir *ret, struct errmsg *msg);
/* Raises the boot counter durably (the daemon does this once at start). */
int dir_boot(struct dir *d, struct errmsg *msg);
/* A village that finds its enrolment in the town feed held here has no more use for the invitation: its key is
 * removed, from memory too. The daemon does this at the start, before it opens the store. */
int dir_enrolled(struct dir *d, struct errmsg *msg);
void dir_close(struct dir *d);

struct dir_hub_opts {
	const char *name, *code, *domain, *listen, *advertise, *http, *operator_name, *passphrase;
	struct seal_cost cost;
};
/* A new town: keys, manifest, store with the charter entry signed by the operator. ERR_EXISTS when the
 * directory is not empty: init is for new identities only. When init fails, nothing of it is left. */
int dir_init_hub(const char *path, const struct dir_hub_opts *o, struct errmsg *msg);
struct dir_village_opts {
	const char *invitation; /* text of the file */
	size_t invitation_n;
	const char *http, *operator_name, *passphrase;
	struct seal_cost cost;
};
int dir_init_village(const char *path, const struct dir_village_opts *o, struct errmsg *msg);

/* The invitation file: INI text with hub address, transport key, town ID, town manifest, domain, village
 * code and name, and the secret seed of the invitation key. Whoever holds it can enrol that village once. */
int dir_invitation(const struct dir *hub, const char *village_code, const char *village_name,
		   const uint8_t invite_seed[SIGN_SEED_BYTES], struct buf *out, struct errmsg *msg);

/* ERR_EXISTS: the name is taken; of several who ask at once, one gets it. */
int dir_person_create(const struct dir *d, const char *name, const char *passphrase,
		      struct seal_cost cost, uint8_t ret_public[SIGN_KEY_BYTES],
		      struct errmsg *msg);
int dir_person_open(const struct dir *d, const char *name, const char *passphrase,
		    struct sign_key **ret, struct errmsg *msg);
int dir_person_public(const struct dir *d, const char *name, uint8_t ret_public[SIGN_KEY_BYTES]);

/* "<dir>/<name>"; ERR_LIMIT when too long. */
int dir_path(const struct dir *d, const char *name, char out[DIR_PATH_MAX]);
/* True for a name that may be a key file: 1..DIR_NAME_MAX bytes of letters, digits, "._-" and
 * characters beyond ASCII, not beginning with a dot. */
bool dir_name_ok(const char *name);

/* config.ini: the table in dir_config.c serves reading, writing and --print-config. */
int dir_config_read(const char *path, struct dir_config *ret, struct errmsg *msg);
/* The same from text; @name stands in messages. ERR_FORMAT. */
int dir_config_parse(const char *text, size_t n, const char *name, struct dir_config *ret,
		     struct errmsg *msg);
/* What it writes is read back as the same. ERR_INVALID: a value that dir_ini_value refuses; what was read
 * has none. */
int dir_config_write(const struct dir_config *cfg, struct buf *out);

/* INI text, as libinih reads it. 0, or the first line (from 1) that it would not read whole: longer than
 * DIR_INI_LINE_MAX, or with a zero byte. */
#define DIR_INI_LINE_MAX 198
int dir_ini_check(const char *text, size_t n);
/* Whether "@key = @value" gives the same text back: clean UTF-8, no space around it, no " ;" in it, not too
 * long. */
bool dir_ini_value(const char *key, const char *value);

#endif
