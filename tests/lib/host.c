#include "tests/lib/host.h"

#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

#define QUEUE_MAX 4096

struct bytes host_text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* --- identity -------------------------------------------------------------------------------------- */

static struct sign_key *make_sign(struct prng *g)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_key *k;

	prng_fill(g, seed, sizeof(seed));
	T_EQ(sign_key_from_seed(seed, &k), ERR_OK);
	return k;
}

static void make_queues(struct host *h)
{
	h->fx = mem_alloc(sizeof(*h->fx));
	h->queue = mem_array(QUEUE_MAX, sizeof(struct job *));
	h->batch = mem_array(QUEUE_MAX, sizeof(struct job *));
	T_OK(h->fx && h->queue && h->batch);
}

static void make_identity(struct host *h, struct prng *g, const struct hash *town)
{
	struct manifest m = {.town = *town};
	struct buf b = {0};
	uint8_t seed[32];

	h->town = *town;
	h->feed_key = make_sign(g);
	h->witness_key = make_sign(g);
	h->invite = make_sign(g);
	prng_fill(g, seed, sizeof(seed));
	T_EQ(dh_key_from_seed(seed, &h->transport), ERR_OK);
	for (unsigned i = 0; i < HOST_PEOPLE; i++)
		h->person[i] = make_sign(g);
	memcpy(m.feed_key, sign_key_public(h->feed_key), SIGN_KEY_BYTES);
	prng_fill(g, m.nonce, sizeof(m.nonce));
	T_EQ(manifest_pack(&m, &b), ERR_OK);
	memcpy(h->manifest, b.p, b.n);
	h->manifest_n = b.n;
	manifest_feed_id(b.p, b.n, &h->feed);
	origin_of(HOST_DOMAIN, &h->feed, h->origin);
	buf_close(&b);
	T_EQ(kvmem_new(&h->kv), ERR_OK);
	make_queues(h);
}

