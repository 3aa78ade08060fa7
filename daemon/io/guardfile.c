#include "daemon/io/guardfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "daemon/io/file.h"
#include "daemon/writer/halt.h"
#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/mem.h"

#define MAGIC	    "CZGRD04\n"
#define MAGIC_BYTES 8
#define SUM_BYTES   32
#define STACK_BYTES (64 << 10)
#define PEEKS	    3 /* what is read while it is written may look damaged */

_Static_assert(GUARDFILE_SLOT_BYTES % GUARDFILE_SECTOR == 0, "slots are whole sectors");

/* What a slot holds; the heads that changed with it stand apart. */
struct mark {
	uint64_t counter; /* 0: nothing */
	struct guard sealed, intent;
	uint32_t nheads, nchanged, redo_n;
};

struct guardfile {
	int fd;
	pthread_mutex_t lock; /* the store thread saves, others load */
	pthread_cond_t cond;
	bool failed; /* what the disk has is not known any more */
	struct mark now;
	struct guard_heads heads; /* in the order of the table */
	/* places: what the slot of @now changed, which goes to the table with @next, and what @next changes */
	uint32_t due[GUARD_CHANGED_MAX], changed[GUARD_CHANGED_MAX];
	uint32_t ndue;
	uint8_t *redo; /* found at the start */
	/* the thread of guardfile_journal */
	pthread_t thread;
	bool started, stopping, busy;
	int result;
	struct mark next;
	size_t slot_n;
	uint8_t slot[GUARDFILE_SLOT_BYTES];
};

/* --- slots --------------------------------------------------------------------------------------------- */

/* Before the redo. */
static size_t fixed_bytes(const struct mark *m)
{
	return GUARDFILE_HEAD_BYTES + (size_t)m->nchanged * GUARDFILE_CHANGED_BYTES;
}

static void head_pack(const struct guard_cosigned *c, uint8_t out[GUARDFILE_COSIGNED_BYTES])
{
	memcpy(out, c->feed.b, 32);
	be64_put(out + 32, c->size);
	memcpy(out + 40, c->root.b, 32);
}

static struct guard_cosigned head_parse(const uint8_t in[GUARDFILE_COSIGNED_BYTES])
{
	struct guard_cosigned c = {.size = be64_get(in + 32)};

	memcpy(c.feed.b, in, 32);
	memcpy(c.root.b, in + 40, 32);
	return c;
}

/* Returns the bytes used, a multiple of 512. */
static size_t slot_pack(const struct mark *m, const struct guard_heads *heads,
			const uint32_t *changed, const void *redo, uint8_t *out)
{
	size_t fixed = fixed_bytes(m), n = fixed + m->redo_n;
	size_t whole = (n + SUM_BYTES + 511) / 512 * 512;
	uint8_t *p = out + GUARDFILE_HEAD_BYTES;
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
	be32_put(out + 168, m->nheads);
	be32_put(out + 172, m->nchanged);
	for (uint32_t i = 0; i < m->nchanged; i++, p += GUARDFILE_CHANGED_BYTES) {
		be32_put(p, changed[i]);
		head_pack(&heads->v[changed[i]], p + 4);
	}
	if (m->redo_n)
		memcpy(out + fixed, redo, m->redo_n);
	hash_of(out, n, &sum);
	memcpy(out + n, sum.b, SUM_BYTES);
	memset(out + n + SUM_BYTES, 0, whole - n - SUM_BYTES);
	return whole;
}

static const uint8_t *changed_at(const uint8_t *slot, uint32_t i)
{
	return slot + GUARDFILE_HEAD_BYTES + (size_t)i * GUARDFILE_CHANGED_BYTES;
}

static bool places_fit(const struct mark *m, const uint8_t *slot)
{
	for (uint32_t i = 0; i < m->nchanged; i++)
		if (be32_get(changed_at(slot, i)) >= m->nheads)
			return false;
	return true;
}

static bool slot_parse(const uint8_t *in, struct mark *ret)
{
	struct mark m = {.counter = be64_get(in + 8),
			 .redo_n = be32_get(in + 164),
			 .nheads = be32_get(in + 168),
			 .nchanged = be32_get(in + 172)};
	struct hash sum;
	size_t n;

	if (memcmp(in, MAGIC, MAGIC_BYTES) || m.redo_n > GUARD_REDO_MAX || m.nheads > FEEDS_MAX ||
	    m.nchanged > GUARD_CHANGED_MAX)
		return false;
	n = fixed_bytes(&m) + m.redo_n;
	hash_of(in, n, &sum);
	if (memcmp(in + n, sum.b, SUM_BYTES) || !places_fit(&m, in))
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

/* --- what a start finds -------------------------------------------------------------------------------- */
struct found {
	uint8_t *raw; /* both slots */
	struct mark newest, older;
	const uint8_t *newest_slot,
		*older_slot; /* NULL: no valid one; the older one is that just before */
};

/* Zeros behind the end of the file. A sector that cannot be read is an error: it may be the newest. */
static int read_part(int fd, uint8_t *to, size_t n, size_t at)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, to + done, n - done, (off_t)(at + done));

		if (got < 0)
			return ERR_IO;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	memset(to + done, 0, n - done);
	return ERR_OK;
}

