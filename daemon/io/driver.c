#include "daemon/io/driver.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "daemon/io/clock.h"
#include "daemon/io/driver_int.h"
#include "daemon/io/entropy.h"
#include "daemon/io/kvlmdb.h"
#include "daemon/io/log.h"
#include "lib/mem.h"

#define BACKLOG_MS 1000	 /* a connection for which there was no room is tried again after so long */
#define KNOCKS_MAX 50	 /* lines about one peer, or about all strangers, at once */
#define KNOCK_MS   10000 /* and then one in so long */

void driver_break(struct driver *d)
{
	atomic_store(&d->broken, true);
	uv_async_send(&d->wake);
}

/* Anyone can make a node refuse him a thousand times a second; the disk is not filled with that. All
 * strangers have one budget, those who have proved who they are one for each address, or nearly: some share. */
static struct log_budget *budget_of(struct driver *d, const struct effect *fx)
{
	return fx->stranger ? &d->strangers
			    : &d->peers[driver_conn_source(d, fx->conn) % LOG_BUDGETS];
}

static bool line_shown(struct driver *d, const struct effect *fx)
{
	struct log_budget *b = budget_of(d, fx);
	uint64_t now = clock_mono_ms(), more = (now - b->ms) / KNOCK_MS;

	b->left = more < KNOCKS_MAX - b->left ? b->left + (uint32_t)more : KNOCKS_MAX;
	b->ms = b->left == KNOCKS_MAX ? now : b->ms + more * KNOCK_MS;
	if (b->left == 0) {
		b->unlogged++;
		return false;
	}
	b->left--;
	if (b->unlogged)
		log_line(LOG_LEVEL_WARN, "exchange: %llu more lines like the next not written",
			 (unsigned long long)b->unlogged);
	b->unlogged = 0;
	return true;
}

static void log_effect(struct driver *d, const struct effect *fx)
{
	char from[CONN_NAME_MAX] = "";

	if (!fx->text[0] || (fx->peer && !line_shown(d, fx)))
		return;
	if (fx->stranger)
		driver_conn_name(d, fx->conn, from);
	log_line(fx->err ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "exchange: %s%s%s", from,
		 from[0] ? ": " : "", fx->text);
}

static void perform(struct driver *d, const struct effect *fx)
{
	switch (fx->type) {
	case FX_SEND: driver_conn_send(d, fx->conn, fx->bytes); break;
	case FX_CLOSE:
		log_effect(d, fx);
		driver_conn_drop(d, fx->conn);
		break;
	case FX_CONNECT: driver_conn_dial(d); break;
	case FX_STORE: driver_store_job(d, fx->job); break;
	case FX_LOG: log_effect(d, fx); break;
	}
}

void driver_feed(struct driver *d, struct event *ev)
{
	int err;

	if (d->closing || !d->node)
		return;
	assert(!d->feeding);
	ev->now_ms = clock_mono_ms();
	ev->wall_ms = clock_wall_ms();
	ev->boot_ms = clock_boot_ms();
	d->feeding = true;
	pthread_mutex_lock(&d->node_lock);
	err = node_step(d->node, ev, d->fx);
	pthread_mutex_unlock(&d->node_lock);
	for (uint32_t i = 0; i < d->fx->n; i++)
		perform(d, &d->fx->v[i]);
	d->feeding = false;
	if (err) {
		log_line(LOG_LEVEL_ERROR, "exchange: %s; stopping", err_text(err));
		driver_break(d);
	}
	driver_schedule(d);
	driver_conn_dialled(d);
}

static void on_tick(uv_timer_t *t)
{
	struct event ev = {.type = EV_TICK};
	struct driver *d = t->data;

	driver_conn_resume(d);
	driver_feed(d, &ev);
}

void driver_schedule(struct driver *d)
{
	uint64_t next = node_next_tick(d->node), now = clock_mono_ms();

	if (d->backlog && next > now + BACKLOG_MS)
		next = now + BACKLOG_MS;
	if (!d->closing)
		uv_timer_start(&d->tick, on_tick, next > now ? next - now : 1, 0);
}

static void on_wake(uv_async_t *a)
{
	struct driver *d = a->data;

	if (d->closing || !d->node)
		return;
	driver_store_drain(d);
	if (atomic_load(&d->broken)) {
		uv_stop(d->loop);
	}
}

static int guard_save(void *ctx, const struct guard *g)
{
	return guardfile_save(ctx, g);
}

static int own_feed(struct driver *d, uint32_t *ret_no)
{
	struct kv_txn *t;
	int err = kv_begin(d->kv, false, &t);

	if (err)
		return err;
	err = feedlog_find(t, &d->dir->feed, ret_no);
	kv_abort(t);
	return err;
}

