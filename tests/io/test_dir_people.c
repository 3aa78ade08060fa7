#include "tests/lib/t.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/io/dir.h"
#include "daemon/io/file.h"
#include "lib/err.h"

#define RACERS 8
#define PASS   "correct horse"

static const struct seal_cost cheap = {1, 8};
static struct dir d;

static const char *in_dir(const char *name)
{
	static char path[DIR_PATH_MAX];

	T_EQ(dir_path(&d, name, path), ERR_OK);
	return path;
}

static void fresh(void)
{
	memset(&d, 0, sizeof(d));
	snprintf(d.path, sizeof(d.path), "/tmp/people-XXXXXX");
	T_OK(mkdtemp(d.path) != NULL);
	T_EQ(mkdir(in_dir("keys"), 0700), 0);
	T_EQ(mkdir(in_dir("keys/people"), 0700), 0);
}

static void gone(void)
{
	char cmd[DIR_PATH_MAX + 16];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", d.path);
	T_EQ(system(cmd), 0);
}

struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	int err;
	uint8_t key[SIGN_KEY_BYTES];
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	r->err = dir_person_create(&d, "王建国", PASS, cheap, r->key, NULL);
	return NULL;
}

static void test_of_two_who_make_one_person_one_is_refused(void)
{
	struct racer r[RACERS] = {0}, *won = NULL;
	pthread_barrier_t start;
	struct sign_key *key;
	uint8_t pub[SIGN_KEY_BYTES];

	fresh();
	pthread_barrier_init(&start, NULL, RACERS);
	for (int i = 0; i < RACERS; i++) {
		r[i].start = &start;
		T_EQ(pthread_create(&r[i].thread, NULL, race, &r[i]), 0);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(r[i].thread, NULL);
		if (r[i].err) {
			T_EQ(r[i].err, ERR_EXISTS);
			continue;
		}
		T_OK(!won);
		won = &r[i];
	}
	pthread_barrier_destroy(&start);
	T_OK(won != NULL);
	T_EQ(dir_person_open(&d, "王建国", PASS, &key, NULL), ERR_OK);
	T_MEM(sign_key_public(key), won->key, SIGN_KEY_BYTES);
	sign_key_free(key);
	T_EQ(dir_person_public(&d, "王建国", pub), ERR_OK);
	T_MEM(pub, won->key, SIGN_KEY_BYTES);
	gone();
}

/* A public key without its sealed one is what a crash leaves; the name is still free. */
static void test_a_crash_half_way_leaves_the_name_free(void)
{
	struct sign_key *key;
	uint8_t pub[SIGN_KEY_BYTES], got[SIGN_KEY_BYTES];

	fresh();
	T_EQ(file_write(in_dir("keys/people/a.pub"), "half", 4, 0644, NULL), ERR_OK);
	T_EQ(file_write(in_dir("keys/people/a.key.new"), "half", 4, 0600, NULL), ERR_OK);
	T_EQ(dir_person_create(&d, "a", PASS, cheap, pub, NULL), ERR_OK);
	T_EQ(dir_person_create(&d, "a", PASS, cheap, got, NULL), ERR_EXISTS);
	T_EQ(dir_person_public(&d, "a", got), ERR_OK);
	T_MEM(got, pub, SIGN_KEY_BYTES);
	T_EQ(dir_person_open(&d, "a", PASS, &key, NULL), ERR_OK);
	sign_key_free(key);
	T_OK(!file_exists(in_dir("keys/people/a.key.new")));
	gone();
}

static void start_library(void)
{
	T_EQ(crypto_start(), ERR_OK);
}

/* 张记录 and what looks like it are one file, or none. */
static void test_a_name_that_looks_like_another_gets_no_key(void)
{
	static const char *const alike[] = {"Ａnna·张", "Anna•张", "Аnna.张", "ÁNNA·张"};
	static const char *const never[] = {"张\xc2\xa0记录",	  "张\xe2\x80\x8b记录",
					    "张\xe2\x80\xae记录", "张　记录",
					    "张记录\xee\x80\x80", "张\xf0\x9f\x98\x80"};
	uint8_t key[SIGN_KEY_BYTES];

	fresh();
	T_EQ(dir_person_create(&d, "Anna·张", PASS, cheap, key, NULL), ERR_OK);
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		T_EQ(dir_person_create(&d, alike[i], PASS, cheap, key, NULL), ERR_EXISTS);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		T_EQ(dir_person_create(&d, never[i], PASS, cheap, key, NULL), ERR_INVALID);
	T_EQ(dir_person_create(&d, "Anna张", PASS, cheap, key, NULL), ERR_OK);
	T_EQ(dir_person_create(&d, "张三（二组）", PASS, cheap, key, NULL), ERR_OK);
	gone();
}

T_MAIN_WITH(start_library, NULL, T(test_of_two_who_make_one_person_one_is_refused),
	    T(test_a_name_that_looks_like_another_gets_no_key, "R60"),
	    T(test_a_crash_half_way_leaves_the_name_free))
