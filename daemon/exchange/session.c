#include "daemon/exchange/node_int.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"

#define MSG1_BYTES 48 /* without payload: it could be replayed */
#define MSG2_BYTES 48
#define MSG3_BYTES 64

bool session_live(const struct session *s)
{
	return s->state != S_CLOSING && s->state != S_GONE;
}

/* --- life ----------------------------------------------------------------------------------------- */

static void link_in(struct node *n, struct session *s)
{
	s->older = n->last;
	if (n->last)
		n->last->newer = s;
	else
		n->first = s;
	n->last = s;
}

static void link_out(struct node *n, struct session *s)
{
	if (s->older)
		s->older->newer = s->newer;
	else
		n->first = s->newer;
	if (s->newer)
		s->newer->older = s->older;
	else
		n->last = s->older;
}

static void stranger_in(struct node *n, struct session *s)
{
	if (!session_stranger(s))
		return;
	assert(n->nhandshakes < NODE_HANDSHAKES_MAX);
	n->stranger[n->nhandshakes++] = s;
}

static void stranger_out(struct node *n, const struct session *s)
{
	uint32_t i = 0;

	if (!session_stranger(s))
		return;
	while (n->stranger[i] != s)
		i++;
	n->nhandshakes--;
	memmove(&n->stranger[i], &n->stranger[i + 1],
		(n->nhandshakes - i) * sizeof(n->stranger[0]));
}

/* Handshake frames carry their length outside; it is checked before a frame's bytes are known. */
static size_t frame_begin(struct node *n)
{
	size_t at = n->tx.n;

	buf_put_be16(&n->tx, 0);
	return at;
}

static void frame_end(struct node *n, struct session *s, size_t at)
{
	be16_put(n->tx.p + at, (uint16_t)(n->tx.n - at - NODE_FRAME_HEAD));
	s->queued_ms = n->ev->now_ms;
	node_fx_send(n, s, at);
}

static int noise_begin(struct node *n, struct session *s)
{
	int err = noise_init(&s->noise, s->up, n->cfg.transport,
			     s->up ? n->cfg.upstream.transport : NULL, n->prologue,
			     sizeof(n->prologue), s->entropy);

	secret_wipe(s->entropy, sizeof(s->entropy));
	return err;
}

static int dial(struct node *n, struct session *s)
{
	size_t at;
	int err = noise_begin(n, s);

	if (err)
		return err;
	at = frame_begin(n);
	err = noise_write(&s->noise, NULL, 0, &n->tx);
	if (err)
		n->tx.n = at;
	else
		frame_end(n, s, at);
	return err;
}

int session_open(struct node *n, const struct event *ev, bool up)
{
	struct session *s = mem_alloc(sizeof(*s));
	int err;

	if (!s)
		return ERR_NOMEM;
	s->id = ++n->next_id;
	s->conn = ev->conn;
	s->up = up;
	s->source = ev->source;
	s->opened_ms = s->recv_ms = s->queued_ms = s->progress_ms = ev->now_ms;
	memcpy(s->entropy, ev->entropy, sizeof(s->entropy));
	buf_init(&s->rx, NODE_RX_BYTES_MAX);
	err = node_tab_put(n, TAB_CONN, s, ev->conn);
	if (err) {
		mem_free(s);
		return err;
	}
	link_in(n, s);
	stranger_in(n, s);
	if (up)
		err = dial(n, s);
	if (err) {
		session_free(n, s);
		return err;
	}
	node_wake_at(n, session_deadline(s));
	return ERR_OK;
}

void session_set_state(struct node *n, struct session *s, enum session_state next)
{
	assert(next != S_HANDSHAKE);
	stranger_out(n, s);
	n->nguests -= s->state == S_GUEST;
	s->state = next;
	n->nguests += s->state == S_GUEST;
	assert(n->nguests <= NODE_GUESTS_MAX);
}

void session_free(struct node *n, struct session *s)
{
	session_set_state(n, s, S_GONE);
	node_tab_del(n, TAB_CONN, s);
	node_tab_del(n, TAB_FEED, s);
	link_out(n, s);
	noise_close(&s->noise);
	secret_wipe(s->entropy, sizeof(s->entropy));
	buf_close(&s->rx);
	mem_free(s->push);
	mem_free(s);
}