/* The writer, or the reason why this node must not write. */
static int start_writer(struct driver *d, struct errmsg *msg)
{
	struct writer_keys keys = {d->dir->feed_key, d->dir->witness_key};
	struct guard_ops ops = {guard_save, d->guardfile};
	struct guard_journal journal;
	struct guard guard;
	int err = guardfile_load(d->guardfile, &guard);

	if (err && err != ERR_NOTFOUND)
		return err_set(msg, err, "guard file %s: %s", d->dir->cfg.guard, err_text(err));
	guardfile_journal(d->guardfile, &journal);
	err = writer_open(d->kv, &d->dir->town, d->services.tx.own, &keys, err ? NULL : &guard,
			  &journal, &ops, &d->writer, msg);
	if (err == ERR_FORK) {
		snprintf(d->halted, sizeof(d->halted), "%s", msg->text);
		log_line(LOG_LEVEL_ERROR, "store: %s; this node does not write", msg->text);
		return ERR_OK;
	}
	if (err)
		return err;
	driver_store_on_grew(
		d); /* what is sealed already; from now on the store thread does this */
	return storeq_start(d->writer, driver_store_on_grew, d, &d->storeq);
}

static int start_node(struct driver *d, struct errmsg *msg)
{
	const struct dir *dir = d->dir;
	struct node_cfg cfg = {
		.town = dir->town,
		.feed = dir->feed,
		.feed_key = dir->feed_key,
		.transport = dir->transport_key,
		.boot = dir->boot,
		.serves = dir->cfg.role == NODE_HUB,
		.upstream = {.feed_no = dir->cfg.role == NODE_VILLAGE ? FEED_TOWN : 0,
			     .invite = dir->invite_key,
			     .enrol_tx = dir->enrol_tx,
			     .enrol_payload = buf_bytes(&dir->enrol_payload)},
	};
	uint64_t seed;
	int err;

	origin_of(dir->cfg.domain, &dir->feed, cfg.origin);
	memcpy(cfg.upstream.transport, dir->cfg.hub_transport, DH_KEY_BYTES);
	entropy_fill(&seed, sizeof(seed));
	d->fx = mem_alloc(sizeof(*d->fx));
	if (!d->fx)
		return ERR_NOMEM;
	err = node_new(&cfg, d->kv, seed, &d->node);
	if (!err && cfg.serves)
		err = driver_conn_listen(d, msg);
	return err;
}

static int start_store(struct driver *d, struct errmsg *msg)
{
	char path[DIR_PATH_MAX];
	int err = dir_path(d->dir, "store", path);

	if (!err)
		err = kvlmdb_open(path, NULL, &d->kv, msg);
	if (!err)
		err = own_feed(d, &d->services.tx.own);
	if (!err)
		err = guardfile_open(d->dir->cfg.guard, &d->guardfile, msg);
	if (!err)
		err = start_writer(d, msg);
	return err;
}

int driver_start(uv_loop_t *loop, const struct dir *dir, struct driver **ret, struct errmsg *msg)
{
	struct driver *d = mem_alloc(sizeof(*d));
	struct event ev = {.type = EV_TICK};
	int err;

	if (!d)
		return ERR_NOMEM;
	d->loop = loop;
	d->dir = dir;
	pthread_mutex_init(&d->node_lock, NULL);
	pthread_mutex_init(&d->done_lock, NULL);
	uv_timer_init(loop, &d->tick);
	uv_async_init(loop, &d->wake, on_wake);
	d->tick.data = d;
	d->wake.data = d;
	d->pending = 2;
	err = start_store(d, msg);
	if (!err && !d->halted[0])
		err = start_node(d, msg);
	if (!err)
		err = driver_web_start(d, msg);
	*ret = d; /* also after a failure: the caller closes and frees */
	if (!err)
		driver_feed(d, &ev);
	return err;
}

static void on_handle_closed(uv_handle_t *h)
{
	driver_release(h->data);
}

/* Nothing but the store thread is left that could call: it ends before the handle by which it does. */
static void close_last(struct driver *d)
{
	storeq_stop(d->storeq);
	d->storeq = NULL;
	uv_close((uv_handle_t *)&d->wake, on_handle_closed);
}

void driver_release(struct driver *d)
{
	assert(d->pending > 0);
	d->pending--;
	if (d->closing && d->pending == 1)
		close_last(d);
	else if (d->closing && d->pending == 0)
		d->closed(d->closed_ctx);
}

void driver_close(struct driver *d, void (*closed)(void *ctx), void *ctx)
{
	struct event bye = {.type = EV_STOP};

	assert(!d->closing);
	if (d->node)
		do
			driver_feed(d, &bye); /* libuv writes at once what the sockets take */
		while (d->fx->n);
	d->closing = true;
	d->closed = closed;
	d->closed_ctx = ctx;
	driver_web_close(d);
	driver_conn_close_all(d);
	uv_close((uv_handle_t *)&d->tick, on_handle_closed);
}

void driver_free(struct driver *d)
{
	if (!d)
		return;
	driver_store_finish(d);
	node_free(d->node);
	writer_free(d->writer);
	guardfile_close(d->guardfile);
	kv_close(d->kv);
	pthread_mutex_destroy(&d->node_lock);
	pthread_mutex_destroy(&d->done_lock);
	mem_free(d->conns);
	mem_free(d->fx);
	mem_free(d);
}

const char *driver_halted(const struct driver *d)
{
	return d->halted[0] ? d->halted : NULL;
}

bool driver_broken(const struct driver *d)
{
	return atomic_load(&d->broken);
}
