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

/* --- cosigned heads ------------------------------------------------------------------------------------ */
static struct guard_cosigned head(uint32_t feed, uint64_t size)
{
	struct guard_cosigned c = {.size = UINT64_C(0x100000000) + size};

	be32_put(c.feed.b, feed);
	memset(c.root.b, (int)(feed + size), 32);
	return c;
}

/* Saves heads @from to @upto of @size, with a mark of that size. */
static int save_heads(struct guardfile *g, uint32_t from, uint32_t upto, uint64_t size)
{
	static struct guard_cosigned heads[GUARD_CHANGED_MAX + 1];
	struct guard v = mark(size);

	for (uint32_t i = from; i < upto; i++)
		heads[i - from] = head(i, size);
	v.cosigned = heads;
	v.ncosigned = upto - from;
	return guardfile_save(g, &v);
}

static void check_head(const struct guard *g, uint32_t place, uint32_t feed, uint64_t size)
{
	struct guard_cosigned want = head(feed, size);

	T_MEM(g->cosigned[place].feed.b, want.feed.b, 32);
	T_EQ(g->cosigned[place].size, want.size);
	T_MEM(g->cosigned[place].root.b, want.root.b, 32);
}

static void test_every_head_is_found_again_at_the_greatest_number_of_feeds(void)
{
	struct guardfile *g;
	struct guard got;

	fresh();
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(save_heads(g, 0, GUARD_CHANGED_MAX + 1, 1), ERR_LIMIT);
	for (uint32_t i = 0; i < FEEDS_MAX; i += GUARD_CHANGED_MAX)
		T_EQ(save_heads(g, i, i + GUARD_CHANGED_MAX, 1), ERR_OK);
	T_EQ(save_heads(g, 0, 1, 2), ERR_OK);
	T_EQ(save_heads(g, 9, 11, 2), ERR_OK);
	T_EQ(save_heads(g, FEEDS_MAX, FEEDS_MAX + 1, 3), ERR_LIMIT);
	guardfile_invariant(g);
	guardfile_close(g);
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(guardfile_load(g, &got), ERR_OK);
	T_EQ(got.size, 2);
	T_EQ(got.ncosigned, FEEDS_MAX);
	for (uint32_t i = 0; i < FEEDS_MAX; i++)
		check_head(&got, i, i, i == 0 || i == 9 || i == 10 ? 2 : 1);
	guardfile_close(g);
	unlink(path);
}

static void test_heads_that_change_beside_a_batch_are_found_again(void)
{
	static const uint8_t redo[] = "leaf and payload";
	struct guard_cosigned c = head(3, 7);
	struct guard sealed = mark(5), intent = mark(9), got;
	struct guard_journal j;
	struct guardfile *g;

	sealed.cosigned = &c;
	sealed.ncosigned = 1;
	fresh();
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
	T_EQ(got.ncosigned, 1);
	check_head(&got, 0, 3, 7);
	guardfile_close(g);
	unlink(path);
}

/* The file as it may be after a power cut: each sector that a save has written is there or not. */
static uint8_t before[GUARDFILE_BYTES], after[GUARDFILE_BYTES], image[GUARDFILE_BYTES];

static void read_file(uint8_t *to)
{
	int fd = open(path, O_RDONLY);

	T_EQ(pread(fd, to, GUARDFILE_BYTES, 0), (ssize_t)GUARDFILE_BYTES);
	close(fd);
}

static void write_file(const uint8_t *from)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	T_EQ(pwrite(fd, from, GUARDFILE_BYTES, 0), (ssize_t)GUARDFILE_BYTES);
	close(fd);
}

/* Sizes are those of save @n or, when @n was torn, of the one before: save k had heads k..k+9 at size k. */
static void check_torn(uint64_t n)
{
	struct guardfile *g;
	struct guard got;
	uint64_t last;

	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(guardfile_load(g, &got), ERR_OK);
	last = got.size;
	T_OK(last == n || last == n - 1);
	T_EQ(got.ncosigned, last + 10);
	for (uint32_t feed = 0; feed < got.ncosigned; feed++)
		check_head(&got, feed, feed, feed < last ? feed : last);
	/* the next save must not need what only this start has mended */
	T_EQ(save_heads(g, 0, 0, 99), ERR_OK);
	T_EQ(save_heads(g, 0, 0, 99), ERR_OK);
	T_EQ(guardfile_load(g, &got), ERR_OK);
	guardfile_close(g);
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(guardfile_load(g, &got), ERR_OK);
	for (uint32_t feed = 0; feed < got.ncosigned; feed++)
		check_head(&got, feed, feed, feed < last ? feed : last);
	guardfile_close(g);
}

static uint32_t differing_sectors(uint32_t *ret)
{
	uint32_t n = 0;

	for (uint32_t at = 0; at < GUARDFILE_BYTES / 512; at++)
		if (memcmp(before + (size_t)at * 512, after + (size_t)at * 512, 512))
			ret[n++] = at;
	return n;
}

static void test_no_head_is_lost_whichever_sectors_of_a_save_reach_the_disk(void)
{
	static uint32_t sector[GUARDFILE_BYTES / 512];
	struct guardfile *g;

	fresh();
	for (uint64_t n = 0; n < 6; n++) {
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
		for (uint64_t k = 0; k < n; k++)
			T_EQ(save_heads(g, (uint32_t)k, (uint32_t)k + 10, k), ERR_OK);
		read_file(before);
		T_EQ(save_heads(g, (uint32_t)n, (uint32_t)n + 10, n), ERR_OK);
		read_file(after);
		guardfile_close(g);
		uint32_t m = differing_sectors(sector);
		T_OK(m > 0 && m <= 12);
		for (uint32_t set = n ? 0 : (1U << m) - 1; set < 1U << m; set++) {
			memcpy(image, before, sizeof(image));
			for (uint32_t i = 0; i < m; i++)
				if (set >> i & 1)
					memcpy(image + (size_t)sector[i] * 512,
					       after + (size_t)sector[i] * 512, 512);
			write_file(image);
			check_torn(n);
		}
		memset(image, 0, sizeof(image));
		write_file(image);
	}
	unlink(path);
}

/* Damage of the table where neither slot knows better is told, not guessed over. */
static void test_a_damaged_head_is_an_error(void)
{
	struct guardfile *g;
	struct errmsg msg = {0};
	int fd;

	fresh();
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(save_heads(g, 0, 2, 1), ERR_OK);
	T_EQ(save_heads(g, 0, 1, 2), ERR_OK);
	T_EQ(save_heads(g, 0, 1, 3), ERR_OK);
	guardfile_close(g);
	fd = open(path, O_RDWR);
	T_EQ(pwrite(fd, "x", 1, (off_t)GUARDFILE_TABLE_AT + 5), 1); /* both slots have this one */
	close(fd);
	check(3);
	fd = open(path, O_RDWR);
	T_EQ(pwrite(fd, "x", 1, (off_t)GUARDFILE_TABLE_AT + GUARDFILE_RECORD_BYTES + 5), 1);
	close(fd);
	T_EQ(guardfile_open(path, &g, &msg), ERR_CORRUPT);
	T_OK(strstr(msg.text, "do not init again") != NULL);
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
       T(test_every_head_is_found_again_at_the_greatest_number_of_feeds),
       T(test_heads_that_change_beside_a_batch_are_found_again),
       T(test_no_head_is_lost_whichever_sectors_of_a_save_reach_the_disk),
       T(test_a_damaged_head_is_an_error), T(test_no_valid_slot_is_an_error_not_an_empty_guard))
