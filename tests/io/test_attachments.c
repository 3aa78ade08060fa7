#include "daemon/io/attachments.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/file.h"
#include "tests/lib/t.h"

static char dir[64];

static void fresh(void)
{
	snprintf(dir, sizeof(dir), "/tmp/evidence-XXXXXX");
	T_OK(mkdtemp(dir) != NULL);
}

static void done(void)
{
	T_EQ(file_empty_dir(dir, NULL), ERR_OK);
	T_EQ(rmdir(dir), 0);
}

static bool keep(const char *text, struct hash *ret)
{
	struct attachment *e = attachments_begin(dir);
	struct errmsg msg = {0};
	bool fresh_one = false;

	for (const char *p = text; *p; p++)
		attachments_add(e, p, 1);
	T_EQ(attachments_keep(e, ret, &fresh_one, &msg), ERR_OK);
	attachments_end(e);
	return fresh_one;
}

static enum attachment_state look(const struct hash *h)
{
	enum attachment_state s;
	struct errmsg msg;

	T_EQ(attachments_look(dir, h, &s, &msg), ERR_OK);
	return s;
}

/* Files and folders right below DIR/evidence. */
static int entries(void)
{
	char path[ATTACHMENTS_PATH_MAX];
	struct dirent *f;
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/evidence", dir);
	d = opendir(path);
	T_OK(d != NULL);
	while ((f = readdir(d)))
		n += f->d_name[0] != '.';
	closedir(d);
	return n;
}

static void test_a_file_is_kept_under_its_digest(void)
{
	char path[ATTACHMENTS_PATH_MAX], want[ATTACHMENTS_PATH_MAX], hex[2 * HASH_BYTES + 1];
	struct hash h, right;
	struct stat st;

	fresh();
	hash_of("a photo", 7, &right);
	T_OK(keep("a photo", &h));
	T_EQ(hash_cmp(&h, &right), 0);
	T_EQ(attachments_path(dir, &h, path), ERR_OK);
	hash_hex(&right, 64, hex);
	snprintf(want, sizeof(want), "%s/evidence/%.2s/%s", dir, hex, hex);
	T_STR(path, want);
	T_EQ(stat(path, &st), 0);
	T_EQ(st.st_size, 7);
	T_EQ(st.st_mode & 07777, 0600);
	T_EQ(look(&h), ATTACHMENT_INTACT);
	done();
}

static void test_the_same_file_is_kept_once(void)
{
	struct hash a, b;

	fresh();
	T_OK(keep("twice", &a));
	T_OK(!keep("twice", &b));
	T_EQ(hash_cmp(&a, &b), 0);
	T_EQ(entries(), 1);
	done();
}

static void test_what_was_altered_or_lost_is_seen_and_can_be_brought_back(void)
{
	char path[ATTACHMENTS_PATH_MAX];
	struct hash h;

	fresh();
	keep("as it was", &h);
	T_EQ(attachments_path(dir, &h, path), ERR_OK);
	T_EQ(file_overwrite(path, "A", 1, NULL), ERR_OK);
	T_EQ(look(&h), ATTACHMENT_ALTERED);
	T_OK(keep("as it was", &h));
	T_EQ(look(&h), ATTACHMENT_INTACT);
	T_EQ(unlink(path), 0);
	T_EQ(look(&h), ATTACHMENT_ABSENT);
	done();
}

static void count(void *ctx, const struct hash *h)
{
	struct hash want;

	hash_of("one of two", 10, &want);
	((int *)ctx)[hash_cmp(h, &want) == 0]++;
}

static void test_all_that_is_kept_can_be_listed(void)
{
	struct errmsg msg;
	struct hash h;
	int n[2] = {0};

	fresh();
	T_EQ(attachments_each(dir, count, n, &msg), ERR_OK);
	keep("one of two", &h);
	keep("the other", &h);
	T_EQ(attachments_each(dir, count, n, &msg), ERR_OK);
	T_EQ(n[0], 1);
	T_EQ(n[1], 1);
	done();
}

static void test_what_is_not_kept_leaves_nothing(void)
{
	struct attachment *e, *left;

	fresh();
	e = attachments_begin(dir);
	attachments_add(e, "half", 4);
	T_EQ(entries(), 1);
	attachments_end(e);
	T_EQ(entries(), 0);
	left = attachments_begin(dir); /* as if the daemon died here */
	attachments_add(left, "half", 4);
	attachments_sweep(dir);
	T_EQ(entries(), 0);
	attachments_end(left);
	attachments_end(NULL);
	done();
	attachments_sweep(dir); /* where there is no folder */
}

static void test_a_folder_that_cannot_be_written_is_told_at_the_end(void)
{
	struct attachment *e = attachments_begin("/no/such/folder");
	struct errmsg msg = {0};
	struct hash h;
	bool is_new;

	T_OK(e != NULL);
	attachments_add(e, "x", 1);
	T_EQ(attachments_keep(e, &h, &is_new, &msg), ERR_NOTFOUND);
	T_OK(strstr(msg.text, "/no/such/folder/evidence"));
	attachments_end(e);
}

static void test_nothing_is_no_evidence(void)
{
	struct attachment *e;
	struct errmsg msg = {0};
	struct hash h;
	bool is_new;

	fresh();
	e = attachments_begin(dir);
	attachments_add(e, "", 0);
	T_EQ(attachments_keep(e, &h, &is_new, &msg), ERR_INVALID);
	attachments_end(e);
	T_EQ(entries(), 0);
	done();
}

static void test_a_digest_is_bounded(void)
{
	char path[80];
	struct hash h, want;
	struct errmsg msg;

	fresh();
	snprintf(path, sizeof(path), "%s/f", dir);
	T_EQ(file_write(path, "12345", 5, 0600, NULL), ERR_OK);
	hash_of("12345", 5, &want);
	T_EQ(attachments_digest(path, 5, &h, &msg), ERR_OK);
	T_EQ(hash_cmp(&h, &want), 0);
	T_EQ(attachments_digest(path, 4, &h, &msg), ERR_LIMIT);
	T_EQ(attachments_digest("/no/such/file", 4, &h, &msg), ERR_NOTFOUND);
	T_EQ(attachments_digest(dir, 4, &h, &msg), ERR_IO);
	done();
}

T_MAIN(T(test_a_file_is_kept_under_its_digest), T(test_the_same_file_is_kept_once),
       T(test_what_was_altered_or_lost_is_seen_and_can_be_brought_back),
       T(test_all_that_is_kept_can_be_listed), T(test_what_is_not_kept_leaves_nothing),
       T(test_nothing_is_no_evidence), T(test_a_folder_that_cannot_be_written_is_told_at_the_end),
       T(test_a_digest_is_bounded))
