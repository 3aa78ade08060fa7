#ifndef DAEMON_STORE_KVMEM_H
#define DAEMON_STORE_KVMEM_H

#include "daemon/store/kv.h"

/* The memory twin: copy-on-write trees, so a transaction is a snapshot as with LMDB and abort or drop is a
 * crash. One thread uses a store and its transactions. All transactions end before kv_close (asserted). */
int kvmem_new(struct kv **ret);
/* Fault hooks for tests and the simulator. */
void kvmem_fail_commits(struct kv *kv, int err); /* ERR_OK: work again */
size_t kvmem_bytes(const struct kv *kv);	 /* keys and values held */
void kvmem_limit(struct kv *kv, size_t bytes);	 /* commits beyond give ERR_FULL; 0: none */

/* Asserts what only a bug can break, in everything that was committed: reads all rows. */
void kvmem_invariant(const struct kv *kv);

#endif