static void gone(struct node *n, struct session *s)
{
	/* a session that only repeats a refusal must not come back at once */
	bool got_somewhere =
		s->progressed || (s->agreed && n->ev->now_ms - s->opened_ms >= NODE_IDLE_PING_MS);

	session_set_state(n, s, S_GONE);
	node_gone(n, s);
	if (s->up)
		node_unlinked(n, got_somewhere);
}

void session_drop(struct node *n, struct session *s, int err, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	if (s->state == S_GONE)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	node_fx_close(n, s->conn, s->state == S_HANDSHAKE, err, why);
	gone(n, s);
}

/* The reason is logged now; the drop waits until all that is queued is out, or for NODE_LINGER_MS. */
void session_end(struct node *n, struct session *s, int err, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	if (!session_live(s))
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!noise_ready(&s->noise)) {
		session_drop(n, s, err, "%s", why);
		return;
	}
	buf_reset(&n->msg);
	buf_put_u8(&n->msg, MSG_CLOSE);
	session_send(n, s);
	if (!session_live(s))
		return;
	node_log(n, err, "%s", why);
	session_set_state(n, s, S_CLOSING);
	s->ended_ms = n->ev->now_ms;
	buf_close(&s->rx);
	node_wake_at(n, session_deadline(s));
}

/* --- sending -------------------------------------------------------------------------------------- */

void session_send(struct node *n, struct session *s)
{
	size_t at;
	int err = n->msg.err;

	if (!session_live(s))
		return;
	assert(err || n->msg.n <= MSG_BYTES_MAX);
	at = frame_begin(n);
	if (!err)
		err = noise_seal(&s->noise, n->msg.p, n->msg.n, &n->tx);
	if (!err && s->unsent > 2 * (size_t)NODE_SEND_BYTES_MAX)
		err = ERR_LIMIT; /* it sends requests and does not read the answers */
	if (!err) {
		frame_end(n, s, at);
		return;
	}
	n->tx.n = at;
	n->tx.err = ERR_OK;
	session_drop(n, s, err, "cannot send: %s", err_text(err));
}

void session_sent(struct node *n, struct session *s, size_t bytes)
{
	bool was_full = s->unsent >= NODE_SEND_BYTES_MAX;

	assert(bytes <= s->unsent);
	s->unsent -= bytes;
	s->sent_ms = n->ev->now_ms;
	if (s->state == S_CLOSING && s->unsent == 0)
		session_drop(n, s, ERR_OK, "closed");
	else if (was_full && s->unsent < NODE_SEND_BYTES_MAX)
		node_dirty(n, s);
	if (s->unsent ==
	    0) /* what counts from here on is the acknowledgement, which may be due earlier */
		node_wake_at(n, session_deadline(s));
}

/* --- handshake ------------------------------------------------------------------------------------ */

static void make_hello(struct node *n, bool invite, const uint8_t *binding)
{
	struct hello h = {.version = HELLO_VERSION,
			  .features = n->cfg.features,
			  .frame_max = MSG_FRAME_MAX,
			  .clock_ms = n->ev->wall_ms};

	if (invite)
		enrol_hello(n, binding, &h);
	buf_reset(&n->msg);
	hello_pack(&h, &n->msg);
}

static int check_hello(struct node *n, struct session *s, struct hello *ret)
{
	int err = hello_parse(n->plain.p, n->plain.n, ret);

	if (!err && ret->frame_max < MSG_FRAME_MAX)
		err = ERR_LIMIT;
	s->zstd = !err && (n->cfg.features & ret->features & HELLO_ZSTD);
	return err;
}

/* Writes the next handshake message with the hello in n->msg. */
static int answer(struct node *n, struct session *s)
{
	size_t at = frame_begin(n);
	int err = n->msg.err;

	if (!err)
		err = noise_write(&s->noise, n->msg.p, n->msg.n, &n->tx);
	if (err)
		n->tx.n = at;
	else
		frame_end(n, s, at);
	return err;
}

/* Message 1: any stranger may have sent it. */
static void recv_first(struct node *n, struct session *s, struct bytes f)
{
	int err = noise_begin(n, s);

	if (!err)
		err = noise_read(&s->noise, f.p, f.n, &n->plain);
	if (err) {
		session_drop(n, s, err, "handshake refused: another town, protocol or hub key");
		return;
	}
	make_hello(n, false, NULL);
	err = answer(n, s);
	if (err)
		session_drop(n, s, err, "handshake: %s", err_text(err));
}

