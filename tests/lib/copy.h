#ifndef TESTS_LIB_COPY_H
#define TESTS_LIB_COPY_H

#include "tests/lib/town.h"

/* Another store with the same keys, into which the entries of a town are folded again. Its manifests follow from
 * the seed, so it needs only labels. */
struct copy {
	struct town w;
	struct kv_txn *src;
};
/* With the town feed, empty. */
void copy_open(struct copy *c, const struct town *from);
void copy_close(struct copy *c);
/* Entries [@from, @to) of a feed in one transaction and one fold; @no: its number in the copy. */
void copy_entries(struct copy *c, uint32_t src_no, uint32_t no, uint64_t from, uint64_t to);
/* Both have the same state of a feed. */
void copy_same(struct town *a, uint32_t no_a, struct town *b, uint32_t no_b);

#endif
