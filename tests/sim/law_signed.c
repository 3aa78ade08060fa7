#include <string.h>

#include "daemon/feed/sigs.h"
#include "lib/err.h"
#include "lib/text.h"
#include "tests/lib/t.h"
#include "tests/sim/sim.h"

/* What is signed, put together here once more, and what must be so before it is. */

/* What may be sent from now on is in the guard: the store alone could be put back. */
void law_guarded(struct sim *s, uint32_t host, uint64_t size)
{
	const struct guarddisk_slot *g = guarddisk_newest(&s->m[host].host.guard);

	if (g->sealed.size < size && g->intent.size < size)
		sim_fail(s, "signed is guarded: %s has signed %llu entries and its guard has %llu",
			 s->m[host].host.name, (unsigned long long)size,
			 (unsigned long long)g->sealed.size);
}

/* C2SP tlog-cosignature, written out here once more. */
bool law_cosigned_so(const struct host *author, const struct host *witness,
		     const struct job_ingest *g)
{
	struct buf text = {0};
	bool good;

	buf_printf(&text, "cosignature/v1\ntime %llu\n%s\n%llu\n",
		   (unsigned long long)g->cosig.time_s, author->origin,
		   (unsigned long long)g->size);
	b64_put(&text, g->root.b, HASH_BYTES);
	buf_puts(&text, "\n");
	good = sign_verify(sign_key_public(witness->witness_key), text.p, text.n, g->cosig.sig);
	buf_close(&text);
	return good;
}

#define TX_BYTES 140 /* SPEC 5, field after field as they lie in the leaf */

/* What the author of an entry signs, put together once more. */
bool law_signed_so(const struct hash *town, struct bytes leaf)
{
	uint8_t tx[TX_BYTES];

	memcpy(tx, "CZTXN01\n", 8);
	memcpy(tx + 8, town->b, HASH_BYTES);
	memcpy(tx + 40, leaf.p + 8, HASH_BYTES);    /* feed */
	memcpy(tx + 72, leaf.p + 184, TXID_BYTES);  /* ID */
	memcpy(tx + 88, leaf.p + 112, 4);	    /* type and schema */
	memcpy(tx + 92, leaf.p + 104, 8);	    /* size of the town feed */
	memcpy(tx + 100, leaf.p + 84, 8);	    /* wall time */
	memcpy(tx + 108, leaf.p + 120, HASH_BYTES); /* commitment */
	return sign_verify(leaf.p + 152, tx, sizeof(tx), leaf.p + 200);
}

/* --- witnesses of the town feed ---------------------------------------------------------------------- */

struct newest {
	uint64_t size;
	uint32_t witnesses;
};

static int find_newest(void *ctx, const struct sigs_cosig *c)
{
	struct newest *n = ctx;

	if (c->size > n->size)
		n->size = c->size;
	return ERR_OK;
}

static int count_at(void *ctx, const struct sigs_cosig *c)
{
	struct newest *n = ctx;

	n->witnesses += c->size == n->size;
	return ERR_OK;
}

/* What status says: the newest size that somebody has cosigned, and who all have cosigned that. */
void law_witnesses(struct sim *s)
{
	struct feed_status st = {0};
	struct newest n = {0};
	struct kv_txn *t;

	T_EQ(kv_begin(s->m[SIM_HUB].host.kv, false, &t), ERR_OK);
	T_EQ(writer_feed_status(t, FEED_TOWN, true, &st), ERR_OK);
	T_EQ(sigs_cosig_each(t, FEED_TOWN, find_newest, &n), ERR_OK);
	T_EQ(sigs_cosig_each(t, FEED_TOWN, count_at, &n), ERR_OK);
	kv_abort(t);
	if (st.cosigned != n.size || st.witnesses != n.witnesses)
		sim_fail(s, "status: the town feed: %u witnesses at %llu, and %u at %llu are there",
			 st.witnesses, (unsigned long long)st.cosigned, n.witnesses,
			 (unsigned long long)n.size);
}
