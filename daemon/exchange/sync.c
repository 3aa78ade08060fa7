#include "daemon/exchange/node_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"

/* --- the frontier: what both sides carry ----------------------------------------------------------- */

static void send_frontier_hash(struct node *n, struct session *s)
{
	struct msg_front f[2];
	int err = heads_of(n, s->feed_no, &s->theirs_here);

	if (err) {
		session_drop(n, s, err, "frontier: %s", err_text(err));
		return;
	}
	s->mine = n->own;
	f[0] = s->mine;
	f[1] = s->theirs_here;
	msg_frontier_digest(f, 2, &s->frontier_hash);
	s->sent_hash = true;
	buf_reset(&n->msg);
	msg_frontier_hash(&n->msg, &s->frontier_hash);
	session_send(n, s);
}

void sync_start(struct node *n, struct session *s, const struct hash *feed, uint32_t no)
{
	struct session *old = s->up ? NULL : node_by_feed(n, feed);
	int err;

	assert(s->state == S_RUNNING);
	if (old)
		session_end(n, old, ERR_OK, "replaced by a newer connection of the same member");
	s->feed = *feed;
	s->feed_no = no;
	err = node_tab_put(n, TAB_FEED, s, be32_get(feed->b));
	if (err) {
		session_drop(n, s, err, "%s", err_text(err));
		return;
	}
	node_wake_at(n, session_deadline(s));
	if (s->up)
		send_frontier_hash(n, s);
}

/* Our newest cosignature of their feed: it may have been lost with an earlier connection. */
static void send_cosig(struct node *n, struct session *s)
{
	struct msg_cosig m;

	if (heads_cosig(n, s->feed_no, &m))
		return;
	buf_reset(&n->msg);
	msg_cosig(&n->msg, &m);
	session_send(n, s);
}

/* There was no job for what is to be stored: it is kept in the session until there is one. */
static void store_later(struct node *n, struct session *s)
{
	s->retry_ms = n->ev->now_ms + NODE_RETRY_MS;
	node_wake_at(n, s->retry_ms);
}

/* What the upstream holds goes to the store, for status. One job at a time. */
static void store_acked(struct node *n, struct session *s)
{
	struct node_job *j;

	if (!s->up || s->acked_job || (s->acked_known && s->acked == s->acked_stored))
		return;
	j = node_job_new(n, s, JOB_ACKED, (struct bytes){0});
	if (!j) {
		store_later(n, s);
		return;
	}
	j->job.u.acked.feed = n->cfg.feed;
	j->job.u.acked.size = s->acked;
	s->acked_stored = s->acked;
	s->acked_known = s->acked_job = true;
	node_fx_store(n, j);
}

/* The peer holds @size of our feed, durably. */
static void peer_holds(struct node *n, struct session *s, uint64_t size)
{
	if (size > s->acked)
		s->acked = size;
	store_acked(n, s);
}

/* The link still serves everything else; somebody may mend the store. */
static void own_damage(struct node *n, struct session *s, uint64_t seq, int err)
{
	node_alarm(n, s,
		   (struct alarm){
			   .id = ALARM_OWN_DAMAGED, .feed = n->cfg.feed, .seq = seq, .err = err});
}

/* Two signed histories of @feed, of which one is here. */
static void alarm_fork(struct node *n, struct session *s, enum alarm_id id, const struct hash *feed,
		       uint64_t size)
{
	node_alarm(n, s, (struct alarm){.id = id, .feed = *feed, .seq = size, .err = ERR_FORK});
}

/* Of @feed the other side has @theirs entries, and @ours are here. */
static void alarm_older(struct node *n, struct session *s, enum alarm_id id,
			const struct hash *feed, uint64_t theirs, uint64_t ours)
{
	node_alarm(n, s,
		   (struct alarm){.id = id,
				  .feed = *feed,
				  .seq = theirs < ours ? theirs : ours,
				  .err = ERR_FORK,
				  .num = {(int64_t)theirs, (int64_t)ours}});
}

/* What the peer holds of our feed, by its frontier. Another history, or more than we have, is never overwritten. */
static void judge_ours(struct node *n, struct session *s, const struct msg_front *f)
{
	struct hash root;
	int err;

	if (f->size > n->own.size) {
		store_acked(n, s); /* of what is ours nothing is known to be there */
		alarm_older(n, s, ALARM_OWN_OLDER, &f->feed, f->size, n->own.size);
		return;
	}
	err = heads_proven(n, f->size, &root);
	if (err) {
		own_damage(n, s, f->size, err);
		return;
	}
	if (hash_cmp(&root, &f->root)) {
		store_acked(n, s);
		alarm_fork(n, s, ALARM_OWN_FORK_HELD, &f->feed, f->size);
		return;
	}
	s->may_push = true;
	s->next = f->size;
	peer_holds(n, s, f->size);
}

