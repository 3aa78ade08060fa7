#ifndef TESTS_LIB_GUARDDISK_H
#define TESTS_LIB_GUARDDISK_H

#include "daemon/writer/writer.h"
#include "lib/buf.h"

/* The guard file in memory, slot by slot, for tests and the simulator: two slots written in turn, the valid
 * one with the larger counter counts. What a failing write leaves behind is up to the test. */
enum guarddisk_fate { GUARDDISK_NOTHING, GUARDDISK_TORN, GUARDDISK_WRITTEN };
struct guarddisk {
	struct guarddisk_slot {
		uint64_t counter;	     /* 0: nothing valid */
		struct guard sealed, intent; /* sealed.cosigned: all heads, in @heads */
		struct guard_heads heads;
		struct buf redo;
	} slot[2];
	uint64_t counter; /* of the last write that was reported durable, or was found */
	int err;	  /* of writes, after @good more; ERR_OK: none fails */
	uint32_t good;
	enum guarddisk_fate fate; /* of a write that fails */
	bool busy;
	struct guarddisk_slot next; /* between begin and wait */
	struct buf found;	    /* what writer_open borrows */
};

/* What a start finds, and the operations for writer_open. False: nothing was ever signed. */
bool guarddisk_open(struct guarddisk *d, struct guard *ret, struct guard_journal *ret_journal);
int guarddisk_save(void *ctx, const struct guard *g); /* guard_ops.save */
/* What a start would find now. */
const struct guarddisk_slot *guarddisk_newest(const struct guarddisk *d);
/* @to, which holds nothing, is as if @from had been copied. */
void guarddisk_copy(const struct guarddisk *from, struct guarddisk *to);
void guarddisk_lose(struct guarddisk *d); /* all of it */

#endif