/* Message 2: the upstream has proved its key. */
static void recv_second(struct node *n, struct session *s, struct bytes f)
{
	uint8_t binding[NOISE_HASH_BYTES];
	struct hello h;
	bool enrol;
	int err = noise_read(&s->noise, f.p, f.n, &n->plain);

	if (!err)
		err = check_hello(n, s, &h);
	if (err) {
		session_drop(n, s, err, "the hub's answer does not fit: %s", err_text(err));
		return;
	}
	memcpy(binding, noise_binding(&s->noise), sizeof(binding));
	enrol = enrol_wanted(n);
	make_hello(n, enrol, binding);
	err = answer(n, s);
	if (err) {
		session_drop(n, s, err, "handshake: %s", err_text(err));
		return;
	}
	session_set_state(n, s, enrol ? S_ENROLLING : S_RUNNING);
	if (enrol)
		enrol_ask(n, s);
	else
		sync_start(n, s, &n->upstream_feed, n->cfg.upstream.feed_no);
}

/* One guest for each invitation: whoever has it may come again, but not stay twice. */
static void guest_in(struct node *n, struct session *s, const uint8_t invite_key[SIGN_KEY_BYTES])
{
	struct session *same = NULL, *oldest = NULL;
	uint32_t left = n->nguests;

	for (struct session *g = n->last; g && left; g = g->older) {
		if (g->state != S_GUEST)
			continue;
		left--;
		oldest = g;
		if (!memcmp(g->invite_key, invite_key, SIGN_KEY_BYTES))
			same = g;
	}
	if (same)
		session_drop(n, same, ERR_BUSY,
			     "replaced by a newer guest with the same invitation");
	else if (n->nguests == NODE_GUESTS_MAX)
		session_drop(n, oldest, ERR_BUSY, "too many guests, the oldest goes");
	session_set_state(n, s, S_GUEST);
	memcpy(s->invite_key, invite_key, SIGN_KEY_BYTES);
	s->progress_ms = n->ev->now_ms;
	node_wake_at(n, session_deadline(s));
}

/* Message 3: now it is known who calls. */
static void recv_third(struct node *n, struct session *s, struct bytes f)
{
	uint8_t binding[NOISE_HASH_BYTES];
	char hex[17];
	struct hash key, feed;
	struct hello h;
	uint32_t no;
	int err;

	memcpy(binding, noise_binding(&s->noise), sizeof(binding));
	err = noise_read(&s->noise, f.p, f.n, &n->plain);
	if (!err)
		err = check_hello(n, s, &h);
	if (err) {
		session_drop(n, s, err, "handshake refused: %s", err_text(err));
		return;
	}
	memcpy(key.b, noise_remote(&s->noise), HASH_BYTES);
	err = enrol_member_of(n, s, &feed, &no);
	if (!err) {
		session_set_state(n, s, S_RUNNING);
		sync_start(n, s, &feed, no);
	} else if (err == ERR_NOTFOUND && enrol_guest(n, binding, &h)) {
		guest_in(n, s, h.invite_key);
	} else if (err == ERR_NOTFOUND && enrol_turned_away(n, s, binding, &h)) {
		session_end(n, s, ERR_REFUSED, "an invitation that was used before");
	} else if (err == ERR_NOTFOUND) {
		session_drop(n, s, ERR_REFUSED,
			     "transport key %s belongs to no village, and there is no invitation",
			     hash_hex(&key, 16, hex));
	} else {
		session_drop(n, s, err, "roster: %s", err_text(err));
	}
}

static void recv_handshake(struct node *n, struct session *s, struct bytes f)
{
	buf_reset(&n->plain);
	if (s->up)
		recv_second(n, s, f);
	else if (s->noise.step == 0)
		recv_first(n, s, f);
	else
		recv_third(n, s, f);
}

/* --- frames --------------------------------------------------------------------------------------- */

/* What the next frame's length may be: known before a byte of it is kept. */
static bool length_fits(const struct session *s, size_t len)
{
	if (s->state != S_HANDSHAKE)
		return len > NOISE_TAG_BYTES && len <= MSG_FRAME_MAX;
	if (s->up)
		return len >= MSG2_BYTES && len <= MSG2_BYTES + NODE_HELLO_MAX;
	if (s->noise.step == 0)
		return len == MSG1_BYTES;
	return len >= MSG3_BYTES && len <= MSG3_BYTES + NODE_HELLO_MAX;
}

