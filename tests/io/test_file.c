#include "daemon/io/file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/err.h"
#include "tests/lib/t.h"

#define NAME_LONG                                                                                  \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaa"                                                                                      \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaa"                                                                                      \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaa"

static char top[64];

static void at(const char *name, char path[160])
{
	snprintf(path, 160, "%s/%s", top, name);
}

static void put(const char *name, const char *text)
{
	char path[160];

	at(name, path);
	T_EQ(file_write(path, text, strlen(text), 0600, NULL), ERR_OK);
}

static void folder(const char *name)
{
	char path[160];

	at(name, path);
	T_EQ(mkdir(path, 0700), 0);
}

static void link_to(const char *target, const char *name)
{
	char path[160];

	at(name, path);
	T_EQ(symlink(target, path), 0);
}

/* sheet/ is the folder of a sheet; secret stands beside it. */
static void make(void)
{
	char path[160];

	snprintf(top, sizeof(top), "/tmp/cz-file-XXXXXX");
	T_OK(mkdtemp(top));
	folder("sheet");
	folder("sheet/in");
	put("secret", "secret");
	put("sheet/a", "one");
	put("sheet/in/b", "two");
	link_to("../secret", "sheet/link");
	link_to("a", "sheet/inner");
	link_to("..", "sheet/up");
	link_to("nowhere", "sheet/broken");
	at("sheet/pipe", path);
	T_EQ(mkfifo(path, 0600), 0);
}

static void gone(void)
{
	T_EQ(file_empty_dir(top, NULL), ERR_OK);
	T_EQ(rmdir(top), 0);
}

static void want(const char *name, int err, bool link, const char *text)
{
	struct buf b = {0};
	struct errmsg msg = {0};
	char sheet[160];
	bool is_link;
	int got;

	at("sheet", sheet);
	got = file_read_below(sheet, name, 5, &b, &is_link, &msg);
	if (got != err || is_link != link)
		t_fail(__FILE__, __LINE__, "%s: %s (%s), link %d", name, err_name(got), msg.text,
		       is_link);
	T_EQ(b.n, strlen(text));
	if (b.n)
		T_MEM(b.p, text, b.n);
	T_OK(!err || msg.text[0]);
	buf_close(&b);
}

static void test_a_name_leads_down_and_nowhere_else(void)
{
	want("a", ERR_OK, false, "one");
	want("./a", ERR_OK, false, "one");
	want("in/b", ERR_OK, false, "two");
	want("in//./b", ERR_OK, false, "two");
	want("../secret", ERR_REFUSED, false, "");
	want("in/../../secret", ERR_REFUSED, false, "");
	want("in/..", ERR_REFUSED, false, "");
	want("..", ERR_REFUSED, false, "");
	want("/etc/hostname", ERR_REFUSED, false, "");
	want("", ERR_REFUSED, false, "");
	want(".", ERR_REFUSED, false, "");
}

static void test_no_link_is_followed(void)
{
	want("link", ERR_REFUSED, true, "");
	want("inner", ERR_REFUSED, true, "");
	want("up/secret", ERR_REFUSED, true, "");
	want("in/../up/secret", ERR_REFUSED, false, "");
	want("broken", ERR_REFUSED, true, "");
}

static void test_what_is_no_file_is_not_read(void)
{
	want("pipe", ERR_INVALID, false, "");
	want("in", ERR_INVALID, false, "");
	want("nothing", ERR_NOTFOUND, false, "");
	want("a/b", ERR_IO, false, "");
	want(NAME_LONG, ERR_IO, false, "");
	put("sheet/long", "longer");
	want("long", ERR_LIMIT, false, "");
}

static void test_trying_leaves_nothing_behind(void)
{
	char path[160], no[160];
	struct errmsg msg = {0};

	at("sheet/try", path);
	T_EQ(file_try(path, 100000, &msg), ERR_OK);
	T_OK(!file_exists(path));
	at("no/try", no);
	T_EQ(file_try(no, 10, &msg), ERR_NOTFOUND);
}

