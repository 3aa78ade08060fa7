#include "daemon/exchange/node.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "lib/mem.h"

#define TAB_SLOTS_MIN 16
#define SCRATCH_KEEP  (64 << 10) /* buffers larger than this are given back after a step */
#define BACKOFF_STEPS 10

/* --- effects -------------------------------------------------------------------------------------- */

bool node_room(const struct node *n)
{
	return n->out->n + NODE_FX_RESERVE <= NODE_EFFECTS_MAX && n->tx.n < NODE_STEP_BYTES;
}

static struct effect *fx_add(struct node *n, enum effect_type type, uint32_t conn)
{
	struct effect *fx;

	assert(n->out->n < NODE_EFFECTS_MAX);
	fx = &n->out->v[n->out->n++];
	fx->type = type;
	fx->conn = conn;
	fx->bytes = (struct bytes){0};
	fx->job = NULL;
	fx->text[0] = 0;
	fx->err = ERR_OK;
	fx->stranger = fx->peer = false;
	return fx;
}

void node_fx_send(struct node *n, struct session *s, size_t at)
{
	struct effect *last = n->out->n ? &n->out->v[n->out->n - 1] : NULL;
	size_t bytes = n->tx.n - at;

	if (s->unsent == 0)
		s->sent_ms = n->ev->now_ms;
	s->unsent += bytes;
	if (last && last->type == FX_SEND && last->conn == s->conn) {
		last->bytes.n += bytes; /* they follow each other in n->tx */
		return;
	}
	last = fx_add(n, FX_SEND, s->conn);
	last->bytes.n = bytes;
	n->fx_at[n->out->n - 1] = at;
}

void node_log(struct node *n, int err, const char *fmt, ...)
{
	struct effect *fx = fx_add(n, FX_LOG, n->about ? n->about->conn : 0);
	va_list ap;

	fx->peer = n->about != NULL;
	fx->err = err;
	va_start(ap, fmt);
	vsnprintf(fx->text, sizeof(fx->text), fmt, ap);
	va_end(ap);
}

void node_fx_store(struct node *n, struct node_job *j)
{
	n->njobs++;
	fx_add(n, FX_STORE, 0)->job = &j->job;
}

void node_fx_close(struct node *n, uint32_t conn, bool stranger, int err, const char *why)
{
	struct effect *fx = fx_add(n, FX_CLOSE, conn);

	fx->stranger = stranger;
	fx->peer = true;
	fx->err = err;
	snprintf(fx->text, sizeof(fx->text), "%s", why);
}

/* --- alarms --------------------------------------------------------------------------------------- */

static bool same_alarm(const struct alarm *a, const struct alarm *b)
{
	return a->id == b->id && !hash_cmp(&a->feed, &b->feed) && a->seq == b->seq &&
	       a->err == b->err && !hash_cmp(&a->peer, &b->peer);
}

static void log_alarm(struct node *n, const struct alarm *a)
{
	struct buf text = {0};
	char hex[17];

	alarm_text(a, LANG_EN, &text);
	node_log(n, a->err, "feed %s entry %llu: %s", hash_hex(&a->feed, 16, hex),
		 (unsigned long long)a->seq, buf_str(&text));
	buf_close(&text);
}

void node_alarm(struct node *n, const struct session *s, struct alarm a)
{
	struct alarm *to = NULL;

	a.peer = s->feed;
	a.wall_ms = n->ev->wall_ms;
	for (uint32_t i = 0; i < n->nalarms && !to; i++)
		if (same_alarm(&n->alarm[i], &a))
			to = &n->alarm[i]; /* the newest time counts */
	if (!to) {
		to = &n->alarm[n->alarm_at];
		n->alarm_at = (n->alarm_at + 1) % NODE_ALARMS_MAX;
		n->nalarms += n->nalarms < NODE_ALARMS_MAX;
	}
	*to = a;
	log_alarm(n, &a);
}

/* --- tables of sessions --------------------------------------------------------------------------- */

