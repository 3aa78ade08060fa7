#ifndef DAEMON_IO_PAGES_H
#define DAEMON_IO_PAGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store/kv.h"
#include "lib/err.h"

/* The pages of an LMDB file as they lie on the disk, looked at before LMDB reads them.
 *
 * LMDB trusts its pages: a page of zeros ends in abort(), offsets that are not offsets in a read outside of the
 * map, and a list of free pages that names a page in use makes the next commit write over that page. So every
 * page that a snapshot refers to is read here first, by pread(), which gives an error and no signal where the
 * disk cannot be read: kind and number of the page, offsets and sizes of its nodes, depth of the trees, pages
 * used twice, the tables that there must be, the list of free pages. Not what is in the rows, nor their order:
 * LMDB survives that, and verify finds it.
 *
 * It knows the data format of version 1 (LMDB 0.9) in the words of this machine. A file of another version is
 * not looked at: LMDB refuses it or knows more about it than we. */

/* X(name, what is wrong with the page) */
#define PAGES_WHATS(X)                                                                             \
	X(UNREADABLE, "the disk cannot read it")                                                   \
	X(BEYOND, "it should be there, and the file ends before")                                  \
	X(OTHER, "other bytes stand there than the page that belongs there")                       \
	X(SHAPE, "offsets or sizes in it do not fit")                                              \
	X(TWICE, "it belongs to two places")                                                       \
	X(TABLES, "the table is missing from it")
#define PAGES_ENUM(name, text) PAGES_##name,
enum pages_what { PAGES_WHATS(PAGES_ENUM) };
#undef PAGES_ENUM

#define PAGES_FAULTS_MAX 20

struct pages_fault {
	enum pages_what what;
	uint64_t page;
	const char *table; /* "": the store itself */
};
struct pages_report {
	uint64_t pages; /* looked at */
	uint32_t n;	/* of PAGES_FAULTS_MAX the last means: these and perhaps more */
	struct pages_fault fault[PAGES_FAULTS_MAX];
};

/* The two pages with which a file begins, of which the newer says where everything is: what LMDB believes when
 * it opens the file. @map_max: the largest size that a store has. */
int pages_check_meta(int fd, uint64_t map_max, struct pages_report *ret);

/* All pages of the snapshot @txnid, which a read transaction must hold meanwhile; without @all those alone that
 * say which tables there are. ERR_OK also when there are faults; ERR_BUSY: the writer has gone on and the snapshot
 * cannot be found any more, begin another; ERR_CANCELED: another thread has set @stop (NULL: nobody does);
 * ERR_NOMEM. */
int pages_check(int fd, uint64_t txnid, bool all, const atomic_bool *stop,
		struct pages_report *ret);

/* The rows of a damaged file, which nobody writes meanwhile: those on pages that are what belongs there. First of the
 * snapshot before the newest, whose pages no commit has used again, then of the newest, so that a row comes again
 * where it has changed. @row: the bytes are borrowed; what it returns ends the walk, and is returned. */
typedef int pages_row_fn(void *ctx, enum kv_table tab, struct bytes key, struct bytes val);
int pages_rows(int fd, pages_row_fn *row, void *ctx);

/* "page 17 (table entry): ..." Returns ERR_CORRUPT, or ERR_IO when the disk could not read it. */
int pages_fail(const struct pages_fault *f, struct errmsg *msg);

#endif
