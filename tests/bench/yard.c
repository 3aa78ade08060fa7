#include "tests/bench/yard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <lmdb.h>
#include <sodium.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "proto/entry.h"
#include "tests/bench/bench.h"

#define MAP_BYTES   ((size_t)64 << 30)
#define THREADS_MAX 64
#define TABLES_MAX  32
#define VERIFY_POOL 512
#define ROUND	    16 /* operations between two looks at the clock */
#define RECORD_MAX  65536

static void check(int rc, const char *what)
{
	if (rc)
		bench_fail("lmdb: %s: %s", what, mdb_strerror(rc));
}

static MDB_env *env_open(const char *dir, unsigned flags)
{
	MDB_env *env;

	check(mdb_env_create(&env), "create");
	check(mdb_env_set_mapsize(env, MAP_BYTES), "map size");
	check(mdb_env_set_maxdbs(env, TABLES_MAX), "tables");
	check(mdb_env_open(env, dir, flags, 0600), dir);
	return env;
}

static void put_batch(MDB_env *env, MDB_dbi dbi, uint64_t *seq, const uint8_t *record, size_t bytes,
		      uint32_t batch)
{
	MDB_txn *txn;

	check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
	for (uint32_t i = 0; i < batch; i++) {
		uint8_t key[8];
		MDB_val k = {sizeof(key), key}, v = {bytes, (void *)(uintptr_t)record};

		be64_put(key, (*seq)++);
		check(mdb_put(txn, dbi, &k, &v, MDB_APPEND), "put");
	}
	check(mdb_txn_commit(txn), "commit");
}

double yard_lmdb(size_t bytes, uint32_t batch, uint32_t txns)
{
	static uint8_t record[RECORD_MAX];
	char dir[BENCH_PATH_MAX];
	uint64_t seq = 0, start;
	double seconds;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	if (bytes > sizeof(record))
		bench_fail("record too large");
	bench_dir("yard", dir);
	randombytes_buf(record, bytes);
	env = env_open(dir, 0);
	check(mdb_txn_begin(env, NULL, 0, &txn), "begin");
	check(mdb_dbi_open(txn, NULL, 0, &dbi), "table");
	check(mdb_txn_commit(txn), "commit");
	put_batch(env, dbi, &seq, record, bytes, batch);
	seq = batch;
	start = bench_ns();
	for (uint32_t i = 0; i < txns; i++)
		put_batch(env, dbi, &seq, record, bytes, batch);
	seconds = bench_since(start);
	mdb_env_close(env);
	bench_drop(dir);
	return (double)batch * txns / seconds;
}

double yard_sign(double seconds)
{
	uint8_t pk[32], sk[64], m[TX_MESSAGE_BYTES], sig[64];
	uint64_t n = 0, start;
	double t;

	crypto_sign_keypair(pk, sk);
	randombytes_buf(m, sizeof(m));
	start = bench_ns();
	do {
		for (int i = 0; i < ROUND; i++) {
			be64_put(m, n++);
			crypto_sign_detached(sig, NULL, m, sizeof(m), sk);
		}
		t = bench_since(start);
	} while (t < seconds);
	return (double)n / t;
}

struct verifier {
	pthread_t thread;
	atomic_bool *go, *stop;
	uint64_t n;
	bool bad;
	uint8_t pk[32], m[VERIFY_POOL][TX_MESSAGE_BYTES], sig[VERIFY_POOL][64];
};

static void *verify_main(void *arg)
{
	struct verifier *v = arg;

	while (!atomic_load(v->go))
		;
	while (!atomic_load_explicit(v->stop, memory_order_relaxed)) {
		for (int i = 0; i < ROUND; i++, v->n++) {
			size_t k = v->n % VERIFY_POOL;

			if (crypto_sign_verify_detached(v->sig[k], v->m[k], TX_MESSAGE_BYTES,
							v->pk))
				v->bad = true;
		}
	}
	return NULL;
}

unsigned yard_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

double yard_verify(double seconds)
{
	static struct verifier v[THREADS_MAX];
	atomic_bool go = false, stop = false;
	unsigned cores = yard_cores();
	uint64_t total = 0, start;
	double t;

	for (unsigned c = 0; c < cores; c++) {
		uint8_t sk[64];

		v[c].n = 0;
		v[c].go = &go;
		v[c].stop = &stop;
		crypto_sign_keypair(v[c].pk, sk);
		for (size_t i = 0; i < VERIFY_POOL; i++) {
			randombytes_buf(v[c].m[i], TX_MESSAGE_BYTES);
			crypto_sign_detached(v[c].sig[i], NULL, v[c].m[i], TX_MESSAGE_BYTES, sk);
		}
		if (pthread_create(&v[c].thread, NULL, verify_main, &v[c]))
			bench_fail("no thread");
	}
	start = bench_ns();
	atomic_store(&go, true);
	usleep((useconds_t)(seconds * 1e6));
	atomic_store(&stop, true);
	for (unsigned c = 0; c < cores; c++) {
		pthread_join(v[c].thread, NULL);
		total += v[c].n;
		if (v[c].bad)
			bench_fail("libsodium refuses its own signature");
	}
	t = bench_since(start);
	return (double)total / t;
}

