#ifndef LIB_AMOUNT_H
#define LIB_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Amounts are integers with a type each, so that adding points to money does not compile.
 * Only lib/amount.c reads the members. */
struct points {
	int64_t c; /* 0.01 point */
};
struct fen {
	int64_t c; /* 0.01 yuan */
};
struct qty {
	int64_t c; /* units of the good */
};

#define POINTS_ABS_MAX	INT64_C(1000000000000000) /* 10^13 points */
#define AMOUNT_TEXT_MAX 32

#define POINTS_ZERO ((struct points){0})
struct points points_of(int64_t hundredths);
int64_t points_raw(struct points p); /* hundredths, for codecs and keys */
/* Each returns false and leaves @ret alone when the result leaves +-POINTS_ABS_MAX. */
__attribute__((warn_unused_result)) bool points_add(struct points a, struct points b,
						    struct points *ret);
__attribute__((warn_unused_result)) bool points_sub(struct points a, struct points b,
						    struct points *ret);
bool points_neg(struct points a, struct points *ret);
int points_cmp(struct points a, struct points b);
/* "36.00", "-0.50". Returns @out. */
const char *points_text(struct points p, char out[AMOUNT_TEXT_MAX]);
/* Reads "36", "36.5", "-36.50"; at most two decimals, no spaces, no exponent. False if not one. */
bool points_parse(const char *s, size_t n, struct points *ret);

/* a times n. */
__attribute__((warn_unused_result)) bool points_times(struct points a, struct qty n,
						      struct points *ret);

struct fen fen_of(int64_t fen);
int64_t fen_raw(struct fen f);
__attribute__((warn_unused_result)) bool fen_add(struct fen a, struct fen b, struct fen *ret);
__attribute__((warn_unused_result)) bool fen_sub(struct fen a, struct fen b, struct fen *ret);
__attribute__((warn_unused_result)) bool fen_times(struct fen a, struct qty n, struct fen *ret);
const char *fen_text(struct fen f, char out[AMOUNT_TEXT_MAX]);
bool fen_parse(const char *s, size_t n, struct fen *ret); /* as points_parse */

struct qty qty_of(int64_t n);
int64_t qty_raw(struct qty q);
__attribute__((warn_unused_result)) bool qty_add(struct qty a, struct qty b, struct qty *ret);
__attribute__((warn_unused_result)) bool qty_sub(struct qty a, struct qty b, struct qty *ret);

#endif
