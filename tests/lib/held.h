#ifndef TESTS_LIB_HELD_H
#define TESTS_LIB_HELD_H

#include "daemon/writer/writer.h"
#include "tests/lib/town.h"

/* A store as a hub holds it, for tests of verify: the town feed and two villages at work, one of
 * which lives the whole scheme, with refused entries, warnings, a forged signature, a transaction sent twice, checkpoints, cosignatures and an
 * acknowledged size; and all its rows outside of it. */
#define HELD_CODE_A    "500101999201"
#define HELD_CODE_B    "500101999202"
#define HELD_ROWS_MAX  1024
#define HELD_VALUE_MAX 4096

struct held_row {
	enum kv_table tab;
	size_t kn, vn;
	uint8_t k[KV_KEY_MAX + 1], v[HELD_VALUE_MAX];
};
struct held {
	struct town w;
	struct kv *kv;
	uint32_t a, b; /* numbers of the village feeds */
	struct guard guard;
	uint32_t nrows;
	struct held_row rows[HELD_ROWS_MAX]; /* in order of tables and keys */
};
/* @kv: empty; it stays the caller's. NULL: a memory store until held_close. */
void held_make(struct held *h, struct kv *kv);
void held_close(struct held *h);
/* Every row of a store, to put back; in order of tables and keys. Returns how many there are. */
uint32_t held_rows(struct kv *kv, struct held_row *rows, uint32_t max);
/* What shares a layout: the kind of a state row or note, the level of a tree row, head or directory. */
uint8_t held_kind(const struct held_row *r);

#endif
