#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* The languages of people, and a sentence in both. */
enum lang { LANG_ZH, LANG_EN };
struct says {
	const char *zh, *en;
};
#define SAYS(zh, en) ((struct says){zh, en})
static inline const char *says_in(struct says s, enum lang lang)
{
	return lang == LANG_EN ? s.en : s.zh;
}
/* Of a list of choices, each a ROW(list, value, name, zh, en): its constants, and its sentences by value. */
#define CHOICE_CONST(list, value, name, zh, en) list##_##name = (value),
#define CHOICE_SAYS(list, value, name, zh, en)	[value] = {zh, en},

/* Text encodings with bounds. */
#define B64_LEN(n) (((n) + 2) / 3 * 4)
int b64_put(struct buf *out, const void *p, size_t n); /* standard alphabet, padded */
/* Strict: padded, no white space, zero trailing bits. @cap bounds the output. */
int b64_get(const char *s, size_t n, uint8_t *out, size_t cap, size_t *ret_n);
void hex_put(char *out, const void *p, size_t n); /* 2n digits and NUL */
/* Exactly 2*@n digits. */
bool hex_get(const char *s, size_t len, uint8_t *out, size_t n);
/* Well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool utf8_valid(const void *p, size_t n);
/* The same, and no control characters below U+0020, no U+007F; @lf allows line feeds. */
bool utf8_clean(const void *p, size_t n, bool lf);
/* The character of valid UTF-8 at *@p, which goes behind it; @end bounds what is cut. */
uint32_t utf8_next(const uint8_t **p, const uint8_t *end);
size_t utf8_count(const void *p, size_t n); /* code points of valid UTF-8 */
/* The largest prefix of at most @max bytes that ends between characters. */
size_t utf8_cut(const char *s, size_t n, size_t max);
/* Decimal u64 without leading zeros or sign. */
bool u64_parse(const char *s, size_t n, uint64_t *ret);
/* Copies what fits and fills the rest of @to with NUL; at least one. */
void str_set(char *to, size_t cap, struct bytes text);
bool str_eq(const char *s, size_t n, const char *lit);

#endif
