#include "tests/lib/pair.h"

#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

#define DOMAIN	 "town.example"
#define WALL_MS	 UINT64_C(1767225600000) /* 2026-01-01 */
#define START_ID 1000000		 /* far from the IDs of grants */

static struct sign_key *key_of(uint8_t tag)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_key *k;

	memset(seed, tag, sizeof(seed));
	T_EQ(sign_key_from_seed(seed, &k), ERR_OK);
	return k;
}

void pair_open(struct pair *tw)
{
	memset(tw, 0, sizeof(*tw));
	T_EQ(crypto_start(), ERR_OK);
	memset(tw->id.b, 0x77, HASH_BYTES);
	tw->founder = key_of(1);
	tw->invite = key_of(2);
	tw->head = key_of(3);
	for (int i = 0; i < PAIR_FEEDS; i++) {
		struct manifest m = {.town = tw->id};
		struct buf b = {0};

		tw->feed_key[i] = key_of((uint8_t)(10 + i));
		tw->witness[i] = key_of((uint8_t)(20 + i));
		memcpy(m.feed_key, sign_key_public(tw->feed_key[i]), SIGN_KEY_BYTES);
		T_EQ(manifest_pack(&m, &b), ERR_OK);
		memcpy(tw->manifest[i], b.p, b.n);
		tw->manifest_n[i] = b.n;
		manifest_feed_id(b.p, b.n, &tw->feed[i]);
		origin_of(DOMAIN, &tw->feed[i], tw->origin[i]);
		buf_close(&b);
	}
}

void pair_close(struct pair *tw)
{
	for (int i = 0; i < PAIR_FEEDS; i++) {
		sign_key_free(tw->feed_key[i]);
		sign_key_free(tw->witness[i]);
	}
	sign_key_free(tw->founder);
	sign_key_free(tw->invite);
	sign_key_free(tw->head);
}

void pair_feeds(const struct pair *tw, struct kv *kv)
{
	struct feed_head h;
	struct kv_txn *t;

	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	for (uint32_t i = 0; i < PAIR_FEEDS; i++) {
		T_EQ(feedlog_create(t, tw->manifest[i], tw->manifest_n[i], tw->origin[i], i + 1,
				    &h),
		     ERR_OK);
		T_MEM(h.id.b, tw->feed[i].b, HASH_BYTES);
	}
	T_EQ(kv_commit(t), ERR_OK);
}

void pair_tx(const struct pair *tw, enum pair_feed feed, enum rec_code type, const void *head,
	     const struct sign_key *author, uint64_t town_seen, uint32_t id, struct pair_tx *ret)
{
	const struct rec_type *rt = rec_type_of((uint16_t)type);
	uint8_t secret[ENTRY_SECRET_BYTES] = {0}, random[10] = {0};
	struct entry e = {.feed = tw->feed[feed],
			  .epoch = 1,
			  .wall_ms = WALL_MS + id,
			  .town_seen = town_seen,
			  .type = rt->code,
			  .schema = rt->schema};
	struct payload parts;

	be32_put(secret, id);
	be32_put(random, id);
	buf_reset(&ret->payload);
	T_EQ(rec_encode(rt, head, NULL, 0, secret, &ret->payload, NULL), ERR_OK);
	T_EQ(payload_parse(ret->payload.p, ret->payload.n, &parts), ERR_OK);
	payload_commit(&parts, &e.commitment);
	e.payload_len = (uint32_t)ret->payload.n;
	memcpy(e.author, sign_key_public(author), SIGN_KEY_BYTES);
	txid_make(e.wall_ms, random, e.txid);
	entry_tx_sign(&e, &tw->id, author);
	ret->job = (struct job){.type = JOB_APPEND};
	ret->job.u.append = (struct job_append){.tx = e,
						.payload = buf_bytes(&ret->payload),
						.boot = 1,
						.boot_ms = id,
						.author_ok = true};
}

void pair_tx_close(struct pair_tx *x)
{
	buf_close(&x->payload);
}

