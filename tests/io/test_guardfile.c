#include "tests/lib/t.h"

#include <fcntl.h>
#include <unistd.h>

#include "daemon/io/guardfile.h"
#include "lib/err.h"

static char path[64];

static struct guard mark(uint64_t size)
{
	struct guard g = {.epoch = 1, .size = size};

	memset(g.root.b, (int)size, 32);
	memset(g.sig, (int)size + 1, 64);
	return g;
}

static void fresh(void)
{
	snprintf(path, sizeof(path), "/tmp/guardfile-XXXXXX");
	int fd = mkstemp(path);

	T_OK(fd >= 0);
	close(fd);
}

static void check(uint64_t want)
{
	struct guardfile *g;
	struct guard got;

	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(guardfile_load(g, &got), ERR_OK);
	T_EQ(got.size, want);
	T_EQ(got.root.b[31], want);
	T_EQ(got.sig[63], want + 1);
	guardfile_close(g);
}

static void save(uint64_t size)
{
	struct guardfile *g;
	struct guard v = mark(size);

	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(guardfile_save(g, &v), ERR_OK);
	guardfile_invariant(g);
	guardfile_close(g);
}

static void test_a_new_file_holds_nothing(void)
{
	struct guardfile *g;
	struct guard got;

	fresh();
	T_EQ(guardfile_peek(path, &got, NULL), ERR_NOTFOUND);
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(guardfile_load(g, &got), ERR_NOTFOUND);
	guardfile_close(g);
	unlink(path);
}

static void test_the_newest_mark_is_found_again(void)
{
	fresh();
	for (uint64_t i = 1; i < 8; i++) {
		save(i);
		check(i);
	}
	unlink(path);
}

/* Whatever a torn write leaves of the newest slot, the mark before it is still there. */
static void test_a_torn_newest_slot_leaves_the_older_mark(void)
{
	fresh();
	save(6);
	save(7); /* counter 2: slot 0 */
	for (int at = 0; at < GUARDFILE_HEAD_BYTES + 32; at++) {
		int fd = open(path, O_RDWR);
		uint8_t old, other;

		T_EQ(pread(fd, &old, 1, at), 1);
		other = old ^ 0x40;
		T_EQ(pwrite(fd, &other, 1, at), 1);
		check(6);
		T_EQ(pwrite(fd, &old, 1, at), 1);
		close(fd);
	}
	check(7);
	unlink(path);
}

/* A mark of what is about to be sealed keeps the sealed one, and the entries. */
static void test_an_intent_is_found_with_its_entries(void)
{
	static uint8_t redo[GUARD_REDO_MAX];
	struct guard sealed = mark(5), intent = mark(9);
	struct guard_journal j;
	struct guardfile *g;

	fresh();
	memset(redo, 0xab, sizeof(redo));
	for (size_t n = 1; n <= sizeof(redo); n += sizeof(redo) - 1) {
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
		guardfile_journal(g, &j);
		T_EQ(j.begin(j.ctx, &sealed, &intent, (struct bytes){redo, n}), ERR_OK);
		guardfile_invariant(g);
		T_EQ(j.wait(j.ctx), ERR_OK);
		guardfile_invariant(g);
		guardfile_close(g);
		check(5);
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
		guardfile_journal(g, &j);
		T_EQ(j.intent.size, 9);
		T_EQ(j.intent.epoch, 1);
		T_EQ(j.intent.root.b[0], 9);
		T_EQ(j.redo.n, n);
		T_MEM(j.redo.p, redo, n);
		guardfile_close(g);
	}
	save(9); /* sealed: nothing is left to do again */
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	guardfile_journal(g, &j);
	T_EQ(j.intent.size, 0);
	T_EQ(j.redo.n, 0);
	guardfile_close(g);
	check(9);
	unlink(path);
}

static void test_cosigned_heads_are_found_again_beside_the_rest(void)
{
	static struct guard_cosigned heads[FEEDS_MAX];
	static const uint8_t redo[] = "leaf and payload";
	static const uint32_t counts[] = {1, FEEDS_MAX, 0};
	struct guard sealed = mark(5), intent = mark(9), got;
	struct guard_journal j;
	struct guardfile *g;

	for (uint32_t i = 0; i < FEEDS_MAX; i++) {
		be32_put(heads[i].feed.b, i);
		heads[i].size = UINT64_C(0x100000000) + i;
		memset(heads[i].root.b, (int)i, 32);
	}
	sealed.cosigned = heads;
	fresh();
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		sealed.ncosigned = counts[i];
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
		guardfile_journal(g, &j);
		T_EQ(j.begin(j.ctx, &sealed, &intent, (struct bytes){redo, sizeof(redo)}), ERR_OK);
		guardfile_invariant(g);
		T_EQ(j.wait(j.ctx), ERR_OK);
		guardfile_invariant(g);
		guardfile_close(g);
		check(5);
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
		guardfile_journal(g, &j);
		T_MEM(j.redo.p, redo, sizeof(redo));
		T_EQ(guardfile_load(g, &got), ERR_OK);
		T_EQ(got.ncosigned, counts[i]);
		for (uint32_t k = 0; k < got.ncosigned; k++) {
			T_MEM(got.cosigned[k].feed.b, heads[k].feed.b, 32);
			T_EQ(got.cosigned[k].size, heads[k].size);
			T_MEM(got.cosigned[k].root.b, heads[k].root.b, 32);
		}
		guardfile_close(g);
	}
	unlink(path);
}

static void test_no_valid_slot_is_an_error_not_an_empty_guard(void)
{
	struct guardfile *g;
	struct guard got;
	struct errmsg msg = {0};
	int fd;

	fresh();
	fd = open(path, O_RDWR);
	T_EQ(write(fd, "something else", 14), 14);
	close(fd);
	T_EQ(guardfile_open(path, &g, &msg), ERR_CORRUPT);
	T_OK(strstr(msg.text, "do not init again") != NULL);
	T_EQ(guardfile_peek(path, &got, &msg), ERR_CORRUPT);
	unlink(path);
}

T_MAIN(T(test_a_new_file_holds_nothing), T(test_the_newest_mark_is_found_again),
       T(test_a_torn_newest_slot_leaves_the_older_mark),
       T(test_an_intent_is_found_with_its_entries),
       T(test_cosigned_heads_are_found_again_beside_the_rest),
       T(test_no_valid_slot_is_an_error_not_an_empty_guard))