static void judge_theirs(struct node *n, struct session *s, const struct msg_front *f)
{
	const struct msg_front *here = &s->theirs_here;

	if (f->size < here->size) {
		alarm_older(n, s, ALARM_PEER_OLDER, &f->feed, f->size, here->size);
		return;
	}
	if (f->size == here->size && hash_cmp(&f->root, &here->root)) {
		alarm_fork(n, s, ALARM_PEER_FORK, &f->feed, f->size);
		return;
	}
	s->may_pull = true;
	s->expect = here->size;
}

static void agree(struct node *n, struct session *s, const struct msg_front *ours,
		  const struct msg_front *theirs)
{
	s->agreed = true;
	judge_ours(n, s, ours);
	if (session_live(s))
		judge_theirs(n, s, theirs);
	if (session_live(s))
		send_cosig(n, s);
	node_dirty(n, s);
}

static void recv_frontier_hash(struct node *n, struct session *s, struct bytes body)
{
	struct hash theirs;

	if (s->received_hash || msg_frontier_hash_parse(body, &theirs)) {
		session_drop(n, s, ERR_FORMAT, "a frontier hash that does not fit");
		return;
	}
	s->received_hash = true;
	if (!s->sent_hash)
		send_frontier_hash(n, s);
	if (!session_live(s))
		return;
	if (!hash_cmp(&theirs, &s->frontier_hash)) {
		/* both sides come to this, as both compare what was sent */
		agree(n, s, &s->mine, &s->theirs_here);
		return;
	}
	buf_reset(&n->msg);
	msg_frontier(&n->msg, (struct msg_front[]){s->mine, s->theirs_here}, 2);
	session_send(n, s);
}

static void recv_frontier(struct node *n, struct session *s, struct bytes body)
{
	struct msg_front f[MSG_FRONTIER_MAX];
	uint32_t count, ours;

	if (!s->received_hash || s->agreed || msg_frontier_parse(body, f, &count) || count != 2) {
		session_drop(n, s, ERR_FORMAT, "a frontier that does not fit");
		return;
	}
	ours = hash_cmp(&f[0].feed, &n->cfg.feed) != 0;
	if (hash_cmp(&f[ours].feed, &n->cfg.feed) || hash_cmp(&f[!ours].feed, &s->feed)) {
		session_drop(n, s, ERR_REFUSED, "a frontier of other feeds");
		return;
	}
	agree(n, s, &f[ours], &f[!ours]);
}

/* --- our feed, going out --------------------------------------------------------------------------- */

static bool window_open(const struct session *s)
{
	return s->unsent < NODE_SEND_BYTES_MAX && (!s->push || s->push->n < NODE_WINDOW_CHUNKS);
}

/* A chunk that was not full is on its way. What is written meanwhile goes together when the peer has it, or after a
 * while: a slow link does not carry a head and an answer for every single record, a quick one has no time to wait
 * for, and a lost packet holds up nothing for long. */
static void gather(struct node *n, struct session *s, uint64_t end)
{
	s->part_end = end;
	s->gather_ms = n->ev->now_ms + NODE_GATHER_MS;
	node_wake_at(n, s->gather_ms);
}

static int push_chunk(struct node *n, struct session *s)
{
	struct push *p = s->push;
	struct bytes msg;
	uint64_t end;
	uint32_t at;
	int err = heads_chunk(n, s->next, &end);

	if (err)
		return err;
	if (!p) {
		p = s->push = mem_alloc(sizeof(*p));
		if (!p)
			return ERR_NOMEM;
		s->progress_ms = n->ev->now_ms;
	}
	msg = heads_message(n, s);
	buf_reset(&n->msg);
	buf_put(&n->msg, msg.p, msg.n);
	session_send(n, s);
	if (!session_live(s))
		return ERR_OK;
	at = (p->first + p->n++) % NODE_WINDOW_CHUNKS;
	p->end[at] = end;
	p->bytes[at] = (uint32_t)msg.n;
	s->next = end;
	if (!n->cached_full)
		gather(n, s, end);
	return ERR_OK;
}