static int tab_grow(struct tab *t, unsigned which)
{
	uint32_t slots = t->slot ? (t->mask + 1) * 2 : TAB_SLOTS_MIN;
	struct session **slot;

	if (t->slot && t->n <= t->mask)
		return ERR_OK;
	slot = mem_array(slots, sizeof(*slot));
	if (!slot)
		return ERR_NOMEM;
	for (uint32_t i = 0; t->slot && i <= t->mask; i++) {
		struct session *s = t->slot[i];

		while (s) {
			struct session *next = s->chain[which];
			struct session **head = &slot[s->key[which] & (slots - 1)];

			s->chain[which] = *head;
			*head = s;
			s = next;
		}
	}
	mem_free(t->slot);
	t->slot = slot;
	t->mask = slots - 1;
	return ERR_OK;
}

int node_tab_put(struct node *n, unsigned which, struct session *s, uint32_t key)
{
	struct tab *t = &n->tab[which];
	struct session **head;
	int err = tab_grow(t, which);

	if (err)
		return err;
	s->key[which] = key;
	head = &t->slot[key & t->mask];
	s->chain[which] = *head;
	*head = s;
	t->n++;
	return ERR_OK;
}

void node_tab_del(struct node *n, unsigned which, struct session *s)
{
	struct tab *t = &n->tab[which];
	struct session **at = t->slot ? &t->slot[s->key[which] & t->mask] : NULL;

	while (at && *at && *at != s)
		at = &(*at)->chain[which];
	if (at && *at) {
		*at = s->chain[which];
		t->n--;
	}
	s->chain[which] = NULL;
}

static struct session *by_conn(struct node *n, uint32_t conn)
{
	const struct tab *t = &n->tab[TAB_CONN];
	struct session *s = t->slot ? t->slot[conn & t->mask] : NULL;

	while (s && (s->conn != conn || s->state == S_GONE))
		s = s->chain[TAB_CONN];
	return s;
}

struct session *node_by_feed(struct node *n, const struct hash *feed)
{
	const struct tab *t = &n->tab[TAB_FEED];
	struct session *s = t->slot ? t->slot[be32_get(feed->b) & t->mask] : NULL;

	while (s && (hash_cmp(&s->feed, feed) || s->state == S_GONE))
		s = s->chain[TAB_FEED];
	return s;
}

/* --- queues of sessions ----------------------------------------------------------------------------- */

static void queue_put(struct node *n, unsigned which, struct session *s)
{
	struct queue *q = &n->queue[which];

	if (s->queued[which] || s->state == S_GONE)
		return;
	s->queued[which] = true;
	s->q_next[which] = NULL;
	if (q->last)
		q->last->q_next[which] = s;
	else
		q->first = s;
	q->last = s;
}

static struct session *queue_take(struct node *n, unsigned which)
{
	struct queue *q = &n->queue[which];
	struct session *s = q->first;

	if (!s)
		return NULL;
	q->first = s->q_next[which];
	if (!q->first)
		q->last = NULL;
	s->queued[which] = false;
	return s;
}

/* Those that are gone leave it. */
static void queue_reap(struct node *n, unsigned which)
{
	struct session *s = n->queue[which].first, *next;

	n->queue[which] = (struct queue){0};
	for (; s; s = next) {
		next = s->q_next[which];
		s->queued[which] = false;
		queue_put(n, which, s);
	}
}

void node_dirty(struct node *n, struct session *s)
{
	queue_put(n, Q_READY, s);
}

void node_wait(struct node *n, struct session *s)
{
	queue_put(n, Q_WAITING, s);
}

bool node_jobs_full(const struct node *n)
{
	return n->njobs >= NODE_JOBS_MAX - NODE_JOBS_OTHERS;
}

static bool any_ready(const struct node *n)
{
	return n->queue[Q_READY].first || (n->queue[Q_WAITING].first && !node_jobs_full(n));
}

static struct session *take_ready(struct node *n)
{
	struct session *s = queue_take(n, Q_READY);

	return s || node_jobs_full(n) ? s : queue_take(n, Q_WAITING);
}

/* --- jobs ----------------------------------------------------------------------------------------- */

struct node_job *node_job_new(struct node *n, struct session *s, enum job_type type,
			      struct bytes body)
{
	struct node_job *j;