/* ERR_NOTFOUND: the file is empty or all zero; ERR_CORRUPT: bytes, but no valid slot. The caller frees @ret->raw. */
static int slots_read(int fd, struct found *ret)
{
	struct mark m[2] = {{0}, {0}};
	int newest, err;

	*ret = (struct found){.raw = mem_array(2, GUARDFILE_SLOT_BYTES)};
	if (!ret->raw)
		return ERR_NOMEM;
	err = read_part(fd, ret->raw, GUARDFILE_TABLE_AT, 0);
	if (err)
		return err;
	for (int i = 0; i < 2; i++)
		if (!slot_parse(ret->raw + (size_t)i * GUARDFILE_SLOT_BYTES, &m[i]))
			m[i].counter = 0;
	newest = m[1].counter > m[0].counter;
	if (!m[newest].counter)
		return all_zero(ret->raw, GUARDFILE_TABLE_AT) ? ERR_NOTFOUND : ERR_CORRUPT;
	ret->newest = m[newest];
	ret->newest_slot = ret->raw + (size_t)newest * GUARDFILE_SLOT_BYTES;
	if (m[!newest].counter && m[!newest].counter == m[newest].counter - 1) {
		ret->older = m[!newest];
		ret->older_slot = ret->raw + (size_t)!newest * GUARDFILE_SLOT_BYTES;
	}
	return ERR_OK;
}

static int redo_read(struct guardfile *g, const struct found *f)
{
	if (!f->newest.redo_n)
		return ERR_OK;
	g->redo = mem_alloc(f->newest.redo_n);
	if (!g->redo)
		return ERR_NOMEM;
	memcpy(g->redo, f->newest_slot + fixed_bytes(&f->newest), f->newest.redo_n);
	return ERR_OK;
}

/* --- the table ----------------------------------------------------------------------------------------- */
static void record_pack(const struct guard_cosigned *c, uint8_t out[GUARDFILE_RECORD_BYTES])
{
	struct hash sum;

	head_pack(c, out);
	hash_of(out, GUARDFILE_COSIGNED_BYTES, &sum);
	memcpy(out + GUARDFILE_COSIGNED_BYTES, sum.b,
	       GUARDFILE_RECORD_BYTES - GUARDFILE_COSIGNED_BYTES);
}

static int record_write(int fd, uint32_t place, const uint8_t record[GUARDFILE_RECORD_BYTES])
{
	off_t at = (off_t)(GUARDFILE_TABLE_AT + (size_t)place * GUARDFILE_RECORD_BYTES);

	errno = 0;
	if (pwrite(fd, record, GUARDFILE_RECORD_BYTES, at) != GUARDFILE_RECORD_BYTES)
		return errno == ENOSPC ? ERR_FULL : ERR_IO;
	return ERR_OK;
}

/* Puts what changed with a slot into the table. @fd: on the disk too; -1: not. */
static int table_mend(int fd, const struct mark *m, const uint8_t *slot, uint8_t *table, uint32_t n)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < m->nchanged && !err; i++) {
		const uint8_t *p = changed_at(slot, i);
		struct guard_cosigned c = head_parse(p + 4);
		uint32_t place = be32_get(p);
		uint8_t *record = table + (size_t)place * GUARDFILE_RECORD_BYTES;

		if (place >= n)
			return ERR_CORRUPT;
		record_pack(&c, record);
		if (fd >= 0)
			err = record_write(fd, place, record);
	}
	return err;
}

/* ERR_CORRUPT: damage at @ret_place. */
static int table_parse(const uint8_t *table, uint32_t n, struct guard_heads *ret,
		       uint32_t *ret_place)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < n && !err; i++, table += GUARDFILE_RECORD_BYTES) {
		struct guard_cosigned c = head_parse(table);
		uint8_t want[GUARDFILE_RECORD_BYTES];
		uint32_t place = i;

		record_pack(&c, want);
		if (memcmp(want, table, sizeof(want)))
			err = ERR_CORRUPT;
		else
			err = guard_heads_put(ret, &c, &place);
		if (!err && place != i)
			err = ERR_CORRUPT; /* a feed stands there twice */
		if (err == ERR_CORRUPT)
			*ret_place = i;
	}
	return err;
}