void sync_pump(struct node *n, struct session *s)
{
	uint32_t sent = 0;
	int err = ERR_OK;

	if (!s->agreed || !s->may_push || s->mend_ms)
		return;
	while (!err && session_live(s) && s->next < n->own.size && window_open(s) &&
	       !s->gather_ms) {
		if (sent++ == NODE_PUMP_CHUNKS || !node_room(n)) {
			node_dirty(n, s);
			return;
		}
		err = push_chunk(n, s);
	}
	if (!err)
		return;
	if (err == ERR_CORRUPT || err == ERR_NOTFOUND) {
		own_damage(n, s, s->next, err);
		s->mend_ms = n->ev->now_ms + NODE_MEND_MS;
		node_wake_at(n, s->mend_ms);
		return;
	}
	s->may_push = false;
	session_end(n, s, err, "cannot send entry %llu: %s", (unsigned long long)s->next,
		    err_text(err));
}

static void window_release(struct session *s, uint64_t size)
{
	struct push *p = s->push;

	while (p && p->n && p->end[p->first] <= size) {
		s->acked_bytes += p->bytes[p->first];
		p->first = (p->first + 1) % NODE_WINDOW_CHUNKS;
		p->n--;
	}
	if (p && p->n == 0) {
		mem_free(p);
		s->push = NULL;
	}
}

static void acknowledged(struct node *n, struct session *s, uint64_t size)
{
	s->progress_ms = n->ev->now_ms;
	s->progressed |= size > s->acked;
	if (size >= s->part_end)
		s->gather_ms = 0;
	window_release(s, size);
	peer_holds(n, s, size);
	node_dirty(n, s);
}

static void recv_ack(struct node *n, struct session *s, struct bytes body)
{
	struct msg_ack m;
	struct hash root;
	int err = msg_ack_parse(body, &m);

	if (err || !s->agreed || !s->may_push || hash_cmp(&m.feed, &n->cfg.feed) ||
	    m.size > s->next) {
		session_drop(n, s, ERR_FORMAT, "an acknowledgement of what was not sent");
		return;
	}
	err = heads_proven(n, m.size, &root);
	if (err) {
		own_damage(n, s, m.size, err);
		session_end(n, s, err, "own feed: %s", err_text(err));
		return;
	}
	if (hash_cmp(&root, &m.root)) {
		s->agreed = s->may_push = false;
		alarm_fork(n, s, ALARM_OWN_FORK_ACKED, &m.feed, m.size);
		session_end(n, s, ERR_FORK, "an acknowledgement with another root");
		return;
	}
	acknowledged(n, s, m.size);
}

/* Whether the peer cosigned what we have; @witness is NULL where its key is not known yet. ERR_CRYPTO: it did not
 * sign this; ERR_FORK: it has signed another history; others: the store here is damaged. */
static int check_cosig(struct node *n, const struct msg_cosig *m, const uint8_t *witness)
{
	struct checkpoint c = {.size = m->size, .root = m->root};
	struct hash root;
	int err;

	memcpy(c.origin, n->cfg.origin, sizeof(c.origin));
	if (witness && !cosig_verify(&c, witness, &m->cosig))
		return ERR_CRYPTO;
	err = heads_proven(n, m->size, &root);
	if (err == ERR_INVALID)
		return ERR_FORK;
	return !err && hash_cmp(&root, &m->root) ? ERR_FORK : err;
}

/* Stores the cosignature that waits. One at a time is with the writer; of those that come meanwhile only the newest
 * is worth it. The key is always that of the roster (heads_witness), never what a stranger says. */
static void store_cosig(struct node *n, struct session *s, const uint8_t witness[SIGN_KEY_BYTES])
{
	const struct msg_cosig *m = &s->cosig;
	struct node_job *j;

	if (s->cosig_job)
		return;
	j = node_job_new(n, s, JOB_COSIG, (struct bytes){0});
	if (!j) {
		store_later(n, s);
		return;
	}
	j->job.u.cosig.feed = m->feed;
	j->job.u.cosig.size = m->size;
	j->job.u.cosig.root = m->root;
	memcpy(j->job.u.cosig.witness, witness, SIGN_KEY_BYTES);
	j->job.u.cosig.cosig = m->cosig;
	s->cosig.size = 0;
	s->cosig_job = true;
	node_fx_store(n, j);
}

static void cosig_stored(struct node *n, struct session *s, const struct job_cosig *c)
{
	s->cosig_job = false;
	if (s->cosig.size && session_live(s))
		store_cosig(n, s, c->witness);
}