	if (n->njobs >= NODE_JOBS_MAX)
		return NULL;
	j = mem_alloc(sizeof(*j) + body.n);
	if (!j)
		return NULL;
	j->job.type = type;
	j->session = s->id;
	j->conn = s->conn;
	j->n = body.n;
	if (body.n)
		memcpy(j->bytes, body.p, body.n);
	return j;
}

void node_job_free(struct job *j)
{
	if (!j)
		return;
	if (j->type == JOB_INGEST)
		chunk_check_free(j->u.ingest.check);
	mem_free(j);
}

struct session *node_session_of(struct node *n, const struct node_job *j)
{
	struct session *s = by_conn(n, j->conn);

	return s && s->id == j->session ? s : NULL;
}

static void on_stored(struct node *n, struct job *job)
{
	struct node_job *j = (struct node_job *)job;
	struct session *s = node_session_of(n, j);

	assert(n->njobs > 0);
	n->njobs--;
	n->about = s;
	if (job->type == JOB_APPEND)
		enrol_stored(n, s, j);
	else
		sync_stored(n, s, j);
	node_job_free(job);
}

/* --- dialling ------------------------------------------------------------------------------------- */

/* Doubling, and half of it left to chance so that a township does not call as one. */
static void dial_later(struct node *n)
{
	uint32_t steps = n->failures < BACKOFF_STEPS ? n->failures : BACKOFF_STEPS;
	uint64_t ms = (uint64_t)NODE_BACKOFF_MS_MIN << steps;

	if (ms > NODE_BACKOFF_MS_MAX)
		ms = NODE_BACKOFF_MS_MAX;
	n->dial_ms = n->ev->now_ms + ms / 2 + prng_below(&n->prng, ms / 2 + 1);
	n->failures++;
	node_wake_at(n, n->dial_ms);
}

void node_unlinked(struct node *n, bool got_somewhere)
{
	n->linked = false;
	if (got_somewhere)
		n->failures = 0;
	dial_later(n);
}

/* Not dialling yet, and there is somebody to dial. */
static bool wants_dial(const struct node *n)
{
	return n->cfg.upstream.feed_no && !n->dialing && !n->linked;
}

static void dial_if_due(struct node *n)
{
	if (!wants_dial(n) || n->ev->now_ms < n->dial_ms || !node_room(n))
		return;
	n->dialing = true;
	fx_add(n, FX_CONNECT, 0);
}

/* --- the step ------------------------------------------------------------------------------------- */

static uint32_t handshakes_from(const struct node *n, uint32_t source)
{
	uint32_t same = 0;

	for (uint32_t i = 0; i < n->nhandshakes; i++)
		same += n->stranger[i]->source == source;
	return same;
}

/* The oldest handshake from the address that has most of them. */
static struct session *most_crowding(struct node *n)
{
	struct session *worst = NULL;
	uint32_t most = 0;

	for (uint32_t i = n->nhandshakes; i-- > 0;) {
		uint32_t same = handshakes_from(n, n->stranger[i]->source);

		if (same >= most) {
			most = same;
			worst = n->stranger[i];
		}
	}
	return worst;
}

static struct session *oldest_from(struct node *n, uint32_t source)
{
	for (uint32_t i = 0; i < n->nhandshakes; i++)
		if (n->stranger[i]->source == source)
			return n->stranger[i];
	return NULL;
}

/* Nobody keeps a newcomer out by taking the places of all who have not proved yet who they are. */
static void crowd_out(struct node *n, uint32_t source)
{
	if (source && handshakes_from(n, source) >= NODE_SOURCE_MAX)
		session_drop(n, oldest_from(n, source), ERR_BUSY,
			     "too many handshakes begun from one address");
	if (n->nhandshakes >= NODE_HANDSHAKES_MAX)
		session_drop(n, most_crowding(n), ERR_BUSY,
			     "too many handshakes begun, most from this address");
}

