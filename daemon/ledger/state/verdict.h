#ifndef DAEMON_LEDGER_STATE_VERDICT_H
#define DAEMON_LEDGER_STATE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/ledger/state/verdict.def"
#include "lib/buf.h"
#include "lib/jw.h"
#include "lib/text.h"

/* A verdict is data shown to people: accepted (perhaps with warnings) or refused with a named reason and
 * the numbers compared. Same entry, same town size seen: same verdict on every machine. */
#define VERDICT_ENUM(id, rule, zh, zh_do, en, en_do) V_##id,
enum verdict_id { VERDICTS(VERDICT_ENUM) V_COUNT };
#undef VERDICT_ENUM

#define REASON_TEXT_MAX	 96
#define VERDICT_WARN_MAX 16

struct reason {
	enum verdict_id id;
	int64_t num[4];
	char s[REASON_TEXT_MAX], t[REASON_TEXT_MAX]; /* UTF-8, cut between characters */
};
struct verdict {
	struct reason reason; /* V_ACCEPTED or why refused */
	uint32_t nwarn;	      /* all of them; VERDICT_WARN_MAX are kept, see verdict_warn */
	struct reason warn[VERDICT_WARN_MAX];
};

static inline bool verdict_ok(const struct verdict *v)
{
	return v->reason.id == V_ACCEPTED;
}
/* One warning more. The first ones are kept, and of every kind at least the first: when there is no room for
 * it, the last of the most frequent kind goes. So many of one kind cannot hide another. */
void verdict_warn(struct verdict *v, const struct reason *r);
void reason_set_text(char dst[REASON_TEXT_MAX], const void *p, size_t n);
const char *reason_rule(enum verdict_id id); /* "P10" */
const char *reason_name(enum verdict_id id); /* "P10_CAP" */
bool reason_asks(enum verdict_id id);	     /* a warning that somebody has to accept */
bool reason_names_line(enum verdict_id id);  /* the first number is a line of the entry, or 0 */
/* The sentence with its numbers; appends to @out. */
int reason_text(const struct reason *r, enum lang lang, struct buf *out);
/* "rule", "name", "text" of a reason into an open object, and "line" when it names one. */
void reason_json(struct jw *w, const struct reason *r, enum lang lang);
/* Key in KV_VERDICT: feed number u32 | sequence u64. */
#define VERDICT_KEY_BYTES 12
static inline struct bytes verdict_key(uint8_t key[VERDICT_KEY_BYTES], uint32_t feed_no,
				       uint64_t seq)
{
	be32_put(key, feed_no);
	be64_put(key + 4, seq);
	return (struct bytes){key, VERDICT_KEY_BYTES};
}
/* The stored form (KV_VERDICT) of a verdict that is refused or carries warnings. */
int verdict_pack(const struct verdict *v, struct buf *out);
int verdict_parse(const void *p, size_t n, struct verdict *ret);

#endif
