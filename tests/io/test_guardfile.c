#include "tests/lib/t.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/io/guardfile.h"
#include "daemon/writer/halt.h"
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

/* @intent begun over @sealed, and the file opened again behind that; *ret: what it says then. */
static struct guardfile *begun(const struct guard *sealed, const struct guard *intent,
			       struct bytes redo, struct guard_journal *ret)
{
	struct guardfile *g;

	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	guardfile_journal(g, ret);
	T_EQ(ret->begin(ret->ctx, sealed, intent, redo), ERR_OK);
	guardfile_invariant(g);
	T_EQ(ret->wait(ret->ctx), ERR_OK);
	guardfile_invariant(g);
	guardfile_close(g);
	check(sealed->size);
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	guardfile_journal(g, ret);
	return g;
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
		g = begun(&sealed, &intent, (struct bytes){redo, n}, &j);
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
	g = begun(&sealed, &intent, (struct bytes){redo, sizeof(redo)}, &j);
	T_MEM(j.redo.p, redo, sizeof(redo));
	T_EQ(guardfile_load(g, &got), ERR_OK);
	T_EQ(got.ncosigned, 1);
	check_head(&got, 0, 3, 7);
	guardfile_close(g);
	unlink(path);
}

/* --- power cuts ---------------------------------------------------------------------------------------- */

/* The disk under the file: what was synced, and the sectors that were written and not synced since, of which a power
 * cut leaves any. A sync that fails may leave them so, or count them as written though they are not. */
#define SECTOR	512
#define SECTORS (GUARDFILE_BYTES / SECTOR)
enum sync_fate { SYNC_DONE, SYNC_KILLED, SYNC_LOST };
static struct {
	bool watched;
	enum sync_fate fate;
	unsigned good; /* syncs before that one */
	bool dirty[SECTORS];
	uint8_t b[GUARDFILE_BYTES];
} disk;

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	for (size_t i = (size_t)at / SECTOR; disk.watched && i * SECTOR < (size_t)at + n; i++)
		disk.dirty[i] = true;
	return syscall(SYS_pwrite64, fd, p, n, at);
}

static off_t bad_sector = -1; /* what the disk cannot read */

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
	if (bad_sector < 0 || at + (off_t)n <= bad_sector || at >= bad_sector + SECTOR)
		return syscall(SYS_pread64, fd, p, n, at);
	errno = EIO;
	return -1;
}

static int sync_to_disk(int fd)
{
	enum sync_fate fate = disk.good ? SYNC_DONE : disk.fate;

	disk.good -= disk.good > 0;
	if (disk.watched && fate == SYNC_KILLED)
		return -1;
	for (size_t i = 0; disk.watched && i < SECTORS; i++) {
		off_t at = (off_t)i * SECTOR;

		if (disk.dirty[i] && fate == SYNC_DONE)
			T_EQ(pread(fd, disk.b + at, SECTOR, at), SECTOR);
		disk.dirty[i] = false;
	}
	return disk.watched && fate == SYNC_LOST ? -1 : 0;
}

int fdatasync(int fd)
{
	return sync_to_disk(fd);
}

int fsync(int fd)
{
	return sync_to_disk(fd);
}

static void insert_disk(void)
{
	fresh();
	memset(&disk, 0, sizeof(disk));
	disk.watched = true;
}

/* What the file becomes when the power goes and only the sectors of @set reach the disk, of those not synced. */
static void cut_power(const uint32_t *dirty, uint32_t n, uint32_t set)
{
	static uint8_t image[GUARDFILE_BYTES], now[GUARDFILE_BYTES];
	int fd = open(path, O_RDWR);

	T_EQ(pread(fd, now, sizeof(now), 0), (ssize_t)sizeof(now));
	memcpy(image, disk.b, sizeof(image));
	for (uint32_t i = 0; i < n; i++)
		if (set >> i & 1)
			memcpy(image + (size_t)dirty[i] * SECTOR, now + (size_t)dirty[i] * SECTOR,
			       SECTOR);
	T_EQ(syscall(SYS_pwrite64, fd, image, sizeof(image), (off_t)0), (ssize_t)sizeof(image));
	close(fd);
}

/* Save 0 brings the first heads, save k of them those of feed 0 and of another at size k. Their records
 * share no sector but that of feed 0, and each crosses the border of two, behind the feed ID. */