static void on_dial(struct node *n, const struct event *ev)
{
	int err;

	assert(n->cfg.upstream.feed_no && !n->linked && !by_conn(n, ev->conn));
	n->dialing = false;
	n->linked = true;
	err = session_open(n, ev, true);
	if (!err)
		return;
	node_fx_close(n, ev->conn, true, err, err_text(err));
	node_unlinked(n, false);
}

static void on_accept(struct node *n, const struct event *ev)
{
	int err = ERR_BUSY;

	assert(n->cfg.serves && !by_conn(n, ev->conn));
	crowd_out(n, ev->source);
	if (n->tab[TAB_CONN].n < NODE_CONNS_MAX)
		err = session_open(n, ev, false);
	if (err)
		node_fx_close(n, ev->conn, true, err,
			      err == ERR_BUSY ? "too many connections, one more dropped"
					      : err_text(err));
}

static void on_grew(struct node *n, const struct guard *head)
{
	if (head->size <= n->own.size)
		return;
	n->own.size = head->size;
	n->own.root = head->root;
	for (struct session *s = n->first; s; s = s->newer)
		if (s->state == S_RUNNING && s->may_push && s->next < n->own.size)
			node_dirty(n, s);
}

static void on_tick(struct node *n)
{
	for (struct session *s = n->first; s && node_room(n); s = s->newer) {
		n->about = s;
		if (n->ev->now_ms >= session_deadline(s))
			session_tick(n, s);
	}
}

static void on_stop(struct node *n)
{
	for (struct session *s = n->first; s && node_room(n); s = s->newer)
		session_end(n, s, ERR_OK, "this node stops");
}

static void on_conn(struct node *n, const struct event *ev)
{
	struct session *s = by_conn(n, ev->conn);

	if (!s)
		return; /* closed here while the event was under way */
	n->about = s;
	if (ev->type == EV_BYTES)
		session_bytes(n, s, ev->bytes);
	else if (ev->type == EV_SENT)
		session_sent(n, s, ev->sent);
	else
		session_drop(n, s, ERR_OK, "the connection ended");
}

static void dispatch(struct node *n, const struct event *ev)
{
	switch (ev->type) {
	case EV_TICK: on_tick(n); break;
	case EV_DIAL: on_dial(n, ev); break;
	case EV_ACCEPT: on_accept(n, ev); break;
	case EV_DIAL_FAILED:
		n->dialing = false;
		dial_later(n);
		break;
	case EV_BYTES:
	case EV_SENT:
	case EV_CLOSED: on_conn(n, ev); break;
	case EV_STORED: on_stored(n, ev->job); break;
	case EV_GREW: on_grew(n, &ev->head); break;
	case EV_STOP: on_stop(n); break;
	}
}

/* Each session that has something to send gets its turn; what finds no room waits for the next step. */
static void pump(struct node *n)
{
	while (any_ready(n) && node_room(n)) {
		struct session *s = take_ready(n);

		n->about = s;
		session_drain(n, s);
		if (s->state == S_RUNNING)
			sync_pump(n, s);
	}
}

/* Nothing in this step may still point at them. */
static void reap(struct node *n)
{
	struct session *list, *next;

	if (!n->gone_first)
		return;
	for (unsigned i = 0; i < NQUEUES; i++)
		queue_reap(n, i);
	for (list = n->gone_first; list; list = next) {
		next = list->gone_next;
		session_free(n, list);
	}
	n->gone_first = NULL;
}

void node_gone(struct node *n, struct session *s)
{
	s->gone_next = n->gone_first;
	n->gone_first = s;
}

void node_wake_at(struct node *n, uint64_t ms)
{
	if (ms < n->next_tick)
		n->next_tick = ms;
}

static void schedule(struct node *n)
{
	uint64_t now = n->ev->now_ms, next = UINT64_MAX;

	for (struct session *s = n->first; s; s = s->newer)
		if (session_deadline(s) < next)
			next = session_deadline(s);
	if (next < now + NODE_TICK_MS)
		next = now + NODE_TICK_MS;
	if (wants_dial(n) && n->dial_ms < next)
		next = n->dial_ms;
	n->next_tick = next;
}

static void scratch_trim(struct buf *b)
{
	if (b->cap > SCRATCH_KEEP)
		buf_close(b);
	else
		buf_reset(b);
}

