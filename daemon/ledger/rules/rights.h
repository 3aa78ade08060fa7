#ifndef DAEMON_LEDGER_RULES_RIGHTS_H
#define DAEMON_LEDGER_RULES_RIGHTS_H

#include "daemon/ledger/rules/rule.h"

/* Who may do what. */

int rights_check(struct rule_ctx *ctx, uint32_t roles);
/* Does the author hold one of these roles today? In a village. */
int rights_holds(struct rule_ctx *ctx, uint32_t roles, bool *ret);
/* Gives a role in the town feed, beside those the person has. */
int rights_give(struct rule_ctx *ctx, const uint8_t key[32], struct bytes name,
		const struct state_role *role);
/* The name of a person of the village, for sentences; empty when there is none. */
int rights_name(struct rule_ctx *ctx, uint32_t no, struct bytes *ret);
/* The name under which the author of an accepted entry of a village is known. */
int rights_name_of(struct rule_ctx *ctx, const uint8_t key[32], struct bytes *ret);
/* P02: is it the name of this entry's author, who may have got another key since? */
bool rights_is_author(const struct rule_ctx *ctx, struct bytes name);

#endif
