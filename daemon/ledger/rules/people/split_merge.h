#ifndef DAEMON_LEDGER_RULES_PEOPLE_SPLIT_MERGE_H
#define DAEMON_LEDGER_RULES_PEOPLE_SPLIT_MERGE_H

#include "daemon/ledger/rules/rule.h"

/* Households that split and merge. */

int split_merge_now(struct rule_ctx *ctx, struct bytes household, uint32_t member,
		    struct place *ret);
/* Key of the year in which caps and score of an accepted line are: of a person where it is now, of a
 * household as such (@member 0) where it was. */
int split_merge_year_key(struct rule_ctx *ctx, struct bytes household, uint32_t member, int year,
			 struct state_key *ret);
/* What a household has redeemed in a year, with all that came by splits and mergers. */
int split_merge_redeemed(struct rule_ctx *ctx, struct bytes household, int year,
			 struct state_redeemed *ret);
int split_merge_put_redeemed(struct rule_ctx *ctx, struct bytes household, int year,
			     const struct state_redeemed *x);
/* A redemption of @day is taken back that was @household's: off the sum of the year, and of those with which it
 * was merged since. */
int split_merge_unredeem(struct rule_ctx *ctx, struct bytes household, day_t day, int64_t points);

#endif