static const uint32_t feed_of[] = {0, 12, 25, 76, 89, 140, 153, 204};

static int save_number(struct guardfile *g, uint64_t k)
{
	struct guard_cosigned heads[] = {head(0, k), head(feed_of[k], k)};
	struct guard v = mark(k);

	if (k == 0)
		return save_heads(g, 0, GUARD_CHANGED_MAX, 0);
	v.cosigned = heads;
	v.ncosigned = 2;
	return guardfile_save(g, &v);
}

/* It has all saves up to @last, and nothing of a later one. */
static void has_saves_to(const struct guard *got, uint64_t last)
{
	uint64_t size[GUARD_CHANGED_MAX] = {last};

	for (uint64_t k = 1; k <= last; k++)
		size[feed_of[k]] = k;
	T_EQ(got->size, last);
	T_EQ(got->ncosigned, GUARD_CHANGED_MAX);
	for (uint32_t feed = 0; feed < got->ncosigned; feed++)
		check_head(got, feed, feed, size[feed]);
}

static uint32_t dirty_sectors(uint32_t ret[32])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SECTORS; i++)
		if (disk.dirty[i]) {
			T_OK(n < 16);
			ret[n++] = i;
		}
	return n;
}

/* After any cut the guard has the saves up to @sure, or one more. */
static void survives_any_cut(uint64_t sure)
{
	static uint8_t kept[GUARDFILE_BYTES];
	uint32_t dirty[32], n = dirty_sectors(dirty);
	struct guardfile *g;
	struct guard got;
	int fd = open(path, O_RDWR);

	T_EQ(pread(fd, kept, sizeof(kept), 0), (ssize_t)sizeof(kept));
	disk.watched = false;
	for (uint32_t set = 0; set < 1U << n; set++) {
		T_EQ(syscall(SYS_pwrite64, fd, kept, sizeof(kept), (off_t)0),
		     (ssize_t)sizeof(kept));
		cut_power(dirty, n, set);
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
		T_EQ(guardfile_load(g, &got), ERR_OK);
		has_saves_to(&got, got.size > sure ? sure + 1 : sure);
		guardfile_close(g);
	}
	T_EQ(syscall(SYS_pwrite64, fd, kept, sizeof(kept), (off_t)0), (ssize_t)sizeof(kept));
	close(fd);
	disk.watched = true;
}

static void test_no_head_is_lost_whichever_sectors_of_a_save_reach_the_disk(void)
{
	struct guardfile *g;

	insert_disk();
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(save_number(g, 0), ERR_OK);
	T_EQ(save_heads(g, 0, 0, 0), ERR_OK); /* all heads are in the table */
	for (uint64_t k = 1; k < 6; k++) {
		disk.fate = SYNC_KILLED;
		T_EQ(save_number(g, k), ERR_IO);
		T_EQ(save_number(g, k), ERR_STATE); /* what the disk has is not known */
		survives_any_cut(k - 1);
		guardfile_close(g);
		disk.fate = SYNC_DONE; /* as if it had not failed */
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	}
	guardfile_close(g);
	unlink(path);
}

/* The program was killed before its sync, or the sync failed, and the next one reads what the disk does not have. What
 * that one saves must not rest on it. */
static void test_a_start_makes_durable_what_it_has_read(void)
{
	for (int fate = SYNC_KILLED; fate <= SYNC_LOST; fate++) {
		struct guardfile *g;

		insert_disk();
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
		for (uint64_t k = 0; k < 3; k++)
			T_EQ(save_number(g, k), ERR_OK);
		disk.fate = (enum sync_fate)fate;
		T_EQ(save_number(g, 3), ERR_IO);
		guardfile_close(g);
		disk.fate = SYNC_DONE;
		T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
		survives_any_cut(3);
		for (uint64_t k = 4; k < 7; k++) {
			T_EQ(save_number(g, k), ERR_OK);
			survives_any_cut(k);
		}
		disk.fate = SYNC_KILLED;
		T_EQ(save_number(g, 7), ERR_IO);
		survives_any_cut(6);
		guardfile_close(g);
		unlink(path);
	}
	disk.watched = false;
}

