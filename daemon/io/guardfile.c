#include "daemon/io/guardfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/mem.h"

#define MAGIC	    "CZGRD03\n"
#define MAGIC_BYTES 8
#define SUM_BYTES   32
#define STACK_BYTES (64 << 10)

_Static_assert(GUARDFILE_SLOT_BYTES % GUARDFILE_SECTOR == 0, "slots are whole sectors");

/* What a slot holds. */
struct mark {
	uint64_t counter; /* 0: nothing */
	struct guard sealed, intent;
	uint32_t redo_n;
};

struct guardfile {
	int fd;
	pthread_mutex_t lock; /* the store thread saves, others load */
	pthread_cond_t cond;
	struct mark now;
	struct guard_cosigned cosigned[FEEDS_MAX]; /* of @now */
	uint8_t *redo;				   /* found at the start */
	/* the thread of guardfile_journal */
	pthread_t thread;
	bool started, stopping, busy;
	int result;
	struct mark next;
	size_t slot_n;
	uint8_t slot[GUARDFILE_SLOT_BYTES];
};

/* Before the redo. */
static size_t fixed_bytes(const struct mark *m)
{
	return GUARDFILE_HEAD_BYTES + (size_t)m->sealed.ncosigned * GUARDFILE_COSIGNED_BYTES;
}

static void cosigned_pack(const struct guard *g, uint8_t *out)
{
	for (uint32_t i = 0; i < g->ncosigned; i++, out += GUARDFILE_COSIGNED_BYTES) {
		memcpy(out, g->cosigned[i].feed.b, 32);
		be64_put(out + 32, g->cosigned[i].size);
		memcpy(out + 40, g->cosigned[i].root.b, 32);
	}
}

static void cosigned_parse(const uint8_t *in, uint32_t n, struct guard_cosigned *ret)
{
	for (uint32_t i = 0; i < n; i++, in += GUARDFILE_COSIGNED_BYTES) {
		memcpy(ret[i].feed.b, in, 32);
		ret[i].size = be64_get(in + 32);
		memcpy(ret[i].root.b, in + 40, 32);
	}
}

/* Returns the bytes used, a multiple of 512. */
static size_t slot_pack(const struct mark *m, const void *redo, uint8_t *out)
{
	size_t fixed = fixed_bytes(m), n = fixed + m->redo_n;
	size_t whole = (n + SUM_BYTES + 511) / 512 * 512;
	struct hash sum;

	memcpy(out, MAGIC, MAGIC_BYTES);
	be64_put(out + 8, m->counter);
	be32_put(out + 16, m->sealed.epoch);
	be64_put(out + 20, m->sealed.size);
	memcpy(out + 28, m->sealed.root.b, 32);
	memcpy(out + 60, m->sealed.sig, 64);
	be64_put(out + 124, m->intent.size);
	memcpy(out + 132, m->intent.root.b, 32);
	be32_put(out + 164, m->redo_n);
	be32_put(out + 168, m->sealed.ncosigned);
	cosigned_pack(&m->sealed, out + GUARDFILE_HEAD_BYTES);
	if (m->redo_n)
		memcpy(out + fixed, redo, m->redo_n);
	hash_of(out, n, &sum);
	memcpy(out + n, sum.b, SUM_BYTES);
	memset(out + n + SUM_BYTES, 0, whole - n - SUM_BYTES);
	return whole;
}

