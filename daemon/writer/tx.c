#include "daemon/writer/tx.h"

#include <string.h>

#include "lib/mem.h"

#define SECRET_LABEL "CZ payload secret\n"

static void payload_secret(const struct sign_key *author, const uint8_t txid[TXID_BYTES],
			   uint8_t out[ENTRY_SECRET_BYTES])
{
	uint8_t seed[SIGN_SEED_BYTES], msg[sizeof(SECRET_LABEL) - 1 + TXID_BYTES];

	memcpy(msg, SECRET_LABEL, sizeof(SECRET_LABEL) - 1);
	memcpy(msg + sizeof(SECRET_LABEL) - 1, txid, TXID_BYTES);
	sign_key_seed(author, seed);
	kdf(out, ENTRY_SECRET_BYTES, seed, sizeof(seed), msg, sizeof(msg));
	secret_wipe(seed, sizeof(seed));
}

static int new_txid(const struct tx_services *s, uint8_t out[TXID_BYTES])
{
	uint8_t random[10];
	int err = s->random(s->ctx, random, sizeof(random));

	if (!err)
		txid_make(s->wall_ms(s->ctx), random, out);
	return err;
}

int tx_make(const struct tx_services *s, const struct rec_type *t, const void *head,
	    const void *lines, uint32_t nlines, const struct sign_key *author,
	    const uint8_t txid[TXID_BYTES], struct tx *ret, struct rec_issue *ret_issue)
{
	struct tx x = {.job.type = JOB_APPEND, .author = author};
	struct entry *e = &x.job.u.append.tx;
	uint8_t secret[ENTRY_SECRET_BYTES];
	struct payload p;
	int err = ERR_OK;

	if (txid)
		memcpy(e->txid, txid, TXID_BYTES);
	else
		err = new_txid(s, e->txid);
	if (err)
		return err;
	payload_secret(author, e->txid, secret);
	err = rec_encode(t, head, lines, nlines, secret, &x.payload, ret_issue);
	secret_wipe(secret, sizeof(secret));
	if (!err)
		err = payload_parse(x.payload.p, x.payload.n, &p);
	if (err) {
		buf_close(&x.payload);
		return err;
	}
	payload_commit(&p, &e->commitment);
	e->type = t->code;
	e->schema = t->schema;
	e->payload_len = (uint32_t)x.payload.n;
	memcpy(e->author, sign_key_public(author), SIGN_KEY_BYTES);
	*ret = x;
	return ERR_OK;
}

void tx_close(struct tx *x)
{
	if (x)
		buf_close(&x->payload);
}

/* What a signature covers besides the content: the feed and the size of the town feed here and now. */
static int look(const struct tx_services *s, struct hash *ret_feed, uint64_t *ret_town)
{
	struct feed_head own, town;
	struct kv_txn *t;
	int err = kv_begin(s->kv, false, &t);

	if (err)
		return err;
	err = feedlog_head(t, s->own, &own);
	if (!err)
		err = feedlog_head(t, FEED_TOWN, &town);
	kv_abort(t);
	if (err)
		return err;
	*ret_feed = own.id;
	*ret_town = town.size;
	return ERR_OK;
}

int tx_sign(const struct tx_services *s, struct tx **v, uint32_t n, struct job **ret_jobs)
{
	uint64_t town_seen = 0, wall_ms = s->wall_ms(s->ctx), boot_ms;
	struct hash feed;
	uint32_t boot;
	int err = look(s, &feed, &town_seen);

	if (err)
		return err;
	s->stamp(s->ctx, &boot, &boot_ms);
	for (uint32_t i = 0; i < n; i++) {
		struct job_append *a = &v[i]->job.u.append;

		a->tx.feed = feed;
		a->tx.town_seen = town_seen;
		a->tx.wall_ms = wall_ms;
		entry_tx_sign(&a->tx, &s->town, v[i]->author);
		a->payload = buf_bytes(&v[i]->payload);
		a->boot = boot;
		a->boot_ms = boot_ms;
		a->author_ok = true; /* signed on the line above */
		ret_jobs[i] = &v[i]->job;
	}
	return ERR_OK;
}

uint32_t tx_overtaken(struct tx **v, uint32_t n)
{
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct tx *x = v[i];

		if (x->job.u.append.verdict.reason.id != V_TOWN_SEEN)
			continue;
		v[i] = v[m];
		v[m++] = x;
	}
	return m;
}

day_t tx_today(const struct tx_services *s)
{
	return day_of_ms(s->wall_ms(s->ctx));
}
