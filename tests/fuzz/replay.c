/* The main() of fuzz targets in ordinary builds: feeds every file of the folder argv[1], in the order
 * of their names, to the target, so that each test run repeats what fuzzing once found. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_BYTES_MAX (1 << 20)
#define PATH_BYTES_MAX	4096

static int feed(const char *path)
{
	uint8_t *p = NULL;
	struct stat st;
	FILE *f = fopen(path, "rb");
	int err = -1;

	if (!f)
		return -1;
	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode) || st.st_size > INPUT_BYTES_MAX)
		goto out;
	/* exactly as long as the input, so that reading beyond it is seen */
	p = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!p || fread(p, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		goto out;
	LLVMFuzzerTestOneInput(p, (size_t)st.st_size);
	err = 0;
out:
	free(p);
	fclose(f);
	return err;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **names;
	int n, bad = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	n = scandir(argv[1], &names, visible, alphasort);
	if (n < 0) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char path[PATH_BYTES_MAX];

		snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
		if (feed(path)) {
			fprintf(stderr, "cannot feed %s\n", path);
			bad = 1;
		}
		free(names[i]);
	}
	free(names);
	printf("%d inputs of %s\n", n, argv[1]);
	return bad || n == 0;
}