static void test_an_error_of_the_system_keeps_its_kind(void)
{
	static const struct {
		int e, err;
	} kinds[] = {{ENOENT, ERR_NOTFOUND}, {EEXIST, ERR_EXISTS},   {ENOSPC, ERR_FULL},
		     {EDQUOT, ERR_FULL},     {ENOMEM, ERR_NOMEM},    {EACCES, ERR_DENIED},
		     {EPERM, ERR_DENIED},    {EROFS, ERR_READ_ONLY}, {EIO, ERR_IO}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		T_EQ(file_err(kinds[i].e), kinds[i].err);
}

/* Each of them says what it was doing, with what, and why it failed; and leaves nothing behind. */
static void test_what_fails_says_why(void)
{
	struct errmsg msg = {0};
	struct buf out = {0};
	char path[160], deep[160];
	uint8_t two[2];
	int lock;

	at("none", path);
	at("none/file", deep);
	T_EQ(file_read(path, 10, &out, &msg), ERR_NOTFOUND);
	T_OK(strstr(msg.text, "open ") && strstr(msg.text, "No such file"));
	T_EQ(file_read(top, 10, &out, &msg), ERR_IO);
	T_OK(strstr(msg.text, "read ") && strstr(msg.text, "Is a directory"));
	T_EQ(out.n, 0);
	T_EQ(file_read_exact(path, two, 2, &msg), ERR_NOTFOUND);
	T_EQ(file_read_secret(path, two, 2, &msg), ERR_NOTFOUND);
	T_EQ(file_private_dir(path, &msg), ERR_NOTFOUND);
	T_EQ(file_overwrite(path, "x", 1, &msg), ERR_NOTFOUND);
	T_EQ(file_write(deep, "x", 1, 0600, &msg), ERR_NOTFOUND);
	T_OK(strstr(msg.text, "create "));
	T_EQ(file_try(deep, 100, &msg), ERR_NOTFOUND);
	T_EQ(file_lock(path, &lock, &msg), ERR_NOTFOUND);
	T_EQ(file_empty_dir(path, &msg), ERR_NOTFOUND);
	T_EQ(file_mkdir_new(top, 0700, &msg), ERR_EXISTS);
	T_EQ(file_mkdir(top, 0700, &msg), ERR_OK);
	T_EQ(file_mkdir(deep, 0700, &msg), ERR_NOTFOUND);
	T_OK(file_remove(top, &msg) != ERR_OK);
	T_EQ(file_rename(path, deep, &msg), ERR_NOTFOUND);
	T_EQ(file_sync_name(deep, &msg), ERR_NOTFOUND);
	T_EQ(file_overwrite("/dev/full", "x", 1, &msg), ERR_FULL);
	T_OK(strstr(msg.text, "write /dev/full: "));
	T_OK(!file_denied(path) && !file_exists(path) && file_dir_empty(path));
	T_OK(!file_dir_empty("/dev/null")); /* no folder */
	buf_close(&out);
}

static void test_sizes_and_modes_are_looked_at(void)
{
	struct errmsg msg = {0};
	struct buf out = {0};
	char path[160], long_name[700];
	uint8_t two[2];

	put("three", "abc");
	at("three", path);
	T_EQ(file_read(path, 2, &out, &msg), ERR_LIMIT);
	T_EQ(out.n, 0);
	T_EQ(file_read(path, 3, &out, &msg), ERR_OK);
	T_EQ(file_read_exact(path, two, 2, &msg), ERR_FORMAT);
	T_EQ(chmod(path, 0640), 0);
	T_EQ(file_read_secret(path, two, 2, &msg), ERR_STATE);
	T_OK(strstr(msg.text, "chmod 600 "));
	T_EQ(chmod(top, 0750), 0);
	T_EQ(file_private_dir(top, &msg), ERR_STATE);
	T_OK(strstr(msg.text, "chmod 700 "));
	T_EQ(chmod(top, 0700), 0);
	T_EQ(file_private_dir(top, &msg), ERR_OK);
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	T_EQ(file_write(long_name, "x", 1, 0600, &msg), ERR_LIMIT);
	T_OK(file_sync_name("///", NULL) == ERR_OK); /* its folder is the root */
	T_EQ(file_remove(path, &msg), ERR_OK);
	T_EQ(file_remove(path, &msg), ERR_OK); /* it is gone, as was wanted */
	buf_close(&out);
}

T_MAIN_WITH(make, gone, T(test_an_error_of_the_system_keeps_its_kind), T(test_what_fails_says_why),
	    T(test_sizes_and_modes_are_looked_at), T(test_a_name_leads_down_and_nowhere_else),
	    T(test_no_link_is_followed), T(test_what_is_no_file_is_not_read),
	    T(test_trying_leaves_nothing_behind))
