#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* tamper DIR TABLE ROW [BIT]: flips one bit of a stored value behind the daemon's back, with LMDB alone; the
 * same call again flips it back. ROW is the number of the row in key order, "last", or FEED/SEQ for the table
 * "entry"; BIT counts from the start of the value (default: the middle). tamper DIR TABLE count: prints the
 * number of rows. */

static void put_be(uint8_t *p, uint64_t v, int n)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static int find_row(MDB_cursor *c, const char *row, MDB_val *key, MDB_val *val)
{
	unsigned feed;
	unsigned long long seq;
	uint8_t k[12];
	int rv;

	if (sscanf(row, "%u/%llu", &feed, &seq) == 2) {
		put_be(k, feed, 4);
		put_be(k + 4, seq, 8);
		*key = (MDB_val){sizeof(k), k};
		return mdb_cursor_get(c, key, val, MDB_SET_KEY);
	}
	if (!strcmp(row, "last"))
		return mdb_cursor_get(c, key, val, MDB_LAST);
	rv = mdb_cursor_get(c, key, val, MDB_FIRST);
	for (long n = strtol(row, NULL, 10); n > 0 && !rv; n--)
		rv = mdb_cursor_get(c, key, val, MDB_NEXT);
	return rv;
}

static int flip(MDB_cursor *c, const char *row, const char *bit)
{
	MDB_val key, val;
	size_t at;
	uint8_t *copy;
	int rv = find_row(c, row, &key, &val);

	if (rv)
		return rv;
	at = bit ? strtoul(bit, NULL, 10) : val.mv_size * 4;
	if (at >= val.mv_size * 8 || !(copy = malloc(val.mv_size)))
		return MDB_BAD_VALSIZE;
	memcpy(copy, val.mv_data, val.mv_size);
	copy[at / 8] ^= (uint8_t)(1u << (at % 8));
	val.mv_data = copy;
	rv = mdb_cursor_put(c, &key, &val, MDB_CURRENT);
	free(copy);
	return rv;
}

static int run(MDB_env *env, char **argv, const char *bit)
{
	char path[512];
	MDB_txn *t = NULL;
	MDB_cursor *c;
	MDB_stat stat;
	MDB_dbi dbi;
	int rv;

	snprintf(path, sizeof(path), "%s/store", argv[1]);
	mdb_env_set_maxdbs(env, 32);
	mdb_env_set_mapsize(env, (size_t)64 << 30);
	rv = mdb_env_open(env, path, 0, 0600);
	if (!rv)
		rv = mdb_txn_begin(env, NULL, 0, &t);
	if (!rv)
		rv = mdb_dbi_open(t, argv[2], 0, &dbi);
	if (!rv && !strcmp(argv[3], "count")) {
		rv = mdb_stat(t, dbi, &stat);
		if (!rv)
			printf("%zu\n", stat.ms_entries);
	} else if (!rv) {
		rv = mdb_cursor_open(t, dbi, &c);
		if (!rv)
			rv = flip(c, argv[3], bit);
	}
	if (!rv)
		return mdb_txn_commit(t);
	mdb_txn_abort(t);
	return rv;
}

int main(int argc, char **argv)
{
	MDB_env *env;
	int rv;

	if (argc < 4) {
		fputs("usage: tamper DIR TABLE ROW|FEED/SEQ|last|count [BIT]\n", stderr);
		return 2;
	}
	rv = mdb_env_create(&env);
	if (!rv) {
		rv = run(env, argv, argc > 4 ? argv[4] : NULL);
		mdb_env_close(env);
	}
	if (rv)
		fprintf(stderr, "tamper: %s\n", mdb_strerror(rv));
	return rv ? 3 : 0;
}
