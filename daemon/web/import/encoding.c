#include "daemon/web/import/encoding.h"

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
	case ENCODING_HTML: return "HTML";
	case ENCODING_BAD: return "?";
	case ENCODING_NUL: return "NUL";
	}
	return "?";
}

static bool begins(const uint8_t *p, size_t n, const char *magic, size_t len)
{
	return n >= len && memcmp(p, magic, len) == 0;
}

static bool begins_word(const uint8_t *p, size_t n, const char *word)
{
	size_t i = 0;

	for (; word[i]; i++)
		if (i == n || (p[i] | (word[i] >= 'a' ? 0x20 : 0)) != (uint8_t)word[i])
			return false;
	return true;
}

/* Many programs write a page of HTML under the name of a spreadsheet. */
static bool is_page(const uint8_t *p, size_t n)
{
	static const char *const tags[] = {"<html", "<!doctype", "<table", "<meta", "<?xml"};
	size_t at = begins(p, n, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (at < n && p[at] <= ' ')
		at++;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (begins_word(p + at, n - at, tags[i]))
			return true;
	return false;
}

/* What the first bytes and zero bytes show; ENCODING_BAD: nothing yet. */
static enum encoding first_look(const uint8_t *p, size_t n)
{
	if (begins(p, n, "\xff\xfe", 2) || begins(p, n, "\xfe\xff", 2))
		return ENCODING_UTF16;
	if (begins(p, n, "PK\x03\x04", 4))
		return ENCODING_XLSX;
	if (begins(p, n, "\xd0\xcf\x11\xe0", 4))
		return ENCODING_XLS;
	if (is_page(p, n))
		return ENCODING_HTML;
	if (n && memchr(p, 0, n))
		return ENCODING_NUL;
	if (begins(p, n, "\xef\xbb\xbf", 3))
		return ENCODING_UTF8_BOM;
	return utf8_valid(p, n) ? ENCODING_UTF8 : ENCODING_BAD;
}

/* Lines end in LF, CRLF or CR, as the rows of a table do. */
static size_t line_length(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] != '\n' && p[i] != '\r')
		i++;
	if (i + 1 < n && p[i] == '\r' && p[i + 1] == '\n')
		i++;
	return i < n ? i + 1 : n;
}

static uint32_t line_at(const uint8_t *p, size_t n, size_t at)
{
	uint32_t line = 1;
	size_t len;

	for (; (len = line_length(p, n)) <= at && len < n; at -= len, p += len, n -= len)
		line++;
	return line;
}

/* Valid, with a character of three bytes or more. Two bytes of GB18030 are a valid character of UTF-8 often;
 * that all of a line fits and has such a one, once in some million. */
static bool line_is_utf8(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] < 0xe0)
		i++;
	return i < n && utf8_valid(p, n);
}

struct lines {
	uint32_t first_bad; /* no UTF-8; 0: none */
	bool some_utf8;
};

static struct lines look_at_lines(const uint8_t *p, size_t n)
{
	struct lines l = {0, false};
	uint32_t line = 1;

	for (size_t len; n; p += len, n -= len, line++) {
		len = line_length(p, n);
		l.some_utf8 |= line_is_utf8(p, len);
		if (!l.first_bad && !utf8_valid(p, len))
			l.first_bad = line;
	}
	return l;
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

/* ERR_FORMAT when it is not of that character set throughout; @ret_used: the bytes that were. */
static int from_charset(const char *charset, const uint8_t *p, size_t n, struct buf *out,
			size_t *ret_used)
{
	size_t start = out->n;
	iconv_t cd = iconv_open("UTF-8", charset);
	int err;

	*ret_used = 0;
	if (cd == (iconv_t)-1)
		return errno == ENOMEM ? ERR_NOMEM : ERR_STATE;
	err = convert(cd, p, n, out, ret_used);
	iconv_close(cd);
	/* what the system's table makes of it must be text for us, too */
	if (!err && !utf8_valid(out->p + start, out->n - start))
		err = ERR_FORMAT;
	return err;
}

static int from_gb18030(const uint8_t *p, size_t n, struct buf *out, uint32_t *ret_line)
{
	size_t start = out->n, used;
	int err = from_charset("GB18030", p, n, out, &used);

	if (err)
		out->n = start;
	if (err == ERR_FORMAT)
		*ret_line = line_at(p, n, used);
	return err;
}

/* The mark says which of its bytes come first. */
static int from_utf16(const uint8_t *p, size_t n, struct buf *out, enum encoding *ret,
		      uint32_t *ret_line)
{
	size_t start = out->n, used;
	int err = from_charset("UTF-16", p, n, out, &used);

	if (!err && out->n > start && memchr(out->p + start, 0, out->n - start)) {
		*ret = ENCODING_NUL;
		err = ERR_FORMAT;
	} else if (err == ERR_FORMAT) {
		*ret = ENCODING_BAD;
		/* the line that was being written */
		*ret_line = 1;
		for (size_t i = start; i < out->n; i++)
			*ret_line += out->p[i] == '\n';
	}
	if (err)
		out->n = start;
	return err;
}

int encoding_to_utf8(const void *p, size_t n, struct buf *out, enum encoding *ret,
		     uint32_t *ret_line)
{
	enum encoding e = first_look(p, n);
	size_t bom = e == ENCODING_UTF8_BOM ? 3 : 0;
	struct lines l;
	int err;

	*ret = e;
	if (e == ENCODING_UTF8 || (bom && utf8_valid(p, n)))
		return buf_put(out, (const uint8_t *)p + bom, n - bom);
	if (e == ENCODING_UTF16)
		return from_utf16(p, n, out, ret, ret_line);
	if (e != ENCODING_BAD && !bom)
		return ERR_FORMAT;
	l = look_at_lines(p, n);
	if (bom || l.some_utf8) {
		*ret = ENCODING_BAD;
		*ret_line = l.first_bad;
		return ERR_FORMAT;
	}
	err = from_gb18030(p, n, out, ret_line);
	*ret = err ? ENCODING_BAD : ENCODING_GB18030;
	return err;
}
