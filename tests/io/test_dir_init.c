#include "tests/lib/t.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/dir.h"
#include "daemon/io/file.h"
#include "lib/err.h"

static char top[64], path[80];
static struct dir_hub_opts hub = {.name = "小河镇",
				  .code = "500101000",
				  .domain = "points.example",
				  .listen = "127.0.0.1:7100",
				  .operator_name = "王建国",
				  .passphrase = "correct horse",
				  .cost = {1, 8}};

static void fresh(void)
{
	snprintf(top, sizeof(top), "/tmp/init-XXXXXX");
	T_OK(mkdtemp(top) != NULL);
	snprintf(path, sizeof(path), "%s/node", top);
}

static void gone(void)
{
	char cmd[100];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	T_EQ(system(cmd), 0);
}

static void test_a_bad_domain_is_found_before_anything_is_made(void)
{
	static const char *const bad[] = {"Town.example", "", "a b", "a/b"};
	struct dir_hub_opts o = hub;
	struct errmsg msg = {0};

	fresh();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		o.domain = bad[i];
		T_EQ(dir_init_hub(path, &o, &msg), ERR_INVALID);
		T_OK(strstr(msg.text, "domain") != NULL);
		T_OK(!file_exists(path));
	}
	T_EQ(dir_init_hub(path, &hub, &msg), ERR_OK);
	gone();
}

static void test_an_init_that_fails_leaves_nothing(void)
{
	struct dir_hub_opts o = hub;
	struct errmsg msg = {0};

	fresh();
	o.code = "no digits"; /* found when the charter is made */
	T_OK(dir_init_hub(path, &o, &msg) != ERR_OK);
	T_OK(!file_exists(path));
	T_EQ(mkdir(path, 0755), 0); /* it was there, and stays */
	T_OK(dir_init_hub(path, &o, &msg) != ERR_OK);
	T_OK(file_exists(path));
	T_OK(file_dir_empty(path));
	T_EQ(dir_init_hub(path, &hub, &msg), ERR_OK);
	/* what another init has made is not touched */
	T_EQ(dir_init_hub(path, &hub, &msg), ERR_EXISTS);
	snprintf(path, sizeof(path), "%s/node/config.ini", top);
	T_OK(file_exists(path));
	gone();
}

static void *init_here(void *arg)
{
	*(int *)arg = dir_init_hub(path, &hub, NULL);
	return NULL;
}

static void test_of_two_who_init_one_place_one_is_refused(void)
{
	enum { RACERS = 4 };
	pthread_t thread[RACERS];
	int err[RACERS], won = 0;
	struct errmsg msg = {0};
	struct dir d;

	fresh();
	for (int i = 0; i < RACERS; i++)
		T_EQ(pthread_create(&thread[i], NULL, init_here, &err[i]), 0);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(thread[i], NULL);
		won += err[i] == ERR_OK;
		T_OK(err[i] == ERR_OK || err[i] == ERR_EXISTS);
	}
	T_EQ(won, 1);
	T_EQ(dir_open(path, &d, &msg), ERR_OK); /* and nothing of it was removed */
	dir_close(&d);
	gone();
}

/* An invitation from a hub that does not check its domain. */
static void test_a_village_checks_the_domain_too(void)
{
	uint8_t seed[SIGN_SEED_BYTES] = {7};
	struct dir_village_opts v = {
		.operator_name = "李秀英", .passphrase = "correct horse", .cost = {1, 8}};
	struct errmsg msg = {0};
	struct buf text = {0};
	struct dir d;

	fresh();
	T_EQ(dir_init_hub(path, &hub, &msg), ERR_OK);
	T_EQ(dir_open(path, &d, &msg), ERR_OK);
	snprintf(path, sizeof(path), "%s/village", top);
	for (int good = 0; good < 2; good++) {
		snprintf(d.cfg.domain, sizeof(d.cfg.domain), good ? "points.example" : "Points");
		buf_reset(&text);
		T_EQ(dir_invitation(&d, "500101000001", "石桥村", seed, &text, &msg), ERR_OK);
		v.invitation = buf_str(&text);
		v.invitation_n = text.n;
		T_EQ(dir_init_village(path, &v, &msg), good ? ERR_OK : ERR_INVALID);
		T_OK(file_exists(path) == good);
	}
	v.passphrase = "short";
	snprintf(path, sizeof(path), "%s/other", top);
	T_EQ(dir_init_village(path, &v, &msg), ERR_INVALID);
	T_OK(!file_exists(path));
	buf_close(&text);
	dir_close(&d);
	gone();
}

static void in_node(const char *name, char out[DIR_PATH_MAX])
{
	snprintf(out, DIR_PATH_MAX, "%s/%s", path, name);
}

static void opens(int want, const char *how)
{
	struct errmsg msg = {0};
	struct dir d = {0};

	T_EQ(dir_open(path, &d, &msg), want);
	if (how)
		T_OK(strstr(msg.text, how) != NULL);
	dir_close(&d);
}

