#ifndef DAEMON_LEDGER_STATE_STATE_LINES_H
#define DAEMON_LEDGER_STATE_STATE_LINES_H

#include <stdint.h>

#include "daemon/ledger/state/state.h"
#include "lib/buf.h"
#include "lib/text.h"

/* Where the lines of points entries stand. One row holds the entries of a block of STATE_BLOCK sequence
 * numbers, ascending: slot u8 | length | recorder | runs of equal lines: count * 8 + state | actors.
 * A single points entry takes about six bytes. */
#define STATE_BLOCK	32
#define STATE_LINES_MAX (ENTRY_PARTS_MAX - 1)

#define LINE_STATES(ROW)                                                                           \
	ROW(LINE, 0, RECORDED, "待审核", "recorded")                                               \
	ROW(LINE, 1, REVIEWED, "待确认", "reviewed")                                               \
	ROW(LINE, 2, REFUSED, "未通过", "refused")                                                 \
	ROW(LINE, 3, CONFIRMED, "已确认", "confirmed")                                             \
	ROW(LINE, 4, REVERSED, "已冲正", "reversed")
enum line_state { LINE_STATES(CHOICE_CONST) };
const char *line_state_text(enum line_state s, enum lang lang);

struct state_lines {
	uint32_t recorder; /* person numbers; 0: nobody yet */
	uint32_t n;
	struct {
		uint32_t reviewer, confirmer;
		uint8_t state; /* enum line_state */
	} line[STATE_LINES_MAX];
};

void state_lines_key(struct state_key *k, uint32_t feed_no, uint64_t seq);
/* ERR_NOTFOUND: the block holds no such entry. ERR_CORRUPT. @row may be empty. */
int state_lines_get(struct bytes row, uint64_t seq, struct state_lines *ret);
/* Appends the block with the entry put in or replaced. ERR_CORRUPT. */
int state_lines_put(struct bytes row, uint64_t seq, const struct state_lines *l, struct buf *out);
/* Entries of a block one after another: start with *@at = 0; *@ret_slot is the last five bits of the
 * sequence. ERR_NOTFOUND at the end. */
int state_lines_next(struct bytes row, size_t *at, unsigned *ret_slot, struct state_lines *ret);

#endif