static void register_feed(struct host *h, const struct host *owner, uint32_t no)
{
	struct feed_head head;
	struct kv_txn *t;

	T_EQ(kv_begin(h->kv, true, &t), ERR_OK);
	T_EQ(feedlog_create(t, owner->manifest, owner->manifest_n, owner->origin, no, &head),
	     ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

static uint64_t fixed_now(void *ctx, struct host *h)
{
	(void)ctx;
	(void)h;
	return 1000;
}

static uint64_t fixed_wall(void *ctx, struct host *h)
{
	(void)ctx;
	(void)h;
	return HOST_WALL_MS;
}

static void perform_nothing(void *ctx, struct host *h, const struct effect *fx)
{
	(void)ctx;
	(void)h;
	(void)fx;
}

static void host_defaults(struct host *h)
{
	h->perform = perform_nothing;
	h->now_ms = fixed_now;
	h->wall_ms = fixed_wall;
}

static void make_hub(struct host *h, struct prng *g, const struct hash *town)
{
	h->serves = true;
	h->own_no = FEED_TOWN;
	make_identity(h, g, town);
	h->town_feed = h->feed;
	host_defaults(h);
	register_feed(h, h, FEED_TOWN);
}

static void write_charter(struct host *h, struct prng *g)
{
	struct rec_town_charter c = {
		.name = host_text("后山镇"),
		.code = host_text("510000000"),
		.domain = host_text(HOST_DOMAIN),
		.feed_key = {sign_key_public(h->feed_key), SIGN_KEY_BYTES},
		.witness_key = {sign_key_public(h->witness_key), SIGN_KEY_BYTES},
		.transport_key = {dh_key_public(h->transport), DH_KEY_BYTES},
		.founder_name = host_text("王主任"),
		.founder_key = {sign_key_public(h->person[HOST_HEAD]), SIGN_KEY_BYTES},
		.rules = 1,
	};

	host_do(h, g, REC_town_charter, &c, NULL, 0, h->person[HOST_HEAD]);
}

void host_hub(struct host *h, uint64_t seed)
{
	struct hash town;
	struct prng g;

	T_EQ(crypto_start(), ERR_OK);
	memset(h, 0, sizeof(*h));
	prng_seed(&g, seed);
	prng_fill(&g, town.b, sizeof(town.b));
	snprintf(h->name, sizeof(h->name), "hub");
	make_hub(h, &g, &town);
	T_EQ(host_start(h, seed, NULL), ERR_OK);
	write_charter(h, &g);
}

/* @hub invites the member that @h has named. */
static void invite(struct host *h, struct host *hub, struct prng *g)
{
	struct rec_invitation inv = {
		.village_code = host_text(h->code),
		.village_name = host_text(h->name),
		.invite_key = {sign_key_public(h->invite), SIGN_KEY_BYTES},
	};

	memcpy(h->upstream_transport, dh_key_public(hub->transport), DH_KEY_BYTES);
	host_do(hub, g, REC_invitation, &inv, NULL, 0, hub->person[HOST_HEAD]);
}

static struct rec_village_enrol enrolment_of(const struct host *h)
{
	return (struct rec_village_enrol){
		.village_code = host_text(h->code),
		.manifest = {h->manifest, h->manifest_n},
		.witness_key = {sign_key_public(h->witness_key), SIGN_KEY_BYTES},
		.transport_key = {dh_key_public(h->transport), DH_KEY_BYTES},
		.head_name = host_text("李书记"),
		.head_key = {sign_key_public(h->person[HOST_HEAD]), SIGN_KEY_BYTES},
	};
}

void host_middle(struct host *h, struct host *upper, uint32_t index, uint64_t seed)
{
	struct rec_village_enrol r;
	struct prng g;

	memset(h, 0, sizeof(*h));
	prng_seed(&g, seed);
	h->index = index;
	h->upstream_no = FEED_TOWN + 1;
	snprintf(h->code, sizeof(h->code), "510000000%03u", index);
	snprintf(h->name, sizeof(h->name), "middle-%u", index);
	make_hub(h, &g, &upper->town);
	register_feed(h, upper, h->upstream_no);
	invite(h, upper, &g);
	r = enrolment_of(h);
	host_do(upper, &g, REC_village_enrol, &r, NULL, 0, h->invite);
	T_EQ(host_start(h, seed, NULL), ERR_OK);
	write_charter(h, &g);
	host_crash(h, NULL, NULL); /* what it asked to dial, nobody has seen */
}

/* The village's own signature on its enrolment; it needs no link for this. */
static void sign_enrolment(struct host *h, struct host *hub, struct prng *g)
{
	struct rec_village_enrol r = enrolment_of(h);
	struct cmd c;

	host_tx(hub, g, REC_village_enrol, &r, NULL, 0, h->invite, HOST_WALL_MS, &c);
	h->enrol_tx = c.job.u.append.tx;
	h->enrol_tx.epoch = 1;
	h->enrol_payload = c.payload;
}

void host_village(struct host *h, struct host *hub, uint32_t index, uint64_t seed)
{
	struct prng g;

	memset(h, 0, sizeof(*h));
	prng_seed(&g, seed);
	h->upstream_no = FEED_TOWN;
	h->index = index;
	h->own_no = FEED_TOWN + 1;
	snprintf(h->code, sizeof(h->code), "510000000%03u", index);
	snprintf(h->name, sizeof(h->name), "village-%u", index);
	make_identity(h, &g, &hub->town);
	h->town_feed = hub->feed;
	host_defaults(h);
	register_feed(h, hub, FEED_TOWN);
	register_feed(h, h, h->own_no);
	invite(h, hub, &g);
	sign_enrolment(h, hub, &g);
}

static void close_disk(struct host *h)
{
	guarddisk_lose(&h->guard);
	kv_close(h->kv);
	mem_free(h->fx);
	mem_free(h->queue);
	mem_free(h->batch);
}

void host_close(struct host *h)
{
	host_crash(h, NULL, NULL);
	sign_key_free(h->feed_key);
	sign_key_free(h->witness_key);
	sign_key_free(h->invite);
	dh_key_free(h->transport);
	for (unsigned i = 0; i < HOST_PEOPLE; i++)
		sign_key_free(h->person[i]);
	buf_close(&h->enrol_payload);
	close_disk(h);
	memset(h, 0, sizeof(*h));
}

/* --- process --------------------------------------------------------------------------------------- */

static int start_node(struct host *h, uint64_t prng_seed_value)
{
	struct node_cfg cfg = {
		.town = h->town,
		.feed = h->feed,
		.feed_key = h->feed_key,
		.transport = h->transport,
		.boot = h->boot,
		.serves = h->serves,
		.features = h->plain ? 0 : HELLO_ZSTD,
		.upstream = {.feed_no = h->upstream_no,
			     .invite = h->enrol_payload.n ? h->invite : NULL,
			     .enrol_tx = h->enrol_tx,
			     .enrol_payload = buf_bytes(&h->enrol_payload)},
	};

	memcpy(cfg.origin, h->origin, sizeof(cfg.origin));
	memcpy(cfg.upstream.transport, h->upstream_transport, DH_KEY_BYTES);
	return node_new(&cfg, h->kv, prng_seed_value, &h->node);
}

static void announce_head(struct host *h)
{
	struct event ev = {.type = EV_GREW};

	writer_head(h->writer, &ev.head);
	if (ev.head.size <= h->announced.size)
		return;
	h->announced = ev.head;
	host_feed(h, &ev);
}

int host_start(struct host *h, uint64_t prng_seed_value, struct errmsg *msg)
{
	struct writer_keys keys = {h->feed_key, h->witness_key};
	struct guard_ops ops = {guarddisk_save, &h->guard};
	struct guard_journal journal;
	struct guard guard;
	bool guarded = guarddisk_open(&h->guard, &guard, &journal);
	int err;

	T_OK(!h->up);
	h->boot++;
	err = writer_open(h->kv, &h->town, h->own_no, &keys, guarded ? &guard : NULL, &journal,
			  &ops, &h->writer, msg);
	if (err)
		return err;
	err = start_node(h, prng_seed_value);
	if (err) {
		writer_free(h->writer);
		h->writer = NULL;
		return err;
	}
	h->up = true;
	memset(&h->announced, 0, sizeof(h->announced));
	announce_head(h);
	return ERR_OK;
}

static struct cmd *cmd_of(struct job *j)
{
	return j->owner; /* the node leaves this alone */
}

static void drop_jobs(struct job **jobs, uint32_t *n, void (*lost)(void *ctx, struct cmd *c),
		      void *ctx)
{
	for (uint32_t i = 0; i < *n; i++) {
		struct cmd *c = cmd_of(jobs[i]);

		if (!c)
			node_job_free(jobs[i]);
		else if (lost)
			lost(ctx, c);
	}
	*n = 0;
}

void host_crash(struct host *h, void (*lost)(void *ctx, struct cmd *c), void *ctx)
{
	if (!h->up)
		return;
	h->up = false;
	writer_free(h->writer);
	h->writer = NULL;
	drop_jobs(h->batch, &h->nbatch, lost, ctx);
	drop_jobs(h->queue, &h->nqueue, lost, ctx);
	node_free(h->node);
	h->node = NULL;
}

void host_queue(struct host *h, struct job *j)
{
	T_OK(h->nqueue < QUEUE_MAX);
	h->queue[h->nqueue++] = j;
}

void host_feed(struct host *h, struct event *ev)
{
	ev->now_ms = h->now_ms(h->ctx, h);
	ev->wall_ms = h->wall_ms(h->ctx, h);
	ev->boot_ms = ev->now_ms + HOST_SLEPT_MS;
	T_EQ(node_step(h->node, ev, h->fx), ERR_OK);
	node_invariant(h->node, ev->now_ms);
	for (uint32_t i = 0; i < h->fx->n; i++) {
		if (h->fx->v[i].type == FX_STORE)
			host_queue(h, h->fx->v[i].job);
		else
			h->perform(h->ctx, h, &h->fx->v[i]);
	}
}

/* --- store ----------------------------------------------------------------------------------------- */

static void take_batch(struct host *h)
{
	uint32_t n = h->nqueue < WRITER_BATCH_MAX ? h->nqueue : WRITER_BATCH_MAX;

	T_OK(h->nbatch == 0);
	memcpy(h->batch, h->queue, n * sizeof(struct job *));
	memmove(h->queue, h->queue + n, (h->nqueue - n) * sizeof(struct job *));
	h->nbatch = n;
	h->nqueue -= n;
}

int host_apply(struct host *h)
{
	int err;

	take_batch(h);
	err = writer_apply(h->writer, h->batch, h->nbatch);
	writer_invariant(h->writer);
	return err;
}

int host_commit(struct host *h)
{
	int err = writer_commit(h->writer);

	writer_invariant(h->writer);
	return err;
}

int host_seal(struct host *h)
{
	int err = writer_seal(h->writer);

	writer_invariant(h->writer);
	return err;
}

void host_report(struct host *h, void (*done)(void *ctx, struct cmd *c), void *ctx)
{
	struct job **jobs = h->batch;
	uint32_t n = h->nbatch;

	h->nbatch = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct event ev = {.type = EV_STORED, .job = jobs[i]};
		struct cmd *c = cmd_of(jobs[i]);

		if (!c)
			host_feed(h, &ev);
		else if (done)
			done(ctx, c);
	}
	announce_head(h);
}

void host_fail(struct host *h, void (*done)(void *ctx, struct cmd *c), void *ctx)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < h->nbatch; i++) {
		if (cmd_of(h->batch[i]))
			done(ctx, cmd_of(h->batch[i]));
		else
			h->batch[kept++] = h->batch[i];
	}
	h->nbatch = kept;
}

