#include "lib/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"

/* Room for one more character, so that the cut can be made between two of them. */
#define RAW_MAX (ERRMSG_MAX + 4)

const char *err_name(int err)
{
	switch (err) {
#define NAME_CASE(name, value, text)                                                               \
	case value: return #name;
		ERR_LIST(NAME_CASE)
#undef NAME_CASE
	default: return "ERR_UNKNOWN";
	}
}

const char *err_text(int err)
{
	switch (err) {
#define TEXT_CASE(name, value, text)                                                               \
	case value: return text;
		ERR_LIST(TEXT_CASE)
#undef TEXT_CASE
	default: return "unknown error";
	}
}

static void store(struct errmsg *msg, const char *raw)
{
	size_t n = utf8_cut(raw, strlen(raw), ERRMSG_MAX - 1);

	memcpy(msg->text, raw, n);
	msg->text[n] = '\0';
}

/* The arguments may point into msg->text, so both functions format into a copy first. */
int err_set(struct errmsg *msg, int err, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list ap;

	if (!msg)
		return err;
	va_start(ap, fmt);
	if (vsnprintf(raw, sizeof(raw), fmt, ap) < 0)
		raw[0] = '\0';
	va_end(ap);
	store(msg, raw);
	msg->why = 0;
	return err;
}

int err_wrap(struct errmsg *msg, int err, const char *fmt, ...)
{
	char prefix[RAW_MAX], raw[RAW_MAX];
	va_list ap;

	if (!msg)
		return err;
	va_start(ap, fmt);
	if (vsnprintf(prefix, sizeof(prefix), fmt, ap) < 0)
		prefix[0] = '\0';
	va_end(ap);
	size_t n = strlen(prefix);
	const char *rest = msg->text[0] ? msg->text : err_text(err);
	memcpy(raw, prefix, n);
	snprintf(raw + n, sizeof(raw) - n, ": %s", rest);
	store(msg, raw);
	return err;
}