static void recv_message(struct node *n, struct session *s, enum msg_type type, struct bytes body)
{
	switch (type) {
	case MSG_PING:
		buf_reset(&n->msg);
		buf_put_u8(&n->msg, MSG_PONG);
		session_send(n, s);
		return;
	case MSG_PONG: return; /* that something was received is all there is to it */
	case MSG_CLOSE: session_drop(n, s, ERR_OK, "the other side has closed"); return;
	case MSG_ENROL: enrol_asked(n, s, body); return;
	case MSG_ENROLLED: enrol_answered(n, s, body); return;
	case MSG_FRONTIER_HASH:
	case MSG_FRONTIER:
	case MSG_CHUNK:
	case MSG_ACK:
	case MSG_COSIG:
	case MSG_CHUNK_ZSTD:
	case MSG_REFUSE:
		if (s->state == S_RUNNING && (type != MSG_CHUNK_ZSTD || s->zstd)) {
			sync_message(n, s, type, body);
			return;
		}
		break;
	}
	session_drop(n, s, ERR_FORMAT, "a message of type %u has no place here", (unsigned)type);
}

static void recv_frame(struct node *n, struct session *s, struct bytes f)
{
	int err;

	if (s->state == S_HANDSHAKE) {
		recv_handshake(n, s, f);
		return;
	}
	buf_reset(&n->plain);
	err = noise_open(&s->noise, f.p, f.n, &n->plain);
	if (err) {
		session_drop(n, s, err, "a frame was altered on its way");
		return;
	}
	recv_message(n, s, n->plain.p[0], (struct bytes){n->plain.p + 1, n->plain.n - 1});
}

/* Its next frame may be a chunk, and there is no place for it now. */
static bool held_up(const struct node *n, const struct session *s)
{
	return s->state == S_RUNNING && s->agreed && sync_full(n, s);
}

/* What is left in @s->rx is looked at when there is room for what follows from it. */
static void come_back(struct node *n, struct session *s)
{
	if (held_up(n, s) && node_jobs_full(n))
		node_wait(n, s);
	else if (!held_up(n, s) && !node_room(n)) /* held up alone: when a chunk of it is stored */
		node_dirty(n, s);
}

/* Works through whole frames at the front of @b; returns how many bytes were used. */
static size_t recv_frames(struct node *n, struct session *s, struct bytes b)
{
	size_t used = 0;

	while (session_live(s) && b.n - used >= NODE_FRAME_HEAD && node_room(n) && !held_up(n, s)) {
		size_t len = be16_get(b.p + used);

		if (!length_fits(s, len)) {
			session_drop(n, s, ERR_LIMIT, "a frame of %zu bytes has no place here",
				     len);
			break;
		}
		if (b.n - used < NODE_FRAME_HEAD + len)
			break;
		recv_frame(n, s, (struct bytes){b.p + used + NODE_FRAME_HEAD, len});
		used += NODE_FRAME_HEAD + len;
	}
	return used;
}

void session_drain(struct node *n, struct session *s)
{
	struct buf rx = s->rx;
	size_t used;

	if (!rx.n || !session_live(s))
		return;
	/* it may be closed while its frames are worked off */
	buf_init(&s->rx, NODE_RX_BYTES_MAX);
	used = recv_frames(n, s, buf_bytes(&rx));
	if (session_live(s) && used < rx.n) {
		memmove(rx.p, rx.p + used, rx.n - used);
		rx.n -= used;
		s->rx = rx;
		if (used)
			s->frame_ms = n->ev->now_ms;
		come_back(n, s);
		return;
	}
	buf_close(&rx);
}

static void keep(struct node *n, struct session *s, struct bytes b)
{
	if (s->rx.n == 0)
		s->frame_ms = n->ev->now_ms;
	if (b.n && buf_put(&s->rx, b.p, b.n))
		session_drop(n, s, s->rx.err, "too much received at once");
}