static struct bytes text(const char *s)
{
	return bytes_str(s);
}

static struct bytes key_bytes(const struct sign_key *k)
{
	return kv_bytes(sign_key_public(k), SIGN_KEY_BYTES);
}

void pair_start_tx(const struct pair *tw, uint32_t step, struct pair_tx *ret)
{
	static const uint8_t transport[2][32] = {{0x31}, {0x32}};
	struct rec_town_charter charter = {.name = text("清溪镇"),
					   .code = text("370000000"),
					   .domain = text(DOMAIN),
					   .feed_key = key_bytes(tw->feed_key[PAIR_HUB]),
					   .witness_key = key_bytes(tw->witness[PAIR_HUB]),
					   .transport_key = kv_bytes(transport[0], 32),
					   .founder_name = text("王建国"),
					   .founder_key = key_bytes(tw->founder),
					   .rules = 1};
	struct rec_invitation invitation = {.village_code = text(PAIR_VILLAGE_CODE),
					    .village_name = text("石桥村"),
					    .invite_key = key_bytes(tw->invite)};
	struct rec_village_enrol enrol = {.village_code = text(PAIR_VILLAGE_CODE),
					  .manifest = kv_bytes(tw->manifest[PAIR_VILLAGE],
							       tw->manifest_n[PAIR_VILLAGE]),
					  .witness_key = key_bytes(tw->witness[PAIR_VILLAGE]),
					  .transport_key = kv_bytes(transport[1], 32),
					  .head_name = text("李秀英"),
					  .head_key = key_bytes(tw->head)};

	if (step == 0)
		pair_tx(tw, PAIR_HUB, REC_town_charter, &charter, tw->founder, 0, START_ID + step,
			ret);
	else if (step == 1)
		pair_tx(tw, PAIR_HUB, REC_invitation, &invitation, tw->founder, 0, START_ID + step,
			ret);
	else
		pair_tx(tw, PAIR_HUB, REC_village_enrol, &enrol, tw->invite, 0, START_ID + step,
			ret);
}

void pair_grant_tx(const struct pair *tw, enum pair_feed feed, uint64_t town_seen, uint32_t id,
		   struct pair_tx *ret)
{
	uint8_t key[SIGN_KEY_BYTES] = {0x55};
	bool hub = feed == PAIR_HUB;
	char name[32];
	struct rec_grant grant = {.key = kv_bytes(key, sizeof(key)),
				  .role = hub ? ROLE_inspector : ROLE_keeper};

	snprintf(name, sizeof(name), "张三（%u）", id);
	grant.name = text(name);
	be32_put(key + 4, id);
	pair_tx(tw, feed, REC_grant, &grant, hub ? tw->founder : tw->head, town_seen, id, ret);
}

/* What the guard has of @g does not change with it. */
static void keep(struct guard *to, const struct guard *g, struct guard_heads *heads)
{
	T_OK(g->ncosigned <= GUARD_CHANGED_MAX);
	T_EQ(guard_heads_put_all(heads, g->cosigned, g->ncosigned), ERR_OK);
	*to = *g;
	to->cosigned = heads->v;
	to->ncosigned = heads->n;
}

static int guard_save(void *ctx, const struct guard *g)
{
	struct pair_node *n = ctx;

	if (n->guard_err)
		return n->guard_err;
	keep(&n->guard, g, &n->cosigned);
	n->has_guard = true;
	n->guard_saves++;
	n->intent.size = 0;
	buf_reset(&n->redo);
	return ERR_OK;
}

static int journal_begin(void *ctx, const struct guard *sealed, const struct guard *intent,
			 struct bytes redo)
{
	struct pair_node *n = ctx;

	guard_heads_reset(&n->begun_cosigned);
	keep(&n->sealed_before, sealed, &n->begun_cosigned);
	n->begun = *intent;
	buf_reset(&n->begun_redo);
	return buf_put(&n->begun_redo, redo.p, redo.n);
}