static bool slot_parse(const uint8_t *in, struct mark *ret)
{
	struct mark m = {.counter = be64_get(in + 8), .redo_n = be32_get(in + 164)};
	struct hash sum;
	size_t n;

	m.sealed.ncosigned = be32_get(in + 168);
	if (memcmp(in, MAGIC, MAGIC_BYTES) || m.redo_n > GUARD_REDO_MAX ||
	    m.sealed.ncosigned > FEEDS_MAX)
		return false;
	n = fixed_bytes(&m) + m.redo_n;
	hash_of(in, n, &sum);
	if (memcmp(in + n, sum.b, SUM_BYTES))
		return false;
	m.sealed.epoch = m.intent.epoch = be32_get(in + 16);
	m.sealed.size = be64_get(in + 20);
	memcpy(m.sealed.root.b, in + 28, 32);
	memcpy(m.sealed.sig, in + 60, 64);
	m.intent.size = be64_get(in + 124);
	memcpy(m.intent.root.b, in + 132, 32);
	*ret = m;
	return m.counter != 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* What follows the head of the slot. */
static int slot_keep(struct guardfile *g, const struct mark *m, const uint8_t *slot)
{
	cosigned_parse(slot + GUARDFILE_HEAD_BYTES, m->sealed.ncosigned, g->cosigned);
	if (!m->redo_n)
		return ERR_OK;
	g->redo = mem_alloc(m->redo_n);
	if (!g->redo)
		return ERR_NOMEM;
	memcpy(g->redo, slot + fixed_bytes(m), m->redo_n);
	return ERR_OK;
}

/* Reads both slots; @g (may be NULL) gets the redo bytes and the cosigned heads of the newer one. ERR_NOTFOUND:
 * the file is empty or all zero; ERR_CORRUPT: bytes, but no valid slot. */
static int slots_read(int fd, struct mark *ret, struct guardfile *g)
{
	uint8_t *raw = mem_array(2, GUARDFILE_SLOT_BYTES), *best = NULL;
	struct mark m, newest = {0};
	int err = ERR_OK;

	if (!raw)
		return ERR_NOMEM;
	if (pread(fd, raw, (size_t)2 * GUARDFILE_SLOT_BYTES, 0) < 0)
		err = ERR_IO;
	for (int i = 0; i < 2 && !err; i++) {
		uint8_t *slot = raw + (size_t)i * GUARDFILE_SLOT_BYTES;

		if (slot_parse(slot, &m) && m.counter > newest.counter) {
			newest = m;
			best = slot;
		}
	}
	if (!err && !best)
		err = all_zero(raw, (size_t)2 * GUARDFILE_SLOT_BYTES) ? ERR_NOTFOUND : ERR_CORRUPT;
	if (!err && g)
		err = slot_keep(g, &newest, best);
	mem_free(raw);
	if (!err)
		*ret = newest;
	return err;
}

static int fail(struct errmsg *msg, const char *path, int err)
{
	if (err == ERR_CORRUPT)
		return err_set(
			msg, err,
			"%s: no valid mark in the guard file; keep DIR as it is, write to the "
			"town office, do not init again",
			path);
	return err_set(msg, err, "guard file %s: %s", path, strerror(errno));
}

/* Both slots exist and are on the disk before the first mark, so that a save never grows the file. */
static int preallocate(int fd)
{
	static const uint8_t zero[512];
	off_t n = lseek(fd, 0, SEEK_END), end = (off_t)2 * GUARDFILE_SLOT_BYTES;

	if (n < 0)
		return ERR_IO;
	if (n >= end)
		return ERR_OK;
	while (n < end) {
		size_t part = (size_t)(end - n) < sizeof(zero) ? (size_t)(end - n) : sizeof(zero);

		if (pwrite(fd, zero, part, n) != (ssize_t)part)
			return ERR_IO;
		n += (off_t)part;
	}
	return fsync(fd) ? ERR_IO : ERR_OK;
}

int guardfile_open(const char *path, struct guardfile **ret, struct errmsg *msg)
{
	struct guardfile *g = mem_alloc(sizeof(*g));
	int err;

	if (!g)
		return ERR_NOMEM;
	g->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	err = g->fd < 0 ? ERR_IO : preallocate(g->fd);
	if (!err)
		err = slots_read(g->fd, &g->now, g);
	g->now.sealed.cosigned = g->cosigned;
	if (err && err != ERR_NOTFOUND) {
		err = fail(msg, path, err);
		if (g->fd >= 0)
			close(g->fd);
		mem_free(g);
		return err;
	}
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->cond, NULL);
	*ret = g;
	return ERR_OK;
}

int guardfile_load(struct guardfile *g, struct guard *ret)
{
	int err = ERR_NOTFOUND;

	pthread_mutex_lock(&g->lock);
	if (g->now.counter) {
		*ret = g->now.sealed;
		err = ERR_OK;
	}
	pthread_mutex_unlock(&g->lock);
	return err;
}

/* The slot that is not the newest; the file never grows. */
static int slot_write(const struct guardfile *g)
{
	off_t at = (off_t)(g->next.counter % 2) * GUARDFILE_SLOT_BYTES;

	errno = 0;
	if (pwrite(g->fd, g->slot, g->slot_n, at) != (ssize_t)g->slot_n)
		return errno == ENOSPC ? ERR_FULL : ERR_IO;
	return fdatasync(g->fd) ? ERR_IO : ERR_OK;
}

static void pack_next(struct guardfile *g, const struct mark *m, const void *redo)
{
	assert(!g->busy);
	assert(m->sealed.ncosigned <= FEEDS_MAX);
	g->next = *m;
	g->next.counter = g->now.counter + 1;
	g->slot_n = slot_pack(&g->next, redo, g->slot);
	/* should the write fail, what is kept is too much by heads that were signed: never too little */
	cosigned_parse(g->slot + GUARDFILE_HEAD_BYTES, m->sealed.ncosigned, g->cosigned);
	g->next.sealed.cosigned = g->cosigned;
}

