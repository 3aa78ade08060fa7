#include "daemon/io/driver.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "daemon/io/clock.h"
#include "daemon/io/driver_int.h"
#include "daemon/io/entropy.h"
#include "daemon/io/file.h"
#include "daemon/io/kvlmdb.h"
#include "daemon/io/limits.h"
#include "daemon/io/log.h"
#include "daemon/ledger/rules/refold.h"
#include "daemon/ledger/state/state_format.h"
#include "lib/mem.h"

#define BACKLOG_MS	 1000 /* a connection for which there was no room is tried again after so long */
#define FILES_OTHERS	 (2 * HTTP_CONNS_MAX + 64) /* open besides the connections of the exchange */
#define KNOCKS_MAX	 50    /* lines about one peer, or about all strangers, at once */
#define KNOCK_MS	 10000 /* and then one in so long */
#define ROOM_BYTES	 262144
#define GUARD_ROOM_BYTES 16384

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
		log_line(LOG_LEVEL_WARN,
			 log_english() ? "exchange: %llu more lines like the next not written"
				       : "交换：与下一行相同的另有 %llu 行未写",
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
		driver_conn_said(d, fx);
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
		log_line(LOG_LEVEL_ERROR,
			 log_english() ? "exchange: %s; stopping" : "交换：%s；正在停止",
			 err_text(err));
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

/* It goes on without a writer, so that people can read and see why. */
static int halt(struct driver *d, const struct errmsg *msg, int err)
{
	d->halted = halt_of(msg);
	if (d->halted.id == HALT_NONE)
		return err;
	log_line(LOG_LEVEL_ERROR,
		 log_english() ? "store: %s; this node does not write" : "存储：%s；本节点不再写入",
		 msg->text);
	return ERR_OK;
}

/* Room for a record and what comes with it, on the disk of the store and on that of the guard. */
static bool has_room(void *ctx)
{
	struct driver *d = ctx;
	char store[DIR_PATH_MAX], guard[DIR_PATH_MAX];

	if (dir_path(d->dir, "store/try", store) ||
	    (size_t)snprintf(guard, sizeof(guard), "%s.try", d->dir->cfg.guard) >= sizeof(guard))
		return false;
	return kvlmdb_room(d->kv, ROOM_BYTES) && !file_try(store, ROOM_BYTES, NULL) &&
	       !file_try(guard, GUARD_ROOM_BYTES, NULL);
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
	if (err == ERR_FORK)
		return halt(d, msg, err);
	if (err)
		return err;
	driver_store_on_grew(
		d); /* what is sealed already; from now on the store thread does this */
	err = storeq_start(d->writer, driver_store_on_grew, d, &d->storeq);
	if (!err)
		storeq_ask_room(d->storeq, has_room, d, 0);
	return err;
}

static int count_feed(void *ctx, const struct feed_head *h)
{
	(void)h;
	++*(uint32_t *)ctx;
	return ERR_OK;
}

static int count_feeds(struct driver *d, uint32_t *ret)
{
	struct kv_txn *t;
	int err = kv_begin(d->kv, false, &t);

	*ret = 0;
	if (err)
		return err;
	err = feedlog_each(t, count_feed, ret);
	kv_abort(t);
	return err;
}

/* Where the system lets this process open too few files, the last members to dial would be hung up on without a word. */
static int check_files(struct driver *d)
{
	uint64_t may = limits_files(), others = FILES_OTHERS + NODE_CONNS_MAX - FEEDS_MAX;
	uint32_t feeds;
	int err;

	if (may >= others + FEEDS_MAX)
		return ERR_OK;
	err = count_feeds(d, &feeds);
	if (!err && may < others + feeds)
		log_line(LOG_LEVEL_WARN,
			 log_english() ? "exchange: %ju files may be open, and %ju are needed for "
					 "all that may "
					 "connect: some villages may find no place (LimitNOFILE, "
					 "ulimit -n)"
				       : "交换：最多可打开 %ju 个文件，全部连接需要 %ju "
					 "个，有的村可能连不上（LimitNOFILE、ulimit -n）",
			 (uintmax_t)may, (uintmax_t)(others + feeds));
	return err;
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
		.features = HELLO_ZSTD,
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
		err = check_files(d);
	if (!err && cfg.serves)
		err = driver_conn_listen(d, msg);
	return err;
}

static int open_store(struct driver *d, struct errmsg *msg)
{
	char path[DIR_PATH_MAX];
	int err = dir_path(d->dir, "store", path);

	return err ? err : kvlmdb_open(path, NULL, &d->kv, msg);
}

static void log_refold(uint64_t entries)
{
	log_line(LOG_LEVEL_INFO,
		 log_english() ? "store: %llu entries are folded" : "存储：已重算 %llu 条记录",
		 (unsigned long long)entries);
}

/* A program that has another format of rows, or other rules, finds the state as the one before left it. */
static int start_state(struct driver *d, struct errmsg *msg)
{
	struct refolded sum = {0};
	struct kv_txn *t = NULL;
	uint64_t format = 0;
	int err = kv_begin(d->kv, false, &t);

	if (!err)
		err = state_format(t, &format);
	kv_abort(t);
	if (err || format == STATE_FORMAT_NOW)
		return err;
	if (format > STATE_FORMAT_NOW)
		return err_set(msg, ERR_NEWER,
			       "the store was written by a newer cunzhangd (format %llu, this one "
			       "%d); nothing was changed",
			       (unsigned long long)format, STATE_FORMAT_NOW);
	log_line(LOG_LEVEL_INFO,
		 log_english() ? "store: its state has format %llu, this program %d; it is folded "
				 "again from the "
				 "entries"
			       : "存储：账目状态的格式为 %llu，本程序为 %d；现由记录重新计算",
		 (unsigned long long)format, STATE_FORMAT_NOW);
	err = refold(d->kv, &d->dir->town, log_refold, &sum, msg);
	if (err)
		return err_wrap(msg, err,
				"the state cannot be folded again, nothing was changed; \"cunzhang "
				"verify\" says "
				"what is wrong, the cunzhangd of before still runs");
	log_line(LOG_LEVEL_INFO,
		 log_english() ? "store: folded again: %llu entries of %llu feeds, %llu verdicts "
				 "are others now"
			       : "存储：已重新计算：%llu 条记录，%llu 个日志，%llu 条结论有变",
		 (unsigned long long)sum.entries, (unsigned long long)sum.feeds,
		 (unsigned long long)sum.verdicts);
	/* LMDB keeps the memory of a large transaction until it is closed */
	kv_close(d->kv);
	d->kv = NULL;
	return open_store(d, msg);
}

static int start_store(struct driver *d, struct errmsg *msg)
{
	int err = open_store(d, msg);

	if (!err)
		err = start_state(d, msg);
	if (!err) {
		err = own_feed(d, &d->services.tx.own);
		if (err)
			err_set(msg, err, "the store does not hold this node's own feed (%s)",
				err_text(err));
	}
	if (!err)
		err = guardfile_open(d->dir->cfg.guard, &d->guardfile, msg);
	if (err == ERR_CORRUPT)
		return halt(d, msg, err);
	return err ? err : start_writer(d, msg);
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
	if (!err && d->halted.id == HALT_NONE)
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

/* Nothing but the store thread is left that could call: it ends before the handle by which it does. Requests have been
 * answered. */
static void close_last(struct driver *d)
{
	keyring_stop(d->keyring);
	d->keyring = NULL;
	pool_free(d->pool);
	d->pool = NULL;
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

const struct halt *driver_halted(const struct driver *d)
{
	return d->halted.id == HALT_NONE ? NULL : &d->halted;
}

bool driver_broken(const struct driver *d)
{
	return atomic_load(&d->broken);
}