static int journal_wait(void *ctx)
{
	struct pair_node *n = ctx;
	struct buf old = n->redo;

	if (n->guard_err)
		return n->guard_err;
	keep(&n->guard, &n->sealed_before, &n->cosigned);
	n->intent = n->begun;
	n->redo = n->begun_redo;
	n->begun_redo = old;
	return ERR_OK;
}

int pair_node_start(struct pair_node *n, struct errmsg *msg)
{
	struct writer_keys keys = {n->tw->feed_key[n->feed], n->tw->witness[n->feed]};
	struct guard_ops ops = {guard_save, n};

	/* the writer reads it while it writes the next one */
	struct buf redo = {0};
	T_EQ(buf_put(&redo, n->redo.p, n->redo.n), ERR_OK);
	struct guard_journal journal = {.begin = journal_begin,
					.wait = journal_wait,
					.ctx = n,
					.intent = n->intent,
					.redo = buf_bytes(&redo)};
	int err = writer_open(n->kv, &n->tw->id, (uint32_t)n->feed + 1, &keys,
			      n->has_guard ? &n->guard : NULL, n->journal ? &journal : NULL, &ops,
			      &n->w, msg);
	buf_close(&redo);
	return err;
}

void pair_node_open(struct pair_node *n, const struct pair *tw, enum pair_feed feed, struct kv *kv)
{
	struct errmsg msg = {0};

	memset(n, 0, sizeof(*n));
	n->tw = tw;
	n->feed = feed;
	n->kv = kv;
	if (!kv)
		T_EQ(kvmem_new(&n->kv), ERR_OK);
	pair_feeds(tw, n->kv);
	if (pair_node_start(n, &msg))
		t_fail(__FILE__, __LINE__, "%s", msg.text);
}

void pair_node_stop(struct pair_node *n)
{
	writer_free(n->w);
	n->w = NULL;
}

void pair_node_close(struct pair_node *n)
{
	pair_node_stop(n);
	kv_close(n->kv);
	buf_close(&n->redo);
	buf_close(&n->begun_redo);
	guard_heads_close(&n->cosigned);
	guard_heads_close(&n->begun_cosigned);
	memset(n, 0, sizeof(*n));
}

int pair_run(struct pair_node *n, struct job **jobs, uint32_t njobs)
{
	int err = writer_run(n->w, jobs, njobs);

	writer_invariant(n->w);
	return err;
}

void pair_put(struct pair_node *n, struct pair_tx *x)
{
	struct job *job = &x->job;

	T_EQ(pair_run(n, &job, 1), ERR_OK);
	T_EQ(job->err, ERR_OK);
	T_STR(reason_name(job->u.append.verdict.reason.id), "ACCEPTED");
	T_OK(!job->u.append.exists);
}

void pair_chunk(struct pair_node *n, uint64_t from, uint64_t to, struct buf *out)
{
	struct checkpoint c = {0};
	uint8_t sig[SIGN_BYTES];
	struct chunk_writer cw;
	struct kv_txn *t;
	uint32_t no = (uint32_t)n->feed + 1;

	memcpy(c.origin, n->tw->origin[n->feed], ORIGIN_MAX);
	buf_reset(out);
	T_EQ(kv_begin(n->kv, false, &t), ERR_OK);
	T_EQ(chunk_begin(&cw, out, &n->tw->feed[n->feed], from, 1), ERR_OK);
	for (uint64_t seq = from; seq < to; seq++) {
		struct bytes leaf, payload;

		T_EQ(feedlog_read(t, no, seq, &leaf, &payload), ERR_OK);
		T_EQ(chunk_add(&cw, leaf.p, payload), ERR_OK);
	}
	c.size = to;
	T_EQ(feedlog_root(t, no, to, &c.root), ERR_OK);
	kv_abort(t);
	T_EQ(checkpoint_sign(&c, n->tw->feed_key[n->feed], sig), ERR_OK);
	T_EQ(chunk_finish(&cw, &c.root, sig), ERR_OK);
}
