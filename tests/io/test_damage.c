#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/io/faults.h"
#include "daemon/io/kvlmdb.h"
#include "daemon/io/pages.h"
#include "daemon/verify/verify.h"
#include "lib/err.h"
#include "lib/prng.h"
#include "tests/lib/held.h"
#include "tests/lib/t.h"

/* Stores with pages that are not what LMDB wrote. Whoever opens, verifies, reads or writes one is a process of
 * its own, which may end with a sentence and 0, 3 or 4, and never by a signal. */
#define PAGE	      4096u
#define SENTENCE_MAX  4096
#define ROUNDS	      400 /* commits of the store made here */
#define EDITS	      600 /* stores with some bytes altered */
#define LINES_A_ROUND 6
#define VALUE_MAX     9000
#define EXIT_MACHINE  3
#define EXIT_DAMAGED  4
#define LAST_WORDS    "the end of it"

static struct held g;
static char dir[64], data[96];
static uint8_t *good; /* the file as it was */
static size_t good_n;
static uint32_t tried;
static char doing[64];

static void folder_new(void)
{
	/* in memory where that is possible: what is not tested here is the disk, and there are many commits */
	snprintf(dir, sizeof(dir), "%s/cz-damage-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	T_OK(mkdtemp(dir));
	snprintf(data, sizeof(data), "%s/data.mdb", dir);
}

static void folder_gone(void)
{
	char lock[96];

	snprintf(lock, sizeof(lock), "%s/lock.mdb", dir);
	unlink(data);
	unlink(lock);
	T_EQ(rmdir(dir), 0);
	free(good);
}

static void file_put(const uint8_t *p, size_t n)
{
	int fd = open(data, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	T_OK(fd >= 0);
	T_EQ(write(fd, p, n), (ssize_t)n);
	close(fd);
}

static void file_keep(void)
{
	struct stat st;
	int fd = open(data, O_RDONLY);

	T_OK(fd >= 0);
	T_EQ(fstat(fd, &st), 0);
	good_n = (size_t)st.st_size;
	good = malloc(good_n);
	T_OK(good);
	T_EQ(read(fd, good, good_n), (ssize_t)good_n);
	close(fd);
}

/* A store of three villages at work. */
static void town_feed_new(void)
{
	struct kv *kv;

	folder_new();
	T_EQ(kvlmdb_open(dir, NULL, &kv, NULL), ERR_OK);
	held_make(&g, kv);
	kv_close(kv);
	file_keep();
}

static void town_gone(void)
{
	held_close(&g);
	folder_gone();
}

/* --- a store with trees of some levels, long values and many free pages ------------------------------- */

static size_t key_make(struct prng *r, enum kv_table tab, uint8_t key[KV_KEY_MAX])
{
	size_t n = 4 + (tab * 13) % 60;

	memset(key, 0, n);
	be32_put(key + n - 4, (uint32_t)prng_below(r, 700));
	return n;
}

static int write_some(struct kv *kv, struct prng *r, uint32_t lines)
{
	static uint8_t value[VALUE_MAX];
	struct kv_txn *t;
	int err = kv_begin(kv, true, &t);

	if (err)
		return err;
	for (uint32_t i = 0; i < lines; i++) {
		enum kv_table tab = (enum kv_table)prng_below(r, KV_NTABLES);
		bool is_long = prng_below(r, 12) == 0;
		uint8_t key[KV_KEY_MAX];
		size_t n = key_make(r, tab, key);

		if (prng_below(r, 3) ==
		    0) /* it may not be there; commit says what else went wrong */
			kv_del(t, tab, kv_bytes(key, n));
		else
			kv_put(t, tab, kv_bytes(key, n),
			       kv_bytes(value, prng_below(r, is_long ? VALUE_MAX : 200)));
	}
	return kv_commit(t);
}

/* One large transaction leaves more free pages at once than the numbers of fit on a page. */
static void write_and_remove(struct kv *kv)
{
	static const uint8_t value[VALUE_MAX];
	struct kv_txn *t;
	uint8_t key[8];

	for (int removing = 0; removing < 2; removing++) {
		T_EQ(kv_begin(kv, true, &t), ERR_OK);
		for (uint64_t i = 0; i < 300; i++) {
			be64_put(key, i);
			if (removing)
				T_EQ(kv_del(t, KV_TREE, kv_bytes(key, 8)), ERR_OK);
			else
				T_EQ(kv_put(t, KV_TREE, kv_bytes(key, 8),
					    kv_bytes(value, VALUE_MAX)),
				     ERR_OK);
		}
		T_EQ(kv_commit(t), ERR_OK);
	}
}

static void store_new(uint32_t rounds, bool free_pages)
{
	struct prng r;
	struct kv *kv;

	folder_new();
	prng_seed(&r, 11);
	T_EQ(kvlmdb_open(dir, NULL, &kv, NULL), ERR_OK);
	for (uint32_t i = 0; i < rounds; i++)
		T_EQ(write_some(kv, &r, LINES_A_ROUND), ERR_OK);
	if (free_pages)
		write_and_remove(kv);
	T_EQ(write_some(kv, &r, LINES_A_ROUND), ERR_OK);
	kv_close(kv);
	file_keep();
}

/* --- what is done with a damaged store, each in a process of its own ----------------------------------- */

static int say(int code, const char *text)
{
	T_OK(write(STDERR_FILENO, text, strlen(text)) == (ssize_t)strlen(text));
	return code;
}

static int look_at(struct kv *kv)
{
	struct verify_opts opts = {.rebuild = true};
	struct verify_report r = {0};
	struct kv_txn *t = NULL;
	int err = kv_begin(kv, false, &t);

	if (!err)
		err = verify_store(t, &g.w.id, FEED_TOWN, &g.guard, &opts, &r);
	kv_abort(t);
	if (err)
		return say(EXIT_DAMAGED, err_text(err));
	return r.nproblems ? say(EXIT_DAMAGED, problem_name(r.problem[0].id)) : 0;
}

/* As cunzhang verify does it. */
static int do_verify(void)
{
	struct pages_report pages = {0};
	struct kvlmdb_opts opts = {.readonly = true, .ret_all = &pages};
	struct errmsg msg = {0};
	struct kv *kv;
	int rv;

	if (kvlmdb_open(dir, &opts, &kv, &msg))
		return say(EXIT_DAMAGED, msg.text);
	T_EQ(pages.n, 0);
	rv = look_at(kv);
	kv_close(kv);
	return rv;
}

static int read_table(struct kv_txn *t, enum kv_table tab, uint64_t *ret_sum)
{
	struct kv_cursor *c = NULL;
	struct bytes k, v;
	int err = kv_cursor_open(t, tab, &c);
	uint32_t rows = 0;

	for (enum kv_how how = KV_GE; !err && rows < 100000; how = KV_NEXT, rows++) {
		err = kv_seek(c, how, kv_bytes("", 0), &k, &v);
		for (size_t i = 0; !err && i < v.n; i += 64)
			*ret_sum += v.p[i];
	}
	kv_cursor_close(c);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int read_all(struct kv *kv)
{
	uint64_t sum = 0;
	struct kv_txn *t;
	int err = kv_begin(kv, false, &t);

	if (err)
		return err;
	for (int tab = 0; !err && tab < KV_NTABLES; tab++)
		err = read_table(t, (enum kv_table)tab, &sum);
	kv_abort(t);
	return err;
}

/* As a daemon does with a store that is too large to be looked at when it starts. */
static int do_read_unseen(void)
{
	struct kvlmdb_opts opts = {.check_bytes = 1};
	struct errmsg msg = {0};
	struct kv_txn *t;
	struct kv *kv;
	int err;

	if (kvlmdb_open(dir, &opts, &kv, &msg))
		return say(EXIT_MACHINE, msg.text);
	err = read_all(kv);
	if (!err) /* what was read without a fault is not written to unseen */
		err = kv_begin(kv, true, &t);
	if (!err)
		kv_abort(t);
	kv_close(kv);
	return err ? say(EXIT_MACHINE, err_text(err)) : 0;
}

/* What passes must be good enough for all that LMDB does. */
static int do_read_and_write(void)
{
	struct errmsg msg = {0};
	struct prng r;
	struct kv *kv;
	int err;

	if (kvlmdb_open(dir, NULL, &kv, &msg))
		return say(EXIT_MACHINE, msg.text);
	err = read_all(kv);
	prng_seed(&r, 5);
	for (int i = 0; !err && i < 8; i++)
		err = write_some(kv, &r, 40);
	kv_close(kv);
	return err ? say(EXIT_MACHINE, err_text(err)) : 0;
}

static int run(int (*fn)(void), char said[SENTENCE_MAX])
{
	int fd[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	T_EQ(pipe(fd), 0);
	fflush(stdout);
	pid = fork();
	T_OK(pid >= 0);
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		alarm(20);
		faults_set(LAST_WORDS);
		_exit(fn());
	}
	close(fd[1]);
	while (n < SENTENCE_MAX - 1 && (got = read(fd[0], said + n, SENTENCE_MAX - 1 - n)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	close(fd[0]);
	T_EQ(waitpid(pid, &status, 0), pid);
	tried++;
	if (!WIFEXITED(status))
		t_fail(__FILE__, __LINE__, "%s: signal %d: %s", doing, WTERMSIG(status), said);
	return WEXITSTATUS(status);
}

/* Returns whether the damage was noticed. */
static bool survives(int (*fn)(void), const char *what, uint64_t page)
{
	char said[SENTENCE_MAX];
	int rv;

	snprintf(doing, sizeof(doing), "page %" PRIu64 " %s", page, what);
	rv = run(fn, said);
	if (rv != 0 && rv != EXIT_MACHINE && rv != EXIT_DAMAGED)
		t_fail(__FILE__, __LINE__, "%s: exit %d: %s", doing, rv, said);
	if (rv && !said[0])
		t_fail(__FILE__, __LINE__, "%s: exit %d, no sentence", doing, rv);
	return rv != 0;
}

/* --- damage -------------------------------------------------------------------------------------------- */

enum damage { ZEROED, RANDOM, OTHER_PAGE, SWAPPED, TRUNCATED, HALF, DAMAGES };
static const char *const damage_names[] = {"zeroed",  "random",	   "another's",
					   "swapped", "truncated", "half written"};

static void damage(enum damage how, size_t page, struct prng *r)
{
	size_t pages = good_n / PAGE, other = 2 + prng_below(r, pages - 2), n = good_n;
	uint8_t *bad = malloc(good_n), *at = bad + page * PAGE;

	T_OK(bad);
	other = other == page ? pages - 1 - (page == pages - 1) : other;
	memcpy(bad, good, good_n);
	switch (how) {
	case ZEROED: memset(at, 0, PAGE); break;
	case RANDOM: prng_fill(r, at, PAGE); break;
	case SWAPPED:
		memcpy(bad + other * PAGE, good + page * PAGE, PAGE);
		memcpy(at, good + other * PAGE, PAGE);
		break;
	case OTHER_PAGE: memcpy(at, good + other * PAGE, PAGE); break;
	case TRUNCATED: n = page * PAGE + prng_below(r, PAGE); break;
	case HALF: memset(at + PAGE / 2, 0, PAGE / 2); break;
	case DAMAGES: break;
	}
	file_put(bad, n);
	free(bad);
}

/* A page that nothing refers to may hold anything; in one that matters every damage is noticed. */
static void each_page(int (*fn)(void))
{
	uint32_t noticed = 0;
	struct prng r;

	prng_seed(&r, 3);
	for (size_t page = 0; page < good_n / PAGE; page += t_step()) {
		bool matters[DAMAGES];

		for (int how = 0; how < DAMAGES; how++) {
			damage((enum damage)how, page, &r);
			matters[how] = survives(fn, damage_names[how], page);
			noticed += matters[how];
		}
		T_EQ(matters[RANDOM], matters[ZEROED]);
		T_OK(matters[OTHER_PAGE] || !matters[ZEROED]);
		T_OK(matters[TRUNCATED] || !matters[ZEROED]);
	}
	file_put(good, good_n);
	T_OK(!survives(fn, "whole", 0));
	printf("%u processes, %u noticed\n", tried, noticed);
	T_OK(noticed > tried / 2);
}

static void test_verify_survives_every_damaged_page(void)
{
	town_feed_new();
	each_page(do_verify);
	town_gone();
}

/* --- what is lost with a page -------------------------------------------------------------------------- */

static void look_at_rest(struct verify_report *ret, struct verify_lost *ret_lost)
{
	struct verify_rest *rest;

	T_EQ(verify_rest_new(&g.w.id, &rest), ERR_OK);
	T_EQ(kvlmdb_rows(dir, verify_rest_row, rest), ERR_OK);
	T_EQ(verify_rest_report(rest, FEED_TOWN, &g.guard, ret, ret_lost), ERR_OK);
	verify_rest_free(rest);
}

/* Whether all feeds have their heads, so that their sizes are known. */
static bool counts(const struct verify_report *r, const struct verify_lost *lost, uint64_t whole)
{
	uint64_t named = 0;

	for (uint32_t i = 0; i < r->nproblems; i++) {
		if (r->problem[i].id != PROBLEM_ENTRIES_MISSING)
			return false;
		named += (uint64_t)r->problem[i].num[0];
	}
	T_EQ(named, lost->entries);
	T_EQ(r->entries + lost->entries, whole);
	T_OK(lost->alone <= lost->entries);
	return true;
}

/* Every entry is there or named, whatever page is damaged; and a page that holds none takes none away. */
static void test_what_is_lost_with_a_page_is_named(void)
{
	uint32_t counted = 0, lossy = 0, pages = 0;
	struct verify_report r;
	struct verify_lost lost;
	uint64_t whole;
	struct prng p;

	town_feed_new();
	look_at_rest(&r, &lost);
	T_EQ(r.nproblems, 0);
	T_EQ(lost.entries, 0);
	whole = r.entries;
	T_OK(whole > 60);
	prng_seed(&p, 37);
	for (size_t page = 0; page < good_n / PAGE; page += t_step(), pages++) {
		damage((enum damage)(page % DAMAGES), page, &p);
		look_at_rest(&r, &lost);
		counted += counts(&r, &lost, whole);
		lossy += lost.entries > 0;
		verify_close(&r);
	}
	T_OK(counted > pages / 2 && counted < pages);
	T_OK(lossy > pages / 10 && lossy < pages / 2);
	town_gone();
}

static void test_rows_are_not_read_beside_a_writer(void)
{
	struct verify_rest *rest;
	struct kv *kv;

	store_new(10, false);
	T_EQ(kvlmdb_open(dir, NULL, &kv, NULL), ERR_OK);
	T_EQ(verify_rest_new(&g.w.id, &rest), ERR_OK);
	T_EQ(kvlmdb_rows(dir, verify_rest_row, rest), ERR_BUSY);
	kv_close(kv);
	T_EQ(kvlmdb_rows(dir, verify_rest_row, rest), ERR_OK);
	T_EQ(kvlmdb_rows("/tmp/cz-there-is-no-such-directory", verify_rest_row, rest), ERR_IO);
	verify_rest_free(rest);
	folder_gone();
}

/* --- a store too large to be checked while it is opened ------------------------------------------------ */

static int do_only_open(void)
{
	struct kvlmdb_opts opts = {.check_bytes = 1};
	struct errmsg msg = {0};
	struct kv *kv;

	if (kvlmdb_open(dir, &opts, &kv, &msg))
		return say(EXIT_MACHINE, msg.text);
	for (;;) /* nobody writes or reads */
		pause();
}

static void test_a_large_store_is_checked_before_anybody_writes(void)
{
	char said[SENTENCE_MAX];
	struct prng r;
	uint32_t ended = 0;

	store_new(60, false);
	prng_seed(&r, 41);
	for (uint32_t i = 0; i < 12; i++) {
		size_t page = 2 + prng_below(&r, good_n / PAGE - 2);

		damage(ZEROED, page, &r);
		if (!survives(do_read_and_write, "zeroed", page))
			continue; /* nothing refers to it */
		T_EQ(run(do_only_open, said), EXIT_MACHINE);
		T_OK(strstr(said, "is damaged") || strstr(said, "table"));
		ended++;
	}
	T_OK(ended > 3);
	folder_gone();
}

/* Closing does not wait for the end of the check, and writing does. */
static void test_a_large_store_can_be_written_and_closed(void)
{
	struct kvlmdb_opts opts = {.check_bytes = 1};
	struct prng r;
	struct kv *kv;

	store_new(60, true);
	prng_seed(&r, 43);
	for (int i = 0; i < 40; i++) {
		T_EQ(kvlmdb_open(dir, &opts, &kv, NULL), ERR_OK);
		if (i % 2)
			T_EQ(write_some(kv, &r, 10), ERR_OK);
		kv_close(kv);
	}
	folder_gone();
}

static void test_reading_and_writing_survive_every_damaged_page(void)
{
	town_feed_new();
	each_page(do_read_unseen);
	town_gone();
}

static void test_trees_long_values_and_free_pages_are_looked_at(void)
{
	const enum damage kinds[] = {ZEROED, OTHER_PAGE};
	struct prng r;

	store_new(ROUNDS, true);
	prng_seed(&r, 17);
	for (uint32_t i = 0; i < 150; i += t_step()) {
		size_t page = prng_below(&r, good_n / PAGE);
		enum damage how = kinds[prng_below(&r, 2)];

		damage(how, page, &r);
		survives(do_read_and_write, damage_names[how], page);
	}
	file_put(good, good_n);
	T_OK(!survives(do_read_and_write, "whole", 0));
	folder_gone();
}

/* A few bytes at the places that say where others are: heads, offsets, nodes, roots, free pages. What the look at
 * the pages lets through, LMDB must be able to read and to write over. */
static void test_what_passes_is_good_enough_for_lmdb(void)
{
	uint32_t noticed = 0;
	struct prng r;
	uint8_t *bad;

	store_new(60, false);
	bad = malloc(good_n);
	T_OK(bad);
	prng_seed(&r, 23);
	for (uint32_t i = 0; i < EDITS; i += t_step()) {
		size_t page = prng_below(&r, good_n / PAGE), edits = 1 + prng_below(&r, 3);

		memcpy(bad, good, good_n);
		for (size_t k = 0; k < edits; k++) {
			size_t within = prng_below(&r, prng_below(&r, 2) ? 64 : PAGE);

			bad[page * PAGE + within] ^= (uint8_t)(1u << prng_below(&r, 8));
		}
		file_put(bad, good_n);
		noticed += survives(do_read_and_write, "edited", page);
	}
	printf("%u edits, %u noticed\n", tried, noticed);
	T_OK(noticed > tried / 10);
	free(bad);
	folder_gone();
}

/* LMDB's own files are never found damaged, whatever was done before. */
static void test_a_whole_store_has_no_faults(void)
{
	struct pages_report pages;
	struct kvlmdb_opts opts = {.ret_all = &pages};
	struct errmsg msg = {0};
	struct prng r;
	struct kv *kv;

	folder_new();
	prng_seed(&r, 29);
	for (uint32_t i = 0; i < 60; i++) {
		if (kvlmdb_open(dir, &opts, &kv, &msg))
			t_fail(__FILE__, __LINE__, "round %u: %s", i, msg.text);
		T_EQ(write_some(kv, &r, 1 + (uint32_t)prng_below(&r, 200)), ERR_OK);
		if (i % 20 == 10)
			write_and_remove(kv);
		kv_close(kv);
	}
	T_OK(pages.pages > 100);
	folder_gone();
}

static void write_for_ever(void)
{
	struct prng r;
	struct kv *kv;

	prng_seed(&r, 31);
	T_EQ(kvlmdb_open(dir, NULL, &kv, NULL), ERR_OK);
	for (;;)
		T_EQ(write_some(kv, &r, 1 + (uint32_t)prng_below(&r, 20)), ERR_OK);
}

/* verify looks at the pages beside a daemon that writes. */
static void test_a_store_that_is_being_written_has_no_faults(void)
{
	struct pages_report pages;
	struct kvlmdb_opts opts = {.readonly = true, .ret_all = &pages};
	struct errmsg msg = {0};
	struct kv *kv;
	uint32_t read = 0;
	pid_t pid;

	store_new(10, false);
	pid = fork();
	T_OK(pid >= 0);
	if (pid == 0)
		write_for_ever();
	while (read < 300) {
		int err = kvlmdb_open(dir, &opts, &kv, &msg);

		if (err && err != ERR_BUSY)
			t_fail(__FILE__, __LINE__, "%u: %s", read, msg.text);
		if (!err)
			kv_close(kv);
		read += !err;
	}
	T_EQ(kill(pid, SIGKILL), 0);
	T_EQ(waitpid(pid, NULL, 0), pid);
	folder_gone();
}

/* The disk fails after all was well: the file is shorter than the map. */
static int do_read_cut(void)
{
	struct kv *kv;
	int fd = open(data, O_WRONLY);

	T_EQ(kvlmdb_open(dir, NULL, &kv, NULL), ERR_OK);
	T_EQ(ftruncate(fd, 2 * PAGE), 0);
	read_all(kv);
	return 0; /* no page was there to be read */
}

static void test_a_disk_that_fails_later_ends_in_a_sentence(void)
{
	char said[SENTENCE_MAX];

	store_new(10, false);
	T_EQ(run(do_read_cut, said), EXIT_MACHINE);
	T_STR(said, LAST_WORDS "\n");
	folder_gone();
}

static int do_bug(void)
{
	struct kv *kv;

	T_EQ(kvlmdb_open(dir, NULL, &kv, NULL), ERR_OK);
	raise(SIGSEGV);
	return 0;
}

/* A fault that has nothing to do with the store is not called one of the disk. */
static void test_a_bug_is_no_fault_of_the_disk(void)
{
	int status;
	pid_t pid;

	store_new(10, false);
	pid = fork();
	T_OK(pid >= 0);
	if (pid == 0) {
		close(STDERR_FILENO);
		faults_set(LAST_WORDS);
		_exit(do_bug());
	}
	T_EQ(waitpid(pid, &status, 0), pid);
	T_OK(WIFSIGNALED(status) || WEXITSTATUS(status) != EXIT_MACHINE);
	folder_gone();
}

/* --- the look itself, without LMDB ---------------------------------------------------------------------- */

static uint64_t newest_txn(const uint8_t *file)
{
	uint64_t txn[2];

	/* behind the head, the magic, the addresses and the two roots */
	for (int i = 0; i < 2; i++)
		memcpy(&txn[i], file + i * PAGE + 16 + 24 + 2 * 48 + 8, 8);
	return txn[0] > txn[1] ? txn[0] : txn[1];
}

static int count_row(void *ctx, enum kv_table tab, struct bytes key, struct bytes val)
{
	uint64_t *rows = ctx;

	T_OK(tab < KV_NTABLES && key.n > 0 && key.n <= 511);
	T_OK(val.n == 0 || val.p);
	++*rows;
	return ERR_OK;
}

/* Two bytes of the file are others. What is found, and how many rows are left of @whole. */
static void look_at_edit(int fd, size_t at, const uint8_t edit[2], uint32_t seen[], uint64_t whole)
{
	struct pages_report r;
	uint64_t rows = 0;

	T_EQ(pwrite(fd, edit, 2, (off_t)at), 2);
	T_EQ(pages_check_meta(fd, 1 << 30, &r), ERR_OK);
	for (int all = 0; all < 2 && r.n == 0; all++) {
		int err = pages_check(fd, newest_txn(good), all, NULL, &r);

		T_OK(err == ERR_OK || err == ERR_BUSY);
	}
	T_OK(r.n <= PAGES_FAULTS_MAX);
	for (uint32_t i = 0; i < r.n; i++) {
		struct errmsg msg = {0};

		T_EQ(pages_fail(&r.fault[i], &msg), ERR_CORRUPT);
		T_OK(strstr(msg.text, "of the store"));
		seen[r.fault[i].what]++;
	}
	T_EQ(pages_rows(fd, count_row, &rows), ERR_OK);
	T_OK(rows <= whole);
	T_EQ(pwrite(fd, good + at, 2, (off_t)at), 2);
}

/* Heads, offsets and nodes of every page, word by word: the look ends, says what is wrong, and every kind of fault
 * is met; what is left can be read. */
static void test_every_kind_of_fault_is_met(void)
{
	uint32_t seen[PAGES_TABLES + 1] = {0};
	uint64_t whole = 0;
	struct prng r;
	int fd;

	store_new(ROUNDS, true);
	prng_seed(&r, 53);
	fd = open(data, O_RDWR);
	T_OK(fd >= 0);
	T_EQ(pages_rows(fd, count_row, &whole), ERR_OK);
	T_OK(whole > 1000);
	for (uint32_t i = 0; i < 6000; i += t_step()) {
		size_t page = prng_below(&r, good_n / PAGE);
		size_t at = page * PAGE + 2 * prng_below(&r, prng_below(&r, 4) ? 100 : PAGE / 2);
		uint8_t edit[2] = {good[at], good[at + 1]};

		if (prng_below(&r, 2))
			prng_fill(&r, edit, 2);
		else
			edit[prng_below(&r, 2)] ^= (uint8_t)(1u << prng_below(&r, 8));
		look_at_edit(fd, at, edit, seen, whole);
	}
	for (int what = PAGES_BEYOND; what <= PAGES_TWICE; what++)
		if (t_step() == 1)
			T_OK(seen[what] > 0);
	close(fd);
	folder_gone();
}

static int refuse_row(void *ctx, enum kv_table tab, struct bytes key, struct bytes val)
{
	(void)tab;
	(void)key;
	(void)val;
	return --*(int *)ctx ? ERR_OK : ERR_FULL;
}

static void test_who_takes_the_rows_may_end_the_walk(void)
{
	int left = 10, fd;

	store_new(60, false);
	fd = open(data, O_RDONLY);
	T_EQ(pages_rows(fd, refuse_row, &left), ERR_FULL);
	T_EQ(left, 0);
	close(fd);
	folder_gone();
}

/* Without the first page the second says where all is, and both newest trees may be gone. */
static void test_rows_are_found_without_the_first_page(void)
{
	uint64_t whole = 0, rows = 0;
	static const uint8_t zero[PAGE];
	int fd;

	store_new(60, false);
	fd = open(data, O_RDWR);
	T_EQ(pages_rows(fd, count_row, &whole), ERR_OK);
	for (int i = 0; i < 2; i++) {
		rows = 0;
		T_EQ(pwrite(fd, zero, PAGE, i * (off_t)PAGE), PAGE);
		T_EQ(pages_rows(fd, count_row, &rows), ERR_OK);
		T_OK(rows > whole / 3 && rows < whole); /* of one snapshot */
		T_EQ(pwrite(fd, good + i * PAGE, PAGE, i * (off_t)PAGE), PAGE);
	}
	T_EQ(pwrite(fd, zero, PAGE, 0), PAGE);
	T_EQ(pwrite(fd, zero, PAGE, PAGE), PAGE);
	rows = 0;
	T_EQ(pages_rows(fd, count_row, &rows), ERR_OK);
	T_EQ(rows, 0);
	close(fd);
	folder_gone();
}

static void test_a_look_can_be_ended(void)
{
	struct pages_report r;
	atomic_bool stop = true;
	int fd;

	store_new(60, false);
	fd = open(data, O_RDONLY);
	T_EQ(pages_check(fd, newest_txn(good), true, &stop, &r), ERR_CANCELED);
	stop = false;
	T_EQ(pages_check(fd, newest_txn(good), true, &stop, &r), ERR_OK);
	T_EQ(pages_check(fd, newest_txn(good) - 1, true, &stop, &r), ERR_BUSY);
	close(fd);
	folder_gone();
}

static void test_what_cannot_be_read_is_a_fault(void)
{
	struct pages_report r;
	struct errmsg msg = {0};
	int fd;

	folder_new();
	fd = open(dir, O_RDONLY); /* it has a size, and read() fails */
	T_EQ(pages_check_meta(fd, 1 << 30, &r), ERR_OK);
	T_EQ(r.n, 1);
	T_EQ(r.fault[0].what, PAGES_UNREADABLE);
	T_EQ(pages_fail(&r.fault[0], &msg), ERR_IO);
	T_OK(strstr(msg.text, "page 0 ") != NULL);
	close(fd);
	folder_gone();
}

T_MAIN(T(test_a_whole_store_has_no_faults), T(test_a_store_that_is_being_written_has_no_faults),
       T(test_verify_survives_every_damaged_page), T(test_what_is_lost_with_a_page_is_named),
       T(test_rows_are_not_read_beside_a_writer),
       T(test_a_large_store_is_checked_before_anybody_writes),
       T(test_a_large_store_can_be_written_and_closed),
       T(test_reading_and_writing_survive_every_damaged_page),
       T(test_trees_long_values_and_free_pages_are_looked_at),
       T(test_what_passes_is_good_enough_for_lmdb),
       T(test_a_disk_that_fails_later_ends_in_a_sentence), T(test_a_bug_is_no_fault_of_the_disk),
       T(test_what_cannot_be_read_is_a_fault), T(test_every_kind_of_fault_is_met),
       T(test_who_takes_the_rows_may_end_the_walk), T(test_rows_are_found_without_the_first_page),
       T(test_a_look_can_be_ended))
