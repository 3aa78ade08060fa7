#ifndef DAEMON_IO_KEYRING_H
#define DAEMON_IO_KEYRING_H

#include "daemon/io/waiting.h"

/* The keys of people on this node. They are opened by one thread, one at a time: each opening takes SEAL_MEM_KIB_DEFAULT of
 * memory and a good part of a second. Wrong passphrases of a name are counted; after KEYRING_TRIES of them each further one
 * makes the next try wait for twice as long, up to KEYRING_WAIT_MAX_S, and never for ever.
 *
 * A session holds a key open, in memory that nobody can read but while it is used. It is known by a token, of which only the
 * hash is kept, and serves only those who come from where it was opened. It ends when it was idle for too long, when it is
 * too old, when it is ended, or when its key is. */
#define KEYRING_WAITERS_MAX 64
#define KEYRING_TRIES	    5
#define KEYRING_WAIT_MAX_S  64
#define KEYRING_NAMES_MAX   64 /* names whose wrong passphrases are remembered */
#define KEYRING_OF_ONE_MAX                                                                         \
	4 /* sessions of a name: one more ends the one of them that was used longest ago */
#define KEYRING_IDLE_S (15 * 60)
#define KEYRING_OLD_S  (8 * 60 * 60)

struct keyring_ops {
	void *ctx;
	/* ERR_NOTFOUND, ERR_CRYPTO: the passphrase is wrong. */
	int (*open)(void *ctx, const char *name, const char *passphrase, struct sign_key **ret,
		    struct errmsg *msg);
	int (*create)(void *ctx, const char *name, const char *passphrase,
		      uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg);
	uint64_t (*now_ms)(void *ctx); /* never goes back; goes on while the machine sleeps */
	int (*random)(void *ctx, void *p, size_t n);
	uint32_t idle_s; /* 0: KEYRING_IDLE_S */
};
struct keyring;
int keyring_start(const struct keyring_ops *ops, struct keyring **ret);
/* Does what is queued, ends all sessions and the thread. */
void keyring_stop(struct keyring *k);

/* For WEB_WAIT_OPEN, _UNLOCK and _CREATE. ERR_BUSY when the queue is full. */
void keyring_put(struct keyring *k, struct waiting *x);

/* Those of struct web_services. */
int keyring_use(struct keyring *k, const char *token, struct web_from from,
		struct web_unlocked *ret);
void keyring_used(struct keyring *k, const struct web_unlocked *u);
int keyring_end(struct keyring *k, const char *token, struct web_from from);
void keyring_end_of(struct keyring *k, const uint8_t key[SIGN_KEY_BYTES]);
uint32_t keyring_sessions(struct keyring *k, struct web_session *ret, uint32_t max);
/* Wrong passphrases since the node started. */
uint64_t keyring_wrong(struct keyring *k);

#endif