int node_step(struct node *n, const struct event *ev, struct effects *out)
{
	n->ev = ev;
	n->out = out;
	n->err = ERR_OK;
	out->n = 0;
	scratch_trim(&n->tx);
	n->about = NULL;
	dispatch(n, ev);
	pump(n);
	dial_if_due(n);
	heads_txn_end(n);
	reap(n);
	for (uint32_t i = 0; i < out->n; i++)
		if (out->v[i].type == FX_SEND)
			out->v[i].bytes.p = n->tx.p + n->fx_at[i];
	/* between ticks deadlines only move away, or node_wake_at was called */
	if (ev->type == EV_TICK)
		schedule(n);
	if (any_ready(n))
		n->next_tick = ev->now_ms;
	scratch_trim(&n->msg);
	scratch_trim(&n->plain);
	n->ev = NULL;
	n->out = NULL;
	n->about = NULL;
	return n->err;
}

uint64_t node_next_tick(const struct node *n)
{
	return n->next_tick;
}

/* --- life ----------------------------------------------------------------------------------------- */

static int read_store(struct node *n)
{
	struct kv_txn *t = heads_txn(n);
	struct msg_front up = {0};
	int err;

	if (!t)
		return n->err;
	err = feedlog_find(t, &n->cfg.feed, &n->own_no);
	if (!err && n->cfg.upstream.feed_no)
		err = heads_of(n, n->cfg.upstream.feed_no, &up);
	n->upstream_feed = up.feed;
	if (!err)
		err = heads_sealed(n, &n->own);
	heads_txn_end(n);
	return err;
}

int node_new(const struct node_cfg *cfg, struct kv *kv, uint64_t prng_seed_value, struct node **ret)
{
	struct node *n;
	int err;

	assert(cfg->boot != 0);
	n = mem_alloc(sizeof(*n));
	if (!n)
		return ERR_NOMEM;
	n->cfg = *cfg;
	n->kv = kv;
	prng_seed(&n->prng, prng_seed_value);
	memcpy(n->prologue, NOISE_LABEL, sizeof(NOISE_LABEL) - 1);
	memcpy(n->prologue + sizeof(NOISE_LABEL) - 1, cfg->town.b, HASH_BYTES);
	err = read_store(n);
	if (!err && cfg->features & HELLO_ZSTD)
		err = compress_new(&n->zstd);
	if (err) {
		node_free(n);
		return err;
	}
	*ret = n;
	return ERR_OK;
}

void node_free(struct node *n)
{
	if (!n)
		return;
	heads_txn_end(n);
	while (n->first)
		session_free(n, n->first);
	for (unsigned i = 0; i < NTABS; i++)
		mem_free(n->tab[i].slot);
	buf_close(&n->cached);
	buf_close(&n->packed);
	buf_close(&n->chunk);
	compress_free(n->zstd);
	buf_close(&n->tx);
	buf_close(&n->msg);
	buf_close(&n->plain);
	mem_free(n);
}

/* --- status --------------------------------------------------------------------------------------- */

uint32_t node_links(const struct node *n, struct node_link *ret, uint32_t max)
{
	uint32_t count = 0;

	for (const struct session *s = n->first; s && count < max; s = s->newer) {
		struct node_link *l = &ret[count++];

		memset(l, 0, sizeof(*l));
		l->conn = s->conn;
		l->feed = s->feed;
		l->running = s->state == S_RUNNING && s->agreed;
		l->since_ms = s->opened_ms;
		l->acked_bytes = s->acked_bytes;
		l->acked = s->acked;
		l->last_recv_ms = s->recv_ms;
		l->last_refusal = n->last_refusal;
	}
	return count;
}

uint32_t node_alarms(const struct node *n, struct alarm *ret, uint32_t max)
{
	uint32_t count = n->nalarms < max ? n->nalarms : max;
	uint32_t at = n->alarm_at + NODE_ALARMS_MAX - count;

	for (uint32_t i = 0; i < count; i++) /* oldest first */
		ret[i] = n->alarm[(at + i) % NODE_ALARMS_MAX];
	return count;
}
