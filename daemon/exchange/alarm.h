#ifndef DAEMON_EXCHANGE_ALARM_H
#define DAEMON_EXCHANGE_ALARM_H

#include <stdint.h>

#include "daemon/exchange/alarms.def"
#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/text.h"

/* What went wrong between two nodes and people should know. It travels as an identifier with numbers; the
 * sentence is made where it is shown. */
#define ALARM_ENUM(id, zh, en) ALARM_##id,
enum alarm_id { ALARM_NONE, ALARMS(ALARM_ENUM) ALARM_COUNT };
#undef ALARM_ENUM

struct alarm {
	enum alarm_id id;
	struct hash feed; /* which it is about */
	struct hash peer; /* feed of the node at the other end; zero: not known yet */
	uint64_t seq;	  /* entry of @feed, or its size */
	int err;
	uint64_t wall_ms;
	int64_t num[2];
};

const char *alarm_name(enum alarm_id id); /* "OWN_DAMAGED"; "" for ALARM_NONE */
/* The sentence; appends to @out. Nothing for ALARM_NONE. */
int alarm_text(const struct alarm *a, enum lang lang, struct buf *out);

#endif
