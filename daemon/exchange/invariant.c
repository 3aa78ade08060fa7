#include <assert.h>
#include <string.h>

#include "daemon/exchange/node_int.h"

/* Sums over all sessions. */
struct sums {
	uint32_t all, strangers, guests, ups, known, ingesting, queued[NQUEUES];
};

static void push_invariant(const struct node *n, const struct session *s)
{
	const struct push *p = s->push;

	assert(s->next <= n->own.size && s->acked <= n->own.size);
	if (!p)
		return;
	assert(p->n > 0 && p->n <= NODE_WINDOW_CHUNKS && p->first < NODE_WINDOW_CHUNKS);
	for (uint32_t i = 1; i < p->n; i++)
		assert(p->end[(p->first + i - 1) % NODE_WINDOW_CHUNKS] <
		       p->end[(p->first + i) % NODE_WINDOW_CHUNKS]);
	assert(p->end[(p->first + p->n - 1) % NODE_WINDOW_CHUNKS] == s->next);
}

static void noise_invariant(const struct session *s)
{
	static const uint8_t none[sizeof(s->entropy)];
	const struct noise_cipher *way[] = {&s->noise.send, &s->noise.recv};

	assert(s->noise.step == 0 || !memcmp(s->entropy, none, sizeof(none))); /* wiped */
	for (unsigned i = 0; i < sizeof(way) / sizeof(way[0]); i++) {
		assert(way[i]->since_msgs < NOISE_REKEY_MSGS);
		assert(way[i]->since_bytes < NOISE_REKEY_BYTES);
	}
}

static void state_invariant(struct node *n, const struct session *s)
{
	assert(s->state != S_GONE);
	assert(s->state != S_GUEST || !s->up);
	assert(s->state != S_ENROLLING || s->up);
	assert(s->state == S_HANDSHAKE || noise_ready(&s->noise));
	assert(s->state != S_CLOSING || s->rx.n == 0);
	assert(s->up ? n->cfg.upstream.feed_no > 0 : n->cfg.serves);
	/* who asks and does not read is left alone */
	assert(s->unsent <= 2 * (size_t)NODE_SEND_BYTES_MAX + NODE_FRAME_HEAD + MSG_FRAME_MAX);
	noise_invariant(s);
	if (s->state != S_RUNNING)
		return;
	assert(s->feed_no > 0 && s->feed_no != n->own_no);
	assert(node_by_feed(n, &s->feed) == s); /* an older one of this member is closing */
	assert(!s->agreed || (s->sent_hash && s->received_hash));
	assert(s->ingesting <= NODE_INGEST_MAX);
}

static void add(const struct node *n, struct sums *sums, const struct session *s)
{
	sums->all++;
	assert(!session_stranger(s) || n->stranger[sums->strangers] == s);
	sums->strangers += session_stranger(s);
	sums->guests += s->state == S_GUEST;
	sums->ups += s->up;
	sums->known += s->feed_no > 0;
	sums->ingesting += s->ingesting;
	for (unsigned i = 0; i < NQUEUES; i++)
		sums->queued[i] += s->queued[i];
}

/* No address has more places among the strangers than one may. */
static void source_invariant(const struct node *n)
{
	for (uint32_t i = 0; i < n->nhandshakes; i++) {
		uint32_t same = 0;

		for (uint32_t k = 0; k < n->nhandshakes; k++)
			same += n->stranger[k]->source == n->stranger[i]->source;
		assert(!n->stranger[i]->source || same <= NODE_SOURCE_MAX);
	}
}

static void queue_invariant(const struct node *n, unsigned which, uint32_t queued)
{
	const struct session *last = NULL;

	for (const struct session *s = n->queue[which].first; s; s = s->q_next[which]) {
		assert(s->queued[which] && queued > 0);
		queued--;
		last = s;
	}
	assert(queued == 0 && n->queue[which].last == last);
}

static void totals_invariant(const struct node *n, const struct sums *sums)
{
	assert(sums->strangers == n->nhandshakes && sums->strangers <= NODE_HANDSHAKES_MAX);
	assert(sums->guests == n->nguests && sums->guests <= NODE_GUESTS_MAX);
	assert(sums->ups == n->linked && !(n->linked && n->dialing));
	assert(sums->all == n->tab[TAB_CONN].n && sums->known == n->tab[TAB_FEED].n);
	assert(sums->ingesting <= n->njobs && n->njobs <= NODE_JOBS_MAX);
	source_invariant(n);
	for (unsigned i = 0; i < NQUEUES; i++)
		queue_invariant(n, i, sums->queued[i]);
}

void node_invariant(struct node *n, uint64_t now_ms)
{
	const struct session *older = NULL;
	struct sums sums = {0};

	assert(!n->ev && !n->out && !n->txn && !n->gone_first); /* no step is under way */
	assert(n->nalarms <= NODE_ALARMS_MAX && n->alarm_at < NODE_ALARMS_MAX);
	for (const struct session *s = n->first; s; s = s->newer) {
		uint64_t at = session_deadline(s);

		assert(s->older == older && s->id <= n->next_id);
		/* no deadline is forgotten */
		assert(n->next_tick <= (at > now_ms ? at : now_ms) + NODE_TICK_MS);
		state_invariant(n, s);
		push_invariant(n, s);
		add(n, &sums, s);
		older = s;
	}
	assert(n->last == older);
	totals_invariant(n, &sums);
}
