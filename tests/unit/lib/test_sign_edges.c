/* Which signatures are good where implementations differ. Two nodes that differ would keep different books from the same
 * bytes, so the verdict on each published case is fixed here: another version of the library that says otherwise is noticed
 * before it is used. */
#include "lib/sign.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "tests/lib/t.h"

#define VECTORS	     "tests/vectors/cctv-ed25519.txt"
#define COUNT_ALL    914
#define COUNT_GOOD   43
#define LINE_MAX_HEX (2 * (SIGN_KEY_BYTES + SIGN_BYTES) + 64)

struct edge {
	uint8_t key[SIGN_KEY_BYTES], sig[SIGN_BYTES];
	char about[12], msg[32];
};

static void parse(const char *line, struct edge *ret)
{
	char key[2 * SIGN_KEY_BYTES + 1], sig[2 * SIGN_BYTES + 1];

	T_EQ(sscanf(line, "%64s %128s %11s %31[^\n]", key, sig, ret->about, ret->msg), 4);
	T_OK(hex_get(key, strlen(key), ret->key, sizeof(ret->key)));
	T_OK(hex_get(sig, strlen(sig), ret->sig, sizeof(ret->sig)));
}

/* Verification is that of RFC 8032 without the cofactor: what is left of low order (x) fails, and so does any point of low
 * order (a, r) and any second form of a point (n, N). A point of both orders that leaves nothing verifies. */
static bool is_good(const struct edge *e)
{
	return strpbrk(e->about, "arnNxk") == NULL;
}

static void test_every_published_edge_has_its_verdict(void)
{
	unsigned n = 0, good = 0;
	char line[LINE_MAX_HEX];
	FILE *f = fopen(VECTORS, "r");

	T_OK(f != NULL);
	while (fgets(line, sizeof(line), f)) {
		struct edge e;
		bool verdict;

		if (line[0] == '#')
			continue;
		parse(line, &e);
		verdict = sign_verify(e.key, e.msg, strlen(e.msg), e.sig);
		if (verdict != is_good(&e))
			printf("%u: %s\n", n, line);
		T_EQ(verdict, is_good(&e));
		n++;
		good += verdict;
	}
	fclose(f);
	T_EQ(n, COUNT_ALL);
	T_EQ(good, COUNT_GOOD);
}

T_MAIN(T(test_every_published_edge_has_its_verdict))
