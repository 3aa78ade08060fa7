#include "lib/jw.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "lib/text.h"

#define HEX_CHUNK 32

void jw_init(struct jw *w, struct buf *out)
{
	*w = (struct jw){.out = out};
}

/* Whatever stands before a value or a key. */
static void separate(struct jw *w)
{
	if (w->keyed) {
		w->keyed = false;
		return;
	}
	if (w->depth == 0)
		return;
	if (w->more[w->depth - 1])
		buf_put_u8(w->out, ',');
	w->more[w->depth - 1] = true;
}

static void begin(struct jw *w, char bracket)
{
	separate(w);
	assert(w->depth < JW_DEPTH_MAX);
	w->more[w->depth++] = false;
	buf_put_u8(w->out, (uint8_t)bracket);
}

static void end(struct jw *w, char bracket)
{
	assert(w->depth > 0 && !w->keyed);
	w->depth--;
	buf_put_u8(w->out, (uint8_t)bracket);
}

void jw_obj(struct jw *w)
{
	begin(w, '{');
}

void jw_obj_end(struct jw *w)
{
	end(w, '}');
}

void jw_arr(struct jw *w)
{
	begin(w, '[');
}

void jw_arr_end(struct jw *w)
{
	end(w, ']');
}

static void escape(struct buf *out, uint8_t c)
{
	switch (c) {
	case '"': buf_puts(out, "\\\""); break;
	case '\\': buf_puts(out, "\\\\"); break;
	case '\n': buf_puts(out, "\\n"); break;
	case '\r': buf_puts(out, "\\r"); break;
	case '\t': buf_puts(out, "\\t"); break;
	default: buf_printf(out, "\\u%04x", c); break;
	}
}

static void quoted(struct buf *out, const char *s, size_t n)
{
	size_t from = 0;

	buf_put_u8(out, '"');
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		buf_put(out, s + from, i - from);
		escape(out, c);
		from = i + 1;
	}
	if (from < n)
		buf_put(out, s + from, n - from);
	buf_put_u8(out, '"');
}

void jw_key(struct jw *w, const char *key)
{
	assert(w->depth > 0 && !w->keyed);
	separate(w);
	quoted(w->out, key, strlen(key));
	buf_put_u8(w->out, ':');
	w->keyed = true;
}

void jw_str(struct jw *w, const char *s)
{
	jw_strn(w, s, strlen(s));
}

void jw_strn(struct jw *w, const char *s, size_t n)
{
	separate(w);
	quoted(w->out, s, n);
}

void jw_u64(struct jw *w, uint64_t v)
{
	separate(w);
	buf_printf(w->out, "%" PRIu64, v);
}

void jw_i64(struct jw *w, int64_t v)
{
	separate(w);
	buf_printf(w->out, "%" PRId64, v);
}

void jw_bool(struct jw *w, bool v)
{
	separate(w);
	buf_puts(w->out, v ? "true" : "false");
}

void jw_null(struct jw *w)
{
	separate(w);
	buf_puts(w->out, "null");
}

void jw_hex(struct jw *w, const void *p, size_t n)
{
	const uint8_t *in = p;
	char text[2 * HEX_CHUNK + 1];

	separate(w);
	buf_put_u8(w->out, '"');
	for (size_t i = 0; i < n; i += HEX_CHUNK) {
		hex_put(text, in + i, n - i < HEX_CHUNK ? n - i : HEX_CHUNK);
		buf_puts(w->out, text);
	}
	buf_put_u8(w->out, '"');
}

void jw_kstr(struct jw *w, const char *key, const char *s)
{
	jw_key(w, key);
	jw_str(w, s);
}

void jw_ku64(struct jw *w, const char *key, uint64_t v)
{
	jw_key(w, key);
	jw_u64(w, v);
}

void jw_kbool(struct jw *w, const char *key, bool v)
{
	jw_key(w, key);
	jw_bool(w, v);
}

void jw_khex(struct jw *w, const char *key, const void *p, size_t n)
{
	jw_key(w, key);
	jw_hex(w, p, n);
}