int guardfile_save(struct guardfile *g, const struct guard *v)
{
	int err;

	pack_next(g, &(struct mark){.sealed = *v}, NULL);
	err = slot_write(g);
	if (err)
		return err;
	pthread_mutex_lock(&g->lock);
	g->now = g->next;
	pthread_mutex_unlock(&g->lock);
	return ERR_OK;
}

static void *journal_main(void *arg)
{
	struct guardfile *g = arg;

	pthread_mutex_lock(&g->lock);
	while (!g->stopping) {
		if (!g->busy) {
			pthread_cond_wait(&g->cond, &g->lock);
			continue;
		}
		pthread_mutex_unlock(&g->lock);
		int err = slot_write(g);
		pthread_mutex_lock(&g->lock);
		g->result = err;
		if (!err)
			g->now = g->next;
		g->busy = false;
		pthread_cond_broadcast(&g->cond);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

static int journal_start(struct guardfile *g)
{
	pthread_attr_t attr;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	rc = pthread_create(&g->thread, &attr, journal_main, g);
	pthread_attr_destroy(&attr);
	g->started = rc == 0;
	return rc ? ERR_NOMEM : ERR_OK;
}

static int journal_begin(void *ctx, const struct guard *sealed, const struct guard *intent,
			 struct bytes redo)
{
	struct guardfile *g = ctx;
	int err = g->started ? ERR_OK : journal_start(g);

	if (err)
		return err;
	if (redo.n > GUARD_REDO_MAX || sealed->epoch != intent->epoch)
		return ERR_INVALID;
	pack_next(g,
		  &(struct mark){.sealed = *sealed, .intent = *intent, .redo_n = (uint32_t)redo.n},
		  redo.p);
	pthread_mutex_lock(&g->lock);
	g->busy = true;
	pthread_cond_broadcast(&g->cond);
	pthread_mutex_unlock(&g->lock);
	return ERR_OK;
}

static int journal_wait(void *ctx)
{
	struct guardfile *g = ctx;

	pthread_mutex_lock(&g->lock);
	while (g->busy)
		pthread_cond_wait(&g->cond, &g->lock);
	int err = g->result;
	pthread_mutex_unlock(&g->lock);
	return err;
}

void guardfile_journal(struct guardfile *g, struct guard_journal *ret)
{
	assert(g->next.counter == 0); /* the redo bytes are those of the start */
	*ret = (struct guard_journal){
		.begin = journal_begin,
		.wait = journal_wait,
		.ctx = g,
		.intent = g->now.intent,
		.redo = {g->redo, g->now.redo_n},
	};
}

int guardfile_peek(const char *path, struct guard *ret, struct errmsg *msg)
{
	struct mark m;
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : fail(msg, path, ERR_IO);
	err = slots_read(fd, &m, NULL);
	close(fd);
	if (err)
		return err != ERR_NOTFOUND ? fail(msg, path, err) : err;
	*ret = m.sealed;
	ret->ncosigned = 0;
	return ERR_OK;
}

void guardfile_close(struct guardfile *g)
{
	if (!g)
		return;
	if (g->started) {
		pthread_mutex_lock(&g->lock);
		g->stopping = true;
		pthread_cond_broadcast(&g->cond);
		pthread_mutex_unlock(&g->lock);
		pthread_join(g->thread, NULL);
	}
	close(g->fd);
	pthread_cond_destroy(&g->cond);
	pthread_mutex_destroy(&g->lock);
	mem_free(g->redo);
	mem_free(g);
}

static void mark_invariant(const struct guardfile *g, const struct mark *m)
{
	assert(m->sealed.ncosigned <= FEEDS_MAX);
	assert(m->sealed.cosigned == g->cosigned);
	assert(m->intent.size == 0 || m->intent.size > m->sealed.size);
	assert(m->redo_n <= GUARD_REDO_MAX && (m->redo_n == 0 || m->intent.size > 0));
}

void guardfile_invariant(struct guardfile *g)
{
	pthread_mutex_lock(&g->lock);
	mark_invariant(g, &g->now);
	if (g->next.counter) {
		mark_invariant(g, &g->next);
		/* the newest, or the one under way, or one that could not be written */
		assert(g->next.counter - g->now.counter <= 1);
	}
	assert(!g->busy || (g->started && g->next.counter == g->now.counter + 1));
	pthread_mutex_unlock(&g->lock);
}
