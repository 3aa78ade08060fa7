#ifndef DAEMON_LEDGER_RULES_REFS_H
#define DAEMON_LEDGER_RULES_REFS_H

#include "daemon/ledger/rules/rule.h"

/* References to earlier entries, and their settlement. */

/* Is there an accepted entry @seq of a listed type, in this feed or in the town's as this entry sees it (V_REFERENCE)? */
int rule_ref_exists(struct rule_ctx *ctx, uint64_t seq, enum rec_code code);
/* The head of the accepted entry @seq of a listed type, in this feed or in the town's as this entry sees it
 * (V_REFERENCE). @ret is of the type's head struct; what it borrows lives until the next look at an earlier
 * entry; its lines are in fold_work.target. */
int rule_ref(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, void *ret);
int rule_ref_town(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, void *ret);
int rule_ref_author(struct rule_ctx *ctx, uint64_t seq, uint8_t ret[SIGN_KEY_BYTES]);
/* V_SAME_PERSON when the author of this entry wrote that one, with whatever key. */
int rule_other_person(struct rule_ctx *ctx, uint64_t seq, enum rec_code code);
/* An entry is settled once (V_DONE_ALREADY), as a whole (@village empty), then for all villages, or for one; by this
 * one. */
int rule_unsettled(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, struct bytes village);
int rule_settle(struct rule_ctx *ctx, uint64_t seq, enum rec_code code, struct bytes village);
/* What settled it as a whole is void: it can be settled anew. */
int rule_reopen(struct rule_ctx *ctx, uint64_t seq, enum rec_code code);

#endif
