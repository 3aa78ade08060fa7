#include "lib/text.h"

#include <string.h>

#include "lib/err.h"

static const char b64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int b64_put(struct buf *out, const void *p, size_t n)
{
	const uint8_t *in = p;
	char *to;

	if (n > BUF_BYTES_MAX) /* B64_LEN must not overflow */
		return out->err ? out->err : (out->err = ERR_LIMIT);
	to = (char *)buf_reserve(out, B64_LEN(n));
	if (!to)
		return out->err;
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
			     (left > 2 ? in[i + 2] : 0);

		*to++ = b64_digits[v >> 18];
		*to++ = b64_digits[v >> 12 & 63];
		*to++ = left > 1 ? b64_digits[v >> 6 & 63] : '=';
		*to++ = left > 2 ? b64_digits[v & 63] : '=';
	}
	out->n += B64_LEN(n);
	return ERR_OK;
}

static int b64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits give @bytes (1 to 3) bytes. */
static int b64_quad(const char *s, size_t bytes, uint8_t out[3])
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i <= bytes ? b64_value(s[i]) : s[i] == '=' ? 0 : -1;

		if (d < 0)
			return ERR_FORMAT;
		v = v << 6 | (uint32_t)d;
	}
	for (size_t i = 0; i < 3; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	/* what lies behind the last byte must be zero, so that one value has one text */
	return v & (UINT32_C(0xffffff) >> (8 * bytes)) ? ERR_FORMAT : ERR_OK;
}

int b64_get(const char *s, size_t n, uint8_t *out, size_t cap, size_t *ret_n)
{
	size_t pad = n >= 4 ? (size_t)(s[n - 1] == '=') + (s[n - 1] == '=' && s[n - 2] == '=') : 0;
	size_t total = n / 4 * 3 - pad;

	if (n % 4 != 0)
		return ERR_FORMAT;
	if (total > cap)
		return ERR_LIMIT;
	for (size_t i = 0, at = 0; i < n; i += 4) {
		size_t bytes = total - at < 3 ? total - at : 3;
		uint8_t three[3];

		if (b64_quad(s + i, bytes, three))
			return ERR_FORMAT;
		memcpy(out + at, three, bytes);
		at += bytes;
	}
	*ret_n = total;
	return ERR_OK;
}

void hex_put(char *out, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *in = p;

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_get(const char *s, size_t len, uint8_t *out, size_t n)
{
	if (len % 2 != 0 || len / 2 != n)
		return false;
	for (size_t i = 0; i < len; i++)
		if (hex_value(s[i]) < 0)
			return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(hex_value(s[2 * i]) << 4 | hex_value(s[2 * i + 1]));
	return true;
}

/* Bytes of the character at @p, 0 if there is none. The second byte's range is what shuts out
 * overlong forms, surrogates and everything above U+10FFFF. */
static size_t char_bytes(const uint8_t *p, size_t n)
{
	uint8_t lo = 0x80, hi = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (n < len || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool utf8_valid(const void *p, size_t n)
{
	const uint8_t *s = p;

	for (size_t i = 0; i < n;) {
		size_t len = char_bytes(s + i, n - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

bool utf8_clean(const void *p, size_t n, bool lf)
{
	const uint8_t *s = p;

	for (size_t i = 0; i < n; i++)
		if ((s[i] < 0x20 && !(lf && s[i] == '\n')) || s[i] == 0x7f)
			return false;
	return utf8_valid(p, n);
}

uint32_t utf8_next(const uint8_t **p, const uint8_t *end)
{
	static const uint8_t lead[] = {0x7f, 0x1f, 0x0f, 0x07};
	uint8_t first = *(*p)++;
	unsigned more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	uint32_t c = first & lead[more];

	for (; more && *p < end; more--)
		c = c << 6 | (*(*p)++ & 0x3f);
	return c;
}

static bool is_tail(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_count(const void *p, size_t n)
{
	const uint8_t *s = p;
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += !is_tail(s[i]);
	return count;
}

size_t utf8_cut(const char *s, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && is_tail((uint8_t)s[max]))
		max--;
	return max;
}

bool u64_parse(const char *s, size_t n, uint64_t *ret)
{
	uint64_t v = 0;

	if (n == 0 || (n > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9' || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

void str_set(char *to, size_t cap, struct bytes text)
{
	size_t n = text.n < cap ? text.n : cap - 1;

	memset(to, 0, cap);
	if (n)
		memcpy(to, text.p, n);
}

bool str_eq(const char *s, size_t n, const char *lit)
{
	return strlen(lit) == n && (n == 0 || memcmp(s, lit, n) == 0);
}