void sync_retry(struct node *n, struct session *s)
{
	uint8_t witness[SIGN_KEY_BYTES];

	s->retry_ms = 0;
	if (s->agreed)
		store_acked(n, s);
	if (s->cosig.size && !heads_witness(n, s, witness))
		store_cosig(n, s, witness);
}

/* What was cosigned is also held, and is not acknowledged besides. */
static void cosigned(struct node *n, struct session *s, const struct msg_cosig *m,
		     const uint8_t *witness)
{
	int err = check_cosig(n, m, witness);

	if (!err && m->size <= s->next)
		acknowledged(n, s, m->size);
	if (!witness)
		return; /* its key comes with the town feed; it is sent again in the next session */
	if (!err) {
		s->cosig_size = m->size;
		s->cosig = *m;
		store_cosig(n, s, witness);
	} else if (err == ERR_CRYPTO) {
		session_drop(n, s, err, "a cosignature that does not verify");
	} else if (err == ERR_FORK) {
		alarm_fork(n, s, ALARM_OWN_FORK_COSIGNED, &m->feed, m->size);
	} else {
		own_damage(n, s, m->size, err);
	}
}

static void recv_cosig(struct node *n, struct session *s, struct bytes body)
{
	uint8_t witness[SIGN_KEY_BYTES];
	struct msg_cosig m;
	int err = msg_cosig_parse(body, &m);

	if (err || !s->agreed || hash_cmp(&m.feed, &n->cfg.feed)) {
		session_drop(n, s, ERR_FORMAT, "a cosignature that does not fit");
		return;
	}
	if (!s->may_push)
		return; /* an alarm was raised: it may well have cosigned what is not here */
	if (m.size <= s->cosig_size)
		return; /* nothing new */
	err = heads_witness(n, s, witness);
	if (err && err != ERR_NOTFOUND)
		node_log(n, err, "roster: %s", err_text(err));
	else
		cosigned(n, s, &m, err ? NULL : witness);
}

static void recv_refuse(struct node *n, struct session *s, struct bytes body)
{
	struct msg_refuse m;

	if (msg_refuse_parse(body, &m) || !s->agreed || hash_cmp(&m.feed, &n->cfg.feed)) {
		session_drop(n, s, ERR_FORMAT, "a refusal that does not fit");
		return;
	}
	s->agreed = false;     /* so that the next dial waits longer */
	buf_close(&n->cached); /* what was read wrong once may read well the next time */
	n->last_refusal = (struct alarm){.id = ALARM_OWN_REFUSED,
					 .feed = m.feed,
					 .peer = s->feed,
					 .seq = m.seq,
					 .err = m.err,
					 .wall_ms = n->ev->wall_ms};
	node_alarm(n, s, n->last_refusal);
	session_drop(n, s, ERR_REFUSED, "the other side refused entry %llu: %s",
		     (unsigned long long)m.seq, err_text(m.err));
}

/* --- the peer's feed, coming in -------------------------------------------------------------------- */

static void refuse(struct node *n, struct session *s, uint64_t seq, int err)
{
	struct msg_refuse m = {.feed = s->feed, .seq = seq, .err = err};

	s->agreed = s->may_pull = false;
	node_alarm(
		n, s,
		(struct alarm){.id = ALARM_PEER_INVALID, .feed = s->feed, .seq = seq, .err = err});
	buf_reset(&n->msg);
	msg_refuse(&n->msg, &m);
	session_send(n, s);
	session_end(n, s, err, "refused entry %llu: %s", (unsigned long long)seq, err_text(err));
}

bool sync_full(const struct node *n, const struct session *s)
{
	uint32_t share = n->njobs < NODE_JOBS_BUSY ? NODE_INGEST_MAX : NODE_INGEST_BUSY;

	return s->ingesting >= share || node_jobs_full(n);
}

/* @msg as the sender made it, before it compressed it. */
static int chunk_of(struct node *n, enum msg_type type, struct bytes msg, struct bytes *ret)
{
	int err;

	*ret = msg;
	if (type == MSG_CHUNK)
		return ERR_OK;
	buf_reset(&n->chunk);
	err = compress_expand(n->zstd, msg, &n->chunk);
	*ret = buf_bytes(&n->chunk);
	return err;
}

