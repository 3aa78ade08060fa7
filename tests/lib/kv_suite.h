#ifndef TESTS_LIB_KV_SUITE_H
#define TESTS_LIB_KV_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/kv.h"

/* What every implementation of daemon/store/kv.h must do. */
struct kv_suite {
	/* Opens the store; with @small it holds about a mebibyte. When @durable, a later open gives what was
	 * committed, else an empty store. */
	struct kv *(*open)(void *ctx, bool small);
	void *ctx;
	bool durable;
};

void kv_suite_random(const struct kv_suite *s, uint64_t seed, uint32_t steps);
void kv_suite_cursor_edges(const struct kv_suite *s);
void kv_suite_snapshot(const struct kv_suite *s);
void kv_suite_abort(const struct kv_suite *s);
void kv_suite_full(const struct kv_suite *s);
void kv_suite_many(const struct kv_suite *s, uint32_t rows);
void kv_suite_reopen(const struct kv_suite *s);

#endif
