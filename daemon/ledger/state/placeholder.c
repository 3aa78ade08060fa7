#include "daemon/ledger/state/placeholder.h"

#include <string.h>

#include "lib/text.h"

#define CHARS_MIN  2
#define UTF8_MAX   4 /* bytes of a character */
#define WIDE_SPACE "\xe3\x80\x80"

static bool starts(struct bytes s, const char *with, size_t n)
{
	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static struct bytes trim(struct bytes s)
{
	for (;;) {
		if (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
			s = (struct bytes){s.p + 1, s.n - 1};
		else if (starts(s, WIDE_SPACE, 3))
			s = (struct bytes){s.p + 3, s.n - 3};
		else if (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
			s.n--;
		else if (s.n >= 3 && memcmp(s.p + s.n - 3, WIDE_SPACE, 3) == 0)
			s.n -= 3;
		else
			return s;
	}
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Bytes of the character at the front of well-formed UTF-8. */
static size_t char_bytes(const uint8_t *p)
{
	return *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
}

/* Punctuation by its place in Unicode: ASCII, Latin-1, U+2000, U+3000 and the full-width forms. */
static bool is_mark(const uint8_t *p, size_t n)
{
	if (n == 1)
		return !((*p >= '0' && *p <= '9') || (lower(*p) >= 'a' && lower(*p) <= 'z'));
	if (n == 2)
		return p[0] == 0xc2;
	if (n != 3 || p[0] == 0xef)
		return n == 3 && p[1] == 0xbc && (p[2] < 0x90 || (p[2] > 0x99 && p[2] < 0xa1));
	return (p[0] == 0xe2 || p[0] == 0xe3) && p[1] == 0x80;
}

#define WORD_MAX 9 /* bytes of the longest */
static const struct {
	uint8_t n;
	char text[WORD_MAX + 1];
} words[] = {
#define WORD(text)                                                                                 \
	{                                                                                          \
		sizeof(text) - 1, text                                                             \
	}
	WORD("无"),   WORD("暂无"), WORD("没有"),   WORD("不详"), WORD("未知"), WORD("测试"),
	WORD("待补"), WORD("待填"), WORD("待补充"), WORD("略"),	  WORD("空"),	WORD("none"),
	WORD("n/a"),  WORD("na"),   WORD("nil"),    WORD("null"), WORD("test"), WORD("tbd"),
	WORD("todo"), WORD("no"),   WORD("unknown")
#undef WORD
};

static bool is_word(struct bytes s)
{
	char small[WORD_MAX];

	for (size_t i = 0; i < s.n; i++)
		small[i] = (char)lower(s.p[i]);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].n == s.n && memcmp(small, words[i].text, s.n) == 0)
			return true;
	return false;
}

bool placeholder(struct bytes s)
{
	size_t from = 0, end = 0;
	bool varied = false; /* other than one letter over and over */

	s = trim(s);
	if (s.n <= UTF8_MAX && utf8_count(s.p, s.n) < CHARS_MIN)
		return true;
	/* marks around it do not count: "无。" says no more than "无" */
	for (size_t i = 0, n; i < s.n; i += n) {
		n = char_bytes(s.p + i);
		if (n > s.n - i)
			n = s.n - i;
		if (is_mark(s.p + i, n))
			continue;
		if (end == 0)
			from = i;
		end = i + n;
		/* digits over and over may be the number of a paper */
		varied = varied || n > 1 || s.p[i] <= '9' || lower(s.p[i]) != lower(s.p[from]);
		if (varied && end - from > WORD_MAX)
			return false;
	}
	return !varied || is_word((struct bytes){s.p + from, end - from});
}

/* Bytes of the mark at the front of @s that stands between two kinds; 0: none is there. */
static size_t between_kinds(struct bytes s)
{
	static const char *const between[] = {";", "；", "、", ",", "，", "/", "／"};

	for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++)
		if (starts(s, between[i], strlen(between[i])))
			return strlen(between[i]);
	return 0;
}

/* Cuts the first kind off @list. False: none is left. */
static bool next_kind(struct bytes *list, struct bytes *ret)
{
	*ret = (struct bytes){NULL, 0};
	while (list->n && ret->n == 0) {
		size_t n = 0, mark = 0;

		while (n < list->n && !mark) {
			mark = between_kinds((struct bytes){list->p + n, list->n - n});
			n += !mark;
		}
		*ret = trim((struct bytes){list->p, n});
		list->p += n + mark;
		list->n -= n + mark;
	}
	return ret->n > 0;
}

static bool has_kind(struct bytes list, struct bytes kind)
{
	struct bytes one;

	while (next_kind(&list, &one))
		if (bytes_eq(one, kind))
			return true;
	return false;
}

bool evidence_kind_of(struct bytes list, struct bytes kinds)
{
	struct bytes one;
	bool named = false;

	if (trim(list).n == 0)
		return true;
	while (next_kind(&kinds, &one)) {
		if (!has_kind(list, one))
			return false;
		named = true;
	}
	return named;
}
