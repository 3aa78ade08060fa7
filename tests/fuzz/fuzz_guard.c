/* Guard files. The first byte says which of the two slots get the right magic and sum, so that their content
 * is read, and whether the heads of the table get theirs; the thirds of the rest begin the slots and the table. A file
 * that is opened is the one that was looked at, and takes the next mark. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/io/guardfile.h"
#include "lib/hash.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

#define COUNTER_AT 8
#define REDO_AT	   164
#define HEADS_AT   168
#define CHANGED_AT 172

static uint8_t file[GUARDFILE_BYTES];

static void mend(uint8_t *slot)
{
	uint32_t redo = be32_get(slot + REDO_AT) % (GUARD_REDO_MAX + 1);
	uint32_t heads = be32_get(slot + HEADS_AT) % (FEEDS_MAX + 1);
	uint32_t changed = be32_get(slot + CHANGED_AT) % (GUARD_CHANGED_MAX + 1);
	size_t used = GUARDFILE_HEAD_BYTES + changed * GUARDFILE_CHANGED_BYTES + redo;
	struct hash sum;

	memcpy(slot, "CZGRD04\n", 8);
	slot[COUNTER_AT] = 0; /* room for the next: 2^56 saves do not happen */
	be32_put(slot + REDO_AT, redo);
	be32_put(slot + HEADS_AT, heads);
	be32_put(slot + CHANGED_AT, changed);
	hash_of(slot, used, &sum);
	memcpy(slot + used, sum.b, HASH_BYTES);
}

static void mend_table(uint8_t *record, size_t n)
{
	for (size_t i = 0; i < n; i++, record += GUARDFILE_RECORD_BYTES) {
		struct hash sum;

		hash_of(record, GUARDFILE_COSIGNED_BYTES, &sum);
		memcpy(record + GUARDFILE_COSIGNED_BYTES, sum.b, 8);
	}
}

/* Whether it could be opened. */
static bool open_file(const char *path, bool marked)
{
	struct guard_journal journal;
	struct guardfile *g;
	struct errmsg msg = {0};
	struct guard mark, again;
	uint32_t heads;
	int err = guardfile_open(path, &g, &msg);

	CHECK(err == ERR_OK || err == ERR_CORRUPT);
	if (err) /* what is looked at without the table may be right */
		return false;
	guardfile_journal(g, &journal);
	CHECK(journal.redo.n <= GUARD_REDO_MAX);
	CHECK((guardfile_load(g, &mark) == ERR_OK) == marked);
	CHECK(!marked || mark.ncosigned <= FEEDS_MAX);
	if (!marked)
		mark = (struct guard){0};
	mark.size = 5; /* what was cosigned stays */
	heads = mark.ncosigned;
	mark.ncosigned = 0;
	CHECK(guardfile_save(g, &mark) == ERR_OK);
	CHECK(guardfile_load(g, &again) == ERR_OK);
	CHECK(again.ncosigned == heads);
	guardfile_close(g);
	return true;
}

static void guard_file(const uint8_t *data, size_t n, uint8_t how)
{
	size_t third = n / 3, rest = n - 2 * third;
	char path[64];
	struct errmsg msg = {0};
	struct guard mark;
	int fd = memfd_create("guard", 0), err;

	CHECK(fd >= 0);
	memset(file, 0, sizeof(file));
	if (third > GUARDFILE_SLOT_BYTES)
		third = rest = GUARDFILE_SLOT_BYTES;
	memcpy(file, data, third);
	memcpy(file + GUARDFILE_SLOT_BYTES, data + third, third);
	memcpy(file + GUARDFILE_TABLE_AT, data + 2 * third, rest);
	if (how & 1)
		mend(file);
	if (how & 2)
		mend(file + GUARDFILE_SLOT_BYTES);
	if (how & 4)
		mend_table(file + GUARDFILE_TABLE_AT, FEEDS_MAX);
	CHECK(write(fd, file, sizeof(file)) == (ssize_t)sizeof(file));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = guardfile_peek(path, &mark, &msg);
	CHECK(err == ERR_OK || err == ERR_CORRUPT || err == ERR_NOTFOUND);
	if (open_file(path, err == ERR_OK)) {
		CHECK(guardfile_peek(path, &mark, &msg) == ERR_OK);
		CHECK(mark.size == 5);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	long live = mem_live();

	if (n == 0)
		return 0;
	guard_file(data + 1, n - 1, data[0]);
	CHECK(mem_live() == live);
	return 0;
}
