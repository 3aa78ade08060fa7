/* The text forms of lib/ and the check code on a notice: what is read is written again and reads as the same; what is written by us is
 * always read. */
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/state/privacy.h"
#include "lib/amount.h"
#include "lib/date.h"
#include "lib/err.h"
#include "lib/look.h"
#include "lib/text.h"
#include "proto/noticecode.h"
#include "tests/fuzz/fuzz.h"

#define RAW_MAX 4096

static void base64(const char *s, size_t n)
{
	static uint8_t raw[RAW_MAX];
	struct buf text = {0};
	size_t raw_n = 0;

	if (b64_get(s, n, raw, sizeof(raw), &raw_n) == ERR_OK) {
		CHECK(raw_n <= sizeof(raw));
		CHECK(b64_put(&text, raw, raw_n) == ERR_OK);
		CHECK(text.n == n && (n == 0 || memcmp(text.p, s, n) == 0));
	}
	buf_reset(&text);
	if (n <= RAW_MAX) {
		CHECK(b64_put(&text, s, n) == ERR_OK);
		CHECK(text.n == B64_LEN(n));
		CHECK(b64_get((const char *)text.p, text.n, raw, n, &raw_n) == ERR_OK);
		CHECK(raw_n == n && (n == 0 || memcmp(raw, s, n) == 0));
		CHECK(n == 0 ||
		      b64_get((const char *)text.p, text.n, raw, n - 1, &raw_n) != ERR_OK);
	}
	buf_close(&text);
}

static void hex(const char *s, size_t n)
{
	static uint8_t raw[RAW_MAX];
	static char text[2 * RAW_MAX + 1];

	if (n / 2 > RAW_MAX || !hex_get(s, n, raw, n / 2))
		return;
	CHECK(n % 2 == 0);
	hex_put(text, raw, n / 2);
	CHECK(strlen(text) == n);
	for (size_t i = 0; i < n; i++)
		CHECK(text[i] == s[i] || text[i] == s[i] + 32);
}

/* The well-formed sequences of the Unicode standard, table 3-7, counted another way than lib does. */
static bool well_formed(const uint8_t *p, size_t n, size_t *ret_count)
{
	size_t count = 0;

	for (size_t i = 0; i < n; count++) {
		uint8_t c = p[i];
		size_t more = c < 0x80 ? 0 : c < 0xc2 ? 9 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		uint32_t v = more ? c & (0x3fu >> more) : c;

		if (more == 9 || c > 0xf4 || more > n - i - 1)
			return false;
		for (size_t k = 1; k <= more; k++) {
			if ((p[i + k] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (p[i + k] & 0x3f);
		}
		if ((more == 2 && v < 0x800) || (more == 3 && v < 0x10000) || v > 0x10ffff ||
		    (v >= 0xd800 && v < 0xe000))
			return false;
		i += 1 + more;
	}
	*ret_count = count;
	return true;
}

static void utf8(const uint8_t *p, size_t n)
{
	size_t count = 0;
	bool ok = well_formed(p, n, &count);

	CHECK(utf8_valid(p, n) == ok);
	if (utf8_clean(p, n, false)) {
		CHECK(utf8_clean(p, n, true));
		CHECK(ok);
	}
	if (!ok)
		return;
	CHECK(utf8_count(p, n) == count);
	for (size_t max = 0; max <= n + 1 && max < 16; max++) {
		size_t cut = utf8_cut((const char *)p, n, max);

		CHECK(cut <= max && cut <= n);
		CHECK(max < n ? max - cut < 4 : cut == n);
		CHECK(utf8_valid(p, cut));
	}
}

/* How text looks: nothing is read behind its end, and what comes of it is text again. */
static void looks(const uint8_t *p, size_t n)
{
	struct bytes text = {p, n}, where = {p, 0};
	struct look once, twice;
	struct look_found f;
	struct buf out = {0};

	if (!utf8_valid(p, n))
		return;
	look_of(text, &once);
	CHECK(utf8_valid(once.b, once.n));
	look_of(look_bytes(&once), &twice);
	CHECK(once.n > LOOK_NAME_MAX || bytes_eq(look_bytes(&once), look_bytes(&twice)));
	if (look_find(text, true, &f))
		CHECK(f.kind != LOOK_GOOD && f.place >= 1 && f.place <= utf8_count(p, n));
	CHECK(look_put(&out, text) == ERR_OK && utf8_valid(out.p, out.n));
	for (unsigned looks_for = 0; looks_for <= PRIVACY_ALL; looks_for++)
		if (privacy_find(text, looks_for, &where))
			CHECK(where.p >= p && where.n > 0 && where.p + where.n <= p + n);
	buf_close(&out);
}

static void numbers(const char *s, size_t n)
{
	char text[AMOUNT_TEXT_MAX], again[32];
	struct points p, q;
	struct fen f, g;
	uint64_t v, w;
	day_t d, e;

	if (points_parse(s, n, &p)) {
		points_text(p, text);
		CHECK(points_parse(text, strlen(text), &q));
		CHECK(points_cmp(p, q) == 0);
		CHECK(fen_parse(s, n, &f) && fen_raw(f) == points_raw(p));
		fen_text(f, text);
		CHECK(fen_parse(text, strlen(text), &g) && fen_raw(f) == fen_raw(g));
	} else {
		CHECK(!fen_parse(s, n, &f));
	}
	if (u64_parse(s, n, &v)) {
		CHECK((size_t)snprintf(again, sizeof(again), "%llu", (unsigned long long)v) == n);
		CHECK(memcmp(again, s, n) == 0);
		CHECK(u64_parse(again, n, &w) && v == w);
	}
	if (day_parse(s, n, &d)) {
		CHECK(d >= DAY_MIN && d <= DAY_MAX && d != DAY_NONE);
		day_text(d, again);
		CHECK(day_parse(again, strlen(again), &e) && d == e);
	}
}

/* The character that was meant; 0: a space or hyphen. */
static char copied(uint8_t c)
{
	if (c == ' ' || c == '-')
		return 0;
	if (c >= 'a' && c <= 'z')
		c = (uint8_t)(c - 32);
	return (char)(c == 'I' || c == 'L' ? '1' : c == 'O' ? '0' : c);
}

/* Whatever is typed as a check code is the one whose characters it has, and no other. */
static void check_code(const char *s, size_t n)
{
	static const char code[NOTICE_CODE_TEXT] = "8Q1K-V0YD-0M6T-ZB4R";
	char typed[64], plain[64];
	size_t k = 0;

	if (n >= sizeof(typed) || memchr(s, 0, n))
		return;
	memcpy(typed, s, n);
	typed[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (copied((uint8_t)s[i]))
			plain[k++] = copied((uint8_t)s[i]);
	plain[k] = '\0';
	CHECK(notice_code_same(typed, code) == (strcmp(plain, "8Q1KV0YD0M6TZB4R") == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *s = (const char *)data;

	base64(s, n);
	hex(s, n);
	utf8(data, n);
	looks(data, n);
	numbers(s, n);
	check_code(s, n);
	return 0;
}