int host_store(struct host *h)
{
	while (h->nqueue || writer_pending(h->writer)) {
		int err;

		take_batch(h);
		err = writer_run(h->writer, h->batch, h->nbatch);
		writer_invariant(h->writer);
		host_report(h, NULL, NULL);
		if (err && err != ERR_CORRUPT && err != ERR_NOTFOUND)
			return err; /* damage of the store is in the jobs */
	}
	return ERR_OK;
}

/* --- copies --------------------------------------------------------------------------------------- */

static void copy_table(struct kv_txn *from, struct kv_txn *to, enum kv_table tab)
{
	struct kv_cursor *c;
	struct bytes k, v;
	int err;

	T_EQ(kv_cursor_open(from, tab, &c), ERR_OK);
	for (err = kv_seek(c, KV_GE, (struct bytes){0}, &k, &v); !err;
	     err = kv_seek(c, KV_NEXT, k, &k, &v))
		T_EQ(kv_put(to, tab, k, v), ERR_OK);
	T_EQ(err, ERR_NOTFOUND);
	kv_cursor_close(c);
}

struct kv *host_store_of(struct kv_txn *copy)
{
	struct kv_txn *t;
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	T_EQ(kv_begin(kv, true, &t), ERR_OK);
	for (unsigned tab = 0; tab < KV_NTABLES; tab++)
		copy_table(copy, t, tab);
	T_EQ(kv_commit(t), ERR_OK);
	return kv;
}

