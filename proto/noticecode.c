#include "proto/noticecode.h"

#include <string.h>

#define TAG   "CZNOTC1\n"
#define CHARS 16

void notice_code(const struct hash *feed, const struct rec_notice *n, char out[NOTICE_CODE_TEXT])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t body[33]; /* size | kind | from | to | lines ... in the order of the SPEC */
	struct sha256 s;
	struct hash h;
	char *p = out;

	sha256_start(&s);
	sha256_add(&s, TAG, sizeof(TAG) - 1);
	sha256_add(&s, feed->b, HASH_BYTES);
	be64_put(body, n->size);
	sha256_add(&s, body, 8);
	sha256_add(&s, n->root.p, n->root.n);
	body[0] = (uint8_t)n->kind;
	be32_put(body + 1, (uint32_t)n->from);
	be32_put(body + 5, (uint32_t)n->to);
	be64_put(body + 9, n->lines);
	be64_put(body + 17, (uint64_t)points_raw(n->plus));
	be64_put(body + 25, (uint64_t)points_raw(n->minus));
	sha256_add(&s, body, sizeof(body));
	sha256_end(&s, &h);
	for (unsigned i = 0; i < CHARS; i++) {
		unsigned at = i * 5, two = (unsigned)h.b[at / 8] << 8 | h.b[at / 8 + 1];

		if (i && i % 4 == 0)
			*p++ = '-';
		*p++ = alphabet[two >> (11 - at % 8) & 31];
	}
	*p = '\0';
}

/* The character that was meant; 0: nothing but decoration. */
static char meant(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	switch (c) {
	case ' ':
	case '-': return 0;
	case 'I':
	case 'L': return '1';
	case 'O': return '0';
	default: return c;
	}
}

bool notice_code_same(const char *typed, const char code[NOTICE_CODE_TEXT])
{
	for (;; typed++) {
		while (*code == '-')
			code++;
		if (*typed && !meant(*typed))
			continue;
		if (!*typed || !*code)
			return !*typed && !*code;
		if (meant(*typed) != *code++)
			return false;
	}
}