static void recv_chunk(struct node *n, struct session *s, enum msg_type type, struct bytes msg)
{
	struct job_ingest *g;
	struct node_job *j;
	struct hash feed;
	struct bytes body;
	uint64_t from;
	uint32_t count;
	int err;

	if (!s->agreed) {
		session_drop(n, s, ERR_FORMAT, "entries before the frontier");
		return;
	}
	if (!s->may_pull)
		return; /* an alarm was raised; nothing of this feed is taken */
	err = chunk_of(n, type, msg, &body);
	if (err == ERR_NOMEM) {
		session_end(n, s, ERR_NOMEM, "no memory for entries");
		return;
	}
	if (!err)
		err = chunk_peek(body.p, body.n, &feed, &from, &count);
	if (!err && (hash_cmp(&feed, &s->feed) || from > s->expect)) {
		session_drop(n, s, ERR_INVALID, "entries of another feed, or after a gap");
		return;
	}
	if (err) {
		refuse(n, s, s->expect, err);
		return;
	}
	j = node_job_new(n, s, JOB_INGEST, body);
	if (!j) {
		session_end(n, s, ERR_NOMEM, "no memory for entries");
		return;
	}
	g = &j->job.u.ingest;
	g->feed = feed;
	g->body = (struct bytes){j->bytes, j->n};
	g->now_s = n->ev->wall_ms / 1000;
	s->ingesting++;
	if (from + count > s->expect)
		s->expect = from + count;
	node_fx_store(n, j);
}

/* Not the chunk's fault, and no damage: our disk is full, we are stopping, or an earlier chunk was not stored. */
static bool passing(int err)
{
	return err == ERR_FULL || err == ERR_IO || err == ERR_NOMEM || err == ERR_STATE ||
	       err == ERR_BUSY || err == ERR_CANCELED;
}

/* The sender has done nothing wrong: it is sent nothing but CLOSE. */
static void not_stored(struct node *n, struct session *s, int err)
{
	if (!passing(err))
		node_alarm(n, s,
			   (struct alarm){.id = ALARM_PEER_DAMAGED,
					  .feed = s->feed,
					  .seq = s->theirs_here.size,
					  .err = err});
	session_end(n, s, err, "entries were not stored: %s", err_text(err));
}

static void chunk_stored(struct node *n, struct session *s, const struct job *job)
{
	const struct job_ingest *g = &job->u.ingest;

	s->ingesting--;
	node_dirty(n, s); /* what it sent meanwhile */
	if (!s->agreed || !session_live(s))
		return;
	if (job->err && g->wrong) {
		refuse(n, s, g->bad_seq, job->err);
		return;
	}
	if (job->err) {
		not_stored(n, s, job->err);
		return;
	}
	s->progressed = true;
	if (s->ingesting && ++s->unanswered < NODE_ANSWER_CHUNKS)
		return; /* a later answer is one to this chunk, too */
	s->unanswered = 0;
	buf_reset(&n->msg);
	if (g->cosigned)
		msg_cosig(&n->msg, &(struct msg_cosig){g->feed, g->size, g->root, g->cosig});
	else
		msg_ack(&n->msg, &(struct msg_ack){g->feed, g->size, g->root});
	session_send(n, s);
}

void sync_stored(struct node *n, struct session *s, struct node_job *j)
{
	if (j->job.type == JOB_INGEST && s) {
		chunk_stored(n, s, &j->job);
	} else if (j->job.type == JOB_ACKED && s) {
		s->acked_job = false;
		if (j->job.err)
			s->acked_known = false; /* not kept: the next one tries again */
		else if (session_live(s))
			store_acked(n, s);
	} else if (j->job.type == JOB_COSIG && s) {
		cosig_stored(n, s, &j->job.u.cosig);
	}
	if (j->job.err && j->job.type != JOB_INGEST)
		node_log(n, j->job.err, "status not stored: %s", err_text(j->job.err));
}

void sync_message(struct node *n, struct session *s, enum msg_type type, struct bytes body)
{
	switch (type) {
	case MSG_FRONTIER_HASH: recv_frontier_hash(n, s, body); break;
	case MSG_FRONTIER: recv_frontier(n, s, body); break;
	case MSG_CHUNK:
	case MSG_CHUNK_ZSTD: recv_chunk(n, s, type, body); break;
	case MSG_ACK: recv_ack(n, s, body); break;
	case MSG_COSIG: recv_cosig(n, s, body); break;
	case MSG_REFUSE: recv_refuse(n, s, body); break;
	case MSG_ENROL:
	case MSG_ENROLLED:
	case MSG_PING:
	case MSG_PONG:
	case MSG_CLOSE: assert(false); /* session.c */
	}
}