void session_bytes(struct node *n, struct session *s, struct bytes b)
{
	size_t used = 0;

	if (!session_live(s))
		return;
	s->recv_ms = n->ev->now_ms;
	if (s->pinged) {
		s->pinged = false;
		node_wake_at(n, session_deadline(s));
	}
	if (s->rx.n) {
		keep(n, s, b);
		session_drain(n, s);
		return;
	}
	used = recv_frames(n, s, b);
	if (!session_live(s))
		return;
	keep(n, s, (struct bytes){b.p + used, b.n - used});
	if (session_live(s) && s->rx.n)
		come_back(n, s);
}

/* --- time ----------------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* When the peer has taken nothing for too long: neither bytes while some are waiting, nor, when all have left,
 * entries. */
static uint64_t stalled_at(const struct session *s)
{
	if (s->unsent)
		return later(s->sent_ms, s->progress_ms) + NODE_STALL_MS;
	return s->push ? s->progress_ms + NODE_STALL_MS : UINT64_MAX;
}

uint64_t session_deadline(const struct session *s)
{
	uint64_t at;

	switch (s->state) {
	case S_HANDSHAKE: return s->opened_ms + NODE_HANDSHAKE_MS;
	case S_GUEST: return s->progress_ms + NODE_GUEST_MS;
	case S_ENROLLING: return s->opened_ms + NODE_DEAD_MS;
	case S_CLOSING: return s->ended_ms + NODE_LINGER_MS;
	case S_GONE: return UINT64_MAX;
	case S_RUNNING: break;
	}
	at = earlier(s->recv_ms + NODE_DEAD_MS, s->opened_ms + NODE_SESSION_MS);
	if (!s->pinged)
		at = earlier(at, earlier(s->recv_ms, s->queued_ms) + NODE_IDLE_PING_MS);
	at = earlier(at, stalled_at(s));
	if (s->rx.n)
		at = earlier(at, s->frame_ms + NODE_STALL_MS);
	if (s->mend_ms)
		at = earlier(at, s->mend_ms);
	if (s->retry_ms)
		at = earlier(at, s->retry_ms);
	if (s->gather_ms)
		at = earlier(at, s->gather_ms);
	return at;
}

static void tick_running(struct node *n, struct session *s)
{
	uint64_t now = n->ev->now_ms;

	if (s->mend_ms && now >= s->mend_ms) {
		s->mend_ms = 0;
		node_dirty(n, s);
	}
	if (s->retry_ms && now >= s->retry_ms)
		sync_retry(n, s);
	if (s->gather_ms && now >= s->gather_ms) {
		s->gather_ms = 0;
		node_dirty(n, s);
	}
	if (held_up(n, s))
		s->frame_ms = now; /* it is not the sender that keeps a frame waiting */
	if (now - s->recv_ms >= NODE_DEAD_MS) {
		session_drop(n, s, ERR_TIMEOUT, "nothing received for %d s", NODE_DEAD_MS / 1000);
	} else if (now >= stalled_at(s)) {
		session_drop(n, s, ERR_TIMEOUT, "nothing %s for %d s",
			     s->unsent ? "taken" : "acknowledged", NODE_STALL_MS / 1000);
	} else if (s->rx.n && now - s->frame_ms >= NODE_STALL_MS) {
		/* a length that was altered on its way looks like a frame without end */
		session_drop(n, s, ERR_TIMEOUT, "a frame not complete after %d s",
			     NODE_STALL_MS / 1000);
	} else if (now - s->opened_ms >= NODE_SESSION_MS) {
		session_end(n, s, ERR_OK, "a day old: new keys are due");
	} else if (!s->pinged && now - earlier(s->recv_ms, s->queued_ms) >= NODE_IDLE_PING_MS) {
		/* also when only this side is silent: a slow sender must know that this node is up */
		s->pinged = true;
		buf_reset(&n->msg);
		buf_put_u8(&n->msg, MSG_PING);
		session_send(n, s);
	}
}

void session_tick(struct node *n, struct session *s)
{
	switch (s->state) {
	case S_HANDSHAKE: session_drop(n, s, ERR_TIMEOUT, "handshake not finished in time"); break;
	case S_GUEST:
	case S_ENROLLING: session_end(n, s, ERR_TIMEOUT, "enrolment not finished in time"); break;
	case S_CLOSING: session_drop(n, s, ERR_OK, "closed"); break;
	case S_RUNNING: tick_running(n, s); break;
	case S_GONE: break;
	}
}
