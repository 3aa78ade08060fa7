#include "daemon/web/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "lib/err.h"
#include "lib/text.h"

#define CHUNK_BYTES 65536

const char *encoding_name(enum encoding e)
{
	switch (e) {
	case ENCODING_UTF8: return "UTF-8";
	case ENCODING_UTF8_BOM: return "UTF-8 (BOM)";
	case ENCODING_GB18030: return "GB18030";
	case ENCODING_UTF16: return "UTF-16";
	case ENCODING_XLSX: return "xlsx";
	case ENCODING_XLS: return "xls";
	case ENCODING_BAD: return "?";
	case ENCODING_NUL: return "NUL";
	}
	return "?";
}

static bool begins(const uint8_t *p, size_t n, const char *magic, size_t len)
{
	return n >= len && memcmp(p, magic, len) == 0;
}

/* What the first bytes and zero bytes tell; ENCODING_BAD: nothing yet. */
static enum encoding first_look(const uint8_t *p, size_t n)
{
	if (begins(p, n, "\xff\xfe", 2) || begins(p, n, "\xfe\xff", 2))
		return ENCODING_UTF16;
	if (begins(p, n, "PK\x03\x04", 4))
		return ENCODING_XLSX;
	if (begins(p, n, "\xd0\xcf\x11\xe0", 4))
		return ENCODING_XLS;
	if (n && memchr(p, 0, n))
		return ENCODING_NUL;
	if (begins(p, n, "\xef\xbb\xbf", 3) && utf8_valid(p, n))
		return ENCODING_UTF8_BOM;
	return utf8_valid(p, n) ? ENCODING_UTF8 : ENCODING_BAD;
}

static uint32_t line_at(const uint8_t *p, size_t at)
{
	uint32_t line = 1;

	for (size_t i = 0; i < at; i++)
		line += p[i] == '\n';
	return line;
}

/* Converts all of @p; @ret_used: the bytes that were well-formed. */
static int convert(iconv_t cd, const uint8_t *p, size_t n, struct buf *out, size_t *ret_used)
{
	char *in = (char *)(uintptr_t)p; /* iconv does not write to it */
	size_t left = n;

	for (;;) {
		char *to = (char *)buf_reserve(out, CHUNK_BYTES);
		size_t room = CHUNK_BYTES, got;

		if (!to)
			return out->err;
		got = iconv(cd, left ? &in : NULL, &left, &to, &room);
		out->n += CHUNK_BYTES - room;
		*ret_used = n - left;
		if (got == (size_t)-1 && errno != E2BIG)
			return ERR_FORMAT;
		if (got != (size_t)-1 && left == 0)
			return ERR_OK;
	}
}

int encoding_to_utf8(const void *p, size_t n, struct buf *out, enum encoding *ret,
		     uint32_t *ret_line)
{
	enum encoding e = first_look(p, n);
	size_t start = out->n, used = 0;
	iconv_t cd;
	int err;

	if (e == ENCODING_UTF8 || e == ENCODING_UTF8_BOM) {
		size_t bom = e == ENCODING_UTF8_BOM ? 3 : 0;

		*ret = e;
		return buf_put(out, (const uint8_t *)p + bom, n - bom);
	}
	if (e != ENCODING_BAD) {
		*ret = e;
		return ERR_FORMAT;
	}
	cd = iconv_open("UTF-8", "GB18030");
	if (cd == (iconv_t)-1)
		return errno == ENOMEM ? ERR_NOMEM : ERR_STATE;
	err = convert(cd, p, n, out, &used);
	iconv_close(cd);
	/* what the system's table makes of it must be text for us, too */
	if (!err && !utf8_valid(out->p + start, out->n - start))
		err = ERR_FORMAT;
	if (err)
		out->n = start;
	if (err == ERR_FORMAT)
		*ret_line = line_at(p, used);
	if (!err || err == ERR_FORMAT)
		*ret = err ? ENCODING_BAD : ENCODING_GB18030;
	return err;
}