/* The power goes while a start makes durable what the program before has left. */
static void test_a_start_that_is_cut_off_loses_nothing(void)
{
	for (int fate = SYNC_KILLED; fate <= SYNC_LOST; fate++)
		for (unsigned good = 0; good < 3; good++) {
			struct guardfile *g;
			bool done = good == 2; /* a start syncs twice */

			insert_disk();
			T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
			T_EQ(save_number(g, 0), ERR_OK);
			T_EQ(save_heads(g, 0, 0, 0), ERR_OK);
			T_EQ(save_number(g, 1), ERR_OK);
			disk.fate = (enum sync_fate)fate;
			T_EQ(save_number(g, 2), ERR_IO);
			guardfile_close(g);
			disk.good = good;
			disk.fate = SYNC_KILLED;
			T_EQ(guardfile_open(path, &g, NULL), done ? ERR_OK : ERR_IO);
			survives_any_cut(good ? 2 : 1);
			if (done)
				guardfile_close(g);
			unlink(path);
		}
	disk.watched = false;
}

/* Damage of the table where neither slot knows better is told, not guessed over. */
static void test_a_damaged_head_is_an_error(void)
{
	struct guardfile *g;
	struct guard got;
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
	T_EQ(halt_of(&msg).id, HALT_GUARD_HEAD_DAMAGED);
	T_EQ(halt_of(&msg).num[0], 1);
	T_EQ(guardfile_peek(path, &got, &msg), ERR_CORRUPT);
	T_EQ(halt_of(&msg).id, HALT_GUARD_HEAD_DAMAGED);
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
	T_EQ(halt_of(&msg).id, HALT_GUARD_DAMAGED);
	T_EQ(guardfile_peek(path, &got, &msg), ERR_CORRUPT);
	unlink(path);
}

/* The same end as damaged bytes: nobody knows what was signed. */
static void test_a_sector_that_cannot_be_read_is_damage(void)
{
	const off_t sectors[] = {0, GUARDFILE_SLOT_BYTES, GUARDFILE_TABLE_AT};
	struct guardfile *g;
	struct guard got;
	struct errmsg msg;

	fresh();
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	T_EQ(save_heads(g, 0, 2, 1), ERR_OK);
	guardfile_close(g);
	for (size_t i = 0; i < 3; i++) {
		bad_sector = sectors[i];
		msg = (struct errmsg){0};
		T_EQ(guardfile_open(path, &g, &msg), ERR_CORRUPT);
		T_EQ(halt_of(&msg).id, HALT_GUARD_UNREADABLE);
		msg = (struct errmsg){0};
		T_EQ(guardfile_peek(path, &got, &msg), ERR_CORRUPT);
		T_EQ(halt_of(&msg).id, HALT_GUARD_UNREADABLE);
	}
	bad_sector = -1;
	T_EQ(guardfile_open(path, &g, NULL), ERR_OK);
	guardfile_close(g);
	unlink(path);
}

static void test_a_guard_that_cannot_be_opened_says_why(void)
{
	struct guardfile *g;
	struct guard got;
	struct errmsg msg = {0};

	T_EQ(guardfile_open("/tmp/cz-there-is-no-such-directory/guard", &g, &msg), ERR_NOTFOUND);
	T_OK(strstr(msg.text, "No such file"));
	T_EQ(guardfile_peek("/tmp/cz-there-is-no-such-directory/guard", &got, &msg), ERR_NOTFOUND);
	T_EQ(guardfile_open("/tmp", &g, &msg), ERR_IO);
	T_OK(strstr(msg.text, "guard file /tmp: Is a directory"));
}

T_MAIN(T(test_a_new_file_holds_nothing), T(test_the_newest_mark_is_found_again),
       T(test_a_torn_newest_slot_leaves_the_older_mark),
       T(test_an_intent_is_found_with_its_entries),
       T(test_every_head_is_found_again_at_the_greatest_number_of_feeds),
       T(test_heads_that_change_beside_a_batch_are_found_again),
       T(test_no_head_is_lost_whichever_sectors_of_a_save_reach_the_disk),
       T(test_a_start_makes_durable_what_it_has_read),
       T(test_a_start_that_is_cut_off_loses_nothing), T(test_a_damaged_head_is_an_error),
       T(test_no_valid_slot_is_an_error_not_an_empty_guard),
       T(test_a_sector_that_cannot_be_read_is_damage),
       T(test_a_guard_that_cannot_be_opened_says_why))