void host_clone(struct host *h, const struct host *of, struct kv *store,
		const struct guarddisk *guard)
{
	*h = *of;
	h->up = false;
	h->writer = NULL;
	h->node = NULL;
	h->nqueue = h->nbatch = 0;
	make_queues(h);
	h->kv = store;
	guarddisk_copy(guard, &h->guard);
	snprintf(h->name, sizeof(h->name), "clone-%u", of->index);
}

void host_clone_close(struct host *h)
{
	host_crash(h, NULL, NULL);
	close_disk(h);
	memset(h, 0, sizeof(*h));
}

/* --- transactions ---------------------------------------------------------------------------------- */

void host_tx(struct host *h, struct prng *g, enum rec_code code, const void *head,
	     const void *lines, uint32_t nlines, const struct sign_key *author, uint64_t wall_ms,
	     struct cmd *ret)
{
	const struct rec_type *type = rec_type_of((uint16_t)code);
	uint8_t secret[ENTRY_SECRET_BYTES], random[10];
	struct entry *e = &ret->job.u.append.tx;
	struct rec_issue issue = {0};
	struct payload parts;
	int err;

	memset(ret, 0, sizeof(*ret));
	prng_fill(g, secret, sizeof(secret));
	prng_fill(g, random, sizeof(random));
	err = rec_encode(type, head, lines, nlines, secret, &ret->payload, &issue);
	if (err)
		t_fail(__FILE__, __LINE__, "%s: %s, field %s", type->name, err_name(err),
		       issue.field ? issue.field->name : "-");
	T_EQ(payload_parse(ret->payload.p, ret->payload.n, &parts), ERR_OK);
	payload_commit(&parts, &e->commitment);
	e->payload_len = (uint32_t)ret->payload.n;
	e->feed = h->feed;
	e->type = type->code;
	e->schema = type->schema;
	e->wall_ms = wall_ms;
	e->town_seen = h->own_no != FEED_TOWN ? host_size(h, &h->town_feed) : 0;
	txid_make(wall_ms, random, e->txid);
	entry_tx_sign(e, &h->town, author);
	ret->job.type = JOB_APPEND;
	ret->job.owner = ret;
	ret->job.u.append.payload = buf_bytes(&ret->payload);
	ret->job.u.append.author_ok = true;
	ret->job.u.append.boot = h->boot;
	ret->host = h;
}