double yard_verify_one(double seconds)
{
	uint8_t pk[32], sk[64], m[TX_MESSAGE_BYTES], sig[64];
	double start = bench_cpu(), t;
	uint64_t n = 0;

	crypto_sign_keypair(pk, sk);
	randombytes_buf(m, sizeof(m));
	crypto_sign_detached(sig, NULL, m, sizeof(m), sk);
	do {
		for (int i = 0; i < ROUND; i++, n++)
			if (crypto_sign_verify_detached(sig, m, sizeof(m), pk))
				bench_fail("libsodium refuses its own signature");
		t = bench_cpu() - start;
	} while (t < seconds);
	return (double)n / t;
}

/* Calls @fn for the tables whose names stand in the main one. */
static void each_table(MDB_txn *txn,
		       void (*fn)(MDB_txn *txn, MDB_dbi dbi, const char *name, void *ctx),
		       void *ctx)
{
	MDB_cursor *cur;
	MDB_val k, v;
	MDB_dbi main_dbi, dbi;

	check(mdb_dbi_open(txn, NULL, 0, &main_dbi), "main table");
	check(mdb_cursor_open(txn, main_dbi, &cur), "cursor");
	for (int rc = mdb_cursor_get(cur, &k, &v, MDB_FIRST); !rc;
	     rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT)) {
		char name[64];

		if (k.mv_size >= sizeof(name))
			continue;
		memcpy(name, k.mv_data, k.mv_size);
		name[k.mv_size] = '\0';
		check(mdb_dbi_open(txn, name, 0, &dbi), name);
		fn(txn, dbi, name, ctx);
	}
	mdb_cursor_close(cur);
}

static void read_one(MDB_txn *txn, MDB_dbi dbi, const char *name, void *ctx)
{
	MDB_cursor *cur;
	MDB_val k, v;

	(void)name;
	(void)ctx;
	check(mdb_cursor_open(txn, dbi, &cur), "cursor");
	mdb_cursor_get(cur, &k, &v, MDB_LAST);
	mdb_cursor_close(cur);
}

double yard_open(const char *dir)
{
	uint64_t start = bench_ns();
	MDB_env *env = env_open(dir, 0);
	MDB_txn *txn;
	double t;

	check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
	each_table(txn, read_one, NULL);
	mdb_txn_abort(txn);
	t = bench_since(start);
	mdb_env_close(env);
	return t;
}

/* Walks a table; @fn sees every value. Seconds. */
static double walk(const char *dir, const char *table, void (*fn)(void *ctx, const MDB_val *v),
		   void *ctx)
{
	MDB_env *env = env_open(dir, MDB_RDONLY);
	MDB_cursor *cur;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val k, v;
	uint64_t start = bench_ns();
	double t;

	check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
	check(mdb_dbi_open(txn, table, 0, &dbi), table);
	check(mdb_cursor_open(txn, dbi, &cur), "cursor");
	for (int rc = mdb_cursor_get(cur, &k, &v, MDB_FIRST); !rc;
	     rc = mdb_cursor_get(cur, &k, &v, MDB_NEXT))
		fn(ctx, &v);
	t = bench_since(start);
	mdb_cursor_close(cur);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	return t;
}

static void take_hash(void *ctx, const MDB_val *v)
{
	hash_of(v->mv_data, v->mv_size, ctx);
}

double yard_scan(const char *dir, const char *table)
{
	struct hash h;

	return walk(dir, table, take_hash, &h);
}

struct byte_count {
	uint64_t bytes, rows;
};

static void take_bytes(void *ctx, const MDB_val *v)
{
	struct byte_count *c = ctx;

	c->bytes += v->mv_size;
	c->rows++;
}

void yard_bytes(const char *dir, const char *table, uint64_t *ret_bytes, uint64_t *ret_rows)
{
	struct byte_count c = {0};

	walk(dir, table, take_bytes, &c);
	*ret_bytes = c.bytes;
	*ret_rows = c.rows;
}

struct page_count {
	uint64_t used;
	unsigned page_bytes;
};

static void count_pages(MDB_txn *txn, MDB_dbi dbi, const char *name, void *ctx)
{
	struct page_count *c = ctx;
	MDB_stat st;
	uint64_t n;

	check(mdb_stat(txn, dbi, &st), name);
	n = st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
	c->used += n;
	c->page_bytes = st.ms_psize;
	bench_say("  table %-8s %9zu rows %8.2f MB %.1f bytes a row", name, st.ms_entries,
		  (double)n * st.ms_psize / 1e6,
		  st.ms_entries ? (double)n * st.ms_psize / (double)st.ms_entries : 0.0);
}

void yard_pages(const char *dir, uint64_t *ret_used, uint64_t *ret_file)
{
	MDB_env *env = env_open(dir, MDB_RDONLY);
	struct page_count c = {0};
	MDB_envinfo info;
	MDB_txn *txn;

	check(mdb_env_info(env, &info), "info");
	check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
	each_table(txn, count_pages, &c);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	*ret_used = c.used * c.page_bytes;
	*ret_file = (uint64_t)(info.me_last_pgno + 1) * c.page_bytes;
}
