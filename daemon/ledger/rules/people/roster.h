#ifndef DAEMON_LEDGER_RULES_PEOPLE_ROSTER_H
#define DAEMON_LEDGER_RULES_PEOPLE_ROSTER_H

#include "daemon/ledger/rules/rule.h"

/* The register of households. */

/* A registered household (V_HOUSEHOLD_UNKNOWN with @line), as @need says (V_HOUSEHOLD_LEFT, V_P13_NOT_PART). */
int roster_is(struct rule_ctx *ctx, uint32_t line, struct bytes household, enum rec_need need,
	      struct state_household *ret);
/* A member of it (V_MEMBER_UNKNOWN), as @need says (V_LEFT_ALREADY). */
int roster_is_member(struct rule_ctx *ctx, uint32_t line, struct bytes household, uint32_t member,
		     enum rec_need need);
/* On @day the household had begun (V_P13_BEGAN), and its member, 0: none, had neither died nor left before
 * (V_LEFT_ALREADY). */
int roster_on(struct rule_ctx *ctx, struct bytes household, uint32_t member, day_t day,
	      struct state_household *ret);
int roster_no_member(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		     uint64_t member); /* V_MEMBER_UNKNOWN */
/* What a household did before it began was done by the one that it came from (V_P13_BEGAN). */
int roster_begun(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		 const struct state_household *h, day_t day);
/* A household that is there, with all its people, to be changed and put back. */
struct roster_household {
	struct state_key key;
	struct state_household h;
	struct state_member m[STATE_MEMBERS_MAX];
};
int roster_open(struct rule_ctx *ctx, struct bytes household, struct roster_household *ret);
int roster_put(struct rule_ctx *ctx, const struct roster_household *x);
/* A recorder with a territory acts for the households of that group, unless by another role that this type
 * of record takes (V_GROUP_FOREIGN). */
int roster_territory(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		     const struct state_household *h);
/* A registered household, though it may have left (V_HOUSEHOLD_UNKNOWN). */
int roster_known(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		 struct state_household *ret);
int roster_unused(struct rule_ctx *ctx, struct bytes household); /* V_HOUSEHOLD_EXISTS */
/* NULL: no such member. */
struct state_member *roster_member(struct roster_household *x, uint64_t member);
/* A member who has neither left nor died: V_MEMBER_UNKNOWN, V_LEFT_ALREADY. */
int roster_present(struct rule_ctx *ctx, uint32_t line, struct bytes household,
		   const struct state_member *m, uint64_t member);
/* Warns when @m, who is called @name, has name and birth of one who is gone (V_MEMBER_AGAIN). */
int roster_warn_again(struct rule_ctx *ctx, struct bytes household,
		      const struct roster_household *x, const struct state_member *m,
		      struct bytes name);
/* Room for one member more, with a number not used before: V_MEMBERS_FULL, V_MEMBER_NUMBER. */
int roster_room(struct rule_ctx *ctx, struct bytes household, struct roster_household *x,
		uint64_t member);

#endif
