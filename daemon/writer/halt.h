#ifndef DAEMON_WRITER_HALT_H
#define DAEMON_WRITER_HALT_H

#include "daemon/writer/halts.def"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/text.h"

/* Why a node does not write: an identifier with numbers, which travels in struct errmsg. The sentence is made where it is
 * shown. */
#define HALT_ENUM(id, zh, en) HALT_##id,
enum halt_id { HALT_NONE, HALTS(HALT_ENUM) HALT_COUNT };
#undef HALT_ENUM

struct halt {
	enum halt_id id;
	uint64_t num[ERRMSG_NUMS];
};

const char *halt_name(enum halt_id id); /* "STORE_OLD"; "" for HALT_NONE */
/* The sentence; appends to @out. Nothing for HALT_NONE. */
int halt_text(const struct halt *h, enum lang lang, struct buf *out);
/* Into @msg, NULL or with the English sentence. Returns ERR_FORK. */
int halt_set(struct errmsg *msg, const struct halt *h);
/* HALT_NONE when @msg has none. */
struct halt halt_of(const struct errmsg *msg);

#endif
