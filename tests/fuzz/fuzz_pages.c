/* Pages of a store: whatever bytes of it are others, the look at them ends, within its bounds; and it finds nothing
 * wrong with a store that is as it was written. The input is a list of edits: where (4 bytes), and what (1). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/kvlmdb.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/prng.h"
#include "tests/fuzz/fuzz.h"

#define EDIT_BYTES 5
#define ROWS	   400
#define ROUNDS	   20
#define VALUE_MAX  6000

static uint8_t *good;
static size_t good_n;
static int file;

static void fill(struct kv *kv)
{
	static uint8_t value[VALUE_MAX];
	struct prng r;

	prng_seed(&r, 1);
	for (int round = 0; round < ROUNDS; round++) {
		struct kv_txn *t;

		CHECK(kv_begin(kv, true, &t) == ERR_OK);
		for (int i = 0; i < ROWS / ROUNDS; i++) {
			enum kv_table tab = (enum kv_table)prng_below(&r, KV_NTABLES);
			uint8_t key[20] = {0};

			be32_put(key + 16, (uint32_t)prng_below(&r, ROWS));
			kv_put(t, tab, kv_bytes(key, sizeof(key)),
			       kv_bytes(value, i % 9 ? 150 : VALUE_MAX));
			be32_put(key + 16, (uint32_t)prng_below(&r, ROWS));
			kv_del(t, tab, kv_bytes(key, sizeof(key)));
		}
		CHECK(kv_commit(t) == ERR_OK);
	}
}

static void make(void)
{
	char dir[] = "/tmp/cz-fuzz-pages-XXXXXX", path[64];
	struct stat st;
	struct kv *kv;
	int fd;

	CHECK(mkdtemp(dir));
	CHECK(kvlmdb_open(dir, NULL, &kv, NULL) == ERR_OK);
	fill(kv);
	kv_close(kv);
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0 && fstat(fd, &st) == 0);
	good_n = (size_t)st.st_size;
	good = malloc(good_n);
	CHECK(good && read(fd, good, good_n) == (ssize_t)good_n);
	close(fd);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lock.mdb", dir);
	unlink(path);
	rmdir(dir);
	file = memfd_create("pages", 0);
	CHECK(file >= 0);
}

static uint64_t newest(const uint8_t *store)
{
	uint64_t txn[2];

	/* behind the head, the magic, the addresses and the two roots */
	for (int i = 0; i < 2; i++)
		memcpy(&txn[i], store + i * 4096 + 16 + 24 + 2 * 48 + 8, 8);
	return txn[0] > txn[1] ? txn[0] : txn[1];
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct pages_report r;
	uint8_t *bad;
	uint64_t txn;
	int err;

	if (!good)
		make();
	bad = malloc(good_n);
	CHECK(bad);
	memcpy(bad, good, good_n);
	txn = newest(good);
	for (size_t i = 0; i + EDIT_BYTES <= n; i += EDIT_BYTES)
		bad[be32_get(p + i) % good_n] ^= p[i + 4];
	CHECK(pwrite(file, bad, good_n, 0) == (ssize_t)good_n);
	free(bad);
	err = pages_check_meta(file, 1 << 30, &r);
	CHECK(!err && r.n <= PAGES_FAULTS_MAX && (n >= EDIT_BYTES || !r.n));
	err = pages_check(file, txn, true, NULL, &r);
	CHECK(!err || err == ERR_BUSY);
	CHECK(r.n <= PAGES_FAULTS_MAX && (n >= EDIT_BYTES || (!r.n && !err)));
	return 0;
}