static int heads_read(int fd, int mend_fd, const struct found *f, struct guard_heads *ret,
		      uint32_t *ret_place)
{
	uint32_t n = f->newest.nheads;
	uint8_t *table = mem_array(n ? n : 1, GUARDFILE_RECORD_BYTES);
	int err = table ? ERR_OK : ERR_NOMEM;

	*ret_place = n;
	if (!err)
		err = read_part(fd, table, (size_t)n * GUARDFILE_RECORD_BYTES, GUARDFILE_TABLE_AT);
	if (!err)
		err = table_mend(mend_fd, &f->older, f->older_slot, table, n);
	if (!err)
		err = table_mend(mend_fd, &f->newest, f->newest_slot, table, n);
	if (!err)
		err = table_parse(table, n, ret, ret_place);
	mem_free(table);
	return err;
}

/* --- open, load ---------------------------------------------------------------------------------------- */
#define NO_PLACE UINT32_MAX /* the damage is not in the table */
static int fail(struct errmsg *msg, const char *path, int err, uint32_t place)
{
	struct halt damaged = {.id = HALT_GUARD_DAMAGED};

	if (err == ERR_IO && errno == EIO) {
		err = ERR_CORRUPT; /* nobody knows what was signed, as with a sum that is wrong */
		damaged.id = HALT_GUARD_UNREADABLE;
	} else if (err == ERR_IO && errno) {
		err = file_err(errno);
	}
	if (err != ERR_CORRUPT)
		return err_set(msg, err, "guard file %s: %s", path,
			       errno ? strerror(errno) : err_text(err));
	if (place != NO_PLACE && damaged.id == HALT_GUARD_DAMAGED)
		damaged = (struct halt){.id = HALT_GUARD_HEAD_DAMAGED, .num = {place}};
	halt_set(msg, &damaged);
	return err;
}