static void test_keys_that_others_can_read_are_refused(void)
{
	static const char *const keys[] = {"keys/feed.key", "keys/witness.key",
					   "keys/transport.key"};
	char name[DIR_PATH_MAX];
	struct sign_key *key = NULL;
	struct errmsg msg = {0};
	struct dir d;

	fresh();
	T_EQ(dir_init_hub(path, &hub, &msg), ERR_OK);
	opens(ERR_OK, NULL);
	for (size_t i = 0; i < 3; i++) {
		in_node(keys[i], name);
		T_EQ(chmod(name, 0640), 0);
		opens(ERR_STATE, "chmod 600");
		T_EQ(chmod(name, 0400), 0);
		opens(ERR_OK, NULL);
	}
	in_node("keys", name);
	T_EQ(chmod(name, 0755), 0);
	opens(ERR_STATE, "chmod 700");
	T_EQ(chmod(name, 0700), 0);
	T_EQ(dir_open(path, &d, &msg), ERR_OK);
	in_node("keys/people/王建国.key", name);
	T_EQ(chmod(name, 0604), 0);
	T_EQ(dir_person_open(&d, hub.operator_name, hub.passphrase, &key, &msg), ERR_STATE);
	T_OK(strstr(msg.text, "chmod 600") != NULL);
	T_EQ(chmod(name, 0600), 0);
	T_EQ(dir_person_open(&d, hub.operator_name, hub.passphrase, &key, &msg), ERR_OK);
	sign_key_free(key);
	dir_close(&d);
	gone();
}

static void start_library(void)
{
	T_EQ(crypto_start(), ERR_OK);
}

static void file_is(const char *name, const char *text)
{
	if (text)
		T_EQ(file_write(name, text, strlen(text), 0600, NULL), ERR_OK);
	else
		T_EQ(file_remove(name, NULL), ERR_OK);
}

/* A folder of which a file is lost or damaged does not open, and it is said which file. */
static void test_a_damaged_folder_says_which_file(void)
{
	static const char *const files[] = {"config.ini",	"feed.manifest",
					    "town.manifest",	"keys/feed.key",
					    "keys/witness.key", "keys/transport.key"};
	static const char *const damages[] = {NULL, "", "no bytes of ours"};
	struct errmsg msg = {0};
	char name[DIR_PATH_MAX];
	struct buf b = {0};

	fresh();
	T_EQ(dir_init_hub(path, &hub, &msg), ERR_OK);
	for (size_t i = 0; i < 6; i++) {
		in_node(files[i], name);
		buf_reset(&b);
		T_EQ(file_read(name, 1 << 16, &b, NULL), ERR_OK);
		for (size_t k = 0; k < 3; k++) {
			struct dir d = {0};

			file_is(name, damages[k]);
			T_OK(dir_open(path, &d, &msg) != ERR_OK);
			T_OK(strstr(msg.text, i ? files[i] : path));
			dir_close(&d);
		}
		T_EQ(file_write(name, b.p, b.n, 0600, NULL), ERR_OK);
		opens(ERR_OK, NULL);
	}
	buf_close(&b);
	gone();
}

/* Files of two nodes in one folder: what does not belong together is not used. */
static void test_files_of_two_nodes_are_told_apart(void)
{
	struct dir_hub_opts o = hub;
	char mine[DIR_PATH_MAX], theirs[DIR_PATH_MAX], other[80];
	struct errmsg msg = {0};
	struct buf kept = {0}, b = {0};

	fresh();
	snprintf(other, sizeof(other), "%s/other", top);
	T_EQ(dir_init_hub(path, &hub, &msg), ERR_OK);
	T_EQ(dir_init_hub(other, &o, &msg), ERR_OK);
	in_node("feed.manifest", mine);
	snprintf(theirs, sizeof(theirs), "%s/feed.manifest", other);
	T_EQ(file_read(mine, 1 << 16, &kept, NULL), ERR_OK);
	T_EQ(file_read(theirs, 1 << 16, &b, NULL), ERR_OK);
	T_EQ(file_write(mine, b.p, b.n, 0600, NULL), ERR_OK);
	opens(ERR_STATE, "the two manifests name different towns");
	T_EQ(file_write(mine, kept.p, kept.n, 0600, NULL), ERR_OK);
	in_node("keys/feed.key", mine);
	snprintf(theirs, sizeof(theirs), "%s/keys/feed.key", other);
	buf_reset(&b);
	T_EQ(file_read(theirs, 1 << 16, &b, NULL), ERR_OK);
	T_EQ(file_write(mine, b.p, b.n, 0600, NULL), ERR_OK);
	opens(ERR_STATE, "is not the key of feed.manifest");
	buf_close(&kept);
	buf_close(&b);
	gone();
}

static void test_the_number_of_starts_only_grows(void)
{
	static const char *const bad[] = {"", "x\n", "-1", "4294967295\n",
					  "99999999999999999999999"};
	char name[DIR_PATH_MAX];
	struct errmsg msg = {0};
	struct dir d = {0};

	fresh();
	T_EQ(dir_init_hub(path, &hub, &msg), ERR_OK);
	T_EQ(dir_open(path, &d, &msg), ERR_OK);
	T_EQ(dir_boot(&d, &msg), ERR_OK);
	T_EQ(dir_boot(&d, &msg), ERR_OK);
	T_EQ(d.boot, 2);
	in_node("boot", name);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		file_is(name, bad[i]);
		T_OK(dir_boot(&d, &msg) != ERR_OK);
		T_OK(strstr(msg.text, "boot"));
		T_EQ(d.boot, 2);
	}
	dir_close(&d);
	gone();
}

T_MAIN_WITH(start_library, NULL, T(test_a_damaged_folder_says_which_file),
	    T(test_files_of_two_nodes_are_told_apart), T(test_the_number_of_starts_only_grows),
	    T(test_a_bad_domain_is_found_before_anything_is_made),
	    T(test_an_init_that_fails_leaves_nothing),
	    T(test_of_two_who_init_one_place_one_is_refused),
	    T(test_a_village_checks_the_domain_too), T(test_keys_that_others_can_read_are_refused))