void cmd_close(struct cmd *c)
{
	buf_close(&c->payload);
}

void host_do(struct host *h, struct prng *g, enum rec_code code, const void *head,
	     const void *lines, uint32_t nlines, const struct sign_key *author)
{
	struct verdict *v;
	struct buf why = {0};
	struct cmd c;

	host_tx(h, g, code, head, lines, nlines, author, HOST_WALL_MS, &c);
	host_queue(h, &c.job);
	T_EQ(host_store(h), ERR_OK);
	T_EQ(c.job.err, ERR_OK);
	v = &c.job.u.append.verdict;
	if (!verdict_ok(v)) {
		reason_text(&v->reason, LANG_EN, &why);
		t_fail(__FILE__, __LINE__, "%s: %s", rec_type_of((uint16_t)code)->name,
		       buf_str(&why));
	}
	cmd_close(&c);
}

/* --- reads ----------------------------------------------------------------------------------------- */

static bool find_head(struct host *h, const struct hash *feed, struct feed_head *ret)
{
	struct kv_txn *t;
	uint32_t no;
	bool found;

	T_EQ(kv_begin(h->kv, false, &t), ERR_OK);
	found = !feedlog_find(t, feed, &no);
	if (found)
		T_EQ(feedlog_head(t, no, ret), ERR_OK);
	kv_abort(t);
	return found;
}

uint64_t host_size(struct host *h, const struct hash *feed)
{
	struct feed_head head;

	return find_head(h, feed, &head) ? head.size : 0;
}

void host_root(struct host *h, const struct hash *feed, struct hash *ret)
{
	struct feed_head head;

	if (find_head(h, feed, &head))
		tlog_root(&head.edge, ret);
	else
		*ret = hash_empty;
}