/* The whole file is on the disk before the first mark, so that a save never makes it longer. */
static int preallocate(int fd)
{
	static const uint8_t zero[1 << 14];
	off_t n = lseek(fd, 0, SEEK_END), end = (off_t)GUARDFILE_BYTES;

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

/* What was read may stand in memory alone: the program before may have been killed between write and sync, or its
 * sync may have failed, after which the pages count as clean. It is written again, and synced, before another save
 * takes the place of what the disk has. */
static int write_again(int fd, const struct found *f)
{
	size_t n = fixed_bytes(&f->newest) + f->newest.redo_n + SUM_BYTES;

	errno = 0;
	if (pwrite(fd, f->newest_slot, n, f->newest_slot - f->raw) != (ssize_t)n)
		return errno == ENOSPC ? ERR_FULL : ERR_IO;
	return fdatasync(fd) ? ERR_IO : ERR_OK;
}

static int read_all(struct guardfile *g, uint32_t *ret_place)
{
	struct found f;
	int err = slots_read(g->fd, &f);
	bool found = !err;

	if (err == ERR_NOTFOUND)
		err = ERR_OK;
	if (!err)
		err = preallocate(g->fd);
	if (!err && found)
		err = redo_read(g, &f);
	if (!err && found) /* first, as what goes to the table is covered by it */
		err = write_again(g->fd, &f);
	if (!err && found)
		err = heads_read(g->fd, g->fd, &f, &g->heads, ret_place);
	if (!err && found && fdatasync(g->fd))
		err = ERR_IO;
	if (!err && found)
		g->now = f.newest;
	mem_free(f.raw);
	return err;
}

static void free_all(struct guardfile *g)
{
	if (g->fd >= 0)
		close(g->fd);
	guard_heads_close(&g->heads);
	mem_free(g->redo);
	mem_free(g);
}

int guardfile_open(const char *path, struct guardfile **ret, struct errmsg *msg)
{
	struct guardfile *g = mem_alloc(sizeof(*g));
	uint32_t place = NO_PLACE;
	int err;

	if (!g)
		return ERR_NOMEM;
	errno = 0;
	g->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	err = g->fd < 0 ? ERR_IO : read_all(g, &place);
	if (!err &&
	    !g->now.counter) /* it may be new, or an earlier start got no further than this */
		err = file_sync_name(path, NULL);
	if (err) {
		err = fail(msg, path, err, place);
		free_all(g);
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
		ret->cosigned = g->heads.v;
		ret->ncosigned = g->heads.n;
		err = ERR_OK;
	}
	pthread_mutex_unlock(&g->lock);
	return err;
}

/* --- save ---------------------------------------------------------------------------------------------- */

/* The slot that is not the newest, and to the table what the newest one changed: one sync has both. */
static int slot_write(const struct guardfile *g)
{
	off_t at = (off_t)(g->next.counter % 2) * GUARDFILE_SLOT_BYTES;
	int err = ERR_OK;

	for (uint32_t i = 0; i < g->ndue && !err; i++) {
		uint8_t record[GUARDFILE_RECORD_BYTES];

		record_pack(&g->heads.v[g->due[i]], record);
		err = record_write(g->fd, g->due[i], record);
	}
	if (err)
		return err;
	errno = 0;
	if (pwrite(g->fd, g->slot, g->slot_n, at) != (ssize_t)g->slot_n)
		return errno == ENOSPC ? ERR_FULL : ERR_IO;
	return fdatasync(g->fd) ? ERR_IO : ERR_OK;
}

/* Under the lock. */
static void written(struct guardfile *g, int err)
{
	g->failed = err != ERR_OK;
	if (err)
		return;
	g->now = g->next;
	memcpy(g->due, g->changed, g->next.nchanged * sizeof(*g->due));
	g->ndue = g->next.nchanged;
}

static int pack_next(struct guardfile *g, const struct mark *m, const void *redo)
{
	uint32_t n = m->sealed.ncosigned;
	int err = ERR_OK;

	assert(!g->busy);
	if (g->failed || n > GUARD_CHANGED_MAX)
		return g->failed ? ERR_STATE : ERR_LIMIT;
	pthread_mutex_lock(&g->lock);
	for (uint32_t i = 0; i < n && !err; i++)
		err = guard_heads_put(&g->heads, &m->sealed.cosigned[i], &g->changed[i]);
	if (!err) {
		g->next = *m;
		g->next.counter = g->now.counter + 1;
		g->next.nheads = g->heads.n;
		g->next.nchanged = n;
		g->slot_n = slot_pack(&g->next, &g->heads, g->changed, redo, g->slot);
	} else
		g->failed = true; /* the table may have places that no slot names */
	pthread_mutex_unlock(&g->lock);
	return err;
}

int guardfile_save(struct guardfile *g, const struct guard *v)
{
	int err = pack_next(g, &(struct mark){.sealed = *v}, NULL);

	if (err)
		return err;
	err = slot_write(g);
	pthread_mutex_lock(&g->lock);
	written(g, err);
	pthread_mutex_unlock(&g->lock);
	return err;
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
		written(g, err);
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
	err = pack_next(
		g, &(struct mark){.sealed = *sealed, .intent = *intent, .redo_n = (uint32_t)redo.n},
		redo.p);
	if (err)
		return err;
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

static int peek_once(int fd, struct guard *ret, uint32_t *ret_place)
{
	struct guard_heads heads = {0};
	struct found f;
	int err = slots_read(fd, &f);

	*ret_place = NO_PLACE;
	if (!err)
		err = heads_read(fd, -1, &f, &heads, ret_place);
	if (!err)
		*ret = f.newest.sealed;
	guard_heads_close(&heads);
	mem_free(f.raw);
	return err;
}

int guardfile_peek(const char *path, struct guard *ret, struct errmsg *msg)
{
	int err = ERR_CORRUPT, fd = open(path, O_RDONLY | O_CLOEXEC);
	uint32_t place;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : fail(msg, path, ERR_IO, NO_PLACE);
	errno = 0;
	for (int i = 0; i < PEEKS && err == ERR_CORRUPT; i++)
		err = peek_once(fd, ret, &place);
	close(fd);
	return err && err != ERR_NOTFOUND ? fail(msg, path, err, place) : err;
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
	pthread_cond_destroy(&g->cond);
	pthread_mutex_destroy(&g->lock);
	free_all(g);
}

static void mark_invariant(const struct guardfile *g, const struct mark *m)
{
	assert(m->nheads <= g->heads.n && m->nchanged <= GUARD_CHANGED_MAX);
	assert(m->intent.size == 0 || m->intent.size > m->sealed.size);
	assert(m->redo_n <= GUARD_REDO_MAX && (m->redo_n == 0 || m->intent.size > 0));
}

void guardfile_invariant(struct guardfile *g)
{
	pthread_mutex_lock(&g->lock);
	mark_invariant(g, &g->now);
	assert(g->failed || g->heads.n == (g->busy ? g->next : g->now).nheads);
	assert(g->heads.n <= FEEDS_MAX && g->ndue <= GUARD_CHANGED_MAX);
	if (g->next.counter) {
		mark_invariant(g, &g->next);
		/* the newest, or the one under way, or one that could not be written */
		assert(g->next.counter - g->now.counter <= 1);
	}
	assert(!g->busy || (g->started && g->next.counter == g->now.counter + 1));
	pthread_mutex_unlock(&g->lock);
}
