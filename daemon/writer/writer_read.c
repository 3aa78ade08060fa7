#include <string.h>

#include "daemon/feed/sigs.h"
#include "daemon/ledger/state/read.h"
#include "daemon/writer/writer.h"
#include "lib/err.h"

int writer_sealed(struct kv_txn *t, uint32_t no, struct checkpoint *ret,
		  uint8_t ret_sig[SIGN_BYTES])
{
	struct sigs_sealed s;
	struct feed_head h;
	int err = sigs_sealed_get(t, no, &s);

	if (!err)
		err = feedlog_head(t, no, &h);
	if (err)
		return err;
	memcpy(ret->origin, h.origin, sizeof(ret->origin));
	ret->size = s.size;
	ret->root = s.root;
	memcpy(ret_sig, s.sig, SIGN_BYTES);
	return ERR_OK;
}

int writer_cosig(struct kv_txn *t, uint32_t no, const uint8_t witness[SIGN_KEY_BYTES],
		 struct job_cosig *ret)
{
	struct sigs_cosig c;
	struct feed_head h;
	int err = sigs_cosig_get(t, no, witness, &c);

	if (!err)
		err = feedlog_head(t, no, &h);
	if (err)
		return err;
	*ret = (struct job_cosig){.feed = h.id, .size = c.size, .root = c.root, .cosig = c.cosig};
	memcpy(ret->witness, witness, SIGN_KEY_BYTES);
	return ERR_OK;
}

static int count_newest(void *ctx, const struct sigs_cosig *c)
{
	struct feed_status *s = ctx;

	if (c->size > s->cosigned) {
		s->cosigned = c->size;
		s->witnesses = 0;
	}
	s->witnesses += c->size == s->cosigned;
	return ERR_OK;
}

int writer_feed_status(struct kv_txn *t, uint32_t no, bool is_hub, struct feed_status *ret)
{
	struct feed_status s = {0};
	struct sigs_acked acked;
	struct feed_head h;
	int err = feedlog_head(t, no, &h);

	if (err)
		return err;
	s.size = h.size;
	if (is_hub || no == FEED_TOWN) { /* the town feed is the hub's own */
		s.at_hub = h.size;
	} else {
		err = sigs_acked_get(t, no, &acked);
		if (err && err != ERR_NOTFOUND)
			return err;
		s.at_hub = err ? 0 : acked.size;
	}
	err = sigs_cosig_each(t, no, count_newest, &s);
	if (!err)
		*ret = s;
	return err;
}

/* The names under which witnesses sign come from the roster. */
struct names {
	const struct checkpoint *c;
	struct kv_txn *t;
	char domain[DOMAIN_MAX + 1];
	struct buf *out;
	uint32_t n;
};

/* The feed of the node whose witness key it is. ERR_NOTFOUND. */
static int find_witness(struct kv_txn *t, const uint8_t key[SIGN_KEY_BYTES], struct hash *ret)
{
	struct view_village v;
	struct view_town town;
	struct feed_head h;
	int err = view_town(t, &town);

	if (err)
		return err;
	if (memcmp(town.witness_key, key, SIGN_KEY_BYTES) == 0) {
		err = feedlog_head(t, FEED_TOWN, &h);
		if (!err)
			*ret = h.id;
		return err;
	}
	err = view_village_by_witness(t, key, &v);
	if (!err)
		*ret = v.feed;
	return err;
}

static int add_cosig(void *ctx, const struct sigs_cosig *c)
{
	struct names *n = ctx;
	char name[ORIGIN_MAX];
	struct hash feed;
	int err;

	if (c->size != n->c->size || hash_cmp(&c->root, &n->c->root) || n->n == NOTE_SIGS_MAX)
		return ERR_OK;
	err = find_witness(n->t, c->witness, &feed);
	if (err) /* not on the roster: nobody could check it */
		return err == ERR_NOTFOUND ? ERR_OK : err;
	witness_name_of(n->domain, &feed, name);
	n->n++;
	return note_add_cosig(n->out, name, c->witness, &c->cosig);
}

int writer_note(struct kv_txn *t, uint32_t no, struct buf *out)
{
	struct names n = {.t = t, .out = out, .n = 1};
	uint8_t sig[SIGN_BYTES];
	struct checkpoint c;
	struct feed_head h;
	const char *slash;
	int err = writer_sealed(t, no, &c, sig);

	if (!err)
		err = feedlog_head(t, no, &h);
	if (err)
		return err;
	slash = strchr(c.origin, '/');
	if (!slash || (size_t)(slash - c.origin) >= sizeof(n.domain))
		return ERR_CORRUPT;
	memcpy(n.domain, c.origin, (size_t)(slash - c.origin));
	n.c = &c;
	err = note_begin(out, &c);
	if (!err)
		err = note_add_sig(out, c.origin, h.key, sig);
	if (!err)
		err = sigs_cosig_each(t, no, add_cosig, &n);
	return err;
}
