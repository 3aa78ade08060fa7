#include "lib/template.h"

#include <stdbool.h>
#include <string.h>

static bool is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_value(char c)
{
	return is_small(c) || (c >= '0' && c <= '9');
}

/* Bytes of the place that begins at @p; 0: there is none. */
static size_t place_at(const char *p)
{
	if (p[0] != '{' || !is_value(p[1]))
		return 0;
	if (p[2] == '}')
		return 3;
	return is_small(p[2]) && p[3] == '}' ? 4 : 0;
}

int template_fill(const char *sentence, template_put put, const void *ctx, struct buf *out)
{
	for (const char *p = sentence; *p;) {
		size_t place = place_at(p), text = place ? 0 : 1 + strcspn(p + 1, "{");

		if (place)
			put(ctx, p[1], place == 4 ? p[2] : '\0', out);
		else
			buf_put(out, p, text);
		p += place + text;
	}
	return out->err;
}
