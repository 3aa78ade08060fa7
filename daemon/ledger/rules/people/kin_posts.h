#ifndef DAEMON_LEDGER_RULES_PEOPLE_KIN_POSTS_H
#define DAEMON_LEDGER_RULES_PEOPLE_KIN_POSTS_H

#include "daemon/ledger/rules/rule.h"

/* Declared kin and posts. */

/* A person moves with a split or merger: kin and posts are found at the new place as well. */
int kin_posts_move(struct rule_ctx *ctx, const struct state_place *from,
		   const struct state_place *to);
/* Does a post name the author's key? Without that nobody can be told to be tied. */
int kin_posts_linked(struct rule_ctx *ctx, bool *ret);
/* P01: warns when the author is tied to the household that gets points. */
int kin_posts_warn_self(struct rule_ctx *ctx, uint32_t line, struct bytes household);

#endif
