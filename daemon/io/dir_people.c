#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "daemon/io/dir.h"
#include "daemon/io/entropy.h"
#include "daemon/io/file.h"
#include "lib/look.h"
#include "lib/text.h"

#define ENDING	   ".key"
#define WIDE_SPACE "\xe3\x80\x80"

bool dir_name_ok(const char *name)
{
	struct look_found ignored;
	size_t n = strlen(name);

	if (n == 0 || n > DIR_NAME_MAX || name[0] == '.' || !utf8_clean(name, n, false))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];
		bool alnum =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!alnum && c < 0x80 && !strchr("._-", c))
			return false;
	}
	return !strstr(name, WIDE_SPACE) && !look_find(bytes_str(name), true, &ignored);
}

static int person_path(const struct dir *d, const char *name, const char *ending,
		       char out[DIR_PATH_MAX], struct errmsg *msg)
{
	char file[DIR_NAME_MAX + 32];

	if (!dir_name_ok(name))
		return err_set(msg, ERR_INVALID,
			       "\"%s\" cannot be the name of a key: use letters, digits, . _ - or "
			       "Chinese characters",
			       name);
	snprintf(file, sizeof(file), "keys/people/%s%s", name, ending);
	return dir_path(d, file, out);
}

/* Is there a key under a name that looks the same? @ret: that one. */
static bool looks_taken(const struct dir *d, const char *name, char ret[DIR_NAME_MAX + 1])
{
	char people[DIR_PATH_MAX];
	DIR *all = dir_path(d, "keys/people", people) ? NULL : opendir(people);
	struct dirent *f;
	bool found = false;

	while (all && !found && (f = readdir(all))) {
		size_t n = strlen(f->d_name), end = strlen(ENDING);

		if (n <= end || n - end > DIR_NAME_MAX || strcmp(f->d_name + n - end, ENDING) != 0)
			continue;
		str_set(ret, DIR_NAME_MAX + 1, (struct bytes){(const uint8_t *)f->d_name, n - end});
		found = utf8_valid(ret, n - end) && look_same(bytes_str(ret), bytes_str(name));
	}
	if (all)
		closedir(all);
	return found;
}

/* ERR_EXISTS: the name is taken. */
static int person_free(const struct dir *d, const char *name, struct errmsg *msg)
{
	char path[DIR_PATH_MAX], other[DIR_NAME_MAX + 1];
	int err = person_path(d, name, ENDING, path, msg);

	str_set(other, sizeof(other), bytes_str(name));
	if (!err && (file_exists(path) || looks_taken(d, name, other)))
		err = err_set(msg, ERR_EXISTS, "there is a key \"%s\" on this node already", other);
	return err;
}

/* The public key first: without the sealed one nobody has that name yet. */
static int person_write(const struct dir *d, const char *name, const struct sign_key *key,
			const uint8_t seal[SEAL_BYTES], struct errmsg *msg)
{
	char people[DIR_PATH_MAX], path[DIR_PATH_MAX], pub[DIR_PATH_MAX];
	int lock, err = dir_path(d, "keys/people", people);

	if (!err)
		err = person_path(d, name, ".key", path, msg);
	if (!err)
		err = person_path(d, name, ".pub", pub, msg);
	if (!err)
		err = file_lock(people, &lock, msg);
	if (err)
		return err;
	err = person_free(d, name, msg);
	if (!err)
		err = file_write(pub, sign_key_public(key), SIGN_KEY_BYTES, 0644, msg);
	if (!err)
		err = file_write(path, seal, SEAL_BYTES, 0600, msg);
	file_unlock(lock);
	return err;
}

int dir_person_create(const struct dir *d, const char *name, const char *passphrase,
		      struct seal_cost cost, uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg)
{
	uint8_t seed[SIGN_SEED_BYTES], salt[40], seal[SEAL_BYTES];
	struct sign_key *key = NULL;
	int err = person_free(d, name, msg); /* before the slow part; person_write asks again */

	if (err)
		return err;
	if (strlen(passphrase) < 8)
		return err_set(msg, ERR_INVALID, "the passphrase needs at least 8 bytes");
	entropy_fill(seed, sizeof(seed));
	entropy_fill(salt, sizeof(salt));
	err = sign_key_from_seed(seed, &key);
	if (!err)
		err = seal_make(passphrase, seed, cost, salt, seal);
	if (!err)
		err = person_write(d, name, key, seal, msg);
	if (!err)
		memcpy(ret_public, sign_key_public(key), SIGN_KEY_BYTES);
	sign_key_free(key);
	secret_wipe(seed, sizeof(seed));
	return err;
}

int dir_person_open(const struct dir *d, const char *name, const char *passphrase,
		    struct sign_key **ret, struct errmsg *msg)
{
	uint8_t seed[SIGN_SEED_BYTES], seal[SEAL_BYTES];
	char path[DIR_PATH_MAX];
	int err = person_path(d, name, ".key", path, msg);

	if (err)
		return err;
	if (!file_exists(path))
		return err_set(
			msg, ERR_NOTFOUND,
			"there is no key \"%s\" on this node; make one with \"operator add\"",
			name);
	err = file_read_secret(path, seal, sizeof(seal), msg);
	if (!err)
		err = seal_open(seal, passphrase, seed);
	if (err == ERR_CRYPTO)
		err_set(msg, err, "the passphrase of \"%s\" is wrong", name);
	if (!err)
		err = sign_key_from_seed(seed, ret);
	secret_wipe(seed, sizeof(seed));
	return err;
}

int dir_person_public(const struct dir *d, const char *name, uint8_t ret_public[SIGN_KEY_BYTES])
{
	char path[DIR_PATH_MAX];
	struct errmsg msg;
	int err = person_path(d, name, ".pub", path, &msg);

	if (err)
		return err;
	if (!file_exists(path))
		return ERR_NOTFOUND;
	return file_read_exact(path, ret_public, SIGN_KEY_BYTES, &msg);
}
